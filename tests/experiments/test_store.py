"""The store: written whole or not at all, by several at once, found again by content, honest about its age."""

from __future__ import annotations

import errno
import json
import math
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ectsim.errors import InputError
from ectsim.experiments import provenance
from ectsim.experiments.store import Store, Year, whole, write_whole
from ectsim.ledger import BINS
from ectsim.metrics import METRICS
from ectsim.scenario import load
from ectsim.share import data_dir


def year(scenario: str, replication: int, value: float = 0.5) -> Year:
    return Year(scenario, replication, 10, (1,) * len(BINS), (value,) * len(METRICS))


def rows(n: int, scenario: str = "a" * 32) -> list[Year]:
    return [year(scenario, i, i / 7) for i in range(n)]


def test_what_is_stored_is_found_again_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.add(rows(5)[::-1], 1)
    store.add(rows(3, "b" * 32), 1)
    store.add(rows(4, "c" * 32), 2)
    assert store.known(1) == {"a" * 32: set(range(5)), "b" * 32: set(range(3))}
    found = store.years([("b" * 32, 2), ("a" * 32, 4), ("b" * 32, 1)], 1).to_pydict()
    assert found["point"] == [0, 0, 1, 1, 1, 1, 2]
    assert found["replication"] == [0, 1, 0, 1, 2, 3, 0]
    assert found["completion_full"][2:6] == [0.0, 1 / 7, 2 / 7, 3 / 7]


def test_the_same_years_are_the_same_part_and_count_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = store.add(rows(6), 1), store.add(rows(6)[::-1], 1)
    assert first == second
    store.add(rows(6)[2:], 1)  # another piece that overlaps
    assert store.query("select count(*) as n from years")["n"].tolist() == [6]
    assert whole(first)


def test_a_metric_that_does_not_exist_stays_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([year("a" * 32, 0, math.nan)], 1)
    (value,) = store.years([("a" * 32, 1)], 1)["lowest_ect"].to_pylist()
    assert math.isnan(value)


def write_many(folder: Path, who: int) -> None:
    store = Store(folder)
    store.begin(f"design{who}", 1)
    for k in range(12):
        store.add([year(f"{who}" * 32, 5 * k + i) for i in range(5)], 1)
        store.add([year("shared" * 5, 5 * k + i) for i in range(5)], 1)
    store.end()


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    writers = [context.Process(target=write_many, args=(tmp_path, who)) for who in (1, 2)]
    for w in writers:
        w.start()
    for w in writers:
        w.join(60)
    assert [w.exitcode for w in writers] == [0, 0]
    store = Store(tmp_path)
    assert {k[0]: len(v) for k, v in store.known(1).items()} == {"1": 60, "2": 60, "s": 60}
    store.write_manifest()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert sorted(r["design"] for r in manifest["runs"].values()) == ["design1", "design2"]
    assert manifest["parts"] == [p.name for p in store._all_parts()]


def test_the_manifest_says_what_results_rest_on_and_names_nobody(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.begin("d", 7)
    store.add(rows(2), 7)
    store.end()
    text = (tmp_path / "s" / "manifest.json").read_text()
    (run,) = json.loads(text)["runs"].values()
    assert run["seed"] == 7
    assert (run["code"], run["data"]) == (provenance.code_hash(), provenance.data_hash())
    assert run["simulated_years"] == 2
    assert run["versions"]["simpy"]
    assert run["machine"]["cores"] >= 1
    assert run["started"] <= run["finished"]
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text if hasattr(os, "uname") else True


@pytest.mark.parametrize("moment", ["open", "fsync", "rename"])
def test_a_full_disk_is_one_line_and_leaves_a_valid_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    store = Store(tmp_path)
    store.add(rows(5), 1)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if moment == "open":
        monkeypatch.setattr(Path, "open", full)
    elif moment == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"No space left on device.*make room") as error:
        store.add(rows(9), 1)
    assert "\n" not in str(error.value)
    monkeypatch.undo()
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert Store(tmp_path).known(1) == {"a" * 32: set(range(5))}


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.experiments.test_store import Store, rows
store = Store(sys.argv[1])
store.add(rows(5), 1)
kill = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "written":
    Path.replace = kill
else:
    os.fsync = kill
