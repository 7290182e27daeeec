"""Stage ``export``: the masks that show become a dataset, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import fbr_engine
from fbr_engine.config import ExportConfig
from fbr_engine.data.images import UPRIGHT, orientation, save_upright, upright_size
from fbr_engine.errors import ConfigError, ReadError, WriteError
from fbr_engine.events import Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.formats.atomic import replace_file, write_atomically, write_error
from fbr_engine.formats.coco import CocoWriter
from fbr_engine.project import ImageInfo, Project, RunInfo, decode_path, free_space_check
from fbr_engine.stages.run_files import find_run
from fbr_engine.stages.shown_masks import ShownMask, require_masks, shown_classes, shown_mask

STAGE = "export"


@dataclass
class ExportReport:
    """What was written and what was left out, and why; names by reason.

    ``images`` and, by split, ``splits`` were written; of these ``confirmed_empty`` have none of the classes (all that
    are learnt are known to be absent), ``empty_images`` have no annotation, and ``tagged`` counts, by class, those
    tagged with it.
    """

    images: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    tagged: dict[str, int] = field(default_factory=dict)
    confirmed_empty: int = 0
    empty_images: int = 0
    annotations: dict[str, int] = field(default_factory=dict)
    too_small: int = 0
    left_out_by_review: list[str] = field(default_factory=list)
    untagged: list[str] = field(default_factory=list)
    without_mask: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    suspect_empty: list[str] = field(default_factory=list)
    rotated: list[str] = field(default_factory=list)


def run(project: Project, config: ExportConfig, run_name: str | None = None) -> Iterator[Event]:
    """Write the dataset into ``config.out``: ``annotations/instances_<split>.json``, images if asked, ``report.json``.

    A person's mask is taken before the run's. Images left out by ``config.review``, and those nobody tagged or
    painted, are reported; those confirmed empty are exported as empty; tagged images whose mask is empty are listed as
    suspect. Raises `ConfigError`, `ReadError` when there is nothing to export, and `WriteError` with nothing
    half-written left.
    """
    out = _check_target(config)
    info = find_run(project, run_name)
    require_masks(project, info, config.split)
    total = project.images.count(config.split)
    yield Started(STAGE, total, "images", info.name)
    report = ExportReport()
    with _whole_folder(out) as folder:
        export = _Export(project, info, config, folder, report)
        yield from export.work(total)
        if report.images == 0:
            raise ReadError(f"nothing to export from run {info.name}: no tagged image has a mask (fbr-engine masks)")
        _write_json(folder / "report.json", asdict(report) | {"run": info.name, "project": str(project.folder)})
    yield from _notices(report, config)
    for path in sorted(out.rglob("*.json")):
        yield FileWritten("dataset", "", str(path))
    yield Result(STAGE, {"run": info.name, "out": str(out)} | _summary(report))


def _check_target(config: ExportConfig) -> Path:
    if not config.out:
        raise ConfigError("give the folder for the dataset: --out DIR")
    out = Path(os.path.abspath(config.out))  # noqa: PTH100 - resolve() would follow a link to be replaced
    if out.exists() and not out.is_dir():
        raise WriteError(f"{out}: is a file; give a folder with --out")
    if out.is_dir() and any(not path.name.endswith(".partial") for path in out.iterdir()):
        raise WriteError(f"{out}: is not empty; give a new folder with --out, or empty this one")
    return out


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """Yield a hidden folder that becomes ``out`` (or, if that is there, its content) when the block ends.

    It is removed if the block raises.
    """
    # A folder that is there stays: it may be a mounted drive, or the one the person's shell is in.
    inside = out.is_dir()
    name = f".{secrets.token_hex(8)}.partial"
    beside = out / name if inside else out.with_name(name)
    try:
        beside.mkdir(parents=True)
    except OSError as error:
        raise write_error(out, error) from error
    try:
        yield beside
        if inside:
            for path in list(beside.iterdir()):
                path.rename(out / path.name)
        else:
            beside.rename(out)
    except OSError as error:
        raise write_error(out, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


class _Export:
    """Writes one dataset; one COCO file per split, all with the same categories."""

    def __init__(
        self, project: Project, info: RunInfo, config: ExportConfig, folder: Path, report: ExportReport
    ) -> None:
        self.project, self.info, self.config, self.folder, self.report = project, info, config, folder, report
        self.classes = shown_classes(project, info)
        self._learnt = [c.id for c in project.classes.learnt()]
        self._to_category = np.zeros(256, dtype=np.uint8)
        self._to_category[255] = 255
        for position, info_ in enumerate(self.classes, start=1):
            self._to_category[info_.id] = position
        self._writers: dict[str, CocoWriter] = {}
        report.tagged = dict.fromkeys((c.name for c in self.classes), 0)

    def work(self, total: int) -> Iterator[Event]:
        """Yield the events of all images."""
        if self.config.copy_images:
            free_space_check(self.folder, self._image_bytes())
        with ExitStack() as stack:
            for done, image in enumerate(self.project.images.iter(self.config.split), start=1):
                problem = self._add(image, stack)
                if problem:
                    self.report.broken.append(image.path)
                    yield ImageSkipped(image.path, problem)
                yield Progress(STAGE, done, total, "images")
        for writer in self._writers.values():
            self._count(writer)

    def _add(self, image: ImageInfo, stack: ExitStack) -> str | None:
        """Add one image; return why it is broken, or None."""
        if not wanted_by_review(image.review, self.config.review):
            self.report.left_out_by_review.append(image.path)
            return None
        tags = self.project.tags.of(image.id)
        shown = shown_mask(self.project, self.info, image)
        if image.problem:
            return image.problem
        if not any(c.id in tags for c in self.classes) and not (shown and shown.source == "person"):
            self.report.untagged.append(image.path)
            return None
        if shown is None:
            self.report.without_mask.append(image.path)
            return None
        source = self.project.image_path(image.path)
        try:
            mask = self._to_category[shown.read()]
            if not source.is_file():
                raise ReadError(f"{source}: the image is missing; put it back or remove it from the project")
            self._check_size(shown, source, mask)
            self._copy(image, source)
        except ReadError as error:
            return str(error)
        self._note(image, source, mask, tags)
        self._writer(image.split or "", stack).add_image(decode_path(image.path), mask)
        return None

    def _check_size(self, shown: ShownMask, source: Path, mask: npt.NDArray[np.uint8]) -> None:
        size = upright_size(source)
        if size == mask.shape:
            return
        name = shown.image.path
        cams = self.project.map_path(self.info.name, name, "cams", "npz")
        remedy = f"delete {cams} and run cams and masks again"
        if shown.source == "person":
            remedy = "put the photo back, or remove the correction"
        raise ReadError(
            f"{name}: the photo is {size[1]} x {size[0]} px now, its mask {mask.shape[1]} x {mask.shape[0]}; {remedy}"
        )

    def _note(self, image: ImageInfo, source: Path, mask: npt.NDArray[np.uint8], tags: Mapping[int, int]) -> None:
        report, split = self.report, image.split or ""
        report.splits[split] = report.splits.get(split, 0) + 1
        tagged = [c.name for c in self.classes if tags.get(c.id) == 1]
        for name in tagged:
            report.tagged[name] += 1
        report.confirmed_empty += not tagged and bool(self._learnt) and all(tags.get(i) == 0 for i in self._learnt)
        if tagged and not ((mask > 0) & (mask < 255)).any():
            report.suspect_empty.append(image.path)
        if not self.config.copy_images and orientation(source) != UPRIGHT:
            report.rotated.append(image.path)

    def _copy(self, image: ImageInfo, source: Path) -> None:
        if not self.config.copy_images:
            return
        target = self.folder / "images" / decode_path(image.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if orientation(source) == UPRIGHT:
            _copy_file(source, target)
        else:
            with replace_file(target) as file:
                save_upright(source, file)

    def _writer(self, split: str, stack: ExitStack) -> CocoWriter:
        if split not in self._writers:
            name = f"instances_{_file_part(split)}.json" if split else "instances.json"
            (self.folder / "annotations").mkdir(exist_ok=True)
            writer = CocoWriter(
                self.folder / "annotations" / name,
                [c.name for c in self.classes],
                min_area=self.config.min_area,
                info={"description": f"FBR Studio {fbr_engine.__version__}, run {self.info.name}"},
            )
            self._writers[split] = stack.enter_context(writer)
        return self._writers[split]

    def _count(self, writer: CocoWriter) -> None:
        counts = writer.counts
        self.report.images += counts.images
        self.report.empty_images += counts.empty_images
        self.report.too_small += counts.left_out
        for name, count in counts.annotations.items():
            self.report.annotations[name] = self.report.annotations.get(name, 0) + count

    def _image_bytes(self) -> int:
        total = 0
        for image in self.project.images.iter(self.config.split):
            if not wanted_by_review(image.review, self.config.review):
                continue
            path = self.project.image_path(image.path)
            total += path.stat().st_size if path.is_file() else 0
        return total


def wanted_by_review(review: str, choice: str) -> bool:
    """Return whether an image with this ``review`` is exported under the ``choice`` kept, accepted or all."""
    return choice == "all" or (review == "accepted" if choice == "accepted" else review != "rejected")


def _copy_file(source: Path, target: Path) -> None:
    try:
        file = source.open("rb")
    except OSError as error:
        raise ReadError(f"{source}: the image cannot be read ({error.strerror}); check its rights") from error
    with file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)


def _file_part(split: str) -> str:
    """Return a split's name as a part of a file name, different for different splits."""
    return re.sub(r'[<>:"|?*\\/%\x00-\x1f]', lambda found: f"%{ord(found[0]):02X}", split)


