"""People: who is registered when, who leaves, who takes over, who is on long leave.

All of it is dealt before the year begins, a function of school, plan and luck: for each pair a
:class:`PairLife` that says from when to when it can hold a cycle. What a pair carries from week to
week, and can carry into another year, is a :class:`PairState`.

Whoever takes over from a mentor also takes the place that she had in the timetable: the slots, the
lessons, and with them the illness and the cover calls of that place. A member of staff with a
timetable of their own would be another scenario; for that, a pair names a deputy.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from fractions import Fraction
from math import log1p
from typing import TYPE_CHECKING

from ectsim.clock import DAY
from ectsim.log import CAUSE_CODE, EVENT_CODE
from ectsim.model.diary import AWAY_SICK
from ectsim.model.frame import COVER_TIME

if TYPE_CHECKING:
    from ectsim.luck import Luck
    from ectsim.model.diary import Diary
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.school import Conditions

__all__ = [
    "PLACES",
    "PRIOR_CYCLES",
    "Bar",
    "Handed",
    "PairLife",
    "PairState",
    "end_of",
    "extension",
    "hand_on",
    "log_people",
    "write_people",
]

Row = tuple[int, int, int, int, int, int, int, int]
Bar = tuple[int, int, int, int]
"""First and last year cell in which a pair holds no cycle, cause, side."""

REGISTERED, ACCESS, LEFT = EVENT_CODE["registered"], EVENT_CODE["access"], EVENT_CODE["left"]
REPLACED, EXTENDED, ABSENCE = EVENT_CODE["replaced"], EVENT_CODE["extended"], EVENT_CODE["absence"]
ONBOARDING, MENTOR_LEFT = CAUSE_CODE["onboarding"], CAUSE_CODE["mentor_left"]
ECT_ABSENT = CAUSE_CODE["ect_absent"]
ECT, MENTOR = 1, 2

PLACES = 16
"""Room in a person's ``people`` stream."""

LEAVES, LEAVING_DAY, LAG, PRACTISED, BELIEF, ON_LEAVE, LEAVE_DAY, LEAVE_LENGTH = range(8)
REGISTRATION, EMAIL, FOLLOWED = 8, 9, 10
"""Where each draw stands in it."""

EVENING = 20 * 60
"""Minute of the day at which a person's last day ends."""

SUNDAY_EVENING = 6 * DAY + 18 * 60
WEEK = 7 * DAY

PRIOR_CYCLES = 38
"""Cycles behind a mentor who has mentored for a year: a continuing pair's, or one who takes over (F044)."""


@dataclass(slots=True)
class PairState:
    """What a pair carries from one week, and from one year, to the next; each from 0 to 1.

    Parameters
    ----------
    habit : float
        Of meeting in the slot.
    relationship : float
        How well the two get on.
    culture : float
        How far the programme is a priority around this pair. Each pair has its own, so that one
        pair's weeks reach another only through what the two share.
    """

    habit: float
    relationship: float
    culture: float

    def contract(self, c: Conditions) -> None:
        """Begin with an agreement on how to work together (F152)."""
        self.relationship += c.contracting_gain * (1.0 - self.relationship)

    def kept(self, c: Conditions) -> None:
        """Gain from a cycle that met (F163, F164)."""
        self.relationship += c.relationship_gain * (1.0 - self.relationship)
        self.culture += c.culture_gain * (1.0 - self.culture)

    def lost(self, c: Conditions) -> None:
        """Lose by a cycle that never met."""
        self.culture *= 1.0 - c.culture_loss


