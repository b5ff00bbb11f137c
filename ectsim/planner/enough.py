"""How much is enough: the cheapest protection under which a target is met often enough.

Five levers, each with few rungs, make a finite list of packages: minutes of meeting that stand in the
timetable, whether the visit stands there too, reserve slots a week, a weekly check-in, and cover
supervisors beyond those the school has. The list is gone through in order of cost, in the same
simulated years, until a package is good enough. So whatever is cheaper has been tried and was not.

Cost is staff time in minutes a school week, whoever's it is: both people for a meeting or a reserve,
the mentor for a visit, whoever takes a class for a slot in a lesson, the coordinator for check-ins, the
lesson minutes of a week for a supervisor. Beside it stands what the cover rota loses: periods of the
year in which somebody who is free may not be called.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product
from math import ceil, exp, isnan, lgamma, log
from typing import TYPE_CHECKING, Any

from ectsim.clock import Slot
from ectsim.errors import InputError, near
from ectsim.ledger import BIN_WORDS
from ectsim.metrics import METRICS
from ectsim.plan import LEVELS, PairSlots, Protection
from ectsim.planner.years import years

if TYPE_CHECKING:
    from ectsim.experiment import Replication
    from ectsim.scenario import Scenario

__all__ = [
    "CHECKIN",
    "SHARES",
    "Enough",
    "Package",
    "Tried",
    "cover_periods",
    "enough",
    "lower_bound",
    "minutes_a_week",
    "packages",
    "slots_of",
]

CHECKIN = 30
"""Minutes of the weekly check-in (F049); its length has no effect in the model, having it has."""

SHORT = 30
"""Minutes of a short meeting: the coaching part alone (F039)."""

SHARES = tuple(n for n, m in METRICS.items() if m.unit == "share" and m.better == "more")
"""What a target may be set for."""

LEVEL = 0.05
"""Chance of error that the lower bound allows."""

FEWEST = 20
"""Simulated years of every package, also of one that cannot be enough any more: for the curve."""

STEPS = 60
"""Simulated years for what one rung more or less does; these are means, which need fewer."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One choice on each lever.

    Parameters
    ----------
    meeting : int
        Minutes of the meeting that stand in the timetable; 0: pairs find time each week.
    visit : int
        1 if a visit slot stands there too.
    reserve : int
        Reserve slots for each week of the cycle, where the two share free time.
    checkin : int
        Minutes of the coordinator's weekly check-in.
    supervisors : int
        Cover supervisors beyond those the school has.
    """

    meeting: int = 0
    visit: int = 0
    reserve: int = 0
    checkin: int = 0
    supervisors: int = 0

    def words(self) -> str:
        """Say the package in words."""
        parts = []
        if self.meeting:
            parts.append(
                f"{self.meeting} minutes for the meeting in the timetable, kept free of cover"
            )
            if self.visit:
                parts.append("the visit likewise")
        if self.reserve:
            parts.append(f"{self.reserve} reserve slot{'' if self.reserve == 1 else 's'} a week")
        if self.checkin:
            parts.append(f"a check-in of {self.checkin} minutes a week")
        if self.supervisors:
            n = self.supervisors
            parts.append(f"{n} more cover supervisor{'' if n == 1 else 's'}")
        return "; ".join(parts) or "no protection at all"


@dataclass(frozen=True)
class Tried:
    """What came of one package.

    Parameters
    ----------
    package : Package
        What was tried.
    scenario : Scenario
        The scenario with it.
    minutes : float
        Its cost, staff minutes a school week.
    cover_periods : int
        Periods a year that it takes from the cover rota.
    values : tuple of float
        The metric in each simulated year, as many as it took to know.
    met : int
        In how many of them the target was met.
    bound : float
        Lower 95 % bound of the chance to meet it; of a package that was given up early, of what
        it could still have come to.
    enough : bool
        Whether the bound is at least the confidence asked for.
    runs : tuple of Replication
        The simulated years.
    """

    package: Package
    scenario: Scenario
    minutes: float
    cover_periods: int
    values: tuple[float, ...]
    met: int
    bound: float
    enough: bool
    runs: tuple[Replication, ...] = ()

    @property
    def mean(self) -> float:
        """Mean of the metric over the simulated years."""
        return sum(self.values) / len(self.values)

    def to_dict(self, seed: int) -> dict[str, Any]:
        """Return plain data."""
        return {
            "package": {k: getattr(self.package, k) for k in Package.__slots__},
            "words": self.package.words(),
            "code": self.scenario.code(seed),
            "minutes": self.minutes,
            "cover_periods": self.cover_periods,
            "mean": self.mean,
            "years": len(self.values),
            "met": self.met,
            "bound": self.bound,
            "enough": self.enough,
        }


@dataclass(frozen=True)
class Enough:
    """The answer.

    Parameters
    ----------
    scenario : Scenario
        What was asked about.
    target, confidence : float
        The share to reach, and in which share of years.
    metric : str
        Of what.
    seed, replications : int
        With which.
    answer : Tried or None
        The cheapest package that is enough; None when none is.
    tried : tuple of Tried
        Every package in order of cost up to the answer.
    steps : tuple of (str, Tried, Estimate)
        From the answer (or from everything at once) one rung up or down on one lever: words, the
        package, the paired difference in the metric.
    reason : str
        Why it cannot be reached, or "".
    """

    scenario: Scenario
    target: float
    confidence: float
    metric: str
    seed: int
    replications: int
    answer: Tried | None
    tried: tuple[Tried, ...]
    steps: tuple[tuple[str, Tried, Any], ...]
    reason: str = ""

    @cached_property
    def curve(self) -> tuple[Tried, ...]:
        """The packages that no cheaper one beats in the mean, in order of cost."""
        out: list[Tried] = []
        for t in self.tried:
            if not out or t.mean > out[-1].mean:
                out.append(t)
        return tuple(out)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        base = self.answer or self.tried[-1]
        return {
            "scenario": self.scenario.name,
            "target": self.target,
            "confidence": self.confidence,
            "metric": self.metric,
            "seed": self.seed,
            "replications": self.replications,
            "reached": self.answer is not None,
            "answer": self.answer.to_dict(self.seed) if self.answer else None,
            "reason": self.reason,
            "tried": [t.to_dict(self.seed) for t in self.tried],
            "curve": [t.to_dict(self.seed) for t in self.curve],
            "steps": [
                {"words": words, **t.to_dict(self.seed), "minutes_more": t.minutes - base.minutes,
                 "difference": {"mean": e.mean, "lo": e.lo, "hi": e.hi, "n": e.n}}
                for words, t, e in self.steps
            ],
            "warnings": list(self.scenario.warnings),
            "limits": LIMITS,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the answer in lines."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        what = METRICS[self.metric].label.lower()
        asked = f"{self.target:.0%} of cycles ({what}) in at least {self.confidence:.0%} of years"
        out = [f"! {self.scenario.banner}"] if self.scenario.banner else []
        if self.answer:
            a = self.answer
            out += [
                f"Enough for {asked}:",
                f"  {a.package.words()}",
                f"  {a.met} of {len(a.values)} simulated years meet it; the chance is at least "
                f"{a.bound:.1%} (95 % bound). Mean {a.mean:.1%}.",
                f"  It costs {a.minutes:.0f} staff minutes a week; cover loses {a.cover_periods} periods a year.",
            ]
            cheaper = [t for t in self.tried if not t.enough]
            if cheaper:
                t = cheaper[-1]
                out.append(
                    f"  One step cheaper ({t.minutes:.0f} minutes: {t.package.words()}) is not enough: "
                    f"{t.met} of {len(t.values)} years meet it."
                )
        else:
            out += [f"Cannot be reached: {asked}.", f"  {self.reason}"]
        out += ["", "What staff minutes buy (each row beats every cheaper one):"]
        for before, t in zip((None, *self.curve), self.curve, strict=False):
            more = ""
            if before is not None and t.minutes > before.minutes:
                gain = 1000 * (t.mean - before.mean) / (t.minutes - before.minutes)
                more = f"  {gain:+.2f} points for 10 minutes"
            out.append(
                f"  {t.minutes:6.0f} min  {t.mean:6.1%}  ({len(t.values)} years){more}  {t.package.words()}"
            )
        base = self.answer or self.tried[-1]
        out += ["", f"From {'the answer' if self.answer else 'everything at once'}, one step:"]
        for words, t, e in self.steps:
            out.append(
                f"  {words:34} {t.minutes - base.minutes:+6.0f} min  {100 * e.mean:+.1f} points "
                f"({100 * e.lo:+.1f} to {100 * e.hi:+.1f})"
            )
        return [*out, "", LIMITS]


def lower_bound(met: int, n: int, level: float = LEVEL) -> float:
    """Return the exact one-sided lower bound of a chance (Clopper and Pearson).

    Parameters
    ----------
    met, n : int
        In how many of n independent years it happened.
    level : float
        Chance that the bound lies above the truth, at most.
    """
    if met <= 0:
        return 0.0
    low, high = 0.0, met / n
    for _ in range(60):
        p = (low + high) / 2
        if _tail(met, n, p) < level:
            low = p
        else:
            high = p
    return low


def _tail(met: int, n: int, p: float) -> float:
    """Return the chance of at least ``met`` successes."""
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    return sum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p))
        for k in range(met, n + 1)
    )


@lru_cache(maxsize=256)
def _needed(n: int, confidence: float) -> int:
    """Return in how many of n years the target must be met; n + 1 when n years cannot show it."""
    return bisect_left(range(n + 1), confidence, key=lambda k: lower_bound(k, n))


# --- packages ---------------------------------------------------------------------------------


def slots_of(scenario: Scenario) -> dict[str, PairSlots]:
    """Return slots for every pair: the plan's own, else those a school ships with, else the planner's."""
    from ectsim.planner.pairing import pair_up  # noqa: PLC0415 - the solver is heavy

    def whole(s: Scenario) -> bool:
        return any(x.meet for x in s.plan.slots.values())

    if whole(scenario):
        return dict(scenario.plan.slots)
    if scenario.origin:
        shipped = scenario.with_changes({"plan.preset": "timetabled"})
        if whole(shipped):
            return dict(shipped.plan.slots)
    return dict(pair_up(scenario).slots)


def with_reserves(
    scenario: Scenario, slots: dict[str, PairSlots], count: int
) -> dict[str, PairSlots]:
    """Return slots with a number of reserves for each meeting, as far as there is free time.

    Reserves that are there are kept, in order; others are added later in the meeting's week, then
    anywhere in it, outside everybody's slots and planning time.

    Parameters
    ----------
    scenario : Scenario
        Programme and school.
    slots : dict of str to PairSlots
        By pair id.
    count : int
        Reserves a meeting.
    """
    from ectsim.planner.pairing import spare_cells  # noqa: PLC0415 - one floor, loaded when used
    from ectsim.slots import slot_cells  # noqa: PLC0415

    school, per = scenario.school, len(scenario.school.grid)
    kept: dict[str, list[int]] = {}
    for pair_id, s in slots.items():
        mine = [school.grid.cell(Slot.parse(t)) for t in s.reserve]
        meets = [school.grid.cell(Slot.parse(t)) for t in s.meet]
        weeks = [m // per // 5 for m in meets]
        kept[pair_id] = []
        for w in sorted(set(weeks)):
            kept[pair_id] += [c for c in mine if c // per // 5 == w][: count * weeks.count(w)]

    def written(pair_id: str) -> PairSlots:
        texts = tuple(str(school.grid.slot(c)) for c in sorted(kept[pair_id]))
        return slots[pair_id].model_copy(update={"reserve": texts})

    for pair_id, s in sorted(slots.items()):
        pair = school.pair(pair_id)
        for m in sorted(school.grid.cell(Slot.parse(t)) for t in s.meet):
            week = m // per // 5
            while sum(c // per // 5 == week for c in kept[pair_id]) < count:
                taken = slot_cells(school, {p: written(p) for p in slots})
                free = [
                    c
                    for c in school.common_free(pair)
                    if c // per // 5 == week
                    and not any(c in taken.get(w, ()) for w in (pair.ect, pair.mentor))
                ]
                if not free or any(
                    len(taken.get(w, ())) >= spare_cells(school, scenario.programme, w)
                    for w in (pair.ect, pair.mentor)
                ):
                    break
                kept[pair_id].append(min(free, key=lambda c: (c // per <= m // per, c)))
    return {p: written(p) for p in slots}


def minutes_a_week(scenario: Scenario, package: Package) -> float:
    """Return a package's cost: staff minutes a school week, over all pairs.

    Parameters
    ----------
    scenario : Scenario
        A scenario with the package (its slots are counted).
    package : Package
        The package.
    """
    school, cycle = scenario.school, scenario.school.grid.cycle_weeks
    visit = round(scenario.programme.coaching.observation_min[-1])
    meeting, total = package.meeting, 0.0
    for pair_id, s in scenario.plan.slots.items():
        pair = school.pair(pair_id)
        for use, people, minutes in (
            ("meet", 2, meeting),
            ("reserve", 2, meeting),
            ("observe", 1, visit),
        ):
            for text in getattr(s, use):
                cell = school.grid.cell(Slot.parse(text))
                sides = ((pair.ect, s.release_ect), (pair.mentor, s.release_mentor))
                takers = sum(
                    bool(taker) and school.timetable.kind(who, cell) == "lesson"
                    for who, taker in sides[-people:]
                )
                total += (people + takers) * minutes
    lessons = sum(p.length * len(p.days) for p in school.grid.periods if p.kind == "lesson")
    return total / cycle + package.checkin + package.supervisors * lessons


def cover_periods(scenario: Scenario) -> int:
    """Return how many periods a year somebody who is free may not be called to cover, for induction."""
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - numpy, only where it is needed

    guaranteed = LEVELS.index("guaranteed")
    return sum(level == guaranteed for _, _, level in frame_of(scenario).slots)


def packages(
    scenario: Scenario, keep: Collection[str] = ()
) -> list[tuple[Package, Scenario, float]]:
    """Return every package with its scenario and its cost, cheapest first.

    A package that comes to the same plan as another (a second reserve for which nobody has time)
    stands once.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan; what is no lever stays as the plan has it.
    keep : collection of str
        Levers that are left at their lowest rung: names of :class:`Package`'s fields.

    Raises
    ------
    InputError
        If there is no such lever.
    """
    for name in keep:
        if name not in Package.__slots__:
            raise InputError(f"no lever '{name}'", remedy=near(name, Package.__slots__))
    slots = slots_of(scenario)
    plan, school = scenario.plan, scenario.school
    reserves = {n: with_reserves(scenario, slots, n) for n in (0, 1, 2)}
    staffed = plan.cover.supervisors
    base = round(len(school.staff) / 40) if staffed is None else staffed
    long = scenario.programme.coaching.meeting_min
    meetings = (0, SHORT, long) if long > SHORT else (0, long)
    own = {p: PairSlots(study=s.study) for p, s in plan.slots.items() if s.study}
    rest = tuple(m for m in plan.recovery if m != "reserve")
    out: dict[Any, tuple[Package, Scenario, float]] = {}
    rungs = {"meeting": meetings, "visit": (0, 1), "reserve": (0, 1, 2), "checkin": (0, CHECKIN), "supervisors": (0, 1, 2)}  # fmt: skip
    offered = (r[:1] if lever in keep else r for lever, r in rungs.items())
    for m, v, r, c, extra in product(*offered):
        if not m and (v or r):
            continue
        package = Package(m, v, r, c, extra)
        chosen: dict[str, PairSlots] = dict(own)
        if m:
            chosen = {
                p: s.model_copy(update={"observe": s.observe if v else ()})
                for p, s in reserves[r].items()
            }
        changed = plan.model_copy(
            update={
                "meeting": "fixed" if m else "found",
                "meeting_min": m or long,
                "slots": chosen,
                "protection": Protection(mentor="guaranteed", ect="guaranteed")
                if m
                else Protection(mentor="none", ect="none"),
                "recovery": ("reserve", *rest) if r else rest,
                "checkin_min": c,
                "cover": plan.cover.model_copy(update={"supervisors": base + extra}),
            }
        )
        made = replace(scenario, plan=changed, story=None)
        cost = minutes_a_week(made, package)
        key = changed.model_dump_json()
        if key not in out or cost < out[key][2]:
            out[key] = (package, made, cost)
    return sorted(out.values(), key=lambda x: (round(x[2], 6), x[0]))


# --- the search -------------------------------------------------------------------------------


def enough(
    scenario: Scenario,
    *,
    target: float,
    confidence: float = 0.9,
    metric: str = "completion_any",
    keep: Collection[str] = (),
    seed: int = 1,
    replications: int = 200,
    executor: Executor | None = None,
    lanes: int = 2,
    progress: Progress | None = None,
) -> Enough:
    """Find the cheapest protection under which a target is met in enough years.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan. Slots, reserves, check-ins, protection and supervisors of the
        plan are levers; everything else stays.
    target : float
        Share to reach in a year, 0 to 1.
    confidence : float
        In which share of years, 0 to 1: the lower 95 % bound of that chance must reach it.
    metric : str
        Of what: one of :data:`SHARES`.
    keep : collection of str
        Levers that are not to be moved, such as ``supervisors``.
    seed, replications : int
        The simulated years, the same for every package.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    lanes : int
        Pieces of work that are sent there at once.
    progress : callable, optional
        Called with (packages done, packages in all).

    Returns
    -------
    Enough

    Raises
    ------
    InputError
        If the question cannot be asked: a share outside 0 to 1, an unknown metric, no cycle due,
        or too few simulated years to show the confidence.
    """
    for name, value in (("target", target), ("confidence", confidence)):
        if not 0 < value < (1.0000001 if name == "target" else 1):
            raise InputError(f"{name} is {value}", remedy="a share between 0 and 1, such as 0.8")
    if metric not in SHARES:
        raise InputError(f"no target can be set for '{metric}'", remedy=near(metric, SHARES))
    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    needed = _needed(replications, confidence)
    if needed > replications:
        n = ceil(log(LEVEL) / log(confidence))  # where every year meets it: LEVEL = chance ** n
        raise InputError(
            f"{replications} simulated years cannot show a chance of {confidence:.0%}",
            remedy=f"use at least --replications {n}",
        )
    listed = packages(scenario, keep)
    tried: list[Tried] = []
    for i, (package, made, cost) in enumerate(listed):
        last = i + 1 == len(listed)  # of everything at once we want to know all, for the reason
        runs: list[Replication] = []
        values: list[float] = []
        for piece in years(made, seed, replications, executor, lanes):
            runs += piece
            values += [r.metrics[list(METRICS).index(metric)] for r in piece]
            failed = sum(v < target for v in values) > replications - needed
            if failed and not last and len(values) >= FEWEST:
                break
        if any(map(isnan, values)):
            raise InputError(
                f"'{metric}' does not exist in every year: no cycle is due",
                remedy="give the school pairs in their induction",
            )
        met = sum(v >= target for v in values)
        could = met + replications - len(values)
        found = Tried(
            package, made, cost, cover_periods(made), tuple(values), met,
            lower_bound(could, replications), could >= needed, tuple(runs),
        )  # fmt: skip
        tried.append(found)
        if progress:
            progress(i + 1, len(listed))
        if found.enough:
            break
    answer = tried[-1] if tried[-1].enough else None
    steps = _steps(tried[-1], listed, metric, seed, min(STEPS, replications), executor, lanes)
    return Enough(
        scenario, target, confidence, metric, seed, replications, answer, tuple(tried), steps,
        "" if answer else _reason(tried[-1], target, confidence, metric),
    )  # fmt: skip


LEVERS = {
    "meeting": "meeting in the timetable",
    "visit": "visit in the timetable",
    "reserve": "reserve slots",
    "checkin": "weekly check-in",
    "supervisors": "cover supervisors",
}


def _steps(
    start: Tried,
    listed: Sequence[tuple[Package, Scenario, float]],
    metric: str,
    seed: int,
    n: int,
    executor: Executor | None,
    lanes: int,
) -> tuple[tuple[str, Tried, Any], ...]:
    """Try one rung up and one down on each lever, in the same years."""
    from ectsim.analysis import paired  # noqa: PLC0415 - loads the experiment's floor

    known = {p: (s, cost) for p, s, cost in listed}
    at = list(METRICS).index(metric)
    out = []
    for lever, words in LEVERS.items():
        now = getattr(start.package, lever)
        rungs = sorted({getattr(p, lever) for p in known})
        for direction in (-1, 1):
            i = rungs.index(now) + direction
            if not 0 <= i < len(rungs):
                continue
            package = replace(start.package, **{lever: rungs[i]})
            if package not in known:
                continue
            made, cost = known[package]
            runs = [r for piece in years(made, seed, n, executor, lanes) for r in piece]
            values = tuple(r.metrics[at] for r in runs)
            e = paired(start.values[: len(values)], values[: len(start.values)])
            text = f"{words}: {now} to {rungs[i]}"
            out.append(
                (text, Tried(package, made, cost, cover_periods(made), values, 0, 0.0, False), e)
            )
    return tuple(out)


def _reason(best: Tried, target: float, confidence: float, metric: str) -> str:
    """Say why even everything at once does not do, from its ledger."""
    from ectsim.ledger import BINS  # noqa: PLC0415 - beside its use

    due = sum(r.due for r in best.runs)
    total = {b: sum(r.bins[i] for r in best.runs) for i, b in enumerate(BINS)}
    fine = {"on_time", "moved", "late", "paused"}
    if metric != "completion_full":
        fine.add("partial")
    rest = sorted(((n, b) for b, n in total.items() if n and b not in fine), reverse=True)[:3]
    left = ", ".join(f"{100 * n / due:.1f} {BIN_WORDS[b]}" for n, b in rest)
    unsure = (
        f" That shows a chance of {lower_bound(best.met, len(best.values)):.0%} at least; more "
        "--replications may show that it is enough."
        if best.met >= confidence * len(best.values)
        else ""
    )
    return (
        f"Even with everything tried at once ({best.package.words()}) {best.met} of {len(best.values)} "
        f"years reach {target:.0%}; the mean is {best.mean:.1%}.{unsure} Of 100 cycles due these remain: {left}."
    )
