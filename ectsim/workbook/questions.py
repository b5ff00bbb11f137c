"""The workbook's exercises, in the order of the lessons.

Each judge looks for the wrong answers that people really give, and says what the model made of
them. A hint names what happened and where to look, never the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isclose
from statistics import stdev
from typing import Any

import pandas as pd

from ectsim import analysis, cohort, laws
from ectsim.audit import CYCLES_Y1, CYCLES_Y2, LOAD_HOURS, TEACHING_WEEKS, entitlement_table
from ectsim.clock import Slot
from ectsim.content import flex, framework
from ectsim.experiment import replicate
from ectsim.ledger import BIN_WORDS
from ectsim.metrics import METRICS
from ectsim.register import numbers
from ectsim.scenario import Scenario
from ectsim.validation import BAND_2, SLIP_RANGE, arm
from ectsim.workbook import studies
from ectsim.workbook.exercises import Outcome, exercise, hint, right
from ectsim.workbook.runs import (
    audit,
    cycles,
    effect,
    events,
    forecast,
    from_now,
    log,
    results,
    run,
    scenario,
)

YEARS = 10
"""Simulated years behind an exercise: enough to tell its wrong answers from the right one."""

FINER = 20
"""Simulated years where an exercise is about small differences."""

Changes = dict[str, object]
Result = Mapping[str, Any]


def _run(name: str, changes: Changes | None = None) -> dict[str, Any]:
    return run(name, changes, years=YEARS)


def _points(result: Result, metric: str = "completion_any") -> float:
    """Return a share as cycles of a hundred."""
    return 100 * float(result["metrics"][metric]["mean"])


def _doug() -> int:
    """Return the simulated year that Doug's story tells."""
    told = scenario("doug").story
    assert told is not None
    return told.year


def _near(answer: float, value: float, within: float) -> bool:
    return abs(answer - value) <= within + 1e-9


def _exactly(answer: float, value: float) -> bool:
    return isclose(answer, value, abs_tol=0.01)


def _gave_up(changed: Scenario) -> Outcome | None:
    lost = changed.plan.given_up
    if not lost:
        return None
    return hint(
        "gave up a tight part",
        f"This plan gives up {' and '.join(lost)}. It may complete more of something, but no longer of "
        "the programme: every result of it would carry a banner. Leave the tight parts alone.",
    )


def _only_plan(answer: Changes) -> Outcome | None:
    outside = [k for k in answer if not k.startswith("plan.")]
    if not outside:
        return None
    return hint(
        "wished the school different",
        f"{', '.join(outside)} is not yours to set: it says what the school and its luck are like. Change "
        "what a coordinator decides; those names begin with plan.",
    )


# L0: start here


@exercise(
    "L0-1", "choice",
    "What can a run of this model tell a coordinator?",
    {
        "a": "which of her mentors is the best",
        "b": "how many coaching cycles a plan tends to keep, and what takes the others",
        "c": "how much more pupils will learn under a plan",
        "d": "how many of her ECTs will stay in teaching",
    },
)  # fmt: skip
def what_it_tells(answer: str) -> Outcome:
    """Tell the model's question from its limits."""
    result = _run("doug")
    if answer == "a":
        return hint(
            "ranks people",
            f"Look through the {len(METRICS)} numbers that a run gives: none belongs to a named person as a mark. The one that looks at single people, the least-served ECT, counts what that ECT was given.",
        )
    if answer == "c":
        return hint(
            "pupils",
            "No event of the log has a pupil in it. The programme is meant for pupils, and the model stops well before them. Read the last line of any result.",
        )
    if answer == "d":
        return hint(
            "staying",
            "The one study of an early roll-out found no effect on staying that could be told from zero, and the model claims none. Read the last line of any result.",
        )
    held = _points(result)
    return right(f"In Doug's school, for example, {held:.0f} of 100 due cycles are held, and the ledger says where each of the rest went. Nothing else is claimed.")  # fmt: skip


# L1: the entitlement and the framework


@exercise("L1-1", "number", "How many hours of training and study does the programme of 2021 hold for one ECT over the two years, coaching left out?")  # fmt: skip
def programme_hours(answer: float) -> Outcome:
    """Add up conferences, clinics and modules."""
    one, two = entitlement_table()
    conferences = one.conferences + two.conferences
    clinics, study = one.clinics + two.clinics, one.study + two.study
    total = conferences + clinics + study
    if _exactly(answer, total):
        return right(
            f"{conferences:.0f} hours of conferences, {clinics:.0f} of clinics and {study:.0f} of study."
        )
    if (
        _exactly(answer, total - conferences)
        or _exactly(answer, total - clinics)
        or _exactly(answer, total - study)
    ):
        return hint(
            "a stream is missing",
            "One of the three streams, conferences, clinics and modules, is not in your sum. Look at the table again and count all of them.",
        )
    if _exactly(answer, 6 + clinics + study):
        return hint(
            "one conference's hours",
            "That counts the conferences' hours once. The documents can be read so, and here each conference is a full day: look at how many there are.",
        )
    if _exactly(answer, total + one.meetings + two.meetings):
        return hint(
            "coaching is in it",
            "Your sum holds the meetings with the mentor as well. They are due too, and they are not asked for here.",
        )
    if _exactly(answer, total + one.mentor_training_programme):
        return hint(
            "the mentor's hours are in it",
            "Your sum holds a training that is somebody else's. Take out what the mentor goes to.",
        )
    if _exactly(answer, one.conferences + one.clinics + one.study):
        return hint(
            "the first year only",
            "That is the first year. In the second there is no new module, and there is training.",
        )
    return hint("another sum", f"{answer:g} hours do not come out of the table. Multiply each row's count by its hours, for both years, and add the rows.")  # fmt: skip


@exercise("L1-2", "number", f"A full-time ECT in the first year would teach {LOAD_HOURS} hours a week without the reduction, over {TEACHING_WEEKS} weeks. How many hours does the reduction set free in the year?")  # fmt: skip
def freed_hours(answer: float) -> Outcome:
    """Work out the first year's entitlement."""
    one, two = entitlement_table()
    if _exactly(answer, one.entitlement):
        return right(
            f"And the year asks for {one.demand:.1f} hours of meetings, study and training: {100 * one.ratio:.0f} % of what is set free."
        )
    if _exactly(answer, two.entitlement):
        return hint(
            "the second year's share",
            "You took the share that holds from the second year on. The first year is lighter.",
        )
    if _exactly(answer, one.entitlement / TEACHING_WEEKS):
        return hint("a week", "That is one week. The question is about the year.")
    if _exactly(answer, TEACHING_WEEKS * LOAD_HOURS - one.entitlement):
        return hint(
            "what is left",
            "Those are the hours that are still taught. The question is about the others.",
        )
    if _exactly(answer, one.demand):
        return hint(
            "what is asked",
            "That is what meetings, study and training ask for. What is set free comes from the timetable alone.",
        )
    return hint("another sum", f"{answer:g} hours are not what the reduction gives. Take hours a week, times weeks, times the first year's share.")  # fmt: skip


