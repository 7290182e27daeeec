"""What a database's file says about itself, read before SQLite opens it and may touch lock or journal.

The first page on the disk may be older or newer than the rest of the file while another process writes, or
after a crash: SQLite puts that right with the journal. Only the two numbers that never change in that time
are judged here.
"""

from __future__ import annotations

import os
import struct
import threading
import weakref
from pathlib import Path
from typing import Protocol

from fbr_engine.project.paths import shown
from fbr_engine.project.schema import check_header

_MAGIC = b"SQLite format 3\0"
_HEADER = struct.Struct(">16s44xi4xi28x")  # https://sqlite.org/fileformat2.html, 1.3: user version, application id


class _Holder(Protocol):
    path: Path


_holders: weakref.WeakKeyDictionary[_Holder, os.stat_result] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def peek_version(path: Path) -> None:
    """Refuse a database that is newer or no project's; what else may be wrong with it is left to SQLite.

    Raises `ProjectError`, `ProjectTooNewError`.
    """
    with _guard:
        _peek(path)


def hold(holder: _Holder) -> None:
    """Peek as `peek_version` does, and not again before `let_go`: ``holder`` now opens its ``path``."""
    with _guard:
        status = _peek(holder.path)
        if status is not None:
            _holders[holder] = status


def let_go(holder: _Holder) -> None:
    """Say that ``holder`` has closed all its connections."""
    with _guard:
        _holders.pop(holder, None)


def _peek(path: Path) -> os.stat_result | None:
    try:
        status = path.stat()
        # Closing any descriptor of a file drops all POSIX locks this process, so SQLite, has on it.
        if any(os.path.samestat(status, held) for held in _holders.values()):
            return status
        with path.open("rb", buffering=0) as file:
            start = file.read(_HEADER.size)
    except OSError:
        return None
    if len(start) == _HEADER.size:
        magic, version, application = _HEADER.unpack(start)
        if magic == _MAGIC:
            check_header(application, version, shown(path.parent), write=True)
    return status
