"""The one internal form of a timetable file: cells in a row, and who, which periods, which weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ectsim.clock import WEEKDAYS
from ectsim.errors import InputError, near

__all__ = ["FileCell", "FileTable", "weekday"]

DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday")


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
        ``sims`` or ``long``.
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
    """

    form: str
    where: str
    staff: dict[str, int]
    periods: tuple[str, ...]
    weeks: int
    cells: list[FileCell]


def weekday(text: str, where: str) -> int:
    """Return a weekday's number, 0 is Monday.

    Raises
    ------
    InputError
        If it is no school day.
    """
    low = text.strip().lower()
    for i, name in enumerate(DAY_NAMES):
        if low in (name, name[:3], name[:4], name[:5]):
            return i
    raise InputError(f"'{text}' is no school day", where=where, remedy=near(text.title(), WEEKDAYS))
