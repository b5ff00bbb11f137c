"""Scenario: programme + school + plan. Read from a preset, a file or a code; changed by name."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from ectsim.clock import Slot
from ectsim.content import Flex, flex
from ectsim.errors import InputError, near
from ectsim.folder import explain, read_school, read_toml, toml_value
from ectsim.parameters import Frozen
from ectsim.plan import PairSlots, Plan, plan_names
from ectsim.programme import Programme
from ectsim.school import Conditions, School
from ectsim.share import data_dir

__all__ = ["Scenario", "Story", "load", "parse_code", "preset_names"]

FORMAT = 1
CODE = re.compile(
    r"e1-([a-z0-9_]+)-(x[0-9a-f]{10}|[a-z][a-z0-9_]*)-([a-z][a-z0-9_]*)-s(\d{1,18})(?:-([A-Za-z0-9_-]+))?"
)
Changes = Mapping[str, object]


class Story(Frozen):
    """How a scenario is told; nothing of it enters a simulation."""

    title: str = Field("", description="Whose story.")
    opening: str = Field("", description="What to know before it begins.")
    pair: str = Field(description="The pair that is followed.")
    year: int = Field(
        1, ge=1, description="The simulated year that is told: one that shows the point."
    )
    look_at: tuple[str, ...] = Field((), description="What to look for.")
    names: dict[str, str] = Field(
        default_factory=dict,
        description="Made-up names that stand in the telling for staff ids.",
    )
    versus: dict[str, Any] = Field(
        default_factory=dict,
        description="Changes that make the other plan, which lives through the same year.",
    )

    def told(self, sentence: str) -> str:
        """Return a sentence with names in place of staff ids."""
        return re.sub(r"[A-Za-z0-9]+", lambda m: self.names.get(m[0], m[0]), sentence)


@dataclass(frozen=True)
class Scenario:
    """What is simulated, but for luck.

    Parameters
    ----------
    name : str
        What to call it.
    programme : Programme
        What is due.
    school : School
        Who and where.
    plan : Plan
        What is chosen.
    origin : str
        Name of the preset scenario that it started from, or "" for an imported school.
    source : School, optional
        The school as its folder has it, before any condition was changed; ``school`` if None.
    story : Story, optional
        How to tell it, if it is one of the stories that ship.
    """

    name: str
    programme: Programme
    school: School
    plan: Plan
    origin: str = ""
    source: School | None = None
    story: Story | None = None

    def __post_init__(self) -> None:
        """Check that the plan fits the school."""
        _check_slots(self.school, self.plan)
        _check_mask(self.programme, self.plan)

    @cached_property
    def banner(self) -> str:
        """What every output says when a tight part is given up, else ""."""
        lost = dict.fromkeys((*self.plan.given_up, *self.programme.given_up))
        if not lost:
            return ""
        return f"This plan gives up {', '.join(lost)}: what it completes is not the programme."

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before trusting a result."""
        banner = (self.banner,) if self.banner else ()
        own = self.school.warnings + self.school.assumptions
        later = [self.in_year(k).school for k in range(1, self.programme.run_years)]
        new = (n for s in later for n in (*s.calendar.warnings, *s.assumptions) if n not in own)
        return banner + own + tuple(dict.fromkeys(new))

    def in_year(self, k: int) -> Scenario:
        """Return the scenario of the school year that is k years on; 0 is this one.

        The school keeps its timetable and its slots: what a new timetable will be nobody knows yet.
        """
        if k == 0:
            return self
        later = self._later
        if k not in later:
            school = self.school.in_year(k, self.programme.years)
            later[k] = replace(self, school=school, source=None)
        return later[k]

    @cached_property
    def _later(self) -> dict[int, Scenario]:
        return {}

    def changes_from(self, start: Scenario) -> dict[str, object]:
        """Return the changes that turn another scenario into this one, by dotted name.

        Parameters
        ----------
        start : Scenario
            A scenario of the same school.
        """
        out = {f"plan.{k}": v for k, v in _changed(start.plan.model_dump(), self.plan.model_dump())}
        out.pop("plan.name", None)
        rooms = (
            ("conditions", start.school.conditions, self.school.conditions),
            ("programme", start.programme, self.programme),
        )
        for room, old, new in rooms:
            out.update({f"{room}.{k}": v for k, v in _changed(old.model_dump(), new.model_dump())})
        return out

    def _start(self) -> Scenario:
        """Return the scenario that a code or a file starts from: the preset, or the bare folder."""
        plan = self.plan.name if self.plan.name in plan_names() else plan_names()[0]
        if self.origin:
            start = _preset(self.origin)
            return start if plan == start.plan.name else start.with_changes({"plan.preset": plan})
        school = self.source or self.school
        programme = Programme.preset(self.programme.name)
        return Scenario(plan, programme, school, Plan.preset(plan))

    def code(self, seed: int) -> str:
        """Return a code that gives the same scenario, and with it the same digits, anywhere.

        Parameters
        ----------
        seed : int
            The run's seed; it is part of the code.
        """
        start = self._start()
        where = self.origin or f"x{start.school.digest[:10]}"
        head = f"e1-{self.programme.name}-{where}-{start.plan.name}-s{seed}"
        changes = self.changes_from(start)
        return head if not changes else f"{head}-{_pack(changes)}"

    def with_changes(self, changes: Changes, *, where: str = "") -> Scenario:
        """Return a scenario in which named parameters are changed.

        Parameters
        ----------
        changes : mapping of str to object
            Dotted names, such as ``plan.horizon`` or ``conditions.sickness_days``, to values;
            text is read as a JSON value where that is possible, else it stays text.
            ``plan.preset`` takes a whole plan first.
        where : str
            Where the change stands, for messages.

        Raises
        ------
        InputError
            If a name is unknown or a value is out of bounds.
        """
        rest = dict(changes)
        out = self
        if "plan.preset" in rest:
            out = replace(out, plan=_named_plan(out, str(rest.pop("plan.preset"))))
        trees: dict[str, dict[str, Any]] = {}
        for name, value in rest.items():
            room, *path = _path(name, out.school, where)
            if room not in trees:
                trees[room] = out._dump(room)
            _plant(trees[room], path, _value(value), where=where)
        for room, tree in trees.items():
            out = out._rebuild(room, tree, where)
        return out

    def _dump(self, room: str) -> dict[str, Any]:
        parts = {
            "plan": self.plan,
            "conditions": self.school.conditions,
            "programme": self.programme,
        }
        return parts[room].model_dump()

    def _rebuild(self, room: str, tree: dict[str, Any], where: str) -> Scenario:
        try:
            if room == "plan":
                return replace(self, plan=Plan.model_validate(tree))
            if room == "conditions":
                school = replace(self.school, conditions=Conditions.model_validate(tree))
                return replace(self, school=school, source=self.source or self.school)
            return replace(self, programme=Programme.model_validate(tree))
        except ValidationError as error:
            raise explain(error, where=where, prefix=room) from None

    def to_toml(self, school: str = "") -> str:
        """Write the scenario as a file that :func:`load` reads.

        Parameters
        ----------
        school : str
            Folder of the school relative to the file; not needed for a preset's.
        """
        plan = self.plan.name if self.plan.name in plan_names() else plan_names()[0]
        head = {"format": FORMAT, "name": self.name, "programme": self.programme.name}
        tables: dict[tuple[str, ...], dict[str, object]] = {(): head}
        if self.origin:
            head["preset"] = self.origin
        else:
            head["school"] = school or "."
        tables["plan",] = {"preset": plan}
        for name, value in sorted(self.changes_from(self._start()).items()):
            room, *path = _path(name, self.school, "")
            room = "programme_changes" if room == "programme" else room
            if isinstance(value, Mapping):
                tables.setdefault((room, *path), {}).update(value)
            else:
                tables.setdefault((room, *path[:-1]), {})[path[-1]] = value
        out: list[str] = []
        for table, rows in tables.items():
            if table:
                out += ["", "[" + ".".join(_toml_key(p) for p in table) + "]"]
            # TOML has no null: an empty text stands for it
            out += [
                f"{_toml_key(k)} = {toml_value('' if v is None else v)}" for k, v in rows.items()
            ]
        return "\n".join(out) + "\n"


