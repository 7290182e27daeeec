"""Learns a boundary branch from the seeds of a run: pairs of pixels of which both are sure to be something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fbr_engine.data.augment import epoch_order
from fbr_engine.data.device import memory_advice
from fbr_engine.data.images import Pixels
from fbr_engine.data.prefetch import prefetch
from fbr_engine.data.tensors import to_batch
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.events import Event, Progress, Started
from fbr_engine.losses.affinity import IGNORED, affinity_loss
from fbr_engine.networks.backbones import Backbone
from fbr_engine.networks.boundary import BoundaryBranch, grid_of, side_features
from fbr_engine.project import Project, RunInfo
from fbr_engine.refiners.learnt_walk import network_photo
from fbr_engine.stages.broken_images import read_or_reason
from fbr_engine.stages.run_files import learnt_ids
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import CamRecord, StoredCam, cam_record

STAGE = "affinity"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a branch is learnt.

    ``views``: how many images are seen; when there are fewer they are seen again, in whole epochs. ``together``: images
    whose gradients are summed for a step. ``radius``: of the pairs, in cells. ``below``, ``above``: a pixel is sure to
    be background below, and foreground above, these multiples of the threshold.
    """

    views: int = 1000
    together: int = 8
    radius: int = 5
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    below: float = 0.7
    above: float = 1.25
    seed: int = 0


class Sample(NamedTuple):
    """``photo``: H x W x 3 in the network's size. ``labels``: h x w of its cells, 0 background, k+1 class k, 255."""

    photo: Pixels
    labels: npt.NDArray[np.uint8]


def learn(
    project: Project,
    info: RunInfo,
    backbone: Backbone,
    branch: BoundaryBranch,
    side: float,
    threshold: float,
    options: TrainingOptions | None = None,
) -> Iterator[Event]:
    """Train ``branch`` in place on features of ``backbone``, which stays as it is; ``side`` is the photos' longer one.

    Images that cannot be read or have no present tag are passed over. On the CPU the outcome is the same every time.
    Raises `ProjectError` when that leaves none.
    """
    options = options or TrainingOptions()
    records = _records(project, info, options)
    epochs = max(1, ceil(options.views / max(1, len(records))))
    total = len(records) * epochs
    yield Started(STAGE, total, "images", info.name)
    branch.reset(options.seed)
    optimizer = _Optimizer(branch, options, total)
    views = (records[i] for epoch in range(epochs) for i in epoch_order(len(records), options.seed, epoch))
    samples = prefetch(views, lambda r: _load(project, r, side, threshold, options))
    for done, (_, sample) in enumerate(samples, start=1):
        if sample is not None:
            with memory_advice("use --device cpu"):
                optimizer.add(_loss(backbone, branch, sample, options.radius))
        yield Progress(STAGE, done, total, "images", optimizer.note)
    with memory_advice("use --device cpu"):
        optimizer.flush()
    if not optimizer.steps:
        raise ProjectError(
            f"run {info.name} has no tagged images with CAMs to learn boundaries from: use --refine pamr"
        )


def seed_labels_of(
    cam: StoredCam, size: tuple[int, int], threshold: float, options: TrainingOptions
) -> npt.NDArray[np.uint8]:
    """Return the sure labels at ``size``, h x w: 0 background, k+1 for the k-th class of ``cam``, 255 where unsure."""
    scores = cam.scores(size)
    top = scores.max(axis=0)
    labels = np.full(size, IGNORED, dtype=np.uint8)
    labels[top < options.below * threshold] = 0
    sure = top > _foreground(threshold, options)
    labels[sure] = scores.argmax(axis=0)[sure] + 1
    return labels


def _foreground(threshold: float, options: TrainingOptions) -> float:
    """Return from where a pixel is sure to be foreground; under a high threshold half-way from it to the peak."""
    return min(options.above * threshold, (1 + threshold) / 2)


def _records(project: Project, info: RunInfo, options: TrainingOptions) -> list[CamRecord]:
    """Return the images of an epoch, at most ``options.views``, drawn from all that can teach."""
    ids = _images(project, info)
    drawn = epoch_order(len(ids), options.seed, 0)[: options.views]
    images = project.images.by_ids([ids[i] for i in drawn])
    return [record for image in images if (record := cam_record(project, info, image)) is not None]


def _images(project: Project, info: RunInfo) -> list[int]:
    """Return the images with CAMs and a present tag, of the split the run was trained on."""
    split = str(info.config.get("split", ""))
    chosen = split if split in project.images.splits() else ""
    ids = [image.id for image, _, _ in project.maps.done(info.id, CAMS, chosen) if not image.problem]
    tagged = (project.tags.matrix(ids, sorted(learnt_ids(project, info))) == 1).any(axis=1)
    return [i for i, present in zip(ids, tagged, strict=True) if present]


def _load(
    project: Project, record: CamRecord, side: float, threshold: float, options: TrainingOptions
) -> Sample | None:
    pixels = read_or_reason(project.image_path(record.image.path))
    try:
        cam = record.read()
    except ReadError:  # reported when its mask is due
        return None
    if isinstance(pixels, str) or len(cam.cam) == 0:
        return None
    photo = network_photo(pixels, side)
    return Sample(photo, seed_labels_of(cam, grid_of(photo.shape[:2]), threshold, options))


def _loss(backbone: Backbone, branch: BoundaryBranch, sample: Sample, radius: int) -> Tensor:
    device = next(branch.parameters()).device
    with torch.no_grad():
        features = side_features(backbone, to_batch(sample.photo[None], device))
    labels = torch.from_numpy(sample.labels).to(device)[None]
    return affinity_loss(branch(features, grid_of(sample.photo.shape[:2])), labels, radius)


class _Optimizer:
    """AdamW over sums of a few images' gradients, under a rate that rises at once and then falls (poly, 0.9)."""

    def __init__(self, branch: BoundaryBranch, options: TrainingOptions, total: int) -> None:
        self._options, self._total, self._seen, self._waiting = options, max(1, total), 0, 0
        self._adam = torch.optim.AdamW(branch.parameters(), options.learning_rate, weight_decay=options.weight_decay)
        self._mean = 0.0
        self.steps = 0

    @property
    def note(self) -> str:
        """The running mean of the loss, for `Progress`."""
        return f"loss {self._mean:.3f}" if self._seen else ""

    def add(self, loss: Tensor) -> None:
        """Take the gradient of one image; step when there are enough."""
        (loss / self._options.together).backward()  # type: ignore[no-untyped-call]
        value = float(loss.detach())
        self._seen += 1
        self._waiting += 1
        self._mean += (value - self._mean) / min(self._seen, 50)
        if self._waiting == self._options.together:
            self.flush()

    def flush(self) -> None:
        """Step with the images that no step has counted yet, if there are any."""
        if not self._waiting:
            return
        warm = min(1.0, self._seen / self._options.together / 10)
        before = max(0, self._seen - self._options.together)  # so that the last step is one, too
        for group in self._adam.param_groups:
            group["lr"] = self._options.learning_rate * warm * (1 - before / self._total) ** 0.9
        self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        self._waiting = 0
        self.steps += 1
