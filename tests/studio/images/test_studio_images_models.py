"""The room's plain models: summaries, keys, history, rules, next untagged, drops, import."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from workplace import Workplace

from fbr_engine.errors import ReadError
from fbr_engine.project import ClassInfo, GalleryRow
from fbr_studio.rooms.images.dropped import what_was_dropped
from fbr_studio.rooms.images.listing import count_images, summarise_tags
from fbr_studio.rooms.images.next_untagged import NEAR, next_untagged
from fbr_studio.rooms.images.project_cells import class_items, state_of
from fbr_studio.rooms.images.tag_history import MOST_EDITS, TagEdit, TagHistory
from fbr_studio.rooms.images.tag_import import import_tags, sentences
from fbr_studio.rooms.images.tag_rules import changes, with_predictions, with_rest_absent, with_value
from fbr_studio.widgets.tags.tag_summary import TagSummary, TagValue, after_click, after_key, class_keys, summarise

P, A, U = TagValue.PRESENT, TagValue.ABSENT, TagValue.UNKNOWN


def test_summary_agrees_or_is_mixed() -> None:
    known = np.array([[1, 0, -1, 1], [1, 0, -1, -1]], np.int8)
    assert [s.value for s in summarise(known)] == [P, A, U, TagValue.MIXED]
    assert summarise(known)[3] == TagSummary(present=1, unknown=1)
    assert [s.value for s in summarise(np.zeros((0, 2), np.int8))] == [U, U]


def test_click_goes_round_and_key_toggles() -> None:
    assert [after_click(v) for v in (U, P, A, TagValue.MIXED)] == [P, A, U, P]
    assert [after_key(v) for v in (U, P, A, TagValue.MIXED)] == [P, U, P, P]
    assert [after_key(v, absent=True) for v in (U, P, A, TagValue.MIXED)] == [A, A, U, A]


def test_the_first_nine_classes_have_keys() -> None:
    keys = class_keys(list(range(11, 31)))
    assert keys[11] == 1
    assert keys[19] == 9
    assert 20 not in keys


def test_keys_go_to_classes_that_are_learnt() -> None:
    classes = [ClassInfo(1, "kept", 0, False), ClassInfo(2, "cow", 1, True), ClassInfo(3, "dog", 2, True)]
    assert [(i.name, i.key) for i in class_items(classes)] == [("cow", 1), ("dog", 2), ("kept", 0)]


def test_history_goes_back_and_forth_and_forgets_what_was_undone() -> None:
    history = TagHistory()
    first = TagEdit("one", ((1, 1, None),), ((1, 1, 1),))
    second = TagEdit("two", ((1, 1, 1),), ((1, 1, 0),))
    history.push(first)
    history.push(second)
    assert (history.undo_text, history.redo_text) == ("two", "")
    assert history.undo() is second
    assert history.redo() is second
    assert history.undo() is second
    assert history.undo() is first
    assert history.undo() is None
    assert history.redo_text == "one"
    history.push(second)
    assert history.redo() is None
    history.clear()
    assert history.undo_text == ""


def test_history_keeps_the_last_edits_only() -> None:
    history = TagHistory()
    for number in range(MOST_EDITS + 5):
        history.push(TagEdit(str(number), ((1, 1, None),), ((1, 1, 1),)))
    count = 0
    while history.undo() is not None:
        count += 1
    assert count == MOST_EDITS


def test_edit_names_its_images_once() -> None:
    edit = TagEdit("x", (), ((4, 1, 1), (2, 1, 1), (4, 2, 0)))
    assert edit.images == [4, 2]


def test_rest_absent_spares_images_in_which_nothing_was_found() -> None:
    known = np.array([[1, -1, 0], [-1, -1, -1], [0, -1, 0]], np.int8)
    assert with_rest_absent(known).tolist() == [[1, 0, 0], [-1, -1, -1], [0, -1, 0]]


def test_predictions_decide_only_what_is_unknown_and_predicted() -> None:
    known = np.array([[-1, -1, 0, -1]], np.int8)
    likely = np.array([[0.5, 0.49, 0.9, np.nan]])
    assert with_predictions(known, likely).tolist() == [[1, 0, 0, -1]]


def test_changes_name_only_what_differs_known_values_first() -> None:
    known = np.array([[1, -1], [-1, 0]], np.int8)
    after = with_value(known, 0, -1)
    after[0, 1] = 0
    assert changes([7, 9], [3, 4], known, after) == [(7, 4, 0), (7, 3, None)]
    assert changes([7, 9], [3, 4], known, known) == []


def _search(untagged: set[int], ids: list[int], current: int | None) -> tuple[int | None, bool]:
    asked = []

    def everywhere() -> np.ndarray:
        asked.append(1)
        return np.array(sorted(untagged), np.int64)

    found = next_untagged(np.array(ids, np.int64), current, lambda page: untagged & set(page), everywhere)
    return found, bool(asked)


def test_next_untagged_looks_ahead_then_from_the_start() -> None:
    ids = list(range(1, 11))
    assert _search({2, 5, 9}, ids, 5) == (9, False)
    assert _search({2, 5}, ids, 5) == (2, True)
    assert _search({5}, ids, 5) == (None, True)
    assert _search({3}, ids, None) == (3, False)
    assert _search(set(), [], None) == (None, False)


def test_next_untagged_far_away_asks_for_all_once() -> None:
    ids = list(range(1, NEAR * 3))
    assert _search({NEAR * 2}, ids, 1) == (NEAR * 2, True)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (GalleryRow(1, "a", "new", None, None, (), 0, False), "untagged"),
        (GalleryRow(1, "a", "new", None, None, (2,), 1, False), "tagged"),
        (GalleryRow(1, "a", "new", None, None, (), 1, False), "tagged"),
        (GalleryRow(1, "a", "new", None, None, (), 2, False), "empty"),
        (GalleryRow(1, "a", "new", None, None, (9,), 2, False), "empty"),
        (GalleryRow(1, "a", "accepted", None, None, (2,), 2, True), "accepted"),
        (GalleryRow(1, "a", "rejected", None, None, (2,), 2, True), "rejected"),
        (GalleryRow(1, "a", "new", None, None, (2,), 2, True), "corrected"),
        (GalleryRow(1, "a", "rejected", "broken", None, (2,), 2, True), "problem"),
    ],
)
def test_state_of_a_cell(row: GalleryRow, state: str) -> None:
    assert state_of(row, frozenset({2, 3})) == state


def test_what_was_dropped(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "other").mkdir()
    assert what_was_dropped([tmp_path / "in", tmp_path / "t.CSV"], tmp_path / "in").kind == "table"
    assert what_was_dropped([tmp_path / "in" / "a.jpg"], tmp_path / "in").kind == "here"
    assert what_was_dropped([tmp_path / "other"], tmp_path / "in").kind == "elsewhere"
    assert what_was_dropped([tmp_path / "a.txt"], tmp_path / "in").kind == "nothing"


def test_import_adds_to_an_open_project_and_reports(drawn: Workplace) -> None:
    first, second = sorted(path.name for path in drawn.images.iterdir())[:2]
    table = drawn.root / "more.csv"
    table.write_text(f"image,tags\n{first},zebra\n{second},\nnot_there.jpg,zebra\n")
    with drawn.open(write=True) as project:
        person = project.images.get(second)
        zebra = project.classes.add(["zebra"])[0]
        project.tags.set(person.id, zebra.id, 1)
        project.classes.rename("zebra", "okapi")
        before = project.images.count()
        done = import_tags(project, table)
        assert project.images.count() == before
        new = project.classes.get("zebra")
        assert project.tags.of(project.images.get(first).id)[new.id] == 1
        assert project.tags.of(person.id)[new.id] == 0
        assert project.tags.of(person.id)[zebra.id] == 1
        assert count_images(project, wanted_all()).tags[new.id] == 1
        assert summarise_tags(project, [person.id])[new.id].value == A
    text = sentences(done)
    assert "2 images tagged" in text
    assert "New class: zebra" in text
    assert "1 listed image is not in the image folder (the first is not_there.jpg)" in text


def wanted_all():  # type: ignore[no-untyped-def]
    from fbr_engine.project import ImageFilter

    return ImageFilter()


def test_import_of_a_bad_table_changes_nothing(drawn: Workplace) -> None:
    table = drawn.root / "bad.csv"
    table.write_text("name;labels\na;b\n")
    with drawn.open(write=True) as project:
        before = [c.name for c in project.classes.all()]
        with pytest.raises(ReadError):
            import_tags(project, table)
        assert [c.name for c in project.classes.all()] == before
