"""The feature store: float16 maps one behind the other in a few large files, read through memory maps."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections.abc import Iterable
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_atomically, write_error
from fbr_engine.project.files import make_folder
from fbr_engine.project.paths import shown

SHARD_BYTES = 256 << 20
_ALIGNMENT = 64
_LOCATION = re.compile(r"(\d{1,6}):(\d{1,18}):(\d{1,9}):(\d{1,9}):(\d{1,9})", re.ASCII)
_NAME = re.compile(r"(\d{5}|[1-9]\d{5})\.f16", re.ASCII)
_COUNTER = "next"
_COUNT = re.compile(rb"(\d{1,6})\n")
_MAPPED_FILES_STAY = sys.platform == "win32"  # no file can be deleted there while anybody reads it


class FeatureShards:
    """Append-only shards ``00000.f16``, ... of at most ``shard_bytes`` in ``folder``, little-endian.

    One object may append; any number, in any process, may read what was appended. What was appended survives
    a crash of the machine once `sync` has returned: record locations after that. The number of a shard is
    never used again, so a location means one map for good; the file ``next`` holds the number that comes next.
    """

    def __init__(self, folder: Path, shard_bytes: int = SHARD_BYTES) -> None:
        self.folder = folder
        self._shard_bytes = shard_bytes
        self._file: FileIO | None = None
        self._shard = 0
        self._begin_new = False
        self._views: dict[int, NDArray[np.uint8]] = {}
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, features: NDArray[np.float16]) -> str:
        """Write one map, float16 (h, w, D), and return its location ``shard:offset:h:w:D`` (offset in bytes).

        Raises `WriteError`; nothing is left of the map then. TypeError for another type, shape or an empty
        map.
        """
        if features.dtype != np.float16 or features.ndim != 3 or not features.size:
            raise TypeError(f"features are float16 (h, w, D), not {features.dtype} {features.shape}")
        with self._guard:
            file = self._shard_for(features.nbytes)
            start = file.tell()
            offset = -(-start // _ALIGNMENT) * _ALIGNMENT
            try:
                _write(file, bytes(offset - start))
                _write(file, np.ascontiguousarray(features, "<f2").tobytes())
            except BaseException as error:
                self._undo(start)
                if isinstance(error, OSError):
                    raise write_error(self._path(self._shard), error) from error
                raise
            return ":".join(map(str, (self._shard, offset, *features.shape)))

    def read(self, location: str) -> NDArray[np.float16]:
        """Return a read-only view, float16 (h, w, D), of the map at ``location``, without copying it.

        Raises `ReadError` if the shard is missing or ends before the map does.
        """
        found = _LOCATION.fullmatch(location)
        if found is None:
            raise ReadError(f"{location!r} is no place in the feature store {shown(self.folder)}: run cams again")
        shard, offset, *shape = map(int, found.groups())
        end = offset + 2 * shape[0] * shape[1] * shape[2]
        with self._guard:
            view = self._views.get(shard)
            if view is None or len(view) < end:
                view = self._views[shard] = self._map(shard, end)
        return view[offset:end].view("<f2").reshape(shape)

    def shards(self) -> list[int]:
        """Return the numbers of the shards there are, in the order they were begun. Raises `ReadError`."""
        try:
            names = [entry.name for entry in os.scandir(self.folder)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ReadError(
                f"{shown(self.folder)} cannot be read ({error.strerror}): check the folder and your rights"
            ) from error
        return sorted(int(found[1]) for name in names if (found := _NAME.fullmatch(name)))

    def begin_new_shard(self) -> None:
        """Let the next append go to a new shard, whose number is larger than any before. Raises `WriteError`."""
        with self._guard:
            self._close_file()
            self._begin_new = True

    def remove(self, numbers: Iterable[int]) -> None:
        """Delete these shards; one that is not there is passed over.

        Where the system keeps files that somebody reads, they stay: `shards` names them, remove them later.
        Raises `WriteError`.
        """
        with self._guard:
            there = set(self.shards())
            unwanted = sorted(there.intersection(numbers))
            if not unwanted:
                return
            self._reserve(max(there))
            if self._shard in unwanted:
                self._close_file()
            for number in unwanted:
                self._views.pop(number, None)
                try:
                    self._path(number).unlink(missing_ok=True)
                except OSError as error:
                    if not (_MAPPED_FILES_STAY and isinstance(error, PermissionError)):
                        raise write_error(self._path(number), error) from error

    def sync(self) -> None:
        """Wait until everything appended is on the disk. Raises `WriteError`."""
        with self._guard:
            self._sync()

    def _sync(self) -> None:
        if self._file is not None:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise write_error(self._path(self._shard), error) from error

    def close(self) -> None:
        """Sync and let go of all files; views that were given out stay valid."""
        try:
            self.sync()
        finally:
            with self._guard:
                self._views.clear()
                if self._file is not None:
                    self._file.close()
                    self._file = None

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.f16"

    def _shard_for(self, size: int) -> FileIO:
        if self._file is None:
            make_folder(self.folder)
            there = self.shards()
            self._file = self._open(there[-1]) if there and not self._begin_new else self._open_new()
        if self._file.tell() and self._file.tell() + size + _ALIGNMENT > self._shard_bytes:
            self._close_file()
            self._file = self._open_new()
        return self._file

    def _open_new(self) -> FileIO:
        number = max(self._counter(), *(n + 1 for n in self.shards()), 0)
        self._reserve(number)
        file = self._open(number)
        self._begin_new = False
        return file

    def _counter(self) -> int:
        """Return the number that comes next as far as the file says; 0 if it is lost, as the shards know then."""
        try:
            found = _COUNT.fullmatch((self.folder / _COUNTER).read_bytes())
        except OSError:
            return 0
        return int(found[1]) if found else 0

    def _reserve(self, number: int) -> None:
        """Make sure that no shard begun from now on has ``number`` or a smaller one."""
        if self._counter() <= number:
            write_atomically(self.folder / _COUNTER, f"{number + 1}\n".encode())

    def _close_file(self) -> None:
        if self._file is not None:
            self._sync()
            self._file.close()
            self._file = None

    def _open(self, shard: int) -> FileIO:
        self._shard = shard
        try:
            file = self._path(shard).open("ab", buffering=0)
            file.seek(0, os.SEEK_END)
        except OSError as error:
            raise write_error(self._path(shard), error) from error
        return file

    def _undo(self, size: int) -> None:
        """Cut the shard back to what it was before a failed append; the next one opens it anew."""
        with contextlib.suppress(OSError):  # what cannot be cut off is only passed over
            os.truncate(self._path(self._shard), size)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _map(self, shard: int, end: int) -> NDArray[np.uint8]:
        path = self._path(shard)
        try:
            view: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise ReadError(f"{shown(path)} is missing or empty ({error}): run cams again") from error
        if len(view) < end:
            raise ReadError(f"{shown(path)} ends too early, it was cut off: delete its folder and run cams again")
        return view


def _write(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
