"""Where results lie in the project folder, and their writing: whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.formats.atomic import replace_file, write_atomically, write_error
from fbr_engine.formats.indexed_png import load_indexed_png, save_indexed_png
from fbr_engine.project.paths import check_image, shown

_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|%(?=[0-9A-Fa-f]{2})')
_LONGEST_NAME = 200  # bytes; file systems allow 255, and saving adds a temporary name
_AGAIN = "delete it and run again"


def map_path(run: str, image: str, kind: str, suffix: str) -> str:
    """Return where a result lies, relative to the project: ``runs/<run>/<kind>/<image>.<suffix>``.

    Raises `ProjectError` for what is no image id (see `image_file`).
    """
    if not _WORD.fullmatch(kind):
        raise ValueError(f"no kind or suffix of a map: {kind!r}")
    return f"runs/{run}/{kind}/{image_file(image, suffix)}"


def image_file(image: str, suffix: str) -> str:
    """Return the name of a file about an image, below the folder of such files: ``<image>.<suffix>``.

    The image's sub-folders are kept. Characters that some system forbids are escaped and very long names cut,
    with a hash of the whole, so that no two images share a file. Raises `ProjectError` for what is no image
    id.
    """
    check_image(image)
    ending = suffix.removeprefix(".")
    if not _WORD.fullmatch(ending):
        raise ValueError(f"no kind or suffix of a file: {suffix!r}")
    *folders, name = image.split("/")
    return "/".join((*map(_portable, folders), f"{_portable(name)}.{ending}"))


def _portable(name: str) -> str:
    safe = _FORBIDDEN.sub(lambda found: f"%{ord(found[0]):02X}", name)
    safe = re.sub(r"[. ]$", lambda found: f"%{ord(found[0]):02X}", safe)
    if len(safe.encode()) <= _LONGEST_NAME:
        return safe
    start = safe.encode()[: _LONGEST_NAME - 34].decode("utf-8", "ignore")
    return f"{start}~{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def path_inside(folder: Path, location: str) -> Path:
    """Return the path of a recorded location. Raises `ProjectError` if it leads out of the project folder."""
    try:
        check_image(location)
    except ProjectError:
        raise ProjectError(
            f"{shown(folder)} records a file outside of it ({shown(location)}): it is damaged, restore a copy"
        ) from None
    return folder / location


def save_arrays(path: Path, /, **arrays: NDArray[Any]) -> None:
    """Write arrays by name to a compressed ``.npz``; folders are made (see `write_arrays`).

    Raises `WriteError`, and TypeError for arrays of objects.
    """
    write_arrays(path, arrays)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], level: int | None = None) -> None:
    """Do what `save_arrays` does; ``level`` is zlib's, from 1 (fast) to 9 (small).

    Raises `WriteError`, and TypeError for arrays of objects.
    """
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"{name} holds Python objects, which would need pickle")
    make_folder(path.parent)
    # numpy's own savez takes no array named "file", and dates its members: the same arrays give the same bytes here.
    with (
        replace_file(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)


def load_arrays(path: Path, only: Collection[str] | None = None, *, remedy: str = _AGAIN) -> dict[str, NDArray[Any]]:
    """Return the arrays of `save_arrays` by name; ``only`` names those wanted.

    Raises `ReadError` if the file is missing, broken or lacks one that is wanted; ``remedy`` says what to do
    about a broken one.
    """
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ReadError(f"{shown(path)} holds no named arrays: {remedy}")
            with archive:
                return {name: archive[name] for name in (archive.files if only is None else only)}
    except FileNotFoundError as error:
        again = "run the command that makes it again" if remedy == _AGAIN else remedy
        raise ReadError(f"{shown(path)} is missing: {again}") from error
    except PermissionError as error:
        raise ReadError(f"{shown(path)} may not be read: change its rights") from error
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
    ) as e:
        raise ReadError(f"{shown(path)} is broken ({shown(str(e))}): {remedy}") from e


def save_mask(path: Path, mask: NDArray[np.uint8], palette: NDArray[np.uint8] | None = None) -> None:
    """Write a mask, uint8 (H, W) of class ids, as an indexed PNG; folders are made. Raises `WriteError`."""
    make_folder(path.parent)
    save_indexed_png(path, mask, palette)


def load_mask(path: Path) -> NDArray[np.uint8]:
    """Return a mask, uint8 (H, W) of class ids. Raises `ReadError` if the file is missing or broken."""
    return load_indexed_png(path)


def save_json(path: Path, value: dict[str, Any]) -> None:
    """Write plain values as readable JSON; folders are made. Raises `WriteError`."""
    make_folder(path.parent)
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def load_json(path: Path) -> dict[str, Any]:
    """Return the values of `save_json`. Raises `ReadError` if the file is missing or broken."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ReadError(f"{shown(path)} is missing: run the command that makes it again") from error
    except OSError as error:
        raise ReadError(f"{shown(path)} cannot be read ({error.strerror}): check the disk and its rights") from error
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{shown(path)} is broken ({error}): {_AGAIN}") from error
    if not isinstance(found, dict):
        raise ReadError(f"{shown(path)} holds no table of values: {_AGAIN}")
    return found


def make_folder(folder: Path) -> None:
    """Make a folder and its parents if need be. Raises `WriteError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
