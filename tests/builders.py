"""Small schools made by hand, so that a test says in full what it depends on.

The usual day (:func:`tiny_grid`): ``0`` before school 08:00 to 08:45, lessons ``1`` to ``5`` at
09:00, 10:00, 11:20, 12:20 and 14:05, an hour each, with break ``b`` and lunch ``l`` between them,
and ``6`` after school, 15:05 to 16:05.

Unless a test says otherwise, an ECT teaches periods 1 to 3 every day, a mentor 2 to 4, anybody
else 1 to 4. So a pair is free together in period 5, the mentor can visit in period 1, the ECT is
free alone in period 4, and nobody has marked planning time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal

from ectsim.clock import WEEKDAYS, Calendar, Grid, Period, Slot, Span
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import KINDS, Conditions, Pair, School, Staff, Timetable

START = dt.date(2025, 9, 1)
"""A Monday; minute 0 of :func:`tiny_calendar`."""

ALL_STAY: dict[str, object] = {
    "register_weeks": 0.0,
    "email_weeks": 0.0,
    "access_weeks": 0.0,
    "ect_leave": 0.0,
    "mentor_leave": 0.0,
    "leave_rate": 0.0,
}
"""Conditions under which everybody is registered at once and nobody leaves."""

QUIET: dict[str, object] = {
    "sickness_days": 0.0,
    "planned_absence": 0.0,
    "slip_found": 0.0,
    "slip_before_after": 0.0,
    "drift": 0.0,
    "record": 1.0,
    "record_checked": 1.0,
    "upload_failure": 0.0,
    "study_own_time": 1.0,
    "deferral": 0.0,
    "feedback": False,
    "random_durations": False,
    **ALL_STAY,
    "contracting_gain": 0.0,
}
"""Conditions under which nothing goes wrong."""


def tiny_calendar(
    weeks: int = 4,
    *,
    start: dt.date = START,
    closed: Iterable[dt.date] = (),
    breaks: Mapping[int, int] | None = None,
    off_timetable: Iterable[dt.date] = (),
) -> Calendar:
    """Make a calendar of school weeks without INSET or bank holidays.

    Parameters
    ----------
    weeks : int
        School weeks, Monday to Friday.
    start : datetime.date
        The first Monday.
    closed : iterable of datetime.date
        Days on which nobody is in.
    breaks : mapping of int to int
        After how many school weeks a holiday of how many weeks begins a new half term.
    off_timetable : iterable of datetime.date
        Days with pupils but without lessons.
    """
    spans: list[Span] = []
    monday, first = start, start
    for week in range(1, weeks + 1):
        friday = monday + dt.timedelta(days=4)
        monday += dt.timedelta(days=7)
        holiday = (breaks or {}).get(week, 0)
        if holiday or week == weeks:
            spans.append(Span("half_term", f"half term {len(spans) + 1}", first, friday))
            monday += dt.timedelta(days=7 * holiday)
            first = monday
    spans += [Span("closed", "", day, day) for day in closed]
    spans += [Span("off_timetable", "", day, day) for day in off_timetable]
    return Calendar(f"{weeks} weeks", tuple(spans))


def tiny_grid(cycle_weeks: int = 1, *, outside: bool = True, lesson_min: int = 60) -> Grid:
    """Make the usual day; lessons shorter than an hour start at the same times.

    Parameters
    ----------
    cycle_weeks : int
        1 or 2.
    outside : bool
        Whether the day has the periods before and after school.
    lesson_min : int
        Minutes a lesson, at most 60.
    """
    starts = {"1": 540, "2": 600, "3": 680, "4": 740, "5": 845}
    periods = [Period(i, t, t + lesson_min, "lesson") for i, t in starts.items()]
    periods += [Period("b", 660, 680, "break"), Period("l", 800, 845, "lunch")]
    if outside:
        periods += [Period("0", 480, 525, "before"), Period("6", 905, 965, "after")]
    return Grid(tuple(sorted(periods, key=lambda p: p.start)), cycle_weeks)


def slots(text: str | Iterable[str], grid: Grid) -> list[int]:
    """Turn slots into cells of the cycle.

    Parameters
    ----------
    text : str or iterable of str
        ``"1Mon:1 1Tue:3"``; a star stands for every week, day or period: ``"*Mon:5"``, ``"1*:3"``,
        ``"**:1"``.
    grid : Grid
        The grid.
    """
    out: list[int] = []
    for word in text.split() if isinstance(text, str) else text:
        head, _, period = word.partition(":")
        weeks = range(1, grid.cycle_weeks + 1) if head[0] == "*" else (int(head[0]),)
        days = WEEKDAYS if head[1:] == "*" else (head[1:],)
        ids = [p.id for p in grid.periods] if period == "*" else [period]
        out += [grid.cell(Slot(w, WEEKDAYS.index(d), p)) for w in weeks for d in days for p in ids]
    return out


def tiny_school(
    pairs: int | Iterable[Pair | tuple[Any, ...]] = 1,
    *,
    staff: int | Iterable[Staff] = 0,
    lessons: Mapping[str, str | int] | None = None,
    marks: Mapping[str, Mapping[str, str]] | None = None,
    weeks: int = 4,
    cycle_weeks: int = 1,
    calendar: Calendar | None = None,
    grid: Grid | None = None,
    fte: Mapping[str, str | Fraction] | None = None,
    departments: Mapping[str, str] | None = None,
    conditions: Mapping[str, object] | None = None,
    phase: Literal["secondary", "primary"] = "secondary",
    new: bool = True,
    year: int = 1,
) -> School:
    """Make a school of a few people.

    Parameters
    ----------
    pairs : int or iterable
        How many pairs (E1 and M1, E2 and M2, ...), or the pairs: :class:`Pair` or its arguments.
    staff : int or iterable of Staff
        How many others (S1, S2, ...), or who they are.
    lessons : mapping of str to str or int
        Who teaches when, as :func:`slots` reads it, or how many lessons: these fill the lesson
        cells in order of time from the first. Others keep the usual lessons.
    marks : mapping of str to mapping of str to str
        Other cells: for each person a kind (``ppa``, ``blocked``, ``cover``, ...) and its slots.
        Marks are written last and may overwrite lessons; the kind ``free`` clears a cell.
    weeks : int
        School weeks of the year, where no calendar is given.
    cycle_weeks : int
        Weeks of the timetable cycle, where no grid is given.
    calendar, grid
        Others than the usual ones.
    fte : mapping of str to str or Fraction
        Shares of full time other than 1.
    departments : mapping of str to str
        Departments other than "".
    conditions : mapping of str to object
        Conditions other than the defaults; see :data:`QUIET`.
    phase : {'secondary', 'primary'}
        Phase.
    new : bool
        Whether numbered pairs start this year with a week for contracting.
    year : int
        Year of induction of numbered pairs.
    """
    grid = grid or tiny_grid(cycle_weeks)
    if isinstance(pairs, int):
        pairs = [Pair(f"E{i}", f"M{i}", year, new) for i in range(1, pairs + 1)]
    the_pairs = tuple(p if isinstance(p, Pair) else Pair(*p) for p in pairs)
    usual = {p.mentor: "**:2 **:3 **:4" for p in the_pairs}
    usual |= {p.ect: "**:1 **:2 **:3" for p in the_pairs}
    if isinstance(staff, int):
        staff = [Staff(f"S{i}") for i in range(1, staff + 1)]
    people = {who: Staff(who) for who in sorted(usual)} | {s.id: s for s in staff}
    people = {
        who: Staff(
            who,
            (departments or {}).get(who, s.department),
            Fraction((fte or {}).get(who, s.fte)),
        )
        for who, s in people.items()
    }
    teaching = [c for c in range(grid.cells) if grid.periods[c % len(grid)].kind == "lesson"]
    blank = [
        "f" if c // len(grid) % 5 in grid.periods[c % len(grid)].days else "b"
        for c in range(grid.cells)
    ]
    rows = {}
    for who in people:
        row = list(blank)
        what = (lessons or {}).get(who, usual.get(who, "**:1 **:2 **:3 **:4"))
        for cell in teaching[:what] if isinstance(what, int) else slots(what, grid):
            row[cell] = KINDS["lesson"]
        for kind, text in (marks or {}).get(who, {}).items():
            for cell in slots(text, grid):
                row[cell] = KINDS[kind]
        rows[who] = "".join(row)
    return School(
        name="tiny",
        phase=phase,
        calendar=calendar or tiny_calendar(weeks),
        grid=grid,
        staff=tuple(people.values()),
        pairs=the_pairs,
        timetable=Timetable(rows, {}),
        conditions=Conditions.model_validate(dict(conditions or {})),
    )


def tiny_plan(
    slots_of: Mapping[str, Mapping[str, str]] | None = None,
    *,
    preset: str = "timetabled",
    **changes: object,
) -> Plan:
    """Make a plan from a preset.

    Parameters
    ----------
    slots_of : mapping of str to mapping of str to str
        For each pair the slots of each use: ``{"E1": {"meet": "1Tue:5", "observe": "1Mon:1"}}``.
    preset : str
        The preset to start from.
    **changes : object
        Other fields of :class:`~ectsim.plan.Plan`; a table is merged into the preset's.
    """
    tree = Plan.preset(preset).model_dump()
    for key, value in changes.items():
        tree[key] = {**tree[key], **value} if isinstance(value, Mapping) else value
    if slots_of:
        tree["slots"] = {who: dict(uses) for who, uses in slots_of.items()}
    return Plan.model_validate(tree)


def without_events() -> Programme:
    """Return the programme of 2021 without training events in the year."""
    tree = Programme().model_dump()
    tree["events"]["in_year"] = False
    return Programme.model_validate(tree)


def without_steps(scenario: Scenario) -> Scenario:
    """Return a scenario in which a meeting has a topic only: the latest that is studied."""
    return scenario.with_changes({"programme.steps.follow": False})


def tiny_scenario(
    school: School | None = None, plan: Plan | None = None, programme: Programme | None = None
) -> Scenario:
    """Make a scenario: by default one pair that meets on Tuesdays in period 5 after a Monday visit."""
    school = school or tiny_school()
    usual = {p.id: {"meet": "1Tue:5", "observe": "1Mon:1"} for p in school.pairs}
    return Scenario("tiny", programme or without_events(), school, plan or tiny_plan(usual))


def minute(scenario: Scenario | School, day: str | dt.date, clock: str = "00:00") -> int:
    """Return the school minute of a date and a clock time such as ``09:00``."""
    school = scenario.school if isinstance(scenario, Scenario) else scenario
    hours, mins = clock.split(":")
    date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return school.calendar.minute(date, int(hours) * 60 + int(mins))
