"""A page with every part once, on answers that tests know."""

from __future__ import annotations

from typing import Any

import ipywidgets

from ectsim.app.client import Message
from ectsim.app.layout import card, row
from ectsim.app.pages.board import Board
from ectsim.app.widgets import Chart, Download, Prose, Upload, heading, paragraph

HOSTILE = "<img src=x onerror=alert(1)>"

QUESTIONS: list[dict[str, Any]] = [
    {
        "name": "n",
        "ask": "How many years shall be tried?",
        "hint": "More years give a surer answer.",
        "why": "A single year is luck; many years show what to expect.",
        "unit": "years",
        "low": 0,
        "high": 400,
        "default": 40,
    },
    {
        "name": "minutes",
        "ask": "How many minutes are protected each week?",
        "why": "Coaching without time of its own goes first when a week is busy.",
        "unit": "minutes",
        "kind": "slider",
        "low": 0,
        "high": 90,
        "step": 5,
        "default": 60,
    },
    {
        "name": "cover",
        "ask": "Who covers when a mentor is away?",
        "why": "Cover is the most frequent reason for a lost meeting.",
        "options": [
            ["nobody", "Nobody", "The meeting is lost or moved."],
            ["deputy", "A named deputy mentor", ""],
            ["leader", "Whoever is free that day"],
        ],
        "default": "deputy",
    },
    {"name": "reserve", "ask": "Keep a reserve slot each fortnight", "default": False},
    {
        "name": "phase",
        "ask": "Which phase is your school?",
        "kind": "select",
        "options": [["secondary", "Secondary, 11 to 18"], ["primary", "Primary"]],
        "default": "secondary",
    },
    {
        "name": "days",
        "ask": "On which days could they meet?",
        "options": [["mon", "Monday"], ["tue", "Tuesday"], ["wed", "Wednesday"]],
        "default": ["mon", "wed"],
    },
]

BARS: dict[str, Any] = {
    "title": "Where did they go?",
    "sentence": "Of 190 cycles that were due, 118 happened in full and 72 did not.",
    "metric": {"name": "completion_full", "lo": 0.55, "hi": 0.69, "n": 200},
    "kind": "bars",
    "data": {
        "unit": "cycles",
        "bars": [
            {"label": "Happened in full", "value": 118, "tone": "accent"},
            {"label": "Happened in part", "value": 22, "tone": "muted"},
            {"label": "Lost: no agreed slot for the observation", "value": 21, "tone": "warn"},
            {"label": "Lost to cover", "value": 19, "tone": "warn"},
            {"label": HOSTILE, "value": 10, "tone": "warn"},
            {"label": "Lost to a conference", "value": 0, "tone": "warn"},
        ],
    },
    "table": {
        "columns": ["Where", "Cycles", "Of 100"],
        "rows": [
            ["Happened in full", 118, 62.1],
            ["Happened in part", 22, 11.6],
            ["Lost: no agreed slot", 21, 11.1],
            ["=cmd|' /C calc'!A0", 19, 10.0],
            [HOSTILE, 10, 5.3],
        ],
    },
}

_SHARES = [44 + (k * 37) % 23 + (k % 5) for k in range(50)]

DOTS: dict[str, Any] = {
    "title": "How sure is that?",
    "sentence": "In 8 of 10 simulated years between 47 and 66 of 100 cycles happen.",
    "kind": "dots",
    "data": {
        "unit": "%",
        "low": 30,
        "high": 100,
        "x_label": "Cycles that happen in full, of 100; each dot is 1 of 50 equally likely years",
        "target": {"value": 60, "label": "target: 60 %"},
        "groups": [
            {"label": "As planned", "values": _SHARES},
            {"label": "With a reserve slot", "values": [min(99, s + 14) for s in _SHARES]},
        ],
    },
    "table": {
        "columns": ["Plan", "Lowest", "Middle", "Highest"],
        "rows": [["As planned", 44, 57, 70], ["With a reserve slot", 58, 71, 84]],
    },
}

_CELLS = ["done"] * 39
for _k in (7, 8, 15, 22, 30):
    _CELLS[_k] = "lost"
for _k in (6, 13, 20):
    _CELLS[_k] = "none"
