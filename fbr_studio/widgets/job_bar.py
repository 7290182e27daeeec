"""The job bar: what runs now, how far it is, how long it takes; the same line in every room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.widgets import formatting
from fbr_studio.widgets.basics import ElidedLabel, Picture, button, hairline, icon_button, label
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID

State = Literal["idle", "running", "paused", "stopping", "failed", "done"]
IDLE = "No job is running"


@dataclass(frozen=True, slots=True)
class JobBarState:
    """What the bar shows. ``rate`` is in ``unit`` a second; ``waiting`` counts the jobs behind this one.

    ``queue`` has the titles of those, next first, if they are known. ``leads``: there is a room to go to, other than
    the one that is shown. ``message`` is said at the end: that a job failed, or what it made.
    """

    title: str = ""
    stage: str = ""
    note: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    state: State = "idle"
    can_pause: bool = False
    waiting: int = 0
    queue: tuple[str, ...] = ()
    leads: bool = True
    device: str = ""
    message: str = ""

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self.state in ("running", "paused", "stopping")


def figures(state: JobBarState) -> list[tuple[str, str]]:
    """Return (name, text) of the figures to show, in the order of the line; none of them is empty."""
    if not state.busy:
        return []
    still = {"paused": "paused", "stopping": "stopping"}.get(state.state, "")
    found = [
        ("stage", "" if state.stage.casefold() == state.title.casefold() else state.stage),
        ("note", state.note),
        ("done", formatting.of_total(state.done, state.total, state.unit) if state.unit else ""),
        ("rate", "" if still else formatting.rate(state.rate, state.unit)),
        ("left", still or formatting.time_left(state.seconds_left)),
        ("waiting", f"{formatting.counted(state.waiting, 'job')} waiting" if state.waiting else ""),
    ]
    return [(name, text) for name, text in found if text]


def widest(name: str, state: JobBarState) -> str:
    """Return the longest text a figure will have while this stage lasts, as far as that can be told."""
    text = dict(figures(state)).get(name, "")
    if name == "done" and state.unit:
        text = formatting.of_total(max(state.done, state.total), state.total, state.unit)
    if name == "left" and text:
        text = max(text, "00:00 left", key=len)
    return re.sub(r"\d", "0", text)


TITLE, SHORT_TITLE = 24 * GRID, 16 * GRID
NARROW = 100 * GRID

# Where the window is narrow these give way, the first one first.
GIVE_WAY = ("device", "stage", "done", "waiting", "rate", "note")


class JobBar(QWidget):
    """One line. It knows no jobs: show it a `JobBarState`, and listen to what is clicked.

    ``waiting_cancelled`` carries the place of a job in the queue. The buttons stand before the figures: these grow.
    """

    pause_clicked = Signal()
    resume_clicked = Signal()
    stop_clicked = Signal()
    details_clicked = Signal()
    waiting_cancelled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = JobBarState()
        self._picture = Picture("pause", 16)
        self.title = _Title()
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(15 * GRID, 6)
        self.progress.setAccessibleName("Progress of the job")
        names = ("stage", "note", "done", "rate", "left")
        self._figures: dict[str, QLabel | QPushButton] = {name: _figure() for name in names}
        self.queue_button = button("", self._show_queue, "link")
        self.queue_button.hide()
        self._figures["waiting"] = self.queue_button
        self.queue_menu = QMenu(self)
        self._device = _figure()
        self._device.setToolTip("Where it is computed")
        self.message = ElidedLabel()
        self._saved = _figure()
        self.pause_button = icon_button("pause", "Pause the job; nothing is lost", self._pause_or_resume)
        self.stop_button = icon_button("stop", "Stop the job; the work done so far is kept", self.stop_clicked.emit)
        self.details_button = icon_button("more", "Go to the job's room", self.details_clicked.emit)
        self._build()
        self.show_state(self._state)

    def show_state(self, state: JobBarState) -> None:
        """Show another state."""
        before, self._state = self._state, state
        if (before.title, before.stage) != (state.title, state.stage):
            for figure in self._figures.values():
                figure.setMinimumWidth(0)
        self._show_title(state)
        self._show_figures(state)
        self._show_buttons(state)
        if before.queue != state.queue:
            self._name_queue(state.queue)
        self._device.setText(state.device)
        self._give_way()

    def shown_figures(self) -> list[str]:
        """Return the figures that are in the line now."""
        return [figure.text() for figure in self._figures.values() if figure.isVisibleTo(self)]

    def set_saved(self, text: str) -> None:
        """Say on the right whether all of the work is on the disk."""
        self._saved.setText(text)
        self._saved.setVisible(bool(text))
        self._give_way()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what has no room."""
        super().resizeEvent(event)
        self._give_way()

    def sizeHint(self) -> QSize:
        """Return one line, as high without a job as with one, so that the room above never moves."""
        self.stop_button.ensurePolished()
        one_line = self.stop_button.sizeHint().height() + GRID + 1
        return super().sizeHint().expandedTo(QSize(0, one_line))

    def minimumSizeHint(self) -> QSize:
        """Return one line; figures give way, so it can be narrow."""
        return QSize(40 * GRID, self.sizeHint().height())

    # --- building and showing

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        line.setSpacing(2 * GRID)
        start = QHBoxLayout()
        start.setSpacing(GRID)
        start.addWidget(self._picture)
        start.addWidget(self.title)
        line.addLayout(start)
        line.addWidget(self.progress, 0, Qt.AlignmentFlag.AlignVCenter)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for one in (self.pause_button, self.stop_button, self.details_button):
            buttons.addWidget(one)
        line.addLayout(buttons)
        for figure in self._figures.values():
            line.addWidget(figure)
        line.addWidget(self.message, 1)
        line.addWidget(self._device)
        line.addWidget(self._saved)
        self._line = line
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.addWidget(hairline())
        column.addStretch()
        column.addLayout(line)
        column.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _show_title(self, state: JobBarState) -> None:
        pictures = {"paused": "pause", "failed": "warning", "done": "check"}
        name = pictures.get(state.state, "")
        self._picture.setVisible(bool(name))
        if name:
            self._picture.set_name(name)
        self.title.set_text(state.title if state.state != "idle" else IDLE)
        self.title.setEnabled(state.state != "idle")
        self.message.set_text("" if state.busy else state.message)

    def _show_figures(self, state: JobBarState) -> None:
        shown = dict(figures(state))
        for name, figure in self._figures.items():
            figure.setText(shown.get(name, ""))
            figure.setVisible(name in shown)
        self.progress.setVisible(state.busy)
        self.progress.setMaximum(max(0, state.total))
        self.progress.setValue(min(state.done, max(0, state.total)))

    def _show_buttons(self, state: JobBarState) -> None:
        paused = state.state == "paused"
        self.pause_button.setVisible(state.busy and state.can_pause)
        self.pause_button.setEnabled(state.state != "stopping")
        tip = "Go on with the job" if paused else "Pause the job; nothing is lost"
        if self.pause_button.toolTip() != tip:
            self.pause_button.setIcon(icon("play" if paused else "pause"))
            self.pause_button.setToolTip(tip)
            self.pause_button.setAccessibleName(tip)
        self.stop_button.setVisible(state.busy)
        self.stop_button.setEnabled(state.state != "stopping")
        self.details_button.setVisible(state.state != "idle" and state.leads)

    def _name_queue(self, queue: tuple[str, ...]) -> None:
        self.queue_menu.close()  # an entry of it may stand for another job by now
        self.queue_menu.clear()
        for place, title in enumerate(queue):
            action = self.queue_menu.addAction(f"Do not wait for {title}")
            action.triggered.connect(lambda _=False, place=place: self.waiting_cancelled.emit(place))
        self.queue_button.setToolTip("\n".join(["Waiting, next first:", *queue]) if queue else "")

    def _show_queue(self) -> None:
        if self._state.queue:
            above = QPoint(0, -self.queue_menu.sizeHint().height())
            self.queue_menu.popup(self.queue_button.mapToGlobal(above))

    def _give_way(self) -> None:
        self._fit_title()
        shown = dict(figures(self._state))
        for name, figure in self._figures.items():
            figure.setVisible(name in shown)
            if name in shown and isinstance(figure, QLabel):
                # Figures only grow within a job, so that the line does not tremble.
                wanted = QFontMetrics(figure.font()).horizontalAdvance(widest(name, self._state)) + 2
                figure.setMinimumWidth(max(figure.minimumWidth(), wanted))
        self._device.setVisible(bool(self._device.text()))
        for name in GIVE_WAY:
            if self._line.sizeHint().width() <= self.width():
                break
            (self._device if name == "device" else self._figures[name]).hide()
        self._column.activate()  # now, so that nothing is painted squeezed

    def _fit_title(self) -> None:
        """Give the title of a job one width, so that what follows it keeps its place."""
        if self._state.busy:
            self.title.setFixedWidth(TITLE if self.width() >= NARROW else SHORT_TITLE)
        else:
            self.title.setMinimumWidth(0)
            self.title.setMaximumWidth(45 * GRID)

    def _pause_or_resume(self) -> None:
        (self.resume_clicked if self._state.state == "paused" else self.pause_clicked).emit()


class _Title(ElidedLabel):
    """A pixel too few would cut a title that fits."""

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        return super().sizeHint() + QSize(4, 0)


def _figure() -> QLabel:
    made = label("", "muted")
    made.hide()
    return made
