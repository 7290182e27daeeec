"""The Concepts room: composes question, views and matrices, and passes on what is asked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QFocusEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fbr_engine.project import RunInfo
from fbr_studio.actions import Actions, ActionSpec
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.concepts import specs
from fbr_studio.rooms.concepts.crops import CropStore
from fbr_studio.rooms.concepts.loading import State
from fbr_studio.rooms.concepts.matrices import Matrices
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.rooms.concepts.pages import ConceptsPages
from fbr_studio.rooms.concepts.question_panel import ANSWERS, QuestionPanel
from fbr_studio.rooms.concepts.tabs import ConceptTabs
from fbr_studio.rooms.concepts.work import ConceptsWork
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import hairline
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.theme import GRID

SIDE = 38 * GRID
OLD = "CAMs or tags have changed since these concepts were found. Your answers are kept when you find them anew."


class ConceptsRoom(Room):
    """Shows the concepts of the session's run."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.model = ConceptsModel(session, self)
        self.work = ConceptsWork(session, runner, preferences, self)
        self.model.remakes = self.work.remakes
        self.messages = MessageStrip()
        self.actions_here = self._add_actions()
        self.panel = QuestionPanel(self.model, self.actions_here)
        foot = [self.actions_here[spec.id] for spec in (specs.MASKS, specs.AGAIN)]
        self.tabs = ConceptTabs(self.model, self.actions_here, foot)
        self.matrices = Matrices(self.model)
        self._build()
        self._connect()
        self.model.look()

    # --- what the window says

    def entered(self) -> None:
        """Look whether a job that was started elsewhere has made concepts meanwhile."""
        if self.model.state != "ready":
            self.model.look()

    def save_work(self) -> bool:
        """Write the answers given just now."""
        self.model.write()
        return True

    def close_down(self) -> None:
        """End background work."""
        self.panel.close_down()
        self.tabs.close_down()
        self.matrices.close_down()
        self.model.close()
        CropStore.of(self.model).close()

    # --- what the person does

    def find_concepts(self) -> None:
        """Find the concepts of the run, with its CAMs and features if they are not there."""
        self._submit(lambda info: self.work.find(info, with_cams=self.model.state == "no_features"))

    def make_masks(self) -> None:
        """Make the run's masks as they follow from the answers."""
        self._submit(self.work.make_masks)

    def train_again(self) -> None:
        """Train on from this run with the answers; the comparison of both opens when it is done."""
        self._submit(self.work.train_again)

    def open_image(self, image: int) -> None:
        """Go to an image in Review."""
        self.session.image = image
        self.asks_for.emit("review")

    def show_images(self, images: list[int]) -> None:
        """Show images a matrix was asked for, in the effect's place."""
        self.tabs.show_tab(specs.EFFECT.id)
        self.model.show_images(images)

    # --- inside

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Pass the focus, which the window gives to the room, on to the view that is shown."""
        super().focusInEvent(event)
        view = self.tabs.views[self.tabs.tab]
        if view.isVisible():
            inside = view.focusWidget()
            (inside if inside is not None and inside.isVisible() else view).setFocus(event.reason())

    def _submit(self, begin: Callable[[RunInfo], Job]) -> None:
        info = self.session.run_info()
        if info is None:
            return
        before = self.runner.current
        job = begin(info)
        if job.state == "queued" and before is not None:
            self.messages.say(
                f"{job.spec.title} waits until {before.spec.title} has ended, and begins by itself.", "info"
            )
        else:
            self.messages.leave()
        self._show_actions()

    def _trained(self, run: str, base: str) -> None:
        """The new run and the one it came from are compared, unless the person is at work on another one."""
        if self.session.busy_looking and not self.isVisible():
            return
        self.session.compare(run, base)
        if self.isVisible():
            self.asks_for.emit("training")

    def _show_state(self) -> None:
        run = self.session.run or ""
        busy = bool(run) and self.work.works_on(run)
        self.pages.show_state(self.model.state, run, busy)
        data = self.model.data
        if data is not None and not data.current and not busy:
            self.messages.say(OLD, "info", ("Find them anew", self.find_concepts))
        else:
            self.messages.take_back(OLD)
        self._show_actions()

    def _show_actions(self) -> None:
        ready = self.model.state == "ready"
        busy = self.session.run is not None and self.work.works_on(self.session.run)
        for spec in (specs.MASKS, specs.AGAIN):
            self.actions_here[spec.id].setEnabled(ready and not busy)
        can_find = self.model.state in ("ready", "no_concepts", "no_features", "broken")
        self.actions_here[specs.FIND.id].setEnabled(can_find and not busy)
        for spec in specs.TABS:
            self.actions_here[spec.id].setEnabled(ready)

    def _problem(self, text: str) -> None:
        self.messages.say(without_commands(text), "danger")

    # --- building

    def _add_actions(self) -> dict[str, QAction]:
        model = self.model
        deeds: dict[ActionSpec, Callable[..., object]] = {
            specs.BACKGROUND: lambda: model.judge("background"),
            specs.EVERYWHERE: lambda: model.judge("background", every_class=True),
            specs.OBJECT: lambda: model.judge("object"),
            specs.MIXED: lambda: model.judge("mixed"),
            specs.SKIP: model.skip,
            specs.UNDO: model.undo,
            specs.REDO: model.redo,
            specs.NAME: lambda: self.panel.begin_naming(),
            specs.GIVEN: lambda on: self.panel.show_given(on),
            specs.MASKS: self.make_masks,
            specs.AGAIN: self.train_again,
            specs.FIND: self.find_concepts,
        }
        for tab in specs.TABS:
            deeds[tab] = lambda name=tab.id: self.tabs.show_tab(name)
        made = {spec.id: self.actions_table.add(spec, self, deed) for spec, deed in deeds.items()}
        for spec in (*ANSWERS, specs.UNDO, specs.REDO):
            made[spec.id].setAutoRepeat(False)  # a key that is held must not answer one question after the other
        return made

    def _build(self) -> None:
        self.matrices.setFixedWidth(SIDE)
        work = QWidget()
        row = QHBoxLayout(work)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (self.panel, hairline(vertical=True), self.tabs, hairline(vertical=True), self.matrices):
            row.addWidget(part, 1 if part is self.tabs else 0)
        deeds: dict[State, Callable[[], object]] = {
            "no_run": lambda: self.asks_for.emit("training"),
            "no_features": self.find_concepts,
            "no_concepts": self.find_concepts,
            "broken": self.find_concepts,
        }
        self.pages = ConceptsPages(work, deeds)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.pages, 1)

    def _connect(self) -> None:
        for part in (self.tabs, self.matrices):
            part.concept_chosen.connect(self.model.choose)
        self.matrices.images_wanted.connect(self.show_images)
        self.tabs.image_wanted.connect(self.open_image)
        self.panel.image_wanted.connect(self.open_image)
        self.model.loaded.connect(self._show_state)
        self.model.problem.connect(self._problem)
        self.work.found.connect(self.model.look)
        self.work.changed.connect(self._show_state)
        self.work.trained.connect(self._trained)
        self.session.project_closing.connect(self.messages.hide)
