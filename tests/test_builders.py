"""The hand-made schools are what their descriptions say."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from ectsim.errors import InputError
from tests.builders import (
    QUIET,
    minute,
    tiny_calendar,
    tiny_grid,
    tiny_plan,
    tiny_scenario,
    tiny_school,
)


def test_a_calendar_has_the_weeks_it_was_asked_for():
    calendar = tiny_calendar(6, breaks={3: 1}, closed=[dt.date(2025, 9, 9)])
    weeks = calendar.weeks(2)
    assert [w.cycle for w in weeks] == [1, 2, 1, 2, 1, 2]
    assert [w.half_term for w in weeks] == [0, 0, 0, 1, 1, 1]
    assert weeks[3].monday - weeks[2].monday == dt.timedelta(days=14)
    assert len(calendar.pupil_days) == 29
    assert dt.date(2025, 9, 9) not in calendar.pupil_days


def test_the_usual_school_is_free_together_in_period_5_only():
    school = tiny_school(2, staff=3, cycle_weeks=2)
    pair = school.pair("E2")
    assert pair.mentor == "M2"
    free = {str(school.grid.slot(c)) for c in school.common_free(pair)}
    assert free == {f"{w}{d}:5" for w in "12" for d in ("Mon", "Tue", "Wed", "Thu", "Fri")}
    assert {school.grid.slot(c).period for c in school.visit_cells(pair)} == {"1"}
    assert school.lessons("S3") == 40
    assert len(school.outside_cells(pair)) == 20


def test_lessons_marks_fte_and_conditions_are_set():
    school = tiny_school(
        [("A", "B", 2, False)],
        lessons={"A": 7, "B": "1Mon:1"},
        marks={"B": {"ppa": "1Fri:*", "free": "1Mon:1"}},
        fte={"A": "3/5"},
        conditions=QUIET,
    )
    assert school.lessons("A") == 7
    assert school.lessons("B") == 0
    assert school.timetable.rows["B"].count("p") == len(tiny_grid())
    assert school.fte("A") == Fraction(3, 5)
    assert school.conditions.sickness_days == 0
    assert school.pairs[0].year == 2


def test_a_scenario_is_checked_like_any_other():
    assert tiny_scenario().plan.slots_of("E1").meet == ("1Tue:5",)
    with pytest.raises(InputError, match="is not free"):
        tiny_scenario(plan=tiny_plan({"E1": {"meet": "1Tue:1"}}))


def test_minutes_count_from_the_first_monday():
    assert minute(tiny_school(), "2025-09-02", "09:05") == 1440 + 545
