"""Writes drawn scenes as a folder of images, with the truth kept apart."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import cv2
import numpy as np

from fbr_engine.formats.atomic import write_atomically
from fbr_engine.formats.classes_txt import load_classes_txt, save_classes_txt
from fbr_engine.formats.indexed_png import save_indexed_png
from fbr_engine.formats.tags_csv import TagRow, save_tags_csv
from fbr_engine.scenes.canvas import Image
from fbr_engine.scenes.names import BACKGROUND_NAMES, MASK_NAMES
from fbr_engine.scenes.scene import SIDE, Scene, draw_scene

IMAGES = Path("images")
MASKS = Path("truth/masks")
BACKGROUND_MAPS = Path("truth/backgrounds")
TAGS = Path("tags.csv")


def write_scenes(
    folder: Path, count_train: int, count_val: int, seed: int, side: int | tuple[int, int] = SIDE
) -> Generator[Path, None, None]:
    """Draw scenes into ``folder`` and yield the path of each image once it and its truth are written.

    Writes ``images/train_0001.png`` ..., ``images/val_0001.png`` ..., ``truth/masks/<stem>.png`` and
    ``truth/backgrounds/<stem>.png`` with a ``classes.txt`` each, and at the end ``tags.csv``, whose
    paths are relative to ``images``. Scenes of the validation split come from another seed, so that
    either split is the beginning of a larger one. Raises WriteError.
    """
    for part in (IMAGES, MASKS, BACKGROUND_MAPS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    save_classes_txt(folder / MASKS / "classes.txt", MASK_NAMES)
    save_classes_txt(folder / BACKGROUND_MAPS / "classes.txt", BACKGROUND_NAMES)
    rows: list[TagRow] = []
    for split, number, split_seed in _scene_list(count_train, count_val, seed):
        scene = draw_scene(split_seed, number, side)
        path = folder / IMAGES / f"{split}_{number + 1:04d}.png"
        _write_scene(folder, path, scene)
        rows.append(TagRow(path.name, split, scene.tags, len(rows) + 2))
        yield path
    save_tags_csv(folder / TAGS, rows)


def load_background_names(folder: Path) -> dict[int, str]:
    """Return value -> name of the background maps of a folder that ``write_scenes`` wrote. Raises ReadError."""
    return load_classes_txt(folder / BACKGROUND_MAPS / "classes.txt")


def _scene_list(count_train: int, count_val: int, seed: int) -> Iterator[tuple[str, int, int]]:
    for split, count, split_seed in (("train", count_train, 2 * seed), ("val", count_val, 2 * seed + 1)):
        for number in range(count):
            yield split, number, split_seed


def _write_scene(folder: Path, path: Path, scene: Scene) -> None:
    write_atomically(path, _png(scene.image))
    save_indexed_png(folder / MASKS / path.name, scene.mask)
    save_indexed_png(folder / BACKGROUND_MAPS / path.name, scene.background)


def _png(image: Image) -> bytes:
    """Return the image (H, W, 3) RGB as a PNG file."""
    _, data = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    return data.tobytes()
