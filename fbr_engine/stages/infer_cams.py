"""Stage ``cams``: multi-scale CAMs, NROIs and features of every image, with a trained run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from fbr_engine.config import CamsConfig
from fbr_engine.data.device import memory_advice, pick_device
from fbr_engine.data.images import Pixels
from fbr_engine.data.prefetch import prefetch
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.project import FeatureShards, ImageInfo, Project, RunInfo, make_folder, save_arrays
from fbr_engine.stages.broken_images import read_or_reason, recheck
from fbr_engine.stages.cam_inference import CamInference, ImageMaps
from fbr_engine.stages.feature_basis import SAMPLE_IMAGES, load_basis, principal_basis, save_basis
from fbr_engine.stages.run_files import checkpoint_path, file_digest, find_run
from fbr_engine.stages.run_network import RunNetwork, load_run_network

KIND = "cams"
COMMIT_EVERY = 32


def run(project: Project, config: CamsConfig, run_name: str | None = None) -> Iterator[Event]:
    """Compute what is not there yet under this configuration and checkpoint.

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
        for made in _compute(project, config, digest, writer) if done < total else ():
            yield made
            if isinstance(made, ImageSkipped):
                skipped += 1
            else:
                done += 1
                yield Progress(KIND, done, total, "images")
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


def _clear(project: Project, info: RunInfo) -> None:
    """Forget CAMs made otherwise, since all are made anew, and free the feature store, which only grows."""
    project.maps.forget(info.id, KIND)
    for shard in (project.runs.folder(info.name) / "features").glob("*.f16"):
        shard.unlink(missing_ok=True)


def _compute(
    project: Project, config: CamsConfig, digest: str, writer: _Writer
) -> Iterator[FileWritten | ImageSkipped]:
    """Write the maps of the images still to do."""
    device = pick_device(config.device)
    network = load_run_network(project, writer.info, device)
    inference: CamInference | None = None
    for image, pixels in _images(project, writer.info, config.split, writer.fingerprint):
        if isinstance(pixels, str):
            project.images.set_problem(image.id, pixels)
            yield ImageSkipped(image.path, pixels)
            continue
        if inference is None:
            basis = _basis(project, writer.info, network, digest, device, pixels)
            inference = CamInference(network, config, basis, device)
        tags = project.tags.matrix([image.id], network.class_ids)[0]
        with memory_advice(f"leave out large --scales, or leave out {image.path}"):
            maps = inference(pixels, tags, image.id)
        yield FileWritten(KIND, image.path, writer.write(image, maps, pixels, network.class_ids))


def _images(project: Project, info: RunInfo, split: str, fingerprint: str) -> Iterator[tuple[ImageInfo, Pixels | str]]:
    """Yield the images still to do with their pixels, or with why they cannot be read; reading runs ahead."""
    todo = project.maps.todo(info.id, KIND, fingerprint, split)
    items = ((image, project.image_path(image.path)) for image in todo)
    read = prefetch(items, lambda item: read_or_reason(item[1]))
    for (image, _), pixels in read:
        yield image, pixels


def _basis(
    project: Project, info: RunInfo, network: RunNetwork, digest: str, device: torch.device, first: Pixels
) -> torch.Tensor:
    """Return the run's basis, made from a few images if need be; at least from the ``first`` one."""
    path = project.runs.folder(info.name) / "features" / "basis.safetensors"
    basis = load_basis(path, digest)
    if basis is None:
        basis = principal_basis(network.network, _sample(project) or [first], device)
        make_folder(path.parent)
        save_basis(path, basis, digest)
    return basis.to(device)


def _sample(project: Project) -> list[Pixels]:
    """Return a few readable images from all over the project."""
    count = project.images.count()
    images = project.images.spread(min(count, 2 * SAMPLE_IMAGES))
    pixels = (read_or_reason(project.image_path(image.path)) for image in images)
    return list(islice((p for p in pixels if not isinstance(p, str)), SAMPLE_IMAGES))


class _Writer:
    """Writes the maps of a run and records them in batches: a record never points to what is not on the disk."""

    def __init__(self, project: Project, info: RunInfo, fingerprint: str, features: bool, anew: bool) -> None:
        self.project, self.info, self.fingerprint, self.anew = project, info, fingerprint, anew
        folder = project.runs.folder(info.name)
        self.shards = FeatureShards(folder / "features") if features else None
        self.pending: list[tuple[int, int, str, str, str, dict[str, str]]] = []
        self.count = 0

    def write(self, image: ImageInfo, maps: ImageMaps, pixels: Pixels, class_ids: list[int]) -> str:
        """Write the maps of ``image`` and return where they lie, relative to the project."""
        if self.anew:  # not before the first image is computed: until then the old CAMs are all there is
            _clear(self.project, self.info)
            self.anew = False
        path = self.project.map_path(self.info.name, image.path, KIND, "npz")
        size = np.array(pixels.shape[:2], dtype=np.int32)
        save_arrays(path, **_arrays(maps), size=size, class_ids=np.array(class_ids, dtype=np.int32))
        extra = {"features": self.shards.append(maps.features)} if self.shards is not None else {}
        location = path.relative_to(self.project.folder).as_posix()
        self.pending.append((self.info.id, image.id, KIND, self.fingerprint, location, extra))
        if (image.height, image.width) != pixels.shape[:2]:
            self.project.images.set_size(image.id, pixels.shape[1], pixels.shape[0])
        self.count += 1
        if len(self.pending) >= COMMIT_EVERY:
            self.commit()
        return location

    def commit(self) -> None:
        """Record what is written, once it is sure to be on the disk."""
        if self.shards is not None:
            self.shards.sync()
        self.project.maps.record_many(self.pending)
        self.pending = []

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
