"""One frozen dataclass per stage: a help line and limits per field.

Command-line options (``fbr_engine.command.options``) and the studio's forms are made from these, so a field
is described once. A config is plain data: it is stored as JSON beside what it produced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fbr_engine.config_fields import FUNCTION, StageConfig, option, weight
from fbr_engine.errors import ConfigError
from fbr_engine.refinement import REFINERS, chain_text, refine_chain

HOSTS = ("cam", "seam", "ppc", "amn")
MASK_HOSTS = ("amn",)  # those that learn from the masks of an earlier run
TWO_VIEW_HOSTS = ("seam", "ppc")
FBR = "+fbr"
SALIENCY = "saliency"
BACKBONES = (
    "mobilenet_v2",
    "regnet_x_800mf",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "tiny",
)
VERDICTS = ("background", "object", "mixed", "skip")
EVERY_CLASS = "all"
MAX_SEED = 2**32 - 1
# Pixels of background for one of an object (docs/method.md); the second for the network tiny, chosen on drawn scenes.
USUAL_ODDS, DRAWN_ODDS = 2.0, 60.0
METHODS = tuple(f"{host}{suffix}" for host in HOSTS for suffix in ("", FBR))


@dataclass(frozen=True)
class NewConfig(StageConfig):
    """Which images a project is about, and what is known of them."""

    images: str = option("", "folder with the images; they stay where they are and are never written")
    tags: str = option("", "table of tags (image,split,tags); without it, folders named by class give the tags")
    classes: tuple[str, ...] = option((), "learn only these tags, in this order; others are kept")


@dataclass(frozen=True)
class TrainConfig(StageConfig):
    """How a model learns from tags."""

    method: str = option(
        "cam+fbr",
        "host model, with or without FBR: cam reads tags alone, seam and ppc compare two sizes of an image, amn learns "
        "from the masks of an earlier run",
        choices=METHODS,
    )
    backbone: str = option(
        "mobilenet_v2",
        "network that reads the image; package.module:function names a function of yours that makes one",
        choices=BACKBONES,
        other=FUNCTION,
    )
    weights: str = option(
        "imagenet",
        "where the backbone starts: imagenet, drawn (for tiny: learnt from drawn scenes), none, or a file "
        "(.safetensors, .pth)",
    )
    epochs: int = option(4, "times every image is seen", low=1, high=1000)
    crop: int = option(
        225, "side of the square training crop; 32k+1 fits the networks best", low=33, high=2049, unit="px"
    )
    batch: int = option(16, "images per step", low=1, high=1024)
    seed: int = option(
        0, "seed of every random choice; a CPU run with the same seed gives the same weights", low=0, high=MAX_SEED
    )
    device: str = option("auto", "where to compute; auto takes a GPU if there is one", choices=("auto", "cpu", "cuda"))
    split: str = option("", "train on the images of this split only (all tagged images, if not given)")
    seeds_from: str = option(
        "",
        "run whose masks amn learns from (the newest finished one with masks, if not given)",
        names="run",
        only_with=MASK_HOSTS,
    )
    start_from: str = option(
        "",
        "run whose weights the training starts from, with the same classes and backbone, and whose refined seeds it "
        "learns from: to train it again for an epoch or so, without warmup, best after its concepts were judged",
        names="run",
    )
    ignore_judgements: bool = option(False, "learn nothing from what was judged about concepts")
    saliency: str = option(
        "",
        "folder with saliency maps (PNG or JPEG, grey; white is salient) laid out and named like the images; images "
        "without one are trained without it",
        names="folder",
    )
    output_stride: int = option(16, "image pixels per feature pixel", choices=(8, 16), advanced=True)
    scale_low: float = option(1.0, "smallest random zoom of a training image", low=0.1, high=4, advanced=True)
    scale_high: float = option(2.0, "largest random zoom of a training image", low=0.1, high=4, advanced=True)
    lr_encoder: float = option(1e-4, "highest learning rate of the backbone", low=1e-8, high=1, advanced=True)
    lr_head: float = option(1e-3, "highest learning rate of everything else", low=1e-8, high=1, advanced=True)
    weight_decay: float = option(1e-4, "AdamW weight decay", low=0, high=1, advanced=True)
    freeze_batchnorm: bool = option(True, "keep BatchNorm statistics of pretrained weights", advanced=True)
    weight_pixel: float = weight(1.0, "weight of amn's loss on single pixels", MASK_HOSTS)
    second_view: float = option(
        0.5,
        "size of the second view of seam and ppc, as a share of the crop",
        low=0.1,
        high=1,
        advanced=True,
        only_with=TWO_VIEW_HOSTS,
    )
    weight_equivariance: float = weight(0.1, "weight of seam's agreement of two sizes", TWO_VIEW_HOSTS)
    weight_correction: float = weight(0.1, "weight of seam's agreement of plain and corrected CAM", TWO_VIEW_HOSTS)
    weight_min_pooling: float = weight(1.0, "weight of seam's push where the image is empty", TWO_VIEW_HOSTS)
    weight_cross_prototype: float = weight(0.1, "weight of ppc's contrast with the other view's prototypes", ("ppc",))
    weight_cross_cam: float = weight(0.1, "weight of ppc's contrast with the other view's labels", ("ppc",))
    weight_intra_view: float = weight(0.1, "weight of ppc's contrast within a view", ("ppc",))
    warmup: float = option(
        0.25,
        "share of the training before the contrast starts",
        low=0,
        high=1,
        advanced=True,
        only_with=("ppc", FBR),
    )
    seed_threshold: float = option(
        0.4,
        "CAM value above which a pixel counts as foreground while training",
        low=0.01,
        high=0.99,
        advanced=True,
        only_with=("ppc", FBR),
    )
    form: str = option(
        "verified",
        "form of FBR: paper is the published losses to the letter (not their weights, see ADR 0005); verified "
        "compares anchors and NROIs in one space and checks both before they teach",
        choices=("verified", "paper"),
        advanced=True,
        only_with=(FBR,),
    )
    weight_separation: float = weight(0.02, "weight of the foreground/background separation", (FBR,))
    weight_background: float = weight(0.02, "weight of the background head", (FBR,))
    weight_nroi: float = weight(0.01, "weight of the pixel-to-NROI contrast", (FBR,))
    weight_foreground: float = weight(0.01, "weight of the intra-foreground contrast", (FBR,))
    weight_untagged: float = weight(0.3, "weight of the push against activation of untagged classes", (FBR,))
    projection_dims: int = option(
        128, "dimensions of the two projections", low=2, high=4096, advanced=True, only_with=(FBR,)
    )
    temperature: float = option(
        0.5, "temperature of both contrasts", low=0.01, high=10, advanced=True, only_with=(FBR,)
    )
    negatives: int = option(
        256, "negatives per class and step, in either contrast", low=1, high=65536, advanced=True, only_with=(FBR,)
    )
    nrois: int = option(8, "NROIs per image (k of k-means)", low=1, high=64, advanced=True, only_with=(FBR,))
    bank: int = option(50_000, "NROIs the bank remembers", low=8, high=10_000_000, advanced=True, only_with=(FBR,))
    weight_saliency: float = weight(1.0, "weight of the saliency loss", (SALIENCY,))
    weight_judged: float = weight(3.0, "weight of an earlier run's seeds, as they were judged, at the CAM", ())
    precision: str = option(
        "auto",
        "numbers the network computes with; bf16 is faster and gives like masks, auto takes it where the GPU or the "
        "processor has it",
        choices=("auto", "fp32", "bf16"),
        advanced=True,
        settled=True,
    )
    previews: int = option(
        6, "images whose CAMs are written after every epoch, to watch it learn", low=0, high=64, advanced=True
    )

    @classmethod
    def parts(cls, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the host's name, ``+fbr`` if FBR is plugged into it, ``saliency`` if there are saliency maps."""
        method = str(values.get("method", cls.method))
        found = {method.removesuffix(FBR)} | ({FBR} if method.endswith(FBR) else set())
        return frozenset(found | ({SALIENCY} if values.get("saliency", cls.saliency) else set()))

    def check(self) -> None:
        """Reject a zoom range that is upside down, and masks for a host that does not learn from them."""
        if self.scale_low > self.scale_high:
            raise ConfigError(f"scale-low {self.scale_low:g} is above scale-high {self.scale_high:g}")
        if ":" in self.backbone and self.weights in ("imagenet", "drawn"):
            raise ConfigError(
                f"weights is {self.weights} but the backbone is {self.backbone}: give none, which keeps what the "
                "function makes, or a file"
            )
        if self.seeds_from and not self.learns_from_masks:
            hosts = " or ".join(MASK_HOSTS)
            raise ConfigError(f"seeds-from is {self.seeds_from!r} but only {hosts} learns from masks: leave it empty")

    @property
    def host(self) -> str:
        """The host's name without ``+fbr``."""
        return self.method.removesuffix(FBR)

    @property
    def fbr(self) -> bool:
        """Whether FBR is plugged into the host."""
        return self.method.endswith(FBR)

    @property
    def verifies(self) -> bool:
        """Whether CAMs of such a run are verified by regions."""
        return self.fbr and self.form == "verified"

    @property
    def learns_from_masks(self) -> bool:
        """Whether the host learns from the masks of an earlier run (``seeds_from``)."""
        return self.host in MASK_HOSTS


