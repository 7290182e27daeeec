"""Curves as plain numbers: growing series, a smoothed one beside each, and few enough points to draw. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Line = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
MEMORY = 0.92
_FIRST_ROOM = 256


class Series:
    """One value per step, float64; appending is cheap for any length. ``smooth`` is a running mean that forgets."""

    def __init__(self) -> None:
        self._rows = np.empty((3, _FIRST_ROOM))
        self._count = 0
        self._sum = self._weight = 0.0

    def __len__(self) -> int:
        return self._count

    @property
    def x(self) -> npt.NDArray[np.float64]:
        """The steps."""
        return self._rows[0, : self._count]

    @property
    def y(self) -> npt.NDArray[np.float64]:
        """The values."""
        return self._rows[1, : self._count]

    @property
    def smooth(self) -> npt.NDArray[np.float64]:
        """The smoothed values."""
        return self._rows[2, : self._count]

    def append(self, x: float, y: float) -> None:
        """Add one point to the right of all others."""
        if self._count == self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)], axis=1)
        self._sum = MEMORY * self._sum + (1 - MEMORY) * y
        self._weight = MEMORY * self._weight + (1 - MEMORY)
        self._rows[:, self._count] = x, y, self._sum / self._weight
        self._count += 1

    def cut(self, x: float) -> None:
        """Forget what lies right of ``x``."""
        self._count = int(np.searchsorted(self.x, x, side="right"))
        if self._count:
            self._sum, self._weight = float(self.smooth[-1]), 1.0
        else:
            self._sum = self._weight = 0.0


@dataclass
class Curves:
    """The losses of one run: a `Series` by name, and where its epochs end. ``steps`` is 0 while it is unknown.

    ``coarse``: one point an epoch (what the disk keeps), not one a step.
    """

    terms: dict[str, Series] = field(default_factory=dict)
    epochs: list[float] = field(default_factory=list)
    steps: int = 0
    coarse: bool = False

    def add(self, step: float, losses: Mapping[str, float]) -> None:
        """Add the losses of one step."""
        for name, value in losses.items():
            self.terms.setdefault(name, Series()).append(step, value)

    def end_epoch(self, step: float) -> None:
        """Remember that an epoch ends at ``step``."""
        if not self.epochs or step > self.epochs[-1]:
            self.epochs.append(step)

    def cut(self, step: float) -> None:
        """Forget what lies right of ``step``: a resumed run goes on from there."""
        for series in self.terms.values():
            series.cut(step)
        self.epochs = [mark for mark in self.epochs if mark <= step]


def from_metrics(rows: Iterable[Mapping[str, Any]], steps_per_epoch: int) -> Curves:
    """Return the curves of a run from the means of its epochs (``epoch`` from 1, ``losses`` by name)."""
    made = Curves(coarse=True)
    for row in rows:
        step = int(row["epoch"]) * max(1, steps_per_epoch)
        made.add(step, row["losses"])
        made.end_epoch(step)
    return made


def thinned(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], points: int) -> Line:
    """Return at most ``points`` points of a curve; the lowest and highest value of each stretch stay."""
    if len(x) <= points:
        return x, y
    stretch = -(-2 * len(x) // points)
    whole = len(x) // stretch * stretch
    parts = y[:whole].reshape(-1, stretch)
    first = np.arange(0, whole, stretch)
    ends = np.sort(np.stack([first + parts.argmin(axis=1), first + parts.argmax(axis=1)], axis=1), axis=1).ravel()
    kept = np.unique(np.concatenate([ends, [len(x) - 1]]))[-points:]
    return x[kept], y[kept]


def every_nth(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], points: int) -> Line:
    """Return at most ``points`` + 1 points of a smooth curve, the last among them."""
    stride = max(1, -(-len(x) // points))
    kept = np.unique(np.append(np.arange(0, len(x), stride), len(x) - 1)) if len(x) else np.empty(0, dtype=np.intp)
    return x[kept], y[kept]


def marks_to_draw(marks: list[float], most: int) -> list[float]:
    """Return at most ``most`` of the marks, evenly taken, the last among them."""
    stride = max(1, -(-len(marks) // most))
    return marks[::-1][::stride][::-1]
