"""Two cards of the mentor's page: Doug and the study gate, and a pair's year with a week taken away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from ectsim.app.client import Client, Latest, Message, explain
from ectsim.app.controls import Control, control
from ectsim.app.layout import card, halves, row, stack
from ectsim.app.pages import mentor_words as words
from ectsim.app.widgets import Button, Chart, Figures, Prose, heading, paragraph
from ectsim.errors import InputError

__all__ = ["GateCard", "YearCard"]

QUESTIONING = 22
"""The module on classroom talk and questioning, on which Doug's story turns."""

LAST_YEAR = 200

FIRST_LOSS = 3
"""The week that is lost when the page opens, so that there is something to read."""


class _Told(ABC):
    """What both cards share: asking for a year, its strip, and the week that is read."""

    slot = ""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._latest: Latest | None = None
        self.data: dict[str, Any] = {}
        self.trouble = Prose()
        self.strip = Chart(on_select=self.read)
        self.steps = Chart()
        self.week = Prose()
        self.banner = Prose()

    @abstractmethod
    def request(self) -> dict[str, Any]:
        """Put what the card shows as the service wants it."""

    def ask(self) -> None:
        """Ask for the year; an older question is cancelled."""
        if self._latest is None:
            self._latest = Latest(self._client(), self._show, self._fail, slot=self.slot)
        self._latest.start("pair_year", self.request())

    def _fail(self, error: Exception) -> None:
        text = str(error) if isinstance(error, InputError) else explain(error)
        self.trouble.blocks = [paragraph(text, "caution")]

    def _show(self, message: Message) -> None:
        self.data = message.data
        self.trouble.blocks = []
        self.banner.blocks = words.given_up(self.data["banner"])
        self.steps.spec = self.data["steps"]
        self.strip.spec = self.data["strip"]
        self.shown()
        self.read(self.strip.selected)

    @abstractmethod
    def shown(self) -> None:
        """Choose the week that is read first."""

    def told(self, index: int) -> list[dict[str, Any]]:
        """Return one week as blocks of prose."""
        weeks = self.data.get("weeks", [])
        if not 0 <= index < len(weeks):
            return []
        week = weeks[index]
        both = len({t["sentence"] for t in week["told"]}) > 1
        sentences = (
            [paragraph(f"{t['plan']}: {t['sentence'] or 'Nothing happened.'}") for t in week["told"]]
            if both
            else [paragraph(week["told"][0]["sentence"] or "Nothing happened.")]
        )  # fmt: skip
        return [heading(f"Week {week['number']}, from Monday {week['monday']}", 3), *sentences]

    def read(self, index: int) -> None:
        """Show a week in sentences."""
        self.week.blocks = self.told(index)


class GateCard(_Told):
    """Doug's week: a need that is seen before it is studied.

    Parameters
    ----------
    client : callable
        Returns the client.
    """

    slot = "gate"

    def __init__(self, client: Callable[[], Client]) -> None:
        super().__init__(client)
        self.choice: Control = control(words.GATE)
        self.choice.observe(lambda _: self.ask(), "value")
        self.said = Prose()
        self.box: ipywidgets.Box = card(
            halves(
                stack(self.choice, self.said, self.banner, self.trouble, tight=True),
                stack(self.week, row(Button("Next week in which a need waited", self._next, style_name="small")), tight=True),
            ),
            halves(self.steps, self.strip),
            title="Doug, and the step that waits until it is studied",
            text="Doug is in his first year; Sangeita visits him and chooses one step from what he has "
            "studied so far. One simulated year, the same illnesses whatever you choose.",
        )  # fmt: skip

    def request(self) -> dict[str, Any]:
        """Ask for Doug's year, and the same one under another rule for what is not studied yet."""
        gate = self.choice.value
        data: dict[str, Any] = {"school": "doug"}
        if gate != "deepen":
            data |= {"against": {"plan.gate": gate}, "label": words.GATE_LABELS[gate]}
        return data

    def shown(self) -> None:
        """Begin at the week in which questioning is needed."""
        weeks = self._weeks()
        start = [w for w, module in self.data["deferred"] if module == QUESTIONING]
        here = self.strip.selected + 1
        if weeks and here not in weeks and here - 1 not in weeks:
            self.strip.selected = (start or weeks)[0] - 1
        count = len(weeks)
        self.said.blocks = [
            paragraph(
                f"In {count} weeks of this year a lesson shows a need whose module comes later. "
                + {
                    "deepen": "Each waits, and the next step rests on something studied.",
                    "postpone": "The meeting waits too: read what becomes of its week.",
                    "ignore": "Where they coach, it is coached at once, and the cycle counts in part.",
                }[self.choice.value],
                "strong",
            ),
            paragraph(" ".join(self.data["closing"])),
        ]

    def _weeks(self) -> list[int]:
        return [week for week, _ in self.data.get("deferred", [])]

    def _next(self) -> None:
        weeks = self._weeks()
        if weeks:
            here = self.strip.selected + 1
            self.strip.selected = next((w for w in weeks if w > here), weeks[0]) - 1

    def read(self, index: int) -> None:
        """Show the week and the one after it, in which the step may be set."""
        after = self.told(index + 1) if index + 1 in self._weeks() else []
        self.week.blocks = [*self.told(index), *after]


