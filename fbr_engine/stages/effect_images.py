"""CAMs and features of many images in memory, one behind the other, those of a class and shape together.

Needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.space import embed
from fbr_engine.errors import ReadError
from fbr_engine.project import ImageInfo, Project, RunInfo
from fbr_engine.stages.stored_cams import CamRecord, StoredCam, cam_record
from fbr_engine.stages.stored_features import StoredFeatures

MOST_IMAGES = 4000

Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class EffectImage:
    """One image: its CAMs, its place among all feature pixels and all CAM pixels, and their grids."""

    id: int
    stored: StoredCam
    points: slice
    grid: tuple[int, int]
    pixels: slice


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Images of one class with like grids: K x h' x w' places of feature pixels, K x h x w of CAM pixels, CAMs."""

    points: Indices
    pixels: Indices
    cam: Bytes


class EffectImages:
    """Up to ``most`` images of a set that have CAMs of a tagged class and features, evenly spread over it.

    ``images``: those that could be read. ``points``: P x D float16, all feature pixels in comparison space. ``owner``:
    the image of each of all CAM pixels. ``stop`` is asked between images; once it says yes, reading ends.
    """

    def __init__(
        self, project: Project, info: RunInfo, concepts: ConceptSet, stop: Callable[[], bool], most: int
    ) -> None:
        self._project, self._info, self._concepts = project, info, concepts
        self.images: list[EffectImage] = []
        self._read(_spread(concepts.image_ids.tolist(), most), stop)
        self.owner = np.repeat(np.arange(len(self.images)), [i.pixels.stop - i.pixels.start for i in self.images])
        self._batches: dict[int, list[Batch]] = {}

    def batches(self, class_id: int) -> list[Batch]:
        """Return the images of a class, those of one shape together."""
        if class_id not in self._batches:
            alike: dict[tuple[int, ...], list[tuple[EffectImage, int]]] = {}
            for image in self.images:
                for row in np.flatnonzero(image.stored.class_ids == class_id):
                    alike.setdefault((*image.grid, *image.stored.cam.shape[1:]), []).append((image, int(row)))
            self._batches[class_id] = [_batch(shape, found) for shape, found in alike.items()]
        return self._batches[class_id]

    def _read(self, image_ids: Sequence[int], stop: Callable[[], bool]) -> None:
        features, points, pixels = StoredFeatures(self._project, self._info), 0, 0
        embedded: list[npt.NDArray[np.float16]] = []
        for image in self._project.images.by_ids(image_ids):
            if stop():
                break
            record = cam_record(self._project, self._info, image)
            found = _read_image(record, features, image) if record is not None else None
            if found is None:
                continue
            stored, maps = found
            embedded.append(embed(maps, self._concepts.mean, self._concepts.basis).astype(np.float16))
            more, cells = len(embedded[-1]), stored.cam.shape[1] * stored.cam.shape[2]
            place, cell = slice(points, points + more), slice(pixels, pixels + cells)
            self.images.append(EffectImage(image.id, stored, place, (maps.shape[0], maps.shape[1]), cell))
            points, pixels = points + more, pixels + cells
        dims = self._concepts.basis.shape[1]
        self.points = np.concatenate(embedded) if embedded else np.zeros((0, dims), dtype=np.float16)


def _read_image(
    record: CamRecord, features: StoredFeatures, image: ImageInfo
) -> tuple[StoredCam, npt.NDArray[np.float16]] | None:
    """Return the CAMs and features of an image; None without a tagged class, features, or files that can be read."""
    try:
        maps = features.read(image.id)
        stored = record.read() if maps is not None else None
    except ReadError:
        return None  # masks names it
    return (stored, maps) if maps is not None and stored is not None and len(stored.cam) else None


def _batch(shape: tuple[int, ...], found: list[tuple[EffectImage, int]]) -> Batch:
    points = np.stack([np.arange(i.points.start, i.points.stop) for i, _ in found]).reshape(-1, *shape[:2])
    pixels = np.stack([np.arange(i.pixels.start, i.pixels.stop) for i, _ in found]).reshape(-1, *shape[2:])
    return Batch(points, pixels, np.stack([image.stored.cam[row] for image, row in found]))


def _spread(ids: list[int], most: int) -> list[int]:
    return ids if len(ids) <= most else [ids[i] for i in np.linspace(0, len(ids) - 1, most).astype(int)]
