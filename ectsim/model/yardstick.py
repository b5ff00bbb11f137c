"""Yardsticks for speed: a bare SimPy loop, and how many events a year of the model takes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import simpy

from ectsim.model.year import simulate

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["bare_loop", "count_events"]


def bare_loop(events: int) -> None:
    """Run one SimPy process through a number of timeouts and nothing else."""
    env = simpy.Environment()

    def ticking() -> Generator[simpy.Event, object, None]:
        timeout = env.timeout
        for _ in range(events):
            yield timeout(1)

    env.process(ticking())
    env.run()


def count_events(scenario: Scenario) -> int:
    """Return the SimPy events of a scenario's first year under seed 1."""
    count = 0
    step = simpy.Environment.step

    def counting(self: simpy.Environment) -> None:
        nonlocal count
        count += 1
        step(self)

    simpy.Environment.step = counting  # type: ignore[method-assign]
    try:
        simulate(scenario, 1, 0)
    finally:
        simpy.Environment.step = step  # type: ignore[method-assign]
    return count
