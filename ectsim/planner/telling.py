"""What the planner found, in lines, and as a scenario file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ectsim.errors import InputError
from ectsim.folder import school_files

if TYPE_CHECKING:
    from ectsim.planner.pairing import Pairing
    from ectsim.scenario import Scenario

__all__ = ["pair_lines", "slot_lines", "write_plan"]


def slot_lines(groups: list[dict[str, Any]], without: list[str]) -> list[str]:
    """Return ranked slots in lines.

    Parameters
    ----------
    groups : list of dict
        What :func:`ectsim.planner.survival.slots` gave.
    without : list of str
        Pairs that have no slot at all.
    """
    out: list[str] = []
    for group in groups:
        weeks = " and ".join(map(str, group["weeks"]))
        if not group["slots"]:
            if group["pair"] not in without:
                out.append(
                    f"{group['pair']}, week {weeks} of the cycle: no common free period is left; see ectsim pair"
                )
            continue
        out.append(f"{group['pair']}, week {weeks} of the cycle, {group['due']} cycles due:")
        for s in group["slots"]:
            out.append(
                f"  {s['completed']:5.1f} complete, {s['held']:5.1f} held: visit {s['observe'] or '-'}, "
                f"meet {s['meet']}, reserve {s['reserve'] or '-'}"
            )
            out += [f"        {reason}" for reason in s["reasons"]]
    out += [
        f"{who}: no common free period that planning time and the other pairs leave; see ectsim pair"
        for who in without
    ]
    out.append(
        "The first of every list can be used together; another may take the place of the first of its list."
    )
    out.append("Meetings at times on no plan are left out: the order is what counts.")
    return out


def pair_lines(result: dict[str, Any]) -> list[str]:
    """Return a pairing in lines.

    Parameters
    ----------
    result : dict
        What :meth:`ectsim.planner.pairing.Pairing.to_dict` gave, with ``conflicts``.
    """
    words = {
        "optimal": "the best lawful plan there is",
        "feasible": "a lawful plan; time ran out before it was proven best",
        "infeasible": "no lawful plan",
    }
    out = [f"{result['status']}: {words[result['status']]}"]
    for p in result["pairs"]:
        uses = ", ".join(
            f"{word} {' '.join(p[use]) or '-'}"
            for use, word in (("observe", "visit"), ("meet", "meet"), ("reserve", "reserve"), ("study", "study"))
        )  # fmt: skip
        out.append(
            f"  {p['ect']} with {p['mentor']}: {uses}; {p['completed']:.1f} complete expected"
        )
    if result["pairs"]:
        both = sum(len(p["meet"]) > 1 for p in result["pairs"])
        tidy = f"; {result['tidy']} of {both} pairs meet at the same hour in both weeks"
        out.append(
            f"expected: {result['completed']:.1f} of {result['due']} cycles complete, {result['held']:.1f} held"
            + (tidy if both else "")
        )
    if result["unserved"]:
        out.append(f"without a meeting that is due: {', '.join(result['unserved'])}")
    if result["conflicts"]:
        out.append("what would have to move for everybody to be served:")
        out += [f"  {line}" for line in result["conflicts"]]
    return out


def write_plan(found: Pairing, start: Scenario, to: Path) -> None:
    """Write a scenario file that ``ectsim simulate`` reads.

    A preset with its own pairs is named in the file; any other school is written beside it, in a
    folder named after the file, because a file cannot change who mentors whom.

    Parameters
    ----------
    found : Pairing
        The plan.
    start : Scenario
        The scenario that was planned for.
    to : pathlib.Path
        The TOML file.

    Raises
    ------
    InputError
        If it cannot be written, or the folder holds something else.
    """
    made = found.scenario(start, name=to.stem)
    folder = to.with_name(f"{to.stem}-school")
    own = made.origin and made.school.pairs == start.school.pairs
    if not own:
        made = replace(made, origin="", source=None)
        if folder.exists():
            raise InputError(
                "the folder of the planned school is there already",
                where=str(folder),
                remedy="name another file or remove the folder",
            )
    part = folder.with_name(folder.name + ".part")
    try:
        if not own:
            part.mkdir(parents=True)
            for name, text in school_files(made.school).items():
                (part / name).write_text(text, encoding="utf-8")
            part.replace(folder)
        draft = to.with_name(to.name + ".part")
        draft.write_text(made.to_toml("" if own else folder.name), encoding="utf-8")
        draft.replace(to)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise InputError(
            f"the plan cannot be written ({error.strerror or error})",
            where=str(to),
            remedy="name a file in a folder you may write to",
        ) from None
