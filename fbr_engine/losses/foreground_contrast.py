"""Loss 5: active sampling of the other foreground classes, the more alike the more often."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SAMPLING_TEMPERATURE = 0.5


def draw_foreground(
    pixels: Tensor,
    pixel_class: Tensor,
    prototypes: Tensor,
    classes: list[int],
    count: int,
    generator: torch.Generator | None,
) -> dict[int, Tensor]:
    """Draw ``count`` pixels of *other* classes for each of ``classes``, with replacement.

    ``pixels``: P x D foreground-projected features of the batch's foreground. ``pixel_class``: P int64.
    ``prototypes``: C x D. Class o is drawn for class c with probability
    softmax_o(cos(prototype_c, prototype_o) / 0.5) over the other classes that have pixels here, then a pixel of it
    evenly. A batch with one class gives nothing.
    """
    counts = torch.bincount(pixel_class, minlength=len(prototypes))
    here = counts > 0
    unit = F.normalize(prototypes.detach(), dim=1)
    drawn: dict[int, Tensor] = {}
    for index in classes:
        others = here.clone()
        others[index] = False
        if others.any():
            alike = (unit @ unit[index] / SAMPLING_TEMPERATURE).masked_fill(~others, -torch.inf)
            per_pixel = (alike.softmax(dim=0) / counts.clamp(min=1))[pixel_class]
            drawn[index] = pixels.detach()[torch.multinomial(per_pixel, count, replacement=True, generator=generator)]
    return drawn
