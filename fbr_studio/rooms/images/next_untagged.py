"""Which image to tag next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt

NEAR = 256


def next_untagged(
    ids: npt.NDArray[np.int64],
    current: int | None,
    among: Callable[[Sequence[int]], Collection[int]],
    everywhere: Callable[[], npt.NDArray[np.int64]],
) -> int | None:
    """Return the first untagged image behind ``current`` in the order of ``ids``, from the start again at the end.

    ``among`` returns which of a few images are untagged; only if none of the next `NEAR` is, all of them are asked
    for with ``everywhere``. None: there is no other one.
    """
    if not len(ids):
        return None
    places = np.flatnonzero(ids == (-1 if current is None else current))
    start = int(places[0]) + 1 if len(places) else 0
    near: list[int] = ids[start : start + NEAR].tolist()
    found = frozenset(among(near))
    for image in near:
        if image in found:
            return image
    behind = np.concatenate([ids[start + NEAR :], ids[:start]])
    left = behind[np.isin(behind, everywhere())]
    left = left[left != current]
    return int(left[0]) if len(left) else None
