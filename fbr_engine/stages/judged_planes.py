"""What judgements say of each training image, as a run keeps it. Needs no torch.

A run keeps what it began with, ``runs/<name>/judged.npz``: it resumes exactly, whatever is judged meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fbr_engine.data.judged_plane import JudgedPlane
from fbr_engine.errors import ReadError
from fbr_engine.project import load_arrays, save_arrays
from fbr_engine.project.paths import shown

FILE = "judged.npz"
REMEDY = "train a new run"

Planes = list[npt.NDArray[Any]]
_KEYS = ("image_ids", "seed_shape", "seeds", "forced_row", "forced_class", "forced_shape", "forced")


class JudgedPlanes:
    """What judgements say of some images, by id."""

    def __init__(self, planes: Mapping[int, JudgedPlane]) -> None:
        self._planes = dict(sorted(planes.items()))

    def __len__(self) -> int:
        return len(self._planes)

    def find(self, image_id: int) -> JudgedPlane | None:
        """Return what was judged about an image, or None."""
        return self._planes.get(image_id)

    def digest(self) -> str:
        """Return a short hash that tells whether they are still the same."""
        found = hashlib.sha256()
        for array in self._arrays().values():
            found.update(array.tobytes())
        return found.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Keep them in a run's ``folder``, whole or not at all. Raises `WriteError`."""
        save_arrays(folder / FILE, **self._arrays())

    @classmethod
    def load(cls, folder: Path) -> JudgedPlanes | None:
        """Return what a run keeps in its ``folder``, None if nothing. Raises `ReadError` when the file is broken."""
        path = folder / FILE
        if not path.is_file():
            return None
        arrays = load_arrays(path, _KEYS, remedy=REMEDY)
        try:
            return cls(_planes(arrays))
        except (ValueError, IndexError, TypeError) as error:
            raise ReadError(f"{shown(path)} is broken ({error}): {REMEDY}") from error

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        seeds = [plane.seeds for plane in self._planes.values()]
        forced = [
            (row, index, plane)
            for row, image in enumerate(self._planes.values())
            for index, plane in sorted(image.forced.items())
        ]
        return {
            "image_ids": np.array(list(self._planes), dtype=np.int64),
            "seed_shape": _shapes(seeds),
            "seeds": _joined(seeds, np.uint8),
            "forced_row": np.array([row for row, _, _ in forced], dtype=np.int32),
            "forced_class": np.array([index for _, index, _ in forced], dtype=np.int32),
            "forced_shape": _shapes([plane for _, _, plane in forced]),
            "forced": _joined([plane for _, _, plane in forced], np.int8),
        }


def _planes(arrays: dict[str, npt.NDArray[Any]]) -> dict[int, JudgedPlane]:
    seeds = _parted(arrays["seeds"], arrays["seed_shape"])
    forced: list[dict[int, npt.NDArray[np.int8]]] = [{} for _ in seeds]
    parts = _parted(arrays["forced"], arrays["forced_shape"])
    for row, index, plane in zip(arrays["forced_row"], arrays["forced_class"], parts, strict=True):
        forced[row][int(index)] = plane
    images = zip(arrays["image_ids"], seeds, forced, strict=True)
    return {int(image): JudgedPlane(seed, by_class) for image, seed, by_class in images}


def _shapes(planes: Planes) -> npt.NDArray[np.int32]:
    return np.array([plane.shape for plane in planes], dtype=np.int32).reshape(-1, 2)


def _joined(planes: Planes, kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *(plane.ravel() for plane in planes)]).astype(kind)


def _parted(flat: npt.NDArray[Any], shapes: npt.NDArray[Any]) -> Planes:
    ends = np.cumsum(shapes.astype(np.int64).prod(axis=1))
    parts = np.split(flat, ends[:-1]) if len(shapes) else []
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
