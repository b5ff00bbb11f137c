"""The hour in words and charts, from what :func:`ectsim.hour.hour_dict` gives alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ectsim.hour import BLOCKS, OTHER_DUE, PHASES

__all__ = ["headline", "learning", "left_over", "rehearsals", "where_it_goes"]

Chart = dict[str, Any]
SHORT = {"first": "New mentor, first meeting", "practised": "Practised mentor"}
ONE = {"first": "New", "practised": "Practised"}
TONES = {"setup": "track", "other": "empty", "cut": "warn"}
NUMBERS = {name: str(i + 1) for i, name in enumerate(BLOCKS)}
"""The parts' numbers, as on the strip."""

NEEDED = 2
"""Rehearsals of a full cycle (F065)."""

COACHING_LATER = 30
"""Minutes that coaching takes once a mentor is practised (F180)."""


def headline(found: Mapping[str, Any]) -> str:
    """Say in two sentences what the cut makes of the hour."""
    first, practised = found["who"]["first"], found["who"]["practised"]
    short = f"; the bell cuts {_hundred(first)} of 100 of them short"
    apart = found["cut"]["apart"]
    if apart != "same":
        rest = (
            f"Other mentoring has {found['cut']['other']} minutes at a time of its own."
            if apart == "split"
            else "Other mentoring is with a colleague."
        )
        return (
            f"A practised mentor gets {practised['reps']['mean']:.1f} rehearsals into a meeting, a new "
            f"one {first['reps']['mean']:.1f} into the first{short}. {rest}"
        )
    return (
        f"A practised mentor gets {practised['reps']['mean']:.1f} rehearsals into a meeting and has "
        f"{practised['other']['mean']:.0f} minutes left. A new one gets {first['reps']['mean']:.1f} into "
        f"the first and has {first['other']['mean']:.0f}{short}."
    )


def _hundred(who: Mapping[str, Any]) -> str:
    return f"{100 * who['overrun']['mean']:.0f}"


def _plan(found: Mapping[str, Any]) -> list[float]:
    cut = found["cut"]
    apart = cut["apart"] != "same"
    return [0.0 if name == "other" and apart else float(cut[name]) for name in PHASES] + [0.0]


def where_it_goes(found: Mapping[str, Any]) -> Chart:
    """Show how the meeting's minutes go on average, as planned and as they are lived."""
    keys = [BLOCKS[name] for name in PHASES] + ["Cut off by the bell"]
    rows: list[tuple[str, list[float]]] = [("As you cut it", _plan(found))]
    for who, label in SHORT.items():
        rows.append((label, [round(v, 1) for v in found["minutes"][who].values()]))
    first = found["minutes"]["first"]
    planned = sum(_plan(found)[:6])
    taken = sum(v for k, v in first.items() if k != "other")
    later = sum(v for k, v in found["minutes"]["practised"].items() if k != "other")
    return {
        "title": f"What you plan for {planned:.0f} minutes takes a new mentor {taken:.0f} and a practised one {later:.0f}",
        "sentence": (
            f"The meeting ends after {found['sitting']} minutes. A new mentor takes longer over each "
            f"phase; when the bell comes first, what was begun is not done. Practice goes on until "
            f"the step is fluent, so it may take more than you set aside."
        ),
        "kind": "stacks",
        "data": {
            "unit": "min",
            "high": max(found["sitting"], *(sum(v) for _, v in rows)),
            "mark": {"value": found["sitting"], "label": "the bell"},
            "keys": [
                {
                    "label": label,
                    "tone": TONES.get(name, "accent"),
                    "number": NUMBERS.get(name, "×"),
                }
                for name, label in zip((*PHASES, "cut"), keys, strict=True)
            ],
            "rows": [{"label": label, "values": values} for label, values in rows],
        },
        "table": {
            "columns": ["Minutes on average", *(label for label, _ in rows)],
            "rows": [[key, *(values[i] for _, values in rows)] for i, key in enumerate(keys)],
        },
        "banner": found["banner"],
    }


