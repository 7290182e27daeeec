"""The right side of the room: the image in large, its classes, and what finishes it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fbr_engine.project import ImageInfo
from fbr_studio.actions import Actions
from fbr_studio.rooms.images import room_actions as todo
from fbr_studio.widgets.basics import ElidedLabel, action_button, hairline, icon_button, label
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.gallery.cell import STATE_TEXTS, State
from fbr_studio.widgets.tags.class_list import ClassList
from fbr_studio.widgets.tags.class_row import ClassItem
from fbr_studio.widgets.tags.inline_field import InlineField
from fbr_studio.widgets.tags.key_button import KeyButton
from fbr_studio.widgets.tags.narrow_strip import NarrowStrip
from fbr_studio.widgets.tags.photo_preview import PhotoPreview
from fbr_studio.widgets.theme import GRID, emphasised

WIDTH = 40 * GRID


class TagPanel(QWidget):
    """Shows what it is told; what the person asks for leaves as signals of its parts and as actions."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self.preview = PhotoPreview()
        self.name = ElidedLabel("")
        self.name.setFont(emphasised(self.name.font()))
        self.facts = label("", "muted")
        self.problem = label("", "warning", wrap=True)
        self.problem.hide()
        self.scope = label("Tags", "title")
        self.question = NarrowStrip()
        self.classes = ClassList()
        self.no_classes = label("Name what you look for: add a class, such as sheep.", "muted", wrap=True)
        self.add_field = InlineField("Add a class")
        self.note = label("", "muted", wrap=True)
        self.note.hide()
        self._lay_out(actions)

    def _lay_out(self, actions: Actions) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.preview)
        head = QVBoxLayout()
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        head.setSpacing(2)
        for part in (self.name, self.facts, self.problem):
            head.addWidget(part)
        column.addLayout(head)
        column.addLayout(self._tools(actions))
        column.addWidget(hairline())
        column.addWidget(self.question)
        column.addLayout(self._tags(actions), 1)
        column.addWidget(hairline())
        column.addLayout(self._finish(actions))

    def _tools(self, actions: Actions) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(0)
        for spec in (todo.PREVIOUS, todo.NEXT):
            row.addWidget(action_button(actions.get(spec.id)))
        row.addSpacing(GRID)
        for spec in (todo.UNDO, todo.REDO):
            row.addWidget(action_button(actions.get(spec.id)))
        row.addStretch()
        self.auto_next = action_button(actions.get(todo.AUTO_NEXT.id), text=True)
        row.addWidget(self.auto_next)
        return row

    def _tags(self, actions: Actions) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        head = QHBoxLayout()
        head.setContentsMargins(GRID, 0, GRID, 0)
        head.addWidget(self.scope)
        head.addStretch()
        column.addLayout(head)
        empty = QWidget()
        inside = QVBoxLayout(empty)
        inside.setContentsMargins(GRID, GRID, GRID, 0)
        inside.addWidget(self.no_classes)
        inside.addStretch()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.classes)
        self._stack.addWidget(empty)
        column.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.add_field, 1)
        self.add_button = icon_button("plus", "Add the class (Enter)", self._take_class)
        row.addWidget(self.add_button)
        column.addLayout(row)
        return column

    def _finish(self, actions: Actions) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        self.predicted = KeyButton(actions.get(todo.CONFIRM_PREDICTED.id))
        self.predicted.hide()
        column.addWidget(self.predicted)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(KeyButton(actions.get(todo.CONFIRM_EMPTY.id)), 9)
        row.addWidget(KeyButton(actions.get(todo.REST_ABSENT.id), primary=True), 11)
        column.addLayout(row)
        column.addWidget(self.note)
        return column

    def _take_class(self) -> None:
        self.add_field.entered.emit(self.add_field.text().strip())

    # --- what is shown

    def show_image(self, image: ImageInfo | None, state: State = "", size: tuple[int, int] | None = None) -> None:
        """Show the name and facts of an image; ``size`` is width and height in px."""
        self.name.set_text(image.path.rsplit("/", 1)[-1] if image is not None else "No image")
        self.name.setToolTip(image.path if image is not None else "")
        self.facts.setText(_facts(image, state, size) if image is not None else "")
        reason = image.problem if image is not None else None
        self.problem.setText(f"This image takes no part: {reason}" if reason else "")
        self.problem.setVisible(bool(reason))
        if image is None:
            self.preview.clear()

    def show_problem(self, reason: str) -> None:
        """Say why the picture cannot be shown."""
        self.preview.show_problem(reason)
        if not self.problem.text():
            self.problem.setText(f"{reason[:1].upper()}{reason[1:]}")
            self.problem.show()

    def show_scope(self, images: int) -> None:
        """Say how many images an edit changes."""
        self.scope.setText("Tags" if images <= 1 else f"Tags of {counted(images, 'selected image')}")

    def set_classes(self, items: Sequence[ClassItem]) -> None:
        """Show these classes, or what to do where there are none."""
        self.classes.set_classes(items)
        self._stack.setCurrentIndex(0 if items else 1)

    def say(self, text: str) -> None:
        """Show a short note below the buttons; an empty one puts it away."""
        self.note.setText(text)
        self.note.setVisible(bool(text))


def _facts(image: ImageInfo, state: State, size: tuple[int, int] | None) -> str:
    parts = [f"{size[0]:,} × {size[1]:,} px" if size else "", image.split or "", STATE_TEXTS.get(state, "")]
    return "  ·  ".join(part for part in parts if part)


def set_undo_texts(undo: QAction, redo: QAction, undo_text: str, redo_text: str) -> None:
    """Let both actions say what they would do."""
    for action, verb, text in ((undo, "Undo", undo_text), (redo, "Redo", redo_text)):
        action.setEnabled(bool(text))
        key = action.shortcut().toString()
        action.setToolTip(f"{verb}: {text} ({key})" if text else f"{verb} ({key})")
