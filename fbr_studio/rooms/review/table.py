"""What lies on the table: the open image, what its runs say, the classes; follows the session and reads anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QThreadPool, Signal

from fbr_engine.project import ClassInfo, RunInfo
from fbr_studio.rooms.review.loader import MaterialLoader
from fbr_studio.rooms.review.material import Material, RunLook, Wanted
from fbr_studio.state.session import Session


class Table(QObject):
    """``updated``: look at everything again. ``said`` carries (text, kind, remedies) for a message strip.

    ``order`` gives the images around the present one, nearest first; the room sets it. While not ``active``, nothing
    is loaded. Subclasses override what begins with ``on_`` and `both_runs`.
    """

    updated = Signal()
    said = Signal(str, str, list)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.material: Material | None = None
        self.classes: list[ClassInfo] = []
        self.run: RunInfo | None = None
        self.compare: RunInfo | None = None
        self.active = False
        self.order: Callable[[], Sequence[int]] = lambda: ()
        self.pool = QThreadPool(self)
        self.pool.setMaxThreadCount(2)
        self.loader = MaterialLoader(self.pool, self)
        self.loader.ready.connect(self._take)
        self.loader.failed.connect(lambda error: self.said.emit(str(error), "danger", []))
        self._aliases: dict[int, int] = {}
        session.current_image_changed.connect(self._another_image)
        session.run_changed.connect(self._another_run)
        session.compare_run_changed.connect(self._another_run)
        session.runs_changed.connect(self._runs_changed)
        session.classes_changed.connect(self._classes_changed)
        session.tags_changed.connect(lambda images: self.renew(images))
        session.maps_changed.connect(lambda images: self.renew(images))
        session.reviews_changed.connect(self._reviews_changed)

    # --- what lies there

    @property
    def image_id(self) -> int | None:
        """The number of the image that lies here, which may still be the former one."""
        return self.material.image.id if self.material else None

    @property
    def names(self) -> dict[int, str]:
        """The classes' names by pixel id."""
        return {c.id: c.name for c in self.classes}

    @property
    def look(self) -> RunLook | None:
        """What the run says about the image."""
        return self.material.look(self.run.name) if self.material and self.run else None

    @property
    def compare_look(self) -> RunLook | None:
        """What the other run says about it."""
        return self.material.look(self.compare.name) if self.material and self.compare else None

    # --- what a subclass adds

    @property
    def both_runs(self) -> bool:
        """Whether the run that is compared with is loaded too."""
        return False

    def refresh(self) -> None:
        """Work out anew what is shown."""
        self.updated.emit()

    def on_image_left(self) -> None:
        """Another image was chosen."""

    def on_image_taken(self, material: Material) -> None:
        """An image was put on the table."""

    def on_run_changed(self, another: bool) -> None:
        """The run's row was read again; ``another``: it is another run."""

    def on_ids_changed(self) -> None:
        """Pixel ids mean something else now: classes were merged or deleted."""

    def on_renewal(self) -> None:
        """What the runs made is read again."""

    # --- loading

    def read_rows(self) -> None:
        """Read classes and runs."""
        project = self.session.project
        self.classes = project.classes.all() if project is not None else []
        self.run, self.compare = self.session.run_info(), self.session.compare_info()

    def begin(self) -> None:
        """Read everything of the project that is open now, or of none."""
        self._aliases = self._read_aliases()
        self.read_rows()
        self.load()

    def clear(self) -> None:
        """Let no thread use the project any longer."""
        self.loader.stop()
        self.material = self.run = self.compare = None
        self.classes = []

    def load(self) -> None:
        """Ask for the current image."""
        project, image = self.session.project, self.session.image
        if not self.active:
            return
        if project is None or image is None:
            self.material = None
            self.refresh()
            return
        self.loader.show(project, self._wanted(image))

    def renew(self, images: Sequence[int] | None) -> None:
        """Read what the runs made of some images, or of all, again."""
        self.loader.forget(images, "run")
        self.on_renewal()
        if images is None or self.session.image in images:
            self.read_rows()
            self.load()

    def _wanted(self, image: int) -> Wanted:
        runs = [self.run] if self.run else []
        if self.both_runs and self.compare is not None and self.compare.name not in [r.name for r in runs]:
            runs.append(self.compare)
        return Wanted(image, tuple(runs))

    def _take(self, material: Material | None) -> None:
        if material is None or material.image.id != self.session.image:
            return
        self.material = material
        if material.person_problem:
            self.said.emit(material.person_problem, "danger", [])
        self.on_image_taken(material)
        self.refresh()
        if self.session.project is not None:
            self.loader.read_ahead(self.session.project, [self._wanted(i) for i in self.order()])

    # --- what the session says

    def _another_image(self) -> None:
        self.on_image_left()
        self.load()

    def _another_run(self) -> None:
        former = self.run.name if self.run else None
        self.read_rows()
        self.on_run_changed(former != (self.run.name if self.run else None))
        self.load()
        self.refresh()

    def _runs_changed(self) -> None:
        self.loader.forget(None, "run")
        self._another_run()

    def _classes_changed(self) -> None:
        self.loader.forget(None, "run")
        self.loader.forget(None, "person")
        aliases = self._read_aliases()
        if aliases != self._aliases:
            self._aliases = aliases
            self.on_ids_changed()
        self.read_rows()
        self.load()

    def _read_aliases(self) -> dict[int, int]:
        return self.session.project.classes.aliases() if self.session.project is not None else {}

    def _reviews_changed(self, images: Sequence[int] | None) -> None:
        if self.material is None or (images is not None and self.material.image.id not in images):
            return
        fresh = self.session.image_info()
        if fresh is not None and fresh.id == self.material.image.id:
            self.material = replace(self.material, image=fresh)
            self.updated.emit()
