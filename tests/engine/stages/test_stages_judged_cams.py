"""Masks take judgements into account: of the judged class alone, in every run, and exactly back again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import (
    CAT_ID,
    DOG_ID,
    GRASS,
    SIZE,
    WALL,
    add_run,
    concepts_of,
    find_concepts,
    materials,
    tags_of,
)

from fbr_engine.concepts.effect import shift_and_lift, shifted
from fbr_engine.concepts.space import embed
from fbr_engine.config import MasksConfig
from fbr_engine.events import FileWritten, Notice, Result, Started
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages import make_pseudo_masks
from fbr_engine.stages.judge import judge, require_concepts, withdraw
from fbr_engine.stages.judged_cams import JudgedCams, judged_cams
from fbr_engine.stages.refined_mask import refined_mask
from fbr_engine.stages.stored_cams import cam_record, resized_floats
from fbr_engine.stages.stored_concepts import concepts_path, fits_features, load_concepts, save_concepts
from fbr_engine.stages.stored_features import StoredFeatures
from fbr_engine.stages.verdicts import bind

WITH_DOG = [i for i in range(1, 13) if DOG_ID in tags_of(i)]


@pytest.fixture
def project(planted: Project) -> Project:
    return planted


def masks(project: Project, run: str = "a", **options: object) -> tuple[list[int], Result]:
    """Make masks; return the numbers of the images that were worked on."""
    config = MasksConfig(device="cpu", threshold="0.5", **options)  # type: ignore[arg-type]
    events = list(make_pseudo_masks.run(project, config, run))
    made = [project.images.get(e.image).id for e in events if isinstance(e, FileWritten)]
    assert isinstance(events[-1], Result)
    return sorted(made), events[-1]


def stored(project: Project, run: str = "a") -> dict[int, tuple[str, bytes]]:
    """Return the fingerprint and bytes of each mask."""
    info = project.runs.get(run)
    found = {i.id: project.maps.get(info.id, i.id, "masks") for i in project.images.iter()}
    return {i: (m.fingerprint, project.path_of(m.location).read_bytes()) for i, m in found.items() if m}


def grass_share(project: Project, run: str = "a") -> float:
    """Return which share of the grass the masks call dog."""
    info = project.runs.get(run)
    called = total = 0
    for i in WITH_DOG:
        mask = load_indexed_png(project.path_of(project.maps.get(info.id, i, "masks").location))  # type: ignore[union-attr]
        on = materials(i, SIZE[0])[: mask.shape[0]] == GRASS
        called, total = called + int((mask[on] == DOG_ID).sum()), total + int(on.sum())
    return called / total


def judge_grass(project: Project, verdict: str = "background", class_id: int | None = DOG_ID) -> int:
    info = project.runs.get("a")
    concepts = load_concepts(project, info) or find_concepts(project, info)
    (grass,) = concepts_of(concepts, GRASS, DOG_ID)
    return judge(project, info, concepts, grass, class_id, verdict).judgement.id


def test_nothing_changes_without_judgements(project: Project) -> None:
    assert masks(project)[0] == list(range(1, 13))
    before = stored(project)
    find_concepts(project, project.runs.get("a"))
    assert judged_cams(project, project.runs.get("a")) is None
    again, result = masks(project)
    assert (again, result.values["judged"]) == ([], 0)
    assert stored(project) == before


def test_the_fingerprint_of_masks_nobody_judged_is_that_of_earlier_versions(project: Project) -> None:
    import hashlib

    masks(project)
    known = hashlib.sha256(b"made-a [1, 2] 0.5000 none 0.0003").hexdigest()[:16]
    assert stored(project)[3][0] == known


def test_judged_background_leaves_the_masks_of_its_class_and_comes_back_exactly(project: Project) -> None:
    masks(project)
    before = stored(project)
    assert grass_share(project) > 0.9
    made = judge_grass(project)
    again, result = masks(project)
    assert again == WITH_DOG  # of the others nothing is made again
    assert result.values["judged"] == len(WITH_DOG)
    after = stored(project)
    assert all(after[i] == before[i] for i in before if i not in WITH_DOG)
    assert grass_share(project) < 0.2
    assert masks(project)[0] == []
    withdraw(project, made)
    assert masks(project)[0] == WITH_DOG
    assert stored(project) == before
    project.judgements.restore(made)
    masks(project)
    assert stored(project) == after


def test_masks_can_ignore_judgements(project: Project) -> None:
    masks(project)
    before = stored(project)
    judge_grass(project)
    assert masks(project, ignore_judgements=True)[0] == []
    assert masks(project)[0] == WITH_DOG
    assert masks(project, ignore_judgements=True)[0] == WITH_DOG
    assert stored(project) == before


@pytest.mark.parametrize("verdict", ["skip", "mixed"])
def test_what_says_nothing_changes_nothing(project: Project, verdict: str) -> None:
    masks(project)
    judge_grass(project, verdict)
    assert masks(project)[0] == []


def test_a_judgement_of_one_run_counts_in_another(project: Project) -> None:
    add_run(project, "b", turn=1, side=7)
    masks(project, "b")
    assert grass_share(project, "b") > 0.9
    judge_grass(project)
    info = project.runs.get("b")
    assert not concepts_path(project, info).exists()
    started = [e.stage for e in make_pseudo_masks.run(project, MasksConfig(device="cpu", threshold="0.5"), "b")
               if isinstance(e, Started)]  # fmt: skip
    assert "concepts" in started  # they are found first
    assert concepts_path(project, info).exists()
    assert grass_share(project, "b") < 0.1


def test_a_run_without_features_does_not_fail(project: Project) -> None:
    judge_grass(project)
    info = add_run(project, "b", turn=1)
    rows = [(info.id, i.id, "cams", "made-b", location, None) for i, location, _ in project.maps.done(info.id, "cams")]
    project.maps.record_many(rows)
    events = list(make_pseudo_masks.run(project, MasksConfig(device="cpu", threshold="0.5"), "b"))
    notices = [e for e in events if isinstance(e, Notice)]
    assert any("the judgements do not count for run b" in n.message and "features" in n.remedy for n in notices)
    assert isinstance(events[-1], Result)
    assert len(stored(project, "b")) == 12


def test_concepts_of_earlier_tags_are_pointed_out(project: Project) -> None:
    judge_grass(project)
    project.tags.set(4, CAT_ID, 1)
    events = list(make_pseudo_masks.run(project, MasksConfig(device="cpu", threshold="0.5"), "a"))
    assert any("from earlier CAMs or tags" in e.message for e in events if isinstance(e, Notice))


def the_cams(project: Project, info: RunInfo, image_id: int, judged: JudgedCams) -> tuple[object, object]:
    (image,) = project.images.by_ids([image_id])
    record = cam_record(project, info, image)
    assert record is not None
    before = record.read()
    return before, judged.apply(record, before)


def test_concepts_of_an_earlier_state_of_the_training_are_found_anew(project: Project) -> None:
    info = project.runs.get("a")
    concepts = require_concepts(project, info)
    assert fits_features(project, info, concepts)
    earlier = replace(concepts, fingerprint="-".join([*concepts.fingerprint.split("-", 2)[:2], "other"]))
    save_concepts(project, info, earlier)
    assert not fits_features(project, info, earlier)
    (grass,) = concepts_of(earlier, GRASS, DOG_ID)
    judge(project, info, earlier, grass, DOG_ID, "background")
    assert judged_cams(project, info) is None
    list(make_pseudo_masks.run(project, MasksConfig(), "a"))
    assert fits_features(project, info, require_concepts(project, info))
    assert judged_cams(project, info) is not None


def test_cams_of_other_classes_stay_the_same_object(project: Project) -> None:
    judge_grass(project)
    info = project.runs.get("a")
    judged = judged_cams(project, info)
    assert judged is not None
    before, after = the_cams(project, info, 1, judged)
    assert after is before
    before, after = the_cams(project, info, 3, judged)
    assert np.array_equal(after.cam[0], before.cam[0])  # type: ignore[attr-defined]
    assert not np.array_equal(after.cam[1], before.cam[1])  # type: ignore[attr-defined]


def test_the_change_is_that_of_the_effect_on_the_grid_of_the_cam(project: Project) -> None:
    judge_grass(project)
    info = project.runs.get("a")
    judged = judged_cams(project, info)
    assert judged is not None
    before, after = the_cams(project, info, 2, judged)
    concepts = judged.concepts
    features = StoredFeatures(project, info).read(2)
    assert features is not None
    points = embed(features, concepts.mean, concepts.basis)
    planes = np.stack(shift_and_lift(points, judged.verdicts.cast(DOG_ID))).reshape(2, 9, 9)
    shift, lift = resized_floats(planes, (18, 18))
    expected = (shifted(before.cam[0].astype(np.float32) / 255, shift, lift) * 255).round()  # type: ignore[attr-defined]
    assert np.array_equal(after.cam[0], expected)  # type: ignore[attr-defined]
    assert after.cam.dtype == np.uint8  # type: ignore[attr-defined]


def test_background_judged_part_of_the_object_is_put_back(project: Project) -> None:
    info = project.runs.get("a")
    concepts = find_concepts(project, info)
    verdicts = bind(project, info, concepts)
    for wall in concepts_of(concepts, WALL, 0):
        verdicts = verdicts.with_(wall, DOG_ID, "object")
    before, after = the_cams(project, info, 2, JudgedCams(project, info, concepts, verdicts))
    wall_pixels = materials(2, 18) == WALL
    assert before.cam[0][wall_pixels].mean() < 40  # type: ignore[attr-defined]
    assert after.cam[0][wall_pixels].mean() > 100  # type: ignore[attr-defined]


def test_the_mask_of_one_image_is_that_of_the_stage(project: Project) -> None:
    judge_grass(project)
    masks(project)
    info, (image,) = project.runs.get("a"), project.images.by_ids([2])
    mask = refined_mask(project, info, image, 0.5, "none", device="cpu")
    location = project.maps.get(info.id, 2, "masks").location  # type: ignore[union-attr]
    assert np.array_equal(mask, load_indexed_png(project.path_of(location)))
    plain = refined_mask(project, info, image, 0.5, "none", device="cpu", ignore_judgements=True)
    assert (plain == DOG_ID).sum() > 1.5 * (mask == DOG_ID).sum()


def test_merged_and_deleted_classes(project: Project) -> None:
    judge_grass(project)
    masks(project)
    project.classes.merge("cat", "dog")
    masks(project)
    assert grass_share(project) < 0.2
    project.classes.delete("dog")
    assert project.judgements.all() == []