@dataclass(frozen=True)
class CamsConfig(StageConfig):
    """How CAMs, NROIs and features are computed with a trained run."""

    scales: tuple[float, ...] = option(
        (1.0, 1.5, 2.0),
        "image scales that are averaged; at 1 the longer side is 1.4 times the training crop's",
        low=0.1,
        high=4,
    )
    flip: bool = option(True, "average with the mirrored image", advanced=True)
    verify: bool = option(
        True, "with FBR: set every pixel against foreground regions and NROIs of the training set", advanced=True
    )
    background_odds: float = option(
        0.0,
        "with FBR: how many pixels of background to expect for one of an object; more where objects are small; "
        "0 means 2, for the backbone tiny 60",
        low=0,
        high=10_000,
        advanced=True,
    )
    split: str = option("", "only the images of this split (all, if not given)")
    device: str = option("auto", "where to compute; auto takes a GPU if there is one", choices=("auto", "cpu", "cuda"))
    seed_threshold: float = option(
        0.4,
        "CAM value above which a pixel is no background when NROIs are mined",
        low=0.01,
        high=0.99,
        advanced=True,
    )
    nrois: int = option(8, "NROIs per image (k of k-means)", low=1, high=64, advanced=True)
    precision: str = option(
        "auto",
        "numbers the network computes with; bf16 is faster and gives like masks, auto takes it where the GPU or the "
        "processor has it",
        choices=("auto", "fp32", "bf16"),
        advanced=True,
    )
    features: bool = option(
        True, "also write the feature store (256 bytes a feature pixel, about 72 KB for a 320-px photo)", advanced=True
    )

    def settled_for(self, training: TrainConfig) -> CamsConfig:
        """Return this config with the odds a run of ``training`` gets where none are given."""
        usual = DRAWN_ODDS if training.backbone == "tiny" else USUAL_ODDS
        return replace(self, background_odds=self.background_odds or usual)

    def check(self) -> None:
        """Reject an empty list of scales."""
        if not self.scales:
            raise ConfigError("scales is empty: give at least one, such as 1")


