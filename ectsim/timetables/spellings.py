"""Spellings of weeks, days and slots in the exports of English timetabling programs.

Every program writes the second lesson of Monday in week A in its own way. Each way is one row of
:data:`SPELLINGS`, with examples that are tested. A text is held against every row; where two rows
read it differently, both readings are said and neither is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ectsim.clock import WEEKDAYS, Grid
from ectsim.errors import InputError

__all__ = [
    "DAY_SPELLINGS",
    "SPELLINGS",
    "Reading",
    "Spelling",
    "as_weekdays",
    "known_days",
    "number_slots",
    "one_cycle",
    "read_day",
    "read_slot",
    "read_week",
    "reads_as_slot",
]


class Reading(NamedTuple):
    """What a slot's code says: week of the cycle (0 where it names none), weekday and period."""

    week: int
    day: int
    period: str

    def __str__(self) -> str:
        """Return it in words."""
        week = f"week {self.week}, " if self.week else ""
        return f"{week}{WEEKDAYS[self.day]}, period {self.period}"


@dataclass(frozen=True)
class Spelling:
    """One way of writing a slot or a day.

    Parameters
    ----------
    name : str
        What it looks like and who writes so.
    pattern : re.Pattern
        With the groups ``w`` (week), ``d`` (day) and ``p`` (period).
    examples : dict of str to tuple
        Text, and the week, day and period that it means.
    """

    name: str
    pattern: re.Pattern[str]
    examples: dict[str, tuple[int, int, str]]


# the parts of a code; a separator may be anything that programs put between two parts
DAY = r"(?P<d>mo(?:n(?:day)?)?|tu(?:es?(?:day)?)?|we(?:d(?:nesday)?)?|th(?:u(?:rs?(?:day)?)?)?|fr(?:i(?:day)?)?)"
LETTER_DAY = r"(?P<d>[mtwf])"
WEEK = r"(?P<w>(?:(?:week|wk|w)[ .]?)?[12ab])"
WEEK_NUMBER = r"(?P<w>(?:(?:week|wk|w)[ .]?)?[12])"
WEEK_LETTER = r"(?P<w>(?:(?:week|wk|w)[ .]?)?[ab])"
NUMBER = r"0*\d{1,2}"
PERIOD = rf"(?P<p>(?:(?:period|per|lesson|p|l)[ .]?)?{NUMBER})"
LETTERED_PERIOD = rf"(?P<p>(?:period|per|lesson|p|l)[ .]?{NUMBER})"
# a name such as AM or Reg is only a period's after a colon, where nothing else can stand
NAMED = rf"(?P<p>(?:(?:period|per|lesson|p|l)[ .]?)?{NUMBER}|[a-z][\w /&.-]{{0,18}})"
SEP = r"[\s:/.,_()-]{0,3}"
APART = r"[\s:/.,_()-]{1,3}"
SPACE = r"\s?"


def _way(name: str, pattern: str, examples: dict[str, tuple[int, int, str]]) -> Spelling:
    return Spelling(name, re.compile(pattern, re.IGNORECASE), examples)


