"""What a training reads beside the photos: masks of an earlier run, saliency maps, judgements. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import Planes
from fbr_engine.data.judged_plane import JudgedPlane
from fbr_engine.errors import ConfigError, ProjectError, ReadError
from fbr_engine.events import Notice
from fbr_engine.project import ClassInfo, Project
from fbr_engine.project.paths import shown
from fbr_engine.stages.judged_planes import JudgedPlanes
from fbr_engine.stages.saliency_maps import SaliencyMaps, read_saliency
from fbr_engine.stages.seed_masks import SeedMasks, read_labels, seed_run

PAGE = 1000


@dataclass(frozen=True, slots=True)
class PlaneFiles:
    """Where the planes of one image lie, and what was judged about it; None for what it has not."""

    labels: Path | None
    saliency: Path | None
    judged: JudgedPlane | None = None


class TrainingPlanes:
    """Finds the planes of an image in the training's thread, and reads them in any.

    ``seeds_digest`` and ``judged_digest`` tell whether masks and judgements are still the same when the training is
    resumed.
    """

    def __init__(
        self,
        seeds: SeedMasks | None,
        maps: SaliencyMaps | None,
        seeds_digest: str = "",
        judged: JudgedPlanes | None = None,
    ) -> None:
        self.seeds, self.maps, self.seeds_digest, self.judged = seeds, maps, seeds_digest, judged
        self.judged_digest = "" if judged is None else judged.digest()
        self._table: npt.NDArray[np.uint8] | None = None if seeds is None else seeds.table()

    def locate(self, image_id: int, image: str) -> PlaneFiles:
        """Return where the planes of the image ``image_id`` lie, which is called ``image`` in the project."""
        labels = None if self.seeds is None else self.seeds.find(image_id)
        judged = None if self.judged is None else self.judged.find(image_id)
        return PlaneFiles(labels, None if self.maps is None else self.maps.find(image), judged)

    def read(self, files: PlaneFiles, size: tuple[int, int]) -> tuple[Planes, list[str]]:
        """Return the planes of an image of ``size`` (height, width) px, and why it trains without a broken one."""
        labels = saliency = None
        problems = []
        try:
            if files.labels is not None and self._table is not None:
                labels = read_labels(files.labels, self._table)
        except ReadError as error:
            problems.append(f"trained without this mask: {error}")
        try:
            saliency = None if files.saliency is None else read_saliency(files.saliency, size)
        except ReadError as error:
            problems.append(f"trained without this saliency map: {error}")
        return Planes(labels, saliency, files.judged), problems


def with_absolute_folder(config: TrainConfig) -> TrainConfig:
    """Return ``config`` with its saliency folder named so that the run can be resumed from anywhere.

    Raises `ConfigError` for a name that is not UTF-8, which a config cannot hold.
    """
    if not config.saliency:
        return config
    folder = str(Path(config.saliency).absolute())
    try:
        folder.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"saliency is {shown(folder)} but that is no text: rename the folder") from error
    return replace(config, saliency=folder)


def training_planes(
    project: Project,
    config: TrainConfig,
    classes: list[ClassInfo],
    image_ids: Sequence[int],
    judged: JudgedPlanes | None = None,
) -> tuple[TrainingPlanes, list[Notice]]:
    """Return the planes that ``config`` asks for, with those that were ``judged``, and how many images have them.

    Raises `ProjectError` when the run that is learnt from is not there or has none of their masks, and `ConfigError`
    when no saliency map can be used.
    """
    notices = []
    seeds = maps = None
    digest = ""
    info = seed_run(project, config)
    if info is not None:
        seeds = SeedMasks(project, info, classes)
        digest, found = seeds.digest(image_ids), len(seeds.made(image_ids))
        if not found:
            raise ProjectError(
                f"run {info.name} has no mask of any tagged image: make its masks anew (fbr-engine masks "
                f"{project.folder} --run {info.name})"
            )
        note = f"learns from the masks of run {info.name}, which has one for {found} of {len(image_ids)} images"
        notices.append(Notice(note, "" if found == len(image_ids) else "the others teach by their tags alone"))
    if config.saliency:
        maps = SaliencyMaps(Path(config.saliency))
        found = len(maps.matching(_names(project, image_ids)))
        notices.append(Notice(f"{found} of {len(image_ids)} images have a saliency map in {shown(config.saliency)}"))
    if judged is not None:
        notices.append(Notice(f"learns from the seeds of an earlier run, as they were judged, on {len(judged)} images"))
    return TrainingPlanes(seeds, maps, digest, judged), notices


def _names(project: Project, image_ids: Sequence[int]) -> Iterator[str]:
    for first in range(0, len(image_ids), PAGE):
        yield from (image.path for image in project.images.by_ids(image_ids[first : first + PAGE]))
