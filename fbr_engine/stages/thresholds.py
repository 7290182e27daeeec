"""The ``auto`` threshold: chosen from the CAMs alone, no mask is looked at.

Rule: take the largest normalised CAM value of every pixel of every tagged image, give each image the same weight,
and split the histogram of these values in two by Otsu's criterion (largest variance between the two sides). The split
lies in the valley between pixels no class looks at and pixels some class does.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

LEVELS = 256


def cam_histogram(maximum: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the share of pixels at each of 256 CAM values; ``maximum``: h x w, over the tagged classes."""
    counts = np.bincount(maximum.ravel(), minlength=LEVELS).astype(np.float64)
    return counts / max(1, maximum.size)


def otsu_threshold(histograms: Iterable[npt.NDArray[np.float64]]) -> float:
    """Return the threshold in [0.05, 0.95] that Otsu's criterion finds in the summed histograms."""
    total = np.zeros(LEVELS)
    for histogram in histograms:
        total += histogram
    if not total.any():
        return 0.5
    share = total / total.sum()
    below = np.cumsum(share)
    mean = np.cumsum(share * np.arange(LEVELS))
    between = (mean[-1] * below - mean) ** 2 / np.maximum(below * (1 - below), 1e-12)
    return float(np.clip(between.argmax() / (LEVELS - 1), 0.05, 0.95))
