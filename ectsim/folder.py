"""A school's folder: plain files that a person can read, written whole and read back the same.

``school.toml`` (name, phase, conditions that differ from the defaults, what was assumed),
``timetable.csv`` (one row a filled cell), ``staff.csv`` (roles), ``calendar.csv``, ``grid.toml``.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import ValidationError

from ectsim.clock import WEEKDAYS, Calendar, Grid, Period, Slot, clock_text, minutes
from ectsim.errors import InputError, near
from ectsim.school import KINDS, Cell, Conditions, Pair, School, Staff, Timetable
from ectsim.share import data_dir

__all__ = [
    "explain",
    "grid_from_toml",
    "grid_to_toml",
    "parse_toml",
    "read_school",
    "read_text",
    "sample_calendars",
    "school_files",
    "toml_value",
]

STAFF_COLUMNS = ("staff", "role", "induction_year", "fte", "department", "mentor", "new")
TIMETABLE_COLUMNS = ("week", "day", "period", "staff", "kind", "class", "subject", "room")
FORMAT = 1
LATER_CALENDARS = tuple(f"calendar_{n}.csv" for n in range(2, 9))
"""Files of the school years after the first, if a folder has them."""


def sample_calendars() -> tuple[Calendar, ...]:
    """Return the made-up school years that ship, in order: where a school gives no dates."""
    paths = sorted((data_dir() / "calendars").glob("sample_*.csv"))
    return tuple(Calendar.from_csv(read_text(p), name=p.stem, where=p.name) for p in paths)


def explain(error: ValidationError, *, where: str, prefix: str = "") -> InputError:
    """Turn the first complaint of a validation into one clear line.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the model said.
    where : str
        File or argument.
    prefix : str
        Dotted name that stands before the field's.
    """
    first = error.errors()[0]
    parts = [str(p) for p in first["loc"] if not isinstance(p, int)]
    name = ".".join([p for p in (prefix,) if p] + parts)
    place = f"{where}, {name}" if name and where else name or where
    if first["type"] == "extra_forbidden":
        return InputError(f"unknown key '{parts[-1]}'", where=place, remedy=_near_key(error, parts))
    value = first.get("input")
    shown = f" (given: {value!r})" if isinstance(value, str | int | float | bool) else ""
    return InputError(first["msg"].removeprefix("Value error, ") + shown, where=place)


def _near_key(error: ValidationError, parts: list[str]) -> str:
    from ectsim import plan, programme  # noqa: PLC0415 - only to name the nearest key

    models = (Conditions, plan.Plan, plan.Protection, plan.CoverPolicy, plan.PairSlots,
              programme.Programme, programme.Coaching, programme.Study, programme.Events,
              programme.Entitlement)  # fmt: skip
    known: set[str] = set()
    for model in models:
        if model.__name__ == error.title or error.title in ("Plan", "Programme"):
            known.update(model.model_fields)
    return near(parts[-1], known)


def read_text(path: Path) -> str:
    """Read a UTF-8 text file, with or without a byte order mark.

    Raises
    ------
    InputError
        If the file is missing, cannot be read or is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("there is no such file", where=str(path)) from None
    except UnicodeDecodeError:
        raise InputError(
            "the file is not text", where=str(path), remedy="save it as UTF-8 text"
        ) from None
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", where=str(path)) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        If it is missing or is not TOML.
    """
    return parse_toml(read_text(path), where=path.name)


def parse_toml(text: str, *, where: str) -> dict[str, Any]:
    """Parse TOML.

    Raises
    ------
    InputError
        If it is not TOML, nested too deeply, or has a number of thousands of digits.
    """
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise InputError(f"the file is not valid TOML: {error}", where=where) from None
    except RecursionError:
        raise InputError("the file is nested too deeply", where=where) from None


def toml_value(value: object) -> str:
    """Write one value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    # a JSON string is a TOML basic string, but for the delete character
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def grid_from_toml(text: str, *, where: str) -> Grid:
    """Read a grid: ``cycle_weeks`` and ``[[period]]`` tables with id, start, end, kind, days.

    Raises
    ------
    InputError
        If it is not TOML, a key is unknown, or the day does not fit together.
    """
    data = parse_toml(text, where=where)
    _known(data, ("cycle_weeks", "period"), where)
    rows = data.get("period")
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
        raise InputError("the grid has no [[period]]", where=where, remedy="add one a period")
    weeks = data.get("cycle_weeks", 2)
    if type(weeks) is not int or weeks not in (1, 2):
        raise InputError(f"cycle_weeks is {weeks!r}", where=where, remedy="it is 1 or 2")
    periods = []
    for i, row in enumerate(rows, start=1):
        place = f"{where}, period {i}"
        _known(row, ("id", "start", "end", "kind", "days"), place)
        for key in ("id", "start", "end"):
            if key not in row:
                raise InputError(
                    f"the period has no '{key}'", where=place, remedy=f"add {key} = ..."
                )
        try:
            start, end = minutes(str(row["start"])), minutes(str(row["end"]))
        except InputError as error:
            raise InputError(error.what, where=place, remedy=error.remedy) from None
        kind = row.get("kind", "lesson")
        kinds = ("before", "lesson", "break", "lunch", "after")
        if kind not in kinds:
            raise InputError(f"unknown kind '{kind}'", where=place, remedy=near(str(kind), kinds))
        days = row.get("days", list(WEEKDAYS))
        if not isinstance(days, list) or any(d not in WEEKDAYS for d in days):
            raise InputError(
                f"days are {days!r}", where=place, remedy="list Mon, Tue, Wed, Thu, Fri"
            )
        periods.append(
            Period(str(row["id"]), start, end, kind, tuple(WEEKDAYS.index(d) for d in days))
        )
    try:
        return Grid(tuple(periods), weeks)
    except InputError as error:
        raise InputError(error.what, where=where, remedy=error.remedy) from None


