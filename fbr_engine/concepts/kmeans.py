"""Spherical k-means: clusters of unit vectors by cosine, seeded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.space import Floats, unit

ROUNDS = 30


def spherical_kmeans(points: Floats, clusters: int, rng: np.random.Generator, rounds: int = ROUNDS) -> Floats:
    """Return up to ``clusters`` centroids, K x D of unit length, of N x D unit vectors; those of more points first."""
    if not len(points):
        return points[:0]
    centroids = _spread_out(points, min(clusters, len(points)), rng)
    nearest = np.zeros(0, dtype=np.intp)
    for _ in range(rounds):
        before, nearest = nearest, (points @ centroids.T).argmax(axis=1)
        if np.array_equal(before, nearest):
            break
        centroids = _means(points, nearest, centroids)
    sizes = np.bincount((points @ centroids.T).argmax(axis=1), minlength=len(centroids))
    order = np.argsort(-sizes, kind="stable")
    return centroids[order[sizes[order] > 0]]


def _spread_out(points: Floats, clusters: int, rng: np.random.Generator) -> Floats:
    """Return starting points by k-means++ (Arthur and Vassilvitskii, 2007)."""
    chosen = [int(rng.integers(len(points)))]
    distance = np.maximum(1 - points @ points[chosen[0]], 0)
    for _ in range(clusters - 1):
        total = np.cumsum(distance, dtype=np.float64)
        if total[-1] <= 0:
            break
        index = min(int(np.searchsorted(total, rng.random() * total[-1], side="right")), len(points) - 1)
        chosen.append(index)
        distance = np.minimum(distance, np.maximum(1 - points @ points[index], 0))
    return points[chosen]


def _means(points: Floats, nearest: npt.NDArray[np.intp], centroids: Floats) -> Floats:
    """Return the direction of each cluster's mean; an empty cluster keeps its centroid."""
    belongs = np.zeros((len(centroids), len(points)), dtype=np.float32)
    belongs[nearest, np.arange(len(points))] = 1
    sums = belongs @ points
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(length > 1e-6, unit(sums), centroids).astype(np.float32)
