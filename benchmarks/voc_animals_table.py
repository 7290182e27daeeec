"""The rows of `voc_animals` as Markdown: one table of all rows, one of paired gains."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]
COLUMNS = {
    "seeds": "seeds",
    "seeds at the threshold of train": "seeds, threshold of train",
    "refined": "refined",
}
SPLITS = ("train", "val")


def markdown(rows: Sequence[Row]) -> str:
    """Return the tables; a row with several seeds shows the mean and its standard error."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row["row"]].append(row)
    heads = [f"{title}, {split}" for title in COLUMNS.values() for split in SPLITS]
    lines = [_line(["mIoU of seven classes, %", "runs", *heads]), _line(["---"] * (len(heads) + 2))]
    for name, group in by_name.items():
        cells = [_spread([_miou(row, kind, split) for row in group]) for kind in COLUMNS for split in SPLITS]
        lines.append(_line([f"`{name}`", str(len(group)), *cells]))
    return "\n".join([*lines, "", *_gains(rows), ""])


def _gains(rows: Sequence[Row]) -> list[str]:
    """Return the table of what FBR adds to each host under the same seed."""
    plain = {(row["row"], row["seed"]): row for row in rows}
    pairs: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for (name, seed), row in plain.items():
        if name.endswith("+fbr") and (host := plain.get((name.removesuffix("+fbr"), seed))):
            pairs[name].append((host, row))
    if not pairs:
        return []
    heads = [f"{title}, {split}" for title in COLUMNS.values() for split in SPLITS]
    lines = [_line(["gain of FBR, points", "pairs", *heads]), _line(["---"] * (len(heads) + 2))]
    for name, group in pairs.items():
        cells = [
            _spread([_miou(b, kind, split) - _miou(a, kind, split) for a, b in group], sign="+")
            for kind in COLUMNS
            for split in SPLITS
        ]
        lines.append(_line([f"`{name}`", str(len(group)), *cells]))
    return lines


def _miou(row: Row, kind: str, split: str) -> float:
    """Return the figure, NaN where it was not measured."""
    found = row["figures"][kind].get(split)
    return 100 * float(found["miou"]) if found else math.nan


def _spread(values: list[float], sign: str = "") -> str:
    """Return the mean, with the standard error over seeds where there are several; a dash where one is not known."""
    if any(math.isnan(value) for value in values):
        return "-"
    mean = f"{statistics.mean(values):{sign}.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.1f}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
