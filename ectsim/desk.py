"""What a dashboard may ask for, as plain data: schools, uploads, simulated years, replays, exports.

Everything here runs in the simulation service or its workers, never in a page's kernel. A request
names a school and a plan; the same request gives the same digits as the command line.
"""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import tempfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ectsim import carried, hour, hour_charts
from ectsim.analysis import compare_dict, result_dict
from ectsim.charts import ledger_bars, spread_dots, week_strips
from ectsim.errors import InputError
from ectsim.experiment import Replication, Results, run_chunk
from ectsim.exports.bundle import plan_files
from ectsim.folder import parse_toml, read_toml, school_files
from ectsim.metrics import METRICS
from ectsim.parameters import certificates
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario, load, parse_code, preset_names
from ectsim.school import Conditions
from ectsim.timetables.files import read_text, safe_name
from ectsim.words import headline

__all__ = [
    "compare",
    "describe",
    "export",
    "export_hour",
    "import_upload",
    "keep_school",
    "open_scenario",
    "opened",
    "packed",
    "pair_year",
    "present",
    "present_hour",
    "read_hour",
    "read_request",
    "replay",
    "simulate_arms",
    "simulate_hour_arms",
]

UPLOAD_KEY = re.compile(r"up-[0-9a-f]{20}")
LIMIT = 2_000
"""Replications that a page may ask for."""

SCENARIO_LIMIT = 5_000_000
"""Largest scenario file in bytes."""


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
            # the name that a scenario code gives it, so that every output is the same
            scenario = replace(
                scenario.with_changes({"plan.preset": data["plan"]}), name=str(data["plan"])
            )
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
        "metrics": {n: {"label": m.label, "definition": m.definition} for n, m in METRICS.items()},
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
        Role (``timetable``, ``roster``, ``calendar``, ``grid``, ``fet``: FET's own file beside its
        timetable), file name and content.
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
            if role not in ("timetable", "roster", "calendar", "grid", "fet"):
                raise InputError(f"nothing is known of a file for '{role}'")
            folder = Path(place) / role
            folder.mkdir()
            paths[role] = folder / safe_name(name, role)
            paths[role].write_bytes(content)
        if "timetable" not in paths:
            raise InputError("no timetable was chosen", remedy="choose the timetable's file first")
        if "fet" in paths:
            _beside(paths)
        if codes:
            paths["codes"] = Path(place) / "codes.toml"
            lines = [f"{toml_value(code)} = {toml_value(kind)}" for code, kind in codes.items()]
            paths["codes"].write_text("\n".join(["[codes]", *lines]) + "\n", encoding="utf-8")
        report = import_school(
            paths["timetable"], roster=paths.get("roster"), calendar=paths.get("calendar"),
            grid=paths.get("grid"), codes=paths.get("codes"), to=Path(uploads) / key, replace=True,
        )  # fmt: skip
    return {**report.to_dict(), "school": key, "paths": []}


def _beside(paths: dict[str, Path]) -> None:
    """Put FET's own file where the reader of its exports looks for it: beside them, under their name."""
    table, given = paths["timetable"], paths.pop("fet")
    ending = "_teachers.xml" if table.suffix.lower() == ".xml" else "_timetable.csv"
    if not table.name.lower().endswith(ending):
        table = paths["timetable"] = table.rename(table.with_name(table.stem + ending))
    given.rename(table.with_name(table.name[: -len(ending)] + ".fet"))


def open_scenario(data: Mapping[str, Any], body: bytes, uploads: Path) -> dict[str, Any]:
    """Read a scenario code or a scenario's file, for a page that goes on from it.

    Parameters
    ----------
    data : mapping
        ``school`` (the one that the page shows) and ``code``, or ``name`` of the file in ``body``.
    body : bytes
        The file, where there is no code.
    uploads : pathlib.Path
        Folder of uploaded schools.

    Returns
    -------
    dict
        ``school``, ``plan`` and ``changes`` for a request, ``values`` {parameter: value} of all
        parameters, ``name``, ``seed``.
    """
    school = str(data.get("school") or "default")
    folder = uploads / school if UPLOAD_KEY.fullmatch(school) else None
    seed, key = 1, ""
    if data.get("code"):
        scenario, seed = parse_code(str(data["code"]).strip(), school=folder)
    else:
        name = safe_name(str(data.get("name") or ""), "scenario.toml")
        scenario, seed, key = _from_body(body, name, folder, uploads)
    return opened(scenario, key or scenario.origin or school, seed, uploads)


