"""Stage ``new``: a folder of images and what is known of their tags become a project, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from fbr_engine.config import NewConfig
from fbr_engine.errors import ConfigError
from fbr_engine.events import Event, Notice, Result, Started
from fbr_engine.formats.tags_csv import load_tags_csv
from fbr_engine.project import Project
from fbr_engine.project.import_tags import ImportReport, import_folders, import_table

STAGE = "new"


def run(folder: Path, config: NewConfig) -> Iterator[Event]:
    """Make the project in ``folder``; images are only listed, never written.

    Raises `ProjectError`, `ReadError` for a broken tags file, `WriteError`; nothing is left behind then, nor when the
    generator is closed before its result.
    """
    if not config.images:
        raise ConfigError("give the folder with the images: --images DIR")
    table = load_tags_csv(Path(config.tags)) if config.tags else None
    yield Started(STAGE, 1, "projects")
    with Project.create(folder, Path(config.images)) as project:
        classes = list(config.classes) or None
        try:
            report = import_table(project, table, classes) if table else import_folders(project, classes)
            yield from _notices(report)
        except BaseException:
            project.discard()
            raise
    yield Result(STAGE, {"project": str(project.folder)} | asdict(report))


def _notices(report: ImportReport) -> Iterator[Notice]:
    if report.missing_count:
        named = ", ".join(report.missing[:5]) + (", ..." if report.missing_count > 5 else "")
        yield Notice(f"listed but not there ({report.missing_count}): {named}", "correct the file or --images")
    if report.unlisted:
        yield Notice(f"in the folder but not listed, so left out: {report.unlisted}")
    if report.ignored:
        kept = ", ".join(f"{name} ({count})" for name, count in report.ignored.items())
        yield Notice(f"tags kept but not learnt: {kept}")
    for note in report.notes:
        yield Notice(note)
