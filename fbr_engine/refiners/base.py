"""What every refiner is: a function of an image and soft scores, and what it was learnt from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

Refinement = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Refiner:
    """A refinement, called like a function, with what it was learnt from.

    ``digest`` names that, so that masks know when they are out of date; it is empty where nothing was learnt.
    """

    function: Refinement
    digest: str = ""

    def __call__(self, image: Tensor, scores: Tensor) -> Tensor:
        """Return refined scores, K x H x W, of ``scores`` and ``image``, float 3 x H x W in [0, 1] on the same device.

        Scores are 0 or above; a pixel belongs to the highest one.
        """
        return self.function(image, scores)


def chained(refiners: Sequence[Refiner]) -> Refiner:
    """Return one refiner that hands the scores through ``refiners`` in order."""

    def refine(image: Tensor, scores: Tensor) -> Tensor:
        for refiner in refiners:
            scores = refiner(image, scores)
        return scores

    return Refiner(refine, " ".join(r.digest for r in refiners if r.digest))
