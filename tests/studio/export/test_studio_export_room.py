"""The export room, clicked through: what it promises is what it writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.events import Event, Progress
from fbr_engine.stages import export_dataset
from fbr_studio.actions import Actions
from fbr_studio.job_status import room_of
from fbr_studio.jobs.runner import Job, JobRunner, JobSpec, Step
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.export import ExportRoom
from fbr_studio.state.session import Session
from fbr_studio.widgets import desktop

LEFT = Qt.MouseButton.LeftButton


class Place:
    """A room with all it needs, shown."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.session = Session()
        self.runner = JobRunner()
        self.room = ExportRoom(self.session, self.runner, Actions(), Preferences())
        qtbot.addWidget(self.room)
        self.room.resize(1280, 690)

    def open(self, place: Workplace) -> ExportRoom:
        self.session.adopt(place.open(write=True))
        self.room.show()
        self.room.entered()
        self.settle()
        return self.room

    def settle(self) -> None:
        """Wait until nothing is under way."""
        room = self.room
        tasks = (room.previewer, room.reader, room.forecast.target_checker)
        self.qtbot.waitUntil(
            lambda: not self.runner.busy and not any(t.busy for t in tasks) and not room.forecast.settle.isActive(),
            timeout=8000,
        )

    def click(self, button: object) -> None:
        self.qtbot.mouseClick(button, LEFT)  # type: ignore[arg-type]

    def export(self) -> None:
        self.click(self.room.write_button)
        self.settle()

    def close(self) -> None:
        self.runner.stop_all()
        self.session.close()
        self.room.close_down()


@pytest.fixture
def place(qtbot: QtBot) -> Iterator[Place]:
    made = Place(qtbot)
    yield made
    made.close()


def out(room: ExportRoom) -> Path:
    return room.questions.folder


def paint(place: Place) -> None:
    """Give the first image two objects of the first class by hand."""
    project = place.session.open_project
    image = next(project.images.iter())
    classes = np.zeros((96, 96), np.uint8)
    classes[10:20, 10:20] = classes[40:70, 40:70] = project.classes.all()[0].id
    project.person_masks.save(image.id, classes, np.zeros((96, 96), np.uint16), np.full((96, 96), 2, np.uint8))
    place.session.person_mask_changed.emit(image.id)
    place.settle()


