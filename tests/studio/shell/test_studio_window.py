"""The window as a whole: rooms, jobs seen from everywhere, closing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.config import TrainConfig
from fbr_engine.project import Project
from fbr_studio.jobs.runner import JobSpec, stage_step
from fbr_studio.main_window import MainWindow
from fbr_studio.preferences import Preferences, data_folder
from fbr_studio.window_specs import ROOMS

LONG = TrainConfig(backbone="tiny", weights="none", crop=33, batch=3, epochs=1000, device="cpu", previews=0)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Preferences(tmp_path / "settings.json"))
    made.ask = lambda *_: True
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def open_project(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    with qtbot.waitSignal(window.opening.opened, timeout=10_000):
        window.opening.open_path(folder)


def start_training(qtbot: QtBot, window: MainWindow) -> None:
    job = window.runner.submit(JobSpec("Training", [stage_step("train", LONG)]), window.session.open_project)
    qtbot.waitUntil(lambda: job.figures.done > 2, timeout=60_000)


def test_the_window_and_every_room_open_without_torch(drawn: Workplace, tmp_path: Path) -> None:
    code = f"""
import sys, json
from pathlib import Path
from fbr_studio.preferences import Preferences
from fbr_studio.application import make_application
preferences = Preferences(Path({str(tmp_path / "s.json")!r}))
application = make_application(preferences)
from fbr_studio.main_window import MainWindow
from fbr_studio.window_specs import ROOMS
window = MainWindow(preferences)
window.show()
window.session.open(Path({str(drawn.project)!r}))
for name in ROOMS:
    window.enter(name)
    application.processEvents()
print(json.dumps(["torch" in sys.modules, window.isVisible()]))
window.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1]) == [False, True]


def test_rooms_follow_their_keys_and_tabs(qtbot: QtBot, window: MainWindow, trained: Workplace) -> None:
    assert not any(tab.isVisible() for tab in window.top_bar.tabs.values())
    open_project(qtbot, window, trained.project)
    assert window.room == "images"
    for number, name in enumerate(ROOMS, start=1):
        window.actions_table.get(f"everywhere.room_{name}").trigger()
        assert window.room == name
        assert window.top_bar.tabs[name].isChecked()
        assert str(number) in window.top_bar.tabs[name].toolTip()
        assert window.room_stack.currentWidget() is window.rooms[name]
    qtbot.mouseClick(window.top_bar.tabs["images"], Qt.MouseButton.LeftButton)
    assert window.room == "images"
    window.close_project()
    assert window.start_page.isVisible()


def test_what_cannot_be_opened_is_told_on_the_start_page(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.opening.failed, timeout=10_000):
        window.opening.open_path(tmp_path / "nothing")
    assert "nothing" in window.start_page.messages.text
    assert window.session.project is None


def test_a_project_open_elsewhere_is_told_and_the_present_one_stays(
    qtbot: QtBot, window: MainWindow, drawn: Workplace, trained_once: Workplace, tmp_path: Path
) -> None:
    other = trained_once.copy(tmp_path / "other")
    open_project(qtbot, window, drawn.project)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from fbr_engine.project import Project\n"
            f"p = Project.open(Path({str(other.project)!r}), write=True); print('held', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with qtbot.waitSignal(window.opening.failed, timeout=10_000):
            window.opening.open_path(other.project)
    finally:
        holder.communicate()
    assert "another process" in window.messages.text
    assert window.session.open_project.folder == drawn.project


def test_closing_during_a_training_asks_keeps_the_work_and_ends_every_thread(
    qtbot: QtBot, window: MainWindow, drawn: Workplace
) -> None:
    open_project(qtbot, window, drawn.project)
    start_training(qtbot, window)
    asked: list[str] = []

    def refuse(*texts: str) -> bool:
        asked.extend(texts)
        return False

    window.ask = refuse
    assert not window.close()
    assert asked[0] == "Training is running"
    assert window.isVisible()
    assert window.runner.current is not None
    window.ask = lambda *_: True
    assert window.close()
    assert not [t for t in threading.enumerate() if t.name == "job"]
    with Project.open(drawn.project) as project:
        run = project.runs.latest()
        assert run.status == "stopped"
        assert run.figures["steps"] > 2
        assert (project.runs.folder(run.name) / "checkpoint.safetensors").is_file()


def test_a_job_is_seen_paused_and_stopped_from_every_room(qtbot: QtBot, window: MainWindow, drawn: Workplace) -> None:
    open_project(qtbot, window, drawn.project)
    start_training(qtbot, window)
    job = window.runner.current
    assert job is not None
    window.actions_table.get("everywhere.pause").trigger()
    assert job.state == "paused"
    window.actions_table.get("everywhere.pause").trigger()
    assert job.state == "running"
    window.actions_table.get("everywhere.stop").trigger()
    qtbot.waitUntil(lambda: job.state == "stopped", timeout=10_000)
    assert window.session.open_project.runs.latest().status == "stopped"


def test_palette_finds_and_does_an_action(qtbot: QtBot, window: MainWindow, drawn: Workplace) -> None:
    open_project(qtbot, window, drawn.project)
    window.actions_table.get("everywhere.palette").trigger()
    assert window.overlays.palette.isVisible()
    field = window.focusWidget()
    qtbot.keyClicks(field, "go to export")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.room == "export")


def test_cheat_sheet_lists_the_keys(qtbot: QtBot, window: MainWindow, drawn: Workplace) -> None:
    open_project(qtbot, window, drawn.project)
    window.actions_table.get("everywhere.keys").trigger()
    assert window.overlays.cheat_sheet.isVisible()
    window.actions_table.get("everywhere.keys").trigger()
    assert not window.overlays.cheat_sheet.isVisible()


def test_a_look_is_chosen_and_kept(qtbot: QtBot, window: MainWindow) -> None:
    dark = window.grab().toImage().pixelColor(5, 500)
    window.actions_table.get("everywhere.look_light").trigger()
    qtbot.wait(20)
    light = window.grab().toImage().pixelColor(5, 500)
    window.actions_table.get("everywhere.look_dark").trigger()
    assert dark.lightness() < 60 < 200 < light.lightness()
    assert Preferences(window.preferences.path).now.appearance == "dark"


def test_a_broken_settings_file_is_put_aside_and_told(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{ this is not JSON")
    window = MainWindow(Preferences(path))
    qtbot.addWidget(window)
    window.show()
    assert "settings.json" in window.messages.text
    assert (tmp_path / "settings.json.broken").read_text() == "{ this is not JSON"


def test_the_demo_opens_a_copy_and_can_be_reset(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.opening.opened, timeout=30_000):
        window.opening.open_demo()
    project = window.session.open_project
    assert project.folder.is_relative_to(data_folder())
    assert [run.name for run in project.runs.all()] == ["cam", "fbr"]
    assert all(run.status == "done" for run in project.runs.all())
    for run in project.runs.all():
        assert project.maps.count_done(run.id, "masks") > 100
    project.classes.add(["zebra"])
    with qtbot.waitSignal(window.opening.opened, timeout=30_000):
        window.reset_demo()
    assert "zebra" not in window.session.open_project.classes.by_name()
