"""An import from small files: what it reads, assumes, writes, and refuses."""

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.clock import Slot
from ectsim.errors import InputError
from ectsim.folder import LATER_CALENDARS, read_school
from ectsim.scenario import load
from ectsim.school import KINDS
from ectsim.timetables import importer, writing
from ectsim.timetables.importer import import_school
from tests.timetables.samples import (
    CALENDAR,
    GRID,
    LONG,
    LONG_HEAD,
    NAMES,
    put,
    roster,
    sims,
)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# what is read ----------------------------------------------------------------------------------------


def test_a_sims_grid_becomes_a_school(tmp_path: Path) -> None:
    report = import_school(
        put(tmp_path, "t.csv", sims()),
        roster=put(tmp_path, "r.csv", roster()),
        calendar=put(tmp_path, "c.csv", CALENDAR),
        to=tmp_path / "school",
    )
    school = read_school(tmp_path / "school")
    assert report.staff == len(school.staff) == 6
    letters = "".join(school.timetable.rows.values())
    assert report.lessons == letters.count("l") > 100
    assert report.kinds["blocked"] == letters.count("b")
    assert {p.id: p.mentor for p in school.pairs} == {"T001": "T004", "T002": "T003"}
    assert school.pair("T001").new
    assert not school.pair("T002").new
    assert school.fte("T002") == Fraction(4, 5)
    assert school.by_id["T001"].department == "Mathematics"
    # T002's department is the roster's word for En; nobody there teaches Sc, so it stands
    assert school.by_id["T005"].department == "English"
    assert school.by_id["T006"].department == "Sc"
    assert [p.kind for p in school.grid.periods] == [
        "before", "lesson", "lesson", "break", "lesson", "lesson", "lunch", "lesson", "after"
    ]  # fmt: skip
    assert load(str(tmp_path / "school" / "timetabled.toml")).plan.slots["T001"].meet


def test_a_class_keeps_its_code_and_the_subject_is_two_letters(tmp_path: Path) -> None:
    text = sims(extra={(1, 1, 0, 1): "12/MaRes", (1, 1, 0, 2): "9bA/Dt"})
    import_school(put(tmp_path, "t.csv", text), to=tmp_path / "school")
    school = read_school(tmp_path / "school")
    cells = [school.timetable.cells["T001", school.grid.index(p)] for p in ("1", "2")]
    assert [(c.class_code, c.subject) for c in cells] == [("12/MaRes", "Ma"), ("9bA/Dt", "Dt")]


def test_an_unknown_code_is_busy_listed_and_never_free(tmp_path: Path) -> None:
    text = sims(extra={(1, 1, 0, 1): "Sangha", (2, 1, 0, 1): "Sangha", (1, 1, 0, 2): "PPA"})
    report = import_school(put(tmp_path, "t.csv", text), to=tmp_path / "school")
    assert report.unknown == {"Sangha": 2, "PPA": 1}
    assert "'Sangha' (2)" in "\n".join(report.lines())
    school = read_school(tmp_path / "school")
    assert school.timetable.kind("T001", school.grid.index("1")) == "unknown"
    mapping = tomllib.loads((tmp_path / "school" / "codes.toml").read_text())["codes"]
    assert mapping["Sangha"] == "unknown"


def test_the_written_mapping_can_be_changed_and_given_back(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims(extra={(1, 1, 0, 1): "Sangha", (1, 1, 0, 2): "PPA"}))
    import_school(source, to=tmp_path / "one")
    mapping = (tmp_path / "one" / "codes.toml").read_text()
    mapping = mapping.replace('"Sangha" = "unknown"', '"Sangha" = "meeting"')
    mapping = mapping.replace('"PPA" = "unknown"', '"PPA" = "ppa"')
    report = import_school(source, codes=put(tmp_path, "codes.toml", mapping), to=tmp_path / "two")
    assert report.unknown == {}
    school = read_school(tmp_path / "two")
    kinds = [school.timetable.kind("T001", school.grid.index(p)) for p in ("1", "2")]
    assert kinds == ["meeting", "ppa"]


