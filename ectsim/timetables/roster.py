"""The roster: who is an ECT, in which year of induction, and who mentors whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ectsim.errors import InputError, near
from ectsim.timetables.files import read_rows
from ectsim.timetables.names import Pseudonyms

__all__ = ["COLUMNS", "ROLES", "RosterRow", "read_roster"]

COLUMNS = ("staff", "role", "induction_year", "fte", "department", "mentor")
ROLES = ("ect", "mentor", "staff")
HEADER = "its first line must be " + ",".join(COLUMNS)
NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,6})?|\.\d{1,6}|\d{1,3}/\d{1,3}")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person of a roster, by permanent id.

    Parameters
    ----------
    staff : str
        Id.
    role : {'ect', 'mentor', 'staff'}
        Role.
    year : int
        Year of induction, 0 for others.
    fte : fractions.Fraction
        Share of full time.
    department : str
        Department, or "".
    mentor : str
        Id of the ECT's mentor, else "".
    new : bool
        Whether the pair starts this year.
    line : int
        Where it stands.
    """

    staff: str
    role: str
    year: int
    fte: Fraction
    department: str
    mentor: str
    new: bool
    line: int


def read_roster(text: str, *, where: str, people: Pseudonyms) -> list[RosterRow]:
    """Read a roster with the columns staff, role, induction_year, fte, department, mentor.

    A column ``new`` (1 or 0) may say whether a pair starts this year; without it a first-year pair
    does and a second-year pair does not.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    people : Pseudonyms
        Ids of everybody in the timetable.

    Returns
    -------
    list of RosterRow

    Raises
    ------
    InputError
        If a column is missing, a person is unknown or stands twice, or a number cannot be.
    """
    rows = read_rows(text, where)
    at: dict[str, int] = {}
    out: list[RosterRow] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        if not any(row):
            continue
        if not at:
            at = _read_header(row, f"{where}, line {line}")
            continue
        get = {name: row[i] if i < len(row) else "" for name, i in at.items()}
        if len(row) < len(at):
            raise InputError(
                f"the row has {len(row)} of {len(at)} cells",
                where=f"{where}, line {line}",
                remedy="the file is cut short or a comma is missing",
            )
        one = _read_row(get, f"{where}, line {line}", line, people)
        if one.staff in seen:
            raise InputError(
                f"{people.shown(get['staff'])} already stands in line {seen[one.staff]}",
                where=f"{where}, line {line}",
                remedy="give each person one row",
            )
        seen[one.staff] = line
        out.append(one)
    if not out:
        raise InputError("the roster has no row", where=where, remedy=HEADER)
    return out


def _read_header(row: list[str], place: str) -> dict[str, int]:
    names = [c.lower() for c in row]
    for name in ("staff", "role", "mentor", "induction_year"):
        if name not in names:
            raise InputError(f"the roster has no column '{name}'", where=place, remedy=HEADER)
    twice = next((n for n in names if n and names.count(n) > 1), "")
    if twice:
        raise InputError(f"column '{twice}' stands twice", where=place, remedy=HEADER)
    return {name: i for i, name in enumerate(names)}


def _read_row(get: dict[str, str], place: str, line: int, people: Pseudonyms) -> RosterRow:
    staff = _person(get["staff"], "person", f"{place}, column staff", people)
    role = get["role"].lower() or "staff"
    if role not in ROLES:
        raise InputError(
            f"unknown role '{people.scrub(get['role'])}'",
            where=f"{place}, column role",
            remedy=near(role, ROLES),
        )
    fte = _share(get.get("fte", ""), f"{place}, column fte")
    year, mentor = 0, ""
    if role == "ect":
        year = _year(get["induction_year"], f"{place}, column induction_year")
        if not get["mentor"]:
            raise InputError(
                "the ECT has no mentor",
                where=f"{place}, column mentor",
                remedy="name the mentor as the timetable does",
            )
        mentor = _person(get["mentor"], "mentor", f"{place}, column mentor", people)
        if mentor == staff:
            raise InputError(
                f"{people.shown(get['staff'])} would mentor themselves",
                where=f"{place}, column mentor",
                remedy="name another mentor",
            )
    new = get.get("new", "").lower()
    if new not in ("", "0", "1", "yes", "no", "true", "false"):
        raise InputError("'new' is not 1 or 0", where=f"{place}, column new", remedy="write 1 or 0")
    starts = new in ("1", "yes", "true") if new else year == 1
    department = people.scrub(get.get("department", ""))
    return RosterRow(staff, role, year, fte, department, mentor, starts, line)


def _person(text: str, what: str, place: str, people: Pseudonyms) -> str:
    if not text:
        raise InputError(f"the {what} is missing", where=place, remedy="fill the cell")
    known = people.id(text)
    if known:
        return known
    remedy = "write every person as the timetable does"
    if people.replaced:
        # a name is never printed; its nearest neighbour is said by code
        close = near(text.casefold(), people.ids)
        if close.startswith("did you mean '"):
            name = close.removeprefix("did you mean '").removesuffix("'?")
            remedy = f"the nearest name there has become {people.ids[name]}; {remedy}"
    else:
        remedy = near(text, people.ids.values())
    raise InputError(
        f"{what} {people.shown(text)} is not in the timetable", where=place, remedy=remedy
    )


def _year(text: str, place: str) -> int:
    if text in ("1", "1.0"):
        return 1
    if text in ("2", "2.0"):
        return 2
    raise InputError(
        f"the induction year is '{text}'" if text else "the induction year is missing",
        where=place,
        remedy="it is 1 or 2",
    )


def _share(text: str, place: str) -> Fraction:
    if not text:
        return Fraction(1)
    bounded = NUMBER.fullmatch(text)
    # a fraction over nought divides by nothing; a bounded form keeps 1e999999 out
    if not bounded or text.endswith(("/0", "/00", "/000")):
        raise InputError(
            f"FTE '{text}' is no number from 0 to 1", where=place, remedy="write 1, 0.6 or 3/5"
        )
    fte = Fraction(text)
    if not 0 < fte <= 1:
        raise InputError(
            f"FTE {text} is not above 0 and at most 1", where=place, remedy="write 1, 0.6 or 3/5"
        )
    return fte
