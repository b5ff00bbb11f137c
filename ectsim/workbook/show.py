"""What a lesson shows: charts with a sentence and a table, tables, and a guess held against a run.

Charts are the dashboards' own, drawn in the page without the network; each carries its title as its
name, a sentence that says what is to be seen, and its numbers as a table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ectsim import charts
from ectsim.words import upper
from ectsim.workbook import runs

if TYPE_CHECKING:
    from ectsim.app.widgets import Chart

WIDTH = 100
"""Characters in a printed line."""

__all__ = ["bars", "dots", "ledger", "lines", "move", "reveal", "strip", "table"]


def _chart(spec: Mapping[str, Any]) -> Chart:
    from ectsim.app.widgets import Chart  # noqa: PLC0415 - a kernel without charts needs no widgets

    return Chart(spec)


def ledger(result: Mapping[str, Any]) -> Chart:
    """Show where the due cycles of a run went.

    Parameters
    ----------
    result : mapping
        What :func:`ectsim.workbook.run` gives.
    """
    return _chart(charts.ledger_bars(result))


def dots(*results: tuple[str, Mapping[str, Any]], metric: str = "completion_any") -> Chart:
    """Show how runs spread over simulated years, as fifty equally likely years each.

    Parameters
    ----------
    *results : (str, mapping)
        What each plan is called, and its run.
    metric : str
        ``completion_any`` or ``completion_full``.
    """
    return _chart(charts.spread_dots(results, metric))


def strip(
    name: str,
    *plans: tuple[str, Mapping[str, object] | None],
    pair: str,
    year: int = 1,
    seed: int = 1,
) -> Chart:
    """Show one pair's simulated year week by week, under one or two plans.

    Parameters
    ----------
    name : str
        A scenario.
    *plans : (str, mapping or None)
        What each plan is called, and its changes to the scenario.
    pair : str
        The pair's id.
    year, seed : int
        Which simulated year, and the seed.
    """
    from ectsim.story import week_strip  # noqa: PLC0415 - one use

    arms = []
    for label, changes in plans:
        found = runs.lived(name, changes, year=year, seed=seed)
        arms.append((label, found.scenario, week_strip(found.log, found.scenario, pair)))
    return _chart(charts.week_strips(arms, pair, year))


def bars(title: str, sentence: str, values: Mapping[str, float], unit: str) -> Chart:
    """Show a few named numbers.

    Parameters
    ----------
    title : str
        What is to be found in it.
    sentence : str
        The same for somebody who does not see it.
    values : mapping of str to float
        Labels and numbers, none below zero.
    unit : str
        What the numbers count.
    """
    rows = [[label, round(value, 1)] for label, value in values.items()]
    shown = [{"label": label, "value": value, "tone": "accent"} for label, value in rows]
    return _chart(
        {
            "title": title,
            "sentence": sentence,
            "kind": "bars",
            "data": {"unit": unit, "high": max([1, *values.values()]), "bars": shown},
            "table": {"columns": ["", upper(unit)], "rows": rows},
        }
    )


def lines(
    title: str,
    sentence: str,
    x_label: str,
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    unit: str,
    *,
    low: float = 0.0,
    high: float | None = None,
) -> Chart:
    """Show at most three series over one axis.

    Parameters
    ----------
    title, sentence, unit
        As in :func:`bars`.
    x_label : str
        What the axis counts.
    x : sequence of float
        Its places.
    series : mapping of str to sequence of float
        A label and a value at each place.
    low, high : float
        Ends of the upright axis; the highest value if there is no other.
    """
    top = max(max(v) for v in series.values()) if high is None else high
    shown = {k: [round(v, 2) for v in values] for k, values in series.items()}
    return _chart(
        {
            "title": title,
            "sentence": sentence,
            "kind": "lines",
            "data": {
                "unit": unit,
                "x": list(x),
                "x_label": x_label,
                "low": low,
                "high": top,
                "series": [{"label": k, "values": v} for k, v in shown.items()],
            },
            "table": {
                "columns": [x_label, *shown],
                "rows": [[at, *(v[i] for v in shown.values())] for i, at in enumerate(x)],
            },
        }
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table whose columns stand under each other.

    Parameters
    ----------
    columns : sequence of str
        Heads.
    rows : sequence of sequence
        A row each; floats are printed with one digit.
    """
    texts = [[f"{c:.1f}" if isinstance(c, float) else str(c) for c in row] for row in rows]
    widths = [max(len(r[i]) for r in [list(columns), *texts]) for i in range(len(columns))]
    right = [all(isinstance(row[i], float | int) for row in rows) for i in range(len(columns))]
    for cells in [list(columns), *texts]:
        print("  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)).rstrip())  # fmt: skip


def reveal(what: str, guess: float | None, value: float, digits: int = 0) -> None:
    """Say what a run gave, and how far a guess was from it.

    Parameters
    ----------
    what : str
        What was guessed.
    guess : float or None
        The guess; None if nobody wrote one down.
    value : float
        What the run gave.
    digits : int
        Digits after the point.
    """
    said = f"{what}: {value:.{digits}f}."
    if guess is None:
        said += " You wrote down no guess; next time do, it is what makes you look twice."
    elif abs(guess - value) < 0.5 * 10**-digits:
        said += f" Your guess of {guess:g} was right."
    else:
        said += f" Your guess of {guess:g} was {abs(guess - value):.{digits}f} too {'high' if guess > value else 'low'}."
    print(textwrap.fill(said, WIDTH))


def move(show: Callable[..., object], **controls: tuple[str, Sequence[object]]) -> Any:
    """Let a reader move something and see what it does.

    Parameters
    ----------
    show : callable
        Called with the chosen values; what it prints or returns is shown.
    **controls : (str, sequence)
        For each argument of ``show`` its question and the values to choose from; the first is
        chosen at the start. Arrow keys move it.
    """
    from ectsim.app.moving import moving  # noqa: PLC0415 - widgets, only where one moves

    return moving(show, controls)
