"""XHSTT archives: times, teachers, events and the solution that is chosen; what is refused."""

from pathlib import Path

import pytest

from ectsim.cli import run
from ectsim.clock import Slot
from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.timetables.importer import import_school, read_timetable
from tests.timetables.exports import ACTIVITIES, fet_csv, xhstt
from tests.timetables.samples import put

SCIENCE = [a for a in ACTIVITIES if "SC1" in a[5]]


def test_an_archive_becomes_a_school(tmp_path: Path) -> None:
    report = import_school(put(tmp_path, "t.xml", xhstt()), to=tmp_path / "school")
    assert (report.form, report.tried, report.staff) == ("xhstt", False, 5)
    assert report.lessons == len(ACTIVITIES) - 1
    assert report.unknown == {"Duty": 1}
    assert report.contents == f"25 times, {len(ACTIVITIES)} events"
    assert any("Not yet tried on a school's file" in line for line in report.lines())
    (idle, also) = (w for w in report.warnings if "no event" in w)
    assert "SC1 has no event" in idle
    assert "PT1 has no event" in also
    # teachers of maths and English are where FET's table has them
    import_school(put(tmp_path, "t.csv", fet_csv()), to=tmp_path / "fet")
    one, two = read_school(tmp_path / "school"), read_school(tmp_path / "fet")
    assert one.grid.cycle_weeks == 1
    for who in ("MA1", "EN1"):
        busy = [[i for i, k in enumerate(s.timetable.rows[who]) if k in "lu"] for s in (one, two)]
        assert busy[0] == busy[1]


def test_the_cheapest_solution_is_taken_and_another_by_name(tmp_path: Path) -> None:
    source = put(tmp_path, "t.xml", xhstt())
    best = import_school(source, to=tmp_path / "a")
    assert any("of 3 solutions 'best/School' is taken, cost 0 (violations) and 3" in a for a in best.assumptions)  # fmt: skip
    assert len(SCIENCE) == sum(c.staff == "SC2" for c in read_timetable(source).cells)
    for name in ("late", "late/School"):
        table = read_timetable(source, solution=name)
        assert len(SCIENCE) == sum(c.staff == "SC1" for c in table.cells)
    with pytest.raises(InputError, match="no solution 'lat' - did you mean 'late'"):
        read_timetable(source, solution="lat")


def test_a_single_solution_needs_no_cost_and_several_do(tmp_path: Path) -> None:
    one = read_timetable(put(tmp_path, "a.xml", xhstt(solutions=(("only", ""),))))
    assert not any("solutions" in a for a in one.assumptions)
    two = put(tmp_path, "b.xml", xhstt(solutions=(("x", ""), ("y", "0 1"))))
    with pytest.raises(
        InputError, match=r"not every one says its cost: x/School, y/School - .*--sol"
    ):
        read_timetable(two)
    assert read_timetable(two, solution="x").cells


def test_a_fortnight_by_weeks_or_by_ten_days(tmp_path: Path) -> None:
    for i, text in enumerate((xhstt(weeks=2), without_weeks(xhstt(weeks=2)))):
        table = read_timetable(put(tmp_path, f"{i}.xml", text))
        assert table.weeks == 2
        lessons = [c for c in table.cells if c.kind == "lesson"]
        assert {c.week for c in lessons} == {1}


def without_weeks(text: str) -> str:
    for week in (1, 2):
        text = text.replace(f'<Week Reference="w{week}"/>', "")
        text = text.replace(f'<Week Id="w{week}"><Name>Week {week}</Name></Week>', "")
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
            text = text.replace(f"<Name>{day}</Name>", f"<Name>{day}</Name>")
    return text


def test_a_time_that_one_day_lacks_is_not_free(tmp_path: Path) -> None:
    # the duty of Friday's fifth hour is moved, because there is no such hour
    text = xhstt(friday=4).replace('Reference="t144"', 'Reference="t143"')
    import_school(put(tmp_path, "t.xml", text), to=tmp_path / "school")
    school = read_school(tmp_path / "school")
    cell = school.grid.cell(Slot(1, 4, "5"))
    assert {school.timetable.kind(s.id, cell) for s in school.staff} == {"blocked"}


def test_a_double_booking_is_a_warning(tmp_path: Path) -> None:
    extra_event = (
        '<Event Id="twice"><Name>Art</Name><Duration>2</Duration><Resources>'
        '<Resource Reference="MA1"><Role>MA1</Role></Resource>'
        '<Resource Reference="9a"><Role>9a</Role></Resource></Resources></Event>'
    )
    extra = '<Event Reference="twice"><Duration>1</Duration><Time Reference="t100"/></Event>'
    report = import_school(
        put(tmp_path, "t.xml", xhstt(extra=extra, extra_event=extra_event)), to=tmp_path / "s"
    )
    (clash,) = (w for w in report.warnings if "two places" in w)
    assert "MA1 is in two places in 1Mon:1: event e100 (line " in clash
    assert "and event twice; both stand in the one cell" in clash
    (short,) = (w for w in report.warnings if "of its" in w)
    assert short.endswith("event twice has 1 of its 2 times")


