"""The laws of the model, checked on the schools that ship: what must hold in every simulated year.

The test-suite holds the same laws on thousands of drawn schools; here each is checked again in a few
years of known ones, in seconds, so that a report can say that it held in the very code it describes.
A check looks at calendar, timetable and event log, not at what the model keeps for itself.
"""

from __future__ import annotations

import pickle
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING

from ectsim import experiment, ledger, replay
from ectsim.errors import Cancelled, InputError, near
from ectsim.log import EVENT_CODE, FORM_CODE
from ectsim.scenario import Scenario, load

if TYPE_CHECKING:
    from ectsim.model.year import Year

__all__ = ["LAWS", "YEARS", "Finding", "Law", "check", "check_all"]

YEARS = 3
"""Years in which a law is looked at."""

TOLERANCE = 4.0
"""Standard errors by which a share may differ from its closed form."""

E, F = EVENT_CODE, FORM_CODE
ECT, MENTOR = 1, 2
TIME, EVENT, PAIR, CYCLE, VALUE, CAUSE, FORM, SIDE = range(8)

BUSY: dict[str, object] = {
    "conditions.sickness_days": 22.0, "conditions.sickness_short_mean": 1.5,
    "conditions.planned_absence": 0.06, "conditions.event_member_share": 0.4,
    "conditions.leader_support": 0.2, "plan.cover.supervisors": 0, "plan.cover.sickness_fill": 0.0,
}  # fmt: skip
"""So much absence that cover strikes every week."""

SWITCHES: dict[str, object] = {
    "conditions.feedback": False, "conditions.learning": False, "conditions.random_durations": False,
    "conditions.rearrangements": 20, "programme.coaching.one_meeting_a_day": False,
    "programme.events.in_year": False, "programme.steps.follow": False, "plan.observe": False,
    "conditions.register_weeks": 0.0, "conditions.email_weeks": 0.0, "conditions.access_weeks": 0.0,
    "conditions.ect_leave": 0.0, "conditions.mentor_leave": 0.0, "conditions.leave_rate": 0.0,
    "plan.repair_after": 0,
}  # fmt: skip
"""Under these more protection, reserve, cover and time never cost a pair a cycle, run by run."""

NO_PROTECTION: dict[str, object] = {f"plan.protection.{s}": "none" for s in ("mentor", "ect", "reserve")}  # fmt: skip


class _Broken(Exception):
    """A law does not hold; says where."""


