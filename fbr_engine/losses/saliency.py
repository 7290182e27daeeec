"""The saliency loss of the setting I+S: what is tagged and what stands out must agree.

Lee et al., "Railroad is not a Train: Saliency as Pseudo-pixel Supervision for Weakly Supervised Semantic Segmentation"
(EPS), CVPR 2021. The CAM gets a background channel and a softmax.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

VALID_SHARE = 0.4  # tau of EPS
FOREGROUND_SHARE = 0.5  # alpha of EPS
SALIENT = 0.5


def shrink_saliency(saliency: Tensor, like: Tensor) -> Tensor:
    """Return the mean saliency of each patch at the resolution of ``like``, NaN where less than half of it is known.

    ``saliency``: B x S x S in [0, 1], NaN where unknown. Result: B x h x w.
    """
    size = (like.shape[-2], like.shape[-1])
    known = (~saliency.isnan()).to(saliency.dtype)
    share = F.adaptive_avg_pool2d(known.unsqueeze(1), size)[:, 0]
    total = F.adaptive_avg_pool2d(saliency.nan_to_num(0.0).unsqueeze(1), size)[:, 0]
    return torch.where(share >= 0.5, total / share.clamp(min=0.5), torch.nan)


def valid_classes(probabilities: Tensor, tags: Tensor, saliency: Tensor) -> Tensor:
    """Return which tagged classes lie on what is salient: B x C bool.

    A class holds the pixels where its probability rounds to 1. It is valid when more than 0.4 of those of known
    saliency are salient, and as long as it holds none: a class that has found no place yet has not failed.
    ``probabilities``: B x C x h x w. ``tags``: B x C (1, 0, -1). ``saliency``: B x h x w, NaN where unknown.
    """
    known = ~saliency.isnan()
    held = ((probabilities.detach() > 0.5) & known.unsqueeze(1)).flatten(2)
    salient = (saliency.nan_to_num(0.0) > SALIENT).flatten(1).unsqueeze(1)
    area, inside = held.sum(dim=2), (held & salient).sum(dim=2)
    return (tags == 1) & ((inside > VALID_SHARE * area) | (area == 0))


def predicted_saliency(cam_logits: Tensor, background: Tensor, tags: Tensor, saliency: Tensor) -> Tensor:
    """Return how salient the CAMs make each pixel, B x h x w in [0, 1].

    Half of the valid tagged classes' probability, and half of what is neither background nor a tagged class that is not
    valid. ``cam_logits``: B x C x h x w. ``background``: B x 1 x h x w logits. ``saliency``: B x h x w decides which
    classes are valid.
    """
    probabilities = torch.cat([cam_logits, background], dim=1).softmax(dim=1)
    classes, rest = probabilities[:, :-1], probabilities[:, -1]
    valid = valid_classes(classes, tags, saliency)
    wrong = (tags == 1) & ~valid
    foreground = (classes * valid[:, :, None, None]).sum(dim=1)
    remaining = 1 - rest - (classes * wrong[:, :, None, None]).sum(dim=1)
    return FOREGROUND_SHARE * foreground + (1 - FOREGROUND_SHARE) * remaining


def saliency_loss(cam_logits: Tensor, background: Tensor, tags: Tensor, saliency: Tensor, valid: Tensor) -> Tensor:
    """Return the mean squared error of `predicted_saliency` over the pixels with a known saliency.

    ``saliency``: B x S x S in [0, 1], NaN where there is no map. ``valid``: B x h x w bool, False on padding. The
    others as for `predicted_saliency`. Zero, with a gradient of zero, when nothing is known.
    """
    target = shrink_saliency(saliency.to(cam_logits.dtype), cam_logits)
    target = target.masked_fill(~valid, torch.nan)
    error = predicted_saliency(cam_logits, background, tags, target) - target.nan_to_num(0.0)
    weight = (~target.isnan()).to(error.dtype)
    return (error.square() * weight).sum() / weight.sum().clamp(min=1)