def grid_to_toml(grid: Grid) -> str:
    """Write a grid in the form that :func:`grid_from_toml` reads."""
    out = [f"cycle_weeks = {grid.cycle_weeks}"]
    for p in grid.periods:
        out += [
            "",
            "[[period]]",
            f"id = {toml_value(p.id)}",
            f'start = "{clock_text(p.start)}"',
            f'end = "{clock_text(p.end)}"',
            f'kind = "{p.kind}"',
        ]
        if len(p.days) < len(WEEKDAYS):
            out.append(f"days = {toml_value([WEEKDAYS[d] for d in p.days])}")
    return "\n".join(out) + "\n"


def _known(data: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in data:
        if key not in keys:
            raise InputError(f"unknown key '{key}'", where=where, remedy=near(key, keys))


def school_files(school: School) -> dict[str, str]:
    """Return the files of a school's folder: name to text.

    The same school always gives the same bytes.
    """
    return {
        "school.toml": _school_toml(school),
        "timetable.csv": _timetable_csv(school),
        "staff.csv": _staff_csv(school),
        "calendar.csv": school.calendar.to_csv(),
        "grid.toml": grid_to_toml(school.grid),
        **{
            name: calendar.to_csv()
            for name, calendar in zip(LATER_CALENDARS, school.later, strict=False)
        },
    }


def _school_toml(school: School) -> str:
    default = Conditions().model_dump()
    changed = {k: v for k, v in school.conditions.model_dump().items() if v != default[k]}
    out = [
        f"format = {FORMAT}",
        f"name = {toml_value(school.name)}",
        f"phase = {toml_value(school.phase)}",
        f"calendar_name = {toml_value(school.calendar.name)}",
        f"synthetic = {toml_value(school.synthetic)}",
        *([f"coordinator = {toml_value(school.coordinator)}"] if school.coordinator else []),
        "assumptions = [",
        *(f"    {toml_value(a)}," for a in school.assumptions),
        "]",
        "",
        "# conditions that differ from the defaults",
        "[conditions]",
        *(f"{k} = {toml_value(v)}" for k, v in changed.items()),
    ]
    return "\n".join(out) + "\n"


def _csv(rows: list[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _timetable_csv(school: School) -> str:
    letters = {v: k for k, v in KINDS.items()}
    rows: list[tuple[object, ...]] = [TIMETABLE_COLUMNS]
    for s in sorted(school.staff, key=lambda s: s.id):
        for i, letter in enumerate(school.timetable.rows[s.id]):
            if letter != "f":
                slot = school.grid.slot(i)
                cell = school.timetable.cells.get((s.id, i), Cell())
                rows.append(
                    (slot.week, WEEKDAYS[slot.day], slot.period, s.id, letters[letter],
                     cell.class_code, cell.subject, cell.room)
                )  # fmt: skip
    return _csv(rows)


def _staff_csv(school: School) -> str:
    pairs = {p.ect: p for p in school.pairs}
    mentors = {p.mentor for p in school.pairs}
    # a school in which everybody starts with the year needs no column for it
    starts = any(p.start for p in school.pairs)
    rows: list[tuple[object, ...]] = [(*STAFF_COLUMNS, *(["start"] if starts else []))]
    for s in sorted(school.staff, key=lambda s: s.id):
        pair = pairs.get(s.id)
        if pair:
            role, year, mentor, new = "ect", pair.year, pair.mentor, int(pair.new)
            line: tuple[object, ...] = (s.id, role, year, s.fte, s.department, mentor, new)
        else:
            line = (s.id, "mentor" if s.id in mentors else "staff", "", s.fte, s.department, "", "")
        start = [pair.start.isoformat() if pair and pair.start else ""] if starts else []
        rows.append((*line, *start))
    return _csv(rows)


def read_school(folder: Path) -> School:
    """Read a school's folder.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that :func:`school_files` describes.

    Raises
    ------
    InputError
        If a file is missing or says something that cannot be.
    """
    head = read_toml(folder / "school.toml")
    keys = ("format", "name", "phase", "calendar_name", "synthetic", "assumptions", "conditions",
            "coordinator")  # fmt: skip
    _known(head, keys, "school.toml")
    if head.get("format") != FORMAT:
        raise InputError(
            f"the school's folder has format {head.get('format')!r}, this version reads {FORMAT}",
            where="school.toml",
            remedy="import the timetable again",
        )
    phase = head.get("phase", "secondary")
    if phase not in ("secondary", "primary"):
        raise InputError(f"phase is '{phase}'", where="school.toml", remedy="secondary or primary")
    try:
        conditions = Conditions.model_validate(head.get("conditions", {}))
    except ValidationError as error:
        raise explain(error, where="school.toml", prefix="conditions") from None
    grid = grid_from_toml(read_text(folder / "grid.toml"), where="grid.toml")
    calendar = Calendar.from_csv(
        read_text(folder / "calendar.csv"),
        name=str(head.get("calendar_name", "calendar")),
        where="calendar.csv",
    )
    later: list[Calendar] = []
    for name in LATER_CALENDARS:
        if not (folder / name).is_file():
            break
        text = read_text(folder / name)
        year = Calendar.from_csv(text, name=name.removesuffix(".csv"), where=name)
        if year.origin <= (later[-1] if later else calendar).pupil_days[-1]:
            raise InputError(
                "the year begins before the one before it has ended", where=name,
                remedy="number the calendars in the order of their years",
            )  # fmt: skip
        later.append(
            replace(
                year,
                name=f"{year.half_terms[0].first.year}-{year.half_terms[-1].last.year % 100:02d}",
            )
        )
    staff, pairs = _read_staff(read_text(folder / "staff.csv"), calendar, grid)
    timetable = _read_timetable(read_text(folder / "timetable.csv"), grid, [s.id for s in staff])
    return School(
        name=str(head.get("name", folder.name)),
        phase=cast(Literal["secondary", "primary"], phase),
        calendar=calendar,
        grid=grid,
        staff=tuple(staff),
        pairs=tuple(pairs),
        timetable=timetable,
        conditions=conditions,
        assumptions=tuple(str(a) for a in head.get("assumptions", ())),
        synthetic=bool(head.get("synthetic", False)),
        later=tuple(later),
        coordinator=str(head.get("coordinator", "")),
    )


def _read_start(text: str, calendar: Calendar, grid: Grid, place: str) -> dt.date | None:
    """Read the day on which a pair starts: a date, the number of a school week, or nothing."""
    if not text.strip():
        return None
    weeks = calendar.weeks(grid.cycle_weeks)
    if re.fullmatch(r"\d{1,2}", text.strip()) and 1 <= int(text) <= len(weeks):
        return calendar.pupil_days[weeks[int(text) - 1].days[0]]
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"start '{text}' is no day of the year", where=place,
            remedy=f"write a date such as {calendar.pupil_days[0]}, or a school week from 1 to {len(weeks)}",
        ) from None  # fmt: skip


def _read_staff(text: str, calendar: Calendar, grid: Grid) -> tuple[list[Staff], list[Pair]]:
    rows = csv.DictReader(io.StringIO(text))
    missing = set(STAFF_COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise InputError(f"there is no column '{min(missing)}'", where="staff.csv")
    staff, pairs = [], []
    for row in rows:
        place = f"staff.csv, line {rows.line_num}"
        try:
            # a bounded form keeps 1e999999999 out, which would be a number of that many digits
            fte = Fraction(row["fte"] if re.fullmatch(r"[0-9./]{1,12}", row["fte"] or "") else "")
        except (ValueError, ZeroDivisionError):
            raise InputError(
                f"FTE '{row['fte']}' is no number", where=place, remedy="write 1 or 3/5 or 0.6"
            ) from None
        staff.append(Staff(row["staff"], row["department"], fte))
        if row["role"] == "ect":
            if row["induction_year"] not in ("1", "2"):
                raise InputError(
                    "the induction year is missing", where=place, remedy="write 1 or 2"
                )
            start = _read_start(row.get("start") or "", calendar, grid, place)
            year, new = int(row["induction_year"]), row["new"] == "1"
            pairs.append(Pair(row["staff"], row["mentor"], year, new, start=start))
    return staff, pairs


def _read_timetable(text: str, grid: Grid, ids: list[str]) -> Timetable:
    blank = ["f"] * grid.cells
    for i in range(grid.cells):
        cycle_day, period = divmod(i, len(grid))
        if cycle_day % 5 not in grid.periods[period].days:
            blank[i] = "b"
    table = {i: list(blank) for i in ids}
    cells: dict[tuple[str, int], Cell] = {}
    reader = csv.reader(io.StringIO(text))
    if tuple(next(reader, ())) != TIMETABLE_COLUMNS:
        raise InputError(
            "the first line is not the timetable's", where="timetable.csv",
            remedy="it must be " + ",".join(TIMETABLE_COLUMNS),
        )  # fmt: skip
    days = {name: i for i, name in enumerate(WEEKDAYS)}
    texts: dict[tuple[str, str, str], Cell] = {}
    for row in reader:
        try:
            week, day, name, who, kind, *rest = row
            cell = grid.cell(Slot(int(week), days[day], name))
            letter = KINDS[kind]
            line = table[who]
        except (ValueError, KeyError, InputError):
            raise InputError(
                f"the row '{','.join(row)}' names a week, day, period, person or kind nobody knows",
                where=f"timetable.csv, line {reader.line_num}",
            ) from None
        if not 0 <= cell < grid.cells:
            raise InputError(
                f"week {week} is not in the cycle", where=f"timetable.csv, line {reader.line_num}"
            )
        line[cell] = letter
        if any(rest):
            key = (rest[0], rest[1], rest[2])
            cells[who, cell] = texts.setdefault(key, Cell(*key))
    return Timetable({who: "".join(line) for who, line in table.items()}, cells)
