"""What the dashboards may ask of the simulation service.

Import this module in the service only, never in a kernel: handlers load the model.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from ectsim import __version__, desk, desk_plans, hour
from ectsim.errors import InputError
from ectsim.experiment import Replication
from ectsim.scenario import Scenario
from ectsim.service import Chunk, Handlers, Job, Reply, Search, portions

__all__ = ["handlers"]

handlers = Handlers()
"""The registry that ``ectsim dashboard`` gives to the service."""


@lru_cache(maxsize=1)
def uploads() -> Path:
    """Return the folder of uploaded schools; it goes when the service ends."""
    scratch = os.environ.get("ECTSIM_SCRATCH") or None
    place = Path(tempfile.mkdtemp(prefix="ectsim-schools-", dir=scratch))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


@handlers.add("about")
def about(data: dict[str, Any], body: bytes) -> Reply:
    """Say which version computes; a page asks this first, to know that somebody is there.

    Parameters
    ----------
    data : dict
        Not used.
    body : bytes
        Not used.
    """
    return Reply({"version": __version__})


@handlers.add("school")
def school(data: dict[str, Any], body: bytes) -> Job:
    """Describe a school; see :func:`ectsim.desk.describe`."""
    return Job([Chunk(desk.describe, (data, uploads()))])


@handlers.add("upload")
def upload(data: dict[str, Any], body: bytes) -> Job:
    """Import a school from files.

    Parameters
    ----------
    data : dict
        ``parts`` [{role, name, size}] in the order of their bytes, ``codes`` {code: kind}.
    body : bytes
        The files, one after the other.
    """
    parts, at = [], 0
    for part in data.get("parts") or []:
        size = int(part["size"])
        parts.append((str(part["role"]), str(part["name"]), body[at : at + size]))
        at += size
    if at != len(body):
        raise InputError("the upload is incomplete", remedy="choose the files again")
    codes = {str(k): str(v) for k, v in (data.get("codes") or {}).items()}
    about_codes = json.dumps([codes, [(r, n, len(b)) for r, n, b in parts]], sort_keys=True)
    key = "up-" + hashlib.sha256(body + about_codes.encode()).hexdigest()[:20]
    work = Chunk(desk.import_upload, (parts, codes, str(uploads()), key))
    return Job([work], lane="desk", keep=False, seconds=60.0)


Year = TypeVar("Year")


class Known(Generic[Year]):
    """Replications of the last scenarios, so that none is simulated again to be compared with.

    Parameters
    ----------
    most : int
        How many scenarios are kept.
    """

    def __init__(self, most: int = 24) -> None:
        self._most = most
        self._runs: OrderedDict[tuple[str, str], list[Year]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, scenario: Scenario, seed: int, count: int) -> list[Year] | None:
        """Return the first so many replications, or None if not all are there."""
        key = (scenario.code(seed), scenario.name)
        with self._lock:
            runs = self._runs.get(key)
            if runs is None or len(runs) < count:
                return None
            self._runs.move_to_end(key)
        return runs[:count]

    def put(self, scenario: Scenario, seed: int, runs: list[Year]) -> None:
        """Keep a scenario's replications, unless more of them are there."""
        key = (scenario.code(seed), scenario.name)
        with self._lock:
            if len(self._runs.get(key, ())) < len(runs):
                self._runs[key] = list(runs)
            while len(self._runs) > self._most:
                self._runs.popitem(last=False)


known: Known[Replication] = Known()
known_hours: Known[hour.Hours] = Known(6)


def _years(
    arms: list[Scenario],
    seed: int,
    count: int,
    show: Callable[[list[list[Replication]]], object],
    *,
    largest: int = 20,
) -> Job | Reply:
    """Simulate the same years of scenarios, but those that are known; see :func:`_lived`."""
    return _lived(arms, seed, count, show, desk.simulate_arms, known, largest)


