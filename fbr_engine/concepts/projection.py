"""A map of concepts: centroids in two dimensions, those that are alike near each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ROUNDS = 300
EXAGGERATED, EXAGGERATION = 75, 4.0
NEIGHBOURS = 12.0

Values = npt.NDArray[np.float64]


def projection(centroids: npt.NDArray[np.float32], rounds: int = ROUNDS) -> npt.NDArray[np.float32]:
    """Return A x 2 in [-1, 1]: exact t-SNE (van der Maaten and Hinton, 2008) on cosine distance, begun from PCA.

    The same centroids give the same map.
    """
    count = len(centroids)
    if count < 4:
        return np.array([(i - (count - 1) / 2, 0) for i in range(count)], dtype=np.float32).reshape(-1, 2)
    points = centroids.astype(np.float64)
    wanted = _affinities(np.maximum(2 - 2 * points @ points.T, 0), min(NEIGHBOURS, (count - 1) / 3))
    found = _plane(points) * 1e-2
    speed, gains = np.zeros_like(found), np.ones_like(found)
    for step in range(rounds):
        slope = _slope(wanted * (EXAGGERATION if step < EXAGGERATED else 1), found)
        gains = np.maximum(np.where(np.sign(slope) == np.sign(speed), gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if step < EXAGGERATED else 0.8) * speed - max(count / EXAGGERATION / 4, 10.0) * gains * slope
        found = found + speed
        found -= found.mean(axis=0)
    scaled: npt.NDArray[np.float32] = (found / max(float(np.abs(found).max()), 1e-12)).astype(np.float32)
    return scaled


def _plane(points: Values) -> Values:
    """Return the first two principal components, each of unit spread; their signs are settled."""
    vectors, values, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    plane = np.zeros((len(points), 2))
    kept = min(2, vectors.shape[1])
    plane[:, :kept] = vectors[:, :kept] * np.sign(vectors[np.abs(vectors[:, :kept]).argmax(axis=0), np.arange(kept)])
    # Where all points lie on a line, a second direction is needed to move apart in.
    if kept < 2 or values[1] < 1e-9:
        plane[:, 1] = np.linspace(-1e-3, 1e-3, len(points))
    scaled: Values = plane / np.maximum(plane.std(axis=0), 1e-9)
    return scaled


def _affinities(distance: Values, neighbours: float) -> Values:
    """Return symmetric affinities that sum to 1; each point has ``neighbours`` effective ones."""
    low, high = np.full(len(distance), 1e-3), np.full(len(distance), 1e6)
    np.fill_diagonal(distance, np.inf)
    shifted = distance - distance.min(axis=1, keepdims=True)
    share = np.zeros_like(distance)
    for _ in range(40):
        beta = np.sqrt(low * high)
        weight = np.exp(-shifted * beta[:, None])
        share = weight / weight.sum(axis=1, keepdims=True)
        entropy = -(share * np.log(np.maximum(share, 1e-300))).sum(axis=1)
        wide = entropy > np.log(neighbours)
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
    both = share + share.T
    affinities: Values = both / both.sum()
    return affinities


def _slope(wanted: Values, found: Values) -> Values:
    length = (found**2).sum(axis=1)
    near = 1 / (1 + np.maximum(length[:, None] + length[None] - 2 * found @ found.T, 0))
    np.fill_diagonal(near, 0)
    pull = (wanted - near / near.sum()) * near
    slope: Values = 4 * (pull.sum(axis=1)[:, None] * found - pull @ found)
    return slope
