"""What an experiment hands over: tables that add up, pictures that stand alone, nothing that runs."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from ectsim.cli import run
from ectsim.experiments.designs import Design
from ectsim.experiments.effects import effects
from ectsim.experiments.reporting import charts, csv_text, keep, lines, result_dict, summary_rows
from ectsim.experiments.store import Store
from ectsim.exports.picture import page, svg
from tests.experiments.conftest import noise, planted

Make = Callable[..., Design]
KINDS = ["factorial", "one_at_a_time", "latin_hypercube", "morris", "sobol"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_chart_with_a_sentence_and_a_table(small: Make, kind: str) -> None:
    x = planted(small(kind=kind, points=8), lambda v, r: 0.4 + 0.1 * v["plan.horizon"] + noise(r) / 90)  # fmt: skip
    rows = effects(x)
    drawn = charts(x, rows)
    assert list(drawn) == list(x.design.metrics)
    for metric, chart in drawn.items():
        assert "plan.horizon matters most" in chart["title"]
        assert len(chart["table"]["rows"]) == sum(e.metric == metric for e in rows)
        root = ET.fromstring(svg(chart))
        assert root.attrib["role"] == "img"
        words = " ".join("".join(t.itertext()) for t in root.iter() if t.tag.endswith("text"))
        assert "plan.horizon" in words
        assert "plan.horizon matters most" in words
    shown = lines(x, result_dict(x))
    assert any("plan.horizon" in line for line in shown)
    assert "nobody is scored or ranked" in shown[-1]


def test_no_effect_is_made_of_chance(small: Make) -> None:
    luck = iter(range(10_000))
    x = planted(small(), lambda v, r: 0.5 + noise(next(luck)) / 9)
    assert "no effect can be told from chance" in charts(x, effects(x))["completion_any"]["title"]
    flat = planted(small(), lambda v, r: 0.5)
    assert "nothing that was varied changes it" in charts(flat, effects(flat))["completion_any"]["title"]  # fmt: skip


def test_the_summary_is_tidy(small: Make) -> None:
    x = planted(small(), lambda v, r: v["plan.horizon"] + r)
    rows = summary_rows(x)
    assert len(rows) == len(x.points) * len(x.design.metrics)
    first = rows[0]
    assert (first["mean"], first["n"], first["years"]) == (2.5, 6, 6)
    back = list(csv.DictReader(io.StringIO(csv_text(rows))))
    assert [float(r["mean"]) for r in back] == [r["mean"] for r in rows]
    assert back[0]["plan.horizon"] == "0"


def test_no_text_is_a_formula_and_none_is_markup(small: Make, tmp_path: Path) -> None:
    assert csv_text([{"a": "=1+1", "b": -1.5, "c": ("x", "y"), "d": None}]) == "a,b,c,d\n'=1+1,-1.5,x+y,\n"  # fmt: skip
    nasty = "<script>alert(1)</script>&\"'"
    x = planted(small(name=nasty, question=nasty), lambda v, r: 0.5)
    store = Store(tmp_path)
    keep(x, store)
    text = (tmp_path / "designs" / x.key / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    chart = charts(x, effects(x))["completion_any"] | {"title": nasty}
    assert "<script" not in svg(chart)
    ET.fromstring(svg(chart))


def test_a_page_asks_for_nothing_from_anywhere(small: Make) -> None:
    x = planted(small(), lambda v, r: 0.5)
    text = page("t", lead=[], charts=list(charts(x, effects(x)).values()), banner="gives up x")
    assert "default-src 'none'" in text
    assert "gives up x" in text
    rest = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    for word in ("://", "src=", "href=", "@import", "url(", "<script"):
        assert word not in rest
    assert text.count("<summary>") >= 3
    assert 'scope="col"' in text


def test_a_result_holds_no_time_path_or_count_of_workers(small: Make, tmp_path: Path) -> None:
    x = planted(small(), lambda v, r: 0.5 if r else float("nan"))
    store = Store(tmp_path / "s")
    result = keep(x, store)
    text = json.dumps(result, allow_nan=False)
    assert str(tmp_path) not in text
    assert "worker" not in text
    assert store.result() == json.loads(text)
    assert store.query(f"select count(*) as n from results_{x.key}")["n"].tolist() == [8 * 6]


def test_the_command_prints_one_object_and_writes_everything(
    design_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = design_file.read_text(encoding="utf-8").replace("replications = 15", "replications = 4")
    design_file.write_text(text, encoding="utf-8")
    arguments = ["experiment", str(design_file), "--to", str(tmp_path / "s"), "--workers", "1"]
    assert run([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert err == ""
    assert (data["points"], data["years"], data["simulated"]) == (8, 32, 32)
    folder = tmp_path / "s" / "designs" / data["key"]
    assert {p.name for p in folder.iterdir()} == {
        "design.json", "results.parquet", "summary.csv", "effects.csv", "completion_full.svg",
        "completion_any.svg", "lowest_ect.svg", "report.html", "result.json",
    }  # fmt: skip
    assert run(arguments) == 0
    out, _ = capsys.readouterr()
    assert "0 years simulated, 32 were stored before" in out


def test_ctrl_c_says_what_is_stored(
    design_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ectsim.experiments.running.run_one", interrupted)
    arguments = ["experiment", str(design_file), "--to", str(tmp_path / "s"), "--workers", "1"]
    assert run(arguments) == 130
    err = capsys.readouterr().err
    assert "stopped; 0 of 120 simulated years are stored" in err
    assert err.count("\n") == 1
    monkeypatch.undo()
    assert run([*arguments, "--resume"]) == 0


def test_no_path_of_the_machine_is_stored(design_file: Path, tmp_path: Path) -> None:
    assert run(["experiment", str(design_file), "--to", str(tmp_path / "s"), "--workers", "1"]) == 0
    for path in (tmp_path / "s").rglob("*"):
        if path.is_file():
            assert str(tmp_path.parent).encode() not in path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("text", "words"),
    [("factors = 1", "not a table"), ("[factors", "design.toml"), ('kind = "morris"', "no factor")],
)
def test_a_wrong_design_is_one_line_and_nothing_is_written(
    tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "design.toml"
    path.write_text(text, encoding="utf-8")
    assert run(["experiment", str(path), "--to", str(tmp_path / "s")]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "s").exists()
    assert run(["experiment", str(tmp_path / "none.toml"), "--to", str(tmp_path / "s")]) == 2
