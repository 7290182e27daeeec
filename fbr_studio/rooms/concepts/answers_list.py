"""The answers given so far: who, when, what; each can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fbr_engine.project.judgements import Judgement
from fbr_studio.rooms.concepts import wording
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import button, hairline, icon_button, label
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.theme import GRID

_ROW = int(Qt.ItemDataRole.UserRole)


class AnswersList(QWidget):
    """Latest first. ``back_asked``: the person wants the question again."""

    back_asked = Signal()

    def __init__(self, model: ConceptsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.title = label("Answers", "title")
        self.list = QListWidget()
        self.list.setAccessibleName("Answers given")
        self.list.setProperty("kind", "plain")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.take_back = button("Take back", self.withdraw, "", "Take the chosen answer back (Del)")
        self.show_concept = button("Show", self._show, "", "Ask about the chosen answer's concept")
        self._lay_out()
        self.list.currentItemChanged.connect(lambda *_: self._tell_buttons())
        self.list.itemActivated.connect(lambda _: self._show())
        model.changed.connect(self._refresh_if_seen)
        model.loaded.connect(self._refresh_if_seen)

    def refresh(self) -> None:
        """List what stands now."""
        self._model.write()
        data = self._model.data
        found: Sequence[Judgement] = data.project.judgements.all() if data is not None else ()
        chosen = self._chosen()
        self.list.clear()
        for one in sorted(found, key=lambda j: j.id, reverse=True):
            item = QListWidgetItem(self._words(one))
            item.setData(_ROW, one)
            self.list.addItem(item)
            if chosen is not None and one.id == chosen.id:
                self.list.setCurrentItem(item)
        self.title.setText(counted(len(found), "answer"))
        if self.list.currentItem() is None and self.list.count():
            self.list.setCurrentRow(0)
        self._tell_buttons()

    def withdraw(self) -> None:
        """Take the chosen answer back."""
        chosen, row = self._chosen(), self.list.currentRow()
        if chosen is not None:
            self._model.withdraw(chosen.id)
            self.refresh()
            if self._chosen() != chosen:
                self.list.setCurrentRow(min(row, self.list.count() - 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del takes the chosen answer back; a key that is held takes back one."""
        if event.key() != Qt.Key.Key_Delete or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        elif not event.isAutoRepeat():
            self.withdraw()

    def _refresh_if_seen(self) -> None:
        if self.isVisible():
            self.refresh()

    def _show(self) -> None:
        chosen = self._chosen()
        concept = self._bound(chosen) if chosen is not None else None
        if concept is not None:
            self._model.choose(concept)
            self.back_asked.emit()

    def _bound(self, one: Judgement) -> int | None:
        """Return the concept an answer falls on among those that are shown: its number may be another's by now."""
        verdicts = self._model.verdicts
        there = verdicts.binding(one.id).concepts if verdicts is not None else ()
        return next((concept for concept in there if concept in self._model.facts), None)

    def _words(self, one: Judgement) -> str:
        bound = self._bound(one)
        concept = (
            self._model.concept_name(bound)
            if bound is not None
            else f"concept {one.concept} of {one.run or 'a run that was deleted'}"
        )
        what = wording.verdict_words(one.verdict, self._model.class_name(one.class_id))
        return f"{what[:1].upper()}{what[1:]}\n{concept} · {one.who} · {moment(one.created)}"

    def _chosen(self) -> Judgement | None:
        item = self.list.currentItem()
        found: Judgement | None = item.data(_ROW) if item is not None else None
        return found

    def _tell_buttons(self) -> None:
        chosen = self._chosen()
        self.take_back.setEnabled(chosen is not None)
        self.show_concept.setEnabled(chosen is not None and self._bound(chosen) is not None)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head, foot = QHBoxLayout(), QHBoxLayout()
        for row in (head, foot):
            row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        head.addWidget(icon_button("previous", "Back to the question (L)", self.back_asked.emit))
        head.addWidget(self.title, 1)
        foot.addWidget(self.take_back)
        foot.addWidget(self.show_concept)
        foot.addStretch()
        column.addLayout(head)
        column.addWidget(hairline())
        column.addWidget(self.list, 1)
        column.addWidget(hairline())
        column.addLayout(foot)


def moment(text: str) -> str:
    """Return an ISO time in UTC as people read it, in this machine's time zone."""
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%d %b %Y, %H:%M").lstrip("0")
    except ValueError:
        return text
