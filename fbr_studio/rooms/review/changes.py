"""Tells which of the things that are shown differ from the last time."""

from __future__ import annotations

from typing import Any

import numpy as np


class Changes:
    """Remembers one value by name; arrays are the same only if they are the same object."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def differs(self, name: str, value: object) -> bool:
        """Return whether ``value`` is another than the last time, and remember it."""
        if name in self._known and _same(self._known[name], value):
            return False
        self._known[name] = value
        return True

    def forget(self) -> None:
        """Let everything be new."""
        self._known.clear()


def _same(first: object, second: object) -> bool:
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(_same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return first is second
    return first is second or bool(first == second)
