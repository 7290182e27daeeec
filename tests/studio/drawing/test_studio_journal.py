from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbr_engine.errors import ReadError
from fbr_studio.drawing.history import History
from fbr_studio.drawing.journal import Journal, replay
from fbr_studio.drawing.mask_document import MaskDocument, Source

SHAPE = (300, 280)


def begun() -> MaskDocument:
    return MaskDocument(np.random.default_rng(3).integers(0, 3, SHAPE).astype(np.uint8))


def work(document: MaskDocument, journal: Journal, count: int, seed: int = 0, undo: bool = True) -> int:
    """Paint, undo and redo at random, all of it written down; return how many records that made."""
    random, history, records = np.random.default_rng(seed), History(document), 0
    for _ in range(count):
        what = random.integers(0, 4) if undo else 3
        if what == 0 and (edit := history.next_undo):
            history.undo()
            journal.append(document, edit, undo=True)
        elif what == 1 and (edit := history.next_redo):
            history.redo()
            journal.append(document, edit)
        else:
            top, left = (int(part) for part in random.integers(0, 260, 2))
            pixels = random.random((30, 20)) < 0.5
            instance = None if random.random() < 0.7 else int(random.integers(1, 9))
            made = document.edit((top, left, top + 30, left + 20), pixels, 4, Source.BRUSH, instance)
            if made is None:
                continue
            history.push(made)
            journal.append(document, made)
        records += 1
    return records


def same(first: MaskDocument, second: MaskDocument) -> bool:
    planes = [[d.classes, d.source, np.zeros(SHAPE) if d.instances is None else d.instances] for d in (first, second)]
    return all(np.array_equal(a, b) for a, b in zip(*planes, strict=True))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(0, 12))
def test_replay_after_a_crash_gives_the_document(tmp_path: Path, seed: int, count: int) -> None:
    path = tmp_path / "mask.journal"
    path.unlink(missing_ok=True)
    document = begun()
    journal = Journal(path)
    records = work(document, journal, count, seed)
    journal.close()  # what a crash does to a file that is flushed after each record
    again = begun()
    assert replay(path, again) == records
    assert same(document, again)
    assert again.dirty == (records > 0)


def test_records_are_on_the_disk_at_once(tmp_path: Path) -> None:
    document, journal = begun(), Journal(tmp_path / "j")
    records = work(document, journal, 3)
    again = begun()
    assert replay(tmp_path / "j", again) == records
    assert same(document, again)
    journal.close()


def test_a_torn_tail_ends_the_replay_and_the_next_record_follows_the_last_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "j"
    document, journal = begun(), Journal(path)
    work(document, journal, 4, undo=False)
    journal.close()
    whole = path.read_bytes()
    sizes = [replay(_copy(tmp_path, whole[:size]), begun()) for size in range(0, len(whole), 37)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0
    assert sizes[-1] == 3
    path.write_bytes(whole[:-5])
    again = begun()
    assert replay(path, again) == 3
    more = Journal(path)
    work(again, more, 2, seed=9, undo=False)
    more.close()
    third = begun()
    assert replay(path, third) == 5
    assert same(again, third)


def _copy(folder: Path, data: bytes) -> Path:
    path = folder / "cut"
    path.write_bytes(data)
    return path


def test_a_flipped_bit_ends_the_replay(tmp_path: Path) -> None:
    path = tmp_path / "j"
    document, journal = begun(), Journal(path)
    work(document, journal, 3, undo=False)
    journal.close()
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data))
    assert replay(path, begun()) == 2


def test_another_mask_or_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    document, journal = begun(), Journal(path)
    work(document, journal, 3, undo=False)
    journal.close()
    other = MaskDocument(np.zeros(SHAPE, np.uint8))
    with pytest.raises(ReadError, match="continue another mask"):
        replay(path, other)
    with pytest.raises(ReadError, match="continue another mask"):
        replay(path, MaskDocument(np.zeros((5, 5), np.uint8)))
    assert not other.classes.any()
    again = Journal(path)
    edit = other.edit((0, 0, 2, 2), np.ones((2, 2), np.bool_), 1, Source.BRUSH)
    assert edit is not None
    again.append(other, edit)
    again.close()
    assert replay(path, MaskDocument(np.zeros(SHAPE, np.uint8))) == 1
    assert replay(tmp_path / "j.old", begun()) == 3  # moved aside, not lost


def test_clear_after_a_save_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "j"
    document, journal = begun(), Journal(path)
    work(document, journal, 2, undo=False)
    assert document.mark_saved()
    journal.clear()
    assert not path.exists()
    assert replay(path, document) == 0
    saved = document.snapshot()
    work(document, journal, 2, seed=5, undo=False)
    journal.close()
    loaded = MaskDocument(saved.classes, saved.instances, saved.source)
    assert replay(path, loaded) == 2
    assert same(loaded, document)


def test_a_save_while_painting_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j"
    document, journal = begun(), Journal(path)
    work(document, journal, 3, undo=False)
    saved = document.snapshot()
    work(document, journal, 3, seed=7, undo=False)
    assert not document.mark_saved(saved.revision)
    journal.mark_saved(document, saved.fingerprint)
    journal.close()
    loaded = MaskDocument(saved.classes, saved.instances, saved.source)
    assert replay(path, loaded) == 6
    assert same(loaded, document)
