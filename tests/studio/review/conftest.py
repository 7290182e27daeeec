"""A review room on a trained project of drawn scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from review_bench import Bench, image_with_mask, lively
from workplace import Workplace

from fbr_engine.project import Project
from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.review import ReviewRoom
from fbr_studio.state.session import Session


@pytest.fixture
def make_bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[Project | None], Bench]]:
    made: list[Bench] = []

    def make(project: Project | None) -> Bench:
        session, runner = Session(), JobRunner()
        actions = Actions()
        if project is not None:
            session.adopt(project)
        preferences = Preferences(tmp_path / f"settings{len(made)}.json")
        room = ReviewRoom(session, runner, actions, preferences)
        qtbot.addWidget(room, before_close_func=lambda _: room.close_down())
        room.resize(1280, 690)
        room.show()
        room.entered()
        bench = Bench(qtbot, session, room, runner, actions)
        made.append(bench)
        bench.settle()
        return bench

    yield make
    for bench in made:
        bench.runner.stop_all()
        bench.session.close()


@pytest.fixture
def bench(make_bench: Callable[[Project | None], Bench], trained: Workplace) -> Bench:
    project = trained.open(write=True)
    lively(project)
    bench = make_bench(project)
    bench.go_to(image_with_mask(bench.project))
    return bench
