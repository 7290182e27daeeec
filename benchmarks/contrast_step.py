"""How long does FBR's contrast step take, beside that of the authors' public code on the same tensors?

    python benchmarks/contrast_step.py [--reference DIR] [--quick] [--json FILE]

``--reference`` is a checkout of github.com/XuYin94/FBR. Its step (``Compled_reco.forward`` of ``AMN/region_utils.py``)
gets the seed, the anchors and the prototypes ready made; ours makes them itself, so it does more. Both mine NROIs by
k-means, draw negatives from a filled bank and from the other classes, and compute the two contrast terms. Without
``--reference`` ours is timed alone.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from common import arguments, finish
from torch import Tensor

from fbr_engine.command.tables import table
from fbr_engine.config import TrainConfig
from fbr_engine.losses.fbr import CropOrigin, Fbr
from fbr_engine.losses.kmeans import batched_kmeans
from fbr_engine.losses.nroi_bank import NroiBatch
from fbr_engine.losses.prototypes import class_prototypes
from fbr_engine.losses.seeds import seed_labels, uncertain_pixels
from fbr_engine.networks.projections import Projected

BATCH, DIMS, SIDE, CLASSES = 16, 128, 32, 20
BANK = 50_000
TARGET_SPEEDUP, MOST_INERTIA = 40, 1.02
PATCHED = "Tensor.cuda is the identity while the reference runs (it is hard-coded there)"


@dataclass(frozen=True)
class Problem:
    """One batch, as it comes from the projections: two objects an image on a background of a dozen regions."""

    projected: Projected
    cam: Tensor
    tags: Tensor
    valid: Tensor
    origin: CropOrigin
    seed: Tensor
    anchors: Tensor


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="a checkout of the authors' code")
    parser.add_argument("--repeats", type=int, default=7)
    typed = parser.parse_args()
    repeats, bank = (2, 4_000) if typed.quick else (typed.repeats, BANK)
    try:
        module = load_reference(typed.reference) if typed.reference else None
    except (OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    problem = make_problem(0)
    forms = {form: OurStep(problem, form, bank) for form in ("paper", "verified")}
    steps: dict[str, Callable[[], object]] = {}
    for form, ours in forms.items():
        steps |= {f"ours, {form}": ours.forward, f"ours, {form}, with backward": ours.forward_backward}
    if module is not None:
        steps["reference"] = ReferenceStep(problem, module, bank).forward
    seconds, processor = alternating(steps, repeats)
    figures: dict[str, Any] = {
        "problem": describe(problem, bank),
        "repeats": repeats,
        "threads": torch.get_num_threads(),
    }
    figures["milliseconds"] = {name: round(1000 * value, 2) for name, value in seconds.items()}
    figures["processor_milliseconds"] = {name: round(1000 * value, 2) for name, value in processor.items()}
    failed = []
    if module is not None:
        figures |= compare(problem, module, seconds, repeats)
        figures["speedup_processor"] = round(processor["reference"] / processor["ours, paper"], 1)
        failed = [name for name, holds in figures["checks"].items() if not holds]
    show(figures)
    finish(figures, typed.json)
    for name in failed:
        print(f"does not hold: {name}", file=sys.stderr)
    return 1 if failed else 0


def alternating(steps: dict[str, Callable[[], object]], repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """Run all steps in turn after one turn that does not count; return medians of seconds and of processor seconds."""
    wall: dict[str, list[float]] = {name: [] for name in steps}
    cpu: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(repeats + 1):
        for name, step in steps.items():
            # The reference takes many times as long as ours: the quick ones get more readings per turn.
            for _ in range(1 if name == "reference" else 5):
                began, began_cpu = time.perf_counter(), time.process_time()
                step()
                if turn > 0:
                    wall[name].append(time.perf_counter() - began)
                    cpu[name].append(time.process_time() - began_cpu)
    return tuple({n: statistics.median(v) for n, v in taken.items()} for taken in (wall, cpu))  # type: ignore[return-value]


def make_problem(seed: int) -> Problem:
    """Draw features of connected regions, and CAMs that peak on two objects an image and fade around them.

    The features are channels-last, as the projections give them; that is also the layout the reference wants.
    """
    generator = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    kinds = torch.randn(40, DIMS, generator=generator).relu()
    looks = torch.randn(CLASSES, DIMS, generator=generator).relu()
    foreground = torch.zeros(BATCH, SIDE, SIDE, DIMS)
    background = torch.zeros_like(foreground)
    cam = torch.zeros(BATCH, CLASSES, SIDE, SIDE)
    for image in range(BATCH):
        sites = torch.rand(12, 2, generator=generator) * SIDE
        region = ((y[..., None] - sites[:, 0]) ** 2 + (x[..., None] - sites[:, 1]) ** 2).argmin(dim=2)
        background[image] = kinds[torch.randperm(len(kinds), generator=generator)[:12]][region]
        foreground[image] = background[image] * 0.5
        for index in (2 * image % CLASSES, (2 * image + 1) % CLASSES):
            centre, radius = torch.rand(2, generator=generator) * SIDE, 6 + 6 * torch.rand(2, generator=generator)
            blob = torch.exp(-(((y - centre[0]) / radius[0]) ** 2) - ((x - centre[1]) / radius[1]) ** 2)
            foreground[image] += blob[..., None] * looks[index]
            cam[image, index] = (blob + 0.05 * torch.rand(SIDE, SIDE, generator=generator)).clamp(min=0.1) - 0.1
    foreground, background = (
        (maps + 0.4 * torch.randn(maps.shape, generator=generator)).relu().permute(0, 3, 1, 2)
        for maps in (foreground, background)
    )
    cam = cam / cam.amax(dim=(2, 3), keepdim=True).clamp(min=1e-5)
    labels = seed_labels(cam, TrainConfig().seed_threshold)
    return Problem(
        projected=Projected(foreground, background, torch.zeros(BATCH, 1, SIDE, SIDE)),
        cam=cam,
        tags=(cam.amax(dim=(2, 3)) > 0).to(torch.int8),
        valid=torch.ones(BATCH, SIDE, SIDE, dtype=torch.bool),
        origin=CropOrigin(torch.arange(BATCH), torch.zeros(BATCH, 4), torch.zeros(BATCH, dtype=torch.bool), 0),
        seed=labels,
        anchors=uncertain_pixels(cam, labels),
    )


def filled_bank(problem: Problem, count: int) -> NroiBatch:
    """Return ``count`` NROIs: noisy background pixels of the batch, with the tags of random images."""
    generator = torch.Generator().manual_seed(1)
    pixels = problem.projected.background.permute(0, 2, 3, 1).flatten(0, 2)
    keys = problem.projected.foreground.permute(0, 2, 3, 1).flatten(0, 2)
    places = (problem.seed == 0).flatten().nonzero()[:, 0]
    rows = places[torch.randint(len(places), (count,), generator=generator)]
    image = rows // (SIDE * SIDE)
    return NroiBatch(
        centroid=pixels[rows],
        key=keys[rows],
        tags=problem.tags[image],
        image=image,
        epoch=torch.zeros(count, dtype=torch.int32),
        area=torch.ones(count, dtype=torch.int32),
        mask=torch.zeros(count, SIDE, SIDE, dtype=torch.bool),
        box=torch.zeros(count, 4),
        flipped=torch.zeros(count, dtype=torch.bool),
    )


class OurStep:
    """`Fbr.contrast_losses` on the problem: mining, prototypes, anchors, drawing, both terms."""

    def __init__(self, problem: Problem, form: str, bank: int) -> None:
        self.problem = problem
        self.fbr = Fbr(8, TrainConfig(form=form, bank=bank), images=bank)
        self.fbr.bank.add(filled_bank(problem, bank))
        self.generator = torch.Generator().manual_seed(2)

    def losses(self, foreground: Tensor) -> dict[str, Tensor]:
        p = self.problem
        projected = Projected(foreground, p.projected.background, p.projected.head_logits)
        return self.fbr.contrast_losses(projected, p.cam, p.seed, p.tags, p.valid, p.origin, self.generator)

    def forward(self) -> None:
        with torch.no_grad():
            self.losses(self.problem.projected.foreground)

    def forward_backward(self) -> None:
        foreground = self.problem.projected.foreground.detach().requires_grad_()
        losses = self.losses(foreground)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]


class ReferenceStep:
    """The authors' step with the same features, seed, anchors and prototypes, and a bank as full as ours."""

    def __init__(self, problem: Problem, module: ModuleType, bank: int) -> None:
        self.step = module.Compled_reco(dim=DIMS, nbr_negative=TrainConfig().negatives, queue_size=bank)
        self.step.memo_bank = filled_bank(problem, bank).centroid
        maps = problem.projected
        prototypes, _ = class_prototypes(maps.foreground, problem.cam)
        self.inputs = (
            maps.foreground.permute(0, 2, 3, 1).reshape(-1, DIMS),
            problem.anchors,
            problem.seed.flatten(1),
            torch.cat([torch.zeros(1, DIMS), prototypes]),
            maps.background.permute(0, 2, 3, 1).flatten(1, 2).contiguous(),
        )

    def forward(self) -> None:
        with cuda_is_nothing():
            self.step(*self.inputs)

    def count_anchors(self) -> int:
        """Run once and count the anchors that negatives are drawn for."""
        counted, draw = 0, self.step.bank_sampling

        def counting(anchors: int, device: torch.device) -> Tensor:
            nonlocal counted
            counted += anchors
            return draw(anchors, device)

        self.step.bank_sampling = counting
        try:
            self.forward()
        finally:
            del self.step.bank_sampling
        return counted


