"""The ``auto`` threshold of a run, over all its CAMs. Needs no torch."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ReadError
from fbr_engine.events import Event, Progress, Started
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import CamRecord, cam_record
from fbr_engine.stages.thresholds import LEVELS, cam_histogram, otsu_threshold


def auto_threshold(project: Project, info: RunInfo) -> Generator[Event, None, float]:
    """Return the run's threshold by the rule of `fbr_engine.stages.thresholds`, over all its CAMs."""
    total = project.maps.count_done(info.id, CAMS)
    yield Started("threshold", total, "images", info.name)
    sum_of_all = np.zeros(LEVELS)
    for done, (image, _, _) in enumerate(project.maps.done(info.id, CAMS), start=1):
        histogram = _histogram(cam_record(project, info, image))
        if histogram is not None:
            sum_of_all += histogram
        yield Progress("threshold", done, total, "images")
    return otsu_threshold([sum_of_all])


def _histogram(record: CamRecord | None) -> npt.NDArray[np.float64] | None:
    try:
        stored = record.read() if record else None
    except ReadError:
        return None  # reported when its mask is due
    return cam_histogram(stored.cam.max(axis=0)) if stored is not None and len(stored.cam) else None
