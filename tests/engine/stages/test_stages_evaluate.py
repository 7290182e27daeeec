from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from workplace import Engine, Workplace

from fbr_engine.errors import ReadError
from fbr_engine.formats.indexed_png import load_indexed_png, save_indexed_png
from fbr_engine.stages.confusion import confusion_counts, iou_per_class, mean_iou
from fbr_engine.stages.mask_folder import MaskFolder

TRUTH = np.array([[0, 0, 1, 1], [0, 2, 2, 255]], np.uint8)
FOUND = np.array([[0, 1, 1, 1], [0, 2, 0, 1]], np.uint8)


def test_counts_by_hand() -> None:
    counts = confusion_counts(TRUTH, FOUND, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert iou_per_class(counts) == [2 / 4, 2 / 3, 1 / 2, None]
    assert mean_iou([0.5, None, 1.0]) == 0.75
    assert mean_iou([None]) is None


def fill(place: Workplace, values: dict[str, np.ndarray]) -> None:
    """Overwrite what the run says of some images; all else becomes background."""
    folder = place.project / "runs" / "fbr" / "masks"
    for path in folder.glob("*.png"):
        size = load_indexed_png(path).shape
        save_indexed_png(path, values.get(path.name.removesuffix(".png"), np.zeros(size, np.uint8)))


def masks(folder: Path, files: dict[str, np.ndarray], classes: str | None = None) -> Path:
    for name, mask in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        save_indexed_png(folder / name, mask)
    if classes is not None:
        (folder / "classes.txt").write_text(classes)
    return folder


def square(value: int, other: int = 0) -> np.ndarray:
    mask = np.full((96, 96), other, np.uint8)
    mask[:48] = value
    return mask


def test_values_mean_what_classes_txt_says_and_other_classes_are_background(engine: Engine, trained: Workplace) -> None:
    # In the project: 1 bird, 2 boat, 3 sheep, 4 train. In the truth: 7 boat, 9 cow, which nobody learns.
    fill(trained, {"train_0001.png": square(2), "val_0001.png": square(2)})
    cow = square(7, 9)
    cow[90:] = 255
    truth = masks(
        trained.root / "t", {"train_0001.png": cow, "val_0001.png": square(0, 7)}, "0 background\n7 boat\n9 cow\n"
    )
    done = engine("evaluate", trained.project, "--masks", truth)
    result = done.result
    assert result["images"] == 2
    assert result["splits"]["train"]["iou"] == {
        "background": 1.0,
        "bird": None,
        "boat": 1.0,
        "sheep": None,
        "train": None,
    }
    assert result["splits"]["train"]["miou"] == 1.0
    assert result["splits"]["val"]["iou"]["boat"] == 0.0
    assert result["splits"]["val"]["miou"] == 0.0
    assert result["iou"]["boat"] == pytest.approx(1 / 3, abs=1e-4)
    messages = [note["message"] for note in done.named("notice")]
    assert any("8 images have no true mask" in message for message in messages)
    assert any("know no bird, sheep, train" in message for message in messages)


def test_without_classes_txt_the_values_are_voc_ids(engine: Engine, trained: Workplace) -> None:
    fill(trained, {"val_0001.png": square(1)})
    truth = masks(trained.root / "t", {"val_0001.png": square(3, 15)})  # VOC: 3 bird, 15 person
    result = engine("evaluate", trained.project, "--masks", truth).result
    assert result["iou"]["bird"] == result["iou"]["background"] == 1.0


def test_masks_of_another_folder_match_by_stem_unless_that_is_ambiguous(tmp_path: Path) -> None:
    folder = masks(tmp_path, {"a/x.png": TRUTH, "b/x.png": TRUTH, "deep/er/y.png": TRUTH, "c/z.jpg.png": TRUTH})
    found = MaskFolder(folder)
    assert found.find("a/x.jpg") == folder / "a/x.png"
    assert found.find("images/y.jpg") == folder / "deep/er/y.png"
    assert found.find("c/z.jpg") == folder / "c/z.jpg.png"
    assert found.find("nothing.jpg") is None
    with pytest.raises(ReadError, match="several masks have its name"):
        found.find("x.jpg")


def test_one_mask_is_not_compared_with_two_images(engine: Engine, trained: Workplace) -> None:
    for name in ("cat", "dog"):
        (trained.root / "pets" / name).mkdir(parents=True)
        shutil.copy(trained.images / "train_0001.png", trained.root / "pets" / name / "1.png")
    with trained.open(write=True) as project:
        project.move_images(trained.root / "pets")
        project.images.add(["cat/1.png", "dog/1.png"])
        run = project.runs.latest()
        for image in ("cat/1.png", "dog/1.png"):
            project.maps.record(run.id, project.images.get(image).id, "masks", "x", "runs/fbr/masks/val_0001.png.png")
    truth = masks(trained.root / "t", {"1.png": square(1)}, "0 background\n1 bird\n")
    done = engine("evaluate", trained.project, "--masks", truth)
    assert done.result["images"] == 1
    assert done.skipped == ["dog/1.png"]
    assert "is the mask of cat/1.png too" in done.named("image_skipped")[0]["reason"]


def test_masks_that_cannot_be_compared_are_named(engine: Engine, trained: Workplace) -> None:
    truth = masks(trained.root / "t", {"val_0001.png": square(0), "val_0002.png": TRUTH}, "0 background\n1 bird\n")
    Image.new("RGB", (96, 96)).save(truth / "val_0003.png")
    (truth / "val_0004.png").write_bytes(b"no image")
    done = engine("evaluate", trained.project, "--masks", truth)
    assert done.result["images"] == 1
    reasons = {event["image"]: event["reason"] for event in done.named("image_skipped")}
    assert sorted(reasons) == ["val_0002.png", "val_0003.png", "val_0004.png"]
    assert "is 4 x 2 px, the image 96 x 96" in reasons["val_0002.png"]
    assert "RGB" in reasons["val_0003.png"]


def test_folders_without_what_is_needed(engine: Engine, trained: Workplace) -> None:
    (trained.root / "t").mkdir()
    assert "no such folder of masks" in engine("evaluate", trained.project, "--masks", trained.root / "u").error
    assert "holds no mask for any image" in engine("evaluate", trained.project, "--masks", trained.root / "t").error
    (trained.root / "t" / "classes.txt").write_text("0 background\n0 bird\n")
    assert "classes.txt" in engine("evaluate", trained.project, "--masks", trained.root / "t").error
