"""The whole path on real photographs with ImageNet features; skipped where they are absent."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from fbr_engine.__main__ import main

SHARED = Path(__file__).resolve().parents[3] / "shared"
PHOTOS = SHARED / "data" / "voc_animals"
WEIGHTS = SHARED / "weights" / "mobilenet_v2.pth"
CLASSES = ["cat", "cow", "dog", "horse", "sheep", "person"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not (PHOTOS.is_dir() and WEIGHTS.is_file()), reason="the photos or weights are not here"),
]


def few_tags(folder: Path) -> Path:
    """Write the tags of 72 train and 24 val photos from all over the table."""
    with (PHOTOS / "tags.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = [r for r in rows if r["split"] == "train"][::13][:72] + [r for r in rows if r["split"] == "val"][::9][:24]
    target = folder / "tags.csv"
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["image", "split", "tags"])
        writer.writeheader()
        writer.writerows(kept)
    return target


@pytest.mark.parametrize("method", ["cam", "fbr"])
def test_from_tagged_photos_to_a_coco_dataset(method: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> dict[str, object]:
        assert main([*arguments, "--json"]) == 0
        last: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return last

    project = str(tmp_path / "project")
    made = run(
        "new", project, "--images", str(PHOTOS), "--tags", str(few_tags(tmp_path)), "--classes", ",".join(CLASSES)
    )
    assert made["images"] == 96
    assert made["unlisted"] == 2 * 1163 - 96, "the masks lie beside the photos"
    # So few photos need more steps at a higher rate than the defaults, which are for a thousand.
    fast = ("--epochs", "6", "--batch", "8", "--lr-encoder", "3e-4", "--lr-head", "3e-3")
    run("train", project, "--method", method, "--weights", str(WEIGHTS), "--split", "train", *fast)
    run("cams", project, "--scales", "1")
    plain = run("masks", project)
    figures = run("evaluate", project, "--masks", str(PHOTOS / "SegmentationClass"))
    assert set(figures["iou"]) == {"background", *CLASSES}  # type: ignore[call-overload]
    assert figures["images"] == 96
    refined = run("masks", project, "--refine", "pamr")
    assert refined["threshold"] == plain["threshold"]
    better = run("evaluate", project, "--masks", str(PHOTOS / "SegmentationClass"))
    # Measured: 0.38. All background is 0.10: a broken step in between falls through the bar.
    assert figures["miou"] > 0.25  # type: ignore[operator]
    assert better["miou"] > 0.25  # type: ignore[operator]
    run("export", project, "--format", "coco", "--out", str(tmp_path / "coco"))
    check_with_pycocotools(tmp_path / "coco" / "annotations" / "instances_val.json")


def check_with_pycocotools(file: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco").COCO(str(file))
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == CLASSES
    assert len(coco.getImgIds()) == 24
    annotations = coco.loadAnns(coco.getAnnIds())
    assert annotations
    assert all(coco.annToMask(a).sum() == a["area"] for a in annotations)
    assert all((PHOTOS / image["file_name"]).is_file() for image in coco.loadImgs(coco.getImgIds()))
