from __future__ import annotations

import signal
from pathlib import Path

import pytest
from workplace import Engine

from fbr_engine.events import Event, Progress, StepDone

SMALL = ("--images", "8", "--val-images", "4", "--epochs", "1", "--device", "cpu")


def test_a_demo_does_not_go_into_a_folder_of_something_else(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "is not empty and holds no demo" in engine("demo", "--out", tmp_path, *SMALL).error
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_ctrl_c_while_drawing_keeps_whole_scenes(engine: Engine, tmp_path: Path) -> None:
    def hook(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 2:
            signal.raise_signal(signal.SIGINT)

    out = tmp_path / "demo"
    assert engine.hooked(hook, "demo", "--out", out, *SMALL).status == 130
    assert len(list((out / "scenes" / "images").iterdir())) == 2
    assert not (out / "project").exists()
    assert "holds a demo of other options" in engine("demo", "--out", out, *SMALL, "--seed", "1").error


@pytest.mark.slow
def test_the_demo_stops_and_goes_on_to_its_table(engine: Engine, tmp_path: Path) -> None:
    def hook(event: Event) -> None:
        if isinstance(event, StepDone):
            signal.raise_signal(signal.SIGINT)

    out = tmp_path / "demo"
    assert engine.hooked(hook, "demo", "--out", out, *SMALL).status == 130
    assert [p for p in out.rglob("*") if p.name.endswith((".tmp", ".partial"))] == []
    done = engine("demo", "--out", out, *SMALL)
    assert done.result["stage"] == "demo"
    assert list(done.result["methods"]) == ["cam", "fbr", "fbr + 20 answers"]
    for figures in done.result["methods"].values():
        assert figures["images"] == 12
        shares = figures["false_foreground"].values()
        assert sum(shares) == pytest.approx(1.0, abs=0.01) or figures["false_share"] == 0
    assert (out / "dataset" / "report.json").is_file()
    standing = engine("judgements", out / "project").result["judgements"]
    assert len(standing) == 20
    again = engine("demo", "--out", out, *SMALL)
    assert again.result["methods"] == done.result["methods"]
    status, text, _ = engine.text("demo", "--out", out, *SMALL)
    assert status == 0
    assert "false foreground lies on" in text
