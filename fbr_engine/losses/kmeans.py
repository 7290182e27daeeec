"""k-means over many images at once: the NROIs of a whole batch in a handful of matrix products.

Points are kept as B x D x P inside, the layout of feature maps, so that they are not copied into another one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fbr_engine.losses.sampling import draw_weighted

# A look at the result makes a GPU wait, so only some iterations ask whether anything has changed.
ITERATIONS_BETWEEN_LOOKS = 4
SAMPLE = 256
ITERATIONS_AFTER_SAMPLE = 2


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
    It ends after ``iterations``, or soon after nothing changes any more. Of many points a sample is clustered first
    and all points go on from there, which takes few iterations.
    """
    points = points.transpose(1, 2)
    mask = mask & points.sum(dim=(1, 2)).isfinite().unsqueeze(1)
    if points.shape[2] < 2 * SAMPLE:
        centroids, exists = _plus_plus(points, mask, clusters, generator)
    else:
        rows = draw_weighted(mask.to(points.dtype), SAMPLE, generator)
        sample = points.gather(2, rows.unsqueeze(1).expand(-1, points.shape[1], -1))
        centroids, exists = _plus_plus(sample, mask.gather(1, rows), clusters, generator)
        centroids = _lloyd(sample, mask.gather(1, rows), centroids, exists, iterations).centroids
        iterations = min(iterations, ITERATIONS_AFTER_SAMPLE)
    return _lloyd(points, mask, centroids, exists, iterations)


def _lloyd(points: Tensor, mask: Tensor, centroids: Tensor, exists: Tensor, iterations: int) -> Clusters:
    assignment = _assign(points, mask, centroids, exists)
    for iteration in range(1, iterations + 1):
        before = assignment
        centroids, _ = _means(points, assignment, centroids)
        assignment = _assign(points, mask, centroids, exists)
        if iteration % ITERATIONS_BETWEEN_LOOKS == 0 and torch.equal(before, assignment):
            break
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
    nearest = mask.to(points.dtype)
    centroids = points.new_full((len(points), clusters, points.shape[1]), math.inf)
    exists = torch.zeros(len(points), clusters, dtype=torch.bool, device=points.device)
    for index in range(clusters):
        picks = draw_weighted(nearest, tries if index else 1, generator)
        left = _distances(points, norms, picks, mask)
        if index:
            left = torch.minimum(nearest.unsqueeze(1), left)
        best = left.sum(dim=2).argmin(dim=1)
        pick = picks[batch, best]
        nearest = left[batch, best]
        centre = points[batch, :, pick]
        # Rounding leaves some distance between equal points; these are compared for what they are.
        repeated = (centroids[:, :index] == centre.unsqueeze(1)).all(dim=2).any(dim=1)
        exists[:, index] = mask[batch, pick] & ~repeated
        centroids[:, index] = centre
    return centroids, exists


def _distances(points: Tensor, norms: Tensor, picks: Tensor, mask: Tensor) -> Tensor:
    """Return the squared distances of all points to the picked ones, B x T x P, 0 outside the mask."""
    centres = points.gather(2, picks.unsqueeze(1).expand(-1, points.shape[1], -1))
    inner = torch.bmm(centres.transpose(1, 2), points)
    squared = norms.gather(1, picks).unsqueeze(2) + norms.unsqueeze(1) - 2 * inner
    return squared.clamp(min=0) * mask.unsqueeze(1)


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
