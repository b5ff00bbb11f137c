"""The coordinator: sees what is on record, a little late, and acts for one pair at a time.

One SimPy process a school. On the first pupil day of each week she holds her check-in and looks at
the record. A pair with as many due cycles in a row without a record as the plan says gets one
action, the next of :data:`REPAIRS` that can do something; a further one only when another cycle is
missing. She knows the record and nothing else: a meeting that was held and not recorded is missing
to her. What she does for one pair reaches another only through the cover rota.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from ectsim.log import EVENT_CODE
from ectsim.model.cover import GUARANTEED, level_of, raise_levels
from ectsim.model.frame import COVER_TIME
from ectsim.plan import LEVELS

if TYPE_CHECKING:
    import simpy

    from ectsim.luck import Luck
    from ectsim.model.bookings import Bookings
    from ectsim.model.coaching import Coaching
    from ectsim.model.cover import CoverBook
    from ectsim.model.frame import Frame
    from ectsim.model.year import Fate

__all__ = ["ACTIONS", "BEFORE_COVER", "REPAIRS", "Coordinator"]

REPAIRS: tuple[str, ...] = ("new_time", "protect", "deputy", "leaders")
"""What she does for a pair, in this order.

``new_time``: helps to find one more new time this week; ``protect``: has the pair's slots stand one
level better in the cover rota for some weeks; ``deputy``: puts the deputy on call while the mentor
is away; ``leaders``: raises it with leaders, who then step in for the pair's slots more often.
"""

ACTIONS: tuple[str, ...] = (*REPAIRS, "mediate")
"""All that she does for a pair. ``mediate``: where two get on so badly that they no longer rehearse,
she has them agree anew how to work together (F136)."""

CHECKED_IN, REPAIRED, RECOGNISED = (
    EVENT_CODE["checked_in"],
    EVENT_CODE["repaired"],
    EVENT_CODE["recognised"],
)

BEFORE_COVER = 5
"""Minutes before the day's cover at which she looks at the record, before the week's windows open."""

HERS = -2
"""Holder of her own bookings: no pair's number."""

Row = tuple[int, int, int, int, int, int, int, int]


