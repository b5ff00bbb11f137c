"""The ledger on logs written by hand: bins, causes, reasons, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ectsim.ledger import BIN_WORDS, BINS, Entry, count_bins, ledger
from ectsim.log import CAUSE_CODE, CAUSES, EVENT_CODE, FORM_CODE, EventLog
from tests.builders import tiny_scenario
from tests.laws.worlds import with_coaching

Row = tuple[int, int, int, int, int, int, int, int]
PHASES = ("praise", "share", "model", "analyse", "practise", "practise")


def row(
    time: int, event: str, value: int = 0, cause: str = "", form: str = "", side: int = 0
) -> Row:
    return (time, EVENT_CODE[event], 0, 0, value, CAUSE_CODE[cause], FORM_CODE[form], side)


def booked(*rows: Row, **coaching: Any) -> Entry:
    scenario = with_coaching(tiny_scenario(), **coaching)
    (entry,) = ledger(EventLog(sorted(rows, key=lambda r: r[0]), 100), scenario)
    return entry


def meeting(
    *phases: str, form: str = "planned", seen: str = "live", cause: str = "", at: int = 10
) -> list[Row]:
    held = [row(at, "meeting", 45, form=form), row(at, "step_chosen", 3, cause=cause, form=seen)]
    return held + [row(at + 1 + i, name, 4) for i, name in enumerate(phases)]


DUE = row(0, "due")


def test_a_full_cycle_in_its_slot() -> None:
    e = booked(DUE, *meeting(*PHASES), row(20, "mentoring", 18), row(30, "recorded"))
    assert (e.timing, e.content, e.bin, e.reason, e.cause) == ("on_time", "full", "on_time", "", "")
    assert (e.met, e.reps, e.topic, e.recorded, e.seen) == (10, 2, 3, True, "live")
    assert (e.coaching, e.mentoring) == (24, 18)


def test_timing_is_the_meeting_s_alone() -> None:
    failed = row(5, "meeting_failed", 5, cause="cover", form="planned", side=2)
    late = row(8, "late")
    assert booked(DUE, failed, *meeting(*PHASES, form="reserve")).bin == "moved"
    assert booked(DUE, *meeting(*PHASES, form="common_free")).bin == "moved"
    # the same cell as planned, but after a failure
    assert booked(DUE, failed, *meeting(*PHASES)).timing == "moved"
    e = booked(DUE, failed, late, *meeting(*PHASES, form="reserve"))
    assert (e.timing, e.bin, e.cause) == ("late", "late", "cover")
    # partial hides the timing in the printed bin, not in the entry
    e = booked(DUE, failed, late, *meeting("praise"))
    assert (e.timing, e.bin, e.content) == ("late", "partial", "partial")


def test_the_cause_is_that_of_the_earliest_planned_meeting() -> None:
    chain = [
        row(5, "meeting_failed", 5, cause="slipped"),
        row(7, "meeting_failed", 7, cause="event"),
    ]
    e = booked(DUE, *chain, row(9, "lost"))
    assert (e.timing, e.bin, e.cause) == ("lost", "slipped", "slipped")
    assert [a.cause for a in e.chain] == ["slipped", "event"]
    assert booked(DUE, row(9, "lost", cause="no_slot")).bin == "no_slot"
    # a failure that is on record outweighs the closing row
    assert booked(DUE, chain[0], row(9, "lost", cause="no_slot")).bin == "slipped"
    assert booked(DUE, *chain, row(100, "censored")).bin == "censored"
    assert booked(row(0, "paused", side=1)).bin == "paused"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (meeting(*PHASES, seen=""), "no_observation"),
        (meeting(*PHASES, cause="gate"), "gate"),
        (meeting("praise", "share", "practise", "practise"), "no_model"),
        (meeting(*PHASES[:5]), "no_practice"),
        ([*meeting(*PHASES[:5]), row(30, "bell", 3)], "overrun"),
        ([*meeting("praise", "share"), row(30, "bell", 3)], "overrun"),
        ([*meeting(), row(11, "drifted", 43)], "drift"),
        # what comes first hides what follows from it
        ([*meeting(seen="", cause="gate"), row(11, "drifted", 43)], "drift"),
        (meeting("praise", seen="", cause="gate"), "no_observation"),
    ],
)
def test_reasons_of_a_partial_cycle(rows: list[Row], reason: str) -> None:
    e = booked(DUE, *rows)
    assert (e.reason, e.bin) == (reason, "partial")


def test_the_definition_is_the_programme_s() -> None:
    assert booked(DUE, *meeting(*PHASES), min_reps=3).reason == "no_practice"
    assert booked(DUE, *meeting(*PHASES, "practise"), min_reps=3).reason == ""


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([DUE, DUE], "due twice"),
        ([DUE], "never closed"),
        ([DUE, row(5, "lost", cause="no_slot"), *meeting(*PHASES)], "met after its end"),
        ([DUE, *meeting(*PHASES), row(50, "lost")], "closed twice"),
        ([DUE, *meeting(*PHASES), *meeting(*PHASES, at=60)], "met after its end"),
        ([DUE, row(5, "lost", cause="no_slot"), row(6, "censored")], "closed twice"),
    ],
)
def test_a_log_that_cannot_be_is_refused(rows: list[Row], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        booked(*rows)


def test_bins_are_counted_in_order_and_all_have_words() -> None:
    entries = [Entry(0, i, 0, bin=b) for i, b in enumerate(("late", "cover", "late"))]
    counts = count_bins(entries)
    assert list(counts) == list(BINS)
    assert {b: n for b, n in counts.items() if n} == {"late": 2, "cover": 1}
    assert set(BIN_WORDS) == set(BINS)
    assert set(CAUSES) - {""} <= set(BINS)


def test_rows_out_of_order_or_vocabulary_are_refused() -> None:
    EventLog([DUE, row(5, "lost", cause="no_slot")], 100).check()
    for rows in (
        [row(5, "due"), row(4, "lost")],
        [(0, 99, 0, 0, 0, 0, 0, 0)],
        [(0, 0, 0, 0, 0, 99, 0, 0)],
    ):
        with pytest.raises(AssertionError):
            EventLog(rows, 100).check()
