"""Replications: the same digits wherever they run; progress; stopping."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from ectsim.analysis import compare_dict, result_dict
from ectsim.errors import Cancelled, InputError
from ectsim.experiment import chunks, local_pool, replicate, run_chunk
from ectsim.metrics import METRICS
from tests.builders import tiny_plan, tiny_scenario, tiny_school

BUSY = tiny_school(3, staff=8, weeks=6, conditions={"sickness_days": 20.0})
SCENARIO = tiny_scenario(BUSY, tiny_plan(preset="found_time"))


def test_serial_threads_and_processes_give_the_same_bytes() -> None:
    serial = replicate(SCENARIO, seed=3, replications=25)
    with local_pool(2) as pool:
        assert pool is not None
        processes = replicate(SCENARIO, seed=3, replications=25, executor=pool)
    with ThreadPoolExecutor(3) as threads:
        threaded = replicate(SCENARIO, seed=3, replications=25, executor=threads)
    texts = {json.dumps(result_dict(r)) for r in (serial, processes, threaded)}
    assert len(texts) == 1


def test_replication_k_alone_is_k_of_n() -> None:
    many = replicate(SCENARIO, seed=3, replications=8).runs
    assert run_chunk(SCENARIO, 3, [5]) == [many[5]]


def test_seeds_and_replications_differ() -> None:
    runs = replicate(SCENARIO, seed=3, replications=10).runs
    assert len({r.bins for r in runs}) > 1
    assert replicate(SCENARIO, seed=4, replications=10).runs != runs


def test_totals_add_up_exactly() -> None:
    results = replicate(SCENARIO, seed=1, replications=20)
    data = result_dict(results)
    assert sum(data["ledger_total"].values()) == data["due_total"] == 20 * data["due"]
    assert set(data["metrics"]) == set(METRICS)
    share = data["metrics"]["completion_any"]
    assert 0 <= share["lo"] <= share["mean"] <= share["hi"] <= 1


def test_no_time_worker_count_or_path_in_a_result() -> None:
    text = json.dumps(result_dict(replicate(SCENARIO, seed=1, replications=2)))
    assert "/" not in text.replace("E1/M1", "").replace("E2/M2", "").replace("E3/M3", "").replace(
        "FTE", ""
    )


def test_progress_counts_up_to_all() -> None:
    seen: list[tuple[int, int]] = []
    replicate(SCENARIO, replications=25, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (25, 25)
    assert seen == sorted(seen)
    assert len(seen) == len(list(chunks(range(25))))


@pytest.mark.parametrize("workers", [1, 2])
def test_stopping_stops(workers: int) -> None:
    seen: list[int] = []
    with local_pool(workers) as pool, pytest.raises(Cancelled):
        replicate(
            SCENARIO, replications=5000, executor=pool,
            progress=lambda done, total: seen.append(done), cancelled=lambda: bool(seen),
        )  # fmt: skip
    assert seen[-1] < 5000


def test_a_plan_against_itself_is_exactly_zero() -> None:
    base = replicate(SCENARIO, replications=10)
    data = compare_dict(base, replicate(SCENARIO, replications=10), {})
    for difference in data["differences"].values():
        assert difference["mean"] in (0.0, None)
        assert difference["verdict"] in ("too close to call", "")
    assert set(data["ledger_difference"].values()) == {0.0}


def test_errors_and_results_cross_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(InputError("what", where="where", remedy="remedy")))
    assert (error.what, error.where, error.remedy) == ("what", "where", "remedy")
    runs = run_chunk(SCENARIO, 1, [0])
    assert repr(pickle.loads(pickle.dumps(runs))) == repr(runs)  # NaN is not equal to itself


def test_a_school_without_pairs_has_nothing_due() -> None:
    empty = tiny_scenario(tiny_school(0, staff=3), tiny_plan(preset="found_time"))
    data = result_dict(replicate(empty, replications=2))
    assert data["due_total"] == 0
    assert data["metrics"]["completion_any"]["mean"] is None
