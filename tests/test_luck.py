"""Luck belongs to no plan: keys, isolation, prefixes, and a look at uniformity."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.luck import PURPOSES, Luck, stable_fraction, stable_seed

ids = st.text(min_size=0, max_size=8)
purposes = st.sampled_from(sorted(PURPOSES))
seeds = st.integers(0, 2**40)

GOLDEN = [
    (1, 0, "diary", "T001", 0, 0.16108349666545174),
    (1, 0, "diary", "T001", 1, 0.41350504416536527),
    (1, 1, "diary", "T001", 0, 0.8821040986272656),
    (2, 0, "diary", "T001", 0, 0.6470215369868211),
    (1, 0, "rota", "T001", 0, 0.9274592268890022),
    (1, 0, "slip_meeting", "T089", 1234, 0.8574839356174752),
    (1, 199, "season", "school", 38, 0.7415340841415947),
    (1, 0, "choice", "Zoë Ünal", 3, 0.9544339604563848),
]
"""A few draws as they were on the first day. Another value changes every stored result."""


@pytest.mark.parametrize(("seed", "replication", "purpose", "person", "occasion", "draw"), GOLDEN)
def test_golden_draws(
    seed: int, replication: int, purpose: str, person: str, occasion: int, draw: float
) -> None:
    assert Luck(seed, replication).uniform(purpose, person, occasion) == draw


def test_golden_fractions_and_seeds() -> None:
    assert stable_fraction("ppa", "T001", "1Mon:1") == 0.6040416505991275
    assert stable_seed(1, "design", 7) == 1210267181693039599


@given(purposes, ids, seeds, st.integers(0, 50), st.integers(1, 40), st.integers(1, 40))
def test_a_table_is_a_prefix_of_a_longer_one(
    purpose: str, person: str, seed: int, replication: int, few: int, more: int
) -> None:
    luck = Luck(seed, replication)
    short, long = luck.table(purpose, person, few), luck.table(purpose, person, few + more)
    assert np.array_equal(short, long[:few])
    assert luck.row(purpose, person, few)[:few] == short.tolist()
    assert luck.uniform(purpose, person, few - 1) == short[-1]
    ranks = luck.ranks(purpose, [person], few)
    assert np.array_equal(ranks, luck.ranks(purpose, [person], few + more)[:, :few])


@given(purposes, st.lists(ids, min_size=2, max_size=6, unique=True), seeds, st.integers(1, 30))
def test_nobody_s_luck_depends_on_the_others(
    purpose: str, people: list[str], seed: int, size: int
) -> None:
    """Neither on who else is asked, in which order, nor on what was drawn before."""
    together = Luck(seed, 0).tables(purpose, people, size)
    turned = Luck(seed, 0).tables(purpose, people[::-1], size)[::-1]
    assert np.array_equal(together, turned)
    for who, row in zip(people, together, strict=True):
        luck = Luck(seed, 0)
        luck.uniform("need", "somebody else", 11)
        assert np.array_equal(luck.table(purpose, who, size), row)


def test_every_part_of_a_key_counts() -> None:
    base = (1, 0, "diary", "ab", 0)
    others = [
        (2, 0, "diary", "ab", 0),
        (1, 1, "diary", "ab", 0),
        (1, 0, "study", "ab", 0),
        (1, 0, "diary", "a", 0),
        (1, 0, "diary", "ab ", 0),
        (1, 0, "diary", "ab", 1),
        (10, 0, "diary", "ab", 0),
        (1, 10, "diary", "ab", 0),
    ]
    draws = [Luck(a, b).uniform(c, d, e) for a, b, c, d, e in (base, *others)]
    assert len(set(draws)) == len(draws)
    # the parts of a key are set apart: ("1", "23") is not ("12", "3")
    assert Luck(1, 23).uniform("need", "x", 0) != Luck(12, 3).uniform("need", "x", 0)
    assert stable_fraction("ab", "c") != stable_fraction("a", "bc")


def test_an_unregistered_purpose_is_refused() -> None:
    with pytest.raises(KeyError, match="no purpose 'wether'"):
        Luck(1, 0).uniform("wether", "x", 0)


def test_draws_look_uniform_and_independent() -> None:
    """Bounds far out (five standard errors), so that only a mistake fails."""
    n = 20_000
    draws = Luck(1, 0).table("diary", "T001", n)
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs(draws.mean() - 0.5) < 5 * (1 / 12 / n) ** 0.5
    counts = np.bincount((draws * 20).astype(int), minlength=20)
    assert ((counts - n / 20) ** 2 / (n / 20)).sum() < 60  # chi square, 19 degrees of freedom
    people = Luck(1, 0).tables("diary", [f"T{i}" for i in range(n)], 2)
    assert abs(people[:, 0].mean() - 0.5) < 5 * (1 / 12 / n) ** 0.5
    replications = np.array([Luck(1, k).uniform("need", "E1", 0) for k in range(2_000)])
    for a, b in (
        (draws[:-1], draws[1:]),
        (people[:, 0], people[:, 1]),
        (people[:-1, 0], people[1:, 0]),
        (replications[:-1], replications[1:]),
    ):
        assert abs(np.corrcoef(a, b)[0, 1]) < 5 / len(a) ** 0.5
    ranks = Luck(1, 0).ranks("rota", ["T001"], n)[0]
    assert abs(ranks.mean() - 0.5) < 5 * (1 / 12 / n) ** 0.5


def test_draws_do_not_depend_on_python_s_hash() -> None:
    code = "from ectsim.luck import Luck; print(Luck(1, 0).uniform('diary', 'T001', 5))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert found == {f"{Luck(1, 0).uniform('diary', 'T001', 5)}\n"}
