"""The review room: composes canvas, filmstrip, tools and panel, and connects them to the desk."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fbr_engine.config import TrainConfig
from fbr_engine.errors import FbrError
from fbr_engine.project import RunInfo
from fbr_studio.actions import Actions, ActionSpec
from fbr_studio.jobs.follow_up import maps_job, masks_job
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.review import specs
from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.filmstrip import Filmstrip
from fbr_studio.rooms.review.job_watch import JobWatch
from fbr_studio.rooms.review.notices import REMEDY_TEXTS, Missing, what_is_missing
from fbr_studio.rooms.review.painting import next_radius
from fbr_studio.rooms.review.pane import Pane
from fbr_studio.rooms.review.readout import Readout, as_html, as_text, read_pixel
from fbr_studio.rooms.review.side_panel import SidePanel
from fbr_studio.rooms.review.tool_strip import ToolStrip
from fbr_studio.rooms.review.viewer import Viewer
from fbr_studio.rooms.review.viewer_state import LAYERS, MODES, Mode, next_cam_class
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import button, hairline, label
from fbr_studio.widgets.empty_state import EmptyState
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.theme import GRID, theme

_FIRST_RADIUS = 8.0


class ReviewRoom(Room):
    """Canvas in the middle, filmstrip below, tools at the left, panel at the right."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.desk = ReviewDesk(session, preferences, self)
        self.jobs = JobWatch(runner, self)
        self.viewer = Viewer(self.desk)
        self.filmstrip = Filmstrip(session)
        self.messages, self.notice = MessageStrip(), MessageStrip()
        self.readout = label("", "muted")
        self.radius = _FIRST_RADIUS
        self._tool = "pan"
        self._missing: Missing | None = None
        self._named: int | None = None
        self._last_mode: Mode = "single"
        self._add_actions()
        self._build()
        self._connect()
        self._project_changed()

    # --- being a room

    def entered(self) -> None:
        """Show the current image."""
        self.desk.wake()
        self.filmstrip.follow(self.session.image)
        self._show_counts()
        self._note_looked_at()
        self.viewer.first.canvas.setFocus()

    def left(self) -> None:
        """Save, and load nothing more."""
        self.desk.rest()

    def save_work(self) -> bool:
        """Write painted masks; return whether all of them are on the disk."""
        self.desk.painter.cancel()
        return self.desk.keeper.save_all()

    def close_down(self) -> None:
        """End threads and timers."""
        self.jobs.close()
        self.filmstrip.close_down()
        self.desk.close()

    # --- building

    def _add(self, spec: ActionSpec, act: Callable[..., object]) -> QAction:
        return self.actions_table.add(spec, self, act)

    def _add_actions(self) -> None:
        self._add_tools()
        desk = self.desk
        self.undo, self.redo = self._add(specs.UNDO, desk.undo), self._add(specs.REDO, desk.redo)
        self._add(specs.SAVE, desk.keeper.save_soon)
        self.restore = self._add(specs.RESTORE, self._ask_to_restore)
        self._add(specs.NEXT, lambda: self.go(1))
        self._add(specs.PREVIOUS, lambda: self.go(-1))
        self._add(specs.NEXT_NEW, self.go_to_undecided)
        self.accept = self._add(specs.ACCEPT, lambda: self.decide("accepted"))
        self.reject = self._add(specs.REJECT, lambda: self.decide("rejected"))
        self.unreview = self._add(specs.UNREVIEW, lambda: self.decide("new"))
        self._add_modes()
        self._add(specs.ALL_CAMS, lambda: desk.set_panel(cam_class=None))
        self._add(specs.NEXT_CAM, self._next_cam)
        self._add(specs.LOWER, lambda: self._move_threshold(-0.01))
        self._add(specs.HIGHER, lambda: self._move_threshold(0.01))
        for number in range(1, 10):
            self._add(specs.class_spec(number), lambda number=number: self._choose_number(number))
        for name in LAYERS:
            self._add(specs.eye_spec(name), lambda name=name: self._toggle_eye(name))
            self._add(specs.solo_spec(name), lambda name=name: self._toggle_solo(name))

    def _add_tools(self) -> None:
        group = QActionGroup(self)
        self.tools = {
            "pan": self._add(specs.PAN, lambda on: self._set_tool("pan") if on else None),
            "brush": self._add(specs.BRUSH, lambda on: self._set_tool("brush") if on else None),
            "eraser": self._add(specs.ERASER, lambda on: self._set_tool("eraser") if on else None),
        }
        for action in self.tools.values():
            group.addAction(action)
        self.smaller = self._add(specs.SMALLER, lambda: self._resize_brush(-1))
        self.larger = self._add(specs.LARGER, lambda: self._resize_brush(1))
        canvas = self.viewer.first.canvas
        self.fit = self._add(specs.FIT, self._fit)
        self.zoom_in = self._add(specs.ZOOM_IN, lambda: canvas.zoom_by(1.25))
        self.zoom_out = self._add(specs.ZOOM_OUT, lambda: canvas.zoom_by(0.8))
        self._add(specs.ACTUAL, lambda: canvas.set_zoom(1.0))

    def _add_modes(self) -> None:
        group = QActionGroup(self)
        self.modes: dict[Mode, QAction] = {}
        for mode, spec in zip(MODES, (specs.SINGLE, specs.SIDE, specs.CURTAIN), strict=True):
            self.modes[mode] = self._add(spec, lambda on, mode=mode: self.desk.set_panel(mode=mode) if on else None)
            group.addAction(self.modes[mode])
        self._add(specs.NEXT_MODE, self._next_mode)
        self.swap = self._add(specs.SWAP, self._swap)

    def _build(self) -> None:
        groups = (
            tuple(self.tools.values()),
            (self.larger, self.smaller),
            (self.undo, self.redo),
            (self.fit, self.zoom_in, self.zoom_out),
        )
        self.strip = ToolStrip(groups)
        modes = list(self.modes.values())
        self.panel = SidePanel(modes, self.swap, self.restore, (self.accept, self.reject, self.unreview))
        self.broken = EmptyState("broken-image", "This image cannot be shown", "", button("Try again", self.desk.load))
        self.middle = QStackedWidget()
        self.middle.addWidget(self.viewer)
        self.middle.addWidget(self.broken)
        to_training = button("Go to Training", lambda: self.asks_for.emit("training"), "primary")
        self.no_runs = EmptyState(
            "training",
            "Train a model first",
            "Review shows what a model saw and the masks it made of that.",
            to_training,
        )
        self.work = QWidget()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.no_runs)
        self.pages.addWidget(self.work)
        self._lay_out()
        self.tools["pan"].setChecked(True)
        self.modes["single"].setChecked(True)
        self.strip.show_radius(self.radius)

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)
        row = QHBoxLayout(self.work)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.notice)
        column.addWidget(self.middle, 1)
        column.addWidget(hairline())
        column.addWidget(self._status_line())
        self.filmstrip.lay_out()
        column.addWidget(self.filmstrip)
        row.addWidget(self.strip)
        row.addWidget(hairline(vertical=True))
        row.addLayout(column, 1)
        row.addWidget(hairline(vertical=True))
        row.addWidget(self.panel)

    def _status_line(self) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(2 * GRID)
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setAccessibleName("Under the pointer")
        self.readout.setMinimumWidth(1)
        row.addWidget(self.readout, 1)
        row.addLayout(self.filmstrip.head())
        return line

    def _connect(self) -> None:
        self._connect_desk()
        self._connect_panel()
        session = self.session
        session.project_closing.connect(lambda: self.filmstrip.set_project(None))
        session.project_changed.connect(self._project_changed)
        session.current_image_changed.connect(lambda: self.filmstrip.follow(session.image))
        session.current_image_changed.connect(self._note_looked_at)
        session.current_image_changed.connect(self._say_loading)
        session.runs_changed.connect(self._show_runs)
        session.images_changed.connect(self.filmstrip.reload)
        session.reviews_changed.connect(self._reviews_changed)
        session.person_mask_changed.connect(lambda image: self.filmstrip.view.refresh([image]))
        self.filmstrip.chosen.connect(self._go_to)
        self.filmstrip.visible_changed.connect(lambda _: self._note_looked_at())
        self.jobs.written.connect(self._job_wrote)
        self.jobs.ended.connect(self._job_ended)
        self.jobs.began.connect(self._show_missing)

    def _connect_desk(self) -> None:
        desk, keeper = self.desk, self.desk.keeper
        desk.updated.connect(self.refresh)
        desk.said.connect(lambda text, kind, remedies: self.messages.say(text, kind, *remedies))
        desk.order = lambda: self.filmstrip.around(self.session.image)
        keeper.failed.connect(self._save_failed)
        keeper.replayed.connect(self._replayed)
        keeper.journal_problem.connect(lambda _, text: self.messages.say(text, "warning"))
        for pane in self.viewer.panes:
            pane.stroke_began.connect(self._begin_stroke)
        self.viewer.hovered.connect(self._hover)
        self.viewer.curtain_moved.connect(self._curtain_moved)

    def _connect_panel(self) -> None:
        desk, panel = self.desk, self.panel
        panel.layers.visible_changed.connect(lambda name, on: desk.set_layer(name, visible=on))
        panel.layers.opacity_changed.connect(lambda name, value: desk.set_layer(name, opacity=value))
        panel.layers.solo_changed.connect(lambda name: desk.set_panel(solo=name))
        panel.class_list.chosen.connect(self._choose_class)
        panel.threshold.moved.connect(lambda value: desk.set_panel(threshold=value))
        panel.threshold.reset.connect(lambda: desk.set_panel(threshold=None, refine=None))
        panel.threshold.refine_changed.connect(lambda on: desk.set_panel(refine=self._refiner() if on else "none"))
        panel.threshold.use_for_all.connect(self._use_for_all)
        panel.runs.run_chosen.connect(self._choose_run)
        panel.runs.compare_chosen.connect(self._choose_compare)
        panel.review.auto_next.setChecked(self.preferences.now.auto_next)
        panel.review.auto_next.toggled.connect(lambda on: self.preferences.set("auto_next", on))

    # --- showing

    def refresh(self) -> None:
        """Show what the desk holds now."""
        desk = self.desk
        problem = desk.material.problem if desk.material else ""
        self.middle.setCurrentIndex(1 if problem else 0)
        if problem:
            self.broken.say("This image cannot be shown", problem)
        shown = desk.shown
        material_id = desk.material.image.id if desk.material else None
        self.viewer.refresh()
        self.panel.refresh(desk)
        self.modes[shown.mode].setChecked(True)
        for mode in ("side", "curtain"):
            self.modes[mode].setEnabled(bool(desk.compare and desk.run and desk.compare.name != desk.run.name))
        self.swap.setEnabled(desk.compare is not None)
        self.undo.setEnabled(desk.can_undo)
        self.redo.setEnabled(desk.can_redo)
        self.restore.setEnabled(desk.mine is not None)
        if shown.mode != self._last_mode:
            self._last_mode = shown.mode
            QTimer.singleShot(0, self, self._fit)
        if material_id != self._named:
            self._named = material_id
            self.readout.setText(self._at_rest())
        self._show_missing()

    def _show_missing(self) -> None:
        desk = self.desk
        runs = [run for run in (desk.run, desk.compare if desk.shown.comparing else None) if run is not None]
        learnt = frozenset(c.id for c in desk.classes if c.learnt)
        missing = what_is_missing(desk.material, runs, learnt, self.jobs.run)
        if missing == self._missing:
            return
        self._missing = missing
        if missing is None:
            self.notice.hide()
            return
        remedies = [(REMEDY_TEXTS[missing.remedy], self._remedy)] if missing.remedy else []
        self.notice.say(missing.text, "info", *remedies)

    def _remedy(self) -> None:
        missing, self._missing = self._missing, None
        if missing is None:
            return
        if missing.remedy in ("images", "training"):
            self.asks_for.emit(missing.remedy)
        elif missing.remedy == "maps":
            self._make_maps(missing.run)

    def _show_runs(self) -> None:
        project = self.session.project
        runs: list[RunInfo] = project.runs.all() if project is not None else []
        self.pages.setCurrentIndex(1 if runs else 0)
        self.panel.runs.show_runs(runs, self.session.run, self.session.compare_run)

    def _show_counts(self) -> None:
        project = self.session.project
        self.panel.review.show_counts(project.gallery.state_counts() if project is not None else {})

    def _hover(self, pane: Pane, point: tuple[float, float] | None) -> None:
        found = self._read(pane, point) if point is not None else None
        self.readout.setText(as_html(found, theme().muted.name()) if found else self._at_rest())
        self.readout.setToolTip(as_text(found) if found else "")
        number = found.nroi if found is not None and self.desk.shown.layer("nroi").visible else None
        for other in self.viewer.panes:
            for side in ("left", "right"):
                other.highlight_nroi(side, number if other is pane and side == self._side(pane, point) else None)

    def _at_rest(self) -> str:
        """What the line says while the pointer is elsewhere: the image's name and size."""
        material = self.desk.material
        if material is None:
            return ""
        size = f"&nbsp;&nbsp;&nbsp;{material.photo.size[1]} x {material.photo.size[0]} px" if material.photo else ""
        return html.escape(material.image.path.encode("utf-8", "replace").decode()) + size

    def _side(self, pane: Pane, point: tuple[float, float] | None) -> str:
        curtain = pane.canvas.curtain
        if curtain is None or point is None:
            return "left"
        return "left" if pane.canvas.view_point(*point).x() < curtain * pane.canvas.viewport().width() else "right"

    def _read(self, pane: Pane, point: tuple[float, float]) -> Readout | None:
        desk, content = self.desk, pane.content
        if content is None or content.photo is None or desk.material is None:
            return None
        run = content.left if self._side(pane, point) == "left" else content.right
        mine = content.mine if desk.shown.layer("mine").visible else None
        mine = mine if mine is not None and mine.shape == content.photo.size else None
        run_mask = run.mask if run is not None else None
        return read_pixel(
            int(point[0]),
            int(point[1]),
            content.photo.size,
            names=desk.names,
            tagged=content.tagged,
            maps=run.look.maps if run is not None else None,
            labels=mine.classes if mine is not None else run_mask,
            source=mine.source if mine is not None else None,
        )

    # --- what the person does

    def go(self, step: int) -> None:
        """Go to a neighbour in the filmstrip."""
        image = self.filmstrip.neighbour(self.session.image, step)
        if image is not None:
            self._go_to(image)

    def go_to_undecided(self) -> None:
        """Go to the next image nobody has decided on."""
        project = self.session.project
        if project is None:
            return
        ahead = self.filmstrip.after(self.session.image)
        for start in range(0, len(ahead), 500):
            for info in project.images.by_ids(ahead[start : start + 500]):
                if info.review == "new":
                    self._go_to(info.id)
                    return
        self.messages.say("Every image of the filmstrip has been decided on.", "good")

    def _go_to(self, image: int) -> None:
        self.viewer.first.canvas.cancel_stroke()
        self.session.image = image

    def decide(self, review: str) -> None:
        """Accept, reject or take back, and go on if that is set."""
        image = self.session.image
        if image is None or self.desk.material is None or self.desk.material.image.id != image:
            return
        try:
            self.session.set_review([image], review)
        except FbrError as error:
            self.messages.say(str(error), "danger", ("Try again", lambda: self.decide(review)))
            return
        if review != "new" and self.preferences.now.auto_next:
            self.go(1)

    def _set_tool(self, tool: str) -> None:
        self._tool = tool
        self.viewer.set_tool(tool != "pan", self.radius)

    def _resize_brush(self, step: int) -> None:
        self.radius = next_radius(self.radius, step)
        self.strip.show_radius(self.radius)
        self._set_tool(self._tool)

    def _begin_stroke(self, x: float, y: float, erase: bool, line: bool) -> None:
        self.desk.begin_stroke(x, y, self.radius, erase=erase or self._tool == "eraser", line=line)

    def _fit(self) -> None:
        self.viewer.first.canvas.fit()

    def _next_mode(self) -> None:
        mode = MODES[(MODES.index(self.desk.shown.mode) + 1) % len(MODES)]
        self.desk.set_panel(mode=mode)

    def _curtain_moved(self, share: float) -> None:
        self.desk.panel = replace(self.desk.panel, curtain=share)

    def _swap(self) -> None:
        run, other = self.session.run, self.session.compare_run
        if other is not None:
            self.session.run, self.session.compare_run = other, run
            self._show_runs()

    def _choose_run(self, name: str) -> None:
        if name == self.session.compare_run:
            self.session.compare_run = self.session.run
        self.session.run = name
        self._show_runs()

    def _choose_compare(self, name: str) -> None:
        if name == self.session.run:
            self.session.run = self.session.compare_run
        self.session.compare_run = name
        self._show_runs()

    def _next_cam(self) -> None:
        desk = self.desk
        chosen = next_cam_class(desk.facts, desk.shown.cam_class)
        desk.set_layer("cam", visible=True)
        desk.set_panel(cam_class=chosen)

    def _choose_number(self, number: int) -> None:
        if number <= len(self.desk.classes):
            self._choose_class(self.desk.classes[number - 1].id)

    def _choose_class(self, class_id: int | None) -> None:
        if class_id is None:
            self.desk.set_panel(cam_class=None)
        else:
            self.desk.set_panel(cam_class=class_id, brush_class=class_id)

    def _toggle_eye(self, name: str) -> None:
        self.desk.set_layer(name, visible=not self.desk.panel.layers[name].visible)

    def _toggle_solo(self, name: str) -> None:
        self.desk.set_panel(solo="" if self.desk.panel.solo == name else name)

    def _move_threshold(self, by: float) -> None:
        if self.panel.threshold.isEnabled():
            self.desk.set_panel(threshold=min(0.99, max(0.01, round(self.desk.threshold + by, 3))))

    def _ask_to_restore(self) -> None:
        if self.desk.mine is None:
            return
        text = "Remove your mask of this image and go back to the run's? Its strokes cannot be brought back."
        self.messages.say(text, "warning", ("Remove my mask", self.desk.drop_mine), ("Keep it", lambda: None))

    # --- jobs

    def _refiner(self) -> str:
        own = self.desk.facts.run_refine
        return (
            own if own != "none" else (self.preferences.now.refine if self.preferences.now.refine != "none" else "pamr")
        )

    def _use_for_all(self) -> None:
        desk = self.desk
        if desk.run is not None:
            spec = masks_job(desk.run.name, desk.threshold, desk.shown.refine, looked_at=lambda: self.session.looked_at)
            self.runner.submit(spec, self.session.open_project)

    def _make_maps(self, run: str) -> None:
        try:
            info = self.session.open_project.runs.get(run)
            spec = maps_job(
                run,
                TrainConfig.from_json(info.config),
                looked_at=lambda: self.session.looked_at,
                refine=self.preferences.now.refine,
            )
        except FbrError as error:
            self.messages.say(str(error), "danger")
            return
        self.runner.submit(spec, self.session.open_project)

    def _job_wrote(self, run: str, images: list[str]) -> None:
        project = self.session.project
        if project is None or run not in (self.session.run, self.session.compare_run):
            return
        ids = list(project.images.ids_of(images).values())
        self.desk.renew(ids)
        self.filmstrip.view.refresh(ids)

    def _job_ended(self, run: str) -> None:
        if self.session.project is None:
            return
        self._missing = None
        if run == self.session.run:
            self.desk.take_run_figures()
        self._show_runs()
        self._show_missing()

    # --- what happens

    def _project_changed(self) -> None:
        self.messages.hide()
        self.notice.hide()
        self._missing = None
        self.filmstrip.set_project(self.session.project)
        self._show_runs()
        self._show_counts()
        if self.session.project is not None and self.desk.keeper.project is not self.session.project:
            self.desk.take_project()

    def _say_loading(self) -> None:
        if self.desk.loader.busy:
            self._named = None
            self.readout.setText("Loading")

    def _reviews_changed(self, images: object) -> None:
        self.filmstrip.view.refresh(images if isinstance(images, list) else None)
        self._show_counts()

    def _note_looked_at(self) -> None:
        if self.isVisible():
            self.session.look_at(self.filmstrip.view.visible_ids())

    def _save_failed(self, image: int, why: str) -> None:
        self.messages.say(f"Your mask is not saved yet: {why}", "danger", ("Try again", self.desk.keeper.save_soon))

    def _replayed(self, image: int, strokes: int) -> None:
        text = "1 stroke" if strokes == 1 else f"{strokes} strokes"
        self.messages.say(f"{text} of last time had not been saved; they are back.", "good")
