from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fbr_engine.formats.classes_txt import load_classes_txt
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.formats.tags_csv import load_tags_csv
from fbr_engine.scenes import BACKGROUND_NAMES, MASK_NAMES, load_background_names, write_scenes

SIDE = 96


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_images_truth_and_tags_agree(tmp_path: Path) -> None:
    paths = list(write_scenes(tmp_path, 6, 2, 0, SIDE))
    assert [p.name for p in paths[:2]] == ["train_0001.png", "train_0002.png"]
    assert len(paths) == 8
    table = load_tags_csv(tmp_path / "tags.csv")
    assert [row.split for row in table.rows] == ["train"] * 6 + ["val"] * 2
    for row in table.rows:
        image = np.asarray(Image.open(tmp_path / "images" / row.image))
        mask = load_indexed_png(tmp_path / "truth/masks" / row.image)
        background = load_indexed_png(tmp_path / "truth/backgrounds" / row.image)
        assert image.shape == (SIDE, SIDE, 3)
        assert {MASK_NAMES[v] for v in np.unique(mask) if v} == set(row.tags)
        assert ((background == 255) == (mask > 0)).all()


def test_names_of_values_lie_beside_the_truth(tmp_path: Path) -> None:
    list(write_scenes(tmp_path, 1, 0, 0, SIDE))
    assert load_classes_txt(tmp_path / "truth/masks/classes.txt") == MASK_NAMES
    assert load_background_names(tmp_path) == BACKGROUND_NAMES


def test_a_smaller_set_is_the_beginning_of_a_larger_one(tmp_path: Path) -> None:
    list(write_scenes(tmp_path / "small", 3, 1, 5, SIDE))
    list(write_scenes(tmp_path / "large", 6, 3, 5, SIDE))
    small, large = files(tmp_path / "small"), files(tmp_path / "large")
    assert all(large[name] == data for name, data in small.items() if name != "tags.csv")


def test_splits_do_not_repeat_each_other(tmp_path: Path) -> None:
    list(write_scenes(tmp_path, 3, 3, 0, SIDE))
    images = [data for name, data in files(tmp_path).items() if name.startswith("images/")]
    assert len(set(images)) == 6


def test_paths_are_yielded_as_they_are_written(tmp_path: Path) -> None:
    writer = write_scenes(tmp_path, 3, 0, 0, SIDE)
    first = next(writer)
    assert first.exists()
    assert not (tmp_path / "images/train_0002.png").exists()
    writer.close()
