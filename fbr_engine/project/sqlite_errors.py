"""What SQLite says, told so that a person can act on it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from fbr_engine.errors import FbrError, ProjectError, WriteError
from fbr_engine.project.paths import shown

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error; 0 if it comes from Python's wrapper."""
    code: int = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF


def translated(error: sqlite3.Error, path: Path) -> FbrError:
    """Return the error that names the database at ``path`` and the remedy."""
    name, code = shown(path), primary_code(error)
    if code in _BUSY:
        return ProjectError(f"{name} is busy: another program holds it; close that program or try again")
    if code in _READ_ONLY:
        return WriteError(f"{name} cannot be written: it is read-only or you have no rights to it")
    if code == sqlite3.SQLITE_FULL:
        return WriteError(f"{name}: no space left on the disk: free some space and run again")
    if code == sqlite3.SQLITE_IOERR:
        return WriteError(f"{name}: the disk reports an error ({error}): check the drive and its free space")
    if code == sqlite3.SQLITE_CANTOPEN:
        return ProjectError(f"{name} cannot be opened: check that it is there and that you may read its folder")
    if code in _DAMAGED:
        return ProjectError(f"{name} is damaged ({error}): restore the project from a copy")
    return ProjectError(f"{name}: {error}")


@contextlib.contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path) from error
