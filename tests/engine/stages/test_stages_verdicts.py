"""Judgements fall on the concepts of any run by their pixels; the latest of a concept and class holds."""

from __future__ import annotations

import numpy as np
import pytest
from planted import CAT_ID, DOG, DOG_ID, GRASS, WALL, concepts_of, find_concepts, materials

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.edit_concepts import merge, split
from fbr_engine.stages.judge import judge
from fbr_engine.stages.verdicts import bind, resized_pixels


@pytest.fixture
def project(planted: Project) -> Project:
    return planted


@pytest.fixture
def run(project: Project) -> RunInfo:
    return project.runs.get("a")


@pytest.fixture
def concepts(project: Project, run: RunInfo) -> ConceptSet:
    return find_concepts(project, run)  # they are there


def add(project: Project, material: int, verdict: str, class_id: int | None, side: int = 9) -> int:
    """Judge pixels that no concept was asked for."""
    pixels = [(i, materials(i, side) == material) for i in (2, 3, 6)]
    return project.judgements.add(verdict, class_id, 1, 99, pixels, "Ada").id


def test_the_latest_of_a_concept_and_class_holds(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    first = judge(project, run, concepts, grass, DOG_ID, "background").judgement
    verdicts = bind(project, run, concepts)
    assert verdicts.judged(grass, DOG_ID) == first
    assert (verdicts.of(grass, DOG_ID), verdicts.of(grass, CAT_ID)) == (-1, 0)
    everywhere = judge(project, run, concepts, grass, None, "background").judgement
    verdicts = bind(project, run, concepts, verdicts)
    assert (verdicts.of(grass, DOG_ID), verdicts.of(grass, CAT_ID)) == (-1, -1)
    assert verdicts.judged(grass, DOG_ID) == everywhere
    made = judge(project, run, concepts, grass, DOG_ID, "object").judgement
    verdicts = bind(project, run, concepts, verdicts)
    assert (verdicts.of(grass, DOG_ID), verdicts.of(grass, CAT_ID)) == (1, -1)
    skipped = judge(project, run, concepts, grass, DOG_ID, "skip").judgement
    verdicts = bind(project, run, concepts, verdicts)
    assert verdicts.of(grass, DOG_ID) == 1
    assert verdicts.judged(grass, DOG_ID) == skipped
    project.judgements.withdraw(made.id)
    assert bind(project, run, concepts, verdicts).of(grass, DOG_ID) == -1


def test_pixels_on_another_grid_fall_on_the_concept_they_show(
    project: Project, run: RunInfo, concepts: ConceptSet
) -> None:
    made = add(project, GRASS, "background", DOG_ID, side=18)
    binding = bind(project, run, concepts).binding(made)
    assert list(binding.concepts) == concepts_of(concepts, GRASS, DOG_ID)
    assert binding.overlap > 0.8


def test_a_judgement_falls_on_the_parts_of_what_was_split_since(
    project: Project, run: RunInfo, concepts: ConceptSet
) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    made = judge(project, run, concepts, grass, DOG_ID, "background").judgement
    parts = split(project, run, concepts, grass)
    new = sorted(set(parts.ids()) - set(concepts.ids()))
    assert len(new) == 2
    verdicts = bind(project, run, parts)
    assert sorted(verdicts.binding(made.id).concepts) == new
    assert [verdicts.of(i, DOG_ID) for i in new] == [-1, -1]
    again = judge(project, run, parts, new[0], DOG_ID, "object")
    verdicts = bind(project, run, again.concepts)
    assert [verdicts.of(i, DOG_ID) for i in new] == [1, -1]


def test_a_judgement_falls_on_what_its_concept_was_merged_into(
    project: Project, run: RunInfo, concepts: ConceptSet
) -> None:
    (grass,), (dog, *_) = concepts_of(concepts, GRASS, DOG_ID), concepts_of(concepts, DOG, DOG_ID)
    made = judge(project, run, concepts, grass, DOG_ID, "background").judgement
    merged = merge(concepts, [grass, dog])
    assert bind(project, run, merged).binding(made.id).concepts == (max(merged.ids()),)


def test_who_finds_a_concept_mixed_takes_back_what_was_said_of_the_whole(
    project: Project, run: RunInfo, concepts: ConceptSet
) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    judge(project, run, concepts, grass, DOG_ID, "background")
    judge(project, run, concepts, grass, CAT_ID, "background")
    mixed, parts = judge(project, run, concepts, grass, DOG_ID, "mixed")
    new = sorted(set(parts.ids()) - set(concepts.ids()))
    verdicts = bind(project, run, parts)
    assert [verdicts.of(part, DOG_ID) for part in new] == [0, 0]
    assert -1 in [verdicts.of(part, CAT_ID) for part in new]
    project.judgements.withdraw(mixed.id)
    assert -1 in [bind(project, run, parts).of(part, DOG_ID) for part in new]


def test_concepts_of_one_number_are_not_the_same(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    planes = [[(i, materials(i, 9) == material) for i in (2, 3, 6)] for material in (GRASS, WALL)]
    first, second = (project.judgements.add("background", DOG_ID, run.id, 99, plane, "Ada") for plane in planes)
    assert first.about != second.about
    assert project.judgements.get(first.id).about == first.about


def test_pixels_of_no_concept_count_by_their_mean(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    pixels = [(i, (np.arange(81) % 3 == 0).reshape(9, 9)) for i in (3, 7, 11)]
    made = project.judgements.add("background", CAT_ID, run.id, 1, pixels, "")
    verdicts = bind(project, run, concepts)
    binding = verdicts.binding(made.id)
    assert binding.concepts == ()
    assert binding.centroid is not None
    assert np.linalg.norm(binding.centroid) == pytest.approx(1, abs=1e-4)
    cast = verdicts.cast(CAT_ID)
    assert np.array_equal(cast.centroids[-1], binding.centroid)
    assert (cast.sign[-1], cast.own, len(cast.centroids)) == (-1, 3, 4)
    assert not verdicts.cast(DOG_ID).acts
    project.judgements.add("skip", CAT_ID, run.id, 1, pixels, "")
    assert bind(project, run, concepts).cast(CAT_ID).acts  # a skip of no concept says nothing


def test_images_that_are_gone_do_not_count(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    made = project.judgements.add("background", DOG_ID, run.id, 1, [(999, np.ones((9, 9), np.bool_))], "")
    binding = bind(project, run, concepts).binding(made.id)
    assert (binding.concepts, binding.overlap, binding.centroid) == ((), 0.0, None)
    assert bind(project, run, concepts).digest([DOG_ID]) == ""


def test_the_cast_of_a_class(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    wall = concepts_of(concepts, WALL, 0)[0]
    verdicts = bind(project, run, concepts).with_(grass, None, "background").with_(wall, DOG_ID, "object")
    cast = verdicts.cast(DOG_ID)
    assert (cast.own, len(cast.centroids)) == (3, 4)
    assert sorted(cast.sign.tolist()) == [-1, 0, 0, 1]
    assert cast.put_back.tolist() == [False, False, False, True]
    foreign = verdicts.cast(CAT_ID)
    assert (foreign.own, foreign.sign.tolist(), foreign.put_back.any()) == (3, [0, 0, 0, -1], False)
    assert np.array_equal(foreign.centroids[3], concepts.centroids[concepts.atoms_of(grass)[0]])


def test_trials_are_seen_and_not_kept(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    before = bind(project, run, concepts)
    trial = before.with_(grass, DOG_ID, "background")
    assert (trial.of(grass, DOG_ID), before.of(grass, DOG_ID)) == (-1, 0)
    assert trial.judged(grass, DOG_ID) is None
    made = judge(project, run, concepts, grass, DOG_ID, "background").judgement
    after = bind(project, run, concepts, before)
    assert after.digest([DOG_ID]) == trial.digest([DOG_ID]) != before.digest([DOG_ID])
    assert after.without(made.id).digest([DOG_ID]) == before.digest([DOG_ID]) == ""


def test_classes_that_were_merged_or_deleted_since(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    judge(project, run, concepts, grass, DOG_ID, "background")
    project.classes.merge("dog", "cat")
    verdicts = bind(project, run, concepts)
    assert (verdicts.of(grass, CAT_ID), verdicts.cast(CAT_ID).own) == (-1, 6)
    assert verdicts.cast(DOG_ID).own == 0
    project.classes.delete("cat")
    verdicts = bind(project, run, concepts)
    assert verdicts.cast(CAT_ID).own == 0
    assert verdicts.digest([CAT_ID, DOG_ID]) == ""


def test_pixels_are_resized_by_the_nearest_with_corners_on_corners() -> None:
    pixels = np.zeros((4, 4), np.bool_)
    pixels[0, 0] = pixels[3, 1] = True
    assert resized_pixels(pixels, (4, 4)) is pixels
    assert np.argwhere(resized_pixels(pixels, (2, 2))).tolist() == [[0, 0]]
    assert resized_pixels(pixels, (7, 7))[0, 0]
    assert resized_pixels(pixels, (7, 7))[6, 2]
