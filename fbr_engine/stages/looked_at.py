"""Images in their order, but those a person is looking at first; each is given out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

Item = TypeVar("Item")
First = Callable[[], Sequence[int]]
MOST = 100  # images asked about at once; there may be as many wishes as images


class LookedAt(Generic[Item]):
    """Walks over ``items``, whose image ids (``image_id`` of an item) ascend.

    ``first`` gives the image ids wanted now. ``pending`` gives, by image id, those of some ids that are still to do.
    What `urgent` gave out, the walk passes over. Remembered are only the ids that were looked at.
    """

    def __init__(
        self,
        items: Iterable[Item],
        image_id: Callable[[Item], int],
        first: First | None,
        pending: Callable[[Sequence[int]], Mapping[int, Item]],
    ) -> None:
        self._items, self._image_id = items, image_id
        self._first, self._pending = first, pending
        self._last = 0
        self._settled: set[int] = set()  # given out early, or found done

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            self._last = self._image_id(item)
            if self._last not in self._settled:
                yield item

    def urgent(self) -> Item | None:
        """Return the next image somebody looks at that is still to do, or None."""
        if self._first is None:
            return None
        ahead = list(islice(self._ahead(self._first()), MOST))
        if not ahead:
            return None
        found = self._pending(ahead)
        self._settled.update(i for i in ahead if i not in found)
        item = next((found[i] for i in ahead if i in found), None)
        if item is not None:
            self._settled.add(self._image_id(item))
        return item

    def awaits(self, item: Item) -> bool:
        """Return whether somebody looks at this item now, so that it is to be recorded before it is told."""
        return self._first is not None and self._image_id(item) in self._first()[:MOST]

    def _ahead(self, wanted: Sequence[int]) -> Iterator[int]:
        return (int(i) for i in wanted if i > self._last and i not in self._settled)
