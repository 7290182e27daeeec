"""Names to begin with for background concepts, as shipped."""

from __future__ import annotations

from fbr_engine.assets_path import assets_folder
from fbr_engine.errors import ReadError

FILE = "concept_names.txt"


def starter_names() -> list[str]:
    """Return the shipped names, in their order. Raises `ReadError` when the installation lacks them."""
    path = assets_folder() / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: the starter names are missing; install fbr-studio again") from error
    return list(dict.fromkeys(line.strip() for line in lines if line.strip() and not line.startswith("#")))
