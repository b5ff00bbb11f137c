"""The mentor's dashboard: how the coaching hour is cut, and what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import ipywidgets

from ectsim.app.client import Asking, Client, Message, ServiceError
from ectsim.app.controls import Form, control
from ectsim.app.layout import card, fields, fold, halves, hide, row, stack
from ectsim.app.layout import page as layout_page
from ectsim.app.pages import mentor_words as words
from ectsim.app.pages import origins
from ectsim.app.pages.mentor_year import GateCard, YearCard
from ectsim.app.strip import HourStrip
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
from ectsim.errors import Cancelled, InputError

__all__ = ["Mentor", "page"]

Values = dict[str, Any]
IN_ADDRESS = (*words.NAMES, "rehearsal")
"""What the address holds as ``cut``, with full stops between."""


def page() -> ipywidgets.Box:
    """Build the page and let the first numbers come.

    Returns
    -------
    ipywidgets.Box
        To be shown by the last line of a notebook's cell.
    """
    return Mentor().start()


class Mentor(Asking):
    """The page: the hour on a strip, what it holds, and what goes to the service.

    Its state is the form's answers; the strip shows the same minutes.

    Parameters
    ----------
    client : Client, optional
        By default the service that the dashboard command started.
    """

    def __init__(self, client: Client | None = None) -> None:
        self.announcer = Announcer("Starting…", on_stop=self.stop)
        on_trouble(self._trouble)
        super().__init__(client)
        self._arrived: dict[str, str] | None = None
        self._found: dict[str, Any] = {}
        self._first = asyncio.Event()
        self.form = Form([control(q) for q in (*words.FIELDS, *words.CHOICES, *words.YEARS)], self._changed)  # fmt: skip
        self._current: Values = dict(words.DEFAULTS)
        self._past: list[Values] = []
        self._future: list[Values] = []
        self.strip = HourStrip(
            words.parts_now(self._current),
            self._minutes(),
            label="The coaching hour on a strip",
            hint="Drag a knob, or go to it with Tab and move it with the arrow keys: a minute passes "
            "from one part to the other. Filled parts are the coaching.",
            on_change=self._moved,
        )
        self.gate = GateCard(self.client)
        self.year = YearCard(self.client, self.cut)
        self.box = self._layout()
        self._place()

    # --- the page -----------------------------------------------------------------------------

    def _layout(self) -> ipywidgets.Box:
        self._address = Address(self._arrive)
        self._headline = Prose(paragraph("The first numbers are on their way…", "answer"))
        self._banner = Prose()
        self._tiles = {"practised": Tiles(), "first": Tiles()}
        self._charts = {name: Chart() for name in ("where", "rehearsals", "left", "learning")}
        return layout_page(
            "How do you cut your coaching hour?",
            "Move the minutes, and see what a new and a practised mentor get out of them: rehearsals, "
            "meetings that the bell cuts short, time for everything else.",
            self._address,
            self._sticky(),
            self.form.problems,
            self._hour_card(),
            card(
                self._headline,
                self._banner,
                Prose(heading("A practised mentor", 3)),
                self._tiles["practised"],
                Prose(heading("A new mentor, in the first meeting", 3)),
                self._tiles["first"],
            ),
            self._numbers_card(),
            card(self._charts["where"], title="Where do the minutes go?"),
            halves(
                card(self._charts["rehearsals"], title="Is there a second rehearsal?"),
                card(self._charts["left"], title="What is left for everything else?"),
            ),
            card(self._charts["learning"], title="Does it get better?"),
            self.gate.box,
            self.year.box,
            self._keep_card(),
        )

    def _sticky(self) -> ipywidgets.Box:
        self._retry = row(Button("Try again", self._ask, style_name="small"))
        hide(self._retry)
        box = stack(self.announcer, self._retry, tight=True)
        box.add_class("ect-sticky")
        return box

    def _hour_card(self) -> ipywidgets.Box:
        self.undo_button = Button("Undo", self.undo, style_name="small")
        self.redo_button = Button("Redo", self.redo, style_name="small")
        self.reset_button = Button("Back to the usual cut", self.reset, style_name="small")
        self._sum = Prose()
        return card(
            self.strip,
            self._sum,
            row(self.undo_button, self.redo_button, self.reset_button),
            title="Your hour",
        )

    def _numbers_card(self) -> ipywidgets.Box:
        self._numbers = Figures()
        return card(
            fields(*(self.form[q["name"]] for q in words.FIELDS)),
            fold("More choices", *(self.form[q["name"]] for q in (*words.CHOICES, *words.YEARS))),
            fold("Where do these numbers come from?", self._numbers),
            title="Cut it by numbers",
            text="Lengths are those of a mentor who is used to coaching. What is filled in is how the "
            "programme has it; what you add to a part comes from other mentoring.",
        )

    def _keep_card(self) -> ipywidgets.Box:
        self._code, self._python = Prose(), Prose()
        return card(
            row(
                Download("Save the results (CSV)", lambda: self._export("csv")),
                Download("Save the results (JSON)", lambda: self._export("json")),
            ),
            self._code,
            fold("Show me the Python", self._python),
            Prose(
                heading("What the model does not claim", 3),
                {
                    "tag": "ul",
                    "items": [
                        "Nothing about pupils: no learning, no results, no progress.",
                        "Nothing about who stays in teaching and who leaves.",
                        "Nothing about how good anybody is. Nobody is scored or ranked: new and "
                        "practised differ in meetings held, and in nothing else.",
                        "How long each phase takes, and how fast that falls, are assumptions.",
                    ],
                },
            ),
            title="Keep it",
        )

    # --- state --------------------------------------------------------------------------------

    def _minutes(self) -> list[int]:
        return [self._current[name] for name in words.NAMES]

    def cut(self) -> dict[str, Any]:
        """Return the hour as the service wants it: what differs from the usual cut."""
        names = (*words.NAMES, "rehearsal", "apart")
        return {k: self._current[k] for k in names if self._current[k] != words.DEFAULTS[k]}

    def request(self) -> dict[str, Any]:
        """Put the page's state as the service wants it."""
        v = self._current
        return {"cut": self.cut(), "seed": v["seed"], "replications": v["years"]}

    def _moved(self, minutes: list[int]) -> None:
        """Take a cut from the strip."""
        self._take({**self._current, **dict(zip(words.NAMES, minutes, strict=True))})

    def _changed(self, values: Values) -> None:
        """Take a change of one of the fields."""
        now = self._current
        changed = [k for k in values if values[k] != now[k]]
        if not changed:
            return
        name = changed[0]
        if name not in (*words.NAMES, "total"):
            self._take({**now, name: values[name]})
            return
        made = words.apply(now, name, values[name])
        if isinstance(made, str):
            self.form.fill(now)
            self.form.blame([(f"{self.form[name].short}: {made}.", name)])
        else:
            self._take(made)

    def _take(self, values: Values) -> None:
        values = words.settle(values)
        if values != self._current:
            self._past.append(self._current)
            self._future.clear()
        self._go(values)

    def _go(self, values: Values) -> None:
        """Take a state as it is."""
        said = words.spoken(self._current, values)
        asked = values != self._current
        self._current = values
        self.form.fill(values)
        self.strip.parts = words.parts_now(values)
        self.strip.put(self._minutes(), said)
        self._place()
        if asked:
            self._ask()
            self.year.hour_changed()

    def undo(self) -> None:
        """Go back one change."""
        if self._past:
            self._future.append(self._current)
            self._go(self._past.pop())

    def redo(self) -> None:
        """Make a change again that was undone."""
        if self._future:
            self._past.append(self._current)
            self._go(self._future.pop())

    def reset(self) -> None:
        """Go back to the usual cut; Undo brings the other back."""
        self._take(
            {**words.DEFAULTS, "years": self._current["years"], "seed": self._current["seed"]}
        )

    def _place(self) -> None:
        """Say how the hour is cut now, and what can be undone."""
        v = self._current
        reps = min(6, v["practise"] // v["rehearsal"])
        meeting = v["total"] - v["visit"]
        self._sum.blocks = [
            paragraph(
                f"{v['visit']} minutes of a lesson and a meeting of {meeting}: {v['total']} minutes. "
                f"The practice holds {reps} rehearsal{'' if reps == 1 else 's'} of {v['rehearsal']}."
            )
        ]
        for button, there in (
            (self.undo_button, self._past),
            (self.redo_button, self._future),
            (self.reset_button, self.cut()),
        ):
            button.disabled = not there

    # --- asking -------------------------------------------------------------------------------

    def start(self) -> ipywidgets.Box:
        """Ask for the first numbers, and return the page's box."""
        self._ask()
        self._spawn(self._where_from())
        self._spawn(self._years())
        self.box.mentor = self  # the loop and the widgets hold it weakly
        return self.box

    async def _years(self) -> None:
        """Ask for the two years once the first numbers are in: they matter more."""
        with contextlib.suppress(ServiceError):
            await self._first.wait()
            self.gate.ask()
            self.year.ask()

    async def _where_from(self) -> None:
        try:
            found = (await self.client().ask("numbers", {}, slot="numbers")).data["numbers"]
        except Cancelled:
            return
        except (InputError, ServiceError) as error:
            self._trouble(error)
            return
        self._numbers.show(
            "Every number that the hour rests on",
            origins.COLUMNS,
            words.number_rows(found),
        )

    def _ask(self) -> None:
        """Ask for the newest state; older questions are cancelled."""
        hide(self._retry)
        try:
            line = self._line("main", self._show, self._fail)
        except ServiceError as error:
            self._trouble(error)
            return
        self.announcer.say("Holding the meetings…")
        line.start("hour", self.request())

    def stop(self) -> None:
        """Cancel what is running; what stands so far stays."""
        main = self._latest.get("main")
        if main is not None and main.running:
            main.stop()
            done, total = self.announcer.done, self.announcer.total
            self.announcer.say(
                f"Stopped after {done} of {total} years of meetings. What you see rests on those."
                if done
                else "Stopped before the first numbers came. What you see is what stood before."
            )
            hide(self._retry, False)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, InputError):
            name = error.where if error.where in self.form.controls else ""
            text = str(error)
            if name:
                rest = f": {error.remedy}" if error.remedy else ""
                text = f"{self.form[name].short}: {error.what}{rest}"
            self.form.blame([(text, name)])
            self.announcer.say("Change the marked answer to go on.", tone="wrong")
        else:
            self._trouble(error)

    def _trouble(self, error: Exception) -> None:
        self.announcer.trouble(error)
        hide(self._retry, False)

    # --- results ------------------------------------------------------------------------------

    def _show(self, message: Message) -> None:
        found = message.data["found"]
        self._headline.blocks = [paragraph(message.data["headline"], "answer")]
        self._banner.blocks = words.given_up(found["banner"])
        for who, tiles in self._tiles.items():
            tiles.tiles = words.tiles(found, who)
        for name, chart in self._charts.items():
            chart.spec = message.data["charts"][name]
        if not message.final:
            self.announcer.progress(message.done, message.total, message.left, "years of meetings")
            return
        self._found = found
        self._first.set()
        practised = found["who"]["practised"]
        self.announcer.say(
            f"A practised mentor: {practised['reps']['mean']:.1f} rehearsals a meeting, "
            f"{practised['other']['mean']:.0f} minutes left. {found['replications']:,} years of meetings."
        )
        self._keep(found)

    def _keep(self, found: Mapping[str, Any]) -> None:
        self._code.blocks = [
            heading("Scenario code", 3),
            paragraph(
                "The year in which these meetings are held, for a notebook or the command line; the "
                "address of this page brings the cut back.",
                "soft",
            ),
            {"tag": "pre", "text": found["code"]},
            paragraph(f"Seed {found['seed']}, {found['replications']:,} years of meetings.", "soft"),
        ]  # fmt: skip
        lines = words.python_lines(self.cut(), found["replications"], found["seed"])
        self._python.blocks = [{"tag": "pre", "text": "\n".join(lines)}]
        self._tell_address()

    def _tell_address(self) -> None:
        if self._arrived is None or not self._found:
            return
        v = self._current
        query = {
            k: x for k, x in self._arrived.items() if k not in ("cut", "apart", "years", "seed")
        }
        if self.cut():
            query["cut"] = ".".join(str(v[name]) for name in IN_ADDRESS)
        query.update(
            {k: str(v[k]) for k in ("apart", "years", "seed") if v[k] != words.DEFAULTS[k]}
        )
        self._address.query = query

    # --- in and out ---------------------------------------------------------------------------

    async def _export(self, form: str) -> tuple[str, str, bytes]:
        answer = await self.client().ask("hour", {**self.request(), "form": form}, slot="export")
        return answer.data["name"], answer.data["type"], answer.body

    def _arrive(self, query: dict[str, str]) -> None:
        """Take the cut that the address names."""
        self._arrived = query
        wanted = dict(self._current)
        pieces = query.get("cut", "").split(".")
        if len(pieces) == len(IN_ADDRESS) and all(p.isdigit() for p in pieces):
            wanted.update(zip(IN_ADDRESS, map(int, pieces), strict=True))
        for name in ("years", "seed"):
            if query.get(name, "").isdigit():
                wanted[name] = int(query[name])
        if query.get("apart"):
            wanted["apart"] = query["apart"]
        wanted["total"] = sum(wanted[name] for name in words.NAMES)
        for name, value in wanted.items():
            try:
                self.form[name].checked(value)
            except Exception:  # an address can say anything
                self.announcer.say("The address names an hour that cannot be; the usual one is shown.", tone="wrong")  # fmt: skip
                return
        self._go(words.settle(wanted))
        self._tell_address()
