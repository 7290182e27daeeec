"""Selecting by pulling up a rectangle: plain geometry in px of the content, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class RubberBand:
    """A press at ``start`` that may become a rectangle once the pointer is ``distance`` px away."""

    start: tuple[int, int]
    kept: frozenset[int]
    end: tuple[int, int]
    pulled: bool = False

    def pull(self, x: int, y: int, distance: int) -> bool:
        """Move the free corner; return whether there is a rectangle by now."""
        self.end = (x, y)
        self.pulled = self.pulled or abs(x - self.start[0]) + abs(y - self.start[1]) >= distance
        return self.pulled

    def selected(self, touched: Iterable[int]) -> frozenset[int]:
        """Return the ids that are selected while the rectangle touches ``touched``."""
        return self.kept | frozenset(touched)


def edge_push(position: int, length: int) -> int:
    """Return how many px to scroll while a rectangle's free corner is outside of 0..length px."""
    outside = position if position < 0 else max(0, position - length)
    return max(-80, min(80, outside // 2 if outside > 0 else -(-outside // 2)))
