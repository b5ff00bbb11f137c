"""ectsim: a simulation workbook about the coaching of early career teachers."""

__version__ = "0.1.0"
