"""The basis in which a run's features are stored: their principal directions over a sample of its images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from fbr_engine.data.images import Pixels
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.networks.cam_network import CamNetwork
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint

BASIS_DIMS = 128
SAMPLE_IMAGES = 48


@torch.inference_mode()
def principal_basis(network: CamNetwork, images: Iterable[Pixels], side: float, device: torch.device) -> Tensor:
    """Return F x min(F, 128): the leading eigenvectors of the features' second moment, not centred.

    Images are read with their longer side at ``side`` px.

    Cosine similarities then survive the projection as well as they can in so few dimensions.
    """
    moment = torch.zeros(network.backbone.channels, network.backbone.channels, dtype=torch.float64, device=device)
    for image in images:
        features = network(to_batch(resize_for_network(image, side / max(image.shape[:2]))[None], device)).features
        flat = features.permute(0, 2, 3, 1).flatten(0, 2).double()
        moment += flat.T @ flat / len(flat)
    vectors = torch.linalg.eigh(moment).eigenvectors
    basis = vectors[:, -min(BASIS_DIMS, vectors.shape[1]) :].flip(1)
    # Eigenvectors have no sign of their own; without one the store would differ between runs.
    signs = torch.sign(basis.gather(0, basis.abs().argmax(dim=0, keepdim=True)))
    signed: Tensor = basis * signs
    return signed.float()


def save_basis(path: Path, basis: Tensor, checkpoint: str) -> None:
    """Keep ``basis`` with the digest of the checkpoint that it was made with."""
    save_checkpoint(path, {"basis": basis}, {"checkpoint": checkpoint})


def load_basis(path: Path, checkpoint: str) -> Tensor | None:
    """Return the basis made with this ``checkpoint``, or None."""
    if not path.is_file():
        return None
    tensors, facts = load_checkpoint(path)
    return tensors["basis"] if facts["checkpoint"] == checkpoint else None
