"""Files that are broken, missing, or not what they should be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workplace import CAMS, TRAIN, Engine, Workplace

ONCE = (*TRAIN, "--method", "cam", "--epochs", "2")


def break_images(place: Workplace) -> list[str]:
    whole = (place.images / "train_0001.png").read_bytes()
    (place.images / "train_0001.png").write_bytes(whole[: len(whole) // 2])
    (place.images / "train_0003.png").write_bytes(b"")
    (place.images / "val_0001.png").write_text("this is no image")
    (place.images / "val_0002.png").unlink()
    return ["train_0001.png", "train_0003.png", "val_0001.png", "val_0002.png"]


def test_broken_images_are_skipped_and_named_by_every_stage(engine: Engine, drawn: Workplace) -> None:
    kept = {name: (drawn.images / name).read_bytes() for name in ("train_0001.png", "val_0001.png")}
    broken = break_images(drawn)
    train = engine("train", drawn.project, *ONCE)
    assert train.status == 0
    assert sorted(train.skipped) == broken  # once each, not once an epoch
    reasons = {event["image"]: event["reason"] for event in train.named("image_skipped")}
    assert "truncated" in reasons["train_0001.png"]
    assert "missing" in reasons["val_0002.png"]
    assert all(str(drawn.images / name) in reason for name, reason in reasons.items())
    for _ in range(2):
        cams = engine("cams", drawn.project, *CAMS)
        assert sorted(cams.skipped) == broken
        assert (cams.result["images"], cams.result["skipped"]) == (6, 4)
        masks = engine("masks", drawn.project)
        assert sorted(masks.skipped) == broken
        assert masks.result["images"] == 6
        assert not any("have no CAMs" in note["message"] for note in masks.named("notice"))
    assert engine("info", drawn.project).result["problems"] == 4
    export = engine("export", drawn.project, "--out", drawn.root / "o", "--copy-images")
    assert sorted(export.skipped) == broken
    assert (export.result["images"], export.result["broken"]) == (6, 4)
    for name, content in kept.items():
        (drawn.images / name).write_bytes(content)
    assert engine("cams", drawn.project, *CAMS).result["computed"] == 2
    assert engine("masks", drawn.project).result["images"] == 8
    assert engine("info", drawn.project).result["problems"] == 2


def test_all_images_broken(engine: Engine, trained: Workplace) -> None:
    for path in trained.images.iterdir():
        path.write_bytes(b"no image")
    done = engine("train", trained.project, *ONCE)
    assert "none of the tagged images can be read" in done.error
    assert len(done.skipped) == 10
    done = engine("cams", trained.project, "--run", "fbr", "--scales", "0.5", "--device", "cpu")
    assert "none of the images can be read" in done.error
    assert len(done.skipped) == 10


def test_all_images_broken_before_anyone_looked(engine: Engine, trained: Workplace) -> None:
    for path in trained.images.iterdir():
        path.write_bytes(b"no image")
    done = engine("cams", trained.project, "--scales", "0.5", "--device", "cpu")
    assert "none of the images can be read" in done.error
    assert len(done.skipped) == 10


def test_an_image_broken_behind_its_cams_is_no_end_of_refinement(engine: Engine, trained: Workplace) -> None:
    (trained.images / "val_0001.png").write_bytes(b"no image")
    done = engine("masks", trained.project, "--refine", "pamr", "--device", "cpu")
    assert done.skipped == ["val_0001.png"]
    assert (done.result["computed"], done.result["skipped"]) == (9, 1)


def test_broken_cams_are_named(engine: Engine, trained: Workplace) -> None:
    path = trained.project / "runs/fbr/cams/val_0001.png.npz"
    path.write_bytes(path.read_bytes()[:50])
    done = engine("masks", trained.project, "--threshold", "0.6")
    assert done.skipped == ["val_0001.png"]
    assert done.result["computed"] == 9


def test_removed_results_are_made_again(engine: Engine, trained: Workplace) -> None:
    shutil.rmtree(trained.project / "runs/fbr/masks")
    assert engine("masks", trained.project).result["computed"] == 10
    (trained.project / "runs/fbr/cams/val_0001.png.npz").unlink()
    assert engine("cams", trained.project, *CAMS).result["computed"] == 1


def test_a_vanished_image_folder(engine: Engine, trained: Workplace) -> None:
    trained.images.rename(trained.root / "elsewhere")
    for arguments in (
        ("train", *ONCE),
        ("cams", "--run", "fbr", "--scales", "0.5", "--device", "cpu"),
        ("masks", "--run", "fbr", "--refine", "pamr", "--device", "cpu"),
    ):
        assert "is gone: put it back there" in engine(arguments[0], trained.project, *arguments[1:]).error
    assert engine("info", trained.project).result["problems"] == 0
    assert engine("masks", trained.project, "--run", "fbr").status == 0


def test_a_broken_checkpoint(engine: Engine, trained: Workplace) -> None:
    path = trained.project / "runs" / "fbr" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert f"{path}: the checkpoint is broken" in engine("cams", trained.project, *CAMS).error
    path.unlink()
    assert "run fbr has no checkpoint: train it first" in engine("cams", trained.project, *CAMS).error


@pytest.mark.parametrize("content", [None, "", "no images here"])
def test_an_empty_folder(engine: Engine, tmp_path: Path, content: str | None) -> None:
    (tmp_path / "images").mkdir()
    if content is not None:
        (tmp_path / "images" / "readme.txt").write_text(content)
    error = engine("new", tmp_path / "p", "--images", tmp_path / "images").error
    assert str(tmp_path / "images") in error
    assert "jpg" in error
    assert not (tmp_path / "p").exists()


def test_no_folder(engine: Engine, tmp_path: Path) -> None:
    assert "is no folder" in engine("new", tmp_path / "p", "--images", tmp_path / "none").error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "zero byte"),
        (b"file;labels\na.png;cat\n", "has no column image and tags"),
        (b"image,tags\n/etc/passwd,cat\n", "is no path inside the image folder"),
        (b"image,tags\n../a.png,cat\n", "is no path inside the image folder"),
        (b"image,tags\n", "lists no images"),
        (b"image,tags\nnone.png,cat\n", "none of the 1 listed images is in"),
        ("image,tags\ntrain_0001.png,caf\u00e9\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_tags_file_that_is_none(engine: Engine, drawn: Workplace, content: bytes, said: str) -> None:
    tags = drawn.root / "t.csv"
    tags.write_bytes(content)
    assert said in engine("new", drawn.root / "q", "--images", drawn.images, "--tags", tags).error
    assert not (drawn.root / "q").exists()


def test_a_tags_file_naming_missing_files(engine: Engine, drawn: Workplace) -> None:
    tags = drawn.root / "t.csv"
    tags.write_text("image,tags\ntrain_0001.png,red boat;bird\ngone.png,bird\ntrain_0002.png,\n")
    done = engine("new", drawn.root / "q", "--images", drawn.images, "--tags", tags)
    assert done.result["missing"] == ["gone.png"]
    assert (done.result["images"], done.result["unlisted"]) == (2, 8)
    assert done.result["classes"] == {"bird": 1, "red boat": 1}
    messages = [note["message"] for note in done.named("notice")]
    assert any("listed but not there (1): gone.png" in message for message in messages)
    assert any("not listed, so left out: 8" in message for message in messages)


def test_folders_named_by_class(engine: Engine, drawn: Workplace) -> None:
    for number, name in enumerate(["cat", "cat", "dog", "dog", "."]):
        (drawn.root / "pets" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(drawn.images / f"train_000{number + 1}.png", drawn.root / "pets" / name)
    done = engine("new", drawn.root / "q", "--images", drawn.root / "pets")
    assert done.result["classes"] == {"cat": 2, "dog": 2}
    assert (done.result["images"], done.result["tagged"]) == (5, 4)
    result = engine("train", drawn.root / "q", *TRAIN, "--epochs", "1", "--method", "cam").result
    assert result["images"] == 4


def test_images_without_any_tags(engine: Engine, drawn: Workplace) -> None:
    assert engine("new", drawn.root / "q", "--images", drawn.images).result["tagged"] == 0
    assert "no class to learn; make the project anew with --tags FILE" in engine("train", drawn.root / "q", *ONCE).error


def test_only_empty_images(engine: Engine, drawn: Workplace) -> None:
    tags = drawn.root / "t.csv"
    tags.write_text("image,split,tags\ntrain_0001.png,a,bird\ntrain_0002.png,b,\n")
    engine("new", drawn.root / "q", "--images", drawn.images, "--tags", tags)
    error = engine("train", drawn.root / "q", *ONCE, "--split", "b").error
    assert "no tagged image shows any of the classes" in error


def test_classes_that_can_hardly_be_learnt_are_named(engine: Engine, drawn: Workplace) -> None:
    tags = drawn.root / "t.csv"
    rows = [f"train_000{i}.png,all{';one' if i == 1 else ''}" for i in range(1, 5)]
    tags.write_text("image,tags\n" + "\n".join(rows) + "\n")
    engine("new", drawn.root / "q", "--images", drawn.images, "--tags", tags)
    done = engine("train", drawn.root / "q", *ONCE)
    messages = [note["message"] for note in done.named("notice")]
    assert any("class all is in every image" in message for message in messages)
    assert any("class one has 1 tagged image" in message for message in messages)
    assert done.result["steps"] == 4


def test_fewer_images_than_a_batch(engine: Engine, drawn: Workplace) -> None:
    tags = drawn.root / "t.csv"
    tags.write_text("image,tags\ntrain_0001.png,boat\n")
    engine("new", drawn.root / "q", "--images", drawn.images, "--tags", tags)
    for method in ("cam", "fbr"):
        done = engine("train", drawn.root / "q", *TRAIN, "--method", method, "--epochs", "1", "--batch", "16")
        assert done.result["steps"] == 1
        assert done.named("progress")[-1]["done"] == done.named("progress")[-1]["total"] == 1


def test_a_network_that_is_not_there(engine: Engine, drawn: Workplace) -> None:
    weights = drawn.root / "w.pth"
    arguments = ("train", drawn.project, *ONCE, "--weights", weights)
    assert f"{weights}: no such weights file" in engine(*arguments).error
    weights.write_bytes(b"not weights")
    assert f"{weights}: not a readable weights file" in engine(*arguments).error
    assert "no ImageNet weights for the backbone tiny" in engine(*arguments[:-1], "imagenet").error
    assert engine("info", drawn.project).result["runs"] == []


def test_odd_names_survive_the_whole_path(engine: Engine, drawn: Workplace) -> None:
    names = [
        "a b.png",
        "50% off.png",
        "\u00e9\u4e2d.png",
        "--json.png",
        "back\\slash.png",
        b"\xff\xfe.png".decode("utf-8", "surrogateescape"),
    ]
    (drawn.root / "pets" / "cat").mkdir(parents=True)
    for name in names:
        shutil.copy(drawn.images / "train_0001.png", drawn.root / "pets" / "cat" / name)
    project = drawn.root / "q"
    assert engine("new", project, "--images", drawn.root / "pets").result["images"] == len(names)
    assert engine("train", project, *TRAIN, "--epochs", "1", "--method", "cam").status == 0
    assert engine("cams", project, *CAMS).result["images"] == len(names)
    assert engine("masks", project).result["images"] == len(names)
    assert engine("evaluate", project, "--masks", project / "runs/cam/masks").result["miou"] == 1.0
    done = engine("export", project, "--out", drawn.root / "o", "--copy-images")
    assert done.result["images"] == len(names)
    assert sorted(path.name for path in (drawn.root / "o/images/cat").iterdir()) == sorted(names)
