"""Run a design: simulate the years that the store lacks, anywhere, and put its results together.

Only what is missing is simulated, so a run that was killed is taken up where the store ends, and a
second run of the same design simulates nothing. Which worker does what, and in how large pieces,
changes no digit.
"""

from __future__ import annotations

import json
import pickle
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from ectsim.errors import Cancelled, InputError
from ectsim.experiment import run_one
from ectsim.experiments import provenance
from ectsim.experiments.designs import Design, Point, base_scenario
from ectsim.experiments.precision import Decision, decide
from ectsim.experiments.store import Store, Year
from ectsim.scenario import Scenario

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Experiment", "Progress", "run_design"]

Progress = Callable[[str, int, int], None]
Task = tuple[str, Mapping[str, Any], tuple[int, ...]]
"""Key of a scenario, what it changes, and which of its years to simulate."""

PIECE_SECONDS = 1.0
"""How long a piece of work should take: a hundred times what sending it takes, and soon stopped."""

WRITE_SECONDS = 1.0
"""How often what came in is written, at first; later every hundredth of the time so far, so that a day's
run leaves some hundred parts and not a hundred thousand. It is what a killed run has to do again."""

MOST_YEARS = 500
"""Years in a piece at most."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """A design with all its simulated years.

    Parameters
    ----------
    design : Design
        What was asked.
    key : str
        Key of design, scenario, code and data.
    base : Scenario
        What all points start from.
    points : tuple of Point
        In order.
    decisions : tuple of Decision
        How many years each point has, and since when they are enough.
    years : pyarrow.Table
        See :meth:`ectsim.experiments.store.Store.years`.
    simulated, stored : int
        Years that this run had to simulate, and those of the design that were there before.
    """

    design: Design
    key: str
    base: Scenario
    points: tuple[Point, ...]
    decisions: tuple[Decision, ...]
    years: pa.Table
    simulated: int
    stored: int

    @property
    def counts(self) -> tuple[int, ...]:
        """How many years each point has."""
        return tuple(d.replications for d in self.decisions)

    @cached_property
    def table(self) -> pa.Table:
        """One row a point and year: ``point``, a column a factor, ``replication``, ``due``, bins, metrics."""
        import pyarrow as pa  # noqa: PLC0415 - heavy

        out = self.years
        of = out["point"].to_pylist()
        for place, name in enumerate(self.design.names, start=1):
            values = _column([p.values[name] for p in self.points])
            out = out.add_column(place, name, pa.array(values).take(pa.array(of)))
        return out

    def frame(self) -> pd.DataFrame:
        """Return :attr:`table` as a pandas frame."""
        found: pd.DataFrame = self.table.to_pandas()
        return found

    def values(self, metric: str) -> list[list[float]]:
        """Return a metric's values: a list a point, a number a year."""
        column = self.years[metric].to_pylist()
        out, start = [], 0
        for n in self.counts:
            out.append(column[start : start + n])
            start += n
        return out

    def means(self, metric: str) -> NDArray[np.float64]:
        """Return a metric's mean at each point, over the years in which it exists; shape (points,)."""
        import numpy as np  # noqa: PLC0415 - loaded when used

        rows = [[v for v in row if v == v] for row in self.values(metric)]
        return np.array([np.mean(row) if row else np.nan for row in rows])

    def shared(self, metric: str) -> NDArray[np.float64]:
        """Return a metric in the years that all points have; shape (points, years)."""
        import numpy as np  # noqa: PLC0415 - loaded when used

        n = min(self.counts)
        return np.array([row[:n] for row in self.values(metric)])


def _column(values: Sequence[Any]) -> list[Any]:
    """Return a factor's values as one kind: numbers stay numbers, a mixture turns into text."""
    plain = ["+".join(map(str, v)) if isinstance(v, tuple | list) else v for v in values]
    kinds = {type(v) for v in plain if v is not None}
    if kinds <= {int, float}:
        return [None if v is None else float(v) for v in plain] if float in kinds else plain
    return plain if len(kinds) <= 1 else [None if v is None else str(v) for v in plain]


# --- a worker's side -----------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Scenario:
    found: Scenario = pickle.loads(zlib.decompress(packed))
    return found