@dataclass(frozen=True, slots=True)
class PairLife:
    """One pair's year as people come, leave and are on leave.

    Parameters
    ----------
    first_day, last_day : int
        Pupil days of the year on which the ECT is the first and the last time at the school.
    registered : int
        School minute at which the school has registered the ECT, -1 where nothing had to be done.
    access : tuple of (int, int)
        Pupil day from which ECT and mentor have access; the year's length if they never have.
    mentor_last : int
        The mentor's last pupil day as a mentor, or the year's length.
    mentor_next : int
        First pupil day of whoever takes over, or the year's length.
    takes_over : tuple of (int, float)
        Cycles behind that person, and belief.
    leave : tuple of (int, int)
        First and last pupil day of the ECT's leave; (0, -1) if there is none.
    bars : tuple of Bar
        When the pair holds no cycle, by precedence of the cause.
    study_from : int
        School minute from which the ECT can study.
    away_until : tuple of (int, int)
        School minutes between which the ECT, on leave, does not study.
    leave_left : int
        School days of the leave that lie beyond the year's last day.
    """

    first_day: int
    last_day: int
    registered: int
    access: tuple[int, int]
    mentor_last: int
    mentor_next: int
    takes_over: tuple[int, float]
    leave: tuple[int, int]
    bars: tuple[Bar, ...]
    study_from: int
    away_until: tuple[int, int]
    leave_left: int = 0

    def on_leave(self, day: int) -> bool:
        """Tell whether the ECT is on leave on a pupil day."""
        return self.leave[0] <= day <= self.leave[1]

    def without_mentor(self, day: int) -> bool:
        """Tell whether the mentor has left and nobody has taken over yet."""
        return self.mentor_last < day < self.mentor_next

    def not_before(self, minute: int) -> int:
        """Put own-time study off until there is access, and until leave is over."""
        if minute < self.study_from:
            minute = self.study_from - self.study_from % WEEK + SUNDAY_EVENING
        if self.away_until[0] <= minute < self.away_until[1]:
            minute = self.away_until[1] - self.away_until[1] % WEEK + SUNDAY_EVENING
        return minute


@dataclass
class Handed:
    """What one school year's coming and leaving means for the next.

    Parameters
    ----------
    gone : set of str
        Pairs whose ECT has left the school: nothing is due any more.
    leave : dict of str to int
        For a pair whose ECT is on leave when the year ends, the school days that are left of it.
    posts : dict of str to (int, float)
        For a mentor who left and was not replaced within the year, cycles behind whoever takes over
        on the next year's first day, and belief.
    extended : dict of str to Fraction
        For a pair whose ECT's induction absence has extended, by what share of a school year.
    """

    gone: set[str] = field(default_factory=set)
    leave: dict[str, int] = field(default_factory=dict)
    posts: dict[str, tuple[int, float]] = field(default_factory=dict)
    extended: dict[str, Fraction] = field(default_factory=dict)


NOBODY = Handed()


def hand_on(frame: Frame, lives: tuple[PairLife, ...]) -> Handed:
    """Say what a year's lives mean for the next year; leave in school days from the year's end."""
    out = Handed()
    for p, life in zip(frame.pairs, lives, strict=True):
        if life.last_day < frame.days - 1:
            out.gone.add(p.pair.id)
        elif life.leave_left:
            out.leave[p.pair.id] = life.leave_left
        if life.mentor_last < frame.days <= life.mentor_next:
            out.posts[p.pair.mentor] = life.takes_over
    return out


def write_people(frame: Frame, luck: Luck, before: Handed = NOBODY) -> tuple[PairLife, ...]:
    """Deal who comes and leaves in one school year.

    Parameters
    ----------
    frame : Frame
        The scenario's year.
    luck : Luck
        The replication's luck.
    before : Handed, optional
        What the school year before hands on; ``leave`` in school days of this year.

    Returns
    -------
    tuple of PairLife
        In the order of the frame's pairs.
    """
    c = frame.scenario.school.conditions
    onboarding = c.register_weeks + c.email_weeks + c.access_weeks > 0
    calm = not onboarding and c.ect_leave + c.mentor_leave + c.leave_rate <= 0
    if calm and not (before.gone or before.leave or before.posts):
        return tuple(_undisturbed(frame, p) for p in frame.pairs)
    ids = sorted({w for p in frame.pairs for w in (p.pair.ect, p.pair.mentor)})
    table = luck.tables("people", ids, PLACES).tolist()
    draws = dict(zip(ids, table, strict=True))
    begun = _registered(frame, draws) if onboarding else {}
    return tuple(_life(frame, p, draws, begun, before) for p in frame.pairs)


