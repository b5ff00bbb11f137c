"""First-fit slots: a plain rule that gives each pair its times, before any ranking by survival.

The rule, in words. Pairs with the fewest common free periods choose first. Every pair gets its
meeting, then its visit, then its reserve, then its study time, so that one pair's reserve never
takes another's only meeting. A meeting stands in a common free period of the school day; the same
weekday and period in both weeks where that exists, from Tuesday to Thursday rather than on a
Monday (INSET and bank holidays fall there) or Friday, and where a visit can come before it. Nobody
is in two places. A reserve and study time are left out where they would eat into planning time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from ectsim.clock import Slot
from ectsim.plan import PairSlots
from ectsim.programme import Programme
from ectsim.school import Pair, School

__all__ = ["first_fit", "slot_cells"]

MIDWEEK = (1, 2, 3)
"""Tuesday to Thursday."""


def first_fit(school: School, programme: Programme) -> dict[str, PairSlots]:
    """Choose slots for every pair by a plain rule.

    Parameters
    ----------
    school : School
        The school, before planning time is assumed; coded planning time is never used.
    programme : Programme
        Its cadence says how many meetings a pair needs in a cycle, and its share of planning time
        how many free cells each person keeps.

    Returns
    -------
    dict of str to PairSlots
        By pair id. Where a week has no common free period its meeting is left out.
    """
    search = _Search(school, programme)
    order = sorted(school.pairs, key=lambda p: (len(search.common(p)), p.id))
    for step in (search.meet, search.observe, search.reserve, search.study):
        for pair in order:
            step(pair)
    return {p.id: search.slots(p) for p in school.pairs}


def slot_cells(school: School, slots: dict[str, PairSlots]) -> dict[str, set[int]]:
    """Return the cells that slots take from each person, for keeping planning time away from them.

    Parameters
    ----------
    school : School
        The school.
    slots : dict of str to PairSlots
        Slots by pair id.

    Returns
    -------
    dict of str to set of int
        Cells by person; a visit takes the mentor's time, study the ECT's.
    """
    out: dict[str, set[int]] = {}
    for pair_id, four in slots.items():
        pair = school.pair(pair_id)
        for use, people in _sides(pair).items():
            for text in getattr(four, use):
                for who in people:
                    out.setdefault(who, set()).add(school.grid.cell(Slot.parse(text)))
    return out


def _sides(pair: Pair) -> dict[str, tuple[str, ...]]:
    """Whose free time each use takes."""
    both = (pair.ect, pair.mentor)
    return {"meet": both, "observe": (pair.mentor,), "reserve": both, "study": (pair.ect,)}


@dataclass
class _Search:
    """The state of a search: what is taken, and by which use of which pair."""

    school: School
    programme: Programme
    taken: set[tuple[str, int]] = field(default_factory=set)
    used: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.per_day = len(self.school.grid)
        self.weeks = self.school.grid.cycle_weeks
        share = self.programme.entitlement.ppa_share
        self.spare = {}
        for pair in self.school.pairs:
            for who in (pair.ect, pair.mentor):
                coded = "p" in self.school.timetable.rows[who]
                due = 0 if coded else math.ceil(round(share * self.school.lessons(who), 9))
                self.spare[who] = len(self.school.free_cells(who)) - due

    # where a cell lies ---------------------------------------------------------------------------

    def week(self, cell: int) -> int:
        return cell // (5 * self.per_day)

    def day(self, cell: int) -> int:
        return cell // self.per_day % 5

    def time(self, cell: int) -> int:
        """Position in the week: the same weekday and period give the same number."""
        return cell % (5 * self.per_day)

    # what is open --------------------------------------------------------------------------------

    def common(self, pair: Pair) -> list[int]:
        """Cells in which both are free and not yet taken."""
        return [c for c in self.school.common_free(pair) if self.open(c, pair.ect, pair.mentor)]

    def open(self, cell: int, *people: str) -> bool:
        return not any((who, cell) in self.taken for who in people)

    def meetings(self, pair: Pair) -> list[int]:
        return self.used.get((pair.id, "meet"), [])

    def take(self, pair: Pair, use: str, cells: Iterable[int]) -> None:
        for cell in cells:
            self.used.setdefault((pair.id, use), []).append(cell)
            for who in _sides(pair)[use]:
                self.taken.add((who, cell))
                self.spare[who] -= 1

    def slots(self, pair: Pair) -> PairSlots:
        return PairSlots.model_validate(
            {
                use: tuple(
                    str(self.school.grid.slot(c)) for c in sorted(self.used.get((pair.id, use), []))
                )
                for use in _sides(pair)
            }
        )

    # the four uses -------------------------------------------------------------------------------

    def meet(self, pair: Pair) -> None:
        """Choose one meeting a cycle due: one a week, or one in two weeks."""
        free = self.common(pair)
        visits = self.visits(pair)
        weekly = self.programme.coaching.period_weeks(pair.year) < 2 or self.weeks == 1
        best = max(
            self._choices(free, weekly=weekly),
            key=lambda m: self._merit(m, free, visits),
            default=(),
        )
        self.take(pair, "meet", best)

    def _choices(self, free: list[int], *, weekly: bool) -> Iterator[tuple[int, ...]]:
        if not weekly:
            return ((c,) for c in free)
        by_week = [[c for c in free if self.week(c) == w] for w in range(self.weeks)]
        # a week without a common free period gives no slot: that is honest
        return product(*(cells for cells in by_week if cells)) if free else iter(())

    def _merit(
        self, meetings: tuple[int, ...], free: list[int], visits: list[int]
    ) -> tuple[float, ...]:
        """Rank a choice of meetings; larger is better, compared from the left."""
        same_time = len(meetings) - len({self.time(m) for m in meetings})
        same_day = len(meetings) - len({self.day(m) for m in meetings})
        seen = sum(bool(self._visits_before(m, meetings, visits)) for m in meetings)
        seen_that_week = sum(any(self._earlier(v, m) for v in visits) for m in meetings)
        with_reserve = sum(
            any(self.week(c) == self.week(m) and self.day(c) > self.day(m) for c in free)
            for m in meetings
        )
        midweek = sum(self.day(m) in MIDWEEK for m in meetings)
        monday = sum(self.day(m) == 0 for m in meetings)
        return (
            seen,
            same_time,
            seen_that_week,
            midweek,
            with_reserve,
            same_day,
            -monday,
            *(-m for m in meetings),
        )

    def _visits_before(self, meeting: int, meetings: Iterable[int], visits: list[int]) -> list[int]:
        """Return visits for a meeting: earlier in its week, else in the week before.

        A visit counts only after the meeting before it.
        """
        same_week = [v for v in visits if self._earlier(v, meeting)]
        before = (self.week(meeting) - 1) % self.weeks
        last = max((m for m in meetings if self.week(m) == before), default=-1)
        return same_week or [v for v in visits if self.week(v) == before and v > last]

    def _earlier(self, cell: int, meeting: int) -> bool:
        return self.week(cell) == self.week(meeting) and cell < meeting

    def visits(self, pair: Pair) -> list[int]:
        """Cells in which the ECT teaches and the mentor is free and not yet taken."""
        return [c for c in self.school.visit_cells(pair) if self.open(c, pair.mentor)]

    def observe(self, pair: Pair) -> None:
        """Choose one visit before each meeting: in its week, else in the week before."""
        times: list[int] = []
        for meeting in self.meetings(pair):
            options = self._visits_before(meeting, self.meetings(pair), self.visits(pair))

            def merit(cell: int, day: int = self.day(meeting)) -> tuple[float, ...]:
                hour = self.time(cell)
                return (hour in times, self.day(cell) != day, self.day(cell) in MIDWEEK, cell)

            if options:
                best = max(options, key=merit)
                times.append(self.time(best))
                self.take(pair, "observe", [best])

    def reserve(self, pair: Pair) -> None:
        """Choose one reserve for each meeting: on another day, after it where that exists."""
        for meeting in self.meetings(pair):

            def merit(cell: int, meeting: int = meeting) -> tuple[float, ...]:
                other_day = self.day(cell) != self.day(meeting)
                return (
                    other_day and cell > meeting,
                    cell > meeting,
                    self.day(cell) in MIDWEEK,
                    self.day(cell) != 0,
                    -cell,
                )

            near = [c for c in self.common(pair) if self.week(c) == self.week(meeting)]
            fortnight = len(self.meetings(pair)) < self.weeks
            self._optional(pair, "reserve", near or (self.common(pair) if fortnight else []), merit)

    def study(self, pair: Pair) -> None:
        """Choose one time a week in which the ECT is free, at the same hour where that exists."""
        times: set[int] = set()
        for week in range(self.weeks):
            free = [c for c in self.school.free_cells(pair.ect) if self.open(c, pair.ect)]
            both = {self.time(c) for c in free if self.week(c) != week} if self.weeks > 1 else set()

            def merit(
                cell: int, kept: frozenset[int] = frozenset(times), both: set[int] = both
            ) -> tuple[float, ...]:
                return (
                    self.time(cell) in kept,
                    self.time(cell) in both,
                    self.day(cell) in MIDWEEK,
                    self.day(cell) != 0,
                    -cell,
                )

            taken = self._optional(pair, "study", [c for c in free if self.week(c) == week], merit)
            times |= {self.time(c) for c in taken}

    def _optional(
        self, pair: Pair, use: str, cells: list[int], merit: Callable[[int], tuple[float, ...]]
    ) -> list[int]:
        """Take the best cell, unless it would eat into somebody's planning time."""
        if not cells or any(self.spare[who] < 1 for who in _sides(pair)[use]):
            return []
        best = max(cells, key=merit)
        self.take(pair, use, [best])
        return [best]
