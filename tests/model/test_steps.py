"""Steps, knowing and doing, study: what each mechanism does, and that without it its metric is empty."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest

from ectsim.content import modules, steps
from ectsim.ledger import ledger
from ectsim.log import CAUSE_CODE, EVENT_CODE, EVENTS, FORMS, Event
from ectsim.metrics import METRICS, Run
from ectsim.model.frame import frame_of
from ectsim.model.year import live_years, simulate
from ectsim.scenario import Scenario, load
from tests.builders import tiny_plan, tiny_scenario, tiny_school, without_steps
from tests.laws.worlds import with_conditions, with_plan

E = EVENT_CODE
OF_STEPS = {"step_chosen", "step_deferred", *EVENTS[EVENTS.index("step_set") :]} - {"revisited"}
SHARED = ("step_set", "step_own", "step_repeated")
LIBRARY = steps()
YEARS = 6
TWO_YEARS = {"programme.run_years": 2}


@cache
def base() -> Scenario:
    """Return Doug's school: two pairs of the first year, with slots."""
    return load("doug")


def events(scenario: Scenario, year: int = 0) -> list[Event]:
    return simulate(scenario, 1, year).events()


def named(rows: list[Event], *names: str) -> list[Event]:
    codes = {E[n] for n in names}
    return [e for e in rows if e.event in codes]


def metric(name: str, scenario: Scenario, years: int = YEARS) -> float:
    """Return the mean of a metric over the first years."""
    values = [METRICS[name].of(Run(scenario, simulate(scenario, 1, k))) for k in range(years)]
    return math.fsum(values) / years


def rules(scenario: Scenario, **changes: Any) -> Scenario:
    return scenario.with_changes({f"programme.steps.{k}": v for k, v in changes.items()})


# nothing else moves ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["default", "primary", "quiet", "doug"])
@pytest.mark.parametrize("gate", ["deepen", "ignore", "postpone"])
def test_every_other_event_is_the_same_without_steps(name: str, gate: str) -> None:
    scenario = with_plan(load(name), gate=gate)
    for year in range(2):
        logs = [simulate(s, 1, year) for s in (scenario, without_steps(scenario))]
        with_them, without = ([r for r in log.rows if EVENTS[r[1]] not in OF_STEPS] for log in logs)
        assert with_them == without
        booked = [
            [(e.bin, e.content, e.reason, e.cause) for e in ledger(log, scenario)] for log in logs
        ]
        assert booked[0] == booked[1]
        logs[0].check()
        assert not {EVENTS[r[1]] for r in logs[1].rows} & {"step_set", "knowing", "module_read"}


def test_without_steps_their_metrics_are_empty() -> None:
    bare = without_steps(base())
    run = Run(bare, simulate(bare, 1, 0))
    empty = {"steps_set", "steps_repeated", "misapplied", "mentor_reading"}
    assert {METRICS[n].of(run) for n in empty} == {0}
    for name in ("steps_mastered", "ect_led", "knowing_gained", "doing_gained"):
        assert math.isnan(METRICS[name].of(run))


# the choice --------------------------------------------------------------------------------------


def test_one_step_a_meeting_from_what_is_studied() -> None:
    for year in range(YEARS):
        rows = events(base(), year)
        taken = named(rows, *SHARED)
        assert len({(e.pair, e.cycle) for e in taken}) == len(taken) > 30
        done = {(e.pair, e.value): e.time for e in named(rows, "studied")}
        for e in taken:
            assert done[e.pair, LIBRARY[e.value].module - 1] <= e.time


def test_a_step_is_shared_when_the_meeting_comes_to_it_and_new_only_after_a_visit() -> None:
    for year in range(YEARS):
        log = simulate(base(), 1, year)
        rows = log.events()
        booked = {(e.pair, e.cycle): e for e in ledger(log, base())}
        shared = {(e.pair, e.cycle) for e in named(rows, "share")}
        shared -= {key for key in shared if booked[key].topic < 0}  # nothing is studied yet
        assert {(e.pair, e.cycle) for e in named(rows, *SHARED)} == shared
        first: dict[int, tuple[int, int]] = {}
        for e in named(rows, *SHARED):
            key = (e.pair, e.cycle)
            new = e.event != E["step_repeated"]
            assert booked[key].seen or not new or e.pair not in first
            first.setdefault(e.pair, key)


