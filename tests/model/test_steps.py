"""Steps, knowing and doing, study: what each mechanism does, and that without it its metric is empty."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest

from ectsim.content import modules, steps
from ectsim.ledger import ledger
from ectsim.log import CAUSE_CODE, EVENT_CODE, EVENTS, FORMS, Event
from ectsim.metrics import METRICS, Run
from ectsim.model.frame import frame_of
from ectsim.model.year import live_years, simulate
from ectsim.scenario import Scenario, load
from tests.builders import tiny_plan, tiny_scenario, tiny_school, without_steps
from tests.laws.worlds import with_conditions, with_plan

E = EVENT_CODE
OF_STEPS = {"step_chosen", "step_deferred", *EVENTS[EVENTS.index("step_set") :]} - {"revisited"}
SHARED = ("step_set", "step_own", "step_repeated")
LIBRARY = steps()
YEARS = 6
TWO_YEARS = {"programme.run_years": 2}


@cache
def base() -> Scenario:
    """Return the story of Mandy: five pairs, of the first year, with slots."""
    return load("mandy")


def events(scenario: Scenario, year: int = 0) -> list[Event]:
    return simulate(scenario, 1, year).events()


def named(rows: list[Event], *names: str) -> list[Event]:
    codes = {E[n] for n in names}
    return [e for e in rows if e.event in codes]


def metric(name: str, scenario: Scenario, years: int = YEARS) -> float:
    """Return the mean of a metric over the first years."""
    values = [METRICS[name].of(Run(scenario, simulate(scenario, 1, k))) for k in range(years)]
    return math.fsum(values) / years


def rules(scenario: Scenario, **changes: Any) -> Scenario:
    return scenario.with_changes({f"programme.steps.{k}": v for k, v in changes.items()})


# nothing else moves ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["default", "primary", "quiet", "doug"])
@pytest.mark.parametrize("gate", ["deepen", "ignore", "postpone"])
def test_every_other_event_is_the_same_without_steps(name: str, gate: str) -> None:
    scenario = with_plan(load(name), gate=gate)
    for year in range(2):
        logs = [simulate(s, 1, year) for s in (scenario, without_steps(scenario))]
        with_them, without = (
            [r for r in log.rows if EVENTS[r[1]] not in OF_STEPS] for log in logs
        )
        assert with_them == without
        booked = [
            [(e.bin, e.content, e.reason, e.cause) for e in ledger(log, scenario)] for log in logs
        ]
        assert booked[0] == booked[1]
        logs[0].check()
        assert not {EVENTS[r[1]] for r in logs[1].rows} & {"step_set", "knowing", "module_read"}


def test_without_steps_their_metrics_are_empty() -> None:
    bare = without_steps(base())
    run = Run(bare, simulate(bare, 1, 0))
    empty = {"steps_set", "steps_repeated", "misapplied", "mentor_reading"}
    assert {METRICS[n].of(run) for n in empty} == {0}
    for name in ("steps_mastered", "ect_led", "knowing_gained", "doing_gained"):
        assert math.isnan(METRICS[name].of(run))


# the choice --------------------------------------------------------------------------------------


def test_one_step_a_meeting_from_what_is_studied() -> None:
    for year in range(YEARS):
        rows = events(base(), year)
        taken = named(rows, *SHARED)
        assert len({(e.pair, e.cycle) for e in taken}) == len(taken) > 50
        done = {(e.pair, e.value): e.time for e in named(rows, "studied")}
        for e in taken:
            assert done[e.pair, LIBRARY[e.value].module - 1] <= e.time


def test_a_step_is_shared_when_the_meeting_comes_to_it_and_new_only_after_a_visit() -> None:
    for year in range(YEARS):
        log = simulate(base(), 1, year)
        rows = log.events()
        shared = {(e.pair, e.cycle) for e in named(rows, "share")}
        assert {(e.pair, e.cycle) for e in named(rows, *SHARED)} == shared
        seen = {(e.pair, e.cycle): e.seen for e in ledger(log, base())}
        first = {}
        for e in named(rows, *SHARED):
            key = (e.pair, e.cycle)
            new = e.event != E["step_repeated"]
            assert seen[key] or not new or e.pair not in first
            first.setdefault(e.pair, key)


def test_a_repeated_step_is_the_last_one() -> None:
    in_hand: dict[int, int] = {}
    rows = named(events(base()), *SHARED)
    for e in rows:
        if e.event == E["step_repeated"]:
            assert in_hand[e.pair] == e.value
        in_hand[e.pair] = e.value
    assert len(named(rows, "step_repeated")) > 5


def test_a_need_waits_for_its_week_and_is_then_the_first() -> None:
    waited = 0
    for year in range(YEARS):
        rows = events(base(), year)
        done = {(e.pair, e.value): e.time for e in named(rows, "studied")}
        open_needs: dict[int, list[int]] = {}
        for e in named(rows, "step_deferred", "step_set", "step_own"):
            needs = open_needs.setdefault(e.pair, [])
            if e.event == E["step_deferred"]:
                assert done.get((e.pair, e.value), math.inf) > e.time
                if e.value not in needs:
                    needs.append(e.value)
                continue
            topic = LIBRARY[e.value].module - 1
            ready = bool(needs) and done.get((e.pair, needs[0]), math.inf) <= e.time
            assert (FORMS[e.form] == "waited") == ready
            if ready:
                assert needs.pop(0) == topic
                waited += 1
    assert waited > 20


def test_a_deferral_keeps_the_topic_in_hand() -> None:
    kept = 0
    for year in range(YEARS):
        topic: dict[int, int] = {}
        rows = events(base(), year)
        deferred = {(e.pair, e.cycle) for e in named(rows, "step_deferred")}
        for e in named(rows, *SHARED):
            now = LIBRARY[e.value].module
            if (e.pair, e.cycle) in deferred and FORMS[e.form] in ("", "deeper"):
                kept += e.pair in topic
                assert topic.get(e.pair, now) == now
            topic[e.pair] = now
    assert kept > 10


def test_a_deferral_says_whether_study_is_late() -> None:
    late = with_conditions(
        base().with_changes({f"plan.slots.{p.id}.study": [] for p in base().school.pairs}),
        study_own_time=0.5,
    )
    on_time = with_conditions(late, study_own_time=1.0)
    assert metric("gate_held", late) > 0.03
    assert metric("gate_held", on_time) == 0
    frame, rows = frame_of(late), events(late)
    for e in named(rows, "step_deferred"):
        week = frame.weeks[frame.modules[e.pair][e.value]]
        assert (e.side == 1) == (frame.midnight[week.days[-1]] + 1440 <= e.time)


OFF: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("steps_deferred", {"conditions.deferral": 0.0}, {}),
    ("gate_held", {"conditions.deferral": 0.0}, {}),
    ("steps_mastered", {"programme.steps.mastery": 0.0}, {}),
    ("mastered_in_time", {"programme.steps.mastery": 0.0}, {}),
    ("steps_left", {"programme.steps.move_on": 0.0, "programme.steps.repeats": 40,
                    "conditions.deferral": 0.0, "plan.observe": True}, {}),
    ("own_steps", {"programme.steps.own_words": 0.0}, {}),
    ("plan_steps", {"programme.steps.plan_share": 0.0}, {}),
    ("ect_led", {"programme.steps.led_start": 0.0, "programme.steps.led_end": 0.0,
                 "programme.steps.led_gain": 0.0}, TWO_YEARS),
    ("steps_fit", {"programme.steps.fit": 0.0, "programme.steps.fit_read": 0.0,
                   "programme.steps.led_fit": 0.0, "conditions.deferral": 0.0}, {}),
    ("misapplied", {"plan.gate": "deepen"}, {"plan.gate": "ignore"}),
    ("mentor_reading", {"programme.study.mentor_reads": 0.0}, {}),
    ("doing_gained", {"programme.steps.practice_gain": 0.0, "programme.steps.mastery_gain": 0.0}, {}),
    ("knowing_gained", {"programme.steps.study_gain": 0.0, "programme.steps.revisit_gain": 0.0}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "off", "on"), OFF, ids=[o[0] for o in OFF])
def test_without_its_mechanism_a_metric_is_zero(
    name: str, off: dict[str, Any], on: dict[str, Any]
) -> None:
    scenario = base().with_changes(on)
    years = 2 if on == TWO_YEARS else 4
    assert metric(name, scenario, years) > 0
    assert metric(name, scenario.with_changes(off), years) == 0
