"""Exports: hostile names stay text, everything reads back to the same numbers, one page is one page."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import subprocess
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ectsim import carried
from ectsim.analysis import result_dict
from ectsim.cli import run
from ectsim.errors import InputError
from ectsim.experiment import Results, replicate
from ectsim.exports.bundle import export, plan_files
from ectsim.scenario import Scenario, load
from ectsim.school import Cell, Pair, Timetable
from tests.builders import tiny_plan, tiny_scenario, tiny_school
from tests.dashboards.conftest import chromium

IMAGE = "<img src=x onerror=alert(1)>"
FORMULA = "=cmd|' /C calc'!A0"
NOW = dt.datetime(2025, 8, 1, tzinfo=dt.UTC)


def hostile(pairs: int = 1) -> Scenario:
    """A school in which every text that somebody can bring is an attack."""
    who = [Pair(IMAGE, FORMULA)] + [Pair(f"+E{i}", f"@M{i}</pre><b>") for i in range(2, pairs + 1)]
    school = tiny_school(who, staff=3, weeks=6, departments={IMAGE: FORMULA, FORMULA: IMAGE})
    cells = {(IMAGE, c): Cell(FORMULA, IMAGE, "-1+1") for c in (1, 2, 4)}
    school = replace(
        school,
        name=f"{FORMULA} {IMAGE}",
        timetable=Timetable(school.timetable.rows, cells),
        assumptions=(FORMULA, f'"{IMAGE}"\t=1+1'),
    )
    slots = {"meet": "1Tue:5", "observe": "1Mon:1", "reserve": "1Thu:5", "study": "1Wed:4"}
    plan = tiny_plan({p.ect: slots for p in who}, reps=1)
    return replace(tiny_scenario(school, plan), name=IMAGE + FORMULA)


@pytest.fixture(scope="module")
def results() -> Results:
    return replicate(hostile(), seed=7, replications=3)


@pytest.fixture(scope="module")
def files(results: Results) -> dict[str, bytes]:
    return plan_files(results)


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_hostile_names_as_text_and_asks_for_nothing(files: dict[str, bytes]) -> None:
    text = files["plan.html"].decode()
    page = _Reader(text)
    assert not {"img", "script", "b", "link", "iframe", "object"} & {t for t, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"src", "href", "srcset", "action"} & attributes.keys()
        assert not [a for a in attributes if a.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text
    assert IMAGE in page.text
    assert FORMULA[:12] in page.text
    assert "gives up the second rehearsal" in page.text
    assert "nobody is scored or ranked" in page.text
    assert len(files["plan.html"]) < 300_000


def test_the_workbook_has_no_formula_and_no_link(files: dict[str, bytes]) -> None:
    body = files["plan.xlsx"]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        xml = {n: archive.read(n).decode() for n in archive.namelist()}
    sheets = {n: t for n, t in xml.items() if "worksheets/" in n}
    assert not any(re.search(r"<f[ >]", t) or "<hyperlink" in t for t in sheets.values())
    assert not any("externalLink" in n or "vbaProject" in n for n in xml)
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert book.sheetnames == ["Summary", "Slots", "Ledger", "Hours", "Assumptions", "Carried"]
    seen = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@":
                    seen.add(cell.value)
                    # stays text when somebody edits the cell
                    assert cell.quotePrefix
                assert cell.data_type in ("s", "n")
    assert FORMULA in seen


def test_the_workbook_s_ledger_adds_up_and_its_slots_are_the_plan_s(
    results: Results, files: dict[str, bytes]
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(files["plan.xlsx"]))
    rows: list[Any] = list(book["Ledger"].iter_rows(min_row=2, values_only=True))
    assert sum(r[1] for r in rows[:-1]) == rows[-1][1] == results.due_total
    assert sum(r[3] for r in rows[:-1]) == rows[-1][3] == 100
    slots: list[Any] = list(book["Slots"].iter_rows(min_row=2, values_only=True))
    assert (IMAGE, FORMULA, "meeting", 1, "Tue", "5", "14:05", "15:05") in slots
    names = {r[0] for r in book["Assumptions"].iter_rows(min_row=2, values_only=True)}
    assert {"plan.horizon", "conditions.slip_found", "programme.coaching.meeting_min"} <= names


def test_calendars_keep_hostile_names_as_text(results: Results, tmp_path: Path) -> None:
    done = export(results, tmp_path, now=NOW)
    texts = [(tmp_path / f).read_bytes().decode() for f in done["files"] if f.endswith(".ics")]
    assert len(texts) == 2
    for text in texts:
        lines = text.replace("\r\n ", "").split("\r\n")
        assert all(re.match(r"[A-Z-]+[;:]", line) for line in lines if line)
    assert IMAGE in texts[0].replace("\r\n ", "") + texts[1].replace("\r\n ", "")


@pytest.mark.parametrize("name", ["plan.xlsx", "plan.html", "plan.json"])
def test_every_form_reads_back_to_the_same_numbers(
    name: str, results: Results, files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    path = tmp_path / "any name"
    path.write_bytes(files[name])
    again = load(str(path))
    assert again.code(7) == results.scenario.code(7)
    assert again.school.digest == results.scenario.school.digest
    assert again.school.timetable.cells[IMAGE, 1] == Cell(FORMULA, IMAGE, "-1+1")
    assert run(["simulate", str(path), "--json", "--workers", "1"]) == 0
    assert json.loads(capsys.readouterr().out) == result_dict(results)


def test_changed_conditions_and_presets_are_carried_too(tmp_path: Path) -> None:
    for scenario in (
        load("primary").with_changes({"plan.preset": "timetabled", "conditions.drift": 0.2}),
        load("mandy").with_changes({"programme.coaching.min_reps": 3}),
        hostile(2).with_changes({"conditions.culture": 0.9, "plan.cover.supervisors": 3}),
    ):
        kept = carried.carry(scenario, 10**18 - 1, 5)
        packed = carried.unpack(carried.pack(kept), "here")
        assert packed == kept
        assert packed.scenario("here").code(1) == scenario.code(1)


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[1", b"<html></html>", b"PK\x03\x04 not a zip", b"<" * 100_000,
        b'{"carried": {"format": 1}}', b'{"carried": {"format": 9}}',
        b'{"carried": {"format": 1, "seed": 1, "replications": 1, "files": {"../x": ""}}}',
        b'<pre hidden id="ectsim-carried">AAAA</pre>', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_carries_nothing_is_refused_in_one_line(
    body: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(body)
    assert run(["simulate", str(path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_second_export_cancels_and_another_s_file_stays(results: Results, tmp_path: Path) -> None:
    first = export(results, tmp_path, now=NOW)
    assert first["cancelled"] == 0
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert export(results, tmp_path, now=NOW + dt.timedelta(1)) == first
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    dropped = results.scenario.with_changes({f"plan.slots.{IMAGE}.reserve": ""})
    second = export(replicate(dropped, seed=7, replications=2), tmp_path, now=NOW)
    assert second["cancelled"] == 12  # six weeks, for both of the pair
    (tmp_path / "plan.html").write_text("my own page")
    with pytest.raises(InputError, match=r"plan\.html"):
        export(results, tmp_path)
    assert (tmp_path / "plan.html").read_text() == "my own page"


def test_the_command_writes_all_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "out"
    arguments = ["export", "primary", "--set", "plan.preset=timetabled", "--replications", "2"]
    assert run([*arguments, "--workers", "1", "--to", str(to), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"plan.xlsx", "plan.html", "plan.json"} <= set(found["files"])
    assert (
        sorted(f.relative_to(to).as_posix() for f in to.rglob("*") if f.is_file()) == found["files"]
    )
    people = [Path(f).stem for f in found["files"] if f.endswith(".ics")]
    school = load("primary").school
    assert {p.ect for p in school.pairs} | {p.mentor for p in school.pairs} <= set(people)


@pytest.mark.browser
def test_the_page_prints_on_one_page_of_a4(tmp_path: Path) -> None:
    crowded = hostile(25).with_changes({"plan.checkin_min": 30, "plan.cover.supervisors": 2})
    page = tmp_path / "plan.html"
    page.write_bytes(plan_files(replicate(crowded, seed=1, replications=2))["plan.html"])
    pdf = tmp_path / "plan.pdf"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    home = f"--user-data-dir={tmp_path / 'profile'}"
    subprocess.run(
        [chromium(), *flags, home, f"--print-to-pdf={pdf}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    body = pdf.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", body)) == 1
    (width, height) = re.search(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", body).groups()  # type: ignore[union-attr]
    assert (round(float(width)), round(float(height))) == (595, 842)