def _lived(
    arms: list[Scenario],
    seed: int,
    count: int,
    show: Callable[[list[list[Year]]], object],
    simulate: Callable[[bytes, int, int, int], list[list[Year]]],
    known: Known[Year],
    largest: int = 20,
) -> Job | Reply:
    """Live the same years of scenarios, but those that are known.

    ``show`` takes what is kept of each scenario's years so far, as many of each; ``simulate`` is the
    chunk: packed scenarios, seed, first and last year; ``largest`` bounds its years.
    """
    found = [known.get(s, seed, count) for s in arms]
    if all(runs is not None for runs in found):
        shown = show([runs or [] for runs in found])
        return shown if isinstance(shown, Reply) else Reply(shown)
    missing = [s for s, runs in zip(arms, found, strict=True) if runs is None]
    sent = desk.packed(missing)
    work = [
        Chunk(simulate, (sent, seed, part.start, part.stop), len(part))
        for part in portions(count, largest=largest)
    ]

    def present(new: list[list[Year]]) -> object:
        done = len(new[0])
        if done == count:
            for scenario, runs in zip(missing, new, strict=True):
                known.put(scenario, seed, runs)
        fresh = iter(new)
        return show([next(fresh) if runs is None else runs[:done] for runs in found])

    return Job(work, merge=_add, present=present)


def _add(partial_: list[list[Year]] | None, result: list[list[Year]]) -> list[list[Year]]:
    return [[*a, *b] for a, b in zip(partial_ or [[] for _ in result], result, strict=True)]


def _arm(request: dict[str, Any]) -> tuple[str, Scenario, int, int]:
    scenario, seed, count = desk.read_request(request, uploads())
    return str(request.get("label") or scenario.name)[:60], scenario, seed, count


@handlers.add("scenario")
def scenario(data: dict[str, Any], body: bytes) -> Reply:
    """Read a scenario code or a scenario's file; see :func:`ectsim.desk.open_scenario`."""
    return Reply(desk.open_scenario(data, body, uploads()))


@handlers.add("simulate")
def simulate(data: dict[str, Any], body: bytes) -> Job | Reply:
    """Simulate years of a scenario; see :func:`ectsim.desk.read_request` and ``present``.

    Parameters
    ----------
    data : dict
        The request, ``label`` what the plan is called; ``against`` another request of the same
        school, whose plan is lived through the same years.
    body : bytes
        Not used.
    """
    label, own, seed, count = _arm(data)
    if not isinstance(data.get("against"), dict):
        return _years([own], seed, count, lambda r: desk.present((label, own, r[0]), seed))
    named, base, _, _ = _arm(data["against"])
    return _years(
        [base, own],
        seed,
        count,
        lambda r: desk.present((label, own, r[1]), seed, (named, base, r[0])),
    )


@handlers.add("compare")
def compare(data: dict[str, Any], body: bytes) -> Job | Reply:
    """Compare two plans over the same years; see :func:`ectsim.desk.compare`.

    Parameters
    ----------
    data : dict
        ``plans`` [a request of ``simulate`` with a ``label``]: the base and another.
    body : bytes
        Not used.
    """
    plans = data.get("plans")
    if not isinstance(plans, list) or len(plans) != 2 or not all(map(_is_table, plans)):
        raise InputError("two plans are compared", where="plans")
    (first, base, seed, count), (second, other, _, _) = map(_arm, plans)
    return _years(
        [base, other],
        seed,
        count,
        lambda r: desk.compare((first, base, r[0]), (second, other, r[1]), seed),
        largest=8,  # what is only tried holds up a visitor's change for a tenth of a second at most
    )


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


@handlers.add("replay")
def replay(data: dict[str, Any], body: bytes) -> Job:
    """Live one year under one or two plans.

    Parameters
    ----------
    data : dict
        ``plans`` [a request of ``simulate`` with a ``label``], ``pair``, ``year``.
    body : bytes
        Not used.
    """
    arms, seed = [], 1
    for plan in (data.get("plans") or [])[:2]:
        scenario, seed, _ = desk.read_request(plan, uploads())
        arms.append((str(plan.get("label") or scenario.name)[:60], scenario))
    if not arms:
        raise InputError("no plan is named")
    year = data.get("year", 1)
    if not isinstance(year, int) or isinstance(year, bool) or not 1 <= year <= desk.LIMIT:
        raise InputError(f"the year is no whole number from 1 to {desk.LIMIT}", where="year")
    return Job([Chunk(desk.replay, (arms, seed, str(data.get("pair") or ""), year))])


