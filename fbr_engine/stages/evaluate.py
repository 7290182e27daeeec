"""Stage ``evaluate``: how well the masks agree with true ones, per class and split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fbr_engine.config import EvaluateConfig
from fbr_engine.errors import ConfigError, ReadError
from fbr_engine.events import Event, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.confusion import Counts, confusion_counts, iou_per_class, mean_iou
from fbr_engine.stages.mask_folder import MaskFolder
from fbr_engine.stages.run_files import find_run
from fbr_engine.stages.shown_masks import ShownMask, require_masks, shown_classes, shown_masks

STAGE = "evaluate"

Mask = npt.NDArray[np.uint8]


def run(project: Project, config: EvaluateConfig, run_name: str | None = None) -> Iterator[Event]:
    """Compare the masks that show, a person's before the run's, with those in ``config.masks``.

    The result has ``miou``, ``iou`` by class (background included) and ``images`` over all compared images, and the
    same under ``splits`` for each split. Raises `ReadError` when nothing can be compared.
    """
    if not config.masks:
        raise ConfigError("give the folder with the true masks: --masks DIR")
    info = find_run(project, run_name)
    truth = MaskFolder(Path(config.masks))
    total = require_masks(project, info, config.split)
    yield Started(STAGE, total, "images", info.name)
    tally = _Tally(project, info, truth)
    done = 0
    for done, shown in enumerate(shown_masks(project, info, config.split), start=1):
        problem = tally.add(shown)
        if problem:
            yield ImageSkipped(shown.image.path, problem)
        yield Progress(STAGE, done, total, "images")
    if tally.images == 0 and tally.missing < done:
        raise ReadError(f"{truth.folder}: none of its masks could be used; see the reports above")
    if tally.images == 0:
        raise ReadError(f"{truth.folder}: holds no mask for any image; masks match by relative path, else by file name")
    if tally.missing:
        yield Notice(f"{tally.missing} images have no true mask in {truth.folder} and were left out")
    unknown = [name for name in tally.names if name not in truth.names.values()]
    if unknown:
        yield Notice(
            f"the true masks know no {', '.join(unknown)}",
            f"list the values and names in {truth.folder}/classes.txt",
        )
    figures = tally.figures()
    if project.writable:
        project.runs.update(info.id, figures={"miou": figures["miou"]})
    yield Result(STAGE, {"run": info.name} | figures)


class _Tally:
    """Counts pixels by (truth, prediction), apart for each split."""

    def __init__(self, project: Project, info: RunInfo, truth: MaskFolder) -> None:
        classes = shown_classes(project, info)
        self.names = [c.name for c in classes]
        self._ids = {c.id: index for index, c in enumerate(classes, start=1)}
        self._truth = truth
        self._table = truth.lookup(self.names)
        self._counts: dict[str, Counts] = {}
        self._images: dict[str, int] = {}
        self._taken: dict[Path, str] = {}
        self.missing = 0

    @property
    def images(self) -> int:
        return sum(self._images.values())

    def add(self, shown: ShownMask) -> str | None:
        """Count one image; return why it could not be, or None."""
        try:
            path = self._truth.find(shown.image.path)
            if path is None:
                self.missing += 1
                return None
            other = self._taken.setdefault(path, shown.image.path)
            if other != shown.image.path:
                return f"{path}: is the mask of {other} too; lay the masks out in folders like the images"
            true, mask = self._table[self._truth.read(path)], shown.read()
        except ReadError as error:
            return str(error)
        if true.shape != mask.shape:
            return f"{path}: is {true.shape[1]} x {true.shape[0]} px, the image {mask.shape[1]} x {mask.shape[0]}"
        self._count(shown.image.split or "", confusion_counts(true, self._to_index(mask), len(self.names) + 1))
        return None

    def figures(self) -> dict[str, Any]:
        """Return the figures over everything and for each split."""
        total = np.sum(list(self._counts.values()), axis=0)
        splits = {s: self._figures(c, self._images[s]) for s, c in self._counts.items() if s}
        return self._figures(total, self.images) | {"splits": splits}

    def _to_index(self, mask: Mask) -> Mask:
        table = np.zeros(256, dtype=np.uint8)
        for pixel_id, index in self._ids.items():
            table[pixel_id] = index
        indices: Mask = table[mask]
        return indices

    def _count(self, split: str, counts: Counts) -> None:
        self._counts[split] = self._counts.get(split, 0) + counts
        self._images[split] = self._images.get(split, 0) + 1

    def _figures(self, counts: Counts, images: int) -> dict[str, Any]:
        ious = iou_per_class(counts)
        rounded = [None if v is None else round(v, 4) for v in ious]
        mean = mean_iou(ious)
        return {
            "miou": None if mean is None else round(mean, 4),
            "iou": dict(zip(["background", *self.names], rounded, strict=True)),
            "images": images,
        }
