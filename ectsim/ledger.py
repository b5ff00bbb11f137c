"""The ledger: every due cycle ends in exactly one bin, with the chain of attempts that led there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ectsim.log import CAUSES, EVENT_CODE, FORM_CODE, FORMS

if TYPE_CHECKING:
    from ectsim.log import EventLog
    from ectsim.scenario import Scenario

__all__ = ["BINS", "BIN_WORDS", "Attempt", "Entry", "count_bins", "ledger"]

BINS: tuple[str, ...] = (
    "on_time",
    "moved",
    "late",
    "partial",
    "censored",
    "paused",
    *(c for c in CAUSES if c and c != "independent"),
    "independent",
)
"""Where a due cycle can end; they add up to due, always.

``paused`` stands beside the others: the window came round and nothing was due in it, as the ECT was
ill or on leave for long, or had left. Shares are over the cycles that were not paused.
"""

BIN_WORDS: dict[str, str] = {
    "on_time": "held in full, in its slot",
    "moved": "held in full, at another time in its window",
    "late": "held in full, later",
    "partial": "held in part",
    "censored": "still open when the year ended",
    "paused": "paused: the ECT was ill or on leave for long, or had left",
    "no_slot": "lost: no time that both could make",
    "onboarding": "lost: not yet registered",
    "mentor_left": "lost: the mentor had left",
    "event": "lost: closed day, school event or training",
    "ect_absent": "lost: the ECT was away",
    "mentor_absent": "lost: the mentor was away",
    "cover": "lost: called to cover a lesson",
    "overrun": "lost: the meeting before ran over",
    "slipped": "lost: something else took an unprotected time",
    "gate": "lost: put off until the topic is studied",
    "independent": "lost: test cause",
}
"""What each bin means, for people."""

# codes of the events that the ledger reads: it runs once a simulated year, over every row
(DUE, PAUSED, PRACTISE, MODEL, MEETING, MEETING_FAILED, STEP_CHOSEN, MENTORING, RECORDED, BELL,
 DRIFTED, LATE, LOST, CENSORED) = (
    EVENT_CODE[name]
    for name in (
        "due", "paused", "practise", "model", "meeting", "meeting_failed", "step_chosen",
        "mentoring", "recorded", "bell", "drifted", "late", "lost", "censored",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed meeting: when it was to start, how it came to that time, why it failed, on whose side."""

    start: int
    form: str
    cause: str
    side: int


@dataclass(slots=True)
class Entry:
    """What became of one due cycle.

    Parameters
    ----------
    pair : int
        Position of the pair in the school.
    cycle : int
        Its number in the pair's year, 0 is the first.
    opens : int
        School minute at which its window opened.
    timing : str
        ``on_time``, ``moved``, ``late``, ``lost``, ``censored`` or ``paused``; only the meeting
        decides.
    content : str
        ``full``, ``partial`` or ``none``.
    reason : str
        Why it is partial, one of ``log.REASONS``.
    cause : str
        Why its earliest planned meeting failed, one of ``log.CAUSES``.
    bin : str
        One of :data:`BINS`.
    met : int or None
        School minute at which the meeting started.
    reps : int
        Rehearsals.
    topic : int
        Module of the step, -1 none.
    recorded : bool
        Whether the step is on record.
    drifted : bool
        Whether the time went to other matters.
    coaching, mentoring : int
        Minutes of coaching and of other mentoring.
    form : str
        How the meeting came to its time.
    seen : str
        ``live``, ``video`` or "".
    chain : list of Attempt
        Failed meetings in order.
    """

    pair: int
    cycle: int
    opens: int
    timing: str = ""
    content: str = "none"
    reason: str = ""
    cause: str = ""
    bin: str = ""
    met: int | None = None
    reps: int = 0
    topic: int = -1
    recorded: bool = False
    drifted: bool = False
    coaching: int = 0
    mentoring: int = 0
    form: str = ""
    seen: str = ""
    gate: bool = False
    modelled: bool = False
    cut: bool = False
    late: bool = False
    chain: list[Attempt] = field(default_factory=list)