def test_coded_planning_time_is_left_as_it_is(tmp_path: Path) -> None:
    extra = {(1, 1, 0, 1): "PPA"}
    mapping = put(tmp_path, "codes.toml", '[codes]\nPPA = "ppa"\n')
    import_school(put(tmp_path, "t.csv", sims(extra=extra)), codes=mapping, to=tmp_path / "s")
    school = read_school(tmp_path / "s")
    assert school.timetable.rows["T001"].count("p") == 1
    assert school.timetable.rows["T002"].count("p") > 1


def test_without_roster_and_calendar_it_works_and_says_so(tmp_path: Path) -> None:
    report = import_school(put(tmp_path, "t.csv", sims()), to=tmp_path / "school")
    assert report.pairs == []
    assert report.pupil_days == 190
    assert any("--roster" in w for w in report.warnings)
    assert any("--calendar" in a for a in report.assumptions)
    assert load(str(tmp_path / "school" / "scenario.toml")).school.pairs == ()


def test_a_grid_file_replaces_the_assumed_times(tmp_path: Path) -> None:
    import_school(
        put(tmp_path, "t.csv", sims()), grid=put(tmp_path, "g.toml", GRID), to=tmp_path / "school"
    )
    school = read_school(tmp_path / "school")
    assert [p.id for p in school.grid.periods] == ["Tut", "1", "2", "3", "4", "5", "6"]
    assert not any("period times are assumed" in a for a in school.assumptions)


def test_a_one_week_cycle_works(tmp_path: Path) -> None:
    report = import_school(
        put(tmp_path, "t.csv", sims(weeks=1, periods=5)),
        roster=put(tmp_path, "r.csv", roster()),
        to=tmp_path / "school",
    )
    school = read_school(tmp_path / "school")
    assert school.grid.cycle_weeks == 1
    assert report.pairs
    assert school.grid.periods[-1].kind == "after"


def test_a_long_table_becomes_a_school(tmp_path: Path) -> None:
    people = put(tmp_path, "r.csv", roster(["A1,ect,1,1,,B2"]))
    report = import_school(put(tmp_path, "t.csv", LONG), roster=people, to=tmp_path / "school")
    assert (report.form, report.staff, report.lessons) == ("long", 3, 90)
    assert report.unknown == {"Zzz": 1}
    school = read_school(tmp_path / "school")
    assert school.timetable.kind("B2", school.grid.cell(Slot(2, 4, "4"))) == "unknown"


@pytest.mark.parametrize(
    "change",
    [
        lambda t: "\ufeff" + t,
        lambda t: t.replace(",", ";"),
        lambda t: t.replace(",", "\t"),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("Mon", "Monday").replace("Fri", "friday"),
        lambda t: t.replace("\n1,", "\nA,").replace("\n2,", "\nB,"),
        lambda t: t.replace("week,day", "Week,Day"),
    ],
)
def test_spreadsheets_write_a_long_table_in_many_ways(tmp_path: Path, change: object) -> None:
    plain = put(tmp_path, "a.csv", LONG)
    other = tmp_path / "b.csv"
    other.write_bytes(change(LONG).encode())  # type: ignore[operator]
    import_school(plain, to=tmp_path / "a")
    import_school(other, to=tmp_path / "b")
    assert read_school(tmp_path / "a").digest == read_school(tmp_path / "b").digest


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_codings_of_an_office_are_read(tmp_path: Path, coding: str) -> None:
    text = sims().removeprefix("\ufeff")
    plain = put(tmp_path, "a.csv", text)
    other = put(tmp_path, "b.csv", text.encode(coding))
    import_school(plain, to=tmp_path / "a")
    import_school(other, to=tmp_path / "b")
    assert read_school(tmp_path / "a").digest == read_school(tmp_path / "b").digest


# names -----------------------------------------------------------------------------------------------


