"""The trainings of this window: submits those this room asks for, follows all of them, keeps their curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ProjectError
from fbr_engine.events import EpochDone, Event, FileWritten, Started
from fbr_engine.project import Project, RunInfo
from fbr_engine.project.runs import check_run_name
from fbr_engine.stages.stored_previews import KIND as PREVIEW
from fbr_studio.jobs.follow_up import maps_job, training_job
from fbr_studio.jobs.runner import Job, JobRunner, JobSpec
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.training.live_training import LiveTraining
from fbr_studio.rooms.training.run_facts import device_of, steps_per_epoch, stored_curves, train_config
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.plots.series import Curves


class TrainingJobs(QObject):
    """``live`` is the last training that was begun, also when it has ended; ``job`` the job that trains it.

    ``ended`` carries a job that was followed, with its config or None if it did not train. Jobs that other parts of
    the window submit are followed too, once they train.
    """

    changed = Signal()
    run_began = Signal(str)
    preview_written = Signal()
    epoch_done = Signal()
    ended = Signal(object, object)

    def __init__(self, session: Session, runner: JobRunner, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._runner, self._preferences = session, runner, preferences
        self.live: LiveTraining | None = None
        self.job: Job | None = None
        self._mine: dict[Job, LiveTraining] = {}
        self._kept: dict[tuple[Path, str], Curves] = {}
        self._said: dict[tuple[Path, str], list[str]] = {}
        runner.job_started.connect(self._listen)
        if runner.current is not None:
            self._listen(runner.current)

    # --- what is asked

    def train(self, config: TrainConfig, name: str | None = None) -> Job:
        """Train a new run, now or when the jobs before have ended."""
        project = self._session.open_project
        return self._submit(
            training_job(config, name or self.free_name(config.method), **self._options()), config, project
        )

    def resume(self, info: RunInfo) -> Job:
        """Go on with a run that was stopped or has failed."""
        project = self._session.open_project
        config = train_config(info)
        return self._submit(training_job(config, info.name, resume=True, **self._options()), config, project, info)

    def make_maps(self, info: RunInfo) -> Job:
        """Make a run's CAMs and masks."""
        now = self._preferences.now
        spec = maps_job(info.name, train_config(info), looked_at=self._looked_at, refine=now.refine)
        job = self._runner.submit(spec, self._session.open_project)
        live = LiveTraining(train_config(info), info.name)
        self._watch(job, live, trains=False)
        return job

    def free_name(self, method: str) -> str:
        """Return a name for a run of this method that no run has and none that waits will have."""
        project = self._session.open_project
        taken = self.taken_names()
        base = "fbr" if method == "cam+fbr" else method.replace("+", "-")
        number, name = 1, base
        while name.casefold() in taken or project.runs.folder(name).exists():
            number += 1
            name = f"{base}-{number}"
        return name

    def taken_names(self) -> set[str]:
        """Return the names, in lower case, that runs have and that jobs which wait will give."""
        found = {info.name.casefold() for info in self._session.open_project.runs.all()}
        return found | {(job.spec.run or "").casefold() for job in self._mine}

    def name_problem(self, new: str, old: str = "") -> str:
        """Return why a run cannot be named ``new``, in one sentence, or nothing; ``old``: the name it has now."""
        if self._session.project is None:
            return ""
        try:
            check_run_name(new)
        except ProjectError as error:
            return without_commands(str(error))
        taken = self.taken_names() - {old.casefold()}
        return "A run has this name already. Choose another name." if new.casefold() in taken else ""

    def works_on(self, run: str) -> bool:
        """Return whether a job that runs or waits is about this run."""
        jobs = [self._runner.current, *self._runner.waiting]
        return any(job is not None and run in (job.run, job.spec.run) for job in jobs)

    # --- what is known

    @property
    def training(self) -> bool:
        """Whether a training of this room runs, rests or is about to stop."""
        return self.job is not None and self.job.alive and self.job.figures.stage in ("", "train")

    @property
    def alive(self) -> bool:
        """Whether the job of the last training, with what follows it, has not ended."""
        return self.job is not None and self.job.alive

    def curves_of(self, project: Project, info: RunInfo) -> Curves:
        """Return a run's curves: all steps if it was trained in this window, else one point an epoch."""
        return self._kept.get((project.folder, info.name)) or stored_curves(project, info)

    def notices_of(self, project: Project, run: str) -> list[str]:
        """Return what the last training of a run in this window has reported."""
        return self._said.get((project.folder, run), [])

    def renamed(self, project: Project, old: str, new: str) -> None:
        """Keep the curves of a renamed run."""
        curves = self._kept.pop((project.folder, old), None)
        if curves is not None:
            self._kept[project.folder, new] = curves
        said = self._said.pop((project.folder, old), None)
        if said is not None:
            self._said[project.folder, new] = said
        if self.live is not None and self.live.run == old:
            self.live.run = new

    def forget(self) -> None:
        """The project goes: the figures on show go with it."""
        if not self.alive:
            self.live = self.job = None

    # --- following

    def _options(self) -> dict[str, Any]:
        now = self._preferences.now
        return {"follow": now.follow_training, "refine": now.refine, "looked_at": self._looked_at}

    def _looked_at(self) -> tuple[int, ...]:
        """Return the images the person looks at; called from the job's thread."""
        return self._session.looked_at

    def _submit(self, spec: JobSpec, config: TrainConfig, project: Project, resumed: RunInfo | None = None) -> Job:
        live = LiveTraining(config)
        if resumed is not None:
            live.curves = self.curves_of(project, resumed)
            live.curves.coarse = False
        job = self._runner.submit(spec, project)
        self._watch(job, live, trains=True)
        return job

    def _watch(self, job: Job, live: LiveTraining, *, trains: bool) -> None:
        self._mine[job] = live
        job.events.connect(lambda events: self._follow(job, live, events))
        job.state_changed.connect(lambda: self._state_changed(job, live, trains))
        job.ended.connect(lambda: self._over(job, live, trains))
        self._state_changed(job, live, trains)

    def _listen(self, job: Job) -> None:
        """A job has begun: if another part of the window asked for it, wait until it trains."""
        job.events.connect(lambda events: self._overhear(job, events))
        if job.alive and job.figures.stage == "train" and job.run:
            self._adopt(job, job.run, [])

    def _overhear(self, job: Job, events: list[Event]) -> None:
        begun = next((e for e in events if isinstance(e, Started) and e.stage == "train"), None)
        if begun is not None and begun.run and job not in self._mine:
            self._adopt(job, begun.run, events)

    def _adopt(self, job: Job, run: str, events: list[Event]) -> None:
        """Follow a training this room did not ask for; ``events`` are those it has missed."""
        project = self._session.project
        info = project.runs.find(run) if project is not None else None
        if project is None or info is None or job in self._mine:
            return
        live = LiveTraining(train_config(info), run)
        live.curves = self.curves_of(project, info)
        live.curves.coarse = False
        self._watch(job, live, trains=True)
        if events:
            self._follow(job, live, events)
        else:
            self._began(live, run)

    def _state_changed(self, job: Job, live: LiveTraining, trains: bool) -> None:
        if trains and job.alive and self.job is not job:
            self.live, self.job = live, job
        self.changed.emit()

    def _follow(self, job: Job, live: LiveTraining, events: list[Event]) -> None:
        for event in events:
            live.follow(event)
        if job is self.job:
            began = next((e for e in events if isinstance(e, Started) and e.stage == "train"), None)
            if began is not None and began.run:
                self._began(live, began.run)
            if any(isinstance(e, FileWritten) and e.kind == PREVIEW for e in events):
                self.preview_written.emit()
            if any(isinstance(e, EpochDone) for e in events):
                self.epoch_done.emit()
        self.changed.emit()

    def _began(self, live: LiveTraining, run: str) -> None:
        project = self._session.project
        info = project.runs.find(run) if project is not None else None
        if project is not None and info is not None:
            live.images = int(info.figures.get("images", 0))
            live.device = device_of(project, run)
            live.curves.steps = steps_per_epoch(info)
            self._kept[project.folder, run] = live.curves
            self._said[project.folder, run] = live.notices
        self.run_began.emit(run)

    def _over(self, job: Job, live: LiveTraining, trains: bool) -> None:
        self._mine.pop(job, None)
        self.changed.emit()
        self.ended.emit(job, live.config if trains else None)
