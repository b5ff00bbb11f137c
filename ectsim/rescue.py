"""The rescue copy: one HTML file with the trade-offs and the grid of plans, for a memory stick.

It refers to nothing outside itself and asks nobody: the drawings are those of the dashboards, the
digits are stored ones (:mod:`ectsim.launch`, :mod:`ectsim.atlas`), equal to the command line's.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ectsim import __version__, atlas, launch
from ectsim.analysis import LIMITS
from ectsim.ledger import BIN_WORDS
from ectsim.share import template_dir
from ectsim.words import parts_of, upper

__all__ = ["rescue_html"]

_STATIC = Path(__file__).resolve().parent / "app/static"
PARTS = ("chart", "tiles", "figures", "vote")
"""Front-end modules of the dashboards that the copy shows its content with."""

COSTS = {
    "mentor_own_time": ["A mentor's time outside slots, a week", "min"],
    "mentor_protected": ["A mentor's time in slots, a week", "min"],
    "coordinator_minutes": ["The coordinator's check-ins, a year", "min"],
    "cover_by_teachers": ["Lessons that teachers cover, a year", ""],
    "supply_cost": ["Supply teachers, a year", "£"],
}


def rescue_html() -> str:
    """Write the rescue copy.

    Returns
    -------
    str
        HTML that opens from ``file://``; under 5 MB.
    """
    styles = template_dir() / "static"
    css = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (styles / "ectsim.css", styles / "page.css", _STATIC / "launch.css", _STATIC / "rescue.css")
    )  # fmt: skip
    data = json.dumps(_data(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _PAGE.format(
        css=_safe(css),
        data=_safe(data),
        js=_safe(_script()),
        version=__version__,
        limits=LIMITS,
        count=len(atlas.atlas()),
        tradeoffs=len(launch.tradeoffs()),
    )


def _safe(text: str) -> str:
    """Keep a text inside its element: nothing in it may end a script or a style."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def _script() -> str:
    """Return the modules of the dashboards, each as a function's value, and the page's own script."""
    parts = []
    for name in PARTS:
        source = (_STATIC / f"{name}.js").read_text(encoding="utf-8")
        body = re.sub(r"(?m)^export default ", "return ", source)
        parts.append(f"const {name} = (() => {{\n{body}\n}})();")
    common = (_STATIC / "common.js").read_text(encoding="utf-8")
    own = (_STATIC / "rescue.js").read_text(encoding="utf-8")
    return "\n".join([common, *parts, own])


def _data() -> dict[str, Any]:
    known, stored = launch.tradeoffs(), launch.results()
    return {
        "tradeoffs": [
            {
                "id": t.id,
                "title": t.title,
                "setting": t.setting,
                "question": t.question,
                "metric": t.metric,
                "what": launch.METRIC_WORDS[t.metric],
                "bands": [words for words, _, _ in t.bands],
                "finding": launch.finding(t, stored[t.id]),
                "debrief": list(t.debrief),
                "pledge": t.pledge,
                "result": _shown(stored[t.id]),
            }
            for t in known.values()
        ],
        "scripts": [
            {
                "title": s.title,
                "steps": [[step.minutes, step.title, step.tradeoff] for step in s.steps],
            }
            for s in launch.scripts().values()
        ],
        "questions": [
            {"name": q.name, "ask": q.ask, "options": q.options, "slots": q.slots_only}
            for q in atlas.QUESTIONS
        ],
        "bins": {k: upper(v) for k, v in BIN_WORDS.items()},
        "costs": COSTS,
        "seed": atlas.SEED,
        "years": atlas.YEARS,
        "atlas": [_entry(e) for e in atlas.atlas()],
    }


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    """Return a trade-off's result without what only tests read."""
    return {
        **result,
        **{
            side: {k: v for k, v in result[side].items() if k not in ("due", "held", "full")}
            for side in ("a", "b")
        },
    }


def _entry(entry: dict[str, Any]) -> list[Any]:
    """Return an entry as it is drawn: whole cycles of a year, and parts of a hundred, that add up."""
    total = entry["ledger_total"]
    due = round(entry["due_total"] / atlas.YEARS)
    cycles, parts = parts_of(total, due), parts_of(total, 100)
    return [
        list(entry["choice"].values()),
        entry["code"],
        due,
        [[k, cycles[k], parts[k], total[k]] for k in total],
        list(entry["metrics"].values()),
        list(entry["costs"].values()),
        entry["dots"],
    ]


_PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<title>Coaching that survives the school year: the copy for a memory stick</title>
<style>
{css}
</style>
</head>
<body class="ect-frame">
<a class="ect-skip" href="#main">Skip to the content</a>
<header class="ect-bar"><div><span class="ect-home">ectsim</span><span class="ect-here">Copy for a memory stick, version {version}</span></div></header>
<main id="main" class="ect ect-page ect-launch" tabindex="-1">
<h1>Coaching that survives the school year</h1>
<p class="ect-lead">{tradeoffs} trade-offs to predict and reveal, and {count} plans to compare. Everything is in this file; nothing is asked of anybody.</p>
<noscript><p class="ect-caution">This file draws its charts with a script. Allow scripts for it, or use the page to keep, which needs none.</p></noscript>
<div id="app"></div>
<h2>What the model does not claim</h2>
<p>{limits} The schools are made up, and a plan's figures say what it tends to give, not what one school's year will be.</p>
</main>
<script type="application/json" id="data">{data}</script>
<script>
"use strict";
{js}
</script>
</body>
</html>
"""
