"""Mining the regions of a run's training images: what its CAMs are verified against (`networks.region_bank`)."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.device import memory_advice
from fbr_engine.data.judged_plane import JudgedPlane
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.errors import ReadError
from fbr_engine.events import Event, Notice, Progress, Started
from fbr_engine.losses.judged import judged_tags
from fbr_engine.losses.kmeans import batched_kmeans
from fbr_engine.networks.cam_network import normalised_cam
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.networks.region_bank import RegionBank, embedded, negatives_among
from fbr_engine.project import ImageInfo, Project, RunInfo, make_folder
from fbr_engine.stages import region_limits as limits
from fbr_engine.stages.judged_planes import JudgedPlanes
from fbr_engine.stages.photos import Photo, photos
from fbr_engine.stages.region_notices import few_read, unknown_classes
from fbr_engine.stages.region_sources import RegionSources, evenly
from fbr_engine.stages.run_network import RunNetwork

KIND = "regions"
FILE = Path("features", "regions.safetensors")
NEARLY_ALL = 0.9  # of the images must have been read for a bank to be kept


@dataclass(frozen=True, slots=True)
class MinedRegions:
    """A run's ``bank``, whether it is ``whole`` (nearly all images were read), and what a person should know of it."""

    bank: RegionBank
    whole: bool
    notices: list[Notice]


def mined_regions(
    project: Project, info: RunInfo, run: RunNetwork, digest: str, sources: RegionSources, device: torch.device
) -> Generator[Event, None, MinedRegions]:
    """Return the run's regions, mined once per checkpoint (``digest``), from ``sources``.

    Tags that change later leave them. Confident pixels are those with a CAM above 0.6 (foreground) or with all CAMs
    below 0.3 (background); what the run has learnt from judgements goes before both. Foreground gives 2 centroids per
    class and image, background as many NROIs as the run's ``nrois``, by k-means. Images that cannot be read are left
    out; a bank that lacks many is not kept.
    """
    path, facts = project.runs.folder(info.name) / FILE, {"checkpoint": digest}
    bank, whole, notices = _stored(path, facts), True, []
    if bank is None:
        miner = _Miner(project, run, sources, device, JudgedPlanes.load(project.runs.folder(info.name)))
        bank = yield from miner.mined(info)
        images = len(sources.ids)
        read = images - len(miner.unread)
        whole = read >= NEARLY_ALL * images
        if not whole:
            notices.append(few_read(info.name, read, images))
        elif images:
            make_folder(path.parent)
            save_checkpoint(path, bank.tensors(), facts)
    notices += unknown_classes(project, info.name, bank, run.class_ids)
    return MinedRegions(bank.to(device), whole, notices)


def _stored(path: Path, facts: dict[str, str]) -> RegionBank | None:
    try:
        tensors, found = load_checkpoint(path)
    except ReadError:
        return None
    whole = tensors.keys() == {f.name for f in fields(RegionBank)}
    return RegionBank(**tensors) if whole and found == facts else None


def mined_zoom(config: TrainConfig) -> float:
    """Return the scale at which regions are mined: the middle of the training zoom, on a logarithmic scale."""
    return math.sqrt(config.scale_low * config.scale_high)