@handlers.add("export")
def export(data: dict[str, Any], body: bytes) -> Job | Reply:
    """Write a result or a scenario as a file; see :func:`ectsim.desk.export`."""
    _, own, seed, count = _arm(data)
    form = str(data.get("form") or "json")

    def file(arms: list[list[Replication]]) -> Reply:
        name, media, content = desk.export(own, seed, arms[0] if arms else [], form)
        return Reply({"name": name, "type": media}, content)

    return file([]) if form in ("toml", "ics") else _years([own], seed, count, file)


# --- the mentor's page ------------------------------------------------------------------------


@handlers.add("hour")
def coaching_hour(data: dict[str, Any], body: bytes) -> Job | Reply:
    """Live the meetings of an hour's cut, and those of the programme's own in the same years.

    Parameters
    ----------
    data : dict
        ``cut`` (see :class:`ectsim.hour.Cut`), ``seed``, ``replications``; ``form`` json or csv to
        have the final result as a file.
    body : bytes
        Not used.
    """
    cut, seed, count = desk.read_hour(data)
    usual = hour.Cut()
    arms = [cut.scenario()] if cut == usual else [usual.scenario(), cut.scenario()]

    def show(runs: list[list[hour.Hours]]) -> object:
        if "form" not in data:
            return desk.present_hour(cut, seed, runs)
        name, media, content = desk.export_hour(cut, seed, runs, str(data["form"]))
        return Reply({"name": name, "type": media}, content)

    return _lived(arms, seed, count, show, desk.simulate_hour_arms, known_hours)


@handlers.add("numbers")
def numbers(data: dict[str, Any], body: bytes) -> Reply:
    """Say where every number that the hour rests on comes from; see :func:`ectsim.hour.numbers`."""
    return Reply({"numbers": hour.numbers()})


@handlers.add("pair_year")
def pair_year(data: dict[str, Any], body: bytes) -> Job:
    """Tell one pair's year week by week; see :func:`ectsim.desk.pair_year`."""
    return Job([Chunk(desk.pair_year, (data, uploads()))])


# --- the coordinator's tasks ------------------------------------------------------------------


@handlers.add("hours")
def hours(data: dict[str, Any], body: bytes) -> Job:
    """Check the hours of a plan; see :func:`ectsim.desk_plans.hours`."""
    return Job([Chunk(desk_plans.hours, (data, uploads()))])


@handlers.add("enough")
def enough(data: dict[str, Any], body: bytes) -> Search:
    """Find the cheapest protection that is enough; see :func:`ectsim.desk_plans.enough`."""
    return Search(lambda executor, tell: desk_plans.enough(data, uploads(), executor, tell))


@handlers.add("stress")
def stress(data: dict[str, Any], body: bytes) -> Search:
    """Find what breaks a plan; see :func:`ectsim.desk_plans.stress`."""
    return Search(lambda executor, tell: desk_plans.stress(data, uploads(), executor, tell))


@handlers.add("slots")
def slots(data: dict[str, Any], body: bytes) -> Job:
    """Rank the slots of every pair; see :func:`ectsim.desk_plans.ranked_slots`."""
    return Job([Chunk(desk_plans.ranked_slots, (data, uploads()))])


@handlers.add("best_plan")
def best_plan(data: dict[str, Any], body: bytes) -> Job:
    """Choose slots for all pairs at once; see :func:`ectsim.desk_plans.best_plan`."""
    return Job([Chunk(desk_plans.best_plan, (data, uploads()))], lane="desk")


@handlers.add("made_up")
def made_up(data: dict[str, Any], body: bytes) -> Job:
    """Make up a school of a given size; see :func:`ectsim.desk_plans.made_up`."""
    return Job([Chunk(desk_plans.made_up, (data, uploads()))], keep=False)
