"""A school of our own making: an 11 to 18 secondary with a timetable that could be real.

The generator lays the year out as schools do. Sixth form and GCSE options stand in *columns* of
parallel classes, one lesson a day; every tutor group of years 7 to 11 is in a lesson at any time;
each class has one teacher, nobody is in two places, and a class meets on as many days as it can.
What is left over is free time, and where it falls is what the model is about.

``python -m ectsim.timetables.synthetic`` writes the sample school that ships.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from ectsim.clock import Calendar, Grid, Period, PeriodKind, minutes
from ectsim.errors import InputError
from ectsim.folder import sample_calendars, school_files
from ectsim.luck import stable_fraction
from ectsim.programme import Programme
from ectsim.school import Cell, Conditions, Pair, School, Staff, Timetable, assume_ppa
from ectsim.share import data_dir
from ectsim.slots import first_fit, slot_cells
from ectsim.timetables.board import Board, couples, lay_out
from ectsim.timetables.build import Built
from ectsim.timetables.curriculum import (
    CELLS,
    DAYS,
    DEPARTMENTS,
    LESSON_PERIODS,
    TaughtClass,
    Teacher,
    plan_classes,
    shuffled,
)
from ectsim.timetables.staffing import assign_classes, hire_staff
from ectsim.timetables.writing import scenario_files, write_folder

__all__ = ["sample_files", "synthetic_secondary"]


def synthetic_secondary(
    *,
    staff: int = 96,
    ects: int = 5,
    seed: int = 1,
    name: str = "default",
    calendar: Calendar | None = None,
    programme: Programme | None = None,
) -> Built:
    """Make an 11 to 18 secondary school: the same arguments give the same school for ever.

    Parameters
    ----------
    staff : int
        Teachers, 60 to 200.
    ects : int
        First-year ECTs, each with a mentor of their department; at most one a department.
    seed : int
        Which school of that size.
    name : str
        What to call it.
    calendar : Calendar, optional
        The year; by default the shipped one.
    programme : Programme, optional
        What is due, for slots and planning time.

    Returns
    -------
    Built
        The school, with planning time coded, and first-fit slots for each pair.

    Raises
    ------
    InputError
        If no such school can be made.
    """
    if not 60 <= staff <= 200 or not 0 <= ects <= len(DEPARTMENTS):
        raise InputError(
            f"a school of {staff} staff and {ects} ECTs",
            remedy=f"give 60 to 200 staff and up to {len(DEPARTMENTS)} ECTs",
        )
    rules = programme or Programme.preset("2021")
    classes = plan_classes(max(4, round(staff / 9.6)))
    teachers = hire_staff(classes, staff, ects, seed)
    assign_classes(classes, teachers, seed)
    board = lay_out(classes, teachers, seed)
    school = _school(board, teachers, seed, name, calendar)
    slots = first_fit(school, rules)
    kept = slot_cells(school, slots)
    coded = assume_ppa(school, share=rules.entitlement.ppa_share, keep=kept)
    return Built(replace(coded, assumptions=school.assumptions), slots)


BELLS: tuple[tuple[str, str, str, PeriodKind], ...] = (
    ("before", "08:10", "08:55", "before"),
    ("1", "09:00", "10:00", "lesson"),
    ("2", "10:00", "11:00", "lesson"),
    ("break", "11:00", "11:20", "break"),
    ("3", "11:20", "12:20", "lesson"),
    ("4", "12:20", "13:20", "lesson"),
    ("lunch", "13:20", "14:05", "lunch"),
    ("5", "14:05", "15:05", "lesson"),
    ("after", "15:05", "16:05", "after"),
)

GRID = Grid(
    tuple(Period(name, minutes(start), minutes(end), kind) for name, start, end, kind in BELLS)
)
"""The day of the sample school."""

AT = {name: i for i, name in enumerate(p.id for p in GRID.periods)}
MEETINGS = {
    ("before", 0): "Briefing",
    ("before", 5): "Briefing",
    ("after", 1): "Staff meeting",
    ("after", 6): "Department meeting",
}
"""What stands in everybody's timetable outside lessons: (period, day of the cycle) to its name."""


def _cell(cell: int) -> int:
    """Return the grid's cell of one of the 50 lesson cells."""
    day, period = divmod(cell, LESSON_PERIODS)
    return day * len(GRID) + AT[str(period + 1)]


