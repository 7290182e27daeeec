"""Random walk: scores flow to and fro between nearby cells that no boundary parts.

Ahn, Cho and Kwak, CVPR 2019, section 5.1. The walk is taken step by step over the few neighbours of each cell, instead
of raising the matrix of all pairs of cells to a power.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fbr_engine.networks.affinity import Offset, pair_affinities, pair_offsets

Window = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """How the walk is taken.

    ``radius``: pairs are nearer than this, in cells. ``sharpness``: the power affinities are raised to. ``steps``: how
    many are taken. ``damping``: scores are multiplied by (1 - boundary) to this power first. ``background``: the power
    the background's score is raised to, since the others are flatter after the walk.
    """

    radius: int = 5
    sharpness: float = 10.0
    steps: int = 64
    damping: float = 1.0
    background: float = 0.6


def walked_scores(boundary: Tensor, scores: Tensor, options: WalkOptions) -> Tensor:
    """Return ``scores`` (K x h x w, the background's first) with those of the classes walked over ``boundary`` (h x w).

    Each class keeps its highest score: what the walk flattens is scaled back. The background does not walk.
    """
    background, classes = scores[:1], scores[1:]
    walked = random_walk(boundary, classes * (1 - boundary) ** options.damping, options)
    peak, flat = (s.amax(dim=(1, 2), keepdim=True) for s in (classes, walked))
    return torch.cat([background**options.background, walked * peak / flat.clamp(min=1e-8)])


def random_walk(boundary: Tensor, scores: Tensor, options: WalkOptions) -> Tensor:
    """Return T^steps applied to ``scores``, K x h x w, T = D^-1 A with the affinities A of ``boundary``, h x w.

    A cell's affinity with itself is 1, with a neighbour 1 - the highest boundary on the line between them, to the power
    ``sharpness``, with any other cell 0. D holds A's sums over rows.
    """
    offsets = pair_offsets(options.radius)
    affinity = pair_affinities(boundary[None], options.radius)[0] ** options.sharpness
    pairs = [(_window(o, boundary.shape), _window((-o[0], -o[1]), boundary.shape)) for o in offsets]
    degree = torch.ones_like(boundary)[None]
    for plane, (here, there) in zip(affinity, pairs, strict=True):
        degree[here] += plane[None][here]
        degree[there] += plane[None][here]
    weights = [
        (plane[None][here] / degree[here], plane[None][here] / degree[there])
        for plane, (here, there) in zip(affinity, pairs, strict=True)
    ]
    for _ in range(options.steps):
        after = scores / degree
        for (forth, back), (here, there) in zip(weights, pairs, strict=True):
            after[here].addcmul_(forth, scores[there])
            after[there].addcmul_(back, scores[here])
        scores = after
    return scores


def _window(offset: Offset, shape: torch.Size) -> Window:
    """Return where in planes of ``shape`` the cells lie whose neighbour at ``offset`` is inside."""
    rows, columns = (
        slice(min(max(0, -d), size), max(0, size - max(0, d))) for d, size in zip(offset, shape, strict=True)
    )
    return slice(None), rows, columns
