"""Where icons and other shipped files lie: inside the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

from fbr_engine.errors import ReadError


def assets_folder() -> Path:
    """Return the folder of shipped files. Raises `ReadError` when the installation lacks it."""
    package = Path(__file__).resolve().parent
    for folder in (package / "assets", package.parent / "assets"):
        if folder.is_dir():
            return folder
    raise ReadError(f"{package / 'assets'}: the program's own files are missing; install fbr-studio again")
