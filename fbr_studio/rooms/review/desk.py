"""The desk: the table with the person's masks and settings on it; what is shown follows from them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from fbr_engine.errors import ProjectError
from fbr_engine.refinement import NONE, REFINERS
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.review.kept_mask import KeptMask
from fbr_studio.rooms.review.mask_keeper import MaskKeeper
from fbr_studio.rooms.review.material import Labels, Material
from fbr_studio.rooms.review.painting import Painter
from fbr_studio.rooms.review.run_mask import RunMask, mask_wish
from fbr_studio.rooms.review.strokes import Sheet, Strokes
from fbr_studio.rooms.review.table import Table
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
from fbr_studio.widgets.formatting import without_commands


class ReviewDesk(Table):
    """The room's state. ``panel`` is what the person set, `shown` what is to be on the canvas."""

    taken_back = Signal(str)
    all_images_asked = Signal()

    def __init__(self, session: Session, preferences: Preferences, parent: QObject) -> None:
        super().__init__(session, parent)
        self._preferences = preferences
        self.panel = PanelFacts(layers=first_settings(preferences.now.mask_opacity))
        self.painter = Painter()
        self.keeper = MaskKeeper(self)
        self.strokes = Strokes(self.painter, self.keeper, self)
        self._mask = RunMask(self.pool, lambda: not self.painter.active, self)
        self._mask.made.connect(self.updated)
        self._mask.failed.connect(self._mask_failed)
        self._mask_problem = ""
        self.strokes.began.connect(self._stroke_began)
        self.strokes.changed.connect(self.updated)
        self.strokes.failed.connect(lambda error: self.said.emit(str(error), "danger", []))
        self.keeper.saved.connect(self._mask_saved)
        self.keeper.changed.connect(lambda _: self.refresh())
        session.project_closing.connect(self.let_go)
        session.project_changed.connect(self.take_project)

    # --- coming and going

    def take_project(self) -> None:
        """Begin with the project that is open now, or with none."""
        self.keeper.set_project(self.session.project)
        self.panel = replace(
            self.panel, cam_class=None, brush_class=None, brush_image=None, threshold=None, refine=None, mode="single"
        )
        self.begin()

    def let_go(self) -> None:
        """Save, and let no thread use the project any longer."""
        self.keeper.save_all()
        self._mask.stop()
        self.clear()
        self.keeper.set_project(None)

    def close(self) -> None:
        """End timers and threads."""
        self.active = False
        self._mask.stop()
        self.loader.stop()
        self.keeper.save_all()
        self.keeper.close()

    def wake(self) -> None:
        """The person came in: show what is current."""
        self.active = True
        self.read_rows()
        self.load()

    def rest(self) -> None:
        """The person left: nothing is loaded until they come back."""
        self.active = False
        self._mask.stop()
        self.keeper.save_soon()

    # --- what is shown

    @property
    def facts(self) -> SessionFacts:
        """What is open, as `resolve` wants it."""
        figures = self.run.figures if self.run is not None else {}
        return SessionFacts(
            image=self.image_id,
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
    def mine(self) -> KeptMask | None:
        """The person's mask of the image, or None."""
        return self.strokes.mine(self.image_id)

    @property
    def run_mask(self) -> Labels | None:
        """The run's mask as it is shown: the stored one, or one under another threshold."""
        image, look = self.image_id, self.look
        return self._mask.labels(image, look) if image is not None and look is not None else None

    @property
    def threshold(self) -> float:
        """The threshold the slider stands at."""
        facts = self.facts
        if self.panel.threshold is not None:
            return self.panel.threshold
        return NO_RUN_THRESHOLD if facts.run_threshold is None else facts.run_threshold

    @property
    def chain(self) -> str:
        """The refiners that make the mask where it is refined, else those that would if it were."""
        own, liked = self.facts.run_refine, self._preferences.now.refine
        return next(c for c in (self.shown.refine, self.panel.chain, own, liked, REFINERS[0]) if c not in ("", NONE))

    @property
    def making(self) -> bool:
        """Whether a better mask is still being made."""
        return self._mask.busy

    def set_panel(self, **changes: object) -> None:
        """Change what the person set."""
        before = self.panel
        self.panel = replace(self.panel, **changes)  # type: ignore[arg-type]
        if before.refine != self.panel.refine:
            self.taken_back.emit(self._mask_problem)
        if before.mode != self.panel.mode:
            self.load()
        self.refresh()

    def set_layer(self, name: str, **changes: object) -> None:
        """Change how one layer is set."""
        self.panel = self.panel.with_layer(name, **changes)
        self.refresh()

    def refresh(self) -> None:
        """Work out anew what is shown."""
        look = self.look if self.active else None
        self._mask.ask(self.session.project, mask_wish(self.material, look, self.shown, self.threshold), look)
        self.updated.emit()

    # --- what the table says

    @property
    def both_runs(self) -> bool:
        """Whether two runs are wanted on the screen."""
        return self.panel.mode != "single"

    def on_image_left(self) -> None:
        """Save what was painted on it."""
        self.painter.cancel()
        self.keeper.save_soon()

    def on_image_taken(self, material: Material) -> None:
        """Take up the person's mask, with strokes of last time."""
        look = self.look
        self.keeper.open(material.image, material.person, look.mask if look else None)

    def on_run_changed(self, another: bool) -> None:
        """Another run brings its own threshold."""
        if another:
            self.panel = replace(self.panel, threshold=None, refine=None)
        self._mask.forget()

    def on_ids_changed(self) -> None:
        """Read the masks again, and forget their undo."""
        self.painter.cancel()
        self.keeper.save_all()
        self.keeper.set_project(self.session.project)

    def on_renewal(self) -> None:
        """Make the mask under another threshold anew."""
        self._mask.forget()

    def take_run_figures(self) -> None:
        """A job has ended: the run may have another threshold and other masks."""
        self.panel = replace(self.panel, threshold=None, refine=None)
        self.renew(None)

    def _mask_saved(self, image: int) -> None:
        self.loader.forget([image], "person")
        self.session.person_mask_changed.emit(image)
        self.updated.emit()

    def _mask_failed(self, error: Exception) -> None:
        """Say why; what refiners have yet to learn is learnt when the masks of all images are made."""
        learns = isinstance(error, ProjectError)
        remedies = [("Use for all images", self.all_images_asked.emit)] if learns else []
        self._mask_problem = without_commands(str(error))
        self.said.emit(self._mask_problem, "warning", remedies)

    # --- painting

    def begin_stroke(self, x: float, y: float, radius: float, *, erase: bool, line: bool) -> bool:
        """Begin a stroke of the chosen class in the person's mask; return whether it began."""
        material, class_id = self.material, self.shown.brush_class
        if material is None or material.photo is None or self.session.project is None:
            return False
        if material.image.id != self.session.image or (class_id is None and not erase):
            return False
        sheet = Sheet(material.image, material.photo.size, self.run_mask)
        return self.strokes.begin(sheet, (x, y), radius, class_id or 0, erase=erase, line=line)

    def _stroke_began(self) -> None:
        """What is painted must be seen."""
        if not self.panel.layers[MINE].visible or self.panel.solo not in ("", MINE):
            self.panel = replace(self.panel.with_layer(MINE, visible=True), solo="")
        self.updated.emit()

    def undo(self) -> None:
        """Take the last stroke back."""
        self.strokes.undo(self.image_id)

    def redo(self) -> None:
        """Do it again."""
        self.strokes.redo(self.image_id)

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return self.strokes.can_undo(self.image_id)

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return self.strokes.can_redo(self.image_id)

    def drop_mine(self) -> bool:
        """Remove the person's mask of the image, which `undo` brings back; return whether there was one."""
        return self.strokes.go_back(self.image_id, self.run_mask)
