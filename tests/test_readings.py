"""The 17 readings: each that a parameter switches changes what it is about, and nothing by default."""

from __future__ import annotations

import pytest

from ectsim import money
from ectsim.audit import audit, entitlement_table
from ectsim.content import ambiguities, events
from ectsim.experiment import replicate
from ectsim.ledger import ledger
from ectsim.log import EVENT_CODE, EVENTS
from ectsim.metrics import METRICS
from ectsim.model.year import simulate
from ectsim.programme import Programme
from ectsim.scenario import Scenario, load

READING = {a.number: a for a in ambiguities()}


def other(number: int, base: Scenario | None = None) -> Scenario:
    a = READING[number]
    names = [n for n in (a.parameter, a.too) if n]
    return (base or load("default")).with_changes(dict.fromkeys(names, a.alternative_value))


@pytest.mark.parametrize("a", [a for a in ambiguities() if a.parameter], ids=lambda a: a.id)
def test_the_other_reading_is_a_scenario_with_a_code_of_its_own(a):
    base = load("default")
    switched = other(a.number, base)
    assert switched.code(1) != base.code(1)
    assert switched.banner == "", "a reading gives nothing up"


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 10, 13, 14, 15])
def test_the_other_reading_lives_another_year(number):
    base = load("default")
    assert simulate(other(number, base), 1, 0).to_bytes() != simulate(base, 1, 0).to_bytes()


def test_2_the_coaching_part_is_always_as_long_when_practised():
    base = load("quiet").with_changes(
        {"conditions.learning": False, "conditions.random_durations": True, "plan.meeting_min": 60}
    )
    free, fixed = (
        {e.coaching for e in ledger(simulate(s, 1, 0), s) if e.content == "full"}
        for s in (base, other(2, base))
    )
    assert len(free) > 1
    assert fixed <= {29, 30, 31}, "phases begin and end on whole minutes"


def test_3_the_hour_without_the_visit_is_an_hour_long_in_the_year_and_in_the_audit():
    base = load("default")
    hours = [y.meetings for y in entitlement_table(other(3, base).programme)]
    assert hours == [38, 19]
    lengths = [r[4] for r in simulate(other(3, base), 1, 0).rows if r[1] == EVENT_CODE["meeting"]]
    assert max(lengths) == 60
    assert max(r[4] for r in simulate(base, 1, 0).rows if r[1] == EVENT_CODE["meeting"]) == 45


def test_7_the_hour_of_year_2_is_each_cycle_s_or_each_week_s():
    weekly = Programme.model_validate({"entitlement": {"mentor_hour": "week"}})
    assert (Programme().mentor_minutes(1), Programme().mentor_minutes(2)) == (60, 60)
    assert (weekly.mentor_minutes(1), weekly.mentor_minutes(2)) == (60, 120)
    assert [y.mentor for y in entitlement_table(weekly)] == [38, 38]
    base = load("quiet")  # its third pair is in year 2
    before = {(line.pair, line.check) for line in audit(base).fails}
    failed = {(line.pair, line.check) for line in audit(other(7, base)).fails} - before
    assert ("E3", "promised") in failed
    assert {pair for pair, _ in failed} <= {"E3", ""}
    spent = [METRICS["mentor_overflow"].of(run) for run in runs(base)]
    assert spent == [0.0]


def runs(scenario: Scenario):
    from ectsim.metrics import Run

    return [Run(scenario, simulate(scenario, 1, 0))]


def test_7_an_hour_each_week_leaves_room_in_a_fortnight():
    base = load("quiet").with_changes({"plan.meeting_min": 60})
    (lived,) = runs(base)
    (wide,) = runs(other(7, base))
    assert money.mentor_overflow(wide) < money.mentor_overflow(lived)


def test_8_in_a_room_there_is_a_way_to_go():
    assert READING[8].parameter == "plan.mentor_training_mode"
    base = load("default")
    assert simulate(other(8, base), 1, 0).to_bytes() != simulate(base, 1, 0).to_bytes()


def test_9_the_labels_of_two_events_change_places_and_nothing_else():
    by = {e.id: e for e in events()}
    conference, clinic = by["ect_conference_3"], by["ect_clinic_4"]
    assert conference.named("second_year_first") == clinic.label
    assert clinic.named("second_year_first") == conference.label
    assert all(e.named("listed") == e.label for e in events())
    unmoved = [e for e in events() if e.named("second_year_first") == e.label]
    assert len(unmoved) == len(events()) - 2
    base = load("default")
    assert simulate(other(9, base), 1, 0).to_bytes() == simulate(base, 1, 0).to_bytes()


def test_12_any_number_of_ects_is_simulated_as_the_roster_has_it():
    a = READING[12]
    assert not a.parameter
    assert "roster" in a.outside
    pairs = load("quiet").school.pairs
    assert len({p.mentor for p in pairs}) < len(pairs)


def test_14_more_to_write_is_written_less_often_and_changes_no_meeting():
    base = load("default")
    full = replicate(other(14, base), seed=1, replications=5)
    step = replicate(base, seed=1, replications=5)
    assert full.metric("completion_any") == step.metric("completion_any")
    assert all(
        a < b for a, b in zip(full.metric("logged_any"), step.metric("logged_any"), strict=True)
    )
    same = base.with_changes({"programme.coaching.record": "all", "conditions.record_all": 1.0})
    assert simulate(same, 1, 0).to_bytes() == simulate(base, 1, 0).to_bytes()


@pytest.mark.parametrize(("phases", "without"), [("four", "praise"), ("five", "analyse")])
def test_15_a_part_that_a_reading_leaves_out_does_not_happen_and_a_cycle_is_full_without_it(
    phases, without
):
    scenario = load("quiet").with_changes({"programme.coaching.phases": phases})
    log = simulate(scenario, 1, 0)
    names = {EVENTS[row[1]] for row in log.rows}
    wanted = {"praise", "share", "model", "analyse", "practise"} - {without}
    assert without not in names
    assert wanted <= names
    assert {e.content for e in ledger(log, scenario)} == {"full"}
    for pair in range(len(scenario.school.pairs)):
        order = [
            row[1]
            for row in log.of_pair(pair)
            if row[1] in (EVENT_CODE["model"], EVENT_CODE["practise"])
        ]
        assert order[0] == EVENT_CODE["model"]
