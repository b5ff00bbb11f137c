"""What drives an answer: how much of its spread each uncertain parameter, and luck, is answerable for.

All parameters whose register entry has a range are drawn at once, evenly and independently, each over
its range. What a school decides (a plan) is no uncertainty and stays, and so does every parameter that
the scenario itself has set. The design is made of small Latin hypercubes; all points of one live through
the same two years (common random numbers). So a year's luck drops out of the comparison of points, and
the two years of a point tell luck from what is not known.

Shares are of the variance of one simulated year's result. A parameter's share is that of its own curve
(a straight line and a bend, by least squares) and half of what it does together with another; what is
too small or too tangled to be told apart is a share of its own, and so is luck. A dummy that changes nothing is drawn with the rest:
its share is the method's own error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

from ectsim.errors import InputError, near
from ectsim.luck import stable_fraction
from ectsim.metrics import METRICS
from ectsim.parameters import Certificate, certificates
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.school import Conditions
from ectsim.share import data_dir

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ectsim.experiment import Progress
    from ectsim.scenario import Scenario

__all__ = [
    "DUMMY",
    "Driver",
    "Drivers",
    "Shares",
    "Uncertain",
    "design",
    "drivers",
    "live_points",
    "refresh",
    "shares",
    "stored",
    "told",
    "uncertain",
]

DUMMY = "dummy"
SET = 10
"""Points of one Latin hypercube; they share two years."""

POINTS = 400
"""Points of a run: enough to tell shares of one in a hundred from none."""

LEAST_FREE = 20
"""Degrees of freedom that must be left to judge what chance would give."""

STRONG = 3.5
"""Standard errors from which on a term is taken in: of some 200 that do nothing, one in ten runs has one."""

CHOSEN = ("programme.run_years", "conditions.independent")
"""What is not uncertain: how long to run, and a cause that only tests use."""

STATUSES = ("source", "derived", "external", "assumption")
SHOWN = ("completion_any", "completion_full", "logged_any", "on_time_share", "lowest_ect")
"""Metrics whose drivers are stored for pages."""

FILE = "drivers.json"
NO_OTHER = "No other can be told from chance."
NONE = "No assumption can be told from chance."


# --- what is uncertain ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A parameter with room.

    Parameters
    ----------
    name : str
        Dotted name in a scenario, or :data:`DUMMY`.
    status : str
        ``source``, ``derived``, ``external`` or ``assumption``; "" for the dummy.
    ask, unit : str
        Its question and unit.
    low, high : float
        Its range. Of a duration (least, likely, most) the likely value is drawn between the others.
    whole : bool
        Whether it is a whole number.
    ends : tuple of float
        Least and most of a duration, else empty.
    """

    name: str
    status: str
    ask: str
    unit: str
    low: float
    high: float
    whole: bool = False
    ends: tuple[float, ...] = ()

    def at(self, u: float) -> float | int:
        """Return the value at a place of its range, 0 to below 1."""
        if self.whole:
            return int(self.low) + int(u * (int(self.high) - int(self.low) + 1))
        return round(self.low + u * (self.high - self.low), 6)

    def change(self, value: float) -> object:
        """Return a value as a scenario takes it."""
        return (self.ends[0], value, self.ends[1]) if self.ends else value


def uncertain(scenario: Scenario) -> tuple[Uncertain, ...]:
    """Return the parameters that are not known: those with a range, left as they are by the scenario.

    The register's certificates say which; the dummy comes last.
    """
    rooms = ((Programme, "programme"), (Conditions, "conditions"), (Plan, "plan"))
    known = {"programme": scenario.programme, "conditions": scenario.school.conditions, "plan": scenario.plan}  # fmt: skip
    out = []
    for model, room in rooms:
        for c in certificates(model, room):
            if c.name in CHOSEN or (room == "plan" and not c.name.startswith("plan.cover.")):
                continue
            found = _room(c)
            if found and reduce(getattr, c.name.split(".")[1:], known[room]) == c.default:
                out.append(found)
    return (*out, Uncertain(DUMMY, "", "A dummy: it changes nothing.", "", 0.0, 1.0))


