"""What the room asks: one thing at a time, and only while it makes sense."""

from __future__ import annotations

import shutil

from PySide6.QtCore import Qt
from workplace import Workplace

CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


def _shown(visitor) -> list:
    pane = visitor.room.pane
    return [s for s in (pane.report, pane.news, pane.question, visitor.panel.question) if s.isVisible()]


def test_only_one_question_stands(enter, drawn: Workplace) -> None:
    shutil.copy(sorted(drawn.images.iterdir())[0], drawn.images / "zz_new.png")
    visitor = enter(drawn)
    pane = visitor.room.pane
    visitor.qtbot.waitUntil(lambda: "1 new photo" in pane.news.text, timeout=5000)
    visitor.key(Key.Key_Delete)
    assert _shown(visitor) == [pane.question]
    visitor.room.admin.ask_delete(visitor.project.classes.learnt()[0].id)
    assert _shown(visitor) == [visitor.panel.question]
    visitor.room.intake.new_photos.look_soon()
    visitor.qtbot.waitUntil(lambda: not visitor.room.intake.new_photos._task.busy, timeout=5000)
    assert _shown(visitor) == [visitor.panel.question]  # news wait for the answer
    visitor.key(Key.Key_F5)
    visitor.qtbot.waitUntil(lambda: _shown(visitor) == [pane.news], timeout=5000)


def test_a_report_stays_beside_a_question(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    pane = visitor.room.pane
    pane.report.say("Done.")
    visitor.key(Key.Key_Delete)
    assert _shown(visitor) == [pane.report, pane.question]


def test_escape_puts_messages_away_first(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    visitor.key(Key.Key_A, CTRL)
    visitor.key(Key.Key_Delete)
    visitor.room.pane.report.say("Done.")
    selected = visitor.gallery.selected_ids()
    visitor.key(Key.Key_Escape)
    assert _shown(visitor) == []
    assert visitor.gallery.selected_ids() == selected
    visitor.key(Key.Key_Escape)
    assert len(visitor.gallery.selected_ids()) == 1


def test_a_question_about_a_selection_goes_with_it(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    visitor.click_image(1)
    visitor.key(Key.Key_Delete)
    assert visitor.room.pane.question.isVisible()
    visitor.click_image(2, CTRL)
    visitor.qtbot.waitUntil(lambda: not visitor.room.pane.question.isVisible(), timeout=5000)


def test_a_class_that_is_there_is_said_in_place(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    field, question = visitor.panel.add_field, visitor.panel.question
    before = visitor.project.classes.all()
    visitor.type(field, "sheep")
    assert question.text == "sheep is there already."
    assert question.isVisible()
    assert field.selectedText() == "sheep"
    assert visitor.project.classes.all() == before
    visitor.type(field, "okapi, sheep")
    assert visitor.project.classes.get("okapi")
    assert field.selectedText() == "sheep"
    visitor.type(field, "zebra")
    assert field.text() == ""
    assert not question.isVisible()
