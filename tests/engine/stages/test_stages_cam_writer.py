"""CAMs are written beside the computing: told once on the disk, recorded once told, and no thread outlives it."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from workplace import Workplace

from fbr_engine.config import CamsConfig
from fbr_engine.errors import WriteError
from fbr_engine.events import Event, FileWritten
from fbr_engine.project import Project
from fbr_engine.stages import cam_writer, infer_cams
from fbr_engine.stages.cam_inference import CamInference

CAMS = CamsConfig(scales=(0.5,), device="cpu")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("fbr-")] == []


def told(events: list[Event]) -> list[str]:
    return [event.image for event in events if isinstance(event, FileWritten)]


def recorded(project: Project) -> list[str]:
    info = project.runs.get("fbr")
    fingerprint = project.maps.fingerprints(info.id, "cams")
    assert len(fingerprint) <= 1
    return [image.path for image, _, _ in project.maps.done(info.id, "cams")]


def fresh(place: Workplace) -> Project:
    project = place.open(write=True)
    project.maps.forget(project.runs.get("fbr").id, "cams")
    return project


def slowly(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.02) -> None:
    plain = cam_writer.save_arrays

    def save(*args: Any, **arrays: Any) -> None:
        time.sleep(seconds)
        plain(*args, **arrays)

    monkeypatch.setattr(cam_writer, "save_arrays", save)


def test_the_network_goes_on_while_an_image_is_written(trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    second = threading.Event()
    plain_call, plain_save = CamInference.__call__, cam_writer.save_arrays
    calls, met = 0, []

    def call(self: CamInference, *args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            second.set()
        return plain_call(self, *args)

    def save(*args: Any, **arrays: Any) -> None:
        met.append(second.wait(30))
        plain_save(*args, **arrays)

    monkeypatch.setattr(CamInference, "__call__", call)
    monkeypatch.setattr(cam_writer, "save_arrays", save)
    with fresh(trained) as project:
        assert len(told(list(infer_cams.run(project, CAMS, "fbr")))) == 10
    assert met == [True] * 10


def test_what_is_told_is_on_the_disk_in_order_and_few_wait(trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    slowly(monkeypatch)
    computed = 0
    plain = CamInference.__call__

    def call(self: CamInference, *args: Any) -> Any:
        nonlocal computed
        computed += 1
        return plain(self, *args)

    monkeypatch.setattr(CamInference, "__call__", call)
    with fresh(trained) as project:
        for path in (trained.project / "runs" / "fbr" / "cams").rglob("*.npz"):
            path.unlink()
        events = []
        for event in infer_cams.run(project, CAMS, "fbr"):
            events.append(event)
            if isinstance(event, FileWritten):
                assert (trained.project / event.path).is_file()
                assert computed - len(told(events)) <= cam_writer.AHEAD
        assert told(events) == sorted(told(events)) == recorded(project)


@pytest.mark.parametrize("count", [1, 3])
def test_closing_records_what_was_told_and_nothing_else(
    trained: Workplace, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    slowly(monkeypatch)
    with fresh(trained) as project:
        events = infer_cams.run(project, CAMS, "fbr")
        seen: list[Event] = []
        while len(told(seen)) < count:
            seen.append(next(events))
        events.close()  # type: ignore[attr-defined]
        assert [t.name for t in threading.enumerate() if t.name.startswith("fbr-")] == []
        assert recorded(project) == told(seen)
        assert trained.leftovers() == []
        rest = told(list(infer_cams.run(project, CAMS, "fbr")))
        assert len(rest) == 10 - count
        assert not set(rest) & set(told(seen))


@pytest.mark.parametrize("failing", ["file", "features", "record"])
def test_a_full_disk_ends_the_stage_and_keeps_what_was_told(
    trained: Workplace, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    calls = 0

    def full(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise WriteError(f"no space ({errno.ENOSPC})")
        return plain(*args, **kwargs)

    with fresh(trained) as project:
        place, name = {
            "file": (cam_writer, "save_arrays"),
            "features": (cam_writer.FeatureShards, "append"),
            "record": (type(project.maps), "record_many"),
        }[failing]
        plain = getattr(place, name)
        monkeypatch.setattr(cam_writer, "COMMIT_EVERY", 2)
        seen: list[Event] = []
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            with pytest.raises(WriteError, match="no space"):
                seen.extend(infer_cams.run(project, CAMS, "fbr"))
            if failing == "record":
                assert set(recorded(project)) <= {f"{s}_{i:04d}.png" for s in ("train", "val") for i in range(1, 7)}
            else:
                assert len(recorded(project)) == 2
        assert trained.leftovers() == []
        list(infer_cams.run(project, CAMS, "fbr"))
        assert len(recorded(project)) == 10


def test_an_image_that_is_waited_for_is_not_kept_back(trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    slowly(monkeypatch)
    computed: list[int] = []
    plain = CamInference.__call__

    def call(self: CamInference, image: Any, tags: Any, seed: int) -> Any:
        computed.append(seed)
        return plain(self, image, tags, seed)

    monkeypatch.setattr(CamInference, "__call__", call)
    with fresh(trained) as project:
        info, wanted = project.runs.get("fbr"), project.images.get("val_0002.png").id
        for event in infer_cams.run(project, CAMS, "fbr", lambda: [wanted]):
            if isinstance(event, FileWritten) and event.image == "val_0002.png":
                assert computed == [wanted]
                assert project.maps.get(info.id, wanted, "cams") is not None


def test_two_passes_write_the_same_bytes(trained: Workplace) -> None:
    def written() -> list[bytes]:
        folder = trained.project / "runs" / "fbr"
        return [path.read_bytes() for path in sorted((folder / "cams").rglob("*.npz"))]

    with fresh(trained) as project:
        list(infer_cams.run(project, CAMS, "fbr"))
        before = written()
        project.maps.forget(project.runs.get("fbr").id, "cams")
        list(infer_cams.run(project, CAMS, "fbr"))
    assert written() == before
    assert len(before) == 10
