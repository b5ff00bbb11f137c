"""The cycle's own rules, one at a time, on planted years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from ectsim.ledger import Entry, ledger
from ectsim.log import CAUSES, EVENT_CODE, FORMS, Event
from ectsim.model.diary import AWAY_EVENT, AWAY_SICK
from ectsim.model.year import Year
from ectsim.plan import PairSlots
from ectsim.scenario import Scenario
from tests.builders import (
    QUIET,
    tiny_calendar,
    tiny_plan,
    tiny_scenario,
    tiny_school,
    without_steps,
)
from tests.laws.worlds import with_coaching, with_conditions, with_plan, with_slots
from tests.planted import live_with

E = EVENT_CODE
CALM = {**QUIET, "learning": False, "leader_support": 0.0}


def scenario(
    slots: Mapping[str, str] | None = None,
    *,
    weeks: int = 6,
    school: Mapping[str, Any] | None = None,
    **plan: Any,
) -> Scenario:
    """One pair that meets on Tuesdays in period 5, calm, guaranteed; nothing to recover with."""
    the_school = tiny_school(1, **{"weeks": weeks, "conditions": CALM, **(school or {})})
    uses = slots or {"meet": "1Tue:5", "observe": "1Mon:1"}
    changes = {"recovery": (), "before_after": False, "horizon": 0, **plan}
    return tiny_scenario(the_school, tiny_plan({"E1": uses}, **changes))


def year(
    patch: pytest.MonkeyPatch, s: Scenario, away: Mapping[tuple[str, int], int] | None = None
) -> Year:
    return live_with(patch, s, away or {})


def entries(
    patch: pytest.MonkeyPatch, s: Scenario, away: Mapping[tuple[str, int], int] | None = None
) -> list[Entry]:
    return ledger(year(patch, s, away).log, s)


def rows(y: Year, event: str, cycle: int | None = None) -> list[Event]:
    return [e for e in y.log.events() if e.event == E[event] and cycle in (None, e.cycle)]


# the bell --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "done", "missing", "reason"),
    [
        (27, ["praise", "share", "model", "analyse", "practise", "practise"], 0, ""),
        (26, ["praise", "share", "model", "analyse", "practise"], 1, "overrun"),
        (20, ["praise", "share", "model", "analyse"], 3, "overrun"),
        (14, ["praise", "share"], 1, "overrun"),
        (10, ["praise", "share"], 5, "overrun"),
    ],
)
def test_what_the_bell_cuts_was_not_done(
    monkeypatch: pytest.MonkeyPatch, minutes: int, done: list[str], missing: int, reason: str
) -> None:
    s = scenario(meeting_min=minutes)
    y = year(monkeypatch, s)
    phases = ("praise", "share", "model", "analyse", "practise")
    names = [n for e in y.log.events() for n in phases if e.event == E[n] and e.cycle == 0]
    assert names == done
    assert [e.value for e in rows(y, "bell", 0)] == ([missing] if missing else [])
    assert ledger(y.log, s)[0].reason == reason


def test_durations_belong_to_the_cycle_and_not_to_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A meeting that moves needs the same minutes."""
    s = scenario(
        {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}, recovery=("reserve",)
    )
    s = with_conditions(s, random_durations=True)
    as_planned, moved = (
        {e.event: e.value for e in year(monkeypatch, s, away).log.events() if e.cycle == 1}
        for away in ({}, {("E1", 11): AWAY_SICK})
    )
    for phase in ("praise", "share", "model", "analyse", "practise"):
        assert as_planned[E[phase]] == moved[E[phase]]
    assert E["meeting_failed"] in moved


