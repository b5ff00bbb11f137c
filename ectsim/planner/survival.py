"""How many cycles a slot can be expected to complete, in the model's own terms and without SimPy.

Three things keep a planned meeting from being held, and each is computed, not drawn for the pair:

- the calendar: dates of the year on which the slot's cell exists, counted;
- absence of either person: the diary's own rates in closed form, with spells that go on from one
  day to the next and departments whose events take both out at once;
- cover: over shared years of the school, the share of the lessons left open that falls to one of
  the people who are free, under the slot's protection.

A reserve rescues what the first slot loses. On the same day the two share the risk of absence; on
another day they share what is left of a spell. A cycle is complete with a visit before the meeting;
where the planned one fails, another lesson may be seen unless something else takes that time.
Meetings at unplanned times (common free periods, before and after school) are left out: they help
every choice in much the same way, so the figures are lower than the simulation's where the plan
allows them, and the order is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from itertools import islice, product
from math import exp, prod
from typing import TYPE_CHECKING, Any

from ectsim.clock import WEEKDAYS, Slot
from ectsim.errors import InputError
from ectsim.plan import LEVELS, PairSlots

if TYPE_CHECKING:
    from ectsim.model.frame import Frame, Window
    from ectsim.plan import Plan
    from ectsim.scenario import Scenario
    from ectsim.school import Pair

__all__ = ["SHARED_YEARS", "Group", "PairSurvival", "Survival", "Triple", "slots", "with_reserve"]

SHARED_YEARS = 60
"""Years over which the cover table is averaged."""

FAR = 60
"""Pupil days after which a spell of sickness no longer ties two dates together."""


@dataclass(frozen=True, slots=True)
class Triple:
    """One visit, one meeting and one reserve, as cells of the cycle.

    Parameters
    ----------
    observe, meet, reserve : int or None
        Cells; None where there is none.
    due : int
        Cycles of the year that the meeting is for.
    completed : float
        Expected cycles with the visit and the meeting held.
    held : float
        Expected meetings held, with or without a visit.
    """

    observe: int | None
    meet: int
    reserve: int | None
    due: int
    completed: float
    held: float

    @property
    def worth(self) -> tuple[float, float]:
        """Completed cycles first, then meetings held; rounded so that order is the same anywhere."""
        return (round(self.completed, 9), round(self.held, 9))


@dataclass(frozen=True, slots=True)
class Group:
    """Windows that one meeting slot serves: one week of the cycle, or all of it for a fortnight.

    Parameters
    ----------
    weeks : tuple of int
        Weeks of the cycle, from 0, in which its meeting may stand.
    windows : tuple of tuple of dict
        For each window the day of the year for each day of the cycle that it holds.
    before : tuple of dict
        The same for the school week before each window.
    """

    weeks: tuple[int, ...]
    windows: tuple[dict[int, int], ...]
    before: tuple[dict[int, int], ...]


def with_reserve(plan: Plan) -> Plan:
    """Return a plan that finds its times week by week as one that may have reserve slots."""
    if plan.meeting == "fixed" or "reserve" in plan.recovery:
        return plan
    return plan.model_copy(update={"recovery": ("reserve", *plan.recovery)})


class Survival:
    """What the calendar, absence and cover leave of each cell of the cycle.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan; the plan's slots play no part, its protection does.
    seed : int
        Seed of the shared years.
    years : int
        How many shared years the cover table is averaged over.
    """

    def __init__(self, scenario: Scenario, *, seed: int = 1, years: int = SHARED_YEARS) -> None:
        from ectsim.model.frame import Frame  # noqa: PLC0415 - loads numpy

        scenario = replace(scenario, plan=with_reserve(scenario.plan), story=None)
        bare = replace(scenario, plan=scenario.plan.model_copy(update={"slots": {}}))
        self.scenario = scenario
        self.school = scenario.school
        self.frame: Frame = Frame(bare)
        self.per_day = len(self.school.grid)
        self._absence()
        self._training: dict[tuple[int, int], dict[int, float]] = {}
        self.plain, self.last = self._cover(seed, years)
        self._pairs: dict[tuple[str, str], PairSurvival] = {}
        self.frames = {p.pair.id: p for p in self.frame.pairs}

    # absence -------------------------------------------------------------------------------------

    def _absence(self) -> None:
        from ectsim.model.diary import (  # noqa: PLC0415 - loads numpy
            YEAR_DAYS,
            frame_season,
            sickness_rates,
            spell_lengths,
        )

        c = self.school.conditions
        ill = min(c.sickness_days / YEAR_DAYS, 0.95)
        self.ill = [min(0.95, ill * f) for f in frame_season(self.frame, c.winter)]
        self.stay = [1.0] + [0.0] * FAR
        if ill > 0:
            _, _, long_spells = sickness_rates(
                c.sickness_days, c.sickness_long_share, c.sickness_short_mean, c.sickness_long_mean
            )
            table = spell_lengths(c.sickness_short_mean, c.sickness_long_mean, long_spells)
            lasts = [1.0, *(1.0 - float(x) for x in table)]  # chance that a spell has day 1, 2, ...
            whole = sum(lasts)
            left = whole
            for k in range(FAR + 1):
                self.stay[k] = left / whole
                left -= lasts[k]
        self.training = min(c.planned_absence / 2, 0.9)
        self.trip = min(c.planned_absence / 2 / c.event_member_share, 0.5)
        self.goes = c.event_member_share

    def training_days(self, pair: Pair) -> dict[int, float]:
        """Return the pupil days on which a conference takes either of a pair out, with its chance.

        Parameters
        ----------
        pair : Pair
            An ECT with a mentor, who need not be the one they have: a new mentor's training begins.
        """
        if self.scenario.plan.training_release != "cover":
            return {}
        now = self.school.pair(pair.id)
        before = [p for p in self.school.pairs if p.mentor == pair.mentor and not p.new]
        continues = bool(before) or (now.mentor == pair.mentor and not pair.new)
        key = (pair.year, 2 if continues else 1)
        if key not in self._training:
            self._training[key] = self._conferences(pair, new=not continues)
        return self._training[key]

    def _conferences(self, pair: Pair, *, new: bool) -> dict[int, float]:
        from ectsim.model.training import due_training  # noqa: PLC0415 - loads numpy

        c = self.school.conditions
        goes = c.training_reminded if self.scenario.plan.checkin_min > 0 else c.training_attend
        alone = copy(self.frame)
        mine = self.frames[pair.id]
        alone.pairs = (replace(mine, pair=replace(mine.pair, new=new)),)
        stays: dict[int, float] = {}
        for due in due_training(alone):
            still = 1.0
            for day in due.days if due.kind == "conference" else ():
                out = still * (1 - self.ill[day]) * goes
                stays[day] = stays.get(day, 1.0) * (1 - out)
                still -= out
        return {day: 1 - stay for day, stay in stays.items()}

    def present(self, pair: Pair, days: Iterable[int]) -> float:
        """Return the chance that both of a pair are in school on each of some days.

        Parameters
        ----------
        pair : Pair
            The two people.
        days : iterable of int
            Pupil days; a day that comes twice is one day.
        """
        order = sorted(set(days))
        away = self.training_days(pair)
        ect, mentor = (self.school.by_id[w].department for w in (pair.ect, pair.mentor))
        home = (1 - self.trip * self.goes if ect else 1.0) * (
            1 - self.trip * self.goes if mentor else 1.0
        )
        if ect and ect == mentor:
            home = 1 - self.trip + self.trip * (1 - self.goes) ** 2
        day = home * (1 - self.training) ** 2
        well, before = 1.0, -1
        for d in order:
            if before < 0:
                well *= 1 - self.ill[d]
            else:  # a spell of the day before may go on, a well person stays well more often
                a, b = self.ill[before], self.ill[d]
                tie = self.stay[min(d - before, FAR)]
                both = min(a, b) * tie + a * b * (1 - tie)
                well *= (1 - a - b + both) / (1 - a)
            before = d
        sent = prod(1 - away[d] for d in order if d in away)
        return float(well**2 * day ** len(order) * sent)

    # cover ---------------------------------------------------------------------------------------

    def _cover(self, seed: int, years: int) -> tuple[list[float], list[float]]:
        """Return for each cell of the cycle the chance that one free person is called to cover.

        The first list is for somebody without protection, the second for somebody who is called
        after all others. Given who is away, the chance is exact: lessons left for those who are
        free, over their number.
        """
        import numpy as np  # noqa: PLC0415 - heavy

        from ectsim.luck import Luck  # noqa: PLC0415
        from ectsim.model.diary import AWAY_SICK, write_diary  # noqa: PLC0415

        frame, policy = self.frame, self.scenario.plan.cover
        shape = (frame.days, frame.periods)
        first = frame.call_order.reshape(len(frame.staff), *shape) < 0
        free = frame.callable_cells.reshape(len(frame.staff), *shape)
        plain_sum, last_sum = np.zeros(shape), np.zeros(shape)
        quiet = self.school.conditions.sickness_days == 0 == self.school.conditions.planned_absence
        for r in range(0 if quiet else years):
            diary = write_diary(frame, Luck(seed, r))
            who, day = np.nonzero(diary.away)
            sick = diary.away[who, day] == AWAY_SICK
            fill = np.where(sick, policy.sickness_fill, policy.known_fill)
            late = sick & (diary.spell_day[who, day] <= 1)
            open_ = late | (diary.supply[who, day] >= fill)
            wanted = np.zeros(shape)
            np.add.at(wanted, day[open_], frame.lessons[who[open_], day[open_]].astype(float))
            can = free.sum(axis=0).astype(float)
            ahead = (free & first).sum(axis=0).astype(float)
            np.subtract.at(can, day, free[who, day].astype(float))
            np.subtract.at(ahead, day, (free & first)[who, day].astype(float))
            left = np.maximum(wanted - ahead - frame.split_classes, 0.0)
            others = np.maximum(can - ahead, 1.0)
            plain_sum += np.minimum(1.0, left / others)
            last_sum += np.clip(left - (others - 1.0), 0.0, 1.0)
        cells, plain, last = self.school.grid.cells, [], []
        by_day = np.array(frame.cycle_day)
        for c in range(cells):
            at, period = divmod(c, self.per_day)
            on = (by_day == at) & frame.timetabled
            n = max(1, int(on.sum())) * max(1, years)
            plain.append(float(plain_sum[on, period].sum()) / n)
            last.append(float(last_sum[on, period].sum()) / n)
        return plain, last

    def called(self, cell: int, level: str) -> float:
        """Return the chance that one free person is called to cover in a cell.

        Parameters
        ----------
        cell : int
            Cell of the cycle.
        level : {'none', 'last', 'guaranteed'}
            Protection of the slot; a leader who steps in raises it by one (F147).
        """
        chances = (self.plain[cell], self.last[cell], 0.0, 0.0)
        at, support = LEVELS.index(level), self.school.conditions.leader_support
        return (1 - support) * chances[at] + support * chances[at + 1] if at < 2 else 0.0

    def kept(self, cell: int, use: str) -> float:
        """Return the chance that cover leaves a slot alone, both people being in school."""
        guard = self.scenario.plan.protection
        if use == "observe":  # the ECT teaches then
            return 1 - self.called(cell, guard.mentor)
        if use == "study":
            return 1 - self.called(cell, guard.ect)
        two = (guard.reserve,) * 2 if use == "reserve" else (guard.ect, guard.mentor)
        return (1 - self.called(cell, two[0])) * (1 - self.called(cell, two[1]))

    # the calendar --------------------------------------------------------------------------------

    def dates(self, weekday: int) -> tuple[int, int]:
        """Return (weeks, weeks that have the weekday with lessons) of the school year."""
        has = sum(
            any(
                self.frame.cycle_day[d] % 5 == weekday and bool(self.frame.timetabled[d])
                for d in w.days
            )
            for w in self.frame.weeks
        )
        return len(self.frame.weeks), has

    @cached_property
    def slip(self) -> float:
        """Chance that a lesson on no plan is not visited, with a pair's mean habit over the year.

        The habit of a pair that meets each week, in closed form; the year's first weeks are below it.
        """
        c, weeks = self.school.conditions, len(self.frame.weeks)
        habit = c.habit_start
        if c.feedback and c.habit_gain > 0:
            far = (1 - (1 - c.habit_gain) ** weeks) / (weeks * c.habit_gain)
            habit = 1 - (1 - habit) * far
        pull = (
            c.slip_habit * (habit - 0.5)
            + c.slip_relationship * (c.relationship - 0.5)
            + c.slip_culture * (c.culture - 0.5)
        )
        return min(0.95, c.slip_found * exp(-pull))

    @cached_property
    def in_school(self) -> float:
        """Chance that both of a pair are in school on a day like any other."""
        day = sum((1 - ill) ** 2 for ill in self.ill) / len(self.ill)
        trips = self.trip * self.goes
        return float(day * ((1 - self.training) * (1 - trips)) ** 2)

    def pair(self, pair: Pair) -> PairSurvival:
        """Return the tables of an ECT with a mentor, who need not be the one they have."""
        key = (pair.ect, pair.mentor)
        if key not in self._pairs:
            self._pairs[key] = PairSurvival(self, pair)
        return self._pairs[key]

    def reasons(self, triple: Triple, pair: Pair | None = None) -> tuple[str, ...]:
        """Say in words that can be checked why a triple stands where it does.

        Parameters
        ----------
        triple : Triple
            The slots.
        pair : Pair, optional
            Whose: then the training days that fall on the meeting are counted too.
        """
        grid, out = self.school.grid, []
        at, weekday = triple.meet // self.per_day, triple.meet // self.per_day % 5
        weeks, has = self.dates(weekday)
        name = WEEKDAYS[weekday]
        lost = weeks - has
        out.append(
            f"{name} loses {lost} of {weeks} dates to INSET, bank holidays and days off timetable"
            if lost
            else f"{name} loses none of {weeks} dates to the calendar"
        )
        away = self.training_days(pair) if pair else {}
        days = sum(p >= 0.5 and self.frame.cycle_day[d] == at for d, p in away.items())
        if days:
            out.append(f"a conference takes one of the two out on {days} of the meeting's dates")
        called = 1 - self.kept(triple.meet, "meet")
        slot = grid.slot(triple.meet)
        out.append(f"cover takes the meeting at {slot} on {called:.1%} of dates when both are in")
        short = self.plain[triple.meet]
        worst = max((self.plain[c] for c in range(grid.cells)), default=0.0)
        if worst > 0 and short >= 0.9 * worst:
            out.append(
                f"period {slot.period} is where cover runs short: an unprotected free period goes on {short:.1%} of dates"
            )
        if triple.reserve is None:
            out.append("there is no reserve: what is lost has no slot of its own")
        elif triple.reserve // self.per_day == triple.meet // self.per_day:
            out.append("the reserve is on the same day as the first: one absence takes both")
        else:
            out.append("the reserve is on another day than the first")
        if triple.observe is None and self.scenario.plan.observe and not self.scenario.plan.video:
            out.append("no lesson is left to plan a visit in before it")
        return tuple(out)


class PairSurvival:
    """The expected cycles of one ECT with one mentor, for any triple of slots.

    Parameters
    ----------
    survival : Survival
        The school's tables.
    pair : Pair
        The ECT and a mentor.
    """

    def __init__(self, survival: Survival, pair: Pair) -> None:
        self.survival, self.who = survival, pair
        self.per_day = survival.per_day
        self.common = survival.school.common_free(pair)
        self.visits = survival.school.visit_cells(pair)
        plan = survival.scenario.plan
        self.wants_visit = plan.observe and not plan.video
        self.recovers = "reserve" in plan.recovery
        self.catches_up = self.recovers and plan.horizon > 0
        self.out = survival.training_days(pair)
        ect = survival.frames[pair.id].ect
        self.gained = {cell for who, cell in survival.frame.gained if who == ect}
        self.groups = self._groups()
        self._sums = lru_cache(maxsize=None)(self._day_sums)

    def _groups(self) -> tuple[Group, ...]:
        frame, school = self.survival.frame, self.survival.school
        windows = [w for w in self.survival.frames[self.who.id].windows if w.in_plan]
        cycle = school.grid.cycle_weeks
        programme = self.survival.scenario.programme.coaching
        spans = [self._days(w) for w in windows]
        befores = [self._week_days(w.week - 1) if w.week else {} for w in windows]
        if not windows:
            return ()
        if cycle == 1 or programme.period_weeks(self.who.year) >= 2:
            return (Group(tuple(range(cycle)), tuple(spans), tuple(befores)),)
        out = []
        for week in range(cycle):
            mine = [i for i, w in enumerate(windows) if frame.weeks[w.week].cycle == week + 1]
            if mine:
                out.append(
                    Group((week,), tuple(spans[i] for i in mine), tuple(befores[i] for i in mine))
                )
        return tuple(out)

    def _days(self, window: Window) -> dict[int, int]:
        """Return for each day of the cycle its first date with lessons in a window."""
        frame = self.survival.frame
        out: dict[int, int] = {}
        for d in range(window.first_day, window.last_day + 1):
            if frame.timetabled[d]:
                out.setdefault(frame.cycle_day[d], d)
        return out

    def _week_days(self, week: int) -> dict[int, int]:
        frame = self.survival.frame
        return {frame.cycle_day[d]: d for d in frame.weeks[week].days if frame.timetabled[d]}

    @cache  # noqa: B019 - dies with the tables
    def _loss(self, group: int) -> float:
        """Return the share of a group's meetings that even its best meeting and reserve lose."""
        group %= len(self.groups)
        due, meets = len(self.groups[group].windows), self.meets(group)
        best = 0.0
        for m in meets:
            cm = self.survival.kept(m, "meet")
            for r in meets if self.recovers else ():
                sums = self._sums(group, None, m // self.per_day, r // self.per_day, False, 1 if r > m else -1, False, None)  # fmt: skip
                cr = self.survival.kept(r, "reserve") if r != m else 0.0
                best = max(best, cm * sums[0] + cr * sums[1] - cm * cr * sums[2])
        return 1 - best / due

    def _day_sums(
        self, group: int, v: int | None, m: int, r: int | None, early: bool, order: int, seen: bool,
        lesson: int | None = None,
    ) -> tuple[float, ...]:  # fmt: skip
        """Add chances over the windows: M, R, M and R, each with the visit V; R at any time; M where V has a date.

        ``order`` is 1 where a reserve on the meeting's day comes after it; ``seen`` says that a
        visit on the reserve's day comes before the reserve; ``early``: the visit is a week before.
        """
        out = [0.0] * 8
        g, pair, present = self.groups[group], self.who, self.survival.present
        for days, before in zip(g.windows, g.before, strict=True):
            md = days.get(m)
            rd = None if r is None else days.get(r)
            vd = None if v is None else days.get(v)
            if early and v is not None and (vd is None or md is None or vd >= md):
                vd = before.get(v)  # in a fortnight the week before may lie in the window itself
            if vd is not None and lesson is not None and vd * self.per_day + lesson in self.gained:
                vd = None  # the class has left for its examinations
            if rd is not None:
                out[6] += present(pair, [rd])
            if rd is not None and md is not None and (rd < md or (rd == md and order < 0)):
                rd = None  # the reserve is past before the meeting is lost
            held = [[d] for d in (md, rd) if d is not None]
            if md is not None:
                out[0] += present(pair, [md])
            if rd is not None:
                out[1] += present(pair, [rd])
            if len(held) == 2:
                out[2] += present(pair, held[0] + held[1])
            if vd is None:
                continue
            ahead = rd is not None and (vd < rd or (vd == rd and seen))
            if md is not None:
                out[3] += present(pair, [vd, md])
                out[7] += present(pair, [md])
            if rd is not None and ahead:
                out[4] += present(pair, [vd, rd])
                if md is not None:
                    out[5] += present(pair, [vd, md, rd])
        return tuple(out)

    def triple(self, group: int, observe: int | None, meet: int, reserve: int | None) -> Triple:
        """Return the expected cycles of one triple of cells in one group of windows."""
        per = self.per_day
        survival = self.survival
        rescue = reserve if self.recovers else None
        early = observe is not None and (observe // per // 5 != meet // per // 5 or observe > meet)
        sums = self._sums(
            group,
            None if observe is None else observe // per,
            meet // per,
            None if rescue is None else rescue // per,
            early,
            0 if rescue is None else (1 if rescue > meet else -1),
            observe is not None and rescue is not None and (early or observe < rescue),
            observe % per if observe is not None and self.gained else None,
        )
        cm = survival.kept(meet, "meet")
        cr = 0.0 if rescue is None else survival.kept(rescue, "reserve")
        due = len(self.groups[group].windows)
        held = cm * sums[0] + cr * sums[1] - cm * cr * sums[2]
        full = held
        first = cm * sums[0]
        if self.wants_visit:
            cv = 0.0 if observe is None else survival.kept(observe, "observe")
            if early and rescue is not None:
                # a meeting that was late in the week before came after the visit, and used it up
                cv *= first / due
            seen = cv * cm * sums[3]
            full = seen + self._second_look(observe, meet, meet) * (cm * sums[7] - seen)
            # where the visit's day is closed any lesson will do, from the meeting before on
            full += self._any_look(meet) * (first - cm * sums[7])
            if rescue is not None:
                saved = held - first
                seen = cv * (cr * sums[4] - cm * cr * sums[5])
                full += seen + self._second_look(observe, meet, rescue) * (saved - seen)
        late = 0.0
        if rescue is not None and self.catches_up:
            # a reserve that this cycle does not need may catch up on the one before, if it is open
            lost = 1 - held / due if len(self.groups) == 1 else self._loss(group - 1)
            late = max(0.0, lost) * (cr * sums[6] - (held - first))
            held += late
            full += late * (self._late_look(observe, meet, rescue) if self.wants_visit else 1.0)
        return Triple(observe, meet, reserve, due, full, held)

    def _second_look(self, observe: int | None, meet: int, held: int) -> float:
        """Return the chance that another lesson is seen in time where the planned visit was not.

        A planned visit is waited for, and what lost it may last all day: later days count. Without
        one every lesson since the meeting before counts; where weeks differ that may have been on
        the Friday.
        """
        per, span = self.per_day, 5 * self.per_day
        if observe is None:
            one = self.survival.school.grid.cycle_weeks == 1
            return self._look(meet % span - span if one else -1, held)
        early = observe // span != held // span or observe > held
        at = observe % span - (span if early else 0)
        return self._look((at // per + 1) * per - 1, held)

    @cache  # noqa: B019 - dies with the tables
    def _any_look(self, meet: int) -> float:
        """Return the chance that some lesson is seen after the meeting before, wherever that stands."""
        span = 5 * self.per_day
        before = (meet // span - 1) % self.survival.school.grid.cycle_weeks
        last = [c for c in self.common if c // span == before] or [meet]
        return sum(self._look(c % span - span, meet) for c in last) / len(last)

    def _late_look(self, observe: int | None, meet: int, reserve: int) -> float:
        """Return the chance that a reserve which catches up adds a cycle with a visit of its own."""
        span = 5 * self.per_day
        if reserve > meet:  # the meeting has used up the visit before it
            return self._look(meet % span, reserve)
        if observe is not None and observe // span == meet // span and observe > reserve:
            return self._any_look(reserve)
        return self._look(reserve % span, meet)  # the meeting needs another then

    @cache  # noqa: B019 - dies with the tables
    def _look(self, after: int, held: int) -> float:
        """Return the chance that a lesson on no plan is seen after a time and before a meeting.

        ``after`` is a position in the meeting's week, below 0 in the week before.
        """
        survival, per = self.survival, self.per_day
        span = 5 * per
        week, cycle = held // span, survival.school.grid.cycle_weeks
        days: dict[int, float] = {}
        for v in self.visits:
            fails = 1 - (1 - survival.slip) * (1 - survival.called(v, "none"))
            for place, there in ((v % span, week), (v % span - span, (week - 1) % cycle)):
                if v // span == there and after < place < held % span:
                    days[place // per] = days.get(place // per, 1.0) * fails
        return 1 - prod(1 - survival.in_school * (1 - fails) for fails in days.values())

    def meets(self, group: int) -> list[int]:
        """Return the cells in which a group's meeting may stand."""
        weeks = self.groups[group].weeks
        return [c for c in self.common if c // self.per_day // 5 in weeks]

    def observes(self, meet: int) -> list[int | None]:
        """Return the cells of a visit for a meeting: earlier in its week, else in the one before."""
        if not self.wants_visit:
            return [None]
        per, week = self.per_day, meet // self.per_day // 5
        same = [v for v in self.visits if v // per // 5 == week and v < meet]
        if same:
            return [*same]
        cycle = self.survival.school.grid.cycle_weeks
        span = 5 * per
        before = (week - 1) % cycle
        late = [v for v in self.visits if v // per // 5 == before]
        if (
            cycle == 1
        ):  # after the meeting of the week before; a pairing sees to it in longer cycles
            late = [v for v in late if v % span > meet % span]
        return [*late] or [None]

    def triples(self, group: int) -> Iterator[Triple]:
        """Go through every triple of a group of windows."""
        meets = self.meets(group)
        for m in meets:
            for o in self.observes(m):
                yield self.triple(group, o, m, None)
                for r in meets if self.recovers else ():
                    if r != m:
                        yield self.triple(group, o, m, r)


class _Together:
    """Triples for every pair and week that can all stand at once, nobody being in two places."""

    def __init__(self, tables: Survival) -> None:
        from ectsim.planner.pairing import pair_up, spare_cells  # noqa: PLC0415 - the solver is heavy

        self.tables, self.school = tables, tables.school
        self.span = 5 * tables.per_day
        self.pairs = {p.id: p for p in self.school.pairs}
        self.mine = {p.id: tables.pair(p) for p in self.school.pairs}
        self.keys = [(p, g) for p in sorted(self.mine) for g in range(len(self.mine[p].groups))]
        self.ranked = {key: self._ranked(*key) for key in self.keys}
        people = {w for p in self.school.pairs for w in (p.ect, p.mentor)}
        programme = tables.scenario.programme
        self.spare = {w: spare_cells(self.school, programme, w) for w in people}
        found = pair_up(tables.scenario, survival=tables).slots
        self.picks: dict[tuple[str, int], Triple] = {}
        for pair in sorted(self.mine):
            self._begin(pair, found[pair])
        self._climb()

    def _ranked(self, pair: str, group: int) -> list[Triple]:
        end = self.school.grid.cells
        return sorted(
            self.mine[pair].triples(group),
            key=lambda t: (
                -t.worth[0],
                -t.worth[1],
                t.meet,
                -1 if t.observe is None else t.observe,
                end if t.reserve is None else t.reserve,
            ),
        )

    def _begin(self, pair: str, four: PairSlots) -> None:
        """Take up the slots of a pairing: the best way to share its visits among the meetings."""
        mine = self.mine[pair]
        cells = {
            use: {self.school.grid.cell(Slot.parse(t)) for t in getattr(four, use)}
            for use in ("meet", "observe", "reserve")
        }
        options: list[list[tuple[int, Triple]]] = []
        for group in range(len(mine.groups)):
            for m in [m for m in mine.meets(group) if m in cells["meet"]][:1]:
                reserve = next((r for r in mine.meets(group) if r in cells["reserve"]), None)
                seen = [o for o in mine.observes(m) if o in cells["observe"]]
                options.append([(group, mine.triple(group, o, m, reserve)) for o in (*seen, None)])

        def merit(ways: tuple[tuple[int, Triple], ...]) -> tuple[bool, float]:
            visits = [t.observe for _, t in ways if t.observe is not None]
            return len(visits) == len(set(visits)), sum(t.completed for _, t in ways)

        for group, t in max(product(*options), key=merit):
            if self.fits((pair, group), t):
                self.picks[pair, group] = t

    def _climb(self) -> None:
        """Give each week the best triple that the others leave, until none gets better."""
        moved = True
        while moved:
            moved = False
            for key in self.keys:
                best = next(self.left(key), None)
                now = self.picks.get(key)
                if best and (now is None or best.worth > now.worth):
                    self.picks[key] = best
                    moved = True

    def left(self, key: tuple[str, int]) -> Iterator[Triple]:
        """Yield a week's triples that can stand beside what the others have, the best first."""
        return (t for t in self.ranked[key] if self.fits(key, t))

    def fits(self, key: tuple[str, int], t: Triple) -> bool:
        """Tell whether a triple can stand beside the picks of all others."""
        load = dict(self.spare)
        mine = self._cells(self.pairs[key[0]], t)
        taken = set(mine)
        for who, _ in mine:
            load[who] -= 1
        for other, pick in self.picks.items():
            if other == key:
                continue
            for use in self._cells(self.pairs[other[0]], pick):
                if use in taken:
                    return False
                load[use[0]] -= 1
            if other[0] == key[0] and (self._too_soon(t, pick) or self._too_soon(pick, t)):
                return False
        return all(load[who] >= 0 for who, _ in mine)

    def _cells(self, pair: Pair, t: Triple) -> list[tuple[str, int]]:
        both = [c for c in (t.meet, t.reserve) if c is not None]
        out = [(w, c) for c in both for w in (pair.ect, pair.mentor)]
        return out if t.observe is None else [*out, (pair.mentor, t.observe)]

    def _too_soon(self, t: Triple, before: Triple) -> bool:
        """Tell whether a visit of the week before would come before that week's own meeting."""
        o = t.observe
        return o is not None and o // self.span != t.meet // self.span and o // self.span == before.meet // self.span and o < before.meet  # fmt: skip


def slots(
    scenario: Scenario, pair: str | None = None, *, top: int = 5, survival: Survival | None = None
) -> list[dict[str, Any]]:
    """Rank slots by the cycles that they can be expected to complete.

    The first of every list can be used together: nobody is in two places, planning time is kept,
    and each meeting has a visit of its own. Any other line can take the place of the first of its
    list while the rest stays.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan; slots that the plan has play no part.
    pair : str, optional
        The pair's id; without one, all pairs. The others are reckoned with either way.
    top : int
        How many to return for each week of the cycle.
    survival : Survival, optional
        The school's tables, where they are at hand.

    Returns
    -------
    list of dict
        For each pair one for each week of the cycle (or one for a fortnight) with its best triples
        in order: ``observe``, ``meet``, ``reserve``, ``due``, ``completed``, ``held``, ``reasons``.

    Raises
    ------
    InputError
        If the school has no such pair, or none at all.
    """
    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    asked = [scenario.school.pair(pair)] if pair is not None else list(scenario.school.pairs)
    tables = survival or Survival(scenario)
    together = _Together(tables)
    grid = scenario.school.grid

    def text(cell: int | None) -> str:
        return "" if cell is None else str(grid.slot(cell))

    return [
        {
            "pair": who.id,
            "weeks": [w + 1 for w in group.weeks],
            "due": len(group.windows),
            "slots": [
                {
                    "observe": text(t.observe),
                    "meet": text(t.meet),
                    "reserve": text(t.reserve),
                    "completed": t.completed,
                    "held": t.held,
                    "reasons": list(tables.reasons(t, who)),
                }
                for t in islice(together.left((who.id, g)), top)
            ],
        }
        for who in asked
        for g, group in enumerate(tables.pair(who).groups)
    ]
