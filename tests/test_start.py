"""start.py without the network: what it is asked, what it must do, what it leaves behind."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

_spec = importlib.util.spec_from_file_location("start", CHECKOUT / "start.py")
start = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(start)


@pytest.fixture
def folder(tmp_path):
    """A project's folder with a space and letters beyond ASCII, as Folder sees it."""
    root = tmp_path / "école de Łódź 1"
    root.mkdir()
    for name in ("start.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(CHECKOUT / name, root)
    return start.Folder(root)


@pytest.fixture
def ready(folder):
    """The same after a finished set-up, with a shell script in place of an environment."""
    if os.name == "nt":
        pytest.skip("the stand-in for the environment is a shell script")
    folder.bin.mkdir(parents=True)
    folder.python.write_text('#!/bin/sh\necho 3.11\necho "python $*" >> "$0.log"\n')
    folder.ectsim.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n')
    folder.python.chmod(0o755)
    folder.ectsim.chmod(0o755)
    start.write_stamp(folder, {**start.wanted(folder), "python": "3.11"})
    return folder


# the Python that runs it


@pytest.mark.parametrize("version", [(3, 11), (3, 11, 0, "final", 0), (3, 13, 1), (4, 0, 0)])
def test_a_new_enough_python_is_no_problem(version):
    assert start.version_problem(version) == ""


@pytest.mark.parametrize("version", [(3, 10, 14, "final", 0), (3, 9, 2), (2, 7, 18)])
def test_an_old_python_gets_one_line(version):
    line = start.version_problem(version)
    assert "needs Python 3.11 or newer" in line
    assert ".".join(map(str, version[:3])) in line
    assert "\n" not in line


def test_a_python_without_ensurepip_gets_one_line(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        start.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name)
    )
    line = start.pip_problem((3, 11, 2))
    assert "sudo apt install python3.11-venv" in line
    assert "\n" not in line


def test_this_python_can_make_environments():
    assert start.pip_problem(sys.version_info) == ""


# the words on the command line


@pytest.mark.parametrize(
    ("words", "kind", "rest"),
    [
        ([], "ectsim", start.FIRST_COMMAND),
        (["--help"], "help", []),
        (["-h"], "help", []),
        (["--install-only"], "install", []),
        (["test"], "test", []),
        (["test", "-k", "a b", "--help"], "test", ["-k", "a b", "--help"]),
        (["simulate", "--help"], "ectsim", ["simulate", "--help"]),
        (["compare", "a", "b", "--set", "x=1"], "ectsim", ["compare", "a", "b", "--set", "x=1"]),
        (["--version"], "ectsim", ["--version"]),
        (["--no-browser"], "ectsim", [*start.FIRST_COMMAND, "--no-browser"]),
    ],
)
def test_words_go_where_they_belong(words, kind, rest):
    assert start.route(words) == (kind, rest)


def test_help_needs_no_environment(folder):
    told = _start(folder, "--help")
    assert told.returncode == 0
    assert "python3 start.py test" in told.stdout
    assert not folder.venv.exists()


# what must be done


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "nothing"),
        ({"lock": "other"}, "packages"),
        ({"project": "other"}, "project"),
        ({"lock": "other", "project": "other"}, "packages"),
        ({"folder": "elsewhere"}, "all"),
        ({"state": "begun"}, "all"),
    ],
)
def test_a_change_asks_for_its_own_step_only(folder, change, expected):
    want = start.wanted(folder)
    assert start.steps({**want, **change}, want, occupied=True, works=True) == expected


def test_a_broken_environment_is_made_afresh(folder):
    want = start.wanted(folder)
    assert start.steps(dict(want), want, occupied=True, works=False) == "all"
    assert start.steps({}, want, occupied=True, works=False) == "all"


def test_an_environment_of_somebody_else_is_left_alone(folder):
    mine = folder.venv / "lib/mine.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    told = _start(folder, "--install-only")
    assert told.returncode == 2
    assert "was not made by start.py" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert mine.read_text() == "mine"


