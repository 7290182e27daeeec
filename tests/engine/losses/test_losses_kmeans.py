"""Batched k-means against a plain Lloyd's algorithm."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fbr_engine.losses import kmeans
from fbr_engine.losses.kmeans import Clusters, batched_kmeans


def lloyd(points: Tensor, centroids: Tensor, iterations: int) -> tuple[Tensor, list[int], float]:
    """Return centroids, assignment and inertia of one image, point by point."""
    assignment = [0] * len(points)
    for _ in range(iterations + 1):
        for p, point in enumerate(points):
            distances = [(point - c).square().sum().item() for c in centroids]
            assignment[p] = distances.index(min(distances))
        moved = []
        for k in range(len(centroids)):
            own = [points[p] for p in range(len(points)) if assignment[p] == k]
            moved.append(torch.stack(own).mean(dim=0) if own else centroids[k])
        centroids = torch.stack(moved)
    inertia = sum((points[p] - centroids[assignment[p]]).square().sum().item() for p in range(len(points)))
    return centroids, assignment, inertia


def inertia_of(points: Tensor, clusters: Clusters, image: int) -> float:
    inside = clusters.assignment[image] >= 0
    own = clusters.centroids[image][clusters.assignment[image][inside]]
    return (points[image][inside] - own).square().sum().item()


def blobs(seed: int, count: int = 60, spread: float = 0.3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(4, 6, generator=generator) * 2
    which = torch.randint(0, 4, (count,), generator=generator)
    return centres[which] + spread * torch.randn(count, 6, generator=generator)


def test_equals_lloyd_from_the_same_start(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.stack([blobs(s, spread=1.5) for s in range(3)]).double()
    mask = torch.rand(3, 60, generator=torch.Generator().manual_seed(0)) < 0.6
    start = points[:, :5].clone()
    monkeypatch.setattr(kmeans, "_plus_plus", lambda *_: start)
    clusters = batched_kmeans(points, mask, 5, iterations=7)
    for image in range(3):
        centroids, assignment, _ = lloyd(points[image][mask[image]], start[image], 7)
        torch.testing.assert_close(clusters.centroids[image], centroids)
        assert clusters.assignment[image][mask[image]].tolist() == assignment
        assert clusters.sizes[image].tolist() == [assignment.count(k) for k in range(5)]


def test_batched_equals_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.stack([blobs(s) for s in range(4)])
    mask = torch.rand(4, 60) < 0.5
    monkeypatch.setattr(kmeans, "_plus_plus", lambda p, m, k, g: p[:, :k].clone())
    together = batched_kmeans(points, mask, 4)
    for image in range(4):
        alone = batched_kmeans(points[image : image + 1], mask[image : image + 1], 4)
        torch.testing.assert_close(alone.centroids[0], together.centroids[image])
        assert torch.equal(alone.assignment[0], together.assignment[image])
        assert torch.equal(alone.sizes[0], together.sizes[image])


def test_inertia_is_within_two_percent_of_the_best_of_several_starts() -> None:
    points = torch.stack([blobs(s, 50) for s in range(3)])
    mask = torch.ones(3, 50, dtype=torch.bool)
    generator = torch.Generator().manual_seed(1)
    runs = [batched_kmeans(points, mask, 4, generator=generator) for _ in range(5)]
    for image in range(3):
        ours = min(inertia_of(points, run, image) for run in runs)
        starts = [torch.randperm(50, generator=generator)[:4] for _ in range(6)]
        reference = min(lloyd(points[image], points[image][start], 10)[2] for start in starts)
        assert ours <= 1.02 * reference


def test_points_outside_the_mask_change_nothing() -> None:
    points, mask = blobs(0)[None], torch.arange(60)[None] < 30
    wild = points.clone()
    wild[:, 30:] = 1e6
    first = batched_kmeans(points, mask, 3, generator=torch.Generator().manual_seed(4))
    second = batched_kmeans(wild, mask, 3, generator=torch.Generator().manual_seed(4))
    assert torch.equal(first.centroids, second.centroids)
    assert (first.assignment[0, 30:] == -1).all()
    assert (first.assignment[0, :30] >= 0).all()
    assert first.sizes.sum().item() == 30


def test_empty_images_and_fewer_points_than_clusters() -> None:
    points = torch.randn(3, 9, 4)
    mask = torch.zeros(3, 9, dtype=torch.bool)
    mask[1, 2] = mask[2, 1] = mask[2, 7] = mask[2, 8] = True
    points[2, 8] = points[2, 7]
    clusters = batched_kmeans(points, mask, 8)
    assert clusters.sizes.sum(dim=1).tolist() == [0, 1, 3]
    assert (clusters.sizes > 0).sum(dim=1).tolist() == [0, 1, 2]
    assert (clusters.assignment[0] == -1).all()
    kept = clusters.sizes[1] > 0
    torch.testing.assert_close(clusters.centroids[1][kept][0], points[1, 2])


@pytest.mark.parametrize("count", [1, 7, 64, 225])
@pytest.mark.parametrize("k", [3, 5, 8])
def test_identical_points_are_one_cluster(count: int, k: int) -> None:
    points = torch.randn(1, 1, 128).expand(1, count, 128).contiguous()
    clusters = batched_kmeans(points, torch.ones(1, count, dtype=torch.bool), k)
    assert (clusters.sizes > 0).sum().item() == 1


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, 1e30])
def test_numbers_that_overflow_do_not_raise(bad: float) -> None:
    """A diverging training must end in the error that names the loss, not in one of k-means."""
    points = torch.randn(2, 10, 4)
    points[0, 3] = bad
    clusters = batched_kmeans(points, torch.ones(2, 10, dtype=torch.bool), 3)
    assert clusters.sizes[1].sum() == 10


def test_a_generator_repeats_and_no_gradient_flows() -> None:
    points = blobs(0)[None].requires_grad_()
    mask = torch.ones(1, 60, dtype=torch.bool)
    first, second = (batched_kmeans(points, mask, 4, generator=torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(first.centroids, second.centroids)
    assert torch.equal(first.assignment, second.assignment)
    assert not first.centroids.requires_grad
