"""The coordinator's dashboard in words: its questions, its fixes and its sentences.

Plain functions on plain data; nothing here shows anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "ASKED",
    "DEFAULTS",
    "FIXES",
    "MEANS",
    "MORE",
    "PARAMETER",
    "PLAN_BASES",
    "QUESTIONS",
    "SCHOOL_QUESTIONS",
    "TIGHT",
    "applicable",
    "cost_rows",
    "derived",
    "fix_sentences",
    "of_hundred",
    "plain",
    "python_lines",
    "said",
    "signed",
    "slot_rows",
    "tiles",
]

MEANS = ("reserve", "common_free", "before_after", "video", "split")
"""What a lost meeting may use, in the order in which the plan names them."""

PLAN_BASES = {"found": "found_time", "fixed": "timetabled"}
"""The plan that ships from which a choice of the meeting's time starts."""

_COVER = [
    ["none", "Yes, like anybody else"],
    ["last", "Only when nobody else is free"],
    ["guaranteed", "No, never"],
]

QUESTIONS: list[dict[str, Any]] = [
    {
        "name": "plan.meeting",
        "ask": "When do a mentor and an ECT meet?",
        "why": "Time that is on no timetable competes with everything else that comes up.",
        "options": [
            ["found", "They find a time themselves, week by week"],
            ["fixed", "Each pair has a slot on the timetable"],
        ],
        "default": "found",
    },
    {
        "name": "plan.protection.mentor",
        "ask": "May a mentor be called to cover in a slot?",
        "why": "A mentor who is free on paper is the first whom a cover list sees.",
        "options": _COVER,
        "default": "none",
        "fixed": True,
    },
    {
        "name": "plan.protection.ect",
        "ask": "May an ECT be called to cover in a slot?",
        "why": "An ECT's released time is meant for induction only.",
        "options": _COVER,
        "default": "none",
        "fixed": True,
    },
    {
        "name": "reserve",
        "ask": "Keep a reserve slot for each pair",
        "why": "A second time that both know of takes a meeting that could not be held in the first.",
        "default": False,
        "fixed": True,
    },
    {
        "name": "plan.before_after",
        "ask": "Pairs may also meet before or after school",
        "why": "It is meant to be the exception, and always in contracted time; other things often "
        "take it.",
        "default": True,
    },
    {
        "name": "plan.horizon",
        "ask": "How long may a lost meeting be caught up?",
        "why": "Catching up saves a cycle, and the next one is soon due.",
        "options": [
            [0, "Not at all: it goes with its week"],
            [1, "For one more week"],
            [2, "For two more weeks"],
        ],
        "default": 0,
    },
    {
        "name": "video",
        "ask": "Use a video of the lesson when the mentor could not visit one",
        "why": "A meeting without a lesson seen before it counts as held in part only.",
        "default": False,
    },
    {
        "name": "split",
        "ask": "A meeting may be split, its coaching part held over lunch",
        "why": "Half an hour is easier to find than a whole lesson's time.",
        "default": False,
    },
    {
        "name": "plan.checkin_min",
        "ask": "How long do you check in with the mentors each week?",
        "hint": "0 means no check-in.",
        "why": "You see what was missed and help to find a new time; more gets put on record.",
        "unit": "minutes",
        "kind": "slider",
        "low": 0,
        "high": 60,
        "step": 5,
        "default": 0,
    },
]
"""The plan, one question each; those with ``fixed`` are asked only where there are slots."""

SCHOOL_QUESTIONS: list[dict[str, Any]] = [
    {
        "name": "plan.cover.supervisors",
        "ask": "How many cover supervisors have you?",
        "why": "They are called before any teacher, so they keep mentors and ECTs free.",
        "unit": "people",
        "low": 0,
        "high": 20,
        "step": 1,
        "default": 2,
    },
    {
        "name": "conditions.leader_support",
        "ask": "Do leaders step in when induction time is under threat?",
        "why": "A leader who steps in keeps a threatened slot off the cover list.",
        "options": [[0.2, "Rarely"], [0.5, "Now and then"], [0.9, "Nearly always"]],
        "default": 0.5,
    },
    {
        "name": "conditions.sickness_days",
        "ask": "How many days is a teacher ill in a year?",
        "hint": "5.5 is usual; 9.3 is a year with a hard winter.",
        "why": "Illness of any teacher, not only of the pair, calls free colleagues to cover.",
        "unit": "days",
        "low": 0,
        "high": 40,
        "default": 5.5,
    },
]

