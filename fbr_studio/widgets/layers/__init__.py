"""The list of layers: which are seen, how strongly, which alone."""

from fbr_studio.widgets.layers.layer_list import LayerList
from fbr_studio.widgets.layers.layer_state import LayerDescription, LayerState

__all__ = ["LayerDescription", "LayerList", "LayerState"]
