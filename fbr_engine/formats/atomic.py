"""Files that are replaced in one step: a reader sees the old content or the new, never a part of it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fbr_engine.errors import WriteError

_NO_SPACE = "no space left on the disk: free some space and run again"
_NO_RIGHTS = "read-only or no rights to write there: choose another folder or change its rights"
_REMEDIES = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EROFS: _NO_RIGHTS,
    errno.EACCES: _NO_RIGHTS,
    errno.EPERM: _NO_RIGHTS,
    errno.ENOENT: "its folder does not exist: make the folder and run again",
    errno.ENOTDIR: "a part of its path is a file, not a folder: choose another path",
    errno.EISDIR: "there is a folder of that name: choose another name",
    errno.ENAMETOOLONG: "its name is too long for this disk: choose a shorter one",
    errno.EFBIG: "it is larger than this disk allows: choose another disk",
}
_SHARING_VIOLATION = 32


def write_error(path: Path, error: OSError) -> WriteError:
    """Return the `WriteError` that tells the user why ``path`` could not be written and what helps."""
    if getattr(error, "winerror", None) == _SHARING_VIOLATION:
        return WriteError(f"cannot write {path}: another program has it open: close it there and run again")
    remedy = _REMEDIES.get(error.errno or 0)
    return WriteError(f"cannot write {path}: {remedy or error.strerror or error}")


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file, open for writing and reading, that becomes ``path`` when the block ends.

    It lies beside ``path`` under a hidden name, is synced to the disk and then takes the name. If the block
    raises, it is removed and ``path`` is as before. A symbolic link is followed, and the mode of the replaced
    file is kept. Raises `WriteError` for an ``OSError`` of this file; one that names another file, or that a
    decoder made up without an error number, passes.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        file = temporary.open("x+b")
    except OSError as error:
        raise write_error(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Make ``data`` the whole content of ``path`` in one step. Raises `WriteError`."""
    with replace_file(path) as file:
        file.write(data)


def _keep_mode(target: Path, temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; not every file system can, and the file is whole either way."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
