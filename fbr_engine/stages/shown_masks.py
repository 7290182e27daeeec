"""The mask that shows: one resolver for evaluation and export, so that what is exported is what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ProjectError
from fbr_engine.project import ImageInfo, Project, RunInfo, load_mask

KIND = "masks"


@dataclass(frozen=True, slots=True)
class ShownMask:
    """One image and where the mask that shows for it lies."""

    image: ImageInfo
    path: Path

    def read(self) -> npt.NDArray[np.uint8]:
        """Return pixel ids, H x W (0 background, 255 ignore). Raises `ReadError`."""
        return load_mask(self.path)


def shown_mask(project: Project, info: RunInfo, image: ImageInfo) -> ShownMask | None:
    """Return the mask that shows for ``image`` under this run, or None."""
    found = project.maps.get(info.id, image.id, KIND)
    return ShownMask(image, project.path_of(found.location)) if found else None


def shown_masks(project: Project, info: RunInfo, split: str = "") -> Iterator[ShownMask]:
    """Yield the masks that show, page by page."""
    for image, location, _ in project.maps.done(info.id, KIND, split):
        yield ShownMask(image, project.path_of(location))


def require_masks(project: Project, info: RunInfo, split: str = "") -> int:
    """Return how many images have a mask. Raises `ProjectError` with the remedy when none has."""
    count = project.maps.count_done(info.id, KIND, split)
    if count == 0:
        raise ProjectError(f"run {info.name} has no masks yet: make them first (fbr-engine masks {project.folder})")
    return count
