"""One pair's year in sentences, the difference between two plans' same year, and a week strip.

Everything is read from the event log and the ledger. People stand as ids and roles; no sentence
says how well anybody did.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ectsim.clock import DAY, clock_text
from ectsim.content import events, steps, topic
from ectsim.errors import InputError
from ectsim.ledger import Attempt, Entry, ledger
from ectsim.log import CAUSES, EVENT_CODE, EVENTS, FORMS, Event, EventLog
from ectsim.model.coordination import ACTIONS
from ectsim.model.frame import COVER_TIME
from ectsim.scenario import Scenario
from ectsim.words import upper

__all__ = ["STATES", "WeekState", "pair_story", "versus", "week_strip"]

STATES: dict[str, str] = {
    "on_time": "held in full, in its slot",
    "moved": "held in full, at another time in its window",
    "late": "held in full, later",
    "partial": "held in part",
    "lost": "lost",
    "censored": "still open at the end of the year",
    "contracting": "the pair agrees how it will work",
    "paused": "no cycle due: long illness or leave, or the ECT has left",
    "none": "no cycle counts for this week",
}
"""What a week of a strip can be, and what it means."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

FORM_WORDS = {
    "planned": "",
    "reserve": " in the reserve slot",
    "common_free": " in a free period of both",
    "split": " at lunch, for the coaching part only",
}
REASON_WORDS = {
    "no_observation": "no lesson was seen before it",
    "no_model": "without the model",
    "no_practice": "without the second rehearsal",
    "gate": "the topic was not studied yet",
    "overrun": "the bell came first",
    "drift": "the time went to other matters",
}
STEP_EVENTS = ("step_set", "step_own", "step_repeated")
STEP_WHY = {
    "need": ", as the visit showed",
    "waited": ", which had waited for its week of study",
    "deeper": ", further into the same topic",
    "next": "",
    "interest": ", as wished",
}
LOSS_WORDS = {
    "no_slot": "to there being no time that both could make",
    "onboarding": "to late registration",
    "mentor_left": "to the mentor leaving",
    "event": "to closed days, school events and training",
    "ect_absent": "to the ECT's absence",
    "mentor_absent": "to the mentor's absence",
    "cover": "to cover",
    "overrun": "to the meeting before",
    "slipped": "to other things that took an unprotected time",
    "gate": "to topics that were not studied yet",
    "independent": "to the test cause",
}
REPAIR_WORDS = {
    "new_time": "The coordinator helped to look for one more new time.",
    "protect": "The coordinator had the slots of the coming weeks kept out of cover for longer.",
    "deputy": "The coordinator put the deputy on call.",
    "leaders": "The coordinator raised the pair's time with leaders.",
    "mediate": "The coordinator had the two agree anew how to work together.",
}
PAUSED_WORDS = ("long illness", "leave", "the ECT has left")
ECT, MENTOR = 1, 2
NOON = 12 * 60


@dataclass(frozen=True, slots=True)
class WeekState:
    """One week of a pair's strip.

    Parameters
    ----------
    week : int
        Number of the school week, 1 is the first.
    date : datetime.date
        Its Monday.
    state : str
        One of :data:`STATES`: what became of the cycle that counts for this week. A cycle counts
        for the week in which it met inside its window, else for the last week of the window, so
        that the strip's states add up to the ledger.
    sentence : str
        The same in words.
    cycle : int
        The cycle's number in the pair's year, 0 is the first; -1 where none counts.
    """

    week: int
    date: dt.date
    state: str
    sentence: str
    cycle: int = -1


