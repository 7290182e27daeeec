"""Judging one concept: what is kept, what is refused, and what a split leads to."""

from __future__ import annotations

import numpy as np
import pytest
from planted import DOG, DOG_ID, GRASS, concepts_of, find_concepts

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.errors import ProjectError, WriteError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages import judge as judge_stage
from fbr_engine.stages.judge import judge, withdraw
from fbr_engine.stages.stored_concepts import load_concepts


@pytest.fixture
def project(planted: Project) -> Project:
    return planted


@pytest.fixture
def run(project: Project) -> RunInfo:
    return project.runs.get("a")


@pytest.fixture
def concepts(project: Project, run: RunInfo) -> ConceptSet:
    return find_concepts(project, run)  # they are there


def test_a_judgement_keeps_the_pixels_it_was_made_on(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    made, after = judge(project, run, concepts, grass, DOG_ID, "background", "Ada")
    assert after is concepts
    found = project.judgements.get(made.id)
    assert (found.who, found.verdict, found.class_id, found.run, found.concept) == (
        *("Ada", "background", DOG_ID, "a", grass),
    )
    exemplars = found.exemplars()
    assert [e.image_id for e in exemplars] == concepts.typical(grass, 32)
    assert all(np.array_equal(e.pixels, concepts.concept_plane(e.image_id, grass)) for e in exemplars)
    withdraw(project, made.id)
    assert project.judgements.all() == []


def test_without_a_name_it_is_the_one_at_the_machine(
    project: Project, run: RunInfo, concepts: ConceptSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert judge(project, run, concepts, 1, DOG_ID, "skip").judgement.who == "grace"

    def nobody() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert judge(project, run, concepts, 1, DOG_ID, "skip").judgement.who == ""


def test_mixed_splits_the_concept(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    (dog, *_) = concepts_of(concepts, DOG, DOG_ID)
    made, after = judge(project, run, concepts, dog, DOG_ID, "mixed")
    assert dog not in after.ids()
    assert len(after.ids()) == len(concepts.ids()) + 1
    saved = load_concepts(project, run)
    assert saved is not None
    assert saved.ids() == after.ids()
    assert project.judgements.get(made.id).concept == dog


def test_what_cannot_be_judged_is_not_kept(
    project: Project, run: RunInfo, concepts: ConceptSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ProjectError, match=r"run a has no concept 99: there are 1, 2, .*fbr-engine concepts PROJECT"):
        judge(project, run, concepts, 99, DOG_ID, "background")
    with pytest.raises(ProjectError, match="nothing is part of every class: name the class"):
        judge(project, run, concepts, 1, None, "object")

    def full(*_: object) -> None:
        raise WriteError("no space left on the disk")

    monkeypatch.setattr(judge_stage, "save_concepts", full)
    with pytest.raises(WriteError):
        judge(project, run, concepts, 1, DOG_ID, "mixed")
    assert project.judgements.all(standing=False) == []
