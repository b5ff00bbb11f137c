"""Designs: which scenarios an experiment runs, read from a TOML file or made in Python.

A design names a scenario, factors (dotted fields with levels or a range) and a kind. Its points are
changes to the scenario; every point lives through the same years.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, field_validator

from ectsim.errors import InputError, near
from ectsim.experiments.precision import LEAST, Rule, read_goal
from ectsim.folder import explain, read_toml
from ectsim.luck import stable_seed
from ectsim.metrics import METRICS
from ectsim.parameters import Certificate, Frozen, certificates
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario, load, preset_names
from ectsim.school import Conditions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "DUMMY",
    "KINDS",
    "Design",
    "Factor",
    "Point",
    "known_fields",
    "make_design",
    "read_design",
]

FORMAT = 1
DUMMY = "dummy"
"""A factor of this name changes nothing: what a method says of it is the method's own error."""

KINDS = {
    "factorial": "every combination of levels",
    "one_at_a_time": "each factor alone, from the scenario as it is",
    "latin_hypercube": "points spread evenly over the ranges",
    "morris": "elementary effects: which factors matter at all",
    "sobol": "shares of the output's variance",
}
"""The kinds of design and what each is for."""

MOST_POINTS = 200_000
Level = bool | int | float | str | tuple[str | int | float, ...]


def known_fields() -> dict[str, Certificate]:
    """Return the birth certificate of every parameter, by dotted name."""
    rooms = ((Plan, "plan"), (Conditions, "conditions"), (Programme, "programme"))
    return {c.name: c for model, room in rooms for c in certificates(model, room)}


class Factor(Frozen):
    """What is varied: a field with either levels or a range."""

    name: str = Field(description="Dotted name of a scenario's field, or 'dummy'.")
    levels: tuple[Level, ...] = Field((), description="The values to try.")
    low: float | None = Field(None, description="Low end of a range.")
    high: float | None = Field(None, description="High end of a range.")
    whole: bool = Field(False, description="Whether only whole numbers of the range are tried.")

    def at(self, u: float) -> Level:
        """Return the value at a place between 0 and 1: levels take equal parts of it."""
        if self.levels:
            return self.levels[min(int(u * len(self.levels)), len(self.levels) - 1)]
        low, high = self.low or 0.0, self.high or 0.0
        if self.whole:
            return min(int(low + u * (high - low + 1)), int(high))
        return min(float(low + u * (high - low)), high)

    def grid(self, count: int) -> tuple[Level, ...]:
        """Return the levels, or so many evenly spaced values of the range, its ends included."""
        if self.levels:
            return self.levels
        if self.whole:
            ends = range(int(self.low or 0), int(self.high or 0) + 1)
            if len(ends) <= count:
                return tuple(ends)
        places = [i / (count - 1) for i in range(count)]
        return tuple(dict.fromkeys(self.at(u) for u in places))

    @property
    def status(self) -> str:
        """Where the field's default comes from; "" for a field without a certificate."""
        found = known_fields().get(self.name)
        return found.status if found else ""


@dataclass(frozen=True, slots=True)
class Point:
    """One scenario of a design.

    Parameters
    ----------
    index : int
        Its place in the design, 0 is the first.
    values : mapping of str to value
        Each factor's value; the default where the design leaves a factor alone.
    changes : mapping of str to value
        What is changed in the scenario.
    """

    index: int
    values: Mapping[str, Any]
    changes: Mapping[str, Any]


