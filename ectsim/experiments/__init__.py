"""Experiments: designs, a store of simulated years, comparisons, what drives an answer."""
