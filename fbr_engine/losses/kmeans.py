"""k-means over many images at once: the NROIs of a whole batch in a handful of matrix products.

Points are kept as B x D x P inside, the layout of feature maps, so that they are not copied into another one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fbr_engine.losses.sampling import draw_spread, draw_weighted

# A look at the result makes a GPU wait, so only some iterations ask there whether anything has changed.
ITERATIONS_BETWEEN_LOOKS = 4
SAMPLE = 256


@dataclass(frozen=True, slots=True)
class Clusters:
    """Result of `batched_kmeans`.

    ``centroids``: B x K x D. ``assignment``: B x P int64, -1 for points outside the mask.
    ``sizes``: B x K int64, the number of points; zero for a cluster that does not exist.
    """

    centroids: Tensor
    assignment: Tensor
    sizes: Tensor

    def members(self, dtype: torch.dtype) -> Tensor:
        """Return B x K x P of 0 and 1: which point belongs to which cluster."""
        return _members(self.assignment, self.sizes.shape[1], dtype)


@torch.no_grad()
def batched_kmeans(
    points: Tensor,
    mask: Tensor,
    clusters: int,
    *,
    iterations: int = 20,
    generator: torch.Generator | None = None,
) -> Clusters:
    """Cluster the masked points of each image by Lloyd's algorithm from a k-means++ start.

    ``points``: B x P x D float. ``mask``: B x P bool. An image with fewer masked points than ``clusters`` gets one
    cluster for each distinct point; the rest are empty. An image with a value that is not finite has no clusters.
    It ends after ``iterations``, or soon after nothing changes any more. Of many points a sample is clustered; all
    points then join the nearest of its centroids, and their means are the result.
    """
    points = points.transpose(1, 2)
    mask = mask & points.sum(dim=(1, 2)).isfinite().unsqueeze(1)
    if points.shape[2] < 2 * SAMPLE:
        centroids, exists = _plus_plus(points, mask, clusters, generator)
        return _lloyd(points, mask, centroids, exists, iterations)
    rows = draw_spread(mask, SAMPLE, generator)
    sample, inside = _columns(points, rows), mask.gather(1, rows)
    centroids, exists = _plus_plus(sample, inside, clusters, generator)
    centroids = _lloyd(sample, inside, centroids, exists, iterations).centroids
    return _lloyd(points, mask, centroids, exists, 0)


def _lloyd(points: Tensor, mask: Tensor, centroids: Tensor, exists: Tensor, iterations: int) -> Clusters:
    between = ITERATIONS_BETWEEN_LOOKS if points.is_cuda else 1
    assignment = _assign(points, mask, centroids, exists)
    for iteration in range(1, iterations + 1):
        before = assignment
        centroids, sizes = _means(points, assignment, centroids)
        assignment = _assign(points, mask, centroids, exists)
        if iteration % between == 0 and torch.equal(before, assignment):
            return Clusters(centroids, assignment, sizes)
    centroids, sizes = _means(points, assignment, centroids)
    return Clusters(centroids, assignment, sizes)


def _plus_plus(points: Tensor, mask: Tensor, clusters: int, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Return B x K x D first centroids, and B x K bool: False where an image has no further distinct point.

    Greedy k-means++ (Arthur and Vassilvitskii, SODA 2007): of a few candidates, drawn in proportion to their squared
    distance from what is chosen, the one that leaves the smallest sum of squared distances.
    """
    batch = torch.arange(len(points), device=points.device)
    norms = points.square().sum(dim=1)
    tries = 2 + int(math.log(clusters))
    weights = mask.to(points.dtype)
    nearest = torch.zeros_like(weights).masked_fill(mask, math.inf)
    chosen: list[Tensor] = []
    for index in range(clusters):
        picks = draw_weighted(weights, tries if index else 1, generator)
        left = torch.minimum(nearest.unsqueeze(1), _distances(points, norms, picks))
        best = left.sum(dim=2).argmin(dim=1)
        nearest = weights = left[batch, best]
        chosen.append(picks[batch, best])
    picks = torch.stack(chosen, dim=1)
    centroids = _columns(points, picks).transpose(1, 2).contiguous()
    # Rounding leaves some distance between equal points; these are compared for what they are.
    equal = (centroids.unsqueeze(1) == centroids.unsqueeze(2)).all(dim=3)
    return centroids, mask.gather(1, picks) & ~equal.tril(-1).any(dim=2)


def _distances(points: Tensor, norms: Tensor, picks: Tensor) -> Tensor:
    """Return the squared distances of all points to the picked ones, B x T x P."""
    squared = torch.baddbmm(norms.unsqueeze(1), _columns(points, picks).transpose(1, 2), points, alpha=-2)
    return (squared + norms.gather(1, picks).unsqueeze(2)).clamp_(min=0)


def _columns(points: Tensor, picks: Tensor) -> Tensor:
    """Return the picked points of each image (B x T): B x D x T."""
    batch = torch.arange(len(points), device=points.device).unsqueeze(1)
    return points.transpose(1, 2)[batch, picks].transpose(1, 2)


def _assign(points: Tensor, mask: Tensor, centroids: Tensor, exists: Tensor) -> Tensor:
    # The points' own norms do not change which centroid is nearest.
    offset = centroids.square().sum(dim=2).masked_fill(~exists, math.inf).unsqueeze(2)
    nearest = torch.baddbmm(offset, centroids, points, alpha=-2).min(dim=1).indices
    return torch.where(mask, nearest, -1)


def _members(assignment: Tensor, clusters: int, dtype: torch.dtype) -> Tensor:
    index = torch.arange(clusters, device=assignment.device).unsqueeze(1)
    return (assignment.unsqueeze(1) == index).to(dtype)


def _means(points: Tensor, assignment: Tensor, old: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means of the assigned points, ``old`` for a cluster that has none, and how many there are."""
    members = _members(assignment, old.shape[1], points.dtype)
    sizes = members.sum(dim=2)
    sums = torch.bmm(members, points.transpose(1, 2))
    return torch.where(sizes.unsqueeze(2) > 0, sums / sizes.unsqueeze(2).clamp(min=1), old), sizes.long()
