"""The keys of what is seen: layers, CAMs, classes, threshold, one run or two."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup

from fbr_studio.rooms.review import specs
from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.viewer_state import CAM, LAYERS, MODES, Mode, mask_is_covered, next_cam_class

_STEP = 0.01


class LayerKeys(QObject):
    """Each key changes one setting of the desk. ``modes`` are the actions of `MODES`.

    ``hinted`` carries a few words where a key changes nothing that is seen.
    """

    hinted = Signal(str)

    def __init__(self, desk: ReviewDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.modes: dict[Mode, QAction] = {}

    def add_actions(self, add: specs.Add) -> None:
        """Add the actions."""
        self._add_modes(add)
        add(specs.ALL_CAMS, lambda: self.choose_class(None))
        add(specs.NEXT_CAM, self._next_cam)
        add(specs.LOWER, lambda: self._move_threshold(-_STEP))
        add(specs.HIGHER, lambda: self._move_threshold(_STEP))
        for number in range(1, 10):
            add(specs.class_spec(number), lambda number=number: self._choose_number(number))
        for name in LAYERS:
            add(specs.eye_spec(name), lambda name=name: self._toggle_eye(name))
            add(specs.solo_spec(name), lambda name=name: self._toggle_solo(name))

    def choose_class(self, class_id: int | None) -> None:
        """Show a class's CAM and paint that class; None: the CAM of all."""
        desk = self._desk
        if class_id is None:
            desk.set_panel(cam_class=None)
        else:
            desk.set_panel(cam_class=class_id, brush_class=class_id, brush_image=desk.image_id)
        if not desk.shown.layer(CAM).visible:
            chosen = "CAM of all classes" if class_id is None else f"Painting {desk.names.get(class_id, '')}"
            self.hinted.emit(f"{chosen} - H shows {'it' if class_id is None else 'its CAM'}")

    def show_mode(self) -> None:
        """Mark the mode that is shown, and those that can be chosen."""
        desk = self._desk
        self.modes[desk.shown.mode].setChecked(True)
        for mode in MODES[1:]:
            self.modes[mode].setEnabled(bool(desk.compare and desk.run and desk.compare.name != desk.run.name))

    def _add_modes(self, add: specs.Add) -> None:
        group = QActionGroup(self)
        for mode, spec in zip(MODES, (specs.SINGLE, specs.SIDE, specs.CURTAIN), strict=True):
            self.modes[mode] = add(spec, lambda on, mode=mode: self._desk.set_panel(mode=mode) if on else None)
            group.addAction(self.modes[mode])
        add(specs.NEXT_MODE, self._next_mode)
        self.modes["single"].setChecked(True)

    def _next_mode(self) -> None:
        self._desk.set_panel(mode=MODES[(MODES.index(self._desk.shown.mode) + 1) % len(MODES)])

    def _next_cam(self) -> None:
        chosen = next_cam_class(self._desk.facts, self._desk.shown.cam_class)
        self._desk.set_layer("cam", visible=True)
        self._desk.set_panel(cam_class=chosen)

    def _choose_number(self, number: int) -> None:
        if number <= len(self._desk.classes):
            self.choose_class(self._desk.classes[number - 1].id)

    def _toggle_eye(self, name: str) -> None:
        self._desk.set_layer(name, visible=not self._desk.panel.layers[name].visible)

    def _toggle_solo(self, name: str) -> None:
        self._desk.set_panel(solo="" if self._desk.panel.solo == name else name)

    def _move_threshold(self, by: float) -> None:
        look = self._desk.look
        if mask_is_covered(self._desk.facts, self._desk.panel):
            self.hinted.emit("You painted this image - P shows the run's mask")
        elif look is not None and look.maps is not None:
            self._desk.set_panel(threshold=min(0.99, max(0.01, round(self._desk.threshold + by, 3))))
