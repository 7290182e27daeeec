"""One field of a form: its name, its editor, and below them the help line or what is wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import label, set_kind
from fbr_studio.widgets.forms.editors import CheckEditor, Editor
from fbr_studio.widgets.forms.field_spec import FieldSpec
from fbr_studio.widgets.theme import GRID, small_font

LABEL_WIDTH = 14 * GRID


class FieldRow(QWidget):
    """Shows a problem beside the field it is about; `problem` is the empty string when all is well."""

    changed = Signal()

    def __init__(self, spec: FieldSpec, editor: Editor) -> None:
        super().__init__()
        self.spec, self.editor, self.problem = spec, editor, ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        self._line = QHBoxLayout()
        self._line.setSpacing(GRID)
        column.addLayout(self._line)
        self._name = label(spec.label, wrap=True)
        self._name.setFixedWidth(LABEL_WIDTH)
        self._name.setBuddy(editor)
        if isinstance(editor, CheckEditor):
            self._name.hide()
        self._line.addWidget(self._name)
        self._line.addWidget(editor, 1)
        self.note = label(spec.help, "muted", wrap=True)
        self.note.setFont(small_font(self.note))
        self.note.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        column.addWidget(self.note)
        editor.changed.connect(self._edited)

    def value(self) -> Any:
        """Return what stands there. Raises ValueError when it cannot be read."""
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value."""
        self.editor.set_value(value)

    def replace_editor(self, editor: Editor) -> None:
        """Take another editor for the same field; the value stays."""
        old = self.editor
        editor.set_value(old.value())
        self._line.replaceWidget(old, editor)
        self.editor = editor
        self._name.setBuddy(editor)
        editor.changed.connect(self._edited)
        old.deleteLater()

    def check(self) -> str:
        """Look at the value, show what is wrong with it and return that."""
        try:
            found = self.spec.problem(self.value())
        except ValueError as error:
            found = str(error)
        self.show_problem(found)
        return found

    def show_problem(self, problem: str) -> None:
        """Say what is wrong in place of the help line; the empty string brings that back."""
        self.problem = problem
        self.note.setText(problem or self.spec.help)
        set_kind(self.note, "danger" if problem else "muted")

    def _edited(self) -> None:
        self.check()
        self.changed.emit()
