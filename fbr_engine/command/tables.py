"""Results as text for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fbr_engine.config import EVERY_CLASS

Values = Mapping[str, Any]


def result_text(stage: str, values: Values) -> str:
    """Return what a person wants to read at the end of ``stage``."""
    return _TEXTS.get(stage, _pairs)(values)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return ``rows`` as columns, the first to the left, the others to the right; the first row is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def percent(value: float | None) -> str:
    """Return a share as a percentage with one decimal, or a dash."""
    return "-" if value is None else f"{100 * value:.1f}"


def counted(count: int, units: str) -> str:
    """Return ``1 epoch``, ``2 epochs``."""
    return f"{count} {units.removesuffix('s') if count == 1 else units}"


def _pairs(values: Values) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {inner}" for name, inner in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _new(values: Values) -> str:
    classes = ", ".join(f"{name} ({count})" for name, count in values["classes"].items())
    splits = ", ".join(f"{name} {count}" for name, count in values["splits"].items())
    lines = [f"project {values['project']}: {values['images']} images, {values['tagged']} tagged"]
    lines += [f"splits: {splits}"] if splits else []
    if not classes:
        remedy = "make the project anew with --tags FILE, or with the images in folders named by class"
        return "\n".join([*lines, f"nothing to learn yet: {remedy}"])
    return "\n".join([*lines, f"classes: {classes}", f"next: fbr-engine train {values['project']}"])


def _train(values: Values) -> str:
    counts = ", ".join(counted(values[unit], unit) for unit in ("steps", "epochs", "images"))
    return f"run {values['run']}: {counts}"


def _cams(values: Values) -> str:
    speed = f" at {values['images_per_second']} images/s" if values["computed"] else ""
    return f"run {values['run']}: CAMs of {values['images']} images ({values['computed']} computed now{speed})"


def _concepts(values: Values) -> str:
    head = ["concept", "of", "images", "pixels", "leads to", "share %", "mean CAM", "suspicion %", "gain"]
    rows = [head, *(_concept(row) for row in values["table"])]
    now = "" if values["computed"] else ", there already"
    return f"{table(rows)}\n\nrun {values['run']}: {values['concepts']} concepts of {values['images']} images{now}"


def _concept(row: Values) -> list[str]:
    """Return a concept's line; a background concept leads to the class that leaks most into it."""
    shares: Values = row["share"]
    leads = row["family"] if row["family"] in shares else max(shares, key=lambda name: shares[name], default="")
    return [
        str(row["id"]),
        row["family"],
        str(row["images"]),
        str(row["pixels"]),
        leads or "-",
        percent(shares.get(leads)),
        f"{row['mean_cam']:.2f}",
        percent(row["suspicion"].get(leads)),
        f"{row['gain']:.0f}",
    ]


def _masks(values: Values) -> str:
    how = f"threshold {values['threshold']:.3f}, refined by {values['refine']}"
    how += f", {values['judged']} as judged" if values.get("judged") else ""
    return f"run {values['run']}: {values['images']} masks ({values['computed']} made now; {how}) in {values['folder']}"


def _judge(values: Values) -> str:
    about = "every class" if values["class"] == EVERY_CLASS else values["class"]
    said = f"judgement {values['id']}: concept {values['concept']} of run {values['run']} is {_SAID[values['verdict']]}"
    if values["split_into"]:
        return f"{said} for {about}; it was split into {' and '.join(map(str, values['split_into']))}"
    if not values["images"]:
        return f"{said} for {about}"
    again = f"fbr-engine masks {values['project']} --run {values['run']}"
    return f"{said} for {about}; it counts in {counted(values['images'], 'images')}: {again}"


def _judgements(values: Values) -> str:
    if not values["judgements"]:
        return "nothing was judged yet: fbr-engine judge PROJECT --concept ID --class NAME --verdict background"
    rows = [["id", "verdict", "class", "said of", f"falls on, in {values['run']}", "who", "when"]]
    for j in values["judgements"]:
        of = f"{j['judged_concept']} of {j['judged_run'] or 'a deleted run'}"
        rows.append([str(j["id"]), j["verdict"], j["class"], of, _place(values, j), j["who"], j["created"][:16]])
    return table(rows)