class Design(Frozen):
    """A design of an experiment."""

    format: int = FORMAT
    name: str = Field("experiment", description="What to call it.")
    question: str = Field("", description="Which decision it informs, in a sentence.")
    scenario: str = Field("default", description="A preset, a file or a code.")
    kind: str = Field("factorial", description="One of the kinds of design.")
    factors: tuple[Factor, ...] = Field(description="What is varied.")
    set: dict[str, Any] = Field(
        default_factory=dict, description="Changes that every point shares."
    )
    points: int = Field(
        64, ge=2, le=65_536,
        description="Latin hypercube: points. Morris: trajectories. Sobol: base points, a power of 2.",
    )  # fmt: skip
    levels: int = Field(2, ge=2, le=20, description="Values of a range in a factorial design.")
    replications: int = Field(50, ge=1, le=100_000, description="Simulated years of each point.")
    precision: dict[str, float | str] = Field(
        default_factory=dict,
        description="Half-width of each metric's interval to reach, or a share of its mean ('5 %').",
    )
    most: int = Field(
        2000, ge=10, le=100_000, description="Years of a point, whatever the precision."
    )
    seed: int = Field(1, ge=0, lt=10**18, description="Seed of the years and of the design.")
    metrics: tuple[str, ...] = Field(
        ("completion_full", "completion_any", "lowest_ect"), description="What the report is about."
    )

    @property
    def rule(self) -> Rule | None:
        """What decides how many years a point gets; None where the number is given."""
        goals = tuple(read_goal(k, v) for k, v in self.precision.items())
        return Rule(goals, least=self.replications, most=self.most) if goals else None

    @field_validator("metrics")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in METRICS:
                raise ValueError(f"no metric '{name}'; {near(name, METRICS)}")
        if not value:
            raise ValueError("name at least one metric")
        return value

    def digest(self, *rests_on: str) -> str:
        """Return sixteen hexadecimal digits of what the design is, whatever it is called.

        Parameters
        ----------
        *rests_on : str
            Content key of the scenario, whose file may be called or lie as it likes; hashes of code
            and data.
        """
        content = self.model_dump(mode="json", exclude={"name", "question", "scenario"})
        text = json.dumps([rests_on, content], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def names(self) -> tuple[str, ...]:
        """The factors' names, in order."""
        return tuple(f.name for f in self.factors)

    def problem(self) -> dict[str, Any]:
        """Return the design as SALib's problem: every factor on the unit interval."""
        names = list(self.names)
        return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}

    def stream(self, use: str) -> int:
        """Return a 32-bit seed for a library's own generator, drawn from the design's seed."""
        return stable_seed(self.seed, "design", use) % 2**32

    def places(self) -> NDArray[np.float64]:
        """Return the points of a sampled design on the unit cube.

        Returns
        -------
        numpy.ndarray
            Shape (points, factors).

        Raises
        ------
        InputError
            If SALib or scipy is not installed.
        """
        samplers = {"latin_hypercube": _latin, "morris": _morris, "sobol": _sobol}
        try:
            found: NDArray[np.float64] = samplers[self.kind](self)
        except ImportError:
            raise InputError(
                f"a {self.kind} design needs scipy and SALib",
                remedy="install ectsim with its extra 'research'",
            ) from None
        return found

    def size(self) -> int:
        """Return how many points it has, without making them."""
        k = len(self.factors)
        grids = [len(f.grid(self.levels)) for f in self.factors]
        product = 1
        for n in grids:
            product *= n
        return {
            "factorial": product,
            "one_at_a_time": 1 + sum(grids),
            "latin_hypercube": self.points,
            "morris": self.points * (k + 1),
            "sobol": self.points * (k + 2),
        }[self.kind]

    def expand(self, base: Scenario) -> list[Point]:
        """Return the points in order.

        Parameters
        ----------
        base : Scenario
            The scenario with what all points share; it fills in what a point leaves alone.
        """
        if self.kind == "factorial":
            rows: list[dict[str, Any]] = [
                dict(zip(self.names, values, strict=True))
                for values in itertools.product(*(f.grid(self.levels) for f in self.factors))
            ]
        elif self.kind == "one_at_a_time":
            now = {n: _default(base, n) for n in self.names}
            rows = [{}] + [
                {f.name: v} for f in self.factors for v in f.grid(self.levels) if v != now[f.name]
            ]
        else:
            rows = [
                {f.name: f.at(float(u)) for f, u in zip(self.factors, row, strict=True)}
                for row in self.places()
            ]
        start = {n: _default(base, n) for n in self.names}
        return [
            Point(i, {**start, **row}, {k: v for k, v in row.items() if k != DUMMY})
            for i, row in enumerate(rows)
        ]