def _undisturbed(frame: Frame, p: PairFrame) -> PairLife:
    none = (0, 0.0)
    return PairLife(p.first_day, frame.days - 1, -1, (0, 0), frame.days, frame.days, none, (0, -1), (), 0, (0, 0))  # fmt: skip


def _wait(draw: float, mean: float) -> float:
    """Turn a draw into an exponential wait with a mean."""
    return -log1p(-draw) * mean


def _registered(frame: Frame, draws: dict[str, list[float]]) -> dict[str, float]:
    """Return for each ECT who starts this year the minute of registration."""
    c = frame.scenario.school.conditions
    early = c.early_weeks if frame.scenario.plan.registered_early else 0.0
    return {
        p.pair.ect: frame.midnight[p.first_day]
        + (_wait(draws[p.pair.ect][REGISTRATION], c.register_weeks) - early) * WEEK
        for p in frame.pairs
        if p.pair.new
    }


def _access(frame: Frame, p: PairFrame, who: str, draws: list[float], begun: float) -> int:
    """Return the pupil day from which a person has access: the next morning."""
    c = frame.scenario.school.conditions
    wait = _wait(draws[EMAIL], c.email_weeks) + _wait(draws[FOLLOWED], c.access_weeks)
    return max(p.first_day, bisect_left(frame.midnight, begun + wait * WEEK))


def _life(
    frame: Frame,
    p: PairFrame,
    draws: dict[str, list[float]],
    begun: dict[str, float],
    before: Handed,
) -> PairLife:
    c = frame.scenario.school.conditions
    mine, hers = draws[p.pair.ect], draws[p.pair.mentor]
    days, first = frame.days, p.first_day

    last = days - 1
    if mine[LEAVES] < c.ect_leave:
        last = first + int(mine[LEAVING_DAY] * (days - first))
    if p.pair.id in before.gone:
        last = -1

    access = (first, first)
    registered = -1
    if p.pair.ect in begun:
        registered = max(frame.midnight[first], int(begun[p.pair.ect]))
        theirs = [q for q in frame.pairs if q.mentor == p.mentor]
        known = any(not q.pair.new for q in theirs)  # a mentor who goes on has access
        named = min(begun[q.pair.ect] for q in theirs if q.pair.new)
        access = (
            _access(frame, p, p.pair.ect, mine, begun[p.pair.ect]),
            first if known else _access(frame, p, p.pair.mentor, hers, named),
        )

    gone, follows, takes_over, free_from = days, days, (0, 0.0), days
    if p.pair.mentor in before.posts:  # schools appoint for September
        gone, follows, takes_over = -1, 0, before.posts[p.pair.mentor]
    elif hers[LEAVES] < c.mentor_leave:
        gone = int(hers[LEAVING_DAY] * days)
        follows = min(days, gone + 1 + int(_wait(hers[LAG], c.replacement_weeks) * 5))
        held = PRIOR_CYCLES if hers[PRACTISED] < c.replacement_practised else 0
        belief = c.belief + c.belief_spread * (2.0 * hers[BELIEF] - 1.0)
        takes_over = (held, min(1.0, max(0.0, belief)))
    if gone < days:
        free_from = follows
        if follows < days and frame.scenario.programme.coaching.first_week == "contract":
            # the week in which the new pair agrees how to work has no cycle
            free_from = frame.weeks[frame.week_of[follows]].days[-1] + 1

    leave, leave_left = (0, -1), 0
    begins, length = 0, before.leave.get(p.pair.id, 0)  # whoever is on leave goes on no other
    if not length and mine[ON_LEAVE] < c.leave_rate:
        begins = first + int(mine[LEAVE_DAY] * (days - first))
        length = 1 + int(_wait(mine[LEAVE_LENGTH], c.leave_weeks) * 5)
    if length:
        leave = (begins, min(days, begins + length) - 1)
        leave_left = max(0, begins + length - days)

    n = frame.periods
    bars: list[Bar] = []
    if max(access) > 0 and max(access) > first:
        bars.append((0, max(access) * n - 1, ONBOARDING, ECT if access[0] >= access[1] else MENTOR))
    if gone < days and free_from > first and free_from > gone + 1:
        bars.append(((gone + 1) * n, free_from * n - 1, MENTOR_LEFT, MENTOR))
    if leave[1] >= leave[0]:
        bars.append((leave[0] * n, (leave[1] + 1) * n - 1, ECT_ABSENT, ECT))
    after_leave = _morning(frame, leave[1] + 1)
    return PairLife(
        first_day=first,
        last_day=last,
        registered=registered,
        access=access,
        mentor_last=gone,
        mentor_next=follows,
        takes_over=takes_over,
        leave=leave,
        bars=tuple(bars),
        study_from=_morning(frame, access[0]) if access[0] > first else 0,
        away_until=(frame.midnight[leave[0]], after_leave) if leave[1] >= leave[0] else (0, 0),
        leave_left=leave_left,
    )


