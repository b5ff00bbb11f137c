"""Tables in workbooks: read as the CSV they would be, and refused in one line where they cannot be."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ectsim.errors import InputError
from ectsim.timetables import excel
from ectsim.timetables.excel import is_workbook, sheet_text
from ectsim.timetables.importer import import_school, read_timetable

HEAD = ["week", "day", "period", "staff", "kind", "class", "subject", "room"]


def rows() -> list[list[Any]]:
    return [
        [1, day, period, who, "lesson" if period < 4 else "free", "7A", "Science", "R1"]
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri")
        for period in (1, 2, 3, 4, 5)
        for who in ("ABC", "DEF")
    ]


def book(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, table in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in table:
            sheet.append(row)
    workbook.save(path)
    return path


def as_csv(path: Path, table: list[list[Any]]) -> Path:
    path.write_text("\n".join(",".join(map(str, row)) for row in table), encoding="utf-8")
    return path


def test_a_sheet_reads_as_its_csv(tmp_path: Path) -> None:
    table = [HEAD, *rows()]
    one = read_timetable(book(tmp_path / "t.xlsx", {"Notes": [["for Jo"]], "Table": table}))
    other = read_timetable(as_csv(tmp_path / "t.csv", table))
    assert one.cells == other.cells
    assert one.staff == other.staff


def test_a_whole_school_comes_from_workbooks(tmp_path: Path) -> None:
    timetable = book(tmp_path / "t.xlsx", {"Sheet1": [HEAD, *rows()]})
    roster = book(
        tmp_path / "r.xlsx",
        {
            "Sheet1": [
                ["staff", "role", "induction_year", "fte", "department", "mentor"],
                ["ABC", "ect", 1, 1.0, "Science", "DEF"],
                ["DEF", "mentor", None, 1, "Science", None],
            ]
        },
    )
    report = import_school(timetable, roster=roster, to=tmp_path / "school")
    assert len(report.pairs) == 1


def test_formulas_and_odd_values_stay_text(tmp_path: Path) -> None:
    table = [
        HEAD,
        [
            1.0,
            "Mon",
            1,
            "'=cmd|' /C calc'!A0",
            "lesson",
            "<img src=x onerror=alert(1)>",
            True,
            None,
        ],
        [dt.datetime(2025, 9, 1), dt.time(9, 5), 1.5, "a\nb\x0bc", "", "", "", ""],
    ]
    path = book(tmp_path / "t.xlsx", {"S": [HEAD]})
    workbook = openpyxl.load_workbook(path)
    sheet = workbook.active
    sheet.append(["1", "Mon", "2", "=1+1"])
    for row in table[2:]:
        sheet.append([v.replace("\x0b", " ") if isinstance(v, str) else v for v in row])
    workbook.save(path)
    lines = sheet_text(path, "long").splitlines()
    assert lines[0] == ",".join(HEAD)
    assert lines[1].startswith("1,Mon,2,")
    assert lines[2] == "2025-09-01,09:05,1.5,a b c,,,,"


def test_what_is_no_workbook_says_so_in_one_line(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", "x")
    good = book(tmp_path / "g.xlsx", {"S": [HEAD, *rows()]}).read_bytes()
    for number, content in enumerate(
        (
            made.getvalue(),
            b"PK\x03\x04",
            b"PK\x03\x04" + b"\0" * 500,
            b"\xd0\xcf\x11\xe0" + b"\xff" * 3000,
            good[: len(good) // 2],
        )
    ):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(content)
        assert is_workbook(path)
        with pytest.raises(InputError) as caught:
            read_timetable(path)
        assert "\n" not in str(caught.value)
        assert path.name in str(caught.value)


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "t.xlsx", {"S": [HEAD, *rows()]})
    monkeypatch.setattr(excel, "MOST_ROWS", 20)
    with pytest.raises(InputError, match="51 rows"):
        sheet_text(path, "long")
    monkeypatch.setattr(excel, "UNPACKED", 100)
    with pytest.raises(InputError, match="unpacks"):
        sheet_text(path, "long")
    empty = book(tmp_path / "e.xlsx", {"S": []})
    monkeypatch.undo()
    with pytest.raises(InputError, match="no filled sheet"):
        sheet_text(empty, "long")
