"""The best of many plans: ranking and selection on shared luck.

The procedure is KN of Kim and Nelson (2001, "A fully sequential procedure for indifference-zone
selection in simulation", ACM TOMACS 11). Plans live through the same years; one that falls clearly
behind another is dropped, and the years go to those that are left. With the chance asked for, the plan
that is left is the best, if it is better than every other by at least the smallest difference that
matters; a plan less than that from the best may be chosen in its place. Years on shared luck are
allowed, and sharpen the answer; that is why it was taken and not OCBA, which assumes independent plans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ectsim.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ectsim.experiment import Progress, Replication
    from ectsim.scenario import Scenario

__all__ = ["Race", "Selection", "best_of", "kn"]

FIRST = 20
"""Years of every plan before any is dropped."""

BATCH = 10
"""Years between two looks."""

Array = NDArray[np.float64]
Sample = Callable[[Sequence[int], int, int], Array]
"""Values of some plans in replications first to last - 1: shape (plans, last - first)."""


@dataclass(frozen=True, slots=True)
class Race:
    """How a selection went.

    Parameters
    ----------
    best : int
        The plan with the best mean of those that are left.
    left : tuple of int
        Plans that were not dropped; one if the race is decided.
    used : tuple of int
        Replications of each plan.
    means : tuple of float
        Mean of each plan over its own replications.
    """

    best: int
    left: tuple[int, ...]
    used: tuple[int, ...]
    means: tuple[float, ...]

    @property
    def decided(self) -> bool:
        """Whether one plan alone is left."""
        return len(self.left) == 1


def kn(
    sample: Sample,
    plans: int,
    *,
    smallest: float,
    confidence: float = 0.95,
    first: int = FIRST,
    batch: int = BATCH,
    most: int = 1000,
) -> Race:
    """Find the plan with the largest mean.

    Parameters
    ----------
    sample : callable
        Gives the values; replication i of one plan belongs to replication i of another.
    plans : int
        How many, at least 2.
    smallest : float
        The smallest difference that matters, more than 0.
    confidence : float
        Chance of a right choice, between 1 / plans and 1.
    first : int
        Replications before the first look, at least 3; the spread of differences is learnt from them.
    batch : int
        Replications between looks. Looking less often than at each one only makes it more careful.
    most : int
        Replications of a plan after which the race ends undecided.

    Returns
    -------
    Race
    """
    if plans < 2 or smallest <= 0 or not 1 / plans < confidence < 1 or first < 3:
        raise ValueError(
            "two plans, a difference above 0, a chance and three replications are needed"
        )
    left = list(range(plans))
    n = min(first, most)
    values: list[Array] = list(sample(left, 0, n))
    eta = 0.5 * ((2 * (1 - confidence) / (plans - 1)) ** (-2 / (n - 1)) - 1)
    h2 = 2 * eta * (n - 1)
    start = np.array(values)
    spread = np.array([(start - row).var(axis=1, ddof=1) for row in start])
    while True:
        sums = {i: float(values[i].sum()) for i in left}
        slack = np.maximum(0.0, smallest / 2 * (h2 * spread / smallest**2 - n))
        # the sums' form of the rule: behind by more than the slack means out
        left = [i for i in left if all(sums[i] >= sums[j] - slack[i, j] for j in left if j != i)]
        if len(left) == 1 or n >= most:
            break
        upto = min(n + batch, most)
        for i, more in zip(left, sample(left, n, upto), strict=True):
            values[i] = np.concatenate([values[i], more])
        n = upto
    means = tuple(float(v.mean()) for v in values)
    best = max(left, key=lambda i: (means[i], -i))
    return Race(best, tuple(left), tuple(len(v) for v in values), means)


@dataclass(frozen=True, slots=True)
class Selection:
    """The best of several plans.

    Parameters
    ----------
    race : Race
        How it went; means are in the metric's unit.
    names : tuple of str
        Names of the plans.
    codes : tuple of str
        Their scenario codes.
    metric : str
        What was compared.
    smallest, confidence : float
        What was asked for.
    seed : int
        Of the years.
    banners : tuple of str
        What each plan gives up.
    """

    race: Race
    names: tuple[str, ...]
    codes: tuple[str, ...]
    metric: str
    smallest: float
    confidence: float
    seed: int
    banners: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it
        from ectsim.metrics import METRICS  # noqa: PLC0415

        race = self.race
        return {
            "best": self.names[race.best],
            "code": self.codes[race.best],
            "decided": race.decided,
            "confidence": self.confidence,
            "metric": self.metric,
            "unit": METRICS[self.metric].unit,
            "smallest": self.smallest,
            "seed": self.seed,
            "plans": [
                {
                    "scenario": n,
                    "code": c,
                    "mean": m,
                    "years": u,
                    "left": i in race.left,
                    "banner": b,
                }
                for i, (n, c, m, u, b) in enumerate(
                    zip(self.names, self.codes, race.means, race.used, self.banners, strict=True)
                )
            ],
            "sentence": self.sentence(),
            "limits": LIMITS,
        }

    def sentence(self) -> str:
        """Say which is best and how sure that is."""
        from ectsim.metrics import METRICS  # noqa: PLC0415 - as above
        from ectsim.words import value_text  # noqa: PLC0415

        race, unit = self.race, METRICS[self.metric].unit
        least = value_text(self.smallest, unit)
        if race.decided:
            return (
                f"Best of {len(self.names)}: {self.names[race.best]}. With a confidence of "
                f"{self.confidence:.0%} no other is better by {least} or more."
            )
        return (
            f"Not decided after {max(race.used)} years: {len(race.left)} of {len(self.names)} plans are "
            f"left, {self.names[race.best]} is ahead. With a confidence of {self.confidence:.0%} none of the "
            f"dropped is the best by {least} or more."
        )

    def lines(self) -> list[str]:
        """Return the selection in lines, plans in the order given."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - as above
        from ectsim.metrics import METRICS  # noqa: PLC0415
        from ectsim.words import value_text  # noqa: PLC0415

        metric, race = METRICS[self.metric], self.race
        width = max(len(n) for n in self.names)
        out = [
            self.sentence(),
            "",
            f"{metric.label}: {metric.definition} ({metric.better} is better)",
        ]
        for i, name in enumerate(self.names):
            state = (
                "best"
                if i == race.best and race.decided
                else "left"
                if i in race.left
                else "dropped"
            )
            out.append(
                f"  {name:{width}}  {value_text(race.means[i], metric.unit):>12}  {race.used[i]:5} years  {state}"
            )
        out += [f"! {n}: {b}" for n, b in zip(self.names, self.banners, strict=True) if b]
        return [*out, "", f"Code: {self.codes[race.best]}", LIMITS]


