"""Making and finding projects: what the start page and the command line ask for. Runs in the background."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from fbr_engine.assets_path import assets_folder
from fbr_engine.config import NewConfig
from fbr_engine.errors import FbrError, ProjectError, ReadError
from fbr_engine.events import Notice, Result
from fbr_engine.formats.atomic import write_error
from fbr_engine.project.paths import DATABASE_NAME
from fbr_engine.stage_table import STAGES

ENDING = ".fbr"
TAGS_NAME = "tags.csv"
DEMO_FOLDER = "demo"


@dataclass(frozen=True, slots=True)
class NewProject:
    """What a person asks for: the folder of images, where the project goes, and a table of tags, if any."""

    images: Path
    folder: Path
    tags: Path | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A project that is ready to be opened, and what the person should know about it.

    ``tags``: the table it was made from, which gave ``tagged`` images their tags and left ``unlisted`` photos out.
    """

    folder: Path
    notices: tuple[Notice, ...] = ()
    facts: str = ""
    tags: Path | None = None
    tagged: int = 0
    unlisted: int = 0


def is_project(folder: Path) -> bool:
    """Return whether ``folder`` holds a project."""
    return (folder / DATABASE_NAME).is_file()


def default_project(images: Path) -> Path:
    """Return where the project of a folder of images goes: ``FOLDER.fbr`` beside it."""
    return images.with_name(images.name + ENDING)


def find_tags(images: Path) -> Path | None:
    """Return the table of tags in or beside a folder of images, if there is one."""
    return next((p for p in (images / TAGS_NAME, images.parent / TAGS_NAME) if p.is_file()), None)


def proposal(images: Path) -> NewProject:
    """Return what is most likely meant by opening a folder of images."""
    return NewProject(images, default_project(images), find_tags(images))


def make_project(wanted: NewProject) -> Opened:
    """Make the project; whole or not at all. Raises what the stage ``new`` raises."""
    config = NewConfig(images=str(wanted.images), tags=str(wanted.tags) if wanted.tags else "")
    notices: list[Notice] = []
    facts = ""
    tagged = unlisted = 0
    for event in STAGES["new"].load()(wanted.folder, config):
        if isinstance(event, Notice):
            notices.append(event)
        elif isinstance(event, Result):
            facts = f"{event.values.get('added', 0):,} images"
            tagged, unlisted = int(event.values.get("tagged", 0)), int(event.values.get("unlisted", 0))
    return Opened(wanted.folder, tuple(notices), facts, wanted.tags, tagged, unlisted)


def find_or_make(path: Path) -> Opened:
    """Return the project that ``path`` means: a project, or a folder of images, whose project is made if need be.

    Raises `ReadError` when there is no such folder, and what `make_project` raises.
    """
    path = path.absolute()
    if path.name == DATABASE_NAME:
        path = path.parent
    if not path.exists():
        raise ReadError(f"{path}: no such folder; give a folder of photos, or a project")
    if not path.is_dir():
        raise ReadError(f"{path}: is a file; give the folder that holds the photos, or a project")
    if is_project(path):
        return Opened(path)
    if is_project(default_project(path)):
        return Opened(default_project(path))
    return make_project(proposal(path))


def wanted_by(path: Path) -> NewProject | None:
    """Return the project `find_or_make` would make for ``path``; None where it is no folder of photos or has one."""
    path = path.absolute()
    if not path.is_dir() or is_project(path) or is_project(default_project(path)):
        return None
    return proposal(path)


def demo_archive() -> Path:
    """Return the shipped demo. Raises `ReadError` when the installation lacks it."""
    path = assets_folder() / "demo" / "demo.zip"
    if not path.is_file():
        raise ReadError(f"{path}: the demo is missing; install fbr-studio again")
    return path


def demo_project(data: Path) -> Path:
    """Return where the person's copy of the demo lies, whether it is there or not."""
    return data / DEMO_FOLDER / f"{DEMO_FOLDER}{ENDING}"


def unpack_demo(data: Path, *, reset: bool = False) -> Opened:
    """Return the person's copy of the demo below ``data``, made if it is not there, or anew with ``reset``.

    The copy is complete or not there. Raises `ReadError`, `WriteError`.
    """
    project = demo_project(data)
    target = project.parent
    if is_project(project) and not reset:
        return Opened(project)
    unfinished = data / f".{DEMO_FOLDER}.partial"
    old = data / f".{DEMO_FOLDER}.old"
    try:
        for left in (unfinished, old):
            shutil.rmtree(left, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _extract(demo_archive(), unfinished)
        _replace(target, unfinished, old)
    except OSError as error:
        raise write_error(target, error) from error
    finally:
        for left in (unfinished, old):
            shutil.rmtree(left, ignore_errors=True)
    return Opened(project)


def _replace(target: Path, new: Path, old: Path) -> None:
    """Put ``new`` in the place of ``target``, which stays if that fails; on the way it is called ``old``."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def _extract(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise ReadError(f"{path}: the demo is broken; install fbr-studio again") from error


def advice(error: FbrError, wanted: NewProject | None) -> str:
    """Return the one thing to do about a project that could not be made: ``elsewhere``, ``open`` or nothing."""
    if wanted is None:
        return ""
    if isinstance(error, ProjectError) and is_project(wanted.folder):
        return "open"
    return "elsewhere" if not wanted.folder.exists() else ""
