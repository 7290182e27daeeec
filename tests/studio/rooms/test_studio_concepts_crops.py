"""Crops of concepts: where they are cut, what is outlined, and that the next ones are there in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from planted import CAT, CAT_ID, concepts_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fbr_engine.stages.edit_concepts import merge
from fbr_studio.rooms.concepts.crop_grid import CropGrid
from fbr_studio.rooms.concepts.crop_picture import crop_picture, crop_square, needed_side, stretched
from fbr_studio.rooms.concepts.crops import CropStore
from fbr_studio.rooms.concepts.model import ConceptsModel


def plane_with(rows: slice, columns: slice, shape: tuple[int, int] = (10, 20)) -> np.ndarray:
    plane = np.zeros(shape, dtype=bool)
    plane[rows, columns] = True
    return plane


def test_a_crop_is_a_square_in_the_photo_around_the_largest_piece() -> None:
    plane = plane_with(slice(4, 7), slice(12, 15))
    plane[0, 0] = True
    left, top, side = crop_square(plane, (500, 1000))
    assert left >= 0
    assert top >= 0
    assert left + side <= 1000
    assert top + side <= 500
    assert left < 12 * 52
    assert left + side > 15 * 52


def test_a_small_piece_still_shows_its_surroundings() -> None:
    _, _, side = crop_square(plane_with(slice(5, 6), slice(5, 6)), (500, 1000))
    assert side == 200


def test_a_piece_as_wide_as_the_photo_is_cut_to_its_shorter_side() -> None:
    assert crop_square(plane_with(slice(5, 10), slice(0, 20)), (500, 1000))[2] == 500
    assert crop_square(np.zeros((10, 20), dtype=bool), (500, 1000)) == (250, 0, 500)


def test_corners_of_the_plane_lie_on_corners_of_the_photo() -> None:
    inside = stretched(plane_with(slice(0, 5), slice(0, 10)), (90, 190), (0, 0, 190, 90), (90, 190))
    assert inside[:38, :88].all()
    assert not inside[50:].any()
    assert not inside[:, 102:].any()


def test_pixels_of_the_concept_stay_and_the_rest_is_dimmed() -> None:
    photo = np.full((90, 190, 3), 200, np.uint8)
    picture = crop_picture(photo, (90, 190), plane_with(slice(0, 10), slice(0, 10)), (50, 0, 90), 90)
    assert picture.shape == (90, 90, 3)
    assert (picture[45, 20] == 200).all()
    assert (picture[45, 80] == 120).all()
    line = picture[45, :, 0]
    assert 255 in line
    assert 24 in line


def test_no_more_of_a_photo_is_decoded_than_the_crop_needs() -> None:
    assert needed_side((3000, 4000), (0, 0, 1000), 100) == 400
    assert needed_side((300, 400), (0, 0, 100), 200) == 400


def test_crops_are_kept_when_other_concepts_are_merged(qtbot: QtBot, model: ConceptsModel) -> None:
    assert model.data is not None
    store = CropStore.of(model)
    store.show_set(model.data.project, model.data.set)
    kept, *others = model.data.set.ids()
    crops = store.typical(kept, 3)
    store.want("test", crops, 50)
    qtbot.waitUntil(lambda: all(store.picture(crop, 50) is not None for crop in crops))
    store.show_set(model.data.project, merge(model.data.set, others[:2]))
    assert all(store.picture(crop, 50) is not None for crop in crops)


def test_what_is_no_longer_wanted_is_not_made(qtbot: QtBot, model: ConceptsModel) -> None:
    assert model.data is not None
    store = CropStore.of(model)
    store.show_set(model.data.project, model.data.set)
    crops = [crop for concept in model.data.set.ids() for crop in store.typical(concept, 4)]
    store.want("test", crops, 50)
    store.want("test", (), 50)
    qtbot.waitUntil(lambda: not any(task.busy for task in store._tasks))
    assert sum(store.picture(crop, 50) is not None for crop in crops) <= 4


def test_a_photo_that_is_gone_is_told(qtbot: QtBot, model: ConceptsModel) -> None:
    assert model.data is not None
    store = CropStore.of(model)
    store.show_set(model.data.project, model.data.set)
    crop = store.typical(model.data.set.ids()[0], 1)[0]
    path = model.data.project.image_path(model.data.project.images.by_ids([crop.image])[0].path)
    path.unlink()
    store.want("test", [crop], 50)
    qtbot.waitUntil(lambda: bool(store.reason(crop, 50)))
    assert store.picture(crop, 50) is None


def shown(qtbot: QtBot, model: ConceptsModel) -> CropGrid:
    grid = CropGrid(model, rows=2, columns=2)
    qtbot.addWidget(grid)
    grid.resize(200, 200)
    grid.show()
    return grid


def test_cells_are_named_after_their_images_and_open_them(qtbot: QtBot, model: ConceptsModel) -> None:
    assert model.data is not None
    grid = shown(qtbot, model)
    concept = concepts_of(model.data.set, CAT, CAT_ID)[0]
    grid.show_concept(concept)
    qtbot.waitUntil(lambda: grid.complete)
    cell = grid.cells[0]
    assert cell.crop is not None
    assert cell.accessibleName() == f"{cell.crop.image:04d}.jpg"
    with qtbot.waitSignal(grid.image_wanted) as heard:
        qtbot.mouseClick(cell, Qt.MouseButton.LeftButton)
    assert heard.args == [cell.crop.image]


def test_the_next_concept_shows_at_once(qtbot: QtBot, model: ConceptsModel) -> None:
    assert model.data is not None
    grid = shown(qtbot, model)
    first, second, *_ = model.data.set.ids()
    grid.show_concept(first)
    grid.prefetch([second])
    store, crops = CropStore.of(model), CropStore.of(model).typical(second, 4)
    qtbot.waitUntil(lambda: all(store.picture(crop, grid._device_side()) is not None for crop in crops))
    grid.show_concept(second)
    assert grid.complete


def test_a_concept_that_is_gone_leaves_an_empty_grid(qtbot: QtBot, model: ConceptsModel) -> None:
    assert model.data is not None
    grid = shown(qtbot, model)
    grid.show_concept(model.data.set.ids()[0])
    model.data = replace(model.data, facts={})
    model.loaded.emit()
    assert grid.concept is None
    assert not any(cell.isVisible() for cell in grid.cells)