@exercise(
    "L1-3", "cards",
    "Put each statement with its kind: knowing (learn that) or doing (learn how to).",
    (
        "a predictable room makes pupils feel safe",
        "give instructions in a few exact parts",
        "beginners gain from watching a thing done well",
        "work an example aloud in front of the class",
    ),
    ("knowing", "doing"),
)  # fmt: skip
def know_or_do(answer: dict[str, str]) -> Outcome:
    """Sort statements of the framework by kind."""
    truth = ["knowing", "doing", "knowing", "doing"]
    given = list(answer.values())
    cards = list(answer)
    if given == truth:
        log = events("doug", pair="T31", year=_doug())["event"].value_counts()
        return right(
            f"The model keeps them apart too: in one simulated year {log['studied']} modules are studied, and {log['practise']} rehearsals are held."
        )
    if len(set(given)) == 1:
        return hint(
            "one pile",
            "All four are in one pile. Ask of each card: could you watch somebody do this tomorrow in period 2?",
        )
    if all(a != b for a, b in zip(given, truth, strict=True)):
        return hint(
            "swapped",
            "The piles are the right ones and their names are swapped. What one can say in an essay is not yet what one can do.",
        )
    wrong = [c for c, a, b in zip(cards, given, truth, strict=True) if a != b]
    section = framework()[6 if wrong[0] in cards[:2] else 3]
    return hint("a card is wrong", f"{len(wrong)} of 4 cards is in the wrong pile; one of them belongs to section {section.number}, {section.title.lower()}. Is it a reason, or something to do on Monday?")  # fmt: skip


# L2: the weekly hour


@exercise("L2-1", "number", "How many coaching cycles are due to a full-time ECT in the two years, in years of 38 teaching weeks?")  # fmt: skip
def due_in_two_years(answer: float) -> Outcome:
    """Count due cycles over induction."""
    if _exactly(answer, CYCLES_Y1 + CYCLES_Y2):
        due = _run("doug")["due"]
        return right(
            f"The sample calendar agrees for its first year: {due:.0f} cycles for two ECTs, a week of contracting left out."
        )
    if _exactly(answer, 2 * CYCLES_Y1):
        return hint(
            "weekly for ever",
            "You let the second year go on at the first year's beat. The beat changes.",
        )
    if _exactly(answer, CYCLES_Y1):
        return hint("one year", "That is the first year. There is a second.")
    if _exactly(answer, 2 * CYCLES_Y2):
        return hint(
            "fortnightly throughout",
            "You took the second year's beat for both. The first year is denser.",
        )
    return hint("another count", f"{answer:g} is not it. A cycle a week in the first year, one a fortnight in the second: count weeks, then add.")  # fmt: skip


@exercise("L2-2", "changes", "In Mandy's school, set the minutes that the plan sets aside for a mentor and cycle (plan.protected_min) to the least with which no line of the hours audit about mentors fails.")  # fmt: skip
def least_minutes(answer: Changes) -> Outcome:
    """Find the least protected minutes that pass the audit."""
    changed = scenario("mandy", answer)
    if set(answer) - {"plan.protected_min"}:
        return hint(
            "another lever",
            "Change plan.protected_min alone: the audit compares what is promised with what is due, whatever else a plan does.",
        )
    minutes = changed.plan.protected_min
    fails = [line for line in audit("mandy", answer).fails if line.role == "mentor"]
    due = changed.programme.entitlement.mentor_minutes
    meeting = changed.plan.meeting_min
    if fails and minutes == meeting:
        return hint(
            "the meeting alone",
            f"{len(fails)} lines fail. {meeting} minutes hold the meeting; the mentor also does something before it.",
        )
    if fails:
        return hint(
            "too few",
            f"{len(fails)} lines fail: the first is about {fails[0].who}, '{fails[0].what}'. Nearly is not enough: the audit knows no rounding.",
        )
    if minutes > due:
        return hint(
            "more than asked",
            f"Nothing fails at {minutes} minutes, and nothing would at a few fewer: you set aside what the rule does not ask for. Find the edge.",
        )
    return right("A visit of a quarter of an hour, half an hour of coaching and a quarter for the rest: the mentor's hour.")  # fmt: skip


@exercise(
    "L2-3", "choice",
    "In the sample school, pairs find their own time. What takes most of the cycles that are lost?",
    {
        "a": "being called to cover a colleague's lesson",
        "b": "illness and absence of the mentor",
        "c": "closed days, school events and training",
        "d": "other things that come up at a time nobody protects",
    },
)  # fmt: skip
def what_takes_most(answer: str) -> Outcome:
    """Find the largest cause of loss in the ledger."""
    ledger = _run("default")["ledger"]
    bins = {"a": "cover", "b": "mentor_absent", "c": "event", "d": "slipped"}
    lost = {k: v for k, v in ledger.items() if BIN_WORDS[k].startswith("lost")}
    most = max(lost, key=lambda k: lost[k])
    mine = bins[answer]
    if mine == most:
        return right(
            f"{lost[most]:.1f} of {sum(lost.values()):.1f} lost cycles a year go that way. Note what it means: they are lost to nothing in particular."
        )
    rules = {
        "a": "Where no slot is fixed, a pair just meets in another free period when one of them is called; so what a rota takes is not what ends a cycle.",
        "b": "People do fall ill, and both of a pair count; yet most weeks both are there.",
        "c": "The calendar is known beforehand, and a window is a whole week wide.",
    }
    return hint(mine, f"It takes {lost[mine]:.1f} of {sum(lost.values()):.1f} lost cycles a year, so something takes more. {rules[answer]}")  # fmt: skip


@exercise("L2-4", "changes", "Raise the share of cycles held in the sample school (default) by ten points of a hundred or more, with one change of the plan and without giving up a tight part.")  # fmt: skip
def ten_points(answer: Changes) -> Outcome:
    """Find a change of the plan that is worth ten points."""
    if (found := _only_plan(answer)) or (found := _gave_up(scenario("default", answer))):
        return found
    if len(answer) > 1:
        return hint(
            "several changes",
            f"You changed {len(answer)} things at once. Whatever comes of it, you will not know which of them did it. Keep one.",
        )
    before, after = _run("default"), _run("default", answer)
    gain = _points(after) - _points(before)
    slipped = after["ledger"]["slipped"]
    if gain >= 10:
        return right(
            f"{gain:+.1f} points; other things now take {slipped:.1f} cycles a year instead of {before['ledger']['slipped']:.1f}."
        )
    name = next(iter(answer), "")
    if name in ("plan.protected_min", "plan.meeting_min"):
        return hint(
            "minutes without a place",
            f"You set minutes aside, and {slipped:.1f} cycles a year still went to other things: {gain:+.1f} points. Minutes that stand on no timetable are not protected by being more.",
        )
    if name.startswith(("plan.protection", "plan.cover")):
        return hint(
            "guarding what is not there",
            f"The rota may take less now, and {slipped:.1f} cycles a year still went to other things: {gain:+.1f} points. There is no slot to guard while pairs find their own time.",
        )
    if gain < 0:
        return hint(
            "worse",
            f"{gain:+.1f} points: a way out was closed. See what your change takes away from a pair that has lost its time.",
        )
    return hint("too little", f"{gain:+.1f} points. {slipped:.1f} cycles a year still go to other things: look for what keeps them from going in the first place, or leaves longer to catch up.")  # fmt: skip


# L3: study, the gate, and the knowing-doing gap


@exercise("L3-1", "number", "In the simulated year that Doug's story tells, in which school week is the first step on classroom talk and questioning (module 22) chosen?")  # fmt: skip
def first_questioning_step(answer: float) -> Outcome:
    """Read Doug's log for the first step on module 22."""
    log = events("doug", pair="T31", year=_doug())
    of = log[log["module"] == 22]
    week = {
        e: int(of[of["event"] == e]["week"].min())
        for e in ("studied", "step_chosen", "step_deferred")
    }
    if _exactly(answer, week["step_chosen"]):
        return right(
            f"The need was seen in week {week['step_deferred']} and put off; the module was studied in week {week['studied']}, and the step came with that week's meeting or after it."
        )
    if _exactly(answer, week["step_deferred"]):
        return hint(
            "when it was needed",
            "In that week the visit showed that it was needed. Look at what Sangeita did with it: the event is called step_deferred.",
        )
    if _exactly(answer, 22):
        return hint(
            "the module's number",
            "That is the number of the module. Modules and school weeks do not run side by side: contracting, long terms and late study move them apart.",
        )
    if _exactly(answer, 10):
        return hint(
            "the strand's week",
            "That is its week within the strand on instruction, which begins with the second term. Count school weeks from September.",
        )
    chosen = log[(log["week"] == int(answer)) & (log["event"] == "step_chosen")]
    topic = int(chosen["module"].iloc[0]) if len(chosen) else 0
    return hint("another week", f"In week {answer:g} " + (f"the step is from module {topic}." if topic else "no step is chosen.") + " Filter the log for step_chosen and the module.")  # fmt: skip


