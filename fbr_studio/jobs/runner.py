"""Heavy jobs: one at a time, in one thread, watched by signals.

A job is a list of stages that follow each other on one run. The stage's generator runs in the job's thread; its
events are gathered there and fetched by a timer here, so that a fast stage cannot flood the window. All events arrive,
in order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fbr_engine.config_fields import StageConfig
from fbr_engine.errors import FbrError
from fbr_engine.events import Event, Progress, Result, Started
from fbr_engine.project import Project
from fbr_engine.stage_table import STAGES
from fbr_studio.jobs.gentle import lower_priority, take_cores

LOG = logging.getLogger(__name__)
FETCH_MS = 50
NO_TORCH = frozenset({"new", "export", "concepts"})

Make = Callable[[Project, str | None], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a job: its name, and how its generator is made from the project and the run's name so far."""

    stage: str
    make: Make


def stage_step(stage: str, config: StageConfig, **options: Any) -> Step:
    """Return a step that runs a stage of `STAGES`; its module (and torch) is imported in the job's thread."""
    return Step(stage, lambda project, run: STAGES[stage].load()(project, config, run, **options))


@dataclass(frozen=True, slots=True)
class JobSpec:
    """``run`` names the run that is worked on; a training that makes one passes the new name on to its followers."""

    title: str
    steps: Sequence[Step]
    run: str | None = None
    can_pause: bool = True


