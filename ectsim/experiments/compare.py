"""Comparisons: paired differences on shared luck, intervals that hold together, chances and verdicts.

Everything here works on arrays with one value a replication and knows nothing of schools. Plans that
were run under one seed live through the same years, so that replication i of one is to be held against
replication i of another; that is what *paired* means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isnan, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ectsim.analysis import Estimate, Verdict, estimate, paired, t_quantile, verdict
from ectsim.luck import Luck

__all__ = ["Against", "against", "beats", "critical", "needed", "unpaired", "wilson"]

Array = NDArray[np.float64]

DRAWS = 20_000
"""Draws of the largest of several t values: its 95 % point is then good to about 0.01."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a plan does against the base, told together with the other plans.

    Parameters
    ----------
    difference : Estimate
        Plan less base over shared years, with an interval of its own.
    lo, hi : float
        Simultaneous interval: in 95 % of experiments all plans' intervals hold the truth at once.
    beats : float
        Share of years in which the plan is the better of the two; NaN for a metric without direction.
    beats_lo, beats_hi : float
        95 % interval of that chance.
    same : float
        Share of years in which both are exactly as good.
    verdict : str
        ``better``, ``worse`` or ``too close to call`` by the simultaneous interval; "" without direction.
    """

    difference: Estimate
    lo: float
    hi: float
    beats: float
    beats_lo: float
    beats_hi: float
    same: float
    verdict: Verdict | str


def against(
    base: Sequence[float],
    others: Sequence[Sequence[float]],
    *,
    better: str,
    smallest: float,
    level: float = 0.95,
) -> list[Against]:
    """Hold several plans against one base, over the same replications.

    Parameters
    ----------
    base : sequence of float
        The base's metric, one value a replication; NaN where it does not exist.
    others : sequence of sequence of float
        The same of each other plan.
    better : {'more', 'less', ''}
        The metric's direction.
    smallest : float
        The smallest difference that matters, in the metric's unit.
    level : float
        Chance with which all simultaneous intervals hold the truth.

    Returns
    -------
    list of Against
        In the order of ``others``.

    Raises
    ------
    ValueError
        If the arrays differ in length.
    """
    table = np.array([[b - a for a, b in zip(base, o, strict=True)] for o in others], dtype=float)
    point = _point(table, level)
    out = []
    for row, other in zip(table, others, strict=True):
        d = paired(base, other)
        known = row[~np.isnan(row)]
        half = point * float(known.std(ddof=1)) / sqrt(d.n) if d.n > 1 else float("nan")
        wide = Estimate(d.mean, d.mean - half, d.mean + half, d.n, d.p10, d.p90)
        chance = beats(known, better) if better else (float("nan"),) * 4
        called = verdict(wide, better, smallest) if better else ""
        out.append(Against(d, wide.lo, wide.hi, *chance, called))
    return out


def _point(table: Array, level: float) -> float:
    """Return how many standard errors wide the simultaneous intervals are, either way."""
    plans, n = table.shape
    if n < 2:
        return float("nan")
    whole = table[:, ~np.isnan(table).any(axis=0)]
    if whole.shape[1] < n:
        # not every plan has the metric in every year: correlations of different years do not
        # belong together, and Bonferroni's bound needs none
        return _t(1 - (1 - level) / plans, n - 1)
    moving = whole[whole.std(axis=1) > 0]
    # rounded, so that sums taken in another order (another processor) cannot move a digit
    correlation = (
        np.round(np.corrcoef(moving), 9) if len(moving) > 1 else np.eye(max(1, len(moving)))
    )
    return critical(correlation, n - 1, level)


def _t(level: float, df: int) -> float:
    """Return the two-sided point of Student's t; of few degrees of freedom by drawing."""
    if df >= 8 or abs(level - 0.95) < 1e-12:
        return t_quantile((1 + level) / 2, df)
    return critical(np.eye(1), df, level, exact=False)


def critical(correlation: Array, df: int, level: float = 0.95, *, exact: bool = True) -> float:
    """Return the point that the largest of several |t| stays under with a given chance.

    With it, intervals of several differences hold together, as Dunnett's do, but with the
    correlation that was seen (plans on shared luck are alike to any degree). By drawing from the
    multivariate t distribution; the draws are keyed, so the same input gives the same digits.

    Parameters
    ----------
    correlation : numpy.ndarray
        Shape (plans, plans): of the differences; may be singular.
    df : int
        Degrees of freedom.
    level : float
        The chance.
    exact : bool
        Whether one difference alone takes Student's own quantile.
    """
    plans = len(correlation)
    if plans == 1 and exact:
        return _t(level, df)
    normal, width = _draws(plans), _draws(1, "width")[:, 0]
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    sizes = np.abs(normal @ root.T)
    # chi square over its degrees of freedom, after Wilson and Hilferty; good to 0.002 from five on
    part = 2 / (9 * df)
    spread = np.clip(1 - part + width * sqrt(part), 0.02, None) ** 1.5
    sizes /= spread[:, None]
    at = round(level * (DRAWS - 1))
    point = float(np.partition(sizes.max(axis=1), at)[at])
    if not exact:
        return point
    # the same draws give each |t| alone, whose point is known: the error of drawing mostly drops out
    alone = float(np.partition(sizes, at, axis=0)[at].mean())
    return point * _t(level, df) / alone


