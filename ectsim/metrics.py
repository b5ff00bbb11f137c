"""The registry of metrics: each a name, a definition, a unit, a direction and a pure function of one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import nan
from statistics import median
from typing import TYPE_CHECKING, Literal

from ectsim import money
from ectsim.ledger import Entry, ledger
from ectsim.log import EVENT_CODE, FORM_CODE

if TYPE_CHECKING:
    from ectsim.log import EventLog
    from ectsim.model.frame import Frame, PairFrame
    from ectsim.scenario import Scenario

__all__ = ["METRICS", "Metric", "Run", "measure"]

TIME, EVENT, PAIR, CYCLE, VALUE, CAUSE, FORM, SIDE = range(8)
E, F = EVENT_CODE, FORM_CODE
ECT, MENTOR = 1, 2
PASS_MARK = 0.75
"""Share of due cycles at which a pair counts as engaged (E2-06)."""


@dataclass(frozen=True)
class Run:
    """One replication, as metrics see it.

    Parameters
    ----------
    scenario : Scenario
        What was simulated.
    log : EventLog
        What happened.
    cover : mapping of str to float
        The year's cover: ``open_lessons``, ``by_supply``, ``by_supervisors``, ``by_teachers``,
        ``bought``, ``collapsed`` (lessons) and ``supply_days`` (days).
    parts : tuple of Run
        The school years of a run over several, each on its own clock; empty for one year.
    """

    scenario: Scenario
    log: EventLog
    cover: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[Run, ...] = ()

    @property
    def years(self) -> tuple[Run, ...]:
        """The school years; a run over one is its own only year."""
        return self.parts or (self,)

    @cached_property
    def entries(self) -> list[Entry]:
        """The ledger."""
        return ledger(self.log, self.scenario)

    @cached_property
    def due(self) -> int:
        """Cycles due, without those that were paused."""
        return sum(e.timing != "paused" for e in self.entries)

    @cached_property
    def met(self) -> list[Entry]:
        """Due cycles whose meeting was held."""
        return [e for e in self.entries if e.met is not None]

    @cached_property
    def by_pair(self) -> dict[int, tuple[int, int, int]]:
        """For each pair (due, held, held in full)."""
        out: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        for e in self.entries:
            row = out[e.pair]
            row[0] += e.timing != "paused"
            row[1] += e.met is not None
            row[2] += e.content == "full"
        return {p: (a, b, c) for p, (a, b, c) in out.items()}

    @cached_property
    def _by_event(self) -> dict[int, list[tuple[int, int, int, int, int, int, int, int]]]:
        out: dict[int, list[tuple[int, int, int, int, int, int, int, int]]] = defaultdict(list)
        for row in self.log.rows:
            out[row[EVENT]].append(row)
        return out

    def rows(self, event: str) -> list[tuple[int, int, int, int, int, int, int, int]]:
        """Return the log's rows of one event."""
        return self._by_event[E[event]]


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number of a run.

    Parameters
    ----------
    name : str
        Its name, as in results.
    label : str
        What a person calls it.
    definition : str
        What is counted over what.
    unit : str
        ``share`` is from 0 to 1.
    better : {'more', 'less', ''}
        Direction, "" where neither is better.
    of : callable
        From a :class:`Run` to a number; NaN where it does not exist.
    """

    name: str
    label: str
    definition: str
    unit: str
    better: Literal["more", "less", ""]
    of: Callable[[Run], float]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else nan


def _observed(run: Run) -> int:
    """Count observations, one a cycle."""
    return sum(bool(e.seen) for e in run.met)


def _logged(run: Run) -> float:
    """Return recorded observations and meetings over planned ones, two a due cycle (E2-01)."""
    done = sum(1 + bool(e.seen) for e in run.met if e.recorded)
    return _share(done, 2 * run.due)


def _lowest(run: Run) -> float:
    return min((_share(held, due) for due, held, _ in run.by_pair.values() if due), default=nan)


def _engaged(run: Run) -> float:
    counted = [(held, due) for due, held, _ in run.by_pair.values() if due]
    return _share(sum(held >= PASS_MARK * due for held, due in counted), len(counted))


def _mentors(run: Run) -> int:
    return len({p.mentor for p in run.scenario.school.pairs})


def _weeks(run: Run) -> int:
    schools = (year.scenario.school for year in run.years)
    return sum(len(s.calendar.weeks(s.grid.cycle_weeks)) for s in schools)


def _mentor_minutes(run: Run, *, protected: bool) -> float:
    """Minutes a mentor and week in meetings and visits, inside or outside slots of the plan."""
    inside = {F["planned"], F["reserve"]}
    total = 0.0
    for row in run.rows("meeting"):
        total += row[VALUE] if (row[FORM] in inside) == protected else 0
    for row in run.rows("observed"):
        live_in_slot = row[FORM] == F["live"] and run.scenario.plan.meeting == "fixed"
        total += row[VALUE] if live_in_slot == protected else 0
    return _share(total, _mentors(run) * _weeks(run))


def _a_mentor_and_week(run: Run, minutes: float) -> float:
    return _share(minutes, _mentors(run) * _weeks(run))


def _bought_cost(run: Run) -> float:
    grid = run.scenario.school.grid
    lessons = sum(p.kind == "lesson" for p in grid.periods)
    return _share(run.cover.get("bought", nan) * run.scenario.plan.cover.supply_cost_day, lessons)


def _mentors_trained(run: Run) -> float:
    """Return the share of mentors who reached three quarters of the training due to them."""
    due: dict[tuple[int, str], int] = defaultdict(int)
    done: dict[tuple[int, str], int] = defaultdict(int)
    for k, (year, frame, ended) in enumerate(_by_year(run)):
        reached = {row[:3] for row in _training(year, "trained", "caught_up")}
        for person, side, event in _due_training(frame, ended):
            if side == MENTOR:
                due[k, person] += 1
                done[k, person] += (person, side, event) in reached
    return _share(sum(done[i] >= PASS_MARK * n for i, n in due.items()), len(due))


def _all_three(run: Run) -> float:
    """Return the share of pairs at three quarters of coaching, of study and of the ECT's training.

    Over pairs with a cycle due; what falls due after an ECT has left does not count.
    """
    good: dict[int, bool] = {}
    for year, frame, ended in _by_year(run):
        reached = {row[:3] for row in _training(year, "trained", "caught_up")}
        expected = _due_training(frame, ended)
        studied: dict[int, int] = defaultdict(int)
        for row in year.rows("studied"):
            studied[row[PAIR]] += 1
        for p in frame.pairs:
            due, held, _ = year.by_pair.get(p.index, (0, 0, 0))
            if not due:
                continue
            events = [d for d in expected if d[:2] == (p.pair.ect, ECT)]
            modules = len(_weekly(frame, p, ended))
            good[p.index] = (
                good.get(p.index, True)
                and held >= PASS_MARK * due
                and studied[p.index] >= PASS_MARK * modules
                and sum(d in reached for d in events) >= PASS_MARK * len(events)
            )
    return _share(sum(good.values()), len(good))


def _cover_taken(run: Run) -> float:
    """Lessons that members of pairs are called to cover; a mentor of several ECTs counts once."""
    pairs = run.scenario.school.pairs
    calls = {
        (pairs[r[PAIR]].ect if r[SIDE] == 1 else pairs[r[PAIR]].mentor, r[VALUE])
        for r in run.rows("cover_call")
    }
    people = {w for p in pairs for w in (p.ect, p.mentor)}
    return _share(len(calls), len(people))


def _half_term(run: Run, which: int) -> float:
    """Median minutes of coaching in the meetings of a half term that were not cut or lost to drift."""
    run = run.years[0]
    calendar = run.scenario.school.calendar
    if which >= len(calendar.half_terms):
        return nan
    span = calendar.half_terms[which]
    start, end = calendar.minute(span.first), calendar.minute(span.last, 1440)
    values = [
        e.coaching
        for e in run.met
        if e.met is not None and start <= e.met < end and e.content == "full"
    ]
    return float(median(values)) if values else nan


def _by_year(run: Run) -> Iterator[tuple[Run, Frame, dict[int, int]]]:
    """Yield each school year with its frame, and for pairs whose ECT has left the minute: nothing is due then."""
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - only a few metrics need the frame

    gone: set[int] = set()
    for year in run.years:
        left = {row[PAIR]: row[TIME] for row in year.rows("left") if row[SIDE] == 1}
        yield year, frame_of(year.scenario), {**dict.fromkeys(gone, 0), **left}
        gone |= left.keys()


def _weekly(frame: Frame, p: PairFrame, ended: dict[int, int]) -> list[int]:
    """Return the school weeks in which a pair's modules are due while the ECT is at the school."""
    until = ended.get(p.index, frame.end)
    return [w for w in frame.modules[p.index] if frame.midnight[frame.weeks[w].days[-1]] < until]


