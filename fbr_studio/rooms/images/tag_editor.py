"""Changes tags as the person asks, for one image or many, and takes it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from fbr_engine.errors import FbrError
from fbr_engine.project import ClassInfo
from fbr_studio.rooms.images.tag_history import TagEdit, TagHistory
from fbr_studio.rooms.images.tag_rules import Known, changes, with_predictions, with_rest_absent, with_value
from fbr_studio.state.session import Session, TagRow
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.tags.tag_summary import TagValue, after_key, summarise

_WORDS = {TagValue.PRESENT: "present", TagValue.ABSENT: "absent", TagValue.UNKNOWN: "unknown"}


class TagEditor(QObject):
    """Every method changes all given images in one transaction and returns whether anything changed."""

    history_changed = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.history = TagHistory()
        self._writing = False

    @property
    def writing(self) -> bool:
        """Whether the change the session tells of right now is this editor's own."""
        return self._writing

    def set_value(self, images: Sequence[int], found: ClassInfo, value: TagValue) -> bool:
        """Set one class."""
        text = f"{found.name} {_WORDS[value]} in {counted(len(images), 'image')}"
        return self._change(images, [found.id], text, lambda known: with_value(known, 0, int(value)))

    def press(self, images: Sequence[int], found: ClassInfo, *, absent: bool = False) -> bool:
        """Do what the class's key does."""
        if not images:
            return False
        known = self._session.open_project.tags.matrix(images, [found.id])
        return self.set_value(images, found, after_key(summarise(known)[0].value, absent=absent))

    def confirm_empty(self, images: Sequence[int]) -> bool:
        """Make every learnt class absent."""
        text = f"{counted(len(images), 'image')} confirmed empty"
        return self._change(images, self._learnt(), text, np.zeros_like)

    def rest_absent(self, images: Sequence[int]) -> bool:
        """Make unknown learnt classes absent where something is present."""
        text = f"rest absent in {counted(len(images), 'image')}"
        return self._change(images, self._learnt(), text, with_rest_absent)

    def confirm_predicted(self, images: Sequence[int], classes: Sequence[int], likely: npt.NDArray[np.float64]) -> bool:
        """Decide unknown classes by the probabilities, N images x C classes."""
        text = f"predicted tags confirmed in {counted(len(images), 'image')}"
        return self._change(images, classes, text, lambda known: with_predictions(known, likely))

    def undo(self) -> TagEdit | None:
        """Take back the last change; return it."""
        return self._replay(self.history.undo(), before=True)

    def redo(self) -> TagEdit | None:
        """Do again what was taken back; return it."""
        return self._replay(self.history.redo(), before=False)

    def forget(self) -> None:
        """Forget what could be undone."""
        self.history.clear()
        self.history_changed.emit()

    def take(self, edit: TagEdit) -> None:
        """Remember what another made, so that it can be undone as well."""
        if edit.after:
            self.history.push(edit)
            self.history_changed.emit()

    def _learnt(self) -> list[int]:
        return [found.id for found in self._session.open_project.classes.learnt()]

    def _change(self, images: Sequence[int], classes: Sequence[int], text: str, rule: Callable[[Known], Known]) -> bool:
        if not images or not classes:
            return False
        known = self._session.open_project.tags.matrix(images, classes)
        rows = changes(images, classes, known, rule(known))
        if not rows:
            return False
        before = self._write(rows)
        if before is None:
            return False
        self.history.push(TagEdit(text, tuple(before), tuple(rows)))
        self.history_changed.emit()
        return True

    def _replay(self, edit: TagEdit | None, *, before: bool) -> TagEdit | None:
        if edit is None:
            return None
        rows = sorted(edit.before if before else edit.after, key=lambda row: row[2] is None)
        if self._write(rows) is None:
            self.history.clear()  # images or classes of it are gone
        self.history_changed.emit()
        return edit

    def _write(self, rows: list[TagRow]) -> list[TagRow] | None:
        self._writing = True
        try:
            return self._session.set_tags(rows)
        except FbrError as error:
            self.failed.emit(error)
            return None
        finally:
            self._writing = False