def test_events_without_time_or_teacher_are_named(tmp_path: Path) -> None:
    text = xhstt(solutions=(("only", ""),))
    text = text.replace('<Time Reference="t100"/>', "", 1)
    text = text.replace('<Resource Reference="SC1"><Role>Teacher</Role></Resource>', "", 1)
    table = read_timetable(put(tmp_path, "t.xml", text))
    assert any(
        w.endswith("event e100 has no time and is not in the timetable") for w in table.warnings
    )
    assert any(w.endswith("event e102 has nobody as 'Teacher'") for w in table.warnings)


def test_a_long_event_takes_the_times_after_it_and_stops_with_the_day(tmp_path: Path) -> None:
    event = (
        '<Event Id="long"><Name>Art</Name><Duration>3</Duration>{}<Resources>'
        '<Resource Reference="PT1"><Role>a</Role></Resource>'
        '<Resource Reference="7a"><Role>b</Role></Resource></Resources></Event>'
    )
    # an event that the solution leaves out stands where the instance put it
    fixed = xhstt(extra_event=event.format('<Time Reference="t101"/>'))
    table = read_timetable(put(tmp_path, "a.xml", fixed))
    assert [c.period for c in table.cells if c.staff == "PT1"] == ["2", "3", "4"]
    late = xhstt(extra_event=event.format('<Time Reference="t103"/>'))
    table = read_timetable(put(tmp_path, "b.xml", late))
    assert [c.period for c in table.cells if c.staff == "PT1"] == ["4", "5"]
    assert any("event long runs over the end of its day by 1" in w for w in table.warnings)


def test_two_teachers_of_one_name_go_by_their_ids(tmp_path: Path) -> None:
    text = xhstt().replace("<Name>EN1</Name>", "<Name>MA1</Name>")
    assert set(read_timetable(put(tmp_path, "t.xml", text)).staff) == {
        "MA1", "EN1", "SC1", "SC2", "PT1"
    }  # fmt: skip


def test_the_command_line_names_a_solution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = put(tmp_path, "t.xml", xhstt())
    assert run(["import", str(source), "--to", str(tmp_path / "s"), "--solution", "late"]) == 0
    assert "of 3 solutions 'late/School' is taken" in capsys.readouterr().out


def test_an_error_does_not_repeat_a_name_in_an_id(tmp_path: Path) -> None:
    text = xhstt().replace('Reference="MA1"', 'Reference="Quillfeather"')
    with pytest.raises(InputError, match="has no resource of that id") as caught:
        read_timetable(put(tmp_path, "t.xml", text))
    assert "Quillfeather" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (xhstt(solutions=()), "the archive has no solution"),
        (xhstt().replace('Reference="School"', 'Reference="Other"'), "instance 'Other' stands 0"),
        (xhstt().replace('Reference="School"', 'Reference="Other"', 1), "of several instances"),
        (xhstt().replace('Time Reference="t100"', 'Time Reference="t999"'), "has no time 't999'"),
        (xhstt().replace('Event Reference="e100"', 'Event Reference="e1"'), "has no event 'e1'"),
        (xhstt().replace('Reference="7a"', 'Reference="7z"'), "has no resource '7z'"),
        (xhstt().replace('Id="Teacher"><Name>Teacher', 'Id="T"><Name>Docent'), "called Teacher"),
        (xhstt().replace('Event Id="e100"', 'Event Id="e101"'), "Event 'e101' stands twice"),
        (xhstt().replace('Event Id="e100"', "Event"), "the Event has no Id"),
        (xhstt().replace('<Day Reference="d10"/>', ""), "time 't100' names no Day"),
        (xhstt().replace('Reference="d14"', 'Reference="d13"'), "the file has 4 days"),
        (xhstt().replace("<Duration>1<", "<Duration>-1<"), "the duration is '-1'"),
        (xhstt().replace("<Duration>1<", f"<Duration>{'9' * 5000}<"), "the duration is"),
        (
            xhstt().replace("<Role>Teacher</Role></", "<Role>Boss</Role></"),
            "'e102' has no open role",
        ),
        (xhstt().replace('Reference="SC2"', 'Reference="ma1"'), "has no resource 'ma1'"),
        (xhstt()[:-60], "not well-formed XML"),
        (xhstt().replace("<Time Id", "<Zeit Id").replace("</Time>", "</Zeit>"), "Time|well-formed"),
        (xhstt().replace("<High", "<!DOCTYPE a><High", 1), "a document type"),
        ("<x><HighSchoolTimetableArchive/></x>", "the XML holds 'x'"),
    ],
)
def test_a_broken_archive_is_refused_in_one_line(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        import_school(put(tmp_path, "t.in", text), to=tmp_path / "school")
    assert not (tmp_path / "school").exists()
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.where.startswith("t.in")
    assert caught.value.remedy
