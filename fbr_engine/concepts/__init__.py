"""Concepts: clusters of feature pixels over the whole data set, each with the pixels it comes from; numpy alone."""
