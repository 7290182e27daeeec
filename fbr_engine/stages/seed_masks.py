"""The masks a second stage learns from: those of an earlier run. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import NO_LABEL
from fbr_engine.errors import ConfigError, ProjectError
from fbr_engine.project import ClassInfo, Project, RunInfo, load_mask
from fbr_engine.stages.shown_masks import KIND


def with_seed_run(project: Project, config: TrainConfig) -> TrainConfig:
    """Return ``config`` with the run named whose masks it learns from, if its host learns from masks.

    Without a name it is the newest finished first-stage run that has masks. Raises `ProjectError` with the remedy when
    there is none, or the named one is not there or has no masks.
    """
    if not config.learns_from_masks:
        return config
    if config.seeds_from:
        info = project.runs.get(config.seeds_from)
        if not _has_masks(project, info, config.split):
            raise ProjectError(
                f"seeds-from is {info.name} but this run has no masks{_of(config.split)} yet: make them first "
                f"(fbr-engine masks {project.folder} --run {info.name})"
            )
        return config
    for info in reversed(project.runs.all()):
        if _is_finished_first_stage(info) and _has_masks(project, info, config.split):
            return replace(config, seeds_from=info.name)
    raise ProjectError(
        f"{config.method} learns from the masks of an earlier run, and no finished run of {project.folder} has masks"
        f"{_of(config.split)}: train cam+fbr first and make its CAMs and masks"
    )


def seed_run(project: Project, config: TrainConfig) -> RunInfo | None:
    """Return the run that ``config`` (as from `with_seed_run`) learns from, None if from none.

    Raises `ProjectError` if it is not there any more.
    """
    if not config.seeds_from:
        return None
    info = project.runs.find(config.seeds_from)
    if info is None:
        raise ProjectError(
            f"the run {config.seeds_from}, from whose masks this run learns, is not in the project any more: give it "
            "back its name if it was renamed, else train a new run"
        )
    return info


@dataclass(frozen=True, slots=True)
class SeedMasks:
    """The masks of the run ``info`` as training labels: 0 background, 1 + index of the learnt class, 255 unknown."""

    project: Project
    info: RunInfo
    classes: list[ClassInfo]

    def find(self, image_id: int) -> Path | None:
        """Return where the mask of an image lies, or None."""
        found = self.project.maps.get(self.info.id, image_id, KIND)
        return None if found is None else self.project.path_of(found.location)

    def table(self) -> npt.NDArray[np.uint8]:
        """Return the label of each of the 256 values a stored mask may hold, as classes are today."""
        labels = np.full(256, NO_LABEL, dtype=np.uint8)
        labels[0] = 0
        for index, info in enumerate(self.classes, start=1):
            labels[info.id] = index
        table: npt.NDArray[np.uint8] = labels[self.project.classes.lookup()]
        return table

    def made(self, image_ids: Iterable[int]) -> list[tuple[int, str]]:
        """Return those of some images that have a mask, with its fingerprint, in the order of their numbers."""
        wanted = set(image_ids)
        return [row for row in self.project.maps.made(self.info.id, KIND) if row[0] in wanted]

    def digest(self, image_ids: Iterable[int]) -> str:
        """Return a short hash that tells whether the masks of these images are still the same."""
        return hashlib.sha256(repr(self.made(image_ids)).encode()).hexdigest()[:16]


def read_labels(path: Path, table: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a stored mask as labels, H x W. Raises `ReadError` if the file is missing or broken."""
    labels: npt.NDArray[np.uint8] = table[load_mask(path)]
    return labels


def _is_finished_first_stage(info: RunInfo) -> bool:
    try:
        return info.status == "done" and not TrainConfig.from_json(info.config).learns_from_masks
    except (ConfigError, TypeError):  # of a later version
        return False


def _has_masks(project: Project, info: RunInfo, split: str) -> bool:
    return project.maps.count_done(info.id, KIND, split) > 0


def _of(split: str) -> str:
    return f" of the split {split!r}" if split else ""
