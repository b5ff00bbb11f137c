"""A plan's slots as dated events: the very dates on which the model tries them, closed days left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ectsim.clock import Slot

if TYPE_CHECKING:
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.scenario import Scenario

__all__ = ["Dated", "dated"]

Use = Literal["meet", "observe", "reserve", "study", "release"]


@dataclass(frozen=True, slots=True)
class Dated:
    """One event in one person's diary.

    Parameters
    ----------
    who : str
        Whose diary: a staff id.
    use : {'meet', 'observe', 'reserve', 'study', 'release'}
        What it is; ``release`` is taking somebody's class.
    pair : str
        The pair it is for.
    mentor : str
        The pair's mentor.
    number : int
        Which one of its kind: a meeting's cycle, 0 is the first; else week times a hundred and its
        place in that week, so that it stays the same event when the slot moves within its week.
    start, end : datetime.datetime
        Local time of the school, without a zone.
    """

    who: str
    use: Use
    pair: str
    mentor: str
    number: int
    start: dt.datetime
    end: dt.datetime


def dated(scenario: Scenario) -> list[Dated]:
    """Return every slot of a plan on its dates in the (first) school year.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan. Slots that fall on a closed day or a day off timetable, and
        cycles that the plan leaves out, give no event.

    Returns
    -------
    list of Dated
        In order of person, time and use.
    """
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - numpy, only where it is needed

    frame = frame_of(scenario)
    found = [e for p in frame.pairs for e in _of_pair(scenario, frame, p)]
    return sorted(found, key=lambda e: (e.who, e.start, e.use, e.pair))


def _of_pair(scenario: Scenario, frame: Frame, p: PairFrame) -> Iterator[Dated]:
    school, ect, mentor = scenario.school, p.pair.ect, p.pair.mentor
    length = {
        "meet": scenario.plan.meeting_min,
        "observe": round(scenario.programme.coaching.observation_min[-1]),
        "reserve": scenario.plan.meeting_min,
    }

    def event(who: str, use: Use, number: int, cell: int, minutes: int | None) -> Dated:
        first, last = frame.start_of(cell), frame.end_of(cell)
        if minutes is not None:
            last = min(last, first + minutes)
        zero = dt.datetime.combine(school.calendar.origin, dt.time())
        start, end = (zero + dt.timedelta(minutes=m) for m in (first, last))
        return Dated(who, use, p.pair.id, mentor, number, start, end)

    def together(use: Use, number: int, cell: int) -> Iterator[Dated]:
        yield event(ect, use, number, cell, length[use])
        yield event(mentor, use, number, cell, length[use])
        for _, person in p.released.get(cell, ()):
            yield event(frame.staff[person], "release", cell, cell, None)

    if not p.windows:
        return
    for window in p.windows:
        if window.in_plan and window.planned and window.planned[1] >= 0:
            yield from together("meet", window.cycle, window.planned[1])
    reserve = [school.grid.cell(Slot.parse(t)) for t in scenario.plan.slots_of(p.pair.id).reserve]
    visits: list[int] = [c for _, c, planned in p.visits if planned]
    uses: tuple[tuple[Use, list[int]], ...] = (
        ("observe", visits),
        ("reserve", frame.occurrences(reserve)),
    )
    for use, cells in uses:
        seen: dict[int, int] = {}
        for cell in cells:
            week = frame.week_of[cell // frame.periods]
            place = seen[week] = seen.get(week, -1) + 1
            yield from together(use, 100 * week + place, cell)
    for week, cell in enumerate(p.study):
        if cell >= 0:
            yield event(ect, "study", 100 * week, cell, None)
