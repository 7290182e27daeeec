"""Names of the PASCAL VOC classes by the value they have in a VOC segmentation mask."""

from __future__ import annotations

VOC_CLASSES: dict[int, str] = dict(
    enumerate(
        (
            "background",
            "aeroplane",
            "bicycle",
            "bird",
            "boat",
            "bottle",
            "bus",
            "car",
            "cat",
            "chair",
            "cow",
            "diningtable",
            "dog",
            "horse",
            "motorbike",
            "person",
            "pottedplant",
            "sheep",
            "sofa",
            "train",
            "tvmonitor",
        )
    )
)
