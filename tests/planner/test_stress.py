"""The pre-mortem: each shock reruns from its code, none smaller breaks the plan, remedies are paired."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from functools import lru_cache

import pytest

from ectsim.cli import run
from ectsim.errors import InputError
from ectsim.experiment import replicate
from ectsim.planner.stress import GRADES, Stress, remedies, shocks, stress
from ectsim.scenario import Scenario, load
from tests.builders import ALL_STAY, tiny_plan, tiny_scenario, tiny_school

N = 6


@lru_cache(maxsize=1)
def small() -> Scenario:
    """A small school with slots for two pairs, and some sickness."""
    school = tiny_school(2, staff=3, weeks=7, conditions={**ALL_STAY, "sickness_days": 6.0})
    slots = {p: {"meet": "1Tue:5", "observe": "1Mon:1"} for p in ("E1", "E2")}
    return tiny_scenario(school, tiny_plan(slots, checkin_min=0, before_after=False))


@lru_cache(maxsize=4)
def asked(target: float) -> Stress:
    return stress(small(), target=target, replications=N)


def breaks() -> float:
    """A target that the plan reaches and its worst single shock does not."""
    found = asked(0.01)
    return (found.base + found.worst[0].mean) / 2


def test_no_smaller_shock_breaks_it() -> None:
    target = breaks()
    found = asked(target)
    assert found.base >= target
    assert found.smallest
    assert found.smallest.mean < target
    for shock in shocks(small()):  # every one, by other means than the search's
        size = (shock.parts, shock.grade)
        if size < (found.smallest.shock.parts, found.smallest.shock.grade):
            made = small().with_changes(shock.changes)
            values = replicate(made, seed=1, replications=N).metric("completion_any")
            assert sum(values) / N >= target


def test_two_at_once_are_tried_only_when_no_single_one_breaks_it() -> None:
    assert all(h.shock.parts == 1 for h in asked(breaks()).hits)
    both = [h for h in asked(0.01).hits if h.shock.parts == 2]
    kinds = {s.kind for s in shocks(small())}
    assert len(both) == len(kinds) * (len(kinds) - 1) / 2
    assert asked(0.01).smallest is None
    assert any("no two at once" in line for line in asked(0.01).lines())


def test_each_shock_reruns_from_its_code_to_the_same_loss(
    capsys: pytest.CaptureFixture[str],
) -> None:
    base = load("quiet").with_changes({"conditions.sickness_days": 12.0})
    found = stress(base, target=0.99, replications=4)
    start = replicate(base, seed=1, replications=4).metric("completion_any")
    assert len(found.worst) == 5
    for hit in found.to_dict()["worst"][:3]:
        assert (
            run(["simulate", hit["code"], "--replications", "4", "--workers", "1", "--json"]) == 0
        )
        again = json.loads(capsys.readouterr().out)
        assert again["metrics"]["completion_any"]["mean"] == pytest.approx(hit["mean"])
        loss = [a - b for a, b in zip(start, again["years"]["completion_any"], strict=True)]
        assert sum(loss) / 4 == pytest.approx(hit["loss"]["mean"])


def test_remedies_are_paired_and_say_what_they_recover() -> None:
    found = asked(breaks())
    for hit in found.worst:
        assert hit.remedies
        gains = [r.gain.mean for r in hit.remedies]
        assert gains == sorted(gains, reverse=True)
        for r in hit.remedies:
            assert r.gain.mean == pytest.approx(r.mean - hit.mean)
            if hit.loss.mean > 0:
                assert r.recovered == pytest.approx((r.mean - hit.mean) / hit.loss.mean)
    best = found.worst[0].remedies[0]
    values = replicate(best.scenario, seed=1, replications=N).metric("completion_any")
    assert sum(values) / N == pytest.approx(best.mean)


def test_shocks_grow_within_what_is_plausible_and_a_remedy_never_undoes_one() -> None:
    listed = shocks(load("default").with_changes({"plan.preset": "timetabled"}))
    by_kind: dict[str, list[float]] = {}
    for s in listed:
        by_kind.setdefault(s.kind, []).append(s.grade)
    assert all(g == sorted(set(g)) and g[-1] == 1 for g in by_kind.values())
    assert by_kind["sickness"] == list(GRADES)
    sick = [s.changes["conditions.sickness_days"] for s in listed if s.kind == "sickness"]
    assert sick[-1] == 9.3
    assert {"checkin", "slots", "protection", "supervisors"} <= by_kind.keys()
    for s in listed:
        shocked = small().with_changes({k: v for k, v in s.changes.items() if "slots" not in k})
        for _, mended in remedies(shocked, s):
            for name, value in s.changes.items():
                if "slots" not in name:
                    room, *path = name.split(".")
                    at: object = mended.plan if room == "plan" else mended.school.conditions
                    for part in path:
                        at = getattr(at, part)
                    assert at == value


def test_a_plan_that_misses_its_target_already_is_told_so() -> None:
    ill = small().with_changes({"conditions.sickness_days": 25.0})
    found = stress(ill, target=1.0, replications=2)
    assert found.already_broken
    assert found.smallest is None
    assert any("before anything goes wrong" in line for line in found.lines())


def test_questions_that_cannot_be_asked() -> None:
    with pytest.raises(InputError, match="share between"):
        stress(small(), target=0.0)
    with pytest.raises(InputError, match="known"):
        stress(small(), metric="supply_cost")


def test_the_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    base = ["stress", "quiet", "--target", "1", "--replications", "2", "--workers", "1"]
    assert run([*base, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"base", "smallest", "worst", "tried", "limits"} <= found.keys()
    assert run(["stress", "quiet", "--target", "2"]) == 2


def test_what_is_left_early_changes_nothing_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    target = breaks()
    every = asked(target)  # with so few years nothing is left early
    monkeypatch.setattr("ectsim.planner.stress.STAGES", (3,))
    found = stress(small(), target=target, replications=N)
    assert found.smallest
    assert every.smallest
    assert (found.smallest.shock, found.smallest.mean) == (
        every.smallest.shock,
        every.smallest.mean,
    )
    assert [h.mean for h in found.worst] == [h.mean for h in every.worst]
    assert all(len(h.values) == N for h in found.worst)
    assert sum(len(h.values) for h in found.hits) < sum(len(h.values) for h in every.hits)


class Here(Executor):
    """Runs what is submitted at once, after packing it as for another process."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        done: Future[object] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def test_a_pool_gives_the_same_answer() -> None:
    many = stress(small(), target=breaks(), replications=N, executor=Here())
    assert many.to_dict() == asked(breaks()).to_dict()
