"""What the right side of the export room shows: the preview before, the report after."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fbr_engine.stages.export_preview import ExportPreview
from fbr_studio.rooms.export.advice import CAPTIONS, Advice, advice
from fbr_studio.rooms.export.bars import Bars
from fbr_studio.rooms.export.written import LeftOut, Written
from fbr_studio.widgets import formatting
from fbr_studio.widgets.about import CopyButton
from fbr_studio.widgets.basics import ElidedLabel, Picture, button, label
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID

WIDEST = 96 * GRID
MOST_NAMES_SHOWN = 8


class PreviewPanel(QWidget):
    """Counts, categories, warnings with their remedies. ``remedy_asked`` carries the remedy's name."""

    remedy_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.title = label("What will be written", "title")
        self.facts = label("", "muted", wrap=True)
        self.splits = Bars("image", "images")
        self.categories = Bars("image", "images")
        self._warnings = QVBoxLayout()
        self._warnings.setSpacing(GRID)
        self._advice: list[Advice] = []
        column = _column(self)
        column.addLayout(_stacked(self.title, self.facts))
        self._warning_part = _part("Before you export", self._warnings)
        self._split_part = _part("Images by split", self.splits)
        self._category_part = _part("Images by category", self.categories)
        for part in (self._warning_part, self._split_part, self._category_part):
            column.addWidget(part)
        column.addStretch()

    @property
    def advice(self) -> list[Advice]:
        """The warnings shown now."""
        return list(self._advice)

    def show_preview(self, preview: ExportPreview) -> None:
        """Show what an export would write."""
        images = formatting.counted(preview.images, "image")
        self.title.setText(f"{images} will be written" if preview.images else "There is nothing to write yet")
        facts = [f"Masks of run {preview.run} and your own corrections"]
        if preview.confirmed_empty:
            facts.append(f"{formatting.counted(preview.confirmed_empty, 'image')} confirmed empty")
        self.facts.setText(", ".join(facts))
        self.splits.show_rows({split or "no split": count for split, count in preview.splits.items()})
        self._split_part.setVisible(any(preview.splits))
        self.categories.show_rows(preview.categories)
        self._category_part.setVisible(bool(preview.categories) and preview.images > 0)
        self._show_advice([advice(warning, preview.images) for warning in preview.warnings])

    def _show_advice(self, found: list[Advice]) -> None:
        if found == self._advice and found:
            return
        self._advice = found
        _clear(self._warnings)
        for one in found:
            self._warnings.addWidget(self._line(one))
        self._warning_part.setVisible(bool(found))

    def _line(self, one: Advice) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(Picture("warning", 18))
        row.addWidget(label(one.text, wrap=True), 1)
        if one.remedy:
            row.addWidget(button(CAPTIONS[one.remedy], lambda: self.remedy_asked.emit(one.remedy)))
        return line


