"""FBR Studio: the desktop application over `fbr_engine`."""
