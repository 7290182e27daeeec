"""The Concepts room while its concepts, classes or run change under it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from concepts_desk import ConceptsDesk
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fbr_engine.config import ConceptsConfig
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project
from fbr_engine.stages import concepts
from fbr_engine.stages.concept_names import carry_names
from fbr_engine.stages.edit_concepts import merge
from fbr_engine.stages.judgement_effect import Effect, EffectIndex, Row
from fbr_engine.stages.stored_concepts import load_concepts, save_concepts
from fbr_studio.jobs.runner import Job
from fbr_studio.rooms.concepts import effect_work, jobs, model
from fbr_studio.rooms.concepts.editing import Edit, Edited, StaleError, edit
from fbr_studio.rooms.concepts.loading import Loaded


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[ConceptsDesk]:
    made = ConceptsDesk(qtbot, tmp_path / "settings.json")
    yield made
    made.close()


@pytest.fixture
def gate(desk: ConceptsDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Merging and splitting wait until this is set."""
    opened = threading.Event()

    def late(data: Loaded, wanted: Edit) -> Edited:
        assert opened.wait(20)
        return edit(data, wanted)

    monkeypatch.setattr(desk.model._editor, "_work", late)
    yield opened
    opened.set()


def test_answers_while_a_split_runs_are_kept(desk: ConceptsDesk, folder: Path, gate: threading.Event) -> None:
    desk.open(folder / "p")
    first, second, third = desk.model.questions[:3]
    desk.press(Qt.Key.Key_M)
    desk.model.write()
    assert first.concept_id not in {one.concept_id for one in desk.model.questions}
    desk.press(Qt.Key.Key_B)
    desk.model.write()
    assert desk.model.current == third
    assert first.concept_id not in {one.concept_id for one in desk.model.questions}
    desk.model.name(third.concept_id, "grass")
    gate.set()
    desk.wait(lambda: not desk.model.busy_editing)
    assert desk.model.verdict_of(second.concept_id, second.class_id) == "background"
    assert second.concept_id not in {one.concept_id for one in desk.model.questions}
    assert desk.model.names == {third.concept_id: "grass"}
    assert desk.model.current is not None
    assert desk.model.current.concept_id == third.concept_id


def test_what_is_being_split_takes_no_answer(desk: ConceptsDesk, folder: Path, gate: threading.Event) -> None:
    desk.open(folder / "p")
    first = desk.model.questions[0]
    told: list[str] = []
    desk.model.problem.connect(told.append)
    desk.press(Qt.Key.Key_M)
    desk.model.write()
    desk.model.choose(first.concept_id)
    desk.press(Qt.Key.Key_B)
    assert desk.verdicts() == [("mixed", first.class_id, first.concept_id)]
    assert told == [model.SPLITTING]
    gate.set()
    desk.wait(lambda: not desk.model.busy_editing)
    assert desk.model.current is not None
    assert desk.model.current.concept_id in set(desk.model.facts)


