"""The report ``info``: what a project holds."""

from __future__ import annotations

from collections.abc import Iterator

from fbr_engine.events import Event, Result
from fbr_engine.project import Project


def info(project: Project) -> Iterator[Event]:
    """Say what a project holds: images, splits, tags, runs."""
    counts = project.tags.counts()
    classes = [
        dict(zip(("present", "absent", "unknown"), counts[c.id], strict=True))
        | {"name": c.name, "id": c.id, "learnt": c.learnt}
        for c in project.classes.all()
    ]
    runs = [
        {
            "name": run.name,
            "method": run.method,
            "status": run.status,
            "created": run.created,
            "cams": project.maps.count_done(run.id, "cams"),
            "masks": project.maps.count_done(run.id, "masks"),
            "figures": run.figures,
        }
        for run in project.runs.all()
    ]
    yield Result(
        "info",
        {
            "project": str(project.folder),
            "image_folder": str(project.image_folder),
            "images": project.images.count(),
            "splits": project.images.splits(),
            "problems": sum(1 for _ in project.images.with_problem()),
            "classes": classes,
            "runs": runs,
        },
    )
