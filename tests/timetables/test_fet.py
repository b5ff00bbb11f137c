"""FET's table of activities and its timetables of teachers; what is odd in them, what is refused."""

from pathlib import Path

import pytest

from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.timetables.importer import import_school, read_timetable
from tests.timetables.exports import (
    ACTIVITIES,
    HOURS,
    SPANISH,
    TEACHERS,
    fet_csv,
    fet_input,
    fet_xml,
)
from tests.timetables.samples import NAMES, put, roster

LESSONS = sum(len(a[5]) for a in ACTIVITIES if a[3])
ENGLISH = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
ODD = ("D-1", "D-2", "D-3", "D-4", "D-5")


def test_both_exports_are_one_school(tmp_path: Path) -> None:
    table = import_school(put(tmp_path, "x_timetable.csv", fet_csv()), to=tmp_path / "a")
    people = import_school(put(tmp_path, "x_teachers.xml", fet_xml()), to=tmp_path / "b")
    assert (table.form, table.tried, table.staff, people.staff) == ("fet", True, 4, 5)
    assert table.lessons == people.lessons == LESSONS
    assert table.unknown == people.unknown == {"Duty": 1}
    rest = f"{len(ACTIVITIES)} activities, 5 days (Lunes to Viernes), 5 hours"
    assert people.contents == f"{LESSONS + 1} rows, {rest}"
    assert table.contents == f"{len(ACTIVITIES)} rows, {rest}"
    one, two = read_school(tmp_path / "a"), read_school(tmp_path / "b")
    assert one.grid == two.grid
    assert one.grid.cycle_weeks == 1
    for who in TEACHERS:
        for cell, letter in enumerate(one.timetable.rows[who]):
            assert (letter in "lu") == (two.timetable.rows[who][cell] in "lu")
    assert one.timetable.cells == two.timetable.cells


def test_an_activity_without_pupils_is_unknown_until_somebody_says_what_it_is(
    tmp_path: Path,
) -> None:
    source = put(tmp_path, "t.csv", fet_csv())
    import_school(source, to=tmp_path / "a")
    school = read_school(tmp_path / "a")
    letters = {k: row.count("u") for k, row in school.timetable.rows.items()}
    assert letters == {"MA1": 1, "EN1": 0, "SC1": 0, "SC2": 0}
    codes = put(tmp_path, "codes.toml", '[codes]\nDuty = "duty"\nMaths = "other"\n')
    report = import_school(source, codes=codes, to=tmp_path / "b")
    assert report.unknown == {}
    assert report.kinds["duty"] == 1
    # what the school says of a subject also holds for one with pupils
    assert report.kinds["other"] == sum(1 for a in ACTIVITIES if a[4] == "Maths")


# order -----------------------------------------------------------------------------------------------


def test_the_table_takes_its_order_from_the_input_file_beside_it(tmp_path: Path) -> None:
    hours = ("Z", "Y", "X", "W", "V")
    text = fet_csv(days=ODD, hours=hours)
    put(tmp_path, "x.fet", fet_input(days=ODD, hours=hours))
    beside = read_timetable(put(tmp_path, "x_timetable.csv", text))
    plain = read_timetable(put(tmp_path, "plain.csv", fet_csv()))
    assert [c._replace(line=0) for c in beside.cells] == [c._replace(line=0) for c in plain.cells]
    assert not any("turn up" in w for w in beside.warnings)
    assert any("D-1 is Mon" in a for a in beside.assumptions)
    # the fifth hour, in which nobody has anything, is known from the input file
    assert beside.periods == ("1", "2", "3", "4", "5")
    alone = read_timetable(put(tmp_path, "y_timetable.csv", text))
    assert sum("in the order in which they turn up" in w for w in alone.warnings) == 2
    assert all(w.startswith("y_timetable.csv") for w in alone.warnings)


def test_days_of_a_known_language_need_no_input_file(tmp_path: Path) -> None:
    one = read_timetable(put(tmp_path, "a.csv", fet_csv()))
    two = read_timetable(put(tmp_path, "b.csv", fet_csv(days=ENGLISH)))
    assert one.cells == two.cells
    assert one.warnings == two.warnings == ()