SLOT_USES = tuple(PairSlots.model_fields)


def _changed(
    old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = ""
) -> list[tuple[str, object]]:
    """Return the leaves that differ; a pair's slots are one leaf, None where they are gone."""
    out: list[tuple[str, object]] = []
    for key in sorted(old.keys() | new.keys()):
        a, b, name = old.get(key), new.get(key), f"{prefix}{key}"
        if a == b:
            continue
        if isinstance(a, Mapping) and isinstance(b, Mapping) and prefix != "slots.":
            out += _changed(a, b, f"{name}.")
        elif isinstance(b, Mapping):
            out.append((name, {k: v for k, v in b.items() if v}))
        else:
            out.append((name, b))
    return out


def _path(name: str, school: School, where: str) -> list[str]:
    """Split a dotted name; a pair's id may hold dots of its own."""
    room, _, rest = name.partition(".")
    rooms = ("plan", "conditions", "programme")
    if room not in rooms or not rest:
        raise InputError(
            f"'{name}' is no parameter",
            where=where,
            remedy=f"a name starts with plan., conditions. or programme.; {near(room, rooms)}",
        )
    if room != "plan" or not rest.startswith("slots."):
        return [room, *rest.split(".")]
    pair = rest.removeprefix("slots.")
    if any(p.id == pair for p in school.pairs):
        return [room, "slots", pair]
    pair, _, use = pair.rpartition(".")
    if use not in SLOT_USES:
        raise InputError(f"unknown use of a slot '{use}'", where=where, remedy=near(use, SLOT_USES))
    return [room, "slots", pair, use]


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def _plant(tree: dict[str, Any], path: list[str], value: object, *, where: str) -> None:
    *stems, leaf = path
    for stem in stems:
        below = tree.setdefault(stem, {})
        if not isinstance(below, dict):
            raise InputError(f"'{stem}' has no parts", where=where, remedy=f"set {stem} itself")
        tree = below
    if value is None and isinstance(tree.get(leaf), dict):
        del tree[leaf]
    else:
        tree[leaf] = value


