"""Seeds from CAMs, and which of their pixels are reliable or uncertain."""

from __future__ import annotations

import torch
from torch import Tensor

RELIABLE_SCORE_QUANTILE = 0.5
RELIABLE_ENTROPY_QUANTILE = 0.2


def seed_labels(cam: Tensor, threshold: float) -> Tensor:
    """Return the seed: the argmax over {threshold for background, normalised CAMs}.

    ``cam``: B x C x h x w in [0, 1], zero where not tagged. Result: B x h x w int64, 0 background, 1 + class.
    """
    score, label = cam.max(dim=1)
    return torch.where(score > threshold, label + 1, 0)


def uncertain_pixels(cam: Tensor, seed: Tensor) -> Tensor:
    """Return the anchors' places: foreground pixels that are not reliable. B x h x w bool.

    A pixel is reliable when its CAM score lies above the middle of its class in that image, or when the entropy of
    its class distribution is among the lowest fifth of the image's foreground (quantiles of the authors' range,
    40-60 % and 10-25 %).
    ``cam``: B x C x h x w. ``seed``: B x h x w as from `seed_labels`.
    """
    label, foreground = seed.flatten(1), (seed > 0).flatten(1)
    high = _above(cam.amax(dim=1).flatten(1), label, cam.shape[1] + 1)
    entropy = _entropy(cam).flatten(1)
    limit = group_quantile(entropy, foreground.long(), 2, RELIABLE_ENTROPY_QUANTILE)[:, 1:]
    # Where a single class is tagged all entropies are zero and tell nothing.
    return (foreground & ~high & ~(entropy < limit)).view_as(seed)


def group_quantile(values: Tensor, group: Tensor, groups: int, quantile: float) -> Tensor:
    """Return the quantile of each group's values, linear between neighbours: B x G, meaningless for an empty group.

    ``values``: B x P. ``group``: B x P int64 below ``groups``. Sorting once by value and once by group does the work of
    one `torch.nanquantile` per group.
    """
    by_value = values.argsort(dim=1)
    by_group = group.gather(1, by_value).argsort(dim=1, stable=True)
    ordered = values.gather(1, by_value.gather(1, by_group))
    counts = torch.zeros(len(values), groups, dtype=torch.int64, device=values.device)
    counts.scatter_add_(1, group, torch.ones_like(group))
    last = (counts - 1).clamp(min=0)
    position = last * quantile
    first, below = counts.cumsum(dim=1) - counts, position.long()
    at = [
        ordered.gather(1, (first + step).clamp(max=values.shape[1] - 1)) for step in (below, (below + 1).minimum(last))
    ]
    return torch.lerp(at[0], at[1], (position - below).to(values.dtype))


def _above(score: Tensor, label: Tensor, labels: int) -> Tensor:
    return score > group_quantile(score, label, labels, RELIABLE_SCORE_QUANTILE).gather(1, label)


def _entropy(cam: Tensor) -> Tensor:
    entropy: Tensor = torch.special.entr(cam / cam.sum(dim=1, keepdim=True).clamp(min=1e-5)).sum(dim=1)
    return entropy
