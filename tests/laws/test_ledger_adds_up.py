"""Law 1: the ledger adds up in every run, in whole numbers, a pair and a week at a time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.experiment import run_one
from ectsim.ledger import BINS, count_bins, ledger
from ectsim.log import EVENT_CODE
from ectsim.model.year import live
from ectsim.scenario import Scenario
from tests.laws.worlds import scenarios


def check(scenario: Scenario, replication: int) -> None:
    year = live(scenario, 1, replication)
    year.log.check()
    entries = ledger(year.log, scenario)
    windows = {(p.index, w.cycle): w for p in year.frame.pairs for w in p.windows}
    # every window is booked, once
    assert [(e.pair, e.cycle) for e in entries] == sorted(windows)
    # ... and opens in the log when the calendar says
    opened = Counter(
        (r[2], r[3]) for r in year.log.rows if r[1] in (EVENT_CODE["due"], EVENT_CODE["paused"])
    )
    assert opened == Counter(windows.keys())
    assert all(e.bin in BINS for e in entries)
    assert all(type(n) is int for n in count_bins(entries).values())
    assert sum(count_bins(entries).values()) == len(windows)
    for p in year.frame.pairs:
        mine = [e for e in entries if e.pair == p.index]
        assert sum(count_bins(mine).values()) == len(p.windows)
        for week in {w.week for w in p.windows}:
            there = [e for e in mine if windows[e.pair, e.cycle].week == week]
            assert sum(count_bins(there).values()) == sum(w.week == week for w in p.windows)
    for e in entries:
        window = windows[e.pair, e.cycle]
        met = e.met is not None
        assert met == (e.timing in ("on_time", "moved", "late"))
        assert met == (e.content in ("full", "partial"))
        assert (e.content == "partial") == bool(e.reason)
        assert (e.bin == "partial") == (e.content == "partial")
        assert e.timing != "lost" or e.cause, "a lost cycle has a cause"
        if met:
            assert e.met >= window.opens, "no cycle before its window"
            assert (e.timing == "late") == (e.met >= window.closes)
            assert e.coaching + e.mentoring <= scenario.plan.meeting_min
        assert all(a.start >= window.opens for a in e.chain)
        assert [a.start for a in e.chain] == sorted(a.start for a in e.chain)
    kept = run_one(scenario, 1, replication)
    assert kept.due == len(windows) == sum(kept.bins)


@given(scenarios(), st.integers(0, 99))
def test_the_ledger_adds_up(scenario: Scenario, replication: int) -> None:
    check(scenario, replication)


@pytest.mark.deep
@given(scenarios(), st.integers(0, 9999))
def test_the_ledger_adds_up_deep(scenario: Scenario, replication: int) -> None:
    check(scenario, replication)
