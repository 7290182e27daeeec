"""Images into tensors: reading every kind of file right, seeded augmentation, prefetching."""