class ReportPanel(QWidget):
    """What an export wrote and left out, and how to load it."""

    def __init__(self, open_folder: QWidget, copy_path: QWidget, again: QWidget) -> None:
        super().__init__()
        self.title = label("", "title")
        self.folder = ElidedLabel()
        self.files = QGridLayout()
        self.files.setHorizontalSpacing(3 * GRID)
        self.files.setVerticalSpacing(GRID // 2)
        self.files.setColumnStretch(2, 1)
        self.objects = Bars("object", "objects")
        self.snippet = QLineEdit()
        self.snippet.setReadOnly(True)
        self.snippet.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.snippet.setAccessibleName("The line that loads the dataset in Python")
        self.copy_snippet = CopyButton("Copy", self.snippet.text, "Copy the line that loads the dataset in Python")
        self.expanders: list[Expander] = []
        self._left_out = QVBoxLayout()
        self._left_out.setSpacing(GRID)
        column = _column(self)
        column.addLayout(self._head(open_folder, copy_path, again))
        self._left_part = _part("Left out, or worth a look", self._left_out)
        for part in (
            self._left_part,
            _part("Objects by category", self.objects),
            _part("Files", self.files),
            _part("Load it in Python", _row(self.snippet, self.copy_snippet)),
        ):
            column.addWidget(part)
        column.addStretch()

    def show_written(self, written: Written) -> None:
        """Show one export."""
        self.title.setText(f"Written: {written.sentence}")
        self.folder.set_text(str(written.folder))
        self.objects.show_rows(written.objects)
        self.snippet.setText(written.snippet)
        self.snippet.setCursorPosition(0)
        self._show_files(written)
        self._show_left_out(written)

    def _head(self, open_folder: QWidget, copy_path: QWidget, again: QWidget) -> QVBoxLayout:
        return _stacked(
            _row(Picture("check", 18), self.title, again, widest=1), _row(self.folder, open_folder, copy_path)
        )

    def _show_files(self, written: Written) -> None:
        _clear(self.files)
        rows = [(file.name, formatting.byte_size(file.size)) for file in written.files]
        if written.copied_images:
            copies = f"images: {formatting.counted(written.copied_images, 'file')}"
            rows.append((copies, formatting.byte_size(written.copied_bytes)))
        for line, (name, size) in enumerate(rows):
            self.files.addWidget(label(name), line, 0)
            amount = label(size, "muted")
            self.files.addWidget(amount, line, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _show_left_out(self, written: Written) -> None:
        _clear(self._left_out)
        self.expanders = [Expander(found) for found in written.left_out]
        for one in self.expanders:
            self._left_out.addWidget(one)
        if written.too_small:
            text = f"{formatting.counted(written.too_small, 'object')} below the smallest area, so they were left out"
            self._left_out.addWidget(label(text, wrap=True))
        self._left_part.setVisible(bool(self.expanders) or written.too_small > 0)


class Expander(QWidget):
    """A reason with the names behind it, folded up at first."""

    def __init__(self, found: LeftOut) -> None:
        super().__init__()
        self.left_out = found
        self.names = QListView()
        self.head = QToolButton()
        self.head.setProperty("kind", "quiet")
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setIcon(icon("next"))
        self.head.setText(f"{formatting.counted(len(found.names), 'image')}: {found.reason}")
        self.head.setToolTip("Show the names")
        self.head.clicked.connect(lambda: self.unfold(self.names.isHidden()))
        self.names.setUniformItemSizes(True)
        self.names.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.names.setAccessibleName(found.reason)
        self.names.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.names)

    def unfold(self, unfolded: bool) -> None:
        """Show the names, or fold them up."""
        self.names.setVisible(unfolded)
        if unfolded and self.names.model() is None:
            self._fill()
        self.head.setIcon(icon("down" if unfolded else "next"))
        self.head.setToolTip("Hide the names" if unfolded else "Show the names")

    def _fill(self) -> None:
        """Set the names once the list has its style: it measures a line only then."""
        self.names.ensurePolished()
        self.names.setModel(QStringListModel(list(self.left_out.names), self.names))
        lines = min(MOST_NAMES_SHOWN, len(self.left_out.names))
        self.names.setFixedHeight(lines * self.names.sizeHintForRow(0) + 2 * self.names.frameWidth() + 2)


def _column(widget: QWidget) -> QVBoxLayout:
    """Return the column of a panel, which does not grow wider than is good to read."""
    outer = QHBoxLayout(widget)
    outer.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 3 * GRID)
    inside = QWidget()
    inside.setMaximumWidth(WIDEST)
    outer.addWidget(inside, 1)
    outer.addStretch()
    column = QVBoxLayout(inside)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4 * GRID)
    return column


def _part(title: str, content: QWidget | QLayout) -> QWidget:
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    column.addWidget(label(title, "title"))
    _add(column, content)
    return part


def _stacked(*parts: QWidget | QLayout) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(GRID)
    for part in parts:
        _add(column, part)
    return column


def _row(*widgets: QWidget, widest: int = 0) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID)
    for i, widget in enumerate(widgets):
        row.addWidget(widget, 1 if i == widest else 0)
    return row


def _add(layout: QVBoxLayout, part: QWidget | QLayout) -> None:
    adders: Callable[..., None] = layout.addWidget if isinstance(part, QWidget) else layout.addLayout
    adders(part)


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
