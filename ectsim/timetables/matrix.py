"""A grid of staff and slots: one row a person, one column a slot, as programs print it."""

from __future__ import annotations

from ectsim.clock import WEEKDAYS, Grid
from ectsim.errors import InputError
from ectsim.timetables.codes import Codes
from ectsim.timetables.files import read_rows
from ectsim.timetables.long import in_order, read_slots
from ectsim.timetables.names import fold
from ectsim.timetables.spellings import Reading
from ectsim.timetables.table import FileCell, FileTable, block_absent, refuse_missing_days

__all__ = ["read_matrix"]


def read_matrix(text: str, *, where: str, codes: Codes, grid: Grid | None = None) -> FileTable:
    """Read a grid whose first column is the person and whose other columns are slots.

    The columns are named in any spelling (``1Mon:3``, ``MonA:1``, ``Mon A 1``, or running numbers
    with a grid). An empty cell of a whole row is free.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What a code means.
    grid : Grid, optional
        The school's day, for running numbers.

    Returns
    -------
    FileTable

    Raises
    ------
    InputError
        If a slot stands twice or is missing, or a row is cut short or names nobody.
    """
    listed = [(line, row) for line, row in read_rows(text, where) if any(row)]
    head_line, head = listed[0]
    while head and not head[-1]:
        head = head[:-1]
    texts = {
        i: (name, f"{where}, line {head_line}, column {i + 1}") for i, name in enumerate(head) if i
    }
    slots = read_slots(texts, where, grid)
    _check_slots(slots, f"{where}, line {head_line}")
    staff: dict[str, int] = {}
    seen: dict[str, int] = {}
    cells: list[FileCell] = []
    for line, row in listed[1:]:
        place = f"{where}, line {line}"
        _check_row(row, len(head), place)
        if fold(row[0]) in seen:
            raise InputError(
                f"this person already has line {seen[fold(row[0])]}",
                where=place,
                remedy="keep one of the two rows",
            )
        seen[fold(row[0])] = staff[row[0]] = line
        cells += [_cell(row[0], slot, row[i], codes, line) for i, slot in slots.items() if row[i]]
    if not staff:
        raise InputError("the table has no row", where=where, remedy="export it again")
    periods = tuple(sorted({s.period for s in slots.values()}, key=in_order))
    weeks = max(s.week for s in slots.values())
    refuse_missing_days({(c.week, c.day) for c in cells}, weeks, len(staff), where)
    return FileTable(
        "matrix", where, staff, periods, weeks,
        cells + block_absent(slots.values(), periods, weeks, staff),
    )  # fmt: skip


def _check_slots(slots: dict[int, Reading], place: str) -> None:
    """Refuse two columns of one slot, and a cycle in which whole days are missing."""
    listed = list(slots.values())
    twice = next((s for s in listed if listed.count(s) > 1), None)
    if twice:
        raise InputError(
            f"two columns are {twice}", where=place, remedy="keep one of the two columns"
        )
    days = {(s.week, s.day) for s in listed}
    for week in range(1, max(s.week for s in listed) + 1):
        missing = [f"{week}{WEEKDAYS[d]}" for d in range(5) if (week, d) not in days]
        if missing:
            raise InputError(
                f"there is no column for {', '.join(missing)}: what is missing is not free",
                where=place,
                remedy="export the whole cycle",
            )


def _check_row(row: list[str], width: int, place: str) -> None:
    if not row[0]:
        raise InputError("the row names nobody", where=place, remedy="fill its first cell")
    if len(row) < width or any(row[width:]):
        raise InputError(
            f"the row has {len(row)} cells where the first line has {width}",
            where=place,
            remedy="the file is cut short or a comma is missing",
        )


def _cell(staff: str, slot: Reading, text: str, codes: Codes, line: int) -> FileCell:
    # some programs write the room behind the class
    first, _, rest = text.partition(" ")
    if rest and codes.kind(text) == "unknown" and codes.kind(first) == "lesson":
        text, room = first, rest
    else:
        room = ""
    kind = codes.kind(text)
    lesson = kind == "lesson"
    return FileCell(
        slot.week,
        slot.day,
        slot.period,
        staff,
        kind,
        text if lesson else "",
        codes.subject(text) if lesson else text,
        room,
        "" if lesson else text,
        line,
    )
