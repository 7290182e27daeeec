"""What comes into the project and what leaves it: tables of tags, new photos, dropped files, removed images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QFileDialog

from fbr_engine.config import TrainConfig
from fbr_engine.errors import FbrError
from fbr_engine.project import Project, RunInfo
from fbr_engine.project.paths import decode_path, shown
from fbr_studio.jobs.follow_up import maps_job
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.images.browser import ImageBrowser
from fbr_studio.rooms.images.dropped import what_was_dropped
from fbr_studio.rooms.images.image_pane import ImagePane
from fbr_studio.rooms.images.new_photos import NewPhotos
from fbr_studio.rooms.images.tag_import import TagImport, import_tags, sentences
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import count, counted
from fbr_studio.widgets.tags.narrow_strip import NarrowStrip

SAMPLE = 50  # images looked for in another folder
CAMS_TITLE = "CAMs of new photos"


class Intake(QObject):
    """Talks through the strips above the gallery; each does one thing: report, news, question."""

    images_removed = Signal()
    tags_imported = Signal(object)
    images_moved = Signal()

    def __init__(
        self,
        session: Session,
        runner: JobRunner,
        preferences: Preferences,
        browser: ImageBrowser,
        pane: ImagePane,
        class_question: NarrowStrip,
        import_action: QAction,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._runner, self._preferences = session, runner, preferences
        self._browser, self._pane, self._import_action = browser, pane, import_action
        self._class_question = class_question
        self.new_photos = NewPhotos(session, self)
        self.new_photos.found.connect(self._tell_new)
        self.new_photos.failed.connect(self._tell_not_looked)
        self._import = LatestTask(_import, self)
        self._import.done.connect(self._take_import)
        self._import.failed.connect(self._tell_import_failed)
        self.dialog: QFileDialog | None = None
        self._adds_new = False
        self._asked_about: frozenset[int] | None = None
        browser.targets_changed.connect(self._drop_question)
        pane.gallery.files_dropped.connect(self.take_files)

    def close(self) -> None:
        """Let go of the project."""
        self.new_photos.forget()
        self._adds_new = False
        self._import.cancel()
        self._import_action.setEnabled(True)
        self._pane.hide_messages()
        if self.dialog is not None:
            self.dialog.close()

    # --- tables of tags

    def choose_table(self) -> None:
        """Let the person choose a table."""
        if self._session.project is None:
            return
        folder = str(self._session.project.image_folder.parent)
        dialog = QFileDialog(self._pane, "Import tags", folder, "Tables of tags (*.csv);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.import_table(Path(name)))
        dialog.finished.connect(lambda: self._drop_dialog(dialog))
        self.dialog = dialog
        dialog.open()

    def _drop_dialog(self, dialog: QFileDialog) -> None:
        self.dialog = None
        dialog.deleteLater()

    def import_table(self, path: Path) -> None:
        """Import a table in the background."""
        if self._session.project is None or self._import.busy:
            return
        self._import_action.setEnabled(False)
        self._pane.report.say(f"Importing {shown(path.name)} ...")
        self._import.request(self._session.project, path)

    def _take_import(self, answer: tuple[Project, TagImport]) -> None:
        project, done = answer
        if project is not self._session.project:
            return
        self._import_action.setEnabled(True)
        kind = "warning" if done.report.missing_count else "good"
        self._pane.report.say(sentences(done), kind)  # type: ignore[arg-type]
        if done.new_classes:
            self._session.classes_changed.emit()
        if done.report.added or done.report.splits:
            self._session.images_changed.emit()
        self.tags_imported.emit(done.edit)
        self._session.tags_changed.emit(None if done.edit is None else done.edit.images)

    def _tell_import_failed(self, error: FbrError) -> None:
        self._import_action.setEnabled(True)
        self._pane.report.say(_sentence(error), "danger", ("Choose another table", self.choose_table))

    # --- files dropped

    def take_files(self, paths: list[Path]) -> None:
        """Import a table, notice photos of the image folder, or explain where photos belong."""
        project = self._session.project
        if project is None:
            return
        drop = what_was_dropped(paths, project.image_folder)
        if drop.kind == "table" and drop.path is not None:
            self.import_table(drop.path)
        elif drop.kind == "here":
            self.new_photos.look(now=True)
        elif drop.kind == "elsewhere":
            folder = project.image_folder
            self._pane.report.say(
                f"The images of a project stay in one folder: {shown(folder)}. Copy the photos there and they are"
                " noticed; photos of another subject are better a project of their own.",
                "info",
                ("Open that folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))),
                ("Look for new photos", lambda: self.new_photos.look(now=True)),
            )
        else:
            self._pane.report.say("Only photos and tables of tags (tags.csv) can be dropped here.", "warning")

    # --- new photos

    def add_new(self) -> None:
        """Look for new photos and add all of them."""
        self._adds_new = True
        self.new_photos.look(now=True)

    def _tell_new(self, paths: list[str]) -> None:
        asked, adds, self._adds_new = self.new_photos.asked, self._adds_new, False
        if adds and paths:
            self._add(paths)
            return
        if not asked and self._question_open():
            return  # they are found again the next time
        if not paths:
            self._pane.news.say("There are no new photos in the folder.")
            return
        self._pane.news.say(
            f"{counted(len(paths), 'new photo')} in the folder.",
            "info",
            ("Add it" if len(paths) == 1 else "Add them", lambda: self._add(paths)),
            ("Not now", lambda: self.new_photos.decline(paths)),
        )

    def _tell_not_looked(self, error: FbrError) -> None:
        project = self._session.project
        if project is not None and not project.image_folder.is_dir():
            self._pane.news.say(_sentence(error), "warning", ("Choose the folder", self.choose_folder))
        else:
            self._pane.news.say(_sentence(error), "warning")

    def choose_folder(self) -> None:
        """Let the person say where the images lie now."""
        project = self._session.project
        if project is None:
            return
        start = next((p for p in project.image_folder.parents if p.is_dir()), project.folder.parent)
        dialog = QFileDialog(self._pane, "Folder of the images", str(start))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.move_images(Path(name)))
        dialog.finished.connect(lambda: self._drop_dialog(dialog))
        self.dialog = dialog
        dialog.open()

    def move_images(self, folder: Path) -> None:
        """Look for the images in ``folder`` from now on, if some of them are there."""
        project = self._session.open_project
        sample = project.images.spread(SAMPLE)
        if sample and not any((folder / decode_path(image.path)).is_file() for image in sample):
            self._pane.news.say(
                f"None of the project's images is in {shown(folder)} (such as {sample[0].path}).",
                "warning",
                ("Choose another folder", self.choose_folder),
            )
            return
        try:
            self._session.move_images(folder)
        except FbrError as error:
            self._pane.news.say(_sentence(error), "danger")
            return
        self._pane.news.hide()
        self.images_moved.emit()
        self.new_photos.look_soon()

    def _add(self, paths: list[str]) -> None:
        try:
            self._session.add_images(paths)
        except FbrError as error:
            self._pane.news.say(_sentence(error), "danger")
            return
        run = self._trained_run()
        added = f"{counted(len(paths), 'photo')} {'was' if len(paths) == 1 else 'were'} added."
        if run is None:
            self._pane.news.say(added, "good")
            return
        self._pane.news.say(
            f"{added} The run {run.name} can predict {'its' if len(paths) == 1 else 'their'} tags.",
            "good",
            ("Compute CAMs", lambda: self._compute_cams(run, paths)),
            ("Not now", lambda: None),
        )

    def _question_open(self) -> bool:
        strips = (self._pane.question, self._class_question)
        return any(not strip.isHidden() and bool(strip.remedies) for strip in strips)

    def _trained_run(self) -> RunInfo | None:
        chosen = self._session.run_info()
        if chosen is not None and chosen.status == "done":
            return chosen
        runs = [run for run in self._session.open_project.runs.all() if run.status == "done"]
        return runs[-1] if runs else None

    def _compute_cams(self, run: RunInfo, paths: list[str]) -> None:
        project = self._session.open_project
        first = tuple(project.images.ids_of(paths).values())
        refine = str(run.figures.get("refine", self._preferences.now.refine))
        spec = maps_job(run.name, TrainConfig.from_json(run.config), looked_at=lambda: first, refine=refine)
        self._runner.submit(dataclasses.replace(spec, title=CAMS_TITLE), project)

    # --- removing

    def ask_remove(self) -> None:
        """Ask before the selected images leave the project."""
        images = list(self._browser.targets)
        if self._session.project is None or not images:
            return
        self._asked_about = frozenset(images)
        one = len(images) == 1
        name = self._session.project.images.by_ids(images[:1])[0].path if one else f"{count(len(images))} images"
        self._pane.question.say(
            f"Remove {name} from the project? {'Its' if one else 'Their'} tags and corrected masks are lost;"
            f" the {'file stays' if one else 'files stay'} in the folder.",
            "warning",
            ("Remove", lambda: self._remove(images)),
            ("Cancel", lambda: None),
        )

    def _drop_question(self) -> None:
        """Put a question away once other images are selected than those it is about."""
        if self._asked_about is not None and self._asked_about != frozenset(self._browser.targets):
            self._asked_about = None
            self._pane.question.hide()

    def _remove(self, images: list[int]) -> None:
        self._asked_about = None
        self._browser.go_to(self._browser.after_without(images))
        try:
            self._session.remove_images(images)
        except FbrError as error:
            self._pane.question.say(_sentence(error), "danger")
            return
        self.images_removed.emit()


def _import(project: Project, path: Path) -> tuple[Project, TagImport]:
    return project, import_tags(project, path)


def _sentence(error: FbrError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}"
