"""Results in words: what a coordinator reads first. Numbers come from results as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from ectsim.ledger import BIN_WORDS
from ectsim.metrics import METRICS
from ectsim.money import money_lines

__all__ = [
    "compare_lines",
    "drivers_lines",
    "headline",
    "of_hundred",
    "parts_of",
    "simulate_lines",
    "upper",
    "value_text",
]

BAR = 40
"""Width of a bar in a terminal, characters."""


def parts_of(counts: Mapping[str, float], whole: int) -> dict[str, int]:
    """Round counts to whole parts that add up to a whole number (largest remainders).

    Parameters
    ----------
    counts : mapping of str to float
        Counts of anything; all zero gives all zero.
    whole : int
        What the parts add up to.
    """
    total = sum(counts.values())
    if total <= 0:
        return dict.fromkeys(counts, 0)
    exact = {k: whole * v / total for k, v in counts.items()}
    out = {k: floor(v) for k, v in exact.items()}
    # ties go to the earlier bin, so that the rounding is the same everywhere
    place = {k: i for i, k in enumerate(counts)}
    order = sorted(exact, key=lambda k: (out[k] - exact[k], place[k]))
    for k in order[: whole - sum(out.values())]:
        out[k] += 1
    return out


def of_hundred(counts: Mapping[str, float]) -> dict[str, int]:
    """Round counts to whole parts of a hundred that add up to 100."""
    return parts_of(counts, 100)


def upper(text: str) -> str:
    """Begin a text with a capital letter, and leave the rest of it alone."""
    return text[:1].upper() + text[1:]


def value_text(value: float | None, unit: str, *, signed: bool = False) -> str:
    """Write a metric's value for people: shares as points of a hundred, pounds without pence."""
    if value is None:
        return "-"
    sign = "+" if signed else ""
    if unit == "share":
        return f"{100 * value:{sign}.1f} %"
    if unit == "pounds":
        return f"£{value:{sign},.0f}"
    return f"{value:{sign},.1f} {unit}"


def headline(result: Mapping[str, Any]) -> str:
    """Say the main result in words: what to expect, its spread, and how it is counted."""
    full, held = result["metrics"]["completion_full"], result["metrics"]["completion_any"]
    if full["mean"] is None:
        return "No coaching cycle is due: there is no pair, or no week to coach in."
    return (
        f"Expect about {100 * held['mean']:.0f} of every 100 coaching cycles to happen, "
        f"{100 * full['mean']:.0f} of them in full. In 8 of 10 simulated years between "
        f"{100 * held['p10']:.0f} and {100 * held['p90']:.0f} happen."
    )


def simulate_lines(result: Mapping[str, Any]) -> list[str]:
    """Return a simulation's result as lines for a terminal."""
    out = [
        f"{result['scenario']}  ({result['replications']} simulated years, seed {result['seed']})",
        "",
    ]
    out += [f"! {w}" for w in result["warnings"] if "gives up" in w]
    out += [
        headline(result),
        "",
        f"Where did they go? Of every 100 cycles due ({result['due']:.1f} {'in all years' if 'school_years' in result else 'a year'}):",
    ]
    parts = of_hundred(result["ledger_total"])
    for name, part in parts.items():
        if part or result["ledger_total"][name]:
            shown = f"{part:3d}" if part else " <1"
            out.append(f"  {shown}  {'█' * round(part * BAR / 100):<{BAR}}  {BIN_WORDS[name]}")
    for k, year in enumerate(result.get("school_years", ()), start=1):
        held, full = year["metrics"]["completion_any"], year["metrics"]["completion_full"]
        if k == 1:
            out += ["", "School year by school year:"]
        out.append(
            f"  {k}. {year['name']}: {year['due']:.1f} due"
            + (
                f", {value_text(held['mean'], 'share')} held, {value_text(full['mean'], 'share')} in full"
                if held["mean"] is not None
                else ""
            )
        )
    out += ["", f"{'':32}{'mean':>12}   95 % interval of the mean"]
    for name, m in result["metrics"].items():
        unit = m["unit"]
        interval = (
            f"{value_text(m['lo'], unit)} to {value_text(m['hi'], unit)}"
            if m["mean"] is not None
            else ""
        )
        out.append(f"{METRICS[name].label:38}{value_text(m['mean'], unit):>20}   {interval}")
    out += ["", *money_lines(result["money"], value_text)]
    if result.get("drivers"):
        out += ["", *drivers_lines(result["drivers"])]
    if result["warnings"]:
        out += ["", "To know:"] + [f"  - {w}" for w in result["warnings"]]
    return [*out, "", f"Code: {result['code']}", result["limits"]]


