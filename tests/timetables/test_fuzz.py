"""Mutated files never give anything but a school or one clear line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.luck import stable_fraction
from ectsim.timetables.importer import import_school
from tests.timetables.exports import fet_csv, fet_input, fet_xml, matrix, slots, untis, xhstt
from tests.timetables.samples import CALENDAR, GRID, LONG, put, roster, sims

CODES = '[codes]\n"Blanking Code" = "blocked"\nEPQ = "other"\n'
WHOLE = {
    "file": sims().encode(),
    "roster": roster().encode(),
    "calendar": CALENDAR.encode(),
    "grid": GRID.encode(),
    "codes": CODES.encode(),
}
SPICE = (
    b",", b"\n", b'"', b"\x00", b"\xff", b"\xa0", b"nan", b"-1", b"Timetable - ", b"1Mon", b"[[", b"=",
    "\u202e".encode(), "é".encode(), b"9" * 5000, b",,,,,,,,,,,,,", b"'", b"\r", b"\t", b"1e9", b"../..",
)  # fmt: skip


EXPORTS = {
    "long": LONG,
    "slots": slots(),
    "matrix": matrix(),
    "fet csv": fet_csv(),
    "fet xml": fet_xml(),
    "xhstt": xhstt(),
    "untis": untis(),
}
"""Timetables that are imported alone."""


def mutate(data: bytes, *key: object) -> bytes:
    """Return the bytes with one to three accidents, chosen by key."""

    def pick(n: int, *more: object) -> int:
        return int(n * stable_fraction("fuzz", *key, *more))

    for i in range(1 + pick(3, "count")):
        at = pick(len(data) + 1, i, "at")
        end = at + pick((1, 2, 10, 400)[pick(4, i, "how long")] + 1, i, "length")
        spice = SPICE[pick(len(SPICE), i, "spice")]
        other = pick(len(data) + 1, i, "other")
        data = (
            data[:at] + spice + data[at:],
            data[:at] + data[end:],
            data[:at],
            data[:at] + spice + data[end:],
            data[:at] + data[other : other + end - at] + data[at:],
            b"\n".join(data.split(b"\n")[::-1]),
        )[pick(6, i, "what")]
    return data


def check(folder: Path, parts: dict[str, bytes]) -> str:
    """Import; return what came of it, and see to it that nothing is left half done."""
    paths = {name: put(folder, f"{name}.in", data) for name, data in parts.items()}
    try:
        import_school(paths.pop("file"), **paths, to=folder / "school")
    except InputError as error:
        line = str(error)
    else:
        line = ""
    if line:
        assert len(line.splitlines()) == 1
        assert not (folder / "school").exists()
        return "refused"
    school = read_school(folder / "school")
    # what nobody wrote is never free beyond the whole grid that was read
    assert all(len(row) == school.grid.cells for row in school.timetable.rows.values())
    return "school"


@pytest.mark.parametrize("kind", ["sims", "roster", "calendar", "grid", "codes", *EXPORTS])
def test_mutated_files_give_a_school_or_one_line(tmp_path: Path, kind: str) -> None:
    outcomes = []
    for i in range(100):
        parts = dict(WHOLE)
        if kind in EXPORTS:
            parts = {"file": EXPORTS[kind].encode()}
        part = "file" if kind == "sims" or kind in EXPORTS else kind
        parts[part] = mutate(parts[part], kind, i)
        folder = tmp_path / str(i)
        folder.mkdir()
        outcomes.append(check(folder, parts))
    # a test in which everything fails, or nothing does, tests nothing
    assert set(outcomes) == {"refused", "school"}


def test_a_mutated_input_file_beside_an_export_gives_a_school_or_one_line(tmp_path: Path) -> None:
    outcomes = set()
    for i in range(100):
        folder = tmp_path / str(i)
        folder.mkdir()
        export = put(folder, "x_timetable.csv", fet_csv())
        put(folder, "x.fet", mutate(fet_input().encode(), "input", i))
        try:
            import_school(export, to=folder / "school")
        except InputError as error:
            line = str(error)
        else:
            line = ""
        outcomes.add(bool(line))
        assert (folder / "school").exists() == (not line)
        assert len(line.splitlines()) == bool(line)
    assert outcomes == {False, True}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), as_part=st.sampled_from(sorted(WHOLE)))
def test_any_bytes_give_a_school_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, as_part: str
) -> None:
    check(tmp_path_factory.mktemp("bytes"), {**WHOLE, as_part: data})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(
        st.lists(
            st.sampled_from(("1", "2", "Mon", "Fri", "A1", "lesson", "7a/Ma1", "", "nan", "Ma", "É x", "0")),
            max_size=9,
        ),
        max_size=12,
    )
)  # fmt: skip
def test_any_table_gives_a_school_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    head = "week,day,period,staff,kind,class,subject,room\n"
    text = head + "\n".join(",".join(row) for row in table)
    check(tmp_path_factory.mktemp("table"), {"file": text.encode()})


def test_numbers_of_thousands_of_digits_are_refused_in_every_file(tmp_path: Path) -> None:
    long = "9" * 5000
    for part, old, new in (
        ("grid", '"09:00"', f'"{long}:00"'),
        ("grid", "cycle_weeks = 2", f"cycle_weeks = {long}"),
        ("codes", '"other"', long),
        ("roster", ",0.8,", f",{long},"),
        ("calendar", "2025-09-01", f"{long}-09-01"),
        ("file", "\n3,", f"\n{long},"),
    ):
        folder = tmp_path / f"{part}{len(old)}"
        folder.mkdir()
        text = WHOLE[part].decode()
        assert old in text
        changed = text.replace(old, new, 1).encode()
        assert check(folder, {**WHOLE, part: changed}) == "refused"
