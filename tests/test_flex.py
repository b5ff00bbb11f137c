"""Tight but loose: a tight part given up is said everywhere; a loose option never changes what is full."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ectsim import cli
from ectsim.content import flex
from ectsim.errors import InputError
from ectsim.ledger import ledger
from ectsim.log import CAUSE_CODE, EVENT_CODE, FORM_CODE, EventLog
from ectsim.plan import Plan
from ectsim.programme import Programme
from ectsim.scenario import load
from tests.builders import tiny_scenario

TIGHT = [f for f in flex() if f.tight and f.plan_field]
LOOSE = [f for f in flex() if not f.tight]
PARTS = {f.id: f.part for f in flex() if f.tight}


# tight


def test_five_tight_parts_can_be_given_up_and_the_sixth_has_no_switch():
    assert [f.id for f in TIGHT] == ["study_gate", "model", "second_rehearsal", "cadence", "visit"]
    assert set(PARTS) - {f.id for f in TIGHT} == {"one_step"}


@pytest.mark.parametrize("f", TIGHT, ids=lambda f: f.id)
def test_what_is_given_up_follows_from_the_table(f):
    assert Plan.model_validate({f.plan_field: f.plan_value}).given_up == (f.part,)
    assert Plan.model_validate({f.plan_field: f.default}).given_up == ()


@pytest.mark.parametrize(
    ("values", "lost"),
    [
        ({"reps": 0}, ("second_rehearsal",)),
        ({"reps": 3}, ()),
        ({"cadence": 4}, ("cadence",)),
        ({"gate": "postpone"}, ()),
        ({"observe": False, "video": True}, ()),
        ({"observe": False, "model": False}, ("model", "visit")),
    ],
)  # fmt: skip
def test_farther_is_given_up_too_and_a_loose_option_may_do_the_same(values, lost):
    assert set(Plan.model_validate(values).given_up) == {PARTS[i] for i in lost}


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [("min_reps", 1, "second_rehearsal"), ("period_weeks_y1", 2, "cadence"), ("period_weeks_y2", 4, "cadence")],
)  # fmt: skip
def test_a_regime_cannot_leave_one_out_in_silence(name, value, part):
    plain = tiny_scenario()
    assert plain.banner == ""
    assert PARTS[part] in plain.with_changes({f"programme.coaching.{name}": value}).banner


def test_the_regimes_that_ship_give_up_nothing():
    for name in ("2021", "2025"):
        assert Programme.preset(name).given_up == ()


@pytest.mark.parametrize(
    "words",
    [
        ["simulate", "quiet", "--replications", "1", "--workers", "1"],
        ["compare", "quiet", "--replications", "1", "--workers", "1", "--set", "plan.horizon=2"],
        ["story", "quiet"],
        ["audit", "quiet"],
        ["slots", "quiet"],
    ],
    ids=lambda w: w[0],
)  # fmt: skip
def test_every_output_says_it(words, capsys, tmp_path):
    path = tmp_path / "gives_up.toml"
    path.write_text('preset = "quiet"\n[plan]\nmodel = false\n')
    words = [str(path) if w == "quiet" else w for w in words]
    assert cli.run(words) == 0
    assert PARTS["model"] in "\n".join(capsys.readouterr().out.splitlines()[:3])
    assert cli.run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert PARTS["model"] in found.get("banner", found.get("base", {}).get("banner", ""))


def test_a_log_carries_it(tmp_path, capsys):
    assert cli.run(["simulate", "quiet", "--replications", "1", "--workers", "1", "--set", "plan.reps=1",
                    "--log", str(tmp_path)]) == 0  # fmt: skip
    capsys.readouterr()
    frame = pd.read_parquet(Path(tmp_path) / "events.parquet")
    assert PARTS["second_rehearsal"] in frame.attrs["banner"]
    assert frame.attrs["code"].startswith("e1-2021-quiet")


# loose


def test_fourteen_options_and_each_is_held_by_a_plan_or_by_a_parameter_or_said():
    assert len(LOOSE) == 14
    without = {f.id for f in LOOSE if not f.plan_field and not f.parameter}
    assert without == {"fuller_record", "mentor_chooses"}, "a record of more, and the rule itself"
    programme = Programme()
    for f in LOOSE:
        if f.parameter:
            value: object = programme
            for name in f.parameter.split(".")[1:]:
                value = getattr(value, name)
            assert isinstance(value, int | float)
            assert value >= float(f.off)


HELD = ("praise", "share", "model", "analyse", "practise", "practise")
LOGS = {
    "full": HELD,
    "no model": tuple(p for p in HELD if p != "model"),
    "one rehearsal": HELD[:-1],
    "nothing": (),
}


def booked(changes: dict[str, object], phases: tuple[str, ...], seen: str = "live") -> str:
    scenario = tiny_scenario().with_changes(changes)
    rows = [(0, EVENT_CODE["due"], 0, 0, 0, 0, 0, 0)]
    rows.append((10, EVENT_CODE["meeting"], 0, 0, 45, 0, FORM_CODE["planned"], 0))
    rows.append((10, EVENT_CODE["step_chosen"], 0, 0, 3, CAUSE_CODE[""], FORM_CODE[seen], 0))
    rows += [(11 + i, EVENT_CODE[name], 0, 0, 4, 0, 0, 0) for i, name in enumerate(phases)]
    (entry,) = ledger(EventLog(rows, 100), scenario)
    return f"{entry.content} {entry.reason}"


@pytest.mark.parametrize("f", [f for f in LOOSE if f.plan_field or f.parameter], ids=lambda f: f.id)
def test_a_loose_option_never_changes_what_a_full_cycle_is(f):
    name = f.parameter or f"plan.{f.plan_field}"
    changes: list[dict[str, object]] = [{name: f.plan_value or f.off}]
    if f.parameter:
        changes.append({name: 1})
    for change in changes:
        assert tiny_scenario().with_changes(change).banner == ""
        for what, phases in LOGS.items():
            assert booked(change, phases) == booked({}, phases), what
        assert booked(change, HELD, seen="") == "partial no_observation"
        assert booked(change, HELD) == "full "


@pytest.mark.parametrize("f", [f for f in LOOSE if f.parameter], ids=lambda f: f.id)
def test_a_mask_reaches_options_that_no_plan_holds(f):
    base = load("quiet").with_changes({f.parameter: f.off})
    masked = base.with_changes({"programme.partner.disallowed": f.id})
    with pytest.raises(InputError, match=f"{f.id}.*ECF lead"):
        masked.with_changes({f.parameter: 1})