def _room(c: Certificate) -> Uncertain | None:
    if isinstance(c.default, tuple):
        if "least" not in c.unit or len(c.default) != 3:
            return None
        least, _, most = c.default
        return Uncertain(c.name, c.status, c.ask, "minutes" if "minutes" in c.unit else c.unit.partition(" (")[0], least, most, False, (least, most)) if least < most else None  # fmt: skip
    if c.low is None or c.high is None or c.low >= c.high:
        return None
    whole = not c.unit.startswith("chance") and (c.default is None or type(c.default) is int)
    return Uncertain(c.name, c.status, c.ask, c.unit, c.low, c.high, whole)


# --- points and years -------------------------------------------------------------------------


def design(found: Sequence[Uncertain], points: int, seed: int) -> list[list[float]]:
    """Return where each point lies: Latin hypercubes of :data:`SET` points, one after the other.

    Parameters
    ----------
    found : sequence of Uncertain
        What is drawn.
    points : int
        A multiple of :data:`SET`.
    seed : int
        The same seed gives the same points anywhere.

    Returns
    -------
    list of list of float
        For each point a place in [0, 1) for each parameter.
    """
    out: list[list[float]] = [[0.0] * len(found) for _ in range(points)]
    for j, p in enumerate(found):
        for first in range(0, points, SET):
            mine = range(first, first + SET)
            order = sorted(mine, key=lambda i: stable_fraction("drivers", seed, p.name, i))
            for strip, i in enumerate(order):
                out[i][j] = (strip + stable_fraction("drivers within", seed, p.name, i)) / SET
    return out


def _values(found: Sequence[Uncertain], place: Sequence[float]) -> list[float]:
    return [p.at(u) for p, u in zip(found, place, strict=True)]