def _latin(design: Design) -> NDArray[np.float64]:
    from scipy.stats import qmc  # noqa: PLC0415 - heavy, and of the research extra

    found: NDArray[np.float64] = qmc.LatinHypercube(
        len(design.factors), rng=design.stream("latin hypercube")
    ).random(design.points)
    return found


def _morris(design: Design) -> NDArray[np.float64]:
    from SALib.sample import morris  # noqa: PLC0415 - as above

    found: NDArray[np.float64] = morris.sample(
        design.problem(), design.points, num_levels=4, seed=design.stream("morris")
    )
    return found


def _sobol(design: Design) -> NDArray[np.float64]:
    from SALib.sample import sobol  # noqa: PLC0415 - as above

    found: NDArray[np.float64] = sobol.sample(
        design.problem(), design.points, calc_second_order=False, seed=design.stream("sobol")
    )
    return found


def _default(base: Scenario, name: str) -> Any:
    """Return a field's value in a scenario; None where it has none of its own."""
    room, *path = name.split(".")
    found: Any = {
        "plan": base.plan, "conditions": base.school.conditions, "programme": base.programme,
    }.get(room)  # fmt: skip
    for step in path:
        if name == "plan.preset":
            return base.plan.name
        found = found.get(step) if isinstance(found, Mapping) else getattr(found, step, None)
    return found


def read_design(path: str | Path) -> Design:
    """Read a design from a TOML file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file. A scenario's file in it is looked for beside it.

    Returns
    -------
    Design

    Raises
    ------
    InputError
        If the file cannot be read, or a key, factor, level or range in it cannot be.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("there is no such file", where=str(path), remedy="name a design's TOML")
    return make_design(read_toml(path), where=path.name, folder=path.parent)


def make_design(
    data: Mapping[str, Any], *, where: str = "design", folder: Path | None = None
) -> Design:
    """Make a design from plain data, as a file holds it.

    Parameters
    ----------
    data : mapping
        The keys of a design's file; ``factors`` is a table of name to levels (a list) or to a
        range ``{low, high}``; ``ranges`` a list of statuses whose plausible ranges become factors.
    where : str
        Where the data stand, for messages.
    folder : pathlib.Path, optional
        Where a scenario's file is looked for.

    Raises
    ------
    InputError
        If something in it cannot be.
    """
    rest = dict(data)
    known = (*Design.model_fields, "ranges")
    for key in rest:
        if key not in known:
            raise InputError(f"unknown key '{key}'", where=where, remedy=near(key, known))
    if rest.get("format", FORMAT) != FORMAT:
        raise InputError(
            f"format {rest['format']!r} is not known",
            where=where,
            remedy=f"write format = {FORMAT}",
        )
    kind = str(rest.get("kind", "factorial"))
    if kind not in KINDS:
        raise InputError(f"no design '{kind}'", where=where, remedy=near(kind, KINDS))
    scenario = str(rest.get("scenario", "default"))
    beside = folder is not None and scenario not in preset_names()
    if folder is not None and beside and (folder / scenario).exists():
        rest["scenario"] = str(folder / scenario)
    rest["set"] = dict(_flatten(_table(rest.get("set", {}), "set", where)))
    goals = _table(rest.get("precision", {}), "precision", where)
    for metric, half in goals.items():
        read_goal(metric, half, where=f"{where}, precision.{metric}")
    rest["precision"] = dict(goals)
    if goals:
        rest.setdefault("replications", LEAST)
    rest["factors"] = _factors(rest.get("factors", {}), rest.pop("ranges", ()), where)
    try:
        design = Design.model_validate(rest)
    except ValidationError as error:
        raise explain(error, where=where, prefix="") from None
    if kind == "sobol" and design.points & (design.points - 1):
        raise InputError(
            f"points = {design.points} is no power of 2", where=where, remedy="write 64, 128, 256"
        )
    if goals and design.replications > design.most:
        raise InputError(
            f"replications = {design.replications} is more than most = {design.most}", where=where,
            remedy="with a precision, replications is the least number of years",
        )  # fmt: skip
    if design.size() > MOST_POINTS:
        raise InputError(
            f"the design has {design.size():,} points", where=where,
            remedy="name fewer factors or levels, or take a latin_hypercube",
        )  # fmt: skip
    _try_out(design, where)
    return design


def _table(value: object, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} is not a table", where=where, remedy=f"write [{name}]")
    return value


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return the leaves by dotted name; a range is a leaf."""
    out: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, Mapping) and not value.keys() <= {"low", "high"}:
            out += _flatten(value, f"{prefix}{key}.")
        else:
            out.append((f"{prefix}{key}", value))
    return out