class YearCard(_Told):
    """A pair's year week by week, and what a lost week does to it.

    Parameters
    ----------
    client : callable
        Returns the client.
    cut : callable
        Returns the hour as it is cut above.
    """

    slot = "year"

    def __init__(self, client: Callable[[], Client], cut: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__(client)
        self._cut = cut
        self._setting = False
        self.story = control(
            {"name": "story", "ask": "Whose year?", "kind": "select", "options": words.STORIES, "default": "sian_arif"}
        )  # fmt: skip
        self.year = control(
            {"name": "year", "ask": "Which simulated year?", "low": 1, "high": LAST_YEAR, "step": 1, "default": 1}
        )  # fmt: skip
        self.lose = control(
            {"name": "lose", "ask": "Which week is lost?", "kind": "select", "options": [[0, "none"], [FIRST_LOSS, f"week {FIRST_LOSS}"]], "default": FIRST_LOSS}
        )  # fmt: skip
        self.mine = control(
            {"name": "mine", "ask": "Hold the meetings with my hour from above", "default": False}
        )
        self.record, self.led = control(words.RECORD), control(words.LED)
        for flex in (self.record, self.led):
            flex.observe(lambda _: self.ask(), "value")
        self.parts, self.enough = Figures(), Prose()
        self.lose.observe(lambda _: self._lost(), "value")
        self.mine.observe(lambda _: self.ask(), "value")
        self.year.observe(lambda _: self._other(), "value")
        self.story.observe(lambda _: self._other(first=True), "value")
        self.strip.selected = FIRST_LOSS - 1
        self.head, self.chain = Prose(), Prose()
        self.box: ipywidgets.Box = card(
            row(self.story, self.year, self.lose),
            row(self.record, self.led),
            self.mine,
            self.banner,
            self.trouble,
            self.head,
            halves(
                self.chain,
                stack(
                    self.week,
                    row(
                        Button("Week before", lambda: self._turn(-1), style_name="small"),
                        Button("Week after", lambda: self._turn(1), style_name="small"),
                    ),
                    tight=True,
                ),
            ),
            self.strip,
            self.steps,
            self.enough,
            self.parts,
            title="A year week by week, and what a lost week does",
            text="Choose a week on the strip to read it. Take one away, and the same year is lived again: "
            "the same illnesses, the same cover.",
        )

    def request(self) -> dict[str, Any]:
        """Ask for the story's year, without a week if one is taken away."""
        data: dict[str, Any] = {"school": self.story.value, "year": self.year.value, "lose": self.lose.value}  # fmt: skip
        changes = {
            key: value
            for flex in (self.record, self.led)
            for key, value in words.FLEX_CHANGES[flex.name].get(flex.value, {}).items()
        }
        if changes:
            data["changes"] = changes
        if self.mine.value:
            data["cut"] = dict(self._cut())
        return data

    def hour_changed(self) -> None:
        """Live the year again if it is held with the hour above."""
        if self.mine.value:
            self.ask()

    def _other(self, *, first: bool = False) -> None:
        """Ask for another year, which has other weeks to lose."""
        if self._setting:
            return
        self._setting = True
        try:
            self.lose.value = 0
            if first:
                self.year.value = words.STORY_YEARS.get(self.story.value, 1)
                self.strip.selected = 0
        finally:
            self._setting = False
        self.ask()

    def _lost(self) -> None:
        if not self._setting:
            if self.lose.value:
                self.strip.selected = self.lose.value - 1
            self.ask()

    def _turn(self, step: int) -> None:
        last = len(self.data.get("weeks", [])) - 1
        self.strip.selected = max(0, min(last, self.strip.selected + step))

    def shown(self) -> None:
        """Fill in what the year leaves to choose, and what followed."""
        data = self.data
        lost = self.lose.value
        parts = data["parts"]
        self.enough.blocks = [
            heading("Study, coaching and training in this year", 3),
            paragraph(words.strand_sentence(parts)),
        ]
        self.parts.show(
            "What the year holds of each strand", ["Strand", "Counted", "Done", "Due"], words.strand_rows(parts)
        )  # fmt: skip
        self._setting = True
        try:
            weeks = sorted({*data["can_lose"], *([lost] if lost else [])})
            self.lose.options = [[0, "none"], *([w, f"week {w}"] for w in weeks)]
            self.lose.value = lost
        finally:
            self._setting = False
        self.head.blocks = [
            paragraph(data["opening"], "soft"),
            paragraph(f"{data['head']} {' '.join(data['closing'])}", "strong"),
        ]
        self.chain.blocks = (
            [
                heading(f"What follows from losing week {lost}", 3),
                {"tag": "ul", "items": data["chain"]},
            ]
            if data["chain"]
            else [
                heading("What follows from a lost week", 3),
                paragraph("Choose a week to lose, above.", "soft"),
            ]
        )
