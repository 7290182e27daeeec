"""The commands ``judge`` and ``judgements``: what they say, and what they refuse with the remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from planted import DOG_ID, GRASS, concepts_of
from workplace import Engine

from fbr_engine.project import Project
from fbr_engine.stages.stored_concepts import concepts_path, load_concepts


@pytest.fixture
def place(planted_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(planted_once, tmp_path / "w")
    return tmp_path / "w" / "p"


@pytest.fixture
def grass(place: Path) -> int:
    with Project.open(place) as project:
        concepts = load_concepts(project, project.runs.get("a"))
    assert concepts is not None
    return concepts_of(concepts, GRASS, DOG_ID)[0]


def masks(engine: Engine, place: Path, *options: str) -> int:
    return int(engine("masks", place, "--device", "cpu", "--threshold", "0.5", *options).result["computed"])


def test_judge_list_take_back(engine: Engine, place: Path, grass: int) -> None:
    assert masks(engine, place) == 12
    status, out, _ = engine.text("judgements", place)
    assert status == 0
    assert "nothing was judged yet: fbr-engine judge PROJECT" in out
    said = engine(
        *("judge", place, "--concept", grass, "--class", "dog", "--verdict", "background", "--who", "Ada")
    ).result
    assert (said["id"], said["who"], said["images"], said["split_into"]) == (1, "Ada", 6, [])
    assert masks(engine, place, "--ignore-judgements") == 0
    assert masks(engine, place) == 6
    (row,) = engine("judgements", place).result["judgements"]
    assert (row["verdict"], row["class"], row["judged_run"], row["judged_concept"]) == ("background", "dog", "a", grass)
    assert (row["falls_on"], row["overlap"], row["withdrawn"]) == ([grass], 1.0, None)
    gone = engine("judgements", place, "--withdraw", 1).result
    assert gone["standing"] == 0
    assert gone["judgements"][0]["withdrawn"]
    assert masks(engine, place) == 6
    assert engine("judgements", place, "--restore", 1).result["standing"] == 1


def test_what_a_person_reads(engine: Engine, place: Path, grass: int) -> None:
    judge = ("judge", place, "--concept", grass, "--who", "Ada")
    _, out, _ = engine.text(*judge, "--class", "dog", "--verdict", "background")
    assert out.startswith(f"judgement 1: concept {grass} of run a is background for dog; it counts in 6 images: ")
    assert "fbr-engine masks " in out
    _, out, _ = engine.text(*judge, "--class", "all", "--verdict", "background")
    assert "is background for every class; it counts in 9 images" in out
    _, out, _ = engine.text("judgements", place)
    assert "(100 %)" in out.splitlines()[2]
    _, out, _ = engine.text(*judge, "--class", "dog", "--verdict", "skip")
    assert out == f"judgement 3: concept {grass} of run a is skipped for dog\n"
    _, out, _ = engine.text(*judge, "--class", "dog", "--verdict", "mixed")
    assert "; it was split into " in out
    engine("judgements", place, "--withdraw", 2)
    _, out, _ = engine.text("judgements", place)
    head, _, *lines = out.splitlines()
    assert head.split() == ["id", "verdict", "class", "said", "of", "falls", "on,", "in", "a", "who", "when"]
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"]
    assert "(100 %)" not in lines[0]  # it was found mixed since
    assert "taken back" in lines[1]
    engine("judgements", place, "--withdraw", 4)
    status, out, _ = engine.text("masks", place, "--device", "cpu", "--threshold", "0.5")
    assert status == 0
    assert "6 as judged" in out


def test_listing_does_not_need_the_project_for_itself(engine: Engine, place: Path) -> None:
    with Project.open(place, write=True):
        assert engine("judgements", place).result["judgements"] == []
        assert "open for writing in another process" in engine("judgements", place, "--withdraw", 1).error


def test_errors_name_the_remedy(engine: Engine, place: Path) -> None:
    judge = ("judge", place, "--verdict", "background")
    assert "no concept 99: there are 1, 2" in engine(*judge, "--concept", 99, "--class", "dog").error
    assert "no class 'cow': there are cat, dog" in engine(*judge, "--concept", 1, "--class", "cow").error
    assert "has no run 'x': its runs are a" in engine(*judge, "--concept", 1, "--class", "dog", "--run", "x").error
    assert "has no judgement 7: fbr-engine judgements" in engine("judgements", place, "--withdraw", 7).error
    with Project.open(place, write=True) as project:
        project.classes.add(["cow"])
        path = concepts_path(project, project.runs.get("a"))
    assert "run a has not learnt cow: it knows cat, dog" in engine(*judge, "--concept", 1, "--class", "cow").error
    path.write_bytes(b"broken")
    assert "fbr-engine concepts" in engine(*judge, "--concept", 1, "--class", "dog").error
    path.unlink()
    error = engine(*judge, "--concept", 1, "--class", "dog").error
    assert "run a has no concepts yet: find them first (fbr-engine concepts " in error


def test_a_project_without_a_run(engine: Engine, place: Path) -> None:
    with Project.open(place, write=True) as project:
        project.runs.delete("a")
    assert engine("judgements", place).result["judgements"] == []
    error = engine("judge", place, "--concept", 1, "--class", "dog", "--verdict", "skip").error
    assert "has no run yet: train one" in error
