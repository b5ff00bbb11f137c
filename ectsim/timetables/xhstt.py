"""XHSTT: an archive of high-school timetabling problems with their solutions.

Written from the public description of the format; not yet tried on a school's file. The instance
holds times, resources and events; a solution says when each event is and, where the instance left
it open, who takes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ectsim.clock import WEEKDAYS
from ectsim.errors import InputError, near
from ectsim.timetables.codes import Codes
from ectsim.timetables.markup import Node, parse_xml
from ectsim.timetables.names import fold, is_code
from ectsim.timetables.spellings import as_weekdays
from ectsim.timetables.table import Bookings, FileCell, FileTable, block_absent, shorten

__all__ = ["read_xhstt"]

AGAIN = "export the archive again, with the instance and a solution in one file"
SLOT = tuple[int, int, str]


@dataclass(frozen=True)
class _Event:
    """An event of the instance.

    ``fixed`` are the resources that it has from the start; ``open`` are the roles that a solution
    fills, with the type of resource that each wants.
    """

    id: str
    name: str
    duration: int
    time: str
    fixed: tuple[str, ...]
    open: dict[str, str]
    line: int


@dataclass(frozen=True)
class _Instance:
    """An instance: times in their order with their slots, resources by type, events."""

    id: str
    times: dict[str, SLOT]
    periods: tuple[str, ...]
    weeks: int
    teachers: dict[str, tuple[str, int]]
    rooms: dict[str, str]
    pupils: dict[str, str]
    teacher_types: frozenset[str]
    events: dict[str, _Event]
    assumptions: tuple[str, ...]

    def slots(self, start: str, duration: int) -> list[SLOT]:
        """Return the slots of an event as far as its day goes."""
        order = list(self.times)
        at = order.index(start)
        found = [self.times[t] for t in order[at : at + duration]]
        return [s for s in found if s[:2] == found[0][:2]]


@dataclass(frozen=True)
class _Solution:
    """A solution of the archive; ``cost`` is None where its report does not say one."""

    label: str
    instance: str
    cost: tuple[int, int] | None
    node: Node


def read_xhstt(text: str, *, where: str, codes: Codes, solution: str = "") -> FileTable:
    """Read one solution of an XHSTT archive.

    Of several solutions the one of the lowest cost is taken (violations first), unless one is
    named. An event with a class or a pupil is a lesson; one without is what the code mapping says
    of its name, else unknown (busy).

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.
    codes : Codes
        What an event without pupils means.
    solution : str
        Id of the solution group or the instance to take, or both as ``group/instance``.

    Returns
    -------
    FileTable

    Raises
    ------
    InputError
        If there is no solution, several cannot be ranked, or a reference leads nowhere.
    """
    root = parse_xml(text, where=where)
    if root.tag != "HighSchoolTimetableArchive":
        raise InputError(
            f"the XML holds '{root.tag}' and no XHSTT archive",
            where=f"{where}, line {root.line}",
            remedy=AGAIN,
        )
    chosen, said = _choose(root, solution, where)
    found = [n for n in root.inside("Instances") if n.get("Id") == chosen.instance]
    if len(found) != 1:
        raise InputError(
            f"instance '{chosen.instance}' stands {len(found)} times in the archive",
            where=f"{where}, line {chosen.node.line}",
            remedy=AGAIN,
        )
    instance = _read_instance(found[0], where)
    bookings, warnings = _place(instance, chosen.node, codes, where)
    cells = bookings.cells
    if not cells:
        raise InputError(
            f"no event of solution '{chosen.label}' has a teacher and a time",
            where=f"{where}, line {chosen.node.line}",
            remedy=AGAIN,
        )
    staff = dict(instance.teachers.values())
    blocked = block_absent(instance.times.values(), instance.periods, instance.weeks, staff)
    return FileTable(
        "xhstt",
        where,
        staff,
        instance.periods,
        instance.weeks,
        cells + blocked,
        warnings=(*bookings.warnings, *warnings, *_idle(instance, cells, where)),
        contents=f"{len(instance.times)} times, {len(instance.events):,} events",
        assumptions=(*said, *instance.assumptions),
    )


# which solution ------------------------------------------------------------------------------------


def _choose(root: Node, wanted: str, where: str) -> tuple[_Solution, list[str]]:
    """Choose a solution by its name or its cost; say which of several it is."""
    every = _solutions(root)
    if not every:
        raise InputError("the archive has no solution", where=where, remedy=AGAIN)
    found = every
    if wanted:
        found = [s for s in every if wanted in (s.label, s.label.partition("/")[0], s.instance)]
        if not found:
            raise InputError(
                f"the archive has no solution '{wanted}'",
                where=where,
                remedy=near(
                    wanted, {n for s in every for n in (s.label, s.label.partition("/")[0])}
                ),
            )
    names = ", ".join(s.label for s in found[:8])
    if len({s.instance for s in found}) > 1:
        raise InputError(
            f"the archive has solutions of several instances: {names}",
            where=where,
            remedy="name one with --solution",
        )
    if len(found) > 1 and any(s.cost is None for s in found):
        raise InputError(
            f"the archive has {len(found)} solutions and not every one says its cost: {names}",
            where=where,
            remedy="name one with --solution",
        )
    best = min(found, key=lambda s: s.cost or (0, 0))
    if len(every) == 1:
        return best, []
    cost = f", cost {best.cost[0]} (violations) and {best.cost[1]}" if best.cost else ""
    return best, [
        f"of {len(every)} solutions '{best.label}' is taken{cost}; --solution names another"
    ]


def _solutions(root: Node) -> list[_Solution]:
    out: list[_Solution] = []
    for group in root.inside("SolutionGroups"):
        for node in group.all("Solution"):
            label = f"{group.get('Id')}/{node.get('Reference')}"
            again = sum(1 for s in out if s.label.partition("#")[0] == label)
            costs = [node.word("Report", name) for name in ("InfeasibilityValue", "ObjectiveValue")]
            whole = all(re.fullmatch(r"[0-9]{1,12}", c) for c in costs)
            out.append(
                _Solution(
                    f"{label}#{again + 1}" if again else label,
                    node.get("Reference"),
                    (int(costs[0]), int(costs[1])) if whole else None,
                    node,
                )
            )
    return out


# the instance --------------------------------------------------------------------------------------


def _read_instance(node: Node, where: str) -> _Instance:
    times, periods, weeks, said = _read_times(node, where)
    kinds = {
        t.get("Id"): f"{t.get('Id')} {t.word('Name')}".casefold()
        for t in node.inside("Resources", "ResourceTypes")
    }
    found: dict[str, list[Node]] = {"teacher": [], "room": [], "": []}
    seen: set[str] = set()
    for resource in node.inside("Resources"):
        if resource.tag == "Resource":
            _id(resource, seen, where)
            kind = resource.find("ResourceType")
            words = kinds.get(kind.get("Reference") if kind else "", "")
            found[next((k for k in found if k in words), "")].append(resource)
    if not found["teacher"]:
        raise InputError(
            f"no resource is of a type called Teacher; the types are {', '.join(kinds) or 'none'}",
            where=f"{where}, line {node.line}",
            remedy="call the type of teachers 'Teacher'",
        )
    return _Instance(
        node.get("Id"),
        times,
        periods,
        weeks,
        _name_teachers(found["teacher"], where),
        {r.get("Id"): r.word("Name") or r.get("Id") for r in found["room"]},
        {r.get("Id"): r.word("Name") or r.get("Id") for r in found[""]},
        frozenset(key for key, words in kinds.items() if "teacher" in words),
        {e.id: e for e in _read_events(node, where)},
        tuple(said),
    )


def _name_teachers(found: list[Node], where: str) -> dict[str, tuple[str, int]]:
    """Return name and line of each teacher by id; two who share a name go by their ids."""
    names = [r.word("Name") or r.get("Id") for r in found]
    if len({fold(name) for name in names}) < len(names):
        names = [r.get("Id") for r in found]
    seen: dict[str, int] = {}
    for name, resource in zip(names, found, strict=True):
        if fold(name) in seen:
            raise InputError(
                f"two teachers are told apart by capitals only, the other in line {seen[fold(name)]}",
                where=f"{where}, line {resource.line}",
                remedy="give one of them another Id",
            )
        seen[fold(name)] = resource.line
    return {r.get("Id"): (n, r.line) for n, r in zip(names, found, strict=True)}


def _id(node: Node, seen: set[str], where: str) -> str:
    """Return an element's id, which must be there and stand once."""
    key = node.get("Id")
    if not key or key in seen:
        raise InputError(
            f"the {node.tag} has no Id" if not key else f"{node.tag} {_shown(key)} stands twice",
            where=f"{where}, line {node.line}",
            remedy=AGAIN,
        )
    seen.add(key)
    return key


