"""Which training images a run's regions are mined from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project
from fbr_engine.stages import region_limits
from fbr_engine.stages.photos import tags_of
from fbr_engine.stages.training_data import training_set


@dataclass(frozen=True, slots=True)
class RegionSources:
    """``ids``: N images. ``tags``: N x C int8 of the run's classes, 1, 0 or -1."""

    ids: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int8]


def region_sources(project: Project, config: TrainConfig, class_ids: list[int]) -> RegionSources:
    """Return what regions of a run of ``config`` and ``class_ids`` are mined from under today's tags."""
    ids = _training_ids(project, config.split)
    tags = tags_of(project, ids.tolist(), class_ids)
    rows = chosen_rows(tags, region_limits.IMAGES)
    return RegionSources(ids[rows], tags[rows])


def chosen_rows(tags: npt.NDArray[np.int8], most: int) -> npt.NDArray[np.int64]:
    """Return about ``most`` rows of N x C ``tags``: evenly spread over all, and over the present ones of each class."""
    if len(tags) <= most:
        return np.arange(len(tags), dtype=np.int64)
    share = max(1, most // (tags.shape[1] + 1))
    groups = [np.arange(len(tags)), *(np.flatnonzero(tags[:, c] == 1) for c in range(tags.shape[1]))]
    return np.unique(np.concatenate([g[evenly(len(g), share)] for g in groups])).astype(np.int64)


def evenly(count: int, most: int) -> npt.NDArray[np.int64]:
    """Return up to ``most`` of the places 0 .. ``count`` - 1, evenly spread."""
    return np.linspace(0, count - 1, min(most, count)).round().astype(np.int64)


def _training_ids(project: Project, split: str) -> npt.NDArray[np.int64]:
    """Return the images with tags: none when tags or classes have gone since the training."""
    try:
        return training_set(project, split if split in project.images.splits() else "").ids
    except ProjectError:
        return np.empty(0, dtype=np.int64)
