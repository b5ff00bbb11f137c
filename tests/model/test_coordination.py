"""The coordinator: what she sees, when she acts, what that does and what it costs her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.experiment import run_one
from ectsim.ledger import Entry, ledger
from ectsim.log import EVENT_CODE, FORMS, Event
from ectsim.luck import Luck
from ectsim.metrics import METRICS, Run
from ectsim.model.coordination import REPAIRS
from ectsim.model.cover import allocate, raise_levels
from ectsim.model.diary import AWAY_SICK, write_diary
from ectsim.model.frame import Frame
from ectsim.model.year import Year, live, simulate
from ectsim.plan import Plan
from ectsim.scenario import Scenario, load
from ectsim.school import Staff
from ectsim.story import pair_story
from tests.builders import QUIET, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import busy_scenarios, with_conditions, with_plan, with_slots
from tests.planted import live_with

E = EVENT_CODE
CALM = {**QUIET, "learning": False, "leader_support": 0.0}
NONE = {"mentor": "none", "ect": "none", "reserve": "none"}


def scenario(
    *,
    weeks: int = 14,
    conditions: Mapping[str, object] | None = None,
    school: Mapping[str, Any] | None = None,
    **plan: Any,
) -> Scenario:
    """One calm pair that meets on Tuesdays in period 5 and has nothing to recover with."""
    the_school = tiny_school(
        1, **{"weeks": weeks, "conditions": {**CALM, **(conditions or {})}, **(school or {})}
    )
    changes = {"recovery": (), "before_after": False, "horizon": 0, "checkin_min": 30,
               "repair_after": 2, "monitoring_lag_weeks": 1, **plan}  # fmt: skip
    slots = {"E1": {"meet": "1Tue:5", "observe": "1Mon:1"}}
    return tiny_scenario(the_school, tiny_plan(slots, **changes))


def ill(patch: pytest.MonkeyPatch, s: Scenario, *weeks: int, who: str = "M1") -> Year:
    """Live a year in which somebody is ill on the Tuesdays of these weeks, 1 is the first."""
    return live_with(patch, s, {(who, 5 * (w - 1) + 1): AWAY_SICK for w in weeks})


def rows(year: Year, event: str) -> list[Event]:
    return [e for e in year.log.events() if e.event == E[event]]


def deputised(year: Year) -> list[int]:
    """Return the cycles whose meeting the deputy held."""
    return [e.cycle for e in rows(year, "deputised") if FORMS[e.form] != "live"]


def repairs(year: Year, pair: int = 0) -> list[tuple[int, str]]:
    """Return (school week, action) of what the coordinator did for a pair; no holidays here."""
    return [
        (e.time // 10080 + 1, REPAIRS[e.value]) for e in rows(year, "repaired") if e.pair == pair
    ]


def entries(year: Year, s: Scenario) -> list[Entry]:
    return ledger(year.log, s)


def metrics(s: Scenario, replication: int = 0) -> dict[str, float]:
    return dict(zip(METRICS, run_one(s, 1, replication).metrics, strict=True))


# what she sees, and when -----------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_two_missing_cycles_bring_one_repair_after_the_lag(
    monkeypatch: pytest.MonkeyPatch, lag: int
) -> None:
    year = ill(monkeypatch, scenario(monitoring_lag_weeks=lag), 4, 5)
    # the cycle of week 5 could be held until Friday: Monday of week 6 shows it, if the record is fresh
    assert repairs(year) == [(6 + lag, "new_time")]
    at = rows(year, "repaired")[0].time
    assert at % 1440 == 7 * 60 + 25


def test_one_missing_cycle_or_two_apart_bring_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repairs(ill(monkeypatch, scenario(), 4, 6, 8)) == []
    assert repairs(ill(monkeypatch, scenario(repair_after=1), 4, 6)) == [
        (6, "new_time"),
        (8, "new_time"),
    ]
    assert repairs(ill(monkeypatch, scenario(repair_after=0), 4, 5, 6, 7)) == []


def test_a_meeting_that_is_not_recorded_is_missing_to_her(monkeypatch: pytest.MonkeyPatch) -> None:
    year = ill(monkeypatch, scenario(conditions={"record": 0.0, "record_checked": 0.0}))
    assert {e.timing for e in entries(year, scenario())} == {"on_time"}
    # the cycles of weeks 2 and 3 are over on Monday of week 4, and she sees that a week later
    assert [w for w, _ in repairs(year)] == list(range(5, 15))


def test_a_record_that_comes_late_counts_from_when_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = scenario(recovery=("reserve",), horizon=1)
    s = with_slots(s, "E1", reserve=("1Thu:5",))
    # the meetings of weeks 4 and 5 fail on Tuesday, and Thursday's reserve saves both
    assert repairs(ill(monkeypatch, s, 4, 5)) == []
    away = {("M1", 5 * (w - 1) + d): AWAY_SICK for w in (4, 5) for d in (1, 3)}
    year = live_with(monkeypatch, s, away)
    assert repairs(year) == [(7, "new_time")]


def test_pauses_and_other_pairs_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    school = tiny_school(2, weeks=14, conditions=CALM)
    slots = {"E1": {"meet": "1Tue:5"}, "E2": {"meet": "1Wed:5"}}
    plan = tiny_plan(slots, observe=False, recovery=(), before_after=False, repair_after=2)
    s = tiny_scenario(school, plan)
    year = ill(monkeypatch, s, 4, 5)
    assert repairs(year) == [(7, "new_time")]
    assert repairs(year, 1) == []


def test_a_fortnightly_pair_brings_one_repair_a_missing_cycle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = scenario()
    pairs = (replace(s.school.pairs[0], year=2, new=False),)
    s = replace(s, school=replace(s.school, pairs=pairs))
    year = ill(monkeypatch, s, 3, 4, 5, 6)
    assert [e.bin for e in entries(year, s)][:4] == [
        "on_time", "mentor_absent", "mentor_absent", "on_time",
    ]  # fmt: skip
    # cycles of weeks 3-4 and 5-6: over in week 7, seen in week 8, and nothing new in week 9
    assert repairs(year) == [(8, "new_time")]


# what she does ---------------------------------------------------------------------------------------


def test_she_goes_on_step_by_step_and_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_plan(
        scenario(weeks=20, school={"staff": 1}), protection=NONE, cover={"supervisors": 0}
    )
    s = with_slots(s, "E1", deputy="S1")
    year = ill(monkeypatch, s, 4, 5, 6, 7, 8, 9, 14, 15)
    # M1 is in school on Mondays: the deputy is not needed, and the next step is taken
    assert repairs(year) == [
        (7, "new_time"),
        (8, "protect"),
        (9, "leaders"),
        (10, "new_time"),
        (11, "new_time"),
        (17, "new_time"),
    ]
    told = pair_story(year.log, s, "E1")
    assert any("The coordinator raised the pair's time with leaders." in line for line in told)


def test_nothing_is_protected_that_is_guaranteed_or_has_no_slot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guaranteed = scenario(protection={"mentor": "guaranteed", "ect": "guaranteed"})
    memory = with_plan(scenario(protection=NONE), cover={"rota": "fewest_first"})
    found = with_slots(scenario(meeting="found", protection=NONE), "E1", meet=())
    for s in (guaranteed, memory):
        assert {a for _, a in repairs(ill(monkeypatch, s, 4, 5, 6, 7))} == {"new_time"}
    away = {("M1", d): AWAY_SICK for d in range(15, 40)}
    assert {a for _, a in repairs(live_with(monkeypatch, found, away))} == {"new_time"}


def test_another_new_time_saves_a_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one new time a cycle and week, Wednesday's slips too; her help finds Thursday's."""
    slips = {"slip_found": 0.5, "rearrangements": 1, "checkin_help": 0}
    on = scenario(weeks=30, conditions=slips, recovery=("common_free",), repair_after=1)
    off = with_plan(on, repair_after=0)
    saved = 0
    for k in range(6):
        away = {("M1", 5 * w + 1): AWAY_SICK for w in range(30)}
        one, two = (live_with(monkeypatch, s, away, replication=k) for s in (off, on))
        lost = [{e.cycle for e in entries(y, on) if e.met is None} for y in (one, two)]
        assert lost[1] <= lost[0]
        helped = {w for w, _ in repairs(two)}
        # a new time found in week w belongs to the cycle of that week
        assert {c + 2 for c in lost[0] - lost[1]} <= helped
        saved += len(lost[0] - lost[1])
    assert saved > 3


