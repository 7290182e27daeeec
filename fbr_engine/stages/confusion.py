"""Confusion counts and what follows from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def confusion_counts(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], classes: int) -> Counts:
    """Return ``classes`` x ``classes`` pixel counts, rows truth, columns prediction; truth 255 is ignored."""
    known = truth != 255
    pairs = truth[known].astype(np.int64) * classes + predicted[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def iou_per_class(counts: Counts) -> list[float | None]:
    """Return intersection over union of each class, None for one that is neither there nor predicted."""
    hits = np.diag(counts)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    return [float(h) / float(u) if u else None for h, u in zip(hits, union, strict=True)]


def mean_iou(ious: list[float | None]) -> float | None:
    """Return the mean over the classes that count, None when none does."""
    known = [value for value in ious if value is not None]
    return sum(known) / len(known) if known else None
