"""The loss of what was judged: the same as a slow loop, and felt where something is known and nowhere else."""

from __future__ import annotations

import torch

from fbr_engine.losses.judged import UNSURE, Judged, judged_loss

TAGS = torch.tensor([[1, 0, 1], [1, -1, 0]], dtype=torch.int8)


def make(side: int = 5) -> Judged:
    generator = torch.Generator().manual_seed(3)
    seeds = torch.randint(0, 5, (2, side, side), generator=generator)
    seeds[seeds == 4] = UNSURE
    forced = torch.randint(-1, 2, (2, 3, side, side), generator=generator).to(torch.int8)
    return Judged(seeds, forced)


def slow(logits: torch.Tensor, tags: torch.Tensor, judged: Judged) -> float:
    images, classes, side, _ = logits.shape
    missing, present = [], []
    for c in range(classes):
        tagged = [b for b in range(images) if tags[b, c] == 1]
        if not tagged:
            continue
        peaks = {b: max(0.0, float(logits[b, c].max())) for b in tagged}
        usual = sum(peaks.values()) / len(peaks)
        for b in tagged:
            cam = logits[b, c].clamp(min=0) / max(peaks[b], 0.5 * usual, 1e-5)
            for y in range(side):
                for x in range(side):
                    seed, forced = int(judged.seeds[b, y, x]), int(judged.forced[b, c, y, x])
                    value = float(cam[y, x])
                    if forced == 1 or (forced == 0 and seed == c + 1):
                        missing.append(max(0.0, 1 - value) ** 2)
                    elif forced == -1 or seed != UNSURE:
                        present.append(value**2)
    return sum(missing) / max(1, len(missing)) + sum(present) / max(1, len(present))


def test_it_is_what_the_slow_loop_says() -> None:
    logits = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    judged = make()
    assert abs(float(judged_loss(logits, TAGS, judged)) - slow(logits, TAGS, judged)) < 1e-5


def test_a_crop_without_the_object_is_measured_by_the_others() -> None:
    logits = torch.stack([torch.full((1, 3, 3), 10.0), torch.full((1, 3, 3), 0.1)])
    nothing = Judged(torch.zeros(2, 3, 3, dtype=torch.int64), torch.zeros(2, 1, 3, 3, dtype=torch.int8))
    tags = torch.ones(2, 1, dtype=torch.int8)
    usual = 0.5 * (10 + 0.1) / 2
    expected = (1 + (0.1 / usual) ** 2) / 2
    assert abs(float(judged_loss(logits, tags, nothing)) - expected) < 1e-5


def test_gradients_reach_the_logits_at_forced_pixels_only() -> None:
    logits = (1 + torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(1))).requires_grad_()
    forced = torch.zeros(2, 3, 5, 5, dtype=torch.int8)
    forced[0, 0, 1, 2], forced[0, 2, 4, 4], forced[1, 0, 0, 0] = 1, -1, -1
    forced[0, 1, 3, 3] = forced[1, 1, 3, 3] = -1  # not tagged, unknown
    unsure = torch.full((2, 5, 5), UNSURE)
    judged_loss(logits, TAGS, Judged(unsure, forced)).backward()
    assert logits.grad is not None
    expected = {(0, 0, 1, 2): -1, (0, 2, 4, 4): 1, (1, 0, 0, 0): 1}
    found = {tuple(place): float(logits.grad[tuple(place)].sign()) for place in logits.grad.nonzero().tolist()}
    assert found == expected


def test_it_teaches_the_shape_of_the_map() -> None:
    logits = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(1)).requires_grad_()
    seeds = torch.zeros(1, 5, 5, dtype=torch.int64)
    seeds[0, 1:3, 1:4] = 1
    judged = Judged(seeds, torch.zeros(1, 1, 5, 5, dtype=torch.int8))
    tags = torch.ones(1, 1, dtype=torch.int8)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        judged_loss(logits, tags, judged).backward()
        optimizer.step()
    cam = logits.detach().clamp(min=0) / logits.detach().max()
    assert ((cam > 0.5).long()[0] == seeds).all()


def test_where_nothing_is_known_it_is_zero_with_a_gradient_of_zero() -> None:
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    nothing = Judged(torch.full((2, 9, 9), UNSURE), torch.zeros(2, 3, 9, 9, dtype=torch.int8))
    loss = judged_loss(logits, TAGS, nothing)
    loss.backward()
    assert float(loss.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_forced_pixels_on_a_coarser_lattice_keep_their_corners() -> None:
    forced = torch.zeros(1, 1, 9, 9, dtype=torch.int8)
    forced[0, 0, 0, 0], forced[0, 0, 8, 8], forced[0, 0, 4, 0] = 1, -1, 1
    coarse = Judged(torch.zeros(1, 9, 9, dtype=torch.int64), forced).forced_at(3, 3)
    assert coarse[0, 0].tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, -1]]
