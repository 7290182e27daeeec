"""The ``fbr-studio`` command.

The window comes with the next version. Until then this command says so and points to the one that does the work,
instead of failing in a way that looks like a broken installation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fbr_engine import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 1, since there is no window to show yet."""
    parser = argparse.ArgumentParser(prog="fbr-studio", description="FBR Studio: turns image tags into masks.")
    parser.add_argument("--version", action="version", version=f"fbr-studio {__version__}")
    parser.parse_args(arguments)
    print(
        f"fbr-studio: version {__version__} has no window yet: use the command fbr-engine (try fbr-engine demo)",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
