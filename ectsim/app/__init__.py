"""Dashboards: controls, charts, pages, the Voila template and its server.

Whatever a kernel loads from here keeps NumPy, pandas, SimPy, PyArrow and Pydantic out; the
simulation service (:mod:`ectsim.service`) computes, and :mod:`ectsim.app.client` asks it.
"""
