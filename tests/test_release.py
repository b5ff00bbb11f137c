"""Primary schools: a slot stands in a lesson only while somebody takes the class (model: release by a person)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ectsim.errors import InputError
from ectsim.ledger import ledger
from ectsim.luck import Luck
from ectsim.model.cover import allocate
from ectsim.model.diary import AWAY_SICK, write_diary
from ectsim.model.frame import frame_of
from ectsim.model.year import simulate
from ectsim.scenario import Scenario
from tests.builders import (
    QUIET,
    slots,
    tiny_calendar,
    tiny_grid,
    tiny_plan,
    tiny_school,
    without_events,
)

ALL_DAY = "1Mon:1 1Mon:2 1Mon:3 1Mon:4 1Mon:5"
WEEK = " ".join(ALL_DAY.replace("Mon", day) for day in ("Mon", "Tue", "Wed", "Thu", "Fri"))


def school(**conditions: object) -> Any:
    """Two class teachers without a free period, two assistants marked for cover, a head who is free."""
    return tiny_school(
        1, staff=4, weeks=8, phase="primary",
        lessons={"E1": WEEK, "M1": WEEK, "S1": "", "S2": "", "S3": "", "S4": WEEK},
        marks={"S1": {"cover": WEEK}, "S2": {"cover": WEEK}},
        conditions={**QUIET, **conditions},
    )  # fmt: skip


def scenario(base: Any, *, protection: str = "none", **uses: str) -> Scenario:
    named = {
        "meet": "1Tue:5",
        "observe": "1Mon:1",
        "release_ect": "S1",
        "release_mentor": "S2",
        **uses,
    }
    plan = tiny_plan(
        {"E1": named}, recovery=(), before_after=False, cover={"supervisors": 0, "known_fill": 0.0, "sickness_fill": 0.0},
        protection={"mentor": protection, "ect": protection, "reserve": "none"},
    )  # fmt: skip
    return Scenario("primary", without_events(), base, plan)


def test_with_both_classes_taken_every_cycle_happens() -> None:
    entries = ledger(simulate(scenario(school()), 1, 0), scenario(school()))
    assert entries
    assert {e.timing for e in entries} == {"on_time"}
    assert all(e.seen == "live" for e in entries)


def test_without_anybody_to_take_a_class_the_slot_is_refused() -> None:
    with pytest.raises(InputError, match="E1 is not free then \\(lesson\\)"):
        scenario(school(), release_ect="")
    with pytest.raises(InputError, match="M1 is not free then"):
        scenario(school(), release_mentor="")
    with pytest.raises(InputError, match="S4, who is to take E1's class, is not free then"):
        scenario(school(), release_ect="S4")
    with pytest.raises(InputError, match="'S9' is not in the timetable"):
        scenario(school(), release_ect="S9")
    with pytest.raises(InputError, match="S1 is already in release for E1 then"):
        scenario(school(), release_mentor="S1")


def ill(base: Scenario, who: str, day: int, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let one person be ill on one pupil day and return the ledger."""

    def planted(frame: Any, luck: Luck) -> Any:
        diary = write_diary(frame, luck)
        away, spell = diary.away.copy(), diary.spell_day.copy()
        away[frame.position[who], day], spell[frame.position[who], day] = AWAY_SICK, 1
        return replace(diary, away=away, spell_day=spell)

    monkeypatch.setattr("ectsim.model.year.write_diary", planted)
    return ledger(simulate(base, 1, 0), base)


def test_the_releaser_s_absence_loses_the_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = ill(scenario(school()), "S1", 6, monkeypatch)  # the second Tuesday
    assert [e.bin for e in entries].count("cover") == 1
    assert entries[0].chain[0].side == 1


def test_a_releaser_called_to_cover_loses_the_slot_unless_guaranteed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = school()
    lost = ill(scenario(base), "S4", 6, monkeypatch)
    assert [e.bin for e in lost].count("cover") == 1
    kept = ill(scenario(base, protection="guaranteed"), "S4", 6, monkeypatch)
    assert {e.timing for e in kept} == {"on_time"}


def test_order_of_call_assistants_then_a_split_class_then_the_head() -> None:
    base = scenario(school(), meet="", observe="", release_ect="", release_mentor="")
    frame = frame_of(base)
    for absent, teachers in ((1, 1), (2, 2), (3, 2), (4, 3)):
        luck = Luck(1, 0)
        diary = write_diary(frame, luck)
        away, spell = diary.away.copy(), diary.spell_day.copy()
        lessons = frame.lessons.copy()
        people = [frame.position[w] for w in ("E1", "M1", "S4")][: min(absent, 3)]
        away[people, 0], spell[people, 0] = AWAY_SICK, 1
        if absent == 4:  # one class more than people: E1's stands for two
            lessons = lessons.astype(np.int64)
            lessons[people[0], 0] *= 2
        frame.lessons, kept = lessons, frame.lessons
        book = allocate(frame, replace(diary, away=away, spell_day=spell), luck)
        frame.lessons = kept
        calls = book.calls.sum(axis=0)
        assert set(calls.tolist()) == {teachers}
        head = frame.position["S3"]
        assert bool(book.calls[head].any()) == (absent == 4)


def test_the_tiny_school_really_has_no_free_period() -> None:
    base = school()
    assert base.common_free(base.pairs[0]) == []
    assert len(slots(WEEK, tiny_grid())) == 25
    assert len(tiny_calendar(8).pupil_days) == 40
