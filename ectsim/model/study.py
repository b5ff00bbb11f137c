"""Study: one module a week, in the ECT's study slot or in own time; what is studied opens the gate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, exp, floor, log1p
from typing import TYPE_CHECKING

from ectsim.clock import DAY
from ectsim.log import CAUSE_CODE, EVENT_CODE

if TYPE_CHECKING:
    from ectsim.luck import Luck
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.model.people import PairLife
    from ectsim.model.year import Fate

__all__ = ["Studied", "due_modules", "due_returns", "study"]

STUDIED, STUDY_LOST = EVENT_CODE["studied"], EVENT_CODE["study_lost"]
REVISITED = EVENT_CODE["revisited"]
OWN_TIME = 6 * DAY + 18 * 60
"""Own-time study is done by Sunday at six in the evening."""

Row = tuple[int, int, int, int, int, int, int, int]


def due_modules(frame: Frame, pair: PairFrame) -> list[int]:
    """Return for each module of the ECT's year the school week in which it is due.

    Twelve modules a term in a year of three terms (A13-5, preset 12x3), one a week from the term's
    first week; what a short term cannot hold is carried over, or fitted in (A13-17). ``24+12`` spreads the
    modules of a year over its weeks, ``18+18`` takes every second week in both years.

    Parameters
    ----------
    frame : Frame
        The year.
    pair : PairFrame
        Whose ECT.
    """
    served, years = pair.pair.served, frame.scenario.programme.years
    if served >= years:
        return []
    fte = frame.scenario.school.fte(pair.pair.ect)
    if fte < 1:
        return _pro_rata(frame, pair, fte)
    whole = list(pair.whole)
    if served.denominator == 1 and pair.works == pair.whole:
        return _of_year(frame, whole, pair.pair.year)
    # who starts within a school year goes through the same years, each begun where the last one ended
    begun = floor(served * len(whole))
    due = [Counter(_of_year(frame, whole, year + 1)) for year in range(years)]
    at = [due[i // len(whole)][whole[i % len(whole)]] for i in range(years * len(whole))]
    out = [w for w, n in zip(pair.works, at[begun:], strict=False) for _ in range(n)]
    return out[: max(0, frame.scenario.programme.study.modules - sum(at[:begun]))]


def _of_year(frame: Frame, weeks: list[int], year: int) -> list[int]:
    """Return the weeks of the modules of a whole year of induction."""
    schedule = frame.scenario.programme.study.schedule
    total = frame.scenario.programme.study.modules
    if schedule == "12x3":
        return _by_term(frame, weeks, total) if year == 1 else []
    share = {
        "24+12": (2 * total // 3, total - 2 * total // 3),
        "18+18": (total // 2, total - total // 2),
    }
    count = share[schedule][year - 1]
    if schedule == "18+18" or year > 1:
        weeks = weeks[::2]
    return weeks[:count]


def _pro_rata(frame: Frame, pair: PairFrame, fte: Fraction) -> list[int]:
    """Spread a part-timer's modules evenly over induction: the first year's over its longer first year."""
    study, works = frame.scenario.programme.study, pair.works

    def begun(i: int) -> int:
        """Return the modules that are due before the i-th week of the school year."""
        served = pair.pair.served + fte * Fraction(i, len(pair.whole))
        first, second = min(served, Fraction(1)), min(max(served - 1, Fraction(0)), Fraction(1))
        return ceil(study.modules_in(1) * first + study.modules_in(2) * second)

    return [w for i, w in enumerate(works) for _ in range(begun(i + 1) - begun(i))]


def _by_term(frame: Frame, weeks: list[int], total: int) -> list[int]:
    """Give each of three terms its third of the modules, one a week.

    What a short term cannot hold is carried over, or, where the programme says so, done two a week.
    """
    out: list[int] = []
    halves = max(w.half_term for w in frame.weeks) + 1
    per_term = -(-total // 3)
    term_of = [frame.weeks[w].half_term * 3 // halves for w in weeks]
    if frame.scenario.programme.study.short_term == "compress":
        for term in sorted(set(term_of)):
            inside = [w for w, t in zip(weeks, term_of, strict=True) if t == term]
            wanted = min(per_term, total - len(out))
            short = len(inside) < wanted
            out += [inside[i * len(inside) // wanted] for i in range(wanted)] if short else inside[:wanted]  # fmt: skip
        return out
    for w, term in zip(weeks, term_of, strict=True):
        if len(out) < min(total, per_term * (term + 1)):
            out.append(w)
    return out


def due_returns(frame: Frame, pair: PairFrame) -> list[tuple[int, int]]:
    """Return (school week, module) of each return to a module in the second year (A13-5, A13-16).

    Only where all modules are new in the first year. Every second week of the ECT's, or every week,
    and through the modules in their order.

    Parameters
    ----------
    frame : Frame
        The year.
    pair : PairFrame
        Whose ECT.
    """
    study = frame.scenario.programme.study
    if not study.revisits or not study.modules:
        return []
    fte, out = frame.scenario.school.fte(pair.pair.ect), []
    for i, week in enumerate(pair.works):
        second = pair.pair.served + fte * Fraction(i, len(pair.whole)) - 1
        if 0 <= second < frame.scenario.programme.years - 1:
            out.append((week, int(second * study.modules) % study.modules))
    return out if study.second_year == "weekly" else out[::2]


@dataclass(frozen=True, slots=True)
class Studied:
    """What a year of study came to.

    Parameters
    ----------
    modules : list of int
        For each module begun so far the minute from which it counts as studied, those of earlier
        years first.
    returns : list of (int, int)
        When the ECT came back to which module.
    habit : float
        The habit of study at the end, 0 to 1.
    helped : frozenset of int
        Modules during whose study somebody was free for questions (F143, F169).
    """

    modules: list[int]
    returns: list[tuple[int, int]]
    habit: float
    helped: frozenset[int] = frozenset()


def study(
    frame: Frame,
    pair: PairFrame,
    fate: Fate,
    luck: Luck,
    rows: list[Row],
    life: PairLife,
    until: int,
    first: int,
    earlier: list[int],
    before_it: float | None = None,
) -> Studied:
    """Work through an ECT's modules and log them.

    A module is done in the ECT's slot; without one, or when the slot is lost, in own time, sooner or
    later. Modules done in their week become a habit, which own time needs (F123, F168, F190); late
    ones undo it.

    Parameters
    ----------
    frame, pair, fate, luck
        The year, the pair, what fate deals it, the replication's luck.
    rows : list of tuple
        Log to append to.
    life : PairLife
        When the ECT has access, and is on leave.
    until : int
        School minute at which the pair's year ends; nothing is logged after it.
    first : int
        Modules taken as studied before the run.
    earlier : list of int
        Minutes from which the modules of earlier simulated years count as studied, on this year's
        clock; below 0 before the year.
    before_it : float, optional
        The habit that the year before hands on.

    Returns
    -------
    Studied
        When each module was done, the returns to modules, the habit.
    """
    programme, conditions = frame.scenario.programme.study, frame.scenario.school.conditions
    start = conditions.habit_start
    habit = start if before_it is None else before_it
    done, returns = list(earlier), []
    helped: set[int] = set()
    before = first + len(earlier)
    weekly = frame.modules[pair.index][: max(0, programme.modules - before)]
    again = frame.returns[pair.index]
    draws = luck.row("study", pair.pair.ect, programme.modules + len(again))
    last = max(0, earlier[-1] if earlier else 0)

    def sit(week: int, module: int, draw: float) -> tuple[int, bool]:
        """Return when a week's study is done, and whether that is in its week."""
        cell = pair.study[week]
        cause = fate.study_failure(pair, cell) if cell >= 0 else 0
        if cell >= 0 and not cause:
            return min(frame.start_of(cell) + programme.module_min, frame.end_of(cell)), True
        if cell >= 0 and frame.start_of(cell) < until:
            rows.append((frame.start_of(cell), STUDY_LOST, pair.index, -1, module, cause, 0, 1))
        chance = _own_time(conditions.study_own_time, conditions.study_habit * (habit - start))
        late = _weeks_late(draw, chance)
        monday = frame.midnight[frame.weeks[week].days[0]]
        sunday = monday - monday % (7 * DAY) + OWN_TIME
        at = life.not_before(sunday + late * 7 * DAY)
        return at, at == sunday

    def settle(in_time: bool) -> float:
        if not conditions.feedback:
            return habit
        return (
            habit + conditions.habit_gain * (1.0 - habit)
            if in_time
            else habit * (1.0 - conditions.habit_loss)
        )

    for i, week in enumerate(weekly):
        module = before + i
        at, in_time = sit(week, module, draws[module])
        habit = settle(in_time)
        cell = pair.study[week]
        if pair.helper >= 0 and cell >= 0 and at <= frame.end_of(cell) and fate.helps(pair, cell):
            helped.add(module)
        last = max(last, at)  # in order: a module builds on the one before
        done.append(last)
        if last < until:
            rows.append((last, STUDIED, pair.index, -1, module, 0, 0, 1))
    for i, (week, module) in enumerate(again):
        at, in_time = sit(week, module, draws[programme.modules + i])
        habit = settle(in_time)
        if at < until:
            returns.append((at, module))
            rows.append((at, REVISITED, pair.index, -1, module, 0, 0, 1))
    return Studied(done, sorted(returns), habit, frozenset(helped))


def _own_time(chance: float, pull: float) -> float:
    """Return the weekly chance of study in own time; a habit takes off from the chance of a miss."""
    if chance <= 0 or chance >= 1:
        return chance
    return max(0.0, 1.0 - (1.0 - chance) * exp(-pull))


def _weeks_late(draw: float, chance: float) -> int:
    """Turn one draw into whole weeks of delay: each week the module is done with that chance."""
    if chance >= 1:
        return 0
    if chance <= 0:
        return 10_000
    return floor(log1p(-draw) / log1p(-chance))


assert CAUSE_CODE[""] == 0
