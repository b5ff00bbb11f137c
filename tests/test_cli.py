"""The command line as a contract: what it prints, its exit codes, and that wrong input leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ectsim.cli import run
from ectsim.folder import school_files
from ectsim.ledger import BINS
from tests.builders import tiny_plan, tiny_scenario, tiny_school

Cli = Callable[..., tuple[int, str, str]]

METRICS = {
    "completion_full", "completion_any", "logged_any", "on_time_share", "lowest_ect",
    "mentor_own_time", "cover_lessons_taken",
}  # fmt: skip


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A busy school of two pairs with two plans, as import writes it."""
    out = tmp_path_factory.mktemp("school")
    base = tiny_school(2, staff=6, weeks=8, cycle_weeks=2, conditions={"sickness_days": 25.0})
    slots = {
        "E1": {"meet": "1Tue:5+2Tue:5", "observe": "1Mon:1+2Mon:1", "study": "1Wed:4+2Wed:4"},
        "E2": {"meet": "1Wed:5+2Wed:5", "observe": "1Tue:1+2Tue:1", "study": "1Mon:4+2Mon:4"},
    }
    fixed = tiny_scenario(base, tiny_plan(slots))
    found = tiny_scenario(base, tiny_plan(preset="found_time"))
    for name, text in school_files(base).items():
        (out / name).write_text(text, encoding="utf-8")
    (out / "scenario.toml").write_text(found.to_toml("."), encoding="utf-8")
    (out / "timetabled.toml").write_text(fixed.to_toml("."), encoding="utf-8")
    return out


def test_simulate_gives_the_contract_s_object(cli: Cli, school: Path) -> None:
    code, out, err = cli("simulate", school / "timetabled.toml", "--replications", 12, "--json")
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert {
        "scenario",
        "code",
        "seed",
        "replications",
        "version",
        "metrics",
        "ledger",
        "due",
        "warnings",
    } <= set(data)
    assert set(data["metrics"]) >= METRICS
    for metric in data["metrics"].values():
        assert {"mean", "lo", "hi", "unit"} <= set(metric)
    assert sum(data["ledger_total"].values()) == data["due_total"] == 12 * 2 * 7
    assert set(data["ledger"]) == set(data["ledger_total"]) == set(BINS) - {"independent"}


def test_same_bytes_twice_and_with_any_workers(cli: Cli, school: Path) -> None:
    outs = {
        cli("simulate", school / "timetabled.toml", "--replications", 25, "--json", "--workers", w)[
            1
        ]
        for w in (1, 2, 1)
    }
    assert len(outs) == 1


def test_a_code_gives_the_same_bytes(cli: Cli, school: Path) -> None:
    changed = ("--set", "plan.horizon=2", "--set", "plan.slots.E1.reserve=1Thu:5", "--seed", 7)
    _, out, _ = cli("simulate", school / "timetabled.toml", *changed, "--replications", 5, "--json")
    data = json.loads(out)
    _, again, _ = cli("simulate", data["code"], "--school", school, "--replications", 5, "--json")
    assert {**json.loads(again), "scenario": ""} == {
        **data,
        "scenario": "",
    }  # a code carries no name


def test_words_say_what_the_numbers_say(cli: Cli, school: Path) -> None:
    _, out, _ = cli("simulate", school / "timetabled.toml", "--replications", 12, "--json")
    data = json.loads(out)
    _, text, _ = cli("simulate", school / "timetabled.toml", "--replications", 12)
    full = data["metrics"]["completion_any"]["mean"]
    assert f"Expect about {100 * full:.0f} of every 100 coaching cycles to happen" in text
    assert data["limits"] in text
    assert data["code"] in text


