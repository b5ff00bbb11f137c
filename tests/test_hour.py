"""The coaching hour: a cut becomes a scenario, and what is shown is counted in the log."""

from __future__ import annotations

from statistics import fmean, median

import pytest

from ectsim import hour
from ectsim.errors import InputError
from ectsim.hour import BLOCKS, Cut
from ectsim.log import EVENTS
from ectsim.model.year import live
from ectsim.programme import Coaching

YEARS = range(12)


@pytest.fixture(scope="module")
def usual() -> list[hour.Hours]:
    return hour.simulate_hours(Cut().scenario(), 1, YEARS)


def test_the_usual_cut_is_the_programmes_own() -> None:
    cut, own = Cut(), Coaching()
    assert cut.total == 60
    assert cut.meeting == own.meeting_min
    for name in ("setup", "praise", "share", "model", "analyse"):
        assert getattr(cut, name) == getattr(own, f"{name}_min")[1]
    assert cut.visit == own.observation_min[1]
    assert cut.rehearsal == own.practise_min[1]
    assert cut.reps == own.min_reps
    changes = cut.changes()
    assert not [name for name in changes if name.startswith("programme.")]
    assert not cut.scenario().banner


def test_every_minute_of_a_meeting_is_somewhere(usual: list[hour.Hours]) -> None:
    for run in usual:
        assert len(run.practised) == 19
        assert len(run.new) == 2 * 37
        for held in (*run.new, *run.practised):
            assert sum(held.phases) == 45
            assert held.cut or held.phases[-1] == 0
            assert held.coaching + held.other == 45
            assert held.full == (held.reps >= 2)


def test_what_is_counted_stands_in_the_log(usual: list[hour.Hours]) -> None:
    rows = live(Cut().scenario(), 1, 0).log.events()
    held = (*usual[0].new, *usual[0].practised)
    assert sum(h.reps for h in held) == sum(EVENTS[r.event] == "practise" for r in rows)
    assert sum(h.cut for h in held) == sum(EVENTS[r.event] == "bell" for r in rows)
    mentoring = [r.value for r in rows if EVENTS[r.event] == "mentoring"]
    assert sum(h.other for h in held) == sum(mentoring)


def test_a_new_mentor_gets_there_as_the_sources_tell(usual: list[hour.Hours]) -> None:
    """Early on coaching takes most of the meeting; in the second half term half an hour or less."""
    first = [run.new[0].coaching for run in usual]
    later = [h for run in usual for h in run.new[8:14]]
    assert fmean(first) > 40
    assert median(h.coaching for run in usual for h in run.practised) <= 30
    assert median(h.coaching for h in later) < fmean(first) - 8
    assert all(h.reps >= 2 for h in later)
    curve = hour.hour_dict(Cut(), usual, 1)["curve"]
    assert curve["mean"][0] == fmean(first)
    assert curve["mean"][0] > curve["mean"][5] > curve["mean"][25]


def test_a_longer_model_leaves_less_and_is_cut_short_more_often(usual: list[hour.Hours]) -> None:
    long = Cut(model=14, other=10)
    found = hour.hour_dict(long, hour.simulate_hours(long.scenario(), 1, YEARS), 1, (Cut(), usual))
    for who in ("first", "practised"):
        d = found["differences"][who]
        assert d["other"]["mean"] < 0
        assert d["overrun"]["mean"] >= 0
    assert found["differences"]["practised"]["other"]["verdict"] == "worse"
    assert found["differences"]["first"]["overrun"]["verdict"] == "worse"
    assert found["who"]["first"]["full"]["mean"] < found["base"]["first"]["full"]["mean"]


def test_the_same_cut_against_itself_is_no_difference(usual: list[hour.Hours]) -> None:
    found = hour.hour_dict(Cut(), usual, 1, (Cut(), usual))
    for measures in found["differences"].values():
        for d in measures.values():
            assert d["mean"] == d["lo"] == d["hi"] == 0
            assert d["verdict"] == "too close to call"


@pytest.mark.parametrize(
    ("cut", "lost"),
    [
        (Cut(model=0, analyse=0, other=28), "the mentor's model"),
        (Cut(practise=4, other=22), "the second rehearsal"),
        (Cut(practise=7, other=19), "the second rehearsal"),
        (Cut(visit=0, other=18), "a visit to a lesson"),
    ],
)
def test_a_tight_part_given_up_is_said_and_nothing_counts_in_full(cut: Cut, lost: str) -> None:
    found = hour.hour_dict(cut, hour.simulate_hours(cut.scenario(), 1, range(3)), 1)
    assert lost in found["banner"]
    assert found["who"]["practised"]["full"]["mean"] == 0


def test_a_second_time_keeps_the_minutes_and_moves_the_bell() -> None:
    same, split = Cut(practise=12, other=14), Cut(practise=12, other=14, apart="split")
    assert split.total == same.total
    assert split.sitting == same.meeting - 14
    found = hour.hour_dict(split, hour.simulate_hours(split.scenario(), 1, YEARS), 1)
    for who in ("first", "practised"):
        assert found["who"][who]["other"] == {"mean": 14, "lo": 14, "hi": 14, "n": len(YEARS)}
    there = hour.hour_dict(same, hour.simulate_hours(same.scenario(), 1, YEARS), 1)["who"]
    assert found["who"]["first"]["overrun"]["mean"] >= there["first"]["overrun"]["mean"]
    assert not found["banner"]  # a loose part: what a full cycle is stays


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"praise": 0}, "whole number from 1 to 60"),
        ({"praise": 2.5}, "whole number"),
        ({"praise": True}, "whole number"),
        ({"other": 61}, "from 0 to 60"),
        ({"other": 40}, "longer than a lesson period"),
        ({"model": 0}, "cannot be analysed"),
        ({"apart": "never"}, "same meeting"),
        ({"pupils": 3}, "no part of the hour"),
        ({"apart": "split", "practise": 0, "model": 0, "analyse": 0, "share": 1}, "less than 10"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(wrong: dict[str, object], what: str) -> None:
    with pytest.raises(InputError, match=what):
        Cut.read(wrong)


def test_the_parts_are_in_the_order_of_the_sources() -> None:
    assert list(BLOCKS) == ["visit", "setup", "praise", "share", "model", "analyse", "practise", "other"]  # fmt: skip


def test_every_number_says_where_it_comes_from() -> None:
    found = hour.numbers()
    assert len(found) == len(hour.USED)
    for n in found:
        assert n["status"] in ("source", "derived", "external", "assumption")
        assert n["source"] or n["status"] == "assumption"