TIGHT: list[dict[str, Any]] = [
    {
        "name": "plan.observe",
        "ask": "A lesson is visited before each meeting",
        "why": "The step that is coached comes from what was seen.",
        "default": True,
    },
    {
        "name": "plan.model",
        "ask": "The mentor shows the step before the ECT tries it",
        "why": "A step that was never shown is practised wrongly.",
        "default": True,
    },
    {
        "name": "plan.reps",
        "ask": "How many times does the ECT rehearse a step in the meeting?",
        "hint": "The programme asks for at least 2.",
        "why": "The first rehearsal shows what is hard; the second puts it right.",
        "unit": "times",
        "low": 0,
        "high": 6,
        "step": 1,
        "default": 2,
    },
    {
        "name": "plan.gate",
        "ask": "What if an ECT needs something that has not been studied yet?",
        "why": "Coaching rests on what was studied before.",
        "kind": "select",
        "options": [
            ["deepen", "Stay with a topic that was studied"],
            ["postpone", "Put the meeting off until it is studied"],
            ["ignore", "Coach it anyway"],
        ],
        "default": "deepen",
    },
    {
        "name": "plan.cadence",
        "ask": "How often is a cycle planned?",
        "why": "The programme sets the rhythm: weekly in the first year.",
        "kind": "select",
        "options": [[1, "Every time one is due"], [2, "Every second time"]],
        "default": 1,
    },
]

MORE: list[dict[str, Any]] = [
    {
        "name": "plan.meeting_min",
        "ask": "How long is a meeting?",
        "why": "A short meeting is easier to place and may end before the practice is done.",
        "unit": "minutes",
        "low": 10,
        "high": 120,
        "step": 1,
        "default": 45,
    },
    {
        "name": "plan.video",
        "ask": "Lessons are always seen by video, never by a visit",
        "why": "No period has to be found in which one teaches and the other is free.",
        "default": False,
    },
    {
        "name": "plan.pastoral_by_other",
        "ask": "A colleague takes on the pastoral part",
        "why": "The hour then stays with coaching.",
        "default": False,
    },
    {
        "name": "conditions.culture",
        "ask": "Is the programme seen as a priority in your school?",
        "why": "Where it is, other things push meetings aside less often.",
        "kind": "select",
        "options": [[0.2, "Hardly"], [0.5, "By some"], [0.9, "By nearly everybody"]],
        "default": 0.5,
    },
    {
        "name": "conditions.slip_found",
        "ask": "How often does something else take a time that is on no timetable?",
        "hint": "As a share: 0.2 is one time in five.",
        "why": "Duties, parents, marking and meetings compete with time that nobody protects.",
        "low": 0,
        "high": 1,
        "default": 0.2,
    },
    {
        "name": "conditions.planned_absence",
        "ask": "On what share of days are staff away on trips, training or exams?",
        "hint": "As a share: 0.02 is one day in fifty.",
        "why": "Known absence needs cover as well.",
        "low": 0,
        "high": 0.3,
        "default": 0.02,
    },
    {
        "name": "plan.cover.supply_cost_day",
        "ask": "What does a supply teacher cost a day?",
        "why": "For the cost below; it changes no other number.",
        "unit": "pounds",
        "low": 0,
        "high": 2000,
        "step": 1,
        "default": 291,
    },
    {
        "name": "years",
        "ask": "How many years shall be simulated?",
        "hint": "More years take longer and make the averages surer.",
        "why": "One year is luck; many years show what to expect.",
        "kind": "select",
        "options": [[20, "20, a quick look"], [50, "50"], [200, "200"], [1000, "1,000"]],
        "default": 200,
    },
    {
        "name": "seed",
        "ask": "Which set of years? (the seed)",
        "hint": "Another number deals other illnesses on other days.",
        "why": "The same number gives the same years, and so the same figures, anywhere.",
        "low": 0,
        "high": 999_999_999,
        "step": 1,
        "default": 1,
    },
]

