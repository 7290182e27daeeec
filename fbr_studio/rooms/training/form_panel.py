"""The left side: how to train, what it would take, and the buttons that start, pause and stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QToolButton, QVBoxLayout, QWidget

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError, FbrError
from fbr_engine.project import Project
from fbr_engine.stages.estimates import Estimate, estimate
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.training.recipes import config_obstacle, obstacle
from fbr_studio.widgets import formatting
from fbr_studio.widgets.basics import button, hairline, label, set_kind
from fbr_studio.widgets.forms.config_form import ConfigForm
from fbr_studio.widgets.forms.editors import PathEditor
from fbr_studio.widgets.forms.field_row import LABEL_WIDTH
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID

WIDTH = 316
FIRST = ("method", "seeds_from", "backbone", "weights", "epochs")
UNNAMED = {"start_from": "none: begin with the weights above"}
WEIGHTS = ("imagenet", "drawn", "none")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would come of a training: why it cannot start (or nothing), and what it would take.

    ``tagged`` images of ``tagged_in_all`` are in the ``split`` that is chosen. ``field``: the field of the form that
    keeps it from starting; without one the tags do.
    """

    obstacle: str
    estimate: Estimate | None
    split: str = ""
    tagged: int = 0
    tagged_in_all: int = 0
    field: str = ""

    @property
    def lacks_tags(self) -> bool:
        """Whether images must be tagged before anything can be trained."""
        return bool(self.obstacle) and not self.field

    @property
    def left_out(self) -> str:
        """Say how many tagged images the split leaves out, or nothing if it leaves out none."""
        if self.tagged >= self.tagged_in_all:
            return ""
        some = formatting.of_total(self.tagged, self.tagged_in_all, "tagged images")
        return f"{some} {'is' if self.tagged == 1 else 'are'} in the split {self.split}."


def look_ahead(project: Project, config: TrainConfig) -> Outlook:
    """Find out whether and how long a training would run. Raises `ProjectError`."""
    found, field = obstacle(project, config.split), ""
    if not found:
        found, field = config_obstacle(project, config)
    count = project.tags.count_tagged
    tagged, in_all = count(config.split, with_problems=True), count(with_problems=True)
    return Outlook(found, None if found else estimate(project, config, None), config.split, tagged, in_all, field)


def estimate_words(found: Estimate) -> str:
    """Return an estimate in one or two sentences."""
    parts = [] if found.seconds is None else [rough_duration(found.seconds)]
    parts.append(formatting.byte_size(found.disk_bytes))
    what = f"{formatting.counted(found.images, 'image')}, {formatting.counted(found.steps, 'step')}"
    guess = " (a guess)" if found.guessed else ""
    return f"About {', '.join(parts)}{guess}. {what}."


