"""School time: whole minutes, the calendar of a year, and the grid of a day.

Time is a whole number of minutes since midnight of the Monday in whose week the calendar
begins (its *origin*). Intervals are half open: a lesson from 540 to 600 ends before one that
starts at 600. Nothing here loads numpy.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal

from ectsim.errors import InputError, near

__all__ = [
    "DAY",
    "WEEKDAYS",
    "Calendar",
    "Grid",
    "Period",
    "Slot",
    "Span",
    "Week",
    "clock_text",
    "minutes",
]

DAY = 1440
"""Minutes in a day."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
"""Names of the days on which a school can be open, in order."""

EXPECTED_PUPIL_DAYS = (189, 191)
"""Pupil days of a usual year in England (E5-01: 190); outside, the calendar warns."""

PeriodKind = Literal["before", "lesson", "break", "lunch", "after"]

SHAPE_KINDS = ("gained_time", "parents_evening", "reports", "provisional", "inspection")
"""Rows that give the year its shape; a calendar without them says nothing of it."""

CALENDAR_KINDS = (
    "half_term",
    "inset",
    "bank_holiday",
    "closed",
    "off_timetable",
    "cycle",
    *SHAPE_KINDS,
)
"""Rows that a calendar file may hold (see :class:`Span`)."""


def minutes(text: str) -> int:
    """Turn a clock time into minutes after midnight.

    Parameters
    ----------
    text : str
        ``"09:00"`` or ``"9:00"``.

    Returns
    -------
    int
        Minutes after midnight, 0 to 1440.

    Raises
    ------
    InputError
        If the text is not a time of day.
    """
    hours, colon, mins = str(text).strip().partition(":")
    # lengths too: a number of thousands of digits is no time and Python refuses to read it
    if colon and re.fullmatch(r"[0-9]{1,2}", hours) and re.fullmatch(r"[0-5][0-9]", mins):
        value = int(hours) * 60 + int(mins)
        if value <= DAY:
            return value
    raise InputError(f"'{text}' is not a time of day", remedy="write it as 09:00")