def test_no_name_is_kept_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = [n.split()[-1] for n in NAMES]
    text = sims(
        list(NAMES),
        extra={(1, 1, 0, 1): f"Meeting {last[3]}", (2, 1, 0, 1): f"Cover for {NAMES[4]}"},
    ).replace("R7 Hall", f"Room {last[6]}")
    people = roster(
        [
            f"{NAMES[0]},ect,1,1,Department of {last[2]},{NAMES[1]}",
            f"{NAMES[5].upper()},ect,2,0.5,, {NAMES[8]} ",
        ]
    )
    report = import_school(
        put(tmp_path, "t.csv", text), roster=put(tmp_path, "r.csv", people), to=tmp_path / "school"
    )
    written = b"\n".join(everything(tmp_path / "school").values()).decode().casefold()
    said = (str(report.to_dict()) + "\n".join(report.lines())).casefold() + capsys.readouterr().out
    for name in NAMES:
        for word in name.casefold().split():
            if word not in ("mr", "ms", "mrs", "dr", "miss"):
                assert word not in written
                assert word not in said
    assert any("names were replaced by codes S001 to S020" in a for a in report.assumptions)
    assert len(report.pairs) == 2


def test_codes_for_names_stay_when_the_order_of_blocks_changes(tmp_path: Path) -> None:
    one = import_school(put(tmp_path, "a.csv", sims(list(NAMES))), to=tmp_path / "a")
    codes = {}
    for folder, people in (("a", NAMES), ("b", NAMES[::-1])):
        if folder == "b":
            # the same timetable for each person, blocks in another order
            blocks = sims(list(NAMES)).split("Timetable - ")
            put(tmp_path, "b.csv", blocks[0] + "".join("Timetable - " + b for b in blocks[:0:-1]))
            import_school(tmp_path / "b.csv", to=tmp_path / "b")
        codes[folder] = read_school(tmp_path / folder).digest
        assert len(people) == one.staff
    assert codes["a"] == codes["b"]


def test_an_error_about_a_name_does_not_repeat_it(tmp_path: Path) -> None:
    people = roster([f"{NAMES[0]},ect,1,1,,Mr Barnaby Oxtobi"])
    with pytest.raises(InputError) as caught:
        import_school(
            put(tmp_path, "t.csv", sims(list(NAMES))),
            roster=put(tmp_path, "r.csv", people),
            to=tmp_path / "school",
        )
    line = str(caught.value)
    assert "r.csv, line 2, column mentor" in line
    assert "Oxtob" not in line
    assert "nearest name there has become S0" in line


# what is refused -------------------------------------------------------------------------------------


def refuse(tmp_path: Path, match: str, **inputs: str | bytes) -> str:
    """Import with broken inputs; return the one line that is said."""
    inputs.setdefault("file", sims())
    given = {k: put(tmp_path, f"{k}.txt", v) for k, v in inputs.items()}
    with pytest.raises(InputError, match=match) as caught:
        import_school(given.pop("file"), **given, to=tmp_path / "school")
    assert not (tmp_path / "school").exists()
    line = str(caught.value)
    assert "\n" not in line
    assert caught.value.where, line
    assert caught.value.remedy or "TOML" in line, line
    return line


def lines(text: str) -> list[str]:
    return text.split("\n")


def without(text: str, *numbers: int) -> str:
    return "\n".join(line for i, line in enumerate(lines(text), start=1) if i not in numbers)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  \n \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "looks like a PNG picture"),
        (b"%PDF-1.7 ...", "looks like a PDF"),
        (b"PK\x03\x04\x14\x00", "Excel workbook"),
        (b"Timetable - T1\x00\x00", "no text"),
        (b"Timetable - T1\n\x07,", "control characters"),
        ("Timetable - é".encode() + b"\n\xff\xfe", "not valid UTF-8"),
        (bytes(range(1, 256)), "control characters|no text"),
        (CALENDAR.encode(), "looks like a calendar"),
        (roster().encode(), "looks like a roster"),
        (GRID.encode(), "looks like a period grid"),
        (b"<html><body>Timetable</body></html>", "looks like a web page"),
        (b'<?xml version="1.0"?><fet version="6"></fet>', "looks like a FET input file"),
        (b'{"a": 1}', "looks like a JSON file"),
        (b"a,b\n1,2\n", "table with other columns"),
        (b"Dear colleague", "text without a table"),
        (b"week,day,period,staff,kind\n", "no row"),
        (b"Timetable - T001\n", "row of days"),
    ],
)
def test_another_file_is_refused_with_what_it_looks_like(
    tmp_path: Path, data: bytes, match: str
) -> None:
    refuse(tmp_path, match, file=data)


