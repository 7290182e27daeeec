"""FBR engine: turns image tags into segmentation masks, headless."""

__version__ = "0.1.0"
