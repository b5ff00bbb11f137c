"""Times of the school day: from a grid file, or assumed where a timetable does not give them."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from ectsim.clock import Grid, Period, PeriodKind, clock_text, minutes
from ectsim.errors import InputError, near
from ectsim.folder import grid_from_toml
from ectsim.timetables.files import WORDS, looks_like, read_text
from ectsim.timetables.table import FileTable

__all__ = ["AFTER_SHARE", "assume_grid", "match_periods", "read_grid"]

AFTER_SHARE = 0.10
"""A last period in which a smaller share of staff cells are lessons is after school."""

TIMES = {1: "09:00", 2: "10:00", 3: "11:20", 4: "12:20", 5: "14:05", 6: "15:05"}
"""Assumed starts of the periods 1 to 6, 60 minutes each."""

AROUND: tuple[tuple[str, str, str, PeriodKind], ...] = (
    ("before", "08:10", "08:55", "before"),
    ("break", "11:00", "11:20", "break"),
    ("lunch", "13:20", "14:05", "lunch"),
    ("after", "15:05", "16:05", "after"),
)
"""Assumed times around the lessons."""

WRITE_ONE = "describe the day in a grid file and give it with --grid"


def read_grid(path: str | os.PathLike[str]) -> Grid:
    """Read a grid file: ``cycle_weeks`` and ``[[period]]`` with id, start, end, kind and days.

    Raises
    ------
    InputError
        If the file is no grid, or the day does not fit together.
    """
    remedy = "give a TOML file with [[period]] tables"
    text = read_text(path, remedy=remedy)
    where = Path(path).name
    found = looks_like(text)
    if found not in ("grid", "table", "text"):
        raise InputError(
            f"a period grid is expected and this looks like {WORDS[found]}",
            where=where,
            remedy=remedy,
        )
    return grid_from_toml(text, where=where)


def match_periods(table: FileTable, grid: Grid) -> FileTable:
    """Give the cells of a file the period ids of a grid: ``P1`` is ``1`` where no other fits.

    Raises
    ------
    InputError
        If the file has a period, a week or a day that the grid lacks, or the other way round.
    """
    ids = {p.id: p.id for p in grid.periods}
    by_number = {_number(p.id): p.id for p in grid.periods if _number(p.id)}
    renamed: dict[str, str] = {}
    for name in table.periods:
        found = ids.get(name) or by_number.get(_number(name))
        if not found:
            line = next((c.line for c in table.cells if c.period == name), 0)
            raise InputError(
                f"period '{name}' is not in the grid",
                where=f"{table.where}, line {line}" if line else table.where,
                remedy=near(name, ids),
            )
        if found in renamed.values():
            raise InputError(
                f"two periods of the file would both be '{found}'",
                where=table.where,
                remedy="give the grid the file's own period ids",
            )
        renamed[name] = found
    if table.weeks > grid.cycle_weeks:
        raise InputError(
            f"the file has {table.weeks} weeks and the grid {grid.cycle_weeks}",
            where=table.where,
            remedy=f"write cycle_weeks = {table.weeks} in the grid",
        )
    if table.weeks < grid.cycle_weeks:
        raise InputError(
            f"the file has only week {table.weeks} of the grid's {grid.cycle_weeks}: half a timetable",
            where=table.where,
            remedy="export both weeks, or write cycle_weeks = 1 in the grid",
        )
    days = {p.id: p.days for p in grid.periods}
    for cell in table.cells:
        if cell.day not in days[renamed[cell.period]] and cell.kind != "blocked":
            raise InputError(
                f"period '{cell.period}' is not in the grid on that day",
                where=f"{table.where}, line {cell.line}",
                remedy="add the day to the period's days in the grid",
            )
    cells = [c._replace(period=renamed[c.period]) for c in table.cells]
    return replace(table, periods=tuple(renamed.values()), cells=cells)


def _number(name: str) -> str:
    match = re.fullmatch(
        r"(?:p|per|period|lesson|l)?\.?\s*0*(\d{1,2})", name.strip(), re.IGNORECASE
    )
    return match[1] if match else ""


def assume_grid(table: FileTable) -> tuple[Grid, list[str]]:
    """Return the day that is assumed where nobody gives its times, and what was assumed.

    Parameters
    ----------
    table : FileTable
        The timetable; its periods are numbered 1 to 6, with or without a letter in front.

    Returns
    -------
    grid : Grid
        Periods under the file's own ids, with before school, break, lunch and after school.
    assumptions : list of str
        One sentence each.

    Raises
    ------
    InputError
        If a period has no assumed time.
    """
    around = {name for name, *_ in AROUND}
    numbers: dict[str, int] = {}
    for name in table.periods:
        if name in around:
            continue
        number = int(_number(name) or 0)
        if number not in TIMES or number in numbers.values():
            raise InputError(
                f"no time is known for period '{name}'", where=table.where, remedy=WRITE_ONE
            )
        numbers[name] = number
    if not numbers:
        raise InputError("the file has no numbered period", where=table.where, remedy=WRITE_ONE)
    after = _after_school(table, numbers)
    periods = []
    for name, number in numbers.items():
        start = minutes(TIMES[number])
        periods.append(Period(name, start, start + 60, "after" if name in after else "lesson"))
    for name, first, last, kind in AROUND:
        start, end = minutes(first), minutes(last)
        if kind == "after" and after:
            if name in table.periods:
                raise InputError(
                    f"period '{after[0]}' and '{name}' would stand at the same time",
                    where=table.where,
                    remedy=WRITE_ONE,
                )
            continue
        if kind == "after":
            start = max(start, *(p.end for p in periods))
            end = start + 60
        periods.append(Period(name, start, end, kind))
    periods.sort(key=lambda p: p.start)
    said = ", ".join(
        f"{p.id} {clock_text(p.start)}-{clock_text(p.end)}" for p in periods if p.kind != "before"
    )
    before = next(p for p in periods if p.kind == "before")
    notes = [
        f"period times are assumed: {said}; give a grid file to change them",
        f"time before school is assumed from {clock_text(before.start)} to {clock_text(before.end)}",
    ]
    for name in after:
        notes.append(
            f"period {name} is taken for after school: under {AFTER_SHARE:.0%} of staff cells are "
            "lessons; it is no free time of the school day"
        )
    return Grid(tuple(periods), table.weeks), notes


def _after_school(table: FileTable, numbers: dict[str, int]) -> list[str]:
    """Return the last period where hardly anybody teaches in it; only one that ends the day can be."""
    last = max(numbers, key=lambda name: numbers[name])
    lessons = Counter(c.period for c in table.cells if c.kind == "lesson")
    cells = len(table.staff) * 5 * table.weeks
    rare = lessons[last] < AFTER_SHARE * cells
    usual = any(lessons[name] >= AFTER_SHARE * cells for name in numbers if name != last)
    # a period 5 with no lessons is a quiet afternoon, not a time after school
    return [last] if numbers[last] == max(TIMES) and rare and usual else []
