"""The board: order and filters, names in place, merge and split, one concept on its full images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from planted import CAT, CAT_ID, DOG, DOG_ID, GRASS, concepts_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from fbr_engine.concepts.facts import Concept
from fbr_studio.rooms.concepts.board import ConceptBoard
from fbr_studio.rooms.concepts.concept_order import Wanted, leading_class, matters, ordered, suspicion_of
from fbr_studio.rooms.concepts.concept_words import sentence, shares_line
from fbr_studio.rooms.concepts.model import ConceptsModel

FACTS = {
    1: Concept(1, 7, 1, 90, 30, {7: 0.3}, {7: 30}, {7: 0}, 0.9, 0.8, {7: 0.2}, 5.0),
    2: Concept(2, 7, 1, 50, 10, {7: 0.1}, {7: 10}, {7: 1}, 0.7, 0.3, {7: 0.9}, 9.0),
    3: Concept(3, 0, 1, 900, 70, {7: 0.001, 8: 0.0}, {7: 10}, {7: 60}, 0.9, 0.1, {7: 1.0}, 1.0),
}
NAMES = {1: "sheep 10", 2: "sheep 9", 3: "grass"}


def order(sort: str, wanted: Wanted | None = None, judged: tuple[int, ...] = ()) -> list[int]:
    return ordered(FACTS, lambda concept: NAMES[concept], judged, wanted or Wanted(), sort)  # type: ignore[arg-type]


def test_orders() -> None:
    assert order("gain") == [2, 1, 3]
    assert order("share") == [1, 2, 3]
    assert order("images") == [3, 1, 2]
    assert order("name") == [3, 2, 1]


def test_background_that_nothing_lies_on_is_suspicious_last() -> None:
    assert order("suspicion") == [2, 1, 3]
    assert not matters(FACTS[3])
    assert leading_class(FACTS[3]) == 7
    assert suspicion_of(FACTS[3]) == 1.0


def test_filters() -> None:
    assert order("gain", Wanted(family=0)) == [3]
    assert order("gain", Wanted(judged="open"), (2,)) == [1, 3]
    assert order("gain", Wanted(judged="judged"), (2,)) == [2]
    assert order("gain", Wanted(text="9 SHEEP")) == [2]
    assert order("gain", Wanted(only=frozenset([1, 3]))) == [1, 3]


@pytest.fixture
def board(qtbot: QtBot, model: ConceptsModel) -> Iterator[ConceptBoard]:
    made = ConceptBoard(model)
    qtbot.addWidget(made)
    made.resize(680, 500)
    made.show()
    yield made
    made.close_down()


def choose(board: ConceptBoard, *concepts: int) -> None:
    board.select(concepts)
    board.cards.setFocus()


def test_a_card_says_all_of_its_concept(board: ConceptBoard, model: ConceptsModel) -> None:
    assert model.data is not None
    grass = concepts_of(model.data.set, GRASS, DOG_ID)[0]
    words = sentence(model, model.facts[grass])
    assert "activation of dog" in words
    assert "not judged yet" in words
    assert "of dog" in shares_line(model, model.facts[grass])
    index = board.list.index(board.list.ids.index(grass))
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == words


def test_crops_of_the_cards_in_sight_are_made(qtbot: QtBot, board: ConceptBoard) -> None:
    side = board.cards.card.crop_side
    first = board._store.typical(board.list.ids[0], 4)
    qtbot.waitUntil(lambda: all(board._store.picture(crop, side) is not None for crop in first))
    assert len(board._store._wants[board.cards][0]) <= 4 * len(board.list.ids)
    board.hide()
    assert board.cards not in board._store._wants


def test_a_name_is_typed_in_place(qtbot: QtBot, board: ConceptBoard, model: ConceptsModel) -> None:
    concept = board.list.ids[1]
    choose(board, concept)
    board.rename_current()
    field = next(f for f in board.cards.findChildren(QLineEdit) if f.accessibleName() == "Name of the concept")
    assert field.completer() is not None
    qtbot.keyClicks(field, "rails")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: model.names.get(concept) == "rails")
    assert board.cards.isVisible()
    assert board.list.index(board.list.ids.index(concept)).data() == "rails"


def test_search_finds_names(qtbot: QtBot, board: ConceptBoard, model: ConceptsModel) -> None:
    concept = board.list.ids[2]
    model.name(concept, "gravel")
    qtbot.keyClicks(board.bar.search, "grav")
    qtbot.waitUntil(lambda: board.list.ids == [concept])
    board.bar.show_all()
    assert len(board.list.ids) == len(model.facts)


def test_the_family_is_a_filter(board: ConceptBoard, model: ConceptsModel) -> None:
    board.bar.family.setCurrentIndex(board.bar.family.findText("dog"))
    assert board.list.ids
    assert all(model.facts[concept].family == DOG_ID for concept in board.list.ids)
    board.bar.judged.setCurrentIndex(board.bar.judged.findData("judged"))
    assert not board.list.ids
    assert board.nothing.isVisible()


def test_what_the_map_picked_is_shown_alone(board: ConceptBoard) -> None:
    some = board.list.ids[:2]
    board.show_only(some)
    assert board.list.ids == some
    assert board.bar.all_button.isVisible()
    board.bar.show_all()
    assert len(board.list.ids) > 2


def test_selected_concepts_are_merged_by_key(qtbot: QtBot, board: ConceptBoard, model: ConceptsModel) -> None:
    assert model.data is not None
    cat, dog = concepts_of(model.data.set, CAT, CAT_ID)[0], concepts_of(model.data.set, DOG, DOG_ID)[0]
    grass = concepts_of(model.data.set, GRASS, DOG_ID)[0]
    before = len(model.facts)
    for some in ((dog,), (cat, dog)):
        choose(board, *some)
        assert not board.bar.merge_button.isEnabled()
    choose(board, grass, dog)
    assert board.bar.merge_button.isEnabled()
    with qtbot.waitSignal(model.loaded, timeout=10_000):
        qtbot.keyClick(board.cards, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert len(model.facts) == before - 1
    assert set(board.list.ids) == set(model.facts)


def test_one_concept_is_split(qtbot: QtBot, board: ConceptBoard, model: ConceptsModel) -> None:
    before = len(model.facts)
    choose(board, board.list.ids[0])
    with qtbot.waitSignal(model.loaded, timeout=10_000):
        qtbot.mouseClick(board.bar.split_button, Qt.MouseButton.LeftButton)
    assert len(model.facts) == before + 1


def test_a_click_makes_a_concept_the_one_that_is_asked_about(qtbot: QtBot, board: ConceptBoard) -> None:
    box = board.cards.visualRect(board.list.index(1))
    with qtbot.waitSignal(board.concept_chosen) as heard:
        qtbot.mouseClick(board.cards.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    assert heard.args == [board.list.ids[1]]


def test_enter_opens_a_concept_on_its_images_and_arrows_go_on(qtbot: QtBot, board: ConceptBoard) -> None:
    concept = board.list.ids[0]
    choose(board, concept)
    qtbot.keyClick(board.cards, Qt.Key.Key_Return)
    view = board.view
    assert view.isVisible()
    assert view.concept == concept
    qtbot.waitUntil(lambda: view.canvas.image_size == (64, 64))
    first = view.image
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.image != first
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.image == first
    with qtbot.waitSignal(board.image_wanted) as heard:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert heard.args == [first]
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert board.cards.isVisible()
    assert view.concept is None


def test_coming_to_the_board_does_not_change_the_question(qtbot: QtBot, board: ConceptBoard) -> None:
    chosen: list[int] = []
    board.concept_chosen.connect(chosen.append)
    board.activateWindow()
    board.cards.setFocus()
    qtbot.waitUntil(board.cards.hasFocus)
    assert (chosen, board.current) == ([], None)
    qtbot.keyClick(board.cards, Qt.Key.Key_Down)
    assert chosen == [board.current] == board.list.ids[:1]