def test_simulate_writes_every_year_s_log(cli: Cli, school: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    code, _, _ = cli("simulate", school, "--replications", 3, "--log", tmp_path / "logs")
    assert code == 0
    frame = pandas.read_parquet(tmp_path / "logs" / "events.parquet")
    assert sorted(frame["replication"].unique()) == [0, 1, 2]
    assert (frame["event"] == "due").sum() == 3 * 2 * 7 - (frame["event"] == "paused").sum()


def test_a_plan_against_itself_differs_by_nothing(cli: Cli, school: Path) -> None:
    path = school / "timetabled.toml"
    code, out, _ = cli("compare", path, path, "--replications", 10, "--json")
    arm = json.loads(out)["arms"][0]
    assert code == 0
    assert all(d["mean"] in (0, None) for d in arm["differences"].values())
    assert arm["weeks"] == []
    assert arm["changes"] == {}


def test_compare_lists_the_weeks_and_why(cli: Cli, school: Path) -> None:
    code, out, _ = cli(
        "compare", school / "timetabled.toml", "--set", "plan.slots.E1.reserve=1Thu:5+2Thu:5",
        "--replications", 20, "--json",
    )  # fmt: skip
    arm = json.loads(out)["arms"][0]
    assert code == 0
    assert arm["changes"] == {"plan.slots.E1.reserve": [[], ["1Thu:5", "2Thu:5"]]}
    assert arm["differences"]["completion_any"]["mean"] > 0
    assert all(w["because"] for w in arm["weeks"])


def test_compare_needs_two_sides_of_one_school(cli: Cli, school: Path) -> None:
    assert cli("compare", school)[0] == 2
    code, out, err = cli("compare", school, "quiet")
    assert (code, out) == (2, "")
    assert "other pairs" in err


def test_story_and_versus(cli: Cli, school: Path) -> None:
    code, out, _ = cli("story", school, "--pair", "E2")
    assert code == 0
    assert "E2" in out
    code, out, _ = cli(
        "story", school, "--pair", "E2", "--versus", school / "timetabled.toml", "--json"
    )
    assert code == 0
    assert json.loads(out)["sentences"]
    assert cli("story", school, "--pair", "E7")[0] == 2


def test_audit_needs_no_dice(cli: Cli, school: Path) -> None:
    code, out, _ = cli("audit", school / "timetabled.toml", "--json")
    assert code == 0
    assert json.loads(out)
    assert "E1" in cli("audit", school / "timetabled.toml")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "nosuch"),
        ("simulate", "quiet", "--replications", "0"),
        ("simulate", "quiet", "--replications", "nan"),
        ("simulate", "quiet", "--seed", "-1"),
        ("simulate", "quiet", "--set", "plan.horizn=1"),
        ("simulate", "quiet", "--set", "plan.horizon"),
        ("simulate", "quiet", "--wrong"),
        ("simulate",),
        ("simulat", "quiet"),
        ("story", "quiet", "--pair", "nobody"),
        ("import", "/nowhere/at/all.csv", "--to", "/tmp/never"),
        ("audit", "e1-2021-x0123456789-found_time-s1"),
        ("slots", "quiet", "--nothing"),
    ],
)
def test_wrong_input_is_one_line_and_exit_two(cli: Cli, arguments: tuple[str, ...]) -> None:
    code, out, err = cli(*arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_a_bug_is_not_called_a_wrong_input(
    cli: Cli, school: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("ectsim.analysis.result_dict", broken)
    code, _, err = cli("simulate", school, "--replications", 1)
    assert code == 1
    assert "this is a bug in ectsim" in err


def test_stopping_says_so(cli: Cli, school: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ectsim.experiment.run_chunk", stopped)
    code, out, err = cli("simulate", school, "--replications", 1)
    assert (code, out) == (130, "")
    assert "stopped" in err


def test_help_names_every_command(cli: Cli) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    for command in ("import", "simulate", "compare", "story", "audit", "bench"):
        assert command in out


def test_the_installed_command_runs_in_a_console_that_shows_only_ascii(school: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ectsim.cli import main; main()", "simulate", str(school), "--replications", "2"],
        capture_output=True, check=True, env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )  # fmt: skip
    assert b"coaching cycles" in done.stdout


# --- presets and the real school ----------------------------------------------------------------


def difference(cli: Cli, *arguments: object) -> dict[str, Any]:
    _, out, _ = cli("compare", *arguments, "--replications", 60, "--json")
    found: dict[str, Any] = json.loads(out)["arms"][0]["differences"]
    return found


@pytest.mark.parametrize("metric", ["completion_full", "completion_any"])
def test_found_time_stays_ten_points_below_timetabled_in_the_sample_school(
    cli: Cli, metric: str
) -> None:
    found = difference(cli, "default", "--set", "plan.preset=timetabled")[metric]
    assert found["mean"] >= 0.10
    assert found["lo"] > 0.05


def test_quiet_is_full_and_on_time(cli: Cli) -> None:
    data = json.loads(cli("simulate", "quiet", "--replications", 5, "--json")[1])
    assert data["ledger_total"]["on_time"] == data["due_total"]
    assert data["metrics"]["completion_full"]["mean"] == 1.0


def test_no_slot_and_no_flex_is_nothing(cli: Cli) -> None:
    nothing = (
        "--set",
        "plan.preset=timetabled",
        "--set",
        "plan.recovery=[]",
        "--set",
        "plan.before_after=false",
    )
    slots = [arg for i in range(1, 6) for arg in ("--set", f"plan.slots.{ect(i)}=")]
    data = json.loads(
        cli("simulate", "default", *nothing, *slots, "--replications", 3, "--json")[1]
    )
    assert data["ledger_total"]["no_slot"] + data["ledger_total"]["paused"] == data["due_total"]


def ect(number: int) -> str:
    from ectsim.scenario import load

    return load("default").school.pairs[number - 1].id


def test_codes_of_presets_are_short(cli: Cli) -> None:
    for name in ("default", "quiet"):
        code = json.loads(cli("simulate", name, "--replications", 1, "--json")[1])["code"]
        assert len(code) <= 120


@pytest.mark.real
def test_the_main_job_on_the_real_school(cli: Cli, real_data: Path, tmp_path: Path) -> None:
    to = tmp_path / "school"
    tables = real_data / "timetables"
    code, out, _ = cli(
        "import", tables / "sims_staff_timetable.csv", "--roster", tables / "sims_roster.csv",
        "--calendar", real_data / "calendars" / "staffordshire_2025-26.csv", "--to", to,
    )  # fmt: skip
    assert code == 0
    for words in (
        "96 staff", "3,747 filled cells", "3,100 lessons", "190 pupil days in 39 weeks",
        "T089/T010 have no common free period among 1 to 5 in week 1",
        "T054/T021 have no common free period among 1 to 5 in week 2",
    ):  # fmt: skip
        assert words in out
    data = json.loads(cli("simulate", to / "scenario.toml", "--replications", 20, "--json")[1])
    assert data["due"] == 172
    assert sum(data["ledger_total"].values()) == data["due_total"] == 20 * 172
    found = difference(cli, to / "scenario.toml", to / "timetabled.toml")
    for metric in ("completion_full", "completion_any"):
        assert found[metric]["mean"] >= 0.10
        assert found[metric]["lo"] > 0.05


def test_the_banner_stands_in_json_and_in_a_story(capsys: pytest.CaptureFixture[str]) -> None:
    from ectsim.cli import run

    gives_up = ["--set", "plan.model=false", "--seed", "1"]
    assert (
        run(["simulate", "quiet", "--replications", "1", "--workers", "1", "--json", *gives_up])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert "the mentor's model" in found["banner"]
    assert found["banner"] in found["warnings"]
    assert run(["story", "quiet", *gives_up]) == 0
    assert "the mentor's model" in capsys.readouterr().out.splitlines()[0]
    assert run(["story", "quiet", "--seed", "1"]) == 0
    assert "gives up" not in capsys.readouterr().out
