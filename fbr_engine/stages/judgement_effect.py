"""What a judgement changes, at once: the images and pixels of the masks it touches, before anything is written.

`EffectIndex` keeps CAMs and features of up to `MOST_IMAGES` images in memory, once read, and counts on the grid of the
CAMs, without specks removed. `pair` is exact, for one image. Needs no torch.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.effect import PUT_BACK, Cast, likeness, shifted
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.effect_images import MOST_IMAGES, Bytes, EffectImages, Indices
from fbr_engine.stages.judged_cams import JudgedCams, to_bytes
from fbr_engine.stages.pseudo_mask import Mask, pseudo_mask
from fbr_engine.stages.stored_cams import cam_record, resized_floats
from fbr_engine.stages.verdicts import Verdicts

_KEPT = 24  # states of classes that are remembered
_KEPT_COLUMNS = 64
_CHUNK = 65_536  # feature pixels that are compared at once

Floats = npt.NDArray[np.float32]


class Row(NamedTuple):
    """Pixels of one image, in px of the photo, that change; that a class gains and that background gains."""

    image_id: int
    changed: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes: one row an image that does, worst first."""

    rows: tuple[Row, ...]

    @property
    def images(self) -> int:
        """How many images change."""
        return len(self.rows)

    @property
    def pixels(self) -> int:
        """How many pixels of photos change."""
        return sum(row.changed for row in self.rows)

    @property
    def gained(self) -> int:
        """How many of them were background and are a class then."""
        return sum(row.gained for row in self.rows)

    @property
    def lost(self) -> int:
        """How many of them were a class and are background then."""
        return sum(row.lost for row in self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Own:
    """Feature pixels of a class's images against its own atoms: P x A softmax, and the log of what it is divided by."""

    softmax: npt.NDArray[np.float16]
    total: Floats


class EffectIndex:
    """CAMs and features of the images of one run, ready to be judged.

    It holds for every set of concepts made in the same comparison space, merged or split as may be. ``stop`` is asked
    between images; once it says yes, reading ends. One thread at a time. Tags that change later are not seen.
    """

    def __init__(
        self,
        project: Project,
        info: RunInfo,
        concepts: ConceptSet,
        stop: Callable[[], bool] = lambda: False,
        most: int = MOST_IMAGES,
    ) -> None:
        self._project, self._info = project, info
        self._read = EffectImages(project, info, concepts, stop, most)
        self._own: OrderedDict[tuple[int, bytes], _Own] = OrderedDict()
        self._columns: OrderedDict[bytes, npt.NDArray[np.float16]] = OrderedDict()
        self._states: OrderedDict[tuple[int, str], list[Bytes]] = OrderedDict()

    @property
    def image_ids(self) -> list[int]:
        """The images that are counted."""
        return [image.id for image in self._read.images]

    def effect(self, before: Verdicts, after: Verdicts, threshold: float) -> Effect:
        """Return what changes in the masks under ``threshold`` (0..1) when ``after`` holds instead of ``before``."""
        classes = sorted({int(c) for image in self._read.images for c in image.stored.class_ids})
        if all(before.digest([c]) == after.digest([c]) for c in classes):
            return Effect(())
        old, new = (self._labels(verdicts, classes, threshold) for verdicts in (before, after))
        changed = np.flatnonzero(old != new)
        owner, count = self._read.owner[changed], len(self._read.images)
        counts = [
            np.bincount(owner[chosen], minlength=count)
            for chosen in (slice(None), old[changed] == 0, new[changed] == 0)
        ]
        rows = [self._row(int(i), *(int(c[i]) for c in counts)) for i in np.flatnonzero(counts[0])]
        return Effect(tuple(sorted(rows, key=lambda row: (-row.changed, row.image_id))))

    def pair(
        self, image_id: int, before: Verdicts, after: Verdicts, threshold: float, size: tuple[int, int] | None = None
    ) -> tuple[Mask, Mask]:
        """Return the masks, H x W uint8 of pixel ids, of one image before and after; ``size``: its own if not given.

        Raises `ReadError`, and `ProjectError` when the image has no CAMs or no tags.
        """
        found = self._project.images.by_ids([image_id])
        record = cam_record(self._project, self._info, found[0]) if found else None
        if record is None:
            raise ProjectError(
                f"image number {image_id} has no CAMs or no tags in run {self._info.name}: run fbr-engine cams again"
            )
        stored = record.read()
        first, second = (
            pseudo_mask(self._judged(verdicts).apply(record, stored), threshold, size) for verdicts in (before, after)
        )
        return first, second

    def _judged(self, verdicts: Verdicts) -> JudgedCams:
        return JudgedCams(self._project, self._info, verdicts.concepts, verdicts)

    def _row(self, place: int, changed: int, gained: int, lost: int) -> Row:
        image = self._read.images[place]
        share = image.stored.size[0] * image.stored.size[1] / (image.pixels.stop - image.pixels.start)
        return Row(image.id, *(round(n * share) for n in (changed, gained, lost)))

    def _labels(self, verdicts: Verdicts, classes: list[int], threshold: float) -> Bytes:
        """Return the class of every CAM pixel of all images, 0 for background; ties go to who comes first."""
        best = np.full(len(self._read.owner), threshold, dtype=np.float32)
        labels = np.zeros(len(self._read.owner), dtype=np.uint8)
        for c in classes:
            for batch, cam in zip(self._read.batches(c), self._state(verdicts, c), strict=True):
                value = cam.astype(np.float32) / np.float32(255)
                more = value > best[batch.pixels]
                there = batch.pixels[more]
                best[there], labels[there] = value[more], c
        return labels

    def _state(self, verdicts: Verdicts, class_id: int) -> list[Bytes]:
        """Return the CAMs of a class as judged, one array for each of its batches."""
        key = (class_id, verdicts.digest([class_id]))
        if not key[1]:
            return [batch.cam for batch in self._read.batches(class_id)]
        if key not in self._states:
            self._states[key] = self._judged_batches(class_id, verdicts.cast(class_id))
            if len(self._states) > _KEPT:
                self._states.popitem(last=False)
        self._states.move_to_end(key)
        return self._states[key]

    def _judged_batches(self, class_id: int, cast: Cast) -> list[Bytes]:
        batches = self._read.batches(class_id)
        places = np.concatenate([b.points.ravel() for b in batches]) if batches else np.zeros(0, dtype=np.intp)
        shift, lift = self._shift_and_lift(class_id, places, cast)
        found, start = [], 0
        for batch in batches:
            here = slice(start, start + batch.points.size)
            start = here.stop
            size = (batch.cam.shape[1], batch.cam.shape[2])
            planes = (resized_floats(values[here].reshape(batch.points.shape), size) for values in (shift, lift))
            found.append(to_bytes(shifted(batch.cam.astype(np.float32) / np.float32(255), *planes)))
        return found

    def _shift_and_lift(self, class_id: int, places: Indices, cast: Cast) -> tuple[Floats, Floats]:
        """Return what `effect.shift_and_lift` does for many pixels, own atoms from memory."""
        own = self._own_softmax(class_id, places, cast.centroids[: cast.own])
        strength, put_back = cast.strength, cast.put_back.astype(np.float32)
        shift, lift = own.softmax @ strength[: cast.own], np.zeros(len(places), dtype=np.float32)
        if len(cast.centroids) > cast.own:
            others = np.stack([self._column(c)[places] for c in cast.centroids[cast.own :]], axis=1).astype(np.float32)
            share = np.exp(others - np.logaddexp(own.total, _log_sum(others))[:, None])
            shift = shift * (1 - share.sum(axis=1)) + share @ strength[cast.own :]
            lift = PUT_BACK * (share @ put_back[cast.own :])
        return shift.astype(np.float32), lift.astype(np.float32)

    def _column(self, centroid: Floats) -> npt.NDArray[np.float16]:
        """Return the likeness of every pixel of all images to what a judgement brought to other classes."""
        key = centroid.tobytes()
        if key not in self._columns:
            self._columns[key] = _likeness(self._read.points, centroid[None])[:, 0].astype(np.float16)
            if len(self._columns) > _KEPT_COLUMNS:
                self._columns.popitem(last=False)
        self._columns.move_to_end(key)
        return self._columns[key]

    def _own_softmax(self, class_id: int, places: Indices, centroids: Floats) -> _Own:
        key = (class_id, centroids.tobytes())
        if key not in self._own:
            logits = _likeness(self._read.points, centroids, places)
            total = _log_sum(logits)
            self._own[key] = _Own(np.exp(logits - total[:, None]).astype(np.float16), total)
            several = Counter(c for c, _ in self._own)
            for old in [k for k in self._own if k[0] == class_id][: several[class_id] - 2]:
                del self._own[old]  # of atoms before a split before the last
        return self._own[key]


def _likeness(points: npt.NDArray[np.float16], centroids: Floats, places: Indices | None = None) -> Floats:
    """Return `effect.likeness` of all points, or of those at ``places``, without a large copy of them."""
    count = len(points if places is None else places)
    found = np.empty((count, len(centroids)), dtype=np.float32)
    for start in range(0, count, _CHUNK):
        here = slice(start, start + _CHUNK)
        found[here] = likeness(points[here if places is None else places[here]].astype(np.float32), centroids)
    return found


def _log_sum(logits: Floats) -> Floats:
    """Return log(sum(exp(P x K))), P; minus infinity without a K."""
    if not logits.shape[1]:
        return np.full(len(logits), -np.inf, dtype=np.float32)
    top = logits.max(axis=1)
    found: Floats = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return found