SPELLINGS: tuple[Spelling, ...] = (
    _way(
        "week, day, colon, period (SIMS)",
        rf"{WEEK}{SPACE}{DAY}\s?:\s?{NAMED}",
        {
            "1Mon:3": (1, 0, "3"),
            "2Fri:6": (2, 4, "6"),
            "AThu:2": (1, 3, "2"),
            "1mon : 3": (1, 0, "3"),
            "1Mon:Reg": (1, 0, "Reg"),
            "1Tue:P4": (1, 1, "4"),
        },
    ),
    _way(
        "day, week, colon, period (Nova-T6)",
        rf"{DAY}{SEP}{WEEK}\)?\s?:\s?{NAMED}",
        {
            "MonA:1": (1, 0, "1"),
            "Mon1:1": (1, 0, "1"),
            "WedB:5": (2, 2, "5"),
            "MONB:AM": (2, 0, "AM"),
            "Tue (B): 3": (2, 1, "3"),
            "Mon A:10": (1, 0, "10"),
        },
    ),
    _way(
        "week, day, period (TimeTabler, Bromcom)",
        rf"{WEEK}{SEP}{DAY}{SEP}{PERIOD}",
        {
            "A Mon 1": (1, 0, "1"),
            "1MonP3": (1, 0, "3"),
            "1Mon3": (1, 0, "3"),
            "WkA Mon 1": (1, 0, "1"),
            "Week B Tuesday Period 4": (2, 1, "4"),
            "wk 2 thurs p05": (2, 3, "5"),
            "B-Fri-6": (2, 4, "6"),
            "1Mon12": (1, 0, "12"),
            "AMon1": (1, 0, "1"),
        },
    ),
    _way(
        "day, week letter, period (TimeTabler)",
        rf"{DAY}{SEP}{WEEK_LETTER}{SEP}{PERIOD}",
        {
            "Mon A 1": (1, 0, "1"),
            "MonA1": (1, 0, "1"),
            "MonAP1": (1, 0, "1"),
            "Monday WkB P2": (2, 0, "2"),
            "tues b 3": (2, 1, "3"),
            "Mon/A/12": (1, 0, "12"),
        },
    ),
    _way(
        "day, week number, period, set apart",
        rf"{DAY}{SEP}{WEEK_NUMBER}{APART}{PERIOD}",
        {"Mon 1 3": (1, 0, "3"), "Fri-2-6": (2, 4, "6"), "Monday Week 2 4": (2, 0, "4")},
    ),
    _way(
        "day, week number, lettered period",
        rf"{DAY}{SEP}{WEEK_NUMBER}{SEP}{LETTERED_PERIOD}",
        {"Mon1P3": (1, 0, "3"), "Wed Wk2 P5": (2, 2, "5"), "Thursday2Period1": (2, 3, "1")},
    ),
    _way(
        "day, week number, period, run together",
        rf"{DAY}\s?(?P<w>[12])(?P<p>[1-9]\d?|0[1-9])",
        {"Tue112": (1, 1, "12"), "Wednesday205": (2, 2, "5")},
    ),
    _way(
        "day, period (one-week timetables)",
        rf"{DAY}{SPACE}[-/.]?{SPACE}{PERIOD}",
        {
            "Mon3": (0, 0, "3"),
            "Mon P3": (0, 0, "3"),
            "Tuesday Period 2": (0, 1, "2"),
            "fri 6": (0, 4, "6"),
            "We-4": (0, 2, "4"),
        },
    ),
    _way(
        "day, colon, period (one-week timetables)",
        rf"{DAY}\s?:\s?{NAMED}",
        {"Mon:3": (0, 0, "3"), "Mon:12": (0, 0, "12"), "Thu: Reg": (0, 3, "Reg")},
    ),
    _way(
        "one letter for the day",
        rf"(?P<w>[12])?{SPACE}{LETTER_DAY}{SPACE}:?{SPACE}{PERIOD}",
        {"1M3": (1, 0, "3"), "2F:6": (2, 4, "6"), "W4": (0, 2, "4")},
    ),
)
"""Every way of writing a slot; numbers that run through the cycle are :func:`number_slots`."""

DAY_SPELLINGS: tuple[Spelling, ...] = (
    _way(
        "day alone",
        DAY,
        {"Mon": (0, 0, ""), "monday": (0, 0, ""), "Thurs": (0, 3, ""), "Fr": (0, 4, "")},
    ),
    _way(
        "week, day",
        rf"{WEEK}{SEP}{DAY}",
        {"1Mon": (1, 0, ""), "B Fri": (2, 4, ""), "WkA Mon": (1, 0, ""), "Week 2 Tue": (2, 1, "")},
    ),
    _way(
        "day, week",
        rf"{DAY}{SEP}{WEEK}\)?",
        {
            "MonA": (1, 0, ""),
            "Mon1": (1, 0, ""),
            "Monday Week 2": (2, 0, ""),
            "Wed (B)": (2, 2, ""),
        },
    ),
)
"""Every way of writing a day of the cycle, as a column's name or in a column ``day``."""

WEEK_ALONE = re.compile(r"(?:(?:week|wk|w)[ .]?)?([12ab])(?:\.0)?", re.IGNORECASE)
WEEKS = {"1": 1, "a": 1, "2": 2, "b": 2}
STARTS = {"m": (0,), "t": (1, 3), "w": (2,), "f": (4,), "mo": (0,), "tu": (1,), "we": (2,), "th": (3,), "fr": (4,)}  # fmt: skip
"""Weekdays that the first letters of a word can mean."""


def _readings(text: str, table: Sequence[Spelling]) -> list[Reading]:
    """Return every different thing that a text can mean."""
    folded = " ".join(text.split())
    found: dict[Reading, None] = {}
    # no code is that long, and a long text would only cost time
    for spelling in table if len(folded) <= 40 else ():
        match = spelling.pattern.fullmatch(folded)
        if match:
            parts = match.groupdict()
            week = WEEKS[parts["w"][-1].lower()] if parts.get("w") else 0
            for day in STARTS[parts["d"][:2].lower()]:
                found.setdefault(Reading(week, day, _period(parts.get("p") or "")))
    return list(found)


def _period(text: str) -> str:
    """Return a period's number without what stands before it, or its name."""
    match = re.fullmatch(rf"(?:(?:period|per|lesson|p|l)[ .]?)?({NUMBER})", text, re.IGNORECASE)
    return str(int(match[1])) if match else text


def reads_as_slot(text: str) -> bool:
    """Tell whether a text is a slot in any spelling, clear or not."""
    return bool(_readings(text, SPELLINGS))


