"""Tags from a table into the open project: what is there stays, what a person said counts more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fbr_engine.formats.tags_csv import load_tags_csv
from fbr_engine.project import ImportReport, Project, import_table
from fbr_studio.widgets.formatting import count, counted


@dataclass(frozen=True, slots=True)
class TagImport:
    """What an import changed; ``new_classes`` were not there before."""

    path: Path
    report: ImportReport
    new_classes: tuple[str, ...]


def import_tags(project: Project, path: Path) -> TagImport:
    """Add the images and tags of the table at ``path``; all of it or nothing. Raises `FbrError`."""
    table = load_tags_csv(path)
    before = {found.name for found in project.classes.all()}
    report = import_table(project, table)
    new = tuple(found.name for found in project.classes.all() if found.name not in before)
    return TagImport(path, report, new)


def sentences(done: TagImport) -> str:
    """Return the report in words."""
    report = done.report
    parts = [f"{done.path.name}: {counted(report.tagged, 'image')} tagged"]
    if report.added:
        parts.append(f"{counted(report.added, 'image')} added")
    text = ", ".join(parts) + "."
    if done.new_classes:
        names = ", ".join(done.new_classes[:6]) + (", ..." if len(done.new_classes) > 6 else "")
        text += f" New {'class' if len(done.new_classes) == 1 else 'classes'}: {names}."
    if report.missing_count:
        verb = "is" if report.missing_count == 1 else "are"
        listed = counted(report.missing_count, "listed image")
        text += f" {listed} {verb} not in the image folder (the first is {report.missing[0]})."
    if report.unlisted:
        text += f" {count(report.unlisted)} in the folder {'is' if report.unlisted == 1 else 'are'} not listed."
    return " ".join([text, *(f"{note[0].upper()}{note[1:]}." for note in report.notes)])
