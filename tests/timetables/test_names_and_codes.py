"""What is a name and what is a code; what a cell's text means; what a file looks like."""

import pytest

from ectsim.timetables.codes import Codes
from ectsim.timetables.files import looks_like
from ectsim.timetables.names import is_code, make_pseudonyms
from tests.timetables.samples import CALENDAR, GRID, LONG, NAMES, roster, sims


@pytest.mark.parametrize(
    "text", ["T089", "S01", "A1", "JSM", "AB", "HUM12", "abc"[:2] + "7", "T-1"]
)
def test_codes(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    ["Smith", "SMITH", "Lee", "Kim2", "J Smith", "Mr J. Smith", "O'Neil", "smith12", "Ng", ""],
)
def test_names(text: str) -> None:
    assert not is_code(text)


def test_codes_stay_and_one_name_replaces_all() -> None:
    assert not make_pseudonyms(["T001", "T002"]).replaced
    mixed = make_pseudonyms(["T001", "Jo Bloggs"])
    assert mixed.replaced
    assert sorted(mixed.ids.values()) == ["S001", "S002"]


def test_ids_come_in_no_order_of_names() -> None:
    people = make_pseudonyms(NAMES)
    ids = [people.id(n) for n in NAMES]
    assert sorted(i for i in ids if i) == [f"S{i:03d}" for i in range(1, 21)]
    assert ids != sorted(i for i in ids if i)
    assert ids == [make_pseudonyms(NAMES[::-1]).id(n) for n in NAMES]


def test_a_person_is_known_however_the_cell_is_spaced() -> None:
    people = make_pseudonyms(["Staff Jo  Bloggs", "Al Dente"])
    assert people.id("jo bloggs") == people.id(" Jo\u00a0Bloggs ") is not None
    assert people.id("Jo") is None


def test_scrubbing_takes_whole_words_only_and_leaves_subjects() -> None:
    people = make_pseudonyms(["Jo Marsh", "Di English"], keep=["English", "Ma"])
    code = people.id("Jo Marsh")
    assert people.scrub("Marshland with MARSH") == f"Marshland with {code}"
    assert people.scrub("G11 English") == "G11 English"
    assert people.scrub("Di\u00a0English") == people.id("Di English")


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        ("10B/Gg2", "lesson", "Gg"),
        ("12/MaRes", "lesson", "Ma"),
        ("9bA/Dt", "lesson", "Dt"),
        ("13AB/Ts", "lesson", "Ts"),
        ("11m/Li1", "lesson", "Li"),
        ("P6", "blocked", ""),
        ("Blanking Code", "blocked", ""),
        ("Pastoral P", "pastoral", ""),
        ("cover", "cover", ""),
        ("EPQ", "other", ""),
        ("PPA", "unknown", ""),
        ("10B-Gg2", "unknown", ""),
        ("Meeting 10B/Gg2", "unknown", ""),
        ("/Ma", "unknown", ""),
        ("", "free", ""),
    ],
)
def test_the_rules_for_codes(text: str, kind: str, subject: str) -> None:
    assert (Codes().kind(text), Codes().subject(text)) == (kind, subject)


def test_a_school_s_mapping_comes_before_every_rule() -> None:
    codes = Codes({"P6": "lesson", "10B/Gg2": "meeting"})
    assert (codes.kind("p6"), codes.kind("10b/gg2"), codes.kind("10B/Gg3")) == (
        "lesson",
        "meeting",
        "lesson",
    )


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (sims(), "sims"),
        (LONG, "long"),
        (roster(), "roster"),
        (CALENDAR, "calendar"),
        (GRID, "grid"),
        ('[codes]\nA = "other"\n', "codes"),
        ("format = 1\n", "scenario"),
        ("<fet version='6'>", "fet_input"),
        ("<Teachers_Timetable>", "fet"),
        ('"Activity Id","Day","Hour","Students Sets","Subject","Teachers"', "fet"),
        ('<HighSchoolTimetableArchive Id="A">', "xhstt"),
        ('1,"7A","VOL","D","102",1,1,,\n2,"7B","VOL","D","102",1,2,,\n', "untis"),
        ("1;7A;VOL;D;102;1;1\n", "untis"),
        ("slot,staff,class\n", "slots"),
        ("Staff,1Mon:1,1Mon:2,1Mon:3,1Mon:4,1Mon:5\n", "matrix"),
        ("Staff," + ",".join(map(str, range(1, 26))) + "\n", "matrix"),
        ("Name,1,2,3,4,5,6\n", "table"),
        ("<html>", "html"),
        ("", "text"),
    ],
)
def test_a_file_s_form_is_seen_in_its_content(text: str, form: str) -> None:
    assert looks_like(text) == form
