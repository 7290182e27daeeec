"""One model in training: host, FBR, optimiser and generators, and their state as tensors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from fbr_engine.config import TrainConfig
from fbr_engine.errors import NonFiniteLossError, ReadError
from fbr_engine.hosts import HOST_TABLE, Batch
from fbr_engine.losses.fbr import Fbr
from fbr_engine.losses.judged import judged_loss
from fbr_engine.losses.objective import REMEDY, all_finite, loss_weights, non_finite_gradients, weighted_sum
from fbr_engine.losses.saliency import saliency_loss
from fbr_engine.networks.cam_network import CamOutput, build_cam_network
from fbr_engine.networks.checkpoints import flatten_optimizer, restore_optimizer, take_prefix, with_prefix
from fbr_engine.networks.weights import load_weights


class Trainer:
    """Everything a training step reads and changes.

    ``total_steps`` sets the one-cycle schedule. A trainer that is restored from `state` goes on exactly where that
    one stood: on the CPU the weights come out the same as without the interruption.
    """

    def __init__(
        self,
        config: TrainConfig,
        classes: int,
        images: int,
        total_steps: int,
        device: torch.device,
        start: str,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.total_steps = config, device, total_steps
        self.step_count = 0
        frozen = config.freeze_batchnorm and (config.weights != "none" or bool(config.start_from))
        network = build_cam_network(config.backbone, config.output_stride, classes, frozen)
        load_weights(network.backbone, config.backbone, start)
        network.to(memory_format=torch.channels_last)
        network.bf16 = config.precision == "bf16"
        self.host = HOST_TABLE[config.host](network, config).to(device)
        self.fbr = Fbr(network.backbone.channels, config, images).to(device) if config.fbr else None
        self.background = self.host.make_background().to(device) if config.saliency else None
        self.optimizer = self._make_optimizer(network.backbone)
        self._weights = loss_weights(config)
        self._generator = torch.Generator(device).manual_seed(config.seed)

    def step(self, batch: Batch) -> dict[str, float]:
        """Take one optimiser step and return every loss before weighting.

        Raises `NonFiniteLossError` before a weight is changed.
        """
        rate = self._set_learning_rates()
        plain = self.backward(batch)
        self.optimizer.step()
        self.step_count += 1
        self.learning_rate = self.config.lr_head * rate
        return plain

    def backward(self, batch: Batch) -> dict[str, float]:
        """Compute the gradients of one step without taking it; return every loss before weighting.

        Raises `NonFiniteLossError` naming the losses that are not finite, or whose gradients are not.
        """
        self.optimizer.zero_grad(set_to_none=True)
        random = self._random_state()
        losses = self._losses(batch)
        total, plain = weighted_sum(losses, self._weights)
        total.backward()  # type: ignore[no-untyped-call]
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        if all_finite([p.grad for p in parameters if p.grad is not None]):
            return plain
        del losses, total
        self._set_random_state(random)
        culprits = non_finite_gradients(self._losses(batch), self._weights, parameters)
        which = f"the gradient of the loss {', '.join(culprits)} is" if culprits else "the gradients are"
        raise NonFiniteLossError(f"{which} no longer finite; {REMEDY}")

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        self.host.train()
        out = self.host(replace(batch, progress=self.step_count / max(1, self.total_steps)))
        losses: dict[str, Tensor] = dict(out.losses)
        if self.background is not None and batch.saliency is not None:
            background = self.background(out.features, out.cam_logits)
            losses["saliency"] = saliency_loss(out.cam_logits, background, batch.tags, batch.saliency, out.valid)
        forced = None
        if batch.judged is not None:
            losses["judged"] = judged_loss(out.cam_logits, batch.tags, batch.judged)
            forced = batch.judged.forced_at(out.cam_logits.shape[2], out.cam_logits.shape[3])
        if self.fbr is not None:
            self.fbr.train()
            losses |= self.fbr(
                out.features,
                out.cam_logits,
                batch.tags,
                out.valid,
                batch.origin,
                contrast=self.step_count >= self.config.warmup * self.total_steps,
                generator=self._generator,
                untold_logits=out.untold_logits,
                forced=forced,
            )
        return losses

    def infer(self, images: Tensor, tags: Tensor) -> CamOutput:
        """Return what the CAMs are made of, as `Host.infer` does, with the background channel if there is one."""
        out = self.host.infer(images, tags)
        return out if self.background is None else self.background.corrected(out)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors and the plain facts a checkpoint holds."""
        tensors = with_prefix("network", self.host.network.state_dict())
        tensors |= with_prefix("host", _without(self.host.state_dict(), "network."))
        tensors |= with_prefix("optimizer", flatten_optimizer(self.optimizer))
        tensors |= self._random_state()
        if self.fbr is not None:
            tensors |= with_prefix("fbr", self.fbr.state_dict())
            tensors |= with_prefix("bank", self.fbr.bank.state_dict())
        if self.background is not None:
            tensors |= with_prefix("background", self.background.state_dict())
        return tensors, {"step": self.step_count, "total_steps": self.total_steps}

    def begin_from(self, tensors: dict[str, Tensor], config: TrainConfig) -> None:
        """Take the weights of another run's `state`, trained as ``config``, as far as both have the same parts.

        Raises `ReadError` when its network is another one. Optimiser, NROI bank and random numbers begin anew.
        """
        try:
            self.host.network.load_state_dict(take_prefix("network", tensors))
            if config.host == self.config.host:
                network = with_prefix("network", self.host.network.state_dict())
                self.host.load_state_dict(network | take_prefix("host", tensors))
            if self.fbr is not None and config.fbr and _same_projections(config, self.config):
                self.fbr.load_state_dict(take_prefix("fbr", tensors))
            if self.background is not None and config.saliency and config.host == self.config.host:
                self.background.load_state_dict(take_prefix("background", tensors))
        except (RuntimeError, KeyError) as error:
            raise ReadError("the weights to start from belong to another network: start from another run") from error

    def restore(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Go back to a `state`. Raises `ReadError` when it is of another model."""
        try:
            network = with_prefix("network", take_prefix("network", tensors))
            self.host.load_state_dict(network | take_prefix("host", tensors))
            restore_optimizer(self.optimizer, take_prefix("optimizer", tensors))
            if self.fbr is not None:
                self.fbr.load_state_dict(take_prefix("fbr", tensors))
                self.fbr.bank.load_state_dict(take_prefix("bank", tensors), self.device)
            if self.background is not None:
                self.background.load_state_dict(take_prefix("background", tensors))
        except (RuntimeError, KeyError, ValueError) as error:
            raise ReadError("the checkpoint belongs to another model: train under a new --run name") from error
        self.step_count = int(facts["step"])
        self._set_random_state(tensors)

    def _random_state(self) -> dict[str, Tensor]:
        tensors = {"random.torch": torch.get_rng_state(), "random.device": self._generator.get_state()}
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        return tensors

    def _set_random_state(self, tensors: dict[str, Tensor]) -> None:
        torch.set_rng_state(tensors["random.torch"])
        if self.device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
        try:
            self._generator.set_state(tensors["random.device"])
        except (RuntimeError, TypeError):  # trained on another kind of device: go on, though not bit by bit
            self._generator.manual_seed(self.config.seed + self.step_count)

    def _make_optimizer(self, backbone: nn.Module) -> torch.optim.AdamW:
        encoder = [p for p in backbone.parameters() if p.requires_grad]
        inside = {id(p) for p in backbone.parameters()}
        modules = [m for m in (self.host, self.fbr, self.background) if m is not None]
        head = [p for m in modules for p in m.parameters() if id(p) not in inside and p.requires_grad]
        groups = [
            {"params": encoder, "peak": self.config.lr_encoder},
            {"params": head, "peak": self.config.lr_head},
        ]
        return torch.optim.AdamW(groups, lr=self.config.lr_head, weight_decay=self.config.weight_decay)

    def _set_learning_rates(self) -> float:
        rate = one_cycle(self.step_count, self.total_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        return rate


def one_cycle(step: int, total: int, rise: float = 0.3, first: float = 0.04, last: float = 4e-6) -> float:
    """Return the learning rate at ``step`` of ``total`` as a share of its peak: up and down along cosines.

    The one-cycle policy of Smith and Topin, 2018, without its change of momentum.
    """
    top = max(1.0, rise * total - 1)
    if step <= top:
        return _cosine(first, 1.0, step / top)
    return _cosine(1.0, last, min(1.0, (step - top) / max(1.0, total - 1 - top)))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _same_projections(one: TrainConfig, other: TrainConfig) -> bool:
    return (one.form, one.projection_dims) == (other.form, other.projection_dims)


def _without(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name: value for name, value in tensors.items() if not name.startswith(prefix)}
