"""Import a timetable into a school's folder: written whole, or not at all."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from itertools import pairwise
from pathlib import Path

from ectsim.clock import Calendar, Grid
from ectsim.errors import InputError
from ectsim.folder import sample_calendars, school_files
from ectsim.programme import Programme
from ectsim.school import KINDS, School
from ectsim.timetables.build import build_school, scrub_table
from ectsim.timetables.codes import Codes, codes_from_toml, codes_to_toml, own_answers
from ectsim.timetables.excel import is_workbook, sheet_text
from ectsim.timetables.fet import WANTED as FET_EXPORT
from ectsim.timetables.fet import read_fet
from ectsim.timetables.files import EXPORT, WORDS, looks_like, read_text
from ectsim.timetables.grids import assume_grid, match_periods, read_grid
from ectsim.timetables.long import read_long
from ectsim.timetables.matrix import read_matrix
from ectsim.timetables.names import Pseudonyms, make_pseudonyms
from ectsim.timetables.roster import RosterRow, read_roster
from ectsim.timetables.sims import read_sims
from ectsim.timetables.table import FileCell, FileTable
from ectsim.timetables.untis import read_untis
from ectsim.timetables.writing import check_target, scenario_files, write_folder
from ectsim.timetables.xhstt import read_xhstt

__all__ = ["UNTRIED", "ImportReport", "import_school", "read_table", "read_timetable"]

TIMETABLES = ("sims", "long", "slots", "matrix", "fet", "xhstt", "untis")
"""Forms of a timetable."""

UNTRIED = ("slots", "matrix", "xhstt", "untis")
"""Forms whose readers were written from public descriptions and have met no school's file."""

