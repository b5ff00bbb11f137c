"""Several schools' logs at once."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from ectsim.calibrate import PRIORS, Log, ranges
from ectsim.cli import run
from ectsim.errors import InputError
from ectsim.experiments.partners import Groups, coverage, forecast, groups
from ectsim.experiments.partners import _draw as draw
from ectsim.folder import school_files
from ectsim.scenario import Scenario
from tests.builders import tiny_calendar, tiny_plan, tiny_scenario, tiny_school

WEEKS = 12


@lru_cache(maxsize=1)
def small() -> Scenario:
    school = tiny_school(2, staff=2, calendar=tiny_calendar(WEEKS, breaks={6: 1}))
    return tiny_scenario(school, tiny_plan(preset="found_time"))


@lru_cache(maxsize=1)
def lived() -> Groups:
    return groups([small()] * 3, count=64)


def logs_of(found: Groups, i: int, weeks: int) -> list[Log]:
    return [
        Log({w: (int(a), int(b), int(m)) for w, (a, b, m) in enumerate(c[i].T[:weeks])})
        for c in found.counts
    ]


def test_a_school_s_prior_stays_even_and_schools_are_alike_as_drawn() -> None:
    drawn = [draw(1, i, 2) for i in range(1500)]
    j = PRIORS.index("conditions.slip_found")
    low, high = ranges()[j]
    u = (np.array([[row[j] for row in rates] for _, rates in drawn]) - low) / (high - low)
    for edge in (0.1, 0.5, 0.9):
        assert (u < edge).mean() == pytest.approx(edge, abs=0.03)
    alike = np.array([a for a, _ in drawn])
    for few, many in ((0.0, 0.2), (0.8, 1.0)):
        mine = u[(alike >= few) & (alike <= many)]
        assert np.corrcoef(mine.T)[0, 1] == pytest.approx((few + many) / 2, abs=0.12)


def test_groups_are_the_same_however_many_are_asked_for() -> None:
    few = groups([small()] * 3, count=2)
    assert (few.rates == lived().rates[:2]).all()
    assert all((a == b[:2]).all() for a, b in zip(few.counts, lived().counts, strict=True))


def test_bad_and_good_years_are_told_apart_and_intervals_narrow() -> None:
    found = lived()
    ends = sum(c[:, 2].sum(1) for c in found.counts)
    worst, best = int(ends.argmin()), int(ends.argmax())
    told = {
        i: forecast(found.scenarios, logs_of(found, i, 8), found=found.without(i))
        for i in (worst, best)
    }
    assert told[worst].mean < told[best].mean
    early = forecast(found.scenarios, logs_of(found, best, 3), found=found.without(best))
    assert told[best].hi - told[best].lo < early.hi - early.lo
    for f in told.values():
        assert f.lo <= f.mean <= f.hi
        assert f.due == sum(s.due for s in f.schools)
        # no school's year is forecast to hold less than it has held
        assert all(s.lo >= s.met_so_far / s.due - 1e-9 for s in f.schools)


def test_most_truths_are_covered() -> None:
    (row,) = coverage(lived(), after=(6,), most=40)
    assert row.covered >= 34
    assert row.schools_covered >= 102
    assert row.rates_covered > 0.8


def test_too_few_and_too_many_are_refused() -> None:
    log = logs_of(lived(), 0, 4)[0]
    with pytest.raises(InputError, match="1 logs cannot be read together"):
        forecast([small()], [log])
    with pytest.raises(InputError, match="10 simulated groups are too few"):
        forecast([small()] * 2, [log] * 2, count=10)


def test_the_command_takes_several_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "school"
    folder.mkdir()
    for name, text in school_files(small().school).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "scenario.toml").write_text(small().to_toml("."), encoding="utf-8")
    paths = []
    for i, met in enumerate((2, 0)):
        path = tmp_path / f"log{i}.csv"
        rows = "".join(f"{w},2,{met},{met}\n" for w in range(2, 7))
        path.write_text(f"week,due,observed,met\n{rows}x,1,1,1\n", encoding="utf-8")
        paths.append(str(path))
    words = ["forecast", str(folder), *paths, "--replications", "60", "--workers", "1"]
    assert run([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [s["log"] for s in data["schools"]] == ["log0.csv", "log1.csv"]
    good, bad = (s["year_end"]["mean"] for s in data["schools"])
    assert good > data["year_end"]["mean"] > bad
    assert len(data["skipped"]) == 2
    assert run([*words, "--plan", str(folder)]) == 2
    assert "1 plans do not belong to 2 logs" in capsys.readouterr().err