def _read_times(node: Node, where: str) -> tuple[dict[str, SLOT], tuple[str, ...], int, list[str]]:
    """Return each time's slot, the periods, the weeks, and what was assumed."""
    groups = {g.get("Id"): g.word("Name") for g in node.inside("Times", "TimeGroups")}
    seen: set[str] = set()
    found: list[tuple[str, str, str]] = []
    for time in node.inside("Times"):
        if time.tag != "Time":
            continue
        key = _id(time, seen, where)
        day, week = time.find("Day"), time.find("Week")
        if day is None:
            raise InputError(
                f"time '{key}' names no Day", where=f"{where}, line {time.line}", remedy=AGAIN
            )
        found.append((key, week.get("Reference") if week else "", day.get("Reference")))
    if not found:
        raise InputError(
            "the instance has no Time", where=f"{where}, line {node.line}", remedy=AGAIN
        )
    weeks, days, said = _weeks_and_days([(w, d) for _, w, d in found], groups, where)
    count: dict[tuple[int, int], int] = {}
    times: dict[str, SLOT] = {}
    for key, week_id, day_id in found:
        at = (weeks[week_id, day_id], days[week_id, day_id])
        count[at] = count.get(at, 0) + 1
        times[key] = (*at, str(count[at]))
    longest = max(count.values())
    if longest > 20:
        raise InputError(f"a day has {longest} times", where=where, remedy="a day has at most 20")
    periods = tuple(str(i) for i in range(1, longest + 1))
    said.append("the times of a day are numbered in their order, 1 is the first")
    return times, periods, max(weeks.values()), said


