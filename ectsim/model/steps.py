"""Steps: one at a time, chosen from what is studied and what a visit showed; knowing and doing.

Nothing here decides whether, when or how fully a cycle is held. A meeting asks :meth:`Steps.choose`
for its topic and tells :meth:`Steps.held` what came of it; both write step events only. Draws are
keyed by pair and cycle, so that a meeting that moves still has the same ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, log1p
from typing import TYPE_CHECKING

from ectsim.clock import DAY
from ectsim.content import modules, steps
from ectsim.log import CAUSE_CODE, EVENT_CODE, FORM_CODE

if TYPE_CHECKING:
    from ectsim.luck import Luck
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.model.study import Studied
    from ectsim.programme import Steps as Rules

__all__ = ["Learning", "Steps", "StepsFrame", "steps_frame"]

Row = tuple[int, int, int, int, int, int, int, int]
Choice = tuple[int, int, int, bool]
"""Topic (a module, 0 is the first, -1 none), step (-1 none), why it was chosen, led by the ECT."""

CHOSEN, DEFERRED = EVENT_CODE["step_chosen"], EVENT_CODE["step_deferred"]
SET, OWN, REPEATED = EVENT_CODE["step_set"], EVENT_CODE["step_own"], EVENT_CODE["step_repeated"]
MASTERED, LEFT = EVENT_CODE["step_mastered"], EVENT_CODE["step_left"]
SWITCHED, MISAPPLIED = EVENT_CODE["topic_switched"], EVENT_CODE["step_misapplied"]
READ, KNOWING, DOING = EVENT_CODE["module_read"], EVENT_CODE["knowing"], EVENT_CODE["doing"]
GATE = CAUSE_CODE["gate"]
NEED, WAITED = FORM_CODE["need"], FORM_CODE["waited"]
DEEPER, NEXT, INTEREST = FORM_CODE["deeper"], FORM_CODE["next"], FORM_CODE["interest"]
REPEAT = 0
ECT, MENTOR = 1, 2

DRAWS = 6
LED, PLAN, WORDS, MOVE_ON, FIT, WORK = range(DRAWS)
"""Places of the draws of one cycle in a pair's stream; the first of all is what the ECT brings."""

SCHOOL_OUT = 15 * 60
NEVER = 1 << 60


@dataclass(frozen=True, slots=True)
class _Library:
    """The steps by position, and what belongs to each topic (a module, 0 is the first).

    Parameters
    ----------
    topic, plan, following : tuple
        Of each step: its topic, whether it is for planning, the steps that follow it.
    of_topic : dict of int to tuple of int
        The steps of a topic, easiest first.
    returns : dict of int to tuple of int
        The earlier topics to which the study of a topic returns (F184).
    linked : dict of int to frozenset of int
        The topics to which the curriculum leads from a topic: later ones of its strand, those that
        rest upon it or come back in it, and those that it rests upon.
    """

    topic: tuple[int, ...]
    plan: tuple[bool, ...]
    following: tuple[tuple[int, ...], ...]
    of_topic: dict[int, tuple[int, ...]]
    returns: dict[int, tuple[int, ...]]
    linked: dict[int, frozenset[int]]


@lru_cache
def _library() -> _Library:
    every = steps()
    at = {s.id: i for i, s in enumerate(every)}
    topic = tuple(s.module - 1 for s in every)
    following = tuple(tuple(at[n] for n in s.next) for s in every)
    own: dict[int, list[int]] = {}
    for i in sorted(range(len(every)), key=lambda i: (every[i].level, i)):
        own.setdefault(topic[i], []).append(i)
    linked: dict[int, set[int]] = {m.number - 1: {m.number - 1} for m in modules()}
    pairs = [(topic[i], topic[n]) for i, after in enumerate(following) for n in after]
    pairs += [(m.number - 1, r - 1) for m in modules() for r in (*m.revisits, *m.prerequisite)]
    for a, b in pairs:
        linked[a].add(b)
        linked[b].add(a)
    for m in modules():
        linked[m.number - 1] |= {
            n.number - 1 for n in modules()[m.number :] if n.strand == m.strand
        }
    return _Library(
        topic=topic,
        plan=tuple(s.kind == "plan" for s in every),
        following=following,
        of_topic={t: tuple(v) for t, v in own.items()},
        returns={m.number - 1: tuple(r - 1 for r in m.revisits) for m in modules()},
        linked={t: frozenset(v) for t, v in linked.items()},
    )


