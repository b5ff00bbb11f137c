"""Who comes, leaves, takes over and is on leave, on planted luck and over many draws."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest

from ectsim.errors import InputError
from ectsim.experiment import run_one
from ectsim.folder import read_school, school_files
from ectsim.ledger import Entry, count_bins, ledger
from ectsim.log import EVENT_CODE, FORMS, Event
from ectsim.luck import Luck
from ectsim.metrics import METRICS, Run
from ectsim.model import year as year_module
from ectsim.model.diary import AWAY_SICK
from ectsim.model.frame import Frame
from ectsim.model.people import Handed, PairLife, PairState, write_people
from ectsim.model.year import Year, live, simulate
from ectsim.scenario import Scenario, load
from ectsim.school import Conditions, Pair, Staff
from ectsim.story import pair_story, week_strip
from tests.builders import (
    QUIET,
    START,
    minute,
    tiny_calendar,
    tiny_plan,
    tiny_scenario,
    tiny_school,
)
from tests.laws.worlds import with_conditions, with_plan, with_slots
from tests.planted import live_with

E = EVENT_CODE
CALM = {**QUIET, "learning": False, "leader_support": 0.0}
ALL_LEAVE = {"mentor_leave": 1.0}


def scenario(
    *, weeks: int = 12, conditions: Mapping[str, object] | None = None, **plan: Any
) -> Scenario:
    """One calm pair that meets on Tuesdays in period 5; S1 is free then and in period 1 too."""
    school = tiny_school(
        1,
        staff=1,
        weeks=weeks,
        lessons={"S1": "**:2 **:3"},
        conditions={**CALM, **(conditions or {})},
    )
    changes = {"recovery": (), "before_after": False, "horizon": 0, "repair_after": 0, **plan}
    return tiny_scenario(
        school, tiny_plan({"E1": {"meet": "1Tue:5", "observe": "1Mon:1"}}, **changes)
    )


def slotless(s: Scenario) -> Scenario:
    return with_slots(s, "E1", meet=(), observe=())


def planted(patch: pytest.MonkeyPatch, s: Scenario, **life: Any) -> Year:
    """Live a year in which a pair's life is written down."""

    def people(frame: Frame, luck: Luck, before: Handed) -> tuple[PairLife, ...]:
        return tuple(replace(one, **life) for one in write_people(frame, luck))

    with patch.context() as p:
        p.setattr(year_module, "write_people", people)
        return live(s, 1, 0)


def entries(year: Year, s: Scenario) -> list[Entry]:
    return ledger(year.log, s)


def rows(year: Year, event: str) -> list[Event]:
    return [e for e in year.log.events() if e.event == E[event]]


def deputised(year: Year) -> list[int]:
    """Return the cycles whose meeting the deputy held."""
    return [e.cycle for e in rows(year, "deputised") if FORMS[e.form] != "live"]


def metrics(s: Scenario, replication: int = 0) -> dict[str, float]:
    return dict(zip(METRICS, run_one(s, 1, replication).metrics, strict=True))


# onboarding ------------------------------------------------------------------------------------------


def test_until_both_have_access_there_is_no_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    s = scenario()
    n = len(s.school.grid)
    # access on day 14, the Friday of the third week: two Tuesdays are gone, the next one is in time
    year = planted(monkeypatch, s, access=(5, 14), bars=((0, 14 * n - 1, 2, 2),), registered=0)
    found = entries(year, s)
    assert [e.bin for e in found][:3] == ["onboarding", "onboarding", "on_time"]
    assert {e.bin for e in found[2:]} == {"on_time"}
    assert [(a.cause, a.side) for e in found[:2] for a in e.chain] == [("onboarding", 2)] * 2
    assert not [e for e in rows(year, "observed") if e.time < year.frame.midnight[14]]
    assert [(e.side, e.time) for e in rows(year, "access")] == [
        (1, year.frame.midnight[5] + 450),
        (2, year.frame.midnight[14] + 450),
    ]
    assert any("had access to the programme" in line for line in pair_story(year.log, s, "E1"))