def test_the_preview_s_numbers_are_those_of_the_report(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    shown = room.forecast.found
    assert shown is not None
    folder = out(room)
    assert folder == trained.root / "p-coco"
    assert not folder.exists()
    assert room.write_button.text() == f"Export {shown.images} images"
    place.export()
    report = json.loads((folder / "report.json").read_text())
    assert report["images"] == shown.images > 0
    assert report["splits"] == shown.splits == dict(room.preview_panel.splits.rows)
    assert report["tagged"] == shown.categories == dict(room.preview_panel.categories.rows)
    assert report["confirmed_empty"] == shown.confirmed_empty
    counted = {w.remedy: w.count for w in shown.warnings}
    assert counted.get("tag them", 0) == len(report["untagged"])
    assert counted.get("compute CAMs and masks", 0) == len(report["without_mask"])


def test_what_was_clicked_can_be_loaded(place: Place, trained: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    room = place.open(trained)
    paint(place)
    folder = out(room)
    place.export()
    assert room.written is not None
    assert sum(room.written.objects.values()) >= 2
    assert room.pages.currentWidget().widget() is room.report_panel
    assert room.report_panel.folder.text == str(folder)
    space: dict[str, COCO] = {}
    exec(room.report_panel.snippet.text(), space)
    assert len(space["coco"].getImgIds()) > 0
    objects = 0
    for path in (folder / "annotations").glob("*.json"):
        coco = COCO(str(path))
        objects += len(coco.getAnnIds())
        assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == [
            name for name, _ in room.report_panel.objects.rows
        ]
    assert objects == sum(count for _, count in room.report_panel.objects.rows)


def test_the_report_lists_what_was_left_out(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    image = next(place.session.open_project.images.iter())
    place.session.set_review([image.id], "rejected")
    place.settle()
    assert any("its review" in one.text and one.remedy == "all" for one in room.preview_panel.advice)
    place.export()
    assert room.written is not None
    found = {expander.left_out.reason: expander for expander in room.report_panel.expanders}
    review = found["Their review keeps them out"]
    assert review.left_out.names == (image.path,)
    assert not review.names.isVisible()
    place.click(review.head)
    assert review.names.isVisible()
    assert review.names.model().index(0, 0).data() == image.path


def test_all_images_whatever_their_review_is_one_click(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    before = room.forecast.found.images  # type: ignore[union-attr]
    image = next(place.session.open_project.images.iter())
    place.session.set_review([image.id], "rejected")
    place.settle()
    assert room.forecast.found.images == before - 1  # type: ignore[union-attr]
    place.click(_button(room, "Export all"))
    place.settle()
    assert room.questions.review.currentData() == "all"
    assert room.forecast.found.images == before  # type: ignore[union-attr]


def test_only_accepted_images(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    room.questions.review.setCurrentIndex(room.questions.review.findData("accepted"))
    place.settle()
    assert not room.write_button.isEnabled()
    images = [i.id for i in place.session.open_project.images.iter() if (i.split or "") == "val"]
    place.session.set_review(images, "accepted")
    place.settle()
    assert room.write_button.isEnabled()
    folder = out(room)
    place.export()
    assert json.loads((folder / "report.json").read_text())["splits"].keys() == {"val"}


def test_a_folder_that_is_not_empty_is_refused_with_a_remedy_that_works(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    full = trained.root / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep me")
    room.questions.set_folder(full)
    place.settle()
    assert "not empty" in room.questions.problem.text()
    assert not room.write_button.isEnabled()
    place.export()
    room.write_action.trigger()
    assert room.work.job is None
    assert not room.messages.isVisible()
    assert [p.name for p in full.iterdir()] == ["mine.txt"]
    assert room.questions.other_name.text() == "Use full-2"
    place.click(room.questions.other_name)
    place.settle()
    assert not room.questions.problem.isVisible()
    place.export()
    assert (trained.root / "full-2" / "report.json").is_file()
    assert [p.name for p in full.iterdir()] == ["mine.txt"]


def test_a_click_before_the_folder_is_looked_at_waits_for_that(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    full = trained.root / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep me")
    submitted: list[object] = []
    place.runner.queue_changed.connect(lambda: submitted.append(place.runner.current))
    room.questions.set_folder(full)
    place.click(room.write_button)
    place.settle()
    assert not any(submitted)
    room.questions.set_folder(trained.root / "new")
    place.settle()
    room.questions.set_folder(trained.root / "newer")
    place.click(room.write_button)
    place.qtbot.waitUntil(lambda: room.written is not None, timeout=8000)
    assert (trained.root / "newer" / "report.json").is_file()


def test_another_folder_can_be_chosen(place: Place, trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    room = place.open(trained)
    (trained.root / "empty").mkdir()
    chosen = [str(trained.root / "empty"), str(trained.root), ""]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen.pop(0))
    place.click(room.questions.browse_button)
    assert out(room) == trained.root / "empty"
    room.questions.browse()
    assert out(room) == trained.root / "p-coco"
    room.questions.browse()
    assert out(room) == trained.root / "p-coco"


def test_cancel_leaves_nothing(place: Place, trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    room = place.open(trained)
    folder = out(room)
    plain = export_dataset._Export.work

    def cancelling(self: export_dataset._Export, total: int) -> Iterator[Event]:
        for event in plain(self, total):
            yield event
            if isinstance(event, Progress) and event.done == 2:
                job = place.runner.current
                assert job is not None
                job._stop.set()  # what Cancel does, at an image of our choice

    monkeypatch.setattr(export_dataset._Export, "work", cancelling)
    place.export()
    assert not folder.exists()
    assert trained.leftovers() == []
    assert "cancelled" in room.messages.text
    assert room.write_button.isVisible()
    assert room.write_button.isEnabled()


def test_the_cancel_button_stops_what_waits(place: Place, trained: Workplace, qtbot: QtBot) -> None:
    room = place.open(trained)
    go = []

    def slow(project: object, run: str | None) -> Iterator[Event]:
        while not go:
            yield Progress("slow", 0, 1, "steps")

    other = place.runner.submit(JobSpec("Training x", [Step("export", slow)]), place.session.open_project)
    place.click(room.write_button)
    assert room.progress.isVisible()
    assert room.progress.text.text() == "Waits for: Training x"
    assert not room.questions.isEnabled()
    place.click(room.progress.cancel_button)
    qtbot.waitUntil(lambda: room.job is None)
    assert "cancelled" in room.messages.text
    go.append(True)
    qtbot.waitUntil(lambda: not other.alive)
    place.settle()
    assert not out(room).exists()


def test_without_a_run_the_room_says_where_to_go(place: Place, drawn: Workplace, qtbot: QtBot) -> None:
    room = place.open(drawn)
    assert room.whole.currentWidget() is room.whole.empty
    with qtbot.waitSignal(room.asks_for) as heard:
        place.click(_button(room, "Go to Training"))
    assert heard.args == ["training"]


def test_untagged_images_are_shown_where_they_can_be_tagged(place: Place, trained: Workplace, qtbot: QtBot) -> None:
    room = place.open(trained)
    project = place.session.open_project
    image = next(project.images.iter())
    rows = [(image.id, c.id, None) for c in project.classes.all()]
    place.session.set_tags(rows)
    place.settle()
    assert any("nobody tagged" in one.text for one in room.preview_panel.advice)
    with qtbot.waitSignal(room.asks_for) as heard:
        place.click(_button(room, "Show them"))
    assert heard.args == ["images"]


def test_masks_that_are_missing_are_made_by_a_job(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    submitted: list[JobSpec] = []
    room.runner.submit = lambda spec, project: submitted.append(spec)  # type: ignore[method-assign, assignment]
    room.remedy("masks")
    assert [step.stage for step in submitted[0].steps] == ["cams", "masks"]
    assert submitted[0].run == room.questions.run
    assert "being made" in room.messages.text


def test_copied_images_are_written_and_listed(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    folder = out(room)
    room.questions.copy_images.setChecked(True)
    place.settle()
    place.export()
    assert room.written is not None
    copied = [p for p in (folder / "images").rglob("*") if p.is_file()]
    assert room.written.copied_images == len(copied) == room.written.images
    assert room.written.copied_bytes == sum(p.stat().st_size for p in copied)


def test_small_objects_are_left_out_and_counted(place: Place, trained: Workplace) -> None:
    room = place.open(trained)
    paint(place)
    room.questions.more.set_values({"min_area": 100_000})
    place.settle()
    place.export()
    assert room.written is not None
    assert room.written.too_small >= 2
    assert sum(room.written.objects.values()) == 0


def test_after_an_export_the_next_folder_is_free_and_a_new_answer_leaves_the_report(
    place: Place, trained: Workplace
) -> None:
    room = place.open(trained)
    place.export()
    assert out(room) == trained.root / "p-coco-2"
    assert not room.questions.problem.isVisible()
    room.questions.split.setCurrentIndex(room.questions.split.findData("val"))
    place.settle()
    assert room.pages.currentWidget().widget() is room.preview_panel
    assert list(room.forecast.found.splits) == ["val"]  # type: ignore[union-attr]


def test_path_and_folder_of_the_dataset(place: Place, trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    room = place.open(trained)
    opened: list[Path] = []
    monkeypatch.setattr(desktop, "open_folder", lambda path: opened.append(path) or True)
    assert not room.copy_action.isEnabled()
    folder = out(room)
    place.export()
    room.copy_action.trigger()
    room.open_action.trigger()
    assert QGuiApplication.clipboard().text() == str(folder)
    assert opened == [folder]
    room.again_action.trigger()
    place.settle()
    assert room.pages.currentWidget().widget() is room.preview_panel
    assert not room.copy_action.isEnabled()


def test_a_disk_that_refuses_is_told_with_a_remedy(
    place: Place, trained: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = place.open(trained)
    (trained.root / "file").write_text("")
    room.questions.set_folder(trained.root / "file" / "deep")
    place.settle()
    assert "is a file" in room.questions.problem.text()
    assert not room.write_button.isEnabled()
    room.questions.set_folder(trained.root / "late")
    place.settle()
    (trained.root / "late").write_text("")  # after it was looked at
    heard: list[Job] = []
    place.runner.job_ended.connect(heard.append)
    place.export()
    assert "--" not in room.messages.text
    assert "is a file; give a folder." in room.messages.text
    assert room.tells(heard[0])
    assert room_of(heard[0]) == "export"
    assert not room.write_button.isEnabled()
    assert [b.text() for b in room.messages.remedies] == ["Choose another folder"]
    chosen = str(trained.root / "other")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen)
    place.click(room.messages.remedies[0])
    place.settle()
    place.export()
    assert (trained.root / "other" / "report.json").is_file()


def test_the_next_project_starts_anew(place: Place, trained: Workplace, tmp_path: Path) -> None:
    room = place.open(trained)
    place.export()
    room.questions.set_folder(tmp_path / "mine")
    place.session.close()
    assert room.whole.currentWidget() is room.whole.empty
    place.session.adopt(trained.copy(tmp_path / "again").open(write=True))
    place.settle()
    assert room.written is None
    assert out(room) == tmp_path / "again" / "p-coco-2"  # the copy holds the dataset, too
    assert room.write_button.isEnabled()


def test_the_key_exports(place: Place, trained: Workplace, qtbot: QtBot) -> None:
    room = place.open(trained)
    folder = out(room)
    room.activateWindow()
    room.questions.out.setFocus()
    qtbot.waitUntil(room.questions.out.hasFocus)
    qtbot.keyClick(room.questions.out, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    place.settle()
    assert (folder / "report.json").is_file()


def _button(room: ExportRoom, text: str) -> QPushButton:
    return next(b for b in room.findChildren(QPushButton) if b.text() == text and b.isVisible())
