"""SIMS: the staff timetable that a coordinator exports, one block a person."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from ectsim.clock import WEEKDAYS
from ectsim.errors import InputError
from ectsim.timetables.codes import Codes
from ectsim.timetables.files import read_rows
from ectsim.timetables.spellings import read_day
from ectsim.timetables.table import FileCell, FileTable

__all__ = ["read_sims"]

TITLE = re.compile(r"timetable\s*[-\u2013\u2014]\s*(.*)", re.IGNORECASE)
AGAIN = "export the whole staff timetable again"
NO_CODE = "(room without a class)"


@dataclass
class _Block:
    """One person's block, as it stands in the file."""

    staff: str
    line: int
    days: tuple[tuple[int, int], ...] = ()
    codes: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    rooms: dict[str, list[str]] = field(default_factory=dict)


def read_sims(text: str, *, where: str, codes: Codes) -> FileTable:
    """Read a SIMS staff timetable.

    Each block has a title (``Timetable - ...``), a header of days, and two rows a period: classes,
    then rooms. Every block must be whole, because an empty cell of a whole block means free.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What a code means.

    Returns
    -------
    FileTable

    Raises
    ------
    InputError
        If a block is cut short, stands twice, or differs in shape from the others.
    """
    blocks = _read_blocks(text, where)
    days, periods = _check_shape(blocks, where)
    cells = [
        cell
        for block in blocks
        for period in periods
        for cell in _read_period(block, period, days, codes)
    ]
    return FileTable(
        "sims", where, {b.staff: b.line for b in blocks}, periods, max(w for w, _ in days), cells
    )


def _read_blocks(text: str, where: str) -> list[_Block]:
    blocks: list[_Block] = []
    seen: dict[str, int] = {}
    waiting = ""  # the period whose room row is still to come
    for line, row in read_rows(text, where):
        first = row[0] if row else ""
        place = f"{where}, line {line}"
        title = TITLE.match(first)
        if title:
            if waiting:
                raise _cut(f"period {waiting} has no row of rooms", place)
            staff = re.sub(r"^staff\b[\s:]*", "", title[1], flags=re.IGNORECASE) or title[1]
            if not staff:
                raise InputError("the block names nobody", where=place, remedy=AGAIN)
            if staff.casefold() in seen:
                raise InputError(
                    f"this person already has a block at line {seen[staff.casefold()]}",
                    where=place,
                    remedy="keep one of the two blocks",
                )
            seen[staff.casefold()] = line
            blocks.append(_Block(staff, line))
            continue
        if not any(row):
            if waiting:
                blocks[-1].rooms[waiting] = row
                waiting = _whole(blocks[-1], row, place)
            continue
        if not blocks:
            raise InputError(
                "there is text before the first 'Timetable - ...' line", where=place, remedy=AGAIN
            )
        waiting = _read_line(blocks[-1], row, waiting, line, place)
    if not blocks:
        raise InputError("the file has no 'Timetable - ...' line", where=where, remedy=AGAIN)
    if waiting:
        raise _cut(f"the file ends after the classes of period {waiting}", where)
    return blocks


def _read_line(block: _Block, row: list[str], waiting: str, line: int, place: str) -> str:
    """Take one filled line into a block; return the period that now waits for its rooms."""
    label = row[0]
    if not block.days:
        if re.match(r"as at\b", label, re.IGNORECASE):
            return ""
        block.days = _read_days(row, place)
        return ""
    if waiting:
        if label:
            raise _cut(f"period {waiting} has no row of rooms", place)
        block.rooms[waiting] = row
        return _whole(block, row, place)
    if not label:
        raise InputError(
            "a filled row has no period in front of it",
            where=place,
            remedy="a block has two rows a period: classes, then rooms",
        )
    if label in block.codes:
        raise InputError(f"period {label} stands twice in the block", where=place, remedy=AGAIN)
    block.codes[label] = (line, row)
    _whole(block, row, place)
    return label


def _whole(block: _Block, row: list[str], place: str) -> str:
    """Check that a row reaches over all days; an absent cell is not an empty one."""
    width = len(block.days) + 1
    if len(row) < width:
        raise _cut(f"the row has {max(len(row) - 1, 0)} of {width - 1} cells", place)
    if any(row[width:]):
        raise InputError(
            f"the row has more cells than the {width - 1} days above it", where=place, remedy=AGAIN
        )
    return ""


def _cut(what: str, where: str) -> InputError:
    return InputError(
        f"{what}: the block is cut short, and what is missing is not free",
        where=where,
        remedy=AGAIN,
    )


def _read_days(row: list[str], place: str) -> tuple[tuple[int, int], ...]:
    names = list(row[1:])
    while names and not names[-1]:
        names.pop()
    days: list[tuple[int, int]] = []
    for name in names:
        try:
            week, day = read_day("" if row[0] else name, place)
        except InputError:
            raise InputError(
                f"a row of days such as 1Mon,1Tue is expected, found '{name or row[0]}'",
                where=place,
                remedy=AGAIN,
            ) from None
        days.append((week or 1, day))
    for week in range(1, max((w for w, _ in days), default=1) + 1):
        missing = [f"{week}{WEEKDAYS[d]}" for d in range(5) if (week, d) not in days]
        if missing:
            raise _cut(f"the row of days lacks {', '.join(missing)}", place)
    twice = [d for d, n in Counter(days).items() if n > 1]
    if twice:
        raise InputError(
            f"{twice[0][0]}{WEEKDAYS[twice[0][1]]} stands twice in the row of days",
            where=place,
            remedy=AGAIN,
        )
    return tuple(days)


def _check_shape(
    blocks: list[_Block], where: str
) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    """Return the days and periods that all blocks share; a block that differs is not whole."""
    days = Counter(b.days for b in blocks).most_common(1)[0][0]
    periods = Counter(tuple(b.codes) for b in blocks).most_common(1)[0][0]
    if not days or not periods:
        raise _cut("no block has a row of days and a period", f"{where}, line {blocks[0].line}")
    for block in blocks:
        place = f"{where}, block at line {block.line}"
        if block.days != days:
            raise _cut(f"it has {len(block.days)} days where the others have {len(days)}", place)
        missing = [p for p in periods if p not in block.codes]
        if missing:
            raise _cut(f"period {missing[0]} is missing", place)
        if tuple(block.codes) != periods:
            extra = next((p for p in block.codes if p not in periods), "")
            raise InputError(
                f"period {extra} stands in no other block"
                if extra
                else "its periods stand in another order than elsewhere",
                where=place,
                remedy=AGAIN,
            )
    return days, periods


def _read_period(
    block: _Block, period: str, days: tuple[tuple[int, int], ...], codes: Codes
) -> list[FileCell]:
    line, row = block.codes[period]
    rooms = block.rooms[period]
    out = []
    for i, (week, day) in enumerate(days, start=1):
        text, room = row[i], rooms[i]
        if not text and not room:
            continue
        kind = codes.kind(text) if text else "unknown"
        lesson = kind == "lesson"
        out.append(
            FileCell(
                week,
                day,
                period,
                block.staff,
                kind,
                text if lesson else "",
                codes.subject(text) if lesson else text or NO_CODE,
                room,
                "" if lesson else text or NO_CODE,
                line,
            )
        )
    return out