def opened(scenario: Scenario, key: str, seed: int, uploads: Path) -> dict[str, Any]:
    """Return a scenario as a page takes it over.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    key : str
        Its school, as in a request.
    seed : int
        The run's seed.
    uploads : pathlib.Path
        Folder of uploaded schools.

    Returns
    -------
    dict
        As :func:`open_scenario`.
    """
    plan = "timetabled" if scenario.plan.meeting == "fixed" else "found_time"
    start, _, _ = read_request({"school": key, "plan": plan}, uploads)
    values = _leaves(scenario.plan)
    values.update(
        {f"conditions.{k}": v for k, v in scenario.school.conditions.model_dump().items()}
    )
    changes = scenario.changes_from(start)
    return {
        "school": key,
        "plan": plan,
        "changes": {k: _listed(v) for k, v in changes.items()},
        "values": {k: _listed(v) for k, v in values.items()},
        "name": scenario.name,
        "seed": seed,
    }


def _from_body(
    body: bytes, name: str, folder: Path | None, uploads: Path
) -> tuple[Scenario, int, str]:
    """Read a file: the scenario, its seed, and its school's key where the file carries a school."""
    if len(body) > SCENARIO_LIMIT:
        raise InputError("the file is too large for a scenario", where=name)
    with tempfile.TemporaryDirectory(prefix="ectsim-scenario-", dir=folder) as place:
        path = Path(place) / name
        path.write_bytes(body)
        held = carried.read(path)
        if held is not None:
            made = held.scenario(name)
            return made, held.seed, "" if made.origin else keep_school(made, uploads)
        head = read_toml(path)
        if "preset" in head or str(head.get("school", "")) in preset_names():
            return load(str(path)), 1, ""
        # any other school is the one that the page shows, whatever folder the file names
        if folder is None:
            raise InputError(
                "this scenario belongs to a school of its own",
                where=name,
                remedy="read that school's timetable first, then open the scenario again",
            )
        own = folder / f"{Path(place).name}.toml"
        try:
            text = re.sub(r"(?m)^school\s*=.*$", 'school = "."', read_text(path))
            if parse_toml(text, where=name).get("school", ".") != ".":
                raise InputError("the school's folder is written oddly", where=name)
            own.write_text(text, encoding="utf-8")
            return load(str(own)), 1, ""
        finally:
            own.unlink(missing_ok=True)


def keep_school(made: Scenario, uploads: Path) -> str:
    """Write the school of a scenario into a folder of its own, with the two plans that ship.

    Parameters
    ----------
    made : Scenario
        Of a school that is no preset.
    uploads : pathlib.Path
        Folder of uploaded schools.

    Returns
    -------
    str
        Its key.
    """
    from ectsim.slots import first_fit  # noqa: PLC0415 - only files and made-up schools need it
    from ectsim.timetables.writing import scenario_files, write_folder  # noqa: PLC0415 - as above

    school = made.source or made.school
    key = f"up-{school.digest[:20]}"
    if not (uploads / key).is_dir():
        programme = Programme.preset(made.programme.name)
        slots = first_fit(school, programme)
        files = {**school_files(school), **scenario_files(school, slots, programme)}
        write_folder(uploads / key, files, replace=True)
    return key


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


# --- simulated years --------------------------------------------------------------------------


_packing = threading.Lock()


def packed(scenarios: Sequence[Scenario]) -> bytes:
    """Pack scenarios for workers, once for all chunks.

    A scenario remembers what it worked out, and presets are shared between requests: what the
    service will ask of it is worked out before, so that nothing changes while it is packed.
    """
    with _packing:
        for scenario in scenarios:
            scenario.code(1)
            _ = scenario.banner
        return pickle.dumps(tuple(scenarios))


@lru_cache(maxsize=8)
def _unpacked(scenarios: bytes) -> tuple[Scenario, ...]:
    return tuple(_same(s) for s in pickle.loads(scenarios))


def simulate_arms(scenarios: bytes, seed: int, first: int, last: int) -> list[list[Replication]]:
    """Simulate the same replications of scenarios as :func:`packed` gives them: a chunk."""
    return [run_chunk(s, seed, range(first, last)) for s in _unpacked(scenarios)]


_seen: list[Scenario] = []


def _same(scenario: Scenario) -> Scenario:
    """Return the scenario that this worker already knows, so that its frame is laid out once."""
    for known in _seen:
        if known == scenario:
            return known
    _seen.append(scenario)
    del _seen[:-6]
    return scenario


Arm = tuple[str, Scenario, Sequence[Replication]]
"""What a plan is called, its scenario and the replications so far."""


