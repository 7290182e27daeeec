"""Loss 4: uncertain foreground pixels are drawn to their prototype and away from NROIs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.losses.own_keys import Negatives, similarities_to_own
from fbr_engine.losses.sampling import draw_weighted, rows_at

VERIFICATION_SAMPLE = 512
# A large bank is sampled before it is verified: the cost of a step must not grow with the bank.
CANDIDATES_PER_NEGATIVE = 4


def draw_nrois(
    keys: Tensor, tags: Tensor, prototypes: Tensor, count: int, generator: torch.Generator | None
) -> Negatives:
    """Draw ``count`` negatives for each class from the bank, with replacement.

    ``keys``: M x D. ``tags``: M x C int8 of the images the NROIs come from. ``prototypes``: C x D. An NROI is *safe*
    for class c when its image is known not to show c; one from an image that shows c (or may) could be a missed part
    of the object and is taken only when *verified*: nearer to some safe NROI than to the prototype of c. A class
    without any safe NROI has no negatives.
    """
    safe = (tags == 0).T
    allowed = safe | _verified(F.normalize(keys, dim=1), safe, F.normalize(prototypes, dim=1), generator)
    return Negatives(rows_at(keys, draw_weighted(allowed.float(), count, generator)), safe.any(dim=1))


def candidates(total: int, count: int, generator: torch.Generator | None, device: torch.device) -> Tensor:
    """Return which of ``total`` NROIs `draw_nrois` shall choose ``count`` from: all, or random ones of a large bank."""
    most = CANDIDATES_PER_NEGATIVE * count
    if total <= most:
        return torch.arange(total, device=device)
    return torch.randint(total, (most,), generator=generator, device=device)


def draw_any_nrois(keys: Tensor, classes: int, count: int, generator: torch.Generator | None) -> Negatives:
    """Draw ``count`` negatives for each class from the whole bank, as the paper does."""
    rows = torch.randint(len(keys), (classes, count), generator=generator, device=keys.device)
    return Negatives(rows_at(keys, rows), torch.ones(classes, dtype=torch.bool, device=keys.device))


def _verified(unit: Tensor, safe: Tensor, prototypes: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return which NROIs (C x M bool) are nearer to some of a sample of safe ones than to the prototype.

    ``unit``: M x D and ``prototypes``: C x D of length one. Only those that are not safe are looked at. Where none is
    safe the result means nothing.
    """
    doubtful = ~safe
    most = int(doubtful.sum(dim=1).amax())
    looked_at = doubtful.byte().topk(most, dim=1).indices
    own = rows_at(unit, looked_at)
    sample = rows_at(unit, draw_weighted(safe.float(), VERIFICATION_SAMPLE, generator))
    nearest = torch.bmm(own, sample.transpose(1, 2)).amax(dim=2)
    to_prototype = torch.bmm(own, prototypes.unsqueeze(2))[:, :, 0]
    return torch.zeros_like(safe).scatter(1, looked_at, nearest > to_prototype)


def nearer_to_nroi(anchors: Tensor, prototypes: Tensor, anchor_class: Tensor, negatives: Negatives) -> Tensor:
    """Return which anchors (A x D) resemble one of their class's negatives more than their prototype: A bool.

    Such an anchor is probably background that the seed took for the object; pulling it to the prototype would
    confirm the failure.
    """
    unit = F.normalize(anchors.detach(), dim=1)
    to_prototype = (unit * F.normalize(prototypes, dim=1)[anchor_class]).sum(dim=1)
    nearest = similarities_to_own(unit, anchor_class, F.normalize(negatives.rows, dim=2)).amax(dim=1)
    return (nearest > to_prototype) & negatives.present[anchor_class]
