"""The images a training sees, as seeded batches that any step can be resumed at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import NO_LABEL, Crop, epoch_order, random_crop
from fbr_engine.data.judged_plane import points
from fbr_engine.data.prefetch import prefetch
from fbr_engine.data.tensors import to_batch
from fbr_engine.errors import ProjectError
from fbr_engine.hosts import Batch
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.losses.judged import Judged
from fbr_engine.project import ClassInfo, Project
from fbr_engine.stages.broken_images import read_or_reason
from fbr_engine.stages.training_planes import PlaneFiles, TrainingPlanes


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Ids of the images with at least one known tag, int64 N, and their tags, int8 N x C (1, 0, -1 unknown).

    Images that could not be read are among them: a run that finds one broken must have the same set when it resumes.
    """

    ids: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int8]
    classes: list[ClassInfo]

    def __len__(self) -> int:
        return len(self.ids)

    def digest(self) -> str:
        """Return a short hash that tells whether the images are still the same."""
        return hashlib.sha256(self.ids.tobytes() + self.tags.tobytes()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class LoadedBatch:
    """A batch on the device (None when none of its images could be read), and what was skipped: (id, path, why).

    ``without``: why some of its images train without their mask or saliency map.
    """

    batch: Batch | None
    images: int
    skipped: list[tuple[int, str, str]]
    without: list[str]


def training_set(project: Project, split: str) -> TrainingSet:
    """Gather what can be learnt from. Raises `ProjectError` with the remedy when there is nothing."""
    classes = project.classes.learnt()
    if not classes:
        raise ProjectError(
            f"{project.folder}: no class to learn; make the project anew with --tags FILE, or with the images in "
            "folders named by class"
        )
    ids = np.fromiter((image.id for image in project.tags.tagged_images(split, with_problems=True)), dtype=np.int64)
    if len(ids) == 0:
        where = f"the split {split!r}" if split else "this project"
        raise ProjectError(f"{project.folder}: no image of {where} has tags; tag some images first")
    tags = project.tags.matrix(ids.tolist(), [c.id for c in classes])
    if not (tags == 1).any():
        raise ProjectError(f"{project.folder}: no tagged image shows any of the classes; tag some images first")
    return TrainingSet(ids, tags, classes)


def thin_classes(data: TrainingSet) -> list[str]:
    """Return one sentence for each class that can hardly be learnt."""
    notes = []
    for column, info in enumerate(data.classes):
        present = int((data.tags[:, column] == 1).sum())
        absent = int((data.tags[:, column] == 0).sum())
        if present < 2:
            notes.append(f"class {info.name} has {present or 'no'} tagged image{'s' if present != 1 else ''}")
        elif absent == 0:
            notes.append(f"class {info.name} is in every image: without counter-examples its CAM tells nothing")
    return notes


class BatchLoader:
    """Yields the batches of one epoch from any step on; decoding runs ahead in threads."""

    def __init__(
        self,
        project: Project,
        data: TrainingSet,
        config: TrainConfig,
        device: torch.device,
        planes: TrainingPlanes | None = None,
    ) -> None:
        self._project = project
        self._data = data
        self._config = config
        self._planes = planes or TrainingPlanes(None, None)
        self._device = device
        self.steps = -(-len(data) // config.batch)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[LoadedBatch]:
        """Yield the batches ``first_step`` .. of ``epoch``; each a pure function of (seed, epoch, step)."""
        order = epoch_order(len(self._data), self._config.seed, epoch)
        # Batches of nearly the same size: a last one of a single image would teach more noise than the others.
        parts = np.array_split(order, self.steps)
        items = (self._members(rows, epoch) for rows in parts[first_step:])
        for members, crops in prefetch(items, self._load):
            yield self._assemble(members, crops)

    def _members(self, rows: npt.NDArray[np.int64], epoch: int) -> list[_Member]:
        infos = self._project.images.by_ids(self._data.ids[rows].tolist())
        # A pass over the project's rows happens here, in the caller's thread: the workers touch files only.
        paths = {info.id: (info.path, self._project.image_path(info.path)) for info in infos}
        pairs = zip(rows, self._data.ids[rows], strict=True)
        # An image may have been taken out of the project since the training began.
        return [
            _Member(int(row), int(i), *paths[int(i)], epoch, self._planes.locate(int(i), paths[int(i)][0]))
            for row, i in pairs
            if int(i) in paths
        ]

    def _load(self, members: list[_Member]) -> list[_Loaded]:
        return [self._crop(member) for member in members]

    def _crop(self, member: _Member) -> _Loaded:
        config = self._config
        image = read_or_reason(member.file)
        if isinstance(image, str):
            return _Loaded(image, [])
        zoom = (config.scale_low, config.scale_high)
        planes, problems = self._planes.read(member.planes, (image.shape[0], image.shape[1]))
        crop = random_crop(image, config.crop, zoom, config.seed, member.epoch, member.row, planes)
        return _Loaded(crop, problems)

    def _assemble(self, members: list[_Member], loaded: list[_Loaded]) -> LoadedBatch:
        pairs = list(zip(members, loaded, strict=True))
        good = [(m, found.crop) for m, found in pairs if isinstance(found.crop, Crop)]
        skipped = [(m.id, m.path, found.crop) for m, found in pairs if isinstance(found.crop, str)]
        without = [problem for _, found in pairs for problem in found.problems]
        if not good:
            return LoadedBatch(None, 0, skipped, without)
        crop_list = [c for _, c in good]
        origin = CropOrigin(
            image=torch.tensor([m.id for m, _ in good], device=self._device),
            box=torch.tensor([c.box for c in crop_list], device=self._device),
            flipped=torch.tensor([c.flipped for c in crop_list], device=self._device),
            epoch=good[0][0].epoch,
        )
        batch = Batch(
            images=to_batch(np.stack([c.image for c in crop_list]), self._device),
            tags=torch.from_numpy(self._data.tags[[m.row for m, _ in good]]).to(self._device),
            valid=torch.from_numpy(np.stack([c.valid for c in crop_list])).to(self._device),
            origin=origin,
            labels=self._labels(crop_list),
            saliency=self._saliency(crop_list),
            judged=self._judged(crop_list),
        )
        return LoadedBatch(batch, len(good), skipped, without)

    def _labels(self, crops: list[Crop]) -> torch.Tensor | None:
        """Return B x S x S labels, 255 for an image without a mask, or None if the host needs none."""
        if self._planes.seeds is None:
            return None
        unknown = np.full((self._config.crop, self._config.crop), NO_LABEL, dtype=np.uint8)
        labels = np.stack([unknown if c.labels is None else c.labels for c in crops])
        return torch.from_numpy(labels).to(self._device).long()

    def _saliency(self, crops: list[Crop]) -> torch.Tensor | None:
        """Return B x S x S saliency, NaN for an image without a map, or None if no image of the batch has one."""
        if all(c.saliency is None for c in crops):
            return None
        unknown = np.full((self._config.crop, self._config.crop), np.nan, dtype=np.float32)
        saliency = np.stack([unknown if c.saliency is None else c.saliency for c in crops])
        return torch.from_numpy(saliency).to(self._device)

    def _judged(self, crops: list[Crop]) -> Judged | None:
        """Return what judgements say of the crops, or None if they say nothing of any image of the batch."""
        if all(c.judged is None for c in crops):
            return None
        side = points(self._config.crop)
        seeds = np.full((len(crops), side, side), NO_LABEL, dtype=np.uint8)
        forced = np.zeros((len(crops), len(self._data.classes), side, side), dtype=np.int8)
        for row, crop in enumerate(crops):
            if crop.judged is not None:
                seeds[row] = crop.judged.seeds
                for index, plane in crop.judged.forced.items():
                    forced[row, index] = plane
        return Judged(torch.from_numpy(seeds).to(self._device).long(), torch.from_numpy(forced).to(self._device))


@dataclass(frozen=True, slots=True)
class _Member:
    """One image of a batch: its row in the training set, its id, its path in the folder, and its files."""

    row: int
    id: int
    path: str
    file: Path
    epoch: int
    planes: PlaneFiles


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A crop, or why there is none, and why it lacks a plane."""

    crop: Crop | str
    problems: list[str]
