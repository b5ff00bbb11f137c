"""Scenarios for the laws: hypothesis draws small schools, plans and conditions of every kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from ectsim.clock import Calendar, Grid
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import Conditions, Pair, School, assume_ppa
from tests.builders import ALL_STAY, QUIET, START, tiny_calendar, tiny_grid, tiny_plan, tiny_school

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
LEVELS = ("none", "last", "guaranteed")
MEANS = ("reserve", "common_free", "before_after", "video", "split")

BUSY: dict[str, object] = {
    "sickness_days": 22.0,
    "planned_absence": 0.06,
    "sickness_short_mean": 1.5,
    "event_member_share": 0.4,
    "winter": 0.0,
    "season_spread": 0.3,
}
"""So much absence that cover strikes small schools every week."""

LAW_6: dict[str, object] = {
    "feedback": False,
    "learning": False,
    "random_durations": False,
    **ALL_STAY,
    "rearrangements": 20,  # see test_never_lowers: the limit on new times is part of the switches
}
"""Conditions under which the laws of law 6 hold run by run."""


def law_6_programme() -> Programme:
    """Return a programme without the rule of one meeting a day."""
    tree = Programme().model_dump()
    tree["coaching"]["one_meeting_a_day"] = False
    tree["events"]["in_year"] = False
    return Programme.model_validate(tree)


@st.composite
def calendars(draw: st.DrawFn, *, weeks: tuple[int, int] = (3, 8)) -> Calendar:
    """Draw a short year with holidays, closed days and days off the timetable."""
    n = draw(st.integers(*weeks))
    breaks = (
        dict.fromkeys(draw(st.sets(st.integers(1, max(1, n - 1)), max_size=1)), 1) if n > 1 else {}
    )
    span = (n + len(breaks)) * 7
    some = st.sets(st.integers(0, span - 1), max_size=4)
    closed = [START + dt.timedelta(days=d) for d in draw(some)]
    off = [
        START + dt.timedelta(days=d) for d in draw(st.sets(st.integers(0, span - 1), max_size=2))
    ]
    calendar = tiny_calendar(n, closed=closed, breaks=breaks, off_timetable=off)
    return calendar if calendar.pupil_days else tiny_calendar(n)


def starts() -> st.SearchStrategy[dt.date | None]:
    """Draw the day on which a pair begins: mostly with the year."""
    within = [START + dt.timedelta(days=d) for d in (1, 9, 14)]
    return st.sampled_from((None, None, None, *within))


@st.composite
def schools(
    draw: st.DrawFn,
    *,
    own_mentors: bool = False,
    full_time: bool = False,
    conditions: Mapping[str, object] | None = None,
    weeks: tuple[int, int] = (3, 8),
    pairs: tuple[int, int] = (1, 3),
    busy: bool = False,
) -> School:
    """Draw a small school: shared mentors, part-time staff, both years, PPA marked or assumed.

    Where it is ``busy``, some colleagues teach all day, so that an absence finds few who are free.
    """
    grid = tiny_grid(draw(st.sampled_from((1, 2))), outside=draw(st.booleans()))
    count = draw(st.integers(*pairs))
    mentors = [
        f"M{i}" if own_mentors else f"M{draw(st.integers(1, i))}" for i in range(1, count + 1)
    ]
    pairs = [
        Pair(
            f"E{i}",
            mentor,
            draw(st.sampled_from((1, 1, 2))),
            draw(st.booleans()),
            start=draw(starts()),
        )
        for i, mentor in enumerate(mentors, 1)
    ]
    others = draw(st.integers(3, 6) if busy else st.integers(0, 5))
    people = sorted({w for p in pairs for w in (p.ect, p.mentor)}) + [
        f"S{i}" for i in range(1, others + 1)
    ]
    lessons, marks, fte = {}, {}, {}
    for who in people:
        # which of the five lesson periods are free, day by day
        most = 1 if busy and who.startswith("S") else 3
        free = draw(
            st.lists(
                st.sets(st.sampled_from("12345"), min_size=int(most > 1), max_size=most),
                min_size=5,
                max_size=5,
            )
        )
        lessons[who] = " ".join(
            f"*{d}:{p}" for d, f in zip(DAYS, free, strict=True) for p in "12345" if p not in f
        )
        mine: dict[str, str] = {}
        if draw(st.booleans()):
            at = draw(st.integers(0, 4))
            mine["ppa"] = " ".join(f"*{DAYS[at]}:{p}" for p in sorted(free[at])[:1])
        if who.startswith("S") and draw(st.booleans()):
            at = draw(st.integers(0, 4))
            mine["cover"] = " ".join(f"*{DAYS[at]}:{p}" for p in sorted(free[at])[-1:])
        if not full_time and draw(st.integers(0, 4)) == 0:
            away = draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=3))
            mine = {"blocked": " ".join(f"*{d}:*" for d in sorted(away))}
            fte[who] = f"{5 - len(away)}/5"
        marks[who] = mine
    school = tiny_school(
        pairs,
        staff=others,
        lessons=lessons,
        marks=marks,
        fte=fte,
        grid=grid,
        calendar=draw(calendars(weeks=weeks)),
        departments={w: draw(st.sampled_from(("", "Maths", "Art"))) for w in people},
        conditions={**draw(any_conditions()), **(conditions or {})},
    )
    named = ("", "", *(s.id for s in school.staff))
    school = replace(school, coordinator=draw(st.sampled_from(named)))
    return assume_ppa(school, share=0.1) if draw(st.booleans()) else school


def any_conditions() -> st.SearchStrategy[dict[str, object]]:
    """Draw conditions from quiet to chaotic."""
    share = st.floats(0, 1)
    rate = st.sampled_from((0.0, 0.1, 0.3, 0.6))
    return st.fixed_dictionaries(
        {
            "sickness_days": st.sampled_from((0.0, 5.5, 20.0, 40.0)),
            "sickness_short_mean": st.sampled_from((1.0, 1.5, 3.0)),
            "planned_absence": st.sampled_from((0.0, 0.02, 0.1)),
            "leader_support": share,
            "relationship": share,
            "culture": share,
            "belief": share,
            "slip_found": rate,
            "slip_before_after": rate,
            "drift": rate,
            "upload_failure": rate,
            "study_own_time": st.sampled_from((0.0, 0.5, 1.0)),
            "deferral": rate,
            "rearrangements": st.integers(0, 3),
            "feedback": st.booleans(),
            "learning": st.booleans(),
            "random_durations": st.booleans(),
            "register_weeks": st.sampled_from((0.0, 0.5)),
            "access_weeks": st.sampled_from((0.0, 0.8, 3.0)),
            "ect_leave": rate,
            "mentor_leave": rate,
            "replacement_weeks": st.sampled_from((0.0, 1.0, 5.0)),
            "leave_rate": rate,
            "leave_weeks": st.sampled_from((1.0, 4.0)),
        }
    )


@st.composite
def slot_tables(
    draw: st.DrawFn,
    school: School,
    *,
    uses: tuple[str, ...] = ("meet", "observe", "reserve", "study"),
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Draw slots of each use for each pair where people are free, nobody twice in one cell."""
    taken: set[tuple[str, int]] = set()
    out: dict[str, dict[str, tuple[str, ...]]] = {}
    for pair in school.pairs:
        both = (pair.ect, pair.mentor)
        room = {
            "meet": (both, school.common_free(pair)),
            "observe": ((pair.mentor,), school.visit_cells(pair)),
            "reserve": (both, school.common_free(pair)),
            "study": ((pair.ect,), school.free_cells(pair.ect)),
        }
        mine: dict[str, tuple[str, ...]] = {}
        for use in uses:
            people, cells = room[use]
            cells = [c for c in cells if not any((w, c) in taken for w in people)]
            if not cells:
                continue
            chosen = draw(st.sets(st.sampled_from(cells), max_size=2))
            taken |= {(w, c) for w in people for c in chosen}
            mine[use] = tuple(str(school.grid.slot(c)) for c in sorted(chosen))
        out[pair.id] = mine
    return out