def _value(value: object) -> object:
    """Read text from a command line as a JSON value; other words stay words, nothing is None."""
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    text = value.strip()
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return tuple(found) if isinstance(found, list) else found


def _check_slots(school: School, plan: Plan) -> None:
    """Refuse slots in which somebody is not free, is wanted twice, or does not exist."""
    taken: dict[tuple[str, int], str] = {}

    def claim(who: str, cell: int, use: str, place: str) -> None:
        other = taken.get((who, cell))
        if other and not (
            other.startswith("meet of") and use.startswith("meet of") and who in mentors
        ):
            raise InputError(
                f"{who} is already in {other} then", where=place, remedy="choose another slot"
            )
        taken[who, cell] = use

    mentors = {p.mentor for p in school.pairs}
    ects = {p.ect for p in school.pairs}
    for pair_id, slots in plan.slots.items():
        pair = school.pair(pair_id)
        for side, taker in (
            ("release_ect", slots.release_ect),
            ("release_mentor", slots.release_mentor),
            ("deputy", slots.deputy),
            ("helper", slots.helper),
        ):
            if taker and taker not in school.by_id:
                raise InputError(
                    f"'{taker}' is not in the timetable",
                    where=f"plan.slots.{pair_id}.{side}",
                    remedy=near(taker, school.by_id),
                )
        if slots.deputy and (slots.deputy == pair.mentor or slots.deputy in ects):
            raise InputError(
                f"'{slots.deputy}' cannot be the deputy of {pair.mentor}",
                where=f"plan.slots.{pair_id}.deputy",
                remedy="name a colleague who is neither that mentor nor an ECT",
            )
        for use in ("meet", "observe", "reserve", "study"):
            for text in getattr(slots, use):
                place = f"plan.slots.{pair_id}.{use}, {text}"
                cell = _cell(school, text, place)
                teaches = school.timetable.kind(pair.ect, cell) == "lesson"
                if use == "observe" and not teaches:
                    raise InputError(
                        f"{pair.ect} does not teach then",
                        where=place,
                        remedy="choose a lesson of the ECT in which the mentor is free",
                    )
                sides = [(pair.ect, slots.release_ect), (pair.mentor, slots.release_mentor)]
                wanted = {"observe": sides[1:], "study": sides[:1]}.get(use, sides)
                for who, taker in wanted:
                    _check_free(school, who, taker if use != "study" else "", cell, place)
                    claim(who, cell, f"{use} of {pair_id}", place)
                    if taker and school.timetable.kind(who, cell) == "lesson":
                        claim(taker, cell, f"release for {pair_id}", place)


