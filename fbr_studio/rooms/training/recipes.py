"""Suggested values of the training form, and the small network as a way out. Needs no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fbr_engine.config import TrainConfig
from fbr_engine.data.images import upright_size
from fbr_engine.errors import FbrError
from fbr_engine.project import ImageInfo, Project
from fbr_engine.stages.seed_masks import with_seed_run
from fbr_engine.stages.start_from import start_run
from fbr_studio.widgets.formatting import without_commands

SMALL_SIDE = 200
DRAWN_SCENES = TrainConfig(
    method="cam+fbr",
    backbone="tiny",
    weights="drawn",
    epochs=12,
    crop=129,
    batch=16,
    scale_low=0.8,
    scale_high=1.4,
    lr_encoder=1e-3,
    lr_head=4e-3,
)


SMALL_NETWORK: dict[str, Any] = {"backbone": "tiny", "weights": "drawn"}
_SMALL_PACE: dict[str, Any] = {"epochs": 12, "lr_encoder": 1e-3, "lr_head": 4e-3}


def small_network(config: TrainConfig) -> dict[str, Any]:
    """Return the fields that let the small network train in place of another: it needs more epochs and higher rates."""
    return SMALL_NETWORK | _SMALL_PACE | {"crop": min(config.crop, TrainConfig().crop)}


def first_config(project: Project) -> TrainConfig:
    """Return how a first training of this project should go: small drawn scenes train as the demo does."""
    split = "train" if _holds_most(project, "train") else ""
    if has_small_images(project):
        return replace(DRAWN_SCENES, split=split)
    return TrainConfig(split=split)


def _holds_most(project: Project, split: str) -> bool:
    """Return whether most tagged images are in this split."""
    return 2 * project.tags.count_tagged(split, with_problems=True) > project.tags.count_tagged(with_problems=True)


def has_small_images(project: Project) -> bool:
    """Return whether the images are so small that the small network suits them: none wider than 200 px in a sample."""
    widths = [_width(project, image) for image in project.images.spread(6)]
    return any(widths) and max(widths) <= SMALL_SIDE


def _width(project: Project, image: ImageInfo) -> int:
    """Return an image's width in px, 0 if it cannot be read."""
    if image.width:
        return image.width
    try:
        return upright_size(project.image_path(image.path))[1]
    except FbrError:
        return 0


def config_obstacle(project: Project, config: TrainConfig) -> tuple[str, str]:
    """Return why what the form names cannot be trained with, and the field at fault; two empty strings if it can."""
    try:
        with_seed_run(project, config)
    except FbrError as error:
        return without_commands(str(error)), "seeds_from"
    try:
        start_run(project, config)
    except FbrError as error:
        return without_commands(str(error)), "start_from"
    if config.saliency and not Path(config.saliency).is_dir():
        return "There is no such folder. Choose the one with the saliency maps.", "saliency"
    return "", ""


def obstacle(project: Project, split: str) -> str:
    """Return why training cannot start, with what to do about it, or nothing."""
    learnt = project.classes.learnt()
    if not learnt:
        return "This project has no class to learn. Add classes and tag some images first."
    if not project.tags.count_tagged(split, with_problems=True):
        if split:
            return f"No image of the split {split} has tags. Choose another split, or tag some images first."
        return "No image has tags yet. Training learns from tags: tag some images first."
    known = project.tags.counts(split)
    if not any(known.get(info.id, (0, 0, 0))[0] for info in learnt):
        return "No tagged image shows any of the classes. Tag some images first."
    return ""
