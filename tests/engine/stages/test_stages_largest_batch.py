"""When memory runs out, the largest batch that fits is looked for and told."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from workplace import TRAIN, Engine, Workplace

from fbr_engine.config import TrainConfig
from fbr_engine.errors import DeviceError
from fbr_engine.hosts.cam import CamHost
from fbr_engine.stages import train
from fbr_engine.stages.largest_batch import largest

ERRORS = {
    "the GPU": torch.OutOfMemoryError("CUDA out of memory"),
    "this machine": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
}


@pytest.mark.parametrize("size", [1, 2, 5, 16, 33, 64])
def test_the_search(size: int) -> None:
    for limit in range(size):
        asked: list[int] = []

        def fits(count: int, limit: int = limit, asked: list[int] = asked) -> bool:
            asked.append(count)
            return count <= limit

        found = largest(size, fits)
        assert found <= limit
        assert found > limit - max(1, size // 8)
        assert all(0 < count < size for count in asked)
        assert len(asked) <= 10


@pytest.mark.parametrize("who", ERRORS)
@pytest.mark.parametrize(("method", "limit"), [("cam", 3), ("fbr", 2), ("cam", 0)])
def test_it_is_told(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch, who: str, method: str, limit: int
) -> None:
    plain = CamHost.forward

    def forward(self: CamHost, batch: Any) -> Any:
        for part in (batch.tags, batch.valid, batch.origin.image, batch.origin.box, batch.origin.flipped):
            assert len(part) == len(batch.images)
        if len(batch.images) > limit:
            raise ERRORS[who]
        return plain(self, batch)

    arguments = (*TRAIN[:-4], "--batch", "8", *TRAIN[-2:], "--method", method, "--epochs", "1")
    with monkeypatch.context() as patch:
        patch.setattr(CamHost, "forward", forward)
        error = engine("train", drawn.project, *arguments).error  # ten images: two batches of five
    assert f"{who} ran out of memory: " in error
    if limit:
        assert f"the largest batch that fits is {limit}: use --batch {limit}" in error
        smaller = engine("train", drawn.project, *arguments, "--batch", str(limit))
        assert smaller.status == 0
    else:
        assert "not even one image fits: use a smaller --crop than 33" in error


def test_the_error_carries_it(drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = CamHost.forward

    def forward(self: CamHost, batch: Any) -> Any:
        if len(batch.images) > 3:
            raise ERRORS["the GPU"]
        return plain(self, batch)

    monkeypatch.setattr(CamHost, "forward", forward)
    config = TrainConfig(method="cam", backbone="tiny", weights="none", crop=33, batch=8, epochs=1, device="cpu")
    with drawn.open(write=True) as project, pytest.raises(DeviceError) as caught:
        list(train.run(project, config))
    assert caught.value.largest_batch == 3
    assert DeviceError("no CUDA device").largest_batch is None


def test_another_error_is_not_taken_for_it(engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def forward(self: CamHost, batch: Any) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(CamHost, "forward", forward)
    _, _, err = engine.text("train", drawn.project, *TRAIN, "--method", "cam", "--json")
    assert "shapes do not match (unexpected RuntimeError" in err
