"""The map: dots are chosen by click, picked by a line drawn around them, and reached by keys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from planted import DOG_ID
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from fbr_studio.rooms.concepts.concept_map import ConceptMap
from fbr_studio.rooms.concepts.map_points import LARGEST, SMALLEST, diameters, inside, towards
from fbr_studio.rooms.concepts.model import ConceptsModel

PLACES = np.array([(0.0, 0.0), (1.0, 0.0), (0.4, 0.9), (-1.0, 0.0)])


def test_a_line_holds_what_lies_inside() -> None:
    line = np.array([(-0.5, -0.5), (1.5, -0.5), (1.5, 0.5), (-0.5, 0.5)])
    assert inside(line, PLACES).tolist() == [True, True, False, False]
    assert not inside(line[:2], PLACES).any()


def test_arrows_go_to_the_dot_in_their_direction() -> None:
    assert towards(PLACES, 0, (1.0, 0.0)) == 1
    assert towards(PLACES, 0, (0.0, 1.0)) == 2
    assert towards(PLACES, 3, (-1.0, 0.0)) == 3


def test_areas_of_dots_follow_pixels() -> None:
    large, half, tiny = diameters([10_000, 2_500, 1])
    assert large == LARGEST
    assert half == LARGEST / 2
    assert tiny == SMALLEST


@pytest.fixture
def map_(qtbot: QtBot, model: ConceptsModel) -> Iterator[ConceptMap]:
    made = ConceptMap(model)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    qtbot.waitUntil(lambda: bool(made.ids))
    yield made
    made.close_down()


def test_every_concept_is_a_dot(map_: ConceptMap, model: ConceptsModel) -> None:
    assert set(map_.ids) == set(model.facts)
    assert len(map_._dots.points()) == len(model.facts)
    assert "cat" in map_.legend.accessibleName()


def test_a_line_drawn_around_dots_picks_them(qtbot: QtBot, map_: ConceptMap, model: ConceptsModel) -> None:
    port = map_._plot.viewport()
    corners = [QPoint(2, 2), QPoint(port.width() - 3, 2), QPoint(port.width() - 3, port.height() - 3)]
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=corners[0])
    for corner in [*corners[1:], QPoint(2, port.height() - 3), QPoint(3, 30)]:
        qtbot.mouseMove(port, corner)
        qtbot.wait(20)
    with qtbot.waitSignal(map_.picked) as heard:
        qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(3, 30))
    assert set(heard.args[0]) == set(model.facts)
    with qtbot.waitSignal(map_.board_wanted):
        qtbot.mouseClick(map_.board_button, Qt.MouseButton.LeftButton)


def test_a_dot_is_chosen_by_click(qtbot: QtBot, map_: ConceptMap) -> None:
    concept = map_.ids[0]
    place = map_._pixel_of(concept)
    with qtbot.waitSignal(map_.concept_chosen) as heard:
        qtbot.mouseClick(map_._plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard.args[0] in map_.ids


def test_pointing_at_a_dot_shows_its_crops(qtbot: QtBot, map_: ConceptMap) -> None:
    port = map_._plot.viewport()
    qtbot.mouseMove(port, QPoint(4, 4))
    qtbot.wait(30)
    qtbot.mouseMove(port, map_._pixel_of(map_.ids[1]))
    qtbot.waitUntil(lambda: map_.pointed is not None)
    assert map_.card.isVisible()
    qtbot.waitUntil(lambda: map_.card.crops.complete)
    qtbot.mouseMove(port, QPoint(4, 4))
    qtbot.waitUntil(lambda: map_.pointed is None)
    assert not map_.card.isVisible()


def test_keys_walk_over_the_map_pick_and_choose(qtbot: QtBot, map_: ConceptMap, model: ConceptsModel) -> None:
    qtbot.keyClick(map_._plot, Qt.Key.Key_Right)
    assert map_.pointed == map_.ids[0]
    assert map_.card.isVisible()
    assert map_.card.name.text == model.concept_name(map_.ids[0])
    with qtbot.waitSignal(map_.concept_chosen):
        qtbot.keyClick(map_._plot, Qt.Key.Key_Return)
    qtbot.keyClick(map_._plot, Qt.Key.Key_Space)
    assert map_.selection == [map_.ids[0]]
    qtbot.keyClick(map_._plot, Qt.Key.Key_Escape)
    assert map_.selection == []
    assert not map_.card.isVisible()


def test_what_is_picked_is_merged(qtbot: QtBot, map_: ConceptMap, model: ConceptsModel) -> None:
    before = len(model.facts)
    dogs = [concept for concept in map_.ids if model.facts[concept].family == DOG_ID]
    map_.select(map_.ids)
    assert not map_.merge_button.isEnabled()
    map_.select(dogs[:2])
    with qtbot.waitSignal(model.loaded, timeout=10_000):
        qtbot.mouseClick(map_.merge_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(map_.ids) == before - 1)
    assert map_.selection == []
