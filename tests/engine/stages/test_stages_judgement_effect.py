"""The effect at once is what the masks will be."""

from __future__ import annotations

import numpy as np
import pytest
from planted import CAT, CAT_ID, DOG_ID, GRASS, WALL, concepts_of, find_concepts, tags_of

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.edit_concepts import split
from fbr_engine.stages.judged_cams import JudgedCams
from fbr_engine.stages.judgement_effect import Effect, EffectIndex
from fbr_engine.stages.stored_cams import cam_record
from fbr_engine.stages.verdicts import Verdicts, bind

THRESHOLD = 0.4


@pytest.fixture
def project(planted: Project) -> Project:
    return planted


@pytest.fixture
def run(project: Project) -> RunInfo:
    return project.runs.get("a")


@pytest.fixture
def concepts(project: Project, run: RunInfo) -> ConceptSet:
    return find_concepts(project, run)  # they are there


@pytest.fixture
def nothing(project: Project, run: RunInfo, concepts: ConceptSet) -> Verdicts:
    return bind(project, run, concepts)


def slowly(project: Project, run: RunInfo, before: Verdicts, after: Verdicts) -> dict[int, tuple[int, int, int]]:
    """Count, image by image, what changes of the CAMs that `masks` reads; 64 x 64 px on a grid of 18 x 18."""
    found = {}
    for image in project.images.iter():
        record = cam_record(project, run, image)
        assert record is not None
        stored = record.read()
        labels = []
        for verdicts in (before, after):
            cam = JudgedCams(project, run, verdicts.concepts, verdicts).apply(record, stored).cam
            best = np.concatenate([np.full((1, 18, 18), THRESHOLD * 255), cam]).argmax(axis=0)
            labels.append(np.concatenate([[0], stored.class_ids])[best])
        old, new = labels
        changed, gained, lost = old != new, (old == 0) & (new > 0), (old > 0) & (new == 0)
        if changed.any():
            share = 64 * 64 / 18**2
            found[image.id] = tuple(round(int(c.sum()) * share) for c in (changed, gained, lost))
    return found  # type: ignore[return-value]


def rows(effect: Effect) -> dict[int, tuple[int, int, int]]:
    return {row.image_id: (row.changed, row.gained, row.lost) for row in effect.rows}


def test_it_counts_what_changes(project: Project, run: RunInfo, concepts: ConceptSet, nothing: Verdicts) -> None:
    index = EffectIndex(project, run, concepts)
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    (cat, *_) = concepts_of(concepts, CAT, CAT_ID)
    walls = concepts_of(concepts, WALL, 0)
    states = [nothing]
    states.append(states[-1].with_(grass, DOG_ID, "background"))
    states.append(states[-1].with_(walls[0], DOG_ID, "object").with_(walls[1], DOG_ID, "object"))
    states.append(states[-1].with_(cat, None, "background"))
    states.append(states[-1].with_(grass, DOG_ID, "object"))
    for before, after in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 4)):
        found = index.effect(states[before], states[after], THRESHOLD)
        expected = slowly(project, run, states[before], states[after])
        assert rows(found) == expected
        assert expected
        assert [r.changed for r in found.rows] == sorted((r.changed for r in found.rows), reverse=True)
        assert (found.images, found.pixels) == (len(expected), sum(c for c, _, _ in expected.values()))
        assert (found.gained, found.lost) == tuple(sum(v[k] for v in expected.values()) for k in (1, 2))


def test_only_images_with_the_tag_change(
    project: Project, run: RunInfo, concepts: ConceptSet, nothing: Verdicts
) -> None:
    index = EffectIndex(project, run, concepts)
    assert index.image_ids == [i for i in range(1, 13) if tags_of(i)]
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    found = index.effect(nothing, nothing.with_(grass, DOG_ID, "background"), THRESHOLD)
    assert {row.image_id for row in found.rows} == {i for i in range(1, 13) if DOG_ID in tags_of(i)}
    assert index.effect(nothing, nothing, THRESHOLD) == Effect(())
    assert index.effect(nothing, nothing.with_(grass, DOG_ID, "skip"), THRESHOLD) == Effect(())


def test_it_holds_after_a_split(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    index = EffectIndex(project, run, concepts)
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    parts = split(project, run, concepts, grass)
    new = max(parts.ids())
    before = bind(project, run, parts)
    after = before.with_(new, DOG_ID, "background")
    assert rows(index.effect(before, after, THRESHOLD)) == slowly(project, run, before, after)


def test_a_pair_of_masks(project: Project, run: RunInfo, concepts: ConceptSet, nothing: Verdicts) -> None:
    index = EffectIndex(project, run, concepts)
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    before, after = index.pair(2, nothing, nothing.with_(grass, DOG_ID, "background"), THRESHOLD)
    assert before.shape == after.shape == (64, 64)
    assert set(np.unique(before)) == {0, DOG_ID}
    assert (after == DOG_ID).sum() < 0.7 * (before == DOG_ID).sum()
    small, _ = index.pair(2, nothing, nothing, THRESHOLD, (32, 48))
    assert small.shape == (32, 48)
    with pytest.raises(ProjectError, match="run fbr-engine cams again"):
        index.pair(999, nothing, nothing, THRESHOLD)


def test_reading_can_be_stopped_and_limited(project: Project, run: RunInfo, concepts: ConceptSet) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 5

    assert EffectIndex(project, run, concepts, stop).image_ids == [1, 2, 3, 5]
    assert len(EffectIndex(project, run, concepts, most=4).image_ids) <= 4


def test_images_that_cannot_be_read_are_left_out(
    project: Project, run: RunInfo, concepts: ConceptSet, nothing: Verdicts
) -> None:
    project.map_path("a", "0002.jpg", "cams", "npz").write_bytes(b"no arrays")
    index = EffectIndex(project, run, concepts)
    assert 2 not in index.image_ids
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    assert index.effect(nothing, nothing.with_(grass, DOG_ID, "background"), THRESHOLD).images == 5