def _study_on_time(run: Run) -> float:
    """Modules done by the end of the week they were due in, over modules due."""
    on_time = due = 0
    for year, frame, ended in _by_year(run):
        done: dict[int, list[int]] = defaultdict(list)
        for row in year.rows("studied"):
            done[row[PAIR]].append(row[TIME])
        for p in frame.pairs:
            weekly = _weekly(frame, p, ended)
            due += len(weekly)
            for week, at in zip(weekly, done[p.index], strict=False):
                monday = frame.midnight[frame.weeks[week].days[0]] // (7 * 1440)
                on_time += at // (7 * 1440) <= monday
    return _share(on_time, due)


def _coordinator(run: Run) -> float:
    """Minutes of check-ins and repairs (F049, F228)."""
    repairs = len(run.rows("repaired")) * run.scenario.school.conditions.repair_minutes
    return float(sum(row[VALUE] for row in run.rows("checked_in")) + repairs)


def _same_mentor(run: Run) -> float:
    """Pairs that kept their mentor, over pairs whose ECT stayed (E2-03 is a check, not an input)."""
    ect_left, changed = (
        {row[PAIR] for row in run.rows("left") if row[SIDE] == side} for side in (1, 2)
    )
    stayed = set(range(len(run.scenario.school.pairs))) - ect_left
    return _share(len(stayed - changed), len(stayed))


