"""When a generated school teaches: every lesson in a cell, nobody in two places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ectsim.errors import InputError
from ectsim.luck import stable_fraction
from ectsim.timetables.curriculum import CELLS, LESSON_PERIODS, PASTORAL, TaughtClass, Teacher

__all__ = ["Board", "couples", "lay_out"]

PATIENCE = 50_000
"""Steps after which a timetable is given up."""


class Board:
    """Who is where: one row of cells for each group and each teacher."""

    def __init__(self, teachers: list[Teacher], groups: Iterable[str]) -> None:
        self.teacher: list[list[TaughtClass | str | None]] = [[None] * CELLS for _ in teachers]
        self.group: dict[str, list[TaughtClass | str | None]] = {g: [None] * CELLS for g in groups}
        for cell in PASTORAL:
            for row in (*self.teacher, *self.group.values()):
                row[cell] = "tutor period"
        for t in teachers:
            for cell in range(CELLS):
                if cell // LESSON_PERIODS % 5 in t.off:
                    self.teacher[t.number][cell] = "off"

    def put(self, c: TaughtClass, cell: int) -> None:
        """Give a class a lesson in a cell that its group and its teacher have open."""
        self.group[c.group][cell] = c
        self.teacher[c.teacher][cell] = c
        c.cells.append(cell)

    def lift(self, c: TaughtClass, cell: int) -> None:
        """Take a class's lesson out of a cell."""
        self.group[c.group][cell] = None
        self.teacher[c.teacher][cell] = None
        c.cells.remove(cell)


def lay_out(classes: list[TaughtClass], teachers: list[Teacher], seed: int) -> Board:
    """Give every lesson a cell.

    Parameters
    ----------
    classes : list of TaughtClass
        Every class; those with a column have their cells already.
    teachers : list of Teacher
        By number.
    seed : int
        Settles what is otherwise equal.

    Raises
    ------
    InputError
        If no timetable is found.
    """
    board = Board(teachers, sorted({c.group for c in classes if not c.column}))
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


def couples(teachers: list[Teacher]) -> list[tuple[Teacher, Teacher]]:
    """Return each ECT with the mentor of the same department."""
    mentors = {t.department: t for t in teachers if t.role == "mentor"}
    return [(t, mentors[t.department]) for t in teachers if t.role == "ect"]


HOLD_FIRST = (2, 3, 1, 4, 0)
"""Weekdays in the order in which a pair's hour is looked for: a visit can then come before it."""


def _hold(board: Board, teachers: list[Teacher], seed: int) -> None:
    """Keep one hour a week free for each pair, as a school would."""
    half = CELLS // 2
    for key, (ect, mentor) in enumerate(couples(teachers)):
        rows = [board.teacher[t.number] for t in (ect, mentor)]
        hours = [x for x in range(half) if not any(row[x] or row[x + half] for row in rows)]
        hours.sort(key=lambda x: stable_fraction(seed, "hour", x))
        hours.sort(key=lambda x: HOLD_FIRST.index(x // LESSON_PERIODS))
        if hours:
            best = hours[key % min(3, len(hours))]
            for row in rows:
                row[best] = row[best + half] = "held"


def _place(
    board: Board, c: TaughtClass, history: Counter[tuple[str, int]], seed: int
) -> list[TaughtClass]:
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
    if _swap_in(board, c, open_group, open_teacher):
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
    gone = {id(o): o for o in (group[best], teacher[best]) if isinstance(o, TaughtClass)}
    for other in gone.values():
        board.lift(other, best)
    board.put(c, best)
    return list(gone.values())


def _swap_in(board: Board, c: TaughtClass, open_group: list[int], open_teacher: list[int]) -> bool:
    """Place a lesson by swapping others between two cells; tell whether that was possible."""
    for a in open_group:
        for b in open_teacher:
            chain = _chain(board, c, a, b)
            if chain is None:
                continue
            for other, cell in chain:
                board.lift(other, cell)
            for other, cell in chain:
                board.put(other, b if cell == a else a)
            board.put(c, a)
            return True
    return False


def _movable(what: TaughtClass | str | None, but: TaughtClass | None = None) -> bool:
    """Tell whether a cell is open or holds a lesson that may be moved."""
    return what is None or (isinstance(what, TaughtClass) and not what.column and what is not but)


def _chain(board: Board, c: TaughtClass, a: int, b: int) -> list[tuple[TaughtClass, int]] | None:
    """Return the lessons to swap between two cells so that a teacher becomes free in the first.

    The teacher is busy in cell ``a`` and free in ``b``. Moving that lesson to ``b`` may push its
    group's lesson to ``a``, whose teacher's to ``b``, and so on (a Kempe chain).
    """
    out: list[tuple[TaughtClass, int]] = []
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


def _crowding(c: TaughtClass, cell: int) -> int:
    """How many lessons of the class stand on that day."""
    day = cell // LESSON_PERIODS
    return sum(x // LESSON_PERIODS == day for x in c.cells)


def _busy(row: list[TaughtClass | str | None], cell: int) -> int:
    day = cell - cell % LESSON_PERIODS
    return sum(x is not None for x in row[day : day + LESSON_PERIODS])


def _spread(board: Board, seed: int) -> int:
    """Exchange two cells along chains where that puts classes on more days; return how often."""
    gains = 0
    crowded = [
        (c, x)
        for group in board.group.values()
        for x, c in enumerate(group)
        if isinstance(c, TaughtClass) and _crowding(c, x) > 1
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


def _linked(board: Board, c: TaughtClass, x: int, y: int) -> list[tuple[TaughtClass, int]]:
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


def _exchange_cells(board: Board, linked: list[tuple[TaughtClass, int]], x: int, y: int) -> bool:
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


def _repeats(c: TaughtClass) -> int:
    """Weigh a class's lessons on one day: two are a pity, three are wrong."""
    days = Counter(cell // LESSON_PERIODS for cell in c.cells)
    return sum((n - 1) ** 3 for n in days.values())
