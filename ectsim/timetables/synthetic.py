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
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from ectsim.clock import Calendar, Grid, Period, PeriodKind, minutes
from ectsim.errors import InputError
from ectsim.folder import school_files
from ectsim.luck import stable_fraction
from ectsim.programme import Programme
from ectsim.school import Cell, Conditions, Pair, School, Staff, Timetable, assume_ppa
from ectsim.share import data_dir
from ectsim.slots import first_fit, slot_cells
from ectsim.timetables.build import Built
from ectsim.timetables.writing import scenario_files, write_folder

__all__ = ["sample_files", "synthetic_secondary"]

LESSON_PERIODS = 5
DAYS = 10
CELLS = DAYS * LESSON_PERIODS
PASTORAL = (0, 5 * LESSON_PERIODS)
"""Cells of the tutor period: Monday, first period, in both weeks."""

LOWER = {
    "En": 7, "Ma": 7, "Sc": 6, "Gg": 3, "Hi": 3, "Re": 2, "Ml": 5, "Ar": 2, "Mu": 2, "Dr": 1,
    "Dt": 4, "Cs": 2, "Pe": 4,
}  # fmt: skip
"""Lessons a cycle of a tutor group in years 7 to 9; Ml is French or Spanish."""

CORE = {"En": 8, "Ma": 8, "Sc": 9, "Pe": 3, "Re": 2}
"""Lessons a cycle of a group in years 10 and 11 outside options."""

OPTION_LESSONS = 6
"""Lessons a cycle of an option class in years 10 and 11."""

GCSE = {
    "Gg": 5, "Hi": 5, "Fr": 3, "Sp": 3, "Dt": 4, "Ar": 2, "Cs": 2, "Bs": 2, "Mu": 1, "Dr": 1,
    "Hs": 1, "Pe": 1,
}  # fmt: skip
"""Option classes of a year with ten groups, in three columns of six lessons."""

SIXTH = {
    12: {
        "Ma": 6, "Bi": 5, "Ch": 4, "Ph": 3, "En": 4, "Gg": 4, "Hi": 4, "Py": 4, "So": 2, "Bs": 3,
        "Cs": 2, "Ar": 2, "Fr": 1, "Sp": 1, "Dt": 2, "Dr": 1, "Mu": 1, "Pe": 2, "Hs": 1,
    },
    13: {
        "Ma": 5, "Bi": 4, "Ch": 4, "Ph": 2, "En": 3, "Gg": 3, "Hi": 3, "Py": 4, "So": 2, "Bs": 3,
        "Cs": 1, "Ar": 2, "Fr": 1, "Sp": 1, "Dt": 1, "Dr": 1, "Mu": 1, "Pe": 2, "Hs": 1,
    },
}  # fmt: skip
"""A level classes beside ten groups a year, in four columns of nine lessons."""

DEPARTMENTS = {
    "English": ("En",),
    "Mathematics": ("Ma",),
    "Science": ("Sc", "Bi", "Ch", "Ph"),
    "Geography": ("Gg",),
    "History": ("Hi",),
    "Religion and Society": ("Re", "Py", "So"),
    "Languages": ("Fr", "Sp"),
    "Art": ("Ar",),
    "Performing Arts": ("Mu", "Dr"),
    "Design and Technology": ("Dt",),
    "Computing and Business": ("Cs", "Bs"),
    "PE and Health": ("Pe", "Hs"),
}
DEPARTMENT_OF = {subject: name for name, subjects in DEPARTMENTS.items() for subject in subjects}

WEIGHT = {"main": 1.0, "part": 0.92, "head": 0.88, "leader": 0.4, "ect": 0.87, "mentor": 0.93}
"""Teaching load beside a full-time teacher on the main scale; an ECT's is a tenth lighter, and
classes come whole, so a little less is aimed at."""

PART_TIME = 0.19
"""Share of staff who work part time, half of them three days and half four."""


ROOM = 0.9
"""Share of a teacher's open cells that lessons may fill, so that a timetable can be found."""

