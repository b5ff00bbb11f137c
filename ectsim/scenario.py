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

from pydantic import ValidationError

from ectsim.clock import Slot
from ectsim.errors import InputError, near
from ectsim.folder import explain, read_school, read_toml, toml_value
from ectsim.plan import Plan, plan_names
from ectsim.programme import Programme
from ectsim.school import Conditions, School
from ectsim.share import data_dir

__all__ = ["Scenario", "load", "parse_code", "preset_names"]

FORMAT = 1
CODE = re.compile(
    r"e1-([a-z0-9_]+)-(x[0-9a-f]{10}|[a-z][a-z0-9_]*)-([a-z][a-z0-9_]*)-s(\d{1,18})(?:-([A-Za-z0-9_-]+))?"
)
Changes = Mapping[str, object]


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
    base : str
        Name of the school's preset, or "" for an imported one.
    changed : mapping of str to object
        What ``--set`` or a scenario's own tables changed outside the plan.
    """

    name: str
    programme: Programme
    school: School
    plan: Plan
    base: str = ""
    changed: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        """Check that the plan fits the school."""
        _check_slots(self.school, self.plan)

    @cached_property
    def banner(self) -> str:
        """What every output says when a tight part is given up, else ""."""
        lost = self.plan.given_up
        return (
            f"This plan gives up {', '.join(lost)}: what it completes is not the programme."
            if lost
            else ""
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before trusting a result."""
        banner = (self.banner,) if self.banner else ()
        return banner + self.school.warnings + self.school.assumptions

    def code(self, seed: int) -> str:
        """Return a code that gives the same scenario, and with it the same digits, anywhere.

        Parameters
        ----------
        seed : int
            The run's seed; it is part of the code.
        """
        base = (
            Plan.preset(self.plan.name)
            if self.plan.name in plan_names()
            else Plan.preset("found_time")
        )
        preset = _folder_plan(self.base, base.name) if self.base else None
        start = preset or base
        changes = {
            f"plan.{k}": new
            for k, (_, new) in start.diff(self.plan).items()
            if new is not None or k == "cover.supervisors"
        }
        gone = sorted(
            {
                k.rsplit(".", 1)[0]
                for k, (old, new) in start.diff(self.plan).items()
                if k.startswith("slots.") and new is None
            }
        )
        changes.update({f"plan.{k}": None for k in gone})
        changes.update(self.changed or {})
        where = self.base or f"x{self.school.digest[:10]}"
        head = f"e1-{self.programme.name}-{where}-{start.name}-s{seed}"
        return head if not changes else f"{head}-{_pack(changes)}"

    def with_changes(self, changes: Changes, *, where: str = "") -> Scenario:
        """Return a scenario in which named parameters are changed.

        Parameters
        ----------
        changes : mapping of str to object
            Dotted names, such as ``plan.horizon`` or ``conditions.sickness_days``, to values;
            text is read as TOML where that is possible. ``plan.preset`` takes a whole plan first.
        where : str
            Where the change stands, for messages.

        Raises
        ------
        InputError
            If a name is unknown or a value is out of bounds.
        """
        out = self
        rest = dict(changes)
        if "plan.preset" in rest:
            out = replace(out, plan=_named_plan(out, str(rest.pop("plan.preset"))))
        trees: dict[str, dict[str, Any]] = {}
        for name, value in rest.items():
            room, _, path = name.partition(".")
            if room not in ("plan", "conditions", "programme") or not path:
                known = ("plan.", "conditions.", "programme.")
                raise InputError(
                    f"'{name}' is no parameter", where=where,
                    remedy=f"a name starts with {' or '.join(known)}; {near(room, ('plan', 'conditions', 'programme'))}",
                )  # fmt: skip
            tree = trees.setdefault(room, out._dump(room))
            _plant(tree, path.split("."), _value(value))
        for room, tree in trees.items():
            out = out._rebuild(room, tree, where)
        others = {k: _value(v) for k, v in rest.items() if not k.startswith("plan.")}
        if others:
            out = replace(out, changed={**(self.changed or {}), **others})
        return out

    def _dump(self, room: str) -> dict[str, Any]:
        part = {
            "plan": self.plan,
            "conditions": self.school.conditions,
            "programme": self.programme,
        }[room]
        return part.model_dump()

    def _rebuild(self, room: str, tree: dict[str, Any], where: str) -> Scenario:
        try:
            if room == "plan":
                return replace(self, plan=Plan.model_validate(tree))
            if room == "conditions":
                school = replace(self.school, conditions=Conditions.model_validate(tree))
                return replace(self, school=school)
            return replace(self, programme=Programme.model_validate(tree))
        except ValidationError as error:
            raise explain(error, where=where, prefix=room) from None

    def to_toml(self, school: str) -> str:
        """Write the scenario as a file that :func:`load` reads.

        Parameters
        ----------
        school : str
            Folder of the school relative to the file, or a preset's name.
        """
        base = (
            Plan.preset(self.plan.name)
            if self.plan.name in plan_names()
            else Plan.preset("found_time")
        )
        out = [
            f"format = {FORMAT}",
            f"name = {toml_value(self.name)}",
            f"programme = {toml_value(self.programme.name)}",
            f"school = {toml_value(school)}",
        ]
        changes = {f"plan.{k}": new for k, (_, new) in base.diff(self.plan).items()}
        changes.update(self.changed or {})
        tables: dict[str, dict[str, object]] = {"plan": {"preset": base.name}}
        for name, value in sorted(changes.items()):
            if value is None or (value == () and ".slots." in name):
                continue
            table, _, key = name.rpartition(".")
            tables.setdefault(table, {})[key] = value
        for table, rows in tables.items():
            quoted = ".".join(
                p if re.fullmatch(r"[A-Za-z0-9_-]+", p) else toml_value(p) for p in table.split(".")
            )
            out += ["", f"[{quoted}]", *(f"{k} = {toml_value(v)}" for k, v in rows.items())]
        return "\n".join(out) + "\n"


