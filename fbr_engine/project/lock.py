"""One writing process per project: an operating-system lock on an open file.

The system drops the lock when the process ends, however it ends, so a crash never leaves a project locked.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
from pathlib import Path

from fbr_engine.errors import ProjectError, ProjectLockedError, WriteError
from fbr_engine.project.paths import shown

_BUSY = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far behind the text, which others must be able to read: Windows locks are mandatory

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _give_back(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class WriterLock:
    """The lock of one project, held from its making until `release`.

    The file's text says who holds it (process id and host); it stays when the lock goes, and means nothing
    then. Raises `ProjectLockedError` if another process, or this one, holds it, and `WriteError` if the file
    cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        project = shown(path.parent)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise WriteError(
                f"{shown(path)} cannot be written ({error.strerror}): "
                "the project is read-only here, copy it to a folder you may write to"
            ) from error
        try:
            _take(descriptor)
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            if error.errno not in _BUSY:
                raise ProjectError(
                    f"{project} lies on a drive that cannot lock files ({error.strerror}): move it elsewhere"
                ) from error
            raise ProjectLockedError(
                f"{project} is open for writing in another process{holder}: close it there, or wait until it is done"
            ) from error
        self._descriptor = descriptor
        self._sign(descriptor)

    def release(self) -> None:
        """Let others write; a second call does nothing."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):
            _give_back(descriptor)
        os.close(descriptor)

    @staticmethod
    def _sign(descriptor: int) -> None:
        # A full disk must not keep anyone out: the lock holds without the text.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode())


def _holder(descriptor: int) -> str:
    """Return " (pid 123 on HOST)", or nothing if the file does not say."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        process, host = os.read(descriptor, 1000).decode("utf-8", "replace").split(maxsplit=1)
    except (OSError, ValueError):
        return ""
    return f" (pid {shown(process)} on {shown(host.strip())})"
