"""Stage ``cams``: multi-scale CAMs, NROIs and features of every image, with a trained run."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import chain

import torch

from fbr_engine.config import CamsConfig, TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.device import memory_advice, pick_device, pick_precision
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.networks.region_bank import RegionBank
from fbr_engine.project import ImageInfo, Project, RunInfo, make_folder
from fbr_engine.stages.broken_images import recheck
from fbr_engine.stages.cam_inference import CamInference
from fbr_engine.stages.cam_writer import AHEAD, CamWriter
from fbr_engine.stages.feature_basis import SAMPLE_IMAGES, load_basis, principal_basis, save_basis
from fbr_engine.stages.looked_at import First, LookedAt
from fbr_engine.stages.photos import Photo, image_tags, photos
from fbr_engine.stages.regions import region_bank
from fbr_engine.stages.run_files import checkpoint_path, file_digest, find_run
from fbr_engine.stages.run_network import RunNetwork, load_run_network
from fbr_engine.stages.stored_cams import KIND


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
    training = TrainConfig.from_json(info.config)
    config, verified = config.settled_for(training), config.verify and training.verifies
    fingerprint = _fingerprint(digest, config, verified)
    skipped = 0
    for event in recheck(project, config.split):
        skipped += 1
        yield event
    done = project.maps.count_done(info.id, KIND, config.split, fingerprint)
    total = done + project.maps.count_todo(info.id, KIND, fingerprint, config.split)
    ready = (yield from _ready(project, config, info, digest)) if done < total else None
    yield Started(KIND, total, "images", info.name, done)
    if info.status != "done":
        yield Notice(f"run {info.name} is not trained to its end", "go on with fbr-engine train --resume")
    writer = CamWriter(project, info, fingerprint, config.features, anew=done == 0 and not config.split)
    began = time.monotonic()
    try:
        for made in _compute(project, config, digest, writer, ready, first) if ready else ():
            yield made
            if isinstance(made, ImageSkipped):
                skipped += 1
            else:
                done += 1
                yield Progress(KIND, done, total, "images")
        writer.record()
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


def _fingerprint(digest: str, config: CamsConfig, verified: bool) -> str:
    plain = config.fingerprint("split", "device", "precision", "verify", "background_odds")
    return f"{digest}-{plain}" + (f"-verified-{config.background_odds:g}" if verified else "")


@dataclass(frozen=True, slots=True)
class _Ready:
    """What inference needs; ``regions`` where CAMs are verified."""

    network: RunNetwork
    regions: RegionBank | None
    device: torch.device


def _ready(project: Project, config: CamsConfig, info: RunInfo, digest: str) -> Generator[Event, None, _Ready]:
    """Load the run's network, and mine its regions if they are to be and are not there."""
    device = pick_device(config.device)
    network = load_run_network(project, info, device)
    network.network.bf16 = pick_precision(config.precision, device) == "bf16"
    if not (config.verify and network.config.verifies):
        return _Ready(network, None, device)
    regions = yield from region_bank(project, info, network, digest, device)
    return _Ready(network, regions, device)


def _compute(
    project: Project, config: CamsConfig, digest: str, writer: CamWriter, ready: _Ready, first: First | None
) -> Iterator[FileWritten | ImageSkipped]:
    """Write the maps of the images still to do; the network goes on while they are written."""
    network, device = ready.network, ready.device
    side = training_side(network.config.crop)
    inference: CamInference | None = None
    todo = _todo(project, config, writer, first)
    for image, photo in photos(project, todo, side * max(1.0, *config.scales)):
        if isinstance(photo, str):
            project.images.set_problem(image.id, photo)
            yield ImageSkipped(image.path, photo)
            continue
        if inference is None:
            basis = _basis(project, writer.info, network, digest, device, photo)
            inference = CamInference(network, config, basis, device, ready.regions)
        tags = image_tags(project, image, network.class_ids)
        with memory_advice(f"leave out large --scales, or leave out {image.path}"):
            maps = inference(photo.pixels, tags, image.id)
        writer.put(image, maps, photo.size, network.class_ids)
        # What somebody waits for is told as soon as it can be.
        yield from _written(writer, todo, most=0 if todo.awaits(image) else AHEAD)
    yield from _written(writer, todo, most=0)


def _written(writer: CamWriter, todo: LookedAt[ImageInfo], most: int) -> Iterator[FileWritten]:
    for image, location in writer.finished(most):
        if todo.awaits(image):
            writer.record()
        yield FileWritten(KIND, image.path, location)


def _todo(project: Project, config: CamsConfig, writer: CamWriter, first: First | None) -> LookedAt[ImageInfo]:
    which = (writer.info.id, KIND, writer.fingerprint)
    return LookedAt(
        project.maps.todo(*which, config.split),
        lambda image: image.id,
        first,
        lambda ids: project.maps.todo_among(*which, ids, config.split),
    )


def _basis(
    project: Project, info: RunInfo, network: RunNetwork, digest: str, device: torch.device, first: Photo
) -> torch.Tensor:
    """Return the run's basis, made from a few images all over the project if need be; at least from the ``first``."""
    path = project.runs.folder(info.name) / "features" / "basis.safetensors"
    basis = load_basis(path, digest)
    if basis is None:
        side = training_side(network.config.crop)
        sample = project.images.spread(min(project.images.count(), SAMPLE_IMAGES))
        others = (photo for _, photo in photos(project, sample, side) if isinstance(photo, Photo))
        basis = principal_basis(network.network, (p.pixels for p in chain([first], others)), side, device)
        make_folder(path.parent)
        save_basis(path, basis, digest)
    return basis.to(device)
