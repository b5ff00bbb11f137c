"""The register: every number with its birth certificate, every fact with what represents it.

Parameters are read from their own declarations, so that the register cannot differ from the model.
Numbers that stand in the code, whole tables and facts have rows in ``data/constants.csv``,
``data/status.csv`` and ``data/facts.csv``.
"""

from __future__ import annotations

import csv
import importlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ectsim.content import Fact, constants, evidence, facts
from ectsim.parameters import Certificate, certificates
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.school import Conditions
from ectsim.share import data_dir

__all__ = [
    "ASSUMED",
    "Number",
    "numbers",
    "register_dict",
    "register_lines",
    "resolve",
    "unclaimed",
    "unseen",
    "untaught",
]

ASSUMED = "2026-11-22"
"""The day on which the assumptions were last gone through."""

ROOMS: dict[str, type[BaseModel]] = {
    "programme": Programme,
    "conditions": Conditions,
    "plan": Plan,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or a choice, with its birth certificate.

    Parameters
    ----------
    name : str
        Dotted name in a scenario, or module and name where no scenario changes it.
    value : object
        Its default.
    unit : str
        Unit of measurement; "" for a choice.
    low, high : float or None
        Plausible range; of a duration its least and most. None where a source leaves no room.
    status : str
        ``source``, ``derived``, ``external`` or ``assumption``.
    source : str
        Ids of facts, readings and published figures.
    as_of : str
        Day or year for which it holds: of a published figure the latest of its sources, of a
        fact the day of its edition, of an assumption the day it was gone through.
    words : str
        What it says, as a question where a scenario may answer it.
    """

    name: str
    value: object
    unit: str
    low: float | None
    high: float | None
    status: str
    source: str
    as_of: str
    words: str


@lru_cache
def numbers() -> tuple[Number, ...]:
    """Return every parameter, and every number that stands in the code.

    Returns
    -------
    tuple of Number
        Parameters of programme, school, plan and cohort in the order of their declaration, then
        numbers of the code.
    """
    from ectsim.cohort import Recipe  # noqa: PLC0415 - it simulates, and most readers only look up

    rooms: dict[str, type[BaseModel]] = {**ROOMS, "cohort": Recipe}
    out = [_parameter(c) for name, model in rooms.items() for c in certificates(model, name)]
    for c in constants():
        module, _, name = c.name.partition(":")
        value = getattr(importlib.import_module(module), name)
        source = " ".join(c.source)
        out.append(
            Number(c.name, value, c.unit, c.low, c.high, c.status, source, _as_of(c.status, source), c.words)
        )  # fmt: skip
    return tuple(out)


def _parameter(c: Certificate) -> Number:
    low, high = c.low, c.high
    if low is None and isinstance(c.default, tuple) and "least" in c.unit:
        low, high = c.default[0], c.default[-1]  # a duration is its own range
    as_of = _as_of(c.status, c.source)
    return Number(c.name, c.default, c.unit, low, high, c.status, c.source, as_of, c.ask)


def _as_of(status: str, source: str) -> str:
    if status == "assumption":
        return ASSUMED
    years = {f.id: f.year for f in evidence()}
    published = [years[i] for i in source.split() if i in years]
    if not published:
        return Programme().as_of
    return max(published, key=lambda text: re.findall(r"\d{4}", text)[-1:] or [""])


# --- facts --------------------------------------------------------------------------------------


def resolve(claim: str, checkout: Path | None = None) -> str:
    """Say whether what a claim names exists.

    Parameters
    ----------
    claim : str
        One of ``programme.NAME``, ``conditions.NAME``, ``plan.NAME`` (a parameter),
        ``ectsim.MODULE:NAME`` (a thing in the code, dots go deeper), ``data/FILE#ROW`` (a row by
        its first cell, or a file), ``metric:NAME``, ``event:NAME``, ``bin:NAME``, ``command:NAME``,
        ``tests/FILE::NAME`` (a test), ``page:NAME/PART`` (what is on a dashboard: see
        :func:`ectsim.app.inventory.parts`).
    checkout : pathlib.Path, optional
        Where tests stand; without it they are taken on trust, as an installed package has none.

    Returns
    -------
    str
        "" if it exists, else what is missing.
    """
    if re.match(r"(programme|conditions|plan)\.", claim):
        return "" if claim in _parameters() else f"no parameter {claim}"
    if claim.startswith("data/"):
        return _data(claim)
    if claim.startswith("tests/"):
        return _test(claim, checkout) if checkout else ""
    room, _, name = claim.partition(":")
    if room == "page":
        return _page(name)
    if room.startswith("ectsim"):
        return _code(room, name)
    known = _named().get(room)
    if known is None:
        return f"{claim}: no such kind of claim"
    return "" if name in known else f"no {room} {name}"


@lru_cache
def _parameters() -> frozenset[str]:
    return frozenset(n.name for n in numbers())


@lru_cache
def _named() -> dict[str, frozenset[str]]:
    from ectsim.cli import app  # noqa: PLC0415 - the command line imports this module in turn
    from ectsim.ledger import BINS  # noqa: PLC0415 - a page that asks for numbers needs none of these
    from ectsim.log import EVENTS  # noqa: PLC0415
    from ectsim.metrics import METRICS  # noqa: PLC0415

    commands = (c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands)
    return {
        "metric": frozenset(METRICS),
        "event": frozenset(EVENTS),
        "bin": frozenset(BINS),
        "command": frozenset(commands),
    }


@lru_cache
def _first_cells(name: str) -> frozenset[str] | None:
    path = data_dir() / name
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return frozenset(row[0] for row in csv.reader(text.splitlines()) if row)
    if path.suffix == ".toml":
        tree = tomllib.loads(text)
        rows = tree.get("ambiguity", ())
        return frozenset([*tree, *(str(r["number"]) for r in rows)])
    return frozenset()


def _data(claim: str) -> str:
    name, _, row = claim.removeprefix("data/").partition("#")
    cells = _first_cells(name)
    if cells is None:
        return f"no file {name}"
    return "" if not row or row in cells else f"no row {row} in {name}"


def _test(claim: str, checkout: Path) -> str:
    name, _, test = claim.partition("::")
    path = checkout / name
    if not path.is_file():
        return f"no file {name}"
    found = re.search(rf"^def {re.escape(test)}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    return "" if found else f"no test {test} in {name}"


def _page(claim: str) -> str:
    from ectsim.app.inventory import PAGES, parts  # noqa: PLC0415 - who only counts facts needs no page

    name, _, part = claim.partition("/")
    if name not in PAGES:
        return f"no page {name}"
    return "" if part and part in parts(name) else f"no {part} on the page {name}"


def _code(module: str, name: str) -> str:
    try:
        thing: Any = importlib.import_module(module)
    except ModuleNotFoundError:
        return f"no module {module}"
    for part in name.split("."):
        if isinstance(thing, type) and part in _fields(thing):
            return ""
        if not hasattr(thing, part):
            return f"no {name} in {module}"
        thing = getattr(thing, part)
    return ""


def _fields(thing: type) -> set[str]:
    if issubclass(thing, BaseModel):
        return set(thing.model_fields)
    return {f.name for f in fields(thing)} if is_dataclass(thing) else set()


def unclaimed() -> tuple[Fact, ...]:
    """Return the facts of kinds P, R, M and T that nothing represents yet."""
    return tuple(f for f in facts() if f.simulated and not f.claims)


def unseen() -> tuple[Fact, ...]:
    """Return the facts of kind D that no page and no command shows or asks about yet."""
    return tuple(f for f in facts() if f.shown and not f.displays)


def untaught() -> tuple[Fact, ...]:
    """Return the facts of kind L that no page of the workbook teaches under a heading of its own."""
    taught = _first_cells("lessons.csv") or frozenset()
    return tuple(f for f in facts() if "L" in f.kinds and f.id not in taught)


# --- what is printed ----------------------------------------------------------------------------


def register_dict() -> dict[str, Any]:
    """Return the register as plain data.

    Returns
    -------
    dict
        ``numbers`` (:class:`Number` each, with ``value`` as plain data), ``statuses`` {status:
        count}, ``tables`` (what is said of each file of ``data/``), ``facts`` (each with ``id``, ``kinds``, ``words``, ``claims``, ``reason``),
        ``facts_counted``, ``facts_claimed``, ``unclaimed`` (ids); of kind D ``facts_to_show``, ``unseen`` (ids);
        of kind L ``lessons`` {fact: where it is taught, a page and a heading each}, ``untaught`` (ids).
    """
    rows = [asdict(n) | {"value": _plain(n.value)} for n in numbers()]
    open_ = unclaimed()
    counted = sum(f.simulated for f in facts())
    return {
        "numbers": rows,
        "statuses": dict(sorted(Counter(n.status for n in numbers()).items())),
        "tables": _tables(),
        "facts": [asdict(f) | {"claims": list(f.claims)} for f in facts()],
        "facts_counted": counted,
        "facts_claimed": counted - len(open_),
        "unclaimed": [f.id for f in open_],
        "facts_to_show": sum(f.shown for f in facts()),
        "unseen": [f.id for f in unseen()],
        "lessons": {f.id: _places().get(f.id, []) for f in facts() if "L" in f.kinds},
        "untaught": [f.id for f in untaught()],
    }


def _places() -> dict[str, list[str]]:
    """Return where each fact is taught: page and heading."""
    out: dict[str, list[str]] = {}
    with (data_dir() / "lessons.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            out.setdefault(row["fact"], []).append(f"{row['notebook']}: {row['heading']}")
    return out


def _tables() -> list[dict[str, str]]:
    with (data_dir() / "status.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def register_lines(data: Mapping[str, Any]) -> list[str]:
    """Return the register as lines for a terminal.

    Parameters
    ----------
    data : mapping
        What :func:`register_dict` gives.
    """
    rows: Sequence[Mapping[str, Any]] = data["numbers"]
    width = max(len(r["name"]) for r in rows)
    head = f"{'name':{width}}  {'default':>14}  {'range':>14}  {'status':10}  {'as of':12}  unit; sources"
    out = [head]
    for r in rows:
        span = "" if r["low"] is None else f"{r['low']:g} to {r['high']:g}"
        told = "; ".join(t for t in (r["unit"], r["source"]) if t)
        out.append(
            f"{r['name']:{width}}  {_short(r['value']):>14}  {span:>14}  {r['status']:10}  {r['as_of'][-12:]:12}  {told}"
        )
    out += ["", "Whole tables:"]
    out += [f"  {t['files']:18}{t['status']:12}{t['as_of']:12}{t['words']}" for t in data["tables"]]
    counts = ", ".join(f"{n} {status}" for status, n in data["statuses"].items())
    out += ["", f"{len(rows)} numbers and choices: {counts}.", "", *_fact_lines(data)]
    return out


def _short(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 14 else f"{text[:13]}…"


def _fact_lines(data: Mapping[str, Any]) -> Iterator[str]:
    open_ = [f for f in data["facts"] if f["id"] in data["unclaimed"]]
    yield (
        f"{data['facts_counted']} facts that the model must hold, {data['facts_claimed']} of them "
        f"represented, {len(open_)} unclaimed."
    )
    for f in open_:
        yield f"  {f['id']}  {f['words']}: {f['reason']}"
    dark = [f for f in data["facts"] if f["id"] in data["unseen"]]
    yield (
        f"{data['facts_to_show']} facts that somebody sees or chooses, "
        f"{data['facts_to_show'] - len(dark)} of them on a page or printed by a command, {len(dark)} unclaimed."
    )
    for f in dark:
        yield f"  {f['id']}  {f['words']}: {f['reason']}"
    lessons = data["lessons"]
    yield ""
    yield f"{len(lessons)} facts that a lesson must teach, {len(lessons) - len(data['untaught'])} of them taught:"
    for name, places in lessons.items():
        yield f"  {name}  {places[0] if places else 'NOT TAUGHT'}"