def test_the_deputy_is_put_on_call_before_ten_days_are_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = scenario(
        school={"staff": 1, "lessons": {"S1": "**:2"}}, protection={"mentor": "guaranteed"}
    )
    s = with_slots(s, "E1", deputy="S1")
    assert s.plan.protection.ect == "guaranteed"
    away = {("M1", d): AWAY_SICK for w in range(4, 12) for d in (5 * w, 5 * w + 1)}
    # ill on Mondays and Tuesdays from week 5: never ten days in a row
    year = live_with(monkeypatch, s, away)
    assert repairs(year)[:2] == [(8, "new_time"), (9, "deputy")]
    assert deputised(year) == [7, 8, 9, 10]
    assert not rows(live_with(monkeypatch, with_plan(s, repair_after=0), away), "deputised")


def covered(**plan: Any) -> Scenario:
    """Somebody is ill every Tuesday in period 5, and M1, E1 or S2 must take the class."""
    school = tiny_school(
        1,
        staff=[Staff("S1"), Staff("S2")],
        weeks=24,
        lessons={"S1": "**:5", "S2": "**:1 **:2"},
        conditions={**CALM, "repair_weeks": 6},
    )
    changes = {"recovery": (), "before_after": False, "observe": False, "repair_after": 1,
               "protection": NONE, "cover": {"supervisors": 0}, **plan}  # fmt: skip
    return tiny_scenario(school, tiny_plan({"E1": {"meet": "1Tue:5"}}, **changes))


