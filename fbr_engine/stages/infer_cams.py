"""Stage ``cams``: multi-scale CAMs, NROIs and features of every image, with a trained run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from fbr_engine.config import CamsConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.device import memory_advice, pick_device
from fbr_engine.data.images import Pixels
from fbr_engine.data.prefetch import prefetch
from fbr_engine.data.tensors import shrunk
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.project import UNKNOWN, FeatureShards, ImageInfo, Project, RunInfo, make_folder, save_arrays
from fbr_engine.stages.broken_images import read_or_reason, recheck
from fbr_engine.stages.cam_inference import CamInference, ImageMaps
from fbr_engine.stages.feature_basis import SAMPLE_IMAGES, load_basis, principal_basis, save_basis
from fbr_engine.stages.looked_at import First, LookedAt
from fbr_engine.stages.run_files import checkpoint_path, file_digest, find_run
from fbr_engine.stages.run_network import RunNetwork, load_run_network
from fbr_engine.stages.stored_cams import KIND

COMMIT_EVERY = 32


def run(
    project: Project, config: CamsConfig, run_name: str | None = None, first: First | None = None
) -> Iterator[Event]:
    """Compute what is not there yet under this configuration and checkpoint.

    ``first`` is asked between images, in the thread of this generator, for the numbers of those a person is looking at:
    what of them is still to do comes next.

    Raises what loading the run raises, and `ProjectError` when no image can be read.
    """
    info = find_run(project, run_name)
    digest = file_digest(checkpoint_path(project, info))
    project.maps.forget_missing(info.id, KIND)
    fingerprint = f"{digest}-{config.fingerprint('split', 'device')}"
    skipped = 0
    for event in recheck(project, config.split):
        skipped += 1
        yield event
    done = project.maps.count_done(info.id, KIND, config.split, fingerprint)
    total = done + project.maps.count_todo(info.id, KIND, fingerprint, config.split)
    yield Started(KIND, total, "images", info.name, done)
    if info.status != "done":
        yield Notice(f"run {info.name} is not trained to its end", "go on with fbr-engine train --resume")
    writer = _Writer(project, info, fingerprint, config.features, anew=done == 0 and not config.split)
    began = time.monotonic()
    try:
        for made in _compute(project, config, digest, writer, first) if done < total else ():
            yield made
            if isinstance(made, ImageSkipped):
                skipped += 1
            else:
                done += 1
                yield Progress(KIND, done, total, "images")
        writer.commit()
        if writer.count and not config.split:
            writer.free()
    finally:
        writer.close()
    if done == 0:
        raise ProjectError(f"{project.image_folder}: none of the images can be read; put them back or replace them")
    seconds = time.monotonic() - began
    yield Result(
        KIND,
        {
            "run": info.name,
            "images": done,
            "computed": writer.count,
            "skipped": skipped,
            "images_per_second": round(writer.count / max(seconds, 1e-9), 2),
        },
    )


def _compute(
    project: Project, config: CamsConfig, digest: str, writer: _Writer, first: First | None
) -> Iterator[FileWritten | ImageSkipped]:
    """Write the maps of the images still to do."""
    device = pick_device(config.device)
    network = load_run_network(project, writer.info, device)
    side = training_side(network.config.crop)
    inference: CamInference | None = None
    todo = _todo(project, config, writer, first)
    for image, photo in _photos(project, todo, side * max(1.0, *config.scales)):
        if isinstance(photo, str):
            project.images.set_problem(image.id, photo)
            yield ImageSkipped(image.path, photo)
            continue
        if inference is None:
            basis = _basis(project, writer.info, network, digest, device, photo)
            inference = CamInference(network, config, basis, device)
        tags = _tags(project, image, network.class_ids)
        with memory_advice(f"leave out large --scales, or leave out {image.path}"):
            maps = inference(photo.pixels, tags, image.id)
        location = writer.write(image, maps, photo.size, network.class_ids)
        if todo.awaits(image):
            writer.commit()
        yield FileWritten(KIND, image.path, location)


def _todo(project: Project, config: CamsConfig, writer: _Writer, first: First | None) -> LookedAt[ImageInfo]:
    which = (writer.info.id, KIND, writer.fingerprint)
    return LookedAt(
        project.maps.todo(*which, config.split),
        lambda image: image.id,
        first,
        lambda ids: project.maps.todo_among(*which, ids, config.split),
    )


def _tags(project: Project, image: ImageInfo, class_ids: list[int]) -> npt.NDArray[np.int8]:
    """Return the tags of the network's classes, C; one that was merged has the tag of the class it is part of."""
    known, aliases = project.tags.of(image.id), project.classes.aliases()
    return np.array([known.get(aliases.get(c, c), UNKNOWN) for c in class_ids], dtype=np.int8)


