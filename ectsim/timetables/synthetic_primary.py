"""A primary school of our own making: one to three classes a year, and nobody with a free period.

Class teachers teach all day but for planning time, for which a PPA teacher takes the class; an ECT
has three more periods without the class. So an induction slot stands only while somebody named
takes a class: here a higher level teaching assistant (HLTA), who is also the first to be called
when a colleague is ill.

``python -m ectsim.timetables.synthetic_primary`` writes the school ``primary`` that ships.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ectsim.clock import Grid, Period, PeriodKind, minutes
from ectsim.errors import InputError
from ectsim.folder import sample_calendars, school_files
from ectsim.plan import PairSlots, Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import Cell, Conditions, Pair, School, Staff, Timetable
from ectsim.share import data_dir
from ectsim.timetables.writing import write_folder

__all__ = ["primary_files", "primary_slots", "synthetic_primary"]

Put = Callable[..., None]

BELLS: tuple[tuple[str, str, str, PeriodKind], ...] = (
    ("before", "08:00", "08:45", "before"),
    ("1", "09:00", "10:00", "lesson"),
    ("2", "10:00", "10:45", "lesson"),
    ("break", "10:45", "11:00", "break"),
    ("3", "11:00", "12:00", "lesson"),
    ("lunch", "12:00", "13:00", "lunch"),
    ("4", "13:00", "14:00", "lesson"),
    ("5", "14:00", "15:20", "lesson"),
    ("after", "15:30", "16:30", "after"),
)
GRID = Grid(tuple(Period(n, minutes(a), minutes(b), k) for n, a, b, k in BELLS), cycle_weeks=1)
AT = {p.id: i for i, p in enumerate(GRID.periods)}
LESSONS = ("1", "2", "3", "4", "5")

YEARS = ("R", "1", "2", "3", "4", "5", "6")
COACHED = (("1", "2"), ("5", "6"), ("3", "4"))
"""Year groups of ECTs and of their mentors, in turn."""

RELEASES = (((1, "3"), (2, "2"), (3, "3")), ((1, "2"), (2, "3"), (3, "2")))
"""When an ECT has neither class nor planning time: (day, period), 0 is Monday; 10 % of 25 periods.

A PPA teacher has these periods free, so can take the classes of two ECTs.
"""

ASSISTANTS = ("H2", "H3", "H1")

PPA_HALF_DAYS = ((0, "45"), (1, "45"), (2, "45"), (3, "45"), (4, "45"), (4, "123"), (0, "123"))
"""Each year's planning time: both classes of a year plan together, while two PPA teachers teach."""

SICK_DAYS_PRIMARY = 4.4
"""Days a primary teacher is ill in a year (E4-03: 4.1 to 4.5)."""


@dataclass(frozen=True, slots=True)
class Post:
    """An ECT, the mentor, the assistant who takes a class for them, the ECT's release and its taker."""

    ect: str
    mentor: str
    assistant: str
    release: tuple[tuple[int, str], ...]
    cover: str


