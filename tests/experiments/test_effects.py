"""Effects: the truth of a function that is known comes out; a dummy does nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ectsim.experiments.designs import Design
from ectsim.experiments.effects import effects, strongest
from tests.experiments.conftest import noise, planted

Make = Callable[..., Design]

RANGES = {
    "conditions.culture": {"low": 0.0, "high": 1.0},
    "conditions.belief": {"low": 0.0, "high": 1.0},
    "conditions.relationship": {"low": 0.0, "high": 1.0},
    "dummy": {"low": 0, "high": 1},
}
METRIC = "supply_cost"


def additive(values: Mapping[str, Any], r: int) -> float:
    return (
        3 * values["conditions.culture"]
        + values["conditions.belief"]
        + 0.0 * values["conditions.relationship"]
        + noise(r)
    )


def together(values: Mapping[str, Any], r: int) -> float:
    """Two factors that do something only together."""
    a, b = values["conditions.culture"] - 0.5, values["conditions.belief"] - 0.5
    return 4 * a * b + noise(r)


def measured(design: Design, truth: Callable[[Mapping[str, Any], int], float]) -> dict[tuple[str, str], float]:  # fmt: skip
    return {(e.factor, e.measure): e.value for e in effects(planted(design, truth))}


def make(small: Make, **changes: Any) -> Design:
    return small(factors=RANGES, metrics=[METRIC], **changes)


def test_a_factorial_finds_the_differences_whatever_the_year(small: Make) -> None:
    found = effects(planted(make(small, levels=2), additive))
    by = {e.factor: e for e in found if e.measure == "effect"}
    for name, size in (("culture", 3.0), ("belief", 1.0), ("relationship", 0.0)):
        e = by[f"conditions.{name}"]
        # the luck of a year is shared, so it cancels and leaves no width
        assert (e.value, e.lo, e.hi) == pytest.approx((size, size, size))
    shares = {e.factor: e.value for e in found if e.measure == "share"}
    assert shares["conditions.culture"] == pytest.approx(0.9)
    assert shares["conditions.belief"] == pytest.approx(0.1)
    assert shares["dummy"] == 0.0
    assert [f for f, _, _ in strongest(found, METRIC)][:2] == ["conditions.culture", "conditions.belief"]  # fmt: skip


def test_what_factors_do_only_together_is_nobody_s_alone(small: Make) -> None:
    found = measured(make(small, levels=2), together)
    assert found["conditions.culture", "share"] == pytest.approx(0.0, abs=1e-12)
    # 4 a b, each from -1/2 to 1/2: the effect of a is -2 at one end of b and 2 at the other
    pair = "conditions.culture x conditions.belief"
    assert found[pair, "together"] == pytest.approx(4.0)
    assert found["conditions.culture x dummy", "together"] == pytest.approx(0.0)
    alone = measured(make(small, levels=2), additive)
    assert alone[pair, "together"] == pytest.approx(0.0)


def test_one_at_a_time_is_a_difference_from_the_scenario(small: Make) -> None:
    d = small(kind="one_at_a_time", factors={"conditions.culture": [0.0, 1.0]}, metrics=[METRIC])
    found = effects(planted(d, lambda v, r: 3 * v["conditions.culture"] + noise(r)))
    base = 0.5
    assert [e.value for e in found] == pytest.approx([-3 * base, 3 * (1 - base)])
    assert [e.level for e in found] == ["0 against 0.5", "1 against 0.5"]


def test_a_plane_through_a_latin_hypercube_has_the_slopes(small: Make) -> None:
    found = measured(make(small, kind="latin_hypercube", points=40), additive)
    assert found["conditions.culture", "change"] == pytest.approx(3.0)
    assert found["dummy", "change"] == pytest.approx(0.0, abs=1e-9)
    assert found["conditions.culture", "share"] == pytest.approx(0.9, abs=0.1)


def test_morris_tells_what_matters_and_what_depends_on_others(small: Make) -> None:
    straight = measured(make(small, kind="morris", points=8), additive)
    assert straight["conditions.culture", "mu_star"] == pytest.approx(3.0)
    assert straight["conditions.culture", "sigma"] == pytest.approx(0.0, abs=1e-9)
    assert straight["dummy", "mu_star"] == pytest.approx(0.0, abs=1e-9)
    bent = measured(make(small, kind="morris", points=8), together)
    assert bent["conditions.culture", "sigma"] > 0.5
    assert abs(bent["conditions.culture", "mu"]) < bent["conditions.culture", "mu_star"]


def test_sobol_shares_out_the_variance_and_gives_a_dummy_nothing(small: Make) -> None:
    alone = measured(make(small, kind="sobol", points=256, replications=2), additive)
    assert alone["conditions.culture", "S1"] == pytest.approx(0.9, abs=0.02)
    assert alone["conditions.culture", "ST"] == pytest.approx(0.9, abs=0.02)
    assert alone["conditions.belief", "ST"] == pytest.approx(0.1, abs=0.02)
    assert abs(alone["dummy", "S1"]) < 0.01
    assert alone["dummy", "ST"] < 0.01
    both = measured(make(small, kind="sobol", points=1024, replications=2), together)
    assert both["conditions.culture", "S1"] == pytest.approx(0.0, abs=0.05)
    assert both["conditions.culture", "ST"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kind", ["factorial", "latin_hypercube", "morris", "sobol"])
def test_a_metric_that_nothing_changes_has_effects_of_zero(small: Make, kind: str) -> None:
    found = effects(planted(make(small, kind=kind, points=8), lambda v, r: 7.0))
    assert len(found) >= 8
    assert all(abs(e.value) < 1e-9 for e in found)


@pytest.mark.parametrize(
    "kind", ["factorial", "one_at_a_time", "latin_hypercube", "morris", "sobol"]
)
def test_a_metric_that_does_not_exist_has_no_size(small: Make, kind: str) -> None:
    nan = float("nan")
    d = make(small, kind=kind, points=8)
    found = effects(planted(d, lambda v, r: nan))
    assert all(e.to_dict()["value"] in (None, 0.0) for e in found)


def test_the_same_design_gives_the_same_digits(small: Make) -> None:
    d = make(small, kind="sobol", points=16)
    assert repr(effects(planted(d, together))) == repr(effects(planted(d, together)))
