"""Validation keeps its rule: one number fitted, nothing moved afterwards, a miss called a miss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ectsim import validation
from ectsim.content import evidence
from ectsim.register import numbers
from ectsim.validation import BAND_1, BAND_2, SLIP_RANGE, arm, design, fit, passing

RULE = Path(__file__).resolve().parents[1] / "docs" / "studies" / "validation.md"


def line(at_0: float, slope: float) -> Callable[[float], float]:
    return lambda slip: at_0 - slope * slip


@pytest.fixture(scope="module")
def found():
    return validation.validate(seed=5, replications=2, points=1)


# the arms


def test_the_arms_are_those_of_the_rule():
    text = RULE.read_text(encoding="utf-8")
    assert validation.HARD_SICKNESS == 6.9
    assert "= 6.9 days a teacher" in text
    one, two = arm(1, 0.25), arm(2, 0.25)
    assert (one.plan.name, two.plan.name) == ("found_time", "timetabled")
    assert two.plan.checkin_min > 0 == one.plan.checkin_min
    for a in (one, two):
        c = a.school.conditions
        assert a.origin == "default"
        assert (c.sickness_days, c.slip_found) == (6.9, 0.25)
        assert c.slip_before_after / 0.25 == pytest.approx(0.30 / 0.20)


def test_the_arms_change_nothing_else():
    """Every assumption keeps its middle: the arms differ from the sample by their plan and three numbers."""
    for which in (1, 2):
        for given, start in ((arm(which, 0.2), arm(which)), (arm(which, 0.3), arm(which))):
            changed = given.changes_from(start)
            assert set(changed) <= {"conditions.slip_found", "conditions.slip_before_after"}
    assert arm(1, 0.2).school.conditions == arm(1).school.conditions, "0.2 is the model's middle"
    plain = arm(1).changes_from(validation.scenarios.load("default"))
    assert {k for k in plain if not k.startswith("plan.")} == {"conditions.sickness_days"}


# the fit


@pytest.mark.parametrize(("at_0", "slope"), [(0.60, 0.8), (0.55, 0.6), (0.70, 0.9)])
def test_bisection_finds_the_value(at_0, slope):
    slip, reached = fit(line(at_0, slope))
    assert reached
    assert slip == pytest.approx((at_0 - 0.45) / slope, abs=validation.CLOSE)


def test_where_the_aim_is_out_of_reach_the_nearest_end_is_taken_and_said():
    assert fit(line(0.9, 0.1)) == (SLIP_RANGE[1], False)
    assert fit(line(0.3, 0.1)) == (SLIP_RANGE[0], False)


def test_the_values_that_pass():
    low, high = passing(line(0.60, 0.8)) or (0, 0)
    assert low == pytest.approx(0.125, abs=validation.CLOSE)
    assert high == pytest.approx(0.375, abs=validation.CLOSE)
    assert passing(line(0.45, 0.01)) == SLIP_RANGE
    assert passing(line(0.90, 0.01)) is None
    assert passing(line(0.20, 0.01)) is None


# what is assumed


def test_the_prior_design_is_a_latin_hypercube_over_every_assumption():
    points = design(3, 60)
    drawn = validation.assumed()
    assert len(drawn) > 50
    assert "conditions.slip_found" in points[0]
    assert "plan.cover.known_fill" in points[0]
    assert not {"programme.run_years", "conditions.independent", "conditions.sickness_days"} & set(points[0])  # fmt: skip
    for n in drawn:
        values = [p[n.name] for p in points]
        assert all(n.low <= v <= n.high for v in values), n.name
        if any(isinstance(v, float) for v in values):
            strips = sorted(int((v - n.low) / (n.high - n.low) * 60 * (1 - 1e-9)) for v in values)
            assert len(set(strips)) >= 58, n.name  # rounding may move one over an edge
        else:
            room = (
                int(n.high) - int(n.low) + 1
            )  # even over whole numbers, but for the edges of strips
            assert all(
                abs(values.count(v) - 60 / room) <= 2 for v in range(int(n.low), int(n.high) + 1)
            )
    assert design(3, 60) == points != design(4, 60)


def test_every_point_is_a_scenario():
    for changes in design(1, 8):
        for which in (1, 2):
            assert arm(which, None, changes).school.conditions.sickness_days == 6.9


# the result


def test_every_published_figure_has_a_row(found):
    assert [t["id"] for t in found["targets"]] == [f.id for f in evidence()]
    kinds = {"fitted", "predicted", "arithmetic", "input", "context", "not represented"}
    for t in found["targets"]:
        assert t["kind"] in kinds
        assert (t["met"] is None) == (t["kind"] in ("input", "context", "not represented"))
        assert t["words"]
        assert (t["model"] is None) == (t["met"] is None)
    assert sum(found["counts"].values()) == len(found["targets"])


def test_only_arm_1_is_fitted(found):
    by = {t["id"]: t for t in found["targets"]}
    assert [t["id"] for t in found["targets"] if t["kind"] == "fitted"] == ["E2-01"]
    assert by["E2-02"]["kind"] == by["E4-01"]["kind"] == by["E1-03"]["kind"] == "predicted"
    assert by["E5-10"]["kind"] == "arithmetic"
    assert by["E2-01"]["model"] == found["arms"]["arm_1"]["mean"]
    assert by["E2-02"]["model"] == found["arms"]["arm_2"]["mean"]


def test_met_means_within_the_band_and_a_miss_says_by_how_much(found):
    by = {t["id"]: t for t in found["targets"]}
    for name, band in (("E2-01", BAND_1), ("E2-02", BAND_2)):
        t = by[name]
        assert t["met"] == (band[0] <= t["model"] <= band[1])
        assert ("missed by" in t["words"]) != t["met"]
    assert by["E4-01"]["met"] == (by["E4-01"]["lo"] <= 0.618 <= by["E4-01"]["hi"])
    order = [by[i]["model"] for i in ("E1-04", "E1-03", "E1-05")]
    assert by["E1-03"]["met"] == (order == sorted(order, reverse=True))


def test_a_quick_look_says_so(found):
    assert not found["by_the_rule"]
    lines = validation.validation_lines(found)
    assert any(x.startswith("! A quick look") for x in lines)
    assert any("MISSED" in x for x in lines) == (found["counts"]["missed"] > 0)
    assert found["limits"] in lines[-1]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_an_input_names_what_it_goes_into(found):
    known = {n.name for n in numbers()}
    used = [t for t in found["targets"] if t["kind"] == "input"]
    assert len(used) > 15
    for t in used:
        names = re.sub("^goes into ", "", t["words"]).split(", ")
        assert all(n in known or n.startswith("data/") for n in names), t["words"]
