"""Journeys through the images room."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.project import Project
from fbr_studio.widgets.tags.tag_summary import TagValue

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


@pytest.fixture
def untagged(drawn: Workplace) -> Workplace:
    """The drawn project with its classes and without any tags."""
    with drawn.open(write=True) as project, project.database.transaction() as connection:
        connection.execute("DELETE FROM tag")
    return drawn


def _learnt(project: Project) -> list[str]:
    return [c.name for c in project.classes.learnt()]


def test_tagging_by_keys_goes_on_by_itself(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    first, second = visitor.shown()[:2]
    names = _learnt(visitor.project)
    visitor.key(Key.Key_1)
    visitor.key(Key.Key_2, SHIFT)
    assert visitor.value(first, names[0]) == 1
    assert visitor.value(first, names[1]) == 0
    visitor.key(Key.Key_2, SHIFT)
    assert visitor.value(first, names[1]) is None
    assert visitor.panel.classes.rows[0].value == TagValue.PRESENT
    visitor.key(Key.Key_Return)
    assert set(visitor.project.tags.of(first).values()) == {0, 1}
    assert len(visitor.project.tags.of(first)) == len(names)
    assert visitor.session.image == second
    assert visitor.project.tags.of(second) == {}


def test_enter_never_makes_an_untagged_image_empty(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    first, second = visitor.shown()[:2]
    visitor.key(Key.Key_Return)
    assert visitor.project.tags.of(first) == {}
    assert visitor.session.image == second
    assert "stays untagged" in visitor.panel.note.text()


def test_without_auto_next_the_image_stays(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    visitor.qtbot.mouseClick(visitor.panel.auto_next, Qt.MouseButton.LeftButton)
    assert visitor.room.preferences.now.auto_next is False
    first = visitor.shown()[0]
    visitor.room.setFocus()
    visitor.key(Key.Key_0)
    assert set(visitor.project.tags.of(first).values()) == {0}
    assert visitor.session.image == first
    visitor.settle()
    assert visitor.room.browser.counts.states["empty"] == 1
    visitor.key(Key.Key_Return)
    assert visitor.session.image == visitor.shown()[1]


def test_many_at_once_with_undo_and_redo(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    images = [visitor.click_image(0), visitor.click_image(1, CTRL), visitor.click_image(2, CTRL)]
    visitor.project.tags.set(images[0], visitor.project.classes.learnt()[0].id, 0)
    visitor.session.tags_changed.emit([images[0]])
    row = visitor.panel.classes.rows[0]
    assert row.value == TagValue.MIXED
    assert "3 selected" in visitor.bar.shown.text()
    assert "3 selected images" in visitor.panel.scope.text()
    name = _learnt(visitor.project)[0]
    visitor.qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    assert [visitor.value(i, name) for i in images] == [1, 1, 1]
    visitor.key(Key.Key_Z, CTRL)
    assert [visitor.value(i, name) for i in images] == [0, None, None]
    assert visitor.gallery.selected_ids() == images
    visitor.key(Key.Key_Z, CTRL | SHIFT)
    assert [visitor.value(i, name) for i in images] == [1, 1, 1]
    visitor.key(Key.Key_Y, CTRL)
    assert visitor.panel.note.text().startswith("Done again")


def test_a_and_d_move(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    shown = visitor.shown()
    assert visitor.session.image == shown[0]
    visitor.key(Key.Key_D)
    visitor.key(Key.Key_Right)
    assert visitor.session.image == shown[2]
    visitor.key(Key.Key_A)
    assert visitor.session.image == shown[1]
    assert visitor.gallery.selected_ids() == [shown[1]]
    visitor.session.image = shown[4]
    assert visitor.gallery.current_id == shown[4]


def test_preview_and_facts_follow(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    visitor.qtbot.waitUntil(lambda: not visitor.panel.preview.image.isNull(), timeout=5000)
    assert "px" in visitor.panel.facts.text()
    info = visitor.session.image_info()
    assert info is not None
    assert visitor.panel.name.text == info.path.rsplit("/", 1)[-1]


def test_filter_by_tag_state_and_name(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    project = visitor.project
    counts = {c.id: project.tags.counts()[c.id][0] for c in project.classes.learnt()}
    class_id = next(c for c, n in counts.items() if n)
    chip = visitor.bar.chips.chip(class_id)
    assert chip.images == counts[class_id]
    visitor.qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    visitor.settle()
    assert len(visitor.shown()) == counts[class_id]
    assert f"{counts[class_id]} of {project.images.count()} images" in visitor.bar.shown.text()
    visitor.qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    visitor.bar.state.setCurrentIndex(visitor.bar.state.findData("empty"))
    visitor.settle()
    assert len(visitor.shown()) == project.gallery.state_counts()["empty"]
    visitor.bar.state.setCurrentIndex(0)
    visitor.key(Key.Key_F, CTRL)
    assert visitor.room.window().focusWidget() is visitor.bar.search
    visitor.type(visitor.bar.search, "no such name")
    visitor.settle()
    assert visitor.room.pane.page is visitor.room.pane.no_match
    visitor.qtbot.mouseClick(visitor.room.pane.clear_button, Qt.MouseButton.LeftButton)
    visitor.settle()
    assert len(visitor.shown()) == project.images.count()
    assert visitor.room.pane.page is visitor.gallery


def test_digits_in_the_search_do_not_tag(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    visitor.type(visitor.bar.search, "1230pd", enter=False)
    assert visitor.bar.search.text() == "1230pd"
    assert not visitor.project.tags.count_tagged()


def test_list_stays_while_tagging_and_updates_when_asked(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    visitor.bar.state.setCurrentIndex(visitor.bar.state.findData("untagged"))
    visitor.settle()
    before = visitor.shown()
    visitor.room.setFocus()
    visitor.key(Key.Key_0)
    visitor.settle()
    assert visitor.shown() == before
    assert visitor.session.image == before[1]
    assert visitor.bar.stale.isVisible()
    visitor.qtbot.mouseClick(visitor.bar.stale, Qt.MouseButton.LeftButton)
    visitor.settle()
    assert visitor.shown() == before[1:]
    assert not visitor.bar.stale.isVisible()


def test_classes_are_added_renamed_merged_and_deleted(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    project, panel = visitor.project, visitor.panel
    visitor.type(panel.add_field, "okapi")
    assert "okapi" in _learnt(project)
    okapi = project.classes.get("okapi").id
    visitor.room.setFocus()
    number = panel.classes.row(okapi).item.key
    image = visitor.session.image
    visitor.key(Key(Key.Key_0 + number))
    assert visitor.value(image, "okapi") == 1

    panel.classes.row(okapi).edit_name()
    field = visitor.room.window().focusWidget()
    visitor.type(field, "zebra")
    assert project.classes.get("zebra").id == okapi
    assert panel.classes.row(okapi).item.name == "zebra"

    other = project.classes.learnt()[0]
    visitor.room.admin.ask_merge(okapi, other.id)
    assert "1 image is tagged zebra" in panel.question.text
    visitor.remedy(panel.question, "Merge")
    assert "zebra" not in _learnt(project)
    assert visitor.value(image, other.name) == 1

    visitor.room.admin.ask_delete(other.id)
    visitor.remedy(panel.question, "Cancel")
    assert other.name in _learnt(project)
    visitor.room.admin.ask_delete(other.id)
    visitor.remedy(panel.question, "Delete")
    assert other.name not in _learnt(project)
    assert not panel.question.isVisible()


def test_a_name_that_is_taken_offers_to_merge_and_a_bad_one_says_why(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    first, second = visitor.project.classes.learnt()[:2]
    visitor.room.admin.rename(first.id, second.name)
    assert visitor.panel.question.text.startswith(f"Merge {first.name} into {second.name}?")
    visitor.type(visitor.panel.add_field, "background")
    assert "cannot be named background" in visitor.panel.question.text


def test_class_menu_opens_and_renames(enter, drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QMenu, "popup", lambda *_: None)  # the offscreen platform cannot grab the keyboard
    visitor = enter(drawn)
    row = visitor.panel.classes.rows[0]
    visitor.qtbot.mouseClick(row._menu, Qt.MouseButton.LeftButton)
    menu = visitor.room.admin.menu
    assert menu is not None
    assert [a.text() for a in menu.actions() if a.text()] == ["Rename", "Merge into", "Delete ..."]
    menu.actions()[0].trigger()
    menu.deleteLater()
    field = visitor.room.window().focusWidget()
    visitor.qtbot.keyClick(field, Key.Key_Escape)
    assert row.item.name == visitor.project.classes.learnt()[0].name


def test_table_dropped_on_the_gallery_is_imported(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    info = visitor.session.image_info()
    table = untagged.root / "dropped.csv"
    table.write_text(f"image,tags\n{info.path},wombat\ngone.jpg,wombat\n")
    _drop(visitor.gallery.viewport(), table)
    visitor.qtbot.waitUntil(lambda: "1 image tagged" in visitor.room.pane.report.text, timeout=5000)
    assert "gone.jpg" in visitor.room.pane.report.text
    assert visitor.value(info.id, "wombat") == 1
    wombat = visitor.project.classes.get("wombat").id
    visitor.settle()
    assert visitor.bar.chips.chip(wombat).images == 1
    assert visitor.panel.classes.row(wombat).value == TagValue.PRESENT


def test_bad_table_says_why(enter, untagged: Workplace) -> None:
    visitor = enter(untagged)
    table = untagged.root / "bad.csv"
    table.write_text("what,ever\n1,2\n")
    visitor.room.intake.import_table(table)
    visitor.qtbot.waitUntil(lambda: "has no column" in visitor.room.pane.report.text, timeout=5000)
    assert [b.text() for b in visitor.room.pane.report.remedies] == ["Choose another table"]


def test_folder_dropped_is_explained(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    other = drawn.root / "elsewhere"
    other.mkdir()
    _drop(visitor.gallery.viewport(), other)
    assert "stay in one folder" in visitor.room.pane.report.text
    assert len(visitor.room.pane.report.remedies) == 2


def test_new_photo_is_noticed_and_added(enter, drawn: Workplace) -> None:
    first = sorted(drawn.images.iterdir())[0]
    shutil.copy(first, drawn.images / "zz_new.png")
    visitor = enter(drawn)
    news = visitor.room.pane.news
    visitor.qtbot.waitUntil(lambda: "1 new photo in the folder" in news.text, timeout=5000)
    visitor.remedy(news, "Add it")
    visitor.settle()
    added = visitor.project.images.get("zz_new.png")
    assert added.id in visitor.shown()
    assert "1 photo was added" in news.text
    assert not news.remedies  # no run is there to predict anything


def test_declined_photos_are_told_again_only_when_asked(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    news, looker = visitor.room.pane.news, visitor.room.intake.new_photos
    visitor.qtbot.waitUntil(lambda: not looker._task.busy, timeout=5000)
    assert not news.isVisible()
    shutil.copy(sorted(drawn.images.iterdir())[0], drawn.images / "zz_new.png")
    looker.look()
    assert not looker._task.busy  # not yet: 30 s have not passed
    visitor.key(Key.Key_F5)
    visitor.qtbot.waitUntil(lambda: "1 new photo" in news.text, timeout=5000)
    visitor.remedy(news, "Not now")
    looker._last = None
    looker.look()
    visitor.qtbot.waitUntil(lambda: not looker._task.busy, timeout=5000)
    assert not news.isVisible()


def test_predicted_tags_are_shown_and_confirmed(enter, trained: Workplace) -> None:
    visitor = enter(trained)
    with visitor.project.database.transaction() as connection:
        connection.execute("DELETE FROM tag")
    visitor.session.tags_changed.emit(None)
    inspector = visitor.room.inspector
    visitor.qtbot.waitUntil(lambda: bool(inspector.predicted), timeout=5000)
    image, predicted = visitor.session.image, inspector.predicted
    assert visitor.panel.predicted.isVisible()
    assert visitor.panel.classes.rows[0].predicted is not None
    visitor.key(Key.Key_P)
    assert visitor.project.tags.of(image) == {c: int(p >= 0.5) for c, p in predicted.items()}
    assert visitor.session.image != image
    visitor.key(Key.Key_Z, CTRL)
    assert visitor.project.tags.of(image) == {}
    assert visitor.session.image == image


def test_predictions_of_many_images_are_confirmed_together(enter, trained: Workplace) -> None:
    visitor = enter(trained)
    with visitor.project.database.transaction() as connection:
        connection.execute("DELETE FROM tag")
    visitor.session.tags_changed.emit(None)
    visitor.key(Key.Key_A, CTRL)
    visitor.key(Key.Key_P)
    learnt = len(_learnt(visitor.project))
    visitor.qtbot.waitUntil(lambda: len(visitor.project.tags.of(visitor.shown()[-1])) == learnt, timeout=5000)
    assert visitor.project.tags.count_tagged() == visitor.project.images.count()


def test_new_photo_in_a_trained_project_offers_cams(enter, trained: Workplace) -> None:
    shutil.copy(sorted(trained.images.iterdir())[0], trained.images / "zz_new.png")
    visitor = enter(trained)
    news = visitor.room.pane.news
    visitor.qtbot.waitUntil(lambda: "1 new photo" in news.text, timeout=5000)
    visitor.remedy(news, "Add it")
    assert [b.text() for b in news.remedies] == ["Compute CAMs", "Not now"]
    submitted = []
    visitor.room.runner.submit = lambda spec, project: submitted.append(spec)
    visitor.remedy(news, "Compute CAMs")
    assert submitted[0].title == "CAMs of new photos"
    assert [step.stage for step in submitted[0].steps] == ["cams", "masks"]


def test_images_are_removed_after_asking(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    image = visitor.click_image(1)
    path = visitor.session.image_info().path
    after = visitor.shown()[2]
    visitor.key(Key.Key_Delete)
    question = visitor.room.pane.question
    assert path in question.text
    visitor.remedy(question, "Remove")
    visitor.settle()
    assert image not in visitor.shown()
    assert visitor.session.image == after
    assert (drawn.images / path).is_file()


def test_broken_image_says_why(enter, drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        info = next(project.images.iter())
        project.images.set_problem(info.id, "the image is broken (cut short)")
    (drawn.images / info.path).write_bytes(b"no picture")
    visitor = enter(drawn)
    assert "cut short" in visitor.panel.problem.text()
    visitor.qtbot.waitUntil(lambda: bool(visitor.panel.preview.reason), timeout=5000)


def test_project_without_classes_or_images_says_what_to_do(enter, qtbot: QtBot, drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        for found in project.classes.all():
            project.classes.delete(found.name)
        project.images.remove([i.id for i in project.images.iter()][1:])
    visitor = enter(drawn)
    assert visitor.panel.no_classes.isVisible()
    visitor.key(Key.Key_0)
    assert visitor.room.window().focusWidget() is visitor.panel.add_field
    visitor.type(visitor.panel.add_field, "sheep, cow")
    assert _learnt(visitor.project) == ["sheep", "cow"]
    assert not visitor.panel.no_classes.isVisible()
    visitor.session.remove_images(visitor.shown())
    visitor.settle()
    assert visitor.room.pane.page is visitor.room.pane.no_images
    assert visitor.session.image is None
    visitor.key(Key.Key_1)


def test_project_may_go_and_come(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    visitor.key(Key.Key_1)
    visitor.session.close()
    assert visitor.room.pane.page is visitor.room.pane.no_project
    for key in (Key.Key_1, Key.Key_0, Key.Key_Return, Key.Key_P, Key.Key_D, Key.Key_Delete, Key.Key_N):
        visitor.key(key)
    visitor.key(Key.Key_Z, CTRL)
    visitor.session.open(drawn.project)
    visitor.settle()
    assert len(visitor.shown()) == visitor.project.images.count()
    assert not visitor.room.tagging.editor.history.undo_text


def test_room_has_no_conflicting_keys(enter, drawn: Workplace) -> None:
    visitor = enter(drawn)
    assert visitor.room.actions_table.conflicts() == []


def _drop(widget, *paths) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(40, 40), *how))
    QApplication.sendEvent(widget, QDropEvent(QPointF(40, 40), *how))