def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as stream:
        stream.truncate(2_000_000_000)
    with pytest.raises(InputError, match="2,000 MB; at most 20 MB"):
        import_school(huge, to=tmp_path / "school")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        import_school(tmp_path / "none.csv", to=tmp_path / "school")
    with pytest.raises(InputError, match="a folder"):
        import_school(tmp_path, to=tmp_path / "school")
    with pytest.raises(InputError, match="cannot be read"):
        import_school("a\0b", to=tmp_path / "school")


def test_half_a_grid_is_refused_with_its_place(tmp_path: Path) -> None:
    text = sims()
    block = lines(text)
    start = next(i for i, line in enumerate(block, start=1) if line.endswith("T003"))
    # a period's two rows are gone, a room row is gone, a row is cut, days are cut, the end is cut
    assert "period 4 is missing" in refuse(
        tmp_path, "cut short", file=without(text, start + 10, start + 11)
    )
    line = refuse(tmp_path, "no row of rooms", file=without(text, start + 5))
    assert f"line {start + 5}" in line
    short = lines(text)
    short[start + 5] = ",".join(short[start + 5].split(",")[:6])
    assert "5 of 10 cells" in refuse(tmp_path, "cut short", file="\n".join(short))
    days = lines(text)
    days[start + 2] = ",1Mon,1Tue,1Wed,1Thu,1Fri,2Mon,2Tue,2Wed,2Thu,"
    assert "2Fri" in refuse(tmp_path, "lacks", file="\n".join(days))
    days[start + 2] = ",1Mon,1Tue,1Wed,1Thu,1Fri,,,,,"
    refuse(tmp_path, "more cells than|has 5 days", file="\n".join(days))
    refuse(tmp_path, "cut short", file="\n".join(lines(text)[: start + 8]))
    refuse(tmp_path, "cut short", file="\n".join(lines(text)[: start + 9]))


def test_two_blocks_of_one_person_are_refused(tmp_path: Path) -> None:
    line = refuse(tmp_path, "already has a block", file=sims().replace("T003", "T002"))
    assert "line 40: this person already has a block at line 21" in line


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("1,Tue,1,A1", "1,Mon,1,A1", r"line 11: this person already has line 2 in 1Mon:1"),
        ("1,Tue,1,A1", "1,Sun,1,A1", "line 11, column day"),
        ("1,Tue,1,A1", "3,Tue,1,A1", "line 11, column week"),
        ("1,Tue,1,A1", "1,Tue,,A1", "line 11, column period"),
        ("1,Tue,1,A1", "1,Tue,1,", "line 11, column staff"),
        ("1,Tue,1,A1,lesson", "1,Tue,1,A1,leson", "did you mean 'lesson'"),
        ("1,Tue,1,A1", "1,Tue,9,A1", "period '9'"),
        ("1,Tue,1,A1", "1,Tue,Tut,A1", "period 'Tut'"),
        ("1,Tue,1,A1", '1,Tue,"1,A1', "quotation marks"),
        ("1,Tue,1,A1,lesson,7a/Ma1,Ma,R1", "1,Tue,1,A1", "cells where the first line"),
        ("kind,class", "sort,klass", "neither a column"),
        ("week,day", "week,date", "other columns"),
    ],
)
def test_a_broken_long_table_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, match: str
) -> None:
    assert old in LONG
    refuse(tmp_path, match, file=LONG.replace(old, new, 1))


