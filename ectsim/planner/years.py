"""Simulated years for a search: in order, on any executor, with no digit that depends on where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ectsim.experiment import Replication
    from ectsim.scenario import Scenario

__all__ = ["Years", "years"]


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


class Years:
    """Years of many scenarios, simulated when they are asked for and kept.

    Parameters
    ----------
    seed : int
        The same years for every scenario.
    metric : int
        Position of the metric that is kept.
    executor : concurrent.futures.Executor or None
        Where to work; None: here. It changes no digit.
    """

    def __init__(self, seed: int, metric: int, executor: Executor | None) -> None:
        self.seed, self.metric, self.executor = seed, metric, executor
        self._known: dict[int, tuple[Scenario, list[float]]] = {}

    def of(self, scenario: Scenario) -> tuple[float, ...]:
        """Return the metric in the years simulated so far, in order."""
        found = self._known.get(id(scenario))
        return tuple(found[1]) if found else ()

    def extend(self, scenarios: Sequence[Scenario], n: int) -> None:
        """Simulate each scenario up to a number of years.

        Parameters
        ----------
        scenarios : sequence of Scenario
            What to simulate; the same objects each time.
        n : int
            Years that each has afterwards, at least.
        """
        import pickle  # noqa: PLC0415 - only to send work away

        from ectsim.experiment import chunks, run_chunk, run_packed  # noqa: PLC0415 - numpy

        sent: list[tuple[list[float], Future[list[Replication]]]] = []
        for scenario in scenarios:
            values = self._known.setdefault(id(scenario), (scenario, []))[1]
            work = list(chunks(range(len(values), n)))
            if self.executor is None:
                values += [r.metrics[self.metric] for piece in work for r in run_chunk(scenario, self.seed, piece)]  # fmt: skip
            elif work:
                packed = pickle.dumps(scenario)
                sent += [(values, self.executor.submit(run_packed, packed, self.seed, piece)) for piece in work]  # fmt: skip
        for values, future in sent:
            values += [r.metrics[self.metric] for r in future.result()]
