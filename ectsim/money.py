"""Money and time: what a plan costs, what pays for it, and whose minutes it takes.

Nothing here changes a simulated year. Minutes are read from a year's log; pounds are minutes and
lessons times the price of an hour out of class, which is a supply teacher's day over the lessons of a
day. It is a school's outlay for time, not a value of what the time is used for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from math import exp, isnan, nan
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ectsim.content import events, funding
from ectsim.log import EVENT_CODE, FORM_CODE

if TYPE_CHECKING:
    from ectsim.experiment import Results
    from ectsim.metrics import Run
    from ectsim.scenario import Scenario
    from ectsim.school import Pair, School

__all__ = ["Item", "entitled_minutes", "money_dict", "money_lines", "price_of_hour"]

TIME, EVENT, PAIR, CYCLE, VALUE, CAUSE, FORM, SIDE = range(8)
WEEK = 7 * 1440
E, F = EVENT_CODE, FORM_CODE
HOUR = 60
ECT, MENTOR = 1, 2
REGION_WORDS = {
    "rest": "the rest of England",
    "inner_london": "inner London",
    "outer_london": "outer London",
    "fringe": "the London fringe",
}


# --- time, from a run's log -----------------------------------------------------------------------


def entitled_minutes(scenario: Scenario, year: int) -> dict[int, float]:
    """Return the minutes off the timetable to which ECTs in a year of induction have a right.

    Parameters
    ----------
    scenario : Scenario
        Of one school year.
    year : int
        Year of induction, 1 or 2.

    Returns
    -------
    dict of int to float
        Position of the pair to minutes: 10 % or 5 % (F003, F004) of the lessons on their own
        timetable on this calendar, closed and off-timetable days left out.
    """
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - as everywhere in metrics

    rights = scenario.programme.entitlement
    share = rights.y1_reduction if year == 1 else rights.y2_reduction
    frame = frame_of(scenario)
    length = [p.length for p in scenario.school.grid.periods]
    return {
        i: share * float((frame.lessons[frame.position[p.ect]] @ length).sum())
        for i, p in enumerate(scenario.school.pairs)
        if p.year == year
    }


def _ect_minutes(run: Run) -> tuple[dict[int, float], dict[int, float]]:
    """Return for each pair the ECT's induction minutes, and those of them outside the school day."""
    inside: dict[int, float] = defaultdict(float)
    outside: dict[int, float] = defaultdict(float)
    for row in run.rows("meeting"):
        (outside if row[FORM] == F["before_after"] else inside)[row[PAIR]] += row[VALUE]
    module = run.scenario.programme.study.module_min
    for row in (*run.rows("studied"), *run.rows("revisited")):
        # what is done in own time is booked on Sunday evening
        (outside if row[TIME] % WEEK >= 5 * 1440 else inside)[row[PAIR]] += module
    for pair, side, minutes, evening in _training(run):
        if side == ECT:
            (outside if evening else inside)[pair] += minutes
    return {p: inside[p] + outside[p] for p in inside.keys() | outside.keys()}, outside


def _training(run: Run) -> Iterable[tuple[int, int, float, bool]]:
    """Yield (pair, side, minutes, outside the school day) for each training event gone to."""
    hours = run.scenario.programme.events
    evenings = run.scenario.plan.training_release == "time_back"
    known = events()
    for row in run.rows("trained"):
        event = known[row[VALUE]]
        conference = event.kind == "conference"
        minutes = HOUR * (hours.conference_hours if conference else hours.clinic_hours)
        yield row[PAIR], row[SIDE], minutes, evenings if conference else event.after_school


def entitlement_used(run: Run, year: int) -> float:
    """Return ECTs' induction minutes over the minutes to which they have a right; NaN without ECTs."""
    done = right = 0.0
    for part in run.years:
        entitled = entitled_minutes(part.scenario, year)
        spent, _ = _ect_minutes(part)
        right += sum(entitled.values())
        done += sum(spent.get(i, 0.0) for i in entitled)
    return done / right if right else nan


