"""A small network for the demo: it learns drawn scenes from nothing within a minute on two CPU cores."""

from __future__ import annotations

from torch import Tensor, nn


class _Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape, B x C x h x w."""
        out: Tensor = self.relu(x + self.convs(x))
        return out


def _down(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def tiny_stages(output_stride: int) -> tuple[list[nn.Module], int]:
    """Return the stages (the first two reach stride 4) and the number of output channels."""
    last, dilation = (2, 1) if output_stride == 16 else (1, 2)
    stages: list[nn.Module] = [
        _down(3, 16, 2),
        nn.Sequential(_down(16, 32, 2), _Residual(32, 1)),
        nn.Sequential(_down(32, 64, 2), _Residual(64, 1)),
        nn.Sequential(_down(64, 128, last), _Residual(128, dilation)),
    ]
    return stages, 128
