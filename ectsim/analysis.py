"""Analysis of replications: intervals, paired differences, verdicts, and results as plain data.

The replication is the sample. Intervals are over replications, never over people or weeks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan, sqrt
from statistics import NormalDist, fmean, stdev
from typing import Any, Literal

from ectsim import __version__
from ectsim.experiment import Results
from ectsim.metrics import METRICS
from ectsim.money import money_dict

__all__ = [
    "LIMITS",
    "SMALLEST_DIFFERENCE",
    "Estimate",
    "compare_dict",
    "estimate",
    "hold_together",
    "paired",
    "quantile",
    "result_dict",
    "t_quantile",
    "verdict",
]

SMALLEST_DIFFERENCE = 0.02
"""The smallest difference in a share that matters: two points."""

LIMITS = (
    "The model counts coaching cycles. It says nothing about pupils' results, about whether teachers "
    "stay, or about how good anybody is; nobody is scored or ranked."
)
"""What no result claims; it stands on every output."""

Verdict = Literal["better", "worse", "too close to call"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with its 95 % interval.

    Parameters
    ----------
    mean : float
        Mean over the replications in which the metric exists; NaN if in none.
    lo, hi : float
        Bounds of the interval for the mean.
    n : int
        Replications it rests on.
    p10, p90 : float
        Between these lie eight of ten replications.
    """

    mean: float
    lo: float
    hi: float
    n: int
    p10: float
    p90: float


def t_quantile(p: float, df: int) -> float:
    """Return a quantile of Student's t distribution.

    By the expansion of Abramowitz and Stegun 26.7.5 about the normal quantile, which is good to
    0.001 from eight degrees of freedom; fewer are widened by the exact values for one to seven.

    Parameters
    ----------
    p : float
        Probability, 0.975 for a two-sided 95 % interval.
    df : int
        Degrees of freedom.
    """
    exact = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365}
    if df in exact and abs(p - 0.975) < 1e-12:
        return exact[df]
    z = NormalDist().inv_cdf(p)
    z3, z5, z7 = z**3, z**5, z**7
    return (
        z
        + (z3 + z) / (4 * df)
        + (5 * z5 + 16 * z3 + 3 * z) / (96 * df**2)
        + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df**3)
    )


def quantile(values: Sequence[float], p: float) -> float:
    """Return a quantile by linear interpolation between order statistics."""
    ordered = sorted(values)
    at = p * (len(ordered) - 1)
    i = int(at)
    if i + 1 >= len(ordered):
        return ordered[-1]
    return ordered[i] + (at - i) * (ordered[i + 1] - ordered[i])


def estimate(values: Sequence[float]) -> Estimate:
    """Estimate a mean over replications.

    Parameters
    ----------
    values : sequence of float
        One value a replication; NaN where the metric does not exist and is left out.
    """
    known = [v for v in values if not isnan(v)]
    n = len(known)
    if not n:
        return Estimate(nan, nan, nan, 0, nan, nan)
    mean = fmean(known)
    half = t_quantile(0.975, n - 1) * stdev(known) / sqrt(n) if n > 1 else nan
    return Estimate(mean, mean - half, mean + half, n, quantile(known, 0.1), quantile(known, 0.9))


def paired(base: Sequence[float], other: Sequence[float]) -> Estimate:
    """Estimate the mean difference other - base over replications on shared luck."""
    return estimate([b - a for a, b in zip(base, other, strict=True)])


def verdict(difference: Estimate, better: str, smallest: float) -> Verdict:
    """Judge a paired difference.

    Parameters
    ----------
    difference : Estimate
        Of the other plan over the base.
    better : {'more', 'less', ''}
        The metric's direction.
    smallest : float
        The smallest difference that matters, in the metric's unit.

    Returns
    -------
    {'better', 'worse', 'too close to call'}
        Better or worse only if the interval leaves out zero and the mean is at least ``smallest``.
    """
    sign = -1.0 if better == "less" else 1.0
    low, high = sorted((sign * difference.lo, sign * difference.hi))
    mean = sign * difference.mean
    if low > 0 and mean >= smallest:
        return "better"
    if high < 0 and -mean >= smallest:
        return "worse"
    return "too close to call"


def _number(value: float) -> float | None:
    # JSON has no NaN: what does not exist is null
    return None if isnan(value) else value


def _estimate_dict(e: Estimate) -> dict[str, Any]:
    return {"mean": _number(e.mean), "lo": _number(e.lo), "hi": _number(e.hi)}


