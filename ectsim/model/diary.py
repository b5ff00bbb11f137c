"""The diary: who is away when. A function of school and luck alone, so no plan can change it.

Conferences, whose release a plan may choose, are added by ``model/training.py``.

Sickness comes in spells: on each day a person who is well falls ill with a chance that follows the
season; a spell is short (up to 19 pupil days) or long (20 or more). Days are pupil days. The
process starts a year before the first day, so that the year begins in the middle of ordinary life
and the expected share of days is the parameter over 190, whatever the length of the spells.

Planned absence is half one's own training, half events of a department (trips, exam duty,
moderation) that take several colleagues out together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ectsim.luck import Luck
    from ectsim.model.frame import Frame
    from ectsim.school import Conditions

__all__ = [
    "AWAY_EVENT",
    "AWAY_SICK",
    "AWAY_TRIP",
    "Diary",
    "sickness_rates",
    "spell_lengths",
    "write_diary",
]

AWAY_SICK, AWAY_EVENT, AWAY_TRIP = 1, 2, 3
"""Why somebody is away: sickness, training of their own, a trip or exam duty."""

YEAR_DAYS = 190
"""Pupil days to which ``sickness_days`` refers (E4-02)."""

LONG_SPELL = 20
"""Pupil days from which a spell counts as long (E4-06)."""

MAX_SPELLS, MAX_TRAININGS, MAX_EVENTS = 48, 24, 56
"""Room in a person's stream: spells (two draws each), trainings, events of the department."""

TRAININGS_AT = 2 * MAX_SPELLS
EVENTS_AT = TRAININGS_AT + MAX_TRAININGS
SUPPLY_AT = EVENTS_AT + MAX_EVENTS
"""Where the blocks of the ``diary`` stream begin; the supply draws, one a pupil day, come last."""


@dataclass(frozen=True, slots=True)
class Diary:
    """Who is away.

    Parameters
    ----------
    away : numpy.ndarray
        Shape (staff, days), 0 present, else one of the ``AWAY`` codes.
    spell_day : numpy.ndarray
        Shape (staff, days), which day of a spell of sickness it is, 1 is the first, 0 none.
    supply : numpy.ndarray
        Shape (staff, days), uniform draws that decide whether supply is found.
    """

    away: NDArray[np.int8]
    spell_day: NDArray[np.int16]
    supply: NDArray[np.float64]


@lru_cache(maxsize=64)
def spell_lengths(short_mean: float, long_mean: float, long_spells: float) -> NDArray[np.float64]:
    """Return the distribution function of a spell's length.

    Parameters
    ----------
    short_mean, long_mean : float
        Mean pupil days of a short and of a long spell.
    long_spells : float
        Share of spells that are long.

    Returns
    -------
    numpy.ndarray
        Shape (400,): chance that a spell lasts at most 1, 2, ... pupil days.
    """
    days = np.arange(1, 401)
    short = _geometric(days, short_mean)
    short = np.where(days < LONG_SPELL, short, 0.0)
    short /= short.sum()
    out = (1 - long_spells) * short
    if long_spells > 0:
        long = np.where(
            days >= LONG_SPELL, _geometric(days - LONG_SPELL + 1, long_mean - LONG_SPELL + 1), 0.0
        )
        out = out + long_spells * long / long.sum()
    table: NDArray[np.float64] = np.cumsum(out)
    table[-1] = 1.0
    return table


def _geometric(days: NDArray[np.int64], mean: float) -> NDArray[np.float64]:
    stay = 1.0 - 1.0 / mean
    if stay <= 0:
        return np.where(days == 1, 1.0, 0.0)
    return np.where(days >= 1, (1 - stay) * stay ** (np.maximum(days, 1) - 1.0), 0.0)


@lru_cache(maxsize=64)
def sickness_rates(
    days: float, long_share: float, short_mean: float, long_mean: float
) -> tuple[float, float, float]:
    """Turn days of sickness a year into the chance of falling ill.

    Parameters
    ----------
    days : float
        Days a teacher and year of 190 pupil days.
    long_share : float
        Share of those days in long spells.
    short_mean, long_mean : float
        Mean lengths of spells, pupil days.

    Returns
    -------
    start : float
        Chance that a person who is well falls ill on a day.
    mean : float
        Mean length of a spell, pupil days.
    long_spells : float
        Share of spells that are long.
    """
    if days <= 0:
        return 0.0, 1.0, 0.0
    # means of the truncated distributions, so that the days come out exactly
    grid = np.arange(1, 401)
    short = _mean(spell_lengths(short_mean, long_mean, 0.0), grid)
    long = _mean(spell_lengths(short_mean, long_mean, 1.0), grid)
    long_rate, short_rate = long_share / long, (1 - long_share) / short
    long_spells = long_rate / (long_rate + short_rate)
    mean = 1.0 / (long_rate + short_rate)
    q = min(days / YEAR_DAYS, 0.95)
    # an alternating renewal process: mean spell over mean spell plus (1 - p) / p days of health
    start = 1.0 / (1.0 + mean * (1 - q) / q)
    return start, mean, long_spells


def _mean(table: NDArray[np.float64], grid: NDArray[np.int64]) -> float:
    return float((np.diff(table, prepend=0.0) * grid).sum())