def rough_duration(seconds: float) -> str:
    """Return a length of time no more exactly than it is known: ``3 min``, ``1.5 h``."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36_000 else f"{round(seconds / 3600)} h"


class FormPanel(QFrame):
    """Emits what is asked; starts nothing itself."""

    start_asked = Signal()
    pause_asked = Signal()
    stop_asked = Signal()
    images_asked = Signal()
    follow_changed = Signal(bool)
    outlook_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setFixedWidth(WIDTH)
        self._project: Project | None = None
        self._runs_offered: list[str] | None = None
        self.outlook = Outlook("", None)
        self.name_problem: Callable[[str], str] = lambda name: ""
        self.form = ConfigForm(TrainConfig, first=FIRST, paths={"weights": WEIGHTS})
        self.form.changed.connect(self.look)
        self._task = LatestTask(look_ahead, self)
        self._task.done.connect(self._show_outlook)
        self._task.failed.connect(self._show_failure)
        self._compose()

    def _compose(self) -> None:
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the run")
        self.name.setToolTip(
            "Name of the run: letters, digits, '.', '_' and '-'; it gets the one shown if you give none"
        )
        self.name.setClearButtonEnabled(True)
        for clear in self.name.findChildren(QToolButton):
            clear.setAccessibleName("Clear the name")
        self.name.textChanged.connect(self.check_name)
        self.name_note = label("", "danger", wrap=True)
        self.name_note.hide()
        name_text = label("Name")
        name_text.setFixedWidth(LABEL_WIDTH)
        name_text.setBuddy(self.name)
        name_row = QHBoxLayout()
        name_row.setSpacing(GRID)
        name_row.addWidget(name_text)
        name_row.addWidget(self.name, 1)
        name_part = QVBoxLayout()
        name_part.setSpacing(GRID // 2)
        name_part.addLayout(name_row)
        name_part.addWidget(self.name_note)
        inside = QWidget()
        fields = QVBoxLayout(inside)
        fields.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        fields.setSpacing(2 * GRID)
        fields.addLayout(name_part)
        fields.addWidget(self.form)
        fields.addStretch()
        self.area = QScrollArea()
        self.area.setWidget(inside)
        self.area.setWidgetResizable(True)
        inside.setAutoFillBackground(False)
        # As tall as its lines of text at this width, not as the room they would take if it were narrower.
        inside.setMinimumHeight(1)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_head())
        column.addWidget(self.area, 1)
        column.addWidget(hairline())
        column.addLayout(self._make_foot())

    def _make_head(self) -> QHBoxLayout:
        self.reset = button("Suggested values", None, "link", "Fill the form with what suits this project")
        head = QHBoxLayout()
        head.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        head.addWidget(label("New training", "title"))
        head.addStretch()
        head.addWidget(self.reset)
        return head

    def _make_foot(self) -> QVBoxLayout:
        self.follow = QCheckBox("Then make CAMs and masks")
        self.follow.setToolTip("After the training, make the CAMs and masks of all images, those you look at first")
        self.follow.toggled.connect(self.follow_changed)
        self.outlook_text = label("", "muted", wrap=True)
        self.obstacle_text = label("", "warning", wrap=True)
        self.split_text = label("", "muted", wrap=True)
        self.use_all = button("Use all", self._use_all, "", "Train on the tagged images of all splits")
        self.left_out = QWidget()
        row = QHBoxLayout(self.left_out)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.split_text, 1)
        row.addWidget(self.use_all)
        self.to_images = button("Go to Images", self.images_asked.emit)
        self.start = button("Start training", self.start_asked.emit, "primary")
        self.start.setIconSize(self.start.iconSize())
        self.pause = button("Pause", self.pause_asked.emit)
        self.stop = button("Stop", self.stop_asked.emit)
        self.pause.setIcon(icon("pause"))
        self.stop.setIcon(icon("stop"))
        controls = QHBoxLayout()
        controls.setSpacing(GRID)
        controls.addWidget(self.pause, 1)
        controls.addWidget(self.stop, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        foot.setSpacing(GRID)
        for part in (self.follow, self.outlook_text, self.obstacle_text, self.left_out, self.to_images):
            foot.addWidget(part)
        foot.addLayout(controls)
        foot.addWidget(self.start)
        for part in (self.obstacle_text, self.left_out, self.to_images, self.pause, self.stop):
            part.hide()
        return foot

    # --- what is shown

    def show_project(self, project: Project | None, config: TrainConfig | None = None) -> None:
        """Take another project and the values its first training should have."""
        self._project = project
        self.name.clear()
        if project is not None:
            self.offer_splits(project)
            self.offer_runs(project)
            self.form.set_config(config or TrainConfig())

    def offer_splits(self, project: Project) -> None:
        """Let the person choose among the splits there are."""
        splits = project.images.splits()
        found = [(name, f"{name} ({formatting.counted(count, 'image')})") for name, count in splits.items()]
        self.form.set_choices("split", [("", "all images"), *found])

    def offer_runs(self, project: Project) -> bool:
        """Let the person choose among the finished runs wherever a field names one; return whether they are others."""
        names = [info.name for info in project.runs.all() if info.status == "done"]
        if names == self._runs_offered:
            return False
        self._runs_offered = names
        for spec in self.form.specs("run"):
            nothing = UNNAMED.get(spec.name, "the newest")
            self.form.set_choices(spec.name, [("", nothing), *((name, name) for name in names)])
        return True

    def config(self) -> TrainConfig:
        """Return what the form says. Raises `ConfigError`, which stands beside its field."""
        found = self.form.config()
        assert isinstance(found, TrainConfig)
        return found

    def look(self) -> None:
        """Find out anew what the training would take, and whether it can start."""
        try:
            config = self.config()
        except ConfigError as error:
            self._task.cancel()
            self.start.setEnabled(False)
            self.outlook_text.setText(formatting.without_commands(str(error)))
            self.outlook_text.show()
            return
        if self._project is not None:
            self._task.request(self._project, config)

    def suggest_name(self, name: str) -> None:
        """Show the name a run gets if the person gives none."""
        self.name.setPlaceholderText(name)

    def check_name(self) -> str:
        """Say below the name what is wrong with it, if anything is, and return that."""
        name = self.name.text().strip()
        problem = self.name_problem(name) if name else ""
        self.name_note.setText(problem)
        self.name_note.setVisible(bool(problem))
        self._allow_start()
        return problem

    def show_job(self, state: str, *, busy: bool) -> None:
        """Show the buttons that fit a training in this state ("" for none); ``busy``: a start would have to wait."""
        alive = state in ("running", "paused", "stopping")
        self.pause.setVisible(alive)
        self.stop.setVisible(alive)
        self.pause.setEnabled(state != "stopping")
        self.stop.setEnabled(state != "stopping")
        self.pause.setText("Resume" if state == "paused" else "Pause")
        self.pause.setIcon(icon("play" if state == "paused" else "pause"))
        self.stop.setText("Stopping" if state == "stopping" else "Stop")
        self.start.setText("Train this next" if busy else "Start training")

    def choose_weights(self) -> bool:
        """Let the person look for a weights file; return whether one was chosen."""
        editor = self.form.row("weights").editor
        return isinstance(editor, PathEditor) and editor.browse()

    def cancel(self) -> None:
        """Forget the project."""
        self._task.cancel()
        self._project = None

    def close_down(self) -> None:
        """Look ahead no more."""
        self._task.close()

    def _show_outlook(self, found: Outlook) -> None:
        self.outlook = found
        self.obstacle_text.setText(found.obstacle)
        self.obstacle_text.setVisible(found.lacks_tags)
        if found.field:
            self.form.row(found.field).show_problem(found.obstacle)
        self.split_text.setText("" if found.obstacle else found.left_out)
        set_kind(self.split_text, "warning" if 2 * found.tagged < found.tagged_in_all else "muted")
        self.left_out.setVisible(bool(self.split_text.text()))
        self.to_images.setVisible(found.lacks_tags)
        self.outlook_text.setText(estimate_words(found.estimate) if found.estimate else "")
        self.outlook_text.setVisible(found.estimate is not None)
        self._allow_start()
        self.outlook_changed.emit(found)

    def _allow_start(self) -> None:
        problem = self.outlook.obstacle or self.name_note.text() or self.form.problem
        self.start.setEnabled(not problem)

    def _use_all(self) -> None:
        self.form.set_values({"split": ""})

    def _show_failure(self, error: FbrError) -> None:
        self.outlook_text.setText(formatting.without_commands(str(error)))
        self.outlook_text.show()
