"""The command's arguments."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import NoReturn

from fbr_engine import __version__
from fbr_engine.command.options import add_options
from fbr_engine.stage_table import STAGES

_DESCRIPTION = "Turns tagged photos into segmentation masks and a COCO dataset, without a window."
_EPILOG = """\
the whole path:
  fbr-engine new PROJECT --images DIR --tags FILE
  fbr-engine train PROJECT && fbr-engine cams PROJECT && fbr-engine masks PROJECT --refine pamr
  fbr-engine export PROJECT --format coco --out DIR
or see it on drawn scenes first:
  fbr-engine demo

exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl+C (run the command again to go on)
"""
_HELP = {
    "new": "make a project from a folder of images and their tags",
    "train": "learn from the tags",
    "cams": "compute class activation maps, NROIs and features with a trained run",
    "concepts": "find the concepts of a run: what its activation and background are made of",
    "masks": "turn class activation maps into pseudo masks",
    "judge": "say what a concept is: the masks of the whole folder follow",
    "judgements": "list what was said of concepts, and take it back",
    "evaluate": "compare the masks with true ones",
    "export": "write the masks as a dataset",
    "demo": "see the whole path on drawn scenes (about 3 minutes on two cores)",
    "doctor": "say what this machine has",
    "info": "say what a project holds",
}
_REQUIRED = {"new": ("images",), "judge": ("concept", "class_", "verdict"), "evaluate": ("masks",), "export": ("out",)}
_WITH_RUN = ("train", "cams", "concepts", "judge", "judgements", "masks", "evaluate", "export")


def _nearest(text: str, known: Sequence[str]) -> list[str]:
    """Return the one option that ``text`` begins, or else resembles."""
    begun = [flag for flag in known if len(text) > 2 and flag.startswith(text)]
    return begun[:1] or difflib.get_close_matches(text, known, n=1)


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, instead of burying it under the usage of every option."""

    def error(self, message: str) -> NoReturn:
        """Print ``message`` and where to look, and exit with 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Name the arguments that are not known, and what may have been meant."""
        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        hints = [match for text in unknown for match in _nearest(text.split("=")[0], known)]
        meant = f": did you mean {' '.join(hints)}?" if hints else ""
        self.error(f"unknown argument {' '.join(unknown)}{meant}")


def build_parser() -> tuple[OneLineParser, dict[str, OneLineParser]]:
    """Return the parser and those of its subcommands by name."""
    parser = OneLineParser(
        prog="fbr-engine",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fbr-engine {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parsers = {name: _subcommand(commands, name) for name in _HELP}
    return parser, parsers


def _subcommand(commands: argparse._SubParsersAction[OneLineParser], name: str) -> OneLineParser:
    parser = commands.add_parser(name, help=_HELP[name], description=_HELP[name], allow_abbrev=False)
    if name not in ("demo", "doctor"):
        parser.add_argument("project", metavar="PROJECT", help="the project's folder")
    if name == "demo":
        parser.add_argument("--out", default="fbr-demo", metavar="DIR", help="folder of the demo (default fbr-demo)")
    if name in _WITH_RUN:
        text = "name of the new run" if name == "train" else "the run to use (default: the latest)"
        parser.add_argument("--run", metavar="NAME", help=text)
    if name == "train":
        parser.add_argument("--resume", action="store_true", help="go on with a stopped run, as it was configured")
    if name in STAGES:
        add_options(parser, STAGES[name].config, _REQUIRED.get(name, ()))
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    return parser