def _notices(report: ExportReport, config: ExportConfig) -> Iterator[Event]:
    if report.left_out_by_review:
        which = "not accepted" if config.review == "accepted" else "rejected"
        yield Notice(f"{len(report.left_out_by_review)} {which} images were left out", "export with --review all")
    if report.untagged:
        yield Notice(f"{len(report.untagged)} images nobody tagged were left out", "tag them and export again")
    if report.without_mask:
        yield Notice(f"{len(report.without_mask)} tagged images have no mask and were left out", "run cams and masks")
    if report.suspect_empty:
        yield Notice(
            f"{len(report.suspect_empty)} tagged images have an empty mask",
            "see suspect_empty in report.json",
        )
    if report.too_small:
        yield Notice(f"{report.too_small} instances below {config.min_area} px were left out")
    if report.rotated:
        yield Notice(
            f"{len(report.rotated)} photos are rotated by EXIF, which many COCO readers ignore; masks follow the "
            "upright photo",
            "export with --copy-images, which writes them upright",
        )


def _summary(report: ExportReport) -> dict[str, Any]:
    values = asdict(report)
    return {key: len(value) if isinstance(value, list) else value for key, value in values.items()}


def _write_json(path: Path, values: dict[str, Any]) -> None:
    write_atomically(path, (json.dumps(values, indent=2, ensure_ascii=True) + "\n").encode())
