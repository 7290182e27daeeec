"""The right side: which classes are tagged together, and onto which concepts their activation leaks."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.concepts.concept_words import per_cent, sentence
from fbr_studio.rooms.concepts.matrix_table import EMPTY, Matrix, MatrixTable
from fbr_studio.rooms.concepts.matrix_values import (
    CoOccurrence,
    Leakage,
    co_occurrence,
    images_of_leak,
    images_with_both,
    leakage,
)
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import label
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.theme import GRID

CELL = 4 * GRID


class Matrices(QWidget):
    """Two matrices. A click on a cell tells which images are behind it, worst first.

    ``cell_chosen``: ``("tags", class, class)`` or ``("leakage", class, concept)``. ``images_wanted``: their numbers.
    ``concept_chosen``: the concept of a cell or column of the leakage matrix.
    """

    cell_chosen = Signal(str, int, int)
    images_wanted = Signal(list)
    concept_chosen = Signal(int)

    def __init__(self, model: ConceptsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._together = CoOccurrence([], np.zeros((0, 0), np.int64))
        self._leaks = Leakage([], [], np.zeros((0, 0)), np.zeros(0))
        self._task = LatestTask(co_occurrence, self)
        self._task.done.connect(self._take)
        self._task.failed.connect(lambda error: model.problem.emit(str(error)))
        self.leak_table = MatrixTable("Leakage: class by concept", CELL)
        self.tag_table = MatrixTable("Tags together: class by class", CELL)
        self.leak_note = label("", "muted", wrap=True)
        self.tag_note = label("", "muted", wrap=True)
        self._compose()
        self.leak_table.cell_chosen.connect(self._choose_leak)
        self.leak_table.column_chosen.connect(lambda column: self.concept_chosen.emit(self._leaks.concepts[column]))
        self.tag_table.cell_chosen.connect(self._choose_tags)
        model.loaded.connect(self._loaded)
        model.changed.connect(self._show_leaks)
        model.session.tags_changed.connect(lambda _: self._count())
        self._loaded()

    def _compose(self) -> None:
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label("Where activation leaks", "title"))
        for part in (self.leak_note, self.leak_table):
            column.addWidget(part)
        column.addSpacing(GRID)
        column.addWidget(label("Tagged together", "title"))
        for part in (self.tag_note, self.tag_table):
            column.addWidget(part)
        column.addStretch()

    def close_down(self) -> None:
        """Count nothing any more."""
        self._task.close()

    # --- following the model

    def _loaded(self) -> None:
        data = self._model.data
        self._leaks = (
            leakage(data.set, data.facts) if data is not None else Leakage([], [], np.zeros((0, 0)), np.zeros(0))
        )
        self.leak_table.show_matrix(EMPTY)
        self._show_leaks()
        self._count()

    def _count(self) -> None:
        data = self._model.data
        if data is None:
            self._task.cancel()
            self._take(CoOccurrence([], np.zeros((0, 0), np.int64)))
        else:
            self._task.request(data.project, data.set.class_ids.tolist())

    def _take(self, found: CoOccurrence) -> None:
        self._together = found
        counts = found.counts
        names = [self._model.class_name(c) for c in found.class_ids]
        scale = float((counts - np.diag(np.diag(counts))).max(initial=1)) if len(names) > 1 else 1.0
        values = np.where(np.eye(len(names), dtype=bool), 0.0, counts / max(scale, 1.0))
        self.tag_note.setText("Images tagged with both classes." if names else "")
        self.tag_table.show_matrix(Matrix(names, names, values, self._tag_words, self._tag_tip) if names else EMPTY)

    def _show_leaks(self) -> None:
        found = self._leaks
        names = [self._model.class_name(c) for c in found.class_ids]
        columns = [self._model.concept_name(c) for c in found.concepts]
        facts = self._model.facts
        tips = [sentence(self._model, facts[c]) if c in facts else "" for c in found.concepts]
        self.leak_note.setText(_LEAK_NOTE if columns else "No class leaks onto a suspicious concept." if names else "")
        shown = self.leak_table.matrix
        if (shown.rows, shown.columns, shown.column_tips) == (names, columns, tips):
            return
        values = found.shares / max(float(found.shares.max(initial=0.0)), 0.05)
        rows = [
            f"{name}: {per_cent(rest)} more on other suspicious concepts"
            for name, rest in zip(names, found.others, strict=True)
        ]
        matrix = Matrix(names, columns, values, self._leak_words, self._leak_tip, rows, tips)
        self.leak_table.show_matrix(matrix if columns else EMPTY)
        self.leak_table.setVisible(bool(columns))

    # --- cells

    def _tag_words(self, row: int, column: int) -> str:
        value = int(self._together.counts[row, column])
        return f"{value:,}" if value else ""

    def _tag_tip(self, row: int, column: int) -> str:
        names = [self._model.class_name(self._together.class_ids[place]) for place in (row, column)]
        count, whole = int(self._together.counts[row, column]), int(self._together.counts[row, row])
        if row == column:
            return f"{counted(count, 'image')} tagged {names[0]}."
        share = per_cent(count / whole) if whole else "0 %"
        return f"{counted(count, 'image')} tagged {names[0]} and {names[1]}: {share} of those with {names[0]}."

    def _choose_tags(self, row: int, column: int) -> None:
        data = self._model.data
        if data is None:
            return
        pair = self._together.class_ids[row], self._together.class_ids[column]
        self.cell_chosen.emit("tags", *pair)
        self.images_wanted.emit(images_with_both(data.project, data.set, data.facts, pair))

    def _leak_words(self, row: int, column: int) -> str:
        share = 100 * float(self._leaks.shares[row, column])
        return f"{share:.0f}" if share >= 0.5 else ""

    def _leak_tip(self, row: int, column: int) -> str:
        share = per_cent(float(self._leaks.shares[row, column]))
        name = self._model.class_name(self._leaks.class_ids[row])
        return f"{share} of the activation of {name} lies on {self._model.concept_name(self._leaks.concepts[column])}."

    def _choose_leak(self, row: int, column: int) -> None:
        data = self._model.data
        if data is None:
            return
        class_id, concept = self._leaks.class_ids[row], self._leaks.concepts[column]
        self.cell_chosen.emit("leakage", class_id, concept)
        self.concept_chosen.emit(concept)
        self.images_wanted.emit(images_of_leak(data.set, concept, class_id))


_LEAK_NOTE = "Per cent of a class's activation that lies on background and on suspicious concepts."
