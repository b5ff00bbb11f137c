"""Intervals that hold together, chances, verdicts, and the best of several plans, against known answers."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectsim.analysis import paired
from ectsim.cli import run
from ectsim.experiments.compare import against, beats, critical, needed, unpaired, wilson
from ectsim.experiments.selection import Race, best_of, kn
from ectsim.folder import school_files
from tests.builders import tiny_plan, tiny_scenario, tiny_school

stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize(
    ("k", "df", "table"), [(2, 20, 2.38), (3, 20, 2.54), (5, 60, 2.56), (9, 30, 2.86)]
)
def test_the_point_is_dunnett_s(k: int, df: int, table: float) -> None:
    # two-sided 5 % points for correlations of a half, Dunnett (1964)
    half = np.full((k, k), 0.5) + 0.5 * np.eye(k)
    assert critical(half, df) == pytest.approx(table, abs=0.03)


@pytest.mark.parametrize("df", [5, 9, 30, 199])
def test_the_point_for_independent_plans(df: int) -> None:
    found = critical(np.eye(4), df)
    inside = stats.multivariate_t(np.zeros(4), np.eye(4), df=df).cdf(
        [found] * 4, lower_limit=[-found] * 4, random_state=1
    )
    assert inside == pytest.approx(0.95, abs=0.004)


def test_plans_that_are_one_cost_nothing_and_independent_ones_less_than_bonferroni() -> None:
    assert critical(np.ones((3, 3)), 40) == pytest.approx(critical(np.eye(1), 40), abs=0.02)
    assert critical(np.eye(3), 40) < stats.t.ppf(1 - 0.025 / 3, 40) + 0.02
    assert critical(np.eye(3), 40) == critical(np.eye(3), 40)


def test_all_intervals_hold_the_truth_at_once_in_95_of_100() -> None:
    draw = np.random.default_rng(5)
    truth = np.array([0.0, 0.02, -0.05, 0.1])
    hits = 0
    for _ in range(150):
        year = draw.normal(0, 0.05, 25)
        base = 0.7 + year + draw.normal(0, 0.02, 25)
        others = [0.7 + t + year + draw.normal(0, 0.03, 25) for t in truth]
        found = against(base, others, better="more", smallest=0.02)
        hits += all(f.lo <= t <= f.hi for f, t in zip(found, truth, strict=True))
    assert hits >= 134  # 142.5 expected, three standard errors


def test_one_plan_alone_has_the_paired_interval() -> None:
    base, other = [0.5, 0.6, 0.8, 0.7], [0.6, 0.8, 0.8, 0.8]
    (found,) = against(base, [other], better="more", smallest=0.02)
    assert found.difference == paired(base, other)
    assert (found.lo, found.hi) == pytest.approx((found.difference.lo, found.difference.hi))
    assert (found.beats, found.same) == (0.75, 0.25)


def test_less_is_better_where_the_metric_says_so() -> None:
    base, other = [10.0, 11, 12, 13] * 5, [8.0, 9.5, 10, 11] * 5
    (found,) = against(base, [other], better="less", smallest=0.5)
    assert (found.verdict, found.beats) == ("better", 1.0)
    (neither,) = against(base, [other], better="", smallest=0.5)
    assert neither.verdict == ""
    assert math.isnan(neither.beats)


def test_years_without_the_metric_are_left_out() -> None:
    base = [0.5, math.nan, 0.7, 0.6, 0.4, 0.8, 0.5, 0.6, 0.7, 0.5]
    a, b = [x + 0.1 for x in base], [0.55] * 10
    wide = against(base, [a, b], better="more", smallest=0.02)
    assert wide[0].difference.n == 9
    assert wide[0].verdict == "better"
    # Bonferroni's: wider than each alone
    assert wide[1].hi - wide[1].lo > wide[1].difference.hi - wide[1].difference.lo


def test_identical_plans_are_never_told_apart() -> None:
    base = [0.5, 0.7, 0.6]
    same, other = against(base, [base, [0.9, 1.0, 0.8]], better="more", smallest=0.02)
    assert (same.lo, same.hi, same.same, same.verdict) == (0, 0, 1, "too close to call")
    assert other.beats == 1.0


def test_chance_of_one_year() -> None:
    chance, lo, hi, same = beats([0.1, 0.2, -0.1, 0.0], "more")
    assert (chance, same) == (0.5, 0.25)
    assert (lo, hi) == wilson(2, 4)
    want = stats.binomtest(7, 20).proportion_ci(method="wilson")
    assert wilson(7, 20) == pytest.approx((want.low, want.high))
    assert wilson(0, 20)[0] == 0.0


def test_without_shared_luck_the_interval_is_welch_s() -> None:
    draw = np.random.default_rng(2)
    a, b = draw.normal(0.7, 0.05, 40), draw.normal(0.75, 0.1, 60)
    want = stats.ttest_ind(b, a, equal_var=False).confidence_interval()
    found = unpaired(a, b)
    assert (found.lo, found.hi) == pytest.approx((want.low, want.high), abs=1e-4)


def test_replications_that_a_half_width_needs() -> None:
    draw = np.random.default_rng(3)
    values = draw.normal(0.8, 0.05, 400)
    n = needed(values, 0.01)
    assert n is not None
    # (1.98 * 0.05 / 0.01)^2 = 98
    assert 70 < n < 140
    half = stats.t.ppf(0.975, n - 1) * values[:n].std(ddof=1) / math.sqrt(n)
    assert half <= 0.01
    assert needed(values, 0.0001) is None
    assert needed([0.5] * 30, 0.01) == 15  # ten in any case, and five more that stay


# --- the best of several -----------------------------------------------------------------------


def race(means: list[float], seed: int, most: int = 3000, shared: float = 0.04) -> Race:
    table = np.random.default_rng(seed).normal(0, 0.04, (len(means), most))
    table += np.random.default_rng(seed + 10_000).normal(0, shared, most) + np.array(means)[:, None]
    return kn(lambda plans, a, b: table[list(plans), a:b], len(means), smallest=0.02, most=most)


def test_the_best_is_found_with_the_chance_asked_for() -> None:
    # the hardest case: all others exactly the smallest difference behind
    runs = [race([0.68, 0.68, 0.70, 0.68, 0.68], seed) for seed in range(300)]
    assert all(r.decided for r in runs)
    assert sum(r.best == 2 for r in runs) >= 285


def test_plans_far_behind_are_dropped_early() -> None:
    found = race([0.3, 0.68, 0.7, 0.4], 1)
    assert found.best == 2
    assert found.used[0] == found.used[3] == 20


def test_shared_luck_needs_no_more_years_and_ties_end_undecided() -> None:
    quiet, loud = race([0.65, 0.7], 4, shared=0.0), race([0.65, 0.7], 4, shared=0.3)
    assert quiet.used == loud.used  # what years have in common drops out of every difference
    row = np.random.default_rng(6).normal(0.7, 0.05, 40)
    table = np.array([row, row, row - 0.5 + 0.01 * np.arange(40) % 3])
    tie = kn(lambda plans, a, b: table[list(plans), a:b], 3, smallest=0.02, most=40)
    assert not tie.decided
    assert tie.left == (0, 1)
    assert tie.used == (40, 40, 20)


def test_the_race_agrees_with_a_plain_reading_of_the_paper() -> None:
    """One look at a time, means instead of sums, as the paper writes it."""
    table = np.random.default_rng(8).normal([[0.6], [0.66], [0.64]], 0.05, (3, 2000))
    k, n0, delta, alpha = 3, 20, 0.02, 0.05
    eta = 0.5 * ((2 * alpha / (k - 1)) ** (-2 / (n0 - 1)) - 1)
    h2 = 2 * eta * (n0 - 1)
    alive, r = {0, 1, 2}, n0
    while len(alive) > 1:
        means = table[:, :r].mean(axis=1)

        def beaten(i: int, j: int, r: int = r, means: Any = means) -> bool:
            spread = (table[i, :n0] - table[j, :n0]).var(ddof=1)
            w = max(0.0, delta / (2 * r) * (h2 * spread / delta**2 - r))
            return bool(means[i] < means[j] - w)

        alive = {i for i in alive if not any(beaten(i, j) for j in alive - {i})}
        r += 1
    r -= 1
    found = kn(lambda p, a, b: table[list(p), a:b], k, smallest=delta, batch=1, most=2000)
    assert (set(found.left), max(found.used)) == (alive, r)


# --- the command ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("school")
    base = tiny_school(2, staff=4, weeks=8, cycle_weeks=2, conditions={"sickness_days": 20.0})
    for name, text in school_files(base).items():
        (out / name).write_text(text, encoding="utf-8")
    found = tiny_scenario(base, tiny_plan(preset="found_time"))
    (out / "scenario.toml").write_text(found.to_toml("."), encoding="utf-8")
    return out


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = run([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_compare_holds_several_plans_against_one(
    school: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("compare", school, "--try", "plan.horizon=2", "--try", "plan.before_after=false plan.horizon=0", "--replications", 12, "--workers", 1)  # fmt: skip
    code, out, err = said(capsys, *words, "--json")
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert [a["scenario"] for a in data["arms"]] == [
        "plan.horizon=2",
        "plan.before_after=false plan.horizon=0",
    ]
    for arm in data["arms"]:
        d = arm["differences"]["completion_any"]
        assert d["lo_all"] <= d["lo"] <= d["mean"] <= d["hi"] <= d["hi_all"]
        assert 0 <= d["beats_lo"] <= d["beats"] <= d["beats_hi"] <= 1
        assert d["beats"] + d["same"] <= 1
    code, out, _ = said(capsys, *words)
    assert code == 0
    assert "Intervals hold for all 2 plans at once" in out
    assert "of 100 years" in out


def test_the_best_plan_by_command(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("compare", school, "--try", "plan.horizon=2", "--try", "plan.before_after=false plan.horizon=0", "--best", "completion_any", "--workers", 1)  # fmt: skip
    code, out, err = said(capsys, *words, "--json", "--smallest", 0.05, "--replications", 60)
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert (
        data["best"] == max(data["plans"], key=lambda p: p["mean"] if p["left"] else 0)["scenario"]
    )
    assert sum(p["left"] for p in data["plans"]) == 1 or not data["decided"]
    code, out, _ = said(capsys, *words, "--smallest", 0.001, "--replications", 20)
    assert code == 0
    assert out.startswith("Not decided after 20 years")


def test_the_race_is_the_same_wherever_it_is_run() -> None:
    base = tiny_scenario(tiny_school(2, staff=2, weeks=8), tiny_plan(preset="found_time"))
    plans = [
        base,
        base.with_changes({"plan.horizon": 2}),
        base.with_changes({"plan.before_after": False}),
    ]
    with ThreadPoolExecutor(1) as pool:
        here, there = (best_of(plans, most=30, smallest=0.05, executor=e) for e in (None, pool))
    assert here.to_dict() == there.to_dict()
    assert here.race.best != 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--best", "completion"), "no metric 'completion'"),
        (("--best", "coaching_minutes"), "no better direction"),
        (("--best", "mentor_own_time"), "--smallest"),
        (("--best", "completion_any", "--smallest", "0"), "above 0"),
        (("--best", "completion_any", "--confidence", "0.2"), "cannot be kept"),
        (("--best", "completion_any", "--replications", "5"), "too few"),
        (("--smallest", "0.1"), "belong to --best"),
        (("--try", " "), "--try has no change"),
        (("--try", "plan.horizn=2"), "plan.horizn"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    school: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    code, out, err = said(capsys, "compare", school, "--set", "plan.horizon=2", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
