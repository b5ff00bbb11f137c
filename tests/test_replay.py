"""The same year under two plans: which cycles differ, and because of what."""

from __future__ import annotations

from dataclasses import replace

from ectsim.ledger import ledger
from ectsim.model.year import live
from ectsim.replay import changed_pairs, differences
from ectsim.scenario import Scenario
from ectsim.school import Pair
from tests.builders import QUIET, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import with_coaching, with_conditions, with_plan, with_slots


def two_pairs() -> Scenario:
    school = tiny_school(2, staff=4, weeks=10, conditions={"sickness_days": 25.0})
    slots = {p: {"meet": "1Tue:5", "observe": "1Mon:1"} for p in ("E1", "E2")}
    return tiny_scenario(school, tiny_plan(slots, cover={"supervisors": 0}))


def test_a_plan_with_itself_differs_nowhere() -> None:
    base = two_pairs()
    for k in range(5):
        assert differences(base, base, 1, k) == []
        assert differences(base, replace(base, name="the same"), 1, k) == []


def test_differences_add_up_to_the_total() -> None:
    base = two_pairs()
    other = with_slots(base, "E1", reserve=("1Thu:5",))
    for k in range(10):
        gain = 0
        for d in differences(base, other, 1, k):
            gain += (d.met_after != "") - (d.met_before != "")
            assert d.sentence().startswith(f"Week {d.week}, {d.pair}: ")
            assert d.sentence().endswith(f"Because: {d.because}.")
        held = [sum(e.met is not None for e in ledger(live(s, 1, k).log, s)) for s in (base, other)]
        assert gain == held[1] - held[0]


def test_whose_plan_is_changed() -> None:
    base = two_pairs()
    assert changed_pairs(base, base) == set()
    assert changed_pairs(base, with_slots(base, "E2", reserve=("1Thu:5",))) == {"E2"}
    everybody = {"E1", "E2"}
    assert changed_pairs(base, with_plan(base, horizon=0)) == everybody
    assert changed_pairs(base, with_conditions(base, slip_found=0.0)) == everybody
    assert changed_pairs(base, with_coaching(base, one_meeting_a_day=False)) == everybody


def test_ids_with_dots_are_told_apart() -> None:
    pairs = [Pair("E", "M1"), Pair("E.meet", "M2")]
    school = tiny_school(pairs, weeks=3)
    base = tiny_scenario(school, tiny_plan({}))
    assert changed_pairs(base, with_slots(base, "E.meet", meet=("1Tue:5",))) == {"E.meet"}
    assert changed_pairs(base, with_slots(base, "E", meet=("1Tue:5",))) == {"E"}


def test_a_shared_mentor_is_named() -> None:
    """E1 takes the one period that M1 had for E2 to be caught up in; nobody is called to cover."""
    school = tiny_school(
        [("E1", "M1"), ("E2", "M1")],
        weeks=8,
        marks={"M1": {"duty": "1Mon:5 1Wed:5 1Fri:5"}},
        conditions={**QUIET, "sickness_days": 30.0, "sickness_short_mean": 1.0},
    )
    slots = {"E1": {"meet": "1Tue:5"}, "E2": {}}
    calm = {"mentor": "guaranteed", "ect": "guaranteed", "reserve": "guaranteed"}
    plan = tiny_plan(
        slots,
        protection=calm,
        cover={"supervisors": 20},
        recovery=("common_free",),
        before_after=False,
    )
    base = tiny_scenario(school, plan)
    other = with_slots(base, "E1", meet=("1Thu:5",))
    found = [d for k in range(10) for d in differences(base, other, 1, k)]
    assert {d.because for d in found if d.pair == "E1"} == {"this pair's plan is changed"}
    shared = {d.because for d in found if d.pair == "E2"}
    assert shared == {"M1 is also in the pair of E1: a time they share is used otherwise"}
