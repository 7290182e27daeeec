"""Shows a run: its curves, figures and strip in the middle, its card and facts in the list."""

from __future__ import annotations

from PySide6.QtCore import QObject

from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.training.centre import Centre
from fbr_studio.rooms.training.figures_line import job_words, live_line, stored_line
from fbr_studio.rooms.training.run_card import CardState
from fbr_studio.rooms.training.run_facts import STATUS_WORDS, RunDisk, measure_runs
from fbr_studio.rooms.training.run_list import RunList
from fbr_studio.rooms.training.shown_runs import ShownRuns
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import set_kind

GETTING_READY = "Getting ready: reading the first images"


class RunView(QObject):
    """What the disk holds of each run is measured behind the window."""

    def __init__(
        self,
        session: Session,
        jobs: TrainingJobs,
        shown: ShownRuns,
        centre: Centre,
        runs: RunList,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._shown = session, jobs, shown
        self._centre, self._runs = centre, runs
        self._disk: dict[str, RunDisk] = {}
        self._state = ""
        self._measure = LatestTask(measure_runs, self)
        self._measure.done.connect(self._measured)

    def show(self) -> None:
        """Show the run and the one it is compared with."""
        project, info, other = self._session.project, self._shown.info, self._shown.other
        live = self._jobs.live
        main = self._jobs.curves_of(project, info) if project is not None and info is not None else None
        if self._shown.watching and live is not None:
            main = live.curves
        behind = self._jobs.curves_of(project, other) if project is not None and other is not None else None
        names = (self._shown.name or "", other.name if other is not None else "")
        self._centre.curves.show_curves(main, behind, names)
        self._await_first()
        self._centre.strip.show_run(project if info is not None else None, info.name if info is not None else None)
        self._show_cards()
        self.show_figures()
        self.show_notices()

    def follow(self) -> None:
        """Show what the training has come to."""
        if self._shown.watching:
            self._await_first()
            self._centre.curves.refresh()
        job = self._jobs.job
        if job is not None and job.state != self._state:
            self._state = job.state
            self._show_cards()
        self.show_figures()
        self.show_notices()

    def show_pictures(self) -> None:
        """Show pictures that the training has just written."""
        if self._shown.watching:
            self._centre.strip.refresh()

    def show_notices(self) -> None:
        """Show what the last training of the run has reported, also when it has ended."""
        live, project, name = self._jobs.live, self._session.project, self._shown.name
        if live is not None and self._shown.watching:
            found = live.notices
        else:
            found = self._jobs.notices_of(project, name) if project is not None and name else []
        self._centre.notices.show_notices(found)

    def _await_first(self) -> None:
        """Say what will come where there is nothing to show yet."""
        live, awaited = self._jobs.live, self._shown.watching and self._jobs.training
        self._centre.curves.set_note(GETTING_READY if awaited else "This run has no losses on record")
        previews = live is not None and live.config.previews > 0
        self._centre.strip.set_awaited(awaited and previews)

    def show_figures(self) -> None:
        """Show name, state and figures of the run."""
        job, live, centre = self._jobs.job, self._jobs.live, self._centre
        if self._shown.watching and job is not None and live is not None and job.alive:
            centre.title.set_text(live.run or job.spec.title)
            centre.status.setText(job_words(job))
            set_kind(centre.status, "good" if job.state == "running" else "warning")
            centre.figures.setText(live_line(job, live))
            return
        info, project = self._shown.info, self._session.project
        if info is not None and project is not None:
            centre.title.set_text(info.name)
            centre.status.setText(STATUS_WORDS.get(info.status, info.status))
            set_kind(centre.status, "danger" if info.status == "failed" else "muted")
            centre.figures.setText(stored_line(project, info))

    def _show_cards(self) -> None:
        project, shown = self._session.project, self._shown.name
        compared = self._session.compare_run if self._shown.comparing else None
        found = project.runs.all() if project is not None else []
        info = next((run for run in found if run.name == shown), None)
        self._runs.show_facts(info, self._shown.other, self._disk.get(shown or ""))
        states = [
            CardState(
                info,
                self._disk.get(info.name),
                info.name == shown,
                info.name == compared,
                self._jobs.works_on(info.name),
                self._rests(info.name),
            )
            for info in found
        ]
        self._runs.show_runs(states)

    def _rests(self, run: str) -> str:
        """Return what the job of a run does in place of working, or nothing."""
        job = self._jobs.job
        return job.state if job is not None and job.run == run and job.state in ("paused", "stopping") else ""

    # --- on the disk

    def measure(self) -> None:
        """Measure what the disk holds of each run."""
        if self._session.project is not None:
            self._measure.request(self._session.project)

    def renamed(self, old: str, new: str) -> None:
        """Keep the measure of a renamed run."""
        if old in self._disk:
            self._disk[new] = self._disk.pop(old)

    def forget(self) -> None:
        """Another project: nothing is measured yet."""
        self._disk = {}

    def stop(self) -> None:
        """The project goes: measure nothing of it any more."""
        self._measure.cancel()
        self._centre.strip.show_run(None, None)

    def close(self) -> None:
        """End the background work."""
        self._measure.close()

    def _measured(self, found: dict[str, RunDisk]) -> None:
        self._disk = found
        self._show_cards()
