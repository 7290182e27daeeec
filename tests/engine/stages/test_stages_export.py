from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from workplace import CAMS, Engine, Workplace

from fbr_engine.formats.indexed_png import load_indexed_png, save_indexed_png

COCO = pytest.importorskip("pycocotools.coco").COCO
CLASSES = ["bird", "boat", "sheep", "train"]


def load(path: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def paint(place: Workplace) -> dict[str, np.ndarray]:
    """Give the images masks of their tags: a ring, a bar, and two blobs; train_0003 stays empty."""
    shapes = np.zeros((3, 96, 96), bool)
    shapes[0, 10:50, 10:50] = True
    shapes[0, 20:40, 20:40] = False
    shapes[1, 60:70, 5:90] = True
    shapes[2, 5:8, 70:80] = shapes[2, 80:90, 2:12] = True
    painted = {}
    with place.open(write=True) as project:
        run = project.runs.latest()
        for image, location, _ in list(project.maps.done(run.id, "masks")):
            present = [c for c, value in project.tags.of(image.id).items() if value == 1]
            mask = np.zeros((96, 96), np.uint8)
            if image.path != "train_0003.png":
                for class_id in present:
                    mask[shapes[image.id % 3]] = class_id
            save_indexed_png(project.path_of(location), mask)
            painted[image.path] = mask
    return painted


def test_pycocotools_reads_exactly_the_masks(engine: Engine, trained: Workplace) -> None:
    painted = paint(trained)
    result = engine("export", trained.project, "--out", trained.root / "o").result
    assert (result["images"], result["empty_images"], result["suspect_empty"]) == (10, 2, 1)
    seen: set[str] = set()
    for split in ("train", "val"):
        coco = load(trained.root / "o" / "annotations" / f"instances_{split}.json")
        assert [(c["id"], c["name"]) for c in coco.dataset["categories"]] == list(enumerate(CLASSES, 1))
        assert sorted(coco.imgs) == list(range(1, len(coco.imgs) + 1))
        assert sorted(coco.anns) == list(range(1, len(coco.anns) + 1))
        for image in coco.dataset["images"]:
            seen.add(image["file_name"])
            mask = np.zeros((image["height"], image["width"]), np.uint8)
            area = 0
            for annotation in coco.imgToAnns[image["id"]]:
                pixels = coco.annToMask(annotation).astype(bool)
                assert pixels.sum() == annotation["area"]
                assert annotation["iscrowd"] == 0
                mask[pixels] = annotation["category_id"]
                area += annotation["area"]
            assert np.array_equal(mask, painted[image["file_name"]])
            assert area == np.count_nonzero(painted[image["file_name"]])
    assert seen == set(painted)
    report = json.loads((trained.root / "o" / "report.json").read_text())
    assert report["suspect_empty"] == ["train_0003.png"]
    assert report["images"] == 10
    assert sum(report["annotations"].values()) == sum(result["annotations"].values()) > 0
    assert report["run"] == "fbr"
    assert not (trained.root / "o" / "images").exists()


def test_what_nobody_tagged_is_left_out_and_reported(engine: Engine, trained: Workplace) -> None:
    painted = paint(trained)
    with trained.open(write=True) as project:
        untagged, without = project.images.get("val_0001.png"), project.images.get("val_0002.png")
        for class_id in range(1, 5):
            project.tags.set(untagged.id, class_id, None)
        project.maps.forget(project.runs.latest().id, "masks", without.id)
    done = engine("export", trained.project, "--out", trained.root / "o", "--split", "val")
    report = json.loads((trained.root / "o" / "report.json").read_text())
    assert (report["untagged"], report["without_mask"]) == (["val_0001.png"], ["val_0002.png"])
    assert (done.result["images"], done.result["untagged"], done.result["without_mask"]) == (2, 1, 1)
    assert sum("left out" in note["message"] for note in done.named("notice")) == 2
    assert [path.name for path in (trained.root / "o/annotations").iterdir()] == ["instances_val.json"]
    assert "train_0002.png" in painted


def test_confirmed_empty_images_are_exported(engine: Engine, trained: Workplace) -> None:
    paint(trained)  # nothing is in train_0002
    engine("export", trained.project, "--out", trained.root / "o")
    coco = load(trained.root / "o/annotations/instances_train.json")
    ids = {image["file_name"]: image["id"] for image in coco.dataset["images"]}
    assert coco.imgToAnns[ids["train_0002.png"]] == []


def test_copied_images_are_the_same_bytes_or_upright(engine: Engine, trained: Workplace) -> None:
    paint(trained)
    pixels = np.asarray(Image.open(trained.images / "val_0001.png").convert("RGB"))[:60]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(pixels).save(trained.images / "val_0001.jpg", exif=exif, quality=95)
    with trained.open(write=True) as project:
        project.images.add(["val_0001.jpg"], "val")
        image, run = project.images.get("val_0001.jpg"), project.runs.latest()
        project.tags.set(image.id, 1, 1)
        mask = np.zeros((96, 60), np.uint8)
        mask[3:9, 4:20] = 1
        save_indexed_png(trained.project / "runs/fbr/masks/val_0001.jpg.png", mask)
        project.maps.record(run.id, image.id, "masks", "x", "runs/fbr/masks/val_0001.jpg.png")
    before = {path.name: path.read_bytes() for path in trained.images.iterdir()}
    plain = engine("export", trained.project, "--out", trained.root / "o")
    assert plain.result["rotated"] == 1
    assert any(
        "rotated by EXIF" in note["message"] and "--copy-images" in note["remedy"] for note in plain.named("notice")
    )
    done = engine("export", trained.project, "--out", trained.root / "c", "--copy-images")
    assert done.result["rotated"] == 0
    for name in before:
        copied = trained.root / "c" / "images" / name
        if name != "val_0001.jpg":
            assert copied.read_bytes() == before[name]
            continue
        with Image.open(copied) as image_file:
            assert image_file.size == (60, 96)
            assert image_file.getexif().get(0x0112, 1) == 1
            turned = np.asarray(image_file.convert("RGB")).astype(int)
        assert np.abs(turned - np.rot90(pixels, -1).astype(int)).mean() < 12
    coco = load(trained.root / "c/annotations/instances_val.json")
    (entry,) = [image for image in coco.dataset["images"] if image["file_name"] == "val_0001.jpg"]
    assert (entry["width"], entry["height"]) == (60, 96)
    assert {path.name: path.read_bytes() for path in trained.images.iterdir()} == before


def test_a_photo_replaced_by_another_size_does_not_get_the_old_mask(engine: Engine, trained: Workplace) -> None:
    paint(trained)
    name = "train_0001.png"
    Image.new("RGB", (50, 40)).save(trained.images / name)
    done = engine("export", trained.project, "--out", trained.root / "o")
    assert done.skipped == [name]
    (skipped,) = done.named("image_skipped")
    assert "50 x 40 px now, its mask 96 x 96" in skipped["reason"]
    stale = trained.project / "runs/fbr/cams" / f"{name}.npz"
    assert str(stale) in skipped["reason"]
    stale.unlink()  # what the message advises
    assert engine("cams", trained.project, *CAMS).result["computed"] == 1
    assert engine("masks", trained.project, "--device", "cpu").status == 0
    again = engine("export", trained.project, "--out", trained.root / "again")
    assert again.skipped == []


def test_a_folder_with_something_in_it_is_refused(engine: Engine, trained: Workplace) -> None:
    (trained.root / "o").mkdir()
    (trained.root / "o" / "mine.txt").write_text("mine")
    assert "is not empty" in engine("export", trained.project, "--out", trained.root / "o").error
    assert [path.name for path in (trained.root / "o").iterdir()] == ["mine.txt"]


def test_an_empty_folder_stays_the_same_folder(
    engine: Engine, trained: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = trained.root / "o"
    out.mkdir()
    monkeypatch.chdir(out)
    number = out.stat().st_ino
    assert engine("export", trained.project, "--out", ".").status == 0
    assert out.stat().st_ino == number
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["annotations", "report.json"]


def test_small_objects_are_left_out_and_counted(engine: Engine, trained: Workplace) -> None:
    paint(trained)
    every = engine("export", trained.project, "--out", trained.root / "o").result
    large = engine("export", trained.project, "--out", trained.root / "l", "--min-area", "50").result
    assert large["too_small"] > 0
    assert sum(every["annotations"].values()) == sum(large["annotations"].values()) + large["too_small"]


def test_splits_of_any_name_stay_in_the_folder(engine: Engine, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        for image, split in zip(project.images.iter(), ["../../x", "a/b", "a%2Fb", "\u00e9"] * 3, strict=False):
            project.images.set_split(image.id, split)
    assert engine("export", trained.project, "--out", trained.root / "o").result["images"] == 10
    names = sorted(path.name for path in (trained.root / "o" / "annotations").iterdir())
    assert names == sorted(f"instances_{s}.json" for s in ("..%2F..%2Fx", "a%2Fb", "a%252Fb", "\u00e9"))


def test_missing_and_broken_masks_are_named(engine: Engine, trained: Workplace) -> None:
    folder = trained.project / "runs" / "fbr" / "masks"
    (folder / "val_0001.png.png").unlink()
    (folder / "val_0002.png.png").write_bytes(b"no image")
    (trained.images / "val_0003.png").unlink()
    done = engine("export", trained.project, "--out", trained.root / "o", "--copy-images")
    assert done.skipped == ["val_0001.png", "val_0002.png", "val_0003.png"]
    assert (done.result["broken"], done.result["images"]) == (3, 7)
    assert load_indexed_png(folder / "val_0004.png.png").shape == (96, 96)


def test_nothing_to_export(engine: Engine, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        for image in project.images.iter():
            for class_id in range(1, 5):
                project.tags.set(image.id, class_id, None)
    engine("export", trained.project, "--out", trained.root / "o")
    assert not (trained.root / "o").exists()
    assert trained.leftovers() == []