@lru_cache(maxsize=8)
def _draws(columns: int, what: str = "max t") -> Array:
    """Return standard normal draws, shape (:data:`DRAWS`, columns); the first columns are always the same."""
    keys = (
        [f"{what} {i}" for i in range(columns + columns % 2)]
        if columns > 1
        else [f"{what} 0", f"{what} 1"]
    )
    u = Luck(0, 0).tables("resample", keys, DRAWS)
    radius, angle = np.sqrt(-2 * np.log1p(-u[::2])), 2 * np.pi * u[1::2]
    both = np.empty_like(u)
    both[::2], both[1::2] = radius * np.cos(angle), radius * np.sin(angle)
    return np.ascontiguousarray(both[:columns].T)


def beats(differences: Sequence[float] | Array, better: str) -> tuple[float, float, float, float]:
    """Return the chance that a plan does better than the base in one year.

    Parameters
    ----------
    differences : sequence of float
        Plan less base, one a replication, without NaN.
    better : {'more', 'less'}
        The metric's direction.

    Returns
    -------
    tuple of float
        Chance, its 95 % interval (low, high), and the share of years in which nothing differs.
    """
    d = np.asarray(differences, dtype=float)
    if not len(d):
        return (float("nan"),) * 4
    won = int(((-d if better == "less" else d) > 0).sum())
    lo, hi = wilson(won, len(d))
    return won / len(d), lo, hi, float((d == 0).mean())


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a chance from hits in n tries."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, z2 = hits / n, z * z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # at the ends rounding would leave a hair
    return (0.0 if not hits else middle - half), (1.0 if hits == n else middle + half)


def unpaired(base: Sequence[float], other: Sequence[float]) -> Estimate:
    """Estimate the difference of means of plans whose years have nothing in common (Welch's interval).

    What lies between the tenth and ninetieth year is not known without pairs and is NaN.
    """
    a, b = estimate(base), estimate(other)
    if a.n < 2 or b.n < 2:
        return Estimate(b.mean - a.mean, *(float("nan"),) * 2, min(a.n, b.n), *(float("nan"),) * 2)
    va, vb = (_variance(x) / e.n for x, e in ((base, a), (other, b)))
    mean = b.mean - a.mean
    if va + vb == 0:
        return Estimate(mean, mean, mean, min(a.n, b.n), float("nan"), float("nan"))
    df = int((va + vb) ** 2 / (va**2 / (a.n - 1) + vb**2 / (b.n - 1)))
    half = _t(0.95, max(1, df)) * sqrt(va + vb)
    return Estimate(mean, mean - half, mean + half, min(a.n, b.n), float("nan"), float("nan"))


def _variance(values: Sequence[float]) -> float:
    known = np.array([v for v in values if not isnan(v)])
    return float(known.var(ddof=1))


def needed(
    values: Sequence[float], half_width: float, *, least: int = 10, ahead: int = 5
) -> int | None:
    """Return after how many replications a mean is known to a half-width, and stays so.

    Parameters
    ----------
    values : sequence of float
        One value a replication, in order.
    half_width : float
        Half of the 95 % interval to reach, in the metric's unit.
    least : int
        Replications to make in any case: a spread seen in fewer is luck.
    ahead : int
        For how many further replications the half-width must stay within the target (look-ahead
        after Hoad, Robinson and Davies 2010: a first touch may be chance).

    Returns
    -------
    int or None
        The replications, those looked ahead included; None if the values do not reach it.
    """
    x = np.asarray(values, dtype=float)
    n = np.arange(1, len(x) + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # about the first value, so that the running sums lose no digits
        y = x - x[0] if len(x) else x
        var = (np.cumsum(y * y) - np.cumsum(y) ** 2 / n) / (n - 1)
        half = np.array([t_quantile(0.975, max(1, int(k) - 1)) for k in n]) * np.sqrt(
            np.clip(var, 0, None) / n
        )
    run = 0
    for i in range(max(least, 2) - 1, len(x)):
        run = run + 1 if half[i] <= half_width else 0
        if run > ahead:
            return i + 1
    return None


def against_dict(found: Against) -> dict[str, Any]:
    """Return plain data for a JSON answer: null for what does not exist."""
    names = ("lo", "hi", "beats", "beats_lo", "beats_hi", "same")
    return {n: None if isnan(v := getattr(found, n)) else v for n in names} | {
        "verdict": found.verdict
    }
