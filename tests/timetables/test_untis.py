"""Untis's GPU001.TXT: rows without a header, lessons of several teachers and classes."""

from pathlib import Path

import pytest

from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.timetables.importer import import_school, read_timetable
from tests.timetables.exports import ACTIVITIES, TEACHERS, fet_csv, untis
from tests.timetables.samples import put


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_interface_file_becomes_a_school(tmp_path: Path, separator: str) -> None:
    report = import_school(put(tmp_path, "GPU001.TXT", untis(separator)), to=tmp_path / "a")
    assert (report.form, report.tried, report.staff) == ("untis", False, 4)
    assert report.lessons == sum(len(a[5]) for a in ACTIVITIES if a[3])
    assert report.unknown == {"Duty": 1}
    assert report.contents == f"{untis().count(chr(10))} rows, {len(ACTIVITIES)} lessons"
    assert any("Not yet tried on a school's file" in line for line in report.lines())
    # one lesson of two classes is no double booking
    assert not any("two places" in w for w in report.warnings)
    assert ",7a+9z,Maths," in (tmp_path / "a" / "timetable.csv").read_text()
    import_school(put(tmp_path, "t.csv", fet_csv()), to=tmp_path / "b")
    one, two = read_school(tmp_path / "a"), read_school(tmp_path / "b")
    for who in TEACHERS:
        busy = [[i for i, k in enumerate(s.timetable.rows[who]) if k in "lu"] for s in (one, two)]
        assert busy[0] == busy[1]


def test_what_is_odd_is_a_warning_with_its_line(tmp_path: Path) -> None:
    extra = [
        '950,"9z","MA1","Art","R9",1,1,,',
        '951,"9z","?","Art","R9",1,2,,',
        '952,"9z","","Art","R9",1,2,,',
        '953,"9z","MA1","Art","",0,0,,',
    ]
    text = untis(extra=extra)
    last = text.count("\n")
    table = read_timetable(put(tmp_path, "GPU001.TXT", text))
    assert table.warnings == (
        f"GPU001.TXT, line {last - 3}: MA1 is in two places in 1Mon:1: lesson 100 (line 1) and "
        "lesson 950; both stand in the one cell",
        f"GPU001.TXT, line {last - 2}: lesson 951 has no teacher and is left out",
        f"GPU001.TXT, line {last - 1}: lesson 952 has no teacher and is left out",
        f"GPU001.TXT, line {last}: lesson 953 has no time and is not in the timetable",
    )


@pytest.mark.parametrize(
    ("extra", "match"),
    [
        ('1,"7A","MA1","Art"', "the row has 4 of 7 fields"),
        ('1,"7A","MA1","Art","R",6,1,,', "6 make no second week of five"),
        ('1,"7A","MA1","Art","R",11,1,,', "the day is 11 and a school week has 1"),
        ('1,"7A","MA1","Art","R",Mo,1,,', "the day is 'Mo' and no number"),
        ('1,"7A","MA1","Art","R",1,x,,', "the period is 'x' and no number"),
        ('1,"7A","MA1","Art","R",1,99,,', "the period is 99"),
        ('x,"7A","MA1","Art","R",1,1,,', "the lesson number is 'x'"),
        (f'{"9" * 5000},"7A","MA1","Art","R",1,1,,', "the lesson number is"),
        ('1,"7A,"MA1","Art","R",1,1', "quotation marks|cannot be read"),
        ('1,"7A","MA1","Art","R",1,0,,', "no time is known for period '0'.*--grid"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(tmp_path: Path, extra: str, match: str) -> None:
    text = untis(extra=[extra])
    with pytest.raises(InputError, match=match) as caught:
        import_school(put(tmp_path, "GPU001.TXT", text), to=tmp_path / "school")
    assert not (tmp_path / "school").exists()
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.where.startswith("GPU001.TXT")
    assert caught.value.remedy


def test_a_day_without_anybody_is_a_hole_in_a_school_s_file(tmp_path: Path) -> None:
    rows = [f'{10 * t + d},"7A","T{t}","Art","R",{d + 1},1,,' for t in range(12) for d in range(4)]
    with pytest.raises(InputError, match="nobody has a row on 1Fri"):
        read_timetable(put(tmp_path, "GPU001.TXT", "\n".join(rows)))


def test_days_one_to_ten_are_two_weeks(tmp_path: Path) -> None:
    extra = [f'{700 + d},"7A","MA1","Art","R1",{d},{1 + d % 5},,' for d in range(6, 11)]
    import_school(put(tmp_path, "GPU001.TXT", untis(extra=extra)), to=tmp_path / "a")
    school = read_school(tmp_path / "a")
    assert school.grid.cycle_weeks == 2
    row = school.timetable.rows["MA1"]
    half = len(row) // 2
    assert row[half:].count("l") == 5
    assert row[:half].count("l") >= 1
