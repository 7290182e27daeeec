"""Tables of tags into the open project: what they change, and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from workplace import Workplace

from fbr_studio.rooms.images import tag_import

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def _tags(visitor) -> dict[int, dict[int, int]]:
    return {image.id: visitor.project.tags.of(image.id) for image in visitor.project.images.iter()}


def _import(visitor, text: str) -> None:
    table = visitor.place.root / "more.csv"
    table.write_text(text)
    visitor.room.pane.report.say("")
    visitor.room.intake.import_table(table)
    visitor.qtbot.waitUntil(lambda: "tagged" in visitor.room.pane.report.text, timeout=5000)
    visitor.settle()


def test_an_import_is_one_step_of_the_history(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    first, second = (visitor.project.images.by_ids([i])[0] for i in visitor.shown()[:2])
    visitor.key(Key.Key_1)
    before = _tags(visitor)
    _import(visitor, f"image,tags\n{first.path},wombat\n{second.path},\n")
    after = _tags(visitor)
    assert after != before
    history = visitor.room.tagging.editor.history
    assert history.undo_text == f"tags of more.csv, {_counted(before, after)}"
    visitor.room.setFocus()
    visitor.key(Key.Key_Z, CTRL)
    assert _tags(visitor) == before
    assert visitor.panel.note.text().startswith("Taken back: tags of more.csv")
    visitor.key(Key.Key_Z, CTRL | SHIFT)
    assert _tags(visitor) == after
    visitor.key(Key.Key_Z, CTRL)
    assert history.undo_text  # the key 1 of before the import


def test_an_import_too_large_to_undo_ends_the_history_and_its_note(
    enter, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_import, "MOST_UNDOABLE", 1)
    visitor = enter(drawn)
    image = visitor.session.image_info()
    visitor.key(Key.Key_1)
    visitor.key(Key.Key_2)
    visitor.key(Key.Key_Z, CTRL)
    assert visitor.panel.note.text().startswith("Taken back")
    _import(visitor, f"image,tags\n{image.path},wombat\n")
    assert not visitor.room.tagging.editor.history.undo_text
    assert not visitor.room.tagging.editor.history.redo_text
    assert not visitor.panel.note.isVisible()


def _counted(before: dict, after: dict) -> str:
    changed = sum(before[image] != after[image] for image in after)
    return f"{changed} image{'s' if changed > 1 else ''}"


def test_what_a_person_says_during_an_import_is_no_part_of_it(
    drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = drawn.root / "more.csv"
    with drawn.open(write=True) as project:
        first, second = list(project.images.iter())[:2]
        known = next(iter(project.tags.of(second.id)))
        table.write_text(f"image,tags\n{first.path},wombat\n")
        plain = tag_import.import_table

        def slow(*arguments):
            project.tags.set(second.id, known, 1 - project.tags.of(second.id)[known])
            return plain(*arguments)

        monkeypatch.setattr(tag_import, "import_table", slow)
        done = tag_import.import_tags(project, table)
        assert done.edit is not None
        assert done.edit.images == [first.id]
        assert done.edit.after == ((first.id, project.classes.get("wombat").id, 1),)
        assert done.edit.before == ((first.id, project.classes.get("wombat").id, None),)
