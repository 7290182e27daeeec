"""What tags become: pure functions over matrices of N images x C classes, 1 present, 0 absent, -1 unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fbr_studio.state.session import TagRow

Known = npt.NDArray[np.int8]
LIKELY = 0.5


def with_value(known: Known, column: int, value: int) -> Known:
    """Return the tags with one class set in every image."""
    after = known.copy()
    after[:, column] = value
    return after


def with_rest_absent(known: Known) -> Known:
    """Return the tags with the unknown ones absent, in images where something is present; others stay.

    An image in which nothing was found yet would become a confirmed empty one by mistake.
    """
    after = known.copy()
    some = (known == 1).any(axis=1)
    after[some[:, None] & (known == -1)] = 0
    return after


def with_predictions(known: Known, probabilities: npt.NDArray[np.float64]) -> Known:
    """Return the tags with unknown ones decided by a run: N x C probabilities, NaN where it says nothing."""
    after = known.copy()
    open_ = (known == -1) & ~np.isnan(probabilities)
    after[open_] = probabilities[open_] >= LIKELY
    return after


def changes(images: Sequence[int], classes: Sequence[int], before: Known, after: Known) -> list[TagRow]:
    """Return the rows that lead from one matrix to the other, known values first."""
    rows, columns = np.nonzero(before != after)
    values = after[rows, columns]
    order = np.argsort(values < 0, kind="stable")
    return [(int(images[rows[i]]), int(classes[columns[i]]), None if values[i] < 0 else int(values[i])) for i in order]
