"""What the export room is made of, without a project."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fbr_engine.errors import FbrError, ProjectError, ReadError, WriteError
from fbr_engine.project import RunInfo
from fbr_engine.stages import export_preview
from fbr_engine.stages.export_preview import ExportWarning
from fbr_studio.rooms.export import target
from fbr_studio.rooms.export.advice import CAPTIONS, advice, remedies
from fbr_studio.rooms.export.bars import Bars
from fbr_studio.rooms.export.masks_remedy import missing_masks_job
from fbr_studio.rooms.export.progress import progress_text
from fbr_studio.rooms.export.written import read_written


def test_the_proposal_lies_beside_the_project_and_is_free(tmp_path: Path) -> None:
    assert target.proposal(tmp_path / "photos.fbr") == tmp_path / "photos-coco"
    assert target.proposal(tmp_path / "my.project") == tmp_path / "my.project-coco"
    for name in ("photos-coco", "photos-coco-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
    assert target.proposal(tmp_path / "photos.fbr") == tmp_path / "photos-coco-3"


def test_an_empty_folder_is_free_and_what_an_export_left_does_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    assert target.unused(folder) == folder
    (folder / ".1234.partial").mkdir()
    assert target.unused(folder) == folder
    assert target.problem(str(folder)) == ""


def test_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    assert "Say where" in target.problem("  ")
    assert "is a file" in target.problem(str(tmp_path / "file"))
    assert "is a file" in target.problem(str(tmp_path / "file" / "deep" / "er"))
    assert "not empty" in target.problem(str(tmp_path / "full"))
    assert target.problem(str(tmp_path / "a" / "b")) == ""
    assert "No folder" in target.problem("a\0b")


def test_a_free_name_is_offered_only_where_it_helps(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    assert target.check(str(tmp_path / "full")) == target.TargetCheck(
        "This folder is not empty. A dataset needs a folder of its own.", tmp_path / "full-2"
    )
    assert target.check(str(tmp_path / "new")) == target.TargetCheck("", None)
    assert target.check("").other is None
    assert target.check("a\0b").other is None
    (tmp_path / "file").write_text("")
    assert target.check(str(tmp_path / "file" / "deep")).other is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "cannot be written" in target.problem(str(tmp_path / "closed" / "d"))


def test_every_warning_of_the_engine_has_words_and_a_remedy() -> None:
    counts = dict.fromkeys(("review", "problem", "untagged", "without", "turned"), 2)
    found = [advice(w) for w in export_preview._warnings(counts, "kept")]
    assert len(found) == 5
    for one in found:
        assert one.text.startswith("2 images ")
        assert one.text.endswith(".")
        assert one.remedy in CAPTIONS


def test_one_image_is_not_many() -> None:
    one = advice(ExportWarning("images nobody tagged are left out", "tag them", 1))
    assert one.text == "1 image nobody tagged is left out."


def test_of_very_many_photos_only_the_first_were_opened() -> None:
    turned = ExportWarning("turned", "copy the images too: the copies are upright", 3)
    assert advice(turned, 100).text.startswith("3 images are turned")
    assert advice(turned, 100_000).text.startswith("3 images of the first 500 are turned")


def test_a_warning_of_tomorrow_is_said_as_it_is() -> None:
    one = advice(ExportWarning("images are blue", "paint them", 1200))
    assert one.text == "1,200 images are blue: paint them."
    assert one.remedy == ""


@pytest.mark.parametrize(
    ("error", "names"),
    [
        (WriteError("x: is not empty"), ("folder",)),
        (ProjectError("run fbr has no masks yet: make them"), ("masks",)),
        (ProjectError("p has no run yet"), ("training",)),
        (ReadError("nothing to export"), ("masks", "images")),
        (FbrError("a fault"), ()),
    ],
)
def test_errors_have_remedies(error: FbrError, names: tuple[str, ...]) -> None:
    assert remedies(error) == names


@pytest.mark.parametrize(
    ("state", "done", "total", "left", "before", "text"),
    [
        ("queued", 0, 0, None, "Training x", "Waits for: Training x"),
        ("queued", 0, 0, None, "", "Waits for its turn"),
        ("running", 0, 0, None, "", "Starting"),
        ("running", 3, 1200, 65.0, "", "3 of 1,200 images, 1:05 left"),
        ("running", 1200, 1200, 0.0, "", "1,200 of 1,200 images, putting the files in place"),
        ("paused", 3, 9, 65.0, "", "3 of 9 images, paused"),
        ("stopping", 3, 9, 65.0, "", "Stopping. Nothing is left behind."),
    ],
)
def test_progress_in_words(state: str, done: int, total: int, left: float | None, before: str, text: str) -> None:
    assert progress_text(state, done, total, left, before) == text


def dataset(folder: Path, **more: object) -> Path:
    (folder / "annotations").mkdir(parents=True)
    (folder / "annotations" / "instances_val.json").write_text("{}")
    (folder / "annotations" / "instances_train.json").write_text("{}  ")
    report = {
        "images": 3,
        "empty_images": 1,
        "annotations": {"cat": 4},
        "too_small": 2,
        "untagged": ["a.png"],
        "broken": [],
    }
    (folder / "report.json").write_text(json.dumps(report | more))
    return folder


def test_a_report_is_read_with_its_files(tmp_path: Path) -> None:
    written = read_written(dataset(tmp_path / "it's", blurred=["b.png"]))
    assert [(f.name, f.size) for f in written.files][:2] == [
        ("annotations/instances_train.json", 4),
        ("annotations/instances_val.json", 2),
    ]
    assert written.files[2].name == "report.json"
    assert written.sentence == "3 images, 4 objects, 1 category"
    assert [found.names for found in written.left_out] == [("a.png",), ("b.png",)]
    assert written.left_out[1].reason == "Blurred"
    path = tmp_path / "it's" / "annotations" / "instances_train.json"
    assert written.snippet.endswith(f"COCO({str(path)!r})")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": "many"}'])
def test_a_report_that_cannot_be_read_is_one_line(tmp_path: Path, text: str) -> None:
    folder = dataset(tmp_path / "d")
    (folder / "report.json").write_text(text)
    with pytest.raises(ReadError, match=r"report\.json.*the dataset itself is there"):
        read_written(folder)


def test_missing_masks_are_made_as_the_others_were() -> None:
    run = RunInfo(1, "fbr", "cam+fbr", "done", "", "", {}, {"threshold": 0.375, "refine": "none"})
    job = missing_masks_job(run, "pamr")
    assert [step.stage for step in job.steps] == ["cams", "masks"]
    assert job.run == "fbr"


def test_bars_show_every_row(qtbot: QtBot) -> None:
    bars = Bars("image", "images")
    qtbot.addWidget(bars)
    bars.show_rows({"sheep": 12, "a very long name of a class that does not fit": 1, "boat": 0})
    bars.resize(300, bars.sizeHint().height())
    assert "sheep: 12 images" in bars.accessibleName()
    assert "1 image," in bars.accessibleName()
    bars.show()
    assert not bars.grab().toImage().isNull()
    bars.show_rows({})
    assert bars.sizeHint().height() == 0
