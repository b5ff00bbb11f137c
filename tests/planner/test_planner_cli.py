"""``ectsim slots`` and ``ectsim pair``: one object, plain lines, and a file that simulate reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ectsim.cli import run
from ectsim.scenario import load


def test_slots_lists_one_pair_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["slots", "default", "--pair", "T02", "--top", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {g["pair"] for g in found["groups"]} == {"T02"}
    for g in found["groups"]:
        worth = [s["completed"] for s in g["slots"]]
        assert worth == sorted(worth, reverse=True)
        assert all(s["reasons"] for s in g["slots"])
    assert run(["slots", "default", "--pair", "T02"]) == 0
    assert "dates" in capsys.readouterr().out
    assert run(["slots", "default", "--pair", "nobody"]) == 2


@pytest.mark.parametrize("extra", [[], ["--any-mentor"]])
def test_pair_writes_a_file_that_simulate_reads(
    extra: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    to = tmp_path / "planned.toml"
    base = ["pair", "default", "--set", "plan.preset=timetabled", *extra, "--to", str(to), "--json"]
    assert run(base) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "optimal"
    made = load(str(to))
    assert {p.ect: p.mentor for p in made.school.pairs} == {
        p["ect"]: p["mentor"] for p in found["pairs"]
    }
    for p in found["pairs"]:
        assert list(made.plan.slots[p["ect"]].meet) == p["meet"]
    assert run(["simulate", str(to), "--replications", "2", "--workers", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["due"] == found["due"]
    assert run(base[:-1]) == (2 if extra else 0)  # a school's folder is not overwritten
