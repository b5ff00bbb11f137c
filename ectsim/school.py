"""School: who and where. Calendar, grid, staff timetable, pairs and conditions, all frozen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Literal

from ectsim.clock import Calendar, Grid
from ectsim.errors import InputError, near
from ectsim.luck import stable_fraction
from ectsim.parameters import Frozen, number

__all__ = ["KINDS", "Cell", "Conditions", "Pair", "School", "Staff", "Timetable", "assume_ppa"]

KINDS: dict[str, str] = {
    "free": "f",  # nothing on the timetable
    "lesson": "l",
    "ppa": "p",  # planning time: no cover, no meeting
    "blocked": "b",  # not in school
    "duty": "d",
    "meeting": "m",
    "pastoral": "s",
    "cover": "c",  # marked for cover: first in the rota
    "other": "o",
    "unknown": "u",  # a code nobody explained: busy, never free
}
"""Kinds of timetable cell and the letter each is kept as."""

LETTERS = {letter: kind for kind, letter in KINDS.items()}


class Conditions(Frozen):
    """What the school is like: absence, support, and what competes with unprotected time."""

    leader_support: float = number(
        0.5, unit="0 to 1", status="assumption", source="F147", low=0.2, high=0.9, ge=0, le=1,
        ask="How far do leaders stand behind induction time?",
        why="A leader who steps in keeps a threatened slot out of the cover rota.",
    )  # fmt: skip
    culture: float = number(
        0.5, unit="0 to 1", status="assumption", source="F149", low=0.2, high=0.9, ge=0, le=1,
        ask="Is the programme seen as a priority in the school?",
        why="Where it is, other things push unprotected meetings aside less often.",
    )  # fmt: skip
    relationship: float = number(
        0.6, unit="0 to 1", status="assumption", source="F151", low=0.3, high=0.9, ge=0, le=1,
        ask="How well do mentors and ECTs get on at the start?",
        why="A pair that gets on lets fewer meetings slip and drifts less.",
    )  # fmt: skip
    belief: float = number(
        0.5, unit="0 to 1", status="assumption", source="F175", low=0.2, high=0.9, ge=0, le=1,
        ask="How far do mentors believe in modelling and practice at the start?",
        why="A sceptical mentor lets the hour drift to other matters more often.",
    )  # fmt: skip
    sickness_days: float = number(
        5.5, unit="days a teacher and year of 190", status="derived", source="E4-02 E4-03",
        low=4.1, high=9.3, ge=0, le=40,
        ask="How many days is a teacher ill in a year?",
        why="Illness of any teacher, not only the pair, calls free colleagues to cover.",
    )  # fmt: skip
    sickness_long_share: float = number(
        0.40, unit="share of days in spells of 20 days or more", status="external", source="E4-06",
        low=0.32, high=0.48, ge=0, le=0.95, ask="What share of sick days is in long spells?",
    )  # fmt: skip
    sickness_short_mean: float = number(
        3.0, unit="pupil days a short spell", status="assumption", source="", low=1.5, high=4.0,
        ge=1, le=15, ask="How long is a usual spell of illness?",
    )  # fmt: skip
    sickness_long_mean: float = number(
        40.0, unit="pupil days a long spell", status="assumption", source="", low=28, high=60,
        ge=21, le=120, ask="How long is a spell of 20 days or more?",
    )  # fmt: skip
    winter: float = number(
        0.35, unit="share above the mean at the peak", status="assumption", source="", low=0.0,
        high=0.6, ge=0, le=0.95, ask="How much more illness is there in late January?",
    )  # fmt: skip
    season_spread: float = number(
        0.20, unit="standard deviation of a week's factor", status="assumption", source="", low=0.0,
        high=0.4, ge=0, le=0.5, ask="How uneven are the weeks from one to the next?",
    )  # fmt: skip
    planned_absence: float = number(
        0.02, unit="share of staff days", status="assumption", source="", low=0.0, high=0.04, ge=0,
        le=0.3, ask="What share of days are staff away on trips, training or exam duty?",
    )  # fmt: skip
    region: Literal["rest", "inner_london", "outer_london", "fringe"] = number(
        "rest", unit="", status="external", source="E5-10 E5-11",
        ask="In which pay area is the school?",
        why="What schools are paid towards induction differs by area.",
    )  # fmt: skip
    coordinator: Literal["new", "returning"] = number(
        "returning", unit="", status="source", source="F223",
        ask="Is the coordinator new to the programme?",
        why="A new one has a longer launch.",
    )  # fmt: skip
    event_member_share: float = number(
        0.25, unit="share of a department", status="assumption", source="", low=0.1, high=0.5,
        ge=0.01, le=1, ask="What share of a department goes on one of its trips or trainings?",
        why="Both of a pair can be away at once.",
    )  # fmt: skip
    slip_found: float = number(
        0.20, unit="chance an appointment, at middling habit", status="assumption", source="F050",
        low=0.05, high=0.40, ge=0, le=1,
        ask="How often does something else take a time that is on no timetable?",
        why="Duties, parents, marking and meetings compete with time that nobody protects.",
    )  # fmt: skip
    slip_before_after: float = number(
        0.30, unit="chance an appointment, at middling habit", status="assumption", source="F009",
        low=0.10, high=0.50, ge=0, le=1,
        ask="How often does something else take a time before or after school?",
    )  # fmt: skip
    slip_habit: float = number(
        1.0, unit="log points per unit of habit", status="assumption", source="F034", low=0.0,
        high=2.0, ge=0, le=5, ask="How much does a habit protect an unprotected time?",
    )  # fmt: skip
    slip_relationship: float = number(
        0.5, unit="log points per unit", status="assumption", source="F151", low=0.0, high=1.5,
        ge=0, le=5, ask="How much does a good relationship protect it?",
    )  # fmt: skip
    slip_culture: float = number(
        0.5, unit="log points per unit", status="assumption", source="F149", low=0.0, high=1.5,
        ge=0, le=5, ask="How much does the school's culture protect it?",
    )  # fmt: skip
    habit_start: float = number(
        0.3, unit="0 to 1", status="assumption", source="F034", low=0.1, high=0.6, ge=0, le=1,
        ask="How strong is the habit of meeting at the start?",
    )  # fmt: skip
    habit_gain: float = number(
        0.10, unit="share of the way to 1 a kept slot", status="assumption", source="F034", low=0.0,
        high=0.3, ge=0, le=1, ask="How fast does a kept slot become a habit?",
    )  # fmt: skip
    habit_loss: float = number(
        0.25, unit="share lost at a slip", status="assumption", source="F034", low=0.0, high=0.5,
        ge=0, le=1, ask="How much of a habit does one slip undo?",
    )  # fmt: skip
    rearrangements: int = number(
        1, unit="new times a cycle and week", status="assumption", source="", low=0, high=3, ge=0,
        le=20, ask="How often does a pair set a new time for a cycle within a week before it lets go?",
        why="A second and third new time in one week has to be found, agreed and remembered.",
    )  # fmt: skip
    checkin_help: int = number(
        1, unit="new times a cycle and week", status="assumption", source="F049", low=0, high=2, ge=0,
        le=20, ask="How many more new times does a weekly check-in help to find?",
    )  # fmt: skip
    belief_gain: float = number(
        0.10, unit="share of the way to 1 a meeting with rehearsals", status="assumption",
        source="F175", low=0.05, high=0.2, ge=0, le=1,
        ask="How fast does seeing an ECT improve convince a mentor?",
    )  # fmt: skip
    drift: float = number(
        0.08, unit="chance a meeting, at middling belief", status="assumption", source="F153",
        low=0.02, high=0.20, ge=0, le=1,
        ask="How often does the hour happen and go to other matters?",
    )  # fmt: skip
    drift_belief: float = number(
        1.0, unit="log points per unit", status="assumption", source="F175", low=0.0, high=2.0,
        ge=0, le=5, ask="How much does a mentor's belief keep the hour on coaching?",
    )  # fmt: skip
    record: float = number(
        0.80, unit="chance a meeting", status="assumption", source="F071", low=0.60, high=0.95,
        ge=0, le=1, ask="How often is the step recorded when nobody follows up?",
    )  # fmt: skip
    record_checked: float = number(
        0.95, unit="chance a meeting", status="assumption", source="F133", low=0.85, high=1.0,
        ge=0, le=1, ask="How often is it recorded with a weekly check-in?",
    )  # fmt: skip
    record_all: float = number(
        0.85, unit="share of the chance", status="assumption", source="F070", low=0.6, high=1.0, ge=0, le=1,
        ask="How much of that is left where the visit, the feedback and the meeting are recorded too?",
    )  # fmt: skip
    upload_failure: float = number(
        0.15, unit="chance a video", status="assumption", source="F109", low=0.05, high=0.4, ge=0,
        le=1, ask="How often does a video of a lesson not arrive in time?",
    )  # fmt: skip
    study_own_time: float = number(
        0.75, unit="chance a week", status="assumption", source="F031", low=0.5, high=0.95, ge=0,
        le=1, ask="How often is a week's module done in the ECT's own time?",
    )  # fmt: skip
    study_habit: float = number(
        1.0, unit="log points per unit of habit", status="assumption", source="F123 F168 F190", low=0.0,
        high=2.0, ge=0, le=5, ask="How much does a habit of study help in own time?",
        why="Modules done in their week become a habit, late ones undo it.",
    )  # fmt: skip
    deferral: float = number(
        0.15, unit="chance a cycle", status="assumption", source="F159", low=0.05, high=0.3, ge=0,
        le=1, ask="How often does a visit show a need that has not been studied yet?",
    )  # fmt: skip
    slip_parents_evening: float = number(
        1.4, unit="times the usual slipping, in its week", status="assumption", source="", low=1.0,
        high=2.0, ge=0, le=20, ask="How much more slips in a week with a parents' evening?",
    )  # fmt: skip
    slip_reports: float = number(
        1.4, unit="times the usual slipping, in its week", status="assumption", source="", low=1.0,
        high=2.0, ge=0, le=20, ask="How much more slips in a week in which reports are written?",
    )  # fmt: skip
    slip_provisional: float = number(
        1.5, unit="times the usual slipping", status="assumption", source="", low=1.0, high=2.5, ge=0,
        le=20, ask="How much more slips while the timetable is provisional?",
    )  # fmt: skip
    slip_inspection: float = number(
        5.0, unit="times the usual slipping", status="assumption", source="", low=2.0, high=10.0, ge=0,
        le=20, ask="How much more slips on a day of inspection?",
    )  # fmt: skip
    training_attend: float = number(
        0.93, unit="chance a date", status="assumption", source="F104", low=0.80, high=1.0, ge=0, le=1,
        ask="How often does somebody who is well go to a training event, when nobody reminds them?",
    )  # fmt: skip
    training_reminded: float = number(
        0.98, unit="chance a date", status="assumption", source="F104", low=0.90, high=1.0, ge=0, le=1,
        ask="How often with a weekly check-in?",
        why="Securing attendance is the mentor's part; check-ins remind of it.",
    )  # fmt: skip
    feedback: bool = number(
        True, unit="", status="assumption", source="F164",
        ask="Do kept and lost weeks change habit and belief?",
    )  # fmt: skip
    learning: bool = number(
        True, unit="", status="source", source="F179 F180",
        ask="Do mentors need less time as they gain practice?",
    )  # fmt: skip
    random_durations: bool = number(
        True, unit="", status="assumption", source="",
        ask="Do durations vary around their most likely value?",
    )  # fmt: skip
    independent: float = number(
        0.0, unit="chance a slot or person and date", status="assumption", source="", low=0.0,
        high=0.0, ge=0, le=1, ask="Tests only: a cause that strikes each meeting slot alone.",
    )  # fmt: skip
    independent_on: Literal["slot", "people"] = number(
        "slot", unit="", status="assumption", source="", ask="Tests only: what that cause strikes."
    )
    register_weeks: float = number(
        0.5, unit="weeks, mean, from the ECT's first day", status="assumption", source="F145 F193",
        low=0.0, high=2.0, ge=0, le=20, ask="How long does it take until an ECT is registered?",
        why="Until both are registered and have access there is no study and no recorded cycle.",
    )  # fmt: skip
    email_weeks: float = number(
        0.3, unit="weeks, mean, after registration", status="assumption", source="F194",
        low=0.0, high=1.0, ge=0, le=20, ask="How long until the e-mail with the invitation comes?",
    )  # fmt: skip
    access_weeks: float = number(
        0.8, unit="weeks, mean, after the e-mail", status="assumption", source="F194 F195",
        low=0.2, high=2.0, ge=0, le=20, ask="How long until a person has followed it and has access?",
    )  # fmt: skip
    early_weeks: float = number(
        6.0, unit="weeks before the ECT's first day", status="assumption", source="F162",
        low=2.0, high=10.0, ge=0, le=40, ask="How early does a school register that does so before term?",
    )  # fmt: skip
    ect_leave: float = number(
        0.05, unit="chance a year", status="derived", source="E1-17", low=0.02, high=0.12, ge=0, le=1,
        ask="How often does an ECT leave or change school within a year?",
        why="About one in ten moves school within the two years of induction.",
    )  # fmt: skip
    mentor_leave: float = number(
        0.09, unit="chance a year", status="external", source="E4-16", low=0.05, high=0.15, ge=0, le=1,
        ask="How often does a mentor leave or stop mentoring within a year?",
    )  # fmt: skip
    replacement_weeks: float = number(
        3.0, unit="school weeks, mean", status="assumption", source="", low=1.0, high=8.0, ge=0, le=40,
        ask="How long does it take until another mentor takes over?",
    )  # fmt: skip
    replacement_practised: float = number(
        0.5, unit="share", status="assumption", source="", low=0.2, high=0.8, ge=0, le=1,
        ask="How many of those who take over have mentored for a year before?",
    )  # fmt: skip
    belief_spread: float = number(
        0.2, unit="0 to 1, either side", status="assumption", source="F175", low=0.0, high=0.4, ge=0,
        le=0.5, ask="How far may the belief of a mentor who takes over differ from the others'?",
    )  # fmt: skip
    leave_rate: float = number(
        0.03, unit="chance a year", status="assumption", source="E6-07", low=0.0, high=0.06, ge=0, le=1,
        ask="How often does an ECT go on family or other long leave?",
        why="Nothing is due meanwhile: the windows are paused.",
    )  # fmt: skip
    leave_weeks: float = number(
        20.0, unit="school weeks, mean", status="assumption", source="", low=2.0, high=39.0, ge=0,
        le=60, ask="How long is such a leave?",
    )  # fmt: skip
    leave_counts: bool = number(
        False, unit="", status="assumption", source="E6-07",
        ask="Do days of leave extend induction like days of illness?",
        why="Some family leave is excluded from the rule.",
    )  # fmt: skip
    deputy_after: int = number(
        10, unit="school days in a row", status="assumption", source="", low=5, high=20, ge=0, le=200,
        ask="After how long an absence of the mentor does a deputy step in?",
    )  # fmt: skip
    repair_minutes: float = number(
        15.0, unit="minutes a repair", status="assumption", source="F228", low=5, high=30, ge=0, le=300,
        ask="How long does the coordinator need for one repair?",
    )  # fmt: skip
    repair_weeks: int = number(
        6, unit="school weeks", status="assumption", source="F132 F228", low=3, high=12, ge=1, le=60,
        ask="For how long does a slot that the coordinator had protected stay so, or a deputy on call?",
    )  # fmt: skip
    leaders_gain: float = number(
        0.2, unit="0 to 1, added", status="assumption", source="F147 F148", low=0.1, high=0.4, ge=0,
        le=1, ask="How much more do leaders stand behind a pair's time once it is raised with them?",
    )  # fmt: skip
    relationship_floor: float = number(
        0.25, unit="0 to 1", status="assumption", source="F151", low=0.0, high=0.4, ge=0, le=1,
        ask="Below what does a pair no longer rehearse when it meets?",
        why="A pair that gets on badly meets and talks; nothing is practised.",
    )  # fmt: skip
    contracting_gain: float = number(
        0.10, unit="share of the way to 1", status="assumption", source="F152", low=0.0, high=0.3,
        ge=0, le=1, ask="How much does agreeing how to work together help a new pair to get on?",
    )  # fmt: skip
    relationship_gain: float = number(
        0.03, unit="share of the way to 1 a cycle that met", status="assumption", source="F163",
        low=0.0, high=0.08, ge=0, le=1, ask="How fast does trust grow in a pair that meets?",
    )  # fmt: skip
    culture_gain: float = number(
        0.02, unit="share of the way to 1 a cycle that met", status="assumption", source="F164",
        low=0.0, high=0.05, ge=0, le=1, ask="How fast does a pair's meeting become a priority around it?",
    )  # fmt: skip
    culture_loss: float = number(
        0.03, unit="share lost at a cycle without a meeting", status="assumption", source="F164",
        low=0.0, high=0.08, ge=0, le=1, ask="How much of that does a cycle undo that never met?",
    )  # fmt: skip
    recognition_gain: float = number(
        0.05, unit="share of the way to 1 a half term", status="assumption", source="F150",
        low=0.0, high=0.15, ge=0, le=1, ask="How much does public thanks to mentors add to it?",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell of the timetable: class, subject and room as the file has them."""

    class_code: str = ""
    subject: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff, known by a permanent id; no name is needed or kept.

    Parameters
    ----------
    id : str
        Permanent id.
    department : str
        Department, or "".
    fte : fractions.Fraction
        Share of full time.
    """

    id: str
    department: str = ""
    fte: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Pair:
    """An ECT and the mentor who coaches them. The ECT's id names the pair.

    Parameters
    ----------
    ect, mentor : str
        Staff ids.
    year : int
        Year of induction, 1 or 2.
    new : bool
        Whether the pair starts this year, with a week for contracting.
    elapsed : fractions.Fraction or None
        Years of induction behind the ECT on the first day, a part-timer's pro rata; None stands
        for whole years.
    start : datetime.date, optional
        First day of a pair that starts within the year; the year's first day if None.
    """

    ect: str
    mentor: str
    year: int = 1
    new: bool = True
    elapsed: Fraction | None = None
    start: dt.date | None = None

    @property
    def served(self) -> Fraction:
        """Years of induction behind the ECT on the first day of the school year."""
        return Fraction(self.year - 1) if self.elapsed is None else self.elapsed

    @property
    def id(self) -> str:
        """The pair's id: the ECT's."""
        return self.ect


@dataclass(frozen=True)
class Timetable:
    """Who does what in each cell of the cycle.

    Parameters
    ----------
    rows : mapping of str to str
        For each staff id one letter a cell (:data:`KINDS`), in the order of ``Grid.cell``.
    cells : mapping of (str, int) to Cell
        Class, subject and room where the file gives them.
    """

    rows: Mapping[str, str]
    cells: Mapping[tuple[str, int], Cell]

    def kind(self, staff: str, cell: int) -> str:
        """Return the kind of a cell, a key of :data:`KINDS`."""
        return LETTERS[self.rows[staff][cell]]


@dataclass(frozen=True)
class School:
    """A school as the model sees it.

    Parameters
    ----------
    name : str
        What to call it.
    phase : {'secondary', 'primary'}
        Phase.
    calendar : Calendar
        The year.
    grid : Grid
        The day and the cycle.
    staff : tuple of Staff
        Everybody with a timetable.
    pairs : tuple of Pair
        Who coaches whom.
    timetable : Timetable
        One row for each member of staff.
    conditions : Conditions
        Absence, support, competition.
    assumptions : tuple of str
        What was assumed because a file did not say it.
    synthetic : bool
        True when the timetable was generated.
    later : tuple of Calendar
        The school years after this one, as far as their dates are known.
    coordinator : str
        Staff id of the induction coordinator, where it matters when she is free; or "".
    """

    name: str
    phase: Literal["secondary", "primary"]
    calendar: Calendar
    grid: Grid
    staff: tuple[Staff, ...]
    pairs: tuple[Pair, ...]
    timetable: Timetable
    conditions: Conditions
    assumptions: tuple[str, ...] = ()
    synthetic: bool = False
    later: tuple[Calendar, ...] = ()
    coordinator: str = ""

    def __post_init__(self) -> None:
        """Check that everybody who is named exists, once, with a whole row."""
        ids = [s.id for s in self.staff]
        if len(set(ids)) != len(ids):
            twice = next(i for i in ids if ids.count(i) > 1)
            raise InputError(f"staff '{twice}' stands twice", remedy="give each person one id")
        for s in self.staff:
            row = self.timetable.rows.get(s.id)
            if row is None or len(row) != self.grid.cells:
                raise InputError(
                    f"staff '{s.id}' has no whole timetable",
                    remedy=f"give {self.grid.cells} cells, or leave the person out",
                )
            if not 0 < s.fte <= 1:
                raise InputError(
                    f"staff '{s.id}' has FTE {s.fte}", remedy="FTE is above 0, at most 1"
                )
        seen: set[str] = set()
        for p in self.pairs:
            for who, role in ((p.ect, "ECT"), (p.mentor, "mentor")):
                if who not in self.by_id:
                    raise InputError(
                        f"{role} '{who}' is not in the timetable", remedy=near(who, self.by_id)
                    )
            if p.ect == p.mentor:
                raise InputError(f"'{p.ect}' mentors themselves", remedy="name another mentor")
            if p.ect in seen:
                raise InputError(f"ECT '{p.ect}' stands in two pairs", remedy="keep one of them")
            if p.year not in (1, 2):
                raise InputError(f"ECT '{p.ect}' is in year {p.year}", remedy="the year is 1 or 2")
            if p.start and p.start > self.calendar.pupil_days[-1]:
                raise InputError(
                    f"ECT '{p.ect}' starts on {p.start}, after the year's last day",
                    remedy="give a day of this school year, or leave the start out",
                )
            seen.add(p.ect)
        if self.coordinator and self.coordinator not in self.by_id:
            raise InputError(
                f"coordinator '{self.coordinator}' is not in the timetable",
                remedy=near(self.coordinator, self.by_id),
            )

    @cached_property
    def by_id(self) -> dict[str, Staff]:
        """Staff by id."""
        return {s.id: s for s in self.staff}

    @cached_property
    def lesson_periods(self) -> tuple[int, ...]:
        """Positions of the periods that are free time of the school day when empty."""
        return tuple(i for i, p in enumerate(self.grid.periods) if p.kind == "lesson")

    def in_year(self, k: int, years: int) -> School:
        """Return the school as it is k school years on: the next calendar, the same people and lessons.

        An ECT's induction goes on, a part-timer's pro rata; who has finished stays on the staff and
        nothing is due. A calendar that is not known is the last known one 52 weeks on, and that is
        said as an assumption.

        Parameters
        ----------
        k : int
            How many school years on; 0 is this one.
        years : int
            Length of induction in years of full time.
        """
        if k == 0:
            return self
        known = (self.calendar, *self.later)
        calendar = known[min(k, len(known) - 1)]
        notes = self.assumptions
        for _ in range(k - len(known) + 1):
            calendar = calendar.next_year()
        if k >= len(known):
            notes += (f"term dates of {calendar.name}: those of the year before, 52 weeks on",)
        pairs = []
        for p in self.pairs:
            served = p.served + (k - 1 + self.share_of_year(p)) * self.fte(p.ect)
            pairs.append(
                replace(
                    p,
                    year=min(math.floor(served) + 1, years),
                    new=False,
                    elapsed=served,
                    start=None,
                )
            )
        return replace(self, calendar=calendar, later=(), pairs=tuple(pairs), assumptions=notes)

    def share_of_year(self, pair: Pair) -> Fraction:
        """Return the share of the ECT's weeks of this school year that lie after the pair's start."""
        if pair.start is None:
            return Fraction(1)
        days, row, n = self.calendar.pupil_days, self.timetable.rows[pair.ect], len(self.grid)
        worked: list[bool] = []
        for week in self.calendar.weeks(self.grid.cycle_weeks):
            mine = [
                days[d]
                for d in week.days
                if any(
                    row[((week.cycle - 1) * 5 + days[d].weekday()) * n + i] != "b"
                    for i in self.lesson_periods
                )
            ]
            if mine:
                worked.append(mine[-1] >= pair.start)
        return Fraction(sum(worked), max(1, len(worked)))

    def pair(self, pair_id: str) -> Pair:
        """Return a pair by its id.

        Raises
        ------
        InputError
            If there is no such pair.
        """
        for p in self.pairs:
            if p.id == pair_id:
                return p
        raise InputError(f"no pair '{pair_id}'", remedy=near(pair_id, (p.id for p in self.pairs)))

    def fte(self, staff: str) -> Fraction:
        """Return a person's share of full time."""
        return self.by_id[staff].fte

    def free_cells(self, staff: str, *, kinds: str = "f") -> list[int]:
        """Return the cells of the school day in which a person is free.

        Parameters
        ----------
        staff : str
            Staff id.
        kinds : str
            Letters that count as free; ``"fp"`` adds planning time.
        """
        row = self.timetable.rows[staff]
        per_day = len(self.grid)
        lesson = set(self.lesson_periods)
        return [i for i, letter in enumerate(row) if letter in kinds and i % per_day in lesson]

    def common_free(self, pair: Pair, *, kinds: str = "f") -> list[int]:
        """Return the cells of the school day in which both of a pair are free."""
        other = set(self.free_cells(pair.mentor, kinds=kinds))
        return [c for c in self.free_cells(pair.ect, kinds=kinds) if c in other]

    def visit_cells(self, pair: Pair) -> list[int]:
        """Return the cells in which the ECT teaches and the mentor is free outside planning time."""
        row = self.timetable.rows[pair.ect]
        return [c for c in self.free_cells(pair.mentor) if row[c] == "l"]

    def outside_cells(self, pair: Pair) -> list[int]:
        """Return the cells before and after school in which neither of a pair has anything."""
        per_day = len(self.grid)
        outside = {i for i, p in enumerate(self.grid.periods) if p.kind in ("before", "after")}
        rows = [self.timetable.rows[w] for w in (pair.ect, pair.mentor)]
        out = []
        for c in range(self.grid.cells):
            if c % per_day in outside and all(r[c] == "f" for r in rows):
                day = slice(c - c % per_day, c - c % per_day + per_day)
                # somebody who is not in school that day does not stay behind after it
                if all(set(r[day]) - {"b", "-", "f"} or "b" not in r[day] for r in rows):
                    out.append(c)
        return out

    def lessons(self, staff: str) -> int:
        """Return a person's lessons in a cycle."""
        return self.timetable.rows[staff].count("l")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal; display names and the order of rows do not count."""
        content = {
            "calendar": sorted((s.kind, s.first.isoformat(), s.last.isoformat(), s.name if s.kind == "cycle" else "") for s in self.calendar.spans),
            "grid": [[p.id, p.start, p.end, p.kind, list(p.days)] for p in self.grid.periods],
            "cycle": self.grid.cycle_weeks,
            "staff": sorted((s.id, s.department, str(s.fte), self.timetable.rows[s.id]) for s in self.staff),
            "pairs": sorted((p.ect, p.mentor, p.year, p.new, *([p.start.isoformat()] if p.start else [])) for p in self.pairs),
            "conditions": self.conditions.model_dump(),
            "phase": self.phase,
        }  # fmt: skip
        if self.later:
            content["later"] = [
                sorted((s.kind, s.first.isoformat(), s.last.isoformat()) for s in c.spans)
                for c in self.later
            ]
        if self.coordinator:  # a school without one keeps the digest it had
            content["coordinator"] = self.coordinator
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a coordinator should know before trusting a result."""
        out = list(self.calendar.warnings)
        if self.synthetic:
            out.append(f"{self.name}: the timetable is synthetic, not a school's own")
        for pair in self.pairs:
            cells = self.common_free(pair, kinds="fp")
            for week in range(1, self.grid.cycle_weeks + 1):
                if not any(self.grid.slot(c).week == week for c in cells):
                    names = [self.grid.periods[i].id for i in self.lesson_periods]
                    out.append(
                        f"{pair.ect}/{pair.mentor} have no common free period among "
                        f"{names[0]} to {names[-1]} in week {week}"
                    )
        return tuple(out)


