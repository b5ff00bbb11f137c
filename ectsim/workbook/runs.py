"""Runs for lessons: by name and changes, kept once computed, small enough for a laptop.

Lessons take forty simulated years unless they say so: enough to see, not to publish. The same seed
gives the same digits here as on the command line and in the dashboard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ectsim import analysis, experiment
from ectsim import scenario as scenarios
from ectsim.scenario import Scenario
from ectsim.share import data_dir

if TYPE_CHECKING:
    import pandas as pd

    from ectsim.audit import Audit
    from ectsim.calibrate import Forecast, Particles
    from ectsim.experiment import Results
    from ectsim.metrics import Run

__all__ = [
    "YEARS",
    "audit",
    "cycles",
    "differences",
    "effect",
    "events",
    "forecast",
    "from_now",
    "lived",
    "log",
    "results",
    "run",
    "scenario",
    "story",
]

YEARS = 40
"""Simulated years of a lesson's run."""

LOOKED_AT = 150
"""Simulated years that a lesson holds against a log; the command line takes 600."""

Changes = Mapping[str, object]


def scenario(name: str = "default", changes: Changes | None = None) -> Scenario:
    """Return a scenario by name, with changes.

    Parameters
    ----------
    name : str
        A preset's name, a file or a scenario code.
    changes : mapping, optional
        Dotted names to values, such as ``{"plan.horizon": 2}``.

    Raises
    ------
    ectsim.errors.InputError
        If there is no such scenario, or a change is not possible.
    """
    found = scenarios.load(name)
    return found.with_changes(changes) if changes else found


def results(
    name: str = "default", changes: Changes | None = None, *, years: int = YEARS, seed: int = 1
) -> Results:
    """Return replications of a scenario, computed once in a session.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`.
    years : int
        Simulated years.
    seed : int
        The run's seed.
    """
    return _results(name, _key(changes), years, seed)


def _key(changes: Changes | None) -> str:
    return json.dumps(dict(changes or {}), sort_keys=True, default=list)


@lru_cache(maxsize=64)
def _kept(name: str, changes: str, seed: int) -> list[Results]:
    """Return the place of the longest run so far: the first years of a longer run are a shorter one."""
    return [experiment.Results(scenario(name, json.loads(changes)), seed, ())]


def _results(name: str, changes: str, years: int, seed: int) -> Results:
    (known,) = kept = _kept(name, changes, seed)
    if len(known.runs) < years:
        more = experiment.run_chunk(known.scenario, seed, range(len(known.runs), years))
        kept[0] = known = replace(known, runs=(*known.runs, *more))
    return replace(known, runs=known.runs[:years])


def run(
    name: str = "default", changes: Changes | None = None, *, years: int = YEARS, seed: int = 1
) -> dict[str, Any]:
    """Return a run's result as plain data, as ``ectsim simulate --json`` prints it.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`.
    years : int
        Simulated years.
    seed : int
        The run's seed.

    Returns
    -------
    dict
        What :func:`ectsim.analysis.result_dict` gives; ``result["metrics"]["completion_any"]["mean"]``
        is the share of due cycles that were held.
    """
    return _run(name, _key(changes), years, seed)


@lru_cache(maxsize=64)
def _run(name: str, changes: str, years: int, seed: int) -> dict[str, Any]:
    return analysis.result_dict(_results(name, changes, years, seed))


def effect(
    name: str,
    changes: Changes,
    metric: str = "completion_any",
    *,
    base: Changes | None = None,
    years: int = YEARS,
    seed: int = 1,
) -> analysis.Estimate:
    """Return what changes do to a metric, on the same simulated years.

    Parameters
    ----------
    name : str
        A preset's name, a file or a scenario code.
    changes : mapping
        What the other plan changes.
    metric : str
        One of :data:`ectsim.metrics.METRICS`.
    base : mapping, optional
        What both plans change.
    years, seed : int
        Simulated years and seed.

    Returns
    -------
    ectsim.analysis.Estimate
        Of the paired difference, in the metric's unit.
    """
    before = results(name, base, years=years, seed=seed)
    after = results(name, {**(base or {}), **changes}, years=years, seed=seed)
    return analysis.paired(before.metric(metric), after.metric(metric))


@lru_cache(maxsize=32)
def _lived(name: str, changes: str, year: int, seed: int) -> Run:
    from ectsim.metrics import Run  # noqa: PLC0415 - as below
    from ectsim.model.year import live_years  # noqa: PLC0415 - numpy and simpy, when it is run

    (found,) = live_years(scenario(name, json.loads(changes)), seed, year - 1)
    return Run(found.frame.scenario, found.log)


def lived(name: str, changes: Changes | None = None, *, year: int = 1, seed: int = 1) -> Run:
    """Return one simulated year with its log and its ledger.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`.
    year : int
        Which simulated year, 1 is the first.
    seed : int
        The run's seed.
    """
    return _lived(name, _key(changes), year, seed)


