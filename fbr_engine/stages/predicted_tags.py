"""What a run thinks is in an image, read from its stored CAMs; needs no torch."""

from __future__ import annotations

import numpy as np

from fbr_engine.project import ImageInfo, Project, RunInfo, load_arrays
from fbr_engine.stages.stored_cams import KIND, with_aliases

_ARRAYS = ("class_ids", "peak", "logits")


def predicted_tags(project: Project, info: RunInfo, image: ImageInfo) -> dict[int, float]:
    """Return the probability, by class id, that each class the run has learnt is in ``image``.

    It is the sigmoid of the stored logits, pooled over the image, scales and flips. Empty if stage ``cams`` has not run
    on the image. Raises `ReadError` when its file is gone or broken.
    """
    found = project.maps.get(info.id, image.id, KIND)
    if found is None:
        return {}
    arrays = with_aliases(load_arrays(project.path_of(found.location), _ARRAYS), project.classes.aliases())
    probabilities = (1 + np.tanh(arrays["logits"].astype(np.float64) / 2)) / 2
    return dict(zip(arrays["class_ids"].tolist(), probabilities.tolist(), strict=True))
