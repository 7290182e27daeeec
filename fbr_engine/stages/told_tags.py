"""CAMs of a host that is told the tags: which tags made them is recorded, and CAMs of other tags are out of date."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.photos import tags_of
from fbr_engine.stages.stored_cams import KIND

TAGS = "tags"


def told(tags: npt.NDArray[np.int8]) -> dict[str, str]:
    """Return what is recorded beside CAMs that were made under ``tags``, C."""
    return {TAGS: hashlib.sha256(tags.tobytes()).hexdigest()[:16]}


def outdated(project: Project, info: RunInfo, class_ids: list[int], split: str = "") -> list[int]:
    """Return the images whose CAMs were made under other tags of the run's classes than today's."""
    made = {image.id: extra.get(TAGS) for image, _, extra in project.maps.done(info.id, KIND, split)}
    today = tags_of(project, list(made), class_ids)
    return [i for (i, was), tags in zip(made.items(), today, strict=True) if was != told(tags)[TAGS]]


def forget_outdated(project: Project, info: RunInfo, class_ids: list[int], split: str = "") -> None:
    """Drop what is recorded of the CAMs of `outdated` images, so that they are made again."""
    with project.transaction():
        for image in outdated(project, info, class_ids, split):
            project.maps.forget(info.id, KIND, image)
