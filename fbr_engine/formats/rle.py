"""COCO's run-length encoding of one object's mask.

Runs alternate between background and object, beginning with background, down the columns from left to right.
In the compressed string the fourth run and those after it are differences to the run two before; each number
is written as groups of five bits, lowest first, as characters from ``0`` (48) on, where bit 5 says that
another group follows and bit 4 of the last group is the sign. Format: COCO API (Lin et al., ECCV 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

_FIRST_CHARACTER = 48
_GROUP_BITS = 5
_MAX_GROUPS = 8
MAX_PIXELS = 2**30


class Rle(TypedDict):
    """A mask as it stands in a COCO file: ``size`` is [height, width]."""

    size: list[int]
    counts: str


def encode_rle(mask: NDArray[np.bool_], *, top: int = 0, left: int = 0, size: tuple[int, int] | None = None) -> Rle:
    """Return ``mask``, bool (H, W), in COCO's compressed form, the same as pycocotools gives.

    With ``size`` the mask is a window whose first pixel lies at row ``top`` and column ``left`` of an image
    of that (height, width), empty elsewhere: small objects in large images cost what the window costs.
    Raises ValueError if the window does not lie in the image.
    """
    height, width = mask.shape if size is None else size
    if min(top, left) < 0 or top + mask.shape[0] > height or left + mask.shape[1] > width:
        raise ValueError(f"a window {mask.shape} at ({top}, {left}) is not in an image ({height}, {width})")
    edges = _run_edges(mask, top, left, height)
    total = height * width
    last = [] if len(edges) and edges[-1] == total else [total]
    bounds = np.concatenate(([0], edges, last)).astype(np.int64)
    return {"size": [int(height), int(width)], "counts": _compress(bounds[1:] - bounds[:-1])}


def decode_rle(size: Sequence[int], counts: str | bytes | Sequence[int]) -> NDArray[np.bool_]:
    """Return the mask, bool (H, W), of COCO runs in compressed form or as a list of numbers.

    Raises ValueError if the text is no run-length encoding, or the runs do not fill ``size`` exactly.
    """
    height, width = size
    if height < 0 or width < 0 or height * width > MAX_PIXELS:
        raise ValueError(f"a mask of {height} x {width} pixels is too large or negative")
    runs = _decompress(counts) if isinstance(counts, (str, bytes)) else np.asarray(counts, dtype=np.int64)
    if runs.ndim != 1 or (runs < 0).any() or (runs > height * width).any() or runs.sum() != height * width:
        raise ValueError(f"the runs do not fill {height} x {width} pixels")
    inside = np.arange(len(runs)) % 2 == 1
    return np.ascontiguousarray(np.repeat(inside, runs).reshape(width, height).T)


def _run_edges(mask: NDArray[np.bool_], top: int, left: int, height: int) -> NDArray[np.int64]:
    """Return where runs of the object begin and end, alternating, as places down the columns of the image."""
    rows, columns = mask.shape
    padded = np.zeros((columns, rows + 2), np.bool_)
    padded[:, 1:-1] = mask.T
    column, row = np.nonzero(padded[:, 1:] != padded[:, :-1])
    places = (left + column) * height + top + row
    # a run that reaches the bottom goes on in the next column if that begins with the object
    joined = np.flatnonzero(places[1:-1:2] == places[2::2]) * 2 + 1
    return np.delete(places, np.concatenate((joined, joined + 1)))


def _compress(runs: NDArray[np.int64]) -> str:
    numbers = runs.copy()
    numbers[3:] -= runs[1:-2]
    characters = np.zeros((len(numbers), _MAX_GROUPS), np.uint8)
    used = np.zeros(characters.shape, np.bool_)
    going = np.ones(len(numbers), np.bool_)
    for group in range(_MAX_GROUPS):
        bits = numbers & 31
        numbers >>= _GROUP_BITS
        more = np.where(bits & 16, numbers != -1, numbers != 0)
        characters[:, group] = (bits | (more << _GROUP_BITS)) + _FIRST_CHARACTER
        used[:, group] = going
        going &= more
        if not going.any():
            break
    return characters[used].tobytes().decode("ascii")


def _decompress(text: str | bytes) -> NDArray[np.int64]:
    data = text if isinstance(text, bytes) else text.encode("ascii", "replace")
    groups = np.frombuffer(data, np.uint8).astype(np.int64) - _FIRST_CHARACTER
    if not len(groups):
        return groups
    last = (groups & 32) == 0
    if groups.min() < 0 or groups.max() > 63 or not last[-1]:
        raise ValueError("the text is no COCO run-length encoding")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _MAX_GROUPS:
        raise ValueError("a run of the run-length encoding is too long")
    shifts = _GROUP_BITS * (np.arange(len(groups)) - np.repeat(starts, lengths))
    numbers = np.add.reduceat((groups & 31) << shifts, starts)
    negative = (groups[ends] & 16) != 0
    numbers[negative] -= 1 << (_GROUP_BITS * lengths[negative])
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers
