"""What is open and what the person is looking at: the one object rooms share besides the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.errors import ProjectError
from fbr_engine.project import ClassInfo, ImageInfo, Project, RunInfo
from fbr_engine.stages.judge import login_name

TagRow = tuple[int, int, int | None]


class Session(QObject):
    """The open project, the current image, the current run; who changes the project's rows says so here.

    Every write of tags, classes, reviews and images from the window goes through this object, so that every room
    hears of it. Signals carry the numbers of the images concerned, or None for all of them.
    """

    project_changed = Signal()
    project_closing = Signal()
    current_image_changed = Signal()
    run_changed = Signal()
    compare_run_changed = Signal()
    runs_changed = Signal()
    classes_changed = Signal()
    images_changed = Signal()
    tags_changed = Signal(object)
    reviews_changed = Signal(object)
    maps_changed = Signal(object)
    person_mask_changed = Signal(int)
    run_ready = Signal(str)
    comparison_asked = Signal()
    judgements_changed = Signal()
    concepts_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._image: int | None = None
        self._run: str | None = None
        self._compare: str | None = None
        # The images in sight, the current one first; a whole tuple is put here, so a job may read it in its thread.
        self.looked_at: tuple[int, ...] = ()
        # The window has told of the photos a table leaves out: no room tells of them once more.
        self.told_of_unlisted = False
        # The person works on what a run made: another run is offered by `run_ready`, not shown in its place.
        self.busy_looking = False
        # Two runs are to be compared: the Training room does so when it is entered.
        self.comparison_due = False
        # Removes the folder of a deleted run; the window gives one that does not make it wait.
        self.remove_folder: Callable[[Path], object] | None = None

    # --- the project

    @property
    def project(self) -> Project | None:
        """The open project, or None on the start page."""
        return self._project

    @property
    def open_project(self) -> Project:
        """The open project, for what is only reached while one is open. Raises `ProjectError` otherwise."""
        if self._project is None:
            raise ProjectError("no project is open: open or make one first")
        return self._project

    def open(self, folder: Path) -> None:
        """Open the project in ``folder`` in place of the present one, which stays open if this fails.

        Raises `ProjectError` and what else `Project.open` raises.
        """
        same = self._project is not None and self._project.folder == Path(folder).absolute()
        if same:
            return
        self.adopt(Project.open(folder, write=True))

    def adopt(self, project: Project) -> None:
        """Take a project that is open for writing in place of the present one."""
        self.close()
        self._project = project
        newest_first = project.runs.all()[::-1]
        shown = _worth_showing(project, newest_first)
        self._run = shown.name if shown is not None else None
        self._compare = next((r.name for r in newest_first if r != shown and r.status == "done"), None)
        first = next(project.images.iter(), None)
        self._image = first.id if first else None
        self.project_changed.emit()
        self.run_changed.emit()
        self.current_image_changed.emit()

    def close(self) -> None:
        """Close the project; rooms let go of it when they hear `project_closing`. Jobs must have ended."""
        if self._project is None:
            return
        self.project_closing.emit()
        project, self._project = self._project, None
        self._image = self._run = self._compare = None
        self.looked_at = ()
        self.told_of_unlisted = self.busy_looking = self.comparison_due = False
        project.close()
        self.project_changed.emit()

    # --- what the person looks at

    @property
    def image(self) -> int | None:
        """The current image's number."""
        return self._image

    @image.setter
    def image(self, image: int | None) -> None:
        if image != self._image:
            self._image = image
            self.current_image_changed.emit()

    def look_at(self, visible: Iterable[int]) -> None:
        """Say which images are in sight: a job that makes maps takes them, the current one first, before others."""
        current = [self._image] if self._image is not None else []
        self.looked_at = tuple(dict.fromkeys([*current, *visible]))

    def image_info(self) -> ImageInfo | None:
        """Return the current image, or None."""
        if self._project is None or self._image is None:
            return None
        found = self._project.images.by_ids([self._image])
        return found[0] if found else None

    @property
    def run(self) -> str | None:
        """The name of the run whose CAMs and masks are shown."""
        return self._run

    @run.setter
    def run(self, name: str | None) -> None:
        if name != self._run:
            self._run = name
            self.run_changed.emit()

    @property
    def compare_run(self) -> str | None:
        """The name of the run on the other side of the curtain."""
        return self._compare

    @compare_run.setter
    def compare_run(self, name: str | None) -> None:
        if name != self._compare:
            self._compare = name
            self.compare_run_changed.emit()

    def take_new_run(self, name: str) -> None:
        """Take up a run that was just trained: show it, or tell of it by `run_ready` while the person is at work."""
        if self._run not in (None, name) and self.busy_looking:
            self.run_ready.emit(name)
        else:
            self.show_new_run(name)

    def show_new_run(self, name: str) -> None:
        """Show a run; the one shown before is compared with it."""
        if self._run is not None and self._run != name:
            self.compare_run = self._run
        self.run = name

    def run_info(self) -> RunInfo | None:
        """Return the current run, or None."""
        return self._project.runs.find(self._run) if self._project is not None and self._run else None

    def compare_info(self) -> RunInfo | None:
        """Return the run to compare with, or None."""
        return self._project.runs.find(self._compare) if self._project is not None and self._compare else None

    # --- writes

    def set_tags(self, rows: Sequence[TagRow]) -> list[TagRow]:
        """Set (image, class, 1 | 0 | None) tags; return the rows that undo it. Raises `ProjectError`, `WriteError`."""
        project = self.open_project
        images = sorted({row[0] for row in rows})
        classes = sorted({row[1] for row in rows})
        known = project.tags.matrix(images, classes)
        row_of = {image: i for i, image in enumerate(images)}
        column_of = {class_id: i for i, class_id in enumerate(classes)}
        before: list[TagRow] = []
        for image, class_id, _ in rows:
            value = int(known[row_of[image], column_of[class_id]])
            before.append((image, class_id, None if value < 0 else value))
        project.tags.set_many(rows)
        self.tags_changed.emit(images)
        return before

    def set_review(self, images: Iterable[int], review: str) -> None:
        """Accept, reject or take back; ``review`` is ``accepted``, ``rejected`` or ``new``."""
        project = self.open_project
        numbers = list(images)
        with project.transaction():
            for image in numbers:
                project.images.set_review(image, review)  # type: ignore[arg-type]
        self.reviews_changed.emit(numbers)

    def add_classes(self, names: Sequence[str]) -> list[ClassInfo]:
        """Add classes. Raises `ProjectError` for a name no class can have."""
        made = self.open_project.classes.add(names)
        self.classes_changed.emit()
        return made

    def rename_class(self, name: str, new: str) -> None:
        """Rename a class. Raises `ProjectError`."""
        self.open_project.classes.rename(name, new)
        self.classes_changed.emit()

    def merge_class(self, name: str, into: str) -> None:
        """Make one class part of another. Raises `ProjectError`."""
        self.open_project.classes.merge(name, into)
        self._classes_and_tags_changed()

    def delete_class(self, name: str) -> None:
        """Delete a class and its tags. Raises `ProjectError`."""
        self.open_project.classes.delete(name)
        self._classes_and_tags_changed()

    def _classes_and_tags_changed(self) -> None:
        self.classes_changed.emit()
        self.tags_changed.emit(None)
        self.maps_changed.emit(None)

    def add_images(self, paths: Iterable[str]) -> int:
        """Add images of the folder by their ids; return how many are new."""
        count = self.open_project.images.add(paths)
        self.images_changed.emit()
        return count

    def remove_images(self, images: Sequence[int]) -> None:
        """Take images out of the project; their files stay."""
        self.open_project.images.remove(images)
        if self._image in set(images):
            first = next(self.open_project.images.iter(), None)
            self.image = first.id if first else None
        self.images_changed.emit()

    def rename_run(self, old: str, new: str) -> None:
        """Rename a run. Raises `ProjectError`, `WriteError`."""
        self.open_project.runs.rename(old, new)
        self._run = new if self._run == old else self._run
        self._compare = new if self._compare == old else self._compare
        self.runs_changed.emit()

    def delete_run(self, name: str) -> None:
        """Delete a run and all it made. Raises `ProjectError`, `WriteError`."""
        self.open_project.runs.delete(name, self.remove_folder)
        left = [info.name for info in self.open_project.runs.all()]
        if self._compare == name:
            self.compare_run = None
        if self._run == name:
            self.run = left[-1] if left else None
        self.runs_changed.emit()

    def set_problems(self, reasons: Mapping[int, str | None]) -> None:
        """Say why images take no part, by their numbers, or with None that they do. Raises `WriteError`."""
        project = self.open_project
        with project.transaction():
            for image, reason in reasons.items():
                project.images.set_problem(image, reason)
        self.reviews_changed.emit(list(reasons))

    def move_images(self, folder: Path) -> None:
        """Look for the images in another folder from now on. Raises `WriteError`."""
        self.open_project.move_images(folder)
        self.images_changed.emit()
        self.maps_changed.emit(None)

    def compare(self, run: str, other: str) -> None:
        """Show a run compared with another."""
        self.run = run
        self.compare_run = other
        self.comparison_due = True
        self.comparison_asked.emit()

    # --- judgements of concepts

    def judge(self, run: RunInfo, concepts: ConceptSet, concept: int, class_id: int | None, verdict: str) -> int:
        """Keep what a person says of a concept for a class, or with None for every class; return its number.

        Splitting what is mixed is left to whoever asks: it reads features.

        Raises `ProjectError`, `WriteError`.
        """
        exemplars = [(one.image_id, one.pixels) for one in concepts.exemplars(concept)]
        made = self.open_project.judgements.add(verdict, class_id, run.id, concept, exemplars, login_name())
        self.judgements_changed.emit()
        return made.id

    def withdraw_judgement(self, judgement: int) -> None:
        """Take a judgement back; it stays in the project and can be restored. Raises `ProjectError`, `WriteError`."""
        self.open_project.judgements.withdraw(judgement)
        self.judgements_changed.emit()

    def restore_judgement(self, judgement: int) -> None:
        """Let a judgement that was taken back stand again. Raises `ProjectError`, `WriteError`."""
        self.open_project.judgements.restore(judgement)
        self.judgements_changed.emit()

    def name_concept(self, run: RunInfo, concept: int, name: str) -> str:
        """Give a concept a name, an empty one takes it away; return it as it is kept. Raises `ProjectError`."""
        kept = self.open_project.judgements.name(run.id, concept, name)
        self.concepts_changed.emit()
        return kept


def _worth_showing(project: Project, newest_first: Sequence[RunInfo]) -> RunInfo | None:
    """Return the newest run that has ended, else the newest that has CAMs, else the newest."""
    for run in newest_first:
        if run.status == "done":
            return run
    for run in newest_first:
        if project.maps.count_done(run.id, "cams"):
            return run
    return next(iter(newest_first), None)
