"""CAMs as the stage ``cams`` left them, read back with today's tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fbr_engine.project import ImageInfo, Project, RunInfo, load_arrays

KIND = "cams"


@dataclass(frozen=True, slots=True)
class StoredCam:
    """``cam``: T x h x w uint8 of the tagged classes only; ``class_ids``: their T pixel ids; ``size``: (H, W)."""

    cam: npt.NDArray[np.uint8]
    class_ids: npt.NDArray[np.int32]
    size: tuple[int, int]

    def scores(self, size: tuple[int, int] | None = None) -> npt.NDArray[np.float32]:
        """Return the CAMs in [0, 1], resized to ``size`` (height, width) or to the image: T x H x W."""
        height, width = size or self.size
        rows, columns = _corner_weights(height, self.cam.shape[1]), _corner_weights(width, self.cam.shape[2])
        scores: npt.NDArray[np.float32] = rows @ (self.cam.astype(np.float32) / np.float32(255)) @ columns.T
        return scores


def _corner_weights(target: int, source: int) -> npt.NDArray[np.float32]:
    """Return the ``target`` x ``source`` matrix of linear interpolation that maps corners onto corners."""
    place = np.linspace(0, source - 1, target)
    low = np.minimum(place.astype(np.intp), max(source - 2, 0))
    weights = np.zeros((target, source), dtype=np.float32)
    weights[np.arange(target), low] = 1 - (place - low)
    if source > 1:
        weights[np.arange(target), low + 1] = place - low
    return weights


@dataclass(frozen=True, slots=True)
class CamRecord:
    """One finished image: where its CAMs lie, their fingerprint, and which of the classes it is tagged with."""

    image: ImageInfo
    path: Path
    fingerprint: str
    tags: dict[int, int]

    def read(self) -> StoredCam:
        """Read the CAMs of the tagged classes. Raises `ReadError` when the file is broken."""
        arrays = load_arrays(self.path)
        tagged = np.array([self.tags.get(int(c)) == 1 for c in arrays["class_ids"]], dtype=bool)
        height, width = (int(v) for v in arrays["size"])
        return StoredCam(arrays["cam"][tagged], arrays["class_ids"][tagged], (height, width))


def cam_record(project: Project, info: RunInfo, image: ImageInfo) -> CamRecord | None:
    """Return where the CAMs of ``image`` lie, or None when there are none or no tag of a learnt class is known."""
    found = project.maps.get(info.id, image.id, KIND)
    learnt = info.figures.get("class_ids", ())
    tags = {c: value for c, value in project.tags.of(image.id).items() if c in learnt} if found else {}
    return CamRecord(image, project.path_of(found.location), found.fingerprint, tags) if found and tags else None
