"""Going back to the run's mask, as an edit of the document alone."""

from __future__ import annotations

import numpy as np

from fbr_studio.drawing.history import History
from fbr_studio.drawing.journal import Journal, replay
from fbr_studio.drawing.mask_document import MaskDocument, Source
from fbr_studio.rooms.review.kept_mask import KeptMask
from fbr_studio.rooms.review.removal import is_removal, removal


def _painted() -> tuple[MaskDocument, np.ndarray]:
    base = np.zeros((20, 30), np.uint8)
    document = MaskDocument(base)
    document.edit((2, 3, 6, 9), np.ones((4, 6), np.bool_), 4, Source.BRUSH, 7)
    return document, base


def test_all_is_the_runs_again_and_undo_brings_it_back():
    document, base = _painted()
    before = [document.classes.copy(), document.instances.copy(), document.source.copy()]
    edit = removal(document, base)
    assert edit.box == (2, 3, 6, 9)
    assert is_removal(edit)
    document.apply(edit, undo=False)
    assert not document.classes.any()
    assert not document.instances.any()
    assert (document.source == Source.RUN).all()
    document.apply(edit, undo=True)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(before, [document.classes, document.instances, document.source], strict=True)
    )


def test_a_mask_that_differs_in_nothing_can_be_removed_too(tmp_path):
    document = MaskDocument(np.zeros((20, 30), np.uint8))
    kept = KeptMask(1, "a.png", document, Journal(tmp_path / "journal"), fresh=False)
    assert kept.is_mine
    edit = removal(document, np.zeros((20, 30), np.uint8))
    document.apply(edit, undo=False)
    kept.push(edit)
    assert not kept.is_mine
    kept.undo()
    assert kept.is_mine
    kept.redo()
    assert kept.removed
    kept.journal.close()
    assert replay(tmp_path / "journal", MaskDocument(np.zeros((20, 30), np.uint8))) == 3


def test_other_edits_are_none():
    assert not is_removal(None)
    document, _ = _painted()
    history = History(document)
    edit = document.edit((0, 0, 1, 1), np.ones((1, 1), np.bool_), 4, Source.BRUSH)
    assert edit is not None
    history.push(edit)
    assert not is_removal(history.next_undo)
