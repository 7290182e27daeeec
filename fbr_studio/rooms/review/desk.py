"""What lies on the table: the image, its runs, the person's mask; what is shown follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Signal

from fbr_engine.errors import FbrError, ReadError
from fbr_engine.project import ClassInfo, RunInfo
from fbr_studio.drawing.boxes import Box
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.review.kept_mask import KeptMask
from fbr_studio.rooms.review.live_mask import LiveMask, LiveMasks, MaskWish
from fbr_studio.rooms.review.loader import MaterialLoader
from fbr_studio.rooms.review.mask_keeper import MaskKeeper
from fbr_studio.rooms.review.material import Labels, Material, RunLook, Wanted, fitted
from fbr_studio.rooms.review.painting import Painter
from fbr_studio.rooms.review.viewer_state import (
    MINE,
    NO_RUN_THRESHOLD,
    PanelFacts,
    SessionFacts,
    Shown,
    first_settings,
    resolve,
)
from fbr_studio.state.session import Session


class ReviewDesk(QObject):
    """The room's state. ``updated``: look at `shown` and the rest again; ``painted(box)``: pixels of mine changed.

    ``said`` carries (text, kind, remedies) for a message strip. ``order`` gives the images around the present one,
    nearest first; the room sets it.
    """

    updated = Signal()
    painted = Signal(object)
    said = Signal(str, str, list)

    def __init__(self, session: Session, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self.session, self.preferences = session, preferences
        self.panel = PanelFacts(layers=first_settings(preferences.now.mask_opacity))
        self.material: Material | None = None
        self.classes: list[ClassInfo] = []
        self.run: RunInfo | None = None
        self.compare: RunInfo | None = None
        self.order: Callable[[], Sequence[int]] = lambda: ()
        self.pool = QThreadPool(self)
        self.pool.setMaxThreadCount(2)
        self.painter = Painter()
        self.keeper = MaskKeeper(self)
        self.loader = MaterialLoader(self.pool, self)
        self._live = LiveMasks(self.pool, lambda: not self.painter.active, self)
        self._live_mask: LiveMask | None = None
        self._wished: tuple[Any, ...] | None = None
        self._aliases: dict[int, int] = {}
        self.active = False
        self._connect()

    def _connect(self) -> None:
        self.loader.ready.connect(self._show)
        self.loader.failed.connect(lambda error: self.said.emit(str(error), "danger", []))
        self._live.made.connect(self._take_live)
        self._live.failed.connect(lambda error: self.said.emit(str(error), "warning", []))
        session = self.session
        session.project_closing.connect(self.let_go)
        session.project_changed.connect(self.take_project)
        session.current_image_changed.connect(self._another_image)
        session.run_changed.connect(self._another_run)
        session.compare_run_changed.connect(self._another_run)
        session.runs_changed.connect(self._runs_changed)
        session.classes_changed.connect(self._classes_changed)
        session.tags_changed.connect(lambda images: self.renew(images))
        session.maps_changed.connect(lambda images: self.renew(images))
        session.reviews_changed.connect(self._reviews_changed)
        self.keeper.saved.connect(self._mask_saved)
        self.keeper.changed.connect(lambda _: self.refresh())

    # --- the project

    def take_project(self) -> None:
        """Begin with the project that is open now, or with none."""
        self.keeper.set_project(self.session.project)
        self._aliases = self.session.project.classes.aliases() if self.session.project is not None else {}
        self.panel = replace(self.panel, cam_class=None, brush_class=None, threshold=None, refine=None, mode="single")
        self._read_rows()
        self.load()

    def let_go(self) -> None:
        """Save, and let no thread use the project any longer."""
        self.keeper.save_all()
        self._live.cancel()
        self.loader.stop()
        self.keeper.set_project(None)
        self.material = self._live_mask = self._wished = None
        self.run = self.compare = None
        self.classes = []

    def close(self) -> None:
        """End timers and threads."""
        self.active = False
        self._live.cancel()
        self.loader.stop()
        self.keeper.save_all()
        self.keeper.close()

    def _read_rows(self) -> None:
        project = self.session.project
        self.classes = project.classes.all() if project is not None else []
        self.run, self.compare = self.session.run_info(), self.session.compare_info()

    # --- what is shown

    @property
    def facts(self) -> SessionFacts:
        """What is open, as `resolve` wants it."""
        figures = self.run.figures if self.run is not None else {}
        return SessionFacts(
            image=self.material.image.id if self.material else None,
            run=self.run.name if self.run else None,
            compare=self.compare.name if self.compare else None,
            class_ids=tuple(c.id for c in self.classes),
            tagged=self.material.tagged if self.material else frozenset(),
            mine=self.mine is not None,
            run_threshold=figures.get("threshold"),
            run_refine=str(figures.get("refine", "none")),
        )

    @property
    def shown(self) -> Shown:
        """What is to be on the canvas."""
        return resolve(self.facts, self.panel)

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

    @property
    def mine(self) -> KeptMask | None:
        """The person's mask of the image, or None."""
        kept = self.keeper.get(self.material.image.id) if self.material else None
        if kept is not None and (kept.is_mine or self.painter.document is kept.document):
            return kept
        return None

    @property
    def run_mask(self) -> Labels | None:
        """The run's mask as it is shown: the stored one, or one under another threshold."""
        look, live = self.look, self._live_mask
        if look is None or self.material is None:
            return None
        fits = live is not None and (live.wish.image.id, live.wish.run.id) == (self.material.image.id, look.run.id)
        if self._wished is not None and live is not None and fits:
            return live.labels
        return look.mask

    @property
    def threshold(self) -> float:
        """The threshold the slider stands at."""
        facts = self.facts
        if self.panel.threshold is not None:
            return self.panel.threshold
        return NO_RUN_THRESHOLD if facts.run_threshold is None else facts.run_threshold

    @property
    def making(self) -> bool:
        """Whether a better mask is still being made."""
        return self._live.busy

    def set_panel(self, **changes: object) -> None:
        """Change what the person set."""
        before = self.panel
        self.panel = replace(self.panel, **changes)  # type: ignore[arg-type]
        if before.mode != self.panel.mode:
            self.load()
        self.refresh()

    def set_layer(self, name: str, **changes: object) -> None:
        """Change how one layer is set."""
        self.panel = self.panel.with_layer(name, **changes)
        self.refresh()

    def refresh(self) -> None:
        """Work out anew what is shown."""
        self._ask_for_mask()
        self.updated.emit()

    # --- loading

    def wake(self) -> None:
        """The person came in: show what is current."""
        self.active = True
        self._read_rows()
        self.load()

    def rest(self) -> None:
        """The person left: nothing is loaded until they come back."""
        self.active = False
        self._live.cancel()
        self._wished = None
        self.keeper.save_soon()

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

    def renew(self, images: Sequence[int] | None, *, parts: bool = True) -> None:
        """Read some images, or all, again; without ``parts`` only their rows in the database."""
        if parts:
            self.loader.forget(images, "run")
        self._wished = None
        if images is None or self.session.image in images:
            self._read_rows()
            self.load()

    def _wanted(self, image: int) -> Wanted:
        runs = [self.run] if self.run else []
        if self.panel.mode != "single" and self.compare is not None and self.compare.name not in [r.name for r in runs]:
            runs.append(self.compare)
        return Wanted(image, tuple(runs))

    def _show(self, material: Material | None) -> None:
        if material is None or material.image.id != self.session.image:
            return
        self.material = material
        if material.person_problem:
            self.said.emit(material.person_problem, "danger", [])
        look = self.look
        self.keeper.open(material.image, material.person, look.mask if look else None)
        self.refresh()
        if self.session.project is not None:
            self.loader.read_ahead(self.session.project, [self._wanted(i) for i in self.order()])

    def _another_image(self) -> None:
        self.painter.cancel()
        self.keeper.save_soon()
        self.load()

    def _another_run(self) -> None:
        former = self.run.name if self.run else None
        self._read_rows()
        if former != (self.run.name if self.run else None):
            self.panel = replace(self.panel, threshold=None, refine=None)
        self._wished = None
        self.load()
        self.refresh()

    def _runs_changed(self) -> None:
        self.loader.forget(None, "run")
        self._another_run()

    def _classes_changed(self) -> None:
        self.loader.forget(None, "run")
        self.loader.forget(None, "person")
        project = self.session.project
        aliases = project.classes.aliases() if project is not None else {}
        if aliases != self._aliases:  # pixel ids mean something else now: read the masks, and forget their undo
            self._aliases = aliases
            self.painter.cancel()
            self.keeper.save_all()
            self.keeper.set_project(project)
        self._read_rows()
        self.load()

    def _reviews_changed(self, images: Sequence[int] | None) -> None:
        if self.material is None or (images is not None and self.material.image.id not in images):
            return
        fresh = self.session.image_info()
        if fresh is not None and fresh.id == self.material.image.id:
            self.material = replace(self.material, image=fresh)
            self.updated.emit()

    def take_run_figures(self) -> None:
        """A job has ended: the run may have another threshold and other masks."""
        self.panel = replace(self.panel, threshold=None, refine=None)
        self.renew(None)

    def _mask_saved(self, image: int) -> None:
        self.loader.forget([image], "person")
        self.session.person_mask_changed.emit(image)
        self.updated.emit()

    # --- masks under another threshold

    def _ask_for_mask(self) -> None:
        wish = self._wish()
        if wish is None:
            if self._wished is not None:
                self._live.cancel()
            self._wished = self._live_mask = None
            return
        key = (wish.image.id, wish.run.id, round(wish.threshold, 4), wish.refine, self.look, tuple(wish.cam.class_ids))
        if key != self._wished and self.session.project is not None:
            self._wished = key
            self._live.wish(self.session.project, wish)

    def _wish(self) -> MaskWish | None:
        """Return the mask that must be made, or None where the stored one does."""
        material, look, shown = self.material, self.look, self.shown
        if not self.active or material is None or material.photo is None or look is None:
            return None
        if shown.threshold is None and look.mask is not None:
            return None
        cam = look.cam(material.tagged)
        if cam is None or look.maps is None or not set(material.tags).intersection(look.maps.class_ids.tolist()):
            return None
        refine = shown.refine if shown.threshold is not None else "none"
        return MaskWish(material.image, look.run, cam, material.photo.size, self.threshold, refine)

    def _take_live(self, made: LiveMask) -> None:
        self._live_mask = made
        self.updated.emit()

    # --- painting

    def begin_stroke(self, x: float, y: float, radius: float, *, erase: bool, line: bool) -> bool:
        """Begin a stroke in the person's mask, made of the mask that shows if there is none; whether it began."""
        class_id = self.shown.brush_class
        if not self._can_paint() or (class_id is None and not erase):
            return False
        try:
            kept = self._document()
        except FbrError as error:
            self.said.emit(str(error), "danger", [])
            return False
        if not self.panel.layers[MINE].visible or self.panel.solo not in ("", MINE):
            self.panel = replace(self.panel.with_layer(MINE, visible=True), solo="")
        box = self.painter.begin(kept.document, (x, y), radius, class_id or 0, erase=erase, line=line)
        self.updated.emit()
        self._tell(box)
        return True

    def move_stroke(self, x: float, y: float) -> None:
        """Draw on."""
        self._tell(self.painter.move((x, y)))

    def end_stroke(self) -> None:
        """Keep the stroke."""
        document = self.painter.document
        edit = self.painter.end()
        kept = self.keeper.get(self.material.image.id) if self.material else None
        if edit is not None and kept is not None and kept.document is document:
            self.keeper.push(kept, edit)
        self.updated.emit()

    def cancel_stroke(self) -> None:
        """Put everything back."""
        self._tell(self.painter.cancel())
        self.updated.emit()

    def undo(self) -> None:
        """Take the last stroke back."""
        kept = self.keeper.get(self.material.image.id) if self.material else None
        if kept is not None and not self.painter.active:
            self._tell(self.keeper.undo(kept))

    def redo(self) -> None:
        """Do it again."""
        kept = self.keeper.get(self.material.image.id) if self.material else None
        if kept is not None and not self.painter.active:
            self._tell(self.keeper.redo(kept))

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        kept = self.keeper.get(self.material.image.id) if self.material else None
        return kept is not None and kept.history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        kept = self.keeper.get(self.material.image.id) if self.material else None
        return kept is not None and kept.history.can_redo

    def drop_mine(self) -> None:
        """Remove the person's mask of the image."""
        if self.material is None:
            return
        self.painter.cancel()
        try:
            self.keeper.drop(self.material.image.id)
        except FbrError as error:
            self.said.emit(str(error), "danger", [])
        self.load()

    def _can_paint(self) -> bool:
        material = self.material
        here = material is not None and material.photo is not None and material.image.id == self.session.image
        return here and self.session.project is not None

    def _document(self) -> KeptMask:
        """Return the document to paint in; a copy nobody has painted in is made anew, of the mask that shows now."""
        material = self.material
        assert material is not None
        assert material.photo is not None
        kept = self.keeper.get(material.image.id)
        if kept is not None and (kept.is_mine or kept.history.can_redo):
            if kept.document.shape != material.photo.size:
                raise ReadError(
                    f"{material.image.path}: your mask was painted on a photo of another size; "
                    "put that photo back, or go back to the run's mask"
                )
            return kept
        shown, size = self.run_mask, material.photo.size
        base = np.zeros(size, np.uint8) if shown is None else fitted(shown, size)
        return self.keeper.begin(material.image, base)

    def _tell(self, box: Box | None) -> None:
        if box is not None:
            self.painted.emit(box)
