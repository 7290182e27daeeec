from __future__ import annotations

import numpy as np
import pytest
from workplace import Workplace

from fbr_engine.events import Progress, Started
from fbr_engine.stages.auto_threshold import auto_threshold
from fbr_engine.stages.thresholds import cam_histogram, otsu_threshold


def bimodal(low: float, high: float, share: float, spread: float = 8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((64, 64)) < share, high, low) + rng.normal(0, spread, (64, 64))
    return values.clip(0, 255).round().astype(np.uint8)


@pytest.mark.parametrize(("low", "high", "share"), [(30, 200, 0.5), (30, 200, 0.2), (60, 120, 0.4), (10, 245, 0.6)])
def test_lies_in_the_valley_between_two_modes(low: float, high: float, share: float) -> None:
    threshold = otsu_threshold([cam_histogram(bimodal(low, high, share))]) * 255
    assert low + 10 < threshold < high - 10


def test_is_what_a_slow_loop_finds() -> None:
    values = bimodal(50, 150, 0.3, spread=30)
    flat = values.ravel().astype(float)
    spreads = []
    for cut in range(256):
        low, high = flat[flat <= cut], flat[flat > cut]
        if len(low) == 0 or len(high) == 0:
            spreads.append(0.0)
            continue
        spreads.append(len(low) * len(high) * (low.mean() - high.mean()) ** 2)
    assert otsu_threshold([cam_histogram(values)]) == pytest.approx(int(np.argmax(spreads)) / 255)


def test_every_image_weighs_the_same_whatever_its_size() -> None:
    small, large = bimodal(20, 120, 0.5), np.tile(bimodal(100, 220, 0.5), (5, 5))
    both = otsu_threshold([cam_histogram(small), cam_histogram(large)])
    assert both == pytest.approx(otsu_threshold([cam_histogram(small), cam_histogram(large[:64, :64])]), abs=0.02)


def test_stays_inside_its_limits() -> None:
    assert otsu_threshold([]) == 0.5
    assert otsu_threshold([np.zeros(256)]) == 0.5
    for value in (0, 255):
        assert 0.05 <= otsu_threshold([cam_histogram(np.full((4, 4), value, np.uint8))]) <= 0.95


def test_looks_at_cams_and_tags_only(trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    import fbr_engine.formats.indexed_png as png

    def refuse(*_: object) -> None:
        raise AssertionError("a mask was read")

    monkeypatch.setattr(png, "load_indexed_png", refuse)
    with trained.open() as project:
        run = project.runs.latest()
        events = auto_threshold(project, run)
        seen = []
        try:
            while True:
                seen.append(next(events))
        except StopIteration as end:
            threshold = end.value
    assert isinstance(seen[0], Started)
    assert all(isinstance(event, Progress) for event in seen[1:])
    assert threshold == pytest.approx(run.figures["threshold"], abs=1e-4)
