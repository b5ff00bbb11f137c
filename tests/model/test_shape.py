"""The year's shape: gained time, loaded weeks, a provisional timetable, inspection."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ectsim.clock import Calendar, Span
from ectsim.log import CAUSE_CODE, EVENT_CODE
from ectsim.model.frame import frame_of
from ectsim.model.year import live, simulate
from ectsim.scenario import Scenario, load
from tests.laws.worlds import with_conditions

YEARS = 12
FIRST, LAST = dt.date(2026, 5, 18), dt.date(2026, 7, 22)


def shaped(scenario: Scenario, *spans: Span) -> Scenario:
    calendar = scenario.school.calendar
    more = Calendar(calendar.name, (*calendar.spans, *spans))
    return replace(scenario, school=replace(scenario.school, calendar=more))


def slips(scenario: Scenario, first: dt.date, last: dt.date) -> int:
    calendar = scenario.school.calendar
    start, end = calendar.minute(first), calendar.minute(last, 1440)
    code, cause = EVENT_CODE["meeting_failed"], CAUSE_CODE["slipped"]
    rows = (r for k in range(YEARS) for r in simulate(scenario, 1, k).rows)
    return sum(r[1] == code and r[5] == cause and start <= r[4] < end for r in rows)


def test_gained_time_lowers_cover_demand() -> None:
    base = load("default")
    other = shaped(base, Span("gained_time", "11 13", FIRST, LAST))
    gone = frame_of(other).gained
    assert gone
    open_lessons = [sum(live(s, 1, k).cover.open_lessons for k in range(4)) for s in (base, other)]
    by_teachers = [sum(live(s, 1, k).cover.by_teachers for k in range(4)) for s in (base, other)]
    assert open_lessons[1] < open_lessons[0]
    assert by_teachers[1] < by_teachers[0]
    calendar, periods = base.school.calendar, frame_of(other).periods
    for _, cell in gone:
        assert FIRST <= calendar.pupil_days[cell // periods] <= LAST


def test_nobody_visits_a_lesson_that_is_gone() -> None:
    other = frame_of(shaped(load("default"), Span("gained_time", "7 8 9 10 11 12 13", FIRST, LAST)))
    for p in other.pairs:
        assert not {(p.ect, c) for _, c, _ in p.visits} & other.gained


@pytest.mark.parametrize("kind", ["parents_evening", "reports", "provisional", "inspection"])
def test_a_loaded_time_slips_more_and_can_be_switched_off(kind: str) -> None:
    base = load("default")
    first, last = dt.date(2025, 11, 10), dt.date(2025, 12, 12)
    other = with_conditions(shaped(base, Span(kind, "", first, last)), **{f"slip_{kind}": 3.0})
    assert slips(other, first, last) > slips(base, first, last)
    off = with_conditions(other, **{f"slip_{kind}": 1.0})
    for k in range(3):
        assert simulate(off, 1, k).to_bytes() == simulate(base, 1, k).to_bytes()


def test_a_parents_evening_loads_its_week_and_an_inspection_its_days() -> None:
    day = dt.date(2025, 11, 12)
    for kind, days in (("parents_evening", 5), ("inspection", 1)):
        frame = frame_of(shaped(load("default"), Span(kind, "", day, day)))
        assert sum(f > 1.0 for f in frame.slip_factor) == days


def test_a_calendar_that_says_nothing_is_as_before() -> None:
    frame = frame_of(load("default"))
    assert set(frame.slip_factor) == {1.0}
    assert not frame.gained
