"""The coordinator's school: the sample, or one's own timetable read from files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ectsim.app.client import Client, ServiceError, explain
from ectsim.app.controls import control
from ectsim.app.layout import card, fold, grid, hide, row, stack
from ectsim.app.pages.coordinator_words import plain
from ectsim.app.widgets import (
    Button,
    Codes,
    Download,
    Fold,
    Problems,
    Prose,
    Upload,
    heading,
    paragraph,
)
from ectsim.errors import Cancelled, InputError
from ectsim.share import data_dir
from ectsim.timetables.files import safe_name

__all__ = ["SchoolCard"]

SAMPLE = "default"

KINDS = [
    ("", "Not known yet: counts as busy"),
    ("lesson", "A lesson"),
    ("free", "Free"),
    ("ppa", "Planning time (PPA)"),
    ("duty", "Duty"),
    ("meeting", "Meeting"),
    ("pastoral", "Pastoral time"),
    ("cover", "Free for cover"),
    ("blocked", "Not in school"),
    ("other", "Something else, busy"),
]

TABLES = [".csv", ".txt", ".xlsx", ".xls", ".ods"]
TIMETABLES = [*TABLES, ".xml", ".fet", ".tsv"]
PLANS = [".json", ".xlsx", ".html", ".toml"]
STAFF, ECTS = 96, 5
"""Of the sample school."""
MOST_CODES = 60

ROSTER = (
    "staff,role,induction_year,fte,department,mentor\r\n"
    "ABC,ect,1,1.0,Science,DEF\r\n"
    "DEF,mentor,,1.0,Science,\r\n"
    "GHI,ect,2,0.8,History,JKL\r\n"
    "JKL,mentor,,1.0,History,\r\n"
)
"""A roster to fill in: the codes are those of the timetable."""


class SchoolCard:
    """The card "Your school".

    Parameters
    ----------
    client : callable
        Returns the client, or raises if there is none.
    on_school : callable
        Awaited with a school's key when another is to be shown.
    on_plan : callable
        Awaited with the name and the content of a plan's file.
    """

    def __init__(
        self,
        client: Callable[[], Client],
        on_school: Callable[[str], Awaitable[None]],
        on_plan: Callable[[str, bytes], Awaitable[None]],
    ) -> None:
        self._client = client
        self._on_school = on_school
        self._files: dict[str, tuple[str, bytes]] = {}
        self._read = SAMPLE
        self.problems = Problems()
        self.about = Prose(paragraph("Looking at the sample school…", "soft"))
        self.back = Button("Back to the sample school", self._sample, style_name="small")
        self._own = Button("Show your own school again", self._own_again, style_name="small")
        self.uploads = {
            "timetable": Upload(
                "timetable",
                "Your timetable",
                lambda name, content: self._take("timetable", name, content),
                endings=TIMETABLES,
                why="It says who teaches when, and so when two people can meet. What the file holds "
                "is found out by itself: a staff timetable from SIMS; FET's timetable of "
                "activities (CSV) or of teachers (XML); Untis (GPU001); XHSTT (XML); a grid of staff "
                "and periods; or a table with the columns week, day, period, staff, kind, class, "
                "subject, room. A table may also be an Excel or LibreOffice sheet. Names are "
                "replaced by codes at once.",
            ),
            "fet": Upload(
                "fet",
                "FET's own file, if your timetable comes from FET (you may leave this out)",
                lambda name, content: self._take("fet", name, content),
                endings=[".fet"],
                why="It tells the order of days and hours, and which activities have no place.",
            ),
            "roster": Upload(
                "roster",
                "Your roster: who is an ECT, and who mentors whom",
                lambda name, content: self._take("roster", name, content),
                endings=TABLES,
                why="Without it there is no pair to look at. The template shows the columns.",
            ),
            "calendar": Upload(
                "calendar",
                "Your term dates (you may leave this out)",
                lambda name, content: self._take("calendar", name, content),
                endings=TABLES,
                why="Without it a shipped school year is used. The template shows the columns.",
            ),
        }
        self.read_button = Button("Read these files", self.read, style_name="first")
        self.read_button.disabled = True
        self.note = Prose()
        self.codes = Codes(KINDS, "Codes that nobody has explained yet")
        self.again = Button("Read again", self.read)
        self._assumed = Prose()
        self._assumed_fold = fold("What was assumed", self._assumed)
        self._codes_box = stack(
            Prose(
                heading("What do these codes mean?", 3),
                paragraph(
                    "Until you say, each counts as busy: nobody is taken to be free by mistake.",
                    "soft",
                ),
            ),
            self.codes,
            row(self.again),
            tight=True,
        )
        self._report = stack(self.note, self._assumed_fold, self._codes_box, tight=True)
        templates = row(
            Download("Roster to fill in", lambda: ("roster.csv", "text/csv", _text(ROSTER))),
            Download("Term dates to change", _calendar),
        )
        uploading = fold(
            "Use your own timetable",
            self.problems,
            grid(*self.uploads.values()),
            templates,
            row(self.read_button),
        )
        self.fold: Fold = uploading.children[0]
        self._phase = control(
            {"name": "phase", "ask": "Which kind of school?",
             "why": "Primary and secondary schools find time in different ways.",
             "options": [["secondary", "A secondary school"], ["primary", "A primary school, two forms in a year"]],
             "default": "secondary"}
        )  # fmt: skip
        self._staff = control(
            {"name": "staff", "ask": "How many teachers has it?", "low": 60, "high": 200, "step": 1,
             "why": "The more there are, the more often somebody is ill, and the more can cover.",
             "unit": "teachers", "default": STAFF}
        )  # fmt: skip
        self._ects = control(
            {"name": "ects", "ask": "How many ECTs in their first year, each with a mentor?",
             "why": "Each pair needs a time in which both are free.",
             "low": 1, "high": 12, "step": 1, "unit": "ECTs", "default": ECTS}
        )  # fmt: skip
        self._phase.observe(lambda _: self._sized(), "value")
        making = fold(
            "Make up a school like yours",
            Prose(paragraph("No file is needed: the timetable is made up, and says so.", "soft")),
            self._phase,
            self._staff,
            self._ects,
            row(Button("Take this school", self._make_up, style_name="first")),
        )
        self.plan = Upload(
            "plan",
            "Open a plan that you saved",
            on_plan,
            endings=PLANS,
            why="The plan's file, or the workbook, the page or the results that went with it: each "
            "holds the school and every choice.",
        )
        going_on = fold("Go on with a plan that you saved", self.plan)
        self._which = row(self.back, self._own)
        for each in (self.back, self._own, self._which, self._report):
            hide(each)
        self.box = card(
            Prose(
                heading("Describe your school", name="ect-task-school"),
                paragraph(
                    "Begin with the sample school, with one of your size, or with your own timetable. "
                    "Nothing leaves this computer.",
                    "soft",
                ),
            ),
            self.about,
            self._which,
            making,
            uploading,
            going_on,
            self._report,
        )

    def show(self, school: Mapping[str, Any]) -> None:
        """Show which school stands behind the numbers.

        Parameters
        ----------
        school : mapping
            What ``school`` answers.
        """
        known = school["school"].startswith("up-")
        own = known and not school["synthetic"]
        pairs = school["pairs"]
        facts = (
            f"{school['staff']} staff, {len(pairs)} {'ECT' if len(pairs) == 1 else 'ECTs'} with "
            f"a mentor each, {school['pupil_days']} pupil days; "
            f"{school['due']} coaching cycles are due in the year."
        )
        if known and not own:
            self.about.blocks = [
                paragraph("A school of the size that you gave. Its timetable is made up."),
                paragraph(facts, "soft"),
            ]
        elif school["school"] == "primary":
            self.about.blocks = [
                paragraph("A primary school. It is made up, so that you can try things."),
                paragraph(facts, "soft"),
            ]
        elif own:
            self.about.blocks = [
                paragraph("Your own school", "strong"),
                paragraph(facts),
            ]
        else:
            self.about.blocks = [
                paragraph("The sample school. It is made up, so that you can try things."),
                paragraph(facts, "soft"),
            ]
        sample = school["school"] == SAMPLE
        hide(self.back, sample)
        hide(self._own, own or self._read == SAMPLE)
        hide(self._which, sample and self._read == SAMPLE)
        hide(self._report, not own)

    async def read(self) -> None:
        """Read the files that were chosen, with what was said of their codes."""
        files = {role: self._files[role] for role in self.uploads if role in self._files}
        self._blame([])
        if "timetable" not in files:
            self._blame([("Choose the timetable's file first.", "timetable")])
            return
        parts = [
            {"role": role, "name": name, "size": len(content)}
            for role, (name, content) in files.items()
        ]
        body = b"".join(content for _, content in files.values())
        self.note.blocks = [paragraph("Reading your files…", "soft")]
        hide(self._report, False)
        try:
            answer = await self._client().ask(
                "upload", {"parts": parts, "codes": self.codes.chosen}, slot="upload", body=body
            )
        except Cancelled:
            return  # a newer reading took over
        except InputError as error:
            self._blame([(_line(error), self._field(error.where, files))])
            self.note.blocks = []
            hide(self._report, self._read == SAMPLE)
            return
        except ServiceError as error:
            self._blame([(explain(error), "")])
            self.note.blocks = []
            return
        self._told(answer.data)
        self._read = answer.data["school"]
        await self._on_school(self._read)

    def _told(self, report: Mapping[str, Any]) -> None:
        pairs = report["pairs"]
        lines = [
            f"{report['staff']} staff, {report['filled_cells']:,} filled cells, "
            f"{report['lessons']:,} lessons",
            "Pairs (ECT/mentor): " + ", ".join(pairs) if pairs else "No pairs yet",
            f"{report['pupil_days']} pupil days in {report['weeks']} weeks",
        ]
        blocks = [heading("What was read", 3), {"tag": "ul", "items": lines}]
        if not pairs:
            blocks.append(
                paragraph(
                    "Nothing can be estimated without pairs. Choose a roster above and read the "
                    "files again.",
                    "caution",
                )
            )
        warnings = [plain(w) for w in report["warnings"] if pairs or "no pairs" not in w]
        if warnings:
            blocks += [heading("What to look at", 3), {"tag": "ul", "items": warnings}]
        self.note.blocks = blocks
        assumed = [plain(a) for a in report["assumptions"]]
        self._assumed.blocks = [{"tag": "ul", "items": assumed}] if assumed else []
        hide(self._assumed_fold, not assumed)
        unknown = report["unknown_codes"]
        known = {code: kind for code, kind in self.codes.chosen.items() if code not in unknown}
        self.codes.answers = {k: v for k, v in self.codes.answers.items() if k in known or v}
        listed = [[code, count] for code, count in unknown.items()][:MOST_CODES]
        self.codes.codes = listed
        hide(self._codes_box, not listed)

    def _take(self, role: str, name: str, content: bytes) -> None:
        self._files[role] = (name, content)
        if role == "timetable":  # another file has codes of its own
            self.codes.answers = {}
        self.uploads[role].error = ""
        self.read_button.disabled = "timetable" not in self._files

    def _field(self, where: str, files: Mapping[str, tuple[str, bytes]]) -> str:
        for role, (name, _) in files.items():
            if where.startswith(safe_name(name, role)):
                return role
        return "timetable"

    def _blame(self, problems: list[tuple[str, str]]) -> None:
        for role, upload in self.uploads.items():
            upload.error = next((text for text, name in problems if name == role), "")
        self.problems.show(problems)

    def _sized(self) -> None:
        for each in (self._staff, self._ects):
            hide(each, self._phase.value == "primary")

    async def _make_up(self) -> None:
        if self._phase.value == "primary":
            await self._on_school("primary")
            return
        size = {"staff": self._staff.value, "ects": self._ects.value}
        if size == {"staff": STAFF, "ects": ECTS}:
            await self._on_school(SAMPLE)
            return
        try:
            answer = await self._client().ask("made_up", size, slot="made-up")
        except Cancelled:
            return
        except (InputError, ServiceError) as error:
            self._blame([(explain(error), "")])
            return
        await self._on_school(answer.data["school"])

    async def _sample(self) -> None:
        await self._on_school(SAMPLE)

    async def _own_again(self) -> None:
        await self._on_school(self._read)


def _line(error: InputError) -> str:
    """Put an error into one line: place, what is wrong, what to do."""
    parts = [error.where and f"{error.where}: ", error.what]
    text = "".join(p for p in parts if p)
    return plain(f"{text}; {error.remedy}" if error.remedy else text, sentence=False)


def _text(text: str) -> bytes:
    return text.encode("utf-8-sig")


def _calendar() -> tuple[str, str, bytes]:
    found = sorted((data_dir() / "calendars").glob("sample*.csv"))[0]
    return "term-dates.csv", "text/csv", found.read_bytes()
