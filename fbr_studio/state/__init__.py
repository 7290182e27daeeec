"""The only shared mutable state of the window: typed properties with named signals."""
