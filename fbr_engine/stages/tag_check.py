"""Tags that the model doubts, by raw scores, since a normalised CAM has a peak of 1 under any tag. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ReadError
from fbr_engine.project import ImageInfo, Project, RunInfo, load_arrays
from fbr_engine.stages.run_files import run_classes
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import with_aliases

Kind = Literal["missing", "wrong"]
LIKE_UNTAGGED = 0.9  # share of the images without a tag whose logit is lower than what may be their kind
LOW_PEAK = 0.15
_ARRAYS = ("class_ids", "peak", "logits")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A tag that may be ``missing``, or one that may be ``wrong``; ``score``: larger is more doubtful."""

    image_id: int
    class_id: int
    kind: Kind
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """Raw scores of N images and C classes, nan where none are stored; ``known``: their tags (1, 0, -1)."""

    image_ids: list[int]
    class_ids: list[int]
    logits: npt.NDArray[np.float32]
    peaks: npt.NDArray[np.float32]
    known: npt.NDArray[np.int8]


def doubts(project: Project, info: RunInfo) -> list[Doubt]:
    """Return the doubtful tags of a run's images, most doubtful first.

    Missing: the class is not tagged, and its pooled logit is above that of nine in ten images without it and of a
    quarter of those that have it. Wrong: the class is tagged, its logit is no higher than in nine in ten images
    without the tag, and its highest activation is among the lowest 15 % under that tag. Broken files are passed over.
    """
    scores = _scores(project, info)
    found = [d for column in range(len(scores.class_ids)) for d in _of_class(scores, column)]
    return sorted(found, key=lambda d: (-d.score, d.image_id, d.class_id))


def _of_class(scores: _Scores, column: int) -> Iterator[Doubt]:
    """Scores are counted in spreads of the class's tagged images, so that classes and runs can be compared."""
    logits, peaks = scores.logits[:, column], scores.peaks[:, column]
    known, there = scores.known[:, column], ~np.isnan(scores.logits[:, column])
    tagged, untagged = there & (known == 1), there & (known != 1)
    if not tagged.any() or not untagged.any():
        return
    low, usual = np.quantile(logits[tagged], (0.25, 0.5))
    spread = max(float(np.std(logits[tagged])), 0.5)
    like_untagged = np.quantile(logits[untagged], LIKE_UNTAGGED)
    low_peak = np.quantile(peaks[tagged], LOW_PEAK)
    for row in np.flatnonzero(untagged & (logits >= low) & (logits > like_untagged)):
        score = float((logits[row] - like_untagged) / spread)
        yield Doubt(scores.image_ids[row], scores.class_ids[column], "missing", score)
    for row in np.flatnonzero(tagged & (logits < min(like_untagged, usual)) & (peaks <= low_peak)):
        score = float((usual - logits[row]) / spread)
        yield Doubt(scores.image_ids[row], scores.class_ids[column], "wrong", score)


def _scores(project: Project, info: RunInfo) -> _Scores:
    classes = [c.id for c in run_classes(project, info)]
    columns = {c: i for i, c in enumerate(classes)}
    aliases = project.classes.aliases()
    done: list[ImageInfo] = []
    logits, peaks = [], []
    for image, location, _ in project.maps.done(info.id, CAMS):
        if image.problem:
            continue
        try:
            arrays = with_aliases(load_arrays(project.path_of(location), _ARRAYS), aliases)
        except ReadError:
            continue
        one = np.full((2, len(classes)), np.nan, dtype=np.float32)
        for row, class_id in enumerate(arrays["class_ids"].tolist()):
            if class_id in columns:
                one[:, columns[class_id]] = arrays["logits"][row], arrays["peak"][row]
        done.append(image)
        logits.append(one[0])
        peaks.append(one[1])
    ids = [image.id for image in done]
    known = project.tags.matrix(ids, classes)
    empty = np.zeros((0, len(classes)), dtype=np.float32)
    return _Scores(ids, classes, np.array(logits) if logits else empty, np.array(peaks) if peaks else empty, known)