def drivers_lines(told: Mapping[str, Any]) -> list[str]:
    """Say in lines which assumptions matter most for a result.

    Parameters
    ----------
    told : mapping
        What :func:`ectsim.experiments.drivers.told` gives.
    """
    of = "" if told["own"] else " (as found for the sample school)"
    out = [
        f"What is not known, and what matters most{of}: over all ranges luck makes {told['luck']:.0%} of the "
        f"spread of '{METRICS[told['metric']].label}', our assumptions {told['by_status']['assumption']:.0%}."
    ]
    out += [
        f"  {p['ask']} {p['low']:g} to {p['high']:g} {p['unit']}: {p['share']:.0%} of the spread"
        for p in told["three"]
    ]
    out += ["  No other can be told from chance."] if len(told["three"]) < 3 else []
    return [*out, "  (ectsim drivers SCENARIO works it out for your own)"]


def compare_lines(
    base: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], year: int
) -> list[str]:
    """Return a comparison as lines for a terminal.

    Parameters
    ----------
    base : mapping
        The base's result.
    arms : sequence of mapping
        What ``analysis.compare_dict`` gives, with ``weeks`` of one year as sentences.
    year : int
        Number of that year, 1 is the first.
    """
    out = [
        f"Base: {base['scenario']}  ({base['replications']} shared years, seed {base['seed']})",
        *([f"! {base['banner']}"] if base["banner"] else []),
        headline(base),
    ]
    several = len(arms) > 1
    if several:
        out.append(
            f"Intervals hold for all {len(arms)} plans at once, for one line at a time; so do verdicts."
        )
    for arm in arms:
        out += ["", f"{arm['scenario']} against {base['scenario']}:"]
        out += [f"  changes {k}: {a} -> {b}" for k, (a, b) in list(arm["changes"].items())[:12]]
        more = len(arm["changes"]) - 12
        out += [f"  and {more} more changes"] if more > 0 else []
        for name, d in arm["differences"].items():
            if d["mean"] is None or (name not in MAIN and d["mean"] == 0):
                continue
            lo, hi = (d["lo_all"], d["hi_all"]) if several else (d["lo"], d["hi"])
            interval = f"({value_text(lo, d['unit'], signed=True)} to {value_text(hi, d['unit'], signed=True)})"
            chance = (
                f", ahead in {100 * d['beats']:.0f} of 100 years" if d["beats"] is not None else ""
            )
            out.append(
                f"  {METRICS[name].label:36}{value_text(d['mean'], d['unit'], signed=True):>18}  {interval:30} {d['verdict']}{chance}"
            )
        moved = {k: v for k, v in arm["ledger_difference"].items() if v}
        if moved:
            out.append(
                "  Cycles a year: "
                + ", ".join(f"{BIN_WORDS[k]} {v:+.1f}" for k, v in moved.items())
            )
        weeks = arm["weeks"]
        out.append(
            f"  In simulated year {year}, {len(weeks)} cycles differ" + (":" if weeks else ".")
        )
        out += [f"    {w['sentence']}" for w in weeks[:20]]
        if len(weeks) > 20:
            out.append(f"    and {len(weeks) - 20} more (--json lists all)")
        out += [f"  ! {w}" for w in arm["warnings"] if "gives up" in w or "least-served" in w]
    return [*out, "", base["limits"]]


MAIN = ("completion_full", "completion_any", "logged_any", "on_time_share", "lowest_ect")
