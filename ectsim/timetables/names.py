"""Codes in place of names: nothing of a name that a file holds goes further than this module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ectsim.luck import stable_fraction

__all__ = ["Pseudonyms", "fold", "is_code", "make_pseudonyms"]

LONGEST = 8
TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "mx", "dr", "sir", "prof", "staff", "teacher", "supply")
)


def is_code(text: str) -> bool:
    """Tell whether a staff id is a code and no name: short, no spaces, a digit or initials.

    Parameters
    ----------
    text : str
        The id as a file has it.
    """
    if len(text) > LONGEST or not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return False
    letters = re.sub(r"[^A-Za-z]", "", text)
    if any(c.isdigit() for c in text):
        # T089 and HUM12 are codes, Kim2 is a name with a number
        return len(letters) <= 2 or (letters.isupper() and len(letters) <= 4)
    return text.isupper() and len(text) <= 3


@dataclass(frozen=True)
class Pseudonyms:
    """The id of each person of a file.

    Parameters
    ----------
    ids : mapping of str to str
        Folded name to id.
    replaced : bool
        Whether the ids are codes of ours, because the file has names.
    """

    ids: Mapping[str, str]
    replaced: bool
    _words: tuple[re.Pattern[str], Mapping[str, str]] | None = None

    def id(self, text: str) -> str | None:
        """Return the id of a person as a file writes them, or None."""
        return self.ids.get(fold(text))

    def shown(self, text: str) -> str:
        """Return what a message may say of a person: a code, never a name."""
        known = self.id(text)
        if known:
            return f"'{known}'"
        return f"'{text}'" if is_code(text) else "a name"

    def scrub(self, text: str) -> str:
        """Put codes in place of names inside another text, such as a room or a code."""
        if not self._words or not text:
            return text
        pattern, codes = self._words
        return pattern.sub(lambda m: codes[fold(m[0])], text)


def fold(text: str) -> str:
    """Fold white space, case and a leading 'Staff' away, so that two files may write one person."""
    folded = " ".join(text.split()).casefold()
    return folded.removeprefix("staff ") or folded


def make_pseudonyms(people: Iterable[str], *, keep: Iterable[str] = ()) -> Pseudonyms:
    """Give each person of a file an id.

    Codes stay as they are. If one person stands there by name, everybody gets a code of ours:
    S001 and so on, in the order of a hash of the name, so that the same file gives the same codes
    and the order tells nothing.

    Parameters
    ----------
    people : iterable of str
        Everybody, as the file writes them.
    keep : iterable of str
        Words that are never taken for a part of a name, such as subjects.

    Returns
    -------
    Pseudonyms
    """
    names = list(dict.fromkeys(people))
    if all(is_code(n) for n in names):
        return Pseudonyms({fold(n): n for n in names}, replaced=False)
    order = sorted({fold(n) for n in names}, key=lambda n: (stable_fraction("staff", n), n))
    width = max(3, len(str(len(order))))
    ids = {name: f"S{i:0{width}d}" for i, name in enumerate(order, start=1)}
    return Pseudonyms(ids, True, _words(ids, {k.casefold() for k in keep}))


def _words(
    ids: Mapping[str, str], keep: set[str]
) -> tuple[re.Pattern[str], Mapping[str, str]] | None:
    """Return a pattern of whole names and their longer words, with the code for each."""
    codes: dict[str, str] = {}
    for name, code in ids.items():
        codes[name] = code
        for word in re.findall(r"[^\W\d_]{3,}", name):
            if word not in TITLES and word not in keep:
                codes.setdefault(word, code)
    if not codes:
        return None
    longest_first = sorted(codes, key=lambda w: (-len(w), w))
    # white space inside a name may be of any kind
    parts = (r"\s+".join(re.escape(p) for p in w.split()) for w in longest_first)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE), codes