SLACK = 6
"""Lessons beyond its cells that a group's teachers could give in each column."""

PATIENCE = 50_000
"""Steps after which a timetable is given up."""


@dataclass
class _Class:
    """A class: where it has a column its cells are set, else it belongs to one group."""

    code: str
    subject: str
    lessons: int
    group: str
    column: str = ""
    teacher: int = -1
    cells: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.year = int(self.group[:-1])
        self.mask = _mask(self.cells) if self.column else 0


@dataclass
class _Teacher:
    number: int
    role: str
    department: str
    fte: Fraction = Fraction(1)
    off: tuple[int, ...] = ()
    classes: list[_Class] = field(default_factory=list)
    load: int = 0

    def __post_init__(self) -> None:
        self.weight = WEIGHT[self.role] * float(self.fte)
        self.away = _mask(c for c in range(CELLS) if c // LESSON_PERIODS % 5 in self.off)


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
    classes = _plan_classes(max(4, round(staff / 9.6)))
    teachers = _hire(classes, staff, ects, seed)
    _assign(classes, teachers, seed)
    board = _timetable(classes, teachers, seed)
    school = _school(board, teachers, seed, name, calendar or _shipped())
    slots = first_fit(school, rules)
    kept = slot_cells(school, slots)
    coded = assume_ppa(school, share=rules.entitlement.ppa_share, keep=kept)
    return Built(replace(coded, assumptions=school.assumptions), slots)


def _shipped() -> Calendar:
    path = data_dir() / "calendars" / "sample_2025-26.csv"
    return Calendar.from_csv(path.read_text(encoding="utf-8"), name=path.stem, where=path.name)


def _shuffled(items: Iterable[object], *key: object) -> list[object]:
    return sorted(items, key=lambda x: stable_fraction(*key, x))


# what is taught ------------------------------------------------------------------------------------


def _column(cell: int) -> int:
    """Return the column of a cell: each column has one cell a day, at another hour each day."""
    day, period = divmod(cell, LESSON_PERIODS)
    return (period + 2 * (day % 5) + day // 5) % LESSON_PERIODS


def _column_cells(column: int, count: int, start: int) -> list[int]:
    cells = [c for c in range(CELLS) if _column(c) == column and c not in PASTORAL]
    start %= len(cells)
    turned = cells[start:] + cells[:start]
    # every other day first, so that six lessons in ten days do not crowd in one week
    spread = turned[::2] + turned[1::2]
    return sorted(spread[:count])


COLUMN_MASK = [
    sum(1 << c for c in range(CELLS) if _column(c) == column) for column in range(LESSON_PERIODS)
]

COLUMNS = {
    (10, 0): 0, (10, 1): 4, (10, 2): 2,
    (11, 0): 4, (11, 1): 0, (11, 2): 3,
    (12, 0): 0, (12, 1): 1, (12, 2): 2, (12, 3): 3,
    (13, 0): 1, (13, 1): 2, (13, 2): 3, (13, 3): 4,
}  # fmt: skip
"""Column of each option block: (year, block) to column."""


def _plan_classes(forms: int) -> list[_Class]:
    """Return every class of a school with so many groups a year."""
    letters = "abcdefghijklmnopqrstuvwxyz"[:forms]
    out: list[_Class] = []
    for year in (7, 8, 9):
        for i, letter in enumerate(letters):
            for subject, lessons in LOWER.items():
                word = ("Fr" if i % 2 else "Sp") if subject == "Ml" else subject
                out.append(_Class(f"{year}{letter}/{word}1", word, lessons, f"{year}{letter}"))
    for year in (10, 11):
        for letter in letters:
            for subject, lessons in CORE.items():
                out.append(
                    _Class(f"{year}{letter}/{subject}1", subject, lessons, f"{year}{letter}")
                )
        out += _options(year, GCSE, forms, blocks=3, lessons=OPTION_LESSONS)
    for year, subjects in SIXTH.items():
        out += _options(year, subjects, forms, blocks=4, lessons=9)
    return out


def _options(
    year: int, subjects: dict[str, int], forms: int, *, blocks: int, lessons: int
) -> list[_Class]:
    """Deal the classes of a year's options over its blocks, so that a subject is in many."""
    words = [s for s, n in subjects.items() for _ in range(max(1, round(n * forms / 10)))]
    if blocks == 3:  # a GCSE block takes a whole year: as many classes as groups
        wanted = blocks * forms
        words = [words[i * len(words) // wanted] for i in range(wanted)]
    seen: Counter[str] = Counter()
    out = []
    for i, word in enumerate(words):
        block = i % blocks
        letter = "ABCD"[block]
        code = f"{year}{letter}/{word}"
        seen[code] += 1
        column = COLUMNS[year, block]
        cells = _column_cells(column, lessons, 2 * year + block)
        out.append(
            _Class(
                f"{code}{seen[code]}", word, lessons, f"{year}{letter}", str(column), cells=cells
            )
        )
    return out


# who teaches it ------------------------------------------------------------------------------------


def _hire(classes: list[_Class], staff: int, ects: int, seed: int) -> list[_Teacher]:
    """Give each department its head, leaders, ECTs, part-timers and teachers, by its lessons."""
    demand: Counter[str] = Counter()
    by_form: Counter[str] = Counter()
    for c in classes:
        demand[DEPARTMENT_OF[c.subject]] += c.lessons
        if not c.column:
            by_form[DEPARTMENT_OF[c.subject]] += c.lessons
    largest = sorted(demand, key=lambda d: (-demand[d], d))
    out: list[_Teacher] = []

    def hire(
        role: str, department: str, fte: Fraction = Fraction(1), off: tuple[int, ...] = ()
    ) -> None:
        out.append(_Teacher(len(out), role, department, fte, off))

    for department in largest:
        hire("head", department)
    for i in range(round(staff / 16)):
        hire("leader", largest[i % len(largest)])
    for i in range(ects):
        hire("ect", largest[i])
        hire("mentor", largest[i])
    part = round(PART_TIME * staff)
    taken: Counter[str] = Counter()
    days = [int(str(d)) for d in _shuffled(range(5), seed, "days off")]
    for i in range(part):
        # part-timers teach no options, which run every day
        department = max(by_form, key=lambda d: (by_form[d] / (1 + taken[d]), d))
        taken[department] += 1
        off = (days[i % 5],) if i % 2 else (days[i % 5], days[(i + 2) % 5])
        hire("part", department, Fraction(5 - len(off), 5), tuple(sorted(off)))
    while len(out) < staff:
        weight: Counter[str] = Counter()
        for t in out:
            weight[t.department] += round(1000 * t.weight)
        hire("main", max(demand, key=lambda d: (demand[d] / weight[d], d)))
    return out


def _assign(classes: list[_Class], teachers: list[_Teacher], seed: int) -> None:
    """Give each class one teacher of its department; nobody has two classes in one column."""
    for department in DEPARTMENTS:
        mine = [c for c in classes if DEPARTMENT_OF[c.subject] == department]
        staff = [t for t in teachers if t.department == department]
        unit = sum(c.lessons for c in mine) / sum(t.weight for t in staff)
        # columns first, they are the tightest; then large classes before small ones
        order = sorted(
            mine, key=lambda c: (not c.column, -c.lessons, stable_fraction(seed, c.code))
        )
        for c in order:
            # in a very small department comfort gives way
            able = [t for t in staff if _may_teach(t, c)] or [
                t for t in staff if t.role != "part" and not any(x.mask & c.mask for x in t.classes)
            ]
            if not able:
                raise InputError(f"{department} has too few teachers for {c.code}")
            best = min(able, key=lambda t: ((t.load + c.lessons) / (t.weight * unit), t.number))
            _give(c, best)
        while _even_out(mine, staff, unit, teachers):
            pass
    _untangle(classes, teachers)


def _untangle(classes: list[_Class], teachers: list[_Teacher]) -> None:
    """Swap teachers between groups of a year until each group can be taught in every column.

    Where all of a group's teachers have options in one column, nobody could teach the group then.
    A swap inside a year and subject changes nobody's load.
    """
    core = [c for c in classes if not c.column and c.year >= 10]
    groups = {c.group: [x for x in core if x.group == c.group] for c in core}

    def trouble(group: str) -> int:
        out = 0
        for column in range(LESSON_PERIODS):
            cells = _open_mask((groups[group][0].year,)) & COLUMN_MASK[column]
            able = 0
            for c in groups[group]:
                taken = 0
                for o in teachers[c.teacher].classes:
                    taken |= o.mask
                able += min(c.lessons, (cells & ~taken).bit_count())
            out += max(0, cells.bit_count() + SLACK - able) ** 2
        return out

    for _ in range(20):
        changed = False
        for one in core:
            for two in core:
                if one.year != two.year or one.subject != two.subject or one.group >= two.group:
                    continue
                if one.teacher == two.teacher:
                    continue
                before = trouble(one.group) + trouble(two.group)
                if not before:
                    continue
                _exchange(one, two, teachers)
                if trouble(one.group) + trouble(two.group) < before:
                    changed = True
                else:
                    _exchange(one, two, teachers)
        if not changed:
            return


def _exchange(one: _Class, two: _Class, teachers: list[_Teacher]) -> None:
    first, second = teachers[one.teacher], teachers[two.teacher]
    _take(one, first)
    _take(two, second)
    _give(one, second)
    _give(two, first)


def _may_teach(t: _Teacher, c: _Class, without: _Class | None = None) -> bool:
    """Tell whether a class still fits into a teacher's cells, whatever hours it will get.

    Part-timers teach no options, which run every day. For the rest, the lessons of each year, and
    of years together, must leave room among the cells that the teacher's columns leave open.
    """
    if t.role == "part" and c.column:
        return False
    mine = [x for x in t.classes if x is not without]
    if c.column and any(x.column == c.column for x in mine):
        return False
    mine.append(c)
    taken = t.away
    by_year = Counter[int]()
    for x in mine:
        taken |= x.mask
        if not x.column:
            by_year[x.year] += x.lessons
    return all(
        sum(by_year[y] for y in years) <= ROOM * (_open_mask(years) & ~taken).bit_count()
        for years in ((10,), (11,), (10, 11), (7, 8, 9, 10, 11))
    )


def _mask(cells: Iterable[int]) -> int:
    """Return cells as the bits of one number."""
    return sum(1 << c for c in set(cells))


@lru_cache(maxsize=8)
def _open_mask(years: tuple[int, ...]) -> int:
    """Return the cells in which a group of any of these years may have a core lesson."""
    return _mask(c for y in years for c in _core_cells(y))


@lru_cache(maxsize=8)
def _core_cells(year: int) -> frozenset[int]:
    """Return the cells in which the groups of a year are not in options or with their tutors."""
    taken = {
        cell
        for (y, block), column in COLUMNS.items()
        if y == year
        for cell in _column_cells(column, OPTION_LESSONS, 2 * y + block)
    }
    return frozenset(set(range(CELLS)) - taken - set(PASTORAL))


def _give(c: _Class, t: _Teacher) -> None:
    c.teacher = t.number
    t.load += c.lessons
    t.classes.append(c)


def _take(c: _Class, t: _Teacher) -> None:
    t.load -= c.lessons
    t.classes.remove(c)


def _even_out(
    mine: list[_Class], staff: list[_Teacher], unit: float, teachers: list[_Teacher]
) -> bool:
    """Move one class, or swap two, where that makes the loads of a department more even."""

    def strain(t: _Teacher, more: int = 0) -> float:
        over = t.load + more - t.weight * unit
        # the lighter timetable of an ECT is a right, so being over it weighs more
        heavy = {"ect": 20.0, "mentor": 5.0}.get(t.role, 1.0) if over > 0 else 1.0
        return heavy * over * over / t.weight

    best = -1e-9
    chosen: tuple[_Class, _Teacher, _Class | None] | None = None
    now = {t.number: strain(t) for t in staff}
    for one in mine:
        giver = teachers[one.teacher]
        lighter = strain(giver, -one.lessons) - now[giver.number]
        for t in staff:
            if t is giver:
                continue
            change = lighter + strain(t, one.lessons) - now[t.number]
            if change < best and _may_teach(t, one):
                best, chosen = change, (one, t, None)
        for two in mine:
            t = teachers[two.teacher]
            more = two.lessons - one.lessons
            if more >= 0 or t is giver or one.column or two.column:
                continue
            change = strain(giver, more) + strain(t, -more) - now[giver.number] - now[t.number]
            if change < best and _may_teach(t, one, two) and _may_teach(giver, two, one):
                best, chosen = change, (one, t, two)
    if chosen is None:
        return False
    one, t, swapped = chosen
    giver = teachers[one.teacher]
    _take(one, giver)
    if swapped is not None:
        _take(swapped, t)
        _give(swapped, giver)
    _give(one, t)
    return True


# when it is taught ---------------------------------------------------------------------------------


class _Board:
    """Who is where: one row of cells for each group and each teacher."""

    def __init__(self, teachers: list[_Teacher], groups: Iterable[str]) -> None:
        self.teacher: list[list[_Class | str | None]] = [[None] * CELLS for _ in teachers]
        self.group: dict[str, list[_Class | str | None]] = {g: [None] * CELLS for g in groups}
        for cell in PASTORAL:
            for row in (*self.teacher, *self.group.values()):
                row[cell] = "tutor period"
        for t in teachers:
            for cell in range(CELLS):
                if cell // LESSON_PERIODS % 5 in t.off:
                    self.teacher[t.number][cell] = "off"

    def put(self, c: _Class, cell: int) -> None:
        self.group[c.group][cell] = c
        self.teacher[c.teacher][cell] = c
        c.cells.append(cell)

    def lift(self, c: _Class, cell: int) -> None:
        self.group[c.group][cell] = None
        self.teacher[c.teacher][cell] = None
        c.cells.remove(cell)


def _timetable(classes: list[_Class], teachers: list[_Teacher], seed: int) -> _Board:
    """Give every lesson a cell."""
    board = _Board(teachers, sorted({c.group for c in classes if not c.column}))
    for c in classes:
        if not c.column:
            continue
        for cell in c.cells:
            board.teacher[c.teacher][cell] = c
            for group, row in board.group.items():
                # an option block takes every group of its year
                if group[:-1] == c.group[:-1]:
                    row[cell] = "options"
    _hold(board, teachers, seed)
    loose = [c for c in classes if not c.column]
    loose.sort(
        key=lambda c: (
            c.year < 10,  # years with options have the fewest open cells
            -len(teachers[c.teacher].off),
            -teachers[c.teacher].load,
            stable_fraction(seed, "order", c.code),
        )
    )
    waiting = [c for c in reversed(loose) for _ in range(c.lessons)]
    history: Counter[tuple[str, int]] = Counter()
    for _ in range(PATIENCE):
        if not waiting:
            break
        waiting += _place(board, waiting.pop(), history, seed)
    else:
        raise InputError(f"no timetable was found with seed {seed}", remedy="try another seed")
    for _ in range(30):
        if not _spread(board, seed):
            break
    return board


def _couples(teachers: list[_Teacher]) -> list[tuple[_Teacher, _Teacher]]:
    """Return each ECT with the mentor of their department."""
    mentors = {t.department: t for t in teachers if t.role == "mentor"}
    return [(t, mentors[t.department]) for t in teachers if t.role == "ect"]


HOLD_FIRST = (2, 3, 1, 4, 0)
"""Weekdays in the order in which a pair's hour is looked for: a visit can then come before it."""


def _hold(board: _Board, teachers: list[_Teacher], seed: int) -> None:
    """Keep one hour a week free for each pair, as a school would."""
    half = CELLS // 2
    for key, (ect, mentor) in enumerate(_couples(teachers)):
        rows = [board.teacher[t.number] for t in (ect, mentor)]
        hours = [x for x in range(half) if not any(row[x] or row[x + half] for row in rows)]
        hours.sort(key=lambda x: stable_fraction(seed, "hour", x))
        hours.sort(key=lambda x: HOLD_FIRST.index(x // LESSON_PERIODS))
        if hours:
            best = hours[key % min(3, len(hours))]
            for row in rows:
                row[best] = row[best + half] = "held"


def _place(board: _Board, c: _Class, history: Counter[tuple[str, int]], seed: int) -> list[_Class]:
    """Put one more lesson of a class; return lessons that had to give way and now wait.

    First a cell that is free for both, then a chain of swaps, then the cell that displaces least.
    """
    group, teacher = board.group[c.group], board.teacher[c.teacher]
    open_group = [x for x in range(CELLS) if group[x] is None]
    open_teacher = [x for x in range(CELLS) if teacher[x] is None]

    def comfort(x: int) -> tuple[int, int, float]:
        return (_crowding(c, x), _busy(teacher, x), stable_fraction(seed, c.code, x))

    both = [x for x in open_group if teacher[x] is None]
    if both:
        board.put(c, min(both, key=comfort))
        return []
    for a in open_group:
        for b in open_teacher:
            chain = _chain(board, c, a, b)
            if chain is not None:
                for other, cell in chain:
                    board.lift(other, cell)
                for other, cell in chain:
                    board.put(other, b if cell == a else a)
                board.put(c, a)
                return []
    movable = [x for x in range(CELLS) if _movable(group[x]) and _movable(teacher[x], but=c)]
    if not movable:
        raise InputError(f"class {c.code} fits nowhere with seed {seed}", remedy="try another seed")

    def harm(x: int) -> tuple[int, float]:
        # a cell that was fought over costs more each time, so that the search does not circle
        displaced = (group[x] is not None) + (teacher[x] is not None and teacher[x] is not group[x])
        return (2 * displaced + history[c.code, x], stable_fraction(seed, "harm", c.code, x))

    best = min(movable, key=harm)
    history[c.code, best] += 1
    gone = {id(o): o for o in (group[best], teacher[best]) if isinstance(o, _Class)}
    for other in gone.values():
        board.lift(other, best)
    board.put(c, best)
    return list(gone.values())


def _movable(what: _Class | str | None, but: _Class | None = None) -> bool:
    """Tell whether a cell is open or holds a lesson that may be moved."""
    return what is None or (isinstance(what, _Class) and not what.column and what is not but)


def _chain(board: _Board, c: _Class, a: int, b: int) -> list[tuple[_Class, int]] | None:
    """Return the lessons to swap between two cells so that a teacher becomes free in the first.

    The teacher is busy in cell ``a`` and free in ``b``. Moving that lesson to ``b`` may push its
    group's lesson to ``a``, whose teacher's to ``b``, and so on (a Kempe chain).
    """
    out: list[tuple[_Class, int]] = []
    teacher, here, there = c.teacher, a, b
    for _ in range(CELLS * 4):
        lesson = board.teacher[teacher][here]
        if lesson is None:
            return out
        if isinstance(lesson, str) or lesson.column:
            return None
        out.append((lesson, here))
        pushed = board.group[lesson.group][there]
        if pushed is None:
            # a group that is free there ends the chain
            return out if lesson.group != c.group else None
        if isinstance(pushed, str):
            return None
        out.append((pushed, there))
        teacher = pushed.teacher
    return None


def _crowding(c: _Class, cell: int) -> int:
    """How many lessons of the class stand on that day."""
    day = cell // LESSON_PERIODS
    return sum(x // LESSON_PERIODS == day for x in c.cells)


def _busy(row: list[_Class | str | None], cell: int) -> int:
    day = cell - cell % LESSON_PERIODS
    return sum(x is not None for x in row[day : day + LESSON_PERIODS])


def _spread(board: _Board, seed: int) -> int:
    """Exchange two cells along chains where that puts classes on more days; return how often."""
    gains = 0
    crowded = [
        (c, x)
        for group in board.group.values()
        for x, c in enumerate(group)
        if isinstance(c, _Class) and _crowding(c, x) > 1
    ]
    for c, x in crowded:
        if x not in c.cells or _crowding(c, x) < 2:
            continue
        days = Counter(cell // LESSON_PERIODS for cell in c.cells)
        fewer = days[x // LESSON_PERIODS] - 1
        lighter = [y for y in range(CELLS) if days[y // LESSON_PERIODS] < fewer]
        for y in sorted(lighter, key=lambda y: stable_fraction(seed, "spread", c.code, x, y)):
            linked = _linked(board, c, x, y)
            if linked and _exchange_cells(board, linked, x, y):
                gains += 1
                break
    return gains


def _linked(board: _Board, c: _Class, x: int, y: int) -> list[tuple[_Class, int]]:
    """Return all lessons that must change between two cells when one does; none if one cannot."""
    found = {(id(c), x): (c, x)}
    waiting = [(c, x)]
    while waiting:
        lesson, cell = waiting.pop()
        there = y if cell == x else x
        for row in (board.group[lesson.group], board.teacher[lesson.teacher]):
            other = row[there]
            if other is None:
                continue
            if isinstance(other, str) or other.column:
                return []
            if (id(other), there) not in found:
                found[id(other), there] = (other, there)
                waiting.append((other, there))
    return list(found.values())


def _exchange_cells(board: _Board, linked: list[tuple[_Class, int]], x: int, y: int) -> bool:
    """Exchange linked lessons between two cells; undo it unless classes then crowd less."""
    classes = list({id(c): c for c, _ in linked}.values())
    before = sum(_repeats(c) for c in classes)
    moved = [(c, y if cell == x else x) for c, cell in linked]
    for there, here in ((moved, linked), (linked, moved)):
        for c, cell in here:
            board.lift(c, cell)
        for c, cell in there:
            board.put(c, cell)
        if there is moved and sum(_repeats(c) for c in classes) < before:
            return True
    return False


def _repeats(c: _Class) -> int:
    """Weigh a class's lessons on one day: two are a pity, three are wrong."""
    days = Counter(cell // LESSON_PERIODS for cell in c.cells)
    return sum((n - 1) ** 3 for n in days.values())


# the school ----------------------------------------------------------------------------------------


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
    board: _Board, teachers: list[_Teacher], seed: int, name: str, calendar: Calendar
) -> School:
    """Put the board into a school: lessons, tutor groups, meetings, duties, marks for cover."""
    order = _shuffled([t.number for t in teachers], seed, "ids")
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
            if isinstance(what, _Class):
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
        (Pair(ids[ect.number], ids[mentor.number]) for ect, mentor in _couples(teachers)),
        key=lambda p: p.id,
    )
    return School(
        name=name,
        phase="secondary",
        calendar=calendar,
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


def _tutors(board: _Board, teachers: list[_Teacher]) -> list[int]:
    """Return a tutor for each group and for ten sixth form groups; no ECT, leader or head first."""
    able = [t for t in teachers if t.role in ("main", "mentor", "part", "head") and 0 not in t.off]
    rank = {"main": 0, "mentor": 0, "part": 1, "head": 2}
    able.sort(key=lambda t: (rank[t.role], t.number))
    return [t.number for t in able[: len(board.group) + len(board.group) // 5]]


def _mark(
    rows: dict[int, list[str]],
    cells: dict[tuple[str, int], Cell],
    ids: dict[int, str],
    teachers: list[_Teacher],
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


def main(arguments: list[str]) -> int:
    """Write the sample school; the argument is the folder, by default the shipped one."""
    target = Path(arguments[0]) if arguments else data_dir() / "schools" / "default"
    write_folder(target, sample_files(), replace=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
