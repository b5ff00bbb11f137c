"""Where the numbers of a page come from: one table for every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["COLUMNS", "rows", "sentence"]

COLUMNS = ["Number", "Value", "Status", "Source", "Plausible range"]

STATUS = {
    "source": "from a source",
    "external": "published figure",
    "derived": "derived",
    "assumption": "assumption",
}


def rows(numbers: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Make the table's rows.

    Parameters
    ----------
    numbers : iterable of mapping
        ``ask``, ``default``, ``unit``, ``status``, ``source``, ``low`` and ``high`` of each, as a
        parameter's metadata has them.
    """
    return [
        [
            str(n["ask"]).rstrip("?"),
            f"{_value(n['default'])} {n['unit']}".strip(),
            STATUS.get(str(n["status"]), "assumption"),
            str(n["source"]) or "-",
            f"{n['low']:g} to {n['high']:g}" if n["low"] is not None and n["high"] is not None else "-",
        ]
        for n in numbers
    ]  # fmt: skip


def sentence(number: Mapping[str, Any]) -> str:
    """Say in a line what is filled in, its status, its source and its plausible range.

    Parameters
    ----------
    number : mapping
        As for :func:`rows`.
    """
    [[_, value, status, source, within]] = rows([number])
    said = f"{value}: {status}"
    if source != "-":
        said += f" ({source})"
    return said + (f"; plausible: {within}." if within != "-" else ".")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    if value is None:
        return "by the school's size"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
