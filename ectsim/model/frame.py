"""The frame of a year: what a scenario fixes before any luck is dealt, as arrays and sorted lists.

A *year cell* is one period of one pupil day: ``day * periods + period``. Only pupil days have
cells, so nothing can happen on a closed day.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from ectsim.clock import DAY, Slot, Week
from ectsim.log import FORM_CODE
from ectsim.luck import stable_fraction
from ectsim.model.steps import steps_frame
from ectsim.model.study import due_modules, due_returns
from ectsim.model.training import coaching_hours, due_training
from ectsim.plan import LEVELS, PairSlots
from ectsim.school import Pair

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from ectsim.scenario import Scenario

__all__ = ["BELL_MIN", "COVER_TIME", "STATES", "Frame", "PairFrame", "Window", "frame_of"]

STATES = ("leader_support", "culture", "relationship", "belief")
"""Conditions that a school begins with and that no frame depends on."""

COVER_TIME = 7 * 60 + 30
"""Minute of the day at which the day's cover is allocated."""

BELL_MIN = 10
"""A meeting needs at least this many minutes before the bell."""

SPLIT_MIN = 30
"""Minutes of the coaching part of a split meeting (F110)."""

PLANNED, RESERVE, COMMON_FREE = FORM_CODE["planned"], FORM_CODE["reserve"], FORM_CODE["common_free"]
BEFORE_AFTER, SPLIT = FORM_CODE["before_after"], FORM_CODE["split"]

Chance = tuple[int, int, int]
"""Start (school minute), year cell, form: a time at which a pair could meet."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which one due cycle should happen.

    Parameters
    ----------
    cycle : int
        Its number in the pair's year, 0 is the first.
    week : int
        School week in which it opens.
    opens, closes : int
        School minutes; closes when the next opens.
    first_day, last_day : int
        Pupil days, inclusive.
    planned : Chance or None
        The planned slot; its year cell is -1 when it falls on a closed day.
    in_plan : bool
        False when the plan's cadence leaves this cycle out.
    """

    cycle: int
    week: int
    opens: int
    closes: int
    first_day: int
    last_day: int
    planned: Chance | None
    in_plan: bool


@dataclass(frozen=True)
class PairFrame:
    """What a scenario fixes for one pair.

    Parameters
    ----------
    pair : Pair
        Who.
    index : int
        Position in the school.
    ect, mentor : int
        Positions in the frame's staff.
    windows : tuple of Window
        Its due cycles.
    extras : tuple of Chance
        Every time other than the window's planned slot at which it may meet, in order of time.
    visits : tuple of (int, int, bool)
        Start, year cell, planned: lessons of the ECT in which the mentor is free, in order of time.
    study : tuple of int
        For each school week the year cell of the study slot, or -1.
    lessons : tuple of int
        Starts of the ECT's lessons, for video.
    works : tuple of int
        School weeks in which the ECT works, from the pair's start on.
    whole : tuple of int
        The same for the whole school year.
    released : dict of int to tuple of (int, int)
        For year cells of slots that stand in a lesson (side, person): who takes whose class.
    first_day : int
        The ECT's first pupil day of the year: 0 but for a pair that starts within it.
    helper : int
        Position of whoever the ECT may ask during study, or -1.
    deputy : int
        Position of the deputy mentor in the frame's staff, -1 without one.
    """

    pair: Pair
    index: int
    ect: int
    mentor: int
    windows: tuple[Window, ...]
    extras: tuple[Chance, ...]
    visits: tuple[tuple[int, int, bool], ...]
    study: tuple[int, ...]
    lessons: tuple[int, ...]
    works: tuple[int, ...]
    whole: tuple[int, ...]
    released: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    first_day: int = 0
    deputy: int = -1
    helper: int = -1


