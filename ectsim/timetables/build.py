"""From a timetable file to a school: ids, grid, rows, departments, pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ectsim.clock import Calendar, Grid, Slot
from ectsim.errors import InputError
from ectsim.plan import PairSlots
from ectsim.programme import Programme
from ectsim.school import KINDS, Cell, Conditions, Pair, School, Staff, Timetable, assume_ppa
from ectsim.slots import first_fit, slot_cells
from ectsim.timetables.names import Pseudonyms, fold
from ectsim.timetables.roster import RosterRow
from ectsim.timetables.table import FileTable

__all__ = ["Built", "blank_row", "build_school", "name_departments", "scrub_table"]


@dataclass(frozen=True)
class Built:
    """A school and the slots chosen in it.

    Parameters
    ----------
    school : School
        With planning time set aside away from the slots.
    slots : dict of str to PairSlots
        By pair id.
    """

    school: School
    slots: dict[str, PairSlots]


def scrub_table(table: FileTable, people: Pseudonyms) -> FileTable:
    """Put ids in place of staff, and codes in place of names in the other columns."""
    ids = {name: people.ids[fold(name)] for name in table.staff}
    known: dict[str, str] = {}

    def clean(text: str) -> str:
        if text not in known:
            known[text] = people.scrub(text)
        return known[text]

    cells = [
        c._replace(
            staff=ids[c.staff],
            class_code=clean(c.class_code),
            subject=clean(c.subject),
            room=clean(c.room),
            code=clean(c.code),
        )
        for c in table.cells
    ]
    return replace(
        table,
        staff={ids[n]: line for n, line in table.staff.items()},
        cells=cells,
        warnings=tuple(clean(w) for w in table.warnings),
        assumptions=tuple(clean(a) for a in table.assumptions),
    )


def blank_row(grid: Grid) -> list[str]:
    """Return a row in which nothing stands; a period that a day lacks is blocked."""
    return [
        "f" if day % 5 in period.days else "b"
        for day in range(grid.cycle_weeks * 5)
        for period in grid.periods
    ]


def build_school(
    table: FileTable,
    *,
    name: str,
    grid: Grid,
    calendar: Calendar,
    later: tuple[Calendar, ...] = (),
    roster: Iterable[RosterRow],
    programme: Programme,
    assumptions: Iterable[str],
) -> Built:
    """Make a school of a scrubbed table whose periods are the grid's.

    Slots are chosen first and planning time afterwards, away from them, so that the plans
    ``found_time`` and ``timetabled`` stand in one and the same school.

    Raises
    ------
    InputError
        If nothing in the table is a lesson.
    """
    rows = {who: blank_row(grid) for who in table.staff}
    cells: dict[tuple[str, int], Cell] = {}
    texts: dict[Cell, Cell] = {}
    for c in table.cells:
        at = grid.cell(Slot(c.week, c.day, c.period))
        rows[c.staff][at] = KINDS[c.kind]
        if c.class_code or c.subject or c.room:
            cell = Cell(c.class_code, c.subject, c.room)
            cells[c.staff, at] = texts.setdefault(cell, cell)
    if not any(c.kind == "lesson" for c in table.cells):
        common = Counter(c.code for c in table.cells if c.code).most_common(3)
        shown = ", ".join(f"'{code}' ({n})" for code, n in common)
        raise InputError(
            "no cell is a lesson" + (f"; the commonest codes are {shown}" if shown else ""),
            where=table.where,
            remedy="say in a file for --codes which codes are lessons",
        )
    listed = list(roster)
    by_id = {r.staff: r for r in listed}
    departments = name_departments(table, listed)
    staff = tuple(
        Staff(
            who,
            departments.get(who, ""),
            by_id[who].fte if who in by_id else Staff(who).fte,
        )
        for who in sorted(rows)
    )
    pairs = tuple(
        sorted(
            (Pair(r.staff, r.mentor, r.year, r.new) for r in listed if r.role == "ect"),
            key=lambda p: p.id,
        )
    )
    school = School(
        name=name,
        phase="secondary",
        calendar=calendar,
        later=later,
        grid=grid,
        staff=staff,
        pairs=pairs,
        timetable=Timetable({who: "".join(row) for who, row in sorted(rows.items())}, cells),
        conditions=Conditions(),
        assumptions=tuple(assumptions),
    )
    slots = first_fit(school, programme)
    kept = slot_cells(school, slots)
    return Built(assume_ppa(school, share=programme.entitlement.ppa_share, keep=kept), slots)


def name_departments(table: FileTable, roster: Iterable[RosterRow]) -> dict[str, str]:
    """Return everybody's department.

    It is the roster's where it says one. For others it is the subject they teach most, under the
    name that the roster gives to a department with that commonest subject.

    Parameters
    ----------
    table : FileTable
        The timetable.
    roster : iterable of RosterRow
        The roster's rows, or none.
    """
    taught: dict[str, Counter[str]] = {}
    for c in table.cells:
        if c.kind == "lesson" and c.subject:
            taught.setdefault(c.staff, Counter())[c.subject] += 1
    main = {who: _commonest(count) for who, count in taught.items()}
    said = {r.staff: r.department for r in roster if r.department}
    called: dict[str, Counter[str]] = {}
    for who, department in said.items():
        if who in main:
            called.setdefault(main[who], Counter())[department] += 1
    names = {subject: _commonest(count) for subject, count in called.items()}
    found = {who: names.get(subject, subject) for who, subject in main.items()}
    return {**found, **said}


def _commonest(count: Mapping[str, int]) -> str:
    return min(count, key=lambda word: (-count[word], word))
