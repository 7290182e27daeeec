"""Prototypes: what a class looks like where the model is surest of it."""

from __future__ import annotations

import torch
from torch import Tensor

TOP_SHARE = 16


def class_prototypes(features: Tensor, cam: Tensor) -> tuple[Tensor, Tensor]:
    """Return each class's CAM-weighted mean feature over the batch's h*w/16 most activated pixels.

    ``features``: B x D x h x w. ``cam``: B x C x h x w, non-negative.
    Result: C x D without gradient, and C bool: False for classes that are active nowhere, whose row is zero.
    """
    height, width = cam.shape[-2:]
    count = max(1, height * width // TOP_SHARE)
    scores = cam.detach().transpose(0, 1).flatten(1)
    weights, pixels = scores.topk(min(count, scores.shape[1]), dim=1)
    image, pixel = pixels // (height * width), pixels % (height * width)
    chosen = features.detach().flatten(2).transpose(1, 2)[image, pixel]
    total = weights.sum(dim=1, keepdim=True)
    prototypes = torch.einsum("ck,ckd->cd", weights, chosen) / total.clamp(min=1e-5)
    return prototypes, total[:, 0] > 0
