"""One canvas, two side by side, or a curtain: shows what the desk holds."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from fbr_engine.project import RunInfo
from fbr_studio.drawing.boxes import Box
from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.material import RunLook
from fbr_studio.rooms.review.pane import Pane, PaneContent
from fbr_studio.rooms.review.run_layers import RunContent
from fbr_studio.rooms.review.viewer_state import mask_is_covered
from fbr_studio.widgets.basics import hairline

COVERS_BOTH = "Mine covers both runs; P hides it"
REVIEWS = {
    "accepted": ("Accepted", "accept", "good"),
    "rejected": ("Rejected", "reject", "danger"),
    "new": ("", "", "text"),
}


class Viewer(QWidget):
    """Two panes, of which the second is seen side by side only; they look at the same place.

    ``hovered(pane, point)`` says where the pointer is: (x, y) in image pixels or None.
    """

    hovered = Signal(object, object)
    curtain_moved = Signal(float)

    def __init__(self, desk: ReviewDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._second_image: int | None = None
        self.first, self.second = Pane("Canvas", self), Pane("Canvas of the other run", self)
        self._between = hairline(vertical=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.first, 1)
        row.addWidget(self._between)
        row.addWidget(self.second, 1)
        self.second.hide()
        self._between.hide()
        self._connect()

    @property
    def panes(self) -> tuple[Pane, Pane]:
        """Both."""
        return self.first, self.second

    def _connect(self) -> None:
        first, second = self.panes
        first.canvas.view_changed.connect(lambda: self._link(first, second))
        second.canvas.view_changed.connect(lambda: self._link(second, first))
        first.canvas.curtain_moved.connect(self.curtain_moved)
        self._desk.strokes.painted.connect(self._painted)
        for pane in self.panes:
            pane.hovered.connect(lambda point, pane=pane: self.hovered.emit(pane, point))
            pane.stroke_moved.connect(self._desk.strokes.move)
            pane.stroke_ended.connect(self._desk.strokes.end)
            pane.stroke_cancelled.connect(self._desk.strokes.cancel)

    def refresh(self) -> None:
        """Show what the desk holds now."""
        desk, shown = self._desk, self._desk.shown
        side = shown.mode == "side"
        if side == self.second.isHidden():
            self.second.setVisible(side)
            self._between.setVisible(side)
        left = _content(desk.look, desk.run_mask)
        other = _content(desk.compare_look, None)
        self.first.apply(shown, self._pane(left, other if shown.mode == "curtain" else None))
        if side:
            self.second.apply(shown, self._pane(other, None))
            if self.second.image != self._second_image:
                self._second_image = self.second.image
                self.first.canvas.fit()
        elif self.second.content is not None:
            self._second_image = None
            self.second.forget()
        self._name_sides(shown.mode)
        self.first.hint(COVERS_BOTH if shown.comparing and mask_is_covered(desk.facts, desk.panel) else "")
        review = desk.material.image.review if desk.material else "new"
        self.first.badge(*REVIEWS.get(review, REVIEWS["new"]))

    def _pane(self, left: RunContent | None, right: RunContent | None) -> PaneContent:
        material, mine = self._desk.material, self._desk.mine
        return PaneContent(
            image=material.image.id if material else None,
            photo=material.photo if material else None,
            left=left,
            right=right,
            mine=mine.document if mine else None,
            tagged=material.tagged if material else frozenset(),
        )

    def _name_sides(self, mode: str) -> None:
        run, other = _name(self._desk.run), _name(self._desk.compare)
        self.first.say("" if mode == "single" else run, other if mode == "curtain" else "")
        self.second.say(other)

    def _link(self, moved: Pane, follower: Pane) -> None:
        """Let the other canvas look where this one looks; fitting fits both."""
        if self._desk.shown.mode == "side":
            follower.canvas.set_view_state(moved.canvas.view_state())

    def _painted(self, box: Box) -> None:
        for pane in self.panes:
            if pane.content is not None and pane.content.mine is not None:
                pane.mine_changed(box)

    def set_tool(self, draws: bool, radius: float) -> None:
        """Let the pointer draw, or pan."""
        for pane in self.panes:
            pane.set_tool(draws, radius)


def _content(look: RunLook | None, mask: object) -> RunContent | None:
    if look is None:
        return None
    return RunContent(look, look.mask if mask is None else mask)  # type: ignore[arg-type]


def _name(run: RunInfo | None) -> str:
    return f"{run.name}  ({run.method})" if run is not None else ""
