"""Read a file that somebody else made: bounded, as text, and with a word on what it looks like."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ectsim.errors import InputError
from ectsim.timetables.spellings import reads_as_slot

__all__ = ["LIMIT", "looks_like", "read_rows", "read_text", "safe_name"]

LIMIT = 20_000_000
"""Largest file in bytes that is read; a timetable of 96 staff has 0.1 million."""

MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"GIF8", "a GIF picture", ""),
    (b"%PDF", "a PDF document", "export the timetable as CSV, not as PDF"),
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", "save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "save the sheet as CSV (UTF-8)"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"SQLite format 3", "an SQLite database", ""),
    (b"PAR1", "a Parquet file", "save it as CSV (UTF-8)"),
)
"""First bytes of files that are no text, what they are, and the remedy."""

WORDS = {
    "sims": "a SIMS staff timetable",
    "long": "a long timetable table",
    "roster": "a roster",
    "calendar": "a calendar",
    "grid": "a period grid",
    "codes": "a code mapping",
    "scenario": "a scenario or a school's settings",
    "slots": "a table of slots",
    "matrix": "a grid of staff and slots",
    "fet": "a FET timetable",
    "fet_input": "a FET input file",
    "xhstt": "an XHSTT archive",
    "untis": "an Untis timetable (GPU001.TXT)",
    "html": "a web page",
    "xml": "an XML file",
    "json": "a JSON file",
    "table": "a table with other columns",
    "text": "a text without a table",
}
"""What :func:`looks_like` returns, in words."""

EXPORT = (
    "give an export of SIMS, FET, Untis or XHSTT, or a CSV with week,day,period,staff,kind,class,"
    "subject,room"
)
UNTIS_ROW = re.compile(
    r'"?\d{1,6}"?[,;\t](?:[^,;\t]*[,;\t]){4}"?\d{0,2}"?[,;\t]"?\d{0,2}"?(?:[,;\t].*)?'
)
"""A row of an Untis interface file: a lesson's number, four texts, a day and a period."""


def read_text(path: str | os.PathLike[str], *, remedy: str = EXPORT) -> str:
    """Read a text file, whatever a school's office saved it as.

    UTF-8 with or without a byte order mark, UTF-16 with one, and Windows-1252 where the bytes are
    plainly text. The size is looked at before a byte is read.

    Parameters
    ----------
    path : path-like
        The file.
    remedy : str
        What to give instead, for messages about a file of the wrong sort.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    InputError
        If the file is missing, empty, too large, unreadable or no text.
    """
    file = Path(path)
    where = file.name or str(file)
    data = _read_bytes(file, where, remedy)
    if not data.strip():
        raise InputError("the file is empty", where=where, remedy="export it again")
    for magic, words, cure in MAGIC:
        if data.startswith(magic):
            raise InputError(f"the file looks like {words}", where=where, remedy=cure or remedy)
    text = _decode(data, where)
    if not text.strip():
        raise InputError("the file is empty", where=where, remedy="export it again")
    return text