def present(arm: Arm, seed: int, base: Arm | None = None) -> dict[str, Any]:
    """Turn the replications so far into what a page shows.

    Parameters
    ----------
    arm, base : (str, Scenario, sequence of Replication)
        The plan, and the plan to hold it against, in the same years.
    seed : int
        The run's seed.

    Returns
    -------
    dict
        ``result`` (what the command line prints as JSON), ``headline``, ``banner``, ``bars`` and
        ``dots`` (charts); with a base ``base`` (its metrics) and ``differences`` (paired, with
        verdicts).
    """
    label, scenario, runs = arm
    own = Results(scenario, seed, tuple(runs))
    result = result_dict(own)
    out = {
        "result": result,
        "headline": headline(result),
        "banner": scenario.banner,
        "bars": {**ledger_bars(result), "banner": scenario.banner},
    }
    if base is None:
        return {**out, "dots": {**spread_dots([(label, result)]), "banner": scenario.banner}}
    before = Results(base[1], seed, tuple(base[2]))
    before_result = result_dict(before)
    paired = compare_dict(before, own, {})
    return {
        **out,
        "dots": {
            **spread_dots([(base[0], before_result), (label, result)]),
            "banner": scenario.banner,
        },
        "base": before_result["metrics"],
        "differences": paired["differences"],
        "warnings": paired["warnings"],
    }


def compare(base: Arm, other: Arm, seed: int) -> dict[str, Any]:
    """Compare two plans over the same simulated years.

    Returns
    -------
    dict
        What ``analysis.compare_dict`` gives, ``replications``, and ``metrics`` of the other plan.
    """
    (_, first, runs), (_, second, others) = base, other
    results = Results(second, seed, tuple(others))
    out = compare_dict(Results(first, seed, tuple(runs)), results, changes_between(first, second))
    return {**out, "replications": len(runs), "metrics": result_dict(results)["metrics"]}


def changes_between(base: Scenario, other: Scenario) -> dict[str, tuple[object, object]]:
    """Return what another scenario of the same school changes: name to (base, other)."""
    out = {f"plan.{k}": v for k, v in base.plan.diff(other.plan).items()}
    mine, theirs = base.school.conditions.model_dump(), other.school.conditions.model_dump()
    out.update({f"conditions.{k}": (mine[k], theirs[k]) for k in mine if mine[k] != theirs[k]})
    return out


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
    strip = {**week_strips(told, chosen, year), "banner": arms[-1][1].banner}
    return {"pair": chosen, "strip": strip, "weeks": weeks}


# --- the coaching hour ------------------------------------------------------------------------


def read_hour(data: Mapping[str, Any]) -> tuple[hour.Cut, int, int]:
    """Turn a request into a cut of the hour, a seed and a number of years.

    Parameters
    ----------
    data : mapping
        ``cut`` {part: minutes}, ``seed``, ``replications``.

    Raises
    ------
    InputError
        If something in it cannot be.
    """
    seed, count = _whole(data, "seed", 1, 10**18 - 1), _whole(data, "replications", 200, LIMIT)
    if count < 1:
        raise InputError("no simulated year is asked for", remedy="ask for at least 1")
    cut = data.get("cut") or {}
    if not isinstance(cut, dict):
        raise InputError("the cut is no table")
    return hour.Cut.read(cut), seed, count


def simulate_hour_arms(scenarios: bytes, seed: int, first: int, last: int) -> list[list[hour.Hours]]:  # fmt: skip
    """Simulate the same years of cuts' scenarios as :func:`packed` gives them: a chunk."""
    return [hour.simulate_hours(s, seed, range(first, last)) for s in _unpacked(scenarios)]


def present_hour(cut: hour.Cut, seed: int, runs: Sequence[Sequence[hour.Hours]]) -> dict[str, Any]:
    """Turn the years so far into what the mentor's page shows.

    Parameters
    ----------
    cut : ectsim.hour.Cut
        The cut.
    seed : int
        The run's seed.
    runs : sequence of sequence of ectsim.hour.Hours
        Those of the programme's own cut and of this one; one sequence where they are the same.

    Returns
    -------
    dict
        ``found`` (see :func:`ectsim.hour.hour_dict`), ``headline`` and ``charts``.
    """
    found = _hour(cut, seed, runs)
    charts = {
        "where": hour_charts.where_it_goes(found),
        "rehearsals": hour_charts.rehearsals(found),
        "left": hour_charts.left_over(found),
        "learning": hour_charts.learning(found),
    }
    return {"found": found, "headline": hour_charts.headline(found), "charts": charts}


def export_hour(
    cut: hour.Cut, seed: int, runs: Sequence[Sequence[hour.Hours]], form: str
) -> tuple[str, str, bytes]:
    """Write what a cut makes of the hour as a file: ``form`` is json or csv.

    Returns
    -------
    name, media type, content : str, str, bytes
    """
    found = _hour(cut, seed, runs)
    if form == "json":
        content = json.dumps(found, ensure_ascii=False).encode()
        return "coaching-hour.json", "application/json", content
    if form == "csv":
        return "coaching-hour.csv", "text/csv", _hour_csv(found).encode("utf-8-sig")
    raise InputError(f"no export '{form[:20]}'", remedy="json or csv")


