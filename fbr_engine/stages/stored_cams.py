"""CAMs as the stage ``cams`` left them, read back with today's tags and classes.

A class that was deleted since is left out. Classes that were merged become one: its activation is the largest of
theirs, normalised anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ReadError
from fbr_engine.project import ImageInfo, Project, RunInfo, load_arrays
from fbr_engine.stages.run_files import learnt_ids

KIND = "cams"

Arrays = dict[str, npt.NDArray[Any]]
_CAM_ARRAYS = ("cam", "class_ids", "peak", "logits", "size")


@dataclass(frozen=True, slots=True)
class StoredCam:
    """``cam``: T x h x w uint8 of the tagged classes only; ``class_ids``: their T pixel ids; ``size``: (H, W)."""

    cam: npt.NDArray[np.uint8]
    class_ids: npt.NDArray[np.int32]
    size: tuple[int, int]

    def scores(self, size: tuple[int, int] | None = None) -> npt.NDArray[np.float32]:
        """Return the CAMs in [0, 1], resized to ``size`` (height, width) or to the image: T x H x W."""
        return resized_maps(self.cam, size or self.size)


@dataclass(frozen=True, slots=True, eq=False)
class StoredMaps:
    """All that is stored of one image, for every class the run has learnt, tagged or not.

    ``cam``: C x h x w uint8, each class divided by its own maximum, corner-aligned. ``class_ids``: C pixel ids.
    ``peak``, ``logits``: C float32, the highest activation and the pooled score, in logits. ``nroi_labels``:
    h' x w' uint8, which NROI a background pixel belongs to, 255 for foreground. ``nroi_sizes``: K int32, in pixels of
    ``nroi_labels``. ``size``: (H, W) of the image in px.
    """

    cam: npt.NDArray[np.uint8]
    class_ids: npt.NDArray[np.int32]
    peak: npt.NDArray[np.float32]
    logits: npt.NDArray[np.float32]
    nroi_labels: npt.NDArray[np.uint8]
    nroi_sizes: npt.NDArray[np.int32]
    size: tuple[int, int]

    def scores(self, size: tuple[int, int] | None = None) -> npt.NDArray[np.float32]:
        """Return the CAMs in [0, 1], resized to ``size`` (height, width) or to the image: C x H x W."""
        return resized_maps(self.cam, size or self.size)


def resized_maps(cam: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return K x h x w stored values as K x H x W in [0, 1]; corners lie on corners."""
    return resized_floats(cam.astype(np.float32) / np.float32(255), size)


