"""Keeps the panel in step: the current image in large, what is known of the images an edit would change."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage

from fbr_engine.project import ClassInfo, ImageInfo, Project
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.rooms.images.browser import ImageBrowser
from fbr_studio.rooms.images.image_facts import ImageFacts, look_up
from fbr_studio.rooms.images.listing import summarise_tags
from fbr_studio.rooms.images.project_cells import class_items, state_of
from fbr_studio.rooms.images.tag_panel import TagPanel
from fbr_studio.rooms.images.tag_rules import LIKELY
from fbr_studio.state.session import Session
from fbr_studio.widgets.tags.tag_summary import TagSummary, TagValue

AT_ONCE = 2000  # images whose tags are summed up in the window's thread


class TagInspector(QObject):
    """Everything slow is asked for in the background; the latest request wins."""

    def __init__(self, session: Session, panel: TagPanel, browser: ImageBrowser, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._panel, self._browser = session, panel, browser
        self._project: Project | None = None
        self._loader: ThumbnailLoader | None = None
        self._facts = ImageFacts(0)
        self._shown: int | None = None
        self._classes: list[ClassInfo] = []
        self._summaries: dict[int, TagSummary] = {}
        self._look_up = LatestTask(look_up, self)
        self._look_up.done.connect(self._take_facts)
        self._sum_up = LatestTask(summarise_tags, self)
        self._sum_up.done.connect(self._take_summaries)

    # --- the project

    def open(self, project: Project, path_of: object) -> None:
        """Show images of a project."""
        self._project = project
        self._loader = ThumbnailLoader(path_of, None, workers=1, parent=self)  # type: ignore[arg-type]
        self._browser.broken.watch(self._loader)
        self._loader.ready.connect(self._take_preview, Qt.ConnectionType.QueuedConnection)
        self._loader.failed.connect(self._take_problem, Qt.ConnectionType.QueuedConnection)
        self.classes_changed()

    def close(self) -> None:
        """Let go of the project."""
        self._project = None
        self._look_up.cancel()
        self._sum_up.cancel()
        if self._loader is not None:
            self._loader.close()
            self._loader.deleteLater()
            self._loader = None
        self._shown, self._facts, self._summaries = None, ImageFacts(0), {}
        self._panel.show_image(None)
        self._panel.set_classes([])

    # --- what is asked from outside

    @property
    def learnt(self) -> list[ClassInfo]:
        """The classes that are learnt, in their order: the first nine have keys."""
        return [found for found in self._classes if found.learnt]

    @property
    def predicted(self) -> dict[int, float]:
        """What the current run says of the current image, by class id; empty while it is not known."""
        return self._facts.predicted if self._facts.image == self._browser.current else {}

    def class_named(self, class_id: int) -> ClassInfo | None:
        """Return a class by its id."""
        return next((found for found in self._classes if found.id == class_id), None)

    def show(self) -> None:
        """Show the current image and the tags of what an edit would change."""
        image = self._current_info()
        if image is None:
            self._shown = None
            self._panel.show_image(None)
        elif image.id != self._shown:
            self._shown = image.id
            self._panel.problem.clear()
            self._ask_preview(image)
            self._show_facts(image)
            self._ask_facts(image)
        self.show_tags()

    def show_tags(self) -> None:
        """Sum up the tags anew."""
        targets = self._browser.targets
        self._panel.show_scope(len(targets))
        if self._project is None:
            return
        if len(targets) <= AT_ONCE:
            self._sum_up.cancel()
            self._take_summaries(summarise_tags(self._project, targets))
        else:
            self._sum_up.request(self._project, targets)

    def show_anew(self) -> None:
        """Read the current image anew: its file may be another one now."""
        self._shown = None
        if self._loader is not None:
            self._loader.forget()
        self.show()

    def state_changed(self) -> None:
        """Show the facts of the current image anew."""
        image = self._current_info()
        if image is not None and image.id == self._shown:
            self._show_facts(image)

    def classes_changed(self) -> None:
        """Show other classes."""
        if self._project is not None:
            self._classes = self._project.classes.all()
            self._panel.set_classes(class_items(self._classes))

    def predictions_changed(self) -> None:
        """Ask the run anew: it, or its CAMs, are others now."""
        image = self._current_info()
        if image is not None:
            self._ask_facts(image)

    # --- asking and answers

    def _current_info(self) -> ImageInfo | None:
        current = self._browser.current
        if self._project is None or current is None:
            return None
        found = self._project.images.by_ids([current])
        return found[0] if found else None

    def _ask_preview(self, image: ImageInfo) -> None:
        preview = self._panel.preview
        preview.expect()
        if self._loader is not None:
            side = max(preview.width(), preview.height()) * preview.devicePixelRatioF()
            self._loader.request(self._browser.neighbours() or [image.id], round(side))

    def _take_preview(self, image: int, pixels: QImage) -> None:
        if image == self._browser.current:
            self._panel.preview.show_image(pixels)

    def _take_problem(self, image: int, reason: str) -> None:
        if image == self._browser.current:
            self._panel.show_problem(reason)

    def _ask_facts(self, image: ImageInfo) -> None:
        if self._project is not None:
            self._look_up.request(self._project, self._session.run_info(), image)

    def _take_facts(self, facts: ImageFacts) -> None:
        if facts.image != self._browser.current:
            return
        self._facts = facts
        self.state_changed()
        self._show_rows()

    def _show_facts(self, image: ImageInfo) -> None:
        if self._project is None:
            return
        rows = self._project.gallery.cells([image.id])
        learnt = frozenset(found.id for found in self.learnt)
        size = (image.width, image.height) if image.width and image.height else None
        if size is None and self._facts.image == image.id:
            size = self._facts.size
        self._panel.show_image(image, state_of(rows[0], learnt) if rows else "", size)

    def _take_summaries(self, summaries: dict[int, TagSummary]) -> None:
        self._summaries = summaries
        self._show_rows()

    def _show_rows(self) -> None:
        single = len(self._browser.targets) == 1
        predicted = self.predicted if single else {}
        self._panel.classes.show_tags(self._summaries, predicted)
        open_ = {c for c, s in self._summaries.items() if s.value == TagValue.UNKNOWN and s.total}
        self._panel.predicted.setVisible(bool(open_ & predicted.keys()))
        likely = sorted(((p, c) for c, p in predicted.items() if c in open_ and p >= LIKELY), reverse=True)
        self._browser.show_predicted(self._browser.current, [c for _, c in likely])