def live_points(
    scenario: Scenario, seed: int, points: Sequence[tuple[int, dict[str, object]]]
) -> list[list[tuple[float, ...]]]:
    """Live two years of each of some points: a picklable piece of work.

    Parameters
    ----------
    scenario : Scenario
        What is changed.
    seed : int
        Of the years.
    points : sequence of (int, dict)
        Number of the point, and its changes.

    Returns
    -------
    list of list of tuple
        For each point and each of its two years the metrics.
    """
    from ectsim.experiment import run_chunk  # noqa: PLC0415 - what only a run needs

    out = []
    for i, changes in points:
        made = scenario.with_changes(changes)
        years = (2 * (i // SET), 2 * (i // SET) + 1)
        out.append([r.metrics for r in run_chunk(made, seed, years)])
    return out


# --- shares -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shares:
    """How the variance of one year's result divides.

    Parameters
    ----------
    own : tuple of float
        Share of each parameter: its own curve and half of what it does together with another.
    error : tuple of float
        Standard error of each of these.
    effect : tuple of float
        What the result changes by from the low to the high end, others in the middle.
    rest : float
        Share of what parameters do and cannot be told apart.
    luck : float
        Share of luck.
    sd : float
        Standard deviation of one year's result over all, in the metric's unit.
    counted : float
        The same variance counted directly over all years, as a multiple of the parts' sum: about 1
        if the parts were measured well.
    """

    own: tuple[float, ...]
    error: tuple[float, ...]
    effect: tuple[float, ...]
    rest: float
    luck: float
    sd: float
    counted: float

    @property
    def total(self) -> float:
        """The shares' sum: 1, or more where the rest was below nothing by chance."""
        return sum(self.own) + self.rest + self.luck


def shares(x: NDArray[np.float64], y: NDArray[np.float64], *, size: int = SET) -> Shares:
    """Divide the variance of a result among parameters, what is left over, and luck.

    Lines, bends and products of two lines are taken in one after the other, the strongest first, until
    none is stronger than chance makes one now and then (:data:`STRONG`); products only of parameters
    that are in. What a product explains is halved between its two parameters.

    Parameters
    ----------
    x : numpy.ndarray
        Shape (points, parameters): what was drawn.
    y : numpy.ndarray
        Shape (points, 2): the result in the two years that a set of points shares.
    size : int
        Points in a set.

    Returns
    -------
    Shares

    Raises
    ------
    InputError
        If there are too few points for so many parameters.
    """
    import numpy as np  # noqa: PLC0415 - pages read what is stored without it

    n, k = x.shape
    sets = n // size
    if n - sets < k + LEAST_FREE:
        least = -(-(k + LEAST_FREE) // (size - 1)) * size
        raise InputError(f"{n} points are too few for {k} parameters", remedy=f"use --points {least} or more")  # fmt: skip
    nothing = Shares((0.0,) * k, (0.0,) * k, (0.0,) * k, 0.0, 0.0, 0.0, 0.0)
    counted = float(y.var(axis=0, ddof=1).mean())
    if counted < 1e-18:
        return nothing
    middle = y.mean(axis=1)
    columns, owners = _fit(x, middle, size)
    within = _centred(columns, size)
    inverse = np.linalg.pinv(within.T @ within)
    slope = inverse @ within.T @ _centred(middle[:, None], size)[:, 0]
    rest = middle - columns @ slope
    left = _centred(rest[:, None], size)[:, 0]
    noise = float(left @ left) / (n - sets - len(slope))
    variance = noise * np.diag(inverse)
    # luck: what the two years of a set differ by, alike for all its points and point by point
    gap = (y[:, 0] - y[:, 1]).reshape(sets, size)
    own_luck = float(((gap - gap.mean(axis=1, keepdims=True)) ** 2).sum()) / (2 * (n - sets))
    shared = float((gap.mean(axis=1) ** 2).mean()) / 2 - own_luck / size
    # the sets' levels tell of the years' luck once more
    levels = rest.reshape(sets, size).mean(axis=1)
    again = 2 * (float(levels.var(ddof=1)) - noise / size) if sets > 1 else shared
    luck = own_luck + max(0.0, (shared + again) / 2)
    own, error, effect = np.zeros(k), np.zeros(k), np.zeros(k)
    for b, v, owner in zip(slope, variance, owners, strict=True):
        for j in owner:
            own[j] += max(0.0, b * b - v) / len(owner)
            error[j] += (4 * b * b * v + 2 * v * v) / len(owner) ** 2
    for b, owner, column in zip(slope, owners, columns.T, strict=True):
        if len(owner) == 1:  # from the low end to the high end, bend included
            (j,) = owner
            effect[j] += b * (column[x[:, j].argmax()] - column[x[:, j].argmin()])
    untold = noise - own_luck / 2
    # below 0 by chance, it takes back what chance gave to luck; the sum then shows it
    whole = float(own.sum()) + untold + luck
    return Shares(
        tuple((own / whole).tolist()), tuple((np.sqrt(error) / whole).tolist()), tuple(effect.tolist()),
        max(0.0, untold) / whole, luck / whole, whole**0.5, counted / whole,
    )  # fmt: skip


def _fit(
    x: NDArray[np.float64], middle: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], list[tuple[int, ...]]]:
    """Return the terms that are stronger than chance, strongest first, and whose they are."""
    import numpy as np  # noqa: PLC0415 - as above

    columns, owners = _curves(x)
    lines, first = columns, x.shape[1]
    y = _centred(middle[:, None], size)[:, 0]
    basis: list[NDArray[np.float64]] = []
    taken: list[int] = []
    tried: set[tuple[int, ...]] = set()
    free = len(y) - len(y) // size
    inside = _centred(columns, size)
    while free - len(taken) > LEAST_FREE // 2:
        # what each term still explains beyond those that are in
        power = (inside * inside).sum(axis=0)
        power[power < 1e-9 * len(y)] = np.inf
        gain = (inside.T @ y) ** 2 / power
        gain[taken] = 0.0
        best = int(gain.argmax())
        left = float(y @ y) - gain[best]
        if gain[best] <= STRONG**2 * left / (free - len(taken) - 1):
            break
        unit = inside[:, best] / np.sqrt(power[best])
        basis.append(unit)
        taken.append(best)
        y = y - unit * (unit @ y)
        inside = inside - np.outer(unit, unit @ inside)
        if best < first:  # a line: its products with the lines that are in may enter from now on
            for other in [t for t in taken if t < first and t != best]:
                pair = (min(best, other), max(best, other))
                if pair in tried:
                    continue
                tried.add(pair)
                product = lines[:, pair[0]] * lines[:, pair[1]]
                product = (product - product.mean()) / product.std()
                mine = _centred(product[:, None], size)[:, 0]
                for unit in basis:
                    mine = mine - unit * (unit @ mine)
                columns = np.column_stack([columns, product])
                inside = np.column_stack([inside, mine])
                owners.append(pair)
    return columns[:, taken], [owners[t] for t in taken]


def _centred(table: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Take each set's mean out of its points."""
    parts = table.reshape(len(table) // size, size, table.shape[1])
    out: NDArray[np.float64] = (parts - parts.mean(axis=1, keepdims=True)).reshape(table.shape)
    return out


def _curves(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[tuple[int, ...]]]:
    """Return for each parameter a line, then the bends; each of mean 0 and variance 1."""
    import numpy as np  # noqa: PLC0415 - as above

    lines, bends, of_bends = [], [], []
    for j in range(x.shape[1]):
        line = x[:, j] - x[:, j].mean()
        line = line / line.std()
        lines.append(line)
        bend = line**2
        bend = bend - bend.mean() - line * float((bend * line).mean())
        if bend.std() > 1e-6:  # a parameter with two values has no bend
            bends.append(bend / bend.std())
            of_bends.append((j,))
    return np.column_stack([*lines, *bends]), [*((j,) for j in range(x.shape[1])), *of_bends]


# --- the answer -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Driver:
    """A parameter and its share.

    Parameters
    ----------
    of : Uncertain
        The parameter.
    share, error : float
        Share of the variance of one year's result, and its standard error.
    effect : float
        What the result changes by from the low to the high end of the range.
    """

    of: Uncertain
    share: float
    error: float
    effect: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        p = self.of
        return {
            "name": p.name, "ask": p.ask, "unit": p.unit, "status": p.status, "low": p.low, "high": p.high,
            "share": _short(self.share), "error": _short(self.error), "effect": _short(self.effect),
        }  # fmt: skip


def _short(value: float) -> float:
    # sums in another order on another processor move the last digits; nobody needs them
    return round(value, 4) + 0.0


@dataclass(frozen=True)
class Drivers:
    """What drives a metric of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Whose.
    seed, points : int
        Of the design; each point lives two years.
    metric : str
        Which result.
    shares : Shares
        In the order of ``found``.
    found : tuple of Uncertain
        What was drawn; the dummy is last.
    """

    scenario: Scenario
    seed: int
    points: int
    metric: str
    shares: Shares
    found: tuple[Uncertain, ...]

    @property
    def ranked(self) -> list[Driver]:
        """All parameters but the dummy, the largest share first."""
        rows = zip(self.found, self.shares.own, self.shares.error, self.shares.effect, strict=True)
        return sorted((Driver(*r) for r in rows if r[0].name != DUMMY), key=lambda d: -d.share)

    @property
    def dummy(self) -> float:
        """The dummy's share."""
        return self.shares.own[-1]

    @property
    def by_status(self) -> dict[str, float]:
        """Share by where a parameter comes from."""
        out = dict.fromkeys(STATUSES, 0.0)
        for d in self.ranked:
            out[d.of.status] += d.share
        return out

    @property
    def three(self) -> list[Driver]:
        """The three assumptions that matter most."""
        return [d for d in self.ranked if d.of.status == "assumption" and d.share > 0][:3]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - only answers carry it

        s = self.shares
        return {
            "scenario": self.scenario.name,
            "code": self.scenario.code(self.seed),
            "metric": self.metric,
            "unit": METRICS[self.metric].unit,
            "seed": self.seed,
            "points": self.points,
            "years": 2 * self.points,
            "sd": _short(s.sd),
            "luck": _short(s.luck),
            "rest": _short(s.rest),
            "by_status": {k: _short(v) for k, v in self.by_status.items()},
            "dummy": _short(self.dummy),
            "sum": _short(s.total),
            "counted": _short(s.counted),
            "three": [d.of.name for d in self.three],
            "parameters": [d.to_dict() for d in self.ranked],
            "banner": self.scenario.banner,
            "limits": LIMITS,
        }

    def lines(self) -> list[str]:
        """Return the answer in lines."""
        from ectsim.analysis import LIMITS  # noqa: PLC0415 - as above
        from ectsim.words import value_text  # noqa: PLC0415

        s, metric = self.shares, METRICS[self.metric]
        out = [f"! {self.scenario.banner}"] if self.scenario.banner else []
        out += [
            f"What drives '{metric.label}' of {self.scenario.name}: {len(self.found) - 1} parameters over their ranges,",
            f"{self.points} points of two years each, seed {self.seed}. Standard deviation of one year: {value_text(s.sd, metric.unit)}.",
            "",
            "Share of that spread:",
            f"  {s.luck:6.1%}  luck: what differs from year to year with nothing else changed",
        ]
        words = {"source": "the programme's documents", "derived": "derived", "external": "published figures", "assumption": "our assumptions"}  # fmt: skip
        out += [f"  {v:6.1%}  {words[k]} ({k})" for k, v in self.by_status.items()]
        out += [
            f"  {s.rest:6.1%}  parameters that cannot be told apart",
            f"  {s.total:6.1%}  sum; counted directly the variance is {s.counted:.0%} of it, and a dummy has {self.dummy:.1%}",
            "",
            "Parameters (share, change from the low to the high end of the range):",
        ]
        shown = [d for d in self.ranked if d.share >= 0.005] or self.ranked[:3]
        for d in shown:
            p = d.of
            out.append(
                f"  {d.share:6.1%}  {value_text(d.effect, metric.unit, signed=True):>10}  {p.ask} "
                f"{p.low:g} to {p.high:g} {p.unit} ({p.status}; {p.name})"
            )
        rest = len(self.ranked) - len(shown)
        if rest:
            out.append(f"  and {rest} with less than half a point of a hundred each")
        out += ["", "The three assumptions that matter most:"]
        out += [f"  {i}. {d.of.ask} ({d.share:.0%})" for i, d in enumerate(self.three, start=1)]  # fmt: skip
        out += [f"  {NO_OTHER if self.three else NONE}"] if len(self.three) < 3 else []
        return [*out, "", f"Code: {self.scenario.code(self.seed)}", LIMITS]


def drivers(
    scenario: Scenario,
    *,
    metrics: Sequence[str] = ("completion_any",),
    seed: int = 1,
    points: int = POINTS,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Drivers]:
    """Say what drives results of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Whose results.
    metrics : sequence of str
        Which; the same years serve all.
    seed : int
        Of the design and of the years.
    points : int
        Points of the design, rounded up to a multiple of :data:`SET`; each lives two years.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here. It changes no digit.
    progress : callable, optional
        Called with (done, total) points.

    Raises
    ------
    InputError
        If a metric is unknown or does not exist in a year, or there are too few points.
    """
    import numpy as np  # noqa: PLC0415 - as above

    for metric in metrics:
        if metric not in METRICS:
            raise InputError(f"there is no metric '{metric}'", remedy=near(metric, METRICS))
    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    points = -(-points // SET) * SET
    found = uncertain(scenario)
    drawn = [_values(found, place) for place in design(found, points, seed)]
    x = np.array(drawn, dtype=float)
    # a mistake in the number of points is said before the years are lived
    shares(x, np.zeros((points, 2)))
    work = [(i, _change(found, row)) for i, row in enumerate(drawn)]
    lived = _live(scenario, seed, work, executor, progress)
    out = []
    for metric in metrics:
        y = np.array([[year[list(METRICS).index(metric)] for year in years] for years in lived])
        if np.isnan(y).any():
            raise InputError(f"'{metric}' does not exist in every simulated year", remedy="choose completion_any or another share of cycles")  # fmt: skip
        out.append(Drivers(scenario, seed, points, metric, shares(x, y), found))
    return out


def _change(found: Sequence[Uncertain], values: Sequence[float]) -> dict[str, object]:
    return {p.name: p.change(v) for p, v in zip(found, values, strict=True) if p.name != DUMMY}


def _live(
    scenario: Scenario,
    seed: int,
    work: Sequence[tuple[int, dict[str, object]]],
    executor: Executor | None,
    progress: Progress | None,
) -> list[list[tuple[float, ...]]]:
    from ectsim.experiment import chunks  # noqa: PLC0415 - as above

    pieces = [[work[i] for i in piece] for piece in chunks(range(len(work)), SET)]
    if executor is None:
        results = (live_points(scenario, seed, p) for p in pieces)
    else:
        sent = [executor.submit(live_points, scenario, seed, p) for p in pieces]
        results = (f.result() for f in sent)
    lived: list[list[tuple[float, ...]]] = []
    for found in results:
        lived += found
        if progress:
            progress(len(lived), len(work))
    return lived


# --- what is stored for pages -----------------------------------------------------------------


def register_digest() -> str:
    """Return a digest of all names, defaults, ranges and statuses: what is stored holds for these."""
    rows = [
        (c.name, str(c.default), c.low, c.high, c.status)
        for model, room in ((Programme, "programme"), (Conditions, "conditions"), (Plan, "plan"))
        for c in certificates(model, room)
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def refresh(
    path: Path,
    *,
    points: int = POINTS,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compute what pages say of drivers anew and store it, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes: ``data/drivers.json``.
    points : int
        Points of each plan's design.
    executor : concurrent.futures.Executor, optional
        Where to work.
    progress : callable, optional
        Called with (done, total) points of one plan.
    """
    from ectsim.launch import store  # noqa: PLC0415 - writes whole or not at all
    from ectsim.scenario import load  # noqa: PLC0415 - as above

    plans = {}
    for preset in ("found_time", "timetabled"):
        scenario = load("default").with_changes({"plan.preset": preset})
        told_ = drivers(
            scenario, metrics=SHOWN, points=points, executor=executor, progress=progress
        )
        plans[scenario.plan.meeting] = {
            "preset": preset,
            "code": scenario.code(1),
            "metrics": {d.metric: _kept(d) for d in told_},
            "slice": slice_of(scenario),
        }
    data = {"register": register_digest(), "seed": 1, "points": points, "plans": plans}
    store(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    _file.cache_clear()
    return data


def _kept(d: Drivers) -> dict[str, Any]:
    whole = d.to_dict()
    kept = {k: whole[k] for k in ("sd", "luck", "rest", "by_status", "dummy", "sum", "three")}
    return kept | {
        "parameters": [
            p for p in whole["parameters"] if p["share"] >= 0.01 or p["name"] in whole["three"]
        ]
    }


def slice_of(scenario: Scenario, seed: int = 1, points: int = 2) -> list[list[float]]:
    """Return the first metric values of the design's first points: what a stored result is checked by."""
    found = uncertain(scenario)
    places = design(found, SET, seed)[:points]
    work = [(i, _change(found, _values(found, place))) for i, place in enumerate(places)]
    at = [list(METRICS).index(m) for m in SHOWN]
    return [[year[j] for j in at] for years in live_points(scenario, seed, work) for year in years]


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    path = data_dir() / FILE
    if not path.is_file():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def stored() -> dict[str, Any]:
    """Return what is stored, {} if nothing is: ``plans`` by where meetings lie (``found``, ``fixed``)."""
    return _file()


def told(scenario: Scenario, metric: str = "completion_any") -> dict[str, Any] | None:
    """Return what a result says of its drivers, from what is stored for the sample school.

    Parameters
    ----------
    scenario : Scenario
        The result's.
    metric : str
        One of :data:`SHOWN`.

    Returns
    -------
    dict or None
        ``metric``, ``luck``, ``rest``, ``by_status``, ``three`` (each with ``name``, ``ask``,
        ``low``, ``high``, ``unit``, ``share``, ``effect``), ``code`` (of what was drawn),
        ``own`` (whether it was this scenario), ``sentence``; None if nothing is stored.
    """
    plan = stored().get("plans", {}).get(scenario.plan.meeting)
    if plan is None:
        return None
    row: Mapping[str, Any] = plan["metrics"][metric]
    by_name = {p["name"]: p for p in row["parameters"]}
    three = [by_name[n] for n in row["three"] if n in by_name]
    own = scenario.code(stored()["seed"]) == plan["code"]
    out = {
        "metric": metric,
        "luck": row["luck"],
        "rest": row["rest"],
        "by_status": row["by_status"],
        "three": [
            {k: p[k] for k in ("name", "ask", "low", "high", "unit", "share", "effect")}
            for p in three
        ],
        "code": plan["code"],
        "own": own,
    }
    return out | {"sentence": _sentence(out)}


def _sentence(found: Mapping[str, Any]) -> str:
    listed = " ".join(f"{p['ask']} ({p['share']:.0%})" for p in found["three"])
    if len(found["three"]) < 3:
        listed = f"{listed} {NO_OTHER}" if listed else NONE
    of = "" if found["own"] else ", as found for the sample school"
    return (
        f"Of the spread of '{METRICS[found['metric']].label}' over all that is uncertain{of}, luck makes "
        f"{found['luck']:.0%} and our assumptions {found['by_status']['assumption']:.0%}. "
        f"The assumptions that matter most: {listed}"
    )
