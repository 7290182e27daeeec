"""The mask that shows: one resolver for evaluation and export, so that what is exported is what was seen.

A person's correction wins over the run's mask. Pixel ids are those of today: classes that were merged or deleted
since a mask was written are looked up when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.project import ClassInfo, ImageInfo, Project, RunInfo, load_mask
from fbr_engine.stages.run_files import run_classes

KIND = "masks"


@dataclass(frozen=True, slots=True)
class ShownMask:
    """One image, where the mask that shows for it lies, and whose it is."""

    image: ImageInfo
    path: Path
    source: Literal["person", "run"]
    _project: Project = field(repr=False, compare=False)
    _lookup: npt.NDArray[np.uint8] = field(repr=False, compare=False)

    def read(self) -> npt.NDArray[np.uint8]:
        """Return pixel ids, H x W (0 background, 255 ignore). Raises `ReadError`."""
        if self.source == "run":
            return self._lookup[load_mask(self.path)]
        found = self._project.person_masks.load(self.image.id)
        if found is None:
            raise ReadError(f"{self.image.path}: its correction was removed meanwhile; start again")
        return found.classes


def shown_mask(project: Project, info: RunInfo, image: ImageInfo) -> ShownMask | None:
    """Return the mask that shows for ``image`` under this run, or None."""
    person = project.person_masks.find(image.id)
    found = None if person else project.maps.get(info.id, image.id, KIND)
    return _shown(project, image, found.location if found else None, person, project.classes.lookup())


def shown_masks(project: Project, info: RunInfo, split: str = "") -> Iterator[ShownMask]:
    """Yield the masks that show, page by page."""
    lookup = project.classes.lookup()
    for image, run, person in project.person_masks.shown(info.id, KIND, split):
        found = _shown(project, image, run, person, lookup)
        if found is not None:
            yield found


def require_masks(project: Project, info: RunInfo, split: str = "") -> int:
    """Return how many images have a mask. Raises `ProjectError` with the remedy when none has."""
    count = project.person_masks.count_shown(info.id, KIND, split)
    if count == 0:
        raise ProjectError(f"run {info.name} has no masks yet: make them first (fbr-engine masks {project.folder})")
    return count


def shown_classes(project: Project, info: RunInfo) -> list[ClassInfo]:
    """Return the classes that masks may show, in the project's order.

    Those the run has learnt; once a person has corrected masks also the others that are learnt now, for a class may
    have been painted before a run knows it.
    """
    classes = run_classes(project, info)
    if project.person_masks.count() == 0:
        return classes
    known = {c.id for c in classes}
    return [c for c in project.classes.all() if c.learnt or c.id in known]


def _shown(
    project: Project, image: ImageInfo, run: str | None, person: str | None, lookup: npt.NDArray[np.uint8]
) -> ShownMask | None:
    location = person or run
    if location is None:
        return None
    return ShownMask(image, project.path_of(location), "person" if person else "run", project, lookup)
