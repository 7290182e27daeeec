"""CAMs as the stage ``cams`` left them, read back with today's tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
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
        planes = [
            cv2.resize(plane.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) for plane in self.cam
        ]
        return (np.stack(planes) / 255 if planes else np.zeros((0, height, width))).astype(np.float32)


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
    """Return where the CAMs of ``image`` lie, or None when there are none or nothing is known of its tags."""
    found = project.maps.get(info.id, image.id, KIND)
    tags = project.tags.of(image.id) if found else {}
    return CamRecord(image, project.path_of(found.location), found.fingerprint, tags) if found and tags else None
