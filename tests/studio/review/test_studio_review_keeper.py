"""Masks that must not vanish: saves that cross, images that go, files that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.project import ImageInfo, Project
from fbr_studio.drawing.mask_document import Edit, MaskDocument, Source, Stroke
from fbr_studio.rooms.review import mask_keeper
from fbr_studio.rooms.review.kept_mask import KeptMask
from fbr_studio.rooms.review.mask_keeper import MaskKeeper

BOX = (2, 2, 10, 10)


@pytest.fixture
def project(drawn: Workplace) -> Iterator[Project]:
    with drawn.open(write=True) as opened:
        yield opened


@pytest.fixture
def keeper(project: Project, qtbot: QtBot) -> Iterator[MaskKeeper]:
    made = MaskKeeper()
    made.set_project(project)
    yield made
    made.close()
    made.deleteLater()


def first_image(project: Project) -> ImageInfo:
    return next(project.images.iter())


def paint(document: MaskDocument, class_id: int = 1, box: tuple[int, int, int, int] = BOX) -> Edit:
    pixels = np.ones((box[2] - box[0], box[3] - box[1]), np.bool_)
    edit = document.edit(box, pixels, class_id, Source.BRUSH)
    assert edit is not None
    return edit


def begun(keeper: MaskKeeper, project: Project) -> KeptMask:
    """A mask of the first image with one stroke."""
    kept = keeper.begin(first_image(project), np.zeros((96, 96), np.uint8))
    keeper.push(kept, paint(kept.document))
    return kept


def on_disk(project: Project) -> np.ndarray:
    found = project.person_masks.load(first_image(project).id)
    assert found is not None
    return found.classes


def test_a_stroke_that_is_cancelled_after_a_save_is_taken_off_the_disk_again(
    keeper: MaskKeeper, project: Project
) -> None:
    kept = begun(keeper, project)
    assert keeper.save_all()
    before = kept.document.classes.copy()
    stroke = Stroke(kept.document, 2, Source.BRUSH)
    stroke.add((40, 40, 50, 50), np.ones((10, 10), np.bool_))
    keeper.save_soon()
    keeper._pool.waitForDone()
    assert (on_disk(project) == 2).any()
    stroke.cancel()
    assert keeper.dirty
    assert keeper.save_all()
    assert np.array_equal(on_disk(project), before)


def test_a_mask_of_a_removed_image_does_not_keep_the_project_open(
    keeper: MaskKeeper, project: Project, qtbot: QtBot
) -> None:
    failed: list[str] = []
    keeper.failed.connect(lambda _, why: failed.append(why))
    kept = begun(keeper, project)
    keeper._pool.waitForDone()
    project.images.remove([kept.image])
    keeper.push(kept, paint(kept.document, 2, (20, 20, 30, 30)))
    assert keeper.save_all()
    assert keeper.get(kept.image) is None
    qtbot.wait(10)
    assert not failed


def test_an_older_save_that_failed_says_nothing_once_a_later_one_is_on_the_disk(
    keeper: MaskKeeper, project: Project, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []
    keeper.failed.connect(lambda _, why: failed.append(why))
    with monkeypatch.context() as patch:
        patch.setattr(type(project.person_masks), "save", _refuse)
        begun(keeper, project)
        keeper._pool.waitForDone()  # its answer waits for the event loop
    assert keeper.save_all()
    qtbot.wait(10)
    assert not failed
    assert keeper.save_all()
    assert (on_disk(project) == 1).any()


def _refuse(*_: object) -> None:
    raise OSError("no space")


def test_a_mask_on_the_disk_is_opened_and_not_painted_over(keeper: MaskKeeper, project: Project) -> None:
    begun(keeper, project)
    assert keeper.save_all()
    keeper.set_project(project)  # as after a merge of classes: what was in memory is forgotten
    kept = keeper.begin(first_image(project), np.zeros((96, 96), np.uint8))
    assert kept.is_mine
    assert (kept.document.classes == 1).any()


def test_a_mask_that_cannot_be_read_is_set_aside_and_not_overwritten(keeper: MaskKeeper, project: Project) -> None:
    begun(keeper, project)
    assert keeper.save_all()
    image = first_image(project)
    location = project.person_masks.find(image.id)
    assert location is not None
    path = project.path_of(location)
    path.write_bytes(b"broken")
    keeper.set_project(project)
    kept = keeper.begin(image, np.zeros((96, 96), np.uint8))
    keeper.push(kept, paint(kept.document, 2))
    assert keeper.save_all()
    assert path.with_name(path.name + ".old").read_bytes() == b"broken"
    assert (on_disk(project) == 2).any()


def test_a_stroke_saved_while_another_document_of_the_image_was_being_saved_is_not_forgotten(
    keeper: MaskKeeper, project: Project, qtbot: QtBot
) -> None:
    begun(keeper, project)
    keeper._pool.waitForDone()  # its answer waits for the event loop
    keeper.set_project(project)
    kept = keeper.begin(first_image(project), np.zeros((96, 96), np.uint8))
    keeper.push(kept, paint(kept.document, 2, (30, 30, 40, 40)))
    keeper.save_soon()
    qtbot.waitUntil(lambda: not keeper.dirty, timeout=5000)
    assert (on_disk(project) == 2).any()


def test_a_hand_that_never_rests_is_saved_all_the_same(
    keeper: MaskKeeper, project: Project, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask_keeper, "LONGEST_WAIT_S", 0.1)
    keeper._timer.setInterval(150)
    kept = begun(keeper, project)
    keeper._pool.waitForDone()
    for number in range(16):
        keeper.push(kept, paint(kept.document, 2 + number % 2, (30, 30, 40, 40)))
        qtbot.wait(30)
    assert (on_disk(project) >= 2).any()
