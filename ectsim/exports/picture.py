"""Charts as standalone pictures: SVG in the dashboards' style, and pages of them without a script.

A chart is plain data, as ``ectsim.app.widgets`` documents; here are drawn ``lines`` and, for effects,
``intervals``: ``{"unit": "points", "x_label": "...", "series": [{"label": "mu*", "mark": "dot"},
{"label": "sigma", "mark": "cross"}], "rows": [{"label": "plan.horizon", "points": [{"value": 4.2,
"lo": 3.1, "hi": 5.3}, {"value": 0.4}]}]}``. What is told apart by colour has another mark as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["page", "svg"]

Chart = Mapping[str, Any]
WIDE, SIZE = 760.0, 14.0
"""Width of a picture and height of its letters, in pixels."""

STYLE = """
text { fill: var(--ink, #1b2420); font-family: system-ui, "Segoe UI", Arial, sans-serif }
.s { fill: var(--soft, #4a5751) } .b { font-weight: 650 } .n { font-variant-numeric: tabular-nums }
.axis { stroke: var(--edge, #6f7d76) } .grid { stroke: var(--line, #d3d9d5) }
.zero { stroke: var(--edge, #6f7d76); stroke-width: 1.5 }
.line { fill: none; stroke: var(--accent, #0b5f5c); stroke-width: 2.5; stroke-linejoin: round }
.second { stroke: var(--warn, #8a3b12); stroke-dasharray: 7 5 }
.third { stroke: var(--edge, #6f7d76); stroke-dasharray: 2 4 }
.band { fill: var(--accent, #0b5f5c); opacity: .15 }
.target { stroke: var(--ink, #1b2420); stroke-width: 1.5 }
.dot { fill: var(--accent, #0b5f5c) } .whisker { stroke: var(--accent, #0b5f5c); stroke-width: 2 }
.cross { fill: none; stroke: var(--warn, #8a3b12); stroke-width: 2.2 }
.cross-whisker { stroke: var(--warn, #8a3b12); stroke-width: 1.5 }
""".strip()


def svg(chart: Chart, *, titled: bool = True) -> str:
    """Draw a chart.

    Parameters
    ----------
    chart : mapping
        Its specification.
    titled : bool
        Whether title and sentence stand in the picture, as they must in a file of its own.

    Returns
    -------
    str
        An SVG element that needs nothing else.
    """
    draw = {"intervals": _intervals, "lines": _lines}[chart["kind"]]
    head, top = _head(chart) if titled else ([], 0.0)
    body, tall = draw(chart["data"])
    whole = top + tall + 8
    # the sentence and the table hold what a listener needs; the picture is one image
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -4 {WIDE + 16:.0f} {whole + 8:.0f}" '
        f'width="{WIDE + 16:.0f}" role="img" aria-label="{escape(chart["title"])}. {escape(chart["sentence"])}">'
        f"<title>{escape(chart['title'])}</title><desc>{escape(chart['sentence'])}</desc>"
        f"<style>{STYLE}</style>"
        + ('<rect x="-8" y="-4" width="100%" height="100%" fill="#ffffff"/>' if titled else "")
        + "".join(head)
        + f'<g transform="translate(0,{top:.1f})">{"".join(body)}</g></svg>'
    )


def _head(chart: Chart) -> tuple[list[str], float]:
    parts, y = [], 0.0
    sentences = [(chart["title"], 18.0, "b"), (chart["sentence"], 13.0, "s")]
    if chart.get("banner"):
        sentences.append((chart["banner"], 13.0, "b"))
    for text, size, kind in sentences:
        for line in _wrap(text, size, WIDE):
            y += size * 1.3
            parts.append(_text(0, y, line, kind, size))
    return parts, y + 14


def _width(text: str, size: float) -> float:
    # nothing here measures letters: half their height is what they are wide on average
    return 0.54 * size * len(text)


def _wrap(text: str, size: float, room: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _text(x: float, y: float, text: str, kind: str = "", size: float = SIZE, anchor: str = "start") -> str:  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" font-size="{size:g}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _number(value: float) -> str:
    return f"{value:,.10g}".replace("-", "−")


def _ticks(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / most or 1.0
    power = 10 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def _ends(values: Sequence[float], *, zero: bool) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low) * 0.04 or 1.0
    return low - (room if low < 0 else 0.0), high + room


def _mark(mark: str, x: float, y: float) -> str:
    if mark == "cross":
        return f'<path d="M-4.5,-4.5 l9,9 M4.5,-4.5 l-9,9" transform="translate({x:.1f},{y:.1f})" class="cross"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="dot"/>'


def _intervals(data: Mapping[str, Any]) -> tuple[list[str], float]:
    """Draw a row for each factor: a mark for each series, and its interval as a line."""
    rows, series = data["rows"], data["series"]
    numbers = [
        p[k] for row in rows for p in row["points"] for k in ("value", "lo", "hi")
        if p.get(k) is not None
    ]  # fmt: skip
    low, high = _ends(numbers, zero=True)
    left = min(WIDE * 0.46, max((_width(row["label"], SIZE) for row in rows), default=0.0)) + SIZE

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDE - left)

    parts, y = _key(series)
    top, body = y, []
    for row in rows:
        lines = _wrap(row["label"], SIZE, left - SIZE)
        tall = max(SIZE * (1.1 + 0.9 * len(series)), SIZE * 1.25 * len(lines) + 6)
        for i, line in enumerate(lines):
            place = y + tall / 2 + SIZE * (0.36 + 1.25 * (i - (len(lines) - 1) / 2))
            body.append(_text(left - SIZE * 0.7, place, line, "", SIZE, "end"))
        for i, (kind, p) in enumerate(zip(series, row["points"], strict=True)):
            if p.get("value") is None:
                continue
            place = y + tall * (i + 1) / (len(series) + 1)
            if p.get("lo") is not None and p.get("hi") is not None:
                whisker = "cross-whisker" if kind["mark"] == "cross" else "whisker"
                body.append(_line(at(p["lo"]), place, at(p["hi"]), place, whisker))
            body.append(_mark(kind["mark"], at(p["value"]), place))
        y += tall
    for tick in _ticks(low, high, 7):
        parts.append(_line(at(tick), top, at(tick), y, "zero" if tick == 0 else "grid"))
        parts.append(_text(at(tick), y + SIZE * 1.3, _number(tick), "s n", SIZE * 0.9, "middle"))
    parts += [_line(left, y, WIDE, y, "axis"), *body]
    return _labelled(parts, data, left, y + SIZE * 1.5)


def _labelled(parts: list[str], data: Mapping[str, Any], left: float, y: float) -> tuple[list[str], float]:  # fmt: skip
    for line in _wrap(data.get("x_label", ""), SIZE * 0.9, WIDE - left):
        y += SIZE * 1.15
        parts.append(_text(left, y, line, "s", SIZE * 0.9))
    return parts, y + 6


def _key(series: Sequence[Mapping[str, Any]]) -> tuple[list[str], float]:
    """Draw what each mark stands for; one alone needs no key."""
    if len(series) < 2:
        return [], 0.0
    parts, x, y = [], 0.0, SIZE
    for s in series:
        wide = SIZE * 2.6 + _width(s["label"], SIZE)
        if x and x + wide > WIDE:
            x, y = 0.0, y + SIZE * 1.6
        parts += [_mark(s["mark"], x + 6, y - SIZE * 0.36), _text(x + SIZE * 1.3, y, s["label"])]
        x += wide
    return parts, y + SIZE * 0.8


def _lines(data: Mapping[str, Any]) -> tuple[list[str], float]:
    """Draw lines over numbers, with bands and a target."""
    x, series, target = data["x"], data["series"], data.get("target")
    known = [
        v for s in series for k in ("values", "lo", "hi") for v in s.get(k, ()) if v is not None
    ]
    low, high = _ends([*known, *([target["value"]] if target else [])], zero=False)
    low, high = data.get("low", low), data.get("high", high)
    left, tall = SIZE * 4.5, 260.0
    styles = ("line", "line second", "line third")
    parts: list[str] = []
    at_x, y = 0.0, SIZE
    for i, s in enumerate(series):
        parts.append(
            _line(at_x, y - SIZE * 0.35, at_x + SIZE * 2.4, y - SIZE * 0.35, styles[i % 3])
        )
        parts.append(_text(at_x + SIZE * 2.9, y, s["label"]))
        at_x += SIZE * 4.5 + _width(s["label"], SIZE)
        if at_x > WIDE * 0.8 and i + 1 < len(series):
            at_x, y = 0.0, y + SIZE * 1.6
    y += SIZE

    def px(v: float) -> float:
        return left + float((v - x[0]) / ((x[-1] - x[0]) or 1)) * (WIDE - left)

    def py(v: float) -> float:
        return y + tall - float((min(high, max(low, v)) - low) / ((high - low) or 1)) * tall

    for tick in _ticks(low, high, 6):
        parts.append(_line(left, py(tick), WIDE, py(tick), "grid"))
        parts.append(_text(left - 6, py(tick) + SIZE * 0.33, _number(tick), "s n", SIZE * 0.9, "end"))  # fmt: skip

    def path(values: Sequence[float | None]) -> str:
        out: list[str] = []
        for i, v in enumerate(values):
            if v is not None:
                step = "L" if out and values[i - 1] is not None else "M"
                out.append(f"{step}{px(x[i]):.1f},{py(v):.1f}")
        return "".join(out)

    for i, s in enumerate(series):
        if "lo" in s and "hi" in s:
            back = "".join(f"L{px(a):.1f},{py(v):.1f}" for a, v in reversed(list(zip(x, s["lo"], strict=True))))  # fmt: skip
            parts.append(f'<path d="{path(s["hi"])}{back}z" class="band"/>')
        parts.append(f'<path d="{path(s["values"])}" class="{styles[i % 3]}"/>')
    if target:
        parts.append(_line(left, py(target["value"]), WIDE, py(target["value"]), "target"))
        parts.append(_text(WIDE, py(target["value"]) - 5, target["label"], "s", SIZE * 0.9, "end"))
    bottom = y + tall
    parts.append(_line(left, bottom, WIDE, bottom, "axis"))
    for tick in _ticks(x[0], x[-1], 8):
        parts.append(_text(px(tick), bottom + SIZE * 1.4, _number(tick), "s n", SIZE * 0.9, "middle"))  # fmt: skip
    return _labelled(parts, data, left, bottom + SIZE * 1.5)


def page(
    title: str,
    *,
    lead: Sequence[str],
    charts: Sequence[Chart],
    tables: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    banner: str = "",
) -> str:
    """Write a page of charts: a sentence and a table with each, no script, nothing fetched.

    Parameters
    ----------
    title : str
        Its heading.
    lead : sequence of str
        Paragraphs before the charts.
    charts : sequence of mapping
        Specifications.
    tables : sequence of mapping
        More tables, each with ``title``, ``columns`` and ``rows``.
    notes : sequence of str
        What to know: assumptions, limits, hashes.
    banner : str
        What a plan gives up, else "".

    Returns
    -------
    str
        HTML; whatever is handed in is shown as text.
    """
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only pages need it
    from markupsafe import Markup  # noqa: PLC0415 - as above

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = Path(__file__).with_name("charts.html").read_text(encoding="utf-8")
    # svg() has escaped every text that it was given
    shown = [(c, Markup(svg(c, titled=False))) for c in charts]
    return environment.from_string(template).render(
        title=title, lead=lead, charts=shown, tables=tables, notes=notes, banner=banner, cell=_cell
    )


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return "–" if math.isnan(value) else _number(float(f"{value:.4g}"))
    return _number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)
