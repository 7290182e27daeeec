"""The window: start page or rooms, the bar above them, the job bar below. It composes and computes nothing."""

from __future__ import annotations

import importlib
import logging

from PySide6.QtCore import QByteArray, QElapsedTimer, QEvent, QSettings, QThreadPool, QTimer
from PySide6.QtGui import QActionGroup, QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from fbr_engine.errors import FbrError
from fbr_studio.actions import Actions
from fbr_studio.job_status import job_bar_state, room_of
from fbr_studio.jobs.opening import Opened
from fbr_studio.jobs.removing import remove_behind
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.leaving import NOT_SAVED, Ask, ask_in_dialog, save_all, stop_jobs
from fbr_studio.opener import Opener
from fbr_studio.overlays import Overlays
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.room import Room
from fbr_studio.rooms.start import StartPage, opened_sentences
from fbr_studio.state.session import Session
from fbr_studio.top_bar import TopBar
from fbr_studio.widgets.basics import hairline
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.job_bar import JobBar
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.theme import APPEARANCES, apply_theme
from fbr_studio.window_specs import (
    ABOUT,
    CHEAT_SHEET,
    CLOSE_PROJECT,
    DEMO,
    LOOKS,
    OPEN_FOLDER,
    OPEN_PROJECT,
    PALETTE,
    PAUSE,
    QUIT,
    RESET_DEMO,
    ROOMS,
    STOP,
    room_spec,
)

LOG = logging.getLogger(__name__)
AGAIN_MS = 100
BACK_MS = 5000


