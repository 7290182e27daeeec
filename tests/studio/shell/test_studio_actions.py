"""The table of actions: keys, tooltips, the person's own keys, conflicts."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import fbr_studio
from fbr_studio.actions import ROOM_NAMES, Actions, ActionSpec, key_text
from fbr_studio.widgets.icons import icon_names

NEXT = ActionSpec("images.next", "Next image", ("D", "Right"), "next", "Go to the next image")
PLAIN = ActionSpec("images.plain", "Plain")


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_tooltip_carries_the_key(owner: QWidget) -> None:
    table = Actions()
    assert table.add(NEXT, owner, lambda: None).toolTip() == "Go to the next image (D)"
    assert table.add(PLAIN, owner, lambda: None).toolTip() == "Plain"
    assert key_text(table.get("images.next")) == "D"


def test_the_keys_do_it(owner: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    table = Actions()
    table.add(NEXT, owner, lambda: done.append("next"))
    owner.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    owner.activateWindow()
    owner.setFocus()
    qtbot.waitUntil(owner.hasFocus)
    qtbot.keyClick(owner, Qt.Key.Key_D)
    qtbot.keyClick(owner, Qt.Key.Key_Right)
    assert done == ["next", "next"]


def test_own_keys_replace_those_of_the_table(owner: QWidget) -> None:
    table = Actions({"images.next": ["N"], "images.plain": ["Ctrl+P"]})
    action = table.add(NEXT, owner, lambda: None)
    assert [key.toString() for key in action.shortcuts()] == ["N"]
    assert action.toolTip() == "Go to the next image (N)"
    assert key_text(table.add(PLAIN, owner, lambda: None)) == "Ctrl+P"


def test_own_keys_may_take_a_key_away(owner: QWidget) -> None:
    action = Actions({"images.next": []}).add(NEXT, owner, lambda: None)
    assert action.shortcuts() == []
    assert action.toolTip() == "Go to the next image"


def test_a_checkable_action_says_what_it_is_now(owner: QWidget) -> None:
    said: list[bool] = []
    action = Actions().add(ActionSpec("images.auto", "Auto", checkable=True), owner, said.append)
    action.trigger()
    action.trigger()
    assert said == [True, False]


def test_conflicts_are_found_where_both_can_be_reached(owner: QWidget) -> None:
    table = Actions()
    table.add(NEXT, owner, lambda: None)
    table.add(ActionSpec("review.next", "Next", ("D",)), owner, lambda: None)
    assert table.conflicts() == []
    table.add(ActionSpec("everywhere.d", "D", ("D",)), owner, lambda: None)
    assert {frozenset(found[1:]) for found in table.conflicts()} == {
        frozenset({"everywhere.d", "images.next"}),
        frozenset({"everywhere.d", "review.next"}),
    }


def test_an_action_is_forgotten_with_its_widget(qtbot: QtBot) -> None:
    table = Actions()
    widget = QWidget()
    table.add(NEXT, widget, lambda: None)
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert table.all() == []


def specs() -> list[ActionSpec]:
    """Return every spec that stands in a module of the studio, alone or in a table."""
    found: dict[str, ActionSpec] = {}
    for module in pkgutil.walk_packages(fbr_studio.__path__, "fbr_studio."):
        if module.name.endswith("__main__"):
            continue
        try:
            values = vars(importlib.import_module(module.name)).values()
        except ImportError:  # another test says so
            continue
        for value in values:
            found |= {spec.id: spec for spec in _in(value)}
    return list(found.values())


def _in(value: object) -> Iterator[ActionSpec]:
    if isinstance(value, ActionSpec):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _in(part)
    elif isinstance(value, dict):
        yield from _in(list(value.values()))


def test_the_rooms_tables_share_no_key(owner: QWidget) -> None:
    table = Actions()
    for spec in specs():
        table.add(spec, owner, lambda *_: None)
    assert table.conflicts() == []


def test_every_spec_is_well_formed() -> None:
    found = specs()
    assert found
    for spec in found:
        assert spec.room in ROOM_NAMES, spec.id
        assert spec.text, spec.id
        assert not spec.icon or spec.icon in icon_names(), spec
        for key in spec.keys:
            assert not QKeySequence(key).isEmpty(), spec
            assert QKeySequence(key).toString() != "", spec


def test_rooms_are_in_the_order_the_work_goes(owner: QWidget) -> None:
    table = Actions()
    for name in reversed(list(ROOM_NAMES)):
        table.add(ActionSpec(f"{name}.x", "X"), owner, lambda: None)
    assert [spec.room for spec, _ in table.all()] == list(ROOM_NAMES)
