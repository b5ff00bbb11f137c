"""Laws 3 to 5: the quiet year, the year without any time, and the closed forms in between."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from statistics import fmean, stdev
from typing import Any

import pytest

from ectsim.experiment import replicate, run_one
from ectsim.ledger import BINS, ledger
from ectsim.model.diary import sickness_rates
from ectsim.model.year import live
from ectsim.scenario import Scenario, load
from tests.builders import QUIET, tiny_calendar, tiny_plan, tiny_scenario, tiny_school
from tests.laws.worlds import with_coaching, with_conditions, with_plan, with_slots

WEEKS = 39
CALM = {**QUIET, "learning": False}


def bins(scenario: Scenario, replication: int = 0) -> dict[str, int]:
    run = run_one(scenario, 1, replication)
    return {b: n for b, n in zip(BINS, run.bins, strict=True) if n}


# law 3 -----------------------------------------------------------------------------------------------


def test_quiet_is_full_and_on_time() -> None:
    scenario = load("quiet")
    for replication in range(5):
        run = run_one(scenario, 1, replication)
        assert dict(zip(BINS, run.bins, strict=True))["on_time"] == run.due == 2 * 37 + 19
    for entry in ledger(live(scenario, 1, 0).log, scenario):
        assert (entry.timing, entry.content, entry.reps) == ("on_time", "full", 2)
        # set-up 2, praise 3, share 4, model 6, analyse 4, two rehearsals of 4; the rest to the bell
        assert (entry.coaching, entry.mentoring) == (25, 18)


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"conditions.sickness_days": 20.0}, "any"),
        ({"conditions.drift": 0.5}, "partial"),
        ({"plan.slots.E1.observe": []}, ""),  # another lesson is visited: still full
        ({"plan.observe": False}, "partial"),
        ({"plan.model": False}, "partial"),
        ({"plan.reps": 1}, "partial"),
        ({"plan.slots.E1.study": [], "conditions.study_own_time": 0.0}, "partial"),
    ],
)
def test_quiet_is_disturbed_by_what_should_disturb_it(change: dict[str, Any], lost: str) -> None:
    found = bins(load("quiet").with_changes(change))
    assert (set(found) == {"on_time"}) == (not lost)
    if lost == "partial":
        assert found["partial"] > 0


# law 4 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meeting", ["fixed", "found"])
def test_without_any_time_everything_is_lost_for_no_slot(meeting: str) -> None:
    """In found time the pair has no common free period either."""
    free = {} if meeting == "fixed" else {"M1": {"duty": "**:5"}, "M2": {"duty": "**:5"}}
    stay = {"ect_leave": 0.0, "leave_rate": 0.0}  # a window that is not due is not lost either
    school = tiny_school(2, staff=4, weeks=8, marks=free, conditions=stay)
    nothing = {"meeting": meeting, "before_after": False, "recovery": (), "horizon": 2}
    scenario = tiny_scenario(school, tiny_plan({}, **nothing))
    for replication in range(5):
        run = run_one(scenario, 1, replication)
        assert dict(zip(BINS, run.bins, strict=True))["no_slot"] == run.due == 14


# law 5 -----------------------------------------------------------------------------------------------


def one_pair(**plan: Any) -> Scenario:
    """One pair in a calm full year that meets on Tuesdays at 14:05 and has nothing else."""
    school = tiny_school(calendar=tiny_calendar(WEEKS), conditions={**CALM, "rearrangements": 0})
    changes = {"recovery": (), "before_after": False, "horizon": 0, "observe": False, **plan}
    slots = {"E1": {"meet": "1Tue:5", "reserve": "1Thu:5"}}
    return tiny_scenario(school, tiny_plan(slots, **changes))


def retry() -> Scenario:
    return one_pair(recovery=("reserve",))


def sick(days: float = 5.0, **conditions: Any) -> Scenario:
    """One pair with sickness alone: the slots are guaranteed, so that nobody covers."""
    alone = {"sickness_days": days, "winter": 0.0, "season_spread": 0.0, **conditions}
    scenario = with_coaching(one_pair(), pause_after=400)
    return with_conditions(scenario, **alone)


def sick_and_seen(days: float = 5.0, **conditions: Any) -> Scenario:
    """Sickness alone, with a visit on Mondays that only that meeting can use."""
    scenario = with_coaching(
        sick(days, **conditions), observation_days=3, reviews_use_meeting=False
    )
    school = tiny_school(
        calendar=scenario.school.calendar,
        conditions=scenario.school.conditions.model_dump(),
        marks={
            "M1": {"duty": "1Tue:1 1Wed:1 1Thu:1 1Fri:1"}
        },  # so that Monday's lesson is the only one
    )
    scenario = Scenario("seen", scenario.programme, school, scenario.plan)
    return with_plan(with_slots(scenario, "E1", observe=("1Mon:1",)), observe=True)


def one_day_spells() -> dict[str, float]:
    return {"sickness_long_share": 0.0, "sickness_short_mean": 1.0}


P, DAYS = 0.3, 5.0
Q = DAYS / 190
HAZARD = sickness_rates(DAYS, 0.40, 3.0, 40.0)[0]
FORMS: dict[str, tuple[Any, str, float]] = {
    "one slot": (lambda: with_conditions(one_pair(), independent=P), "completion_any", 1 - P),
    "one retry": (lambda: with_conditions(retry(), independent=P), "completion_any", 1 - P**2),
    "two people": (
        lambda: with_conditions(one_pair(), independent=P, independent_on="people"),
        "completion_any",
        (1 - P) ** 2,
    ),
    "sickness": (sick, "completion_any", (1 - Q) ** 2),
    "sickness, spells of a day": (
        lambda: sick(**one_day_spells()),
        "completion_any",
        (1 - Q) ** 2,
    ),
    "seen, spells of a day": (
        lambda: sick_and_seen(**one_day_spells()),
        "completion_full",
        (1 - Q) ** 4,
    ),
    # whoever is well on Monday is well on Tuesday but for the chance of falling ill overnight
    "seen, fitted spells": (sick_and_seen, "completion_full", ((1 - Q) * (1 - HAZARD)) ** 2),
}
"""Name: scenario, metric, closed form."""


def agrees(name: str, replications: int) -> tuple[float, float, float]:
    """Return the mean, its standard error and the closed form; fail beyond three standard errors."""
    make, metric, expected = FORMS[name]
    values = replicate(make(), seed=1, replications=replications).metric(metric)
    mean, error = fmean(values), stdev(values) / sqrt(replications)
    assert 0 < error < 0.02
    assert abs(mean - expected) <= 3 * error, (name, mean, expected, error)
    return mean, error, expected


@pytest.mark.parametrize("name", FORMS)
def test_closed_form(name: str) -> None:
    agrees(name, 300)


@pytest.mark.deep
def test_closed_forms_deep(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(name, *agrees(name, 2000)) for name in FORMS]
    with capsys.disabled():
        print("\n| case | model | standard error | closed form |\n|---|---|---|---|")
        for name, mean, error, expected in rows:
            print(f"| {name} | {mean:.4f} | {error:.4f} | {expected:.4f} |")


def test_the_closed_forms_differ() -> None:
    """Three standard errors of 300 years tell the forms apart, so that the tests above can fail."""
    assert pytest.approx(1 - 0.052, abs=5e-4) == (1 - Q) ** 2
    assert pytest.approx(1 - 0.101, abs=5e-4) == (1 - Q) ** 4
    assert (1 - Q) ** 4 < FORMS["seen, fitted spells"][2] < (1 - Q) ** 2


@pytest.mark.parametrize("ects", [1, 2, 3, 4])
@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_ects_on_single_use_slots_lose_exactly_the_rest(ects: int, times: int) -> None:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri")
    taken = " ".join(f"1{d}:5" for d in days[times:])
    school = tiny_school(
        [(f"E{i}", "M1") for i in range(ects)],
        weeks=6,
        marks={"M1": {"duty": taken}} if taken else {},
        conditions=CALM,
    )
    plan = tiny_plan({}, meeting="found", before_after=False, recovery=(), observe=False)
    scenario = tiny_scenario(school, plan)
    for replication in range(3):
        entries = ledger(live(scenario, 1, replication).log, scenario)
        for window in range(5):
            there = [e for e in entries if e.cycle == window]
            lost = [e for e in there if e.met is None]
            assert len(there) == ects
            assert len(lost) == max(0, ects - times)
            assert {e.bin for e in lost} <= {"no_slot"}


def test_part_time_rates_are_exact() -> None:
    programme = load("quiet").programme.coaching
    assert programme.rate(1, Fraction(3, 5)) == Fraction(3, 5)
    assert programme.rate(2, Fraction(3, 5)) == Fraction(3, 10)
