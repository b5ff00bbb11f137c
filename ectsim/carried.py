"""A scenario carried whole inside another file, so that a workbook or a page gives the same numbers.

What is carried is what a person would have in a folder: ``scenario.toml`` and, for a school that
does not ship with ectsim, the files of its folder. JSON has them as they are; a workbook has a sheet
with them as packed text, a page an element that is not shown.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ectsim.errors import InputError
from ectsim.folder import LATER_CALENDARS, school_files

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["CELL", "ELEMENT", "KEY", "SHEET", "Carried", "carry", "pack", "read", "unpack"]

KEY = "carried"
"""Name of the object in JSON."""

ELEMENT = "ectsim-carried"
"""Id of the element in HTML."""

SHEET = "Carried"
"""Name of the workbook's sheet."""

CELL = 30_000
"""Characters of packed text in one of its cells; a workbook allows 32,767."""

FORMAT = 1
FOLDER = ("scenario.toml", "school.toml", "timetable.csv", "staff.csv", "calendar.csv", "grid.toml")
FILES = frozenset((*FOLDER, *LATER_CALENDARS))
MOST = 30_000_000
"""Bytes that are read or unpacked; the folder of a school of 96 staff has 0.2 million."""


@dataclass(frozen=True)
class Carried:
    """What a file carries.

    Parameters
    ----------
    seed, replications : int
        With which the numbers beside it were made.
    files : mapping of str to str
        Name to text: ``scenario.toml`` and, for a school of its own, the files of its folder.
    """

    seed: int
    replications: int
    files: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "format": FORMAT,
            "seed": self.seed,
            "replications": self.replications,
            "files": dict(self.files),
        }

    @classmethod
    def from_dict(cls, data: object, where: str) -> Carried:
        """Check plain data.

        Raises
        ------
        InputError
            If it is damaged or of another version.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise InputError(
                "the scenario in the file is of another version or damaged",
                where=where, remedy="export it again",
            )  # fmt: skip
        seed, runs, files = data.get("seed"), data.get("replications"), data.get("files")
        if (
            type(seed) is not int
            or type(runs) is not int
            or not (0 <= seed < 10**18 and 1 <= runs <= 1_000_000)
            or not isinstance(files, dict)
            or "scenario.toml" not in files
            or not all(k in FILES and isinstance(v, str) for k, v in files.items())
        ):
            raise InputError(
                "the scenario in the file is damaged", where=where, remedy="export it again"
            )
        return cls(seed, runs, files)

    def scenario(self, where: str) -> Scenario:
        """Return the scenario.

        Raises
        ------
        InputError
            If something in it cannot be.
        """
        from ectsim.scenario import load  # noqa: PLC0415 - scenario loads this module

        with tempfile.TemporaryDirectory(prefix="ectsim-carried-") as place:
            for name, text in self.files.items():
                (Path(place) / name).write_text(text, encoding="utf-8", newline="")
            try:
                return load(str(Path(place) / "scenario.toml"))
            except InputError as error:
                place_of = f"{where}, {error.where}" if error.where else where
                raise InputError(error.what, where=place_of, remedy=error.remedy) from None


def carry(scenario: Scenario, seed: int, replications: int) -> Carried:
    """Put a scenario into files that give the same numbers.

    Parameters
    ----------
    scenario : Scenario
        What was simulated.
    seed, replications : int
        With which.
    """
    files = {"scenario.toml": replace(scenario, story=None).to_toml(".")}
    if not scenario.origin:
        files |= school_files(scenario.source or scenario.school)
    return Carried(seed, replications, files)


def pack(carried: Carried) -> str:
    """Return text of letters, digits and signs that no format minds."""
    text = json.dumps(carried.to_dict(), sort_keys=True, ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpack(text: str, where: str) -> Carried:
    """Read what :func:`pack` wrote.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(base64.b64decode("".join(text.split()), validate=True), MOST)
        data = json.loads(raw) if unpacking.eof else None
    except (binascii.Error, ValueError, zlib.error, RecursionError):
        data = None
    return Carried.from_dict(data, where)


def read(path: Path) -> Carried | None:
    """Read what a workbook, a page or a JSON file carries.

    Parameters
    ----------
    path : pathlib.Path
        Any file; its first bytes say what it is, not its name.

    Returns
    -------
    Carried or None
        None for a file of another kind, such as a scenario's TOML.

    Raises
    ------
    InputError
        If the file is of one of the three kinds and carries nothing whole.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
            if head.startswith(b"PK\x03\x04"):
                return _from_workbook(path)
            start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
            if not start.startswith((b"{", b"<")):
                return None
            body = head + file.read(MOST)
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", where=str(path)) from None
    text = body.decode("utf-8-sig", errors="replace")
    return _from_page(text, path) if start.startswith(b"<") else _from_json(text, path)


def _nothing(path: Path) -> InputError:
    return InputError(
        "the file carries no scenario", where=path.name,
        remedy="use a file that ectsim export wrote, or a scenario's own file",
    )  # fmt: skip


def _from_json(text: str, path: Path) -> Carried:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("the file is not valid JSON", where=path.name) from None
    if not isinstance(data, dict) or KEY not in data:
        raise _nothing(path)
    return Carried.from_dict(data[KEY], path.name)


def _from_page(text: str, path: Path) -> Carried:
    found = re.search(rf'<pre hidden id="{ELEMENT}">([A-Za-z0-9+/=\s]*)</pre>', text)
    if not found:
        raise _nothing(path)
    return unpack(found[1], path.name)


def _from_workbook(path: Path) -> Carried:
    from python_calamine import load_workbook  # noqa: PLC0415 - only workbooks need it

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > 10 * MOST:
                raise InputError("the workbook is too large", where=path.name)
        book = load_workbook(str(path))
        try:
            rows = book.get_sheet_by_name(SHEET).to_python() if SHEET in book.sheet_names else []
        finally:
            book.close()
    except (InputError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a damaged file may also end in a panic of the library
        raise InputError(
            "the file looks like a workbook and cannot be read", where=path.name,
            remedy="export it again",
        ) from None  # fmt: skip
    pieces = [str(row[1]) for row in rows if len(row) > 1 and row[0] == KEY]
    if not pieces:
        raise _nothing(path)
    return unpack("".join(pieces), path.name)
