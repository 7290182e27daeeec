"""Comparison space: where the features of all images are compared, by cosine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

DIMS = 64
Floats = npt.NDArray[np.float32]


class Moments:
    """Sums over feature pixels, from which their mean and covariance follow."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: npt.NDArray[np.float64] | None = None
        self._outer: npt.NDArray[np.float64] | None = None

    def add(self, features: npt.NDArray[Any]) -> None:
        """Count in the features of one image, ... x F."""
        flat = features.reshape(-1, features.shape[-1]).astype(np.float64)
        if self._sum is None or self._outer is None:
            self._sum, self._outer = np.zeros(flat.shape[1]), np.zeros((flat.shape[1], flat.shape[1]))
        self.count += len(flat)
        self._sum += flat.sum(axis=0)
        self._outer += flat.T @ flat

    def space(self, dims: int = DIMS) -> tuple[Floats, Floats]:
        """Return the ``mean`` (F) and ``basis`` (F x D) of comparison space; at least one pixel was added.

        The basis holds the principal directions, each divided by the square root of its standard deviation: between
        plain cosine, which a few directions rule, and whitening, which lifts noise.
        """
        assert self._sum is not None
        assert self._outer is not None
        mean = self._sum / self.count
        variance, vectors = np.linalg.eigh(self._outer / self.count - np.outer(mean, mean))
        variance, vectors = variance[::-1][:dims], vectors[:, ::-1][:, :dims]
        # Eigenvectors have no sign of their own.
        vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
        return mean.astype(np.float32), (vectors / np.maximum(variance, 1e-8) ** 0.25).astype(np.float32)


def embed(features: npt.NDArray[Any], mean: Floats, basis: Floats) -> Floats:
    """Return features, h x w x F, in comparison space: h*w x D of unit length."""
    flat = features.reshape(-1, features.shape[-1]).astype(np.float32)
    return unit((flat - mean) @ basis)


def unit(rows: npt.NDArray[Any]) -> Floats:
    """Return rows divided by their length; zeros stay zeros."""
    scaled: Floats = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6)).astype(np.float32)
    return scaled
