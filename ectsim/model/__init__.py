"""The model: absence, cover, coaching. The only place that imports SimPy."""
