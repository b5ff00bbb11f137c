"""Intervals, paired differences and verdicts."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.analysis import estimate, paired, quantile, t_quantile, verdict
from ectsim.words import of_hundred

scipy_stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("df", [1, 2, 3, 5, 7, 8, 12, 20, 49, 199, 2000])
def test_t_quantile_agrees_with_scipy(df: int) -> None:
    assert t_quantile(0.975, df) == pytest.approx(scipy_stats.t.ppf(0.975, df), abs=1.5e-3)


def test_interval_of_a_hand_computed_sample() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0])
    # mean 2.5, standard deviation 1.2910, t(0.975, 3) = 3.182
    assert found.mean == 2.5
    assert found.hi - found.mean == pytest.approx(3.182 * 1.2909944 / 2, abs=1e-4)
    assert found.n == 4


def test_what_does_not_exist_is_left_out_and_said() -> None:
    found = estimate([math.nan, 1.0, 3.0])
    assert (found.mean, found.n) == (2.0, 2)
    assert estimate([math.nan]).n == 0
    assert math.isnan(estimate([]).mean)


def test_intervals_cover_the_truth() -> None:
    draw = random.Random(4)
    hits = 0
    for _ in range(1000):
        found = estimate([draw.gauss(0.8, 0.05) for _ in range(20)])
        hits += found.lo <= 0.8 <= found.hi
    assert 930 <= hits <= 970  # 950 expected, three standard errors


def test_identical_arms_differ_by_exactly_zero() -> None:
    values = [0.1, 0.5, 0.7]
    found = paired(values, values)
    assert (found.mean, found.lo, found.hi) == (0.0, 0.0, 0.0)
    assert verdict(found, "more", 0.02) == "too close to call"


def test_verdict_needs_size_and_certainty() -> None:
    sure_and_large = paired([0.5] * 10 + [0.51] * 10, [0.6] * 10 + [0.6] * 10)
    sure_and_small = paired([0.5] * 10 + [0.501] * 10, [0.51] * 10 + [0.51] * 10)
    unsure = paired([0.1, 0.9, 0.5], [0.9, 0.1, 0.6])
    assert verdict(sure_and_large, "more", 0.02) == "better"
    assert verdict(sure_and_large, "less", 0.02) == "worse"
    assert verdict(sure_and_small, "more", 0.02) == "too close to call"
    assert verdict(unsure, "more", 0.02) == "too close to call"


def test_five_points_are_called_and_nothing_is_not() -> None:
    draw = random.Random(7)
    called = same = 0
    for _ in range(200):
        base = [draw.gauss(0.7, 0.06) for _ in range(60)]
        called += (
            verdict(paired(base, [b + 0.05 + draw.gauss(0, 0.04) for b in base]), "more", 0.02)
            == "better"
        )
        other = [draw.gauss(0.7, 0.06) for _ in range(60)]
        same += verdict(paired(base, other), "more", 0.02) == "too close to call"
    assert called >= 180
    assert same >= 184


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=18))
def test_parts_of_a_hundred_add_up(counts: list[int]) -> None:
    table = {f"bin {i}": c for i, c in enumerate(counts)}
    parts = of_hundred(table)
    assert sum(parts.values()) == (100 if sum(counts) else 0)
    whole = sum(counts)
    for name, count in table.items():
        if whole:
            assert abs(parts[name] - 100 * count / whole) < 1


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_quantiles_agree_with_the_standard_library(values: list[float]) -> None:
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    assert quantile(values, 0.1) == pytest.approx(tenths[0], abs=1e-9)
    assert quantile(values, 0.9) == pytest.approx(tenths[8], abs=1e-9)
