"""A person's mask wins over the run's, in evaluation and export too."""

from __future__ import annotations

import json

import numpy as np
from workplace import Engine, Workplace

from fbr_engine.formats.indexed_png import save_indexed_png
from fbr_engine.project import Project
from fbr_engine.stages.shown_masks import require_masks, shown_classes, shown_mask, shown_masks


def corrected(project: Project, name: str, value: int) -> np.ndarray:
    mask = np.zeros((96, 96), np.uint8)
    mask[10:30, 40:70] = value
    mask[0, 0] = 255
    project.person_masks.save(project.images.get(name).id, mask, mask.astype(np.uint16), mask)
    return mask


def test_the_persons_mask_wins(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        image = project.images.get("val_0001.png")
        run = shown_mask(project, info, image)
        assert run is not None
        assert run.source == "run"
        mask = corrected(project, image.path, 2)
        person = shown_mask(project, info, image)
        assert person is not None
        assert (person.source, person.path.name) == ("person", "val_0001.png.npz")
        assert np.array_equal(person.read(), mask)
        project.maps.forget(info.id, "masks")
        assert [s.image.path for s in shown_masks(project, info)] == ["val_0001.png"]
        assert require_masks(project, info, "val") == 1
        project.person_masks.remove(image.id)
        assert shown_mask(project, info, image) is None


def test_evaluation_compares_what_shows(engine: Engine, trained: Workplace) -> None:
    truth = trained.root / "t"
    truth.mkdir()
    with trained.open(write=True) as project:
        mask = corrected(project, "val_0001.png", 2)
    save_indexed_png(truth / "val_0001.png", mask)
    (truth / "classes.txt").write_text("0 background\n2 boat\n")
    result = engine("evaluate", trained.project, "--masks", truth, "--split", "val").result
    assert (result["images"], result["iou"]["boat"], result["miou"]) == (1, 1.0, 1.0)


def test_an_image_with_only_a_persons_mask_is_exported(engine: Engine, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        image = project.images.get("val_0001.png")
        project.tags.set_many((image.id, c.id, None) for c in project.classes.all())
        corrected(project, image.path, 2)
    result = engine("export", trained.project, "--out", trained.root / "o", "--split", "val").result
    assert (result["images"], result["untagged"]) == (4, 0)
    coco = json.loads((trained.root / "o/annotations/instances_val.json").read_text())
    (entry,) = [i["id"] for i in coco["images"] if i["file_name"] == "val_0001.png"]
    found = [(a["category_id"], a["area"]) for a in coco["annotations"] if a["image_id"] == entry]
    assert found == [(2, 600)]


def test_a_class_the_run_does_not_know_can_be_painted(engine: Engine, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        (cow,) = project.classes.add(["cow"])
        assert "cow" not in [c.name for c in shown_classes(project, project.runs.get("fbr"))]
        corrected(project, "val_0001.png", cow.id)
    result = engine("export", trained.project, "--out", trained.root / "o").result
    assert result["annotations"]["cow"] == 1


def test_a_correction_of_another_size_is_named(engine: Engine, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        small = np.zeros((9, 9), np.uint8)
        image = project.images.get("val_0001.png")
        project.person_masks.save(image.id, small, small.astype(np.uint16), small)
    done = engine("export", trained.project, "--out", trained.root / "o")
    assert done.skipped == ["val_0001.png"]
    assert "remove the correction" in done.named("image_skipped")[0]["reason"]
