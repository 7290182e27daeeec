"""Tag checking: one key changes the tag, the next doubt is there at once, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from planted import CAT_ID, DOG_ID
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fbr_engine.project import Project
from fbr_engine.stages.tag_check import Doubt
from fbr_studio.rooms.concepts import tag_check
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.rooms.concepts.tag_check import TagCheck

ROWS = [Doubt(2, CAT_ID, "missing", 3.0), Doubt(1, CAT_ID, "wrong", 2.5), Doubt(5, DOG_ID, "missing", 1.0)]


@pytest.fixture
def check(qtbot: QtBot, model: ConceptsModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[TagCheck]:
    monkeypatch.setattr(tag_check, "doubts", lambda project, info: list(ROWS))
    made = TagCheck(model)
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    qtbot.waitUntil(lambda: len(made.list.rows) == 3)
    yield made
    made.close_down()


def tag(check: TagCheck, image: int, class_id: int) -> int | None:
    project: Project = check._session.open_project
    return project.tags.of(image).get(class_id)


def press(qtbot: QtBot, check: TagCheck, key: Qt.Key) -> None:
    ctrl = Qt.KeyboardModifier.ControlModifier if key == Qt.Key.Key_Z else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(check.view, key, ctrl)


def test_a_doubt_is_said_in_words(check: TagCheck) -> None:
    assert check.words.text() == "Looks like cat, not tagged cat."
    assert check.do_button.text() == "Add cat"
    assert check.list.index(1).data() == "tagged cat, no sign of it"
    assert "0002.jpg" in check.list.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert check.count.text() == "3 doubtful tags"


def test_one_key_adds_or_removes_the_tag_and_the_next_is_there(qtbot: QtBot, check: TagCheck) -> None:
    press(qtbot, check, Qt.Key.Key_T)
    assert tag(check, 2, CAT_ID) == 1
    assert check.current == ROWS[1]
    press(qtbot, check, Qt.Key.Key_Return)
    assert tag(check, 1, CAT_ID) == 0
    assert check.current == ROWS[2]


def test_what_was_done_is_taken_back(qtbot: QtBot, check: TagCheck) -> None:
    press(qtbot, check, Qt.Key.Key_T)
    press(qtbot, check, Qt.Key.Key_N)
    press(qtbot, check, Qt.Key.Key_Z)
    assert check.current == ROWS[1]
    press(qtbot, check, Qt.Key.Key_Z)
    assert check.current == ROWS[0]
    assert tag(check, 2, CAT_ID) == 0
    assert not check.undo_button.isEnabled()


def test_a_doubt_left_alone_does_not_come_back(qtbot: QtBot, check: TagCheck) -> None:
    press(qtbot, check, Qt.Key.Key_N)
    assert tag(check, 2, CAT_ID) == 0
    check.look()
    qtbot.waitUntil(lambda: not check._task.busy)
    assert check.list.rows == ROWS[1:]


def test_keys_move(qtbot: QtBot, check: TagCheck) -> None:
    for key, row in (
        (Qt.Key.Key_J, 1),
        (Qt.Key.Key_Down, 2),
        (Qt.Key.Key_Down, 2),
        (Qt.Key.Key_K, 1),
        (Qt.Key.Key_Up, 0),
    ):
        press(qtbot, check, key)
        assert check.view.currentIndex().row() == row


def test_the_list_has_the_keys_once_it_is_there(check: TagCheck) -> None:
    assert check.window().focusWidget() is check.view


def test_when_all_are_looked_at_it_says_so(qtbot: QtBot, check: TagCheck) -> None:
    for _ in ROWS:
        press(qtbot, check, Qt.Key.Key_N)
    assert check.current is None
    assert check.note.text() == "All doubtful tags are looked at."
    assert not check.do_button.isVisible()


def test_the_photo_and_the_thumbnails_come(qtbot: QtBot, check: TagCheck) -> None:
    qtbot.waitUntil(lambda: not check.preview.image.isNull())
    qtbot.waitUntil(lambda: set(check.list.thumbnails) == {1, 2, 5})


def test_tags_changed_elsewhere_are_checked_anew(
    qtbot: QtBot, check: TagCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_check, "doubts", lambda project, info: [])
    check._session.set_tags([(2, CAT_ID, 1)])
    qtbot.waitUntil(lambda: not check.list.rows)
    assert "No tag is doubtful" in check.note.text()
