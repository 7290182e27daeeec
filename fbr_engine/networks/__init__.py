"""Backbones, the CAM network, FBR's projections, weights and checkpoints."""
