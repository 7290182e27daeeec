"""Makes tiny.safetensors: the demo's small network, trained on the tags of drawn scenes the demo never shows.

    python assets/weights/make_tiny.py

The demo draws its scenes from small seeds, this script from a large one. It uses tags alone, as the demo does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import safetensors.torch

from fbr_engine.command.console import TextListener
from fbr_engine.config import NewConfig, TrainConfig
from fbr_engine.networks.checkpoints import load_checkpoint, take_prefix
from fbr_engine.project import Project
from fbr_engine.scenes import IMAGES, TAGS, write_scenes
from fbr_engine.stages import create_project, train

SEED = 1_000_003
SCENES = 1600
EPOCHS = 25


def main() -> None:
    """Draw, train, and write the backbone in half precision."""
    config = TrainConfig(
        method="cam",
        backbone="tiny",
        weights="none",
        epochs=EPOCHS,
        crop=129,
        output_stride=16,
        lr_encoder=4e-3,
        lr_head=4e-3,
        scale_low=0.8,
        scale_high=1.4,
    )
    with tempfile.TemporaryDirectory() as folder, TextListener(sys.stdout, sys.stderr, "") as listen:
        work = Path(folder)
        for _ in write_scenes(work, SCENES, 0, SEED):
            pass
        for event in create_project.run(work / "p", NewConfig(images=str(work / IMAGES), tags=str(work / TAGS))):
            listen(event)
        with Project.open(work / "p", write=True) as project:
            for event in train.run(project, config, "tiny"):
                listen(event)
            tensors, _ = load_checkpoint(project.runs.folder("tiny") / "checkpoint.safetensors")
    body = take_prefix("network.backbone.body", tensors)
    small = {name: value.half() if value.is_floating_point() else value for name, value in body.items()}
    target = Path(__file__).with_name("tiny.safetensors")
    safetensors.torch.save_file(small, target)
    print(f"{target}: {target.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
