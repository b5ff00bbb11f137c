"""How much is enough: the bound holds at the answer and not below it, and asking for more costs more."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pytest

from ectsim.cli import run
from ectsim.clock import Slot
from ectsim.errors import InputError
from ectsim.experiment import replicate
from ectsim.planner.enough import (
    Enough,
    Package,
    cover_periods,
    enough,
    lower_bound,
    minutes_a_week,
    packages,
)
from ectsim.scenario import Scenario, load
from tests.builders import ALL_STAY, tiny_calendar, tiny_plan, tiny_scenario, tiny_school

N = 40
KEEP = ("supervisors",)


@lru_cache(maxsize=1)
def busy() -> Scenario:
    """A small school with much sickness, whose pairs find time."""
    conditions = {**ALL_STAY, "sickness_days": 10.0, "slip_found": 0.4}
    school = tiny_school(2, staff=3, weeks=7, conditions=conditions)
    plan = tiny_plan(preset="found_time", before_after=False)
    return tiny_scenario(school, plan)


@lru_cache(maxsize=8)
def asked(target: float, confidence: float = 0.75) -> Enough:
    return enough(busy(), target=target, confidence=confidence, keep=KEEP, replications=N)


class Inline(Executor):
    """Workers that work at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize(
    ("met", "n", "bound"), [(10, 10, 0.05**0.1), (9, 10, 0.6058), (0, 10, 0.0), (95, 100, 0.8977)]
)
def test_the_bound_is_the_exact_one(met: int, n: int, bound: float) -> None:
    assert lower_bound(met, n) == pytest.approx(bound, abs=1e-4)


def test_at_the_answer_the_bound_holds_and_whatever_is_cheaper_fails() -> None:
    found = asked(0.7)
    assert found.answer
    assert found.answer.minutes > 0
    assert found.answer.bound >= 0.75
    assert len(found.answer.values) == N
    cheaper = [(p, s) for p, s, cost in packages(busy(), KEEP) if cost < found.answer.minutes]
    assert [p for p, _ in cheaper] == [t.package for t in found.tried[:-1]][: len(cheaper)]
    for _, scenario in cheaper:  # in full, by other means than the search's
        values = replicate(scenario, seed=1, replications=N).metric("completion_any")
        assert lower_bound(sum(v >= 0.7 for v in values), N) < 0.75


def test_asking_for_more_never_costs_less() -> None:
    answers = [asked(t).answer for t in (0.5, 0.6, 0.7, 0.8)]
    costs = [a.minutes if a else float("inf") for a in answers]
    assert costs == sorted(costs)
    assert len(set(costs)) > 1
    surer = [asked(0.7, c).answer for c in (0.5, 0.75)]
    assert [a.minutes for a in surer if a] == sorted(a.minutes for a in surer if a)


def test_what_cannot_be_reached_says_why() -> None:
    found = asked(0.9)
    assert found.answer is None
    assert "Even with everything" in found.reason
    assert "lost:" in found.reason
    assert found.tried[-1].package == packages(busy(), KEEP)[-1][0]
    assert "Cannot be reached" in found.lines()[0]
    assert found.to_dict()["reached"] is False


def test_workers_change_no_digit() -> None:
    one, many = (
        asked(0.6),
        enough(
            busy(),
            target=0.6,
            confidence=0.75,
            keep=KEEP,
            replications=N,
            executor=Inline(),
            lanes=3,
        ),
    )
    assert many.to_dict() == one.to_dict()


def test_the_cost_equals_a_count_by_hand() -> None:
    closed = [dt.date(2025, 9, 9)]
    school = tiny_school(1, calendar=tiny_calendar(4, closed=closed), new=False)
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5"}
    scenario = tiny_scenario(school, tiny_plan({"E1": slots}))
    made = {p: s for p, s, _ in packages(scenario)}
    full = made[Package(45, 1, 1, 30, 1)]
    # three Tuesdays, one is closed, for two people; four visits on Mondays for the mentor alone;
    # a reserve may be called to cover
    assert cover_periods(full) == 3 * 2 + 4
    assert cover_periods(made[Package(45, 0, 0, 0, 0)]) == 3 * 2
    assert cover_periods(made[Package()]) == 0
    # meeting and reserve 45 minutes for two, a visit of 15 for one, the check-in, 25 lessons of an hour
    assert minutes_a_week(full, Package(45, 1, 1, 30, 1)) == 2 * 2 * 45 + 15 + 30 + 25 * 60


def test_packages_are_lawful_differ_and_rise_in_cost() -> None:
    listed = packages(busy(), KEEP)
    costs = [cost for _, _, cost in listed]
    assert costs == sorted(costs)
    assert len({s.plan.model_dump_json() for _, s, _ in listed}) == len(listed)
    for package, scenario, _ in listed:
        for s in scenario.plan.slots.values():
            assert len(s.reserve) <= package.reserve * len(s.meet)
            cells = [Slot.parse(t) for t in (*s.meet, *s.reserve, *s.study)]
            assert len(set(cells)) == len(cells)


def test_the_curve_rises_and_steps_are_paired() -> None:
    found = asked(0.7)
    assert all(a.mean < b.mean and a.minutes <= b.minutes for a, b in pairwise(found.curve))
    assert found.steps
    for _, tried, difference in found.steps:
        changed = [
            k
            for k in Package.__slots__
            if getattr(tried.package, k) != getattr(found.answer.package, k)
        ]  # type: ignore[union-attr]
        assert len(changed) == 1
        assert difference.n == N


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"target": 1.2}, "share between"),
        ({"target": 0.8, "confidence": 1.0}, "share between"),
        ({"target": 0.8, "metric": "supply_cost"}, "known"),
        ({"target": 0.8, "keep": ["visits"]}, "did you mean 'visit'"),
        ({"target": 0.8, "confidence": 0.99, "replications": 50}, "--replications 299"),
    ],
)
def test_questions_that_cannot_be_asked(words: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        enough(busy(), **words)


def test_the_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    base = ["enough", "quiet", "--target", "0.5", "--confidence", "0.8", "--replications", "20"]
    base += ["--keep", "supervisors", "--keep", "reserve"]
    assert run([*base, "--workers", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reached"]
    assert found["answer"]["bound"] >= 0.8
    assert (
        run(
            [
                "simulate",
                found["answer"]["code"],
                "--replications",
                "20",
                "--json",
                "--workers",
                "1",
            ]
        )
        == 0
    )
    again = json.loads(capsys.readouterr().out)["metrics"]["completion_any"]["mean"]
    assert again == pytest.approx(found["answer"]["mean"])
    assert run([*base, "--workers", "1", "--metric", "nothing"]) == 2


def test_too_few_years_are_told_apart_from_what_cannot_be_reached() -> None:
    from ectsim.planner.enough import Package, Tried, _reason, lower_bound

    def said(met: int) -> str:
        best = Tried(Package(), load("quiet"), 0.0, 0, (0.9,) * 20, met, 0.0, False)
        return _reason(best, 0.9, 0.8, "completion_any")

    assert lower_bound(18, 20) < 0.8
    assert "more --replications may show" in said(18)
    assert "more --replications" not in said(15)
