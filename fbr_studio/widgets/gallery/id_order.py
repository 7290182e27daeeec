"""The ids of a gallery in their order, and the way back from an id to its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]


class IdOrder:
    """An immutable order of distinct ids. Looking up costs a binary search; nothing is kept per id but numbers."""

    def __init__(self, ids: Sequence[int] | Ids = ()) -> None:
        self.ids: Ids = np.array(ids, dtype=np.int64).reshape(-1)
        self.ids.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> int:
        return int(self.ids[index])

    def index(self, id: int | None) -> int | None:
        """Return the place of ``id``, None where it is not there."""
        if id is None:
            return None
        place = int(self.places([id])[0])
        return None if place < 0 else place

    def places(self, ids: Iterable[int] | Ids) -> Ids:
        """Return the place of each id, -1 for those that are not there."""
        asked = ids if isinstance(ids, np.ndarray) else np.fromiter(ids, dtype=np.int64)
        if not len(self.ids) or not len(asked):
            return np.full(len(asked), -1, dtype=np.int64)
        in_order, places = self._sorted
        found = np.minimum(np.searchsorted(in_order, asked), len(in_order) - 1)
        return np.where(in_order[found] == asked, places[found], -1)

    def present(self, ids: Iterable[int]) -> list[int]:
        """Return those of ``ids`` that are here, in this order."""
        places = self.places(ids)
        return [int(id) for id in self.ids[np.sort(places[places >= 0])]]

    def nearest_survivor(self, index: int, later: IdOrder) -> int | None:
        """Return the id after ``index`` (else before it) that is still in ``later``; None where none is."""
        alive = np.flatnonzero(later.places(self.ids) >= 0)
        if not len(alive):
            return None
        after = int(np.searchsorted(alive, index))
        return self[int(alive[min(after, len(alive) - 1)])]

    @cached_property
    def _sorted(self) -> tuple[Ids, Ids]:
        if len(self.ids) < 2 or bool(np.all(np.diff(self.ids) > 0)):
            return self.ids, np.arange(len(self.ids), dtype=np.int64)
        places = np.argsort(self.ids, kind="stable").astype(np.int64)
        return self.ids[places], places