def cover_policies() -> st.SearchStrategy[dict[str, object]]:
    """Draw who covers."""
    fill = st.sampled_from((0.0, 0.5, 0.9, 1.0))
    return st.fixed_dictionaries(
        {
            "supervisors": st.integers(0, 2),
            "known_fill": fill,
            "sickness_fill": fill,
            "bought_fill": fill,
            "rota": st.sampled_from(("keyed", "keyed", "fewest_first")),
        }
    )


@st.composite
def plans(draw: st.DrawFn, school: School, **fixed: Any) -> Plan:
    """Draw a plan that fits a school."""
    changes: dict[str, Any] = {
        "meeting": draw(st.sampled_from(("fixed", "found"))),
        "protection": {
            side: draw(st.sampled_from(LEVELS)) for side in ("mentor", "ect", "reserve")
        },
        "cover": draw(cover_policies()),
        "before_after": draw(st.booleans()),
        "recovery": tuple(draw(st.permutations(MEANS))[: draw(st.integers(0, len(MEANS)))]),
        "horizon": draw(st.integers(0, 2)),
        "meeting_min": draw(st.sampled_from((20, 45, 60))),
        "observe": draw(st.sampled_from((True, True, False))),
        "video": draw(st.booleans()),
        "model": draw(st.booleans()),
        "reps": draw(st.integers(0, 4)),
        "gate": draw(st.sampled_from(("deepen", "ignore", "postpone"))),
        "cadence": draw(st.sampled_from((1, 1, 2))),
        "checkin_min": draw(st.sampled_from((0, 30))),
        "pastoral_by_other": draw(st.booleans()),
        "registered_early": draw(st.booleans()),
        "repair_after": draw(st.integers(0, 2)),
        "monitoring_lag_weeks": draw(st.integers(0, 2)),
        "recognise": draw(st.booleans()),
        **fixed,
    }
    table: dict[str, dict[str, Any]] = dict(draw(slot_tables(school)))
    ects = {p.ect for p in school.pairs}
    for pair in school.pairs:
        others = sorted({s.id for s in school.staff} - ects - {pair.mentor})
        if others and draw(st.integers(0, 3)) == 0:
            table[pair.id] = {**table[pair.id], "deputy": draw(st.sampled_from(others))}
    return tiny_plan(table, **changes)


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """Draw the rules that laws must not depend on."""
    tree = Programme().model_dump()
    tree["coaching"].update(
        first_week=draw(st.sampled_from(("contract", "coach"))),
        one_meeting_a_day=draw(st.booleans()),
        pause_after=draw(st.sampled_from((1, 3, 20))),
        period_weeks_y2=draw(st.sampled_from((1, 2, 3))),
        review_weeks=(2, 4),
        observation_days=draw(st.sampled_from((2, 10))),
    )
    tree["events"]["in_year"] = draw(st.booleans())
    tree["study"]["schedule"] = draw(st.sampled_from(("12x3", "24+12", "18+18")))
    return Programme.model_validate(tree)


