"""The planner from Python: one function for each of its commands.

``slots``
    Which visit, meeting and reserve slots hold, as ``ectsim slots``.
``pair_up``, ``conflicts``
    Who mentors whom and when, and what stands in the way, as ``ectsim pair``; ``Wishes`` pins and bans.
``enough``
    The cheapest protection that reaches a target, as ``ectsim enough``.
``stress``
    What would break a plan, and what would help, as ``ectsim stress``.
``read_log``, ``forecast``
    How the year will end, from a log without names, as ``ectsim forecast``.
``export``
    Calendars, a workbook, a page and JSON of simulated years, as ``ectsim export``.

All take a :class:`ectsim.scenario.Scenario`, which :func:`ectsim.scenario.load` reads; ``export`` takes
what :func:`ectsim.experiment.replicate` gives. The same scenario and seed give the same answer,
with one worker or many. A user's mistake raises :class:`ectsim.errors.InputError` with one line.

Examples
--------
>>> from ectsim.planner.api import slots
>>> from ectsim.scenario import load
>>> found = slots(load("default"), "T02", top=1)
>>> [group["weeks"] for group in found]
[[1], [2]]
"""

from __future__ import annotations

from ectsim.calibrate import Forecast, forecast, read_log
from ectsim.exports.bundle import export
from ectsim.planner.conflicts import Conflicts, conflicts
from ectsim.planner.enough import Enough, enough
from ectsim.planner.pairing import Pairing, Wishes, pair_up
from ectsim.planner.stress import Stress, stress
from ectsim.planner.survival import slots

__all__ = [
    "Conflicts",
    "Enough",
    "Forecast",
    "Pairing",
    "Stress",
    "Wishes",
    "conflicts",
    "enough",
    "export",
    "forecast",
    "pair_up",
    "read_log",
    "slots",
    "stress",
]