store.add(rows(50), 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize("moment", ["written", "half-written"])
def test_a_process_that_is_killed_while_it_writes_leaves_a_valid_store(tmp_path: Path, moment: str) -> None:  # fmt: skip
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), moment], cwd=root, check=False,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == -9
    store = Store(tmp_path)
    assert store.known(1) == {"a" * 32: set(range(5))}
    assert list(tmp_path.rglob(".*.part")), "nothing was half-written: the test shows nothing"
    store.add(rows(50), 1)
    assert store.known(1) == {"a" * 32: set(range(50))}


def test_old_scraps_are_cleared_and_fresh_ones_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(rows(1), 1)
    old, fresh = store.parts / ".x.part", store.parts / ".y.part"
    for p in (old, fresh):
        p.write_bytes(b"half")
    os.utime(old, (0, 0))
    store.begin("d", 1)
    assert (old.exists(), fresh.exists()) == (False, True)


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    part = store.add(rows(5), 1)
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(InputError, match=f"{part.name}.*damaged.*delete it"):
        store.known(1)


def test_years_of_another_version_are_kept_and_not_taken_for_today_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    store = Store(tmp_path)
    part = store.add(rows(5), 1)
    # an older version measured one thing less and one that is gone
    table = pq.read_table(part).drop_columns(["lowest_ect"])
    part.unlink()
    pq.write_table(table.append_column("forgotten", table["due"]), store.parts / "old.parquet")
    monkeypatch.setattr(provenance, "hashes", lambda: "new-new")
    later = Store(tmp_path)
    assert later.known(1) == {}
    later.add(rows(2), 1)
    assert later.others() == 5
    found = later.query("select base, count(lowest_ect) as n, count(*) as m from years group by base order by m")  # fmt: skip
    assert list(zip(found["n"], found["m"], strict=True)) == [(2, 2), (0, 5)]


def test_a_store_of_another_form_says_which_version_reads_it(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 99, "version": "9.1"}')
    with pytest.raises(InputError, match=r"form 99.*ectsim 9\.1"):
        Store(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="made anew"):
        Store(tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(InputError, match="holds no results"):
        Store(tmp_path)
    with pytest.raises(InputError, match="this is a file"):
        Store(tmp_path / "thesis.docx")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "file" / "x", b"")


def test_a_wrong_query_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the query fails") as error:
        Store(tmp_path).query("selekt 1")
    assert "\n" not in str(error.value)
    assert Store(tmp_path).query("select count(*) as n from years")["n"].tolist() == [0]


def test_a_folder_s_name_may_hold_anything(tmp_path: Path) -> None:
    store = Store(tmp_path / "o'clock [1] *")
    store.add(rows(2), 1)
    assert len(store.known(1)["a" * 32]) == 2


def test_the_key_of_a_scenario_is_its_content(school: Path) -> None:
    base = load(str(school))
    key = provenance.scenario_key(base)
    assert key == provenance.scenario_key(load(str(school)))
    assert key == provenance.scenario_key(base.with_changes({"plan.horizon": base.plan.horizon}))
    others = [{"plan.horizon": 2}, {"conditions.culture": 0.1}, {"programme.years": 1}]
    assert len({provenance.scenario_key(base.with_changes(c)) for c in others} | {key}) == 4


def test_the_code_that_counts_is_the_model_s_and_not_the_pages() -> None:
    names = {p.relative_to(p.parents[1]).as_posix() for p in provenance.model_files()}
    assert {"model/year.py", "model/coaching.py", "ectsim/luck.py", "ectsim/metrics.py"} <= names
    assert not {n for n in names if "cli" in n or "chart" in n or "experiments/" in n}


READS = """
import sys
seen = set()
def look(event, args):
    if event == "open":
        seen.add(str(args[0]))
sys.addaudithook(look)
from ectsim.experiment import run_one
from ectsim.scenario import load
run_one(load("default").with_changes({"programme.run_years": 2}), 1, 0)
print(*sorted(seen), sep=chr(10))
"""


def test_every_table_that_a_simulation_opens_counts() -> None:
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", READS], cwd=root, check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    opened = {Path(line) for line in done.stdout.splitlines()}
    tables = {p for p in opened if p.parent == data_dir()}
    assert {"events.csv", "steps.csv", "modules.csv"} <= {p.name for p in tables}
    assert tables <= set(provenance.data_files())
