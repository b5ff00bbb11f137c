"""The mentor's dashboard in words: the parts of the hour, its questions and its sentences.

Plain functions on plain data; nothing here shows anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ectsim.app.pages import origins

__all__ = [
    "CHOICES",
    "DEFAULTS",
    "FIELDS",
    "FLEX_CHANGES",
    "GATE",
    "GATE_LABELS",
    "INSTEAD",
    "LED",
    "LOWS",
    "NAMES",
    "PARTS",
    "RECORD",
    "STORIES",
    "STORY_YEARS",
    "YEARS",
    "apply",
    "given_up",
    "number_rows",
    "parts_now",
    "python_lines",
    "settle",
    "spoken",
    "strand_rows",
    "strand_sentence",
    "tiles",
]

Cut = dict[str, Any]

PARTS: list[dict[str, Any]] = [
    {
        "name": "visit",
        "label": "Visit",
        "low": 0,
        "default": 15,
        "hint": "Part of a lesson, seen before.",
        "why": "The step comes from what was seen. 10 to 15 minutes are usual; 0 gives the visit up.",
    },
    {
        "name": "setup",
        "label": "Settling",
        "low": 1,
        "default": 2,
        "hint": "Walking there, sitting down.",
        "why": "Nobody plans these minutes, and every meeting has them.",
    },
    {
        "name": "praise",
        "label": "Praise",
        "low": 1,
        "default": 3,
        "hint": "One precise word on the last step.",
        "why": "It shows what went well since the last step, and why.",
    },
    {
        "name": "share",
        "label": "Share step",
        "low": 1,
        "default": 4,
        "hint": "The new step, and why this one.",
        "why": "One step, small enough for a week, and what it does for pupils.",
    },
    {
        "name": "model",
        "label": "Model",
        "low": 0,
        "default": 6,
        "hint": "You show it.",
        "why": "A step that was never shown is practised wrongly. 0 gives the model up.",
    },
    {
        "name": "analyse",
        "label": "Analyse",
        "low": 1,
        "default": 4,
        "hint": "What was different, and why.",
        "why": "The ECT takes the model apart: what differs from what they do now.",
    },
    {
        "name": "practise",
        "label": "Practise",
        "low": 0,
        "default": 8,
        "hint": "Rehearsals, each with feedback.",
        "why": "Two rehearsals make a full cycle. More are added until the step is fluent.",
    },
    {
        "name": "other",
        "label": "Other mentoring",
        "low": 0,
        "default": 18,
        "hint": "Everything else on their mind.",
        "why": "Pastoral care and whatever the week brought. Other parts take from here first.",
    },
]
"""The parts of the hour in order; they add up to it."""

NAMES = [p["name"] for p in PARTS]
LOWS = {p["name"]: p["low"] for p in PARTS}
CORE = ("praise", "share", "model", "analyse", "practise")

FIELDS: list[dict[str, Any]] = [
    {
        "name": p["name"],
        "ask": f"{i + 1} {p['label']}",
        "short": p["label"],
        "hint": p["hint"],
        "why": p["why"],
        "unit": "min",
        "kind": "number",
        "low": 0 if p["name"] == "analyse" else p["low"],
        "high": 60,
        "step": 1,
        "default": p["default"],
    }
    for i, p in enumerate(PARTS)
]

CHOICES: list[dict[str, Any]] = [
    {
        "name": "total",
        "ask": "How long is the hour in all?",
        "hint": "Visit and meeting together; what you add or take goes to other mentoring.",
        "why": "Mentors are meant to have 60 minutes for each ECT and cycle.",
        "unit": "minutes",
        "kind": "number",
        "low": 20,
        "high": 90,
        "step": 1,
        "default": 60,
    },
    {
        "name": "rehearsal",
        "ask": "How long is one rehearsal with its feedback?",
        "hint": "For a mentor who is used to it.",
        "why": "The minutes of practice hold as many rehearsals as fit.",
        "unit": "minutes",
        "kind": "number",
        "low": 1,
        "high": 15,
        "step": 1,
        "default": 4,
    },
    {
        "name": "apart",
        "ask": "When is the other mentoring?",
        "why": "Apart, nothing of the coaching can eat into it; but the bell for the coaching comes "
        "sooner, and a second time has to be found.",
        "options": [
            ["same", "After the coaching, in the same meeting"],
            ["split", "At a second time of its own"],
            ["colleague", "With a colleague"],
        ],
        "default": "same",
    },
]

YEARS: list[dict[str, Any]] = [
    {
        "name": "years",
        "ask": "How many years of meetings shall be drawn?",
        "hint": "More take longer and make the averages surer.",
        "why": "One meeting is luck; many show what to expect.",
        "kind": "select",
        "options": [[20, "20, a quick look"], [50, "50"], [200, "200"], [1000, "1,000"]],
        "default": 200,
    },
    {
        "name": "seed",
        "ask": "Which set of years? (the seed)",
        "hint": "Another number draws other meetings.",
        "why": "The same number gives the same meetings, and so the same figures, anywhere.",
        "low": 0,
        "high": 999_999_999,
        "step": 1,
        "default": 1,
    },
]

GATE: dict[str, Any] = {
    "name": "gate",
    "ask": "The lesson shows a need that Doug studies only next week. What do you do?",
    "why": "Steps build on what was studied: then the ECT knows what they are for.",
    "options": [
        ["deepen", "Stay with a topic that was studied; the need waits a week"],
        ["postpone", "Put the meeting off until it is studied"],
        ["ignore", "Coach it anyway"],
    ],
    "default": "deepen",
}

RECORD: dict[str, Any] = {
    "name": "record",
    "ask": "What do you put on record?",
    "why": "The step is all that must be written down; how much more is up to the mentor. More to write "
    "is more that stays unwritten.",
    "options": [["step", "The step alone"], ["all", "Visit, feedback and meeting too"]],
    "kind": "select",
    "default": "step",
}

LED: dict[str, Any] = {
    "name": "led",
    "ask": "Who finds the next step?",
    "why": "As expertise grows the ECT finds steps too, mostly in the second year. Asked too early, an ECT "
    "more often follows an interest than what the lesson showed.",
    "options": [
        ["later", "The mentor; in year 2 the ECT too"],
        ["never", "Always the mentor"],
        ["early", "Now and then the ECT, from the start"],
    ],
    "kind": "select",
    "default": "later",
}

FLEX_CHANGES: dict[str, dict[str, dict[str, Any]]] = {
    "record": {"all": {"programme.coaching.record": "all"}},
    "led": {
        "never": {"programme.steps.led_start": 0.0, "programme.steps.led_end": 0.0},
        "early": {"programme.steps.led_start": 0.2},  # the most that is plausible
    },
}
"""What each answer changes in the scenario of a year; answers without a row change nothing."""

ENOUGH = 0.75
"""Share of a strand that counts as done, as the metric ``all_three`` has it."""


def strand_rows(parts: Mapping[str, Any]) -> list[list[Any]]:
    """Lay out the three strands of a year, what is on record and who chose the steps.

    Parameters
    ----------
    parts : mapping
        What :func:`ectsim.chain.strands` gives.
    """
    rows = [[name, what, done, due] for name, what, done, due in parts["strands"]]
    rows.append(["Record", "meetings put on record", parts["recorded"], parts["held"]])
    rows.append(["Steps", "new steps that the ECT found", parts["led"], parts["steps"]])
    return [
        [name, what, *({"text": str(n), "number": True} for n in (done, due))]
        for name, what, done, due in rows
    ]


def strand_sentence(parts: Mapping[str, Any]) -> str:
    """Say whether each strand reaches three quarters: none of them is enough alone.

    Parameters
    ----------
    parts : mapping
        What :func:`ectsim.chain.strands` gives.
    """
    short = [name.lower() for name, _, done, due in parts["strands"] if done < ENOUGH * due]
    if not short:
        return "Study, coaching and training each reach three quarters of what is due; none of them is enough alone."
    return f"Short of three quarters of what is due: {' and '.join(short)}. None of the three strands is enough alone."


INSTEAD = {
    "visit": "What may change freely: see the lesson on video, when it suits you.",
    "model": "What may change freely: other mentoring at a second time, or with a colleague, leaves "
    "minutes for the model.",
    "rehearsal": "What may change freely: other mentoring at a second time, or with a colleague, leaves "
    "minutes for two rehearsals; or a smaller step, whose rehearsal is shorter.",
    "studied": "What may change freely: repeat a step, edit one or write your own, on a topic that was "
    "studied.",
}
"""The nearest loose change for each tight part, by a word of what the banner says."""

GATE_LABELS = {"deepen": "It waits a week", "postpone": "Put off", "ignore": "Coached anyway"}

STORIES: list[list[str]] = [
    ["doug", "Doug with Sangeita: a question that waits a week"],
    ["abdi", "Abdi with Ruth: Tuesday afternoons"],
    ["mandy", "Nia with Marcus: Mandy wins the time first"],
    ["sian_arif", "Arif with Sian: she changes her mind"],
]
"""Stories that ship, and what they are called."""

STORY_YEARS = {"doug": 105}
"""Simulated years in which a story's point shows, where that is not the first."""

