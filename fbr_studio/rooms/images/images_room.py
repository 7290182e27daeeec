"""The room where images get their tags: a gallery with filters, and the tag editor beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu

from fbr_engine.project import Project
from fbr_studio.actions import Actions, ActionSpec
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.images import room_actions as todo
from fbr_studio.rooms.images.browser import ImageBrowser
from fbr_studio.rooms.images.class_admin import ClassAdmin
from fbr_studio.rooms.images.image_pane import ImagePane
from fbr_studio.rooms.images.inspector import TagInspector
from fbr_studio.rooms.images.intake import Intake
from fbr_studio.rooms.images.one_question import OneQuestion
from fbr_studio.rooms.images.project_cells import ImagePaths, class_items
from fbr_studio.rooms.images.tag_panel import TagPanel, set_undo_texts
from fbr_studio.rooms.images.tagging import Tagging
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import hairline

SIDE_STEP = 32  # px


class ImagesRoom(Room):
    """Composes the room's parts and tells them what the session says."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self._project: Project | None = None
        self._class_actions: list[tuple[int, bool, QAction]] = []
        self._add_actions()
        self.pane = ImagePane(actions)
        self.panel = TagPanel(actions)
        self.browser = ImageBrowser(session, preferences, self.pane, self)
        self.inspector = TagInspector(session, self.panel, self.browser, self)
        self.tagging = Tagging(session, preferences, self.browser, self.inspector, self.panel, self)
        self.admin = ClassAdmin(session, self.panel.classes, self.panel.add_field, self.panel.question, self)
        import_action = actions.get(todo.IMPORT.id)
        question = self.panel.question
        self.intake = Intake(session, runner, preferences, self.browser, self.pane, question, import_action, self)
        pane = self.pane
        self.questions = OneQuestion(self, pane.report, pane.news, pane.question, self.panel.question)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.pane, 1)
        row.addWidget(hairline(vertical=True))
        row.addWidget(self.panel)
        self.setFocusProxy(self.pane.gallery)
        self._connect()
        self._show_history()
        self._show_project()

    def _add_actions(self) -> None:
        slots: dict[ActionSpec, Callable[..., object]] = {
            todo.NEXT: lambda: self.browser.step(1),
            todo.PREVIOUS: lambda: self.browser.step(-1),
            todo.NEXT_UNTAGGED: lambda: self.tagging.next_untagged(),
            todo.REST_ABSENT: lambda: self.tagging.rest_absent(),
            todo.CONFIRM_EMPTY: lambda: self.tagging.confirm_empty(),
            todo.CONFIRM_PREDICTED: lambda: self.tagging.confirm_predicted(),
            todo.UNDO: lambda: self.tagging.undo(),
            todo.REDO: lambda: self.tagging.redo(),
            todo.AUTO_NEXT: lambda on: self.preferences.set("auto_next", on),
            todo.SEARCH: self._search,
            todo.CLEAR_FILTER: lambda: self.pane.bar.clear(),
            todo.ADD_CLASS: lambda: self.panel.add_field.setFocus(),
            todo.IMPORT: lambda: self.intake.choose_table(),
            todo.LOOK_FOR_NEW: lambda: self._look_again(),
            todo.ADD_NEW: lambda: self.intake.add_new(),
            todo.REMOVE: lambda: self.intake.ask_remove(),
            todo.REVIEW: lambda: self.asks_for.emit("review"),
            todo.LARGER: lambda: self._resize_thumbnails(SIDE_STEP),
            todo.SMALLER: lambda: self._resize_thumbnails(-SIDE_STEP),
        }
        for spec, slot in slots.items():
            self.actions_table.add(spec, self, slot)
        for number, absent, spec in todo.class_specs():
            action = self.actions_table.add(
                spec, self, lambda number=number, absent=absent: self.tagging.press(number, absent=absent)
            )
            self._class_actions.append((number, absent, action))
        self.actions_table.get(todo.AUTO_NEXT.id).setChecked(self.preferences.now.auto_next)

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._close_project)
        session.current_image_changed.connect(self._follow_session)
        session.tags_changed.connect(self._tags_changed)
        session.classes_changed.connect(self._classes_changed)
        session.images_changed.connect(self._images_changed)
        session.reviews_changed.connect(self._states_changed)
        session.person_mask_changed.connect(lambda image: self._states_changed([image]))
        session.run_changed.connect(self.inspector.predictions_changed)
        session.maps_changed.connect(self._maps_changed)
        self.preferences.changed.connect(self._preference_changed)
        self.browser.targets_changed.connect(self.inspector.show)
        self.tagging.editor.history_changed.connect(self._show_history)
        self.intake.images_removed.connect(self.tagging.forget)
        self.intake.images_moved.connect(self._read_anew)
        self.intake.tags_imported.connect(self.tagging.take_import)
        self.panel.classes.value_asked.connect(self.tagging.set_value)
        self.panel.preview.opened.connect(lambda: self.asks_for.emit("review"))
        self.pane.bar.left.connect(self.pane.gallery.setFocus)
        self.pane.gallery.activated.connect(lambda _: self.asks_for.emit("review"))
        self.pane.gallery.context_requested.connect(self._open_menu)

    # --- coming and going

    def entered(self) -> None:
        """Show the project, and look for new photos."""
        self._project_changed()
        self._follow_session()
        self.intake.new_photos.look()

    def close_down(self) -> None:
        """End threads and timers."""
        self._close_project()

    def changeEvent(self, event: QEvent) -> None:
        """Look for new photos when the person comes back to the window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and self.isActiveWindow():
            self.intake.new_photos.look()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts messages away, or leaves a selection for its current image."""
        if event.key() == Qt.Key.Key_Escape:
            if self.questions.dismiss():
                self.pane.gallery.setFocus()
                return
            self.browser.go_to(self.browser.current)
            self.pane.gallery.setFocus()
        else:
            super().keyPressEvent(event)

    # --- the session

    def _project_changed(self) -> None:
        project = self.session.project
        if project is not self._project:
            self._close_project()
            self._project = project
            if project is not None:
                self.pane.bar.clear()
                self.browser.open(project)
                self.inspector.open(project, ImagePaths(project))
                self._name_classes(project)
        self._show_project()

    def _close_project(self) -> None:
        if self._project is None:
            return
        self._project = None
        self.browser.close()
        self.inspector.close()
        self.tagging.close()
        self.intake.close()
        self.panel.question.hide()

    def _show_project(self) -> None:
        there = self._project is not None
        self.panel.setEnabled(there)
        self.pane.bar.setEnabled(there)
        if not there:
            self.pane.show_instead(self.pane.no_project)

    def _follow_session(self) -> None:
        image = self.session.image
        if image is not None and image != self.browser.current:
            self.browser.go_to(image)

    def _tags_changed(self, images: Sequence[int] | None) -> None:
        if self._project is None:
            return
        if images is None:
            self.tagging.forget()
        self.browser.tags_changed(images)
        if images is None or set(images).intersection(self.browser.targets):
            self.inspector.show_tags()
            self.inspector.state_changed()

    def _classes_changed(self) -> None:
        if self._project is not None:
            self._name_classes(self._project)
            self.inspector.classes_changed()
            self.inspector.show_tags()
            self.browser.tags_changed(None)

    def _images_changed(self) -> None:
        if self._project is not None:
            self.browser.reload()

    def _maps_changed(self, _: object) -> None:
        self.browser.broken.refresh()
        self.inspector.predictions_changed()

    def _read_anew(self) -> None:
        self.browser.reload_thumbnails()
        self.inspector.show_anew()

    def _look_again(self) -> None:
        self.browser.reload_thumbnails(self.browser.broken.broken)
        self.inspector.show_anew()
        self.intake.new_photos.look(now=True)

    def _states_changed(self, images: Sequence[int] | None) -> None:
        if self._project is not None:
            self.browser.reviews_changed(images)
            self.inspector.state_changed()

    def _preference_changed(self, name: str) -> None:
        if name == "auto_next":
            self.actions_table.get(todo.AUTO_NEXT.id).setChecked(self.preferences.now.auto_next)

    # --- small things

    def _name_classes(self, project: Project) -> None:
        classes = project.classes.all()
        items = class_items(classes)
        self.browser.cells.set_classes(classes)
        self.pane.bar.set_classes(items)
        names = {item.key: item.name for item in items if item.key}
        for number, absent, action in self._class_actions:
            name = names.get(number)
            action.setEnabled(name is not None)
            if name is not None:
                action.setText(f"{name}: {'absent' if absent else 'present'} or unknown")

    def _show_history(self) -> None:
        history = self.tagging.editor.history
        undo, redo = (self.actions_table.get(spec.id) for spec in (todo.UNDO, todo.REDO))
        set_undo_texts(undo, redo, history.undo_text, history.redo_text)

    def _search(self) -> None:
        self.pane.bar.search.setFocus()
        self.pane.bar.search.selectAll()

    def _resize_thumbnails(self, by: int) -> None:
        self.pane.gallery.thumbnail_side += by

    def _open_menu(self, image: int, where: QPoint) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for specs in (
            (todo.REVIEW,),
            (todo.REST_ABSENT, todo.CONFIRM_EMPTY, todo.CONFIRM_PREDICTED),
            (todo.REMOVE,),
        ):
            for spec in specs:
                menu.addAction(self.actions_table.get(spec.id))
            menu.addSeparator()
        menu.popup(where)
