"""A pair's year told week by week, a week taken away, and the study gate."""

from __future__ import annotations

from typing import Any

import pytest

from ectsim import chain
from ectsim.chain import live_pair, strands
from ectsim.errors import InputError
from ectsim.experiment import run_chunk
from ectsim.log import EVENT_CODE
from ectsim.metrics import METRICS
from ectsim.model.year import live
from ectsim.scenario import Scenario, load

YEAR = 12
"""A year in which a cycle is lost anyway, and a step on questioning waits for its module."""


@pytest.fixture(scope="module")
def doug() -> Scenario:
    return load("doug")


def test_only_the_taken_cycle_is_lost_and_the_luck_is_the_same(doug: Scenario) -> None:
    base = live(doug, 1, 11)
    other = live(doug, 1, 11, without=[("T31", 7)])
    again = live(doug, 1, 11)
    assert base.log.to_bytes() == again.log.to_bytes()
    for name in ("absence", "cover_call", "studied"):
        code = EVENT_CODE[name]
        rows = [[r for r in log.rows if r[1] == code] for log in (base.log, other.log)]
        assert rows[0] or name == "cover_call"
        assert rows[0] == rows[1]
    pairs = doug.school.pairs
    mine = pairs.index(doug.school.pair("T31"))
    mentor = pairs[mine].mentor
    for i, pair in enumerate(pairs):
        if i != mine and pair.mentor != mentor:
            assert base.log.of_pair(i) == other.log.of_pair(i)


def test_a_lost_week_is_told_from_the_two_logs(doug: Scenario) -> None:
    told = chain.pair_year(doug, 1, year=YEAR, lose=9)
    assert told["name"] == "Doug"
    assert 9 in told["can_lose"]
    before, after = (row["cells"] for row in told["strip"]["data"]["rows"])
    assert after[8] == "lost" != before[8]
    assert told["strip"]["data"]["differ"] == [8]
    text = " ".join(told["chain"])
    assert "21 days, not 14" in text
    assert "fewer" in text
    week = told["weeks"][8]["told"]
    assert "taken away" in week[1]["sentence"]
    assert "They met" in week[0]["sentence"]
    assert "T31" not in text + told["head"]


def test_a_topic_that_no_other_week_takes_up_is_named(doug: Scenario) -> None:
    told = " ".join(chain.pair_year(doug, 1, year=YEAR, lose=23)["chain"])
    assert "No step comes from attention and memory" in told
    assert "stays studied and never coached" in told


def test_a_week_that_was_lost_anyway_changes_nothing(doug: Scenario) -> None:
    plain = chain.pair_year(doug, 1, year=YEAR)
    states = plain["strip"]["data"]["rows"][0]["cells"]
    week = states.index("lost") + 1
    told = chain.pair_year(doug, 1, year=YEAR, lose=week)
    assert told["chain"] == ["This cycle was lost already, so taking it away changes nothing."]


def test_the_gate_keeps_every_step_on_what_was_studied(doug: Scenario) -> None:
    told = chain.pair_year(doug, 1, year=YEAR)
    assert told["steps"]["title"] == "Every step rests on a module that Doug had studied"
    assert [24, 22] in told["deferred"]  # classroom talk and questioning
    studied, steps = (s["values"] for s in told["steps"]["data"]["series"])
    for done, step in zip(studied, steps, strict=True):
        assert step is None or step <= done
    here, then = told["weeks"][23]["told"][0]["sentence"], told["weeks"][24]["told"][0]["sentence"]
    assert "waits until that is studied" in here
    assert "studied classroom talk and questioning" in then


def test_an_open_gate_is_said(doug: Scenario) -> None:
    anyway = doug.with_changes({"plan.gate": "ignore"})
    told = chain.pair_year(doug, 1, year=YEAR, other=("Coached anyway", anyway))
    assert "studied content" in told["banner"]
    assert all(told[part]["banner"] == told["banner"] for part in ("strip", "steps"))
    assert told["steps"]["title"].startswith("Coached anyway: 9 steps come before")
    rows = told["steps"]["table"]["rows"]
    assert [r[0] for r in rows if r[2] != r[3]]


def test_no_cycle_no_loss(doug: Scenario) -> None:
    with pytest.raises(InputError, match="no cycle counts for week 60"):
        chain.pair_year(doug, 1, year=YEAR, lose=60)
    with pytest.raises(InputError, match="X9"):
        chain.pair_year(doug, 1, year=YEAR, pair="X9")


def test_the_strands_are_counted_as_the_metrics_count_them() -> None:
    scenario = load("doug")
    found = [strands(live_pair("", scenario, 1, 1, p.id)) for p in scenario.school.pairs]
    for each in found:
        (name, _, studied, modules), (_, _, held, due), (_, _, reached, events) = each["strands"]
        assert name == "Study"
        assert 0 < studied <= modules
        assert 0 < reached <= events
        assert due >= held == each["held"] >= each["recorded"] > 0
    run = run_chunk(scenario, 1, [0])[0]
    values = dict(zip(METRICS, run.metrics, strict=True))
    steps = sum(each["steps"] for each in found)
    coaching = [each["strands"][1] for each in found]
    held, due = sum(row[2] for row in coaching), sum(row[3] for row in coaching)
    assert held / due == pytest.approx(values["completion_any"])
    assert steps / len(found) == pytest.approx(values["steps_set"])
    assert sum(each["led"] for each in found) / steps == pytest.approx(values["ect_led"])


def test_more_to_record_is_recorded_less_and_an_ect_who_is_asked_finds_steps() -> None:
    scenario = load("sian_arif")
    pair = scenario.story.pair if scenario.story else ""

    def count(**changes: object) -> dict[str, Any]:
        named = {k.replace("__", "."): v for k, v in changes.items()}
        return strands(live_pair("", scenario.with_changes(named), 1, 1, pair))

    base = count()
    full = count(programme__coaching__record="all")
    assert full["held"] == base["held"]
    assert full["recorded"] < base["recorded"]
    early = count(programme__steps__led_start=0.2)
    assert early["held"] == base["held"]
    assert early["led"] > base["led"] == 0
