"""One page for the head: what to expect, what is asked for, what is not claimed. It prints on one A4 page.

It has no script and asks for nothing from anywhere. What a school wrote is escaped and cut, so that
no name can be read as HTML or push the page over its edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ectsim.carried import ELEMENT, Carried, pack
from ectsim.ledger import BIN_WORDS
from ectsim.words import headline, of_hundred, value_text

if TYPE_CHECKING:
    from ectsim.audit import Audit
    from ectsim.plan import Plan
    from ectsim.scenario import Scenario

__all__ = ["page"]

MOST_PAIRS, MOST_BINS, MOST_FAILS, MOST_WARNINGS = 10, 9, 2, 3
"""What fits one page; the rest is counted and stands in the workbook."""

CODE_LENGTH = 160
"""A longer code is left out: the page carries the plan itself."""

LEVEL_WORDS = {
    "guaranteed": "never called to cover during an induction slot",
    "last": "called to cover during an induction slot only when nobody else is left",
    "none": "called to cover during an induction slot like anybody else",
}


def page(scenario: Scenario, result: Mapping[str, Any], audit: Audit, carried: Carried) -> bytes:
    """Write the page.

    Parameters
    ----------
    scenario, result, audit, carried
        As in :func:`ectsim.exports.workbook.workbook`.

    Returns
    -------
    bytes
        HTML in UTF-8.
    """
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only pages need it

    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    held = result["metrics"]["completion_any"]
    code = result["code"] if len(result["code"]) <= CODE_LENGTH else ""
    slots = _slots(scenario)
    text = environment.from_string(template).render(
        name=cut(scenario.name, 60), school=cut(scenario.school.name, 60),
        calendar=cut(scenario.school.calendar.name, 40), pairs=len(scenario.school.pairs),
        staff=len(scenario.school.staff), due=f"{result['due']:.0f}", banner=scenario.banner,
        any=held, headline=headline(result), ledger=_ledger(result),
        asked=_asked(scenario.plan), slots=slots[:MOST_PAIRS],
        more_slots=max(0, len(slots) - MOST_PAIRS), hours=_hours(audit), warnings=_warnings(result),
        limits=result["limits"], runs=result["replications"], seed=result["seed"], code=code,
        interval="-" if held["mean"] is None
        else f"{value_text(held['lo'], 'share')} to {value_text(held['hi'], 'share')}",
        version=result["version"], element=ELEMENT, packed=pack(carried),
    )  # fmt: skip
    return text.encode()


def cut(text: str, most: int) -> str:
    """Return text on one line, cut at a number of characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _ledger(result: Mapping[str, Any]) -> list[tuple[str, str, int, bool]]:
    """Return words, part of a hundred, width of the bar, whether lost; the smallest parts together."""
    total: dict[str, int] = {k: v for k, v in result["ledger_total"].items() if v}
    parts = of_hundred(total)
    most = sorted(total, key=lambda k: -total[k])[:MOST_BINS]
    rows = [
        (BIN_WORDS[k], str(parts[k]) if parts[k] else "<1", parts[k], BIN_WORDS[k].startswith("lost"))
        for k in total
        if k in most
    ]  # fmt: skip
    rest = sum(parts[k] for k in total if k not in most)
    return rows + ([("everything else", str(rest), rest, True)] if len(total) > len(most) else [])


def _asked(plan: Plan) -> list[str]:
    fixed = plan.meeting == "fixed" and any(s.meet for s in plan.slots.values())
    out = [
        "Each pair has its own time in the timetable, shown below."
        if fixed
        else "No time is set aside: pairs find a time each week, beside everything else."
    ]
    if plan.slots:
        mentor, ect = plan.protection.mentor, plan.protection.ect
        if mentor == ect:
            out.append(f"Mentors and ECTs are {LEVEL_WORDS[mentor]}.")
        else:
            out.append(f"Mentors are {LEVEL_WORDS[mentor]}; ECTs are {LEVEL_WORDS[ect]}.")
    if plan.checkin_min:
        out.append(f"The coordinator checks in with mentors for {plan.checkin_min} minutes a week.")
    if plan.cover.supervisors is not None:
        n = plan.cover.supervisors
        out.append(f"The school has {n} cover supervisor{'' if n == 1 else 's'}.")
    return out


def _slots(scenario: Scenario) -> list[tuple[str, str, str, str, str]]:
    out = []
    for p in scenario.school.pairs:
        s = scenario.plan.slots_of(p.id)
        texts = [", ".join(t) for t in (s.meet, s.observe, s.reserve, s.study)]
        if any(texts):
            m, o, r, y = (cut(t, 34) for t in texts)
            out.append((f"{cut(p.ect, 16)} with {cut(p.mentor, 16)}", m, o, r, y))
    return out


def _hours(audit: Audit) -> list[str]:
    fails = audit.fails
    if not fails:
        return ["The time that is promised holds what is due: every check of the hours passes."]
    n = len(fails)
    out = [f"{n} check{' of the hours fails' if n == 1 else 's of the hours fail'}."]
    out += [cut(f"{i.role} {i.who}: {i.what}; {i.remedy}", 180) for i in fails[:MOST_FAILS]]
    return out + ([f"And {n - MOST_FAILS} more, in the workbook."] if n > MOST_FAILS else [])


def _warnings(result: Mapping[str, Any]) -> list[str]:
    lines = [w for w in result["warnings"] if "gives up" not in w]
    more = len(lines) - MOST_WARNINGS
    out = [cut(w, 180) for w in lines[:MOST_WARNINGS]]
    return out + ([f"And {more} more notes, in the workbook."] if more > 0 else [])
