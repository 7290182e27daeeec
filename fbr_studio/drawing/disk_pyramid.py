"""Pyramids of images too large for memory: decoded once into a cache file, then read through the page cache.

The file is a header, the source's name, and all tiles of all levels, each in 512 x 512 x 3 bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
from pathlib import Path

import numpy as np

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import replace_file
from fbr_studio.drawing.boxes import Box, clip
from fbr_studio.drawing.pyramid import TILE, PixelPyramid, Pixels, level_count, level_size

LONGEST_IN_MEMORY = 8000
SUFFIX = ".pyramid"
_HEADER = struct.Struct("<8sII32s")  # magic, height, width, key
_MAGIC = b"FBRP0001"
_START = 4096
_TILE_BYTES = TILE * TILE * 3


def needs_disk(height: int, width: int) -> bool:
    """Return whether an image of that size is better kept in a `DiskPyramid`."""
    return max(height, width) > LONGEST_IN_MEMORY


class DiskPyramid:
    """A pyramid in a cache folder, made for one state (path, time, size) of its image file."""

    def __init__(self, file: Path, key: bytes) -> None:
        with file.open("rb") as opened:
            magic, height, width, found = _HEADER.unpack(opened.read(_HEADER.size))
        if magic != _MAGIC or found != key:
            raise ValueError(f"{file} is no pyramid of this image")
        self.shape: tuple[int, int] = (height, width)
        self.levels = level_count(height, width)
        self._grids = _grids(height, width)
        count = sum(rows * columns for rows, columns in self._grids)
        if file.stat().st_size != _START + count * _TILE_BYTES:
            raise ValueError(f"{file} is not whole")
        self._tiles = np.memmap(file, np.uint8, "r", _START, (count, TILE, TILE, 3))

    @classmethod
    def open(cls, cache: Path, source: Path) -> DiskPyramid | None:
        """Return the pyramid made before of the image file as it is now, or None; nothing is decoded."""
        try:
            key = _key(source)
            file = _file(cache, key)
            pyramid = cls(file, key)
            with contextlib.suppress(OSError):
                os.utime(file)  # `prune` removes what was not opened for longest
        except (OSError, ValueError, struct.error):
            return None
        return pyramid

    @classmethod
    def make(cls, cache: Path, source: Path, pixels: Pixels) -> DiskPyramid:
        """Write the pyramid of ``pixels`` (uint8 H x W x 3, the decoded ``source``), whole or not at all.

        For a background thread. Raises `WriteError` and `ReadError`.
        """
        try:
            key = _key(source)
        except OSError as error:
            raise ReadError(f"{source}: the image is missing; put it back or remove it from the project") from error
        cache.mkdir(parents=True, exist_ok=True)
        levels = PixelPyramid(pixels)
        levels.build()
        file = _file(cache, key)
        with replace_file(file) as written:
            written.write(_HEADER.pack(_MAGIC, *levels.shape, key).ljust(_START, b"\0"))
            whole = np.zeros((TILE, TILE, 3), np.uint8)
            for level, (rows, columns) in enumerate(_grids(*levels.shape)):
                for row, column in np.ndindex(rows, columns):
                    tile = levels.tile(level, row, column)
                    whole[: tile.shape[0], : tile.shape[1]] = tile
                    written.write(whole.data)
        return cls(file, key)

    def level_shape(self, level: int) -> tuple[int, int]:
        """Return (height, width) of a level."""
        return level_size(*self.shape, level)

    def tile(self, level: int, row: int, column: int) -> Pixels:
        """Return one tile, smaller than `TILE` at the right and lower edge; read-only."""
        box = clip((row * TILE, column * TILE, (row + 1) * TILE, (column + 1) * TILE), *self.level_shape(level))
        first = sum(rows * columns for rows, columns in self._grids[:level])
        tile = self._tiles[first + row * self._grids[level][1] + column]
        return np.asarray(tile[: box[2] - box[0], : box[3] - box[1]])

    def region(self, level: int, box: Box) -> Pixels:
        """Return a copy of the pixels of ``box`` (in pixels of that level)."""
        result = np.empty((box[2] - box[0], box[3] - box[1], 3), np.uint8)
        for row in range(box[0] // TILE, -(-box[2] // TILE)):
            for column in range(box[1] // TILE, -(-box[3] // TILE)):
                tile = self.tile(level, row, column)
                top, left = max(box[0], row * TILE), max(box[1], column * TILE)
                part = tile[top - row * TILE : box[2] - row * TILE, left - column * TILE : box[3] - column * TILE]
                result[top - box[0] : top - box[0] + part.shape[0], left - box[1] : left - box[1] + part.shape[1]] = (
                    part
                )
        return result

    def advance(self, level: int, box: Box, seconds: float) -> bool:
        """Return True: every level is there."""
        return True


def prune(cache: Path, limit_bytes: int) -> int:
    """Remove the pyramids not opened for longest until the folder holds at most ``limit_bytes``; return how many."""
    if not cache.is_dir():
        return 0
    found: list[tuple[float, int, Path]] = []
    for path in cache.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError):  # another window may prune too
            stat = path.stat()
            found.append((stat.st_mtime, stat.st_size, path))
    found.sort()
    total, removed = sum(size for _, size, _ in found), 0
    for _, size, path in found:
        if total <= limit_bytes:
            break
        with contextlib.suppress(OSError):  # Windows keeps what is open
            path.unlink()
            total, removed = total - size, removed + 1
    return removed


def _key(source: Path) -> bytes:
    stat = source.stat()
    name = os.fsencode(os.path.realpath(source))
    return hashlib.sha256(b"%d %d " % (stat.st_mtime_ns, stat.st_size) + name).digest()


def _file(cache: Path, key: bytes) -> Path:
    return cache / (key.hex()[:40] + SUFFIX)


def _grids(height: int, width: int) -> list[tuple[int, int]]:
    """Return rows and columns of tiles per level."""
    sizes = [level_size(height, width, level) for level in range(level_count(height, width))]
    return [(-(-h // TILE), -(-w // TILE)) for h, w in sizes]
