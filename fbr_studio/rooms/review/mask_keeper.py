"""Keeps the person's masks: a journal after each stroke, a save behind the window when the hand rests."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal

from fbr_engine.errors import FbrError, ReadError
from fbr_engine.project import ImageInfo, PersonMask, Project, make_folder
from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.journal import Journal, replay
from fbr_studio.drawing.mask_document import Edit, MaskDocument, Snapshot
from fbr_studio.rooms.review.kept_mask import KeptMask, KeptMasks
from fbr_studio.rooms.review.material import Labels
from fbr_studio.rooms.review.removal import removal

LOG = logging.getLogger(__name__)
SAVE_MS = 2000
LONGEST_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class _Saved:
    """One save that came to its end. ``gone``: the image was removed from the project, and its mask with it."""

    kept: KeptMask
    snapshot: Snapshot
    mine: bool
    problem: str
    gone: bool = False


class MaskKeeper(QObject):
    """The person's masks of the open project.

    ``saved(image)`` when the disk holds a mask (or holds it no more), ``failed(image, why)`` when it could not be
    written: the document stays dirty. ``replayed(image, strokes)`` when strokes of a window that ended without
    saving were painted again; ``journal_problem(image, why)`` when they could not be.
    """

    saved = Signal(int)
    failed = Signal(int, str)
    replayed = Signal(int, int)
    journal_problem = Signal(int, str)
    changed = Signal(int)
    _came_back = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._kept = KeptMasks()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._saving: set[int] = set()
        self._waits_since = 0.0
        self._timer = QTimer(self, singleShot=True, interval=SAVE_MS)
        self._timer.timeout.connect(self.save_soon)
        self._came_back.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    @property
    def project(self) -> Project | None:
        """The project whose masks are kept."""
        return self._project

    def set_project(self, project: Project | None) -> None:
        """Take another project. What is dirty must have been saved."""
        self._timer.stop()
        self._kept.clear()
        self._project = project

    # --- one image

    def get(self, image: int | None) -> KeptMask | None:
        """Return the document of an image that was opened or begun."""
        return self._kept.get(image)

    def mine(self, image: int | None) -> KeptMask | None:
        """Return the document of an image if there is anything of the person in it."""
        kept = self._kept.get(image)
        return kept if kept is not None and kept.is_mine else None

    def open(self, image: ImageInfo, person: PersonMask | None, base: Labels | None) -> KeptMask | None:
        """Return the image's document where the person has one, with the strokes that were not saved last time.

        ``person`` is what lies on the disk, ``base`` the run's mask, on which strokes may have begun.
        """
        kept = self._kept.get(image.id)
        if kept is not None or self._project is None:
            return kept
        journal = self._project.person_masks.journal_path(image.path)
        if person is None and (base is None or not journal.is_file()):
            return None
        document = _document(person, base)
        strokes = self._replay(image.id, journal, document) if journal.is_file() else 0
        if person is None and not strokes:
            return None
        kept = KeptMask(image.id, image.path, document, Journal(journal), fresh=False, base_saved=person is not None)
        self._kept.put(kept)
        if strokes:
            self.replayed.emit(image.id, strokes)
            self._timer.start()
        return kept

    def begin(self, image: ImageInfo, base: Labels) -> KeptMask:
        """Make a document from the mask that shows, for the first stroke. Raises `FbrError`.

        A mask of the person that could not be read is set aside, not painted over.
        """
        if self._project is None:
            raise ReadError("no project is open: open one first")
        kept = self._kept.get(image.id)
        if kept is None:
            kept = self._unopened(self._project, image, base)
        if kept is not None and kept.removed and kept.document.shape == base.shape:
            if not np.array_equal(kept.document.classes, base):
                self.go_back(kept, base)
        elif kept is None or not (kept.is_mine or kept.history.can_redo):
            self._kept.drop(image.id)
            journal = self._project.person_masks.journal_path(image.path)
            make_folder(journal.parent)
            kept = KeptMask(image.id, image.path, MaskDocument(base), Journal(journal), fresh=True)
            self._kept.put(kept)
        return kept

    def _unopened(self, project: Project, image: ImageInfo, base: Labels) -> KeptMask | None:
        """Open the mask of the person that is on the disk although nobody opened it: nothing is painted over it."""
        try:
            person = project.person_masks.load(image.id)
        except ReadError as error:
            LOG.warning("set aside as %s: %s", project.person_masks.set_aside(image.id), error)
            return None
        if person is None:
            return None
        if person.classes.shape != base.shape:
            raise ReadError(f"{image.path}: your mask was painted on a photo of another size; put that photo back")
        return self.open(image, person, base)

    # --- strokes

    def push(self, kept: KeptMask, edit: Edit) -> None:
        """Keep an edit: in the undo, in the journal, and soon on the disk."""
        kept.push(edit)
        self._edited(kept)

    def undo(self, kept: KeptMask) -> Box | None:
        """Take the last edit back; return the box that changed."""
        return self._stepped(kept, kept.undo())

    def redo(self, kept: KeptMask) -> Box | None:
        """Do it again; return the box that changed."""
        return self._stepped(kept, kept.redo())

    def go_back(self, kept: KeptMask, base: Labels) -> Box:
        """Make ``base`` of it, the run's mask, so that there is none of the person until that is undone.

        The disk loses it at once. One that has gone back already goes back to this base. Returns the box that changed.
        """
        if kept.removed:
            kept.undo()
        edit = removal(kept.document, base)
        box = kept.document.apply(edit, undo=False)
        kept.push(edit)
        self._save(kept)
        self._edited(kept)
        return box

    def _stepped(self, kept: KeptMask, box: Box | None) -> Box | None:
        if box is not None:
            self._edited(kept)
        return box

    def _edited(self, kept: KeptMask) -> None:
        if not kept.base_saved:  # a journal is worth nothing without the mask it continues
            self._save(kept)
        if not self._timer.isActive():
            self._waits_since = time.monotonic()
        if time.monotonic() - self._waits_since < LONGEST_WAIT_S:  # else it saves in the middle of the work
            self._timer.start()
        self.changed.emit(kept.image)

    # --- saving

    @property
    def dirty(self) -> list[int]:
        """The images with strokes that are not on the disk."""
        return [kept.image for kept in self._kept.dirty()]

    def save_soon(self) -> None:
        """Save all that is dirty behind the window."""
        self._timer.stop()
        for kept in self._kept.dirty():
            self._save(kept)

    def save_all(self) -> bool:
        """Save all that is dirty and wait for it; return whether all of it is on the disk."""
        self._timer.stop()
        self._pool.waitForDone()
        for kept in self._kept.dirty():
            if self._project is not None:
                snapshot = kept.document.snapshot()
                self._announce(kept, snapshot)
                self._receive(_write(self._project, kept, snapshot, kept.is_mine))
        return not self._kept.dirty()

    def close(self) -> None:
        """End the timer and the thread."""
        self._timer.stop()
        self._pool.waitForDone()
        self._kept.clear()

    def _save(self, kept: KeptMask) -> None:
        if self._project is None or kept.image in self._saving:
            return
        self._saving.add(kept.image)
        kept.base_saved = True
        snapshot = kept.document.snapshot()
        self._announce(kept, snapshot)
        self._pool.start(_Save(self, self._project, kept, snapshot))

    def _announce(self, kept: KeptMask, snapshot: Snapshot) -> None:
        """Tell the journal what will lie on the disk, so that it goes with it whenever this program ends."""
        try:
            kept.journal.mark_saved(kept.document, snapshot.fingerprint)
        except FbrError as error:
            LOG.warning("journal: %s", error)

    def _receive(self, came: _Saved) -> None:
        kept = came.kept
        self._saving.discard(kept.image)
        if self._kept.get(kept.image) is not kept:
            if self._kept.dirty():  # another document of this image may have waited for this save
                self._timer.start()
            return
        if came.snapshot.revision <= kept.on_disk:  # this state or a later one was saved meanwhile
            return
        if came.gone:
            self._forget(kept)
            return
        if came.problem:
            kept.base_saved = False
            self.failed.emit(kept.image, came.problem)
            return
        kept.base_saved, kept.on_disk = came.mine, came.snapshot.revision
        if kept.document.mark_saved(came.snapshot.revision):
            try:
                kept.journal.clear()
            except FbrError as error:
                LOG.warning("journal: %s", error)
        else:
            self._timer.start()
        self.saved.emit(kept.image)

    def _forget(self, kept: KeptMask) -> None:
        """Let go of the mask of a removed image; unsaved strokes stay in its journal."""
        kept.document.mark_saved()
        self._kept.drop(kept.image)
        LOG.info("%s was removed from the project: its mask is not saved", kept.path)

    def _replay(self, image: int, journal: Path, document: MaskDocument) -> int:
        try:
            return replay(journal, document)
        except ReadError as error:
            self.journal_problem.emit(image, str(error))
            return 0


class _Save(QRunnable):
    """One save in the keeper's thread."""

    def __init__(self, keeper: MaskKeeper, project: Project, kept: KeptMask, snapshot: Snapshot) -> None:
        super().__init__()
        self._keeper, self._project, self._kept, self._snapshot = keeper, project, kept, snapshot
        self._mine = kept.is_mine

    def run(self) -> None:
        """Write, and send back how it went."""
        came = _write(self._project, self._kept, self._snapshot, self._mine)
        try:
            self._keeper._came_back.emit(came)
        except RuntimeError:
            LOG.debug("a save came back after its window had closed")


def _write(project: Project, kept: KeptMask, snapshot: Snapshot, mine: bool) -> _Saved:
    problem = ""
    try:
        if not _is_there(project, kept):
            return _Saved(kept, snapshot, mine, "", gone=True)
        if mine:
            instances = (
                np.zeros(snapshot.classes.shape, np.uint16) if snapshot.instances is None else snapshot.instances
            )
            project.person_masks.save(kept.image, snapshot.classes, instances, snapshot.source)
        else:
            project.person_masks.remove(kept.image)
    except FbrError as error:
        problem = str(error)
    except Exception as error:
        LOG.exception("saving a mask")
        problem = f"the mask could not be saved ({error!r}): the log has the details"
    return _Saved(kept, snapshot, mine, problem)


def _is_there(project: Project, kept: KeptMask) -> bool:
    return any(image.path == kept.path for image in project.images.by_ids([kept.image]))


def _document(person: PersonMask | None, base: Labels | None) -> MaskDocument:
    if person is None:
        assert base is not None
        return MaskDocument(base)
    instances = person.instances if person.instances.any() else None
    return MaskDocument(person.classes, instances, person.source)
