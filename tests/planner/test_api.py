"""The planner's Python entry points: documented, and the same as the commands."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest

from ectsim.cli import run
from ectsim.planner import api
from ectsim.scenario import load

PLANNING = Path(__file__).parents[2] / "docs" / "planning.md"


def test_the_example_in_its_docstring_runs() -> None:
    assert doctest.testmod(api).attempted == 4
    assert doctest.testmod(api).failed == 0


def test_every_entry_point_is_documented() -> None:
    text = PLANNING.read_text(encoding="utf-8")
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
        if name.islower():
            assert f"`{name}`" in text, name


def test_python_and_the_command_give_the_same_slots(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["slots", "default", "--pair", "T14", "--top", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["groups"]
    assert told == api.slots(load("default"), "T14", top=2)
