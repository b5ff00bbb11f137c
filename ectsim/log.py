"""The event log: a closed vocabulary, tuples in, columns out. Everything else is computed from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CAUSES", "EVENTS", "FORMS", "REASONS", "Event", "EventLog"]

EVENTS: tuple[str, ...] = (
    "due",  # a cycle's window opens
    "contracted",  # the first meeting of a new pair: no cycle
    "paused",  # a window that is not due; value: 0 long illness, 1 leave, 2 the ECT has left
    "studied",  # a module is done; value: module
    "study_lost",  # the study slot was taken; value: module, cause
    "observed",  # the visit to a lesson; value: minutes, form live or video
    "observation_failed",  # a visit was planned and did not happen; cause
    "step_chosen",  # value: module of the topic, -1 none; cause gate if not studied; form: how seen
    "step_deferred",  # the needed topic is not studied yet; value: that module; side 1: it is overdue
    "arranged",  # a meeting is set for a time; value: the start of it, form
    "meeting_failed",  # it did not happen; cause, form
    "meeting",  # it starts; value: minutes until the bell, form
    "drifted",  # the time went to other matters; value: minutes; side 1: a review took it
    "praise",  # phases of the meeting, each at its start; value: minutes
    "share",
    "model",
    "analyse",
    "practise",  # once a rehearsal; value: minutes
    "mentoring",  # other mentoring; value: minutes
    "bell",  # the meeting was cut; value: minutes that were missing
    "recorded",  # the step is on record
    "not_recorded",
    "late",  # the cycle is carried past its window
    "lost",  # the cycle is closed without a meeting; cause
    "censored",  # the run ends while the cycle is open
    "absence",  # a member of a pair is away; value: pupil day, cause; once a day
    "cover_call",  # a member of a pair takes a lesson; value: cell of the year
    "trained",  # somebody goes to a training event; value: its position in content.events(), side
    "training_missed",  # a date of it is missed; value: the same; cause
    "caught_up",  # it is caught up on the platform; value: the same
    "time_owed",  # training in the evening: time owed; value: minutes
    "time_given_back",  # somebody goes home early in return; value: minutes
    "step_set",  # a step of the library is shared; value: its position in content.steps(), form: why
    "step_own",  # the same, in the pair's own words; side of both: 1 the ECT chose it, 2 the mentor
    "step_repeated",  # the step of last time is shared again; value: its position
    "step_mastered",  # the active step was settled by then, as a later visit showed; value: its position
    "step_left",  # it is left before a visit showed that it was settled; value: its position
    "topic_switched",  # a step on a topic that neither follows nor belongs to the last; value: module left
    "step_misapplied",  # a step on a topic that was not studied goes to class; value: its position
    "module_read",  # the mentor reads a module too; value: module
    "revisited",  # the ECT comes back to a module in year 2; value: module
    "knowing",  # at the start and after each half term: what the ECT knows; value: thousandths
    "doing",  # of the programme, and what of it the ECT does in class; value: thousandths
    "registered",  # the school has registered the ECT and named the mentor (F145, F193)
    "access",  # side 1 the ECT, 2 the mentor: the programme's materials are open to them (F195)
    "left",  # side 1: the ECT's last day at the school; side 2: the mentor's as a mentor
    "replaced",  # another mentor takes over; value: cycles behind them
    "extended",  # absence extends induction; value: days (E6-07)
    "deputised",  # the deputy holds the meeting, or makes the visit (form live), that begins now
    "checked_in",  # the coordinator's weekly check-in; value: minutes; of no pair (-1)
    "repaired",  # the coordinator acts for a pair; value: position in model.coordination.ACTIONS
    "recognised",  # leaders thank mentors in public (F150); of no pair (-1)
    "felt",  # at the end; side 0: how far it is a priority around the pair, 1: how the two get on,
    # 2: the mentor's belief; value: thousandths
    "course_taken",  # a mentor takes a short course online; value: minutes (F101)
)
"""Every event a log may hold; the code of an event is its position."""

CAUSES: tuple[str, ...] = (
    "",
    "no_slot",
    "onboarding",
    "mentor_left",
    "event",
    "ect_absent",
    "mentor_absent",
    "cover",
    "overrun",
    "slipped",
    "gate",
    "independent",
)
"""Why a planned meeting failed, in order of precedence; ``independent`` occurs in tests only."""

REASONS: tuple[str, ...] = (
    "",
    "no_observation",
    "no_model",
    "no_practice",
    "gate",
    "overrun",
    "drift",
)
"""Why a cycle that met is partial."""

FORMS: tuple[str, ...] = (
    "",
    "planned",
    "reserve",
    "common_free",
    "before_after",
    "split",
    "live",
    "video",
    "need",
    "waited",
    "deeper",
    "next",
    "interest",
)
"""How a meeting or a visit came to its time; the last five: why a step was chosen.

