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

HELD_BACK = 4.0
"""What being asked last adds to a place in the rota: plain draws end below 1."""


@dataclass(slots=True)
class CoverBook:
    """One year's cover; only :func:`raise_levels` changes it, for days that are still to come.

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
    wanted : numpy.ndarray
        Shape (n,): lessons open in those cells.
    can, order : numpy.ndarray
        Shape (staff, n): who may be called, and in which order; empty under ``fewest_first``, which
        has a memory and cannot be changed from a day on.
    raised : dict of (int, int) to int
        For (person, year cell) the level of slots that were protected within the year.
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
    wanted: NDArray[np.int64]
    can: NDArray[np.bool_]
    order: NDArray[np.float64]
    raised: dict[tuple[int, int], int]


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
        order = np.empty((0, 0))
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
        wanted=wanted,
        can=can,
        order=order,
        raised={},
    )


def raise_levels(
    frame: Frame, book: CoverBook, luck: Luck, raised: dict[tuple[int, int], int]
) -> list[tuple[int, int, bool]]:
    """Protect some slots better than the plan does, in cells that are still to come.

    The rota has no memory, so only the periods of those slots are called anew, by the same draws.
    What has been settled around a period stays: an ECT's study was dealt with the first
    allocation, so whoever studies then keeps the call, or is spared it, as before.

    Parameters
    ----------
    frame : Frame
        The scenario's year.
    book : CoverBook
        The year's cover, which is changed.
    luck : Luck
        The replication's luck, for lessons that are bought.
    raised : dict of (int, int) to int
        For (person, year cell) the new level.

    Returns
    -------
    list of (int, int, bool)
        For members of pairs, their deputies and releasers: person, year cell, called now.
    """
    if not book.order.size:
        return []
    support = frame.scenario.school.conditions.leader_support
    columns: dict[int, int] = {}
    for (person, cell), new in sorted(raised.items()):
        old_level = book.raised.get((person, cell), -1)
        if old_level < 0:
            old_level = level_of(frame, luck, person, cell, support)
        k = int(np.searchsorted(book.cells, cell))
        if new <= old_level or k >= len(book.cells) or book.cells[k] != cell:
            continue
        if new >= GUARANTEED:
            book.can[person, k] = False
        else:
            book.order[person, k] += HELD_BACK
        book.raised[person, cell] = new
        columns[cell] = k
    if not columns:
        return []
    changed = sorted(columns)
    at = np.array([columns[c] for c in changed])
    cells, wanted, old = book.cells[at], book.wanted[at], book.calls[:, at].copy()
    can, order = book.can[:, at].copy(), book.order[:, at].copy()
    for k, cell in enumerate(changed):
        week = frame.week_of[cell // frame.periods]
        for p in frame.pairs:
            if p.study[week] == cell:
                can[p.ect, k] = old[p.ect, k]
                order[p.ect, k] = -HELD_BACK
    calls = _call(can, order, _after_splitting(frame, can, order, wanted))
    _recount(frame, book, luck, (cells, wanted), (old, calls))
    book.calls[:, at] = calls
    out = []
    for person in frame.tracked:
        for k in np.flatnonzero(old[person] != calls[person]).tolist():
            cell, called = changed[k], bool(calls[person, k])
            one = frozenset((cell,))
            taken = book.taken[person]
            book.taken[person] = taken | one if called else taken - one
            out.append((person, cell, called))
    return out


def _recount(
    frame: Frame,
    book: CoverBook,
    luck: Luck,
    lessons: tuple[NDArray[np.int64], NDArray[np.int64]],
    calls: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    """Correct the totals for periods that were called anew."""
    cells, wanted = lessons
    first_teacher = len(frame.staff) - len(frame.supervisors)
    for sign, called in zip((-1, 1), calls, strict=True):
        in_all = called.sum(axis=0)
        left = wanted - in_all
        bought = _buy(frame, luck, cells, np.maximum(left - frame.split_classes, 0))
        by_supervisors = int(called[first_teacher:].sum())
        book.by_supervisors += sign * by_supervisors
        book.by_teachers += sign * (int(in_all.sum()) - by_supervisors)
        book.bought += sign * bought
        book.collapsed += sign * (int(left.sum()) - bought)


def _draws(frame: Frame, luck: Luck, cells: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return everybody's place in the rota in some year cells, shape (staff, cells)."""
    draws = luck.ranks("rota", frame.staff, frame.rota_cells)
    return np.take(draws, frame.rota_index[cells], axis=1)


def level_of(
    frame: Frame, luck: Luck, person: int, cell: int, support: float, more: int = 0
) -> int:
    """Return the level of an induction slot, raised where a leader steps in (F147).

    Parameters
    ----------
    frame, luck : Frame, Luck
        The year and its luck.
    person, cell : int
        Whose slot, and when.
    support : float
        How far leaders stand behind it, 0 to 1.
    more : int
        Levels added to the plan's.
    """
    level = frame.level_of.get((person, cell), 0) + more
    size = frame.days * frame.periods
    if level < GUARANTEED and luck.row("support", frame.staff[person], size)[cell] < support:
        level += 1
    return min(level, GUARANTEED)


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
    order[rows, columns] += HELD_BACK  # after everybody else


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