def _place(values: Values, row: Values) -> str:
    if row["withdrawn"]:
        return "taken back"
    if not values["has_concepts"]:
        return "no concepts yet"
    if row["falls_on"]:
        return f"concept {', '.join(map(str, row['falls_on']))} ({round(100 * row['overlap'])} %)"
    return "what is like it" if row["by_likeness"] else "-"


def _evaluate(values: Values) -> str:
    splits: dict[str, Values] = {"all": values} | dict(values["splits"])
    rows = [["IoU %", *splits], ["images", *(str(figures["images"]) for figures in splits.values())]]
    rows += [[name, *(percent(figures["iou"][name]) for figures in splits.values())] for name in values["iou"]]
    rows.append(["mean", *(percent(figures["miou"]) for figures in splits.values())])
    return f"run {values['run']}\n{table(rows)}"


def _export(values: Values) -> str:
    objects = sum(values["annotations"].values())
    by_class = ", ".join(f"{name} {count}" for name, count in values["annotations"].items())
    return f"run {values['run']}: {values['images']} images, {objects} objects ({by_class}) in {values['out']}"


def _doctor(values: Values) -> str:
    packages = [f"  {name} {version}" for name, version in values["packages"].items()]
    rest = {name: value for name, value in values.items() if name != "packages"}
    return "\n".join([_pairs(rest), "packages:", *packages])


def _demo(values: Values) -> str:
    methods: Values = values["methods"]
    rows = [["IoU %", *methods]]
    first = next(iter(methods.values()))
    rows += [[name, *(percent(m["iou"][name]) for m in methods.values())] for name in first["iou"]]
    rows.append(["mean, all scenes", *(percent(m["miou"]) for m in methods.values())])
    rows += [[f"mean, {s}", *(percent(m["splits"][s]["miou"]) for m in methods.values())] for s in first["splits"]]
    leaks = [["false foreground lies on, %", *methods]]
    leaks += [[k, *(percent(m["false_foreground"][k]) for m in methods.values())] for k in first["false_foreground"]]
    leaks.append(["all of it, % of all pixels", *(percent(m["false_share"]) for m in methods.values())])
    ending = f"project: {values['out']}/project\nCOCO dataset: {values['dataset']}"
    return f"{table(rows)}\n\n{table(leaks)}\n\n{ending}"


def _info(values: Values) -> str:
    lines = [f"project {values['project']}", f"images: {values['images']} in {values['image_folder']}"]
    lines += [f"splits: {_shown(values['splits'])}"] if values["splits"] else []
    lines += [f"not readable: {values['problems']}"] if values["problems"] else []
    rows = [["class", "id", "present", "absent", "unknown", "learnt"]]
    rows += [
        [
            c["name"],
            str(c["id"]),
            str(c["present"]),
            str(c["absent"]),
            str(c["unknown"]),
            "yes" if c["learnt"] else "no",
        ]
        for c in values["classes"]
    ]
    runs = [["run", "method", "status", "CAMs", "masks", "threshold"]]
    runs += [
        [r["name"], r["method"], r["status"], str(r["cams"]), str(r["masks"]), str(r["figures"].get("threshold", "-"))]
        for r in values["runs"]
    ]
    parts = ["\n".join(lines), table(rows) if values["classes"] else "no classes yet"]
    return "\n\n".join([*parts, table(runs) if values["runs"] else "no run yet: fbr-engine train PROJECT"])


_SAID = {"background": "background", "object": "part of the object", "mixed": "mixed", "skip": "skipped"}

_TEXTS: dict[str, Callable[[Values], str]] = {
    "new": _new,
    "train": _train,
    "cams": _cams,
    "concepts": _concepts,
    "masks": _masks,
    "judge": _judge,
    "judgements": _judgements,
    "evaluate": _evaluate,
    "export": _export,
    "doctor": _doctor,
    "demo": _demo,
    "info": _info,
}