@dataclass(frozen=True, slots=True)
class StepsFrame:
    """What a scenario fixes for the steps of its year.

    Parameters
    ----------
    rules : programme.Steps
        How steps are chosen and settle.
    modules : int
        Modules of the programme.
    gate : str
        The plan's rule for topics that are not studied yet.
    deferral : float
        How often a visit shows such a topic.
    rate : float
        What one rehearsal does for a step in a week: so that the rehearsals of a full cycle settle
        it with the stated chance.
    half_terms : tuple of (int, tuple of float)
        School minute at which each half term ends, and what is left of what was known when it began,
        by how often it has come back; a last one that never ends.
    practised : tuple of float
        The share of the gap between knowing and doing that so many rehearsals close.
    reading : tuple of tuple of (int, int)
        For each pair the minute at which a mentor who reads along reads each module of the year.
    reads : float
        How often a mentor reads a module.
    second : tuple of (float, float) or None
        For each pair how far into the second year of induction the ECT is on the first day (below 0
        before it), and what a pupil day adds; None if the year ends before it.
    """

    rules: Rules
    modules: int
    gate: str
    deferral: float
    rate: float
    half_terms: tuple[tuple[int, tuple[float, ...]], ...]
    practised: tuple[float, ...]
    reading: tuple[tuple[tuple[int, int], ...], ...]
    reads: float
    second: tuple[tuple[float, float] | None, ...]


def steps_frame(frame: Frame) -> StepsFrame:
    """Lay out what the steps of a year need that no luck decides.

    Parameters
    ----------
    frame : Frame
        The year; its pairs and modules must be there.
    """
    scenario, weeks = frame.scenario, frame.weeks
    programme, school = scenario.programme, scenario.school
    last = {w.half_term: frame.midnight[w.days[-1]] + SCHOOL_OUT for w in weeks}
    count = Counter(w.half_term for w in weeks)
    left = {h: (1.0 - programme.steps.forgetting) ** n for h, n in count.items()}
    monday = [frame.midnight[w.days[0]] for w in weeks]
    return StepsFrame(
        rules=programme.steps,
        modules=programme.study.modules,
        gate=scenario.plan.gate,
        deferral=school.conditions.deferral,
        rate=-log1p(-programme.steps.mastery) / max(1, programme.coaching.min_reps),
        half_terms=(
            *((last[h], tuple(left[h] ** (1 / (1 + n)) for n in range(100))) for h in last),
            (NEVER, ()),
        ),
        practised=tuple(1.0 - (1.0 - programme.steps.practice_gain) ** n for n in range(100)),
        reading=tuple(
            tuple(
                (max(monday[week], frame.midnight[p.first_day]) + SCHOOL_OUT, i)
                for i, week in enumerate(due)
            )
            for p, due in zip(frame.pairs, frame.modules, strict=True)
        ),
        reads=programme.study.mentor_reads,
        second=tuple(
            (float(p.pair.served - 1 - rise * p.first_day), float(rise))
            if p.pair.served + school.fte(p.pair.ect) > 1
            else None
            for p in frame.pairs
            for rise in (school.fte(p.pair.ect) / max(1, frame.days),)
        ),
    )


