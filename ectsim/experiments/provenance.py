"""What a result rests on: hashes of code, data and scenario, versions, the kind of machine."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import ectsim
from ectsim.scenario import Scenario
from ectsim.share import data_dir

__all__ = [
    "code_hash",
    "data_files",
    "data_hash",
    "hashes",
    "machine",
    "model_files",
    "scenario_key",
    "versions",
]

_PACKAGE = Path(ectsim.__file__).resolve().parent
_READ_BY_PEOPLE = ("ambiguities", "evidence", "facts", "glossary", "lessons", "status")
_ROOTS = ("ectsim.experiment",)
"""Where a simulation starts: what these import, at the top or inside a function, makes the digits."""


@lru_cache(maxsize=1)
def model_files() -> tuple[Path, ...]:
    """Return the source files that a simulation runs through, in order of their names.

    Found by following imports from the replications' module, so that a change to a dashboard or to
    the command line leaves stored results valid.
    """
    seen: dict[str, Path] = {}
    waiting = list(_ROOTS)
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if name in seen or path is None:
            continue
        seen[name] = path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return tuple(seen[n] for n in sorted(seen))


def _file(module: str) -> Path | None:
    head, *rest = module.split(".")
    if head != "ectsim":
        return None
    stem = _PACKAGE.joinpath(*rest)
    for path in (stem.with_suffix(".py") if rest else stem / "__init__.py", stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def _digest(paths: tuple[Path, ...], root: Path) -> str:
    whole = hashlib.sha256()
    for path in paths:
        # line ends do not count: a checkout on Windows has others
        text = path.read_bytes().replace(b"\r\n", b"\n")
        whole.update(path.relative_to(root).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(text).digest())
    return whole.hexdigest()[:16]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return sixteen hexadecimal digits of the code that makes the digits."""
    return _digest(model_files(), _PACKAGE)


@lru_cache(maxsize=1)
def data_hash() -> str:
    """Return sixteen hexadecimal digits of the data that a simulation reads beside its scenario.

    Schools and regimes are part of the scenario and stand in its own key; what is only read by people,
    such as sources and lessons, does not count.
    """
    return _digest(data_files(), data_dir())


def data_files() -> tuple[Path, ...]:
    """Return the data files that count, in order."""
    root = data_dir()
    tables = (
        p for p in (*root.glob("*.csv"), *root.glob("*.toml")) if p.stem not in _READ_BY_PEOPLE
    )
    return tuple(sorted((*tables, *(root / "calendars").glob("*.csv"))))


def hashes() -> str:
    """Return both: what a stored year rests on besides scenario, seed and number."""
    return f"{code_hash()}-{data_hash()}"


def scenario_key(scenario: Scenario) -> str:
    """Return thirty-two hexadecimal digits of what is simulated, but for luck; names do not count.

    Parameters
    ----------
    scenario : Scenario
        Two scenarios that differ in no field of programme, school or plan have one key.
    """
    content = [
        scenario.programme.model_dump(mode="json"),
        scenario.school.digest,
        scenario.plan.model_dump(mode="json", exclude={"name"}),
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def versions() -> dict[str, str]:
    """Return the versions of Python, of ectsim and of what it computes with."""
    out = {"ectsim": ectsim.__version__, "python": platform.python_version()}
    for name in ("numpy", "simpy", "pandas", "pyarrow", "duckdb", "scipy", "SALib", "distributed"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            continue
    return out


def machine() -> dict[str, Any]:
    """Return the kind of machine; no name, user or address."""
    return {
        "system": platform.system(),
        "release": platform.release().split("-")[0],
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
    }
