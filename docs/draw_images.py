"""Draws the pictures of README and docs from a finished demo: python docs/draw_images.py fbr-demo.

Only drawn scenes are shown, never photographs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.project import Project
from fbr_engine.scenes import IMAGES, MASKS
from fbr_engine.stages.shown_masks import shown_mask
from fbr_engine.stages.stored_cams import cam_record

Pixels = npt.NDArray[np.uint8]

OUT = Path(__file__).parent / "images"
GAP = 6
TITLES = ("scene", "CAM", "CAM with FBR", "mask with FBR", "truth")
# Okabe and Ito's colours, one per pixel id.
COLOURS = np.array([(0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66)], dtype=np.uint8)


def main(demo: Path) -> None:
    """Write ``docs/images/demo.png``: one scene of each class a row."""
    with Project.open(demo / "project") as project:
        rows = [draw_row(project, demo, name) for name in pick(project)]
    sheet = np.concatenate([captions(rows[0].shape[1]), *rows])
    OUT.mkdir(exist_ok=True)
    cv2.imwrite(str(OUT / "demo.png"), sheet[..., ::-1])


def pick(project: Project) -> list[str]:
    """Return the first val scene of each class that shows this class alone."""
    chosen: dict[int, str] = {}
    for image in project.images.iter("val"):
        present = [c for c, value in project.tags.of(image.id).items() if value == 1]
        if len(present) == 1:
            chosen.setdefault(present[0], image.path)
    return [chosen[c] for c in sorted(chosen)]


def draw_row(project: Project, demo: Path, name: str) -> Pixels:
    """Return one row of pictures."""
    image = project.images.get(name)
    scene = cv2.imread(str(demo / "scenes" / IMAGES / name))[..., ::-1]
    shown = shown_mask(project, project.runs.get("fbr"), image)
    mask = shown.read() if shown else np.zeros(scene.shape[:2], np.uint8)
    truth = load_indexed_png(demo / "scenes" / MASKS / name)
    ids = {c.name: c.id for c in project.classes.all()}
    table = np.array([0, ids["boat"], ids["train"], ids["sheep"], ids["bird"]], dtype=np.uint8)
    cells = [scene, draw_cam(project, "cam", name, scene), draw_cam(project, "fbr", name, scene)]
    cells += [draw_mask(mask, scene), draw_mask(table[truth], scene)]
    return beside(cells)


def draw_cam(project: Project, run: str, name: str, scene: Pixels) -> Pixels:
    """Lay the CAM over the scene, its opacity rising with its value."""
    record = cam_record(project, project.runs.get(run), project.images.get(name))
    if record is None:
        return scene
    score = record.read().scores(scene.shape[:2]).max(axis=0)
    heat = cv2.applyColorMap((score * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    alpha = (0.85 * score)[..., None]
    return (scene * (1 - alpha) + heat * alpha).astype(np.uint8)


def draw_mask(mask: Pixels, scene: Pixels) -> Pixels:
    """Fill the mask at 55 % and outline it."""
    grey = scene.mean(axis=2, keepdims=True).repeat(3, axis=2) * 0.55 + 90
    fill = np.where(mask[..., None] > 0, 0.4 * grey + 0.6 * COLOURS[mask % len(COLOURS)], grey).astype(np.uint8)
    edge = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0
    fill[edge] = 255
    return fill


def beside(cells: list[Pixels]) -> Pixels:
    """Return the cells in a row on white, with a gap below."""
    height = cells[0].shape[0]
    gap = np.full((height, GAP, 3), 255, dtype=np.uint8)
    row = np.concatenate([part for cell in cells for part in (cell, gap)][:-1], axis=1)
    return np.concatenate([row, np.full((GAP, row.shape[1], 3), 255, dtype=np.uint8)])


def captions(width: int) -> Pixels:
    """Return a strip with the titles."""
    strip = np.full((26, width, 3), 255, dtype=np.uint8)
    step = (width + GAP) / len(TITLES)
    for index, title in enumerate(TITLES):
        place = (round(index * step) + 4, 18)
        cv2.putText(strip, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.48, (60, 60, 60), 1, cv2.LINE_AA)
    return strip


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/draw_images.py DEMO_FOLDER")
    main(Path(sys.argv[1]))