def events(
    name: str,
    changes: Changes | None = None,
    *,
    pair: str | None = None,
    year: int = 1,
    seed: int = 1,
) -> pd.DataFrame:
    """Return one simulated year's log, a row an event.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`.
    pair : str, optional
        Only this pair's rows.
    year, seed : int
        Which simulated year, and the seed.

    Returns
    -------
    pandas.DataFrame
        The log's columns, and ``week``: the school week in which the event falls, 1 is the first, 0
        outside of school weeks; and ``module``: number of the module studied, put off or coached on, 0
        where none is.
    """
    found = lived(name, changes, year=year, seed=seed)
    school = found.scenario.school
    frame = found.log.to_frame()
    calendar, weeks = school.calendar, school.calendar.weeks(school.grid.cycle_weeks)
    number = {w.monday: i for i, w in enumerate(weeks, start=1)}
    dates = [calendar.date(int(t)) for t in frame["time"]]
    frame["week"] = [number.get(d - timedelta(days=d.weekday()), 0) for d in dates]
    of_module = frame["event"].isin(["studied", "study_lost", "step_chosen", "step_deferred"])
    frame["module"] = (frame["value"] + 1).where(of_module, 0)
    if pair is not None:
        frame = frame[frame["pair"] == school.pairs.index(school.pair(pair))]
    return frame.reset_index(drop=True)


def cycles(
    name: str,
    changes: Changes | None = None,
    *,
    pair: str | None = None,
    year: int = 1,
    seed: int = 1,
) -> pd.DataFrame:
    """Return one simulated year's ledger, a row a due cycle.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`.
    pair : str, optional
        Only this pair's rows.
    year, seed : int
        Which simulated year, and the seed.

    Returns
    -------
    pandas.DataFrame
        Columns pair, cycle, bin, timing, content, reason, cause, reps, topic (number of the module,
        0 for none), coaching and mentoring (minutes).
    """
    import pandas as pd  # noqa: PLC0415 - heavy

    found = lived(name, changes, year=year, seed=seed)
    pairs = found.scenario.school.pairs
    rows = [
        (pairs[e.pair].id, e.cycle, e.bin, e.timing, e.content, e.reason, e.cause, e.reps,
         e.topic + 1, e.coaching, e.mentoring)
        for e in found.entries
        if pair is None or pairs[e.pair].id == pair
    ]  # fmt: skip
    columns = [
        "pair",
        "cycle",
        "bin",
        "timing",
        "content",
        "reason",
        "cause",
        "reps",
        "topic",
        "coaching",
        "mentoring",
    ]
    return pd.DataFrame(rows, columns=columns)


def differences(
    name: str, changes: Changes, *, pair: str | None = None, year: int = 1, seed: int = 1
) -> list[str]:
    """Return in sentences what two plans made of one simulated year.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`; the changes make the other plan.
    pair : str, optional
        Only this pair's sentences.
    year, seed : int
        Which simulated year, and the seed.
    """
    from ectsim.replay import differences as compare  # noqa: PLC0415 - numpy and simpy

    found = compare(scenario(name), scenario(name, changes), seed, year - 1)
    return [d.sentence() for d in found if pair in (None, d.pair)]


def story(name: str, changes: Changes | None = None, *, year: int | None = None) -> dict[str, Any]:
    """Return a story that ships, as :func:`ectsim.stories.tell` gives it; with changes, what they do.

    Parameters
    ----------
    name : str
        ``doug``, ``mandy``, ``abdi`` or ``sian_arif``.
    changes : mapping, optional
        What the other plan changes.
    year : int, optional
        Which simulated year; by default the story's.
    """
    from ectsim import stories  # noqa: PLC0415 - numpy and simpy

    base = scenario(name)
    return stories.tell(base, base.with_changes(changes) if changes else None, year=year)


def audit(name: str = "default", changes: Changes | None = None) -> Audit:
    """Hold a scenario's hours against the entitlement, without dice.

    Parameters
    ----------
    name, changes
        As in :func:`scenario`.
    """
    from ectsim.audit import audit as check  # noqa: PLC0415 - one use

    return check(scenario(name, changes))


# a school's log


def log(weeks: int = 12) -> str:
    """Return a made-up school's log up to some week, as the text of a file.

    Parameters
    ----------
    weeks : int
        Its last week; the year has 39.
    """
    lines = (data_dir() / "logs" / "primary.csv").read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[: weeks + 1]) + "\n"


@lru_cache(maxsize=4)
def _particles(name: str, years: int, seed: int) -> Particles:
    from ectsim.calibrate import particles  # noqa: PLC0415 - numpy and simpy

    return particles(scenario(name), seed=seed, years=years)


def forecast(
    text: str, name: str = "primary", *, years: int = LOOKED_AT, seed: int = 1
) -> Forecast:
    """Forecast the year's end from a log, as ``ectsim forecast`` does with more years.

    Parameters
    ----------
    text : str
        The log: lines of week, due, observed, met.
    name : str
        The scenario that describes the school.
    years, seed : int
        Simulated years that the log is held against, and the seed.

    Returns
    -------
    ectsim.calibrate.Forecast
        Without changes of plan; see :func:`from_now`.
    """
    from ectsim import calibrate  # noqa: PLC0415 - numpy

    known = calibrate.read_log(text, scenario(name), where="your log")
    return calibrate.forecast(
        scenario(name), known, changes=False, found=_particles(name, years, seed)
    )


def from_now(
    text: str,
    changes: Changes,
    name: str = "primary",
    *,
    years: int = LOOKED_AT,
    seed: int = 1,
    tried: int = 20,
) -> analysis.Estimate:
    """Return what a change of plan would add to the year's end, from the end of the log on.

    Parameters
    ----------
    text, name, years, seed
        As in :func:`forecast`.
    changes : mapping
        Dotted names to values.
    tried : int
        In how many of the simulated years that look most like the log it is tried.

    Returns
    -------
    ectsim.analysis.Estimate
        Of the difference in the share of the year's due cycles that are held.
    """
    from ectsim import calibrate  # noqa: PLC0415 - numpy

    known = calibrate.read_log(text, scenario(name), where="your log")
    return calibrate.from_now(_particles(name, years, seed), known, changes, years=tried)
