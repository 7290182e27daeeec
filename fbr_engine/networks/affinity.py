"""Affinities of nearby pixels from a boundary map: two pixels belong together when no boundary lies between them.

Ahn, Cho and Kwak, *Weakly Supervised Learning of Instance Segmentation with Inter-pixel Relations*, CVPR 2019.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

Offset = tuple[int, int]


@cache
def pair_offsets(radius: int) -> tuple[Offset, ...]:
    """Return (dy, dx) to every neighbour nearer than ``radius`` cells, one of the two directions of each pair."""
    span = range(-radius, radius + 1)
    return tuple(
        (dy, dx) for dy in range(radius + 1) for dx in span if 0 < dy * dy + dx * dx < radius**2 and (dy, dx) > (0, 0)
    )


@cache
def line_cells(offset: Offset) -> tuple[Offset, ...]:
    """Return the cells on the straight line from (0, 0) to ``offset``, both ends included, one per step along it."""
    steps = max(abs(offset[0]), abs(offset[1]))
    return tuple((round(offset[0] * i / steps), round(offset[1] * i / steps)) for i in range(steps + 1))


def pair_affinities(boundary: Tensor, radius: int) -> Tensor:
    """Return 1 - the highest boundary on the line of each pair, B x P x h x w, 0 where a pair leaves the image.

    ``boundary``: B x h x w in [0, 1]. Plane p holds the pairs of a cell and the one at ``pair_offsets(radius)[p]``
    from it.
    """
    height, width = boundary.shape[-2:]
    padded = F.pad(boundary, (radius, radius, 0, radius), value=1.0)

    def view(cell: Offset) -> Tensor:
        return padded[:, cell[0] : cell[0] + height, radius + cell[1] : radius + cell[1] + width]

    planes = [torch.stack([view(cell) for cell in line_cells(offset)]).amax(dim=0) for offset in pair_offsets(radius)]
    return 1 - torch.stack(planes, dim=1)


def pair_labels(labels: Tensor, radius: int, outside: int) -> Tensor:
    """Return the label of the other pixel of each pair, B x P x h x w, ``outside`` where it leaves the image.

    ``labels``: B x h x w; the planes are those of `pair_affinities`.
    """
    height, width = labels.shape[-2:]
    padded = F.pad(labels, (radius, radius, 0, radius), value=outside)
    return torch.stack(
        [padded[:, y : y + height, radius + x : radius + x + width] for y, x in pair_offsets(radius)], dim=1
    )