@exercise("L3-2", "number", "In the same year of Doug's: how many modules are studied by the end and have never been the topic of a rehearsal? That is his knowing-doing gap, in modules.")  # fmt: skip
def gap(answer: float) -> Outcome:
    """Count what is known and was never practised."""
    log, ledger = events("doug", pair="T31", year=_doug()), cycles("doug", pair="T31", year=_doug())
    studied = set(log[log["event"] == "studied"]["module"])
    practised = set(ledger[ledger["reps"] > 0]["topic"]) - {0}
    if _exactly(answer, len(studied - practised)):
        return right(
            f"{len(studied)} studied, {len(practised & studied)} of them practised. A topic takes several meetings, and some meetings hold no practice: study goes on meanwhile."
        )
    if _exactly(answer, len(studied)):
        return hint(
            "all of them", "That is everything that was studied. Take away what was practised."
        )
    if _exactly(answer, len(practised)):
        return hint("the other part", "Those were practised. The gap is what was not.")
    if _exactly(answer, len(ledger) - int((ledger["content"] != "none").sum())):
        return hint(
            "cycles, not modules",
            "You counted cycles that were not held. Two cycles may be on one topic, and a held one may have no rehearsal: count topics.",
        )
    if _exactly(answer, len(studied) - int((ledger["reps"] > 0).sum())):
        return hint(
            "repeats count once",
            "You took away a cycle each, and several cycles were on the same topic. Count distinct topics.",
        )
    return hint("another count", f"{answer:g} is not it. Make two sets, modules studied and topics with a rehearsal, and take one from the other.")  # fmt: skip


@exercise(
    "L3-3", "choice",
    "A visit shows a need that will be studied only next week. Under which rule are most cycles held in full over the year?",
    {
        "a": "postpone: no meeting until the topic is studied",
        "b": "ignore: coach on it at once",
        "c": "deepen: stay on a studied topic this week",
        "d": "it makes no difference to full cycles",
    },
)  # fmt: skip
def which_gate(answer: str) -> Outcome:
    """Compare the three gates in Doug's school."""
    runs = {g: _run("doug", {"plan.gate": g}) for g in ("deepen", "ignore", "postpone")}
    full = {g: _points(r, "completion_full") for g, r in runs.items()}
    held = {g: _points(r) for g, r in runs.items()}
    if answer == "c":
        return right(
            f"{full['deepen']:.0f} of 100 in full; postponing gives {full['postpone']:.0f}, coaching ahead of study {full['ignore']:.0f}."
        )
    if answer == "a":
        return hint(
            "waiting costs",
            f"Then {runs['postpone']['ledger']['gate']:.1f} cycles a year are lost to waiting, and {held['postpone']:.0f} of 100 are held at all. Is there something to practise in the meantime?",
        )
    if answer == "b":
        return hint(
            "ahead of study",
            f"Then {held['ignore']:.0f} of 100 are held and {full['ignore']:.0f} count in full: a step whose purpose is not understood yet is not the programme's, and the plan carries a banner.",
        )
    spread = max(full.values()) - min(full.values())
    return hint("it does", f"Between the best and the worst of the three lie {spread:.0f} full cycles of 100. They differ in what happens to the meeting of that week.")  # fmt: skip


# L4: the coaching cycle and deliberate practice

PHASES = ("praise", "share", "model", "analyse", "practise")


@exercise("L4-1", "order", "Put the phases of the coaching part in their order.", sorted(PHASES))
def phase_order(answer: list[str]) -> Outcome:
    """Hold an order of phases against the log."""
    log = events("doug", pair="T31", year=_doug())
    log = log[log["event"].isin(PHASES)]
    meetings = log["cycle"].nunique()
    place = {phase: i for i, phase in enumerate(answer)}
    if tuple(answer) == PHASES:
        return right(
            f"So it is in all {meetings} meetings of Doug's year that came to it, whatever the bell cut off."
        )
    if place["practise"] < place["model"]:
        return hint(
            "practice before the model",
            "You let the ECT practise before there was anything to copy. In no meeting of the log does that happen; find what comes before the first rehearsal.",
        )
    if place["analyse"] < place["model"]:
        return hint(
            "analysis of nothing",
            "What would be analysed? Look in the log at what stands between sharing the step and the analysis.",
        )
    if place["praise"] > place["share"]:
        return hint(
            "the old step after the new",
            "You talk about the new step before the last one is closed. Begin with what became of last week.",
        )
    return hint("the end is not the end", "The start is right. Ask what the last minutes before the bell are for, and what has to be done before that can work.")  # fmt: skip


@exercise("L4-2", "changes", "In Doug's school, shorten the meeting (plan.meeting_min, in steps of five minutes) as far as it goes with at most two points of a hundred fewer full cycles than at 45 minutes.")  # fmt: skip
def shortest_meeting(answer: Changes) -> Outcome:
    """Find the shortest meeting that still holds a full cycle."""
    changed = scenario("doug", answer)
    if found := _gave_up(changed):
        return found
    if set(answer) - {"plan.meeting_min"}:
        return hint(
            "another lever",
            "Change plan.meeting_min alone, or you cannot tell what the minutes did.",
        )
    base, after = _run("doug"), _run("doug", answer)
    minutes = changed.plan.meeting_min
    loss = _points(base, "completion_full") - _points(after, "completion_full")
    other = after["metrics"]["pastoral_minutes"]["mean"]
    if loss > 2:
        return hint(
            "too short",
            f"At {minutes} minutes {loss:.1f} points of full cycles are gone: the bell cuts rehearsals, {after['metrics']['rehearsals']['mean']:.1f} a cycle are left of {base['metrics']['rehearsals']['mean']:.1f}.",
        )
    shorter = _run("doug", {"plan.meeting_min": minutes - 5})
    if minutes >= 45:
        return hint(
            "not shorter",
            f"{minutes} minutes is no shortening. Take five off and look at rehearsals and at the rest of mentoring.",
        )
    if _points(base, "completion_full") - _points(shorter, "completion_full") <= 2:
        return hint(
            "further",
            f"At {minutes} minutes {loss:.1f} points are gone, so there is room. A meeting that is shorter still keeps to the limit.",
        )
    return right(f"{loss:.1f} points of full cycles are gone. See what it cost beside them: {other:.1f} minutes of other mentoring a cycle are left of {base['metrics']['pastoral_minutes']['mean']:.1f}. The hour is not all coaching.")  # fmt: skip


SHARED_CARDS = (
    "it is about getting better",
    "it rests on a good relationship",
    "it builds on what the ect knows",
    "the mentor sets the week's focus",
    "the ect's own reflection does not set the focus",
)