ASKED = (
    "plan.meeting",
    "plan.protection.mentor",
    "plan.protection.ect",
    "plan.checkin_min",
    "plan.cover.supervisors",
    "conditions.leader_support",
    "conditions.sickness_days",
)
"""The questions of the description, one a screen; all others begin with what is usual."""

PARAMETER = dict.fromkeys(("reserve", "video", "split"), "plan.recovery")
"""The parameter behind a question that has another name."""

DEFAULTS: dict[str, Any] = {
    q["name"]: q["default"] for q in (*QUESTIONS, *SCHOOL_QUESTIONS, *TIGHT, *MORE)
}

FIXES: list[dict[str, Any]] = [
    {
        "title": "Put every pair on the timetable",
        "text": "Each pair gets a slot for the meeting and one for the visit, found free for both.",
        "when": {"plan.meeting": "found"},
        "set": {"plan.meeting": "fixed"},
    },
    {
        "title": "Keep the visits",
        "text": "A lesson is seen before every meeting again.",
        "when": {"plan.observe": False},
        "set": {"plan.observe": True},
    },
    {
        "title": "Check in every week",
        "text": "Thirty minutes of yours a week, to find new times for what was missed.",
        "when": {},
        "set": {"plan.checkin_min": 30},
    },
    {
        "title": "Allow a video",
        "text": "When the mentor could not visit a lesson, they watch a recording of one.",
        "when": {"plan.video": False, "plan.observe": True},
        "set": {"video": True},
    },
    {
        "title": "Protect the slots",
        "text": "Neither mentor nor ECT is called to cover in a slot.",
        "when": {"plan.meeting": "fixed"},
        "set": {"plan.protection.mentor": "guaranteed", "plan.protection.ect": "guaranteed"},
    },
    {
        "title": "Add a reserve slot",
        "text": "A second time for each pair takes a meeting that was lost.",
        "when": {"plan.meeting": "fixed"},
        "set": {"reserve": True},
    },
    {
        "title": "Catch up within a week",
        "text": "A lost meeting may be held in the week after.",
        "when": {"plan.horizon": 0},
        "set": {"plan.horizon": 1},
    },
    {
        "title": "Ask leaders to step in",
        "text": "Leaders keep threatened slots off the cover list.",
        "when": {},
        "set": {"conditions.leader_support": 0.9},
    },
]
"""What may help, in the order in which it is offered: ``when`` it applies and what it would set."""

COSTS = [
    ("mentor_own_time", "A mentor's time outside slots, a week"),
    ("mentor_protected", "A mentor's time in slots, a week"),
    ("coordinator_minutes", "Your check-ins and repairs, a year"),
    ("cover_lessons_taken", "Lessons that each ECT or mentor covers, a year"),
    ("cover_by_teachers", "Lessons that all teachers cover, a year"),
    ("lessons_bought", "Lessons bought in or merged, a year"),
    ("supply_cost", "Supply teachers, a year"),
]

MINUS = "\u2212"


def signed(value: float, digits: int = 0) -> str:
    """Write a difference with its sign, and a true minus."""
    text = f"{value:+,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return f"{0:.{digits}f}"
    return text.replace("-", MINUS)


def of_hundred(share: float | None) -> str:
    """Write a share as a whole number of a hundred."""
    return "-" if share is None else f"{100 * share:.0f}"


def derived(n: int, seed: int) -> str:
    """Say where the numbers of a result come from.

    Parameters
    ----------
    n : int
        Simulated years.
    seed : int
        The run's seed.
    """
    return (
        f"Status: derived. The mean of {n:,} simulated years of this plan (seed {seed}). What it rests on, "
        "with the source or the assumption behind each number, stands in step 9 under “Where do these "
        "numbers come from?”."
    )


def said(question: Mapping[str, Any], value: Any) -> str:
    """Say an answer as the question's options do.

    Parameters
    ----------
    question : mapping
        One of :data:`QUESTIONS` and the like.
    value : object
        Its answer.
    """
    for option in question.get("options", ()):
        if option[0] == value:
            return str(option[1])
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value:g} {question.get('unit', '')}".strip()


def _metric(name: str, m: Mapping[str, Any], n: int | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "value": m["mean"],
        "lo": m["lo"],
        "hi": m["hi"],
        "n": m.get("n", n),
    }


