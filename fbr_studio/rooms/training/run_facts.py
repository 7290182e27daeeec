"""What there is to say about a run: its figures, its config against another, the state of its maps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from fbr_engine.config import TrainConfig
from fbr_engine.config_fields import option_of
from fbr_engine.errors import FbrError, ProjectError
from fbr_engine.project import Project, RunInfo, load_json
from fbr_engine.stages.run_files import METRICS, checkpoint_path, file_digest
from fbr_studio.widgets import formatting
from fbr_studio.widgets.forms.field_spec import plain_words
from fbr_studio.widgets.forms.reading import write
from fbr_studio.widgets.plots.series import Curves, from_metrics

STATUS_WORDS = {"training": "training", "stopped": "stopped", "done": "finished", "failed": "failed"}
SETTLED = {f.name: f.default for f in fields(TrainConfig) if option_of(f).settled}
IDLE = "-"
Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class MapsState:
    """How many CAMs and masks a run has, of how many images; ``stale``: of an earlier state of its training."""

    images: int
    cams: int
    masks: int
    stale: bool

    @property
    def missing(self) -> bool:
        """Whether making CAMs and masks would add anything."""
        return self.stale or self.cams < self.images or (self.cams > 0 and self.masks == 0)

    @property
    def short(self) -> str:
        """What is missing, in a few words."""
        if not self.cams:
            return "no CAMs yet"
        if self.stale:
            return "CAMs out of date"
        return "CAMs incomplete" if self.cams < self.images else "no masks yet"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The counts by name."""
        late = " (out of date)" if self.stale else ""
        return [
            ("CAMs", f"{formatting.of_total(self.cams, self.images, 'images')}{late}"),
            ("Masks", formatting.counted(self.masks, "image")),
        ]


@dataclass(frozen=True, slots=True)
class RunDisk:
    """What is found out in the background: disk use in bytes, and the state of the maps."""

    disk: int
    maps: MapsState


def measure_runs(project: Project) -> dict[str, RunDisk]:
    """Return disk use and the state of the maps of every run, by name. It walks their folders: not for the window."""
    found = {}
    images = project.images.count() - sum(1 for _ in project.images.with_problem())
    for info in project.runs.all():
        try:
            found[info.name] = RunDisk(project.runs.disk_bytes(info.name), _maps_state(project, info, images))
        except FbrError:  # deleted or renamed meanwhile
            continue
    return found


def _maps_state(project: Project, info: RunInfo, images: int) -> MapsState:
    cams = project.maps.count_done(info.id, "cams")
    masks = project.maps.count_done(info.id, "masks")
    stale = False
    if cams:
        try:
            digest = file_digest(checkpoint_path(project, info))
            stale = any(not made.startswith(digest) for made in project.maps.fingerprints(info.id, "cams"))
        except (ProjectError, OSError):
            stale = False
    return MapsState(images, cams, masks, stale)


def train_config(info: RunInfo) -> TrainConfig:
    """Return what a run was trained with; what this version does not know falls back to the default."""
    try:
        return TrainConfig.from_json(info.config)
    except (FbrError, TypeError):
        return TrainConfig()


def figures(info: RunInfo) -> list[tuple[str, str]]:
    """Return the figures of a run by name, each with its unit."""
    known = info.figures
    found = []
    if "epochs" in known:
        found.append(("Epochs", _epochs(info)))
    if "images" in known:
        found.append(("Images", formatting.count(int(known["images"]))))
    if "class_ids" in known:
        found.append(("Classes", str(len(known["class_ids"]))))
    for name, word in (("miou", "mIoU"), ("mean_iou", "mIoU")):
        if isinstance(known.get(name), (int, float)):
            found.append((word, f"{100 * known[name]:.1f} %"))
    if "threshold" in known:
        found.append(("Threshold", f"{known['threshold']:.2f}"))
    settled = {name: info.config.get(name, default) for name, default in SETTLED.items()}
    found += [(plain_words(name), str(value)) for name, value in settled.items() if value != SETTLED[name]]
    if "refine" in known:
        found.append(("Refinement", str(known["refine"])))
    return found


