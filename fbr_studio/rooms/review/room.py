"""The review room: composes canvas, filmstrip, tools and panel, and connects them to the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction

from fbr_engine.refinement import NONE
from fbr_studio.actions import Actions, ActionSpec, key_text
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.review import specs
from fbr_studio.rooms.review.deciding import Deciding
from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.filmstrip import Filmstrip
from fbr_studio.rooms.review.job_watch import JobWatch
from fbr_studio.rooms.review.layer_keys import LayerKeys
from fbr_studio.rooms.review.map_jobs import MapJobs
from fbr_studio.rooms.review.missing_notice import MissingNotice
from fbr_studio.rooms.review.new_run import NewRun
from fbr_studio.rooms.review.pages import Pages
from fbr_studio.rooms.review.pointer_line import PointerLine
from fbr_studio.rooms.review.review_counts import ReviewCounts
from fbr_studio.rooms.review.run_choice import RunChoice
from fbr_studio.rooms.review.side_panel import SidePanel
from fbr_studio.rooms.review.tool_strip import ToolStrip
from fbr_studio.rooms.review.tools import Tools
from fbr_studio.rooms.review.viewer import Viewer
from fbr_studio.rooms.review.viewer_state import MASK, MINE, Mode
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets.message_strip import MessageStrip


class ReviewRoom(Room):
    """Canvas in the middle, filmstrip below, tools at the left, panel at the right."""

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__(session, runner, actions, preferences)
        self.desk = ReviewDesk(session, preferences, self)
        self.jobs = JobWatch(runner, self)
        self.map_jobs = MapJobs(session, runner, preferences, self)
        self.viewer = Viewer(self.desk)
        self.filmstrip = Filmstrip(session)
        self.messages, self.notice, self.ready = MessageStrip(), MessageStrip(), MessageStrip()
        self.readout = PointerLine(self.desk, self.viewer)
        self.missing = MissingNotice(self.notice, self.desk, self.jobs, self)
        self.tools = Tools(self.viewer, self.desk.begin_stroke, self)
        self.layer_keys = LayerKeys(self.desk, self)
        self.counts = ReviewCounts(session, self)
        self.deciding = Deciding(session, self.filmstrip, preferences, lambda: self.desk.image_id, self.counts, self)
        self._last_mode: Mode = "single"
        self._build()
        self._connect()
        self._project_changed()

    # --- being a room

    def entered(self) -> None:
        """Show the current image."""
        self.session.busy_looking = True
        self.desk.wake()
        self.filmstrip.follow(self.session.image)
        self.counts.ask()
        self._note_looked_at()
        self.viewer.first.canvas.setFocus()

    def left(self) -> None:
        """Save, and load nothing more."""
        self.session.busy_looking = False
        self.desk.rest()

    def save_work(self) -> bool:
        """Write painted masks; return whether all of them are on the disk."""
        self.desk.painter.cancel()
        return self.desk.keeper.save_all()

    def close_down(self) -> None:
        """End threads and timers."""
        self.jobs.close()
        self.counts.close()
        self.filmstrip.close_down()
        self.desk.close()

    # --- building

    def _add(self, spec: ActionSpec, act: Callable[..., object]) -> QAction:
        return self.actions_table.add(spec, self, act)

    def _build(self) -> None:
        self.tools.add_actions(self._add)
        self.undo, self.redo = self._add(specs.UNDO, self.desk.undo), self._add(specs.REDO, self.desk.redo)
        self._add(specs.SAVE, self.desk.keeper.save_soon)
        self.restore = self._add(specs.RESTORE, self._back_to_run)
        decisions = self.deciding.add_actions(self._add)
        self.swap = self._add(specs.SWAP, lambda: self.run_choice.swap())
        self.layer_keys.add_actions(self._add)
        self.modes = self.layer_keys.modes
        tools, sizes, views = self.tools.groups
        self.strip = ToolStrip((tools, sizes, (self.undo, self.redo), views))
        self.strip.show_radius(self.tools.radius)
        self.panel = SidePanel(list(self.modes.values()), self.swap, self.restore, decisions)
        self.panel.review.auto_next.setChecked(self.preferences.now.auto_next)
        self.run_choice = RunChoice(self.session, self.panel.runs, self)
        self.new_run = NewRun(self.ready, self.session, self.run_choice, self._side_by_side, self)
        strips = (self.ready, self.messages, self.notice)
        self.pages = Pages(self.viewer, strips, self.readout, self.filmstrip)
        self.pages.lay_out(self, self.strip, self.panel)
        self.middle, self.broken, self.no_runs = self.pages.middle, self.pages.broken, self.pages.no_runs

    def _connect(self) -> None:
        self._connect_session()
        self._connect_desk()
        self._connect_panel()
        self.pages.again_asked.connect(self.desk.load)
        self.pages.training_asked.connect(lambda: self.asks_for.emit("training"))
        self.tools.radius_changed.connect(self.strip.show_radius)
        self.deciding.leaving.connect(self.viewer.first.canvas.cancel_stroke)
        self.filmstrip.chosen.connect(self.deciding.go_to)
        self.filmstrip.failed.connect(lambda text: self.messages.say(text, "danger"))
        self.counts.changed.connect(self.panel.review.show_counts)
        self.layer_keys.hinted.connect(self.viewer.first.flash)
        self.filmstrip.visible_changed.connect(lambda _: self._note_looked_at())
        self.missing.room_asked.connect(self.asks_for)
        self.missing.maps_asked.connect(self.map_jobs.make_maps)
        self.jobs.written.connect(self._job_wrote)
        self.jobs.ended.connect(self._job_ended)
        self.jobs.began.connect(self.missing.look)
        for speaker in (self.desk, self.deciding, self.map_jobs):
            speaker.said.connect(lambda text, kind, remedies: self.messages.say(text, kind, *remedies))
        self.desk.taken_back.connect(self.messages.take_back)

    def _connect_session(self) -> None:
        session = self.session
        session.project_closing.connect(lambda: self.filmstrip.set_project(None))
        session.project_changed.connect(self._project_changed)
        session.current_image_changed.connect(lambda: self.filmstrip.follow(session.image))
        session.current_image_changed.connect(self._note_looked_at)
        session.current_image_changed.connect(self.readout.say_loading)
        session.runs_changed.connect(self._show_runs)
        session.images_changed.connect(self.filmstrip.reload)
        session.reviews_changed.connect(self._reviews_changed)
        session.person_mask_changed.connect(lambda image: self.filmstrip.view.refresh([image]))

    def _connect_desk(self) -> None:
        desk, keeper = self.desk, self.desk.keeper
        desk.updated.connect(self.refresh)
        desk.all_images_asked.connect(self._use_for_all)
        desk.order = lambda: self.filmstrip.around(self.session.image)
        keeper.failed.connect(self._save_failed)
        keeper.replayed.connect(self._replayed)
        keeper.journal_problem.connect(lambda _, text: self.messages.say(text, "warning"))
        self.viewer.curtain_moved.connect(self._curtain_moved)

    def _connect_panel(self) -> None:
        desk, panel = self.desk, self.panel
        panel.layers.visible_changed.connect(lambda name, on: desk.set_layer(name, visible=on))
        panel.layers.opacity_changed.connect(lambda name, value: desk.set_layer(name, opacity=value))
        panel.layers.solo_changed.connect(lambda name: desk.set_panel(solo=name))
        panel.class_list.chosen.connect(self.layer_keys.choose_class)
        panel.threshold.moved.connect(lambda value: desk.set_panel(threshold=value))
        panel.threshold.reset.connect(lambda: desk.set_panel(threshold=None, refine=None))
        panel.threshold.uncover_asked.connect(self._uncover)
        panel.threshold.refine_changed.connect(self._refine)
        panel.threshold.chain_chosen.connect(self._choose_chain)
        panel.threshold.use_for_all.connect(self._use_for_all)
        panel.review.auto_next.toggled.connect(lambda on: self.preferences.set("auto_next", on))

    # --- showing

    def refresh(self) -> None:
        """Show what the desk holds now."""
        desk = self.desk
        self.pages.show_problem(desk.material.problem if desk.material else "")
        self.viewer.refresh()
        self.panel.refresh(desk)
        self.layer_keys.show_mode()
        self.swap.setEnabled(desk.compare is not None)
        self.undo.setEnabled(desk.can_undo)
        self.redo.setEnabled(desk.can_redo)
        self.restore.setEnabled(desk.mine is not None)
        if desk.shown.mode != self._last_mode:
            self._last_mode = desk.shown.mode
            QTimer.singleShot(0, self, self.tools.fit)
        self.readout.show_image()
        self.missing.look()

    def _show_runs(self) -> None:
        self.pages.show_work(self.run_choice.show())

    # --- what the person does

    def _side_by_side(self) -> None:
        if not self.desk.shown.comparing:
            self.desk.set_panel(mode="side")

    def _curtain_moved(self, share: float) -> None:
        self.desk.panel = replace(self.desk.panel, curtain=share)

    def _uncover(self) -> None:
        """Let the run's mask be seen in place of the person's."""
        self.desk.set_panel(solo="")
        self.desk.set_layer(MINE, visible=False)
        self.desk.set_layer(MASK, visible=True)

    def _back_to_run(self) -> None:
        material = self.desk.material
        if material is not None and self.desk.drop_mine():
            path = material.image.path.encode("utf-8", "replace").decode()
            self.messages.say(f"Your mask of {path} is removed. {key_text(self.undo)} brings it back.", "info")

    def _refine(self, on: bool) -> None:
        self.desk.set_panel(refine=self.desk.chain if on else NONE)

    def _choose_chain(self, chain: str) -> None:
        self.preferences.set("refine", chain)
        self.desk.set_panel(refine=chain, chain=chain)

    def _use_for_all(self) -> None:
        desk = self.desk
        if desk.run is not None:
            self.map_jobs.make_masks(desk.run.name, desk.threshold, desk.shown.refine)

    # --- what happens

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
        if run == self.session.run:
            self.desk.take_run_figures()
        self._show_runs()
        self.missing.look_again()

    def _project_changed(self) -> None:
        self.messages.hide()
        self.missing.clear()
        self.filmstrip.set_project(self.session.project)
        self._show_runs()
        self.counts.ask()
        if self.session.project is not None and self.desk.keeper.project is not self.session.project:
            self.desk.take_project()

    def _reviews_changed(self, images: object) -> None:
        self.filmstrip.view.refresh(images if isinstance(images, list) else None)

    def _note_looked_at(self) -> None:
        if self.isVisible():
            self.session.look_at(self.filmstrip.view.visible_ids())

    def _save_failed(self, image: int, why: str) -> None:
        self.messages.say(f"Your mask is not saved yet: {why}", "danger", ("Try again", self.desk.keeper.save_soon))

    def _replayed(self, image: int, strokes: int) -> None:
        text = "1 stroke" if strokes == 1 else f"{strokes} strokes"
        self.messages.say(f"{text} of last time had not been saved; they are back.", "good")