class Coordinator:
    """A school's induction coordinator through one year.

    Parameters
    ----------
    env : simpy.Environment
        The school's clock.
    frame, fate, luck : Frame, Fate, Luck
        The year, what fate deals, the replication's luck.
    cover : CoverBook
        The year's cover, in which she can have slots protected.
    bookings : Bookings
        The appointment book; her check-ins stand in it if she is a mentor herself.
    coachings : list of Coaching
        The pairs.
    rows : list of tuple
        The log to append to.

    Attributes
    ----------
    calls : list of (int, int, bool)
        Person, year cell, called: cover calls that her actions changed, in order.
    """

    def __init__(
        self,
        env: simpy.Environment,
        frame: Frame,
        fate: Fate,
        luck: Luck,
        cover: CoverBook,
        bookings: Bookings,
        coachings: list[Coaching],
        rows: list[Row],
    ) -> None:
        self.env, self.frame, self.fate, self.luck = env, frame, fate, luck
        self.cover, self.coachings, self.rows = cover, coachings, rows
        self.plan, self.c = frame.scenario.plan, frame.scenario.school.conditions
        self.calls: list[tuple[int, int, bool]] = []
        self._next: dict[int, int] = {}  # pair: which repair comes next
        self._acted_on: dict[int, int] = {}  # pair: the last missing cycle that she acted on
        self._protected: dict[int, int] = {}  # pair: last pupil day of a protection
        self._with_leaders: set[int] = set()
        self._calm: dict[int, int] = {}  # pair: week before which she does not mediate again
        self._cells: dict[int, list[int]] = {}
        self._open: set[int] | None = None  # year cells in which lessons are open, once needed
        self._take_her_time(bookings)

    @property
    def wanted(self) -> bool:
        """Whether the plan gives her anything to do."""
        plan = self.plan
        return bool(plan.checkin_min or plan.repair_after or plan.recognise)

    def run(self) -> Generator[simpy.Event, object, None]:
        """Hold a check-in on the first pupil day of each week, and act where the record has gaps."""
        frame, plan = self.frame, self.plan
        half_term = -1
        for week in frame.weeks:
            first = week.days[0]
            at = frame.midnight[first] + COVER_TIME - BEFORE_COVER
            if at > self.env.now:
                yield self.env.timeout(at - self.env.now)
            if plan.recognise and week.half_term != half_term:
                self._recognise()
            half_term = week.half_term
            if not self._there(first):
                continue
            if plan.checkin_min:
                cells = self._cells.get(first, [])
                called = any(
                    self.fate.called(frame.coordinator, cell)
                    or self.fate.trains(frame.coordinator, cell)
                    for cell in cells
                )
                # called to cover or in training then, she holds it in her own time before school
                start = frame.start_of(cells[0]) if cells and not called else at
                self.rows.append((start, CHECKED_IN, -1, -1, plan.checkin_min, 0, 0, 0))
            if plan.repair_after:
                for coaching in self.coachings:
                    self._mediate(coaching, week.index, first)
                    self._look_after(coaching, week.index, first)

    # -- her own time -------------------------------------------------------------------------------

    def _take_her_time(self, bookings: Bookings) -> None:
        """Set free periods of her own aside for check-ins, if the school names her.

        They are her first free ones of the day outside planning time and outside the plan's slots.
        If she mentors, her pairs cannot use them.
        """
        frame = self.frame
        if frame.coordinator < 0 or not self.plan.checkin_min:
            return
        me = frame.coordinator
        row = frame.scenario.school.timetable.rows[frame.staff[me]]
        for week in frame.weeks:
            day = week.days[0]
            if not frame.timetabled[day]:
                continue
            today, left = frame.cycle_day[day] * frame.periods, self.plan.checkin_min
            for period in range(frame.periods):
                cell = frame.year_cell(day, period)
                mine = row[today + period] == "f" and frame.lesson_period[period]
                if left > 0 and mine and bookings.free((me,), cell, HERS):
                    bookings.book((me,), cell, HERS)
                    self._cells.setdefault(day, []).append(cell)
                    left -= frame.ends[period] - frame.starts[period]

    def _there(self, day: int) -> bool:
        """Tell whether she is in school that day; a coordinator without a name always is."""
        me = self.frame.coordinator
        return me < 0 or not self.fate.away(me, day)

    def _recognise(self) -> None:
        """Have mentors thanked in public (F150)."""
        self.rows.append((int(self.env.now), RECOGNISED, -1, -1, 0, 0, 0, 0))
        for coaching in self.coachings:
            state = coaching.state
            state.culture += self.c.recognition_gain * (1.0 - state.culture)

    # -- what she sees, and does --------------------------------------------------------------------

    def _look_after(self, coaching: Coaching, week: int, day: int) -> None:
        """Act for a pair whose last due cycles, as far as she can see, are not on record."""
        missing = self._missing(coaching, week)
        pair = coaching.pair.index
        if missing < 0:
            self._next[pair] = 0
            return
        if missing == self._acted_on.get(pair, -1) or self.env.now >= coaching.end:
            return
        self._acted_on[pair] = missing
        for k in range(self._next.get(pair, 0), len(REPAIRS)):
            if self._repair(coaching, REPAIRS[k], week, day):
                self._next[pair] = k + 1
                break
        else:  # everything has been tried: another new time, every week
            k = 0
            self._repair(coaching, REPAIRS[k], week, day)
        self.rows.append((int(self.env.now), REPAIRED, pair, -1, k, 0, 0, 0))

    def _mediate(self, coaching: Coaching, week: int, day: int) -> None:
        """Help two people to get on who do not, at most once in as long as a repair holds."""
        pair, state = coaching.pair, coaching.state
        if state.relationship >= self.c.relationship_floor or week < self._calm.get(pair.index, 0):
            return
        if not pair.first_day <= day or self.env.now >= coaching.end:
            return
        self._calm[pair.index] = week + self.c.repair_weeks
        state.contract(self.c)
        self.rows.append(
            (int(self.env.now), REPAIRED, pair.index, -1, ACTIONS.index("mediate"), 0, 0, 0)
        )

    def _missing(self, coaching: Coaching, week: int) -> int:
        """Return the last cycle she can see if it and those before it are not on record, else -1."""
        frame, lag = self.frame, self.plan.monitoring_lag_weeks
        if week - lag < 1:
            return -1
        first_unseen = frame.weeks[week - lag].days[0]
        seen_until = frame.midnight[first_unseen]
        last, missing, on_record = -1, 0, coaching.on_record
        for window in reversed(coaching.due):
            if window.last_day >= first_unseen or not window.in_plan:
                continue  # it may still be held, or was never meant to be
            if on_record.get(window.cycle, seen_until) < seen_until:
                return -1
            last = max(last, window.cycle)
            missing += 1
            if missing == self.plan.repair_after:
                return last
        return -1

    def _repair(self, coaching: Coaching, action: str, week: int, day: int) -> bool:
        """Do one thing for a pair, and tell whether it could do anything."""
        pair = coaching.pair
        if action == "new_time":
            coaching.helped_week = week
            return True
        if action == "deputy":
            without = coaching.life.without_mentor(day)
            if pair.deputy < 0 or not (without or self.fate.away(pair.mentor, day)):
                return False
            self.fate.on_call[pair.index] = self._until(week)
            return True
        if action == "protect":
            self._protected[pair.index] = self._until(week)
        else:
            self._with_leaders.add(pair.index)
        return self._raise_slots(coaching, day)

    def _until(self, week: int) -> int:
        """Return the last pupil day for which a repair holds."""
        last = min(week + self.c.repair_weeks, len(self.frame.weeks)) - 1
        return self.frame.weeks[last].days[-1]

    def _raise_slots(self, coaching: Coaching, day: int) -> bool:
        """Put the levels of a pair's slots up from tomorrow on, as far as they are not guaranteed."""
        frame, pair = self.frame, coaching.pair
        if frame.scenario.plan.cover.rota != "keyed":
            return False  # a rota with a memory cannot be changed from a day on
        sides = frame.scenario.plan.protection
        if sides.mentor == sides.ect == LEVELS[GUARANTEED]:
            return False
        support = self.c.leader_support
        if pair.index in self._with_leaders:
            support = min(1.0, support + self.c.leaders_gain)
        protected = self._protected.get(pair.index, -1)
        if self._open is None:
            self._open = set(self.cover.cells.tolist())
        raised: dict[tuple[int, int], int] = {}
        possible = False  # a pair without slots has none to protect
        for window in pair.windows:
            cell = window.planned[1] if window.planned and window.in_plan else -1
            on = cell // frame.periods
            if cell < 0 or on <= day or on > coaching.life.last_day:
                continue
            takers = [who for _, who in pair.released.get(cell, ())]
            for person in (pair.ect, pair.mentor, *takers):
                possible |= frame.level_of.get((person, cell), 0) < GUARANTEED
                if cell in self._open:
                    more = int(on <= protected)
                    raised[person, cell] = level_of(frame, self.luck, person, cell, support, more)
        self.calls += raise_levels(frame, self.cover, self.luck, raised)
        return possible
