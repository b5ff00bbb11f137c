"""The planner: counts that can be made by hand, brute force, matching, minimal conflicts."""

from __future__ import annotations

import datetime as dt
import random
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from ectsim.clock import Grid, Period
from ectsim.plan import PairSlots
from ectsim.planner.conflicts import conflicts, possible
from ectsim.planner.pairing import Wishes, candidates, pair_up, spare_cells
from ectsim.planner.survival import Survival, slots
from ectsim.scenario import Scenario, load
from ectsim.school import Pair, School, Timetable
from ectsim.slots import first_fit, slot_cells
from tests.builders import QUIET, START, tiny_calendar, tiny_plan, tiny_scenario, tiny_school


def bare(school: School, **changes: object) -> Scenario:
    return tiny_scenario(school, tiny_plan(**changes))  # type: ignore[arg-type]


def day(week: int, weekday: int) -> dt.date:
    return START + dt.timedelta(days=7 * week + weekday)


CLOSED = [day(2, 0), day(5, 0), day(9, 0), day(7, 2)]  # three Mondays and a Wednesday


def test_with_the_calendar_alone_monday_and_wednesday_differ_by_the_dates_lost() -> None:
    school = tiny_school(conditions=QUIET, calendar=tiny_calendar(12, closed=CLOSED))
    scenario = bare(school, observe=False)
    mine = Survival(scenario).pair(school.pairs[0])
    grid = school.grid
    worth = {}
    for c in mine.meets(0):
        t = mine.triple(0, None, c, None)
        assert t.completed == t.held
        worth[str(grid.slot(c))] = t.completed
    assert worth["1Wed:5"] - worth["1Mon:5"] == 3 - 1
    assert worth["1Tue:5"] == mine.groups[0].windows.__len__()


def test_reasons_are_counts_of_the_calendar() -> None:
    school = tiny_school(conditions=QUIET, calendar=tiny_calendar(12, closed=CLOSED))
    tables = Survival(bare(school))
    mine = tables.pair(school.pairs[0])
    monday, tuesday = mine.meets(0)[:2]
    reasons = tables.reasons(mine.triple(0, None, monday, tuesday))
    assert reasons[0].startswith("Mon loses 3 of 12 dates")
    assert "the reserve is on another day than the first" in reasons


