"""One morning in the window: open, tag, train, look at each layer, paint and undo, export, load."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_visitor import Visitor
from workplace import Workplace

from fbr_engine.project import Project
from fbr_engine.stages.shown_masks import shown_mask, shown_masks

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SHARED = Path(__file__).resolve().parents[3] / "shared"
WEIGHTS = SHARED / "weights" / "mobilenet_v2.pth"


@pytest.fixture
def visitor(qtbot: QtBot, tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(qtbot, tmp_path / "settings.json")
    yield made
    made.leave()


def tag_one_image_by_keys(visitor: Visitor, name: str) -> None:
    """The last image has no tags: give it one, and say that the rest is absent."""
    visitor.click_image(0)
    visitor.press(Qt.Key.Key_End)
    image = visitor.window.session.image
    assert image is not None
    assert image == visitor.images.browser.ids[-1]
    key = [c.name for c in visitor.project.classes.learnt()].index(name)
    visitor.press(Qt.Key(Qt.Key.Key_1 + key))
    visitor.press(Qt.Key.Key_Return)
    tags = visitor.project.tags.of(image)
    assert tags[visitor.project.classes.get(name).id] == 1
    assert sorted(tags.values()) == [0] * (len(tags) - 1) + [1]
    assert len(tags) == len(visitor.project.classes.learnt())


def look_at_each_layer(visitor: Visitor) -> None:
    """Each layer changes what is seen, alone and on top of the photo."""
    review = visitor.review
    plain = visitor.see()
    seen = [plain]
    for action in ("cam", "nroi", "mask"):
        review.actions_table.get(f"review.solo_{action}").trigger()
        seen.append(visitor.see())
        review.actions_table.get(f"review.solo_{action}").trigger()
    for index, one in enumerate(seen):
        for other in seen[index + 1 :]:
            assert (one != other).any()
    assert (visitor.see() == plain).all()


def paint_and_undo(visitor: Visitor) -> int:
    """Paint a stroke, take it back, paint it again; return how many pixels it changed in the saved mask."""
    image = visitor.window.session.image
    assert image is not None
    run = visitor.project.runs.latest()
    shown = shown_mask(visitor.project, run, visitor.project.images.by_ids([image])[0])
    assert shown is not None
    machine = shown.read()
    visitor.press(Qt.Key.Key_B)
    before = visitor.see()
    visitor.drag((8, 8), (20, 14), (30, 20))
    assert (visitor.see() != before).any()
    painted = visitor.review.desk.mine.document.classes.copy()
    assert (painted != machine).any()
    visitor.press(Qt.Key.Key_Z, CTRL)
    assert visitor.review.desk.mine is None  # nothing is painted any more: the run's mask shows again
    visitor.press(Qt.Key.Key_Z, CTRL | SHIFT)
    np.testing.assert_array_equal(visitor.review.desk.mine.document.classes, painted)
    visitor.review.save_work()
    kept = visitor.project.person_masks.load(image)
    assert kept is not None
    return int((kept.source == 2).sum())


def export_by_click(visitor: Visitor, out: Path) -> Path:
    visitor.goto("export")
    room = visitor.export
    field = room.questions.out
    field.clear()
    visitor.qtbot.keyClicks(field, str(out))
    visitor.wait(lambda: room.write_button.isEnabled() and not room.previewer.busy and not room._settle.isActive())
    visitor.click(room.write_button)
    visitor.wait(lambda: (out / "report.json").is_file() and not visitor.window.runner.busy)
    visitor.wait(lambda: not room.reader.busy)
    return out


def load_all(out: Path) -> tuple[int, int]:
    """Return (images, objects) as pycocotools reads them."""
    images = objects = 0
    for path in sorted((out / "annotations").glob("*.json")):
        found = COCO(str(path))
        images += len(found.imgs)
        for annotation in found.anns.values():
            mask = found.annToMask(annotation)
            assert int(mask.sum()) == annotation["area"] > 0
            objects += 1
    report = json.loads((out / "report.json").read_text())
    assert report["images"] == images
    assert sum(report["annotations"].values()) == objects
    return images, objects


def the_whole_way(visitor: Visitor, images: Path, tags: Path, work: Path, tagged: str, **training: object) -> None:
    visitor.open_folder(images, work / "p.fbr", tags)
    known = visitor.project.images.count()
    visitor.window.rooms["images"].entered()
    assert str(tags) in visitor.window.messages.text
    visitor.click(visitor.window.messages.remedies[0])  # add the photo that the table does not list
    visitor.wait(lambda: visitor.project.images.count() == known + 1)
    visitor.wait(lambda: len(visitor.images.browser.ids) == known + 1)
    tag_one_image_by_keys(visitor, tagged)
    visitor.goto("training")
    visitor.train(600, **training)
    run = visitor.project.runs.latest()
    assert run.status == "done"
    assert visitor.project.maps.count_done(run.id, "masks") == known + 1
    visitor.goto("review")
    visitor.window.session.image = next(m.image.id for m in shown_masks(visitor.project, run) if m.read().any())
    look_at_each_layer(visitor)
    assert paint_and_undo(visitor) > 20
    visitor.press(Qt.Key.Key_D)
    visitor.settle()
    out = export_by_click(visitor, work / "coco")
    written, objects = load_all(out)
    assert written == known + 1
    assert objects > 0


@pytest.mark.slow
def test_the_whole_way_on_drawn_scenes(visitor: Visitor, drawn: Workplace, tmp_path: Path) -> None:
    rows = drawn.tags.read_text().splitlines()
    (tmp_path / "tags.csv").write_text("\n".join(rows[:-1]) + "\n")
    small = {"backbone": "tiny", "weights": "drawn", "crop": 65, "batch": 3, "epochs": 4, "device": "cpu", "split": ""}
    the_whole_way(visitor, drawn.images, tmp_path / "tags.csv", tmp_path, "sheep", **small)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not WEIGHTS.is_file(), reason="the weights are not here")
def test_the_whole_way_on_real_photos(visitor: Visitor, shared_data: Path, tmp_path: Path) -> None:
    with (shared_data / "tags.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"][::24][:40]
    for row in rows:
        target = tmp_path / "photos" / row["image"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared_data / row["image"], target)
    with (tmp_path / "tags.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["image", "split", "tags"])
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["image"])[:-1])
    training = {"weights": str(WEIGHTS), "crop": 129, "batch": 8, "epochs": 2, "device": "cpu", "split": ""}
    the_whole_way(visitor, tmp_path / "photos", tmp_path / "tags.csv", tmp_path, "dog", **training)


def test_corrections_survive_a_window_that_is_killed(qtbot: QtBot, trained: Workplace, tmp_path: Path) -> None:
    first = Visitor(qtbot, tmp_path / "settings.json")
    with qtbot.waitSignal(first.window.opening.opened, timeout=10_000):
        first.window.opening.open_path(trained.project)
    first.goto("review")
    first.settle()
    image = first.window.session.image
    assert image is not None
    first.press(Qt.Key.Key_B)
    first.drag((8, 8), (30, 20))
    painted = first.review.desk.mine.document.classes.copy()
    shutil.copytree(trained.root, tmp_path / "as_if_killed")
    first.leave()
    second = Visitor(qtbot, tmp_path / "settings.json")
    with qtbot.waitSignal(second.window.opening.opened, timeout=10_000):
        second.window.opening.open_path(tmp_path / "as_if_killed" / "p")
    second.goto("review")
    second.window.session.image = image
    second.settle()
    np.testing.assert_array_equal(second.review.desk.mine.document.classes, painted)
    second.leave()
    with Project.open(tmp_path / "as_if_killed" / "p") as project:
        kept = project.person_masks.load(image)
    assert kept is not None
    np.testing.assert_array_equal(kept.classes, painted)