@dataclass(frozen=True)
class ConceptsConfig(StageConfig):
    """How the concepts of a run are found."""

    split: str = option("", "only the images of this split (all, if not given)")
    per_class: int = option(10, "activation concepts per class", low=1, high=200)
    background: int = option(40, "background concepts", low=1, high=2000)
    seed: int = option(
        0, "seed of every random choice; the same seed gives the same concepts", low=0, high=MAX_SEED, advanced=True
    )
    images: int = option(
        2000, "images, evenly spread, whose pixels are clustered; all images are then looked at", low=1, advanced=True
    )


@dataclass(frozen=True)
class MasksConfig(StageConfig):
    """How CAMs become pseudo masks."""

    threshold: str = option("auto", "CAM value that separates background: auto, or a number between 0 and 1")
    refine: str = option(
        "none", f"how masks are fitted to the image: none, or {', '.join(REFINERS)}, or some in order such as pamr,crf"
    )
    split: str = option("", "only the images of this split (all, if not given)")
    device: str = option("auto", "where to refine; auto takes a GPU if there is one", choices=("auto", "cpu", "cuda"))
    smallest: float = option(
        0.0003,
        "specks and pinholes below this share of the image are removed; 0 keeps them",
        low=0,
        high=0.5,
        advanced=True,
    )
    ignore_judgements: bool = option(False, "make masks as if no concept had been judged", advanced=True)

    def check(self) -> None:
        """Reject a refiner that is not known, and a threshold that is neither ``auto`` nor between 0 and 1."""
        object.__setattr__(self, "refine", chain_text(refine_chain(self.refine)))
        if self.threshold == "auto":
            return
        try:
            inside = 0 < float(self.threshold) < 1
        except ValueError:
            inside = False
        if not inside:
            raise ConfigError(f"threshold is {self.threshold!r} but must be auto or a number between 0 and 1")