@exercise("L4-3", "cards", "Coaching in this programme beside other kinds of mentoring: which cards do they share, and which mark the difference?", SHARED_CARDS, ("shared", "different"))  # fmt: skip
def sort_the_cards(answer: dict[str, str]) -> Outcome:
    """Sort what coaching shares with other mentoring."""
    truth = dict(
        zip(SHARED_CARDS, ("shared", "shared", "shared", "different", "different"), strict=True)
    )
    if answer == truth:
        chosen = (cycles("doug", pair="T31", year=_doug())["topic"] > 0).sum()
        return right(
            f"The model leaves every step of the first year to the mentor, {chosen} of them in Doug's. Both kinds want the same, and differ in who steers at first."
        )
    if set(answer.values()) == {"shared"}:
        return hint(
            "nothing differs",
            "All are in one pile. Ask who decides on Monday what is worked on, and why it is not left to the ECT yet.",
        )
    if set(answer.values()) == {"different"}:
        return hint(
            "nothing is shared",
            "All are in one pile. A mentor of any school of thought would sign some of these cards.",
        )
    if answer[SHARED_CARDS[4]] == "shared":
        return hint(
            "reflection",
            "One of your shared cards says something about reflection that many mentors would not sign: they begin with the question how it went. Why is a classroom a poor judge of that for a beginner?",
        )
    if answer[SHARED_CARDS[3]] == "shared":
        return hint(
            "who steers",
            "One of your shared cards is about who steers. In much mentoring the ECT brings the topic.",
        )
    return hint("a shared card is missing", "You make the two more different than they are: at least one card in that pile belongs to all mentoring.")  # fmt: skip


# L5: tight but loose


@exercise("L5-1", "changes", "In Mandy's school, use loose options only, and lift the share of cycles held in full by two points of a hundred or more.")  # fmt: skip
def loose_gain(answer: Changes) -> Outcome:
    """Find loose options that lift full cycles."""
    if (found := _only_plan(answer)) or (found := _gave_up(scenario("mandy", answer))):
        return found
    fields = {f"plan.{f.plan_field}" for f in flex() if f.plan_field and not f.tight}
    strange = [k for k in answer if k not in fields]
    if strange:
        return hint(
            "no loose option",
            f"{', '.join(strange)} is not among the fourteen loose options. The table in this lesson lists which have a switch.",
        )
    gain = _points(_run("mandy", answer), "completion_full") - _points(
        _run("mandy"), "completion_full"
    )
    if gain >= 2:
        return right(
            f"{gain:+.1f} points of full cycles, and no banner: what a full cycle is has not changed."
        )
    if gain < -1:
        rows = _run("mandy", answer)["ledger"]
        return hint(
            "it costs",
            f"{gain:+.1f} points: loose is not the same as free. {rows['partial']:.1f} cycles a year are held in part now, against {_run('mandy')['ledger']['partial']:.1f} before.",
        )
    return hint("no effect here", f"{gain:+.1f} points: allowed, and it changes nothing that counts here. Look at why cycles are held in part in this school, and pick the option that speaks to it.")  # fmt: skip


LOOSE_CARDS = (
    "second_rehearsal",
    "video_visit",
    "cadence",
    "split_meeting",
    "model",
    "pastoral_colleague",
)


@exercise("L5-2", "cards", "Sort the parts of the programme: which are tight, which are loose?", LOOSE_CARDS, ("tight", "loose"))  # fmt: skip
def tight_or_loose(answer: dict[str, str]) -> Outcome:
    """Sort parts by whether giving them up makes a plan another programme."""
    known = {f.id: f for f in flex()}
    wrong = [k for k, v in answer.items() if (v == "tight") != known[k].tight]
    if not wrong:
        return right(
            "Each tight one, given up, puts a banner on every result; each loose one leaves what a full cycle is untouched."
        )
    if len(wrong) == len(answer):
        return hint(
            "swapped",
            "Every card is in the other pile. Ask of each: without it, is it still the same treatment, or only another flavour?",
        )
    called_loose = [k for k in wrong if known[k].tight]
    if not called_loose:
        changes: Changes = {f"plan.{known[wrong[0]].plan_field}": known[wrong[0]].plan_value}
        full = _points(_run("mandy", changes), "completion_full")
        return hint(
            "too strict",
            f"{len(wrong)} of your tight cards may change: with the first of them taken up, {full:.0f} of 100 cycles in Mandy's school still count in full, and no result carries a banner. Convenience is allowed to change.",
        )
    part = known[called_loose[0]]
    changed: Changes = {f"plan.{part.plan_field}": part.plan_value}
    full = _points(_run("doug", changed), "completion_full")
    if called_loose == ["cadence"]:
        return hint(
            "the beat",
            f"One of your loose cards, given up, leaves {full:.0f} of 100 due cycles in full. Brushing once a fortnight is not a flavour.",
        )
    return hint("too generous", f"{len(called_loose)} of your loose cards cannot go: without the first of them {full:.0f} of 100 cycles count in full.")  # fmt: skip


# L6: mentors


@exercise("L6-1", "number", "How long is the coaching part, in minutes, in a usual full cycle of the second half term in Sian's school? Within two minutes will do.")  # fmt: skip
def coaching_minutes(answer: float) -> Outcome:
    """Guess where the learning curve has come to by the second half term."""
    result = _run("sian_arif")["metrics"]
    value = float(result["coaching_minutes"]["mean"])
    first = _first_half_term()
    if _near(answer, value, 2):
        return right(
            f"{value:.0f} minutes, from {first:.0f} in the first half term: the time that is freed goes to the rest of mentoring."
        )
    if answer >= 44:
        return hint(
            "the whole meeting",
            "That is all of the meeting. So it feels in September; half a term later it does not.",
        )
    if _near(answer, first, 2):
        return hint(
            "the first weeks", "That is about what the first half term has. The curve falls on."
        )
    if answer <= 20:
        return hint(
            "too quick",
            f"In so little time the phases before practice would barely fit: {result['rehearsals']['mean']:.1f} rehearsals a cycle are held as well.",
        )
    return hint("off", f"{'Longer' if answer > value else 'Shorter'} than the log says. Look at the medians by half term.")  # fmt: skip


def _first_half_term() -> float:
    """Median minutes of coaching in full cycles that met before the first half term ended, over five years."""
    pairs = [p.id for p in scenario("sian_arif").school.pairs]
    found = []
    for year in range(1, 6):
        log, ledger = events("sian_arif", year=year), cycles("sian_arif", year=year)
        meetings = log[(log["event"] == "meeting") & log["week"].between(1, 8)]
        early = pd.MultiIndex.from_arrays(
            [meetings["pair"].map(dict(enumerate(pairs))), meetings["cycle"]]
        )
        full = ledger[ledger["content"] == "full"].set_index(["pair", "cycle"])
        found.append(full.loc[full.index.isin(early), "coaching"])
    return float(pd.concat(found).median())  # fmt: skip


@exercise(
    "L6-2", "choice",
    "The mentors' first conference and all other training come three weeks later than planned. What does the model show in Sian's school?",
    {
        "a": "many more cycles are lost",
        "b": "coaching takes longer in the second half term, and other mentoring gets less time",
        "c": "nothing changes: training and coaching are apart",
        "d": "coaching gets quicker, as mentors stay in school",
    },
)  # fmt: skip
def late_training(answer: str) -> Outcome:
    """Compare training as listed with training three weeks later."""
    late: Changes = {"programme.events.shift_weeks": 3}
    found = {
        m: effect("sian_arif", late, m, years=YEARS)
        for m in ("completion_any", "coaching_minutes", "pastoral_minutes")
    }
    minutes = found["coaching_minutes"]
    if answer == "b":
        return right(
            f"{minutes.mean:+.1f} minutes of coaching in the second half term ({minutes.lo:+.1f} to {minutes.hi:+.1f}), {found['pastoral_minutes'].mean:+.1f} of other mentoring a cycle. Training pays at the time it is needed."
        )
    if answer == "a":
        return hint(
            "cycles",
            f"Cycles held change by {100 * found['completion_any'].mean:+.1f} points. It is not whether they meet; look at what they do with the minutes.",
        )
    if answer == "c":
        return hint(
            "it does something",
            f"Of {YEARS} years on the same luck, the length of coaching in the second half term differs by {abs(minutes.mean):.1f} minutes on average, and the interval leaves out zero. Which way?",
        )
    return hint("the other way", "Untrained mentors do not get quicker. Before the first conference a cycle teaches a mentor only part of what it could.")  # fmt: skip


