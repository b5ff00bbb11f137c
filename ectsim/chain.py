"""One pair's year week by week, and what becomes of it when a week is taken away or the gate opened.

Everything is read from event logs of the same simulated year, lived once or twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ectsim.charts import week_strips
from ectsim.clock import DAY
from ectsim.content import topic
from ectsim.errors import InputError
from ectsim.ledger import Entry, ledger
from ectsim.log import EVENT_CODE, Event
from ectsim.scenario import Scenario
from ectsim.story import WeekState, pair_story, week_strip
from ectsim.words import upper

__all__ = ["Lived", "consequences", "live_pair", "pair_year", "steps_chart", "strands"]

STUDIED, OBSERVED, DEFERRED = (
    EVENT_CODE[n] for n in ("studied", "observed", "step_deferred")
)  # fmt: skip
TRAINED = {EVENT_CODE[n] for n in ("trained", "caught_up")}
NEW_STEP = {EVENT_CODE[n] for n in ("step_set", "step_own")}
RECORDED = EVENT_CODE["recorded"]
NOBODY = "there was no time that both could make."


@dataclass(frozen=True)
class Lived:
    """One pair's simulated school year.

    Parameters
    ----------
    label : str
        What to call it.
    scenario : Scenario
        What was simulated.
    pair : str
        The pair's id.
    rows : list of Event
        The pair's part of the log.
    entries : list of Entry
        Its due cycles.
    states : list of WeekState
        Its strip.
    lines : list of str
        Its story: a first sentence, a line a week, what the year came to.
    """

    label: str
    scenario: Scenario
    pair: str
    rows: Sequence[Event]
    entries: Sequence[Entry]
    states: Sequence[WeekState]
    lines: Sequence[str]

    @cached_property
    def mondays(self) -> list[int]:
        """School minutes at which the weeks begin."""
        calendar = self.scenario.school.calendar
        return [calendar.minute(s.date) for s in self.states]

    def week_of(self, minute: int) -> int:
        """Return the school week of a minute, 1 is the first."""
        return max(1, bisect_right(self.mondays, minute))

    def weeks(self) -> list[str]:
        """Return what happened in each week, in sentences."""
        return [re.sub(r"^Week \d+ \([^)]*\): ", "", s) for s in self.lines[1 : len(self.states) + 1]]  # fmt: skip

    @cached_property
    def coached(self) -> list[Entry]:
        """Cycles whose meeting was held for coaching, in order of the meetings."""
        held = [e for e in self.entries if e.met is not None and not e.drifted]
        return sorted(held, key=lambda e: e.met or 0)


def live_pair(
    label: str,
    scenario: Scenario,
    seed: int,
    year: int,
    pair: str,
    *,
    without: Sequence[int] = (),
) -> Lived:
    """Simulate a school year and keep one pair's part of it.

    Parameters
    ----------
    label : str
        What to call it.
    scenario : Scenario
        What to simulate.
    seed, year : int
        Which year, 1 is the first.
    pair : str
        The pair's id.
    without : sequence of int
        Numbers of cycles that are taken away.
    """
    from ectsim.model.year import live  # noqa: PLC0415 - numpy, only where it is needed

    lost = [(pair, cycle) for cycle in without]
    log = live(scenario, seed, year - 1, without=lost).log
    index = scenario.school.pairs.index(scenario.school.pair(pair))
    return Lived(
        label,
        scenario,
        pair,
        [Event._make(row) for row in log.of_pair(index)],
        [e for e in ledger(log, scenario) if e.pair == index and e.timing != "paused"],
        week_strip(log, scenario, pair),
        pair_story(log, scenario, pair),
    )


def consequences(base: Lived, other: Lived, cycle: int) -> list[str]:
    """Say what followed from a cycle that was taken away; each sentence is read from the two logs.

    Parameters
    ----------
    base, other : Lived
        The year as it was, and without the cycle.
    cycle : int
        The cycle's number.
    """
    was = next(e for e in base.entries if e.cycle == cycle)
    if was.met is None:
        return ["This cycle was lost already, so taking it away changes nothing."]
    out = [*_gap(base, other, was), *_step(base, other, was), *_visits(base, other)]
    out += _practice(base, other, was)
    ended = {e.cycle: (e.content, e.timing) for e in base.entries}
    weeks = [
        s.week
        for s in other.states
        if s.cycle not in (cycle, -1)
        and ended.get(s.cycle) != next(((e.content, e.timing) for e in other.entries if e.cycle == s.cycle), None)
    ]  # fmt: skip
    if weeks:
        out.append(f"{_plural(len(weeks), 'other cycle ends', 'other cycles end')} otherwise: of week {', '.join(map(str, weeks))}.")  # fmt: skip
    else:
        out.append("No other cycle ends otherwise.")
    return out


def _gap(base: Lived, other: Lived, was: Entry) -> list[str]:
    """Say how long the pair goes without a rehearsal, and how old the step is that is praised next."""
    met = was.met or 0
    before = [e.met // DAY for e in base.coached if e.met is not None and e.met < met and e.reps]
    after = [e.met for e in other.coached if e.met is not None and e.met > met and e.reps]
    if not after:
        return ["Nothing is rehearsed after it: it was the last meeting of the year."]
    then = other.week_of(after[0])
    if not before:
        return [f"The first rehearsal of the year comes in week {then}."]
    usual = met // DAY - before[-1]
    gap = after[0] // DAY - before[-1]
    return [
        f"From one rehearsal to the next it is {gap} days, not {usual}: the meeting of week {then} "
        f"opens with praise for a step that is {gap} days old."
    ]


def _step(base: Lived, other: Lived, was: Entry) -> list[str]:
    """Say what becomes of the topic that would have been coached."""
    if was.topic < 0 or was.drifted:
        return []
    here = [e for e in base.coached if e.topic == was.topic]
    there = [e for e in other.coached if e.topic == was.topic]
    name = topic(was.topic + 1)
    if not there:
        return [f"No step comes from {name}: it stays studied and never coached."]
    if len(here) > len(there):
        week = other.week_of(there[0].met or 0)
        return [
            f"{upper(name)} is coached {_times(len(there))}, not {_times(len(here))} (in week {week})."
        ]
    week = other.week_of(there[0].met or 0)
    return [f"{upper(name)} still has its step, in week {week}."]


def _visits(base: Lived, other: Lived) -> list[str]:
    a, b = (sum(r.event == OBSERVED for r in lived.rows) for lived in (base, other))
    if a == b:
        return []
    return [
        f"{_plural(abs(a - b), 'visit', 'visits')} {'fewer' if b < a else 'more'} over the year."
    ]


def _practice(base: Lived, other: Lived, was: Entry) -> list[str]:
    """Say what the mentor's lost practice does to the meetings that both years have afterwards."""
    met = was.met or 0
    later = {e.cycle: e for e in base.coached if e.met is not None and e.met > met}
    both = [(later[e.cycle], e) for e in other.coached if e.cycle in later]
    coaching = sum(b.coaching - a.coaching for a, b in both)
    other_minutes = sum(b.mentoring - a.mentoring for a, b in both)
    total = sum(e.reps for e in other.coached) - sum(e.reps for e in base.coached)
    out = [f"Over the year {abs(total)} rehearsals {'fewer' if total <= 0 else 'more'}."]
    if coaching or other_minutes:
        out.append(
            f"The mentor has held one meeting fewer: over the {len(both)} meetings after it the same "
            f"phases take {abs(coaching)} minutes {'more' if coaching >= 0 else 'less'}, and "
            f"{abs(other_minutes)} minutes {'less' if other_minutes <= 0 else 'more'} are left for other mentoring."
        )
    return out


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def _plural(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def steps_chart(arms: Sequence[Lived], names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Show week by week how many modules were studied and from which module each step came.

    Parameters
    ----------
    arms : sequence of Lived
        The same year, lived once or twice.
    names : mapping, optional
        Made-up names for staff ids.
    """
    first = arms[0]
    weeks = [s.week for s in first.states]
    studied = [_studied(first, w) for w in range(1, len(weeks) + 1)]
    series: list[dict[str, Any]] = [{"label": "modules studied by the week's end", "values": studied}]  # fmt: skip
    columns = ["Week", "Modules studied"]
    early = []
    for i, lived in enumerate(arms):
        steps: list[int | None] = [None] * len(weeks)
        for e in lived.coached:
            if e.topic >= 0:
                steps[lived.week_of(e.met or 0) - 1] = e.topic + 1
        label = "module of the step" + (f", {lived.label}" if len(arms) > 1 else "")
        series.append({"label": label, "values": steps, "points": ("dot", "cross")[i % 2]})  # fmt: skip
        columns.append(upper(label))
        early.append(sum(e.gate and e.topic >= 0 for e in lived.coached))
    who = (names or {}).get(first.pair, first.pair)
    return {
        "title": _steps_title(who, [a.label for a in arms], early),
        "sentence": "A step that lies on the line or below it builds on something that was studied; one above it is copied without knowing why.",
        "kind": "lines",
        "data": {
            "unit": "",
            "x": weeks,
            "x_label": "school week",
            "low": 0,
            "high": max([1, *studied, *(v for s in series for v in s["values"] if v)]),
            "series": series,
        },
        "table": {
            "columns": columns,
            "rows": [
                [w, *(s["values"][i] if s["values"][i] is not None else "no step" for s in series)]
                for i, w in enumerate(weeks)
            ],
        },
        "banner": arms[-1].scenario.banner,
    }


def _studied(lived: Lived, week: int) -> int:
    end = lived.mondays[week] if week < len(lived.mondays) else 10**9
    before = lived.scenario.programme.study.modules_in(1) if lived.scenario.school.pair(lived.pair).year > 1 else 0  # fmt: skip
    return before + sum(r.event == STUDIED and r.time < end for r in lived.rows)


def _steps_title(who: str, labels: Sequence[str], early: Sequence[int]) -> str:
    if len(early) == 1 or early[0] == early[-1]:
        if not early[-1]:
            return f"Every step rests on a module that {who} had studied"
        return (
            f"{_plural(early[-1], 'step comes', 'steps come')} before {who} has studied its module"
        )
    return f"{labels[-1]}: {_plural(early[-1], 'step comes', 'steps come')} before {who} has studied the module; {labels[0]}: {early[0] or 'none'}"


def strands(lived: Lived) -> dict[str, Any]:
    """Count what a pair's year holds of study, coaching and training, on record, and by whose choice.

    Parameters
    ----------
    lived : Lived
        The year.

    Returns
    -------
    dict
        ``strands`` [[name, what is counted, done, due]] of the three, of which none is enough alone
        (F023, F024); ``recorded`` (cycles put on record), ``held`` (meetings), ``steps`` (new steps) and
        ``led`` (those that the ECT chose).
    """
    from ectsim.model.frame import frame_of  # noqa: PLC0415 - numpy, only where it is needed

    frame, school = frame_of(lived.scenario), lived.scenario.school
    pair = school.pair(lived.pair)
    due = {d.event for d in frame.training if d.side == 1 and frame.staff[d.person] == pair.ect}
    reached = {r.value for r in lived.rows if r.event in TRAINED and r.side == 1}
    held = sum(e.met is not None for e in lived.entries)
    new = [r for r in lived.rows if r.event in NEW_STEP]
    return {
        "strands": [
            ["Study", "modules studied", sum(r.event == STUDIED for r in lived.rows), len(frame.modules[school.pairs.index(pair)])],
            ["Coaching", "cycles held", held, len(lived.entries)],
            ["Training", "events reached", len(reached & due), len(due)],
        ],
        "recorded": len({r.cycle for r in lived.rows if r.event == RECORDED}),
        "held": held,
        "steps": len(new),
        "led": sum(r.side == 1 for r in new),
    }  # fmt: skip


def pair_year(
    scenario: Scenario,
    seed: int,
    *,
    pair: str = "",
    year: int = 0,
    lose: int = 0,
    other: tuple[str, Scenario] | None = None,
) -> dict[str, Any]:
    """Tell one pair's year as plain data.

    Parameters
    ----------
    scenario : Scenario
        What is lived.
    seed : int
        The run's seed.
    pair : str
        The pair's id; "" takes the story's, else the first.
    year : int
        Which simulated year, 1 is the first; 0 takes the story's, else the first.
    lose : int
        A school week whose cycle is taken away, in the same year; 0: none.
    other : (str, Scenario), optional
        What another plan is called, and its scenario: it lives through the same year.

    Returns
    -------
    dict
        ``title``, ``opening``, ``pair``, ``year``, ``head``, ``closing`` (sentences), ``strip`` and
        ``steps`` (charts), ``weeks`` [{number, monday, told: [{plan, sentence}]}], ``chain``
        (sentences), ``can_lose`` (weeks whose cycle met), ``deferred`` (weeks in which a step was put
        off until its module is studied), ``parts`` (see :func:`strands`), ``banner``.

    Raises
    ------
    InputError
        If there is no such pair or no cycle counts for the week.
    """
    school, ours = scenario.school, scenario.story
    if not school.pairs:
        raise InputError("the school has no pairs", remedy="upload a roster")
    the_pair = school.pair(pair or (ours.pair if ours else school.pairs[0].id)).id
    the_year = year or (ours.year if ours and not pair else 1)
    names = ours.names if ours else {}
    base = live_pair("The year", scenario, seed, the_year, the_pair)
    arms, chain = [base], []
    if lose:
        if not 1 <= lose <= len(base.states) or base.states[lose - 1].cycle < 0:
            raise InputError(f"no cycle counts for week {lose}", where="lose", remedy="choose another week")  # fmt: skip
        cycle = base.states[lose - 1].cycle
        without = live_pair(f"Without week {lose}", scenario, seed, the_year, the_pair, without=[cycle])  # fmt: skip
        arms.append(without)
        chain = consequences(base, without, cycle)
    elif other is not None:
        arms.append(live_pair(other[0], other[1], seed, the_year, the_pair))
    told = [a.weeks() for a in arms]
    if lose:
        told[1][lose - 1] = told[1][lose - 1].replace(NOBODY, "it was taken away, to see what follows.")  # fmt: skip

    def named(text: str) -> str:
        return ours.told(text) if ours else text

    strip = week_strips([(a.label, a.scenario, a.states) for a in arms], the_pair, the_year)
    for part in ("title", "sentence"):
        strip[part] = named(strip[part])
    if lose:
        held = [sum(_met(a, e.cycle) for e in a.entries) for a in arms]
        strip["title"] = (
            f"{named(the_pair)}: {held[0]} cycles happen in this year, {held[1]} without week {lose}"
        )
    strip["banner"] = arms[-1].scenario.banner
    # the strip's own sentences are short; here the whole week is told
    strip["table"]["rows"] = [
        [*row[:2], *(named(t[i]) for t in told)] for i, row in enumerate(strip["table"]["rows"])
    ]
    return {
        "title": ours.title if ours else "",
        "opening": ours.opening if ours else "",
        "look_at": list(ours.look_at) if ours else [],
        "pair": the_pair,
        "name": named(the_pair),
        "year": the_year,
        "head": named(base.lines[0]),
        "closing": [named(s) for s in (base if lose else arms[-1]).lines[len(base.states) + 1 :]],
        "strip": strip,
        "steps": steps_chart(arms, names),
        "weeks": [
            {
                "number": s.week,
                "monday": f"{s.date.day} {s.date:%B %Y}",
                "told": [
                    {"plan": a.label, "sentence": named(told[k][i])} for k, a in enumerate(arms)
                ],
            }
            for i, s in enumerate(base.states)
        ],
        "chain": [named(s) for s in chain],
        "can_lose": [s.week for s in base.states if _met(base, s.cycle)],
        "deferred": [[base.week_of(r.time), r.value + 1] for r in base.rows if r.event == DEFERRED],
        "parts": strands(arms[-1]),
        "banner": arms[-1].scenario.banner,
    }


def _met(lived: Lived, cycle: int) -> bool:
    return any(e.cycle == cycle and e.met is not None for e in lived.entries)