@dataclass(slots=True)
class Learning:
    """What an ECT knows and does, and the step in hand; handed from one school year to the next.

    Parameters
    ----------
    prior : float
        Share of each topic that the ECT knew at the start of induction.
    knowing, doing : list of float
        For each module the share that is known, and the share that is done in class, 0 to 1. Done
        is never more than known.
    returned : list of int
        How often later modules came back to each.
    read : int
        Modules whose study is in ``knowing`` already.
    step : int
        Position of the step in hand in ``content.steps()``, or -1.
    used : set of int
        Steps that were in hand at some time.
    work, progress, rate : float
        What the step asked for when it was set, what is done of it, and progress a week.
    set_on, since : int
        Pupil days on which it was set, and up to which ``progress`` counts.
    settled_on : int or None
        Pupil day on which it was settled.
    seen : bool
        Whether a visit has shown that.
    repeats : int
        Meetings that repeated the step.
    waiting : list of int
        Modules that a visit showed to be needed before they were studied, the first first.
    settled : int
        Steps that were seen to be settled.
    """

    prior: float
    knowing: list[float]
    doing: list[float]
    returned: list[int]
    read: int = 0
    step: int = -1
    used: set[int] = field(default_factory=set)
    work: float = 0.0
    progress: float = 0.0
    rate: float = 0.0
    set_on: int = 0
    since: int = 0
    settled_on: int | None = None
    seen: bool = False
    repeats: int = 0
    waiting: list[int] = field(default_factory=list)
    settled: int = 0


