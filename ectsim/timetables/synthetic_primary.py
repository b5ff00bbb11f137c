"""A primary school of our own making: two classes a year, and nobody with a free period.

Class teachers teach all day but for planning time, for which a PPA teacher takes the class; an ECT
has three more periods without the class. So an induction slot stands only while somebody named
takes a class: here a higher level teaching assistant (HLTA), who is also the first to be called
when a colleague is ill.

``python -m ectsim.timetables.synthetic_primary`` writes the school ``primary`` that ships.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from ectsim.clock import Grid, Period, PeriodKind, minutes
from ectsim.folder import sample_calendars, school_files
from ectsim.plan import PairSlots, Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import Cell, Conditions, Pair, School, Staff, Timetable
from ectsim.share import data_dir
from ectsim.timetables.writing import write_folder

__all__ = ["primary_files", "synthetic_primary"]

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
CLASSES = tuple(f"{year}{form}" for year in YEARS for form in "AB")

PAIRS = (("C1A", "C2B", "H2"), ("C5B", "C6A", "H3"))
"""ECT, mentor, and the assistant who takes a class for them."""

ECT_RELEASE = {"C1A": ((1, "3"), (2, "2"), (3, "3")), "C5B": ((1, "2"), (2, "3"), (3, "2"))}
"""When an ECT has neither class nor planning time: (day, period), 0 is Monday; 10 % of 25 periods."""

PPA_HALF_DAYS = ((0, "45"), (1, "45"), (2, "45"), (3, "45"), (4, "45"), (4, "123"), (0, "123"))
"""Each year's planning time: both classes of a year plan together, while two PPA teachers teach."""

SICK_DAYS_PRIMARY = 4.4
"""Days a primary teacher is ill in a year (E4-03: 4.1 to 4.5)."""


def synthetic_primary(*, name: str = "primary", one_mentor: bool = False) -> School:
    """Make a two-form entry primary school of 14 class teachers: always the same one.

    Parameters
    ----------
    name : str
        What to call it.
    one_mentor : bool
        Whether the first pair's mentor has both ECTs; nothing else differs.
    """
    rows = {f"C{c}": _blank() for c in CLASSES}
    rows.update({who: _blank() for who in ("HT", "DH", "P1", "P2", "H1", "H2", "H3")})
    cells: dict[tuple[str, int], Cell] = {}

    def put(who: str, day: int, period: str, letter: str, what: str = "") -> None:
        cell = day * len(GRID) + AT[period]
        rows[who][cell] = letter
        cells.pop((who, cell), None)
        if what:
            cells[who, cell] = Cell(what, "", "")

    for c in CLASSES:
        for day in range(5):
            for period in LESSONS:
                put(f"C{c}", day, period, "l", c)
    for year, (day, periods) in zip(YEARS, PPA_HALF_DAYS, strict=True):
        for form, teacher in (("A", "P1"), ("B", "P2")):
            for period in periods:
                put(f"C{year}{form}", day, period, "p", "PPA")
                put(teacher, day, period, "l", f"{year}{form}")
    for ect, times in ECT_RELEASE.items():
        for day, period in times:
            put(ect, day, period, "f")
            put("P1" if ect == "C1A" else "P2", day, period, "l", ect[1:])
    _others(put)
    _meetings(rows, put)
    calendar, *later = sample_calendars()
    return School(
        name=name,
        phase="primary",
        calendar=calendar,
        later=tuple(later),
        grid=GRID,
        staff=tuple(Staff(who, _department(who), Fraction(1)) for who in sorted(rows)),
        pairs=tuple(Pair(ect, PAIRS[0][1] if one_mentor else mentor) for ect, mentor, _ in PAIRS),
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


def _others(put: Put) -> None:
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
    for who in ("P1", "P2"):
        put(who, 2, "1", "p", "PPA")
        put(who, 3, "1", "p", "PPA")


def _meetings(rows: dict[str, list[str]], put: Put) -> None:
    for who in rows:
        put(who, 1, "after", "m", "Staff meeting")
        put(who, 4, "before", "m", "Assembly briefing")


def _slots() -> dict[str, PairSlots]:
    """Place a pair's slots in the ECT's release: an assistant takes the mentor's class."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri")
    out = {}
    for ect, _, taker in PAIRS:
        meet, reserve, study = (
            f"1{days[d]}:{p}" for d, p in (ECT_RELEASE[ect][i] for i in (1, 2, 0))
        )
        visit = "1Mon:2" if ect == "C1A" else "1Mon:4"
        out[ect] = PairSlots(
            meet=(meet,), reserve=(reserve,), study=(study,), observe=(visit,), release_mentor=taker
        )
    return out


def primary_files(*, one_mentor: bool = False) -> dict[str, str]:
    """Return the files of the school ``primary``, or of ``primary_shared``: name to text."""
    name = "primary_shared" if one_mentor else "primary"
    school = synthetic_primary(name=name, one_mentor=one_mentor)
    programme = Programme.preset("2021")
    found = Scenario("found_time", programme, school, Plan.preset("found_time"))
    fixed = Plan.preset("timetabled").model_copy(update={"slots": _slots()})
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
