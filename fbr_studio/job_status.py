"""What the job bar says about a job."""

from __future__ import annotations

from fbr_studio.jobs.runner import Job
from fbr_studio.widgets.job_bar import JobBarState, State

STAGE_NAMES = {
    "train": "training",
    "cams": "CAMs and NROIs",
    "threshold": "choosing the threshold",
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


def job_bar_state(job: Job | None, waiting: int) -> JobBarState:
    """Return the state of the bar for ``job``, or for none."""
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
        waiting=waiting,
        message=str(job.error or ""),
    )
