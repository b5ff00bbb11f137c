"""A year: absence is dealt, cover is allocated, and SimPy runs what the two disturb."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import exp
from operator import itemgetter
from typing import TYPE_CHECKING

import simpy
from simpy.resources.resource import Request

from ectsim.log import CAUSE_CODE, EVENT_CODE, EventLog
from ectsim.luck import Luck
from ectsim.model.bookings import Bookings
from ectsim.model.coaching import PRIOR_CYCLES, Coaching
from ectsim.model.cover import CoverBook, allocate
from ectsim.model.diary import AWAY_EVENT, AWAY_SICK, Diary, write_diary
from ectsim.model.frame import Frame, PairFrame, frame_of
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
MEETING_FAILED, ARRANGED = EVENT_CODE["meeting_failed"], EVENT_CODE["arranged"]

ECT, MENTOR = 1, 2


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
    busy : mapping of int to set of int, optional
        Year cells in which a person is in training.
    """

    def __init__(
        self,
        frame: Frame,
        diary: Diary,
        cover: CoverBook,
        luck: Luck,
        busy: Mapping[int, set[int]] | None = None,
    ) -> None:
        self._busy = {i: (busy or {}).get(i, set()) for i in frame.tracked}
        self._periods = frame.periods
        self._away = {i: diary.away[i].tolist() for i in frame.tracked}
        self._spell = {i: diary.spell_day[i] for i in frame.tracked}
        self._taken = cover.taken
        self._frame, self._luck = frame, luck
        self._pause_after = frame.scenario.programme.coaching.pause_after

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
        ect_away, mentor_away = self._away[ect][day], self._away[mentor][day]
        if ect_away or mentor_away:
            if ect_away == AWAY_EVENT or mentor_away == AWAY_EVENT:
                return EVENT, ECT if ect_away == AWAY_EVENT else MENTOR
            return (ECT_ABSENT, ECT) if ect_away else (MENTOR_ABSENT, MENTOR)
        if cell in self._busy[ect]:
            return EVENT, ECT
        if cell in self._busy[mentor]:
            return EVENT, MENTOR
        if cell in self._taken[ect]:
            return COVER, ECT
        if cell in self._taken[mentor]:
            return COVER, MENTOR
        for side, person in pair.released.get(cell, ()):
            if self._away[person][day] or cell in self._taken[person] or cell in self._busy[person]:
                return COVER, side
        return 0, 0

    def study_failure(self, pair: PairFrame, cell: int) -> int:
        """Return why an ECT cannot study in a year cell, or 0."""
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
        held = self.held + sum(gain for at, gain in self.gains if at <= now)
        return 1.0 + (self._factor - 1.0) * exp(-held / self._cycles)

    def learn(self, rehearsals: int, conditions: Conditions, now: int) -> None:
        """Gain from a meeting that was held; belief grows with rehearsals seen (F175).

        Before the first conference a cycle teaches less (F098).
        """
        self.held += 1.0 if now >= self.started else self.untrained
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
    """

    __slots__ = ("cover", "diary", "frame", "log")

    def __init__(self, frame: Frame, diary: Diary, cover: CoverBook, log: EventLog) -> None:
        self.frame, self.diary, self.cover, self.log = frame, diary, cover, log


@dataclass
class Carried:
    """What a school year hands to the next; all of it on the clock of the year that takes it.

    Parameters
    ----------
    mentors : dict of str to (float, float)
        Cycles behind each mentor, what training was worth added, and their belief.
    habits : dict of str to float
        Each pair's habit of meeting.
    studied : dict of str to list of int
        For each pair the minute from which each module begun so far counts as studied; below 0
        where that was before the year.
    study_habits : dict of str to float
        Each ECT's habit of study.
    learning : dict of str to Learning
        What each ECT knows and does, and the step in hand.
    """

    mentors: dict[str, tuple[float, float]] = field(default_factory=dict)
    habits: dict[str, float] = field(default_factory=dict)
    studied: dict[str, list[int]] = field(default_factory=dict)
    study_habits: dict[str, float] = field(default_factory=dict)
    learning: dict[str, Learning] = field(default_factory=dict)


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
    return _live(scenario, Luck(seed, replication), Carried(), without)[0]


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
    return _live(frame.scenario, Luck(seed, replication), Carried(), frame=frame)[0]


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
    carried, out = Carried(), []
    for k in range(scenario.programme.run_years):
        year, carried = _live(scenario.in_year(k), Luck(seed, replication, k), carried)
        out.append(year)
        if k + 1 == scenario.programme.run_years:
            break
        following = scenario.in_year(k + 1).school.calendar
        gap = scenario.in_year(k).school.calendar.minute(following.origin)
        carried.studied = {p: [t - gap for t in times] for p, times in carried.studied.items()}
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
) -> tuple[Year, Carried]:
    """Simulate one school year, from what the year before hands on."""
    frame = frame or frame_of(scenario)
    if without:
        frame = frame.without(without)
    diary = write_diary(frame, luck)
    training = Training(frame, diary, luck) if frame.training else None
    cover = allocate(frame, diary, luck)
    if training:
        training.settle(cover)
    fate = Fate(frame, diary, cover, luck, training.busy if training else None)
    rows: list[tuple[int, int, int, int, int, int, int, int]] = []
    env = simpy.Environment()
    bookings = Bookings()
    programme, conditions = scenario.programme.coaching, scenario.school.conditions
    mentors: dict[int, Mentor] = {}
    for p in frame.pairs:
        held = 0 if p.pair.new else PRIOR_CYCLES
        if p.mentor not in mentors:
            shared = sum(q.mentor == p.mentor for q in frame.pairs) > 1
            mentors[p.mentor] = Mentor(
                env if shared else None,
                held,
                conditions,
                programme.novice_factor,
                programme.learning_cycles,
            )
        mentors[p.mentor].held = max(mentors[p.mentor].held, held)
        if p.pair.mentor in carried.mentors:
            mentors[p.mentor].held, mentors[p.mentor].belief = carried.mentors[p.pair.mentor]
        for window in p.windows:
            if window.planned and window.planned[1] >= 0 and window.in_plan:
                bookings.book((p.ect, p.mentor), window.planned[1], p.index)
    handed = Carried(habits=dict(carried.habits))
    walks: list[Coaching] = []
    if training:
        training.log(rows)
        for who, mentor in mentors.items():
            mentor.gains = training.gains.get(who, [])
            mentor.started = training.started.get(who, 0)
            mentor.untrained = scenario.programme.events.before_conference
    # in order of ids: who asks a shared mentor first must not depend on the order of a file
    for p in sorted(frame.pairs, key=lambda p: p.pair.id):
        before = carried.studied.get(p.pair.id)
        done = study(frame, p, fate, luck, rows, before or [], carried.study_habits.get(p.pair.id))
        studied = handed.studied[p.pair.id] = done.modules
        handed.study_habits[p.pair.id] = done.habit
        # of a pair that begins in its second year, the first year's modules are taken as studied
        first = (
            0 if p.pair.year == 1 or before is not None else scenario.programme.study.modules_in(1)
        )
        steps = None
        if scenario.programme.steps.follow and p.windows:
            known = carried.learning.get(p.pair.id)
            steps = Steps(frame, p, luck, done, first, len(before or []), rows, known)
        coaching = Coaching(
            env,
            frame,
            p,
            fate,
            luck,
            bookings,
            mentors[p.mentor],
            studied,
            first,
            rows,
            steps,
        )
        coaching.habit = carried.habits.get(p.pair.id, coaching.habit)
        walks.append(coaching)
        env.process(coaching.run())
        _log_fate(frame, p, diary, cover, rows)
    env.run()
    handed.learning = {w.pair.pair.id: w.steps.finish() for w in walks if w.steps}
    rows.sort(key=itemgetter(0))
    handed.habits.update((w.pair.pair.id, w.habit) for w in walks)
    handed.mentors = {
        frame.staff[i]: (m.held + sum(gain for _, gain in m.gains), m.belief)
        for i, m in mentors.items()
    }
    return Year(frame, diary, cover, EventLog(rows, frame.end)), handed


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


def _log_fate(frame: Frame, pair: PairFrame, diary: Diary, cover: CoverBook, rows: list[tuple[int, int, int, int, int, int, int, int]]) -> None:  # fmt: skip
    """Log a pair's absences, once a day, and the lessons its members are called to cover."""
    words = {AWAY_SICK: (0, ECT_ABSENT, MENTOR_ABSENT), AWAY_EVENT: (0, EVENT, EVENT)}
    for side, person in ((ECT, pair.ect), (MENTOR, pair.mentor)):
        for day in diary.away[person].nonzero()[0].tolist():
            cause = words.get(int(diary.away[person, day]), (0, ECT_ABSENT, MENTOR_ABSENT))[side]
            rows.append((frame.midnight[day], ABSENCE, pair.index, -1, day, cause, 0, side))
        for cell in sorted(cover.taken[person]):
            rows.append((frame.start_of(cell), COVER_CALL, pair.index, -1, cell, COVER, 0, side))
