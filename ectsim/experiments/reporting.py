"""An experiment's results as plain data, tables, charts, a page and lines for a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from ectsim import __version__
from ectsim.analysis import LIMITS, Estimate, estimate
from ectsim.experiments import provenance
from ectsim.experiments.designs import DUMMY, KINDS, known_fields
from ectsim.experiments.drivers import told
from ectsim.experiments.effects import MEASURES, Effect, effects, strongest
from ectsim.experiments.precision import precision_dict
from ectsim.experiments.running import Experiment
from ectsim.experiments.store import Store, parquet
from ectsim.exports.picture import page, svg
from ectsim.metrics import METRICS
from ectsim.words import upper, value_text

__all__ = ["charts", "file_names", "keep", "lines", "precision_chart", "report", "result_dict", "summary_rows"]  # fmt: skip

Chart = dict[str, Any]
MOST_ROWS = 15
"""Factors in a picture and points on a terminal; the tables hold all of them."""

MOST_FACTORS = 6
"""Factors whose values are listed on a terminal."""

SHARES = ("share", "S1", "ST")
"""Measures that are shares, whatever the metric's unit."""


def result_dict(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment's result as plain data, the same bytes wherever it was computed.

    Returns
    -------
    dict
        ``design`` (its name), ``question``, ``kind``, ``key``, ``scenario``, ``code``, ``seed``,
        ``points``, ``years`` (of all points together), ``factors`` (each with ``name``, ``ask``,
        ``status``, ``levels`` or ``low`` and ``high``), ``metrics`` {name: {label, unit, lowest,
        highest}}, each with ``point``, ``values``, ``mean``, ``lo``, ``hi``), ``effects`` (rows of
        :class:`~ectsim.experiments.effects.Effect`), ``precision`` (None without a rule), ``drivers`` (which assumptions matter most, see
        :func:`ectsim.experiments.drivers.told`),
        ``hashes``, ``version``, ``banner``, ``warnings``, ``limits``.
    """
    x, d = experiment, experiment.design
    return {
        "design": d.name,
        "question": d.question,
        "kind": d.kind,
        "key": x.key,
        "scenario": x.base.name,
        "code": x.base.code(d.seed),
        "seed": d.seed,
        "points": len(x.points),
        "years": sum(x.counts),
        "factors": [_factor(x, i) for i in range(len(d.factors))],
        "metrics": {m: _range(x, m) for m in d.metrics},
        "effects": [e.to_dict() for e in effects(x)],
        "precision": _precision(x),
        "drivers": told(x.base),
        "hashes": provenance.hashes(),
        "version": __version__,
        "banner": x.base.banner,
        "warnings": list(x.base.warnings),
        "limits": LIMITS,
    }


def _factor(x: Experiment, i: int) -> dict[str, Any]:
    f = x.design.factors[i]
    known = known_fields().get(f.name)
    out: dict[str, Any] = {
        "name": f.name,
        "ask": "changes nothing: what is said of it is the method's own error" if f.name == DUMMY
        else known.ask if known else "",
        "status": f.status,
    }  # fmt: skip
    return out | ({"levels": list(f.levels)} if f.levels else {"low": f.low, "high": f.high})


def _known(e: Estimate) -> dict[str, float | None]:
    return {k: None if isnan(v) else v for k, v in (("mean", e.mean), ("lo", e.lo), ("hi", e.hi))}


def _range(x: Experiment, metric: str) -> dict[str, Any]:
    """Return the points with the lowest and the highest mean."""
    means = [float(v) for v in x.means(metric)]
    there = [i for i, v in enumerate(means) if not isnan(v)]
    values = x.values(metric)
    m = METRICS[metric]
    out: dict[str, Any] = {"label": m.label, "unit": m.unit, "lowest": None, "highest": None}
    if there:
        ends = (
            ("lowest", min(there, key=means.__getitem__)),
            ("highest", max(there, key=means.__getitem__)),
        )
        for name, i in ends:
            p = x.points[i]
            out[name] = {"point": i, "values": _plain(p.values)} | _known(estimate(values[i]))
    return out


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def _precision(x: Experiment) -> dict[str, Any] | None:
    """Return what the rule found, with the curves of the point that needed most years."""
    rule = x.design.rule
    if rule is None:
        return None
    slowest = max(range(len(x.points)), key=lambda i: x.counts[i])
    values = {g.metric: x.values(g.metric)[slowest] for g in rule.goals}
    return precision_dict(values, rule, x.decisions[slowest]) | {
        "point": slowest, "counts": list(x.counts), "enough": [d.found for d in x.decisions],
        "not_reached": sum(d.found is None for d in x.decisions),
    }  # fmt: skip


def summary_rows(experiment: Experiment) -> list[dict[str, Any]]:
    """Return a row for each point and metric: the factors, and the mean with its interval."""
    x = experiment
    out = []
    for metric in x.design.metrics:
        for p, d, values in zip(x.points, x.decisions, x.values(metric), strict=True):
            e = estimate(values)
            out.append(
                {
                    "point": p.index, **p.values, "metric": metric, "unit": METRICS[metric].unit,
                    "years": d.replications, "enough_at": d.found, "n": e.n, "mean": e.mean,
                    "lo": e.lo, "hi": e.hi, "p10": e.p10, "p90": e.p90,
                }
            )  # fmt: skip
    return out


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV; no text in it can be taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if rows:
        writer.writerow(list(rows[0]))
    for row in rows:
        writer.writerow([_safe(v) for v in row.values()])
    return out.getvalue()


def _safe(value: Any) -> Any:
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    text = "+".join(map(str, value)) if isinstance(value, tuple | list) else value
    return f"'{text}" if isinstance(text, str) and text[:1] in "=+-@\t\r" and text else text


# --- charts --------------------------------------------------------------------------------------


def charts(experiment: Experiment, rows: Sequence[Effect]) -> dict[str, Chart]:
    """Return a chart of the effects on each metric, by the metric's name, and of precision.

    Parameters
    ----------
    experiment : Experiment
        With all its years.
    rows : sequence of Effect
        What :func:`ectsim.experiments.effects.effects` gives.
    """
    out = {}
    for metric in experiment.design.metrics:
        mine = [e for e in rows if e.metric == metric]
        if mine:
            chart = _effects_chart(metric, mine, experiment.design.kind)
            out[metric] = chart | {"banner": experiment.base.banner}
    precision = _precision(experiment)
    if precision:
        out["precision"] = precision_chart(precision["goals"], max(experiment.counts))
    return out


SERIES = {
    "factorial": (("effect", "difference against the factor's first level", "dot"),),
    "one_at_a_time": (("effect", "difference against the scenario as it is", "dot"),),
    "latin_hypercube": (("change", "difference over the whole range", "dot"),),
    "morris": (
        ("mu_star", "mean size of the effect (mu*)", "dot"),
        ("sigma", "its spread (sigma)", "cross"),
    ),
    "sobol": (
        ("S1", "alone (first order)", "dot"),
        ("ST", "with everything it takes part in (total)", "cross"),
    ),
}
"""What a picture shows of each kind of design: measure, words, mark."""


def _effects_chart(metric: str, rows: Sequence[Effect], kind: str) -> Chart:
    series = SERIES[kind]
    by = {(e.factor, e.level, e.measure): e for e in rows}
    main = series[-1][0] if kind == "sobol" else series[0][0]
    bars = sorted(
        (e for e in rows if e.measure == main and not isnan(e.value)), key=lambda e: -abs(e.value)
    )
    shown = []
    for e in bars[:MOST_ROWS]:
        points = [by.get((e.factor, e.level, measure)) for measure, _, _ in series]
        label = f"{e.factor}: {e.level}" if e.level else e.factor
        shown.append({"label": label, "points": [_point(p, metric) for p in points]})
    unit = "parts of 100 of the variance" if kind == "sobol" else _unit(metric)
    rest = len(bars) - len(shown)
    more = f" The {len(shown)} largest of {len(bars)} are drawn, the table has all." if rest else ""
    return {
        "title": _title(metric, rows, kind),
        "sentence": _sentence(kind) + more,
        "kind": "intervals",
        "data": {
            "unit": unit,
            "x_label": f"{METRICS[metric].label}: {unit}",
            "series": [{"label": words, "mark": mark} for _, words, mark in series],
            "rows": shown,
        },
        "table": {
            "columns": ["Factor", "Level", "What", "Value", "95 % from", "to"],
            "rows": [
                [e.factor, e.level, MEASURES[e.measure], *(_text(v, e) for v in (e.value, e.lo, e.hi))]
                for e in rows
            ],
        },
    }  # fmt: skip


def _scale(measure: str, metric: str) -> float:
    return 100.0 if measure in SHARES or METRICS[metric].unit == "share" else 1.0


def _point(e: Effect | None, metric: str) -> dict[str, float | None]:
    if e is None:
        return {"value": None}
    scale = _scale(e.measure, metric)
    found = {"value": e.value, "lo": e.lo, "hi": e.hi}
    return {k: None if isnan(v) else scale * v for k, v in found.items()}


def _unit(metric: str) -> str:
    return "points of 100" if METRICS[metric].unit == "share" else METRICS[metric].unit


def _text(value: float, e: Effect) -> str:
    if isnan(value):
        return ""
    if e.measure in SHARES:
        return f"{100 * value:.1f} of 100"
    unit = METRICS[e.metric].unit
    signed = e.measure in ("effect", "together", "change", "mu")
    return f"{100 * value:{'+' if signed else ''}.2f} points" if unit == "share" else value_text(value, unit, signed=signed)  # fmt: skip


def _title(metric: str, rows: Sequence[Effect], kind: str) -> str:
    label = METRICS[metric].label
    order = [found for found in strongest(rows, metric) if found[0] != DUMMY]
    if not order or order[0][1] == 0:
        return f"{upper(label)}: nothing that was varied changes it"
    factor, _, e = order[0]
    if e.measure in ("effect", "change") and (isnan(e.lo) or e.lo <= 0 <= e.hi):
        return f"{upper(label)}: no effect can be told from chance"
    if kind == "sobol":
        return f"{upper(label)}: {factor} matters most, it has a part in {100 * e.value:.0f} of 100 of the variance"
    how = f" ({e.level})" if e.level else ""
    return f"{upper(label)}: {factor} matters most, {_text(e.value, e)}{how}"


def _sentence(kind: str) -> str:
    return {
        "factorial": "Each mark is the difference between two levels of one factor, over all levels of the others and in the same simulated years; the line is its 95 % interval.",
        "one_at_a_time": "Each mark is the difference that one change alone makes to the scenario, in the same simulated years; the line is its 95 % interval.",
        "latin_hypercube": "Each mark is the difference from the low to the high end of a factor, read off a plane through all points; the line is its 95 % interval.",
        "morris": "A dot far to the right is a factor that matters; a cross as far right means that how much depends on where the others are. The line is a 95 % interval.",
        "sobol": "Dots are the parts of the variance between points that a factor makes alone, crosses those in which it takes part; lines are 95 % intervals.",
    }[kind]  # fmt: skip


def precision_chart(goals: Sequence[Mapping[str, Any]], years: int) -> Chart:
    """Show how the half-widths of intervals shrink with the number of simulated years.

    Parameters
    ----------
    goals : sequence of mapping
        As :func:`ectsim.experiments.precision.precision_dict` gives them.
    years : int
        How many were used.
    """
    # each half-width over the one that was asked for: so all of them have one target
    series, table = [], []
    missed = [METRICS[g["metric"]].label for g in goals if not g["reached"]]
    goals = [g for g in goals if g["curve"]["n"]]  # a metric may exist in no year
    x = list(range(2, years + 1))
    for g in goals[:3]:
        c = g["curve"]
        at = dict(zip(c["n"], zip(c["mean"], c["half_width"], strict=True), strict=True))
        values = [_times(g, *at[n]) if n in at else None for n in x]
        series.append({"label": METRICS[g["metric"]].label, "values": values})
    for g in goals:
        mean, half = g["curve"]["mean"][-1], g["curve"]["half_width"][-1]
        table.append(
            [METRICS[g["metric"]].label, _wanted(g), value_text(mean, g["unit"]), _half(half, g["unit"]), "yes" if g["reached"] else "no"]
        )  # fmt: skip
    high = max(3.0, *(v for s in series for v in s["values"][8:] if v is not None)) if x else 3.0
    return {
        "title": f"{years:,} simulated years are precise enough"
        if not missed
        else f"{years:,} simulated years are not precise enough for {', '.join(missed)}",
        "sentence": "Each line is the half-width of a 95 % interval as years are added, in parts of the half-width asked for; below 1 it is precise enough, and must stay so for some years more.",
        "kind": "lines",
        "data": {
            "unit": "", "x": x, "x_label": "simulated years", "low": 0.0, "high": high,
            "target": {"value": 1.0, "label": "asked for"}, "series": series,
        },
        "table": {
            "columns": ["Metric", "Half-width asked for", "Mean", "Half-width reached", "Enough"],
            "rows": table,
        },
    }  # fmt: skip


def _times(goal: Mapping[str, Any], mean: float, half: float) -> float | None:
    target = goal["half_width"] * abs(mean) if goal["relative"] else goal["half_width"]
    return half / target if target > 0 else None


def _half(value: float, unit: str) -> str:
    return f"{100 * value:.2f} points" if unit == "share" else value_text(value, unit)


def _wanted(goal: Mapping[str, Any]) -> str:
    if goal["relative"]:
        return f"{100 * goal['half_width']:g} % of the mean"
    return _half(goal["half_width"], goal["unit"])


# --- files, page, terminal -----------------------------------------------------------------------


def file_names(experiment: Experiment) -> tuple[str, ...]:
    """Return the names of what :func:`keep` writes."""
    pictures = tuple(f"{m}.svg" for m in charts(experiment, effects(experiment)))
    return (
        "results.parquet",
        "summary.csv",
        "effects.csv",
        *pictures,
        "report.html",
        "result.json",
    )


def keep(experiment: Experiment, store: Store) -> dict[str, Any]:
    """Write an experiment's results into its folder of the store; the last file says that it is finished.

    Returns
    -------
    dict
        :func:`result_dict`.
    """
    x = experiment
    rows = effects(x)
    drawn = charts(x, rows)
    result = result_dict(x)
    columns = ("metric", "factor", "level", "measure", "value", "lo", "hi")
    files = {
        "results.parquet": parquet(x.table),
        "summary.csv": csv_text(summary_rows(x)).encode(),
        "effects.csv": csv_text([{c: getattr(e, c) for c in columns} for e in rows]).encode(),
        **{f"{name}.svg": svg(chart).encode() for name, chart in drawn.items()},
        "report.html": report(x, result, list(drawn.values())).encode(),
        "result.json": (json.dumps(result, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    for name, content in files.items():
        store.put(x.key, name, content)
    return result


def report(experiment: Experiment, result: Mapping[str, Any], drawn: Sequence[Chart]) -> str:
    """Write the page of an experiment."""
    x, d = experiment, experiment.design
    code = result["code"]
    notes = [
        *result["warnings"],
        *([result["drivers"]["sentence"]] if result["drivers"] else []),
        f"Seed {d.seed}; all points live through the same years. ectsim {result['version']}, code and data {result['hashes']}, design {x.key}.",
        f"Scenario: {result['scenario']}" + (f", code {code}" if len(code) <= 160 else "") + ".",
        "results.parquet beside this page has every year, summary.csv every point, effects.csv every effect.",
        LIMITS,
    ]  # fmt: skip
    factors = {
        "title": "What was varied",
        "tight": False,
        "columns": ["Factor", "Question", "Where its default comes from", "Values"],
        "rows": [[f["name"], f["ask"], f["status"], _values_text(f)] for f in result["factors"]],
    }
    return page(
        d.name,
        lead=[t for t in (d.question, _lead(result)) if t],
        charts=drawn,
        tables=[factors, _points_table(x)],
        notes=notes,
        banner=result["banner"],
    )


def _lead(result: Mapping[str, Any]) -> str:
    n, years = result["points"], result["years"]
    return f"{upper(result['kind'].replace('_', ' '))}: {KINDS[result['kind']]}. {n:,} points, {years:,} simulated years in all."


def _values_text(f: Mapping[str, Any]) -> str:
    if "levels" in f:
        return ", ".join("+".join(map(str, v)) if isinstance(v, list) else str(v) for v in f["levels"])  # fmt: skip
    return f"{f['low']:g} to {f['high']:g}"


MOST_POINTS = 64
"""Points on the page; summary.csv has all."""


def _points_table(x: Experiment) -> dict[str, Any]:
    metrics = x.design.metrics
    columns = ["Point", *x.design.names, "Years", *(METRICS[m].label for m in metrics)]
    values = {m: x.values(m)[:MOST_POINTS] for m in metrics}
    rows = []
    for i, p in enumerate(x.points[:MOST_POINTS]):
        row: list[Any] = [i, *(_shown(p.values[n]) for n in x.design.names), x.counts[i]]
        rows.append([*row, *(_mean_text(estimate(values[m][i]), METRICS[m].unit) for m in metrics)])
    more = len(x.points) - len(rows)
    title = "The points, with the 95 % interval of each mean"
    return {"title": f"{title} ({more:,} more in summary.csv)" if more else title, "columns": columns, "rows": rows, "tight": True}  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "+".join(map(str, value)) if isinstance(value, tuple | list) else "the default" if value is None else str(value)  # fmt: skip


def _mean_text(e: Estimate, unit: str) -> str:
    if isnan(e.mean):
        return "–"
    if isnan(e.lo):
        return value_text(e.mean, unit)
    return f"{value_text(e.mean, unit)} ({value_text(e.lo, unit)} to {value_text(e.hi, unit)})"


def lines(experiment: Experiment, result: Mapping[str, Any]) -> list[str]:
    """Return an experiment's result as lines for a terminal."""
    x = experiment
    out = [result["design"], *([result["question"]] if result["question"] else []), ""]
    if result["banner"]:
        out += [f"! {result['banner']}", ""]
    out += [_lead(result), ""]
    if len(x.design.factors) <= MOST_FACTORS:  # more do not fit a line
        table = _points_table(x)
        rows = [[str(v) for v in row] for row in table["rows"][:MOST_ROWS]]
        out += _columns([table["columns"], *rows])
        if len(x.points) > MOST_ROWS:
            out.append(f"  and {len(x.points) - MOST_ROWS:,} more points in summary.csv")
    found = effects(x)
    for metric, chart in charts(x, found).items():
        out += ["", chart["title"]]
        if metric == "precision":
            out += [f"  {row[0]}: {row[3]}, asked for {row[1]}" for row in chart["table"]["rows"]]
            continue
        order = [f for f, _, _ in strongest(found, metric)]
        mine = sorted((e for e in found if e.metric == metric and e.measure != "together"), key=lambda e: order.index(e.factor) if e.factor in order else len(order))  # fmt: skip
        out += _columns(
            [
                [e.factor, e.level or e.measure, _text(e.value, e), "" if isnan(e.lo) else f"{_text(e.lo, e)} to {_text(e.hi, e)}"]
                for e in [*mine[: 3 * MOST_ROWS], *_pairs(found, metric)]
            ]
        )  # fmt: skip
    if result["drivers"]:
        out += ["", result["drivers"]["sentence"]]
    if result["warnings"]:
        out += ["", "To know:"] + [f"  - {w}" for w in result["warnings"]]
    return [*out, "", f"Code: {result['code']}", result["limits"]]


def _pairs(rows: Sequence[Effect], metric: str) -> list[Effect]:
    """Return the three pairs of factors that depend most on each other, where that is not chance."""
    sure = [
        e for e in rows
        if e.metric == metric and e.measure == "together" and not isnan(e.lo) and not e.lo <= 0 <= e.hi
    ]  # fmt: skip
    return sorted(sure, key=lambda e: -abs(e.value))[:3]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(t.ljust(w) for t, w in zip(row, wide, strict=True)).rstrip() for row in rows]  # fmt: skip