class MainWindow(QMainWindow):
    """FBR Studio's window; there is one in a process."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.preferences = preferences
        self.session = Session(self)
        self.session.remove_folder = remove_behind
        self.runner = JobRunner(self)
        # Opening folders and the machine's report take seconds: they must not hold up what rooms read.
        self._slow = QThreadPool(self)
        self.actions_table = Actions(preferences.now.keys, self)
        self.opening = Opener(self.session, preferences, self._may_leave, self._slow, self)
        self.rooms: dict[str, Room] = {}
        self._last_job: Job | None = None
        self._came_back = QElapsedTimer()
        self._came_back.start()
        self.ask: Ask = lambda *texts: ask_in_dialog(self, *texts)
        self._closing = self._gives_up = False
        self._room = "images"
        self._build()
        self._connect()
        self._restore_geometry()
        self._show_project()
        if preferences.problem:
            LOG.warning("%s", preferences.problem)
            self.messages.say(preferences.problem, "warning")

    # --- building

    def _build(self) -> None:
        self.setWindowTitle("FBR Studio")
        self.setMinimumSize(960, 600)
        self.messages = MessageStrip()
        self.start_page = StartPage(self.preferences)
        self.room_stack = QStackedWidget()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.room_stack)
        self.job_bar = JobBar()
        self._add_actions()
        self.top_bar = TopBar(self.actions_table)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.top_bar, hairline(), self.messages):
            column.addWidget(part)
        column.addWidget(self.pages, 1)
        column.addWidget(self.job_bar)
        self.setCentralWidget(central)
        self.overlays = Overlays(self, self.actions_table, self.preferences, self._slow)

    def _add_actions(self) -> None:
        add = self.actions_table.add
        for number, name in enumerate(ROOMS, start=1):
            add(room_spec(number, name), self, lambda name=name: self.enter(name))
        add(PALETTE, self, lambda: self.overlays.open_palette(self._room))
        add(CHEAT_SHEET, self, lambda: self.overlays.open_cheat_sheet(self._room))
        add(OPEN_FOLDER, self, self.choose_folder)
        add(OPEN_PROJECT, self, self.start_page.choose_project)
        add(CLOSE_PROJECT, self, self.close_project)
        add(DEMO, self, self.opening.open_demo)
        add(RESET_DEMO, self, self.reset_demo)
        add(PAUSE, self, self.pause_or_go_on)
        add(STOP, self, self.stop_job)
        add(ABOUT, self, lambda: self.overlays.about.open())
        add(QUIT, self, self.close)
        looks = QActionGroup(self)
        for spec, look in zip(LOOKS, APPEARANCES, strict=True):
            action = add(spec, self, lambda on, look=look: self.preferences.set("appearance", look) if on else None)
            action.setChecked(look == self.preferences.now.appearance)
            looks.addAction(action)

    def _connect(self) -> None:
        self.session.project_changed.connect(self._show_project)
        self.start_page.open_asked.connect(self.opening.open_path)
        self.start_page.new_asked.connect(self.opening.open_new)
        self.start_page.demo_asked.connect(lambda reset: self.reset_demo() if reset else self.opening.open_demo())
        self.opening.busy_changed.connect(self.start_page.set_busy)
        self.opening.failed.connect(self._tell_opening)
        self.opening.opened.connect(self._tell_opened)
        self.job_bar.pause_clicked.connect(self.pause_or_go_on)
        self.job_bar.resume_clicked.connect(self.pause_or_go_on)
        self.job_bar.stop_clicked.connect(self.stop_job)
        self.job_bar.details_clicked.connect(self._go_to_job)
        self.job_bar.waiting_cancelled.connect(lambda place: self.runner.waiting[place].stop())
        self.runner.job_started.connect(self._watch)
        self.runner.job_ended.connect(self._job_ended)
        self.runner.queue_changed.connect(self._show_job)
        self.preferences.changed.connect(self._preference_changed)
        self.top_bar.room_asked.connect(self.enter)

    # --- rooms

    @property
    def room(self) -> str:
        """The name of the room shown; also while the start page hides it."""
        return self._room

    def enter(self, name: str) -> None:
        """Show a room; it is made when it is entered for the first time."""
        if self.session.project is None:
            return
        before = self.rooms.get(self._room)
        if before is not None and self._room != name:
            before.left()
            self.messages.leave()
        if name == "export" and save_all(self.rooms):
            self.messages.say("Your last changes could not be saved: an export would lack them.", "danger")
        if name not in self.rooms:
            self.rooms[name] = self._make_room(name)
            self.room_stack.addWidget(self.rooms[name])
        self._room = name
        self.room_stack.setCurrentWidget(self.rooms[name])
        self.top_bar.tabs[name].setChecked(True)
        self.rooms[name].entered()
        self.rooms[name].setFocus()
        self._show_job()

    def _make_room(self, name: str) -> Room:
        module, class_name = ROOMS[name].location.split(":")
        made: Room = getattr(importlib.import_module(module), class_name)(
            self.session, self.runner, self.actions_table, self.preferences
        )
        made.asks_for.connect(self.enter)
        return made

    def _show_project(self) -> None:
        project = self.session.project
        self._last_job = None
        self.pages.setCurrentIndex(0 if project is None else 1)
        self.job_bar.setVisible(project is not None)
        for name in [*(f"everywhere.room_{room}" for room in ROOMS), CLOSE_PROJECT.id, PAUSE.id, STOP.id]:
            self.actions_table.get(name).setEnabled(project is not None)
        name = project.folder.name.removesuffix(".fbr") if project is not None else ""
        self.top_bar.show_project(name)
        self.setWindowTitle(f"{name} - FBR Studio" if name else "FBR Studio")
        if project is None:
            self.start_page.show_recent()
        else:
            self.enter(self._room)

    # --- what the person asks for

    def choose_folder(self) -> None:
        """Ask for a folder of photos; the start page shows what will be made of it."""
        if self.session.project is None:
            self.start_page.choose_folder()
            return
        if self.close_project():
            self.start_page.choose_folder()

    def close_project(self) -> bool:
        """Close the project and show the start page; return whether it is closed."""
        if not self._may_leave():
            return False
        self.session.close()
        return True

    def reset_demo(self) -> None:
        """Replace the person's copy of the demo, once they agree."""
        if self.ask(
            "Start the demo afresh?", "Your copy of the demo, with all you changed in it, is replaced.", "Start afresh"
        ):
            self.opening.open_demo(reset=True)

    def pause_or_go_on(self) -> None:
        """Pause the running job, or let it go on."""
        job = self.runner.current
        if job is None:
            return
        if job.state == "paused":
            job.go_on()
        else:
            job.pause()

    def stop_job(self) -> None:
        """Stop the running job; its work is kept."""
        if self.runner.current is not None:
            self.runner.current.stop()

    def tell_fault(self, sentence: str) -> None:
        """Say that the program met a fault of its own; may be called from any thread."""
        QTimer.singleShot(0, self, lambda: self.messages.say(sentence, "danger"))

    # --- jobs

    def _watch(self, job: Job) -> None:
        LOG.info("job began: %s", job.spec.title)
        self._last_job = job
        job.state_changed.connect(self._show_job)
        job.events.connect(lambda _: self._show_job())
        self._show_job()

    def _show_job(self) -> None:
        """Show the running job, else how the last one ended."""
        job = self.runner.current or self._last_job
        self.job_bar.show_state(job_bar_state(job, self.runner.waiting, self._room))

    def _go_to_job(self) -> None:
        job = self.runner.current or self._last_job
        if job is not None:
            self.enter(room_of(job))

    def _job_ended(self, job: Job) -> None:
        LOG.log(
            logging.INFO if job.error is None else logging.WARNING,
            "job %s: %s%s",
            job.state,
            job.spec.title,
            f": {job.error}" if job.error else "",
        )
        self._show_job()
        if "train" in job.results and job.run:
            self.session.take_new_run(job.run)
        self.session.runs_changed.emit()
        self.session.maps_changed.emit(None)
        shown = self.rooms.get(self._room)
        if job.error is not None and not (shown is not None and shown.tells(job)):
            room = room_of(job)
            said = without_commands(str(job.error))
            self.messages.say(said, "danger", (f"Go to {ROOMS[room].name}", lambda: self.enter(room)))

    # --- messages

    def _tell_opening(self, error: FbrError, remedy: str) -> None:
        LOG.warning("not opened: %s", error)
        strip = self.start_page.messages if self.session.project is None else self.messages
        strip.say(
            str(error), "danger", *([("Choose another place", self._focus_form)] if remedy == "elsewhere" else [])
        )

    def _focus_form(self) -> None:
        self.start_page.choose_place(self.opening.wanted)

    def _tell_opened(self, found: Opened) -> None:
        LOG.info("opened %s", found.folder)
        self.start_page.form.hide()
        self.start_page.messages.hide()
        said = opened_sentences(found)
        self.session.told_of_unlisted = found.unlisted > 0
        if not said:
            self.messages.hide()
        elif found.unlisted:
            self.messages.say(said, "info", ("Add it" if found.unlisted == 1 else "Add them", self._add_unlisted))
        else:
            self.messages.say(said, "info")

    def _add_unlisted(self) -> None:
        self.enter("images")
        self.actions_table.get("images.add_new").trigger()

    def _preference_changed(self, name: str) -> None:
        if name == "appearance":
            application = QApplication.instance()
            assert isinstance(application, QApplication)
            apply_theme(application, self.preferences.now.appearance)

    # --- closing

    def _may_leave(self) -> bool:
        """Ask about a running job, save what is not saved; return whether the project may be closed."""
        if self.session.project is None:
            return True
        why = stop_jobs(self.runner, self.ask)
        if why is not None:
            if why:
                self.messages.say(why, "warning")
            return False
        unsaved = save_all(self.rooms)
        if unsaved and not self._gives_up:
            self.enter(unsaved[0])
            self.messages.say(NOT_SAVED, "danger", ("Quit without them", self._quit_without_saving))
            return False
        return True

    def _quit_without_saving(self) -> None:
        """Close although a room cannot save: the disk may be gone for good."""
        self._gives_up = True
        try:
            self.close()
        finally:
            self._gives_up = False

    def close_without_asking(self) -> None:
        """Close as if the person had agreed: for signals from outside. A question that is on the screen goes."""
        asked = QApplication.activeModalWidget()
        if asked is not None:  # who asked must have ended first: Qt closes no window that is being closed
            asked.close()
            QTimer.singleShot(AGAIN_MS, self, self.close_without_asking)
            return
        ask, self.ask = self.ask, lambda *_: True
        try:
            self.close()
        finally:
            self.ask = ask

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close once nothing runs and all is saved."""
        if not self._closing and not self._may_leave():
            event.ignore()
            return
        if not self._closing:
            self._closing = True
            _geometry_settings(self.preferences).setValue("geometry", self.saveGeometry())
            for room in self.rooms.values():
                room.left()
                room.close_down()
            self.opening.close()
            self.overlays.close()
            self.session.close()
        event.accept()
        super().closeEvent(event)

    def _restore_geometry(self) -> None:
        stored = _geometry_settings(self.preferences).value("geometry")
        if not isinstance(stored, QByteArray) or not self.restoreGeometry(stored):
            self.resize(1280, 800)

    def changeEvent(self, event: QEvent) -> None:
        """Tell the room when the person comes back to the window: files may have changed meanwhile."""
        super().changeEvent(event)
        if event.type() != QEvent.Type.ActivationChange or not self.isActiveWindow():
            return
        room = self.rooms.get(self._room)
        if room is not None and self.session.project is not None and self._came_back.hasExpired(BACK_MS):
            self._came_back.start()
            room.entered()


def _geometry_settings(preferences: Preferences) -> QSettings:
    """Return where Qt keeps the window's place; everything else is in the readable settings file."""
    return QSettings(str(preferences.path.with_name("window.ini")), QSettings.Format.IniFormat)
