"""From one value per pixel and class to one per class."""

from __future__ import annotations

import torch
from torch import Tensor

ACTIVE_SHARE = 0.1  # EPS


def pooled(cam_logits: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of B x C x h x w logits over the valid pixels, B x h x w bool: B x C."""
    return _mean(cam_logits, valid.unsqueeze(1))


def active_pooled(cam_logits: Tensor, valid: Tensor) -> Tensor:
    """Return the mean over the valid pixels above a tenth of their class's maximum in the image: B x C.

    Large and small objects then count alike (Lee et al., EPS, CVPR 2021). Where the maximum is not positive, nothing is
    active and the mean is over all valid pixels. Arguments as for `pooled`.
    """
    inside = valid.unsqueeze(1).expand_as(cam_logits)
    peak = cam_logits.detach().masked_fill(~inside, -torch.inf).amax(dim=(2, 3), keepdim=True)
    active = inside & ((cam_logits.detach() > ACTIVE_SHARE * peak) | (peak <= 0))
    return _mean(cam_logits, active)


def _mean(cam_logits: Tensor, where: Tensor) -> Tensor:
    weight = where.to(cam_logits.dtype)
    return (cam_logits * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3)).clamp(min=1)