@st.composite
def scenarios(draw: st.DrawFn, **school: Any) -> Scenario:
    """Draw a scenario of any kind."""
    the_school = draw(schools(**school))
    return Scenario("drawn", draw(programmes()), the_school, draw(plans(the_school)))


@st.composite
def busy_scenarios(draw: st.DrawFn, *, pairs: tuple[int, int] = (1, 3), **plan: Any) -> Scenario:
    """Draw a small busy school under the switches of law 6: each pair its own mentor, no visits."""
    quiet = {k: v for k, v in QUIET.items() if k in ("drift", "upload_failure", "deferral")}
    conditions = {**quiet, **BUSY, **LAW_6, "leader_support": draw(st.sampled_from((0.0, 0.3)))}
    school = draw(schools(own_mentors=True, conditions=conditions, pairs=pairs, busy=True))
    few = {"supervisors": draw(st.integers(0, 1)), "sickness_fill": 0.0}
    policy = {**draw(cover_policies()), "rota": "keyed", **few}
    fixed = {"observe": False, "video": False, "gate": "deepen", "cover": policy}
    # a pair that loses fewer cycles is also helped less often; a deputy is somebody shared
    fixed = {**fixed, "repair_after": 0, "deputy": False, **plan}
    return Scenario("busy", law_6_programme(), school, draw(plans(school, **fixed)))


def with_plan(scenario: Scenario, **changes: Any) -> Scenario:
    """Return a scenario in which fields of the plan are changed; a table is merged."""
    tree = scenario.plan.model_dump()
    for key, value in changes.items():
        tree[key] = {**tree[key], **value} if isinstance(value, Mapping) else value
    return replace(scenario, plan=Plan.model_validate(tree))


def with_slots(scenario: Scenario, pair: str, **uses: Any) -> Scenario:
    """Return a scenario in which one pair's slots are changed."""
    slots = {who: s.model_dump() for who, s in scenario.plan.slots.items()}
    slots[pair] = {**slots.get(pair, {}), **uses}
    return with_plan(scenario, slots=slots)


def with_conditions(scenario: Scenario, **changes: Any) -> Scenario:
    """Return a scenario in which conditions are changed."""
    tree = {**scenario.school.conditions.model_dump(), **changes}
    school = replace(scenario.school, conditions=Conditions.model_validate(tree))
    return replace(scenario, school=school)


def with_coaching(scenario: Scenario, **changes: Any) -> Scenario:
    """Return a scenario in which the programme's coaching is changed."""
    tree = scenario.programme.model_dump()
    tree["coaching"].update(changes)
    return replace(scenario, programme=Programme.model_validate(tree))


def free_slots(scenario: Scenario, pair: Pair, grid: Grid | None = None) -> list[str]:
    """Return the slots in which both of a pair are free and nothing of the plan stands."""
    school = scenario.school
    used = {
        (who, school.grid.cell(slot))
        for p in school.pairs
        for use, people in (
            ("meet", (p.ect, p.mentor)),
            ("reserve", (p.ect, p.mentor)),
            ("observe", (p.mentor,)),
            ("study", (p.ect,)),
        )
        for text in getattr(scenario.plan.slots_of(p.id), use)
        for slot in [_slot(text)]
        for who in people
    }
    return [
        str(school.grid.slot(c))
        for c in school.common_free(pair)
        if not {(pair.ect, c), (pair.mentor, c)} & used
    ]


def _slot(text: str) -> Any:
    from ectsim.clock import Slot

    return Slot.parse(text)
