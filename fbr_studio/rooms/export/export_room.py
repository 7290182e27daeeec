"""The export room: what is asked on the left, what will be or was written on the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from fbr_engine.config import ExportConfig
from fbr_engine.errors import ConfigError, FbrError
from fbr_engine.project import Project
from fbr_engine.stages.export_preview import ExportPreview, preview
from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import Job, JobRunner, JobSpec, stage_step
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.export import specs, target
from fbr_studio.rooms.export.advice import CAPTIONS, Remedy, in_window, remedies
from fbr_studio.rooms.export.masks_remedy import missing_masks_job
from fbr_studio.rooms.export.panels import PreviewPanel, ReportPanel
from fbr_studio.rooms.export.progress import ExportProgress
from fbr_studio.rooms.export.questions import Choices, Questions
from fbr_studio.rooms.export.written import Written, read_written
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets import desktop, formatting
from fbr_studio.widgets.basics import action_button, button, hairline
from fbr_studio.widgets.empty_state import EmptyState
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.theme import GRID

SIDE = 45 * GRID
SETTLE_MS = 300


class ExportRoom(Room):
    """Asks, shows beforehand, submits one job, and tells what came of it. It never writes a file itself."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.job: Job | None = None
        self.written: Written | None = None
        self._preview: ExportPreview | None = None
        self.questions = Questions()
        self.messages = MessageStrip()
        self.previewer = LatestTask(_look, self)
        self.reader = LatestTask(read_written, self)
        self.target_checker = LatestTask(target.check, self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._look_now)
        self._add_actions()
        self._build()
        self._connect()
        self._project_changed()

    # --- what the window says

    def entered(self) -> None:
        """Look at the project anew: much may have changed in other rooms."""
        self._offer()
        self._look_now()

    def close_down(self) -> None:
        """End timer and tasks."""
        self._settle.stop()
        for task in (self.previewer, self.reader, self.target_checker):
            task.close()

    # --- what the person does

    def write(self) -> None:
        """Submit the export."""
        project = self.session.project
        if project is None or self.job is not None or not self.write_button.isEnabled():
            return
        try:
            config = self.questions.config()
        except ConfigError as error:
            self.messages.say(in_window(error), "danger")
            return
        self.messages.hide()
        title = f"Export to {Path(config.out).name}"
        spec = JobSpec(title, [stage_step("export", config)], self.questions.run)
        job = self.runner.submit(spec, project)
        self.job = job
        job.events.connect(self._show_progress)
        job.state_changed.connect(self._show_progress)
        job.ended.connect(lambda: self._ended(job))
        if not job.alive and job.state != "queued":
            self._ended(job)
        self._show_progress()

    def cancel(self) -> None:
        """Stop the export."""
        if self.job is not None:
            self.job.stop()

    def show_preview(self) -> None:
        """Leave the report."""
        self.written = None
        self.pages.setCurrentWidget(self._preview_page)
        self._show_actions()
        self._look_now()

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

    def _look_now(self) -> None:
        self._settle.stop()
        project = self.session.project
        if project is None or self.questions.run is None:
            return
        try:
            config = self.questions.config()
        except ConfigError:
            config = ExportConfig(out="unknown")
        self.previewer.request(project, config, self.questions.run)
        self.target_checker.request(self.questions.out.text())

    def _show_preview(self, found: ExportPreview) -> None:
        self._preview = found
        self.preview_panel.show_preview(found)
        self._show_actions()

    def _preview_failed(self, error: FbrError) -> None:
        self._preview = None
        self.messages.say(in_window(error), "danger", *self._buttons(error))
        self._show_actions()

    def _answered(self) -> None:
        if self.written is not None:
            self.show_preview()
        else:
            self._look_now()

    def _offer(self) -> None:
        project = self.session.project
        found = project.runs.all() if project is not None else []
        runs = tuple((info.name, _run_words(info.name, info.method)) for info in reversed(found))
        self.whole.setCurrentWidget(self._work_page if runs else self._empty)
        if project is None:
            return
        self.questions.offer(Choices(runs, tuple(s for s in project.images.splits() if s)), self.session.run)
        if self.job is None:
            self.questions.propose(project.folder)

    # --- the job

    def _show_progress(self, *_: object) -> None:
        if self.job is not None:
            current = self.runner.current
            before = current.spec.title if current is not None and current is not self.job else ""
            self.progress.show_job(self.job, before)
        self._show_actions()

    def _ended(self, job: Job) -> None:
        if job is not self.job:
            return
        self.job = None
        if job.state == "done" and "export" in job.results:
            self.reader.request(Path(str(job.results["export"].values["out"])))
        elif job.state == "failed" and job.error is not None:
            self.messages.say(in_window(job.error), "danger", *self._buttons(job.error))
            self.target_checker.request(self.questions.out.text())
        else:
            self.messages.say("The export was cancelled. Nothing was written.", "info")
        self._show_actions()

    def _show_written(self, written: Written) -> None:
        self.written = written
        self.messages.hide()
        self.report_panel.show_written(written)
        self.pages.setCurrentWidget(self._report_page)
        self._report_page.verticalScrollBar().setValue(0)
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
        self.written = self._preview = None
        self.messages.hide()
        self.pages.setCurrentWidget(self._preview_page)
        self.questions.forget()
        self._offer()
        self._show_actions()
        if self.isVisible():
            self._look_now()

    def _project_closing(self) -> None:
        self._settle.stop()
        for task in (self.previewer, self.reader, self.target_checker):
            task.cancel()

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
        self._preview_page, self._report_page = _scrolling(self.preview_panel), _scrolling(self.report_panel)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._preview_page)
        self.pages.addWidget(self._report_page)
        self._empty = EmptyState(
            "export",
            "There is nothing to export yet",
            "What is exported are masks, and a trained model makes them. Train one first.",
            button("Go to Training", lambda: self.asks_for.emit("training"), "primary"),
        )
        self._work_page = self._work()
        self.whole = QStackedWidget(self)
        self.whole.addWidget(self._empty)
        self.whole.addWidget(self._work_page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.whole)

    def _work(self) -> QWidget:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.messages)
        right.addWidget(self.pages, 1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._side())
        row.addWidget(hairline(vertical=True))
        row.addLayout(right, 1)
        return page

    def _side(self) -> QWidget:
        inside = QWidget()
        inside.setProperty("kind", "panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.addWidget(self.questions)
        column.addStretch()
        foot = QWidget()
        foot.setProperty("kind", "panel")
        low = QVBoxLayout(foot)
        low.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        low.addWidget(self.write_button)
        low.addWidget(self.progress)
        side = QWidget()
        side.setFixedWidth(SIDE)
        whole = QVBoxLayout(side)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(_scrolling(inside), 1)
        whole.addWidget(hairline())
        whole.addWidget(foot)
        return side

    def _connect(self) -> None:
        self.questions.changed.connect(self._answered)
        self.questions.target_changed.connect(lambda: self.target_checker.request(self.questions.out.text()))
        self.preview_panel.remedy_asked.connect(self.remedy)
        self.previewer.done.connect(self._show_preview)
        self.previewer.failed.connect(self._preview_failed)
        self.reader.done.connect(self._show_written)
        self.reader.failed.connect(lambda error: self.messages.say(in_window(error), "warning"))
        self.target_checker.done.connect(self.questions.show_target)
        self.runner.queue_changed.connect(self._show_progress)
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
        busy, count = self.job is not None, self._preview.images if self._preview is not None else 0
        self.write_button.setText(f"Export {formatting.counted(count, 'image')}" if count else "Export")
        self.write_button.setEnabled(not busy and count > 0)
        self.write_button.setVisible(not busy)
        self.progress.setVisible(busy)
        self.questions.setEnabled(not busy)
        self.write_action.setEnabled(not busy and count > 0)
        self.cancel_action.setEnabled(self.job is not None and self.job.state != "stopping")
        for action in (self.open_action, self.copy_action, self.again_action):
            action.setEnabled(self.written is not None)


def _look(project: Project, config: ExportConfig, run: str) -> ExportPreview:
    return preview(project, config, run)


def _run_words(name: str, method: str) -> str:
    return name if name.casefold() == method.casefold() else f"{name}  ({method})"


def _scrolling(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    return area