def test_a_repeated_step_is_the_last_one() -> None:
    in_hand: dict[int, int] = {}
    rows = named(events(base()), *SHARED)
    for e in rows:
        if e.event == E["step_repeated"]:
            assert in_hand[e.pair] == e.value
        in_hand[e.pair] = e.value
    assert len(named(rows, "step_repeated")) > 5


def test_a_need_waits_for_its_week_and_is_then_the_first() -> None:
    waited = 0
    for year in range(YEARS):
        rows = events(base(), year)
        done = {(e.pair, e.value): e.time for e in named(rows, "studied")}
        open_needs: dict[int, list[int]] = {}
        for e in named(rows, "step_deferred", "step_set", "step_own"):
            needs = open_needs.setdefault(e.pair, [])
            if e.event == E["step_deferred"]:
                assert done.get((e.pair, e.value), math.inf) > e.time
                if e.value not in needs:
                    needs.append(e.value)
                continue
            topic = LIBRARY[e.value].module - 1
            ready = bool(needs) and done.get((e.pair, needs[0]), math.inf) <= e.time
            assert (FORMS[e.form] == "waited") == ready
            if ready:
                assert needs.pop(0) == topic
                waited += 1
    assert waited > 20


def test_a_deferral_keeps_the_topic_in_hand() -> None:
    kept = 0
    for year in range(YEARS):
        topic: dict[int, int] = {}
        rows = events(base(), year)
        deferred = {(e.pair, e.cycle) for e in named(rows, "step_deferred")}
        for e in named(rows, *SHARED):
            now = LIBRARY[e.value].module
            if (e.pair, e.cycle) in deferred and FORMS[e.form] in ("", "deeper"):
                kept += e.pair in topic
                assert topic.get(e.pair, now) == now
            topic[e.pair] = now
    assert kept > 10


def test_a_deferral_says_whether_study_is_late() -> None:
    late = with_conditions(
        base().with_changes({f"plan.slots.{p.id}.study": [] for p in base().school.pairs}),
        study_own_time=0.5,
    )
    on_time = with_conditions(late, study_own_time=1.0)
    assert metric("gate_held", late) > 0.03
    assert metric("gate_held", on_time) == 0
    frame, rows = frame_of(late), events(late)
    for e in named(rows, "step_deferred"):
        week = frame.weeks[frame.modules[e.pair][e.value]]
        assert (e.side == 1) == (frame.midnight[week.days[-1]] + 1440 <= e.time)


OFF: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("steps_deferred", {"conditions.deferral": 0.0}, {}),
    ("gate_held", {"conditions.deferral": 0.0}, {}),
    ("steps_mastered", {"programme.steps.mastery": 0.0}, {}),
    ("mastered_in_time", {"programme.steps.mastery": 0.0}, {}),
    ("steps_left", {"programme.steps.move_on": 0.0, "programme.steps.repeats": 40,
                    "conditions.deferral": 0.0, "plan.observe": True}, {}),
    ("own_steps", {"programme.steps.own_words": 0.0}, {}),
    ("plan_steps", {"programme.steps.plan_share": 0.0}, {}),
    ("ect_led", {"programme.steps.led_start": 0.0, "programme.steps.led_end": 0.0,
                 "programme.steps.led_gain": 0.0}, TWO_YEARS),
    ("steps_fit", {"programme.steps.fit": 0.0, "programme.steps.fit_read": 0.0,
                   "programme.steps.led_fit": 0.0, "conditions.deferral": 0.0}, {}),
    ("misapplied", {"plan.gate": "deepen"}, {"plan.gate": "ignore"}),
    ("mentor_reading", {"programme.study.mentor_reads": 0.0}, {}),
    ("doing_gained", {"programme.steps.practice_gain": 0.0, "programme.steps.mastery_gain": 0.0}, {}),
    ("knowing_gained", {"programme.steps.study_gain": 0.0, "programme.steps.revisit_gain": 0.0}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "off", "on"), OFF, ids=[o[0] for o in OFF])
