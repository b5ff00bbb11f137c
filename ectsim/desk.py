"""What a dashboard may ask for, as plain data: schools, uploads, simulated years, replays, exports.

Everything here runs in the simulation service or its workers, never in a page's kernel. A request
names a school and a plan; the same request gives the same digits as the command line.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ectsim.analysis import result_dict
from ectsim.charts import ledger_bars, spread_dots, week_strips
from ectsim.errors import InputError
from ectsim.experiment import Replication, Results, run_chunk
from ectsim.parameters import certificates
from ectsim.plan import Plan
from ectsim.scenario import Scenario, load
from ectsim.school import Conditions
from ectsim.words import headline

__all__ = [
    "describe",
    "export",
    "import_upload",
    "present",
    "read_request",
    "replay",
    "simulate_years",
]

UPLOAD_KEY = re.compile(r"up-[0-9a-f]{20}")
LIMIT = 2_000
"""Replications that a page may ask for."""


# --- requests ---------------------------------------------------------------------------------


def read_request(data: Mapping[str, Any], uploads: Path) -> tuple[Scenario, int, int]:
    """Turn a request into a scenario, a seed and a number of replications.

    Parameters
    ----------
    data : mapping
        ``school`` (a preset's name or an upload's key), ``plan`` (a plan's name), ``changes``
        {dotted name: value}, ``name``, ``seed``, ``replications``; or ``code`` in place of
        school, plan and changes.
    uploads : pathlib.Path
        Folder of uploaded schools.

    Raises
    ------
    InputError
        If something in it cannot be.
    """
    seed, replications = (
        _whole(data, "seed", 1, 10**18 - 1),
        _whole(data, "replications", 200, LIMIT),
    )
    if replications < 1:
        raise InputError("no simulated year is asked for", remedy="ask for at least 1")
    changes = data.get("changes") or {}
    if not isinstance(changes, dict):
        raise InputError("changes are no table")
    school = str(data.get("school") or "default")
    if data.get("code"):
        folder = uploads / school if UPLOAD_KEY.fullmatch(school) else None
        scenario = load(str(data["code"]), school=folder)
    elif UPLOAD_KEY.fullmatch(school):
        scenario = _uploaded(uploads / school, str(data.get("plan") or "found_time"))
    else:
        scenario = load(school)
        if data.get("plan") and data["plan"] != scenario.plan.name:
            scenario = scenario.with_changes({"plan.preset": data["plan"]})
    if changes:
        scenario = scenario.with_changes(changes, where="")
    if data.get("name"):
        scenario = replace(scenario, name=str(data["name"])[:80])
    return scenario, seed, replications


def _whole(data: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = data.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise InputError(f"{name} is no whole number from 0 to {most}", where=name)
    return value


@lru_cache(maxsize=16)
def _uploaded(folder: Path, plan: str) -> Scenario:
    file = {"found_time": "scenario.toml"}.get(plan, f"{plan}.toml")
    if not re.fullmatch(r"[a-z_]+", plan) or not (folder / file).is_file():
        raise InputError("the uploaded school is no longer here", remedy="upload its files again")
    return load(str(folder / file))


# --- schools ----------------------------------------------------------------------------------


def describe(data: Mapping[str, Any], uploads: Path) -> dict[str, Any]:
    """Describe a school, its plans and every parameter a page may ask about.

    Returns
    -------
    dict
        ``school``, ``name``, ``synthetic``, ``staff``, ``pairs`` [{id, mentor, year}], ``pupil_days``,
        ``weeks``, ``due`` (cycles), ``warnings``, ``assumptions``, ``parameters`` {name: metadata of
        a control, default included}, ``plans`` {name: {parameter: value}}, ``slots`` {pair: {use:
        [slot]}} of the timetabled plan, ``supervisors`` (the number the default comes to).
    """
    school_key = str(data.get("school") or "default")
    found, _, _ = read_request({"school": school_key, "plan": "found_time"}, uploads)
    fixed, _, _ = read_request({"school": school_key, "plan": "timetabled"}, uploads)
    school = found.school
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - numpy, only where it is needed

    return {
        "school": school_key,
        "name": school.name,
        "synthetic": school.synthetic,
        "staff": len(school.staff),
        "pairs": [{"id": p.id, "mentor": p.mentor, "year": p.year} for p in school.pairs],
        "pupil_days": len(school.calendar.pupil_days),
        "weeks": len(school.calendar.weeks(school.grid.cycle_weeks)),
        "due": sum(len(p.windows) for p in frame_of(found).pairs),
        "warnings": list(school.warnings),
        "assumptions": list(school.assumptions),
        "parameters": _parameters(school.conditions),
        "plans": {
            name: _leaves(s.plan) for name, s in (("found_time", found), ("timetabled", fixed))
        },
        "slots": {p: s.model_dump() for p, s in fixed.plan.slots.items()},
        "supervisors": round(len(school.staff) / 40),
    }


def _parameters(conditions: Conditions) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    values = conditions.model_dump()
    for model, room in ((Plan, "plan"), (Conditions, "conditions")):
        for c in certificates(model, room):
            default = values[c.name.partition(".")[2]] if room == "conditions" else c.default
            out[c.name] = {
                "name": c.name, "ask": c.ask, "why": c.why, "unit": c.unit, "status": c.status,
                "source": c.source, "low": c.low, "high": c.high,
                "default": list(default) if isinstance(default, tuple) else default,
            }  # fmt: skip
    return out


def _leaves(plan: Plan) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in plan.model_dump(exclude={"slots"}).items():
        if isinstance(value, dict):
            out.update({f"plan.{key}.{k}": v for k, v in value.items()})
        else:
            out[f"plan.{key}"] = list(value) if isinstance(value, tuple) else value
    return out


def import_upload(
    parts: Sequence[tuple[str, str, bytes]], codes: Mapping[str, str], uploads: str, key: str
) -> dict[str, Any]:
    """Import uploaded files into a folder of their own.

    Parameters
    ----------
    parts : sequence of (str, str, bytes)
        Role (``timetable``, ``roster``, ``calendar``, ``grid``), file name and content.
    codes : mapping of str to str
        What the user said of codes: code to kind.
    uploads : str
        Folder of uploaded schools.
    key : str
        Name of the school's folder in it.

    Returns
    -------
    dict
        What the importer reports, and ``school``, the key.
    """
    from ectsim.folder import toml_value  # noqa: PLC0415 - only uploads write TOML
    from ectsim.timetables.importer import import_school  # noqa: PLC0415 - only uploads import

    with tempfile.TemporaryDirectory(prefix="ectsim-upload-") as place:
        paths: dict[str, Path] = {}
        for role, name, content in parts:
            if role not in ("timetable", "roster", "calendar", "grid"):
                raise InputError(f"nothing is known of a file for '{role}'")
            # the user's own name of the file, for messages, cut to what is safe in a path
            safe = re.sub(r"[^A-Za-z0-9._ -]+", "_", Path(name).name).strip(". ")[:60] or role
            folder = Path(place) / role
            folder.mkdir()
            paths[role] = folder / safe
            paths[role].write_bytes(content)
        if "timetable" not in paths:
            raise InputError("no timetable was chosen", remedy="choose the timetable's file first")
        if codes:
            paths["codes"] = Path(place) / "codes.toml"
            lines = [f"{toml_value(code)} = {toml_value(kind)}" for code, kind in codes.items()]
            paths["codes"].write_text("\n".join(["[codes]", *lines]) + "\n", encoding="utf-8")
        report = import_school(
            paths["timetable"], roster=paths.get("roster"), calendar=paths.get("calendar"),
            grid=paths.get("grid"), codes=paths.get("codes"), to=Path(uploads) / key, replace=True,
        )  # fmt: skip
    return {**report.to_dict(), "school": key, "paths": []}


# --- simulated years --------------------------------------------------------------------------


def simulate_years(scenario: Scenario, seed: int, first: int, last: int) -> list[Replication]:
    """Simulate replications ``first`` to ``last`` - 1: a chunk of the service."""
    return run_chunk(_same(scenario), seed, range(first, last))


_seen: list[Scenario] = []


def _same(scenario: Scenario) -> Scenario:
    """Return the scenario that this worker already knows, so that its frame is laid out once."""
    for known in _seen:
        if known == scenario:
            return known
    _seen.append(scenario)
    del _seen[:-4]
    return scenario


def present(scenario: Scenario, seed: int, runs: Sequence[Replication]) -> dict[str, Any]:
    """Turn the replications so far into what a page shows.

    Returns
    -------
    dict
        ``result`` (what the command line prints as JSON), ``headline``, ``bars`` and ``dots``
        (charts).
    """
    result = result_dict(Results(scenario, seed, tuple(runs)))
    return {
        "result": result,
        "headline": headline(result),
        "banner": scenario.banner,
        "bars": ledger_bars(result),
        "dots": spread_dots([(scenario.name, result)]),
    }


def replay(arms: Sequence[tuple[str, Scenario]], seed: int, pair: str, year: int) -> dict[str, Any]:
    """Live one year under one or two plans and lay it out week by week.

    Parameters
    ----------
    arms : sequence of (str, Scenario)
        What each plan is called, and its scenario.
    seed : int
        The run's seed.
    pair : str
        The pair's id; "" takes the first.
    year : int
        Which simulated year, 1 is the first.

    Returns
    -------
    dict
        ``strip`` (a chart), ``weeks`` (for each week what each plan made of it, in sentences) and
        ``pair``.
    """
    from ectsim.model.year import simulate  # noqa: PLC0415 - only workers load the model
    from ectsim.story import week_strip  # noqa: PLC0415 - as above

    school = arms[0][1].school
    if not school.pairs:
        raise InputError("the school has no pairs", remedy="upload a roster")
    chosen = school.pair(pair).id if pair else school.pairs[0].id
    told = []
    for label, scenario in arms:
        own = _same(scenario)
        told.append((label, own, week_strip(simulate(own, seed, year - 1), own, chosen)))
    weeks = [
        [{"plan": label, "sentence": states[i].sentence} for label, _, states in told]
        for i in range(len(told[0][2]))
    ]
    return {"pair": chosen, "strip": week_strips(told, chosen, year), "weeks": weeks}


# --- exports ----------------------------------------------------------------------------------


def export(
    scenario: Scenario, seed: int, runs: Sequence[Replication], form: str
) -> tuple[str, str, bytes]:
    """Write a result or a scenario as a file.

    Parameters
    ----------
    scenario, seed, runs
        What was simulated.
    form : {'json', 'csv', 'toml'}
        ``json`` is what the command line prints, ``csv`` its metrics and ledger, ``toml`` the
        scenario.

    Returns
    -------
    name, media type, content : str, str, bytes
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", scenario.name).strip("-") or "scenario"
    if form == "toml":
        text = scenario.to_toml(".")
        if scenario.banner:
            text = f"# {scenario.banner}\n{text}"
        return f"{stem}.toml", "application/toml", text.encode()
    result = result_dict(Results(scenario, seed, tuple(runs)))
    if form == "json":
        return f"{stem}.json", "application/json", json.dumps(result, ensure_ascii=False).encode()
    if form == "csv":
        return f"{stem}.csv", "text/csv", _csv(result).encode("utf-8-sig")
    raise InputError(f"no export '{form}'", remedy="json, csv or toml")


def _csv(result: Mapping[str, Any]) -> str:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(["part", "name", "value", "low", "high", "unit"])
    for name, m in result["metrics"].items():
        write(["metric", name, m["mean"], m["lo"], m["hi"], m["unit"]])
    for name, count in result["ledger_total"].items():
        write(
            ["ledger", name, count, "", "", f"cycles over {result['replications']} simulated years"]
        )
    write(["due", "due_total", result["due_total"], "", "", "cycles"])
    for name in ("scenario", "code", "seed", "replications", "version", "limits"):
        write(["about", name, _inert(result[name])])
    for warning in result["warnings"]:
        write(["warning", "", _inert(warning)])
    return out.getvalue()


def _inert(value: object) -> object:
    """Keep a text from being read as a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
