"""Time, leaders, culture, getting on, and what a mentor believes: each acts through what is named, or not at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from ectsim.errors import InputError
from ectsim.ledger import ledger
from ectsim.log import EVENT_CODE, EVENTS, EventLog
from ectsim.metrics import METRICS, Run
from ectsim.model.coordination import ACTIONS
from ectsim.model.year import simulate
from ectsim.scenario import Scenario, load
from ectsim.story import pair_story
from tests.builders import QUIET, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import with_conditions, with_plan

SLOTS = {"E1": {"meet": "1Tue:5", "observe": "1Mon:1", "study": "1Wed:5"}}
NEVER = {"mentor": "guaranteed", "ect": "guaranteed", "reserve": "guaranteed"}


def calm(weeks: int = 12, **plan: object) -> Scenario:
    """One pair that meets every week, whatever the conditions."""
    school = tiny_school(1, staff=1, weeks=weeks, conditions={**QUIET, "learning": False})
    changes = {"recovery": (), "before_after": False, "horizon": 0, "repair_after": 0, **plan}
    return tiny_scenario(school, tiny_plan(SLOTS, **changes))


def with_programme(s: Scenario, **changes: object) -> Scenario:
    return s.with_changes({f"programme.{k.replace('__', '.')}": v for k, v in changes.items()})


def without_felt(log: EventLog) -> list[tuple[int, ...]]:
    """Return a log without the sums of how people felt at the end."""
    return [row for row in log.rows if EVENTS[row[1]] != "felt"]


def count(s: Scenario, event: str, replication: int = 0) -> int:
    return sum(e.event == EVENT_CODE[event] for e in simulate(s, 1, replication).events())


OFF = {
    "culture": ("culture", {"slip_culture": 0.0}),
    "relationship": ("relationship", {"slip_relationship": 0.0, "relationship_floor": 0.0}),
    "belief": ("belief", {"drift_belief": 0.0}),
}


@pytest.mark.parametrize("name", OFF)
def test_a_condition_whose_mechanisms_are_off_changes_no_event(name: str) -> None:
    """On the same luck; with its mechanisms on, the same change moves the year."""
    condition, off = OFF[name]
    s = with_conditions(load("default"), feedback=False)
    for weights, same in ((off, True), ({}, False)):
        low = with_conditions(s, **{**weights, condition: 0.05})
        high = with_conditions(s, **{**weights, condition: 0.95})
        found = [without_felt(simulate(x, 1, 0)) for x in (low, high)]
        assert (found[0] == found[1]) is same


def test_leaders_matter_where_a_slot_may_be_called_and_nowhere_else() -> None:
    s = load("default").with_changes({"plan.preset": "timetabled"})
    for protection, same in ((NEVER, True), (dict.fromkeys(NEVER, "none"), False)):
        plan = with_plan(s, protection=protection, repair_after=0, cover={"supervisors": 0})
        low, high = (with_conditions(plan, leader_support=x) for x in (0.0, 1.0))
        found = [Counter(e.bin for e in ledger(simulate(x, 1, 0), x)) for x in (low, high)]
        assert (found[0] == found[1]) is same


def test_without_feedback_nobody_feels_otherwise_at_the_end() -> None:
    s = with_conditions(load("default"), contracting_gain=0.0, mentor_leave=0.0)
    still = with_conditions(s, feedback=False)
    c = s.school.conditions
    start = {"trust_end": c.relationship, "priority_end": c.culture, "belief_end": c.belief}
    for name, value in start.items():
        of = METRICS[name].of
        assert of(Run(still, simulate(still, 1, 0))) == pytest.approx(value, abs=0.001)
        assert of(Run(s, simulate(s, 1, 0))) != pytest.approx(value, abs=0.001)


def test_two_who_get_on_badly_do_not_rehearse_and_the_coordinator_mediates() -> None:
    """F151: the cycle is held and nothing is practised; F136: she has them agree anew."""
    badly = with_conditions(calm(), relationship=0.1)
    entries = ledger(simulate(badly, 1, 0), badly)
    assert {e.content for e in entries} == {"partial"}
    assert {e.reason for e in entries} == {"no_practice"}
    assert all(e.met is not None for e in entries)
    off = with_conditions(badly, relationship_floor=0.0)
    assert {e.content for e in ledger(simulate(off, 1, 0), off)} == {"full"}

    helped = with_conditions(with_plan(badly, repair_after=2, checkin_min=30), contracting_gain=0.2)
    log = simulate(helped, 1, 0)
    done = [e for e in log.events() if e.event == EVENT_CODE["repaired"]]
    assert {ACTIONS[e.value] for e in done} == {"mediate"}
    content = [e.content for e in ledger(log, helped)]
    assert content[0] == "partial" or done[0].time < ledger(log, helped)[0].opens
    assert content[-1] == "full"
    assert any("agree anew" in line for line in pair_story(log, helped, "E1"))
    fine = with_plan(calm(), repair_after=2, checkin_min=30)
    assert count(fine, "repaired") == 0


def test_short_courses_take_minutes_and_give_practice() -> None:
    s = with_conditions(load("default"), learning=True)
    with_courses = with_programme(s, events__mentor_courses=4)
    plain, more = (Run(x, simulate(x, 1, 0)) for x in (s, with_courses))
    mentors = {p.mentor for p in s.school.pairs}
    weeks = len(s.school.calendar.weeks(1))
    each = METRICS["mentor_training_time"]
    assert (each.of(more) - each.of(plain)) * weeks == pytest.approx(4 * 30, rel=0.01)
    assert count(with_courses, "course_taken") >= 4 * len(mentors)
    strong = with_programme(with_courses, events__gain_course=4.0)
    nothing = with_programme(with_courses, events__gain_course=0.0)
    spent = [
        {
            (e.pair, e.cycle, e.event): e.value
            for e in simulate(x, 1, 0).events()
            if EVENTS[e.event] in ("share", "model", "analyse")
        }
        for x in (strong, nothing, s)
    ]
    both = spent[0].keys() & spent[1].keys()
    # a practised mentor says the same in less time
    assert sum(spent[0][k] for k in both) < sum(spent[1][k] for k in both)
    assert spent[1] == spent[2]
    assert count(s, "course_taken") == 0


def test_what_mentors_share_in_a_clinic_can_raise_belief() -> None:
    s = with_conditions(load("default"), belief_gain=0.0, mentor_leave=0.0)
    shared = with_programme(s, events__clinic_sharing=0.1)
    of = METRICS["belief_end"].of
    assert of(Run(shared, simulate(shared, 1, 0))) > of(Run(s, simulate(s, 1, 0)))


def test_with_the_provider_no_partner_binds_a_school() -> None:
    mask = {"programme.partner.disallowed": "video_visit", "plan.video": True}
    with pytest.raises(InputError, match="video_visit"):
        load("default").with_changes(mask)
    assert load("default").with_changes({**mask, "programme.partner.delivery": "direct"}).plan.video


def test_a_helper_who_is_free_adds_to_study() -> None:
    """F143, F169: somebody, such as the head of department, who is free while the ECT studies."""
    base = calm()
    slots = {"E1": {**SLOTS["E1"], "helper": "S1"}}
    helped = replace(base, plan=tiny_plan(slots, recovery=(), before_after=False, horizon=0, repair_after=0))  # fmt: skip
    of = METRICS["knowing_gained"].of
    gains = [of(Run(x, simulate(x, 1, 0))) for x in (base, helped)]
    assert gains[1] > gains[0]
    nothing = with_programme(helped, steps__help_gain=0.0)
    assert of(Run(nothing, simulate(nothing, 1, 0))) == gains[0]
    with pytest.raises(InputError):
        load("default").with_changes({"plan.slots": {"E1": {"helper": "nobody"}}})
