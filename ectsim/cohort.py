"""A national cohort: many made-up schools with first-year ECTs, lived through under one plan.

A full timetable for each of 12,500 schools would cost more than their years do. So there is a library
of school types: a secondary of three sizes, a primary of one to three forms, each with so many ECTs and
so many of them with a shared mentor. A type's timetable is made once, by the generators of
:mod:`ectsim.timetables`. What differs from school to school of one type is how many ECTs it has, how
leaders, culture, relationship and belief stand on the first day, and all of its luck: who is ill, who
covers, what slips. What does not differ within a type is who teaches when.

Everything about a school is keyed by its number: school 17 is the same whether a hundred schools are
made or all of them, under whatever plan. Logs are dropped as soon as they are counted.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from math import comb, exp, sqrt
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ectsim import __version__
from ectsim.analysis import LIMITS, quantile, t_quantile
from ectsim.errors import Cancelled, InputError, near
from ectsim.folder import explain
from ectsim.ledger import BIN_WORDS, BINS, count_bins, ledger
from ectsim.luck import stable_fraction, stable_seed
from ectsim.metrics import PASS_MARK
from ectsim.parameters import Frozen, certificates, number
from ectsim.partner import hidden_groups
from ectsim.plan import Plan, plan_names
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import Conditions, Pair, School, Timetable

if TYPE_CHECKING:
    from ectsim.model.frame import Frame

__all__ = ["Group", "Kind", "Recipe", "Result", "Seat", "generate", "lines", "run", "scenario_of"]

CHUNK = 40
"""Schools in a piece of work, all of one type: long enough to lay out their year once."""

MOST_SCHOOLS = 100_000


class Recipe(Frozen):
    """What the cohort is made from. Nothing here is about one real school."""

    schools: int = number(
        12_500, unit="schools", status="external", source="E1-11", low=1, high=MOST_SCHOOLS, ge=1,
        le=MOST_SCHOOLS, ask="How many schools have ECTs who begin in a year?",
    )  # fmt: skip
    ects: int = number(
        27_000, unit="ECTs", status="external", source="E1-11", low=22_536, high=28_887, ge=1,
        le=10 * MOST_SCHOOLS, ask="How many ECTs begin in a year in that many schools?",
    )  # fmt: skip
    mentors: int = number(
        25_000, unit="mentors", status="external", source="E1-11 E4-10", low=24_100, high=25_500, ge=1,
        le=10 * MOST_SCHOOLS, ask="How many mentors do they have?",
    )  # fmt: skip
    secondary_schools: float = number(
        0.26, unit="share of the schools", status="assumption", source="", low=0.20, high=0.35, ge=0.01,
        le=0.99, ask="What share of those schools are secondaries?",
        why="Nearly every secondary has an ECT in a year, many primaries have none.",
    )  # fmt: skip
    secondary_ects: float = number(
        0.504, unit="share of the ECTs", status="derived", source="E4-13", low=0.45, high=0.55, ge=0.01,
        le=0.99, ask="What share of the ECTs begin in secondaries?",
        why="As many as secondaries have of the teachers of both phases.",
    )  # fmt: skip
    secondary_large: float = number(
        0.35, unit="share of the secondaries", status="assumption", source="", low=0.20, high=0.50, ge=0,
        le=1, ask="What share of secondaries have about 96 staff rather than 60?",
    )  # fmt: skip
    secondary_very_large: float = number(
        0.10, unit="share of the secondaries", status="assumption", source="", low=0.0, high=0.20, ge=0,
        le=1, ask="What share of secondaries have about 130 staff?",
    )  # fmt: skip
    primary_two_forms: float = number(
        0.40, unit="share of the primaries", status="assumption", source="", low=0.30, high=0.50, ge=0,
        le=1, ask="What share of primaries have two classes a year rather than one?",
    )  # fmt: skip
    primary_three_forms: float = number(
        0.10, unit="share of the primaries", status="assumption", source="", low=0.0, high=0.20, ge=0,
        le=1, ask="What share of primaries have three classes a year?",
    )  # fmt: skip
    states_spread: float = number(
        1.0, unit="share of the plausible range", status="assumption", source="", low=0.0, high=1.0, ge=0,
        le=1, ask="How far do schools differ in leaders' support, culture, relationships and belief?",
        why="Within the range of each, the middle most likely; 0 makes all schools alike.",
    )  # fmt: skip

    @property
    def sharing(self) -> float:
        """Chance that an ECT beyond a school's first has a colleague's mentor (derived, E1-11)."""
        further = self.ects - self.schools
        return min(1.0, max(0.0, (self.ects - self.mentors) / further)) if further > 0 else 0.0


SIZES: dict[str, tuple[tuple[str, int, int], ...]] = {
    "secondary": (("60 staff", 60, 8), ("96 staff", 96, 10), ("130 staff", 130, 12)),
    "primary": (("one form", 1, 2), ("two forms", 2, 4), ("three forms", 3, 6)),
}
"""For each phase its sizes: words, staff or forms, the most ECTs."""

STAFF = {"secondary": (60, 96, 130), "primary": (13, 21, 29)}
"""Staff of each size."""

TIMETABLE = {60: 54, 96: 1, 130: 1}
"""Which school of that size the generator makes: the seeds of those that ship, and one more."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A type of school.

    Parameters
    ----------
    phase : str
        ``secondary`` or ``primary``.
    size : int
        Position in :data:`SIZES`.
    ects : int
        First-year ECTs.
    shared : int
        How many of them have a mentor who has another ECT.
    """

    phase: str
    size: int
    ects: int
    shared: int

    @property
    def mentors(self) -> int:
        """Mentors of the school."""
        return self.ects - self.shared

    @property
    def words(self) -> str:
        """Phase and size, for people."""
        return f"{self.phase}, {SIZES[self.phase][self.size][0]}"


@dataclass(frozen=True, slots=True)
class Seat:
    """A school of the cohort.

    Parameters
    ----------
    number : int
        0 is the first; keys everything about it.
    kind : Kind
        Its type.
    states : tuple of float
        Leaders' support, culture, relationship and belief on the first day, each 0 to 1.
    """

    number: int
    kind: Kind
    states: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What is kept of a school's simulated years.

    Parameters
    ----------
    number : int
        Of the school.
    due, held, full : int
        Cycles due (without paused ones), held at all, held in full.
    logged : int
        Recorded visits and meetings, two a due cycle where all is done and recorded.
    engaged, pairs : int
        Pairs at three quarters of their due cycles, and pairs, over all replications.
    bins : tuple of int
        Cycles in the order of ``ledger.BINS``.
    """

    number: int
    due: int
    held: int
    full: int
    logged: int
    engaged: int
    pairs: int
    bins: tuple[int, ...]