def test_a_time_after_access_in_the_window_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_plan(scenario(), recovery=("common_free",))
    n = len(s.school.grid)
    # access on Thursday of week 2: the slot on Tuesday is lost, Thursday or Friday saves the cycle
    year = planted(monkeypatch, s, access=(8, 8), bars=((0, 8 * n - 1, 2, 1),), registered=0)
    first = entries(year, s)[0]
    assert (first.timing, [a.cause for a in first.chain]) == ("moved", ["onboarding"])
    assert first.met is not None
    assert first.met >= year.frame.midnight[8]


def test_a_found_time_pair_without_access_loses_to_onboarding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = slotless(scenario(meeting="found"))
    n = len(s.school.grid)
    year = planted(monkeypatch, s, access=(10, 10), bars=((0, 10 * n - 1, 2, 1),), registered=0)
    assert [e.bin for e in entries(year, s)][:2] == ["onboarding", "moved"]
    assert not entries(year, s)[0].chain


def test_modules_are_late_until_there_is_access() -> None:
    s = scenario(conditions={"access_weeks": 3.0}, registered_early=False)
    s = with_slots(s, "E1", study=("1Mon:4",))
    seen = 0
    for k in range(20):
        year = live(s, 1, k)
        ready = year.lives[0].access[0]
        if not 0 < ready < year.frame.days:
            continue
        seen += 1
        studied = [e.time for e in rows(year, "studied")]
        assert min(studied) >= year.frame.midnight[ready]
        lost = [e for e in rows(year, "study_lost") if e.cause == 2]
        assert len(lost) == sum(1 for w in range(12) if w * 5 < ready)
    assert seen > 10


def test_registering_early_is_never_slower() -> None:
    late = scenario(conditions={"register_weeks": 1.0, "email_weeks": 0.5, "access_weeks": 1.0},
                    registered_early=False)  # fmt: skip
    early = with_plan(late, registered_early=True)
    weeks: list[tuple[float, float]] = []
    for k in range(30):
        one, two = metrics(late, k), metrics(early, k)
        assert two["onboarding_weeks"] <= one["onboarding_weeks"]
        assert two["completion_any"] >= one["completion_any"]
        weeks.append((one["onboarding_weeks"], two["onboarding_weeks"]))
    assert fmean(a for a, _ in weeks) > 1
    assert fmean(b for _, b in weeks) < 0.3


def test_a_pair_that_goes_on_has_access() -> None:
    s = scenario(conditions={"access_weeks": 20.0}, registered_early=False)
    s = replace(s, school=replace(s.school, pairs=(Pair("E1", "M1", 2, new=False),)))
    year = live(s, 1, 0)
    assert year.lives[0].bars == ()
    assert not rows(year, "access")


# leaving ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "side"), [("ect_leave", 1), ("mentor_leave", 2)])
def test_the_rates_come_out(name: str, side: int) -> None:
    """Over 2,000 draws: 10 pairs a year, 200 years; within three standard errors."""
    school = tiny_school(10, weeks=4, conditions={**CALM, name: 0.2})
    frame = Frame(tiny_scenario(school))
    left, days = 0, Counter[int]()
    for k in range(200):
        for life in write_people(frame, Luck(1, k)):
            last = life.last_day if side == 1 else life.mentor_last
            gone = last < frame.days - (side == 1)
            left += gone
            days[last] += gone
    # an ECT who leaves on the very last day leaves nothing out: one day in twenty
    expected = 0.2 * (19 / 20 if side == 1 else 1)
    error = (expected * (1 - expected) / 2000) ** 0.5
    assert abs(left / 2000 - expected) < 3 * error
    counts = [n for n in days.values() if n]
    assert len(counts) >= 19
    assert max(counts) < 3 * min(counts)


def test_leave_comes_out_at_its_rate_and_length() -> None:
    school = tiny_school(10, weeks=39, conditions={**CALM, "leave_rate": 0.3, "leave_weeks": 2.0})
    frame = Frame(tiny_scenario(school))
    lengths = [
        life.leave[1] - life.leave[0] + 1
        for k in range(200)
        for life in write_people(frame, Luck(1, k))
        if life.leave[1] < frame.days - 1
    ]
    taken = [n for n in lengths if n > 0]
    assert abs(len(taken) / len(lengths) - 0.3) < 0.04
    assert 8 < fmean(taken) < 12


