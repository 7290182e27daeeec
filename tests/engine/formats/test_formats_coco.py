from __future__ import annotations

import contextlib
import gc
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from fbr_engine.errors import ReadError, WriteError
from fbr_engine.formats.coco import CocoCounts, CocoWriter, load_coco, save_coco

CATEGORIES = ("boat", "train", "sheep")
Mask = NDArray[np.uint8]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def example() -> Mask:
    mask = np.zeros((12, 16), np.uint8)
    mask[1:4, 2:7] = 2
    mask[5:10, 1:6] = 1
    mask[7, 3] = 0
    mask[4, 7] = 2
    mask[0, 15] = 2
    mask[11, :] = 255
    return mask


def noise(seed: int, height: int = 90, width: int = 120) -> Mask:
    field = np.random.default_rng(seed).standard_normal((height, width, 4)).astype(np.float32)
    return cv2.GaussianBlur(field, (0, 0), 4).argmax(axis=2).astype(np.uint8)


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_the_file_follows_the_conventions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with CocoWriter(path, CATEGORIES, info={"description": "drawn"}) as writer:
        assert writer.add_image("sub/a.png", example()) == 3
        assert writer.add_image("b.png", np.zeros((5, 4), np.uint8)) == 0
        assert not path.exists()
    content = read_json(path)
    assert content["info"] == {"description": "drawn", "version": "1.0"}
    assert content["licenses"] == []
    assert [(c["id"], c["name"]) for c in content["categories"]] == [(1, "boat"), (2, "train"), (3, "sheep")]
    assert content["images"] == [
        {"id": 1, "file_name": "sub/a.png", "width": 16, "height": 12},
        {"id": 2, "file_name": "b.png", "width": 4, "height": 5},
    ]
    boat, corner, train = content["annotations"]
    assert [a["id"] for a in (boat, corner, train)] == [1, 2, 3]
    assert (boat["category_id"], boat["area"], boat["bbox"]) == (1, 24, [1, 5, 5, 5])
    assert (boat["image_id"], boat["iscrowd"]) == (1, 0)
    assert boat["segmentation"]["size"] == [12, 16]
    assert (corner["area"], corner["bbox"]) == (1, [15, 0, 1, 1])
    assert corner["segmentation"] == [[15, 0, 16, 0, 16, 1, 15, 1]]
    assert (train["category_id"], train["area"], train["bbox"]) == (2, 16, [2, 1, 6, 4])
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_masks_come_back(tmp_path: Path) -> None:
    masks = {f"{seed}.png": noise(seed) for seed in range(4)} | {"empty.png": np.zeros((3, 3), np.uint8)}
    counts = save_coco(tmp_path / "a.json", CATEGORIES, masks)
    dataset = load_coco(tmp_path / "a.json")
    assert dataset.categories == CATEGORIES
    assert [image.file_name for image in dataset.images] == list(masks)
    for image in dataset.images:
        assert image.mask.shape == (image.height, image.width)
        np.testing.assert_array_equal(image.mask, masks[image.file_name])
    annotations = read_json(tmp_path / "a.json")["annotations"]
    assert counts.images == 5
    assert counts.empty_images == 1
    assert sum(counts.annotations.values()) == len(annotations)
    assert {type(a["segmentation"]) for a in annotations} == {list, dict}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements={"max_value": 3}))
def test_any_mask_comes_back(tmp_path: Path, mask: Mask) -> None:
    save_coco(tmp_path / "a.json", CATEGORIES, {"a.png": mask})
    np.testing.assert_array_equal(load_coco(tmp_path / "a.json").images[0].mask, mask)


def test_pycocotools_sees_the_same_pixels(tmp_path: Path) -> None:
    module = pytest.importorskip("pycocotools.coco")
    mask = noise(7)
    save_coco(tmp_path / "a.json", CATEGORIES, {"a.png": mask})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = module.COCO(str(tmp_path / "a.json"))
    drawn = np.zeros_like(mask)
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[1])):
        pixels = coco.annToMask(annotation).astype(bool)
        assert not drawn[pixels].any()
        assert pixels.sum() == annotation["area"]
        rows, columns = np.nonzero(pixels)
        left, top = columns.min(), rows.min()
        assert annotation["bbox"] == [left, top, columns.max() - left + 1, rows.max() - top + 1]
        drawn[pixels] = annotation["category_id"]
    np.testing.assert_array_equal(drawn, mask)


def test_small_objects_are_left_out_and_counted(tmp_path: Path) -> None:
    with CocoWriter(tmp_path / "a.json", CATEGORIES, min_area=17) as writer:
        assert writer.add_image("a.png", example()) == 1
        assert writer.add_image("b.png", (example() == 2) * np.uint8(2)) == 0
    assert writer.counts == CocoCounts(2, 1, {"boat": 1, "train": 0, "sheep": 0}, 4, 34)


