"""Each law of the dossier is kept, and a break of it that is planted in the model is caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ectsim import experiment, laws, ledger
from ectsim.errors import InputError
from ectsim.log import CAUSE_CODE, EVENT_CODE
from ectsim.luck import Luck
from ectsim.model import coaching, cover, diary, frame
from ectsim.model import year as model_year
from ectsim.school import School

COVER = CAUSE_CODE["cover"]
Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def no_frames() -> Iterator[None]:
    """A frame that was laid out by a broken model must not outlive its test."""
    frame._kept.clear()
    yield
    frame._kept.clear()


def wrapped(room: Any, name: str, around: Callable[..., Any]) -> Plant:
    """Plant a break: ``around`` gets the true function and what it is called with."""
    true = getattr(room, name)

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(room, name, lambda *args, **more: around(true, *args, **more))

    return plant


def counted_twice(true: Any, entries: Any) -> dict[str, int]:
    out = true(entries)
    return {**out, "on_time": out["on_time"] + 1}


def last_window_forgotten(true: Any, *args: Any) -> Any:
    return true(*args)[:-1]


def planning_time_is_free(true: Any, self: School, pair: Any, *, kinds: str = "f") -> Any:
    return true(self, pair, kinds="fp")


def called_slipping(true: Any, entry: Any, *rest: Any) -> None:
    true(entry, *rest)
    if entry.cycle == 3:
        entry.bin = "slipped"


def struck_too_seldom(true: Any, self: Any, walk: Any, cell: int) -> Any:
    return true(self, walk, cell) if cell % 2 else (0, 0)


def held_back_first(true: Any, slots: Any, cells: Any, order: Any) -> None:
    before = order.copy()
    true(slots, cells, order)
    order[order != before] -= 8.0


def reserve_hides_other_times(true: Any, self: Any, scenario: Any, pair: Any, cells: Any) -> Any:
    return () if cells["reserve"] else true(self, scenario, pair, cells)


def supervisors_disturb(true: Any, self: Any, pair: Any, cell: int) -> tuple[int, int]:
    return (COVER, 1) if self._frame.supervisors and cell % 2 else true(self, pair, cell)


def patience_disturbs(true: Any, self: Any, pair: Any, cell: int) -> tuple[int, int]:
    return (COVER, 1) if self._frame.scenario.plan.horizon else true(self, pair, cell)


def luck_knows_the_row(true: Any, self: Any, env: Any, f: Any, pair: Any, *rest: Any) -> None:
    true(self, env, f, pair, *rest)
    by = 45 * pair.index
    self.slip_meeting = self.slip_meeting[by:] + self.slip_meeting[:by]


def others_tire(true: Any, self: Any) -> float:
    return float(len(self.rows) % 2)


def diary_knows_the_plan(true: Any, f: Any, luck: Luck) -> Any:
    return true(f, Luck(luck.seed + len(f.supervisors), luck.replication))


calls = 0


def remembers(true: Any, scenario: Any, seed: int, index: int) -> Any:
    global calls
    calls += 1
    return true(scenario, seed + calls % 2, index)


def ill_in_any_case(true: Any, f: Any, luck: Luck) -> Any:
    out = true(f, luck)
    out.away[:, 8::10] = diary.AWAY_SICK
    out.spell_day[:, 8::10] = 1
    return out


def rehearsed_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(coaching, "TALK_AND_MODEL", coaching.TALK_AND_MODEL[::-1])


PLANTED: dict[str, Plant] = {
    "conservation": wrapped(experiment, "count_bins", counted_twice),
    "due": wrapped(frame.Frame, "_windows", last_window_forgotten),
    "one place": wrapped(School, "common_free", planning_time_is_free),
    "quiet": wrapped(coaching.Coaching, "_drift_rate", lambda true, self: 0.2),
    "no slot": wrapped(ledger, "_book", called_slipping),
    "closed forms": wrapped(model_year.Fate, "independent", struck_too_seldom),
    "protection": wrapped(cover, "_hold_back", held_back_first),
    "reserve": wrapped(frame.Frame, "_extras", reserve_hides_other_times),
    "cover": wrapped(model_year.Fate, "obstacle", supervisors_disturb),
    "horizon": wrapped(model_year.Fate, "obstacle", patience_disturbs),
    "isolation": wrapped(coaching.Coaching, "_drift_rate", others_tire),
    "order": wrapped(coaching.Coaching, "__init__", luck_knows_the_row),
    "same year": wrapped(diary, "write_diary", diary_knows_the_plan),
    "replications": wrapped(experiment, "run_one", remembers),
    "causes": wrapped(model_year, "write_diary", ill_in_any_case),
    "cycle": rehearsed_first,
}
"""A break for each law, and how it is planted."""


def test_every_law_has_a_break_of_its_own() -> None:
    assert list(PLANTED) == list(laws.LAWS)
    assert len(PLANTED) >= 10


@pytest.mark.parametrize("name", laws.LAWS)
def test_a_law_is_kept_and_its_break_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = laws.check(name, years=1)
    assert kept.kept, kept.seen
    assert kept.cases > 0
    frame._kept.clear()
    PLANTED[name](monkeypatch)
    broken = laws.check(name, years=1)
    assert not broken.kept
    assert broken.seen


def test_a_check_says_how_to_repeat_it_and_does() -> None:
    found = laws.check("quiet", seed=3, years=1)
    room: dict[str, Any] = {}
    first, _, again = found.code.partition("; ")
    exec(first, room)
    assert eval(again, room) == found


def test_an_unknown_law_is_refused() -> None:
    with pytest.raises(InputError, match="no law 'quite' - did you mean 'quiet'"):
        laws.check("quite")


def test_a_law_that_looks_at_nothing_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "_live", lambda *_: pytest.fail("nothing to live"))
    assert not laws.check("quiet", years=0).kept


def test_what_a_visit_is_logged_as() -> None:
    """The law of one place looks for these: were they renamed, it would see nothing."""
    assert {"meeting", "observed", "cover_call", "absence"} <= set(EVENT_CODE)