def tiles(
    metrics: Mapping[str, Mapping[str, Any]],
    base: Mapping[str, Mapping[str, Any]] | None,
    seed: int,
) -> list[dict[str, Any]]:
    """Make the numbers that matter most.

    Parameters
    ----------
    metrics : mapping
        Of a result.
    base : mapping or None
        Of the starting plan, if it is another.
    seed : int
        The run's seed.
    """
    out = []
    for name, what in (
        ("completion_any", "coaching cycles happen"),
        ("completion_full", "happen in full"),
        ("lowest_ect", "for the ECT who gets least"),
    ):
        m = metrics[name]
        if m["mean"] is None:
            continue
        out.append(
            {
                "number": of_hundred(m["mean"]),
                "of": "of 100",
                "what": what,
                "note": f"{of_hundred(m['p10'])} to {of_hundred(m['p90'])} in 8 of 10 simulated years",
                "before": ""
                if base is None
                else f"Starting plan: {of_hundred(base[name]['mean'])} of 100",
                "origin": f"{derived(m['n'], seed)} The true mean lies between {100 * m['lo']:.1f} and "
                f"{100 * m['hi']:.1f} of 100, 19 times in 20.",
                "metric": _metric(name, m),
            }
        )
    return out


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "pounds":
        return f"£{value:,.0f}"
    if unit == "minutes":
        return f"{value:,.0f} min" if value < 300 else f"{value / 60:,.0f} hours"
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def _difference(value: float, unit: str) -> str:
    if unit == "pounds":
        text = signed(value)
        return text if text == "0" else f"{text[0]}£{text[1:]}"
    if unit == "minutes":
        return f"{signed(value)} min" if abs(value) < 300 else f"{signed(value / 60)} hours"
    return signed(value, 1)


def cost_rows(
    metrics: Mapping[str, Mapping[str, Any]],
    differences: Mapping[str, Mapping[str, Any]] | None,
    n: int,
) -> tuple[list[str], list[list[Any]]]:
    """Make the table of what a plan costs.

    Parameters
    ----------
    metrics : mapping
        Of a result.
    differences : mapping or None
        Paired, against the starting plan.
    n : int
        Simulated years.

    Returns
    -------
    columns, rows : list
    """
    columns = ["", "On average", "The true average lies within"]
    if differences is not None:
        columns.append("Against the starting plan")
    rows: list[list[Any]] = []
    for name, words in COSTS:
        m = metrics[name]
        unit = m["unit"]
        within = f"{_amount(m['lo'], unit)} to {_amount(m['hi'], unit)}"
        row: list[Any] = [
            words,
            {"text": _amount(m["mean"], unit), "number": True, "metric": _metric(name, m)},
            "always the same" if m["lo"] == m["hi"] else within,
        ]
        if differences is not None:
            d = differences[name]
            row.append(
                {
                    "text": "-" if d["mean"] is None else _cell(d),
                    "metric": _metric(f"{name}_difference", d, n),
                }
            )
        rows.append(row)
    return columns, rows


def _cell(d: Mapping[str, Any]) -> str:
    text = _difference(d["mean"], d["unit"])
    if text.lstrip("£").startswith("0") or d["mean"] == 0:
        return "the same"
    return f"{text} ({d['verdict']})" if d["verdict"] else text