@dataclass(frozen=True, slots=True)
class _Photo:
    """The pixels of a photo, shrunk to what the network reads at most, and its own ``size`` (height, width) in px."""

    pixels: Pixels
    size: tuple[int, int]


def _photos(
    project: Project, images: Iterable[ImageInfo] | LookedAt[ImageInfo], longest: float
) -> Iterator[tuple[ImageInfo, _Photo | str]]:
    """Yield the images with their photo, or with why it cannot be read; reading runs ahead."""

    def located(image: ImageInfo) -> tuple[ImageInfo, Path]:
        return image, project.image_path(image.path)

    def urgent() -> tuple[ImageInfo, Path] | None:
        image = images.urgent() if isinstance(images, LookedAt) else None
        return located(image) if image is not None else None

    for (image, _), photo in prefetch(map(located, images), lambda item: _load(item[1], longest), urgent=urgent):
        yield image, photo


def _load(path: Path, longest: float) -> _Photo | str:
    pixels = read_or_reason(path)
    if isinstance(pixels, str):
        return pixels
    return _Photo(shrunk(pixels, longest), (pixels.shape[0], pixels.shape[1]))


def _basis(
    project: Project, info: RunInfo, network: RunNetwork, digest: str, device: torch.device, first: _Photo
) -> torch.Tensor:
    """Return the run's basis, made from a few images all over the project if need be; at least from the ``first``."""
    path = project.runs.folder(info.name) / "features" / "basis.safetensors"
    basis = load_basis(path, digest)
    if basis is None:
        side = training_side(network.config.crop)
        sample = project.images.spread(min(project.images.count(), SAMPLE_IMAGES))
        photos = (photo for _, photo in _photos(project, sample, side) if isinstance(photo, _Photo))
        basis = principal_basis(network.network, (p.pixels for p in chain([first], photos)), side, device)
        make_folder(path.parent)
        save_basis(path, basis, digest)
    return basis.to(device)


class _Writer:
    """Writes the maps of a run and records them in batches: a record never points to what is not on the disk."""

    def __init__(self, project: Project, info: RunInfo, fingerprint: str, features: bool, anew: bool) -> None:
        self.project, self.info, self.fingerprint, self.anew = project, info, fingerprint, anew
        folder = project.runs.folder(info.name)
        self.shards = FeatureShards(folder / "features") if features else None
        self.pending: list[tuple[int, int, str, str, str, dict[str, str]]] = []
        self.sizes: list[tuple[int, int, int]] = []
        self.count = 0

    def write(self, image: ImageInfo, maps: ImageMaps, size: tuple[int, int], class_ids: list[int]) -> str:
        """Write the maps of ``image``, ``size`` (height, width) px; return where they lie, relative to the project."""
        if self.anew and self.shards is not None:
            self.shards.begin_new_shard()
            self.anew = False
        path = self.project.map_path(self.info.name, image.path, KIND, "npz")
        facts = {"size": np.array(size, dtype=np.int32), "class_ids": np.array(class_ids, dtype=np.int32)}
        save_arrays(path, **_arrays(maps), **facts)
        extra = {"features": self.shards.append(maps.features)} if self.shards is not None else {}
        location = path.relative_to(self.project.folder).as_posix()
        self.pending.append((self.info.id, image.id, KIND, self.fingerprint, location, extra))
        if (image.height, image.width) != size:
            self.sizes.append((image.id, size[1], size[0]))
        self.count += 1
        if len(self.pending) >= COMMIT_EVERY:
            self.commit()
        return location

    def commit(self) -> None:
        """Record what is written, once it is sure to be on the disk."""
        if self.shards is not None:
            self.shards.sync()
        with self.project.transaction():
            self.project.maps.record_many(self.pending)
            self.project.images.set_sizes(self.sizes)
        self.pending, self.sizes = [], []

    def free(self) -> None:
        """Remove the shards of the feature store that no record points to any more: those of an earlier pass."""
        if self.shards is None:
            return
        records = self.project.maps.done(self.info.id, KIND)
        used = {int(extra["features"].split(":")[0]) for _, _, extra in records if "features" in extra}
        self.shards.remove(set(self.shards.shards()) - used)

    def close(self) -> None:
        """Record the rest and let go of the feature store."""
        try:
            self.commit()
        finally:
            if self.shards is not None:
                self.shards.close()


def _arrays(maps: ImageMaps) -> dict[str, npt.NDArray[np.generic]]:
    return {
        "cam": maps.cam,
        "peak": maps.peak,
        "logits": maps.logits,
        "nroi_labels": maps.nroi_labels,
        "nroi_centroids": maps.nroi_centroids,
        "nroi_sizes": maps.nroi_sizes,
    }
