"""Every number says where it comes from; every fact is represented, or it is said why not."""

from __future__ import annotations

import ast
import fnmatch
import importlib
import json
import re
from pathlib import Path

import pytest

from ectsim import register
from ectsim.content import constants, evidence, facts
from ectsim.errors import InputError
from ectsim.share import data_dir

CHECKOUT = Path(__file__).resolve().parents[1]
CEILING = 0
"""Facts that nothing represents yet. It may only fall; at 0 it is the rule."""

UNSEEN = 2
"""Facts of kind D without a control or display; as above."""

TECHNICAL = {
    # room in streams of draws, codes and widths: no result rests on them
    "PHASES", "MAX_REPS", "GUARANTEED", "AWAY_SICK", "AWAY_EVENT", "AWAY_TRIP", "MAX_SPELLS", "MAX_TRAININGS",
    "MAX_EVENTS", "TRAININGS_AT", "EVENTS_AT", "SUPPLY_AT", "ROOM", "TRIES", "ORDER", "CATCH_UP", "PICK",
    "PREFER", "DATES", "REPEAT", "DRAWS", "NEVER", "ECT", "MENTOR", "HOUR", "WIDTH",
    "PLACES", "REGISTRATION", "EMAIL", "FOLLOWED", "WEEK", "HELD_BACK",
}  # fmt: skip


# facts


def test_every_fact_is_there_once_and_in_order():
    assert [f.id for f in facts()] == [f"F{n:03d}" for n in range(1, 233)]
    assert len({f.words for f in facts()}) == 232
    assert all(len(f.words) <= 100 for f in facts())


@pytest.mark.parametrize("f", [f for f in facts() if f.claims], ids=lambda f: f.id)
def test_a_claim_names_a_thing_that_exists(f):
    assert [w for c in f.claims if (w := register.resolve(c, CHECKOUT))] == []


def test_facts_without_a_claim_are_counted(capsys):
    open_ = register.unclaimed()
    with capsys.disabled():
        print(f"\n{len(open_)} unclaimed facts: {' '.join(f.id for f in open_)}")
    assert all(f.reason for f in open_)
    assert len(open_) <= CEILING, "a fact lost what represented it"
    assert len(open_) == CEILING, "set the ceiling down to what is left"


def test_facts_to_see_or_choose_are_on_a_page_or_printed(capsys):
    dark = register.unseen()
    with capsys.disabled():
        print(f"\n{len(dark)} facts that nobody sees yet: {' '.join(f.id for f in dark)}")
    assert all(f.reason for f in dark)
    assert len(dark) <= UNSEEN, "a fact lost what showed it"
    assert len(dark) == UNSEEN, "set the ceiling down to what is left"


@pytest.mark.parametrize(
    "claim",
    ["conditions.slip_fond", "plan.slots", "ectsim.model.cover:alocate", "ectsim.nothing:x", "data/nothing.csv",
     "data/events.csv#ect_clinic_9", "metric:completion", "event:nodded", "bin:nowhere", "command:fly",
     "tests/test_register.py::test_nothing", "tests/test_nothing.py::test_x", "page:coordinator",
     "page:mentor/colour", "page:pupil/plan.video",
     "ectsim.school:Pair.colour"],
)  # fmt: skip
def test_a_claim_on_nothing_is_seen(claim):
    assert register.resolve(claim, CHECKOUT)


def test_every_fact_of_kind_l_is_taught_and_the_register_says_where(monkeypatch):
    assert register.untaught() == ()
    data = register.register_dict()
    assert len(data["lessons"]) == sum("L" in f.kinds for f in facts()) == 34
    assert all(places for places in data["lessons"].values())
    monkeypatch.setattr(register, "_first_cells", lambda name: frozenset({"F001"}))
    assert len(register.untaught()) == 33


def test_a_fact_without_claim_or_reason_is_refused(tmp_path):
    (tmp_path / "facts.csv").write_text("id,kinds,words,claims,reason\nF001,PL,two years,,\n")
    with pytest.raises(InputError, match="line 2, reason: it is empty"):
        facts(tmp_path)


# numbers


def test_every_number_has_a_unit_a_status_a_source_or_a_range_and_a_date():
    published = {f.id for f in evidence()}
    for n in register.numbers():
        assert n.status in ("source", "derived", "external", "assumption"), n.name
        assert re.search(r"\d{4}|standing|no year", n.as_of), n.name
        assert n.words, n.name
        ids = n.source.split()
        assert all(re.fullmatch(r"F\d{3}|A13-\d+|E\d-\d\d", i) for i in ids), n.name
        assert all(i in published for i in ids if i.startswith("E")), n.name
        if n.status != "assumption":
            assert ids, n.name
        elif type(n.value) in (int, float):
            assert n.low is not None, n.name
            assert n.high is not None, n.name
            assert n.low <= n.value <= n.high, n.name


def test_a_number_in_the_register_is_the_number_of_the_model():
    by_name = {n.name: n for n in register.numbers()}
    assert by_name["conditions.slip_found"].value == 0.20
    assert (by_name["conditions.slip_found"].low, by_name["conditions.slip_found"].high) == (
        0.05,
        0.40,
    )
    assert by_name["programme.coaching.praise_min"].low == 2
    assert by_name["conditions.sickness_days"].as_of == "2024/25"
    assert by_name["programme.study.modules"].as_of == "2024-08-31"
    assert by_name["ectsim.model.frame:SPLIT_MIN"].value == 30


def _numeric(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(map(_numeric, node.elts))
    if isinstance(node, ast.BinOp):
        return _numeric(node.left) or _numeric(node.right)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def test_every_number_in_the_code_of_the_model_is_registered():
    known = {c.name for c in constants()}
    found = set()
    for path in [*(CHECKOUT / "ectsim/model").glob("*.py"), *(CHECKOUT / "ectsim" / f"{n}.py" for n in ("audit", "metrics", "analysis"))]:  # fmt: skip
        module = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.Assign) or not _numeric(node.value):
                continue
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                found |= {f"{module}:{n.id}" for n in names if n.id not in TECHNICAL}
    assert found == known


def test_every_file_of_data_has_a_status():
    rows = register.register_dict()["tables"]
    patterns = [r["files"] for r in rows]
    files = [
        p.relative_to(data_dir()).as_posix() for p in data_dir().rglob("*") if p.suffix in (".csv", ".toml", ".md", ".json")
    ]  # fmt: skip
    assert len(files) > 30
    for name in files:
        assert any(fnmatch.fnmatch(name, p) for p in patterns), f"{name} has no row in status.csv"
    for p in patterns:
        assert any(fnmatch.fnmatch(name, p) for name in files), f"status.csv: {p} is no file"
    assert {r["status"] for r in rows} <= {"source", "derived", "external", "assumption"}


# the command


def test_the_command_prints_the_whole_register(capsys):
    cli = importlib.import_module("ectsim.cli")
    assert cli.run(["register", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["numbers"]) == len(register.numbers()) == sum(data["statuses"].values())
    assert data["facts_counted"] - data["facts_claimed"] == len(data["unclaimed"])
    assert cli.run(["register"]) == 0
    text = capsys.readouterr().out
    assert "conditions.slip_found" in text
    assert f"{len(data['unclaimed'])} unclaimed" in text
    assert "34 facts that a lesson must teach, 34 of them taught" in text