def fix_sentences(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what a fix changes, as blocks of prose.

    Parameters
    ----------
    answer : mapping
        What ``compare`` answers.
    """
    differences, n = answer["differences"], answer["replications"]
    held, full = differences["completion_any"], differences["completion_full"]
    if held["mean"] is None:
        return [{"tag": "p", "text": "No coaching cycle is due, so nothing changes."}]
    out = []
    for d, words, name in (
        (held, "of 100 happen", "completion_any"),
        (full, "of 100 in full", "completion_full"),
    ):
        low, high = signed(100 * d["lo"], 1), signed(100 * d["hi"], 1)
        out.append(
            {
                "tag": "p",
                "text": f"{signed(100 * d['mean'], 1)} {words} ({low} to {high}): {d['verdict']}.",
                "style": "strong",
                "metric": _metric(f"{name}_difference", d, n),
            }
        )
    own, supply = differences["mentor_own_time"], differences["supply_cost"]
    costs = []
    if own["mean"] is not None and abs(own["mean"]) >= 1:
        more = "more" if own["mean"] > 0 else "less"
        costs.append(f"{abs(own['mean']):.0f} minutes {more} of a mentor's own time a week")
    slots = differences["mentor_protected"]
    if slots["mean"] is not None and abs(slots["mean"]) >= 1:
        more = "more" if slots["mean"] > 0 else "fewer"
        costs.append(f"{abs(slots['mean']):.0f} {more} minutes in slots")
    mine = differences["coordinator_minutes"]["mean"]
    if mine:
        costs.append(f"{abs(mine) / 60:.0f} hours {'more' if mine > 0 else 'less'} of yours a year")
    if supply["mean"] is not None and abs(supply["mean"]) >= 1:
        costs.append(f"{_difference(supply['mean'], 'pounds')} of supply a year")
    cost = ", ".join(costs)
    out.append(
        {
            "tag": "p",
            "text": f"It costs or saves: {cost}." if cost else "It costs no time and no supply.",
            "style": "soft",
        }
    )
    out += [
        {"tag": "p", "text": _sentence(w), "style": "caution"}
        for w in answer.get("warnings", [])
        if "gives up" in w or "least-served" in w
    ]
    return out


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def slot_rows(
    slots: Mapping[str, Mapping[str, Sequence[str]]], pairs: Sequence[Mapping[str, Any]]
) -> list[list[str]]:
    """Make the table of slots: pair, meeting, visit, reserve.

    Parameters
    ----------
    slots : mapping
        For each pair and use, slots as in ``1Tue:3``: week 1, Tuesday, period 3.
    pairs : sequence of mapping
        From the school's description.
    """
    rows = []
    for pair in pairs:
        own = slots.get(pair["id"], {})
        rows.append(
            [
                f"{pair['id']} with {pair['mentor']}",
                *(_uses(own.get(use, ())) for use in ("meet", "observe", "reserve")),
            ]
        )
    return rows


def _uses(slots: Sequence[str]) -> str:
    """Say a use's slots; the same time in both weeks is said once."""
    weeks: dict[str, list[str]] = {}
    for text in slots:
        weeks.setdefault(text[1:], []).append(text[:1])
    return (
        "; ".join(
            when.replace(":", " ") + (f" (week {known[0]})" if len(known) == 1 else "")
            for when, known in weeks.items()
        )
        or "none"
    )


def plain(text: str, *, sentence: bool = True) -> str:
    """Put what the importer says into the words of a page: no options of a command line.

    Parameters
    ----------
    text : str
        A warning, an assumption or what an error says.
    sentence : bool
        Whether to begin with a capital and end with a full stop.
    """
    for pattern, words in (
        (r"; give your own with --calendar", "; choose your own above"),
        (r"; --codes overrides", ""),
        (r"--roster, a CSV with the columns", "a roster with the columns"),
        (r"import again with", "read again with"),
        (r"\s*\(?--[a-z]+\)?", ""),
    ):
        text = re.sub(pattern, words, text)
    return _sentence(text.strip()) if sentence else text.strip()


def applicable(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fixes that would change something, in the order in which they are offered.

    Parameters
    ----------
    values : mapping
        The page's answers.
    """
    return [
        fix
        for fix in FIXES
        if all(values[k] == v for k, v in fix["when"].items())
        and any(_short_of(values[k], v) for k, v in fix["set"].items())
    ]


def _short_of(value: Any, wanted: Any) -> bool:
    """Tell whether an answer gives less than a fix would; a number may give more."""
    if isinstance(wanted, bool | str):
        return bool(value != wanted)
    return bool(value < wanted)


def python_lines(code: str, years: int, seed: int, *, own: bool) -> list[str]:
    """Return the three lines of Python that give the same figures.

    Parameters
    ----------
    code : str
        The scenario code.
    years, seed : int
        Of the run.
    own : bool
        Whether the school is the user's own, whose folder the code needs.
    """
    folder = ', school="FOLDER"' if own else ""
    return [
        "from ectsim import analysis, experiment, scenario",
        f'results = experiment.replicate(scenario.load("{code}"{folder}), '
        f"seed={seed}, replications={years})",
        'print(analysis.result_dict(results)["metrics"]["completion_any"])',
    ]
