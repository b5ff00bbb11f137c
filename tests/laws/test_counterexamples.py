"""Where law 6 stops: planted examples of what its switches are for."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ectsim.clock import Grid
from ectsim.ledger import Entry, ledger
from ectsim.model.diary import AWAY_SICK
from ectsim.model.year import Year
from ectsim.scenario import Scenario
from tests.builders import QUIET, tiny_calendar, tiny_grid, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import with_conditions, with_plan
from tests.planted import live_with

CALM = {**QUIET, "learning": False, "leader_support": 0.0}
TUESDAY = 6
"""Pupil day of the second week's Tuesday; the first week is for contracting."""


def calls(year: Year, who: str, day: int) -> set[int]:
    """Return the periods of a day (positions) in which a member of a pair covers."""
    frame = year.frame
    cells = year.cover.taken[frame.position[who]]
    return {c % frame.periods for c in cells if c // frame.periods == day}


def cycle(year: Year, scenario: Scenario, number: int = 0, pair: int = 0) -> Entry:
    return next(e for e in ledger(year.log, scenario) if (e.pair, e.cycle) == (pair, number))


def spared(rota: str, supervisors: int) -> Scenario:
    """M1 may cover periods 1 and 5 on Tuesdays; S3 and S4 only period 5; two lessons are open there."""
    school = tiny_school(
        1,
        staff=4,
        weeks=2,
        lessons={"S1": "1Tue:1 1Tue:5", "S2": "1Tue:5", "E1": "**:1 **:2 **:3 **:4"},
        marks={who: {"duty": "**:1 **:2 **:3 **:4"} for who in ("S3", "S4")},
        conditions=CALM,
    )
    protection = {"mentor": "none", "ect": "guaranteed", "reserve": "none"}
    cover = {"supervisors": supervisors, "rota": rota}
    plan = tiny_plan({"E1": {"meet": "1Tue:5"}}, cover=cover, protection=protection)
    return tiny_scenario(school, plan)


def test_a_supervisor_can_cost_a_mentor_the_slot_under_fewest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Spared in period 1, he has been called less than the others by period 5, and is taken then."""
    away = {("S1", TUESDAY): AWAY_SICK, ("S2", TUESDAY): AWAY_SICK}
    worse = 0
    for replication in range(10):
        years = {
            (rota, n): live_with(monkeypatch, spared(rota, n), away, replication=replication)
            for rota in ("fewest_first", "keyed")
            for n in (0, 1)
        }
        periods = {k: calls(y, "M1", TUESDAY) for k, y in years.items()}
        index = years["keyed", 0].frame.scenario.school.grid.index
        one, five = index("1"), index("5")
        assert periods["fewest_first", 0] == {
            one
        }  # nobody else in period 1; two others in period 5
        assert one not in periods["fewest_first", 1]
        worse += five in periods["fewest_first", 1]
        # by lot there is no memory: the supervisor takes one of two lessons, nobody is worse off
        assert periods["keyed", 1] <= periods["keyed", 0]
    assert worse, "in some year the lot falls on the mentor who was spared"


@pytest.mark.parametrize("level", ["last", "guaranteed"])
def test_protecting_one_mentor_sends_the_call_to_another(
    monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """On Tuesdays in period 5 only M1, who has a meeting, and M2 are free."""
    school = tiny_school(
        2, staff=1, weeks=2, lessons={"S1": "1Tue:5", "E2": "1Tue:5"}, conditions=CALM
    )
    slots = {"E1": {"meet": "1Tue:5"}, "E2": {"meet": "1Wed:5"}}
    protection = {"mentor": "none", "ect": "guaranteed", "reserve": "none"}
    base = tiny_scenario(school, tiny_plan(slots, protection=protection, cover={"supervisors": 0}))
    away = {("S1", TUESDAY): AWAY_SICK}
    five = school.grid.index("5")
    sent = 0
    for replication in range(10):
        before = live_with(monkeypatch, base, away, replication=replication)
        other = with_plan(base, protection={"mentor": level})
        after = live_with(monkeypatch, other, away, replication=replication)
        assert calls(before, "M1", TUESDAY) | calls(before, "M2", TUESDAY) == {five}
        assert (calls(after, "M1", TUESDAY), calls(after, "M2", TUESDAY)) == (set(), {five})
        sent += calls(before, "M1", TUESDAY) == {five}
    assert 0 < sent < 10, "the lot fell on M1 in some years"


def short_reserve(reserve: str) -> Scenario:
    """Mondays are for meetings, one Monday is closed; the next reserve is a week later."""
    usual = tiny_grid(2).periods
    grid = Grid(tuple(replace(p, end=p.start + 30) if p.id == "4" else p for p in usual), 2)
    busy = [f"{w}{d}:{p}" for w in "12" for d in ("Mon", "Tue", "Wed", "Thu", "Fri") for p in "45"]
    free = {"1Mon:5", "2Mon:5", "2Wed:4", "1Tue:5"}
    school = tiny_school(
        1,
        calendar=tiny_calendar(4, closed=[dt.date(2025, 9, 8)]),
        grid=grid,
        lessons={"M1": "**:2 **:3"},
        marks={"M1": {"duty": " ".join(c for c in busy if c not in free)}},
        conditions={**CALM, "learning": True},
    )
    slots = {"E1": {"meet": "1Mon:5 2Mon:5", "reserve": reserve}}
    plan = tiny_plan(slots, recovery=("reserve",), before_after=False, horizon=1)
    return tiny_scenario(school, plan)


def test_a_short_reserve_turns_a_full_late_cycle_into_a_partial_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new mentor needs 42 minutes; half an hour on Wednesday ends before the first rehearsal."""
    found = {}
    for reserve in ("1Tue:5", "2Wed:4 1Tue:5"):
        scenario = short_reserve(reserve)
        entry = cycle(live_with(monkeypatch, scenario, {}), scenario)
        found[reserve] = (entry.timing, entry.content, entry.reason, entry.reps)
        assert [a.cause for a in entry.chain] == ["event"]
    assert found["1Tue:5"] == ("late", "full", "", 2)
    assert found["2Wed:4 1Tue:5"] == ("moved", "partial", "overrun", 0)


def test_more_cover_can_cost_a_cycle_where_new_times_are_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With one supervisor more, Tuesday's period 4 is open again, is agreed on, and slips.

    Without her the pair knows that it is gone and agrees on Wednesday at once. So the limit on new
    times in a week is one of law 6's switches.
    """
    school = tiny_school(
        1,
        staff=3,
        weeks=2,
        lessons={
            "S1": "1Tue:2 1Tue:4",
            "S2": "1Tue:2",
            "S3": "**:1 **:2 **:3 **:4 **:5",
            "E1": "**:1 **:3 **:5 1Mon:2 1Mon:4 1Thu:2 1Thu:4 1Fri:2 1Fri:4 1Wed:2",
            "M1": "**:1 **:3 **:5 1Mon:2 1Mon:4 1Thu:2 1Thu:4 1Fri:2 1Fri:4 1Wed:2",
        },
        conditions={**CALM, "slip_found": 0.5, "rearrangements": 1},
    )
    protection = {"mentor": "none", "ect": "none", "reserve": "none"}
    plan = tiny_plan(
        {"E1": {"meet": "1Tue:2"}}, protection=protection, recovery=("common_free",), before_after=False,
        horizon=0, checkin_min=0, cover={"supervisors": 0}, observe=False,
    )  # fmt: skip
    base = tiny_scenario(school, plan)
    away = {("S1", TUESDAY): AWAY_SICK, ("S2", TUESDAY): AWAY_SICK}
    found = 0
    for replication in range(20):
        before = cycle(live_with(monkeypatch, base, away, replication=replication), base)
        more = with_plan(base, cover={"supervisors": 1})
        after = cycle(live_with(monkeypatch, more, away, replication=replication), more)
        found += before.met is not None and after.met is None
        # without the limit the law holds
        free = with_conditions(base, rearrangements=20), with_conditions(more, rearrangements=20)
        met = [cycle(live_with(monkeypatch, s, away, replication=replication), s).met for s in free]
        assert met[1] is not None or met[0] is None
    assert found