# --- who is in it -------------------------------------------------------------------------------


def generate(schools: int, seed: int, recipe: Recipe | None = None) -> Iterator[Seat]:
    """Make the first schools of a cohort.

    Parameters
    ----------
    schools : int
        How many.
    seed : int
        Which cohort.
    recipe : Recipe, optional
        What it is made from; the published first cohort where none is given.

    Yields
    ------
    Seat
        In order of number; school k does not depend on how many there are.
    """
    rules = recipe or Recipe()
    mean = {
        "secondary": rules.ects * rules.secondary_ects / (rules.schools * rules.secondary_schools),
        "primary": rules.ects * (1 - rules.secondary_ects) / (rules.schools * (1 - rules.secondary_schools)),
    }  # fmt: skip
    shares = {
        "secondary": _shares(rules.secondary_large, rules.secondary_very_large),
        "primary": _shares(rules.primary_two_forms, rules.primary_three_forms),
    }
    staff = {p: sum(s * n for s, n in zip(shares[p], STAFF[p], strict=True)) for p in STAFF}
    ranges = [_range_of(name, rules.states_spread) for name in STATES]
    for i in range(schools):

        def draw(what: str, i: int = i) -> float:
            return stable_fraction("cohort", seed, i, what)

        phase = "secondary" if draw("phase") < rules.secondary_schools else "primary"
        u, size = draw("size"), 0
        while size < 2 and u >= sum(shares[phase][: size + 1]):
            size += 1
        # one ECT at least, for only schools with one take part; the others as the school is large
        more = max(0.0, mean[phase] - 1.0) * STAFF[phase][size] / staff[phase]
        ects = min(1 + _poisson(draw("ects"), more), SIZES[phase][size][2])
        shared = _binomial(draw("shared"), ects - 1, rules.sharing)
        shared = min(shared, 1 if phase == "primary" else 2, ects // 2)
        states = tuple(_triangular(draw(n), *r) for n, r in zip(STATES, ranges, strict=True))
        yield Seat(i, Kind(phase, size, ects, shared), states)


STATES = ("leader_support", "culture", "relationship", "belief")


def _shares(middle: float, last: float) -> tuple[float, float, float]:
    if middle + last > 1:
        raise InputError("the shares of sizes add up to more than 1", where="cohort", remedy="make one smaller")  # fmt: skip
    return 1 - middle - last, middle, last


def _range_of(name: str, spread: float) -> tuple[float, float, float]:
    """Return least, likeliest and most of a state: its plausible range, drawn in towards the middle."""
    c = next(c for c in certificates(Conditions, "conditions") if c.name == f"conditions.{name}")
    middle = float(str(c.default))
    low, high = (middle if v is None else middle + spread * (v - middle) for v in (c.low, c.high))
    return low, middle, high


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    if high <= low:
        return mode
    cut = (mode - low) / (high - low)
    if u < cut:
        return low + sqrt(u * (high - low) * (mode - low))
    return high - sqrt((1 - u) * (high - low) * (high - mode))


def _poisson(u: float, mean: float) -> int:
    chance = total = exp(-mean)
    k = 0
    while u >= total and k < 60:
        k += 1
        chance *= mean / k
        total += chance
    return k


def _binomial(u: float, n: int, p: float) -> int:
    total = 0.0
    for k in range(n):
        total += comb(n, k) * p**k * (1 - p) ** (n - k)
        if u < total:
            return k
    return n


# --- types of schools ---------------------------------------------------------------------------


def scenario_of(
    kind: Kind, plan: str = "found_time", changes: Mapping[str, object] | None = None
) -> Scenario:
    """Return the scenario of a type of school; its timetable is made once and kept.

    Parameters
    ----------
    kind : Kind
        The type.
    plan : str
        Name of a plan; under ``timetabled`` every pair has slots.
    changes : mapping, optional
        Changes by dotted name, the same in every school.

    Raises
    ------
    InputError
        If there is no such plan, or a change is out of bounds.
    """
    if plan not in plan_names():
        raise InputError(f"no plan '{plan[:40]}'", where="--plan", remedy=near(plan, plan_names()))
    programme = Programme.preset("2021")
    from ectsim.slots import first_fit  # noqa: PLC0415 - only where schools are made
    from ectsim.timetables.synthetic_primary import primary_slots, synthetic_primary  # noqa: PLC0415

    if kind.phase == "primary":
        forms = SIZES["primary"][kind.size][1]
        school = synthetic_primary(
            name=kind.words, forms=forms, ects=kind.ects, one_mentor=kind.shared > 0
        )
        slots = primary_slots(school, forms=forms, one_mentor=kind.shared > 0)
    else:
        school = _secondary(SIZES["secondary"][kind.size][1])
        pairs = _pairs(school, kind)
        school = replace(school, name=kind.words, pairs=tuple(sorted(pairs, key=lambda p: p.id)))
        slots = first_fit(school, programme)
    # which class is taught where decides nothing, and would have to be sent to every worker
    school = replace(school, timetable=Timetable(school.timetable.rows, {}))
    chosen = Plan.preset(plan)
    if chosen.meeting == "fixed":
        chosen = chosen.model_copy(update={"slots": slots})
    out = Scenario(kind.words, programme, school, chosen)
    # no cycle's fate depends on which step it is about; without steps a log is half as long
    return out.with_changes({"programme.steps.follow": False, **(changes or {})}, where="cohort")


def _pairs(school: School, kind: Kind) -> list[Pair]:
    """Choose the pairs of a secondary of a type, and who has two ECTs.

    In an order of their own, so that a school's first ECT is not always the same subject's; a pair
    that shares no free period comes last, for a coordinator would choose another mentor.
    """
    weeks = school.grid.cycle_weeks

    def together(pair: Pair) -> int:
        cells = school.common_free(pair)
        half = school.grid.cells // weeks
        return min(sum(c // half == w for c in cells) for w in range(weeks))

    order = sorted(
        school.pairs,
        key=lambda p: (not together(p), stable_fraction("cohort pair", kind.size, p.id)),
    )
    pairs = order[: kind.ects]
    for k in range(kind.shared):
        a, b = pairs[2 * k : 2 * k + 2]
        first, second = replace(b, mentor=a.mentor), replace(a, mentor=b.mentor)
        if together(first) >= together(second):
            pairs[2 * k + 1] = first
        else:
            pairs[2 * k] = second
    return pairs


@lru_cache(maxsize=4)
def _secondary(staff: int) -> School:
    from ectsim.timetables.synthetic import synthetic_secondary  # noqa: PLC0415 - as above

    most = next(m for _, n, m in SIZES["secondary"] if n == staff)
    return synthetic_secondary(staff=staff, ects=most, seed=TIMETABLE[staff]).school


# --- living -------------------------------------------------------------------------------------


def _live_chunk(
    packed: bytes, seed: int, seats: Sequence[tuple[int, dict[str, float]]], replications: int
) -> list[Tally]:
    """Live the years of some schools of one type: a picklable piece of work."""
    from ectsim.model.frame import Frame  # noqa: PLC0415 - numpy and simpy, only in workers

    frame = Frame(pickle.loads(packed))
    return [
        _tally(frame.under(**states), number, stable_seed(seed, "cohort", number), replications)
        for number, states in seats
    ]


def _tally(frame: Frame, number: int, seed: int, replications: int) -> Tally:
    from ectsim.model.year import live_in  # noqa: PLC0415 - as above

    due = held = full = logged = engaged = 0
    bins = [0] * len(BINS)
    pairs = len(frame.pairs)
    for k in range(replications):
        entries = ledger(live_in(frame, seed, k).log, frame.scenario)
        for i, n in enumerate(count_bins(entries).values()):
            bins[i] += n
        by_pair = [[0, 0] for _ in range(pairs)]
        for e in entries:
            if e.timing != "paused":
                by_pair[e.pair][0] += 1
            if e.met is not None:
                by_pair[e.pair][1] += 1
                logged += (1 + bool(e.seen)) * e.recorded
                full += e.content == "full"
        due += sum(d for d, _ in by_pair)
        held += sum(h for _, h in by_pair)
        engaged += sum(h >= PASS_MARK * d for d, h in by_pair)
    return Tally(number, due, held, full, logged, engaged, pairs * replications, tuple(bins))


def run(
    *,
    schools: int | None = None,
    plan: str = "found_time",
    seed: int = 1,
    replications: int = 1,
    recipe: Recipe | None = None,
    changes: Mapping[str, object] | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Make a cohort and live through its first year of induction.

    Parameters
    ----------
    schools : int, optional
        How many schools; all of the recipe's where it is not said.
    plan : str
        The plan of every school.
    seed : int
        Which cohort and whose luck.
    replications : int
        How many years each school lives through.
    recipe : Recipe, optional
        What the cohort is made from.
    changes : mapping, optional
        Changes by dotted name (``cohort.``, ``plan.``, ``conditions.``, ``programme.``), the same in
        every school. A state that is set is no longer drawn.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) schools.
    cancelled : callable, optional
        Asked between pieces of work; true stops.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the plan or a change does not exist.
    ectsim.errors.Cancelled
        If ``cancelled`` said so.
    """
    given = dict(changes or {})
    rules = _recipe(recipe or Recipe(), given)
    count = rules.schools if schools is None else schools
    if not 1 <= count <= MOST_SCHOOLS:
        raise InputError(f"{count} schools", where="--schools", remedy=f"give 1 to {MOST_SCHOOLS}")
    drawn = [n for n in STATES if f"conditions.{n}" not in given]
    by_kind: dict[Kind, list[tuple[int, dict[str, float]]]] = {}
    seats = []
    for seat in generate(count, seed, rules):
        seats.append(seat.kind)
        states = dict(zip(STATES, seat.states, strict=True))
        by_kind.setdefault(seat.kind, []).append((seat.number, {n: states[n] for n in drawn}))
    found: list[Tally | None] = [None] * count
    done = 0

    def take(tallies: Iterable[Tally]) -> None:
        nonlocal done
        for t in tallies:
            found[t.number] = t
            done += 1
        if progress:
            progress(done, count)

    def work() -> Iterator[tuple[bytes, int, list[tuple[int, dict[str, float]]], int]]:
        # the longest first, so that both ends of a pool finish together
        for kind in sorted(by_kind, key=lambda k: (-STAFF[k.phase][k.size] * k.ects, k)):
            packed = pickle.dumps(scenario_of(kind, plan, given))
            members = by_kind[kind]
            for i in range(0, len(members), CHUNK):
                yield packed, seed, members[i : i + CHUNK], replications

    _spread(work(), executor, take, cancelled)
    whole = [t for t in found if t is not None]
    return Result(plan, seed, replications, rules, given, tuple(seats), tuple(whole))


def _recipe(recipe: Recipe, given: dict[str, object]) -> Recipe:
    """Take the changes of the recipe out of all changes, and make them."""
    mine = {k.removeprefix("cohort."): given.pop(k) for k in list(given) if k.startswith("cohort.")}
    try:
        return Recipe.model_validate({**recipe.model_dump(), **mine})
    except ValidationError as error:
        raise explain(error, where="", prefix="cohort") from None


AHEAD = 6
"""Pieces of work that wait beside those in hand; more would only fill memory."""


def _spread(
    work: Iterator[tuple[bytes, int, list[tuple[int, dict[str, float]]], int]],
    executor: Executor | None,
    take: Callable[[Iterable[Tally]], None],
    cancelled: Callable[[], bool] | None,
) -> None:
    waiting: set[Future[list[Tally]]] = set()
    try:
        for piece in work:
            if cancelled and cancelled():
                raise Cancelled
            if executor is None:
                take(_live_chunk(*piece))
                continue
            waiting.add(executor.submit(_live_chunk, *piece))
            while len(waiting) >= AHEAD:
                waiting = _next(waiting, take, cancelled)
        while waiting:
            waiting = _next(waiting, take, cancelled)
    finally:
        for future in waiting:
            future.cancel()


def _next(
    waiting: set[Future[list[Tally]]],
    take: Callable[[Iterable[Tally]], None],
    cancelled: Callable[[], bool] | None,
) -> set[Future[list[Tally]]]:
    finished, rest = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
    for future in finished:
        take(future.result())
    if cancelled and cancelled():
        raise Cancelled
    return rest


# --- what comes of it ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """What came of some schools together.

    Parameters
    ----------
    name : str
        Which schools.
    schools, ects, mentors : int or None
        How many; None where the group is too small to be shown.
    held, full, logged : tuple of (float, float, float) or None
        Share of due cycles held at all, held in full, and of visits and meetings on record: the
        share and its 95 % interval; the sample is the school.
    engaged : float or None
        Share of pairs at three quarters of their due cycles.
    tenth, ninth : float or None
        Eight of ten schools lie between these shares held; not told of fewer than 30 schools.
    """

    name: str
    schools: int | None
    ects: int | None
    mentors: int | None
    held: tuple[float, float, float] | None
    full: tuple[float, float, float] | None
    logged: tuple[float, float, float] | None
    engaged: float | None
    tenth: float | None
    ninth: float | None


@dataclass(frozen=True)
class Result:
    """A cohort's year.

    Parameters
    ----------
    plan : str
        The plan of every school.
    seed, replications : int
        Of the run.
    recipe : Recipe
        What the cohort was made from.
    changes : dict
        Changes that were the same in every school.
    kinds : tuple of Kind
        Of each school its type, in order of number.
    tallies : tuple of Tally
        What was counted in each school, in order of number.
    """

    plan: str
    seed: int
    replications: int
    recipe: Recipe
    changes: dict[str, object]
    kinds: tuple[Kind, ...]
    tallies: tuple[Tally, ...]

    def groups(self) -> dict[str, list[Group]]:
        """Return what came of all schools, by phase, by size, and by number of ECTs.

        Small groups are not shown, nor what would give them away by subtraction.
        """
        both = list(zip(self.kinds, self.tallies, strict=True))
        by_ects = {1: "1 ECT", 2: "2 ECTs", 3: "3 or 4 ECTs", 4: "3 or 4 ECTs"}
        sizes = [f"{p}, {w}" for p in SIZES for w, _, _ in SIZES[p]]
        words = ["1 ECT", "2 ECTs", "3 or 4 ECTs", "5 ECTs or more"]
        return {
            "all": self._grouped(both, lambda k: "all schools", ["all schools"]),
            "phase": self._grouped(both, lambda k: k.phase, list(SIZES)),
            "size": self._grouped(both, lambda k: k.words, sizes),
            "ects": self._grouped(both, lambda k: by_ects.get(k.ects, words[-1]), words),
        }

    def _grouped(
        self, both: list[tuple[Kind, Tally]], of: Callable[[Kind], str], order: list[str]
    ) -> list[Group]:
        members: dict[str, list[tuple[Kind, Tally]]] = {n: [] for n in order}
        for kind, tally in both:
            members[of(kind)].append((kind, tally))
        there = {n: m for n, m in members.items() if m}
        hidden = hidden_groups({n: (len(m), sum(k.ects for k, _ in m)) for n, m in there.items()})
        return [_hidden(n) if n in hidden else _group(n, m) for n, m in there.items()]

    @property
    def ledger_total(self) -> dict[str, int]:
        """Cycles by bin over all schools and replications."""
        return {b: sum(t.bins[i] for t in self.tallies) for i, b in enumerate(BINS)}

    def checks(self) -> list[dict[str, Any]]:
        """Return published figures beside the generated cohort's: what the generator was told, and not."""
        n, rules = len(self.kinds), self.recipe
        ects, mentors = sum(k.ects for k in self.kinds), sum(k.mentors for k in self.kinds)
        few = sum(k.ects <= 2 for k in self.kinds) / n
        rows = [
            ("E1-11", "ECTs in the schools that take part", rules.ects * n / rules.schools, ects, "told"),
            ("E1-11", "mentors in them", rules.mentors * n / rules.schools, mentors, "told"),
            ("E4-10", "ECTs for each mentor", "1.06 to 1.12", ects / mentors, "told"),
            ("E4-12", "ECTs in a school", "2.2", ects / n, "told"),
            ("E1-19", "share of schools with one or two ECTs", "nearly all", few, "not told"),
        ]  # fmt: skip
        return [dict(zip(("id", "figure", "published", "made", "how"), r, strict=True)) for r in rows]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data.

        Returns
        -------
        dict
            ``plan``, ``seed``, ``replications``, ``schools``, ``changes``, ``version``, ``recipe``
            (each number with unit, range, status and source), ``checks``, ``groups`` {all, phase,
            size, ects: list of :class:`Group`}, ``ledger_total``, ``due_total`` (whole numbers that
            add up), ``command``, ``limits``. No time, worker count or path stands in it.
        """
        value = self.recipe.model_dump()
        total = {k: v for k, v in self.ledger_total.items() if v or k != "independent"}
        return {
            "plan": self.plan,
            "seed": self.seed,
            "replications": self.replications,
            "schools": len(self.kinds),
            "changes": {k: _plain(v) for k, v in self.changes.items()},
            "version": __version__,
            "recipe": [
                {"name": c.name, "value": value[c.name.removeprefix("cohort.")], "unit": c.unit, "low": c.low,
                 "high": c.high, "status": c.status, "source": c.source, "words": c.ask}
                for c in certificates(Recipe, "cohort")
            ],
            "checks": self.checks(),
            "groups": {n: [asdict(g) for g in rows] for n, rows in self.groups().items()},
            "ledger_total": total,
            "due_total": sum(total.values()),
            "command": self.command,
            "limits": [*self._notes(), *LIMITED, LIMITS],
        }  # fmt: skip

    def _notes(self) -> list[str]:
        """Return what a reader of these very numbers must know."""
        primary = [t for k, t in zip(self.kinds, self.tallies, strict=True) if k.phase == "primary"]
        if primary and not any(t.full for t in primary):
            return ["In these primaries nobody takes a mentor's class outside planned slots, so no lesson is seen and no cycle is held in full."]  # fmt: skip
        return []

    @property
    def command(self) -> str:
        """The command that gives these numbers again."""
        set_ = [f"--set {k}={_plain(v)}" for k, v in self.changes.items()]
        default = Recipe()
        set_ += [
            f"--set cohort.{k}={v}" for k, v in self.recipe.model_dump().items() if v != getattr(default, k)
        ]  # fmt: skip
        head = f"ectsim cohort --schools {len(self.kinds)} --plan {self.plan} --seed {self.seed}"
        more = [f"--replications {self.replications}"] if self.replications > 1 else []
        return " ".join([head, *more, *set_])


LIMITED = (
    "The schools are made up: types of school with one timetable each, and their own luck. No real school, and "
    "no list of schools, stands in it; nobody and no school is ranked.",
    "Each size has one timetable, so that a difference between sizes may be one between single timetables.",
    "The intervals hold the chance of which schools and which luck were drawn. They do not hold what is assumed: "
    "see ectsim validate for how far that reaches.",
    "Full-time ECTs of state primaries and secondaries who begin in September; special schools, part-time ECTs, "
    "other starting dates and people who leave during the year are not in it.",
)


def _plain(value: object) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _hidden(name: str) -> Group:
    return Group(name, *[None] * 9)


def _group(name: str, members: list[tuple[Kind, Tally]]) -> Group:
    tallies = [t for _, t in members]
    shares = [t.held / t.due for t in tallies if t.due]
    enough = len(shares) >= 30
    return Group(
        name, len(members), sum(k.ects for k, _ in members), sum(k.mentors for k, _ in members),
        ratio([(t.held, t.due) for t in tallies]), ratio([(t.full, t.due) for t in tallies]),
        ratio([(t.logged, 2 * t.due) for t in tallies]),
        sum(t.engaged for t in tallies) / sum(t.pairs for t in tallies),
        quantile(shares, 0.1) if enough else None, quantile(shares, 0.9) if enough else None,
    )  # fmt: skip


def ratio(parts: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    """Return a share over many schools with its 95 % interval; the sample is the school.

    Pairs of one school share its luck, so that counting them as so many samples would make the
    interval too narrow. The interval is that of a ratio of two means, by linearisation.

    Parameters
    ----------
    parts : sequence of (int, int)
        For each school what is counted, and out of how many.

    Returns
    -------
    tuple of float
        The share, and the ends of its interval; both ends are the share where there is one school.
    """
    n, whole = len(parts), sum(d for _, d in parts)
    share = sum(c for c, _ in parts) / whole if whole else 0.0
    if n < 2 or not whole:
        return share, share, share
    spread = sum((c - share * d) ** 2 for c, d in parts) * n / (n - 1)
    half = t_quantile(0.975, n - 1) * sqrt(spread) / whole
    return share, max(0.0, share - half), min(1.0, share + half)


def lines(data: Mapping[str, Any]) -> list[str]:
    """Return what :meth:`Result.to_dict` gives as lines for a terminal."""
    out = [
        f"A made-up cohort of {data['schools']:,} schools, plan {data['plan']}, {data['replications']} year(s) each, seed {data['seed']}",
        "",
        f"{'':26}{'schools':>9}{'ECTs':>9}{'held at all':>26}{'held in full':>26}{'8 of 10 schools':>18}",
    ]
    for name, rows in data["groups"].items():
        if name != "all":
            out.append("")
        for g in rows:
            if g["schools"] is None:
                out.append(f"{g['name']:26}{'too few to be shown':>18}")
                continue
            spread = (
                "-" if g["tenth"] is None else f"{100 * g['tenth']:.0f} to {100 * g['ninth']:.0f} %"
            )
            out.append(
                f"{g['name']:26}{g['schools']:>9,}{g['ects']:>9,}{_span(g['held']):>26}{_span(g['full']):>26}{spread:>18}"
            )
    total = {k: v for k, v in data["ledger_total"].items() if v}
    out += ["", "Where the due cycles went:"]
    out += [f"  {BIN_WORDS[k]:50}{v:>12,}{100 * v / data['due_total']:>8.1f} %" for k, v in total.items()]  # fmt: skip
    out += ["", "The cohort beside what is published:"]
    for c in data["checks"]:
        said = c["published"] if isinstance(c["published"], str) else f"{c['published']:,.0f}"
        made = f"{c['made']:,.0f}" if c["made"] > 100 else f"{c['made']:.2f}"
        out.append(f"  {c['id']}  {c['figure']}: {made}; published: {said} ({c['how']})")
    assumed = [r["name"] for r in data["recipe"] if r["status"] == "assumption"]
    out += ["", f"Assumed of the cohort: {', '.join(assumed)}.", *data["limits"], data["command"]]
    return out


def _span(value: Sequence[float]) -> str:
    mean, lo, hi = value
    return f"{100 * mean:.1f} % ({100 * lo:.1f} to {100 * hi:.1f})"
