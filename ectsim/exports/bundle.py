"""``ectsim export``: a plan and what came of it, as calendars, a workbook, a page and JSON."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ectsim import carried as carrying
from ectsim.errors import InputError

if TYPE_CHECKING:
    from ectsim.experiment import Results

__all__ = ["CALENDARS", "export", "plan_files"]

CALENDARS = "calendars"
"""Folder of the calendar files, inside the export's."""


def plan_files(results: Results) -> dict[str, bytes]:
    """Return the workbook, the page and the JSON: file name to content.

    Parameters
    ----------
    results : Results
        Simulated years of the plan. The same results give the same bytes.
    """
    from ectsim.analysis import result_dict  # noqa: PLC0415 - what an export alone needs
    from ectsim.audit import audit  # noqa: PLC0415
    from ectsim.exports.page import page  # noqa: PLC0415
    from ectsim.exports.workbook import slot_rows, workbook  # noqa: PLC0415

    scenario = results.scenario
    result, hours = result_dict(results), audit(scenario)
    carried = carrying.carry(scenario, results.seed, len(results.runs))
    names = ("ect", "mentor", "use", "week", "day", "period", "from", "to")
    slots = [dict(zip(names, row, strict=True)) for row in slot_rows(scenario)]
    whole: dict[str, Any] = result | {
        "banner": scenario.banner,
        "slots": slots,
        "hours": hours.to_dict(),
        carrying.KEY: carried.to_dict(),
    }
    return {
        "plan.xlsx": workbook(scenario, result, hours, carried),
        "plan.html": page(scenario, result, hours, carried),
        "plan.json": json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1).encode(),
    }


def export(results: Results, to: Path, *, now: dt.datetime | None = None) -> dict[str, Any]:
    """Write everything into a folder, whole or not at all.

    An earlier export in the folder is replaced; its calendars are read first, so that what is no
    longer planned is cancelled. Files that ectsim did not write are left alone.

    Parameters
    ----------
    results : Results
        Simulated years of the plan.
    to : pathlib.Path
        The folder; it is made if it does not exist.
    now : datetime.datetime, optional
        Time stamp of calendar events that are new or changed.

    Returns
    -------
    dict
        ``files`` (names in the folder), ``events`` (dated events), ``cancelled`` (events that an
        earlier export had and this plan has not).

    Raises
    ------
    InputError
        If a file of somebody else is in the way, or the folder cannot be written.
    """
    from ectsim.exports.dates import dated  # noqa: PLC0415 - what an export alone needs
    from ectsim.exports.ical import calendars  # noqa: PLC0415

    scenario = results.scenario
    events = dated(scenario)
    files = plan_files(results)
    try:
        for name in files:
            if (to / name).exists() and not _ours(to / name):
                raise InputError(
                    "a file that ectsim did not export is in the way", where=str(to / name),
                    remedy="export into another folder",
                )  # fmt: skip
        old = {p.name: p.read_bytes() for p in sorted((to / CALENDARS).glob("*.ics"))}
        made = calendars(scenario, events, old, code=scenario.code(results.seed), now=now)
        files |= {f"{CALENDARS}/{name}": text for name, text in made.items()}
        _write(to, files)
    except OSError as error:
        raise InputError(
            f"the export cannot be written ({error.strerror or error})", where=str(to),
            remedy="name a folder you may write to",
        ) from None  # fmt: skip
    cancelled = sum(text.count(b"STATUS:CANCELLED") for text in made.values())
    return {"files": sorted(files), "events": len(events), "cancelled": cancelled}


def _ours(path: Path) -> bool:
    try:
        return path.is_file() and carrying.read(path) is not None
    except InputError:
        return False


def _write(to: Path, files: dict[str, bytes]) -> None:
    (to / CALENDARS).mkdir(parents=True, exist_ok=True)
    parts = {to / name: to / f"{name}.part" for name in files}
    try:
        for name, text in files.items():
            parts[to / name].write_bytes(text)
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
