"""InfoNCE with one positive per class and a set of negatives per class: what both contrasts share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def info_nce(
    anchors: Tensor,
    anchor_class: Tensor,
    prototypes: Tensor,
    negatives: Mapping[int, Tensor],
    temperature: float,
) -> Tensor:
    """Return the mean of -log(e^(a.p/t) / (e^(a.p/t) + sum_n e^(a.n/t))) over the anchors, cosine similarity.

    ``anchors``: A x D, the only input that gets a gradient. ``anchor_class``: A int64. ``prototypes``: C x D.
    ``negatives``: for each class that takes part, N x D. Anchors of other classes are left out; without any anchor
    the result is zero with a gradient of zero.
    """
    anchors = F.normalize(anchors, dim=1)
    positives = F.normalize(prototypes.detach(), dim=1)
    terms = [anchors.sum()[None] * 0]
    for index, rows in negatives.items():
        own = anchors[anchor_class == index]
        keys = torch.cat([positives[index][None], F.normalize(rows.detach(), dim=1)])
        logits = own @ keys.T / temperature
        terms.append(logits.logsumexp(dim=1) - logits[:, 0])
    losses = torch.cat(terms)
    return losses.sum() / max(1, len(losses) - 1)
