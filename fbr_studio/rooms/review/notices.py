"""What is missing for this image to be reviewed, in one sentence, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbr_engine.project import RunInfo
from fbr_studio.rooms.review.material import Material, RunLook

Remedy = Literal["", "maps", "images", "training"]
REMEDY_TEXTS = {
    "maps": "Make CAMs and masks",
    "images": "Go to Images",
    "training": "Go to Training",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A sentence, and the name of its remedy; ``run`` is the run it is about."""

    text: str
    remedy: Remedy = ""
    run: str = ""


def what_is_missing(
    material: Material | None, runs: list[RunInfo], learnt: frozenset[int], busy: str
) -> Missing | None:
    """Return what this image lacks under the runs that are shown; ``busy`` names the run a job works on, if any."""
    if material is None or material.photo is None:
        return None
    for run in runs:
        look = material.look(run.name)
        found = _of_run(run, look, busy) if look is not None else None
        if found is not None:
            return found
    if runs and not learnt.intersection(material.tags):
        return Missing("Nobody has tagged this image yet, and masks are made of tags.", "images")
    return None


def _of_run(run: RunInfo, look: RunLook, busy: str) -> Missing | None:
    if look.problem:
        return Missing(look.problem, "maps", run.name)
    if look.maps is not None:
        return None
    if busy == run.name:
        return Missing(f"{run.name}: the CAMs of this image are still to come.", "", run.name)
    if run.status != "done" and not run.figures.get("class_ids"):
        return Missing(f"{run.name}: the training has not ended, so there are no CAMs.", "training", run.name)
    return Missing(f"{run.name} has no CAMs of this image yet.", "maps", run.name)