@dataclass(frozen=True, slots=True)
class Law:
    """A law of the model.

    Parameters
    ----------
    name : str
        Its name.
    words : str
        What holds.
    where : str
        In which schools and plans it is looked at.
    run : callable
        From (seed, years, executor) to (cases looked at, what was seen).
    """

    name: str
    words: str
    where: str
    run: Callable[[int, int, Executor | None], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of a law found.

    Parameters
    ----------
    name, words, where : str
        As of the :class:`Law`.
    kept : bool
        Whether it held.
    cases : int
        Cases looked at; 0 where it broke.
    seen : str
        What was seen, or the counterexample.
    code : str
        Python that repeats the check.
    """

    name: str
    words: str
    where: str
    kept: bool
    cases: int
    seen: str
    code: str


LAWS: dict[str, Law] = {}
"""Every law, by name."""

Check = Callable[[int, int, Executor | None], tuple[int, str]]


def _law(name: str, words: str, where: str) -> Callable[[Check], Check]:
    def keep(run: Check) -> Check:
        LAWS[name] = Law(name, words, where, run)
        return run

    return keep


def check(
    name: str, *, seed: int = 1, years: int = YEARS, executor: Executor | None = None
) -> Finding:
    """Check one law.

    Parameters
    ----------
    name : str
        A key of :data:`LAWS`.
    seed : int
        Seed of the simulated years.
    years : int
        Years of each school and plan that are looked at.
    executor : concurrent.futures.Executor, optional
        A pool in which replications are computed a second time; without one, here.

    Raises
    ------
    InputError
        If there is no such law.
    """
    if name not in LAWS:
        raise InputError(f"no law '{name}'", remedy=near(name, LAWS))
    law = LAWS[name]
    code = f"from ectsim import laws; laws.check({name!r}, seed={seed}, years={years})"
    try:
        cases, seen = law.run(seed, years, executor)
        kept = cases > 0
        if not kept:
            seen = "nothing was looked at"
    except Cancelled:
        raise
    except _Broken as error:
        kept, cases, seen = False, 0, str(error)
    except Exception as error:
        # a model that falls over keeps no law; which one was asked is what a reader needs
        kept, cases, seen = False, 0, f"{type(error).__name__}: {error}"
    return Finding(law.name, law.words, law.where, kept, cases, seen, code)


def check_all(
    *,
    seed: int = 1,
    years: int = YEARS,
    executor: Executor | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Finding, ...]:
    """Check every law; the arguments are those of :func:`check`.

    Raises
    ------
    ectsim.errors.Cancelled
        If ``cancelled`` said so.
    """
    out = []
    for i, name in enumerate(LAWS):
        if cancelled and cancelled():
            raise Cancelled
        out.append(check(name, seed=seed, years=years, executor=executor))
        if progress:
            progress(f"law: {name}", i + 1, len(LAWS))
    return tuple(out)


# --- worlds -------------------------------------------------------------------------------------


def _live(scenario: Scenario, seed: int, k: int) -> Year:
    from ectsim.model import year  # noqa: PLC0415 - simpy and numpy, only where years are lived

    return year.live(scenario, seed, k)


def _usual() -> tuple[Scenario, ...]:
    """Return a large school under both plans, a small one, and two primaries."""
    start = load("default")
    return (
        start,
        replace(start.with_changes({"plan.preset": "timetabled"}), name="default, timetabled"),
        load("abdi"),
        load("primary"),
        load("primary_shared"),
    )


def _busy(**plan: object) -> Scenario:
    """Return a school of 60 staff and two pairs in which cover strikes, under the switches."""
    more = {f"plan.{k}": v for k, v in plan.items()}
    return load("abdi").with_changes({**BUSY, **SWITCHES, **NO_PROTECTION, **more})


def _logs(scenario: Scenario, seed: int, k: int) -> dict[str, list[tuple[int, ...]]]:
    """Return each pair's log by its id, without its place in the file."""
    log = _live(scenario, seed, k).log
    return {
        p.id: [(r[TIME], r[EVENT], *r[CYCLE:]) for r in log.of_pair(i)]
        for i, p in enumerate(scenario.school.pairs)
    }


def _entries(scenario: Scenario, seed: int, k: int) -> list[ledger.Entry]:
    return ledger.ledger(_live(scenario, seed, k).log, scenario)


def _held(scenario: Scenario, seed: int, k: int) -> dict[str, int]:
    """Return how many cycles of each pair met."""
    entries = _entries(scenario, seed, k)
    return {
        p.id: sum(e.met is not None for e in entries if e.pair == i)
        for i, p in enumerate(scenario.school.pairs)
    }


def _must(holds: bool, words: str) -> None:
    if not holds:
        raise _Broken(words)


# --- what is due, and where it ends -------------------------------------------------------------


@_law(
    "conservation",
    "Every due cycle ends in exactly one bin of the ledger; bins add up to what is due in whole numbers, for each pair and week and in every result.",
    "large school under both plans, small school, two primaries",
)
def _conservation(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    due = 0
    for scenario in _usual():
        for k in range(years):
            year = _live(scenario, seed, k)
            entries = ledger.ledger(year.log, scenario)
            windows = {(p.index, w.cycle): w.week for p in year.frame.pairs for w in p.windows}
            here = f"{scenario.name}, year {k + 1}"
            booked = sorted((e.pair, e.cycle) for e in entries)
            _must(booked == sorted(windows), f"{here}: due cycles and booked cycles differ")
            for pair, week in {(p, w) for (p, _), w in windows.items()}:
                mine = [e for e in entries if e.pair == pair and windows[e.pair, e.cycle] == week]
                count = sum(ledger.count_bins(mine).values())
                want = sum(p == pair and w == week for (p, _), w in windows.items())
                _must(count == want, f"{here}: {count} in bins of {want} due, pair {pair}, week {week}")  # fmt: skip
            due += len(windows)
        kept = experiment.run_one(scenario, seed, 0)
        _must(kept.due == sum(kept.bins), f"{scenario.name}: a result has {sum(kept.bins)} of {kept.due} due")  # fmt: skip
    return due, f"{due} due cycles, each in one bin"


@_law(
    "due",
    "A full-time ECT in year 1 has a cycle due in each week of the calendar but the first; in year 2 one a fortnight.",
    "large school and the school in which nothing goes wrong",
)
def _due(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    cases = 0
    told = []
    for scenario in (load("default"), load("quiet")):
        calendar, grid = scenario.school.calendar, scenario.school.grid
        weeks = len(calendar.weeks(grid.cycle_weeks))
        rows = _live(scenario, seed, 0).log.rows
        for i, pair in enumerate(scenario.school.pairs):
            found = sum(r[PAIR] == i and r[EVENT] in (E["due"], E["paused"]) for r in rows)
            after = weeks - pair.new  # the first week of a new pair is for contracting (F152)
            want = after if pair.year == 1 else -(-after // 2)
            _must(found == want, f"{scenario.name}, {pair.id}: {found} due, by hand {want}")
            cases += 1
            told.append(found)
    return cases, f"{min(told)} to {max(told)} cycles due a pair, as counted by hand"


# --- nobody in two places -----------------------------------------------------------------------


def _engagements(scenario: Scenario, year: Year) -> Iterator[tuple[str, int, int, str, int, int]]:
    """Yield who, from, to, what, side, pair of whatever a member of a pair does."""
    for row in year.log.rows:
        if row[PAIR] < 0:
            continue
        pair = scenario.school.pairs[row[PAIR]]
        start, length = row[TIME], row[VALUE]
        if row[EVENT] == E["meeting"]:
            yield pair.ect, start, start + length, "meeting", ECT, row[PAIR]
            yield pair.mentor, start, start + length, "meeting", MENTOR, row[PAIR]
        elif row[EVENT] == E["observed"] and row[FORM] == F["live"]:
            yield pair.mentor, start, start + length, "visit", MENTOR, row[PAIR]
        elif row[EVENT] == E["cover_call"]:
            who = pair.ect if row[SIDE] == ECT else pair.mentor
            yield who, start, year.frame.end_of(length), "cover", row[SIDE], row[PAIR]


def _letters(scenario: Scenario) -> Callable[[str, int], str]:
    """Return what stands in a person's timetable at a minute: a letter, or "" where there is no cell."""
    school = scenario.school
    calendar, grid = school.calendar, school.grid
    cycle = {
        calendar.pupil_days[d]: w.cycle for w in calendar.weeks(grid.cycle_weeks) for d in w.days
    }

    def letter(who: str, at: int) -> str:
        date = calendar.date(at)
        if date not in cycle or date in calendar.off_timetable:
            return ""
        minute = at - calendar.minute(date)
        for i, period in enumerate(grid.periods):
            if period.start <= minute < period.end:
                day = (cycle[date] - 1) * 5 + date.weekday()
                return school.timetable.rows[who][day * len(grid) + i]
        return ""

    return letter


@_law(
    "one place",
    "Nobody is in two places; nobody is called, met or visited on a closed day, while away, or in planning time.",
    "large school under both plans, small school, two primaries",
)
def _one_place(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    cases = 0
    for scenario in _usual():
        letter, calendar = _letters(scenario), scenario.school.calendar
        for k in range(years):
            year = _live(scenario, seed, k)
            away = {
                (scenario.school.pairs[r[PAIR]].ect if r[SIDE] == ECT else scenario.school.pairs[r[PAIR]].mentor, r[TIME])
                for r in year.log.rows
                if r[EVENT] == E["absence"]
            }  # fmt: skip
            spans: dict[str, set[tuple[int, int, str]]] = {}
            for who, start, end, what, side, pair in _engagements(scenario, year):
                here = f"{scenario.name}, year {k + 1}: {who} has a {what} at minute {start}"
                found = letter(who, start)
                released = year.frame.pairs[pair].released
                takers = {s for needed in released.values() for s, _ in needed}
                # in a primary a named colleague takes the class meanwhile
                allowed = {"meeting": "f", "visit": "f", "cover": "fc"}[what]
                allowed += "l" if side in takers and what != "cover" else ""
                _must(found != "" and found in allowed, f"{here}, in a cell '{found}'")
                _must((who, calendar.minute(calendar.date(start))) not in away, f"{here}, and is away")  # fmt: skip
                spans.setdefault(who, set()).add((start, end, what))
                cases += 1
            for who, mine in spans.items():
                for one, two in pairwise(sorted(mine)):
                    _must(one[1] <= two[0], f"{scenario.name}, year {k + 1}: {who} has {one[2]} and {two[2]} at once")  # fmt: skip
    return cases, f"{cases} meetings, visits and cover lessons"


# --- limits -------------------------------------------------------------------------------------


@_law(
    "quiet",
    "Where nothing goes wrong every cycle is held in full and on time.",
    "the school in which nothing goes wrong",
)
def _quiet(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    entries = [e for k in range(years) for e in _entries(load("quiet"), seed, k)]
    full = sum((e.timing, e.content) == ("on_time", "full") for e in entries)
    _must(full == len(entries), f"{full} of {len(entries)} cycles full and on time")
    return full, f"{full} of {full} cycles full and on time"


@_law(
    "no slot",
    "Without slot, reserve, found time, time before or after school and recovery nothing is held, and the cause is always that there was no slot.",
    "large school",
)
def _no_slot(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    nothing = {
        "plan.meeting": "fixed", "plan.slots": {}, "plan.before_after": False, "plan.recovery": (),
        "plan.horizon": 2, "conditions.sickness_days": 0.0, "conditions.ect_leave": 0.0,
        "conditions.leave_rate": 0.0, "conditions.mentor_leave": 0.0, "conditions.register_weeks": 0.0,
        "conditions.email_weeks": 0.0, "conditions.access_weeks": 0.0,
    }  # fmt: skip
    scenario = load("default").with_changes(nothing)
    entries = [e for k in range(years) for e in _entries(scenario, seed, k)]
    lost = sum(e.bin == "no_slot" for e in entries)
    _must(lost == len(entries), f"{lost} of {len(entries)} cycles lost for want of a slot")
    return lost, f"{lost} of {lost} cycles lost for want of a slot"


@_law(
    "closed forms",
    "A cause that strikes a slot with chance p leaves 1 - p of the cycles, one that strikes each of two people (1 - p)².",
    "the school in which nothing goes wrong, and a cause of p = 0.3 that occurs in checks only",
)
def _closed_forms(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    alone = {
        "conditions.independent": 0.3, "conditions.rearrangements": 0, "plan.recovery": (),
        "plan.before_after": False, "plan.horizon": 0, "programme.steps.follow": False,
    }  # fmt: skip
    told, cases = [], 0
    for on, expected in (("slot", 0.7), ("people", 0.49)):
        scenario = load("quiet").with_changes({**alone, "conditions.independent_on": on})
        entries = [e for k in range(2 * years) for e in _entries(scenario, seed, k)]
        share = sum(e.met is not None for e in entries) / len(entries)
        error = sqrt(expected * (1 - expected) / len(entries))
        here = f"{share:.3f} held of {len(entries)}, {expected:.2f} expected (standard error {error:.3f})"
        _must(abs(share - expected) <= TOLERANCE * error, f"{on}: {here}")
        told.append(here)
        cases += len(entries)
    return cases, "; ".join(told)


# --- never lowers -------------------------------------------------------------------------------


def _never_lowers(
    base: Scenario, others: Sequence[tuple[str, Scenario]], seed: int, years: int
) -> tuple[int, str]:
    """Hold plans against a base on the same years: no pair may lose, and some year must gain."""
    cases = gained = 0
    for k in range(4 * years):
        before = _held(base, seed, k)
        for words, other in others:
            after = _held(other, seed, k)
            for pair, n in before.items():
                _must(after[pair] >= n, f"{words}, year {k + 1}: {pair} held {n}, then {after[pair]}")  # fmt: skip
                gained += after[pair] - n
                cases += 1
    _must(gained > 0, "nothing changed in any year, so nothing was tried")
    return cases, f"no pair and year of {cases} lost a cycle; {gained} cycles were gained"


@_law(
    "protection",
    "More protection of one pair's slots from cover never costs that pair a cycle, year by year.",
    "small busy school with one pair, under the switches",
)
def _protection(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    base = _busy(recovery=(), before_after=False, horizon=0)
    first = base.school.pairs[0]
    base = replace(
        base,
        school=replace(base.school, pairs=(first,)),
        plan=base.plan.model_copy(update={"slots": {first.id: base.plan.slots_of(first.id)}}),
    )

    def level(name: str) -> Scenario:
        return base.with_changes({f"plan.protection.{s}": name for s in ("mentor", "ect", "reserve")})  # fmt: skip

    return _never_lowers(base, [(n, level(n)) for n in ("last", "guaranteed")], seed, years)


@_law(
    "reserve",
    "A reserve slot as long as the meeting never costs that pair a cycle, year by year.",
    "small busy school, under the switches",
)
def _reserve(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    other = _busy(recovery=("reserve",), before_after=False)
    base = other.with_changes({f"plan.slots.{p.id}.reserve": [] for p in other.school.pairs})
    pairs = [p.id for p in other.school.pairs if other.plan.slots_of(p.id).reserve]
    cases = gained = 0
    for k in range(4 * years):
        before, after = _held(base, seed, k), _held(other, seed, k)
        for pair in pairs:
            _must(after[pair] >= before[pair], f"year {k + 1}: {pair} held {before[pair]}, with a reserve {after[pair]}")  # fmt: skip
            gained += after[pair] - before[pair]
            cases += 1
    _must(gained > 0, "no reserve was ever used")
    return cases, f"no pair and year of {cases} lost a cycle; {gained} cycles were gained"


@_law(
    "cover",
    "More cover supervisors or supply never cost any pair a cycle, year by year.",
    "small busy school, under the switches",
)
def _cover(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    base = _busy(recovery=(), before_after=False, horizon=0)
    more = base.with_changes({"plan.cover.supervisors": 2})
    supply = base.with_changes({"plan.cover.sickness_fill": 0.8, "plan.cover.known_fill": 1.0})
    return _never_lowers(base, [("two supervisors", more), ("supply", supply)], seed, years)


@_law(
    "horizon",
    "More time to catch up never costs any pair a cycle, year by year.",
    "small busy school, under the switches",
)
def _horizon(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    base = _busy(horizon=0)
    longer = [(f"{n} weeks more", base.with_changes({"plan.horizon": n})) for n in (1, 2)]
    return _never_lowers(base, longer, seed, years)


# --- isolation and luck -------------------------------------------------------------------------


@_law(
    "isolation",
    "Where nobody is called to cover, one pair's plan changes nothing in the log of a pair with another mentor; where people are called, every difference names the call that caused it.",
    "small busy school",
)
def _isolation(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    covered = load("abdi").with_changes({**BUSY, **NO_PROTECTION, "plan.cover.supervisors": 20})
    called = covered.with_changes({"plan.cover.supervisors": 0})
    mine, others = covered.school.pairs[0].id, [p.id for p in covered.school.pairs[1:]]
    cases = told = 0
    for k in range(years):
        other = covered.with_changes({f"plan.slots.{mine}.meet": []})
        before, after = _logs(covered, seed, k), _logs(other, seed, k)
        _must(before[mine] != after[mine], f"year {k + 1}: the changed plan changed nothing")
        for pair in others:
            _must(before[pair] == after[pair], f"year {k + 1}: {mine}'s plan changed the log of {pair}")  # fmt: skip
            cases += len(before[pair])
        # raises where a difference has no reason
        found = replay.differences(called, called.with_changes({f"plan.slots.{mine}.meet": []}), seed, k)  # fmt: skip
        told += len(found)
    return cases, f"{cases} rows of other pairs unchanged; {told} differences under cover, each with its reason"  # fmt: skip


@_law(
    "order",
    "Names and the order of rows change nothing.",
    "small busy school and a primary with a shared mentor",
)
def _order(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    cases = 0
    for base in (load("abdi").with_changes({**BUSY, **NO_PROTECTION}), load("primary_shared")):
        school = base.school
        rows = dict(reversed(list(school.timetable.rows.items())))
        turned = replace(
            school, name="another name", staff=school.staff[::-1], pairs=school.pairs[::-1],
            timetable=replace(school.timetable, rows=rows),
        )  # fmt: skip
        other = replace(base, name="renamed", school=turned)
        for k in range(years):
            before, after = _logs(base, seed, k), _logs(other, seed, k)
            _must(before == after, f"{base.name}, year {k + 1}: the log differs")
            cases += sum(map(len, before.values()))
    return cases, f"{cases} rows unchanged"


@_law(
    "same year",
    "Two plans under one seed live through the same year: the same people are away on the same days.",
    "large school under both plans",
)
def _same_year(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    from ectsim.luck import Luck  # noqa: PLC0415 - numpy, as in _live
    from ectsim.model import diary  # noqa: PLC0415
    from ectsim.model.frame import Frame  # noqa: PLC0415

    start = load("default")
    more: dict[str, object] = {"plan.preset": "timetabled", "plan.cover.supervisors": 4}
    one, two = Frame(start), Frame(start.with_changes(more))
    away = 0
    people = len(start.school.staff)
    for k in range(years):
        a, b = (diary.write_diary(f, Luck(seed, k)) for f in (one, two))
        same = (a.away[:people] == b.away[:people]).all()
        _must(bool(same), f"year {k + 1}: absences differ between the plans")
        away += int((a.away[:people] > 0).sum())
    return away, f"{away} days of absence the same under both plans"


@_law(
    "replications",
    "Replication k alone is k of n; other replications, other scenarios and processes change no digit.",
    "small school, large school in between",
)
def _replications(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    base, n = load("abdi"), 2 * years
    serial = experiment.replicate(base, seed=seed, replications=n).runs
    alone = [experiment.run_one(base, seed, k) for k in reversed(range(n))][::-1]
    experiment.run_one(load("default"), seed, 0)
    packed = pickle.dumps(base)
    if executor is None:
        again = experiment.run_packed(packed, seed, range(n))
    else:
        halves = [executor.submit(experiment.run_packed, packed, seed, r) for r in (range(years), range(years, n))]  # fmt: skip
        again = [r for h in halves for r in h.result()]
    for words, other in (("one at a time", alone), ("in other processes", again)):
        for k, (a, b) in enumerate(zip(serial, other, strict=True)):
            _must(repr(a) == repr(b), f"replication {k} differs when it is run {words}")
    apart = len({repr(replace(r, index=0)) for r in serial})
    _must(apart == n, f"only {apart} of {n} replications differ from one another")
    return 2 * n, f"{n} replications, run three ways, equal to the last digit"


# --- causes and the cycle -----------------------------------------------------------------------

OFF: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "absence": (
        {"conditions.sickness_days": 0.0, "conditions.planned_absence": 0.0, "programme.events.in_year": False},
        ("ect_absent", "mentor_absent", "cover"),
    ),
    "cover": ({"plan.cover.supervisors": 20}, ("cover",)),
    "slipping": ({"conditions.slip_found": 0.0, "conditions.slip_before_after": 0.0}, ("slipped",)),
    "waiting for study": ({"plan.gate": "deepen"}, ("gate",)),
}  # fmt: skip
"""How a cause is turned off, and the bins that this empties."""


@_law(
    "causes",
    "A cause that is turned off has an empty bin.",
    "small busy school whose pairs find their own time and wait for study",
)
def _causes(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    struck = load("abdi").with_changes(
        {**BUSY, **NO_PROTECTION, "plan.gate": "postpone", "conditions.deferral": 0.3,
         "conditions.slip_found": 0.4, "plan.meeting": "found", "plan.slots": {}, "plan.horizon": 0,
         "programme.steps.follow": False}
    )  # fmt: skip
    on = [
        c
        for k in range(years)
        for e in _entries(struck, seed, k)
        for c in (e.cause, *(a.cause for a in e.chain))
    ]
    for name, (off, bins) in OFF.items():
        _must(any(c in bins for c in on), f"{name} never struck, so nothing was tried")
        for k in range(years):
            for e in _entries(struck.with_changes(off), seed, k):
                causes = {e.cause, e.bin, *(a.cause for a in e.chain)}
                _must(not causes & set(bins), f"{name} is off, and cycle {e.cycle} of year {k + 1} is in {e.bin}")  # fmt: skip
    return len(on) * len(OFF), f"{len(OFF)} causes turned off one at a time in {years} years"


PHASES = ("praise", "share", "model", "analyse", "practise")


@_law(
    "cycle",
    "The phases of a meeting stand in their fixed order, nobody rehearses before the model, a cycle is full only with a visit, a model and two rehearsals, and a step comes from what is studied.",
    "large school under both plans",
)
def _cycle(seed: int, years: int, executor: Executor | None) -> tuple[int, str]:
    rank = {E[name]: i for i, name in enumerate(PHASES)}
    cases = 0
    for scenario in _usual()[:2]:
        for k in range(years):
            log = _live(scenario, seed, k).log
            entries = {(e.pair, e.cycle): e for e in ledger.ledger(log, scenario)}
            seen: dict[tuple[int, int], list[int]] = {}
            studied: dict[int, list[tuple[int, int]]] = {}
            visits = {(r[PAIR], r[CYCLE]) for r in log.rows if r[EVENT] == E["observed"]}
            for row in log.rows:
                here = f"{scenario.name}, year {k + 1}, pair {row[PAIR]}, cycle {row[CYCLE]}"
                key = row[PAIR], row[CYCLE]
                if row[EVENT] in rank:
                    order = seen.setdefault(key, [])
                    _must(not order or order[-1] <= rank[row[EVENT]], f"{here}: phases out of order")  # fmt: skip
                    order.append(rank[row[EVENT]])
                elif row[EVENT] == E["studied"]:
                    studied.setdefault(row[PAIR], []).append((row[TIME], row[VALUE]))
                elif row[EVENT] == E["step_chosen"] and row[VALUE] >= 0 and not row[CAUSE]:
                    done = sorted(studied.get(row[PAIR], []))
                    known = {m for _, m in done[: bisect_right(done, (row[TIME], 10**9))]}
                    _must(row[VALUE] in known, f"{here}: a step on module {row[VALUE]}, which is not studied")  # fmt: skip
                    cases += 1
            for key, e in entries.items():
                if e.content == "full":
                    order = seen.get(key, [])
                    whole = rank[E["model"]] in order and order.count(rank[E["practise"]]) >= 2
                    _must(whole and (key in visits or bool(e.seen)), f"{scenario.name}, year {k + 1}: cycle {key} counts as full and is not")  # fmt: skip
                    cases += 1
    return cases, f"{cases} steps and full cycles"
