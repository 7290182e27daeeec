"""The line of figures above the curves: of the training that runs, or of a run that stands."""

from __future__ import annotations

from fbr_engine.project import Project, RunInfo
from fbr_studio.jobs.runner import Job
from fbr_studio.rooms.training.live_training import LiveTraining, device_words
from fbr_studio.rooms.training.run_facts import device_of, train_config
from fbr_studio.widgets import formatting

_GAP = "   "
_STAGES = {
    "": "getting ready",
    "train": "training",
    "regions": "gathering regions",
    "cams": "making CAMs",
    "threshold": "choosing the threshold",
    "affinity": "learning boundaries",
    "judged": "reading seeds and judgements",
    "masks": "making masks",
}


def live_line(job: Job, live: LiveTraining) -> str:
    """Return epoch, speed, time left, device, loss and learning rate of a job that is under way."""
    if live.run is None:
        return "Getting ready: the network is loaded."
    works = job.figures.stage == "train" and job.state == "running"
    rate, left = (job.figures.rate, job.figures.seconds_left) if works else (None, None)
    return _GAP.join(live.figures(rate, left))


def stored_line(project: Project, info: RunInfo) -> str:
    """Return method, network, epochs, images and device of a run."""
    config = train_config(info)
    images = int(info.figures.get("images", 0))
    parts = [
        config.method,
        config.backbone,
        formatting.counted(config.epochs, "epoch"),
        formatting.counted(images, "image") if images else "",
        device_words(device_of(project, info.name)),
    ]
    return _GAP.join(part for part in parts if part)


def job_words(job: Job) -> str:
    """Return what a job of this room does at the moment."""
    figures = job.figures
    if job.state in ("paused", "stopping"):
        return job.state
    if figures.stage in ("", "train"):
        return _STAGES[figures.stage]
    stage = _STAGES.get(figures.stage, figures.stage)
    return f"{stage}: {formatting.of_total(figures.done, figures.total, figures.unit)}"