# L7: enabling conditions


@exercise("L7-1", "number", "By how many of 100 due cycles does Mandy's timetabled plan beat the one in which pairs find their own time, in the same years? Within two will do.")  # fmt: skip
def mandys_gain(answer: float) -> Outcome:
    """Work out a paired difference."""
    found = effect("mandy", {"plan.preset": "found_time"}, years=YEARS)
    full = effect("mandy", {"plan.preset": "found_time"}, "completion_full", years=YEARS)
    gain = -100 * found.mean
    if _near(answer, gain, 2):
        return right(
            f"{gain:.1f} of 100 (95 % interval {-100 * found.hi:.1f} to {-100 * found.lo:.1f}), every year with the same illnesses on the same days."
        )
    if answer < 0:
        return hint(
            "sign", "The sign says that found time wins. Take Mandy's plan minus the other."
        )
    if _near(answer, -100 * full.mean, 2):
        return hint(
            "in full",
            "That is the difference in cycles held in full. The question is about cycles held at all.",
        )
    due = _run("mandy")["due"]
    if _near(answer, gain * due / 100, 2):
        return hint(
            "cycles a year",
            f"That is a number of cycles a year in a school with {due:.0f} due. Make it a share of what is due.",
        )
    if answer > 60:
        return hint(
            "a level",
            "That looks like the share that is held under one plan. The question is about the difference between two.",
        )
    return hint("off", f"{answer:g} is too {'much' if answer > gain else 'little'}. Run both plans and take one share from the other.")  # fmt: skip


@exercise(
    "L7-2", "choice",
    "The sample school starts with pairs that find their own time. Which one improvement brings most cycles back?",
    {
        "a": "leaders stand behind it more: leader_support at 0.9, nothing else",
        "b": "a better culture: culture at 0.9",
        "c": "better relationships: relationship at 0.9",
        "d": "time on the timetable: the plan 'timetabled'",
    },
)  # fmt: skip
def strongest_lever(answer: str) -> Outcome:
    """Compare four enabling conditions on shared luck."""
    levers: dict[str, Changes] = {
        "a": {"conditions.leader_support": 0.9}, "b": {"conditions.culture": 0.9},
        "c": {"conditions.relationship": 0.9}, "d": {"plan.preset": "timetabled"},
    }  # fmt: skip
    gain = 100 * effect("default", levers[answer], years=YEARS).mean
    if answer == "d":
        return right(
            f"{gain:+.1f} points. The others are real and smaller, and they help to win this one."
        )
    why = {
        "a": "Leaders can keep a slot out of the rota. While no slot stands anywhere, what would they keep?",
        "b": "Where the programme counts for something, fewer meetings are pushed aside. They can still be pushed.",
        "c": "A pair that gets on lets fewer meetings slip. It still has to find the time.",
    }
    names = {"a": "support with nothing to support", "b": "culture", "c": "relationship"}
    return hint(names[answer], f"{gain:+.1f} points. {why[answer]}")


@exercise("L7-3", "changes", "Sample school, pairs find their own time, and leaders will not touch the timetable (plan.meeting stays 'found', nobody meets in slots). Gain five points of a hundred or more of cycles held with one change of the plan that leaves the horizon alone.")  # fmt: skip
def without_the_timetable(answer: Changes) -> Outcome:
    """Find what a coordinator can do without timetabled time."""
    if found := _only_plan(answer):
        return found
    changed = scenario("default", answer)
    if found := _gave_up(changed):
        return found
    if changed.plan.meeting != "found" or "plan.preset" in answer:
        return hint(
            "touched the timetable",
            "That needs the timetable, which your leaders keep as it is. What can you do yourself, each week?",
        )
    if "plan.horizon" in answer:
        return hint(
            "the horizon",
            "A longer time to catch up helps, and here it is ruled out: find what keeps a cycle from going in its own week.",
        )
    gain = 100 * effect("default", answer, years=YEARS).mean
    if len(answer) > 1:
        return hint(
            "several changes",
            f"{gain:+.1f} points from {len(answer)} changes: keep the one that does it.",
        )
    if gain >= 5:
        return right(
            f"{gain:+.1f} points, for {_run('default', answer)['metrics']['coordinator_minutes']['mean'] / 60:.0f} hours of the coordinator's year."
        )
    if gain < 0:
        return hint("worse", f"{gain:+.1f} points: you took a way out from pairs who need it.")
    return hint("too little", f"{gain:+.1f} points. {_run('default', answer)['ledger']['slipped']:.1f} cycles a year still go to other things. Who hears of a lost meeting while the week can still be saved?")  # fmt: skip


# L8: finding slots

BARE: Changes = {"plan.recovery": ["reserve"], "plan.slots.T31.reserve": []}
"""Doug's school with nothing but reserve slots to fall back on, and none for his pair."""


@exercise("L8-1", "changes", f'Doug\'s school, and pairs may fall back on reserve slots only. Give his pair, T31, a reserve (plan.slots.T31.reserve, a list such as ["1Mon:4"]) so that his pair holds 15 or more cycles more in {YEARS} years.')  # fmt: skip
def a_reserve(answer: Changes) -> Outcome:
    """Find reserve slots for a pair."""
    changed = scenario("doug", {**BARE, **answer})
    before, after = (
        _run("doug", BARE)["pairs"]["T31"],
        _run("doug", {**BARE, **answer})["pairs"]["T31"],
    )
    reserve = changed.plan.slots_of("T31").reserve
    gain = after["held"] - before["held"]
    if "plan.recovery" in answer or "plan.meeting" in answer:
        return hint(
            "other means",
            "You opened other ways out. They would hide what the reserve does: leave recovery as it is.",
        )
    if not reserve:
        return hint(
            "no reserve",
            f"The pair has no reserve, and loses {before['due'] - before['held']} cycles of {before['due']}. Which free periods do the two share?",
        )
    if changed.plan.horizon == 0:
        return hint(
            "before the meeting",
            f"{gain:+d} cycles. The meeting is on a Thursday and your reserve is earlier: it can only help a cycle of the week before, and you left no time to catch up.",
        )
    weeks = {Slot.parse(s).week for s in reserve}
    if len(weeks) == 1:
        return hint(
            "one week of two",
            f"{gain:+d} cycles. Your reserve stands in week {weeks.pop()} of the timetable; in the other weeks nothing is there to fall back on.",
        )
    if gain < 15:
        return hint(
            "too little",
            f"{gain:+d} cycles. The reserve shares a risk with what it should save, or comes too late.",
        )
    return right(f"{gain:+d} cycles in {YEARS} years, of {before['due'] - before['held']} that were lost.")  # fmt: skip


