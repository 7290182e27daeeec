from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from planted import CAT_ID, DOG, DOG_ID, GRASS, WALL, add_run, concepts_of, find_concepts, make_planted, mostly
from workplace import Engine, Workplace, run_until

from fbr_engine.config import ConceptsConfig
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.events import ImageSkipped, Progress, Result
from fbr_engine.project import Project
from fbr_engine.stages import concepts as stage
from fbr_engine.stages.edit_concepts import merge, split
from fbr_engine.stages.questions import questions
from fbr_engine.stages.stored_concepts import concepts_path, facts, is_current, load_concepts, save_concepts
from fbr_engine.stages.tag_check import doubts


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_planted(tmp_path / "planted") as made:
        add_run(made, "one")
        yield made


def test_what_the_model_takes_for_dog_falls_apart_into_dog_and_grass(project: Project) -> None:
    info = project.runs.get("one")
    concepts = find_concepts(project, info)
    assert concepts_of(concepts, DOG, DOG_ID)
    assert concepts_of(concepts, GRASS, DOG_ID)
    assert {mostly(concepts, i) for i in concepts.ids() if concepts.family_of(i) == 0} == {WALL}
    shares = sum(c.share[DOG_ID] for c in facts(project, info, concepts))
    assert shares == pytest.approx(1, abs=1e-3)
    assert len(concepts.image_ids) == 12


def test_the_same_seed_gives_the_same_and_is_not_computed_again(project: Project) -> None:
    info = project.runs.get("one")
    once = find_concepts(project, info)
    written = concepts_path(project, info).read_bytes()
    last = list(stage.run(project, ConceptsConfig(per_class=3, background=4), "one"))[-1]
    assert isinstance(last, Result)
    assert last.values["computed"] == 0
    concepts_path(project, info).unlink()
    again = find_concepts(project, info)
    assert concepts_path(project, info).read_bytes() == written
    np.testing.assert_array_equal(once.labels, again.labels)


def test_concepts_follow_tags_and_cams(project: Project) -> None:
    info = project.runs.get("one")
    concepts = find_concepts(project, info)
    assert is_current(project, info, concepts)
    project.tags.set(1, DOG_ID, 1)
    assert not is_current(project, info, concepts)


def test_nothing_is_written_before_all_is_done(project: Project) -> None:
    info = project.runs.get("one")
    run_until(
        stage.run(project, ConceptsConfig(), "one"), lambda e: isinstance(e, Progress) and "every image" in e.note
    )
    assert load_concepts(project, info) is None
    assert not list(project.runs.folder("one").rglob("*.tmp"))


def test_broken_images_are_left_out_and_told_once(project: Project) -> None:
    broken = project.map_path("one", "0002.jpg", "cams", "npz")
    broken.write_bytes(b"nothing")
    events = list(stage.run(project, ConceptsConfig(per_class=2, background=2), "one"))
    assert [e.image for e in events if isinstance(e, ImageSkipped)] == ["0002.jpg"]
    progress = [e for e in events if isinstance(e, Progress) and e.stage == "concepts"]
    assert progress[-1].done == progress[-1].total
    found = load_concepts(project, project.runs.get("one"))
    assert found is not None
    assert found.row(2) is None


def test_a_broken_file_says_what_to_do_and_is_computed_again(project: Project) -> None:
    info = project.runs.get("one")
    find_concepts(project, info)
    concepts_path(project, info).write_bytes(b"broken")
    with pytest.raises(ReadError, match="fbr-engine concepts"):
        load_concepts(project, info)
    assert find_concepts(project, info).ids()


def test_a_run_without_features_says_what_to_do(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.latest()
        project.maps.record_many(
            (info.id, image.id, "cams", "other", place, {}) for image, place, _ in project.maps.done(info.id, "cams")
        )
        with pytest.raises(ProjectError, match="--features"):
            list(stage.run(project, ConceptsConfig()))


def test_merging_joins_atoms_under_a_new_number(project: Project) -> None:
    info = project.runs.get("one")
    concepts = find_concepts(project, info)
    pair = [i for i in concepts.ids() if concepts.family_of(i) == DOG_ID][:2]
    merged = merge(concepts, pair)
    new = max(merged.ids())
    assert new == max(concepts.ids()) + 1
    assert merged.revision == concepts.revision + 1
    assert not set(pair) & set(merged.ids())
    both = concepts.concept_plane(2, pair[0]) | concepts.concept_plane(2, pair[1])
    np.testing.assert_array_equal(merged.concept_plane(2, new), both)
    cat = next(i for i in concepts.ids() if concepts.family_of(i) == CAT_ID)
    for wrong in ([pair[0]], [pair[0], cat], [pair[0], 999]):
        with pytest.raises(ProjectError):
            merge(concepts, wrong)


def test_splitting_what_was_merged_gives_dog_and_grass_back(project: Project) -> None:
    info = project.runs.get("one")
    concepts = find_concepts(project, info)
    merged = merge(concepts, concepts_of(concepts, DOG, DOG_ID) + concepts_of(concepts, GRASS, DOG_ID))
    one = max(merged.ids())
    parts = split(project, info, merged, one)
    save_concepts(project, info, parts)
    again = load_concepts(project, info)
    assert again is not None
    new = [i for i in again.ids() if i > one]
    assert {mostly(again, i) for i in new} == {DOG, GRASS}
    assert one not in again.ids()
    before = {m.image_id: m for m in merged.members(one)}
    for image_id, member in before.items():
        found = [m for i in new for m in again.members(i) if m.image_id == image_id]
        assert sum(m.pixels for m in found) == member.pixels
        assert sum(m.cam[DOG_ID] for m in found) == pytest.approx(member.cam[DOG_ID], abs=0.1)
    np.testing.assert_array_equal(again.labels, split(project, info, merged, one).labels)
    with pytest.raises(ProjectError, match="no concept 999"):
        split(project, info, merged, 999)


class Answered:
    """Answers to some pairs."""

    def __init__(self, *pairs: tuple[int, int]) -> None:
        self.pairs = pairs

    def judged(self, concept_id: int, class_id: int) -> object | None:
        return True if (concept_id, class_id) in self.pairs else None


def test_questions_come_by_gain_and_an_answered_one_not_at_all(project: Project) -> None:
    info = project.runs.get("one")
    known = facts(project, info, find_concepts(project, info))
    asked = questions(known, Answered())
    assert [q.gain for q in asked] == sorted((q.gain for q in asked), reverse=True)
    assert {q.class_id for q in asked} == {CAT_ID, DOG_ID}
    first = asked[0]
    assert questions(known, Answered((first.concept_id, first.class_id))) == asked[1:]


def test_wrong_and_missing_tags_come_first(project: Project) -> None:
    info = project.runs.get("one")
    assert doubts(project, info) == []
    project.tags.set_many([(1, CAT_ID, 0), (2, CAT_ID, 1)])
    found = {(d.image_id, d.class_id, d.kind) for d in doubts(project, info)}
    assert (1, CAT_ID, "missing") in found
    assert (2, CAT_ID, "wrong") in found


def test_the_command_prints_a_table_and_json(trained: Workplace, engine: Engine) -> None:
    run = engine("concepts", trained.project, "--per-class", 2, "--background", 3)
    assert run.result["concepts"] == len(run.result["table"])
    assert run.result["images"] == 10
    status, out, _ = engine.text("concepts", trained.project, "--per-class", 2, "--background", 3)
    assert status == 0
    assert out.startswith("concept ")
    assert "there already" in out
    assert trained.leftovers() == []
