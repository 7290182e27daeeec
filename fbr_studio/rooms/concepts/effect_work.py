"""What a judgement changes in the masks, with pictures of the images that change most. Runs in the background."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from fbr_engine.errors import FbrError
from fbr_engine.project import ImageInfo, Project, RunInfo
from fbr_engine.stages.auto_threshold import auto_threshold
from fbr_engine.stages.judgement_effect import Effect, EffectIndex
from fbr_engine.stages.verdicts import Verdicts
from fbr_studio.drawing.colours import class_table, outline_table
from fbr_studio.jobs.thumbnail_decode import decode_thumbnail
from fbr_studio.rooms.concepts.loading import Loaded

SHOWN = 6  # images
SIDE = 480  # px of the longer side of a shown photo
KEPT = 64  # decoded photos
SHOWN_IMAGES = 24  # of those a person wants to see

_LIGHT, _DARK = 255, 24

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Which answer's effect is wanted: the verdicts before and after it. ``given``: it was answered, not only tried.

    ``class_id`` None: for every class.
    """

    data: Loaded
    before: Verdicts
    after: Verdicts
    verdict: str
    concept_id: int
    class_id: int | None
    given: bool


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Images a person wants to see, with the masks that follow from ``verdicts``."""

    data: Loaded
    verdicts: Verdicts
    images: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ShownPair:
    """Two pictures of one image; ``changed``: the share of its pixels in which their masks differ, 0 to 1."""

    image_id: int
    name: str
    before: QImage
    after: QImage
    changed: float


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """An effect and the images that change most; ``share`` of the pixels of all images that change, 0 to 1."""

    look: Look
    effect: Effect
    share: float
    pairs: tuple[ShownPair, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ShownImages:
    """Images without and with their masks."""

    wanted: Wanted
    pairs: tuple[ShownPair, ...]


class EffectWork:
    """Keeps the index of the set shown last, and photos: the next question is often about the same ones.

    `stop` may be called from any thread.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._closed = False
        self._project: Project | None = None
        self._of: tuple[str, int, str] | None = None
        self._index: EffectIndex | None = None
        self._threshold = 0.0
        self._photos: OrderedDict[int, Pixels] = OrderedDict()

    def look(self, asked: Look | Wanted | None) -> Shown | ShownImages | None:
        """Return what an answer changes, or images; None forgets what is kept. Raises `ReadError`."""
        self._stopped.clear()
        project = asked.data.project if asked is not None else None
        if project is not self._project:
            self._project, self._index = project, None
            self._photos.clear()
        if asked is None or project is None:
            return None
        index = self._index_of(asked.data)
        if isinstance(asked, Wanted):
            infos = project.images.by_ids(asked.images[:SHOWN_IMAGES])
            order = {image: place for place, image in enumerate(asked.images)}
            made = [self._plain(asked, one, index) for one in sorted(infos, key=lambda one: order[one.id])]
            return ShownImages(asked, tuple(pair for pair in made if pair is not None))
        effect = index.effect(asked.before, asked.after, self._threshold)
        known = {info.id: info for info in project.images.by_ids([row.image_id for row in effect.rows])}
        pairs = [self._pair(asked, known[row.image_id], index) for row in effect.rows[:SHOWN] if row.image_id in known]
        there = sum((info.height or 0) * (info.width or 0) for info in known.values())
        share = effect.pixels / there if there else 0.0
        return Shown(asked, effect, share, tuple(pair for pair in pairs if pair is not None))

    def stop(self) -> None:
        """End what is being read: its project is about to close, or another run is shown."""
        self._stopped.set()

    def close(self) -> None:
        """End what is being read, and read nothing any more."""
        self._closed = True
        self.stop()

    def _stops(self) -> bool:
        return self._closed or self._stopped.is_set()

    def _index_of(self, data: Loaded) -> EffectIndex:
        of = data.set.fingerprint, data.info.id, data.info.name
        if self._index is None or self._of != of:
            self._index = None
            made = EffectIndex(data.project, data.info, data.set, self._stops)
            threshold = None if self._stops() else masks_threshold(data.project, data.info, self._stops)
            if threshold is None or self._stops():
                raise FbrError("the effect is not read any more: another run is shown")
            self._index, self._of, self._threshold = made, of, threshold
        return self._index

    def _pair(self, look: Look, info: ImageInfo, index: EffectIndex) -> ShownPair | None:
        photo = self._photo(look.data.project, info)
        if photo is None:
            return None
        size = (photo.shape[0], photo.shape[1])
        try:
            before, after = index.pair(info.id, look.before, look.after, self._threshold, size)
        except FbrError:  # its maps were taken away or broke since they were read; the others tell as much
            return None
        changed = before != after
        pictures = painted(photo, before), painted(photo, after, changed)
        return ShownPair(info.id, _short(info), *pictures, float(changed.mean()))

    def _plain(self, wanted: Wanted, info: ImageInfo, index: EffectIndex) -> ShownPair | None:
        photo = self._photo(wanted.data.project, info)
        if photo is None:
            return None
        size = (photo.shape[0], photo.shape[1])
        try:
            _, mask = index.pair(info.id, wanted.verdicts, wanted.verdicts, self._threshold, size)
        except FbrError:  # an image without tags gets no mask
            mask = np.zeros(size, dtype=np.uint8)
        return ShownPair(info.id, _short(info), painted(photo, np.zeros_like(mask)), painted(photo, mask), 0.0)

    def _photo(self, project: Project, info: ImageInfo) -> Pixels | None:
        """Return the photo, its longer side at most `SIDE` px; None if it cannot be read: the others tell as much."""
        kept = self._photos.pop(info.id, None)
        if kept is None:
            try:
                kept = np.asarray(decode_thumbnail(project.image_path(info.path), SIDE), dtype=np.uint8)
            except FbrError:
                return None
        self._photos[info.id] = kept
        while len(self._photos) > KEPT:
            self._photos.popitem(last=False)
        return kept


def _short(info: ImageInfo) -> str:
    return info.path.rsplit("/", 1)[-1]


def masks_threshold(project: Project, info: RunInfo, stop: Callable[[], bool] = lambda: False) -> float | None:
    """Return the threshold of the run's masks, or, where there are none yet, the one they will get.

    ``stop`` is asked between images; None once it says yes.
    """
    known = info.figures.get("threshold")
    if isinstance(known, float):
        return known
    made = auto_threshold(project, info)
    while not stop():
        try:
            next(made)
        except StopIteration as end:
            return float(end.value)
    return None


def painted(photo: Pixels, mask: Pixels, changed: npt.NDArray[np.bool_] | None = None) -> QImage:
    """Return the photo (H x W x 3) with the mask (H x W class ids) over it: filled, with an outline of one pixel.

    ``changed`` (H x W) is framed in white and black.
    """
    fill = class_table()[mask].astype(np.float32)
    alpha = fill[..., 3:] / 255
    mixed = photo * (1 - alpha) + fill[..., :3] * alpha
    kernel = np.ones((3, 3), np.uint8)
    edge = (cv2.dilate(mask, kernel) != cv2.erode(mask, kernel)) & (mask > 0)
    mixed[edge] = outline_table()[mask[edge], :3]
    if changed is not None and changed.any():
        inside = changed.astype(np.uint8)
        mixed[(cv2.dilate(inside, kernel) > inside)] = _DARK
        mixed[(cv2.erode(inside, kernel, borderType=cv2.BORDER_REPLICATE) < inside)] = _LIGHT
    pixels = np.ascontiguousarray(mixed.round().astype(np.uint8))
    height, width = mask.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
