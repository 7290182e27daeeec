"""Reading photographs: whatever the file holds, out come upright 8-bit RGB pixels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from fbr_engine.errors import ReadError

Pixels = npt.NDArray[np.uint8]

# A person may label gigapixel scans; a decompression bomb is a small file that claims absurd sizes.
MAX_PIXELS = 1_000_000_000


def read_image(path: Path) -> Pixels:
    """Return the image at ``path`` as uint8 RGB, H x W x 3, turned upright by its EXIF orientation.

    Grey, palette, CMYK, 16-bit and transparent images are converted; transparency is laid on white.
    Of an animation or multi-page file the first frame is read.
    Raises `ReadError` naming the file when it is missing, broken, cut short or no image.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of harmless metadata faults; errors still raise
            with Image.open(path) as image:
                _check_size(image, path)
                return _to_rgb(_upright(image))
    except ReadError:
        raise
    except FileNotFoundError as error:
        raise ReadError(f"{path}: the image is missing; put it back or remove it from the project") from error
    except UnidentifiedImageError as error:
        raise ReadError(f"{path}: not an image this program can read; replace or remove the file") from error
    except MemoryError as error:
        raise ReadError(f"{path}: too large for this machine's memory; scale the image down") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ReadError(f"{path}: the image is broken ({detail}); replace or remove the file") from error


def _check_size(image: Image.Image, path: Path) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ReadError(f"{path}: {image.width} x {image.height} pixels is beyond the limit; scale the image down")


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken metadata must not cost the picture
        return image


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith(("I", "F")):
        image = _to_eight_bit(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _on_white(image.convert("RGBA"))
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _to_eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit (or wider, or float) grey to 8 bits; by its range where the type does not say one."""
    values = np.asarray(image).astype(np.float64)
    if image.mode.startswith("I;16") or (values.min() >= 0 and 255 < values.max() <= 65535):
        values = values / 257.0
    elif image.mode == "F" and values.min() >= 0 and values.max() <= 1:
        values = values * 255.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8), mode="L")


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image)


ORIENTATION_TAG = 0x0112
UPRIGHT = 1


def orientation(path: Path) -> int:
    """Return the EXIF orientation of the image at ``path``, 1 (upright) where none is given or it cannot be read."""
    try:
        with Image.open(path) as image:
            return int(image.getexif().get(ORIENTATION_TAG, UPRIGHT))
    except Exception:  # broken metadata says nothing about orientation
        return UPRIGHT


def save_upright(source: Path, target: BinaryIO) -> None:
    """Write the image at ``source`` to ``target`` in its own format, with its orientation applied to the pixels.

    Raises `ReadError` when it cannot be read.
    """
    try:
        with Image.open(source) as image:
            form = image.format or "PNG"
            options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
            if "icc_profile" in image.info:
                options["icc_profile"] = image.info["icc_profile"]
            ImageOps.exif_transpose(image).save(target, format=form, **options)
    except OSError as error:
        if error.errno is not None and not isinstance(error, FileNotFoundError):
            raise
        raise ReadError(f"{source}: the image cannot be read; replace or remove the file") from error
