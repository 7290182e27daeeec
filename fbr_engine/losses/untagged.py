"""Ours: hard and safe negatives at the CAM's own logits.

Contrast behind a projection hardly moves the CAM, because the projection absorbs it. The pixels of an image that is
known not to show class c are negatives for c by tag alone; the most activated of them are the hard ones - the
rails of an image without a train. They are pushed down where the CAM is made.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

HARD_SHARE = 0.1


def untagged_activation_loss(cam_logits: Tensor, tags: Tensor, valid: Tensor) -> Tensor:
    """Return the mean softplus of the highest tenth of each known-absent class's logits.

    ``cam_logits``: B x C x h x w. ``tags``: B x C, 1 present, 0 absent, -1 unknown. ``valid``: B x h x w bool,
    False on padding, which takes no part. Zero when nothing is absent.
    """
    flat = cam_logits.masked_fill(~valid.unsqueeze(1), -torch.inf).flatten(2)
    hard = flat.topk(max(1, round(flat.shape[2] * HARD_SHARE)), dim=2).values
    absent = (tags == 0).to(flat.dtype)
    count = hard.isfinite().sum(dim=2).clamp(min=1)
    return (F.softplus(hard).sum(dim=2) / count * absent).sum() / absent.sum().clamp(min=1)
