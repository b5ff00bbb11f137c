"""Charts of the planner's answers as plain data: hours, how much is enough, slots, and stress.

The form is what ``ectsim.app.widgets`` documents; nothing here draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ectsim.words import upper

__all__ = ["best_slots", "buys", "costs_most", "hours_used", "slot_words"]

Chart = dict[str, Any]
MOST_BARS = 12


def hours_used(lines: Sequence[Mapping[str, Any]]) -> Chart:
    """Show how much of each ECT's induction time the programme needs.

    Parameters
    ----------
    lines : sequence of mapping
        ``audit.Audit.to_dict()["lines"]``.
    """
    found = [x for x in lines if x["check"] == "induction_time" and x["has"]]
    over = sum(x["verdict"] == "fails" for x in found)
    shares = [100 * x["needed"] / x["has"] for x in found]
    if not found:
        title = "There is no ECT whose hours could be checked"
    elif over:
        title = f"{over} of {len(found)} {_ects(len(found))} more induction time than the timetable gives"
    else:
        title = f"The induction time of {'each' if len(found) > 1 else 'the'} ECT holds what is due"
    return {
        "title": title,
        "sentence": "What a year of the programme needs of the time that an ECT is released for it; "
        "100 % is all of that time. What is more falls in own time.",
        "kind": "bars",
        "data": {
            "unit": "%",
            "high": max([100.0, *shares]),
            "bars": [
                {
                    "label": f"ECT {x['who']}",
                    "value": round(share),
                    "note": "too much" if x["verdict"] == "fails" else "fits",
                    "tone": "warn" if x["verdict"] == "fails" else "accent",
                }
                for x, share in zip(found, shares, strict=True)
            ][:MOST_BARS],
        },
        "table": {
            "columns": ["ECT", "Needed, hours a year", "Released, hours a year", "Needed, %"],
            "rows": [
                [x["who"], round(x["needed"] / 60, 1), round(x["has"] / 60, 1), round(share, 1)]
                for x, share in zip(found, shares, strict=True)
            ],
        },
    }


def _ects(n: int) -> str:
    return "ECT needs" if n == 1 else "ECTs need"


def buys(found: Mapping[str, Any], what: str) -> Chart:
    """Show what staff minutes buy: each package that no cheaper one beats.

    Parameters
    ----------
    found : mapping
        ``Enough.to_dict()``.
    what : str
        What happens to the cycles that count.
    """
    answer = found["answer"]
    bars = [
        {
            "label": upper(t["words"]),
            "value": round(100 * t["mean"], 1),
            "note": f"{t['minutes']:.0f} min a week",
            "tone": "accent" if answer and t["code"] == answer["code"] else "muted",
        }
        for t in found["curve"]
    ]
    if answer:
        title = f"Enough: {answer['words']}"
    else:
        title = "Nothing that was tried is enough"
    return {
        "title": title,
        "sentence": f"Cycles of 100 that {what}, on average, under each protection that no cheaper one "
        "beats, and what it costs all staff together.",
        "kind": "bars",
        "data": {"unit": "of 100", "high": 100, "bars": bars[-MOST_BARS:]},
        "table": {
            "columns": [
                "Protection",
                "Staff minutes a week",
                "Cover periods a year",
                "Of 100 cycles",
                "Simulated years",
                "Years that reach the target",
            ],
            "rows": [
                [
                    upper(t["words"]),
                    round(t["minutes"]),
                    t["cover_periods"],
                    round(100 * t["mean"], 1),
                    t["years"],
                    t["met"],
                ]
                for t in found["tried"]
            ],
        },
    }


def costs_most(found: Mapping[str, Any], what: str) -> Chart:
    """Show which shocks cost a plan most.

    Parameters
    ----------
    found : mapping
        ``Stress.to_dict()``.
    what : str
        What happens to the cycles that count.
    """
    worst = found["worst"]
    return {
        "title": f"What costs most: {worst[0]['words']}" if worst else "No shock was tried",
        "sentence": f"Cycles of 100 that {what} no longer when each of these goes on for a whole year; "
        f"without any {100 * found['base']:.0f} of 100 {what}.",
        "kind": "bars",
        "data": {
            "unit": "of 100 lost",
            "high": max([1.0, *(100 * h["loss"]["mean"] for h in worst)]),
            "bars": [
                {
                    "label": upper(h["words"]),
                    "value": round(100 * h["loss"]["mean"], 1),
                    "note": f"leaves {100 * h['mean']:.0f}",
                    "tone": "warn" if h["broken"] else "muted",
                }
                for h in worst
            ],
        },
        "table": {
            "columns": ["What goes wrong", "Lost, of 100", "From", "To", "Left, of 100", "Years that reach the target"],
            "rows": [
                [
                    upper(h["words"]),
                    *(round(100 * h["loss"][k], 1) for k in ("mean", "lo", "hi")),
                    round(100 * h["mean"], 1),
                    h["met"],
                ]
                for h in worst
            ],
        },
    }  # fmt: skip


def best_slots(group: Mapping[str, Any]) -> Chart:
    """Show the best slots of a pair in a week of the timetable.

    Parameters
    ----------
    group : mapping
        One of what ``planner.survival.slots`` gives.
    """
    slots = group["slots"]
    weeks = " and ".join(map(str, group["weeks"]))
    where = f"{group['pair']}, week {weeks} of the timetable"
    if not slots:
        title = f"{where}: no period in which both are free"
    else:
        title = f"{where}: meet {slot_words(slots[0]['meet'])}"
    return {
        "title": title,
        "sentence": f"Of {group['due']} cycles that are due in these weeks, how many can be expected to "
        "happen in full in each choice of slots. Other times are left out here, so that a "
        "simulated year holds more; the order is what counts.",
        "kind": "bars",
        "data": {
            "unit": "cycles",
            "high": max([1, group["due"]]),
            "bars": [
                {
                    "label": f"Meet {slot_words(s['meet'])}, visit {slot_words(s['observe'])}",
                    "value": round(s["completed"], 1),
                    "note": f"reserve {slot_words(s['reserve'])}" if s["reserve"] else "no reserve",
                    "tone": "muted" if i else "accent",
                }
                for i, s in enumerate(slots)
            ],
        },
        "table": {
            "columns": ["Meeting", "Visit", "Reserve", "In full", "Held", "Why"],
            "rows": [
                [
                    slot_words(s["meet"]),
                    slot_words(s["observe"]),
                    slot_words(s["reserve"]),
                    round(s["completed"], 1),
                    round(s["held"], 1),
                    "; ".join(s["reasons"]),
                ]
                for s in slots
            ],
        },
    }


def slot_words(slot: str) -> str:
    """Say a slot such as ``1Wed:3``: Wed 3 (week 1)."""
    if not slot:
        return "none"
    return f"{slot[1:].replace(':', ' ')} (week {slot[:1]})"
