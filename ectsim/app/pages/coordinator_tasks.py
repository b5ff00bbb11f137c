"""The coordinator's tasks that the planner answers: hours, how much is enough, slots, and stress.

Each keeps its last answer, says when the plan is no longer the one that it answered for, and hands a
plan that it found to the page.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import ipywidgets

from ectsim.app.client import Latest, Message
from ectsim.app.controls import Control, control
from ectsim.app.layout import card, fold, grid, hide, row
from ectsim.app.pages.coordinator_words import plain, signed
from ectsim.app.widgets import Announcer, Button, Chart, Figures, Prose, heading, paragraph
from ectsim.errors import InputError

__all__ = ["Enough", "Hours", "Page", "Slots", "Stress", "Task"]

TARGETS = [[k / 100, f"{k} of 100"] for k in (50, 60, 70, 75, 80, 85, 90, 95)]
SURE = [[0.5, "in every second year"], [0.8, "in 8 of 10 years"], [0.9, "in 9 of 10 years"], [0.95, "in 19 of 20 years"]]  # fmt: skip
FEWEST = {0.5: 20, 0.8: 20, 0.9: 50, 0.95: 100}
"""Simulated years without which no run could show that a target is met so often."""

COUNTS = [["completion_any", "that happen at all"], ["completion_full", "that happen in full"]]
STRESS_YEARS = 40
"""Years in which a shock is tried; they are the same for all, so that so many are enough."""


class Page(Protocol):
    """What a task needs of its page."""

    announcer: Announcer

    def request(self) -> dict[str, Any]:
        """Put the plan as the service wants it."""

    def line(
        self, name: str, show: Callable[[Message], None], fail: Callable[[Exception], None]
    ) -> Latest:
        """Return the one that asks for a place of the page."""

    def begin(self, name: str) -> None:
        """Say that a search begins: Stop ends it, and others end."""

    def take(self, found: Mapping[str, Any]) -> None:
        """Go on with a plan."""

    def marked(self) -> None:
        """Show anew how the steps stand."""


class Task(ABC):
    """One step: its box, its last answer and what that answer was for.

    Parameters
    ----------
    page : Page
        The page.
    """

    kind = ""
    title = ""
    text = ""
    again = "These numbers are for the plan as it was before your last change."

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answer: dict[str, Any] = {}
        self._for: set[str] = set()
        self._asked = ""
        self.note = Prose()
        self.box = self.layout()

    @abstractmethod
    def layout(self) -> ipywidgets.Box:
        """Make the box."""

    def head(self) -> Prose:
        """Make the heading, which takes the focus when the step is chosen."""
        return Prose(
            heading(self.title, name=f"ect-task-{self.kind}"), paragraph(self.text, "soft")
        )

    @property
    def fresh(self) -> bool:
        """Whether the answer is for the plan as it is."""
        return bool(self.answer) and _key(self.page.request()) in self._for

    @property
    def state(self) -> str:
        """How the step stands, for the list of steps."""
        return "" if not self.answer else "done" if self.fresh else "changed"

    def shown(self) -> None:
        """Be on the page now."""
        self.changed()

    def changed(self) -> None:
        """Say whether the answer is still for the plan as it is."""
        old = bool(self.answer) and not self.fresh
        self.note.blocks = [paragraph(self.again, "caution")] if old else []

    def ask(self, **more: Any) -> None:
        """Ask about the plan as it is."""
        data = self.page.request()
        self._asked = _key(data)
        self.page.line(self.kind, self._show, self._fail).start(self.kind, {**data, **more})

    @abstractmethod
    def show(self, answer: dict[str, Any]) -> None:
        """Show an answer."""

    def waiting(self, message: Message) -> None:
        """Show how far it is; a short question needs no more than the page's own line."""
        return

    def _show(self, message: Message) -> None:
        if not message.final:
            self.waiting(message)
            return
        self.answer, self._for = message.data, {self._asked}
        self.show(self.answer)
        self.changed()
        self.page.marked()

    def _fail(self, error: Exception) -> None:
        self.page.announcer.trouble(error)

    def use(self, found: Mapping[str, Any] | None) -> None:
        """Go on with a plan that this task found; its answer stays good."""
        if found:
            self.page.take(found)
            self._for.add(_key(self.page.request()))
            self.changed()
            self.page.marked()


def _key(request: Mapping[str, Any]) -> str:
    """Return what an answer depends on: the plan and its years, not what they are called."""
    kept = {k: request.get(k) for k in ("school", "plan", "changes", "seed")}
    return json.dumps(kept, sort_keys=True)