def test_a_slot_that_she_protects_is_spared_for_some_weeks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on, off = (with_conditions(covered(repair_after=n), leaders_gain=0.0) for n in (1, 0))
    away = {("S1", 5 * w + 1): AWAY_SICK for w in range(24)}
    spared = 0
    for k in range(8):
        one = live_with(monkeypatch, off, away, replication=k)
        two = live_with(monkeypatch, on, away, replication=k)
        protected: set[int] = set()
        for week, action in repairs(two):
            if action == "protect":
                protected |= set(range(week, week + 6))
        calls = [{(e.side, e.time // 10080 + 1) for e in rows(y, "cover_call")} for y in (one, two)]
        # until she acts nothing differs; while a slot is protected S2 takes the class
        assert {c for c in calls[0] ^ calls[1] if c[1] not in protected} == set()
        assert not {c for c in calls[1] if c[1] in protected}
        spared += len(calls[0] - calls[1])
        # the table, the log and the ledger tell the same year
        for y, s in ((one, off), (two, on)):
            for person, side in ((y.frame.pairs[0].ect, 1), (y.frame.pairs[0].mentor, 2)):
                logged = {e.value for e in rows(y, "cover_call") if e.side == side}
                assert logged == y.cover.taken[person]
            lost = {e.cycle + 1 for e in entries(y, s) if e.cause == "cover"}
            assert lost == {e.time // 10080 for e in rows(y, "cover_call")} - {0}
    assert spared > 10


def test_leaders_step_in_more_often_once_it_is_raised_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = with_conditions(covered(), leaders_gain=1.0, repair_weeks=1)
    away = {("S1", 5 * w + 1): AWAY_SICK for w in range(24)}
    seen = 0
    for k in range(12):
        year = live_with(monkeypatch, on, away, replication=k)
        raised = [w for w, action in repairs(year) if action == "leaders"]
        if raised:  # full support from then on: the slot comes last, and S2 is there
            seen += 1
            assert max(e.time // 10080 + 1 for e in rows(year, "cover_call")) < raised[0]
    assert seen


@given(busy_scenarios(protection=NONE), st.integers(0, 50), st.data())
def test_cover_that_is_changed_adds_up_and_stays_in_its_period(
    s: Scenario, k: int, data: Any
) -> None:
    frame, luck = Frame(s), Luck(1, k)
    diary = write_diary(frame, luck)
    book, before = (allocate(frame, diary, luck) for _ in range(2))
    slots = [(person, cell) for person, cell, _ in frame.slots]
    chosen = data.draw(st.sets(st.sampled_from(slots))) if slots else set()
    raised = {at: data.draw(st.sampled_from((1, 2))) for at in sorted(chosen)}
    changed = raise_levels(frame, book, luck, raised)
    cells = {cell for _, cell in raised}
    for column, cell in enumerate(book.cells.tolist()):
        same = np.array_equal(book.calls[:, column], before.calls[:, column])
        assert same or cell in cells
    for person, cell in raised:
        # of two who are raised in one cell, one may be called in the other's place
        if sum(at == cell for _, at in raised) > 1:
            continue
        assert not (cell in book.taken[person] and cell not in before.taken[person])
        if raised[person, cell] == 2 and (person, cell) not in _studying(frame):
            assert cell not in book.taken[person]
    for person in frame.tracked:
        of_calls = set(book.cells[book.calls[person]].tolist())
        assert of_calls == set(book.taken[person])
    assert {(p, c) for p, c, _ in changed} == {
        (p, c) for p in frame.tracked for c in book.taken[p] ^ before.taken[p]
    }
    for person, cell in _studying(frame):
        assert (cell in book.taken[person]) == (cell in before.taken[person])
    lessons = ("by_supply", "by_supervisors", "by_teachers", "bought", "collapsed")
    assert sum(getattr(book, n) for n in lessons) == sum(getattr(before, n) for n in lessons)
    assert book.by_supervisors + book.by_teachers == int(book.calls.sum())


def _studying(frame: Frame) -> set[tuple[int, int]]:
    return {(p.ect, cell) for p in frame.pairs for cell in p.study if cell >= 0}


# what it costs ---------------------------------------------------------------------------------------


def test_her_minutes_are_check_ins_and_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    s = scenario()
    year = ill(monkeypatch, s, 4, 5)
    assert len(rows(year, "checked_in")) == 14
    assert {e.pair for e in rows(year, "checked_in")} == {-1}
    calm = metrics(s)
    assert (calm["coordinator_minutes"], calm["repairs"]) == (14 * 30, 0)
    busy = with_conditions(s, record=0.0, record_checked=0.0, repair_minutes=20.0)
    found = metrics(busy)
    assert found["repairs"] == 10
    assert found["coordinator_minutes"] == 14 * 30 + 10 * 20
    assert metrics(with_plan(busy, checkin_min=0))["coordinator_minutes"] == 200
    off = metrics(with_plan(busy, checkin_min=0, repair_after=0))
    assert (off["coordinator_minutes"], off["repairs"]) == (0, 0)


def named(**plan: Any) -> Scenario:
    """S1 coordinates and mentors nobody; M1 is free in periods 1 and 5."""
    s = scenario(school={"staff": 1}, **plan)
    return replace(s, school=replace(s.school, coordinator="S1"))


def test_a_week_in_which_she_is_away_has_no_check_in(monkeypatch: pytest.MonkeyPatch) -> None:
    s = named()
    away = {("M1", 16): AWAY_SICK, ("M1", 21): AWAY_SICK, ("S1", 30): AWAY_SICK}
    year = live_with(monkeypatch, s, away)
    assert len(rows(year, "checked_in")) == 13
    # she would have acted on Monday of week 7; a week later the record has no gap any more
    assert repairs(year) == []
    del away["S1", 30]
    assert repairs(live_with(monkeypatch, s, away)) == [(7, "new_time")]


def test_a_coordinator_who_mentors_gives_a_free_period_of_her_own() -> None:
    """M1 coordinates; Monday's period 1 is her first free one, so E1 cannot be visited then."""
    s = with_slots(scenario(), "E1", observe=())
    mine = replace(s, school=replace(s.school, coordinator="M1"))
    at = [{e.time % 10080 // 1440 for e in rows(live(x, 1, 0), "observed")} for x in (s, mine)]
    assert 0 in at[0]
    assert 0 not in at[1]
    day = [e.time % 1440 for e in rows(live(mine, 1, 0), "checked_in")]
    assert set(day) == {9 * 60}
    none = with_plan(mine, checkin_min=0)
    assert 0 in {e.time % 10080 // 1440 for e in rows(live(none, 1, 0), "observed")}


def test_thanks_in_public_raise_culture_each_half_term() -> None:
    s = with_conditions(scenario(), recognition_gain=0.1)
    year = live(with_plan(s, recognise=True, checkin_min=0, repair_after=0), 1, 0)
    assert len(rows(year, "recognised")) == 1
    assert year.carries.states["E1"].culture == pytest.approx(0.55)
    assert live(s, 1, 0).carries.states["E1"].culture == 0.5


# the plans that ship ---------------------------------------------------------------------------------


def test_who_finds_time_alone_has_no_coordinator() -> None:
    found, timetabled = Plan.preset("found_time"), Plan.preset("timetabled")
    assert (found.repair_after, found.registered_early) == (0, False)
    assert (timetabled.repair_after, timetabled.registered_early) == (2, True)
    s = load("default")
    assert metrics(s)["coordinator_minutes"] == 0


def test_help_helps() -> None:
    """At the default school, where slots may be called to cover: the mean of 12 paired years."""
    base = load("default").with_changes({"plan.preset": "timetabled"})
    base = with_plan(base, protection=NONE, recovery=("common_free",), cover={"supervisors": 0})
    base = with_conditions(base, leader_support=0.2, rearrangements=0, checkin_help=0)
    plain = with_plan(base, repair_after=0)
    any_of = METRICS["completion_any"].of
    gain = [
        any_of(Run(base, simulate(base, 1, k))) - any_of(Run(plain, simulate(plain, 1, k)))
        for k in range(12)
    ]
    assert fmean(gain) > 0