def _weeks_and_days(
    found: list[tuple[str, str]], groups: Mapping[str, str], where: str
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int], list[str]]:
    """Return week of the cycle and weekday of each (week, day) of the file."""
    both = list(dict.fromkeys(found))
    weeks = list(dict.fromkeys(week for week, _ in both))
    if len(weeks) == 1 and len(both) == 2 * len(WEEKDAYS):
        # ten days without weeks are a fortnight
        parts = [both[: len(WEEKDAYS)], both[len(WEEKDAYS) :]]
    else:
        parts = [[b for b in both if b[0] == week] for week in weeks]
    if not 1 <= len(parts) <= 2:
        raise InputError(
            f"the instance has {len(parts)} weeks and {len(both)} days",
            where=where,
            remedy="a timetable's cycle has one week or two, of five days each",
        )
    week_of, day_of, said = {}, {}, []
    for number, part in enumerate(parts, start=1):
        names = [groups.get(day) or day for _, day in part]
        weekdays, note = as_weekdays(names, where, ordered=True)
        said += [note] if note else []
        for at, name in zip(part, names, strict=True):
            week_of[at], day_of[at] = number, weekdays[name]
    return week_of, day_of, list(dict.fromkeys(said))


def _read_events(node: Node, where: str) -> list[_Event]:
    seen: set[str] = set()
    out = []
    for event in node.inside("Events"):
        if event.tag != "Event":
            continue
        key = _id(event, seen, where)
        time = event.find("Time")
        listed = list(event.inside("Resources"))
        types = {r.word("Role"): r.find("ResourceType") for r in listed if not r.get("Reference")}
        out.append(
            _Event(
                key,
                event.word("Name") or key,
                _duration(event, 1, where),
                time.get("Reference") if time else "",
                tuple(r.get("Reference") for r in listed if r.get("Reference")),
                {role: kind.get("Reference") if kind else "" for role, kind in types.items()},
                event.line,
            )
        )
    return out


def _duration(node: Node, default: int, where: str) -> int:
    text = node.word("Duration")
    if text and not re.fullmatch(r"[1-9][0-9]?", text):
        raise InputError(
            f"the duration is '{text}'",
            where=f"{where}, line {node.line}",
            remedy="it is a number of times from 1 to 99",
        )
    return int(text) if text else default


# the solution --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Meet:
    """One stretch of an event: where it starts, how long it is and who is added to it."""

    event: _Event
    start: str
    duration: int
    added: dict[str, str]
    line: int


