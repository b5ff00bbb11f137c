"""First-fit slots: the rule in words, case by case, and what must hold for any timetable."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ectsim.clock import Slot
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import Pair, Timetable, assume_ppa
from ectsim.slots import first_fit, slot_cells
from tests.builders import tiny_school

PROGRAMME = Programme()


def test_the_same_hour_in_both_weeks_with_a_visit_before_it() -> None:
    four = first_fit(tiny_school(cycle_weeks=2), PROGRAMME)["E1"]
    # free together in period 5 every day; the mentor can visit in period 1
    assert four.meet == ("1Tue:5", "2Tue:5")
    assert four.observe == ("1Mon:1", "2Mon:1")
    assert four.reserve == ("1Wed:5", "2Wed:5")
    # the ECT is free alone in period 4
    assert [s[1:] for s in four.study] == ["Tue:4", "Tue:4"]


def test_midweek_before_monday_and_friday() -> None:
    marks = {"E1": {"duty": "*Tue:5 *Wed:5"}}
    four = first_fit(tiny_school(cycle_weeks=2, marks=marks), PROGRAMME)["E1"]
    assert four.meet == ("1Thu:5", "2Thu:5")


def test_one_hour_for_both_weeks_goes_before_midweek() -> None:
    # week 1 is free together on Monday and Wednesday, week 2 on Monday and Thursday
    marks = {"E1": {"duty": "1Tue:5 1Thu:5 1Fri:5 2Tue:5 2Wed:5 2Fri:5"}}
    four = first_fit(tiny_school(cycle_weeks=2, marks=marks), PROGRAMME)["E1"]
    assert four.meet == ("1Mon:5", "2Mon:5")


def test_a_week_without_a_common_hour_gets_no_meeting() -> None:
    marks = {"M1": {"duty": "1*:5"}}
    school = tiny_school(cycle_weeks=2, marks=marks)
    four = first_fit(school, PROGRAMME)["E1"]
    assert four.meet == ("2Tue:5",)
    assert four.reserve == ("2Wed:5",)
    assert len(four.study) == 2
    none = first_fit(tiny_school(marks={"M1": {"duty": "**:5"}}), PROGRAMME)["E1"]
    assert (none.meet, none.observe, none.reserve) == ((), (), ())


def test_a_visit_may_stand_in_the_week_before_but_after_its_meeting() -> None:
    # the mentor is free for a visit on Friday only, the pair meets on Tuesday
    marks = {"M1": {"duty": "*Mon:1 *Tue:1 *Wed:1 *Thu:1"}, "E1": {"duty": "*Wed:5 *Thu:5 *Fri:5"}}
    four = first_fit(tiny_school(cycle_weeks=2, marks=marks), PROGRAMME)["E1"]
    assert four.meet == ("1Tue:5", "2Tue:5")
    assert set(four.observe) == {"1Fri:1", "2Fri:1"}


def test_a_one_week_cycle_works() -> None:
    four = first_fit(tiny_school(cycle_weeks=1), PROGRAMME)["E1"]
    assert (four.meet, four.observe) == (("1Tue:5",), ("1Mon:1",))
    assert len(four.reserve) == len(four.study) == 1


def test_a_second_year_pair_meets_once_in_two_weeks() -> None:
    four = first_fit(tiny_school(cycle_weeks=2, year=2), PROGRAMME)["E1"]
    assert (len(four.meet), len(four.observe), len(four.reserve)) == (1, 1, 1)


def test_a_reserve_may_stand_in_the_other_week_of_a_fortnight() -> None:
    marks = {"E1": {"duty": "1*:5 2Mon:5 2Tue:5 2Wed:5 2Thu:5"}, "M1": {"free": "1Tue:4"}}
    school = tiny_school([Pair("E1", "M1", 2, False)], cycle_weeks=2, marks=marks)
    four = first_fit(school, PROGRAMME)["E1"]
    assert {*four.meet, *four.reserve} == {"1Tue:4", "2Fri:5"}


def test_a_mentor_of_two_has_an_hour_for_each() -> None:
    school = tiny_school([("E1", "M1"), ("E2", "M1")], cycle_weeks=2)
    both = first_fit(school, PROGRAMME)
    assert len(both["E1"].meet) == len(both["E2"].meet) == 2
    assert not set(both["E1"].meet) & set(both["E2"].meet)
    assert not set(both["E1"].observe) & set(both["E2"].observe)


def test_the_pair_with_the_fewest_common_hours_chooses_first() -> None:
    # E2 has only Tuesday, which E1 would take if it came first
    marks = {"E2": {"duty": "*Mon:5 *Wed:5 *Thu:5 *Fri:5"}}
    school = tiny_school([("E1", "M1"), ("E2", "M1")], cycle_weeks=2, marks=marks)
    both = first_fit(school, PROGRAMME)
    assert both["E2"].meet == ("1Tue:5", "2Tue:5")
    assert len(both["E1"].meet) == 2


def test_reserve_and_study_leave_room_for_planning_time() -> None:
    # 21 lessons in a one-week cycle leave 4 free cells, of which 3 are planning time
    lessons = {"E1": "**:1 **:2 **:3 **:4 1Mon:5", "M1": "**:2 **:3 **:4"}
    school = tiny_school(lessons=lessons)
    four = first_fit(school, PROGRAMME)["E1"]
    assert (len(four.meet), len(four.reserve), len(four.study)) == (1, 0, 0)
    full = assume_ppa(school, share=0.1, keep=slot_cells(school, {"E1": four}))
    assert full.timetable.rows["E1"].count("p") == 3
    assert not any("too few" in a for a in full.assumptions)


def test_coded_planning_time_is_never_taken() -> None:
    marks = {"E1": {"ppa": "*Tue:5 *Wed:5 *Thu:5"}, "M1": {"ppa": "*Fri:5"}}
    four = first_fit(tiny_school(cycle_weeks=2, marks=marks), PROGRAMME)["E1"]
    assert four.meet == ("1Mon:5", "2Mon:5")
    assert four.reserve == ()


def test_time_outside_the_school_day_is_no_slot() -> None:
    school = tiny_school(cycle_weeks=2, marks={"E1": {"duty": "**:5 **:4"}})
    four = first_fit(school, PROGRAMME)["E1"]
    assert (four.meet, four.study) == ((), ())


@st.composite
def schools(draw: st.DrawFn) -> tuple[object, int]:
    """Draw rows of letters for two ECTs, two mentors and one mentor shared or not."""
    weeks = draw(st.sampled_from((1, 2)))
    shared = draw(st.booleans())
    pairs = [
        Pair("E1", "M1", draw(st.sampled_from((1, 2)))),
        Pair("E2", "M1" if shared else "M2", 1),
    ]
    school = tiny_school(pairs, cycle_weeks=weeks)
    letters = st.sampled_from("fffflllpbm")
    rows = {
        s.id: "".join(
            draw(st.lists(letters, min_size=school.grid.cells, max_size=school.grid.cells))
        )
        for s in school.staff
    }
    return replace(school, timetable=Timetable(rows, {})), weeks


@given(drawn=schools())
def test_any_timetable_gets_slots_that_a_scenario_accepts(drawn: tuple[object, int]) -> None:
    school, weeks = drawn
    chosen = first_fit(school, PROGRAMME)  # type: ignore[arg-type]
    kept = slot_cells(school, chosen)  # type: ignore[arg-type]
    whole = assume_ppa(school, share=0.1, keep=kept)  # type: ignore[arg-type]
    plan = Plan.preset("timetabled").model_copy(update={"slots": chosen})
    # a scenario refuses a slot in which somebody is busy, in planning time or in two places
    Scenario("any", PROGRAMME, whole, plan)
    for pair in whole.pairs:
        four = chosen[pair.id]
        common = {whole.grid.slot(c).week for c in school.common_free(pair)}  # type: ignore[attr-defined]
        met = [Slot.parse(s).week for s in four.meet]
        assert len(met) == len(set(met)) <= weeks
        alone = len({p.mentor for p in whole.pairs}) == len(whole.pairs)
        if alone and (pair.year == 1 or weeks == 1):
            # a meeting in each week that has a common free period, and in no other
            assert set(met) == common
        assert len(four.observe) <= len(four.meet)
        assert len(four.reserve) <= max(1, len(four.meet))


@given(drawn=schools())
def test_slots_do_not_depend_on_the_order_of_rows(drawn: tuple[object, int]) -> None:
    school, _ = drawn
    turned = replace(school, pairs=school.pairs[::-1], staff=school.staff[::-1])  # type: ignore[type-var, attr-defined]
    assert first_fit(turned, PROGRAMME) == first_fit(school, PROGRAMME)  # type: ignore[arg-type]
