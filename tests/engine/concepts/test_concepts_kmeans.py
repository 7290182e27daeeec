from __future__ import annotations

import numpy as np

from fbr_engine.concepts.kmeans import spherical_kmeans
from fbr_engine.concepts.space import unit


def groups(count: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = unit(np.linalg.qr(rng.normal(size=(16, count)))[0].T)
    which = np.repeat(np.arange(count), each)
    return unit(centres[which] + 0.1 * rng.normal(size=(len(which), 16))), which


def test_finds_groups_that_are_apart() -> None:
    points, which = groups(5, 40)
    centroids = spherical_kmeans(points, 5, np.random.default_rng(3))
    nearest = (points @ centroids.T).argmax(axis=1)
    assert all(len(set(nearest[which == k])) == 1 for k in range(5))
    assert len(set(nearest)) == 5


def test_every_centroid_is_the_direction_of_its_points_mean() -> None:
    points, _ = groups(4, 30)
    centroids = spherical_kmeans(points, 4, np.random.default_rng(0))
    nearest = (points @ centroids.T).argmax(axis=1)
    for k, centroid in enumerate(centroids):
        mean = points[nearest == k].mean(axis=0)
        np.testing.assert_allclose(centroid, mean / np.linalg.norm(mean), atol=1e-5)


def test_the_same_seed_gives_the_same_and_larger_clusters_come_first() -> None:
    points = np.concatenate([groups(3, 20)[0], groups(1, 60, seed=5)[0]])
    once = spherical_kmeans(points, 4, np.random.default_rng(7))
    again = spherical_kmeans(points, 4, np.random.default_rng(7))
    np.testing.assert_array_equal(once, again)
    sizes = np.bincount((points @ once.T).argmax(axis=1))
    assert list(sizes) == sorted(sizes, reverse=True)


def test_few_or_equal_points_give_fewer_clusters() -> None:
    rng = np.random.default_rng(0)
    one = unit(np.ones((1, 4)))
    assert len(spherical_kmeans(one[:0], 3, rng)) == 0
    assert len(spherical_kmeans(one, 3, rng)) == 1
    assert len(spherical_kmeans(np.tile(one, (9, 1)), 3, rng)) == 1
