"""SEAM's equivariant cross regularisation: the corrected CAM of one view against the plain CAM of the other.

Wang et al., *Self-supervised Equivariant Attention Mechanism for Weakly Supervised Semantic Segmentation*, CVPR 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fbr_engine.losses.hardest import mean_of_highest

HARD_SHARE = 0.2


def with_background(cam: Tensor) -> Tensor:
    """Put the background, 1 - the highest class, before a normalised CAM: B x C x h x w to B x (1 + C) x h x w."""
    return torch.cat([1 - cam.amax(dim=1, keepdim=True), cam], dim=1)


def one_hot_cam(cam: Tensor) -> Tensor:
    """Return B x K x h x w with each pixel's highest channel as it is and zero elsewhere; the gradient stays."""
    return torch.where(cam == cam.amax(dim=1, keepdim=True), cam, 0)


def correction_loss(cam: Tensor, corrected: Tensor, tags: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of the highest fifth of |one-hot CAM - corrected CAM| in each image.

    ``cam``: B x C x h x w of one view, ``corrected``: the same of the other, both normalised; both get gradients, the
    first where it is the highest. The background takes part beside the tagged classes. ``tags``: B x C, 1 where
    present; images without any are left out. ``valid``: B x h x w bool, False on padding.
    """
    difference = (one_hot_cam(with_background(cam)) - with_background(corrected)).abs()
    present = tags == 1
    some = present.any(dim=1, keepdim=True)
    channels = torch.cat([some, present], dim=1)[:, :, None, None] & valid.unsqueeze(1)
    return mean_of_highest(difference.flatten(1), channels.flatten(1), HARD_SHARE)