def _plant(tree: dict[str, Any], path: list[str], value: object) -> None:
    *stems, leaf = path
    for stem in stems:
        nxt = tree.setdefault(stem, {})
        if not isinstance(nxt, dict):
            raise InputError(f"'{stem}' has no parts", remedy=f"set {stem} itself")
        tree = nxt
    if value is None and leaf in tree and isinstance(tree[leaf], dict):
        del tree[leaf]
    else:
        tree[leaf] = value


def _value(value: object) -> object:
    """Read text from a command line as a TOML value; words stay words."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.lower() in ("none", ""):
        return None if text == "" else "none"
    for read in (json.loads,):
        try:
            found = read(text)
        except ValueError:
            continue
        return tuple(found) if isinstance(found, list) else found
    return text


def _check_slots(school: School, plan: Plan) -> None:
    grid = school.grid
    taken: dict[tuple[str, int], str] = {}
    for pair_id, slots in plan.slots.items():
        pair = school.pair(pair_id)
        for use in ("meet", "observe", "reserve", "study"):
            for text in getattr(slots, use):
                place = f"plan.slots.{pair_id}.{use}, {text}"
                slot = Slot.parse(text)
                if slot.week > grid.cycle_weeks:
                    raise InputError(
                        "that week is not in the cycle", where=place, remedy="use week 1"
                    )
                cell = grid.cell(slot)
                sides = {"observe": (pair.mentor,), "study": (pair.ect,)}.get(
                    use, (pair.ect, pair.mentor)
                )
                for who in sides:
                    kind = school.timetable.kind(who, cell)
                    if kind != "free":
                        words = "planning time" if kind == "ppa" else kind
                        raise InputError(
                            f"{who} is not free then ({words})", where=place,
                            remedy="choose a slot in which both are free",
                        )  # fmt: skip
                    other = taken.get((who, cell))
                    if other:
                        raise InputError(
                            f"{who} is already in {other} then",
                            where=place,
                            remedy="choose another slot",
                        )
                    taken[who, cell] = f"{use} of {pair_id}"
                if use == "observe" and school.timetable.kind(pair.ect, cell) != "lesson":
                    raise InputError(
                        f"{pair.ect} does not teach then", where=place,
                        remedy="choose a lesson of the ECT in which the mentor is free",
                    )  # fmt: skip


def _named_plan(scenario: Scenario, name: str) -> Plan:
    if scenario.base:
        found = _folder_plan(scenario.base, name)
        if found:
            return found
    return Plan.preset(name)


@lru_cache(maxsize=32)
def _preset_school(name: str) -> School:
    return read_school(data_dir() / "schools" / name)


def _folder_plan(base: str, name: str) -> Plan | None:
    """Return the plan of a preset school's own file, in which its slots are named."""
    folder = data_dir() / "schools" / base
    for file in ("scenario.toml", f"{name}.toml"):
        path = folder / file
        if path.is_file():
            plan = _plan(read_toml(path).get("plan", {}), path.name)
            if plan.name == name:
                return plan
    return None


