"""Loss 4: uncertain foreground pixels are drawn to their prototype and away from NROIs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

VERIFICATION_SAMPLE = 512
# A large bank is sampled before it is verified: the cost of a step must not grow with the bank.
CANDIDATES = 4096


def draw_nrois(
    keys: Tensor,
    tags: Tensor,
    prototypes: Tensor,
    classes: list[int],
    count: int,
    generator: torch.Generator | None,
) -> dict[int, Tensor]:
    """Draw ``count`` negatives for each of ``classes`` from the bank, with replacement.

    ``keys``: M x D. ``tags``: M x C int8 of the images the NROIs come from. An NROI is *safe* for class c when its
    image is known not to show c; one from an image that shows c (or may) could be a missed part of the object and
    is taken only when *verified*: nearer to some safe NROI than to the prototype of c. Classes without any such
    NROI are left out of the result.
    """
    if len(keys) > CANDIDATES:
        rows = torch.randint(len(keys), (CANDIDATES,), generator=generator, device=keys.device)
        keys, tags = keys[rows], tags[rows]
    drawn: dict[int, Tensor] = {}
    unit = F.normalize(keys, dim=1)
    for index in classes:
        safe = tags[:, index] == 0
        allowed = safe | _verified(unit, safe, F.normalize(prototypes[index], dim=0), generator)
        if allowed.any():
            rows = torch.multinomial(allowed.float(), count, replacement=True, generator=generator)
            drawn[index] = keys[rows]
    return drawn


def draw_any_nrois(
    keys: Tensor, classes: list[int], count: int, generator: torch.Generator | None
) -> dict[int, Tensor]:
    """Draw ``count`` negatives for each class from the whole bank, as the paper does."""
    if len(keys) == 0:
        return {}
    draws = {c: torch.randint(len(keys), (count,), generator=generator, device=keys.device) for c in classes}
    return {c: keys[rows] for c, rows in draws.items()}


def _verified(unit: Tensor, safe: Tensor, prototype: Tensor, generator: torch.Generator | None) -> Tensor:
    if not safe.any():
        return torch.zeros_like(safe)
    rows = torch.multinomial(safe.float(), VERIFICATION_SAMPLE, replacement=True, generator=generator)
    nearest = (unit @ unit[rows].T).amax(dim=1)
    return nearest > unit @ prototype


def nearer_to_nroi(anchors: Tensor, prototypes: Tensor, anchor_class: Tensor, negatives: dict[int, Tensor]) -> Tensor:
    """Return which anchors (A x D) resemble one of their class's negatives more than their prototype: A bool.

    Such an anchor is probably background that the seed took for the object; pulling it to the prototype would
    confirm the failure.
    """
    unit = F.normalize(anchors.detach(), dim=1)
    to_prototype = (unit * F.normalize(prototypes, dim=1)[anchor_class]).sum(dim=1)
    nearer = torch.zeros_like(to_prototype, dtype=torch.bool)
    for index, rows in negatives.items():
        own = anchor_class == index
        nearer[own] = (unit[own] @ F.normalize(rows, dim=1).T).amax(dim=1) > to_prototype[own]
    return nearer
