"""The long table: one row a filled cell, as a spreadsheet or another program writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ectsim.clock import WEEKDAYS
from ectsim.errors import InputError, near
from ectsim.school import KINDS
from ectsim.timetables.codes import Codes
from ectsim.timetables.files import read_rows
from ectsim.timetables.names import fold
from ectsim.timetables.table import FileCell, FileTable, weekday

__all__ = ["COLUMNS", "read_long"]

COLUMNS = ("week", "day", "period", "staff", "kind", "class", "subject", "room")
NEEDED = ("day", "period", "staff")
WEEKS = {"1": 1, "2": 2, "a": 1, "b": 2, "1.0": 1, "2.0": 2}
WHOLE_SCHOOL = 10
"""From so many people on, a day without one row is a hole in the file and not a free day."""


def read_long(text: str, *, where: str, codes: Codes) -> FileTable:
    """Read a long table with the columns week, day, period, staff, kind, class, subject, room.

    ``week`` may be left out in a one-week cycle, ``kind`` where the class says it, and subject and
    room always. A cell without a row is free, so a table that has whole days missing is refused.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What a code means where no kind is given.

    Returns
    -------
    FileTable

    Raises
    ------
    InputError
        If a column is missing, a value cannot be, or somebody is in two places.
    """
    rows = read_rows(text, where)
    at = _read_header(rows, where)
    cells: list[FileCell] = []
    staff: dict[str, int] = {}
    spelled: dict[str, str] = {}
    periods: dict[str, None] = {}
    taken: dict[tuple[int, int, str, str], int] = {}
    for line, row in rows:
        if not any(row):
            continue
        cell = _read_row(row, at, f"{where}, line {line}", line, codes)
        # one person, though a second line may write them with other capitals
        cell = cell._replace(staff=spelled.setdefault(fold(cell.staff), cell.staff))
        key = (cell.week, cell.day, cell.period, cell.staff)
        if key in taken:
            raise InputError(
                f"this person already has line {taken[key]} in "
                f"{cell.week}{WEEKDAYS[cell.day]}:{cell.period}",
                where=f"{where}, line {line}",
                remedy="nobody is in two places: keep one of the two rows",
            )
        taken[key] = line
        staff.setdefault(cell.staff, line)
        periods.setdefault(cell.period)
        if cell.kind != "free":
            cells.append(cell)
    if not taken:
        raise InputError("the table has no row", where=where, remedy="export it again")
    weeks = max(key[0] for key in taken)
    _check_days(set(taken), weeks, len(staff), where)
    return FileTable("long", where, staff, tuple(sorted(periods, key=in_order)), weeks, cells)


def in_order(period: str) -> tuple[float, str]:
    """Sort periods by the number in them; names without one come last."""
    match = re.search(r"\d+", period)
    return (float(match[0][:9]) if match else float("inf"), period)


def _read_header(rows: Iterator[tuple[int, list[str]]], where: str) -> dict[str, int]:
    for line, row in rows:
        if not any(row):
            continue
        names = [c.lower() for c in row]
        for name in NEEDED:
            if name not in names:
                raise InputError(
                    f"the table has no column '{name}'",
                    where=f"{where}, line {line}",
                    remedy="its first line must be " + ",".join(COLUMNS),
                )
        for name in names:
            if name in COLUMNS and names.count(name) > 1:
                raise InputError(
                    f"column '{name}' stands twice",
                    where=f"{where}, line {line}",
                    remedy="keep one of them",
                )
        if "kind" not in names and "class" not in names:
            raise InputError(
                "the table has neither a column 'kind' nor 'class'",
                where=f"{where}, line {line}",
                remedy="its first line must be " + ",".join(COLUMNS),
            )
        return {name: names.index(name) for name in COLUMNS if name in names}
    raise InputError("the table is empty", where=where, remedy="export it again")


def _read_row(row: list[str], at: dict[str, int], place: str, line: int, codes: Codes) -> FileCell:
    if len(row) <= max(at.values()):
        raise InputError(
            f"the row has {len(row)} cells where the first line has {max(at.values()) + 1}",
            where=place,
            remedy="the file is cut short or a comma is missing",
        )
    get = {name: row[i] for name, i in at.items()}
    week = WEEKS.get(get.get("week", "1").lower())
    if week is None:
        raise InputError(
            f"week '{get['week']}' is not in the cycle",
            where=f"{place}, column week",
            remedy="the week is 1 or 2",
        )
    day = weekday(get["day"], f"{place}, column day")
    for name in ("period", "staff"):
        if not get[name]:
            raise InputError(
                f"the {name} is missing", where=f"{place}, column {name}", remedy="fill the cell"
            )
    class_code, subject, room = (get.get(k, "") for k in ("class", "subject", "room"))
    code = class_code or subject
    kind = get.get("kind", "").lower()
    if not kind:
        # a row stands for something; without a word on what, it is not free
        kind = codes.kind(code) if code else "unknown"
        if kind == "lesson":
            subject = subject or codes.subject(class_code)
    if kind not in KINDS:
        raise InputError(
            f"unknown kind '{kind}'", where=f"{place}, column kind", remedy=near(kind, KINDS)
        )
    return FileCell(
        week,
        day,
        get["period"],
        get["staff"],
        kind,
        class_code,
        subject,
        room,
        "" if kind in ("lesson", "free") else code or f"({kind})",
        line,
    )


def _check_days(taken: set[tuple[int, int, str, str]], weeks: int, people: int, where: str) -> None:
    if people < WHOLE_SCHOOL:
        return
    days = {(week, day) for week, day, _, _ in taken}
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
