"""Replications on any ``concurrent.futures.Executor``: same seed, same digits, wherever they run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context

from ectsim.errors import Cancelled
from ectsim.ledger import BINS, count_bins
from ectsim.metrics import METRICS, Run, measure
from ectsim.scenario import Scenario

__all__ = [
    "CHUNK",
    "Replication",
    "Results",
    "chunks",
    "default_workers",
    "local_pool",
    "replicate",
    "run_chunk",
]

CHUNK = 10
"""Replications in a piece of work: short enough to stop soon, long enough to be worth sending."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Replication:
    """What is kept of one simulated year.

    Parameters
    ----------
    index : int
        Which replication, 0 is the first.
    due : int
        Cycles due.
    bins : tuple of int
        Cycles by bin, in the order of ``ledger.BINS``; they add up to ``due``.
    metrics : tuple of float
        In the order of ``metrics.METRICS``.
    pairs : tuple of (int, int, int)
        For each pair cycles due, held, held in full.
    school_years : tuple of Replication
        The school years of a run over several; empty for one.
    """

    index: int
    due: int
    bins: tuple[int, ...]
    metrics: tuple[float, ...]
    pairs: tuple[tuple[int, int, int], ...]
    school_years: tuple[Replication, ...] = ()


@dataclass(frozen=True)
class Results:
    """Replications of one scenario under one seed, in order.

    Parameters
    ----------
    scenario : Scenario
        What was simulated.
    seed : int
        The run's seed.
    runs : tuple of Replication
        In order of replication.
    """

    scenario: Scenario
    seed: int
    runs: tuple[Replication, ...]

    def metric(self, name: str) -> list[float]:
        """Return one metric's value in each replication."""
        i = list(METRICS).index(name)
        return [r.metrics[i] for r in self.runs]

    def school_year(self, k: int) -> Results:
        """Return the results of one school year of a run over several, 0 is the first."""
        runs = tuple(r.school_years[k] for r in self.runs)
        return Results(self.scenario.in_year(k), self.seed, runs)

    @property
    def due_total(self) -> int:
        """Cycles due over all replications."""
        return sum(r.due for r in self.runs)

    @property
    def ledger_total(self) -> dict[str, int]:
        """Cycles by bin over all replications; they add up to :attr:`due_total`."""
        return {b: sum(r.bins[i] for r in self.runs) for i, b in enumerate(BINS)}


def run_one(scenario: Scenario, seed: int, index: int) -> Replication:
    """Simulate and measure one year.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    seed, index : int
        Seed and replication.
    """
    from ectsim.model.year import joined, live_years  # noqa: PLC0415 - numpy, only in workers

    years = live_years(scenario, seed, index)
    parts = tuple(
        Run(y.frame.scenario, y.log, {name: float(getattr(y.cover, name)) for name in COVER})
        for y in years
    )
    if len(parts) == 1:
        return _measured(parts[0], index)
    cover = {name: sum(p.cover[name] for p in parts) for name in COVER}
    whole = _measured(Run(scenario, joined(years), cover, parts), index)
    return replace(whole, school_years=tuple(_measured(p, index) for p in parts))


COVER = (
    "open_lessons",
    "by_supply",
    "by_supervisors",
    "by_teachers",
    "bought",
    "collapsed",
    "supply_days",
)
"""Counts of a year's cover that are kept."""


def _measured(run: Run, index: int) -> Replication:
    values = measure(run)
    by_pair = run.by_pair
    return Replication(
        index=index,
        due=len(run.entries),
        bins=tuple(count_bins(run.entries).values()),
        metrics=tuple(values.values()),
        pairs=tuple(by_pair.get(i, (0, 0, 0)) for i in range(len(run.scenario.school.pairs))),
    )


_scenarios: dict[bytes, Scenario] = {}


def run_chunk(scenario: Scenario, seed: int, indices: Sequence[int]) -> list[Replication]:
    """Simulate some replications: a picklable piece of work.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    seed : int
        The run's seed.
    indices : sequence of int
        Which replications.
    """
    return [run_one(scenario, seed, i) for i in indices]


def run_packed(packed: bytes, seed: int, indices: Sequence[int]) -> list[Replication]:
    """Simulate some replications of a pickled scenario.

    A worker unpacks each scenario once and keeps it, so that its frame is laid out once.
    """
    import pickle  # noqa: PLC0415 - from our own parent process

    scenario = _scenarios.get(packed)
    if scenario is None:
        if len(_scenarios) >= 4:
            _scenarios.pop(next(iter(_scenarios)))
        scenario = _scenarios[packed] = pickle.loads(packed)
    return run_chunk(scenario, seed, indices)


def chunks(indices: Iterable[int], size: int = CHUNK) -> Iterator[list[int]]:
    """Cut replications into pieces of work."""
    rest = list(indices)
    for i in range(0, len(rest), size):
        yield rest[i : i + size]


def default_workers() -> int:
    """Return how many processes to use: as many as this process may run on, at most 8."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows or macOS
        allowed = os.cpu_count() or 1
    return max(1, min(8, allowed))


@contextmanager
def local_pool(workers: int) -> Iterator[Executor | None]:
    """Open a pool of local processes; with one worker none is needed and None is given."""
    if workers <= 1:
        yield None
        return
    forkserver = "forkserver" in get_all_start_methods()
    context = get_context("forkserver" if forkserver else "spawn")
    if forkserver:
        context.set_forkserver_preload(["ectsim.model.year", "ectsim.experiment"])
    pool = ProcessPoolExecutor(workers, mp_context=context)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def replicate(
    scenario: Scenario,
    *,
    seed: int = 1,
    replications: int = 200,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    known: Sequence[Replication] = (),
) -> Results:
    """Simulate replications of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    seed : int
        The run's seed.
    replications : int
        How many years.
    executor : concurrent.futures.Executor, optional
        Where to work; without one, here.
    progress : callable, optional
        Called with (done, total) replications.
    cancelled : callable, optional
        Asked between pieces of work; true stops.
    known : sequence of Replication
        The first ones, if they have been simulated before.

    Raises
    ------
    ectsim.errors.Cancelled
        If ``cancelled`` said so.
    """
    done = {r.index: r for r in known}

    def take(found: list[Replication]) -> None:
        done.update((r.index, r) for r in found)
        if progress:
            progress(len(done), replications)

    work = list(chunks(i for i in range(replications) if i not in done))
    if executor is None:
        for piece in work:
            _check(cancelled)
            take(run_chunk(scenario, seed, piece))
    else:
        _spread(scenario, seed, work, executor, take, cancelled)
    return Results(scenario, seed, tuple(done[i] for i in range(replications)))


def _spread(
    scenario: Scenario,
    seed: int,
    work: list[list[int]],
    executor: Executor,
    take: Callable[[list[Replication]], None],
    cancelled: Callable[[], bool] | None,
) -> None:
    import pickle  # noqa: PLC0415 - to our own workers

    packed = pickle.dumps(scenario)
    waiting: set[Future[list[Replication]]] = {
        executor.submit(run_packed, packed, seed, p) for p in work
    }
    try:
        while waiting:
            finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in finished:
                take(future.result())
            _check(cancelled)
    finally:
        for future in waiting:
            future.cancel()


def _check(cancelled: Callable[[], bool] | None) -> None:
    if cancelled and cancelled():
        raise Cancelled
