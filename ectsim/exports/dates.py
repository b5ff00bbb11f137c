"""A plan's slots and training as dated events: the very dates on which the model tries them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ectsim.clock import Slot
from ectsim.content import events

if TYPE_CHECKING:
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.model.training import Due
    from ectsim.scenario import Scenario

__all__ = ["Dated", "dated"]

Use = Literal["meet", "observe", "reserve", "study", "release", "training"]


@dataclass(frozen=True, slots=True)
class Dated:
    """One event in one person's diary.

    Parameters
    ----------
    who : str
        Whose diary: a staff id.
    use : {'meet', 'observe', 'reserve', 'study', 'release', 'training'}
        What it is; ``release`` is taking somebody's class.
    pair : str
        The pair it is for; of training the event's id.
    mentor : str
        The pair's mentor; of training nobody.
    number : int
        Which one of its kind: a meeting's cycle, 0 is the first; else week times a hundred and its
        place in that week, so that it stays the same event when the slot moves within its week; of
        training which of the person's events, times ten, and which of its dates or evenings.
    start, end : datetime.datetime
        Local time of the school, without a zone.
    title : str
        What training it is.
    choice : int
        Of how many dates one is to be chosen; 0 where there is no choice.
    """

    who: str
    use: Use
    pair: str
    mentor: str
    number: int
    start: dt.datetime
    end: dt.datetime
    title: str = ""
    choice: int = 0


def dated(scenario: Scenario) -> list[Dated]:
    """Return every slot of a plan, and all training, on its dates in the (first) school year.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan. Slots that fall on a closed day or a day off timetable, and
        cycles that the plan leaves out, give no event; nor does coaching on coaching, which has no
        date until it is agreed.

    Returns
    -------
    list of Dated
        In order of person, time and use.
    """
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - numpy, only where it is needed

    frame = frame_of(scenario)
    found = [e for p in frame.pairs for e in _of_pair(scenario, frame, p)]
    found += [e for due in frame.training for e in _of_training(scenario, frame, due)]
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


def _of_training(scenario: Scenario, frame: Frame, due: Due) -> Iterator[Dated]:
    """Yield a conference on its first date, or on its evenings; a clinic on each date to choose from."""
    rules = scenario.programme.events
    event = events()[due.event]
    name = {"conference": "Conference", "clinic": "Clinic"}.get(due.kind, "")
    title = name if event.label_uncertain else f"{name}: {event.label}"
    zero = dt.datetime.combine(scenario.school.calendar.origin, dt.time())

    def at(n: int, day: int, start: int, minutes: int, choice: int = 0) -> Dated:
        first = zero + dt.timedelta(minutes=frame.midnight[day] + start)
        last = first + dt.timedelta(minutes=minutes)
        who = frame.staff[due.person]
        return Dated(who, "training", event.id, "", 10 * due.place + n, first, last, title, choice)

    if due.kind == "clinic":
        for n, day in enumerate(due.days):
            yield at(n, day, rules.evening_start, due.minutes, len(due.days))
    elif due.kind == "conference" and scenario.plan.training_release == "cover":
        morning = min(frame.starts[p] for p in range(frame.periods) if frame.lesson_period[p])
        yield at(0, due.days[0], morning, due.minutes)
    elif due.kind == "conference":
        length = round(60 * rules.evening_hours)
        for n in range(-(-due.minutes // length)):
            if due.days[0] + n < frame.days:
                yield at(n, due.days[0] + n, rules.evening_start, length)
