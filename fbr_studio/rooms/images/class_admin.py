"""Adds, renames, merges and deletes classes; asks in place before tags are lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from fbr_engine.errors import FbrError
from fbr_engine.project import ClassInfo
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.tags.class_list import ClassList
from fbr_studio.widgets.tags.inline_field import InlineField
from fbr_studio.widgets.tags.narrow_strip import NarrowStrip


class ClassAdmin(QObject):
    """Connects the class list, the field for a new class and the strip that asks with the session."""

    def __init__(
        self, session: Session, classes: ClassList, field: InlineField, question: NarrowStrip, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._classes, self._field, self._question = session, classes, field, question
        self._window = parent
        self.menu: QMenu | None = None
        field.entered.connect(self.add)
        field.cancelled.connect(self._leave_field)
        classes.renamed.connect(self.rename)
        classes.menu_asked.connect(self.open_menu)

    def add(self, name: str) -> None:
        """Add a class, or several with commas between them."""
        names = [part.strip() for part in name.split(",") if part.strip()]
        if not names or self._session.project is None:
            return
        there = [part for part in names if self._find_name(part) is not None]
        if len(there) < len(names) and not self._try(lambda: self._session.add_classes(names)):
            return
        if not there:
            self._question.hide()
            self._field.clear()
            return
        self._question.say(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already.")
        self._field.setText(", ".join(there))
        self._field.selectAll()

    def rename(self, class_id: int, name: str) -> None:
        """Give a class another name; where that is taken, offer to merge."""
        found, other = self._find(class_id), self._find_name(name)
        if found is None:
            return
        if other is not None and other.id != class_id:
            self.ask_merge(class_id, other.id)
            return
        self._try(lambda: self._session.rename_class(found.name, name))

    def open_menu(self, class_id: int, where: QPoint) -> None:
        """Show what can be done with a class."""
        found = self._find(class_id)
        if found is None:
            return
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(icon("rename"), "Rename", partial(self._edit_name, class_id))
        into = menu.addMenu(icon("merge"), "Merge into")
        others = [other for other in self._all() if other.id != class_id]
        for other in others:
            into.addAction(_menu_text(other.name), partial(self.ask_merge, class_id, other.id))
        into.setEnabled(bool(others))
        menu.addSeparator()
        menu.addAction(icon("trash"), "Delete ...", partial(self.ask_delete, class_id))
        menu.popup(where)
        self.menu = menu

    def _edit_name(self, class_id: int) -> None:
        self._classes.row(class_id).edit_name()

    def ask_merge(self, class_id: int, into: int) -> None:
        """Ask before one class becomes part of another."""
        found, other = self._find(class_id), self._find(into)
        if found is None or other is None:
            return
        images = self._images_with(class_id)
        self._question.say(
            f"Merge {found.name} into {other.name}? {_of_images(images)} tagged {found.name}; they become {other.name}."
            " This cannot be undone.",
            "warning",
            ("Merge", lambda: self._try(lambda: self._session.merge_class(found.name, other.name))),
            ("Cancel", lambda: None),
        )

    def ask_delete(self, class_id: int) -> None:
        """Ask before a class and its tags go."""
        found = self._find(class_id)
        if found is None:
            return
        images = self._images_with(class_id)
        self._question.say(
            f"Delete {found.name}? {_of_images(images)} tagged {found.name}; its tags are lost. This cannot be undone.",
            "warning",
            ("Delete", lambda: self._try(lambda: self._session.delete_class(found.name))),
            ("Cancel", lambda: None),
        )

    def _leave_field(self) -> None:
        self._question.hide()
        self._field.clear()
        self._window.setFocus()

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except FbrError as error:
            self._question.say(_plain(error), "danger")
            return False
        return True

    def _all(self) -> list[ClassInfo]:
        return self._session.project.classes.all() if self._session.project is not None else []

    def _find(self, class_id: int) -> ClassInfo | None:
        return next((found for found in self._all() if found.id == class_id), None)

    def _find_name(self, name: str) -> ClassInfo | None:
        wanted = unicodedata.normalize("NFC", name.strip())
        return next((found for found in self._all() if found.name == wanted), None)

    def _images_with(self, class_id: int) -> int:
        return self._session.open_project.tags.counts().get(class_id, (0, 0, 0))[0]


def _of_images(images: int) -> str:
    return f"{counted(images, 'image')} {'is' if images == 1 else 'are'}"


def _menu_text(name: str) -> str:
    return name.replace("&", "&&")


def _plain(error: FbrError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
