"""Speed and memory, measured within one run: each figure beside its budget and, where it has one, a yardstick.

A time alone says more about the machine than about the code, so the school year is also given as a
multiple of a bare SimPy loop with as many events, timed in the same run.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ectsim.scenario import load

__all__ = ["Figure", "bench", "bench_lines"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Parameters
    ----------
    name : str
        What was measured.
    value : float
        The median of several runs.
    unit : str
        Its unit.
    budget : float
        What it should not exceed, in the same unit.
    note : str
        How it was measured.
    """

    name: str
    value: float
    unit: str
    budget: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """Share of the budget that is used; above 1 it is missed."""
        return self.value / self.budget

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain data."""
        return {
            "name": self.name, "value": self.value, "unit": self.unit, "budget": self.budget,
            "ratio": self.ratio, "note": self.note,
        }  # fmt: skip


def _median(work: Callable[[], object], times: int) -> float:
    """Return the median seconds of several runs, garbage collection off."""
    gc.collect()
    gc.disable()
    try:
        seen = []
        for _ in range(times):
            start = time.perf_counter()
            work()
            seen.append(time.perf_counter() - start)
    finally:
        gc.enable()
    return sorted(seen)[times // 2]


def _year() -> list[Figure]:
    from ectsim.luck import Luck  # noqa: PLC0415
    from ectsim.model.cover import allocate  # noqa: PLC0415
    from ectsim.model.diary import write_diary  # noqa: PLC0415
    from ectsim.model.frame import frame_of  # noqa: PLC0415
    from ectsim.model.yardstick import bare_loop, count_events  # noqa: PLC0415
    from ectsim.model.year import simulate  # noqa: PLC0415

    s = load("default")
    frame = frame_of(s)
    turn = iter(range(10_000))
    whole = _median(lambda: simulate(s, 1, next(turn)), 31)

    def fate() -> None:
        luck = Luck(1, next(turn))
        allocate(frame, write_diary(frame, luck), luck)

    dealt = _median(fate, 31)
    events = count_events(s)
    bare = _median(lambda: bare_loop(events), 31)
    rows = len(simulate(s, 1, 0))
    in_rows = _median(lambda: bare_loop(rows), 31)
    note = f"{events} SimPy events, {rows} log rows; absence and cover take {1000 * dealt:.1f} ms of it"
    return [
        Figure("a school-year of five pairs, 96 staff", 1000 * whole, "ms", 8.0, note),
        Figure("the pairs' year over a bare loop with as many events as the log has rows", (whole - dealt) / in_rows, "times", 1.5, f"bare loop {1000 * in_rows:.2f} ms"),
        Figure("the pairs' year over a bare loop with as many SimPy events", (whole - dealt) / bare, "times", 1.5, f"bare loop {1000 * bare:.2f} ms"),
    ]  # fmt: skip


def _study() -> list[Figure]:
    from ectsim.experiment import default_workers, local_pool, replicate  # noqa: PLC0415

    s = load("default")
    workers = default_workers()
    with local_pool(workers) as pool:
        replicate(s, seed=1, replications=40, executor=pool)  # warm: the service keeps its pool
        seen: list[float] = []
        start = time.perf_counter()
        replicate(
            s, seed=2, replications=200, executor=pool,
            progress=lambda done, total: seen.append(time.perf_counter() - start),
        )  # fmt: skip
    note = f"{workers} workers, warm"
    return [
        Figure("200 years of the default school: first numbers", seen[0], "s", 0.5, note),
        Figure("200 years of the default school: all", seen[-1], "s", 2.0, note),
    ]


def _start() -> list[Figure]:
    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    empty = _median(python("pass"), 5)
    full = _median(python("import ectsim"), 5)
    scenario = _median(python("import ectsim.scenario"), 5)
    return [
        Figure(
            "import ectsim", full - empty, "s", 0.3, f"an empty interpreter takes {empty:.2f} s"
        ),
        Figure("import ectsim.scenario", scenario - empty, "s", 0.3),
    ]


def _memory() -> list[Figure]:
    from ectsim.model.year import simulate  # noqa: PLC0415 - as above

    s = load("default")
    simulate(s, 1, 0)
    tracemalloc.start()
    log = simulate(s, 1, 1)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    frame = log.to_frame()
    row = float(frame.memory_usage(index=False, deep=False).sum()) / len(frame)
    # VmHWM starts anew with the program; the usage that the system reports for a child does not
    code = (
        "from ectsim.scenario import load;from ectsim.experiment import run_chunk;"
        "run_chunk(load('default'),1,range(10));"
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    )
    out = [
        Figure("a replication, what stays of it", kept / 1e6, "MB", 0.5, f"while it runs {peak / 1e6:.1f} MB at its peak"),
        Figure("the log, a row in columns", row, "bytes", 24.0, f"{len(frame)} rows"),
    ]  # fmt: skip
    if sys.platform.startswith("linux"):
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        out.append(
            Figure(
                "a worker that simulates",
                int(done.stdout) / 1000,
                "MB",
                80.0,
                "resident, at its peak",
            )
        )
    return out


def _rooms() -> list[Figure]:
    from ectsim.audit import audit  # noqa: PLC0415
    from ectsim.share import data_dir  # noqa: PLC0415
    from ectsim.timetables.importer import import_school  # noqa: PLC0415

    s = load("default")
    source = data_dir() / "schools" / "default"
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "school"
        imported = _median(
            lambda: import_school(
                source / "timetable.csv", roster=source / "staff.csv", calendar=source / "calendar.csv",
                grid=source / "grid.toml", to=to, replace=True,
            ),
            5,
        )  # fmt: skip
    return [
        Figure("the hours audit", _median(lambda: audit(s), 5), "s", 0.2),
        Figure("a timetable of 96 staff imported and checked", imported, "s", 1.0),
    ]


def bench() -> list[Figure]:
    """Measure speed and memory against the budgets.

    Returns
    -------
    list of Figure
        In order: start, a year, a study, memory, other rooms.
    """
    return [*_start(), *_year(), *_study(), *_memory(), *_rooms()]


def bench_lines(figures: list[Figure]) -> list[str]:
    """Return figures as lines for a terminal."""
    out = [f"{'':74}{'measured':>10}{'budget':>10}{'ratio':>8}"]
    for f in figures:
        out.append(
            f"{f.name:74}{f.value:10.3g}{f.budget:10.3g}{f.ratio:8.2f}  {f.unit}"
            + ("  over budget" if f.ratio > 1 else "")
        )
        if f.note:
            out.append(f"    {f.note}")
    return out
