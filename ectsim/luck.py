"""Luck: every draw has a key, and belongs to no plan.

A draw is keyed by (seed, replication, purpose, person, occasion). Two plans under the same seed
live through the same year, because no key holds a choice: not an attempt number, not the state of
a diary, not the position of a person in a file. This is the only module that calls numpy's
generator.

How: BLAKE2b of seed, replication, purpose and person gives a 128-bit key to the counter-based
generator Philox; the occasion is the position in that stream. So the draw for one occasion is the
same whether a table of a thousand or of ten is made, and replication k alone equals k of n.
Changing any of this changes every stored result.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PURPOSES", "Luck", "stable_fraction", "stable_seed"]

PURPOSES: dict[str, str] = {
    "diary": "person, place in the stream as model/diary.py lays it out: spell, training, event, day",
    "season": "school, week: how hard the week's illness is",
    "department_event": "department, event: days until the next trip or exam duty",
    "rota": "person, lesson period of the year: order in the cover rota",
    "support": "person, cell of the year: does a leader raise a threatened slot's protection",
    "bought": "number of the lesson left over, cell of the year: can it be bought in",
    "choice": "pair, cell of the year: which of the free times the pair picks",
    "slip_meeting": "pair, cell of the year: does something else take an unprotected meeting",
    "slip_observation": "pair, cell of the year: does something else take an unprotected visit",
    "duration": "pair, cycle (one stream a phase): how long a phase takes",
    "fluency": "pair, cycle: rehearsals that fluency takes",
    "drift": "pair, cycle: does the hour go to other matters",
    "need": "pair, cycle: what the observed lesson shows is needed",
    "record": "pair, cycle: is the step recorded",
    "upload": "pair, cycle: does a video upload fail",
    "study": "ECT, module, then returns to modules: is one done in the ECT's own time, and when",
    "step": "pair, cycle (8 draws each, the first 8 of the ECT's start): how a step is chosen and settles",
    "reading": "mentor, module: does the mentor read it",
    "training": "person and side, event (24 draws each): attendance, order, catch-up, hour, dates liked",
    "independent": "tests only: a cause that strikes (person or slot, cell) with a set chance",
    "people": "person, place as model/people.py lays it out: leaving, replacement, leave, registration",
    "resample": "analysis: bootstrap and subsampling streams",
    "design": "experiments: seeds of designs and estimators",
}
"""Every purpose that may draw, with what its person and occasion are."""


def _part(part: object) -> bytes:
    # a length before each part, so that ("ab", "c") and ("a", "bc") differ
    text = str(part).encode()
    return len(text).to_bytes(4, "little") + text


def _hash(parts: tuple[object, ...]) -> hashlib.blake2b:
    text = b"".join(map(_part, parts))
    return hashlib.blake2b(text, digest_size=16, person=b"ectsim-luck-1")


def _key(parts: tuple[object, ...]) -> bytes:
    return _hash(parts).digest()


def stable_fraction(*parts: object) -> float:
    """Return a number in [0, 1) that depends on the words alone: same words, same number, for ever.

    For choices about a school that are no luck of a year, such as which free periods stand for
    planning time when a file does not say.
    """
    return int.from_bytes(_key(("stable", *parts))[:8], "little") / 2.0**64


def stable_seed(seed: int, *parts: object) -> int:
    """Return an integer seed below 2**63 for a library that holds its own generator."""
    return int.from_bytes(_key(("seed", seed, *parts))[:8], "little") >> 1


class _Own(threading.local):
    """Each thread's generator: one that is shared would be moved on by the others between two draws."""

    philox: tuple[Any, Any, dict[str, Any]] | None = None


_own = _Own()


def _philox() -> tuple[Any, Any, dict[str, Any]]:
    if _own.philox is None:
        import numpy as np  # noqa: PLC0415 - loaded at the first draw, so that importing luck is cheap

        bits = np.random.Philox(key=0)
        _own.philox = bits, np.random.Generator(bits), dict(bits.state)
    return _own.philox


