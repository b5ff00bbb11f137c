"""A delivery partner's page: many schools, who is at risk before September, dates, flex, a roll-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ipywidgets
from traitlets import TraitError

from ectsim.app.client import Asking, Client, Message, ServiceError
from ectsim.app.controls import Form, control
from ectsim.app.layout import card, fold, hide, row, stack
from ectsim.app.layout import page as layout_page
from ectsim.app.widgets import (
    Address,
    Announcer,
    Button,
    Chart,
    Download,
    Figures,
    Prose,
    Tiles,
    Upload,
    heading,
    on_trouble,
    paragraph,
)
from ectsim.errors import InputError

__all__ = ["Partner", "page"]

KIND_WORDS = {
    "large_secondary": "large secondary",
    "secondary": "secondary",
    "primary": "primary",
}
SHOWN = {
    "all": "All schools",
    "risk": "Schools whose time is at risk",
    "refused": "Schools whose plan is not allowed",
}


def page() -> ipywidgets.Box:
    """Build the page; the made-up trust runs when somebody opens it.

    Returns
    -------
    ipywidgets.Box
        To be shown by the last line of a notebook's cell.
    """
    return Partner().start()


class Partner(Asking):
    """The page: a table of schools, what may be used, and what comes of it.

    Parameters
    ----------
    client : Client, optional
        By default the service that the dashboard command started.
    """

    def __init__(self, client: Client | None = None) -> None:
        self.announcer = Announcer("Starting…", on_stop=self.stop)
        on_trouble(self.announcer.trouble)
        super().__init__(client)
        self._file: tuple[str, bytes] | None = None
        self._told: dict[str, Any] = {}
        self._dates: dict[str, Any] = {}
        self.form = Form(
            [
                control(
                    {"name": "count", "ask": "How many schools?", "kind": "slider", "unit": "schools",
                     "low": 3, "high": 24, "step": 1, "default": 8}
                ),
                control(
                    {"name": "seed", "ask": "Which trust?", "hint": "Another number makes other schools.",
                     "low": 0, "high": 999_999, "step": 1, "default": 1}
                ),
                control(
                    {"name": "disallowed", "ask": "Which options may schools not use?", "kind": "choices",
                     "why": "The partner's lead decides how much flex is used. A plan that uses one of these is "
                     "refused, with what to do instead.", "options": [["", ""]], "default": []}
                ),
            ],
            self._changed,
        )  # fmt: skip
        self._show_which = control(
            {"name": "show", "ask": "Show", "kind": "select", "options": [[k, v] for k, v in SHOWN.items()], "default": "all"}
        )  # fmt: skip
        self._show_which.observe(lambda _: self._show_rows(), "value")
        self._event = control(
            {"name": "event", "ask": "Look at the dates of", "kind": "select", "options": [["", "-"]], "default": ""}
        )  # fmt: skip
        self._event.observe(lambda _: self._show_event(), "value")
        self.box = self._layout()

    # --- the page -----------------------------------------------------------------------------

    def _layout(self) -> ipywidgets.Box:
        self._tiles, self._schools, self._roll = Tiles(), Figures(), Figures()
        self._note = Prose()
        self._when, self._days, self._clinics = Figures(), Chart(), Figures()
        self._dates_note, self._limits = Prose(), Prose()
        self.upload = Upload(
            "table",
            "Or read your own table of schools",
            self._take_file,
            endings=[".csv"],
            limit=200_000,
            why="A line for each school: what kind it is, how many ECTs it has, and how they meet. Codes, no names.",
        )
        self._own = row(Button("Back to the made-up trust", self._drop_file, style_name="small"))
        hide(self._own)
        self._address = Address(self._arrive)
        sticky = stack(self.announcer, tight=True)
        sticky.add_class("ect-sticky")
        return layout_page(
            "Which school’s time is at risk?",
            "See before September in which schools coaching will be lost, on which dates training "
            "costs the fewest meetings, and what your rules on flex mean.",
            self._address,
            sticky,
            self.form.problems,
            card(self._tiles, self._note),
            card(
                self.form["count"],
                self.form["seed"],
                self.upload,
                self._own,
                row(Download("Save this table (CSV)", self._save_table)),
                fold("What stands in the table", Prose(*_TABLE_WORDS)),
                title="Your schools",
                text="A made-up trust to begin with. Change it, save its table, or read your own.",
            ),
            card(
                self._show_which,
                self._schools,
                title="Before September",
                text="In the table’s order; schools are not ranked. Each is simulated as the sample "
                "school of its kind, under its own plan.",
            ),
            card(
                self.form["disallowed"],
                title="Which flex is allowed",
            ),
            card(
                self._dates_note,
                self._when,
                self._event,
                self._days,
                Prose(heading("Clinics after school", 3)),
                self._clinics,
                title="Dates for training days",
                text="A training day takes everybody who goes out of school: meeting slots on it are lost.",
            ),
            card(
                self._roll,
                row(Download("Save the roll-up (CSV)", self._save_roll)),
                title="Roll-up",
                text="Areas with fewer than 3 schools or 5 ECTs are not shown by themselves, and "
                "cannot be worked out from the others.",
            ),
            card(self._limits, title="What the model does not claim"),
        )

    def start(self) -> ipywidgets.Box:
        """Find the service, and return the page's box.

        Pages are made ahead of their visitors: one that nobody opens simulates nothing.
        """
        try:
            self.client()
        except ServiceError as error:
            self.announcer.trouble(error)
            return self.box
        self._line("options", self._show_options, self._fail).start("trust_options")
        return self.box

    def _show_options(self, message: Message) -> None:
        self.form["disallowed"].options = [
            [o["id"], o["id"].replace("_", " ").capitalize(), o["words"]]
            for o in message.data["options"]
        ]

    def stop(self) -> None:
        """Cancel what is running; what stands so far stays."""
        for latest in self._latest.values():
            latest.stop()
        self.announcer.say("Stopped. What you see rests on the years done so far.")

    # --- asking -------------------------------------------------------------------------------

    def _changed(self, _: Mapping[str, Any]) -> None:
        self._ask()

    def _ask(self) -> None:
        if self._client is None:
            return
        self.announcer.say("Calculating…")
        v = self.form.values
        data: dict[str, Any] = {"disallowed": v["disallowed"]}
        body = b""
        if self._file is None:
            data |= {"count": v["count"], "seed": v["seed"]}
        else:
            data["name"], body = self._file
        self._line("trust", self._show, self._fail).start("trust", data, body=body)
        self._line("dates", self._show_dates, self._fail).start("trust_dates", data, body=body)

    def _arrive(self, query: dict[str, str]) -> None:
        """Begin with the made-up trust, of the size that the address names: ``?count=6&seed=2``."""
        wanted = {}
        for name in ("count", "seed"):
            text = query.get(name, "")
            try:
                wanted[name] = self.form[name].checked(int(text))
            except (TraitError, ValueError):  # what cannot be stays as it is
                continue
        before = self.form.values
        self.form.fill(wanted)
        if self.form.values == before:  # else the change has asked
            self._ask()

    def _take_file(self, name: str, content: bytes) -> None:
        self.form.blame([])
        self._file = (name, content)
        hide(self._own, False)
        self._ask()

    def _drop_file(self) -> None:
        self._file = None
        hide(self._own)
        self._ask()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, InputError):
            if self._file is not None and not self.form.problems.items:
                self._file = None  # the schools that stand stay
                hide(self._own)
                self.form.blame([(str(error), "table")])
            self.announcer.say("Mend the table and read it again; the schools below are as before.", tone="wrong")  # fmt: skip
        else:
            self.announcer.trouble(error)

    # --- showing ------------------------------------------------------------------------------

    def _show(self, message: Message) -> None:
        self._told = message.data
        rows = self._told["rows"]
        known = [r for r in rows if r["n"]]
        risk = [r for r in known if r["verdict"] == "at risk"]
        refused = [r for r in rows if r["refused"]]
        years = min((r["n"] for r in known), default=0)
        helped = [r for r in risk if r["gain"] is not None]
        self._tiles.tiles = [
            {"number": str(len(risk)), "of": f"of {len(rows)} schools", "what": "have their coaching time at risk",
             "note": "in more than 1 of 10 simulated years fewer than 75 of 100 cycles happen"},
            {"number": str(len(refused)), "of": f"of {len(rows)} schools", "what": "have a plan that is not allowed",
             "note": "by the options that you take away below"},
            {"number": _mean_gain(helped), "of": "of 100 cycles", "what": "is what a protected slot gives where time is at risk",
             "note": "on average, in the same simulated years"},
        ]  # fmt: skip
        self._note.blocks = [
            paragraph(
                f"{years} simulated years of each school, seed 1. The schools of one kind share the sample "
                "school’s timetable; for one school’s own year, import its timetable.",
                "soft",
            )
        ]
        self._limits.blocks = [paragraph(self._told["limits"])]
        self._show_rows()
        self._show_roll()
        if message.final:
            self.announcer.say(
                f"{len(risk)} of {len(rows)} schools are at risk. {years} simulated years of each."
                if known
                else "No school has a plan that is allowed."
            )
        else:
            self.announcer.progress(message.done, message.total, message.left, "simulated years")

    def _show_rows(self) -> None:
        which = self._show_which.value
        rows = [
            r
            for r in self._told.get("rows", [])
            if which == "all"
            or (which == "risk" and r["verdict"] == "at risk")
            or (which == "refused" and r["refused"])
        ]
        self._schools.show(
            f"{SHOWN[which]}: {len(rows)}",
            ["School", "Kind", "ECTs", "Plan", "Happen, of 100", "Years below 75", "In short", "A protected slot adds"],
            [_school_row(r) for r in rows],
        )  # fmt: skip

    def _show_roll(self) -> None:
        self._roll.show(
            "Schools by area",
            ["Area", "Schools", "ECTs", "Happen, of 100", "At risk"],
            [
                [r["area"], *({"text": _cell(r[k], k), "number": True} for k in ("schools", "ects", "completion", "at_risk"))]
                for r in self._told.get("roll_up", [])
            ],
        )  # fmt: skip

    def _show_dates(self, message: Message) -> None:
        self._dates = message.data
        found = message.data["events"]
        self._dates_note.blocks = [
            paragraph(
                f"{message.data['fixed']} of {message.data['schools']} schools have slots on the timetable. "
                f"On the best dates {sum(e['lost'] for e in found)} slots are lost, on the worst "
                f"{sum(max((o[1] for o in e['options']), default=0) for e in found)}.",
                "strong",
            )
        ]
        self._when.show(
            "The date of each training day that costs the fewest meeting slots",
            ["Training day", "Best date", "Slots lost", "Hardest-hit school loses", "Worst date loses"],
            [
                [_event_words(e), _date(e["date"]), *({"text": str(n), "number": True} for n in (e["lost"], e["most"], max((o[1] for o in e["options"]), default=0)))]
                for e in found
            ],
        )  # fmt: skip
        self._event.options = [[e["id"], _event_words(e)] for e in found]
        if self._event.value not in [e["id"] for e in found]:
            self._event.value = found[0]["id"] if found else ""
        self._show_event()
        self._show_clinics()

    def _show_clinics(self) -> None:
        """Show what takes no lesson: everybody chooses one of several dates after school."""
        self._clinics.show(
            "Clinics: after school, so no lesson and no meeting slot falls on them",
            ["For", "About", "Takes", "Dates to choose from", "School weeks"],
            [
                [
                    ("ECTs" if c["audience"] == "ect" else "Mentors")
                    + (f", year {c['year']}" if c["year"] else ""),
                    c["label"],
                    f"{c['hours']:g} h",
                    {"text": str(c["dates"]), "number": True},
                    f"{c['weeks'][0]} to {c['weeks'][1]}",
                ]
                for c in self._dates.get("clinics", [])
            ],
        )

    def _show_event(self) -> None:
        event = next(
            (e for e in self._dates.get("events", []) if e["id"] == self._event.value), None
        )
        if event is None:
            return
        days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
        by_day: dict[int, list[int]] = {}
        for text, lost, _ in event["options"]:
            by_day.setdefault(dt.date.fromisoformat(text).weekday(), []).append(lost)
        bars = [
            {"label": days[d], "value": round(sum(x) / len(x), 1), "tone": "warn",
             "note": f"{min(x)} to {max(x)}" if min(x) < max(x) else "on each date"}
            for d, x in sorted(by_day.items())
        ]  # fmt: skip
        least = min(bars, key=lambda b: (b["value"], days.index(str(b["label"]))))
        self._days.spec = {
            "title": f"{_event_words(event)}: a {least['label']} costs fewest slots on average",
            "sentence": f"Meeting slots that fall on a training day, over all schools. The best single date is "
            f"{_date(event['date'])}: {event['lost']} lost.",
            "kind": "bars",
            "data": {"unit": "slots", "bars": bars},
            "table": {
                "columns": ["Date", "Slots lost", "Hardest-hit school loses"],
                "rows": [[_date(text), lost, most] for text, lost, most in event["options"]],
            },
        }  # fmt: skip

    # --- files --------------------------------------------------------------------------------

    def _save_table(self) -> tuple[str, str, bytes]:
        if not self._told:
            raise InputError("there is no table yet", remedy="wait a moment, then try again")
        return "schools.csv", "text/csv", str(self._told["table"]).encode("utf-8-sig")

    def _save_roll(self) -> tuple[str, str, bytes]:
        if not self._told:
            raise InputError("there are no figures yet", remedy="wait a moment, then try again")
        keys = ("schools", "ects", "completion", "at_risk")
        lines = ["area,schools,ects,happen_of_100,at_risk"]
        for r in self._told["roll_up"]:
            area = _inert(r["area"]).replace('"', '""')
            lines.append(",".join([f'"{area}"', *(_cell(r[k], k) for k in keys)]))
        limits = self._told["limits"].replace('"', '""')
        lines.append(f'"{limits}",,,,')
        return "roll-up.csv", "text/csv", ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


_TABLE_WORDS = [
    paragraph(
        "CSV with a first line of column names. school, kind and ects must be there; the rest may be left out."
    ),
    {
        "tag": "ul",
        "items": [
            "school: a code; area: what it is counted with",
            "kind: large_secondary, secondary or primary; ects: how many",
            "meeting: found or fixed; cover: may, last or never; reserve: yes or no",
            "checkin: minutes a week; leaders: rarely, sometimes or always",
            "flex: video_visit, split_meeting, pastoral_colleague, training_time_back",
            "meets_on: weekday of each pair’s slot, such as Tue Wed Wed; inset: dates such as 2025-10-24",
        ],
    },
]


def _mean_gain(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "-"
    return f"{100 * sum(r['gain'] for r in rows) / len(rows):+.0f}".replace("-", "\u2212")


def _school_row(r: Mapping[str, Any]) -> list[Any]:
    p, n = r["plain"], r["n"]
    cover = {"may": "cover may take it", "last": "cover takes it last", "never": "kept from cover"}
    plan = f"slot, {cover[p['cover']]}" if p["meeting"] == "fixed" else "finds time"
    plan += ", reserve" if p["reserve"] and p["meeting"] == "fixed" else ""
    plan += f", {', '.join(f.replace('_', ' ') for f in p['flex'])}" if p["flex"] else ""
    if r["refused"]:
        told: list[Any] = ["-", "-", f"Not allowed. {r['refused']}", "-"]
    elif not n:
        told = ["…", "…", "…", "…"]
    else:
        gain = "-" if r["gain"] is None else f"{100 * r['gain']:+.0f}".replace("-", "\u2212")
        told = [
            {"text": f"{100 * r['completion']:.0f}", "number": True},
            {"text": f"{round(100 * r['below'])} of 100", "number": True},
            "At risk" if r["verdict"] == "at risk" else "Not at risk",
            {"text": gain, "number": True},
        ]
    return [
        p["school"],
        KIND_WORDS[p["kind"]],
        {"text": str(p["ects"]), "number": True},
        plan,
        *told,
    ]


def _cell(value: float | None, key: str) -> str:
    if value is None:
        return "too few to show"
    return f"{100 * value:.0f}" if key == "completion" else str(value)


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _event_words(event: Mapping[str, Any]) -> str:
    who = "ECTs" if event["audience"] == "ect" else "Mentors"
    year = f", year {event['year']}" if event["year"] else ""
    return f"{who}{year}: {event['label']}"


def _date(text: str) -> str:
    day = dt.date.fromisoformat(text)
    return f"{day:%A} {day.day} {day:%B %Y}"
