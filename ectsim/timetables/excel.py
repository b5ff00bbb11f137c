"""Read a sheet of a workbook as the text of a table: values only, bounded."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import zipfile
from pathlib import Path
from typing import Any

from ectsim.errors import InputError
from ectsim.timetables.files import LIMIT, looks_like

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "is_workbook", "sheet_text"]

MOST_ROWS = 50_000
"""Rows of a sheet that are read; a timetable of 96 staff has 4,000."""

MOST_COLUMNS = 300
UNPACKED = 300_000_000
"""Bytes that a workbook may claim to unpack to."""

STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of the workbooks of Excel (.xlsx, .xls) and LibreOffice (.ods)."""

AGAIN = "save the sheet as CSV (UTF-8)"


def is_workbook(path: str | os.PathLike[str]) -> bool:
    """Tell from a file's first bytes whether it may be a workbook; its name does not matter."""
    try:
        if not os.path.isfile(path):  # a pipe has no first bytes to look at
            return False
        with open(path, "rb") as file:
            return file.read(4) in STARTS
    except (OSError, ValueError):
        return False


def sheet_text(path: str | os.PathLike[str], *forms: str) -> str:
    """Read a workbook's sheet as the text of a CSV table, row for row.

    The sheet whose first lines look like a wanted form is taken, else the first. A formula counts
    as the value that was saved with it; text that looks like one stays text; macros are not
    touched.

    Parameters
    ----------
    path : path-like
        The workbook.
    *forms : str
        Keys of ``files.WORDS``, such as ``long``.

    Raises
    ------
    InputError
        If it cannot be read, or is too large.
    """
    file = Path(path)
    where = file.name
    _check_size(file, where)
    found = [_text(rows, where) for rows in _sheets(file, where)]
    filled = [text for text in found if text.strip()]
    if not filled:
        raise InputError("the workbook has no filled sheet", where=where, remedy="export it again")
    return next((text for text in filled if looks_like(text) in forms), filled[0])


def _check_size(file: Path, where: str) -> None:
    size = file.stat().st_size
    if size > LIMIT:
        raise InputError(
            f"the file has {size / 1e6:,.0f} MB; at most {LIMIT // 1_000_000} MB are read",
            where=where,
            remedy=AGAIN,
        )
    if zipfile.is_zipfile(file):
        try:
            with zipfile.ZipFile(file) as archive:
                claimed = sum(part.file_size for part in archive.infolist())
        except (OSError, ValueError, zipfile.BadZipFile):
            raise _unreadable(where) from None
        if claimed > UNPACKED:
            raise InputError(
                f"the workbook unpacks to {claimed / 1e6:,.0f} MB", where=where, remedy=AGAIN
            )


def _sheets(file: Path, where: str) -> list[list[list[Any]]]:
    from python_calamine import load_workbook  # noqa: PLC0415 - only workbooks need it

    try:
        book = load_workbook(str(file))
        try:
            sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
            for sheet in sheets:
                _bound(sheet, where)
            return [sheet.to_python(skip_empty_area=False) for sheet in sheets]
        finally:
            book.close()
    except (InputError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a damaged file may also end in a panic of the library
        raise _unreadable(where) from None


def _bound(sheet: Any, where: str) -> None:
    end = sheet.end or (0, 0)
    if end[0] >= MOST_ROWS or end[1] >= MOST_COLUMNS:
        raise InputError(
            f"sheet '{sheet.name}' has {end[0] + 1:,} rows and {end[1] + 1:,} columns; at most "
            f"{MOST_ROWS:,} and {MOST_COLUMNS:,} are read",
            where=where,
            remedy="keep the timetable's rows alone",
        )


def _unreadable(where: str) -> InputError:
    return InputError(
        "the file looks like an Excel workbook and cannot be read", where=where, remedy=AGAIN
    )


def _text(rows: list[list[Any]], where: str) -> str:
    out = io.StringIO()
    # the cells of short rows are empty, not missing
    width = max((len(row) for row in rows), default=0)
    write = csv.writer(out, lineterminator="\n").writerow
    for row in rows:
        write([_cell(value) for value in row] + [""] * (width - len(row)))
    return out.getvalue()


def _cell(value: Any) -> str:
    """Write a cell as a person sees it: 1 and not 1.0, a date without a time."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        at_midnight = value.time() == dt.time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "minutes")
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    text = "" if value is None else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
