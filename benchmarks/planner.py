"""The planner: how long it takes, and whether its plan does better in the simulator.

Run by hand: ``python benchmarks/planner.py [--years 100] [--school FOLDER ...] [--skip-times]``.
First the time for 10 and 25 ECTs and for 200 over 20 schools with the peak of memory. Then, for the
sample school, a tighter one (a third of all free periods are duties), one with two ECTs a mentor, and
every imported folder that is named: the paired difference in cycles complete and held between the
chosen plan, first-fit, and the rule "count the backups" (the meeting from whose week most other
common free periods are left), each in the same simulated years, with 95 % intervals; and what the
planner expected of each beside what was simulated. ``docs/studies/planner.md`` holds the results.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from ectsim.analysis import paired
from ectsim.clock import Slot
from ectsim.experiment import Results, replicate
from ectsim.luck import stable_fraction
from ectsim.plan import PairSlots
from ectsim.planner.pairing import pair_up
from ectsim.planner.survival import Survival
from ectsim.scenario import Scenario, load
from ectsim.school import Pair, School
from ectsim.slots import first_fit


def with_ects(scenario: Scenario, ects: int, turn: int = 0) -> Scenario:
    """Return the school with more ECTs: colleagues with a common free period in each week, in order of ids."""
    school = scenario.school
    ids = sorted(s.id for s in school.staff)
    ids = ids[turn:] + ids[:turn]
    weeks = range(1, school.grid.cycle_weeks + 1)
    couples: list[tuple[str, str]] = []
    used: set[str] = set()
    for e in ids:
        for m in ids:
            if len({e, m} - used) < 2 or school.by_id[e].department != school.by_id[m].department:
                continue
            common = {school.grid.slot(c).week for c in school.common_free(Pair(e, m))}
            if common == set(weeks):
                couples.append((e, m))
                used |= {e, m}
                break
    pairs = tuple(Pair(e, m) for e, m in couples[:ects])
    plan = scenario.plan.model_copy(update={"slots": {}})
    return replace(
        scenario, school=replace(school, pairs=pairs), plan=plan, source=None, story=None
    )


def timed(scenario: Scenario, *, any_mentor: bool) -> tuple[float, str]:
    """Return processor seconds for tables and plan (one core is used), and what came of it."""
    started = time.process_time()
    found = pair_up(scenario, any_mentor=any_mentor)
    seconds = time.process_time() - started
    said = f"{found.status}, {len(found.unserved)} unserved, {found.completed:.1f} of {found.due} complete"
    return seconds, said


def backups(school: School, scenario: Scenario) -> dict[str, PairSlots]:
    """Choose meetings by the number of other common free periods left in the week after them."""
    taken: set[tuple[str, int]] = set()
    first = first_fit(school, scenario.programme)
    out = {}
    for pair in sorted(school.pairs, key=lambda p: p.id):
        per = len(school.grid)
        meets: list[int] = []
        for week in sorted({Slot.parse(t).week for t in first[pair.id].meet}):
            common = [
                c
                for c in school.common_free(pair)
                if c // per // 5 == week - 1
                and not any((w, c) in taken for w in (pair.ect, pair.mentor))
            ]
            if common:
                best = max(common, key=lambda c: (sum(x > c for x in common), -c))
                meets.append(best)
                taken |= {(w, best) for w in (pair.ect, pair.mentor)}
        visits = []
        for m in meets:
            for v in school.visit_cells(pair):
                if v // per // 5 == m // per // 5 and v < m and (pair.mentor, v) not in taken:
                    visits.append(v)
                    taken.add((pair.mentor, v))
                    break
        out[pair.id] = PairSlots(
            meet=tuple(str(school.grid.slot(c)) for c in meets),
            observe=tuple(str(school.grid.slot(c)) for c in visits),
        )
    return out


def tighter(scenario: Scenario, share: float = 1 / 3) -> Scenario:
    """Return the school with a share of its free periods turned into duties, the same ones each time."""
    school = scenario.school
    rows = {
        who: "".join(
            "b" if letter == "f" and stable_fraction("tight", who, c) < share else letter
            for c, letter in enumerate(row)
        )
        for who, row in school.timetable.rows.items()
    }
    timetable = replace(school.timetable, rows=rows)
    plan = scenario.plan.model_copy(update={"slots": {}})
    made = replace(school, timetable=timetable, pairs=())
    return replace(scenario, school=made, plan=plan, source=None, story=None)


def two_a_mentor(scenario: Scenario) -> Scenario:
    """Return the school with ECTs who share a mentor with another, and only them."""
    school = scenario.school
    weeks = set(range(1, school.grid.cycle_weeks + 1))
    pairs = list(school.pairs)
    for i, p in enumerate(pairs):
        for q in pairs[:i]:
            shared = Pair(p.ect, q.mentor)
            once = sum(x.mentor == q.mentor for x in pairs) == 1
            same = school.by_id[p.ect].department == school.by_id[q.ect].department
            if (
                once
                and same
                and {school.grid.slot(c).week for c in school.common_free(shared)} == weeks
            ):
                pairs[i] = shared
                break
    load = Counter(p.mentor for p in pairs)
    both = tuple(p for p in pairs if load[p.mentor] > 1)
    plan = scenario.plan.model_copy(update={"slots": {}})
    return replace(scenario, school=replace(school, pairs=both), plan=plan, source=None)


def expected(tables: Survival, slots: dict[str, PairSlots]) -> float:
    """Return the complete cycles that the planner expects of slots, whoever chose them."""
    total, grid = 0.0, tables.school.grid
    for pair in tables.school.pairs:
        mine, four = tables.pair(pair), slots[pair.id]
        cells = {
            u: [grid.cell(Slot.parse(t)) for t in getattr(four, u)]
            for u in ("meet", "observe", "reserve")
        }
        left = list(cells["observe"])
        for g in range(len(mine.groups)):
            meet = next((m for m in mine.meets(g) if m in cells["meet"]), None)
            if meet is None:
                continue
            near = [
                v
                for v in left
                if v // tables.per_day // 5 == meet // tables.per_day // 5 and v < meet
            ]
            visit = next(iter(near or [v for v in left if v in mine.observes(meet)]), None)
            if visit is not None:
                left.remove(visit)
            reserve = next((r for r in mine.meets(g) if r in cells["reserve"]), None)
            total += mine.triple(g, visit, meet, reserve).completed
    return total


def shares(results: Results) -> dict[str, list[float]]:
    """Return the share of due cycles complete and held in each simulated year."""
    return {
        name: [sum(p[k] for p in r.pairs) / r.due for r in results.runs]
        for name, k in (("complete", 2), ("held", 1))
    }


SEED = 2
"""Of the years in which plans are compared: the planner's cover table comes from those of seed 1."""