``need``: the visit showed it; ``waited``: it was needed before it was studied; ``deeper``: the focus
is kept because what is needed is not studied yet; ``next``: it follows in the curriculum;
``interest``: the ECT wished it.
"""

EVENT_CODE = {name: i for i, name in enumerate(EVENTS)}
CAUSE_CODE = {name: i for i, name in enumerate(CAUSES)}
FORM_CODE = {name: i for i, name in enumerate(FORMS)}


class Event(NamedTuple):
    """One row of a log.

    Parameters
    ----------
    time : int
        School minute.
    event : int
        Position in :data:`EVENTS`.
    pair : int
        Position of the pair in the school; -1 where no pair is meant.
    cycle : int
        Number of the due cycle in the pair's year, 0 is the first; -1 where none is meant.
    value : int
        What the event's comment in :data:`EVENTS` says, else 0.
    cause : int
        Position in :data:`CAUSES`.
    form : int
        Position in :data:`FORMS`.
    side : int
        0 neither, 1 the ECT, 2 the mentor.
    """

    time: int
    event: int
    pair: int
    cycle: int = -1
    value: int = 0
    cause: int = 0
    form: int = 0
    side: int = 0


class EventLog:
    """What happened in one replication, in order of time.

    Parameters
    ----------
    rows : list of tuple
        Rows in the order of :class:`Event`.
    end : int
        School minute at which the run ends.
    """

    __slots__ = ("end", "rows")

    def __init__(self, rows: list[tuple[int, int, int, int, int, int, int, int]], end: int) -> None:
        self.rows = rows
        self.end = end

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def events(self) -> list[Event]:
        """Return the rows as named tuples."""
        return [Event._make(row) for row in self.rows]

    def of_pair(self, pair: int) -> list[tuple[int, int, int, int, int, int, int, int]]:
        """Return one pair's rows."""
        return [row for row in self.rows if row[2] == pair]

    def to_bytes(self) -> bytes:
        """Return the log as bytes: equal logs, equal bytes."""
        return repr(self.rows).encode()

    def check(self) -> None:
        """Raise ``AssertionError`` if a row is outside the vocabulary or out of order of time."""
        last = 0
        for row in self.rows:
            event = Event._make(row)
            assert event.time >= last, f"out of order: {event}"
            assert 0 <= event.event < len(EVENTS), f"unknown event: {event}"
            assert 0 <= event.cause < len(CAUSES), f"unknown cause: {event}"
            assert 0 <= event.form < len(FORMS), f"unknown form: {event}"
            last = event.time

    def to_frame(self) -> pd.DataFrame:
        """Return the log as a frame of 17 bytes a row, words as categories.

        Returns
        -------
        pandas.DataFrame
            Columns time (school minute), event, pair, cycle, value, cause, form, side.
        """
        import pandas as pd  # noqa: PLC0415 - heavy; a worker never makes frames

        columns = list(zip(*self.rows, strict=True)) or [()] * len(Event._fields)
        small = dict(zip(Event._fields, columns, strict=True))
        words = {"event": EVENTS, "cause": CAUSES, "form": FORMS, "side": ("", "ect", "mentor")}
        return pd.DataFrame(
            {
                name: pd.Categorical.from_codes(list[int](values), categories=pd.Index(words[name]))
                if name in words
                else pd.array(values, dtype="int32" if name in ("time", "value") else "int16")
                for name, values in small.items()
            }
        )
