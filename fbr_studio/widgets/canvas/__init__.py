"""The canvas: pan, zoom, layers, curtain and brush strokes over an image of any size."""

from __future__ import annotations

from fbr_studio.widgets.canvas.canvas_view import CanvasView, ViewState
from fbr_studio.widgets.canvas.layers import HeatLayer, ImageLayer, LabelLayer, Layer

__all__ = ["CanvasView", "HeatLayer", "ImageLayer", "LabelLayer", "Layer", "ViewState"]
