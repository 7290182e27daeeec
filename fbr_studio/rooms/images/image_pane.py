"""The left side of the room: filter bar, messages, and the gallery or what stands in for it."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from fbr_studio.actions import Actions
from fbr_studio.rooms.images import room_actions as todo
from fbr_studio.rooms.images.filter_bar import FilterBar
from fbr_studio.widgets.basics import action_button, button, hairline
from fbr_studio.widgets.empty_state import EmptyState
from fbr_studio.widgets.gallery.dropped_paths import dropped_paths
from fbr_studio.widgets.gallery.gallery_view import GalleryView
from fbr_studio.widgets.tags.question_strip import QuestionStrip


class ImagePane(QWidget):
    """Composes; ``gallery`` and ``bar`` are used by the room."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.gallery = GalleryView()
        self.bar = FilterBar(action_button(actions.get(todo.IMPORT.id), text=True))
        self.report = QuestionStrip()
        self.news = QuestionStrip()
        self.question = QuestionStrip()
        self.look_button = _link(actions, todo.LOOK_FOR_NEW.id, "Look again")
        self.clear_button = _link(actions, todo.CLEAR_FILTER.id, "Clear the filter")
        self.no_project = EmptyState("images", "No project is open", "Open a folder of photos to begin.")
        self.no_images = EmptyState("images", "No images yet", "", self.look_button)
        self.no_match = EmptyState(
            "filter", "No image matches the filter", "Search for something else, or show all images.", self.clear_button
        )
        self._stack = QStackedWidget()
        for page in (self.gallery, self.no_project, self.no_images, self.no_match):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(hairline())
        for strip in (self.report, self.news, self.question):
            column.addWidget(strip)
        column.addWidget(self._stack, 1)

    def show_gallery(self) -> None:
        """Show the images."""
        self._stack.setCurrentWidget(self.gallery)

    def show_instead(self, page: EmptyState) -> None:
        """Show one of the empty states."""
        self._stack.setCurrentWidget(page)

    @property
    def page(self) -> QWidget | None:
        """What is shown now."""
        return self._stack.currentWidget()

    def hide_messages(self) -> None:
        """Put all messages away: they belong to a project that is gone."""
        for strip in (self.report, self.news, self.question):
            strip.hide()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files where there is no gallery to take them."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand them on as the gallery does."""
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.gallery.files_dropped.emit(paths)


def _link(actions: Actions, action_id: str, text: str) -> QPushButton:
    action = actions.get(action_id)
    return button(text, action.trigger, "primary", action.toolTip())