@exercise("L8-2", "number", "In the sample calendar, how many more Mondays than Wednesdays of school weeks have no pupils?")  # fmt: skip
def mondays(answer: float) -> Outcome:
    """Count the days that the calendar takes."""
    calendar = scenario("default").school.calendar
    weeks = calendar.weeks(2)
    open_ = [d.weekday() for d in calendar.pupil_days]
    lost = {day: len(weeks) - open_.count(i) for i, day in ((0, "Mon"), (2, "Wed"), (4, "Fri"))}
    if _exactly(answer, lost["Mon"] - lost["Wed"]):
        return right(
            "A slot on Monday loses that many dates before the year has begun, whoever is ill."
        )
    if _exactly(answer, lost["Wed"] - lost["Mon"]) and answer < 0:
        return hint(
            "sign",
            "The sign says that Wednesdays lose more. Look at what INSET days and bank holidays like to be.",
        )
    insets = sum(s.kind == "inset" and s.first.weekday() == 0 for s in calendar.spans)
    if _exactly(answer, insets):
        return hint(
            "INSET only",
            "Those are the INSET days on a Monday. There is another kind of closed day.",
        )
    if _exactly(answer, 190 - len(weeks) * 4) or _exactly(answer, open_.count(0)):
        return hint(
            "days that are left", "That counts the Mondays with pupils. Count those without."
        )
    closed = sum(s.kind in ("inset", "bank_holiday") for s in calendar.spans)
    if _exactly(answer, closed):
        return hint(
            "all closed days", "That is every closed day in the term. Not all of them are Mondays."
        )
    return hint("another count", f"{answer:g} is not it. Count pupil days by weekday and take them from the number of school weeks.")  # fmt: skip


@exercise(
    "L8-3", "choice",
    "Abdi's Tuesday slot for study is taken away, and he studies whenever there is time. What changes in the model?",
    {
        "a": "more of his coaching cycles are lost",
        "b": "fewer modules are studied on time",
        "c": "he studies more, as he is free to choose",
        "d": "nothing",
    },
)  # fmt: skip
def abdis_tuesdays(answer: str) -> Outcome:
    """Compare a fixed study slot with a floating one."""
    floating: Changes = {"plan.slots.T13.study": []}
    on_time = effect("abdi", floating, "study_on_time", years=YEARS)
    held = effect("abdi", floating, years=YEARS)
    if answer == "b":
        return right(
            f"On time falls by {-100 * on_time.mean:.0f} points over the school's two ECTs. The step of the week is then on an older topic."
        )
    if answer == "a":
        return hint(
            "not the meetings",
            f"Cycles held change by {100 * held.mean:+.1f} points: a meeting has its own slot. Ask what the step can be about when the week's module is not done.",
        )
    if answer == "c":
        return hint(
            "freedom",
            f"Modules on time change by {100 * on_time.mean:+.0f} points. Time that is free for everything is taken by everything.",
        )
    return hint("something does", f"One of the measures moves by {100 * abs(on_time.mean):.0f} points in {YEARS} years on the same luck. It is not one about meetings.")  # fmt: skip


# L9: experiments


@exercise("L9-1", "number", "In the sample school, cycles held vary from year to year with a standard deviation of about 3.9 points of a hundred. How many simulated years make the 95 % interval of the mean one point wide to either side? Within five will do; take 1.96.")  # fmt: skip
def how_many_years(answer: float) -> Outcome:
    """Work out the number of replications for a half-width."""
    wanted = (1.96 * 3.9 / 1.0) ** 2
    if _near(answer, wanted, 5):
        got = analysis.estimate(results("default", years=YEARS).metric("completion_any"))
        return right(
            f"With {YEARS} years it is {100 * (got.hi - got.lo) / 2:.1f} points either side; for half of that one needs four times as many."
        )
    if _near(answer, wanted**0.5, 2):
        return hint(
            "square it",
            "The half-width falls with the root of the number of years, so the number grows with the square.",
        )
    if _near(answer, 3.9**2, 1):
        return hint(
            "the 1.96",
            "That is for an interval of one standard error. A 95 % interval is nearly twice as wide.",
        )
    if _near(answer, wanted / 4, 3):
        return hint(
            "width",
            "That makes the whole interval two points to either side. Half of the width is what lies on one side.",
        )
    if answer > 2 * wanted:
        return hint(
            "wasteful",
            "It would do, and most of the time would be spent on digits that nobody needs.",
        )
    return hint("off", f"With {answer:g} years the half-width is {1.96 * 3.9 / max(answer, 1) ** 0.5:.2f} points. Turn the formula round.")  # fmt: skip


@exercise(
    "L9-2", "choice",
    "Six cover supervisors in place of the usual number: is the sample school's plan better for it, by cycles held?",
    {
        "a": "better: more were held in the mean",
        "b": "worse: they cost money",
        "c": "too close to call: the difference is smaller than what matters",
        "d": "nobody can say: the interval holds zero",
    },
)  # fmt: skip
def close_call(answer: str) -> Outcome:
    """Read a verdict on a small, sure difference."""
    found = effect("default", {"plan.cover.supervisors": 6}, years=FINER)
    said = f"{100 * found.mean:+.2f} points, 95 % interval {100 * found.lo:+.2f} to {100 * found.hi:+.2f}"
    if answer == "c":
        return right(
            f"{said}: very likely above zero, and far below the {100 * analysis.SMALLEST_DIFFERENCE:.0f} points that would make anybody choose it."
        )
    if answer == "a":
        return hint(
            "any gain will do",
            f"{said}. Held against the smallest difference that matters, what is that worth?",
        )
    if answer == "b":
        return hint(
            "another measure",
            "The verdict is about cycles held. Cost is a measure of its own, and stands beside it.",
        )
    return hint("the interval", f"{said}. Look again where zero is. Being sure of the sign is one thing, and what is the other?")  # fmt: skip


@exercise("L9-3", "number", "A check-in of 30 minutes is compared with none in the sample school: once on the same luck (seed 1 and seed 1), once on different luck (seed 1 and seed 2). How many times wider is the second interval? To within 0.3; twenty years each.")  # fmt: skip
def worth_of_pairing(answer: float) -> Outcome:
    """Compare the precision of paired and unpaired differences."""
    checked: Changes = {"plan.checkin_min": 30}
    base = results("default", years=FINER).metric("completion_any")
    same = analysis.paired(base, results("default", checked, years=FINER).metric("completion_any"))
    other = analysis.paired(
        base, results("default", checked, years=FINER, seed=2).metric("completion_any")
    )
    ratio = (other.hi - other.lo) / (same.hi - same.lo)
    if _near(answer, ratio, 0.3):
        return right(
            f"{ratio:.1f} times as wide: it would take {ratio**2:.1f} times as many years on different luck to say it as exactly."
        )
    if _near(answer, ratio**2, 0.5):
        return hint(
            "years, not width",
            "That is how many times as many years one would need. The question is about the width.",
        )
    if _near(answer, 1 / ratio, 0.1):
        return hint("upside down", "You divided the narrow one by the wide one.")
    if _near(answer, 1, 0.15):
        return hint(
            "no difference",
            "With the same width there would be no point in sharing luck. Look at lo and hi of both.",
        )
    return hint("off", f"{answer:g} is not it. effect() gives lo and hi on shared luck; for the other, run the second plan with seed=2 and take differences year by year.")  # fmt: skip


# L10: calibrate and re-forecast

SEEN = 12
"""Weeks of the log in the exercises of lesson 10."""
WANTED = 0.70
"""What the school of lesson 10 would like to have held at the year's end."""
MARKS = (6, 12, 18, 24, 30, 36)
"""Weeks after which it may look at its forecast."""


@exercise(
    "L10-1", "choice",
    f"The first {SEEN} weeks of the primary school's log are in. What do they tell?",
    {
        "a": "that illness is what takes the cycles in this school",
        "b": "each of the school's own rates, now that there are data",
        "c": "roughly how the year will end, and hardly which rates make it so",
        "d": "nothing, as it is too early",
    },
)  # fmt: skip
def what_a_log_tells(answer: str) -> Outcome:
    """Tell what is learnt from a log of counts from what is not."""
    found = forecast(log(SEEN))
    learnt = [r for r in found.rates if r.learnt]
    if answer == "a":
        ill = next(r for r in found.rates if r.name == "conditions.sickness_days")
        return hint(
            "a cause",
            f"Days of sickness were put between {ill.low:g} and {ill.high:g} before, and lie between {ill.lo:.1f} and {ill.hi:.1f} now. Which column of the log could tell illness from anything else?",
        )
    if answer == "b":
        return hint(
            "every rate",
            f"{len(learnt)} of {len(found.rates)} ranges became narrower by a fifth or more. Look at the last column of the table: many different schools write this log.",
        )
    if answer == "d":
        return hint(
            "nothing",
            f"After {SEEN} weeks the year's end is put between {100 * found.lo:.0f} and {100 * found.hi:.0f} of 100. Hold that against all that is possible, and against what six weeks gave.",
        )
    return right(
        f"The year's end between {100 * found.lo:.0f} and {100 * found.hi:.0f} of 100; and {len(found.rates) - len(learnt)} of {len(found.rates)} rates as open as before."
    )


