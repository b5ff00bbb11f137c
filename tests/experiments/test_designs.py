"""Designs: the points they make, the same ones every time, and what they refuse."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectsim.errors import InputError
from ectsim.experiments.designs import Design, base_scenario, known_fields, make_design, read_design
from ectsim.share import data_dir

Make = Callable[..., Design]


def points(design: Design) -> list[dict[str, Any]]:
    return [dict(p.values) for p in design.expand(base_scenario(design))]


def test_a_factorial_has_every_combination_once(small: Make) -> None:
    found = points(small(levels=3))
    assert len(found) == 2 * 3 * 2
    wanted = set(itertools.product([0, 1], [4.1, 17.05, 30.0], [0, 1]))
    assert {tuple(round(v, 9) for v in p.values()) for p in found} == wanted


def test_one_at_a_time_starts_from_the_scenario_as_it_is(small: Make) -> None:
    d = small(kind="one_at_a_time")
    base = base_scenario(d)
    first, *rest = d.expand(base)
    assert first.changes == {}
    assert first.values["plan.horizon"] == base.plan.horizon
    for p in rest:
        assert sum(p.values[n] != first.values[n] for n in d.names) == 1
    assert base.plan.horizon not in [p.changes.get("plan.horizon") for p in rest]


def test_a_latin_hypercube_fills_every_stratum_of_every_factor_once(small: Make) -> None:
    places = small(kind="latin_hypercube", points=16).places()
    assert places.shape == (16, 3)
    for column in places.T:
        assert sorted((column * 16).astype(int)) == list(range(16))


def test_a_trajectory_of_morris_moves_one_factor_at_a_time(small: Make) -> None:
    places = small(kind="morris", points=4).places()
    assert places.shape == (4 * 4, 3)
    for path in places.reshape(4, 4, 3):
        steps = np.abs(np.diff(path, axis=0))
        assert (np.count_nonzero(steps, axis=1) == 1).all()
        assert np.allclose(steps[steps > 0], 2 / 3)


def test_sobol_has_a_block_for_each_factor(small: Make) -> None:
    d = small(kind="sobol", points=8)
    assert d.places().shape == (8 * (3 + 2), 3)
    assert d.size() == 40


@pytest.mark.parametrize("kind", ["latin_hypercube", "morris", "sobol"])
def test_a_sample_is_the_seed_s_and_no_global_generator_s(small: Make, kind: str) -> None:
    first = small(kind=kind, points=8).places()
    np.random.seed(1)  # noqa: NPY002 - what a user's notebook may do
    assert (small(kind=kind, points=8).places() == first).all()
    assert (small(kind=kind, points=8, seed=2).places() != first).any()


def test_levels_take_equal_parts_of_a_sample_and_counts_stay_whole(small: Make) -> None:
    factors = {
        "plan.protection.ect": ["none", "last", "guaranteed"],
        "plan.cover.supervisors": {"low": 0, "high": 3},
    }
    found = points(small(kind="latin_hypercube", points=12, factors=factors))
    assert set(Counter(p["plan.protection.ect"] for p in found).values()) == {4}
    assert Counter(p["plan.cover.supervisors"] for p in found) == {0: 3, 1: 3, 2: 3, 3: 3}
    assert all(type(p["plan.cover.supervisors"]) is int for p in found)


def test_a_dummy_changes_nothing(small: Make) -> None:
    d = small()
    assert all("dummy" not in p.changes for p in d.expand(base_scenario(d)))


def test_all_assumptions_can_be_varied_over_their_ranges(small: Make) -> None:
    d = small(factors={}, ranges=["assumption"], kind="morris", points=2)
    fields = known_fields()
    assert len(d.factors) > 60
    for f in d.factors:
        assert (f.low, f.high) == (fields[f.name].low, fields[f.name].high)
        assert f.status == "assumption"
    assert "programme.run_years" not in d.names


def test_a_name_does_not_count_and_everything_else_does(small: Make) -> None:
    key = small().digest("base")
    assert small(name="x", question="why?").digest("base") == key
    changes: list[dict[str, Any]] = [
        {"replications": 7}, {"seed": 2}, {"set": {"plan.horizon": 2}}, {"metrics": ["lowest_ect"]},
        {"factors": {"plan.horizon": [0, 2]}}, {"precision": {"completion_any": 0.02}},
    ]  # fmt: skip
    keys = {small(**c).digest("base") for c in changes} | {small().digest("other"), key}
    assert len(keys) == len(changes) + 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "factorail"}, "did you mean 'factorial'"),
        ({"knid": "factorial"}, "did you mean 'kind'"),
        ({"factors": {}}, "no factor is named"),
        ({"factors": {"conditions.sicknes_days": [1]}}, "sickness_days"),
        ({"factors": {"plan.horizon": [0, 99]}}, "horizon"),
        ({"factors": {"plan.horizon": [0, 0]}}, "stands twice"),
        ({"factors": {"plan.horizon": [[[1]]]}}, "plan.horizon"),
        ({"factors": {"plan.horizon": 3}}, "neither levels nor a range"),
        ({"factors": {"plan.horizon": {"low": 2, "high": 1}}}, "low is not below high"),
        ({"factors": {"plan.horizon": {"low": 0}}}, "high is no number"),
        ({"factors": {"plan.horizon": {"low": 0, "high": float("inf")}}}, "high is no number"),
        ({"factors": "plan.horizon"}, "is not a table"),
        ({"metrics": ["completion"]}, "no metric 'completion'"),
        ({"kind": "sobol", "points": 12}, "no power of 2"),
        ({"replications": 0}, "replications"),
        ({"ranges": ["assumptions"]}, "did you mean 'assumption'"),
        ({"scenario": "defualt"}, "did you mean 'default'"),
        ({"precision": {"completion_any": "wide"}}, "no half-width"),
        ({"precision": {"completion": 0.1}}, "no metric"),
        ({"precision": {"completion_any": 0.1}, "replications": 90, "most": 80}, "least number"),
        ({"format": 2}, "format 2"),
        ({"factors": {f"conditions.{n}": {"low": 0.2, "high": 0.3} for n in ("culture", "belief")},
          "levels": 20, "kind": ["a"]}, "no design"),
        ({"factors": {c.name: {"low": c.low, "high": c.high} for c in list(known_fields().values())
                      if c.name.startswith("conditions.slip")}, "levels": 20}, "points"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(small: Make, changes: dict[str, Any], words: str) -> None:  # fmt: skip
    with pytest.raises(InputError, match="(?i)" + words) as error:
        small(**changes)
    assert "\n" not in str(error.value)


def test_a_scenario_s_file_is_looked_for_beside_the_design(school: Path) -> None:
    path = school / "design.toml"
    path.write_text('scenario = "scenario.toml"\n[factors]\n"plan.horizon" = [0, 1]\n')
    assert base_scenario(read_design(path)).school.pairs[0].id == "E1"
    path.unlink()


def test_the_designs_that_ship_can_be_read() -> None:
    paths = sorted((data_dir() / "designs").glob("*.toml"))
    found = {p.stem: read_design(p) for p in paths}
    assert found["choices"].size() == 64
    assert {d.kind for d in found.values()} >= {"factorial", "morris", "sobol", "one_at_a_time"}
    assert all(d.question.endswith("?") for d in found.values())


def test_missing_extras_are_named(small: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    with pytest.raises(InputError, match="extra 'research'"):
        small(kind="morris", points=4).places()


def test_a_table_in_a_table_is_a_dotted_name(small: Make) -> None:
    d = small(factors={"conditions": {"culture": {"low": 0.2, "high": 0.9}, "belief": [0.2, 0.4]}})
    assert d.names == ("conditions.culture", "conditions.belief")
    assert make_design({"factors": {"plan": {"horizon": [1, 2]}}}).names == ("plan.horizon",)
