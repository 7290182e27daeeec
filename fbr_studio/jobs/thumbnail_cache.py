"""Thumbnails on disk: small JPEG files named by what they were made from, so a changed photo never meets an old one."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

LIMIT = 512 * 2**20  # bytes
_QUALITY = 87
_LEFT_BEHIND_S = 3600  # age of a file that is surely no longer being written
_PRUNE_EVERY = 2048  # files written
_log = logging.getLogger(__name__)


def cache_name(path: Path, side: int) -> str:
    """Return the relative name for the photo at ``path`` as it is now. Raises ``OSError`` when it is missing."""
    found = path.stat()
    parts = (
        os.fsencode(path.absolute()),
        str(found.st_mtime_ns).encode(),
        str(found.st_size).encode(),
        str(side).encode(),
    )
    name = hashlib.sha256(b"\0".join(parts)).hexdigest()[:40]
    return f"{name[:2]}/{name}.jpg"


class ThumbnailCache:
    """A folder of thumbnails under a byte limit. Safe for threads; what the disk refuses is done without."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._until_prune = 1  # the first file written finds what earlier sessions left

    def read(self, name: str) -> Image.Image | None:
        """Return a thumbnail as RGB; None where there is none. A broken file is removed."""
        path = self._folder / name
        try:
            with path.open("rb") as file, Image.open(file) as image:
                return image.convert("RGB")
        except FileNotFoundError:
            return None
        except Exception:  # a power cut may leave any bytes; Pillow raises nearly anything on them
            with contextlib.suppress(OSError):
                path.unlink()
            return None

    def write(self, name: str, image: Image.Image) -> None:
        """Keep a thumbnail: whole, or not at all. Not synced to the disk, since it can be made again."""
        path = self._folder / name
        temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    image.save(file, format="JPEG", quality=_QUALITY)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            _log.debug("no thumbnail kept at %s: %s", path, error)

    def prune_due(self) -> bool:
        """Count one file written; return whether it is time for `prune`."""
        with self._lock:
            self._until_prune -= 1
            if self._until_prune > 0:
                return False
            self._until_prune = _PRUNE_EVERY
            return True

    def prune(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Remove what was left half-written and, past the limit, the oldest files down to nine tenths of it."""
        files = []
        for entry in self._entries():
            if stopped():
                return
            with contextlib.suppress(OSError):
                found = entry.stat()
                if entry.name.endswith(".tmp") and found.st_mtime < time.time() - _LEFT_BEHIND_S:
                    Path(entry.path).unlink()
                    continue
                files.append((found.st_mtime, found.st_size, entry.path))
        total = sum(size for _, size, _ in files)
        if total <= self._limit:
            return
        for _, size, path in sorted(files):
            if total <= self._limit * 0.9 or stopped():
                return
            with contextlib.suppress(OSError):
                Path(path).unlink()
            total -= size

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with contextlib.suppress(OSError):
            for folder in sorted(self._folder.iterdir()):
                with contextlib.suppress(OSError), os.scandir(folder) as entries:
                    yield from entries
