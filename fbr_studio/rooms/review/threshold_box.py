"""The threshold: a slider over the histogram of the image's CAM, and what to do with it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fbr_studio.rooms.review.chain_box import ChainBox
from fbr_studio.widgets.basics import button, icon_button, label
from fbr_studio.widgets.theme import GRID, theme

STEPS = 1000
COVERED = "You painted this image; the threshold shows under your mask"
_HANDLE = 14  # px, the slider's handle in window.qss


class ThresholdBox(QWidget):
    """``moved`` carries the threshold (0..1) while the slider moves; it shows what it is told and nothing else."""

    moved = Signal(float)
    reset = Signal()
    refine_changed = Signal(bool)
    chain_chosen = Signal(str)
    use_for_all = Signal()
    uncover_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.histogram = HistogramView(self)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(10, STEPS - 10)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setSingleStep(STEPS // 100)
        self.slider.setAccessibleName("Threshold")
        self.slider.setToolTip("CAM values below the threshold are background (, and . change it by 1 %)")
        self.value = label("", "title")
        self.state = label("", "muted")
        self.home = button("Reset", self.reset.emit, "link", "Back to the run's threshold")
        self.refine = QCheckBox("Refine")
        self.refine.setToolTip("Fit the mask to the colours of the photo when the slider rests")
        self.chain = ChainBox()
        self.all_images: QPushButton = button(
            "Use for all", self.use_for_all.emit, "", "Make the masks of all images of this run anew in this way"
        )
        self.all_images.setAccessibleName("Use for all images")
        kept = self.home.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.home.setSizePolicy(kept)
        self.covered = label(COVERED, "muted", wrap=True)
        self.uncover = icon_button("eye-off", "Hide Mine, to see the run's mask (P)", self.uncover_asked.emit)
        self.above = QStackedWidget()
        self.slider.valueChanged.connect(lambda value: self.moved.emit(value / STEPS))
        self.refine.toggled.connect(self.refine_changed)
        self.chain.activated.connect(lambda place: self.chain_chosen.emit(self.chain.itemData(place)))
        self._lay_out()

    def show_state(
        self, threshold: float, own: float | None, *, refine: bool, chain: str, making: bool, changed: bool
    ) -> None:
        """Show where the threshold stands; ``own`` is the run's, ``changed`` whether the masks differ from its own.

        ``chain``: the refiners that work where ``refine`` is on, and would where it is off.
        """
        for widget in (self.slider, self.refine):
            widget.blockSignals(True)
        self.slider.setValue(round(threshold * STEPS))
        self.refine.setChecked(refine)
        self.chain.show_chain(chain)
        for widget in (self.slider, self.refine):
            widget.blockSignals(False)
        self.value.setText(f"{threshold:.2f}")
        state = "refining" if making else ("" if own is None or changed else "as in the run")
        self.state.setText(f"run: {own:.2f}" if changed and own is not None and not making else state)
        self.home.setVisible(changed)
        self.all_images.setEnabled(changed or own is None)
        self.histogram.set_threshold(threshold)

    def show_covered(self, covered: bool) -> None:
        """Say that the person's mask lies over what the slider changes, or let it be moved."""
        self.slider.setEnabled(not covered)
        self.refine.setEnabled(not covered)
        self.chain.setEnabled(not covered)
        self.above.setCurrentIndex(1 if covered else 0)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        hint = QWidget()
        row = QHBoxLayout(hint)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.covered, 1)
        row.addWidget(self.uncover)
        self.above.addWidget(self.histogram)
        self.above.addWidget(hint)
        self.above.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        top = QHBoxLayout()
        top.addWidget(label("Threshold", "muted"))
        top.addSpacing(GRID // 2)
        top.addWidget(self.value)
        top.addSpacing(GRID // 2)
        top.addWidget(self.state, 1)
        top.addWidget(self.home)
        column.addLayout(top)
        column.addWidget(self.above)
        column.addWidget(self.slider)
        column.addSpacing(GRID // 2)
        below = QHBoxLayout()
        below.setSpacing(GRID)
        below.addWidget(self.refine)
        below.addWidget(self.chain, 1)
        below.addWidget(self.all_images)
        column.addLayout(below)


class HistogramView(QWidget):
    """Shares of the image at each CAM value; what lies above the threshold in the accent colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: npt.NDArray[np.float64] = np.zeros(0)
        self._threshold = 0.5
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("How much of the image has which CAM value")

    def set_shares(self, shares: npt.NDArray[np.float64]) -> None:
        """Show another histogram."""
        self._shares = shares
        self.update()

    def set_threshold(self, threshold: float) -> None:
        """Show where the threshold stands."""
        self._threshold = threshold
        self.update()

    def sizeHint(self) -> QSize:
        """Return four rows of the grid."""
        return QSize(20 * GRID, 4 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars, on the scale of the slider below."""
        if not self._shares.any():
            return
        colours = theme()
        painter = QPainter(self)
        heights = np.sqrt(self._shares / self._shares.max())
        inset = _HANDLE / 2
        wide = (self.width() - _HANDLE) / len(heights)
        above = QColor(colours.accent)
        above.setAlpha(170)
        for place, height in enumerate(heights):
            tall = float(height) * (self.height() - 2)
            bar = QRectF(inset + place * wide, self.height() - tall, max(1.0, wide - 1), tall)
            painter.fillRect(bar, above if (place + 0.5) / len(heights) >= self._threshold else colours.line)