def _morning(frame: Frame, day: int) -> int:
    """Return the minute at which a pupil day begins; after the last one, the end of the year."""
    return frame.midnight[day] + COVER_TIME if day < frame.days else frame.end


def end_of(frame: Frame, life: PairLife) -> int:
    """Return the minute at which a pair's year ends: the ECT's last evening, or the year's end."""
    if life.last_day < 0:  # gone before the year began
        return 0
    return frame.midnight[life.last_day] + EVENING if life.last_day < frame.days - 1 else frame.end


def extension(frame: Frame, pair: PairFrame, life: PairLife, diary: Diary) -> int:
    """Return the days by which absence extends induction: all of them from 30 on (E6-07).

    Days of illness count, days of leave if the school's conditions say so; trips, exam duty and
    training are work. Only days on which the ECT works count.
    """
    ill = diary.away[pair.ect, life.first_day : life.last_day + 1] == AWAY_SICK
    days = set((ill.nonzero()[0] + life.first_day).tolist())
    if frame.scenario.school.conditions.leave_counts:
        days |= set(range(life.leave[0], min(life.leave[1], life.last_day) + 1))
    least = frame.scenario.programme.coaching.extend_from
    if len(days) < least:
        return 0
    row = frame.scenario.school.timetable.rows[pair.pair.ect]
    lost = sum(frame.in_school(row, frame.cycle_day[d]) for d in days)
    return lost if lost >= least else 0


def log_people(frame: Frame, pair: PairFrame, life: PairLife, diary: Diary, rows: list[Row]) -> int:
    """Log what people do to a pair's year; return the days by which absence extends induction."""

    def row(time: int, event: int, value: int = 0, side: int = 0, cause: int = 0) -> None:
        rows.append((time, event, pair.index, -1, value, cause, 0, side))

    end = end_of(frame, life)
    if 0 <= life.registered < end:
        row(life.registered, REGISTERED)
        for side, day in ((ECT, life.access[0]), (MENTOR, life.access[1])):
            if day < frame.days and _morning(frame, day) < end:
                row(_morning(frame, day), ACCESS, side=side)
    # somebody who took over before the pair began was its mentor from the first day
    if life.mentor_last < 0 <= life.last_day:
        row(_morning(frame, 0), REPLACED, life.takes_over[0], MENTOR)
    elif life.mentor_last <= life.last_day and life.mentor_next > life.first_day:
        row(frame.midnight[life.mentor_last] + EVENING, LEFT, side=MENTOR)
        if life.mentor_next <= life.last_day:
            row(_morning(frame, life.mentor_next), REPLACED, life.takes_over[0], MENTOR)
    for day in range(life.leave[0], min(life.leave[1], life.last_day) + 1):
        if not diary.away[pair.ect, day]:  # the diary logs the others
            row(frame.midnight[day], ABSENCE, day, ECT, ECT_ABSENT)
    lost = extension(frame, pair, life, diary)
    if lost:
        row(end, EXTENDED, lost, ECT)
    if 0 < end < frame.end:
        row(end, LEFT, side=ECT)
    return lost
