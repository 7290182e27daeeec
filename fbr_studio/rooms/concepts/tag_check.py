"""Doubtful tags, one after the other: one key adds or removes the tag, and the next one is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QImage, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fbr_engine.errors import FbrError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.tag_check import Doubt, doubts
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.concepts.doubt_photos import DoubtPhotos
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.rooms.concepts.tag_list import THUMBNAIL, DoubtList, DoubtView
from fbr_studio.state.session import TagRow
from fbr_studio.widgets.basics import ElidedLabel, hairline, icon_button, label
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.tags.key_button import KeyButton
from fbr_studio.widgets.tags.photo_preview import PhotoPreview
from fbr_studio.widgets.theme import GRID, emphasised

_DO = (Qt.Key.Key_T, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEPS = {Qt.Key.Key_J: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_K: -1, Qt.Key.Key_Up: -1}
_OWN = (*_DO, *_STEPS, Qt.Key.Key_N)


class _Found(NamedTuple):
    rows: list[Doubt]
    names: dict[int, str]


class _Deed(NamedTuple):
    """What was done with a doubt at a row; ``before`` are the tag rows that undo it, none if it was left alone."""

    row: int
    doubt: Doubt
    before: tuple[TagRow, ...]


class TagCheck(QWidget):
    """The doubts of the run that is shown, most doubtful first. ``image_wanted``: the person goes to an image."""

    image_wanted = Signal(int)

    def __init__(self, model: ConceptsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._session = model.session
        self._project: Project | None = None
        self._photos: DoubtPhotos | None = None
        self._stale, self._writing = True, False
        self._left: set[tuple[int, int, str]] = set()
        self._done: list[_Deed] = []
        self._pool = QThreadPool(self)  # its own: looking reads every CAM file, and others' light work must not wait
        self._pool.setMaxThreadCount(1)
        self._task = LatestTask(_find, self, pool=self._pool)
        self._task.done.connect(self._take)
        self._task.failed.connect(self._fail)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._ask_thumbnails)
        self.list = DoubtList(model.class_name, self)
        self.view = DoubtView(self.list)
        self._connect_view()
        self.count = label("", "muted")
        self.note = label("", "muted", wrap=True)
        self.preview = PhotoPreview()
        self.preview.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.name = ElidedLabel()
        self.words = label("", "", wrap=True)
        self.words.setFont(emphasised(self.words.font()))
        self._do = self._action("Add the tag", "T", "Change the tag as doubted, and go to the next one", self.change)
        self._leave = self._action("Leave it", "N", "The tag is right; go to the next one", self.leave)
        self.do_button, self.leave_button = KeyButton(self._do, primary=True), KeyButton(self._leave)
        self.undo_button = icon_button("undo", "Take back the last tag (Ctrl+Z)", self.undo)
        self.again_button = icon_button("refresh", "Look for doubtful tags anew", self.look)
        self._compose()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Doubtful tags")
        model.loaded.connect(self._loaded)
        self._session.tags_changed.connect(self._tags_changed)
        self._session.project_closing.connect(self._let_go)
        self._show_current()

    def _connect_view(self) -> None:
        self.view.selectionModel().currentChanged.connect(self._show_current)
        self.view.verticalScrollBar().valueChanged.connect(lambda _: self._soon.start())
        self.view.doubleClicked.connect(lambda index: self.image_wanted.emit(self.list.rows[index.row()].image_id))

    def _action(self, text: str, key: str, tip: str, act: Callable[[], object]) -> QAction:
        """Return an action that only its button knows: keys are taken by `event`, before the room's."""
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setToolTip(f"{tip} ({key})")
        action.triggered.connect(lambda: act())
        return action

    def _compose(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        head.addWidget(self.count, 1)
        head.addWidget(self.undo_button)
        head.addWidget(self.again_button)
        left.addLayout(head)
        left.addWidget(hairline())
        self.note.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 0)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        left.addWidget(self.note, 1)
        left.addWidget(self.view, 1)
        right = QVBoxLayout()
        right.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        right.setSpacing(GRID)
        right.addWidget(self.preview, 1)
        for part in (self.words, self.name, self.do_button, self.leave_button):
            right.addWidget(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(hairline(vertical=True))
        row.addLayout(right, 1)

    # --- what a person does

    @property
    def current(self) -> Doubt | None:
        """The doubt that is asked about."""
        row = self.view.currentIndex().row()
        return self.list.rows[row] if 0 <= row < len(self.list.rows) else None

    def look(self) -> None:
        """Look for doubtful tags anew."""
        project, info = self._session.project, self._session.run_info()
        self._stale = False
        if project is None or info is None or self._model.data is None:
            self._task.cancel()
            self._take(_Found([], {}))
            return
        self._open(project)
        self._say("Looking at the scores of every image…" if not self.list.rows else "")
        self._task.request(project, info)

    def change(self) -> None:
        """Add the tag that is missing, or remove the one that is wrong, and go to the next doubt."""
        doubt = self.current
        if doubt is None:
            return
        self._writing = True
        try:
            before = self._session.set_tags([(doubt.image_id, doubt.class_id, int(doubt.kind == "missing"))])
        except FbrError as error:
            self._model.problem.emit(str(error))
            return
        finally:
            self._writing = False
        self._put_away(tuple(before))

    def leave(self) -> None:
        """Leave the tag as it is, and go to the next doubt."""
        doubt = self.current
        if doubt is not None:
            self._left.add(_key(doubt))
            self._put_away(())

    def undo(self) -> None:
        """Take back what was done with the last doubt, and show it again."""
        if not self._done:
            return
        deed = self._done[-1]
        self._writing = True
        try:
            if deed.before:
                self._session.set_tags(list(deed.before))
        except FbrError as error:
            self._model.problem.emit(str(error))
            return
        finally:
            self._writing = False
        self._done.pop()
        self._left.discard(_key(deed.doubt))
        row = min(deed.row, len(self.list.rows))
        self.list.put(row, deed.doubt)
        self._go(row)

    def step(self, by: int) -> None:
        """Go to another doubt."""
        if self.list.rows:
            self._go(min(max(self.view.currentIndex().row() + by, 0), len(self.list.rows) - 1))

    def close_down(self) -> None:
        """End the threads."""
        self._task.close()
        self._soon.stop()
        self._let_go()
        self._pool.waitForDone()

    def _put_away(self, before: tuple[TagRow, ...]) -> None:
        row = self.view.currentIndex().row()
        self._done.append(_Deed(row, self.list.take(row), before))
        self._go(min(row, len(self.list.rows) - 1))

    def _go(self, row: int) -> None:
        index = self.list.index(row) if row >= 0 else QModelIndex()
        self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if index.isValid():
            self.view.scrollTo(index)
        self._show_current()

    # --- what is shown

    def _loaded(self) -> None:
        self._done.clear()
        if self._model.data is None or self._session.project is not self._project:
            self._left.clear()
        self._look_when_seen()

    def _tags_changed(self, _: object) -> None:
        if not self._writing:
            self._done.clear()
            self._look_when_seen()

    def _look_when_seen(self) -> None:
        self._stale = True
        if self.isVisible():
            self.look()

    def _take(self, found: _Found) -> None:
        kept = self.current
        rows = [doubt for doubt in found.rows if _key(doubt) not in self._left]
        self.list.show_rows(rows, found.names)
        if rows:
            self._say("")
            self._go(next((row for row, doubt in enumerate(rows) if doubt == kept), 0))
        else:
            self._say("No tag is doubtful: the scores agree with every tag." if self._model.data is not None else "")
            self._show_current()
        self._soon.start()

    def _fail(self, error: FbrError) -> None:
        self._say(str(error))

    def _say(self, text: str) -> None:
        if text:
            self._keep_focus(self.view)
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.view.setVisible(not text)
        if not text and self.hasFocus():
            self.view.setFocus()

    def _keep_focus(self, *parts: QWidget) -> None:
        """Take the focus, and with it the keys, from parts that are about to be hidden."""
        if self.window().focusWidget() in parts:
            self.setFocus()

    def _show_current(self, *_: object) -> None:
        doubt = self.current
        left = len(self.list.rows)
        self.count.setText(counted(left, "doubtful tag") if left else "")
        self.undo_button.setEnabled(bool(self._done))
        if doubt is None:
            self._keep_focus(self.do_button, self.leave_button)
        for part in (self.words, self.name, self.do_button, self.leave_button):
            part.setVisible(doubt is not None)
        if doubt is None:
            self.preview.clear()
            if self._done and not left and not self.note.text():
                self._say("All doubtful tags are looked at.")
            return
        self._say("")
        class_name = self._model.class_name(doubt.class_id)
        self._do.setText(f"Add {class_name}" if doubt.kind == "missing" else f"Remove {class_name}")
        words = self.list.words(doubt)
        self.words.setText(f"{words[:1].upper()}{words[1:]}.")
        self.name.set_text(self.list.names.get(doubt.image_id, ""))
        self._ask_preview()

    def _ask_preview(self) -> None:
        row = self.view.currentIndex().row()
        if self._photos is None or row < 0:
            return
        ahead = [doubt.image_id for doubt in self.list.rows[row : row + 3]]
        side = max(self.preview.width(), self.preview.height()) * self.devicePixelRatioF()
        self.preview.expect()
        self._photos.want_previews(ahead, round(side))

    def _ask_thumbnails(self) -> None:
        if self._photos is None or not self.view.isVisible():
            return
        place = self.view.viewport().rect()
        first = max(0, self.view.indexAt(place.topLeft()).row())
        last = first + place.height() // (THUMBNAIL + GRID) + 4
        wanted = [doubt.image_id for doubt in self.list.rows[first:last]]
        missing = [image for image in wanted if image not in self.list.thumbnails]
        self._photos.want_thumbnails(missing, round(THUMBNAIL * 1.5 * self.devicePixelRatioF()))

    # --- photos

    def _open(self, project: Project) -> None:
        if project is self._project:
            return
        self._let_go()
        self._project = project
        self._photos = DoubtPhotos(project, self)
        self._photos.thumbnail.connect(self.list.show_thumbnail)
        self._photos.preview.connect(self._take_preview)
        self._photos.preview_failed.connect(self._take_problem)

    def _let_go(self) -> None:
        self._task.cancel()
        self._project = None
        if self._photos is not None:
            self._photos.close()
            self._photos.deleteLater()
            self._photos = None
        self._done.clear()
        self._left.clear()
        self.list.thumbnails.clear()
        self.list.broken.clear()
        self.list.show_rows([], {})
        self._stale = True
        self._show_current()

    def _take_preview(self, image: int, pixels: QImage) -> None:
        if self.current is not None and image == self.current.image_id:
            self.preview.show_image(pixels)

    def _take_problem(self, image: int, reason: str) -> None:
        if self.current is not None and image == self.current.image_id:
            self.preview.show_problem(reason)

    # --- events

    def event(self, event: QEvent) -> bool:
        """Take this view's keys before a shortcut of the room gets them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def _is_own(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Undo):
            return True
        return event.key() in _OWN and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """T or Enter changes the tag, N leaves it, J and K and arrows move, Ctrl+Z takes back.

        A key that is held moves on and on, but changes one tag.
        """
        key = Qt.Key(event.key())
        if event.isAutoRepeat() and self._is_own(event) and key not in _STEPS:
            return
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif not self._is_own(event):
            event.ignore()
        elif key in _STEPS:
            self.step(_STEPS[key])
        elif key == Qt.Key.Key_N:
            self.leave()
        else:
            self.change()

    def showEvent(self, event: QShowEvent) -> None:
        """Look when the view is first seen."""
        super().showEvent(event)
        if self._stale:
            self.look()
        (self.view if self.view.isVisible() else self).setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Want no thumbnails while nobody looks."""
        super().hideEvent(event)
        self._soon.stop()
        self.preview.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Want what is in sight now."""
        super().resizeEvent(event)
        self._soon.start()


def _find(project: Project, info: RunInfo) -> _Found:
    """Find the doubts and the names of their images, in a thread."""
    found = doubts(project, info)
    names = {image.id: image.path for image in project.images.by_ids([doubt.image_id for doubt in found])}
    return _Found(found, names)


def _key(doubt: Doubt) -> tuple[int, int, str]:
    return doubt.image_id, doubt.class_id, doubt.kind
