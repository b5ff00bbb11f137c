"""Experiments: designs over any field of a scenario, a store of simulated years, what the factors do."""
