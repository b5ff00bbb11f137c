"""Who mentors whom, and when: an optimum by CP-SAT over expected completed cycles.

The objective, in this order: ECTs with every meeting the cycle asks for; expected completed cycles,
meetings held and reserves counted as :mod:`ectsim.planner.survival` says; the same weekday and
period in both weeks. Counting free periods as backups is no measure of completion and is not used.

A plan is lawful or it is not made: coded planning time is never used, planning time that is not
coded stays free, nobody is in two places, no mentor has more ECTs than the limit. An ECT who cannot
be served within that is named, never served unlawfully.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from ectsim.clock import Slot
from ectsim.errors import InputError
from ectsim.plan import PairSlots
from ectsim.planner.survival import PairSurvival, Survival, with_reserve
from ectsim.school import Pair, School

if TYPE_CHECKING:
    from ectsim.programme import Programme
    from ectsim.scenario import Scenario

__all__ = ["CASELOAD", "Pairing", "Wishes", "candidates", "pair_up", "spare_cells"]

CASELOAD = 2
"""ECTs a mentor may have, where a pairing does not have more already."""

SHORTLIST = 8
"""Mentors weighed for each ECT."""

FULL, HELD, STUDY = 100, 1, 1
"""Points of an expected complete cycle, of a meeting held at all, of ten study slots kept."""


@dataclass(frozen=True)
class Wishes:
    """What a coordinator has already settled.

    Parameters
    ----------
    mentors : mapping of str to str
        ECT to the mentor they must have.
    not_mentors : frozenset of (str, str)
        ECT and mentor who must not be paired.
    meets : mapping of str to tuple of str
        ECT to the meeting slots they must have; other slots of those weeks are not offered.
    not_slots : mapping of str to tuple of str
        Person to slots that must stay as they are.
    """

    mentors: Mapping[str, str] = field(default_factory=dict)
    not_mentors: frozenset[tuple[str, str]] = frozenset()
    meets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairing:
    """A lawful plan.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible'}
        Proven best (within the mentors weighed), best found in the time, or none at all.
    pairs : tuple of Pair
        Who mentors whom, every ECT of the school.
    slots : dict of str to PairSlots
        By pair id.
    unserved : tuple of str
        ECTs who lack a meeting that the cycle asks for.
    completed, held, due : float
        Expected complete cycles, meetings held, and cycles due, a year.
    tidy : int
        Pairs that meet at the same weekday and period in both weeks.
    by_pair : dict of str to float
        Expected complete cycles of each pair.
    """

    status: Literal["optimal", "feasible", "infeasible"]
    pairs: tuple[Pair, ...] = ()
    slots: dict[str, PairSlots] = field(default_factory=dict)
    unserved: tuple[str, ...] = ()
    completed: float = 0.0
    held: float = 0.0
    due: int = 0
    tidy: int = 0
    by_pair: dict[str, float] = field(default_factory=dict)

    def scenario(self, start: Scenario, name: str = "") -> Scenario:
        """Return a scenario with these pairs and slots, timetabled.

        Parameters
        ----------
        start : Scenario
            The scenario that was planned for.
        name : str
            What to call it.
        """
        plan = with_reserve(start.plan)
        plan = plan.model_copy(update={"meeting": "fixed", "slots": dict(self.slots)})
        school = replace(start.school, pairs=self.pairs)
        same = school.pairs == start.school.pairs
        return replace(
            start,
            name=name or start.name,
            school=start.school if same else school,
            source=start.source if same else None,
            plan=plan,
            story=None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON answer."""
        return {
            "status": self.status,
            "due": self.due,
            "completed": self.completed,
            "held": self.held,
            "tidy": self.tidy,
            "unserved": list(self.unserved),
            "pairs": [
                {
                    "ect": p.ect,
                    "mentor": p.mentor,
                    "completed": self.by_pair.get(p.id, 0.0),
                    **{
                        u: list(getattr(self.slots.get(p.id, PairSlots()), u))
                        for u in ("observe", "meet", "reserve", "study")
                    },
                }
                for p in self.pairs
            ],
        }


def spare_cells(school: School, programme: Programme, who: str) -> int:
    """Return how many free cells a person may give away and keep planning time.

    Parameters
    ----------
    school : School
        The school.
    programme : Programme
        Its share of planning time.
    who : str
        Staff id.
    """
    coded = "p" in school.timetable.rows[who]
    share = programme.entitlement.ppa_share
    due = 0 if coded else math.ceil(round(share * school.lessons(who), 9))
    return max(0, len(school.free_cells(who)) - due)


