"""The layers of a picture, one row each: eye, opacity, solo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fbr_studio.widgets.layers.layer_row import LayerRow
from fbr_studio.widgets.layers.layer_state import LayerDescription, LayerState


class LayerList(QWidget):
    """Rows in the order given. It shows what it is told and reports what the person asks for.

    ``solo_changed`` carries the layer that shall be seen alone, or "" for none.
    """

    visible_changed = Signal(str, bool)
    opacity_changed = Signal(str, float)
    solo_changed = Signal(str)

    def __init__(self, layers: Sequence[LayerDescription], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.rows: dict[str, LayerRow] = {}
        for described in layers:
            self.rows[described.id] = self._row(described)
            column.addWidget(self.rows[described.id])

    def show_states(self, states: Mapping[str, LayerState]) -> None:
        """Show how the layers stand; those not named stay as they are."""
        for id_, state in states.items():
            self.rows[id_].show_state(state)

    def _row(self, described: LayerDescription) -> LayerRow:
        row = LayerRow(described, self)
        id_ = described.id
        row.eye_pressed.connect(lambda on: self.visible_changed.emit(id_, on))
        row.opacity_moved.connect(lambda value: self.opacity_changed.emit(id_, value))
        row.solo_pressed.connect(lambda on: self.solo_changed.emit(id_ if on else ""))
        return row
