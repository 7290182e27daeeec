from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbr_studio.drawing.history import History
from fbr_studio.drawing.mask_document import IGNORE, MaskDocument, Source, Stroke

SHAPE = (40, 30)


def start(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 3, SHAPE).astype(np.uint8)


def planes(document: MaskDocument) -> tuple[np.ndarray, ...]:
    instances = document.instances
    instances = np.zeros(document.shape, np.uint16) if instances is None else instances
    return document.classes.copy(), instances.copy(), document.source.copy()


def same(first: tuple[np.ndarray, ...], second: tuple[np.ndarray, ...]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


steps = st.lists(
    st.tuples(
        st.integers(-3, 38),
        st.integers(-3, 28),
        st.integers(1, 12),
        st.integers(1, 12),
        st.integers(0, 4),
        st.sampled_from([None, 0, 1, 7]),
        st.integers(0, 2**20),
    ),
    max_size=12,
)


def paint(document: MaskDocument, step: tuple) -> object:
    top, left, height, width, class_id, instance, seed = step
    pixels = np.random.default_rng(seed).random((height, width)) < 0.6
    source = Source.BRUSH if class_id else Source.ERASER
    return document.edit((top, left, top + height, left + width), pixels, class_id, source, instance)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_undoing_all_gives_the_start_and_redoing_all_the_end(sequence: list[tuple]) -> None:
    document = MaskDocument(start())
    history, begun = History(document), planes(document)
    states = [begun]
    for step in sequence:
        edit = paint(document, step)
        if edit is not None:
            history.push(edit)
            states.append(planes(document))
        else:
            assert same(states[-1], planes(document))
    for state in reversed(states[:-1]):
        assert history.undo() is not None
        assert same(planes(document), state)
    assert history.undo() is None
    assert not history.can_undo
    for state in states[1:]:
        assert history.redo() is not None
        assert same(planes(document), state)
    assert history.redo() is None


@settings(max_examples=40, deadline=None)
@given(steps)
def test_a_stroke_of_many_dabs_is_one_edit(sequence: list[tuple]) -> None:
    document, begun = MaskDocument(start()), start()
    stroke, expected = Stroke(document, 5, Source.BRUSH), start()
    for top, left, height, width, _, _, seed in sequence:
        pixels = np.random.default_rng(seed).random((height, width)) < 0.5
        stroke.add((top, left, top + height, left + width), pixels)
        for row, column in np.argwhere(pixels):
            if 0 <= top + row < SHAPE[0] and 0 <= left + column < SHAPE[1]:
                expected[top + row, left + column] = 5
    edit = stroke.finish()
    assert np.array_equal(document.classes, expected)
    if edit is None:
        assert np.array_equal(expected, begun)
        return
    rows, columns = np.nonzero(expected != begun)
    assert edit.box == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert document.apply(edit, undo=True) == edit.box
    assert np.array_equal(document.classes, begun)
    assert not document.source.any()


def test_the_edit_is_shrunk_to_what_changed_and_nothing_is_no_edit() -> None:
    document = MaskDocument(np.zeros((100, 100), np.uint8))
    pixels = np.zeros((50, 50), np.bool_)
    pixels[10:12, 20:25] = True
    edit = document.edit((20, 30, 70, 80), pixels, 4, Source.BRUSH)
    assert edit is not None
    assert edit.box == (30, 50, 32, 55)
    assert edit.text == "brush stroke"
    assert document.dirty
    assert document.edit((20, 30, 70, 80), pixels, 4, Source.ERASER) is None
    assert (document.source[30:32, 50:55] == Source.BRUSH).all()


def test_instances_follow_the_class() -> None:
    classes = np.full((10, 10), 2, np.uint8)
    document = MaskDocument(classes, np.full((10, 10), 9, np.uint16))
    whole = np.ones((4, 4), np.bool_)
    assert document.edit((0, 0, 4, 4), whole, 2, Source.BRUSH) is None  # keeps class, so keeps instance
    document.edit((0, 0, 4, 4), whole, 3, Source.BRUSH)
    assert document.instances is not None
    assert not document.instances[:4, :4].any()
    edit = document.edit((0, 0, 4, 4), whole, 3, Source.BRUSH, instance=5)
    assert edit is not None
    assert (document.instances[:4, :4] == 5).all()
    assert edit.patches[0].before.classes is None  # only planes that changed are kept


def test_the_instance_plane_appears_with_the_first_instance() -> None:
    document = MaskDocument(np.zeros((5, 5), np.uint8))
    assert document.instances is None
    document.edit((1, 1, 3, 3), np.ones((2, 2), np.bool_), 1, Source.BRUSH, instance=2)
    assert document.instances is not None
    assert document.instances.sum() == 8


def test_views_are_read_only_and_the_input_is_copied() -> None:
    classes = np.zeros((5, 5), np.uint8)
    document = MaskDocument(classes)
    with pytest.raises(ValueError, match="read-only"):
        document.classes[0, 0] = 1
    document.edit((0, 0, 5, 5), np.ones((5, 5), np.bool_), IGNORE, Source.BRUSH)
    assert not classes.any()


def test_memory_follows_what_was_touched_not_the_bounding_box() -> None:
    document = MaskDocument(np.zeros((4096, 4096), np.uint8))
    stroke = Stroke(document, 1, Source.BRUSH)
    for at in (0, 4000):
        stroke.add((at, at, at + 20, at + 20), np.ones((20, 20), np.bool_))
    edit = stroke.finish()
    assert edit is not None
    assert edit.box == (0, 0, 4020, 4020)
    assert edit.nbytes == 2 * 20 * 20 * 4


def test_cancel_puts_everything_back() -> None:
    document = MaskDocument(start())
    before = planes(document)
    stroke = Stroke(document, 7, Source.BRUSH)
    painted = stroke.add((5, 5, 15, 15), np.ones((10, 10), np.bool_))
    assert painted == (5, 5, 15, 15)
    box = stroke.cancel()
    assert box[0] <= 5
    assert box[2] >= 15
    assert same(planes(document), before)
    assert not document.dirty


def test_an_open_stroke_keeps_others_out() -> None:
    document = MaskDocument(start())
    stroke = Stroke(document, 7, Source.BRUSH)
    stroke.add((0, 0, 2, 2), np.ones((2, 2), np.bool_))
    with pytest.raises(RuntimeError, match="stroke is open"):
        document.edit((0, 0, 9, 9), np.ones((9, 9), np.bool_), 1, Source.BRUSH)
    stroke.finish()
    with pytest.raises(RuntimeError, match="over"):
        stroke.finish()
    assert document.edit((0, 0, 9, 9), np.ones((9, 9), np.bool_), 1, Source.BRUSH)


def test_history_forgets_the_oldest_but_never_the_newest() -> None:
    document = MaskDocument(np.zeros((100, 100), np.uint8))
    history = History(document, limit_bytes=1000)
    for number in range(4):
        edit = document.edit((number * 10, 0, number * 10 + 10, 10), np.ones((10, 10), np.bool_), 1, Source.BRUSH)
        assert edit is not None
        assert edit.nbytes == 400
        history.push(edit)
    assert history.nbytes <= 1000
    assert [history.undo() is not None for _ in range(3)] == [True, True, False]
    big = document.edit((0, 0, 100, 100), np.ones((100, 100), np.bool_), 3, Source.BRUSH)
    assert big is not None
    history.push(big)
    assert not history.can_redo
    assert history.undo_text == "brush stroke"
    assert history.can_undo
    history.undo()
    assert history.redo_text == "brush stroke"


def test_a_new_edit_ends_redo() -> None:
    document = MaskDocument(start())
    history = History(document)
    one = document.edit((0, 0, 5, 5), np.ones((5, 5), np.bool_), 5, Source.BRUSH)
    assert one is not None
    history.push(one)
    history.undo()
    assert history.can_redo
    two = document.edit((0, 0, 5, 5), np.ones((5, 5), np.bool_), 6, Source.BRUSH)
    assert two is not None
    history.push(two)
    assert not history.can_redo
    assert history.redo_text == ""


def test_saving_while_painting_goes_on_leaves_the_document_dirty() -> None:
    document = MaskDocument(start())
    document.edit((0, 0, 5, 5), np.ones((5, 5), np.bool_), 5, Source.BRUSH)
    saved = document.snapshot()
    document.edit((5, 5, 9, 9), np.ones((4, 4), np.bool_), 5, Source.BRUSH)
    assert not document.mark_saved(saved.revision)
    assert document.dirty
    assert document.mark_saved(document.snapshot().revision)
    assert not document.dirty


@pytest.mark.parametrize("bad", [np.zeros((3, 3), np.int64), np.zeros((3, 3, 3), np.uint8)])
def test_wrong_planes_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="classes are uint8"):
        MaskDocument(bad)
    with pytest.raises(ValueError, match="plane"):
        MaskDocument(np.zeros((3, 3), np.uint8), source=np.zeros((2, 3), np.uint8))
