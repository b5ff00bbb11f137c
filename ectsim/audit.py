"""The hours audit: does the time that is promised hold what is due? No dice are thrown.

Two layers. :func:`entitlement_table` is the arithmetic of a programme alone: two years at 38 and
19 cycles. :func:`audit` puts an actual school and its plan to the same sums, person by person, and
asks in addition whether the minutes stand in the timetable.

Three rules settle what the sources leave open.

*Pro rata*: a part-time ECT's induction lasts longer, so each school year holds that share of the
cycles, modules and training, and the entitlement is a share of the timetable that they do teach.

*A minute counts once*: of the minutes that a plan sets aside for an ECT and due cycle, those count
that also stand in the timetable, in slots of that ECT (a slot that is named for two is refused). Of
a visit, the minutes that it lasts count; of a meeting slot, the whole period. Where pairs find their
own time, the mentor's free minutes outside planning time are one purse for all of their ECTs.

*The poorest window decides*: slots are laid over the due windows of the year, without closed days
and absence (these are luck, which the simulation deals), and the window with the fewest minutes
stands for the year. A last window that the year's end cuts short is left out and noted.

The entitlement is the share of the timetable as it stands. Where that is already reduced, a tenth
of the full timetable would be a ninth more.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, isclose
from typing import Any, Literal

from ectsim.clock import Slot
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import Pair, School

__all__ = [
    "CYCLES_Y1",
    "CYCLES_Y2",
    "LOAD_HOURS",
    "TEACHING_WEEKS",
    "Audit",
    "Line",
    "YearHours",
    "amount",
    "audit",
    "due_windows",
    "entitlement_table",
]

TEACHING_WEEKS = 38
"""Teaching weeks of a year: 190 days of five (F044, E5-01)."""

CYCLES_Y1, CYCLES_Y2 = 38, 19
"""Cycles due to a full-time ECT in year 1 and year 2 (F044)."""

LOAD_HOURS = 22.5
"""Hours of lessons a week where no timetable says it: an assumption, 20 to 22.5."""

HOUR = 60
WIDTH = 100

SHARED = ("role", "mentor_training")
"""Notes that are the same for every mentor: printed once."""

Schedule = Literal["12x3", "24+12", "18+18"]
Verdict = Literal["passes", "fails", "note"]
Role = Literal["ECT", "mentor", "coordinator"]


@dataclass(frozen=True, slots=True)
class YearHours:
    """The hours of one year of induction. All in hours, but for the counts and shares.

    Parameters
    ----------
    year : int
        1 or 2.
    cycles : float
        Coaching cycles due.
    meetings : float
        Meetings with the mentor, for the ECT.
    study : float
        Modules that are new in the year.
    revisit : float
        Return to the modules of year 1 in the second reading of year 2, beside the demand.
    conferences, clinics : float
        The ECT's training.
    demand : float
        Meetings, study, conferences and clinics.
    entitlement : float
        Time off the timetable.
    ratio, ratio_with_revisit : float
        Demand as a share of the entitlement, without and with the revisit.
    mentor : float
        The mentor's hours for this ECT: visit, meeting and the rest.
    mentor_training : float
        The mentor's training in the year.
    mentor_training_programme : float
        The mentor's training in both years.
    checkins : float
        The coordinator's check-ins at half an hour a week.
    """

    year: int
    cycles: float
    meetings: float
    study: float
    revisit: float
    conferences: float
    clinics: float
    demand: float
    entitlement: float
    ratio: float
    ratio_with_revisit: float
    mentor: float
    mentor_training: float
    mentor_training_programme: float
    checkins: float


CHECKIN_MIN = 30
"""Weekly check-in of the coordinator in the case study (F049)."""


def entitlement_table(
    programme: Programme | None = None,
    *,
    schedule: Schedule | None = None,
    load_hours: float = LOAD_HOURS,
    cycles_y1: float = CYCLES_Y1,
    cycles_y2: float = CYCLES_Y2,
    weeks: float = TEACHING_WEEKS,
) -> tuple[YearHours, YearHours]:
    """Return what a programme asks of the two years and what its entitlement gives.

    Parameters
    ----------
    programme : Programme, optional
        The regime; the one of 2021 where none is given.
    schedule : {'12x3', '24+12', '18+18'}, optional
        How the modules lie over the years, where it is not the programme's own.
    load_hours : float
        Hours of lessons a week.
    cycles_y1, cycles_y2 : float
        Cycles due in each year.
    weeks : float
        Teaching weeks in a year.

    Returns
    -------
    tuple of YearHours
        Year 1 and year 2.
    """
    programme = programme or Programme()
    if schedule is not None:
        study = programme.study.model_copy(update={"schedule": schedule})
        programme = programme.model_copy(update={"study": study})
    return (
        _year_hours(programme, 1, load_hours, cycles_y1, weeks),
        _year_hours(programme, 2, load_hours, cycles_y2, weeks),
    )


def _year_hours(
    programme: Programme,
    year: int,
    load_hours: float,
    cycles: float,
    weeks: float,
    share: float = 1.0,
) -> YearHours:
    """Add up a year; ``share`` is the part of a full year's training and study that falls in it."""
    coaching, study, events = programme.coaching, programme.study, programme.events
    rights = programme.entitlement
    conferences = events.ect_conferences_y1 if year == 1 else events.ect_conferences_y2
    clinics = events.ect_clinics_y1 if year == 1 else events.ect_clinics_y2
    meetings = cycles * coaching.meeting_min / HOUR
    new = share * study.modules_in(year) * study.module_min / HOUR
    revisit = cycles * study.module_min / HOUR if year > 1 and study.revisits else 0.0
    demand = (
        meetings
        + new
        + share * (conferences * events.conference_hours + clinics * events.clinic_hours)
    )
    entitlement = weeks * load_hours * (rights.y1_reduction if year == 1 else rights.y2_reduction)
    return YearHours(
        year=year,
        cycles=cycles,
        meetings=meetings,
        study=new,
        revisit=revisit,
        conferences=share * conferences * events.conference_hours,
        clinics=share * clinics * events.clinic_hours,
        demand=demand,
        entitlement=entitlement,
        ratio=_share(demand, entitlement),
        ratio_with_revisit=_share(demand + revisit, entitlement),
        mentor=cycles * programme.mentor_minutes(year) / HOUR,
        mentor_training=events.mentor_hours_in(year),
        mentor_training_programme=events.mentor_hours,
        checkins=weeks * CHECKIN_MIN / HOUR,
    )


def _part(fte: Fraction) -> str:
    return "" if fte == 1 else f" at {fte} of full time"


def _share(part: float, whole: float) -> float:
    # nobody is owed a share of an empty timetable
    return part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the audit.

    Parameters
    ----------
    who : str
        Staff id, or ``coordinator``.
    role : {'ECT', 'mentor', 'coordinator'}
        In which role.
    pair : str
        The pair it is about, or "".
    check : str
        Name of the check, for programs.
    what : str
        What is looked at, in words.
    per : str
        What the minutes are of: ``year``, ``week``, ``due cycle``, ``timetable cycle``, ``event``.
    minutes : float or None
        The line's own minutes.
    needed, has : float or None
        What must be there and what is there, in minutes, where the line is a check.
    verdict : {'passes', 'fails', 'note'}
        What came of it; a note is no judgement.
    remedy : str
        What would mend a failure, or what to know.
    sources : tuple of str
        Ids of facts (F...), readings (A13-...) and published figures (E...).
    """

    who: str
    role: Role
    pair: str
    check: str
    what: str
    per: str
    minutes: float | None = None
    needed: float | None = None
    has: float | None = None
    verdict: Verdict = "note"
    remedy: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audit:
    """What :func:`audit` found.

    Parameters
    ----------
    scenario : str
        The scenario's name.
    programme, schedule, plan : str
        What it was held against.
    items : tuple of Line
        ECTs in order of pair id, then mentors in order of their first pair, then the coordinator.
    table : tuple of YearHours
        The programme's own arithmetic at the load assumed.
    warnings : tuple of str
        What to know first.
    """

    scenario: str
    programme: str
    schedule: str
    plan: str
    items: tuple[Line, ...]
    table: tuple[YearHours, YearHours]
    warnings: tuple[str, ...] = ()

    @cached_property
    def fails(self) -> tuple[Line, ...]:
        """The lines that fail."""
        return tuple(i for i in self.items if i.verdict == "fails")

    @property
    def ok(self) -> bool:
        """Whether nothing fails."""
        return not self.fails

    def of(self, who: str, check: str, pair: str | None = None) -> Line:
        """Return one person's line of a check.

        Parameters
        ----------
        who : str
            Staff id, or ``coordinator``.
        check : str
            Name of the check.
        pair : str, optional
            The pair it is about, where a mentor has several.

        Raises
        ------
        KeyError
            If there is no such line.
        """
        for i in self.items:
            if i.who == who and i.check == check and pair in (None, i.pair):
                return i
        raise KeyError(f"no line '{check}' of '{who}'")

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain data for ``--json``: minutes in the lines, hours in the table."""
        count = {v: sum(i.verdict == v for i in self.items) for v in ("passes", "fails", "note")}
        return {
            "scenario": self.scenario,
            "programme": self.programme,
            "schedule": self.schedule,
            "plan": self.plan,
            "ok": self.ok,
            "verdicts": count,
            "lines": [{**asdict(i), "sources": list(i.sources)} for i in self.items],
            "table": [asdict(y) for y in self.table],
            "warnings": list(self.warnings),
        }

    def lines(self) -> list[str]:
        """Return the audit as text of at most 100 columns: checks and lumps, each with its remedy."""
        out = [
            f"Hours that must balance: {self.scenario} "
            f"(programme {self.programme}, study {self.schedule}, plan {self.plan})",
            f"A full-time ECT is due {CYCLES_Y1} cycles in year 1, {CYCLES_Y2} in year 2; "
            f"{TEACHING_WEEKS} teaching weeks.",
        ]
        shared = {
            (i.role, i.check): i for i in self.items if i.verdict == "note" and i.check in SHARED
        }
        if shared:
            out += ["", "Every mentor"]
            out += [line for item in shared.values() for line in _text(item)]
        head = ("", "")
        for item in self.items:
            if (item.role, item.check) in shared and item.verdict == "note":
                continue
            if (item.role, item.who) != head:
                head = (item.role, item.who)
                out += ["", item.who if item.role == "coordinator" else f"{item.role} {item.who}"]
            out += _text(item)
        n = len(self.fails)
        out += [
            "",
            "Everything balances."
            if not n
            else f"{n} {'check fails' if n == 1 else 'checks fail'}.",
        ]
        out += [line for w in self.warnings for line in textwrap.wrap(f"Note: {w}", WIDTH)]
        return out


def _text(item: Line) -> Iterator[str]:
    if item.check in ("demand_meetings", "demand_study", "demand_conferences", "demand_clinics"):
        return  # they stand in the check that adds them up
    mark = {"passes": "passes", "fails": "FAILS", "note": "-"}[item.verdict]
    much, cited = amount(item), " ".join(item.sources)
    words = f"{mark:8}{item.what}{': ' if much else ''}{much} [{cited}]"
    yield from textwrap.wrap(words, WIDTH, initial_indent="  ", subsequent_indent=" " * 10)
    yield from textwrap.wrap(
        item.remedy, WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 10
    )


def amount(item: Line) -> str:
    """Say what a line needs and has, or its minutes; "" where it has none.

    Parameters
    ----------
    item : Line
        The line.
    """
    unit = "h" if item.per in ("year", "programme") else "min"
    size = HOUR if unit == "h" else 1
    per = "" if item.per in ("event", "programme") else f" a {item.per}"
    if item.needed is not None and item.has is not None:
        share = (
            f" ({item.needed / item.has:.0%})" if item.per in ("year", "week") and item.has else ""
        )
        return (
            f"needs {_plain(item.needed / size)}, has {_plain(item.has / size)} {unit}{per}{share}"
        )
    return "" if item.minutes is None else f"{_plain(item.minutes / size)} {unit}{per}"


def due_windows(programme: Programme, school: School, pair: Pair) -> list[tuple[int, ...]]:
    """Return the windows in which an ECT's cycles are due on the school's calendar.

    With f = FTE / period in weeks, a window opens in the ECT's week i = 0, 1, ... (after a week for
    contracting) when ceil((i+1) f) > ceil(i f), and lasts until the next opens. The ECT's weeks are
    those with a pupil day on which the ECT is in school.

    Parameters
    ----------
    programme : Programme
        The regime.
    school : School
        Calendar, grid and timetable.
    pair : Pair
        Whose ECT.

    Returns
    -------
    list of tuple of int
        For each due cycle the indices of the school weeks of its window.
    """
    rate = programme.coaching.rate(pair.year, school.fte(pair.ect))
    weeks = school.calendar.weeks(school.grid.cycle_weeks)
    days = school.calendar.pupil_days
    works = [
        w.index
        for w in weeks
        if any(_in_school(school, pair.ect, w.cycle, days[d].weekday()) for d in w.days)
    ]
    if pair.new and programme.coaching.first_week == "contract":
        works = works[1:]
    opens = [w for i, w in enumerate(works) if ceil((i + 1) * rate) > ceil(i * rate)]
    ends = [*opens[1:], len(weeks)]
    return [tuple(range(a, b)) for a, b in zip(opens, ends, strict=True)]


def _cut_short(windows: list[tuple[int, ...]]) -> bool:
    """Tell whether the year ends before the last window is as long as the shortest before it."""
    return len(windows) > 1 and len(windows[-1]) < min(map(len, windows[:-1]))


def _in_school(school: School, who: str, cycle_week: int, weekday: int) -> bool:
    first = ((cycle_week - 1) * 5 + weekday) * len(school.grid)
    row = school.timetable.rows[who]
    return any(row[first + i] != "b" for i in school.lesson_periods)


def audit(scenario: Scenario) -> Audit:
    """Hold a school's plan against the hours that are due to each ECT, mentor and the coordinator.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan.

    Returns
    -------
    Audit
        One line for each demand, check and lump; nobody is scored or ranked.
    """
    book = _Book(scenario)
    pairs = sorted(scenario.school.pairs, key=lambda p: p.id)
    mentors: dict[str, list[Pair]] = {}
    for p in pairs:
        mentors.setdefault(p.mentor, []).append(p)
    items: list[Line] = []
    for p in pairs:
        items += book.ect(p)
    for mentor, theirs in mentors.items():
        items += book.mentor(mentor, theirs)
    items += book.coordinator()
    return Audit(
        scenario=scenario.name,
        programme=scenario.programme.name,
        schedule=scenario.programme.study.schedule,
        plan=scenario.plan.name,
        items=tuple(items),
        table=entitlement_table(scenario.programme),
        warnings=scenario.warnings,
    )


class _Book:
    """A school's timetable and plan, read in minutes."""

    def __init__(self, scenario: Scenario) -> None:
        self.programme, self.school, self.plan = scenario.programme, scenario.school, scenario.plan
        self.grid = self.school.grid
        self.weeks = self.school.calendar.weeks(self.grid.cycle_weeks)
        self.windows = {
            p.id: due_windows(self.programme, self.school, p) for p in self.school.pairs
        }
        self.slots = {p.id: self._cells(p) for p in self.school.pairs}
        self.taken = {
            who: {
                c
                for p in self.school.pairs
                for use, cells in self.slots[p.id].items()
                if (who == p.mentor and use != "study") or (who == p.ect and use != "observe")
                for c in cells
            }
            for p in self.school.pairs
            for who in (p.ect, p.mentor)
        }

    def _cells(self, pair: Pair) -> dict[str, list[int]]:
        slots = self.plan.slots_of(pair.id)
        return {
            use: [self.grid.cell(Slot.parse(t)) for t in getattr(slots, use)]
            for use in ("meet", "observe", "reserve", "study")
        }

    def length(self, cell: int) -> int:
        return self.grid.periods[cell % len(self.grid)].length

    def total(self, cells: list[int]) -> int:
        return sum(self.length(c) for c in cells)

    def lesson_minutes(self, who: str) -> int:
        row = self.school.timetable.rows[who]
        return self.total([c for c, letter in enumerate(row) if letter == "l"])

    def taught_in_the_year(self, who: str) -> int:
        """Minutes of lessons on this calendar, closed and off-timetable days left out."""
        row, days = self.school.timetable.rows[who], self.school.calendar.pupil_days
        off, per_day = self.school.calendar.off_timetable, len(self.grid)
        by_day = [
            self.total([d * per_day + i for i in range(per_day) if row[d * per_day + i] == "l"])
            for d in range(self.grid.cycle_weeks * 5)
        ]
        return sum(
            by_day[(w.cycle - 1) * 5 + days[d].weekday()]
            for w in self.weeks
            for d in w.days
            if days[d] not in off
        )

    def planning_time(self, who: str, role: Role, pair: str) -> Line:
        """Check that planning time is kept beside the induction slots (E5-02)."""
        row = self.school.timetable.rows[who]
        need = self.programme.entitlement.ppa_share * self.lesson_minutes(who)
        base = {"who": who, "role": role, "pair": pair}
        marked = self.total([c for c, letter in enumerate(row) if letter == "p"])
        if marked:
            return _check(
                base, "planning_time", "planning time (PPA) in the timetable", "timetable cycle", need, marked,
                remedy="mark more planning time: nobody may take it for cover", sources=("E5-02",),
            )  # fmt: skip
        left = [c for c in self.school.free_cells(who) if c not in self.taken[who]]
        return _check(
            base, "planning_time", "free time beside the slots for planning (PPA); none is marked",
            "timetable cycle", need, self.total(left), sources=("E5-02",),
            remedy="fewer lessons or fewer slots: a meeting never takes planning time",
        )  # fmt: skip

    def ect(self, pair: Pair) -> Iterator[Line]:
        """Yield an ECT's lines."""
        who, year = pair.ect, pair.year
        base = {"who": who, "role": "ECT", "pair": pair.id}
        fte, windows = self.school.fte(who), self.windows[pair.id]
        load = self.lesson_minutes(who) / self.grid.cycle_weeks
        full = CYCLES_Y1 if year == 1 else CYCLES_Y2
        hours = self._hours(self.programme, year, load, fte)
        yield _line(
            base, "load", f"year {year}{_part(fte)}, coached by {pair.mentor}; lessons", "week",
            minutes=load, sources=("E5-08",),
        )  # fmt: skip
        yield _line(
            base, "cycles", f"{_plain(full * fte)} cycles due in {TEACHING_WEEKS} weeks; {len(windows)} in the "
            f"{len(self.weeks)} weeks of this calendar", "",
            sources=("F032" if year == 1 else "F033", "F044", *(("E6-05",) if fte < 1 else ())),
        )  # fmt: skip
        yield from self._demand(base, hours)
        yield from self._balance(
            base, pair, hours, self._lighter(year, load, fte, hours.entitlement * HOUR)
        )
        yield from self._conferences(base, year, hours)
        yield _check(
            base, "released", "time without lessons, for induction and planning together", "timetable cycle",
            (self._reduction(year) + self.programme.entitlement.ppa_share) * self.lesson_minutes(who),
            self.total(self.school.free_cells(who, kinds="fp")),
            remedy="the timetable does not show the reduction: take lessons off it",
            sources=("F003" if year == 1 else "F004", "F132", "E5-02"),
        )  # fmt: skip
        yield self.planning_time(who, "ECT", pair.id)

    def _demand(self, base: dict[str, Any], hours: YearHours) -> Iterator[Line]:
        """Yield the parts of an ECT's year; they add up to the check that follows."""
        conference = self.programme.events.conference_hours
        for check, what, amount, sources in (
            ("demand_meetings", "meetings with the mentor", hours.meetings, ("F038", "F044")),
            ("demand_study", f"study, {self.programme.study.schedule}", hours.study, ("F029", "A13-5")),
            ("demand_conferences", f"conferences of {_plain(conference)} h", hours.conferences, ("F027", "A13-4")),
            ("demand_clinics", "clinics", hours.clinics, ("F028",)),
        ):  # fmt: skip
            yield _line(base, check, what, "year", minutes=amount * HOUR, sources=sources)

    def _balance(
        self, base: dict[str, Any], pair: Pair, hours: YearHours, lighter: str
    ) -> Iterator[Line]:
        """Hold an ECT's year, mean week and own calendar against the entitlement."""
        share, windows = self._reduction(pair.year), self.windows[pair.id]
        needed, has = hours.demand * HOUR, hours.entitlement * HOUR
        yield _check(
            base, "induction_time", f"induction time, {share:.0%} of the timetable (meetings "
            f"{_plain(hours.meetings)} h, study {_plain(hours.study)} h, training "
            f"{_plain(hours.conferences + hours.clinics)} h)", "year", needed, has,
            remedy=lighter, sources=("F003" if pair.year == 1 else "F004", "F030"),
        )  # fmt: skip
        if hours.revisit:
            yield _line(
                base, "demand_revisit", "beside this, a return to a module of year 1 for each due cycle", "year",
                minutes=hours.revisit * HOUR, sources=("A13-5", "A13-16"),
                remedy=f"with it the year stands at {hours.ratio_with_revisit:.0%} of the entitlement",
            )  # fmt: skip
        yield _check(
            base, "induction_week", "a mean week without training days", "week",
            (hours.meetings + hours.study) * HOUR / TEACHING_WEEKS, has / TEACHING_WEEKS,
            remedy="some of the weekly study falls in own time", sources=("F031", "F038"),
        )  # fmt: skip
        days = len(self.school.calendar.pupil_days)
        own = (
            len(windows) * self.programme.coaching.meeting_min
            + (hours.demand - hours.meetings) * HOUR
        )
        line = _check(
            base, "own_calendar", f"the same on this calendar, {len(windows)} cycles and {days} pupil days", "year",
            own, share * self.taught_in_the_year(pair.ect), remedy="", sources=("F044", "E5-01"),
        )  # fmt: skip
        yield replace(line, verdict="note")

    def _conferences(self, base: dict[str, Any], year: int, hours: YearHours) -> Iterator[Line]:
        """Show a year's conferences as the lumps they are."""
        events = self.programme.events
        count = events.ect_conferences_y1 if year == 1 else events.ect_conferences_y2
        if count and hours.entitlement:
            weeks = events.conference_hours / (hours.entitlement / TEACHING_WEEKS)
            yield _line(
                base, "conference_lump", f"{count} conference{'s' * (count > 1)}, each a whole day at once", "event",
                minutes=events.conference_hours * HOUR, sources=("F027", "F096"),
                remedy=f"as much as {weeks:.1f} weeks of induction time; the day's lessons need cover",
            )  # fmt: skip

    def _reduction(self, year: int) -> float:
        rights = self.programme.entitlement
        return rights.y1_reduction if year == 1 else rights.y2_reduction

    def _hours(self, programme: Programme, year: int, load: float, fte: Fraction) -> YearHours:
        full = CYCLES_Y1 if year == 1 else CYCLES_Y2
        return _year_hours(
            programme, year, load / HOUR, float(full * fte), TEACHING_WEEKS, float(fte)
        )

    def _lighter(self, year: int, load: float, fte: Fraction, has: float) -> str:
        """Name the layouts of study that would make a year fit."""
        fitting = []
        for schedule in ("24+12", "18+18", "12x3"):
            study = self.programme.study.model_copy(update={"schedule": schedule})
            hours = self._hours(self.programme.model_copy(update={"study": study}), year, load, fte)
            if hours.demand * HOUR <= has:
                fitting.append(f"{schedule} ({hours.ratio:.0%})")
        if fitting:
            return f"study laid out as {' or '.join(fitting)} fits"
        return "say openly which part falls in own time, or lighten the timetable"

    def mentor(self, who: str, pairs: list[Pair]) -> Iterator[Line]:
        """Yield a mentor's lines."""
        base = {"who": who, "role": "mentor", "pair": ""}
        load = self.lesson_minutes(who) / self.grid.cycle_weeks
        ects = " and ".join(p.ect for p in pairs)
        words = f"coaches {ects}{_part(self.school.fte(who))}; lessons"
        yield _line(base, "load", words, "week", minutes=load, sources=("F124",))
        yield self._role(base, who)
        needs = [self.programme.mentor_minutes(p.year) for p in pairs]
        year = sum(
            float((CYCLES_Y1 if p.year == 1 else CYCLES_Y2) * self.school.fte(p.ect)) * need
            for p, need in zip(pairs, needs, strict=True)
        )
        each = " and ".join(str(n) for n in dict.fromkeys(needs))
        yield _line(
            base, "mentor_year", f"{each} min for each due cycle of {ects}", "year",
            minutes=year, sources=("F006", "F007", "F044", "A13-7"),
        )  # fmt: skip
        for p, need in zip(pairs, needs, strict=True):
            yield from self._promise(base, p, need)
        yield from self._once(base, who, pairs, needs)
        events = self.programme.events
        if events.mentor_hours:
            spread = {
                "two_years": "over two years",
                "one_year": "in one year",
                "each_year": "in all, the same in each of two years",
            }[events.mentor_training]
            days = f"{events.mentor_conferences} of its days {_plain(events.conference_hours)} h at once"
            yield _line(
                base, "mentor_training", f"training {spread}, {days}", "programme",
                minutes=events.mentor_hours * HOUR, sources=("F091", "F094", "A13-6", "F011", "F219"),
                remedy="these hours come on top of coaching; the school releases for them",
            )  # fmt: skip
        yield self.planning_time(who, "mentor", "")

    def _role(self, base: dict[str, Any], who: str) -> Line:
        if any(p.ect == who for p in self.school.pairs):
            line = _line(
                base, "role", "coaches, and is in induction as an ECT too", "", sources=("F124", "F128"),
                remedy="name a mentor who is through induction",
            )  # fmt: skip
            return replace(line, verdict="fails")
        return _line(
            base, "role", "a mentor supports and is never the one who assesses; the file names no assessor", "",
            sources=("F128", "F129", "F210"),
        )  # fmt: skip

    def _promise(self, base: dict[str, Any], pair: Pair, need: int) -> Iterator[Line]:
        """Check an ECT's own hour: what is promised, and what of it stands in the timetable."""
        base = {**base, "pair": pair.id}
        promised = self.plan.protected_min
        yield _check(
            base, "promised", f"minutes set aside for {pair.ect}", "due cycle", need, promised,
            remedy=f"the school sets aside {need - promised} min more", sources=("F006", "F007", "F010", "F222"),
        )  # fmt: skip
        if self.plan.meeting == "fixed":
            yield from self._fixed(base, pair, need)
            return
        together = self._poorest(
            pair,
            lambda weeks: sum(
                self.total(self._in(self.school.common_free(pair), w)) for w in weeks
            ),
        )
        rescue = self.plan.before_after and bool(self.school.outside_cells(pair))
        line = _check(
            base, "together", f"free at the same time as {pair.ect}, planning time apart", "due cycle",
            self.plan.meeting_min, together, sources=("F105", "F156"),
            remedy="they can meet before or after school only"
            if rescue else "move a lesson of one of them, or name another mentor",
        )  # fmt: skip
        yield replace(line, verdict="note") if rescue and line.verdict == "fails" else line

    def _fixed(self, base: dict[str, Any], pair: Pair, need: int) -> Iterator[Line]:
        """Check the slots that a plan names for a pair."""
        meet = self.slots[pair.id]["meet"]
        yield _check(
            base, "slots", f"minutes in slots with {pair.ect}", "due cycle", need, self._slotted(pair),
            remedy="name a meeting slot and a visit in every due window", sources=("F006", "F135"),
        )  # fmt: skip
        longest = self._poorest(
            pair,
            lambda weeks: max(
                (self.length(c) for w in weeks for c in self._in(meet, w)), default=0
            ),
        )
        yield _check(
            base, "meeting_slot", f"a slot for the meeting with {pair.ect}", "due cycle",
            self.plan.meeting_min, longest, sources=("F038", "F110"),
            remedy="choose a longer slot, or one in each week, or split the meeting",
        )  # fmt: skip
        outside = [c for c in meet if c % len(self.grid) not in self.school.lesson_periods]
        if outside:
            names = ", ".join(str(self.grid.slot(c)) for c in outside)
            yield _line(
                base, "outside", f"meetings with {pair.ect} outside teaching hours: {names}", "",
                remedy="only where it stays in contracted time", sources=("F009", "A13-13", "E6-08"),
            )  # fmt: skip
        windows = self.windows[pair.id]
        last = [self.weeks[i].cycle for i in windows[-1]] if windows else []
        if _cut_short(windows) and not any(self._in(meet, w) for w in last):
            yield _line(
                base, "last_window", f"the last cycle of {pair.ect} is due in week {windows[-1][0] + 1} alone, "
                "which has no slot", "", sources=("F033", "F044"), remedy="agree a time for that week",
            )  # fmt: skip

    def _once(
        self, base: dict[str, Any], who: str, pairs: list[Pair], needs: list[int]
    ) -> Iterator[Line]:
        """Check the mentor's minutes for all ECTs together, each minute counted once."""
        names, n = " and ".join(p.ect for p in pairs), len(pairs)
        if self.plan.meeting == "fixed":
            if n > 1:
                yield _check(
                    base, "all_ects", f"in slots with {names}, each minute counted once", "due cycle of each",
                    sum(needs), sum(min(need, self.plan.protected_min, self._slotted(p)) for p, need in zip(pairs, needs, strict=True)),
                    sources=("F007",),
                    remedy="an hour for each: name slots for the ECT who has too few",
                )  # fmt: skip
            return
        # hours that are due each week must fit the poorer week; all together must fit a fortnight
        free = [self._free_minutes(who, w) for w in (1, self.grid.cycle_weeks)]
        rates = [self._rate(p) for p in pairs]
        # (cycles due, minutes they need, minutes that are free, of what)
        weekly = [need for need, r in zip(needs, rates, strict=True) if r == 1]
        spans: list[tuple[float, float, float, str]] = []
        if weekly:
            spans.append((len(weekly), sum(weekly), min(free), "week"))
        if len(weekly) < n:
            cycles = float(sum((2 * r for r in rates), Fraction(0)))
            minutes = float(
                sum((2 * r * need for need, r in zip(needs, rates, strict=True)), Fraction(0))
            )
            spans.append((cycles, minutes, sum(free), "fortnight"))
        due, needed, has, per = min(spans, key=lambda span: span[2] - span[1])
        held = min(has, due * self.plan.protected_min)
        line = _check(
            base, "all_ects", f"free time in which {names} could be coached; no slot stands in the timetable", per,
            needed, held, sources=("F007", "F106", "F156"),
            remedy="one hour cannot be given to two ECTs: lighten the timetable" if n > 1 else
            "lighten the timetable",
        )  # fmt: skip
        if line.verdict == "passes":
            # possible is less than protected, so it is no pass
            words = f"of {_plain(has)} min free; time on no timetable competes with everything else"
            line = replace(line, verdict="note", remedy=words)
        yield line

    def _rate(self, pair: Pair) -> Fraction:
        return self.programme.coaching.rate(pair.year, self.school.fte(pair.ect))

    def _in(self, cells: Sequence[int], cycle_week: int) -> list[int]:
        return [c for c in cells if c // len(self.grid) // 5 + 1 == cycle_week]

    def _poorest(self, pair: Pair, value: Callable[[list[int]], int]) -> int:
        """Return the least value over the pair's due windows, each given as its cycle weeks."""
        windows = self.windows[pair.id]
        if _cut_short(windows):
            windows = windows[:-1]
        return min((value([self.weeks[i].cycle for i in window]) for window in windows), default=0)

    def _slotted(self, pair: Pair) -> int:
        """Minutes of the pair's slots in its poorest window.

        A meeting counts with its whole period, a visit with the minutes it lasts.
        """
        slots, visit = self.slots[pair.id], int(self.programme.coaching.observation_min[2])

        def held(weeks: list[int]) -> int:
            meetings = sum(self.total(self._in(slots["meet"], w)) for w in weeks)
            visits = sum(
                min(visit, self.length(c)) for w in weeks for c in self._in(slots["observe"], w)
            )
            return meetings + visits

        return self._poorest(pair, held)

    def _free_minutes(self, who: str, cycle_week: int) -> float:
        """Minutes in a week of the cycle in which a mentor could coach: free, outside planning time."""
        cells = [c for c in self.school.free_cells(who) if c not in self.taken[who]]
        if self.plan.release_form == "before_after_school":
            for p in self.school.pairs:
                if p.mentor == who:
                    cells += [c for c in self.school.outside_cells(p) if c not in cells]
        free = float(self.total(self._in(cells, cycle_week)))
        if "p" not in self.school.timetable.rows[who]:
            # planning time is not marked: it comes out of free time, evenly over the cycle
            free -= (
                self.programme.entitlement.ppa_share
                * self.lesson_minutes(who)
                / self.grid.cycle_weeks
            )
        return max(0.0, free)

    def coordinator(self) -> Iterator[Line]:
        """Yield the coordinator's lines."""
        base = {"who": "coordinator", "role": "coordinator", "pair": ""}
        checkin, own = self.plan.checkin_min, len(self.weeks)
        if checkin:
            yield _line(
                base, "checkins", f"check-in of {checkin} min a week with the mentors, {TEACHING_WEEKS} weeks "
                f"({_plain(own * checkin / HOUR)} h in the {own} weeks of this calendar)", "year",
                minutes=checkin * TEACHING_WEEKS, sources=("F049", "A13-11"),
            )  # fmt: skip
        else:
            yield _line(
                base, "checkins", "no weekly check-in with the mentors is planned", "", sources=("F049", "A13-11"),
                remedy=f"the case study's half hour a week is {CHECKIN_MIN * TEACHING_WEEKS // HOUR} h a year",
            )  # fmt: skip
        yield _line(
            base, "launch", "before the year: orientation 1 h; live launch 3 h, or 1 h for one who returns", "",
            sources=("F046", "F047", "F048"),
        )  # fmt: skip


def _line(
    base: dict[str, Any],
    check: str,
    what: str,
    per: str,
    *,
    minutes: float | None = None,
    remedy: str = "",
    sources: tuple[str, ...],
) -> Line:
    """Make a note."""
    return Line(
        **base, check=check, what=what, per=per, minutes=minutes, remedy=remedy, sources=sources
    )


def _check(
    base: dict[str, Any],
    check: str,
    what: str,
    per: str,
    needed: float,
    has: float,
    *,
    remedy: str,
    sources: tuple[str, ...],
) -> Line:
    """Make a check: it passes when what is there reaches what is needed; a pass needs no remedy."""
    enough = has > needed or isclose(has, needed, abs_tol=1e-6)
    return Line(
        **base,
        check=check,
        what=what,
        per=per,
        needed=needed,
        has=has,
        verdict="passes" if enough else "fails",
        remedy="" if enough else remedy,
        sources=sources,
    )


def _plain(number: float | Fraction) -> str:
    """Write a number without useless noughts."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")
