"""How many simulated years are enough: until every named metric is precise, and stays so.

The rule is that of Hoad, Robinson and Davies (2010, Journal of the Operational Research Society
61, 1632): the first number of replications at which the half-width of the 95 % interval is small
enough, and at which it stays so for as many more as the rule looks ahead. It is a function of the
values in order, so that the answer is the same in whatever batches they were simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from ectsim.analysis import t_quantile
from ectsim.errors import InputError, near
from ectsim.experiment import Results, replicate
from ectsim.metrics import METRICS
from ectsim.scenario import Scenario

__all__ = ["HEADLINE", "LEAST", "Decision", "Goal", "Rule", "curve", "decide", "read_goal", "read_goals", "replicate_until"]  # fmt: skip

LOOK_AHEAD = 5
"""Replications that the precision must last, of every hundred (the rule's recommended kLimit)."""

LEAST = 30
"""Replications before the rule may stop. With the usual three to ten a metric that is skewed is now and
then taken for precise because no bad year has come yet: see ``docs/studies/precision.md``."""

HEADLINE = ("completion_full", "completion_any", "lowest_ect")
"""Metrics that a bare number means: shares, all of them."""


@dataclass(frozen=True, slots=True)
class Goal:
    """How precisely a metric is to be known.

    Parameters
    ----------
    metric : str
        Its name.
    half : float
        Half-width of the 95 % interval of the mean: in the metric's unit, or as a share of the mean.
    relative : bool
        Whether it is a share of the mean.
    """

    metric: str
    half: float
    relative: bool = False

    def met(self, mean: float, half: float) -> bool:
        """Say whether a half-width is small enough; one that does not exist is not."""
        return half <= (self.half * abs(mean) if self.relative else self.half)

    def __str__(self) -> str:
        """Return the goal as it is written."""
        return f"{self.metric}={100 * self.half:g}%" if self.relative else f"{self.metric}={self.half:g}"  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """When to stop.

    Parameters
    ----------
    goals : tuple of Goal
        All of them are to be met.
    least, most : int
        Replications at least and at most.
    """

    goals: tuple[Goal, ...]
    least: int = LEAST
    most: int = 2000


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule says of the values so far.

    Parameters
    ----------
    replications : int
        How many to use: up to the end of the look-ahead if it is ``done``, else how many to have next.
    done : bool
        Whether there is nothing more to simulate.
    found : int or None
        The first number of replications that is enough; None if the most was not.
    """

    replications: int
    done: bool
    found: int | None


def read_goals(words: Sequence[str]) -> tuple[Goal, ...]:
    """Read goals from a command line: ``0.02``, ``completion_full=0.02``, ``supply_cost=5%``.

    Raises
    ------
    InputError
        If a metric is unknown or a half-width is none.
    """
    goals: dict[str, Goal] = {}
    for word in words:
        name, equals, value = word.partition("=")
        for metric in (name.strip(),) if equals else HEADLINE:
            goals[metric] = read_goal(
                metric, value if equals else name, where=f"--precision {word}"
            )
    return tuple(goals.values())


def read_goal(metric: str, value: object, *, where: str = "") -> Goal:
    """Read a goal: a number, or a text such as ``5 %`` for a share of the mean.

    Raises
    ------
    InputError
        If the metric is unknown or the half-width is no number above 0.
    """
    if metric not in METRICS:
        raise InputError(f"no metric '{metric}'", where=where, remedy=near(metric, METRICS))
    text = str(value).strip()
    relative = text.endswith("%")
    try:
        half = math.nan if isinstance(value, bool) else float(text.removesuffix("%"))
    except ValueError:
        half = math.nan
    if not 0 < half < math.inf:
        raise InputError(
            f"'{text[:40]}' is no half-width", where=where,
            remedy="write 0.02, or 5% for a share of the mean",
        )  # fmt: skip
    return Goal(metric, half / 100 if relative else half, relative)


def curve(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return mean and half-width of the 95 % interval after each replication.

    Parameters
    ----------
    values : sequence of float
        One a replication; NaN where the metric does not exist.

    Returns
    -------
    list of (float, float)
        NaN as long as there are fewer than one, or two, values.
    """
    out = []
    n, mean, squares = 0, math.nan, 0.0
    for value in values:
        if not math.isnan(value):
            n += 1
            before = mean if n > 1 else value
            mean = before + (value - before) / n
            squares += (value - before) * (value - mean)
        half = t_quantile(0.975, n - 1) * math.sqrt(squares / (n - 1) / n) if n > 1 else math.nan
        out.append((mean, half))
    return out


def _ahead(n: int) -> int:
    return LOOK_AHEAD if n <= 100 else LOOK_AHEAD * n // 100


def decide(values: Mapping[str, Sequence[float]], rule: Rule) -> Decision:
    """Say whether the replications so far are enough, or how many to have next.

    Parameters
    ----------
    values : mapping of str to sequence of float
        Each goal's metric: one value a replication, in order, all of one length.
    rule : Rule
        When to stop.
    """
    curves = [(goal, curve(values[goal.metric][: rule.most])) for goal in rule.goals]
    have = len(curves[0][1])
    met = [all(goal.met(*points[n]) for goal, points in curves) for n in range(have)]
    since: int | None = None  # where the stretch that is being watched began
    for n in range(max(rule.least, 2), have + 1):
        if not met[n - 1]:
            since = None
            continue
        since = n if since is None else since
        if n >= min(since + _ahead(since), rule.most):
            return Decision(n, done=True, found=since)
    if have >= rule.most:
        return Decision(rule.most, done=True, found=None)
    return Decision(_next(have, curves, rule), done=False, found=None)


def _next(have: int, curves: list[tuple[Goal, list[tuple[float, float]]]], rule: Rule) -> int:
    """Guess how many there must be, at most twice as many as there are: a wrong guess costs time only."""
    if have < rule.least:
        return rule.least
    want = have
    for goal, points in curves:
        mean, half = points[-1]
        target = goal.half * abs(mean) if goal.relative else goal.half
        enough = have * (half / target) ** 2 if target > 0 and not math.isnan(half) else 2 * have
        want = max(want, math.ceil(min(enough, 2 * have)))
    return min(rule.most, max(want + _ahead(want), have + LOOK_AHEAD))


def replicate_until(
    scenario: Scenario,
    rule: Rule,
    *,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Results, dict[str, Any]]:
    """Simulate a scenario until the rule is content.

    Parameters
    ----------
    scenario, seed, executor, progress, cancelled
        As in :func:`ectsim.experiment.replicate`.
    rule : Rule
        When to stop.

    Returns
    -------
    results : Results
        As many replications as the rule uses.
    precision : dict
        See :func:`precision_dict`.
    """
    results = Results(scenario, seed, ())
    names = [g.metric for g in rule.goals]
    while True:
        values = {name: results.metric(name) for name in names}
        decision = decide(values, rule)
        if decision.done:
            break
        results = replicate(
            scenario, seed=seed, replications=decision.replications, executor=executor,
            progress=progress, cancelled=cancelled, known=results.runs,
        )  # fmt: skip
    used = replace(results, runs=results.runs[: decision.replications])
    return used, precision_dict(values, rule, decision)


def precision_dict(
    values: Mapping[str, Sequence[float]], rule: Rule, decision: Decision
) -> dict[str, Any]:
    """Return what the rule found as plain data.

    Returns
    -------
    dict
        ``found`` (the first number of years that is enough, or None), ``used``, ``most``, and
        ``goals``, each with ``metric``, ``unit``, ``half_width`` asked for, ``relative``, ``reached``,
        and ``curve``: ``n``, ``mean``, ``half_width`` after each year, from the second on.
    """
    return {
        "found": decision.found, "used": decision.replications, "least": rule.least,
        "most": rule.most,
        "goals": [_goal_dict(g, values[g.metric][: decision.replications]) for g in rule.goals],
    }  # fmt: skip


def _goal_dict(goal: Goal, values: Sequence[float]) -> dict[str, Any]:
    points = curve(values)
    shown = [(n, m, h) for n, (m, h) in enumerate(points, start=1) if not math.isnan(h)]
    return {
        "metric": goal.metric, "unit": METRICS[goal.metric].unit, "half_width": goal.half,
        "relative": goal.relative, "reached": bool(points) and goal.met(*points[-1]),
        "curve": {
            "n": [n for n, _, _ in shown], "mean": [m for _, m, _ in shown],
            "half_width": [h for _, _, h in shown],
        },
    }  # fmt: skip
