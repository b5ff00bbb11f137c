"""What drives an answer: shares against known truth, and what pages are told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pytest

from ectsim.cli import run
from ectsim.errors import InputError
from ectsim.experiments import drivers as d
from ectsim.scenario import Scenario, load
from tests.builders import tiny_calendar, tiny_plan, tiny_scenario, tiny_school


def planted(seed: int, n: int = 400, k: int = 60):
    """Two years of each of n points: lines, a bend, a product, a shared year and luck of a point."""
    draw = np.random.default_rng(seed)
    x = draw.random((n, k))
    z = (x - 0.5) * 12**0.5
    year = draw.normal(0, 0.6, (n // d.SET, 2)).repeat(d.SET, axis=0)
    truth = 2 * z[:, 0] + z[:, 1] + 0.6 * z[:, 0] * z[:, 1] + 0.5 * (z[:, 2] ** 2 - 1)
    return x, truth[:, None] + year + draw.normal(0, 0.5, (n, 2))


@pytest.mark.parametrize("seed", range(4))
def test_shares_are_those_that_were_planted(seed: int) -> None:
    found = d.shares(*planted(seed))
    # variances: 4, 1, 0.36 halved between the two, a bend of 0.25 * 0.8, luck 0.36 + 0.25
    whole = 4 + 1 + 0.36 + 0.2 + 0.61
    want = np.array([4.18, 1.18, 0.2]) / whole
    assert found.own[:3] == pytest.approx(want, abs=0.05)
    assert found.luck == pytest.approx(0.61 / whole, abs=0.04)
    assert found.total == pytest.approx(1, abs=0.05)
    assert max(found.own[3:]) < 0.01
    assert found.counted == pytest.approx(1, abs=0.15)
    assert found.sd == pytest.approx(whole**0.5, rel=0.1)
    # the whole range of a standardised even draw is the root of 12
    assert found.effect[0] == pytest.approx(2 * 12**0.5, rel=0.15)


def test_nothing_but_luck_is_luck() -> None:
    draw = np.random.default_rng(3)
    found = d.shares(draw.random((200, 20)), draw.normal(0, 1, (200, 2)))
    assert found.luck > 0.9
    assert max(found.own) < 0.05
    still = d.shares(draw.random((200, 20)), np.ones((200, 2)))
    assert (still.luck, still.total) == (0.0, 0.0)


def test_too_few_points_are_said_with_the_number_that_is_enough() -> None:
    draw = np.random.default_rng(3)
    with pytest.raises(InputError, match="use --points 130 or more"):
        d.shares(draw.random((100, 90)), draw.random((100, 2)))
    d.shares(draw.random((130, 90)), draw.random((130, 2)))


def test_what_is_uncertain_is_what_nobody_has_set() -> None:
    names = [p.name for p in d.uncertain(load("default"))]
    assert names[-1] == d.DUMMY
    assert "conditions.slip_found" in names
    assert "plan.cover.bought_fill" in names
    # decisions, settings of a run, causes for tests only
    assert not {
        "plan.horizon",
        "plan.meeting_min",
        "programme.run_years",
        "conditions.independent",
    } & set(names)
    told = load("default").with_changes({"conditions.slip_found": 0.1})
    assert set(names) - {p.name for p in d.uncertain(told)} == {"conditions.slip_found"}


def test_the_design_fills_every_range_and_every_value_is_accepted() -> None:
    found = d.uncertain(load("default"))
    places = np.array(d.design(found, 40, 1))
    for first in range(0, 40, d.SET):
        strips = np.sort((places[first : first + d.SET] * d.SET).astype(int), axis=0)
        assert (strips == np.arange(d.SET)[:, None]).all()
    for place in places[:3]:
        load("default").with_changes(d._change(found, d._values(found, place.tolist())))
    assert d.design(found, 20, 1) == d.design(found, 40, 1)[:20]
    ends = {p.name: (p.at(0.0), p.at(1 - 1e-9)) for p in found}
    assert ends["conditions.rearrangements"] == (0, 3)
    assert ends["programme.coaching.coaching_min"] == pytest.approx((20, 30))


OPEN = (
    "conditions.slip_found",
    "conditions.slip_before_after",
    "conditions.rearrangements",
    "conditions.culture",
)


@lru_cache(maxsize=1)
def small() -> Scenario:
    """A small school that has set nearly everything itself."""
    made = tiny_scenario(
        tiny_school(2, staff=2, calendar=tiny_calendar(8)), tiny_plan(preset="found_time")
    )
    answers = {p.name: p.change(p.at(0.37)) for p in d.uncertain(made)[:-1] if p.name not in OPEN}
    return made.with_changes(answers)


def test_a_run_on_a_small_school_repeats_exactly_and_adds_up() -> None:
    with ThreadPoolExecutor(1) as pool:  # where it is computed changes no digit
        first, again = (d.drivers(small(), points=60, executor=e)[0] for e in (None, pool))
    assert first.to_dict() == again.to_dict()
    assert {p.name for p in first.found} >= {*OPEN, d.DUMMY}
    assert len(first.found) < 20
    assert first.shares.total == pytest.approx(1, abs=0.05)
    assert first.dummy < 0.01
    data = first.to_dict()
    parts = sum(data["by_status"].values()) + data["luck"] + data["rest"]
    assert parts == pytest.approx(data["sum"], abs=1e-3)
    assert all(
        p["status"] == "assumption" for p in data["parameters"] if p["name"] in data["three"]
    )
    assert "The three assumptions that matter most" in "\n".join(first.lines())


# --- what is stored ---------------------------------------------------------------------------


def test_what_is_stored_is_what_a_fresh_run_gives() -> None:
    """If this fails after a change of the model: ectsim drivers --refresh."""
    data = d.stored()
    assert data["register"] == d.register_digest()
    assert set(data["plans"]) == {"found", "fixed"}
    for plan in data["plans"].values():
        scenario = load("default").with_changes({"plan.preset": plan["preset"]})
        assert scenario.code(1) == plan["code"]
        fresh = d.slice_of(scenario, points=1)
        assert np.array(fresh) == pytest.approx(np.array(plan["slice"][: len(fresh)]), abs=1e-12)
        for row in plan["metrics"].values():
            assert row["dummy"] < 0.01
            assert row["sum"] == pytest.approx(1, abs=0.05) or row["sd"] == 0
            assert len(row["three"]) <= 3
            # none is named only where nothing varies, or where luck is nearly all of it
            assert row["three"] or row["sd"] == 0 or row["luck"] > 0.95


def test_a_result_names_the_three_assumptions_that_matter_most() -> None:
    own, other = d.told(load("default")), d.told(load("primary"))
    assert own is not None
    assert other is not None
    assert (own["own"], other["own"]) == (True, False)
    assert len(own["three"]) == 3
    assert own["three"][0]["share"] >= own["three"][1]["share"] >= own["three"][2]["share"]
    assert own["three"][0]["ask"] in own["sentence"]
    assert "sample school" in other["sentence"]
    assert d.NO_OTHER not in own["sentence"]
    # under slots of its own most is luck, and fewer than three can be told from it
    fixed = d.told(load("default").with_changes({"plan.preset": "timetabled"}))
    assert fixed is not None
    assert fixed["luck"] > 0.5 > own["luck"]
    assert (d.NO_OTHER in fixed["sentence"]) == (len(fixed["three"]) < 3)


def test_simulate_says_what_matters_most(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "default", "--replications", "2", "--workers", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["drivers"]
    assert told == d.told(load("default"))


def test_drivers_of_an_unknown_metric_or_too_few_points_are_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in (["--metric", "completion"], ["--points", "10"], ["--set", "plan.nothing=1"]):
        assert run(["drivers", "default", "--workers", "1", *words]) == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err.count("\n")) == ("", 1)