def test_a_long_table_without_a_day_is_refused_in_a_whole_school(tmp_path: Path) -> None:
    rows = [
        f"1,{day},{p},P{n},lesson,7a/Ma{n},Ma,"
        for n in range(12)
        for day in ("Mon", "Tue", "Thu", "Fri")
        for p in (1, 2, 3)
    ]
    line = refuse(tmp_path, "nobody has a row on 1Wed", file="\n".join([LONG_HEAD, *rows]))
    assert "not a free day" in line


def test_a_long_table_without_lessons_is_refused(tmp_path: Path) -> None:
    text = LONG.replace(",lesson,", ",,").replace("a/", "-")
    assert "'7-Ma1'" in refuse(tmp_path, "no cell is a lesson", file=text)


def test_a_period_that_is_not_in_the_grid_is_refused(tmp_path: Path) -> None:
    grid = GRID.replace('id = "6"', 'id = "Z"')
    assert "period '6' is not in the grid" in refuse(tmp_path, "not in the grid", grid=grid)
    one_week = GRID.replace("cycle_weeks = 2", "cycle_weeks = 1")
    refuse(tmp_path, "has 2 weeks and the grid 1", grid=one_week)
    refuse(tmp_path, "half a timetable", file=sims(weeks=1), grid=GRID)
    no_monday = GRID.replace('id = "3"\n', 'id = "3"\ndays = ["Tue", "Wed", "Thu", "Fri"]\n')
    refuse(tmp_path, "not in the grid on that day", grid=no_monday)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('"09:00"\nend', '"nan"\nend', "not a time of day"),
        ('"09:00"\nend', "-5\nend", "not a time of day"),
        ('"10:00"\n\n', '"08:59"\n\n', "ends"),
        ('start = "13:00"', 'start = "11:30"', "before the one above it ends"),
        ('id = "4"', 'id = "3"', "two periods"),
        ("cycle_weeks = 2", "cycle_weeks = 3", "1 or 2"),
        ("cycle_weeks = 2", "cycle_weeks = nan", "1 or 2"),
        ("cycle_weeks = 2", "cycle_weeks = 2.0", "1 or 2"),
        ('kind = "after"', 'kind = "later"', "unknown kind"),
        ("[[period]]", "[[period", "not valid TOML"),
    ],
)
def test_a_broken_grid_is_refused(tmp_path: Path, old: str, new: str, match: str) -> None:
    assert old in GRID
    refuse(tmp_path, match, grid=GRID.replace(old, new, 1))


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (["T001,ect,1,nan,,T004"], "line 2, column fte: FTE 'nan' is no number"),
        (["T001,ect,1,-0.5,,T004"], "FTE '-0.5' is no number"),
        (["T001,ect,1,1e999999999,,T004"], "is no number"),
        (["T001,ect,1,inf,,T004"], "is no number"),
        (["T001,ect,1,1.2,,T004"], "not above 0 and at most 1"),
        (["T001,ect,1,0,,T004"], "not above 0"),
        (["T001,ect,1,1/0,,T004"], "is no number"),
        (["T001,ect,3,1,,T004"], "column induction_year"),
        (["T001,ect,,1,,T004"], "induction year is missing"),
        (["T001,ect,1,1,,T044"], "mentor 'T044' is not in the timetable - did you mean 'T0"),
        (["T101,ect,1,1,,T004"], "person 'T101' is not in the timetable - did you mean 'T001'"),
        (["T001,ect,1,1,,"], "no mentor"),
        (["T001,ect,1,1,,T001"], "mentor themselves"),
        (["T001,boss,1,1,,"], "unknown role"),
        (["T001,ect,1,1,,T004", "T001,ect,1,1,,T003"], "already stands in line 2"),
        (["T001,ect,1"], "3 of 6 cells"),
        ([], "no row"),
    ],
)
def test_a_broken_roster_is_refused_with_its_cell(
    tmp_path: Path, rows: list[str], match: str
) -> None:
    refuse(tmp_path, match, roster=roster(rows))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("2025-09-01,2025-12-19", "2025-12-19,2025-09-01", "line 2: the last day .* before"),
        ("2026-01-05", "2026-02-30", "line 3, column first"),
        ("2026-01-05", "2025-12-05", "overlap"),
        ("2026-07-20", "2027-07-20", "longer than a year"),
        ("2025-09-01\n", "9999-12-31\n", "line 5: .* longer than a year"),
        ("inset,INSET", "insert,INSET", "did you mean 'inset'"),
        ("kind,name", "sort,name", "no column 'kind'"),
    ],
)
def test_a_broken_calendar_is_refused(tmp_path: Path, old: str, new: str, match: str) -> None:
    assert old in CALENDAR
    refuse(tmp_path, match, calendar=CALENDAR.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[codes]\nTut = "pastorl"\n', "did you mean 'pastoral'"),
        ("[codes]\nTut = 3\n", "has the kind 3"),
        ('[code]\nTut = "pastoral"\n', "did you mean 'codes'"),
        ("codes = 1\n", r"no table \[codes\]"),
        ("[codes]\nTut", "not valid TOML"),
        (CALENDAR, "looks like a calendar"),
    ],
)
def test_a_broken_mapping_is_refused(tmp_path: Path, text: str, match: str) -> None:
    refuse(tmp_path, match, codes=text)