def _posts(forms: int, ects: int, *, one_mentor: bool) -> tuple[Post, ...]:
    """Spread ECTs over forms so that nobody is wanted twice at one time."""
    out: list[Post] = []
    for i in range(ects):
        ect_year, mentor_year = COACHED[i % 3]
        form = (i + i // 3) % forms if forms == 3 else i % forms
        cover = f"P{form + 1}"
        taken = {p.release for p in out if p.cover == cover}
        release = next(r for r in (RELEASES[i % 2], RELEASES[1 - i % 2]) if r not in taken)
        busy = {p.assistant for p in out if p.release == release}
        turn = [*ASSISTANTS[i % 3 :], *ASSISTANTS[: i % 3]]
        assistant = next(a for a in turn if a not in busy)
        mentor = f"C{mentor_year}{FORMS[(form + 1) % forms]}"
        # the first pair's mentor has a second ECT, whose times are others
        shared = one_mentor and i == 1
        out.append(
            Post(f"C{ect_year}{FORMS[form]}", out[0].mentor if shared else mentor, assistant, release, cover)
        )  # fmt: skip
    return tuple(out)


FORMS = "ABC"


def synthetic_primary(
    *, name: str = "primary", one_mentor: bool = False, forms: int = 2, ects: int = 2
) -> School:
    """Make a primary school with one to three classes a year: the same arguments, the same school.

    Parameters
    ----------
    name : str
        What to call it.
    one_mentor : bool
        Whether the first pair's mentor has the first two ECTs; nothing else differs.
    forms : int
        Classes a year, 1 to 3: 13, 21 or 29 staff.
    ects : int
        First-year ECTs, at most two for each form.

    Raises
    ------
    InputError
        If no such school can be made.
    """
    if not 1 <= forms <= 3 or not 0 <= ects <= 2 * forms:
        raise InputError(
            f"a primary of {forms} forms and {ects} ECTs",
            remedy="give 1 to 3 forms and at most two ECTs for each",
        )
    posts = _posts(forms, ects, one_mentor=one_mentor)
    letters = FORMS[:forms]
    classes = tuple(f"{year}{form}" for year in YEARS for form in letters)
    planners = tuple(f"P{i + 1}" for i in range(forms))
    rows = {f"C{c}": _blank() for c in classes}
    rows.update({who: _blank() for who in ("HT", "DH", *planners, "H1", "H2", "H3")})
    cells: dict[tuple[str, int], Cell] = {}

    def put(who: str, day: int, period: str, letter: str, what: str = "") -> None:
        cell = day * len(GRID) + AT[period]
        rows[who][cell] = letter
        cells.pop((who, cell), None)
        if what:
            cells[who, cell] = Cell(what, "", "")

    for c in classes:
        for day in range(5):
            for period in LESSONS:
                put(f"C{c}", day, period, "l", c)
    for year, (day, periods) in zip(YEARS, PPA_HALF_DAYS, strict=True):
        for form, teacher in zip(letters, planners, strict=True):
            for period in periods:
                put(f"C{year}{form}", day, period, "p", "PPA")
                put(teacher, day, period, "l", f"{year}{form}")
    for post in posts:
        for day, period in post.release:
            put(post.ect, day, period, "f")
            put(post.cover, day, period, "l", post.ect[1:])
    _others(put, planners)
    _meetings(rows, put)
    calendar, *later = sample_calendars()
    return School(
        name=name,
        phase="primary",
        calendar=calendar,
        later=tuple(later),
        grid=GRID,
        staff=tuple(Staff(who, _department(who), Fraction(1)) for who in sorted(rows)),
        pairs=tuple(Pair(p.ect, p.mentor) for p in posts),
        timetable=Timetable({who: "".join(row) for who, row in rows.items()}, cells),
        conditions=Conditions(sickness_days=SICK_DAYS_PRIMARY),
        assumptions=("the school is generated: no school's own timetable stands in it",),
        synthetic=True,
    )


def _blank() -> list[str]:
    return ["f"] * GRID.cells


def _department(who: str) -> str:
    if not who.startswith("C"):
        return "Support" if who.startswith("H") and who != "HT" else ""
    return "Key stage 2" if who[1] in "3456" else "Key stage 1"


def _others(put: Put, planners: tuple[str, ...]) -> None:
    """Fill the weeks of those without a class of their own."""
    for day in range(5):
        for period in LESSONS:
            # the head's office hours are no free time; two periods a day are
            put(
                "HT",
                day,
                period,
                "f" if period in ("2", "4") else "o",
                "" if period in ("2", "4") else "Office",
            )
            for assistant in ("H1", "H2", "H3"):
                put(assistant, day, period, "c", "Support")
            if period in ("1", "2"):
                put("DH", day, period, "l", "Maths group")
            elif day < 3 and period == "3":
                put("DH", day, period, "p", "PPA")
    for who in planners:
        put(who, 2, "1", "p", "PPA")
        put(who, 3, "1", "p", "PPA")


def _meetings(rows: dict[str, list[str]], put: Put) -> None:
    for who in rows:
        put(who, 1, "after", "m", "Staff meeting")
        put(who, 4, "before", "m", "Assembly briefing")


VISITS = tuple((day, period) for day in (0, 2, 1, 3, 4) for period in ("2", "4", "1", "5", "3"))
"""When a visit is looked for, in this order."""


def primary_slots(
    school: School, *, forms: int = 2, one_mentor: bool = False
) -> dict[str, PairSlots]:
    """Place each pair's slots in the ECT's release: an assistant takes the mentor's class.

    Parameters
    ----------
    school : School
        What :func:`synthetic_primary` made.
    forms, one_mentor
        With which it was made.
    """
    days = ("Mon", "Tue", "Wed", "Thu", "Fri")
    posts = _posts(forms, len(school.pairs), one_mentor=one_mentor)
    used = {(p.assistant, r) for p in posts for r in p.release}
    used |= {(p.mentor, r) for p in posts for r in p.release}
    out = {}
    for post in posts:
        seen = next(
            v
            for v in VISITS
            if all(
                school.timetable.rows[who][v[0] * len(GRID) + AT[v[1]]] == "l"
                for who in (post.ect, post.mentor)
            )
            and not {(post.assistant, v), (post.mentor, v)} & used
        )
        used |= {(post.assistant, seen), (post.mentor, seen)}
        study, meet, reserve, visit = (f"1{days[d]}:{p}" for d, p in (*post.release, seen))
        out[post.ect] = PairSlots(
            meet=(meet,), reserve=(reserve,), study=(study,), observe=(visit,), release_mentor=post.assistant
        )  # fmt: skip
    return out


def primary_files(*, one_mentor: bool = False) -> dict[str, str]:
    """Return the files of the school ``primary``, or of ``primary_shared``: name to text."""
    name = "primary_shared" if one_mentor else "primary"
    school = synthetic_primary(name=name, one_mentor=one_mentor)
    programme = Programme.preset("2021")
    found = Scenario("found_time", programme, school, Plan.preset("found_time"))
    slots = primary_slots(school, one_mentor=one_mentor)
    fixed = Plan.preset("timetabled").model_copy(update={"slots": slots})
    timetabled = Scenario("timetabled", programme, school, fixed)
    return {
        **school_files(school),
        "scenario.toml": found.to_toml("."),
        "timetabled.toml": timetabled.to_toml("."),
    }


def main(arguments: list[str]) -> int:
    """Write the two schools; the argument is the folder for them, by default the shipped one."""
    target = Path(arguments[0]) if arguments else data_dir() / "schools"
    write_folder(target / "primary", primary_files(), replace=True)
    write_folder(target / "primary_shared", primary_files(one_mentor=True), replace=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
