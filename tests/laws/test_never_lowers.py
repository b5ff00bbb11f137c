"""Law 6: on shared luck more protection, a reserve, more cover, a longer horizon never lower a pair.

Run by run, under exactly these switches: feedback and learning off, fixed durations, no visits,
more than one meeting a day, each pair its own mentor, rota ``keyed``, counting meetings of any
content, and no limit on how often a pair sets a new time (see the counterexamples at the end).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ectsim.ledger import ledger
from ectsim.model.year import live
from ectsim.scenario import Scenario
from tests.laws.worlds import busy_scenarios, free_slots, with_plan, with_slots

LEVELS = ("none", "last", "guaranteed")
RUNS = 6


def held(scenario: Scenario, replication: int) -> list[int]:
    """Return how many cycles of each pair met."""
    entries = ledger(live(scenario, 1, replication).log, scenario)
    return [
        sum(e.met is not None for e in entries if e.pair == i)
        for i in range(len(scenario.school.pairs))
    ]


def never_lowers(base: Scenario, other: Scenario, first: int, *, only: int | None = None) -> None:
    for replication in range(first, first + RUNS):
        before, after = held(base, replication), held(other, replication)
        for i in range(len(before)) if only is None else (only,):
            assert after[i] >= before[i], (replication, i, before, after)


def raised(level: str, by: int) -> str:
    return LEVELS[min(2, LEVELS.index(level) + by)]


def protection(data: Any, first: int) -> None:
    base = data.draw(busy_scenarios(pairs=(1, 1), meeting="fixed"))
    now = base.plan.protection
    sides = data.draw(st.sets(st.sampled_from(("mentor", "ect", "reserve")), min_size=1))
    more = {side: raised(getattr(now, side), data.draw(st.integers(1, 2))) for side in sides}
    never_lowers(base, with_plan(base, protection=more), first, only=0)


def reserve(data: Any, first: int) -> None:
    recovery = data.draw(st.permutations(("reserve", "common_free", "before_after", "split")))
    recovery = tuple(recovery[: data.draw(st.integers(1, 4))])
    recovery = recovery if "reserve" in recovery else ("reserve", *recovery)
    base = data.draw(busy_scenarios(recovery=recovery, meeting_min=45))
    pair = data.draw(st.sampled_from(base.school.pairs))
    options = free_slots(base, pair)
    assume(options)
    new = data.draw(st.sampled_from(options))
    other = with_slots(base, pair.id, reserve=(*base.plan.slots_of(pair.id).reserve, new))
    never_lowers(base, other, first, only=base.school.pairs.index(pair))


def cover(data: Any, first: int) -> None:
    base = data.draw(busy_scenarios())
    policy = base.plan.cover
    more = {
        "supervisors": (policy.supervisors or 0) + data.draw(st.integers(0, 2)),
        "known_fill": min(1.0, policy.known_fill + data.draw(st.sampled_from((0.0, 0.3)))),
        "sickness_fill": min(1.0, policy.sickness_fill + data.draw(st.sampled_from((0.0, 0.3)))),
    }
    never_lowers(base, with_plan(base, cover=more), first)


def horizon(data: Any, first: int) -> None:
    base = data.draw(busy_scenarios(horizon=data.draw(st.integers(0, 1))))
    longer = base.plan.horizon + data.draw(st.integers(1, 2 - base.plan.horizon))
    never_lowers(base, with_plan(base, horizon=longer), first)


LAWS = {"protection": protection, "reserve": reserve, "cover": cover, "horizon": horizon}


@pytest.mark.parametrize("law", LAWS)
@given(st.data(), st.integers(0, 99))
def test_never_lowers(law: str, data: Any, first: int) -> None:
    LAWS[law](data, first)


@pytest.mark.deep
@pytest.mark.parametrize("law", LAWS)
@given(st.data(), st.integers(0, 9999))
def test_never_lowers_deep(law: str, data: Any, first: int) -> None:
    LAWS[law](data, first)
