"""Thumbnails made behind the window: the latest request wins, and what was made once is kept."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from fbr_engine.errors import FbrError
from fbr_studio.jobs.thumbnail_cache import ThumbnailCache, cache_name
from fbr_studio.jobs.thumbnail_decode import StoppedError, decode_thumbnail

SIDES = (128, 256, 512)  # px, what thumbnails are made in
MEMORY_LIMIT = 64 * 2**20  # bytes
_NICE = 10
_JOIN_S = 1.0
Job = tuple[int, int]  # image id, side


def side_bucket(side: int) -> int:
    """Return the smallest of `SIDES` that is enough for ``side`` px, the largest where none is."""
    return next((bucket for bucket in SIDES if bucket >= side), SIDES[-1])


class ThumbnailLoader(QObject):
    """Loads thumbnails in daemon threads of low priority.

    ``path_of`` tells where an image lies; it is called in the threads and may raise `FbrError`. ``cache`` is the folder
    for thumbnails kept between sessions, None for none. Signals come in the thread of this object, for the latest
    request only; ``ready`` carries an upright opaque RGB image, at least as large as asked for where the photo is.
    """

    ready = Signal(int, QImage)
    failed = Signal(int, str)
    _made = Signal(int, QImage, str)

    def __init__(
        self, path_of: Callable[[int], Path], cache: Path | None, workers: int = 2, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._work = _Workers(path_of, ThumbnailCache(cache) if cache else None, self._made.emit)
        self._made.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(self._work.close)
        self._work.start(workers)

    def request(self, ids: Sequence[int], side: int) -> None:
        """Load these, first things first, at ``side`` px. What was asked for before and not here is dropped."""
        found = self._work.replace([(id, side_bucket(side)) for id in ids])
        if found:
            QTimer.singleShot(0, self, lambda: self._hand_over(found))

    def forget(self, ids: Iterable[int] | None = None) -> None:
        """Drop the thumbnails of some images, or all, from memory; a later request looks at their files again."""
        self._work.forget(ids)

    def close(self) -> None:
        """End the threads, within 1 s. Nothing is emitted any more."""
        self._work.close()

    def _hand_over(self, found: list[tuple[int, QImage]]) -> None:
        for id, image in found:
            self._deliver(id, image, "")

    def _deliver(self, id: int, image: QImage, reason: str) -> None:
        if self._work.closed:
            return
        if reason:
            self.failed.emit(id, reason)
        else:
            self.ready.emit(id, image)


class _Workers:
    """The threads and what they share. Owned by a loader, but no QObject: it may outlive it by a moment."""

    def __init__(
        self,
        path_of: Callable[[int], Path],
        cache: ThumbnailCache | None,
        tell: Callable[[int, QImage, str], None],
    ) -> None:
        self._path_of, self._cache, self._tell = path_of, cache, tell
        self._memory = _Memory(MEMORY_LIMIT)
        self._changed = threading.Condition()
        self._queue: list[Job] = []  # reversed: the next one is the last
        self._wanted: frozenset[Job] = frozenset()
        self._busy: set[Job] = set()
        self._stale: set[Job] = set()
        self._threads: list[threading.Thread] = []
        self.closed = False

    def start(self, count: int) -> None:
        """Start ``count`` threads."""
        for number in range(1, max(1, count) + 1):
            thread = threading.Thread(target=self._run, name=f"thumbnail-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Tell the threads to end, and wait for them for 1 s in all."""
        with self._changed:
            self.closed = True
            self._queue, self._wanted = [], frozenset()
            self._changed.notify_all()
        until = time.monotonic() + _JOIN_S
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def replace(self, jobs: list[Job]) -> list[tuple[int, QImage]]:
        """Take these jobs in place of all that wait; return those that lie in memory."""
        with self._changed:
            found = [(job, image) for job in jobs if (image := self._memory.get(job)) is not None]
            have = {job for job, _ in found}
            self._queue = [job for job in reversed(jobs) if job not in have]
            self._wanted = frozenset(self._queue)
            self._changed.notify_all()
        return [(job[0], image) for job, image in found]

    def forget(self, ids: Iterable[int] | None) -> None:
        """Drop images from memory, also those being made."""
        with self._changed:
            dropped = None if ids is None else frozenset(ids)
            self._memory.drop(dropped)
            self._stale |= {job for job in self._busy if dropped is None or job[0] in dropped}

    def _run(self) -> None:
        _lower_priority()
        while (job := self._next()) is not None:
            image, reason = self._make(job)
            self._finish(job, image, reason)
            if image is not None and self._cache is not None and self._cache.prune_due():
                self._cache.prune(lambda: self.closed)

    def _next(self) -> Job | None:
        with self._changed:
            while not self.closed:
                for place in range(len(self._queue) - 1, -1, -1):
                    if self._queue[place] not in self._busy:
                        job = self._queue.pop(place)
                        self._busy.add(job)
                        return job
                self._changed.wait()
            return None

    def _make(self, job: Job) -> tuple[QImage | None, str]:
        """Return the thumbnail, or why there is none; neither when it is no longer wanted."""
        id, side = job
        path: Path | None = None
        try:
            path = self._path_of(id)
            return _to_qimage(self._picture(path, job, side)), ""
        except StoppedError:
            return None, ""
        except FbrError as error:
            return None, str(error).removeprefix(f"{path}: ")
        except FileNotFoundError:
            return None, "the image is missing; put it back or remove it from the project"
        except Exception as error:  # one photo must never end the thread
            return None, f"cannot be shown ({type(error).__name__})"

    def _picture(self, path: Path, job: Job, side: int) -> Image.Image:
        name = cache_name(path, side)
        kept = self._cache.read(name) if self._cache else None
        if kept is not None:
            return kept
        made = decode_thumbnail(path, side, lambda: job not in self._wanted)
        if self._cache:
            self._cache.write(name, made)
        return made

    def _finish(self, job: Job, image: QImage | None, reason: str) -> None:
        with self._changed:
            self._busy.discard(job)
            stale = job in self._stale
            self._stale.discard(job)
            if stale or (image is None and not reason):
                self._again(job)
                return
            if image is not None and not self.closed:
                self._memory.put(job, image)
            if job in self._wanted:
                self._queue = [other for other in self._queue if other != job]
                with contextlib.suppress(RuntimeError):  # the loader's Qt side is gone
                    self._tell(job[0], QImage() if image is None else image, reason)

    def _again(self, job: Job) -> None:
        if job in self._wanted and job not in self._queue:
            self._queue.append(job)
        self._changed.notify_all()


class _Memory:
    """Images by job under a byte limit, the least recently used leaving first. Not for threads by itself."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._images: OrderedDict[Job, QImage] = OrderedDict()
        self._bytes = 0

    def get(self, job: Job) -> QImage | None:
        image = self._images.get(job)
        if image is not None:
            self._images.move_to_end(job)
        return image

    def put(self, job: Job, image: QImage) -> None:
        self._remove(job)
        self._images[job] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > self._limit and len(self._images) > 1:
            self._remove(next(iter(self._images)))

    def drop(self, ids: frozenset[int] | None) -> None:
        for job in [job for job in self._images if ids is None or job[0] in ids]:
            self._remove(job)

    def _remove(self, job: Job) -> None:
        image = self._images.pop(job, None)
        self._bytes -= 0 if image is None else image.sizeInBytes()


def _to_qimage(picture: Image.Image) -> QImage:
    data = picture.tobytes("raw", "BGRX")
    return QImage(data, picture.width, picture.height, 4 * picture.width, QImage.Format.Format_RGB32).copy()


def _lower_priority() -> None:
    """Let the window and the training go first. Only Linux gives one thread a priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
