from __future__ import annotations

import io
import json

import pytest

from fbr_engine.command.console import MOST_SKIPPED_SHOWN, JsonListener, TextListener
from fbr_engine.command.tables import percent, table
from fbr_engine.events import EpochDone, ImageSkipped, Notice, Progress, Result, Started


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_only_milestones_are_printed() -> None:
    out, err = io.StringIO(), io.StringIO()
    with TextListener(out, err, "export") as listen:
        listen(Started("cams", 10, "images", "fbr", 4))
        for done in range(5, 11):
            listen(Progress("cams", done, 10, "images"))
        listen(EpochDone(1, 2, {"classification": 0.5}, 10.0, 1.0))
        listen(Notice("look", "there"))
        listen(Result("other", {"secret": 10}))
        assert out.getvalue() == ""
    assert "4 already done" in err.getvalue()
    assert "epoch 1/2: classification 0.500" in err.getvalue()
    assert "look - there" in err.getvalue()
    assert "%" not in err.getvalue()


def test_a_terminal_gets_a_bar_with_the_time_left() -> None:
    out, err = io.StringIO(), Terminal()
    with TextListener(out, err, "cams") as listen:
        listen(Started("cams", 4, "images"))
        for done in (1, 2):
            listen(Progress("cams", done, 4, "images"))
        listen._bar.refresh()
        assert "2/4" in err.getvalue()
        assert "<" in err.getvalue()


def test_parts_of_a_stage_are_said_in_words() -> None:
    err = Terminal()
    with TextListener(io.StringIO(), err, "masks") as listen:
        for part in ("regions", "threshold", "affinity"):
            listen(Started(part, 4, "images", "fbr"))
            listen(Progress(part, 1, 4, "images", "loss 0.500"))
            listen._bar.refresh()
    said = err.getvalue()
    assert "gathering regions of run fbr: 4 images" in said
    assert "choosing the threshold of run fbr: 4 images" in said
    assert "learning boundaries loss 0.500" in said
    assert "affinity" not in said


def test_a_thousand_skipped_images_do_not_fill_the_screen() -> None:
    err = io.StringIO()
    with TextListener(io.StringIO(), err, "cams") as listen:
        for number in range(1000):
            listen(ImageSkipped(f"{number}.jpg", "broken"))
    assert len(err.getvalue().splitlines()) == MOST_SKIPPED_SHOWN + 1


def test_json_never_holds_what_is_no_json() -> None:
    out = io.StringIO()
    with JsonListener(out) as listen:
        listen(ImageSkipped("a\nb\udcff.jpg", "broken"))
        with pytest.raises(ValueError, match="JSON"):
            listen(Result("x", {"value": float("nan")}))
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["image"] == "a\nb\udcff.jpg"


def test_tables_are_aligned() -> None:
    assert table([["a", "b"], ["long", "1.0"]]).splitlines() == ["a       b", "----  ---", "long  1.0"]
    assert (percent(None), percent(0.1234)) == ("-", "12.3")