def _check_mask(programme: Programme, plan: Plan) -> None:
    """Refuse a plan that uses an option which the delivery partner does not allow (F121, F218)."""
    mask = programme.partner.disallowed if programme.partner.delivery == "partner" else ()
    if not mask:
        return

    for f in flex():
        if f.id in mask and f.parameter:
            _check_parameter(programme, f)
    loose = [f for f in flex() if not f.tight and f.plan_field]
    for f in loose:
        if f.id not in mask or not f.taken(getattr(plan, f.plan_field)):
            continue
        others = [o for o in loose if o.plan_field == f.plan_field and o.id not in mask]
        if others:
            nearest = f"use {others[0].id} (plan.{f.plan_field} = {others[0].plan_value})"
        elif f.default != f.plan_value:
            nearest = f"leave plan.{f.plan_field} at {f.default}"
        else:
            nearest = "no other option is allowed"
        raise InputError(
            f"the delivery partner does not allow the option {f.id}",
            where=f"plan.{f.plan_field}",
            remedy=f"{nearest}, or ask the partner's ECF lead, who decides how much flex is used",
        )


def _check_parameter(programme: Programme, option: Flex) -> None:
    """Refuse an option that no plan holds, where the parameter that does leaves it on."""
    value: object = programme
    for name in option.parameter.split(".")[1:]:
        value = getattr(value, name)
    if isinstance(value, int | float) and value > float(option.off):
        raise InputError(
            f"the delivery partner does not allow the option {option.id}",
            where=option.parameter,
            remedy=f"set {option.parameter} = {option.off}, or ask the partner's ECF lead, who decides how much flex is used",
        )


def _cell(school: School, text: str, place: str) -> int:
    slot = Slot.parse(text)
    if slot.week > school.grid.cycle_weeks:
        raise InputError("that week is not in the cycle", where=place, remedy="use week 1")
    try:
        return school.grid.cell(slot)
    except InputError as error:
        raise InputError(error.what, where=place, remedy=error.remedy) from None


def _check_free(school: School, who: str, taker: str, cell: int, place: str) -> None:
    """Refuse a slot in which a person is not free, unless somebody free takes the class."""
    kind = school.timetable.kind(who, cell)
    if kind == "free":
        return
    if kind == "lesson" and taker:
        if school.timetable.kind(taker, cell) in ("free", "cover"):
            return
        raise InputError(
            f"{taker}, who is to take {who}'s class, is not free then",
            where=place,
            remedy="choose another slot or somebody else",
        )
    words = "planning time" if kind == "ppa" else kind
    raise InputError(
        f"{who} is not free then ({words})",
        where=place,
        remedy="choose a slot in which both are free, or name who takes the class",
    )


def _named_plan(scenario: Scenario, name: str) -> Plan:
    """Return a plan by name: a preset school's own, in which its slots are named, else the bare preset."""
    if scenario.origin:
        folder = _school_folder(_preset_head(scenario.origin))
        for file in ("scenario.toml", f"{name}.toml") if folder else ():
            path = folder / file if folder else Path()
            if path.is_file():
                plan = _plan(read_toml(path).get("plan", {}), path.name)
                if plan.name == name:
                    return plan
    return Plan.preset(name)


