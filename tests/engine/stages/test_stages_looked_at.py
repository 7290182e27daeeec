"""What a person looks at comes first, and nothing is done twice."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from workplace import Workplace

from fbr_engine.config import CamsConfig, MasksConfig
from fbr_engine.data.prefetch import prefetch
from fbr_engine.events import Event, FileWritten
from fbr_engine.project import Project
from fbr_engine.stages import infer_cams, make_pseudo_masks
from fbr_engine.stages.looked_at import LookedAt

CAMS = CamsConfig(scales=(0.5,), device="cpu")
MASKS = MasksConfig(threshold="0.61", device="cpu")


def walk(first: Callable[[], list[int]], done: set[int], count: int = 40) -> list[int]:
    made: list[int] = []
    items = (i for i in range(1, count + 1) if i not in done)
    looked = LookedAt(items, lambda i: i, first, lambda ids: {i: i for i in ids if 0 < i <= count and i not in done})
    for item, loaded in prefetch(looked, lambda i: i * 2, urgent=looked.urgent):
        assert loaded == item * 2
        made.append(item)
    return made


def test_without_wishes_the_order_is_as_before() -> None:
    assert walk(list, {3, 4}) == [i for i in range(1, 41) if i not in (3, 4)]


def test_wishes_come_first_in_their_order() -> None:
    assert walk(lambda: [30, 5, 99, 20], {5})[:4] == [30, 20, 1, 2]


def test_any_wishes_at_any_time_do_each_image_once() -> None:
    rng = random.Random(1)
    for _ in range(30):
        done = {rng.randrange(1, 41) for _ in range(10)}
        made = walk(lambda: [rng.randrange(-3, 45) for _ in range(5)], done)
        assert sorted(made) == [i for i in range(1, 41) if i not in done]


def test_a_wish_comes_next_whatever_waits() -> None:
    wishes: list[int] = []
    looked = LookedAt(range(1, 100), lambda i: i, lambda: wishes, lambda ids: {i: i for i in ids})
    made = prefetch(looked, lambda i: i, workers=2, ahead=20, urgent=looked.urgent)
    assert [next(made)[0] for _ in range(3)] == [1, 2, 3]
    wishes[:] = [77, 5, 88]
    assert [next(made)[0] for _ in range(3)] == [77, 88, 4]
    made.close()  # type: ignore[attr-defined]


def made(events: list[Event]) -> list[str]:
    return [event.image for event in events if isinstance(event, FileWritten)]


@pytest.mark.parametrize("stage", ["cams", "masks"])
def test_stages_do_first_what_is_looked_at(trained: Workplace, stage: str) -> None:
    with trained.open(write=True) as project:
        wanted = [project.images.get(name).id for name in ("val_0003.png", "train_0005.png")]
        asked = 0

        def first() -> list[int]:
            nonlocal asked
            asked += 1
            return [*wanted, 4711]

        events = list(run(project, stage, first))
        names = made(events)
        assert names[:3] == ["val_0003.png", "train_0005.png", "train_0001.png"]
        assert len(names) == len(set(names)) == 10
        assert asked >= 10
        assert made(list(run(project, stage, first))) == []


def run(project: Project, stage: str, first: Callable[[], list[int]]):  # type: ignore[no-untyped-def]
    if stage == "cams":
        return infer_cams.run(project, CAMS, "fbr", first)
    return make_pseudo_masks.run(project, MASKS, "fbr", first)


def test_what_was_done_before_and_other_splits_are_not_done(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        everything = [image.id for image in project.images.iter()][::-1]
        val = CamsConfig(scales=(0.5,), device="cpu", split="val")
        assert len(made(list(infer_cams.run(project, val, "fbr", lambda: everything)))) == 4
        names = made(list(infer_cams.run(project, CAMS, "fbr", lambda: everything)))
        assert names[:2] == ["train_0006.png", "train_0005.png"]
        assert sorted(names) == [f"train_000{i}.png" for i in range(1, 7)]
        config = MasksConfig(threshold="0.61", device="cpu", split="val")
        assert len(made(list(make_pseudo_masks.run(project, config, "fbr", lambda: everything)))) == 4
