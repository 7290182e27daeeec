"""Ours: hard and safe negatives at the CAM's own logits.

Contrast behind a projection hardly moves the CAM, because the projection absorbs it. The background pixels of an
image that is known not to show class c are negatives for c by tag alone; the most activated of them are the hard ones -
the rails of an image without a train. They are pushed down where the CAM is made. Pixels of other objects are left
alone: pushing down what a cow shares with a horse would shrink both to their heads.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

HARD_SHARE = 0.1


def untagged_activation_loss(cam_logits: Tensor, tags: Tensor, background: Tensor) -> Tensor:
    """Return the mean softplus of each known-absent class's logits where they are highest on background.

    ``cam_logits``: B x C x h x w, of a network that was not told the tags. ``tags``: B x C, 1 present, 0 absent,
    -1 unknown. ``background``: B x h x w bool, what the seed takes for background. Of each map as many pixels as a
    tenth of it take part, fewer where there is less background. Zero when nothing is absent.
    """
    flat = cam_logits.masked_fill(~background.unsqueeze(1), -torch.inf).flatten(2)
    hard = flat.topk(max(1, round(flat.shape[2] * HARD_SHARE)), dim=2).values
    absent = (tags == 0).to(flat.dtype)
    count = hard.isfinite().sum(dim=2).clamp(min=1)
    return (F.softplus(hard).sum(dim=2) / count * absent).sum() / absent.sum().clamp(min=1)