def left_over(found: Mapping[str, Any]) -> Chart:
    """Show the minutes that are left for other mentoring as fifty equally likely meetings."""
    spread = found["spread"]
    enough = {who: sum(v >= OTHER_DUE for v in values) for who, values in spread.items()}
    low, high = (found["who"]["practised"]["other"][k] for k in ("lo", "hi"))
    mean = found["who"]["practised"]["other"]
    return {
        "title": f"{2 * enough['practised']} of 100 meetings of a practised mentor leave {OTHER_DUE} minutes for other mentoring, {2 * enough['first']} of 100 first ones",
        "sentence": f"Each dot is one of 50 equally likely meetings; the line is the {OTHER_DUE} minutes that the programme leaves for everything else a new teacher brings along. On average a practised mentor has {mean['mean']:.1f} minutes left.",
        "metric": {"name": "other", "lo": low, "hi": high, "n": mean["n"]},
        "kind": "dots",
        "data": {
            "unit": "min",
            "low": 0,
            "high": max(30, *(v + 1 for values in spread.values() for v in values)),
            "x_label": "minutes left for other mentoring",
            "target": {"value": OTHER_DUE, "label": f"{OTHER_DUE} minutes"},
            "groups": [{"label": SHORT[who], "values": spread[who]} for who in SHORT],
        },
        "table": {
            "columns": ["Of 50 equally likely meetings", *SHORT.values()],
            "rows": [
                ["none left", *(sum(v < 0.5 for v in spread[w]) for w in SHORT)],
                [f"under {OTHER_DUE} minutes", *(sum(0.5 <= v < OTHER_DUE for v in spread[w]) for w in SHORT)],
                [f"{OTHER_DUE} minutes or more", *(enough[w] for w in SHORT)],
            ],
        },
        "banner": found["banner"],
    }  # fmt: skip


def rehearsals(found: Mapping[str, Any]) -> Chart:
    """Show how many rehearsals meetings hold."""
    shares = found["shares"]
    most = max(len(v) for v in shares.values())
    bars: list[dict[str, Any]] = []
    rows: list[list[Any]] = [[k] for k in range(most)]
    for who in SHORT:
        for k in range(most):
            share = 100 * shares[who][k] if k < len(shares[who]) else 0.0
            rows[k].append(round(share, 1))
            if share or k == NEEDED:
                bars.append(
                    {
                        "label": f"{ONE[who]}: {k} {'rehearsal' if k == 1 else 'rehearsals'}",
                        "value": round(share) if share >= 1 else round(share, 1),
                        "tone": "accent" if k >= NEEDED else "warn",
                        "note": "" if k >= NEEDED else "held in part",
                    }
                )
    two = {who: 100 * sum(values[2:]) for who, values in shares.items()}
    return {
        "title": f"The second rehearsal fits into {two['practised']:.0f} of 100 meetings of a practised mentor, and into {two['first']:.0f} of 100 first ones",
        "sentence": "A meeting with fewer than two rehearsals, each with feedback, counts in part only: the first shows what is hard, the second puts it right.",
        "kind": "bars",
        "data": {"unit": "of 100", "high": 100, "bars": bars},
        "table": {
            "columns": ["Rehearsals", *(f"{s}, of 100" for s in SHORT.values())],
            "rows": rows,
        },
        "banner": found["banner"],
    }


def learning(found: Mapping[str, Any]) -> Chart:
    """Show how the coaching part shrinks with the meetings that a mentor has held."""
    curve = found["curve"]
    held = [int(v) for v in curve["held"]]
    at = next((n for n, m in zip(held, curve["median"], strict=True) if m <= COACHING_LATER), None)
    title = (
        f"The {_nth(at)} meeting is the first of which half are coached in {COACHING_LATER} minutes or less"
        if at
        else f"In {len(held)} meetings the coaching does not come down to {COACHING_LATER} minutes"
    )
    return {
        "title": title,
        "sentence": f"A new mentor's coaching takes {curve['mean'][0]:.0f} minutes in the first meeting and {curve['mean'][-1]:.0f} in the {_nth(held[-1])}. The band holds 8 of 10 meetings. How fast it falls is an assumption.",
        "kind": "lines",
        "data": {
            "unit": "min",
            "x": held,
            "x_label": "the mentor's meetings so far",
            "low": 0,
            "high": max(found["sitting"], 10),
            "series": [
                {
                    "label": "coaching, with settling",
                    "values": [round(v, 1) for v in curve["mean"]],
                    "lo": curve["p10"],
                    "hi": curve["p90"],
                },
                {
                    "label": f"{COACHING_LATER} minutes",
                    "values": [COACHING_LATER] * len(held),
                },
            ],
        },
        "table": {
            "columns": ["Meeting", "Mean minutes", "One in ten is below", "One in ten is above", "Rehearsals", "Cut short, of 100"],
            "rows": [
                [n, *(round(curve[k][i], 1) for k in ("mean", "p10", "p90")), round(curve["reps"][i], 2), round(100 * curve["overrun"][i], 1)]
                for i, n in enumerate(held)
            ],
        },
        "banner": found["banner"],
    }  # fmt: skip


def _nth(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
