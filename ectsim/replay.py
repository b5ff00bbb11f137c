"""The same year under two plans: which weeks differ, and because of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ectsim.clock import DAY, WEEKDAYS, clock_text
from ectsim.ledger import BIN_WORDS, Entry, ledger
from ectsim.log import EVENT_CODE
from ectsim.model.year import Year, live

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["Difference", "differences"]

TIME, EVENT, PAIR, CYCLE, VALUE = range(5)
COVER_CALL = EVENT_CODE["cover_call"]
Row = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One due cycle that two plans made something else of.

    Parameters
    ----------
    pair : str
        The pair's id.
    cycle : int
        Its number in the pair's year, 0 is the first.
    week : int
        School week in which its window opens, 1 is the first.
    before, after : str
        Its bin under the base and under the other plan.
    met_before, met_after : str
        When it met, as a day and a time, or "".
    because : str
        What in the other plan led to it; never empty.
    """

    pair: str
    cycle: int
    week: int
    before: str
    after: str
    met_before: str
    met_after: str
    because: str

    def sentence(self) -> str:
        """Say it in a sentence."""
        before = BIN_WORDS[self.before] + (f" ({self.met_before})" if self.met_before else "")
        after = BIN_WORDS[self.after] + (f" ({self.met_after})" if self.met_after else "")
        return f"Week {self.week}, {self.pair}: {before}; then {after}. Because: {self.because}."


def differences(base: Scenario, other: Scenario, seed: int, replication: int) -> list[Difference]:
    """Live one year under two plans and list the cycles that differ.

    Parameters
    ----------
    base, other : Scenario
        Two scenarios with the same pairs.
    seed, replication : int
        Which year.

    Returns
    -------
    list of Difference
        In order of pair and cycle.

    Raises
    ------
    AssertionError
        If a pair whose own plan is unchanged differs and nothing explains it: a bug of the model.
    """
    a, b = live(base, seed, replication), live(other, seed, replication)
    entries_a = {(e.pair, e.cycle): e for e in ledger(a.log, base)}
    entries_b = {(e.pair, e.cycle): e for e in ledger(b.log, other)}
    changed = changed_pairs(base, other)
    out = []
    for index, pair in enumerate(base.school.pairs):
        rows_a, rows_b = a.log.of_pair(index), b.log.of_pair(index)
        if rows_a == rows_b:
            continue
        origins = [] if pair.id in changed else _origins(a, b, index)
        first = _first_difference(rows_a, rows_b)
        if pair.id not in changed:
            explained = [t for t, _ in origins if t // DAY <= first // DAY]
            shared = _shares_mentor(base, index, changed)
            assert explained or shared, f"{pair.id} differs from minute {first} on and nothing explains it"
        for key in sorted(k for k in entries_a.keys() | entries_b.keys() if k[0] == index):
            before, after = entries_a.get(key), entries_b.get(key)
            if before and after and _outcome(before) != _outcome(after):
                because = (
                    "this pair's plan is changed"
                    if pair.id in changed
                    else _because(origins, max(before.met or 0, after.met or 0, before.opens), base, index, changed)
                )
                out.append(_difference(a, base, pair.id, before, after, because))
    return out


def changed_pairs(base: Scenario, other: Scenario) -> set[str]:
    """Return the pairs whose own plan differs; a change that is not of one pair's slots is everybody's."""
    diff = base.plan.diff(other.plan)
    everybody = {p.id for p in base.school.pairs}
    if base.school.conditions != other.school.conditions or base.programme != other.programme:
        return everybody
    if any(not name.startswith("slots.") for name in diff):
        return everybody
    # an id may hold a dot: match whole ids, longest first
    out = set()
    for name in diff:
        rest = name.removeprefix("slots.")
        out.add(max((p for p in everybody if rest.startswith(f"{p}.") or rest == p), key=len, default=rest))
    return out


def _outcome(e: Entry) -> tuple[object, ...]:
    # the same meeting counts as the same, whether a plan names its time or the pair found it
    return (e.met, e.content, e.reps) if e.met is not None else (e.bin,)


def _first_difference(rows_a: list[Row], rows_b: list[Row]) -> int:
    for x, y in zip(rows_a, rows_b, strict=False):
        if x != y:
            return min(x[TIME], y[TIME])
    longer = rows_a if len(rows_a) > len(rows_b) else rows_b
    return longer[min(len(rows_a), len(rows_b))][TIME]


def _origins(a: Year, b: Year, pair: int) -> list[tuple[int, str]]:
    """Return the cover calls of a pair's members that only one of two years has: (minute, words)."""
    frame = a.frame
    p = frame.pairs[pair]
    out = []
    for person, name in ((p.ect, p.pair.ect), (p.mentor, p.pair.mentor)):
        for cell in sorted(a.cover.taken[person] ^ b.cover.taken[person]):
            called = cell in b.cover.taken[person]
            start = frame.start_of(cell)
            instead = _instead(a, b, cell, person)
            when = _when(a, start)
            words = (
                f"{name} is called to cover on {when}" + (f", where {instead} was" if instead else "")
                if called
                else f"{name} is spared cover on {when}" + (f"; {instead} is called" if instead else "")
            )
            out.append((start, words))
    return sorted(out)


def _instead(a: Year, b: Year, cell: int, person: int) -> str:
    """Name somebody who is called in the other of two years in that cell."""
    sets = []
    for year in (a, b):
        at = year.cover.cells.tolist().index(cell) if cell in year.cover.cells else -1
        sets.append({i for i in range(len(year.cover.calls)) if at >= 0 and year.cover.calls[i, at]})
    other = (sets[0] if person in sets[1] else sets[1]) - (sets[1] if person in sets[1] else sets[0])
    return a.frame.staff[min(other)] if other else ""


def _because(origins: list[tuple[int, str]], until: int, base: Scenario, index: int, changed: set[str]) -> str:
    """Return the last cover call before a cycle's end that explains it, else the shared mentor."""
    known = [words for start, words in origins if start // DAY <= until // DAY]
    if known:
        return known[-1]
    mentor = base.school.pairs[index].mentor
    others = [p.id for p in base.school.pairs if p.mentor == mentor and p.id in changed]
    return f"{mentor} also mentors {', '.join(others)}: a time they share is booked otherwise"


def _shares_mentor(base: Scenario, index: int, changed: set[str]) -> bool:
    mentor = base.school.pairs[index].mentor
    return any(p.mentor == mentor and p.id in changed for p in base.school.pairs)


def _when(year: Year, minute: int) -> str:
    date = year.frame.scenario.school.calendar.date(minute)
    return f"{WEEKDAYS[date.weekday()]} {date.day} {date:%B} at {clock_text(minute)}"


def _difference(a: Year, base: Scenario, pair: str, before: Entry, after: Entry, because: str) -> Difference:
    window = a.frame.pairs[before.pair].windows[before.cycle]
    return Difference(
        pair=pair,
        cycle=before.cycle,
        week=window.week + 1,
        before=before.bin,
        after=after.bin,
        met_before=_when(a, before.met) if before.met is not None else "",
        met_after=_when(a, after.met) if after.met is not None else "",
        because=because,
    )
