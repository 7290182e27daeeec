"""One run in the list: what it is in three lines; the chosen one shows what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fbr_engine.project import RunInfo
from fbr_studio.rooms.training.run_facts import STATUS_WORDS, RunDisk, summary, when
from fbr_studio.widgets import formatting
from fbr_studio.widgets.basics import ElidedLabel, button, icon_button, label, set_kind
from fbr_studio.widgets.theme import GRID, emphasised, theme

_STATUS_KINDS = {"done": "muted", "training": "good", "stopped": "warning", "failed": "danger"}


@dataclass(frozen=True, slots=True)
class CardState:
    """What a card shows; ``busy``: a job works on this run, so it can neither be deleted nor renamed.

    ``rests``: what that job does in place of working ("paused", "stopping"), or nothing.
    """

    info: RunInfo
    disk: RunDisk | None = None
    chosen: bool = False
    compared: bool = False
    busy: bool = False
    rests: str = ""


class RunCard(QFrame):
    """Click or Enter shows the run, F2 renames, Del asks before it deletes. Each signal carries the run's name.

    ``name_problem(new, old)`` says why a name is refused, or nothing; the field stays open until it is a good one.
    """

    chosen = Signal(str)
    compare_asked = Signal(str, bool)
    resume_asked = Signal(str)
    again_asked = Signal(str)
    maps_asked = Signal(str)
    renamed = Signal(str, str)
    delete_asked = Signal(str)

    def __init__(self, state: CardState, name_problem: Callable[[str, str], str] = lambda new, old: "") -> None:
        super().__init__()
        self.state = state
        self._name_problem, self._renaming = name_problem, False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._compose()
        self.show_state(state)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.state.info.name

    def _compose(self) -> None:
        self.title = ElidedLabel("")
        self.title.setFont(emphasised(self.title.font()))
        self.status = label("", "muted")
        self.edit = QLineEdit()
        self.edit.setAccessibleName("New name of the run")
        self.edit.editingFinished.connect(self._rename)
        self.edit.textChanged.connect(self._check_name)
        self.edit.hide()
        self.edit.installEventFilter(self)
        self.reason = label("", "danger", wrap=True)
        self.reason.hide()
        self.what = label("", "muted", wrap=True)
        self.where = label("", "muted", wrap=True)
        first = QHBoxLayout()
        first.setSpacing(GRID)
        first.addWidget(self.title, 1)
        first.addWidget(self.edit, 1)
        first.addWidget(self.status)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(first)
        column.addWidget(self.reason)
        lines = QVBoxLayout()
        lines.setSpacing(GRID // 2)
        lines.addWidget(self.what)
        lines.addWidget(self.where)
        last = QHBoxLayout()
        last.setSpacing(GRID)
        last.addLayout(lines, 1)
        self.compare = icon_button("side-by-side", "Compare with the run shown")
        self.compare.setCheckable(True)
        self.compare.clicked.connect(lambda on: self.compare_asked.emit(self.name, on))
        last.addWidget(self.compare)
        column.addLayout(last)
        column.addWidget(self._make_tools())
        self._confirm = self._make_confirm()
        column.addWidget(self._confirm)

    def _make_tools(self) -> QWidget:
        self.tools = QWidget()
        self.resume = button(
            "Resume", lambda: self.resume_asked.emit(self.name), "link", "Go on where this run stopped"
        )
        self.maps = button(
            "Make CAMs and masks",
            lambda: self.maps_asked.emit(self.name),
            "link",
            "Make what is missing or outdated",
        )
        self.again = icon_button(
            "copy", "Fill the form from this run, to train again", lambda: self.again_asked.emit(self.name)
        )
        self.rename = icon_button("rename", "Rename this run (F2)", self.begin_rename)
        self.delete = icon_button("trash", "Delete this run (Del)", self.ask_delete)
        row = QHBoxLayout(self.tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.resume)
        row.addWidget(self.maps)
        row.addStretch()
        for part in (self.again, self.rename, self.delete):
            row.addWidget(part)
        return self.tools

    def _make_confirm(self) -> QWidget:
        made = QWidget()
        self.confirm_text = label("", "danger", wrap=True)
        self.yes = button("Delete", lambda: self.delete_asked.emit(self.name), "danger")
        self.no = button("Keep", lambda: made.hide())
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch()
        row.addWidget(self.no)
        row.addWidget(self.yes)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.confirm_text)
        column.addLayout(row)
        made.hide()
        return made

    # --- what is shown

    def show_state(self, state: CardState) -> None:
        """Show another state of the same or another run."""
        self.state = state
        info, disk = state.info, state.disk
        self.title.set_text(info.name)
        self.status.setText(state.rests or STATUS_WORDS.get(info.status, info.status))
        set_kind(self.status, "warning" if state.rests else _STATUS_KINDS.get(info.status, "muted"))
        self.what.setText(summary(info))
        size = formatting.byte_size(disk.disk) if disk else "measuring"
        missing = disk is not None and disk.maps.missing and info.status == "done"
        self.where.setText(f"{when(info)}, {size}" + (f", {disk.maps.short}" if disk and missing else ""))
        self.tools.setVisible(state.chosen)
        self.resume.setVisible(info.status in ("stopped", "failed") and not state.busy)
        self.maps.setVisible(bool(disk and disk.maps.missing) and info.status == "done" and not state.busy)
        self.compare.setVisible(not state.chosen)
        self.compare.setChecked(state.compared)
        for part in (self.rename, self.delete):
            part.setEnabled(not state.busy)
        self.setAccessibleName(f"Run {info.name}, {self.status.text()}, {self.what.text()}")
        self.update()

    # --- actions

    def begin_rename(self) -> None:
        """Turn the name into a field."""
        if self.state.busy:
            return
        self.edit.setText(self.name)
        self.title.hide()
        self.edit.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def ask_delete(self) -> None:
        """Ask in place, saying what is lost."""
        if self.state.busy:
            return
        disk = self.state.disk
        lost = formatting.byte_size(disk.disk) if disk else "all it made"
        self.confirm_text.setText(
            f"Delete {self.name}? Its weights, CAMs and masks are lost ({lost}). Masks you corrected stay."
        )
        self._confirm.show()
        self.no.setFocus()

    def _rename(self) -> None:
        if self.edit.isHidden():
            return
        new = self.edit.text().strip()
        if new and new != self.name:
            if self._renaming or not self._check_name():
                return
            self._renaming = True  # whoever hears of it may hide the field, which then says that editing has ended
            self.renamed.emit(self.name, new)
            self._renaming = False
            if self.reason.text():
                return
        self._end_rename()

    def refuse(self, reason: str) -> None:
        """Say below the name that was asked for why it cannot be had."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _check_name(self) -> bool:
        new = self.edit.text().strip()
        self.refuse(self._name_problem(new, self.name) if new and new != self.name else "")
        return not self.reason.text()

    def _end_rename(self) -> None:
        self.refuse("")
        self.edit.hide()
        self.title.show()

    # --- mouse, keys, looks

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Show the run."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the keys of a list do."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.name)
        elif event.key() == Qt.Key.Key_F2:
            self.begin_rename()
        elif event.key() == Qt.Key.Key_Delete:
            self.ask_delete()
        elif event.key() == Qt.Key.Key_Escape and not self._confirm.isHidden():
            self._confirm.hide()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape leaves the name as it was; Enter takes the new one, and does not reach the card."""
        if watched is self.edit and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self._end_rename()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._rename()
                return True
        return False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        super().focusInEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what shows the chosen one and the focus."""
        colours = theme()
        painter = QPainter(self)
        if self.state.chosen:
            painter.fillRect(self.rect(), colours.raised)
            painter.fillRect(0, 0, 3, self.height(), colours.accent)
        elif self.state.compared:
            painter.fillRect(0, 0, 3, self.height(), colours.muted)
        if self.hasFocus():
            painter.setPen(colours.accent)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def sizeHint(self) -> QSize:
        """Return the room the lines take."""
        return QSize(0, super().sizeHint().height())