@dataclass(frozen=True, slots=True)
class _View:
    """``features``: 1 x F x h x w. ``cam``: 1 x C x h x w, normalised. ``tags``: C of 1, 0, -1.

    ``forced``: C x h*w int8, 1 where part of the object, -1 where background was judged; None if nothing was.
    """

    image: int
    tags: Tensor
    features: Tensor
    cam: Tensor
    forced: Tensor | None = None


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

    def __init__(
        self,
        project: Project,
        run: RunNetwork,
        sources: RegionSources,
        device: torch.device,
        judged: JudgedPlanes | None = None,
    ) -> None:
        self.project, self.run, self.sources, self.device, self.judged = project, run, sources, device, judged
        self.side = training_side(run.config.crop) * mined_zoom(run.config)
        self.unread: set[int] = set()

    def mined(self, info: RunInfo) -> Generator[Event, None, RegionBank]:
        """Yield progress, return the bank."""
        rows = np.arange(len(self.sources.ids))
        few = evenly(len(rows), limits.SPACE_IMAGES)
        total = len(few) + len(rows)
        if total:
            yield Started(KIND, total, "images", info.name)
        spread = _Spread(self.run.network.backbone.channels, self.device)
        for done, view in enumerate(self._views(few), start=1):
            if view is not None:
                spread.add(view.features)
            yield Progress(KIND, done, total, "images")
        mean, basis = spread.space()
        found = _Found()
        for done, view in enumerate(self._views(rows), start=len(few) + 1):
            if view is not None:
                self._add(found, view, embedded(view.features, mean, basis))
            yield Progress(KIND, done, total, "images")
        return self._bank(found, mean, basis)

    def _views(self, rows: npt.NDArray[np.int64]) -> Iterator[_View | None]:
        """Yield what the network says of each image, None for one that is broken."""
        tags = dict(zip(self.sources.ids[rows].tolist(), self.sources.tags[rows], strict=True))
        for image, photo in photos(self.project, self.project.images.by_ids(list(tags)), self.side):
            if isinstance(photo, Photo):
                yield self._view(image, photo, torch.from_numpy(tags[image.id]).to(self.device))
            else:
                self.unread.add(image.id)
                yield None

    @torch.inference_mode()
    def _view(self, image: ImageInfo, photo: Photo, tags: Tensor) -> _View | None:
        unit = self.side / max(photo.pixels.shape[:2])
        with memory_advice("use --device cpu"):
            batch = to_batch(resize_for_network(photo.pixels, unit)[None], self.device)
            out = self.run.infer(batch, tags[None])
        if not out.features.isfinite().all():
            return None
        plane = self.judged.find(image.id) if self.judged is not None else None
        if plane is None:
            return _View(image.id, tags, out.features, normalised_cam(out.cam_logits, tags[None]))
        forced = forced_at(plane, out.cam_logits[0]).to(self.device)
        cam = normalised_cam(out.cam_logits * (forced >= 0), tags[None])
        return _View(image.id, tags, out.features, cam, forced.flatten(1))

    @torch.inference_mode()
    def _add(self, found: _Found, view: _View, points: Tensor) -> None:
        flat = view.cam.flatten(2)[0]
        top, label = flat.max(dim=0)
        generator = torch.Generator(self.device).manual_seed(view.image)
        background, told = top < limits.BACKGROUND, view.forced
        if told is not None:
            background &= ~(told > 0).any(dim=0)
        if int(background.sum()) >= limits.SMALLEST:
            centroids, members = _clusters(points, background, self.run.config.nrois, generator)
            tags = view.tags.expand(len(centroids), -1)
            found.nrois.append(centroids)
            found.nroi_tags.append(tags if told is None else judged_tags(view.tags[None], members, told[None])[0])
            found.nroi_image.append(torch.full((len(centroids),), view.image, device=self.device))
        for index in (view.tags == 1).nonzero()[:, 0].tolist():
            sure = (flat[index] > limits.FOREGROUND) & (label == index)
            if told is not None:
                sure |= told[index] > 0
            if int(sure.sum()) >= limits.SMALLEST:
                centroids, _ = _clusters(points, sure, limits.FOREGROUND_REGIONS, generator)
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
            return whole[torch.from_numpy(evenly(len(whole), most)).to(self.device)]

        foreground = joined(found.foreground, basis.shape[1], limits.MOST_FOREGROUND)
        foreground_class = joined(found.foreground_class, classes, limits.MOST_FOREGROUND)
        nrois = joined(found.nrois, basis.shape[1], limits.MOST_NROIS)
        negative = negatives_among(
            nrois,
            joined(found.nroi_image, 0, limits.MOST_NROIS),
            joined(found.nroi_tags, classes, limits.MOST_NROIS),
            foreground,
            foreground_class,
            joined(found.foreground_image, 0, limits.MOST_FOREGROUND),
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
        dims = min(limits.DIMS, len(values))
        deviation = values[-dims:].clamp(min=1e-8).sqrt()
        return mean.float(), (vectors[:, -dims:] / deviation.sqrt()).float()


def _clusters(points: Tensor, mask: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return K unit centroids, at most ``count``, K x D, of the masked ones of ``points``, 1 x P x D.

    And which points each has: 1 x K x P of 0 and 1.
    """
    clusters = batched_kmeans(points, mask[None], count, iterations=5, generator=generator)
    filled = clusters.sizes[0] > 0
    return F.normalize(clusters.centroids[0, filled], dim=1), clusters.members(points.dtype)[:, filled]


def forced_at(plane: JudgedPlane, like: Tensor) -> Tensor:
    """Return what is forced, C x h x w int8, on the lattice of ``like``, C x h x w; corners lie on corners."""
    height, width = like.shape[1:]
    forced = torch.zeros(like.shape, dtype=torch.int8)
    for index, found in plane.at(np.linspace(0, 1, height), np.linspace(0, 1, width)).forced.items():
        forced[index] = torch.from_numpy(found)
    return forced
