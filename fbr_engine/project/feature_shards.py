"""The feature store: float16 maps one behind the other in a few large files, read through memory maps."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_error
from fbr_engine.project.files import make_folder
from fbr_engine.project.paths import shown

SHARD_BYTES = 256 << 20
_ALIGNMENT = 64
_LOCATION = re.compile(r"(\d{1,6}):(\d{1,18}):(\d{1,9}):(\d{1,9}):(\d{1,9})", re.ASCII)
_NAME = re.compile(r"(\d{5,6})\.f16", re.ASCII)


class FeatureShards:
    """Append-only shards ``00000.f16``, ... of at most ``shard_bytes`` in ``folder``, little-endian.

    One object may append; any number, in any process, may read what was appended. What was appended survives
    a crash of the machine once `sync` has returned: record locations after that.
    """

    def __init__(self, folder: Path, shard_bytes: int = SHARD_BYTES) -> None:
        self.folder = folder
        self._shard_bytes = shard_bytes
        self._file: FileIO | None = None
        self._shard = 0
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
            numbers = [int(m[1]) for entry in self.folder.iterdir() if (m := _NAME.fullmatch(entry.name))]
            self._file = self._open(max(numbers, default=0))
        if self._file.tell() and self._file.tell() + size + _ALIGNMENT > self._shard_bytes:
            self._sync()
            self._file.close()
            self._file = self._open(self._shard + 1)
        return self._file

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
