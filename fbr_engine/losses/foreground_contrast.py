"""Loss 5: active sampling of the other foreground classes, the more alike the more often."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.losses.own_keys import Negatives, class_counts
from fbr_engine.losses.sampling import draw_weighted, rows_at

SAMPLING_TEMPERATURE = 0.5


def draw_foreground(
    pixels: Tensor,
    pixel_class: Tensor,
    prototypes: Tensor,
    count: int,
    generator: torch.Generator | None,
) -> Negatives:
    """Draw ``count`` pixels of *other* classes for each class, with replacement.

    ``pixels``: P x D foreground-projected features. ``pixel_class``: P int64, -1 for pixels that are never drawn.
    ``prototypes``: C x D. Class o is drawn for class c with probability
    softmax_o(cos(prototype_c, prototype_o) / 0.5) over the other classes that have pixels here, then a pixel of it
    evenly. In a batch with one class it has no negatives.
    """
    counts = class_counts(pixel_class, len(prototypes))
    unit = F.normalize(prototypes.detach(), dim=1)
    others = (counts > 0) & ~torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    present = others.any(dim=1)
    if len(pixels) == 0:
        return Negatives(pixels.new_zeros(len(unit), count, pixels.shape[1]), present)
    alike = (unit @ unit.T / SAMPLING_TEMPERATURE).masked_fill(~others, -torch.inf)
    drawn_class = draw_weighted(alike.softmax(dim=1).masked_fill(~others, 0), count, generator)
    rows = _draw_of_class(drawn_class, pixel_class, counts, generator)
    return Negatives(rows_at(pixels.detach(), rows), present)


def _draw_of_class(wanted: Tensor, pixel_class: Tensor, counts: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return for each entry of ``wanted`` an evenly drawn pixel of that class."""
    by_class = pixel_class.argsort(stable=True)
    first = len(pixel_class) - counts.flip(0).cumsum(0).flip(0)
    share = torch.rand(wanted.shape, generator=generator, device=wanted.device, dtype=torch.float64)
    rank = (share * counts[wanted]).long()
    return by_class[(first[wanted] + rank).clamp(max=len(pixel_class) - 1)]
