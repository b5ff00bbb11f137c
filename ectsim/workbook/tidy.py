"""Keep the workbook's notebooks plain: small, stable, readable as a difference.

``python -m ectsim.workbook.tidy`` rewrites every notebook in its one form, ``--run`` runs them first
and stores the output of the cells that are tagged for it, ``--times`` keeps how long each took,
``--check`` only says what is not tidy. After a change of the model: ``--run``, read the difference,
then ``python -m ectsim.workbook.answers``. Pages that repeat data (glossary, references, paths) are written from the data, and
``data/lessons.csv`` from the lines that begin with ``Sources:``.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import math
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ectsim.analysis import LIMITS
from ectsim.content import Figure, ambiguities, evidence, glossary
from ectsim.errors import InputError
from ectsim.share import data_dir, notebooks_dir
from ectsim.workbook.progress import LESSONS, PATHS, Path_

__all__ = ["STORED", "anchor", "notebooks", "pages", "register", "run_times", "tidied", "written"]

STORED = "nbval-check-output"
"""The tag of a cell whose output is stored, and compared when the lessons are tested."""

LONGEST = 1500
"""Most characters of output that one cell may store."""

SLOWEST = 20
"""Most seconds that a page may run."""

AT_ONCE = 2
"""Pages that are run at one time."""

TIMES = "run_times.csv"
"""How long the pages run, in ``data/``."""

Notebook = dict[str, Any]

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebooks(folder: Path | None = None) -> list[Path]:
    """Return the workbook's notebooks, in order of their names.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where they are; those that ship if None.
    """
    found = (folder or notebooks_dir()).rglob("*.ipynb")
    return sorted(p for p in found if ".ipynb_checkpoints" not in p.parts)


def tidied(notebook: Notebook, where: str = "") -> Notebook:
    """Return a notebook in its one form.

    Parameters
    ----------
    notebook : dict
        A notebook as it was read.
    where : str
        Its name, for messages.

    Returns
    -------
    dict
        The same without run numbers (1 where an output is stored), no metadata but tags, an id for each cell that depends on
        its text alone, and outputs only in cells that are tagged for it, as text.

    Raises
    ------
    InputError
        If a tagged cell prints more than may be stored, or something that is no text.
    """
    cells, seen = [], set[str]()
    for n, cell in enumerate(notebook["cells"], start=1):
        source = "".join(cell["source"]).strip("\n")
        tags = sorted(cell.get("metadata", {}).get("tags", []))
        out: Notebook = {
            "cell_type": cell["cell_type"],
            "id": _id(cell["cell_type"], source, seen),
            "metadata": {"tags": tags} if tags else {},
            "source": source.splitlines(keepends=True),
        }
        if cell["cell_type"] == "code":
            out["outputs"] = _stored(cell, f"{where}, cell {n}") if STORED in tags else []
            # the tests take a cell with outputs and no count for one that was never run
            out["execution_count"] = 1 if out["outputs"] else None
        cells.append(dict(sorted(out.items())))
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _id(kind: str, source: str, seen: set[str]) -> str:
    for n in range(len(seen) + 1):
        name = hashlib.blake2b(f"{kind}{source}{n or ''}".encode(), digest_size=4).hexdigest()
        if name not in seen:
            break
    seen.add(name)
    return name


def _stored(cell: Notebook, where: str) -> list[Notebook]:
    outputs = cell.get("outputs", [])
    text = "".join("".join(o["text"]) for o in outputs if o.get("name") == "stdout")
    if any(o.get("name") != "stdout" for o in outputs):
        raise InputError(
            "a tagged cell shows more than text", where=where, remedy="print what is to be compared"
        )
    if len(text) > LONGEST:
        raise InputError(
            f"a tagged cell prints {len(text)} characters", where=where,
            remedy=f"print {LONGEST} or fewer",
        )  # fmt: skip
    lines = text.splitlines(keepends=True)
    return [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []


def written(notebook: Notebook) -> str:
    """Return a notebook's text."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _run(path: Path) -> tuple[Notebook, float]:
    """Run a notebook in a kernel of its own; return it and the seconds that it computed."""
    import nbformat  # noqa: PLC0415 - only where notebooks are run
    from nbclient import NotebookClient  # noqa: PLC0415 - as above

    notebook = json.loads(path.read_text(encoding="utf-8"))
    # a processor's own seconds: those of the clock depend on what else the machine does
    last = {
        "cell_type": "code",
        "source": "import time\nprint(time.process_time())",
        "metadata": {},
    }
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    plain = tidied({"cells": [*notebook["cells"], last]})
    live = nbformat.reads(json.dumps(plain), as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(live, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    found = dict(client.execute())
    seconds = float("".join(o["text"] for o in found["cells"].pop()["outputs"]))
    print(f"{seconds:5.1f} s  {path.name}", flush=True)
    return found, seconds


def run_times() -> dict[str, int]:
    """Return the seconds that each page takes to run, as they were last measured."""
    rows = csv.reader((data_dir() / TIMES).read_text(encoding="utf-8").splitlines()[1:])
    return {name: int(seconds) for name, seconds in rows}


# pages that repeat data


def anchor(heading: str) -> str:
    """Return the address of a heading within its page, as JupyterLab has it."""
    return quote(heading.strip().replace(" ", "-"), safe="-")


def _page(*cells: str | tuple[str, str]) -> Notebook:
    """Make a page of markdown texts and of pairs of a tag and code."""
    made: list[Notebook] = []
    for cell in cells:
        if isinstance(cell, str):
            made.append({"cell_type": "markdown", "source": cell})
        else:
            tags = {"tags": [cell[0]]} if cell[0] else {}
            made.append({"cell_type": "code", "source": cell[1], "metadata": tags})
    return tidied({"cells": made})


_MADE = {"glossary.ipynb", "references.ipynb", *(f"path_{name}.ipynb" for name in PATHS)}
"""Names of the pages that are made from data."""


def pages() -> dict[str, Notebook]:
    """Return the pages that are made from data, by file name."""
    out = {"glossary.ipynb": _glossary(), "references.ipynb": _references()}
    out |= {f"path_{p.id}.ipynb": _path(p) for p in PATHS.values()}
    return out


def _glossary() -> Notebook:
    head = (
        "# Glossary\n\nThe words of the field and of the programme, as this workbook uses them. The "
        "letters and numbers at the end of an entry say where it comes from; see "
        "[References](references.ipynb). An entry without any is ours.\n\n[Start here](00_start_here.ipynb)"
    )
    by_letter: dict[str, list[str]] = {}
    for term in sorted(glossary(), key=lambda t: t.term.lower()):
        source = f" {', '.join(term.source)}" if term.source else ""
        text = f"### {term.term}\n\n{term.meaning}{source and f' ({source.strip()})'}"
        by_letter.setdefault(term.term[0].upper(), []).append(text)
    return _page(head, *(f"## {k}\n\n" + "\n\n".join(v) for k, v in by_letter.items()))


DOCUMENTS = (
    ("Early Career Framework", "the framework of 2019, in the edition of April 2021", "F203"),
    ("Statutory guidance on induction", "the edition of 2021; later ones exist, and the one in force counts", "F204"),
    ("Teachers' Standards", "what an ECT is assessed against; the framework has a section for each", "F205"),
    ("Hattie 2003; Sutton Trust 2011", "that teaching matters most of all that schools can change, and most for disadvantaged pupils", "F021 F208"),
    ("Sims 2019", "that instructional coaching has a strong evidence base", "F078 F208"),
    ("no reference in the source", "that coaching's structure can speed up a teacher's first years", "F224 F208"),
)  # fmt: skip
"""Documents that the programme's own pages name, and the claim without one."""

READ = {
    "direct": "read at its source",
    "secondary": "read where somebody quotes it",
    "arithmetic": "ours, worked out from published figures",
    "recalled": "remembered, not seen again",
}
USED = {
    "input": "sets a parameter",
    "default": "a rule or an amount taken over",
    "held against": "an outcome is compared with it",
    "context": "told, not used",
}

NOT_CLAIMED = (
    "nothing about pupils: no learning, no results, no behaviour, though pupils are what it is all for",
    "nothing about who stays in teaching: the one study of an early roll-out found no effect that could be told from zero",
    "nothing about how good anybody is: no person is scored or ranked, and coaching is never an assessment",
    "nothing about one school's next year: only what a plan tends to give, and how widely years differ",
    "nothing beyond its assumptions: a default without a source carries a range, and a result is worth what its assumptions are",
)  # fmt: skip


def _references() -> Notebook:
    head = (
        "# References, and what is not claimed\n\nIds that begin with F are facts of the programme's own "
        "documents (a page for mentors of a trust, and a provider's orientation for coordinators), in "
        "our words; with E, published figures; with A13, places where the documents can be read in two "
        "ways. What has no id is an assumption of ours and carries a range. "
        "[Start here](00_start_here.ipynb)"
    )
    limits = (
        "## What is not claimed\n\n" + LIMITS + "\n\n" + "\n".join(f"- {n}" for n in NOT_CLAIMED)
    )
    limits += "\n\nSources: F014, F021, F191, F220, F231"
    documents = (
        "## Documents that the programme names\n\n| document | what for | facts |\n|---|---|---|\n"
    )
    documents += "\n".join(f"| {a} | {b} | {c} |" for a, b, c in DOCUMENTS)
    documents += "\n\nSources: F203, F204, F205, F208"
    status = "## How a figure was read, and what it is used for\n\n" + "\n".join(
        f"- **{k}**: {v}" for k, v in {**READ, **USED}.items()
    )
    groups: dict[str, list[Figure]] = {}
    for figure in evidence():
        groups.setdefault(figure.id[:2], []).append(figure)
    tables = [f"## Published figures, group {k}\n\n" + _figures(v) for k, v in groups.items()]
    readings = "## Places that can be read in two ways\n\n| id | question | taken here | the other reading |\n|---|---|---|---|\n"
    readings += "\n".join(
        f"| {a.id} | {a.question} | {a.reading} | {a.alternative} |" for a in ambiguities()
    )
    return _page(head, limits, documents, status, *tables, readings)


def _figures(figures: Sequence[Figure]) -> str:
    rows = [
        f"| {f.id} | {f.figure} | {f.population} | {f.value} | {f.year} | [{f.source}]({f.address}) | {f.read}, {f.use} |"
        for f in figures
    ]
    return "\n".join(
        ["| id | figure | of whom | value | year | source | status |", "|---|---|---|---|---|---|---|", *rows]
    )  # fmt: skip


def _path(path: Path_) -> Notebook:
    times = run_times()
    rows = [
        f"| {i} | [{LESSONS[lesson].title}]({LESSONS[lesson].notebook}.ipynb) | {minutes} min | {what} | "
        f"{times[LESSONS[lesson].notebook]} s |"
        for i, (lesson, minutes, what) in enumerate(path.steps, start=1)
    ]
    head = (
        f"# {path.title}\n\n{path.minutes} minutes in all. At the end: {path.leads_to}\n\n"
        "| | lesson | time | for | computes |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "*Computes* is what all its cells need of one core."
    )
    where = (
        "## Where you are\n\nRun the cell below. A lesson is done when its exercises are solved; what is "
        "solved is kept on this machine only, in the file `progress.json` beside these notebooks. "
        "When nothing is left, [You are done](you_are_done.ipynb) says what comes next."
    )
    code = f'from ectsim import workbook as wb\n\nwb.path("{path.id}")'
    return _page(head, where, ("", code))


# where facts are taught


def taught(paths: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    """Yield (fact, notebook, heading) for each fact that a line of sources names.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Notebooks.
    """
    for path in paths:
        heading = ""
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] != "markdown":
                continue
            for line in "".join(cell["source"]).splitlines():
                if found := re.match(r"#{1,3} (.+)", line):
                    heading = found[1].strip()
                elif line.startswith("Sources:"):
                    for fact in re.findall(r"\bF\d{3}\b", line):
                        yield fact, path.name, heading


def register(paths: Sequence[Path]) -> str:
    """Return the table of which fact is taught where, as the text of ``data/lessons.csv``.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Notebooks.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("fact", "notebook", "heading"))
    table.writerows(sorted(set(taught(paths))))
    return out.getvalue()


def _wanted(run: bool, times: bool, names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield each file of the workbook with the text it should have."""
    folder = notebooks_dir()
    mine = [p for p in notebooks(folder) if p.name not in _MADE and (not names or p.stem in names)]
    took: dict[str, int] = {}
    if run:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for path, (found, seconds) in zip(mine, pool.map(_run, mine), strict=True):
                took[path.stem] = math.ceil(seconds)
                yield path, written(tidied(found, path.name))
    else:
        for path in mine:
            found = json.loads(path.read_text(encoding="utf-8"))
            yield path, written(tidied(found, path.name))
    if run and times:
        kept = {p.stem for p in notebooks(folder)}
        known = {k: v for k, v in {**run_times(), **took}.items() if k in kept}
        rows = "".join(f"{name},{seconds}\n" for name, seconds in sorted(known.items()))
        yield data_dir() / TIMES, f"notebook,seconds\n{rows}"
    for name, notebook in pages().items():
        yield folder / name, written(notebook)


def main(arguments: Sequence[str] | None = None) -> int:
    """Tidy the workbook.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line.

    Returns
    -------
    int
        1 if ``--check`` found something that is not tidy, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m ectsim.workbook.tidy", description=__doc__)
    parser.add_argument("names", nargs="*", help="lessons, without their ending; all if none")
    parser.add_argument(
        "--run", action="store_true", help="run them first, and store what is tagged"
    )
    parser.add_argument("--check", action="store_true", help="write nothing, say what is not tidy")
    parser.add_argument(
        "--times",
        action="store_true",
        help="with --run: keep how long each computed",
    )
    asked = parser.parse_args(arguments)
    untidy = []
    try:
        for path, text in _wanted(asked.run, asked.times, asked.names):
            untidy += _put(path, text, check=asked.check)
        table = data_dir() / "lessons.csv"
        untidy += _put(table, register(notebooks()), check=asked.check)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    for path in untidy:
        print(f"{'not tidy' if asked.check else 'written'}: {path.name}")
    return int(asked.check and bool(untidy))


def _put(path: Path, text: str, *, check: bool) -> list[Path]:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    if not check:
        path.write_text(text, encoding="utf-8", newline="\n")
    return [path]


if __name__ == "__main__":
    sys.exit(main())
