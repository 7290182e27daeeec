"""What is finished is skipped, what is out of date is made again, and nothing else."""

from __future__ import annotations

from workplace import CAMS, TRAIN, Engine, Outcome, Workplace


def made(outcome: Outcome) -> list[str]:
    assert outcome.result["computed"] == len(outcome.named("file_written"))
    return sorted(event["image"] for event in outcome.named("file_written"))


def test_running_again_does_nothing(engine: Engine, trained: Workplace) -> None:
    folders = [trained.project / "runs" / "fbr" / kind for kind in ("cams", "masks")]
    files = [p for folder in folders for p in folder.rglob("*") if p.suffix in (".png", ".npz")]
    before = {p: p.stat().st_mtime_ns for p in files}
    assert len(before) == 20
    assert made(engine("cams", trained.project, *CAMS)) == []
    again = engine("masks", trained.project)
    assert made(again) == []
    assert again.result["images"] == 10
    assert again.named("started")[-1]["skipped"] == 10
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_another_threshold_or_refinement_makes_the_masks_again(engine: Engine, trained: Workplace) -> None:
    for option in (("--threshold", "0.61"), ("--threshold", "0.62"), ("--refine", "pamr", "--threshold", "0.62")):
        assert len(made(engine("masks", trained.project, *option))) == 10
        assert made(engine("masks", trained.project, *option)) == []
    assert made(engine("cams", trained.project, *CAMS)) == []


def test_other_scales_make_the_cams_again_and_then_the_masks(engine: Engine, trained: Workplace) -> None:
    assert len(made(engine("cams", trained.project, "--scales", "0.5", "--split", "val", "--device", "cpu"))) == 4
    redone = made(engine("masks", trained.project, "--threshold", "0.5"))
    assert len(redone) == 10
    assert len(made(engine("cams", trained.project, *CAMS, "--split", "val"))) == 4
    assert made(engine("masks", trained.project, "--threshold", "0.5")) == [f"val_000{i}.png" for i in range(1, 5)]


def test_a_changed_tag_makes_just_that_mask_again(engine: Engine, trained: Workplace) -> None:
    engine("masks", trained.project, "--threshold", "0.5")
    with trained.open(write=True) as project:
        image = project.images.get("val_0003.png")
        bird = project.classes.get("bird").id
        project.tags.set(image.id, bird, 1 - project.tags.of(image.id)[bird])
    assert made(engine("masks", trained.project, "--threshold", "0.5")) == ["val_0003.png"]
    assert made(engine("masks", trained.project, "--threshold", "0.5")) == []


def test_splits_are_worked_on_one_by_one(engine: Engine, trained: Workplace) -> None:
    val = engine("cams", trained.project, "--scales", "0.5", "--split", "val", "--device", "cpu")
    assert made(val) == [f"val_000{i}.png" for i in range(1, 5)]
    assert (val.named("started")[0]["total"], val.result["images"]) == (4, 4)
    rest = engine("cams", trained.project, "--scales", "0.5", "--device", "cpu")
    assert (rest.named("started")[0]["skipped"], len(made(rest))) == (4, 6)
    assert len(made(engine("masks", trained.project, "--threshold", "0.6", "--split", "train"))) == 6
    assert len(made(engine("masks", trained.project, "--threshold", "0.6"))) == 4


def test_training_further_invalidates_the_cams(engine: Engine, drawn: Workplace) -> None:
    stop = {"left": 3}

    def hook(event: object) -> None:
        if type(event).__name__ == "StepDone":
            stop["left"] -= 1
            if stop["left"] == 0:
                import signal

                signal.raise_signal(signal.SIGINT)

    stopped = engine.hooked(hook, "train", drawn.project, *TRAIN, "--method", "cam", "--epochs", "2")
    assert stopped.status == 130
    assert len(made(engine("cams", drawn.project, *CAMS))) == 10
    fresh = engine("masks", drawn.project)
    assert not any("earlier state" in note["message"] for note in fresh.named("notice"))
    assert engine("train", drawn.project, "--resume").status == 0
    late = engine("masks", drawn.project)
    messages = [note["message"] for note in late.named("notice")]
    assert "some CAMs of run cam are from an earlier state of its training" in messages
    assert len(made(engine("cams", drawn.project, *CAMS))) == 10
    assert len(made(engine("masks", drawn.project))) == 10


def test_images_without_cams_are_pointed_out(engine: Engine, drawn: Workplace) -> None:
    engine("train", drawn.project, *TRAIN, "--method", "cam", "--epochs", "1")
    engine("cams", drawn.project, *CAMS, "--split", "val")
    done = engine("masks", drawn.project)
    assert done.result["images"] == 4
    assert "6 images have no CAMs in run cam" in [note["message"] for note in done.named("notice")]
