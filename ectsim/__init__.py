"""ectsim: a simulation workbook about the coaching of early career teachers.

It answers one question before a timetable is frozen: of the coaching cycles that are due this year, how
many will really happen, which will be lost and why, and what does each choice about time and flex
change? Losses are not assumed. They come of who is ill, who covers, who is free when, and of what else
wants a time that nobody protects.
"""

__version__ = "0.1.0"