class Luck:
    """What fate deals in one replication.

    Parameters
    ----------
    seed : int
        The run's seed, 0 or more.
    replication : int
        Which simulated year, 0 is the first.
    school_year : int
        Which school year of a run over several, 0 is the first; the first has the draws of a run
        of one year.
    """

    __slots__ = ("_tables", "replication", "school_year", "seed")

    def __init__(self, seed: int, replication: int, school_year: int = 0) -> None:
        self.seed = seed
        self.replication = replication
        self.school_year = school_year
        self._tables: dict[tuple[str, str], list[float]] = {}

    def table(self, purpose: str, person: str, size: int) -> NDArray[np.float64]:
        """Return the first draws of a stream: occasions 0 to ``size - 1``.

        Parameters
        ----------
        purpose : str
            One of :data:`PURPOSES`.
        person : str
            Permanent id of the person, pair, department or school.
        size : int
            How many occasions.

        Returns
        -------
        numpy.ndarray
            Shape (size,), uniform on [0, 1).
        """
        draws: NDArray[np.float64] = self._stream(purpose, person).random(size)
        return draws

    def tables(self, purpose: str, people: Sequence[str], size: int) -> NDArray[np.float64]:
        """Return :meth:`table` of several people at once.

        Returns
        -------
        numpy.ndarray
            Shape (len(people), size).
        """
        import numpy as np  # noqa: PLC0415 - see _philox

        out = np.empty((len(people), size))
        for row, stream in zip(out, self._streams(purpose, people), strict=True):
            stream.random(out=row)
        return out

    def ranks(self, purpose: str, people: Sequence[str], size: int) -> NDArray[np.float32]:
        """Return coarser draws (24 bits, single precision) of several people, for ranking them.

        They are another stream than :meth:`table`'s; use one of the two for a purpose.

        Returns
        -------
        numpy.ndarray
            Shape (len(people), size), uniform on [0, 1).
        """
        import numpy as np  # noqa: PLC0415 - see _philox

        out = np.empty((len(people), size), dtype=np.float32)
        for row, stream in zip(out, self._streams(purpose, people), strict=True):
            stream.random(dtype=np.float32, out=row)
        return out

    def _stream(self, purpose: str, person: str) -> np.random.Generator:
        """Set the one generator to the start of a stream."""
        return next(self._streams(purpose, (person,)))

    def _streams(self, purpose: str, people: Sequence[str]) -> Iterator[np.random.Generator]:
        """Set the one generator to the start of each person's stream in turn."""
        if purpose not in PURPOSES:
            raise KeyError(f"no purpose '{purpose}' is registered")
        bits, generator, state = _philox()
        inner = state["state"]
        key, counter = inner["key"], inner["counter"]
        counter[:] = 0
        state["buffer_pos"] = 4
        state["has_uint32"] = 0
        later = (f"school year {self.school_year}",) if self.school_year else ()
        common = _hash((self.seed, self.replication, *later, purpose))
        for person in people:
            mine = common.copy()
            mine.update(_part(person))
            digest = mine.digest()
            key[0] = int.from_bytes(digest[:8], "little")
            key[1] = int.from_bytes(digest[8:], "little")
            bits.state = state
            yield generator

    def row(self, purpose: str, person: str, size: int) -> list[float]:
        """Return :meth:`table` as a list, kept for the replication; reading one draw is fast.

        The list may be longer than asked, never shorter.
        """
        key = (purpose, person)
        row = self._tables.get(key)
        if row is None or len(row) < size:
            row = self._tables[key] = self.table(purpose, person, size).tolist()
        return row

    def uniform(self, purpose: str, person: str, occasion: int) -> float:
        """Return one draw, uniform on [0, 1)."""
        return self.row(purpose, person, occasion + 1)[occasion]
