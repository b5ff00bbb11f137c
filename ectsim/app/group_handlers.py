"""What the pages for groups ask of the simulation service: a partner's schools, the rescue copy.

Import this module in the service only, never in a kernel: handlers load the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ectsim import desk, partner
from ectsim.analysis import LIMITS
from ectsim.content import events
from ectsim.errors import InputError
from ectsim.experiment import Replication
from ectsim.rescue import rescue_html
from ectsim.scenario import Scenario
from ectsim.service import Chunk, Handlers, Job, Reply
from ectsim.timetables.files import safe_name

__all__ = ["handlers"]

handlers = Handlers()
"""The registry that ``ectsim dashboard`` gives to the service, beside ``ectsim.app.handlers``."""

YEARS = 30
"""Simulated years of each school: enough to tell one bad year in ten from one in four."""

PIECE = 10
"""Years in a chunk."""


@handlers.add("rescue")
def rescue(data: dict[str, Any], body: bytes) -> Reply:
    """Write the rescue copy; see :func:`ectsim.rescue.rescue_html`."""
    return Reply({"name": "ectsim-rescue-copy.html"}, rescue_html().encode())


def _schools(data: Mapping[str, Any], body: bytes) -> tuple[partner.TrustSchool, ...]:
    """Read the schools that a request is about: a table in the body, or a generated trust."""
    if body:
        if len(body) > 200_000:
            raise InputError("the table is too large", remedy=f"give up to {partner.MOST} schools")
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("cp1252", errors="replace")
        if "\0" in text:
            raise InputError("this is no text", where="table", remedy="save the table as CSV")
        return partner.read_table(text, where=safe_name(str(data.get("name") or ""), "table.csv"))
    count, seed = data.get("count", 8), data.get("seed", 1)
    if not all(isinstance(x, int) and not isinstance(x, bool) and 0 <= x < 10**9 for x in (count, seed)):  # fmt: skip
        raise InputError("the trust's size or number is no whole number", where="count")
    return partner.generate(count, seed)


def _mask(data: Mapping[str, Any]) -> tuple[str, ...]:
    known = [o["id"] for o in partner.options()]
    return tuple(str(x) for x in data.get("disallowed") or [] if x in known)


@handlers.add("trust")
def trust(data: dict[str, Any], body: bytes) -> Job | Reply:
    """Simulate a partner's schools as they are, and with a slot that cover never takes.

    Schools with the same plan share their years; what a mask does not allow is told, not simulated.

    Parameters
    ----------
    data : dict
        ``name`` of the table in the body, or ``count`` and ``seed`` of a generated trust;
        ``disallowed`` [id of a loose option].
    body : bytes
        The table, or nothing.
    """
    schools, mask = _schools(data, body), _mask(data)
    plans: dict[str, Scenario] = {}
    wanted: list[dict[str, Any]] = []
    for school in schools:
        row: dict[str, Any] = {"school": school, "refused": "", "own": "", "instead": ""}
        try:
            own = partner.scenario_of(school, mask)
        except InputError as error:
            row["refused"] = f"{error.what}: {error.remedy}"
        else:
            row["own"] = own.code(1)
            plans.setdefault(row["own"], own)
            if not (school.meeting == "fixed" and school.cover == "never"):
                try:
                    instead = partner.scenario_of(school, mask, protected=True)
                except InputError:  # the partner allows no lesson to be taken off for it
                    instead = None
                if instead is not None:
                    row["instead"] = instead.code(1)
                    plans.setdefault(row["instead"], instead)
        wanted.append(row)
    codes = list(plans)

    def present(done: Mapping[str, Sequence[Replication]] | None) -> dict[str, Any]:
        return _told(wanted, done or {})

    if not codes:
        return Reply(present({}))
    packs = {code: desk.packed([plans[code]]) for code in codes}
    # a piece of each school first, so that every row has a number soon
    work = [
        Chunk(_years, (code, packs[code], first, first + PIECE), PIECE)
        for first in range(0, YEARS, PIECE)
        for code in codes
    ]
    return Job(work, merge=_add, present=present)


def _years(code: str, pack: bytes, first: int, last: int) -> tuple[str, list[Replication]]:
    (runs,) = desk.simulate_arms(pack, 1, first, last)
    return code, runs


def _add(
    partial: dict[str, list[Replication]] | None, result: tuple[str, list[Replication]]
) -> dict[str, list[Replication]]:
    code, runs = result
    out = dict(partial or {})
    out[code] = [*out.get(code, []), *runs]
    return out


def _completion(runs: Sequence[Replication]) -> list[float]:
    at = list(_metrics()).index("completion_any")
    return [r.metrics[at] for r in runs]


@lru_cache(maxsize=1)
def _metrics() -> tuple[str, ...]:
    from ectsim.metrics import METRICS  # noqa: PLC0415 - for the order of a replication's numbers

    return tuple(METRICS)


def _told(
    wanted: Sequence[Mapping[str, Any]], done: Mapping[str, Sequence[Replication]]
) -> dict[str, Any]:
    """Lay out what stands so far, in the table's order."""
    rows, known = [], []
    for row in wanted:
        school: partner.TrustSchool = row["school"]
        years = _completion(done.get(row["own"], ()))
        instead = _completion(done.get(row["instead"], ()))
        both = min(len(years), len(instead))
        rows.append(
            {
                "plain": partner.plain(school),
                "code": row["own"],
                "refused": row["refused"],
                "n": len(years),
                "completion": sum(years) / len(years) if years else None,
                "below": partner.share_below(years) if years else None,
                "verdict": partner.verdict(years) if years else "",
                # paired: the same years under both plans
                "gain": (sum(instead[:both]) - sum(years[:both])) / both if both else None,
            }
        )
        if years:
            known.append(
                {
                    "area": school.area,
                    "ects": school.ects,
                    "completion": sum(years) / len(years),
                    "risk": partner.verdict(years) == "at risk",
                }
            )
    return {
        "rows": rows,
        "roll_up": partner.roll_up(known) if known else [],
        "years": YEARS,
        "limits": LIMITS,
        "table": partner.write_table([row["school"] for row in wanted]),
    }


@handlers.add("trust_dates")
def trust_dates(data: dict[str, Any], body: bytes) -> Job:
    """Choose dates for the training days; see :func:`ectsim.partner.best_dates`."""
    return Job([Chunk(_dates, (_schools(data, body),))])


def _dates(schools: Sequence[partner.TrustSchool]) -> dict[str, Any]:
    wanted = {e.id: partner.candidate_dates(e) for e in partner.conferences()}
    chosen = partner.best_dates(schools, wanted)
    meeting = sum(s.meeting == "fixed" for s in schools)
    clinics = [e for e in events() if e.after_school]
    return {
        "clinics": [
            {"audience": e.audience, "year": e.year, "label": e.label, "dates": e.dates, "hours": e.hours,
             "weeks": [e.week_low, e.week_high]}
            for e in clinics
        ],
        "fixed": meeting,
        "schools": len(schools),
        "events": [
            {
                "id": e.id,
                "audience": e.audience,
                "label": e.label,
                "year": e.year,
                "date": chosen[e.id]["date"].isoformat(),
                "lost": chosen[e.id]["lost"],
                "most": chosen[e.id]["most"],
                "options": [[d.isoformat(), lost, most] for d, lost, most in chosen[e.id]["options"]],
            }
            for e in partner.conferences()
        ],
    }  # fmt: skip


@handlers.add("trust_options")
def trust_options(data: dict[str, Any], body: bytes) -> Reply:
    """List the loose options that a partner may allow or not."""
    return Reply({"options": partner.options()})