class Hours(Task):
    """Check the hours, before any dice."""

    kind = "hours"
    title = "Check the hours"
    text = (
        "Before any luck comes in: do the hours that are promised hold what the programme asks for? "
        "Nothing is simulated here."
    )

    def layout(self) -> ipywidgets.Box:
        """Make the box."""
        self._sentence = Prose(paragraph("Checking…", "soft"))
        self._chart = Chart()
        self._fails, self._all = Figures(), Figures()
        self._fold = fold("Every line of the check, with its sources", self._all)
        hide(self._fold)
        return card(self.head(), self.note, self._sentence, self._fails, self._chart, self._fold)

    def shown(self) -> None:
        """Check, unless the answer is there."""
        super().shown()
        if not self.fresh:
            self.ask()

    def show(self, answer: dict[str, Any]) -> None:
        """Show what fails first, then everything."""
        self._sentence.blocks = [paragraph(answer["sentence"], "answer")]
        self._chart.spec = answer["chart"]
        words = {"passes": "passes", "fails": "fails", "note": "to know"}
        fails, everything = [], []
        for person in answer["people"]:
            who = (
                person["who"]
                if person["role"] == "coordinator"
                else f"{person['role']} {person['who']}"
            )
            for x in person["lines"]:
                cells = [who, plain(x["what"]), plain(x["amount"]) if x["amount"] else "-"]
                remedy = plain(x["remedy"]) if x["remedy"] else "-"
                everything.append([*cells, words[x["verdict"]], remedy, " ".join(x["sources"])])
                if x["verdict"] == "fails":
                    fails.append([*cells, remedy, " ".join(x["sources"])])
        heads = ["Who", "What is looked at", "Hours or minutes"]
        self._fails.show("What does not balance", [*heads, "What would mend it", "Source"], fails)
        self._all.show("All lines", [*heads, "Result", "What to know", "Source"], everything)
        hide(self._fold, False)


class Search(Task):
    """A step that is started by a button and takes a while."""

    begin = ""
    doing = ""

    def options(self) -> list[Control]:
        """Make the questions."""
        return [
            control(
                {"name": f"{self.kind}.target", "ask": "How many cycles?",
                 "why": "Of 100 that are due in a year. No school reaches all of them.",
                 "kind": "select", "options": TARGETS, "default": 0.8}
            ),
            control(
                {"name": f"{self.kind}.metric", "ask": "Which cycles count?",
                 "why": "In full: a lesson was seen, the step was shown and rehearsed at least twice.",
                 "kind": "select", "options": COUNTS, "default": "completion_any"}
            ),
        ]  # fmt: skip

    def start(self) -> None:
        """Begin the search."""
        self.page.begin(self.kind)
        self.page.announcer.searching(0, 1, None, self.doing)
        self.ask(**{c.name.partition(".")[2]: c.value for c in self.controls})

    def waiting(self, message: Message) -> None:
        """Show how far it is."""
        self.page.announcer.searching(message.done, message.total, message.left, self.doing)

    def _fail(self, error: Exception) -> None:
        self.page.announcer.trouble(error)
        if isinstance(error, InputError):
            self.sentence.blocks = [paragraph(str(error), "caution")]

    def _head(self) -> list[Any]:
        self.controls = self.options()
        self.sentence = Prose()
        self.chart = Chart()
        return [
            self.head(),
            grid(*self.controls),
            row(Button(self.begin, self.start, style_name="first")),
            self.note,
            self.sentence,
        ]

    def _told(self, answer: Mapping[str, Any]) -> None:
        first, *rest = answer["sentences"]
        blocks = [paragraph(first, "answer"), *(paragraph(t) for t in rest)]
        if answer["banner"]:
            blocks.append(paragraph(answer["banner"], "caution"))
        self.sentence.blocks = blocks
        self.chart.spec = answer["chart"]
        self.page.announcer.say(f"Done. {first}")


