"""Open the workbook: a learner's own copy of the notebooks in JupyterLab, at the right page."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from ectsim.errors import InputError, near
from ectsim.workbook.progress import LESSONS, PATHS, VARIABLE
from ectsim.workbook.tidy import notebooks, written

__all__ = ["lay_out", "open_workbook", "page_of"]


STAMP = ".as-copied.json"


def page_of(word: str) -> str:
    """Return the notebook that a word means.

    Parameters
    ----------
    word : str
        A lesson's number or id, a path, the name of a notebook, or nothing for the first page.

    Raises
    ------
    InputError
        If it means none.
    """
    known = {p.stem: p.name for p in notebooks()}
    short = {lesson.id.lower(): lesson.notebook for lesson in LESSONS.values()}
    short |= {k.removeprefix("l"): v for k, v in short.items()}
    short |= {name: f"path_{name}" for name in PATHS} | {"": LESSONS["L0"].notebook}
    asked = word.strip().lower().removesuffix(".ipynb")
    name = short.get(asked.lstrip("0") if asked.strip("0") else asked[:1], asked)
    if name not in known:
        numbers = [k for k in short if k.isdigit()]
        known_so = f"the lessons are {numbers[0]} to {numbers[-1]}"
        remedy = known_so if asked.isdigit() else near(word, [*short, *known])
        raise InputError(f"the workbook has no page '{word}'", remedy=remedy)
    return known[name]


def lay_out(folder: Path) -> list[str]:
    """Copy the notebooks into a learner's folder; what the learner has changed stays as it is.

    Parameters
    ----------
    folder : pathlib.Path
        The folder; it is made where it is missing.

    Returns
    -------
    list of str
        Names of notebooks that have a newer text here, and were kept because they were changed.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    kept = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stamp = folder / STAMP
        copied = json.loads(stamp.read_text(encoding="utf-8")) if stamp.is_file() else {}
        for source in notebooks():
            text, target = fresh(source), folder / source.name
            new, old = _digest(text), copied.get(source.name)
            if target.is_file() and _digest(target.read_bytes()) not in (old, new):
                kept += [source.name] if old != new else []
                continue
            if not target.is_file() or old != new:
                target.write_bytes(text)
            copied[source.name] = new
        stamp.write_text(json.dumps(copied, indent=1) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its list of copies is damaged"
        raise InputError(
            f"the workbook cannot be laid out ({reason})", where=str(folder),
            remedy="name another folder with --to",
        ) from None  # fmt: skip
    return kept


def fresh(source: Path) -> bytes:
    """Return a notebook as nobody has run it: what a guess is about is not told beforehand."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return written(notebook).encode()


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def command(folder: Path, page: str, port: int | None, *, browser: bool) -> list[str]:
    """Return the command that opens JupyterLab at a page.

    Parameters
    ----------
    folder : pathlib.Path
        The learner's folder, the only one that JupyterLab shows.
    page : str
        The notebook.
    port : int, optional
        Port; JupyterLab's own choice if None.
    browser : bool
        Whether a browser opens.
    """
    words = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "jupyterlab", "-y"]
    words += [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{page}"]
    # nothing is fetched: no news, no look for updates, no list of extensions
    words += [
        "--ServerApp.ip=127.0.0.1",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
    ]
    words += [
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate"
    ]
    words += ["--log-level=ERROR"]  # the address is still printed
    words += [f"--ServerApp.port={port}"] if port else []
    if getattr(os, "geteuid", lambda: 1)() == 0:
        words.append("--allow-root")  # on loopback, with a token
    return words if browser else [*words, "--no-browser"]  # fmt: skip


def _variables(folder: Path) -> dict[str, str]:
    """Return what JupyterLab and its kernels inherit; what they keep, they keep in the folder."""
    home = folder / ".jupyter"
    variables = {
        VARIABLE: str(folder),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():  # a checkout need not be installed
        known = os.environ.get("PYTHONPATH")
        variables["PYTHONPATH"] = os.pathsep.join([str(root), *([known] if known else [])])
    return {**os.environ, **variables}


def _quiet(folder: Path) -> None:
    """Switch off the question whether news should be fetched."""
    place = folder / ".jupyter/labconfig/page_config.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    off = {"@jupyterlab/apputils-extension:announcements": True}
    place.write_text(json.dumps({"disabledExtensions": off}) + "\n", encoding="utf-8")


def open_workbook(word: str, folder: Path, port: int | None, *, browser: bool) -> int:
    """Open the workbook and wait until it is closed.

    Parameters
    ----------
    word : str
        Which page; see :func:`page_of`.
    folder : pathlib.Path
        The learner's folder.
    port : int, optional
        Port.
    browser : bool
        Whether a browser opens.

    Returns
    -------
    int
        JupyterLab's exit code.
    """
    page = page_of(word)
    place = folder.resolve()
    kept = lay_out(place)
    _quiet(place)
    print(f"Your notebooks and your progress are in {place}; nothing leaves this machine.")
    for name in kept:
        print(
            f"{name} has a newer text; yours was changed and is kept. Rename it to get the new one."
        )
    print(f"Opening {page}; close it with File, Shut Down, or with Ctrl+C here.", flush=True)
    program = subprocess.Popen(
        command(place, page, port, browser=browser), cwd=place, env=_variables(place)
    )
    while True:
        try:
            return program.wait()
        except KeyboardInterrupt:
            continue  # JupyterLab heard it too, and asks or ends in its own way
