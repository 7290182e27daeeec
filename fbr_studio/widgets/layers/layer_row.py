"""One row of the list: eye, name, opacity, solo."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from fbr_studio.widgets.basics import icon_button, label, set_kind
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.layers.layer_state import LayerDescription, LayerState
from fbr_studio.widgets.theme import GRID


class LayerRow(QWidget):
    """Shows one layer's state and says what the person asks for; it changes nothing by itself."""

    eye_pressed = Signal(bool)
    solo_pressed = Signal(bool)
    opacity_moved = Signal(float)

    def __init__(self, described: LayerDescription, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.described = described
        self._visible = True
        self.eye = icon_button("eye", _tip(f"Show or hide: {described.title}", described.eye_key))
        self.solo = icon_button("solo", _tip(f"Only this layer: {described.title}", described.solo_key))
        self.solo.setCheckable(True)
        self.title = label(described.title)
        self.title.setToolTip(described.help)
        self.note = label("", "muted")
        self.opacity = _slider(described.title)
        self.eye.clicked.connect(lambda: self.eye_pressed.emit(not self._visible))
        self.solo.clicked.connect(lambda checked: self.solo_pressed.emit(checked))
        self.opacity.valueChanged.connect(self._moved)
        for made in (self.eye, self.solo):
            made.setIconSize(QSize(2 * GRID, 2 * GRID))
        self._lay_out()

    def show_state(self, state: LayerState) -> None:
        """Show how the layer stands, without answering."""
        if state.visible != self._visible or not self.eye.accessibleDescription():
            self._visible = state.visible
            self.eye.setIcon(icon("eye" if state.visible else "eye-off"))
            self.eye.setAccessibleDescription("shown" if state.visible else "hidden")
        self.solo.setChecked(state.solo)
        blocked = self.opacity.blockSignals(True)
        self.opacity.setValue(round(state.opacity * 100))
        self.opacity.blockSignals(blocked)
        self._say_percent()
        self.opacity.setEnabled(state.there and (state.visible or state.solo))
        kind = "" if state.there and (state.visible or state.solo) else "muted"
        if self.title.property("kind") != kind:
            set_kind(self.title, kind)
        self.title.setEnabled(state.there)
        self.note.setText(state.note)
        self.note.setVisible(bool(state.note))

    def _moved(self, percent: int) -> None:
        self._say_percent()
        self.opacity_moved.emit(percent / 100)

    def _say_percent(self) -> None:
        self.opacity.setToolTip(f"Opacity of {self.described.title}: {self.opacity.value()} %")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.eye)
        row.addWidget(self.title)
        row.addWidget(self.note)
        _may_shrink(self.note)
        row.addStretch(1)
        row.addWidget(self.opacity)
        row.addWidget(self.solo)


def _slider(title: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setPageStep(10)
    slider.setFixedWidth(11 * GRID)
    slider.setAccessibleName(f"Opacity of {title}")
    return slider


def _may_shrink(note: QLabel) -> None:
    note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    note.setMinimumWidth(9 * GRID)


def _tip(text: str, key: str) -> str:
    return f"{text} ({key})" if key else text
