"""k-means over many images at once: the NROIs of a whole batch in a handful of matrix products."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Squared distances of diverging features overflow; what multinomial adds up must not.
LARGEST_WEIGHT = 1e30


@dataclass(frozen=True, slots=True)
class Clusters:
    """Result of `batched_kmeans`.

    ``centroids``: B x K x D. ``assignment``: B x P int64, -1 for points outside the mask.
    ``sizes``: B x K int64, the number of points; zero for a cluster that does not exist.
    """

    centroids: Tensor
    assignment: Tensor
    sizes: Tensor


@torch.no_grad()
def batched_kmeans(
    points: Tensor,
    mask: Tensor,
    clusters: int,
    *,
    iterations: int = 10,
    generator: torch.Generator | None = None,
) -> Clusters:
    """Cluster the masked points of each image by Lloyd's algorithm from a k-means++ start.

    ``points``: B x P x D float. ``mask``: B x P bool. An image with fewer masked points than ``clusters`` gets one
    cluster for each distinct point; the rest are empty. Points that are not finite are left out.
    """
    mask = mask & points.isfinite().all(dim=2)
    points = torch.where(mask.unsqueeze(2), points, 0)
    centroids = _plus_plus(points, mask, clusters, generator)
    assignment, sizes = _assign(points, mask, centroids)
    for _ in range(iterations):
        centroids = _means(points, assignment, sizes, centroids)
        assignment, sizes = _assign(points, mask, centroids)
    return Clusters(_means(points, assignment, sizes, centroids), assignment, sizes)


def _plus_plus(points: Tensor, mask: Tensor, clusters: int, generator: torch.Generator | None) -> Tensor:
    batch = torch.arange(points.shape[0], device=points.device)
    nearest = mask.to(points.dtype)
    chosen = []
    for index in range(clusters):
        # A little weight everywhere keeps multinomial defined when every point is already a centroid.
        weights = nearest + torch.where(mask, 1e-12, 0.0)
        weights = torch.where(mask.any(dim=1, keepdim=True), weights, 1.0)
        pick = torch.multinomial(weights.clamp(max=LARGEST_WEIGHT), 1, generator=generator)[:, 0]
        centre = points[batch, pick]
        chosen.append(centre)
        distance = torch.where(mask, (points - centre.unsqueeze(1)).square().sum(dim=2), 0)
        nearest = distance if index == 0 else torch.minimum(nearest, distance)
    return torch.stack(chosen, dim=1)


def _assign(points: Tensor, mask: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    # The points' own norms do not change which centroid is nearest.
    distance = centroids.square().sum(dim=2).unsqueeze(1) - 2 * torch.bmm(points, centroids.transpose(1, 2))
    assignment = torch.where(mask, distance.argmin(dim=2), -1)
    sizes = torch.zeros(centroids.shape[:2], dtype=torch.int64, device=points.device)
    sizes.scatter_add_(1, assignment.clamp(min=0), mask.long())
    return assignment, sizes


def _means(points: Tensor, assignment: Tensor, sizes: Tensor, old: Tensor) -> Tensor:
    members = torch.nn.functional.one_hot(assignment + 1, old.shape[1] + 1)[:, :, 1:].to(points.dtype)
    sums = torch.bmm(members.transpose(1, 2), points)
    return torch.where(sizes.unsqueeze(2) > 0, sums / sizes.unsqueeze(2).clamp(min=1), old)