@exercise("L10-2", "number", f"After week {SEEN} the school would like to have held {100 * WANTED:.0f} of 100 of the year's due cycles at its end. What share of the cycles that are still due must it hold, in percent? Within half a percent.")  # fmt: skip
def what_is_needed(answer: float) -> Outcome:
    """Work out what a target asks of the rest of the year."""
    found = forecast(log(SEEN))
    known, later = found.log, found.due - found.log.due
    need = 100 * (WANTED * found.due - known.met) / later
    if _near(answer, need, 0.5):
        return right(
            f"In the weeks to come the forecast is {100 * found.rest:.0f} of 100: without a change it will not be enough."
        )
    if _near(answer, 100 * WANTED, 0.5):
        return hint(
            "the target itself",
            f"With that share of the rest the year would end at {100 * (known.met + answer / 100 * later) / found.due:.0f} of 100: {known.due - known.met} cycles are lost already, and count.",
        )
    if _near(answer, 100 * found.rest, 0.5):
        return hint(
            "the forecast",
            f"That is what is to be expected of the rest. The year would then end at {100 * found.mean:.0f} of 100; how much is it short?",
        )
    if _near(answer, 100 * WANTED * found.due / later, 0.5):
        return hint(
            "as if nothing was held",
            f"{known.met} cycles are held already, and count. Take them from what is wanted first.",
        )
    if _near(answer, 100 * (WANTED - found.so_far), 0.5):
        return hint("the gap", "That is how far the school is from its target, in points. The question is about a share of what is still due.")  # fmt: skip
    return hint("off", f"With {answer:g} % of the {later} that are still due the year ends at {100 * (known.met + answer / 100 * later) / found.due:.0f} of 100.")  # fmt: skip


@exercise("L10-3", "changes", f"It is the end of week {SEEN}. With one change of the plan, raise the year's end by five points of a hundred or more. The timetable stays as it is (plan.preset, plan.meeting and plan.slots are not yours to change), and no tight part is given up.")  # fmt: skip
def from_this_week_on(answer: Changes) -> Outcome:
    """Find a change that still helps in the middle of the year."""
    if found := _only_plan(answer):
        return found
    changed = scenario("primary", answer)
    if found := _gave_up(changed):
        return found
    if any(k in ("plan.preset", "plan.meeting") or k.startswith("plan.slots") for k in answer):
        return hint(
            "touched the timetable",
            "That asks for somebody to take classes from next week on, and the timetable is frozen. What can a coordinator begin on Monday?",
        )
    if len(answer) != 1:
        return hint("not one change", f"{len(answer)} changes: with one, one knows what did it.")
    gain = 100 * from_now(log(SEEN), answer).mean
    later = 1 - SEEN / 39
    if gain >= 5:
        return right(
            f"{gain:+.1f} points at the year's end, from the {100 * later:.0f} % of the year that is left."
        )
    if gain <= -1:
        return hint("worse", f"{gain:+.1f} points at the year's end: in this school that is the way out by which pairs still meet.")  # fmt: skip
    return hint("too little", f"{gain:+.1f} points at the year's end. Nobody in this school has a free period: who hears of a lost meeting, and how long may it be made up for?")  # fmt: skip


@exercise("L10-4", "number", f"The coordinator will tell the head how the year ends as soon as the 95 % interval is less than 25 points of a hundred wide. She looks after weeks {', '.join(map(str, MARKS))}. After which week is it first so?")  # fmt: skip
def when_to_tell(answer: float) -> Outcome:
    """Find when a forecast is narrow enough."""
    if answer not in MARKS:
        return hint(
            "not a week",
            "She does not look then. The table of the lesson has the weeks that count.",
        )
    widths = {w: 100 * (f.hi - f.lo) for w in MARKS for f in (forecast(log(w)),)}
    first = next(w for w in MARKS if widths[w] < 25)
    if answer == first:
        return right(f"It is {widths[first]:.0f} points wide then, and {100 * (1 - first / 39):.0f} % of the year are left to act in.")  # fmt: skip
    if answer < first:
        return hint(
            "too early",
            f"It is still {widths[int(answer)]:.0f} points wide then. She would tell the head a number, and the spring another.",
        )
    if answer == MARKS[-1]:
        return hint(
            "when it is over",
            f"It is {widths[int(answer)]:.0f} points wide then, and hardly a cycle is left that anybody could save.",
        )
    return hint("later than needed", f"It is {widths[int(answer)]:.0f} points wide then. Subtract from each other the last two columns of the table, from the top.")  # fmt: skip


# L11: the dossier


@exercise(
    "L11-1", "choice",
    "A governor has read the dossier. What may she rely on?",
    {
        "a": "that her own school will keep as many cycles as the dossier's plan does",
        "b": "that every comparison with the world came out well, or it would not have been written",
        "c": "that the numbers come from sources, as a model should not assume anything",
        "d": "that the program keeps its own laws in the cases looked at, and says what it assumes and misses",
    },
)  # fmt: skip
def what_a_dossier_tells(answer: str) -> Outcome:
    """Say what a dossier shows and what it does not."""
    if answer == "a":
        mine, other = (_points(_run(name)) for name in ("default", "primary"))
        return hint(
            "my school",
            f"Under one and the same plan the sample secondary holds {mine:.0f} of 100 and the sample primary {other:.0f}. Which of them is hers?",
        )
    if answer == "b":
        found = analysis.estimate(replicate(arm(2, 0.289), replications=4).metric("logged_any"))
        return hint(
            "all is well",
            f"The arm that was predicted comes to {100 * found.mean:.0f} % here, and its band ends at {100 * BAND_2[1]:.0f}. The dossier was written all the same. What stops it?",
        )
    if answer == "c":
        known = numbers()
        assumed = sum(n.status == "assumption" for n in known)
        return hint(
            "no assumptions",
            f"{assumed} of {len(known)} numbers and choices are marked as assumptions in the register. Look at what each of them carries beside its value.",
        )
    held = laws.check("conservation", seed=1, years=1)
    return right(f"The first law, for instance: {held.seen}.")


# R: research

PILOT = 10
"""Years of the pilot in the exercise on an experiment of one's own."""


