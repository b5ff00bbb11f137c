"""The coaching cycle: one SimPy process a pair, awake only where something can happen.

``due -> observe -> choose step -> meet [praise -> share -> model -> analyse -> practise xN ->
other mentoring] -> record``. Whatever fails, the first chance that comes is taken: a later reserve
slot is never waited for while an earlier free period passes, so that one more chance can never
cost a pair a cycle.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Generator
from dataclasses import dataclass, field
from math import exp
from typing import TYPE_CHECKING

import numpy as np

from ectsim.clock import DAY
from ectsim.log import CAUSE_CODE, EVENT_CODE, FORM_CODE
from ectsim.model.frame import BELL_MIN, COVER_TIME, SPLIT_MIN
from ectsim.model.people import end_of

if TYPE_CHECKING:
    import simpy
    from numpy.typing import NDArray

    from ectsim.luck import Luck
    from ectsim.model.bookings import Bookings
    from ectsim.model.frame import Chance, Frame, PairFrame, Window
    from ectsim.model.people import PairLife, PairState
    from ectsim.model.steps import Steps
    from ectsim.model.year import Fate, Mentor

__all__ = ["Coaching", "triangular"]

Row = tuple[int, int, int, int, int, int, int, int]

DUE, CONTRACTED, PAUSED = EVENT_CODE["due"], EVENT_CODE["contracted"], EVENT_CODE["paused"]
OBSERVED, OBSERVATION_FAILED = EVENT_CODE["observed"], EVENT_CODE["observation_failed"]
STEP_CHOSEN, STEP_DEFERRED = EVENT_CODE["step_chosen"], EVENT_CODE["step_deferred"]
ARRANGED, MEETING_FAILED, MEETING = (
    EVENT_CODE["arranged"],
    EVENT_CODE["meeting_failed"],
    EVENT_CODE["meeting"],
)
DRIFTED, PRAISE, SHARE, MODEL = (
    EVENT_CODE["drifted"],
    EVENT_CODE["praise"],
    EVENT_CODE["share"],
    EVENT_CODE["model"],
)
ANALYSE, PRACTISE, MENTORING = (
    EVENT_CODE["analyse"],
    EVENT_CODE["practise"],
    EVENT_CODE["mentoring"],
)
BELL, RECORDED, NOT_RECORDED = (
    EVENT_CODE["bell"],
    EVENT_CODE["recorded"],
    EVENT_CODE["not_recorded"],
)
DEPUTISED = EVENT_CODE["deputised"]
LATE, LOST, CENSORED = EVENT_CODE["late"], EVENT_CODE["lost"], EVENT_CODE["censored"]

NO_SLOT, EVENT, OVERRUN = CAUSE_CODE["no_slot"], CAUSE_CODE["event"], CAUSE_CODE["overrun"]
SLIPPED, GATE = CAUSE_CODE["slipped"], CAUSE_CODE["gate"]
PLANNED, RESERVE, COMMON_FREE = FORM_CODE["planned"], FORM_CODE["reserve"], FORM_CODE["common_free"]
SCHOOL_DAY = (COMMON_FREE, RESERVE, PLANNED)
BEFORE_AFTER, SPLIT, LIVE, VIDEO = (
    FORM_CODE["before_after"],
    FORM_CODE["split"],
    FORM_CODE["live"],
    FORM_CODE["video"],
)

PHASES = 16
"""Room for one cycle's durations in a pair's stream: visit, set-up, five phases, nine rehearsals."""

LEAD_DAYS = 5
"""Pupil days before a window in which a visit for it may already be made."""

MAX_REPS = 9

ILL, ON_LEAVE, GONE = range(3)
"""Why a window is paused: the ECT has been ill for long, is on leave, has left the school."""

TALK = ((2, PRAISE), (3, SHARE))
TALK_AND_MODEL = (*TALK, (4, MODEL), (5, ANALYSE))
LEFT_OUT = {"all": 0, "four": PRAISE, "five": ANALYSE}
"""The phase that a reading of the coaching's parts does without (A13-15)."""
"""Phases before practice in their fixed order (F174), with their place in the stream."""


def triangular(
    draw: NDArray[np.float64], low: float, mode: float, high: float
) -> NDArray[np.float64]:
    """Return quantiles of a triangular distribution.

    Parameters
    ----------
    draw : numpy.ndarray
        Uniform draws.
    low, mode, high : float
        Least, most likely and most, in minutes.
    """
    if high <= low:
        return np.full_like(draw, mode)
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(draw * (high - low) * (mode - low))
    falling = high - np.sqrt((1.0 - draw) * (high - low) * (high - mode))
    return np.where(draw < turn, rising, falling)


