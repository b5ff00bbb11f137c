"""A partner's schools: the table, risk, dates against lost slots, the mask, the roll-up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from ectsim import partner
from ectsim.errors import InputError

HEAD = "school,kind,ects\n"


def test_a_trust_is_the_same_for_ever_and_its_table_reads_back() -> None:
    trust = partner.generate(24, 7)
    assert trust == partner.generate(24, 7) != partner.generate(24, 8)
    assert trust[:12] == partner.generate(12, 7)
    assert partner.read_table(partner.write_table(trust), where="table.csv") == trust
    assert {s.kind for s in trust} == set(partner.KINDS)


def test_a_short_table_is_filled_with_what_most_schools_begin_with() -> None:
    (school,) = partner.read_table("\ufeff School , kind,ects\nA1,primary,2\n\n", where="t.csv")
    assert school == partner.TrustSchool("A1", "all", "primary", 2, "found", "may", False, 0, "sometimes")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column 'school' is missing"),
        ("school,kind\nA,primary\n", "column 'ects' is missing"),
        ("school,kind,ects,pupils\nA,primary,1,2\n", "unknown column 'pupils'"),
        (HEAD, "no school in it"),
        (HEAD + "A,primary,1\nB,academy,1\n", "line 3: 'academy' is no answer to kind"),
        (HEAD + "A,primary,none\n", "line 2: ects 'none'"),
        (HEAD + "A,primary,0\n", "line 2: ects '0'"),
        (HEAD + "A,primary,1,9\n", "line 2: there are more cells"),
        (HEAD + "A,primary,1\nA,primary,1\n", "'A' stands in it twice"),
        (HEAD + ",primary,1\n", "line 2: the school has no code"),
        (HEAD + "".join(f"A{i},primary,1\n" for i in range(61)), "61 schools are too many"),
        ("school,kind,ects,flex\nA,primary,1,viedo_visit\n", "did you mean 'video_visit'"),
        ("school,kind,ects,meets_on\nA,primary,1,Sun\n", "'sun' is no school day"),
        ("school,kind,ects,inset\nA,primary,1,24/10/2025\n", "write dates as 2025-10-24"),
        ('school,kind,ects\n"A,primary,1\n', "no CSV table"),
    ],
)
def test_a_wrong_table_is_told_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        partner.read_table(text, where="t.csv")
    line = str(caught.value)
    assert said in line.replace("t.csv, ", "")
    assert "\n" not in line


def test_no_text_of_a_table_becomes_a_formula() -> None:
    school = partner.generate(1, 1)[0]
    written = partner.write_table([replace(school, school="=cmd|' /C calc'!A0", area="@x")])
    assert "'=cmd" in written
    assert "'@x" in written


def test_a_school_is_an_ordinary_scenario() -> None:
    school = partner.TrustSchool("A", "N", "primary", 2, "fixed", "last", True, 30, "always", ("split_meeting",))  # fmt: skip
    plan = partner.scenario_of(school).plan
    assert plan.meeting == "fixed"
    assert plan.protection.mentor == plan.protection.ect == "last"
    assert plan.recovery == ("reserve", "common_free", "before_after", "split")
    assert plan.checkin_min == 30
    assert partner.scenario_of(school, protected=True).plan.protection.mentor == "guaranteed"
    assert partner.scenario_of(replace(school, meeting="found")).plan.meeting == "found"


def test_a_mask_refuses_with_a_reason_and_what_to_do() -> None:
    options = {o["id"] for o in partner.options()}
    assert options == {"lesson_release", "other_time", *partner.FLEX}
    base = partner.TrustSchool("A", "N", "primary", 2, "found", "may", False, 0, "always")
    for option in partner.FLEX:
        own = replace(base, flex=(option,))
        partner.scenario_of(own)
        partner.scenario_of(base, (option,))
        with pytest.raises(InputError, match=f"{option}.*ECF lead"):
            partner.scenario_of(own, (option,))
    with pytest.raises(InputError, match="lesson_release"):
        partner.scenario_of(base, ("other_time",))


def test_risk_is_how_often_a_year_falls_below_three_quarters() -> None:
    assert partner.verdict([0.7, *[0.8] * 9]) == "not at risk"
    assert partner.verdict([0.7, 0.7, *[0.9] * 8]) == "at risk"
    assert partner.share_below([0.75, 0.74]) == 0.5


def _row(area: str, ects: int, completion: float = 0.8, *, risk: bool = False) -> dict[str, Any]:
    return {"area": area, "ects": ects, "completion": completion, "risk": risk}


def test_the_roll_up_hides_small_groups_and_what_would_give_them_away() -> None:
    rows = [*(_row("A", 4, 0.9) for _ in range(4)), *(_row("B", 3, 0.7, risk=True) for _ in range(4)), _row("C", 2)]  # fmt: skip
    found = {r["area"]: r for r in partner.roll_up(rows)}
    assert found["C"]["ects"] is None
    # one hidden group alone would be what is left of the whole: the next smallest goes with it
    assert found["B"]["completion"] is None
    assert found["A"]["completion"] == pytest.approx(0.9)
    whole = found["All schools"]
    assert (whole["schools"], whole["ects"], whole["at_risk"]) == (9, 30, 4)
    assert whole["completion"] == pytest.approx((16 * 0.9 + 12 * 0.7 + 2 * 0.8) / 30)
    shown = [r for a, r in found.items() if a != "All schools" and r["schools"] is not None]
    rest = [whole[k] - sum(r[k] for r in shown) for k in ("schools", "ects")]
    assert rest[0] >= partner.SMALLEST_GROUP[0]
    assert rest[1] >= partner.SMALLEST_GROUP[1]
    assert all(r["ects"] is None for r in partner.roll_up(rows[:2]))


def test_slots_on_a_date_are_those_of_its_weekday() -> None:
    school = partner.TrustSchool("A", "N", "secondary", 2, "fixed", "may", False, 0, "always")
    monday = dt.date(2025, 9, 15)
    assert sum(partner.slots_on(school, monday + dt.timedelta(d)) for d in range(7)) == 2
    named = replace(school, meets_on=(0, 0, 3))
    assert [partner.slots_on(named, monday + dt.timedelta(d)) for d in range(7)] == [2, 0, 0, 1, 0, 0, 0]  # fmt: skip
    assert partner.slots_on(replace(named, inset=(monday,)), monday) == 0
    assert partner.slots_on(replace(named, meeting="found"), monday) == 0
    assert partner.slots_on(named, dt.date(2025, 12, 25)) == 0


@pytest.mark.parametrize("seed", range(1, 6))
def test_dates_equal_brute_force(seed: int) -> None:
    """Six schools, eight dates, three events."""
    schools = [replace(s, meeting="fixed", meets_on=s.meets_on or (seed % 5, (seed + 2) % 5)) for s in partner.generate(6, seed)]  # fmt: skip
    first = dt.date(2025, 9, 15)
    days = [first + dt.timedelta(d) for d in (0, 1, 2, 3, 4, 7, 8, 9)]
    wanted = {"a": days, "b": days[2:], "c": days[:3]}
    found = partner.best_dates(schools, wanted)

    def cost(chosen: tuple[dt.date, ...]) -> tuple[int, int, int]:
        lost = [[partner.slots_on(s, d) for s in schools] for d in chosen]
        return sum(map(sum, lost)), sum(map(max, lost)), sum(d.toordinal() for d in chosen)

    every = [c for c in product(*wanted.values()) if len(set(c)) == 3]
    mine = tuple(found[name]["date"] for name in wanted)
    assert len(set(mine)) == 3
    assert cost(mine) == min(map(cost, every))
    assert sum(found[n]["lost"] for n in wanted) == cost(mine)[0]
    with pytest.raises(InputError, match="fewer dates"):
        partner.best_dates(schools, {"a": days[:1], "b": days[:1]})
