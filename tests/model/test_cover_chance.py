"""How often a free period outside planning time is taken for cover in the real school."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ectsim.luck import Luck
from ectsim.model.cover import allocate
from ectsim.model.diary import write_diary
from ectsim.model.frame import Frame
from ectsim.scenario import Scenario, load
from ectsim.timetables.importer import import_school
from tests.laws.worlds import with_conditions, with_plan

ESTIMATES = {
    0.026: (0.098, 0.050, 0.021),
    0.058: (0.22, 0.15, 0.11),
    0.099: (0.37, 0.33, 0.28),
}
"""Share of staff ill a day: chance with no, one and two cover supervisors, by pencil beforehand."""


@pytest.fixture(scope="module")
def school(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The real school with its pairs, sickness only, no supply."""
    to = tmp_path_factory.mktemp("real") / "school"
    tables = real_data / "timetables"
    import_school(
        tables / "sims_staff_timetable.csv",
        roster=tables / "sims_roster.csv",
        calendar=real_data / "calendars" / "staffordshire_2025-26.csv",
        to=to,
    )
    scenario = load(str(to))
    assert len(scenario.school.staff) == 96
    scenario = with_conditions(scenario, planned_absence=0.0)
    return with_plan(scenario, cover={"known_fill": 0.0, "sickness_fill": 0.0}, slots={})


def chance(scenario: Scenario, share: float, supervisors: int, years: int) -> float:
    """Return the share of free periods of staff in school in which they are called."""
    ill = with_conditions(scenario, sickness_days=share * 190)
    frame = Frame(with_plan(ill, cover={"supervisors": supervisors}))
    teachers = len(frame.staff) - supervisors
    # marked cover cells are somebody's duty and called first; here it is about free periods
    plain = frame.call_order[:teachers] >= 0
    taken = free = 0
    for k in range(years):
        luck = Luck(1, k)
        diary = write_diary(frame, luck)
        book = allocate(frame, diary, luck)
        present = np.repeat(diary.away[:teachers] == 0, frame.periods, axis=1)
        open_to = frame.callable_cells[:teachers] & present & plain
        free += int(open_to.sum())
        taken += int((book.calls[:teachers] & open_to[:, book.cells]).sum())
    return taken / free


@pytest.mark.real
@pytest.mark.parametrize("share", ESTIMATES)
def test_the_chance_is_near_the_first_estimate(school: Scenario, share: float) -> None:
    for supervisors, expected in enumerate(ESTIMATES[share]):
        found = chance(school, share, supervisors, 6)
        assert abs(found - expected) <= max(0.03, 0.25 * expected), (supervisors, found, expected)


@pytest.mark.real
@pytest.mark.deep
def test_the_chance_over_200_years(school: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        for share, expected in ESTIMATES.items():
            found = [chance(school, share, n, 200) for n in range(3)]
            cells = " | ".join(f"{f:.1%} ({e:.1%})" for f, e in zip(found, expected, strict=True))
            print(f"\n| {share:.1%} | {cells} |", end="")
            assert found == sorted(found, reverse=True)