# the folder ------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    put(tmp_path, "letter.txt", "keep me")
    with pytest.raises(InputError, match="not empty"):
        import_school(tmp_path / "no such file", to=tmp_path)
    assert everything(tmp_path) == {"letter.txt": b"keep me"}


def test_replace_takes_only_the_place_of_a_school(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims())
    home = tmp_path / "home"
    home.mkdir()
    put(home, "letter.txt", "keep me")
    with pytest.raises(InputError, match="something else than a school"):
        import_school(source, to=home, replace=True)
    assert everything(home) == {"letter.txt": b"keep me"}
    with pytest.raises(InputError, match="this is a file"):
        import_school(source, to=source, replace=True)


def test_replace_keeps_the_owner_s_own_files(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims())
    to = tmp_path / "school"
    import_school(source, to=to)
    before = everything(to)
    put(to, "mine.toml", "format = 1")
    put(to, "school.toml", "broken")
    import_school(source, to=to, replace=True)
    assert everything(to) == {**before, "mine.toml": b"format = 1"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["school", "t.csv"]


def test_an_empty_folder_is_filled_and_parents_are_made(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims())
    (tmp_path / "empty").mkdir()
    import_school(source, to=tmp_path / "empty")
    import_school(source, to=tmp_path / "a" / "b" / "c")
    one, two = everything(tmp_path / "empty"), everything(tmp_path / "a" / "b" / "c")
    assert set(one) == set(two) == set(writing.FILES) - set(LATER_CALENDARS[1:])
    assert {k: v for k, v in one.items() if k != "school.toml"} == {
        k: v for k, v in two.items() if k != "school.toml"
    }


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError, MemoryError])
@pytest.mark.parametrize("at", ["file 1", "file 5", "swap"])
@pytest.mark.parametrize("existing", ["nothing", "empty", "school"])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[BaseException],
    at: str,
    existing: str,
) -> None:
    source = put(tmp_path, "t.csv", sims())
    to = tmp_path / "deep" / "school"
    if existing != "nothing":
        to.mkdir(parents=True)
    if existing == "school":
        import_school(source, to=to)
        put(to, "mine.toml", "format = 1")
    before = everything(tmp_path)
    folders = sorted(str(p) for p in tmp_path.rglob("*"))

    count = 0
    write, rename = Path.write_text, Path.rename

    def failing_write(self: Path, *args: object, **kwargs: object) -> int:
        nonlocal count
        count += 1
        if at == f"file {count}":
            raise fault("planted")
        return write(self, *args, **kwargs)  # type: ignore[arg-type]

    def failing_rename(self: Path, to: Path) -> Path:
        if at == "swap" and self.name.endswith(".part"):
            raise fault("planted")
        return rename(self, to)

    monkeypatch.setattr(Path, "write_text", failing_write)
    monkeypatch.setattr(Path, "rename", failing_rename)
    expected = InputError if fault is OSError else fault
    with pytest.raises(expected):
        import_school(source, to=to, replace=True)
    monkeypatch.undo()
    assert everything(tmp_path) == before
    assert sorted(str(p) for p in tmp_path.rglob("*")) == folders


