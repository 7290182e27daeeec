"""Between uint8 pixels and the network's normalised tensors."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from fbr_engine.data.images import Pixels

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def to_batch(images: Pixels, device: torch.device) -> Tensor:
    """Turn uint8 B x H x W x 3 into a normalised float B x 3 x H x W on ``device``, channels last in memory."""
    batch = torch.from_numpy(images).to(device, non_blocking=True).permute(0, 3, 1, 2)
    mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1) * 255
    std = torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1) * 255
    return ((batch.float() - mean) / std).contiguous(memory_format=torch.channels_last)


def network_side(length: float, multiple: int = 32) -> int:
    """Return the side of the form 32k+1 nearest to ``length`` px: it keeps feature pixels centred on image pixels."""
    return max(1, round((length - 1) / multiple)) * multiple + 1


def shrunk(image: Pixels, longest: float) -> Pixels:
    """Return the image with its longer side at most ``longest`` px."""
    scale = longest / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def resize_for_network(image: Pixels, scale: float) -> Pixels:
    """Resize H x W x 3 by ``scale``, each side to the nearest 32k+1."""
    width, height = network_side(image.shape[1] * scale), network_side(image.shape[0] * scale)
    shrinks = width < image.shape[1]
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(resized, dtype=np.uint8)