def _season(frame: Frame, luck: Luck, c: Conditions) -> NDArray[np.float64]:
    """Return each pupil day's factor on the chance of falling ill, mean 1 before luck."""
    factor = np.array(frame_season(frame, c.winter))
    if c.season_spread > 0:
        draws = luck.table("season", "school", len(frame.weeks))
        wide = 1.0 + sqrt(3.0) * c.season_spread * (2.0 * draws - 1.0)
        factor *= wide[np.array(frame.week_of)]
    return factor


def frame_season(frame: Frame, winter: float) -> list[float]:
    """Return the season's shape: a cosine with its peak on 25 January, scaled to mean 1."""
    origin = frame.scenario.school.calendar.origin
    days = frame.scenario.school.calendar.pupil_days
    year = days[-1].year if days[-1].month < 9 else days[-1].year + 1
    peak = (origin.replace(year=year, month=1, day=25) - origin).days
    shape = [1.0 + winter * cos(2 * pi * ((d - origin).days - peak) / 365.25) for d in days]
    mean = sum(shape) / len(shape)
    return [s / mean for s in shape]


def write_diary(frame: Frame, luck: Luck) -> Diary:
    """Deal the absences of every member of staff for one year.

    Parameters
    ----------
    frame : Frame
        The scenario's year; only its school is used.
    luck : Luck
        The replication's luck.

    Returns
    -------
    Diary
    """
    c = frame.scenario.school.conditions
    people, days = len(frame.staff), frame.days
    draws = luck.tables("diary", frame.staff, SUPPLY_AT + days)
    away = np.zeros((people, days), dtype=np.int8)
    spell_day = np.zeros((people, days), dtype=np.int16)
    if c.planned_absence > 0:
        _trips(frame, luck, draws[:, EVENTS_AT:SUPPLY_AT], away)
        _trainings(c.planned_absence / 2, draws[:, TRAININGS_AT:EVENTS_AT], away)
    if c.sickness_days > 0:
        _sickness(frame, luck, draws[:, :TRAININGS_AT], away, spell_day)
    return Diary(away, spell_day, draws[:, SUPPLY_AT:])


def _sickness(
    frame: Frame,
    luck: Luck,
    draws: NDArray[np.float64],
    away: NDArray[np.int8],
    spell_day: NDArray[np.int16],
) -> None:
    c = frame.scenario.school.conditions
    start, _, long_spells = sickness_rates(
        c.sickness_days, c.sickness_long_share, c.sickness_short_mean, c.sickness_long_mean
    )
    table = spell_lengths(c.sickness_short_mean, c.sickness_long_mean, long_spells)
    days = frame.days
    before = YEAR_DAYS  # the year before, in a flat season, so that day 0 is an ordinary day
    chance = np.concatenate([np.full(before, start), start * _season(frame, luck, c)])
    hazard = np.concatenate([[0.0], np.cumsum(-np.log1p(-np.minimum(chance, 0.99)))])
    need = -np.log1p(-draws[:, 0::2])
    lengths = np.searchsorted(table, draws[:, 1::2], side="right") + 1
    who = np.arange(len(away))
    well = np.zeros(len(away), dtype=np.int64)  # first day on which each may fall ill again
    for k in range(need.shape[1]):
        begin = np.searchsorted(hazard, hazard[well] + need[who, k], side="right") - 1
        still = begin < before + days
        who, begin = who[still], begin[still]
        if not who.size:
            return
        end = begin + lengths[who, k]
        inside = end > before
        for w, a, b in zip(
            who[inside].tolist(), begin[inside].tolist(), end[inside].tolist(), strict=True
        ):
            first, last = max(a - before, 0), min(b - before, days)
            away[w, first:last] = AWAY_SICK
            spell_day[w, first:last] = np.arange(first - (a - before) + 1, last - (a - before) + 1)
        well = np.minimum(end, before + days)


def _trainings(rate: float, draws: NDArray[np.float64], away: NDArray[np.int8]) -> None:
    """Mark single days of a person's own training, each day with the same chance."""
    gaps = np.floor(np.log1p(-draws) / log(1.0 - min(rate, 0.9))) + 1
    on = np.cumsum(gaps, axis=1) - 1
    who, k = np.nonzero(on < away.shape[1])
    away[who, on[who, k].astype(np.int64)] = AWAY_EVENT


def _trips(frame: Frame, luck: Luck, draws: NDArray[np.float64], away: NDArray[np.int8]) -> None:
    """Mark the days on which a department's event takes some of its members out."""
    c = frame.scenario.school.conditions
    chance = min(c.planned_absence / 2 / c.event_member_share, 0.5)
    names = sorted({d for d in frame.departments if d})
    for name in names:
        gaps = (
            np.floor(
                np.log1p(-luck.table("department_event", name, MAX_EVENTS)) / log(1.0 - chance)
            )
            + 1
        )
        on = np.cumsum(gaps) - 1
        on = on[on < frame.days].astype(np.int64)
        members = [i for i, d in enumerate(frame.departments) if d == name]
        goes = draws[members, : len(on)] < c.event_member_share
        for i, row in zip(members, goes, strict=True):
            away[i, on[row]] = AWAY_TRIP
