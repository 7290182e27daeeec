"""Writing of CAMs and features beside the network's computing: one thread, a few images at most under way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.project import FeatureShards, ImageInfo, Project, RunInfo, save_arrays
from fbr_engine.stages.cam_inference import ImageMaps
from fbr_engine.stages.stored_cams import KIND

COMMIT_EVERY = 32
AHEAD = 4  # images computed and not yet written; their maps wait in memory

Record = tuple[int, int, str, str, str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class _Written:
    """One image on the disk: where, what `Maps.record_many` takes, and its ``size`` (height, width) in px."""

    image: ImageInfo
    location: str
    record: Record
    size: tuple[int, int]


class CamWriter:
    """Writes the maps of a run in the order in which they are `put`, and records in batches what it has handed out.

    A record never points to what is not on the disk, and what `finished` did not give is not recorded. ``anew``: the
    first features go to a new shard. All methods are called from one thread, and `close` ends the other.
    """

    def __init__(self, project: Project, info: RunInfo, fingerprint: str, features: bool, anew: bool) -> None:
        self.project, self.info, self.fingerprint = project, info, fingerprint
        self.count = 0
        folder = project.runs.folder(info.name)
        self._shards = FeatureShards(folder / "features") if features else None
        self._anew = anew
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fbr-cams-writer")
        self._waiting: deque[Future[_Written]] = deque()
        self._told: list[_Written] = []
        self._recorder: Future[None] | None = None
        self._recording = threading.Lock()

    def put(
        self,
        image: ImageInfo,
        maps: ImageMaps,
        size: tuple[int, int],
        class_ids: list[int],
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Have the maps of ``image``, ``size`` (height, width) px, written when its turn comes, ``extra`` recorded."""
        self._waiting.append(self._pool.submit(self._write, image, maps, size, class_ids, dict(extra or {})))

    def finished(self, most: int = 0) -> Iterator[tuple[ImageInfo, str]]:
        """Yield what is written by now, with its place relative to the project; wait for all but ``most``.

        Raises `WriteError` of an image or record that could not be written.
        """
        while self._waiting and (len(self._waiting) > most or self._waiting[0].done()):
            written = self._waiting.popleft().result()
            self._told.append(written)
            self.count += 1
            if len(self._told) >= COMMIT_EVERY and (self._recorder is None or self._recorder.done()):
                if self._recorder is not None:
                    self._recorder.result()
                self._recorder = self._pool.submit(self.record)
            yield written.image, written.location

    def record(self) -> None:
        """Record what was handed out, once it is sure to be on the disk. Raises `WriteError`."""
        with self._recording:
            told = list(self._told)
            if self._shards is not None:
                self._shards.sync()
            with self.project.transaction():
                self.project.maps.record_many(written.record for written in told)
                sizes = ((w.image, w.size) for w in told if (w.image.height, w.image.width) != w.size)
                self.project.images.set_sizes([(image.id, size[1], size[0]) for image, size in sizes])
            del self._told[: len(told)]

    def free(self) -> None:
        """Remove the shards of the feature store that no record points to any more: those of an earlier pass."""
        if self._shards is None:
            return
        records = self.project.maps.done(self.info.id, KIND)
        used = {int(extra["features"].split(":")[0]) for _, _, extra in records if "features" in extra}
        self._shards.remove(set(self._shards.shards()) - used)

    def close(self) -> None:
        """Drop what has not begun, wait for what has, record what was handed out, and let go of the feature store."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        try:
            self.record()
        finally:
            if self._shards is not None:
                self._shards.close()

    def _write(
        self, image: ImageInfo, maps: ImageMaps, size: tuple[int, int], class_ids: list[int], extra: dict[str, str]
    ) -> _Written:
        if self._anew and self._shards is not None:
            self._shards.begin_new_shard()
            self._anew = False
        path = self.project.map_path(self.info.name, image.path, KIND, "npz")
        facts = {"size": np.array(size, dtype=np.int32), "class_ids": np.array(class_ids, dtype=np.int32)}
        save_arrays(path, **_arrays(maps), **facts)
        if self._shards is not None:
            extra["features"] = self._shards.append(maps.features)
        location = path.relative_to(self.project.folder).as_posix()
        return _Written(image, location, (self.info.id, image.id, KIND, self.fingerprint, location, extra), size)


def _arrays(maps: ImageMaps) -> dict[str, npt.NDArray[np.generic]]:
    return {
        "cam": maps.cam,
        "scale": maps.scale,
        "peak": maps.peak,
        "logits": maps.logits,
        "nroi_labels": maps.nroi_labels,
        "nroi_centroids": maps.nroi_centroids,
        "nroi_sizes": maps.nroi_sizes,
    }
