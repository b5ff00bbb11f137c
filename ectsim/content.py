"""The programme's content: topics, steps, events, options, readings, terms, published figures.

All of it stands as text in ``data/`` and is read once, when it is first asked for.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tomllib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

from ectsim.errors import InputError, near
from ectsim.share import data_dir

__all__ = [
    "Ambiguity",
    "Constant",
    "Fact",
    "Figure",
    "Flex",
    "Grant",
    "Module",
    "Section",
    "Step",
    "Term",
    "TrainingEvent",
    "ambiguities",
    "constants",
    "events",
    "evidence",
    "facts",
    "flex",
    "framework",
    "funding",
    "glossary",
    "modules",
    "steps",
    "topic",
]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Module:
    """An hour of self-study on one topic.

    Parameters
    ----------
    number : int
        1 is the first of the programme.
    year, term, week : int
        Where it lies when twelve are studied a term; the week is that of its strand.
    strand : str
        ``behaviour``, ``instruction`` or ``subject``.
    label : str
        The topic in a few words, such that "a step on ..." can be said of it.
    revisits : tuple of int
        Earlier modules that return in it (F184).
    prerequisite : tuple of int
        Earlier modules that it rests upon (F189).
    standard : int
        Section of the framework, 1 to 8.
    source : tuple of str
        Ids of its sources; none: the topic and its place are ours.
    """

    number: int
    year: int
    term: int
    strand: str
    week: int
    label: str
    revisits: tuple[int, ...]
    prerequisite: tuple[int, ...]
    standard: int
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A bite-sized step: one action that can be practised within a week.

    Parameters
    ----------
    id : str
        Its id: module, kind and level.
    module : int
        Number of the module that is its topic.
    level : int
        1 to 3, easiest first.
    kind : str
        ``enact`` before pupils, ``plan`` while preparing (F060).
    text : str
        What to do.
    success : tuple of str
        Two criteria.
    next : tuple of str
        Steps to go on to when this one is mastered (F056).
    editable : bool
        Whether a mentor may reword it (F114).
    source : tuple of str
        Ids of facts that it is an example of.
    """

    id: str
    module: int
    level: int
    kind: str
    text: str
    success: tuple[str, ...]
    next: tuple[str, ...]
    editable: bool
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingEvent:
    """A conference, a clinic or an hour of coaching on coaching.

    Parameters
    ----------
    id : str
        Its id.
    audience : str
        ``ect`` or ``mentor``.
    year : int or None
        Year of induction; None for mentors, as no source says which event is in which year.
    order : int
        Place in its audience's sequence, 1 is the first.
    kind : str
        ``conference``, ``clinic`` or ``coaching_on_coaching``.
    label : str
        What it is about.
    label_uncertain : bool
        Whether the sources leave open what it is about.
    hours : float
        Length in hours.
    mode : str
        ``in_person``, ``online`` or ``either``.
    after_school : bool
        Whether it lies after school and needs no cover.
    dates : int
        How many dates there are to choose from.
    source : tuple of str
        Ids of its sources.
    version : int
        Version of the list; content and order may change each year (F090).
    as_of : datetime.date
        Day for which it was read.
    week, week_low, week_high : int
        School week of its first date, 1 is the first, and the range of this assumption.
    week_one_year : int or None
        The same where a mentor's training is done in one year.
    label_other : str
        What it is about in the other reading of the list (A13-9), or "" where both agree.
    """

    id: str
    audience: str
    year: int | None
    order: int
    kind: str
    label: str
    label_uncertain: bool
    hours: float
    mode: str
    after_school: bool
    dates: int
    source: tuple[str, ...]
    version: int
    as_of: dt.date
    week: int = 1
    week_low: int = 1
    week_high: int = 1
    week_one_year: int | None = None
    label_other: str = ""

    def named(self, labels: str) -> str:
        """Return what it is about under a reading of the list (A13-9): its label, or the other one."""
        return self.label_other if labels != "listed" and self.label_other else self.label


