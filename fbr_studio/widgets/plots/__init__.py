"""Plots: plain series of numbers, and the widgets that draw them."""