def best_of(
    scenarios: Sequence[Scenario],
    *,
    metric: str = "completion_any",
    smallest: float | None = None,
    confidence: float = 0.95,
    seed: int = 1,
    most: int = 1000,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Find the best of several plans of one school.

    Parameters
    ----------
    scenarios : sequence of Scenario
        At least two.
    metric : str
        What to compare; it must have a better direction.
    smallest : float, optional
        The smallest difference that matters; for a share two points, else it must be given.
    confidence : float
        Chance of a right choice.
    seed : int
        Of the years.
    most : int
        Years of a plan after which the race ends undecided.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) years, of what could be needed at most.

    Raises
    ------
    InputError
        If there is nothing to choose, or the metric has no direction or does not exist in a year.
    """
    from ectsim.analysis import SMALLEST_DIFFERENCE  # noqa: PLC0415 - as above
    from ectsim.errors import near  # noqa: PLC0415
    from ectsim.metrics import METRICS  # noqa: PLC0415

    if metric not in METRICS:
        raise InputError(f"there is no metric '{metric}'", remedy=near(metric, METRICS))
    if not METRICS[metric].better:
        raise InputError(f"'{metric}' has no better direction", remedy="choose completion_any or another with one")  # fmt: skip
    if len(scenarios) < 2:
        raise InputError("there is nothing to choose from", remedy="name a second scenario or use --set KEY=VALUE")  # fmt: skip
    if smallest is None:
        if METRICS[metric].unit != "share":
            raise InputError(
                f"what difference in {METRICS[metric].unit} matters is not known",
                remedy="give it with --smallest",
            )
        smallest = SMALLEST_DIFFERENCE
    if not smallest > 0:
        raise InputError("the smallest difference that matters must be above 0", remedy="use --smallest 0.02")  # fmt: skip
    if not 1 / len(scenarios) < confidence < 1:
        raise InputError(f"a confidence of {confidence:g} cannot be kept", remedy="use 0.9, 0.95 or 0.99")  # fmt: skip
    if most < FIRST:
        raise InputError(f"{most} years are too few to choose by", remedy=f"use --replications {FIRST} or more")  # fmt: skip
    at = list(METRICS).index(metric)
    sign = -1.0 if METRICS[metric].better == "less" else 1.0
    done = 0

    def sample(plans: Sequence[int], first: int, last: int) -> Array:
        nonlocal done
        runs = _years([scenarios[i] for i in plans], seed, range(first, last), executor)
        out = np.array([[sign * r.metrics[at] for r in years] for years in runs])
        if np.isnan(out).any():
            raise InputError(f"'{metric}' does not exist in every year of these plans", remedy="choose another metric")  # fmt: skip
        done += out.size
        if progress:
            progress(done, len(scenarios) * most)
        return out

    race = kn(sample, len(scenarios), smallest=smallest, confidence=confidence, most=most)
    race = Race(race.best, race.left, race.used, tuple(sign * m for m in race.means))
    return Selection(
        race, tuple(s.name for s in scenarios), tuple(s.code(seed) for s in scenarios), metric, smallest,
        confidence, seed, tuple(s.banner for s in scenarios),
    )  # fmt: skip


def _years(
    scenarios: Sequence[Scenario], seed: int, indices: range, executor: Executor | None
) -> list[list[Replication]]:
    """Simulate some replications of each of several scenarios."""
    import pickle  # noqa: PLC0415 - to our own workers

    from ectsim.experiment import run_chunk, run_packed  # noqa: PLC0415

    if executor is None:
        return [run_chunk(s, seed, indices) for s in scenarios]
    sent = [executor.submit(run_packed, pickle.dumps(s), seed, indices) for s in scenarios]
    return [f.result() for f in sent]
