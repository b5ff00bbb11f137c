"""Time and memory of a national cohort, beside a bare SimPy loop and toy cycles in other tools.

    python benchmarks/england.py                      # 100, 1,000 and all 12,500 schools
    python benchmarks/england.py --schools 100 400 --workers 1

Times are given twice: as the clock on the wall, which other work on the machine stretches, and as the
processors' own time. The yardsticks are timed in the same run, so that the ratios can be compared
between machines. salabim and Ciw are no dependencies: where they are not installed, that is said.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor

from ectsim import cohort, experiment

BUDGET_SECONDS, BUDGET_MB = 60.0, 1000.0
PAIRS, WEEKS, WEEK = 5, 38, 7 * 24 * 60
BLOCKED = 0.2
"""Chance of the toy's week in which the pair does not meet."""


def used(_: int) -> tuple[int, float, float]:
    """Tell a worker's id, processor seconds and most memory in MB; slow, so that each gets one."""
    time.sleep(0.2)
    return os.getpid(), time.process_time(), memory()


def memory() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def workers_used(pool: Executor | None, workers: int) -> dict[int, tuple[float, float]]:
    if pool is None:
        return {}
    seen: dict[int, tuple[float, float]] = {}
    for _ in range(20):
        for pid, cpu, mb in pool.map(used, range(2 * workers)):
            seen[pid] = (cpu, mb)
        if len(seen) >= workers:
            break
    return seen


def best(work: Callable[[], object], times: int = 5) -> float:
    """Return the least processor seconds of several runs."""
    out = []
    for _ in range(times):
        start = time.process_time()
        work()
        out.append(time.process_time() - start)
    return min(out)


# toys: five pairs meet once a week for 38 weeks, unless the week is blocked; the mentor is a resource


def toy_simpy() -> int:
    import simpy

    env, held, luck = simpy.Environment(), [0], random.Random(1)

    def pair(mentor: simpy.Resource):
        for week in range(WEEKS):
            yield env.timeout(week * WEEK - env.now if week * WEEK > env.now else 0)
            if luck.random() < BLOCKED:
                continue
            with mentor.request() as claim:
                yield claim
                yield env.timeout(15)  # the visit
                yield env.timeout(45)  # the meeting
            held[0] += 1

    for _ in range(PAIRS):
        env.process(pair(simpy.Resource(env, 1)))
    env.run()
    return held[0]


def toy_salabim() -> int:
    import salabim as sim

    env, held, luck = sim.Environment(trace=False, yieldless=False), [0], random.Random(1)

    class Pair(sim.Component):
        def process(self):
            mentor = sim.Resource(capacity=1, env=env)
            for week in range(WEEKS):
                yield self.hold(till=max(week * WEEK, env.now()))
                if luck.random() < BLOCKED:
                    continue
                yield self.request(mentor)
                yield self.hold(15)
                yield self.hold(45)
                self.release(mentor)
                held[0] += 1

    for _ in range(PAIRS):
        Pair(env=env)
    env.run()
    return held[0]


def toy_ciw() -> int:
    import ciw

    none = [0.0] * PAIRS
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Deterministic(WEEK)] * PAIRS,
        service_distributions=[ciw.dists.Deterministic(60)] * PAIRS,
        number_of_servers=[1] * PAIRS,
        baulking_functions=[lambda n, **more: BLOCKED] * PAIRS,
        routing=[none] * PAIRS,
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time((WEEKS + 1) * WEEK - 1)
    return len(simulation.get_all_records(only=["service"]))


TOYS = {"simpy": toy_simpy, "salabim": toy_salabim, "ciw": toy_ciw}


def yardsticks() -> dict[str, float]:
    """Print what a school-year costs beside the toys; return seconds by name."""
    from ectsim.model.yardstick import bare_loop

    bare = best(lambda: bare_loop(100_000)) / 100_000
    out = {"timeout": bare}
    print(f"a bare SimPy timeout: {1e6 * bare:.2f} us of processor time")
    for name, toy in TOYS.items():
        try:
            version = importlib.metadata.version(name)
            held = toy()
        except importlib.metadata.PackageNotFoundError:
            print(f"toy cycle in {name}: {name} is not installed, so not measured")
            continue
        out[name] = best(toy)
        print(
            f"toy cycle in {name} {version}: {1e3 * out[name]:.2f} ms a school-year of {PAIRS} pairs "
            f"({held} of {PAIRS * WEEKS} held), {out[name] / bare:,.0f} bare timeouts"
        )
    return out


def measure(schools: int, workers: int, plan: str) -> tuple[float, float, float]:
    """Run a cohort; return seconds on the wall, of processors, and MB."""
    with experiment.local_pool(workers) as pool:
        before = workers_used(pool, workers)
        start, own = time.perf_counter(), time.process_time()
        said = [0.0]

        def progress(done: int, total: int) -> None:
            if sys.stderr.isatty() and time.perf_counter() - said[0] > 1:
                said[0] = time.perf_counter()
                print(f"\r{done:,} of {total:,} schools", end="", file=sys.stderr)

        result = cohort.run(schools=schools, plan=plan, executor=pool, progress=progress)
        wall, cpu = time.perf_counter() - start, time.process_time() - own
        after = workers_used(pool, workers)
    cpu += sum(c - before.get(pid, (0.0, 0.0))[0] for pid, (c, _) in after.items())
    mb = memory() + sum(m for _, m in after.values())
    ects = sum(k.ects for k in result.kinds)
    print(
        f"{schools:>7,} schools {ects:>7,} ECTs {workers} worker(s): {wall:7.1f} s on the wall, {cpu:7.1f} s of processors, "
        f"{1e3 * cpu / schools:6.1f} ms of processor a school, {mb:5.0f} MB in all processes at their peaks",
        flush=True,
    )
    return wall, cpu, mb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schools", type=int, nargs="+", default=[100, 1_000, 12_500])
    parser.add_argument("--workers", type=int, default=min(2, experiment.default_workers()))
    parser.add_argument("--plan", default="found_time")
    given = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} processors{load}, Python {sys.version.split()[0]}, plan {given.plan}")
    known = yardsticks()
    start = time.process_time()
    kinds = {s.kind for s in cohort.generate(max(given.schools), 1)}
    drawn = time.process_time() - start
    start = time.process_time()
    for kind in kinds:
        cohort.scenario_of(kind, given.plan)
    print(
        f"set-up: {max(given.schools):,} schools drawn in {drawn:.1f} s, {len(kinds)} types with their timetables in "
        f"{time.process_time() - start:.1f} s of processor (once a run, shared by all of its schools)"
    )
    for schools in given.schools:
        wall, cpu, mb = measure(schools, given.workers, given.plan)
        print(f"        a school-year is {cpu / schools / known['timeout']:,.0f} bare timeouts" + "".join(f", {cpu / schools / known[n]:.1f} toy school-years in {n}" for n in TOYS if n in known))  # fmt: skip
        if schools == 12_500:
            print(
                f"        budget {BUDGET_SECONDS:.0f} s and {BUDGET_MB:.0f} MB: {wall / BUDGET_SECONDS:.2f} of the time on the wall, "
                f"{cpu / given.workers / BUDGET_SECONDS:.2f} of it if {given.workers} processors did nothing else, {mb / BUDGET_MB:.2f} of the memory"
            )


if __name__ == "__main__":
    main()
