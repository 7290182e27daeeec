"""One concept on a full image: its pixels outlined, the rest dimmed; arrows go to the next image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.errors import FbrError
from fbr_engine.project import Project
from fbr_studio.drawing.pyramid import LabelPyramid, PixelPyramid
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnail_decode import decode_thumbnail
from fbr_studio.rooms.concepts.concept_words import sentence
from fbr_studio.rooms.concepts.crop_picture import stretched
from fbr_studio.rooms.concepts.crops import photo_of
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import ElidedLabel, button, icon_button, label
from fbr_studio.widgets.canvas import CanvasView, ImageLayer, LabelLayer
from fbr_studio.widgets.theme import GRID, emphasised

LONGEST = 4096  # px: larger photos are shown smaller here
_MASK_SIDE = 1024
_AROUND, _INSIDE = 1, 2


class _Shown(NamedTuple):
    image: int
    size: tuple[int, int]  # height and width of the photo in px
    photo: PixelPyramid
    labels: LabelPyramid


class ConceptView(QWidget):
    """``closed``: the person goes back. ``image_wanted``: the person goes to the image itself."""

    closed = Signal()
    image_wanted = Signal(int)

    def __init__(self, model: ConceptsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.concept: int | None = None
        self.images: list[int] = []
        self.place = 0
        self._task = LatestTask(_read, self)
        self._task.done.connect(self._take)
        self._task.failed.connect(self._fail)
        self._photo, self._mask = ImageLayer("photo"), LabelLayer("concept")
        self.canvas = CanvasView()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.setAccessibleName("The concept on its image")
        for layer in (self._photo, self._mask):
            self.canvas.add_layer(layer)
        self.back = button("Back", self.closed.emit, "quiet", "All concepts (Esc)")
        self.title = ElidedLabel()
        self.title.setFont(emphasised(self.title.font()))
        self.name = ElidedLabel()
        self.where = label("", "muted")
        self.problem = label("", "danger", wrap=True)
        self.problem.hide()
        self.previous = icon_button("previous", "The image before (Left)", lambda: self.step(-1))
        self.next = icon_button("next", "The next image (Right)", lambda: self.step(1))
        self.go = icon_button("review", "Go to this image in Review (Enter)", self._go)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Concept on its images")
        self._compose()
        model.loaded.connect(self._again)

    def _compose(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(GRID, GRID, GRID, GRID)
        top.setSpacing(GRID)
        top.addWidget(self.back)
        top.addWidget(self.title, 1)
        top.addWidget(self.name, 1)
        for part in (self.where, self.previous, self.next, self.go):
            top.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.problem)
        column.addWidget(self.canvas, 1)

    @property
    def image(self) -> int | None:
        """The image that is shown."""
        return self.images[self.place] if self.place < len(self.images) else None

    def show_concept(self, concept: int, images: Sequence[int] | None = None) -> None:
        """Show a concept on these images, or on all that show it, the most typical first."""
        data = self._model.data
        if data is None or concept not in data.facts:
            return
        found = images if images is not None else data.set.typical(concept, len(data.set.image_ids))
        self.concept, self.images, self.place = concept, [int(image) for image in found], 0
        self._show()

    def step(self, by: int) -> None:
        """Go to another image."""
        place = min(max(self.place + by, 0), len(self.images) - 1)
        if self.images and place != self.place:
            self.place = place
            self._show()

    def leave(self) -> None:
        """Show nothing, and let go of the picture."""
        self._task.cancel()
        self.concept, self.images, self.place = None, [], 0
        self._photo.set_pixels(None)
        self._mask.set_labels(None)

    def close_down(self) -> None:
        """Read nothing any more."""
        self._task.close()

    def _again(self) -> None:
        if self.concept is not None and self.concept in self._model.facts:
            self._show()

    def _show(self) -> None:
        data, image = self._model.data, self.image
        if data is None or self.concept is None:
            return
        self.title.set_text(self._model.concept_name(self.concept))
        self.title.setToolTip(sentence(self._model, data.facts[self.concept]))
        self.where.setText(f"{self.place + 1:,} of {len(self.images):,}" if self.images else "no image shows it")
        self.previous.setEnabled(self.place > 0)
        self.next.setEnabled(self.place + 1 < len(self.images))
        self.go.setEnabled(image is not None)
        infos = data.project.images.by_ids([image]) if image is not None else []
        self.name.set_text(infos[0].path if infos else "")
        if image is not None:
            self._task.request(data.project, data.set, self.concept, image)

    def _take(self, shown: _Shown) -> None:
        self.problem.hide()
        height, width = shown.size
        if self.canvas.image_size != (width, height):
            self.canvas.set_image_size(width, height)
        self._photo.set_pixels(shown.photo)
        self._mask.set_labels(shown.labels, _table())

    def _fail(self, error: FbrError) -> None:
        self._photo.set_pixels(None)
        self._mask.set_labels(None)
        self.problem.setText(str(error))
        self.problem.show()

    def _go(self) -> None:
        if self.image is not None:
            self.image_wanted.emit(self.image)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows change the image, Esc goes back, Enter goes to the image itself."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key in steps:
            self.step(steps[key])
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.canvas.zoom_by(1 / 1.25 if key == Qt.Key.Key_Minus else 1.25)
        else:
            event.ignore()


def _read(project: Project, concepts: ConceptSet, concept: int, image: int) -> _Shown:
    """Read a photo and where it shows a concept, in a thread. Raises `FbrError`."""
    path, size = photo_of(project, image)
    photo = PixelPyramid(np.array(decode_thumbnail(path, LONGEST)))
    photo.build()
    plane = concepts.concept_plane(image, concept)
    scale = min(1.0, _MASK_SIDE / max(size))
    shape = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    labels = np.full(shape, _AROUND, np.uint8)
    if plane.size:
        labels[stretched(plane, size, (0, 0, size[1], size[0]), shape)] = _INSIDE
    mask = LabelPyramid(labels)
    mask.build()
    return _Shown(image, size, photo, mask)


def _table() -> npt.NDArray[np.uint8]:
    """Return colours that dim the surroundings; the outline is light inside and dark outside."""
    table = np.zeros((256, 4), np.uint8)
    table[_AROUND] = (0, 0, 0, 110)
    table[_INSIDE] = (255, 255, 255, 1)
    return table
