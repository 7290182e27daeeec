"""Loss 1: the tags themselves."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def classification_loss(class_logits: Tensor, tags: Tensor) -> Tensor:
    """Return the multi-label soft margin loss over the tags that are known.

    ``class_logits``: B x C pooled CAM logits. ``tags``: B x C, 1 present, 0 absent, -1 unknown (takes no part).
    Zero, with a gradient of zero, when nothing is known.
    """
    known = (tags >= 0).to(class_logits.dtype)
    loss = F.binary_cross_entropy_with_logits(class_logits, tags.clamp(min=0).to(class_logits.dtype), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)
