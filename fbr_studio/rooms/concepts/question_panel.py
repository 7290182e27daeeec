"""The left side: one concept, one question, five answers; the next question is there at once."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCompleter, QFrame, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from fbr_engine.concepts.names import starter_names
from fbr_studio.rooms.concepts import specs, wording
from fbr_studio.rooms.concepts.answers_list import AnswersList
from fbr_studio.rooms.concepts.asking import Verdict
from fbr_studio.rooms.concepts.crop_grid import CropGrid
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import ElidedLabel, action_button, hairline, label
from fbr_studio.widgets.tags.key_button import KeyButton
from fbr_studio.widgets.theme import GRID

WIDTH = 44 * GRID
AHEAD = 3  # questions whose crops are made beforehand
HOVER_MS = 120
ROWS, COLUMNS = 4, 3
LARGEST = (WIDTH - 4 * GRID - (COLUMNS - 1) * GRID // 2) // COLUMNS  # px of a crop's side

Hovered = tuple[Verdict, bool]
PREVIEWS: dict[str, Hovered] = {
    specs.BACKGROUND.id: ("background", False),
    specs.EVERYWHERE.id: ("background", True),
    specs.OBJECT.id: ("object", False),
}
ANSWERS = (specs.BACKGROUND, specs.EVERYWHERE, specs.OBJECT, specs.MIXED, specs.SKIP)


class QuestionPanel(QFrame):
    """Shows the model's question. ``image_wanted``: a crop was pressed. ``actions`` holds those of `specs` by id."""

    image_wanted = Signal(int)

    def __init__(self, model: ConceptsModel, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setFixedWidth(WIDTH)
        self._model, self._actions = model, actions
        self.name = ElidedLabel("")
        self.edit = QLineEdit()
        self.edit.setAccessibleName("Name of the concept")
        self.edit.setPlaceholderText("Name, such as grass")
        self.edit.setMaxLength(80)
        self.edit.setCompleter(_completer(self.edit))
        self.edit.hide()
        self.progress = label("", "muted", wrap=True)
        self.crops = CropGrid(model, rows=ROWS, columns=COLUMNS)
        self.question = label("", "title", wrap=True)
        self.question.setMinimumHeight(self.question.fontMetrics().height())
        self.facts = label("", "muted", wrap=True)
        self.said = label("", "muted", wrap=True)
        self.answers = {spec.id: KeyButton(actions[spec.id]) for spec in ANSWERS}
        self.given = AnswersList(model)
        self.pages = QStackedWidget()
        self._naming: int | None = None
        self._hovered: Hovered | None = None
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(HOVER_MS)
        self._hover.timeout.connect(self._preview)
        self._lay_out()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what the model asks now."""
        asked = self._model.current
        fact = self._model.facts.get(asked.concept_id) if asked is not None else None
        self.progress.setText(
            wording.progress(self._model.answered, self._model.worth_asking, len(self._model.questions))
        )
        self._tell_actions(fact is not None)
        if asked is None or fact is None:
            self.name.set_text("")
            self.question.setText("All questions are answered" if self._model.data is not None else "")
            self.facts.setText("Choose a concept on the board, the map or a matrix to change an answer.")
            self.said.hide()
            self.crops.show_concept(None)
            return
        class_name = self._model.class_name(asked.class_id)
        self.name.set_text(self._model.concept_name(asked.concept_id))
        self.question.setText(wording.question(class_name))
        self.facts.setText(wording.facts_line(fact, asked.class_id, class_name))
        verdict = self._model.verdict_of(asked.concept_id, asked.class_id)
        self.said.setVisible(bool(verdict))
        self.said.setText(f"Answered: {wording.verdict_words(verdict, class_name)}. A new answer replaces it.")
        self._actions[specs.BACKGROUND.id].setText(f"Background for {class_name}")
        self._actions[specs.OBJECT.id].setText(f"Part of {class_name}")
        if self.crops.concept != asked.concept_id:
            self.crops.show_concept(asked.concept_id)
        following = [one.concept_id for one in self._model.questions if one.concept_id != asked.concept_id]
        self.crops.prefetch(following[:AHEAD])

    def show_given(self, on: bool) -> None:
        """Show the answers that were given, or the question."""
        self.pages.setCurrentWidget(self.given if on else self._asking)
        self.refresh()
        if on:
            self.given.refresh()
            self.given.list.setFocus()

    def begin_naming(self) -> None:
        """Let the person write a name for the concept."""
        asked = self._model.current
        if asked is None:
            return
        self._naming = asked.concept_id
        self.edit.setText(self._model.names.get(asked.concept_id, ""))
        self.name.hide()
        self.edit.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def close_down(self) -> None:
        """End the timer."""
        self._hover.stop()

    def _end_naming(self, keep: bool) -> None:
        if self.edit.isHidden():
            return
        self.edit.hide()
        self.name.show()
        named, self._naming = self._naming, None
        if keep and named is not None and named in self._model.facts:
            self._model.name(named, self.edit.text())
        self.crops.setFocus()

    def _tell_actions(self, asks: bool) -> None:
        asks = asks and self.pages.currentWidget() is self._asking  # nobody answers a question that is hidden
        for spec in (*ANSWERS, specs.NAME):
            self._actions[spec.id].setEnabled(asks)
        self._actions[specs.MIXED.id].setEnabled(asks and not self._model.busy_editing)
        self._actions[specs.UNDO.id].setEnabled(bool(self._model.history.done) and not self._model.busy_editing)
        self._actions[specs.REDO.id].setEnabled(bool(self._model.history.undone) and not self._model.busy_editing)

    # --- pointing at an answer shows its effect

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Preview the answer the pointer rests on; Esc ends naming."""
        if event.type() == QEvent.Type.Enter:
            self._hovered = next((PREVIEWS.get(i) for i, b in self.answers.items() if b is watched), None)
            self._hover.start()
        elif event.type() == QEvent.Type.Leave:
            self._hovered = None
            self._hover.start()
        elif watched is self.edit and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            self._end_naming(False)
            return True
        return super().eventFilter(watched, event)

    def _preview(self) -> None:
        if self._hovered is None:
            self._model.preview(None)
        else:
            self._model.preview(*self._hovered)

    # --- building

    def _lay_out(self) -> None:
        self._asking = QWidget()
        column = QVBoxLayout(self._asking)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.progress)
        column.addWidget(self.question)
        self.crops.setMaximumHeight(ROWS * (LARGEST + GRID // 2) - GRID // 2)
        column.addWidget(self.crops, 100)
        named = QHBoxLayout()
        named.addWidget(self.name, 1)
        named.addWidget(self.edit, 1)
        named.addWidget(action_button(self._actions[specs.NAME.id]))
        column.addLayout(named)
        column.addWidget(self.facts)
        column.addWidget(self.said)
        column.addStretch(1)
        answers = QVBoxLayout()
        answers.setSpacing(GRID // 2)
        for made in self.answers.values():
            answers.addWidget(made)
        column.addLayout(answers)
        foot = QHBoxLayout()
        foot.addWidget(action_button(self._actions[specs.UNDO.id]))
        foot.addWidget(action_button(self._actions[specs.REDO.id]))
        foot.addStretch()
        foot.addWidget(action_button(self._actions[specs.GIVEN.id], text=True))
        column.addWidget(hairline())
        column.addLayout(foot)
        self.pages.addWidget(self._asking)
        self.pages.addWidget(self.given)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)

    def _connect(self) -> None:
        for made in self.answers.values():
            made.installEventFilter(self)
        self.edit.installEventFilter(self)
        self.edit.editingFinished.connect(lambda: self._end_naming(True))
        self.crops.image_wanted.connect(self.image_wanted)
        self.given.back_asked.connect(lambda: self._actions[specs.GIVEN.id].setChecked(False))
        self._model.changed.connect(self.refresh)
        self._model.loaded.connect(self.refresh)


def _completer(parent: QWidget) -> QCompleter:
    """Return one that offers the names concepts often have."""
    made = QCompleter(list(starter_names()), parent)
    made.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    return made
