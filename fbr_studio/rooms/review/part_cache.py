"""Parts of images kept in memory, the least recently used leaving first; used by several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LIMIT_BYTES = 384 << 20
Key = tuple[int, str, int]  # image, kind of part, run


class PartCache:
    """``ticket`` is taken before a part is read and given back with it: what was dropped meanwhile stays out.

    ``pyramids`` is the folder for photos too large for the memory, None for none.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES, pyramids: Path | None = None) -> None:
        self.pyramids = pyramids
        self._limit = limit_bytes
        self._parts: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._ticket = 0
        self._guard = threading.Lock()

    @property
    def ticket(self) -> int:
        """A number that changes whenever parts are dropped because they are out of date."""
        return self._ticket

    def get(self, key: Key) -> Any:
        """Return a part, or None."""
        with self._guard:
            if key not in self._parts:
                return None
            self._parts.move_to_end(key)
            return self._parts[key][0]

    def put(self, key: Key, part: Any, nbytes: int, ticket: int) -> None:
        """Keep a part that was read since ``ticket``."""
        with self._guard:
            if ticket != self._ticket:
                return
            self._remove(key)
            self._parts[key] = (part, nbytes)
            self._bytes += nbytes
            while self._bytes > self._limit and len(self._parts) > 2:
                self._remove(next(iter(self._parts)))

    def drop(self, images: Iterable[int] | None = None, kind: str = "") -> None:
        """Forget the parts of some images, or of all; of one kind, or of any."""
        gone = None if images is None else frozenset(images)
        with self._guard:
            self._ticket += 1
            for key in [k for k in self._parts if (gone is None or k[0] in gone) and kind in ("", k[1])]:
                self._remove(key)

    def _remove(self, key: Key) -> None:
        _, nbytes = self._parts.pop(key, (None, 0))
        self._bytes -= nbytes
