"""The dossier as a page and as Markdown: tables from plain data, nothing computed, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["html", "markdown"]

Block = Mapping[str, Any]


def html(data: Mapping[str, Any]) -> str:
    """Write the page.

    Parameters
    ----------
    data : mapping
        What :meth:`ectsim.dossier.Dossier.to_dict` gives.

    Returns
    -------
    str
        HTML without script that asks for nothing from anywhere.
    """
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only pages need it

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    environment.filters.update(marked=_marked, named=_named, drawn=_drawn)
    environment.tests["long"] = lambda cell: any(len(word) > 24 for word in str(cell).split())
    template = Path(__file__).with_name("dossier.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(**_told(data), d=data)


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what both forms say in sentences and tables of the computed sections."""
    laws, counts = data["laws"], data["validation"]["counts"]
    cells = sum(law["cases"] for law in laws)
    compared = [t for t in data["validation"]["targets"] if t["met"] is not None]
    parts: dict[str, list[Any]] = {}
    for item in data["items"]:
        parts.setdefault(item["part"], []).append(item)
    return {
        "parts": parts,
        "summary": [
            f"{len(data['items'])} of {len(data['items'])} items of the checklist are filled.",
            f"{len(laws)} of {len(laws)} laws held, in {cells:,} cases looked at.",
            f"{counts['met']} of {counts['met'] + counts['missed']} comparisons with published figures are met, {counts['missed']} are missed.",
            *(_precise(p) for p in data["precision"]),
        ],
        "arms": list(_arms(data["validation"])),
        "arms_shown": [a[:-1] for a in _arms(data["validation"])],
        "compared": [
            (
                t["id"], t["figure"], t["published"], t["kind"], _value(t["model"], t["unit"]),
                _interval(t["lo"], t["hi"], t["unit"]), "met" if t["met"] else "missed", t["words"],
            )
            for t in compared
        ],
        "precise": [
            (
                m["label"], m["name"], *(
                    f"{_value(x['mean'], x['unit'])} ±\N{NO-BREAK SPACE}{_half(x)}" for x in pair
                ),
                _needed(pair),
            )
            for pair in zip(*(p["metrics"] for p in data["precision"]), strict=True)
            for m in pair[:1]
        ],
        "differences": [
            (
                m["label"], m["name"], _value(m["mean"], m["unit"], signed=True),
                _interval(m["lo"], m["hi"], m["unit"], signed=True), m["verdict"],
            )
            for m in data["difference"]["metrics"]
        ],
    }  # fmt: skip


def _precise(plan: Mapping[str, Any]) -> str:
    held = next(m for m in plan["metrics"] if m["name"] == "completion_any")
    return (
        f"Plan {plan['plan']}: {_value(held['mean'], 'share')} of due cycles are held at all, known to within "
        f"{100 * held['half']:.1f} points after {held['n']} years."
    )


def _half(m: Mapping[str, Any]) -> str:
    if m["half"] is None:
        return "-"
    return f"{100 * m['half']:.1f}" if m["unit"] == "share" else _value(m["half"], m["unit"])


def _needed(pair: Sequence[Mapping[str, Any]]) -> str:
    known = [m["needed"] for m in pair if m["needed"] is not None]
    return str(max(known)) if known else "-"


