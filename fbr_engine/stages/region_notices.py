"""What a person should know of a run's regions before trusting CAMs that are verified by them."""

from __future__ import annotations

from fbr_engine.events import Notice
from fbr_engine.networks.region_bank import RegionBank
from fbr_engine.project import Project

MOST_NAMED = 8
_MORE = "tag more images of them and train a new run, for more epochs"


def few_read(run: str, read: int, images: int) -> Notice:
    """Return that only ``read`` of the ``images`` to mine could be read."""
    return Notice(
        f"the regions of run {run} are mined from {read} of {images} training images, as the others cannot be read; "
        "these regions are not kept, and CAMs verified by them are made anew next time",
        "put the images back, or take them out of the project, and run fbr-engine cams again",
    )


def unknown_classes(project: Project, run: str, bank: RegionBank, class_ids: list[int]) -> list[Notice]:
    """Return that ``bank`` knows no class, or not all of them; nothing where it knows all."""
    known = bank.known.tolist()
    if not any(known):
        return [Notice(f"the regions of run {run} know no class: its CAMs are those of the classifier alone", _MORE)]
    names, aliases = {c.id: c.name for c in project.classes.all()}, project.classes.aliases()
    today = [aliases.get(c, c) for c, is_known in zip(class_ids, known, strict=True) if not is_known]
    unknown = list(dict.fromkeys(names[c] for c in today if c in names))
    if not unknown:
        return []
    more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
    which = ", ".join(unknown[:MOST_NAMED]) + more
    return [Notice(f"the regions of run {run} do not know {which}: there the CAM is the classifier's alone", _MORE)]