class Enough(Search):
    """How much is enough: the cheapest protection."""

    kind = "enough"
    title = "How much is enough?"
    text = (
        "Say what you want to reach. Protection is tried in the order of what it costs, in the same "
        "simulated years, until it is enough: whatever is cheaper has been tried and was not."
    )
    begin = "Find the cheapest that is enough"
    doing = "Looking for what is enough"

    def options(self) -> list[Control]:
        """Make the questions."""
        target, metric = super().options()
        sure = control(
            {"name": "enough.confidence", "ask": "How often?",
             "why": "Years differ by luck. The more often it is to be reached, the more it takes.",
             "kind": "select", "options": SURE, "default": 0.9}
        )  # fmt: skip
        return [target, sure, metric]

    def ask(self, **more: Any) -> None:
        """Ask, over as many years as it takes to show how often."""
        years = max(self.page.request()["replications"], FEWEST[more["confidence"]])
        super().ask(**more, replications=years)

    def layout(self) -> ipywidgets.Box:
        """Make the box."""
        parts = self._head()
        self._steps = Figures()
        self._use = Button("Use this", lambda: self.use(self.answer.get("use")))
        self._row = row(self._use)
        hide(self._row)
        return card(*parts, self._row, self.chart, self._steps)

    def show(self, answer: dict[str, Any]) -> None:
        """Show the answer, what each step buys, and what one step more or less does."""
        self._told(answer)
        hide(self._row, not answer["use"])
        rows = [
            [
                _upper(s["words"]),
                f"{signed(s['minutes_more'])} min",
                f"{signed(100 * s['difference']['mean'], 1)} of 100 "
                f"({signed(100 * s['difference']['lo'], 1)} to {signed(100 * s['difference']['hi'], 1)})",
            ]
            for s in answer["steps"]
        ]
        self._steps.show(
            "One step more or less, in the same simulated years",
            ["What changes", "Staff time a week", "Cycles more or less (19 times in 20 within)"],
            rows,
        )


class Stress(Search):
    """The pre-mortem: what happened when coaching fell short."""

    kind = "stress"
    title = "Stress it"
    text = (
        "It is July, and coaching fell short. What happened? One thing after another goes wrong for a "
        "whole year, as far as is still plausible; then what would help is tried."
    )
    begin = "See what would break it"
    doing = "Letting things go wrong"

    def layout(self) -> ipywidgets.Box:
        """Make the box."""
        parts = self._head()
        self._remedies = Figures()
        self._offers: list[Mapping[str, Any]] = []
        self._buttons = [Button("", lambda i=i: self._take(i)) for i in range(3)]  # type: ignore[misc]
        self._row = row(*self._buttons)
        self._offer = Prose()
        for each in self._buttons:
            hide(each)
        return card(*parts, self.chart, self._remedies, self._offer, self._row)

    def ask(self, **more: Any) -> None:
        """Ask, over fewer years: every shock lives through the same."""
        years = min(STRESS_YEARS, self.page.request()["replications"])
        super().ask(**more, replications=years)

    def show(self, answer: dict[str, Any]) -> None:
        """Show what costs most, and what would help."""
        self._told(answer)
        rows: list[list[str]] = []
        offers: dict[str, Mapping[str, Any]] = {}
        for hit in answer["worst"]:
            told = [r for r in hit["remedies"][:2] if hit["clear"]]
            said = [f"{_upper(r['words'])}: {signed(100 * r['gain']['mean'], 1)} of 100, {_share(r['recovered'])}" for r in told]  # fmt: skip
            if not hit["clear"]:
                said = ["It costs so little that it is too close to call."]
            rows.append(
                [
                    _upper(hit["words"]),
                    "; ".join(said) or "Nothing is left to try: the plan has it all.",
                ]
            )
            for r in told:
                if r["gain"]["lo"] > 0 and r.get("use"):
                    offers.setdefault(r["words"], r["use"])
        self._remedies.show(
            "What would help", ["What goes wrong", "What would make up for it"], rows
        )
        self._offers = list(offers.values())[: len(self._buttons)]
        self._offer.blocks = (
            [paragraph("Put it into your plan now:", "soft")] if self._offers else []
        )
        for i, button in enumerate(self._buttons):
            hide(button, i >= len(self._offers))
            if i < len(self._offers):
                button.text = _upper(list(offers)[i])

    def _take(self, i: int) -> None:
        if i < len(self._offers):
            self.use(self._offers[i])


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _share(share: float | None) -> str:
    if share is None:
        return "nothing was lost"
    return "more than was lost" if share > 1 else f"{max(0, round(100 * share))} % of what was lost"


