"""How long a training would take, and how much disk it and its CAMs would: told before it starts, without torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.errors import ConfigError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.run_files import METRICS

# Millions of weights without a classifier, channels the CAM is made of, and images a second that two slow cores train
# on crops of 225 px: what is promised before anything was measured here should rather be too slow.
_BACKBONES = {
    "mobilenet_v2": (2.23, 1280, 4.0),
    "resnet18": (11.2, 512, 4.0),
    "resnet50": (23.6, 2048, 1.2),
    "resnet101": (42.6, 2048, 0.7),
    "tiny": (0.48, 128, 6.0),
}
_USUAL_CROP = 225
_ADAM = 3  # the optimiser keeps two values beside every weight
_ASPECT = 0.75  # of most photographs
_STRIDE = 8  # image pixels at scale 1 per CAM value
_DIMS = 128  # of the feature store
_PACKED = 0.6  # of a CAM's bytes, once compressed


@dataclass(frozen=True, slots=True)
class Estimate:
    """``images`` that would train and the ``steps`` over all epochs; ``seconds`` of training (None: nothing to say).

    ``disk_bytes``: the checkpoint, and CAMs and features of every image in the project. ``guessed``: the speed is
    not measured on this machine.
    """

    images: int
    steps: int
    seconds: float | None
    disk_bytes: int
    guessed: bool = False


def estimate(project: Project, config: TrainConfig, images_per_second: float | None = None) -> Estimate:
    """Say what training by ``config`` would take.

    The speed is ``images_per_second`` if given, else that of the latest run of the same method, backbone, crop, stride
    and device, else a careful guess for a CPU. Raises `ProjectError` for a split that is not there.
    """
    images = project.tags.count_tagged(config.split, with_problems=True)
    steps = math.ceil(images / config.batch) * config.epochs
    known = images_per_second or measured_speed(project, config)
    speed = known or guessed_speed(config)
    seconds = images * config.epochs / speed if images else None
    classes = len(project.classes.learnt())
    disk = checkpoint_bytes(config, classes, images) + project.images.count() * bytes_per_image(config, classes)
    return Estimate(images, steps, seconds, disk, guessed=known is None)


def measured_speed(project: Project, config: TrainConfig) -> float | None:
    """Return the images a second of the latest run that computed as ``config`` would, or None."""
    for info in reversed(project.runs.all()):
        if _alike(info, config):
            speed = _speed_of(project, info)
            if speed:
                return speed
    return None


def guessed_speed(config: TrainConfig) -> float:
    """Return the images a second that a small machine without a GPU should reach."""
    speed = _BACKBONES[config.backbone][2] * (_USUAL_CROP / config.crop) ** 2
    if config.output_stride == 8:
        speed /= 2
    return speed * (0.8 if config.fbr else 1.0)


def checkpoint_bytes(config: TrainConfig, classes: int, images: int) -> int:
    """Return about how large the checkpoint becomes."""
    millions, channels, _ = _BACKBONES[config.backbone]
    weights = millions * 1e6 + channels * classes
    bank = 0
    if config.fbr:
        weights += 2 * channels * config.projection_dims
        cells = (config.crop // config.output_stride + 1) ** 2
        entry = 8 * config.projection_dims + cells + classes + 48
        bank = min(config.bank, config.nrois * images) * entry
    return round(weights * 4 * _ADAM + bank)


def bytes_per_image(config: TrainConfig, classes: int) -> int:
    """Return about how much the CAMs and features of one photo take."""
    side = training_side(config.crop)
    cam = (side / _STRIDE) ** 2 * _ASPECT * classes * _PACKED
    features = (side / config.output_stride) ** 2 * _ASPECT * _DIMS * 2
    return round(cam + features) + 4096


def _alike(info: RunInfo, config: TrainConfig) -> bool:
    try:
        other = TrainConfig.from_json(info.config)
    except (ConfigError, TypeError):
        return False
    names = ("method", "backbone", "crop", "output_stride", "device")
    return all(getattr(other, name) == getattr(config, name) for name in names)


def _speed_of(project: Project, info: RunInfo) -> float | None:
    """Return the images a second of a run's last epoch; older runs wrote only how long it took."""
    try:
        lines = (project.runs.folder(info.name) / METRICS).read_text("utf-8").splitlines()
        last = json.loads(lines[-1])
        return float(last.get("images_per_second") or info.figures["images"] / last["seconds"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ZeroDivisionError):
        return None  # a figure that cannot be had is guessed
