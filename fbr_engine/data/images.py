"""Reading photographs: whatever the file holds, out come upright 8-bit RGB pixels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from fbr_engine.errors import ReadError

Pixels = npt.NDArray[np.uint8]

# A person may label gigapixel scans; a decompression bomb is a small file that claims absurd sizes.
MAX_PIXELS = 1_000_000_000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses what is more than twice this

# Pillow warns of harmless metadata faults. Filters are the process's, not a thread's: they are set once.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(path: Path) -> Pixels:
    """Return the image at ``path`` as uint8 RGB, H x W x 3, turned upright by its EXIF orientation.

    Grey, palette, CMYK, 16-bit and transparent images are converted; transparency is laid on white.
    Of an animation or multi-page file the first frame is read.
    Raises `ReadError` naming the file when it is missing, broken, cut short or no image.
    """
    try:
        with Image.open(path) as image:
            return _to_rgb(_upright(image))
    except FileNotFoundError as error:
        raise ReadError(f"{path}: the image is missing; put it back or remove it from the project") from error
    except UnidentifiedImageError as error:
        raise ReadError(f"{path}: not an image this program can read; replace or remove the file") from error
    except PermissionError as error:
        raise ReadError(f"{path}: no rights to read the image; change its rights") from error
    except Image.DecompressionBombError as error:
        raise ReadError(f"{path}: more than {MAX_PIXELS:,} pixels; scale the image down") from error
    except MemoryError as error:
        raise ReadError(f"{path}: too large for this machine's memory; scale the image down") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ReadError(f"{path}: the image is broken ({detail}); replace or remove the file") from error


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # turns a TIFF by itself, and takes its orientation away
    turn = TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith(("I", "F")):
        image = _to_eight_bit(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _on_white(image.convert("RGBA"))
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _to_eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit (or wider, or float) grey to 8 bits; by its range where the type does not say one."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    if image.mode.startswith("I;16") or (values.min() >= 0 and 255 < values.max() <= 65535):
        values = values / 257.0
    elif image.mode == "F" and values.min() >= 0 and values.max() <= 1:
        values = values * 255.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image)


ORIENTATION_TAG = 0x0112
UPRIGHT = 1
TRANSPOSING = (5, 6, 7, 8)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(path: Path) -> int:
    """Return the EXIF orientation of the image at ``path``, 1 (upright) where none is given or it cannot be read."""
    try:
        with Image.open(path) as image:
            return _orientation(image)
    except Exception:  # what cannot be read has no orientation
        return UPRIGHT


def _orientation(image: Image.Image) -> int:
    try:
        value = int(image.getexif().get(ORIENTATION_TAG, UPRIGHT))
    except Exception:  # broken metadata says nothing about orientation, and must not cost the picture
        return UPRIGHT
    return value if value in TURNS else UPRIGHT


_METADATA = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")
_QUALITY = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}}


def upright_size(path: Path) -> tuple[int, int]:
    """Return height and width, in px, of the upright image; only its header is read. Raises `ReadError`."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = _orientation(image) in TRANSPOSING
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        raise ReadError(f"{path}: the image cannot be read; replace or remove the file") from error
    return (width, height) if turned else (height, width)


def save_upright(source: Path, target: BinaryIO) -> None:
    """Write the image at ``source`` to ``target`` in its own format, with its orientation applied to the pixels.

    Raises `ReadError` when it cannot be read, ``OSError`` when ``target`` cannot be written.
    """
    try:
        with Image.open(source) as image:
            form = "JPEG" if image.format == "MPO" else image.format or "PNG"
            profile = image.info.get("icc_profile")
            upright = _upright(image).copy()
            for key in _METADATA:  # it would turn the pixels once more
                upright.info.pop(key, None)
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        raise ReadError(f"{source}: the image cannot be read; replace or remove the file") from error
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    upright.save(target, format=form, **options, **_QUALITY.get(form, {}))
