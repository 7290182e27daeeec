"""About: what this program is, where its files lie, and the report on this machine that a bug report needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from fbr_studio.widgets import desktop
from fbr_studio.widgets.basics import ElidedLabel, hairline, icon_button, label
from fbr_studio.widgets.icons import app_icon
from fbr_studio.widgets.overlay import Overlay
from fbr_studio.widgets.theme import GRID

WAITING = "The report on this machine is being made."
COPIED_MS = 2000


@dataclass(frozen=True, slots=True)
class AboutFacts:
    """What is known without looking: ``places`` are (what lies there, its path)."""

    name: str
    version: str
    licence: str
    sentence: str = ""
    places: tuple[tuple[str, Path], ...] = ()


class AboutPanel(Overlay):
    """An overlay. When it opens and has no report yet it emits ``report_wanted``; answer with `set_report`."""

    report_wanted = Signal()

    def __init__(self, parent: QWidget, facts: AboutFacts) -> None:
        super().__init__(parent)
        self._facts = facts
        self._report = ""
        self._asked = False
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.report.setPlainText(WAITING)
        self.report.setAccessibleName("Report on this machine")
        self.report.setTabChangesFocus(True)
        self.copy_button = CopyButton("Copy report", lambda: self._report, "Copy the report, for a bug report")
        self.copy_button.setEnabled(False)
        self._build()

    def open(self) -> None:
        """Show the panel."""
        self.show_over(self.copy_button if self.copy_button.isEnabled() else self)
        if not self._report and not self._asked:
            self._asked = True
            self.report_wanted.emit()

    def set_report(self, text: str) -> None:
        """Show the report of ``fbr-engine doctor``; nothing lets the next opening ask again."""
        self._report = text
        self._asked = bool(text)
        self.report.setPlainText(text or WAITING)
        self.copy_button.setEnabled(bool(text))

    def place(self, room: QRect) -> QRect:
        """Lie in the middle."""
        width, height = min(90 * GRID, room.width()), min(75 * GRID, room.height())
        return QRect(room.center().x() - width // 2, room.center().y() - height // 2, width, height)

    def _build(self) -> None:
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(3 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(self._head())
        column.addLayout(self._places())
        column.addWidget(hairline())
        row = QHBoxLayout()
        row.addWidget(label("This machine", "title"))
        row.addStretch()
        row.addWidget(self.copy_button)
        column.addLayout(row)
        column.addWidget(self.report, 1)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(48, 48)))
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        words.addWidget(label(f"{self._facts.name} {self._facts.version}", "title"))
        if self._facts.sentence:
            words.addWidget(label(self._facts.sentence, wrap=True))
        words.addWidget(label(f"Licence: {self._facts.licence}", "muted"))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(icon_button("close", "Close (Esc)", self.dismiss), 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _places(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        for line, (what, path) in enumerate(self._facts.places):
            grid.addWidget(label(what, "muted"), line, 0)
            grid.addWidget(ElidedLabel(str(path)), line, 1)
            show = icon_button("folder", f"Open the folder of: {what}", lambda path=path: desktop.open_folder(path))  # type: ignore[misc]
            copy = icon_button("copy", f"Copy the path of: {what}", lambda path=path: desktop.copy_text(str(path)))  # type: ignore[misc]
            grid.addWidget(show, line, 2)
            grid.addWidget(copy, line, 3)
        return grid


class CopyButton(QPushButton):
    """Copies a text and says so for two seconds."""

    def __init__(self, caption: str, text: Callable[[], str], tip: str, kind: str = "") -> None:
        super().__init__(caption)
        self._caption, self._text = caption, text
        self.setAutoDefault(False)
        self.setToolTip(tip)
        if kind:
            self.setProperty("kind", kind)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COPIED_MS)
        self._timer.timeout.connect(lambda: self.setText(caption))
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        desktop.copy_text(self._text())
        self.setMinimumWidth(self.width())
        self.setText("Copied")
        self._timer.start()