def _epochs(info: RunInfo) -> str:
    total = int(info.figures["epochs"])
    if info.status in ("done", "training"):
        return str(total)
    steps = steps_per_epoch(info)
    return f"{int(info.figures.get('steps', 0)) / steps:.3g} of {total}" if steps else str(total)


def summary(info: RunInfo) -> str:
    """Return one line about a run: what it is and how far it came."""
    config = train_config(info)
    known = dict(figures(info))
    epochs = known.get("Epochs", str(config.epochs))
    parts = [config.method, config.backbone, f"{epochs} epochs"]
    if "mIoU" in known:
        parts.append(f"mIoU {known['mIoU']}")
    return ", ".join(parts)


def when(info: RunInfo) -> str:
    """Return the day and time a run was begun, in the person's time zone."""
    try:
        return datetime.fromisoformat(info.created).astimezone().strftime("%d %b %Y, %H:%M").lstrip("0")
    except ValueError:
        return info.created


def differences(config: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> list[Row]:
    """Return (name, value, other value) of the config fields that differ; ``other`` is the defaults if not given.

    A field that changes nothing is a dash, and left out where it does so on both sides, or in the run that is set
    against the defaults. Nor does a run differ from the defaults in what ``auto`` came to.
    """
    defaults = TrainConfig().to_json()
    left, right = defaults | dict(config), defaults | dict(other or {})
    mine, theirs = _as_shown(left), _as_shown(right)
    if other is None:
        mine = {name: text for name, text in mine.items() if text != IDLE and name not in SETTLED}
    return [
        (plain_words(name), text, theirs[name])
        for name, text in mine.items()
        if text != theirs[name] and left[name] != right[name]
    ]


def _as_shown(config: Mapping[str, Any]) -> dict[str, str]:
    """Return all fields as texts; `IDLE` for those that change nothing."""
    idle = TrainConfig.idle(config)
    return {f.name: IDLE if f.name in idle else _show(config[f.name], f.name) for f in fields(TrainConfig)}


def compare(info: RunInfo, other: RunInfo) -> list[Row]:
    """Return (name, this, other) of all figures of two runs."""
    mine, theirs = dict(figures(info)), dict(figures(other))
    last = (last_losses(info), last_losses(other))
    names = list(dict.fromkeys([*mine, *theirs]))
    rows = [(name, mine.get(name, "-"), theirs.get(name, "-")) for name in names]
    losses = dict.fromkeys([*last[0], *last[1]])
    return rows + [(plain_words(f"loss_{n}"), last[0].get(n, "-"), last[1].get(n, "-")) for n in losses]


def last_losses(info: RunInfo) -> dict[str, str]:
    """Return the losses a run's figures keep, if any."""
    kept = info.figures.get("losses")
    return {name: f"{value:.3g}" for name, value in kept.items()} if isinstance(kept, dict) else {}


def steps_per_epoch(info: RunInfo) -> int:
    """Return how many steps an epoch of this run has, 0 if that is not known."""
    images = int(info.figures.get("images", 0))
    return -(-images // train_config(info).batch)


def stored_curves(project: Project, info: RunInfo) -> Curves:
    """Return the curves a run left on the disk: one point an epoch. Lines that cannot be read are left out."""
    rows = []
    try:
        lines = (project.runs.folder(info.name) / METRICS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in lines:
        try:
            row = json.loads(line)
            losses = {str(k): float(v) for k, v in row["losses"].items()}
            rows.append({"epoch": int(row["epoch"]), "losses": losses})
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
    return from_metrics(rows, steps_per_epoch(info))


def device_of(project: Project, run: str) -> str:
    """Return what a run was computed on, or nothing."""
    try:
        return str(load_json(project.runs.folder(run) / "provenance.json").get("device", ""))
    except FbrError:
        return ""


def _show(value: Any, name: str) -> str:
    if isinstance(value, (list, tuple)):
        return write(tuple(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == "":
        return "all" if name == "split" else "none"
    return write(value)