def test_teachers_give_their_own_order(tmp_path: Path) -> None:
    odd = read_timetable(put(tmp_path, "a.xml", fet_xml(days=ODD)))
    plain = read_timetable(put(tmp_path, "b.xml", fet_xml()))
    assert odd.cells == plain.cells
    assert any("the file's order" in a for a in odd.assumptions)


def test_hours_that_are_numbers_keep_their_names(tmp_path: Path) -> None:
    table = read_timetable(put(tmp_path, "a.xml", fet_xml(hours=("P1", "P2", "P3", "P4", "P5"))))
    assert table.periods == ("P1", "P2", "P3", "P4", "P5")
    assert not any("numbered" in a for a in table.assumptions)


def test_another_input_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "x.fet", fet_input(days=ENGLISH))
    with pytest.raises(InputError, match=r"day 'Lunes' is not in x\.fet"):
        read_timetable(put(tmp_path, "x_timetable.csv", fet_csv()))
    put(tmp_path, "x.fet", "<other/>")
    with pytest.raises(InputError, match=r"x\.fet: this is no FET input file"):
        read_timetable(put(tmp_path, "x_timetable.csv", fet_csv()))
    put(tmp_path, "x.fet", "<fet")
    with pytest.raises(InputError, match=r"x\.fet, line 1: the file is not well-formed"):
        read_timetable(put(tmp_path, "x_timetable.csv", fet_csv()))


# what is odd -----------------------------------------------------------------------------------------


def test_a_double_booking_is_a_warning_with_both_activities(tmp_path: Path) -> None:
    extra = '"950","Lunes","1ª 08:15","9z","Art","MA1+EN1","","R9",""'
    text = fet_csv(extra=[extra])
    report = import_school(put(tmp_path, "t.csv", text), to=tmp_path / "a")
    line = text.count("\n")
    found = [w for w in report.warnings if "two places" in w]
    assert len(found) == 2
    assert f"t.csv, line {line}: MA1 is in two places in 1Mon:1: activity 100 (line " in found[0]
    assert "and activity 950; both stand in the one cell" in found[0]
    assert report.lessons == LESSONS
    rows = (tmp_path / "a" / "timetable.csv").read_text()
    assert "1,Mon,1,MA1,lesson,7a+9z,Maths,R0+R9" in rows
    also = '<Activity id="950"/><Subject name="Art"/><Students name="9z"/><Room name="R9"/>'
    report = import_school(put(tmp_path, "t.xml", fet_xml(also=also)), to=tmp_path / "b")
    (found_in_xml,) = (w for w in report.warnings if "two places" in w)
    assert "activity 100 (line 6) and activity 950" in found_in_xml
    assert "1,Mon,1,MA1,lesson,7a+9z,Maths,R0+R9" in (tmp_path / "b" / "timetable.csv").read_text()


def test_a_lesson_is_not_lost_behind_another_booking(tmp_path: Path) -> None:
    extra = '"950","Lunes","1ª 08:15","","Meeting","MA1","","",""'
    report = import_school(put(tmp_path, "t.csv", fet_csv(extra=[extra])), to=tmp_path / "a")
    assert report.lessons == LESSONS
    assert report.unknown == {"Duty": 1}


def test_unplaced_activities_are_named_with_their_place(tmp_path: Path) -> None:
    extra = '"951","","","9z","Art","MA1","","",""'
    put(
        tmp_path,
        "x.fet",
        fet_input(
            more="<Activity><Teacher>EN1</Teacher><Duration>2</Duration><Id>960</Id>"
            "<Active>true</Active></Activity>\n<Activity><Teacher>EN1</Teacher><Duration>2</Duration>"
            "<Id>961</Id><Active>false</Active></Activity>"
        ),
    )
    text = fet_csv(extra=[extra])
    report = import_school(put(tmp_path, "x_timetable.csv", text), to=tmp_path / "a")
    found = [w for w in report.warnings if "activity 9" in w]
    last = text.count("\n")
    assert found[0] == (
        f"x_timetable.csv, line {last}: activity 951 has no time and is not in the timetable"
    )
    assert found[1].startswith("x.fet, line ")
    assert found[1].endswith("activity 960 has 0 of its 2 hours in x_timetable.csv")
    assert len(found) == 2