def _arms(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    known = {t["id"]: t for t in found["targets"]}
    said = (("arm_1", "E2-01", "1, pairs find their own time"), ("arm_2", "E2-02", "2, timetabled and followed up"))  # fmt: skip
    for name, figure, words in said:
        a, t = found["arms"][name], known[figure]
        verdict = "met" if t["met"] else "missed"
        yield (
            words, t["published"], _value(a["mean"], "share"), _interval(a["lo"], a["hi"], "share"),
            f"{t['kind']}, {verdict}",
            f"ectsim simulate {a['code']} --replications {found['replications']} --json",
        )  # fmt: skip


def _value(value: float | None, unit: str, *, signed: bool = False) -> str:
    if value is None:
        return "-"
    sign = "+" if signed else ""
    if unit == "share":
        return f"{100 * value:{sign}.1f}\N{NO-BREAK SPACE}%"
    return f"{value:{sign}.3g}" if abs(value) < 100 else f"{value:{sign},.0f}"


def _interval(lo: float | None, hi: float | None, unit: str, *, signed: bool = False) -> str:
    if lo is None or hi is None:
        return "-"
    return f"{_value(lo, unit, signed=signed)} to {_value(hi, unit, signed=signed)}"


# --- HTML ---------------------------------------------------------------------------------------


def _marked(text: object) -> Markup:
    """Return text with what stands between backticks as code."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    safe = escape(str(text))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", safe))


def _named(text: object) -> Markup:
    """Return text as :func:`_marked` does; a long name may break after its dots and underscores."""
    from markupsafe import Markup  # noqa: PLC0415 - as above

    marked = _marked(text)
    return marked if " " in marked else Markup(re.sub(r"([._:])(?=\w)", r"\1<wbr>", marked))


BOX, ROW, WIDE = 108, 78, 860


def _drawn(diagram: Mapping[str, Any], name: str) -> Markup:
    """Return a diagram as an SVG: boxes on floors, the floor that uses nothing at the bottom."""
    from markupsafe import Markup  # noqa: PLC0415 - as above

    floors: dict[int, list[str]] = {}
    for node in diagram["nodes"]:
        floors.setdefault(node["floor"], []).append(node["name"])
    top, at = max(floors), {}
    for floor, names in floors.items():
        step = WIDE / len(names)
        for i, n in enumerate(names):
            at[n] = (step * (i + 0.5), 26 + (top - floor) * ROW)
    lines = []
    for a, b in diagram["arrows"]:
        (x1, y1), (x2, y2) = at[a], at[b]
        y1, y2 = y1 + 15, y2 - 20
        bend = (y1 + y2) / 2
        lines.append(
            f'<path marker-end="url(#{name}-a)" d="M{x1:.0f} {y1:.0f}C{x1:.0f} {bend:.0f} {x2:.0f} {bend:.0f} {x2:.0f} {y2:.0f}"/>'
        )
    boxes = [
        f'<rect x="{x - BOX / 2:.0f}" y="{y - 15:.0f}" width="{BOX}" height="30" rx="4"/><text x="{x:.0f}" y="{y + 4:.0f}">{escape(n)}</text>'
        for n, (x, y) in at.items()
    ]
    high = 52 + (top - 1) * ROW
    # names are escaped, the rest are numbers
    return Markup(
        f'<svg role="img" aria-labelledby="{name}-t {name}-s" viewBox="0 0 {WIDE} {high}" class="rooms">'
        f'<title id="{name}-t">{escape(diagram["title"])}</title><desc id="{name}-s">{escape(diagram["sentence"])}</desc>'
        f'<defs><marker id="{name}-a" markerWidth="8" markerHeight="8" refX="3" refY="4" orient="auto"><path d="M0 1 6 4 0 7z"/></marker></defs>'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


# --- Markdown -----------------------------------------------------------------------------------


def markdown(data: Mapping[str, Any]) -> str:
    """Write the dossier as Markdown; the argument is that of :func:`html`."""
    told = _told(data)
    out = [f"# {data['title']}", "", f"ectsim {data['version']}, seed {data['seed']}, {data['replications']} simulated years behind each figure.", ""]  # fmt: skip
    out += [f"- {line}" for line in told["summary"]]
    out += ["", f"SHA-256 of the content: `{data['sha256']}`", ""]
    part = ""
    for item in data["items"]:
        if item["part"] != part:
            part = item["part"]
            out += [f"## {part}", ""]
        out += [f"### {item['number']} {item['title']}", "", f"*{item['asks']}*", ""]
        for block in item["blocks"]:
            out += _block(block)
    out += ["## Laws of the model", ""]
    rows = [(r["name"], r["words"], r["where"], r["seen"], f"`{r['code']}`") for r in data["laws"]]
    out += _rows("Each was checked while this was written, and held", ("law", "what holds", "looked at in", "what was seen", "again"), rows)  # fmt: skip
    v = data["validation"]
    out += ["## Validation", ""]
    if not v["by_the_rule"]:
        out += [f"A look with {v['replications']} years an arm and {v['points']} points of the prior range; the rule asks for 200 of both (`docs/studies/validation.md`).", ""]  # fmt: skip
    out += _rows("The two arms: share of planned visits and meetings that are on record", ("arm", "published", "model", "95 % interval", "verdict"), [a[:-1] for a in told["arms"]])  # fmt: skip
    for arm in told["arms"]:
        out += _shell(arm[-1])
    out += _rows("All comparisons", ("id", "figure", "published", "kind", "model", "95 % interval", "verdict", "words"), told["compared"])  # fmt: skip
    out += _shell(v["command"])
    out += ["## Precision", ""]
    plans = [p["plan"] for p in data["precision"]]
    out += _rows("Mean and half-width of its 95 % interval", ("metric", "name", *plans, "years for two points"), told["precise"])  # fmt: skip
    for p in data["precision"]:
        out += _shell(p["command"], p["python"])
    d = data["difference"]
    out += ["## Two plans in the same years", ""]
    out += _rows(f"{d['plans'][1]} less {d['plans'][0]}", ("metric", "name", "difference", "95 % interval", "verdict"), told["differences"])  # fmt: skip
    out += _shell(d["command"])
    out += ["## Hashes", "", *_rows("SHA-256", ("of", "hash"), [(k, f"`{h}`") for k, h in data["hashes"].items()])]  # fmt: skip
    out += ["## Limits", "", *(f"- {_cell(line)}" for line in data["limits"]), ""]
    out += ["## Where this was written", "", "This is not part of what is hashed.", ""]
    out += [f"- {k}: {_cell(str(value))}" for k, value in data["run"].items()]
    return "\n".join(out).rstrip() + "\n"


def _block(block: Block) -> Iterator[str]:
    kind = block["kind"]
    if kind == "heading":
        yield from (f"#### {block['words']}", "")
    elif kind == "text":
        for line in block["lines"]:
            yield from (line, "")
    elif kind == "doc":
        yield from (f"`{block['of']}`", "")
        for line in block["lines"]:
            yield from (line, "")
    elif kind == "table":
        yield from _rows(block["caption"], block["head"], block["rows"])
    elif kind == "command":
        yield from (f"{block['words']}:", "")
        yield from _shell(block["shell"], block["python"])
    elif kind == "diagram":
        yield from ("```mermaid", "flowchart TD")
        yield from (f"    {a} --> {b}" for a, b in block["arrows"])
        yield from ("```", "", block["sentence"], "")


def _rows(caption: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield from (f"**{caption}**", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head))
    for row in rows:
        yield f"| {' | '.join(_cell(str(c)) for c in row)} |"
    yield ""


def _cell(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text).replace("|", "\\|").replace("<", "&lt;")


def _shell(command: str, python: str = "") -> Iterator[str]:
    yield from ("```sh", command, "```", "")
    if python:
        yield from ("```python", python, "```", "")