def _preset_head(name: str) -> dict[str, Any]:
    return read_toml(data_dir() / "scenarios" / f"{name}.toml")


def _school_folder(head: Mapping[str, Any]) -> Path | None:
    """Return the folder of a school that ships, if a scenario names one."""
    name = str(head.get("school", ""))
    folder = data_dir() / "schools" / name
    return (
        folder
        if re.fullmatch(r"[a-z][a-z0-9_]*", name) and (folder / "school.toml").is_file()
        else None
    )


@lru_cache(maxsize=32)
def _shipped(folder: Path) -> School:
    return read_school(folder)


@lru_cache(maxsize=32)
def _preset(name: str) -> Scenario:
    path = data_dir() / "scenarios" / f"{name}.toml"
    return _from_file(path, name)


def _plan(table: object, where: str, start: Plan | None = None) -> Plan:
    if not isinstance(table, dict):
        raise InputError("plan is not a table", where=where, remedy="write [plan]")
    rest = dict(table)
    named = str(rest.pop("preset", "found_time"))
    tree = (start or Plan.preset(named)).model_dump()
    for key, value in rest.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            tree[key] = {**tree[key], **{k: None if v == "" else v for k, v in value.items()}}
        else:
            tree[key] = value
    tree["slots"] = (
        {k: v for k, v in tree["slots"].items() if v is not None}
        if isinstance(tree["slots"], dict)
        else tree["slots"]
    )
    try:
        return Plan.model_validate(tree)
    except ValidationError as error:
        raise explain(error, where=where, prefix="plan") from None


def preset_names() -> tuple[str, ...]:
    """Return the names of the scenarios that ship."""
    return tuple(sorted(p.stem for p in (data_dir() / "scenarios").glob("*.toml")))


