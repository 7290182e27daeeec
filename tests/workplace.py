"""A small project on drawn scenes and the command in this process, for the tests of the command and the stages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fbr_engine.__main__ import main
from fbr_engine.command import console
from fbr_engine.events import Event
from fbr_engine.project import Project

TRAIN = ("--backbone", "tiny", "--weights", "none", "--crop", "33", "--batch", "3", "--device", "cpu")
CAMS = ("--scales", "1", "--device", "cpu")


@dataclass(frozen=True)
class Workplace:
    """``root`` holds the scenes and, once it was made, a project."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "p"

    @property
    def images(self) -> Path:
        return self.root / "scenes" / "images"

    @property
    def tags(self) -> Path:
        return self.root / "scenes" / "tags.csv"

    @property
    def truth(self) -> Path:
        return self.root / "scenes" / "truth" / "masks"

    def copy(self, root: Path) -> Workplace:
        shutil.copytree(self.root, root)
        return Workplace(root)

    def open(self, *, write: bool = False) -> Project:
        return Project.open(self.project, write=write)

    def leftovers(self) -> list[Path]:
        """Return whatever a writer left half done anywhere."""
        return [p for p in self.root.rglob("*") if p.name.endswith((".tmp", ".partial", ".new"))]


@dataclass(frozen=True)
class Outcome:
    """How the command ended and what it said."""

    status: int
    events: list[dict[str, Any]]
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        assert self.events[-1]["event"] == "result"
        return self.events[-1]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]

    @property
    def skipped(self) -> list[str]:
        return [event["image"] for event in self.named("image_skipped")]

    @property
    def error(self) -> str:
        """The one line on standard error."""
        assert self.status == 1, (self.status, self.err, self.events[-1:])
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("fbr-engine: ")
        assert "unexpected" not in lines[0]
        return lines[0]


def no_constant(text: str) -> Any:
    raise AssertionError(f"{text} is no JSON")


class Engine:
    """Runs the command in this process with ``--json``."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: object) -> Outcome:
        status, out, err = self.text(*arguments, "--json")
        events = [json.loads(line, parse_constant=no_constant) for line in out.splitlines()]
        if status == 0:
            assert events[-1]["event"] == "result"
        return Outcome(status, events, out, err)

    def text(self, *arguments: object) -> tuple[int, str, str]:
        """Run without ``--json``."""
        self._capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        captured = self._capsys.readouterr()
        return status, captured.out, captured.err

    def hooked(self, hook: Callable[[Event], None], *arguments: object) -> Outcome:
        """Run with ``hook`` called behind every event that is printed."""
        plain = console.JsonListener.__call__

        def call(listener: console.JsonListener, event: Event) -> None:
            plain(listener, event)
            hook(event)

        with self._monkeypatch.context() as patch:
            patch.setattr(console.JsonListener, "__call__", call)
            return self(*arguments)


def run_until(events: Iterator[Event], last: Callable[[Event], bool]) -> list[Event]:
    """Follow a stage until ``last`` is true of an event, and close it there."""
    seen = []
    for event in events:
        seen.append(event)
        if last(event):
            events.close()  # type: ignore[attr-defined]
            return seen
    raise AssertionError("the stage ended before it could be closed")
