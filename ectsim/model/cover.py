"""Cover: who takes the lessons that absence leaves open. A function of diary, school, plan and luck.

Allocation is made once a day, for what is known then, period by period and without memory: cover
supervisors first, then cells marked for cover, then whoever is free outside planning time, by lot;
people in an induction slot with protection ``last`` come after all others, ``guaranteed`` never.
Because nothing is carried from one period to the next, a change of plan stays in its own period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ectsim.model.diary import AWAY_SICK, Diary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ectsim.luck import Luck
    from ectsim.model.frame import Frame

__all__ = ["CoverBook", "allocate"]

GUARANTEED = 2
"""Level at which nobody is called."""


@dataclass(frozen=True, slots=True)
class CoverBook:
    """One year's cover.

    Parameters
    ----------
    taken : dict of int to frozenset of int
        For each member of a pair (position in the frame's staff) the year cells in which that
        person covers.
    cells : numpy.ndarray
        Shape (n,): the year cells in which lessons were open after supply.
    calls : numpy.ndarray
        Shape (staff, n): who covers in those cells.
    open_lessons : int
        Lessons that absence left open.
    by_supply, by_supervisors, by_teachers, bought, collapsed : int
        How they were taught: ``bought`` one by one, ``collapsed`` or split into other classes.
    supply_days : int
        Days of supply paid for.
    chances : numpy.ndarray
        Shape (staff,): cells in which each could be called, for the chance of being called.
    """

    taken: dict[int, frozenset[int]]
    cells: NDArray[np.int64]
    calls: NDArray[np.bool_]
    open_lessons: int
    by_supply: int
    by_supervisors: int
    by_teachers: int
    bought: int
    collapsed: int
    supply_days: int
    chances: NDArray[np.int64]


def allocate(frame: Frame, diary: Diary, luck: Luck) -> CoverBook:
    """Cover a year's absences.

    Parameters
    ----------
    frame : Frame
        The scenario's year.
    diary : Diary
        Who is away.
    luck : Luck
        The replication's luck.

    Returns
    -------
    CoverBook
    """
    policy = frame.scenario.plan.cover
    periods = frame.periods
    who, day = np.nonzero(diary.away)
    lessons = frame.lessons[who, day]
    sick = diary.away[who, day] == AWAY_SICK
    fill = np.where(sick, policy.sickness_fill, policy.known_fill)
    # the first morning of a spell comes too late for supply
    late = sick & (diary.spell_day[who, day] <= 1)
    supplied = ~late & (diary.supply[who, day] < fill)
    teaches = lessons.any(axis=1)
    demand = np.zeros((frame.days, periods), dtype=np.int64)
    np.add.at(demand, day[~supplied], lessons[~supplied])
    cells = np.flatnonzero(demand)
    wanted = demand.ravel()[cells]

    present = np.repeat(diary.away == 0, periods, axis=1)
    can = frame.callable_cells[:, cells] & present[:, cells]
    levels = _levels(frame, luck)
    _guarantee(levels, cells, can)
    if policy.rota == "keyed":
        order = frame.call_order[:, cells] + _draws(frame, luck, cells)
        _hold_back(levels, cells, order)
        calls = _call(can, order, _after_splitting(frame, can, order, wanted))
    else:
        calls = _fewest_first(frame, luck, can, cells, wanted, levels)
    in_all = calls.sum(axis=0)
    first_teacher = len(frame.staff) - len(frame.supervisors)
    left = wanted - in_all
    bought = _buy(frame, luck, cells, np.maximum(left - frame.split_classes, 0))
    by_supervisors = int(calls[first_teacher:].sum())
    return CoverBook(
        taken={i: frozenset(cells[calls[i]].tolist()) for i in frame.tracked},
        cells=cells,
        calls=calls,
        open_lessons=int(lessons.sum()),
        by_supply=int(lessons[supplied].sum()),
        by_supervisors=by_supervisors,
        by_teachers=int(in_all.sum()) - by_supervisors,
        bought=bought,
        collapsed=int(left.sum()) - bought,
        supply_days=int((supplied & teaches).sum()),
        chances=can.sum(axis=1),
    )


def _draws(frame: Frame, luck: Luck, cells: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return everybody's place in the rota in some year cells, shape (staff, cells)."""
    draws = luck.ranks("rota", frame.staff, frame.rota_cells)
    return np.take(draws, frame.rota_index[cells], axis=1)


def _levels(frame: Frame, luck: Luck) -> list[tuple[int, int, int]]:
    """Return (person, year cell, level) of induction slots, raised where a leader steps in (F147)."""
    support = frame.scenario.school.conditions.leader_support
    size = frame.days * frame.periods
    out = []
    for person, cell, level in frame.slots:
        raised = level
        if level < GUARANTEED and luck.row("support", frame.staff[person], size)[cell] < support:
            raised += 1
        out.append((person, cell, raised))
    return out


def _positions(
    slots: list[tuple[int, int, int]], cells: NDArray[np.int64], level: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns (in ``cells``) of the slots of one level that fall in open cells."""
    chosen = np.array([(p, c) for p, c, lv in slots if lv == level], dtype=np.int64).reshape(-1, 2)
    if not len(cells):
        return chosen[:0, 0], chosen[:0, 1]
    at = np.minimum(np.searchsorted(cells, chosen[:, 1]), len(cells) - 1)
    hit = cells[at] == chosen[:, 1]
    return chosen[hit, 0], at[hit]


def _guarantee(
    slots: list[tuple[int, int, int]], cells: NDArray[np.int64], can: NDArray[np.bool_]
) -> None:
    rows, columns = _positions(slots, cells, GUARANTEED)
    can[rows, columns] = False


def _hold_back(
    slots: list[tuple[int, int, int]], cells: NDArray[np.int64], order: NDArray[np.float64]
) -> None:
    rows, columns = _positions(slots, cells, 1)
    order[rows, columns] += 4.0  # after everybody else: plain draws end below 1


def _after_splitting(
    frame: Frame, can: NDArray[np.bool_], order: NDArray[np.float64], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many people are called where a class may be split before teachers are asked.

    Supervisors and staff marked for cover come before splitting, everybody else after it.
    """
    split = frame.split_classes
    if not split:
        return wanted
    first = (can & (order < 0)).sum(axis=0)
    return np.where(wanted <= first, wanted, np.maximum(first, wanted - split))


def _call(
    can: NDArray[np.bool_], order: NDArray[np.float64], wanted: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Call the first ``wanted`` of each column's candidates."""
    score = np.where(can, order, np.inf).T
    ranked = np.sort(score, axis=1)
    last = np.clip(wanted, 1, score.shape[1]) - 1
    threshold = np.where(wanted > 0, ranked[np.arange(len(wanted)), last], -np.inf)
    called: NDArray[np.bool_] = (score <= threshold[:, None]) & (score < np.inf)
    return np.ascontiguousarray(called.T)


def _fewest_first(
    frame: Frame,
    luck: Luck,
    can: NDArray[np.bool_],
    cells: NDArray[np.int64],
    wanted: NDArray[np.int64],
    slots: list[tuple[int, int, int]],
) -> NDArray[np.bool_]:
    """Call whoever was called least in this half term; ties by the keyed draw."""
    draws = _draws(frame, luck, cells)
    order = np.floor(frame.call_order[:, cells]) * 1e6
    _hold_back([(p, c, lv) for p, c, lv in slots], cells, order)
    held = order >= 1.0
    order[held] += 1e6
    half_term = [frame.weeks[frame.week_of[c // frame.periods]].half_term for c in cells.tolist()]
    calls = np.zeros(can.shape, dtype=bool)
    count = np.zeros(len(can))
    tie = frame.call_order[:, :1] - np.floor(frame.call_order[:, :1])
    before = -1
    for k, half in enumerate(half_term):
        if half != before:
            count[:] = 0
            before = half
        score = order[:, k] + count + draws[:, k] * 0.5 + tie[:, 0]
        chosen = np.flatnonzero(can[:, k])
        chosen = chosen[np.argsort(score[chosen], kind="stable")][: wanted[k]]
        calls[chosen, k] = True
        count[chosen] += 1
    return calls


def _buy(frame: Frame, luck: Luck, cells: NDArray[np.int64], left: NDArray[np.int64]) -> int:
    """Count the lessons that are bought in when nobody is left; the others collapse."""
    fill = frame.scenario.plan.cover.bought_fill
    size = frame.days * frame.periods
    bought = 0
    for k in np.flatnonzero(left > 0).tolist():
        cell = int(cells[k])
        bought += sum(
            luck.row("bought", f"lesson {j}", size)[cell] < fill for j in range(int(left[k]))
        )
    return bought
