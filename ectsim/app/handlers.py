"""What the dashboards may ask of the simulation service.

Import this module in the service only, never in a kernel: handlers load the model.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from ectsim import __version__, desk
from ectsim.errors import InputError
from ectsim.experiment import Replication
from ectsim.scenario import Scenario
from ectsim.service import Chunk, Handlers, Job, Reply, portions

__all__ = ["handlers"]

handlers = Handlers()
"""The registry that ``ectsim dashboard`` gives to the service."""


@lru_cache(maxsize=1)
def uploads() -> Path:
    """Return the folder of uploaded schools; it goes when the service ends."""
    place = Path(tempfile.mkdtemp(prefix="ectsim-schools-"))
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


def _add(partial_: list[Replication] | None, result: list[Replication]) -> list[Replication]:
    return [*(partial_ or []), *result]


def _years(data: dict[str, Any]) -> tuple[Scenario, int, list[Chunk]]:
    scenario, seed, replications = desk.read_request(data, uploads())
    work = [
        Chunk(desk.simulate_years, (scenario, seed, part.start, part.stop), len(part))
        for part in portions(replications)
    ]
    return scenario, seed, work


@handlers.add("simulate")
def simulate(data: dict[str, Any], body: bytes) -> Job:
    """Simulate years of a scenario; see :func:`ectsim.desk.read_request` and ``present``."""
    scenario, seed, work = _years(data)
    return Job(work, merge=_add, present=partial(desk.present, scenario, seed))


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
def export(data: dict[str, Any], body: bytes) -> Job:
    """Write a result or a scenario as a file: ``form`` is json, csv or toml."""
    scenario, seed, work = _years(data)
    form = str(data.get("form") or "json")
    if form == "toml":
        work = [Chunk(desk.simulate_years, (scenario, seed, 0, 0))]

    def file(runs: list[Replication]) -> Reply:
        name, media, content = desk.export(scenario, seed, runs, form)
        return Reply({"name": name, "type": media}, content)

    return Job(work, merge=_add, present=file)
