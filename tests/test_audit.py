"""The hours audit: the check values of the sources, 59 and 60 minutes, and what a minute is."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from fractions import Fraction

import pytest

from ectsim.audit import audit, due_windows, entitlement_table
from ectsim.clock import Grid
from ectsim.model.frame import frame_of
from ectsim.programme import Entitlement, Events, Programme, Study
from ectsim.school import Pair
from tests.builders import tiny_calendar, tiny_grid, tiny_plan, tiny_scenario, tiny_school

SLOTS = {"meet": "1Tue:5", "observe": "1Mon:1"}
FREE_5 = "**:1 **:2 **:3 **:4"
"""A mentor who is free in period 5 only: five hours a week."""

# facts A.14: schedule -> year 1, year 2 of (study, demand, share at 22.5 h, share at 20 h)
A14 = {
    "12x3": ((36, 79.5, 93, 105), (0, 23.25, 54, 61)),
    "24+12": ((24, 67.5, 79, 89), (12, 35.25, 82, 93)),
    "18+18": ((18, 61.5, 72, 81), (18, 41.25, 96, 109)),
}


def near(value: float) -> object:
    return pytest.approx(value, abs=0.01)


@pytest.mark.parametrize("schedule", A14)
@pytest.mark.parametrize("year", [1, 2])
def test_the_hours_ledger_of_the_sources(schedule, year):
    study, demand, at_22, at_20 = A14[schedule][year - 1]
    hours = entitlement_table(schedule=schedule)[year - 1]
    assert hours.year == year
    assert hours.cycles == (38, 19)[year - 1]
    assert hours.meetings == near((28.5, 14.25)[year - 1])
    assert hours.study == near(study)
    assert hours.conferences == near((12, 6)[year - 1])
    assert hours.clinics == near(3)
    assert hours.demand == near(demand)
    assert hours.entitlement == near((85.5, 42.75)[year - 1])
    assert round(100 * hours.ratio) == at_22
    assert hours.mentor == near((38, 19)[year - 1])
    assert hours.mentor_training_programme == near(18)
    assert hours.checkins == near(19)
    light = entitlement_table(schedule=schedule, load_hours=20)[year - 1]
    assert round(100 * light.ratio) == at_20
    assert light.entitlement == near((76, 38)[year - 1])


def test_the_revisit_of_year_2_stands_beside_the_demand():
    _, year_2 = entitlement_table()
    assert year_2.revisit == near(19)
    assert year_2.demand + year_2.revisit == near(42.25)
    assert round(100 * year_2.ratio_with_revisit) == 99
    assert round(100 * entitlement_table(load_hours=20)[1].ratio_with_revisit) == 111
    for schedule in ("24+12", "18+18"):
        assert all(y.revisit == 0 for y in entitlement_table(schedule=schedule))
    assert entitlement_table()[0].revisit == 0


def test_mentor_training_in_its_three_readings():
    spread = {
        name: [
            y.mentor_training
            for y in entitlement_table(Programme(events=Events(mentor_training=name)))
        ]
        for name in ("two_years", "one_year", "each_year")
    }
    assert spread == {"two_years": [9, 9], "one_year": [18, 0], "each_year": [18, 18]}
    assert [y.mentor_training for y in entitlement_table(Programme.preset("2025"))] == [20, 0]


def test_the_table_follows_its_arguments():
    year_1, year_2 = entitlement_table(cycles_y1=39, cycles_y2=20, weeks=39, load_hours=0)
    assert (year_1.meetings, year_2.meetings) == (29.25, 15)
    assert year_1.entitlement == year_1.ratio == 0


def with_minutes(minutes: int, **plan: object):
    return audit(tiny_scenario(plan=tiny_plan({"E1": SLOTS}, protected_min=minutes, **plan)))


def test_59_minutes_fail_and_60_pass():
    short, enough = with_minutes(59).of("M1", "promised"), with_minutes(60).of("M1", "promised")
    assert (short.needed, short.has, short.verdict) == (60, 59, "fails")
    assert short.remedy == "the school sets aside 1 min more"
    assert (enough.needed, enough.has, enough.verdict, enough.remedy) == (60, 60, "passes", "")


def grid_of(minutes: int) -> Grid:
    return tiny_grid(lesson_min=minutes)


@pytest.mark.parametrize(("lesson", "visit", "has", "verdict"), [
    (60, "", 60, "passes"), (59, "", 59, "fails"), (45, "1Mon:1", 60, "passes"),
    (44, "1Mon:1", 59, "fails"), (50, "", 50, "fails"), (60, "1Mon:1", 75, "passes"),
])  # fmt: skip
def test_59_minutes_in_slots_fail_and_60_pass(lesson, visit, has, verdict):
    """A visit counts with the 15 minutes that it lasts, a meeting slot with its period."""
    school = tiny_school(grid=grid_of(lesson))
    plan = tiny_plan({"E1": {"meet": "1Tue:5", "observe": visit}}, meeting_min=40)
    line = audit(tiny_scenario(school, plan)).of("M1", "slots")
    assert (line.needed, line.has, line.verdict) == (60, has, verdict)


def test_the_other_week_of_the_cycle_needs_its_slot_too():
    """Weekly coaching in a two-week cycle: a slot in week 1 alone leaves every second cycle out."""
    school = tiny_school(cycle_weeks=2)
    one = audit(tiny_scenario(school, tiny_plan({"E1": SLOTS})))
    both = audit(tiny_scenario(school, tiny_plan({"E1": {"meet": "1Tue:5 2Thu:5"}})))
    assert (one.of("M1", "slots").has, one.of("M1", "slots").verdict) == (0, "fails")
    assert (one.of("M1", "meeting_slot").has, one.of("M1", "meeting_slot").verdict) == (0, "fails")
    assert (both.of("M1", "slots").has, both.of("M1", "slots").verdict) == (60, "passes")


def test_a_fortnight_needs_one_slot_in_either_week():
    school = tiny_school(cycle_weeks=2, year=2, new=False)
    for slot in ("1Tue:5", "2Fri:5"):
        found = audit(tiny_scenario(school, tiny_plan({"E1": {"meet": slot}})))
        assert found.of("M1", "slots").verdict == "passes"
        assert found.of("M1", "meeting_slot").has == 60


def test_a_last_window_that_the_year_cuts_short_is_noted_and_not_held_against_the_plan():
    """Five weeks hold three fortnights for an ECT of year 2; the last is one week, of cycle week 1."""
    school = tiny_school(cycle_weeks=2, year=2, new=False, weeks=5)
    assert due_windows(Programme(), school, school.pairs[0]) == [(0, 1), (2, 3), (4,)]
    late = audit(tiny_scenario(school, tiny_plan({"E1": {"meet": "2Fri:5"}})))
    assert late.of("M1", "slots").has == 60
    assert "week 5 alone" in late.of("M1", "last_window").what
    early = audit(tiny_scenario(school, tiny_plan({"E1": {"meet": "1Fri:5"}})))
    assert "last_window" not in {i.check for i in early.items}
    # weekly windows are a week long anyway: nothing is cut
    weekly = tiny_school(cycle_weeks=2, new=False, weeks=5)
    found = audit(tiny_scenario(weekly, tiny_plan({"E1": {"meet": "2Fri:5"}})))
    assert found.of("M1", "slots").has == 0


def test_a_slot_shorter_than_the_meeting_fails():
    school = tiny_school(grid=grid_of(40))
    line = audit(tiny_scenario(school, tiny_plan({"E1": SLOTS}))).of("M1", "meeting_slot")
    assert (line.needed, line.has, line.verdict) == (45, 40, "fails")
    assert "split" in line.remedy


TWO = [Pair("E1", "M1"), Pair("E2", "M1")]


def test_two_ects_with_one_hour_between_them_fail():
    """60 minutes in all do not serve two: in slots an hour belongs to one ECT."""
    plan = tiny_plan({"E1": {"meet": "1Tue:5"}})
    line = audit(tiny_scenario(tiny_school(TWO), plan)).of("M1", "all_ects")
    assert (line.needed, line.has, line.verdict) == (120, 60, "fails")
    # a surplus for one is no hour for the other
    plan = tiny_plan({"E1": {"meet": "1Tue:5 1Wed:5", "observe": "1Mon:1"}})
    found = audit(tiny_scenario(tiny_school(TWO), plan))
    assert found.of("M1", "all_ects").has == 60
    assert found.of("M1", "slots", "E1").verdict == "passes"
    assert found.of("M1", "slots", "E2").verdict == "fails"
    plan = tiny_plan({"E1": {"meet": "1Tue:5"}, "E2": {"meet": "1Wed:5"}})
    assert audit(tiny_scenario(tiny_school(TWO), plan)).of("M1", "all_ects").verdict == "passes"


def test_found_time_is_one_purse_for_all_ects_of_a_mentor():
    """One free hour a week is enough for one ECT and fails for two; it is never more than a note."""
    marks = {"M1": {"duty": "1Mon:5 1Wed:5 1Thu:5 1Fri:5", "ppa": "**:1"}}
    lessons = {"M1": "**:2 **:3 **:4"}
    plan = tiny_plan(preset="found_time")
    two = audit(tiny_scenario(tiny_school(TWO, lessons=lessons, marks=marks), plan)).of(
        "M1", "all_ects"
    )
    assert (two.needed, two.has, two.per, two.verdict) == (120, 60, "week", "fails")
    one = audit(tiny_scenario(tiny_school(1, lessons=lessons, marks=marks), plan)).of(
        "M1", "all_ects"
    )
    assert (one.needed, one.has, one.verdict) == (60, 60, "note")


def test_unmarked_planning_time_comes_out_of_found_time():
    """20 hours of lessons owe two hours of planning: five free hours leave three."""
    plan = tiny_plan(preset="found_time")
    four = [Pair(f"E{i}", "M1") for i in range(1, 5)]
    line = audit(tiny_scenario(tiny_school(four, lessons={"M1": FREE_5}), plan)).of(
        "M1", "all_ects"
    )
    assert (line.needed, line.has, line.verdict) == (240, 180, "fails")


def test_found_time_of_the_poorer_week_and_of_the_fortnight():
    school = tiny_school(TWO, cycle_weeks=2, marks={"M1": {"duty": "1*:1 1*:5", "ppa": "2*:1"}})
    weekly = audit(tiny_scenario(school, tiny_plan(preset="found_time"))).of("M1", "all_ects")
    assert (weekly.needed, weekly.has, weekly.per, weekly.verdict) == (120, 0, "week", "fails")
    later = [Pair("E1", "M1", 2, False), Pair("E2", "M1", 2, False)]
    school = tiny_school(later, cycle_weeks=2, marks={"M1": {"duty": "1*:1 1*:5", "ppa": "2*:1"}})
    line = audit(tiny_scenario(school, tiny_plan(preset="found_time"))).of("M1", "all_ects")
    assert (line.needed, line.has, line.per, line.verdict) == (120, 120, "fortnight", "note")


def test_a_pair_that_is_never_free_together():
    marks = {"M1": {"duty": "**:5"}}
    inside = tiny_plan(preset="found_time", before_after=False)
    line = audit(tiny_scenario(tiny_school(marks=marks), inside)).of("M1", "together")
    assert (line.needed, line.has, line.verdict) == (45, 0, "fails")
    line = audit(tiny_scenario(tiny_school(marks=marks), tiny_plan(preset="found_time"))).of(
        "M1", "together"
    )
    assert line.verdict == "note"
    assert "before or after school" in line.remedy


def test_a_meeting_outside_teaching_hours_is_said():
    found = audit(tiny_scenario(plan=tiny_plan({"E1": {"meet": "1Tue:6"}})))
    assert "1Tue:6" in found.of("M1", "outside").what
    with pytest.raises(KeyError):
        with_minutes(60).of("M1", "outside")


def test_20_hours_with_12x3_flags_105_percent():
    school = tiny_school(lessons={"E1": 20})
    line = audit(tiny_scenario(school, tiny_plan())).of("E1", "induction_time")
    assert (line.needed, line.has) == (near(79.5 * 60), near(76 * 60))
    assert line.verdict == "fails"
    assert "24+12 (89%)" in line.remedy
    assert "18+18 (81%)" in line.remedy
    text = " ".join(" ".join(audit(tiny_scenario(school, tiny_plan())).lines()).split())
    assert "needs 79.5, has 76 h a year (105%)" in text
    full = tiny_school(lessons={"E1": 23})
    assert audit(tiny_scenario(full, tiny_plan())).of("E1", "induction_time").verdict == "passes"


def test_year_2_of_18_18_at_20_hours_flags_109_percent():
    programme = Programme(study=Study(schedule="18+18"))
    school = tiny_school(lessons={"E1": 20}, year=2)
    line = audit(tiny_scenario(school, tiny_plan(), programme)).of("E1", "induction_time")
    assert (line.verdict, round(100 * line.needed / line.has)) == ("fails", 109)
    assert "F004" in line.sources


def test_demand_lines_add_up_to_the_check():
    for year in (1, 2):
        found = audit(tiny_scenario(tiny_school(year=year)))
        parts = [
            i.minutes
            for i in found.items
            if i.check.startswith("demand_") and i.check != "demand_revisit"
        ]
        assert len(parts) == 4
        assert sum(parts) == near(found.of("E1", "induction_time").needed)
    assert found.of("E1", "demand_revisit").minutes == 19 * 60


def test_part_time_is_pro_rata():
    """Three days of five: three fifths of cycles, study, training, lessons, planning time."""
    days = "1Mon:1 1Mon:2 1Mon:3 1Mon:4 1Tue:1 1Tue:2 1Tue:3 1Tue:4 1Wed:1 1Wed:2 1Wed:3 1Wed:4"
    whole = tiny_school(lessons={"E1": 20})
    part = tiny_school(
        lessons={"E1": days}, fte={"E1": "3/5"}, marks={"E1": {"blocked": "1Thu:* 1Fri:*"}}
    )
    plan = tiny_plan()
    full, less = audit(tiny_scenario(whole, plan)), audit(tiny_scenario(part, plan))
    for check in ("induction_time", "induction_week", "planning_time"):
        assert less.of("E1", check).needed == near(0.6 * full.of("E1", check).needed)
    assert less.of("E1", "induction_time").has == near(0.6 * full.of("E1", "induction_time").has)
    assert less.of("M1", "mentor_year").minutes == near(22.8 * 60)
    assert "22.8 cycles due in 38 weeks" in less.of("E1", "cycles").what
    assert "E6-05" in less.of("E1", "cycles").sources
    # a conference is a whole day all the same
    assert (
        less.of("E1", "conference_lump").minutes == full.of("E1", "conference_lump").minutes == 360
    )


def test_a_conference_is_a_lump():
    line = audit(tiny_scenario(tiny_school(lessons={"E1": 20}), tiny_plan())).of(
        "E1", "conference_lump"
    )
    assert (line.minutes, line.per, line.verdict) == (360, "event", "note")
    assert "3.0 weeks" in line.remedy  # 6 h against 2 h a week
    assert "2 conferences" in line.what


def test_the_calendars_own_count_stands_beside_38():
    line = audit(tiny_scenario(tiny_school(weeks=4, lessons={"E1": 20}), tiny_plan())).of(
        "E1", "own_calendar"
    )
    assert line.verdict == "note"
    assert line.needed == near(3 * 45 + (79.5 - 28.5) * 60)
    assert line.has == near(0.1 * 4 * 20 * 60)


def test_lessons_of_closed_and_off_timetable_days_are_not_taught():
    monday = dt.date(2025, 9, 8)
    calendar = tiny_calendar(4, closed=[monday], off_timetable=[monday + dt.timedelta(days=1)])
    school = tiny_school(calendar=calendar)
    assert audit(tiny_scenario(school, tiny_plan())).of("E1", "own_calendar").has == near(
        0.1 * 18 * 180
    )


def test_planning_time():
    """Marked planning time is measured; where none is marked, the free time beside the slots is."""
    marked = audit(
        tiny_scenario(tiny_school(marks={"E1": {"ppa": "1Fri:4 1Fri:5"}, "M1": {"ppa": "1Fri:5"}}))
    )
    assert (marked.of("E1", "planning_time").needed, marked.of("E1", "planning_time").has) == (
        90,
        120,
    )
    assert marked.of("E1", "planning_time").verdict == "passes"
    assert (marked.of("M1", "planning_time").has, marked.of("M1", "planning_time").verdict) == (
        60,
        "fails",
    )
    lessons = {"M1": "**:2 **:3 **:4 1Wed:5 1Thu:5 1Fri:5 1Tue:1 1Wed:1 1Thu:1 1Fri:1"}
    free = audit(tiny_scenario(tiny_school(lessons=lessons)))
    # 22 lessons owe 132 minutes; three free hours hold a meeting and a visit, one is left
    line = free.of("M1", "planning_time")
    assert (line.needed, line.has, line.verdict) == (near(132), 60, "fails")


def test_released_time_must_stand_in_the_timetable():
    """24 lessons of 25 cannot hold a tenth for induction and a tenth for planning."""
    full = audit(tiny_scenario(tiny_school(lessons={"E1": 24}), tiny_plan())).of("E1", "released")
    assert (full.needed, full.has, full.verdict) == (near(288), 60, "fails")
    assert (
        audit(tiny_scenario(tiny_school(lessons={"E1": 20}), tiny_plan()))
        .of("E1", "released")
        .verdict
        == "passes"
    )


def test_a_mentor_is_not_in_induction_and_not_the_assessor():
    chain = tiny_school([Pair("E1", "M1"), Pair("E2", "E1")])
    found = audit(tiny_scenario(chain, tiny_plan()))
    assert found.of("E1", "role").verdict == "fails"
    assert found.of("M1", "role").verdict == "note"
    assert "assesses" in found.of("M1", "role").what


def test_the_coordinators_hours():
    some = audit(tiny_scenario(plan=tiny_plan(checkin_min=30))).of("coordinator", "checkins")
    assert some.minutes == 19 * 60
    none = audit(tiny_scenario(plan=tiny_plan(checkin_min=0))).of("coordinator", "checkins")
    assert none.minutes is None
    assert "19 h a year" in none.remedy


def test_people_stand_in_the_order_of_their_pairs():
    pairs = [Pair("E3", "MA"), Pair("E1", "MC"), Pair("E2", "MB"), Pair("E4", "MC")]
    found = audit(tiny_scenario(tiny_school(pairs), tiny_plan()))
    order = list(dict.fromkeys(i.who for i in found.items))
    assert order == ["E1", "E2", "E3", "E4", "MC", "MB", "MA", "coordinator"]
    words = " ".join(found.lines()).lower()
    assert not {"score", "rank", "best", "worst"} & set(words.split())


def test_every_line_has_its_words_and_sources():
    plans = (tiny_plan({"E1": SLOTS}), tiny_plan(preset="found_time"))
    for plan in plans:
        for i in audit(tiny_scenario(plan=plan)).items:
            assert i.sources, i.check
            assert i.what
            assert (i.needed is None) == (i.has is None)
            assert i.remedy or i.verdict != "fails"


BALANCED = Programme(study=Study(schedule="24+12"))


def balanced(protected_min: int = 60):
    """Three pairs for whom everything fits: 18 lessons hold 67.5 hours of a year."""
    lessons = {f"E{i}": "**:1 **:2 **:3 1Mon:4 1Tue:4 1Wed:4" for i in (1, 2, 3)}
    plan = tiny_plan({f"E{i}": SLOTS for i in (1, 2, 3)}, protected_min=protected_min)
    return audit(tiny_scenario(tiny_school(3, weeks=39, lessons=lessons), plan, BALANCED))


def test_the_text_is_short_and_the_dictionary_is_plain():
    lines = balanced().lines()
    assert max(map(len, lines)) <= 100
    assert len(lines) < 95
    assert any(line.startswith("Note: calendar") for line in lines)
    plain = balanced().to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert sum(plain["verdicts"].values()) == len(plain["lines"])
    assert [y["year"] for y in plain["table"]] == [1, 2]


def test_failures_are_counted_in_words():
    assert balanced().ok
    assert balanced().to_dict()["ok"] is True
    assert "Everything balances." in balanced().lines()
    short = balanced(59)
    assert [(i.who, i.check) for i in short.fails] == [(f"M{i}", "promised") for i in (1, 2, 3)]
    assert "3 checks fail." in short.lines()
    assert not short.ok


@pytest.mark.parametrize("fte", ["1", "3/5", "1/2", "1/4"])
@pytest.mark.parametrize("year", [1, 2])
@pytest.mark.parametrize("new", [True, False])
def test_due_windows_are_those_of_the_simulation(fte, year, new):
    """The same rule stands in the model with its arrays; here it is worked out from the timetable."""
    marks = {"E1": {"blocked": "1Mon:*"}} if fte != "1" else {}
    calendar = tiny_calendar(12, breaks={5: 1}, closed=[dt.date(2025, 9, 8)])
    school = tiny_school(
        [Pair("E1", "M1", year, new)],
        fte={"E1": fte},
        cycle_weeks=2,
        calendar=calendar,
        marks=marks,
    )
    scenario = tiny_scenario(school, tiny_plan())
    mine = due_windows(scenario.programme, school, school.pairs[0])
    theirs = frame_of(scenario).pairs[0].windows
    assert [w[0] for w in mine] == [w.week for w in theirs]
    weeks = 11 if new else 12
    rate = Fraction(fte) / year
    assert len(mine) == -(-weeks * rate.numerator // rate.denominator)


def test_weeks_in_which_an_ect_is_never_in_school_are_not_theirs():
    school = tiny_school(
        [Pair("E1", "M1", 1, False)], cycle_weeks=2, marks={"E1": {"blocked": "2*:*"}}
    )
    assert due_windows(Programme(), school, school.pairs[0]) == [(0, 1), (2, 3)]


def test_other_rights_are_followed():
    programme = Programme(entitlement=Entitlement(mentor_minutes=75, y1_reduction=0.2))
    found = audit(tiny_scenario(programme=programme))
    assert found.of("M1", "promised").verdict == "fails"
    assert "20%" in found.of("E1", "induction_time").what


def test_numpy_stays_out():
    code = "import sys, ectsim.audit; assert not {'numpy', 'pandas', 'simpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
