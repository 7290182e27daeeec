"""The Concepts room through its widgets: a question, five answers, undo, and the jobs that use the answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from concepts_desk import ConceptsDesk
from fake_stages import FakeStage, training_events
from planted import DOG_ID, GRASS, concepts_of, make_planted
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.config import ConceptsConfig, TrainConfig
from fbr_engine.events import Result
from fbr_engine.project import Project
from fbr_engine.stages import concepts
from fbr_studio.jobs import runner as runner_module
from fbr_studio.jobs.runner import JobSpec, Step
from fbr_studio.rooms.concepts import jobs, specs, work
from fbr_studio.rooms.concepts.asking import History

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[ConceptsDesk]:
    made = ConceptsDesk(qtbot, tmp_path / "settings.json")
    yield made
    made.close()


def test_the_room_asks_a_question(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    asked = desk.model.current
    assert asked is not None
    assert asked == desk.model.questions[0]
    name = desk.model.class_name(asked.class_id)
    assert desk.panel.question.text() == f"Is this part of a {name}?"
    assert f"{name}'s activation" in desk.panel.facts.text()
    assert desk.panel.progress.text().startswith("0 answered")
    assert [b.key for b in desk.panel.answers.values()] == ["B", "A", "O", "M", "S"]
    desk.wait(lambda: desk.panel.crops.complete)


@pytest.mark.parametrize(
    ("key", "verdict", "every"),
    [
        (Qt.Key.Key_B, "background", False),
        (Qt.Key.Key_A, "background", True),
        (Qt.Key.Key_O, "object", False),
        (Qt.Key.Key_S, "skip", False),
    ],
)
def test_a_key_answers_and_the_next_question_is_there(
    desk: ConceptsDesk, folder: Path, key: Qt.Key, verdict: str, every: bool
) -> None:
    desk.open(folder / "p")
    first, second = desk.model.questions[:2]
    desk.press(key)
    assert desk.model.current == second  # before anything is written
    assert desk.panel.question.text().endswith(f"{desk.model.class_name(second.class_id)}?")
    assert desk.verdicts() == [(verdict, None if every else first.class_id, first.concept_id)]
    assert desk.panel.progress.text().startswith("1 answered")
    assert first not in desk.model.questions


def test_a_button_answers(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first = desk.model.questions[0]
    desk.panel.answers[specs.BACKGROUND.id].click()
    assert desk.verdicts() == [("background", first.class_id, first.concept_id)]


def test_mixed_splits_the_concept_and_asks_about_its_parts(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first = desk.model.questions[0]
    before = set(desk.model.facts)
    desk.press(Qt.Key.Key_M)
    asked = desk.model.current
    assert asked is not None
    assert asked.concept_id != first.concept_id
    desk.wait(lambda: bool(set(desk.model.facts) - before))
    parts = set(desk.model.facts) - before
    assert len(parts) == 2
    assert first.concept_id not in desk.model.facts
    now = desk.model.current
    assert now is not None
    assert (now.concept_id, now.class_id) == (asked.concept_id, asked.class_id)
    assert {one.concept_id for one in desk.model.questions[:2]} == parts
    assert desk.verdicts() == [("mixed", first.class_id, first.concept_id)]

    desk.press(Qt.Key.Key_Z, CONTROL)
    desk.wait(lambda: not desk.model.busy_editing)
    assert desk.verdicts() == []
    whole = set(desk.model.facts) - before
    assert len(whole) == 1
    assert desk.model.current is not None
    assert {desk.model.current.concept_id} == whole


def test_undo_asks_again_and_redo_answers_again(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first, second = desk.model.questions[:2]
    desk.press(Qt.Key.Key_B)
    desk.press(Qt.Key.Key_O)
    assert len(desk.verdicts()) == 2
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.model.current is not None
    assert desk.model.current.concept_id == second.concept_id
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.model.current.concept_id == first.concept_id
    assert desk.verdicts() == []
    assert not desk.room.actions_here[specs.UNDO.id].isEnabled()
    desk.press(Qt.Key.Key_Z, CONTROL, SHIFT)
    assert desk.verdicts() == [("background", first.class_id, first.concept_id)]
    assert desk.model.current.concept_id == second.concept_id


def test_the_effect_of_the_last_answer_is_shown(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first = desk.model.questions[0]
    desk.press(Qt.Key.Key_B)
    desk.wait(lambda: any(e.look.given for e in desk.effects))
    look = desk.effects[-1].look
    assert (look.verdict, look.concept_id) == ("background", first.concept_id)
    view = desk.room.tabs.effect
    assert view.because.text() == f"Your last answer: background for {desk.model.class_name(first.class_id)}"
    assert "change" in view.sentence.text()
    assert len(view.pairs) == len(desk.effects[-1].pairs)


def test_grass_that_is_no_dog_leaves_the_masks(desk: ConceptsDesk, folder: Path) -> None:
    with Project.open(folder / "p", write=True) as project:
        project.runs.update(project.runs.latest().id, figures={"threshold": 0.5})
    desk.open(folder / "p")
    assert desk.model.set is not None
    for grass in concepts_of(desk.model.set, GRASS, DOG_ID):
        desk.model.choose(grass)
        desk.press(Qt.Key.Key_B)
        desk.model.write()
        desk.wait(lambda grass=grass: any(e.look.given and e.look.concept_id == grass for e in desk.effects))
    last = desk.effects[-1]
    assert last.effect.lost > 0
    assert last.effect.gained == 0
    assert 0 < last.share < 1
    assert desk.room.tabs.effect.sentence.text().startswith(f"dog: {last.effect.images} images and ")


def test_images_of_a_matrix_stand_in_the_effects_place(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    view = desk.room.tabs.effect
    desk.room.tabs.show_tab(specs.BOARD.id)
    desk.room.show_images([3, 2])
    desk.wait(lambda: view.back.isVisible())
    assert view.isVisible()
    assert view.sentence.text() == "2 images, worst first"
    assert [row.pair.image_id for row in view.pairs if row.pair is not None] == [3, 2]
    view.pairs[0].click()
    assert (desk.session.image, desk.rooms) == (3, ["review"])
    view.back.click()
    desk.wait(lambda: not view.back.isVisible())


def test_pointing_at_an_answer_previews_it(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    button = desk.panel.answers[specs.OBJECT.id]
    middle = button.rect().center().toPointF()
    QApplication.sendEvent(button, QEnterEvent(middle, middle, middle))
    desk.wait(lambda: any(e.look.verdict == "object" for e in desk.effects))
    assert not desk.effects[-1].look.given
    assert desk.room.tabs.effect.because.text().startswith("If you answer: part of")
    QApplication.sendEvent(button, QEvent(QEvent.Type.Leave))
    desk.wait(lambda: desk.effects[-1].look.verdict == "background")
    assert desk.verdicts() == []


def test_an_answer_is_taken_back_in_the_list(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first = desk.model.questions[0]
    desk.press(Qt.Key.Key_B)
    desk.press(Qt.Key.Key_S)
    desk.press(Qt.Key.Key_L)
    given = desk.panel.given
    assert given.isVisible()
    assert given.title.text() == "2 answers"
    assert given.list.item(1).text().startswith(f"Background for {desk.model.class_name(first.class_id)}\n")
    given.list.setCurrentRow(1)
    given.take_back.click()
    assert [v for v, _, _ in desk.verdicts()] == ["skip"]
    assert first.concept_id in {q.concept_id for q in desk.model.questions}
    given.back_asked.emit()
    assert not given.isVisible()


def test_a_concept_gets_a_name(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    desk.press(Qt.Key.Key_N)
    assert desk.panel.edit.isVisible()
    desk.qtbot.keyClicks(desk.panel.edit, " wet  grass")
    desk.qtbot.keyClick(desk.panel.edit, Qt.Key.Key_Return)
    assert desk.panel.name.text == "wet grass"
    info = desk.session.run_info()
    assert info is not None
    assert list(desk.session.open_project.judgements.names(info.id).values()) == ["wet grass"]


def test_answers_stand_after_the_project_is_opened_again(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first = desk.model.questions[0]
    desk.press(Qt.Key.Key_B)
    desk.session.close()  # the answer was not written yet
    assert desk.model.state == "no_run"
    desk.open(folder / "p")
    assert desk.model.answered == 1
    desk.model.choose(first.concept_id)
    assert "Answered: background for" in desk.panel.said.text()


def test_a_run_without_concepts_offers_to_find_them(
    desk: ConceptsDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "take_cores", lambda low: None)
    shutil.rmtree(folder / "p" / "runs" / "one" / "concepts")
    desk.open(folder / "p")
    assert desk.model.state == "no_concepts"
    assert desk.room.pages.currentWidget() is desk.room.pages.empty["no_concepts"]
    desk.room.pages.buttons["no_concepts"].click()
    assert desk.runner.current is not None
    assert [step.stage for step in desk.runner.current.spec.steps] == ["concepts"]
    desk.wait(lambda: desk.model.state == "ready")
    assert desk.room.pages.currentWidget() is desk.room.pages.work


def test_without_a_run_the_way_to_training_is_shown(desk: ConceptsDesk, tmp_path: Path) -> None:
    make_planted(tmp_path / "new").close()
    desk.open(tmp_path / "new" / "p")
    assert desk.model.state == "no_run"
    desk.room.pages.buttons["no_run"].click()
    assert desk.rooms == ["training"]


def test_without_features_the_cams_are_made_first(desk: ConceptsDesk, folder: Path) -> None:
    shutil.rmtree(folder / "p" / "runs" / "one" / "concepts")
    with Project.open(folder / "p", write=True) as project:
        info = project.runs.latest()
        for image, location, _ in list(project.maps.done(info.id, "cams")):
            project.maps.record(info.id, image.id, "cams", "without", location, None)
    desk.open(folder / "p")
    assert desk.model.state == "no_features"
    found = desk.session.run_info()
    assert found is not None
    assert [step.stage for step in jobs.concepts_job(found, with_cams=True).steps] == ["cams", "concepts"]


# --- the answers used


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeStage], None]:
    """Give the training of the room this one stage."""
    monkeypatch.setattr(runner_module, "take_cores", lambda low: None)

    def put(stage: FakeStage) -> None:
        def job(info: object, name: str, *_: object, **__: object) -> JobSpec:
            return JobSpec(f"Training {name}", [Step("train", stage)], name)

        monkeypatch.setattr(work, "again_job", job)

    return put


def test_training_again_starts_from_the_run(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    info = desk.session.run_info()
    assert info is not None
    config = jobs.again_config(info)
    before = TrainConfig.from_json(info.config)
    assert (config.start_from, config.epochs) == (info.name, 1)
    assert (config.method, config.backbone, config.crop) == (before.method, before.backbone, before.crop)
    spec = jobs.again_job(info, "next", "none")
    assert [step.stage for step in spec.steps] == ["train", "cams", "concepts", "masks"]
    assert spec.run == "next"
    project = desk.session.open_project
    assert jobs.again_name(project, info, set()) == f"{info.name}-judged"
    assert jobs.again_name(project, info, {f"{info.name}-judged"}) == f"{info.name}-judged-2"


def test_the_comparison_opens_when_the_training_is_done(
    desk: ConceptsDesk, folder: Path, fake: Callable[[FakeStage], None]
) -> None:
    desk.open(folder / "p")
    base = desk.session.run
    fake(FakeStage([*training_events(run="after"), Result("train", {"run": "after"})]))
    desk.press(Qt.Key.Key_R, CONTROL)
    desk.wait(lambda: bool(desk.rooms))
    assert desk.rooms == ["training"]
    assert (desk.session.run, desk.session.compare_run) == ("after", base)
    assert desk.session.comparison_due


@pytest.mark.slow
def test_a_real_training_uses_the_answers(desk: ConceptsDesk, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        list(concepts.run(project, ConceptsConfig(per_class=2, background=4)))
    desk.open(trained.project)
    desk.model.choose(next(iter(desk.model.facts)))
    desk.press(Qt.Key.Key_A)
    assert [verdict for verdict, _, _ in desk.verdicts()] == ["background"]
    base = desk.session.run
    desk.press(Qt.Key.Key_R, CONTROL)
    job = desk.runner.current
    assert job is not None
    desk.wait(lambda: job.state not in ("queued", "running"), 240)
    assert (job.state, job.error) == ("done", None)
    made = desk.session.open_project.runs.get(f"{base}-judged")
    assert made.status == "done"
    assert made.config["start_from"] == base
    assert (desk.session.run, desk.session.compare_run, desk.rooms) == (made.name, base, ["training"])
    assert desk.session.open_project.maps.count_done(made.id, "masks") > 0
    desk.wait(lambda: desk.model.state == "ready")
    assert desk.model.info is not None
    assert desk.model.info.name == made.name
    assert desk.model.answered == 1


def test_masks_are_made_with_the_threshold_they_had(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    info = desk.session.run_info()
    assert info is not None
    spec = jobs.judged_masks_job(info, "none")
    assert [step.stage for step in spec.steps] == ["masks"]
    assert jobs.known_threshold(info) is None
    assert jobs.known_threshold(replace(info, figures={"threshold": 0.31})) == 0.31


def test_the_keys_of_the_room_do_not_collide(desk: ConceptsDesk) -> None:
    assert desk.actions.conflicts() == []
    assert set(desk.room.actions_here) == {spec.id for spec in specs.ALL}


def test_the_room_imports_no_torch() -> None:
    code = "import fbr_studio.rooms.concepts, sys; sys.exit('torch' in sys.modules or 'pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_history_forgets_what_was_taken_back_elsewhere() -> None:
    history = History()
    assert history.undo() is None
    assert history.redo() is None
    history.forget(3)
    history.clear()
    assert history.last() is None