def clock_text(minute: int) -> str:
    """Write a minute of the day as ``09:05``; days before it are dropped."""
    return f"{minute % DAY // 60:02d}:{minute % 60:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One period of the timetable cycle, written ``1Tue:3``.

    Parameters
    ----------
    week : int
        Week of the cycle, 1 or 2.
    day : int
        Weekday, 0 is Monday.
    period : str
        Id of the period in the school's grid.
    """

    week: int
    day: int
    period: str

    def __str__(self) -> str:
        """Return ``1Tue:3``."""
        return f"{self.week}{WEEKDAYS[self.day]}:{self.period}"

    @classmethod
    def parse(cls, text: str) -> Slot:
        """Read ``1Tue:3``.

        Raises
        ------
        InputError
            If the text is not a slot.
        """
        head, colon, period = str(text).strip().partition(":")
        if colon and period and head[:1] in "12" and head[1:].capitalize() in WEEKDAYS:
            return cls(int(head[0]), WEEKDAYS.index(head[1:].capitalize()), period)
        raise InputError(
            f"'{text}' is not a slot",
            remedy="write week, day and period as 1Tue:3 (second week: 2Tue:3)",
        )


@dataclass(frozen=True, slots=True)
class Span:
    """One row of a calendar file: a kind, a name, a first and a last day (inclusive).

    ``half_term`` rows say when the school is open; ``inset``, ``bank_holiday`` and ``closed``
    take days out; on an ``off_timetable`` day pupils are in but the timetable does not run;
    a ``cycle`` row (name ``1`` or ``2``) fixes the cycle week of the weeks that it touches.
    In ``gained_time`` the year groups in its name (``11 13``) have left and their lessons with
    them; ``parents_evening`` and ``reports`` load the weeks that they touch, ``provisional`` (a
    timetable not yet settled) and ``inspection`` their own days.
    """

    kind: str
    name: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Week:
    """A school week: Monday to Friday with at least one pupil day.

    Parameters
    ----------
    index : int
        Position among the year's weeks, 0 is the first.
    monday : datetime.date
        Its Monday.
    cycle : int
        Week of the timetable cycle, 1 or 2 (always 1 in a one-week cycle).
    days : tuple of int
        Indices of its pupil days in :attr:`Calendar.pupil_days`.
    half_term : int
        Index of the half term it belongs to, 0 is the first.
    """

    index: int
    monday: dt.date
    cycle: int
    days: tuple[int, ...]
    half_term: int


@dataclass(frozen=True)
class Calendar:
    """A school year.

    Parameters
    ----------
    name : str
        What the year is called.
    spans : tuple of Span
        The rows of the calendar file.
    """

    name: str
    spans: tuple[Span, ...]

    @cached_property
    def half_terms(self) -> tuple[Span, ...]:
        """The half terms in order."""
        return tuple(
            sorted((s for s in self.spans if s.kind == "half_term"), key=lambda s: s.first)
        )

    @cached_property
    def origin(self) -> dt.date:
        """Monday of the week in which the first half term begins; minute 0 is its midnight."""
        first = self.half_terms[0].first
        return first - dt.timedelta(days=first.weekday())

    @cached_property
    def closed(self) -> dict[dt.date, str]:
        """Weekdays inside the half terms on which no pupil is in, with the reason."""
        out: dict[dt.date, str] = {}
        for span in self.spans:
            if span.kind in ("inset", "bank_holiday", "closed"):
                for day in _weekdays(span.first, span.last):
                    out[day] = f"{span.kind} {span.name}".strip().replace("_", " ")
        return out

    @cached_property
    def off_timetable(self) -> frozenset[dt.date]:
        """Days on which pupils are in but the timetable does not run."""
        return frozenset(
            day
            for span in self.spans
            if span.kind == "off_timetable"
            for day in _weekdays(span.first, span.last)
        )

    @cached_property
    def pupil_days(self) -> tuple[dt.date, ...]:
        """Days with pupils, in order."""
        return tuple(
            day
            for span in self.half_terms
            for day in _weekdays(span.first, span.last)
            if day not in self.closed
        )

    @cached_property
    def _weeks(self) -> dict[int, tuple[Week, ...]]:
        return {n: self._lay_weeks(n) for n in (1, 2)}

    def weeks(self, cycle_weeks: int) -> tuple[Week, ...]:
        """Return the year's weeks for a timetable cycle of one or two weeks.

        The cycle alternates over weeks with a pupil day and starts with week 1; holidays do not
        advance it, a part week does; ``cycle`` rows override from the week they touch onward.

        Parameters
        ----------
        cycle_weeks : int
            1 or 2.
        """
        return self._weeks[cycle_weeks]

    def _lay_weeks(self, cycle_weeks: int) -> tuple[Week, ...]:
        by_monday: dict[dt.date, list[int]] = {}
        for i, day in enumerate(self.pupil_days):
            by_monday.setdefault(day - dt.timedelta(days=day.weekday()), []).append(i)
        fixed = [s for s in self.spans if s.kind == "cycle"]
        out: list[Week] = []
        cycle = 0
        for monday, days in by_monday.items():
            cycle = cycle % cycle_weeks + 1
            friday = monday + dt.timedelta(days=4)
            for span in fixed:
                if span.first <= friday and monday <= span.last:
                    cycle = min(int(span.name), cycle_weeks)
            first = self.pupil_days[days[0]]
            half = next(h for h, s in enumerate(self.half_terms) if s.first <= first <= s.last)
            out.append(Week(len(out), monday, cycle, tuple(days), half))
        return tuple(out)

    def minute(self, day: dt.date, minute_of_day: int = 0) -> int:
        """Return the school minute of a moment on a date."""
        return (day - self.origin).days * DAY + minute_of_day

    def date(self, minute: int) -> dt.date:
        """Return the date of a school minute."""
        return self.origin + dt.timedelta(days=minute // DAY)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is unusual about this calendar, each with its count."""
        low, high = EXPECTED_PUPIL_DAYS
        out = []
        n = len(self.pupil_days)
        if not low <= n <= high:
            inset = sum(len(_weekdays(s.first, s.last)) for s in self.spans if s.kind == "inset")
            out.append(
                f"calendar {self.name}: {n} pupil days where {low} to {high} are usual; "
                f"it names {inset} INSET days of the usual five: add rows for those still to be chosen"
            )
        return tuple(out)

    def next_year(self) -> Calendar:
        """Return the same calendar 52 weeks on, for a year whose dates are not known yet."""
        on = dt.timedelta(weeks=52)
        spans = tuple(
            Span(s.kind, s.name, s.first + on, s.last + on) for s in self.spans if s.kind != "cycle"
        )
        first, last = (self.half_terms[0].first + on).year, (self.half_terms[-1].last + on).year
        return Calendar(f"{first}-{last % 100:02d}", spans)

    def to_csv(self) -> str:
        """Write the calendar in the form that :meth:`from_csv` reads."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("kind", "name", "first", "last"))
        writer.writerows(
            (s.kind, s.name, s.first.isoformat(), s.last.isoformat()) for s in self.spans
        )
        return out.getvalue()

    @classmethod
    def from_csv(cls, text: str, *, name: str, where: str) -> Calendar:
        """Read a calendar file with the columns kind, name, first, last.

        Parameters
        ----------
        text : str
            The file's text.
        name : str
            What to call the year.
        where : str
            The file's name, for messages.

        Raises
        ------
        InputError
            If a row cannot be read, dates are out of order, or no half term is given.
        """
        rows = csv.DictReader(io.StringIO(text))
        missing = {"kind", "name", "first", "last"} - set(rows.fieldnames or ())
        if missing:
            raise InputError(
                f"the calendar has no column '{sorted(missing)[0]}'",
                where=where,
                remedy="its first line must be kind,name,first,last",
            )
        spans = [_span(row, f"{where}, line {rows.line_num}") for row in rows]
        halves = sorted((s for s in spans if s.kind == "half_term"), key=lambda s: s.first)
        if not halves:
            raise InputError(
                "the calendar has no half_term row",
                where=where,
                remedy="add a row for each half term, such as half_term,autumn 1,2025-09-01,2025-10-24",
            )
        for before, after in pairwise(halves):
            if after.first <= before.last:
                raise InputError(
                    f"half terms '{before.name}' and '{after.name}' overlap",
                    where=where,
                    remedy="give each half term its own days",
                )
        if (halves[-1].last - halves[0].first).days > 366:
            raise InputError(
                "the calendar is longer than a year",
                where=where,
                remedy="give one school year in a file",
            )
        calendar = cls(name, tuple(spans))
        if not calendar.pupil_days:
            raise InputError("no pupil day is left", where=where, remedy="check the closed days")
        return calendar


def _span(row: dict[str, str | None], where: str) -> Span:
    kind = (row.get("kind") or "").strip()
    if kind not in CALENDAR_KINDS:
        raise InputError(
            f"unknown kind of calendar row '{kind}'", where=where, remedy=near(kind, CALENDAR_KINDS)
        )
    first, last = (_date(row.get(k) or "", f"{where}, column {k}") for k in ("first", "last"))
    if last < first:
        raise InputError(
            f"the last day {last} is before the first day {first}",
            where=where,
            remedy="swap the two dates",
        )
    if (last - first).days > 366:
        raise InputError(
            f"{first} to {last} is longer than a year", where=where, remedy="give one school year"
        )
    name = (row.get("name") or "").strip()
    if kind == "cycle" and name not in ("1", "2"):
        raise InputError(
            f"a cycle row is named '{name}'",
            where=where,
            remedy="name it 1 or 2, the week it fixes",
        )
    return Span(kind, name, first, last)


def _date(text: str, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"'{text}' is not a date", where=where, remedy="write it as 2025-09-01"
        ) from None


def _weekdays(first: dt.date, last: dt.date) -> list[dt.date]:
    count = (last - first).days + 1
    days = (first + dt.timedelta(days=i) for i in range(count))
    return [d for d in days if d.weekday() < 5]


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of the school day.

    Parameters
    ----------
    id : str
        As the timetable names it.
    start, end : int
        Minutes after midnight; the end is not part of it.
    kind : {'before', 'lesson', 'break', 'lunch', 'after'}
        Only ``lesson`` periods count as free time of the school day.
    days : tuple of int
        Weekdays on which it exists, 0 is Monday.
    """

    id: str
    start: int
    end: int
    kind: PeriodKind
    days: tuple[int, ...] = (0, 1, 2, 3, 4)

    @property
    def length(self) -> int:
        """Minutes."""
        return self.end - self.start