MODES = (
    ("kept free of cover; reserve slots only", "guaranteed", ("reserve",)),
    ("kept free of cover; every way to recover", "guaranteed", ("reserve", "common_free", "before_after")),
    ("open to cover; reserve slots only", "none", ("reserve",)),
    ("open to cover; every way to recover", "none", ("reserve", "common_free", "before_after")),
)  # fmt: skip


def compare(name: str, school: Scenario, years: int, modes: int = 4) -> None:
    """Print how the three ways to choose slots do in the same simulated years."""
    print(f"\n## {name}: {len(school.school.pairs)} ECTs, {years} years\n")
    print("| slots are | against | complete | held | expected: planner, other | simulated |")
    print("|---|---|---|---|---|---|")
    for words, protect, recovery in MODES[:modes]:
        base = school.with_changes({"plan.protection.mentor": protect, "plan.protection.ect": protect, "plan.recovery": recovery})  # fmt: skip
        ways = {"before_after": "before_after" in recovery, "meeting": "fixed"}
        base = replace(base, plan=base.plan.model_copy(update=ways))
        tables = Survival(base)
        arms = {
            "planner": pair_up(base, survival=tables).slots,
            "first-fit": first_fit(base.school, base.programme),
            "count the backups": backups(base.school, base),
        }
        came, thought = {}, {}
        for arm, slots in arms.items():
            made = replace(base, plan=base.plan.model_copy(update={"slots": slots}))
            came[arm] = shares(replicate(made, seed=SEED, replications=years))
            due = sum(len(g.windows) for p in base.school.pairs for g in tables.pair(p).groups)
            thought[arm] = expected(tables, slots) / due
        for other in ("first-fit", "count the backups"):
            told = []
            for k in ("complete", "held"):
                d = paired(came[other][k], came["planner"][k])
                told.append(f"{100 * d.mean:+.1f} ({100 * d.lo:+.1f} to {100 * d.hi:+.1f})")
            means = [sum(came[arm]["complete"]) / years for arm in ("planner", other)]
            print(
                f"| {words} | {other} | {told[0]} | {told[1]} "
                f"| {thought['planner']:.1%}, {thought[other]:.1%} | {means[0]:.1%}, {means[1]:.1%} |",
                flush=True,
            )


def times(start: Scenario) -> None:
    """Print how long plans take."""
    for ects in (10, 25):
        for any_mentor in (False, True):
            seconds, said = timed(with_ects(start, ects), any_mentor=any_mentor)
            print(f"{ects} ECTs, {'any' if any_mentor else 'own'} mentor: {seconds:.2f} s, {said}")
    started, served, due = time.process_time(), 0, 0
    for k in range(20):
        scenario = with_ects(start, 10, turn=k)
        found = pair_up(scenario)
        due += len(scenario.school.pairs)
        served += len(scenario.school.pairs) - len(found.unserved)
    seconds = time.process_time() - started
    scale = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    print(f"{due} ECTs over 20 schools: {seconds:.1f} s, {peak:.0f} MB at most, {served} served")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=100)
    parser.add_argument("--school", nargs="*", default=[], help="folders of imported schools")
    parser.add_argument("--skip-times", action="store_true")
    parser.add_argument("--skip-samples", action="store_true")
    parser.add_argument("--modes", type=int, default=4, help="how many of the four ways to plan")
    asked = parser.parse_args()
    start = load("default").with_changes({"plan.preset": "timetabled"})
    if not asked.skip_times:
        times(start)
    schools = {} if asked.skip_samples else {
        "Sample school": with_ects(start, 10),
        "Tighter school": with_ects(tighter(start), 10),
        "Two ECTs a mentor": two_a_mentor(with_ects(start, 25)),
    }  # fmt: skip
    for folder in asked.school:
        schools[f"Imported: {Path(folder).name}"] = with_ects(load(folder), 10)
    for name, school in schools.items():
        compare(name, school, asked.years, asked.modes)


if __name__ == "__main__":
    main()