def test_no_images_and_no_objects_are_valid_files(tmp_path: Path) -> None:
    assert save_coco(tmp_path / "a.json", CATEGORIES, {}).images == 0
    assert load_coco(tmp_path / "a.json").images == []


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("a.png", np.zeros((2, 2), np.uint8)),
        ("", np.zeros((2, 2), np.uint8)),
        ("/b.png", np.zeros((2, 2), np.uint8)),
        ("../b.png", np.zeros((2, 2), np.uint8)),
        ("b.png", np.full((2, 2), 4, np.uint8)),
        ("b.png", np.full((2, 2), 254, np.uint8)),
        ("b.png", np.zeros((2, 2), np.int64)),
        ("b.png", np.zeros((0, 2), np.uint8)),
    ],
)
def test_a_refused_image_leaves_the_rest_valid(tmp_path: Path, name: str, mask: Mask) -> None:
    with CocoWriter(tmp_path / "a.json", CATEGORIES) as writer:
        writer.add_image("a.png", example())
        with pytest.raises(ValueError, match=r"."):
            writer.add_image(name, mask)
    assert len(load_coco(tmp_path / "a.json").images) == 1


@pytest.mark.parametrize("categories", [("a", "a"), ("",), tuple(map(str, range(255)))])
def test_categories_are_checked(tmp_path: Path, categories: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="unique"):
        CocoWriter(tmp_path / "a.json", categories)


def test_an_interrupted_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def export() -> None:
        with CocoWriter(path, CATEGORIES) as writer:
            writer.add_image("a.png", example())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(ValueError, match="not open"):
        CocoWriter(path, CATEGORIES).add_image("a.png", example())


def test_a_missing_folder_is_a_write_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="folder does not exist"):
        save_coco(tmp_path / "none" / "a.json", CATEGORIES, {})


def test_memory_does_not_grow_with_annotations(tmp_path: Path) -> None:
    mask = noise(3, 40, 40)
    with CocoWriter(tmp_path / "a.json", CATEGORIES) as writer:
        writer.add_image("first.png", mask)
        tracemalloc.start()
        for number in range(200):
            writer.add_image(f"{number:06}.png", mask)
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (tmp_path / "a.json").stat().st_size > 200_000
    assert grown < 100_000


def dataset(**changes: Any) -> dict[str, Any]:
    square = [[1, 1, 4, 1, 4, 4, 1, 4]]
    annotation = {"id": 1, "image_id": 9, "category_id": 44, "segmentation": square, "iscrowd": 0}
    return {
        "images": [{"id": 9, "file_name": "a.png", "height": 6, "width": 6}],
        "annotations": [annotation | changes],
        "categories": [{"id": 90, "name": "cat"}, {"id": 44, "name": "dog"}],
    }


def load(folder: Path, content: Any) -> Mask:
    (folder / "a.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return load_coco(folder / "a.json").images[0].mask


def test_foreign_files(tmp_path: Path) -> None:
    assert load(tmp_path, dataset()).sum() == 9 * 2
    parts = [[0, 0, 1, 0, 1, 1, 0, 1], [2, 2, 3, 2, 3, 3, 2, 3]]
    np.testing.assert_array_equal(np.flatnonzero(load(tmp_path, dataset(segmentation=parts))), [0, 14])
    assert not load(tmp_path, dataset(segmentation=[])).any()
    crowd = {"size": [6, 6], "counts": [0, 36]}
    assert (load(tmp_path, dataset(segmentation=crowd, iscrowd=1)) == 255).all()
    both = dataset()
    both["annotations"].append(both["annotations"][0] | {"id": 2, "segmentation": crowd, "iscrowd": 1})
    assert np.unique(load(tmp_path, both)).tolist() == [2, 255]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no valid JSON"),
        ('{"images": [', "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        ("[]", "no COCO dataset"),
        ("{}", "no list 'categories'"),
        (dataset() | {"images": [3]}, "entry 0 of 'images'"),
        (
            dataset() | {"images": [{"id": 9, "file_name": "a", "height": "6", "width": 6}]},
            "height and width",
        ),
        (dataset() | {"images": [{"id": 9, "file_name": "a", "height": 10**9, "width": 10**9}]}, "too many"),
        (dataset() | {"images": [{"id": 9, "height": 6, "width": 6}]}, "image 9 has no file_name"),
        (dataset() | {"categories": [{"id": 1}, {"id": 1}]}, "comes twice"),
        (dataset() | {"categories": [{"id": i, "name": str(i)} for i in range(300)]}, "300 categories"),
        (dataset(image_id=8), "annotation 1 has the image_id 8"),
        (dataset(category_id=[]), "annotation 1 has the category_id []"),
        (dataset(segmentation=None), "only a box"),
        (dataset(segmentation=[[1, 2]]), "annotation 1: a polygon"),
        (dataset(segmentation=[3]), "annotation 1: a polygon"),
        (dataset(segmentation=[{}]), "annotation 1"),
        (dataset(segmentation=[["x"] * 6]), "annotation 1"),
        (dataset(segmentation=[[10**400] * 6]), "annotation 1"),
        (dataset(segmentation={"counts": "x"}), "annotation 1"),
        (dataset(segmentation={"size": 3, "counts": "x"}), "annotation 1"),
        (dataset(segmentation={"size": [5, 6], "counts": "x"}), "its size is [5, 6]"),
        (dataset(segmentation={"size": [6, 6], "counts": "x"}), "annotation 1"),
        (dataset(segmentation={"size": [6, 6], "counts": None}), "annotation 1"),
        (dataset(segmentation={"size": [6, 6], "counts": [10**30]}), "annotation 1"),
    ],
)
def test_errors_name_the_file_and_the_place(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(ReadError) as caught:
        load(tmp_path, content)
    assert words in str(caught.value)
    assert str(tmp_path / "a.json") in str(caught.value)
    assert "\n" not in str(caught.value)