def result_dict(results: Results) -> dict[str, Any]:
    """Return a simulation's result as plain data, the same bytes wherever it was computed.

    Parameters
    ----------
    results : Results
        Replications of one scenario.

    Returns
    -------
    dict
        ``scenario``, ``code``, ``seed``, ``replications``, ``version``, ``metrics`` {name: {mean,
        lo, hi, unit, p10, p90, n}}, ``ledger`` {bin: mean cycles}, ``due`` (mean cycles),
        ``ledger_total`` and ``due_total`` (whole numbers over all replications), ``pairs`` (cycles
        due, held, held in full of each pair over all replications), ``years`` (completion in each
        replication), ``money`` (see :func:`ectsim.money.money_dict`), ``banner``, ``warnings``,
        ``limits``; for a run over several school years
        ``school_years``, each with ``name``, ``due``, ``due_total``, ``ledger_total``, ``metrics``,
        ``pairs``. ``drivers`` says which assumptions matter most (see
        :func:`ectsim.experiments.drivers.told`); null where that is not known.
    """
    from ectsim.experiments.drivers import told  # noqa: PLC0415 - beside its use

    s, n = results.scenario, len(results.runs)
    metrics = _metrics_dict(results)
    total = results.ledger_total
    if not total["independent"]:
        del total["independent"]  # a cause that occurs in tests only
    due = results.due_total / n
    out = {
        "scenario": s.name,
        "code": s.code(results.seed),
        "seed": results.seed,
        "replications": n,
        "version": __version__,
        "metrics": metrics,
        "due": int(due) if due.is_integer() else due,
        "ledger": {k: v / n for k, v in total.items()},
        "due_total": results.due_total,
        "ledger_total": total,
        "pairs": _pairs_dict(results),
        "years": {name: results.metric(name) for name in ("completion_full", "completion_any")},
        "money": money_dict(results),
        "drivers": told(s),
        "banner": s.banner,
        "warnings": list(s.warnings),
        "limits": LIMITS,
    }
    if s.programme.run_years > 1:
        out["school_years"] = [
            _school_year_dict(results.school_year(k)) for k in range(s.programme.run_years)
        ]
    return out


def _school_year_dict(results: Results) -> dict[str, Any]:
    """Return one school year of a run over several as plain data."""
    total = {k: v for k, v in results.ledger_total.items() if v or k != "independent"}
    return {
        "name": results.scenario.school.calendar.name,
        "due": results.due_total / len(results.runs),
        "due_total": results.due_total,
        "ledger_total": total,
        "metrics": _metrics_dict(results),
        "pairs": _pairs_dict(results),
    }


def _pairs_dict(results: Results) -> dict[str, dict[str, int]]:
    return {
        p.id: dict(zip(("due", "held", "full"), map(sum, zip(*(r.pairs[i] for r in results.runs), strict=True)), strict=True))
        for i, p in enumerate(results.scenario.school.pairs)
    }  # fmt: skip


def _metrics_dict(results: Results) -> dict[str, dict[str, Any]]:
    metrics: dict[str, dict[str, Any]] = {}
    for name, metric in METRICS.items():
        e = estimate(results.metric(name))
        metrics[name] = {
            **_estimate_dict(e),
            "unit": metric.unit,
            "p10": _number(e.p10),
            "p90": _number(e.p90),
            "n": e.n,
        }
    return metrics


def smallest_difference(name: str, base: Estimate) -> float:
    """Return the smallest difference that matters: two points for a share, 2 % of the base otherwise."""
    if METRICS[name].unit == "share":
        return SMALLEST_DIFFERENCE
    return 0.02 * abs(base.mean) if not isnan(base.mean) else 0.0


def compare_dict(
    base: Results, other: Results, changes: Mapping[str, tuple[object, object]]
) -> dict[str, Any]:
    """Return a paired comparison as plain data.

    Parameters
    ----------
    base, other : Results
        The same replications under the same seed.
    changes : mapping
        What the other scenario changes: name to (base, other).

    Returns
    -------
    dict
        ``scenario``, ``code``, ``changes``, ``differences`` {metric: {mean, lo, hi, unit, verdict,
        smallest}}, ``ledger_difference`` {bin: mean cycles}, ``warnings``.
    """
    differences = {}
    for name, metric in METRICS.items():
        before = estimate(base.metric(name))
        d = paired(base.metric(name), other.metric(name))
        least = smallest_difference(name, before)
        differences[name] = {
            **_estimate_dict(d),
            "unit": metric.unit,
            "verdict": verdict(d, metric.better, least) if metric.better else "",
            "smallest": least,
        }
    n = len(base.runs)
    before_bins, after_bins = base.ledger_total, other.ledger_total
    notes = list(other.scenario.warnings)
    mean, lowest = differences["completion_any"], differences["lowest_ect"]
    if mean["verdict"] == "better" and (lowest["mean"] or 0) < -SMALLEST_DIFFERENCE:
        notes.append("the mean rises and the least-served ECT gets less")
    return {
        "scenario": other.scenario.name,
        "code": other.scenario.code(other.seed),
        "changes": {k: [_plain(a), _plain(b)] for k, (a, b) in changes.items()},
        "differences": differences,
        "ledger_difference": {k: (after_bins[k] - before_bins[k]) / n for k in after_bins},
        "banner": other.scenario.banner,
        "warnings": notes,
    }


def hold_together(base: Results, others: Sequence[Results], rows: Sequence[dict[str, Any]]) -> None:
    """Add to comparisons what is said of all plans at once.

    Parameters
    ----------
    base : Results
        The base.
    others : sequence of Results
        The plans held against it, over the same replications.
    rows : sequence of dict
        What :func:`compare_dict` gave for each. Every difference gets ``lo_all`` and ``hi_all`` (95 %
        intervals that hold for all plans at once), ``beats`` (chance that the plan is better in one
        year) with ``beats_lo`` and ``beats_hi``, ``same`` (share of years without a difference), and a
        ``verdict`` by the wider interval. They hold for one metric at a time.
    """
    from ectsim.experiments.compare import against, against_dict  # noqa: PLC0415 - numpy, only here

    for name, metric in METRICS.items():
        found = against(
            base.metric(name), [o.metric(name) for o in others], better=metric.better,
            smallest=smallest_difference(name, estimate(base.metric(name))),
        )  # fmt: skip
        for row, f in zip(rows, found, strict=True):
            words = against_dict(f)
            row["differences"][name] |= {
                "lo_all": words.pop("lo"),
                "hi_all": words.pop("hi"),
                **words,
            }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
