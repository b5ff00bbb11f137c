"""Golden logs: the same scenario and seed give the same events for ever.

A digest that changes means that stored results change. Regenerate it only with a reason, and give
that reason in CHANGELOG.md in a line that begins "Results will differ":

    python -m tests.model.test_golden
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ectsim.model.year import simulate
from ectsim.scenario import load

FILE = Path(__file__).with_name("golden.json")
CASES = [
    (name, plan)
    for name in ("default", "primary", "quiet")
    for plan in ("found_time", "timetabled")
]
YEARS = 3


def digest(name: str, plan: str) -> str:
    """Return the SHA-256 of the logs of the first years under seed 1."""
    scenario = load(name).with_changes({"plan.preset": plan})
    logs = b"".join(simulate(scenario, 1, k).to_bytes() for k in range(YEARS))
    return hashlib.sha256(logs).hexdigest()


@pytest.mark.parametrize(("name", "plan"), CASES)
def test_the_log_is_the_golden_one(name: str, plan: str) -> None:
    assert digest(name, plan) == json.loads(FILE.read_text())[f"{name} {plan}"], __doc__


def test_another_seed_gives_another_log() -> None:
    scenario = load("default")
    assert simulate(scenario, 1, 0).to_bytes() != simulate(scenario, 2, 0).to_bytes()


if __name__ == "__main__":
    FILE.write_text(json.dumps({f"{n} {p}": digest(n, p) for n, p in CASES}, indent=2) + "\n")
