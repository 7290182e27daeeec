"""Image ids: the image's path below the image folder, as text that any file name survives.

An id is a relative path with ``/`` between its parts. File names are bytes on POSIX and need not be UTF-8,
while the database, JSON and CSV hold text. So a byte that is no UTF-8 becomes ``%80`` .. ``%FF``, and a ``%``
becomes ``%25`` only where it would otherwise be taken for such an escape. Names such as ``50% off.jpg`` stay
as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from fbr_engine.errors import ProjectError, ReadError

IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
DATABASE_NAME = "project.sqlite"

_ESCAPE = re.compile("%(25|[89A-F][0-9A-F])")
_ESCAPE_LOOKALIKE = re.compile("%(?=25|[89A-F][0-9A-F])")
_UNDECODED = re.compile("[\udc80-\udcff]")


def encode_path(path: str) -> str:
    """Return the id of a relative path as the operating system spells it; `decode_path` is its inverse."""
    if os.sep != "/":
        path = path.replace(os.sep, "/")
    if path.isascii() and "%" not in path:
        return path
    text = _ESCAPE_LOOKALIKE.sub("%25", os.fsencode(path).decode("utf-8", "surrogateescape"))
    return _UNDECODED.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", text)


def decode_path(image: str) -> str:
    """Return the path, as the operating system spells it, that `encode_path` made ``image`` from."""
    if image.isascii() and "%" not in image:
        return image
    return os.fsdecode(_ESCAPE.sub(_unescaped, image).encode("utf-8", "surrogateescape"))


def _unescaped(found: re.Match[str]) -> str:
    value = int(found[1], 16)
    return chr(value + 0xDC00) if value >= 0x80 else chr(value)


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path for a message: always printable on one line, whatever bytes its name holds."""
    text = _UNDECODED.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", os.fspath(path))
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def check_image(image: str) -> None:
    """Raise `ProjectError` if ``image`` is no id: empty, absolute, or leading out of the image folder."""
    parts = image.split("/")
    drive = os.path.splitdrive(image)[0] if os.name == "nt" else ""
    if drive or "\0" in image or any(part in ("", ".", "..") for part in parts):
        raise ProjectError(f"{shown(image)!r} is no image: give its path in the image folder, such as a/b.jpg")


def find_images(folder: Path, on_error: Callable[[OSError], None] | None = None) -> Iterator[str]:
    """Yield the ids of all images below ``folder``, sorted, one folder at a time.

    Hidden files and folders and projects are passed over. A linked folder is followed when it leads out of
    ``folder`` (inside, it would give images twice), and each folder is visited once, so loops end. A
    sub-folder that cannot be read is passed over and given to ``on_error``. Raises `ReadError` if ``folder``
    cannot be read.
    """
    root = os.path.realpath(folder)
    try:
        pending = [_entries(root, "", root)]
    except OSError as error:
        raise ReadError(
            f"{shown(folder)} cannot be read ({error.strerror}): check the folder and your rights"
        ) from error
    visited = {_identity(root)}
    while pending:
        if not pending[-1]:
            pending.pop()
            continue
        relative, is_folder = pending[-1].pop()
        if not is_folder:
            yield encode_path(relative)
            continue
        full = os.path.join(root, relative)  # noqa: PTH118 - many thousand times, and Path would normalise
        try:
            identity = _identity(full)
            if identity not in visited:
                visited.add(identity)
                pending.append(_entries(full, relative + os.sep, root))
        except OSError as error:
            if on_error is not None:
                on_error(error)


def _entries(folder: str, prefix: str, root: str) -> list[tuple[str, bool]]:
    """Return (relative path, is folder) of what to visit in one folder, last first."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.name == DATABASE_NAME and prefix:
                return []
            try:
                if _is_image(entry):
                    found.append((prefix + entry.name, False))
                elif _is_to_visit(entry, root):
                    found.append((prefix + entry.name, True))
            except OSError:  # a link to itself, or a file that vanished meanwhile
                continue
    return sorted(found, reverse=True)


def _is_image(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(IMAGE_EXTENSIONS) and entry.is_file()


def _is_to_visit(entry: os.DirEntry[str], root: str) -> bool:
    if not entry.is_dir() or entry.name.lower().endswith(".fbr"):
        return False
    if not entry.is_symlink():
        return True
    target = os.path.join(os.path.realpath(entry.path), "")  # noqa: PTH118
    inside = os.path.join(root, "")  # noqa: PTH118
    return not target.startswith(inside) and not inside.startswith(target)


def _identity(folder: str) -> tuple[int, int] | str:
    status = os.stat(folder)  # noqa: PTH116
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)
