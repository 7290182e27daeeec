"""A photo ready for the canvas: in memory, or from a pyramid on the disk where it is too large for that."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from fbr_engine.data.images import read_image
from fbr_engine.errors import FbrError
from fbr_studio.drawing.disk_pyramid import DiskPyramid, needs_disk, prune
from fbr_studio.drawing.pyramid import PixelPyramid

LOG = logging.getLogger(__name__)
LIMIT_BYTES = 16 << 30  # of pyramids on the disk


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """The photo as a pyramid; ``size`` is (height, width) in px, upright; ``nbytes`` what it takes of the memory."""

    pyramid: PixelPyramid | DiskPyramid
    size: tuple[int, int]
    nbytes: int


def read_photo(path: Path, pyramids: Path | None) -> Photo:
    """Return the photo; ``pyramids`` is the folder for large ones, None for none. Raises `ReadError`."""
    kept = DiskPyramid.open(pyramids, path) if pyramids is not None else None
    if kept is not None:
        return Photo(kept, kept.shape, 0)
    pixels = read_image(path)
    size = (pixels.shape[0], pixels.shape[1])
    if pyramids is not None and needs_disk(*size):
        try:
            made = DiskPyramid.make(pyramids, path, pixels)
            prune(pyramids, LIMIT_BYTES)
            return Photo(made, size, 0)
        except (FbrError, OSError) as error:
            LOG.warning("no pyramid on the disk: %s", error)
    pyramid = PixelPyramid(pixels)
    pyramid.build()
    return Photo(pyramid, size, pixels.nbytes * 3 // 2)
