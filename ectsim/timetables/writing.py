"""Write a school's folder whole, or not at all."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from ectsim.errors import InputError
from ectsim.folder import LATER_CALENDARS
from ectsim.plan import PairSlots, Plan
from ectsim.programme import Programme
from ectsim.scenario import Scenario
from ectsim.school import School

__all__ = ["FILES", "check_target", "scenario_files", "write_folder"]

FILES = (
    "school.toml",
    "timetable.csv",
    "staff.csv",
    "calendar.csv",
    *LATER_CALENDARS,
    "grid.toml",
    "codes.toml",
    "scenario.toml",
    "timetabled.toml",
)
"""What an import writes, and all that ``replace`` takes away."""


def scenario_files(
    school: School, slots: Mapping[str, PairSlots], programme: Programme
) -> dict[str, str]:
    """Return the two scenario files of a school's folder: name to text.

    Parameters
    ----------
    school : School
        The school of the folder.
    slots : mapping of str to PairSlots
        Slots of the plan ``timetabled``, by pair.
    programme : Programme
        What is due.
    """
    found = Plan.preset("found_time")
    fixed = Plan.preset("timetabled").model_copy(update={"slots": dict(slots)})
    return {
        "scenario.toml": Scenario(found.name, programme, school, found).to_toml("."),
        "timetabled.toml": Scenario(fixed.name, programme, school, fixed).to_toml("."),
    }


def check_target(target: Path, *, replace: bool) -> None:
    """Refuse a folder in which something could be lost.

    Raises
    ------
    InputError
        If it is no folder, or holds something that may not be replaced.
    """
    where = str(target)
    try:
        if not target.exists() and not target.is_symlink():
            return
        if not target.is_dir():
            raise InputError("this is a file", where=where, remedy="name a folder to write")
        if not any(target.iterdir()):
            return
        if not replace:
            raise InputError(
                "the folder is not empty",
                where=where,
                remedy="name another folder, or add --replace if it is a school to replace",
            )
        if not (target / "school.toml").is_file():
            raise InputError(
                "the folder holds something else than a school and is not replaced",
                where=where,
                remedy="name an empty folder or a school's own",
            )
    except OSError as error:
        raise InputError(f"the folder cannot be read ({error.strerror})", where=where) from None


def write_folder(target: Path, files: Mapping[str, str], *, replace: bool = False) -> list[Path]:
    """Write a folder whole, or not at all.

    The files are written to a folder beside it, which then takes its place. An old folder's other
    files move into the new one.

    Parameters
    ----------
    target : pathlib.Path
        The folder.
    files : mapping of str to str
        Name to text.
    replace : bool
        Whether a school that stands there may be replaced.

    Returns
    -------
    list of pathlib.Path
        What was written.

    Raises
    ------
    InputError
        If the folder may not be replaced or cannot be written; it is then as it was.
    """
    check_target(target, replace=replace)
    final = target.resolve()
    mark = secrets.token_hex(4)
    part = final.with_name(f".{final.name}.{mark}.part")
    parents: list[Path] = []
    done = False
    try:
        for parent in reversed(final.parents):
            if not parent.exists():
                parent.mkdir()
                parents.append(parent)
        part.mkdir()
        for name, text in files.items():
            (part / name).write_text(text, encoding="utf-8", newline="\n")
        _swap(part, final, final.with_name(f".{final.name}.{mark}.old"))
        done = True
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the folder cannot be written ({reason})",
            where=str(target),
            remedy="name a folder in which you may write",
        ) from None
    finally:
        if not done:
            shutil.rmtree(part, ignore_errors=True)
            for parent in reversed(parents):
                with contextlib.suppress(OSError):
                    parent.rmdir()
    return [target / name for name in files]


def _swap(part: Path, final: Path, old: Path) -> None:
    """Put a written folder in the place of another."""
    if not final.exists():
        part.rename(final)
        return
    try:
        final.rename(old)
        part.rename(final)
    except BaseException:
        if old.exists() and not final.exists():
            old.rename(final)
        raise
    try:
        _keep_others(old, final)
    except BaseException:
        # interrupted among the owner's own files: finish before giving way
        _keep_others(old, final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _keep_others(old: Path, final: Path) -> None:
    for entry in list(old.iterdir()):
        if entry.name not in FILES:
            entry.rename(final / entry.name)
