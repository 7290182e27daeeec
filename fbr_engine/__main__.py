"""The ``fbr-engine`` command: the stages, without a window."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fbr_engine.command.console import make_listener
from fbr_engine.command.interrupt import INTERRUPTED, follow, stop_requests
from fbr_engine.command.options import read_config, typed_options
from fbr_engine.command.parser import build_parser
from fbr_engine.command.reports import info
from fbr_engine.config import JudgementsConfig, TrainConfig
from fbr_engine.errors import ConfigError, FbrError
from fbr_engine.events import Event
from fbr_engine.project import Project
from fbr_engine.stage_table import STAGES

READ_ONLY = ("info", "evaluate", "export")
TRACEBACK = "FBR_TRACEBACK"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # file names need not be valid text
            stream.reconfigure(errors="backslashreplace")
    parser, parsers = build_parser()
    typed, unknown = parser.parse_known_args(arguments)
    if unknown:
        parsers[typed.command].refuse(unknown)
    try:
        with stop_requests() as stop, make_listener(typed.json, typed.command) as listen:
            return follow(_events(typed, parsers[typed.command]), listen, stop, typed.command)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _failed(error)


def _events(typed: argparse.Namespace, parser: argparse.ArgumentParser) -> Iterator[Event]:
    name = typed.command
    if name == "info":
        with Project.open(Path(typed.project)) as project:
            yield from info(project)
        return
    config = read_config(parser, STAGES[name].config, typed)
    if name == "doctor":
        yield from STAGES[name].load()(config)
        return
    if name in ("new", "demo"):
        place = Path(typed.project if name == "new" else typed.out)
        yield from STAGES[name].load()(place, config)
        return
    lists_only = isinstance(config, JudgementsConfig) and not (config.withdraw or config.restore)
    with Project.open(Path(typed.project), write=not (lists_only or name in READ_ONLY)) as project:
        stage = STAGES[name].load()
        if name == "train" and typed.resume:
            yield from stage(project, _resumed_config(project, typed), typed.run, resume=True)
        else:
            yield from stage(project, config, typed.run)


def _resumed_config(project: Project, typed: argparse.Namespace) -> TrainConfig:
    """Return how the run was configured. Options that would change it are refused, except where to compute."""
    run = project.runs.get(typed.run) if typed.run else project.runs.latest()
    stored, given = TrainConfig.from_json(run.config), typed_options(TrainConfig, typed)
    if given.get("precision") == "auto":  # whatever the run was begun with
        del given["precision"]
    changed = [name for name, value in given.items() if name != "device" and getattr(stored, name) != value]
    if changed:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in changed)
        raise ConfigError(f"run {run.name} was begun with another {names}: leave it out, or train a new run")
    return replace(stored, device=given.get("device", stored.device))


def _failed(error: Exception) -> int:
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    text = " ".join(str(error).split()) or type(error).__name__
    hint = "" if isinstance(error, FbrError) else _hint(error)
    print(f"fbr-engine: {text}{hint}", file=sys.stderr)
    return 1


def _hint(error: Exception) -> str:
    if isinstance(error, ImportError):
        return " (the installation is incomplete: see fbr-engine doctor; a bare Linux: apt install libgl1 libglib2.0-0)"
    return f" (unexpected {type(error).__name__}; set {TRACEBACK}=1 to see where, and report it)"


if __name__ == "__main__":
    sys.exit(main())