def _hour(cut: hour.Cut, seed: int, runs: Sequence[Sequence[hour.Hours]]) -> dict[str, Any]:
    base = (hour.Cut(), runs[0]) if len(runs) > 1 else None
    return hour.hour_dict(cut, runs[-1], seed, base)


def _hour_csv(found: Mapping[str, Any]) -> str:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    if found["banner"]:
        write(["warning", found["banner"]])
    write(["part", "who", "name", "value", "low", "high", "simulated years"])
    for name, minutes in found["cut"].items():
        write(["cut", "", name, minutes])
    for who, measures in found["who"].items():
        for name, m in measures.items():
            write(["result", who, name, m["mean"], m["lo"], m["hi"], m["n"]])
    for name in ("code", "seed", "replications", "limits"):
        write(["about", "", name, found[name]])
    return out.getvalue()


def pair_year(data: Mapping[str, Any], uploads: Path) -> dict[str, Any]:
    """Tell one pair's year week by week; see :func:`ectsim.chain.pair_year`.

    Parameters
    ----------
    data : mapping
        A request of ``simulate`` (``school`` may be a story's name), ``pair``, ``year``, ``lose`` (a
        school week whose cycle is taken away), ``label``, ``against`` (changes of the plan that the
        same year is lived under as well, named by ``label``), ``cut`` (a mentor's hour, by which the
        meetings are held).
    uploads : pathlib.Path
        Folder of uploaded schools.
    """
    from ectsim import chain  # noqa: PLC0415 - only workers tell years

    scenario, seed, _ = read_request(data, uploads)
    cut = data.get("cut")
    if isinstance(cut, dict):
        # the school's own mentors and lengths by chance stay as they are
        changes = hour.Cut.read(cut).changes()
        own = {k: v for k, v in changes.items() if not k.startswith("conditions.")}
        scenario = scenario.with_changes(own)
    year, lose = _whole(data, "year", 0, LIMIT), _whole(data, "lose", 0, 60)
    other = None
    if isinstance(data.get("against"), dict):
        label = str(data.get("label") or "Another plan")[:60]
        other = (label, _same(scenario.with_changes(data["against"])))
    return chain.pair_year(
        _same(scenario), seed, pair=str(data.get("pair") or ""), year=year, lose=lose, other=other
    )


# --- exports ----------------------------------------------------------------------------------


def export(
    scenario: Scenario, seed: int, runs: Sequence[Replication], form: str
) -> tuple[str, str, bytes]:
    """Write a result or a scenario as a file.

    Parameters
    ----------
    scenario, seed, runs
        What was simulated.
    form : {'json', 'csv', 'toml', 'plan', 'xlsx', 'html', 'ics'}
        ``json`` is what the command line prints, ``csv`` its metrics and ledger, ``toml`` the
        scenario; ``plan`` (JSON), ``xlsx`` and ``html`` (a page of A4) are those of ``ectsim
        export`` and carry the school too; ``ics`` are everybody's calendars in a ZIP file.

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
    if form == "ics":
        return f"{stem}-calendars.zip", "application/zip", _calendars(scenario, seed)
    whole = Results(scenario, seed, tuple(runs))
    if form in PLAN_FILES:
        ending, media = PLAN_FILES[form]
        return f"{stem}-plan.{ending}", media, plan_files(whole)[f"plan.{ending}"]
    result = result_dict(whole)
    if form == "json":
        return f"{stem}.json", "application/json", json.dumps(result, ensure_ascii=False).encode()
    if form == "csv":
        return f"{stem}.csv", "text/csv", _csv(result).encode("utf-8-sig")
    raise InputError(f"no export '{form}'", remedy="json, csv, toml, plan, xlsx, html or ics")


PLAN_FILES = {
    "plan": ("json", "application/json"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "html": ("html", "text/html"),
}


def _calendars(scenario: Scenario, seed: int) -> bytes:
    """Return the calendar of everybody who has a date, in a ZIP file."""
    from ectsim.exports.dates import dated  # noqa: PLC0415 - only calendars need it
    from ectsim.exports.ical import calendars  # noqa: PLC0415 - as above

    events = dated(scenario)
    if not events:
        raise InputError(
            "this plan has no slot that a calendar could hold",
            remedy="give each pair a slot on the timetable first",
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in calendars(scenario, events, code=scenario.code(seed)).items():
            archive.writestr(name, text)
    return out.getvalue()


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
