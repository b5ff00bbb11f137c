"""What the factors of a design do to each metric, as rows of plain data.

All points live through the same years, so that an effect is a difference within a year and its
interval is over years. Morris' and Sobol's measures are SALib's, of the means over the years; their
intervals are SALib's, by resampling the design.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from ectsim.analysis import estimate
from ectsim.experiments.running import Experiment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MEASURES", "Effect", "effects"]

MEASURES = {
    "effect": "difference that a level makes, against the factor's first level",
    "together": "how much larger the first factor's effect is at the second's other level",
    "change": "difference over the factor's whole range, if the metric follows it in a straight line",
    "share": "share of the spread between points that the factor makes alone",
    "mu_star": "mean size of the factor's effect (Morris' mu*), over its whole range",
    "mu": "mean effect with its sign (Morris' mu)",
    "sigma": "spread of the effect: how much it depends on other factors or on where (Morris' sigma)",
    "S1": "share of variance that the factor makes alone (Sobol's first order)",
    "ST": "share of variance in which the factor has a part (Sobol's total)",
}
"""What is said of a factor, by name."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One number about a factor.

    Parameters
    ----------
    metric, factor : str
        Of what, and what does it.
    level : str
        Which level against which, "" where it is about the whole factor.
    measure : str
        One of :data:`MEASURES`.
    value, lo, hi : float
        In the metric's unit, or a share; the 95 % interval, NaN where a measure has none.
    """

    metric: str
    factor: str
    level: str
    measure: str
    value: float
    lo: float = nan
    hi: float = nan

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; what does not exist is None."""
        return {
            k: None if isinstance(v, float) and isnan(v) else v for k, v in asdict(self).items()
        }


@lru_cache(maxsize=2)
def effects(experiment: Experiment) -> tuple[Effect, ...]:
    """Return what each factor does to each metric that the design reports on.

    Parameters
    ----------
    experiment : Experiment
        With all its years.

    Returns
    -------
    tuple of Effect
        By metric, then factor. A metric that does not exist at some point has no effects.
    """
    kinds = {
        "factorial": _factorial, "one_at_a_time": _one_at_a_time, "latin_hypercube": _latin,
        "morris": _morris, "sobol": _sobol,
    }  # fmt: skip
    of = kinds[experiment.design.kind]
    return tuple(e for metric in experiment.design.metrics for e in of(experiment, metric))


def _factorial(x: Experiment, metric: str) -> Iterator[Effect]:
    """Compare levels within each year, and cut up the squares of the points' means."""
    import numpy as np  # noqa: PLC0415 - loaded when used

    years, means = x.shared(metric), x.means(metric)
    all_squares = float(np.sum((means - means.mean()) ** 2))
    for f in x.design.factors:
        levels = f.grid(x.design.levels)
        at = [np.array([p.values[f.name] == v for p in x.points]) for v in levels]
        for v, here in zip(levels[1:], at[1:], strict=True):
            difference = years[here].mean(axis=0) - years[at[0]].mean(axis=0)
            yield _over_years(metric, f.name, f"{_text(v)} against {_text(levels[0])}", "effect", difference)  # fmt: skip
        squares = sum(here.sum() * (means[here].mean() - means.mean()) ** 2 for here in at)
        yield Effect(metric, f.name, "", "share", _part(float(squares), all_squares))
    pairs = itertools.combinations(
        [f for f in x.design.factors if len(f.grid(x.design.levels)) == 2], 2
    )
    for f, g in pairs:
        first, second = f.grid(x.design.levels), g.grid(x.design.levels)
        corner = [
            [years[[p.values[f.name] == a and p.values[g.name] == b for p in x.points]].mean(axis=0) for a in first]
            for b in second
        ]  # fmt: skip
        more = (corner[1][1] - corner[1][0]) - (corner[0][1] - corner[0][0])
        yield _over_years(metric, f"{f.name} x {g.name}", "", "together", more)


def _one_at_a_time(x: Experiment, metric: str) -> Iterator[Effect]:
    years = x.shared(metric)
    for p in x.points[1:]:
        ((name, value),) = [(n, v) for n, v in p.values.items() if v != x.points[0].values[n]]
        before = x.points[0].values[name]
        words = f"{_text(value)} against {_text(before)}"
        yield _over_years(metric, name, words, "effect", years[p.index] - years[0])


def _latin(x: Experiment, metric: str) -> Iterator[Effect]:
    """Fit a plane in each year: its slopes over the whole ranges, and what they explain."""
    import numpy as np  # noqa: PLC0415 - loaded when used

    names = x.design.names
    if len(x.points) <= len(names) + 1:
        return
    places = x.design.places()
    inverse = np.linalg.pinv(np.column_stack([np.ones(len(places)), places]))
    slopes = inverse @ x.shared(metric)
    means = x.means(metric)
    whole = inverse @ means
    for i, name in enumerate(names, start=1):
        yield _over_years(metric, name, "", "change", slopes[i])
        alone = float(whole[i] ** 2 * places[:, i - 1].var())
        yield Effect(metric, name, "", "share", _part(alone, float(means.var())))


def _morris(x: Experiment, metric: str) -> Iterator[Effect]:
    from SALib.analyze import morris  # noqa: PLC0415 - heavy, and of the research extra

    means = x.means(metric)
    if any(isnan(v) for v in means):
        return
    found = morris.analyze(
        x.design.problem(), x.design.places(), means, num_levels=4, seed=x.design.stream("interval")
    )
    for i, name in enumerate(x.design.names):
        star, half = float(found["mu_star"][i]), float(found["mu_star_conf"][i])
        yield Effect(metric, name, "", "mu_star", star, max(0.0, star - half), star + half)
        yield Effect(metric, name, "", "mu", float(found["mu"][i]))
        yield Effect(metric, name, "", "sigma", float(found["sigma"][i]))


def _sobol(x: Experiment, metric: str) -> Iterator[Effect]:
    from SALib.analyze import sobol  # noqa: PLC0415 - as above

    means = x.means(metric)
    if any(isnan(v) for v in means):
        return
    flat = bool(means.max() == means.min())
    # a metric that does not vary has no variance to share out
    found = {} if flat else sobol.analyze(
        x.design.problem(), means, calc_second_order=False, seed=x.design.stream("interval")
    )  # fmt: skip
    for i, name in enumerate(x.design.names):
        for measure in ("S1", "ST"):
            value = 0.0 if flat else float(found[measure][i])
            half = 0.0 if flat else float(found[f"{measure}_conf"][i])
            yield Effect(metric, name, "", measure, value, value - half, value + half)


def _over_years(
    metric: str, factor: str, level: str, measure: str, values: NDArray[np.float64]
) -> Effect:
    e = estimate([float(v) for v in values])
    return Effect(metric, factor, level, measure, e.mean, e.lo, e.hi)


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "+".join(map(str, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:.4g}"
        if isinstance(value, float)
        else "the default"
        if value is None
        else str(value)
    )


def strongest(rows: Sequence[Effect], metric: str) -> list[tuple[str, float, Effect]]:
    """Return the factors of a metric by how much they matter, the strongest first.

    Returns
    -------
    list of (str, float, Effect)
        The factor, its size, and the effect that it was read off.
    """
    best: dict[str, tuple[float, Effect]] = {}
    for e in rows:
        if e.metric == metric and e.measure in ("effect", "change", "mu_star", "ST"):
            size = abs(e.value)
            if not isnan(size) and size > best.get(e.factor, (-1.0, e))[0]:
                best[e.factor] = (size, e)
    return [(f, *best[f]) for f in sorted(best, key=lambda f: -best[f][0])]
