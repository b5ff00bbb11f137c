"""The pre-mortem: what may go wrong in a year, how little of it breaks a plan, and what would help.

A fixed set of shocks is declared: each takes one thing of the school or the plan part of the way from
where it is to the worst that is still plausible (the end of the parameter's range, or nothing left of a
choice), a quarter, a half, three quarters or the whole of it. All live through the same simulated years.

A target is *broken* when the mean over the years is below it. One shock is smaller than two, and of
two shocks the one that goes less far; what goes equally far is ranked by what it loses.

Not everything needs all years. First every shock at its whole; what does not break the target then is
not tried at less. The others are tried from the smallest grade up, and the search ends with the grade
that breaks it; only if no single shock does, every two at the whole. After a few years whatever is
clearly (95 %) above the target, and not among the five worst, or not among a shock's best remedies, is
followed no further. Everything that is told about has all its years, and is the same on every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import isnan
from typing import TYPE_CHECKING, Any

from ectsim.analysis import Estimate, estimate, paired
from ectsim.errors import InputError, near
from ectsim.metrics import METRICS
from ectsim.parameters import certificates
from ectsim.plan import PairSlots
from ectsim.planner.enough import CHECKIN, SHARES, slots_of, with_reserves
from ectsim.planner.years import Years
from ectsim.school import Conditions

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["GRADES", "Hit", "Remedy", "Shock", "Stress", "remedies", "shocks", "stress"]

GRADES = (0.25, 0.5, 0.75, 1.0)
"""How far of the way to the worst a shock goes."""

WORST = 5
"""How many of the worst are told, each kind once."""

STAGES = (4, 12)
"""Years after which what is clearly out of the running is left."""

NEXT = 7
"""How many shocks may still be among the worst after the last stage but one."""

BEST, SMALL = 2, 0.01
"""Remedies of a shock that are told; of one that loses less than a point only the best."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Shock:
    """Something that goes wrong for a whole year.

    Parameters
    ----------
    kind : str
        Its name, for programs.
    words : str
        What happened.
    grade : float
        How far of the way to the worst plausible it goes, over 0 to 1; of two at once the sum.
    changes : mapping of str to object
        Dotted names to values.
    """

    kind: str
    words: str
    grade: float
    changes: Mapping[str, object]

    @property
    def parts(self) -> int:
        """How many shocks it is made of."""
        return self.kind.count("+") + 1

    def together(self, other: Shock) -> Shock:
        """Return both at once."""
        return Shock(
            f"{self.kind}+{other.kind}", f"{self.words}, and {other.words}",
            self.grade + other.grade, {**self.changes, **other.changes},
        )  # fmt: skip


@dataclass(frozen=True)
class Remedy:
    """Something that may be done about it.

    Parameters
    ----------
    words : str
        What is done.
    scenario : Scenario
        The shocked school with it.
    mean : float
        Mean of the metric.
    gain : Estimate
        Paired difference to the shocked plan.
    recovered : float or None
        The gain as a share of what the shock lost; above 1 where the plan is better than before;
        None where nothing was lost.
    """

    words: str
    scenario: Scenario
    mean: float
    gain: Estimate
    recovered: float | None


@dataclass(frozen=True)
class Hit:
    """What a shock does.

    Parameters
    ----------
    shock : Shock
        What happens.
    scenario : Scenario
        The scenario with it.
    mean : float
        Mean of the metric over the years.
    loss : Estimate
        Paired difference to the plan as it is, as a loss.
    met : int
        In how many years the target is still met.
    broken : bool
        Whether the mean is below the target.
    values : tuple of float
        The metric in each year; fewer than asked for where a few were enough to leave it.
    remedies : tuple of Remedy
        The best that was tried, the best first.
    others : tuple of str
        What else was tried and did less in the first years.
    """

    shock: Shock
    scenario: Scenario
    mean: float
    loss: Estimate
    met: int
    broken: bool
    values: tuple[float, ...]
    remedies: tuple[Remedy, ...] = ()
    others: tuple[str, ...] = ()

    def to_dict(self, seed: int) -> dict[str, Any]:
        """Return plain data."""
        return {
            "kind": self.shock.kind,
            "words": self.shock.words,
            "grade": self.shock.grade,
            "code": self.scenario.code(seed),
            "changes": {
                k: list(v) if isinstance(v, tuple) else v for k, v in self.shock.changes.items()
            },
            "mean": self.mean,
            "loss": {"mean": self.loss.mean, "lo": self.loss.lo, "hi": self.loss.hi},
            "met": self.met,
            "broken": self.broken,
            "remedies": [
                {"words": r.words, "code": r.scenario.code(seed), "mean": r.mean,
                 "gain": {"mean": r.gain.mean, "lo": r.gain.lo, "hi": r.gain.hi},
                 "recovered": r.recovered}
                for r in self.remedies
            ],
            "others": list(self.others),
        }  # fmt: skip


