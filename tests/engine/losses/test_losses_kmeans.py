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


def first_points(points: Tensor, mask: Tensor, clusters: int, _generator: object) -> tuple[Tensor, Tensor]:
    """Take the place of k-means++; ``points`` are B x D x P there."""
    return points[:, :, :clusters].transpose(1, 2).clone(), torch.ones(len(points), clusters, dtype=torch.bool)


def slow_plus_plus(points: Tensor, picks: list[list[int]]) -> list[int]:
    """Choose greedily, point by point, among the candidates of each turn."""
    chosen: list[int] = []
    for candidates in picks:
        left = [
            sum(min((point - points[c]).square().sum().item() for c in [*chosen, pick]) for point in points)
            for pick in candidates
        ]
        chosen.append(candidates[left.index(min(left))])
    return chosen


def test_the_start_takes_the_candidate_that_leaves_least(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.stack([blobs(s, spread=1.0) for s in range(3)]).double()
    generator = torch.Generator().manual_seed(3)
    picks = [torch.randint(60, (3, 1 if turn == 0 else 3), generator=generator) for turn in range(5)]
    drawn = iter(picks)
    monkeypatch.setattr(kmeans, "draw_weighted", lambda *_: next(drawn))
    mask = torch.ones(3, 60, dtype=torch.bool)
    centroids, exists = kmeans._plus_plus(points.transpose(1, 2), mask, 5, None)
    for image in range(3):
        expected = slow_plus_plus(points[image], [p[image].tolist() for p in picks])
        assert torch.equal(centroids[image], points[image][expected])
        assert exists[image].tolist() == [c not in expected[:k] for k, c in enumerate(expected)]


def test_many_points_are_clustered_as_well_as_by_lloyd_alone() -> None:
    points = torch.stack([blobs(s, 4 * kmeans.SAMPLE, spread=1.0) for s in range(4)])
    mask = torch.rand(4, points.shape[1], generator=torch.Generator().manual_seed(0)) < 0.8
    mask[3, 5:] = False
    generator = torch.Generator().manual_seed(1)
    clusters = batched_kmeans(points, mask, 4, generator=generator)
    assert clusters.sizes.sum(dim=1).tolist() == mask.sum(dim=1).tolist()
    assert (clusters.assignment[~mask] == -1).all()
    for image in range(3):
        own = points[image][mask[image]]
        alone = [batched_kmeans(own[None, :500], torch.ones(1, 500, dtype=torch.bool), 4) for _ in range(4)]
        best = min(
            (torch.cdist(own, run.centroids[0]).amin(dim=1).square().sum().item() for run in alone),
        )
        assert inertia_of(points, clusters, image) <= 1.02 * best
    for k in range(4):
        inside = clusters.assignment[0] == k
        torch.testing.assert_close(clusters.centroids[0, k], points[0][inside].mean(dim=0))


def test_members_tell_the_assignment() -> None:
    clusters = Clusters(torch.zeros(1, 3, 2), torch.tensor([[2, -1, 0, 2]]), torch.tensor([[1, 0, 2]]))
    assert clusters.members(torch.float32).tolist() == [[[0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1]]]


def test_equals_lloyd_from_the_same_start(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.stack([blobs(s, spread=1.5) for s in range(3)]).double()
    mask = torch.rand(3, 60, generator=torch.Generator().manual_seed(0)) < 0.6
    start = points[:, :5].clone()
    monkeypatch.setattr(kmeans, "_plus_plus", lambda *_: (start, torch.ones(3, 5, dtype=torch.bool)))
    clusters = batched_kmeans(points, mask, 5, iterations=7)
    for image in range(3):
        centroids, assignment, _ = lloyd(points[image][mask[image]], start[image], 7)
        torch.testing.assert_close(clusters.centroids[image], centroids)
        assert clusters.assignment[image][mask[image]].tolist() == assignment
        assert clusters.sizes[image].tolist() == [assignment.count(k) for k in range(5)]


def test_batched_equals_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.stack([blobs(s) for s in range(4)])
    mask = torch.rand(4, 60) < 0.5
    monkeypatch.setattr(kmeans, "_plus_plus", first_points)
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
