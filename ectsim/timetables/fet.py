"""FET: the timetable of activities as CSV, and the teachers' timetables as XML.

Both exports name days and hours in words. A ``.fet`` input file beside the export tells their order
where the export does not, and which activities have no place.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ectsim.errors import InputError
from ectsim.timetables.codes import Codes
from ectsim.timetables.files import read_rows, read_text
from ectsim.timetables.markup import Node, parse_xml
from ectsim.timetables.names import fold, is_code
from ectsim.timetables.spellings import WEEKEND, as_cycle_days
from ectsim.timetables.table import Bookings, FileCell, FileTable, shorten

__all__ = ["COLUMNS", "read_fet"]

COLUMNS = ("activity id", "day", "hour", "students sets", "subject", "teachers", "room")
WANTED = "give FET's export ..._timetable.csv or ..._teachers.xml"
NO_SUBJECT = "(no subject)"


@dataclass(frozen=True, slots=True)
class _Row:
    """One hour of one activity, as an export has it; ``day`` is "" where it has no place."""

    activity: str
    day: str
    hour: str
    teachers: tuple[str, ...]
    students: str
    subject: str
    room: str
    line: int


@dataclass
class _Export:
    """An export, read: rows, teachers with their lines, days and hours."""

    rows: list[_Row]
    teachers: dict[str, int]
    days: list[str]
    hours: list[str]
    ordered: bool
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Activity:
    """One active activity of an input file."""

    id: str
    hours: int
    line: int


@dataclass(frozen=True)
class _Input:
    """What a ``.fet`` input file says of days, hours, teachers and activities."""

    where: str
    days: tuple[str, ...]
    hours: tuple[str, ...]
    teachers: dict[str, int]
    activities: tuple[_Activity, ...]


def read_fet(text: str, *, where: str, codes: Codes, file: Path | None = None) -> FileTable:
    """Read FET's timetable of activities (CSV) or of teachers (XML).

    An activity with students is a lesson. One without is what the code mapping says of its
    subject, and unknown (busy) where nobody said anything.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What a subject without students means.
    file : pathlib.Path, optional
        Where the file lies, to find the input file beside it.

    Returns
    -------
    FileTable
        A cycle of one week.

    Raises
    ------
    InputError
        If a column or an hour is missing, or the days are neither five nor those of two weeks.
    """
    plan = _input_beside(file)
    if text.lstrip("\ufeff \t\n").startswith("<"):
        export = _read_teachers(text, where)
    else:
        export = _read_csv(text, where)
    days, hours, assumed = _order(export, plan, where)
    bookings = Bookings(where)
    for row in export.rows:
        if row.day:
            for teacher in row.teachers:
                bookings.put(_cell(row, teacher, days, hours, codes), f"activity {row.activity}")
    cells = bookings.cells
    if not cells:
        raise InputError("no activity has a teacher and a time", where=where, remedy=WANTED)
    return FileTable(
        "fet",
        where,
        export.teachers,
        tuple(hours[name] for name in export.hours),
        max(week for week, _ in days.values()),
        cells,
        warnings=(
            *export.warnings,
            *bookings.warnings,
            *_unplaced(export, plan, where),
            *_idle(export, plan, cells, where),
        ),
        assumptions=tuple(assumed),
        contents=(
            f"{len(export.rows):,} rows, {len({r.activity for r in export.rows}):,} activities, "
            f"{len(export.days)} days ({export.days[0]} to {export.days[-1]}), "
            f"{len(export.hours)} hours"
        ),
    )


def _cell(
    row: _Row, teacher: str, days: dict[str, tuple[int, int]], hours: dict[str, str], codes: Codes
) -> FileCell:
    kind = codes.activity(row.subject, pupils=bool(row.students))
    lesson = kind == "lesson"
    return FileCell(
        *days[row.day],
        hours[row.hour],
        teacher,
        kind,
        row.students,
        row.subject,
        row.room,
        "" if lesson else row.subject or NO_SUBJECT,
        row.line,
    )


# the CSV -------------------------------------------------------------------------------------------


def _read_csv(text: str, where: str) -> _Export:
    rows = read_rows(text, where)
    at: dict[str, int] = {}
    out = _Export([], {}, [], [], ordered=False)
    spelled: dict[str, str] = {}
    alone: list[str] = []
    for line, row in rows:
        if not any(row):
            continue
        place = f"{where}, line {line}"
        if not at:
            at = _header(row, place)
            continue
        if len(row) <= max(at.values()):
            raise InputError(
                f"the row has {len(row)} cells where the first line has {max(at.values()) + 1}",
                where=place,
                remedy="the file is cut short or a comma is missing",
            )
        one = _csv_row({name: row[i] for name, i in at.items()}, line, place, spelled)
        out.rows.append(one)
        if not one.teachers:
            alone.append(f"{place}: activity {one.activity} has no teacher and is left out")
        for teacher in one.teachers:
            out.teachers.setdefault(teacher, line)
        if one.day and one.day not in out.days:
            out.days.append(one.day)
        if one.hour and one.hour not in out.hours:
            out.hours.append(one.hour)
    if not out.rows:
        raise InputError("the table has no row", where=where, remedy="export it again")
    out.warnings += shorten(alone, "activities without a teacher")
    return out


def _header(row: list[str], place: str) -> dict[str, int]:
    names = [cell.casefold() for cell in row]
    missing = next((name for name in COLUMNS if names.count(name) != 1), "")
    if missing:
        raise InputError(
            f"FET's table has {names.count(missing)} columns '{missing}'",
            where=place,
            remedy=WANTED,
        )
    return {name: names.index(name) for name in COLUMNS}


def _csv_row(get: dict[str, str], line: int, place: str, spelled: dict[str, str]) -> _Row:
    if not get["activity id"]:
        raise InputError(
            "the activity has no id", where=f"{place}, column Activity Id", remedy=WANTED
        )
    if bool(get["day"]) != bool(get["hour"]):
        raise InputError(
            "the activity has a day without an hour, or an hour without a day",
            where=f"{place}, column Hour",
            remedy="export it again",
        )
    named = (" ".join(t.split()) for t in get["teachers"].split("+"))
    # one person, though another row may write them with other capitals
    teachers = dict.fromkeys(spelled.setdefault(fold(t), t) for t in named if t)
    return _Row(
        get["activity id"],
        get["day"],
        get["hour"],
        tuple(teachers),
        get["students sets"],
        get["subject"],
        get["room"],
        line,
    )


# the XML -------------------------------------------------------------------------------------------


def _read_teachers(text: str, where: str) -> _Export:
    root = parse_xml(text, where=where)
    if root.tag != "Teachers_Timetable":
        raise InputError(
            f"the XML holds '{root.tag}' and no teachers' timetables",
            where=f"{where}, line {root.line}",
            remedy=WANTED,
        )
    out = _Export([], {}, [], [], ordered=True)
    seen: set[str] = set()
    for teacher in root.all("Teacher"):
        name = teacher.get("name")
        place = f"{where}, line {teacher.line}"
        if not name:
            raise InputError("the teacher has no name", where=place, remedy="export it again")
        if fold(name) in seen:
            raise InputError(
                "this teacher stands twice", where=place, remedy="keep one of the two timetables"
            )
        seen.add(fold(name))
        out.teachers[name] = teacher.line
        for day in teacher.all("Day"):
            for hour in day.all("Hour"):
                out.rows += _hour_rows(hour, day.get("name"), name, where)
        _same_shape(out, teacher, place)
    if not out.teachers:
        raise InputError("the file has no teacher", where=where, remedy=WANTED)
    return out


def _same_shape(out: _Export, teacher: Node, place: str) -> None:
    """Check that a teacher has every day and hour; an absent hour is not a free one."""
    days = [day.get("name") for day in teacher.all("Day")]
    hours = [[hour.get("name") for hour in day.all("Hour")] for day in teacher.all("Day")]
    if not out.days:
        out.days = days
        out.hours = hours[0] if hours else []
        double = len(set(out.days)) < len(out.days) or len(set(out.hours)) < len(out.hours)
        if double or not all(out.days) or not out.hours or not all(out.hours):
            raise InputError(
                "a day or an hour has no name, or one that stands twice",
                where=place,
                remedy="export it again",
            )
    if days != out.days or any(each != out.hours for each in hours):
        raise InputError(
            "the timetable has other days or hours than the first one: it is cut short, and what "
            "is missing is not free",
            where=place,
            remedy="export it again",
        )


def _hour_rows(hour: Node, day: str, teacher: str, where: str) -> list[_Row]:
    """Return the activities of one hour; two of them are a double booking."""
    groups: list[list[Node]] = []
    for node in hour.children:
        if node.tag == "Activity":
            groups.append([node])
        elif groups:
            groups[-1].append(node)
        else:
            raise InputError(
                f"'{node.tag}' stands before any activity",
                where=f"{where}, line {node.line}",
                remedy="export it again",
            )
    out = []
    for activity, *about in groups:
        if not activity.get("id"):
            raise InputError(
                "the activity has no id",
                where=f"{where}, line {activity.line}",
                remedy="export it again",
            )
        named = {
            tag: "+".join(n.get("name") for n in about if n.tag == tag)
            for tag in ("Students", "Subject", "Room", "Real_Room")
        }
        out.append(
            _Row(
                activity.get("id"),
                day,
                hour.get("name"),
                (teacher,),
                named["Students"],
                named["Subject"],
                # a virtual room stands for the real ones after it
                named["Real_Room"] or named["Room"],
                activity.line,
            )
        )
    return out


# the input file ------------------------------------------------------------------------------------


def _input_beside(file: Path | None) -> _Input | None:
    """Read the input file that lies beside an export under the same name, if there is one."""
    if file is None:
        return None
    base = re.sub(r"_(?:timetable\.csv|teachers\.xml)$", "", file.name, flags=re.IGNORECASE)
    path = file.with_name(f"{base}.fet")
    if base == file.name or not path.is_file():
        return None
    root = parse_xml(read_text(path, remedy=WANTED), where=path.name)
    if root.tag != "fet":
        raise InputError("this is no FET input file", where=path.name, remedy="take it away")
    activities = [
        _Activity(a.word("Id"), _count(a.word("Duration")), a.line)
        for a in root.inside("Activities_List")
        if a.word("Active") != "false" and a.find("Teacher")
    ]
    return _Input(
        path.name,
        tuple(_names(root, "Days_List", "Day")),
        tuple(_names(root, "Hours_List", "Hour")),
        {t.word("Name"): t.line for t in root.inside("Teachers_List") if t.word("Name")},
        tuple(activities),
    )


def _names(root: Node, group: str, tag: str) -> list[str]:
    """Return the names of days or hours; old files have no element around each."""
    return [
        n.text if n.tag == "Name" else n.word("Name")
        for n in root.inside(group)
        if n.tag in (tag, "Name")
    ]


def _count(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,2}", text) else 1


# order, and what is odd ----------------------------------------------------------------------------


def _order(
    export: _Export, plan: _Input | None, where: str
) -> tuple[dict[str, tuple[int, int]], dict[str, str], list[str]]:
    """Put days and hours in order; return weeks and weekdays, period ids, and what was assumed."""
    ordered = export.ordered
    if plan and not ordered:
        for kind, found, known in (
            ("day", export.days, plan.days),
            ("hour", export.hours, plan.hours),
        ):
            strange = next((name for name in found if name not in known), "")
            if strange:
                raise InputError(
                    f"{kind} '{strange}' is not in {plan.where}",
                    where=where,
                    remedy="give the input file that the export was made from, or none",
                )
        export.days, export.hours, ordered = list(plan.days), list(plan.hours), True
    used = {row.day for row in export.rows}
    for name in [d for d in export.days if d.casefold() in WEEKEND and d not in used]:
        export.days.remove(name)
        export.warnings.append(f"{where}: {name} has no activity and is left out")
    days, said = as_cycle_days(export.days, where, ordered=ordered)
    if said and not ordered:
        export.warnings.append(
            f"{where}: {said}; put the .fet input file beside the export to be sure"
        )
    if not ordered:
        _sort_hours(export, where)
    hours = _period_ids(export.hours)
    assumed = [said] if said and ordered else []
    if any(name != period for name, period in hours.items()):
        shown = ", ".join(f"{period} is '{name}'" for name, period in hours.items())
        assumed.append(f"hours are numbered in their order: {shown}")
    return days, hours, assumed


def _sort_hours(export: _Export, where: str) -> None:
    """Sort hours by the numbers in their names, or leave them as they turned up and say so."""
    keys = {name: tuple(int(n) for n in re.findall(r"\d{1,4}", name)) for name in export.hours}
    if all(keys.values()) and len(set(keys.values())) == len(keys):
        export.hours.sort(key=keys.__getitem__)
        return
    export.warnings.append(
        f"{where}: hours are taken in the order in which they turn up: {', '.join(export.hours)}; "
        "put the .fet input file beside the export to be sure"
    )


def _period_ids(hours: list[str]) -> dict[str, str]:
    """Return a short id for each hour: its own name where that is a number, else its place."""
    if all(re.fullmatch(r"[A-Za-z]?\d{1,2}", name) for name in hours):
        return {name: name for name in hours}
    return {name: str(i) for i, name in enumerate(hours, start=1)}


def _unplaced(export: _Export, plan: _Input | None, where: str) -> tuple[str, ...]:
    """Name the activities that have no time: in the export's own rows, or in the input file."""
    found = [
        f"{where}, line {row.line}: activity {row.activity} has no time and is not in the timetable"
        for row in export.rows
        if not row.day
    ]
    if plan:
        times = Counter(a for a, *_ in {(r.activity, r.day, r.hour) for r in export.rows if r.day})
        said = {row.activity for row in export.rows if not row.day}
        found += [
            f"{plan.where}, line {a.line}: activity {a.id} has {times[a.id]} of its {a.hours} hours "
            f"in {where}"
            for a in plan.activities
            if times[a.id] < a.hours and a.id not in said
        ]
    return shorten(found, "activities without a time")


def _idle(
    export: _Export, plan: _Input | None, cells: list[FileCell], where: str
) -> tuple[str, ...]:
    """Name the teachers without an activity; names go no further than a code."""
    busy = {cell.staff for cell in cells}
    found = [
        f"{where}, line {line}: {name} has no activity and counts as free in every hour; take them "
        "out of the file if they are not in school"
        for name, line in export.teachers.items()
        if name not in busy
    ]
    known = {fold(name) for name in export.teachers}
    for name, line in plan.teachers.items() if plan else ():
        if fold(name) not in known:
            shown = name if is_code(name) else "a teacher"
            found.append(
                f"{plan.where if plan else ''}, line {line}: {shown} has no activity in {where} and "
                "is left out"
            )
    return shorten(found, "teachers without an activity")
