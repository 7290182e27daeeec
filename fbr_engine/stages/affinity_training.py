"""Learns a boundary branch from the seeds of a run: pairs of pixels of which both are sure to be something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import CamRecord, StoredCam, cam_record

STAGE = "affinity"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a branch is learnt.

    ``images``: at most so many an epoch. ``together``: images whose gradients are summed for a step. ``radius``: of the
    pairs, in cells. ``below``, ``above``: a pixel is sure to be background below, and foreground above, these multiples
    of the threshold.
    """

    images: int = 1000
    epochs: int = 1
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
    ids = _images(project, info)
    each = min(len(ids), options.images)
    total = each * options.epochs
    yield Started(STAGE, total, "images", info.name)
    branch.reset(options.seed)
    optimizer = _Optimizer(branch, options, total)
    seen = 0
    for epoch in range(options.epochs):
        order = epoch_order(len(ids), options.seed, epoch)[:each]
        records = _records(project, info, [ids[i] for i in order])
        samples = prefetch(records, lambda r: _load(project, r, side, threshold, options))
        for done, (_, sample) in enumerate(samples, start=epoch * each + 1):
            if sample is not None:
                with memory_advice("use --device cpu"):
                    optimizer.add(_loss(backbone, branch, sample, options.radius))
                seen += 1
            yield Progress(STAGE, done, total, "images", optimizer.note)
    if not seen:
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


def _images(project: Project, info: RunInfo) -> list[int]:
    """Return the numbers of the images to learn from: with CAMs, and of the split the run was trained on."""
    split = str(info.config.get("split", ""))
    chosen = split if split in project.images.splits() else ""
    return [image.id for image, _, _ in project.maps.done(info.id, CAMS, chosen) if not image.problem]


def _records(project: Project, info: RunInfo, ids: list[int]) -> Iterator[CamRecord | None]:
    for number in ids:
        for image in project.images.by_ids([number]):
            yield cam_record(project, info, image)


def _load(
    project: Project, record: CamRecord | None, side: float, threshold: float, options: TrainingOptions
) -> Sample | None:
    if record is None or 1 not in record.tags.values():
        return None
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
    """AdamW over sums of a few images' gradients, under a rate that rises at once and falls to 0 (poly, 0.9)."""

    def __init__(self, branch: BoundaryBranch, options: TrainingOptions, total: int) -> None:
        self._options, self._total, self._seen = options, max(1, total), 0
        self._adam = torch.optim.AdamW(branch.parameters(), options.learning_rate, weight_decay=options.weight_decay)
        self._mean = 0.0

    @property
    def note(self) -> str:
        """The running mean of the loss, for `Progress`."""
        return f"loss {self._mean:.3f}" if self._seen else ""

    def add(self, loss: Tensor) -> None:
        """Take the gradient of one image; step when there are enough."""
        (loss / self._options.together).backward()  # type: ignore[no-untyped-call]
        value = float(loss.detach())
        self._seen += 1
        self._mean += (value - self._mean) / min(self._seen, 50)
        if self._seen % self._options.together == 0:
            self._step()

    def _step(self) -> None:
        warm = min(1.0, self._seen / self._options.together / 10)
        left = max(0.0, 1 - self._seen / self._total) ** 0.9
        for group in self._adam.param_groups:
            group["lr"] = self._options.learning_rate * warm * left
        self._adam.step()
        self._adam.zero_grad(set_to_none=True)
