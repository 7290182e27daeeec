"""What is under the pointer: pixel, class, scores, NROI, and who gave the pixel its class."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fbr_engine.stages.stored_cams import StoredMaps
from fbr_studio.drawing.mask_document import IGNORE, Source
from fbr_studio.rooms.review.cam_values import FOREGROUND
from fbr_studio.rooms.review.material import Labels

_MOST_SCORES = 6
_SOURCES = {Source.RUN: "run", Source.REFINED: "refined", Source.BRUSH: "brush", Source.ERASER: "eraser"}


@dataclass(frozen=True, slots=True)
class Score:
    """How strongly a class is seen at a point, 0..1, and whether the image is tagged with it."""

    name: str
    value: float
    tagged: bool


@dataclass(frozen=True, slots=True)
class Readout:
    """All that is known about one pixel. ``nroi`` counts from 1; None where the pixel is in none."""

    x: int
    y: int
    label: str
    source: str
    scores: tuple[Score, ...] = ()
    nroi: int | None = None


def read_pixel(
    x: int,
    y: int,
    size: tuple[int, int],
    *,
    names: Mapping[int, str],
    tagged: frozenset[int] = frozenset(),
    maps: StoredMaps | None = None,
    labels: Labels | None = None,
    source: Labels | None = None,
) -> Readout | None:
    """Return what is known of the pixel at ``x``, ``y`` of an image of ``size`` (height, width); None outside of it."""
    if not (0 <= x < size[1] and 0 <= y < size[0]):
        return None
    label = "" if labels is None else class_text(int(labels[y, x]), names)
    whose = "" if labels is None else _source_text(source, x, y)
    scores = () if maps is None else _scores(maps, x, y, size, names, tagged)
    return Readout(x, y, label, whose, scores, None if maps is None else nroi_at(maps, x, y, size))


def class_text(class_id: int, names: Mapping[int, str]) -> str:
    """Return what people call a pixel value."""
    if class_id == 0:
        return "background"
    if class_id == IGNORE:
        return "ignored"
    return names.get(class_id, f"class {class_id}")


def nroi_at(maps: StoredMaps, x: int, y: int, size: tuple[int, int]) -> int | None:
    """Return the number of the NROI at a pixel, from 1, or None."""
    if maps.nroi_labels.size == 0:
        return None
    height, width = maps.nroi_labels.shape
    value = int(maps.nroi_labels[min(height - 1, y * height // size[0]), min(width - 1, x * width // size[1])])
    return None if value == FOREGROUND else value + 1


def as_html(readout: Readout, muted: str) -> str:
    """Return one line of rich text; ``muted`` is the colour of what is beside the point."""
    quiet = f'<span style="color:{muted}">{{}}</span>'
    parts = [quiet.format(f"x&nbsp;{readout.x} y&nbsp;{readout.y}&nbsp;px")]
    if readout.label:
        whose = f" {quiet.format('(' + readout.source + ')')}" if readout.source else ""
        parts.append(f"<b>{html.escape(readout.label)}</b>{whose}")
    if readout.scores:
        parts.append("CAM&nbsp; " + "&nbsp; ".join(_score_html(score, quiet) for score in readout.scores))
    if readout.nroi is not None:
        parts.append(f"NROI&nbsp;{readout.nroi}")
    return "&nbsp;&nbsp;&nbsp;&nbsp;".join(parts)


def as_text(readout: Readout) -> str:
    """Return the same in plain words."""
    parts = [f"x {readout.x} y {readout.y} px"]
    if readout.label:
        parts.append(readout.label + (f" ({readout.source})" if readout.source else ""))
    parts += [f"{score.name} {score.value:.0%}" for score in readout.scores]
    parts += [f"NROI {readout.nroi}"] if readout.nroi is not None else []
    return ", ".join(parts)


def _score_html(score: Score, quiet: str) -> str:
    text = f"{html.escape(score.name)}&nbsp;{100 * score.value:.0f}&nbsp;%"
    return f"<b>{text}</b>" if score.tagged else quiet.format(text)


def _source_text(source: Labels | None, x: int, y: int) -> str:
    if source is None:
        return _SOURCES[Source.RUN]
    value = int(source[y, x])
    return _SOURCES.get(Source(value), "") if value in set(Source) else ""


def _scores(
    maps: StoredMaps, x: int, y: int, size: tuple[int, int], names: Mapping[int, str], tagged: frozenset[int]
) -> tuple[Score, ...]:
    values = _interpolated(maps, x, y, size)
    found = [
        Score(names.get(int(c), f"class {c}"), float(value), int(c) in tagged)
        for c, value in zip(maps.class_ids, values, strict=True)
    ]
    found.sort(key=lambda score: (not score.tagged, -score.value))
    return tuple(found[:_MOST_SCORES])


def _interpolated(maps: StoredMaps, x: int, y: int, size: tuple[int, int]) -> list[float]:
    """Return each class's CAM at a pixel, 0..1; corners lie on corners."""
    height, width = maps.cam.shape[1:]
    down = y * (height - 1) / max(1, size[0] - 1)
    right = x * (width - 1) / max(1, size[1] - 1)
    top, left = min(int(down), max(0, height - 2)), min(int(right), max(0, width - 2))
    corner = maps.cam[:, top : top + 2, left : left + 2].astype(np.float32) / 255
    rows = np.array([1 - (down - top), down - top], np.float32)[: corner.shape[1]]
    columns = np.array([1 - (right - left), right - left], np.float32)[: corner.shape[2]]
    return [float(v) for v in np.einsum("cij,i,j->c", corner, rows, columns)]
