"""A school's own rates from its log, and with them the end of the year.

The log is anonymous: for each school week how many cycles were due, how many lessons were visited and
how many coaching meetings were held. The method is approximate Bayesian computation. Rates that nobody
has measured in this school are drawn evenly from their plausible ranges (:data:`PRIORS`); a school year
is simulated for each draw; the years that look most like the log are kept, weighed by how alike they
are; and what is forecast is corrected for what likeness is missing (a local linear regression, after
Beaumont, Zhang and Balding 2002). The rest of a year that was kept stands for the rest of this one.

What is compared: the share of due cycles whose meeting was held, so far and in the last six weeks of
the log, and the share that had a visit. Weeks that the log leaves out are left out on both sides.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ectsim.errors import InputError
from ectsim.luck import Luck
from ectsim.parameters import certificates
from ectsim.school import Conditions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ectsim.analysis import Estimate
    from ectsim.scenario import Scenario

__all__ = [
    "PRIORS",
    "Change",
    "Coverage",
    "Forecast",
    "Kept",
    "Log",
    "Particles",
    "Rate",
    "corrected",
    "coverage",
    "forecast",
    "from_now",
    "looks_of",
    "nearest",
    "particles",
    "quantiles",
    "ranges",
    "rate_values",
    "read_log",
    "weekly",
    "with_rates",
]

PRIORS: tuple[str, ...] = (
    "conditions.sickness_days",
    "conditions.planned_absence",
    "conditions.slip_found",
    "conditions.slip_before_after",
    "conditions.leader_support",
    "conditions.culture",
    "conditions.relationship",
    "conditions.habit_start",
    "conditions.habit_loss",
    "conditions.rearrangements",
)
"""The rates that are learnt. Each one's prior is even over the plausible range of its certificate (for
``rearrangements`` over its whole numbers), independent of the others: nobody has measured them together."""

YEARS_A_DRAW = 3
"""Simulated years for each draw of rates: laying out a school takes as long as living a year."""

KEPT = 0.2
"""Share of the simulated years that is kept, and at least :data:`LEAST`."""

LEAST = 60
RECENT = 6
"""Weeks of the log that count as recent."""

CHANGES_YEARS = 40
"""Simulated years in which a change of plan is tried."""

COLUMNS = ("week", "due", "observed", "met")
UNUSED = ("step",)
MOST = 1_000
"""Cycles a week that a row may name."""

Progress = Callable[[int, int], None]


# --- the log ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    """What a school wrote down.

    Parameters
    ----------
    weeks : mapping of int to (int, int, int)
        School week, 0 is the first, to cycles due, lessons visited, meetings held.
    bad : tuple of str
        Rows that were skipped: line and reason; nothing of what stood in them.
    """

    weeks: Mapping[int, tuple[int, int, int]]
    bad: tuple[str, ...] = ()

    @property
    def due(self) -> int:
        """Cycles due in the weeks of the log."""
        return sum(w[0] for w in self.weeks.values())

    @property
    def observed(self) -> int:
        """Lessons visited."""
        return sum(w[1] for w in self.weeks.values())

    @property
    def met(self) -> int:
        """Meetings held."""
        return sum(w[2] for w in self.weeks.values())

    @property
    def last(self) -> int:
        """The last week of the log, 0 is the first of the year."""
        return max(self.weeks)


def read_log(text: str, scenario: Scenario, *, where: str = "log") -> Log:
    """Read a log with the columns week, due, observed, met.

    Parameters
    ----------
    text : str
        The file's text: commas, semicolons or tabs. ``week`` is the number of the school week, 1 is
        the first, or a date in it. Several rows of a week (one a pair) are added up. A column
        ``step`` may be there and is not read; no other may, so that no name is taken in.
    scenario : Scenario
        Its calendar says which weeks there are.
    where : str
        The file's name, for messages.

    Returns
    -------
    Log

    Raises
    ------
    InputError
        If a column is missing or unknown, or no row is left.
    """
    lines = text.lstrip("\ufeff").splitlines()
    head = next((line for line in lines if line.strip()), "")
    mark = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=mark)
    names: list[str] = []
    for first in rows:
        if any(c.strip() for c in first):
            names = [c.strip().lower() for c in first]
            break
    for name in COLUMNS:
        if names.count(name) != 1:
            raise InputError(
                f"there is {'no' if name not in names else 'more than one'} column '{name}'",
                where=where, remedy="its first line must be week,due,observed,met",
            )  # fmt: skip
    for i, name in enumerate(names, start=1):
        if name not in (*COLUMNS, *UNUSED):
            raise InputError(
                f"column {i} is not one of week, due, observed, met", where=where,
                remedy="take it out: a log needs no names and none may stand in it",
            )  # fmt: skip
    weeks: dict[int, tuple[int, int, int]] = {}
    bad: list[str] = []
    try:
        for row in rows:
            if not any(c.strip() for c in row):
                continue
            try:
                week, numbers = _row(row, names, scenario)
            except ValueError as error:
                bad.append(f"line {rows.line_num}: {error}")
                continue
            a, b, c = weeks.get(week, (0, 0, 0))
            weeks[week] = (a + numbers[0], b + numbers[1], c + numbers[2])
    except csv.Error:
        raise InputError("the file is not a table", where=where, remedy="save it as CSV") from None
    log = Log(weeks, tuple(bad))
    if not weeks or not log.due:
        raise InputError(
            f"no week with due cycles is left{f' ({bad[0]})' if bad else ''}", where=where,
            remedy="write a row a week: week,due,observed,met",
        )  # fmt: skip
    for what, count in (("met", log.met), ("observed", log.observed)):
        if count > log.due:
            raise InputError(
                f"{count} cycles are {what} and {log.due} are due", where=where,
                remedy="count each cycle once, and every week in which one is due",
            )  # fmt: skip
    return log


def _row(row: list[str], names: list[str], scenario: Scenario) -> tuple[int, list[int]]:
    """Read one row; what is wrong is said without repeating what stands in it."""
    if len(row) != len(names):
        raise ValueError(f"has {len(row)} cells and the first line {len(names)}")
    cells = dict(zip(names, (c.strip() for c in row), strict=True))
    numbers = []
    for name in ("due", "observed", "met"):
        if not re.fullmatch(r"[0-9]{1,6}", cells[name]) or int(cells[name]) > MOST:
            raise ValueError(f"{name} is no whole number from 0 to {MOST}")
        numbers.append(int(cells[name]))
    return _week(cells["week"], scenario), numbers


def _week(text: str, scenario: Scenario) -> int:
    weeks = scenario.school.calendar.weeks(scenario.school.grid.cycle_weeks)
    if re.fullmatch(r"[0-9]{1,3}", text):
        if not 1 <= int(text) <= len(weeks):
            raise ValueError(f"week is not between 1 and {len(weeks)}")
        return int(text) - 1
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError("week is neither a number nor a date such as 2025-09-01") from None
    monday = day - dt.timedelta(days=day.weekday())
    found = next((w.index for w in weeks if w.monday == monday), None)
    if found is None:
        raise ValueError("week is a date outside the school weeks of the calendar")
    return found


# --- simulated years --------------------------------------------------------------------------


def weekly(scenario: Scenario, seed: int, replication: int) -> NDArray[np.int64]:
    """Simulate a year and count it by week, as a log would.

    Parameters
    ----------
    scenario : Scenario
        What to simulate: its first school year.
    seed, replication : int
        Which year.

    Returns
    -------
    numpy.ndarray
        Shape (3, weeks): cycles due (without those paused), lessons visited, meetings held, each in
        the week in which it happened.
    """
    import numpy as np  # noqa: PLC0415 - floors above load it when they compute

    from ectsim.log import EVENT_CODE  # noqa: PLC0415
    from ectsim.model.year import live  # noqa: PLC0415

    year = live(scenario, seed, replication)
    weeks = year.frame.weeks
    origin = scenario.school.calendar.origin
    at = {(w.monday - origin).days // 7: w.index for w in weeks}
    out = np.zeros((3, len(weeks)), dtype=np.int64)
    kinds = {EVENT_CODE["due"]: 0, EVENT_CODE["observed"]: 1, EVENT_CODE["meeting"]: 2}
    for row in year.log.rows:
        kind = kinds.get(row[1])
        if kind is not None and row[3] >= 0:
            out[kind, at[row[0] // (7 * 1440)]] += 1
    return out


@dataclass(frozen=True)
class Particles:
    """Simulated years under rates drawn from the priors.

    Parameters
    ----------
    scenario : Scenario
        The school and its plan.
    seed : int
        Of draws and years.
    rates : numpy.ndarray
        Shape (years, rates): what was drawn, in the order of :data:`PRIORS`.
    counts : numpy.ndarray
        Shape (years, 3, weeks): what :func:`weekly` counted.
    """

    scenario: Scenario
    seed: int
    rates: NDArray[np.float64]
    counts: NDArray[np.int64]

    def of(self, i: int) -> Scenario:
        """Return the scenario of one simulated year."""
        return with_rates(self.scenario, self.rates[i].tolist())


def ranges() -> list[tuple[float, float]]:
    """Return the plausible ranges of :data:`PRIORS`."""
    found = {c.name: (c.low, c.high) for c in certificates(Conditions, "conditions")}
    out = []
    for name in PRIORS:
        low, high = found[name]
        assert low is not None, f"{name} has no range"
        assert high is not None, f"{name} has no range"
        out.append((float(low), float(high)))
    return out


def _is_whole(name: str) -> bool:
    return isinstance(Conditions.model_fields[name.partition(".")[2]].default, int)


def _draw(seed: int, i: int, what: str = "calibrate") -> list[float]:
    """Draw rates from their priors."""
    draws = Luck(seed, i).row("design", what, len(PRIORS))
    out = []
    for name, (low, high), u in zip(PRIORS, ranges(), draws, strict=False):
        out.append(
            float(int(low + u * (high - low + 1))) if _is_whole(name) else low + u * (high - low)
        )
    return out


def with_rates(scenario: Scenario, rates: Sequence[float]) -> Scenario:
    """Return a scenario with rates in the order of :data:`PRIORS`."""
    values = {name: int(v) if _is_whole(name) else v for name, v in zip(PRIORS, rates, strict=True)}
    return scenario.with_changes(dict(values))


def _chunk(
    scenario: Scenario, seed: int, draws: Sequence[int]
) -> list[tuple[list[float], list[NDArray[np.int64]]]]:
    """Simulate the years of some draws: a picklable piece of work."""
    out = []
    for i in draws:
        rates = _draw(seed, i)
        made = with_rates(scenario, rates)
        out.append((rates, [weekly(made, seed, i * YEARS_A_DRAW + k) for k in range(YEARS_A_DRAW)]))
    return out


def particles(
    scenario: Scenario,
    *,
    seed: int = 1,
    years: int = 600,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Particles:
    """Simulate years under rates drawn from the priors.

    Parameters
    ----------
    scenario : Scenario
        The school and its plan.
    seed : int
        Of draws and years.
    years : int
        How many; rounded up to a multiple of :data:`YEARS_A_DRAW`.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) draws.
    """
    import numpy as np  # noqa: PLC0415 - as above

    from ectsim.experiment import chunks  # noqa: PLC0415

    draws = -(-years // YEARS_A_DRAW)
    work = list(chunks(range(draws), 5))
    if executor is None:
        results = (_chunk(scenario, seed, piece) for piece in work)
    else:
        sent = [executor.submit(_chunk, scenario, seed, piece) for piece in work]
        results = (future.result() for future in sent)
    rates: list[list[float]] = []
    counts: list[NDArray[np.int64]] = []
    done = 0
    for found in results:
        for drawn, lived in found:
            rates += [drawn] * len(lived)
            counts += lived
            done += 1
        if progress:
            progress(done, draws)
    return Particles(scenario, seed, np.array(rates), np.array(counts))


# --- weighing ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """Simulated years that look like what was seen.

    Parameters
    ----------
    index, weight : numpy.ndarray
        Which years, the likest first, and their weights, which add up to 1.
    gap : numpy.ndarray
        Shape (kept, looks): how far each is from what was seen, in spreads.
    outside : tuple of str
        What was seen and no year shows.
    """

    index: NDArray[np.int64]
    weight: NDArray[np.float64]
    gap: NDArray[np.float64]
    outside: tuple[str, ...]


LOOKS = ("meetings held so far", "meetings held in the last weeks", "lessons visited")


def looks_of(counts: NDArray[np.int64], weeks: Sequence[int]) -> NDArray[np.float64]:
    """Return what is compared, for each year: shape (years, 3)."""
    import numpy as np  # noqa: PLC0415 - as above

    mine = counts[:, :, list(weeks)]
    recent = counts[:, :, list(weeks)[-RECENT:]]
    due = np.maximum(mine[:, 0].sum(1), 1)
    due_recent = np.maximum(recent[:, 0].sum(1), 1)
    return np.stack(
        [mine[:, 2].sum(1) / due, recent[:, 2].sum(1) / due_recent, mine[:, 1].sum(1) / due], axis=1
    )


def _weigh(found: Particles, log: Log) -> Kept:
    import numpy as np  # noqa: PLC0415 - as above

    weeks = sorted(log.weeks)
    table = np.zeros((1, 3, found.counts.shape[2]), dtype=np.int64)
    for w, row in log.weeks.items():
        table[0, :, w] = row
    looks, mine = looks_of(found.counts, weeks), looks_of(table, weeks)[0]
    return nearest(looks, mine)


def nearest(looks: NDArray[np.float64], mine: NDArray[np.float64]) -> Kept:
    """Keep the simulated years that look most like what was seen, weighed by how alike they are.

    Parameters
    ----------
    looks : numpy.ndarray
        Shape (years, looks); the first are :data:`LOOKS`.
    mine : numpy.ndarray
        Shape (looks,): what was seen.
    """
    import numpy as np  # noqa: PLC0415 - as above

    outside = []
    for i, words in enumerate(LOOKS):
        low, high = np.quantile(looks[:, i], (0.01, 0.99))
        if not low <= mine[i] <= high:
            outside.append(
                f"{words}: {mine[i]:.0%} of those due; 98 of 100 simulated years lie between "
                f"{low:.0%} and {high:.0%}"
            )
    spread = np.median(np.abs(looks - np.median(looks, axis=0)), axis=0)
    gap = (looks - mine) / np.where(spread > 0, spread, 1.0)
    distance = np.sqrt((gap**2).sum(axis=1))
    count = min(len(distance), max(LEAST, round(KEPT * len(distance))))
    index = np.argsort(distance, kind="stable")[:count]
    edge = distance[index[-1]] * 1.000001 + 1e-12
    weight = 1 - (distance[index] / edge) ** 2  # Epanechnikov's kernel
    weight = weight + 1e-9
    return Kept(index, weight / weight.sum(), gap[index], tuple(outside))


def corrected(values: NDArray[np.float64], kept: Kept) -> NDArray[np.float64]:
    """Move values to where they would be if each year looked exactly like the log.

    Where the log lies beyond all years, a straight line would be carried on into nothing: values are
    moved to at most one spread beyond the middle of the years that were kept.
    """
    import numpy as np  # noqa: PLC0415 - as above

    root = np.sqrt(kept.weight)[:, None]
    design = np.column_stack([np.ones(len(values)), kept.gap])
    # a little ridge: where all that is kept looks alike there is nothing to correct
    ridge = np.diag([0.0] + [1e-3] * kept.gap.shape[1])
    weighed = design * root
    slope = np.linalg.solve(
        weighed.T @ weighed + ridge + 1e-12 * np.eye(len(ridge)),
        weighed.T @ (values[:, None] * root),
    )
    middle = kept.weight @ kept.gap
    beyond = middle - np.clip(middle, -1, 1)
    moved: NDArray[np.float64] = values - (kept.gap - beyond) @ slope[1:, 0]
    return moved


def quantiles(
    values: NDArray[np.float64], weight: NDArray[np.float64], at: Sequence[float]
) -> list[float]:
    """Return quantiles of weighed values."""
    import numpy as np  # noqa: PLC0415 - as above

    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weight[order]) - weight[order] / 2
    return [float(np.interp(p, mass, values[order])) for p in at]


# --- the forecast -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """What the log says of a rate.

    Parameters
    ----------
    name, ask : str
        The parameter and its question.
    low, high : float
        The prior: even between them.
    mean, lo, hi : float
        The school's own: mean and the middle nine tenths.
    """

    name: str
    ask: str
    low: float
    high: float
    mean: float
    lo: float
    hi: float

    @property
    def learnt(self) -> bool:
        """Whether the log narrows the range by a fifth or more."""
        return self.hi - self.lo < 0.8 * 0.9 * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of plan would do from the end of the log on.

    Parameters
    ----------
    words : str
        What is changed.
    mean : float
        Year's end share with it.
    gain, lo, hi : float
        Mean difference and its 95 % interval, over the same simulated years.
    """

    words: str
    mean: float
    gain: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Forecast:
    """The year's end.

    Parameters
    ----------
    scenario : Scenario
        The school with its own rates (their means).
    seed, years, kept : int
        Simulated years, and how many of them look like the log.
    log : Log
        The log.
    so_far : float
        Share of the cycles due so far that were held.
    due : int
        Cycles due in the year: the log's, and the model's for the weeks that it does not name.
    mean, lo, hi : float
        Share held at the year's end: mean and 95 % interval.
    rest : float
        Share held of what is still due.
    rates : tuple of Rate
        The school's own rates.
    changes : tuple of Change
        What would change it, the best first.
    warnings : tuple of str
        What to know first.
    """

    scenario: Scenario
    seed: int
    years: int
    kept: int
    log: Log
    so_far: float
    due: int
    mean: float
    lo: float
    hi: float
    rest: float
    rates: tuple[Rate, ...]
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        return {
            "scenario": self.scenario.name,
            "code": self.scenario.code(self.seed),
            "seed": self.seed,
            "years": self.years,
            "kept": self.kept,
            "weeks": len(self.log.weeks),
            "last_week": self.log.last + 1,
            "due_so_far": self.log.due,
            "met_so_far": self.log.met,
            "so_far": self.so_far,
            "due": self.due,
            "year_end": {"mean": self.mean, "lo": self.lo, "hi": self.hi},
            "rest": self.rest,
            "rates": [
                {"name": r.name, "ask": r.ask, "prior": [r.low, r.high], "mean": r.mean, "lo": r.lo,
                 "hi": r.hi, "learnt": r.learnt}
                for r in self.rates
            ],
            "changes": [
                {"words": c.words, "mean": c.mean, "gain": c.gain, "lo": c.lo, "hi": c.hi}
                for c in self.changes
            ],
            "skipped": list(self.log.bad),
            "warnings": list(self.warnings),
            "limits": LIMITS,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the forecast in lines."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        out = [f"! {w}" for w in self.warnings]
        out += [
            f"After week {self.log.last + 1}: {self.log.met} of {self.log.due} cycles were held ({self.so_far:.1%}).",
            f"At the year's end expect {self.mean:.1%} of {self.due}; 95 % interval {self.lo:.1%} to {self.hi:.1%}. "
            f"Of what is still due: {self.rest:.1%}.",
            f"From {self.kept} of {self.years} simulated years that look like your log, seed {self.seed}.",
            "",
            "Your school's own rates (where the log says something):",
        ]
        learnt = [r for r in self.rates if r.learnt]
        out += [
            f"  {r.ask} {r.mean:.3g} ({r.lo:.3g} to {r.hi:.3g}; before: {r.low:g} to {r.high:g})"
            for r in learnt
        ] or ["  nothing yet: the log fits the whole range"]
        if self.changes:
            out += ["", f"From week {self.log.last + 2} on, this would change it:"]
            out += [
                f"  {c.words}: {100 * c.gain:+.1f} points ({100 * c.lo:+.1f} to {100 * c.hi:+.1f}), to {c.mean:.1%}"
                for c in self.changes
            ]
            out.append(
                "  (simulated as if the plan had held all year; only the weeks still to come are counted)"
            )
        if self.log.bad:
            out += ["", f"{len(self.log.bad)} rows were skipped:"]
            out += [f"  {b}" for b in self.log.bad[:20]]
        return [*out, "", f"Code with these rates: {self.scenario.code(self.seed)}", LIMITS]


def forecast(
    scenario: Scenario,
    log: Log,
    *,
    seed: int = 1,
    years: int = 600,
    changes: bool = True,
    found: Particles | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast the year's end from a school's own log.

    Parameters
    ----------
    scenario : Scenario
        The school and its plan.
    log : Log
        What :func:`read_log` gave.
    seed : int
        Of draws and years.
    years : int
        Simulated years; at least :data:`LEAST`.
    changes : bool
        Whether to try changes of plan.
    found : Particles, optional
        Simulated years at hand; they depend on scenario and seed alone, not on the log.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) draws.

    Raises
    ------
    InputError
        If the school has no pairs, or too few years are asked for.
    """
    import numpy as np  # noqa: PLC0415 - as above

    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    if years < LEAST:
        raise InputError(f"{years} simulated years are too few", remedy=f"use at least {LEAST}")
    if found is None:
        found = particles(scenario, seed=seed, years=years, executor=executor, progress=progress)
    kept = _weigh(found, log)
    counts = found.counts[kept.index]
    others = [w for w in range(found.counts.shape[2]) if w not in log.weeks]
    rest_due = counts[:, 0][:, others].sum(1).astype(float)
    rest_met = counts[:, 2][:, others].sum(1).astype(float)
    due_later = round(float(kept.weight @ rest_due))
    due = log.due + due_later
    share = corrected(np.where(rest_due > 0, rest_met / np.maximum(rest_due, 1), 0.0), kept)
    # cycles of before may be caught up later, but never more than are due
    ends = np.clip((log.met + share * due_later) / due, log.met / due, 1.0)
    lo, hi = quantiles(ends, kept.weight, (0.025, 0.975))
    mean = float(kept.weight @ ends)
    rates = _rates(found, kept)
    own = with_rates(
        scenario, [round(r.mean) if _is_whole(r.name) else round(r.mean, 4) for r in rates]
    )
    notes = [f"Your log lies outside what the model knows: {w}." for w in kept.outside]
    theirs = float(found.counts[:, 0][:, sorted(log.weeks)].sum(1).mean())
    if abs(log.due - theirs) > 0.2 * max(log.due, theirs):
        notes.append(
            f"Your log has {log.due} cycles due in its weeks, the plan {theirs:.0f}: check the roster."
        )
    rest = (mean * due - log.met) / due_later if due_later else 0.0
    out = Forecast(
        own, found.seed, len(found.counts), len(kept.index), log, log.met / log.due, due, mean, lo, hi,
        rest, rates, (), (*notes, *((scenario.banner,) if scenario.banner else ())),
    )  # fmt: skip
    if changes and due_later:
        tried = _changes(found, kept, others, out, due_later, executor)
        out = replace(out, changes=tried)
    return out


def _rates(found: Particles, kept: Kept) -> tuple[Rate, ...]:
    asks = {c.name: c.ask for c in certificates(Conditions, "conditions")}
    out = []
    for i, (name, (low, high)) in enumerate(zip(PRIORS, ranges(), strict=True)):
        half = 0.5 if _is_whole(name) else 0.0
        values = rate_values(found.rates[kept.index, i], low, high, kept, half=half)
        lo, hi = quantiles(values, kept.weight, (0.05, 0.95))
        out.append(Rate(name, asks[name], low, high, float(kept.weight @ values), lo, hi))
    return tuple(out)


def rate_values(
    drawn: NDArray[np.float64],
    low: float,
    high: float,
    kept: Kept,
    *,
    half: float = 0.0,
    widen: float = 1.0,
) -> NDArray[np.float64]:
    """Correct rates of kept years, inside their range.

    On the scale of odds within the range, so that a correction stays inside it; a whole number stands
    for the stretch of ``half`` about it. Values are spread about their mean by ``widen``.
    """
    import numpy as np  # noqa: PLC0415 - as above

    share = (drawn - low + half) / (high - low + 2 * half)
    share = np.clip(share, 1e-6, 1 - 1e-6)
    odds = corrected(np.log(share / (1 - share)), kept)
    if widen != 1:
        middle = float(kept.weight @ odds)
        odds = middle + (odds - middle) * widen
    odds = np.clip(odds, -30, 30)
    values = low - half + (high - low + 2 * half) / (1 + np.exp(-odds))
    clipped: NDArray[np.float64] = np.clip(values, low, high)
    return clipped


def _later(
    scenario: Scenario, seed: int, years: Sequence[int], weeks: Sequence[int]
) -> list[tuple[int, int]]:
    """Simulate some years and count what is due and held in some weeks: a picklable piece of work."""
    out = []
    for k in years:
        counts = weekly(scenario, seed, k)[:, list(weeks)]
        out.append((int(counts[0].sum()), int(counts[2].sum())))
    return out


def _changes(
    found: Particles,
    kept: Kept,
    weeks: list[int],
    base: Forecast,
    due_later: int,
    executor: Executor | None,
) -> tuple[Change, ...]:
    """Try changes of plan in the years that are kept, the likeliest first."""
    from ectsim.analysis import paired  # noqa: PLC0415 - beside its use
    from ectsim.planner.stress import Shock, remedies  # noqa: PLC0415

    offered = remedies(found.scenario, Shock("none", "", 0.0, {}))
    chosen = [int(i) for i in kept.index[:CHANGES_YEARS]]
    pieces = []
    for _, made in offered:
        for i in chosen:
            pieces.append((with_rates(made, found.rates[i].tolist()), found.seed, [i], weeks))
    if executor is None:
        results = [_later(*piece) for piece in pieces]
    else:
        sent = [executor.submit(_later, *piece) for piece in pieces]
        results = [future.result() for future in sent]
    before = [
        found.counts[i, 2, weeks].sum() / max(1, found.counts[i, 0, weeks].sum()) for i in chosen
    ]
    out, part = [], due_later / base.due
    for k, (words, _) in enumerate(offered):
        mine = results[k * len(chosen) : (k + 1) * len(chosen)]
        after = [met / max(1, due) for ((due, met),) in mine]
        e = paired(before, after)
        out.append(
            Change(
                words, min(1.0, base.mean + part * e.mean), part * e.mean, part * e.lo, part * e.hi
            )
        )
    return tuple(sorted(out, key=lambda c: -c.gain))


def from_now(
    found: Particles, log: Log, changes: Mapping[str, object], *, years: int = CHANGES_YEARS
) -> Estimate:
    """Try one change of plan from the end of a log on.

    Parameters
    ----------
    found : Particles
        Simulated years at hand.
    log : Log
        What :func:`read_log` gave.
    changes : mapping of str to object
        Dotted names to values.
    years : int
        In how many of the years that look most like the log it is tried.

    Returns
    -------
    ectsim.analysis.Estimate
        Of the difference in the share held at the year's end. The change is simulated as if it had
        held all year, and only the weeks that the log does not name are counted.
    """
    from ectsim.analysis import paired  # noqa: PLC0415 - beside its use

    found.scenario.with_changes(changes)  # what cannot be is refused before anything is simulated
    kept = _weigh(found, log)
    weeks = [w for w in range(found.counts.shape[2]) if w not in log.weeks]
    before, after = [], []
    for i in kept.index[:years].tolist():
        ((due, met),) = _later(found.of(i).with_changes(changes), found.seed, [i], weeks)
        counts = found.counts[i][:, weeks]
        share = counts[0].sum() / max(1, log.due + counts[0].sum())
        before.append(share * counts[2].sum() / max(1, counts[0].sum()))
        after.append(share * met / max(1, due))
    return paired(before, after)


# --- does it cover the truth? -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """How forecasts after a number of weeks do in synthetic schools whose year's end is known.

    Parameters
    ----------
    weeks : int
        Weeks in the log.
    schools : int
        How many synthetic schools.
    covered : int
        In how many the 95 % interval holds the truth.
    width : float
        Mean width of the interval, a share.
    error : float
        Mean distance of the forecast from the truth, a share.
    """

    weeks: int
    schools: int
    covered: int
    width: float
    error: float


def coverage(
    scenario: Scenario,
    *,
    after: Sequence[int],
    schools: int = 100,
    seed: int = 1,
    years: int = 600,
    executor: Executor | None = None,
) -> list[Coverage]:
    """Forecast synthetic schools whose rates are drawn from the priors, and count what is covered.

    Parameters
    ----------
    scenario : Scenario
        School and plan that all of them share.
    after : sequence of int
        After how many weeks of the year each is forecast.
    schools : int
        How many.
    seed : int
        Of the forecasts; the schools live under the next one, so that none is among the simulated
        years that it is held against.
    years : int
        Simulated years of a forecast.
    executor : concurrent.futures.Executor, optional
        Where to work.
    """
    found = particles(scenario, seed=seed, years=years, executor=executor)
    pieces = [(scenario, seed + 1, [i]) for i in range(schools)]
    if executor is None:
        lived = [_chunk(*p) for p in pieces]
    else:
        sent = [executor.submit(_chunk, *p) for p in pieces]
        lived = [future.result() for future in sent]
    truths = [years_of[0] for ((_, years_of),) in lived]
    out = []
    for weeks in after:
        covered, widths, errors = 0, [], []
        for counts in truths:
            rows = {w: (int(a), int(b), int(c)) for w, (a, b, c) in enumerate(counts.T[:weeks])}
            told = forecast(scenario, Log(rows), changes=False, found=found)
            truth = float(counts[2].sum() / counts[0].sum())
            # shares come in steps of one cycle: half a step either way is rounding
            step = 0.5 / told.due
            covered += told.lo - step <= truth <= told.hi + step
            widths.append(told.hi - told.lo)
            errors.append(abs(told.mean - truth))
        out.append(Coverage(weeks, schools, covered, sum(widths) / schools, sum(errors) / schools))
    return out