def read_slot(text: str, where: str) -> Reading:
    """Read a slot's code in any spelling of :data:`SPELLINGS`.

    Parameters
    ----------
    text : str
        The code, such as ``1Mon:3``, ``MonA:1`` or ``Mon A 1``.
    where : str
        Its place, for messages.

    Returns
    -------
    Reading
        Week 0 where the code names none.

    Raises
    ------
    InputError
        If it is no slot, or can be read in two ways; both are named.
    """
    found = _readings(text, SPELLINGS)
    if len(found) == 1:
        return found[0]
    if found:
        raise _unclear(text, [str(r) for r in found], where, "write it as 1Mon:3 or Mon:12")
    if re.fullmatch(r"\d{1,3}", text.strip()):
        raise InputError(
            f"'{text}' is a running number and the periods of the cycle are not known",
            where=where,
            remedy="describe the day in a grid file and give it with --grid",
        )
    raise InputError(
        f"'{text[:40]}' is no slot of a cycle of one or two weeks",
        where=where,
        remedy="write it as 1Mon:3, MonA:1, Mon A 1 or A Mon 1",
    )


def _unclear(text: str, readings: Sequence[str], where: str, remedy: str) -> InputError:
    shown = " or ".join(f"'{r}'" for r in readings)
    return InputError(f"'{text}' can be read as {shown}", where=where, remedy=remedy)


def read_day(text: str, where: str) -> tuple[int, int]:
    """Read a day of the cycle: ``Mon``, ``1Mon``, ``MonA``, ``WkA Mon``, ``Monday Week 2``.

    Returns
    -------
    week : int
        0 where the text names none.
    day : int
        0 is Monday.

    Raises
    ------
    InputError
        If it is no school day.
    """
    found = _readings(text, DAY_SPELLINGS)
    if len(found) == 1:
        return found[0].week, found[0].day
    raise InputError(
        f"'{text[:40]}' is no school day", where=where, remedy="write it as Mon, 1Mon or MonA"
    )


def read_week(text: str, where: str) -> int:
    """Read a week of the cycle: ``1``, ``A``, ``WkA``, ``Week 2``.

    Raises
    ------
    InputError
        If it is no week of a cycle of one or two.
    """
    match = WEEK_ALONE.fullmatch(" ".join(text.split()))
    if not match:
        raise InputError(
            f"week '{text[:40]}' is not in the cycle", where=where, remedy="the week is 1 or 2"
        )
    return WEEKS[match[1].lower()]


def one_cycle(readings: Iterable[tuple[int, Reading]], where: str) -> None:
    """Refuse a file that names the week in one slot and leaves it out in another.

    Parameters
    ----------
    readings : iterable of (int, Reading)
        Line and what stands there.
    where : str
        The file's name, for messages.

    Raises
    ------
    InputError
        If both are found and there is a second week.
    """
    first: dict[bool, int] = {}
    second = False
    for line, reading in readings:
        first.setdefault(bool(reading.week), line)
        second = second or reading.week == 2
    if second and len(first) == 2:
        raise InputError(
            f"the slot names no week, and that of line {first[True]} does",
            where=f"{where}, line {first[False]}",
            remedy="name the week in every slot",
        )


# numbers that run through the cycle ----------------------------------------------------------------


def number_slots(grid: Grid, highest: int, where: str) -> dict[int, Reading]:
    """Return what the numbers 1, 2, 3 ... of a program mean in a grid.

    They run down each day and then to the next, through all weeks. Some programs count every row
    of the day, others those without break and lunch, others lessons only: the one that fits the
    highest number is taken, and two that fit it are an error.

    Parameters
    ----------
    grid : Grid
        The school's day.
    highest : int
        The highest number in the file.
    where : str
        The file's name, for messages.

    Raises
    ------
    InputError
        If the numbers fit no way of counting, or more than one.
    """
    ways: dict[str, list[Reading]] = {}
    for words, kinds in (
        ("every period", ("before", "lesson", "break", "lunch", "after")),
        ("every period without before school, break and lunch", ("lesson", "after")),
        ("every lesson", ("lesson",)),
    ):
        slots = [
            Reading(s.week, s.day, s.period)
            for s in grid.slots()
            if grid.periods[grid.index(s.period)].kind in kinds
        ]
        if slots not in ways.values():
            ways[words] = slots
    # two ways that give the same slots are one
    exact = {words: slots for words, slots in ways.items() if len(slots) == highest}
    fitting = exact or {words: slots for words, slots in ways.items() if len(slots) >= highest}
    if len(fitting) == 1:
        return dict(enumerate(next(iter(fitting.values())), start=1))
    counts = " or ".join(f"{words} ({len(slots)})" for words, slots in ways.items())
    problem = "more than one way" if fitting else "no way"
    raise InputError(
        f"the running numbers go to {highest}, which fits {problem} of counting the grid: {counts}",
        where=where,
        remedy="give a grid that holds the numbered periods only, or write slots as 1Mon:3",
    )


