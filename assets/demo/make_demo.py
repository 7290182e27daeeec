"""Makes demo.zip: the project that ``fbr-studio --demo`` opens a copy of.

    python assets/demo/make_demo.py

Drawn scenes (JPEG, to be small), their tags, and two finished runs, cam and fbr, trained by the stages a user runs.
A few scenes are left untagged, so that there is something to tag. The truth judges the runs and is not shipped.
Features, which are large, and concepts are shipped of fbr alone.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from fbr_engine.command.console import TextListener
from fbr_engine.config import CamsConfig, ConceptsConfig, DemoConfig, EvaluateConfig, MasksConfig, NewConfig
from fbr_engine.events import Event
from fbr_engine.formats.tags_csv import load_tags_csv, save_tags_csv
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.project import Project
from fbr_engine.refinement import RECOMMENDED
from fbr_engine.scenes import IMAGES, MASKS, TAGS, write_scenes
from fbr_engine.stages import concepts, create_project, evaluate, infer_cams, make_pseudo_masks, train
from fbr_engine.stages.demo import JUDGED, METHODS, train_config

TRAIN, VAL, UNTAGGED = 96, 24, 8
SEED = 0
PROJECT = "demo.fbr"
KEPT = ("network.", "host.", "fbr.")
DATE = (2026, 1, 1, 0, 0, 0)


def main() -> None:
    """Draw, train, infer, judge, pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=24, help="times every scene is seen")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, TextListener(sys.stdout, sys.stderr, "") as listen:
        work = Path(folder)
        truth = _draw(work)
        _follow(create_project.run(work / PROJECT, NewConfig(images=str(work / IMAGES), tags=str(work / TAGS))), listen)
        with Project.open(work / PROJECT, write=True) as project:
            project.images.add(sorted(path.name for path in (work / IMAGES).glob("new_*.jpg")))
            for name, method in METHODS.items():
                _make_run(project, name, method, options.epochs, truth, listen)
        target = Path(__file__).with_name("demo.zip")
        _pack(work, target)
    print(f"{target}: {target.stat().st_size / 2**20:.2f} MiB")


def _draw(work: Path) -> Path:
    """Draw the scenes below ``work`` as JPEG; return where their true masks lie, outside of what is packed."""
    drawn = work / "drawn"
    for _ in write_scenes(drawn, TRAIN + UNTAGGED, VAL, SEED):
        pass
    (work / IMAGES).mkdir()
    rows = []
    for row in load_tags_csv(drawn / TAGS).rows:
        untagged = row.split == "train" and int(Path(row.image).stem[-4:]) > TRAIN
        name = Path(row.image).stem.replace("train", "new") if untagged else Path(row.image).stem
        with Image.open(drawn / IMAGES / row.image) as image:
            image.convert("RGB").save(work / IMAGES / f"{name}.jpg", quality=92)
        if not untagged:
            rows.append(replace(row, image=f"{name}.jpg"))
    save_tags_csv(work / TAGS, rows)
    return drawn / MASKS


def _make_run(project: Project, name: str, method: str, epochs: int, truth: Path, listen: TextListener) -> None:
    config = train_config(method, DemoConfig(seed=SEED, epochs=epochs, device="cpu"))
    _follow(train.run(project, config, name), listen)
    path = project.runs.folder(name) / "checkpoint.safetensors"
    tensors, facts = load_checkpoint(path)
    save_checkpoint(path, {key: value for key, value in tensors.items() if key.startswith(KEPT)}, facts)
    _follow(infer_cams.run(project, CamsConfig(device="cpu", features=name == JUDGED), name), listen)
    if name == JUDGED:
        _follow(concepts.run(project, ConceptsConfig(), name), listen)
    _follow(make_pseudo_masks.run(project, MasksConfig(device="cpu", refine=RECOMMENDED), name), listen)
    _follow(evaluate.run(project, EvaluateConfig(masks=str(truth)), name), listen)


def _follow(events: Iterable[Event], listen: TextListener) -> None:
    for event in events:
        listen(event)


def _pack(work: Path, target: Path) -> None:
    files = sorted(p for part in (PROJECT, "images", "tags.csv") for p in [work / part, *(work / part).rglob("*")])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            if path.is_file() and path.name != "writer.lock":
                member = zipfile.ZipInfo(path.relative_to(work).as_posix(), DATE)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, path.read_bytes())
    target.write_bytes(packed.getvalue())


if __name__ == "__main__":
    main()
