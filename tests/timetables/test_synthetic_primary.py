"""The primary school that ships: reproducible, without free periods, and with slots that stand."""

from __future__ import annotations

import json

import pytest

from ectsim.cli import run
from ectsim.scenario import load
from ectsim.share import data_dir
from ectsim.timetables.synthetic_primary import (
    LESSONS,
    _posts,
    primary_files,
    synthetic_primary,
)


@pytest.mark.parametrize("name", ["primary", "primary_shared"])
def test_the_generator_gives_the_school_that_ships(name: str) -> None:
    folder = data_dir() / "schools" / name
    shipped = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    assert shipped == primary_files(one_mentor=name == "primary_shared")


def test_one_mentor_is_all_that_the_shared_school_changes() -> None:
    own, shared = synthetic_primary(), synthetic_primary(one_mentor=True)
    assert {p.mentor for p in shared.pairs} == {own.pairs[0].mentor}
    assert [p.ect for p in shared.pairs] == [p.ect for p in own.pairs]
    assert (shared.timetable, shared.staff, shared.conditions) == (own.timetable, own.staff, own.conditions)  # fmt: skip


def test_class_teachers_have_no_free_period_but_the_ects_release() -> None:
    school = synthetic_primary()
    release = {p.ect: p.release for p in _posts(2, 2, one_mentor=False)}
    for s in school.staff:
        if s.id.startswith("C"):
            assert len(school.free_cells(s.id)) == len(release.get(s.id, ()))
    for pair in school.pairs:
        assert school.common_free(pair, kinds="fp") == []


def test_every_class_is_taught_once_in_every_period() -> None:
    school = synthetic_primary()
    per_day = len(school.grid)
    for day in range(5):
        for i, p in enumerate(school.grid.periods):
            if p.id not in LESSONS:
                continue
            cell = day * per_day + i
            taught = [
                school.timetable.cells[s.id, cell].class_code
                for s in school.staff
                if school.timetable.rows[s.id][cell] == "l" and s.id != "DH"
            ]
            assert sorted(taught) == sorted(c.id[1:] for c in school.staff if c.id.startswith("C"))


def test_planning_time_is_a_tenth_or_more() -> None:
    school = synthetic_primary()
    per_day = len(school.grid)
    for s in school.staff:
        spent = {"l": 0, "p": 0}
        for cell, letter in enumerate(school.timetable.rows[s.id]):
            if letter in spent:
                spent[letter] += school.grid.periods[cell % per_day].length
        assert spent["p"] >= 0.1 * spent["l"], s.id


def test_slots_hold_more_than_found_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(
            [
                "compare",
                "primary",
                "--set",
                "plan.preset=timetabled",
                "--replications",
                "30",
                "--json",
            ]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)["arms"][0]["differences"]["completion_any"]
    assert found["lo"] > 0.1
    assert found["verdict"] == "better"


def test_the_releasers_are_named_and_differ() -> None:
    plan = load("primary").with_changes({"plan.preset": "timetabled"}).plan
    takers = [s.release_mentor for s in plan.slots.values()]
    assert sorted(takers) == ["H2", "H3"]
