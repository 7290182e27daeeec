"""PPC's pixel-to-prototype contrast: every pixel is drawn to its class's prototype and away from the others.

Du et al., *Weakly Supervised Semantic Segmentation by Pixel-to-Prototype Contrast*, CVPR 2022.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE = 0.1
TAKEN_SHARE = 0.5
HARDEST_SHARE = 0.5
SEMI_HARD_SHARE = 0.6
DRAWN_SHARE = 0.5


def pixel_prototype_loss(
    pixels: Tensor,
    labels: Tensor,
    prototypes: Tensor,
    present: Tensor,
    negatives: Tensor | None = None,
) -> Tensor:
    """Return the mean of -log(e^(x.p/t) / (e^(x.p/t) + sum_n e^(x.n/t))), cosine similarity, t = 0.1.

    ``pixels``: P x D, the only input that gets a gradient. ``labels``: P int64; pixels below 0 or of a class without
    prototype are left out. ``prototypes``: K x D. ``present``: K bool, which of them exist. ``negatives``: P x K
    bool, which ones each pixel is set against (all others, if not given). Without pixels the loss and its gradient are
    zero.
    """
    taken = has_prototype(labels, present)
    own = F.one_hot(labels.clamp(min=0), len(prototypes)).bool()
    against = present.expand_as(own) if negatives is None else negatives & present
    logits = similarities(pixels, prototypes) / TEMPERATURE
    positive = (logits * own).sum(dim=1)
    losses = logits.masked_fill(~(against | own), -torch.inf).logsumexp(dim=1) - positive
    return torch.where(taken, losses, 0).sum() / taken.sum().clamp(min=1)


def has_prototype(labels: Tensor, present: Tensor) -> Tensor:
    """Return P bool: which of the P ``labels`` are those of an existing prototype."""
    return (labels >= 0) & present[labels.clamp(min=0)]


def similarities(pixels: Tensor, prototypes: Tensor) -> Tensor:
    """Return the cosine similarities of P x D pixels and K x D prototypes, P x K; no gradient to the prototypes."""
    return F.normalize(pixels, dim=1) @ F.normalize(prototypes.detach(), dim=1).T


@torch.no_grad()
def hard_pixels(similarity: Tensor, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return P bool: of each class half of the pixels, half of them the least like their prototype, half drawn.

    ``similarity``: P x K cosine similarities. ``labels``: P int64; pixels below 0 are never taken.
    """
    inside = labels >= 0
    group = torch.where(inside, labels, similarity.shape[1])
    counts = torch.bincount(group, minlength=similarity.shape[1] + 1)[group]
    taken = (counts * TAKEN_SHARE).ceil()
    hardest = (taken * HARDEST_SHARE).ceil()
    own = similarity.gather(1, labels.clamp(min=0)[:, None])[:, 0]
    hard = _place_within(group, own) < hardest
    chance = torch.rand(len(own), generator=generator, device=own.device)
    drawn = _place_within(group, chance.masked_fill(hard, 2)) < taken - hardest
    return (hard | drawn) & inside


@torch.no_grad()
def semi_hard_prototypes(
    similarity: Tensor, labels: Tensor, present: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Return P x K bool: each pixel's negatives, half of the 60 % other prototypes that are most like it, drawn.

    Leaving out the rest keeps the easy ones from filling the sum, and drawing keeps the hardest from being all of it.
    ``similarity``: P x K. ``labels``: P int64. ``present``: K bool.
    """
    classes = similarity.shape[1]
    other = present & ~F.one_hot(labels.clamp(min=0), classes).bool()
    hard = (other.sum(dim=1, keepdim=True) * SEMI_HARD_SHARE).ceil()
    near = _place(similarity.masked_fill(~other, -torch.inf)) < hard
    chance = torch.rand(similarity.shape, generator=generator, device=similarity.device)
    return _place(chance.masked_fill(~near, -1)) < (hard * DRAWN_SHARE).ceil()


def _place(values: Tensor) -> Tensor:
    """Return the place of every value of its row, 0 for the highest."""
    return values.argsort(dim=1, descending=True, stable=True).argsort(dim=1)


def _place_within(group: Tensor, values: Tensor) -> Tensor:
    """Return the place of each of P values among those of its ``group``, 0 for the lowest."""
    by_value = values.argsort(stable=True)
    order = by_value[group[by_value].argsort(stable=True)]
    counts = torch.bincount(group)
    first = (counts.cumsum(dim=0) - counts)[group[order]]
    place = torch.empty_like(group)
    place[order] = torch.arange(len(group), device=group.device) - first
    return place
