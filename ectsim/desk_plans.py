"""What the coordinator's tasks ask beside simulated years: hours, enough, slots, stress, a made-up school.

As in :mod:`ectsim.desk`, everything runs in the simulation service or its workers, takes plain data
and gives plain data. The searches are those of ``ectsim enough`` and ``ectsim stress``: the same
request gives the same digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ectsim import desk, plan_charts
from ectsim.errors import InputError
from ectsim.scenario import Scenario

__all__ = ["FEWEST_STAFF", "MOST_ECTS", "MOST_STAFF", "best_plan", "enough", "hours", "made_up", "ranked_slots", "stress"]  # fmt: skip

FEWEST_STAFF, MOST_STAFF, MOST_ECTS = 60, 200, 12
"""Sizes of a school that can be made up."""

HAPPENS = {"completion_any": "happen", "completion_full": "happen in full"}
TOP = 5
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

Progress = Callable[[int, int], None]


def hours(data: Mapping[str, Any], uploads: Path) -> dict[str, Any]:
    """Check the hours of a plan, before any dice; see :func:`ectsim.audit.audit`.

    Returns
    -------
    dict
        ``fails`` and ``checks`` (counts), ``sentence``, ``people`` [{who, role, fails, lines [{what,
        amount, verdict, remedy, sources}]}], ``chart``, ``warnings``.
    """
    from ectsim.audit import amount, audit  # noqa: PLC0415 - only this question needs it

    scenario, _, _ = desk.read_request(data, uploads)
    found = audit(scenario)
    people: dict[tuple[str, str], dict[str, Any]] = {}
    for item in found.items:
        person = people.setdefault(
            (item.role, item.who), {"who": item.who, "role": item.role, "fails": 0, "lines": []}
        )
        person["fails"] += item.verdict == "fails"
        person["lines"].append(
            {
                "what": item.what,
                "amount": amount(item),
                "verdict": item.verdict,
                "remedy": item.remedy,
                "sources": list(item.sources),
            }
        )
    fails = len(found.fails)
    checks = sum(i.verdict != "note" for i in found.items)
    who = sum(p["fails"] > 0 for p in people.values())
    sentence = (
        f"All {checks} checks pass: the hours that are promised hold what is due."
        if not fails
        else f"{fails} of {checks} checks fail, for {who} {'person' if who == 1 else 'people'}. "
        "Each says what would mend it."
    )
    return {
        "fails": fails,
        "checks": checks,
        "sentence": sentence,
        "people": sorted(people.values(), key=lambda p: -p["fails"]),
        "chart": plan_charts.hours_used(found.to_dict()["lines"]),
        "warnings": list(found.warnings),
    }


def _asked(data: Mapping[str, Any]) -> tuple[float, float, str]:
    """Read target, confidence and metric."""
    numbers = []
    for name, default in (("target", 0.8), ("confidence", 0.9)):
        value = data.get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 1:
            raise InputError(f"the {name} is no share from 0 to 1", where=name)
        numbers.append(float(value))
    metric = str(data.get("metric") or "completion_any")
    if metric not in HAPPENS:
        raise InputError("no target can be set for this", where="metric")
    return numbers[0], numbers[1], metric


def enough(
    data: Mapping[str, Any], uploads: Path, executor: Executor, progress: Progress
) -> dict[str, Any]:
    """Find the cheapest protection that is enough; see :func:`ectsim.planner.enough.enough`.

    Parameters
    ----------
    data : mapping
        A request of ``simulate``, ``target``, ``confidence``, ``metric``.
    uploads : pathlib.Path
        Folder of uploaded schools.
    executor, progress
        Where to work, and whom to tell.

    Returns
    -------
    dict
        What ``Enough.to_dict`` gives, ``sentences``, ``chart``, ``steps`` in words, ``banner`` and
        ``use`` (the answer as a page takes it over, or None).
    """
    from ectsim.planner.enough import enough as search  # noqa: PLC0415 - only searches need it

    scenario, seed, count = desk.read_request(data, uploads)
    target, confidence, metric = _asked(data)
    found = search(
        scenario, target=target, confidence=confidence, metric=metric, seed=seed,
        replications=count, executor=executor, progress=progress,
    )  # fmt: skip
    out = found.to_dict()
    answer, what = found.answer, HAPPENS[metric]
    sentences = []
    if answer is not None:
        periods = answer.cover_periods
        rota = f"takes {periods} periods a year from" if periods else "takes nothing from"
        sentences = [
            f"Enough: {answer.package.words()}.",
            f"In {answer.met} of {len(answer.values)} simulated years at least {target:.0%} of the "
            f"cycles {what}; the chance of that is at least {answer.bound:.0%}. It costs "
            f"{answer.minutes:.0f} minutes a week of all staff together and {rota} the cover rota.",
        ]
        short = [t for t in found.tried if not t.enough]
        if short:
            t = short[-1]
            sentences.append(
                f"One step cheaper ({t.package.words()}; {t.minutes:.0f} minutes a week) is not "
                f"enough: {t.met} of {len(t.values)} simulated years reach it."
            )
    else:
        sentences = ["It cannot be reached with what can be tried here.", found.reason]
    chart = {**plan_charts.buys(out, what), "banner": scenario.banner}
    return {
        **out,
        "sentences": sentences,
        "chart": chart,
        "banner": scenario.banner,
        "use": _use(answer.scenario, data, seed, uploads) if answer is not None else None,
    }


def _use(scenario: Scenario, data: Mapping[str, Any], seed: int, uploads: Path) -> dict[str, Any]:
    return desk.opened(scenario, str(data.get("school") or "default"), seed, uploads)


def stress(
    data: Mapping[str, Any], uploads: Path, executor: Executor, progress: Progress
) -> dict[str, Any]:
    """Find what breaks a plan and what would help; see :func:`ectsim.planner.stress.stress`.

    Parameters
    ----------
    data, uploads, executor, progress
        As in :func:`enough`; ``confidence`` is not used.

    Returns
    -------
    dict
        What ``Stress.to_dict`` gives, ``sentences``, ``chart``, ``banner``; each of ``worst`` has
        ``clear`` (whether more than luck is lost) and its first two ``remedies`` have ``use``.
    """
    from ectsim.planner.stress import stress as search  # noqa: PLC0415 - only searches need it

    scenario, seed, count = desk.read_request(data, uploads)
    target, _, metric = _asked(data)
    found = search(
        scenario, target=target, metric=metric, seed=seed, replications=count,
        executor=executor, progress=progress,
    )  # fmt: skip
    out, what = found.to_dict(), HAPPENS[metric]
    told = list(zip(out["worst"], found.worst, strict=True))
    if out["smallest"] and found.smallest:
        told.append((out["smallest"], found.smallest))
    for row, hit in told:
        row["clear"] = hit.loss.lo > 0
        for shown, remedy in zip(row["remedies"][:2], hit.remedies, strict=False):
            mended = scenario.with_changes(remedy.scenario.changes_from(hit.scenario))
            shown["use"] = _use(mended, data, seed, uploads)
    n = found.replications
    if found.already_broken:
        sentences = [
            f"Before anything goes wrong, {found.base:.0%} of the cycles {what} on average: the target "
            f"of {target:.0%} is missed already. See how much is enough, or set a lower target."
        ]
    elif found.smallest:
        hit = found.smallest
        sentences = [
            f"It breaks if this goes on for a year: {hit.shock.words}.",
            f"Then {hit.mean:.0%} of the cycles {what} on average, and {hit.met} of {n} simulated "
            f"years still reach {target:.0%}. Without it: {found.base:.0%}.",
        ]
    else:
        two = any(h.shock.parts > 1 for h in found.hits)
        kinds = sum(h.shock.parts == 1 for h in found.hits)
        sentences = [
            f"None of the {kinds} things that were tried breaks it, even at their worst"
            f"{', and no two of them at once' if two else ''}: on average at least {target:.0%} of the "
            f"cycles {what} each time.",
        ]
    chart = {**plan_charts.costs_most(out, what), "banner": scenario.banner}
    return {**out, "sentences": sentences, "chart": chart, "banner": scenario.banner}


def ranked_slots(data: Mapping[str, Any], uploads: Path) -> dict[str, Any]:
    """Rank every pair's slots; see :func:`ectsim.planner.survival.slots`.

    Returns
    -------
    dict
        ``pairs`` [{id, mentor, charts [a chart for each week of the timetable], free}], ``days``
        [[weekday, dates lost, dates]], ``sentence``.
    """
    from ectsim.planner.survival import Survival, slots  # noqa: PLC0415 - only this needs it

    scenario, _, _ = desk.read_request(data, uploads)
    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="read its roster first")
    tables = Survival(scenario)
    pairs = []
    for p in scenario.school.pairs:
        groups = slots(scenario, p.id, top=TOP, survival=tables)
        pairs.append(
            {
                "id": p.id,
                "mentor": p.mentor,
                "charts": [plan_charts.best_slots(g) for g in groups],
                "free": any(g["slots"] for g in groups),
            }
        )
    days = [(day, *tables.dates(d)) for d, day in enumerate(WEEKDAYS)]
    lost = {day: n - kept for day, n, kept in days}
    dates = {day: n for day, n, _ in days}
    worst, least = max(lost, key=lambda d: lost[d]), min(lost, key=lambda d: lost[d])
    sentence = (
        f"{worst}s lose {lost[worst]} of {dates[worst]} dates to bank holidays, "
        f"training days and the like; {least}s lose {lost[least] or 'none'}."
        if lost[worst] > lost[least]
        else "No weekday loses more dates to the calendar than another."
    )
    return {
        "pairs": pairs,
        "days": [[day, lost[day], n] for day, n, _ in days],
        "sentence": sentence,
    }


def best_plan(data: Mapping[str, Any], uploads: Path) -> dict[str, Any]:
    """Choose slots for all pairs at once; see :func:`ectsim.planner.pairing.pair_up`.

    Returns
    -------
    dict
        What ``Pairing.to_dict`` gives, ``conflicts`` (what would have to move, in words) and ``use``
        (the plan as a page takes it over, or None).
    """
    from ectsim.planner.conflicts import conflicts  # noqa: PLC0415 - a solver
    from ectsim.planner.pairing import pair_up  # noqa: PLC0415 - as above

    scenario, seed, _ = desk.read_request(data, uploads)
    found = pair_up(scenario)
    stuck = found.status == "infeasible" or found.unserved
    use = None
    if found.status != "infeasible":
        use = _use(found.scenario(scenario), data, seed, uploads)
    return {
        **found.to_dict(),
        "conflicts": list(conflicts(scenario).sentences) if stuck else [],
        "use": use,
    }


def made_up(data: Mapping[str, Any], uploads: Path) -> dict[str, Any]:
    """Make up a school of a given size, for those who have no timetable at hand.

    Parameters
    ----------
    data : mapping
        ``staff`` and ``ects``: of a secondary school.
    uploads : pathlib.Path
        Folder of uploaded schools.

    Returns
    -------
    dict
        ``school``, its key.
    """
    from ectsim.plan import Plan  # noqa: PLC0415 - only here
    from ectsim.programme import Programme  # noqa: PLC0415 - as above
    from ectsim.timetables.synthetic import synthetic_secondary  # noqa: PLC0415 - as above

    sizes = []
    for name, low, high in (("staff", FEWEST_STAFF, MOST_STAFF), ("ects", 1, MOST_ECTS)):
        value = data.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InputError(f"enter a whole number from {low} to {high}", where=name)
        sizes.append(value)
    staff, ects = sizes
    name = f"made-up-{staff}-{ects}"
    made = synthetic_secondary(staff=staff, ects=ects, name=name)
    plan = Plan.preset("found_time")
    scenario = Scenario(plan.name, Programme.preset("2021"), made.school, plan)
    return {"school": desk.keep_school(scenario, uploads)}