PHASE_EVENTS = frozenset(EVENT_CODE[n] for n in ("praise", "share", "model", "analyse", "practise"))


def ledger(log: EventLog, scenario: Scenario) -> list[Entry]:
    """Book every due cycle of a run.

    Parameters
    ----------
    log : EventLog
        What happened.
    scenario : Scenario
        What was simulated.

    Returns
    -------
    list of Entry
        In order of pair and cycle.

    Raises
    ------
    AssertionError
        If a due cycle ended nowhere or twice: a bug, never an input's fault.
    """
    entries: dict[tuple[int, int], Entry] = {}
    closed: dict[tuple[int, int], str] = {}
    for time, event, pair, cycle, value, cause, form, side in log.rows:
        if cycle < 0:
            continue
        key = (pair, cycle)
        if event in (DUE, PAUSED):
            assert key not in entries, f"due twice: {key}"
            entries[key] = Entry(pair, cycle, time)
            if event == PAUSED:
                closed[key] = "paused"
            continue
        entry = entries.get(key)
        if entry is None:
            continue
        if event in PHASE_EVENTS:
            entry.coaching += value
            if event == PRACTISE:
                entry.reps += 1
            elif event == MODEL:
                entry.modelled = True
        elif event == MEETING:
            assert key not in closed, f"met after its end: {key}"
            closed[key] = "met"
            entry.met, entry.form = time, FORMS[form]
        elif event == MEETING_FAILED:
            entry.chain.append(Attempt(value, FORMS[form], CAUSES[cause], side))
        elif event == STEP_CHOSEN:
            entry.topic, entry.gate, entry.seen = value, bool(cause), FORMS[form]
        elif event == MENTORING:
            entry.mentoring += value
        elif event == RECORDED:
            entry.recorded = True
        elif event == BELL:
            entry.cut = True
        elif event == DRIFTED:
            entry.drifted = True
        elif event == LATE:
            entry.late = True
        elif event in (LOST, CENSORED):
            assert key not in closed, f"closed twice: {key}"
            closed[key] = "lost" if event == LOST else "censored"
            if cause and not entry.chain:
                entry.cause = CAUSES[cause]
    for key, entry in entries.items():
        assert key in closed, f"never closed: {key}"
        _book(entry, closed[key], scenario)
    return sorted(entries.values(), key=lambda e: (e.pair, e.cycle))


def _book(entry: Entry, end: str, scenario: Scenario) -> None:
    if entry.chain:
        entry.cause = entry.chain[0].cause
    if end != "met":
        entry.timing = end
        entry.bin = end if end != "lost" else entry.cause
        return
    if entry.late:
        entry.timing = "late"
    elif entry.form == FORMS[FORM_CODE["planned"]] and not entry.chain:
        entry.timing = "on_time"
    else:
        entry.timing = "moved"
    entry.reason = _reason(entry, scenario)
    entry.content = "partial" if entry.reason else "full"
    entry.bin = "partial" if entry.reason else entry.timing


def _reason(entry: Entry, scenario: Scenario) -> str:
    """Return why a cycle that met is not full, or ""; the definition is the programme's, never the plan's."""
    if entry.drifted:
        return "drift"
    if not entry.seen:
        return "no_observation"
    if entry.gate:
        return "gate"
    if not entry.modelled:
        return "overrun" if entry.cut else "no_model"
    if entry.reps < scenario.programme.coaching.min_reps:
        return "overrun" if entry.cut else "no_practice"
    return ""


def count_bins(entries: Iterable[Entry]) -> dict[str, int]:
    """Count entries by bin.

    Returns
    -------
    dict of str to int
        Every bin of :data:`BINS`, in order; the values add up to the number of entries.
    """
    out = dict.fromkeys(BINS, 0)
    for entry in entries:
        out[entry.bin] += 1
    return out
