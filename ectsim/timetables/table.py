"""The one internal form of a timetable file: cells in a row, and who, which periods, which weeks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ectsim.clock import WEEKDAYS
from ectsim.errors import InputError

__all__ = ["Bookings", "FileCell", "FileTable", "block_absent", "refuse_missing_days", "shorten"]

WHOLE_SCHOOL = 10
"""From so many people on, a day without one row is a hole in the file and not a free day."""

SHOWN = 20
"""Warnings of one sort that are written out; of others the number is said."""


class FileCell(NamedTuple):
    """One filled cell of a timetable file.

    ``staff`` is as the file writes it; ``code`` is the cell's text where it is no class; ``line``
    is where it stands.
    """

    week: int
    day: int
    period: str
    staff: str
    kind: str
    class_code: str
    subject: str
    room: str
    code: str
    line: int


@dataclass(frozen=True)
class FileTable:
    """A timetable file, read.

    Parameters
    ----------
    form : str
        ``sims``, ``long``, ``matrix``, ``fet``, ``xhstt`` or ``untis``.
    where : str
        The file's name.
    staff : dict of str to int
        Everybody in it, also people without a filled cell, and the line each begins on.
    periods : tuple of str
        Period ids in the order of the day.
    weeks : int
        Weeks of the cycle, 1 or 2.
    cells : list of FileCell
        Filled cells.
    warnings : tuple of str
        What is odd in it, each with its place. It may hold names until it is scrubbed.
    assumptions : tuple of str
        What the reader assumed. It may hold names until it is scrubbed.
    contents : str
        What the reader counted in the file, or "".
    """

    form: str
    where: str
    staff: dict[str, int]
    periods: tuple[str, ...]
    weeks: int
    cells: list[FileCell]
    warnings: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    contents: str = ""


class Bookings:
    """Cells of a timetable in which two bookings of one person are said, never dropped.

    Parameters
    ----------
    where : str
        The file's name, for warnings.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._at: dict[tuple[int, int, str, str], tuple[FileCell, str]] = {}
        self._clashes: list[str] = []

    def put(self, cell: FileCell, what: str) -> None:
        """Book a cell; a second booking is joined to the first and warned of.

        Parameters
        ----------
        cell : FileCell
            The booking.
        what : str
            The activity, for warnings. The same activity once more, such as a lesson's second
            class, is no double booking.
        """
        key = (cell.week, cell.day, cell.period, cell.staff)
        if key not in self._at:
            self._at[key] = (cell, what)
            return
        first, known = self._at[key]
        if known != what:
            self._clashes.append(
                f"{self._where}, line {cell.line}: {cell.staff} is in two places in "
                f"{cell.week}{WEEKDAYS[cell.day]}:{cell.period}: {known} (line {first.line}) and "
                f"{what}; both stand in the one cell"
            )
        self._at[key] = (_join(first, cell), known)

    @property
    def cells(self) -> list[FileCell]:
        """The cells, one a person and time."""
        return [cell for cell, _ in self._at.values()]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The double bookings, both activities named."""
        return shorten(self._clashes, "double bookings")


def _join(first: FileCell, second: FileCell) -> FileCell:
    """Return one cell in which two bookings stand; a lesson is not lost behind another thing."""
    lesson = "lesson" in (first.kind, second.kind)
    main, other = (second, first) if second.kind == "lesson" != first.kind else (first, second)
    return main._replace(
        line=first.line,
        class_code=_both(first.class_code, second.class_code),
        room=_both(first.room, second.room),
        code=""
        if lesson
        else _both(main.code, other.code)
        if main.kind == other.kind
        else main.code,
    )


def _both(one: str, two: str) -> str:
    parts = [*one.split("+"), *two.split("+")]
    return "+".join(dict.fromkeys(p for p in parts if p))


def shorten(found: list[str], sort: str) -> tuple[str, ...]:
    """Return the first warnings of one sort, and the number of the others."""
    if len(found) <= SHOWN:
        return tuple(found)
    return (*found[:SHOWN], f"{len(found) - SHOWN} more {sort} are not written out")


def refuse_missing_days(days: set[tuple[int, int]], weeks: int, people: int, where: str) -> None:
    """Refuse a school's timetable in which nobody stands on a day.

    Parameters
    ----------
    days : set of (int, int)
        Week and day of what is filled.
    weeks, people : int
        Weeks of the cycle, and people in the file.
    where : str
        The file's name, for the message.

    Raises
    ------
    InputError
        If a day is missing; half a timetable is not a free day.
    """
    if people < WHOLE_SCHOOL:
        return
    missing = [
        f"{week}{WEEKDAYS[day]}"
        for week in range(1, weeks + 1)
        for day in range(5)
        if (week, day) not in days
    ]
    if missing:
        raise InputError(
            f"nobody has a row on {', '.join(missing)}: half a timetable is not a free day",
            where=where,
            remedy="export the whole cycle; a day on which the school is shut gets rows of kind blocked",
        )


def block_absent(
    slots: Iterable[tuple[int, int, str]],
    periods: tuple[str, ...],
    weeks: int,
    staff: Iterable[str],
) -> list[FileCell]:
    """Return blocked cells for the times of the cycle that a file does not have.

    A period that is missing on one day is not free on it.

    Parameters
    ----------
    slots : iterable of (int, int, str)
        Week, day and period of every time in the file.
    periods : tuple of str
        Every period.
    weeks : int
        Weeks of the cycle.
    staff : iterable of str
        Everybody.
    """
    known = set(slots)
    return [
        FileCell(week, day, period, who, "blocked", "", "", "", "", 0)
        for who in staff
        for week in range(1, weeks + 1)
        for day in range(5)
        for period in periods
        if (week, day, period) not in known
    ]
