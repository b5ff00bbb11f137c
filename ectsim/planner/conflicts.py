"""When it cannot be done: the fewest lessons or rules that would have to move, in words.

Every lesson of an ECT or a mentor that stands where a meeting could be, and every rule, gets a
literal that says "this may move". The solver looks for a plan that serves everybody and moves as
few as possible. What it finds is minimal: with any one fewer there is no plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ectsim.clock import Slot
from ectsim.planner.pairing import CASELOAD, Wishes, candidates, spare_cells

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["Conflicts", "Obstacle", "conflicts", "possible"]

Kind = Literal["lesson", "planning", "caseload", "slot_ban"]
LESSON, RULE = 1000, 1001
"""Costs: the number of things comes first, and of two things a lesson moves before a rule."""


@dataclass(frozen=True, slots=True, order=True)
class Obstacle:
    """One thing that would have to move.

    Parameters
    ----------
    kind : {'lesson', 'planning', 'caseload', 'slot_ban'}
        A lesson, a person's planning time, a mentor's limit, a slot that was banned.
    who : str
        Staff id.
    cell : int
        Cell of the cycle, -1 for a rule that has none.
    """

    kind: Kind
    who: str
    cell: int = -1


@dataclass(frozen=True)
class Conflicts:
    """What stands in the way.

    Parameters
    ----------
    possible : bool
        True when everybody can be served as things are.
    obstacles : tuple of Obstacle
        A smallest set whose removal makes it possible; empty when nothing helps.
    sentences : tuple of str
        The same in words.
    """

    possible: bool
    obstacles: tuple[Obstacle, ...] = ()
    sentences: tuple[str, ...] = ()


def _words(scenario: Scenario, o: Obstacle, caseload: int) -> str:
    grid = scenario.school.grid
    if o.kind == "lesson":
        found = scenario.school.timetable.cells.get((o.who, o.cell))
        code = f" ({found.class_code})" if found and found.class_code else ""
        return f"move the lesson of {o.who} at {grid.slot(o.cell)}{code}"
    if o.kind == "slot_ban":
        return f"let {o.who} give up {grid.slot(o.cell)}, which was to stay as it is"
    if o.kind == "planning":
        return (
            f"find {o.who} planning time elsewhere: all free periods are needed to keep "
            f"{scenario.programme.entitlement.ppa_share:.0%} of their lessons"
        )
    return f"let {o.who} mentor more than {caseload} ECT{'' if caseload == 1 else 's'}"


def _solve(
    scenario: Scenario, any_mentor: bool, caseload: int, wishes: Wishes, may: frozenset[Obstacle] | None, effort: float
) -> list[Obstacle] | None:  # fmt: skip
    """Return the fewest obstacles to move among those that may (None: any); None where none help."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy

    school, programme = scenario.school, scenario.programme
    model, per = cp_model.CpModel(), len(school.grid)
    moves: dict[Obstacle, Any] = {}

    def move(kind: Kind, who: str, cell: int = -1) -> Any:
        o = Obstacle(kind, who, cell)
        if may is not None and o not in may:
            return 0
        if o not in moves:
            moves[o] = model.new_bool_var("")
        return moves[o]

    closed = {
        (who, school.grid.cell(Slot.parse(t))) for who, ts in wishes.not_slots.items() for t in ts
    }
    busy: dict[tuple[str, int], list[Any]] = {}
    load: dict[str, list[Any]] = {}
    people: dict[str, list[Any]] = {}
    pairs = sorted(school.pairs, key=lambda p: p.id)
    options = {p.id: candidates(scenario, p, any_mentor=any_mentor, wishes=wishes) for p in pairs}
    cells = [c for c in range(school.grid.cells) if c % per in set(school.lesson_periods)]
    cycle = school.grid.cycle_weeks
    for p in pairs:
        if p.served >= programme.years:
            continue
        weekly = programme.coaching.period_weeks(p.year) < 2
        groups = [{w} for w in range(cycle)] if weekly else [set(range(cycle))]
        pinned = {school.grid.cell(Slot.parse(t)) for t in wishes.meets.get(p.id, ())}
        chosen = {m: model.new_bool_var("") for m in options[p.id]}
        model.add(sum(chosen.values()) == 1)
        for m, a in chosen.items():
            people.setdefault(m, []).append(a)
        for weeks in groups:
            here = [c for c in cells if c // per // 5 in weeks]
            here = [c for c in here if c in pinned] or here
            xs = []
            for m, a in chosen.items():
                for c in here:
                    letters = [school.timetable.rows[w][c] for w in (p.ect, m)]
                    if any(letter not in "fl" for letter in letters):
                        continue
                    x = model.new_bool_var("")
                    xs.append(x)
                    model.add(x <= a)
                    for w, letter in zip((p.ect, m), letters, strict=True):
                        if letter == "l":
                            model.add(x <= move("lesson", w, c))
                        if (w, c) in closed:
                            model.add(x <= move("slot_ban", w, c))
                        busy.setdefault((w, c), []).append(x)
                        load.setdefault(w, []).append(x)
            model.add(sum(xs) == 1)
    for uses in busy.values():
        model.add(sum(uses) <= 1)
    for who, uses in load.items():
        spare = spare_cells(school, programme, who)
        model.add(sum(uses) <= spare + len(uses) * move("planning", who))
    for mentor, taken in people.items():
        as_is = all(options[p.id] == [mentor] for p in pairs if p.mentor == mentor)
        now = sum(p.mentor == mentor for p in pairs) if as_is else 0
        model.add(sum(taken) <= max(caseload, now) + len(taken) * move("caseload", mentor))
    model.minimize(sum((LESSON if o.kind == "lesson" else RULE) * v for o, v in moves.items()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return sorted(o for o, v in moves.items() if solver.boolean_value(v))


def possible(
    scenario: Scenario,
    freed: Iterable[Obstacle] = (),
    *,
    any_mentor: bool = False,
    caseload: int = CASELOAD,
    wishes: Wishes | None = None,
    effort: float = 20.0,
) -> bool:
    """Tell whether every ECT can have every meeting when some things may move.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan.
    freed : iterable of Obstacle
        What may move.
    any_mentor, caseload, wishes, effort
        As in :func:`ectsim.planner.pairing.pair_up`.
    """
    found = _solve(scenario, any_mentor, caseload, wishes or Wishes(), frozenset(freed), effort)
    return found is not None


def conflicts(
    scenario: Scenario,
    *,
    any_mentor: bool = False,
    caseload: int = CASELOAD,
    wishes: Wishes | None = None,
    effort: float = 20.0,
) -> Conflicts:
    """Say what would have to move for every ECT to have every meeting.

    Parameters
    ----------
    scenario : Scenario
        Programme, school and plan.
    any_mentor, caseload, wishes, effort
        As in :func:`ectsim.planner.pairing.pair_up`.

    Returns
    -------
    Conflicts
    """
    the_wishes = wishes or Wishes()
    found = _solve(scenario, any_mentor, caseload, the_wishes, None, effort)
    if found is None:
        return Conflicts(
            False, (), ("no set of lessons that could move is enough: name another mentor",)
        )
    # a deletion filter: what can stay is put back, so that the set is minimal even out of time
    for o in list(found):
        fewer = frozenset(found) - {o}
        if _solve(scenario, any_mentor, caseload, the_wishes, fewer, effort) is not None:
            found.remove(o)
    return Conflicts(not found, tuple(found), tuple(_words(scenario, o, caseload) for o in found))