DEFAULTS: Cut = {q["name"]: q["default"] for q in (*FIELDS, *CHOICES, *YEARS)}


def given_up(banner: str) -> list[dict[str, Any]]:
    """Say that a tight part is given up, and what could be changed instead, as blocks of prose.

    Parameters
    ----------
    banner : str
        Of the result; empty if nothing is given up.
    """
    if not banner:
        return []
    instead = [text for word, text in INSTEAD.items() if word in banner]
    return [
        {"tag": "p", "text": banner, "style": "caution"},
        *({"tag": "p", "text": text, "style": "soft"} for text in instead),
    ]


def parts_now(cut: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the strip's parts: without a model there is nothing to analyse.

    Parameters
    ----------
    cut : mapping
        The minutes by part.
    """
    none = not cut["model"]
    return [
        {
            "label": p["label"],
            "low": 0 if none and p["name"] == "analyse" else p["low"],
            "core": p["name"] in CORE,
        }
        for p in PARTS
    ]


def settle(cut: Mapping[str, Any]) -> Cut:
    """Make model and analysis agree: no model, no analysis; a model has a minute of analysis at least.

    Parameters
    ----------
    cut : mapping
        The minutes by part; their sum stays.
    """
    out = dict(cut)
    if not out["model"] and out["analyse"]:
        out["other"] += out["analyse"]
        out["analyse"] = 0
    elif out["model"] and not out["analyse"]:
        giver = next(
            (n for n in ("other", "practise", "model") if out[n] > (1 if n == "model" else 0)), ""
        )
        if giver:
            out[giver] -= 1
            out["analyse"] = 1
        else:
            out["analyse"], out["model"] = out["model"], 0
            return settle(out)
    return out


def apply(cut: Mapping[str, Any], name: str, minutes: int) -> Cut | str:
    """Change one part; what it takes or gives is other mentoring's, or of that practice's.

    Parameters
    ----------
    cut : mapping
        The minutes by part, with ``total``.
    name : str
        A part, or ``total``.
    minutes : int
        What it shall have.

    Returns
    -------
    dict or str
        The new minutes; or what is wrong, in words.
    """
    out = dict(cut)
    if name == "total":
        more = minutes - cut["total"]
        if out["other"] + more < 0:
            return f"the parts need {cut['total'] - cut['other']} minutes: make one of them shorter first"
        out["other"] += more
        out["total"] = minutes
        return settle(out)
    giver = "practise" if name == "other" else "other"
    more = minutes - cut[name]
    if out[giver] - more < LOWS[giver]:
        label = next(p["label"] for p in PARTS if p["name"] == giver).lower()
        return f"only {out[giver]} minutes can be taken from {label}: shorten another part first"
    out[giver] -= more
    out[name] = minutes
    return settle(out)


def spoken(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say what a change did to the parts, for whoever cannot see the strip.

    Parameters
    ----------
    before, after : mapping
        The minutes by part.
    """
    changed = [p for p in PARTS if before[p["name"]] != after[p["name"]]]
    return ", ".join(f"{p['label']} {after[p['name']]} minutes" for p in changed)


def _metric(name: str, m: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "value": m["mean"], "lo": m["lo"], "hi": m["hi"], "n": m["n"]}


MINUS = "\u2212"

TILES = (
    ("reps", "rehearsals a meeting", ""),
    ("overrun", "meetings that the bell cuts short", "of 100"),
    ("other", "minutes left for other mentoring", "min"),
    ("full", "meetings that count in full", "of 100"),
)


def _shown(measure: str, value: float) -> str:
    if measure in ("overrun", "full"):
        return f"{100 * value:.0f}"
    return f"{value:.1f}" if measure == "reps" else f"{value:.0f}"


def tiles(found: Mapping[str, Any], who: str) -> list[dict[str, Any]]:
    """Make the numbers that matter most for a new or a practised mentor.

    Parameters
    ----------
    found : mapping
        What the service found.
    who : {'first', 'practised'}
        Whose.
    """
    out = []
    for measure, what, of in TILES:
        if measure == "other" and found["cut"]["apart"] == "colleague":
            continue
        m = found["who"][who][measure]
        before = ""
        if "base" in found:
            d = found["differences"][who][measure]
            usual = _shown(measure, found["base"][who][measure]["mean"])
            before = f"The usual cut: {usual} ({_verdict(measure, d)})"
        out.append(
            {
                "number": _shown(measure, m["mean"]),
                "of": of,
                "what": what,
                "note": _range(measure, m),
                "before": before,
                "metric": _metric(f"{who}_{measure}", m),
            }
        )
    return out


def _range(measure: str, m: Mapping[str, Any]) -> str:
    digits = {"reps": 2, "other": 1}.get(measure, 0)
    scale = 100 if measure in ("overrun", "full") else 1
    low, high = (f"{scale * m[k]:.{digits}f}" for k in ("lo", "hi"))
    return "the same each time" if low == high else f"the true average lies within {low} to {high}"


def _verdict(measure: str, d: Mapping[str, Any]) -> str:
    if d["mean"] == 0:
        return "the same"
    return str(d["verdict"])


def number_rows(numbers: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Make the table of where the numbers come from, what is counted included.

    Parameters
    ----------
    numbers : sequence of mapping
        From the service.
    """
    return [
        *origins.rows(numbers),
        ["How many minutes are planned for other mentoring", "what the other parts leave", "derived", "F006 F038", "-"],
        ["Rehearsals, meetings cut short, minutes left over", "counted in simulated meetings", "derived", "from the numbers above", "-"],
    ]  # fmt: skip


def python_lines(cut: Mapping[str, Any], years: int, seed: int) -> list[str]:
    """Return the lines of Python that give the same figures.

    Parameters
    ----------
    cut : mapping
        The parts that differ from the usual cut.
    years, seed : int
        Of the run.
    """
    changed = ", ".join(f"{k}={v!r}" for k, v in cut.items())
    return [
        "from ectsim import hour",
        f"cut = hour.Cut({changed})",
        f"years = hour.simulate_hours(cut.scenario(), {seed}, range({years}))",
        f'print(hour.hour_dict(cut, years, {seed})["who"]["practised"])',
    ]