@exercise("R1-1", "number", f"The primary school, {PILOT} years as a pilot: how many years are needed to know the effect of one more week to catch up (plan.horizon from 0 to 1) on cycles held to one point of a hundred to either side, on shared luck? Within a tenth of it; take 1.96.")  # fmt: skip
def years_from_a_pilot(answer: float) -> Outcome:
    """Work out a number of years from a pilot's paired differences."""
    arms = [
        results("primary", {"plan.horizon": h}, years=PILOT).metric("completion_any")
        for h in (0, 1)
    ]
    gaps = [b - a for a, b in zip(*arms, strict=True)]

    def needed(values: list[float]) -> float:
        return (1.96 * stdev(values) / 0.01) ** 2

    want, apart = needed(gaps), needed(arms[0]) + needed(arms[1])
    if _near(answer, want, 0.1 * want):
        return right(f"On luck of their own the two plans would need {apart:.0f} years each.")
    if _near(answer, apart, 0.1 * apart) or _near(answer, needed(arms[0]), 0.1 * needed(arms[0])):
        return hint(
            "not paired",
            f"That comes from how each plan varies by itself. Both live through the same years: take the {PILOT} differences first, then their standard deviation.",
        )
    if _near(answer, want**0.5, 0.1 * want**0.5):
        return hint("square it", f"With {answer:g} years the half-width is {100 * 1.96 * stdev(gaps) / answer**0.5:.1f} points. It falls with the root of the number of years.")  # fmt: skip
    if _near(answer, want / 1.96**2, 0.1 * want / 1.96**2):
        return hint("the 1.96", "That makes one standard error a point. A 95 % interval reaches nearly twice as far.")  # fmt: skip
    return hint("off", f"With {answer:g} years the half-width is {100 * 1.96 * stdev(gaps) / max(answer, 1) ** 0.5:.2f} points.")  # fmt: skip


@exercise(
    "R2-1", "choice",
    "Arm 2 was predicted, and lies above its band. What is to be done?",
    {
        "a": "fit the chance of slipping once more, so that arm 2 lies in its band as well",
        "b": "call it met: with few years its interval reaches into the band",
        "c": "call it missed, leave the fit alone, and look for what costs such schools cycles",
        "d": "drop the comparison, as the account is of other schools",
    },
)  # fmt: skip
def a_missed_arm(answer: str) -> Outcome:
    """Say what follows from a target that is missed."""

    def held(which: int, slip: float) -> float:
        found = replicate(arm(which, slip), replications=4).metric("logged_any")
        return 100 * sum(found) / len(found)

    if answer == "a":
        top = SLIP_RANGE[1]
        return hint(
            "fit again",
            f"At the top of the range, {top:.2f}, arm 2 comes to {held(2, top):.0f} % on record and arm 1 falls to {held(1, top):.0f} %. A number that is moved until everything agrees has been told the answer.",
        )
    if answer == "b":
        found = analysis.estimate(replicate(arm(2, 0.289), replications=3).metric("logged_any"))
        return hint(
            "few years",
            f"With three years the interval reaches from {100 * found.lo:.0f} to {100 * found.hi:.0f} %: with few enough it meets any band. Which number did the rule name beforehand?",
        )
    if answer == "d":
        return hint(
            "not our schools",
            f"It was in the rule before the first run, with that very caveat. Would you have dropped it at {100 * (BAND_2[0] + BAND_2[1]) / 2:.0f} %?",
        )
    return right(
        f"With what was fitted to arm 1, arm 2 comes to {held(2, 0.289):.0f} % here; the band ends at {100 * BAND_2[1]:.0f}. What is missing takes cycles from schools that have slots."
    )


@exercise(
    "R3-1", "choice",
    "In the sample secondary school each pair gets a slot instead of finding time. Which of these assumptions moves that effect most, from one end of its range to the other?",
    {
        "a": "days of sickness a teacher (conditions.sickness_days)",
        "b": "how often found time slips (conditions.slip_found)",
        "c": "the culture of the school (conditions.culture)",
        "d": "how fast a habit is lost (conditions.habit_loss)",
    },
)  # fmt: skip
def what_moves_it(answer: str) -> Outcome:
    """Find the assumption on which an effect hangs."""
    names = {
        "a": "conditions.sickness_days", "b": "conditions.slip_found",
        "c": "conditions.culture", "d": "conditions.habit_loss",
    }  # fmt: skip
    change = {"plan.preset": "timetabled"}
    moved = {}
    for letter, (name, ends) in zip(
        names, studies.ranges(list(names.values())).items(), strict=True
    ):
        low, high = (100 * effect("default", change, base={name: e}, years=3).mean for e in ends)
        moved[letter] = (low, high)
    most = max(moved, key=lambda k: abs(moved[k][1] - moved[k][0]))
    low, high = moved[answer]
    said = f"At the ends of its range a slot brings {low:+.1f} and {high:+.1f} points"
    if answer == most:
        return right(f"{said}. The sign holds, the size does not; and nobody has counted it.")
    rules = {
        "a": ("sickness", "illness strikes both plans, and shared luck takes out what is common."),
        "b": ("slipping", "something moves it more."),
        "c": ("culture", "it works through what slips. What does it work on?"),
        "d": ("habit", "a habit changes how often something else happens. What is that?"),
    }
    rule, why = rules[answer]
    return hint(rule, f"{said}: something else moves it more. Think: {why}")


@exercise("R4-1", "number", "In the school quiet with no way out and nothing but illness, at 19 days a teacher and year of 190: what share of pair E1's cycles is held? To within half a point of a hundred; give it as a number between 0 and 1.")  # fmt: skip
def two_who_are_well(answer: float) -> Outcome:
    """Work out the share of days on which two people are both well."""
    q = 19 / 190
    form = (1 - q) ** 2
    if _near(answer, form, 0.005):
        found = studies.calm({"conditions.sickness_days": 19.0}, 60, "E1")
        return right(
            f"The model says {found.mean:.3f} ({found.lo:.3f} to {found.hi:.3f}) in 60 years."
        )
    if _near(answer, 1 - q, 0.01):
        return hint("one of two", "That is how often one of them is well. A meeting takes two.")
    if _near(answer, 1 - 2 * q, 0.005):
        return hint(
            "counted twice",
            "You took away both people's days. On some days both are ill, and those are lost once.",
        )
    if _near(answer, q, 0.01) or _near(answer, 1 - form, 0.01):
        return hint("what is lost", "That is about days that are lost. The question is about what is held.")  # fmt: skip
    if answer > 1:
        return hint("percent", "A number between 0 and 1 is asked for.")
    return hint("off", f"{answer:g} is not it. How likely is it that somebody is well on a day, and how likely that two are who do not infect each other?")  # fmt: skip


SCHOOLS = 60
"""Made-up schools behind the exercise on England."""


@lru_cache(maxsize=2)
def _cohort(plan: str) -> cohort.Result:
    return cohort.run(schools=SCHOOLS, plan=plan)


@exercise(
    "R6-1", "choice",
    f"In {SCHOOLS} made-up schools each pair gets a slot instead of finding time. Which ECTs gain most cycles held in full, in points of a hundred?",
    {
        "a": "those in secondaries, where timetables are complicated",
        "b": "those in primaries",
        "c": "those in schools with five ECTs or more",
        "d": "all gain alike, as the plan is the same",
    },
)  # fmt: skip
def whom_it_reaches(answer: str) -> Outcome:
    """Find the schools in which a rule changes most."""
    found, slotted = (_cohort(p) for p in ("found_time", "timetabled"))

    def gain(by: str, name: str) -> float:
        before, after = (
            next(g.full for g in r.groups()[by] if g.name == name) for r in (found, slotted)
        )
        return 100 * (after[0] - before[0]) if before and after else 0.0

    gains = {
        "a": gain("phase", "secondary"), "b": gain("phase", "primary"), "c": gain("ects", "5 ECTs or more"),
    }  # fmt: skip
    if answer == "d":
        return hint(
            "all alike",
            f"Over groups the gain lies between {min(gains.values()):.0f} and {max(gains.values()):.0f} points. The plan is the same; what it replaces is not.",
        )
    if gains[answer] == max(gains.values()):
        return right(f"{gains[answer]:+.0f} points: without a slot nobody there can see a colleague teach.")  # fmt: skip
    rule = {"a": "complicated", "b": "small", "c": "many"}[answer]
    return hint(rule, f"{gains[answer]:+.0f} points, and another group gains more. In which school is there no free period at all in which a mentor could visit?")  # fmt: skip
