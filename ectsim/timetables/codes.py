"""What a code in a timetable cell means: one set of rules, and a school's own mapping over them.

A code that nobody explained is ``unknown``: busy, listed with its count, never guessed and never
free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ectsim.errors import InputError, near
from ectsim.folder import parse_toml, toml_value
from ectsim.school import KINDS

__all__ = ["DEFAULT_CODES", "LESSON", "Codes", "codes_from_toml", "codes_to_toml", "own_answers"]

DEFAULT_CODES: dict[str, str] = {
    "P6": "blocked",
    "Blanking Code": "blocked",
    "Pastoral P": "pastoral",
    "COVER": "cover",
    "EPQ": "other",
}
"""Codes of a SIMS export that an importer knows, and the kind of cell each means."""

LESSON = re.compile(r"\d{1,2}[A-Za-z]{0,4}/([A-Za-z]{2})[A-Za-z0-9]{0,6}")
"""A class: year and block, a stroke, then two letters for the subject and the set."""


def _key(code: str) -> str:
    return " ".join(code.split()).casefold()


@dataclass(frozen=True)
class Codes:
    """The mapping in force.

    Parameters
    ----------
    given : mapping of str to str
        A school's own mapping, code to kind; it comes before every rule.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    _table: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)
    _given: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Fold upper and lower case together."""
        for code, kind in (*DEFAULT_CODES.items(), *self.given.items()):
            self._table[_key(code)] = kind
        self._given.update((_key(code), kind) for code, kind in self.given.items())

    def kind(self, code: str) -> str:
        """Return the kind of cell that a code means, a key of :data:`ectsim.school.KINDS`.

        Parameters
        ----------
        code : str
            A cell's text; empty is free.
        """
        if not code:
            return "free"
        known = self._table.get(_key(code))
        if known:
            return known
        return "lesson" if LESSON.fullmatch(code) else "unknown"

    def answer(self, code: str) -> str:
        """Return what the school itself said of a code, or ""."""
        return self._given.get(_key(code), "")

    def activity(self, name: str, *, pupils: bool) -> str:
        """Return the kind of an activity whose pupils and name stand apart.

        With pupils it is a lesson. Without them it is what the code mapping says of its name, and
        ``unknown`` where nobody said anything.

        Parameters
        ----------
        name : str
            The subject or the activity's name.
        pupils : bool
            Whether a class or a group is in it.
        """
        if self.answer(name):
            return self.answer(name)
        return "lesson" if pupils else self._table.get(_key(name), "unknown")

    def subject(self, code: str) -> str:
        """Return the two letters that stand for a class's subject, or ""."""
        match = LESSON.fullmatch(code)
        return match[1] if match else ""


def codes_from_toml(text: str, *, where: str) -> Codes:
    """Read a code mapping: a table ``[codes]`` of code = "kind".

    Raises
    ------
    InputError
        If it is not TOML, has no ``[codes]``, or names a kind nobody knows.
    """
    data = parse_toml(text, where=where)
    for key in data:
        if key not in ("codes", "format"):
            raise InputError(f"unknown key '{key}'", where=where, remedy=near(key, ("codes",)))
    table = data.get("codes")
    if not isinstance(table, dict):
        raise InputError(
            "the file has no table [codes]",
            where=where,
            remedy='write [codes] and below it lines such as "Tut" = "pastoral"',
        )
    for code, kind in table.items():
        if not isinstance(kind, str) or kind not in KINDS:
            raise InputError(
                f"code '{code}' has the kind {kind!r}", where=where, remedy=near(str(kind), KINDS)
            )
    return Codes({" ".join(code.split()): kind for code, kind in table.items()})


def codes_to_toml(used: Mapping[str, str], counts: Mapping[str, int]) -> str:
    """Write the mapping that an import used, in the form that :func:`codes_from_toml` reads.

    Parameters
    ----------
    used : mapping of str to str
        Code to kind, for every code that is not a class.
    counts : mapping of str to int
        Cells of each.
    """
    out = [
        "# What each code of the timetable was taken for. Change a kind here and import again with",
        "# --replace; the answers stay. Kinds: " + ", ".join(KINDS) + ".",
        "# A class such as 10B/Gg2 is a lesson; an unknown code is busy, never free.",
        "",
        "[codes]",
    ]
    for code in sorted(used):
        cells = counts.get(code, 0)
        note = f"  # {cells} cell{'s' if cells != 1 else ''}" if cells else ""
        out.append(f"{toml_value(code)} = {toml_value(used[code])}{note}")
    return "\n".join(out) + "\n"


def own_answers(codes: Codes) -> dict[str, str]:
    """Return what a school said that the importer's own rules would not have said.

    Parameters
    ----------
    codes : Codes
        A mapping as an import wrote it, perhaps changed since.
    """
    rules = Codes()
    return {code: kind for code, kind in codes.given.items() if kind != rules.kind(code)}