class Slots(Task):
    """Slots that survive: ranked, with reasons."""

    kind = "slots"
    title = "Find slots"
    text = (
        "Where both are free, which time loses least to the calendar, to absence and to cover? For "
        "each pair a time to meet, a lesson to visit and a reserve."
    )

    def layout(self) -> ipywidgets.Box:
        """Make the box."""
        self._sentence = Prose(paragraph("Looking at the timetable…", "soft"))
        self._days = Figures()
        self._pair = control(
            {"name": "slots.pair", "ask": "Which pair?", "kind": "select", "options": [["", "-"]], "default": ""}
        )  # fmt: skip
        self._pair.observe(lambda _: self._draw(), "value")
        hide(self._pair)
        self._charts = [Chart(), Chart()]
        self._said = Prose()
        self._found = Figures()
        self._use = Button("Use these slots", lambda: self.use(self._best.get("use")))
        self._best: dict[str, Any] = {}
        self._row = row(self._use)
        hide(self._row)
        self._days_fold = fold("Dates that each weekday loses", self._days)
        hide(self._days_fold)
        return card(
            self.head(),
            self.note,
            self._sentence,
            self._days_fold,
            self._pair,
            *self._charts,
            Prose(
                heading("All pairs at once", 3),
                paragraph(
                    "Slots for every pair, so that nobody is in two places, planning time stays and "
                    "each has the best that the others leave.",
                    "soft",
                ),
            ),
            row(Button("Choose slots for all pairs", self._choose, style_name="first")),
            self._said,
            self._found,
            self._row,
        )

    def shown(self) -> None:
        """Rank, unless the answer is there."""
        super().shown()
        if not self.fresh:
            self.ask()

    def show(self, answer: dict[str, Any]) -> None:
        """Show the ranking of a pair."""
        self._sentence.blocks = [paragraph(answer["sentence"], "answer")]
        without = [p["id"] for p in answer["pairs"] if not p["free"]]
        if without:
            self._sentence.blocks = [
                *self._sentence.blocks,
                paragraph(f"No common free period in the school day: {', '.join(without)}.", "caution"),
            ]  # fmt: skip
        self._days.show(
            "Pupil days that are no school days", ["Weekday", "Lost", "Of"], answer["days"]
        )
        options = [[p["id"], f"{p['id']} with {p['mentor']}"] for p in answer["pairs"]]
        kept = self._pair.value
        hide(self._pair, False)
        hide(self._days_fold, False)
        self._pair.options = options
        self._pair.value = kept if any(o[0] == kept for o in options) else options[0][0]
        self._draw()

    def _draw(self) -> None:
        charts: list[dict[str, Any]] = next(
            (p["charts"] for p in self.answer.get("pairs", []) if p["id"] == self._pair.value), []
        )
        for i, chart in enumerate(self._charts):
            chart.spec = charts[i] if i < len(charts) else {}

    def _choose(self) -> None:
        self._said.blocks = [paragraph("Choosing; this may take half a minute…", "soft")]
        self.page.line("best_plan", self._chosen, self._not_chosen).start(
            "best_plan", self.page.request()
        )

    def _not_chosen(self, error: Exception) -> None:
        self._said.blocks = []
        self._fail(error)

    def _chosen(self, message: Message) -> None:
        if not message.final:
            return
        found = self._best = message.data
        told = {
            "optimal": "These are the best slots that the timetable leaves.",
            "feasible": "These slots can be held; time ran out before they were proven the best.",
            "infeasible": "There is no way to give everybody a slot as the timetable stands.",
        }[found["status"]]
        blocks = [paragraph(told, "answer")]
        if found["unserved"]:
            blocks.append(
                paragraph(
                    f"Without a meeting that is due: {', '.join(found['unserved'])}.", "caution"
                )
            )
        if found["conflicts"]:
            blocks += [
                paragraph("For everybody to have one, this would have to move:"),
                {"tag": "ul", "items": [plain(c) for c in found["conflicts"]]},
            ]
        self._said.blocks = blocks
        rows = [
            [
                f"{p['ect']} with {p['mentor']}",
                *(_slots(p[use]) for use in ("meet", "observe", "reserve", "study")),
                f"{p['completed']:.1f}",
            ]
            for p in found["pairs"]
        ]
        self._found.show(
            f"Of {found['due']} cycles that are due, {found['completed']:.0f} can be expected in full in "
            "these slots alone",
            ["Pair", "Meeting", "Visit", "Reserve", "Study", "In full"],
            rows,
        )
        hide(self._row, not found["use"])


def _slots(found: list[str]) -> str:
    return "; ".join(f"{s[1:].replace(':', ' ')} (week {s[:1]})" for s in found) or "none"
