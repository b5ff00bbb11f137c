"""The workbook's tools: runs for lessons, exercises that answer back, progress kept on this machine.

A lesson says ``from ectsim import workbook as wb`` and needs nothing else. Nothing is loaded before
it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "ask": "exercises",
    "check": "exercises",
    "done": "progress",
    "path": "progress",
    "progress": "progress",
    "tasks": "progress",
    "audit": "runs",
    "bars": "show",
    "cycles": "runs",
    "differences": "runs",
    "dots": "show",
    "effect": "runs",
    "events": "runs",
    "forecast": "runs",
    "from_now": "runs",
    "ledger": "show",
    "lines": "show",
    "log": "runs",
    "move": "show",
    "reveal": "show",
    "run": "runs",
    "scenario": "runs",
    "story": "runs",
    "strip": "show",
    "table": "show",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"the workbook has no '{name}'")
    return getattr(import_module(f"ectsim.workbook.{_HOME[name]}"), name)
