"""What the window shows without a project: open a folder of photos, a project, a recent one, or the demo."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFont, QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fbr_studio.jobs.opening import NewProject, demo_project, is_project, proposal
from fbr_studio.preferences import Preferences, data_folder
from fbr_studio.widgets.basics import button, label
from fbr_studio.widgets.icons import app_icon, icon
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.theme import GRID


class StartPage(QWidget):
    """Says what the person wants; the main window makes and opens it."""

    open_asked = Signal(Path)
    new_asked = Signal(object)
    demo_asked = Signal(bool)

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._preferences = preferences
        self.messages = MessageStrip()
        self.form = NewProjectForm()
        self.form.accepted.connect(self.new_asked)
        self.form.hide()
        self.busy = _Busy()
        self.recent = QListWidget()
        self.recent.setAccessibleName("Recent projects")
        self.recent.setProperty("kind", "plain")
        self.recent.itemActivated.connect(lambda item: self._open_recent(item))
        self.recent.itemClicked.connect(lambda item: self._open_recent(item))
        self._no_recent = label("Projects you open will be listed here.", "muted")
        self._lay_out()
        preferences.changed.connect(lambda name: self.show_recent() if name == "recent" else None)
        self.show_recent()

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.messages)
        row = QHBoxLayout()
        outer.addLayout(row, 1)
        column = QWidget()
        column.setFixedWidth(92 * GRID)
        row.addStretch()
        row.addWidget(column)
        row.addStretch()
        inside = QVBoxLayout(column)
        inside.setContentsMargins(4 * GRID, 6 * GRID, 4 * GRID, 4 * GRID)
        inside.setSpacing(3 * GRID)
        inside.addLayout(_heading())
        inside.addLayout(self._choices())
        inside.addWidget(self.form)
        inside.addWidget(self.busy)
        recent = QVBoxLayout()
        recent.setSpacing(GRID)
        recent.addWidget(label("Recent projects", "title"))
        recent.addWidget(self._no_recent)
        recent.addWidget(self.recent, 100)
        recent.addStretch(1)
        inside.addLayout(recent, 1)

    def _choices(self) -> QGridLayout:
        self.folder_button = _choice(
            "folder", "Open a folder of photos", "Makes a project beside it. The photos stay as they are."
        )
        self.folder_button.clicked.connect(self.choose_folder)
        self.project_button = _choice("project", "Open a project", "A folder that ends in .fbr.")
        self.project_button.clicked.connect(self.choose_project)
        self.demo_button = _choice("demo", "Try the demo", "Drawn scenes with two finished runs, ready to explore.")
        self.demo_button.clicked.connect(lambda: self.demo_asked.emit(False))
        self.reset_button = button("Start the demo afresh", lambda: self.demo_asked.emit(True), "link")
        self.reset_button.setToolTip("Replaces your copy of the demo, with all you changed in it")
        grid = QGridLayout()
        grid.setSpacing(2 * GRID)
        for place, made in enumerate((self.folder_button, self.project_button, self.demo_button)):
            grid.addWidget(made, 0, place)
            grid.setColumnStretch(place, 1)
        grid.addWidget(self.reset_button, 1, 2)
        return grid

    def show_recent(self) -> None:
        """List the recent projects; those that are gone are shown greyed, with what to do."""
        self.reset_button.setVisible(is_project(demo_project(data_folder())))
        self.recent.clear()
        for path in self._preferences.now.recent:
            there = is_project(Path(path))
            item = QListWidgetItem(icon("project"), f"{Path(path).name}\n{Path(path).parent}")
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(
                path if there else f"{path} is not there any more: connect its drive, or click to forget it"
            )
            if not there:
                item.setForeground(self.palette().placeholderText())
            self.recent.addItem(item)
        self.recent.setVisible(self.recent.count() > 0)
        self._no_recent.setVisible(self.recent.count() == 0)

    def choose_folder(self) -> None:
        """Ask for a folder of photos and propose a project for it."""
        found = QFileDialog.getExistingDirectory(self, "Folder of photos")
        if found:
            self.take_folder(Path(found))

    def choose_project(self) -> None:
        """Ask for a project and open it."""
        found = QFileDialog.getExistingDirectory(self, "Project")
        if found:
            self.open_asked.emit(Path(found))

    def take_folder(self, folder: Path) -> None:
        """Open a project that the folder is or has; else show where a new one would go, to be confirmed."""
        if is_project(folder):
            self.open_asked.emit(folder)
            return
        wanted = proposal(folder)
        if is_project(wanted.folder):
            self.open_asked.emit(wanted.folder)
            return
        self.form.show_proposal(wanted)
        self.form.show()
        self.form.create_button.setFocus()

    def choose_place(self, wanted: NewProject | None) -> None:
        """Let the person put the project elsewhere; what the form holds of the same photos stays."""
        if wanted is not None and wanted.images != self.form.images:
            self.form.show_proposal(wanted)
        self.form.show()
        self.form.folder.setFocus()
        self.form.folder.selectAll()

    def set_busy(self, text: str) -> None:
        """Show that a project is being made or opened; an empty text ends it."""
        self.busy.say(text)
        for widget in (self.folder_button, self.project_button, self.demo_button, self.reset_button, self.form):
            widget.setEnabled(not text)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        for url in event.mimeData().urls():
            path = Path(url.toLocalFile())
            if path.is_dir():
                self.take_folder(path)
                return
        self.messages.say("Drop a folder of photos, or a project.", "info")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the form away."""
        if event.key() == Qt.Key.Key_Escape and self.form.isVisible():
            self.form.hide()
            return
        super().keyPressEvent(event)

    def _open_recent(self, item: QListWidgetItem) -> None:
        path = item.data(Qt.ItemDataRole.UserRole)
        if is_project(Path(path)):
            self.open_asked.emit(Path(path))
            return
        self.messages.say(
            f"{path} is not there any more. Connect the drive it is on, or take it off the list.",
            "warning",
            ("Take it off the list", lambda: self._preferences.forget(path)),
        )


