"""Untis: the timetable of the interface file ``GPU001.TXT``, without a header.

Written from public descriptions: lesson number, class, teacher, subject, room, day (1 is Monday),
period; not yet tried on a school's file.
"""

from __future__ import annotations

import re

from ectsim.errors import InputError
from ectsim.timetables.codes import Codes
from ectsim.timetables.files import read_rows
from ectsim.timetables.long import in_order
from ectsim.timetables.names import fold
from ectsim.timetables.table import (
    Bookings,
    FileCell,
    FileTable,
    refuse_missing_days,
    shorten,
)

__all__ = ["read_untis"]

FIELDS = "lesson number, class, teacher, subject, room, day, period"
AGAIN = f"export GPU001.TXT again; its fields are {FIELDS}"
NUMBER = re.compile(r"[0-9]{1,6}")


def read_untis(text: str, *, where: str, codes: Codes) -> FileTable:
    """Read the timetable of an Untis interface file.

    Rows of one lesson number at one time are one lesson: its classes and rooms are joined.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What a subject without a class means.

    Returns
    -------
    FileTable
        A cycle of one week; of two where the days run from 1 to 10.

    Raises
    ------
    InputError
        If a row is cut short, its lesson, day or period is no number, or a day is a Saturday.
    """
    bookings = Bookings(where)
    staff: dict[str, int] = {}
    spelled: dict[str, str] = {}
    periods: dict[str, None] = {}
    left: list[str] = []
    lessons: set[int] = set()
    rows = 0
    for line, row in read_rows(text, where):
        if not any(row):
            continue
        place = f"{where}, line {line}"
        lesson, day, period = _numbers(row, place)
        rows += 1
        lessons.add(lesson)
        if day < 0:
            left.append(f"{place}: lesson {lesson} has no time and is not in the timetable")
            continue
        periods.setdefault(period)
        teacher = row[2]
        # a question mark stands for a teacher who is still to be found
        if not teacher or teacher.startswith("?"):
            left.append(f"{place}: lesson {lesson} has no teacher and is left out")
            continue
        teacher = spelled.setdefault(fold(teacher), teacher)
        staff.setdefault(teacher, line)
        kind = codes.activity(row[3], pupils=bool(row[1]))
        code = "" if kind == "lesson" else row[3] or "(no subject)"
        bookings.put(
            FileCell(
                1 + day // 5, day % 5, period, teacher, kind, row[1], row[3], row[4], code, line
            ),
            f"lesson {lesson}",
        )
    if not staff:
        raise InputError("no lesson has a teacher", where=where, remedy=AGAIN)
    cells = bookings.cells
    weeks = max((c.week for c in cells), default=1)
    if weeks > 1:
        _refuse_saturday({c.day for c in cells if c.week == 2}, where)
    refuse_missing_days({(c.week, c.day) for c in cells}, weeks, len(staff), where)
    return FileTable(
        "untis",
        where,
        staff,
        tuple(sorted(periods, key=in_order)),
        weeks,
        cells,
        contents=f"{rows:,} rows, {len(lessons):,} lessons",
        warnings=(*bookings.warnings, *shorten(left, "lessons without a teacher or a time")),
    )


def _refuse_saturday(days: set[int], where: str) -> None:
    """Refuse days beyond Friday that are no whole second week."""
    if days != set(range(5)):
        shown = ", ".join(str(6 + d) for d in sorted(days))
        raise InputError(
            f"days 1 to 5 are Monday to Friday, and {shown} make no second week of five",
            where=where,
            remedy="export Monday to Friday; of two weeks all days from 1 to 10",
        )


def _numbers(row: list[str], place: str) -> tuple[int, int, str]:
    """Return lesson number, weekday (-1 where it has no time) and period of a row."""
    if len(row) < 7:
        raise InputError(f"the row has {len(row)} of 7 fields", where=place, remedy=AGAIN)
    if NUMBER.fullmatch(row[0]) and row[5] in ("", "0") and row[6] in ("", "0"):
        return int(row[0]), -1, ""
    for name, text in (("lesson number", row[0]), ("day", row[5]), ("period", row[6])):
        if not NUMBER.fullmatch(text):
            raise InputError(f"the {name} is '{text}' and no number", where=place, remedy=AGAIN)
    day, period = int(row[5]), int(row[6])
    if not 1 <= day <= 10:
        raise InputError(
            f"the day is {day} and a school week has 1 (Monday) to 5 (Friday)",
            where=place,
            remedy="export Monday to Friday of one week, or two weeks as days 1 to 10",
        )
    if period > 20:
        raise InputError(f"the period is {period}", where=place, remedy="a day has at most 20")
    return int(row[0]), day - 1, str(period)
