"""The page of a live launch session: the room predicts, then the same year is revealed.

Everything it shows is stored with the project; nothing here asks the model, so a reveal never waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets

from ectsim.app.client import Client
from ectsim.app.controls import control
from ectsim.app.layout import card, columns, fold, hide, row, stack
from ectsim.app.stage import Timer, Vote
from ectsim.app.widgets import (
    Address,
    Announcer,
    Button,
    Chart,
    Download,
    Figures,
    Prose,
    Tiles,
    heading,
    on_trouble,
    paragraph,
)
from ectsim.launch import (
    METRIC_WORDS,
    Script,
    Step,
    finding,
    keep_page,
    of_hundred,
    points_text,
    results,
    scripts,
    tradeoffs,
)

__all__ = ["Launch", "page"]

COST_WORDS = {
    "mentor_protected": ("A mentor's time in slots, a week", "min"),
    "mentor_own_time": ("A mentor's time outside slots, a week", "min"),
    "cover_lessons_taken": ("Lessons that each ECT or mentor covers, a year", ""),
    "cover_by_teachers": ("Lessons that all teachers cover, a year", ""),
    "lessons_bought": ("Lessons bought in or merged, a year", ""),
    "pastoral_minutes": ("Other mentoring in each cycle held", "min"),
    "rehearsals": ("Rehearsals in each cycle held", ""),
}
"""What stands for a cost, and its unit."""

SHARE_WORDS = {
    "completion_any": "Cycles that happen, of 100",
    "completion_full": "Cycles held in full, of 100",
    "lowest_ect": "Cycles of the ECT who gets least, of 100",
}


TITLE = [
    heading("Launch session", 1),
    paragraph(
        "The room predicts, then the same year is revealed under both plans. It works without "
        "internet; the full screen of your browser (F11) gives the most room.",
        "lead",
    ),
]


def page() -> ipywidgets.Box:
    """Build the page.

    Returns
    -------
    ipywidgets.Box
        To be shown by the last line of a notebook's cell.
    """
    return Launch().box


class Launch:
    """The page: a script, its steps, the room's guesses, and the stored years.

    Attributes
    ----------
    guesses : dict of str to list of int
        Hands for each guess, by trade-off.
    revealed : set of str
        Trade-offs whose years have been shown.
    """

    def __init__(self) -> None:
        self.announcer = Announcer("Choose a script to begin.")
        on_trouble(self.announcer.trouble)
        self.guesses: dict[str, list[int]] = {}
        self.revealed: set[str] = set()
        self.script: Script = next(iter(scripts().values()))
        self.at = -1  # -1: no session has begun
        self._arrived: dict[str, str] | None = None
        self._filling = False
        self.box = self._layout()
        self._show_start()

    # --- the page -----------------------------------------------------------------------------

    def _layout(self) -> ipywidgets.Box:
        self._address = Address(self._arrive)
        self._head = Prose()
        box = stack(
            self._head,
            self._address,
            self._start_card(),
            self._deck(),
            self._keep_card(),
        )
        box.add_class("ect-launch")
        return box

    def _start_card(self) -> ipywidgets.Box:
        self._choice = control(
            {
                "name": "script",
                "ask": "Which session is it?",
                "kind": "choice",
                "options": [
                    *([s.id, s.title, s.lead] for s in scripts().values()),
                    ["one", "One trade-off, for a meeting or a talk"],
                ],
                "default": self.script.id,
            }
        )
        self._one = control(
            {
                "name": "one",
                "ask": "Which trade-off?",
                "kind": "select",
                "options": [[t.id, t.title] for t in tradeoffs().values()],
                "default": next(iter(tradeoffs())),
            }
        )
        self._choice.observe(lambda _: self._show_start(), "value")
        self._plan = Figures()
        self._start = card(
            self._choice,
            self._one,
            row(Button("Begin", self.begin, style_name="first")),
            self._plan,
            title="Choose a script",
        )
        return self._start

    def _deck(self) -> ipywidgets.Box:
        self._where = Prose()
        self.timer = Timer()
        self.back_button = Button("Back", lambda: self.go(self.at - 1))
        self.next_button = Button("Next", lambda: self.go(self.at + 1), style_name="first")
        self._text = Prose()
        self.vote = Vote("vote", self._counted)
        self.vote.then = "ect-found"
        self.reveal_button = Button("Reveal the same year", self.reveal, style_name="first")
        self._vote_box = stack(self.vote, row(self.reveal_button), tight=True)
        self._tiles, self._found = Tiles(), Prose()
        self._costs = Figures()
        self._strip = Chart(on_select=self._week)
        self._told = Prose()
        self._dots, self._bars_a, self._bars_b = Chart(), Chart(), Chart()
        self._debrief = Prose()
        self._result = stack(
            card(
                Prose(heading("What the model found", name="ect-found")),
                self._tiles,
                self._found,
                self._debrief,
            ),
            card(self._strip, self._told, title="The same year, week by week"),
            card(
                self._costs,
                fold("How widely years differ", self._dots),
                fold("Where the cycles went", self._bars_a, self._bars_b),
                title="What it costs, and the rest of the numbers",
            ),
        )
        self._notes = Prose()
        top = row(self._where, self.timer, self.back_button, self.next_button)
        top.add_class("ect-sticky")
        top.add_class("ect-card")
        self._stage = card(columns(self._text, self._vote_box))
        self._deck_box = stack(top, self._stage, self._result, fold("Notes for you", self._notes))
        return self._deck_box

    def _keep_card(self) -> ipywidgets.Box:
        return card(
            row(
                Download("Save the page to keep (HTML)", self._keep),
                Download("Save the rescue copy (HTML)", self._rescue),
                Button("To the scripts", self.leave),
            ),
            self.announcer,
            Prose(
                paragraph(
                    "The page to keep holds this session's guesses and answers, and lines for a "
                    "promise. The rescue copy is one file with all trade-offs and a grid of plans "
                    "that opens from a memory stick, without this program.",
                    "soft",
                ),
                paragraph(
                    "What the model does not claim: nothing about pupils, nothing about who stays "
                    "in teaching, nothing about how good anybody is. The schools are made up.",
                    "soft",
                ),
            ),
            title="Keep it",
        )

    # --- the session --------------------------------------------------------------------------

    def _chosen(self) -> Script:
        if self._choice.value != "one":
            return scripts()[self._choice.value]
        t = tradeoffs()[self._one.value]
        step = Step(15, t.title, t.setting, "Ask for reasons before you reveal.", t.id, "tradeoff")
        return Script("one", t.title, "", (step,))

    def _show_start(self) -> None:
        """Show the choice of scripts, and what is in the one that is chosen."""
        hide(self._one, self._choice.value != "one")
        # while a session runs, the screen belongs to the step
        self._head.blocks = TITLE if self.at < 0 else TITLE[:1]
        hide(self._start, self.at >= 0)
        hide(self._deck_box, self.at < 0)
        script = self._chosen()
        begin, rows = 0, []
        for step in script.steps:
            rows.append([f"{begin} to {begin + step.minutes}", f"{step.minutes} min", step.title])
            begin += step.minutes
        self._plan.show(
            f"What happens when: {begin} minutes", ["Minute", "Takes", "Step"],
            rows if self._choice.value != "one" else [],
        )  # fmt: skip

    def begin(self) -> None:
        """Begin the script that is chosen."""
        self.script = self._chosen()
        self.go(0)

    def leave(self) -> None:
        """Go back to the choice of scripts; guesses are kept."""
        self.at = -1
        self._show_start()
        self._tell_address()

    def go(self, at: int) -> None:
        """Go to a step.

        Parameters
        ----------
        at : int
            Its number, 0 is the first; out of bounds stays.
        """
        self.at = max(0, min(at, len(self.script.steps) - 1))
        step = self.script.steps[self.at]
        self.timer.begin(step.minutes)
        self._show_step(step)
        self._show_start()
        self._tell_address()

    def _show_step(self, step: Step) -> None:
        n, begin = len(self.script.steps), sum(s.minutes for s in self.script.steps[: self.at])
        self._where.blocks = [
            paragraph(f"Step {self.at + 1} of {n}, minute {begin} to {begin + step.minutes}", "strong")
        ]  # fmt: skip
        self.back_button.disabled = self.at == 0
        self.next_button.disabled = self.at == n - 1
        self._notes.blocks = [paragraph(step.notes)]
        blocks = [heading(step.title, name="ect-step"), paragraph(step.text)]
        if step.kind == "pledge":
            pledges = [tradeoffs()[s.tradeoff].pledge for s in self.script.steps if s.tradeoff]
            blocks.append({"tag": "ul", "items": pledges})
        self._text.blocks = blocks
        hide(self._vote_box, not step.tradeoff)
        if step.tradeoff:
            self._show_tradeoff(step.tradeoff)
        hide(self._result, step.tradeoff not in self.revealed)

    def _show_tradeoff(self, name: str) -> None:
        t, open_ = tradeoffs()[name], name not in self.revealed
        counts = self.guesses.get(name, [0] * len(t.bands))
        self._filling = True
        try:
            self.vote.put(
                t.question,
                [words for words, _, _ in t.bands],
                counts,
                right=-1 if open_ else results()[name]["band"],
                words=self._room(name),
            )
        finally:
            self._filling = False
        self.reveal_button.disabled = not sum(counts) or not open_
        if not open_:
            self._fill(name)

    def _counted(self, counts: list[int]) -> None:
        """Store the room's guess; only then can the year be revealed."""
        step = self.script.steps[self.at] if self.at >= 0 else None
        if self._filling or step is None or not step.tradeoff:
            return
        name = step.tradeoff
        bands = tradeoffs()[name].bands
        if name in self.revealed or len(counts) != len(bands):
            return
        self.guesses[name] = counts
        self.reveal_button.disabled = not sum(counts)
        self.vote.words = self._room(name)

    def _room(self, name: str) -> str:
        """Say what the room guessed and, once it is shown, what was found."""
        counts, bands = self.guesses.get(name, []), tradeoffs()[name].bands
        hands = sum(counts)
        if not hands:
            return "Count hands, or type numbers. Then reveal."
        most = max(counts)
        said = " and ".join(f"“{bands[i][0]}”" for i, n in enumerate(counts) if n == most)
        text = f"{hands} {'hand' if hands == 1 else 'hands'}, most for {said}."
        if name not in self.revealed:
            return text
        right = results()[name]["band"]
        return f"{text} Found: “{bands[right][0]}”, guessed by {counts[right]} of {hands}."

    def reveal(self) -> None:
        """Show what the model found, if the room has guessed."""
        name = self.script.steps[self.at].tradeoff if self.at >= 0 else ""
        if not name or not sum(self.guesses.get(name, ())):
            return
        self.revealed.add(name)
        self._show_tradeoff(name)
        hide(self._result, False)
        self.vote.follow()

    def _fill(self, name: str) -> None:
        t, r = tradeoffs()[name], results()[name]
        m, d = t.metric, r["differences"][t.metric]
        self._tiles.tiles = [
            *(
                {
                    "number": of_hundred(r[side]["metrics"][m]["mean"]),
                    "of": "of 100",
                    "what": f"{METRIC_WORDS[m]}: {r[side]['label']}",
                    "note": f"{of_hundred(r[side]['metrics'][m]['p10'])} to "
                    f"{of_hundred(r[side]['metrics'][m]['p90'])} in 8 of 10 simulated years",
                    "metric": _metric(m, r[side]["metrics"][m], r["replications"]),
                }
                for side in ("a", "b")
            ),
            {
                "number": points_text(d["mean"]),
                "of": "of 100",
                "what": "is the difference",
                "note": f"{points_text(d['lo'])} to {points_text(d['hi'])}, 19 times in 20",
                "metric": _metric(f"difference_{m}", d, r["replications"]),
            },
        ]
        banners = [
            paragraph(f"{r[side]['label']}: {r[side]['banner']}", "caution")
            for side in ("a", "b")
            if r[side]["banner"]
        ]
        self._found.blocks = [paragraph(finding(t, r)), *banners]
        self._debrief.blocks = [
            heading("Talk about it", 3),
            {"tag": "ul", "items": list(t.debrief)},
        ]
        self._costs.show(
            "Under both plans, on average a simulated year",
            ["", t.a.label, t.b.label, "Difference"],
            _cost_rows(t.costs, r),
        )
        self._dots.spec = r["dots"]
        for chart, side in ((self._bars_a, "a"), (self._bars_b, "b")):
            bars = r[side]["bars"]
            chart.spec = {**bars, "title": f"{r[side]['label']}: {bars['title']}"}
        self._strip.spec = r["strip"]
        differ = r["strip"]["data"]["differ"]
        self._strip.selected = differ[0] if differ else 0
        self._week(self._strip.selected)

    def _week(self, index: int) -> None:
        """Tell one week of the replayed year under both plans."""
        table = self._strip.spec.get("table", {"rows": [], "columns": []})
        if not 0 <= index < len(table["rows"]):
            return
        number, monday, *told = table["rows"][index]
        self._told.blocks = [
            heading(f"Week {number}, from Monday {monday}", 3),
            *(paragraph(f"{n}: {s}") for n, s in zip(table["columns"][2:], told, strict=True)),
        ]

    # --- in and out ---------------------------------------------------------------------------

    def _keep(self) -> tuple[str, str, bytes]:
        ids = [s.tradeoff for s in self.script.steps if s.tradeoff]
        # what the room has not seen yet stays out of its hands while the session runs
        shown = [i for i in ids if i in self.revealed] or ids
        text = keep_page(shown, self.guesses)
        return "launch-session.html", "text/html", text.encode()

    async def _rescue(self) -> tuple[str, str, bytes]:
        answer = await Client.from_environment().ask("rescue", {}, slot="rescue")
        return "ectsim-rescue-copy.html", "text/html", answer.body

    def _arrive(self, query: dict[str, str]) -> None:
        """Take the script and the step that the address names."""
        self._arrived = query
        one = query.get("tradeoff", "")
        if one in tradeoffs():
            self._choice.value, self._one.value = "one", one
            self.begin()
        elif query.get("script") in scripts():
            self._choice.value = query["script"]
            step = query.get("step", "")
            if step.isdigit():
                self.script = self._chosen()
                self.go(int(step) - 1)

    def _tell_address(self) -> None:
        if self._arrived is None:
            return
        kept = {k: v for k, v in self._arrived.items() if k not in ("script", "step", "tradeoff")}
        if self.at >= 0:
            kept |= (
                {"tradeoff": self._one.value}
                if self.script.id == "one"
                else {"script": self.script.id, "step": str(self.at + 1)}
            )
        self._address.query = kept