class Frame:
    """A scenario laid out over its year.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan.
    """

    def __init__(self, scenario: Scenario) -> None:
        school, plan = scenario.school, scenario.plan
        self.scenario = scenario
        grid = school.grid
        self.periods = len(grid)
        self.weeks: tuple[Week, ...] = school.calendar.weeks(grid.cycle_weeks)
        days = school.calendar.pupil_days
        self.days = len(days)
        self.midnight = [school.calendar.minute(d) for d in days]
        self.week_of = [0] * self.days
        self.cycle_day = [0] * self.days
        for week in self.weeks:
            for d in week.days:
                self.week_of[d] = week.index
                self.cycle_day[d] = (week.cycle - 1) * 5 + days[d].weekday()
        off = school.calendar.off_timetable
        self.timetabled = np.array([d not in off for d in days])
        self.end = self.midnight[-1] + DAY
        self.starts = [p.start for p in grid.periods]
        self.ends = [p.end for p in grid.periods]

        wanted = plan.cover.supervisors
        count = round(len(school.staff) / 40) if wanted is None else wanted
        self.supervisors = tuple(f"supervisor {i + 1}" for i in range(count))
        order = sorted(s.id for s in school.staff)
        self.staff = (*order, *self.supervisors)
        self.position = {s: i for i, s in enumerate(self.staff)}
        self.departments = [school.by_id[s].department for s in order] + [""] * count
        self._timetable_arrays(scenario, order)
        self.slip_factor = self._slip_factors(scenario)
        self.gained = self._gained_time(scenario, order)
        self.pairs = tuple(self._pair(scenario, i, p) for i, p in enumerate(school.pairs))
        self.modules = tuple(tuple(due_modules(self, p)) for p in self.pairs)
        self.returns = tuple(tuple(due_returns(self, p)) for p in self.pairs)
        self.coordinator = self.position[school.coordinator] if school.coordinator else -1
        self.tracked = self._tracked()
        split = plan.cover.split_classes
        self.split_classes = split if split is not None else int(school.phase == "primary")
        self._protection(scenario)
        self.steps = steps_frame(self)
        self.training = due_training(self)
        self.coaching_hours = coaching_hours(self) if self.training else {}

    def _tracked(self) -> list[int]:
        """Return everybody whose absence and cover calls a pair's year depends on."""
        takers = {who for p in self.pairs for needed in p.released.values() for _, who in needed}
        deputies = {who for p in self.pairs for who in (p.deputy, p.helper) if who >= 0}
        members = {w for p in self.pairs for w in (p.ect, p.mentor)}
        return sorted(
            members | takers | deputies | ({self.coordinator} if self.coordinator >= 0 else set())
        )

    def extended(self, shares: Mapping[str, Fraction]) -> Frame:
        """Return the frame of pairs whose induction absence has extended (E6-07).

        Coaching goes on at the pace of the time that is missing. Modules and training stay where they
        were: they have come round once already.

        Parameters
        ----------
        shares : mapping of str to Fraction
            For a pair's id the share of a school year by which its ECT's induction is extended.
        """
        out = copy(self)
        out.pairs = tuple(
            self._pair(
                self.scenario,
                p.index,
                replace(p.pair, elapsed=max(Fraction(0), p.pair.served - shares[p.pair.id])),
            )
            if p.pair.id in shares and p.pair.elapsed is not None
            else p
            for p in self.pairs
        )
        out.tracked = out._tracked()
        out._protection(self.scenario)
        return out

    def without(self, cycles: Collection[tuple[str, int]]) -> Frame:
        """Return the frame with some cycles left out of the plan; its slots stay as protected as they were.

        Parameters
        ----------
        cycles : collection of (str, int)
            A pair's id and the cycle's number.
        """
        out = copy(self)
        out.pairs = tuple(
            replace(
                p,
                windows=tuple(
                    replace(w, in_plan=w.in_plan and (p.pair.id, w.cycle) not in cycles)
                    for w in p.windows
                ),
            )
            for p in self.pairs
        )
        return out

    def under(self, **states: float) -> Frame:
        """Return the frame of the same school that begins with other states.

        Parameters
        ----------
        **states : float
            Some of :data:`STATES`. Nothing that is laid out here depends on them, so nothing is
            laid out again.

        Raises
        ------
        KeyError
            If another condition is named.
        """
        for name in states:
            if name not in STATES:
                raise KeyError(name)
        scenario = self.scenario
        conditions = scenario.school.conditions.model_copy(update=states)
        out = copy(self)
        out.scenario = replace(scenario, school=replace(scenario.school, conditions=conditions))
        return out

    def _timetable_arrays(self, scenario: Scenario, order: list[str]) -> None:
        """Lay the cycle's cells over the year's days."""
        school = scenario.school
        people, cycle = len(order), school.grid.cycle_weeks * 5
        letters = np.frombuffer(
            "".join(school.timetable.rows[s] for s in order).encode(), dtype="S1"
        )
        cells = letters.reshape(people, cycle, self.periods)
        lesson_period = np.zeros(self.periods, dtype=bool)
        lesson_period[list(school.lesson_periods)] = True
        self.lesson_period = lesson_period
        by_day = np.array(self.cycle_day)
        runs = self.timetabled[:, None] & np.ones(self.periods, dtype=bool)
        usable = runs & lesson_period
        # a lesson outside the school day (a sixth period, say) lapses when its teacher is away
        lessons = (cells == b"l")[:, by_day, :] & usable
        self.lessons: NDArray[np.bool_] = np.concatenate(
            [lessons, np.zeros((len(self.supervisors), self.days, self.periods), dtype=bool)]
        )
        free = np.zeros_like(self.lessons)
        free[:people] = ((cells == b"f") | (cells == b"c"))[:, by_day, :] & usable
        free[people:] = usable
        level = np.zeros(free.shape, dtype=np.float64)
        level[:people][(cells == b"c")[:, by_day, :]] = -1.0
        level[people:] = -2.0
        self.callable_cells: NDArray[np.bool_] = free.reshape(len(self.staff), -1)
        tie = np.array([stable_fraction("tie", s) for s in self.staff]) * 2.0**-24
        # who is called first: supervisors, cells marked for cover, everybody else; then the draw
        self.call_order: NDArray[np.float64] = level.reshape(len(self.staff), -1) + tie[:, None]

        # cover is drawn for the periods of the school day only: where each year cell stands among them
        among = np.cumsum(lesson_period) - 1
        self.rota_cells = int(lesson_period.sum()) * self.days
        self.rota_index: NDArray[np.int64] = np.where(
            lesson_period[None, :],
            np.arange(self.days)[:, None] * int(lesson_period.sum()) + among,
            -1,
        ).ravel()

    def _slip_factors(self, scenario: Scenario) -> list[float]:
        """Return for each pupil day how much more slips than usual; the largest factor holds."""
        school, out = scenario.school, [1.0] * self.days
        for span in school.calendar.spans:
            if span.kind not in ("parents_evening", "reports", "provisional", "inspection"):
                continue
            factor = getattr(school.conditions, f"slip_{span.kind}")
            touched = [
                d
                for d, day in enumerate(school.calendar.pupil_days)
                if span.first <= day <= span.last
            ]
            if span.kind in ("parents_evening", "reports"):
                weeks = {self.week_of[d] for d in touched}
                touched = [d for d in range(self.days) if self.week_of[d] in weeks]
            for d in touched:
                # 1 is the usual: a factor below it, where nothing else holds, is taken as written
                out[d] = factor if out[d] == 1.0 else max(out[d], factor)
        return out

    def _gained_time(self, scenario: Scenario, order: list[str]) -> set[tuple[int, int]]:
        """Take out the lessons of year groups that have left; return them as (person, year cell).

        Whoever taught them is free for cover. Pairs keep the times that they planned with: what
        gained time is used for is not known.
        """
        school = scenario.school
        out: set[tuple[int, int]] = set()
        for span in school.calendar.spans:
            if span.kind != "gained_time":
                continue
            groups = span.name.split()
            gone: dict[int, list[tuple[int, int]]] = {}
            for (who, cell), taught in school.timetable.cells.items():
                number = re.match(r"\d+", taught.class_code)
                if number and number[0] in groups:
                    day, period = divmod(cell, self.periods)
                    gone.setdefault(day, []).append((self.position[who], period))
            callable_cells = self.callable_cells.reshape(len(self.staff), self.days, self.periods)
            for d, date in enumerate(school.calendar.pupil_days):
                if span.first <= date <= span.last:
                    for person, period in gone.get(self.cycle_day[d], ()):
                        if self.lessons[person, d, period]:
                            self.lessons[person, d, period] = False
                            callable_cells[person, d, period] = True
                            out.add((person, self.year_cell(d, period)))
        return out

    def midnight_of(self, date: dt.date) -> int:
        """Return the school minute at which a date begins."""
        return self.scenario.school.calendar.minute(date)

    def year_cell(self, day: int, period: int) -> int:
        """Return the year cell of a pupil day and a position in the day."""
        return day * self.periods + period

    def start_of(self, cell: int) -> int:
        """Return the school minute at which a year cell starts."""
        return self.midnight[cell // self.periods] + self.starts[cell % self.periods]

    def end_of(self, cell: int) -> int:
        """Return the school minute at which a year cell ends."""
        return self.midnight[cell // self.periods] + self.ends[cell % self.periods]

    def occurrences(self, cells: list[int]) -> list[int]:
        """Return the year cells of cycle cells, in order of time."""
        wanted: dict[int, list[int]] = {}
        for c in cells:
            wanted.setdefault(c // self.periods, []).append(c % self.periods)
        return [
            self.year_cell(d, p)
            for d in range(self.days)
            if self.timetabled[d]
            for p in sorted(wanted.get(self.cycle_day[d], ()))
        ]

    def _pair(self, scenario: Scenario, index: int, pair: Pair) -> PairFrame:
        school, plan = scenario.school, scenario.plan
        grid = school.grid
        finished = pair.served >= scenario.programme.years
        slots = PairSlots() if finished else plan.slots_of(pair.id)
        cells = {
            use: [grid.cell(Slot.parse(t)) for t in getattr(slots, use)]
            for use in ("meet", "observe", "reserve", "study")
        }
        row = school.timetable.rows[pair.ect]
        begins = self.midnight_of(pair.start) if pair.start else 0
        first_day = min(bisect_left(self.midnight, begins), self.days - 1)
        whole = tuple(
            w.index
            for w in self.weeks
            if any(self.in_school(row, self.cycle_day[d]) for d in w.days)
        )
        works = tuple(
            w
            for w in whole
            if any(
                d >= first_day and self.in_school(row, self.cycle_day[d])
                for d in self.weeks[w].days
            )
        )
        windows = self._windows(scenario, pair, works, len(whole), cells["meet"], first_day)
        extras = self._extras(scenario, pair, cells)
        planned_visits = set(self.occurrences(cells["observe"]))
        visit_cells = [
            c for c in school.visit_cells(pair) if c not in cells["meet"] + cells["reserve"]
        ]
        visits = sorted(set(self.occurrences(visit_cells)) | planned_visits)
        ect = self.position[pair.ect]
        visits = [c for c in visits if (ect, c) not in self.gained]
        if first_day:  # nothing of a pair that starts within the year comes before it
            visits = [c for c in visits if c >= first_day * self.periods]
            extras = tuple(x for x in extras if x[1] >= first_day * self.periods)
        study = [-1] * len(self.weeks)
        for c in reversed(self.occurrences(cells["study"])):
            if c >= first_day * self.periods:
                study[self.week_of[c // self.periods]] = c
        lessons = self.occurrences([c for c, letter in enumerate(row) if letter == "l"])
        lessons = [
            c for c in lessons if c >= first_day * self.periods and (ect, c) not in self.gained
        ]
        deputy = slots.deputy if plan.deputy else ""
        released = self._released(scenario, pair, cells)
        return PairFrame(
            pair=pair,
            index=index,
            ect=self.position[pair.ect],
            mentor=self.position[pair.mentor],
            windows=windows,
            extras=extras,
            visits=tuple((self.start_of(c), c, c in planned_visits) for c in visits),
            study=tuple(study),
            lessons=tuple(self.end_of(c) for c in lessons),
            works=works,
            whole=whole,
            released=released,
            first_day=first_day,
            deputy=self.position[deputy] if deputy else -1,
            helper=self.position[slots.helper] if slots.helper else -1,
        )

    def _released(
        self, scenario: Scenario, pair: Pair, cells: dict[str, list[int]]
    ) -> dict[int, tuple[tuple[int, int], ...]]:
        """Say for each slot that stands in a lesson who takes the class: year cell to (side, person)."""
        slots, rows = scenario.plan.slots_of(pair.id), scenario.school.timetable.rows
        sides = ((1, pair.ect, slots.release_ect), (2, pair.mentor, slots.release_mentor))
        out: dict[int, tuple[tuple[int, int], ...]] = {}
        for use in ("meet", "reserve", "observe"):
            for c in cells[use]:
                needed = tuple(
                    (side, self.position[taker])
                    for side, who, taker in sides
                    if taker and rows[who][c] == "l" and not (use == "observe" and side == 1)
                )
                if needed:
                    out.update(dict.fromkeys(self.occurrences([c]), needed))
        return out

    def in_school(self, row: str, cycle_day: int) -> bool:
        """Tell whether a person with this row of the timetable works on a day of the cycle."""
        day = row[cycle_day * self.periods : (cycle_day + 1) * self.periods]
        return any(letter not in "b" for i, letter in enumerate(day) if self.lesson_period[i])

    def _windows(
        self,
        scenario: Scenario,
        pair: Pair,
        works: tuple[int, ...],
        whole: int,
        meet: list[int],
        first_day: int,
    ) -> tuple[Window, ...]:
        """Open a window in the ECT's week i when ceil((i+1)f) > ceil(i f).

        A part-timer passes from the first to the second year of induction, or ends it, within a
        school year; from that week on the other rate counts.
        """
        programme = scenario.programme.coaching
        fte = scenario.school.fte(pair.ect)
        contracting = pair.new and programme.first_week == "contract"
        opening, due = [], Fraction(0)
        for i, w in enumerate(works):
            served = pair.served + fte * Fraction(i, whole)
            if served >= scenario.programme.years:
                break
            if contracting and i == 0:
                continue
            before, due = due, due + programme.rate(1 if served < 1 else 2, fte)
            if ceil(due) > ceil(before):
                opening.append(w)
        out = []
        for n, w in enumerate(opening):
            following = opening[n + 1] if n + 1 < len(opening) else len(self.weeks)
            first = max(first_day, self.weeks[w].days[0])
            last = self.weeks[following - 1].days[-1]
            opens = self.midnight[first] + COVER_TIME
            closes = (
                self.midnight[self.weeks[following].days[0]] + COVER_TIME
                if following < len(self.weeks)
                else self.end
            )
            planned = self._planned(range(w, following), meet, first_day)
            in_plan = n % scenario.plan.cadence == 0
            out.append(Window(n, w, opens, closes, first, last, planned, in_plan))
        return tuple(out)

    def _planned(self, weeks: range, meet: list[int], first_day: int) -> Chance | None:
        """Return the window's planned slot: the first of the pair's slots that falls in it."""
        for w in weeks:
            week = self.weeks[w]
            by_day = {self.cycle_day[d] % 5: d for d in week.days}
            for c in sorted(meet):
                cycle_day, period = divmod(c, self.periods)
                cycle, weekday = divmod(cycle_day, 5)
                if cycle + 1 != week.cycle:
                    continue
                day = by_day.get(weekday)
                if first_day in week.days and weekday < self.cycle_day[first_day] % 5:
                    continue  # before the pair begins
                if day is None or not self.timetabled[day]:
                    opens = max(week.days[0], first_day)
                    return (self.midnight[opens] + COVER_TIME, -1, PLANNED)
                cell = self.year_cell(day, period)
                return (self.start_of(cell), cell, PLANNED)
        return None

    def _extras(
        self, scenario: Scenario, pair: Pair, cells: dict[str, list[int]]
    ) -> tuple[Chance, ...]:
        """Collect the times beside planned slots; where two means fit one time, the plan's order decides."""
        school, plan = scenario.school, scenario.plan
        found = plan.meeting == "found"
        means: dict[str, list[int]] = {"reserve": cells["reserve"], "planned": cells["meet"]}
        kept = set(cells["meet"]) | set(cells["reserve"]) | set(cells["study"])
        if found or "common_free" in plan.recovery:
            means["common_free"] = [c for c in school.common_free(pair) if c not in kept]
        if plan.before_after and (found or "before_after" in plan.recovery):
            means["before_after"] = school.outside_cells(pair)
        if "split" in plan.recovery:
            means["split"] = self._lunches(scenario, pair)
        form = {"reserve": RESERVE, "planned": PLANNED, "common_free": COMMON_FREE,
                "before_after": BEFORE_AFTER, "split": SPLIT}  # fmt: skip
        rank = {name: i for i, name in enumerate(("planned", "reserve", *plan.recovery))}
        by_cell: dict[int, int] = {}
        for name in sorted(means, key=lambda n: rank.get(n, 99), reverse=True):
            for cell in self.occurrences(means[name]):
                by_cell[cell] = form[name]
        long_enough = [
            (self.start_of(c), c, f)
            for c, f in by_cell.items()
            if self.end_of(c) - self.start_of(c) >= BELL_MIN
        ]
        return tuple(sorted(long_enough))

    def _lunches(self, scenario: Scenario, pair: Pair) -> list[int]:
        """Return the lunch cells long enough for the coaching part of a split meeting."""
        school = scenario.school
        rows = [school.timetable.rows[w] for w in (pair.ect, pair.mentor)]
        return [
            c
            for c in range(school.grid.cells)
            if school.grid.periods[c % self.periods].kind == "lunch"
            and school.grid.periods[c % self.periods].length >= SPLIT_MIN
            and all(r[c] == "f" for r in rows)
            and all(self.in_school(r, c // self.periods) for r in rows)
        ]

    def _protection(self, scenario: Scenario) -> None:
        """List the induction slots that stand in the cover rota with a level of their own.

        ``slots`` holds (person, year cell, level): the level is that of the plan, 0 to 2;
        ``level_of`` is the same by person and cell.
        """
        plan, grid = scenario.plan, scenario.school.grid
        side = {
            "mentor": LEVELS.index(plan.protection.mentor),
            "ect": LEVELS.index(plan.protection.ect),
        }
        reserve = LEVELS.index(plan.protection.reserve)
        levels: dict[tuple[int, int], int] = {}

        def keep(person: int, cell: int, level: int) -> None:
            levels[person, cell] = max(level, levels.get((person, cell), 0))

        def release(pair: PairFrame, cell: int) -> None:
            # whoever takes a class is as protected as the side that it releases
            for number, taker in pair.released.get(cell, ()):
                keep(taker, cell, side["ect" if number == 1 else "mentor"])

        for p in self.pairs:
            if not p.windows:  # the ECT has finished: the slots are open to cover again
                continue
            slots = plan.slots_of(p.pair.id)
            for window in p.windows:
                if window.planned and window.planned[1] >= 0 and window.in_plan:
                    keep(p.ect, window.planned[1], side["ect"])
                    keep(p.mentor, window.planned[1], side["mentor"])
                    release(p, window.planned[1])
            for _, cell, planned in p.visits:
                if planned:
                    keep(p.mentor, cell, side["mentor"])
                    release(p, cell)
            for cell in p.study:
                if cell >= 0:
                    keep(p.ect, cell, side["ect"])
            for cell in self.occurrences([grid.cell(Slot.parse(t)) for t in slots.reserve]):
                keep(p.ect, cell, reserve)
                keep(p.mentor, cell, reserve)
                for _, taker in p.released.get(cell, ()):
                    keep(taker, cell, reserve)
        self.level_of = levels
        self.slots = sorted((who, cell, level) for (who, cell), level in levels.items())


_kept: list[tuple[Scenario, Frame]] = []


def frame_of(scenario: Scenario) -> Frame:
    """Return the frame of a scenario; the last few are kept, so that replications share one."""
    for known, frame in _kept:
        if known is scenario:
            return frame
    frame = Frame(scenario)
    _kept.append((scenario, frame))
    del _kept[:-4]
    return frame
