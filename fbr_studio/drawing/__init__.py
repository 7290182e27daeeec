"""Masks, strokes, undo and colours in image coordinates: numpy only, no Qt."""
