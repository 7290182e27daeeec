"""The preview of an export says what the export then writes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from workplace import Workplace

from fbr_engine.config import ExportConfig
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project
from fbr_engine.stages import export_dataset
from fbr_engine.stages.export_preview import preview

ROOT = Path(__file__).parents[3]


@pytest.fixture
def varied(trained: Workplace) -> Workplace:
    """An image in each state: rejected, accepted, broken, untagged, without a mask, corrected."""
    with trained.open(write=True) as project:
        image = {name: project.images.get(f"{name}.png") for name in ("train_0001", "train_0003", "train_0004")}
        image |= {name: project.images.get(f"{name}.png") for name in ("val_0001", "val_0002", "val_0003", "val_0004")}
        project.images.set_review(image["train_0001"].id, "rejected")
        project.images.set_review(image["train_0003"].id, "accepted")
        project.images.set_review(image["val_0004"].id, "accepted")
        project.images.set_problem(image["train_0004"].id, "train_0004.png: broken")
        for name in ("val_0001", "val_0003"):
            project.tags.set_many((image[name].id, c, None) for c in range(1, 5))
        project.maps.forget(project.runs.get("fbr").id, "masks", image["val_0002"].id)
        mask = np.full((96, 96), 2, np.uint8)
        project.person_masks.save(image["val_0003"].id, mask, mask.astype(np.uint16), mask)
        project.images.set_split(project.images.get("train_0006.png").id, None)
    return trained


def exported(project: Project, config: ExportConfig) -> dict[str, Any]:
    list(export_dataset.run(project, config, "fbr"))
    report: dict[str, Any] = json.loads((Path(config.out) / "report.json").read_text())
    return report


@pytest.mark.parametrize("review", ["kept", "accepted", "all"])
@pytest.mark.parametrize("split", ["", "val"])
def test_the_numbers_are_those_of_the_export(varied: Workplace, review: str, split: str) -> None:
    config = ExportConfig(out=str(varied.root / "o"), review=review, split=split)
    with varied.open() as project:
        said = preview(project, config, "fbr")
        report = exported(project, config)
    assert said.run == report["run"] == "fbr"
    assert said.images == report["images"] == sum(report["splits"].values())
    assert said.splits == report["splits"]
    assert said.confirmed_empty == report["confirmed_empty"]
    assert said.categories == report["tagged"]
    assert list(said.categories) == ["bird", "boat", "sheep", "train"]
    counts = {warning.sentence.split(" are left out")[0]: warning.count for warning in said.warnings}
    which = "not accepted" if review == "accepted" else "rejected"
    wanted = {
        f"images that are {which}": len(report["left_out_by_review"]),
        "images nobody tagged": len(report["untagged"]),
        "tagged images without a mask": len(report["without_mask"]),
        "images that cannot be read": len(report["broken"]),
    }
    assert counts == {sentence: count for sentence, count in wanted.items() if count}


def test_reviews_leave_out_and_name(varied: Workplace) -> None:
    with varied.open() as project:
        kept = exported(project, ExportConfig(out=str(varied.root / "k")))
        accepted = exported(project, ExportConfig(out=str(varied.root / "a"), review="accepted"))
        every = exported(project, ExportConfig(out=str(varied.root / "e"), review="all"))
    assert kept["left_out_by_review"] == ["train_0001.png"]
    assert (accepted["images"], len(accepted["left_out_by_review"])) == (2, 8)
    assert every["left_out_by_review"] == []
    assert every["images"] == kept["images"] + 1


def test_turned_photos_are_counted_unless_copied(varied: Workplace) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with varied.open(write=True) as project:
        for name, turn in (("val_0004", exif), ("train_0003", Image.Exif())):
            with Image.open(varied.images / f"{name}.png") as photo:
                photo.convert("RGB").save(varied.images / f"{name}.JPG", format="JPEG", exif=turn)
            with project.database.transaction() as connection:
                connection.execute("UPDATE image SET path = ? WHERE path = ?", (f"{name}.JPG", f"{name}.png"))
        found = [w for w in preview(project, ExportConfig(), "fbr").warnings if "EXIF" in w.sentence]
        assert [w.count for w in found] == [1]
        assert not [w for w in preview(project, ExportConfig(copy_images=True)).warnings if "EXIF" in w.sentence]


def test_a_project_without_runs(drawn: Workplace) -> None:
    with drawn.open() as project, pytest.raises(ProjectError, match="no run yet"):
        preview(project, ExportConfig())


def test_a_split_that_is_not_there(trained: Workplace) -> None:
    with trained.open() as project, pytest.raises(ProjectError, match="no split"):
        preview(project, ExportConfig(split="tset"))


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_images(trained: Workplace, count: int) -> None:
    with trained.open(write=True) as project:
        run = project.runs.get("fbr")
        project.images.add(f"many/{i:06}.jpg" for i in range(count))
        with project.database.transaction() as connection:
            connection.execute(
                "INSERT INTO tag SELECT image.id, class.id, (image.id + class.id) % 3 = 0, 1 "
                "FROM image CROSS JOIN class WHERE path LIKE 'many/%' AND image.id % 5"
            )
            connection.execute(
                "INSERT INTO map SELECT ?, 'masks', id, 'f', 'x', NULL FROM image WHERE path LIKE 'many/%'", (run.id,)
            )
        began = time.perf_counter()
        said = preview(project, ExportConfig())
        assert time.perf_counter() - began < 3  # 1 s for the most on an idle machine
        assert said.images == count * 4 // 5 + 10
    code = (
        "import sys, fbr_engine.stages.export_preview, fbr_engine.stages.estimates, fbr_engine.stages.stored_previews"
    )
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], cwd=ROOT, check=True)


def test_confirmed_empty_means_what_the_gallery_means(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        images = [image.id for image in project.images.iter()]
        learnt = [c.id for c in project.classes.learnt()]
        project.tags.set_many((image, c, None) for image in images for c in learnt)
        project.tags.set_many((images[0], c, 0) for c in learnt)
        project.tags.set_many((images[1], c, 0) for c in learnt[1:])
        for image in images[:2]:
            project.person_masks.save(image, *[np.zeros((96, 96), kind) for kind in (np.uint8, np.uint16, np.uint8)])
        said = preview(project, ExportConfig(), "fbr")
        report = exported(project, ExportConfig(out=str(trained.root / "o")))
        assert said.images == 2
        assert said.confirmed_empty == report["confirmed_empty"] == project.gallery.state_counts()["empty"] == 1