_OTHER = ["done" if c == "lost" and i in (8, 22) else c for i, c in enumerate(_CELLS)]
_OTHER[30] = "part"

STRIP: dict[str, Any] = {
    "title": "The same year under two plans",
    "sentence": "Week 9, 23 and 31 part: the reserve slot rescues two cycles and a half.",
    "kind": "strip",
    "data": {
        "weeks": [str(k + 1) for k in range(39)],
        "rows": [
            {"label": "As planned", "cells": _CELLS},
            {"label": "With a reserve slot", "cells": _OTHER},
        ],
        "states": {
            "done": {"label": "happened", "tone": "accent", "mark": "tick"},
            "part": {"label": "happened in part", "tone": "muted", "mark": "slash"},
            "lost": {"label": "lost", "tone": "warn", "mark": "cross"},
            "none": {"label": "none due", "tone": "empty"},
        },
        "differ": [8, 22, 30],
        "selectable": True,
    },
    "table": {
        "columns": ["Week", "As planned", "With a reserve slot"],
        "rows": [[k + 1, _CELLS[k], _OTHER[k]] for k in range(39)],
    },
}

LINES: dict[str, Any] = {
    "title": "How much is enough?",
    "sentence": "Up to 60 protected minutes each ten buy about eight cycles of 100.",
    "kind": "lines",
    "data": {
        "unit": "%",
        "x": list(range(0, 91, 10)),
        "x_label": "Protected minutes each week",
        "low": 0,
        "high": 100,
        "series": [
            {
                "label": "As planned",
                "values": [12, 18, 27, 36, 46, 55, 62, 65, 66, 67],
                "lo": [8, 13, 21, 30, 40, 49, 56, 59, 60, 61],
                "hi": [16, 23, 33, 42, 52, 61, 68, 71, 72, 73],
            },
            {
                "label": "With a reserve slot",
                "values": [20, 28, 38, 48, 58, 68, 76, 80, 82, 83],
            },
        ],
    },
    "table": {
        "columns": ["Minutes", "As planned"],
        "rows": [[0, 12], [30, 36], [60, 62], [90, 67]],
    },
}


def page() -> ipywidgets.Box:
    answer = Prose(paragraph("No numbers yet.", "answer"))
    week = Prose(paragraph("Choose a week.", "soft"))
    received = Prose(paragraph("No file yet.", "soft"))
    bars = Chart(BARS)

    def show(message: Message) -> None:
        answer.blocks = [
            paragraph(f"The sum is {message.data['sum']}.", "answer"),
            *([] if message.final else [paragraph("Still counting.", "soft")]),
        ]

    def request(values: dict[str, Any]) -> dict[str, object]:
        return {"n": values["n"], "seconds": 0.3 if values["reserve"] else 0.0}

    def choose(index: int) -> None:
        week.blocks = [paragraph(f"Week {index + 1}: mentor on cover.")]

    async def taken(name: str, content: bytes) -> None:
        reply = await board.client.ask("louder", body=content)
        received.blocks = [
            heading("Received", 3),
            paragraph(f"{name}: {reply.data['bytes']} bytes"),
        ]

    async def make() -> tuple[str, str, bytes]:
        reply = await board.client.ask("louder", body=b"hello")
        return "result.txt", "text/plain", reply.body

    def fail() -> None:
        raise RuntimeError("secret path /home/somebody")

    from ectsim.app.widgets import Button

    slider = ipywidgets.IntSlider(description="Stock slider", value=3, max=10)
    board = Board(
        "Demonstration of every part",
        "A page that only tests open: each part once, with known answers.",
        kind="sum",
        questions=QUESTIONS,
        results=[
            card(answer, bars),
            card(Chart(DOTS)),
            card(Chart(STRIP, on_select=choose), week),
            card(Chart(LINES)),
            card(
                Upload("file", "Your timetable", taken, endings=[".csv", ".xlsx"], why="To know."),
                received,
                row(
                    Download("Save the result", make, style_name="first"),
                    Button("Break something", fail),
                ),
                slider,
                title="Files",
                text="What goes in and out.",
            ),
        ],
        show=show,
        request=request,
    )
    return board.start()