def _onboarding(run: Run) -> float:
    """Weeks of pairs that start this year until both have access; the whole year if they never have."""
    from ectsim.model.frame import COVER_TIME, frame_of  # noqa: PLC0415 - only this metric needs both

    run = run.years[0]
    frame, c = frame_of(run.scenario), run.scenario.school.conditions
    starting = [p for p in frame.pairs if p.pair.new]
    if not c.register_weeks + c.email_weeks + c.access_weeks:
        return _share(0.0, len(starting))
    access: dict[int, list[int]] = defaultdict(list)
    for row in run.rows("access"):
        access[row[PAIR]].append(row[TIME])
    ended = {row[PAIR]: row[TIME] for row in run.rows("left") if row[SIDE] == 1}
    weeks = 0.0
    for p in starting:
        begins = frame.midnight[p.first_day] + COVER_TIME
        mine = access[p.index]
        until = max(mine) if len(mine) == 2 else ended.get(p.index, frame.end)
        weeks += (until - begins) / (7 * 1440)
    return _share(weeks, len(starting))


def _felt(run: Run, side: int) -> float:
    """Return a condition as pairs felt it at the end of the last school year (F155)."""
    values = [row[VALUE] for row in run.years[-1].rows("felt") if row[SIDE] == side]
    return _share(sum(values), 1000 * len(values))


def _supply_cost(run: Run) -> float:
    return run.cover.get("supply_days", nan) * run.scenario.plan.cover.supply_cost_day


def _due_training(frame: Frame, ended: dict[int, int]) -> set[tuple[str, int, int]]:
    """Return (person, side, event) of what is due in a year; to an ECT who has left nothing is."""
    until = {p.ect: ended.get(p.index, frame.end) for p in frame.pairs}
    return {
        (frame.staff[d.person], d.side, d.event)
        for d in frame.training
        if d.side == 2 or frame.midnight[d.days[0]] < until[d.person]
    }


def _training(run: Run, *names: str) -> set[tuple[str, int, int, int]]:
    """Return (person, side, value, minute) of training rows; a mentor of several ECTs counts once."""
    pairs = run.scenario.school.pairs
    return {
        (pairs[r[PAIR]].ect if r[SIDE] == 1 else pairs[r[PAIR]].mentor, r[SIDE], r[VALUE], r[TIME])
        for name in names
        for r in run.rows(name)
    }


def _trained(run: Run) -> float:
    # an event may come again in a later school year
    done = [{row[:3] for row in _training(y, "trained", "caught_up")} for y in run.years]
    due = sum(len(_due_training(frame, ended)) for _, frame, ended in _by_year(run))
    return _share(sum(map(len, done)), due)


