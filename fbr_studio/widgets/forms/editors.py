"""One editor per kind of field, all alike from outside: ``value()``, ``set_value()``, ``changed``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from fbr_studio.widgets.basics import icon_button
from fbr_studio.widgets.elided_combo import ElidedComboBox
from fbr_studio.widgets.forms.field_spec import SPIN_LIMIT, FieldSpec
from fbr_studio.widgets.forms.reading import read_number, read_numbers, read_whole, read_words, write
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID

Choices = Sequence[tuple[Any, str]]


class Editor(QWidget):
    """Base of the editors. ``value`` raises ValueError with a sentence when what stands there cannot be read."""

    changed = Signal()

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        self.spec = spec
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID // 2)

    def value(self) -> Any:
        """Return what stands there."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value."""
        raise NotImplementedError

    def _hold(self, widget: QWidget) -> None:
        widget.setAccessibleName(self.spec.label)
        widget.setToolTip(self.spec.limits or self.spec.help)
        self._row.addWidget(widget, 1)
        self.setFocusProxy(widget)
        if isinstance(widget, (QComboBox, QSpinBox)):
            # The wheel scrolls the form; it must not change a value on the way.
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave the wheel to the form unless the editor has the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class CheckEditor(Editor):
    """Yes or no; the field's name stands beside the box."""

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__(spec)
        self.box = QCheckBox(spec.label)
        self._hold(self.box)
        self.box.toggled.connect(self.changed)

    def value(self) -> bool:
        """Return whether it is checked."""
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        """Check it or not."""
        self.box.setChecked(bool(value))


class PickBox(ElidedComboBox):
    """A combo box that shows with a mark that there is more to choose from."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box and the mark."""
        super().paintEvent(event)
        side = 14
        place = QRect(self.width() - side - GRID // 2 - 2, (self.height() - side) // 2, side, side)
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        icon("down").paint(QPainter(self), place, Qt.AlignmentFlag.AlignCenter, mode)


class ChoiceEditor(Editor):
    """One of a few values, each with the text a person reads."""

    def __init__(self, spec: FieldSpec, choices: Choices | None = None) -> None:
        super().__init__(spec)
        self.box = PickBox(8)
        self._hold(self.box)
        self._fill(choices or [(value, str(value)) for value in spec.option.choices])
        self.box.currentIndexChanged.connect(self.changed)

    def value(self) -> Any:
        """Return the chosen value."""
        return self.box.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a value; one that is not offered is added, so that what was stored is never changed silently."""
        found = self.box.findData(value)
        if found < 0:
            self.box.addItem(str(value), value)
            found = self.box.count() - 1
        self.box.setCurrentIndex(found)

    def _fill(self, choices: Choices) -> None:
        for value, text in choices:
            self.box.addItem(text, value)


class WholeEditor(Editor):
    """A whole number within limits a spin box can hold."""

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__(spec)
        self.box = QSpinBox()
        low, high = spec.option.low, spec.option.high
        self.box.setRange(-SPIN_LIMIT if low is None else int(low), SPIN_LIMIT if high is None else int(high))
        self.box.setGroupSeparatorShown(True)
        self.box.setAccelerated(True)
        # The keys and the wheel do what the small buttons would; the style draws those out of place.
        self.box.setStyleSheet("QSpinBox::up-button, QSpinBox::down-button { width: 0; border: none; }")
        self.box.lineEdit().setTextMargins(GRID - 2, 0, 0, 0)
        if spec.option.unit:
            self.box.setSuffix(f" {spec.option.unit}")
        self._hold(self.box)
        self.box.valueChanged.connect(self.changed)

    def value(self) -> int:
        """Return the number."""
        return self.box.value()

    def set_value(self, value: Any) -> None:
        """Show the number."""
        self.box.setValue(int(value))


class LineEditor(Editor):
    """Anything that is written: numbers such as 1e-4, lists, text."""

    def __init__(self, spec: FieldSpec, read: Callable[[str], Any]) -> None:
        super().__init__(spec)
        self._read = read
        self.line = QLineEdit()
        self.line.setPlaceholderText(spec.limits)
        self._hold(self.line)
        self.line.textChanged.connect(self.changed)

    def value(self) -> Any:
        """Return what is written."""
        return self._read(self.line.text())

    def set_value(self, value: Any) -> None:
        """Write a value."""
        self.line.setText(write(value))
        self.line.setCursorPosition(0)


class WordEditor(Editor):
    """One of a few words, or another that is written."""

    def __init__(self, spec: FieldSpec, words: Sequence[str] = ()) -> None:
        super().__init__(spec)
        self.box = PickBox(6)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.addItems(list(words))
        self._hold(self.box)
        self.box.editTextChanged.connect(self.changed)

    def value(self) -> str:
        """Return the word."""
        return self.box.currentText().strip()

    def set_value(self, value: Any) -> None:
        """Show a word."""
        self.box.setEditText(str(value))


class PathEditor(WordEditor):
    """A file or folder, or one of a few words that stand for one; a button looks for it."""

    def __init__(self, spec: FieldSpec, words: Sequence[str] = (), files: str = "") -> None:
        super().__init__(spec, words)
        self._files = files
        self._folder = spec.option.names == "folder"
        what = "folder" if self._folder else "file"
        self.button = icon_button("folder", f"{spec.label}: choose a {what}", self.browse)
        self._row.addWidget(self.button)

    def browse(self) -> bool:
        """Let the person look for the file or folder; return whether one was chosen."""
        if self._folder:
            path = QFileDialog.getExistingDirectory(self, self.spec.label)
        else:
            path, _ = QFileDialog.getOpenFileName(self, self.spec.label, "", self._files)
        if path:
            self.set_value(path)
        return bool(path)


def make_editor(spec: FieldSpec, choices: Choices | None = None) -> Editor:
    """Return the editor that fits the field; ``choices`` are offered in place of the field's own."""
    if choices is not None or spec.kind == "choice":
        return ChoiceEditor(spec, choices)
    if spec.kind == "word":
        return WordEditor(spec, [str(value) for value in spec.option.choices])
    if spec.option.names == "folder":
        return PathEditor(spec)
    if spec.kind == "check":
        return CheckEditor(spec)
    if spec.kind == "whole" and (spec.option.high or 0) <= SPIN_LIMIT:
        return WholeEditor(spec)
    return LineEditor(spec, _READERS[spec.kind])


_READERS: dict[str, Callable[[str], Any]] = {
    "whole": read_whole,
    "number": read_number,
    "numbers": read_numbers,
    "words": read_words,
    "text": str.strip,
}