def _metric(name: str, m: Mapping[str, Any], n: int) -> dict[str, Any]:
    return {"name": name, "value": m["mean"], "lo": m["lo"], "hi": m["hi"], "n": m.get("n", n)}


def _cost_rows(costs: tuple[str, ...], r: Mapping[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for name in SHARE_WORDS:
        a, b, d = (x[name] for x in (r["a"]["metrics"], r["b"]["metrics"], r["differences"]))
        rows.append(
            [
                SHARE_WORDS[name],
                *({"text": f"{100 * x['mean']:.1f}", "number": True, "metric": _metric(name, x, r["replications"])} for x in (a, b)),
                {"text": f"{points_text(d['mean'])}, {d['verdict']}", "number": True},
            ]
        )  # fmt: skip
    for name in costs:
        words, unit = COST_WORDS[name]
        a, b = (r[side]["metrics"][name]["mean"] for side in ("a", "b"))
        if a is None or b is None:
            continue
        tail = f" {unit}" if unit else ""
        difference = f"{b - a:+,.1f}".replace("-", "\u2212")
        rows.append(
            [words, *({"text": f"{x:,.1f}{tail}", "number": True} for x in (a, b)), {"text": f"{difference}{tail}", "number": True}]
        )  # fmt: skip
    return rows
