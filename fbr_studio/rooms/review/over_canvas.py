"""Message strips laid over the top of the canvas: the picture below does not move when one comes or goes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fbr_studio.widgets.message_strip import MessageStrip

_WATCHED = (QEvent.Type.Resize, QEvent.Type.ShowToParent, QEvent.Type.HideToParent)


class OverCanvas(QWidget):
    """As wide as ``ground``, as high as the strips that speak, gone when none does."""

    def __init__(self, ground: QWidget, *strips: MessageStrip) -> None:
        super().__init__(ground)
        self._ground, self._strips = ground, strips
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        for strip in strips:
            self._column.addWidget(strip)
            strip.installEventFilter(self)
        ground.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the ground's size and the strips' coming and going."""
        if event.type() in _WATCHED and (watched is self._ground or watched in self._strips):
            self._column.invalidate()
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        """Follow the height of the words. The layout is not made invalid here: that would ask for this once more."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return done

    def _place(self) -> None:
        if all(strip.isHidden() for strip in self._strips):
            self.hide()
            return
        width, column = self._ground.width(), self._column
        height = column.totalHeightForWidth(width) if column.hasHeightForWidth() else column.totalSizeHint().height()
        # It is laid out before it is seen: nothing of it is ever drawn at another size.
        self.setGeometry(0, 0, width, min(height, self._ground.height()))
        column.activate()
        self.raise_()
        self.show()
