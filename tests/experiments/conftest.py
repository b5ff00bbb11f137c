"""A busy little school in a folder, designs of it, and experiments whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ectsim.experiments.designs import Design, Point, base_scenario, make_design
from ectsim.experiments.precision import Decision
from ectsim.experiments.running import Experiment
from ectsim.folder import school_files
from ectsim.ledger import BINS
from ectsim.metrics import METRICS
from tests.builders import tiny_plan, tiny_scenario, tiny_school


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiny")
    base = tiny_school(2, staff=6, weeks=6, conditions={"sickness_days": 25.0})
    for name, text in school_files(base).items():
        (out / name).write_text(text, encoding="utf-8")
    found = tiny_scenario(base, tiny_plan(preset="found_time"))
    (out / "scenario.toml").write_text(found.to_toml("."), encoding="utf-8")
    return out


FACTORS = {
    "plan.horizon": [0, 1],
    "conditions.sickness_days": {"low": 4.1, "high": 30.0},
    "dummy": [0, 1],
}


@pytest.fixture
def small(school: Path) -> Callable[..., Design]:
    """Make a design of the little school."""

    def make(**changes: Any) -> Design:
        data = {"scenario": str(school), "factors": FACTORS, "replications": 6, **changes}
        return make_design(data)

    return make


@pytest.fixture
def design_file(school: Path, tmp_path: Path) -> Path:
    path = tmp_path / "design.toml"
    path.write_text(
        f"scenario = {str(school)!r}\nreplications = 15\n[factors]\n"
        '"plan.horizon" = [0, 1]\n"conditions.sickness_days" = {low = 4.1, high = 30.0}\n'
        '"conditions.slip_found" = {low = 0.05, high = 0.4}\n',
        encoding="utf-8",
    )
    return path


def planted(design: Design, truth: Callable[[Mapping[str, Any], int], float]) -> Experiment:
    """Return an experiment in which every metric is a known function of factors and year."""
    import pyarrow as pa

    base = base_scenario(design)
    points: list[Point] = design.expand(base)
    n = design.replications
    values = [truth(p.values, r) for p in points for r in range(n)]
    rows = len(values)
    columns: dict[str, Any] = {
        "point": pa.array([p.index for p in points for _ in range(n)], pa.int32()),
        "replication": pa.array(list(range(n)) * len(points), pa.int32()),
        "due": pa.array([100] * rows, pa.int32()),
    }
    columns |= {f"bin_{b}": pa.array([0] * rows, pa.int32()) for b in BINS}
    columns |= {m: pa.array(values, pa.float64()) for m in METRICS}
    decisions = tuple(Decision(n, done=True, found=None) for _ in points)
    return Experiment(design, "0" * 16, base, tuple(points), decisions, pa.table(columns), 0, 0)


def noise(r: int) -> float:
    """Return a year's luck, shared by all points."""
    return math.sin(12.9898 * (r + 1)) * 3
