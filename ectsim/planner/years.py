"""Simulated years for a search: in order, on any executor, with no digit that depends on where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ectsim.experiment import Replication
    from ectsim.scenario import Scenario

__all__ = ["years", "years_of_all"]


def years(
    scenario: Scenario, seed: int, n: int, executor: Executor | None, lanes: int
) -> Iterator[list[Replication]]:
    """Simulate years in order, a piece at a time; some pieces ahead where there are workers.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    seed, n : int
        Seed and number of years.
    executor : concurrent.futures.Executor or None
        Where to work; None: here.
    lanes : int
        Pieces that are sent there at once; whoever stops reading wastes at most that many.
    """
    import pickle  # noqa: PLC0415 - only to send work away

    from ectsim.experiment import chunks, run_chunk, run_packed  # noqa: PLC0415 - numpy

    work = list(chunks(range(n)))
    if executor is None:
        for piece in work:
            yield run_chunk(scenario, seed, piece)
        return
    packed = pickle.dumps(scenario)
    for i in range(0, len(work), lanes):
        sent = [executor.submit(run_packed, packed, seed, piece) for piece in work[i : i + lanes]]
        for future in sent:
            yield future.result()


def years_of_all(
    scenarios: Sequence[Scenario], seed: int, n: int, executor: Executor | None
) -> list[list[Replication]]:
    """Simulate the same years of several scenarios.

    Parameters
    ----------
    scenarios : sequence of Scenario
        What to simulate.
    seed, n : int
        Seed and number of years.
    executor : concurrent.futures.Executor or None
        Where to work; None: here.

    Returns
    -------
    list of list of Replication
        For each scenario its years, in order.
    """
    import pickle  # noqa: PLC0415 - only to send work away

    from ectsim.experiment import chunks, run_chunk, run_packed  # noqa: PLC0415 - numpy

    work = list(chunks(range(n)))
    if executor is None:
        return [[r for piece in work for r in run_chunk(s, seed, piece)] for s in scenarios]
    sent = []
    for s in scenarios:
        packed = pickle.dumps(s)
        sent.append([executor.submit(run_packed, packed, seed, piece) for piece in work])
    return [[r for future in futures for r in future.result()] for futures in sent]
