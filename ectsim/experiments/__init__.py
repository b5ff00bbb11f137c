"""Experiments: designs, comparisons, what drives an answer."""
