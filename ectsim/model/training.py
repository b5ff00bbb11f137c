"""Training: conferences, clinics and coaching on coaching, dated, and who gets there.

A conference takes its people out for the day, so it is written into the diary before cover is
allocated. Clinics are after school on one of several dates; coaching on coaching is an hour with an
expert in a free period of the mentor or after school. Whatever is missed gets another date, and a
clinic at last catch-up on the platform (E7-06). Which dates there are is no luck: partners publish
them. Who is ill, who goes and which clinic date somebody prefers is luck. Of the plan only the form
of release, the mode of mentors' training and check-ins count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, log1p
from typing import TYPE_CHECKING

from ectsim.clock import DAY
from ectsim.content import TrainingEvent, events
from ectsim.log import CAUSE_CODE, EVENT_CODE
from ectsim.luck import stable_fraction
from ectsim.model.diary import AWAY_EVENT, AWAY_SICK, AWAY_TRIP, Diary

if TYPE_CHECKING:
    from ectsim.luck import Luck
    from ectsim.model.cover import CoverBook
    from ectsim.model.frame import Frame
    from ectsim.model.people import PairLife

__all__ = ["Due", "Training", "due_training", "hours_due"]

ROOM = 24
"""Draws an event and person: six tries, order, catch-up, six hours picked, ten dates preferred."""
TRIES, ORDER, CATCH_UP, PICK, PREFER = 6, 6, 7, 8, 14
DATES = ROOM - PREFER

ECT, MENTOR = 1, 2
ABSENT = {ECT: CAUSE_CODE["ect_absent"], MENTOR: CAUSE_CODE["mentor_absent"]}
MENTOR_LEFT = CAUSE_CODE["mentor_left"]
SLIPPED, COVER = CAUSE_CODE["slipped"], CAUSE_CODE["cover"]
TRAINED, MISSED, CAUGHT_UP = (EVENT_CODE[n] for n in ("trained", "training_missed", "caught_up"))
OWED, GIVEN_BACK = EVENT_CODE["time_owed"], EVENT_CODE["time_given_back"]

Row = tuple[int, int, int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Due:
    """An event that is due to one person in the year.

    Parameters
    ----------
    person : int
        Position in the frame's staff.
    side : int
        1 as an ECT, 2 as a mentor.
    event : int
        Position in ``content.events()``.
    place : int
        Which of the person's events it is, for the luck.
    kind : str
        ``conference``, ``clinic`` or ``coaching_on_coaching``.
    minutes : int
        Its length.
    week : int
        School week of its first date, 0 is the first.
    days : tuple of int
        Pupil days of its dates, in order.
    """

    person: int
    side: int
    event: int
    place: int
    kind: str
    minutes: int
    week: int
    days: tuple[int, ...]


def _sequence(frame: Frame, side: int, year: int) -> Iterator[tuple[int, TrainingEvent, int]]:
    """Yield what is due to an ECT or a mentor in a year of theirs: position, event, first week."""
    rules, known = frame.scenario.programme.events, events()
    mine = [
        (i, e) for i, e in enumerate(known) if e.audience == ("ect" if side == ECT else "mentor")
    ]
    if side == ECT:
        mine = [(i, e) for i, e in mine if e.year == year]
        first = year == 1
        wanted = {
            "conference": rules.ect_conferences_y1 if first else rules.ect_conferences_y2,
            "clinic": rules.ect_clinics_y1 if first else rules.ect_clinics_y2,
        }
    else:
        wanted = {
            "conference": rules.mentor_conferences,
            "coaching_on_coaching": rules.coaching_on_coaching,
            "clinic": rules.mentor_clinics,
        }
    together = side == MENTOR and rules.mentor_training != "two_years"
    chosen: list[tuple[int, TrainingEvent, int]] = []
    for kind, count in wanted.items():
        some = [(i, e) for i, e in mine if e.kind == kind]
        for n in range(count if some else 0):
            # a programme with more of a kind than the list repeats the last, three weeks on
            i, e = some[min(n, len(some) - 1)]
            week = e.week_one_year if together and e.week_one_year else e.week
            chosen.append((i, e, week + 3 * max(0, n - len(some) + 1)))
    chosen.sort(key=lambda x: (x[1].order, x[2]))
    if side == MENTOR and rules.mentor_training == "two_years":
        half = -(-len(chosen) // 2)  # no source says which event is in which year
        chosen = chosen[:half] if year == 1 else chosen[half:]
    if side == MENTOR and rules.mentor_training == "one_year" and year > 1:
        chosen = []
    own = dict(w.split("=") for w in rules.weeks)
    for i, e, week in chosen:
        yield i, e, int(own.get(e.id, week)) + rules.shift_weeks


def _minutes(frame: Frame, kind: str) -> int:
    rules = frame.scenario.programme.events
    if kind == "coaching_on_coaching":
        return 60
    return round(60 * (rules.conference_hours if kind == "conference" else rules.clinic_hours))


def hours_due(frame: Frame, side: int, year: int) -> float:
    """Return the hours of training events due to an ECT (side 1) or a mentor (2) in a year, 1 or 2."""
    return sum(_minutes(frame, e.kind) for _, e, _ in _sequence(frame, side, year)) / 60


def _days_of(frame: Frame, week: int, event: str) -> list[int]:
    """Return a week's pupil days with lessons in the order in which an event is laid on them."""
    if not 0 <= week < len(frame.weeks):
        return []
    days = [d for d in frame.weeks[week].days if frame.timetabled[d]]
    return sorted(days, key=lambda d: stable_fraction("training", event, week, d))


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a person is: years behind them, years of the programme in a school year, their weeks."""

    behind: Fraction
    pace: Fraction
    whole: tuple[int, ...]
    works: tuple[int, ...]


def _dated(frame: Frame, side: int, at: _Place) -> Iterator[tuple[int, TrainingEvent, int]]:
    """Yield what is due to a person in this school year: position, event, school week.

    Whoever works part time, or starts within the year, comes to each event when as much of the
    programme is behind them as of a full-timer who started with the year.
    """
    if at.pace == 1 and at.behind.denominator == 1 and at.works == at.whole:
        if at.behind < 2:
            for i, e, number in _sequence(frame, side, int(at.behind) + 1):
                yield i, e, number - 1
        return
    total = len(at.whole)
    for year in (1, 2):
        for i, e, number in _sequence(frame, side, year):
            along = year - 1 + Fraction(number - 1, len(frame.weeks)) - at.behind
            n = ceil(along * total / at.pace)
            if 0 < number <= len(frame.weeks) and 0 <= n < len(at.works):
                yield i, e, at.works[n]


def due_training(frame: Frame) -> tuple[Due, ...]:
    """Return what is due to each member of a pair in the year, in order of permanent ids.

    An event whose first date lies outside the calendar is not due. A mentor who had an ECT before
    is in the second year of training, and after it nothing is due.
    """
    rules = frame.scenario.programme.events
    if not rules.in_year:
        return ()
    places: dict[tuple[int, int], _Place] = {}
    for p in frame.pairs:
        fte = frame.scenario.school.fte(p.pair.ect)
        places[p.ect, ECT] = _Place(p.pair.served, fte, p.whole, p.works)
        # a mentor of several ECTs is as far as with the one who has come furthest
        behind = (
            p.pair.served / fte if p.pair.elapsed is not None else Fraction(int(not p.pair.new))
        )
        mentor = _Place(behind, Fraction(1), p.whole, p.works)
        known = places.get((p.mentor, MENTOR))
        if known is None or (mentor.behind, len(mentor.works)) > (known.behind, len(known.works)):
            places[p.mentor, MENTOR] = mentor
    out = []
    for (person, side), place_in in sorted(
        places.items(), key=lambda x: (frame.staff[x[0][0]], x[0][1])
    ):
        used: set[int] = set()
        for i, e, week in _dated(frame, side, place_in):
            place = i if i not in used else len(events()) + len(used)
            used.add(place)
            days: list[int] = []
            if e.kind == "conference":
                for n in range(1 + rules.second_dates):
                    days += _days_of(frame, week + n * rules.second_date_weeks, e.id)[:1]
            elif e.kind == "clinic":
                for n in range(-(-e.dates // 2)):  # two dates a week
                    days += _days_of(frame, week + n, e.id)[:2]
                days = sorted(days[: min(e.dates, DATES)])
            else:
                days = _days_of(frame, week, e.id)
            if days and _days_of(frame, week, e.id):
                minutes = _minutes(frame, e.kind)
                out.append(Due(person, side, i, place, e.kind, minutes, week, tuple(days)))
    return tuple(out)


class Training:
    """One replication's training.

    Parameters
    ----------
    frame : Frame
        The year.
    diary : Diary
        Who is away; conference days are written into it.
    luck : Luck
        The replication's luck.
    lives : tuple of PairLife
        Who comes, leaves and is on leave, in the order of the frame's pairs.

    Attributes
    ----------
    busy : dict of int to set of int
        Year cells in which a person is in training or has gone home early in return.
    gains : dict of int to list of (int, float)
        For each mentor the minutes at which training ended, and its worth in cycles.
    talks : dict of int to list of int
        For each mentor, when a clinic was over in which mentors share what works.
    started : dict of int to int
        For each mentor whose first conference is due, when it was over.
    """

    def __init__(self, frame: Frame, diary: Diary, luck: Luck, lives: tuple[PairLife, ...]) -> None:
        from ectsim.model.people import end_of  # noqa: PLC0415 - people know the frame, which knows training

        self._lives = {(p.ect, ECT): lives[p.index] for p in frame.pairs}
        self._lives |= {(p.mentor, MENTOR): lives[p.index] for p in frame.pairs}
        self._end = {
            key: end_of(frame, life) if key[1] == ECT else frame.end
            for key, life in self._lives.items()
        }
        self.frame, self.diary, self.luck = frame, diary, luck
        self.rules, self.plan = frame.scenario.programme.events, frame.scenario.plan
        c = frame.scenario.school.conditions
        self._attend = c.training_reminded if self.plan.checkin_min > 0 else c.training_attend
        self.busy: dict[int, set[int]] = defaultdict(set)
        self.gains: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self.talks: dict[int, list[int]] = defaultdict(list)
        self.started: dict[int, int] = {}
        self._rows: list[
            tuple[int, int, int, int, int, int]
        ] = []  # time, event, person, value, cause, side
        self._evenings: set[tuple[int, int]] = set()
        self._owed: list[tuple[int, int, int, int]] = []  # person, side, from which week, minutes
        self._after = [
            p for p in range(frame.periods) if frame.scenario.school.grid.periods[p].kind == "after"
        ]
        self.due = tuple(self._still(due) for due in frame.training if self._has_begun(due))
        for due in self.due:
            if due.kind == "conference":
                self._conference(due)

    def _has_begun(self, due: Due) -> bool:
        """Tell whether an event is due: an ECT who has left by its first date is due nothing."""
        return due.side == MENTOR or due.days[0] <= self._lives[due.person, ECT].last_day

    def _still(self, due: Due) -> Due:
        """Leave out the dates after an ECT's last day."""
        last = self._lives[due.person, due.side].last_day if due.side == ECT else self.frame.days
        if due.days[-1] <= last or due.kind == "coaching_on_coaching":
            return due
        return replace(due, days=tuple(d for d in due.days if d <= last))

    def _draw(self, due: Due, what: int) -> float:
        size = ROOM * (len(events()) + 24)
        return self.luck.row("training", f"{self.frame.staff[due.person]} {due.side}", size)[
            due.place * ROOM + what
        ]

    def _log(self, at: int, event: int, due: Due, value: int, cause: int = 0) -> None:
        if at < self._end[due.person, due.side]:
            self._rows.append((at, event, due.person, value, cause, due.side))

    def _why_missed(self, due: Due, day: int, n: int) -> int:
        """Return what keeps a person from one date, or 0."""
        life = self._lives[due.person, due.side]
        if due.side == MENTOR and life.without_mentor(day):
            return MENTOR_LEFT
        if self.diary.away[due.person, day] == AWAY_SICK or (
            due.side == ECT and life.on_leave(day)
        ):
            return ABSENT[due.side]
        return SLIPPED if self._draw(due, min(n, TRIES - 1)) >= self._attend else 0

    def _learn(self, due: Due, at: int) -> None:
        if due.side != MENTOR:
            return
        gain = {
            "conference": self.rules.gain_conference,
            "clinic": self.rules.gain_clinic,
            "coaching_on_coaching": self.rules.gain_coaching,
        }[due.kind]
        self.gains[due.person].append((at, gain))
        if due.kind == "clinic":
            self.talks[due.person].append(at)
        if events()[due.event].order == 1:
            self.started[due.person] = at

    def _evening_cells(self, day: int, start: int, end: int) -> set[int]:
        frame = self.frame
        return {
            frame.year_cell(day, p)
            for p in self._after
            if frame.starts[p] < end and start < frame.ends[p]
        }

    def _conference(self, due: Due) -> None:
        """Send somebody on the first date on which they are well and go."""
        frame = self.frame
        evening = self.plan.training_release == "time_back"
        if due.side == MENTOR and events()[due.event].order == 1:
            self.started[due.person] = frame.end
        for n, day in enumerate(due.days):
            at = frame.midnight[day] + (
                self.rules.evening_start
                if evening
                else min(frame.starts[p] for p in range(frame.periods) if frame.lesson_period[p])
            )
            cause = self._why_missed(due, day, n)
            if cause:
                self._log(at, MISSED, due, due.event, cause)
                continue
            self._log(at, TRAINED, due, due.event)
            if evening:
                self._evening_sessions(due, day)
            else:
                self.diary.away[due.person, day] = AWAY_EVENT
            self._learn(due, at + due.minutes)
            return

    def _evening_sessions(self, due: Due, day: int) -> None:
        """Lay a conference on as many evenings as it needs, and book the time that is owed (F108)."""
        rules, length = self.rules, round(60 * self.rules.evening_hours)
        for n in range(-(-due.minutes // length)):
            if day + n < self.frame.days:
                start = rules.evening_start
                self.busy[due.person] |= self._evening_cells(day + n, start, start + length)
                self._evenings.add((due.person, day + n))
        self._owe(due, day)

    def _owe(self, due: Due, day: int) -> None:
        at = self.frame.midnight[day] + self.rules.evening_start
        self._log(at, OWED, due, due.minutes)
        self._owed.append((due.person, due.side, self.frame.week_of[day] + 1, due.minutes))

    def settle(self, cover: CoverBook) -> None:
        """Hold what is not a whole day, once it is known who covers."""
        groups: dict[int, list[Due]] = defaultdict(list)
        for due in self.due:
            if due.kind == "clinic":
                groups[due.event].append(due)
        for event in sorted(groups):
            self._clinic(groups[event])
        for due in self.due:
            if due.kind == "coaching_on_coaching":
                self._coaching(due, cover)
        if self.plan.training_release == "time_back":
            self._give_back()

    def _clinic(self, group: list[Due]) -> None:
        """Let people choose among the dates with places left, and make up for what they miss."""
        taken: Counter[int] = Counter()
        order = sorted(group, key=lambda d: (self._draw(d, ORDER), self.frame.staff[d.person]))
        first = [self._choose(due, taken) for due in order]
        for due, n in zip(order, first, strict=True):
            while n is not None and self._misses_clinic(due, n):
                later = range(n + 1, len(due.days))
                n = next((k for k in later if self._open(due, k, taken)), None)
                if n is not None:
                    taken[due.days[n]] += 1
            if n is None:
                self._catch_up(due)

    def _open(self, due: Due, n: int, taken: Counter[int]) -> bool:
        day = due.days[n]
        return taken[day] < self.rules.clinic_places and (due.person, day) not in self._evenings

    def _choose(self, due: Due, taken: Counter[int]) -> int | None:
        liked = sorted(range(len(due.days)), key=lambda n: self._draw(due, PREFER + n))
        n = next((k for k in liked if self._open(due, k, taken)), None)
        if n is not None:
            taken[due.days[n]] += 1
        return n

    def _misses_clinic(self, due: Due, n: int) -> bool:
        day, start = due.days[n], self.rules.evening_start
        at = self.frame.midnight[day] + start
        cause = self._why_missed(due, day, n)
        if cause:
            self._log(at, MISSED, due, due.event, cause)
            return True
        self._log(at, TRAINED, due, due.event)
        in_person = due.side == MENTOR and self.plan.mentor_training_mode == "in_person"
        away_from = start - (self.rules.travel_minutes if in_person else 0)
        self.busy[due.person] |= self._evening_cells(day, away_from, start + due.minutes)
        self._evenings.add((due.person, day))
        if self.plan.training_release == "time_back":
            self._owe(due, day)
        self._learn(due, at + due.minutes)
        return False

    def _catch_up(self, due: Due) -> None:
        chance = min(self.rules.catch_up, 0.999)
        weeks = 1 + floor(log1p(-self._draw(due, CATCH_UP)) / log1p(-chance)) if chance > 0 else 999
        at = self.frame.midnight[due.days[-1]] + weeks * 7 * DAY + self.rules.evening_start
        self._log(at, CAUGHT_UP, due, due.event)
        self._learn(due, at + due.minutes)

    def _coaching(self, due: Due, cover: CoverBook) -> None:
        """Meet the expert in a free period, week after week until it works."""
        frame, away = self.frame, self.diary.away[due.person]
        for n in range(TRIES):
            week = due.week + n
            if week >= len(frame.weeks):
                return
            cells = [
                (rank, c)
                for rank, c in self._hours(due.person, frame.weeks[week].days)
                if c not in self.busy[due.person]
                and away[c // frame.periods] not in (AWAY_EVENT, AWAY_TRIP)
                and not (
                    c % frame.periods in self._after
                    and (due.person, c // frame.periods) in self._evenings
                )
            ]
            if not cells:
                continue
            best = min(rank for rank, _ in cells)
            options = [c for rank, c in cells if rank == best]
            cell = options[int(self._draw(due, PICK + n) * len(options))]
            at = frame.start_of(cell)
            cause = self._why_missed(due, cell // frame.periods, n)
            if not cause and cell in cover.taken[due.person]:
                cause = COVER
            if cause:
                self._log(at, MISSED, due, due.event, cause)
                continue
            self._log(at, TRAINED, due, due.event)
            self.busy[due.person].add(cell)
            self._learn(due, at + due.minutes)
            return

    def _hours(self, person: int, days: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Yield a week's hours for coaching on coaching, those that the pair needs least first."""
        frame = self.frame
        ranks = frame.coaching_hours[person]
        after = self.plan.mentor_training_mode == "virtual"
        for day in days:
            if frame.timetabled[day]:
                for period, rank in ranks[frame.cycle_day[day]]:
                    if after or period not in self._after:
                        yield rank, frame.year_cell(day, period)

    def _give_back(self) -> None:
        """Let people go home early, one day a week, until what they are owed is paid back."""
        frame = self.frame
        first: dict[int, tuple[int, int]] = {}
        for person, side, week, _ in self._owed:
            first[person] = min(first.get(person, (week, side)), (week, side))
        for person, (week, side) in first.items():
            have = 0
            for w in range(week, len(frame.weeks)):
                have += sum(m for p, _, v, m in self._owed if p == person and v == w)
                part = min(have, self.rules.time_back_minutes)
                free = [d for d in frame.weeks[w].days if (person, d) not in self._evenings]
                if part <= 0 or not free:
                    continue
                day = min(free, key=lambda d: stable_fraction("back", frame.staff[person], d))
                have -= part
                self.busy[person] |= {frame.year_cell(day, p) for p in self._after}
                self._evenings.add((person, day))
                end = max(frame.ends[p] for p in range(frame.periods) if frame.lesson_period[p])
                self._rows.append((frame.midnight[day] + end, GIVEN_BACK, person, part, 0, side))

    def log(self, rows: list[Row]) -> None:
        """Write what happened into the log, once for each pair that a person is in."""
        for p in self.frame.pairs:
            for at, event, person, value, cause, side in self._rows:
                if person == (p.ect if side == ECT else p.mentor):
                    rows.append((at, event, p.index, -1, value, cause, 0, side))


def coaching_hours(frame: Frame) -> dict[int, list[list[tuple[int, int]]]]:
    """Return for each mentor and day of the cycle (period, rank): where the expert's hour may be.

    Rank 0 is a free period that no ECT of theirs needs, 1 after school, 2 a lesson of the ECT that
    could be visited, 3 a free period of both.
    """
    school, out = frame.scenario.school, {}
    for who in sorted({p.mentor for p in frame.pairs}):
        row = school.timetable.rows[frame.staff[who]]
        ects = [school.timetable.rows[p.pair.ect] for p in frame.pairs if p.mentor == who]
        days: list[list[tuple[int, int]]] = [[] for _ in range(school.grid.cycle_weeks * 5)]
        for cell, letter in enumerate(row):
            day, period = divmod(cell, frame.periods)
            if letter != "f" or "l" not in row[day * frame.periods : (day + 1) * frame.periods]:
                continue
            kind = school.grid.periods[period].kind
            if kind == "after":
                days[day].append((period, 1))
            elif kind == "lesson":
                rank = max((3 if r[cell] == "f" else 2 if r[cell] == "l" else 0) for r in ects)
                days[day].append((period, rank))
        out[who] = days
    return out