def candidates(
    scenario: Scenario, pair: Pair, *, any_mentor: bool, wishes: Wishes | None = None
) -> list[str]:
    """Return who may mentor an ECT: the mentor they have, or any colleague of the department.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    pair : Pair
        The pair as it stands.
    any_mentor : bool
        Whether colleagues of the same department count; no ECT mentors another.
    wishes : Wishes, optional
        Pins and bans.
    """
    wishes = wishes or Wishes()
    if pair.ect in wishes.mentors:
        found = [wishes.mentors[pair.ect]]
    else:
        found = [pair.mentor]
        department = scenario.school.by_id[pair.ect].department
        ects = {p.ect for p in scenario.school.pairs}
        if any_mentor and department:
            found += sorted(
                s.id
                for s in scenario.school.staff
                if s.department == department and s.id not in ects and s.id != pair.mentor
            )
    return [m for m in found if (pair.ect, m) not in wishes.not_mentors]


class _Model:
    """The Boolean model: one variable for each (ECT, mentor, week, visit, meeting)."""

    def __init__(self, scenario: Scenario, tables: Survival, *, any_mentor: bool, caseload: int, wishes: Wishes) -> None:  # fmt: skip
        from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy

        self.cp = cp_model
        self.model = cp_model.CpModel()
        self.scenario, self.tables, self.wishes = scenario, tables, wishes
        self.school = scenario.school
        self.busy: dict[tuple[str, int], list[Any]] = {}
        self.load: dict[str, list[Any]] = {}
        self.worth: list[Any] = []
        self.tidy: list[Any] = []
        self.served: list[Any] = []
        self.chosen: dict[tuple[str, str], Any] = {}
        self.visits: list[tuple[Any, str, str, int, int | None, int]] = []
        self.reserves: list[tuple[Any, str, str, int, int, int]] = []
        self.studies: list[tuple[Any, str, int]] = []
        self.closed = {
            (who, self.school.grid.cell(Slot.parse(t)))
            for who, texts in wishes.not_slots.items()
            for t in texts
        }
        self.people: dict[str, list[Any]] = {}
        self.pairs = sorted(self.school.pairs, key=lambda p: p.id)
        self.options = {
            p.id: self._shortlist(p, candidates(scenario, p, any_mentor=any_mentor, wishes=wishes))
            for p in self.pairs
        }
        for p in self.pairs:
            self._ect(p)
        self._limits(caseload)

    def _shortlist(self, pair: Pair, who: list[str]) -> list[str]:
        """Keep the mentors with whom most can be expected, the present one among them."""
        if len(who) <= SHORTLIST:
            return who
        scored = []
        for m in who:
            ps = self.tables.pair(replace(pair, mentor=m))
            best = [
                max(
                    (
                        ps.triple(g, o, c, None).completed
                        for c in ps.meets(g)
                        for o in ps.observes(c)
                    ),
                    default=-1.0,
                )
                for g in range(len(ps.groups))
            ]
            scored.append((sum(b >= 0 for b in best), round(sum(best), 9), m))
        ranked = [m for *_, m in sorted(scored, key=lambda s: (-s[0], -s[1], s[2]))]
        first = [pair.mentor] if pair.mentor in who else []
        return sorted([*first, *[m for m in ranked if m != pair.mentor]][:SHORTLIST])

    def _use(self, who: str, cell: int, var: Any) -> None:
        self.busy.setdefault((who, cell), []).append(var)
        self.load.setdefault(who, []).append(var)

    def _ect(self, pair: Pair) -> None:
        model = self.model
        mentors = []
        placed: dict[int, list[Any]] = {}
        for m in self.options[pair.id]:
            a = model.new_bool_var(f"a {pair.id} {m}")
            self.chosen[pair.id, m] = a
            self.people.setdefault(m, []).append(a)
            mentors.append(a)
            table = self.tables.pair(replace(pair, mentor=m))
            hours: dict[int, dict[int, list[Any]]] = {}
            for g in range(len(table.groups)):
                placed.setdefault(g, []).extend(self._group(pair, m, table, g, a, hours))
            self._tidy(hours)
            self._not_before_the_last(pair.id, m)
        model.add_exactly_one(mentors) if mentors else model.add_bool_or([])
        self._study(pair)
        if placed:
            all_in = model.new_bool_var(f"served {pair.id}")
            for met in placed.values():
                model.add(sum(met) >= all_in)
            self.served.append(all_in)

    def _group(self, pair: Pair, mentor: str, table: PairSurvival, g: int, a: Any, hours: dict[int, dict[int, list[Any]]]) -> list[Any]:  # fmt: skip
        """Offer one week's meetings with their visits and reserves."""
        model, per = self.model, self.tables.per_day
        pinned = {self.school.grid.cell(Slot.parse(t)) for t in self.wishes.meets.get(pair.id, ())}
        weeks = table.groups[g].weeks
        mine = {c for c in pinned if c // per // 5 in weeks}
        cells = [c for c in table.meets(g) if self._open(c, pair.ect, mentor)]
        xs: list[Any] = []
        by_meet: dict[int, list[tuple[Any, int | None]]] = {}
        for m in [c for c in cells if not mine or c in mine]:
            lessons = table.observes(m)
            for o in dict.fromkeys((None, *lessons)):
                if o is not None and not self._open(o, mentor):
                    continue
                t = table.triple(g, o, m, None)
                x = model.new_bool_var("")
                xs.append(x)
                by_meet.setdefault(m, []).append((x, o))
                self.visits.append((x, pair.id, mentor, g, o, m))
                # a visit that could have a time is not left to chance
                left_out = o is None and lessons != [None]
                self.worth.append(self._points(0.0 if left_out else t.completed, t.held) * x)
                self._use(pair.ect, m, x)
                self._use(mentor, m, x)
                if o is not None:
                    self._use(mentor, o, x)
        model.add(sum(xs) <= 1)
        for x in xs:
            model.add_implication(x, a)
        if mine:
            model.add(sum(xs) >= 1).only_enforce_if(a)
        self._reserves(pair, mentor, table, g, cells, by_meet)
        for m, several in by_meet.items():
            hours.setdefault(m % (5 * per), {}).setdefault(g, []).extend(x for x, _ in several)
        return xs

    def _reserves(self, pair: Pair, mentor: str, table: PairSurvival, g: int, cells: list[int], by_meet: dict[int, list[tuple[Any, int | None]]]) -> None:  # fmt: skip
        """Offer reserves; what one is worth is reckoned with the meeting's best visit."""
        if not table.recovers:
            return
        zs = []
        for m, several in by_meet.items():
            without = max(
                (table.triple(g, o, m, None) for _, o in several),
                key=lambda t: (t.worth, -1 if t.observe is None else t.observe),
            )
            mine = []
            for r in cells:
                if r == m:
                    continue
                t = table.triple(g, without.observe, m, r)
                gain = self._points(t.completed - without.completed, t.held - without.held)
                if gain <= 0:
                    continue
                z = self.model.new_bool_var("")
                mine.append(z)
                self.reserves.append((z, pair.id, mentor, g, m, r))
                self.worth.append(gain * z)
                self._use(pair.ect, r, z)
                self._use(mentor, r, z)
            zs += mine
            if mine:
                self.model.add(sum(mine) <= sum(x for x, _ in several))
        if zs:
            self.model.add(sum(zs) <= 1)

    def _points(self, completed: float, held: float) -> int:
        return round(FULL * completed) + round(HELD * held)

    def _open(self, cell: int, *who: str) -> bool:
        return not any((w, cell) in self.closed for w in who)

    def _tidy(self, hours: dict[int, dict[int, list[Any]]]) -> None:
        for groups in hours.values():
            if len(groups) > 1:
                both = self.model.new_bool_var("")
                for xs in groups.values():
                    self.model.add(sum(xs) >= both)
                self.tidy.append(both)

    def _not_before_the_last(self, ect: str, mentor: str) -> None:
        """Keep a visit of the week before from standing before that week's own meeting."""
        span = 5 * self.tables.per_day
        mine = [(x, o, m) for x, e, t, _, o, m in self.visits if (e, t) == (ect, mentor)]
        for x, o, m in mine:
            if o is not None and o // span != m // span:
                late = [y for y, _, n in mine if n // span == o // span and n > o]
                for y in late:
                    self.model.add_at_most_one([x, y])

    def _study(self, pair: Pair) -> None:
        per = self.tables.per_day
        if not self.tables.frames[pair.id].windows:
            return
        for week in range(self.school.grid.cycle_weeks):
            offered = []
            for c in self.school.free_cells(pair.ect):
                if c // per // 5 == week and self._open(c, pair.ect):
                    s = self.model.new_bool_var("")
                    offered.append(s)
                    self.studies.append((s, pair.id, c))
                    _, has = self.tables.dates(c // per % 5)
                    kept = has * self.tables.kept(c, "study")
                    self.worth.append(max(STUDY, round(STUDY * kept / 10)) * s)
                    self._use(pair.ect, c, s)
            self.model.add(sum(offered) <= 1)

    def _limits(self, caseload: int) -> None:
        for uses in self.busy.values():
            self.model.add_at_most_one(uses)
        for who, uses in self.load.items():
            self.model.add(sum(uses) <= spare_cells(self.school, self.scenario.programme, who))
        for mentor, pairs in self.people.items():
            now = sum(p.mentor == mentor for p in self.school.pairs)
            self.model.add(sum(pairs) <= max(caseload, now if self._as_is(mentor) else 0))

    def _as_is(self, mentor: str) -> bool:
        """Tell whether a mentor has nobody but the ECTs they have today to choose from."""
        return all(self.options[p.id] == [mentor] for p in self.pairs if p.mentor == mentor)


def pair_up(
    scenario: Scenario,
    *,
    any_mentor: bool = False,
    caseload: int = CASELOAD,
    wishes: Wishes | None = None,
    survival: Survival | None = None,
    effort: float = 20.0,
) -> Pairing:
    """Choose mentors and slots.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan; slots that the plan has are not kept.
    any_mentor : bool
        Whether any colleague of the ECT's department may mentor.
    caseload : int
        ECTs a mentor may have.
    wishes : Wishes, optional
        Pins and bans.
    survival : Survival, optional
        The school's tables, where they are at hand.
    effort : float
        Limit in the solver's own deterministic seconds: the same plan on any machine.

    Returns
    -------
    Pairing
    """
    if not scenario.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    tables = survival or Survival(scenario)
    built = _Model(
        scenario, tables, any_mentor=any_mentor, caseload=caseload, wishes=wishes or Wishes()
    )
    model, cp = built.model, built.cp
    tidy_cap = len(built.tidy) + 1
    weeks = len(tables.frame.weeks)
    # more than everything else together can be worth: nobody goes unserved for another's good slot
    top = tidy_cap * 4 * weeks * (FULL + HELD) * len(scenario.school.pairs)
    model.maximize(top * sum(built.served) + tidy_cap * sum(built.worth) + sum(built.tidy))
    solver = cp.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    if status not in (cp.OPTIMAL, cp.FEASIBLE):
        return Pairing("infeasible")
    return _read(built, solver, "optimal" if status == cp.OPTIMAL else "feasible")


def _read(built: _Model, solver: Any, status: Literal["optimal", "feasible"]) -> Pairing:
    on = solver.boolean_value
    mentor = {e: m for (e, m), a in built.chosen.items() if on(a)}
    found: dict[str, dict[int, dict[str, int | None]]] = {}
    for x, e, _, g, o, m in built.visits:
        if on(x):
            found.setdefault(e, {})[g] = {"observe": o, "meet": m, "reserve": None}
    for z, e, _, g, _, r in built.reserves:
        if on(z):
            found[e][g]["reserve"] = r
    study: dict[str, list[int]] = {}
    for s, e, cell in built.studies:
        if on(s):
            study.setdefault(e, []).append(cell)
    pairs: list[Pair] = []
    slots: dict[str, PairSlots] = {}
    unserved: list[str] = []
    by_pair: dict[str, float] = {}
    completed = held = 0.0
    due = tidy = 0
    grid, span = built.school.grid, 5 * built.tables.per_day
    for p in built.school.pairs:
        who = mentor[p.id]
        # a mentor who is new to an ECT starts with the week for contracting
        pairs.append(p if who == p.mentor else replace(p, mentor=who, new=True))
        table = built.tables.pair(replace(p, mentor=who))
        mine = found.get(p.id, {})
        by_pair[p.id] = 0.0
        for g, cells in mine.items():
            t = table.triple(g, cells["observe"], cells["meet"] or 0, cells["reserve"])
            by_pair[p.id] += t.completed
            held += t.held
        due += sum(len(group.windows) for group in table.groups)
        if len(mine) < len(table.groups):
            unserved.append(p.id)
        times = [(c["meet"] or 0) % span for c in mine.values()]
        tidy += len(times) > 1 and len(set(times)) == 1
        completed += by_pair[p.id]
        used = {
            use: [c for c in (cells[use] for cells in mine.values()) if c is not None]
            for use in ("observe", "meet", "reserve")
        }
        used["study"] = study.get(p.id, [])
        slots[p.id] = PairSlots.model_validate(
            {use: tuple(str(grid.slot(c)) for c in sorted(cs)) for use, cs in used.items()}
        )
    return Pairing(
        status, tuple(pairs), slots, tuple(unserved), completed, held, due, int(tidy), by_pair
    )
