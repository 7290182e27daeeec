"""What the window says and offers once a project was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.errors import WriteError
from fbr_engine.project import Project
from fbr_studio.main_window import MainWindow
from fbr_studio.preferences import Preferences


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Preferences(tmp_path / "settings.json"))
    made.ask = lambda *_: True
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_photos_a_table_leaves_out_are_added_by_a_button(qtbot: QtBot, window: MainWindow, drawn: Workplace) -> None:
    lines = drawn.tags.read_text().splitlines()
    drawn.tags.write_text("\n".join(lines[:-2]) + "\n")
    with qtbot.waitSignal(window.opening.opened, timeout=10_000):
        window.opening.open_path(drawn.images)
    assert window.messages.text == f"Tags from {drawn.tags}: 8 images; 2 photos not listed were left out."
    intake = window.rooms["images"].intake
    qtbot.waitUntil(lambda: not intake.new_photos._task.busy, timeout=5000)
    assert intake._pane.news.isHidden()  # said once
    qtbot.mouseClick(window.messages.remedies[0], Qt.MouseButton.LeftButton)
    project = window.session.open_project
    qtbot.waitUntil(lambda: project.images.count() == 10, timeout=5000)
    assert project.tags.count_tagged() == 8
    assert "2 photos were added" in intake._pane.news.text


@pytest.mark.parametrize("by_form", [False, True])
def test_where_no_project_can_be_made_another_place_is_chosen(
    qtbot: QtBot, window: MainWindow, drawn: Workplace, monkeypatch: pytest.MonkeyPatch, by_form: bool
) -> None:
    refused = drawn.images.with_name("images.fbr")

    def refuse(folder: Path, *arguments: object) -> Project:
        if folder == refused:
            raise WriteError(f"{folder}: no rights to write there; choose another folder")
        return create(folder, *arguments)

    create = Project.create
    monkeypatch.setattr(Project, "create", refuse)
    page, form = window.start_page, window.start_page.form
    with qtbot.waitSignal(window.opening.failed, timeout=10_000):
        if by_form:
            page.take_folder(drawn.images)
            qtbot.keyClick(form.folder, Qt.Key.Key_Return)
        else:
            window.opening.open_path(drawn.images)
    assert "no rights" in page.messages.text
    assert [made.text() for made in page.messages.remedies] == ["Choose another place"]
    qtbot.mouseClick(page.messages.remedies[0], Qt.MouseButton.LeftButton)
    assert form.isVisible()
    assert window.focusWidget() is form.folder
    assert form.folder.selectedText() == str(refused)
    assert form.tags.text() == str(drawn.tags)
    other = drawn.root / "other.fbr"
    qtbot.keyClicks(form.folder, str(other))
    with qtbot.waitSignal(window.opening.opened, timeout=10_000):
        qtbot.keyClick(form.folder, Qt.Key.Key_Return)
    assert window.session.open_project.folder == other
    assert not form.isVisible()
