"""One folder per room, in the order the work goes; rooms never import each other."""
