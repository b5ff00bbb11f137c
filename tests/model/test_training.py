"""Training events: what is due, who gets there, and what it costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ectsim.clock import DAY
from ectsim.content import events
from ectsim.experiment import run_one
from ectsim.ledger import ledger
from ectsim.log import CAUSE_CODE, EVENT_CODE
from ectsim.metrics import METRICS
from ectsim.model.frame import frame_of
from ectsim.model.training import due_training, hours_due
from ectsim.model.year import live
from ectsim.programme import Programme
from ectsim.scenario import Scenario, load
from tests.builders import QUIET, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import with_conditions, with_plan

E = EVENT_CODE
YEARS = 12


def small(
    *, year: int = 1, pairs: int = 2, plan: dict[str, Any] | None = None, **rules: Any
) -> Scenario:
    tree = Programme().model_dump()
    tree["events"].update(rules)
    school = tiny_school(
        pairs, staff=3, weeks=39, year=year, conditions={**QUIET, "training_attend": 1.0}
    )
    days = ("Tue", "Wed", "Thu", "Fri", "Mon", "Tue")
    usual = {
        p.id: {"meet": f"1{d}:5", "observe": "1Mon:1"}
        for p, d in zip(school.pairs, days, strict=False)
    }
    chosen = tiny_plan(usual, checkin_min=0, **(plan or {}))
    return tiny_scenario(school, chosen, Programme.model_validate(tree))


def rows(scenario: Scenario, replication: int, *names: str) -> list[tuple[int, ...]]:
    wanted = {E[n] for n in names}
    return [r for r in live(scenario, 1, replication).log.rows if r[1] in wanted]


def metric(scenario: Scenario, name: str, replication: int = 0) -> float:
    return run_one(scenario, 1, replication).metrics[list(METRICS).index(name)]


def test_the_hours_of_two_years_are_those_of_the_programme() -> None:
    """F030: 24 h and 36 modules of an hour are 60 h; F094: 18 h for a mentor."""
    frame = frame_of(small())
    study = Programme().study
    ect = hours_due(frame, 1, 1) + hours_due(frame, 1, 2)
    assert ect + study.modules * study.module_min / 60 == 60
    assert hours_due(frame, 2, 1) == hours_due(frame, 2, 2) == 9
    for spread, hours in (("one_year", (18, 0)), ("each_year", (18, 18))):
        other = frame_of(small(mentor_training=spread))
        assert (hours_due(other, 2, 1), hours_due(other, 2, 2)) == hours
    new = Programme.preset("2025")
    frame = frame_of(replace(small(), programme=new))
    assert hours_due(frame, 2, 1) == new.events.mentor_hours == 20
    places = Counter((d.person, d.side, d.place) for d in due_training(frame))
    assert max(places.values()) == 1, "an event that is repeated has luck of its own"


def test_a_partner_may_have_other_weeks() -> None:
    mine = small(weeks=("ect_conference_1=10",), shift_weeks=1)
    week = {events()[d.event].id: d.week + 1 for d in due_training(frame_of(mine))}
    assert week["ect_conference_1"] == 11
    assert week["ect_clinic_1"] == 8
    with pytest.raises(ValueError, match="no event and week"):
        small(weeks=("a_party=3",))


def test_everybody_who_is_well_is_trained_and_both_of_a_school_go_at_once() -> None:
    s = small()
    trained = rows(s, 0, "trained")
    assert len(trained) == len(due_training(frame_of(s))) == 2 * 5 + 2 * 4
    assert metric(s, "training_attended") == 1.0
    for position, event in enumerate(events()):
        days = {r[0] // DAY for r in trained if r[4] == position}
        assert len(days) <= (1 if event.kind == "conference" else event.dates + 2)


def test_a_conference_day_leaves_lessons_and_costs_slots() -> None:
    s = small(weeks=tuple(f"ect_conference_{n}={w}" for n, w in ((1, 4), (2, 12))))
    year = live(s, 1, 0)
    days = {r[0] // DAY for r in rows(s, 0, "trained") if events()[r[4]].kind == "conference"}
    away = [r for r in year.log.rows if r[1] == E["absence"]]
    assert {r[0] // DAY for r in away} == days
    assert {r[5] for r in away} == {CAUSE_CODE["event"]}
    lessons = metric(s, "training_lessons")
    assert lessons == year.cover.open_lessons == 3 * (2 * 2 + 2)  # three lessons a day each


def test_events_that_are_off_empty_their_part_of_the_bin() -> None:
    on, off = small(pairs=5), small(pairs=5, in_year=False)
    causes = Counter(
        a.cause for k in range(YEARS) for e in ledger(live(on, 1, k).log, on) for a in e.chain
    )
    assert causes["event"] > 0
    for k in range(YEARS):
        log = live(off, 1, k).log
        assert not [e for e in ledger(log, off) if e.chain or e.timing != "on_time"]
        assert not rows(off, k, "trained", "training_missed", "time_owed", "absence")


@pytest.mark.parametrize("release", ["cover", "time_back"])
def test_nobody_is_in_two_places(release: str) -> None:
    s = load("default").with_changes(
        {"plan.training_release": release, "conditions.training_attend": 0.7}
    )
    pairs = s.school.pairs
    for k in range(YEARS):
        year = live(s, 1, k)
        frame = year.frame
        spans: dict[str, set[tuple[int, int]]] = {p.mentor: set() for p in pairs}
        spans |= {p.ect: set() for p in pairs}
        away = {(r[2], r[7], r[0] // DAY) for r in year.log.rows if r[1] == E["absence"]}
        for r in year.log.rows:
            both = (pairs[r[2]].ect, pairs[r[2]].mentor)
            if r[1] == E["meeting"]:
                for who in both:
                    spans[who].add((r[0], r[0] + r[4]))
            elif r[1] == E["observed"] and r[6] == 6:
                spans[both[1]].add((r[0], r[0] + r[4]))
            elif r[1] == E["cover_call"]:
                spans[both[r[7] - 1]].add((r[0], frame.end_of(r[4])))
            elif r[1] == E["trained"] and events()[r[4]].kind != "conference":
                spans[both[r[7] - 1]].add((r[0], r[0] + 60))
            elif r[1] == E["trained"] and release == "cover":
                assert (r[2], r[7], r[0] // DAY) in away
        for who, mine in spans.items():
            inside = sorted(mine)
            for (_, end), (start, _) in pairwise(inside):
                assert end <= start, (who, k)


def test_a_clinic_date_takes_no_more_than_its_places() -> None:
    for places in (1, 2):
        s = small(pairs=6, clinic_places=places)
        caught = 0
        for k in range(4):
            year = live(s, 1, k)
            held = Counter(
                (r[4], r[0])
                for r in year.log.rows
                if r[1] == E["trained"] and r[7] == 1 and events()[r[4]].kind == "clinic"
            )
            assert max(held.values()) <= places
            caught += sum(r[1] == E["caught_up"] for r in year.log.rows)
        # three dates: three places for six people, or six
        assert (caught > 0) == (places == 1)


def test_a_missed_conference_leads_to_another_date() -> None:
    s = with_conditions(load("default"), training_attend=0.5)
    later = 0
    for k in range(YEARS):
        mine = [
            r
            for r in rows(s, k, "trained", "training_missed")
            if events()[r[4]].kind == "conference"
        ]
        missed = {(r[2], r[7], r[4]): r[0] for r in mine if r[1] == E["training_missed"]}
        for r in mine:
            if r[1] == E["trained"] and (r[2], r[7], r[4]) in missed:
                later += 1
                assert r[0] > missed[r[2], r[7], r[4]]
    assert later > 0


def test_nobody_goes_who_is_ill() -> None:
    s = with_conditions(small(), sickness_days=40.0, training_attend=1.0)
    reasons = Counter(r[5] for k in range(YEARS) for r in rows(s, k, "training_missed"))
    assert reasons[CAUSE_CODE["ect_absent"]] > 0
    assert reasons[CAUSE_CODE["slipped"]] == 0
    assert 0.5 < metric(s, "training_attended") <= 1.0


def test_evenings_keep_the_day_and_owe_the_time() -> None:
    s = small(plan={"training_release": "time_back"})
    assert not rows(s, 0, "absence")
    assert metric(s, "training_lessons") == 0
    # an ECT two conferences and three clinics, a mentor one of each
    assert metric(s, "owed_minutes") == 2 * (2 * 360 + 3 * 60) + 2 * (360 + 60)
    assert 0 <= metric(s, "owed_open") < metric(s, "owed_minutes")
    assert metric(small(), "owed_minutes") == 0


def test_two_plans_live_through_the_same_training() -> None:
    base = load("default")
    other = base.with_changes(
        {"plan.preset": "timetabled", "plan.checkin_min": base.plan.checkin_min}
    )
    names = ("trained", "training_missed", "caught_up")

    def fixed(s: Scenario, k: int) -> list[tuple[int, ...]]:
        kinds = [e.kind for e in events()]
        return [r for r in rows(s, k, *names) if kinds[r[4]] != "coaching_on_coaching"]

    for k in range(YEARS):
        assert sorted(fixed(base, k)) == sorted(fixed(other, k))


def test_check_ins_raise_attendance() -> None:
    base = load("default")
    told = with_plan(base, checkin_min=30)
    missed = [sum(metric(s, "training_missed", k) for k in range(YEARS)) for s in (base, told)]
    assert missed[0] > missed[1]


def test_training_speeds_a_mentor_and_starts_with_the_first_conference() -> None:
    nothing = {"gain_conference": 0.0, "gain_clinic": 0.0, "gain_coaching": 0.0}
    quick = small(gain_coaching=4.0)
    slow = small(**nothing)
    late = small(**nothing, before_conference=0.0, weeks=("mentor_conference_1=20",))

    def practice(s: Scenario) -> int:
        s = with_conditions(s, learning=True)
        return sum(r[4] for r in rows(s, 0, "model"))

    assert practice(quick) < practice(slow)
    firsts = [
        [r[4] for r in rows(with_conditions(s, learning=True), 0, "praise") if r[2] == 0]
        for s in (slow, late)
    ]
    assert firsts[1][10] > firsts[0][10]
