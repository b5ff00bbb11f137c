"""The rescue copy: one file, no address in it, the command line's digits."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ectsim import atlas, launch
from ectsim.cli import run
from ectsim.rescue import rescue_html
from ectsim.words import of_hundred


@pytest.fixture(scope="module")
def page() -> str:
    return rescue_html()


def content(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_it_is_small_and_refers_to_nothing(page: str) -> None:
    assert len(page.encode()) < 5_000_000
    assert page.count("</script>") == 2
    assert page.count("</style>") == 1
    addresses = set(re.findall(r"""https?://[^\s"'<>)]+""", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.findall(r"""<(?:link|img|iframe|script)[^>]+(?:src|href)=""", page)
    assert not re.findall(r"url\((?!data:)", page)
    assert "default-src 'none'" in page


def test_the_grid_is_whole(page: str) -> None:
    entries = atlas.atlas()
    assert len(entries) >= 500
    assert [e["choice"] for e in entries] == list(atlas.choices())
    assert len({e["code"] for e in entries}) == len(entries)
    for e in entries:
        assert sum(e["ledger_total"].values()) == e["due_total"]
        assert len(e["dots"]) == 50
        for mean, lo, hi, p10, p90 in e["metrics"].values():
            assert lo <= mean <= hi
            assert p10 <= p90
    shown = content(page)
    assert len(shown["atlas"]) == len(entries)  # type: ignore[arg-type]
    for (_, _, due, ledger, *_), e in zip(shown["atlas"], entries, strict=True):  # type: ignore[call-overload]
        assert sum(n for _, n, _, _ in ledger) == due
        assert {k: part for k, _, part, _ in ledger} == of_hundred(e["ledger_total"])
    assert [t["id"] for t in shown["tradeoffs"]] == list(launch.tradeoffs())  # type: ignore[attr-defined]


@pytest.mark.parametrize("at", [-1, -120])
def test_digits_are_those_of_the_command_line(at: int, capsys: pytest.CaptureFixture[str]) -> None:
    entry = atlas.atlas()[at]
    assert entry["choice"]["school"] == "primary"  # the quickest
    assert run(["simulate", entry["code"], "--json", "--replications", "50", "--workers", "1"]) == 0
    printed = json.loads(capsys.readouterr().out)
    for name, values in entry["metrics"].items():
        assert values == [printed["metrics"][name][k] for k in ("mean", "lo", "hi", "p10", "p90")]
    for name, value in entry["costs"].items():
        assert value == printed["metrics"][name]["mean"]
    assert entry["ledger_total"] == {k: v for k, v in printed["ledger_total"].items() if v}
    assert entry["due_total"] == printed["due_total"]


@pytest.mark.parametrize("at", [0, 100, 300])
def test_codes_are_those_of_the_plans(at: int) -> None:
    entry = atlas.atlas()[at]
    assert atlas.scenario_of(entry["choice"]).code(atlas.SEED) == entry["code"]


def test_the_command_writes_it_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "copy.html"
    assert run(["rescue", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == rescue_html()
    assert run(["rescue", str(out)]) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(["rescue", str(out), "--replace"]) == 0
    assert run(["rescue", str(tmp_path / "copy.exe")]) == 2
    assert run(["rescue", str(tmp_path / "no" / "copy.html")]) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.html"]


def test_a_stopped_run_of_the_grid_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [c for c in atlas.choices() if c["school"] == "primary"][:3]
    monkeypatch.setattr(atlas, "choices", lambda: iter(few))
    monkeypatch.setattr(atlas, "YEARS", 2)
    done: list[tuple[int, int]] = []

    def stop(n: int, of: int) -> None:
        done.append((n, of))
        if n == 2 and len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atlas.refresh(tmp_path, progress=stop)
    begun = tmp_path / "atlas.begun.jsonl"
    begun.write_text(begun.read_text(encoding="utf-8") + '{"choice":{"sch', encoding="utf-8")
    calls: list[object] = []
    real = atlas.compute
    monkeypatch.setattr(atlas, "compute", lambda c, e=None: calls.append(c) or real(c, e))
    atlas.refresh(tmp_path)
    assert calls == few[2:]
    stored = json.loads((tmp_path / "atlas.json").read_text(encoding="utf-8"))
    assert stored["entries"] == [real(c) for c in few]
    assert not begun.exists()
