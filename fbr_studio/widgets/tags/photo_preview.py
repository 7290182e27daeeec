"""The photograph the person tags, as large as the panel allows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID, theme

_KEEP_MS = 150


class PhotoPreview(QWidget):
    """Shows one picture fitted on the canvas colour. The last one stays for a moment while the next is decoded."""

    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._reason = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Preview")
        self._blank = QTimer(self)
        self._blank.setSingleShot(True)
        self._blank.setInterval(_KEEP_MS)
        self._blank.timeout.connect(self.clear)

    @property
    def image(self) -> QImage:
        """The picture shown now; null while there is none."""
        return self._image

    @property
    def reason(self) -> str:
        """Why there is no picture; empty while there is one or it may still come."""
        return self._reason

    def expect(self) -> None:
        """Wait for another picture."""
        self._blank.start()

    def show_image(self, image: QImage) -> None:
        """Show a picture."""
        self._set(image, "")

    def show_problem(self, reason: str) -> None:
        """Say why there is no picture."""
        self._set(QImage(), reason)

    def clear(self) -> None:
        """Show nothing, and wait for nothing."""
        self._set(QImage(), "")

    def _set(self, image: QImage, reason: str) -> None:
        self._blank.stop()
        self._image, self._reason = image, reason
        self.setAccessibleDescription(reason)
        self.update()

    def sizeHint(self) -> QSize:
        """Return four by three of the panel's width."""
        return QSize(36 * GRID, 26 * GRID)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the picture in full."""
        self.opened.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, or the sign of a broken one."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().canvas)
        if self._reason:
            side = 4 * GRID
            broken = icon("broken-image").pixmap(QSize(side, side), self.devicePixelRatioF())
            painter.drawPixmap((self.width() - side) // 2, (self.height() - side) // 2, broken)
        if self._image.isNull():
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ratio = self.devicePixelRatioF()
        scale = min(self.width() / self._image.width(), self.height() / self._image.height(), 2.0)
        width, height = self._image.width() * scale, self._image.height() * scale
        target = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        pixels = QSize(max(1, round(width * ratio)), max(1, round(height * ratio)))
        keep, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        painter.drawImage(target, self._image.scaled(pixels, keep, smooth))