@dataclass(frozen=True)
class Stress:
    """The answer.

    Parameters
    ----------
    scenario : Scenario
        The plan.
    target : float
        The share to reach.
    metric : str
        Of what.
    seed, replications : int
        With which.
    base : float
        Mean of the plan as it is.
    smallest : Hit or None
        The smallest shock that breaks the target; None if none does, or it is broken already.
    worst : tuple of Hit
        The five kinds that lose most at their worst, with remedies.
    hits : tuple of Hit
        Everything that was tried, some for a few years only.
    """

    scenario: Scenario
    target: float
    metric: str
    seed: int
    replications: int
    base: float
    smallest: Hit | None
    worst: tuple[Hit, ...]
    hits: tuple[Hit, ...]

    @cached_property
    def already_broken(self) -> bool:
        """Whether the plan misses the target before anything goes wrong."""
        return self.base < self.target

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        return {
            "scenario": self.scenario.name,
            "code": self.scenario.code(self.seed),
            "target": self.target,
            "metric": self.metric,
            "seed": self.seed,
            "replications": self.replications,
            "base": self.base,
            "already_broken": self.already_broken,
            "smallest": self.smallest.to_dict(self.seed) if self.smallest else None,
            "worst": [h.to_dict(self.seed) for h in self.worst],
            "tried": [
                {
                    "kind": h.shock.kind,
                    "grade": h.shock.grade,
                    "mean": h.mean,
                    "broken": h.broken,
                    "years": len(h.values),
                }
                for h in self.hits
            ],
            "warnings": list(self.scenario.warnings),
            "limits": LIMITS,
        }

    def lines(self) -> list[str]:
        """Return the answer in lines."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        what, n = METRICS[self.metric].label.lower(), self.replications
        out = [f"! {self.scenario.banner}"] if self.scenario.banner else []
        out += [
            f"{self.scenario.name}: {self.base:.1%} of cycles ({what}), target {self.target:.0%}; "
            f"{n} simulated years, seed {self.seed}"
        ]
        if self.already_broken:
            out.append("The target is missed before anything goes wrong: see ectsim enough.")
        elif self.smallest:
            h = self.smallest
            out += [
                f"The smallest shock that breaks it: {h.shock.words}",
                f"  {h.mean:.1%}; {h.met} of {n} years still reach the target. Code: {h.scenario.code(self.seed)}",
            ]
        else:
            two = any(h.shock.parts > 1 for h in self.hits)
            kinds = sum(h.shock.parts == 1 for h in self.hits)
            out.append(
                f"None of {kinds} shocks breaks it at its worst{', no two at once either' if two else ''}."
            )
        out += ["", "What would cost most:"]
        for h in self.worst:
            lost = (
                f"{100 * h.loss.mean:.1f} points ({100 * h.loss.lo:.1f} to {100 * h.loss.hi:.1f})"
            )
            clear = h.loss.lo > 0
            out += [
                f"  {h.shock.words}",
                f"    loses {lost}, to {h.mean:.1%}{'' if clear else ': too close to call'}. "
                f"Code: {h.scenario.code(self.seed)}",
            ]
            for r in h.remedies if clear else ():
                out.append(
                    f"    {r.words}: {100 * r.gain.mean:+.1f} points, {_recovered(r.recovered)}"
                )
            if clear and not h.remedies:
                out.append("    no remedy is left to try: the plan has them all")
        return [*out, "", LIMITS]


def _recovered(share: float | None) -> str:
    if share is None:
        return "nothing was lost"
    return "more than was lost" if share > 1 else f"recovers {max(0.0, share):.0%} of the loss"


# --- what may happen --------------------------------------------------------------------------


def shocks(scenario: Scenario) -> list[Shock]:
    """Return the declared shocks, each alone at every grade.

    Parameters
    ----------
    scenario : Scenario
        The plan; a shock that would change nothing (no check-in to fall away) is left out.
    """
    return [s for kind in _kinds(scenario) for s in kind]


def _kinds(scenario: Scenario) -> Iterator[list[Shock]]:
    """Yield the shocks of one kind, mildest first."""
    plan, conditions = scenario.plan, scenario.school.conditions
    bounds = {c.name: (c.low, c.high) for c in certificates(Conditions, "conditions")}

    def toward(kind: str, words: str, worst: Mapping[str, tuple[float, float]]) -> list[Shock]:
        """Move numbers from where they are to their worst; some may be there already."""
        worse = {k: (a, b) for k, (a, b) in worst.items() if a != b}
        out = []
        for grade in GRADES if worse else ():
            changes: dict[str, object] = {
                k: round(a + grade * (b - a), 6) for k, (a, b) in worse.items()
            }
            shown = ", ".join(
                f"{k.rpartition('.')[2].replace('_', ' ')} {v:g}" for k, v in changes.items()
            )
            out.append(Shock(kind, f"{words} ({shown})", grade, changes))
        return out

    def end(name: str, side: int) -> dict[str, tuple[float, float]]:
        now, bound = getattr(conditions, name), bounds[f"conditions.{name}"][side]
        worst = now if bound is None else (max(now, bound) if side else min(now, bound))
        return {f"conditions.{name}": (now, worst)}

    low, high = 0, 1
    yield toward("sickness", "a year of much illness", end("sickness_days", high))
    yield toward("planned", "more trips, training and exam duty", end("planned_absence", high))
    yield toward(
        "competition", "more competes with times that nobody protects",
        end("slip_found", high) | end("slip_before_after", high),
    )  # fmt: skip
    yield toward("leaders", "leaders stop standing behind the time", end("leader_support", low))
    yield toward(
        "culture", "the programme stops being a priority", end("culture", low) | end("relationship", low)
    )  # fmt: skip
    yield toward("drift", "the hour goes to other matters", end("drift", high) | end("belief", low))
    cover = plan.cover
    fills = {"known_fill": 0.6, "sickness_fill": 0.4, "bought_fill": 0.4}
    yield toward(
        "supply", "supply is hard to find",
        {f"plan.cover.{k}": (getattr(cover, k), min(getattr(cover, k), v)) for k, v in fills.items()},
    )  # fmt: skip
    has = round(len(scenario.school.staff) / 40) if cover.supervisors is None else cover.supervisors
    yield [
        Shock("supervisors", f"{n} of {has} cover supervisors gone", n / has, {"plan.cover.supervisors": has - n})
        for n in range(1, has + 1)
    ]  # fmt: skip
    if plan.checkin_min:
        yield [Shock("checkin", "the weekly check-in stops", 1.0, {"plan.checkin_min": 0})]
    slots = {p: s for p, s in sorted(plan.slots.items()) if s.meet}
    if slots and (plan.protection.mentor, plan.protection.ect) != ("none", "none"):
        mentor: dict[str, object] = {"plan.protection.mentor": "none"}
        both = mentor | {"plan.protection.ect": "none"}
        yield [
            Shock("protection", "mentors are called to cover in their slots", 0.5, mentor),
            Shock("protection", "both are called to cover in their slots", 1.0, both),
        ]
    yield [
        Shock(
            "slots", f"a new timetable takes the slots of {k} of {len(slots)} pairs", k / len(slots),
            {f"plan.slots.{p}": {"study": s.study} for p, s in list(slots.items())[:k]},
        )
        for k in range(1, len(slots) + 1)
    ]  # fmt: skip


# --- what may be done -------------------------------------------------------------------------


def remedies(scenario: Scenario, shock: Shock) -> list[tuple[str, Scenario]]:
    """Return what could be done about a shock: words and the shocked scenario with it.

    What the plan has already is no remedy, nor is undoing the shock itself.

    Parameters
    ----------
    scenario : Scenario
        The scenario with the shock.
    shock : Shock
        The shock.
    """
    plan, out = scenario.plan, []
    touched = set(shock.changes)

    def offer(words: str, **changes: Any) -> None:
        if not any(f"plan.{k}" in touched for k in changes):
            out.append((words, replace(scenario, plan=plan.model_copy(update=changes))))

    rest = tuple(m for m in plan.recovery if m != "reserve")
    if "slots" not in shock.kind:
        slots = slots_of(scenario)
        if not any(s.meet for s in plan.slots.values()):
            offer(
                "give every pair a slot in the timetable, kept free of cover",
                meeting="fixed", slots=slots,
                protection=plan.protection.model_copy(update={"mentor": "guaranteed", "ect": "guaranteed"}),
                recovery=("reserve", *rest),
            )  # fmt: skip
        else:
            count = max(
                len(s.reserve) // max(1, len(s.meet)) for s in plan.slots.values() if s.meet
            )
            more: dict[str, PairSlots] = with_reserves(scenario, slots, count + 1)
            if more != slots:
                offer("one more reserve slot a week", slots=more, recovery=("reserve", *rest))
    if not plan.checkin_min and "plan.checkin_min" not in touched:
        offer("a weekly check-in", checkin_min=CHECKIN)
    if "plan.cover.supervisors" not in touched:
        has = plan.cover.supervisors
        has = round(len(scenario.school.staff) / 40) if has is None else has
        offer(
            "one more cover supervisor",
            cover=plan.cover.model_copy(update={"supervisors": has + 1}),
        )
    if plan.horizon < 2:
        offer("a week more to catch up", horizon=plan.horizon + 1)
    for means, words in (
        ("video", "video where a visit is lost"),
        ("split", "a split meeting at lunch"),
        ("before_after", "meetings before and after school"),
    ):
        if means not in plan.recovery:
            offer(words, recovery=(*plan.recovery, means), **({"before_after": True} if means == "before_after" else {}))  # fmt: skip
    return out


# --- the search -------------------------------------------------------------------------------


def stress(
    scenario: Scenario,
    *,
    target: float = 0.8,
    metric: str = "completion_any",
    seed: int = 1,
    replications: int = 40,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Stress:
    """Find the smallest shock that breaks a target, and the worst ones with their remedies.

    Parameters
    ----------
    scenario : Scenario
        The plan.
    target : float
        Share that the mean over years must reach, 0 to 1.
    metric : str
        Of what: one of :data:`ectsim.planner.enough.SHARES`.
    seed, replications : int
        The simulated years, the same for every shock and remedy.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    Stress

    Raises
    ------
    InputError
        If the target is no share, the metric is unknown, or no cycle is due.
    """
    if not 0 < target <= 1:
        raise InputError(f"target is {target}", remedy="a share between 0 and 1, such as 0.8")
    if metric not in SHARES:
        raise InputError(f"no target can be set for '{metric}'", remedy=near(metric, SHARES))
    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    told = progress or (lambda _done, _all: None)
    run = _Search(
        scenario, target, replications, Years(seed, list(METRICS).index(metric), executor)
    )
    if any(map(isnan, run.start)):
        raise InputError(
            f"'{metric}' does not exist in every year: no cycle is due",
            remedy="give the school pairs in their induction",
        )
    kinds = [run.hits(kind) for kind in _kinds(scenario) if kind]
    told(1, 4)
    whole = [kind[-1] for kind in kinds]
    run.settle(whole, among_the_worst=True)
    told(2, 4)
    smallest = run.smallest(kinds) if run.base >= target else None
    told(3, 4)
    full = [h for h in whole if len(run.values(h)) >= replications]
    worst = sorted(full, key=lambda h: -run.loss(h))[:WORST]
    told_of = worst + ([smallest] if smallest and smallest not in worst else [])
    mended = {id(h): run.mend(h) for h in told_of}
    told(4, 4)
    return Stress(
        scenario, target, metric, seed, replications, run.base,
        mended[id(smallest)] if smallest else None,
        tuple(mended[id(h)] for h in worst),
        tuple(run.hit(h) for h in run.tried),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Shocked:
    """A shock and the scenario with it."""

    shock: Shock
    scenario: Scenario


class _Search:
    """The state of a search: which shocks have been tried, and in how many years."""

    def __init__(self, scenario: Scenario, target: float, n: int, years: Years) -> None:
        self.scenario, self.target, self.n, self.years = scenario, target, n, years
        self.stages = [*(k for k in STAGES if k < n), n]
        self.tried: list[_Shocked] = []
        years.extend([scenario], n)
        self.start = years.of(scenario)
        self.base = sum(self.start) / n

    def hits(self, these: Sequence[Shock]) -> list[_Shocked]:
        """Return shocks with their scenarios, not simulated yet."""
        return [_Shocked(s, replace(self.scenario.with_changes(s.changes), name=s.kind)) for s in these]  # fmt: skip

    def values(self, h: _Shocked) -> tuple[float, ...]:
        """Return the metric in the years so far."""
        return self.years.of(h.scenario)

    def mean(self, h: _Shocked) -> float:
        """Return its mean in the years so far."""
        v = self.values(h)
        return sum(v) / len(v)

    def loss(self, h: _Shocked) -> float:
        """Return the mean loss in the years so far."""
        v = self.values(h)
        return sum(self.start[: len(v)]) / len(v) - self.mean(h)

    def broken(self, h: _Shocked) -> bool:
        """Tell whether the target is broken in the mean of the years so far."""
        return self.mean(h) < self.target

    def settle(self, these: Sequence[_Shocked], *, among_the_worst: bool = False) -> None:
        """Simulate shocks until each is clearly above the target, or has all its years.

        With ``among_the_worst`` whatever may be one of the five worst has all its years too.
        """
        self.tried += [h for h in these if h not in self.tried]
        going = list(these)
        for k in self.stages:
            self.years.extend([h.scenario for h in going], k)
            left = [h for h in going if self._may_break(h)]
            if among_the_worst:
                order = sorted(going, key=lambda h: -self.loss(h))
                order = order[:NEXT] if len(self.stages) > 1 and k == self.stages[-2] else order
                left += [h for h in order if h not in left and self._may_be_worse(h, order[:WORST][-1])]  # fmt: skip
            going = left

    def _may_break(self, h: _Shocked) -> bool:
        e = estimate(self.values(h))
        return self.base >= self.target and not e.lo > self.target

    def _may_be_worse(self, h: _Shocked, fifth: _Shocked) -> bool:
        return h is fifth or paired(self.values(fifth), self.values(h)).lo <= 0

    def smallest(self, kinds: Sequence[Sequence[_Shocked]]) -> _Shocked | None:
        """Return the smallest shock that breaks the target, or None."""
        able = [kind for kind in kinds if self._may_break(kind[-1])]
        for grade in sorted({h.shock.grade for kind in able for h in kind}):
            level = [h for kind in able for h in kind if h.shock.grade == grade]
            self.settle(level)
            if found := [h for h in level if self.broken(h)]:
                return min(found, key=self.mean)
        two = [a.shock.together(b.shock) for a, b in combinations([kind[-1] for kind in kinds], 2)]
        both = self.hits(two)
        self.settle(both)
        found = [h for h in both if self.broken(h)]
        return min(found, key=lambda h: (h.shock.grade, self.mean(h)), default=None)

    def mend(self, h: _Shocked) -> Hit:
        """Try what could be done: everything for a few years, the best of it for all."""
        offered, shocked = remedies(h.scenario, h.shock), self.values(h)

        def gain(made: Scenario) -> Estimate:
            v = self.years.of(made)
            return paired(shocked[: len(v)], v)

        going, most = offered, BEST if self.loss(h) >= SMALL else 1
        for k in (self.stages[0], self.n):
            self.years.extend([made for _, made in going], k)
            going = sorted(going, key=lambda r: -gain(r[1]).mean)[:most]
        lost, told = self.loss(h), []
        for words, made in going:
            e = gain(made)
            told.append(Remedy(words, made, self.mean(h) + e.mean, e, e.mean / lost if lost > 0 else None))  # fmt: skip
        others = tuple(words for words, _ in offered if words not in [r.words for r in told])
        return replace(self.hit(h), remedies=tuple(told), others=others)

    def hit(self, h: _Shocked) -> Hit:
        """Return what a shock does."""
        v = self.values(h)
        met = sum(x >= self.target for x in v)
        return Hit(h.shock, h.scenario, self.mean(h), paired(v, self.start[: len(v)]), met, self.broken(h), v)  # fmt: skip