def _ppa_rank(grid: Grid, staff: str, cell: int) -> float:
    return stable_fraction("ppa", staff, grid.slot(cell))


def assume_ppa(
    school: School, *, share: float, keep: Mapping[str, Iterable[int]] | None = None
) -> School:
    """Set planning time aside where a timetable does not code it.

    Each person without a ``ppa`` cell gets ceil(share x lessons) of their free cells, by a key of
    person and slot, away from the cells in ``keep``. The choice is the same in every run.

    Parameters
    ----------
    school : School
        The school; people who have a ``ppa`` cell are left as they are.
    share : float
        Share of lessons that must be planning time (E5-02: 0.10).
    keep : mapping of str to iterable of int, optional
        Cells of agreed induction slots by person.

    Returns
    -------
    School
        A school with ``ppa`` cells, and the assumption said.
    """
    kept = {who: set(cells) for who, cells in (keep or {}).items()}
    rows = dict(school.timetable.rows)
    assumed, short = 0, []
    for s in school.staff:
        if "p" in rows[s.id]:
            continue
        due = math.ceil(round(share * school.lessons(s.id), 9))
        options = [c for c in school.free_cells(s.id) if c not in kept.get(s.id, ())]
        options.sort(key=partial(_ppa_rank, school.grid, s.id))
        if due > len(options):
            short.append(s.id)
        row = list(rows[s.id])
        for c in options[:due]:
            row[c] = "p"
        rows[s.id] = "".join(row)
        assumed += bool(due)
    if not assumed:
        return school
    notes = [
        f"planning time is not marked for {assumed} staff: {share:.0%} of each one's lessons was set "
        "aside among their free periods, away from agreed induction slots"
    ]
    if short:
        notes.append(f"too few free periods for full planning time: {', '.join(short)}")
    return replace(
        school,
        timetable=replace(school.timetable, rows=rows),
        assumptions=school.assumptions + tuple(notes),
    )