def safe_name(name: str, default: str) -> str:
    """Return the user's own name of a file, for messages, cut to what is safe in a path.

    Parameters
    ----------
    name : str
        What the user's file is called.
    default : str
        What to call it where nothing is left.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = re.sub(r"[^A-Za-z0-9._ -]+", "_", last).strip(". ")[:60].strip(". ")
    return kept or default


def _read_bytes(file: Path, where: str, remedy: str) -> bytes:
    try:
        about = file.stat()
        if stat.S_ISDIR(about.st_mode):
            raise InputError("this is a folder", where=where, remedy=remedy)
        # a pipe or a device has no size and may never end
        if not stat.S_ISREG(about.st_mode):
            raise InputError("this is no ordinary file", where=where, remedy=remedy)
        if about.st_size > LIMIT:
            raise InputError(
                f"the file has {about.st_size / 1e6:,.0f} MB; at most {LIMIT // 1_000_000} MB are read",
                where=where,
                remedy=remedy,
            )
        with file.open("rb") as stream:
            return stream.read(LIMIT + 1)[:LIMIT]
    except FileNotFoundError:
        raise InputError(
            "there is no such file", where=str(file), remedy="check its name"
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or "its name is not usable"
        raise InputError(f"the file cannot be read ({reason})", where=where) from None


def _decode(data: bytes, where: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            raise _no_text(where) from None
        return _checked(text, where)
    if b"\0" in data:
        raise _no_text(where)
    try:
        return _checked(data.decode("utf-8-sig"), where)
    except UnicodeDecodeError as error:
        # a mark of UTF-8, or other letters that are UTF-8, mean that the file is damaged
        if data.startswith(b"\xef\xbb\xbf") or re.search(rb"[\xc2-\xf4][\x80-\xbf]", data):
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError(
                "a byte is not valid UTF-8",
                where=f"{where}, line {line}",
                remedy="save the file again as CSV (UTF-8)",
            ) from None
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise _no_text(where) from None
    odd = sum(1 for byte in data if byte >= 0x80 and byte != 0xA0)
    if odd > len(data) // 10:
        raise _no_text(where)
    return _checked(text, where)


def _checked(text: str, where: str) -> str:
    control = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise InputError(
            "the file holds control characters and is no text",
            where=f"{where}, line {line}",
            remedy="save it again as CSV (UTF-8)",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _no_text(where: str) -> InputError:
    return InputError("the file is no text", where=where, remedy="save it as CSV (UTF-8)")


def looks_like(text: str) -> str:
    """Tell what a text is from its content, never from its name.

    Parameters
    ----------
    text : str
        The file's text.

    Returns
    -------
    str
        A key of :data:`WORDS`.
    """
    head = text[:4000].lstrip("\ufeff \t\n")
    low = head.lower()
    if low.startswith("<"):
        if "<teachers_timetable" in low:
            return "fet"
        if "<fet" in low:
            return "fet_input"
        if "<highschooltimetablearchive" in low:
            return "xhstt"
        return "html" if "<html" in low or "<!doctype html" in low else "xml"
    if re.search(r"^[,;\t\" ]*timetable\s*[-\u2013]", head, re.IGNORECASE | re.MULTILINE):
        return "sims"
    if re.search(r"^\s*\[\[period\]\]", head, re.MULTILINE):
        return "grid"
    if re.search(r"^\s*\[codes\]", head, re.MULTILINE):
        return "codes"
    if re.search(r"^\s*(format\s*=|\[plan)", head, re.MULTILINE):
        return "scenario"
    if low.startswith(("{", "[{", "[[")):
        return "json"
    first = next((line for line in text[:20_000].lstrip("\ufeff").splitlines() if line.strip()), "")
    if reads_as_slots([cell.strip().strip('"') for cell in first.split(delimiter(first))]):
        return "matrix"
    columns = {c.strip().strip('"').lower() for c in first.split(delimiter(first))}
    if {"day", "period", "staff"} <= columns:
        return "long"
    if {"slot", "staff"} <= columns:
        return "slots"
    if {"activity id", "hour", "teachers"} <= columns:
        return "fet"
    if "staff" in columns and columns & {"role", "mentor", "induction_year"}:
        return "roster"
    if {"kind", "first", "last"} <= columns:
        return "calendar"
    rows = [line for line in head.splitlines() if line.strip()][:10]
    if 2 * sum(bool(UNTIS_ROW.fullmatch(row)) for row in rows) > len(rows):
        return "untis"
    return "table" if len(columns) > 1 else "text"


def reads_as_slots(cells: list[str]) -> bool:
    """Tell whether a first line heads a grid of staff and slots: a name, then slots only."""
    rest = [cell for cell in cells[1:] if cell]
    numbers = [int(cell) for cell in rest if re.fullmatch(r"[0-9]{1,3}", cell)]
    if len(rest) < 5:
        return False
    return len(numbers) == len(rest) > 20 or all(reads_as_slot(cell) for cell in rest)


def delimiter(line: str) -> str:
    """Return what separates the cells of a line: a comma, a semicolon or a tab."""
    return max((",", ";", "\t"), key=line.count)


def read_rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a CSV text with the line each ends on; cells are stripped.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.

    Yields
    ------
    line : int
        Line number, 1 is the first.
    row : list of str
        Its cells without white space at their ends (a no-break space is white space too).

    Raises
    ------
    InputError
        If quotation marks do not match.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(first), strict=True)
    try:
        for row in reader:
            yield reader.line_num, [" ".join(cell.split()) for cell in row]
    except csv.Error as error:
        raise InputError(
            f"the table cannot be read ({error})",
            where=f"{where}, line {reader.line_num}",
            remedy="check the quotation marks of that line",
        ) from None
