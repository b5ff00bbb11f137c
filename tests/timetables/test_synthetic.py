"""The sample school: that it ships as made, and that it could be real."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from ectsim.clock import Slot
from ectsim.errors import InputError
from ectsim.folder import read_school, school_files
from ectsim.scenario import load
from ectsim.school import School
from ectsim.share import data_dir
from ectsim.timetables.build import Built
from ectsim.timetables.synthetic import main, sample_files, synthetic_secondary

DEFAULT = data_dir() / "schools" / "default"


@pytest.fixture(scope="module")
def built() -> Built:
    return synthetic_secondary()


@pytest.fixture(scope="module")
def school(built: Built) -> School:
    return built.school


def test_the_generator_makes_the_shipped_folder_byte_for_byte() -> None:
    shipped = {p.name: p.read_bytes() for p in DEFAULT.iterdir()}
    assert shipped == {name: text.encode() for name, text in sample_files().items()}


def test_it_can_be_written_anywhere(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    for name in ("default", "smaller"):
        made = read_school(tmp_path / name)
        assert made.digest == read_school(data_dir() / "schools" / name).digest


def test_it_is_a_two_week_school_of_96_with_five_first_year_pairs(school: School) -> None:
    assert len(school.staff) == 96
    assert school.grid.cycle_weeks == 2
    assert [p.kind for p in school.grid.periods].count("lesson") == 5
    assert {"before", "after"} <= {p.kind for p in school.grid.periods}
    assert [p.year for p in school.pairs] == [1] * 5
    assert len({p.mentor for p in school.pairs}) == 5
    assert len(school.calendar.pupil_days) == 190
    assert school.synthetic
    assert school.warnings == ("default: the timetable is synthetic, not a school's own",)


def test_the_contact_ratio_is_a_secondary_s(school: School) -> None:
    lessons = sum(school.lessons(s.id) for s in school.staff)
    hours = sum(float(s.fte) * 50 for s in school.staff)
    assert 0.70 <= lessons / hours <= 0.78
    assert max(school.lessons(s.id) for s in school.staff) <= 43


def test_part_timers_have_whole_days_off(school: School) -> None:
    part = [s for s in school.staff if s.fte < 1]
    assert round(len(part) / 96, 2) == 0.19
    for s in school.staff:
        row = school.timetable.rows[s.id]
        days = [row[i : i + len(school.grid)] for i in range(0, len(row), len(school.grid))]
        off = [set(d) == {"b"} for d in days]
        assert sum(off) == 10 * (1 - s.fte)
        assert not any("b" in d for d, away in zip(days, off, strict=True) if not away)


def test_an_ect_has_a_tenth_less_than_the_department_s_teachers(school: School) -> None:
    mentors = {p.mentor for p in school.pairs}
    for pair in school.pairs:
        department = school.by_id[pair.ect].department
        assert school.by_id[pair.mentor].department == department
        others = [
            school.lessons(s.id)
            for s in school.staff
            if s.department == department and s.fte == 1 and s.id not in mentors | {pair.ect}
        ]
        # heads and leaders teach less; the main scale is the upper half
        main_scale = sorted(others)[len(others) // 2 :]
        assert school.lessons(pair.ect) <= 0.9 * sum(main_scale) / len(main_scale)


def test_a_class_has_one_teacher_and_at_most_two_lessons_a_day(school: School) -> None:
    teachers, days = defaultdict(set), defaultdict(Counter)
    for (who, cell), what in school.timetable.cells.items():
        if what.class_code:
            teachers[what.class_code].add(who)
            days[what.class_code][cell // len(school.grid)] += 1
    assert len(teachers) > 600
    assert {len(t) for t in teachers.values()} == {1}
    assert max(max(d.values()) for d in days.values()) <= 2
    spread = sum(sum(n - 1 for n in d.values()) for d in days.values())
    assert spread < 0.05 * sum(sum(d.values()) for d in days.values())


def test_every_group_of_years_7_to_11_is_taught_in_every_lesson(school: School) -> None:
    # a tutor group is in its own lesson, or its whole year is in options
    groups: dict[int, set[str]] = defaultdict(set)
    for (_, cell), what in school.timetable.cells.items():
        if what.class_code:
            group = what.class_code.split("/")[0]
            assert group not in groups[cell] or group[-1].isupper(), (group, cell)
            groups[cell].add(group)
    monday = {school.grid.cell(Slot(w, 0, "1")) for w in (1, 2)}
    for slot in school.grid.slots():
        cell = school.grid.cell(slot)
        if slot.period not in "12345" or cell in monday:
            assert not groups[cell]
            continue
        for year in (7, 8, 9, 10, 11):
            own = {f"{year}{letter}" for letter in "abcdefghij"}
            options = {f"{year}{letter}" for letter in "ABC"} & groups[cell]
            assert own <= groups[cell] or len(options) == 1


def test_planning_time_is_coded_for_everybody(school: School) -> None:
    for s in school.staff:
        assert school.timetable.rows[s.id].count("p") == -(-school.lessons(s.id) // 10)
    assert not any("planning time" in a for a in school.assumptions)


def test_each_pair_can_be_timetabled(built: Built) -> None:
    for four in built.slots.values():
        assert len(four.meet) == len(four.observe) == len(four.study) == 2
        assert four.reserve
        assert four.meet[0][1:] == four.meet[1][1:]


def test_its_scenarios_load_in_one_school() -> None:
    found, fixed = load(str(DEFAULT / "scenario.toml")), load(str(DEFAULT / "timetabled.toml"))
    assert found.school.digest == fixed.school.digest
    assert found.plan.slots == {}
    assert set(fixed.plan.slots) == {p.id for p in found.school.pairs}


@pytest.mark.parametrize("arguments", [{"seed": 2}, {"staff": 60, "ects": 3}, {"staff": 120}])
def test_other_schools_can_be_made(arguments: dict[str, int]) -> None:
    other = synthetic_secondary(**arguments)  # type: ignore[arg-type]
    assert len(other.school.staff) == arguments.get("staff", 96)
    lessons = sum(other.school.lessons(s.id) for s in other.school.staff)
    assert 0.65 <= lessons / sum(float(s.fte) * 50 for s in other.school.staff) <= 0.78
    again = synthetic_secondary(**arguments)  # type: ignore[arg-type]
    assert school_files(again.school) == school_files(other.school)
    assert other.school.digest != read_school(DEFAULT).digest


def test_a_school_of_nobody_is_refused() -> None:
    with pytest.raises(InputError, match="60 to 200 staff"):
        synthetic_secondary(staff=5)