PROGRAMME = "2021"
PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class ImportReport:
    """What an import read, assumed and wrote.

    Parameters
    ----------
    form : str
        ``sims``, ``long``, ``slots``, ``matrix``, ``fet``, ``xhstt`` or ``untis``: which reader was
        used.
    staff, filled_cells, lessons : int
        People, cells in which the file says something, and lessons among them.
    kinds : dict of str to int
        Filled cells by kind.
    pairs : list of str
        ``ECT/mentor`` of each pair.
    pupil_days, weeks : int
        Of the calendar.
    warnings, assumptions : list of str
        What to know, and what was assumed.
    unknown : dict of str to int
        Codes that nobody explained, with their cells.
    written : list of str
        Paths of the files.
    contents : str
        What the reader counted in the file, or "".
    remembered : dict of str to str
        What the school had said of codes before, taken over from the folder that was replaced.
    """

    form: str
    staff: int
    filled_cells: int
    lessons: int
    kinds: dict[str, int]
    pairs: list[str]
    pupil_days: int
    weeks: int
    warnings: list[str]
    assumptions: list[str]
    unknown: dict[str, int]
    written: list[str]
    contents: str = ""
    remembered: dict[str, str] = field(default_factory=dict)

    @property
    def tried(self) -> bool:
        """Whether the reader has met a real school's file."""
        return self.form not in UNTRIED

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain data, for ``--json``."""
        return {
            "form": self.form,
            "reader": WORDS[self.form],
            "tried": self.tried,
            "contents": self.contents,
            "staff": self.staff,
            "filled_cells": self.filled_cells,
            "lessons": self.lessons,
            "kinds": dict(self.kinds),
            "pairs": list(self.pairs),
            "pupil_days": self.pupil_days,
            "weeks": self.weeks,
            "warnings": list(self.warnings),
            "assumptions": list(self.assumptions),
            "unknown_codes": dict(self.unknown),
            "written": list(self.written),
            "remembered_codes": dict(self.remembered),
        }

    def lines(self) -> list[str]:
        """Return the report for people, a sentence a line."""
        others = ", ".join(f"{n:,} {kind}" for kind, n in self.kinds.items() if kind != "lesson")
        out = [
            f"Read {WORDS[self.form]}: {self.staff} staff, {self.filled_cells:,} filled cells, "
            f"{self.lessons:,} lessons" + (f" ({others})" if others else ""),
            f"Calendar: {self.pupil_days} pupil days in {self.weeks} weeks",
            f"Pairs: {', '.join(self.pairs)}" if self.pairs else "Pairs: none",
        ]
        if self.contents:
            out.insert(1, f"In the file: {self.contents}")
        if not self.tried:
            out.append(
                "Not yet tried on a school's file: this reader follows public descriptions of the "
                "format; compare some people's weeks with your own timetable"
            )
        if self.remembered:
            out.append(
                "Codes remembered from the folder's codes.toml: "
                + ", ".join(f"'{code}' is {kind}" for code, kind in self.remembered.items())
                + "; --codes replaces them"
            )
        out += [f"Warning: {w}" for w in self.warnings]
        out += [f"Assumed: {a}" for a in self.assumptions]
        if self.unknown:
            out.append(
                "Unknown codes, taken as busy and never as free: "
                + ", ".join(f"'{code}' ({n})" for code, n in self.unknown.items())
                + "; say what they mean in the folder's codes.toml and import again with --replace"
            )
        if self.written:
            out.append(f"Wrote {len(self.written)} files to {Path(self.written[0]).parent}")
        return out


def import_school(
    file: PathLike,
    *,
    roster: PathLike | None = None,
    calendar: PathLike | Sequence[PathLike] | None = None,
    grid: PathLike | None = None,
    codes: PathLike | None = None,
    to: PathLike,
    replace: bool = False,
    solution: str = "",
) -> ImportReport:
    """Read a timetable and write a school's folder with two scenarios.

    ``scenario.toml`` has the plan ``found_time``; ``timetabled.toml`` has the plan ``timetabled``
    with first-fit slots for each pair. Names in the files are replaced by codes at once.

    Parameters
    ----------
    file : path-like
        An export of SIMS, FET, Untis or XHSTT, a grid of staff and slots or a long table; its
        content tells which.
    roster : path-like, optional
        CSV of ECTs and mentors; without one the school has no pairs.
    calendar : path-like or sequence of them, optional
        CSV of term dates; without one the shipped year is used.
    grid : path-like, optional
        TOML of the periods; without one their times are assumed.
    codes : path-like, optional
        TOML that says what codes mean. Without it, the answers in the ``codes.toml`` of a folder
        that is replaced are taken over.
    to : path-like
        Folder to write. It must be absent or empty, unless ``replace`` is set.
    replace : bool
        Whether a school folder that stands there may be replaced; files that are not an import's
        own stay.
    solution : str
        Which solution of an XHSTT archive to take, where not the one of the lowest cost.

    Returns
    -------
    ImportReport

    Raises
    ------
    InputError
        If any input is wrong or the folder cannot be written. Nothing has been written then.
    """
    target = Path(to).expanduser()
    check_target(target, replace=replace)
    mapping, remembered = _choose_codes(codes, target)
    day = read_grid(grid) if grid is not None else None
    table = read_timetable(file, mapping, grid=day, solution=solution)
    subjects = {c.subject for c in table.cells if c.kind == "lesson"}
    people = make_pseudonyms(table.staff, keep=subjects)
    rows = _read_roster(roster, people)
    table = _ask_again(scrub_table(table, people), mapping)
    the_grid, about_grid = (day, []) if day else assume_grid(table)
    table = match_periods(table, the_grid)
    the_calendar, later, about_calendar = _choose_calendars(calendar)
    programme = Programme.preset(PROGRAMME)
    built = build_school(
        table,
        name=_school_name(target),
        grid=the_grid,
        calendar=the_calendar,
        later=later,
        roster=rows,
        programme=programme,
        assumptions=[
            *_people_said(table, people, rows),
            *_codes_said(table, mapping),
            *table.assumptions,
            *about_grid,
            *about_calendar,
            *_weeks_said(the_grid, the_calendar),
        ],
    )
    files = {
        **school_files(built.school),
        "codes.toml": _codes_file(table, mapping, people),
        **scenario_files(built.school, built.slots, programme),
    }
    written = write_folder(target, files, replace=replace)
    return _report(table, built.school, written, remembered)


def _report(
    table: FileTable, school: School, written: list[Path], remembered: dict[str, str]
) -> ImportReport:
    kinds = Counter(c.kind for c in table.cells)
    unknown = Counter(c.code for c in table.cells if c.kind == "unknown")
    warnings = [*table.warnings, *school.warnings]
    if not school.pairs:
        warnings.append(
            "no pairs: import again with --roster, a CSV with the columns "
            "staff,role,induction_year,fte,department,mentor"
        )
    return ImportReport(
        form=table.form,
        staff=len(school.staff),
        filled_cells=len(table.cells),
        lessons=kinds["lesson"],
        kinds={kind: kinds[kind] for kind in KINDS if kinds[kind]},
        pairs=[f"{p.ect}/{p.mentor}" for p in school.pairs],
        pupil_days=len(school.calendar.pupil_days),
        weeks=len(school.calendar.weeks(school.grid.cycle_weeks)),
        warnings=warnings,
        assumptions=list(school.assumptions),
        unknown=dict(sorted(unknown.items(), key=lambda item: (-item[1], item[0]))),
        written=[str(p) for p in written],
        contents=table.contents,
        remembered=remembered,
    )


# reading -------------------------------------------------------------------------------------------


def read_timetable(
    file: PathLike, codes: Codes | None = None, *, grid: Grid | None = None, solution: str = ""
) -> FileTable:
    """Read a timetable file of any known form; its content tells which.

    Parameters
    ----------
    file : path-like
        The file.
    codes : Codes, optional
        What codes mean.
    grid : Grid, optional
        The school's day, for slots that are running numbers.
    solution : str
        Which solution of an XHSTT archive to take.

    Raises
    ------
    InputError
        If the file is no timetable, with a word on what it looks like.
    """
    return read_table(
        sheet_text(file, *TIMETABLES) if is_workbook(file) else read_text(file),
        where=Path(file).name,
        codes=codes or Codes(),
        grid=grid,
        solution=solution,
        file=Path(file),
    )


def read_table(
    text: str,
    *,
    where: str,
    codes: Codes,
    grid: Grid | None = None,
    solution: str = "",
    file: Path | None = None,
) -> FileTable:
    """Read the text of a timetable of any known form.

    Parameters
    ----------
    text : str
        The text.
    where : str
        The file's name, for messages.
    codes, grid, solution
        As in :func:`read_timetable`.
    file : pathlib.Path, optional
        Where the file lies; FET's input file is looked for beside it.

    Raises
    ------
    InputError
        If it is no timetable.
    """
    form = looks_like(text)
    readers: dict[str, Callable[[], FileTable]] = {
        "sims": lambda: read_sims(text, where=where, codes=codes),
        "long": lambda: read_long(text, where=where, codes=codes),
        "slots": lambda: read_long(text, where=where, codes=codes, grid=grid),
        "matrix": lambda: read_matrix(text, where=where, codes=codes, grid=grid),
        "fet": lambda: read_fet(text, where=where, codes=codes, file=file),
        "xhstt": lambda: read_xhstt(text, where=where, codes=codes, solution=solution),
        "untis": lambda: read_untis(text, where=where, codes=codes),
    }
    if form in readers:
        return readers[form]()
    remedy = FET_EXPORT if form == "fet_input" else EXPORT
    raise InputError(
        f"a timetable is expected and this looks like {WORDS[form]}", where=where, remedy=remedy
    )


def _expect(path: PathLike, form: str, remedy: str) -> str:
    """Read a text that must be of one form."""
    text = sheet_text(path, form) if is_workbook(path) else read_text(path, remedy=remedy)
    found = looks_like(text)
    if found != form and found not in ("table", "text"):
        raise InputError(
            f"{WORDS[form]} is expected and this looks like {WORDS[found]}",
            where=Path(path).name,
            remedy=remedy,
        )
    return text


def _choose_codes(path: PathLike | None, target: Path) -> tuple[Codes, dict[str, str]]:
    """Return the mapping in force, and the answers taken over from a folder that is replaced."""
    if path is not None:
        text = _expect(path, "codes", "give a TOML file with a table [codes]")
        return codes_from_toml(text, where=Path(path).name), {}
    kept = target / "codes.toml"
    if not kept.is_file():
        return Codes(), {}
    try:
        text = _expect(kept, "codes", "")
        answers = own_answers(codes_from_toml(text, where=kept.name))
    except InputError as error:
        raise InputError(
            error.what,
            where=f"{error.where} in the folder to replace",
            remedy="mend it, take it away, or give another with --codes",
        ) from None
    return Codes(answers), answers


def _ask_again(table: FileTable, mapping: Codes) -> FileTable:
    """Look up once more what was unknown: a remembered code has no names in it any more."""

    def known(c: FileCell) -> FileCell:
        kind = mapping.answer(c.code) if c.kind == "unknown" else ""
        if not kind:
            return c
        if kind != "lesson":
            return c._replace(kind=kind)
        return c._replace(kind=kind, class_code=c.class_code or c.code, code="")

    if not mapping.given:
        return table
    return changed(table, cells=[known(c) for c in table.cells])


def _read_roster(path: PathLike | None, people: Pseudonyms) -> list[RosterRow]:
    if path is None:
        return []
    columns = "staff,role,induction_year,fte,department,mentor"
    text = _expect(path, "roster", f"give a CSV with the columns {columns}")
    return read_roster(text, where=Path(path).name, people=people)


def _choose_calendars(
    given: PathLike | Sequence[PathLike] | None,
) -> tuple[Calendar, tuple[Calendar, ...], list[str]]:
    """Return the school year, the years after it as far as they are given, and what was assumed."""
    if given is None or given == [] or given == ():
        year, *later = sample_calendars()
        note = (
            f"no calendar was given: the shipped one is used ({year.name}, "
            f"{len(year.pupil_days)} pupil days); give your own with --calendar"
        )
        return year, tuple(later), [note]
    paths = [given] if isinstance(given, str | os.PathLike) else given
    year, *later = sorted((_calendar(p) for p in paths), key=lambda c: c.origin)
    for one, following in pairwise((year, *later)):
        if following.origin <= one.pupil_days[-1]:
            raise InputError(
                f"the school years {one.name} and {following.name} overlap",
                where="--calendar", remedy="give each school year once",
            )  # fmt: skip
    return year, tuple(later), []


def _calendar(path: PathLike) -> Calendar:
    text = _expect(path, "calendar", "give a CSV with the columns kind,name,first,last")
    where = Path(path).name
    try:
        return Calendar.from_csv(text, name=Path(path).stem, where=where)
    except csv.Error as error:
        raise InputError(f"the table cannot be read ({error})", where=where) from None


def _codes_file(table: FileTable, mapping: Codes, people: Pseudonyms) -> str:
    """Return the mapping that was used, for the folder."""
    used = {people.scrub(code): kind for code, kind in mapping.given.items()}
    used.update((c.code, c.kind) for c in table.cells if c.code and not c.code.startswith("("))
    return codes_to_toml(used, Counter(c.code for c in table.cells if c.code))


def _people_said(table: FileTable, people: Pseudonyms, rows: list[RosterRow]) -> list[str]:
    """Say what became of names, and what is not known of people."""
    out = []
    if people.replaced:
        out.append(
            f"staff names were replaced by codes {min(table.staff)} to {max(table.staff)} and are "
            "kept nowhere; to know who is who, write codes of your own into the file and the roster"
        )
    if rows:
        out.append("staff who are not in the roster count as full time")
    return out


def _weeks_said(grid: Grid, calendar: Calendar) -> list[str]:
    """Say how weeks 1 and 2 were laid over the year, where the calendar does not."""
    if grid.cycle_weeks == 1 or any(s.kind == "cycle" for s in calendar.spans):
        return []
    return [
        "weeks alternate over those with a pupil day and the first is week 1; calendar rows "
        "cycle,1,FIRST,LAST override"
    ]


def _codes_said(table: FileTable, mapping: Codes) -> list[str]:
    """Say what the importer's own rules took each code for, where the school did not."""
    if table.form != "sims":
        return []
    given = {code.casefold() for code in mapping.given}
    meant: dict[str, set[str]] = {}
    for c in table.cells:
        if c.code and c.kind != "unknown" and c.code.casefold() not in given:
            meant.setdefault(c.kind, set()).add(c.code)
    if not meant:
        return []
    said = "; ".join(f"{', '.join(sorted(codes))}: {kind}" for kind, codes in sorted(meant.items()))
    return [f"codes are taken for {said}; an empty cell is free; --codes overrides"]


def _school_name(target: Path) -> str:
    return target.resolve().name or "school"
