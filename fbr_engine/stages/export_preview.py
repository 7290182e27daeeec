"""What an export would write, told by the database alone, so that it can be shown while options change.

Of the files only the headers of some photos are read, for their orientation; an image or mask that turns out to be
missing or broken is left out by the export itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from fbr_engine.config import ExportConfig
from fbr_engine.data.images import UPRIGHT, orientation
from fbr_engine.project import ClassInfo, Project, RunInfo
from fbr_engine.stages.run_files import find_run
from fbr_engine.stages.shown_masks import KIND, shown_classes

LOOKED_AT = 500
_REVIEWS = {"all": "1", "kept": "image.review <> 'rejected'", "accepted": "image.review = 'accepted'"}
# The order is that of the export: an image is counted under the first reason that keeps it out.
_STATES = """
    SELECT image.id AS id, image.split AS split, NOT {present} AND {empty} AS empty,
        lower(image.path) GLOB '*.jp*g' OR lower(image.path) GLOB '*.tif*' OR lower(image.path) GLOB '*.webp' AS turns,
        CASE
            WHEN NOT ({review}) THEN 'review'
            WHEN image.problem IS NOT NULL THEN 'problem'
            WHEN person_mask.location IS NOT NULL THEN 'written'
            WHEN NOT ({known}) THEN 'untagged'
            WHEN map.location IS NULL THEN 'without'
            ELSE 'written'
        END AS state
    FROM image
    LEFT JOIN map ON map.run_id = ? AND map.kind = ? AND map.image_id = image.id
    LEFT JOIN person_mask ON person_mask.image_id = image.id
    WHERE {split}
"""
_TAG = "EXISTS (SELECT 1 FROM tag WHERE tag.image_id = image.id AND +tag.class_id IN ({ids}){more})"
_ABSENT = "(SELECT count(*) FROM tag WHERE tag.image_id = image.id AND tag.value = 0 AND +tag.class_id IN ({ids}))"


Values = tuple[int | str, ...]


class ExportWarning(NamedTuple):
    """What the person should know before exporting, what to do about it, and how many images it is about."""

    sentence: str
    remedy: str
    count: int  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class ExportPreview:
    """``images`` that would be written from ``run``, by split ("" for none) in ``splits``.

    Of these ``confirmed_empty`` have none of the classes: all that are learnt are known to be absent. ``categories``
    counts those tagged with each class, in the order of the dataset's categories.
    """

    run: str
    images: int
    splits: dict[str, int]
    confirmed_empty: int
    categories: dict[str, int]
    warnings: list[ExportWarning]


def preview(project: Project, config: ExportConfig, run_name: str | None = None) -> ExportPreview:
    """Say what `fbr_engine.stages.export_dataset.run` would write by ``config``; its ``out`` does not matter.

    Raises `ProjectError` when there is no such run or split.
    """
    info = find_run(project, run_name)
    classes = shown_classes(project, info)
    states, values = _states(project, info, config, [c.id for c in classes])
    splits: dict[str, int] = {}
    counts = dict.fromkeys(("review", "problem", "untagged", "without", "empty"), 0)
    rows = project.database.rows(f"SELECT split, state, empty, count(*) FROM ({states}) GROUP BY 1, 2, 3", values)
    for split, state, empty, count in rows:
        if state != "written":
            counts[state] += count
            continue
        splits[split or ""] = splits.get(split or "", 0) + count
        counts["empty"] += count if empty else 0
    if not config.copy_images:
        counts["turned"] = _turned(project, states, values)
    return ExportPreview(
        run=info.name,
        images=sum(splits.values()),
        splits=splits,
        confirmed_empty=counts["empty"],
        categories=_categories(project, classes, states, values),
        warnings=[w for w in _warnings(counts, config.review) if w.count],
    )


def _categories(project: Project, classes: list[ClassInfo], states: str, values: Values) -> dict[str, int]:
    """Return how many of the images that would be written are tagged with each class, by its name."""
    rows = project.database.rows(
        f"WITH written AS MATERIALIZED (SELECT id FROM ({states}) WHERE state = 'written') "
        "SELECT class_id, count(*) FROM tag WHERE value = 1 AND image_id IN written GROUP BY class_id",
        values,
    )
    tagged: dict[int, int] = dict(rows)
    return {c.name: tagged.get(c.id, 0) for c in classes}


def _states(project: Project, info: RunInfo, config: ExportConfig, class_ids: list[int]) -> tuple[str, Values]:
    """Return a query for each image's state in an export, and its values."""
    split, values = project.images.in_split(config.split)
    ids = ",".join(map(str, class_ids))
    learnt = [c.id for c in project.classes.learnt()]
    absent = _ABSENT.format(ids=",".join(map(str, learnt)))
    sql = _STATES.format(
        empty=f"{absent} = {len(learnt)}" if learnt else "0",
        known=_TAG.format(ids=ids, more=""),
        present=_TAG.format(ids=ids, more=" AND tag.value = 1"),
        review=_REVIEWS[config.review],
        split=split,
    )
    return sql, (info.id, KIND, *values)


def _turned(project: Project, states: str, values: Values) -> int:
    """Return how many of the first `LOOKED_AT` photos that would be written are turned by EXIF."""
    rows = project.database.rows(
        f"SELECT path FROM image WHERE id IN (SELECT id FROM ({states}) WHERE state = 'written' AND turns) "
        f"ORDER BY id LIMIT {LOOKED_AT}",
        values,
    )
    return sum(orientation(project.image_path(path)) != UPRIGHT for (path,) in rows)


def _warnings(counts: Mapping[str, int], review: str) -> Iterator[ExportWarning]:
    which = "not accepted" if review == "accepted" else "rejected"
    yield ExportWarning(f"images that are {which} are left out", "export all, whatever their review", counts["review"])
    yield ExportWarning("images nobody tagged are left out", "tag them", counts["untagged"])
    yield ExportWarning("tagged images without a mask are left out", "compute CAMs and masks", counts["without"])
    yield ExportWarning("images that cannot be read are left out", "replace the files", counts["problem"])
    yield ExportWarning(
        f"of the first {LOOKED_AT} photos are turned by EXIF, which many COCO readers ignore",
        "copy the images too: the copies are upright",
        counts.get("turned", 0),
    )
