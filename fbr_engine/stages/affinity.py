"""The refiner ``walk``: its boundary branch is learnt on a run's frozen backbone, from the run's own seeds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from fbr_engine.data.augment import training_side
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.events import Event
from fbr_engine.networks.backbones import Backbone, probed
from fbr_engine.networks.boundary import BoundaryBranch, side_features
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.project import Project, RunInfo
from fbr_engine.refiners.base import Refiner
from fbr_engine.refiners.learnt_walk import LearntWalk
from fbr_engine.refiners.walk import WalkOptions
from fbr_engine.stages.affinity_training import TrainingOptions, learn
from fbr_engine.stages.run_files import checkpoint_path, file_digest
from fbr_engine.stages.run_network import load_run_network
from fbr_engine.stages.stored_cams import KIND as CAMS

FILE = "affinity.safetensors"


def prepare(
    project: Project, info: RunInfo, threshold: float, device: torch.device, options: TrainingOptions | None = None
) -> Generator[Event, None, Refiner]:
    """Return the run's refiner, learning its branch first if there is none for its CAMs and ``threshold``.

    The file appears when the branch is learnt to its end. Raises what loading the run raises, and `ProjectError` when
    there is nothing to learn from.
    """
    path = _path(project, info)
    backbone, side = _backbone(project, info, device)
    options = options or TrainingOptions()
    facts = _facts(project, info, threshold, options)
    if _facts_of(path) != facts:
        branch = _new_branch(backbone, device)
        yield from learn(project, info, backbone, branch, side, threshold, options)
        save_checkpoint(path, branch.state_dict(), facts)
    return _refiner(path, backbone, side, device)


def load(project: Project, info: RunInfo, device: torch.device) -> Refiner:
    """Return the run's refiner, learnt at whatever threshold. Raises `ProjectError` when there is none."""
    path = _path(project, info)
    found = _facts_of(path)
    digest = file_digest(checkpoint_path(project, info))
    if found is None or found.get("checkpoint") != digest:
        raise ProjectError(
            f"run {info.name} has learnt no boundaries for the refiner walk yet: make its masks with it "
            "(fbr-engine masks --refine walk)"
        )
    return _refiner(path, *_backbone(project, info, device), device)


def _path(project: Project, info: RunInfo) -> Path:
    return project.runs.folder(info.name) / FILE


def _facts(project: Project, info: RunInfo, threshold: float, options: TrainingOptions) -> dict[str, Any]:
    """Return all that the branch follows from, but for the tags: a few new ones change little."""
    return {
        "checkpoint": file_digest(checkpoint_path(project, info)),
        "cams": project.maps.fingerprints(info.id, CAMS),
        "threshold": f"{threshold:.4f}",
        "options": asdict(options),
    }


def _facts_of(path: Path) -> dict[str, Any] | None:
    """Return what the branch at ``path`` was learnt from, None when there is none or its file is broken."""
    try:
        return load_checkpoint(path)[1]
    except ReadError:
        return None


def _backbone(project: Project, info: RunInfo, device: torch.device) -> tuple[Backbone, float]:
    run = load_run_network(project, info, device)
    return run.network.backbone.requires_grad_(False), training_side(run.config.crop)


def _new_branch(backbone: Backbone, device: torch.device) -> BoundaryBranch:
    channels = [f.shape[1] for f in probed(backbone, lambda images: side_features(backbone, images))]
    return BoundaryBranch(channels).to(device)


def _refiner(path: Path, backbone: Backbone, side: float, device: torch.device) -> Refiner:
    branch = _new_branch(backbone, device)
    try:
        branch.load_state_dict(load_checkpoint(path)[0])
    except RuntimeError as error:
        raise ReadError(f"{path}: the file does not fit its run; remove it and make the masks again") from error
    return Refiner(LearntWalk(backbone, branch.eval(), side, WalkOptions()), file_digest(path))