class _Told:
    """One pair's year, laid out by school week."""

    def __init__(self, log: EventLog, scenario: Scenario, pair_id: str) -> None:
        school = scenario.school
        self.scenario, self.pair = scenario, school.pair(pair_id)
        index = school.pairs.index(self.pair)
        self.calendar = school.calendar
        self.weeks = self.calendar.weeks(school.grid.cycle_weeks)
        self._mondays = [self.calendar.minute(w.monday) for w in self.weeks]
        first_days = (self.calendar.pupil_days[w.days[0]] for w in self.weeks)
        self._opens = [self.calendar.minute(day) + COVER_TIME for day in first_days]
        self.rows = [Event._make(row) for row in log.of_pair(index)]
        self.entries = {
            e.cycle: e for e in ledger(log, scenario) if e.pair == index and e.timing != "paused"
        }
        self.window = self._windows()
        changes = {e.side: e.time for e in self.rows if EVENTS[e.event] == "left"}
        self.ending = f"when {self.pair.ect} left" if ECT in changes else "when the year ended"
        self._follower = min(
            (e.time for e in self.rows if EVENTS[e.event] == "replaced"), default=None
        )
        self.paused = {e.cycle: e.value for e in self.rows if EVENTS[e.event] == "paused"}
        self._deputised = {e.time for e in self.rows if EVENTS[e.event] == "deputised"}
        self._deputy = scenario.plan.slots_of(pair_id).deputy

    def mentor_at(self, minute: int) -> str:
        """Name the mentor of a time: whoever took over has no id of their own."""
        if minute in self._deputised:
            return self._deputy
        later = self._follower is not None and minute >= self._follower
        return f"{self.pair.mentor}'s successor" if later else self.pair.mentor

    def by_deputy(self, minute: int) -> str:
        """Say that a meeting was held by the deputy, if it was."""
        return f" with the deputy, {self._deputy}," if minute in self._deputised else ""

    def _windows(self) -> dict[int, tuple[int, int]]:
        """First and last school week of each window, those that are paused included."""
        opening = [
            (e.cycle, self.week_of(e.time))
            for e in self.rows
            if EVENTS[e.event] in ("due", "paused")
        ]
        ends = [week - 1 for _, week in opening[1:]] + [len(self.weeks) - 1]
        return {cycle: (a, max(a, b)) for (cycle, a), b in zip(opening, ends, strict=True)}

    def week_of(self, minute: int) -> int:
        """Return the position of the school week in which a minute lies, or of the last one before it."""
        return max(0, bisect_right(self._mondays, minute) - 1)

    def closing_week(self, minute: int) -> int:
        """Return the week that ends at a minute: a window closes when the next week opens."""
        week = self.week_of(minute)
        return max(0, week - 1) if minute <= self._opens[week] else week

    def counts_for(self, cycle: int) -> int:
        """Return the week for which a cycle counts."""
        first, last = self.window[cycle]
        met = self.entries[cycle].met if cycle in self.entries else None
        if met is not None and first <= self.week_of(met) <= last:
            return self.week_of(met)
        return last

    def day(self, minute: int) -> str:
        return DAYS[minute // DAY % 7]

    def when(self, minute: int) -> str:
        return f"{self.day(minute)} at {clock_text(minute)}"

    def why(self, cause: str, side: int, minute: int = 0) -> str:
        """Say what kept a meeting, a visit or study from happening."""
        ect, mentor = self.pair.ect, self.mentor_at(minute)
        who = {ECT: ect, MENTOR: mentor}.get(side, "")
        return {
            "no_slot": "there was no time that both could make",
            "onboarding": "access to the programme had not come yet",
            "mentor_left": f"{self.pair.mentor} had left",
            "event": f"{who} was away for a school event or training"
            if who
            else "it fell on a day without lessons",
            "ect_absent": f"{ect} was away",
            "mentor_absent": f"{mentor} was away",
            "cover": f"{who or 'one of them'} was called to cover a lesson",
            "overrun": f"{mentor}'s meeting before it ran over",
            "slipped": "something else came up",
            "gate": "its topic was not studied yet",
            "independent": "the test cause struck",
        }.get(cause, "the reason is not on record")


def pair_story(log: EventLog, scenario: Scenario, pair_id: str) -> list[str]:
    """Tell one pair's year week by week.

    Parameters
    ----------
    log : EventLog
        What happened.
    scenario : Scenario
        What was simulated.
    pair_id : str
        The pair's id: the ECT's.

    Returns
    -------
    list of str
        A first sentence, a line for each school week, and what the year came to.

    Raises
    ------
    InputError
        If there is no such pair.
    """
    told = _Told(log, scenario, pair_id)
    by_week: dict[int, list[Event]] = {i: [] for i in range(len(told.weeks))}
    closing = {EVENT_CODE[n] for n in ("late", "lost", "censored")}
    for row in told.rows:
        week = told.closing_week(row.time) if row.event in closing else told.week_of(row.time)
        by_week[week].append(row)
    pair = told.pair
    out = [
        f"{pair.ect} is in year {pair.year} and is coached by {pair.mentor}; "
        f"{_count(len(told.entries), 'cycle is', 'cycles are')} due."
    ]
    for w in told.weeks:
        said = " ".join(_week(told, w.index, by_week[w.index]))
        monday = f"{w.monday.day} {MONTHS[w.monday.month - 1]}"
        out.append(f"Week {w.index + 1} ({monday}): {said or 'Nothing happened.'}")
    return [*out, *_year(told)]


def _week(told: _Told, week: int, rows: list[Event]) -> Iterator[str]:
    """Tell one week, in the order in which a reader asks: who was away, study, visit, meeting, what is left."""
    yield from _absence(told, rows)
    for row in rows:
        name = EVENTS[row.event]
        if name == "contracted":
            mentor = told.mentor_at(row.time)
            again = "." if mentor != told.pair.mentor else "; no cycle was due."
            yield f"{told.pair.ect} and {mentor} agreed how they will work{again}"
        elif name in PEOPLE:
            yield _people(told, row)
        elif name == "studied":
            yield f"{told.pair.ect} studied {topic(row.value + 1)}."
        elif name == "revisited":
            yield f"{told.pair.ect} came back to {topic(row.value + 1)}."
        elif name == "study_lost":
            yield f"The study slot on {told.day(row.time)} was lost: {told.why(CAUSES[row.cause], row.side, row.time)}."
        elif name == "observed":
            yield _visit(told, row)
        elif name == "observation_failed":
            yield f"A visit on {told.when(row.time)} fell through: {told.why(CAUSES[row.cause], row.side, row.time)}."
        elif name == "meeting_failed":
            yield _failed(told, row, week)
        elif name == "meeting":
            yield _meeting(told, row, week)
        elif name in ("trained", "training_missed", "caught_up", "time_given_back"):
            yield _training(told, row)
        elif name == "late":
            yield f"{_the_cycle(told, row.cycle, week)} was still open and was carried over."
        elif name == "lost":
            yield _lost(told, row, week)
        elif name == "censored":
            yield f"{_the_cycle(told, row.cycle, week)} was still open {told.ending}."
    due = [
        c for c, (first, last) in told.window.items() if first <= week < last and c in told.entries
    ]
    for cycle in due:
        met = told.entries[cycle].met
        if met is None or told.week_of(met) > week:
            until = told.window[cycle][1] + 1
            yield f"The cycle could be held until week {until}."


PEOPLE = ("paused", "registered", "access", "left", "replaced", "repaired", "extended")


def _people(told: _Told, row: Event) -> str:
    """Tell who came, left or was helped."""
    ect, mentor = told.pair.ect, told.pair.mentor
    name = EVENTS[row.event]
    days = told.scenario.programme.coaching.pause_after
    if name == "paused":
        why = (
            f"{ect} has been ill for more than {days} school days",
            f"{ect} was on leave",
            f"{ect} had left the school",
        )
        return f"No cycle was due: {why[row.value]}."
    if name == "left":
        what = (
            f"{ect}'s last day at the school"
            if row.side == ECT
            else f"{mentor}'s last day as mentor"
        )
        return f"{told.day(row.time)} was {what}."
    return {
        "registered": f"{ect} was registered, with {mentor} as mentor.",
        "access": f"{ect if row.side == ECT else mentor} had access to the programme.",
        "replaced": f"Somebody else took over from {mentor}.",
        "repaired": REPAIR_WORDS[ACTIONS[row.value]] if name == "repaired" else "",
        "extended": f"Absence extends {ect}'s induction by {_count(row.value, 'day', 'days')}.",
    }[name]


def _absence(told: _Told, rows: list[Event]) -> Iterator[str]:
    days: dict[int, list[str]] = {}
    for row in rows:
        if EVENTS[row.event] == "absence":
            days.setdefault(row.side, []).append(told.day(row.time))
    for side, names in sorted(days.items()):
        first = min(r.time for r in rows if r.side == side and EVENTS[r.event] == "absence")
        who = told.pair.ect if side == ECT else told.mentor_at(first)
        span = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        yield f"{who} was away on {span}."


def _training(told: _Told, row: Event) -> str:
    """Say what became of a training event."""
    who = told.pair.ect if row.side == ECT else told.pair.mentor
    name = EVENTS[row.event]
    if name == "time_given_back":
        return f"{who} went home early on {told.day(row.time)}, in return for evening training."
    event = events()[row.value]
    label = event.named(told.scenario.programme.events.labels)
    kind = {"conference": "conference", "clinic": "clinic"}.get(event.kind, "hour with an expert")
    if name == "trained":
        return f'{who} was at the {kind} "{label}" on {told.day(row.time)}.'
    if name == "caught_up":
        return f'{who} caught up the {kind} "{label}" on the platform.'
    why = told.why(CAUSES[row.cause], row.side)
    return f'{who} missed the {kind} "{label}" on {told.day(row.time)}: {why}.'


def _visit(told: _Told, row: Event) -> str:
    if FORMS[row.form] == "video":
        return f"{told.mentor_at(row.time)} watched {row.value} minutes of a lesson on video."
    return f"{told.mentor_at(row.time)} visited a lesson of {told.pair.ect} on {told.when(row.time)} for {row.value} minutes."


def _failed(told: _Told, row: Event, week: int) -> str:
    cause = CAUSES[row.cause]
    if cause == "event" and not row.side:
        return f"{_the_cycle(told, row.cycle, week)} lost its slot: {told.why(cause, row.side, row.time)}."
    place = {"reserve": "The reserve slot", "planned": "The slot"}.get(
        FORMS[row.form], "The time they had set"
    )
    return f"{place} on {told.when(row.value)} was lost: {told.why(cause, row.side, row.time)}."


def _meeting(told: _Told, row: Event, week: int) -> str:
    """Say what a meeting held: its step, its phases, and what was missing."""
    entry = told.entries[row.cycle]
    own = told.window[row.cycle]
    carried = "" if own[0] <= week <= own[1] else f" for the cycle of week {own[1] + 1}"
    head = f"They met on {told.when(row.time)}{_place(FORMS[row.form], row.time)}{told.by_deputy(row.time)}{carried}"
    mine = [e for e in told.rows if e.cycle == row.cycle]
    parts = []
    if entry.drifted:
        review = any(EVENTS[e.event] == "drifted" and e.side == 1 for e in mine)
        parts.append(
            "the time went to a progress review" if review else "the time went to other matters"
        )
    else:
        parts.append(_step(told, entry, mine))
        if entry.modelled:
            parts.append("the model")
        parts.append(
            _count(entry.reps, "rehearsal", "rehearsals") if entry.reps else "no rehearsal"
        )
        if entry.mentoring:
            parts.append(f"{_count(entry.mentoring, 'minute', 'minutes')} of other mentoring")
    said = f"{head}: {', '.join(parts)}."
    if entry.content == "partial" and not entry.drifted:
        said += f" It counts in part: {REASON_WORDS[entry.reason]}."
    waiting = [e for e in mine if EVENTS[e.event] == "step_deferred"]
    if waiting and not entry.drifted:
        why = ", which is overdue" if waiting[0].side == ECT else ""
        said += f" What the lesson showed belongs to {topic(waiting[0].value + 1)} and waits until that is studied{why}."
    return said + ("" if entry.recorded else " It was not put on record.")


def _step(told: _Told, entry: Entry, mine: Iterable[Event]) -> str:
    """Say which step a meeting took up, and why."""
    taken = next((e for e in mine if EVENTS[e.event] in STEP_EVENTS), None)
    if taken is None:
        about = f"on {topic(entry.topic + 1)}" if entry.topic >= 0 else "before any module"
        return f"a step {about}"
    step = steps()[taken.value]
    about = f"on {topic(step.module)}"
    if EVENTS[taken.event] == "step_repeated":
        return f"the last step again, {about}"
    where = "in planning" if step.kind == "plan" else "in class"
    why = STEP_WHY[FORMS[taken.form]]
    who = f", chosen by {told.pair.ect}" if taken.side == ECT else ""
    if EVENTS[taken.event] == "step_own":
        return f"a step {about}, {where} and in their own words{who}{why}"
    return f'a step {about}, {where}{who}{why} ("{step.text.rstrip(".")}")'


def _place(form: str, minute: int) -> str:
    if form == "before_after":
        return " before school" if minute % DAY < NOON else " after school"
    return FORM_WORDS.get(form, "")


def _lost(told: _Told, row: Event, week: int) -> str:
    chain = told.entries[row.cycle].chain
    if chain:
        return f"{_the_cycle(told, row.cycle, week)} was lost; no other time was found."
    return f"{_the_cycle(told, row.cycle, week)} was lost: {told.why(CAUSES[row.cause], row.side, row.time)}."


def _the_cycle(told: _Told, cycle: int, week: int) -> str:
    first, last = told.window[cycle]
    return "The cycle" if first <= week <= last else f"The cycle of week {last + 1}"


def _year(told: _Told) -> Iterator[str]:
    entries = list(told.entries.values())
    met = [e for e in entries if e.met is not None]
    full = sum(e.content == "full" for e in met)
    late = sum(e.timing == "late" for e in met)
    said = f"The year: {len(met)} of {_count(len(entries), 'cycle', 'cycles')} met, {full} in full and {len(met) - full} in part"
    yield said + (f"; {late} of them later than due." if late else ".")
    causes = Counter(e.cause for e in entries if e.timing == "lost")
    if causes:
        order = [c for c in CAUSES if causes[c]]
        lost = sum(causes.values())
        yield f"{lost} {'was' if lost == 1 else 'were'} lost: {', '.join(f'{causes[c]} {LOSS_WORDS[c]}' for c in order)}."
    still = sum(e.timing == "censored" for e in entries)
    if still:
        yield f"{still} {'was' if still == 1 else 'were'} still open {told.ending}."


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def week_strip(log: EventLog, scenario: Scenario, pair_id: str) -> list[WeekState]:
    """Return one pair's year as a strip of weeks.

    Parameters
    ----------
    log : EventLog
        What happened.
    scenario : Scenario
        What was simulated.
    pair_id : str
        The pair's id: the ECT's.

    Returns
    -------
    list of WeekState
        One for each school week. Every due cycle counts for exactly one of them.

    Raises
    ------
    InputError
        If there is no such pair.
    """
    return _strip(_Told(log, scenario, pair_id))


def _strip(told: _Told) -> list[WeekState]:
    counting = {told.counts_for(cycle): cycle for cycle in told.window}
    contracted = {told.week_of(e.time) for e in told.rows if EVENTS[e.event] == "contracted"}
    out = []
    for week in told.weeks:
        cycle = counting.get(week.index, -1)
        entry = told.entries.get(cycle)
        if entry is not None:
            state, sentence = _state(entry), _sentence(told, entry)
        elif cycle >= 0:
            state, sentence = "paused", f"No cycle was due: {PAUSED_WORDS[told.paused[cycle]]}."
        elif week.index in contracted:
            state, sentence = "contracting", "They agreed how they will work."
        else:
            state, sentence = "none", _open_in(told, week.index)
        out.append(WeekState(week.index + 1, week.monday, state, sentence, cycle))
    return out


def _open_in(told: _Told, week: int) -> str:
    """Say which week holds the cycle whose window a week without a cycle of its own lies in."""
    for cycle, (first, last) in told.window.items():
        if first <= week <= last:
            return f"The cycle of weeks {first + 1} to {last + 1} counts for week {told.counts_for(cycle) + 1}."
    return "Nothing was due."


def _state(entry: Entry) -> str:
    if entry.timing in ("lost", "censored"):
        return entry.timing
    return "partial" if entry.content == "partial" else entry.timing


def _sentence(told: _Told, entry: Entry) -> str:
    lost = [_short(a) for a in entry.chain] or (
        [_short(Attempt(0, "", entry.cause, 0))] if entry.cause else []
    )
    said = _outcome(told, entry)
    first = f"{'; '.join(dict.fromkeys(lost))}. " if lost else ""
    return upper(f"{first}{upper(said)}.")


def _short(attempt: Attempt) -> str:
    """Say in a few words, with roles, why a meeting failed."""
    who = {ECT: "ECT", MENTOR: "mentor"}.get(attempt.side, "")
    return {
        "no_slot": "no time that both could make",
        "onboarding": "not registered yet",
        "mentor_left": "mentor has left",
        "event": f"{who} at a school event or training" if who else "slot on a day without lessons",
        "ect_absent": "ECT away",
        "mentor_absent": "mentor away",
        "cover": f"{who or 'one of them'} on cover",
        "overrun": "mentor's meeting before ran over",
        "slipped": "something else came up",
        "gate": "topic not studied yet",
        "independent": "test cause",
    }.get(attempt.cause, "reason not on record")


def _outcome(told: _Told, entry: Entry) -> str:
    """Say in a few words what became of a cycle."""
    if entry.met is None:
        return "lost" if entry.timing == "lost" else f"still open {told.ending}"
    week = f" of week {told.week_of(entry.met) + 1}" if entry.timing == "late" else ""
    day = f"on {told.day(entry.met)}{week}"
    if entry.form == "reserve":
        said = f"used the reserve slot {day}"
    else:
        said = f"{'caught up' if entry.timing == 'late' else 'met'} {day}{_place(entry.form, entry.met)}"
    return f"{said}, in part ({REASON_WORDS[entry.reason]})" if entry.content == "partial" else said


def versus(
    log_a: EventLog, log_b: EventLog, scenario_a: Scenario, scenario_b: Scenario, pair_id: str
) -> list[str]:
    """Tell what two plans made of the same year, where they differ.

    A cycle is told when it ended otherwise (full in time, full but late, in part, lost), or when
    something came in the way under one plan that did not under the other. Another day of its window
    alone is no difference.

    Parameters
    ----------
    log_a, log_b : EventLog
        What happened under each plan, on the same luck.
    scenario_a, scenario_b : Scenario
        The two scenarios.
    pair_id : str
        The pair's id: the ECT's.

    Returns
    -------
    list of str
        A first sentence, a line for each due cycle that differs, and what the year came to.

    Raises
    ------
    InputError
        If one of them has no such pair, or they are not of the same year.
    """
    a, b = _Told(log_a, scenario_a, pair_id), _Told(log_b, scenario_b, pair_id)
    if a.calendar.pupil_days != b.calendar.pupil_days:
        raise InputError(
            "the two scenarios have different calendars",
            remedy="compare plans of the same school and year",
        )
    names = _names(scenario_a, scenario_b)
    out = [f"{pair_id}'s year, lived once under {names[0]} and once under {names[1]}."]
    for cycle in sorted(a.window.keys() | b.window.keys()):
        entries = a.entries.get(cycle), b.entries.get(cycle)
        if not _differs(*entries):
            continue
        why = dict.fromkeys(_short(f) for e in entries if e for f in e.chain)
        because = f" {upper('; '.join(why))}." if why else ""
        ends = (
            f"{name}: {_outcome(told, e) if e else 'nothing due'}."
            for name, told, e in zip(names, (a, b), entries, strict=True)
        )
        first, last = (a if cycle in a.window else b).window[cycle]
        weeks = f"Week {last + 1}" if first == last else f"Weeks {first + 1} to {last + 1}"
        out.append(f"{weeks}:{because} {' '.join(ends)}")
    if len(out) == 1:
        return [*out, "No cycle differs."]
    return [*out, _totals(names, a, b)]


def _names(a: Scenario, b: Scenario) -> tuple[str, str]:
    for x, y in ((a.plan.name, b.plan.name), (a.name, b.name)):
        if x != y:
            return x, y
    return "the first plan", "the second plan"


def _differs(a: Entry | None, b: Entry | None) -> bool:
    if a is None or b is None:
        return a is not b
    return _class(a) != _class(b) or {_short(f) for f in a.chain} != {_short(f) for f in b.chain}


def _class(entry: Entry) -> tuple[str, str]:
    in_time = "in time" if entry.timing in ("on_time", "moved") else entry.timing
    return in_time, entry.reason


def _totals(names: tuple[str, str], a: _Told, b: _Told) -> str:
    met, full, due = [], [], []
    for told in (a, b):
        met.append(sum(e.met is not None for e in told.entries.values()))
        full.append(sum(e.content == "full" for e in told.entries.values()))
        due.append(len(told.entries))
    arms = "; ".join(
        f"{names[i]}: {met[i]} of {_count(due[i], 'cycle', 'cycles')} met, {full[i]} in full"
        for i in (0, 1)
    )
    more = full[1] - full[0]
    change = (
        "As many in full" if more == 0 else f"{abs(more)} {'more' if more > 0 else 'fewer'} in full"
    )
    return f"The year. {arms}. {change} under {names[1]}."
