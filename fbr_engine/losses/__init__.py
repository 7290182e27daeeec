"""FBR's losses, one a file, and what they share: seeds, prototypes, k-means and the NROI bank.

To add a loss: write its file with one function of tensors, give it a row in `fbr_engine.losses.fbr` (or return it
from a host) and a weight in `fbr_engine.losses.objective`.
"""