class Steps:
    """One pair's steps in a school year.

    Parameters
    ----------
    frame, pair : Frame, PairFrame
        The year and the pair.
    luck : Luck
        The replication's luck.
    studied : Studied
        When each module from ``first_module`` on was studied, and when the ECT came back to which.
    first_module, earlier : int
        Modules taken as studied before the run, and how many were studied in earlier years of it.
    rows : list of tuple
        The log to append to.
    until : int
        School minute at which the pair's year ends; nothing is logged after it.
    before : Learning, optional
        What the school year before hands on.
    """

    __slots__ = (
        "_begins", "_choice", "_cycle", "_day", "_draws", "_due_from", "_first", "_frame", "_half_term", "_helped",
        "_known", "_laid", "_library", "_midnight", "_need", "_next", "_p", "_pair", "_reading",
        "_returned", "_returns", "_rows", "_studied", "_until", "state",
    )  # fmt: skip

    def __init__(
        self,
        frame: Frame,
        pair: PairFrame,
        luck: Luck,
        studied: Studied,
        first_module: int,
        earlier: int,
        rows: list[Row],
        until: int,
        before: Learning | None = None,
    ) -> None:
        laid = frame.steps
        self._frame, self._pair, self._rows, self._until = frame, pair.index, rows, until
        self._laid, self._p, self._library = laid, laid.rules, _library()
        self._midnight = frame.midnight
        self._studied, self._returns = studied.modules, studied.returns
        self._helped = studied.helped
        self._first, self._due_from = first_module, first_module + earlier
        cycles = len(pair.windows) + 1
        self._draws = luck.row("step", pair.pair.id, (cycles + 1) * DRAWS)
        self._need = luck.row("need", pair.pair.id, cycles)
        self._reading = luck.row("reading", pair.pair.mentor, laid.modules)
        self._choice: Choice | None = None
        self._cycle = self._known = self._day = self._half_term = self._next = 0
        self._returned = 0
        self.state = before or self._start()
        self._read_along()
        self._begins = frame.midnight[pair.first_day] if pair.first_day else 0
        self._stand(self._begins)

    def _start(self) -> Learning:
        """Return what an ECT brings: some of every topic, and of a first year what it leaves (F022)."""
        low, mode, high = self._p.prior_knowing
        draw, prior = self._draws[0], mode
        if high > low:
            if draw < (mode - low) / (high - low):
                prior = low + (draw * (high - low) * (mode - low)) ** 0.5
            else:
                prior = high - ((1.0 - draw) * (high - low) * (high - mode)) ** 0.5
        count, done = self._laid.modules, self._p.prior_doing
        state = Learning(prior, [prior] * count, [prior * done] * count, [0] * count)
        first = min(self._first, count)
        for module in range(first):
            self._study(state, module)
        # the first year was lived elsewhere: as much of it is done as of what an ECT brings
        state.doing[:first] = [k * done for k in state.knowing[:first]]
        state.read = first
        return state

    def _read_along(self) -> None:
        """Let the mentor read modules as they come round (F100); one of several ECTs reads each once."""
        draws, chance, index, start = self._reading, self._laid.reads, self._pair, self._due_from
        known = self._laid.modules - start
        self._rows += [
            (at, READ, index, -1, start + i, 0, 0, MENTOR)
            for at, i in self._laid.reading[index]
            if i < known and at < self._until and draws[start + i] < chance
        ]

    # -- what is known and what is done -------------------------------------------------------

    def _study(self, state: Learning, module: int) -> None:
        """Add what an hour of study does, for the module and for those it returns to."""
        knowing, returned, gain = state.knowing, state.returned, self._p.revisit_gain
        knowing[module] += self._p.study_gain * (1.0 - knowing[module])
        if module in self._helped:
            knowing[module] += self._p.help_gain * (1.0 - knowing[module])
        for old in self._library.returns.get(module, ()):
            knowing[old] += gain * (1.0 - knowing[old])
            returned[old] += 1

    def _return_to(self, state: Learning, module: int) -> None:
        state.knowing[module] += self._p.revisit_gain * (1.0 - state.knowing[module])
        state.returned[module] += 1

    def _do(self, module: int, share: float) -> None:
        """Close a share of the gap between what is known and what is done."""
        doing = self.state.doing
        doing[module] += share * (self.state.knowing[module] - doing[module])

    def _catch_up(self, now: int) -> None:
        """Bring study up to a minute, noting each half term that has ended."""
        state, studied, first, returns = self.state, self._studied, self._first, self._returns
        half_terms = self._laid.half_terms
        i, n = state.read - first, min(len(studied), self._laid.modules - first)
        while True:
            at, kept = half_terms[self._half_term]
            until = at if at < now else now
            while i < n and studied[i] <= until:
                self._study(state, first + i)
                i += 1
            if i > 0:
                state.read = first + i
            while self._returned < len(returns) and returns[self._returned][0] <= until:
                self._return_to(state, returns[self._returned][1])
                self._returned += 1
            if at > now:
                break
            self._half_term += 1
            self._fade(kept)
            self._stand(at)
        self._next = studied[i] if i < n and studied[i] < at else at
        if self._returned < len(returns):
            self._next = min(self._next, returns[self._returned][0])

    def _fade(self, kept: tuple[float, ...]) -> None:
        """Let a half term's worth of what was studied be forgotten; what came back fades less (F184)."""
        state = self.state
        prior, n, knowing = state.prior, state.read, state.knowing
        knowing[:n] = [
            prior + (k - prior) * kept[r] for k, r in zip(knowing[:n], state.returned, strict=False)
        ]
        state.doing[:n] = map(min, knowing[:n], state.doing)

    def _stand(self, at: int) -> None:
        """Write down what is known and done of the whole programme."""
        if not self._begins <= at <= self._until:
            return
        for event, share in ((KNOWING, self.state.knowing), (DOING, self.state.doing)):
            value = round(1000 * sum(share) / max(1, self._laid.modules))
            self._rows.append((at, event, self._pair, -1, value, 0, 0, ECT))

    # -- the meeting --------------------------------------------------------------------------

    def choose(self, cycle: int, known: int, seen: int, now: int, needs: int | None) -> None:
        """Choose what a meeting is about, and log its topic.

        Without a visit there is no new step; the one in hand is taken up again (F037). A visit that
        shows a topic to come puts it off and stays with the topic in hand (F159, F160), unless the
        plan has given up that rule; once studied it is the first to be taken.

        Parameters
        ----------
        cycle : int
            The due cycle's number.
        known : int
            Modules studied by now.
        seen : int
            How the lesson was seen, a form, 0 not at all.
        now : int
            School minute.
        needs : int or None
            A module that the plan has waited for.
        """
        if now >= self._next:
            self._catch_up(now)
        self._cycle, self._known = cycle, known
        self._day = bisect_right(self._midnight, now) - 1
        self._choice = choice = self._choose(known, seen, now, needs)
        cause = 0 if 0 <= choice[0] < known else GATE
        self._rows.append((now, CHOSEN, self._pair, cycle, choice[0], cause, seen, 0))

    def _choose(self, known: int, seen: int, now: int, needs: int | None) -> Choice:
        state = self.state
        current = self._library.topic[state.step] if state.step >= 0 else -1
        if not seen:
            return (current, state.step, REPEAT, False) if current >= 0 else self._new(known - 1, NEXT)  # fmt: skip
        settled = self._settled()
        if needs is not None:
            return self._new(needs, WAITED)
        deferred = known < self._laid.modules and self._need[self._cycle] < self._laid.deferral
        if deferred:
            if self._laid.gate == "ignore":
                return self._new(known, NEED)
            late = ECT if self._late(known, now) else 0
            self._rows.append((now, DEFERRED, self._pair, self._cycle, known, 0, 0, late))
            if known not in state.waiting:
                state.waiting.append(known)
        if state.waiting and state.waiting[0] < known:
            return self._new(state.waiting[0], WAITED)
        if known <= 0:
            return -1, -1, REPEAT, False
        if not 0 <= current < known:
            current = known - 1
        elif not settled and (
            deferred
            or (
                state.repeats < self._p.repeats
                and self._draws[(self._cycle + 1) * DRAWS + MOVE_ON] >= self._p.move_on
            )
        ):
            return current, state.step, REPEAT, False
        return self._new(current, DEEPER) if deferred else self._by_need(known, current)

    def _by_need(self, known: int, current: int) -> Choice:
        """Take what the visit showed, if whoever chooses hits it; else what follows, or what is liked."""
        draws, at, state, p = self._draws, (self._cycle + 1) * DRAWS, self.state, self._p
        latest = known - 1
        led = draws[at + LED] < (
            p.led_start if self._laid.second[self._pair] is None else self._led_share()
        )
        need = self._shown(known, current)
        fit = p.led_fit if led else p.fit
        if not led and self._reading[need] < self._laid.reads:
            fit = min(1.0, fit + p.fit_read)
        hit = draws[at + FIT]
        if hit < fit:
            return self._new(need, NEED, led=led)
        if led:
            return self._new(int((hit - fit) / (1.0 - fit) * known), INTEREST, led=True)
        if state.step >= 0:
            topic = self._library.topic
            for step in self._library.following[state.step]:
                if topic[step] < known and step not in state.used:
                    return topic[step], step, NEXT, False
        return self._new(latest, NEXT)

    def _shown(self, known: int, current: int) -> int:
        """Return the topic in which a visit showed most to do, by the cycle's draw.

        The latest topic, those that it returns to and the one in hand stand as open as the gap
        between what is known of them and what is done.
        """
        latest, state = known - 1, self.state
        reach = (latest, *self._library.returns.get(latest, ()))
        if current not in reach:
            reach = (*reach, current)
        knowing, doing = state.knowing, state.doing
        gaps = [knowing[t] - doing[t] for t in reach]
        draw = self._need[self._cycle]
        deferral = self._laid.deferral
        if known < self._laid.modules and deferral < 1:  # below it a topic to come was shown
            draw = (draw - deferral) / (1.0 - deferral)
        mark = draw * sum(gaps)
        for topic, gap in zip(reach, gaps, strict=True):
            mark -= gap
            if mark < 0:
                return topic
        return latest

    def _new(self, topic: int, form: int, *, led: bool = False) -> Choice:
        """Take a step on a topic: the easiest that was not in hand yet, in class or in planning."""
        own = self._library.of_topic.get(topic)
        if not own:
            return topic, -1, form, led
        used, plan = self.state.used, self._library.plan
        fresh = [s for s in own if s not in used] if used else own
        # a topic may begin in planning and goes on in class
        begins = len(fresh) == len(own)
        planned = begins and self._draws[(self._cycle + 1) * DRAWS + PLAN] < self._p.plan_share
        for step in fresh:
            if plan[step] == planned:
                return topic, step, form, led
        if begins:
            return topic, own[0], form, led
        # every step in class was in hand: the hardest comes back
        return topic, next((s for s in reversed(own) if not plan[s]), own[-1]), form, led

    def _late(self, module: int, now: int) -> bool:
        """Tell whether a module should have been studied before this week."""
        i, due = module - self._due_from, self._frame.modules[self._pair]
        if not 0 <= i < len(due):
            return i < 0
        return self._midnight[self._frame.weeks[due[i]].days[-1]] + DAY <= now

    def _led_share(self) -> float:
        """Return how likely the ECT is to choose: rising through the second year (F074, F116)."""
        p, (begun, rise) = self._p, self._laid.second[self._pair] or (-1.0, 0.0)
        second = begun + self._day * rise
        if second < 0:
            return p.led_start
        share = p.led_start + (p.led_end - p.led_start) * min(1.0, second)
        if self._frame.scenario.school.conditions.feedback:
            share += p.led_gain * self.state.settled
        return min(1.0, share)

    def _advance(self, day: int) -> None:
        """Count what the days since the last meeting did for the step in hand."""
        state = self.state
        if state.settled_on is None and state.step >= 0 and state.rate > 0:
            missing = state.work - state.progress
            state.progress += state.rate * (day - state.since) / 5
            if state.progress >= state.work:
                state.settled_on = min(day, state.since + max(1, ceil(5 * missing / state.rate)))
        state.since = day

    def _settled(self) -> bool:
        """Tell whether a visit shows that the step in hand is settled; log the day it was."""
        state, day = self.state, self._day
        if state.seen or state.step < 0:
            return True
        if state.settled_on is None:
            self._advance(day)
        on = state.settled_on
        if on is None:
            return False
        state.seen = True
        state.settled += 1
        in_time = on - state.set_on <= 5 * self._p.mastery_weeks
        shown = max(0, on)
        at = self._midnight[shown] + (SCHOOL_OUT if shown < day else 0)
        self._rows.append((at, MASTERED, self._pair, -1, state.step, 0, 0, int(in_time)))
        self._do(self._library.topic[state.step], self._p.mastery_gain)
        return True

    def held(self, now: int, *, shared: bool, modelled: bool, reps: int) -> None:
        """Take the step up that was chosen for a meeting, if the meeting came to sharing it.

        Parameters
        ----------
        now : int
            School minute at which the meeting began.
        shared, modelled : bool
            Whether the step was shared and modelled.
        reps : int
            Rehearsals with feedback.
        """
        if self._choice is None or not shared or self._choice[1] < 0:
            return
        topic, step, form, led = self._choice
        state, p, pair, cycle, day = self.state, self._p, self._pair, self._cycle, self._day
        rate = self._laid.rate * reps
        if form == REPEAT:
            if state.since < day:
                self._advance(day)
            self._rows.append((now, REPEATED, pair, cycle, step, 0, 0, 0))
            state.repeats += 1
        else:
            rate *= self._leave(now, topic)
            if form == WAITED and topic in state.waiting:
                state.waiting.remove(topic)
            at = (cycle + 1) * DRAWS
            words = OWN if self._draws[at + WORDS] < p.own_words else SET
            self._rows.append((now, words, pair, cycle, step, 0, form, ECT if led else MENTOR))
            state.used.add(step)
            state.step, state.repeats, state.progress = step, 0, 0.0
            state.set_on, state.since, state.settled_on, state.seen = day, day, None, False
            state.work = -log1p(-self._draws[at + WORK])
        share = self._laid.practised[reps]
        if not modelled:
            rate, share = rate * p.without_model, share * p.without_model
        state.rate = rate
        if reps:
            if topic >= self._known:
                self._rows.append((now, MISAPPLIED, pair, cycle, step, 0, 0, ECT))
            self._do(topic, share)

    def _leave(self, now: int, topic: int) -> float:
        """Put the step in hand away; return how fast the next one settles after it."""
        state = self.state
        if state.step < 0:
            return 1.0
        if not state.seen:
            self._rows.append((now, LEFT, self._pair, self._cycle, state.step, 0, 0, 0))
        old = self._library.topic[state.step]
        if topic in self._library.linked[old]:
            return 1.0
        self._rows.append((now, SWITCHED, self._pair, self._cycle, old, 0, 0, 0))
        return 1.0 - self._p.switch_cost

    def finish(self) -> Learning:
        """End the school year and return what goes on into the next, on that year's clock.

        The holiday between is left out: nothing settles and nothing is forgotten in it.
        """
        days, state = self._frame.days, self.state
        self._catch_up(self._frame.end)
        self._advance(days - 1)
        state.set_on -= days
        state.settled_on = None if state.settled_on is None else state.settled_on - days
        state.since = 0
        return state