@contextmanager
def cuda_is_nothing() -> Iterator[None]:
    """Make ``Tensor.cuda`` the identity for the reference, and only for it."""
    original = torch.Tensor.cuda
    torch.Tensor.cuda = lambda self, *_a, **_k: self  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.Tensor.cuda = original  # type: ignore[method-assign]


def load_reference(folder: Path) -> ModuleType:
    """Import the authors' ``AMN/region_utils.py``. Raises `OSError` or `ImportError` that say what to do."""
    file = folder / "AMN" / "region_utils.py"
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file; give a checkout of github.com/XuYin94/FBR to --reference")
    spec = importlib.util.spec_from_file_location("reference_region_utils", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the authors' code needs {error.name}: pip install scikit-learn, or leave out --reference"
        ) from error
    return module


def compare(problem: Problem, module: ModuleType, seconds: dict[str, float], repeats: int) -> dict[str, Any]:
    """Return the speed-up and the checks that make it a fair one."""
    theirs, ours = reference_inertia(problem, module, repeats), our_inertia(problem, repeats)
    speedup = seconds["reference"] / seconds["ours, paper"]
    anchors = ReferenceStep(problem, module, 4_000).count_anchors()
    return {
        "speedup": round(speedup, 1),
        "speedup_verified": round(seconds["reference"] / seconds["ours, verified"], 1),
        "inertia": {"reference": round(theirs, 1), "ours": round(ours, 1), "ratio": round(ours / theirs, 4)},
        "anchors": {"reference": anchors, "ours": int(problem.anchors.sum())},
        "patched": PATCHED,
        "checks": {
            "same number of anchors": anchors == int(problem.anchors.sum()),
            "inertia at most 1.02 times the reference's": ours <= MOST_INERTIA * theirs,
            f"at least {TARGET_SPEEDUP} times as fast": speedup >= TARGET_SPEEDUP,
        },
    }


