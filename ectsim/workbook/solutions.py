"""Reference answers, and wrong answers that are foreseen: for trainers and for the tests.

Do not read on before you have tried.
"""

from __future__ import annotations

from dataclasses import dataclass

from ectsim.workbook.questions import LOOSE_CARDS, SHARED_CARDS

__all__ = ["SOLUTIONS", "Solution"]


@dataclass(frozen=True, slots=True)
class Solution:
    """A reference answer, and wrong ones by the rule that speaks to them."""

    answer: object
    wrong: dict[str, object]


def _cards(cards: tuple[str, ...], piles: str, names: tuple[str, str]) -> dict[str, str]:
    """Sort cards: a letter a card, the first of each pile's name."""
    by_letter = {n[0]: n for n in names}
    return {card: by_letter[letter] for card, letter in zip(cards, piles, strict=True)}


KNOW = (
    "a predictable room makes pupils feel safe",
    "give instructions in a few exact parts",
    "beginners gain from watching a thing done well",
    "work an example aloud in front of the class",
)
KINDS = ("knowing", "doing")
PILES = ("shared", "different")
CLASSES = ("tight", "loose")

SOLUTIONS: dict[str, Solution] = {
    "L0-1": Solution("b", {"ranks people": "a", "pupils": "c", "staying": "d"}),
    "L1-1": Solution(60, {
        "a stream is missing": 54, "one conference's hours": 48, "coaching is in it": 102.75,
        "the mentor's hours are in it": 78, "the first year only": 51, "another sum": 100,
    }),
    "L1-2": Solution(85.5, {
        "the second year's share": 42.75, "a week": 2.25, "what is left": 769.5,
        "what is asked": 79.5, "another sum": 90,
    }),
    "L1-3": Solution(_cards(KNOW, "kdkd", KINDS), {
        "one pile": _cards(KNOW, "kkkk", KINDS), "swapped": _cards(KNOW, "dkdk", KINDS),
        "a card is wrong": _cards(KNOW, "kdkk", KINDS),
    }),
    "L2-1": Solution(57, {
        "weekly for ever": 76, "one year": 38.0, "another count": 58,
    }),
    "L2-2": Solution({"plan.protected_min": 60}, {
        "another lever": {"plan.protected_min": 60, "plan.horizon": 2},
        "the meeting alone": {"plan.protected_min": 45}, "too few": {"plan.protected_min": 59},
        "more than asked": {"plan.protected_min": 90},
    }),
    "L2-3": Solution("d", {"cover": "a", "mentor_absent": "b", "event": "c"}),
    "L2-4": Solution({"plan.preset": "timetabled"}, {
        "wished the school different": {"conditions.slip_found": 0.0},
        "gave up a tight part": {"plan.gate": "ignore"},
        "several changes": {"plan.horizon": 2, "plan.checkin_min": 30},
        "minutes without a place": {"plan.protected_min": 120},
        "guarding what is not there": {"plan.protection.mentor": "guaranteed"},
        "worse": {"plan.before_after": False},
        "too little": {"plan.checkin_min": 30},
    }),
    "L3-1": Solution(25, {
        "when it was needed": 24, "the module's number": 22, "the strand's week": 10, "another week": 30,
    }),
    "L3-2": Solution(24, {
        "all of them": 36, "the other part": 12, "cycles, not modules": 0, "repeats count once": 5,
        "another count": 20,
    }),
    "L3-3": Solution("c", {"waiting costs": "a", "ahead of study": "b", "it does": "d"}),
    "L4-1": Solution(["praise", "share", "model", "analyse", "practise"], {
        "practice before the model": ["praise", "share", "practise", "model", "analyse"],
        "analysis of nothing": ["praise", "share", "analyse", "model", "practise"],
        "the old step after the new": ["share", "praise", "model", "analyse", "practise"],
        "the end is not the end": ["praise", "share", "model", "practise", "analyse"],
    }),
    "L4-2": Solution({"plan.meeting_min": 40}, {
        "gave up a tight part": {"plan.meeting_min": 30, "plan.reps": 1},
        "another lever": {"plan.meeting_min": 40, "plan.horizon": 2},
        "too short": {"plan.meeting_min": 30}, "not shorter": {"plan.meeting_min": 50},
        "further": {"plan.meeting_min": 44},
    }),
    "L4-3": Solution(_cards(SHARED_CARDS, "sssdd", PILES), {
        "nothing differs": _cards(SHARED_CARDS, "sssss", PILES),
        "nothing is shared": _cards(SHARED_CARDS, "ddddd", PILES),
        "reflection": _cards(SHARED_CARDS, "sssds", PILES),
        "who steers": _cards(SHARED_CARDS, "ssssd", PILES),
        "a shared card is missing": _cards(SHARED_CARDS, "dssdd", PILES),
    }),
    "L5-1": Solution({"plan.training_release": "time_back"}, {
        "wished the school different": {"conditions.upload_failure": 0.0},
        "gave up a tight part": {"plan.gate": "ignore"},
        "no loose option": {"plan.horizon": 2},
        "it costs": {"plan.video": True},
        "no effect here": {"plan.pastoral_by_other": True},
    }),
    "L5-2": Solution(_cards(LOOSE_CARDS, "tltltl", CLASSES), {
        "swapped": _cards(LOOSE_CARDS, "ltltlt", CLASSES),
        "too strict": _cards(LOOSE_CARDS, "tttltl", CLASSES),
        "the beat": _cards(LOOSE_CARDS, "tllltl", CLASSES),
        "too generous": _cards(LOOSE_CARDS, "lltltl", CLASSES),
    }),
    "L6-1": Solution(29, {
        "the whole meeting": 45, "the first weeks": 33, "too quick": 15, "off": 24,
    }),
    "L6-2": Solution("b", {"cycles": "a", "it does something": "c", "the other way": "d"}),
    "L7-1": Solution(15, {
        "sign": -15, "in full": 22, "cycles a year": 27, "a level": 98, "off": 5,
    }),
    "L7-2": Solution("d", {
        "support with nothing to support": "a", "culture": "b", "relationship": "c",
    }),
    "L7-3": Solution({"plan.checkin_min": 30}, {
        "wished the school different": {"conditions.culture": 0.9},
        "gave up a tight part": {"plan.gate": "ignore"},
        "touched the timetable": {"plan.preset": "timetabled"},
        "the horizon": {"plan.horizon": 2},
        "several changes": {"plan.checkin_min": 30, "plan.meeting_min": 60},
        "worse": {"plan.before_after": False}, "too little": {"plan.protected_min": 120},
    }),
    "L8-1": Solution({"plan.slots.T31.reserve": ["1Wed:1", "2Tue:3"]}, {
        "other means": {"plan.recovery": ["reserve", "common_free"]}, "no reserve": {},
        "before the meeting": {"plan.slots.T31.reserve": ["1Wed:1", "2Tue:3"], "plan.horizon": 0},
        "one week of two": {"plan.slots.T31.reserve": ["1Wed:1"]},
    }),
    "L8-2": Solution(4, {
        "sign": -4, "INSET only": 3, "days that are left": 35, "all closed days": 5,
        "another count": 10,
    }),
    "L8-3": Solution("b", {"not the meetings": "a", "freedom": "c", "something does": "d"}),
    "L9-1": Solution(58, {
        "square it": 8, "the 1.96": 15.2, "width": 14, "wasteful": 1000, "off": 40,
    }),
    "L9-2": Solution("c", {"any gain will do": "a", "another measure": "b", "the interval": "d"}),
    "L9-3": Solution(2.6, {
        "years, not width": 7.0, "upside down": 0.45, "no difference": 1, "off": 8,
    }),
    "L10-1": Solution("c", {"a cause": "a", "every rate": "b", "nothing": "d"}),
    "L10-2": Solution(72.6, {
        "the target itself": 70, "the forecast": 62.0, "as if nothing was held": 100.8, "the gap": 6.4,
        "off": 90,
    }),
    "L10-3": Solution({"plan.checkin_min": 30}, {
        "wished the school different": {"conditions.culture": 0.9},
        "gave up a tight part": {"plan.gate": "ignore"},
        "touched the timetable": {"plan.preset": "timetabled"},
        "not one change": {"plan.checkin_min": 30, "plan.horizon": 2},
        "worse": {"plan.before_after": False}, "too little": {"plan.protected_min": 120},
    }),
    "L10-4": Solution(24, {
        "not a week": 20, "too early": 12, "later than needed": 30, "when it is over": 36,
    }),
    "L11-1": Solution("d", {"my school": "a", "all is well": "b", "no assumptions": "c"}),
    "R1-1": Solution(44, {"not paired": 200, "square it": 6.6, "the 1.96": 11.5, "off": 1000}),
    "R2-1": Solution("c", {"fit again": "a", "few years": "b", "not our schools": "d"}),
    "R3-1": Solution("b", {"sickness": "a", "culture": "c", "habit": "d"}),
    "R4-1": Solution(0.81, {
        "one of two": 0.90, "counted twice": 0.8, "what is lost": 0.19, "percent": 81, "off": 0.5,
    }),
    "R6-1": Solution("b", {"complicated": "a", "many": "c", "all alike": "d"}),
}  # fmt: skip
"""By exercise."""
