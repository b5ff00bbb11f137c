"""The import of a real school's files, which may not be redistributed."""

import csv
from pathlib import Path

import pytest

from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.scenario import load
from ectsim.timetables.importer import ImportReport, import_school, read_timetable

pytestmark = pytest.mark.real

KEY = ("week", "day", "period", "staff")
VALUE = ("kind", "class", "subject", "room")


@pytest.fixture(scope="module")
def imported(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ImportReport, Path]:
    to = tmp_path_factory.mktemp("real") / "school"
    report = import_school(
        real_data / "timetables" / "sims_staff_timetable.csv",
        roster=real_data / "timetables" / "sims_roster.csv",
        calendar=real_data / "calendars" / "staffordshire_2025-26.csv",
        to=to,
    )
    return report, to


def cells(path: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    out = {tuple(r[k] for k in KEY): tuple(r[k] for k in VALUE) for r in rows}
    assert len(out) == len(rows)
    return out


def test_the_counts_are_those_of_the_file(imported: tuple[ImportReport, Path]) -> None:
    report, _ = imported
    assert (report.staff, report.filled_cells, report.lessons) == (96, 3747, 3100)
    assert report.kinds == {
        "lesson": 3100, "blocked": 527, "pastoral": 102, "cover": 16, "other": 2
    }  # fmt: skip
    assert (report.pupil_days, report.weeks) == (190, 39)
    assert report.unknown == {}


def test_the_folder_holds_the_cells_of_the_check_file(
    imported: tuple[ImportReport, Path], real_data: Path
) -> None:
    mine = {k: v for k, v in cells(imported[1] / "timetable.csv").items() if v[0] != "ppa"}
    assert mine == cells(real_data / "timetables" / "sims_long.csv")


def test_planning_time_only_takes_free_cells_and_is_a_tenth_of_lessons(
    imported: tuple[ImportReport, Path],
) -> None:
    school = read_school(imported[1])
    lesson = set(school.lesson_periods)
    for s in school.staff:
        ppa = [i for i, k in enumerate(school.timetable.rows[s.id]) if k == "p"]
        assert len(ppa) <= -(-school.lessons(s.id) // 10)
        assert all(i % len(school.grid) in lesson for i in ppa)


def test_the_long_table_gives_the_same_school(
    imported: tuple[ImportReport, Path], real_data: Path, tmp_path: Path
) -> None:
    import_school(
        real_data / "timetables" / "sims_long.csv",
        roster=real_data / "timetables" / "sims_roster.csv",
        calendar=real_data / "calendars" / "staffordshire_2025-26.csv",
        to=tmp_path / "school",
    )
    assert read_school(tmp_path / "school").digest == read_school(imported[1]).digest


def test_it_warns_of_the_two_pairs_without_a_common_hour(
    imported: tuple[ImportReport, Path],
) -> None:
    report, _ = imported
    assert "T089/T010 have no common free period among 1 to 5 in week 1" in report.warnings
    assert "T054/T021 have no common free period among 1 to 5 in week 2" in report.warnings
    assert len(report.warnings) == 2
    text = "\n".join(report.lines())
    assert "96 staff, 3,747 filled cells, 3,100 lessons" in text


def test_both_scenarios_load_in_one_school(imported: tuple[ImportReport, Path]) -> None:
    found = load(str(imported[1] / "scenario.toml"))
    fixed = load(str(imported[1] / "timetabled.toml"))
    assert found.school.digest == fixed.school.digest
    assert (found.plan.name, fixed.plan.name) == ("found_time", "timetabled")
    assert set(fixed.plan.slots) == {"T037", "T052", "T054", "T088", "T089"}
    # no slot is made up where there is no common free period
    assert [s[0] for s in fixed.plan.slots["T089"].meet] == ["2"]
    assert [s[0] for s in fixed.plan.slots["T054"].meet] == ["1"]
    assert all(len(fixed.plan.slots[p].meet) == 2 for p in ("T052", "T088"))


def test_period_six_is_after_school(imported: tuple[ImportReport, Path]) -> None:
    school = read_school(imported[1])
    kinds = {p.id: p.kind for p in school.grid.periods}
    assert kinds["6"] == "after"
    assert kinds["5"] == "lesson"
    assert any("period 6" in a for a in school.assumptions)


def test_departments_follow_the_roster_s_words(imported: tuple[ImportReport, Path]) -> None:
    school = read_school(imported[1])
    assert school.by_id["T089"].department == "Health and Social Care"
    named = [s.department for s in school.staff]
    assert "Gg" not in named
    assert named.count("Geography") > 2


def test_the_other_calendar_is_taken_with_its_count(real_data: Path, tmp_path: Path) -> None:
    report = import_school(
        real_data / "timetables" / "sims_staff_timetable.csv",
        calendar=real_data / "calendars" / "staffordshire_2026-27.csv",
        to=tmp_path / "school",
    )
    assert (report.pupil_days, report.weeks) == (193, 40)
    assert any("193 pupil days" in w for w in report.warnings)


# FET -------------------------------------------------------------------------------------------------

FET = "SPAIN_20-21-locked"


def fet(real_data: Path, ending: str) -> Path:
    return real_data / "timetables" / "fet" / f"{FET}{ending}"


def test_a_fet_input_file_is_named(real_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"FET input file.* - give FET's export"):
        import_school(fet(real_data, ".fet"), to=tmp_path / "school")


def test_fet_s_teachers_have_the_counts_of_the_file(real_data: Path, tmp_path: Path) -> None:
    report = import_school(fet(real_data, "_teachers.xml"), to=tmp_path / "school")
    assert (report.form, report.tried, report.staff) == ("fet", True, 89)
    assert report.contents == "1,589 rows, 1,205 activities, 5 days (Lunes to Viernes), 6 hours"
    assert report.filled_cells == 1589
    assert report.unknown == {"Guardia": 114, "Guardia FP": 107, "FCT": 6, "Equipo TDE": 2}
    assert report.lessons == 1589 - 229
    (idle,) = (w for w in report.warnings if "no activity" in w)
    assert "line 7041: PT1 has no activity" in idle
    school = read_school(tmp_path / "school")
    assert school.grid.cycle_weeks == 1
    assert [p.id for p in school.grid.periods if p.kind == "lesson"] == list("123456")
    # no cover duty and no meeting of the file is free time
    assert sum(row.count("u") for row in school.timetable.rows.values()) == 229


def test_fet_s_table_and_teachers_give_the_same_lessons(real_data: Path, tmp_path: Path) -> None:
    table = read_timetable(fet(real_data, "_timetable.csv"))
    teachers = read_timetable(fet(real_data, "_teachers.xml"))
    assert table.contents == "1,467 rows, 1,205 activities, 5 days (Lunes to Viernes), 6 hours"
    assert (len(table.staff), len(teachers.staff)) == (88, 89)
    assert {c._replace(line=0) for c in table.cells} == {c._replace(line=0) for c in teachers.cells}
    assert len(table.cells) == 1589
    (left,) = table.warnings
    assert left.startswith(f"{FET}.fet, line 1392: PT1 has no activity")
    assert table.periods == teachers.periods
    # without the input file beside it the same order comes from the names
    alone = tmp_path / "alone_timetable.csv"
    alone.write_bytes(fet(real_data, "_timetable.csv").read_bytes())
    assert read_timetable(alone).cells == table.cells
    assert read_timetable(alone).warnings == ()
