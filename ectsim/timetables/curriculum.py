"""What a generated school teaches: classes of years 7 to 13 and the columns of its options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from ectsim.luck import stable_fraction

__all__ = [
    "CELLS",
    "COLUMN_MASK",
    "DAYS",
    "DEPARTMENTS",
    "DEPARTMENT_OF",
    "LESSON_PERIODS",
    "PASTORAL",
    "TaughtClass",
    "Teacher",
    "cell_mask",
    "open_mask",
    "plan_classes",
    "shuffled",
]

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


@dataclass
class TaughtClass:
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
        self.mask = cell_mask(self.cells) if self.column else 0


@dataclass
class Teacher:
    """A teacher: a role, days off (0 is Monday), and the classes given so far."""

    number: int
    role: str
    department: str
    fte: Fraction = Fraction(1)
    off: tuple[int, ...] = ()
    classes: list[TaughtClass] = field(default_factory=list)
    load: int = 0

    def __post_init__(self) -> None:
        self.weight = WEIGHT[self.role] * float(self.fte)
        self.away = cell_mask(c for c in range(CELLS) if c // LESSON_PERIODS % 5 in self.off)


def shuffled(items: Iterable[object], *key: object) -> list[object]:
    """Return items in an order that depends on the key alone."""
    return sorted(items, key=lambda x: stable_fraction(*key, x))


def cell_mask(cells: Iterable[int]) -> int:
    """Return cells as the bits of one number."""
    return sum(1 << c for c in set(cells))


@lru_cache(maxsize=8)
def open_mask(years: tuple[int, ...]) -> int:
    """Return the cells in which a group of any of these years may have a core lesson."""
    return cell_mask(c for y in years for c in _core_cells(y))


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


def column_of(cell: int) -> int:
    """Return the column of a cell: each column has one cell a day, at another hour each day."""
    day, period = divmod(cell, LESSON_PERIODS)
    return (period + 2 * (day % 5) + day // 5) % LESSON_PERIODS


def _column_cells(column: int, count: int, start: int) -> list[int]:
    cells = [c for c in range(CELLS) if column_of(c) == column and c not in PASTORAL]
    start %= len(cells)
    turned = cells[start:] + cells[:start]
    # every other day first, so that six lessons in ten days do not crowd in one week
    spread = turned[::2] + turned[1::2]
    return sorted(spread[:count])


COLUMN_MASK = [
    sum(1 << c for c in range(CELLS) if column_of(c) == column) for column in range(LESSON_PERIODS)
]

COLUMNS = {
    (10, 0): 0, (10, 1): 4, (10, 2): 2,
    (11, 0): 4, (11, 1): 0, (11, 2): 3,
    (12, 0): 0, (12, 1): 1, (12, 2): 2, (12, 3): 3,
    (13, 0): 1, (13, 1): 2, (13, 2): 3, (13, 3): 4,
}  # fmt: skip
"""Column of each option block: (year, block) to column."""


def plan_classes(forms: int) -> list[TaughtClass]:
    """Return every class of a school with so many groups a year."""
    letters = "abcdefghijklmnopqrstuvwxyz"[:forms]
    out: list[TaughtClass] = []
    for year in (7, 8, 9):
        for i, letter in enumerate(letters):
            for subject, lessons in LOWER.items():
                word = ("Fr" if i % 2 else "Sp") if subject == "Ml" else subject
                out.append(TaughtClass(f"{year}{letter}/{word}1", word, lessons, f"{year}{letter}"))
    for year in (10, 11):
        for letter in letters:
            for subject, lessons in CORE.items():
                out.append(
                    TaughtClass(f"{year}{letter}/{subject}1", subject, lessons, f"{year}{letter}")
                )
        out += _options(year, GCSE, forms, blocks=3, lessons=OPTION_LESSONS)
    for year, subjects in SIXTH.items():
        out += _options(year, subjects, forms, blocks=4, lessons=9)
    return out


def _options(
    year: int, subjects: dict[str, int], forms: int, *, blocks: int, lessons: int
) -> list[TaughtClass]:
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
            TaughtClass(
                f"{code}{seen[code]}", word, lessons, f"{year}{letter}", str(column), cells=cells
            )
        )
    return out
