"""The one way in which ectsim says that an input is wrong."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

__all__ = ["DISK_FULL", "Broken", "Cancelled", "InputError", "near"]

DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""Numbers of an OSError for want of room: the user can mend it, and it is no bug."""


class InputError(ValueError):
    """An input is wrong in a way that its owner can mend.

    The command line prints it as one line and exits with 2; a page shows it as text.

    Parameters
    ----------
    what : str
        What is wrong, in plain words, without a full stop.
    where : str, optional
        File, line, field or cell.
    remedy : str, optional
        What to do about it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = _one_line(what)
        self.where = _one_line(where)
        self.remedy = _one_line(remedy)
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return the one line: place, reason, remedy."""
        place = f"{self.where}: " if self.where else ""
        cure = f" - {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{cure}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by parts, so that an error crosses from a worker whole."""
        return (_rebuild, (self.what, self.where, self.remedy))


class Cancelled(Exception):
    """The user stopped a computation before its end."""


class Broken(Exception):
    """The model does not keep what it promises: a fault of ectsim, never of an input.

    The command line prints it as one line and exits with 1.
    """


def _rebuild(what: str, where: str, remedy: str) -> InputError:
    return InputError(what, where=where, remedy=remedy)


def _one_line(text: str, limit: int = 400) -> str:
    """Fold white space and cut, so that a hostile cell cannot flood a terminal."""
    folded = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def near(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that is nearest to a mistyped one.

    Parameters
    ----------
    word : str
        What was typed.
    known : iterable of str
        What would have been understood.

    Returns
    -------
    str
        ``"did you mean 'x'?"``, or the list of known words when none is near.
    """
    options = sorted(str(k) for k in known)
    match = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if match:
        return f"did you mean '{match[0]}'?"
    shown = ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
    return f"known: {shown}" if options else "nothing is known here"
