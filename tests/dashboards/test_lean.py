"""What a kernel loads stays lean: no model, no table, no validation library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "pandas", "simpy", "pyarrow", "pydantic", "ortools", "duckdb", "matplotlib")
LOADED_BY_KERNELS = [
    "ectsim.app.client",
    "ectsim.app.controls",
    "ectsim.app.layout",
    "ectsim.app.pages.board",
    "ectsim.app.pages.coordinator",
    "ectsim.app.pages.launch",
    "ectsim.app.pages.mentor",
    "ectsim.app.pages.partner",
    "ectsim.app.widgets",
]


@pytest.mark.parametrize("name", LOADED_BY_KERNELS)
def test_a_kernel_loads_nothing_heavy(name: str) -> None:
    code = (
        "import json, sys\nimport ipykernel.kernelapp, ipykernel.zmqshell\n"
        f"import {name}\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == []
