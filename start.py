"""Start ectsim: make its environment beside this file once, then run it.

Only the standard library is needed. ``python3 start.py --help`` says what can be asked for.
The environment is the folder ``.venv`` next to this file; deleting that folder undoes everything.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

# What a start without words runs: the dashboard with the sample school.
FIRST_COMMAND = ["dashboard"]

OLDEST_PYTHON = (3, 11)

HELP = """\
python3 start.py                  set up once, then: ectsim {first}
python3 start.py COMMAND ...      set up once, then: ectsim COMMAND ...
python3 start.py test [ARGS]      all checks and tests; ARGS go to pytest
python3 start.py --install-only   set up and stop
python3 start.py --help           this text

For example:
  python3 start.py simulate quiet
  python3 start.py compare default --set plan.horizon=2
  python3 start.py --install-only

The set-up fills the folder .venv beside this file (about 1.5 GB). It needs the internet once.
""".format(first=" ".join(FIRST_COMMAND))


def version_problem(version: tuple) -> str:
    """Say in one line what is wrong with this Python's version; nothing if it will do."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return ""
    have = ".".join(str(part) for part in version[:3])
    need = ".".join(str(part) for part in OLDEST_PYTHON)
    return (
        f"ectsim needs Python {need} or newer; this is Python {have}. Install a newer Python "
        f"and start again with it, for example: python{need} start.py"
    )


# Before anything below that an older Python could not run.
if __name__ == "__main__" and version_problem(sys.version_info):
    sys.exit(version_problem(sys.version_info))


class Stop(Exception):
    """A reason to stop, in one line that also says what to do."""


class Folder:
    """The places in and around the project's folder."""

    def __init__(self, root: Path, windows: bool = os.name == "nt") -> None:
        self.root = root
        self.lock = root / "requirements.lock"
        self.project = root / "pyproject.toml"
        self.venv = root / ".venv"
        self.stamp = self.venv / "ectsim-setup.json"
        self.guard = root / ".venv.lock"
        self.bin = self.venv / ("Scripts" if windows else "bin")
        self.python = self.bin / ("python.exe" if windows else "python")
        self.ectsim = self.bin / ("ectsim.exe" if windows else "ectsim")


def route(words: list[str]) -> tuple[str, list[str]]:
    """Decide what the words on the command line ask for.

    The first part is one of help, install, test or ectsim; the second the words to pass on.
    """
    if not words:
        return "ectsim", list(FIRST_COMMAND)
    first, rest = words[0], words[1:]
    if first in ("-h", "--help"):
        return "help", []
    if first == "--install-only":
        return "install", []
    if first == "test":
        return "test", rest
    if first.startswith("-") and first != "--version":  # options of the command that runs unasked
        return "ectsim", [*FIRST_COMMAND, *words]
    return "ectsim", list(words)


def pip_problem(version: tuple) -> str:
    """Say in one line how to mend a Python that cannot make environments; nothing if it can."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return ""
    return (
        "This Python cannot make environments. On Debian or Ubuntu run: sudo apt install "
        f"python{version[0]}.{version[1]}-venv   and start again; elsewhere install Python "
        "from its own installer."
    )


def wanted(folder: Folder) -> dict[str, str]:
    """Describe a finished set-up of this folder: what the stamp holds when all is done."""
    return {
        "state": "done",
        "folder": str(folder.root),
        "lock": _digest(folder.lock),
        "project": _digest(folder.project),
    }


def _digest(path: Path) -> str:
    # Line ends do not count: a checkout on Windows may have others.
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def read_stamp(folder: Folder) -> dict[str, str] | None:
    """Return what the last set-up left; None without a stamp, {} for one that cannot be read."""
    try:
        found = json.loads(folder.stamp.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(folder: Folder, stamp: dict[str, str]) -> None:
    """Write the stamp whole or not at all."""
    part = _part(folder)
    part.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    os.replace(part, folder.stamp)


def _part(folder: Folder) -> Path:
    return folder.stamp.with_suffix(".part")


def steps(found: dict[str, str] | None, want: dict[str, str], occupied: bool, works: bool) -> str:
    """Choose what the set-up must do.

    Parameters
    ----------
    found, want
        The stamp that is there (None for no stamp) and the one that should be.
    occupied
        Whether the folder .venv holds anything.
    works
        Whether the Python in it answers with the version that the stamp names.

    Returns
    -------
    str
        all, packages, project, nothing; or foreign, if somebody else made the .venv.
    """
    if not occupied:
        return "all"
    if found is None:
        return "foreign"
    if found.get("state") != "done" or found.get("folder") != want["folder"] or not works:
        return "all"
    if found.get("lock") != want["lock"]:
        return "packages"
    if found.get("project") != want["project"]:
        return "project"
    return "nothing"


def environment() -> dict[str, str]:
    """Return the variables that every program started from here gets."""
    return {**os.environ, "PYTHONUTF8": "1", "PIP_USER": "0", "PIP_NO_INPUT": "1"}


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


def venv_version(folder: Folder) -> str:
    """Return the version of the environment's Python, such as 3.11; nothing if it is broken."""
    ask = "import ectsim, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        told = subprocess.run([folder.python, "-I", "-c", ask], capture_output=True, text=True)
    except OSError:
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def survey(folder: Folder) -> str:
    """Look at the folder and choose what the set-up must do."""
    found = read_stamp(folder)
    part = _part(folder)
    occupied = folder.venv.exists() and any(entry != part for entry in folder.venv.iterdir())
    works = bool(found) and venv_version(folder) == (found or {}).get("python", "?")
    return steps(found, wanted(folder), occupied, works)


def set_up(folder: Folder) -> None:
    """Bring .venv to the state that the lock describes; do nothing if it is there."""
    for needed in (folder.lock, folder.project):
        if not needed.is_file():
            raise Stop(f"{needed.name} is missing beside start.py: fetch the whole folder again.")
    if survey(folder) == "nothing":
        return
    with _guard(folder):
        todo = survey(folder)  # another start may have done it meanwhile
        if todo == "nothing":
            return
        if todo == "foreign":
            raise Stop(
                f"{folder.venv} was not made by start.py: rename or delete that folder, "
                "then start again."
            )
        began = time.monotonic()
        say(f"Setting up ectsim in {folder.venv}")
        _install(folder, todo)
        say(f"Set up in {time.monotonic() - began:.0f} seconds.")


def _install(folder: Folder, todo: str) -> None:
    if todo == "all":
        problem = pip_problem(sys.version_info)
        if problem:
            raise Stop(problem)
        say("1 of 4: making an environment")
        if folder.venv.exists():
            _clear(folder)
        folder.venv.mkdir(exist_ok=True)
    # From here to the end the stamp says "begun": a start that finds it begins afresh.
    write_stamp(folder, {"state": "begun"})
    if todo == "all":
        _call([sys.executable, "-m", "venv", folder.venv], "The environment could not be made")
    pip: list[str | Path] = [folder.python, "-m", "pip", "--disable-pip-version-check", "install"]
    pip.append("--no-deps")  # the lock names every one of them
    if todo in ("all", "packages"):
        total = len(re.findall(r"(?m)^[A-Za-z0-9][\w.-]*==", folder.lock.read_text("utf-8")))
        say(f"2 of 4: fetching {total} packages, a few minutes on a slow line")
        _call(
            [*pip, "--no-compile", "--progress-bar", "off", "--require-hashes", "-r", folder.lock],
            "The packages could not be installed (is the internet within reach?)",
            total,
        )
        say("3 of 4: preparing them, about half a minute")
        # pip would do this with one core only. A file that does not compile is its owner's affair.
        subprocess.run(
            [folder.python, "-m", "compileall", "-qq", "-j", "0", folder.venv],
            stdout=subprocess.DEVNULL,
            env=environment(),
        )
    say("4 of 4: adding ectsim itself")
    _call(
        [*pip, "--no-build-isolation", "--editable", folder.root],
        "ectsim itself could not be installed",
    )
    _point_relatively(folder)
    version = venv_version(folder)
    if not version:
        raise Stop(f"The environment in {folder.venv} does not work: delete it and start again.")
    write_stamp(folder, {**wanted(folder), "python": version})


def _point_relatively(folder: Folder) -> None:
    """Let the environment find ectsim by a relative path.

    Python up to 3.12 reads such a file in the locale's encoding, so that the full path of a folder
    with letters beyond ASCII would be misread on Windows and under LC_ALL=C.
    """
    for site in [*folder.venv.glob("lib/python*/site-packages"), folder.venv / "Lib/site-packages"]:
        if (site / "_ectsim.pth").is_file():
            (site / "_ectsim.pth").write_text(os.path.relpath(folder.root, site) + "\n", "ascii")
            return
    raise Stop("ectsim was not linked into its environment: delete .venv and start again.")


def _clear(folder: Folder) -> None:
    if Path(sys.prefix).resolve() == folder.venv.resolve():
        raise Stop(
            "The environment must be made afresh, and this start runs inside it: use the "
            "computer's own python3."
        )
    # The stamp goes last: a folder without one would look like somebody else's.
    try:
        for entry in sorted(folder.venv.iterdir(), key=lambda entry: entry == folder.stamp):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    except OSError as error:
        raise Stop(
            f"{error.filename} cannot be deleted ({error.strerror}): close whatever runs from "
            f"{folder.venv}, then start again."
        ) from error