def test_a_practised_mentor_needs_less(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_coaching(with_conditions(scenario(weeks=20), learning=True), reviews_use_meeting=False)
    minutes = [e.coaching for e in entries(monkeypatch, s)]
    assert minutes[0] == 40  # 25 practised minutes, 1.6 times as long for a novice
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[-1] == 25


# the visit -------------------------------------------------------------------------------------------


def test_a_visit_before_the_last_meeting_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mentor is free for visits on Tuesdays in period 1 only, before the meeting of that day."""
    duty = {"M1": {"duty": "1Mon:1 1Wed:1 1Thu:1 1Fri:1"}}
    slots = {"meet": "1Tue:5", "observe": "1Tue:1"}
    s = scenario(slots, school={"marks": duty})
    assert {e.content for e in entries(monkeypatch, s)} == {"full"}
    # on the third week's Tuesday the ECT is out in the morning's stead: nothing was seen since
    found = entries(monkeypatch, s, {("E1", 11): AWAY_SICK})
    assert [e.bin for e in found] == ["on_time", "ect_absent", "on_time", "on_time", "on_time"]
    # the visit of a week serves one meeting only
    late = {"meet": "1Tue:5 1Thu:5", "observe": "1Tue:1", "reserve": "1Fri:5"}
    s = scenario(late, recovery=("reserve",), horizon=1, school={"marks": duty})
    found = entries(
        monkeypatch, s, {("E1", 11): AWAY_SICK, ("E1", 13): AWAY_SICK, ("E1", 14): AWAY_SICK}
    )
    assert found[1].timing == "late"
    assert sorted((found[1].reason, found[2].reason)) == ["", "no_observation"]


def test_a_visit_is_too_old_after_ten_pupil_days(monkeypatch: pytest.MonkeyPatch) -> None:
    duty = {"M1": {"duty": "1Tue:1 1Wed:1 1Thu:1 1Fri:1"}}
    for days, reason in ((6, ""), (5, "no_observation")):
        s = with_coaching(scenario(school={"marks": duty}), observation_days=days)
        # Monday of the second week is seen; that meeting and the next Monday's visit are lost
        away = {("E1", 6): AWAY_SICK, ("M1", 10): AWAY_SICK}
        found = entries(monkeypatch, s, away)
        assert found[0].bin == "ect_absent"
        assert found[1].reason == reason, f"seen six pupil days before, {days} allowed"


def test_a_visit_that_gets_too_old_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_coaching(scenario(), observation_days=3)
    y = year(monkeypatch, s, {("E1", 6): AWAY_SICK})
    assert [e.time // 1440 for e in rows(y, "observed")][:2] == [7, 14]
    assert ledger(y.log, s)[1].content == "full"


def test_a_failed_visit_is_made_up_in_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    y = year(monkeypatch, scenario(), {("M1", 10): AWAY_SICK})
    assert [CAUSES[e.cause] for e in rows(y, "observation_failed")] == ["mentor_absent"]
    third_week = [e for e in rows(y, "observed") if e.time // 1440 in range(14, 21)]
    assert [(e.time // 1440, e.cycle) for e in third_week] == [(15, 1)]  # Tuesday, period 1


def test_a_late_cycle_is_seen_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wednesday's reserve serves last week's cycle, after this week's own on Tuesday."""
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Wed:5"}
    s = scenario(slots, recovery=("reserve",), horizon=1)
    y = year(monkeypatch, s, {("E1", 6): AWAY_SICK, ("E1", 7): AWAY_SICK})
    late = ledger(y.log, s)[0]
    assert (late.timing, late.content) == ("late", "full")
    # last week's visit, six pupil days old, serves Tuesday's meeting; Wednesday's has its own
    assert [e.time // 1440 for e in rows(y, "observed")][:2] == [7, 16]


def test_nothing_is_visited_for_no_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    y = year(monkeypatch, scenario(weeks=4))
    assert len(rows(y, "observed")) == 3
    y = year(monkeypatch, scenario(weeks=7, cadence=2))
    assert len(rows(y, "observed")) == 3


def test_without_a_visit_the_old_step_is_deepened(monkeypatch: pytest.MonkeyPatch) -> None:
    found = entries(monkeypatch, scenario(observe=False))
    assert {(e.content, e.reason, e.timing) for e in found} == {
        ("partial", "no_observation", "on_time")
    }


@pytest.mark.parametrize(("failure", "seen"), [(0.0, "video"), (1.0, "")])
def test_a_video_needs_no_mentor_in_the_lesson(
    monkeypatch: pytest.MonkeyPatch, failure: float, seen: str
) -> None:
    busy = {"marks": {"M1": {"duty": "**:1"}}}
    s = scenario({"meet": "1Tue:5"}, video=True, school=busy)
    found = entries(monkeypatch, with_conditions(s, upload_failure=failure))
    assert {e.seen for e in found} == {seen}


# the gate --------------------------------------------------------------------------------------------


def steps(patch: pytest.MonkeyPatch, s: Scenario) -> list[tuple[int, str]]:
    return [(e.topic, e.reason) for e in entries(patch, s)]


def test_no_step_from_what_is_not_studied(monkeypatch: pytest.MonkeyPatch) -> None:
    never = with_conditions(scenario(), study_own_time=0.0)
    assert steps(monkeypatch, never) == [(-1, "gate")] * 5
    # in time: the module of week w is done by its Sunday, so week 2's meeting can use module 0
    assert steps(monkeypatch, without_steps(scenario())) == [(i, "") for i in range(5)]
    assert all(
        0 <= topic <= i and not gate
        for i, (topic, gate) in enumerate(steps(monkeypatch, scenario()))
    )


def test_a_need_that_is_not_studied_is_deferred(monkeypatch: pytest.MonkeyPatch) -> None:
    s = without_steps(with_conditions(scenario(), deferral=1.0))
    y = year(monkeypatch, s)
    assert [e.value for e in rows(y, "step_deferred")] == [1, 2, 3, 4, 5]
    assert [(e.topic, e.reason) for e in ledger(y.log, s)] == [(i, "") for i in range(5)]
    # a plan that ignores the gate coaches it all the same, and that is no full cycle
    ignoring = with_plan(s, gate="ignore")
    assert steps(monkeypatch, ignoring) == [(i + 1, "gate") for i in range(5)]


def test_a_plan_may_wait_for_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Module n is done on the Sunday after week n, so each meeting waits into the next week."""
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}
    s = scenario(slots, gate="postpone", recovery=("reserve",), horizon=1)
    found = entries(monkeypatch, with_conditions(s, deferral=1.0))
    assert [(a.cause, a.form) for a in found[0].chain] == [("gate", "planned"), ("gate", "reserve")]
    assert (found[0].timing, found[0].topic, found[0].reason) == ("late", 1, "")
    lost = entries(monkeypatch, with_conditions(scenario(gate="postpone"), deferral=1.0))
    assert {e.bin for e in lost} == {"gate"}
    at_once = without_steps(scenario(gate="postpone"))
    assert steps(monkeypatch, at_once) == [(i, "") for i in range(5)]


# recovery --------------------------------------------------------------------------------------------


def test_the_first_chance_in_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}
    away = {("E1", 11): AWAY_SICK}
    for recovery in (("reserve", "common_free"), ("common_free", "reserve")):
        s = scenario(slots, recovery=recovery)
        entry = entries(monkeypatch, s, away)[1]
        assert (entry.bin, entry.form, entry.met) == ("moved", "common_free", 16 * 1440 + 845)
    s = scenario(slots, recovery=("reserve",))
    assert entries(monkeypatch, s, away)[1].form == "reserve"


def test_a_window_without_a_slot_uses_what_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time that the pair chooses, or the reserve if that is earlier; never the reserve by right."""
    forms = set()
    for reserve in ("1Mon:5", "1Fri:5"):
        s = scenario({"reserve": reserve}, weeks=12, recovery=("reserve", "common_free"))
        for entry in entries(monkeypatch, s):
            assert entry.met is not None
            forms.add((reserve, entry.form))
    assert forms == {("1Mon:5", "reserve"), ("1Fri:5", "common_free")}


def test_new_times_in_a_week_are_limited_but_for_the_reserve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slots = {"meet": "1Mon:5", "observe": "1Mon:1", "reserve": "1Fri:5"}
    away = {("E1", d): AWAY_SICK for d in (10, 11, 12)}
    for limit, checkin, forms in (
        (0, 0, ["planned", "reserve"]),
        (1, 0, ["planned", "common_free", "reserve"]),
        (1, 30, ["planned", "common_free", "common_free", "reserve"]),
        (3, 0, ["planned", "common_free", "common_free", "common_free"]),
    ):
        s = scenario(slots, recovery=("reserve", "common_free"), checkin_min=checkin)
        entry = entries(monkeypatch, with_conditions(s, rearrangements=limit), away)[1]
        assert [a.form for a in entry.chain] + [entry.form] == forms


def test_at_most_one_cycle_is_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Away for two weeks: the older is closed with its own first cause, the younger catches up."""
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}
    away = {("M1", 6): AWAY_EVENT, ("E1", 8): AWAY_SICK}
    away |= {("E1", d): AWAY_SICK for d in range(10, 15)}
    found = entries(monkeypatch, scenario(slots, recovery=("reserve",), horizon=2), away)
    assert [(e.timing, e.bin) for e in found[:3]] == [
        ("lost", "event"),
        ("late", "late"),
        ("on_time", "on_time"),
    ]
    assert [a.cause for a in found[0].chain] == ["event", "ect_absent", "ect_absent"]


@pytest.mark.parametrize(("horizon", "timing"), [(0, "lost"), (1, "lost"), (2, "late")])
def test_the_horizon_counts_weeks_after_the_window(
    monkeypatch: pytest.MonkeyPatch, horizon: int, timing: str
) -> None:
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}
    away = {("E1", d): AWAY_SICK for d in (6, 8, 13)}
    entry = entries(monkeypatch, scenario(slots, recovery=("reserve",), horizon=horizon), away)[0]
    assert entry.timing == timing


def test_a_cycle_open_on_the_last_day_is_censored(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}
    s = scenario(slots, weeks=3, recovery=("reserve",), horizon=1)
    away = {("E1", d): AWAY_SICK for d in (11, 13)}
    assert [e.bin for e in entries(monkeypatch, s, away)] == ["on_time", "censored"]


def test_the_older_cycle_takes_the_earlier_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Last week's cycle sets Wednesday, is struck, and asks again after this week's has set Thursday."""
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Wed:5"}
    s = scenario(slots, recovery=("reserve", "common_free"), horizon=1)
    s = with_conditions(s, rearrangements=20)
    lost_week = {("E1", d): AWAY_SICK for d in range(6, 10)}
    found = entries(
        monkeypatch,
        s,
        {**lost_week, ("M1", 10): AWAY_SICK, ("M1", 11): AWAY_SICK, ("M1", 12): AWAY_SICK},
    )
    old, own = found[0], found[1]
    assert old.met is not None
    assert own.met is not None
    assert old.met < own.met
    assert (old.timing, own.timing) == ("late", "moved")


def test_a_split_meeting_is_no_longer_than_the_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    away = {("E1", 11): AWAY_SICK}
    for minutes in (20, 45):
        y = year(monkeypatch, scenario(recovery=("split",), meeting_min=minutes), away)
        split = [e for e in rows(y, "meeting") if FORMS[e.form] == "split"]
        assert [(e.time, e.value) for e in split] == [(16 * 1440 + 800, min(30, minutes))]


def test_a_closed_day_takes_the_slot_and_never_the_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tiny_calendar(6, closed=[dt.date(2025, 9, 16)])
    found = entries(monkeypatch, scenario(school={"calendar": closed}))
    assert [e.bin for e in found] == ["on_time", "event", "on_time", "on_time", "on_time"]


def test_a_long_illness_pauses_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_coaching(scenario(weeks=8, recovery=()), pause_after=3)
    with monkeypatch.context() as patch:
        y = live_with(patch, s, {("E1", d): AWAY_SICK for d in range(6, 20)}, spells=True)
    assert [e.bin for e in ledger(y.log, s)] == [
        "ect_absent", "paused", "paused", "on_time", "on_time", "on_time", "on_time",
    ]  # fmt: skip


# a mentor of several ---------------------------------------------------------------------------------


def two_in_a_period(minutes: int, **plan: Any) -> Scenario:
    """Two ECTs whose mentor sees them one after the other in one period."""
    school = tiny_school([("E1", "M1"), ("E2", "M1")], weeks=3, conditions=CALM)
    slots = {
        "E1": {"meet": "1Tue:5", "observe": "1Mon:1"},
        "E2": {"meet": "1Tue:5", "observe": "1Tue:1"},
    }
    changes = {"recovery": (), "before_after": False, "horizon": 0, "meeting_min": minutes, **plan}
    return tiny_scenario(school, tiny_plan(slots, **changes))


@pytest.mark.parametrize(
    ("minutes", "bins", "lengths"),
    [
        (30, ["on_time", "on_time"], [30, 30]),
        (45, ["on_time", "partial"], [45, 15]),
        (55, ["on_time", "overrun"], [55]),
    ],
)
def test_whoever_waits_has_what_is_left(
    monkeypatch: pytest.MonkeyPatch, minutes: int, bins: list[str], lengths: list[int]
) -> None:
    s = two_in_a_period(minutes)
    y = year(monkeypatch, s)
    for cycle in (0, 1):
        assert sorted(e.bin for e in ledger(y.log, s) if e.cycle == cycle) == bins
    assert [e.value for e in rows(y, "meeting", 0)] == lengths


def test_a_paused_window_leaves_the_mentor_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """E1 is ill for long; M1's Tuesday is E2's only way to catch up."""
    school = tiny_school(
        [("E1", "M1"), ("E2", "M1")],
        weeks=3,
        marks={"M1": {"duty": "1Wed:5 1Thu:5 1Fri:5"}},
        conditions={**CALM, "rearrangements": 5},
    )
    slots = {"E1": {"meet": "1Tue:5"}, "E2": {"meet": "1Mon:5"}}
    plan = tiny_plan(slots, recovery=("common_free",), before_after=False, horizon=0)
    s = with_coaching(tiny_scenario(school, plan), pause_after=3)
    away = {("E1", d): AWAY_SICK for d in range(15)} | {("E2", 10): AWAY_SICK}
    with monkeypatch.context() as patch:
        found = ledger(live_with(patch, s, away, spells=True).log, s)
    assert [(e.pair, e.timing) for e in found] == [
        (0, "paused"), (0, "paused"), (1, "on_time"), (1, "moved"),
    ]  # fmt: skip


def test_slots_are_kept_as_written() -> None:
    s = with_slots(scenario(), "E1", reserve=("1Thu:5",))
    assert s.plan.slots_of("E1") == PairSlots(
        meet=("1Tue:5",), observe=("1Mon:1",), reserve=("1Thu:5",)
    )
