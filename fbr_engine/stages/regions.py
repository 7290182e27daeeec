"""Mining the regions of a run's training images: what its CAMs are verified against (`networks.region_bank`)."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.device import memory_advice
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.events import Event, Progress, Started
from fbr_engine.losses.kmeans import batched_kmeans
from fbr_engine.networks.cam_network import normalised_cam
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.networks.region_bank import RegionBank, embedded, negatives_among
from fbr_engine.project import ImageInfo, Project, RunInfo, make_folder
from fbr_engine.stages.photos import Photo, image_tags, photos
from fbr_engine.stages.run_network import RunNetwork
from fbr_engine.stages.training_data import training_set

KIND = "regions"
FILE = Path("features", "regions.safetensors")
IMAGES = 1200
SPACE_IMAGES = 64
DIMS = 128
BACKGROUND = 0.3
FOREGROUND = 0.6
FOREGROUND_REGIONS = 2
SMALLEST = 8
MOST_FOREGROUND = 2400
MOST_NROIS = 4800


def region_bank(
    project: Project, info: RunInfo, run: RunNetwork, digest: str, device: torch.device
) -> Generator[Event, None, RegionBank]:
    """Return the run's regions, mined once per checkpoint (``digest``) from up to 1,200 of its training images.

    Confident pixels are those with a CAM above 0.6 (foreground) or with all CAMs below 0.3 (background). Foreground
    gives 2 centroids per class and image, background as many NROIs as the run's ``nrois``, by k-means. Images that
    cannot be read are left out; without any the bank knows no class, and is not kept.
    """
    path = project.runs.folder(info.name) / FILE
    bank = _stored(path, digest)
    if bank is None:
        miner = _Miner(project, run, device)
        bank = yield from miner.mined(info)
        if miner.any_read:
            make_folder(path.parent)
            save_checkpoint(path, bank.tensors(), {"checkpoint": digest})
    return bank.to(device)


def _stored(path: Path, digest: str) -> RegionBank | None:
    try:
        tensors, facts = load_checkpoint(path)
    except ReadError:
        return None
    whole = tensors.keys() == {f.name for f in fields(RegionBank)}
    return RegionBank(**tensors) if whole and facts.get("checkpoint") == digest else None


def mined_zoom(config: TrainConfig) -> float:
    """Return the scale at which regions are mined: the middle of the training zoom, on a logarithmic scale."""
    return math.sqrt(config.scale_low * config.scale_high)


def chosen_rows(tags: npt.NDArray[np.int8], most: int) -> npt.NDArray[np.int64]:
    """Return about ``most`` rows of N x C ``tags``: evenly spread over all, and over the present ones of each class."""
    if len(tags) <= most:
        return np.arange(len(tags), dtype=np.int64)
    share = max(1, most // (tags.shape[1] + 1))
    groups = [np.arange(len(tags)), *(np.flatnonzero(tags[:, c] == 1) for c in range(tags.shape[1]))]
    return np.unique(np.concatenate([g[_evenly(len(g), share)] for g in groups])).astype(np.int64)


def _evenly(count: int, most: int) -> npt.NDArray[np.int64]:
    """Return up to ``most`` of the places 0 .. ``count`` - 1, evenly spread."""
    return np.linspace(0, count - 1, min(most, count)).round().astype(np.int64)


def _training_ids(project: Project, split: str) -> npt.NDArray[np.int64]:
    """Return the images to mine: none when tags or classes have gone since the training."""
    try:
        data = training_set(project, split if split in project.images.splits() else "")
    except ProjectError:
        return np.empty(0, dtype=np.int64)
    return data.ids[chosen_rows(data.tags, IMAGES)]


@dataclass(frozen=True, slots=True)
class _View:
    """``features``: 1 x F x h x w. ``cam``: 1 x C x h x w, normalised. ``tags``: C of 1, 0, -1."""

    image: int
    tags: Tensor
    features: Tensor
    cam: Tensor


@dataclass
class _Found:
    """Regions so far: centroids, images and classes or tags, one tensor per image."""

    foreground: list[Tensor] = field(default_factory=list)
    foreground_class: list[Tensor] = field(default_factory=list)
    foreground_image: list[Tensor] = field(default_factory=list)
    nrois: list[Tensor] = field(default_factory=list)
    nroi_tags: list[Tensor] = field(default_factory=list)
    nroi_image: list[Tensor] = field(default_factory=list)


class _Miner:
    """One pass over some images for the space, one over more for the regions."""

    def __init__(self, project: Project, run: RunNetwork, device: torch.device) -> None:
        self.project, self.run, self.device = project, run, device
        self.side = training_side(run.config.crop) * mined_zoom(run.config)
        self.ids = _training_ids(project, run.config.split)
        self.any_read = False

    def mined(self, info: RunInfo) -> Generator[Event, None, RegionBank]:
        """Yield progress, return the bank."""
        few = self.ids[_evenly(len(self.ids), SPACE_IMAGES)]
        total = len(few) + len(self.ids)
        if total:
            yield Started(KIND, total, "images", info.name)
        spread = _Spread(self.run.network.backbone.channels, self.device)
        for done, view in enumerate(self._views(few), start=1):
            if view is not None:
                spread.add(view.features)
            yield Progress(KIND, done, total, "images")
        mean, basis = spread.space()
        found = _Found()
        for done, view in enumerate(self._views(self.ids), start=len(few) + 1):
            if view is not None:
                self._add(found, view, embedded(view.features, mean, basis))
                self.any_read = True
            yield Progress(KIND, done, total, "images")
        return self._bank(found, mean, basis)

    def _views(self, ids: npt.NDArray[np.int64]) -> Iterator[_View | None]:
        """Yield what the network says of each image, None for one that is broken."""
        images = self.project.images.by_ids(ids.tolist())
        for image, photo in photos(self.project, images, self.side):
            yield self._view(image, photo) if isinstance(photo, Photo) else None

    @torch.inference_mode()
    def _view(self, image: ImageInfo, photo: Photo) -> _View | None:
        unit = self.side / max(photo.pixels.shape[:2])
        tags = torch.from_numpy(image_tags(self.project, image, self.run.class_ids)).to(self.device)
        with memory_advice("use --device cpu"):
            batch = to_batch(resize_for_network(photo.pixels, unit)[None], self.device)
            out = self.run.infer(batch, tags[None])
        if not out.features.isfinite().all():
            return None
        return _View(image.id, tags, out.features, normalised_cam(out.cam_logits, tags[None]))

    @torch.inference_mode()
    def _add(self, found: _Found, view: _View, points: Tensor) -> None:
        flat = view.cam.flatten(2)[0]
        top, label = flat.max(dim=0)
        generator = torch.Generator(self.device).manual_seed(view.image)
        background = top < BACKGROUND
        if int(background.sum()) >= SMALLEST:
            centroids = _centroids(points, background, self.run.config.nrois, generator)
            found.nrois.append(centroids)
            found.nroi_tags.append(view.tags.expand(len(centroids), -1))
            found.nroi_image.append(torch.full((len(centroids),), view.image, device=self.device))
        for index in (view.tags == 1).nonzero()[:, 0].tolist():
            sure = (flat[index] > FOREGROUND) & (label == index)
            if int(sure.sum()) >= SMALLEST:
                centroids = _centroids(points, sure, FOREGROUND_REGIONS, generator)
                one = torch.zeros(len(centroids), len(view.tags), device=self.device)
                one[:, index] = 1
                found.foreground.append(centroids)
                found.foreground_class.append(one)
                found.foreground_image.append(torch.full((len(centroids),), view.image, device=self.device))

    def _bank(self, found: _Found, mean: Tensor, basis: Tensor) -> RegionBank:
        classes = len(self.run.class_ids)

        def joined(parts: list[Tensor], width: int, most: int) -> Tensor:
            if not parts:
                return torch.zeros((0, width) if width else (0,), device=self.device)
            whole = torch.cat(parts)
            return whole[torch.from_numpy(_evenly(len(whole), most)).to(self.device)]

        foreground = joined(found.foreground, basis.shape[1], MOST_FOREGROUND)
        foreground_class = joined(found.foreground_class, classes, MOST_FOREGROUND)
        nrois = joined(found.nrois, basis.shape[1], MOST_NROIS)
        negative = negatives_among(
            nrois,
            joined(found.nroi_image, 0, MOST_NROIS),
            joined(found.nroi_tags, classes, MOST_NROIS),
            foreground,
            foreground_class,
            joined(found.foreground_image, 0, MOST_FOREGROUND),
        )
        return RegionBank(mean, basis, foreground, foreground_class, nrois, negative)


class _Spread:
    """First and second moments of features, from which the comparison space follows."""

    def __init__(self, channels: int, device: torch.device) -> None:
        self.sum = torch.zeros(channels, dtype=torch.float64, device=device)
        self.moment = torch.zeros(channels, channels, dtype=torch.float64, device=device)
        self.count = 0

    def add(self, features: Tensor) -> None:
        flat = features.flatten(2).transpose(1, 2).flatten(0, 1)
        self.sum += flat.double().sum(dim=0)
        self.moment += (flat.T @ flat).double()
        self.count += len(flat)

    def space(self) -> tuple[Tensor, Tensor]:
        """Return mean F and basis F x D: the leading directions, each divided by the root of its standard deviation."""
        mean = self.sum / max(1, self.count)
        covariance = self.moment / max(1, self.count) - mean[:, None] * mean[None]
        values, vectors = torch.linalg.eigh(covariance)
        dims = min(DIMS, len(values))
        deviation = values[-dims:].clamp(min=1e-8).sqrt()
        return mean.float(), (vectors[:, -dims:] / deviation.sqrt()).float()


def _centroids(points: Tensor, mask: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the unit centroids, at most ``count`` x D, of the masked ones of ``points``, 1 x P x D."""
    clusters = batched_kmeans(points, mask[None], count, iterations=5, generator=generator)
    return torch.nn.functional.normalize(clusters.centroids[0, clusters.sizes[0] > 0], dim=1)
