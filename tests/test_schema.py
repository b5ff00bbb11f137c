"""The schema describes the files that load, and refuses what loading refuses."""

from __future__ import annotations

import tomllib
from typing import Any

import jsonschema
import pytest

from ectsim.schema import scenario_schema
from ectsim.share import data_dir

FILES = sorted([*(data_dir() / "scenarios").glob("*.toml"), *(data_dir() / "schools").glob("*/scenario.toml"), *(data_dir() / "schools").glob("*/timetabled.toml")])  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_scenario_that_ships_fits(validator: Any, path: Any) -> None:
    validator.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": {"horizon": 7}},
        {"plan": {"horizn": 1}},
        {"conditions": {"sickness_days": -1}},
        {"plan": {"preset": "nosuch"}},
        {"plan": {"slots": {"E1": {"met": ["1Tue:5"]}}}},
        {"format": 2},
        {"preset": "default", "school": "."},
        {"plans": {}},
    ],
)
def test_what_cannot_be_does_not_fit(validator: Any, wrong: dict[str, Any]) -> None:
    assert list(validator.iter_errors(wrong))
    assert not list(validator.iter_errors({"plan": {"preset": "timetabled", "horizon": 2}}))


def test_every_parameter_says_where_it_comes_from() -> None:
    for name, part in scenario_schema()["properties"].items():
        for key, field in part.get("properties", {}).items():
            if "status" in field:
                assert field["description"], (name, key)
                assert field["status"] in ("source", "derived", "external", "assumption")
