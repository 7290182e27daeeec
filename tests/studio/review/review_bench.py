"""Hands to work a review room with, and projects to work on."""

from __future__ import annotations

import shutil

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fbr_engine.project import Project, RunInfo, load_arrays, load_mask, save_arrays, save_mask
from fbr_engine.stages.pseudo_mask import pseudo_mask
from fbr_engine.stages.stored_cams import cam_record
from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.rooms.review import ReviewRoom
from fbr_studio.state.session import Session


class Bench:
    """A room and hands to work it with."""

    def __init__(self, qtbot: QtBot, session: Session, room: ReviewRoom, runner: JobRunner, actions: Actions) -> None:
        self.qtbot, self.session, self.room, self.runner, self.actions = qtbot, session, room, runner, actions

    @property
    def project(self) -> Project:
        return self.session.open_project

    @property
    def canvas(self):  # type: ignore[no-untyped-def]
        return self.room.viewer.first.canvas

    def settle(self) -> None:
        """Wait until nothing is being loaded or made."""
        desk, strip, counts = self.room.desk, self.room.filmstrip, self.room.counts
        self.qtbot.waitUntil(lambda: not (desk.loader.busy or desk.making or strip.busy or counts.busy), timeout=20_000)
        QApplication.processEvents()

    def go_to(self, image: int) -> None:
        self.session.image = image
        self.settle()
        assert self.room.desk.material is not None
        assert self.room.desk.material.image.id == image

    def trigger(self, name: str) -> None:
        self.actions.get(f"review.{name}").trigger()
        QApplication.processEvents()

    def at(self, x: float, y: float) -> QPoint:
        """The viewport's point over an image pixel's centre."""
        found: QPointF = self.canvas.view_point(x + 0.5, y + 0.5)
        return found.toPoint()

    def stroke(
        self,
        *points: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        release: bool = True,
    ) -> None:
        viewport = self.canvas.viewport()
        QTest.mousePress(viewport, button, modifiers, self.at(*points[0]))
        for point in points[1:]:
            QTest.mouseMove(viewport, self.at(*point))
        if release:
            QTest.mouseRelease(viewport, button, modifiers, self.at(*points[-1]))

    def look(self) -> np.ndarray:
        """The canvas as it is seen, H x W x 3."""
        QApplication.processEvents()
        image = self.canvas.grab().toImage()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
        return pixels[:, : image.width(), :3].copy()

    @property
    def mine(self) -> np.ndarray:
        kept = self.room.desk.mine
        assert kept is not None
        return kept.document.classes.copy()


def lively(project: Project, threshold: float = 0.4) -> None:
    """Give the run CAMs with something to see (a hill for each class), four NROIs, and masks made of them."""
    run = project.runs.latest()
    names = ("cam", "class_ids", "peak", "logits", "nroi_labels", "nroi_sizes", "size")
    for image, location, _ in list(project.maps.done(run.id, "cams")):
        path = project.path_of(location)
        arrays = load_arrays(path, names)
        arrays["cam"] = np.stack([_hill(number, image.id) for number in range(len(arrays["class_ids"]))])
        arrays["nroi_labels"] = np.kron(np.array([[0, 1], [2, 255]], np.uint8), np.ones((4, 4), np.uint8))
        arrays["nroi_sizes"] = np.array([16, 16, 16], np.int32)
        save_arrays(path, **arrays)
        record = cam_record(project, run, image)
        assert record is not None
        mask = pseudo_mask(record.read(), threshold)
        save_mask(project.map_path(run.name, image.path, "masks", "png"), mask)
    project.runs.update(run.id, status="done", figures={"threshold": threshold, "refine": "none"})


def _hill(number: int, seed: int) -> np.ndarray:
    """A smooth hill of 16 x 16 values, elsewhere for each class and image."""
    y, x = np.mgrid[0:16, 0:16]
    middle = (4 + (5 * number + seed) % 9, 4 + (3 * number + 2 * seed) % 9)
    return (255 * np.exp(-((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / 18)).astype(np.uint8)


def image_with_mask(project: Project) -> int:
    """The first image with a mask of the run in which something is seen."""
    run = project.runs.latest()
    for image, location, _ in project.maps.done(run.id, "masks"):
        if 0 < np.count_nonzero(load_mask(project.path_of(location))) < 96 * 96:
            return image.id
    raise AssertionError("no mask of the run shows anything")


def second_run(project: Project) -> RunInfo:
    """A run with the CAMs of the first, mirrored, and masks upside down."""
    first = project.runs.latest()
    other = project.runs.create("other", "cam", first.config)
    shutil.copytree(project.runs.folder(first.name), project.runs.folder("other"), dirs_exist_ok=True)
    for kind in ("cams", "masks"):
        for image, location, _ in list(project.maps.done(first.id, kind)):
            place = location.replace(f"runs/{first.name}/", "runs/other/")
            project.maps.record(other.id, image.id, kind, "copied", place)
            if kind == "masks":
                path = project.path_of(place)
                save_mask(path, np.ascontiguousarray(load_mask(path)[::-1]))
    project.runs.update(other.id, status="done", figures=first.figures)
    project.runs.update(first.id, status="done")
    return project.runs.get("other")