def _call(command: list[str | Path], failure: str, total: int = 0) -> None:
    """Run a program, count the packages it names, and show its last lines only if it fails."""
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment(),
    )
    lines: list[str] = []
    seen = 0
    try:
        for line in program.stdout or ():
            if not line.startswith("WARNING: "):
                lines.append(line.rstrip())
            if total and line.startswith(("Collecting ", "Processing ", "Ignoring ")):
                seen += 1
                if seen % 25 == 0:
                    say(f"        {seen} of {total}")
            elif total and line.startswith("Installing collected packages"):
                say("        all fetched; unpacking, about a minute")
        code = program.wait()
    finally:
        if program.poll() is None:
            program.terminate()
            program.wait()
        if program.stdout:
            program.stdout.close()
    if code:
        for line in lines[-15:]:
            say("    " + line)
        raise Stop(f"{failure}. Start again to try once more; the lines above are the reason.")


class _guard:
    """Hold the folder for one set-up at a time; the system lets go when a start ends."""

    def __init__(self, folder: Folder) -> None:
        self.path = folder.guard

    def __enter__(self) -> None:
        try:
            self.file = self.path.open("a+b")
        except OSError as error:
            raise Stop(
                f"This folder cannot be written to ({error.strerror}): copy it to one of yours."
            ) from error
        if not self._hold():
            say("Another start is setting up this folder; waiting for it.")
            while not self._hold():
                time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _hold(self) -> bool:
        try:
            if sys.platform == "win32":
                import msvcrt  # noqa: PLC0415 - on Windows only

                self.file.seek(0)
                msvcrt.locking(self.file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl  # noqa: PLC0415 - not on Windows

                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:
            return True  # a file system without locks: go on without
        return True


def wait_for(command: list[str | Path], folder: Path | None = None) -> int:
    """Run a program in this terminal until it ends by itself, also after Ctrl-C."""
    program = subprocess.Popen(command, cwd=folder, env=environment())
    while True:
        try:
            return program.wait()
        except KeyboardInterrupt:
            continue  # the program heard it too and ends in its own way


def become(command: list[str | Path]) -> int:
    """Hand this process over to a program, or stand aside for it where that cannot be done."""
    if os.name == "nt":
        return wait_for(command)
    sys.stdout.flush()
    os.execve(command[0], [str(word) for word in command], environment())


def run_tests(folder: Folder, words: list[str]) -> int:
    """Run the checks and then the tests, all of them whatever fails; 0 if all passed."""
    checks: dict[str, list[str]] = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy": ["mypy", "ectsim"],
    }
    if words:
        checks["pytest"] = ["pytest", "-n", "2", *words]
    else:
        # a browser beside two busy processes runs into its time limits: it gets the machine alone
        checks["pytest"] = ["pytest", "-n", "2", "-m", "not deep and not browser"]
        # the cells of a notebook follow each other, so a notebook stays with one worker
        lax = ["--nbval-lax", "--nbval-current-env", "--dist", "loadscope"]
        checks["pytest of the lessons"] = ["pytest", "-n", "2", *lax, "notebooks"]
        checks["pytest in a browser"] = ["pytest", "-m", "browser and not deep"]
    failed = []
    for name, command in checks.items():
        say(f"--- {name}")
        code = wait_for([folder.python, "-m", *command], folder.root)
        if code == 1 and name == "pytest in a browser":
            say("--- those that failed in a browser, once more")
            again = [folder.python, "-m", *command, "--last-failed"]
            code = wait_for(again, folder.root)
        if code in (-2, 130, 0xC000013A):  # Ctrl-C, as each system tells it
            return 130
        if code:
            failed.append(name)
    if failed:
        say("Failed: " + ", ".join(failed))
    return 1 if failed else 0


def main(words: list[str]) -> int:
    """Do what the words on the command line ask for and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    kind, rest = route(words)
    if kind == "help":
        say(HELP.rstrip())
        return 0
    folder = Folder(Path(__file__).resolve().parent)
    try:
        set_up(folder)
    except Stop as reason:
        print(reason, file=sys.stderr, flush=True)
        return 2
    except OSError as error:
        print(f"The set-up cannot go on: {error}", file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The next start begins the set-up afresh.", file=sys.stderr, flush=True)
        return 130
    if kind == "install":
        say(f"ectsim is ready in {folder.venv}")
        return 0
    if kind == "test":
        return run_tests(folder, rest)
    return become([folder.ectsim, *rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
