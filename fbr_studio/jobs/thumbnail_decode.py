"""From a photo's file to a small upright RGB picture, reading no more of the file than that takes."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from fbr_engine.data.images import ORIENTATION_TAG, TURNS, read_image, upright_size

_PLAIN = {
    "JPEG": ("RGB", "L", "CMYK"),
    "MPO": ("RGB", "L"),
    "PNG": ("RGB", "L"),
    "BMP": ("RGB", "L"),
    "PPM": ("RGB", "L"),
    "WEBP": ("RGB",),
}
_LARGE = 48_000_000  # px decoded at once
_large = threading.Lock()  # so that two huge photos never lie in memory together


class StoppedError(Exception):
    """The thumbnail is no longer wanted."""


def decode_thumbnail(path: Path, side: int, stopped: Callable[[], bool] = lambda: False) -> Image.Image:
    """Return the photo at ``path`` as upright RGB, its longer side at most ``side`` px.

    JPEG files are decoded at an eighth, quarter or half of their size where that is enough. Raises
    `fbr_engine.errors.ReadError` for a file that cannot be read, `StoppedError` once ``stopped`` says so.
    """
    try:
        small = _decode_plain(path, side, stopped)
    except StoppedError:
        raise
    except Exception:  # Pillow's decoders raise nearly anything; the engine's reader says it in words
        small = None
    if small is not None:
        return small
    if stopped():
        raise StoppedError
    height, width = upright_size(path)
    with _room_for(width * height):
        return _shrink(Image.fromarray(read_image(path)), side)


def _decode_plain(path: Path, side: int, stopped: Callable[[], bool]) -> Image.Image | None:
    """Return the thumbnail of a file of a kind that needs no care with its pixels' type, else None."""
    with path.open("rb", buffering=0) as raw, Image.open(_WatchedFile(raw, stopped)) as image:
        if image.mode not in _PLAIN.get(image.format or "", ()) or "transparency" in image.info:
            return None
        turn = _turn(image)
        image.draft(None, _fitted(image.size, side))
        with _room_for(image.width * image.height):
            small = _shrink(image, side)
    return small if turn is None else small.transpose(turn)


def _room_for(pixels: int) -> AbstractContextManager[object]:
    return _large if pixels > _LARGE else nullcontext()


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        value = image.getexif().get(ORIENTATION_TAG)
    except Exception:  # broken metadata says nothing about orientation
        return None
    return TURNS.get(value) if isinstance(value, int) else None


def _shrink(image: Image.Image, side: int) -> Image.Image:
    size = _fitted(image.size, side)
    if size == image.size:
        return image.convert("RGB")
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0).convert("RGB")


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return ``size`` scaled down, its shape kept, to a longer side of at most ``side``."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


class _WatchedFile(io.BufferedReader):
    """A file that stops its reader: decoders read piece by piece, so a huge photo is left within one piece."""

    def __init__(self, raw: BinaryIO, stopped: Callable[[], bool]) -> None:
        super().__init__(raw)  # type: ignore[arg-type]
        self._stopped = stopped

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to ``size`` bytes. Raises `StoppedError`."""
        if self._stopped():
            raise StoppedError
        return super().read(size)