@dataclass(frozen=True)
class Grid:
    """The periods of a day and the weeks of the timetable cycle.

    Parameters
    ----------
    periods : tuple of Period
        In order of time.
    cycle_weeks : int
        1 or 2.
    """

    periods: tuple[Period, ...]
    cycle_weeks: int = 2
    _index: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check the order of the day."""
        if self.cycle_weeks not in (1, 2):
            raise InputError(
                f"a timetable cycle of {self.cycle_weeks} weeks", remedy="cycle_weeks is 1 or 2"
            )
        end = 0
        for i, p in enumerate(self.periods):
            if p.id in self._index:
                raise InputError(f"two periods are called '{p.id}'", remedy="rename one")
            if not 0 <= p.start < p.end <= DAY:
                raise InputError(
                    f"period '{p.id}' ends at {clock_text(p.end)} and starts at {clock_text(p.start)}",
                    remedy="a period ends after it starts, on the same day",
                )
            if p.start < end:
                raise InputError(
                    f"period '{p.id}' starts before the one above it ends",
                    remedy="list the periods in order of time, without overlap",
                )
            end = p.end
            self._index[p.id] = i
        if not any(p.kind == "lesson" for p in self.periods):
            raise InputError(
                "the grid has no lesson period", remedy="give one period kind = 'lesson'"
            )

    def __len__(self) -> int:
        """Return the number of periods in a day."""
        return len(self.periods)

    def index(self, period: str) -> int:
        """Return a period's position in the day.

        Raises
        ------
        InputError
            If the grid has no such period.
        """
        try:
            return self._index[period]
        except KeyError:
            raise InputError(
                f"the grid has no period '{period}'", remedy=near(period, self._index)
            ) from None

    def __contains__(self, period: object) -> bool:
        """Tell whether the grid has a period of that id."""
        return period in self._index

    def slots(self) -> tuple[Slot, ...]:
        """Return every slot of the cycle in order of time."""
        return tuple(
            Slot(week, day, p.id)
            for week in range(1, self.cycle_weeks + 1)
            for day in range(5)
            for p in self.periods
            if day in p.days
        )

    def cell(self, slot: Slot) -> int:
        """Return the slot's position in a flat row of (week, day, period) cells."""
        return ((slot.week - 1) * 5 + slot.day) * len(self.periods) + self.index(slot.period)

    def slot(self, cell: int) -> Slot:
        """Return the slot of a flat cell (the inverse of :meth:`cell`)."""
        day, period = divmod(cell, len(self.periods))
        week, weekday = divmod(day, 5)
        return Slot(week + 1, weekday, self.periods[period].id)

    @property
    def cells(self) -> int:
        """Number of flat cells in a cycle: weeks x 5 days x periods."""
        return self.cycle_weeks * 5 * len(self.periods)
