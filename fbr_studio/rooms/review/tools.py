"""What the pointer does over the canvas: pan, brush or eraser, how wide, and how near one looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup

from fbr_studio.actions import ActionSpec
from fbr_studio.rooms.review import specs
from fbr_studio.rooms.review.painting import next_radius
from fbr_studio.rooms.review.viewer import Viewer

Tool = Literal["pan", "brush", "eraser"]
_FIRST_RADIUS = 8.0
_SPECS: dict[Tool, ActionSpec] = {"pan": specs.PAN, "brush": specs.BRUSH, "eraser": specs.ERASER}


class Tools(QObject):
    """``radius_changed`` carries the radius in image pixels. ``begin(x, y, radius, erase=, line=)`` begins a stroke."""

    radius_changed = Signal(float)

    def __init__(self, viewer: Viewer, begin: Callable[..., object], parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._begin = viewer, begin
        self.radius = _FIRST_RADIUS
        self.tool: Tool = "pan"
        self.groups: list[Sequence[QAction]] = []
        for pane in viewer.panes:
            pane.stroke_began.connect(self._begin_stroke)

    def add_actions(self, add: specs.Add) -> None:
        """Add the actions; ``groups`` are those that stand in the strip: tools, sizes, views."""
        tools = [add(spec, lambda on, tool=tool: self.choose(tool) if on else None) for tool, spec in _SPECS.items()]
        group = QActionGroup(self)
        for action in tools:
            group.addAction(action)
        smaller, larger = add(specs.SMALLER, lambda: self._resize(-1)), add(specs.LARGER, lambda: self._resize(1))
        canvas = self._viewer.first.canvas
        views = [
            add(specs.FIT, self.fit),
            add(specs.ZOOM_IN, lambda: canvas.zoom_by(1.25)),
            add(specs.ZOOM_OUT, lambda: canvas.zoom_by(0.8)),
        ]
        add(specs.ACTUAL, lambda: canvas.set_zoom(1.0))
        self.groups = [tools, [larger, smaller], views]
        tools[0].setChecked(True)

    def choose(self, tool: Tool) -> None:
        """Take a tool."""
        self.tool = tool
        self._viewer.set_tool(tool != "pan", self.radius)

    def fit(self) -> None:
        """Show the whole image."""
        self._viewer.first.canvas.fit()

    def _resize(self, step: int) -> None:
        self.radius = next_radius(self.radius, step)
        self.radius_changed.emit(self.radius)
        self.choose(self.tool)

    def _begin_stroke(self, x: float, y: float, erase: bool, line: bool) -> None:
        self._begin(x, y, self.radius, erase=erase or self.tool == "eraser", line=line)