def test_after_an_ect_leaves_nothing_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    s = scenario()
    # the last day is Monday of week 7: the slot of Tuesday never comes
    year = planted(monkeypatch, s, last_day=30)
    found = entries(year, s)
    assert [e.bin for e in found] == ["on_time"] * 5 + ["censored"] + ["paused"] * 5
    end = minute(s, START + dt.timedelta(days=42), "20:00")
    assert [(e.side, e.time) for e in rows(year, "left")] == [(1, end)]
    assert not [e for e in rows(year, "observed") if e.time > end]
    assert not [e for e in rows(year, "studied") if e.time >= end]
    story = pair_story(year.log, s, "E1")
    assert any("last day at the school" in line for line in story)
    assert story[-1] == "1 was still open when E1 left."
    assert [w.state for w in week_strip(year.log, s, "E1")][-1] == "paused"


def test_the_times_of_an_ect_who_left_are_free_for_the_others() -> None:
    """Two ECTs want M1's only free period a week; one leaves, and the other one has them all."""
    school = tiny_school(
        [("E1", "M1"), ("E2", "M1")],
        weeks=12,
        marks={"M1": {"duty": "1Mon:5 1Wed:5 1Thu:5 1Fri:5"}},
        conditions=CALM,
    )
    slots = {"E1": {"meet": "1Tue:5"}}
    plan = tiny_plan(slots, observe=False, recovery=("common_free",), before_after=False)
    s = with_conditions(tiny_scenario(school, plan), ect_leave=0.5)
    freed = 0
    for k in range(12):
        year = live(s, 1, k)
        one, two = year.lives
        if one.last_day >= 40 or two.last_day < year.frame.days - 1:
            continue
        freed += 1
        held = {e.met // 10080 for e in entries(year, s) if e.pair == 1 and e.met is not None}
        assert held >= set(range(one.last_day // 5 + 1, 12))
    assert freed


def test_windows_are_lost_until_somebody_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_conditions(scenario(), relationship=0.5, contracting_gain=0.2)
    n = len(s.school.grid)
    # M1's last day is Friday of week 4; the next mentor begins on Wednesday of week 7 and agrees
    # with E1 how to work on that Friday: weeks 5 to 7 are lost, week 8 is the first again
    life = {"mentor_last": 19, "mentor_next": 32, "takes_over": (38, 0.9)}
    year = planted(monkeypatch, s, bars=((20 * n, 35 * n - 1, 3, 2),), **life)
    found = entries(year, s)
    assert [e.bin for e in found] == ["on_time"] * 3 + ["mentor_left"] * 3 + ["on_time"] * 5
    assert [e.time // 10080 for e in rows(year, "contracted")] == [0, 6]
    assert [(e.side, e.time // 1440) for e in rows(year, "left")] == [(2, 25)]
    assert [(e.value, e.time // 1440) for e in rows(year, "replaced")] == [(38, 44)]
    assert year.carries.states["E1"].relationship == pytest.approx(0.6)
    told = pair_story(year.log, s, "E1")
    assert any("Somebody else took over from M1." in line for line in told)
    assert any("M1's successor visited" in line for line in told)


def test_whoever_takes_over_brings_practice_and_belief_of_their_own() -> None:
    s = scenario(weeks=20, conditions={**ALL_LEAVE, "belief": 0.5, "learning": True})
    lives = [write_people(Frame(s), Luck(1, k))[0] for k in range(200)]
    beliefs = [life.takes_over[1] for life in lives]
    assert min(beliefs) < 0.34
    assert max(beliefs) > 0.66
    assert {life.takes_over[0] for life in lives} == {0, 38}
    # the same luck, but for the practice behind them: a novice needs longer for the same phases
    novice = with_conditions(s, replacement_practised=0.0, belief_spread=0.0)
    old_hand = with_conditions(s, replacement_practised=1.0, belief_spread=0.0)
    k = next(k for k, life in enumerate(lives) if 20 < life.mentor_next < 60)

    def first(world: Scenario) -> int:
        begins = year_module.frame_of(world).midnight[lives[k].mentor_next]
        rests = (e for e in ledger(simulate(world, 1, k), world) if e.met and e.met > begins)
        return next(e.coaching for e in rests)

    assert first(novice) > first(old_hand)


def test_a_mentor_of_two_leaves_both() -> None:
    school = tiny_school([("E1", "M1"), ("E2", "M1")], weeks=12, conditions={**CALM, **ALL_LEAVE})
    slots = {"E1": {"meet": "1Tue:5"}, "E2": {"meet": "1Wed:5"}}
    s = tiny_scenario(school, tiny_plan(slots, observe=False, recovery=()))
    one, two = live(s, 1, 3).lives
    assert (one.mentor_last, one.mentor_next) == (two.mentor_last, two.mentor_next)


def test_the_same_mentor_to_the_end_is_an_output() -> None:
    """One year at the default rates; squared it is what a survey found over two years (E2-03: 80 %)."""
    s = load("default")
    measure = METRICS["same_mentor"].of
    values = [measure(Run(s, simulate(s, 1, k))) for k in range(60)]
    assert 0.75 < fmean(values) ** 2 < 0.88
    calm = with_conditions(s, mentor_leave=0.0)
    assert {metrics(calm, k)["same_mentor"] for k in range(5)} == {1.0}


# leave, illness, extension ---------------------------------------------------------------------------


def test_windows_of_a_leave_are_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    s = scenario()
    n = len(s.school.grid)
    # Wednesday of week 5 to Thursday of week 8: the windows of weeks 6, 7, 8 open within it
    year = planted(monkeypatch, s, leave=(22, 38), bars=((22 * n, 39 * n - 1, 5, 1),))
    found = entries(year, s)
    assert [e.bin for e in found] == ["on_time"] * 4 + ["paused"] * 3 + ["on_time"] * 4
    assert [e.value for e in rows(year, "absence")] == list(range(22, 39))
    assert any("E1 was on leave" in line for line in pair_story(year.log, s, "E1"))


def test_a_leave_that_begins_in_a_window_loses_it_to_absence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = scenario()
    n = len(s.school.grid)
    year = planted(monkeypatch, s, leave=(21, 23), bars=((21 * n, 24 * n - 1, 5, 1),))
    assert entries(year, s)[3].bin == "ect_absent"
    assert metrics(s)["extension_days"] == 0


@pytest.mark.parametrize(("days", "extended"), [(29, 0), (30, 30), (31, 31)])
def test_thirty_days_extend_induction(
    monkeypatch: pytest.MonkeyPatch, days: int, extended: int
) -> None:
    s = scenario(weeks=10)
    # half of them apart from the rest: they add up over the year, whatever the spells
    away = {("E1", d): AWAY_SICK for d in [*range(15), *range(20, 20 + days - 15)]}
    year = live_with(monkeypatch, s, away)
    assert [e.value for e in rows(year, "extended")] == ([extended] if extended else [])
    told = any("extends E1's induction" in line for line in pair_story(year.log, s, "E1"))
    assert told == bool(extended)


def test_work_away_and_other_peoples_days_do_not_extend(monkeypatch: pytest.MonkeyPatch) -> None:
    s = scenario(weeks=10)
    for code in (2, 3):  # training, a trip
        year = live_with(monkeypatch, s, {("E1", d): code for d in range(40)})
        assert not rows(year, "extended")
    assert not rows(
        live_with(monkeypatch, s, {("M1", d): AWAY_SICK for d in range(40)}), "extended"
    )


def test_leave_counts_only_where_the_school_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    s = scenario()
    n = len(s.school.grid)
    life = {"leave": (10, 44), "bars": ((10 * n, 45 * n - 1, 5, 1),)}
    assert not rows(planted(monkeypatch, s, **life), "extended")
    counted = with_conditions(s, leave_counts=True)
    assert [e.value for e in rows(planted(monkeypatch, counted, **life), "extended")] == [35]


def test_days_on_which_a_part_timer_does_not_work_do_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    school = tiny_school(
        1, weeks=10, marks={"E1": {"blocked": "*Mon:*"}}, fte={"E1": "4/5"}, conditions=CALM
    )
    s = tiny_scenario(school, tiny_plan({"E1": {"meet": "1Tue:5"}}, observe=False))
    away = {("E1", d): AWAY_SICK for d in range(37)}  # 30 working days less one: eight Mondays
    assert not rows(live_with(monkeypatch, s, away), "extended")
    away |= {("E1", 37): AWAY_SICK}
    assert [e.value for e in rows(live_with(monkeypatch, s, away), "extended")] == [30]


# a start within the year -----------------------------------------------------------------------------


def starting(start: dt.date, **pair: Any) -> Scenario:
    s = scenario(conditions={"sickness_days": 0.0})
    return replace(s, school=replace(s.school, pairs=(Pair("E1", "M1", start=start, **pair),)))


def test_a_start_within_the_year_opens_its_first_window_after_contracting() -> None:
    # Wednesday of week 4: that week is for contracting, week 5 has the first cycle
    s = starting(START + dt.timedelta(days=23))
    year = live(s, 1, 0)
    pair = year.frame.pairs[0]
    assert (pair.first_day, pair.works[0]) == (17, 3)
    assert [w.week for w in pair.windows] == list(range(4, 12))
    assert [e.time // 1440 for e in rows(year, "contracted")] == [25]
    assert {e.bin for e in entries(year, s)} == {"on_time"}
    begins = minute(s, START + dt.timedelta(days=23))
    assert min(e.time for e in year.log.events() if e.pair == 0) >= begins
    # one module a week from week 4 on; the last one is done on the Sunday after the year's end
    assert len(year.frame.modules[0]) == 9
    assert len(rows(year, "studied")) == 8


def test_a_pair_that_goes_on_begins_in_its_first_week() -> None:
    s = starting(START + dt.timedelta(days=23), year=1, new=False)
    windows = Frame(s).pairs[0].windows
    # the Tuesday slot of its first week was before the start
    assert (windows[0].week, windows[0].first_day, windows[0].planned) == (3, 17, None)
    assert windows[1].planned is not None
    # a slot on a closed day of that week fails when the window opens, not before the start
    calendar = tiny_calendar(12, off_timetable=[START + dt.timedelta(days=24)])
    s = with_slots(replace(s, school=replace(s.school, calendar=calendar)), "E1", meet=("1Thu:5",))
    first = Frame(s).pairs[0].windows[0]
    assert first.planned is not None
    assert (first.planned[0], first.planned[1]) == (first.opens, -1)


def test_onboarding_of_a_later_start_counts_from_it() -> None:
    s = with_conditions(starting(START + dt.timedelta(days=28)), access_weeks=0.8)
    s = with_plan(s, registered_early=False)
    lives = [live(s, 1, k).lives[0] for k in range(40)]
    assert min(min(life.access) for life in lives) >= 20
    assert {life.registered for life in lives} == {28 * 1440}
    assert 0.3 < fmean(metrics(s, k)["onboarding_weeks"] for k in range(40)) < 3


def test_a_start_is_read_and_written(tmp_path: Any) -> None:
    day = START + dt.timedelta(days=23)
    school = replace(starting(day).school, coordinator="S1")
    for name, text in school_files(school).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    again = read_school(tmp_path)
    assert again.pairs == school.pairs
    assert again.coordinator == "S1"
    assert again.digest == school.digest != starting(day).school.digest
    assert starting(day).school.digest != scenario().school.digest
    staff = (tmp_path / "staff.csv").read_text(encoding="utf-8")
    (tmp_path / "staff.csv").write_text(staff.replace(str(day), "4"), encoding="utf-8")
    assert read_school(tmp_path).pairs[0].start == START + dt.timedelta(days=21)
    for wrong in ("soon", "99"):
        (tmp_path / "staff.csv").write_text(staff.replace(str(day), wrong), encoding="utf-8")
        with pytest.raises(InputError, match="is no day of the year"):
            read_school(tmp_path)
    with pytest.raises(InputError, match="after the year's last day"):
        starting(START + dt.timedelta(days=400))
    with pytest.raises(InputError, match="coordinator 'S9'"):
        replace(school, coordinator="S9")


# the deputy ------------------------------------------------------------------------------------------


def long_ill(patch: pytest.MonkeyPatch, s: Scenario, *more: tuple[str, int]) -> Year:
    away = {("M1", d): AWAY_SICK for d in range(10, 40)} | dict.fromkeys(more, AWAY_SICK)
    return live_with(patch, s, away, spells=True)


def test_a_deputy_holds_the_cycles_of_a_mentor_who_is_ill_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = scenario()
    helped = with_slots(alone, "E1", deputy="S1")
    assert [e.bin for e in entries(long_ill(monkeypatch, alone), alone)] == (
        ["on_time"] + ["mentor_absent"] * 6 + ["on_time"] * 4
    )
    # M1 is away from Monday of week 3; after ten school days, in week 5, S1 comes
    year = long_ill(monkeypatch, helped)
    found = entries(year, helped)
    assert [e.bin for e in found] == ["on_time"] + ["mentor_absent"] * 2 + ["on_time"] * 8
    assert deputised(year) == [3, 4, 5, 6]
    assert {e.content for e in found[3:7]} == {"full"}
    assert any("S1 visited a lesson of E1" in line for line in pair_story(year.log, helped, "E1"))
    assert any("with the deputy, S1," in line for line in pair_story(year.log, helped, "E1"))
    off = with_plan(helped, deputy=False)
    assert entries(long_ill(monkeypatch, off), off) == entries(long_ill(monkeypatch, alone), alone)


def test_a_deputy_who_is_away_or_not_free_cannot_come(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_slots(scenario(), "E1", deputy="S1")
    year = long_ill(monkeypatch, s, ("S1", 21))  # Tuesday of week 5
    assert deputised(year) == [4, 5, 6]
    assert entries(year, s)[3].bin == "mentor_absent"
    busy = tiny_school(1, staff=1, weeks=12, lessons={"S1": "**:5"}, conditions=CALM)
    taught = replace(s, school=busy)
    assert not deputised(long_ill(monkeypatch, taught))
    # nine days in a row are not long
    away = {("M1", d): AWAY_SICK for d in (*range(10, 19), *range(20, 29))}
    assert not rows(live_with(monkeypatch, s, away), "deputised")


def test_a_deputy_called_to_cover_cannot_come(monkeypatch: pytest.MonkeyPatch) -> None:
    s = with_slots(scenario(cover={"supervisors": 0}), "E1", deputy="S1")
    school = tiny_school(
        1,
        staff=[Staff("S1"), Staff("S2")],
        weeks=12,
        lessons={"S1": "**:2 **:3", "S2": "**:5"},
        conditions=CALM,
    )
    s = replace(s, school=school)
    year = long_ill(monkeypatch, s, ("S2", 21))
    assert 21 * len(school.grid) + 7 in year.cover.taken[year.frame.position["S1"]]
    assert deputised(year) == [4, 5, 6]


def test_a_deputy_with_a_pair_of_their_own_meets_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    school = tiny_school(2, weeks=12, conditions=CALM)
    slots = {"E1": {"meet": "1Tue:5", "deputy": "M2"}, "E2": {"meet": "1Tue:5"}}
    plan = tiny_plan(slots, observe=False, recovery=(), before_after=False, repair_after=0)
    s = tiny_scenario(school, plan)
    assert not rows(long_ill(monkeypatch, s), "deputised")
    other_day = with_slots(s, "E2", meet=("1Wed:5",))
    year = long_ill(monkeypatch, other_day)
    assert deputised(year) == [3, 4, 5, 6]
    assert {e.timing for e in entries(year, other_day) if e.pair == 1} == {"on_time"}


def test_a_deputy_bridges_the_time_until_somebody_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = with_slots(scenario(), "E1", deputy="S1")
    n = len(s.school.grid)
    life = {"mentor_last": 19, "mentor_next": 32, "takes_over": (38, 0.9)}
    year = planted(monkeypatch, s, bars=((20 * n, 35 * n - 1, 3, 2),), **life)
    assert [e.bin for e in entries(year, s)] == ["on_time"] * 11
    assert deputised(year) == [3, 4, 5]


@pytest.mark.parametrize("deputy", ["E2", "M1"])
def test_an_ect_or_the_mentor_is_no_deputy(deputy: str) -> None:
    s = tiny_scenario(tiny_school(2))
    with pytest.raises(InputError, match="cannot be the deputy"):
        with_slots(s, "E1", deputy=deputy)
    with pytest.raises(InputError, match="'S7' is not in the timetable"):
        with_slots(s, "E1", deputy="S7")


# switched off, on the same luck ----------------------------------------------------------------------


def test_each_mechanism_off_empties_its_bin_and_metric() -> None:
    hard = with_conditions(
        load("default"), mentor_leave=0.8, ect_leave=0.3, leave_rate=0.5, access_weeks=3.0
    )
    off: dict[str, tuple[dict[str, float], str, str, float]] = {
        "onboarding": (
            {"register_weeks": 0.0, "email_weeks": 0.0, "access_weeks": 0.0},
            "onboarding", "onboarding_weeks", 0.0,
        ),
        "mentor": ({"mentor_leave": 0.0}, "mentor_left", "same_mentor", 1.0),
        "absence": ({"ect_leave": 0.0, "leave_rate": 0.0, "sickness_days": 0.0}, "paused", "extension_days", 0.0),
    }  # fmt: skip
    for name, (change, where, metric, value) in off.items():
        calm = with_conditions(hard, **change)
        before = after = 0
        for k in range(3):
            before += count_bins(ledger(simulate(hard, 1, k), hard))[where]
            after += count_bins(ledger(simulate(calm, 1, k), calm))[where]
            assert metrics(calm, k)[metric] == value, name
        assert before > 0, name
        assert after == 0, name
        assert {metrics(hard, k)[metric] for k in range(3)} != {value}, name


def test_off_leaves_no_trace() -> None:
    year = live(load("quiet"), 1, 0)
    new = ("registered", "access", "left", "replaced", "extended", "deputised", "repaired")
    assert not [e for e in year.log.events() if e.event in {E[n] for n in new}]


# what a pair carries ---------------------------------------------------------------------------------


def test_trust_and_culture_grow_with_kept_weeks_and_shrink_with_lost_ones() -> None:
    c = Conditions()
    state = PairState(0.3, 0.5, 0.5)
    state.contract(c)
    assert state.relationship == pytest.approx(0.55)
    state.kept(c)
    assert state.relationship == pytest.approx(0.5635)
    assert state.culture == pytest.approx(0.51)
    state.lost(c)
    assert state.culture == pytest.approx(0.51 * 0.97)
    assert state.relationship == pytest.approx(0.5635)


def test_a_year_hands_on_what_a_pair_carries() -> None:
    fed = with_conditions(scenario(), feedback=True)
    year = live(fed, 1, 0)
    assert year.carries.states["E1"].culture > fed.school.conditions.culture
    still = live(with_conditions(fed, feedback=False), 1, 0)
    assert still.carries.states["E1"].culture == fed.school.conditions.culture
    lost = slotless(fed)
    assert live(lost, 1, 0).carries.states["E1"].culture < fed.school.conditions.culture


def test_culture_and_trust_decide_how_often_a_found_time_slips() -> None:
    pulls = {"slip_found": 0.4, "feedback": True, "slip_culture": 1.5}
    found = slotless(scenario(weeks=39, conditions=pulls, meeting="found"))
    slow = with_conditions(found, culture_gain=0.0, culture_loss=0.0, relationship_gain=0.0)
    gained = with_conditions(found, culture_gain=0.2, culture_loss=0.0, relationship_gain=0.2)
    for k in range(10):
        assert metrics(gained, k)["completion_any"] >= metrics(slow, k)["completion_any"]
    means = [fmean(metrics(s, k)["completion_any"] for k in range(10)) for s in (slow, gained)]
    assert means[1] > means[0]