def test_without_its_mechanism_a_metric_is_zero(
    name: str, off: dict[str, Any], on: dict[str, Any]
) -> None:
    scenario = base().with_changes(on)
    years = 2 if on == TWO_YEARS else 4
    assert metric(name, scenario, years) > 0
    assert metric(name, scenario.with_changes(off), years) == 0


# settling ----------------------------------------------------------------------------------------


def weekly(**changes: Any) -> Scenario:
    """Return one pair that meets each week after a visit, with a step that nobody leaves early."""
    school = tiny_school(
        1,
        weeks=30,
        conditions={
            "sickness_days": 0.0, "planned_absence": 0.0, "slip_found": 0.0, "drift": 0.0,
            "deferral": 0.0, "random_durations": False, "learning": False, "feedback": False,
        },
    )  # fmt: skip
    slots = {"E1": {"meet": "1Tue:5", "observe": "1Mon:1", "study": "1Wed:4"}}
    plan = tiny_plan(slots, cover={"supervisors": 2})
    found = tiny_scenario(school, plan).with_changes(
        {"programme.coaching.reviews_use_meeting": False}
    )
    return rules(found, **{"move_on": 0.0, "repeats": 40, "switch_cost": 0.0, **changes})


def settled(scenario: Scenario, years: int = 60) -> tuple[int, int, int]:
    """Return (steps set, settled, settled in time), without steps that the year's end cut off."""
    out = [0, 0, 0]
    for year in range(years):
        rows = named(events(scenario, year), "step_set", "step_own", "step_mastered")
        done = [e for e in rows if e.event == E["step_mastered"]]
        out[0] += len(rows) - len(done)
        out[1] += len(done)
        out[2] += sum(e.side for e in done)
    return out[0], out[1], out[2]


def test_a_week_of_a_full_cycle_settles_a_step_with_the_stated_chance() -> None:
    """Two rehearsals a week: of n steps a share of ``mastery`` settles in the first week."""
    for mastery in (0.4, 0.7):
        begun, _, in_time = settled(weekly(mastery=mastery))
        share = in_time / begun
        assert abs(share - mastery) < 4 * math.sqrt(mastery * (1 - mastery) / begun)


def test_half_the_rehearsals_settle_half_as_fast_and_no_model_slows_too() -> None:
    mastery = 0.6
    once = with_plan(weekly(mastery=mastery), reps=1)
    begun, _, in_time = settled(once)
    expected = 1 - (1 - mastery) ** 0.5
    assert abs(in_time / begun - expected) < 4 * math.sqrt(0.25 / begun)
    begun, _, in_time = settled(with_plan(weekly(mastery=mastery, without_model=0.5), model=False))
    assert abs(in_time / begun - expected) < 4 * math.sqrt(0.25 / begun)


def test_a_jump_costs_progress() -> None:
    free = rules(base(), switch_cost=0.0)
    dear = rules(base(), switch_cost=1.0)
    assert metric("topic_switches", free) > 0.05
    assert metric("mastered_in_time", dear) < metric("mastered_in_time", free)


def test_a_curriculum_that_is_followed_makes_fewer_jumps() -> None:
    """Steps that ECTs wish for lead away from it more often than those of a mentor (F075, F177)."""
    own = rules(base(), led_start=1.0, led_fit=0.0)
    assert metric("topic_switches", base()) < metric("topic_switches", own)


def test_a_step_is_left_only_after_its_repeats_or_by_choice() -> None:
    repeats = rules(base(), move_on=0.0, repeats=2)
    for year in range(YEARS):
        count: dict[int, int] = {}
        rows = named(events(repeats, year), *SHARED, "step_left", "step_deferred")
        for e in rows:
            if e.event == E["step_repeated"]:
                count[e.pair] = count.get(e.pair, 0) + 1
            elif e.event == E["step_left"]:
                following = next(
                    x for x in rows if x.pair == e.pair and x.cycle == e.cycle and x.event != e.event
                    and x.event in {E["step_set"], E["step_own"]}
                )  # fmt: skip
                assert count.get(e.pair, 0) >= 2 or FORMS[following.form] == "waited"
            elif e.event in {E["step_set"], E["step_own"]}:
                count[e.pair] = 0