def ect_own_time(run: Run) -> float:
    """Return the share of ECTs' induction minutes that lies outside the school day."""
    spent = late = 0.0
    for part in run.years:
        whole, outside = _ect_minutes(part)
        spent += sum(whole.values())
        late += sum(outside.values())
    return late / spent if spent else nan


def mentor_overflow(run: Run) -> float:
    """Return minutes of visits and meetings beyond the entitlement of their cycles, in the year."""
    by_cycle: dict[tuple[int, int], float] = defaultdict(float)
    for name in ("meeting", "observed"):
        for row in run.rows(name):
            if row[CYCLE] >= 0:
                by_cycle[row[PAIR], row[CYCLE]] += row[VALUE]
    programme, pairs = run.scenario.programme, run.scenario.school.pairs
    return sum(
        max(0.0, minutes - programme.mentor_minutes(pairs[pair].year))
        for (pair, _), minutes in by_cycle.items()
    )


def mentor_training(run: Run) -> float:
    """Return minutes of mentors' training in the year; a mentor of several ECTs goes once."""
    total = 0.0
    for part in run.years:
        pairs, known = part.scenario.school.pairs, events()
        hours = part.scenario.programme.events
        gone = {(pairs[r[PAIR]].mentor, r[VALUE], r[TIME]) for r in part.rows("trained") if r[SIDE] == MENTOR}  # fmt: skip
        for _, event, _ in gone:
            conference = known[event].kind == "conference"
            total += HOUR * (hours.conference_hours if conference else hours.clinic_hours)
        total += sum({(pairs[r[PAIR]].mentor, r[TIME]): r[VALUE] for r in part.rows("course_taken")}.values())  # fmt: skip
    return total


def _related(school: School, pair: Pair) -> bool:
    """Whether mentor and ECT belong to one department; where a file names none, they do."""
    ect, mentor = school.by_id[pair.ect].department, school.by_id[pair.mentor].department
    return not ect or not mentor or ect == mentor


def mentor_preparation(run: Run) -> float:
    """Return mentors' minutes of planning meetings in the year.

    The time falls with meetings held as that of coaching does (F154, F179), and is longer where
    mentor and ECT teach different subjects (F127, F225). What training adds is left out.
    """
    from ectsim.model.people import PRIOR_CYCLES  # noqa: PLC0415 - simpy, only in workers

    held: dict[str, float] = {}
    total = 0.0
    for part in run.years:
        school, coaching = part.scenario.school, part.scenario.programme.coaching
        learning = school.conditions.learning
        for p in school.pairs:
            held.setdefault(p.mentor, 0.0 if p.new else float(PRIOR_CYCLES))
        other = [1.0 if _related(school, p) else coaching.plan_mismatch for p in school.pairs]
        for row in part.rows("meeting"):
            mentor = school.pairs[row[PAIR]].mentor
            extra = (coaching.novice_factor - 1.0) * exp(-held[mentor] / coaching.learning_cycles)
            factor = 1.0 + extra if learning else 1.0
            total += coaching.plan_minutes * factor * other[row[PAIR]]
            held[mentor] += 1.0
    return total


def coordinator_training(run: Run) -> float:
    """Return the coordinator's minutes of orientation and launch, in the first school year (F046..F048)."""
    launch, school = run.scenario.programme.launch, run.scenario.school
    if not school.pairs:
        return 0.0
    if school.conditions.coordinator == "new":
        return float(launch.orientation_minutes + launch.new_minutes)
    return float(launch.returning_minutes)


