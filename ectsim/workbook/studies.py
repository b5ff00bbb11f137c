"""The studies of ``docs/studies`` in small: the same sums with fewer years, beside what was stored.

Each function makes one row of a study's table; the study itself says how many years it took. What was
stored then stands in :data:`STORED`, so that a page can show both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ectsim.analysis import Estimate, estimate, paired
from ectsim.scenario import Scenario
from ectsim.workbook import runs

__all__ = ["CALM", "STORED", "absence", "called", "calm", "passes_on", "screen", "second_day"]

STORED: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    # asked for -> dealt, teachers with any sickness in percent, days each of them
    "absence": {"5.0": (5.05, 66.6, 7.6), "5.5": (5.57, 70.4, 7.9), "9.3": (9.35, 87.6, 10.7)},
    # ill a day in percent -> called, with no cover supervisor, one and two
    "cover": {"2.6": (9.0, 4.7, 2.1), "5.8": (21.7, 16.2, 11.3), "9.9": (39.6, 33.9, 28.3)},
    # case -> model, standard error, closed form
    "laws": {
        "one slot, struck with p = 0.3": (0.6993, 0.0017, 0.7000),
        "one retry on a draw of its own": (0.9092, 0.0011, 0.9100),
        "two people": (0.4884, 0.0018, 0.4900),
        "sickness, spells of one day": (0.9474, 0.0008, 0.9481),
    },
    # weeks in the log -> covered of 100, width in points; pairs find time
    "forecast": {"8": (95, 23.7), "20": (95, 12.7), "32": (98, 5.5)},
    # figure -> model, in percent
    "validation": {
        "E2-01": (45.0,), "E2-02": (87.0,), "E4-01": (66.7,), "E4-05": (6.3,),
        "E1-04": (15.0,), "E1-03": (33.0,), "E1-05": (25.0,),
    },
}  # fmt: skip
"""What the studies found, by study and row, as their tables have it; a test holds the two together."""

CALM: Mapping[str, object] = {
    "plan.recovery": [],
    "plan.horizon": 0,
    "programme.coaching.pause_after": 400,
    "conditions.winter": 0.0,
    "conditions.season_spread": 0.0,
}
"""What makes the school ``quiet`` a place where one thing is left to chance: no way out, no season."""


def _frame(scenario: Scenario) -> Any:
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - numpy

    return frame_of(scenario)


def absence(days: float, years: int, seed: int = 1) -> tuple[float, float, float]:
    """Deal sickness to the sample school, as the study of absence does.

    Parameters
    ----------
    days : float
        Days a teacher and year that are asked for; nothing else keeps anybody away.
    years : int
        Simulated years; the study took 300.
    seed : int
        The run's seed.

    Returns
    -------
    tuple of float
        Days dealt a teacher, percent of teachers with any, days each of these.
    """
    from ectsim.luck import Luck  # noqa: PLC0415 - numpy
    from ectsim.model.diary import write_diary  # noqa: PLC0415

    changes = {"conditions.sickness_days": days, "conditions.planned_absence": 0.0}
    frame = _frame(runs.scenario("default", changes))
    dealt = ill = people = 0
    for k in range(years):
        sick = (write_diary(frame, Luck(seed, k)).spell_day > 0).sum(axis=1)
        dealt, ill, people = (
            dealt + int(sick.sum()),
            ill + int((sick > 0).sum()),
            people + len(sick),
        )
    return dealt / people, 100 * ill / people, dealt / max(1, ill)


def called(share: float, supervisors: int, years: int, seed: int = 1) -> float:
    """Return how often a free period is taken for cover in the sample school, in percent.

    Parameters
    ----------
    share : float
        Share of staff who are ill on a day; nobody else is away, and no supply is found.
    supervisors : int
        Cover supervisors.
    years : int
        Simulated years; the study took 200, of a school whose timetable may not be passed on.
    seed : int
        The run's seed.
    """
    import numpy as np  # noqa: PLC0415 - only where it is needed

    from ectsim.luck import Luck  # noqa: PLC0415
    from ectsim.model.cover import allocate  # noqa: PLC0415
    from ectsim.model.diary import YEAR_DAYS, write_diary  # noqa: PLC0415

    changes: dict[str, object] = {
        "conditions.sickness_days": share * YEAR_DAYS, "conditions.planned_absence": 0.0,
        "plan.cover.known_fill": 0.0, "plan.cover.sickness_fill": 0.0, "plan.cover.supervisors": supervisors,
    }  # fmt: skip
    frame = _frame(runs.scenario("default", changes))
    teachers = len(frame.staff) - supervisors
    plain = frame.call_order[:teachers] >= 0  # periods marked for cover are called first
    taken = free = 0
    for k in range(years):
        luck = Luck(seed, k)
        diary = write_diary(frame, luck)
        book = allocate(frame, diary, luck)
        present = np.repeat(diary.away[:teachers] == 0, frame.periods, axis=1)
        open_to = frame.callable_cells[:teachers] & present & plain
        free += int(open_to.sum())
        taken += int((book.calls[:teachers] & open_to[:, book.cells]).sum())
    return 100 * taken / free


# one thing left to chance


def calm(changes: Mapping[str, object], years: int, pair: str = "") -> Estimate:
    """Estimate the share of cycles held in the school ``quiet`` where one thing is left to chance.

    Parameters
    ----------
    changes : mapping
        What is left to chance, and what the plan does about it.
    years : int
        Simulated years.
    pair : str
        Only this pair's cycles.
    """
    found = runs.results("quiet", {**CALM, **changes}, years=years)
    if not pair:
        return estimate(found.metric("completion_any"))
    i = [p.id for p in found.scenario.school.pairs].index(pair)
    return estimate([run.pairs[i][1] / max(1, run.pairs[i][0]) for run in found.runs])


def passes_on(days: float) -> float:
    """Return the chance that somebody who is well falls ill overnight, by pencil.

    In a long run as many fall ill as get well: ``(1 - q) h = q / L``, with the share ``q`` of days
    that are lost and the mean length ``L`` of a spell.

    Parameters
    ----------
    days : float
        Days of sickness a teacher and year of 190 days.
    """
    school = runs.scenario("quiet").school.conditions
    long = school.sickness_long_share  # share of days, not of spells
    mean = 1 / ((1 - long) / school.sickness_short_mean + long / school.sickness_long_mean)
    q = days / 190
    return q / ((1 - q) * mean)


def second_day(days: float) -> tuple[float, float]:
    """Return what a reserve on the next day saves from sickness, by pencil.

    Parameters
    ----------
    days : float
        Days of sickness a teacher and year of 190 days.

    Returns
    -------
    tuple of float
        Share held if both people's spells went on from day to day as they do, and if each day were
        drawn anew.
    """
    q, h = days / 190, passes_on(days)
    one = (1 - q) ** 2
    both = ((1 - q) * (1 - h)) ** 2
    return 2 * one - both, 1 - (1 - one) ** 2


# what a result hangs on


def screen(
    name: str,
    changes: Mapping[str, object],
    ranges: Mapping[str, tuple[float, float]],
    *,
    trajectories: int = 4,
    years: int = 2,
    seed: int = 1,
) -> dict[str, tuple[float, float, float]]:
    """Screen by Morris's method, with SALib, which assumptions move the effect of a change.

    Parameters
    ----------
    name : str
        A scenario.
    changes : mapping
        The change of plan whose effect on cycles held is looked at, on shared luck.
    ranges : mapping of str to (float, float)
        Dotted names of numbers, and their plausible ranges.
    trajectories, years : int
        How many walks through the ranges, and simulated years at each of their points.
    seed : int
        Of walks and years.

    Returns
    -------
    dict
        For each name the mean size of what one step does (points of a hundred, over the whole range),
        its mean with its sign, and how widely it differs from place to place.
    """
    from SALib.analyze import morris as analyse  # noqa: PLC0415 - heavy
    from SALib.sample import morris as sample  # noqa: PLC0415

    problem = {
        "num_vars": len(ranges),
        "names": list(ranges),
        "bounds": [list(r) for r in ranges.values()],
    }
    points = sample.sample(problem, trajectories, num_levels=4, seed=seed)
    effects = [
        100
        * effect_at(name, changes, dict(zip(ranges, map(float, point), strict=True)), years, seed)
        for point in points
    ]
    import numpy as np  # noqa: PLC0415 - as SALib

    found = analyse.analyze(problem, points, np.array(effects), num_levels=4, seed=seed)
    return {
        n: (float(found["mu_star"][i]), float(found["mu"][i]), float(found["sigma"][i]))
        for i, n in enumerate(ranges)
    }


def effect_at(
    name: str, changes: Mapping[str, object], at: Mapping[str, object], years: int, seed: int = 1
) -> float:
    """Return what a change does to the share of cycles held, at one place of the assumptions.

    Parameters
    ----------
    name, changes
        As in :func:`screen`.
    at : mapping
        Dotted names to values.
    years, seed : int
        Simulated years and seed.
    """
    base = runs.results(name, at, years=years, seed=seed).metric("completion_any")
    other = runs.results(name, {**at, **changes}, years=years, seed=seed).metric("completion_any")
    return paired(base, other).mean


def ranges(names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the plausible ranges of some numbers, as the register has them.

    Parameters
    ----------
    names : sequence of str
        Dotted names.
    """
    from ectsim.register import numbers  # noqa: PLC0415 - the whole register

    known = {n.name: (n.low, n.high) for n in numbers()}
    out = {}
    for n in names:
        low, high = known[n]
        assert low is not None, f"{n} has no range"
        assert high is not None, f"{n} has no range"
        out[n] = (float(low), float(high))
    return out