def our_inertia(problem: Problem, repeats: int) -> float:
    """Return the mean over repeats of the batch's inertia after `batched_kmeans`."""
    points = problem.projected.background.flatten(2).transpose(1, 2)
    mask = (problem.seed == 0).flatten(1)
    generator, total = torch.Generator().manual_seed(3), 0.0
    for _ in range(repeats):
        clusters = batched_kmeans(points, mask, TrainConfig().nrois, generator=generator)
        own = clusters.centroids.gather(1, clusters.assignment.clamp(min=0)[..., None].expand(-1, -1, DIMS))
        total += ((points - own).square().sum(dim=2) * mask).sum().item()
    return total / repeats


def reference_inertia(problem: Problem, module: ModuleType, repeats: int) -> float:
    """Return the mean over repeats of the batch's inertia after the reference's k-means, with its own settings."""
    total = 0.0
    for _ in range(repeats):
        for image in range(BATCH):
            points = problem.projected.background[image].flatten(1).T[(problem.seed[image] == 0).flatten()]
            total += module.KMeans(n_clusters=TrainConfig().nrois).fit(points.numpy()).inertia_
    return total / repeats


def describe(problem: Problem, bank: int) -> dict[str, Any]:
    """Return what the figures are about."""
    config = TrainConfig()
    return {
        "features": [BATCH, DIMS, SIDE, SIDE],
        "classes_with_background": CLASSES + 1,
        "objects_per_image": 2,
        "anchors": int(problem.anchors.sum()),
        "negatives": config.negatives,
        "nrois": config.nrois,
        "bank": bank,
    }


def show(figures: dict[str, Any]) -> None:
    """Print the times and, if there is a reference, what they come to."""
    print(", ".join(f"{name} {value}" for name, value in figures["problem"].items()))
    cpu = figures["processor_milliseconds"]
    rows = [[name, str(ms), str(cpu[name])] for name, ms in figures["milliseconds"].items()]
    print(table([["step", "ms, median", "processor ms"], *rows]))
    if "speedup" not in figures:
        return
    inertia = figures["inertia"]
    print(f"patched from outside: {figures['patched']}")
    print(
        f"forward: {figures['speedup']} times as fast (verified: {figures['speedup_verified']}); "
        f"by processor time {figures['speedup_processor']}"
    )
    print(f"inertia: reference {inertia['reference']}, ours {inertia['ours']}, ratio {inertia['ratio']}")


if __name__ == "__main__":
    raise SystemExit(main())