# --- money, from results --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the account of one school year.

    Parameters
    ----------
    id : str
        Its name.
    words : str
        What it is.
    pounds : float or None
        Amount a year, mean over replications; None where no figure was seen.
    hours : float or None
        Hours of time that it pays for, where it is about time.
    source : str
        Ids of its sources.
    """

    id: str
    words: str
    pounds: float | None
    hours: float | None
    source: str


def price_of_hour(results: Results) -> tuple[float, float]:
    """Return the price of an hour and of a lesson out of class, in pounds (E5-09).

    A supply teacher's day over the lessons of a day: of the weekday on which there are most.
    """
    grid = results.scenario.school.grid
    day = [p for p in grid.periods if p.kind == "lesson"]
    cost = results.scenario.plan.cover.supply_cost_day
    minutes = sum(p.length for p in day)
    return cost * HOUR / minutes, cost / len(day)


def money_dict(results: Results) -> dict[str, Any]:
    """Return the account of money and time as plain data.

    Parameters
    ----------
    results : Results
        Replications of one scenario, of one school year or several.

    Returns
    -------
    dict
        ``region``, ``price_hour``, ``costs`` and ``funding`` (:class:`Item` each), ``cost`` and
        ``paid`` (pounds), ``net`` (pounds, None where an amount is not known), ``beside`` (items of
        the whole school's absences), ``time`` {metric: mean, None where it does not exist}, ``notes``.
        Pounds are means over replications, over all school years of the run.
    """
    years = results.scenario.programme.run_years
    parts = [results.school_year(k) for k in range(years)] if years > 1 else [results]
    costs = _joined([c for r in parts for c in _costs(r)])
    grants = _joined([g for k, r in enumerate(parts) for g in _grants(r, k)])
    beside = _joined([b for r in parts for b in _beside(r)])
    cost = sum(c.pounds or 0.0 for c in costs)
    known = all(g.pounds is not None for g in grants)
    paid = sum(g.pounds or 0.0 for g in grants)
    region = results.scenario.school.conditions.region
    return {
        "region": region,
        "price_hour": price_of_hour(results)[0],
        "costs": [asdict(c) for c in costs],
        "funding": [asdict(g) for g in grants],
        "cost": cost,
        "paid": paid if known else None,
        "net": cost - paid if known else None,
        "beside": [asdict(b) for b in beside],
        "time": {n: _mean_or_none(results, n) for n in TIMES},
        "notes": list(_notes(results, region, known=known)),
    }


def _joined(items: list[Item]) -> list[Item]:
    """Add up the items of several school years."""
    out: dict[str, Item] = {}
    for i in items:
        old = out.get(i.id)
        out[i.id] = i if old is None else Item(i.id, i.words, _plus(old.pounds, i.pounds), _plus(old.hours, i.hours), i.source)  # fmt: skip
    return list(out.values())


def _plus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def _mean(results: Results, name: str) -> float:
    known = [v for v in results.metric(name) if not isnan(v)]
    return fmean(known) if known else 0.0


def _mean_or_none(results: Results, name: str) -> float | None:
    return None if all(map(isnan, results.metric(name))) else _mean(results, name)


def _costs(results: Results) -> list[Item]:
    scenario = results.scenario
    plan = scenario.plan
    hour, lesson = price_of_hour(results)
    out = []
    for year, source in ((1, "F003 E5-09"), (2, "F004 E5-09")):
        minutes = sum(entitled_minutes(scenario, year).values())
        if minutes:
            share = "10 %" if year == 1 else "5 %"
            out.append(Item(f"ect_year_{year}", f"lighter timetables of ECTs in year {year} ({share})", minutes / HOUR * hour, minutes / HOUR, source))  # fmt: skip
    if plan.meeting == "fixed" and plan.release_form in ("reduced_timetable", "cover"):
        hours = plan.protected_min * results.due_total / len(results.runs) / HOUR
        out.append(Item("mentors", "mentors' time that is set aside in the timetable", hours * hour, hours, "F006 F008 E5-09"))  # fmt: skip
    lessons = _mean(results, "training_lessons")
    if lessons:
        out.append(Item("training", "lessons of people who are away at a conference", lessons * lesson, lessons * lesson / hour, "F107 E5-09"))  # fmt: skip
    return out


def _beside(results: Results) -> list[Item]:
    supply, bought = _mean(results, "supply_cost"), _mean(results, "bought_cost")
    return [
        Item("supply", "supply teachers for all absences in the school", supply, None, "E5-09"),
        Item("bought", "lessons bought in when nobody was left", bought, None, "E5-09"),
    ]


def _grants(results: Results, k: int) -> list[Item]:
    """Return what is paid for the k-th school year of a run."""
    scenario = results.scenario
    programme, school = scenario.programme, scenario.school
    table = {
        g.part: g
        for g in funding()
        if g.regime == programme.name and g.region == school.conditions.region
    }
    ects = {year: sum(p.year == year for p in school.pairs) for year in (1, 2)}
    mentors = len({p.mentor for p in school.pairs})
    beginning = len({p.mentor for p in school.pairs if p.new}) if k == 0 else 0

    def item(part: str, words: str, times: float, share: float = 1.0) -> Item:
        g = table.get(part)
        pounds = None if g is None else g.pounds * times * share
        hours = None if g is None or g.hours is None else g.hours * times * share
        return Item(part, words, pounds, hours, " ".join(g.source) if g else "")

    out = []
    if ects[1]:
        out.append(item("ect_year_1", f"ECTs' time in year 1, {ects[1]} of them", ects[1]))
    if ects[2]:
        out.append(item("ect_year_2", f"ECTs' time in year 2, {ects[2]} of them", ects[2]))
        out.append(item("mentor_year_2", "mentoring in year 2", ects[2]))
    if programme.events.mentor_training == "one_year":
        engaged = _mean(results, "mentors_trained")
        if beginning:
            out.append(item("mentor_training_start", f"mentors' training as it begins, {beginning} of them", beginning))  # fmt: skip
            out.append(item("mentor_training", "mentors' training, once three quarters are done", beginning, engaged))  # fmt: skip
    elif mentors:
        out.append(item("mentor_training", f"mentors' training, {mentors} of them, half of it a year", mentors, 0.5))  # fmt: skip
    return out


TIMES = (
    "mentor_protected",
    "mentor_own_time",
    "mentor_overflow",
    "mentor_preparation",
    "mentor_training_time",
    "mentor_reading",
    "entitlement_used_1",
    "entitlement_used_2",
    "ect_own_time",
    "coordinator_minutes",
    "coordinator_training",
)
"""Metrics of time; their units are their own."""


def _notes(results: Results, region: str, *, known: bool) -> Iterable[str]:
    scenario = results.scenario
    plan = scenario.plan
    if not known:
        yield f"for {REGION_WORDS[region]} under programme {scenario.programme.name} not every amount was seen, so no balance is drawn"
    if plan.meeting == "found":
        yield "mentors' time is on no timetable: it costs no pounds here and is their own"
    elif plan.release_form not in ("reduced_timetable", "cover"):
        yield "mentors' time is made without taking lessons off them, so it costs no lesson"
    yield "an hour out of class is priced at a supply teacher's day over the lessons of a day; a permanent teacher's hour may cost more or less"
    yield "supply for all absences stands beside the account: most of it is not caused by induction"


def money_lines(data: Mapping[str, Any], text: Callable[..., str]) -> list[str]:
    """Return the account as lines for a terminal.

    Parameters
    ----------
    data : mapping
        What :func:`money_dict` gives.
    text : callable
        From an amount and ``"pounds"`` to words.
    """

    def row(words: str, pounds: float | None, hours: float | None) -> str:
        amount = "not known" if pounds is None else text(pounds, "pounds")
        span = f"{hours:,.0f} h" if hours else ""
        return f"  {words:58}{amount:>12}{span:>10}"

    out = [f"What it costs, and what pays for it ({REGION_WORDS[data['region']]}, means):"]
    out += [row(i["words"], i["pounds"], i["hours"]) for i in data["costs"]]
    out.append(row("= outlay for induction", data["cost"], None))
    out += [row(f"paid: {i['words']}", i["pounds"], i["hours"]) for i in data["funding"]]
    out.append(row("= left to the school", data["net"], None))
    out += [row(f"beside it: {i['words']}", i["pounds"], i["hours"]) for i in data["beside"]]
    out += [f"  - {n}" for n in data["notes"]]
    return out
