"""Charts as plain data: from results alone, each with a finding as its title, a sentence and a table.

The form is what ``ectsim.app.widgets`` documents; nothing here draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ectsim.analysis import quantile
from ectsim.ledger import BIN_WORDS
from ectsim.story import STATES, WeekState
from ectsim.words import headline, of_hundred, parts_of, upper, value_text

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["ledger_bars", "spread_dots", "week_strips"]

DOTS = 50
"""Equally likely outcomes in a dot plot: people read such counts best."""

HELD = ("on_time", "moved", "late")
Chart = dict[str, Any]

STRIP_LOOK: dict[str, tuple[str, str]] = {
    "on_time": ("accent", "tick"),
    "moved": ("accent", "dot"),
    "late": ("accent", "slash"),
    "partial": ("muted", "dash"),
    "lost": ("warn", "cross"),
    "censored": ("track", "slash"),
    "contracting": ("track", "dot"),
    "paused": ("track", "dash"),
}
"""Tone and mark of each state of a week; the mark alone tells them apart."""


def ledger_bars(result: Mapping[str, Any]) -> Chart:
    """Show where the due cycles of a year went; whole cycles that add up to the number due.

    Parameters
    ----------
    result : mapping
        What ``analysis.result_dict`` gives.
    """
    total = result["ledger_total"]
    due = round(result["due"])
    cycles, parts = parts_of(total, due), of_hundred(total)
    shown = [k for k in total if total[k]]
    lost = {k: cycles[k] for k in shown if BIN_WORDS[k].startswith("lost")}
    held = sum(cycles[k] for k in (*HELD, "partial"))
    bars = [
        {
            "label": upper(BIN_WORDS[k]),
            "value": cycles[k],
            "note": f"{parts[k]} of 100" if parts[k] else "under 1 of 100",
            "tone": "accent"
            if k in HELD
            else "muted"
            if k == "partial"
            else "warn"
            if k in lost
            else "track",
        }
        for k in shown
    ]
    return {
        "title": _ledger_title(held, due, lost),
        "sentence": f"{_listed(cycles, shown)} That makes {due}, the number due.",
        "kind": "bars",
        "data": {
            "unit": "cycles",
            "high": max([1, *(b["value"] for b in bars)]),
            "bars": bars,
        },
        "table": {
            "columns": [
                "What became of them",
                "Cycles a year",
                "Of 100 due",
                "Over all simulated years",
            ],
            "rows": [[upper(BIN_WORDS[k]), cycles[k], parts[k], total[k]] for k in shown]
            + [["All that were due", due, 100, result["due_total"]]],
        },
    }


def _ledger_title(held: int, due: int, lost: Mapping[str, int]) -> str:
    if not due:
        return "No coaching cycle is due"
    title = f"{held} of {due} coaching cycles happen"
    if not any(lost.values()):
        return title
    most = max(lost, key=lambda k: lost[k])
    words = BIN_WORDS[most].removeprefix("lost: ")
    return f"{title}; most of the lost ones go because: {words}"


def _listed(cycles: Mapping[str, int], shown: Sequence[str]) -> str:
    return ", ".join(f"{cycles[k]} {BIN_WORDS[k]}" for k in shown if cycles[k]) + "."


def spread_dots(
    results: Sequence[tuple[str, Mapping[str, Any]]], metric: str = "completion_any"
) -> Chart:
    """Show how completion spreads over simulated years, as fifty equally likely outcomes.

    Parameters
    ----------
    results : sequence of (str, mapping)
        What each plan is called, and its result.
    metric : str
        ``completion_any`` or ``completion_full``.
    """
    groups, rows, lowest = [], [], 100.0
    for label, result in results:
        years = [y for y in result["years"][metric] if y == y]
        values = (
            [round(100 * quantile(years, (i + 0.5) / DOTS), 1) for i in range(DOTS)]
            if years
            else []
        )
        groups.append({"label": label, "values": values})
        lowest = min([lowest, *values])
        m = result["metrics"][metric]
        rows.append(
            [
                label,
                *(value_text(m[k], "share") for k in ("mean", "p10", "p90", "lo", "hi")),
                m["n"],
            ]
        )
    label, last = results[-1]
    m = last["metrics"][metric]
    # dots have no length to compare: the axis may begin where the years begin
    low = max(0, 10 * int((lowest - 4) // 10))
    return {
        "title": _spread_title(results, metric),
        "sentence": _spread_sentence(last, metric, len(results)),
        "metric": {"name": metric, "lo": m["lo"], "hi": m["hi"], "n": m["n"]},
        "kind": "dots",
        "data": {"unit": "%", "low": low, "high": 100, "x_label": "cycles that happen, of 100 due", "groups": groups},
        "table": {
            "columns": ["Plan", "Mean", "One year in ten is below", "One year in ten is above", "Mean, low end of 95 % interval", "Mean, high end", "Simulated years"],
            "rows": rows,
        },
    }  # fmt: skip


def _spread_title(results: Sequence[tuple[str, Mapping[str, Any]]], metric: str) -> str:
    means = [r["metrics"][metric]["mean"] for _, r in results]
    if means[-1] is None:
        return "No coaching cycle is due"
    if len(means) == 1 or means[0] is None:
        return f"About {100 * means[-1]:.0f} of 100 cycles happen in a usual year"
    return f"About {100 * means[-1]:.0f} of 100 cycles happen, against {100 * means[0]:.0f} before"


def _spread_sentence(result: Mapping[str, Any], metric: str, plans: int) -> str:
    m = result["metrics"][metric]
    if m["mean"] is None:
        return headline(result)
    both = ", the same years under both plans" if plans > 1 else ""
    return (
        f"Each dot is one of {DOTS} equally likely years{both}. In 8 of 10 simulated years between "
        f"{100 * m['p10']:.0f} and {100 * m['p90']:.0f} of 100 cycles happen."
    )


def week_strips(
    arms: Sequence[tuple[str, Scenario, Sequence[WeekState]]], pair: str, year: int
) -> Chart:
    """Show one pair's same year under one or two plans, week by week.

    Parameters
    ----------
    arms : sequence of (str, Scenario, sequence of WeekState)
        What each plan is called, the scenario, and the weeks that ``story.week_strip`` gives.
    pair : str
        The pair's id.
    year : int
        Number of the simulated year, 1 is the first.
    """
    weeks = [str(w.week) for w in arms[0][2]]
    rows = [
        {"label": label, "cells": [s.state if s.state in STRIP_LOOK else "" for s in states]}
        for label, _, states in arms
    ]
    used = [s for s in STATES if any(s in row["cells"] for row in rows)]
    differ = [i for i in range(len(weeks)) if len({_same_end(row["cells"][i]) for row in rows}) > 1]
    counts = [sum(c in (*HELD, "partial") for c in row["cells"]) for row in rows]
    return {
        "title": _strip_title(pair, counts, len(differ), compared=len(arms) > 1),
        "sentence": _strip_sentence(
            pair, [label for label, _, _ in arms], counts, [weeks[i] for i in differ], year
        ),
        "kind": "strip",
        "data": {
            "weeks": weeks,
            "rows": rows,
            "states": {
                s: {"label": STATES[s], "tone": STRIP_LOOK[s][0], "mark": STRIP_LOOK[s][1]}
                for s in used
            },
            "differ": differ,
            "selectable": True,
        },
        "table": {
            "columns": ["Week", "Monday", *(label for label, _, _ in arms)],
            "rows": [
                [
                    w.week,
                    f"{w.date.day} {w.date:%B %Y}",
                    *(states[i].sentence for _, _, states in arms),
                ]
                for i, w in enumerate(arms[0][2])
            ],
        },
    }


def _same_end(state: str) -> str:
    """Return what counts when two weeks are compared: a full cycle is one, whatever its time."""
    return "full" if state in HELD else state


def _strip_title(pair: str, counts: Sequence[int], differ: int, *, compared: bool) -> str:
    if not compared:
        return f"{pair}: {counts[0]} cycles happen in this year"
    if not differ:
        return f"{pair}: both plans make the same of this year"
    gain = counts[1] - counts[0]
    words = f"{gain:+d} cycles" if gain else "as many cycles"
    return f"{pair}: the same year, {words}, {differ} weeks differ"


def _strip_sentence(
    pair: str, labels: Sequence[str], counts: Sequence[int], differ: Sequence[str], year: int
) -> str:
    told = "; ".join(
        f"{label}: {count} happen" for label, count in zip(labels, counts, strict=True)
    )
    many = "s" if len(differ) > 1 else ""
    apart = f" They part in week{many} {', '.join(differ)}." if differ else ""
    return f"Simulated year {year} of {pair}, with the same illnesses and the same cover calls. {told}.{apart}"