@dataclass(frozen=True, slots=True)
class Flex:
    """A loose option, or a tight part of the programme.

    Parameters
    ----------
    id : str
        Its id.
    class_ : str
        ``loose`` or ``tight``.
    kind : str
        ``structural`` or ``programmatic`` (F122).
    source : tuple of str
        Ids of its sources.
    plan_field : str
        Field of a plan that holds it, or "" where no plan has one yet.
    plan_value : str
        Value of that field that takes up the loose option, or gives up the tight part.
    default : str
        The field's default; without a field ``on`` or ``off``.
    words : str
        What it is, for a coordinator.
    nearest_loose : str
        For a tight part: the loose option to think of first instead of giving it up.
    part : str
        For a tight part: what is given up, as a banner says it.
    instead : str
        For a tight part: the loose option that does the same, or "".
    parameter, off : str
        For a loose option that no plan holds: the dotted name of the parameter that does, and the
        value with which it is never taken up.
    """

    id: str
    class_: str
    kind: str
    source: tuple[str, ...]
    plan_field: str
    plan_value: str
    default: str
    words: str
    nearest_loose: str
    part: str = ""
    instead: str = ""
    parameter: str = ""
    off: str = ""

    @property
    def tight(self) -> bool:
        """Whether giving it up makes the programme another one."""
        return self.class_ == "tight"

    def taken(self, value: object) -> bool:
        """Whether a plan with this value of the field takes the option up, or gives the part up.

        Of a list it is enough that the option is in it; of a number, that it lies as far from the
        default as the option's or farther.
        """
        if not self.plan_field:
            return False
        if isinstance(value, tuple):
            return self.plan_value in value
        if type(value) is int:
            here, default = int(self.plan_value), int(self.default)
            return value <= here if here < default else value >= here
        return str(value).lower() == self.plan_value


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A place where the sources can be understood in two ways.

    Parameters
    ----------
    number : int
        1 to 17; its id is ``A13-`` and this number.
    question : str
        What is open.
    reading, alternative : str
        The default reading, and the other.
    evidence : str
        What speaks for each.
    source : tuple of str
        Ids of its sources.
    parameter : str
        Dotted name of what switches it in a scenario, or "" where nothing does.
    value, alternative_value : object
        The parameter's value under each reading, or None.
    too : str
        Another parameter that goes with it, with the same values, or "".
    outside : str
        Why nothing has to switch it; "" where a parameter does.
    """

    number: int
    question: str
    reading: str
    alternative: str
    evidence: str
    source: tuple[str, ...]
    parameter: str = ""
    value: object = None
    alternative_value: object = None
    too: str = ""
    outside: str = ""

    @property
    def id(self) -> str:
        """Return the id by which parameters name it."""
        return f"A13-{self.number}"


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the field, with its meaning in plain sentences and the ids of its sources."""

    term: str
    meaning: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the framework (F017) with an example of what is known and of what is done (F018).

    Parameters
    ----------
    number : int
        1 to 8, that of the teacher standard.
    title : str
        Its name.
    line : str
        What it is about.
    learn_that, learn_how : str
        One example of each kind of statement, in our words.
    source : tuple of str
        Ids of its sources.
    """

    number: int
    title: str
    line: str
    learn_that: str
    learn_how: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure that the model uses or is held against.

    Parameters
    ----------
    id : str
        ``E``, a group and a number.
    figure : str
        What was counted.
    population : str
        Of whom.
    value : str
        The figure, with its unit.
    year : str
        When.
    source : str
        Who published it.
    address : str
        Where it was read.
    read : str
        ``direct``; ``secondary``: through somebody who quotes it; ``arithmetic``: ours, from
        published figures; ``recalled``: not seen again.
    use : str
        ``input``: a parameter is set by it; ``default``: a rule or amount taken over;
        ``held against``: an outcome is compared with it; ``context``: only told.
    """

    id: str
    figure: str
    population: str
    value: str
    year: str
    source: str
    address: str
    read: str
    use: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the programme's documents, and where ectsim represents it.

    Parameters
    ----------
    id : str
        ``F`` and three digits.
    kinds : str
        One letter each: P a parameter, R a rule of the process, M a metric, T a test; L a lesson,
        D something that a page shows or asks; ``-`` none of them, a name or a source.
    words : str
        The fact, in our words.
    claims : tuple of str
        What represents it: see :func:`ectsim.register.resolve`.
    reason : str
        Why nothing does, or what of it is left out; "" where it is all there.
    """

    id: str
    kinds: str
    words: str
    claims: tuple[str, ...]
    reason: str

    @property
    def simulated(self) -> bool:
        """Whether the model must represent it: kinds P, R, M and T."""
        return bool(set("PRMT") & set(self.kinds))

    @property
    def shown(self) -> bool:
        """Whether somebody must be able to see or choose it: kind D."""
        return "D" in self.kinds

    @property
    def displays(self) -> tuple[str, ...]:
        """The claims that a user sees: parts of pages, their code, and what commands print."""
        return tuple(c for c in self.claims if c.startswith(("page:", "command:", "ectsim.app.")))


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that stands in the code and that no scenario changes.

    Parameters
    ----------
    name : str
        Its module and name, such as ``ectsim.model.frame:BELL_MIN``.
    unit, status, source, low, high, words
        As of a parameter: see :class:`ectsim.parameters.Certificate`.
    """

    name: str
    unit: str
    status: str
    source: tuple[str, ...]
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a school is paid towards induction.

    Parameters
    ----------
    id : str
        Its id.
    regime : str
        Name of the programme under which it is paid.
    part : str
        ``ect_year_1``, ``ect_year_2`` (an ECT), ``mentor_year_2`` (an ECT's mentor),
        ``mentor_training``, ``mentor_training_start`` (a mentor).
    region : str
        Pay area: ``rest``, ``inner_london``, ``outer_london`` or ``fringe``.
    pounds : float
        Amount.
    hours : float or None
        Hours that it stands for, where that is said.
    status : str
        ``external``: published.
    source : tuple of str
        Ids of its sources.
    words : str
        What it is for.
    """

    id: str
    regime: str
    part: str
    region: str
    pounds: float
    hours: float | None
    status: str
    source: tuple[str, ...]
    words: str


class _Row:
    """One row of a table, which can say where it stands."""

    def __init__(self, cells: Mapping[str, str], where: str) -> None:
        self.cells, self.where = cells, where

    def wrong(self, column: str, what: str, remedy: str = "") -> InputError:
        return InputError(what, where=f"{self.where}, {column}", remedy=remedy)

    def text(self, column: str) -> str:
        if not (value := self.cells[column].strip()):
            raise self.wrong(column, "it is empty")
        return value

    def one_of(self, column: str, known: Iterable[str]) -> str:
        value, known = self.cells[column].strip(), tuple(known)
        if value not in known:
            raise self.wrong(column, f"'{value}' is not known", near(value, known))
        return value

    def whole(self, column: str, low: int, high: int) -> int:
        value = self.cells[column].strip()
        if not (value.isascii() and value.isdigit() and len(value) < 6):
            raise self.wrong(column, f"'{value}' is no whole number")
        if not low <= int(value) <= high:
            raise self.wrong(column, f"{value} is not between {low} and {high}")
        return int(value)

    def wholes(self, column: str, low: int, high: int) -> tuple[int, ...]:
        parts = self.words(column)
        return tuple(_Row({column: p}, self.where).whole(column, low, high) for p in parts)

    def hours(self, column: str) -> float:
        try:
            value = float(self.cells[column])
        except ValueError:
            value = -1.0
        if not 0 < value <= 24:
            raise self.wrong(column, f"'{self.cells[column]}' is no number of hours")
        return value

    def number(self, column: str) -> float | None:
        """Return a number, None where the cell is empty."""
        text = self.cells[column].strip()
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise self.wrong(column, f"'{text}' is no number") from None

    def flag(self, column: str) -> bool:
        return self.one_of(column, ("true", "false")) == "true"

    def words(self, column: str) -> tuple[str, ...]:
        return tuple(self.cells[column].split())

    def date(self, column: str) -> dt.date:
        try:
            return dt.date.fromisoformat(self.cells[column].strip())
        except ValueError:
            raise self.wrong(column, "it is no date", "write it as 2024-08-31") from None


@lru_cache
def modules(folder: Path | None = None) -> tuple[Module, ...]:
    """Return the modules of self-study in their order.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``modules.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken; the message names file, line and column.
    """

    def module(row: _Row) -> Module:
        number = row.whole("module", 1, 100)
        return Module(
            number,
            row.whole("year", 1, 2),
            row.whole("term", 1, 6),
            row.one_of("strand", ("behaviour", "instruction", "subject")),
            row.whole("week", 1, 20),
            row.text("label"),
            row.wholes("revisits", 1, number - 1),
            row.wholes("prerequisite", 1, number - 1),
            row.whole("standard", 1, 8),
            row.words("source"),
        )

    header = "module year term strand week label revisits prerequisite standard source"
    table = list(_table(folder, "modules.csv", header))
    out = _unique(table, module, lambda m: m.number)
    for i, (row, m) in enumerate(zip(table, out, strict=True), 1):
        if m.number != i:
            raise row.wrong("module", f"{m.number} stands where {i} should")
    return out


@lru_cache
def steps(folder: Path | None = None) -> tuple[Step, ...]:
    """Return the library of steps.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``steps.csv`` and ``modules.csv`` are; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken, or a step leads to none or round in a circle.
    """
    last = len(modules(folder))

    def step(row: _Row) -> Step:
        success = tuple(part.strip() for part in row.text("success").split(";"))
        if len(success) != 2 or not all(success):
            raise row.wrong("success", "there are not two criteria", "part them with '; '")
        return Step(
            row.text("step"),
            row.whole("module", 1, last),
            row.whole("level", 1, 3),
            row.one_of("kind", ("enact", "plan")),
            row.text("text"),
            success,
            row.words("next"),
            row.flag("editable"),
            row.words("source"),
        )

    header = "step module level kind text success next editable source"
    table = list(_table(folder, "steps.csv", header))
    out = _unique(table, step, lambda s: s.id)
    known = {s.id for s in out}
    for row, s in zip(table, out, strict=True):
        for other in s.next:
            if other not in known:
                raise row.wrong("next", f"there is no step '{other}'", near(other, known))
    try:
        TopologicalSorter({s.id: s.next for s in out}).prepare()
    except CycleError as error:
        circle = " > ".join(reversed(error.args[1]))
        raise InputError(f"steps lead in a circle: {circle}", where="steps.csv, next") from None
    return out


@lru_cache
def events(folder: Path | None = None) -> tuple[TrainingEvent, ...]:
    """Return the training events, those of ECTs first, each audience's in its order.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``events.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken.
    """

    def event(row: _Row) -> TrainingEvent:
        return TrainingEvent(
            row.text("id"),
            row.one_of("audience", ("ect", "mentor")),
            row.whole("year", 1, 2) if row.cells["year"].strip() else None,
            row.whole("order", 1, 99),
            row.one_of("kind", ("conference", "clinic", "coaching_on_coaching")),
            row.text("label"),
            row.flag("label_uncertain"),
            row.hours("hours"),
            row.one_of("mode", ("in_person", "online", "either")),
            row.flag("after_school"),
            row.whole("dates", 1, 20),
            row.words("source"),
            row.whole("version", 1, 999),
            row.date("as_of"),
            row.whole("week", 1, 45),
            row.whole("week_low", 1, 45),
            row.whole("week_high", 1, 45),
            row.whole("week_one_year", 1, 45) if row.cells["week_one_year"].strip() else None,
            row.cells["label_other"].strip(),
        )

    header = (
        "id audience year order kind label label_other label_uncertain hours mode after_school dates "
        "source version as_of week week_low week_high week_one_year"
    )
    out = _unique(list(_table(folder, "events.csv", header)), event, lambda e: e.id)
    return tuple(sorted(out, key=lambda e: (e.audience, e.order)))


@lru_cache
def flex(folder: Path | None = None) -> tuple[Flex, ...]:
    """Return the loose options and the tight parts.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``flex.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken, or a tight part has no loose option beside it.
    """

    def option(row: _Row) -> Flex:
        return Flex(
            row.text("id"),
            row.one_of("class", ("loose", "tight")),
            row.one_of("kind", ("structural", "programmatic")),
            row.words("source"),
            row.cells["plan_field"].strip(),
            row.cells["plan_value"].strip(),
            row.text("default"),
            row.text("words"),
            *(
                row.cells[c].strip()
                for c in ("nearest_loose", "part", "instead", "parameter", "off")
            ),
        )

    header = (
        "id class kind source plan_field plan_value default words nearest_loose part instead "
        "parameter off"
    )
    table = list(_table(folder, "flex.csv", header))
    out = _unique(table, option, lambda f: f.id)
    loose = [f.id for f in out if not f.tight]
    for row, f in zip(table, out, strict=True):
        row.one_of("nearest_loose", loose if f.tight else ("",))
        row.one_of("instead", ("", *loose) if f.tight else ("",))
        if f.tight:
            row.text("part")
    return out


@lru_cache
def ambiguities(folder: Path | None = None) -> tuple[Ambiguity, ...]:
    """Return the places where the sources can be understood in two ways.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``ambiguities.toml`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken.
    """
    name = "ambiguities.toml"
    try:
        tree = tomllib.loads(_text(folder, name))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the file is not TOML ({error})", where=name) from None
    for key in tree.keys() - {"ambiguity"}:
        raise InputError(f"no key '{key}'", where=name, remedy=near(key, ["ambiguity"]))
    entries = tree.get("ambiguity")
    if not isinstance(entries, list) or not entries:
        raise InputError("there is no [[ambiguity]]", where=name)
    return tuple(_ambiguity(entry, i, name) for i, entry in enumerate(entries, 1))


@lru_cache
def glossary(folder: Path | None = None) -> tuple[Term, ...]:
    """Return the terms of the field and of the programme, in alphabetical order.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``glossary.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken.
    """

    def term(row: _Row) -> Term:
        return Term(row.text("term"), row.text("meaning"), row.words("source"))

    out = _unique(
        list(_table(folder, "glossary.csv", "term meaning source")),
        term,
        lambda t: t.term.casefold(),
    )
    return tuple(sorted(out, key=lambda t: t.term.casefold()))


@lru_cache
def framework(folder: Path | None = None) -> tuple[Section, ...]:
    """Return the framework's sections.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``framework.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken.
    """

    def section(row: _Row) -> Section:
        return Section(
            row.whole("section", 1, 8),
            row.text("title"),
            row.text("line"),
            row.text("learn_that"),
            row.text("learn_how"),
            row.words("source"),
        )

    header = "section title line learn_that learn_how source"
    return _unique(list(_table(folder, "framework.csv", header)), section, lambda s: s.number)


@lru_cache
def evidence(folder: Path | None = None) -> tuple[Figure, ...]:
    """Return the published figures.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``evidence.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken.
    """

    def figure(row: _Row) -> Figure:
        return Figure(
            row.text("id"),
            row.text("figure"),
            row.text("population"),
            row.text("value"),
            row.text("year"),
            row.text("source"),
            row.text("address"),
            row.one_of("read", ("direct", "secondary", "arithmetic", "recalled")),
            row.one_of("use", ("input", "default", "held against", "context")),
        )

    header = "id figure population value year source address read use"
    return _unique(list(_table(folder, "evidence.csv", header)), figure, lambda f: f.id)


@lru_cache
def facts(folder: Path | None = None) -> tuple[Fact, ...]:
    """Return the facts of the programme's documents with what represents each.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``facts.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken, or a fact has neither a claim nor a reason.
    """

    def fact(row: _Row) -> Fact:
        kinds = row.text("kinds")
        if kinds != "-" and set(kinds) - set("PRMTLD"):
            raise row.wrong("kinds", "a letter is no kind", "use P R M T L D, or -")
        reason = row.cells["reason"].strip()
        found = Fact(row.text("id"), kinds, row.text("words"), row.words("claims"), reason)
        if found.simulated and not (found.claims or found.reason):
            raise row.wrong("reason", "it is empty, and nothing represents the fact")
        if found.shown and not (found.displays or found.reason):
            raise row.wrong("reason", "it is empty, and nobody sees the fact or can choose it")
        return found

    return _unique(
        list(_table(folder, "facts.csv", "id kinds words claims reason")), fact, lambda f: f.id
    )


@lru_cache
def constants(folder: Path | None = None) -> tuple[Constant, ...]:
    """Return the numbers that stand in the code.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``constants.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken, or an assumption has no range.
    """
    known = ("source", "derived", "external", "assumption")

    def constant(row: _Row) -> Constant:
        found = Constant(
            row.text("name"), row.cells["unit"].strip(), row.one_of("status", known),
            row.words("source"), row.number("low"), row.number("high"), row.text("words"),
        )  # fmt: skip
        if found.status == "assumption" and None in (found.low, found.high):
            raise row.wrong("low", "an assumption needs a range", "fill in low and high")
        if found.status in ("source", "derived", "external") and not found.source:
            raise row.wrong("source", "it is empty", "name an id, or make it an assumption")
        return found

    header = "name unit low high status source words"
    return _unique(list(_table(folder, "constants.csv", header)), constant, lambda c: c.name)


@lru_cache
def funding(folder: Path | None = None) -> tuple[Grant, ...]:
    """Return what schools are paid towards induction, by regime and pay area.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``funding.csv`` is; the data that ships if None.

    Raises
    ------
    InputError
        If the file is missing or broken.
    """
    parts = (
        "ect_year_1",
        "ect_year_2",
        "mentor_year_2",
        "mentor_training",
        "mentor_training_start",
    )
    regions = ("rest", "inner_london", "outer_london", "fringe")

    def grant(row: _Row) -> Grant:
        pounds = row.number("pounds")
        if pounds is None or pounds < 0:
            raise row.wrong("pounds", "it is no amount")
        return Grant(
            row.text("id"), row.text("regime"), row.one_of("part", parts), row.one_of("region", regions), pounds,
            row.number("hours"), row.one_of("status", ("external",)), row.words("source"), row.text("words"),
        )  # fmt: skip

    header = "id regime part region pounds hours status source words"
    return _unique(list(_table(folder, "funding.csv", header)), grant, lambda g: g.id)


def topic(module: int) -> str:
    """Name a module's topic: ``routines (module 3)``, or ``module 40`` where it has no label.

    Parameters
    ----------
    module : int
        Its number, 1 is the first.
    """
    known = modules()
    if 1 <= module <= len(known):
        return f"{known[module - 1].label} (module {module})"
    return f"module {module}"


def _ambiguity(entry: Any, number: int, name: str) -> Ambiguity:
    """Check one table of the register; its place is its number, as TOML gives no line."""
    where = f"{name}, ambiguity {number}"
    if not isinstance(entry, dict):
        raise InputError("it is no table", where=where)
    wanted = ("question", "reading", "alternative", "evidence", "source")
    switch_keys = ("parameter", "value", "alternative_value")
    known = ("number", *wanted, *switch_keys, "too", "outside")
    for key in entry.keys() - set(known):
        raise InputError(f"no key '{key}'", where=where, remedy=near(key, known))
    if type(entry.get("number")) is not int or entry["number"] != number:
        raise InputError(f"its number is not {number}", where=where)
    for key in wanted:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise InputError(f"'{key}' is missing or no text", where=where)
    switch = [key in entry for key in switch_keys]
    if any(switch) != all(switch):
        raise InputError("a parameter comes with the values of both readings", where=where)
    if any(switch) == bool(entry.get("outside")):
        raise InputError("there is neither a parameter nor a reason, or both", where=where)
    return Ambiguity(**{**entry, "source": tuple(entry["source"].split())})


def _text(folder: Path | None, name: str) -> str:
    path = (folder or data_dir()) / name
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the file is not UTF-8 text", where=name) from None
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", where=name) from None


def _table(folder: Path | None, name: str, header: str) -> Iterator[_Row]:
    """Yield the rows of a table whose columns are known, each with its line."""
    columns = header.split()
    reader = csv.reader(io.StringIO(_text(folder, name), newline=""), strict=True)
    try:
        if next(reader, []) != columns:
            raise InputError(f"the columns are not {','.join(columns)}", where=f"{name}, line 1")
        for cells in reader:
            where = f"{name}, line {reader.line_num}"
            if len(cells) != len(columns):
                count = f"{len(cells)} cells where there should be {len(columns)}"
                raise InputError(count, where=where, remedy="put a text with a comma in quotes")
            yield _Row(dict(zip(columns, cells, strict=True)), where)
    except csv.Error as error:
        place = f"{name}, line {reader.line_num}"
        raise InputError(f"the table cannot be read ({error})", where=place) from None


def _unique(rows: list[_Row], make: Callable[[_Row], T], key: Callable[[T], K]) -> tuple[T, ...]:
    """Make an entry of each row; none may have the key of another."""
    seen: dict[K, T] = {}
    for row in rows:
        entry = make(row)
        if key(entry) in seen:
            raise InputError(f"'{key(entry)}' is there twice", where=row.where)
        seen[key(entry)] = entry
    return tuple(seen.values())