def test_a_teacher_without_a_lesson_is_listed(tmp_path: Path) -> None:
    report = import_school(put(tmp_path, "t.xml", fet_xml()), to=tmp_path / "a")
    (found,) = (w for w in report.warnings if "no activity" in w)
    assert found.startswith("t.xml, line ")
    assert "PT1 has no activity and counts as free" in found
    assert "l" not in read_school(tmp_path / "a").timetable.rows["PT1"]
    put(tmp_path, "x.fet", fet_input())
    table = read_timetable(put(tmp_path, "x_timetable.csv", fet_csv()))
    assert any(
        "PT1 has no activity in x_timetable.csv and is left out" in w for w in table.warnings
    )
    assert "PT1" not in table.staff


def test_many_warnings_of_one_sort_are_counted(tmp_path: Path) -> None:
    extra = [f'"{1000 + i}","","","9z","Art","MA1","","",""' for i in range(50)]
    table = read_timetable(put(tmp_path, "t.csv", fet_csv(extra=extra)))
    assert len(table.warnings) == 21
    assert table.warnings[-1] == "30 more activities without a time are not written out"


def test_names_go_no_further_than_the_report_s_codes(tmp_path: Path) -> None:
    people = NAMES[:5]
    also = '<Activity id="950"/><Subject name="Art"/><Students name="9z"/>'
    source = put(tmp_path, "t.xml", fet_xml(people=people, also=also))
    pairs = put(tmp_path, "r.csv", roster([f"{people[0]},ect,1,1,,{people[1]}"]))
    report = import_school(source, roster=pairs, to=tmp_path / "a")
    said = "\n".join(report.lines()) + str(report.to_dict())
    written = "".join(p.read_text() for p in (tmp_path / "a").iterdir())
    for name in people:
        for word in name.split()[1:]:
            assert word not in said
            assert word not in written
    assert any("S00" in w and "two places" in w for w in report.warnings)
    assert any("S00" in w and "no activity" in w for w in report.warnings)
    # a teacher of the input file whom the table does not have is no code of ours
    put(tmp_path, "x.fet", fet_input().replace("PT1", people[4]))
    table = read_timetable(put(tmp_path, "x_timetable.csv", fet_csv()))
    (left,) = table.warnings
    assert "a teacher has no activity" in left


