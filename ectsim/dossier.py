"""The dossier: what a reader must know before trusting a result, written by the code it speaks of.

It answers the twenty items of the checklist for reports of discrete-event simulations (STRESS-DES;
Monks and others, Journal of Simulation 13, 2019), each from docstrings, declarations, registries and
data, and adds the laws of the model, the validation and the precision, computed while it is written.
An item without content stops it, and so does a law that does not hold: nothing is written then.

What is hashed holds no time, path, machine or number of workers, so that two clean checkouts on the
same versions give the same hash; where and when it was written stands apart.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from importlib import metadata
from math import ceil, isnan
from pathlib import Path
from typing import Any

import ectsim
from ectsim import analysis, experiment, laws, scenario, validation
from ectsim.content import Figure, ambiguities, evidence, facts, flex, funding
from ectsim.errors import Broken, Cancelled, InputError
from ectsim.ledger import BIN_WORDS
from ectsim.metrics import METRICS
from ectsim.plan import Plan, plan_names
from ectsim.register import Number, numbers, unclaimed
from ectsim.scenario import Scenario
from ectsim.share import data_dir

__all__ = ["ITEMS", "Dossier", "Item", "build", "items"]

REPLICATIONS = 40
"""Simulated years behind the figures of a dossier that is not asked for more."""

AIM = 0.02
"""Half-width of an interval of a share that is precise enough: two points."""

Block = dict[str, Any]
"""A piece of an item: ``kind`` is text, doc, table, diagram or command; all of it plain data."""

Progress = Callable[[str, int, int], None]


class _Empty(Exception):
    """Something that an item needs is not there."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the checklist.

    Parameters
    ----------
    number, part, title : str
        Its number, the part it belongs to, and what it is called.
    asks : str
        What it asks for.
    fill : callable
        From the scenario to its blocks.
    """

    number: str
    part: str
    title: str
    asks: str
    fill: Callable[[Scenario], Iterable[Block]]


ITEMS: dict[str, Item] = {}
"""The twenty items, by number."""

PARTS = ("Objectives", "Logic", "Data", "Experimentation", "Implementation", "Access")

Fill = Callable[[Scenario], Iterable[Block]]


def _item(number: str, title: str, asks: str) -> Callable[[Fill], Fill]:
    def keep(fill: Fill) -> Fill:
        ITEMS[number] = Item(number, PARTS[int(number[0]) - 1], title, asks, fill)
        return fill

    return keep


# --- blocks -------------------------------------------------------------------------------------


def _text(*lines: str) -> Block:
    if not lines or not all(line.strip() for line in lines):
        raise _Empty("a sentence is missing")
    return {"kind": "text", "lines": list(lines)}


def _doc(place: str) -> Block:
    """Return the docstring of a module, or of ``module:name``, without its lists of arguments.

    Raises
    ------
    _Empty
        If there is none.
    """
    module, _, name = place.partition(":")
    thing: Any = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        thing = getattr(thing, part, None)
    # a class without one would show its parent's
    own = (
        thing.__dict__.get("__doc__")
        if isinstance(thing, type)
        else getattr(thing, "__doc__", None)
    )
    lines = list(_paragraphs(own or ""))
    if not lines:
        raise _Empty(f"{place.replace(':', '.')} has no docstring")
    return {"kind": "doc", "of": place.replace(":", "."), "lines": lines}


def _docs(*places: str) -> Iterator[Block]:
    for place in places:
        yield _doc(place)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a docstring up to its first list of arguments; a dash begins a line."""
    lines = inspect.cleandoc(text).splitlines()
    ends = [i for i in range(len(lines) - 1) if re.fullmatch(r"-{3,}", lines[i + 1].strip())]
    body = "\n".join(lines[: ends[0]] if ends else lines)
    body = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", body).replace("``", "`")
    for paragraph in re.split(r"\n\s*\n", body):
        for line in re.split(r"\n(?=- )", paragraph):
            if line.strip():
                yield " ".join(line.split())


def _summary(thing: object) -> str:
    return next(_paragraphs(getattr(thing, "__doc__", None) or ""), "")


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Block:
    kept = [[str(c) for c in row] for row in rows]
    if not kept:
        raise _Empty(f"the table '{caption}' has no rows")
    return {"kind": "table", "caption": caption, "head": list(head), "rows": kept}


def _command(words: str, shell: str, python: str = "") -> Block:
    return {"kind": "command", "words": words, "shell": shell, "python": python}


# --- objectives ---------------------------------------------------------------------------------


@_item("1.1", "Purpose of the model", "What the model is for, and what it is not for.")
def _purpose(base: Scenario) -> Iterator[Block]:
    from ectsim.cli import app  # noqa: PLC0415 - the command line imports this module in turn

    yield _text(str(app.info.help or ""), analysis.LIMITS)
    yield from _docs("ectsim", "ectsim.programme", "ectsim.school", "ectsim.plan", "ectsim.luck")


@_item(
    "1.2", "Model outputs", "Every measure that comes out, how it is counted, and in which unit."
)
def _outputs(base: Scenario) -> Iterator[Block]:
    yield _doc("ectsim.ledger")
    yield _table("Where a due cycle can end", ("bin", "what it means"), BIN_WORDS.items())
    yield _doc("ectsim.metrics")
    direction = {"more": "more is better", "less": "less is better", "": "neither"}
    yield _table(
        "Metrics of a simulated year",
        ("name", "what it is called", "what is counted", "unit", "direction"),
        ((m.name, m.label, m.definition, m.unit, direction[m.better]) for m in METRICS.values()),
    )


@_item("1.3", "Aims of experimentation", "Which questions are put to the model, and with which experiments.")  # fmt: skip
def _aims(base: Scenario) -> Iterator[Block]:
    from ectsim.launch import tradeoffs  # noqa: PLC0415 - as above

    yield _docs_of_commands("simulate", "compare", "enough", "stress", "forecast", "validate")
    yield _table(
        "Trade-offs that were asked",
        ("trade-off", "question"),
        ((t.title, t.question) for t in tradeoffs().values()),
    )


def _docs_of_commands(*names: str) -> Block:
    from ectsim.cli import app  # noqa: PLC0415 - as above

    known = {c.name or getattr(c.callback, "__name__", ""): c.callback for c in app.registered_commands}  # fmt: skip
    rows = []
    for name in names:
        words = _summary(known.get(name))
        if not words:
            raise _Empty(f"the command '{name}' has no docstring")
        rows.append((f"ectsim {name}", words))
    return _table("Experiments", ("command", "what it does"), rows)


# --- logic --------------------------------------------------------------------------------------

ROOMS = (
    "ectsim.clock", "ectsim.luck", "ectsim.log", "ectsim.programme", "ectsim.school", "ectsim.plan",
    "ectsim.scenario", "ectsim.model.frame", "ectsim.model.diary", "ectsim.model.training",
    "ectsim.model.cover", "ectsim.model.bookings", "ectsim.model.study", "ectsim.model.steps",
    "ectsim.model.coaching", "ectsim.model.year", "ectsim.ledger", "ectsim.metrics",
    "ectsim.experiment", "ectsim.analysis",
)  # fmt: skip
"""The rooms of the model, from what it is told to what is said of it."""


def _uses(name: str) -> list[str]:
    """Return which rooms a room uses, read from its imports; imports for types alone do not count."""
    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    types = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]  # fmt: skip
    left_out = {id(n) for block in types for n in ast.walk(block)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in left_out:
            found |= {node.module or "", *(f"{node.module}.{a.name}" for a in node.names)}
    return [r for r in ROOMS if r in found and r != name]


@_item("2.1", "Overview", "A diagram of the model's parts and how they hang together.")
def _overview(base: Scenario) -> Iterator[Block]:
    uses = {name: _uses(name) for name in ROOMS}
    floor: dict[str, int] = {}
    for name in TopologicalSorter(uses).static_order():
        floor[name] = 1 + max((floor[u] for u in uses[name]), default=0)
    docs = {name: _doc(name)["lines"][0] for name in ROOMS}
    # an arrow that a longer way already makes is not drawn
    drawn = {n: [u for u in us if not any(u in _below(uses, v) for v in us)] for n, us in uses.items()}  # fmt: skip
    yield {
        "kind": "diagram",
        "title": "Rooms of the model",
        "sentence": f"{len(ROOMS)} rooms on {max(floor.values())} floors; an arrow goes from a room to one that it uses, and every arrow goes down.",
        "nodes": [{"name": _short(n), "floor": floor[n]} for n in ROOMS],
        "arrows": [[_short(n), _short(u)] for n in ROOMS for u in drawn[n]],
    }
    yield _table(
        "The same as a table",
        ("floor", "room", "what it holds", "uses"),
        ((floor[n], _short(n), docs[n], ", ".join(map(_short, uses[n])) or "-") for n in sorted(ROOMS, key=lambda n: (floor[n], n))),
    )  # fmt: skip


def _below(uses: Mapping[str, list[str]], name: str) -> set[str]:
    out: set[str] = set()
    for u in uses[name]:
        out |= {u} | _below(uses, u)
    return out


def _short(name: str) -> str:
    return name.removeprefix("ectsim.").removeprefix("model.")


@_item("2.2", "Logic of the base model", "What happens in a simulated year, in order.")
def _logic(base: Scenario) -> Iterator[Block]:
    yield from _docs(
        "ectsim.model.year", "ectsim.model.frame", "ectsim.model.diary", "ectsim.model.training",
        "ectsim.model.cover", "ectsim.model.study", "ectsim.model.coaching", "ectsim.model.steps",
    )  # fmt: skip
    yield _table("What a log may hold", ("event", "what it means"), _events())


def _events() -> Iterator[tuple[str, str]]:
    """Yield each event with the comment that stands beside it; without one it goes on from the last."""
    from ectsim import log  # noqa: PLC0415 - read as text here

    source = inspect.getsource(log)
    block = source[source.index("EVENTS: tuple") : source.index("CAUSES: tuple")]
    words = ""
    for name, comment in re.findall(r'^ {4}"(\w+)",(?: +# (.+))?$', block, re.MULTILINE):
        words = comment or words
        yield name, words if comment else f"likewise: {words}"


@_item("2.3", "Logic of scenarios", "What differs between scenarios, and how a plan is chosen.")
def _scenarios(base: Scenario) -> Iterator[Block]:
    yield from _docs("ectsim.scenario", "ectsim.scenario:Scenario", "ectsim.plan:Plan")
    first, *others = plan_names()
    for name in others:
        changed = Plan.preset(first).diff(Plan.preset(name))
        yield _table(
            f"What the plan {name} changes of {first}",
            ("field", first, name),
            ((k, _plain(a), _plain(b)) for k, (a, b) in changed.items()),
        )
    yield _table(
        "Loose options and tight parts",
        ("option", "class", "what it is", "default", "source"),
        ((f.id, f.class_, f.words, f.default, " ".join(f.source)) for f in flex()),
    )
    yield _table(
        "Scenarios that ship",
        ("scenario", "school", "staff", "pairs", "code"),
        (
            (n, s.school.name, len(s.school.staff), len(s.school.pairs), s.code(1))
            for n in scenario.preset_names()
            for s in [scenario.load(n)]
        ),
    )


@_item("2.4", "Algorithms", "How what is not plain arithmetic is computed.")
def _algorithms(base: Scenario) -> Iterator[Block]:
    yield from _docs(
        "ectsim.luck", "ectsim.model.diary:spell_lengths", "ectsim.model.diary:sickness_rates",
        "ectsim.model.diary:write_diary", "ectsim.model.cover:allocate", "ectsim.model.coaching:triangular",
        "ectsim.school:assume_ppa", "ectsim.slots:first_fit", "ectsim.planner.survival",
        "ectsim.planner.pairing", "ectsim.planner.enough", "ectsim.planner.stress", "ectsim.calibrate",
        "ectsim.replay",
    )  # fmt: skip


@_item("2.5", "Components", "Entities, activities, resources, queues, and where things enter and leave.")  # fmt: skip
def _components(base: Scenario) -> Iterator[Block]:
    parts = {
        "Entities": ("ectsim.school:School", "ectsim.school:Staff", "ectsim.school:Pair", "ectsim.model.year:Carried", "ectsim.model.steps:Learning"),
        "Activities": ("ectsim.model.coaching:Coaching", "ectsim.model.study:study", "ectsim.model.training:Training"),
        "Resources": ("ectsim.model.year:Mentor", "ectsim.model.cover:CoverBook"),
        "Queues": ("ectsim.model.bookings:Bookings", "ectsim.model.year:Mentor.claim", "ectsim.model.cover"),
        "Entry and exit": ("ectsim.model.frame:Window", "ectsim.ledger:Entry", "ectsim.school:School.in_year"),
    }  # fmt: skip
    for words, places in parts.items():
        yield {"kind": "heading", "words": words}
        yield from _docs(*places)


# --- data ---------------------------------------------------------------------------------------


@_item("3.1", "Data sources", "Where every figure comes from.")
def _sources(base: Scenario) -> Iterator[Block]:
    told = facts()
    yield _text(
        f"{len(told)} facts of the programme's documents, {sum(f.simulated for f in told)} of which the model must "
        f"hold; {len(evidence())} published figures. `ectsim register` lists all of them with what represents each."
    )

    def row(f: Figure) -> tuple[str, ...]:
        return f.id, f.figure, f.population, f.value, f.year, f.source, f.read, f.use

    head = ("id", "figure", "of whom", "value", "year", "published by", "read", "use")
    yield _table("Published figures", head, map(row, evidence()))
    yield _table("Where they were read", ("id", "address"), ((f.id, f.address) for f in evidence()))
    yield _table(
        "Grants", ("grant", "amounts"),
        ((" ".join(str(v) for v in list(asdict(g).values())[:2]), ", ".join(f"{k} {_plain(v)}" for k, v in list(asdict(g).items())[2:])) for g in funding()),
    )  # fmt: skip


@_item("3.2", "Preparation of data", "What is done to data before the model reads them.")
def _preparation(base: Scenario) -> Iterator[Block]:
    yield from _docs(
        "ectsim.timetables.importer", "ectsim.timetables.codes", "ectsim.timetables.roster",
        "ectsim.folder", "ectsim.school:assume_ppa", "ectsim.timetables.synthetic",
        "ectsim.timetables.synthetic_primary",
    )  # fmt: skip
    said = [(s.name, note) for s in _shipped() for note in s.school.assumptions]
    yield _table("Assumed of the schools that ship", ("scenario", "assumption"), said)


def _shipped() -> list[Scenario]:
    return [scenario.load(n) for n in scenario.preset_names()]


@_item("3.3", "Input parameters", "Every parameter with its value, unit, range and source.")
def _parameters(base: Scenario) -> Iterator[Block]:
    yield _doc("ectsim.register")
    words = {"source": "the programme's documents", "derived": "derived", "external": "published", "assumption": "assumed"}  # fmt: skip
    counts = {s: sum(n.status == s for n in numbers()) for s in words}
    yield _text(
        f"{len(numbers())} numbers and choices: "
        + ", ".join(f"{n} {words[s]}" for s, n in counts.items())
        + ".",
        f"The values are defaults; the scenario `{base.code(1)}` changes only what its code names.",
    )
    yield _table(
        "Numbers and choices",
        ("name", "default", "unit", "range", "status", "sources", "as of", "what it says"),
        ((n.name, _plain(n.value), n.unit, _range(n), n.status, n.source, n.as_of, n.words) for n in numbers()),
    )  # fmt: skip


def _range(n: Number) -> str:
    return "-" if n.low is None or n.high is None else f"{n.low:g} to {n.high:g}"


@_item("3.4", "Assumptions", "What is assumed because no source says it, and which readings were taken.")  # fmt: skip
def _assumptions(base: Scenario) -> Iterator[Block]:
    assumed = [n for n in numbers() if n.status == "assumption"]
    yield _table(
        "Numbers that no source gives",
        ("name", "value", "range", "what it says"),
        ((n.name, _plain(n.value), _range(n), n.words) for n in assumed),
    )
    yield _table(
        "Where the documents can be read in two ways",
        ("id", "question", "reading taken", "other reading", "switched by"),
        ((a.id, a.question, a.reading, a.alternative, a.parameter or a.outside) for a in ambiguities()),
    )  # fmt: skip


# --- experimentation ----------------------------------------------------------------------------


@_item("4.1", "Initial conditions", "How a run begins, and whether it warms up.")
def _start(base: Scenario) -> Iterator[Block]:
    yield _text(
        "A run begins on the first day of a school year and ends with it: there is no warm-up. Absence alone "
        "starts a year earlier, so that some people are ill on the first day."
    )
    yield from _docs("ectsim.model.diary", "ectsim.model.year:live_years", "ectsim.model.year:Carried")  # fmt: skip
    held = ("leader_support", "culture", "relationship", "belief", "habit_start")
    known = {n.name: n for n in numbers()}
    yield _table(
        "States on the first day",
        ("state", "value", "range", "what it says"),
        ((n.name, _plain(n.value), _range(n), n.words) for n in (known[f"conditions.{h}"] for h in held)),
    )  # fmt: skip


@_item("4.2", "Run length", "How long a run is, in which unit of time.")
def _length(base: Scenario) -> Iterator[Block]:
    yield from _docs("ectsim.clock", "ectsim.model.frame:Window")
    rows = []
    for s in _shipped():
        c = s.school.calendar
        weeks = c.weeks(s.school.grid.cycle_weeks)
        first, last = c.pupil_days[0], c.pupil_days[-1]
        rows.append((s.name, c.name, f"{first.isoformat()} to {last.isoformat()}", len(weeks), len(c.pupil_days), s.programme.run_years))  # fmt: skip
    yield _table("Length of a run", ("scenario", "calendar", "from and to", "school weeks", "pupil days", "school years"), rows)  # fmt: skip


@_item("4.3", "Estimation", "How many replications, and how results and their uncertainty are computed.")  # fmt: skip
def _estimation(base: Scenario) -> Iterator[Block]:
    yield from _docs(
        "ectsim.analysis", "ectsim.analysis:estimate", "ectsim.analysis:paired", "ectsim.analysis:verdict",
        "ectsim.analysis:t_quantile", "ectsim.experiment",
    )  # fmt: skip
    yield _text(
        f"Intervals are at 95 %. A share counts as known precisely enough when its half-width is at most {100 * AIM:.0f} points; "
        "the section on precision says how many replications that takes."
    )


# --- implementation -----------------------------------------------------------------------------

SOFTWARE = {
    "simpy": "the clock and the processes",
    "numpy": "absence, cover and streams of draws",
    "pydantic": "validation of parameters",
    "pandas": "frames of results",
    "pyarrow": "stored logs",
    "ortools": "pairing and slots",
    "jinja2": "this page",
}


@_item("5.1", "Software", "Language, packages and their versions.")
def _software(base: Scenario) -> Iterator[Block]:
    yield _table(
        "Versions",
        ("package", "version", "does"),
        [
            ("ectsim", ectsim.__version__, "the model"),
            ("Python", platform.python_version(), "the language"),
            *((name, metadata.version(name), does) for name, does in SOFTWARE.items()),
        ],
    )
    yield _text("`requirements.lock` pins every package, with hashes, for all platforms.")


@_item("5.2", "Random sampling", "How random numbers are made, and what has a stream of its own.")
def _sampling(base: Scenario) -> Iterator[Block]:
    from ectsim.luck import PURPOSES  # noqa: PLC0415 - where it is told

    yield from _docs("ectsim.luck", "ectsim.luck:Luck.table", "ectsim.luck:stable_fraction", "ectsim.luck:stable_seed")  # fmt: skip
    yield _table("What may draw", ("purpose", "person and occasion"), PURPOSES.items())


@_item("5.3", "Execution", "How the model is run, step by step.")
def _execution(base: Scenario) -> Iterator[Block]:
    yield from _docs("ectsim.experiment:replicate", "ectsim.experiment:run_one", "ectsim.experiment:run_packed")  # fmt: skip
    yield _text(
        "Events at the same minute run in the order in which they were asked for, pairs in the order of their ids."
    )
    code = base.code(1)
    yield _command("One scenario, from the command line or from Python", f"ectsim simulate {code}", _python(code, 200))  # fmt: skip
    yield _docs_of_commands("simulate", "compare", "validate", "dossier")


def _python(code: str, replications: int) -> str:
    return (
        "from ectsim import analysis, experiment, scenario\n"
        f"found, seed = scenario.parse_code({code!r})\n"
        f"results = experiment.replicate(found, seed=seed, replications={replications})\n"
        "analysis.result_dict(results)"
    )


@_item("5.4", "System", "What it needs to run, and where these results were computed.")
def _system(base: Scenario) -> Iterator[Block]:
    yield _text(
        "Python 3.11 or later on Windows, macOS or Linux; no network while it runs. The same scenario, seed and "
        "version give the same digits on any machine and any number of processes.",
        "The machine on which this dossier was written stands at its end, outside what is hashed.",
    )
    yield _doc("ectsim.bench")
    yield _command("Speed and memory of a machine, beside the budgets", "ectsim bench")


@_item("6.1", "Access to the model", "Where the code is, and under which licence.")
def _access(base: Scenario) -> Iterator[Block]:
    about: Any = metadata.metadata("ectsim")
    licence = about.get("License-Expression") or about.get("License") or ""
    if not licence:
        raise _Empty("the package names no licence")
    files = ["LICENSE: the licence", "CITATION.cff: how to cite", "CHANGELOG.md: what changed, and after which changes results differ", "requirements.lock: versions", "docs/decisions.md: why it is as it is"]  # fmt: skip
    yield _text(
        f"ectsim {ectsim.__version__}: {about.get('Summary')}. Licence: {licence}. Data stand in `data/` as plain text, "
        "each table with where its numbers come from. Timetables of schools are not shared; the schools that ship are made up.",
        *(f"- `{f.split(':')[0]}`:{f.split(':')[1]}" for f in files),
    )


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items()) or "-"
    if isinstance(value, tuple | list):
        return ", ".join(map(_plain, value)) or "-"
    return "-" if value is None or value == "" else str(value)


def items(base: Scenario) -> list[dict[str, Any]]:
    """Fill all items; no year is simulated.

    Parameters
    ----------
    base : Scenario
        The scenario that the dossier is about.

    Returns
    -------
    list of dict
        ``number``, ``part``, ``title``, ``asks``, ``blocks`` of each, in order.

    Raises
    ------
    InputError
        If an item is empty; it names the item and what is missing.
    """
    out = []
    for item in ITEMS.values():
        try:
            blocks = list(item.fill(base))
            if not blocks:
                raise _Empty("nothing stands in it")
        except _Empty as error:
            raise InputError(
                f"item {item.number}, {item.title}, is empty: {error}",
                where="dossier",
                remedy="write what is missing; nothing was written",
            ) from None
        out.append(
            {"number": item.number, "part": item.part, "title": item.title, "asks": item.asks, "blocks": blocks}
        )  # fmt: skip
    return out


# --- what is computed ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Dossier:
    """A dossier.

    Parameters
    ----------
    content : dict
        All that is hashed, as plain data: ``title``, ``scenario``, ``codes``, ``seed``,
        ``replications``, ``version``, ``hashes``, ``items``, ``laws``, ``validation``,
        ``precision``, ``difference``, ``limits``.
    run : dict
        Where and when it was written: ``machine``, ``processors``, ``workers``, ``seconds``,
        ``written``.
    """

    content: dict[str, Any]
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal."""
        text = json.dumps(self.content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the content with its hash, and the run, as plain data."""
        return {**self.content, "sha256": self.digest, "run": self.run}

    def html(self) -> str:
        """Return the dossier as one HTML page that needs nothing from anywhere."""
        from ectsim.exports.dossier import html  # noqa: PLC0415 - jinja2, for the page only

        return html(self.to_dict())

    def markdown(self) -> str:
        """Return the dossier as Markdown."""
        from ectsim.exports.dossier import markdown  # noqa: PLC0415 - as above

        return markdown(self.to_dict())

    def write(self, folder: Path) -> list[Path]:
        """Write ``dossier.html``, ``dossier.md`` and ``dossier.json``.

        Parameters
        ----------
        folder : pathlib.Path
            Where; made if it is missing.

        Returns
        -------
        list of pathlib.Path
            The files.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        texts = {
            "dossier.html": self.html(),
            "dossier.md": self.markdown(),
            "dossier.json": json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False),
        }  # fmt: skip
        try:
            folder.mkdir(parents=True, exist_ok=True)
            parts = {name: folder / f"{name}.part" for name in texts}
            for name, part in parts.items():
                part.write_text(texts[name], encoding="utf-8", newline="\n")
            return [part.replace(folder / name) for name, part in parts.items()]
        except OSError as error:
            raise InputError(
                f"the dossier cannot be written ({error.strerror or error})",
                where=str(folder),
                remedy="name a folder you may write to",
            ) from None


def build(
    *,
    seed: int = 1,
    replications: int = REPLICATIONS,
    law_years: int = laws.YEARS,
    executor: Executor | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Dossier:
    """Write the dossier of this version of ectsim.

    Parameters
    ----------
    seed : int
        Seed of every simulated year.
    replications : int
        Years behind each figure, of the validation's arms too; 2 or more.
    law_years : int
        Years in which each law is looked at.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    workers : int
        How many processes that are; told, not hashed.
    progress : callable, optional
        Called with (what, done, total).
    cancelled : callable, optional
        Asked between pieces of work; true stops.

    Raises
    ------
    InputError
        If an item is empty.
    Broken
        If a law does not hold.
    ectsim.errors.Cancelled
        If ``cancelled`` said so.
    """
    began = time.monotonic()
    base = scenario.load("default")
    plans = [base.with_changes({"plan.preset": n}) for n in plan_names()]
    filled = items(base)
    held = laws.check_all(seed=seed, years=law_years, executor=executor, progress=progress, cancelled=cancelled)  # fmt: skip
    broken = [f for f in held if not f.kept]
    if broken:
        told = "; ".join(f"{f.name} ({f.seen})" for f in broken)
        raise Broken(f"the dossier is not written, a law of the model is broken: {told}")
    runs = []

    def told_of(name: str) -> experiment.Progress | None:
        return (lambda done, total: progress(f"plan {name}", done, total)) if progress else None

    for plan in plans:
        runs.append(
            experiment.replicate(
                plan, seed=seed, replications=replications, executor=executor, cancelled=cancelled,
                progress=told_of(plan.plan.name),
            )
        )  # fmt: skip
    checked = validation.validate(
        seed=seed, replications=replications, points=0, executor=executor, progress=progress, cancelled=cancelled,
    )  # fmt: skip
    if cancelled and cancelled():
        raise Cancelled
    codes = [r.scenario.code(seed) for r in runs]
    content = {
        "title": "Dossier of ectsim",
        "scenario": base.name,
        "codes": dict(zip(plan_names(), codes, strict=True)),
        "seed": seed,
        "replications": replications,
        "version": ectsim.__version__,
        "hashes": _hashes(plans, codes),
        "items": filled,
        "laws": [asdict(f) for f in held],
        "validation": {**checked, "command": f"ectsim validate --seed {seed} --replications {replications} --points 0"},
        "precision": [_precision(r) for r in runs],
        "difference": _difference(runs),
        "limits": _limits(base, checked),
    }  # fmt: skip
    run = {
        "machine": f"{platform.system()} {platform.machine()}, {platform.python_implementation()} {platform.python_version()}",
        "processors": os.cpu_count(),
        "workers": workers,
        "seconds": round(time.monotonic() - began, 1),
        "written": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
    return Dossier(json.loads(json.dumps(content)), run)


def _hashes(plans: Sequence[Scenario], codes: Sequence[str]) -> dict[str, str]:
    """Return SHA-256 of the code, the data and each scenario."""
    package = Path(ectsim.__file__).parent
    out = {"code": _tree(package, ("_share", "__pycache__")), "data": _tree(data_dir(), ())}
    for plan, code in zip(plans, codes, strict=True):
        text = json.dumps(
            {"code": code, "school": plan.school.digest, "plan": plan.plan.model_dump(), "programme": plan.programme.model_dump()},
            sort_keys=True, default=str,
        )  # fmt: skip
        out[f"scenario {code}"] = hashlib.sha256(text.encode()).hexdigest()
    return out


TEXT = (".py", ".csv", ".toml", ".json", ".md", ".html", ".css", ".js", ".j2", ".typed")


def _tree(root: Path, left_out: Sequence[str]) -> str:
    """Return SHA-256 over the text files of a folder: relative names and contents, lines ended alike."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda p: p.relative_to(root).as_posix()):
        name = path.relative_to(root)
        if path.is_file() and path.suffix in TEXT and not set(name.parts) & set(left_out):
            body = path.read_bytes().replace(b"\r\n", b"\n")
            found.update(f"{name.as_posix()}\0{len(body)}\0".encode() + body)
    return found.hexdigest()


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def _precision(results: experiment.Results) -> dict[str, Any]:
    """Return each metric's mean and interval, and the replications for two points of half-width."""
    rows = []
    for name, metric in METRICS.items():
        e = analysis.estimate(results.metric(name))
        half = (e.hi - e.lo) / 2
        needed = None
        if metric.unit == "share" and not isnan(half):
            needed = max(2, ceil(e.n * (half / AIM) ** 2))
        rows.append(
            {"name": name, "label": metric.label, "unit": metric.unit, "mean": _number(e.mean), "lo": _number(e.lo),
             "hi": _number(e.hi), "half": _number(half), "n": e.n, "needed": needed}
        )  # fmt: skip
    code, n = results.scenario.code(results.seed), len(results.runs)
    return {
        "plan": results.scenario.plan.name,
        "code": code,
        "command": f"ectsim simulate {code} --replications {n} --json",
        "python": _python(code, n),
        "metrics": rows,
        "due_total": results.due_total,
        "ledger_total": {k: v for k, v in results.ledger_total.items() if v},
    }


def _difference(runs: Sequence[experiment.Results]) -> dict[str, Any]:
    base, other = runs[0], runs[-1]
    changed = {f"plan.{k}": v for k, v in base.scenario.plan.diff(other.scenario.plan).items()}
    found = analysis.compare_dict(base, other, changed)
    codes = [r.scenario.code(r.seed) for r in (base, other)]
    rows = [
        {"name": n, "label": METRICS[n].label, **d}
        for n, d in found["differences"].items()
        if d["verdict"]
    ]
    n = len(base.runs)
    return {
        "plans": [r.scenario.plan.name for r in (base, other)],
        "codes": codes,
        "command": f"ectsim compare {' '.join(codes)} --replications {n} --json",
        "metrics": rows,
    }


def _limits(base: Scenario, checked: Mapping[str, Any]) -> list[str]:
    """Return what no result claims, what is missed, and what nothing represents."""
    missed = [f"{t['id']}, {t['figure']}: {t['words']}" for t in checked["targets"] if t["met"] is False]  # fmt: skip
    out = [analysis.LIMITS, *base.warnings]
    out += [f"Held against published figures and missed: {m}" for m in missed]
    if checked["slipping"]["mostly_assumed"]:
        out.append("More than half of what the first arm loses is slipping: that arm is mostly an assumption.")  # fmt: skip
    out += [f"Not represented: {t['figure']} ({t['id']}): {t['words']}" for t in checked["targets"] if t["kind"] == "not represented"]  # fmt: skip
    out += [f"Not represented: {f.words} ({f.id}): {f.reason}" for f in unclaimed()]
    return out