def _factors(table: object, ranges: object, where: str) -> list[Factor]:
    fields = known_fields()
    out = {n: _factor(n, v, fields, where) for n, v in _flatten(_table(table, "factors", where))}
    statuses = ("source", "derived", "external", "assumption")
    if isinstance(ranges, str) or not isinstance(ranges, Sequence):
        raise InputError(
            "ranges is not a list", where=where, remedy='write ranges = ["assumption"]'
        )
    for status in ranges:
        if status not in statuses:
            raise InputError(
                f"no status '{status}'", where=where, remedy=near(str(status), statuses)
            )
    for name, c in fields.items():
        varies = c.low is not None and c.high is not None and c.low < c.high
        # how many years are run is a question's frame, not something nobody knows
        if c.status in ranges and varies and name not in out and name != "programme.run_years":
            out[name] = _factor(name, {"low": c.low, "high": c.high}, fields, where)
    if not out:
        raise InputError("no factor is named", where=where, remedy="write a table [factors]")
    return list(out.values())


def _factor(name: str, value: object, fields: Mapping[str, Certificate], where: str) -> Factor:
    place = f"{where}, factors.{name}"
    if isinstance(value, Mapping):
        low, high = (_finite(value.get(end), end, place) for end in ("low", "high"))
        if not low < high:
            raise InputError(
                "low is not below high", where=place, remedy="write {low = 0, high = 1}"
            )
        default = fields[name].default if name in fields else 0.0
        # None stands for the school's own count: then the range says whether it is one
        if default is None:
            whole = low.is_integer() and high.is_integer()
        else:
            whole = all(isinstance(v, int) for v in (value["low"], value["high"], default))
        return Factor.model_validate({"name": name, "low": low, "high": high, "whole": whole})
    if not isinstance(value, list | tuple) or not value:
        raise InputError(
            "neither levels nor a range", where=place,
            remedy="write a list of levels, or {low = 0, high = 1}",
        )  # fmt: skip
    try:
        levels = tuple(tuple(v) if isinstance(v, list) else v for v in value)
        found = Factor.model_validate({"name": name, "levels": levels})
    except ValidationError as error:
        raise explain(error, where=place, prefix="") from None
    if len({json.dumps(v) for v in found.levels}) < len(found.levels):
        raise InputError("a level stands twice", where=place, remedy="name each level once")
    return found


def _finite(value: object, end: str, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{end} is no number", where=place, remedy="write {low = 0, high = 1}")
    return float(value)


def _try_out(design: Design, where: str) -> None:
    """Refuse a value that no scenario takes, before anything is simulated."""
    base = base_scenario(design, where=where)
    for f in design.factors:
        if f.name == DUMMY:
            continue
        for value in f.levels or (f.at(0.0), f.at(1.0)):
            base.with_changes({f.name: value}, where=f"{where}, factors.{f.name}")


def base_scenario(design: Design, *, where: str = "design") -> Scenario:
    """Return the scenario that all points start from."""
    base = load(design.scenario)
    return base.with_changes(design.set, where=f"{where}, set") if design.set else base
