"""Several schools' logs at once: what a partner's schools have in common, and where their year ends.

Each school keeps its own anonymous log, as for one school (see :mod:`ectsim.calibrate`). The method is
approximate Bayesian computation again, on groups of schools. A school's rates have the same even priors
as before; but the schools of one partner are alike to a degree that nobody knows: for each simulated
group it is drawn evenly between not at all and wholly, and every rate of its schools is drawn with that
correlation (a Gaussian copula, which leaves each school's prior as it is). So a short log is read beside
its neighbours', and not more than they are alike.

A group is kept when it looks like the logs; a school's year when it looks like the school's own log and
the rest of the group like the others'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ectsim.analysis import t_quantile
from ectsim.calibrate import (
    LEAST,
    PRIORS,
    Kept,
    Log,
    corrected,
    looks_of,
    nearest,
    quantiles,
    ranges,
    rate_values,
    weekly,
    with_rates,
)
from ectsim.errors import InputError
from ectsim.luck import Luck
from ectsim.parameters import certificates
from ectsim.school import Conditions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ectsim.scenario import Scenario

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = [
    "GroupCoverage",
    "GroupForecast",
    "Groups",
    "SchoolForecast",
    "coverage",
    "forecast",
    "groups",
]

Progress = Callable[[int, int], None]

MOST_SCHOOLS = 50


@dataclass(frozen=True)
class Groups:
    """Simulated groups of schools.

    Parameters
    ----------
    scenarios : tuple of Scenario
        The schools and their plans, as they stand.
    seed : int
        Of draws and years.
    alike : numpy.ndarray
        Shape (groups,): how far a group's schools are alike, 0 to 1.
    rates : numpy.ndarray
        Shape (groups, schools, rates): in the order of :data:`ectsim.calibrate.PRIORS`.
    counts : tuple of numpy.ndarray
        For each school shape (groups, 3, weeks): cycles due, visits, meetings by week.
    """

    scenarios: tuple[Scenario, ...]
    seed: int
    alike: Array
    rates: Array
    counts: tuple[Counts, ...]

    def without(self, i: int) -> Groups:
        """Return the other groups."""
        others = np.arange(len(self.alike)) != i
        return Groups(
            self.scenarios, self.seed, self.alike[others], self.rates[others],
            tuple(c[others] for c in self.counts),
        )  # fmt: skip


def _draw(seed: int, i: int, schools: int) -> tuple[float, list[list[float]]]:
    """Draw how far a group's schools are alike, and their rates."""
    normal = NormalDist()
    luck = Luck(seed, i)
    common = luck.row("design", "group", len(PRIORS) + 1)
    alike = common[len(PRIORS)]
    rates = []
    for s in range(schools):
        own = luck.row("design", f"group school {s}", len(PRIORS))
        row = []
        for j, (name, (low, high)) in enumerate(zip(PRIORS, ranges(), strict=True)):
            both = (normal.inv_cdf(min(max(u, 1e-12), 1 - 1e-12)) for u in (common[j], own[j]))
            shared, alone = both
            u = min(normal.cdf(alike**0.5 * shared + (1 - alike) ** 0.5 * alone), 1 - 1e-12)
            whole = isinstance(Conditions.model_fields[name.partition(".")[2]].default, int)
            row.append(float(int(low + u * (high - low + 1))) if whole else low + u * (high - low))
        rates.append(row)
    return alike, rates


def _chunk(
    scenarios: Sequence[Scenario], seed: int, draws: Sequence[int]
) -> list[tuple[float, list[list[float]], list[Counts]]]:
    """Simulate some groups: a picklable piece of work."""
    out = []
    for i in draws:
        alike, rates = _draw(seed, i, len(scenarios))
        lived = [
            weekly(with_rates(scenario, row), seed, i * len(scenarios) + s)
            for s, (scenario, row) in enumerate(zip(scenarios, rates, strict=True))
        ]
        out.append((alike, rates, lived))
    return out


