"""The appointment book: which year cells of which people are spoken for by which pair."""

from __future__ import annotations

__all__ = ["Bookings"]


class Bookings:
    """Who has agreed to be where.

    A cell is single-use for each person: a mentor of several ECTs meets one of them in it, unless
    the plan itself puts two into one period.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], int] = {}

    def book(self, people: tuple[int, ...], cell: int, pair: int) -> None:
        """Set a cell aside for a pair; an earlier booking of the same cell stands."""
        for person in people:
            self._held.setdefault((person, cell), pair)

    def release(self, people: tuple[int, ...], cell: int, pair: int) -> None:
        """Give a cell back that the pair had booked."""
        for person in people:
            if self._held.get((person, cell)) == pair:
                del self._held[person, cell]

    def free(self, people: tuple[int, ...], cell: int, pair: int) -> bool:
        """Tell whether nobody else has booked any of these people for the cell."""
        return all(self._held.get((person, cell), pair) == pair for person in people)
