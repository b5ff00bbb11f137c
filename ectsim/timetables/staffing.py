"""Who teaches what in a generated school: staff for each department, one teacher for each class."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from ectsim.errors import InputError
from ectsim.luck import stable_fraction
from ectsim.timetables.curriculum import (
    COLUMN_MASK,
    DEPARTMENT_OF,
    DEPARTMENTS,
    LESSON_PERIODS,
    TaughtClass,
    Teacher,
    open_mask,
    shuffled,
)

__all__ = ["assign_classes", "hire_staff"]

PART_TIME = 0.19
"""Share of staff who work part time, half of them three days and half four."""

ROOM = 0.9
"""Share of a teacher's open cells that lessons may fill, so that a timetable can be found."""

SLACK = 6
"""Lessons beyond its cells that a group's teachers could give in each column."""


def hire_staff(classes: list[TaughtClass], staff: int, ects: int, seed: int) -> list[Teacher]:
    """Give each department its head, leaders, ECTs, part-timers and teachers, by its lessons."""
    demand: Counter[str] = Counter()
    by_form: Counter[str] = Counter()
    for c in classes:
        demand[DEPARTMENT_OF[c.subject]] += c.lessons
        if not c.column:
            by_form[DEPARTMENT_OF[c.subject]] += c.lessons
    largest = sorted(demand, key=lambda d: (-demand[d], d))
    out: list[Teacher] = []

    def hire(
        role: str, department: str, fte: Fraction = Fraction(1), off: tuple[int, ...] = ()
    ) -> None:
        out.append(Teacher(len(out), role, department, fte, off))

    for department in largest:
        hire("head", department)
    for i in range(round(staff / 16)):
        hire("leader", largest[i % len(largest)])
    for i in range(ects):
        hire("ect", largest[i])
        hire("mentor", largest[i])
    part = round(PART_TIME * staff)
    taken: Counter[str] = Counter()
    days = [int(str(d)) for d in shuffled(range(5), seed, "days off")]
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


def assign_classes(classes: list[TaughtClass], teachers: list[Teacher], seed: int) -> None:
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


def _untangle(classes: list[TaughtClass], teachers: list[Teacher]) -> None:
    """Swap teachers between groups of a year until each group can be taught in every column.

    Where all of a group's teachers have options in one column, nobody could teach the group then.
    A swap inside a year and subject changes nobody's load.
    """
    core = [c for c in classes if not c.column and c.year >= 10]
    groups = {c.group: [x for x in core if x.group == c.group] for c in core}

    def trouble(group: str) -> int:
        out = 0
        for column in range(LESSON_PERIODS):
            cells = open_mask((groups[group][0].year,)) & COLUMN_MASK[column]
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


def _exchange(one: TaughtClass, two: TaughtClass, teachers: list[Teacher]) -> None:
    first, second = teachers[one.teacher], teachers[two.teacher]
    _take(one, first)
    _take(two, second)
    _give(one, second)
    _give(two, first)


def _may_teach(t: Teacher, c: TaughtClass, without: TaughtClass | None = None) -> bool:
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
        sum(by_year[y] for y in years) <= ROOM * (open_mask(years) & ~taken).bit_count()
        for years in ((10,), (11,), (10, 11), (7, 8, 9, 10, 11))
    )


def _give(c: TaughtClass, t: Teacher) -> None:
    c.teacher = t.number
    t.load += c.lessons
    t.classes.append(c)


def _take(c: TaughtClass, t: Teacher) -> None:
    t.load -= c.lessons
    t.classes.remove(c)


def _even_out(
    mine: list[TaughtClass], staff: list[Teacher], unit: float, teachers: list[Teacher]
) -> bool:
    """Move one class, or swap two, where that makes the loads of a department more even."""

    def strain(t: Teacher, more: int = 0) -> float:
        over = t.load + more - t.weight * unit
        # the lighter timetable of an ECT is a right, so being over it weighs more
        heavy = {"ect": 20.0, "mentor": 5.0}.get(t.role, 1.0) if over > 0 else 1.0
        return heavy * over * over / t.weight

    best = -1e-9
    chosen: tuple[TaughtClass, Teacher, TaughtClass | None] | None = None
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
