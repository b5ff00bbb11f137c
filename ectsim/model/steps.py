"""Steps: one at a time, chosen from what is studied and what a visit showed; knowing and doing.

Nothing here decides whether, when or how fully a cycle is held. A meeting asks :meth:`Steps.choose`
for its topic and tells :meth:`Steps.held` what came of it; both write step events only. Draws are
keyed by pair and cycle, so that a meeting that moves still has the same ones.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, exp, log1p
from typing import TYPE_CHECKING

from ectsim.clock import DAY
from ectsim.content import modules, steps
from ectsim.log import CAUSE_CODE, EVENT_CODE, FORM_CODE

if TYPE_CHECKING:
    from ectsim.luck import Luck
    from ectsim.model.frame import Frame, PairFrame

__all__ = ["Learning", "Steps"]

Row = tuple[int, int, int, int, int, int, int, int]

CHOSEN, DEFERRED = EVENT_CODE["step_chosen"], EVENT_CODE["step_deferred"]
SET, OWN, REPEATED = EVENT_CODE["step_set"], EVENT_CODE["step_own"], EVENT_CODE["step_repeated"]
MASTERED, LEFT = EVENT_CODE["step_mastered"], EVENT_CODE["step_left"]
SWITCHED, MISAPPLIED = EVENT_CODE["topic_switched"], EVENT_CODE["step_misapplied"]
READ, KNOWING, DOING = EVENT_CODE["module_read"], EVENT_CODE["knowing"], EVENT_CODE["doing"]
GATE = CAUSE_CODE["gate"]
NEED, WAITED = FORM_CODE["need"], FORM_CODE["waited"]
DEEPER, NEXT, INTEREST = FORM_CODE["deeper"], FORM_CODE["next"], FORM_CODE["interest"]
ECT, MENTOR = 1, 2

DRAWS = 8
LED, PLAN, WORDS, MOVE_ON, FIT, WORK = range(6)
"""Places of the draws of one cycle in a pair's stream."""

SCHOOL_OUT = 15 * 60


@dataclass(frozen=True, slots=True)
class _Library:
    """The steps by position: topic (module, 0 is the first), kind, what follows, and each topic's own."""

    topic: tuple[int, ...]
    plan: tuple[bool, ...]
    following: tuple[tuple[int, ...], ...]
    of_topic: dict[int, tuple[int, ...]]
    returns: tuple[tuple[int, ...], ...]
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
    returns = tuple(tuple(r - 1 for r in m.revisits) for m in modules())
    linked: dict[int, set[int]] = {m.number - 1: set() for m in modules()}
    pairs = [(topic[i], topic[n]) for i, after in enumerate(following) for n in after]
    pairs += [(m.number - 1, r - 1) for m in modules() for r in (*m.revisits, *m.prerequisite)]
    for a, b in pairs:
        linked[a].add(b)
        linked[b].add(a)
    return _Library(
        topic,
        tuple(s.kind == "plan" for s in every),
        following,
        {t: tuple(v) for t, v in own.items()},
        returns,
        {t: frozenset(v) for t, v in linked.items()},
    )


@dataclass(slots=True)
class Learning:
    """What an ECT knows and does, and the step in hand; handed from one school year to the next.

    Parameters
    ----------
    prior : float
        Share of each topic that the ECT knew at the start of induction.
    knowing, doing : list of float
        For each module the share that is known as it was last studied, and the share that is done
        in class, 0 to 1. Done is never more than known.
    touched : list of int
        Pupil day on which each module was last studied; below 0 before this school year.
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
    waiting : int
        A module that a visit showed to be needed before it was studied, or -1.
    settled : int
        Steps that were seen to be settled.
    """

    prior: float
    knowing: list[float]
    doing: list[float]
    touched: list[int]
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
    waiting: int = -1
    settled: int = 0


@dataclass(slots=True)
class _Choice:
    """What a meeting is about, until it is known whether the step was shared."""

    cycle: int
    step: int
    form: int
    led: bool = False
    topic: int = -1
    known: int = 0
    repeat: bool = False


