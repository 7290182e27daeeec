"""The fixed images of a run with their CAMs of one epoch, ready to draw: numpy only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fbr_engine.data.images import read_image
from fbr_engine.errors import FbrError
from fbr_engine.project import Project
from fbr_engine.stages.stored_previews import previews, read_preview
from fbr_studio.drawing.colours import cam_table

Rgb = npt.NDArray[np.uint8]
MOST_PHOTOS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One fixed image, ``rgb`` h x w x 3; ``epoch`` is that of its CAM, ``tags`` the classes it shows."""

    image: str
    rgb: Rgb
    tags: tuple[str, ...]
    epoch: int
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PreviewPage:
    """All fixed images of a run at one epoch, and the epochs there are."""

    run: str
    epochs: tuple[int, ...]
    epoch: int
    pictures: tuple[Picture, ...]


class PreviewReader:
    """Reads pages; keeps the photos it has read, shrunk to ``side`` px."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._photos: OrderedDict[tuple[str, str], Rgb] = OrderedDict()

    def page(self, project: Project, run: str, epoch: int | None) -> PreviewPage:
        """Return the page of ``epoch``, or of the newest. An image without a CAM of it shows that of the one before."""
        info = project.runs.find(run)
        found = previews(project, info) if info is not None else {}
        epochs = tuple(sorted({number for pairs in found.values() for number, _ in pairs}))
        if not epochs:
            return PreviewPage(run, (), 0, ())
        chosen = epochs[-1] if epoch is None else epoch
        names = {c.id: c.name for c in project.classes.all()}
        pictures = []
        for image, pairs in found.items():
            until = [(number, path) for number, path in pairs if number <= chosen]
            if not until:
                continue
            number, path = until[-1]
            try:
                stored = read_preview(project, path)
                photo = self._photo(project, image)
                tags = tuple(names.get(int(c), "?") for c in stored.class_ids)
                pictures.append(Picture(image, overlaid(photo, stored.cam), tags, number))
            except FbrError as error:
                pictures.append(Picture(image, np.zeros((3, 4, 3), np.uint8), (), number, str(error)))
        return PreviewPage(run, epochs, chosen, tuple(pictures))

    def _photo(self, project: Project, image: str) -> Rgb:
        key = (str(project.folder), image)
        if key not in self._photos:
            self._photos[key] = shrunk(read_image(project.image_path(image)), self._side)
            while len(self._photos) > MOST_PHOTOS:
                self._photos.popitem(last=False)
        return self._photos[key]


def shrunk(pixels: Rgb, side: int) -> Rgb:
    """Return an image whose shorter side is at most ``side`` px, uint8 H x W x 3."""
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    found: Rgb = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return found


def overlaid(photo: Rgb, cam: npt.NDArray[np.uint8]) -> Rgb:
    """Return the photo, uint8 H x W x 3, under the highest of the CAMs, uint8 T x h x w."""
    if not len(cam):
        return photo
    size = (photo.shape[1], photo.shape[0])
    highest = cv2.resize(cam.max(axis=0), size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    colours = cam_table()[highest].astype(np.float32)
    alpha = colours[..., 3:] / 255
    mixed = photo.astype(np.float32) * (1 - alpha) + colours[..., :3] * alpha
    found: Rgb = np.clip(mixed.round(), 0, 255).astype(np.uint8)
    return found
