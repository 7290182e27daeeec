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
from fbr_engine.hosts import HOST_TABLE
from fbr_engine.project import ImageInfo, Project, RunInfo, make_folder
from fbr_engine.stages.broken_images import recheck
from fbr_engine.stages.cam_inference import CamInference
from fbr_engine.stages.cam_writer import AHEAD, CamWriter
from fbr_engine.stages.feature_basis import SAMPLE_IMAGES, load_basis, principal_basis, save_basis
from fbr_engine.stages.looked_at import First, LookedAt
from fbr_engine.stages.photos import Photo, image_tags, photos
from fbr_engine.stages.region_sources import RegionSources, region_sources
from fbr_engine.stages.regions import MinedRegions, mined_regions
from fbr_engine.stages.run_files import checkpoint_path, file_digest, find_run
from fbr_engine.stages.run_network import RunNetwork, load_run_network
from fbr_engine.stages.stored_cams import KIND
from fbr_engine.stages.told_tags import forget_outdated, told


def run(
    project: Project, config: CamsConfig, run_name: str | None = None, first: First | None = None
) -> Iterator[Event]:
    """Compute what is not there yet under this configuration and checkpoint.

    ``first`` is asked between images, in the thread of this generator, for the numbers of those a person is looking at:
    what of them is still to do comes next, though not before a run's regions are mined.

    Raises what loading the run raises, and `ProjectError` when no image can be read.
    """
    plan = _plan(project, config, run_name)
    info, config = plan.info, plan.config
    skipped = 0
    for event in recheck(project, config.split):
        skipped += 1
        yield event
    done = project.maps.count_done(info.id, KIND, config.split, plan.fingerprint)
    total = done + project.maps.count_todo(info.id, KIND, plan.fingerprint, config.split)
    ready = (yield from _ready(project, plan)) if done < total else None
    yield Started(KIND, total, "images", info.name, done)
    yield from _notices(info, ready)
    writer = CamWriter(project, info, _made_under(plan, ready), config.features, anew=done == 0 and not config.split)
    began = time.monotonic()
    try:
        for made in _compute(project, plan, writer, ready, first) if ready else ():
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is computed: CAMs of ``fingerprint`` by the checkpoint of ``digest``, verified by regions of ``sources``."""

    info: RunInfo
    config: CamsConfig
    digest: str
    sources: RegionSources | None
    fingerprint: str


def _plan(project: Project, config: CamsConfig, run_name: str | None) -> _Plan:
    """Settle the configuration, and drop what is recorded of CAMs that are gone or were made under other tags."""
    info = find_run(project, run_name)
    digest = file_digest(checkpoint_path(project, info))
    training = TrainConfig.from_json(info.config)
    config, class_ids = config.settled_for(training), list(info.figures.get("class_ids", ()))
    sources = region_sources(project, training, class_ids) if config.verify and training.verifies else None
    fingerprint = f"{digest}-{config.fingerprint('split', 'device', 'precision', 'verify', 'background_odds')}"
    if sources is not None:
        fingerprint += f"-verified-{config.background_odds:g}"
    project.maps.forget_missing(info.id, KIND)
    if getattr(HOST_TABLE[training.host], "told_tags", False):
        forget_outdated(project, info, class_ids, config.split)
    return _Plan(info, config, digest, sources, fingerprint)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What inference needs; ``regions`` where CAMs are verified."""

    network: RunNetwork
    regions: MinedRegions | None
    device: torch.device


def _ready(project: Project, plan: _Plan) -> Generator[Event, None, _Ready]:
    """Load the run's network, and mine its regions if they are to be and are not there."""
    device = pick_device(plan.config.device)
    network = load_run_network(project, plan.info, device)
    network.network.bf16 = pick_precision(plan.config.precision, device) == "bf16"
    if plan.sources is None:
        return _Ready(network, None, device)
    regions = yield from mined_regions(project, plan.info, network, plan.digest, plan.sources, device)
    return _Ready(network, regions, device)


def _notices(info: RunInfo, ready: _Ready | None) -> Iterator[Notice]:
    if info.status != "done":
        yield Notice(f"run {info.name} is not trained to its end", "go on with fbr-engine train --resume")
    if ready is not None and ready.regions is not None:
        yield from ready.regions.notices


def _made_under(plan: _Plan, ready: _Ready | None) -> str:
    """Return what CAMs are recorded under: those verified by regions of too few images are to be made again."""
    whole = ready is None or ready.regions is None or ready.regions.whole
    return plan.fingerprint if whole else f"{plan.fingerprint}-partly"


def _compute(
    project: Project, plan: _Plan, writer: CamWriter, ready: _Ready, first: First | None
) -> Iterator[FileWritten | ImageSkipped]:
    """Write the maps of the images still to do; the network goes on while they are written."""
    network, device, config = ready.network, ready.device, plan.config
    bank = ready.regions.bank if ready.regions is not None else None
    side = training_side(network.config.crop)
    inference: CamInference | None = None
    todo = _todo(project, plan, first)
    for image, photo in photos(project, todo, side * max(1.0, *config.scales)):
        if isinstance(photo, str):
            project.images.set_problem(image.id, photo)
            yield ImageSkipped(image.path, photo)
            continue
        if inference is None:
            basis = _basis(project, plan.info, network, plan.digest, device, photo)
            inference = CamInference(network, config, basis, device, bank)
        tags = image_tags(project, image, network.class_ids)
        with memory_advice(f"leave out large --scales, or leave out {image.path}"):
            maps = inference(photo.pixels, tags, image.id)
        writer.put(image, maps, photo.size, network.class_ids, told(tags) if network.host.told_tags else None)
        # What somebody waits for is told as soon as it can be.
        yield from _written(writer, todo, most=0 if todo.awaits(image) else AHEAD)
    yield from _written(writer, todo, most=0)


def _written(writer: CamWriter, todo: LookedAt[ImageInfo], most: int) -> Iterator[FileWritten]:
    for image, location in writer.finished(most):
        if todo.awaits(image):
            writer.record()
        yield FileWritten(KIND, image.path, location)


def _todo(project: Project, plan: _Plan, first: First | None) -> LookedAt[ImageInfo]:
    which = (plan.info.id, KIND, plan.fingerprint)
    return LookedAt(
        project.maps.todo(*which, plan.config.split),
        lambda image: image.id,
        first,
        lambda ids: project.maps.todo_among(*which, ids, plan.config.split),
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
