"""Several school years one after the other: what is due, what goes on, and that no year leaks into another."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from ectsim.analysis import result_dict
from ectsim.experiment import Results, replicate, run_one
from ectsim.folder import read_school, school_files
from ectsim.ledger import ledger
from ectsim.log import EVENT_CODE
from ectsim.model.frame import frame_of
from ectsim.model.year import joined, live, live_years, simulate
from ectsim.scenario import Scenario, load, parse_code

PLANS = ("found_time", "timetabled")


def over(years: int, plan: str = "found_time", **changes: object) -> Scenario:
    """Return the default school over some years; absence does not make induction longer."""
    kept = {"programme.run_years": years, "programme.coaching.extend_from": 400}
    return load("default").with_changes({"plan.preset": plan, **kept, **changes})


def part_time(fte: Fraction, years: int) -> Scenario:
    """Return the sample school in which every ECT works that share of full time."""
    s = over(years)
    ects = {p.ect for p in s.school.pairs}
    staff = tuple(replace(m, fte=fte) if m.id in ects else m for m in s.school.staff)
    return replace(s, school=replace(s.school, staff=staff), origin="")


def due(scenario: Scenario) -> list[list[int]]:
    return [
        [len(p.windows) for p in frame_of(scenario.in_year(k)).pairs]
        for k in range(scenario.programme.run_years)
    ]


def test_an_induction_has_38_cycles_due_in_its_first_year_and_20_in_its_second() -> None:
    assert due(over(3)) == [[38] * 5, [20] * 5, [0] * 5]
    toggled = over(2).with_changes({"programme.coaching.first_week": "coach"})
    assert due(toggled) == [[39] * 5, [20] * 5]


@pytest.mark.parametrize(
    ("fte", "expected"),
    [
        (Fraction(1, 2), [19, 20, 10, 10, 0]),
        # 38 x 0.6 = 22.8; then 27 weeks at 0.6 and 13 at 0.3: 20.1; 40 x 0.3; 14 x 0.3 = 4.2
        (Fraction(3, 5), [23, 21, 12, 5, 0]),
    ],
)
def test_a_part_timer_takes_longer_pro_rata(fte: Fraction, expected: list[int]) -> None:
    s = part_time(fte, 5)
    assert [year[0] for year in due(s)] == expected
    assert all(len(set(year)) == 1 for year in due(s))


def test_a_part_timer_at_a_half_runs_four_years() -> None:
    s = part_time(Fraction(1, 2), 4)
    run = run_one(s, 1, 0)
    assert [y.due for y in run.school_years] == [95, 100, 50, 50]
    assert run.due == sum(run.bins) == 295


def test_a_part_timer_s_modules_are_spread_over_the_longer_years() -> None:
    for fte, schedule in ((Fraction(1, 2), "12x3"), (Fraction(3, 5), "24+12")):
        s = part_time(fte, 5).with_changes({"programme.study.schedule": schedule})
        each = [len(frame_of(s.in_year(k)).modules[0]) for k in range(5)]
        assert sum(each) == 36
        assert max(each) < 36 * fte + 2
        simulate(s, 1, 0)


@pytest.mark.parametrize("plan", PLANS)
def test_the_first_school_year_is_that_of_a_run_of_one(plan: str) -> None:
    assert live_years(over(2, plan), 1, 3)[0].log.to_bytes() == live(over(1, plan), 1, 3).log.to_bytes()  # fmt: skip


@pytest.mark.parametrize("plan", PLANS)
def test_the_joined_log_keeps_the_ledger_of_each_year(plan: str) -> None:
    s = over(2, plan)
    years = live_years(s, 1, 0)
    whole = joined(years)
    whole.check()
    assert whole.to_bytes() == simulate(s, 1, 0).to_bytes()
    apart = [e for y in years for e in ledger(y.log, y.frame.scenario)]
    together = ledger(whole, s)
    assert len(together) == len(apart)
    assert sorted(e.bin for e in together) == sorted(e.bin for e in apart)
    for pair in range(5):
        cycles = [e.cycle for e in together if e.pair == pair]
        assert cycles == list(range(58))
        assert [e.bin for e in together if e.pair == pair] == [e.bin for e in apart if e.pair == pair]  # fmt: skip
        assert all(a.opens < b.opens for a, b in pairwise(together) if a.pair == b.pair)  # fmt: skip


def test_later_years_have_luck_of_their_own() -> None:
    first, second = live_years(over(2), 1, 0)
    days = min(first.frame.days, second.frame.days)
    assert (first.diary.away[:, :days] != second.diary.away[:, :days]).any()


def test_what_a_mentor_learnt_goes_on() -> None:
    """A mentor with a year behind her coaches faster than one who starts in the second year."""
    s = over(
        2, "timetabled", **{"conditions.random_durations": False, "conditions.mentor_leave": 0}
    )
    coaching = [EVENT_CODE[n] for n in ("praise", "share", "model", "analyse", "practise")]

    def mean(rows: list[tuple[int, ...]]) -> float:
        found = [r[4] for r in rows if r[1] in coaching]
        return sum(found) / len(found)

    first, second = live_years(s, 1, 0)
    assert mean(second.log.rows) < mean(first.log.rows)
    fresh = live(s.in_year(1).with_changes({"conditions.learning": False}), 1, 0)
    assert mean(fresh.log.rows) == pytest.approx(mean(second.log.rows), rel=0.02)


def test_modules_that_were_late_in_summer_still_count_in_autumn() -> None:
    s = over(2, **{"conditions.study_own_time": 0.05})
    studied = [r for r in simulate(s, 1, 0).rows if r[1] == EVENT_CODE["studied"]]
    known = {p: sorted(r[4] for r in studied if r[2] == p) for p in range(5)}
    assert all(found == list(range(len(found))) for found in known.values())


def test_the_code_and_the_workers_change_no_digit() -> None:
    s = over(2)
    again, seed = parse_code(s.code(7))
    assert seed == 7
    assert simulate(again, 7, 1).to_bytes() == simulate(s, 7, 1).to_bytes()
    results = replicate(s, seed=1, replications=3)
    assert results.runs[2] == run_one(s, 1, 2)
    assert isinstance(results, Results)


def test_results_say_each_school_year() -> None:
    result = result_dict(replicate(over(2), seed=1, replications=4))
    assert [y["due"] for y in result["school_years"]] == [190, 100]
    assert sum(y["due_total"] for y in result["school_years"]) == result["due_total"] == 4 * 290
    for name, n in result["ledger_total"].items():
        assert n == sum(y["ledger_total"][name] for y in result["school_years"])
    assert "school_years" not in result_dict(replicate(over(1), seed=1, replications=2))


def test_unknown_dates_are_the_last_known_ones_52_weeks_on_and_said() -> None:
    s = over(3)
    first, second, third = (s.in_year(k).school for k in range(3))
    assert (third.calendar.origin - second.calendar.origin).days == 364
    assert not [a for a in (*first.assumptions, *second.assumptions) if "52 weeks" in a]
    assert [a for a in third.assumptions if "52 weeks" in a]
    assert not [w for w in over(2).warnings if "52 weeks" in w]
    assert len([w for w in s.warnings if "52 weeks" in w]) == 1


def test_a_folder_keeps_the_calendars_of_later_years(tmp_path: Path) -> None:
    school = load("default").school
    for name, text in school_files(school).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    again = read_school(tmp_path)
    assert [c.spans for c in again.later] == [c.spans for c in school.later]
    assert again.digest == school.digest
