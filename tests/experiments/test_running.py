"""Runs: the same bytes wherever and however often they are interrupted; nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ectsim.cli import run
from ectsim.errors import Cancelled, InputError
from ectsim.experiment import replicate
from ectsim.experiments import running
from ectsim.experiments.designs import Design, base_scenario
from ectsim.experiments.places import Place, cluster, local, survive
from ectsim.experiments.reporting import keep
from ectsim.experiments.running import run_design
from ectsim.experiments.store import Store
from ectsim.metrics import METRICS

Make = Callable[..., Design]
ROOT = Path(__file__).parents[2]


def files(store: Store) -> dict[str, bytes]:
    """Return the bytes of the only design's results."""
    (folder,) = (store.folder / "designs").iterdir()
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_every_point_lives_through_the_same_years_as_alone(small: Make, tmp_path: Path) -> None:
    d = small(seed=5)
    x = run_design(d, Store(tmp_path))
    base = base_scenario(d)
    frame = x.frame()
    assert len(frame) == 8 * 6
    for p in x.points[::3]:
        alone = replicate(base.with_changes(p.changes) if p.changes else base, seed=5, replications=6)  # fmt: skip
        mine = frame[frame["point"] == p.index]
        for metric in ("completion_any", "mentor_own_time"):
            assert mine[metric].tolist() == alone.metric(metric)
        assert mine["plan.horizon"].tolist() == [p.values["plan.horizon"]] * 6


