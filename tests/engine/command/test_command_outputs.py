from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from workplace import CAMS, TRAIN, Engine, Workplace, no_constant

from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.project import load_arrays

ROOT = Path(__file__).parents[3]


def test_new_says_what_it_found(engine: Engine, drawn: Workplace) -> None:
    result = engine("new", drawn.root / "q", "--images", drawn.images, "--tags", drawn.tags).result
    assert result["images"] == result["tagged"] == 10
    assert result["splits"] == {"train": 6, "val": 4}
    assert set(result["classes"]) == {"boat", "bird", "sheep", "train"} & set(result["classes"])


def test_classes_limit_what_is_learnt(engine: Engine, drawn: Workplace) -> None:
    done = engine("new", drawn.root / "q", "--images", drawn.images, "--tags", drawn.tags, "--classes", "sheep,boat")
    assert list(done.result["classes"]) == ["sheep", "boat"]
    assert "bird" in done.result["ignored"]
    assert any("kept but not learnt" in note["message"] for note in done.named("notice"))
    classes = engine("info", drawn.root / "q").result["classes"]
    assert {c["name"]: c["learnt"] for c in classes} == {"sheep": True, "boat": True, "bird": False, "train": False}


def test_a_class_that_occurs_nowhere(engine: Engine, drawn: Workplace) -> None:
    done = engine("new", drawn.root / "q", "--images", drawn.images, "--tags", drawn.tags, "--classes", "sheep,cow")
    assert "is tagged cow: there are bird" in done.error
    assert not (drawn.root / "q").exists()


def test_train_keeps_config_checkpoint_metrics_and_provenance(trained: Workplace) -> None:
    folder = trained.project / "runs" / "fbr"
    config = json.loads((folder / "config.json").read_text())
    assert (config["method"], config["crop"]) == ("cam+fbr", 33)
    lines = [json.loads(line, parse_constant=no_constant) for line in (folder / "metrics.jsonl").open()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert "classification" in lines[0]["losses"]
    assert json.loads((folder / "provenance.json").read_text())["images"] == 10
    with trained.open() as project:
        run = project.runs.latest()
    assert (run.status, run.method) == ("done", "cam+fbr")
    assert run.figures["steps"] == 8
    assert trained.leftovers() == []


def test_train_speaks_json(engine: Engine, drawn: Workplace) -> None:
    done = engine("train", drawn.project, *TRAIN, "--method", "cam", "--epochs", "1", "--split", "train", "--run", "x")
    assert done.status == 0
    assert done.err == ""
    assert done.result["run"] == "x"
    assert done.result["images"] == 6
    assert [step["step"] for step in done.named("step_done")] == [1, 2]
    assert len(done.named("epoch_done")) == 1
    assert done.named("epoch_done")[0]["losses"].keys() == {"classification"}


def test_cams_write_small_maps_of_every_class(trained: Workplace) -> None:
    with trained.open() as project:
        run = project.runs.latest()
        found = list(project.maps.done(run.id, "cams"))
        assert len(found) == 10
        for image, location, extra in found:
            arrays = load_arrays(project.path_of(location))
            assert arrays["cam"].shape == (4, 6, 6)  # the longer side is 1.4 times the crop of 33 px; a value every 8
            assert arrays["cam"].dtype == np.uint8
            assert arrays["size"].tolist() == [96, 96]
            assert (image.width, image.height) == (96, 96)
            assert "features" in extra
            labels = arrays["nroi_labels"]
            used = set(labels[labels != 255].tolist())
            assert used == set(range(len(arrays["nroi_sizes"])))


def test_masks_hold_only_tagged_classes(trained: Workplace) -> None:
    with trained.open() as project:
        run = project.runs.latest()
        for image, location, _ in project.maps.done(run.id, "masks"):
            mask = load_indexed_png(project.path_of(location))
            assert mask.shape == (96, 96)
            present = {c for c, value in project.tags.of(image.id).items() if value == 1}
            assert set(np.unique(mask).tolist()) <= {0} | present
    assert (trained.project / "runs/fbr/masks/classes.txt").read_text().startswith("0 background\n1 ")


def test_evaluate_defaults_to_the_latest_run_and_all_splits(engine: Engine, trained: Workplace) -> None:
    result = engine("evaluate", trained.project, "--masks", trained.truth).result
    assert result["run"] == "fbr"
    assert result["images"] == 10
    assert {name: figures["images"] for name, figures in result["splits"].items()} == {"train": 6, "val": 4}
    assert next(iter(result["iou"])) == "background"
    assert 0 <= result["miou"] <= 1


def test_evaluate_against_its_own_masks_is_perfect(engine: Engine, trained: Workplace) -> None:
    own = trained.project / "runs" / "fbr" / "masks"
    result = engine("evaluate", trained.project, "--masks", own, "--split", "val").result
    assert (result["images"], result["miou"]) == (4, 1.0)


def test_info_says_what_there_is(engine: Engine, trained: Workplace) -> None:
    result = engine("info", trained.project).result
    assert result["images"] == 10
    assert result["image_folder"] == str(trained.images)
    assert [run["name"] for run in result["runs"]] == ["fbr"]
    assert (result["runs"][0]["cams"], result["runs"][0]["masks"]) == (10, 10)


def test_doctor_says_what_this_machine_has(engine: Engine) -> None:
    result = engine("doctor").result
    assert {"python", "packages", "devices", "memory", "qt_platform", "weights", "assets"} <= result.keys()
    assert result["packages"]["torch"] != "missing"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "{p}"], ["run", "cam+fbr", "done", "bird", "splits: train 6, val 4"]),
        (["evaluate", "{p}", "--masks", "{truth}"], ["IoU %", "background", "mean", "train", "val"]),
        (["masks", "{p}"], ["10 masks (0 made now; threshold 0."]),
        (["cams", "{p}", *CAMS], ["CAMs of 10 images (0 computed now)"]),
        (["export", "{p}", "--out", "{root}/o"], ["10 images", "boat"]),
        (["new", "{root}/q", "--images", "{images}", "--tags", "{tags}"], ["10 images, 10 tagged", "fbr-engine train"]),
    ],
)
def test_says_the_result_to_a_person(engine: Engine, trained: Workplace, arguments: list[str], said: list[str]) -> None:
    places = {
        "p": trained.project,
        "truth": trained.truth,
        "root": trained.root,
        "images": trained.images,
        "tags": trained.tags,
    }
    status, out, _ = engine.text(*(argument.format(**places) for argument in arguments))
    assert status == 0
    assert all(part in out for part in said), out


