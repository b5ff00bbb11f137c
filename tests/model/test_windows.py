"""When a cycle is due: weeks, windows, fortnights, part-time, cycle weeks."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ectsim.clock import Calendar, Span
from ectsim.model.frame import Frame, PairFrame
from ectsim.share import data_dir
from tests.builders import START, tiny_calendar, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import with_coaching

SAMPLE = "sample_2025-26"


def sample() -> Calendar:
    text = (data_dir() / "calendars" / f"{SAMPLE}.csv").read_text(encoding="utf-8")
    return Calendar.from_csv(text, name=SAMPLE, where=SAMPLE)


def pair_frame(
    calendar: Calendar,
    *,
    year: int = 1,
    new: bool = True,
    fte: str = "1",
    meet: str = "1Tue:5",
    cycle_weeks: int = 1,
    marks: Any = None,
    **coaching: Any,
) -> PairFrame:
    school = tiny_school(
        [("E1", "M1", year, new)],
        calendar=calendar,
        fte={"E1": fte},
        cycle_weeks=cycle_weeks,
        marks=marks,
    )
    scenario = tiny_scenario(school, tiny_plan({"E1": {"meet": meet}}))
    return Frame(with_coaching(scenario, **coaching)).pairs[0]


def test_a_first_year_has_a_cycle_a_week() -> None:
    calendar = tiny_calendar(39, breaks={7: 1, 14: 2, 20: 1})
    assert (len(sample().pupil_days), len(sample().weeks(2))) == (190, 39)
    assert len(pair_frame(sample()).windows) == 38
    frame = pair_frame(calendar)
    assert [w.week for w in frame.windows] == list(range(1, 39))
    assert len(pair_frame(calendar, first_week="coach").windows) == 39
    assert len(pair_frame(calendar, new=False).windows) == 39
    # each window lasts until the next opens, holidays included
    for one, two in zip(frame.windows, frame.windows[1:], strict=False):
        assert one.closes == two.opens


@pytest.mark.parametrize(
    ("weeks", "new", "windows"),
    [(38, False, 19), (39, False, 20), (40, False, 20), (39, True, 19), (40, True, 20)],
)
def test_a_second_year_has_a_cycle_a_fortnight(weeks: int, new: bool, windows: int) -> None:
    frame = pair_frame(tiny_calendar(weeks), year=2, new=new)
    assert len(frame.windows) == windows
    assert [w.week for w in frame.windows] == list(range(int(new), weeks, 2))


def test_a_fortnight_is_not_broken_at_half_term() -> None:
    frame = pair_frame(tiny_calendar(6, breaks={3: 1}), year=2, new=False)
    across = frame.windows[1]
    assert across.week == 2  # the week before the holiday
    assert across.first_day == 10
    assert across.last_day == 19
    assert across.closes - across.opens == 21 * 1440


@example(Fraction(7, 25), 25, 1)  # 25 x 0.28 is above 7 in floating point: an eighth window
@given(st.fractions(Fraction(1, 10), Fraction(1)), st.integers(1, 30), st.sampled_from((1, 2)))
def test_part_time_counts_are_exact(fte: Fraction, weeks: int, year: int) -> None:
    frame = pair_frame(tiny_calendar(weeks), year=year, new=False, fte=str(fte))
    assert len(frame.windows) == ceil(weeks * fte / year)


def test_half_time_in_the_first_year_is_a_fortnightly_cycle() -> None:
    frame = pair_frame(tiny_calendar(39), fte="1/2")
    assert [w.week for w in frame.windows] == list(range(1, 39, 2))


def test_weeks_in_which_the_ect_does_not_work_are_no_weeks() -> None:
    """At work on Mondays only; one Monday is closed."""
    calendar = tiny_calendar(5, closed=[dt.date(2025, 9, 15)])
    marks = {"E1": {"blocked": " ".join(f"1{d}:*" for d in ("Tue", "Wed", "Thu", "Fri"))}}
    frame = pair_frame(calendar, meet="1Mon:5", marks=marks)
    assert frame.works == (0, 1, 3, 4)
    assert [w.week for w in frame.windows] == [1, 3, 4]


def test_the_planned_slot_is_the_first_that_falls_in_the_window() -> None:
    calendar = tiny_calendar(5, closed=[dt.date(2025, 9, 9)])
    frame = pair_frame(calendar, cycle_weeks=2, meet="1Wed:5 2Tue:5")
    days = [w.planned and (w.planned[0] // 1440, w.planned[1] >= 0) for w in frame.windows]
    # the second week's Tuesday is closed: its slot is lost, not moved to Wednesday
    assert days == [(7, False), (16, True), (22, True), (30, True)]
    fortnight = pair_frame(tiny_calendar(4), cycle_weeks=2, year=2, new=False, meet="2Wed:5")
    assert [w.planned and w.planned[0] // 1440 for w in fortnight.windows] == [9, 23]


def test_a_window_without_a_slot_in_it_has_none() -> None:
    frame = pair_frame(tiny_calendar(4), cycle_weeks=2, meet="1Tue:5")
    assert [w.planned is None for w in frame.windows] == [True, False, True]


# cycle weeks -----------------------------------------------------------------------------------------


def test_cycle_weeks_alternate_over_weeks_with_pupils() -> None:
    """A part week counts, a closed week and a holiday do not."""
    closed = [START + dt.timedelta(days=d) for d in (7, 8, 9, 10, 11)]  # all of the second week
    closed += [START + dt.timedelta(days=d) for d in (14, 15, 16)]  # three days of the third
    weeks = tiny_calendar(6, closed=closed, breaks={3: 1}).weeks(2)
    assert [w.cycle for w in weeks] == [1, 2, 1, 2, 1]
    assert [len(w.days) for w in weeks] == [5, 2, 5, 5, 5]
    assert {w.cycle for w in tiny_calendar(6).weeks(1)} == {1}


def test_calendar_rows_override_the_cycle_week() -> None:
    calendar = tiny_calendar(6)
    monday = START + dt.timedelta(days=14)
    fixed = Calendar("fixed", (*calendar.spans, Span("cycle", "2", monday, monday)))
    assert [w.cycle for w in calendar.weeks(2)] == [1, 2, 1, 2, 1, 2]
    assert [w.cycle for w in fixed.weeks(2)] == [1, 2, 2, 1, 2, 1]


@pytest.mark.parametrize(("weeks", "warned"), [(38, False), (37, True), (39, True)])
def test_an_unusual_number_of_days_is_said(weeks: int, warned: bool) -> None:
    warnings = tiny_calendar(weeks).warnings
    assert bool(warnings) == warned
    if warned:
        assert f"{weeks * 5} pupil days where 189 to 191 are usual" in warnings[0]
        assert "0 INSET days" in warnings[0]


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "days", "weeks", "year_1", "year_2"),
    [
        ("staffordshire_2025-26.csv", 190, 39, 38, 20),
        ("staffordshire_2026-27.csv", 193, 40, 39, 20),
    ],
)
def test_published_years(
    real_data: Path, file: str, days: int, weeks: int, year_1: int, year_2: int
) -> None:
    path = real_data / "calendars" / file
    if not path.is_file():
        pytest.skip(f"{file} is not among the school files")
    calendar = Calendar.from_csv(path.read_text(encoding="utf-8"), name=file, where=file)
    assert (len(calendar.pupil_days), len(calendar.weeks(2))) == (days, weeks)
    assert len(pair_frame(calendar).windows) == year_1
    assert len(pair_frame(calendar, year=2, new=False).windows) == year_2
    assert bool(calendar.warnings) == (days == 193)
    for warning in calendar.warnings:
        assert "193 pupil days" in warning
        assert "2 INSET days" in warning