def _lengths(frame: Frame, luck: Luck, pair: str, cycles: int) -> list[float]:
    """Return the practised lengths of a pair's phases in minutes, ``PHASES`` a cycle."""
    p = frame.scenario.programme.coaching
    shapes = [p.observation_min, p.setup_min, p.praise_min, p.share_min, p.model_min, p.analyse_min]
    shapes += [p.practise_min] * (PHASES - len(shapes))
    if not frame.scenario.school.conditions.random_durations:
        return [shape[1] for shape in shapes] * cycles
    draws = luck.table("duration", pair, cycles * PHASES).reshape(cycles, PHASES)
    columns = [triangular(draws[:, i], *shape) for i, shape in enumerate(shapes)]
    lengths: list[float] = np.stack(columns, axis=1).ravel().tolist()
    return lengths


@dataclass(slots=True)
class Cycle:
    """A due cycle that is still open."""

    window: Window
    deadline: int
    planned: Chance | None = None  # an appointment that is still to come
    displaced: bool = False  # its earliest planned meeting has failed
    arranged: Chance | None = None
    tries: dict[int, int] = field(default_factory=dict)
    needs: int | None = (
        None  # a module that a visit showed to be needed, where the plan waits for it
    )
    failed: bool = False  # some failure is on record


class Coaching:
    """One pair's year.

    Parameters
    ----------
    env : simpy.Environment
        The school's clock.
    frame, pair : Frame, PairFrame
        The year and the pair.
    fate : Fate
        Absence and cover as they strike.
    luck : Luck
        The replication's luck.
    bookings : Bookings
        The school's appointment book.
    mentor : Mentor
        The mentor's resource and practice, shared with the mentor's other pairs.
    studied : list of int
        For each module the minute from which it counts as studied.
    first_module : int
        Number of the first of those modules.
    rows : list of tuple
        The log to append to.
    steps : Steps, optional
        What follows the step from meeting to meeting; without it a meeting has a topic only.
    life : PairLife
        From when to when the pair can hold a cycle.
    state : PairState
        What it carries from week to week.
    deputy : Mentor, optional
        Whoever steps in for the mentor.
    """

    def __init__(
        self,
        env: simpy.Environment,
        frame: Frame,
        pair: PairFrame,
        fate: Fate,
        luck: Luck,
        bookings: Bookings,
        mentor: Mentor,
        studied: list[int],
        first_module: int,
        rows: list[Row],
        life: PairLife,
        state: PairState,
        deputy: Mentor | None = None,
        steps: Steps | None = None,
    ) -> None:
        self.life, self.state, self.deputy, self.steps = life, state, deputy, steps
        self.env, self.frame, self.pair, self.fate = env, frame, pair, fate
        self.bookings, self.mentor = bookings, mentor
        self.studied, self.first_module, self.rows = studied, first_module, rows
        scenario = frame.scenario
        self.plan, self.c = scenario.plan, scenario.school.conditions
        self.programme = scenario.programme.coaching
        left_out = LEFT_OUT[self.programme.phases]
        whole = TALK_AND_MODEL if scenario.plan.model else TALK
        least, _, most = self.programme.coaching_min
        self.fixed = most if least == most else 0.0  # always as long (A13-2), when practised
        self.talk = tuple(phase for phase in whole if phase[1] != left_out)
        self.both = (pair.ect, pair.mentor)
        # with a mentor of their own nobody else can book either of the two
        self.shared = mentor.shared
        name = pair.pair.id
        cells, cycles = frame.days * frame.periods, len(pair.windows) + 1
        self.lengths = _lengths(frame, luck, name, cycles)
        self.fluency = luck.row("fluency", name, cycles)
        self.drift = luck.row("drift", name, cycles)
        self.need = luck.row("need", name, cycles)
        self.record = luck.row("record", name, cycles)
        self.upload = luck.row("upload", name, cycles)
        self.choice = luck.row("choice", name, cells)
        self.slip_meeting = luck.row("slip_meeting", name, cells)
        self.slip_visit = luck.row("slip_observation", name, cells)
        self.independent = luck.row("independent", name, cells) if self.c.independent > 0 else []
        # what the pair cannot use is cut out once, so that nothing wakes for it
        self.extras = fate.usable(pair, pair.extras)
        self.visits = fate.usable(pair, pair.visits)
        self.end = end_of(frame, life)
        self.due: list[Window] = []  # as the coordinator sees them: windows, and what is on record
        self.on_record: dict[int, int] = {}
        self.helped_week = -1
        self.last_meeting = 0
        self.last_day = -1
        self.visit: int | None = None  # end of a visit that is not used yet
        self.visit_failed = False
        self.visits_from = 0
        self.next_visit = 0
        self.own: Cycle | None = None
        self.carried: list[Cycle] = []
        self.limit = self.c.rearrangements + (
            self.c.checkin_help if self.plan.checkin_min > 0 else 0
        )
        self.found = self.plan.meeting == "found"
        self.one_a_day = self.programme.one_meeting_a_day
        # without any means of recovery there is no "later" either
        self.horizon = self.plan.horizon if self.plan.recovery else 0
        self.closes = 0  # end of the window that is open now
        self.upcoming = 0  # the next window to open

    # -- the year ---------------------------------------------------------------------------

    def run(self) -> Generator[simpy.Event, object, None]:
        """Live through the year: windows open, visits and meetings come round, cycles close."""
        env, windows = self.env, self.pair.windows
        yield from self._contract()
        self._look_for_visits(windows[0].first_day if windows else 0)
        opened = 0
        for n, window in enumerate(windows):
            if window.opens >= self.end:
                break
            self.upcoming = n
            yield from self._until(window.opens)
            self.upcoming = opened = n + 1
            self._open(window)
            yield from self._until(min(window.closes, self.end))
            if window.closes > self.end:
                break
            self._close_window(last=n + 1 == len(windows))
        if env.now < self.end:
            yield from self._until(self.end)
        for cycle in (*self.carried, *([self.own] if self.own else [])):
            tried = cycle.planned or cycle.arranged or cycle.failed
            if tried or self.end == self.frame.end:
                self._log(CENSORED, cycle, at=self.end)
            else:  # whoever leaves while no time was in sight did not leave it open
                self._lose(cycle)
        if self.end < self.frame.end:
            self.own, self.carried = None, []
            for window in windows[max(0, opened - 1) :]:
                if window.planned:  # the mentor's other pairs may use the time
                    self._release(window.planned[1])
            for window in windows[opened:]:  # nothing is due, and the calendar's count stays
                self._pause(window, GONE)

    def _log(self, event: int, cycle: Cycle | None, value: int = 0, cause: int = 0, form: int = 0, side: int = 0, *, at: int | None = None) -> None:  # fmt: skip
        number = cycle.window.cycle if cycle else -1
        when = int(self.env.now) if at is None else at
        self.rows.append((when, event, self.pair.index, number, value, cause, form, side))

    def _contract(self) -> Generator[simpy.Event, object, None]:
        """Hold the first meeting of a new pair, which is for contracting (F152): no cycle."""
        if not (self.pair.pair.new and self.programme.first_week == "contract" and self.pair.works):
            return
        week = self.frame.weeks[self.pair.works[0]]
        yield self.env.timeout(max(0, self.frame.midnight[week.days[-1]] + 15 * 60 - self.env.now))
        if self.env.now >= self.end:
            return
        if not self.life.without_mentor(week.days[-1]):
            self._log(CONTRACTED, None)
            self.last_meeting = int(self.env.now)
            self.state.contract(self.c)

    def start_again(self) -> None:
        """Meet whoever takes over from the mentor: they get on as any new pair does (F151, F152)."""
        self.state.relationship = self.c.relationship
        if self.programme.first_week == "contract":
            self._log(CONTRACTED, None)
            self.state.contract(self.c)

    def _until(self, end: int) -> Generator[simpy.Event, object, None]:
        """Live until a minute, waking for visits and meetings only."""
        env = self.env
        while True:
            now = int(env.now)
            # a failed attempt must not be met again in the same minute
            meeting, cycle = self._next_meeting(now)
            visit = self._next_visit(now, meeting[0] if meeting else None, end)
            when = end
            if meeting and meeting[0] < when:
                when = meeting[0]
            if visit and visit[0] < when:
                when = visit[0]
            if when > now:
                yield env.timeout(when - now)
            if when == end:
                return
            if visit and visit[0] == when:
                yield from self._observe(visit)
            elif meeting and cycle:
                yield from self._attempt(meeting, cycle)

    def _pause(self, window: Window, why: int) -> None:
        self.rows.append((window.opens, PAUSED, self.pair.index, window.cycle, why, 0, 0, 1))

    # -- windows ----------------------------------------------------------------------------

    def _open(self, window: Window) -> None:
        day = window.first_day
        self.closes = window.closes
        on_leave = self.life.on_leave(day)
        if on_leave or self.fate.long_sick(self.pair.ect, day):
            self._pause(window, ON_LEAVE if on_leave else ILL)
            self.own = None
            if window.planned:  # the mentor's other pairs may use the time
                self._release(window.planned[1])
            return
        cycle = Cycle(window, window.closes)
        self.own = cycle
        self._log(DUE, cycle)
        self.due.append(window)
        if not window.in_plan:
            return
        if window.planned:
            if window.planned[1] < 0:
                first = window.first_day * self.frame.periods
                barred = self.fate.barred(self.pair, first)
                self._fail(cycle, window.planned, *(barred if barred[0] else (EVENT, 0)))
                cycle.displaced = True
            else:
                cycle.planned = window.planned
                self._book(window.planned[1])
        elif self.found or self.plan.recovery:
            # no slot in this window: the pair agrees on a time, like a pair that has none at all
            self._pick(cycle)
        else:
            cycle.displaced = True

    def _close_window(self, *, last: bool) -> None:
        """Carry what is still open, or close it."""
        cycle = self.own
        self.own = None
        now = int(self.env.now)
        for old in [c for c in self.carried if c.deadline <= now]:
            self._lose(old)
        if cycle is None:
            return
        if self.horizon == 0 or not cycle.window.in_plan:
            self._lose(cycle)
            return
        until = self.frame.week_of[cycle.window.last_day] + self.horizon
        weeks = self.frame.weeks
        cycle.deadline = (
            self.frame.midnight[weeks[until + 1].days[0]] + COVER_TIME
            if until + 1 < len(weeks)
            else self.frame.end + (until + 1 - len(weeks)) * DAY
        )
        if not last:
            if self.carried:  # at most one: the older is closed with its own first cause
                self._lose(self.carried[0])
            self._log(LATE, cycle)
        cycle.displaced = True
        self.carried.append(cycle)

    def _lose(self, cycle: Cycle) -> None:
        if cycle in self.carried:
            self.carried.remove(cycle)
        self._forget(cycle)
        cause, side = 0, 0
        if not cycle.failed or not cycle.window.in_plan:
            cause, side = self._shut_out(cycle) if self.life.bars else (NO_SLOT, 0)
        self._log(LOST, cycle, cause=cause, side=side)
        if self.c.feedback:
            self.state.lost(self.c)

    def _shut_out(self, cycle: Cycle) -> tuple[int, int]:
        """Return (cause, side) of what kept a pair from every time that it could have used."""
        found: list[tuple[int, int]] = []
        if cycle.window.in_plan:
            lo = bisect_left(self.pair.extras, (cycle.window.opens, -1, -1))
            hi = bisect_left(self.pair.extras, (min(cycle.deadline, self.frame.end), -1, -1))
            found = [
                self.fate.barred(self.pair, x[1])
                for x in self.pair.extras[lo:hi]
                if self.found or self._usable(cycle, x)
            ]
        return min((b for b in found if b[0]), default=(NO_SLOT, 0))

    def _forget(self, cycle: Cycle) -> None:
        for chance in (cycle.planned, cycle.arranged):
            if chance:
                self._release(chance[1])
        cycle.planned = cycle.arranged = None

    # -- finding a time ---------------------------------------------------------------------

    def _pick(self, cycle: Cycle) -> None:
        """Let a pair without a slot agree on a time: one of the free ones, by the pair's keyed choice.

        They agree before the day's absence and cover are known, so that more cover never moves a
        meeting. Where the plan finds times only for what is lost, a reserve slot that comes before
        the chosen time is tried first.
        """
        window = cycle.window
        lo = bisect_left(self.extras, (window.opens, -1, -1))
        hi = bisect_left(self.extras, (window.closes, -1, -1))
        options = list(self.extras[lo:hi])
        reserve = None
        if not self.found:
            options = [x for x in options if self._usable(cycle, x)]
            reserves = (x for x in options if x[2] == RESERVE)
            reserve = next((x for x in reserves if self._unbooked(x, cycle)), None)
            options = [x for x in options if x[2] != RESERVE]
        # times of the school day first, then the others, each by the pair's own choice
        choice = self.choice
        ranked = sorted((x[2] not in SCHOOL_DAY, choice[x[1]], x) for x in options)
        best = next((x for _, _, x in ranked if self._unbooked(x, cycle)), None)
        if reserve and (best is None or reserve[0] < best[0]):
            best = reserve
        if best is None:
            cycle.displaced = True
            return
        cycle.planned = best
        self._book(best[1])
        self._log(ARRANGED, cycle, best[0], form=best[2])

    def _book(self, cell: int) -> None:
        if self.shared:
            self.bookings.book(self.both, cell, self.pair.index)

    def _release(self, cell: int) -> None:
        if self.shared:
            self.bookings.release(self.both, cell, self.pair.index)

    def _open_to(self, chance: Chance, cycle: Cycle) -> bool:
        """Tell whether a pair may book a time now: today's absence and cover are known from 07:30."""
        today = int(self.env.now) // DAY
        return self._unbooked(chance, cycle) and (
            chance[0] // DAY != today or not self._obstacle(chance)[0]
        )

    def _unbooked(self, chance: Chance, cycle: Cycle) -> bool:
        """Tell whether neither of a pair has agreed on something else for a time."""
        start, cell, _ = chance
        if self.shared and not self.bookings.free(self.both, cell, self.pair.index):
            return False
        if self.one_a_day and start // DAY == self.last_day:
            return False
        if self.carried:
            for other in (self.own, *self.carried):
                held = None if other is None or other is cycle else other.planned or other.arranged
                if held and (
                    held[1] == cell or (self.one_a_day and held[0] // DAY == start // DAY)
                ):
                    return False
        return True

    def _next_meeting(self, now: int) -> tuple[Chance | None, Cycle | None]:
        """Return the next agreed meeting, agreeing on a new time where one is needed."""
        own = self.own
        if not self.carried:  # the usual case
            if own is None:
                return None, None
            if own.displaced and own.planned is None and own.arranged is None:
                self._arrange(own, now)
            return own.planned or own.arranged, own
        cycles = [*self.carried, own] if own else self.carried
        for cycle in cycles:
            if cycle.displaced and cycle.planned is None and cycle.arranged is None:
                self._arrange(cycle, now)
        self._oldest_first()
        best: tuple[Chance | None, Cycle | None] = (None, None)
        for cycle in cycles:
            chance = cycle.planned or cycle.arranged
            if chance and (best[0] is None or chance[0] < best[0][0]):
                best = (chance, cycle)
        return best

    def _oldest_first(self) -> None:
        """Give the earlier of two new times to the older cycle: it has less time left."""
        own, old = self.own, self.carried[0] if self.carried else None
        if own and old and own.arranged and old.arranged and own.arranged[0] < old.arranged[0]:
            own.arranged, old.arranged = old.arranged, own.arranged
            for cycle, (start, _, form) in ((old, old.arranged), (own, own.arranged)):
                self._log(ARRANGED, cycle, start, form=form)

    def _arrange(self, cycle: Cycle, now: int) -> None:
        """Set the first time that is left for a displaced cycle."""
        if not self.plan.recovery or not cycle.window.in_plan:
            return
        extras = self.extras
        # nothing is agreed beyond the window that is open: what the next one needs is not known yet
        limit = min(cycle.deadline, self.closes)
        for i in range(bisect_right(extras, (now, 1 << 30, 0)), len(extras)):
            chance = extras[i]
            start, cell, form = chance
            if start >= limit:
                return
            if not self._usable(cycle, chance):
                continue
            week = self.frame.week_of[cell // self.frame.periods]
            asked = form in (COMMON_FREE, BEFORE_AFTER, SPLIT)
            if asked and cycle.tries.get(week, 0) >= self.limit + (week == self.helped_week):
                continue
            if not self._open_to(chance, cycle):
                if not cycle.failed:
                    cause, side = self._obstacle(chance)
                    if cause and start // DAY == now // DAY:
                        self._fail(cycle, chance, cause, side)
                continue
            if asked:
                cycle.tries[week] = cycle.tries.get(week, 0) + 1
            cycle.arranged = chance
            self._book(cell)
            self._log(ARRANGED, cycle, start, form=form)
            return

    def _usable(self, cycle: Cycle, chance: Chance) -> bool:
        """Tell whether the plan's recovery allows this time for this cycle."""
        start, _, form = chance
        if form == RESERVE:
            return "reserve" in self.plan.recovery
        if form == COMMON_FREE:
            return "common_free" in self.plan.recovery
        if form == BEFORE_AFTER:
            return "before_after" in self.plan.recovery
        if form == PLANNED:
            # the slot belongs to the cycle due in its window until that one has met
            own = self.own
            return own is None or own.window.planned is None or start != own.window.planned[0]
        return True

    # -- what can go wrong ------------------------------------------------------------------

    def _obstacle(self, chance: Chance) -> tuple[int, int]:
        """Return (cause, side) of what absence and cover do to a time, or (0, 0)."""
        return self.fate.obstacle(self.pair, chance[1])

    def _fail(self, cycle: Cycle, chance: Chance, cause: int, side: int) -> None:
        cycle.failed = True
        self._log(MEETING_FAILED, cycle, chance[0], cause, chance[2], side)

    def _slip_rate(self, form: int, cell: int) -> float:
        c = self.c
        base = c.slip_before_after if form == BEFORE_AFTER else c.slip_found
        pull = (
            c.slip_habit * (self.state.habit - 0.5)
            + c.slip_relationship * (self.state.relationship - 0.5)
            + c.slip_culture * (self.state.culture - 0.5)
        )
        season = self.frame.slip_factor[cell // self.frame.periods]
        return min(0.95, base * season * exp(-pull))

    def _struck(self, chance: Chance) -> tuple[int, int]:
        """Return (cause, side) of whatever stops a meeting at its time, by precedence, or (0, 0)."""
        cause, side = self._obstacle(chance)
        if cause:
            return cause, side
        _, cell, form = chance
        if form in (COMMON_FREE, BEFORE_AFTER, SPLIT) and self.slip_meeting[cell] < self._slip_rate(
            form, cell
        ):
            return SLIPPED, 0
        if self.c.independent > 0:
            return self.fate.independent(self, cell)
        return 0, 0

    # -- the visit --------------------------------------------------------------------------

    def _look_for_visits(self, first_day: int) -> None:
        """From when a visit for the next cycle counts: after the last meeting, at most a week before its window."""
        lead = max(0, first_day - LEAD_DAYS)
        self.visits_from = max(self.last_meeting, self.frame.midnight[lead])
        self.next_visit = bisect_left(self.visits, (self.visits_from, -1, False))
        self.visit_failed = False

    def _next_visit(self, now: int, meeting: int | None, end: int) -> tuple[int, int, bool] | None:
        """Return the next lesson to visit before the meeting that is agreed, if a visit is wanted."""
        if not self.plan.observe or self.plan.video:
            return None
        if self.visit is not None and (meeting is None or self.visit >= self._oldest_day(meeting)):
            return None  # one visit is enough, unless it would be too old by the meeting
        before = end if meeting is None else meeting
        if self._waiting() is None and self._coming(self.upcoming) is None:
            return None  # no meeting will use it
        visits = self.visits
        i = self.next_visit
        while i < len(visits) and visits[i][0] < now:
            i += 1
        self.next_visit = i
        if not self.visit_failed:
            # a planned visit that still comes before the meeting is waited for
            target = self._target(before)
            j = i
            while j < len(visits) and visits[j][0] < target:
                if visits[j][2]:
                    return visits[j] if visits[j][0] < before else None
                j += 1
        return visits[i] if i < len(visits) and visits[i][0] < before else None

    def _target(self, before: int) -> int:
        """Return the minute by which the visit is needed: the meeting that is agreed, or the next slot."""
        window = self._coming(self.upcoming)
        if self._waiting() or window is None:
            return before
        return window.planned[0] if window.planned else window.opens

    def _waiting(self) -> Cycle | None:
        """Return the open cycle that is to meet next, if one is."""
        if self.own and self.own.window.in_plan:
            return self.own
        return self.carried[0] if self.carried else None

    def _coming(self, n: int) -> Window | None:
        """Return the first window from a number on in which the plan foresees a meeting."""
        windows = self.pair.windows
        if n < len(windows) and windows[n].in_plan:  # nearly always
            return windows[n]
        return next((windows[i] for i in range(n, len(windows)) if windows[i].in_plan), None)

    def _observe(self, visit: tuple[int, int, bool]) -> Generator[simpy.Event, object, None]:
        """Watch ten to fifteen minutes of a lesson, unless something keeps either away."""
        start, cell, planned = visit
        self.next_visit = max(self.next_visit, bisect_right(self.visits, visit))
        if self.shared and not self.bookings.free((self.pair.mentor,), cell, -1):
            return  # the mentor meets somebody then: no visit was ever possible
        cause, side = self.fate.obstacle(self.pair, cell)
        form = LIVE
        if not cause and not planned and self.slip_visit[cell] < self._slip_rate(COMMON_FREE, cell):
            cause = SLIPPED
        if cause:
            self.visit_failed = True
            self._log(
                OBSERVATION_FAILED, self.own, 0, cause, PLANNED if planned else COMMON_FREE, side
            )
            return
        length = round(self.lengths[self._cycle_number() * PHASES])
        mentor = self._who(cell)
        if self.shared:
            self.bookings.book((self.pair.mentor,), cell, self.pair.index)
        claim = mentor.claim()
        if claim is not None:
            yield claim
        if mentor is self.deputy:
            self._log(DEPUTISED, self.own, form=form)
        self._log(OBSERVED, self.own, length, form=form)
        yield self.env.timeout(length)
        mentor.release(claim)
        self.visit = start + length

    def _who(self, cell: int) -> Mentor:
        """Return who visits or meets in a cell, and book the deputy if it is the deputy."""
        if self.deputy is None or not self.fate.stands_in(self.pair, cell):
            return self.mentor
        self.bookings.book((self.pair.deputy,), cell, self.pair.index)
        return self.deputy

    def _cycle_number(self) -> int:
        if self.own:
            return self.own.window.cycle
        return self.carried[0].window.cycle if self.carried else 0

    # -- the meeting ------------------------------------------------------------------------

    def _attempt(self, chance: Chance, cycle: Cycle) -> Generator[simpy.Event, object, None]:
        """Try to hold an agreed meeting at its time."""
        start, cell, form = chance
        own_slot = cycle.planned is not None
        cause, side = self._struck(chance)
        if not cause and self._must_wait(cycle):
            cause = GATE
        if cause:
            self._displace(cycle, chance, cause, side, own_slot=own_slot)
            return
        mentor = self._who(cell)
        claim = mentor.claim()
        if claim is not None:
            yield claim
        length = self.plan.meeting_min
        if form == SPLIT:
            length = min(length, SPLIT_MIN)
        # whoever waited for the mentor has what is left of the period
        bell = min(self.frame.end_of(cell), int(self.env.now) + length)
        if bell - self.env.now < BELL_MIN:
            mentor.release(claim)
            self._displace(cycle, chance, OVERRUN, 2, own_slot=own_slot)
            return
        if mentor is self.deputy:
            self._log(DEPUTISED, cycle, form=form)
        end = self._meet(cycle, bell, form, mentor)
        if end > self.env.now:
            yield self.env.timeout(end - self.env.now)
        mentor.release(claim)
        self._release(cell)
        cycle.planned = cycle.arranged = None
        if cycle is self.own:
            self.own = None
        else:
            self.carried.remove(cycle)
        if self.c.feedback and own_slot and form == PLANNED:
            self.state.habit += self.c.habit_gain * (1.0 - self.state.habit)
        if self.c.feedback:
            self.state.kept(self.c)
        self.last_meeting = int(self.env.now)
        self.last_day = start // DAY
        self.visit = None
        waiting = self._waiting()
        following = waiting.window if waiting else self._coming(cycle.window.cycle + 1)
        if following:
            self._look_for_visits(following.first_day)

    def _must_wait(self, cycle: Cycle) -> bool:
        """Tell whether the plan puts the meeting off until its topic is studied (F055)."""
        if self.plan.gate != "postpone":
            return False
        known = self.first_module + self._studied()
        if cycle.needs is None and known:
            shown = self.need[cycle.window.cycle] < self.c.deferral and known < self._modules()
            cycle.needs = known if shown else known - 1
        return cycle.needs is None or cycle.needs >= known

    def _displace(
        self, cycle: Cycle, chance: Chance, cause: int, side: int, *, own_slot: bool
    ) -> None:
        self._fail(cycle, chance, cause, side)
        self._forget(cycle)
        cycle.displaced = True
        if self.c.feedback and own_slot and cause == SLIPPED:
            self.state.habit *= 1.0 - self.c.habit_loss

    def _studied(self) -> int:
        """Return how many of this year's modules are studied by now."""
        return bisect_right(self.studied, int(self.env.now))

    def _seen(self, cycle: Cycle) -> int:
        """Return how the ECT's teaching was seen since the last meeting: LIVE, VIDEO or 0."""
        frame, now = self.frame, int(self.env.now)
        oldest = self._oldest_day(now)
        if self.visit is not None and self.visit <= now and self.visit >= oldest:
            return LIVE
        video = self.plan.video or (self.plan.observe and "video" in self.plan.recovery)
        if not video or self.upload[cycle.window.cycle] < self.c.upload_failure:
            return 0
        # a lesson that the ECT taught since the last meeting, on a day when the mentor could watch it
        lessons = self.pair.lessons
        i = bisect_left(lessons, max(self.last_meeting, oldest))
        while i < len(lessons) and lessons[i] <= now:
            day = bisect_right(frame.midnight, lessons[i]) - 1
            if not self.fate.away(self.pair.ect, day):
                self._log(OBSERVED, cycle, round(self.programme.observation_min[1]), form=VIDEO)
                return VIDEO
            i += 1
        return 0

    def _oldest_day(self, now: int) -> int:
        day = bisect_right(self.frame.midnight, now) - 1
        return self.frame.midnight[max(0, day - self.programme.observation_days)]

    def _meet(self, cycle: Cycle, bell: int, form: int, mentor: Mentor) -> int:
        """Hold the meeting, phase by phase, and return when it ends."""
        now = int(self.env.now)
        number = cycle.window.cycle
        self._log(MEETING, cycle, bell - now, form=form)
        self._choose_step(cycle, self.first_module + self._studied())
        factor = mentor.factor(now)
        clock = now + self.lengths[number * PHASES + 1]
        review = (
            cycle.window.week in self.programme.review_weeks and self.programme.reviews_use_meeting
        )
        if review or self.drift[number] < self._drift_rate(mentor):
            self._log(DRIFTED, cycle, bell - round(clock), side=1 if review else 0, at=round(clock))
            self._write_up(cycle, bell)
            return bell
        so_far = len(self.rows)
        clock, practised = self._phases(cycle, clock, bell, factor)
        if self.steps:
            done = {row[1] for row in self.rows[so_far : so_far + 3]}
            self.steps.held(now, shared=SHARE in done, modelled=MODEL in done, reps=practised)
        end = bell
        if self.plan.pastoral_by_other or form == SPLIT:
            end = min(bell, round(clock))
        elif bell - round(clock) > 0:
            self._log(MENTORING, cycle, bell - round(clock), at=round(clock))
        self._write_up(cycle, end)
        mentor.learn(practised, self.c, end)
        return end

    def _phases(self, cycle: Cycle, clock: float, bell: int, factor: float) -> tuple[float, int]:
        """Work through the fixed order of phases; what the bell cuts was not done (F174)."""
        number, at = cycle.window.cycle, cycle.window.cycle * PHASES
        append, pair = self.rows.append, self.pair.index  # most of a log is written here
        wanted = self.plan.reps if self.state.relationship >= self.c.relationship_floor else 0
        if wanted >= self.programme.min_reps:
            wanted = max(wanted, self._fluent(number))
        wanted = min(wanted, MAX_REPS)
        if self.fixed:
            places = [*(phase for phase, _ in self.talk), *range(6, 6 + wanted)]
            factor *= self.fixed / sum(self.lengths[at + i] for i in places)
        for phase, event in self.talk:
            end = clock + self.lengths[at + phase] * factor
            if round(end) > bell:
                self._log(BELL, cycle, round(end) - bell, at=bell)
                return bell, 0
            start = round(clock)
            append((start, event, pair, number, round(end) - start, 0, 0, 0))
            clock = end
        for rep in range(wanted):
            end = clock + self.lengths[at + 6 + rep] * factor
            if round(end) > bell:
                self._log(BELL, cycle, round(end) - bell, at=bell)
                return bell, rep
            start = round(clock)
            append((start, PRACTISE, pair, number, round(end) - start, 0, 0, 0))
            clock = end
        return clock, wanted

    def _fluent(self, number: int) -> int:
        """Rehearsals until fluency (F066)."""
        if not self.c.random_durations:
            return self.programme.min_reps
        draw, below = self.fluency[number], 0.0
        for i, share in enumerate(self.programme.fluency):
            below += share
            if draw < below:
                return 2 + i
        return 1 + len(self.programme.fluency)

    def _choose_step(self, cycle: Cycle, known: int) -> None:
        """Choose a step from studied topics; a need that is not studied yet is deferred (F055, F159)."""
        seen = self._seen(cycle)
        if self.steps:
            self.steps.choose(cycle.window.cycle, known, seen, int(self.env.now), cycle.needs)
            return
        needs_next = self.need[cycle.window.cycle] < self.c.deferral and known < self._modules()
        ignore = self.plan.gate == "ignore"
        if cycle.needs is not None:  # waited for, and studied by now
            topic = cycle.needs
        else:
            if needs_next and not ignore:
                self._log(STEP_DEFERRED, cycle, known)
            topic = known if needs_next and ignore else known - 1
        unstudied = topic < 0 or topic >= known
        self._log(STEP_CHOSEN, cycle, topic, GATE if unstudied else 0, seen)

    def _modules(self) -> int:
        return self.frame.scenario.programme.study.modules

    def _drift_rate(self, mentor: Mentor) -> float:
        c = self.c
        pull = c.drift_belief * (mentor.belief - 0.5) + c.slip_relationship * (
            self.state.relationship - 0.5
        )
        return min(0.95, c.drift * exp(-pull))

    def _write_up(self, cycle: Cycle, end: int) -> None:
        chance = self.c.record_checked if self.plan.checkin_min > 0 else self.c.record
        if self.programme.record == "all":
            chance *= self.c.record_all
        done = self.record[cycle.window.cycle] < chance
        self._log(RECORDED if done else NOT_RECORDED, cycle, at=end)
        if done:
            self.on_record[cycle.window.cycle] = end
