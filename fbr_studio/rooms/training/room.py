"""The Training room: composes the form, the curves, the strip and the list, and passes on what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError, FbrError
from fbr_engine.project import RunInfo
from fbr_studio.actions import Actions, ActionSpec, key_text
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.room import Room
from fbr_studio.rooms.training.centre import Centre
from fbr_studio.rooms.training.figures_line import job_words, live_line, stored_line
from fbr_studio.rooms.training.form_panel import FormPanel, Outlook
from fbr_studio.rooms.training.recipes import first_config
from fbr_studio.rooms.training.run_card import CardState
from fbr_studio.rooms.training.run_facts import STATUS_WORDS, RunDisk, measure_runs, train_config
from fbr_studio.rooms.training.run_list import RunList
from fbr_studio.rooms.training.shown_runs import ShownRuns
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.rooms.training.trouble import Trouble
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import hairline, set_kind

TICK_MS = 500

START = ActionSpec("training.start", "Start training", ("Ctrl+R",), "play", "Train with what the form says")
MORE = ActionSpec("training.more", "More options", ("Ctrl+M",), "settings", "Show or hide the rarely changed options")
BEFORE = ActionSpec("training.epoch_before", "CAMs of the epoch before", ("Alt+Left",), "previous")
AFTER = ActionSpec("training.epoch_after", "CAMs of the next epoch", ("Alt+Right",), "next")
LOG = ActionSpec("training.log_scale", "Logarithmic scale", ("Ctrl+L",), "training", "Switch the scale of the losses")


class TrainingRoom(Room):
    """Shows the run that trains, until the person chooses another one."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.jobs = TrainingJobs(session, runner, preferences, self)
        self.panel = FormPanel()
        self.centre = Centre()
        self.trouble = Trouble(self.centre.messages, self.panel, self)
        self.runs = RunList()
        self._disk: dict[str, RunDisk] = {}
        self.shown = ShownRuns(session, self.jobs)
        self._measure = LatestTask(measure_runs, self)
        self._measure.done.connect(self._measured)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show_figures)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (self.panel, hairline(vertical=True), self.centre, hairline(vertical=True), self.runs):
            row.addWidget(part, 1 if part is self.centre else 0)
        self._add_actions()
        self._connect()
        self._project_changed()

    def _add_actions(self) -> None:
        add = self.actions_table.add
        start = add(START, self, self.start)
        add(MORE, self, lambda: self.panel.form.show_more(not self.panel.form.more_shown))
        add(BEFORE, self, self.centre.strip.back.click)
        add(AFTER, self, self.centre.strip.forward.click)
        add(LOG, self, self.centre.curves.log_button.toggle)
        for button in (self.panel.start, self.centre.start_button):
            button.setToolTip(f"{START.help} ({key_text(start)})")
        self.panel.pause.setToolTip(f"Rest after this step, or go on{self._key('everywhere.pause')}")
        self.panel.stop.setToolTip(f"End after this step; the work is kept and can go on{self._key('everywhere.stop')}")

    def _key(self, action_id: str) -> str:
        try:
            key = key_text(self.actions_table.get(action_id))
        except KeyError:
            return ""
        return f" ({key})" if key else ""

    def _connect(self) -> None:
        session, panel, runs = self.session, self.panel, self.runs
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        session.run_changed.connect(self._run_chosen)
        session.compare_run_changed.connect(self._show)
        session.runs_changed.connect(self._runs_changed)
        session.maps_changed.connect(lambda _: None if self.runner.busy else self._request_measure())
        session.images_changed.connect(self._images_changed)
        session.classes_changed.connect(panel.look)
        session.tags_changed.connect(lambda _: panel.look())
        self.trouble.train_asked.connect(self._train_again)
        self.trouble.images_asked.connect(self._go_to_images)
        self.trouble.runs_asked.connect(self.runs.setFocus)
        panel.start_asked.connect(self.start)
        panel.pause_asked.connect(self._pause)
        panel.stop_asked.connect(self._stop)
        panel.images_asked.connect(lambda: self.asks_for.emit("images"))
        panel.follow_changed.connect(lambda on: self.preferences.set("follow_training", on))
        panel.outlook_changed.connect(self._choose_page)
        panel.reset.clicked.connect(self._first_values)
        self.centre.start_button.clicked.connect(self.start)
        self.centre.images_button.clicked.connect(lambda: self.asks_for.emit("images"))
        self.centre.strip.opened.connect(self._open_image)
        runs.chosen.connect(self._choose_run)
        runs.compare_asked.connect(self._compare)
        runs.resume_asked.connect(lambda name: self._with_run(name, self._resume))
        runs.again_asked.connect(lambda name: self._with_run(name, self._again))
        runs.maps_asked.connect(lambda name: self._with_run(name, self._make_maps))
        runs.renamed.connect(self._rename)
        runs.delete_asked.connect(self._delete)
        self.jobs.changed.connect(self._jobs_changed)
        self.jobs.run_began.connect(self._run_began)
        self.jobs.preview_written.connect(self._refresh_strip)
        self.jobs.ended.connect(self._job_ended)
        self.runner.queue_changed.connect(self._jobs_changed)
        self.runner.job_ended.connect(lambda _: self._runs_changed())

    # --- room

    def entered(self) -> None:
        """Look at what may have changed elsewhere."""
        self.panel.look()
        self._runs_changed()

    def close_down(self) -> None:
        """End timers and background work."""
        self._tick.stop()
        self._measure.close()
        self.panel.close_down()
        self.centre.close_down()

    def _project_closing(self) -> None:
        self._tick.stop()
        self._measure.cancel()
        self.panel.cancel()
        self.centre.strip.show_run(None, None)

    def _project_changed(self) -> None:
        project = self.session.project
        self.jobs.forget()
        self._disk = {}
        self.shown.reset()
        self.centre.messages.hide()
        self.panel.follow.setChecked(self.preferences.now.follow_training)
        self.panel.show_project(project, first_config(project) if project is not None else None)
        self._runs_changed()

    def _first_values(self) -> None:
        if self.session.project is not None:
            self.panel.form.set_config(first_config(self.session.project))

    def _images_changed(self) -> None:
        if self.session.project is not None:
            self.panel.offer_splits(self.session.project)
            self.panel.look()

    # --- training

    def start(self) -> None:
        """Train with what the form says; what is wrong there is shown beside its field."""
        if self.session.project is None:
            return
        try:
            config = self.panel.config()
        except ConfigError as error:
            self.centre.messages.say(str(error), "danger")
            return
        if self.panel.outlook.obstacle:
            self.centre.messages.say(self.panel.outlook.obstacle, "warning", ("Go to Images", self._go_to_images))
            return
        self._train(config, self.panel.name.text().strip() or None)

    def _train(self, config: TrainConfig, name: str | None = None) -> None:
        self.centre.messages.hide()
        before = self.runner.current
        job = self.jobs.train(config, name)
        self.panel.name.clear()
        self._began(job, before)

    def _train_again(self, config: TrainConfig, name: str) -> None:
        """Train once more after a failure; under the same name, if no run got it."""
        project = self.session.project
        free = project is not None and bool(name) and project.runs.find(name) is None
        self._train(config, name if free else None)

    def _resume(self, info: RunInfo) -> None:
        self.centre.messages.hide()
        before = self.runner.current
        self._began(self.jobs.resume(info), before)

    def _make_maps(self, info: RunInfo) -> None:
        before = self.runner.current
        self._began(self.jobs.make_maps(info), before)
        self._runs_changed()

    def _began(self, job: Job, before: Job | None) -> None:
        if job.state == "queued" and before is not None:
            self.centre.messages.say(
                f"{job.spec.title} waits until {before.spec.title} has ended, and begins by itself.",
                "info",
                ("Do not wait for it", job.stop),
            )
        elif job is self.jobs.job:
            self.shown.watching = True
        self._show()

    def _pause(self) -> None:
        job = self.jobs.job
        if job is not None and job.state == "paused":
            job.go_on()
        elif job is not None:
            job.pause()

    def _stop(self) -> None:
        if self.jobs.job is not None:
            self.jobs.job.stop()

    def _run_began(self, _: str) -> None:
        self.shown.watching = True
        self._runs_changed()
        self.session.runs_changed.emit()

    def _job_ended(self, job: Job, config: TrainConfig | None) -> None:
        self.shown.job_ended()
        self._runs_changed()
        self.trouble.tell(job, config)

    def _go_to_images(self) -> None:
        self.asks_for.emit("images")

    # --- runs

    def _with_run(self, name: str, act: Callable[[RunInfo], object]) -> None:
        info = self.session.project.runs.find(name) if self.session.project is not None else None
        if info is not None:
            act(info)

    def _choose_run(self, name: str) -> None:
        if self.shown.choose(name):
            self._show()

    def _run_chosen(self) -> None:
        self.shown.session_changed()
        self._show()

    def _compare(self, name: str, on: bool) -> None:
        self.shown.compare(name, on)
        self._show()

    def _again(self, info: RunInfo) -> None:
        self.panel.form.set_config(train_config(info))
        self.panel.area.verticalScrollBar().setValue(0)

    def _rename(self, old: str, new: str) -> None:
        def act() -> None:
            self.session.rename_run(old, new)
            self.jobs.renamed(self.session.open_project, old, new)
            if old in self._disk:
                self._disk[new] = self._disk.pop(old)

        self._try(act)
        self._runs_changed()

    def _delete(self, name: str) -> None:
        self.centre.strip.show_run(None, None)
        self._try(lambda: self.session.delete_run(name))
        self.shown.gone(name)
        self._runs_changed()

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except FbrError as error:
            self.centre.messages.say(str(error), "danger")

    def _open_image(self, path: str) -> None:
        project = self.session.project
        found = project.images.find(path) if project is not None else None
        if found is not None:
            self.session.image = found.id
            self.asks_for.emit("review")

    # --- showing

    @property
    def shown_run(self) -> str | None:
        """The run that is shown: the one that trains, or the chosen one."""
        return self.shown.name

    def _runs_changed(self) -> None:
        self._request_measure()
        self._show()

    def _request_measure(self) -> None:
        if self.session.project is not None:
            self._measure.request(self.session.project)

    def _measured(self, found: dict[str, RunDisk]) -> None:
        self._disk = found
        self._show_cards()

    def _jobs_changed(self) -> None:
        state = self.jobs.job.state if self.jobs.job is not None else ""
        self.panel.show_job(state, busy=self.runner.busy)
        if self.jobs.alive and not self._tick.isActive():
            self._tick.start()
        elif not self.jobs.alive:
            self._tick.stop()
        if self.shown.watching:
            self.centre.curves.refresh()
        self._show_figures()
        self._show_notices()
        self._choose_page()

    def _refresh_strip(self) -> None:
        if self.shown.watching:
            self.centre.strip.refresh()

    def _show(self) -> None:
        project, info, other = self.session.project, self.shown.info, self.shown.other
        live = self.jobs.live
        main = self.jobs.curves_of(project, info) if project is not None and info is not None else None
        if self.shown.watching and live is not None:
            main = live.curves
        behind = self.jobs.curves_of(project, other) if project is not None and other is not None else None
        names = (self.shown_run or "", other.name if other is not None else "")
        self.centre.curves.show_curves(main, behind, names)
        self.centre.strip.show_run(project if info is not None else None, info.name if info is not None else None)
        self._show_cards()
        self._show_figures()
        self._show_notices()
        self._choose_page()

    def _show_cards(self) -> None:
        project = self.session.project
        shown = self.shown_run
        compared = self.session.compare_run if self.shown.comparing else None
        found = project.runs.all() if project is not None else []
        info = next((run for run in found if run.name == shown), None)
        self.runs.show_facts(info, self.shown.other, self._disk.get(shown or ""))
        self.runs.show_runs(
            [
                CardState(
                    info,
                    self._disk.get(info.name),
                    info.name == shown,
                    info.name == compared,
                    self.jobs.works_on(info.name),
                )
                for info in found
            ]
        )

    def _choose_page(self, _: Outlook | None = None) -> None:
        if self.shown_run is not None or (self.shown.watching and self.jobs.alive):
            page: Any = self.centre.shown
        else:
            page = self.centre.no_tags if self.panel.outlook.obstacle else self.centre.no_runs
        self.centre.pages.setCurrentWidget(page)
        self.centre.start_button.setEnabled(self.panel.start.isEnabled())

    def _show_notices(self) -> None:
        live = self.jobs.live
        self.centre.notices.show_notices(live.notices if live is not None and self.shown.watching else [])

    def _show_figures(self) -> None:
        job, live, centre = self.jobs.job, self.jobs.live, self.centre
        if self.shown.watching and job is not None and live is not None and job.alive:
            centre.title.set_text(live.run or job.spec.title)
            centre.status.setText(job_words(job))
            set_kind(centre.status, "good" if job.state == "running" else "warning")
            centre.figures.setText(live_line(job, live))
            return
        info, project = self.shown.info, self.session.project
        if info is not None and project is not None:
            centre.title.set_text(info.name)
            centre.status.setText(STATUS_WORDS.get(info.status, info.status))
            set_kind(centre.status, "danger" if info.status == "failed" else "muted")
            centre.figures.setText(stored_line(project, info))