def _meets(instance: _Instance, solution: Node, where: str) -> list[_Meet]:
    """Return every stretch of every event; one that is left out stands where the instance put it."""
    out: list[_Meet] = []
    for node in solution.inside("Events"):
        place = f"{where}, line {node.line}"
        event = instance.events.get(node.get("Reference"))
        if event is None:
            raise InputError(
                f"the instance has no event {_shown(node.get('Reference'))}",
                where=place,
                remedy=AGAIN,
            )
        time = node.find("Time")
        added: dict[str, str] = {}
        for resource in node.inside("Resources"):
            role, key = resource.word("Role"), resource.get("Reference")
            if key and key not in event.fixed:
                if role not in event.open:
                    raise InputError(
                        f"event {_shown(event.id)} has no open role {_shown(role)}",
                        where=place,
                        remedy=AGAIN,
                    )
                added[role] = key
        out.append(
            _Meet(
                event,
                time.get("Reference") if time else event.time,
                _duration(node, event.duration, where),
                added,
                node.line,
            )
        )
    named = {meet.event.id for meet in out}
    for event in instance.events.values():
        if event.id not in named:
            out.append(_Meet(event, event.time, event.duration, {}, event.line))
    return out


def _place(
    instance: _Instance, solution: Node, codes: Codes, where: str
) -> tuple[Bookings, tuple[str, ...]]:
    """Book every event of a solution; name those without a time or a teacher."""
    bookings = Bookings(where)
    left: list[str] = []
    meets = _meets(instance, solution, where)
    for meet in meets:
        place = f"{where}, line {meet.line}"
        event = meet.event
        if not meet.start:
            left.append(f"{place}: event {event.id} has no time and is not in the timetable")
            continue
        _known(meet.start, instance.times, "time", place)
        slots = instance.slots(meet.start, meet.duration)
        if len(slots) < meet.duration:
            left.append(
                f"{place}: event {event.id} runs over the end of its day by "
                f"{meet.duration - len(slots)}, which is not in the timetable"
            )
        left += [
            f"{place}: event {event.id} has nobody as '{role}'"
            for role, kind in event.open.items()
            if role not in meet.added and kind in instance.teacher_types
        ]
        _book(bookings, instance, meet, slots, codes, place)
    total = Counter[str]()
    for meet in meets:
        total[meet.event.id] += meet.duration
    left += [
        f"{where}, line {e.line}: event {e.id} has {total[e.id]} of its {e.duration} times"
        for e in instance.events.values()
        if total[e.id] < e.duration
    ]
    return bookings, shorten(left, "events without a time or a teacher")


def _book(
    bookings: Bookings,
    instance: _Instance,
    meet: _Meet,
    slots: list[SLOT],
    codes: Codes,
    place: str,
) -> None:
    """Put one stretch of an event into the timetable of each of its teachers."""
    given = list(dict.fromkeys([*meet.event.fixed, *meet.added.values()]))
    for key in given:
        if key not in instance.teachers and key not in instance.rooms:
            _known(key, instance.pupils, "resource", place)
    classes = "+".join(instance.pupils[k] for k in given if k in instance.pupils)
    room = "+".join(instance.rooms[k] for k in given if k in instance.rooms)
    name = meet.event.name
    kind = codes.activity(name, pupils=bool(classes))
    code = "" if kind == "lesson" else name
    for key in given:
        if key in instance.teachers:
            who = instance.teachers[key][0]
            for week, day, period in slots:
                bookings.put(
                    FileCell(week, day, period, who, kind, classes, name, room, code, meet.line),
                    f"event {meet.event.id}",
                )


def _known(key: str, known: Mapping[str, object], what: str, place: str) -> None:
    if key not in known:
        raise InputError(f"the instance has no {what} {_shown(key)}", where=place, remedy=AGAIN)


def _shown(key: str) -> str:
    """Return what a message may say of an id, which may hold a teacher's name."""
    return f"'{key}'" if is_code(key) else "of that id"


def _idle(instance: _Instance, cells: list[FileCell], where: str) -> tuple[str, ...]:
    """Name the teachers without an event."""
    busy = {cell.staff for cell in cells}
    found = [
        f"{where}, line {line}: {name} has no event and counts as free at every time; take them "
        "out of the file if they are not in school"
        for name, line in instance.teachers.values()
        if name not in busy
    ]
    return shorten(found, "teachers without an event")