def test_an_empty_folder_is_no_environment(folder):
    assert start.survey(folder) == "all"
    folder.venv.mkdir()
    assert start.survey(folder) == "all"
    start._part(folder).write_text("half a sta")  # stopped while the first stamp was written
    assert start.survey(folder) == "all"


def test_a_missing_lock_gets_one_line(folder):
    folder.lock.unlink()
    told = _start(folder, "--install-only")
    assert told.returncode == 2
    assert "requirements.lock is missing" in told.stderr
    assert "Traceback" not in told.stderr


# the stamp


def test_the_stamp_comes_back_as_it_was_written(folder):
    assert start.read_stamp(folder) is None
    folder.venv.mkdir()
    want = start.wanted(folder)
    start.write_stamp(folder, want)
    assert start.read_stamp(folder) == want
    assert os.listdir(folder.venv) == ["ectsim-setup.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_spoilt_stamp_counts_as_begun(folder, text):
    folder.venv.mkdir()
    folder.stamp.write_text(text)
    assert start.read_stamp(folder) == {}
    assert start.survey(folder) == "all"


def test_every_change_of_the_lock_is_seen_and_line_ends_are_not(folder):
    before = start.wanted(folder)
    text = folder.lock.read_bytes()
    folder.lock.write_bytes(text.replace(b"\n", b"\r\n"))
    assert start.wanted(folder) == before
    folder.lock.write_bytes(text.replace(b"sha256:0", b"sha256:1", 1))
    after = start.wanted(folder)
    assert after["lock"] != before["lock"]
    assert after["project"] == before["project"]


def test_a_finished_set_up_is_not_repeated(ready):
    assert start.survey(ready) == "nothing"
    told = _start(ready, "--install-only")
    assert told.returncode == 0
    assert "Setting up" not in told.stdout
    assert "pip" not in Path(f"{ready.python}.log").read_text()


def test_a_moved_folder_is_set_up_again(ready):
    moved = start.Folder(ready.root.rename(ready.root.with_name("moved")))
    assert start.survey(moved) == "all"


def test_the_environment_finds_ectsim_by_a_relative_path(ready):
    site = ready.venv / "lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (site / "_ectsim.pth").write_text(str(ready.root), encoding="utf-8")
    start._point_relatively(ready)
    line = (site / "_ectsim.pth").read_text("ascii")
    assert (site / line.strip()).resolve() == ready.root.resolve()


def test_an_environment_that_does_not_work_gets_no_stamp(ready, monkeypatch):
    monkeypatch.setattr(start, "_call", lambda *_: None)
    monkeypatch.setattr(start, "_point_relatively", lambda _: None)
    ready.python.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(start.Stop, match="does not work"):
        start._install(ready, "project")
    assert start.survey(ready) == "all"


def test_the_stamp_says_begun_until_the_last_step(ready, monkeypatch):
    states = []
    monkeypatch.setattr(start, "_point_relatively", lambda _: None)
    monkeypatch.setattr(start, "_call", lambda *_: states.append(start.read_stamp(ready)["state"]))
    start._install(ready, "project")
    assert states == ["begun"]
    assert start.survey(ready) == "nothing"


def test_a_stopped_set_up_begins_afresh(ready, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "_call", stop)
    with pytest.raises(KeyboardInterrupt):
        start._install(ready, "packages")
    assert start.survey(ready) == "all"


def test_clearing_takes_everything_and_the_stamp_last(ready):
    (ready.venv / "lib64").symlink_to(ready.bin)
    start._clear(ready)
    assert os.listdir(ready.venv) == []


def test_clearing_that_fails_leaves_the_stamp(ready, monkeypatch):
    (ready.venv / "lib").mkdir()
    rmtree = shutil.rmtree

    def in_use(path):
        if path.name == "lib":
            raise PermissionError(13, "in use", str(path))
        rmtree(path)

    monkeypatch.setattr(start.shutil, "rmtree", in_use)
    with pytest.raises(start.Stop, match=r"lib cannot be deleted \(in use\): close whatever"):
        start._clear(ready)
    assert ready.stamp.exists()


def test_a_failed_step_shows_its_last_lines_and_one_reason(capsys):
    script = "print('WARNING: chatter'); print('the reason'); raise SystemExit(4)"
    with pytest.raises(start.Stop, match=r"It went wrong\. Start again"):
        start._call([sys.executable, "-c", script], "It went wrong")
    assert capsys.readouterr().out == "    the reason\n"


def test_packages_are_counted(capsys):
    script = "for i in range(60): print('Collecting x%d==1' % i)\nprint('Installing collected packages: x')"
    start._call([sys.executable, "-c", script], "", 60)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["25 of 60", "50 of 60", "all fetched; unpacking, about a minute"]


# handing over


def test_words_and_exit_code_pass_through(ready):
    told = _start(ready, "compare", "a b", "--set", "é=1", "")
    assert told.stdout == "compare\na b\n--set\né=1\n\n"
    assert told.returncode == 3


def test_a_start_without_words_runs_the_first_command(ready):
    assert _start(ready).stdout.split() == start.FIRST_COMMAND


def test_all_checks_run_and_one_failure_is_enough(ready, monkeypatch, capsys):
    ran = []

    def wait_for(command, folder):
        ran.append((command[2], command[3:]))
        return 1 if command[2] == "mypy" else 0

    monkeypatch.setattr(start, "wait_for", wait_for)
    assert start.run_tests(ready, ["-k", "lock"]) == 1
    assert [name for name, _ in ran] == ["ruff", "ruff", "mypy", "pytest"]
    assert ran[-1][1] == ["-n", "2", "-k", "lock"]
    assert capsys.readouterr().out.endswith("Failed: mypy\n")
    monkeypatch.setattr(start, "wait_for", lambda *_: 0)
    assert start.run_tests(ready, []) == 0


def test_a_browser_gets_the_machine_alone_and_a_second_try(ready, monkeypatch):
    ran = []

    def wait_for(command, folder):
        ran.append(command[2:])
        return 1 if "browser and not deep" in command and "--last-failed" not in command else 0

    monkeypatch.setattr(start, "wait_for", wait_for)
    assert start.run_tests(ready, []) == 0
    assert ran[-4] == ["pytest", "-n", "2", "-m", "not deep and not browser"]
    assert ran[-3][-1] == "notebooks"
    assert "--nbval-lax" in ran[-3]
    assert ran[-2] == ["pytest", "-m", "browser and not deep"]
    assert ran[-1] == [*ran[-2], "--last-failed"]
    monkeypatch.setattr(start, "wait_for", lambda command, _: int("pytest" in command))
    assert start.run_tests(ready, []) == 1  # what fails twice has failed


def test_windows_has_its_own_places(tmp_path):
    folder = start.Folder(tmp_path, windows=True)
    assert folder.python == tmp_path / ".venv/Scripts/python.exe"
    assert folder.ectsim == tmp_path / ".venv/Scripts/ectsim.exe"


def test_two_starts_do_not_set_up_at_once(folder):
    with start._guard(folder):
        second = start._guard(folder)
        second.file = second.path.open("a+b")
        assert not second._hold()
    assert second._hold()
    second.file.close()


def test_only_the_standard_library_is_imported():
    code = (
        "import sys, importlib.util as u; before = set(sys.modules);"
        "s = u.spec_from_file_location('start', sys.argv[1]); m = u.module_from_spec(s);"
        "s.loader.exec_module(m);"
        "new = {n.split('.')[0] for n in set(sys.modules) - before};"
        "import json; print(json.dumps(sorted(new - set(sys.stdlib_module_names))))"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, CHECKOUT / "start.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == []


def _start(folder, *words):
    return subprocess.run(
        [sys.executable, folder.root / "start.py", *words],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=60,
    )
