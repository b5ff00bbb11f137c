"""Law 7: what one pair does reaches another only through a cover call or a person they share."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ectsim import replay
from ectsim.errors import InputError
from ectsim.log import EVENT_CODE, EventLog
from ectsim.model.year import Year, live
from ectsim.plan import Plan
from ectsim.replay import differences
from ectsim.scenario import Scenario
from ectsim.school import Pair, School, Staff
from tests.builders import QUIET, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import scenarios, slot_tables, with_conditions, with_plan, with_slots

RUNS = 3
E = EVENT_CODE


def logs(scenario: Scenario, replication: int) -> dict[str, list[tuple[int, ...]]]:
    """Return each pair's log by the pair's id, without the pair's position in the file."""
    log = live(scenario, 1, replication).log
    return {
        p.id: [(r[0], r[1], *r[3:]) for r in log.of_pair(i)]
        for i, p in enumerate(scenario.school.pairs)
    }


def without_cover(data: Any) -> Scenario:
    """Draw a scenario in which hardly anybody is called: no absence, or a dozen supervisors."""
    scenario = data.draw(scenarios())
    if data.draw(st.booleans()):
        return with_conditions(scenario, sickness_days=0.0, planned_absence=0.0)
    # supply for all but the first morning of a spell, and supervisors for the rest; in a bad week
    # all of them may be ill, and then teachers are called: see nobody_called
    return with_plan(scenario, cover={"supervisors": 12, "rota": "keyed"})


def nobody_called(*years: Year) -> bool:
    """Whether cover took no teacher in any of the years, which is what the law supposes."""
    return all(year.cover.by_teachers == 0 for year in years)


def another_plan(data: Any, base: Scenario) -> tuple[Scenario, Pair]:
    """Change one pair's slots."""
    pair = data.draw(st.sampled_from(base.school.pairs))
    slots = {who: s.model_dump() for who, s in base.plan.slots.items() if who != pair.id}
    fresh = with_plan(base, slots={})
    table = data.draw(slot_tables(replace(base.school, pairs=(pair,))))
    tree = {**fresh.plan.model_dump(), "slots": {**slots, **table}}
    try:
        other = replace(base, plan=Plan.model_validate(tree))
    except InputError:  # the drawn slots clash with those of another pair
        assume(False)
    return other, pair


def members(pair: Pair, *scenarios: Scenario) -> set[str]:
    """Return a pair's people, deputies included."""
    deputies = {s.plan.slots_of(pair.id).deputy for s in scenarios} - {""}
    return {pair.ect, pair.mentor} | deputies


def apart(one: Pair, two: Pair, *scenarios: Scenario) -> bool:
    """Tell whether nothing that happens to one pair's people can reach the other's.

    People are linked through the pairs in between: two mentors who share a deputy, say.
    """
    reached = members(two, *scenarios)
    for _ in scenarios[0].school.pairs:
        for p in scenarios[0].school.pairs:
            if members(p, *scenarios) & reached:
                reached |= members(p, *scenarios)
    return not members(one, *scenarios) & reached


@given(st.data(), st.integers(0, 99))
def test_without_cover_a_plan_changes_no_byte_of_another_pair(data: Any, first: int) -> None:
    base = without_cover(data)
    other, changed = another_plan(data, base)
    for replication in range(first, first + RUNS):
        if not nobody_called(live(base, 1, replication), live(other, 1, replication)):
            continue
        before, after = logs(base, replication), logs(other, replication)
        for pair in base.school.pairs:
            if apart(pair, changed, base, other):
                assert before[pair.id] == after[pair.id]


@given(st.data(), st.integers(0, 99))
def test_without_cover_more_people_change_no_byte(data: Any, first: int) -> None:
    base = without_cover(data)
    new_pair = Pair("A new ECT", "A new mentor")
    extra = tiny_school([new_pair], staff=[Staff("Z1", "Maths")], grid=base.school.grid)
    school = base.school
    more = replace(
        school,
        staff=(*extra.staff, *school.staff),
        pairs=(new_pair, *school.pairs),
        timetable=replace(school.timetable, rows={**extra.timetable.rows, **school.timetable.rows}),
    )
    other = replace(base, school=more)
    for replication in range(first, first + RUNS):
        if not nobody_called(live(base, 1, replication), live(other, 1, replication)):
            continue
        before, after = logs(base, replication), logs(other, replication)
        assert all(before[p] == after[p] for p in before)