def test_an_import_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    source, people = put(tmp_path, "t.csv", sims()), put(tmp_path, "r.csv", roster())
    for folder in ("x/school", "y/school"):
        import_school(source, roster=people, to=tmp_path / folder)
    assert everything(tmp_path / "x") == everything(tmp_path / "y")


# properties ------------------------------------------------------------------------------------------

LETTERS = sorted(set(KINDS) - {"free", "ppa"})


@st.composite
def long_tables(draw: st.DrawFn) -> str:
    """Draw a long table of a few people in which somebody teaches."""
    weeks = draw(st.sampled_from((1, 2)))
    people = draw(st.lists(st.from_regex(r"[A-Z]{1,2}[0-9]{1,3}", fullmatch=True), min_size=1, max_size=5, unique_by=str.casefold))  # fmt: skip
    days = ("Mon", "Tue", "Wed", "Thu", "Fri")
    rows = [f"{weeks},Mon,1,{people[0]},lesson,7a/Ma1,Ma,R1"]
    rows += [f"1,Mon,{p},{people[0]},lesson,7a/Ma1,Ma,R1" for p in range(2, 6)]
    if weeks == 2:
        rows.append(f"1,Mon,1,{people[0]},lesson,7a/Ma1,Ma,R1")
    taken = {tuple(r.split(",")[:4]) for r in rows}
    text = st.text(st.sampled_from("abc 12/-é'"), max_size=6).map(lambda t: " ".join(t.split()))
    for _ in range(draw(st.integers(0, 30))):
        key = (
            str(draw(st.integers(1, weeks))),
            draw(st.sampled_from(days)),
            str(draw(st.integers(1, 6))),
            draw(st.sampled_from(people)),
        )
        if key not in taken:
            taken.add(key)
            rest = [draw(st.sampled_from(LETTERS)), draw(text), draw(text), draw(text)]
            rows.append(",".join([*key, *rest]))
    return "\n".join([LONG_HEAD, *draw(st.permutations(rows))])


@given(table=long_tables())
def test_a_long_table_survives_the_way_through_school_and_folder(
    table: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    import_school(put(folder, "t.csv", table), to=folder / "one")
    school = read_school(folder / "one")
    got = set()
    for line in (folder / "one" / "timetable.csv").read_text(encoding="utf-8").splitlines()[1:]:
        if ",ppa," not in line:
            got.add(line)
    assert got == set(table.splitlines()[1:])
    # and once more: what was written is itself a long table
    again = folder / "one" / "timetable.csv"
    import_school(again, to=folder / "two", grid=folder / "one" / "grid.toml")
    other = read_school(folder / "two")
    assert other.timetable.rows == school.timetable.rows
    assert other.timetable.cells == school.timetable.cells
    assert importer.read_timetable(again).form == "long"


def test_a_calendar_for_each_known_year(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims())
    first = put(tmp_path, "one.csv", "kind,name,first,last\nhalf_term,a,2025-09-01,2026-07-17\n")
    second = put(tmp_path, "two.csv", "kind,name,first,last\nhalf_term,a,2026-09-01,2027-07-16\n")
    import_school(source, to=tmp_path / "school", calendar=[second, first])
    school = read_school(tmp_path / "school")
    assert school.calendar.origin.year == 2025
    assert [c.origin.year for c in school.later] == [2026]
    with pytest.raises(InputError, match="overlap"):
        import_school(source, to=tmp_path / "twice", calendar=[first, first])
    assert not (tmp_path / "twice").exists()
