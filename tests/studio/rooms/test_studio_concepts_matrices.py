"""The matrices: what their cells count, what they say, and which images are behind them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from planted import CAT_ID, DOG_ID, GRASS, concepts_of, tags_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fbr_studio.rooms.concepts.matrices import Matrices
from fbr_studio.rooms.concepts.matrix_values import co_occurrence, images_of_leak, images_with_both, leakage
from fbr_studio.rooms.concepts.model import ConceptsModel


def test_classes_tagged_together_are_counted(model: ConceptsModel) -> None:
    assert model.data is not None
    found = co_occurrence(model.data.project, [CAT_ID, DOG_ID])
    both = sum(tags_of(i) == {CAT_ID, DOG_ID} for i in range(1, 13))
    assert found.counts.tolist() == [[6, both], [both, 6]]


def test_images_behind_a_leak_come_worst_first(model: ConceptsModel) -> None:
    assert model.data is not None
    concepts = model.data.set
    grass = concepts_of(concepts, GRASS, DOG_ID)[0]
    images = images_of_leak(concepts, grass, DOG_ID)
    lies = {member.image_id: member.cam.get(DOG_ID, 0.0) for member in concepts.members(grass)}
    assert images
    assert all(DOG_ID in tags_of(image) for image in images)
    assert [lies[image] for image in images] == sorted((lies[image] for image in images), reverse=True)


def test_a_matrix_cell_has_the_images_with_both_tags(model: ConceptsModel) -> None:
    assert model.data is not None
    images = images_with_both(model.data.project, model.data.set, model.facts, (CAT_ID, DOG_ID))
    assert sorted(images) == [3, 7, 11]


def test_what_a_class_leaks_is_its_share(model: ConceptsModel) -> None:
    assert model.data is not None
    found = leakage(model.data.set, model.facts, most=2)
    assert len(found.concepts) <= 2
    for column, concept in enumerate(found.concepts):
        shares = [model.facts[concept].share[c] for c in found.class_ids]
        assert np.allclose(found.shares[:, column], shares)
    assert (found.others >= 0).all()


@pytest.fixture
def matrices(qtbot: QtBot, model: ConceptsModel) -> Iterator[Matrices]:
    made = Matrices(model)
    qtbot.addWidget(made)
    made.resize(320, 600)
    made.show()
    qtbot.waitUntil(lambda: bool(made.tag_table.matrix.rows))
    yield made
    made.close_down()


def test_a_cell_says_what_it_counts(matrices: Matrices) -> None:
    cells = matrices.tag_table.model()
    assert cells.index(0, 1).data() == "3"
    tip = cells.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "3 images tagged cat and dog: 50 % of those with cat."
    assert cells.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "6 images tagged cat."


def test_keys_walk_through_the_cells_and_choose(qtbot: QtBot, matrices: Matrices) -> None:
    table = matrices.tag_table
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_Right)
    with qtbot.waitSignals([matrices.cell_chosen, matrices.images_wanted]):
        qtbot.keyClick(table, Qt.Key.Key_Return)


def test_a_click_on_a_leak_asks_for_its_concept(qtbot: QtBot, matrices: Matrices, model: ConceptsModel) -> None:
    table = matrices.leak_table
    found = matrices._leaks
    row, column = np.unravel_index(int(found.shares.argmax()), found.shares.shape)
    place = table.visualRect(table.model().index(int(row), int(column))).center()
    chosen: list[int] = []
    matrices.concept_chosen.connect(chosen.append)
    with qtbot.waitSignal(matrices.images_wanted) as heard:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen == [found.concepts[column]]
    assert heard.args[0]


def test_tags_that_change_are_counted_anew(qtbot: QtBot, matrices: Matrices, model: ConceptsModel) -> None:
    model.session.set_tags([(3, DOG_ID, 0)])
    qtbot.waitUntil(lambda: matrices.tag_table.model().index(0, 1).data() == "2")
