"""The rule of precision: what it says by its definition, in any batches, and how often it is right."""

from __future__ import annotations

import json
import math
import statistics
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from ectsim.analysis import estimate
from ectsim.cli import run
from ectsim.errors import InputError
from ectsim.experiments.precision import (
    Goal,
    Rule,
    curve,
    decide,
    read_goal,
    read_goals,
    replicate_until,
)
from ectsim.scenario import load


def draws(n: int, seed: int = 1, mean: float = 50.0, spread: float = 10.0) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).normal(mean, spread, n)]


def test_the_curve_is_the_interval_after_each_replication() -> None:
    values = draws(30)
    values[4] = math.nan
    for n, (mean, half) in enumerate(curve(values), start=1):
        e = estimate(values[:n])
        assert mean == pytest.approx(e.mean)
        if e.n > 1:
            assert half == pytest.approx(e.hi - e.mean)


def by_definition(values: list[float], half: float, least: int, most: int) -> int | None:
    """Hoad, Robinson and Davies' rule as it is written: no cleverness."""
    widths = [math.nan] + [math.nan if n < 2 else estimate(values[:n]).hi - estimate(values[:n]).mean for n in range(1, most + 1)]  # fmt: skip
    for n in range(least, most + 1):
        ahead = 5 if n <= 100 else 5 * n // 100
        if all(widths[k] <= half for k in range(n, min(n + ahead, most) + 1)):
            return n
    return None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("half", [1.4, 3.0, 5.0])
def test_the_rule_is_the_published_one(seed: int, half: float) -> None:
    values = draws(260, seed)
    rule = Rule((Goal("completion_any", half),), least=5, most=250)
    n = 0
    while not (found := decide({"completion_any": values[:n]}, rule)).done:
        assert found.replications > n
        n = found.replications
    assert found.found == by_definition(values, half, 5, 250)


def test_batches_do_not_matter() -> None:
    values = {"completion_any": draws(400), "lowest_ect": draws(400, 2, 40, 20)}
    rule = Rule((Goal("completion_any", 2.0), Goal("lowest_ect", 0.1, relative=True)), 10, 400)
    ends = set()
    for n in (400, 333, 300):
        found = decide({k: v[:n] for k, v in values.items()}, rule)
        ends.add((found.done, found.found, found.replications))
    assert len(ends) == 1
    assert all(goal.met(*curve(values[goal.metric][: found.replications])[-1]) for goal in rule.goals)  # fmt: skip


def test_at_the_most_it_stops_and_says_that_it_was_not_enough() -> None:
    rule = Rule((Goal("completion_any", 0.001),), 10, 40)
    found = decide({"completion_any": draws(40)}, rule)
    assert (found.done, found.found, found.replications) == (True, None, 40)


def test_a_metric_that_exists_in_no_year_is_never_precise() -> None:
    rule = Rule((Goal("completion_any", 1.0),), 10, 20)
    assert decide({"completion_any": [math.nan] * 20}, rule).found is None


def test_intervals_where_the_rule_stops_hold_the_truth_in_93_to_97_of_100() -> None:
    rule = Rule((Goal("completion_any", 3.0),), 10, 400)
    held, sizes = [], []
    for seed in range(400):
        values = draws(400, 1000 + seed)
        n = decide({"completion_any": values}, rule).replications
        mean, half = curve(values[:n])[-1]
        held.append(abs(mean - 50.0) <= half)
        sizes.append(n)
    assert 0.93 <= statistics.fmean(held) <= 0.97
    # (1.96 x 10 / 3) squared is 43; looking ahead adds a few
    assert 40 <= statistics.fmean(sizes) <= 56


def test_goals_are_read() -> None:
    assert read_goals(["supply_cost=5%"]) == (Goal("supply_cost", 0.05, relative=True),)
    assert {g.metric for g in read_goals(["0.02"])} == {"completion_full", "completion_any", "lowest_ect"}  # fmt: skip
    found = {g.metric: g.half for g in read_goals(["0.02", "lowest_ect=0.05"])}
    assert found["lowest_ect"] == 0.05
    for value in (0, -1, "x", True, math.inf, math.nan, "0 %"):
        with pytest.raises(InputError, match="no half-width"):
            read_goal("completion_any", value)


