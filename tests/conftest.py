"""What every test shares: no window system, no downloads, quiet threads; a drawn project, trained once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from workplace import CAMS, TRAIN, Engine, Workplace

from fbr_engine.__main__ import main
from fbr_engine.scenes import write_scenes

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Threads that wait for each other on busy cores make tiny networks a hundred times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(capsys, monkeypatch)


@pytest.fixture(scope="session")
def drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Ten scenes (each class in two or three, nothing in train_0002), a project, no run. Not to be changed."""
    place = Workplace(tmp_path_factory.mktemp("drawn") / "w")
    list(write_scenes(place.root / "scenes", 6, 4, seed=7, side=96))
    assert main(["new", str(place.project), "--images", str(place.images), "--tags", str(place.tags)]) == 0
    return place


@pytest.fixture(scope="session")
def trained_once(drawn_once: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The same with one run of cam+fbr, its CAMs and its masks. Not to be changed."""
    place = drawn_once.copy(tmp_path_factory.mktemp("trained") / "w")
    assert main(["train", str(place.project), *TRAIN, "--method", "fbr", "--epochs", "2"]) == 0
    assert main(["cams", str(place.project), *CAMS]) == 0
    assert main(["masks", str(place.project), "--device", "cpu"]) == 0
    return place


@pytest.fixture
def drawn(drawn_once: Workplace, tmp_path: Path) -> Workplace:
    return drawn_once.copy(tmp_path / "w")


@pytest.fixture
def trained(trained_once: Workplace, tmp_path: Path) -> Workplace:
    return trained_once.copy(tmp_path / "w")