def resized_floats(maps: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return K x h x w maps as K x H x W; corners lie on corners."""
    rows, columns = _corner_weights(size[0], maps.shape[1]), _corner_weights(size[1], maps.shape[2])
    resized: npt.NDArray[np.float32] = np.matmul(np.matmul(rows, maps), columns.T)
    return resized


def _corner_weights(target: int, source: int) -> npt.NDArray[np.float32]:
    """Return the ``target`` x ``source`` matrix of linear interpolation that maps corners onto corners."""
    place = np.linspace(0, source - 1, target)
    low = np.minimum(place.astype(np.intp), max(source - 2, 0))
    weights = np.zeros((target, source), dtype=np.float32)
    weights[np.arange(target), low] = 1 - (place - low)
    if source > 1:
        weights[np.arange(target), low + 1] = place - low
    return weights


@dataclass(frozen=True, slots=True)
class CamRecord:
    """One finished image: where its CAMs lie, their fingerprint, and which of the classes it is tagged with.

    ``aliases``: what the stored ids of merged and deleted classes (0) mean today.
    """

    image: ImageInfo
    path: Path
    fingerprint: str
    tags: dict[int, int]
    aliases: dict[int, int]

    def read(self) -> StoredCam:
        """Read the CAMs of the tagged classes. Raises `ReadError` when the file is broken."""
        arrays = with_aliases(_load(self.path, _CAM_ARRAYS), self.aliases)
        tagged = np.array([self.tags.get(int(c)) == 1 for c in arrays["class_ids"]], dtype=bool)
        return StoredCam(arrays["cam"][tagged], arrays["class_ids"][tagged], image_size(arrays))


def cam_record(project: Project, info: RunInfo, image: ImageInfo) -> CamRecord | None:
    """Return where the CAMs of ``image`` lie, or None when there are none or no tag of a learnt class is known."""
    found = project.maps.get(info.id, image.id, KIND)
    learnt = learnt_ids(project, info) if found else set()
    tags = {c: value for c, value in project.tags.of(image.id).items() if c in learnt} if found else {}
    if not found or not tags:
        return None
    return CamRecord(image, project.path_of(found.location), found.fingerprint, tags, project.classes.aliases())


def read_maps(project: Project, info: RunInfo, image: ImageInfo) -> StoredMaps | None:
    """Return what stage ``cams`` stored of ``image``, of every learnt class, or None if it has not run on it.

    Raises `ReadError` when the file is gone or broken.
    """
    found = project.maps.get(info.id, image.id, KIND)
    if found is None:
        return None
    names = (*_CAM_ARRAYS, "nroi_labels", "nroi_sizes")
    arrays = with_aliases(_load(project.path_of(found.location), names), project.classes.aliases())
    return StoredMaps(size=image_size(arrays), **{name: arrays[name] for name in names if name != "size"})


def image_size(arrays: Arrays) -> tuple[int, int]:
    """Return the stored height and width of the image, in px."""
    height, width = (int(v) for v in arrays["size"])
    return height, width


def _load(path: Path, names: tuple[str, ...]) -> Arrays:
    try:
        return load_arrays(path, (*names, "scale"))
    except ReadError:
        arrays = load_arrays(path, names)
        return arrays | {"scale": arrays["peak"]}  # files of version 0.1 have none, and no verified CAMs


def with_aliases(arrays: Arrays, aliases: dict[int, int]) -> Arrays:
    """Return stored arrays with today's classes: deleted ones left out, merged ones made one.

    ``class_ids`` (C), ``peak``, ``logits`` (C) and, if they are there, ``cam`` (C x h x w) with its ``scale`` (C; that
    is ``peak`` if it is missing) change; others stay.
    """
    today = [aliases.get(int(c), int(c)) for c in arrays["class_ids"]]
    if not aliases or today == arrays["class_ids"].tolist():
        return arrays
    kept = list(dict.fromkeys(c for c in today if c))
    groups = [[i for i, c in enumerate(today) if c == class_id] for class_id in kept]
    changed = arrays | {
        "class_ids": np.array(kept, dtype=np.int32),
        "peak": np.array([arrays["peak"][g].max() for g in groups], dtype=np.float32),
        "logits": np.array([arrays["logits"][g].max() for g in groups], dtype=np.float32),
    }
    if "cam" in arrays:
        scale = arrays.get("scale", arrays["peak"])
        verified = scale != arrays["peak"]
        cams = [_union(arrays["cam"][g], scale[g], verified[g]) for g in groups]
        changed["cam"] = np.stack(cams) if cams else arrays["cam"][:0]
        changed["scale"] = np.array([scale[g].max() for g in groups], dtype=np.float32)
    return changed


def _union(
    cam: npt.NDArray[np.uint8], scale: npt.NDArray[np.float32], verified: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """Return the CAM, h x w, of classes that are one today; ``cam``: K x h x w, ``scale`` and ``verified``: K.

    A posterior cannot be weighed against logits: where only some are verified, each counts as it is normalised.
    """
    alike = len(cam) > 1 and verified.all() == verified.any()
    share = scale / max(float(scale.max()), 1e-5) if alike else np.ones(len(cam), np.float32)
    activation = (cam * share[:, None, None]).max(axis=0)
    union: npt.NDArray[np.uint8] = activation.round().clip(0, 255).astype(np.uint8)
    return union
