"""A grid of a concept's typical crops; each one is a button that opens its image."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from fbr_studio.rooms.concepts.crops import Crop, CropStore
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.gallery.state_marks import draw_broken
from fbr_studio.widgets.theme import GRID, theme

GAP = GRID // 2
SMALLEST, LARGEST = 7 * GRID, 30 * GRID  # px of a crop's side


class CropGrid(QWidget):
    """``rows`` x ``columns`` squares. ``image_wanted`` carries the number of the image whose crop was pressed."""

    image_wanted = Signal(int)

    def __init__(self, model: ConceptsModel, rows: int = 2, columns: int = 4, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._store = model, CropStore.of(model)
        self._rows, self._columns = rows, columns
        self._concept: int | None = None
        self._ahead: list[int] = []
        self.cells = [CropCell(self) for _ in range(rows * columns)]
        for cell in self.cells:
            cell.pressed_image.connect(self.image_wanted)
        self._store.arrived.connect(self._arrived)
        model.loaded.connect(self._loaded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Typical crops")
        self._loaded()

    @property
    def concept(self) -> int | None:
        """The concept that is shown."""
        return self._concept

    @property
    def complete(self) -> bool:
        """Whether every crop is there, or known not to come."""
        return all(cell.settled for cell in self.cells)

    def show_concept(self, concept: int | None) -> None:
        """Show the crops of a concept, or none."""
        self._concept = concept
        self._fill()

    def prefetch(self, concepts: Sequence[int]) -> None:
        """Have the crops of these concepts ready for when they are shown; what was asked for before is dropped."""
        self._ahead = list(concepts)
        self._ask()

    def _loaded(self) -> None:
        data = self._model.data
        self._store.show_set(data.project if data else None, data.set if data else None)
        if self._concept is not None and (data is None or self._concept not in data.facts):
            self._concept = None
        self._ahead = []
        self._fill()

    def _crops(self, concept: int | None) -> list[Crop]:
        return self._store.typical(concept, len(self.cells)) if concept is not None else []

    def _fill(self) -> None:
        crops = self._crops(self._concept)
        data = self._model.data
        infos = data.project.images.by_ids([crop.image for crop in crops]) if data else []
        names = {info.id: info.path for info in infos}
        for place, cell in enumerate(self.cells):
            crop = crops[place] if place < len(crops) else None
            cell.show_crop(crop, names.get(crop.image, "") if crop else "")
        self._ask()
        for cell in self.cells:
            self._paint(cell)

    def _ask(self) -> None:
        wanted = self._crops(self._concept)
        for concept in self._ahead:
            wanted += self._crops(concept)
        self._store.want(self, wanted, self._device_side())

    def _arrived(self, crop: Crop) -> None:
        for cell in self.cells:
            if cell.crop == crop:
                self._paint(cell)

    def _paint(self, cell: CropCell) -> None:
        side = self._device_side()
        if cell.crop is not None:
            cell.show_picture(self._store.picture(cell.crop, side), self._store.reason(cell.crop, side))

    def _device_side(self) -> int:
        return round(self._side() * self.devicePixelRatioF())

    def _side(self) -> int:
        across = (self.width() - (self._columns - 1) * GAP) // self._columns
        along = (self.height() - (self._rows - 1) * GAP) // self._rows
        return min(max(min(across, along), SMALLEST), LARGEST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the crops be as large as fits."""
        super().resizeEvent(event)
        side = self._side()
        for place, cell in enumerate(self.cells):
            row, column = divmod(place, self._columns)
            cell.setGeometry(column * (side + GAP), row * (side + GAP), side, side)
        self._fill()

    def sizeHint(self) -> QSize:
        """Return the room for crops of a good size."""
        return self._size(15 * GRID)

    def minimumSizeHint(self) -> QSize:
        """Return the room for the smallest crops."""
        return self._size(SMALLEST)

    def _size(self, side: int) -> QSize:
        return QSize(self._columns * (side + GAP) - GAP, self._rows * (side + GAP) - GAP)

    def hideEvent(self, event: QEvent) -> None:
        """Want nothing while nobody looks."""
        super().hideEvent(event)  # type: ignore[arg-type]
        self._store.want(self, (), 0)

    def showEvent(self, event: QEvent) -> None:
        """Want the crops again."""
        super().showEvent(event)  # type: ignore[arg-type]
        self._fill()


class CropCell(QAbstractButton):
    """One crop: a button named after its image."""

    pressed_image = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.crop: Crop | None = None
        self._picture: QImage | None = None
        self._reason = ""
        self._name = ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._click)
        self.hide()

    @property
    def settled(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.crop is None or self._picture is not None or bool(self._reason)

    def show_crop(self, crop: Crop | None, name: str) -> None:
        """Stand for this crop; the picture comes later."""
        if crop != self.crop:
            self._picture, self._reason = None, ""
        self.crop, self._name = crop, name
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setVisible(crop is not None)
        self.update()

    def show_picture(self, picture: QImage | None, reason: str) -> None:
        """Show the crop, or say why there is none; one of another size stays until the right one is there."""
        self._picture = picture or self._picture
        self._reason = reason
        self.setToolTip(f"{self._name}\n{reason}" if reason else self._name)
        self.update()

    def _click(self) -> None:
        if self.crop is not None:
            self.pressed_image.emit(self.crop.image)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the crop, and a frame where the focus or the pointer is."""
        painter = QPainter(self)
        colours = theme()
        painter.fillRect(self.rect(), colours.canvas)
        if self._picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect(), self._picture)
        elif self._reason:
            draw_broken(painter, QPointF(self.rect().center()))
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(QRect(1, 1, self.width() - 2, self.height() - 2))
        painter.end()
