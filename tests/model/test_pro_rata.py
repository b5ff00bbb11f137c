"""Part of a school year is part of the programme: late starters, part-timers, and induction extended."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from ectsim.content import events
from ectsim.ledger import ledger
from ectsim.log import EVENT_CODE
from ectsim.model.frame import Frame, frame_of
from ectsim.model.year import live_years
from ectsim.scenario import Scenario
from tests.laws.worlds import with_conditions
from tests.model.test_school_years import over, part_time

FEBRUARY = dt.date(2026, 2, 23)


def late(years: int, **changes: object) -> Scenario:
    """Return the sample school in which every ECT starts in the last week of February."""
    s = over(years, **changes)  # type: ignore[arg-type]
    pairs = tuple(replace(p, start=FEBRUARY) for p in s.school.pairs)
    return replace(s, school=replace(s.school, pairs=pairs), origin="")


def trained(frame: Frame, side: int) -> list[str]:
    """Return the ids of the events that are due to the first ECT (1), or to her mentor (2)."""
    who = frame.pairs[0].ect if side == 1 else frame.pairs[0].mentor
    return [events()[d.event].id for d in frame.training if (d.person, d.side) == (who, side)]


def test_a_start_in_february_is_part_of_a_year() -> None:
    s = late(3)
    first = s.school.share_of_year(s.school.pairs[0])
    assert Fraction(1, 3) < first < Fraction(1, 2)
    assert [s.in_year(k).school.pairs[0].served for k in range(3)] == [0, first, 1 + first]
    windows = [len(frame_of(s.in_year(k)).pairs[0].windows) for k in range(3)]
    # weekly for as much as a year, fortnightly for as much as another: 38 and 20, with the rounding
    # of two fortnights that a summer cuts
    assert windows[0] == round(first * 39) - 1
    assert sum(windows) in (58, 59, 60)
    assert windows[2] > 0


@pytest.mark.parametrize("schedule", ["12x3", "24+12", "18+18"])
def test_a_late_starter_has_every_module_once(schedule: str) -> None:
    s = late(3).with_changes({"programme.study.schedule": schedule})
    each = [len(frame_of(s.in_year(k)).modules[0]) for k in range(3)]
    assert sum(each) == 36
    assert 0 < each[0] < 20
    assert max(Counter(frame_of(s).modules[0]).values()) == 1  # no week has two


@pytest.mark.parametrize("side", [1, 2])
def test_a_late_starter_has_every_event_once_and_none_before_the_start(side: int) -> None:
    s = late(3)
    frames = [frame_of(s.in_year(k)) for k in range(3)]
    whole = [frame_of(over(2).in_year(k)) for k in range(2)]
    wanted = sorted(e for f in whole for e in trained(f, side))
    assert sorted(e for f in frames for e in trained(f, side)) == wanted
    start = frames[0].pairs[0].first_day
    assert all(day >= start for due in frames[0].training for day in due.days)


@pytest.mark.parametrize("side", [1, 2])
def test_a_part_timer_s_events_are_spread_and_her_mentor_s_come_once(side: int) -> None:
    s = part_time(Fraction(1, 2), 4)
    each = [trained(frame_of(s.in_year(k)), side) for k in range(4)]
    whole = [trained(frame_of(over(2).in_year(k)), side) for k in range(2)]
    assert sorted(e for year in each for e in year) == sorted(e for year in whole for e in year)
    if side == 1:
        assert all(each)
        assert {*each[0], *each[1]} == set(whole[0])
    else:  # the mentor goes through the programme in two years, whoever her ECT is
        assert each == [*whole, [], []]


def test_a_part_timer_who_begins_in_year_2_forgets_nothing() -> None:
    s = part_time(Fraction(1, 2), 2).with_changes({"programme.study.schedule": "24+12"})
    pairs = tuple(replace(p, year=2, new=False) for p in s.school.pairs)
    s = replace(s, school=replace(s.school, pairs=pairs))
    s = with_conditions(s, ect_leave=0.0)
    numbers = [
        [e.value for e in y.log.events() if e.event == EVENT_CODE["studied"] and e.pair == 0]
        for y in live_years(s, 1, 0)
    ]
    assert numbers[0][0] == 24
    assert numbers[0] + numbers[1] == list(range(24, 24 + len(numbers[0] + numbers[1])))
    # a topic of the first year is still studied in the run's second school year
    topics = [
        [e for e in y.log.events() if e.event == EVENT_CODE["step_chosen"]]
        for y in live_years(s, 1, 0)
    ]
    assert topics[1]
    assert all(e.cause == 0 for year in topics for e in year)


def test_absence_that_extends_induction_makes_it_longer() -> None:
    s = over(3, "timetabled", **{"programme.coaching.extend_from": 30})
    s = with_conditions(s, leave_rate=1.0, leave_weeks=9.0, leave_counts=True, ect_leave=0.0)
    years = live_years(s, 1, 0)
    lost = [
        {e.pair: e.value for e in y.log.events() if e.event == EVENT_CODE["extended"]}
        for y in years
    ]
    assert len(lost[0]) >= 2
    plain = [[len(p.windows) for p in frame_of(s.in_year(k)).pairs] for k in range(3)]
    for pair in range(5):
        found = [len(y.frame.pairs[pair].windows) for y in years]
        days = lost[0].get(pair, 0)
        # the second year goes on weekly for as long as was lost, and the third begins with what is left
        assert (found[1] > plain[1][pair]) == (days > 0)
        assert (found[2] > plain[2][pair]) == (days + lost[1].get(pair, 0) > 0)
        if days:
            assert found[1] - plain[1][pair] == pytest.approx(days / 10, abs=2)
    for y in years:  # the ledger still adds up
        due = sum(len(p.windows) for p in y.frame.pairs)
        assert len(ledger(y.log, y.frame.scenario)) == due