def test_runs_get_names_of_their_own(engine: Engine, trained: Workplace) -> None:
    once = (*TRAIN, "--epochs", "1", "--method", "cam")
    assert engine("train", trained.project, *once).result["run"] == "cam"
    assert engine("train", trained.project, *once).result["run"] == "cam-2"
    assert "run cam exists" in engine("train", trained.project, *once, "--run", "cam").error
    assert "cannot be named '../x'" in engine("train", trained.project, *once, "--run", "../x").error
    assert "run cam-2 has no CAMs yet" in engine("masks", trained.project).error
    assert engine("masks", trained.project, "--run", "fbr").status == 0
    assert "fbr, cam, cam-2" in engine("masks", trained.project, "--run", "none").error


def test_an_unknown_split_names_those_there_are(engine: Engine, trained: Workplace) -> None:
    for name in ("cams", "masks"):
        assert "no split 'tset': there are train, val" in engine(name, trained.project, "--split", "tset").error
    done = engine("export", trained.project, "--out", trained.root / "o", "--split", "tset")
    assert "there are train, val" in done.error
    assert not (trained.root / "o").exists()


def test_the_order_of_commands_is_explained(engine: Engine, drawn: Workplace) -> None:
    for name in ("cams", "masks"):
        assert "has no run yet: train one with fbr-engine train" in engine(name, drawn.project).error
    done = engine("evaluate", drawn.project, "--masks", drawn.truth)
    assert "has no run yet" in done.error


@pytest.mark.skipif(os.name != "posix", reason="needs a shell's pipe")
def test_a_reader_that_leaves_early_is_no_crash(trained: Workplace) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fbr_engine", "info", str(trained.project), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == ""


def test_reading_commands_do_not_wait_for_torch(trained: Workplace) -> None:
    code = (
        "import sys; from fbr_engine.__main__ import main\n"
        "project, truth, out = sys.argv[1:]\n"
        "assert main(['evaluate', project, '--masks', truth, '--json']) == 0\n"
        "assert main(['export', project, '--out', out, '--json']) == 0\n"
        "assert main(['info', project, '--json']) == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    arguments = [trained.project, trained.truth, trained.root / "o"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line, parse_constant=no_constant) for line in done.stdout.splitlines()]
    assert lines[-1]["stage"] == "info"


@pytest.mark.slow
def test_the_whole_path_in_processes_of_its_own(drawn: Workplace) -> None:
    def run(*arguments: object) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-m", "fbr_engine", *map(str, arguments), "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        lines = [json.loads(line, parse_constant=no_constant) for line in done.stdout.splitlines()]
        assert lines[-1]["event"] == "result"
        return dict(lines[-1])

    run("train", drawn.project, *TRAIN, "--method", "cam", "--epochs", "1")
    run("cams", drawn.project, *CAMS)
    run("masks", drawn.project)
    assert run("export", drawn.project, "--out", drawn.root / "o")["images"] == 10


def test_a_library_that_does_not_start_is_named_with_the_remedy(trained: Workplace) -> None:
    code = (
        "import sys; sys.modules['cv2'] = None\n"
        "from fbr_engine.__main__ import main\n"
        "print(main(['masks', sys.argv[1]]), main(['doctor', '--json']))"
    )
    command = [sys.executable, "-c", code, str(trained.project)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "apt install libgl1" in done.stderr
    report, statuses = done.stdout.splitlines()
    assert "does not start" in json.loads(report)["opencv"]
    assert statuses == "1 0"