class NewProjectForm(QFrame):
    """Where the project goes and which tags it starts with; the proposal is good enough to press Enter."""

    accepted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self._wanted: NewProject | None = None
        self._images = label("", "title", wrap=True)
        self.folder = QLineEdit()
        self.folder.setAccessibleName("Project folder")
        self.tags = QLineEdit()
        self.tags.setAccessibleName("Table of tags")
        self.tags.setPlaceholderText("none: folders named by class give the tags, or you tag here")
        self.create_button = button("Create the project", self._accept, "primary")
        grid = QGridLayout(self)
        grid.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.addWidget(self._images, 0, 0, 1, 3)
        for row, (name, field, browse) in enumerate(
            (("Project", self.folder, self._browse_folder), ("Tags", self.tags, self._browse_tags)), start=1
        ):
            grid.addWidget(label(name), row, 0)
            grid.addWidget(field, row, 1)
            grid.addWidget(button("Choose", browse), row, 2)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(button("Cancel", self.hide, "quiet"))
        buttons.addWidget(self.create_button)
        grid.addLayout(buttons, 3, 0, 1, 3)
        for field in (self.folder, self.tags):
            field.returnPressed.connect(self._accept)

    @property
    def images(self) -> Path | None:
        """The folder of photos the form is about."""
        return self._wanted.images if self._wanted is not None else None

    def show_proposal(self, wanted: NewProject) -> None:
        """Fill the fields."""
        self._wanted = wanted
        self._images.setText(f"New project for the photos in {wanted.images}")
        self.folder.setText(str(wanted.folder))
        self.tags.setText(str(wanted.tags or ""))

    def _browse_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(self, "Folder in which the project is made")
        if found and self._wanted:
            self.folder.setText(str(Path(found) / f"{self._wanted.images.name}.fbr"))

    def _browse_tags(self) -> None:
        found, _ = QFileDialog.getOpenFileName(self, "Table of tags", "", "Tables (*.csv);;All files (*)")
        if found:
            self.tags.setText(found)

    def _accept(self) -> None:
        if self._wanted is None or not self.folder.text().strip():
            return
        tags = self.tags.text().strip()
        folder = Path(self.folder.text().strip()).expanduser()
        self.accepted.emit(replace(self._wanted, folder=folder, tags=Path(tags).expanduser() if tags else None))


class _Busy(QWidget):
    """One line while a project is being made."""

    def __init__(self) -> None:
        super().__init__()
        self._text = label("", "muted")
        self._since = 0.0
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        row = QVBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._text)
        row.addWidget(bar)
        self.hide()

    def say(self, text: str) -> None:
        """Show a text, or nothing."""
        self._text.setText(text)
        self._since = time.monotonic()
        self.setVisible(bool(text))


def _heading() -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(2 * GRID)
    picture = QLabel()
    picture.setPixmap(app_icon().pixmap(QSize(56, 56)))
    row.addWidget(picture)
    words = QVBoxLayout()
    words.setSpacing(0)
    name = label("FBR Studio", "title")
    font = QFont(name.font())
    font.setPointSizeF(font.pointSizeF() * 1.6)
    name.setFont(font)
    words.addWidget(name)
    words.addWidget(label("Turns tags into masks."))
    row.addLayout(words)
    row.addStretch()
    return row


def _choice(icon_name: str, title: str, sentence: str) -> QPushButton:
    """Return a large button: icon, title, one sentence."""
    made = QPushButton()
    made.setAutoDefault(False)
    made.setAccessibleName(title)
    made.setAccessibleDescription(sentence)
    made.setToolTip(sentence)
    inside = QVBoxLayout(made)
    inside.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
    inside.setSpacing(GRID)
    picture = QLabel()
    picture.setPixmap(icon(icon_name).pixmap(QSize(28, 28)))
    inside.addWidget(picture)
    inside.addWidget(label(title, "title", wrap=True))
    inside.addWidget(label(sentence, "muted", wrap=True))
    inside.addStretch()
    for child in made.findChildren(QLabel):
        child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    made.setMinimumHeight(17 * GRID)
    return made
