"""InfoNCE with one positive per class and a set of negatives per class: what both contrasts share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.losses.own_keys import Negatives, similarities_to_own


def info_nce(
    anchors: Tensor,
    anchor_class: Tensor,
    prototypes: Tensor,
    negatives: Negatives,
    temperature: float,
) -> Tensor:
    """Return the mean of -log(e^(a.p/t) / (e^(a.p/t) + sum_n e^(a.n/t))) over the anchors, cosine similarity.

    ``anchors``: A x D, the only input that gets a gradient. ``anchor_class``: A int64. ``prototypes``: C x D.
    ``negatives``: N for each class that takes part. Anchors of other classes are left out; without any anchor the
    result is zero with a gradient of zero.
    """
    anchors = F.normalize(anchors, dim=1) / temperature
    positive = (anchors * F.normalize(prototypes.detach(), dim=1)[anchor_class]).sum(dim=1, keepdim=True)
    negative = similarities_to_own(anchors, anchor_class, F.normalize(negatives.rows.detach(), dim=2))
    likely = torch.cat([positive, negative], dim=1).log_softmax(dim=1)[:, 0]
    weight = negatives.present[anchor_class].to(likely.dtype)
    return -(likely * weight).sum() / weight.sum().clamp(min=1)