def load(reference: str, *, school: str | Path | None = None) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    reference : str
        A preset's name, a TOML file, a file that carries a scenario (a workbook, a page or JSON
        that ``ectsim export`` wrote), or a scenario code.
    school : str or pathlib.Path, optional
        Folder of an imported school, where a code needs it.

    Returns
    -------
    Scenario

    Raises
    ------
    InputError
        If there is no such scenario or something in it cannot be.
    """
    if reference in preset_names():
        return _preset(reference)
    if CODE.fullmatch(reference):
        return parse_code(reference, school=school)[0]
    path = Path(reference)
    if path.is_dir() and (path / "scenario.toml").is_file():
        path = path / "scenario.toml"
    if path.is_file():
        from ectsim import carried  # noqa: PLC0415 - only files that carry a scenario need it

        found = carried.read(path)
        return found.scenario(path.name) if found else _from_file(path, "")
    if re.match(r"e\d+-", reference):
        raise InputError(
            "the scenario code is of another version or damaged", where=reference[:40],
            remedy="copy the whole code, or use the scenario's file",
        )  # fmt: skip
    raise InputError(
        f"no scenario '{reference}'",
        remedy=f"give a file, a code or a preset; {near(reference, preset_names())}",
    )


def _from_file(path: Path, origin: str) -> Scenario:
    data = read_toml(path)
    where = path.name
    known = (
        "format",
        "name",
        "programme",
        "school",
        "preset",
        "plan",
        "conditions",
        "programme_changes",
        "story",
    )
    for key in data:
        if key not in known:
            raise InputError(f"unknown key '{key}'", where=where, remedy=near(key, known))
    if data.get("format", FORMAT) != FORMAT:
        raise InputError(
            f"format {data['format']!r} is not known",
            where=where,
            remedy=f"write format = {FORMAT}",
        )
    changes: dict[str, object] = {}
    for room, key in (("conditions", "conditions"), ("programme", "programme_changes")):
        table = data.get(key, {})
        if not isinstance(table, dict):
            raise InputError(f"{key} is not a table", where=where, remedy=f"write [{key}]")
        changes.update({f"{room}.{k}": v for k, v in _flatten(table)})
    scenario = _plain(data, path, origin)
    if "story" in data:
        scenario = replace(scenario, story=_story(data["story"], scenario, where))
    return scenario.with_changes(changes, where=where) if changes else scenario


def _story(table: object, scenario: Scenario, where: str) -> Story:
    if not isinstance(table, dict):
        raise InputError("story is not a table", where=where, remedy="write [story]")
    try:
        story = Story.model_validate(table)
    except ValidationError as error:
        raise explain(error, where=where, prefix="story") from None
    scenario.school.pair(story.pair)
    scenario.with_changes(story.versus, where=f"{where}, story.versus")
    return story


def _plain(data: dict[str, Any], path: Path, origin: str) -> Scenario:
    """Put together what a file names, before its changes to conditions and programme."""
    name = str(data.get("name", path.stem))
    if "preset" in data:
        start = load_preset(str(data["preset"]), path.name)
        table = data.get("plan", {})
        named = str(table.get("preset", start.plan.name)) if isinstance(table, dict) else ""
        plan = _plan(table, path.name, _named_plan(start, named))
        return replace(start, name=name, plan=plan)
    folder = _school_folder(data)
    return Scenario(
        name=name,
        programme=Programme.preset(str(data.get("programme", "2021"))),
        school=_shipped(folder)
        if folder
        else read_school(path.parent / str(data.get("school", "."))),
        plan=_plan(data.get("plan", {}), path.name),
        origin=origin,
    )


def load_preset(name: str, where: str) -> Scenario:
    """Return a scenario that ships.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in preset_names():
        raise InputError(f"no preset '{name}'", where=where, remedy=near(name, preset_names()))
    return _preset(name)


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    out: list[tuple[str, object]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            out += _flatten(value, f"{prefix}{key}.")
        else:
            out.append((f"{prefix}{key}", tuple(value) if isinstance(value, list) else value))
    return out


def _pack(changes: Changes) -> str:
    text = json.dumps(changes, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def parse_code(code: str, *, school: str | Path | None = None) -> tuple[Scenario, int]:
    """Read a scenario code.

    Parameters
    ----------
    code : str
        What :meth:`Scenario.code` wrote.
    school : str or pathlib.Path, optional
        Folder of the imported school that the code names.

    Returns
    -------
    scenario : Scenario
    seed : int

    Raises
    ------
    InputError
        If the code is damaged, or its school is not at hand.
    """
    match = CODE.fullmatch(code)
    if not match:
        raise InputError("this is no scenario code", where=code[:40], remedy="copy the whole code")
    programme, where, plan, seed, packed = match.groups()
    if re.fullmatch(r"x[0-9a-f]{10}", where):
        if school is None:
            raise InputError(
                "the code belongs to an imported school",
                where=code[:40],
                remedy="name its folder with --school DIR",
            )
        the_school = read_school(Path(school))
        if f"x{the_school.digest[:10]}" != where:
            raise InputError(
                "the folder holds another school than the code, or its files have changed",
                where=str(school),
                remedy="use the folder that the code was made with",
            )
        scenario = Scenario(plan, Programme.preset(programme), the_school, Plan.preset(plan))
    else:
        scenario = load_preset(where, "scenario code")
        if scenario.programme.name != programme:
            scenario = replace(scenario, programme=Programme.preset(programme))
        if scenario.plan.name != plan:
            scenario = replace(scenario.with_changes({"plan.preset": plan}), name=plan)
    if packed:
        scenario = scenario.with_changes(_unpack(packed), where="scenario code")
    return scenario, int(seed)


def _unpack(packed: str) -> dict[str, object]:
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        unpacking = zlib.decompressobj()  # with a limit: a small code may hold a very large text
        text = unpacking.decompress(raw, 100_000)
        changes = json.loads(text) if unpacking.eof and not unpacking.unused_data else None
    except (binascii.Error, ValueError, zlib.error):
        changes = None
    if not isinstance(changes, dict):
        raise InputError("the scenario code is damaged", remedy="copy the whole code")
    return {str(k): tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
