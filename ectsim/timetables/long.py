"""The long table: one row a filled cell, as a spreadsheet or another program writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ectsim.clock import WEEKDAYS, Grid
from ectsim.errors import InputError, near
from ectsim.school import KINDS
from ectsim.timetables.codes import Codes
from ectsim.timetables.files import read_rows
from ectsim.timetables.names import fold
from ectsim.timetables.spellings import (
    Reading,
    number_slots,
    one_cycle,
    read_day,
    read_slot,
    read_week,
)
from ectsim.timetables.table import Bookings, FileCell, FileTable, refuse_missing_days

__all__ = ["COLUMNS", "in_order", "read_long", "read_slots"]

COLUMNS = ("week", "day", "period", "slot", "staff", "kind", "class", "subject", "room")
HEADER = "its first line must be week,day,period,staff,kind,class,subject,room"


def read_long(text: str, *, where: str, codes: Codes, grid: Grid | None = None) -> FileTable:
    """Read a long table with the columns week, day, period, staff, kind, class, subject, room.

    ``week`` may be left out in a one-week cycle or where the day says it (``MonA``), ``kind`` where
    the class says it, and subject and room always. One column ``slot`` (``1Mon:3``, ``MonA:1`` and
    other programs' spellings) may stand for week, day and period. A cell without a row is free, so
    a table that has whole days missing is refused.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What a code means where no kind is given.
    grid : Grid, optional
        The school's day, for slots that are running numbers.

    Returns
    -------
    FileTable

    Raises
    ------
    InputError
        If a column is missing, a value cannot be, or a row of week, day and period puts somebody
        in two places. Two rows of one ``slot`` are a warning.
    """
    rows = read_rows(text, where)
    at = _read_header(rows, where)
    listed = [(line, row) for line, row in rows if any(row)]
    slots = _read_times(listed, at, where, grid)
    bookings = Bookings(where)
    staff: dict[str, int] = {}
    spelled: dict[str, str] = {}
    periods: dict[str, None] = {}
    taken: dict[tuple[int, int, str, str], int] = {}
    for line, row in listed:
        cell = _read_row(row, at, f"{where}, line {line}", line, codes, slots[line])
        # one person, though a second line may write them with other capitals
        cell = cell._replace(staff=spelled.setdefault(fold(cell.staff), cell.staff))
        key = (cell.week, cell.day, cell.period, cell.staff)
        if key in taken and "slot" not in at:
            raise InputError(
                f"this person already has line {taken[key]} in "
                f"{cell.week}{WEEKDAYS[cell.day]}:{cell.period}",
                where=f"{where}, line {line}",
                remedy="nobody is in two places: keep one of the two rows",
            )
        taken.setdefault(key, line)
        staff.setdefault(cell.staff, line)
        periods.setdefault(cell.period)
        if cell.kind != "free":
            bookings.put(cell, f"'{cell.class_code or cell.subject or cell.kind}'")
    if not taken:
        raise InputError("the table has no row", where=where, remedy="export it again")
    weeks = max(key[0] for key in taken)
    refuse_missing_days({key[:2] for key in taken}, weeks, len(staff), where)
    return FileTable(
        "slots" if "slot" in at else "long",
        where,
        staff,
        tuple(sorted(periods, key=in_order)),
        weeks,
        bookings.cells,
        warnings=bookings.warnings,
    )


def _read_times(
    listed: list[tuple[int, list[str]]], at: dict[str, int], where: str, grid: Grid | None
) -> dict[int, Reading]:
    """Return week, day and period of every row, whichever columns say them."""
    short = next(((line, row) for line, row in listed if len(row) <= max(at.values())), None)
    if short:
        raise InputError(
            f"the row has {len(short[1])} cells where the first line has {max(at.values()) + 1}",
            where=f"{where}, line {short[0]}",
            remedy="the file is cut short or a comma is missing",
        )
    if "slot" in at:
        texts = {
            line: (row[at["slot"]], f"{where}, line {line}, column slot") for line, row in listed
        }
        return read_slots(texts, where, grid)
    found = {
        line: _read_time({n: row[i] for n, i in at.items()}, f"{where}, line {line}")
        for line, row in listed
    }
    one_cycle(found.items(), where)
    return {line: r._replace(week=r.week or 1) for line, r in found.items()}


def read_slots(
    texts: Mapping[int, tuple[str, str]], where: str, grid: Grid | None
) -> dict[int, Reading]:
    """Read the slots of a file, as codes or as numbers that run through the cycle.

    Parameters
    ----------
    texts : mapping of int to (str, str)
        By line or column: the code and its place, for messages.
    where : str
        The file's name.
    grid : Grid or None
        The school's day; running numbers need it.

    Returns
    -------
    dict of int to Reading
        Every one with its week.

    Raises
    ------
    InputError
        If a code is none, can be read in two ways, or leaves out the week that others name.
    """
    numbers = {key: text for key, (text, _) in texts.items() if re.fullmatch(r"\d{1,3}", text)}
    if grid and len(numbers) == len(texts) and numbers:
        counted = number_slots(grid, max(int(n) for n in numbers.values()), where)
        zero = next((texts[key][1] for key, n in numbers.items() if int(n) not in counted), "")
        if zero:
            raise InputError("running numbers begin with 1", where=zero, remedy="export them again")
        return {key: counted[int(n)] for key, n in numbers.items()}
    found = {key: read_slot(text, place) for key, (text, place) in texts.items()}
    one_cycle(found.items(), where)
    return {key: r._replace(week=r.week or 1) for key, r in found.items()}


def _read_time(get: dict[str, str], place: str) -> Reading:
    """Read the columns week, day and period; a day may name its week itself."""
    week = read_week(get["week"], f"{place}, column week") if "week" in get else 0
    said, day = read_day(get["day"], f"{place}, column day")
    if week and said and week != said:
        raise InputError(
            f"the day '{get['day']}' is in week {said} and the week is {week}",
            where=f"{place}, column day",
            remedy="keep one of the two",
        )
    if not get["period"]:
        raise InputError(
            "the period is missing", where=f"{place}, column period", remedy="fill the cell"
        )
    return Reading(week or said, day, get["period"])


def in_order(period: str) -> tuple[float, str]:
    """Sort periods by the number in them; names without one come last."""
    match = re.search(r"\d+", period)
    return (float(match[0][:9]) if match else float("inf"), period)


def _read_header(rows: Iterator[tuple[int, list[str]]], where: str) -> dict[str, int]:
    for line, row in rows:
        if not any(row):
            continue
        names = [c.lower() for c in row]
        for name in ("slot", "staff") if "slot" in names else ("day", "period", "staff"):
            if name not in names:
                raise InputError(
                    f"the table has no column '{name}'",
                    where=f"{where}, line {line}",
                    remedy=HEADER,
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
                remedy=HEADER,
            )
        if "slot" in names and {"week", "day", "period"} & set(names):
            raise InputError(
                "the table has a column 'slot' and others for week, day or period",
                where=f"{where}, line {line}",
                remedy="keep the slot or the others",
            )
        return {name: names.index(name) for name in COLUMNS if name in names}
    raise InputError("the table is empty", where=where, remedy="export it again")


def _read_row(
    row: list[str], at: dict[str, int], place: str, line: int, codes: Codes, time: Reading
) -> FileCell:
    get = {name: row[i] for name, i in at.items()}
    if not get["staff"]:
        raise InputError(
            "the staff is missing", where=f"{place}, column staff", remedy="fill the cell"
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
        time.week,
        time.day,
        time.period,
        get["staff"],
        kind,
        class_code,
        subject,
        room,
        "" if kind in ("lesson", "free") else code or f"({kind})",
        line,
    )
