"""Keys of the Concepts room: a held key answers once, and every key reaches what the person looks at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from concepts_desk import ConceptsDesk
from planted import CAT_ID, DOG_ID
from PySide6.QtCore import QEvent, Qt, QThreadPool
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fbr_engine.stages.tag_check import Doubt
from fbr_studio.rooms.concepts import crops, specs, tag_check
from fbr_studio.rooms.concepts.board import ConceptBoard
from fbr_studio.rooms.concepts.crops import Crop, CropStore
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.rooms.concepts.question_panel import ANSWERS
from fbr_studio.rooms.concepts.tag_check import TagCheck

ROWS = [Doubt(2, CAT_ID, "missing", 3.0), Doubt(1, CAT_ID, "wrong", 2.5), Doubt(5, DOG_ID, "missing", 1.0)]
PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desk(qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConceptsDesk]:
    monkeypatch.setattr(tag_check, "doubts", lambda project, info: list(ROWS))
    made = ConceptsDesk(qtbot, tmp_path / "settings.json")
    made.open(folder / "p")
    made.room.activateWindow()
    yield made
    made.close()


@pytest.fixture
def check(desk: ConceptsDesk) -> TagCheck:
    desk.room.tabs.show_tab(specs.TAGS.id)
    made = desk.room.tabs.views[specs.TAGS.id]
    assert isinstance(made, TagCheck)
    desk.wait(lambda: len(made.list.rows) == len(ROWS))
    return made


def hold(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    """Send what a held key sends after the first press."""
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, autorep=True))


# --- held keys


def test_a_held_key_answers_one_question(desk: ConceptsDesk) -> None:
    once = [desk.room.actions_here[spec.id] for spec in (*ANSWERS, specs.UNDO, specs.REDO)]
    assert not any(action.autoRepeat() for action in once)


def test_a_held_key_changes_one_tag_but_moves_on(desk: ConceptsDesk, check: TagCheck) -> None:
    QTest.keyClick(check.view, Qt.Key.Key_N)
    for key in (Qt.Key.Key_T, Qt.Key.Key_Return, Qt.Key.Key_N):
        hold(check.view, key)
    hold(check.view, Qt.Key.Key_Z, CONTROL)
    assert check.list.rows == ROWS[1:]
    hold(check.view, Qt.Key.Key_Down)
    assert check.current == ROWS[2]


# --- where the keys go


def test_the_room_passes_the_focus_to_the_view_that_is_shown(desk: ConceptsDesk, check: TagCheck) -> None:
    desk.room.setFocus()
    assert desk.room.window().focusWidget() is check.view
    desk.room.tabs.show_tab(specs.BOARD.id)
    board = desk.room.tabs.views[specs.BOARD.id]
    assert isinstance(board, ConceptBoard)
    desk.room.setFocus()
    assert desk.room.window().focusWidget() is board.cards


def test_after_the_last_doubt_the_keys_stay_with_the_tags(desk: ConceptsDesk, check: TagCheck) -> None:
    for _ in ROWS:
        QTest.keyClick(check.window().focusWidget(), Qt.Key.Key_N)
    assert check.current is None
    assert check.window().focusWidget() is check
    QTest.keyClick(check, Qt.Key.Key_N)
    assert desk.panel.edit.isHidden()
    QTest.keyClick(check, Qt.Key.Key_Z, CONTROL)
    assert check.current == ROWS[2]
    assert check.window().focusWidget() is check.view


def test_a_button_that_is_hidden_leaves_the_keys_with_the_tags(desk: ConceptsDesk, check: TagCheck) -> None:
    check.leave_button.setFocus()
    for _ in ROWS:
        check.leave_button.click()
    assert check.window().focusWidget() is check


# --- the list of answers


def test_a_question_that_is_hidden_is_not_answered(desk: ConceptsDesk) -> None:
    desk.press(Qt.Key.Key_L)
    QTest.keyClick(desk.panel.given.list, Qt.Key.Key_B)
    QTest.keyClick(desk.panel.given.list, Qt.Key.Key_N)
    assert desk.verdicts() == []
    assert desk.panel.edit.isHidden()
    assert not desk.room.actions_here[specs.BACKGROUND.id].isEnabled()
    QTest.keyClick(desk.panel.given.list, Qt.Key.Key_L)
    desk.press(Qt.Key.Key_B)
    assert len(desk.verdicts()) == 1


def test_delete_takes_an_answer_back(desk: ConceptsDesk) -> None:
    for key in (Qt.Key.Key_B, Qt.Key.Key_S, Qt.Key.Key_O, Qt.Key.Key_L):
        desk.press(key)
    given = desk.panel.given
    given.list.setCurrentRow(1)
    QTest.keyClick(given.list, Qt.Key.Key_Delete)
    assert [verdict for verdict, _, _ in desk.verdicts()] == ["background", "object"]
    assert given.list.currentRow() == 1
    hold(given.list, Qt.Key.Key_Delete)
    assert len(desk.verdicts()) == 2


def test_an_answer_that_falls_on_no_concept_is_not_shown(desk: ConceptsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = desk.model.questions[:2]
    desk.press(Qt.Key.Key_B)
    desk.press(Qt.Key.Key_L)
    given = desk.panel.given
    assert given.show_concept.isEnabled()
    verdicts = desk.model.verdicts
    assert verdicts is not None
    bound = verdicts.binding(given.list.currentItem().data(Qt.ItemDataRole.UserRole).id)
    assert bound.concepts == (first.concept_id,)
    verdicts._bindings.clear()
    given.refresh()
    assert not given.show_concept.isEnabled()
    given.list.itemActivated.emit(given.list.currentItem())
    assert given.isVisible()
    assert desk.model.current is not None
    assert desk.model.current.concept_id == second.concept_id


# --- work behind the window


def test_another_set_does_not_wait_for_crops(
    qtbot: QtBot, model: ConceptsModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = threading.Event(), threading.Event()
    make = crops.make_crop

    def slow(*args: object) -> object:
        begun.set()
        assert go_on.wait(20)
        return make(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(crops, "make_crop", slow)
    assert model.data is not None
    store, data = CropStore.of(model), model.data
    store.show_set(data.project, data.set)
    concept = int(next(iter(model.facts)))
    wanted = store.typical(concept, 1)
    store.want(model, wanted, 64)
    assert begun.wait(10)
    arrived: list[Crop] = []
    store.arrived.connect(arrived.append)
    store.show_set(None, None)  # would wait for ever
    go_on.set()
    qtbot.waitUntil(lambda: not any(task.busy for task in store._tasks))
    assert arrived == []
    store.show_set(data.project, data.set)
    store.want(model, wanted, 64)
    qtbot.waitUntil(lambda: store.picture(wanted[0], 64) is not None)


def test_looking_for_doubts_leaves_other_light_work_alone(
    desk: ConceptsDesk, check: TagCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def slow(*_: object) -> list[Doubt]:
        begun.set()
        assert go_on.wait(20)
        return []

    monkeypatch.setattr(tag_check, "doubts", slow)
    desk.wait(lambda: QThreadPool.globalInstance().activeThreadCount() == 0)
    check.look()
    assert begun.wait(10)
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    threading.Timer(0.2, go_on.set).start()
    check.close_down()
    assert check._pool.activeThreadCount() == 0
