"""The planner: how long it takes, and whether its plan does better in the simulator.

Run by hand: ``python benchmarks/planner.py [--replications 200] [--school FOLDER]``. Prints the time
for 10 and 25 ECTs (in the sample school, or an imported one's folder), for 200 over 20 schools with
the peak of memory, and the paired difference in cycles complete and held between the chosen plan,
first-fit, and the rule "count the backups" (the meeting from whose week most other common free
periods are left), each on the same simulated years.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace

from ectsim.analysis import paired
from ectsim.clock import Slot
from ectsim.experiment import Results, replicate
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
    """Return seconds for tables and plan, and what came of it."""
    started = time.perf_counter()
    found = pair_up(scenario, any_mentor=any_mentor)
    seconds = time.perf_counter() - started
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


def shares(results: Results) -> dict[str, list[float]]:
    """Return the share of due cycles complete and held in each simulated year."""
    return {
        name: [sum(p[k] for p in r.pairs) / r.due for r in results.runs]
        for name, k in (("complete", 2), ("held", 1))
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--school", default="default", help="a preset or an imported folder")
    asked = parser.parse_args()
    start = load(asked.school).with_changes({"plan.preset": "timetabled"})
    for ects in (10, 25):
        for any_mentor in (False, True):
            seconds, said = timed(with_ects(start, ects), any_mentor=any_mentor)
            print(f"{ects} ECTs, {'any' if any_mentor else 'own'} mentor: {seconds:.2f} s, {said}")
    started, served, due = time.perf_counter(), 0, 0
    for k in range(20):
        scenario = with_ects(start, 10, turn=k)
        found = pair_up(scenario)
        due += len(scenario.school.pairs)
        served += len(scenario.school.pairs) - len(found.unserved)
    seconds = time.perf_counter() - started
    scale = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    print(f"{due} ECTs over 20 schools: {seconds:.1f} s, {peak:.0f} MB at most, {served} served")

    for said, protect in (("guaranteed", "guaranteed"), ("unprotected", "none")):
        for flex in ("reserve common_free before_after", "reserve"):
            base = with_ects(start, 10).with_changes(
                {"plan.protection.mentor": protect, "plan.protection.ect": protect, "plan.recovery": tuple(flex.split())}
            )  # fmt: skip
            base = replace(base, plan=base.plan.model_copy(update={"before_after": False}))
            arms = {
                "first-fit": first_fit(base.school, base.programme),
                "count the backups": backups(base.school, base),
                "planner": pair_up(base, survival=Survival(base)).slots,
            }
            told = {}
            for name, slots in arms.items():
                arm = replace(base, plan=base.plan.model_copy(update={"slots": slots}))
                told[name] = shares(replicate(arm, seed=1, replications=asked.replications))
            print(f"\n{said}, recovery by {flex}:")
            for name, by in told.items():
                means = ", ".join(f"{k} {sum(v) / len(v):.2%}" for k, v in by.items())
                print(f"  {name}: {means}")
            for other in ("first-fit", "count the backups"):
                for k in ("complete", "held"):
                    d = paired(told[other][k], told["planner"][k])
                    print(f"  planner less {other}, {k}: {d.mean:+.2%} [{d.lo:+.2%}, {d.hi:+.2%}]")


if __name__ == "__main__":
    main()
