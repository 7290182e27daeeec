"""The project on disk: a folder that holds all the program knows, beside images it never writes.

::

    PROJECT/project.sqlite    images, tags, runs, what is finished
    PROJECT/writer.lock       held by the one process that writes
    PROJECT/corrections/      the masks a person corrected
    PROJECT/runs/<name>/      config, metrics, checkpoint, maps, features and masks of one run
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fbr_engine.errors import ProjectError, ProjectLockedError
from fbr_engine.formats.atomic import write_error
from fbr_engine.project.classes import Classes
from fbr_engine.project.database import Database, create_database
from fbr_engine.project.files import map_path, path_inside
from fbr_engine.project.gallery import Gallery
from fbr_engine.project.images import Images
from fbr_engine.project.judgements import Judgements
from fbr_engine.project.lock import WriterLock
from fbr_engine.project.maps import Maps
from fbr_engine.project.paths import DATABASE_NAME, check_image, decode_path, encode_path, shown
from fbr_engine.project.peek import peek_version
from fbr_engine.project.person_masks import FOLDER as CORRECTIONS
from fbr_engine.project.person_masks import PersonMasks
from fbr_engine.project.runs import FOLDER as RUNS
from fbr_engine.project.runs import Runs
from fbr_engine.project.tags import Tags

LOCK_NAME = "writer.lock"
_UNFINISHED = DATABASE_NAME + ".new"
_ENDINGS = ("", "-wal", "-shm", "-journal")
_OWN_FILES = [LOCK_NAME, *(name + ending for name in (DATABASE_NAME, _UNFINISHED) for ending in _ENDINGS)]
_LEFT_BY_A_CRASH = {LOCK_NAME, *(_UNFINISHED + ending for ending in _ENDINGS)}
_MOST_STEPS_UP = 2


class Project:
    """An open project. Make one with `create` or `open`; it is a context manager.

    Any thread may read. Writing takes turns; `transaction` holds several writes together.
    """

    def __init__(self, folder: Path, database: Database, lock: WriterLock | None) -> None:
        self.folder = folder
        self.database = database
        self._lock = lock
        self._made_folders: list[Path] | None = None
        self.classes = Classes(database)
        self.images = Images(database)
        self.tags = Tags(database, self.images)
        self.runs = Runs(database, folder)
        self.maps = Maps(database, self.images, folder)
        self.person_masks = PersonMasks(database, self.images, self.classes, folder)
        self.gallery = Gallery(database, self.classes)
        self.judgements = Judgements(database)

    @classmethod
    def create(cls, folder: Path, images: Path) -> Self:
        """Make a project in ``folder``, which must be empty or not exist, for the images below ``images``.

        The project is open for writing. If it cannot be made, nothing of it is left.
        Raises `ProjectError`, `ProjectLockedError`, `WriteError`.
        """
        folder, images = _absolute(folder), _absolute(images)
        if not images.is_dir():
            raise ProjectError(f"{shown(images)} is no folder: name the folder that holds the images")
        _check_empty(folder)
        made = _make_folders(folder)
        try:
            lock = WriterLock(folder / LOCK_NAME)
        except ProjectLockedError:  # another process is making a project here: its files are not ours
            raise
        except BaseException:
            _remove_own_files(folder, made)
            raise
        try:
            _check_empty(folder)
        except BaseException:
            lock.release()
            raise
        try:
            project = cls._create(folder, images, lock)
        except BaseException:
            _remove_own_files(folder, made)
            raise
        project._made_folders = made
        return project

    @classmethod
    def _create(cls, folder: Path, images: Path, lock: WriterLock) -> Self:
        try:
            unfinished = folder / _UNFINISHED
            for ending in _ENDINGS:
                unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
            create_database(unfinished)
            unfinished.rename(folder / DATABASE_NAME)
            project = cls(folder, Database(folder / DATABASE_NAME, write=True), lock)
            try:
                project.move_images(images)
            except BaseException:
                project.close()
                raise
        except OSError as error:
            lock.release()
            raise write_error(folder, error) from error
        except BaseException:
            lock.release()
            raise
        return project

    @classmethod
    def open(cls, folder: Path, *, write: bool = False) -> Self:
        """Open the project in ``folder``: to read, also while another process writes, or to be that writer.

        Raises `ProjectError` if it is no project, `ProjectTooNewError`, `ProjectLockedError`, `WriteError`.
        """
        folder = _absolute(folder)
        path = folder / DATABASE_NAME
        if not path.is_file():
            raise ProjectError(
                f"{shown(folder)} is no FBR project: make one with fbr-engine new {shown(folder.name)} --images DIR"
            )
        if not write:
            return cls(folder, Database(path, write=False), None)
        peek_version(path)
        lock = WriterLock(folder / LOCK_NAME)
        try:
            project = cls(folder, Database(path, write=True), lock)
        except BaseException:
            lock.release()
            raise
        try:
            project.runs.recover()
        except BaseException:
            project.close()
            raise
        return project

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        """Open the project for reading where this one is sent, such as a loader's process."""
        return type(self).open, (self.folder,)

    def close(self) -> None:
        """Close the database and let others write; a second call does nothing."""
        self.database.close()
        if self._lock is not None:
            self._lock.release()

    def discard(self) -> None:
        """Close a project that was just created and remove it again, when its first import fails for example.

        Raises `ProjectError` if it was opened, not created, by this object.
        """
        if self._made_folders is None:
            raise ProjectError(f"{shown(self.folder)} was not made just now: remove the folder yourself")
        self.close()
        for name in (RUNS, CORRECTIONS):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        _remove_own_files(self.folder, self._made_folders)

    @property
    def writable(self) -> bool:
        """Whether the project was opened for writing."""
        return self.database.writable

    @property
    def image_folder(self) -> Path:
        """The folder that holds the images; it may have vanished (see `image_path`)."""
        stored = decode_path(self._setting("images"))
        return Path(os.path.normpath(os.path.join(os.path.realpath(self.folder), stored)))  # noqa: PTH118

    def image_path(self, image: str) -> Path:
        """Return where the image with this id lies.

        Raises `ProjectError` if the image folder is gone, or ``image`` leads out of it.
        """
        check_image(image)
        folder = self.image_folder
        if not folder.is_dir():
            raise ProjectError(
                f"{shown(folder)}, the image folder of {shown(self.folder)}, is gone: "
                "put it back there, or connect the drive it is on"
            )
        return folder / decode_path(image)

    def move_images(self, images: Path) -> None:
        """Look for the images in another folder from now on; their ids stay."""
        stored = encode_path(_reference(self.folder, _absolute(images)))
        with self.transaction():
            self._set_setting("images", stored)

    def path_of(self, location: str) -> Path:
        """Return the path of a location below the project. Raises `ProjectError` if it leads out of it."""
        return path_inside(self.folder, location)

    def map_path(self, run: str, image: str, kind: str, suffix: str) -> Path:
        """Return the path of one result (see `fbr_engine.project.files.map_path`)."""
        return self.folder / map_path(run, image, kind, suffix)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the writes of the block together: all are kept, or none if it raises."""
        with self._transaction():
            yield

    def _transaction(self) -> AbstractContextManager[Any]:
        return self.database.transaction()

    def _setting(self, key: str) -> str:
        value = self.database.value("SELECT value FROM setting WHERE key = ?", (key,))
        if value is None:
            raise ProjectError(f"{shown(self.folder)} lacks its setting {key!r}: it is damaged, restore a copy")
        return str(value)

    def _set_setting(self, key: str, value: str) -> None:
        with self.database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", (key, value))


def _absolute(folder: Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - also takes '..' away


def _reference(project: Path, images: Path) -> str:
    """Return how the project names its image folder: relative if both may move together, else absolute."""
    real_project, real_images = os.path.realpath(project), os.path.realpath(images)
    try:
        relative = os.path.relpath(real_images, real_project)
    except ValueError:  # two drives
        return os.fspath(images)
    shared = os.path.dirname(os.path.commonpath((real_project, real_images)))  # noqa: PTH120
    is_close = Path(relative).parts.count(os.pardir) <= _MOST_STEPS_UP
    at_top = shared == os.path.commonpath((real_project, real_images))
    return relative if is_close and not at_top else os.fspath(images)


def _check_empty(folder: Path) -> None:
    try:
        names = {entry.name for entry in os.scandir(folder)}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise ProjectError(f"{shown(folder)} is a file, or lies below one: choose another name") from None
    except OSError as error:
        raise write_error(folder, error) from error
    if DATABASE_NAME in names:
        raise ProjectError(f"{shown(folder)} is a project already: choose another name, or remove it first")
    if names - _LEFT_BY_A_CRASH:
        raise ProjectError(f"{shown(folder)} is not empty: choose another name for the project")


def _make_folders(folder: Path) -> list[Path]:
    """Make ``folder`` and its parents; return those that were not there, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for path in missing:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise write_error(folder, error) from error
    return missing


def _remove_own_files(folder: Path, made: list[Path]) -> None:
    for name in _OWN_FILES:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    for path in made:
        with contextlib.suppress(OSError):
            path.rmdir()
