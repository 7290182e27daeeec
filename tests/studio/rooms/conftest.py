"""Concepts of a made-up project whose pixels are known, with a photo for every image."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from planted import SIZE, add_run, find_concepts, make_planted, materials
from pytestqt.qtbot import QtBot

from fbr_studio.rooms.concepts.crops import CropStore
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.state.session import Session

COLOURS = np.array([(150, 150, 160), (210, 140, 60), (90, 60, 40), (60, 160, 60)], np.uint8)  # by material


@pytest.fixture(scope="session")
def planted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one run and its concepts. Not to be changed."""
    root = tmp_path_factory.mktemp("planted")
    project = make_planted(root)
    for image in project.images.iter():
        Image.fromarray(COLOURS[materials(image.id, SIZE[0])]).save(root / "images" / image.path, quality=95)
    find_concepts(project, add_run(project, "one"))
    project.close()
    return root


@pytest.fixture
def folder(planted_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(planted_once, tmp_path / "planted")


@pytest.fixture
def model(qtbot: QtBot, folder: Path) -> Iterator[ConceptsModel]:
    session = Session()
    made = ConceptsModel(session)
    session.open(folder / "p")
    qtbot.waitUntil(lambda: made.state == "ready", timeout=10_000)
    yield made
    CropStore.of(made).close()
    made.close()
    session.close()
    made.deleteLater()
