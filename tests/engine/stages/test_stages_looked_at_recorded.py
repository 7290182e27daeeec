"""What a person looks at is recorded when it is told, so that the window can show it at once."""

from __future__ import annotations

import pytest
from workplace import Workplace

from fbr_engine.config import CamsConfig, MasksConfig
from fbr_engine.data.prefetch import prefetch
from fbr_engine.events import FileWritten
from fbr_engine.stages import infer_cams, make_pseudo_masks
from fbr_engine.stages.looked_at import MOST, LookedAt


@pytest.mark.parametrize("stage", ["cams", "masks"])
def test_an_image_in_sight_is_recorded_before_it_is_told(trained: Workplace, stage: str) -> None:
    with trained.open(write=True) as project:
        run = project.runs.get("fbr")
        project.maps.forget(run.id, stage)
        wanted = [project.images.get(name).id for name in ("val_0003.png", "train_0001.png")]

        def first() -> list[int]:
            return wanted

        events = (
            infer_cams.run(project, CamsConfig(scales=(0.5,), device="cpu"), "fbr", first)
            if stage == "cams"
            else make_pseudo_masks.run(project, MasksConfig(threshold="0.61", device="cpu"), "fbr", first)
        )
        seen = 0
        for event in events:
            if isinstance(event, FileWritten) and (image := project.images.get(event.image).id) in wanted:
                assert project.maps.get(run.id, image, stage) is not None
                seen += 1
        assert seen == 2


def test_thousands_of_wishes_are_asked_about_a_few_at_a_time() -> None:
    asked: list[int] = []

    def pending(ids: object) -> dict[int, int]:
        assert isinstance(ids, list)
        asked.append(len(ids))
        return {i: i for i in ids}

    wishes = tuple(range(3000, 0, -1))
    looked = LookedAt(range(1, 3001), lambda i: i, lambda: wishes, pending)
    made = [item for item, _ in prefetch(looked, lambda i: i, urgent=looked.urgent)]
    assert sorted(made) == list(range(1, 3001))
    assert made[:300] == list(range(3000, 2700, -1))
    assert max(asked) <= MOST
    assert looked.awaits(3000)
    assert not looked.awaits(1)
