"""A folder of saliency maps: which file belongs to which image, and its grey values."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from fbr_engine.data.images import read_image
from fbr_engine.errors import ConfigError, ReadError
from fbr_engine.project import decode_path, encode_path
from fbr_engine.project.paths import shown

EXTENSIONS = (".png", ".jpg", ".jpeg")  # in this order, where an image has several
TRIED_FIRST = 8
MOST_TINT = 24  # JPEG tints grey by a few steps
MOST_STRETCH = 1.1


class SaliencyMaps:
    """Maps laid out like the images: that of ``a/b.jpg`` is ``a/b.png``, ``a/b.jpg.png``, or either ending in .jpg.

    The folder is listed once. Raises `ConfigError` when it cannot be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise ConfigError(f"saliency is {shown(folder)} but there is no such folder: give the one with the maps")
        by_extension = _names(folder)
        self._files: dict[str, str] = {}
        for extension in reversed(EXTENSIONS):
            self._files |= {encode_path(name[: -len(extension)]): name for name in by_extension[extension]}

    def find(self, image: str) -> Path | None:
        """Return the map of ``image`` (its id in the project), or None."""
        name = self._files.get(image) or self._files.get(_without_extension(image))
        return None if name is None else self.folder / name

    def matching(self, images: Iterable[str]) -> list[str]:
        """Return which of ``images`` have a map.

        Raises `ConfigError` when none has, or when none of the first few can be used.
        """
        every = list(images)
        found = [image for image in every if self.find(image) is not None]
        if not found:
            tried = shown(self.folder / decode_path(f"{_without_extension(every[0])}{EXTENSIONS[0]}"))
            raise ConfigError(
                f"saliency is {shown(self.folder)} but it holds no map of any image (there is no {tried}, for one): "
                "lay the maps out and name them like the images"
            )
        problems = [self._problem(image) for image in found[:TRIED_FIRST]]
        if all(problems):
            raise ConfigError(f"saliency is {shown(self.folder)} but none of its first maps can be used: {problems[0]}")
        return found

    def _problem(self, image: str) -> str:
        path = self.find(image)
        assert path is not None
        try:
            read_saliency(path)
        except ReadError as error:
            return str(error)
        return ""


def read_saliency(path: Path, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
    """Return a map's grey values, H x W, 255 where salient. ``size``: height and width of the image it belongs to.

    Raises `ReadError` when the file is missing, broken or coloured, holds only 0 and 1, or has another shape than the
    image; its size may be another.
    """
    pixels = read_image(path)
    grey = pixels[..., 1]
    if (pixels.max(axis=2) - pixels.min(axis=2)).max() > MOST_TINT:
        raise ReadError(f"{shown(path)}: is coloured, and a saliency map is grey; convert it")
    if grey.max() == 1:
        raise ReadError(f"{shown(path)}: holds only 0 and 1, and white is salient; save it with 255 in place of 1")
    if size is not None and not _alike(grey.shape[:2], size):
        raise ReadError(
            f"{shown(path)}: is {grey.shape[1]} x {grey.shape[0]} px and its image {size[1]} x {size[0]}, another "
            "shape; make the map again from the upright image"
        )
    return np.ascontiguousarray(grey)


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two sizes have about the same ratio of their sides; small ones are rounded more."""
    slack = MOST_STRETCH + 1 / min(*one, *other)
    ratio = (one[0] * other[1]) / (one[1] * other[0])
    return 1 / slack <= ratio <= slack


def _names(folder: Path) -> dict[str, list[str]]:
    """Return the relative paths below ``folder`` by their extension."""
    found: dict[str, list[str]] = {extension: [] for extension in EXTENSIONS}
    for parent, _, files in os.walk(folder):
        for name in files:
            extension = Path(name).suffix.lower()
            if extension in found:
                found[extension].append(os.path.relpath(Path(parent) / name, folder))
    return found


def _without_extension(image: str) -> str:
    return str(PurePosixPath(image).with_suffix(""))