def groups(
    scenarios: Sequence[Scenario],
    *,
    seed: int = 1,
    count: int = 600,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Groups:
    """Simulate groups of schools under rates drawn from the priors.

    Parameters
    ----------
    scenarios : sequence of Scenario
        A school and its plan each; the same one may stand for several.
    seed : int
        Of draws and years.
    count : int
        How many groups; each school lives one year in each.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) groups.
    """
    from ectsim.experiment import chunks  # noqa: PLC0415 - beside its use

    work = list(chunks(range(count), 4))
    if executor is None:
        results = (_chunk(scenarios, seed, piece) for piece in work)
    else:
        sent = [executor.submit(_chunk, scenarios, seed, piece) for piece in work]
        results = (f.result() for f in sent)
    rows: list[tuple[float, list[list[float]], list[Counts]]] = []
    for found in results:
        rows += found
        if progress:
            progress(len(rows), count)
    return Groups(
        tuple(scenarios), seed, np.array([r[0] for r in rows]), np.array([r[1] for r in rows]),
        tuple(np.array([r[2][s] for r in rows]) for s in range(len(scenarios))),
    )  # fmt: skip


# --- the forecast -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SchoolForecast:
    """A school's year's end.

    Parameters
    ----------
    name : str
        What its log is called.
    weeks, due_so_far, met_so_far, due : int
        Weeks of its log; cycles due and held in them; cycles due in the year.
    mean, lo, hi : float
        Share held at the year's end, mean and 95 % interval.
    outside : tuple of str
        What of its log the model does not know.
    """

    name: str
    weeks: int
    due_so_far: int
    met_so_far: int
    due: int
    mean: float
    lo: float
    hi: float
    outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupForecast:
    """What several logs say.

    Parameters
    ----------
    seed, count, kept : int
        Simulated groups, and how many look like the logs.
    schools : tuple of SchoolForecast
        In the order given; nobody is ranked.
    due : int
        Cycles due in the year in all schools.
    mean, lo, hi : float
        Share of them held at the year's end, mean and 95 % interval.
    alike : (float, float, float)
        How far the schools are alike, 0 to 1: mean and the middle nine tenths.
    rates : tuple of (str, str, float, float, float, float, float)
        The schools' average rates: name, question, low and high of the prior, mean and the middle nine tenths.
    warnings : tuple of str
        What to know first.
    """

    seed: int
    count: int
    kept: int
    schools: tuple[SchoolForecast, ...]
    due: int
    mean: float
    lo: float
    hi: float
    alike: tuple[float, float, float]
    rates: tuple[tuple[str, str, float, float, float, float, float], ...]
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        return {
            "seed": self.seed,
            "groups": self.count,
            "kept": self.kept,
            "due": self.due,
            "year_end": {"mean": self.mean, "lo": self.lo, "hi": self.hi},
            "alike": dict(zip(("mean", "lo", "hi"), self.alike, strict=True)),
            "schools": [
                {"log": s.name, "weeks": s.weeks, "due_so_far": s.due_so_far, "met_so_far": s.met_so_far,
                 "due": s.due, "year_end": {"mean": s.mean, "lo": s.lo, "hi": s.hi}}
                for s in self.schools
            ],
            "rates": [
                {"name": n, "ask": a, "prior": [low, high], "mean": m, "lo": lo, "hi": hi}
                for n, a, low, high, m, lo, hi in self.rates
            ],
            "warnings": list(self.warnings),
            "limits": LIMITS,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the forecast in lines, schools in the order given."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - as above

        out = [f"! {w}" for w in self.warnings]
        out += [
            f"In all {len(self.schools)} schools expect {self.mean:.1%} of {self.due} cycles to be held by the year's end; "
            f"95 % interval {self.lo:.1%} to {self.hi:.1%}.",
            f"From {self.kept} of {self.count} simulated groups of schools that look like the logs, seed {self.seed}.",
            f"How far the schools are alike, 0 to 1: {self.alike[0]:.2f} ({self.alike[1]:.2f} to {self.alike[2]:.2f}).",
            "",
            "School by school, in the order given:",
        ]
        width = max(len(s.name) for s in self.schools)
        out += [
            f"  {s.name:{width}}  {s.met_so_far:4} of {s.due_so_far:4} held in {s.weeks:2} weeks; year's end {s.mean:.1%} ({s.lo:.1%} to {s.hi:.1%})"
            for s in self.schools
        ]
        out += ["", "The schools' average rates (where the logs say something):"]
        out += [
            f"  {ask} {mean:.3g} ({lo:.3g} to {hi:.3g}; one school's range: {low:g} to {high:g})"
            for _, ask, low, high, mean, lo, hi in self.rates
            if hi - lo < 0.4 * (high - low)
        ] or ["  nothing yet"]
        return [*out, "", LIMITS]


def forecast(
    scenarios: Sequence[Scenario],
    logs: Sequence[Log],
    *,
    names: Sequence[str] = (),
    seed: int = 1,
    count: int = 600,
    found: Groups | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> GroupForecast:
    """Forecast the year's end of several schools from their own logs.

    Parameters
    ----------
    scenarios : sequence of Scenario
        A school and its plan for each log.
    logs : sequence of Log
        At least two.
    names : sequence of str
        What each log is called; numbers without them.
    seed : int
        Of draws and years.
    count : int
        Simulated groups; at least :data:`ectsim.calibrate.LEAST`.
    found : Groups, optional
        Simulated groups at hand; they depend on scenarios and seed alone.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) groups.

    Raises
    ------
    InputError
        If there are too few logs or too many, a school has no pairs, or too few groups are asked for.
    """
    if not 2 <= len(logs) <= MOST_SCHOOLS:
        raise InputError(
            f"{len(logs)} logs cannot be read together", remedy=f"give 2 to {MOST_SCHOOLS}"
        )
    if any(not s.school.pairs for s in scenarios):
        raise InputError("the school has no pairs", remedy="import it with a roster")
    if found is None:
        if count < LEAST:
            raise InputError(
                f"{count} simulated groups are too few", remedy=f"use at least {LEAST}"
            )
        found = groups(scenarios, seed=seed, count=count, executor=executor, progress=progress)
    names = names or [f"school {i}" for i in range(1, len(logs) + 1)]
    looks = [looks_of(c, sorted(log.weeks)) for c, log in zip(found.counts, logs, strict=True)]
    mine = [_look(log, c.shape[2]) for log, c in zip(logs, found.counts, strict=True)]
    rest = [_rest(c, log) for c, log in zip(found.counts, logs, strict=True)]
    schools = tuple(
        _school(found, s, name, logs[s], looks, mine, rest) for s, name in enumerate(names)
    )
    # all schools at once: their average looks, and how far the shares held differ between them
    stacked, own = np.array(looks), np.array(mine)
    weight = np.array([log.due for log in logs], dtype=float)
    weight /= weight.sum()
    table = np.column_stack([np.tensordot(weight, stacked, axes=1), stacked[:, :, 0].std(axis=0)])
    target = np.append(weight @ own, own[:, 0].std())
    kept = nearest(table, target)
    due_later = sum(s.due for s in schools) - sum(log.due for log in logs)
    rest_due = np.sum([r[0] for r in rest], axis=0)[kept.index]
    rest_met = np.sum([r[1] for r in rest], axis=0)[kept.index]
    share = _honest(
        corrected(np.where(rest_due > 0, rest_met / np.maximum(rest_due, 1), 0.0), kept), kept
    )
    due, met = sum(s.due for s in schools), sum(log.met for log in logs)
    ends = np.clip((met + share * due_later) / due, met / due, 1.0)
    lo, hi = quantiles(ends, kept.weight, (0.025, 0.975))
    asks = {c.name: c.ask for c in certificates(Conditions, "conditions")}
    rates = []
    for j, (name, (low, high)) in enumerate(zip(PRIORS, ranges(), strict=True)):
        values = rate_values(
            found.rates[kept.index][:, :, j].mean(axis=1), low, high, kept, widen=_doubt(kept, 0.95)
        )
        r_lo, r_hi = quantiles(values, kept.weight, (0.05, 0.95))
        rates.append((name, asks[name], low, high, float(kept.weight @ values), r_lo, r_hi))
    alike = rate_values(found.alike[kept.index], 0.0, 1.0, kept, widen=_doubt(kept, 0.95))
    a_lo, a_hi = quantiles(alike, kept.weight, (0.05, 0.95))
    notes = [f"The log of {s.name} lies outside what the model knows: {w}." for s in schools for w in s.outside]  # fmt: skip
    return GroupForecast(
        found.seed, len(found.alike), len(kept.index), schools, due, float(kept.weight @ ends), lo, hi,
        (float(kept.weight @ alike), a_lo, a_hi), tuple(rates), tuple(notes),
    )  # fmt: skip


def _doubt(kept: Kept, part: float = 0.975) -> float:
    """Return by what factor corrected values must spread for what the correction itself does not know.

    Few groups are kept and several looks are compared, so the fitted plane follows its own points
    too closely, and where it lies is uncertain too. Both make values from a fit lie too close together;
    the factor is that of a prediction interval of a weighted regression, at one of its ends.
    """
    weight = kept.weight
    design = np.column_stack([np.ones(len(weight)), kept.gap])
    bread = np.linalg.pinv(design.T @ (design * weight[:, None]))
    at_target = float((bread @ (design.T @ (design * weight[:, None] ** 2)) @ bread)[0, 0])
    many = 1 / float((weight**2).sum())
    free = max(8.0, many - design.shape[1])
    point = t_quantile(part, int(free)) / NormalDist().inv_cdf(part)
    return float(np.sqrt((1 + min(at_target, 1.0)) * many / free)) * point


def _honest(values: Array, kept: Kept) -> Array:
    """Spread corrected values about their mean by the doubt of the correction."""
    middle = float(kept.weight @ values)
    spread: Array = middle + (values - middle) * _doubt(kept)
    return spread


def _look(log: Log, weeks: int) -> Array:
    table = np.zeros((1, 3, weeks), dtype=np.int64)
    for w, row in log.weeks.items():
        table[0, :, w] = row
    mine: Array = looks_of(table, sorted(log.weeks))[0]
    return mine


def _rest(counts: Counts, log: Log) -> tuple[Array, Array]:
    """Return what is due and held in the weeks that a log does not name."""
    others = [w for w in range(counts.shape[2]) if w not in log.weeks]
    return counts[:, 0][:, others].sum(1).astype(float), counts[:, 2][:, others].sum(1).astype(
        float
    )


def _school(
    found: Groups,
    s: int,
    name: str,
    log: Log,
    looks: Sequence[Array],
    mine: Sequence[Array],
    rest: Sequence[tuple[Array, Array]],
) -> SchoolForecast:
    """Forecast one school: years like its own log, in groups whose other schools look like the others."""
    others = [i for i in range(len(looks)) if i != s]
    beside = np.mean([looks[i][:, [0, 2]] for i in others], axis=0)
    target = np.append(mine[s], np.mean([mine[i][[0, 2]] for i in others], axis=0))
    kept = nearest(np.column_stack([looks[s], beside]), target)
    rest_due, rest_met = rest[s][0][kept.index], rest[s][1][kept.index]
    due_later = round(float(kept.weight @ rest_due))
    due = log.due + due_later
    share = _honest(
        corrected(np.where(rest_due > 0, rest_met / np.maximum(rest_due, 1), 0.0), kept), kept
    )
    ends = np.clip((log.met + share * due_later) / due, log.met / due, 1.0)
    lo, hi = quantiles(ends, kept.weight, (0.025, 0.975))
    outside = [w for w in kept.outside if not w.startswith("others")]
    return SchoolForecast(
        name,
        len(log.weeks),
        log.due,
        log.met,
        due,
        float(kept.weight @ ends),
        lo,
        hi,
        tuple(outside),
    )


# --- does it cover the truth? -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupCoverage:
    """How forecasts after a number of weeks do in simulated groups whose year's end is known.

    Parameters
    ----------
    weeks : int
        Weeks in each log.
    groups : int
        How many groups.
    covered : int
        In how many the 95 % interval of all schools together holds the truth.
    width : float
        Mean width of that interval.
    schools, schools_covered : int
        The same of single schools.
    schools_width : float
        Mean width of a school's interval.
    alike_covered : int
        In how many groups the 90 % interval of how far schools are alike holds the truth.
    rates_covered : float
        Share of average rates that their 90 % interval holds.
    """

    weeks: int
    groups: int
    covered: int
    width: float
    schools: int
    schools_covered: int
    schools_width: float
    alike_covered: int
    rates_covered: float


def coverage(found: Groups, *, after: Sequence[int], most: int = 200) -> list[GroupCoverage]:
    """Take each simulated group for the truth in turn, forecast it from all others, and count.

    Parameters
    ----------
    found : Groups
        Simulated groups.
    after : sequence of int
        After how many weeks of the year each is forecast.
    most : int
        How many groups are taken for the truth.
    """
    out = []
    tried = range(min(most, len(found.alike)))
    for weeks in after:
        covered = schools = alike = 0
        widths, school_widths, rates = [], [], []
        for i in tried:
            truth = [c[i] for c in found.counts]
            logs = [
                Log({w: (int(a), int(b), int(m)) for w, (a, b, m) in enumerate(t.T[:weeks])})
                for t in truth
            ]
            told = forecast(found.scenarios, logs, found=found.without(i))
            end = sum(t[2].sum() for t in truth) / sum(t[0].sum() for t in truth)
            step = 0.5 / told.due  # shares come in steps of one cycle
            covered += int(told.lo - step <= end <= told.hi + step)
            widths.append(told.hi - told.lo)
            for s, t in zip(told.schools, truth, strict=True):
                own, half = t[2].sum() / t[0].sum(), 0.5 / s.due
                schools += int(s.lo - half <= own <= s.hi + half)
                school_widths.append(s.hi - s.lo)
            alike += int(told.alike[1] <= found.alike[i] <= told.alike[2])
            average = found.rates[i].mean(axis=0)
            rates += [r[5] <= a <= r[6] for r, a in zip(told.rates, average, strict=True)]
        out.append(
            GroupCoverage(
                weeks, len(tried), covered, float(np.mean(widths)), len(tried) * len(found.scenarios), schools,
                float(np.mean(school_widths)), alike, float(np.mean(rates)),
            )
        )  # fmt: skip
    return out
