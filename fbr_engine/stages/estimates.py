"""How long a training would take, and how much disk it and its CAMs would: told before it starts, without torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.errors import ConfigError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages import region_limits
from fbr_engine.stages.run_files import METRICS

# Millions of weights without a classifier, channels the CAM is made of, and images a second that two slow cores train
# on crops of 225 px: what is promised before anything was measured here should rather be too slow.
_BACKBONES = {
    "mobilenet_v2": (2.23, 1280, 4.0),
    "regnet_x_800mf": (6.6, 672, 4.0),
    "resnet18": (11.2, 512, 4.0),
    "resnet34": (21.3, 512, 2.5),
    "resnet50": (23.6, 2048, 1.2),
    "resnet101": (42.6, 2048, 0.7),
    "resnext50_32x4d": (23.0, 2048, 1.0),
    "wide_resnet50_2": (66.9, 2048, 0.6),
    "tiny": (0.48, 128, 6.0),
}
_HOSTS = {"seam": 0.7, "ppc": 0.7, "amn": 0.6}  # their speed as a share of that of cam
_UNKNOWN_BACKBONE = (25.0, 2048, 1.0)  # made by a function of the user's
_USUAL_CROP = 225
_ATROUS_WEIGHTS = 36  # of amn's head, four 3x3 convolutions, for each channel and output
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
    disk = checkpoint_bytes(config, classes, images) + regions_bytes(config, classes, images)
    disk += project.images.count() * bytes_per_image(config, classes)
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
    speed = _BACKBONES.get(config.backbone, _UNKNOWN_BACKBONE)[2] * (_USUAL_CROP / config.crop) ** 2
    if config.output_stride == 8:
        speed /= 2
    return speed * _HOSTS.get(config.host, 1.0) * (0.8 if config.fbr else 1.0)


def checkpoint_bytes(config: TrainConfig, classes: int, images: int) -> int:
    """Return about how large the checkpoint becomes."""
    millions, channels, _ = _BACKBONES.get(config.backbone, _UNKNOWN_BACKBONE)
    weights = millions * 1e6 + channels * classes
    if config.learns_from_masks:
        weights += channels * (classes + _ATROUS_WEIGHTS * (classes + 1))
    bank = 0
    if config.fbr:
        weights += 2 * channels * config.projection_dims
        cells = (config.crop // config.output_stride + 1) ** 2
        entry = 8 * config.projection_dims + cells + classes + 48
        bank = min(config.bank, config.nrois * images) * entry
    return round(weights * 4 * _ADAM + bank)


def regions_bytes(config: TrainConfig, classes: int, images: int) -> int:
    """Return about how much the regions that CAMs are verified against take: none without FBR."""
    if not config.verifies:
        return 0
    mined = min(images, region_limits.IMAGES)
    nrois = min(region_limits.MOST_NROIS, config.nrois * mined)
    foreground = min(region_limits.MOST_FOREGROUND, region_limits.FOREGROUND_REGIONS * mined)
    dims = region_limits.DIMS
    _, channels, _ = _BACKBONES.get(config.backbone, _UNKNOWN_BACKBONE)
    return round(((nrois + foreground) * (dims + classes) + channels * (dims + 1)) * 4)


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
