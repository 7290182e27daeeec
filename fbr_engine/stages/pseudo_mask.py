"""From stored CAMs to a mask: a threshold for background, argmax, specks removed. Needs no torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fbr_engine.stages.mask_cleanup import without_specks
from fbr_engine.stages.stored_cams import StoredCam

SMALLEST = 0.0003

Mask = npt.NDArray[np.uint8]


def soft_scores(stored: StoredCam, threshold: float, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return (1 + T) x H x W scores at ``size``: the threshold for background, then the tagged classes' CAMs."""
    background = np.full((1, *size), threshold, dtype=np.float32)
    return np.concatenate([background, stored.scores(size)])


def to_mask(scores: npt.NDArray[np.float32], class_ids: npt.NDArray[np.int32]) -> Mask:
    """Return the argmax of `soft_scores` as pixel ids, H x W uint8; ties go to background."""
    ids: Mask = np.concatenate([[0], class_ids]).astype(np.uint8)
    mask: Mask = ids[scores.argmax(axis=0)]
    return mask


def cleaned(mask: Mask, smallest: float) -> Mask:
    """Return ``mask`` without specks and pinholes below ``smallest``, a share of its pixels."""
    return without_specks(mask, round(smallest * mask.size))


def pseudo_mask(
    stored: StoredCam, threshold: float, size: tuple[int, int] | None = None, smallest: float = SMALLEST
) -> Mask:
    """Return the mask, H x W uint8 of pixel ids, that ``threshold`` (0..1) makes of CAMs, without refinement.

    ``size`` is (height, width) in px: the image's own if not given, a smaller one where a preview will do.
    """
    scores = soft_scores(stored, threshold, size or stored.size)
    return cleaned(to_mask(scores, stored.class_ids), smallest)
