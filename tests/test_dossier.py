"""The dossier: filled from code, stopped by what is missing, the same hash everywhere."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ectsim
from ectsim import analysis, cli, dossier, experiment, laws, scenario
from ectsim.errors import InputError
from ectsim.register import numbers

CHECKOUT = Path(__file__).resolve().parents[1]
NUMBERS = ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2", "3.3", "3.4",
           "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1"]  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dossier.Dossier:
    return dossier.build(seed=1, replications=2, law_years=1)


@pytest.fixture(scope="module")
def base() -> scenario.Scenario:
    return scenario.load("default")


# the items


def test_all_twenty_items_are_there_and_filled(base: scenario.Scenario) -> None:
    filled = dossier.items(base)
    assert [i["number"] for i in filled] == NUMBERS == list(dossier.ITEMS)
    for item in filled:
        assert item["title"]
        assert item["asks"].endswith(".")
        for block in item["blocks"]:
            assert block.get("lines") or block.get("rows") or block.get("nodes") or block.get("shell") or block.get("words")  # fmt: skip


DOCSTRINGS = {
    "1.1": "ectsim.plan", "1.2": "ectsim.metrics", "2.1": "ectsim.model.bookings",
    "2.2": "ectsim.model.cover", "2.3": "ectsim.plan:Plan", "2.4": "ectsim.model.diary:write_diary",
    "2.5": "ectsim.model.year:Mentor", "3.2": "ectsim.school:assume_ppa", "3.3": "ectsim.register",
    "4.1": "ectsim.model.year:Carried", "4.2": "ectsim.model.frame:Window",
    "4.3": "ectsim.analysis:verdict", "5.2": "ectsim.luck:stable_seed",
    "5.3": "ectsim.experiment:run_packed", "5.4": "ectsim.bench", "1.3": "ectsim.cli:stress",
}  # fmt: skip
"""Of each item that rests on docstrings, one of them."""


@pytest.mark.parametrize("number", DOCSTRINGS)
def test_a_docstring_that_is_deleted_stops_it_and_names_the_item(
    number: str, base: scenario.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = DOCSTRINGS[number].partition(":")
    thing = importlib.import_module(module)
    monkeypatch.setattr(getattr(thing, name) if name else thing, "__doc__", None)
    item = dossier.ITEMS[number]
    with pytest.raises(InputError) as error:
        dossier.items(base)
    words = str(error.value)
    # a docstring that several items need is missed by the first of them
    first = re.search(r"item (\d\.\d), (.+), is empty: (.+) has no docstring", words)
    assert first, words
    assert NUMBERS.index(first[1]) <= NUMBERS.index(number)
    with pytest.raises(dossier._Empty):
        list(item.fill(base))
    assert name.rpartition(".")[2] in words or module in words


def test_an_empty_table_stops_it(base: scenario.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossier, "evidence", lambda: ())
    with pytest.raises(InputError, match=r"item 3\.1, Data sources, is empty: the table 'Published figures' has no rows"):  # fmt: skip
        dossier.items(base)


def test_the_tables_come_from_the_registers(base: scenario.Scenario) -> None:
    filled = {i["number"]: i["blocks"] for i in dossier.items(base)}
    table = {b["caption"]: b["rows"] for b in filled["3.3"] if b["kind"] == "table"}
    assert [r[0] for r in table["Numbers and choices"]] == [n.name for n in numbers()]
    from ectsim.log import EVENTS

    told = next(b["rows"] for b in filled["2.2"] if b["kind"] == "table")
    assert [r[0] for r in told] == list(EVENTS)
    assert dict(map(tuple, told))["bell"] == "the meeting was cut; value: minutes that were missing"


def test_the_diagram_is_read_from_the_imports(base: scenario.Scenario) -> None:
    (diagram,) = (b for b in dossier.items(base)[3]["blocks"] if b["kind"] == "diagram")
    floor = {n["name"]: n["floor"] for n in diagram["nodes"]}
    assert all(floor[a] > floor[b] for a, b in diagram["arrows"])
    assert ["cover", "diary"] in diagram["arrows"]
    assert "scenario" not in dossier._uses("ectsim.model.frame"), "needed for types only"


# what stops it


def test_an_empty_item_is_exit_2_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.import_module("ectsim.model.cover"), "__doc__", "")
    assert cli.run(["dossier", "--to", str(tmp_path / "d"), "--workers", "1"]) == 2
    said = capsys.readouterr().err
    assert "item 2.1, Overview, is empty: ectsim.model.cover has no docstring" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "d").exists()


def test_a_broken_law_is_exit_1_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet = laws.LAWS["quiet"]
    monkeypatch.setattr(laws, "LAWS", {"quiet": quiet})
    monkeypatch.setattr(laws, "_entries", lambda s, seed, k: laws.ledger.ledger(laws._live(scenario.load("abdi"), seed, k).log, scenario.load("abdi")))  # fmt: skip
    assert cli.run(["dossier", "--to", str(tmp_path / "d"), "--workers", "1"]) == 1
    said = capsys.readouterr().err
    assert "a law of the model is broken: quiet (" in said
    assert "Traceback" not in said
    assert not (tmp_path / "d").exists()


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "d").write_text("")
    assert cli.run(["dossier", "--to", str(tmp_path / "d")]) == 2
    assert "this is no folder" in capsys.readouterr().err


# what is computed


def test_the_arms_are_reported_with_intervals_met_or_not(found: dossier.Dossier) -> None:
    targets = {t["id"]: t for t in found.content["validation"]["targets"]}
    page, text = found.html(), found.markdown()
    for name, figure in (("arm_1", "E2-01"), ("arm_2", "E2-02")):
        arm, target = found.content["validation"]["arms"][name], targets[figure]
        assert target["met"] in (True, False)
        assert arm["lo"] < arm["mean"] < arm["hi"]
        verdict = f"{target['kind']}, {'met' if target['met'] else 'missed'}"
        for told in (page, text):
            assert verdict in told
            assert f"{100 * arm['mean']:.1f}\N{NO-BREAK SPACE}%" in told
            assert arm["code"] in told
    missed = [t for t in targets.values() if t["met"] is False]
    assert all(any(t["id"] in line for line in found.content["limits"]) for t in missed)


def test_a_printed_number_is_computed_again_from_its_code(found: dossier.Dossier) -> None:
    for plan in found.content["precision"]:
        again, seed = scenario.parse_code(plan["code"])
        results = experiment.replicate(again, seed=seed, replications=2)
        for m in plan["metrics"]:
            e = analysis.estimate(results.metric(m["name"]))
            assert m["mean"] == (None if e.n == 0 else e.mean)
        assert plan["ledger_total"] == {k: v for k, v in results.ledger_total.items() if v}
        assert plan["code"] in plan["command"]
        compile(plan["python"], "dossier", "exec")
    arm = found.content["validation"]["arms"]["arm_2"]
    again, seed = scenario.parse_code(arm["code"])
    logged = experiment.replicate(again, seed=seed, replications=2).metric("logged_any")
    assert arm["mean"] == analysis.estimate(logged).mean


def test_replications_needed_follow_the_half_width(found: dossier.Dossier) -> None:
    for m in found.content["precision"][0]["metrics"]:
        if m["needed"] is not None and m["half"] > 0.02:
            assert m["needed"] >= m["n"]
            assert m["half"] / (m["needed"] / m["n"]) ** 0.5 <= 0.02 + 1e-9


def test_time_machine_and_workers_are_not_hashed(found: dossier.Dossier) -> None:
    other = dossier.Dossier(found.content, {"machine": "another", "workers": 64, "seconds": 1.0})
    assert other.digest == found.digest
    assert found.to_dict()["sha256"] == found.digest
    text = json.dumps(found.content)
    assert str(CHECKOUT) not in text
    assert str(Path.home()) not in text
    assert found.run["written"] not in text
    assert {"seconds", "workers", "machine"} <= set(found.run)
    changed = {**found.content, "seed": 2}
    assert dossier.Dossier(changed).digest != found.digest


def test_hashes_of_code_and_data_do_not_depend_on_the_place(tmp_path: Path) -> None:
    one, two = tmp_path / "a checkout", tmp_path / "zweites Café"
    for place in (one, two):
        shutil.copytree(Path(ectsim.__file__).parent / "model", place / "model", ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    (two / "model" / "__pycache__").mkdir()
    (two / "model" / "__pycache__" / "x.py").write_text("")
    for file in (two / "model").glob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    known = dossier._tree(one, ("__pycache__",))
    assert dossier._tree(two, ("__pycache__",)) == known
    with (two / "model" / "cover.py").open("a") as file:
        file.write("#")
    assert dossier._tree(two, ("__pycache__",)) != known


@pytest.mark.deep
def test_two_checkouts_give_equal_hashes(tmp_path: Path) -> None:
    digests = []
    for name, workers in (("one", "1"), ("zwei mit Café", "2")):
        place = tmp_path / name
        for folder in ("ectsim", "data"):
            shutil.copytree(CHECKOUT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
        command = [sys.executable, "-m", "ectsim", "dossier", "--to", str(place / "out"), "--replications", "4", "--workers", workers]  # fmt: skip
        subprocess.run(command, check=True, cwd=place, env={"PYTHONPATH": str(place), "PATH": "/usr/bin:/bin"})  # fmt: skip
        digests.append(json.loads((place / "out" / "dossier.json").read_text(encoding="utf-8"))["sha256"])  # fmt: skip
    assert digests[0] == digests[1]


# the page


def test_the_page_stands_alone(found: dossier.Dossier) -> None:
    page = found.html()
    assert "<script" not in page
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page)
    assert "url(http" not in page
    assert "default-src 'none'" in page
    assert len(page.encode()) < 400_000
    assert page.count("<table") == page.count("<caption>")
    for number in NUMBERS:
        assert f'id="item-{number}"' in page
        assert f'href="#item-{number}"' in page
    assert found.digest in page
    assert "nobody is scored or ranked" in page


def test_the_text_is_escaped(found: dossier.Dossier) -> None:
    content: dict[str, Any] = {**found.content, "limits": ["<img src=x onerror=1> `<b>`"]}
    page = dossier.Dossier(content, found.run).html()
    assert "<img" not in page
    assert "<code>&lt;b&gt;</code>" in page


def test_the_markdown_has_every_item_and_table(found: dossier.Dossier) -> None:
    text = found.markdown()
    for item in found.content["items"]:
        assert f"### {item['number']} {item['title']}" in text
    for row in re.findall(r"^\|.*$", text, re.MULTILINE):
        assert row.endswith("|")
    assert found.digest in text


def test_files_are_written_whole(found: dossier.Dossier, tmp_path: Path) -> None:
    files = found.write(tmp_path / "out")
    assert sorted(f.name for f in files) == ["dossier.html", "dossier.json", "dossier.md"]
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == sorted(f.name for f in files)
    assert json.loads(files[2].read_text(encoding="utf-8"))["sha256"] == found.digest