def by_hand(school: School, observe: int, meet: int, reserve: int, wants: bool) -> tuple[int, int]:
    """Count complete and held cycles date by date, with nothing but the calendar."""
    per = len(school.grid)
    closed, full, held = set(CLOSED), 0, 0
    visits = [c for c in school.visit_cells(school.pairs[0]) if c not in (observe, meet, reserve)]
    for week in range(1, 12):  # the first week is for contracting

        def on(cell: int, week: int = week) -> bool:
            return day(week, cell // per) not in closed

        when = meet if on(meet) else reserve if on(reserve) else -1
        if when < 0:
            continue
        held += 1
        seen = on(observe) and observe < when
        again = any(v // per > observe // per and v < when for v in visits)
        full += seen or again or not wants
    return full, held


def six_periods() -> Grid:
    starts = (540, 600, 680, 740, 845, 905)
    return Grid(tuple(Period(str(i + 1), t, t + 60, "lesson") for i, t in enumerate(starts)), 1)


def test_brute_force_over_a_five_by_six_grid_agrees() -> None:
    school = tiny_school(
        conditions=QUIET,
        calendar=tiny_calendar(12, closed=CLOSED),
        grid=six_periods(),
        lessons={"E1": "**:1 **:2 **:3 1Tue:6", "M1": "**:2 **:3 **:4"},
    )
    scenario = bare(school, horizon=0)
    best = (-1, -1)
    common = school.common_free(school.pairs[0])
    mine = Survival(scenario).pair(school.pairs[0])
    for m in common:
        for o in school.visit_cells(school.pairs[0]):
            if o >= m:
                continue
            for r in common:
                if r == m:
                    continue
                hand = by_hand(school, o, m, r, wants=True)
                best = max(best, hand)
                t = mine.triple(0, o, m, r)
                assert t.held == pytest.approx(hand[1])
    (top,) = slots(scenario, "E1")
    first = top["slots"][0]
    assert (first["completed"], first["held"]) == pytest.approx(best)


def test_a_reserve_on_the_same_day_shares_the_absence_and_another_day_rescues_more() -> None:
    conditions = {**QUIET, "sickness_days": 12.0}
    school = tiny_school(
        conditions=conditions, grid=six_periods(), weeks=20,
        lessons={"E1": "**:1 **:2 **:3", "M1": "**:2 **:3 **:4"},
    )  # fmt: skip
    tables = Survival(bare(school, observe=False, horizon=0))
    mine = tables.pair(school.pairs[0])
    per = mine.per_day
    alone = mine.triple(0, None, per + 4, None).held
    same = mine.triple(0, None, per + 4, per + 5).held
    other = mine.triple(0, None, per + 4, 2 * per + 4).held
    far = mine.triple(0, None, per + 4, 4 * per + 4).held
    assert same - alone < 0.2 * (other - alone)
    assert other < far  # what is left of a spell


def test_a_reserve_before_the_meeting_helps_only_where_a_cycle_may_be_caught_up() -> None:
    school = tiny_school(conditions={**QUIET, "sickness_days": 12.0}, weeks=20)
    gain = []
    for horizon in (0, 1):
        mine = Survival(bare(school, observe=False, horizon=horizon)).pair(school.pairs[0])
        monday, tuesday = mine.meets(0)[:2]
        alone, two = (mine.triple(0, None, tuesday, r).held for r in (None, monday))
        gain.append(two - alone)
    assert gain[0] == 0 < gain[1] < 0.2 * 20


def test_absence_agrees_with_the_diary() -> None:
    import numpy as np

    from ectsim.luck import Luck
    from ectsim.model.diary import write_diary

    scenario = load("default").with_changes(
        {"plan.preset": "timetabled", "conditions.season_spread": 0.0}
    )
    tables = Survival(scenario, years=1)
    days = (40, 42)
    there = np.concatenate(
        [(write_diary(tables.frame, Luck(3, r)).away[:96, days] == 0) for r in range(300)]
    )
    pair = scenario.school.pairs[0]
    both = float(there.all(axis=1).mean())
    one = float(there[:, 0].mean())
    assert tables.present(pair, [40]) == pytest.approx(one**2, abs=0.012)
    assert tables.present(pair, days) == pytest.approx(both**2, abs=0.02)


def test_protection_orders_the_chance_of_being_called() -> None:
    tables = Survival(load("default"), years=10)
    for c in range(tables.school.grid.cells):
        none, last, never = (tables.called(c, x) for x in ("none", "last", "guaranteed"))
        assert none >= last >= never == 0
    assert max(tables.plain) > 0


def test_the_chance_of_cover_agrees_with_the_cover_table() -> None:
    import numpy as np

    from ectsim.luck import Luck
    from ectsim.model.cover import allocate
    from ectsim.model.diary import write_diary

    scenario = load("default").with_changes({"plan.protection.mentor": "none"})
    tables = Survival(scenario, years=40)
    frame = tables.frame
    called = expected = 0.0
    marked = (
        frame.call_order < 0
    )  # supervisors, and cells marked for cover: called before all others
    for r in range(40):
        luck = Luck(1, r)
        diary = write_diary(frame, luck)
        book = allocate(frame, diary, luck)
        called += float((book.calls & ~marked[:, book.cells]).sum())
    per_cell = np.array(tables.plain)
    for d in range(frame.days):
        if frame.timetabled[d]:
            at = frame.cycle_day[d] * frame.periods
            free = (frame.callable_cells & ~marked).reshape(len(frame.staff), frame.days, -1)[:, d]
            expected += float((free.sum(axis=0) * per_cell[at : at + frame.periods]).sum())
    # absent people are not called: the difference is a few per cent of the calls
    assert called / 40 == pytest.approx(expected, rel=0.12)


def test_the_plan_is_lawful_and_the_same_each_time() -> None:
    scenario = load("default").with_changes({"plan.preset": "timetabled"})
    tables = Survival(scenario)
    once, twice = (pair_up(scenario, survival=t) for t in (tables, Survival(scenario)))
    assert once == twice
    assert once.status == "optimal"
    assert not once.unserved
    made = once.scenario(scenario)  # a scenario refuses slots that clash
    assert made.plan.slots == once.slots
    keep_planning_time(scenario, once.slots, once.pairs)


def keep_planning_time(
    scenario: Scenario, four: dict[str, PairSlots], pairs: tuple[Pair, ...]
) -> None:
    school = replace(scenario.school, pairs=pairs)
    for who, cells in slot_cells(school, four).items():
        assert len(cells) <= spare_cells(school, scenario.programme, who)


def lawful_first_fit(scenario: Scenario) -> int:
    """Count ECTs to whom the plain rule gives every meeting within everybody's planning time."""
    found = first_fit(scenario.school, scenario.programme)
    used: dict[str, int] = {}
    served = 0
    weeks = scenario.school.grid.cycle_weeks
    for p in scenario.school.pairs:
        meets = len(found[p.id].meet)
        for who in (p.ect, p.mentor):
            used[who] = used.get(who, 0) + meets
        fits = all(
            used[w] <= spare_cells(scenario.school, scenario.programme, w)
            for w in (p.ect, p.mentor)
        )
        served += meets == weeks and fits
    return served


@pytest.mark.parametrize("seed", range(12))
def test_never_fewer_served_than_first_fit(seed: int) -> None:
    scenario = scattered(seed, shared=seed % 2 == 0, cycle=1 + seed % 2)
    found = pair_up(scenario)
    assert found.status == "optimal"
    assert len(scenario.school.pairs) - len(found.unserved) >= lawful_first_fit(scenario)
    found.scenario(scenario)
    keep_planning_time(scenario, found.slots, found.pairs)


def scattered(
    seed: int, *, shared: bool, cycle: int = 1, ects: int = 4, mentors: int = 4
) -> Scenario:
    """Make a school whose rows are drawn, with few common free periods."""
    rng = random.Random(seed)
    pairs = [Pair(f"E{i}", "M1" if shared else f"M{i % mentors}") for i in range(ects)]
    school = tiny_school(
        pairs, cycle_weeks=cycle, weeks=8, conditions=QUIET,
        staff=[s for s in tiny_school(pairs).staff if s.id.startswith("M")],
        departments={f"{w}{i}": "maths" for w in "EM" for i in range(9)},
    )  # fmt: skip
    rows = {
        s.id: "".join(rng.choice("flllllllpb") for _ in range(school.grid.cells))
        for s in school.staff
    }
    return bare(replace(school, timetable=Timetable(rows, {})))


def augment(graph: dict[str, list[str]]) -> int:
    """Size of a maximum matching by augmenting paths."""
    match: dict[str, str] = {}

    def grow(e: str, seen: set[str]) -> bool:
        for m in graph[e]:
            if m not in seen:
                seen.add(m)
                if m not in match or grow(match[m], seen):
                    match[m] = e
                    return True
        return False

    return sum(grow(e, set()) for e in sorted(graph))


@pytest.mark.parametrize("seed", range(12))
def test_with_one_ect_a_mentor_as_many_are_served_as_a_matching_allows(seed: int) -> None:
    scenario = scattered(seed, shared=False, ects=5, mentors=5)
    school = scenario.school
    graph = {
        p.id: [
            m
            for m in candidates(scenario, p, any_mentor=True)
            if school.common_free(replace(p, mentor=m))
        ]
        for p in school.pairs
    }
    # everybody has a mentor; those whom the matching leaves out have one without a common hour
    found = pair_up(scenario, any_mentor=True, caseload=1)
    if found.status == "infeasible":
        pytest.skip("fewer mentors than ECTs")
    assert len(school.pairs) - len(found.unserved) == augment(graph)


def test_pins_and_bans_are_kept() -> None:
    scenario = scattered(3, shared=False, ects=3, mentors=5)
    free = tiny_school(
        2, conditions=QUIET, departments=dict.fromkeys(("E1", "E2", "M1", "M2"), "a")
    )
    scenario = bare(free)
    wishes = Wishes(
        mentors={"E1": "M2"},
        not_mentors=frozenset({("E2", "M2")}),
        meets={"E1": ("1Fri:5",)},
        not_slots={"E2": ("1Tue:5", "1Wed:5")},
    )
    found = pair_up(scenario, any_mentor=True, wishes=wishes)
    assert {p.ect: p.mentor for p in found.pairs} == {"E1": "M2", "E2": "M1"}
    assert found.slots["E1"].meet == ("1Fri:5",)
    used = {x for u in ("meet", "reserve", "study") for x in getattr(found.slots["E2"], u)}
    assert not used & {"1Tue:5", "1Wed:5"}
    none = pair_up(scenario, wishes=Wishes(not_mentors=frozenset({("E1", "M1")})))
    assert none.status == "infeasible"
    assert not none.slots


def test_what_would_have_to_move_is_minimal_and_said_in_words() -> None:
    # the ECT is never free in week 2, the mentor only in period 5
    school = tiny_school(
        cycle_weeks=2, conditions=QUIET, lessons={"E1": "1*:1 1*:2 2*:1 2*:2 2*:3 2*:5 2*:4"}
    )
    scenario = bare(school)
    assert not possible(scenario)
    found = conflicts(scenario)
    assert not found.possible
    assert len(found.obstacles) == len(found.sentences) >= 1
    assert possible(scenario, found.obstacles)
    for fewer in combinations(found.obstacles, len(found.obstacles) - 1):
        assert not possible(scenario, fewer)
    assert any("move the lesson of E1 at 2" in s for s in found.sentences)


def test_nothing_stands_in_the_way_of_a_free_school() -> None:
    found = conflicts(bare(tiny_school(conditions=QUIET)))
    assert found.possible
    assert not found.obstacles


def test_two_ects_with_one_hour_of_their_mentor() -> None:
    marks = {"M1": {"duty": "*Mon:5 *Tue:5 *Wed:5 *Thu:5 **:1"}}
    school = tiny_school(
        [("E1", "M1"), ("E2", "M1")], marks=marks, conditions=QUIET,
        lessons={"M1": "**:2 **:3", "E1": "**:1 **:2 **:3 **:4", "E2": "**:1 **:2 **:3 **:4"},
    )  # fmt: skip
    scenario = bare(school)
    found = conflicts(scenario)
    assert not found.possible
    assert possible(scenario, found.obstacles)
    for fewer in combinations(found.obstacles, len(found.obstacles) - 1):
        assert not possible(scenario, fewer)


def test_an_unlawful_plan_is_not_made() -> None:
    # every free cell is planning time: nobody is served, and that is said
    lessons = {"E1": "**:1 **:2 **:3 **:4", "M1": "**:1 **:2 **:3 **:4"}
    marks = {w: {"ppa": "**:5"} for w in ("E1", "M1")}
    found = pair_up(bare(tiny_school(lessons=lessons, marks=marks, conditions=QUIET)))
    assert found.unserved == ("E1",)
    assert not found.slots["E1"].meet


@pytest.mark.real
def test_the_real_school(real_data: Path, tmp_path: Path) -> None:
    from ectsim.timetables.importer import import_school

    import_school(
        real_data / "timetables" / "sims_staff_timetable.csv",
        roster=real_data / "timetables" / "sims_roster.csv",
        calendar=[real_data / "calendars" / "staffordshire_2025-26.csv"],
        to=tmp_path / "school",
    )
    scenario = load(str(tmp_path / "school" / "timetabled.toml"))
    tables = Survival(scenario)
    started = time.perf_counter()
    found = pair_up(scenario, survival=tables)
    assert found.status == "optimal"
    assert time.perf_counter() - started < 60  # a hang, not a budget: benchmarks print those
    found.scenario(scenario)


def tops(scenario: Scenario) -> dict[str, PairSlots]:
    """Take the first of every list, as somebody who reads ``ectsim slots`` would."""
    out: dict[str, dict[str, list[str]]] = {}
    for g in slots(scenario, top=1):
        four = out.setdefault(g["pair"], {"observe": [], "meet": [], "reserve": []})
        for s in g["slots"]:
            for use, texts in four.items():
                texts += [s[use]] if s[use] else []
    return {
        p: PairSlots.model_validate({u: tuple(sorted(x)) for u, x in f.items()})
        for p, f in out.items()
    }


@pytest.mark.parametrize("shared", [False, True])
def test_the_first_of_every_list_can_be_used_together(shared: bool) -> None:
    scenario = load("default").with_changes({"plan.preset": "timetabled"})
    if shared:  # one mentor, two ECTs
        pairs = tuple(
            replace(p, mentor=scenario.school.pairs[0].mentor) if i < 2 else p
            for i, p in enumerate(scenario.school.pairs)
        )
        empty = scenario.plan.model_copy(update={"slots": {}})
        school = replace(scenario.school, pairs=pairs)
        scenario = replace(scenario, school=school, plan=empty, source=None)
    found = tops(scenario)
    weeks = scenario.school.grid.cycle_weeks
    for p in scenario.school.pairs:
        four = found[p.id]
        if shared and len(four.meet) < weeks:
            continue
        assert len(four.meet) == len(set(four.meet)) == weeks
        assert len(set(four.observe)) == len(four.observe) == weeks  # a visit of its own for each
    replace(scenario, plan=scenario.plan.model_copy(update={"slots": found}))  # refuses clashes
    uses: dict[str, list[str]] = {}
    for p in scenario.school.pairs:
        four = found[p.id]
        uses.setdefault(p.ect, []).extend((*four.meet, *four.reserve))
        uses.setdefault(p.mentor, []).extend((*four.meet, *four.reserve, *four.observe))
    for who, texts in uses.items():
        assert len(texts) == len(set(texts)), who
    keep_planning_time(scenario, found, scenario.school.pairs)


def test_a_conference_counts_on_the_days_that_it_takes() -> None:
    scenario = load("default").with_changes(
        {"plan.preset": "timetabled", "conditions.sickness_days": 0.0, "conditions.planned_absence": 0.0}
    )  # fmt: skip
    pair = scenario.school.pairs[0]
    tables = Survival(scenario, years=1)
    without = Survival(scenario.with_changes({"programme.events.in_year": False}), years=1)
    days = tables.training_days(pair)
    assert days
    assert not without.training_days(pair)
    mine, other = tables.pair(pair), without.pair(pair)
    frame = tables.frame
    for g in range(len(mine.groups)):
        for m in mine.meets(g):
            at = m // tables.per_day
            dates = {w[at] for w in mine.groups[g].windows if at in w}
            lost = sum(p for d, p in days.items() if d in dates and frame.timetabled[d])
            less = other.triple(g, None, m, None).held - mine.triple(g, None, m, None).held
            assert less == pytest.approx(lost)
    back = scenario.with_changes({"plan.training_release": "time_back"})
    assert not Survival(back, years=1).training_days(pair)


def test_a_visit_to_a_class_that_has_left_is_none() -> None:
    scenario = load("default").with_changes({"plan.preset": "timetabled"})
    mine = Survival(scenario, years=1).pair(scenario.school.pairs[0])
    group = 0
    m = mine.meets(group)[0]
    o = next(v for v in mine.visits if v in mine.observes(m))
    before = mine.triple(group, o, m, None).completed
    again = Survival(scenario, years=1).pair(scenario.school.pairs[0])
    again.gained = {
        d * again.per_day + o % again.per_day
        for w in (*again.groups[group].windows, *again.groups[group].before)
        for at, d in w.items()
        if at == o // again.per_day
    }
    assert again.triple(group, o, m, None).completed < before
