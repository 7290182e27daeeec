"""What the viewer shows: one frozen value, made by a pure function of what is open and what the panel says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Mode = Literal["single", "side", "curtain"]
MODES: tuple[Mode, ...] = ("single", "side", "curtain")
IMAGE, CAM, NROI, MASK, MINE = LAYERS = ("image", "cam", "nroi", "mask", "mine")
NO_RUN_THRESHOLD = 0.4


@dataclass(frozen=True, slots=True)
class LayerSetting:
    """How the person set one layer."""

    visible: bool = True
    opacity: float = 1.0


def first_settings(mask_opacity: float = 0.45) -> dict[str, LayerSetting]:
    """Return how layers stand before anybody touched them: the photo and the mask, nothing over them."""
    return {
        IMAGE: LayerSetting(),
        CAM: LayerSetting(visible=False, opacity=0.8),
        NROI: LayerSetting(visible=False, opacity=0.6),
        MASK: LayerSetting(opacity=mask_opacity),
        MINE: LayerSetting(opacity=mask_opacity),
    }


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """What the person set. ``cam_class`` None means the strongest of the tagged ones; ``brush_class`` None: not chosen.

    ``brush_image`` is the image on which the brush's class was chosen: there it stays whatever the tags say.

    ``threshold`` and ``refine`` None mean the run's own. ``chain``: the refiners chosen last, or nothing.
    """

    mode: Mode = "single"
    layers: dict[str, LayerSetting] = field(default_factory=first_settings)
    solo: str = ""
    cam_class: int | None = None
    brush_class: int | None = None
    brush_image: int | None = None
    threshold: float | None = None
    refine: str | None = None
    chain: str = ""
    curtain: float = 0.5

    def with_layer(self, name: str, **changes: object) -> PanelFacts:
        """Return the same with one layer set otherwise."""
        changed = replace(self.layers[name], **changes)  # type: ignore[arg-type]
        return replace(self, layers={**self.layers, name: changed})


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is open. ``class_ids`` in the project's order; ``mine`` tells whether the person has painted this image."""

    image: int | None = None
    run: str | None = None
    compare: str | None = None
    class_ids: tuple[int, ...] = ()
    tagged: frozenset[int] = frozenset()
    mine: bool = False
    run_threshold: float | None = None
    run_refine: str = "none"


@dataclass(frozen=True, slots=True)
class LayerShown:
    """Whether a layer is seen and how strongly, all things considered."""

    visible: bool
    opacity: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the canvas. ``threshold`` is None where the run's stored mask is shown as it is."""

    image: int | None
    run: str | None
    compare: str | None
    mode: Mode
    cam_class: int | None
    brush_class: int | None
    layers: tuple[tuple[str, LayerShown], ...]
    threshold: float | None
    refine: str
    curtain: float

    def layer(self, name: str) -> LayerShown:
        """Return how a layer is seen."""
        return dict(self.layers)[name]

    @property
    def comparing(self) -> bool:
        """Whether two runs are on the screen."""
        return self.mode != "single"


def resolve(facts: SessionFacts, panel: PanelFacts) -> Shown:
    """Return what is to be shown. Comparing needs a second run; the person's mask lies over the run's and hides it."""
    mode: Mode = panel.mode if facts.run and facts.compare and facts.compare != facts.run else "single"
    solo = panel.solo if panel.solo != MINE or facts.mine else ""
    layers = []
    for name in LAYERS:
        setting = panel.layers[name]
        layers.append((name, LayerShown(_seen(name, setting, solo, facts, panel), setting.opacity)))
    cam_class = panel.cam_class if panel.cam_class in facts.class_ids else None
    return Shown(
        image=facts.image,
        run=facts.run,
        compare=facts.compare,
        mode=mode,
        cam_class=cam_class,
        brush_class=_brush_class(facts, panel),
        layers=tuple(layers),
        threshold=_threshold(facts, panel),
        refine=facts.run_refine if panel.refine is None else panel.refine,
        curtain=panel.curtain,
    )


def mask_is_covered(facts: SessionFacts, panel: PanelFacts) -> bool:
    """Return whether the run's mask lies under the person's and is not drawn for that reason."""
    return facts.mine and panel.layers[MINE].visible and panel.solo not in (MASK,)


def _seen(name: str, setting: LayerSetting, solo: str, facts: SessionFacts, panel: PanelFacts) -> bool:
    if solo:
        return name == solo
    if name == MASK and mask_is_covered(facts, panel):
        return False
    return setting.visible and (name != MINE or facts.mine)


def _brush_class(facts: SessionFacts, panel: PanelFacts) -> int | None:
    """The class the person chose on this image, or one that is in it; else the first in it, or the first there is."""
    chosen = panel.brush_class
    if chosen in facts.class_ids and (panel.brush_image == facts.image or chosen in facts.tagged or not facts.tagged):
        return chosen
    tagged = [c for c in facts.class_ids if c in facts.tagged]
    return next(iter(tagged or facts.class_ids), None)


def _threshold(facts: SessionFacts, panel: PanelFacts) -> float | None:
    own_refine = panel.refine is None or panel.refine == facts.run_refine
    if panel.threshold is None:
        return None if own_refine else facts.run_threshold
    at_home = facts.run_threshold is not None and abs(panel.threshold - facts.run_threshold) < 0.0005
    return None if at_home and own_refine else panel.threshold


def next_cam_class(facts: SessionFacts, now: int | None) -> int | None:
    """Return the CAM that follows: all, then each class in the image (each class there is, without tags), then all."""
    order: list[int | None] = [c for c in facts.class_ids if c in facts.tagged] or list(facts.class_ids)
    order = [None, *order]
    return order[(order.index(now) + 1) % len(order)] if now in order else None