@given(st.data(), st.integers(0, 99))
def test_order_and_names_change_no_byte(data: Any, first: int) -> None:
    """With cover on and mentors shared: rows in any order, another name of the school."""
    base = data.draw(scenarios())
    school = base.school
    rows = list(school.timetable.rows.items())
    shuffled: School = replace(
        school,
        name="another name",
        staff=tuple(data.draw(st.permutations(school.staff))),
        pairs=tuple(data.draw(st.permutations(school.pairs))),
        timetable=replace(school.timetable, rows=dict(data.draw(st.permutations(rows)))),
    )
    slots = dict(reversed(base.plan.model_dump()["slots"].items()))
    other = replace(base, name="renamed", school=shuffled)
    other = replace(other, plan=Plan.model_validate({**base.plan.model_dump(), "slots": slots}))
    assert shuffled.digest == school.digest
    for replication in range(first, first + RUNS):
        assert logs(base, replication) == logs(other, replication)


def test_who_asks_a_shared_mentor_first_is_not_a_matter_of_rows() -> None:
    """Three ECTs compete for one period a week."""
    school = tiny_school(
        [(f"E{i}", "M1") for i in range(3)],
        weeks=12,
        marks={"M1": {"duty": "1Tue:5 1Wed:5 1Thu:5 1Fri:5"}},
        conditions=QUIET,
    )
    plan = tiny_plan({}, meeting="found", before_after=False, recovery=(), observe=False)
    base = tiny_scenario(school, plan)
    other = replace(base, school=replace(school, pairs=tuple(reversed(school.pairs))))
    assert logs(base, 0) == logs(other, 0)
    held = [sum(row[1] == E["meeting"] for row in rows) for rows in logs(base, 0).values()]
    assert sum(held) == 11
    assert max(held) - min(held) <= 1, "and nobody always asks first"


def explained(data: Any, first: int) -> None:
    base = with_plan(data.draw(scenarios()), cover={"rota": "keyed"})
    other, changed = another_plan(data, base)
    for replication in range(first, first + RUNS):
        found = differences(base, other, 1, replication)  # raises if anything is unexplained
        before, after = logs(base, replication), logs(other, replication)
        for d in found:
            assert d.because
            assert before[d.pair] != after[d.pair]
            if d.pair == changed.id:
                assert d.because == "this pair's plan is changed"
            else:
                pair = base.school.pair(d.pair)
                who = re.match(r"(\S+) is (called|spared|also)", d.because)
                assert who, d.because
                assert who[1] in members(pair, base, other)


@given(st.data(), st.integers(0, 99))
def test_with_cover_every_difference_is_explained(data: Any, first: int) -> None:
    explained(data, first)


@pytest.mark.deep
@given(st.data(), st.integers(0, 9999))
def test_with_cover_every_difference_is_explained_deep(data: Any, first: int) -> None:
    explained(data, first)


def busy_pairs() -> Scenario:
    school = tiny_school(
        2,
        staff=4,
        weeks=12,
        lessons={"S1": "**:5 **:1", "S2": "**:5", "S3": "**:5 **:4"},
        conditions={"sickness_days": 30.0, "sickness_short_mean": 1.5, "leader_support": 0.0},
    )
    slots = {"E1": {"meet": "1Tue:5", "observe": "1Mon:1"}, "E2": {"meet": "1Thu:5"}}
    protection = {"mentor": "last", "ect": "last", "reserve": "last"}
    plan = tiny_plan(slots, cover={"supervisors": 0}, protection=protection)
    return tiny_scenario(school, plan)


def test_a_call_that_goes_elsewhere_is_named() -> None:
    """The first pair's Thursday reserve, held back in the rota, sends calls to the second pair."""
    base = busy_pairs()
    other = with_slots(base, "E1", reserve=("1Thu:5",))
    found = [d for k in range(30) for d in differences(base, other, 1, k) if d.pair == "E2"]
    assert found
    assert all(
        re.search(r"is (called to|spared) cover on (Mon|Tue|Wed|Thu|Fri) ", d.because)
        for d in found
    )


def test_an_unexplained_difference_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    base = busy_pairs()
    other = with_slots(base, "E1", meet=("1Wed:5",))
    calm = {"sickness_days": 0.0, "planned_absence": 0.0}
    base, other = with_conditions(base, **calm), with_conditions(other, **calm)
    assert {d.pair for d in differences(base, other, 1, 0)} <= {"E1"}

    def leaky(scenario: Scenario, seed: int, replication: int) -> list[Year]:
        year = live(scenario, seed, replication)
        if scenario is other:  # the second pair loses a meeting for no reason
            met = next(r for r in year.log.rows if r[1] == E["meeting"] and r[2] == 1)
            rows = [r for r in year.log.rows if r[2] != 1 or r[3] != met[3] or r[1] == E["due"]]
            rows.append((year.log.end, E["lost"], 1, met[3], 0, 1, 0, 0))
            year.log = EventLog(rows, year.log.end)
        return [year]

    monkeypatch.setattr(replay, "live_years", leaky)
    with pytest.raises(AssertionError, match=r"E2 differs from minute .* nothing explains it"):
        differences(base, other, 1, 0)
