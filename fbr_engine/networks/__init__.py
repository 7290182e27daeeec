"""Backbones, the CAM network, FBR's projections, weights and checkpoints."""

from fbr_engine.networks.backbones import Backbone, Features
from fbr_engine.networks.wrapping import wrap_backbone

__all__ = ["Backbone", "Features", "wrap_backbone"]
