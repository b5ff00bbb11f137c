"""An Excel workbook of a plan. Every text is written as text: nothing that was uploaded is a formula."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ectsim.carried import CELL, KEY, SHEET, Carried, pack
from ectsim.clock import WEEKDAYS, Slot, clock_text
from ectsim.ledger import BIN_WORDS
from ectsim.metrics import METRICS
from ectsim.parameters import certificates
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.school import Conditions
from ectsim.words import headline, of_hundred

if TYPE_CHECKING:
    from ectsim.audit import Audit
    from ectsim.scenario import Scenario

__all__ = ["USES", "slot_rows", "workbook"]

USES = {"meet": "meeting", "observe": "visit", "reserve": "reserve", "study": "study"}
"""What a slot is for, in words."""

Row = Sequence[object]


def slot_rows(scenario: Scenario) -> list[tuple[str, str, str, int, str, str, str, str]]:
    """Return every slot: ECT, mentor, use, week, day, period, start, end.

    Parameters
    ----------
    scenario : Scenario
        The plan.
    """
    school, out = scenario.school, []
    for p in school.pairs:
        slots = scenario.plan.slots_of(p.id)
        for use, word in USES.items():
            for slot in sorted(Slot.parse(t) for t in getattr(slots, use)):
                period = school.grid.periods[school.grid.index(slot.period)]
                out.append(
                    (p.ect, p.mentor, word, slot.week, WEEKDAYS[slot.day], slot.period,
                     clock_text(period.start), clock_text(period.end))
                )  # fmt: skip
    return out


def workbook(
    scenario: Scenario, result: Mapping[str, Any], audit: Audit, carried: Carried
) -> bytes:
    """Write a workbook with the sheets Summary, Slots, Ledger, Hours, Assumptions and Carried.

    Parameters
    ----------
    scenario : Scenario
        The plan.
    result : mapping
        What ``analysis.result_dict`` gave.
    audit : Audit
        The hours audit of the same scenario.
    carried : Carried
        The scenario as files, from which the workbook can be simulated again.

    Returns
    -------
    bytes
        The same for the same plan.
    """
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    # the time of writing is no content: with it the same plan would give other bytes
    created = dt.datetime.combine(scenario.school.calendar.origin, dt.time())
    book.set_properties({"title": "Coaching plan", "created": created})
    sheets: list[tuple[str, Row, Iterable[Row], tuple[int, ...]]] = [
        ("Summary", ("What", "Value", "Low", "High", "Unit"), _summary(result), (44, 60, 10, 10, 24)),
        ("Slots", ("ECT", "Mentor", "For", "Week", "Day", "Period", "From", "To"), slot_rows(scenario), (14, 14, 10, 6, 6, 8, 8, 8)),
        ("Ledger", ("What became of the cycles due", "Over all simulated years", "A year", "Of 100 due"), _ledger(result), (56, 24, 10, 12)),
        ("Hours", ("Who", "Role", "Pair", "What", "Minutes", "Needed", "There", "Of a", "Verdict", "Remedy", "Sources"), _hours(audit), (12, 12, 10, 60, 10, 10, 10, 16, 10, 60, 20)),
        ("Assumptions", ("Parameter", "Value", "Default", "Low", "High", "Unit", "Where it comes from", "Source", "Question"), _assumptions(scenario), (34, 16, 16, 8, 8, 36, 20, 14, 70)),
        (SHEET, ("What", "Text"), _carried(carried), (14, 60)),
    ]  # fmt: skip
    bold = book.add_format({"bold": True, "bottom": 1})
    # the sign that Excel sets before a text typed with ': it stays text when a cell is edited
    plain = book.add_format({"quote_prefix": True})
    for name, head, rows, widths in sheets:
        sheet = book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        for y, row in enumerate((head, *rows)):
            for x, value in enumerate(row):
                if isinstance(value, bool) or value is None:
                    value = "" if value is None else ("yes" if value else "no")
                if isinstance(value, int | float):
                    sheet.write_number(y, x, value)
                elif value != "":
                    sheet.write_string(y, x, str(value), bold if y == 0 else plain)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
    book.close()
    return out.getvalue()


def _summary(result: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = [(w, "", "", "", "") for w in result["warnings"] if "gives up" in w]
    rows += [("In words", headline(result))]
    rows += [("Scenario", result["scenario"]), ("Scenario code", result["code"])]
    # a seed may have more digits than a workbook's number holds
    rows += [("Seed", str(result["seed"])), ("Simulated years", result["replications"])]
    rows += [("Version of ectsim", result["version"])]
    rows += [
        (METRICS[name].label, m["mean"], m["lo"], m["hi"], m["unit"])
        for name, m in result["metrics"].items()
    ]
    rows += [("To know", w) for w in result["warnings"]]
    if result.get("drivers"):
        rows += [("What is not known", result["drivers"]["sentence"])]
    return [*rows, ("What is not claimed", result["limits"])]


def _ledger(result: Mapping[str, Any]) -> list[Row]:
    total, a_year = result["ledger_total"], result["ledger"]
    parts = of_hundred(total)
    rows: list[Row] = [(BIN_WORDS[k], total[k], a_year[k], parts[k]) for k in total]
    due = result["due_total"]
    return [*rows, ("all that were due", due, due / result["replications"], 100 if due else 0)]


def _hours(audit: Audit) -> list[Row]:
    return [
        (i.who, i.role, i.pair, i.what, i.minutes, i.needed, i.has, i.per, i.verdict, i.remedy, " ".join(i.sources))
        for i in audit.items
    ]  # fmt: skip


def _assumptions(scenario: Scenario) -> list[Row]:
    rows: list[Row] = []
    for room, model, values in (
        ("plan", Plan, scenario.plan),
        ("conditions", Conditions, scenario.school.conditions),
        ("programme", Programme, scenario.programme),
    ):
        for c in certificates(model, room):
            value: Any = values
            for part in c.name.split(".")[1:]:
                value = getattr(value, part)
            rows.append(
                (c.name, _shown(value), _shown(c.default), c.low, c.high, c.unit, c.status, c.source, c.ask)
            )  # fmt: skip
    rows += [("assumed for this school", note) for note in scenario.school.assumptions]
    return rows


def _shown(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _carried(carried: Carried) -> list[Row]:
    text = pack(carried)
    note = "ectsim simulate reads the scenario from this sheet: keep it as it is"
    rows: list[Row] = [("about", note)]
    return rows + [(KEY, text[i : i + CELL]) for i in range(0, len(text), CELL)]