def _plan(table: object, where: str) -> Plan:
    if not isinstance(table, dict):
        raise InputError("plan is not a table", where=where, remedy="write [plan]")
    rest = dict(table)
    base = Plan.preset(str(rest.pop("preset", "found_time"))).model_dump()
    for key, value in rest.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict) and key != "slots":
            base[key] = {**base[key], **value}
        else:
            base[key] = value
    try:
        return Plan.model_validate(base)
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
        A preset's name, a TOML file, or a scenario code.
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
        return _from_file(data_dir() / "scenarios" / f"{reference}.toml", reference)
    if CODE.fullmatch(reference):
        return parse_code(reference, school=school)[0]
    path = Path(reference)
    if path.is_dir() and (path / "scenario.toml").is_file():
        path = path / "scenario.toml"
    if path.is_file():
        return _from_file(path, "")
    if re.match(r"e\d+-", reference):
        raise InputError(
            "the scenario code is of another version or damaged", where=reference[:40],
            remedy="copy the whole code, or use the scenario's file",
        )  # fmt: skip
    raise InputError(
        f"no scenario '{reference}'",
        remedy=f"give a file, a code or a preset; {near(reference, preset_names())}",
    )


def _from_file(path: Path, preset: str) -> Scenario:
    data = read_toml(path)
    where = path.name
    known = ("format", "name", "programme", "school", "plan", "conditions", "programme_changes")
    for key in data:
        if key not in known:
            raise InputError(f"unknown key '{key}'", where=where, remedy=near(key, known))
    if data.get("format", FORMAT) != FORMAT:
        raise InputError(
            f"format {data['format']!r} is not known",
            where=where,
            remedy=f"write format = {FORMAT}",
        )
    name = str(data.get("school", "default"))
    folder = data_dir() / "schools" / name
    base = ""
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) and (folder / "school.toml").is_file():
        the_school, base = _preset_school(name), name
    else:
        the_school = read_school(path.parent / name)
    scenario = Scenario(
        name=str(data.get("name", path.stem)),
        programme=Programme.preset(str(data.get("programme", "2021"))),
        school=the_school,
        plan=_plan(data.get("plan", {}), where),
        base=base,
    )
    changes: dict[str, object] = {}
    for room, key in (("conditions", "conditions"), ("programme", "programme_changes")):
        table = data.get(key, {})
        if not isinstance(table, dict):
            raise InputError(f"{key} is not a table", where=where, remedy=f"write [{key}]")
        changes.update({f"{room}.{k}": v for k, v in _flatten(table)})
    return scenario.with_changes(changes, where=where) if changes else scenario


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
    if where.startswith("x") and re.fullmatch(r"x[0-9a-f]{10}", where):
        if school is None:
            raise InputError(
                "the code belongs to an imported school", where=code[:40],
                remedy="name its folder with --school DIR",
            )  # fmt: skip
        the_school, base = read_school(Path(school)), ""
    else:
        folder = data_dir() / "schools" / where
        if not (folder / "school.toml").is_file():
            raise InputError(f"no school '{where}'", where="scenario code")
        the_school, base = _preset_school(where), where
    the_plan = (_folder_plan(base, plan) if base else None) or Plan.preset(plan)
    scenario = Scenario(plan, Programme.preset(programme), the_school, the_plan, base)
    if packed:
        scenario = scenario.with_changes(_unpack(packed), where="scenario code")
    if not base and f"x{scenario.school.digest[:10]}" != where:
        raise InputError(
            "the folder holds another school than the code, or its files have changed",
            where=str(school), remedy="use the folder that the code was made with",
        )  # fmt: skip
    return scenario, int(seed)


def _unpack(packed: str) -> dict[str, object]:
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        text = zlib.decompressobj().decompress(raw, 100_000)
        changes = json.loads(text)
    except (binascii.Error, ValueError, zlib.error):
        changes = None
    if not isinstance(changes, dict):
        raise InputError("the scenario code is damaged", remedy="copy the whole code")
    return {str(k): tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
