"""The random walk over the boundaries that a branch on a run's backbone sees in a photo of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.data.images import Pixels
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.networks.backbones import Backbone
from fbr_engine.networks.boundary import BoundaryBranch, grid_of, side_features
from fbr_engine.refiners.walk import WalkOptions, walked_scores


@dataclass(frozen=True, slots=True)
class LearntWalk:
    """A refinement: ``backbone`` reads the image with its longer side at about ``side`` px, ``branch`` its features."""

    backbone: Backbone
    branch: BoundaryBranch
    side: float
    options: WalkOptions

    @torch.inference_mode()
    def __call__(self, image: Tensor, scores: Tensor) -> Tensor:
        """Return ``scores`` (K x H x W, the background's first) refined by ``image``, float 3 x H x W in [0, 1]."""
        pixels = (image * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        boundary = self.boundary(pixels)
        walked = walked_scores(boundary, resized(scores, boundary.shape), self.options)
        return resized(walked, scores.shape[-2:])

    def boundary(self, pixels: Pixels) -> Tensor:
        """Return the boundary map, h x w at stride 4, of uint8 RGB ``pixels``, H x W x 3."""
        photo = network_photo(pixels, self.side)
        device = next(self.branch.parameters()).device
        features = side_features(self.backbone, to_batch(photo[None], device))
        boundary: Tensor = self.branch(features, grid_of(photo.shape[:2]))[0]
        return boundary


def network_photo(pixels: Pixels, side: float) -> Pixels:
    """Return ``pixels`` in the size the network reads, both sides of the form 32k+1."""
    return resize_for_network(np.ascontiguousarray(pixels), side / max(pixels.shape[:2]))


def resized(scores: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return ``scores``, K x H x W, at ``size``, corners on corners."""
    return F.interpolate(scores[None], size=tuple(size), mode="bilinear", align_corners=True)[0]
