"""Where cells lie: arithmetic over indexes, no Qt, no list of cells. All lengths are in px of the content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

Step = Literal["left", "right", "up", "down", "home", "end", "page_up", "page_down"]
Indexes = npt.NDArray[np.int64]


class Box(NamedTuple):
    """A rectangle: its corner, its width and its height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class GalleryLayout:
    """A grid that fills a view's width from the top, or (``strip``) one row that fills its height from the left.

    Columns of a grid share the spare width, and each cell stands in the middle of its column.
    """

    count: int
    cell_width: int
    cell_height: int
    view_width: int
    view_height: int
    strip: bool = False

    @property
    def columns(self) -> int:
        """How many cells lie in one row, at least 1."""
        return max(1, self.count) if self.strip else max(1, self.view_width // self.cell_width)

    @property
    def rows(self) -> int:
        """How many rows there are, the last one perhaps not full."""
        return -(-self.count // self.columns)

    @property
    def width(self) -> int:
        """Width of the content; that of the view where it fits."""
        return max(self.view_width, self.count * self.cell_width if self.strip else self.cell_width)

    @property
    def height(self) -> int:
        """Height of the content."""
        return self.rows * self.cell_height

    @property
    def page(self) -> int:
        """How many whole cells a view shows along its scrolling direction, times the cells across; at least 1."""
        if self.strip:
            return max(1, self.view_width // self.cell_width)
        return max(1, self.view_height // self.cell_height) * self.columns

    def box(self, index: int) -> Box:
        """Return the box of the cell at ``index``."""
        row, column = divmod(index, self.columns)
        return Box(self._left(column), row * self.cell_height, self.cell_width, self.cell_height)

    def index_at(self, x: int, y: int) -> int | None:
        """Return the index of the cell that covers the point, None between and beyond cells."""
        if not 0 <= y < self.height or x < 0:
            return None
        column = self._column(x)
        index = (y // self.cell_height) * self.columns + column
        left = self._left(column)
        return index if column < self.columns and index < self.count and left <= x < left + self.cell_width else None

    def visible(self, scroll: int, margin: int = 0) -> range:
        """Return the indexes a view scrolled by ``scroll`` px shows, and ``margin`` px more on either side."""
        if self.strip:
            first, last = self._span(scroll - margin, scroll + self.view_width + margin, self.cell_width, self.count)
            return range(first, last)
        first, last = self._span(scroll - margin, scroll + self.view_height + margin, self.cell_height, self.rows)
        return range(first * self.columns, min(last * self.columns, self.count))

    def inside(self, x0: int, y0: int, x1: int, y1: int) -> Indexes:
        """Return the indexes, ascending, of all cells that the rectangle between two corners touches."""
        left, right = min(x0, x1), max(x0, x1)
        top, bottom = self._span(min(y0, y1), max(y0, y1) + 1, self.cell_height, self.rows)
        columns = np.arange(max(0, self._column(left)), min(self.columns - 1, self._column(max(0, right))) + 1)
        lefts = self._left(columns)
        columns = columns[(lefts <= right) & (lefts + self.cell_width > left)]
        found = (np.arange(top, bottom)[:, None] * self.columns + columns).ravel().astype(np.int64)
        return found[found < self.count]

    def step(self, index: int, step: Step) -> int:
        """Return the index one step further, ``index`` itself where there is no further."""
        if step in ("home", "end"):
            return 0 if step == "home" else self.count - 1
        vertical = 0 if self.strip else self.columns
        by = {"left": -1, "right": 1, "up": -vertical, "down": vertical, "page_up": -self.page, "page_down": self.page}
        target = index + by[step]
        if step in ("page_up", "page_down"):
            return min(max(target, 0), self.count - 1)
        if step == "down" and target >= self.count and index // self.columns < self.rows - 1:
            return self.count - 1
        return target if 0 <= target < self.count else index

    def scroll_to(self, index: int, scroll: int) -> int:
        """Return the scroll nearest to ``scroll`` that shows the whole cell at ``index``."""
        box = self.box(index)
        start, length, view = (
            (box.x, self.cell_width, self.view_width) if self.strip else (box.y, self.cell_height, self.view_height)
        )
        return self.clamp(max(min(scroll, start), start + min(length, view) - view))

    def clamp(self, scroll: int) -> int:
        """Return ``scroll`` within its limits."""
        return min(max(scroll, 0), self.scroll_end)

    @property
    def scroll_end(self) -> int:
        """The largest scroll."""
        return max(0, self.width - self.view_width if self.strip else self.height - self.view_height)

    @property
    def _pitch(self) -> int:
        return max(self.cell_width, self.view_width // self.columns)

    @overload
    def _left(self, column: int) -> int: ...

    @overload
    def _left(self, column: Indexes) -> Indexes: ...

    def _left(self, column: int | Indexes) -> int | Indexes:
        if self.strip:
            return column * self.cell_width
        return column * self._pitch + (self._pitch - self.cell_width) // 2

    def _column(self, x: int) -> int:
        return x // (self.cell_width if self.strip else self._pitch)

    @staticmethod
    def _span(start: int, end: int, size: int, count: int) -> tuple[int, int]:
        first = min(max(start // size, 0), count)
        return first, max(first, min(-(-end // size), count))
