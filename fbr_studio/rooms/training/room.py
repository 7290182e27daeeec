"""The Training room: composes the form, the curves, the strip and the list, and passes on what is asked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout

from fbr_engine.config import TrainConfig
from fbr_engine.project import RunInfo
from fbr_studio.actions import Actions, key_text
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.room import Room
from fbr_studio.rooms.training import specs
from fbr_studio.rooms.training.centre import Centre
from fbr_studio.rooms.training.form_panel import FormPanel, Outlook
from fbr_studio.rooms.training.recipes import first_config
from fbr_studio.rooms.training.run_admin import RunAdmin
from fbr_studio.rooms.training.run_facts import train_config
from fbr_studio.rooms.training.run_list import RunList
from fbr_studio.rooms.training.run_view import RunView
from fbr_studio.rooms.training.shown_runs import ShownRuns
from fbr_studio.rooms.training.training_control import TrainingControl
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.rooms.training.trouble import Trouble
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import hairline
from fbr_studio.widgets.formatting import without_commands

TICK_MS = 500


class TrainingRoom(Room):
    """Shows the run that trains, until the person chooses another one."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.jobs = TrainingJobs(session, runner, preferences, self)
        self.panel, self.centre, self.runs = FormPanel(), Centre(), RunList()
        self.trouble = Trouble(self.centre.messages, self.panel, self)
        self.shown = ShownRuns(session, self.jobs)
        self.view = RunView(session, self.jobs, self.shown, self.centre, self.runs, self)
        self.control = TrainingControl(session, runner, self.jobs, self.panel, self.centre.messages, self)
        self.admin = RunAdmin(session, self.jobs, self.shown, self)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.view.show_figures)
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
        start = add(specs.START, self, self.start)
        add(specs.MORE, self, lambda: self.panel.form.show_more(not self.panel.form.more_shown))
        add(specs.BEFORE, self, self.centre.strip.back.click)
        add(specs.AFTER, self, self.centre.strip.forward.click)
        add(specs.LOG, self, self.centre.curves.log_button.toggle)
        for button in (self.panel.start, self.centre.start_button):
            button.setToolTip(f"{specs.START.help} ({key_text(start)})")
        self.panel.pause.setToolTip(f"Rest after this step, or go on{self._key('everywhere.pause')}")
        self.panel.stop.setToolTip(f"End after this step; the work is kept and can go on{self._key('everywhere.stop')}")

    def _key(self, action_id: str) -> str:
        try:
            key = key_text(self.actions_table.get(action_id))
        except KeyError:
            return ""
        return f" ({key})" if key else ""

    def _connect(self) -> None:
        self._connect_session()
        self._connect_panel()
        self._connect_runs()
        self.trouble.train_asked.connect(self.control.train_again)
        self.trouble.images_asked.connect(self._go_to_images)
        self.trouble.runs_asked.connect(self.runs.setFocus)
        self.control.images_asked.connect(self._go_to_images)
        self.control.submitted.connect(self._submitted)
        self.centre.start_button.clicked.connect(self.start)
        self.centre.images_button.clicked.connect(self._go_to_images)
        self.centre.strip.opened.connect(self._open_image)
        self.jobs.changed.connect(self._jobs_changed)
        self.jobs.run_began.connect(self._run_began)
        self.jobs.preview_written.connect(self.view.show_pictures)
        self.jobs.ended.connect(self._job_ended)
        self.runner.queue_changed.connect(self._jobs_changed)
        self.runner.queue_changed.connect(self._suggest_name)
        self.runner.job_ended.connect(lambda _: self._any_job_ended())

    def _connect_session(self) -> None:
        session = self.session
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        session.run_changed.connect(self._run_chosen)
        session.compare_run_changed.connect(self._show)
        session.comparison_asked.connect(lambda: self._compare_if_due() if self.isVisible() else None)
        session.runs_changed.connect(self._runs_changed)
        session.maps_changed.connect(lambda _: None if self.runner.busy else self.view.measure())
        session.images_changed.connect(self._images_changed)
        session.classes_changed.connect(self.panel.look)
        session.tags_changed.connect(lambda _: self.panel.look())

    def _connect_panel(self) -> None:
        panel = self.panel
        panel.start_asked.connect(self.start)
        panel.pause_asked.connect(self.control.pause)
        panel.stop_asked.connect(self.control.stop)
        panel.images_asked.connect(self._go_to_images)
        panel.follow_changed.connect(lambda on: self.preferences.set("follow_training", on))
        panel.outlook_changed.connect(self._choose_page)
        panel.reset.clicked.connect(self._suggest_values)
        panel.form.changed.connect(self._suggest_name)
        panel.name_problem = self.jobs.name_problem

    def _connect_runs(self) -> None:
        runs, admin = self.runs, self.admin
        runs.chosen.connect(admin.choose)
        runs.compare_asked.connect(admin.compare)
        runs.renamed.connect(admin.rename)
        runs.delete_asked.connect(admin.delete)
        runs.resume_asked.connect(lambda name: admin.with_run(name, self.control.resume))
        runs.again_asked.connect(lambda name: admin.with_run(name, self._again))
        runs.maps_asked.connect(lambda name: admin.with_run(name, self.control.make_maps))
        admin.shown_changed.connect(self._show)
        admin.renamed.connect(self.view.renamed)
        admin.deleting.connect(lambda: self.centre.strip.show_run(None, None))
        admin.changed.connect(self._runs_changed)
        admin.failed.connect(lambda error: self.centre.messages.say(without_commands(str(error)), "danger"))
        admin.refused.connect(runs.refuse_name)
        runs.name_problem = self.jobs.name_problem

    # --- room

    def tells(self, job: Job) -> bool:
        """Return whether this room says why the job failed."""
        return self.trouble.has_told(job)

    def entered(self) -> None:
        """Look at what may have changed elsewhere."""
        self._compare_if_due()
        self.panel.look()
        self._runs_changed()

    def _compare_if_due(self) -> None:
        """Show the two runs another room wants compared."""
        if self.session.comparison_due:
            self.session.comparison_due = False
            self.shown.watching, self.shown.comparing = False, True
            self._show()

    def close_down(self) -> None:
        """End timers and background work."""
        self._tick.stop()
        self.view.close()
        self.panel.close_down()
        self.centre.close_down()

    def start(self) -> None:
        """Train with what the form says."""
        self.control.start()

    @property
    def shown_run(self) -> str | None:
        """The run that is shown: the one that trains, or the chosen one."""
        return self.shown.name

    def _project_closing(self) -> None:
        self._tick.stop()
        self.panel.cancel()
        self.view.stop()

    def _project_changed(self) -> None:
        project = self.session.project
        self.jobs.forget()
        self.view.forget()
        self.shown.reset()
        self.centre.messages.hide()
        self.panel.follow.setChecked(self.preferences.now.follow_training)
        self.panel.show_project(project, first_config(project) if project is not None else None)
        self._runs_changed()

    def _suggest_values(self) -> None:
        if self.session.project is not None:
            self.panel.form.set_config(first_config(self.session.project))

    def _suggest_name(self) -> None:
        if self.session.project is not None and not self.panel.form.row("method").problem:
            self.panel.suggest_name(self.jobs.free_name(str(self.panel.form.value("method"))))
            self.panel.check_name()

    def _images_changed(self) -> None:
        if self.session.project is not None:
            self.panel.offer_splits(self.session.project)
            self.panel.look()

    def _go_to_images(self) -> None:
        self.asks_for.emit("images")

    def _open_image(self, path: str) -> None:
        project = self.session.project
        found = project.images.find(path) if project is not None else None
        if found is not None:
            self.session.image = found.id
            self.asks_for.emit("review")

    def _again(self, info: RunInfo) -> None:
        self.panel.form.set_config(train_config(info))
        self.panel.area.verticalScrollBar().setValue(0)

    # --- jobs

    def _submitted(self, runs: bool) -> None:
        if runs:
            self.shown.watching = True
        self._runs_changed()

    def _run_began(self, _: str) -> None:
        self.shown.watching = True
        self._runs_changed()
        self.session.runs_changed.emit()

    def _job_ended(self, job: Job, config: TrainConfig | None) -> None:
        self.shown.job_ended()
        self._runs_changed()
        self.trouble.tell(job, config)

    def _jobs_changed(self) -> None:
        state = self.jobs.job.state if self.jobs.job is not None else ""
        self.panel.show_job(state, busy=self.runner.busy)
        if self.jobs.alive and not self._tick.isActive():
            self._tick.start()
        elif not self.jobs.alive:
            self._tick.stop()
        self.view.follow()
        self._choose_page()

    # --- showing

    def _run_chosen(self) -> None:
        self.shown.session_changed()
        self._show()

    def _any_job_ended(self) -> None:
        self._runs_changed()
        self.panel.look()

    def _runs_changed(self) -> None:
        project = self.session.project
        if project is not None and self.panel.offer_runs(project):
            self.panel.look()
        self._suggest_name()
        self.view.measure()
        self._show()

    def _show(self) -> None:
        self.view.show()
        self._choose_page()

    def _choose_page(self, _: Outlook | None = None) -> None:
        if self.shown_run is not None or (self.shown.watching and self.jobs.alive):
            page: Any = self.centre.shown
        else:
            page = self.centre.no_tags if self.panel.outlook.lacks_tags else self.centre.no_runs
        self.centre.pages.setCurrentWidget(page)
        self.centre.start_button.setEnabled(self.panel.start.isEnabled())
