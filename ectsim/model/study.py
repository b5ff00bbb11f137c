"""Study: one module a week, in the ECT's study slot or in own time; what is studied opens the gate."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, log1p
from typing import TYPE_CHECKING

from ectsim.clock import DAY
from ectsim.log import CAUSE_CODE, EVENT_CODE

if TYPE_CHECKING:
    from ectsim.luck import Luck
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.model.people import PairLife
    from ectsim.model.year import Fate

__all__ = ["due_modules", "study"]

STUDIED, STUDY_LOST = EVENT_CODE["studied"], EVENT_CODE["study_lost"]
OWN_TIME = 6 * DAY + 18 * 60
"""Own-time study is done by Sunday at six in the evening."""

Row = tuple[int, int, int, int, int, int, int, int]


def due_modules(frame: Frame, pair: PairFrame) -> list[int]:
    """Return for each module of the ECT's year the school week in which it is due.

    Twelve modules a term in a year of three terms (A13-5, preset 12x3), one a week from the term's
    first week; what a short term cannot hold is carried over (A13-17). ``24+12`` spreads the
    modules of a year over its weeks, ``18+18`` takes every second week in both years.

    Parameters
    ----------
    frame : Frame
        The year.
    pair : PairFrame
        Whose ECT.
    """
    schedule = frame.scenario.programme.study.schedule
    total = frame.scenario.programme.study.modules
    if pair.pair.served >= frame.scenario.programme.years:
        return []
    weeks = list(pair.works)
    year = pair.pair.year
    fte = frame.scenario.school.fte(pair.pair.ect)
    if fte < 1:
        return _pro_rata(frame, pair, fte)
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
        served = pair.pair.served + fte * Fraction(i, len(works))
        first, second = min(served, Fraction(1)), min(max(served - 1, Fraction(0)), Fraction(1))
        return ceil(study.modules_in(1) * first + study.modules_in(2) * second)

    return [w for i, w in enumerate(works) for _ in range(begun(i + 1) - begun(i))]


def _by_term(frame: Frame, weeks: list[int], total: int) -> list[int]:
    """Give each of three terms its third of the modules, one a week, carrying over what does not fit."""
    out: list[int] = []
    halves = max(w.half_term for w in frame.weeks) + 1
    per_term = -(-total // 3)
    term_of = [frame.weeks[w].half_term * 3 // halves for w in weeks]
    for w, term in zip(weeks, term_of, strict=True):
        if len(out) < min(total, per_term * (term + 1)):
            out.append(w)
    return out


def study(
    frame: Frame,
    pair: PairFrame,
    fate: Fate,
    luck: Luck,
    rows: list[Row],
    life: PairLife,
    until: int,
    earlier: list[int],
) -> list[int]:
    """Work through an ECT's modules and log them.

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
    earlier : list of int
        Minutes from which the modules of earlier simulated years count as studied, on this year's
        clock; below 0 before the year.

    Returns
    -------
    list of int
        The earlier ones, then for each module of the year the minute from which it counts as studied.
    """
    programme = frame.scenario.programme.study
    done = list(earlier)
    chance = frame.scenario.school.conditions.study_own_time
    weekly = frame.modules[pair.index]
    draws = luck.row("study", pair.pair.ect, programme.modules)
    before = len(earlier) or (0 if pair.pair.year == 1 else programme.modules_in(1))
    last = max(0, earlier[-1] if earlier else 0)
    for i, week in enumerate(weekly):
        module = before + i
        cell = pair.study[week]
        cause = fate.study_failure(pair, cell) if cell >= 0 else 0
        if cell >= 0 and not cause:
            at = min(frame.start_of(cell) + programme.module_min, frame.end_of(cell))
        else:
            if cell >= 0 and frame.start_of(cell) < until:
                rows.append((frame.start_of(cell), STUDY_LOST, pair.index, -1, module, cause, 0, 1))
            late = _weeks_late(draws[module], chance)
            monday = frame.midnight[frame.weeks[week].days[0]]
            at = life.not_before(monday - monday % (7 * DAY) + OWN_TIME + late * 7 * DAY)
        last = max(last, at)  # in order: a module builds on the one before
        done.append(last)
        if last < until:
            rows.append((last, STUDIED, pair.index, -1, module, 0, 0, 1))
    return done


def _weeks_late(draw: float, chance: float) -> int:
    """Turn one draw into whole weeks of delay: each week the module is done with that chance."""
    if chance >= 1:
        return 0
    if chance <= 0:
        return 10_000
    return floor(log1p(-draw) / log1p(-chance))


assert CAUSE_CODE[""] == 0