@dataclass(frozen=True)
class JudgeConfig(StageConfig):
    """What a person says about one concept."""

    concept: int = option(0, "number of the concept, as concepts lists it", low=0)
    class_: str = option("", "the class it is said for, or all")
    verdict: str = option(
        "skip",
        "background: none of the class; object: part of it; mixed: both, split it; skip: ask no more",
        choices=VERDICTS,
    )
    who: str = option("", "who says so (your login name, if not given)")

    def check(self) -> None:
        """Reject a concept that is part of every class."""
        if self.verdict == "object" and self.class_ == EVERY_CLASS:
            raise ConfigError("verdict is 'object' for class all, but nothing is part of every class: name one")


@dataclass(frozen=True)
class JudgementsConfig(StageConfig):
    """Which judgement is taken back, or stands again, before all are listed."""

    withdraw: int = option(0, "number of a judgement to take back; 0 takes none back", low=0)
    restore: int = option(0, "number of a judgement that was taken back and shall stand again; 0 restores none", low=0)


@dataclass(frozen=True)
class EvaluateConfig(StageConfig):
    """How masks are compared with true ones."""

    masks: str = option("", "folder with the true masks (indexed PNG)")
    split: str = option("", "only the images of this split (all, if not given)")


@dataclass(frozen=True)
class ExportConfig(StageConfig):
    """What is written as a dataset, and where."""

    out: str = option("", "folder to write the dataset into; must be empty or not exist")
    format: str = option("coco", "dataset format", choices=("coco",))
    split: str = option("", "only the images of this split (all, if not given)")
    review: str = option(
        "kept",
        "which images by review: kept (all but rejected), accepted, or all",
        choices=("kept", "accepted", "all"),
    )
    copy_images: bool = option(False, "copy the images beside the annotations, upright (EXIF orientation applied)")
    min_area: int = option(0, "leave out (and report) instances smaller than this", low=0, unit="px", advanced=True)


@dataclass(frozen=True)
class DemoConfig(StageConfig):
    """The drawn demo: scenes, two trainings, masks, answers about concepts, one table, a COCO dataset."""

    images: int = option(240, "training scenes to draw", low=8, high=100_000)
    val_images: int = option(60, "further scenes to test on", low=4, high=100_000)
    epochs: int = option(12, "times every scene is seen", low=1, high=1000)
    answers: int = option(20, "answers about concepts that the true masks give in a person's place", low=0, high=1000)
    seed: int = option(0, "seed of the scenes and of the training", low=0, high=MAX_SEED)
    device: str = option("auto", "where to compute; auto takes a GPU if there is one", choices=("auto", "cpu", "cuda"))


@dataclass(frozen=True)
class DoctorConfig(StageConfig):
    """The report on this machine has nothing to choose."""
