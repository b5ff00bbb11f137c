"""Money and time: each figure against a sum done by hand, and against what the school is paid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ectsim import money, scenario
from ectsim.analysis import result_dict
from ectsim.clock import DAY
from ectsim.content import events, evidence, funding
from ectsim.experiment import Results, replicate
from ectsim.log import CAUSE_CODE, EVENT_CODE, FORM_CODE, EventLog
from ectsim.metrics import METRICS, Run
from ectsim.words import simulate_lines, value_text
from tests.builders import tiny_scenario, tiny_school

EVENT_AT = {e.id: i for i, e in enumerate(events())}


def row(time: int, event: str, value: int = 0, *, pair: int = 0, cycle: int = -1, form: str = "", side: int = 0) -> tuple[int, ...]:  # fmt: skip
    return (time, EVENT_CODE[event], pair, cycle, value, CAUSE_CODE[""], FORM_CODE[form], side)


def run(*rows: tuple[int, ...], of: scenario.Scenario | None = None) -> Run:
    return Run(of or tiny_scenario(), EventLog(sorted(rows), 10**6))  # type: ignore[arg-type]


# time


def test_the_entitlement_is_a_tenth_of_the_lessons_that_take_place():
    s = tiny_scenario(tiny_school(1, weeks=4))
    ect = s.school.pairs[0].ect
    lessons = sum(s.school.timetable.kind(ect, c) == "lesson" for c in range(s.school.grid.cells))
    assert lessons > 0
    weeks = 4 / s.school.grid.cycle_weeks
    assert money.entitled_minutes(s, 1)[0] == pytest.approx(0.10 * lessons * 60 * weeks)
    assert money.entitled_minutes(s, 2) == {}
    second = tiny_scenario(tiny_school(1, weeks=4, year=2))
    assert money.entitled_minutes(second, 2)[0] == pytest.approx(0.05 * lessons * 60 * weeks)


def test_what_an_ect_spends_and_when():
    sunday, tuesday = 6 * DAY + 18 * 60, DAY + 14 * 60
    lived = run(
        row(DAY, "meeting", 45, cycle=0, form="planned"),
        row(DAY + 7 * DAY, "meeting", 30, cycle=1, form="before_after"),
        row(tuesday, "studied", 1),
        row(sunday, "studied", 2),
        row(3 * DAY, "trained", EVENT_AT["ect_conference_1"], side=1),
        row(4 * DAY, "trained", EVENT_AT["ect_clinic_1"], side=1),
        row(4 * DAY, "trained", EVENT_AT["mentor_clinic_1"], side=2),
    )
    minutes = 45 + 30 + 60 + 60 + 360 + 60
    entitled = money.entitled_minutes(lived.scenario, 1)[0]
    assert money.entitlement_used(lived, 1) == pytest.approx(minutes / entitled)
    assert money.entitlement_used(lived, 2) != money.entitlement_used(lived, 2), "no such ECT"
    assert money.ect_own_time(lived) == pytest.approx((30 + 60 + 60) / minutes)


def test_evening_training_is_outside_the_school_day():
    base = tiny_scenario()
    evening = replace(base, plan=base.plan.model_copy(update={"training_release": "time_back"}))
    day = row(3 * DAY, "trained", EVENT_AT["ect_conference_1"], side=1)
    assert money.ect_own_time(run(day, of=base)) == 0
    assert money.ect_own_time(run(day, of=evening)) == 1


def test_beyond_the_hour_counts_cycle_by_cycle():
    lived = run(
        row(1, "observed", 15, cycle=0), row(DAY, "meeting", 45, cycle=0, form="planned"),
        row(8 * DAY, "observed", 15, cycle=1), row(8 * DAY + 1, "observed", 15, cycle=1),
        row(9 * DAY, "meeting", 50, cycle=1, form="planned"),
        row(15 * DAY, "meeting", 10, cycle=2, form="planned"),
    )  # fmt: skip
    assert money.mentor_overflow(lived) == 20, "a short cycle makes up for no long one"


def test_a_mentor_of_two_is_trained_once():
    s = scenario.load("quiet")
    assert s.school.pairs[0].mentor == s.school.pairs[1].mentor
    gone = [row(DAY, "trained", EVENT_AT["mentor_conference_1"], pair=i, side=2) for i in (0, 1)]
    assert money.mentor_training(run(*gone, of=s)) == 6 * 60


def test_planning_falls_with_meetings_and_rises_with_another_subject():
    held = [row(k * 7 * DAY, "meeting", 45, cycle=k, form="planned") for k in range(4)]
    s = tiny_scenario()
    first, rest = (
        money.mentor_preparation(run(held[0], of=s)),
        money.mentor_preparation(run(*held, of=s)),
    )
    coaching = s.programme.coaching
    assert first == pytest.approx(coaching.plan_minutes * coaching.novice_factor)
    assert 3 * coaching.plan_minutes < rest - first < 3 * first
    ect, mentor = s.school.pairs[0].ect, s.school.pairs[0].mentor
    apart = tiny_scenario(tiny_school(1, departments={ect: "Science", mentor: "History"}))
    assert money.mentor_preparation(run(*held, of=apart)) == pytest.approx(
        rest * coaching.plan_mismatch
    )
    still = tiny_scenario(tiny_school(1, new=False))
    assert money.mentor_preparation(run(held[0], of=still)) < 1.001 * coaching.plan_minutes


def test_a_new_coordinator_has_a_longer_launch():
    back = tiny_scenario()
    new = back.with_changes({"conditions.coordinator": "new"})
    assert money.coordinator_training(run(of=back)) == 60
    assert money.coordinator_training(run(of=new)) == 60 + 180


# money


def test_grants_are_the_published_ones():
    value = {f.id: f.value for f in evidence()}
    by = {(g.regime, g.part, g.region): g for g in funding()}
    regions = ("rest", "inner_london", "outer_london", "fringe")
    for i, text in enumerate(value["E5-10"].split("; ")):
        both = (
            by["2021", "ect_year_2", regions[i]].pounds
            + by["2021", "mentor_year_2", regions[i]].pounds
        )
        assert f"£{both:,.0f}" == text
    for i, text in enumerate(value["E5-11"].split("; ")):
        assert f"£{by['2021', 'mentor_training', regions[i]].pounds:,.2f}" == text
    both = (
        by["2025", "mentor_training_start", "rest"].pounds
        + by["2025", "mentor_training", "rest"].pounds
    )
    assert f"£{both:.2f}" in value["E5-13"]
    known = {f.id for f in evidence()}
    assert all(set(g.source) <= known for g in funding())
    assert all(("2021", p, r) in by for p in ("ect_year_1", "ect_year_2", "mentor_year_2", "mentor_training") for r in regions)  # fmt: skip


def account(name: str = "quiet", changes: dict[str, object] | None = None, n: int = 2) -> tuple[dict[str, Any], Results]:  # fmt: skip
    s = scenario.load(name)
    results = replicate(s.with_changes(changes) if changes else s, seed=1, replications=n)
    return money.money_dict(results), results


def test_the_account_adds_up():
    data, results = account()
    assert data["cost"] == pytest.approx(sum(i["pounds"] for i in data["costs"]))
    assert data["paid"] == pytest.approx(sum(i["pounds"] for i in data["funding"]))
    assert data["net"] == pytest.approx(data["cost"] - data["paid"])
    hour, lesson = money.price_of_hour(results)
    grid = results.scenario.school.grid
    lessons = [p for p in grid.periods if p.kind == "lesson"]
    assert lesson == pytest.approx(291 / len(lessons))
    assert hour == pytest.approx(291 * 60 / sum(p.length for p in lessons))
    by = {i["id"]: i for i in data["costs"]}
    assert by["ect_year_1"]["pounds"] == pytest.approx(by["ect_year_1"]["hours"] * hour)
    assert by["mentors"]["hours"] == pytest.approx(results.due_total / len(results.runs))
    paid = {i["id"]: i["pounds"] for i in data["funding"]}
    assert paid["ect_year_2"] == 1200, "one ECT in year 2"
    assert paid["mentor_year_2"] == 900
    assert paid["mentor_training"] == pytest.approx(2 * 1576.10 / 2), (
        "two mentors, half of it a year"
    )


def test_mentors_cost_lessons_only_where_lessons_are_taken_off():
    for changes in ({"plan.release_form": "duties_removed"}, {"plan.meeting": "found"}):
        data, _ = account(changes=changes, n=1)
        assert "mentors" not in {i["id"] for i in data["costs"]}
        assert any("mentors' time" in n for n in data["notes"])


def test_the_region_changes_what_is_paid_and_nothing_else():
    rest, _ = account(n=1)
    inner, _ = account(changes={"conditions.region": "inner_london"}, n=1)
    assert inner["costs"] == rest["costs"]
    assert inner["paid"] > rest["paid"]


def test_no_balance_where_an_amount_was_not_seen():
    s = scenario.load("quiet")
    later = replace(s, programme=type(s.programme).preset("2025"))
    for region, known in (("rest", True), ("fringe", False)):
        results = replicate(
            later.with_changes({"conditions.region": region}), seed=1, replications=1
        )
        data = money.money_dict(results)
        assert (data["net"] is not None) == known
        assert any("not every amount" in n for n in data["notes"]) != known
        told = money.money_lines(data, value_text)
        assert any("not known" in line for line in told) != known


def test_two_school_years_add_up():
    one, _ = account(n=1)
    two, results = account(changes={"programme.run_years": 2}, n=1)
    years = [money.money_dict(Results(results.school_year(k).scenario.with_changes({"programme.run_years": 1}), 1, results.school_year(k).runs)) for k in (0, 1)]  # fmt: skip
    assert two["cost"] == pytest.approx(sum(y["cost"] for y in years))
    assert two["cost"] > one["cost"]
    assert {i["id"] for i in two["funding"]} >= {"ect_year_1", "ect_year_2", "mentor_training"}


def test_results_and_their_words_carry_the_account():
    data, results = account(n=2)
    whole = result_dict(results)
    assert whole["money"] == data
    assert set(data["time"]) <= set(METRICS)
    assert data["time"]["entitlement_used_1"] == pytest.approx(whole["metrics"]["entitlement_used_1"]["mean"])  # fmt: skip
    text = "\n".join(simulate_lines(whole))
    assert "left to the school" in text
    assert "a supply teacher's day" in text


def test_all_three_strands_are_needed():
    quiet = replicate(scenario.load("quiet"), seed=1, replications=1)
    assert quiet.metric("all_three") == [1.0]
    lazy = scenario.load("quiet").with_changes(
        {"conditions.study_own_time": 0.0} | {f"plan.slots.E{i}.study": "" for i in (1, 2, 3)}
    )
    poor = replicate(lazy, seed=1, replications=1)
    assert poor.metric("completion_any") == [1.0], "every meeting is held all the same"
    assert poor.metric("all_three")[0] < 1.0
