"""The ``fbr-studio`` command: reads its options before anything heavy is imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fbr_engine import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="fbr-studio",
        description="FBR Studio: turns image tags into segmentation masks.",
        epilog="Without a screen use fbr-engine, which does the same work from the command line.",
    )
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        help="a project, or a folder of photos (its project, FOLDER.fbr, is made if needed)",
    )
    parser.add_argument("--demo", action="store_true", help="open your own copy of the demo: drawn scenes, two runs")
    parser.add_argument("--reset", action="store_true", help="with --demo: replace your copy by a fresh one")
    parser.add_argument("--version", action="version", version=f"fbr-studio {__version__}")
    options = parser.parse_args(arguments)
    if options.demo and options.path:
        parser.error("give either a PATH or --demo")
    if options.reset and not options.demo:
        parser.error("--reset goes with --demo")
    from fbr_studio.display import display_problem

    problem = display_problem()
    if problem:
        print(f"fbr-studio: {problem}", file=sys.stderr)
        return 1
    from fbr_studio.application import run

    return run(options.path, demo=options.demo, reset=options.reset)


if __name__ == "__main__":
    sys.exit(main())
