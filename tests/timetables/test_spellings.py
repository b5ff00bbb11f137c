"""Every spelling's examples; what can be read in two ways; running numbers; whole files."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.clock import Grid, Period, Slot
from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.timetables.importer import import_school, read_timetable
from ectsim.timetables.spellings import (
    DAY_SPELLINGS,
    LANGUAGES,
    SPELLINGS,
    as_weekdays,
    number_slots,
    read_day,
    read_slot,
    read_week,
)
from tests.timetables.exports import matrix, slots
from tests.timetables.samples import GRID, LONG, put, sims

EXAMPLES = [(s.name, text, want) for s in SPELLINGS for text, want in s.examples.items()]
DAY_EXAMPLES = [(s.name, text, want) for s in DAY_SPELLINGS for text, want in s.examples.items()]


@pytest.mark.parametrize(("name", "text", "want"), EXAMPLES)
def test_every_example_of_a_slot_means_what_the_table_says(
    name: str, text: str, want: tuple[int, int, str]
) -> None:
    assert tuple(read_slot(text, "here")) == want
    for other in (text.upper(), text.lower(), f"  {text}\t"):
        read = read_slot(other, "here")
        assert (read.week, read.day, read.period.lower()) == (*want[:2], want[2].lower())
    (spelling,) = (s for s in SPELLINGS if s.name == name)
    assert spelling.pattern.fullmatch(text)


@pytest.mark.parametrize(("name", "text", "want"), DAY_EXAMPLES)
def test_every_example_of_a_day(name: str, text: str, want: tuple[int, int, str]) -> None:
    assert read_day(text, "here") == read_day(text.upper(), "here") == want[:2], name


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("Mon12", "week 1, Mon, period 2", "Mon, period 12"),
        ("Mon 12", "week 1, Mon, period 2", "Mon, period 12"),
        ("Fri21", "week 2, Fri, period 1", "Fri, period 21"),
        ("Mon:A1", "week 1, Mon, period 1", "Mon, period A1"),
        ("T3", "Tue, period 3", "Thu, period 3"),
        ("1T3", "week 1, Tue, period 3", "week 1, Thu, period 3"),
    ],
)
def test_two_readings_are_an_error_that_names_both(text: str, one: str, other: str) -> None:
    with pytest.raises(InputError) as caught:
        read_slot(text, "t.csv, line 2")
    assert str(caught.value).startswith(f"t.csv, line 2: '{text}' can be read as ")
    assert f"'{one}'" in caught.value.what
    assert f"'{other}'" in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text", ["", "Mon", "Mon A", "3Mon:1", "AM1", "Sat 3", "1Mon:", ":", "Mon:1:2:3", "x" * 5000]
)
def test_what_is_no_slot_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no slot"):
        read_slot(text, "here")


@pytest.mark.parametrize(
    ("text", "week"),
    [("1", 1), ("a", 1), ("WkB", 2), ("Week 2", 2), ("w1", 1), ("2.0", 2), (" Wk A ", 1)],
)
def test_weeks(text: str, week: int) -> None:
    assert read_week(text, "here") == week


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_slot, read_day, read_week):
        with contextlib.suppress(InputError):
            read(text, "here")


# running numbers -------------------------------------------------------------------------------------


def grid(*kinds: str, weeks: int = 2) -> Grid:
    return Grid(
        tuple(
            Period(str(i), 500 + 60 * i, 560 + 60 * i, kind)  # type: ignore[arg-type]
            for i, kind in enumerate(kinds, start=1)
        ),
        weeks,
    )


def test_running_numbers_go_down_the_day_and_through_both_weeks() -> None:
    found = number_slots(grid(*["lesson"] * 6), 60, "t.csv")
    assert len(found) == 60
    assert [str(Slot(*found[n])) for n in (1, 6, 7, 30, 31, 60)] == [
        "1Mon:1", "1Mon:6", "1Tue:1", "1Fri:6", "2Mon:1", "2Fri:6"
    ]  # fmt: skip


def test_the_highest_number_tells_which_rows_of_the_day_are_counted() -> None:
    day = grid("before", "lesson", "break", "lesson", "after")
    assert number_slots(day, 50, "t")[1].period == "1"
    assert number_slots(day, 30, "t")[1].period == "2"
    assert number_slots(day, 20, "t")[2].period == "4"
    with pytest.raises(InputError, match=r"more than one way .* every period \(50\) or .* \(30\)"):
        number_slots(day, 29, "t")
    with pytest.raises(InputError, match="51, which fits no way"):
        number_slots(day, 51, "t")
    # the last lesson may be nobody's where there is only one way to count
    assert number_slots(grid("lesson", "lesson"), 19, "t")[19].period == "1"


# whole files -----------------------------------------------------------------------------------------

WAYS = (
    "{w}{d}:{p}", "{d}{a}:{p}", "{d} {a} {p}", "{a} {d} {p}", "{d}{w}:{p}", "{w}{d}P{p}",
    "{w} {d} {p}", "{d} {w} {p}", "Wk{a} {d} {p}", "{d} Week {w} Period {p}",
)  # fmt: skip


def folder(tmp_path: Path, name: str, text: str, **more: Path) -> Path:
    import_school(put(tmp_path, f"{name}.csv", text), to=tmp_path / name, **more)  # type: ignore[arg-type]
    return tmp_path / name


def test_a_table_of_slots_is_the_same_school_in_every_spelling(tmp_path: Path) -> None:
    texts = {
        (folder(tmp_path, f"s{i}", slots(way)) / "timetable.csv").read_text()
        for i, way in enumerate(WAYS)
    }
    assert len(texts) == 1
    report = import_school(put(tmp_path, "t.csv", slots()), to=tmp_path / "school", replace=True)
    assert (report.form, report.tried, report.staff) == ("slots", False, 3)
    assert report.lessons == slots().count("/Ma")
    assert any(line.startswith("Not yet tried on a school's file") for line in report.lines())


def test_a_grid_of_staff_and_slots_is_the_same_school(tmp_path: Path) -> None:
    one = read_school(folder(tmp_path, "slots", slots()))
    for i, way in enumerate(WAYS):
        other = read_school(folder(tmp_path, f"m{i}", matrix(way)))
        assert other.timetable == one.timetable
    report = import_school(put(tmp_path, "t.csv", matrix()), to=tmp_path / "school")
    assert (report.form, report.tried) == ("matrix", False)


def test_running_numbers_need_a_grid(tmp_path: Path) -> None:
    day = put(tmp_path, "g.toml", GRID.replace('id = "Tut"', 'id = "0"'))
    with pytest.raises(InputError, match=r"line 2, column slot: '1' is a running number .*--grid"):
        import_school(put(tmp_path, "t.csv", slots("{n}", periods=6)), to=tmp_path / "school")
    assert not (tmp_path / "school").exists()
    named = read_school(folder(tmp_path, "named", slots(periods=6), grid=day))
    for make in (slots, matrix):
        text = make("{n}", periods=6)
        counted = read_school(folder(tmp_path, f"counted{make.__name__}", text, grid=day))
        assert counted.timetable == named.timetable


def test_a_one_week_cycle_needs_no_week(tmp_path: Path) -> None:
    for i, way in enumerate(("{d}{p}", "{d}:{p}", "{d} P{p}", "{w}{d}:{p}")):
        table = read_timetable(put(tmp_path, f"{i}.csv", slots(way, weeks=1)))
        assert table.weeks == 1
        assert {c.week for c in table.cells} == {1}


def test_a_week_that_only_some_slots_name_is_refused(tmp_path: Path) -> None:
    text = slots().replace("1Tue:1,", "Tue:1,", 1)
    with pytest.raises(InputError, match="names no week, and that of line 2 does"):
        read_timetable(put(tmp_path, "t.csv", text))


def test_two_rows_of_one_slot_are_a_warning_with_both(tmp_path: Path) -> None:
    text = slots() + "1Mon:1,A1,9z/En4,En,R9\n"
    report = import_school(put(tmp_path, "t.csv", text), to=tmp_path / "school")
    (warning,) = (w for w in report.warnings if "two places" in w)
    assert "A1 is in two places in 1Mon:1: '7a/Ma0' (line 2) and '9z/En4'" in warning
    assert "7a/Ma0+9z/En4" in (tmp_path / "school" / "timetable.csv").read_text()


def test_a_long_table_may_name_the_week_in_its_day(tmp_path: Path) -> None:
    plain = read_timetable(put(tmp_path, "a.csv", LONG))
    lines = [line.split(",", 2) for line in LONG.splitlines()]
    rows = [
        "day," + lines[0][2],
        *(f"{day}{'AB'[int(w) - 1]},{rest}" for w, day, rest in lines[1:]),
    ]
    named = read_timetable(put(tmp_path, "b.csv", "\n".join(rows)))
    assert named.cells == plain.cells
    worded = LONG.replace("\n1,", "\nWkA,").replace("\n2,", "\nWeek B,")
    assert read_timetable(put(tmp_path, "c.csv", worded)).cells == plain.cells
    clash = LONG.replace("\n1,Tue,", "\n1,2Tue,", 1)
    with pytest.raises(InputError, match="in week 2 and the week is 1"):
        read_timetable(put(tmp_path, "d.csv", clash))


@pytest.mark.parametrize("spell", ["{d}{a}", "{d} {a}", "{a} {d}", "{d}{w}", "Wk{a} {d}"])
def test_a_sims_grid_may_spell_its_days_in_other_ways(tmp_path: Path, spell: str) -> None:
    text = plain = sims()
    for week in (1, 2):
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
            text = text.replace(f"{week}{day}", spell.format(w=week, a="AB"[week - 1], d=day))
    one = read_timetable(put(tmp_path, "a.csv", plain))
    assert read_timetable(put(tmp_path, "b.csv", text)).cells == one.cells


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("1Tue:1", "Tue12", "line .*, column slot: 'Tue12' can be read as"),
        ("1Tue:1", "Someday", "column slot: 'Someday' is no slot"),
        ("1Tue:1,A1", "1Tue:1,", "column staff: the staff is missing"),
        ("slot,staff,class", "slot,teacher,class", "columns"),
        ("slot,staff,class", "slot,staff,class,day", "a column 'slot' and others"),
        ("1Tue:2,B2,8a/Ma1,Ma,R1", "1Tue:2,B2", "the row has 2 cells"),
    ],
)
def test_a_broken_table_of_slots_is_refused(tmp_path: Path, old: str, new: str, match: str) -> None:
    assert old in slots()
    with pytest.raises(InputError, match=match) as caught:
        import_school(put(tmp_path, "t.csv", slots().replace(old, new)), to=tmp_path / "school")
    assert caught.value.where
    assert caught.value.remedy
    assert not (tmp_path / "school").exists()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.replace("TueA:1", "MonA:1"), "two columns are week 1, Mon, period 1"),
        (lambda t: t.replace("B2,", "A1,"), "line 3: this person already has line 2"),
        (lambda t: t.replace("B2,", ","), "line 3: the row names nobody"),
        (lambda t: t[: t.rindex(",")], "line 4: the row has 50 cells where the first line has 51"),
        (lambda t: t.split("\n")[0] + "\n", "no row"),
        (
            lambda t: "\n".join(",".join(r.split(",")[:46]) for r in t.split("\n")),
            "no column for 2Fri: what is missing is not free",
        ),
    ],
)
def test_a_broken_grid_of_slots_is_refused(tmp_path: Path, change: object, match: str) -> None:
    text = change(matrix())  # type: ignore[operator]
    with pytest.raises(InputError, match=match) as caught:
        import_school(put(tmp_path, "t.csv", text), to=tmp_path / "school")
    assert caught.value.remedy
    assert not (tmp_path / "school").exists()


def test_a_period_that_one_day_lacks_is_not_free_on_it(tmp_path: Path) -> None:
    # the last column is 2Fri:5
    text = "\n".join(row[: row.rindex(",")] for row in matrix().split("\n"))
    school = read_school(folder(tmp_path, "short", text))
    last = school.grid.cell(Slot(2, 4, "5"))
    assert {school.timetable.kind(s.id, last) for s in school.staff} == {"blocked"}


# days in other languages -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_days_of_a_known_language_mean_what_they_say(language: str) -> None:
    names = [n.title() for n in LANGUAGES[language]]
    found, said = as_weekdays(names[::-1], "t.csv", ordered=False)
    assert [found[n] for n in names] == [0, 1, 2, 3, 4]
    assert said == ""


def test_other_days_are_taken_in_their_order_and_said() -> None:
    found, said = as_weekdays(["D1", "D2", "D3", "D4", "D5"], "t.csv", ordered=True)
    assert list(found.values()) == [0, 1, 2, 3, 4]
    assert "D1 is Mon" in said


@pytest.mark.parametrize("count", [0, 1, 4, 6, 10])
def test_another_number_of_days_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"the file has {count} days"):
        as_weekdays([f"D{i}" for i in range(count)], "t.csv", ordered=True)
