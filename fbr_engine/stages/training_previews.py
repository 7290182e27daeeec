"""CAMs of a few fixed images after every epoch, so that one sees a model learn.

Writing them changes nothing of the training: no random number is drawn, and the network is back in training mode
before its next step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from fbr_engine.config import TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.device import memory_advice
from fbr_engine.data.images import Pixels
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.events import FileWritten
from fbr_engine.project import ImageInfo, Project, RunInfo, save_arrays, save_json
from fbr_engine.stages.broken_images import read_or_reason
from fbr_engine.stages.cam_inference import CAM_STRIDE
from fbr_engine.stages.stored_previews import FOLDER, INDEX, KIND, preview_path
from fbr_engine.stages.trainer import Trainer
from fbr_engine.stages.training_data import TrainingSet


def preview_rows(tags: npt.NDArray[np.int8], count: int) -> npt.NDArray[np.int64]:
    """Return up to ``count`` rows of N x C ``tags`` that have a present tag, spread evenly over all such rows."""
    rows = np.flatnonzero((tags == 1).any(axis=1))
    places = np.linspace(0, len(rows) - 1, min(count, len(rows)))
    chosen: npt.NDArray[np.int64] = rows[places.round().astype(np.intp)].astype(np.int64)
    return chosen


class Previews:
    """Writes the previews of one run (see `fbr_engine.stages.stored_previews`); the images follow from its data."""

    def __init__(
        self, project: Project, info: RunInfo, config: TrainConfig, data: TrainingSet, trainer: Trainer
    ) -> None:
        self._project, self._info, self._trainer = project, info, trainer
        self._side = training_side(config.crop)
        rows = preview_rows(data.tags, config.previews)
        images = project.images.by_ids(data.ids[rows].tolist())
        tags = {int(data.ids[row]): data.tags[row] for row in rows}
        self._chosen = [(image, tags[image.id]) for image in images]
        self._class_ids = np.array([c.id for c in data.classes], dtype=np.int32)

    def write(self, epoch: int) -> Iterator[FileWritten]:
        """Write the previews after ``epoch`` (0: before the first step). An image that cannot be read is left out."""
        index = self._project.runs.folder(self._info.name) / FOLDER / INDEX
        if self._chosen and not index.is_file():
            save_json(index, {"images": [image.path for image, _ in self._chosen]})
        for image, tags in self._chosen:
            pixels = read_or_reason(self._project.image_path(image.path))
            if not isinstance(pixels, str):
                yield self._write(epoch, image, tags, pixels)

    def _write(self, epoch: int, image: ImageInfo, tags: npt.NDArray[np.int8], pixels: Pixels) -> FileWritten:
        path = preview_path(self._project, self._info.name, epoch, image.path)
        with memory_advice("try --previews 0, or a smaller --crop"):
            cam = self._cam(pixels, tags)
        size = np.array(pixels.shape[:2], dtype=np.int32)
        save_arrays(path, cam=cam, class_ids=self._class_ids[tags == 1], size=size)
        return FileWritten(KIND, image.path, path.relative_to(self._project.folder).as_posix())

    @torch.inference_mode()
    def _cam(self, pixels: Pixels, tags: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
        """Return T x h x w of the T present classes in the form of stage ``cams``, at one scale."""
        unit = self._side / max(pixels.shape[:2])
        height, width = (math.ceil(length * unit / CAM_STRIDE) for length in pixels.shape[:2])
        device = self._trainer.device
        batch, known = to_batch(resize_for_network(pixels, unit)[None], device), torch.from_numpy(tags).to(device)
        host = self._trainer.host.eval()
        try:
            logits = self._trainer.infer(batch, known[None]).cam_logits
        finally:
            host.train()
        activation = F.relu(logits[:, known == 1])
        activation = F.interpolate(activation, size=(height, width), mode="bilinear", align_corners=True)[0]
        peak = activation.amax(dim=(1, 2), keepdim=True).clamp(min=1e-5)
        cam: npt.NDArray[np.uint8] = (activation / peak * 255).round().byte().cpu().numpy()
        return cam
