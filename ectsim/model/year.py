"""A year: absence is dealt, cover is allocated, and SimPy runs what the two disturb."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import exp
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

import simpy
from simpy.resources.resource import Request

from ectsim.log import CAUSE_CODE, EVENT_CODE, EventLog
from ectsim.luck import Luck
from ectsim.model.bookings import Bookings
from ectsim.model.coaching import Coaching
from ectsim.model.coordination import Coordinator
from ectsim.model.cover import CoverBook, allocate
from ectsim.model.diary import AWAY_EVENT, AWAY_SICK, Diary, write_diary
from ectsim.model.frame import COVER_TIME, Frame, PairFrame, frame_of
from ectsim.model.people import (
    PRIOR_CYCLES,
    Handed,
    PairLife,
    PairState,
    end_of,
    hand_on,
    log_people,
    write_people,
)
from ectsim.model.steps import Learning, Steps
from ectsim.model.study import study
from ectsim.model.training import Training

if TYPE_CHECKING:
    from ectsim.scenario import Scenario
    from ectsim.school import Conditions

__all__ = [
    "Carried",
    "Fate",
    "Mentor",
    "Year",
    "joined",
    "live",
    "live_in",
    "live_years",
    "simulate",
]

EVENT, ECT_ABSENT, MENTOR_ABSENT = (
    CAUSE_CODE["event"],
    CAUSE_CODE["ect_absent"],
    CAUSE_CODE["mentor_absent"],
)
COVER, INDEPENDENT = CAUSE_CODE["cover"], CAUSE_CODE["independent"]
ABSENCE, COVER_CALL = EVENT_CODE["absence"], EVENT_CODE["cover_call"]
FELT, COURSE = EVENT_CODE["felt"], EVENT_CODE["course_taken"]
MEETING_FAILED, ARRANGED = EVENT_CODE["meeting_failed"], EVENT_CODE["arranged"]

ONBOARDING, MENTOR_LEFT = CAUSE_CODE["onboarding"], CAUSE_CODE["mentor_left"]
ECT, MENTOR = 1, 2

NEVER = 10**9
"""A minute after every year."""

CONTRACTING = 15 * 60
"""Minute of the day, the last of a week, at which a pair agrees how to work."""

Row = tuple[int, int, int, int, int, int, int, int]
Time = TypeVar("Time", bound=tuple[int, ...])


class Fate:
    """Absence and cover as they strike the members of pairs.

    Parameters
    ----------
    frame : Frame
        The year.
    diary : Diary
        Who is away.
    cover : CoverBook
        Who covers.
    luck : Luck
        The replication's luck, for the test-only cause.
    lives : tuple of PairLife
        Who comes, leaves and is on leave, in the order of the frame's pairs.
    bookings : Bookings
        The school's appointment book, in which a deputy must be free.
    busy : mapping of int to set of int, optional
        Year cells in which a person is in training.
    """

    def __init__(
        self,
        frame: Frame,
        diary: Diary,
        cover: CoverBook,
        luck: Luck,
        lives: tuple[PairLife, ...],
        bookings: Bookings,
        busy: Mapping[int, set[int]] | None = None,
    ) -> None:
        self._busy = {i: (busy or {}).get(i, set()) for i in frame.tracked}
        self._periods = frame.periods
        self._away = {i: diary.away[i].tolist() for i in frame.tracked}
        self._spell = {i: diary.spell_day[i] for i in frame.tracked}
        self._taken = cover.taken
        self._frame, self._luck = frame, luck
        self._pause_after = frame.scenario.programme.coaching.pause_after
        self._lives, self._bars = lives, [life.bars for life in lives]
        self._bookings = bookings
        self._deputy_after = frame.scenario.school.conditions.deputy_after
        self.on_call: dict[int, int] = {}  # pair: last pupil day on which its deputy stands by

    def away(self, person: int, day: int) -> int:
        """Return why a person is away on a pupil day, or 0."""
        code: int = self._away[person][day]
        return code

    def long_sick(self, person: int, day: int) -> bool:
        """Tell whether a person is ill and has been for so long that windows are paused."""
        return int(self._spell[person][day]) > self._pause_after

    def obstacle(self, pair: PairFrame, cell: int) -> tuple[int, int]:
        """Return (cause, side) of what absence and cover do to a meeting or a visit, or (0, 0).

        In a slot that stands in a lesson, whoever takes the class must be in school and not be
        called to cover another one; else the slot goes to ``cover``.
        """
        ect, mentor = pair.ect, pair.mentor
        day = cell // self._periods
        deputised = pair.deputy >= 0 and self.stands_in(pair, cell)
        for first, last, cause, side in self._bars[pair.index]:
            if first <= cell <= last and not (deputised and cause == MENTOR_LEFT):
                return cause, side
        ect_away = self._away[ect][day]
        mentor_away = 0 if deputised else self._away[mentor][day]
        if ect_away or mentor_away:
            if ect_away == AWAY_EVENT or mentor_away == AWAY_EVENT:
                return EVENT, ECT if ect_away == AWAY_EVENT else MENTOR
            return (ECT_ABSENT, ECT) if ect_away else (MENTOR_ABSENT, MENTOR)
        if cell in self._busy[ect]:
            return EVENT, ECT
        if cell in self._busy[mentor] and not deputised:
            return EVENT, MENTOR
        if cell in self._taken[ect]:
            return COVER, ECT
        if cell in self._taken[mentor] and not deputised:
            return COVER, MENTOR
        for side, person in pair.released.get(cell, ()):
            if deputised and side == MENTOR:
                continue
            if self._away[person][day] or cell in self._taken[person] or cell in self._busy[person]:
                return COVER, side
        return 0, 0

    def barred(self, pair: PairFrame, cell: int) -> tuple[int, int]:
        """Return (cause, side) of what is known to keep a pair from a year cell, or (0, 0)."""
        for first, last, cause, side in self._bars[pair.index]:
            if first <= cell <= last:
                return cause, side
        return 0, 0

    def usable(self, pair: PairFrame, times: tuple[Time, ...]) -> tuple[Time, ...]:
        """Leave out the times (start, year cell, ...) at which a pair is known to hold no cycle.

        A deputy may come for a mentor who has left, so those times stay if there is one.
        """
        for first, last, cause, _ in self._bars[pair.index]:
            if cause != MENTOR_LEFT or pair.deputy < 0:
                size = self._frame.days * self._periods
                lo = bisect_left(times, (self._frame.start_of(first),))
                hi = (
                    bisect_left(times, (self._frame.start_of(last + 1),))
                    if last + 1 < size
                    else len(times)
                )
                times = times[:lo] + times[hi:]
        return times

    def stands_in(self, pair: PairFrame, cell: int) -> bool:
        """Tell whether a pair's deputy takes the mentor's place in a year cell.

        The deputy does so when the mentor has left, has been away for days in a row, or is away
        while the coordinator has put the deputy on call; and must be free, in school and not
        called to cover.
        """
        deputy, day = pair.deputy, cell // self._periods
        if deputy < 0:
            return False
        if not self._lives[pair.index].without_mentor(day):
            away = self._away[pair.mentor]
            if not away[day]:
                # the week in which somebody takes over has no mentor's cycle yet
                bars = self._bars[pair.index]
                if not any(a <= cell <= b and cause == MENTOR_LEFT for a, b, cause, _ in bars):
                    return False
            elif day > self.on_call.get(pair.index, -1) and not (
                day >= self._deputy_after and all(away[day - self._deputy_after : day])
            ):
                return False
        return self._is_free(deputy, cell) and self._bookings.free((deputy,), cell, pair.index)

    def _is_free(self, person: int, cell: int) -> bool:
        """Tell whether somebody has a free period, is in school and is not called away from it."""
        frame, periods, day = self._frame, self._periods, cell // self._periods
        row = frame.scenario.school.timetable.rows[frame.staff[person]]
        today = frame.cycle_day[day]
        return (
            row[today * periods + cell % periods] in "fc"
            and frame.in_school(row, today)
            and not self._away[person][day]
            and cell not in self._taken[person]
            and cell not in self._busy[person]
        )

    def helps(self, pair: PairFrame, cell: int) -> bool:
        """Tell whether the ECT's helper is free for questions in a year cell (F143, F169)."""
        return self._is_free(pair.helper, cell)

    def called(self, person: int, cell: int) -> bool:
        """Tell whether somebody whom the year keeps track of covers a lesson in a year cell."""
        return cell in self._taken[person]

    def trains(self, person: int, cell: int) -> bool:
        """Tell whether somebody whom the year keeps track of is in training in a year cell."""
        return cell in self._busy[person]

    def study_failure(self, pair: PairFrame, cell: int) -> int:
        """Return why an ECT cannot study in a year cell, or 0."""
        life = self._lives[pair.index]
        if self._bars[pair.index]:
            if cell // self._periods < life.access[0] and life.study_from:
                return ONBOARDING
            if life.on_leave(cell // self._periods):
                return ECT_ABSENT
        away = self._away[pair.ect][cell // self._periods]
        if away:
            return EVENT if away == AWAY_EVENT else ECT_ABSENT
        if cell in self._busy[pair.ect]:
            return EVENT
        return COVER if cell in self._taken[pair.ect] else 0

    def independent(self, coaching: Coaching, cell: int) -> tuple[int, int]:
        """Strike by the test-only cause, on the slot or on each of the two people and dates."""
        c = coaching.c
        if c.independent_on == "slot":
            return (INDEPENDENT, 0) if coaching.independent[cell] < c.independent else (0, 0)
        day, days = cell // self._periods, self._frame.days
        for side, person in ((ECT, coaching.pair.pair.ect), (MENTOR, coaching.pair.pair.mentor)):
            if self._luck.row("independent", f"person {person}", days)[day] < c.independent:
                return INDEPENDENT, side
        return 0, 0


class Mentor:
    """A mentor: in one place at a time, and better with practice.

    Parameters
    ----------
    env : simpy.Environment or None
        The school's clock; None for the mentor of a single ECT, whom nobody else can want at the
        same time, so that no resource is needed to keep them in one place.
    held : float
        Cycles behind them.
    conditions : Conditions
        Of the school.
    factor, cycles : float
        The novice's extra length, and the cycles after which two thirds of it are gone.
    """

    def __init__(
        self,
        env: simpy.Environment | None,
        held: float,
        conditions: Conditions,
        factor: float,
        cycles: float,
    ) -> None:
        self.shared = env is not None
        self._resource = simpy.Resource(env, capacity=1) if env is not None else None
        self.held = held
        self.belief = conditions.belief
        self._learning = conditions.learning
        self._factor, self._cycles = factor, cycles
        self.gains: list[tuple[int, float]] = []
        self.started, self.untrained = 0, 1.0
        self.talks: list[int] = []
        self.sharing = 0.0

    def claim(self) -> Request | None:
        """Ask for the mentor; whoever gets a request back waits for it."""
        return None if self._resource is None else self._resource.request()

    def release(self, claim: Request | None) -> None:
        """Let the mentor go."""
        if self._resource is not None and claim is not None:
            self._resource.release(claim)

    def factor(self, now: int) -> float:
        """How much longer than practised a phase takes (F179, F180); training counts as cycles."""
        if not self._learning:
            return 1.0
        return 1.0 + (self._factor - 1.0) * exp(-self.practised(now) / self._cycles)

    def practised(self, now: int) -> float:
        """Return the cycles behind them, and what training until now was worth in cycles."""
        return self.held + sum(gain for at, gain in self.gains if at <= now)

    def renew(self, held: int, belief: float, now: int) -> None:
        """Let somebody else take over, with cycles behind them and a belief of their own.

        What training gave the one who left is gone; later dates are the successor's. Whoever has
        mentored before has been to the first conference.
        """
        self.held, self.belief = held, belief
        self.gains = [(at, gain) for at, gain in self.gains if at > now]
        if held:
            self.started = 0
        elif self.started and self.started <= now:
            self.started = NEVER

    def learn(self, rehearsals: int, conditions: Conditions, now: int) -> None:
        """Gain from a meeting that was held; belief grows with rehearsals seen (F175).

        Before the first conference a cycle teaches less (F098).
        """
        self.held += 1.0 if now >= self.started else self.untrained
        while self.talks and self.talks[0] <= now:  # what other mentors told since (F226)
            self.belief += self.sharing * (1.0 - self.belief)
            del self.talks[0]
        if conditions.feedback and rehearsals:
            self.belief += conditions.belief_gain * (1.0 - self.belief)


class Year:
    """One replication with what it was made of.

    Attributes
    ----------
    frame : Frame
        The year's frame.
    diary : Diary
        Who was away.
    cover : CoverBook
        Who covered.
    log : EventLog
        What happened.
    lives : tuple of PairLife
        Who came, left and was on leave, a pair.
    carries : Carried
        What the year hands to the next.
    """

    __slots__ = ("carries", "cover", "diary", "frame", "lives", "log")

    def __init__(
        self,
        frame: Frame,
        diary: Diary,
        cover: CoverBook,
        log: EventLog,
        lives: tuple[PairLife, ...],
        carries: Carried,
    ) -> None:
        self.frame, self.diary, self.cover, self.log = frame, diary, cover, log
        self.lives, self.carries = lives, carries


@dataclass
class Carried:
    """What a school year hands to the next; all of it on the clock of the year that takes it.

    Parameters
    ----------
    mentors : dict of str to (float, float)
        Cycles behind each mentor, what training was worth added, and their belief; by the id of
        the one who began.
    states : dict of str to PairState
        Each pair's habit of meeting, relationship and culture.
    studied : dict of str to list of int
        For each pair the minute from which each module begun so far counts as studied; below 0
        where that was before the year.
    first : dict of str to int
        For each pair the modules taken as studied before the run.
    study_habits : dict of str to float
        Each ECT's habit of study.
    learning : dict of str to Learning
        What each ECT knows and does, and the step in hand.
    people : Handed
        Who has left, is on leave, or takes over.
    """

    mentors: dict[str, tuple[float, float]] = field(default_factory=dict)
    states: dict[str, PairState] = field(default_factory=dict)
    studied: dict[str, list[int]] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    study_habits: dict[str, float] = field(default_factory=dict)
    learning: dict[str, Learning] = field(default_factory=dict)
    people: Handed = field(default_factory=Handed)

    def after(self, minutes: int, weekdays: int) -> Carried:
        """Return it on the next year's clock.

        Parameters
        ----------
        minutes : int
            From the one year's first minute to the next one's.
        weekdays : int
            Mondays to Fridays between the one year's last and the next one's first pupil day: leave
            goes on through the summer.
        """
        leave = {p: left - weekdays for p, left in self.people.leave.items() if left > weekdays}
        return replace(
            self,
            studied={p: [t - minutes for t in times] for p, times in self.studied.items()},
            people=replace(self.people, leave=leave),
        )


def live(
    scenario: Scenario, seed: int, replication: int, *, without: Collection[tuple[str, int]] = ()
) -> Year:
    """Simulate the first school year of a run and keep what it was made of.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan.
    seed : int
        The run's seed.
    replication : int
        Which year, 0 is the first.
    without : collection of (str, int)
        Cycles (a pair's id, the cycle's number) that nobody tries to hold: they are due and lost.
        All else of the year, luck and cover included, is as it would be.

    Returns
    -------
    Year
    """
    return _live(scenario, Luck(seed, replication), Carried(), without)


def live_in(frame: Frame, seed: int, replication: int) -> Year:
    """Simulate one school year in a frame that is laid out already.

    Parameters
    ----------
    frame : Frame
        The year; its scenario is simulated.
    seed : int
        The run's seed.
    replication : int
        Which year, 0 is the first.

    Returns
    -------
    Year
        What :func:`live` gives for the frame's scenario.
    """
    return _live(frame.scenario, Luck(seed, replication), Carried(), frame=frame)


def live_years(scenario: Scenario, seed: int, replication: int) -> list[Year]:
    """Simulate every school year of a run, one after the other.

    What people have learnt goes on into the next year; sickness and cover are dealt anew for each.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan; ``programme.run_years`` says how many years.
    seed : int
        The run's seed.
    replication : int
        Which replication, 0 is the first.

    Returns
    -------
    list of Year
        Each on the clock of its own calendar, under ``scenario.in_year(k)``.
    """
    carried = Carried()
    out: list[Year] = []
    for k in range(scenario.programme.run_years):
        if out:
            before = scenario.in_year(k - 1).school.calendar
            now = scenario.in_year(k).school.calendar
            summer = (now.pupil_days[0] - before.pupil_days[-1]).days - 1
            carried = out[-1].carries.after(before.minute(now.origin), summer * 5 // 7)
        out.append(_live(scenario.in_year(k), Luck(seed, replication, k), carried))
    return out


def joined(years: list[Year]) -> EventLog:
    """Return the logs of successive school years as one, on the clock of the first.

    Cycles, pupil days and year cells are numbered on through the years.
    """
    rows = list(years[0].log.rows)
    first = years[0].frame
    calendar = first.scenario.school.calendar
    cycles = [len(p.windows) for p in first.pairs]
    days, end = first.days, first.end
    for year in years[1:]:
        shift = calendar.minute(year.frame.scenario.school.calendar.origin)
        moved = {MEETING_FAILED: shift, ARRANGED: shift, ABSENCE: days, COVER_CALL: days * first.periods}  # fmt: skip
        for time, event, pair, cycle, value, cause, form, side in year.log.rows:
            number = cycle if cycle < 0 else cycle + cycles[pair]
            on = value + moved.get(event, 0)
            rows.append((time + shift, event, pair, number, on, cause, form, side))
        cycles = [n + len(p.windows) for n, p in zip(cycles, year.frame.pairs, strict=True)]
        days += year.frame.days
        end = year.frame.end + shift
    return EventLog(rows, end)


def _live(
    scenario: Scenario,
    luck: Luck,
    carried: Carried,
    without: Collection[tuple[str, int]] = (),
    frame: Frame | None = None,
) -> Year:
    """Simulate one school year, from what the year before hands on."""
    frame = frame or frame_of(scenario)
    if carried.people.extended:
        frame = frame.extended(carried.people.extended)
    if without:
        frame = frame.without(without)
    diary = write_diary(frame, luck)
    bookings = Bookings()
    lives = write_people(frame, luck, carried.people)
    training = Training(frame, diary, luck, lives) if frame.training else None
    cover = allocate(frame, diary, luck)
    if training:
        training.settle(cover)
    fate = Fate(frame, diary, cover, luck, lives, bookings, training.busy if training else None)
    rows: list[Row] = []
    env = simpy.Environment()
    programme, conditions = scenario.programme.coaching, scenario.school.conditions
    mentors: dict[int, Mentor] = {}
    for p in frame.pairs:
        held = 0 if p.pair.new else PRIOR_CYCLES
        if p.mentor not in mentors:
            mentors[p.mentor] = Mentor(
                env if _is_shared(frame, p.mentor) else None,
                held,
                conditions,
                programme.novice_factor,
                programme.learning_cycles,
            )
        mentors[p.mentor].held = max(mentors[p.mentor].held, held)
        for window in p.windows:
            if window.planned and window.planned[1] >= 0 and window.in_plan:
                bookings.book((p.ect, p.mentor), window.planned[1], p.index)
    for p in frame.pairs:  # a deputy who mentors nobody has a year behind them
        if p.deputy >= 0 and p.deputy not in mentors:
            mentors[p.deputy] = Mentor(
                env, PRIOR_CYCLES, conditions, programme.novice_factor, programme.learning_cycles
            )
    for who, mentor in mentors.items():
        if frame.staff[who] in carried.mentors:
            mentor.held, mentor.belief = carried.mentors[frame.staff[who]]
    if training:
        training.log(rows)
        for who, mentor in mentors.items():
            mentor.gains = training.gains.get(who, [])
            mentor.started = training.started.get(who, 0)
            mentor.talks = sorted(training.talks.get(who, []))
            mentor.sharing = scenario.programme.events.clinic_sharing
            mentor.untrained = scenario.programme.events.before_conference
    c = conditions
    coachings: list[Coaching] = []
    studied: dict[str, list[int]] = {}
    study_habits: dict[str, float] = dict(carried.study_habits)
    firsts: dict[str, int] = {}
    extended = dict(carried.people.extended)
    # in order of ids: who asks a shared mentor first must not depend on the order of a file
    for p in sorted(frame.pairs, key=lambda p: p.pair.id):
        life, before = lives[p.index], carried.studied.get(p.pair.id)
        end = end_of(frame, life)
        # of a pair that begins in its second year, the first year's modules are taken as studied
        first = carried.first.get(p.pair.id)
        if first is None:
            first = 0 if p.pair.year == 1 else scenario.programme.study.modules_in(1)
        firsts[p.pair.id] = first
        done = study(
            frame,
            p,
            fate,
            luck,
            rows,
            life,
            end,
            first,
            before or [],
            carried.study_habits.get(p.pair.id),
        )
        studied[p.pair.id] = done.modules
        study_habits[p.pair.id] = done.habit
        begun = carried.states.get(p.pair.id)
        state = replace(begun) if begun else PairState(c.habit_start, c.relationship, c.culture)
        steps = None
        if scenario.programme.steps.follow and p.windows:
            known = carried.learning.get(p.pair.id)
            steps = Steps(frame, p, luck, done, first, len(before or []), rows, end, known)
        coaching = Coaching(
            env,
            frame,
            p,
            fate,
            luck,
            bookings,
            mentors[p.mentor],
            studied[p.pair.id],
            first,
            rows,
            life,
            state,
            mentors[p.deputy] if p.deputy >= 0 else None,
            steps,
        )
        coachings.append(coaching)
        env.process(coaching.run())
        _log_fate(frame, p, life, diary, cover, rows)
        lost = log_people(frame, p, life, diary, rows)
        if lost:
            extended[p.pair.id] = extended.get(p.pair.id, Fraction(0)) + Fraction(lost, frame.days)
    for who in sorted(mentors):
        theirs = [x for x in coachings if x.pair.mentor == who]
        if theirs and theirs[0].life.mentor_next < frame.days:
            env.process(_take_over(env, frame, mentors[who], theirs))
    coordinator = Coordinator(env, frame, fate, luck, cover, bookings, coachings, rows)
    if coordinator.wanted:
        env.process(coordinator.run())
    if scenario.programme.events.mentor_courses:
        _courses(frame, mentors, rows)
    env.run()
    for x in coachings:
        if x.pair.windows:
            felt = (x.state.culture, x.state.relationship, x.mentor.belief)
            rows += [
                (min(x.end, frame.end), FELT, x.pair.index, -1, round(1000 * share), 0, 0, side)
                for side, share in enumerate(felt)
            ]
    learning = {x.pair.pair.id: x.steps.finish() for x in coachings if x.steps}
    if coordinator.calls:
        rows = _correct_calls(frame, lives, coordinator.calls, rows)
    rows.sort(key=itemgetter(0))
    handed = Carried(
        mentors={frame.staff[i]: (m.practised(NEVER), m.belief) for i, m in mentors.items()},
        states={x.pair.pair.id: x.state for x in coachings},
        studied=studied,
        study_habits=study_habits,
        learning=learning,
        first=firsts,
        people=replace(hand_on(frame, lives), extended=extended),
    )
    return Year(frame, diary, cover, EventLog(rows, frame.end), lives, handed)


def _courses(frame: Frame, mentors: Mapping[int, Mentor], rows: list[Row]) -> None:
    """Spread each mentor's short courses over the year, on the Friday evening of their weeks (F101)."""
    rules, weeks = frame.scenario.programme.events, frame.weeks
    for n in range(rules.mentor_courses):
        week = weeks[(2 * n + 1) * len(weeks) // (2 * rules.mentor_courses)]
        at = frame.midnight[week.days[-1]] + rules.evening_start
        for p in frame.pairs:
            rows.append((at, COURSE, p.index, -1, rules.course_minutes, 0, 0, MENTOR))
        for who in {p.mentor for p in frame.pairs}:
            mentors[who].gains = [*mentors[who].gains, (at, rules.gain_course)]


def _is_shared(frame: Frame, mentor: int) -> bool:
    """Tell whether somebody other than one ECT can want a mentor at the same time."""
    return (
        sum(q.mentor == mentor for q in frame.pairs) > 1
        or any(q.deputy == mentor for q in frame.pairs)
        or frame.coordinator == mentor
    )


def _take_over(
    env: simpy.Environment, frame: Frame, mentor: Mentor, theirs: list[Coaching]
) -> Generator[simpy.Event, object, None]:
    """Let somebody take over from a mentor, and each pair agree anew how to work."""
    life = theirs[0].life
    yield env.timeout(frame.midnight[life.mentor_next] + COVER_TIME)
    mentor.renew(*life.takes_over, int(env.now))
    last = frame.weeks[frame.week_of[life.mentor_next]].days[-1]
    yield env.timeout(max(0, frame.midnight[last] + CONTRACTING - env.now))
    for coaching in theirs:
        # a pair that begins later makes its first agreement with the new mentor
        if coaching.pair.first_day <= last <= coaching.life.last_day:
            coaching.start_again()


def simulate(scenario: Scenario, seed: int, replication: int) -> EventLog:
    """Simulate one replication: a school year, or as many as ``programme.run_years`` says.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan.
    seed : int
        The run's seed.
    replication : int
        Which replication, 0 is the first; replication k alone equals k of n.

    Returns
    -------
    EventLog
        What happened to the pairs, in order of time.
    """
    if scenario.programme.run_years == 1:
        return live(scenario, seed, replication).log
    return joined(live_years(scenario, seed, replication))


def _there(life: PairLife, side: int, day: int) -> bool:
    """Tell whether a member of a pair is one on a pupil day: not before, after or between."""
    if not life.first_day <= day <= life.last_day:
        return False
    return not (life.on_leave(day) if side == ECT else life.without_mentor(day))


def _correct_calls(
    frame: Frame, lives: tuple[PairLife, ...], calls: list[tuple[int, int, bool]], rows: list[Row]
) -> list[Row]:
    """Log the cover calls as they were in the end, where the coordinator had slots protected."""
    final = {(person, cell): called for person, cell, called in calls}
    members = {
        (p.index, side): person
        for p in frame.pairs
        for side, person in ((ECT, p.ect), (MENTOR, p.mentor))
    }
    out = [
        r for r in rows if r[1] != COVER_CALL or final.get((members[r[2], r[7]], r[4])) is not False
    ]
    logged = {(r[2], r[7], r[4]) for r in out if r[1] == COVER_CALL}
    for (person, cell), called in sorted(final.items()):
        for (pair, side), who in sorted(members.items()):
            new = called and who == person and (pair, side, cell) not in logged
            if new and _there(lives[pair], side, cell // frame.periods):
                out.append((frame.start_of(cell), COVER_CALL, pair, -1, cell, COVER, 0, side))
    return out


def _log_fate(frame: Frame, pair: PairFrame, life: PairLife, diary: Diary, cover: CoverBook, rows: list[Row]) -> None:  # fmt: skip
    """Log a pair's absences, once a day, and the lessons its members are called to cover."""
    words = {AWAY_SICK: (0, ECT_ABSENT, MENTOR_ABSENT), AWAY_EVENT: (0, EVENT, EVENT)}
    for side, person in ((ECT, pair.ect), (MENTOR, pair.mentor)):
        for day in diary.away[person].nonzero()[0].tolist():
            if not _there(life, side, day) and not (side == ECT and life.on_leave(day)):
                continue
            cause = words.get(int(diary.away[person, day]), (0, ECT_ABSENT, MENTOR_ABSENT))[side]
            rows.append((frame.midnight[day], ABSENCE, pair.index, -1, day, cause, 0, side))
        for cell in sorted(cover.taken[person]):
            if not _there(life, side, cell // frame.periods):
                continue
            rows.append((frame.start_of(cell), COVER_CALL, pair.index, -1, cell, COVER, 0, side))
