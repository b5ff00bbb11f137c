"""The coordinator's dashboard: a plan that can be defended, in twenty minutes and nine steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
from traitlets import TraitError

from ectsim.app.client import Asking, Client, Latest, Message, ServiceError
from ectsim.app.controls import Control, Form, control
from ectsim.app.journey import Journey
from ectsim.app.layout import card, columns, fold, grid, hide, mark, row, stack
from ectsim.app.layout import page as layout_page
from ectsim.app.pages import coordinator_words as words
from ectsim.app.pages import origins
from ectsim.app.pages.coordinator_school import SAMPLE, SchoolCard
from ectsim.app.pages.coordinator_tasks import Enough, Hours, Slots, Stress, Task
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

__all__ = ["Coordinator", "page"]

SLOTS = "plan.slots."
START = "Starting plan"
YOURS = "Your plan"
FIX_CARDS = 3
FIX_YEARS = 100
"""Years in which a fix is tried: the first of those above; pairing makes so many enough."""
STRIP_YEARS = 200
"""Simulated years that can be looked at week by week."""

STEPS = [
    ("describe", "Describe"),
    ("hours", "Check hours"),
    ("year", "See the year"),
    ("where", "Where did they go?"),
    ("fix", "Fix it"),
    ("enough", "How much is enough?"),
    ("slots", "Find slots"),
    ("stress", "Stress it"),
    ("page", "Page for the head"),
]
SCHOOL, CHECK = "school", "check"
"""The first and the last screen of the description."""

Values = dict[str, Any]


def page() -> ipywidgets.Box:
    """Build the page and let the first estimate run.

    Returns
    -------
    ipywidgets.Box
        To be shown by the last line of a notebook's cell.
    """
    return Coordinator().start()


class Coordinator(Asking):
    """The page: what is asked, what is shown, and what goes to the service.

    Its state is the form's answers, what a scenario changes beyond them, the school and a name;
    every request is made from these, so that a code, a file and the page mean the same.

    Parameters
    ----------
    client : Client, optional
        By default the service that the dashboard command started.
    """

    def __init__(self, client: Client | None = None) -> None:
        self.announcer = Announcer("Starting…", on_stop=self.stop)
        on_trouble(self._trouble)
        super().__init__(client)
        self._school: dict[str, Any] = {}
        self._ready = asyncio.Event()
        self._key = SAMPLE
        self._name = ""
        self._extra: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}
        self._weeks: dict[str, Any] = {}
        self._arrived: dict[str, str] | None = None
        self._fixes: list[dict[str, Any]] = []
        self._make_form()
        self._current = self._snapshot()
        self._first = self._current
        self._past: list[tuple[Values, dict[str, Any]]] = []
        self._future: list[tuple[Values, dict[str, Any]]] = []
        self.school = SchoolCard(self.client, self._open_school, self._open_file)
        self.at, self.asking = STEPS[0][0], SCHOOL
        self._unfolded = False  # whether all choices are shown beside the fixes
        self._seen: set[str] = set()
        self.tasks: dict[str, Task] = {
            t.kind: t for t in (Hours(self), Enough(self), Slots(self), Stress(self))
        }
        self._answered: dict[str, Any] = {}
        self.box = self._layout()
        self._place()
        self._turn_to()

    # --- the page -----------------------------------------------------------------------------

    def _make_form(self) -> None:
        questions = [*words.QUESTIONS, *words.SCHOOL_QUESTIONS, *words.TIGHT, *words.MORE]
        self.form = Form([control(each) for each in questions], self._changed)
        self.undo_button = Button("Undo", self.undo, style_name="small")
        self.redo_button = Button("Redo", self.redo, style_name="small")
        self.reset_button = Button("Back to the start", self.reset, style_name="small")
        self.retry_button = Button("Try again", self._ask, style_name="small")
        self._beyond = Prose()
        self._slots = Figures()
        self._slots_fold = fold("The slots of each pair", self._slots)

    def _layout(self) -> ipywidgets.Box:
        self._address = Address(self._arrive)
        self.journey = Journey("The nine steps", STEPS, self.go)
        self._headline = Prose(paragraph("The first numbers are on their way…", "answer"))
        self._tiles = Tiles()
        self._banner = Prose()
        self._dots, self._bars = Chart(), Chart()
        self._costs = Figures()
        self._counts = Figures()
        self._printed = Prose()
        self._answer_head = Prose()
        self._change = Button("Change anything yourself", self._unfold)
        self._change_row = row(self._change)
        self._answer = mark(
            card(self._answer_head, self._headline, self._tiles, self._banner, self._change_row),
            "ect-print",
        )
        self._year_card = mark(
            card(
                self._dots,
                self._costs,
                mark(
                    fold("What each number counts, and where it comes from", self._counts),
                    "ect-noprint",
                ),
            ),
            "ect-print",
        )
        self._where_card = mark(
            card(
                _head("where", "Where did they go?", "Every cycle that is due ends in one place."),
                self._bars,
            ),
            "ect-print",
        )
        self._limits = mark(card(_limits()), "ect-printonly")
        self._question_head = Prose()
        self._answers = Figures()
        self._choice_card = self._choices()
        self._check_card = card(
            _head(CHECK, "Check your answers", "Anything can still be changed, now or in step 5."),
            self._answers,
        )
        self._left = stack(self.school.box, self._choice_card, self._check_card)
        self._fix_box, self._strip_box, self._keep_box = (
            self._fix_card(),
            self._strip_card(),
            self._keep_card(),
        )
        self._right = stack(
            self._answer,
            self._year_card,
            self._where_card,
            self._strip_box,
            self._fix_box,
            *(t.box for t in self.tasks.values()),
            self._keep_box,
        )
        self._main = columns(self._left, self._right)
        self._back = Button("Back", lambda: self._walk(-1))
        self._next = Button("Next", lambda: self._walk(1), style_name="first")
        self._foot = mark(
            row(self._back, self._next, self.undo_button, self.redo_button, self.reset_button),
            "ect-foot",
        )
        return layout_page(
            "Will your coaching survive the year?",
            "A plan that you can defend, in twenty minutes and nine steps.",
            self._address,
            self.journey,
            self._sticky(),
            self.form.problems,
            mark(self._printed, "ect-printonly"),
            self._main,
            self._limits,
            self._foot,
        )

    def _sticky(self) -> ipywidgets.Box:
        self._retry = row(self.retry_button)
        hide(self._retry)
        box = stack(self.announcer, self._retry, tight=True)
        box.add_class("ect-sticky")
        box.add_class("ect-noprint")
        return box

    def _choices(self) -> ipywidgets.Box:
        def controls(questions: list[dict[str, Any]]) -> list[Control]:
            return [self.form[q["name"]] for q in questions]

        self._only_all = [
            Prose(heading("Your school as it is", 3)),
            fold(
                "Parts of the programme",
                Prose(
                    paragraph(
                        "These make coaching what it is. A plan can give them up, and every "
                        "result then says so.",
                        "soft",
                    )
                ),
                *controls(words.TIGHT),
            ),
            fold("More choices", *controls(words.MORE)),
            self._beyond,
        ]
        school, *rest = self._only_all
        return card(
            self._question_head,
            *controls(words.QUESTIONS),
            self._slots_fold,
            school,
            *controls(words.SCHOOL_QUESTIONS),
            *rest,
        )

    # --- the way through ----------------------------------------------------------------------

    def go(self, name: str, *, focus: bool = True) -> None:
        """Show a step.

        Parameters
        ----------
        name : str
            One of the nine.
        focus : bool
            Whether its heading takes the focus.
        """
        self._seen.add(self.at)
        if name == "describe" and self.at == "describe":
            self.asking = SCHOOL
        self.at = name
        self._turn_to()
        if name in self.tasks:
            self.tasks[name].shown()
        if focus:
            self.journey.focus(self._heading)
        self.marked()
        self._tell_address()

    @property
    def _heading(self) -> str:
        if self.at != "describe":
            return f"ect-task-{self.at}"
        screens = {SCHOOL: "ect-task-school", CHECK: f"ect-task-{CHECK}"}
        return screens.get(self.asking, "ect-task-describe")

    def _screens(self) -> list[str]:
        """Return the screens of the description: the school, a question each, the check."""
        fixed = self.form["plan.meeting"].value == "fixed"
        asked = [
            q["name"]
            for q in (*words.QUESTIONS, *words.SCHOOL_QUESTIONS)
            if q["name"] in words.ASKED and (fixed or not q.get("fixed"))
        ]
        return [SCHOOL, *asked, CHECK]

    def _walk(self, step: int) -> None:
        """Go to the next screen or back; what was answered stays."""
        names = [name for name, _ in STEPS]
        if self.at == "describe":
            screens = self._screens()
            at = (screens.index(self.asking) if self.asking in screens else 0) + step
            if 0 <= at < len(screens):
                self.asking = screens[at]
                self._turn_to()
                self.journey.focus(self._heading)
                return
        at = names.index(self.at) + step
        if 0 <= at < len(names):
            if names[at] == "describe":
                self.asking = CHECK
            self.go(names[at])
        elif at == len(names):
            self._finish()

    def _finish(self) -> None:
        self._seen.add("page")
        self._done.blocks = [
            heading("You are done", 3, name="ect-done"),
            paragraph(
                "You have a plan, its price, what would break it, and a page for your head. Keep the "
                "plan's file: open it here in January, and see how the year goes on."
            ),
        ]
        self.marked()
        self.journey.focus("ect-done")

    def _unfold(self) -> None:
        """Show all choices in step 5, or hide them."""
        self._unfolded = not self._unfolded
        self._turn_to()
        if self._unfolded:
            self.journey.focus("ect-task-choices")

    def _turn_to(self) -> None:
        """Show what belongs to the step, and nothing else."""
        describing, fixing = self.at == "describe", self.at == "fix"
        choosing = fixing and self._unfolded
        question = describing and self.asking not in (SCHOOL, CHECK)
        self.journey.current = self.at
        for box, there in (
            (self.school.box, describing and self.asking == SCHOOL),
            (self._choice_card, choosing or question),
            (self._check_card, describing and self.asking == CHECK),
            (self._left, describing or choosing),
            (self._change_row, fixing),
            (self._answer, describing or fixing or self.at == "year"),
            (self._year_card, self.at == "year"),
            (self._where_card, self.at == "where"),
            (self._strip_box, self.at == "where"),
            (self._fix_box, fixing),
            (self._keep_box, self.at == "page"),
            *((task.box, self.at == name) for name, task in self.tasks.items()),
        ):
            hide(box, not there)
        self._change.text = "Hide the choices" if choosing else "Change anything yourself"
        if choosing or (describing and self.asking != CHECK):
            self._main.remove_class("ect-single")
        else:
            self._main.add_class("ect-single")
        self._answer_head.blocks = (
            [heading("See the year", name="ect-task-year")]
            if self.at == "year"
            else [heading("So far", 2)]
            if describing
            else [heading("Your plan now", 2)]
        )
        self._head_questions(question)
        names = [name for name, _ in STEPS]
        label = dict(STEPS)
        screens, at = self._screens(), names.index(self.at)
        inside = describing and self.asking != CHECK
        self._back.disabled = describing and self.asking == SCHOOL
        self._back.text = "Back" if describing or at == 0 else f"Back: {label[names[at - 1]]}"
        if inside:
            self._next.text = "Next"
        elif at + 1 < len(names):
            self._next.text = f"Next: {label[names[at + 1]]}"
        else:
            self._next.text = "I am done"
        if question:
            k = screens.index(self.asking) if self.asking in screens else 1
            self._question_head.blocks = [
                heading("Describe your school", name="ect-task-describe"),
                paragraph(f"Question {k} of {len(screens) - 2}", "soft"),
            ]
        elif fixing:
            self._question_head.blocks = [
                heading("Your choices", name="ect-task-choices"),
                paragraph("Change anything: the numbers follow.", "soft"),
            ]
        if describing and self.asking == CHECK:
            self._list_answers()

    def _head_questions(self, one: bool) -> None:
        """Show one question, or all of them."""
        fixed = self.form["plan.meeting"].value == "fixed"
        for question in (*words.QUESTIONS, *words.SCHOOL_QUESTIONS):
            name = question["name"]
            there = name == self.asking if one else fixed or not question.get("fixed")
            hide(self.form[name], not there)
        for part in self._only_all:
            hide(part, one)
        hide(self._slots_fold, one or not fixed)

    def _list_answers(self) -> None:
        rows = []
        for q in (*words.QUESTIONS, *words.SCHOOL_QUESTIONS):
            if q.get("fixed") and self.form["plan.meeting"].value != "fixed":
                continue
            rows.append(
                [q["ask"], words.said(q, self.form[q["name"]].value), self._origin(q["name"], q)]
            )
        self._answers.show(
            "What the numbers rest on; the rest stands under “More choices” in step 5",
            ["Question", "Answer", "What is filled in comes from"],
            rows,
        )

    def _origin(self, name: str, question: Mapping[str, Any]) -> str:
        found = self._school.get("parameters", {}).get(words.PARAMETER.get(name, name))
        return origins.sentence(found) if found else ""

    def marked(self) -> None:
        """Show anew how the steps stand."""
        states = {name: task.state for name, task in self.tasks.items()}
        for name in ("describe", "year", "where", "fix", "page"):
            states[name] = "done" if name in self._seen and name != self.at else ""
        self.journey.mark(states)

    def line(
        self, name: str, show: Callable[[Message], None], fail: Callable[[Exception], None]
    ) -> Latest:
        """Return the one that asks for a place of the page."""
        return self._line(name, show, fail)

    def begin(self, name: str) -> None:
        """Say that a search begins: others end."""
        for other in ("enough", "stress"):
            if other != name and other in self._latest:
                self._latest[other].stop()

    def take(self, found: Mapping[str, Any]) -> None:
        """Go on with a plan that a step found; Undo brings the old one back.

        Parameters
        ----------
        found : mapping
            As ``scenario`` answers.
        """
        self._past.append(self._current)
        self._future.clear()
        kept = {name: self._current[0][name] for name in ("years", "seed")}
        self._take({**found, "seed": kept["seed"]})

    def _fix_card(self) -> ipywidgets.Box:
        self._fix_text = [Prose() for _ in range(FIX_CARDS)]
        self._fix_found = [Prose() for _ in range(FIX_CARDS)]
        self._fix_boxes = []
        for i, (text, found) in enumerate(zip(self._fix_text, self._fix_found, strict=True)):
            use = Button("Use this", lambda i=i: self._use(i))  # type: ignore[misc]
            self._fix_boxes.append(stack(text, found, use, tight=True))
        return card(
            _head(
                "fix",
                "What would help?",
                "Each is tried on your plan as it stands, in the very same simulated years (at "
                f"most {FIX_YEARS}), with the same illnesses on the same days. In brackets: where "
                "the true difference lies, 19 times in 20.",
            ),
            mark(grid(*self._fix_boxes), "ect-fixes"),
        )

    def _strip_card(self) -> ipywidgets.Box:
        self._pair = control(
            {"name": "pair", "ask": "Which pair?", "kind": "select", "options": [["", "-"]], "default": ""}
        )  # fmt: skip
        self._year = control(
            {"name": "year", "ask": "Which simulated year?", "low": 1, "high": STRIP_YEARS, "step": 1, "default": 1}
        )  # fmt: skip
        for each in (self._pair, self._year):
            each.observe(lambda _: self._replay(), "value")
        self._strip = Chart(on_select=self._week)
        self._told = Prose()
        self._strip_note = Prose()
        return card(
            self._strip_note,
            row(
                self._pair,
                self._year,
                Button("Previous year", lambda: self._turn(-1), style_name="small"),
                Button("Next year", lambda: self._turn(1), style_name="small"),
            ),
            self._strip,
            row(
                Button("Previous week that differs", lambda: self._part(-1), style_name="small"),
                Button("Next week that differs", lambda: self._part(1), style_name="small"),
            ),
            self._told,
            title="The same year under two plans",
            text="One pair, week by week. Choose a week to read what happened in it.",
        )

    def _keep_card(self) -> ipywidgets.Box:
        self._code = Prose()
        self._python = Prose()
        self._numbers = Figures()
        self._done = Prose()

        def save(text: str, form: str, *, first: bool = False) -> Download:
            return Download(text, lambda: self._export(form), style_name="first" if first else "")

        return card(
            _head(
                "page",
                "Make the page for your head",
                "One side of A4: what to expect, where the cycles go, what you ask for, the hours, and "
                "what is not claimed. Open the file and print it.",
            ),
            row(save("Save the page for your head", "html", first=True)),
            Prose(heading("What goes with it", 3)),
            row(
                save("Calendars for everybody (iCal)", "ics"),
                save("The plan as a workbook (Excel)", "xlsx"),
            ),
            Prose(
                heading("Keep the plan", 3),
                paragraph(
                    "The file holds your school and every choice. Open it in step 1 and go on.",
                    "soft",
                ),
            ),
            row(
                save("Save this plan", "plan"),
                save("Save the scenario (TOML)", "toml"),
                save("Save the results (CSV)", "csv"),
                save("Save the results (JSON)", "json"),
            ),
            self._code,
            fold("Show me the Python", self._python),
            fold("Where do these numbers come from?", self._numbers),
            _limits(),
            self._done,
        )

    # --- state --------------------------------------------------------------------------------

    def _snapshot(self) -> tuple[Values, dict[str, Any]]:
        return self.form.values, dict(self._extra)

    def request(self, values: Values | None = None, *, label: str = YOURS) -> dict[str, Any]:
        """Put a plan as the service wants it.

        Parameters
        ----------
        values : dict, optional
            Answers; by default the form's.
        label : str
            What to call the plan.
        """
        v = self.form.values if values is None else values
        plan = words.PLAN_BASES[v["plan.meeting"]]
        changes = {k: x for k, x in self._changes(v, plan).items() if k not in self._extra}
        return self._put(plan, {**changes, **self._extra}, v, label)

    def start_request(self, values: Values | None = None) -> dict[str, Any]:
        """Put the starting plan, in the school as it is now."""
        v = self.form.values if values is None else values
        changes = {**self._changes(v, "found_time"), **self._extra}
        about = ("conditions.", "plan.cover.", "programme.")
        kept = {k: x for k, x in changes.items() if k.startswith(about)}
        return self._put("found_time", kept, v, START)

    def _put(
        self, plan: str, changes: Mapping[str, Any], values: Values, label: str
    ) -> dict[str, Any]:
        return {
            "school": self._key,
            "plan": plan,
            "changes": dict(changes),
            "seed": values["seed"],
            "replications": values["years"],
            "label": label,
            **({"name": self._name} if self._name and label == YOURS else {}),
        }

    def _changes(self, v: Values, plan: str) -> dict[str, Any]:
        """Return what the answers change in a plan that ships."""
        leaves = self._school["plans"][plan] if self._school else {}
        fixed = v["plan.meeting"] == "fixed"
        out: dict[str, Any] = {}
        for question in (*words.QUESTIONS, *words.SCHOOL_QUESTIONS, *words.TIGHT, *words.MORE):
            name, value = question["name"], v[question["name"]]
            if "." not in name or (question.get("fixed") and not fixed):
                continue
            if name == "plan.cover.supervisors":
                before = self._supervisors
            elif name.startswith("conditions.") and self._school:
                before = self._school["parameters"][name]["default"]
            else:
                before = leaves.get(name, question["default"])
            if value != before and name != "plan.meeting":
                out[name] = value
        means = {
            "reserve": v["reserve"] and fixed,
            "common_free": True,
            "before_after": v["plan.before_after"],
            "video": v["video"],
            "split": v["split"],
        }
        recovery = [name for name in words.MEANS if means[name]]
        if recovery != leaves.get("plan.recovery", ["common_free", "before_after"]):
            out["plan.recovery"] = recovery
        return out

    @property
    def _supervisors(self) -> int:
        found: int = self._school.get("supervisors", words.DEFAULTS["plan.cover.supervisors"])
        return found

    def is_start(self) -> bool:
        """Tell whether the plan is still the one that all begin with."""
        mine, start = self.request(), self.start_request()
        return all(mine[k] == start[k] for k in ("plan", "changes"))

    # --- changes ------------------------------------------------------------------------------

    def _changed(self, values: Values) -> None:
        before, extra = self._current
        if values == before and self._extra == extra:
            return
        for name in [n for n, x in values.items() if x != before.get(n)]:
            self._extra.pop("plan.recovery" if name in words.MEANS else name, None)
        self._past.append(self._current)
        self._future.clear()
        self._current = self._snapshot()
        self._place()
        self._ask()
        self._moved_on()

    def _moved_on(self) -> None:
        """Say which steps answered for another plan, and show what the questions now need."""
        for task in self.tasks.values():
            task.changed()
        if self.at in ("hours", "slots") and self._school:  # these answer by themselves
            self.tasks[self.at].shown()
        self.marked()

    def undo(self) -> None:
        """Go back one change."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Make a change again that was undone."""
        self._step(self._future, self._past)

    def reset(self) -> None:
        """Go back to the answers that the page began with; Undo brings the others back.

        How many years there are, and which, is no part of a plan and stays.
        """
        if self._moved():
            self._past.append(self._current)
            self._future.clear()
            kept = {name: self._current[0][name] for name in ("years", "seed")}
            self._go(({**self._first[0], **kept}, {}))

    def _moved(self) -> bool:
        now, extra = self._current
        return bool(extra) or any(
            now[name] != x for name, x in self._first[0].items() if name not in ("years", "seed")
        )

    def _step(self, source: list[tuple[Values, dict[str, Any]]], target: list[Any]) -> None:
        if source:
            target.append(self._current)
            self._go(source.pop())

    def _go(self, snapshot: tuple[Values, dict[str, Any]]) -> None:
        """Take a state as it is."""
        self._current = snapshot
        self._extra = dict(snapshot[1])
        self.form.fill(snapshot[0])
        self._place()
        self._ask()
        self._moved_on()

    def _place(self) -> None:
        """Show the questions that matter now, and what can be undone."""
        fixed = self.form["plan.meeting"].value == "fixed"
        if self.at in ("fix", "describe"):
            self._turn_to()
        for button, there in (
            (self.undo_button, self._past),
            (self.redo_button, self._future),
            (self.reset_button, self._moved()),
        ):
            button.disabled = not there
        own = {k.rpartition(".")[2]: v for k, v in self._extra.items() if k.startswith(SLOTS)}
        rows = words.slot_rows(
            {**self._school.get("slots", {}), **own}, self._school.get("pairs", [])
        )
        beyond = {k: v for k, v in self._extra.items() if not k.startswith(SLOTS)}
        self._slots.show(
            "Day and period in which both are free; a visit is to a lesson of the ECT",
            ["Pair", "Meeting", "Visit", "Reserve"],
            rows if fixed else [],
        )
        self._beyond.blocks = (
            [
                paragraph("This plan also changes, beyond the questions here:", "soft"),
                {"tag": "ul", "items": [f"{k}: {v}" for k, v in sorted(beyond.items())][:20]},
            ]
            if beyond
            else []
        )

    # --- asking -------------------------------------------------------------------------------

    def start(self) -> ipywidgets.Box:
        """Ask for the first estimate and for the school, and return the page's box."""
        self._ask()
        self._spawn(self._describe(SAMPLE))
        self.box.coordinator = self  # the loop and the widgets hold it weakly
        return self.box

    async def _describe(self, key: str) -> None:
        try:
            school = (await self.client().ask("school", {"school": key}, slot="school")).data
        except Cancelled:
            return
        except (InputError, ServiceError) as error:
            self._trouble(error)
            return
        before = self._supervisors
        self._school, self._key = school, key
        self._ready.set()
        # the usual number of cover supervisors goes with the size of the school
        field = self.form["plan.cover.supervisors"]
        if field.value == before and before != school["supervisors"]:
            self._adopt({"plan.cover.supervisors": school["supervisors"]})
        self._first = ({**self._first[0], "plan.cover.supervisors": school["supervisors"]}, {})
        self.school.show(school)
        for name, field in self.form.controls.items():
            found = school["parameters"].get(words.PARAMETER.get(name, name))
            field.origin = origins.sentence(found) if found else ""
        self._counts.show(
            "Each is derived: counted in every simulated year, then the mean of the years",
            ["Number", "What is counted", "Status"],
            [
                [m["label"], m["definition"], "derived, by simulation"]
                for m in school["metrics"].values()
            ],
        )
        self._numbers.show(
            "Every choice and condition, and what is filled in for it",
            origins.COLUMNS,
            origins.rows(school["parameters"].values()),
        )
        options = [[p["id"], f"{p['id']} with {p['mentor']}"] for p in school["pairs"]]
        self._pair.options = options or [["", "no pair"]]
        self._pair.value = options[0][0] if options else ""
        self._place()
        if self.at in self.tasks:
            self.tasks[self.at].shown()
        self._moved_on()

    def _adopt(self, values: Values) -> None:
        """Put answers in without asking the service."""
        self._current = ({**self._current[0], **values}, dict(self._extra))
        self.form.fill(values)

    async def _open_school(self, key: str) -> None:
        self._halt()
        self.announcer.say("Looking at the school…")
        self._extra = {k: v for k, v in self._extra.items() if not k.startswith(SLOTS)}
        await self._describe(key)
        if self._key == key:
            self._name = ""
            self._ask()

    def _ask(self) -> None:
        """Ask for the newest state; older questions are cancelled."""
        self._halt()
        hide(self._retry)
        self._name_fixes()
        if not self._school and self._moved():
            self._spawn(self._later())
            return
        data = self.request()
        if not self.is_start():
            data["against"] = self.start_request()
        try:
            line = self._line("main", self._show, self._fail)
        except ServiceError as error:
            self._trouble(error)
            return
        self.announcer.say("Simulating your plan…")
        line.start("simulate", data)

    async def _later(self) -> None:
        """Ask once the school is known, without which a plan cannot be put."""
        await self._ready.wait()
        self._ask()

    def _halt(self) -> None:
        for each in self._latest.values():
            each.stop()

    def stop(self) -> None:
        """Cancel what is running; what stands so far stays."""
        running = "main" in self._latest and self._latest["main"].running
        searching = any(n in self._latest and self._latest[n].running for n in ("enough", "stress"))
        self._halt()
        if searching and not running:
            self.announcer.say("Stopped. What you see stood before.")
        if running:
            done, total = self.announcer.done, self.announcer.total
            self.announcer.say(
                f"Stopped after {done} of {total} simulated years. What you see rests on those."
                if done
                else "Stopped before the first numbers came. What you see is what stood before."
            )
            hide(self._retry, False)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, InputError):
            name = error.where if error.where in self.form.values else ""
            text = f"{error.what}: {error.remedy}" if error.remedy and name else str(error)
            self._reveal(name)
            self.form.blame([(text, name)])
            self.announcer.say("Change the marked answer to go on.", tone="wrong")
        else:
            self._trouble(error)

    def _reveal(self, name: str) -> None:
        """Show the step in which a question stands."""
        if name and not (
            (self.at == "fix" and self._unfolded) or (self.at == "describe" and self.asking == name)
        ):
            self._unfolded = True
            self.go("fix", focus=False)

    def _trouble(self, error: Exception) -> None:
        self.announcer.trouble(error)
        hide(self._retry, False)

    # --- results ------------------------------------------------------------------------------

    def _show(self, message: Message) -> None:
        data = message.data
        result, base = data["result"], data.get("base")
        metrics, n = result["metrics"], result["replications"]
        self._headline.blocks = [paragraph(data["headline"], "answer")]
        self._tiles.tiles = words.tiles(metrics, base, result["seed"])
        notes = [paragraph(data["banner"], "caution")] if data["banner"] else []
        notes += [
            paragraph("The average rises, and the ECT who gets least gets less.", "caution")
            for w in data.get("warnings", [])
            if "least-served" in w
        ]
        self._banner.blocks = notes
        origin = words.derived(n, result["seed"])
        self._dots.spec = {**data["dots"], "origin": origin}
        self._bars.spec = {**data["bars"], "origin": origin}
        heads, rows = words.cost_rows(metrics, data.get("differences"), n)
        self._costs.show(f"What it costs, over {n:,} simulated years", heads, rows)
        if not message.final:
            self.announcer.progress(message.done, message.total, message.left, "simulated years")
            return
        self._shown = result
        self.announcer.say(self._summary(metrics, base, n))
        self._keep(result)
        self._replay()
        self._try_fixes()

    def _summary(self, metrics: Mapping[str, Any], base: Mapping[str, Any] | None, n: int) -> str:
        held, full = metrics["completion_any"]["mean"], metrics["completion_full"]["mean"]
        if held is None:
            return "Done. No coaching cycle is due: the school has no pairs."
        told = f"{words.of_hundred(held)} of 100 happen, {words.of_hundred(full)} in full"
        if base is not None:
            before = words.of_hundred(base["completion_any"]["mean"])
            told += f" (starting plan: {before} and "
            told += f"{words.of_hundred(base['completion_full']['mean'])})"
        return f"{told}. {n:,} simulated years."

    def _keep(self, result: Mapping[str, Any]) -> None:
        code, seed, n = result["code"], result["seed"], result["replications"]
        own = self._key.startswith("up-")
        self._printed.blocks = [
            paragraph(
                f"Plan: {self._name or result['scenario']}. Mean of {n:,} simulated years, seed {seed}, "
                f"ectsim {result['version']}. Code: {code[:160]}",
                "soft",
            )
        ]
        folder = " --school FOLDER" if own else ""
        years = "" if n == words.DEFAULTS["years"] else f" --replications {n}"
        self._code.blocks = [
            heading("Scenario code", 3),
            paragraph(
                "The same code gives the same figures anywhere: in the address of this page, on "
                "the command line and in a notebook."
                + (
                    " Your school is not in it; whoever uses it needs your files, imported into a "
                    "folder."
                    if own
                    else ""
                ),
                "soft",
            ),
            {"tag": "pre", "text": code},
            paragraph(f"Seed {seed}, {n:,} simulated years, ectsim {result['version']}.", "soft"),
            heading("On the command line", 3),
            {"tag": "pre", "text": f"ectsim simulate {code}{years}{folder}"},
        ]
        self._python.blocks = [
            {"tag": "pre", "text": "\n".join(words.python_lines(code, n, seed, own=own))}
        ]
        self._tell_address()

    def _tell_address(self) -> None:
        if self._arrived is not None and self._shown:
            query = {**self._arrived, "code": self._shown["code"]}
            query.pop("years", None)
            query.pop("step", None)
            if self.at != STEPS[0][0]:
                query["step"] = self.at
            if self._shown["replications"] != words.DEFAULTS["years"]:
                query["years"] = str(self._shown["replications"])
            self._address.query = query

    # --- fixes --------------------------------------------------------------------------------

    def _name_fixes(self) -> None:
        """Say what would be tried; the numbers come when those of the plan itself are in."""
        self._fixes = words.applicable(self.form.values)[:FIX_CARDS]
        for i, box in enumerate(self._fix_boxes):
            hide(box, i >= len(self._fixes))
            if i < len(self._fixes):
                fix = self._fixes[i]
                self._fix_text[i].blocks = [
                    heading(fix["title"], 3),
                    paragraph(fix["text"], "soft"),
                ]
                self._fix_found[i].blocks = [paragraph("To be tried…", "soft")]

    def _try_fixes(self) -> None:
        for i, fix in enumerate(self._fixes):
            few = min(FIX_YEARS, self.form["years"].value)
            plans = [self.request(), self._fixed(fix)]
            data = {"plans": [{**plan, "replications": few} for plan in plans]}

            def show(message: Message, i: int = i) -> None:
                self._fix_found[i].blocks = words.fix_sentences(message.data)

            def fail(_: Exception, i: int = i) -> None:
                self._fix_found[i].blocks = [paragraph("This could not be tried just now.", "soft")]

            self._latest[f"fix-{i}"] = Latest(self.client(), show, fail, slot=f"fix-{i}")
            self._latest[f"fix-{i}"].start("compare", data)

    def _fixed(self, fix: Mapping[str, Any]) -> dict[str, Any]:
        return self.request({**self.form.values, **fix["set"]}, label=fix["title"])

    def _use(self, i: int) -> None:
        if i < len(self._fixes):
            self.form.fill(self._fixes[i]["set"])

    # --- week by week -------------------------------------------------------------------------

    def _replay(self) -> None:
        if not self._school.get("pairs") or not self._shown:
            return
        plans = [self.request()]
        if not self.is_start():
            plans.insert(0, self.start_request())
        pair = self._pair.value if any(o[0] == self._pair.value for o in self._pair.options) else ""
        self._line("replay", self._show_strip, lambda _: None).start(
            "replay", {"plans": plans, "pair": pair, "year": self._year.value}
        )

    def _show_strip(self, message: Message) -> None:
        self._weeks = message.data
        two = len(self._weeks["weeks"][0]) > 1 if self._weeks["weeks"] else False
        self._strip_note.blocks = (
            []
            if two
            else [
                paragraph(
                    "Your plan is still the starting plan. Change a choice, or use what would "
                    "help, and the same year appears under both.",
                    "soft",
                )
            ]
        )
        self._strip.spec = self._weeks["strip"]
        differ = self._weeks["strip"]["data"]["differ"]
        if differ and self._strip.selected not in differ:
            self._strip.selected = differ[0]
        self._week(self._strip.selected)

    def _week(self, index: int) -> None:
        weeks = self._weeks.get("weeks", [])
        if not 0 <= index < len(weeks):
            self._told.blocks = []
            return
        number, monday, *_ = self._weeks["strip"]["table"]["rows"][index]
        self._told.blocks = [
            heading(f"Week {number}, from Monday {monday}", 3),
            *(paragraph(f"{told['plan']}: {told['sentence']}") for told in weeks[index]),
        ]

    def _part(self, step: int) -> None:
        """Go to the next week in which the plans part, round and round."""
        differ = self._weeks.get("strip", {}).get("data", {}).get("differ", [])
        if not differ:
            return
        at = self._strip.selected
        ahead = [i for i in differ if (i - at) * step > 0]
        self._strip.selected = (
            (min(ahead) if step > 0 else max(ahead)) if ahead else differ[0 if step > 0 else -1]
        )

    def _turn(self, step: int) -> None:
        self._year.value = min(STRIP_YEARS, max(1, self._year.value + step))

    # --- in and out ---------------------------------------------------------------------------

    async def _export(self, form: str) -> tuple[str, str, bytes]:
        answer = await self.client().ask("export", {**self.request(), "form": form}, slot="export")
        return answer.data["name"], answer.data["type"], answer.body

    async def _arrive(self, query: dict[str, str]) -> None:
        """Take the scenario that the address names."""
        self._arrived = query
        years = query.get("years", "")
        if years.isdigit():
            self._settle({"years": int(years)})
        step = query.get("step", "")
        code = query.get("code", "")
        if step in dict(STEPS):
            self.go(step, focus=False)
        elif code:
            self.go("year", focus=False)
        if code and code != self._shown.get("code"):
            await self._open({"code": code}, b"")
        elif years:
            self._ask()
        self._tell_address()

    async def _open_file(self, name: str, content: bytes) -> None:
        await self._open({"name": name}, content)

    async def _open(self, what: dict[str, Any], body: bytes) -> None:
        await self._ready.wait()
        try:
            answer = await self.client().ask(
                "scenario", {"school": self._key, **what}, slot="scenario", body=body
            )
        except Cancelled:
            return
        except InputError as error:
            self.form.blame([(str(error), "" if "code" in what else "plan")])
            return
        self.form.blame([])
        found = answer.data
        if found["school"] != self._key:
            await self._describe(found["school"])
        self._past.append(self._current)
        self._future.clear()
        self._name = found["name"] if "name" in what else ""
        self._take(found)

    def _take(self, found: Mapping[str, Any]) -> None:
        """Answer the questions as a scenario does; what they do not cover is kept beside them."""
        values, changes = found["values"], dict(found["changes"])
        recovery = values["plan.recovery"]
        wanted: Values = {name: name in recovery for name in ("reserve", "video", "split")}
        wanted["seed"] = found["seed"]
        for name in self.form.controls:
            if "." in name:
                wanted[name] = values[name]
        if wanted["plan.cover.supervisors"] is None:
            wanted["plan.cover.supervisors"] = self._supervisors
        refused = self._settle(wanted)
        self._extra = {}
        covered = self._changes(self.form.values, words.PLAN_BASES[self.form["plan.meeting"].value])
        for name, value in changes.items():
            if name in refused or (covered.get(name) != value and (name not in self.form.controls)):
                self._extra[name] = value
        self._current = self._snapshot()
        self._place()
        self._ask()
        self._moved_on()

    def _settle(self, values: Values) -> list[str]:
        """Put answers in, and return the names of those that the questions cannot take."""
        refused, taken = [], {}
        for name, value in values.items():
            try:
                self.form[name].checked(value)
            except (TraitError, TypeError, ValueError):
                refused.append(name)
            else:
                taken[name] = value
        self._current = ({**self._current[0], **taken}, dict(self._extra))
        self.form.fill(taken)
        return refused


def _head(name: str, title: str, text: str) -> Prose:
    """Make a step's heading, which takes the focus when the step is chosen."""
    return Prose(heading(title, name=f"ect-task-{name}"), paragraph(text, "soft"))


def _limits() -> Prose:
    return Prose(
        heading("What the model does not claim", 3),
        {
            "tag": "ul",
            "items": [
                "Nothing about pupils: no learning, no results, no progress.",
                "Nothing about who stays in teaching and who leaves.",
                "Nothing about how good anybody is. Nobody is scored or ranked.",
                "It does not foretell one school's year. It says what a plan tends to "
                "give and how widely years differ.",
            ],
        },
    )
