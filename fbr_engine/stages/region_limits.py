"""How regions are mined, in numbers. Needs no torch."""

from __future__ import annotations

IMAGES = 1200  # training images, at most
SPACE_IMAGES = 64  # of them, for the comparison space
DIMS = 128
BACKGROUND = 0.3  # CAM value below which a pixel is surely background, if all classes are
FOREGROUND = 0.6  # and above which it is surely of a class
FOREGROUND_REGIONS = 2  # for each image and class
SMALLEST = 8  # sure pixels
MOST_FOREGROUND = 2400
MOST_NROIS = 4800
