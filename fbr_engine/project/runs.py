"""Runs: one training each, with its folder ``runs/<name>/``."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from fbr_engine.errors import ProjectError, WriteError
from fbr_engine.formats.atomic import write_error
from fbr_engine.project.database import Database, Row
from fbr_engine.project.files import save_json
from fbr_engine.project.paths import shown

Status = Literal["training", "stopped", "done", "failed"]
FOLDER = "runs"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_DELETED = ".deleted-"
_RENAMED = ".renamed-"
_COLUMNS = "id, name, method, status, created, finished, config, figures"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run. ``created`` and ``finished`` are ISO 8601 in UTC; ``figures`` is what the stages measured."""

    id: int
    name: str
    method: str
    status: str
    created: str
    finished: str | None
    config: dict[str, Any]
    figures: dict[str, Any]


class Runs:
    """The runs of one project, oldest first."""

    def __init__(self, database: Database, project_folder: Path) -> None:
        self._database = database
        self._root = project_folder / FOLDER

    def create(self, name: str | None, method: str, config: Mapping[str, Any]) -> RunInfo:
        """Make a run, its folder and in it ``config.json``; without a name it gets one after its method.

        Raises `ProjectError` if the name cannot be one or is taken, and `WriteError`.
        """
        with self._database.transaction() as connection:
            name = self._free_name(method) if name is None else self._check_free(name)
            folder = self.folder(name)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise write_error(folder, error) from error
            try:
                save_json(folder / "config.json", dict(config))
                connection.execute(
                    "INSERT INTO run (name, method, status, created, config, figures) VALUES (?, ?, ?, ?, ?, '{}')",
                    (name, method, "training", _now(), json.dumps(dict(config))),
                )
                return self.get(name)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise

    def find(self, name: str) -> RunInfo | None:
        """Return the run ``name``, or None."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM run WHERE name = ?", (name,))
        return _info(row) if row else None

    def get(self, name: str) -> RunInfo:
        """Return the run ``name``. Raises `ProjectError`, listing the runs there are."""
        found = self.find(name)
        if found is None:
            names = ", ".join(run.name for run in self.all())
            remedy = f"its runs are {names}" if names else "train one with fbr-engine train PROJECT"
            raise ProjectError(f"{self._database.name} has no run {name!r}: {remedy}")
        return found

    def latest(self) -> RunInfo:
        """Return the run made last. Raises `ProjectError` if there is none."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM run ORDER BY id DESC LIMIT 1")
        if row is None:
            raise ProjectError(f"{self._database.name} has no run yet: train one with fbr-engine train PROJECT")
        return _info(row)

    def all(self) -> list[RunInfo]:
        """Return every run."""
        return [_info(row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM run ORDER BY id")]

    def update(
        self,
        run_id: int,
        *,
        status: Status | None = None,
        figures: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> RunInfo:
        """Change a run's status, add to its figures, or replace its config (a resumed run); return it."""
        if status is not None and status not in get_args(Status):
            raise ValueError(f"status is {status!r}")
        with self._database.transaction() as connection:
            run = self._by_id(run_id)
            if status is not None:
                finished = None if status == "training" else _now()
                connection.execute("UPDATE run SET status = ?, finished = ? WHERE id = ?", (status, finished, run_id))
            if figures is not None:
                merged = json.dumps(run.figures | dict(figures))
                connection.execute("UPDATE run SET figures = ? WHERE id = ?", (merged, run_id))
            if config is not None:
                save_json(self.folder(run.name) / "config.json", dict(config))
                text = json.dumps(dict(config))
                connection.execute("UPDATE run SET config = ? WHERE id = ?", (text, run_id))
            return self._by_id(run_id)

    def delete(self, name: str, remove: Callable[[Path], object] | None = None) -> None:
        """Remove a run, what is recorded of its maps, and its folder. Raises `ProjectError`, `WriteError`.

        ``remove`` is given the folder, under a name no run has, and may remove it later: there may be as many files as
        images. What is left of it when the program ends is removed when the project is next opened for writing.
        """
        run = self.get(name)
        folder, aside = self.folder(run.name), self._root / f"{_DELETED}{run.id}-{run.name}"
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM run WHERE id = ?", (run.id,))
            shutil.rmtree(aside, ignore_errors=True)
            try:
                folder.rename(aside)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise WriteError(
                    f"{shown(folder)} cannot be removed ({error.strerror}): close the programs that use it"
                ) from error
        if remove is None:
            shutil.rmtree(aside, ignore_errors=True)
        else:
            remove(aside)

    def rename(self, old: str, new: str) -> RunInfo:
        """Give a run another name, and its folder and what is recorded of its files with it; return the run.

        All changes or nothing does. Raises `ProjectError` if the name cannot be one, is taken, or the run is being
        trained, and `WriteError`.
        """
        run = self.get(old)
        if new == run.name:
            return run
        if run.status == "training":
            raise ProjectError(f"run {run.name} is being trained: stop it first")
        if check_run_name(new).casefold() != run.name.casefold():
            self._check_free(new)
        folder, aside = self.folder(run.name), self._root / f"{_RENAMED}{run.id}"
        # The folder's name on the way is the run's number: `recover` then goes by what the database says.
        try:
            with self._database.transaction() as connection:
                _set_name(connection, run.id, run.name, new)
                moved = _move(folder, aside)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.rename(folder)
            raise
        try:
            if moved:
                with contextlib.suppress(OSError):
                    self.folder(new).rmdir()  # an empty one may lie there
                _move(aside, self.folder(new))
        except WriteError:
            with self._database.transaction() as connection:
                _set_name(connection, run.id, new, run.name)
            aside.rename(folder)
            raise
        return self.get(new)

    def disk_bytes(self, name: str) -> int:
        """Return how much the files of the run ``name`` take, in bytes. Raises `ProjectError` if there is none."""
        return sum(_size(path) for path in self.folder(self.get(name).name).rglob("*"))

    def folder(self, name: str) -> Path:
        """Return the folder of the run ``name``. Raises `ProjectError` if that cannot be a run's name."""
        return self._root / check_run_name(name)

    def recover(self) -> None:
        """Finish what a process that was killed left half done; only the one writer may call this."""
        for aside in self._root.glob(f"{_DELETED}*"):
            run = self._deleted(aside.name.removeprefix(_DELETED))
            if run is None:
                shutil.rmtree(aside, ignore_errors=True)
            elif not self.folder(run.name).exists():
                with contextlib.suppress(OSError):
                    aside.rename(self.folder(run.name))
        for run in self.all():
            aside = self._root / f"{_RENAMED}{run.id}"
            if aside.exists() and not self.folder(run.name).exists():
                with contextlib.suppress(OSError):
                    aside.rename(self.folder(run.name))
        if self._database.row("SELECT 1 FROM run WHERE status = 'training' LIMIT 1"):
            with self._database.transaction() as connection:
                connection.execute(
                    "UPDATE run SET status = 'stopped', finished = ? WHERE status = 'training'", (_now(),)
                )

    def _deleted(self, name: str) -> RunInfo | None:
        """Return the run whose folder was put aside as ``name`` if the database still has it."""
        number, _, rest = name.partition("-")
        run = self.find(rest) if number.isdecimal() else None
        return run if run is not None and run.id == int(number) else self.find(name)

    def _by_id(self, run_id: int) -> RunInfo:
        row = self._database.row(f"SELECT {_COLUMNS} FROM run WHERE id = ?", (run_id,))
        if row is None:
            raise ProjectError(f"{self._database.name} has no run number {run_id}: it was deleted")
        return _info(row)

    def _check_free(self, name: str) -> str:
        if self.find(name) is not None:
            raise ProjectError(f"run {name} exists in {self._database.name}: choose another name or add --resume")
        folder = self.folder(name)
        if folder.exists() and any(folder.iterdir()):
            raise ProjectError(f"{shown(folder)} holds files of no known run: remove it or choose another name")
        return name

    def _free_name(self, method: str) -> str:
        base = "fbr" if method == "cam+fbr" else method.replace("+", "-")
        number, name = 1, base
        while self.find(name) is not None or self.folder(name).exists():
            number += 1
            name = f"{base}-{number}"
        return name


def check_run_name(name: str) -> str:
    """Return ``name``, or raise `ProjectError` if it cannot name a run and its folder on every system."""
    if not _NAME.fullmatch(name) or name.endswith(".") or _RESERVED.fullmatch(name):
        raise ProjectError(
            f"a run cannot be named {name!r}: take up to 64 letters, digits, '.', '_' and '-', "
            "with a letter, a digit or '_' first"
        )
    return name


def _info(row: Row) -> RunInfo:
    id_, name, method, status, created, finished, config, figures = row
    try:
        return RunInfo(id_, name, method, status, created, finished, dict(json.loads(config)), json.loads(figures))
    except (ValueError, TypeError, RecursionError) as error:
        raise ProjectError(f"run {name!r} is damaged in the database: restore the project from a copy") from error


def _set_name(connection: sqlite3.Connection, run_id: int, old: str, new: str) -> None:
    connection.execute("UPDATE run SET name = ? WHERE id = ?", (new, run_id))
    before = f"{FOLDER}/{old}/"
    connection.execute(
        "UPDATE map SET location = ? || substr(location, ?) WHERE run_id = ? AND substr(location, 1, ?) = ?",
        (f"{FOLDER}/{new}/", len(before) + 1, run_id, len(before), before),
    )


def _move(folder: Path, target: Path) -> bool:
    """Rename a folder; return whether there is one. Raises `WriteError`."""
    try:
        folder.rename(target)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise WriteError(
            f"{shown(folder)} cannot be renamed ({error.strerror}): close the programs that use it"
        ) from error
    return True


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:  # it was removed meanwhile
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