def _school(
    board: Board, teachers: list[Teacher], seed: int, name: str, given: Calendar | None
) -> School:
    """Put the board into a school: lessons, tutor groups, meetings, duties, marks for cover."""
    calendar, *later = (given,) if given else sample_calendars()
    order = shuffled([t.number for t in teachers], seed, "ids")
    ids = {int(str(n)): f"T{i:0{len(str(len(teachers)))}d}" for i, n in enumerate(order, start=1)}
    rows: dict[int, list[str]] = {}
    cells: dict[tuple[str, int], Cell] = {}
    tutors = set(_tutors(board, teachers))
    for t in teachers:
        row = rows[t.number] = ["f"] * GRID.cells
        room = f"{t.department[0]}{t.number:02d}"
        for day in range(DAYS):
            if day % 5 in t.off:
                start = day * len(GRID)
                row[start : start + len(GRID)] = "b" * len(GRID)
        for i, what in enumerate(board.teacher[t.number]):
            if isinstance(what, TaughtClass):
                row[_cell(i)] = "l"
                cells[ids[t.number], _cell(i)] = Cell(what.code, what.subject, room)
            elif what == "tutor period" and t.number in tutors and row[_cell(i)] == "f":
                row[_cell(i)] = "s"
                cells[ids[t.number], _cell(i)] = Cell("", "Tutor period", room)
        for (period, day), meeting in MEETINGS.items():
            when = day * len(GRID) + AT[period]
            if row[when] == "f":
                row[when] = "m"
                cells[ids[t.number], when] = Cell("", meeting)
    _mark(rows, cells, ids, teachers, seed)
    pairs = sorted(
        (Pair(ids[ect.number], ids[mentor.number]) for ect, mentor in couples(teachers)),
        key=lambda p: p.id,
    )
    return School(
        name=name,
        phase="secondary",
        calendar=calendar,
        later=tuple(later),
        grid=GRID,
        staff=tuple(
            sorted(
                (Staff(ids[t.number], t.department, t.fte) for t in teachers), key=lambda s: s.id
            )
        ),
        pairs=tuple(pairs),
        timetable=Timetable(
            {ids[n]: "".join(rows[n]) for n in sorted(rows, key=ids.__getitem__)}, cells
        ),
        conditions=Conditions(),
        assumptions=(
            f"the school is generated, seed {seed}: no school's own timetable stands in it",
        ),
        synthetic=True,
    )


def _tutors(board: Board, teachers: list[Teacher]) -> list[int]:
    """Return a tutor for each group and for ten sixth form groups; no ECT, leader or head first."""
    able = [t for t in teachers if t.role in ("main", "mentor", "part", "head") and 0 not in t.off]
    rank = {"main": 0, "mentor": 0, "part": 1, "head": 2}
    able.sort(key=lambda t: (rank[t.role], t.number))
    return [t.number for t in able[: len(board.group) + len(board.group) // 5]]


def _mark(
    rows: dict[int, list[str]],
    cells: dict[tuple[str, int], Cell],
    ids: dict[int, str],
    teachers: list[Teacher],
    seed: int,
) -> None:
    """Add the leaders' meeting, duties at break and lunch, and cells marked for cover."""

    def put(number: int, at: int, letter: str, what: str) -> None:
        rows[number][at] = letter
        cells[ids[number], at] = Cell("", what)

    leaders = [t.number for t in teachers if t.role == "leader"]
    lessons = [_cell(c) for c in range(CELLS)]
    for week in (lessons[: CELLS // 2], lessons[CELLS // 2 :]):
        hour = max(week, key=lambda at: (sum(rows[n][at] == "f" for n in leaders), -at))
        for n in leaders:
            if rows[n][hour] == "f":
                put(n, hour, "m", "Leadership meeting")
    duties: Counter[int] = Counter()
    for t in teachers:
        if t.role == "ect":
            continue
        spots = [
            day * len(GRID) + AT[period]
            for day in range(5)
            for period in ("break", "lunch")
            if day not in t.off
        ]
        spot = min(spots, key=lambda at: (duties[at], stable_fraction(seed, "duty", t.number, at)))
        duties[spot] += 1
        for later in (0, 5 * len(GRID)):
            put(t.number, spot + later, "d", "Duty")
    marked: Counter[int] = Counter()
    for t in teachers:
        if t.role in ("leader", "head"):
            idle = [at for at in lessons if rows[t.number][at] == "f"]
            one = min(
                idle, key=lambda at: (marked[at], stable_fraction(seed, "cover", t.number, at))
            )
            marked[one] += 1
            put(t.number, one, "c", "Cover")


# the sample that ships -----------------------------------------------------------------------------


def sample_files() -> dict[str, str]:
    """Return the files of the sample school ``default``: name to text."""
    programme = Programme.preset("2021")
    built = synthetic_secondary(programme=programme)
    return {**school_files(built.school), **scenario_files(built.school, built.slots, programme)}


SMALLER = {"staff": 60, "ects": 2, "seed": 54}
"""A smaller school in which a first-year science teacher is free on Tuesday afternoons (F168)."""


def smaller_files() -> dict[str, str]:
    """Return the files of the school ``smaller``, in which two of the stories are set."""
    programme = Programme.preset("2021")
    built = synthetic_secondary(
        name="smaller",
        programme=programme,
        staff=SMALLER["staff"],
        ects=SMALLER["ects"],
        seed=SMALLER["seed"],
    )
    return {**school_files(built.school), **scenario_files(built.school, built.slots, programme)}


def main(arguments: list[str]) -> int:
    """Write the two schools; the argument is the folder for them, by default the shipped one."""
    target = Path(arguments[0]) if arguments else data_dir() / "schools"
    write_folder(target / "default", sample_files(), replace=True)
    write_folder(target / "smaller", smaller_files(), replace=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
