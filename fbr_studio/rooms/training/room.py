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
from fbr_studio.rooms.training.form_panel import FormPanel, Outlook
from fbr_studio.rooms.training.live_training import device_words
from fbr_studio.rooms.training.recipes import first_config
from fbr_studio.rooms.training.remedies import Remedy, remedies_for
from fbr_studio.rooms.training.run_card import CardState
from fbr_studio.rooms.training.run_facts import STATUS_WORDS, RunDisk, device_of, measure_runs, train_config
from fbr_studio.rooms.training.run_list import RunList
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.state.session import Session
from fbr_studio.widgets import formatting
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
        self.runs = RunList()
        self._disk: dict[str, RunDisk] = {}
        self._watching = False
        self._comparing = False
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
        session.maps_changed.connect(lambda _: self._request_measure())
        session.images_changed.connect(self._images_changed)
        session.classes_changed.connect(panel.look)
        session.tags_changed.connect(lambda _: panel.look())
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
        self._disk, self._watching, self._comparing = {}, False, False
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
            self._watching = True
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
        self._watching = True
        self._runs_changed()
        self.session.runs_changed.emit()

    def _job_ended(self, job: Job, config: TrainConfig | None) -> None:
        self._runs_changed()
        if job.error is not None:
            remedies = [
                (remedy.caption, self._act(remedy, config, job)) for remedy in remedies_for(job.error, config)[:2]
            ]
            self.centre.messages.say(f"{job.spec.title}: {job.error}", "danger", *remedies)

    def _act(self, remedy: Remedy, config: TrainConfig | None, job: Job) -> Callable[[], object]:
        def act() -> None:
            if config is not None and (remedy.changes or remedy.goal == "weights"):
                self.panel.form.set_config(config)
                self.panel.form.set_values(remedy.changes)
            if remedy.goal == "images":
                self._go_to_images()
            elif remedy.goal == "runs":
                self.runs.setFocus()
            elif remedy.goal == "start" or self.panel.choose_weights():
                self._train(self.panel.config(), self._free_again(job))

        return act

    def _free_again(self, job: Job) -> str | None:
        """Return the name the failed training was to have, if no run got it."""
        name = job.spec.run
        project = self.session.project
        return name if name and project is not None and project.runs.find(name) is None else None

    def _go_to_images(self) -> None:
        self.asks_for.emit("images")

    # --- runs

    def _with_run(self, name: str, act: Callable[[RunInfo], object]) -> None:
        info = self.session.project.runs.find(name) if self.session.project is not None else None
        if info is not None:
            act(info)

    def _choose_run(self, name: str) -> None:
        live = self.jobs.live
        self._watching = self.jobs.alive and live is not None and live.run == name
        if self._comparing and self.session.compare_run == name:
            self._comparing = False
        if self._watching or self.session.run == name:
            self._show()
        else:
            self.session.run = name

    def _run_chosen(self) -> None:
        live = self.jobs.live
        if not self.jobs.alive or live is None or self.session.run != live.run:
            self._watching = self._watching and self.jobs.training
        self._show()

    def _compare(self, name: str, on: bool) -> None:
        self._comparing = on
        if on:
            self.session.compare_run = name
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
        live = self.jobs.live
        if live is not None and live.run == name:
            self._watching = False
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
        live = self.jobs.live
        if self._watching and live is not None:
            return live.run
        return self.session.run

    def _shown_info(self) -> RunInfo | None:
        name, project = self.shown_run, self.session.project
        return project.runs.find(name) if project is not None and name else None

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
        if self._watching:
            self.centre.curves.refresh()
        self._show_figures()
        self._show_notices()
        self._choose_page()

    def _refresh_strip(self) -> None:
        if self._watching:
            self.centre.strip.refresh()

    def _show(self) -> None:
        project, info = self.session.project, self._shown_info()
        other = self._other(info)
        live = self.jobs.live
        main = self.jobs.curves_of(project, info) if project is not None and info is not None else None
        if self._watching and live is not None:
            main = live.curves
        behind = self.jobs.curves_of(project, other) if project is not None and other is not None else None
        names = (self.shown_run or "", other.name if other is not None else "")
        self.centre.curves.show_curves(main, behind, names)
        self.centre.strip.show_run(project if info is not None else None, info.name if info is not None else None)
        self._show_cards()
        self._show_figures()
        self._show_notices()
        self._choose_page()

    def _other(self, info: RunInfo | None) -> RunInfo | None:
        other = self.session.compare_info() if self._comparing else None
        return other if other is not None and info is not None and other.name != info.name else None

    def _show_cards(self) -> None:
        project = self.session.project
        shown = self.shown_run
        compared = self.session.compare_run if self._comparing else None
        found = project.runs.all() if project is not None else []
        info = next((run for run in found if run.name == shown), None)
        self.runs.show_facts(info, self._other(info), self._disk.get(shown or ""))
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
        if self.shown_run is not None or (self._watching and self.jobs.alive):
            page: Any = self.centre.shown
        else:
            page = self.centre.no_tags if self.panel.outlook.obstacle else self.centre.no_runs
        self.centre.pages.setCurrentWidget(page)
        self.centre.start_button.setEnabled(self.panel.start.isEnabled())

    def _show_notices(self) -> None:
        live = self.jobs.live
        self.centre.notices.show_notices(live.notices if live is not None and self._watching else [])

    def _show_figures(self) -> None:
        job, live = self.jobs.job, self.jobs.live
        if self._watching and job is not None and live is not None and job.alive:
            self.centre.title.set_text(live.run or job.spec.title)
            self.centre.status.setText(job_words(job))
            set_kind(self.centre.status, "good" if job.state == "running" else "warning")
            rests = job.state != "running"
            training = job.figures.stage == "train"
            rate = job.figures.rate if training and not rests else None
            left = job.figures.seconds_left if training and not rests else None
            parts = live.figures(rate, left) if live.run else ["Getting ready: the network is loaded."]
            self.centre.figures.setText("   ".join(parts))
            return
        info, project = self._shown_info(), self.session.project
        if info is None or project is None:
            return
        self.centre.title.set_text(info.name)
        self.centre.status.setText(STATUS_WORDS.get(info.status, info.status))
        set_kind(self.centre.status, "danger" if info.status == "failed" else "muted")
        config = train_config(info)
        images = int(info.figures.get("images", 0))
        parts = [
            config.method,
            config.backbone,
            formatting.counted(config.epochs, "epoch"),
            formatting.counted(images, "image") if images else "",
            device_words(device_of(project, info.name)),
        ]
        self.centre.figures.setText("   ".join(part for part in parts if part))


def job_words(job: Job) -> str:
    """Return what a job of this room does at the moment."""
    if job.state in ("paused", "stopping"):
        return job.state
    words = {"": "getting ready", "train": "training", "cams": "making CAMs", "masks": "making masks"}
    stage = words.get(job.figures.stage, "choosing the threshold")
    if job.figures.stage in ("cams", "masks", "threshold"):
        return f"{stage}: {formatting.of_total(job.figures.done, job.figures.total, job.figures.unit)}"
    return stage