# what is refused -------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (fet_csv().replace('"Hour"', '"Time"'), "table with other columns"),
        (fet_csv().replace('"Room"', '"Rome"'), "line 1: FET's table has 0 columns 'room'"),
        (fet_csv(extra=['"1","Lunes"']), "the row has 2 cells where the first line has 8"),
        (fet_csv(extra=['"1","Lunes","","9z","Art","MA1","","",""']), "a day without an hour"),
        (fet_csv(extra=['"","Lunes","x","9z","Art","MA1","","",""']), "the activity has no id"),
        (fet_csv(extra=['"1","Domingo","x","9z","Art","MA1","","",""']), "the file has 6 days"),
        (fet_csv(extra=['"1","Lunes","x']), "quotation marks"),
        (fet_csv().split("\n")[0] + "\n", "no row"),
        (fet_csv(days=("Lunes", "Lunes", *SPANISH[2:])), "the file has 4 days"),
        (fet_xml()[:-300], "not well-formed XML"),
        (fet_xml().replace('name="Lunes"', 'name="Luna"', 1), "cut short, and what is missing"),
        (fet_xml().replace(' name="EN1"', ""), "the teacher has no name"),
        (fet_xml().replace("EN1", "ma1"), "this teacher stands twice"),
        (fet_xml().replace('id="100"', ""), "line 6: the activity has no id"),
        (fet_xml().replace("Teachers_Timetable", "Students_Timetable"), "looks like an XML file"),
        ("<Teachers_Timetable></Teachers_Timetable>", "the file has no teacher"),
        (
            '<Teachers_Timetable><Teacher name="A1"/></Teachers_Timetable>',
            "a day or an hour has no name",
        ),
        ("<x><Teachers_Timetable/></x>", "the XML holds 'x'"),
        (fet_xml().replace("<Teachers_T", BOMB + "<Teachers_T", 1), "a document type or an entity"),
        (fet_xml().replace("<Teachers_T", OUTSIDE + "<Teachers_T", 1), "a document type"),
        (fet_xml().replace("Maths", "&a;", 1), "not well-formed XML"),
        ("<Teachers_Timetable>" + "<a>" * 100_000, "nested too deeply"),
        (fet_xml().replace("<Activity", "<Subject/><Activity", 1), "stands before any activity"),
    ],
)  # fmt: skip
def test_a_broken_export_is_refused_in_one_line(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        import_school(put(tmp_path, "t.in", text), to=tmp_path / "school")
    assert not (tmp_path / "school").exists()
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.where.startswith("t.in")
    assert caught.value.remedy


def test_the_export_may_be_cut_in_no_place_unseen(tmp_path: Path) -> None:
    text = fet_xml()
    step = len(text) // 40
    for at in range(step, len(text) - 30, step):
        with pytest.raises(InputError):
            read_timetable(put(tmp_path, "t.xml", text[:at]))


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    table = read_timetable(put(tmp_path, "t.xml", fet_xml()))
    lines = fet_xml().split("\n")
    for cell in table.cells:
        assert "<Activity" in lines[cell.line - 1]
    assert {lines[line - 1].strip() for line in table.staff.values()} == {
        f'<Teacher name="{t}">' for t in (*TEACHERS, "PT1")
    }
    assert len(HOURS) == len(table.periods)


@pytest.mark.parametrize(
    "days",
    [
        tuple(f"{w} {d}" for w in "AB" for d in ENGLISH),
        tuple(f"{d} {w}" for w in "12" for d in SPANISH),
        tuple(f"{d[:3]}{w}" for w in "AB" for d in ENGLISH),
    ],
)
def test_ten_days_that_say_their_week_are_two_weeks(tmp_path: Path, days: tuple[str, ...]) -> None:
    extra = [f'"{700 + d}","{days[d]}","{HOURS[d % 5]}","7A","Art","MA1","","R1",""' for d in range(5, 10)]  # fmt: skip
    source = put(tmp_path, "t.csv", fet_csv(days=days[:5], extra=extra))
    import_school(source, to=tmp_path / "a")
    school = read_school(tmp_path / "a")
    assert school.grid.cycle_weeks == 2
    row = school.timetable.rows["MA1"]
    assert row[len(row) // 2 :].count("l") == 5
    alone = put(tmp_path, "u.csv", fet_csv())
    import_school(alone, to=tmp_path / "b")
    first = read_school(tmp_path / "b").timetable.rows["MA1"]
    assert row[: len(first)].count("l") == first.count("l")


def test_ten_days_without_a_week_are_refused(tmp_path: Path) -> None:
    days = tuple(f"D{i}" for i in range(10))
    extra = [f'"{700 + d}","{days[d]}","{HOURS[0]}","7A","Art","MA1","","R1",""' for d in range(5, 10)]  # fmt: skip
    with pytest.raises(InputError, match="10 days") as refused:
        read_timetable(put(tmp_path, "t.csv", fet_csv(days=days[:5], extra=extra)))
    assert "A Mon" in str(refused.value)


def test_an_empty_saturday_is_left_out_and_a_full_one_refused(tmp_path: Path) -> None:
    put(tmp_path, "x.fet", fet_input(days=(*SPANISH, "Sábado")))
    source = put(tmp_path, "x_timetable.csv", fet_csv())
    table = read_timetable(source)
    assert any("Sábado has no activity" in w for w in table.warnings)
    extra = [f'"700","Sábado","{HOURS[0]}","7A","Art","MA1","","R1",""']
    with pytest.raises(InputError, match="6 days"):
        read_timetable(put(tmp_path, "x_timetable.csv", fet_csv(extra=extra)))
