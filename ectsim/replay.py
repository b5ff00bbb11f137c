"""The same year under two plans: which weeks differ, and because of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ectsim.clock import DAY, WEEKDAYS, clock_text
from ectsim.ledger import BIN_WORDS, Entry, ledger
from ectsim.log import EVENT_CODE
from ectsim.model.year import Year, live_years

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["Difference", "differences"]

TIME, EVENT, PAIR, CYCLE, VALUE = range(5)
COVER_CALL = EVENT_CODE["cover_call"]
Row = tuple[int, int, int, int, int, int, int, int]


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
    changed = changed_pairs(base, other)
    out: list[Difference] = []
    lived = zip(
        live_years(base, seed, replication), live_years(other, seed, replication), strict=False
    )
    for a, b in lived:
        found = _differences(a, b, changed)
        # what a pair learnt or lost in one school year explains the next
        changed = changed | {
            p.id for i, p in enumerate(base.school.pairs) if a.log.of_pair(i) != b.log.of_pair(i)
        }
        out += found
    return out


def _differences(a: Year, b: Year, changed: set[str]) -> list[Difference]:
    """List the cycles of one school year that differ."""
    base, other = a.frame.scenario, b.frame.scenario
    entries_a = {(e.pair, e.cycle): e for e in ledger(a.log, base)}
    entries_b = {(e.pair, e.cycle): e for e in ledger(b.log, other)}
    why = _Why(a, b, base, changed)
    out = []
    for index, pair in enumerate(base.school.pairs):
        for key in sorted(k for k in entries_a.keys() & entries_b.keys() if k[0] == index):
            before, after = entries_a[key], entries_b[key]
            if _outcome(before) != _outcome(after):
                out.append(_difference(a, base, pair.id, before, after, why.because(*key)))
    return out


class _Why:
    """Why the pairs of two years differ: each difference is traced to a plan, a call or a booking.

    Parameters
    ----------
    a, b : Year
        The two years.
    base : Scenario
        The first year's scenario.
    changed : set of str
        Pairs whose own plan differs.

    Raises
    ------
    AssertionError
        If a pair's log differs and nothing explains it.
    """

    def __init__(self, a: Year, b: Year, base: Scenario, changed: set[str]) -> None:
        self.pairs = base.school.pairs
        self.plans = (base.plan, b.frame.scenario.plan)
        self.changed = {i for i, p in enumerate(self.pairs) if p.id in changed}
        self.rows = [(a.log.of_pair(i), b.log.of_pair(i)) for i in range(len(self.pairs))]
        self.first = {
            i: _first_difference(*both) for i, both in enumerate(self.rows) if both[0] != both[1]
        }
        self.origins = {i: _origins(a, b, i) for i in self.first if i not in self.changed}
        self.through = self._through()

    def _through(self) -> dict[int, int]:
        """Trace the pairs without a call of their own to a pair with which they share somebody.

        Only a pair that is itself explained, and that differs no later, explains another.
        """
        explained = set(self.changed)
        for i, origins in self.origins.items():
            if any(t // DAY <= self.first[i] // DAY for t, _ in origins):
                explained.add(i)
        through: dict[int, int] = {}
        rest = sorted(set(self.first) - explained, key=lambda i: (self.first[i], i))
        while rest:
            for i in rest:
                links = [j for j in sorted(explained) if self._leads(j, i)]
                if links:
                    through[i] = links[0]
                    explained.add(i)
                    rest.remove(i)
                    break
            else:
                names = ", ".join(self.pairs[i].id for i in rest)
                minute = self.first[rest[0]]
                raise AssertionError(
                    f"{names} differs from minute {minute} on and nothing explains it"
                )
        return through

    def _leads(self, j: int, i: int) -> bool:
        """Tell whether a difference of pair j can reach pair i: through a person, and not later."""
        if not self._people(i) & self._people(j):
            return False
        # a changed plan books a mentor's time from the first day, before its own log shows it
        return j in self.changed or (
            j in self.first and self.first[j] // DAY <= self.first[i] // DAY
        )

    def _people(self, i: int) -> set[str]:
        """Return the members of a pair, with the deputies that the two plans name."""
        pair = self.pairs[i]
        return {pair.ect, pair.mentor} | {p.slots_of(pair.id).deputy for p in self.plans} - {""}

    def because(self, index: int, cycle: int) -> str:
        """Say what led to a cycle's other end; never empty."""
        if index in self.changed:
            return "this pair's plan is changed"
        of_cycle = [[r for r in rows if r[CYCLE] == cycle] for rows in self.rows[index]]
        until = _first_difference(*of_cycle)
        known = [words for start, words in self.origins[index] if start // DAY <= until // DAY]
        if known:
            return known[-1]
        j = self.through.get(index)
        if j is None:  # its own call came later than this cycle: somebody shared was booked first
            j = next(k for k in sorted(self.first) if k != index and self._leads(k, index))
        shared = sorted(self._people(index) & self._people(j))[0]
        return f"{shared} is also in the pair of {self.pairs[j].ect}: a time they share is used otherwise"


def changed_pairs(base: Scenario, other: Scenario) -> set[str]:
    """Return the pairs whose own plan differs; a change that is not of one pair's slots is everybody's."""
    diff = base.plan.diff(other.plan)
    everybody = {p.id for p in base.school.pairs}
    if base.school.conditions != other.school.conditions or base.programme != other.programme:
        return everybody
    if any(not name.startswith("slots.") for name in diff):
        return everybody
    return {p for p in everybody if base.plan.slots_of(p) != other.plan.slots_of(p)}


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
    """Return the cover calls that only one of two years has and that reach a pair: (minute, words).

    They are those of its two members and its deputies, and of whoever takes their classes in the
    cells of its slots.
    """
    frame = a.frame
    p = frame.pairs[pair]
    reach = {
        (person, cell)
        for person in {p.ect, p.mentor, p.deputy, b.frame.pairs[pair].deputy}
        if person >= 0 and person in a.cover.taken and person in b.cover.taken
        for cell in _calls_that_differ(a, b, person)
    }
    for cell, takers in p.released.items():
        reach |= {(who, cell) for _, who in takers if cell in _calls_that_differ(a, b, who)}
    out = []
    for person, cell in reach:
        name = frame.staff[person]
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


def _calls_that_differ(a: Year, b: Year, person: int) -> frozenset[int]:
    return a.cover.taken[person] ^ b.cover.taken[person]


def _instead(a: Year, b: Year, cell: int, person: int) -> str:
    """Name somebody who is called in the other of two years in that cell."""
    sets = []
    for year in (a, b):
        at = year.cover.cells.tolist().index(cell) if cell in year.cover.cells else -1
        sets.append(
            {i for i in range(len(year.cover.calls)) if at >= 0 and year.cover.calls[i, at]}
        )
    other = (sets[0] if person in sets[1] else sets[1]) - (
        sets[1] if person in sets[1] else sets[0]
    )
    return a.frame.staff[min(other)] if other else ""


def _when(year: Year, minute: int) -> str:
    date = year.frame.scenario.school.calendar.date(minute)
    return f"{WEEKDAYS[date.weekday()]} {date.day} {date:%B} at {clock_text(minute)}"


def _difference(
    a: Year, base: Scenario, pair: str, before: Entry, after: Entry, because: str
) -> Difference:
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