@dataclass(slots=True)
class Figures:
    """How far a stage is: for the job bar."""

    stage: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    note: str = ""
    began: float = field(default_factory=time.monotonic)
    first: int = 0
    waited: float = 0.0
    rests_since: float | None = None

    def rest(self) -> None:
        """A pause begins: its time does not count."""
        self.rests_since = time.monotonic()

    def go_on(self) -> None:
        """The pause is over."""
        if self.rests_since is not None:
            self.waited += time.monotonic() - self.rests_since
            self.rests_since = None

    @property
    def rate(self) -> float | None:
        """Units a second since the stage began, pauses left out; None before it can be told."""
        now = time.monotonic() if self.rests_since is None else self.rests_since
        seconds = now - self.began - self.waited
        made = self.done - self.first
        return made / seconds if made > 0 and seconds > 0.5 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds this stage still takes at this rate."""
        rate = self.rate
        return (self.total - self.done) / rate if rate else None


class Job(QObject):
    """One job. ``state``: queued, running, paused, stopping, done, stopped or failed."""

    state_changed = Signal()
    events = Signal(list)
    ended = Signal()

    def __init__(self, spec: JobSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.state = "queued"
        self.run = spec.run
        self.figures = Figures()
        self.results: dict[str, Result] = {}
        self.error: FbrError | None = None
        self._made: deque[Event] = deque()
        self._go = threading.Event()
        self._go.set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._outcome = "failed"

    @property
    def alive(self) -> bool:
        """Whether it runs, rests or is about to stop."""
        return self.state in ("running", "paused", "stopping")

    def pause(self) -> None:
        """Rest after the step that is being computed; nothing is lost."""
        if self.state == "running" and self.spec.can_pause:
            self._go.clear()
            self.figures.rest()
            self._set_state("paused")

    def go_on(self) -> None:
        """Go on after a pause."""
        if self.state == "paused":
            self.figures.go_on()
            self._go.set()
            self._set_state("running")

    def stop(self) -> None:
        """End after the step that is being computed, with the work kept; followers do not run."""
        if self.state == "queued":
            self._finish("stopped")
        elif self.state in ("running", "paused"):
            self.figures.go_on()
            self._stop.set()
            self._go.set()
            self._set_state("stopping")

    # --- in the window's thread, called by the runner

    def start(self, project: Project) -> None:
        """Begin in a thread of its own."""
        self._thread = threading.Thread(target=self._work, args=(project,), name="job", daemon=True)
        self._set_state("running")
        self._thread.start()

    def fetch(self) -> None:
        """Hand on the events made since the last time, and notice the end."""
        over = self._thread is not None and not self._thread.is_alive()
        made: list[Event] = []
        while self._made:
            made.append(self._made.popleft())
        for event in made:
            self._follow(event)
        if made:
            self.events.emit(made)
        if over and self._thread is not None:
            self._thread.join()
            self._thread = None
            self._finish(self._outcome)

    def join(self, seconds: float) -> bool:
        """Wait for the thread; return whether it has ended."""
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _follow(self, event: Event) -> None:
        if isinstance(event, Started):
            self.figures = Figures(event.stage, event.skipped, event.total, event.unit, first=event.skipped)
            if self.state == "paused":
                self.figures.rest()
            self.run = event.run or self.run
        elif isinstance(event, Progress):
            f = self.figures
            f.stage, f.done, f.total, f.unit, f.note = event.stage, event.done, event.total, event.unit, event.note
        elif isinstance(event, Result):
            self.results[event.stage] = event

    def _finish(self, state: str) -> None:
        self._set_state(state)
        self.ended.emit()

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit()

    # --- in the job's thread

    def _work(self, project: Project) -> None:
        low = lower_priority()
        try:
            if any(step.stage not in NO_TORCH for step in self.spec.steps):
                take_cores(low)
            run = self.spec.run
            for step in self.spec.steps:
                run = self._run_step(step, project, run)
                if self._stop.is_set():
                    break
            self._outcome = "stopped" if self._stop.is_set() else "done"
        except FbrError as error:
            self.error, self._outcome = error, "failed"
        except MemoryError:
            self.error = FbrError("the memory of this machine ran out: close other programs, or take a smaller batch")
            self._outcome = "failed"
        except Exception as error:
            LOG.exception("job %s", self.spec.title)
            self.error = FbrError(f"{self.spec.title} met a fault of this program ({error!r}): the log has the details")
            self._outcome = "failed"

    def _run_step(self, step: Step, project: Project, run: str | None) -> str | None:
        with closing(step.make(project, run)) as made:  # type: ignore[type-var]
            for event in made:
                self._made.append(event)
                if isinstance(event, Started) and event.run:
                    run = event.run
                self._go.wait()
                if self._stop.is_set():
                    break
                time.sleep(0)
        return run


class JobRunner(QObject):
    """Runs jobs one after the other on the open project."""

    job_started = Signal(object)
    job_ended = Signal(object)
    queue_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: Job | None = None
        self._queue: deque[tuple[Job, Project]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(FETCH_MS)
        self._timer.timeout.connect(self._fetch)

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self.current is not None or bool(self.waiting)

    @property
    def waiting(self) -> list[Job]:
        """The jobs that wait, next first."""
        return [job for job, _ in self._queue if job.state == "queued"]

    def submit(self, spec: JobSpec, project: Project) -> Job:
        """Run a job when those before it have ended."""
        job = Job(spec, self)
        self._queue.append((job, project))
        job.ended.connect(self._forget_stopped)
        self.queue_changed.emit()
        self._next()
        return job

    def stop_all(self, seconds: float = 30.0) -> bool:
        """Stop everything and wait; return whether every thread has ended. For closing a project or the window."""
        for waiting in self.waiting:
            waiting.stop()
        job = self.current
        if job is None:
            return True
        job.stop()
        ended = job.join(seconds)
        if ended:
            self._fetch()
        return ended

    def _next(self) -> None:
        while self.current is None and self._queue:
            job, project = self._queue.popleft()
            if job.state == "queued":
                self.current = job
                self.job_started.emit(job)
                job.start(project)
                self._timer.start()
        self.queue_changed.emit()

    def _forget_stopped(self) -> None:
        """Take out of the queue what was stopped before its turn."""
        left = deque((job, project) for job, project in self._queue if job.state == "queued")
        if len(left) < len(self._queue):
            self._queue = left
            self.queue_changed.emit()

    def _fetch(self) -> None:
        job = self.current
        if job is None:
            self._timer.stop()
            return
        job.fetch()
        if not job.alive and self.current is job:  # whoever heard of the end may have called `stop_all`
            self.current = None
            self._timer.stop()
            self.job_ended.emit(job)
            self._next()
