"""A school's log: what is read of it, what is learnt, and whether the year's end is covered."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectsim.calibrate import (
    PRIORS,
    Log,
    Particles,
    coverage,
    forecast,
    particles,
    read_log,
    weekly,
)
from ectsim.cli import run
from ectsim.errors import InputError
from ectsim.folder import school_files
from ectsim.model.year import live
from ectsim.scenario import Scenario, load
from tests.builders import tiny_calendar, tiny_plan, tiny_scenario, tiny_school

WEEKS = 12
HEAD = "week,due,observed,met\n"


@lru_cache(maxsize=1)
def small() -> Scenario:
    """A small school whose pairs find time."""
    school = tiny_school(2, staff=2, calendar=tiny_calendar(WEEKS, breaks={6: 1}))
    return tiny_scenario(school, tiny_plan(preset="found_time"))


@lru_cache(maxsize=1)
def lived() -> Particles:
    return particles(small(), years=180)


def log_of(counts: np.ndarray[Any, Any], weeks: int) -> Log:
    return Log({w: tuple(int(x) for x in counts[:, w]) for w in range(weeks)})  # type: ignore[misc]


# --- reading ----------------------------------------------------------------------------------


def test_numbers_dates_and_rows_of_pairs() -> None:
    text = HEAD + "2,2,1,1\n2025-09-17,2,2,1\n3,1,0,1\n"
    assert read_log(text, small()).weeks == {1: (2, 1, 1), 2: (3, 2, 2)}
    semicolons = "\ufeffMet;week;due;observed;step\n1;2;2;0;12\n"
    assert read_log(semicolons, small()).weeks == {1: (2, 0, 1)}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("Maria Smith,2,1,1", "line 3: week is neither"),
        ("0,2,1,1", "line 3: week is not between 1 and 12"),
        ("13,2,1,1", "line 3: week is not between 1 and 12"),
        ("2025-12-25,2,1,1", "line 3: week is a date outside"),
        ("3,two,1,1", "line 3: due is no whole number"),
        ("3,2,-1,1", "line 3: observed is no whole number"),
        ("3,2,1,1.5", "line 3: met is no whole number"),
        ("3,2,1", "line 3: has 3 cells"),
        ("3,999999,1,1", "line 3: due is no whole number from 0 to 1000"),
    ],
)
def test_bad_rows_are_listed_by_line_and_skipped_and_never_repeated(row: str, why: str) -> None:
    log = read_log(HEAD + f"2,2,1,1\n{row}\n4,2,2,2\n", small())
    assert log.weeks == {1: (2, 1, 1), 3: (2, 2, 2)}
    (said,) = log.bad
    assert said.startswith(why)
    assert "Maria" not in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column 'week'"),
        ("week,due,observed\n1,1,1\n", "no column 'met'"),
        ("week,due,observed,met,met\n", "more than one column 'met'"),
        ("week,due,observed,met,Maria Smith\n2,1,1,1,x\n", "column 5 is not one of"),
        (HEAD, "no week with due cycles"),
        (HEAD + "x,1,1,1\n", "no week with due cycles"),
        (HEAD + "2,1,1,3\n", "3 cycles are met and 1 are due"),
    ],
)
def test_a_log_that_cannot_be_used_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as told:
        read_log(text, small(), where="log.csv")
    assert "Maria" not in str(told.value)


# --- counting ---------------------------------------------------------------------------------


def test_weeks_add_up_to_the_year_s_log() -> None:
    counts = weekly(small(), 3, 0)
    events = [e for e in live(small(), 3, 0).log.to_frame().itertuples() if e.cycle >= 0]
    assert counts.shape == (3, WEEKS)
    for row, name in zip(counts, ("due", "observed", "meeting"), strict=True):
        assert row.sum() == sum(e.event == name for e in events)
    assert counts[0].tolist() == [0] + [2] * (WEEKS - 1)  # the first week is for contracting


def test_particles_are_the_same_anywhere_and_spread_over_the_priors() -> None:
    class Inline(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(fn(*args, **kwargs))
            return future

    here, there = particles(small(), years=12), particles(small(), years=12, executor=Inline())
    assert np.array_equal(here.counts, there.counts)
    assert np.array_equal(here.rates, lived().rates[:12])
    assert np.array_equal(here.counts[7], weekly(here.of(7), 1, 7))
    sick = lived().rates[:, PRIORS.index("conditions.sickness_days")]
    assert 4.1 <= sick.min() < 4.6
    assert 8.7 < sick.max() <= 9.3
    assert set(lived().rates[:, PRIORS.index("conditions.rearrangements")]) == {0, 1, 2, 3}


# --- forecasting ------------------------------------------------------------------------------


def told(weeks: int, met: int = 1) -> Any:
    rows = {w: (2 * (w > 0), met * (w > 0), met * (w > 0)) for w in range(weeks)}
    return forecast(small(), Log(rows), changes=False, found=lived())


def test_it_narrows_as_weeks_arrive_and_ends_at_the_log() -> None:
    widths = [f.hi - f.lo for f in map(told, (3, 6, 9, 12))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[2]
    end = told(12)
    assert (end.lo, end.mean, end.hi) == pytest.approx((0.5, 0.5, 0.5))


def test_a_worse_log_gives_a_worse_end_and_other_rates() -> None:
    bad, good = told(8, met=1), told(8, met=2)
    assert bad.mean < good.mean - 0.2
    slip = PRIORS.index("conditions.slip_found")
    assert bad.rates[slip].mean > good.rates[slip].mean
    assert all(r.low <= r.lo <= r.mean <= r.hi <= r.high for r in (*bad.rates, *good.rates))
    assert bad.scenario.school.conditions.slip_found == pytest.approx(
        bad.rates[slip].mean, abs=1e-3
    )


def test_a_log_outside_what_the_model_knows_is_said() -> None:
    rows = dict.fromkeys(range(1, 9), (2, 0, 0))
    found = forecast(small(), Log(rows), changes=False, found=lived())
    assert any("meetings held so far: 0%" in w for w in found.warnings)
    rows = dict.fromkeys(range(1, 9), (9, 4, 6))
    found = forecast(small(), Log(rows), changes=False, found=lived())
    assert any("check the roster" in w for w in found.warnings)


def test_changes_are_paired_over_the_weeks_to_come() -> None:
    found = particles(small(), years=60)
    rows = dict.fromkeys(range(1, 8), (2, 1, 1))
    out = forecast(small(), Log(rows), found=found)
    gains = [c.gain for c in out.changes]
    assert gains == sorted(gains, reverse=True)
    assert all(c.lo <= c.gain <= c.hi for c in out.changes)
    part = (out.due - out.log.due) / out.due
    assert max(gains) <= part  # more than all that is still due cannot be won
    assert any("slot in the timetable" in c.words for c in out.changes)


def test_the_interval_covers_the_truth_of_synthetic_schools() -> None:
    rows = coverage(small(), after=(4, 8), schools=30, years=180)
    assert all(r.covered >= 26 for r in rows)
    assert rows[1].width < rows[0].width
    assert rows[1].error < rows[0].error


@pytest.mark.deep
@pytest.mark.parametrize("plan", ["found_time", "timetabled"])
def test_coverage_in_a_hundred_schools(plan: str) -> None:
    """The figures of benchmarks/forecast.py; kept in docs/studies/forecast.md."""
    scenario = load("default").with_changes({"plan.preset": plan})
    rows = coverage(scenario, after=(4, 8, 13, 20, 26, 32))
    assert all(90 <= r.covered <= 99 for r in rows)
    widths = [r.width for r in rows]
    assert widths == sorted(widths, reverse=True)


def test_the_command_prints_one_object(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    school = tmp_path / "scenario.toml"
    for name, text in school_files(small().school).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    school.write_text(small().to_toml("."), encoding="utf-8")
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "2,2,1,1\n3,2,2,2\nSmith,1,1,1\n")
    base = ["forecast", str(school), str(path), "--workers", "1"]
    assert run([*base, "--replications", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["skipped"] == ["line 4: week is neither a number nor a date such as 2025-09-01"]
    assert 0 <= found["year_end"]["lo"] <= found["year_end"]["mean"] <= found["year_end"]["hi"] <= 1
    again = ["simulate", found["code"], "--school", str(tmp_path), "--replications", "1"]
    assert run([*again, "--workers", "1"]) == 0
    assert run([*base, "--replications", "5"]) == 2
    assert run(["forecast", str(school), str(tmp_path / "none.csv")]) == 2
    assert "Smith" not in capsys.readouterr().out
