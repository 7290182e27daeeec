"""What the job bar says about a job."""

from __future__ import annotations

from collections.abc import Sequence

from fbr_studio.jobs.runner import Job
from fbr_studio.widgets.job_bar import JobBarState, State

STAGE_NAMES = {
    "train": "training",
    "regions": "gathering object and background regions",
    "cams": "CAMs and NROIs",
    "concepts": "concepts",
    "threshold": "choosing the threshold",
    "affinity": "learning object boundaries",
    "masks": "masks",
    "export": "writing the dataset",
    "evaluate": "comparing with true masks",
}


_SHOWN: dict[str, State] = {
    "running": "running",
    "paused": "paused",
    "stopping": "stopping",
    "failed": "failed",
    "done": "done",
}


def room_of(job: Job) -> str:
    """Return the name of the room a job belongs to."""
    stages = {step.stage for step in job.spec.steps}
    if "export" in stages:
        return "export"
    return "concepts" if "concepts" in stages and "train" not in stages else "training"


def job_bar_state(job: Job | None, waiting: Sequence[Job], room: str = "") -> JobBarState:
    """Return the state of the bar for ``job``, or for none.

    ``waiting``: the jobs behind it. ``room`` is the one that is shown: the bar need not lead there.
    Why a job failed is said once, by the room or the window; the bar says only that it failed.
    """
    if job is None:
        return JobBarState()
    figures = job.figures
    return JobBarState(
        title=job.spec.title,
        stage=STAGE_NAMES.get(figures.stage, figures.stage),
        note=figures.note,
        done=figures.done,
        total=figures.total,
        unit=figures.unit,
        rate=figures.rate,
        seconds_left=figures.seconds_left,
        state=_SHOWN.get(job.state, "idle"),
        can_pause=job.spec.can_pause,
        waiting=len(waiting),
        queue=tuple(one.spec.title for one in waiting),
        leads=room != room_of(job),
        message="failed" if job.error is not None else "",
    )