def _training_lessons(run: Run) -> float:
    """Lessons of people who are away at a conference by day."""
    from ectsim.content import events  # noqa: PLC0415 - only this metric needs it
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - as above

    if run.scenario.plan.training_release != "cover":
        return 0.0
    known, lessons = events(), 0
    for year in run.years:
        frame = frame_of(year.scenario)
        day_of = {m // 1440: d for d, m in enumerate(frame.midnight)}
        for who, _, event, at in _training(year, "trained"):
            if known[event].kind == "conference":
                lessons += int(frame.lessons[frame.position[who], day_of[at // 1440]].sum())
    return float(lessons)


def _minutes_of(run: Run, name: str) -> float:
    return float(sum(row[2] for row in _training(run, name)))


def _steps_set(run: Run) -> int:
    return len(run.rows("step_set")) + len(run.rows("step_own"))


def _deferrals(run: Run, *, overdue: bool) -> int:
    return sum(r[SIDE] == int(overdue) for r in run.rows("step_deferred"))


def _led(run: Run) -> float:
    """Return the share of new steps that the ECT chose."""
    new = (*run.rows("step_set"), *run.rows("step_own"))
    return _share(sum(r[SIDE] == 1 for r in new), len(new))


def _in_plan(run: Run) -> float:
    """Return the share of new steps that are for planning."""
    from ectsim.content import steps  # noqa: PLC0415 - only this metric needs it

    plan = [s.kind == "plan" for s in steps()]
    new = (*run.rows("step_set"), *run.rows("step_own"))
    return _share(sum(plan[r[VALUE]] for r in new), len(new))


def _fitting(run: Run) -> float:
    """Return the share of new steps on what a visit showed, now or when it had to wait."""
    new = (*run.rows("step_set"), *run.rows("step_own"))
    return _share(sum(r[FORM] in (F["need"], F["waited"]) for r in new), len(new))


def _stood(run: Run, name: str, *, gained: bool = False) -> float:
    """Return what ECTs know or do of the programme at the end, or what they gained; a mean of ECTs."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for row in run.rows(name):
        first.setdefault(row[PAIR], row[VALUE])
        last[row[PAIR]] = row[VALUE]
    total = sum(last.values()) - (sum(first.values()) if gained else 0)
    return _share(total, 1000 * len(last))


def _reading(run: Run) -> float:
    """Minutes in which mentors read modules; one of several ECTs reads each once."""
    pairs = run.scenario.school.pairs
    read = {(pairs[r[PAIR]].mentor, r[VALUE]) for r in run.rows("module_read")}
    return float(run.scenario.programme.study.mentor_reading_minutes * len(read))


def _registry(*metrics: Metric) -> dict[str, Metric]:
    return {m.name: m for m in metrics}


METRICS: dict[str, Metric] = _registry(
    Metric("completion_full", "Held in full", "cycles that were observed, on studied content, modelled and practised twice, over cycles due", "share", "more", lambda r: _share(sum(e.content == "full" for e in r.entries), r.due)),
    Metric("completion_any", "Held at all", "cycles whose meeting was held, in full or in part, over cycles due", "share", "more", lambda r: _share(len(r.met), r.due)),
    Metric("logged_any", "On record", "recorded observations and meetings over planned ones", "share", "more", _logged),
    Metric("on_time_share", "In the planned slot", "cycles that met in their planned slot over cycles due", "share", "more", lambda r: _share(sum(e.timing == "on_time" for e in r.entries), r.due)),
    Metric("lowest_ect", "Least-served ECT", "cycles held over cycles due of the ECT for whom that is lowest", "share", "more", _lowest),
    Metric("engaged_pairs", "Pairs at 75 %", "pairs with at least 75 % of their due cycles held", "share", "more", _engaged),
    Metric("observed_share", "Observed", "cycles that met with a lesson seen before, over cycles due", "share", "more", lambda r: _share(_observed(r), r.due)),
    Metric("rehearsals", "Rehearsals a cycle", "rehearsals over cycles held", "rehearsals", "more", lambda r: _share(sum(e.reps for e in r.met), len(r.met))),
    Metric("coaching_minutes", "Coaching part in the second half term", "median minutes of coaching in full cycles held in the second half term", "minutes", "", lambda r: _half_term(r, 1)),
    Metric("pastoral_minutes", "Other mentoring a cycle", "minutes of other mentoring over cycles held", "minutes", "more", lambda r: _share(sum(e.mentoring for e in r.met), len(r.met))),
    Metric("mentor_protected", "Mentor time in slots", "minutes of meetings and visits inside slots of the plan, a mentor and week", "minutes", "", lambda r: _mentor_minutes(r, protected=True)),
    Metric("mentor_own_time", "Mentor time outside slots", "minutes of meetings and visits outside slots of the plan, a mentor and week", "minutes", "less", lambda r: _mentor_minutes(r, protected=False)),
    Metric("coordinator_minutes", "Coordinator's check-ins and repairs", "minutes of check-ins and of repairs in the year", "minutes", "less", _coordinator),
    Metric("study_on_time", "Study on time", "modules done by the end of the week they are due in, over modules due", "share", "more", _study_on_time),
    Metric("mentor_reading", "Mentors reading along", "minutes in which mentors read study modules in the year", "minutes", "", _reading),
    Metric("steps_set", "Steps set", "new steps shared in the year, a pair", "steps", "", lambda r: _share(_steps_set(r), len(r.by_pair))),
    Metric("steps_mastered", "Steps settled", "steps that a visit showed to be settled, over new steps", "share", "more", lambda r: _share(len(r.rows("step_mastered")), _steps_set(r))),
    Metric("mastered_in_time", "Settled in a week", "steps settled in the week that a step should take, over new steps", "share", "more", lambda r: _share(sum(x[SIDE] for x in r.rows("step_mastered")), _steps_set(r))),
    Metric("steps_repeated", "Steps repeated", "meetings that took up the last step again, over cycles held", "share", "", lambda r: _share(len(r.rows("step_repeated")), len(r.met))),
    Metric("steps_left", "Steps left early", "steps left before a visit showed that they were settled, over new steps", "share", "", lambda r: _share(len(r.rows("step_left")), _steps_set(r))),
    Metric("own_steps", "Steps in own words", "new steps that the pair reworded or wrote, over new steps", "share", "", lambda r: _share(len(r.rows("step_own")), _steps_set(r))),
    Metric("plan_steps", "Steps in planning", "new steps that are practised in planning and not in class, over new steps", "share", "", _in_plan),
    Metric("ect_led", "Chosen by ECTs", "new steps that the ECT chose, over new steps", "share", "", _led),
    Metric("steps_fit", "Steps that fit", "new steps on what a visit showed, at once or when it was studied, over new steps", "share", "more", _fitting),
    Metric("steps_deferred", "Needs that waited", "needs that a visit showed before their week of study, over cycles held", "share", "", lambda r: _share(_deferrals(r, overdue=False), len(r.met))),
    Metric("gate_held", "Held by late study", "needs that waited because their module was overdue, over cycles held", "share", "less", lambda r: _share(_deferrals(r, overdue=True), len(r.met))),
    Metric("topic_switches", "Jumps between topics", "new steps on a topic to which the curriculum does not lead from the last, over new steps", "share", "less", lambda r: _share(len(r.rows("topic_switched")), _steps_set(r))),
    Metric("misapplied", "Steps before study", "steps on a topic that was not studied yet that went to class in the year", "steps", "less", lambda r: float(len(r.rows("step_misapplied")))),
    Metric("knowing_gained", "Knowing gained", "what ECTs know of the programme's modules at the end, less what they knew at the start, a mean", "share", "more", lambda r: _stood(r, "knowing", gained=True)),
    Metric("doing_gained", "Doing gained", "what ECTs do in class of the programme's modules at the end, less what they did at the start, a mean", "share", "more", lambda r: _stood(r, "doing", gained=True)),
    Metric("knowing_doing_gap", "Knowing and not doing", "what ECTs know of the programme's modules at the end and do not do in class, a mean", "share", "less", lambda r: _stood(r, "knowing") - _stood(r, "doing")),
    Metric("cover_lessons_taken", "Cover taken by pairs", "lessons that an ECT or mentor is called to cover in the year, a person", "lessons", "less", _cover_taken),
    Metric("cover_by_teachers", "Cover by teachers", "lessons that teachers of the school are called to cover in the year", "lessons", "less", lambda r: r.cover.get("by_teachers", nan)),
    Metric("lessons_bought", "Lessons bought or merged", "lessons with nobody left to call, bought in or merged", "lessons", "less", lambda r: r.cover.get("bought", nan) + r.cover.get("collapsed", nan)),
    Metric("supply_cost", "Supply", "cost of supply teachers in the year", "pounds", "less", _supply_cost),
    Metric("training_attended", "Training reached", "training events gone to or caught up in the year, over those due", "share", "more", _trained),
    Metric("training_missed", "Training dates missed", "dates of training events that a member of a pair missed in the year", "dates", "less", lambda r: float(len(_training(r, "training_missed")))),
    Metric("training_lessons", "Lessons left by training", "lessons of people who are away at a conference", "lessons", "less", _training_lessons),
    Metric("owed_minutes", "Time owed for evening training", "minutes of evening training owed to members of pairs in the year", "minutes", "less", lambda r: _minutes_of(r, "time_owed")),
    Metric("owed_open", "Owed and not given back", "owed minutes that are not given back by the end of the year", "minutes", "less", lambda r: _minutes_of(r, "time_owed") - _minutes_of(r, "time_given_back")),
    Metric("all_three", "Pairs at 75 % of all three", "pairs with three quarters of coaching held, of modules done and of the ECT's training reached", "share", "more", _all_three),
    Metric("mentors_trained", "Mentors at 75 % of training", "mentors who reached three quarters of the training due to them, over mentors with any", "share", "more", _mentors_trained),
    Metric("mentor_overflow", "Mentor time beyond the hour", "minutes of visits and meetings beyond the entitlement of their cycles, a mentor and week", "minutes", "less", lambda r: _a_mentor_and_week(r, money.mentor_overflow(r))),
    Metric("mentor_preparation", "Mentor time of planning", "minutes of planning meetings, a mentor and week", "minutes", "", lambda r: _a_mentor_and_week(r, money.mentor_preparation(r))),
    Metric("mentor_training_time", "Mentor time in training", "minutes of training events gone to, a mentor and week", "minutes", "", lambda r: _a_mentor_and_week(r, money.mentor_training(r))),
    Metric("entitlement_used_1", "Used of first years' time", "minutes of meetings, study and training of ECTs in year 1 over the tenth of their lessons that they have off", "share", "", lambda r: money.entitlement_used(r, 1)),
    Metric("entitlement_used_2", "Used of second years' time", "the same in year 2, over a twentieth", "share", "", lambda r: money.entitlement_used(r, 2)),
    Metric("ect_own_time", "ECTs' time outside school", "ECTs' induction minutes before and after the school day, in evenings and at weekends, over all of them", "share", "less", money.ect_own_time),
    Metric("coordinator_training", "Coordinator's orientation and launch", "minutes of the coordinator's orientation and live launch", "minutes", "", money.coordinator_training),
    Metric("bought_cost", "Lessons bought in", "cost of lessons bought in when nobody was left to call", "pounds", "less", _bought_cost),
    Metric("repairs", "Repairs", "times the coordinator acted for a pair whose cycles were not on record", "repairs", "", lambda r: float(len(r.rows("repaired")))),
    Metric("same_mentor", "Same mentor at the end", "pairs whose mentor is the same as at the start, over pairs whose ECT is still at the school", "share", "more", _same_mentor),
    Metric("extension_days", "Induction extended by", "days by which absence extends induction, an ECT", "days", "less", lambda r: _share(sum(row[VALUE] for row in r.rows("extended")), len(r.scenario.school.pairs))),
    Metric("trust_end", "How pairs get on at the end", "how far mentor and ECT get on at the end of the last school year, 0 to 1, a mean of pairs with a cycle due", "share", "more", lambda r: _felt(r, 1)),
    Metric("priority_end", "A priority at the end", "how far the programme is a priority around a pair at the end of the last school year, 0 to 1, a mean", "share", "more", lambda r: _felt(r, 0)),
    Metric("belief_end", "Mentors' belief at the end", "how far mentors believe in modelling and practice at the end of the last school year, 0 to 1, a mean of pairs", "share", "more", lambda r: _felt(r, 2)),
    Metric("mentor_models", "Steps that a mentor models", "steps that are modelled in the year, a mentor: each is also practice of the mentor's own teaching", "steps", "more", lambda r: _share(len(r.rows("model")), _mentors(r))),
    Metric("onboarding_weeks", "Weeks without access", "weeks from an ECT's first day until ECT and mentor have access, a pair that starts this year", "weeks", "less", _onboarding),
)  # fmt: skip
"""Every metric that results carry."""


def measure(run: Run) -> dict[str, float]:
    """Measure one run.

    Returns
    -------
    dict of str to float
        Every metric of :data:`METRICS`, in order; NaN where one does not exist in this run.
    """
    return {name: metric.of(run) for name, metric in METRICS.items()}
