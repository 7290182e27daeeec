"""The start page and the way from a path to an open project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.errors import ReadError
from fbr_engine.project import Project
from fbr_studio.jobs.opening import NewProject, default_project, find_or_make, find_tags, make_project
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.start import StartPage, opened_sentences


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> StartPage:
    made = StartPage(Preferences(tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_folder_of_photos_gets_its_project_beside_it_once(drawn: Workplace) -> None:
    first = find_or_make(drawn.images)
    assert first.folder == drawn.images.with_name("images.fbr")
    with Project.open(first.folder) as project:
        assert project.images.count() == 10
        assert [c.name for c in project.classes.learnt()] == ["bird", "boat", "sheep", "train"]
    assert find_or_make(drawn.images) == type(first)(first.folder)


def test_a_project_and_its_database_are_both_the_project(drawn: Workplace) -> None:
    assert find_or_make(drawn.project).folder == drawn.project
    assert find_or_make(drawn.project / "project.sqlite").folder == drawn.project


@pytest.mark.parametrize("name", ["gone", "file.txt"])
def test_what_is_no_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(ReadError, match=name):
        find_or_make(tmp_path / name)


def test_a_project_that_cannot_be_made_leaves_nothing(drawn: Workplace, tmp_path: Path) -> None:
    broken = tmp_path / "tags.csv"
    broken.write_text("who,what\n1,2\n")
    with pytest.raises(ReadError, match=r"tags\.csv"):
        make_project(NewProject(drawn.images, tmp_path / "new.fbr", broken))
    assert not (tmp_path / "new.fbr").exists()


def test_tags_are_found_in_or_beside_the_folder(drawn: Workplace) -> None:
    assert find_tags(drawn.images) == drawn.tags
    assert default_project(drawn.images).name == "images.fbr"


def test_a_chosen_folder_is_proposed_and_confirmed_by_enter(page: StartPage, qtbot: QtBot, drawn: Workplace) -> None:
    page.take_folder(drawn.images)
    assert page.form.isVisible()
    with qtbot.waitSignal(page.new_asked) as asked:
        qtbot.keyClick(page.form.folder, Qt.Key.Key_Return)
    assert asked.args[0] == NewProject(drawn.images, default_project(drawn.images), drawn.tags)


def test_a_folder_that_has_a_project_opens_it(page: StartPage, qtbot: QtBot, drawn: Workplace) -> None:
    find_or_make(drawn.images)
    with qtbot.waitSignal(page.open_asked) as asked:
        page.take_folder(drawn.images)
    assert asked.args[0] == default_project(drawn.images)
    assert not page.form.isVisible()


def test_a_dropped_folder_is_taken(page: StartPage, drawn: Workplace) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(drawn.images))])
    action, button, modifier = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(5, 5), action, data, button, modifier))
    assert page.form.folder.text() == str(default_project(drawn.images))


def test_recent_projects_open_by_click_and_lost_ones_can_be_forgotten(
    page: StartPage, qtbot: QtBot, drawn: Workplace, tmp_path: Path
) -> None:
    preferences = page._preferences
    preferences.remember(tmp_path / "lost.fbr")
    preferences.remember(drawn.project)
    assert page.recent.count() == 2
    with qtbot.waitSignal(page.open_asked) as asked:
        rect = page.recent.visualItemRect(page.recent.item(0))
        qtbot.mouseClick(page.recent.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert asked.args[0] == drawn.project
    rect = page.recent.visualItemRect(page.recent.item(1))
    qtbot.mouseClick(page.recent.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert "lost.fbr" in page.messages.text
    qtbot.mouseClick(page.messages.remedies[0], Qt.MouseButton.LeftButton)
    assert preferences.now.recent == (str(drawn.project),)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "fbr_studio", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=kept | environment,
        timeout=60,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ":987"}])
def test_without_a_screen_one_line_says_so(environment: dict[str, str]) -> None:
    done = command(**environment)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "fbr-engine" in done.stderr


def test_version_and_wrong_options() -> None:
    assert command("--version").stdout.startswith("fbr-studio ")
    assert command("x", "--demo").returncode == 2
    assert command("--reset").returncode == 2


def test_the_table_found_is_named_with_what_it_leaves_out(drawn: Workplace) -> None:
    lines = drawn.tags.read_text().splitlines()
    drawn.tags.write_text("\n".join(lines[:-1]) + "\n")
    found = find_or_make(drawn.images)
    assert (found.tags, found.tagged, found.unlisted) == (drawn.tags, 9, 1)
    assert opened_sentences(found) == f"Tags from {drawn.tags}: 9 images; 1 photo not listed was left out."
    assert opened_sentences(find_or_make(drawn.images)) == ""


def test_without_a_table_the_notes_are_told(drawn: Workplace, tmp_path: Path) -> None:
    drawn.tags.unlink()
    found = find_or_make(drawn.images)
    assert found.tags is None
    assert opened_sentences(found).startswith("No tags:")