def test_simulating_until_gives_the_first_years_of_a_longer_run(school: Path) -> None:
    from ectsim.experiment import replicate

    scenario = load(str(school))
    rule = Rule(
        (Goal("completion_any", 0.05),), 10, 300
    )  # fewer years than is wise: it is the same
    found, reached = replicate_until(scenario, rule, seed=4)
    assert 10 < len(found.runs) < 300
    assert reached["used"] == len(found.runs)
    assert reached["goals"][0]["reached"]
    assert reached["goals"][0]["curve"]["half_width"][-1] <= 0.05
    assert found.runs == replicate(scenario, seed=4, replications=len(found.runs)).runs


def test_simulate_takes_a_precision(school: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    plot = tmp_path / "curve.svg"
    arguments = ["simulate", str(school), "--precision", "completion_any=0.06", "--workers", "1"]
    assert run([*arguments, "--plot", str(plot), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    share = data["metrics"]["completion_any"]
    assert (share["hi"] - share["lo"]) / 2 <= 0.06
    assert data["replications"] == data["precision"]["used"]
    assert ET.fromstring(plot.read_text(encoding="utf-8")).tag.endswith("svg")
    arguments[3] = "completion_any=0.001"
    assert run([*arguments, "--replications", "32"]) == 0
    assert "not precise enough for Held at all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--precision", "completion=0.1"], "no metric"),
        (["--precision", "0"], "no half-width"),
        (["--plot", "x.svg"], "add --precision"),
        (["--precision", "0.1", "--replications", "3"], "needs 30 years"),
        (["--precision", "0.5", "--plot", "x.png", "--replications", "12"], ".svg or .html"),
    ],
)
def test_a_wrong_precision_is_one_line(school: Path, more: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert run(["simulate", str(school), "--workers", "1", *more]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.deep
@pytest.mark.parametrize("shape", ["normal", "skewed", "bounded"])
@pytest.mark.parametrize("half", [1.0, 3.0])
def test_where_the_rule_stops_intervals_hold_a_known_mean(shape: str, half: float, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Series with a mean of 50 and a standard deviation of 10, in three shapes."""
    rng = np.random.default_rng(7)
    series, most = (2000, 150) if half > 2 else (500, 1000)
    held, sizes = 0, []
    for _ in range(series):
        if shape == "normal":
            values = rng.normal(50, 10, most)
        elif shape == "skewed":  # as what the least-served ECT gets: most years well, some badly
            values = 60 - rng.gamma(1.0, 10, most)
        else:
            values = 50 + 10 * math.sqrt(12) * (rng.beta(1, 1, most) - 0.5)
        mine = values.tolist()
        n = decide({"completion_any": mine}, Rule((Goal("completion_any", half),))).replications  # fmt: skip
        mean, reached = curve(mine[:n])[-1]
        assert reached <= half
        held += abs(mean - 50) <= reached
        sizes.append(n)
    with capsys.disabled():
        print(
            f"\n{shape}, half-width {half:g}: {statistics.fmean(sizes):.0f} years on average, "
            f"the mean held in {100 * held / series:.1f} % of {series}"
        )
    assert 0.92 <= held / series <= 0.98


@pytest.mark.deep
def test_where_the_rule_stops_a_school_s_intervals_hold_its_mean(school: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """One long run is cut into series that are independent; its mean is the truth."""
    from ectsim.experiment import local_pool, replicate

    series, years = 100, 80
    with local_pool(2) as pool:
        whole = replicate(load(str(school)), seed=11, replications=series * years, executor=pool)
    for metric, wanted in (
        ("completion_any", 0.05),
        ("completion_full", 0.05),
        ("lowest_ect", 0.07),
    ):
        values = whole.metric(metric)
        truth = statistics.fmean(values)
        held, sizes, reached = 0, [], 0
        for k in range(series):
            mine = values[k * years : (k + 1) * years]
            found = decide({metric: mine}, Rule((Goal(metric, wanted),), most=years))
            mean, half = curve(mine[: found.replications])[-1]
            held += abs(mean - truth) <= half
            reached += found.found is not None
            sizes.append(found.replications)
        with capsys.disabled():
            print(
                f"\n{metric}: half-width {wanted}, {statistics.fmean(sizes):.1f} years on average, "
                f"reached in {reached}, the mean held in {held} of {series} ({100 * held / series:.1f} %)"
            )
        assert held / series >= 0.88  # three standard errors below 95 in 100