# days by their names in other languages ------------------------------------------------------------

LANGUAGES: dict[str, tuple[str, ...]] = {
    "Spanish": ("lunes", "martes", "miércoles", "jueves", "viernes"),
    "French": ("lundi", "mardi", "mercredi", "jeudi", "vendredi"),
    "German": ("montag", "dienstag", "mittwoch", "donnerstag", "freitag"),
    "Italian": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì"),
    "Portuguese": ("segunda", "terça", "quarta", "quinta", "sexta"),
    "Dutch": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag"),
    "Welsh": ("dydd llun", "dydd mawrth", "dydd mercher", "dydd iau", "dydd gwener"),
}
"""Monday to Friday, for files that name days in no order."""


def known_days(names: Sequence[str]) -> dict[str, int] | None:
    """Return the weekdays of names that are all weekdays of one language, else None."""
    english = {n: r.day for n in names for r in _readings(n, DAY_SPELLINGS[:1])}
    if len(english) == len(names):
        return english
    for days in LANGUAGES.values():
        plain = {n: n.casefold().removesuffix("-feira") for n in names}
        if all(p in days for p in plain.values()):
            return {n: days.index(p) for n, p in plain.items()}
    return None


def as_weekdays(names: Sequence[str], where: str, *, ordered: bool) -> tuple[dict[str, int], str]:
    """Return the weekday of each day's name, and what was assumed.

    Names of a known language mean what they say. Others are taken in their order.

    Parameters
    ----------
    names : sequence of str
        Every day of the file, each once.
    where : str
        The file's name, for messages.
    ordered : bool
        Whether the file gives the order of its days, or only that in which they turned up.

    Raises
    ------
    InputError
        If they are not five: a day that the file lacks is not a free day.
    """
    if len(names) != len(WEEKDAYS):
        shown = ", ".join(f"'{n}'" for n in names[:8])
        raise InputError(
            f"the file has {len(names)} days ({shown}) where a school week has five",
            where=where,
            remedy="export Monday to Friday of one week; a day that is missing is not a free day"
            if len(names) != 2 * len(WEEKDAYS)
            else "name the ten days of two weeks A Mon to B Fri, or export one week",
        )
    known = known_days(names)
    if known and len(set(known.values())) == len(WEEKDAYS):
        return known, ""
    order = ", ".join(f"{name} is {WEEKDAYS[i]}" for i, name in enumerate(names))
    source = "the file's order" if ordered else "the order in which they turn up"
    return {name: i for i, name in enumerate(names)}, f"days are taken in {source}: {order}"


WEEKEND = frozenset(
    {"saturday", "sat", "sunday", "sun", "sábado", "sabado", "domingo", "samedi", "dimanche",
     "samstag", "sonntag", "sabato", "domenica", "zaterdag", "zondag", "dydd sadwrn", "dydd sul"}
)  # fmt: skip
"""Days outside a school's week, in the languages above."""

MARKED = re.compile(r"(?:([AB12])[ ._-]*)?(.+?)(?:[ ._-]*\(?([AB12])\)?)?", re.IGNORECASE)
"""A day's name with the mark of a week before or after it."""


def as_cycle_days(
    names: Sequence[str], where: str, *, ordered: bool
) -> tuple[dict[str, tuple[int, int]], str]:
    """Return week and weekday of each day's name, and what was assumed.

    Ten names that each say their week, such as ``A Mon`` or ``Lunes 2``, are a cycle of two weeks;
    any others are taken as :func:`as_weekdays` takes them.

    Parameters
    ----------
    names, where, ordered
        As for :func:`as_weekdays`.

    Raises
    ------
    InputError
        If they are neither five nor such ten.
    """
    marked = {n: _week_and_day(n) for n in names}
    cycle = {(week, day) for week in (1, 2) for day in range(len(WEEKDAYS))}
    if len(names) == len(cycle) and set(marked.values()) == cycle:
        return {n: found for n, found in marked.items() if found}, ""
    days, said = as_weekdays(names, where, ordered=ordered)
    return {n: (1, d) for n, d in days.items()}, said


def _week_and_day(name: str) -> tuple[int, int] | None:
    """Return the week and the weekday of a name that says both, else None."""
    read = {(r.week, r.day) for r in _readings(name, DAY_SPELLINGS) if r.week}
    if len(read) == 1:
        return read.pop()
    found = MARKED.fullmatch(name.strip())
    mark = (found[1] or found[3] or "").upper() if found and not (found[1] and found[3]) else ""
    day = known_days([found[2].strip()]) if found and mark else None
    return (1 if mark in "A1" else 2, next(iter(day.values()))) if day else None