def work(packed: bytes, hashes: str, seed: int, tasks: Sequence[Task]) -> tuple[float, list[Year]]:
    """Simulate some years of some scenarios: a picklable piece of work.

    Parameters
    ----------
    packed : bytes
        The scenario that all start from, as our own parent process packed it.
    hashes : str
        Code and data of the parent; a worker that has others would give other digits.
    seed : int
        Their seed.
    tasks : sequence of Task
        What to do.

    Returns
    -------
    seconds : float
        How long it took.
    years : list of Year
        In order of the tasks.

    Raises
    ------
    InputError
        If the worker has another version.
    """
    if provenance.hashes() != hashes:
        raise InputError(
            "a worker has another version of ectsim or of its data",
            remedy="install the same on all machines",
        )
    start = time.perf_counter()
    base = _unpacked(packed)
    out = []
    for key, changes, indices in tasks:
        scenario = base.with_changes(changes) if changes else base
        for i in indices:
            r = run_one(scenario, seed, i)
            out.append(Year(key, i, r.due, r.bins, r.metrics))
    return time.perf_counter() - start, out


# --- the parent's side ---------------------------------------------------------------------------


class _Pieces:
    """Cuts the missing years into pieces that take about as long as one should."""

    def __init__(self, tasks: Sequence[Task], lanes: int) -> None:
        self.rest = deque(tasks)
        self.left = sum(len(t[2]) for t in tasks)
        self.lanes = lanes
        self.size = 4

    def learn(self, seconds: float, years: int) -> None:
        """Take in how long a piece took."""
        if years and seconds > 0:
            fitting = int(PIECE_SECONDS * years / seconds)
            self.size = max(1, min(MOST_YEARS, fitting, 2 * self.size))

    def __iter__(self) -> Iterator[list[Task]]:
        while self.rest:
            # towards the end pieces get smaller, so that no worker waits long for another
            room = max(1, min(self.size, -(-self.left // (2 * self.lanes))))
            piece: list[Task] = []
            while self.rest and room:
                key, changes, indices = self.rest.popleft()
                piece.append((key, changes, indices[:room]))
                if len(indices) > room:
                    self.rest.appendleft((key, changes, indices[room:]))
                self.left -= len(indices[:room])
                room -= len(indices[:room])
            yield piece


class _Writer:
    """Collects what comes in and writes it every second."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.seed = store, seed
        self.rows: list[Year] = []
        self.begun = self.written = time.monotonic()
        self.count = 0

    def take(self, rows: Sequence[Year]) -> None:
        self.rows += rows
        self.count += len(rows)
        now = time.monotonic()
        if now - self.written >= max(WRITE_SECONDS, (now - self.begun) / 100):
            self.write()

    def write(self) -> None:
        rows, self.rows = self.rows, []
        if rows:
            self.store.add(rows, self.seed)
        self.written = time.monotonic()


def run_design(
    design: Design,
    store: Store,
    *,
    executor: Executor | None = None,
    lanes: int = 1,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    resume: bool = False,
) -> Experiment:
    """Run a design.

    Parameters
    ----------
    design : Design
        From :func:`ectsim.experiments.designs.read_design` or ``make_design``.
    store : Store
        Where simulated years are kept and looked for.
    executor : concurrent.futures.Executor, optional
        Where to work: local processes, a cluster's ``Client.get_executor()``; without one, here.
    lanes : int
        How many pieces it works on at a time.
    progress : callable, optional
        Called with what is being done, years done and all of them.
    cancelled : callable, optional
        Asked between pieces of work; true stops.
    resume : bool
        Whether the design must have been begun in this store: a mistyped folder is then refused.

    Raises
    ------
    InputError
        If a point cannot be simulated, or the store cannot be written.
    ectsim.errors.Cancelled
        If ``cancelled`` said so; what was done is stored.
    """
    base = base_scenario(design)
    key = design.digest(provenance.scenario_key(base), provenance.hashes())
    if resume and not store.begun(key):
        raise InputError(
            "this design was not begun here", where=str(store.folder),
            remedy="check the folder and the design, or leave --resume out",
        )  # fmt: skip
    points = tuple(design.expand(base))
    keys = [_key(base, p) for p in points]
    if not store.begun(key):
        about = {"design": design.model_dump(mode="json", exclude={"scenario"}), "scenario": base.name, "hashes": provenance.hashes()}  # fmt: skip
        store.put(key, "design.json", (json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode())  # fmt: skip
    run = _Run(design, key, store, base, points, keys, executor, max(1, lanes), progress, cancelled)
    stored = sum(len(run.known.get(k, ())) for k in run.changes)
    decisions, years, simulated = run.all()
    return Experiment(design, key, base, points, tuple(decisions), years, simulated, stored)


def _key(base: Scenario, point: Point) -> str:
    where = f"point {point.index + 1}"
    scenario = base.with_changes(point.changes, where=where) if point.changes else base
    return provenance.scenario_key(scenario)


class _Run:
    """One process's work on a design."""

    def __init__(
        self,
        design: Design,
        key: str,
        store: Store,
        base: Scenario,
        points: Sequence[Point],
        keys: Sequence[str],
        executor: Executor | None,
        lanes: int,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.design, self.key, self.store, self.keys = design, key, store, keys
        self.executor, self.lanes = executor, lanes
        self.progress, self.cancelled = progress, cancelled
        self.packed = zlib.compress(pickle.dumps(base))
        # points that are the same scenario share their years
        self.changes = {k: p.changes for k, p in zip(keys, points, strict=True)}
        self.known = store.known(design.seed)
        self.begun = False

    def all(self) -> tuple[list[Decision], pa.Table, int]:
        """Simulate until every point has its years; return how many, the years, and how many were new."""
        rule = self.design.rule
        simulated = 0
        if rule is None:
            n = self.design.replications
            counts = dict.fromkeys(self.changes, n)
            simulated = self.fill(counts)
            decisions = dict.fromkeys(self.changes, Decision(n, done=True, found=None))
        else:
            counts = dict.fromkeys(self.changes, rule.least)
            while True:
                simulated += self.fill(counts)
                decisions = self.decide(counts)
                if all(d.done for d in decisions.values()):
                    break
                counts = {k: d.replications for k, d in decisions.items()}
        if self.begun:
            self.store.end()
        found = [decisions[k] for k in self.keys]
        wanted = [(k, d.replications) for k, d in zip(self.keys, found, strict=True)]
        return found, self.store.years(wanted, self.design.seed), simulated

    def decide(self, counts: Mapping[str, int]) -> dict[str, Decision]:
        """Apply the rule of precision to every scenario."""
        rule = self.design.rule
        assert rule is not None
        table = self.store.years(list(counts.items()), self.design.seed)
        columns = {g.metric: table[g.metric].to_pylist() for g in rule.goals}
        out, start = {}, 0
        for key, n in counts.items():
            out[key] = decide({m: v[start : start + n] for m, v in columns.items()}, rule)
            start += n
        return out

    def fill(self, counts: Mapping[str, int]) -> int:
        """Simulate the years that are missing; return how many there were."""
        tasks: list[Task] = []
        for key, n in counts.items():
            have = self.known.get(key, set())
            indices = tuple(i for i in range(n) if i not in have)
            if indices:
                tasks.append((key, self.changes[key], indices))
        total, missing = sum(counts.values()), sum(len(t[2]) for t in tasks)
        writer = _Writer(self.store, self.design.seed)

        def take(seconds: float, rows: Sequence[Year]) -> None:
            pieces.learn(seconds, len(rows))
            writer.take(rows)
            if self.progress:
                self.progress("simulated years", total - missing + writer.count, total)

        if self.progress:
            self.progress("simulated years", total - missing, total)
        if not tasks:
            return 0
        if not self.begun:
            self.begun = True
            self.store.begin(self.key, self.design.seed)
        pieces = _Pieces(tasks, self.lanes)
        try:
            if self.executor is None:
                for piece in pieces:
                    self.check()
                    take(*work(self.packed, provenance.hashes(), self.design.seed, piece))
            else:
                self.spread(pieces, self.executor, take)
        except (KeyboardInterrupt, Cancelled):
            writer.write()
            there = total - missing + writer.count
            raise Cancelled(
                f"stopped; {there:,} of {total:,} simulated years are stored in {self.store.folder}, "
                "--resume goes on with them"
            ) from None
        except Exception as error:
            if not isinstance(error, InputError):  # the store itself is well: a worker is not
                writer.write()
            raise
        writer.write()
        for key, _, indices in tasks:
            self.known.setdefault(key, set()).update(indices)
        return missing

    def check(self) -> None:
        if self.cancelled and self.cancelled():
            raise Cancelled

    def spread(
        self, pieces: _Pieces, executor: Executor, take: Callable[[float, Sequence[Year]], None]
    ) -> None:
        """Keep an executor busy: a few pieces a lane are under way, the rest is not cut yet."""
        waiting: set[Future[tuple[float, list[Year]]]] = set()
        stock = iter(pieces)
        try:
            while True:
                while len(waiting) < 3 * self.lanes and (piece := next(stock, None)):
                    waiting.add(
                        executor.submit(
                            work, self.packed, provenance.hashes(), self.design.seed, piece
                        )
                    )
                if not waiting:
                    return
                finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    take(*future.result())
                self.check()
        finally:
            for future in waiting:
                future.cancel()
