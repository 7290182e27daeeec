"""The export room: what is asked on the left, what will be or was written on the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QVBoxLayout

from fbr_engine.errors import ConfigError, FbrError
from fbr_engine.stages.export_preview import ExportPreview
from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.export import specs, target
from fbr_studio.rooms.export.advice import CAPTIONS, Remedy, remedies
from fbr_studio.rooms.export.forecast import Forecast
from fbr_studio.rooms.export.masks_remedy import missing_masks_job
from fbr_studio.rooms.export.pages import ExportPages
from fbr_studio.rooms.export.panels import PreviewPanel, ReportPanel
from fbr_studio.rooms.export.progress import ExportProgress
from fbr_studio.rooms.export.questions import Choices, Questions
from fbr_studio.rooms.export.work import ExportWork
from fbr_studio.rooms.export.written import Written, read_written
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets import desktop, formatting
from fbr_studio.widgets.basics import action_button, button
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.message_strip import MessageStrip


class ExportRoom(Room):
    """Asks, shows beforehand, submits one job, and tells what came of it. It never writes a file itself."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.work = ExportWork(runner, self)
        self.written: Written | None = None
        self._write_when_checked = False
        self.questions = Questions()
        self.messages = MessageStrip()
        self.forecast = Forecast(session, self.questions, self)
        self.previewer, self._settle = self.forecast.previewer, self.forecast.settle
        self.reader = LatestTask(read_written, self)
        self._add_actions()
        self._build()
        self._connect()
        self._project_changed()

    # --- what the window says

    def entered(self) -> None:
        """Look at the project anew: much may have changed in other rooms."""
        self._offer()
        self.forecast.look()

    def tells(self, job: Job) -> bool:
        """Return whether the job is an export of this room, whose error stands above the preview."""
        return self.work.is_mine(job)

    def close_down(self) -> None:
        """End timer and tasks."""
        self.forecast.close()
        self.reader.close()

    # --- what the person does

    def write(self) -> None:
        """Submit the export, once the folder is known to be one that can be written to."""
        self._write_when_checked = self.forecast.target_checker.busy
        project = self.session.project
        if project is None or self.job is not None or not self.write_button.isEnabled() or self._write_when_checked:
            return
        try:
            config = self.questions.config()
        except ConfigError as error:
            self.messages.say(without_commands(str(error)), "danger")
            return
        self.messages.hide()
        self.work.submit(config, self.questions.run, project)

    def cancel(self) -> None:
        """Stop the export."""
        self.work.stop()

    def show_preview(self) -> None:
        """Leave the report."""
        self.written = None
        self.whole.show_preview()
        self._show_actions()
        self.forecast.look()

    def remedy(self, name: Remedy) -> None:
        """Do what helps."""
        deeds = {
            "images": lambda: self.asks_for.emit("images"),
            "training": lambda: self.asks_for.emit("training"),
            "masks": self._make_masks,
            "all": lambda: self.questions.review.setCurrentIndex(self.questions.review.findData("all")),
            "copy": lambda: self.questions.copy_images.setChecked(True),
            "folder": self.questions.browse,
        }
        deeds[name]()

    def _open_folder(self) -> None:
        if self.written is not None and not desktop.open_folder(self.written.folder):
            self.messages.say(f"The desktop did not open {self.written.folder}. Copy its path instead.", "warning")

    def _copy_path(self) -> None:
        if self.written is not None:
            desktop.copy_text(str(self.written.folder))

    # --- the preview

    def _look_soon(self, *_: object) -> None:
        if self.isVisible():
            self._settle.start()

    def _show_preview(self, found: ExportPreview) -> None:
        self.preview_panel.show_preview(found)
        self._show_actions()

    def _preview_failed(self, error: FbrError) -> None:
        self.messages.say(without_commands(str(error)), "danger", *self._buttons(error))
        self._show_actions()

    def _answered(self) -> None:
        if self.written is not None:
            self.show_preview()
        else:
            self.forecast.look()

    def _target_checked(self) -> None:
        self._show_actions()
        if self._write_when_checked:
            self.write()

    def _offer(self) -> None:
        project = self.session.project
        found = project.runs.all() if project is not None else []
        runs = tuple((info.name, _run_words(info.name, info.method)) for info in reversed(found))
        self.whole.show_work(bool(runs))
        if project is None:
            return
        self.questions.offer(Choices(runs, tuple(s for s in project.images.splits() if s)), self.session.run)
        if self.job is None:
            self.questions.propose(project.folder)

    # --- the job

    @property
    def job(self) -> Job | None:
        """The export that waits or is being written."""
        return self.work.job

    def _show_progress(self) -> None:
        if self.job is not None:
            self.progress.show_job(self.job, self.work.waits_for)
        self._show_actions()

    def _failed(self, error: FbrError) -> None:
        self.messages.say(without_commands(str(error)), "danger", *self._buttons(error))
        self.forecast.check_target()

    def _show_written(self, written: Written) -> None:
        self.written = written
        self.messages.hide()
        self.report_panel.show_written(written)
        self.whole.show_report()
        self.questions.set_folder(target.unused(written.folder))
        self._show_actions()

    def _make_masks(self) -> None:
        info = self.session.open_project.runs.find(self.questions.run or "")
        if info is None:
            self._offer()
            return
        self.runner.submit(missing_masks_job(info, self.preferences.now.refine), self.session.open_project)
        self.messages.say(f"Masks of run {info.name} are being made. The preview follows.", "info")

    def _buttons(self, error: FbrError) -> list[tuple[str, Callable[[], object]]]:
        return [(CAPTIONS[name], partial(self.remedy, name)) for name in remedies(error)]

    # --- a project comes or goes

    def _project_changed(self) -> None:
        self.written = self.forecast.found = None
        self._write_when_checked = False
        self.messages.hide()
        self.whole.show_preview()
        self.questions.forget()
        self._offer()
        self._show_actions()
        if self.isVisible():
            self.forecast.look()

    def _project_closing(self) -> None:
        self.forecast.cancel()
        self.reader.cancel()

    def _runs_changed(self) -> None:
        self._offer()
        self._look_soon()

    # --- building

    def _add_actions(self) -> None:
        add = self.actions_table.add
        self.write_action = add(specs.WRITE, self, self.write)
        self.cancel_action = add(specs.CANCEL, self, self.cancel)
        add(specs.BROWSE, self, self.questions.browse)
        self.open_action = add(specs.OPEN, self, self._open_folder)
        self.copy_action = add(specs.COPY, self, self._copy_path)
        self.again_action = add(specs.AGAIN, self, self.show_preview)
        self.cancel_action.setIconText("Cancel")
        self.open_action.setIconText("Open folder")
        self.copy_action.setIconText("Copy path")

    def _build(self) -> None:
        self.write_button = button("Export", self.write, "primary", self.write_action.toolTip())
        self.progress = ExportProgress(self.cancel_action)
        self.preview_panel = PreviewPanel()
        actions = (self.open_action, self.copy_action, self.again_action)
        self.report_panel = ReportPanel(*(action_button(action, text=True) for action in actions))
        self.whole = ExportPages(self.messages, self.preview_panel, self.report_panel, self)
        self.whole.lay_out(self.questions, self.write_button, self.progress)
        self.pages = self.whole.right
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.whole)

    def _connect(self) -> None:
        self.questions.changed.connect(self._answered)
        self.preview_panel.remedy_asked.connect(self.remedy)
        self.forecast.made.connect(self._show_preview)
        self.forecast.failed.connect(self._preview_failed)
        self.forecast.target_checker.done.connect(lambda _: self._target_checked())
        self.reader.done.connect(self._show_written)
        self.reader.failed.connect(lambda error: self.messages.say(without_commands(str(error)), "warning"))
        self.whole.training_asked.connect(lambda: self.asks_for.emit("training"))
        self.work.progressed.connect(self._show_progress)
        self.work.written.connect(self.reader.request)
        self.work.failed.connect(self._failed)
        self.work.cancelled.connect(lambda: self.messages.say("The export was cancelled. Nothing was written.", "info"))
        self.work.over.connect(self._show_actions)
        session = self.session
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        session.runs_changed.connect(self._runs_changed)
        session.run_changed.connect(lambda: self.questions.choose_run(session.run))
        for signal in (
            session.classes_changed,
            session.images_changed,
            session.tags_changed,
            session.reviews_changed,
            session.maps_changed,
            session.person_mask_changed,
            self.runner.job_ended,
        ):
            signal.connect(self._look_soon)

    def _show_actions(self) -> None:
        busy, count = self.job is not None, self.forecast.found.images if self.forecast.found else 0
        self.write_button.setText(f"Export {formatting.counted(count, 'image')}" if count else "Export")
        ready = not busy and count > 0 and not self.questions.target_problem
        self.write_button.setEnabled(ready)
        self.write_button.setVisible(not busy)
        self.progress.setVisible(busy)
        self.questions.setEnabled(not busy)
        self.write_action.setEnabled(ready)
        self.cancel_action.setEnabled(self.job is not None and self.job.state != "stopping")
        for action in (self.open_action, self.copy_action, self.again_action):
            action.setEnabled(self.written is not None)


def _run_words(name: str, method: str) -> str:
    return name if name.casefold() == method.casefold() else f"{name}  ({method})"
