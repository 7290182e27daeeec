"""The three questions: which format, which images, where; what they mean as an `ExportConfig`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fbr_engine.config import ExportConfig
from fbr_engine.errors import ConfigError
from fbr_studio.rooms.export import target
from fbr_studio.widgets.basics import button, icon_button, label
from fbr_studio.widgets.forms.config_form import ConfigForm
from fbr_studio.widgets.theme import GRID

FORMATS = (("coco", "COCO, one JSON file per split"),)
REVIEWS = (
    ("kept", "All but the rejected ones"),
    ("accepted", "Only the accepted ones"),
    ("all", "All of them"),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the project offers: (name, words) of its runs, newest first, and its splits by name."""

    runs: tuple[tuple[str, str], ...] = ()
    splits: tuple[str, ...] = ()


class Questions(QWidget):
    """``changed`` is emitted when the answer is another one; `config` and `run` are the answer."""

    changed = Signal()
    target_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._quiet = False
        self._proposal: Path | None = None
        self.target_problem = ""
        self.format = _combo("Format", "The format of the dataset")
        self.review = _combo("Images by review", "Which images are written, by what you said in Review")
        self.split = _combo("Split", "Only the images of one split, or of all")
        self.run_box = _combo("Run", "The run whose masks are written; your own corrections always win")
        self.out = QLineEdit()
        self.out.setAccessibleName("Folder of the dataset")
        self.out.setToolTip("The folder is made; it must be new or empty")
        self.browse_button = icon_button("folder", "Choose the folder (Ctrl+B)", self.browse)
        self.problem = label("", "danger", wrap=True)
        self.other_name = button("", self.take_unused, "link", "Write into a folder that is not there yet")
        self.copy_images = QCheckBox("Copy the images into it")
        self.copy_images.setToolTip("Photos that are rotated by EXIF are written upright, as their masks are")
        self.more = ConfigForm(ExportConfig, only=("min_area",))
        for value, text in FORMATS:
            self.format.addItem(text, value)
        for value, text in REVIEWS:
            self.review.addItem(text, value)
        self._build()
        self._connect()
        self.show_target(target.TargetCheck("", None))

    # --- the answer

    @property
    def run(self) -> str | None:
        """The run whose masks are written."""
        name: str | None = self.run_box.currentData()
        return name

    @property
    def folder(self) -> Path:
        """The folder that is written there now."""
        return Path(self.out.text().strip())

    def config(self) -> ExportConfig:
        """Return the answer. Raises `ConfigError`."""
        more = self.more.config()
        assert isinstance(more, ExportConfig)
        if not self.out.text().strip():
            raise ConfigError("say where the dataset is to be written")
        return ExportConfig(
            out=self.out.text().strip(),
            format=self.format.currentData(),
            split=self.split.currentData() or "",
            review=self.review.currentData(),
            copy_images=self.copy_images.isChecked(),
            min_area=more.min_area,
        )

    # --- what is offered

    def offer(self, choices: Choices, run: str | None) -> None:
        """Offer the project's runs and splits; what was chosen stays chosen where it is still there."""
        before = (self.run, self.split.currentData())
        self._quiet = True
        _fill(self.run_box, choices.runs, self.run or run)
        splits = [("", "All splits"), *((split, split) for split in choices.splits)]
        _fill(self.split, splits, self.split.currentData())
        self.split.setEnabled(bool(choices.splits))
        self._quiet = False
        if (self.run, self.split.currentData()) != before:
            self._answered()

    def choose_run(self, name: str | None) -> None:
        """Choose a run, if it is offered."""
        found = self.run_box.findData(name)
        if found >= 0:
            self.run_box.setCurrentIndex(found)

    def propose(self, project: Path) -> None:
        """Propose a folder for a project, unless the person wrote another one."""
        if self._proposal is None or self.folder == self._proposal:
            self._proposal = target.proposal(project)
            self.out.setText(str(self._proposal))

    def forget(self) -> None:
        """Start anew with another project."""
        self._proposal = None
        self._quiet = True
        self.out.clear()
        self.run_box.clear()
        self.split.clear()
        self.copy_images.setChecked(False)
        self.review.setCurrentIndex(0)
        self.more.reset()
        self._quiet = False

    def browse(self) -> None:
        """Let the person choose the folder; one that is not empty gets a folder of its own inside."""
        start = next((str(f) for f in self.folder.parents if f.is_dir()), "")
        chosen = QFileDialog.getExistingDirectory(self, "Where is the dataset to be written?", start)
        if chosen:
            self.set_folder(self.inside(Path(chosen)))

    def inside(self, chosen: Path) -> Path:
        """Return where in a chosen folder the dataset goes: the folder itself if it is empty."""
        if not target.problem(str(chosen)):
            return chosen
        name = self._proposal.name if self._proposal is not None else "dataset-coco"
        return target.unused(chosen / name)

    def set_folder(self, folder: Path) -> None:
        """Write another folder."""
        self.out.setText(str(folder))

    def take_unused(self) -> None:
        """Write a name like the one that stands there, which is free."""
        self.set_folder(target.unused(self.folder))

    def show_target(self, check: target.TargetCheck) -> None:
        """Say below the folder what is wrong with it, and offer another."""
        self.target_problem = check.problem
        self.problem.setText(check.problem)
        self.problem.setVisible(bool(check.problem))
        self.other_name.setText(f"Use {check.other.name}" if check.other is not None else "")
        self.other_name.setVisible(check.other is not None)

    # --- building

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4 * GRID)
        column.addLayout(_question("Which format?", self.format))
        column.addLayout(_question("Which images?", self.review, self.split, _named("Masks of", self.run_box)))
        where = QHBoxLayout()
        where.setSpacing(GRID // 2)
        where.addWidget(self.out, 1)
        where.addWidget(self.browse_button)
        last = _question("Where?", where, self.problem, self.other_name, self.copy_images, self.more)
        column.addLayout(last)

    def _connect(self) -> None:
        for box in (self.format, self.review, self.split, self.run_box):
            box.currentIndexChanged.connect(self._answered)
        self.copy_images.toggled.connect(self._answered)
        self.more.changed.connect(self._answered)
        self.out.textChanged.connect(self._target_answered)

    def _answered(self) -> None:
        if not self._quiet:
            self.changed.emit()

    def _target_answered(self) -> None:
        if not self._quiet:
            self.target_changed.emit()


def _question(title: str, *parts: QWidget | QHBoxLayout) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(GRID)
    column.addWidget(label(title, "title"))
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return column


def _named(name: str, widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID)
    row.addWidget(label(name, "muted"))
    row.addWidget(widget, 1)
    return row


def _combo(name: str, tip: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(10)
    return made


def _fill(box: QComboBox, rows: Sequence[tuple[str, str]], wanted: object) -> None:
    box.clear()
    for value, text in rows:
        box.addItem(text, value)
    box.setCurrentIndex(max(0, box.findData(wanted)) if rows else -1)