def test_a_split_that_fails_takes_back_its_own_answer(
    desk: ConceptsDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(folder / "p")
    opened = threading.Event()

    def failing(data: Loaded, wanted: Edit) -> Edited:
        assert opened.wait(20)
        raise ProjectError("no")

    monkeypatch.setattr(desk.model._editor, "_work", failing)
    first, second = desk.model.questions[:2]
    desk.press(Qt.Key.Key_M)
    desk.press(Qt.Key.Key_B)
    desk.model.write()
    opened.set()
    desk.wait(lambda: not desk.model.busy_editing)
    assert desk.verdicts() == [("background", second.class_id, second.concept_id)]
    assert first.concept_id in {one.concept_id for one in desk.model.questions}


def test_a_name_goes_to_the_concept_it_was_begun_for(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    first, second = desk.model.questions[:2]
    desk.press(Qt.Key.Key_N)
    desk.model.choose(second.concept_id)
    QTest.keyClicks(desk.panel.edit, "fur")
    QTest.keyClick(desk.panel.edit, Qt.Key.Key_Return)
    assert desk.model.names == {first.concept_id: "fur"}


def test_concepts_found_anew_begin_a_new_history(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    desk.model.choose(desk.model.questions[2].concept_id)
    named = desk.model.questions[1].concept_id
    desk.model.name(named, "wall")
    desk.press(Qt.Key.Key_S)
    desk.model.write()
    assert desk.model.history.done
    before = desk.model.set
    assert before is not None
    config = ConceptsConfig(per_class=2, background=3, seed=5)
    list(concepts.run(desk.session.open_project, config, desk.session.run))
    desk.model.look()
    desk.wait(lambda: desk.model.set is not None and desk.model.set.fingerprint != before.fingerprint)
    assert not desk.model.history.done
    assert desk.model.current == desk.model.questions[0]
    assert list(desk.model.names.values()) in (["wall"], [])


def test_a_merged_class_is_asked_about_by_its_new_name(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    cat = next(one for one in desk.model.questions if desk.model.class_name(one.class_id) == "cat")
    desk.session.merge_class("cat", "dog")
    desk.wait(lambda: desk.model.data is not None and len(desk.model.data.class_names) == 1)
    assert {desk.model.class_name(one.class_id) for one in desk.model.questions} == {"dog"}
    desk.model.choose(cat.concept_id)
    desk.press(Qt.Key.Key_B)
    assert [verdict for verdict, _, _ in desk.verdicts()] == ["background"]


def test_a_deleted_class_is_not_asked_about(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    cat = next(one for one in desk.model.questions if desk.model.class_name(one.class_id) == "cat")
    desk.session.delete_class("cat")
    desk.wait(lambda: desk.model.data is not None and len(desk.model.data.class_names) == 1)
    assert {desk.model.class_name(one.class_id) for one in desk.model.questions} == {"dog"}
    told: list[str] = []
    desk.model.problem.connect(told.append)
    desk.model.choose(cat.concept_id)
    desk.press(Qt.Key.Key_B)
    assert [verdict for verdict, _, _ in desk.verdicts()] == ["background"]
    assert told == []


def test_a_renamed_run_is_read_from_its_new_folder(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    desk.session.rename_run("one", "uno")
    desk.wait(lambda: desk.model.info is not None and desk.model.info.name == "uno")
    desk.wait(lambda: desk.model.state == "ready")
    before = set(desk.model.facts)
    desk.press(Qt.Key.Key_M)
    desk.wait(lambda: bool(set(desk.model.facts) - before))
    assert not (folder / "p" / "runs" / "one").exists()


def test_nothing_is_split_while_concepts_are_found_anew(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    told: list[str] = []
    desk.model.problem.connect(told.append)
    desk.model.remakes = lambda run: run == "one"
    asked, some = desk.model.current, list(desk.model.facts)[:2]
    desk.press(Qt.Key.Key_M)
    desk.model.split(some[0])
    desk.model.merge(some)
    assert told == [model.REMADE] * 3
    assert not desk.model.busy_editing
    assert desk.model.current == asked
    assert desk.verdicts() == []


def test_other_concepts_are_not_written_over(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    data = desk.model.data
    assert data is not None
    save_concepts(data.project, data.info, replace(data.set, revision=7))
    with pytest.raises(StaleError, match="changed meanwhile"):
        edit(data, Edit("split", (desk.model.questions[0].concept_id,)))
    stored = load_concepts(data.project, data.info)
    assert stored is not None
    assert stored.revision == 7
    desk.model.split(desk.model.questions[0].concept_id)
    desk.wait(lambda: desk.model.set is not None and desk.model.set.revision == 7)


def test_an_image_without_maps_is_left_out_of_the_effect(
    desk: ConceptsDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(folder / "p")
    desk.wait(lambda: bool(desk.effects))

    def broken(*_: object) -> object:
        raise ProjectError("no CAMs")

    monkeypatch.setattr(EffectIndex, "pair", broken)
    monkeypatch.setattr(EffectIndex, "effect", lambda *_: Effect((Row(1, 5, 0, 5),)))
    desk.effects.clear()
    desk.model.preview("background", every_class=True)
    desk.wait(lambda: bool(desk.effects))
    assert desk.effects[-1].pairs == ()
    assert desk.effects[-1].effect.images == 1


def test_where_there_is_nothing_to_show_the_view_says_so(desk: ConceptsDesk, folder: Path) -> None:
    desk.open(folder / "p")
    while desk.model.current is not None:
        desk.model.skip()
    desk.model.write()
    desk.session.classes_changed.emit()  # the room reads all anew
    view = desk.room.tabs.effect
    desk.wait(lambda: view.because.text() == model.NO_EFFECT)
    assert view.pairs == []


def test_an_effect_that_fails_is_told(desk: ConceptsDesk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise ProjectError("no features")

    monkeypatch.setattr(effect_work, "EffectIndex", broken)
    desk.open(folder / "p")
    desk.wait(lambda: desk.room.tabs.effect.because.text() == model.EFFECT_FAILED)


def test_reading_ends_when_another_run_is_shown(
    desk: ConceptsDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow(project: object, info: object, found: object, stop: Callable[[], bool]) -> object:
        begun.set()
        while not stop():
            ended.wait(0.01)
        ended.set()
        raise ProjectError("stopped")

    monkeypatch.setattr(effect_work, "EffectIndex", slow)
    desk.open(folder / "p")
    desk.wait(begun.is_set)
    desk.session.run = None
    desk.wait(ended.is_set)
    desk.wait(lambda: desk.model.state == "no_run")


def test_a_job_that_makes_concepts_is_known(desk: ConceptsDesk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open(folder / "p")
    info = desk.session.run_info()
    assert info is not None
    waiting: list[Job] = []
    monkeypatch.setattr(desk.room.work, "_jobs_of", lambda run: [job for job in waiting if job.spec.run == run])
    assert not desk.model.remakes("one")
    waiting.append(Job(jobs.judged_masks_job(info, "none"), desk.room))
    assert not desk.model.remakes("one")
    waiting.append(Job(jobs.concepts_job(info), desk.room))
    assert desk.model.remakes("one")
    assert not desk.model.remakes("two")


def test_names_go_to_the_concepts_that_take_their_place(folder: Path) -> None:
    with Project.open(folder / "p", write=True) as project:
        info = project.runs.latest()
        before = load_concepts(project, info)
        assert before is not None
        ids = before.ids()
        family = [i for i in ids if before.family_of(i) == before.family_of(ids[0])]
        after = merge(before, family[:2])
        project.judgements.name(info.id, family[0], "fur")
        project.judgements.name(info.id, ids[-1], "wall")
        carry_names(project, info, before, after)
        new = max(after.ids())
        expected = {new: "fur"} if ids[-1] in family[:2] else {new: "fur", ids[-1]: "wall"}
        assert project.judgements.names(info.id) == expected
        carry_names(project, info, None, after)
        assert project.judgements.names(info.id) == {}
