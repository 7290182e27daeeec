"""Crops of concepts, made behind the window: what is wanted last comes first, what was made once is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtGui import QImage

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.data.images import upright_size
from fbr_engine.errors import FbrError
from fbr_engine.project import ImageInfo, Project
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnail_decode import decode_thumbnail
from fbr_studio.rooms.concepts.crop_picture import Rgb, crop_picture, crop_square, needed_side

SIDE_STEP = 32  # px: crops are made at multiples of it, so that a window that grows does not ask at every pixel
MEMORY_LIMIT = 96 * 2**20  # bytes
_THREADS = 2
_AT_ONCE = 2  # crops a thread makes before it looks what is wanted now


class Crop(NamedTuple):
    """One concept in one image, by their numbers."""

    concept: int
    image: int


class _Made(NamedTuple):
    key: tuple[object, ...]
    crop: Crop
    picture: QImage
    reason: str
    project: Project


@dataclass(frozen=True, slots=True)
class _Order:
    """What a thread needs to make one crop."""

    project: Project
    concepts: ConceptSet
    crop: Crop
    key: tuple[object, ...]
    side: int


class CropStore(QObject):
    """Holds crops in memory and has the missing ones made. ``arrived`` carries a `Crop` that came, or failed."""

    arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._concepts: ConceptSet | None = None
        self._kept: OrderedDict[tuple[object, ...], QImage] = OrderedDict()
        self._bytes = 0
        self._reasons: dict[tuple[object, ...], str] = {}
        self._typical: dict[tuple[int, int], list[int]] = {}
        self._atoms: dict[int, tuple[int, ...]] = {}
        self._wants: OrderedDict[object, tuple[list[Crop], int]] = OrderedDict()
        self._busy: set[tuple[object, ...]] = set()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(_THREADS)
        self._tasks = [LatestTask(_make, self, pool=self._pool) for _ in range(_THREADS)]
        for task in self._tasks:
            task.done.connect(self._take)

    @staticmethod
    def of(owner: QObject) -> CropStore:
        """Return the store that all parts of a room share: a child of ``owner``, made when it is first asked for."""
        return owner.findChild(CropStore) or CropStore(owner)

    # --- what is shown of what

    def show_set(self, project: Project | None, concepts: ConceptSet | None) -> None:
        """Make crops of these concepts from now on; those of concepts that did not change stay."""
        if concepts is self._concepts and project is self._project:
            return
        other = self._concepts is None or concepts is None or concepts.fingerprint != self._concepts.fingerprint
        if other or project is not self._project:
            self._wants.clear()
            self._kept.clear()
            self._reasons.clear()
            self._bytes = 0
        if project is not self._project:
            self._busy.clear()  # what is being made of the project before is not taken
        self._project, self._concepts = project, concepts
        self._typical.clear()
        self._atoms.clear()

    def typical(self, concept: int, count: int) -> list[Crop]:
        """Return the crops that show best what a concept is, at most one of an image."""
        if self._concepts is None:
            return []
        key = (concept, count)
        if key not in self._typical:
            self._typical[key] = [int(image) for image in self._concepts.typical(concept, count)]
        return [Crop(concept, image) for image in self._typical[key]]

    def picture(self, crop: Crop, side: int) -> QImage | None:
        """Return a crop at ``side`` device px or a little more, or None while it is not there."""
        key = self._key(crop, _rounded(side))
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def reason(self, crop: Crop, side: int) -> str:
        """Return why a crop cannot be shown; nothing where it can, or may still come."""
        return self._reasons.get(self._key(crop, _rounded(side)), "")

    # --- what is wanted

    def want(self, owner: object, crops: Sequence[Crop], side: int) -> None:
        """Have these made, first things first, in place of what ``owner`` wanted before.

        Who asked last is served first. ``side`` is in device px.
        """
        self._wants.pop(owner, None)
        if crops:
            self._wants[owner] = (list(crops), _rounded(side))
        self._begin()

    def close(self) -> None:
        """Make nothing any more; waits for the crops that are being made."""
        for task in self._tasks:
            task.close()
        self._wants.clear()
        self._pool.waitForDone()

    def _begin(self) -> None:
        for task in self._tasks:
            if not task.busy:
                orders = self._next()
                if not orders:
                    return
                self._busy |= {order.key for order in orders}
                task.request(orders)

    def _next(self) -> list[_Order]:
        """Return what to make now."""
        orders: list[_Order] = []
        if self._project is None or self._concepts is None:
            return orders
        for crops, side in reversed(self._wants.values()):
            for crop in crops:
                key = self._key(crop, side)
                if key in self._kept or key in self._reasons or key in self._busy:
                    continue
                orders.append(_Order(self._project, self._concepts, crop, key, side))
                if len(orders) == _AT_ONCE:
                    return orders
        return orders

    def _take(self, made: list[_Made]) -> None:
        for key, crop, picture, reason, project in made:
            if project is not self._project:
                continue
            self._busy.discard(key)
            if self._concepts is None or key[0] != self._concepts.fingerprint:
                continue
            if reason:
                self._reasons[key] = reason
            else:
                self._kept[key] = picture
                self._bytes += picture.sizeInBytes()
            self.arrived.emit(crop)
        self._shrink()
        self._begin()

    def _shrink(self) -> None:
        wanted = {self._key(crop, side) for crops, side in self._wants.values() for crop in crops}
        for key in list(self._kept):
            if self._bytes <= MEMORY_LIMIT:
                return
            if key not in wanted:
                self._bytes -= self._kept.pop(key).sizeInBytes()

    def _key(self, crop: Crop, side: int) -> tuple[object, ...]:
        """A concept is its atoms: after others were merged or split its crops are the same."""
        if self._concepts is None:
            return ()
        if crop.concept not in self._atoms:
            self._atoms[crop.concept] = tuple(int(atom) for atom in self._concepts.atoms_of(crop.concept))
        return self._concepts.fingerprint, self._atoms[crop.concept], crop.image, side


def _rounded(side: int) -> int:
    return max(SIDE_STEP, -(-side // SIDE_STEP) * SIDE_STEP)


def _make(orders: list[_Order]) -> list[_Made]:
    """Make crops, in a thread."""
    made = []
    for order in orders:
        try:
            pixels = make_crop(order.project, order.concepts, order.crop, order.side)
            made.append(_Made(order.key, order.crop, to_image(pixels), "", order.project))
        except FbrError as error:
            made.append(_Made(order.key, order.crop, QImage(), str(error), order.project))
    return made


def make_crop(project: Project, concepts: ConceptSet, crop: Crop, side: int) -> Rgb:
    """Return a crop, ``side`` x ``side`` x 3. Raises `fbr_engine.errors.FbrError` for a photo that cannot be read."""
    path, size = photo_of(project, crop.image)
    plane = concepts.concept_plane(crop.image, crop.concept)
    square = crop_square(plane, size)
    photo = np.asarray(decode_thumbnail(path, needed_side(size, square, side)))
    return crop_picture(photo, size, plane, square, side)


def photo_of(project: Project, image: int) -> tuple[Path, tuple[int, int]]:
    """Return where a photo lies and its (height, width) in px. Raises `FbrError`."""
    found: list[ImageInfo] = project.images.by_ids([image])
    if not found:
        raise FbrError("the image was removed from the project")
    path = project.image_path(found[0].path)
    if found[0].width and found[0].height:
        return path, (found[0].height, found[0].width)
    return path, upright_size(path)


def to_image(pixels: Rgb) -> QImage:
    """Return H x W x 3 as an image with its own memory."""
    height, width = pixels.shape[:2]
    kept = np.ascontiguousarray(pixels)
    return QImage(kept.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )
