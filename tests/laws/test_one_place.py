"""Law 2: nobody is in two places; nothing outside the grid, on a closed day, without the people, or in PPA."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.log import CAUSES, EVENT_CODE, FORMS
from ectsim.model.year import Year, live
from ectsim.scenario import Scenario
from ectsim.school import LETTERS, Pair
from tests.laws.worlds import scenarios

E = EVENT_CODE
Span = tuple[int, int, str]


def timetable(scenario: Scenario, who: str) -> Iterator[tuple[int, int, str, str]]:
    """Walk through a person's year from calendar, grid and timetable: start, end, kind, period's kind."""
    school = scenario.school
    calendar, grid = school.calendar, school.grid
    weeks = calendar.weeks(grid.cycle_weeks)
    cycle = {calendar.pupil_days[d]: w.cycle for w in weeks for d in w.days}
    for date in calendar.pupil_days:
        if date in calendar.off_timetable:
            continue
        first = ((cycle[date] - 1) * 5 + date.weekday()) * len(grid)
        for i, period in enumerate(grid.periods):
            kind = LETTERS[school.timetable.rows[who][first + i]]
            yield (
                calendar.minute(date, period.start),
                calendar.minute(date, period.end),
                kind,
                period.kind,
            )


def absent_days(scenario: Scenario, year: Year, pair: int, side: int) -> set[dt.date]:
    days = scenario.school.calendar.pupil_days
    return {
        days[e.value]
        for e in year.log.events()
        if e.event == E["absence"] and e.pair == pair and e.side == side
    }


def check(scenario: Scenario, replication: int) -> None:
    year = live(scenario, 1, replication)
    school, calendar = scenario.school, scenario.school.calendar
    events = year.log.events()
    busy: dict[str, set[Span]] = {}
    kinds = {
        w: {(a, b): (k, p) for a, b, k, p in timetable(scenario, w)}
        for w in year.frame.staff
        if w in school.by_id
    }
    away = {}
    for i, pair in enumerate(school.pairs):
        for side, who in ((1, pair.ect), (2, pair.mentor)):
            away[who] = absent_days(scenario, year, i, side)

    deputised = {(e.pair, e.time) for e in events if e.event == E["deputised"]}
    for p in year.frame.pairs:  # who is a deputy and no member of a pair is not in the log
        if p.deputy >= 0:
            who = year.frame.staff[p.deputy]
            days = year.diary.away[p.deputy].nonzero()[0].tolist()
            away.setdefault(who, {calendar.pupil_days[d] for d in days})
            for cell in year.cover.taken[p.deputy]:
                span = (year.frame.start_of(cell), year.frame.end_of(cell), "cover")
                busy.setdefault(who, set()).add(span)

    def mentor_of(pair: Pair, index: int, minute: int) -> str:
        if (index, minute) in deputised:
            return scenario.plan.slots_of(pair.id).deputy
        return pair.mentor

    def inside(start: int, end: int, who: str) -> tuple[str, str]:
        """Find the cell of a person's timetable that holds an interval."""
        for (a, b), found in kinds[who].items():
            if a <= start and end <= b:
                return found
        raise AssertionError(f"{who} at {start} to {end}: outside the grid or on a closed day")

    for e in events:
        if e.pair < 0:
            continue
        pair = school.pairs[e.pair]
        if e.event == E["meeting"]:
            assert e.value > 0
            mentor = mentor_of(pair, e.pair, e.time)
            for who in (pair.ect, mentor):
                kind, _ = inside(e.time, e.time + e.value, who)
                # a deputy may be marked for cover, and not called
                fits = ("free",) if who in (pair.ect, pair.mentor) else ("free", "cover")
                assert kind in fits, f"{who} has {kind}, PPA included: no meeting then"
                assert calendar.date(e.time) not in away[who]
                busy.setdefault(who, set()).add(
                    (e.time, e.time + e.value, f"meeting {pair.id} {e.cycle}")
                )
            if FORMS[e.form] == "before_after":
                assert scenario.plan.before_after
        elif e.event == E["observed"] and FORMS[e.form] == "live":
            kind, _ = inside(e.time, e.time + e.value, pair.ect)
            assert kind == "lesson", "a visit is to a lesson that the ECT teaches"
            mentor = mentor_of(pair, e.pair, e.time)
            kind, _ = inside(e.time, e.time + e.value, mentor)
            assert kind in (("free",) if mentor == pair.mentor else ("free", "cover"))
            for who in (pair.ect, mentor):
                assert calendar.date(e.time) not in away[who]
            # the ECT is where the timetable says; the mentor is with them
            busy.setdefault(mentor, set()).add((e.time, e.time + e.value, f"visit {pair.id}"))
        elif e.event == E["cover_call"]:
            who = pair.ect if e.side == 1 else pair.mentor
            start, end = year.frame.start_of(e.value), year.frame.end_of(e.value)
            assert e.time == start
            kind, period = inside(start, end, who)
            assert kind in ("free", "cover"), f"{who} called in {kind}: never in PPA"
            assert period == "lesson"
            assert calendar.date(start) not in away[who]
            busy.setdefault(who, set()).add((start, end, "cover"))
        assert 0 <= e.time <= year.log.end
    for i, p in enumerate(year.frame.pairs):
        failed = {e.value for e in events if e.event == E["study_lost"] and e.pair == i}
        from ectsim.model.study import due_modules

        for n, week in enumerate(due_modules(year.frame, p)):
            cell = p.study[week]
            before = scenario.programme.study.modules_in(1) if p.pair.year == 2 else 0
            if cell >= 0 and before + n not in failed:
                start = year.frame.start_of(cell)
                length = min(scenario.programme.study.module_min, year.frame.end_of(cell) - start)
                kind, _ = inside(start, start + length, p.pair.ect)
                assert kind == "free"
                assert calendar.date(start) not in away[p.pair.ect]
                busy.setdefault(p.pair.ect, set()).add((start, start + length, "study"))
    for who, spans in busy.items():
        lessons = {(a, b, "lesson") for (a, b), (k, _) in kinds[who].items() if k == "lesson"}
        ordered = sorted(spans | lessons)
        for one, two in itertools.pairwise(ordered):
            assert one[1] <= two[0], f"{who} is in two places: {one} and {two}"
    if scenario.programme.coaching.one_meeting_a_day:
        days = [(e.pair, calendar.date(e.time)) for e in events if e.event == E["meeting"]]
        assert len(days) == len(set(days)), "a pair meets at most once a day"
    causes = {CAUSES[e.cause] for e in events}
    assert "independent" not in causes


@given(scenarios(), st.integers(0, 99))
def test_nobody_is_in_two_places(scenario: Scenario, replication: int) -> None:
    check(scenario, replication)


@pytest.mark.deep
@given(scenarios(), st.integers(0, 9999))
def test_nobody_is_in_two_places_deep(scenario: Scenario, replication: int) -> None:
    check(scenario, replication)
