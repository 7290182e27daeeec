"""How regions are mined, in numbers: all of them are part of what a stored bank of regions is bound to.

``VERSION`` is raised when mining changes in a way that no number here tells.
"""

from __future__ import annotations

VERSION = 1
IMAGES = 1200  # training images, at most
SPACE_IMAGES = 64  # of them, for the comparison space
DIMS = 128
BACKGROUND = 0.3  # CAM value below which a pixel is surely background, if all classes are
FOREGROUND = 0.6  # and above which it is surely of a class
FOREGROUND_REGIONS = 2  # for each image and class
SMALLEST = 8  # sure pixels
MOST_FOREGROUND = 2400
MOST_NROIS = 4800
