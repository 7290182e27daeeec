"""Masks as PNG files whose pixels are class values: 8-bit indices with a palette for the eye."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_atomically
from fbr_engine.formats.reading import read_bytes

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _PALETTE = 0, 3
_COLOUR_TYPES = {_GREY: "grey", 2: "RGB", _PALETTE: "palette", 4: "grey with alpha", 6: "RGBA"}
_EXPECTED = "a mask is a PNG with a palette or 8-bit grey, whose pixels are class values"


def voc_palette() -> NDArray[np.uint8]:
    """Return PASCAL VOC's colours, uint8 (256, 3) RGB.

    Bits 0, 1, 2 of a value are the top bits of red, green and blue, bits 3, 4, 5 the next ones, and so on.
    """
    values = np.arange(256)[:, None]
    channels = np.arange(3)
    palette = np.zeros((256, 3), np.int64)
    for level in range(3):
        palette |= (values >> (3 * level + channels) & 1) << (7 - level)
    return palette.astype(np.uint8)


def save_indexed_png(path: Path, mask: NDArray[np.uint8], palette: NDArray[np.uint8] | None = None) -> None:
    """Write ``mask``, uint8 (H, W), as an 8-bit PNG with ``palette``, uint8 (up to 256, 3); VOC's by default.

    The file is replaced in one step. Colours a shorter palette lacks are VOC's.
    Raises `WriteError`, and ValueError for another shape or type of array.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2 or not mask.size:
        raise ValueError(f"a mask is uint8 (H, W) and not empty, this is {mask.dtype} {mask.shape}")
    image = Image.fromarray(np.ascontiguousarray(mask))
    image.putpalette(_full_palette(palette).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    write_atomically(path, buffer.getvalue())


def load_indexed_png(path: Path) -> NDArray[np.uint8]:
    """Return the values of a palette or 8-bit grey PNG, uint8 (H, W), writable.

    Raises `ReadError` for a missing or broken file, and for any other kind of image, saying what it is.
    """
    data = read_bytes(path)
    bits, colour = _check_png(path, data)
    if colour != _PALETTE and (colour, bits) != (_GREY, 8):
        kind = f"{bits}-bit {_COLOUR_TYPES[colour]}"
        raise ReadError(f"{path} is a PNG of {kind}, but {_EXPECTED}: convert it")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return np.array(image, dtype=np.uint8)
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise ReadError(f"{path} is too large to be a mask: {error}") from error
    except Exception as error:  # a decoder of hostile bytes raises almost anything
        raise _broken(path, str(error)) from error


def _full_palette(palette: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    full = voc_palette()
    if palette is not None:
        if palette.dtype != np.uint8 or palette.ndim != 2 or palette.shape[1] != 3 or len(palette) > 256:
            raise ValueError(f"a palette is uint8 (up to 256, 3), this is {palette.dtype} {palette.shape}")
        full[: len(palette)] = palette
    return full


def _check_png(path: Path, data: bytes) -> tuple[int, int]:
    """Return bits per pixel and colour type; raise `ReadError` unless every chunk is whole.

    The decoder stops at the last row, so without the checksums a damaged file could pass as a mask.
    """
    if not data.startswith(_SIGNATURE):
        raise ReadError(f"{path} is {'an empty file' if not data else 'no PNG'}, but {_EXPECTED}")
    place, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        if place + 12 > len(data):
            raise _broken(path, "the file ends too early")
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            raise _broken(path, "the file ends too early")
        if zlib.crc32(memoryview(data)[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise _broken(path, f"wrong checksum at byte {place}")
        place = end
    if data[12:16] != b"IHDR" or data[25] not in _COLOUR_TYPES:
        raise _broken(path, "it has no valid header")
    return data[24], data[25]


def _broken(path: Path, reason: str) -> ReadError:
    return ReadError(f"{path} is a broken PNG ({' '.join(reason.split())}): replace it or make it again")
