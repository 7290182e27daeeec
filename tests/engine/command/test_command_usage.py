from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from workplace import Engine

from fbr_engine import __version__
from fbr_engine.config import TrainConfig
from fbr_engine.config_fields import shown_name
from fbr_engine.stage_table import STAGES

ROOT = Path(__file__).parents[3]
COMMANDS = ("new", "train", "cams", "masks", "judge", "judgements", "evaluate", "export", "demo", "doctor", "info")
WITHOUT_TORCH = """
import sys
from fbr_engine.__main__ import main
for arguments in {calls!r}:
    try:
        main(arguments)
    except SystemExit as end:
        assert end.code in (0, 2), end.code
assert "torch" not in sys.modules
assert "torchvision" not in sys.modules
assert "PySide6" not in sys.modules
"""


def test_help_version_and_wrong_usage_do_not_import_torch() -> None:
    calls = [["--help"], ["--version"], [], *([name, "--help"] for name in COMMANDS), ["train", "P", "--crop", "3"]]
    code = WITHOUT_TORCH.format(calls=calls)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert __version__ in done.stdout


def test_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "fbr_engine", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"fbr-engine {__version__}\n")


def test_the_help_lists_every_command_and_the_exit_status(engine: Engine) -> None:
    status, out, _ = engine.text("--help")
    assert status == 0
    assert all(f"  {name}" in out for name in COMMANDS)
    assert "130" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_all_its_options(engine: Engine, name: str) -> None:
    status, out, _ = engine.text(name, "--help")
    assert status == 0
    assert "--json" in out
    if name in STAGES:
        for field in STAGES[name].config.__dataclass_fields__:
            assert f"--{shown_name(field)}" in out


def test_the_help_says_with_what_an_option_counts(engine: Engine) -> None:
    _, out, _ = engine.text("train", "--help")
    said = " ".join(out.split())
    assert "if not given) (only with amn)" in said
    assert "NROIs the bank remembers (only with +fbr, default 50000)" in said
    assert "share of the training before the contrast starts (only with ppc or +fbr, default 0.25)" in said
    assert "'fbr' is short for cam+fbr" in said


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["new", "P"], "--images"),
        (["new"], "PROJECT"),
        (["evaluate", "P"], "--masks"),
        (["export", "P"], "--out"),
        (["export", "P", "--out", "D", "--format", "voc"], "'voc'"),
        (["train", "P", "--crop", "5"], "crop is 5 but must be at least 33"),
        (["train", "P", "--epochs", "1001"], "epochs is 1001 but must be at most 1000"),
        (["train", "P", "--epochs", "many"], "invalid int value: 'many'"),
        (["train", "P", "--method", "vgg"], "must be one of cam, cam+fbr"),
        (["train", "P", "--backbone", "vgg"], "mobilenet_v2"),
        (["train", "P", "--device", "tpu"], "cuda"),
        (["train", "P", "--seed", "-1"], "seed is -1 but must be at least 0"),
        (["train", "P", "--seed", "99999999999999999999"], "must be at most 4294967295"),
        (["train", "P", "--lr-head", "nan"], "lr-head is nan but must be a finite number"),
        (["train", "P", "--ep", "3"], "unknown argument --ep 3: did you mean --epochs?"),
        (["train", "P", "--output-stride", "4"], "8, 16"),
        (["train", "P", "--scale-low", "3", "--scale-high", "2"], "scale-low 3 is above scale-high 2"),
        (["cams", "P", "--scales", "1,big"], "'1,big' is no list of numbers such as 1,1.5,2"),
        (["cams", "P", "--scales", ","], "scales is empty"),
        (["cams", "P", "--scales", "0"], "must be at least 0.1"),
        (["judge", "P", "--concept", "3", "--verdict", "object"], "--class"),
        (["judge", "P", "--concept", "3", "--class", "all", "--verdict", "object"], "nothing is part of every class"),
        (["judge", "P", "--concept", "3", "--class", "cat", "--verdict", "maybe"], "'maybe'"),
        (
            ["judge", "P", "--concept", "-1", "--class", "cat", "--verdict", "skip"],
            "concept is -1 but must be at least",
        ),
        (["judgements", "P", "--withdraw", "-1"], "withdraw is -1 but must be at least 0"),
        (["masks", "P", "--threshold", "1.5"], "threshold is '1.5' but must be auto or a number between 0 and 1"),
        (["masks", "P", "--refine", "pamr,magic"], "must be none, or some of pamr, crf, walk, each once"),
        (["demo", "--images", "1"], "images is 1 but must be at least 8"),
        (["doctor", "P"], "unknown argument P"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_ends_with_2_and_says_what_is_allowed(engine: Engine, arguments: list[str], named: str) -> None:
    status, out, err = engine.text(*arguments)
    assert status == 2
    assert out == ""
    assert named in err
    assert len(err.splitlines()) == 1
    assert err.endswith("--help)\n")
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["train", "cams", "masks", "info"])
def test_a_folder_that_is_no_project(engine: Engine, tmp_path: Path, name: str) -> None:
    assert "is no FBR project: make one with fbr-engine new" in engine(name, tmp_path).error
    assert list(tmp_path.iterdir()) == []


def test_fbr_is_short_for_cam_and_fbr(engine: Engine, drawn: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from fbr_engine.command.options import read_config
    from fbr_engine.command.parser import build_parser

    parser, parsers = build_parser()
    typed = parser.parse_args(["train", "P", "--method", "fbr"])
    assert read_config(parsers["train"], TrainConfig, typed).method == "cam+fbr"