# who chooses -------------------------------------------------------------------------------------


def test_the_ect_s_share_rises_in_year_2() -> None:
    """None in year 1; in year 2 evenly from nothing to the share at its end (F073, F074, F116)."""
    scenario = rules(base(), led_gain=0.0).with_changes(TWO_YEARS)
    led: list[list[bool]] = [[], [], []]
    for year in range(16):
        first, second = live_years(scenario, 1, year)
        led[0] += [e.side == 1 for e in named(first.log.events(), "step_set", "step_own")]
        for e in named(second.log.events(), "step_set", "step_own"):
            if FORMS[e.form] in ("need", "next", "interest"):
                led[1 + (e.time > second.frame.end // 2)].append(e.side == 1)
    assert not any(led[0])
    early, late = (sum(x) / len(x) for x in led[1:])
    assert 0.05 < early < 0.25 < 0.35 < late < 0.55


def test_slow_feedback_lets_settled_steps_raise_that_share() -> None:
    fast = rules(base(), led_gain=0.02).with_changes(TWO_YEARS)
    assert metric("ect_led", fast, 4) > metric("ect_led", with_conditions(fast, feedback=False), 4)


def test_a_mentor_who_reads_along_hits_the_need_more_often() -> None:
    reading = base().with_changes({"programme.study.mentor_reads": 1.0})
    none = base().with_changes({"programme.study.mentor_reads": 0.0})
    assert metric("steps_fit", reading) > metric("steps_fit", none)
    read = named(events(reading), "module_read")
    assert {e.value for e in read} == set(range(36))
    mentors = len({p.mentor for p in base().school.pairs})
    assert metric("mentor_reading", reading, 1) == 30 * 36 * mentors


# knowing and doing -------------------------------------------------------------------------------


def stood(scenario: Scenario, name: str, year: int = 0) -> list[list[int]]:
    rows = named(events(scenario, year), name)
    return [[e.value for e in rows if e.pair == p] for p in range(len(scenario.school.pairs))]


def test_knowing_rises_by_study_alone_and_doing_by_rehearsal_alone() -> None:
    untaught = with_plan(base(), reps=0)
    for knowing, doing in zip(stood(untaught, "knowing"), stood(untaught, "doing"), strict=True):
        assert len(knowing) == 7  # the start and six half terms
        assert knowing == sorted(knowing)
        assert knowing[-1] > knowing[0] + 300
        assert set(doing) == {doing[0]}
    unread = with_conditions(
        base().with_changes({f"plan.slots.{p.id}.study": [] for p in base().school.pairs}),
        study_own_time=0.0,
    )
    assert all(set(k) == {k[0]} for k in stood(unread, "knowing"))
    for knowing, doing in zip(stood(base(), "knowing"), stood(base(), "doing"), strict=True):
        assert doing == sorted(doing)
        assert doing[-1] > doing[0]
        assert all(d <= k for k, d in zip(knowing, doing, strict=True))


def test_coaching_closes_the_gap_that_study_alone_leaves() -> None:
    """The knowing-doing gap of F025: less of it with more cycles held and more rehearsals."""
    protected = metric("knowing_doing_gap", base())
    assert protected < metric("knowing_doing_gap", with_plan(base(), reps=0))
    found = base().with_changes({"plan.preset": "found_time"})
    assert protected < metric("knowing_doing_gap", found)


def test_study_adds_what_the_rule_says() -> None:
    """One ECT, no forgetting, no returns: prior + 0.6 of the rest for each module of the term."""
    calm = rules(weekly(), forgetting=0.0, revisit_gain=0.0, prior_knowing=[0.2, 0.2, 0.2])
    done = len(named(events(calm), "studied"))
    assert done == 12  # a calendar of one half term is one term
    (knowing,) = stood(calm, "knowing")
    assert knowing[0] == 200
    assert knowing[-1] == round(1000 * (0.2 + 0.6 * 0.8 * done / 36))


def test_forgetting_lowers_and_returns_keep() -> None:
    plain = metric("knowing_gained", rules(base(), forgetting=0.0))
    fades = metric("knowing_gained", rules(base(), forgetting=0.03))
    assert fades < plain
    without = metric("knowing_gained", rules(base(), forgetting=0.0, revisit_gain=0.0))
    assert without < plain


def test_a_step_before_study_closes_less_of_the_gap() -> None:
    """Coaching ahead of study: the technique goes to class on little knowledge (F026, F178)."""
    loose = with_plan(base(), gate="ignore")
    hard = with_conditions(loose, deferral=0.5)
    assert metric("misapplied", hard) > metric("misapplied", loose) > 0
    early = {
        (e.pair, e.cycle) for e in named(events(hard), "step_chosen") if e.cause == CAUSE_CODE["gate"]
    }  # fmt: skip
    assert {(e.pair, e.cycle) for e in named(events(hard), "step_misapplied")} <= early


def test_a_second_school_year_goes_on_from_the_first() -> None:
    first, second = live_years(base().with_changes(TWO_YEARS), 1, 0)
    for name in ("knowing", "doing"):
        for pair in range(len(base().school.pairs)):
            a, b = (
                [e.value for e in named(y.log.events(), name) if e.pair == pair]
                for y in (first, second)
            )
            assert abs(a[-1] - b[0]) <= 1
    in_hand = {e.pair: e.value for e in named(first.log.events(), *SHARED)}
    for pair, step in in_hand.items():
        taken = next(e for e in named(second.log.events(), *SHARED) if e.pair == pair)
        assert taken.event != E["step_repeated"] or taken.value == step


# study -------------------------------------------------------------------------------------------


def test_a_habit_of_study_needs_feedback_and_a_strength() -> None:
    """Own time: with a habit that forms the chance moves; the first module's never does."""
    own = base().with_changes({f"plan.slots.{p.id}.study": [] for p in base().school.pairs})
    still = with_conditions(own, study_habit=0.0)
    no_feedback = with_conditions(own, feedback=False)
    late = metric("study_on_time", with_conditions(own, study_own_time=0.5))
    assert late != metric("study_on_time", with_conditions(still, study_own_time=0.5))
    for year in range(3):
        first = [e for e in named(events(own, year), "studied") if e.value == 0]
        assert first == [e for e in named(events(still, year), "studied") if e.value == 0]
        assert named(events(no_feedback, year), "studied") == named(
            events(with_conditions(no_feedback, study_habit=0.0), year), "studied"
        )


def test_a_fixed_slot_makes_a_habit_that_own_time_has_not() -> None:
    """Where a slot is lost, an ECT who has kept it makes the module up sooner."""
    strong = with_conditions(base(), study_habit=2.0, study_own_time=0.4)
    none = with_conditions(strong, study_habit=0.0)
    assert metric("study_on_time", strong) > metric("study_on_time", none)


def test_year_2_comes_back_to_the_modules_every_fortnight_or_every_week() -> None:
    counts = {}
    for how in ("fortnightly", "weekly"):
        scenario = base().with_changes({**TWO_YEARS, "programme.study.second_year": how})
        frame = frame_of(scenario.in_year(1))
        counts[how] = len(frame.returns[0])
        assert not frame_of(scenario).returns[0]
        _, second = live_years(scenario, 1, 0)
        came = [e.value for e in named(second.log.events(), "revisited") if e.pair == 0]
        assert set(came) <= {m.number - 1 for m in modules()}
        assert len(set(came)) > 0.8 * min(36, counts[how])
    assert counts["weekly"] in (2 * counts["fortnightly"], 2 * counts["fortnightly"] - 1)
    other = base().with_changes({**TWO_YEARS, "programme.study.schedule": "18+18"})
    assert not frame_of(other.in_year(1)).returns[0]


def test_a_short_term_carries_over_or_takes_two_a_week() -> None:
    def weeks(how: str) -> list[int]:
        return list(frame_of(base().with_changes({"programme.study.short_term": how})).modules[0])

    frame = frame_of(base())
    halves = max(w.half_term for w in frame.weeks) + 1
    term = [w.half_term * 3 // halves for w in frame.weeks]
    carried, fitted = weeks("carry"), weeks("compress")
    assert len(set(carried)) == len(carried) == len(fitted) == 36
    assert [term[w] for w in fitted] == [0] * 12 + [1] * 12 + [2] * 12
    assert fitted == sorted(fitted)