def test_a_dummy_s_points_share_their_years_and_a_second_run_simulates_nothing(
    small: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    first = run_design(small(), store)
    assert first.simulated == 4 * 6
    keep(first, store)
    before = files(store)
    monkeypatch.setattr(running, "run_one", None)  # anything simulated would fail
    again = run_design(small(name="called otherwise"), Store(tmp_path))
    assert (again.simulated, again.stored, again.key) == (0, 4 * 6, first.key)
    again = run_design(small(), Store(tmp_path))
    keep(again, store)
    assert files(store) == before


def test_a_design_that_shares_years_simulates_only_the_rest(small: Make, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run_design(small(), store)
    assert run_design(small(replications=8), store).simulated == 4 * 2
    assert run_design(small(seed=2), store).simulated == 4 * 6


def test_processes_and_this_process_give_the_same_bytes(small: Make, tmp_path: Path) -> None:
    one, two = Store(tmp_path / "one"), Store(tmp_path / "two")
    keep(run_design(small(), one), one)
    with local(2) as place:
        keep(run_design(small(), two, executor=place.executor, lanes=2), two)
    assert files(one) == files(two)


def test_stopping_keeps_what_was_done(small: Make, tmp_path: Path) -> None:
    seen: list[int] = []
    d = small(replications=20)
    with pytest.raises(Cancelled, match=r"of 80 simulated years are stored.*--resume"):
        run_design(
            d, Store(tmp_path), cancelled=lambda: bool(seen and seen[-1] >= 30),
            progress=lambda words, done, total: seen.append(done),
        )  # fmt: skip
    assert seen == sorted(seen)
    stored = sum(map(len, Store(tmp_path).known(1).values()))
    assert 30 <= stored < 80
    rest = run_design(d, Store(tmp_path), resume=True)
    assert rest.simulated == 80 - stored
    keep(rest, Store(tmp_path))
    whole_store = Store(tmp_path / "other")
    keep(run_design(d, whole_store), whole_store)
    assert files(Store(tmp_path)) == files(whole_store)


def test_resume_wants_a_run_to_go_on_with(small: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not begun here"):
        run_design(small(), Store(tmp_path), resume=True)
    assert not any(tmp_path.iterdir())


def test_precision_gives_each_point_the_years_that_it_needs(small: Make, tmp_path: Path) -> None:
    d = small(replications=10, precision={"completion_any": 0.08}, most=40)
    x = run_design(d, Store(tmp_path))
    assert min(x.counts) >= 15
    assert len(set(x.counts)) > 1
    for n, done in zip(x.counts, x.decisions, strict=True):
        assert done.found is None or done.found + 5 <= n
    more = Store(tmp_path / "more")
    run_design(small(replications=40), more)  # years that are there already change nothing
    again = run_design(d, more)
    assert (again.simulated, again.counts) == (0, x.counts)
    result = keep(again, more)
    assert result["precision"]["counts"] == list(x.counts)
    keep(x, Store(tmp_path))
    assert (tmp_path / "designs" / x.key / "result.json").read_bytes() == (more.folder / "designs" / x.key / "result.json").read_bytes()  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_kill_9_in_the_middle_and_resume_give_the_uninterrupted_table(
    design_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    code = (
        "import sys; from ectsim.experiments import running; running.WRITE_SECONDS = 0.0;"
        "from ectsim.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    arguments = ["experiment", str(design_file), "--workers", "1", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--to", str(killed)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(list(killed.glob("parts/*.parquet"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -9
    stored = sum(map(len, Store(killed).known(1).values()))
    assert 0 < stored < 120

    assert run([*arguments, "--to", str(killed), "--resume"]) == 0
    assert json.loads(capsys.readouterr().out)["simulated"] == 120 - stored
    assert run([*arguments, "--to", str(whole)]) == 0
    assert json.loads(capsys.readouterr().out)["simulated"] == 120
    mine, other = files(Store(killed)), files(Store(whole))
    assert mine == other
    assert {"results.parquet", "summary.csv", "effects.csv", "report.html", "completion_full.svg"} <= set(mine)  # fmt: skip
    count = Store(killed).query("select count(*) as n from years")
    assert count["n"].tolist() == [120]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_disk_that_fills_up_in_the_middle_is_one_line_and_can_be_gone_on_with(
    design_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    arguments = ["experiment", str(design_file), "--workers", "1", "--to", str(tmp_path / "s")]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:  # the notes are small enough to be written, a part of the results is not
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, limits[1]))
        assert run(arguments) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    err = capsys.readouterr().err
    assert "cannot be written" in err
    assert err.count("\n") == 1
    assert not list((tmp_path / "s").rglob(".*.part"))
    assert run([*arguments, "--resume"]) == 0


def test_a_worker_of_another_version_is_refused(small: Make, tmp_path: Path) -> None:
    base = base_scenario(small())
    import pickle
    import zlib

    packed = zlib.compress(pickle.dumps(base))
    with pytest.raises(InputError, match="another version"):
        running.work(packed, "code-data", 1, [("k", {}, (0,))])


def test_pieces_are_all_there_once_and_get_smaller_towards_the_end() -> None:
    tasks: list[running.Task] = [(str(k), {}, tuple(range(30))) for k in range(7)]
    pieces = running._Pieces(tasks, lanes=2)
    sizes, seen = [], []
    for piece in pieces:
        n = sum(len(t[2]) for t in piece)
        sizes.append(n)
        seen += [(key, i) for key, _, indices in piece for i in indices]
        pieces.learn(0.01 * n, n)  # a hundred years a second
    assert seen == [(str(k), i) for k in range(7) for i in range(30)]
    assert sizes[0] == 4
    assert max(sizes) > 16
    assert sizes[-1] == 1


def test_a_pool_that_breaks_is_opened_anew(small: Make, tmp_path: Path) -> None:
    from concurrent.futures import BrokenExecutor

    store, tries = Store(tmp_path), []

    def work(place: Place) -> Any:
        tries.append(place.words)
        if len(tries) == 1:
            raise BrokenExecutor
        return run_design(small(), store)

    assert survive(work, workers=1).simulated == 24
    assert len(tries) == 2

    def dies(place: Place) -> Any:
        raise BrokenExecutor

    with pytest.raises(InputError, match="die again and again"):
        survive(dies, workers=1)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_killed_local_worker_loses_nothing(small: Make, tmp_path: Path) -> None:
    d = small(replications=30)
    killed: list[int] = []

    def work(place: Place) -> Any:
        def progress(words: str, done: int, total: int) -> None:
            if done > 12 and not killed:
                pid = next(iter(place.executor._processes))  # type: ignore[union-attr]
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

        return run_design(d, store, executor=place.executor, lanes=place.lanes, progress=progress)

    store = Store(tmp_path / "a")
    keep(survive(work, workers=2), store)
    assert killed
    other = Store(tmp_path / "b")
    keep(run_design(d, other), other)
    assert files(store) == files(other)


def test_a_killed_worker_of_a_cluster_loses_nothing(small: Make, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    d = small(replications=30)
    store, other, killed = Store(tmp_path / "a"), Store(tmp_path / "b"), []
    with cluster("local", 2) as place:
        client = place.executor._client  # type: ignore[union-attr]

        def progress(words: str, done: int, total: int) -> None:
            if done > 12 and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        found = run_design(d, store, executor=place.executor, lanes=2, progress=progress)
    assert killed
    keep(found, store)
    keep(run_design(d, other), other)
    assert files(store) == files(other)


@pytest.mark.parametrize(
    ("address", "words"),
    [("nowhere", "no address of a cluster"), ("tcp://127.0.0.1:9", "no scheduler answers")],
)
def test_a_cluster_that_is_not_there_is_one_line(
    design_file: Path, tmp_path: Path, address: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    pytest.importorskip("distributed")
    monkeypatch.setattr("ectsim.experiments.places.CONNECT_SECONDS", 0.3)
    assert run(["experiment", str(design_file), "--to", str(tmp_path / "s"), "--cluster", address]) == 2  # fmt: skip
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


def test_the_stored_columns_are_every_metric(small: Make, tmp_path: Path) -> None:
    found = run_design(small(), Store(tmp_path)).table.column_names
    assert set(METRICS) <= set(found)
    assert found[:5] == [
        "point",
        "plan.horizon",
        "conditions.sickness_days",
        "dummy",
        "replication",
    ]