class Steps:
    """One pair's steps in a school year.

    Parameters
    ----------
    frame, pair : Frame, PairFrame
        The year and the pair.
    luck : Luck
        The replication's luck.
    studied : list of int
        For each module from ``first_module`` on the minute from which it counts as studied.
    first_module, earlier : int
        Modules taken as studied before the run, and how many of ``studied`` are of earlier years.
    rows : list of tuple
        The log to append to.
    before : Learning, optional
        What the school year before hands on.
    """

    def __init__(
        self,
        frame: Frame,
        pair: PairFrame,
        luck: Luck,
        studied: list[int],
        first_module: int,
        earlier: int,
        rows: list[Row],
        before: Learning | None = None,
    ) -> None:
        scenario = frame.scenario
        self.frame, self.pair, self.rows = frame, pair, rows
        self.p, self.plan, self.c = scenario.programme.steps, scenario.plan, scenario.school.conditions
        self.min_reps = scenario.programme.coaching.min_reps
        self.modules = scenario.programme.study.modules
        self.studied, self.first = studied, first_module
        self.due = frame.modules[pair.index]
        self.due_from = first_module + earlier
        self.library = _library()
        self.draws = luck.row("step", pair.pair.id, (len(pair.windows) + 1) * DRAWS)
        self.need = luck.row("need", pair.pair.id, len(pair.windows) + 1)
        self.week_rate = -log1p(-self.p.mastery)
        self.choice: _Choice | None = None
        self.state = before or self._start()
        self._read_along(luck)
        self.half_terms = self._ends()
        self._stand(0, -1)

    def _start(self) -> Learning:
        """Return what an ECT brings: some of every topic, and of a first year what it leaves (F022)."""
        low, mode, high = self.p.prior_knowing
        draw, turn = self.draws[0], (mode - low) / (high - low) if high > low else 0.0
        if high <= low:
            prior = mode
        elif draw < turn:
            prior = low + (draw * (high - low) * (mode - low)) ** 0.5
        else:
            prior = high - ((1.0 - draw) * (high - low) * (high - mode)) ** 0.5
        count = self.modules
        state = Learning(
            prior, [prior] * count, [prior * self.p.prior_doing] * count, [0] * count, [0] * count
        )
        for module in range(min(self.first, count)):
            self._study(state, module, 0)
            # the first year was lived elsewhere: what is done of it is taken in the same proportion
            state.doing[module] = state.knowing[module] * self.p.prior_doing
        state.read = self.first
        return state

    def _read_along(self, luck: Luck) -> None:
        """Let the mentor read modules as they come round (F100); a mentor of several reads each once."""
        chance = self.frame.scenario.programme.study.mentor_reads
        draws = luck.row("reading", self.pair.pair.mentor, self.modules)
        self.reads = [draw < chance for draw in draws[: self.modules]]
        monday = [self.frame.midnight[w.days[0]] for w in self.frame.weeks]
        for i, week in enumerate(self.due):
            module = self.due_from + i
            if module < self.modules and self.reads[module]:
                at = monday[week] + SCHOOL_OUT
                self.rows.append((at, READ, self.pair.index, -1, module, 0, 0, MENTOR))

    def _ends(self) -> list[tuple[int, int]]:
        """Return (minute, pupil day) at which each half term ends, the last first."""
        frame, out = self.frame, []
        for a, b in zip(frame.weeks, (*frame.weeks[1:], None), strict=True):
            if b is None or b.half_term != a.half_term:
                out.append((frame.midnight[a.days[-1]] + SCHOOL_OUT, a.days[-1]))
        return out[::-1]

    # -- what is known and what is done -------------------------------------------------------

    def _known(self, state: Learning, module: int, day: int) -> float:
        """Return what is known of a module on a pupil day; what comes back fades less (F184)."""
        prior, top = state.prior, state.knowing[module]
        if top <= prior:
            return top
        weeks = (day - state.touched[module]) / 5
        return prior + (top - prior) * exp(
            -self.p.forgetting * weeks / (1 + state.returned[module])
        )

    def _study(self, state: Learning, module: int, day: int) -> None:
        """Add what an hour of study does, for the module and for those it returns to."""
        knowing = state.knowing
        now = self._known(state, module, day)
        knowing[module], state.touched[module] = now + self.p.study_gain * (1.0 - now), day
        if module < len(self.library.returns):
            for old in self.library.returns[module]:
                now = self._known(state, old, day)
                knowing[old], state.touched[old] = now + self.p.revisit_gain * (1.0 - now), day
                state.returned[old] += 1

    def _do(self, module: int, share: float, day: int) -> None:
        """Close a share of the gap between what is known and what is done."""
        state = self.state
        known = self._known(state, module, day)
        done = min(state.doing[module], known)
        state.doing[module] = done + share * (known - done)

    def _gap(self, module: int, day: int) -> float:
        known = self._known(self.state, module, day)
        return max(0.0, known - self.state.doing[module])

    def _catch_up(self, now: int) -> int:
        """Bring study up to a minute, noting each half term that has ended; return the pupil day."""
        while self.half_terms and self.half_terms[-1][0] < now:
            at, day = self.half_terms.pop()
            self._take_in(at)
            self._stand(at, day)
        return self._take_in(now)

    def _take_in(self, now: int) -> int:
        midnight, state = self.frame.midnight, self.state
        day = max(0, bisect_right(midnight, now) - 1)
        known = min(self.modules, self.first + bisect_right(self.studied, now))
        for module in range(state.read, known):
            at = self.studied[module - self.first]
            self._study(state, module, max(0, bisect_right(midnight, at) - 1))
        state.read = max(state.read, known)
        return day

    def _stand(self, at: int, day: int) -> None:
        """Write down what is known and done of the whole programme."""
        if not self.modules:
            return
        state, known, done = self.state, 0.0, 0.0
        for module, practised in enumerate(state.doing):
            k = self._known(state, module, max(0, day))
            known += k
            done += min(k, practised)
        for event, total in ((KNOWING, known), (DOING, done)):
            value = round(1000 * total / self.modules)
            self.rows.append((at, event, self.pair.index, -1, value, 0, 0, ECT))

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
        day = self._catch_up(now)
        choice = self._choose(cycle, known, seen, now, day, needs)
        choice.known = known
        self.choice = choice
        topic = choice.topic
        # without a visit the cycle is in part for that reason, whatever its topic
        cause = 0 if 0 <= topic < known else GATE
        self.rows.append((now, CHOSEN, self.pair.index, cycle, topic, cause, seen, 0))

    def _choose(
        self, cycle: int, known: int, seen: int, now: int, day: int, needs: int | None
    ) -> _Choice:
        state, draws, at = self.state, self.draws, (cycle + 1) * DRAWS
        topics = self.library.topic
        current = topics[state.step] if state.step >= 0 else -1
        if not seen:
            if current >= 0:
                return _Choice(cycle, state.step, 0, topic=current, repeat=True)
            return self._new(cycle, known - 1, NEXT)
        settled = self._settled(day)
        if needs is not None:
            return self._new(cycle, needs, WAITED)
        deferred = self.need[cycle] < self.c.deferral and known < self.modules
        if deferred and self.plan.gate == "ignore":
            return self._new(cycle, known, NEED)
        was_waiting = state.waiting
        if deferred:
            late = ECT if self._late(known, now) else 0
            self.rows.append((now, DEFERRED, self.pair.index, cycle, known, 0, 0, late))
            state.waiting = known
        if 0 <= was_waiting < known:
            if not deferred:
                state.waiting = -1
            return self._new(cycle, was_waiting, WAITED)
        if known <= 0:
            return _Choice(cycle, -1, 0)
        if not 0 <= current < known:
            current = known - 1
        elif not settled:
            enough = draws[at + MOVE_ON] < self.p.move_on or state.repeats >= self.p.repeats
            if deferred or not enough:
                return _Choice(cycle, state.step, 0, topic=current, repeat=True)
        if deferred:
            return self._new(cycle, current, DEEPER)
        return self._by_need(cycle, known, day, current)

    def _by_need(self, cycle: int, known: int, day: int, current: int) -> _Choice:
        """Take what the visit showed, if whoever chooses hits it; else what follows, or what is liked."""
        draws, at, library = self.draws, (cycle + 1) * DRAWS, self.library
        led = draws[at + LED] < self._led_share(day)
        latest = known - 1
        reach = dict.fromkeys((latest, current, *self._returns(latest)))
        gaps = [(topic, self._gap(topic, day)) for topic in reach]
        deferral = self.c.deferral
        draw = self.need[cycle]
        if known < self.modules and deferral < 1:
            draw = max(0.0, (draw - deferral) / (1.0 - deferral))
        mark = draw * sum(gap for _, gap in gaps)
        need = latest
        for topic, gap in gaps:
            need = topic
            mark -= gap
            if mark < 0:
                break
        fit = self.p.led_fit if led else self.p.fit
        if not led and need < len(self.reads) and self.reads[need]:
            fit = min(1.0, fit + self.p.fit_read)
        hit = draws[at + FIT]
        if hit < fit:
            return self._new(cycle, need, NEED, led=led)
        if led:
            return self._new(cycle, int((hit - fit) / (1.0 - fit) * known), INTEREST, led=True)
        for step in library.following[self.state.step] if self.state.step >= 0 else ():
            if library.topic[step] < known and step not in self.state.used:
                return _Choice(cycle, step, NEXT, topic=library.topic[step])
        return self._new(cycle, latest, NEXT)

    def _new(self, cycle: int, topic: int, form: int, *, led: bool = False) -> _Choice:
        """Take a step on a topic: the easiest that was not in hand yet, in class or in planning."""
        own = self.library.of_topic.get(topic, ())
        if not own:
            return _Choice(cycle, -1, form, led=led, topic=topic)
        state = self.state
        fresh = [s for s in own if s not in state.used]
        plan = self.draws[(cycle + 1) * DRAWS + PLAN] < self.p.plan_share
        if len(fresh) == len(own):  # a topic begins with either kind
            fresh = [s for s in fresh if self.library.plan[s] == plan] or fresh
        elif fresh:  # and goes on in class
            fresh = [s for s in fresh if not self.library.plan[s]] or fresh
        return _Choice(cycle, fresh[0] if fresh else own[-1], form, led=led, topic=topic)

    def _returns(self, topic: int) -> tuple[int, ...]:
        returns = self.library.returns
        return returns[topic] if topic < len(returns) else ()

    def _late(self, module: int, now: int) -> bool:
        """Tell whether a module should have been studied before this week."""
        i = module - self.due_from
        if not 0 <= i < len(self.due):
            return i < 0
        return self.frame.midnight[self.frame.weeks[self.due[i]].days[-1]] + DAY <= now

    def _led_share(self, day: int) -> float:
        """Return how likely the ECT is to choose: rising through the second year (F074, F116)."""
        p, pair = self.p, self.pair.pair
        served = float(pair.served) + day / max(1, self.frame.days) * float(
            self.frame.scenario.school.fte(pair.ect)
        )
        if served < 1:
            return p.led_start
        share = p.led_start + (p.led_end - p.led_start) * min(1.0, served - 1)
        return min(1.0, share + p.led_gain * self.state.settled) if self.c.feedback else share

    def _advance(self, day: int) -> None:
        """Count what the days since the last meeting did for the step in hand."""
        state = self.state
        if state.step >= 0 and state.settled_on is None and state.rate > 0:
            missing = state.work - state.progress
            state.progress += state.rate * (day - state.since) / 5
            if state.progress >= state.work:
                state.settled_on = min(day, state.since + max(1, ceil(5 * missing / state.rate)))
        state.since = day

    def _settled(self, day: int) -> bool:
        """Tell whether a visit shows that the step in hand is settled; log the day it was."""
        state = self.state
        self._advance(day)
        if state.step < 0 or state.seen:
            return True
        on = state.settled_on
        if on is None:
            return False
        state.seen = True
        state.settled += 1
        in_time = on - state.set_on <= 5 * self.p.mastery_weeks
        shown = max(0, on)
        at = self.frame.midnight[shown] + (SCHOOL_OUT if shown < day else 0)
        self.rows.append((at, MASTERED, self.pair.index, -1, state.step, 0, 0, int(in_time)))
        self._do(self.library.topic[state.step], self.p.mastery_gain, day)
        return True

    def _leave(self, now: int, choice: _Choice) -> float:
        """Put the step in hand away; return how fast the next one settles after it."""
        state, pair = self.state, self.pair.index
        if state.step < 0:
            return 1.0
        if not state.seen:
            self.rows.append((now, LEFT, pair, choice.cycle, state.step, 0, 0, 0))
        old = self.library.topic[state.step]
        if choice.topic == old or choice.topic in self.library.linked.get(old, ()):
            return 1.0
        self.rows.append((now, SWITCHED, pair, choice.cycle, old, 0, 0, 0))
        return 1.0 - self.p.switch_cost

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
        choice, self.choice = self.choice, None
        if choice is None or not shared or choice.step < 0:
            return
        state, p, pair = self.state, self.p, self.pair.index
        topic, day = choice.topic, max(0, bisect_right(self.frame.midnight, now) - 1)
        slower = 1.0
        self._advance(day)
        if choice.repeat:
            self.rows.append((now, REPEATED, pair, choice.cycle, choice.step, 0, 0, 0))
            state.repeats += 1
        else:
            slower, at = self._leave(now, choice), (choice.cycle + 1) * DRAWS
            words = OWN if self.draws[at + WORDS] < p.own_words else SET
            side = ECT if choice.led else MENTOR
            self.rows.append((now, words, pair, choice.cycle, choice.step, 0, choice.form, side))
            state.used.add(choice.step)
            state.step, state.repeats, state.progress = choice.step, 0, 0.0
            state.set_on, state.settled_on, state.seen = day, None, False
            state.work = -log1p(-self.draws[at + WORK])
        state.rate = self.week_rate * reps / max(1, self.min_reps) * slower
        if not modelled:
            state.rate *= p.without_model
        if reps:
            if topic >= choice.known:
                self.rows.append((now, MISAPPLIED, pair, choice.cycle, choice.step, 0, 0, ECT))
            share = 1.0 - (1.0 - p.practice_gain) ** reps
            self._do(topic, share if modelled else share * p.without_model, day)

    def finish(self) -> Learning:
        """End the school year and return what goes on into the next, on that year's clock.

        The holiday between is left out: nothing settles and nothing is forgotten in it.
        """
        days, state = self.frame.days, self.state
        self._catch_up(self.frame.end)
        self._advance(days - 1)
        state.touched = [t - days for t in state.touched]
        state.set_on -= days
        state.settled_on = None if state.settled_on is None else state.settled_on - days
        state.since = 0
        return state
