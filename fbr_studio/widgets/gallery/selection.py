"""Which images are selected and which is the current one: plain rules, no Qt.

Moves speak in indexes of an `IdOrder`, what is kept are ids, so it survives another order.
"""

from __future__ import annotations

from collections.abc import Iterable

from fbr_studio.widgets.gallery.id_order import IdOrder


class Selection:
    """The current id, the selected ids, and the id a range extends from."""

    def __init__(self) -> None:
        self.order = IdOrder()
        self.current: int | None = None
        self.selected: frozenset[int] = frozenset()
        self._anchor: int | None = None

    def reorder(self, order: IdOrder) -> None:
        """Take another order. What left is no longer selected; its nearest neighbour that stayed becomes current."""
        was_selected = self.current in self.selected
        self.selected = frozenset(order.present(self.selected))
        place = self.order.index(self.current)
        if place is not None and order.index(self.current) is None:
            self.current = self.order.nearest_survivor(place, order)
            if self.current is not None and was_selected and not self.selected:
                self.selected = frozenset((self.current,))
        if order.index(self._anchor) is None:
            self._anchor = self.current
        self.order = order

    def go(self, index: int) -> None:
        """Make one image current and the only one selected."""
        self.current = self._anchor = self.order[index]
        self.selected = frozenset((self.current,))

    def make_current(self, id: int | None) -> None:
        """Make an image current; where it is not among the selected, it becomes the only one."""
        self.current = self._anchor = id
        if id is None:
            self.selected = frozenset()
        elif id not in self.selected:
            self.selected = frozenset((id,))

    def toggle(self, index: int) -> None:
        """Make an image current; select it, or no longer."""
        self.current = self._anchor = self.order[index]
        self.selected = self.selected ^ {self.current}

    def extend(self, index: int, *, add: bool = False) -> None:
        """Select from the anchor to ``index``; ``add`` keeps what was selected besides."""
        start = self.order.index(self._anchor)
        start = index if start is None else start
        if self._anchor is None:
            self._anchor = self.order[index]
        span = self.order.ids[min(start, index) : max(start, index) + 1].tolist()
        self.current = self.order[index]
        self.selected = frozenset(span) | (self.selected if add else frozenset())

    def replace(self, ids: Iterable[int]) -> None:
        """Select exactly those of ``ids`` that are in the order."""
        self.selected = frozenset(self.order.present(ids))

    def replace_all(self) -> None:
        """Select every image."""
        self.selected = frozenset(self.order.ids.tolist())
