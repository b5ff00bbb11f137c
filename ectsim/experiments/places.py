"""Where a design is worked on: here, in local processes, or on a cluster of machines with Dask."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from typing import Any, TypeVar

from ectsim.errors import InputError
from ectsim.experiment import default_workers, local_pool

__all__ = ["Place", "cluster", "survive"]

CONNECT_SECONDS = 10
TRIES = 3
"""How often a pool of local processes is opened anew after one of them was killed."""

T = TypeVar("T")


class Place:
    """An executor and how many pieces it works on at a time.

    Parameters
    ----------
    executor : concurrent.futures.Executor or None
        None stands for this process.
    lanes : int
        How many pieces at a time.
    words : str
        What to call it.
    """

    def __init__(self, executor: Executor | None, lanes: int, words: str) -> None:
        self.executor, self.lanes, self.words = executor, lanes, words


@contextmanager
def local(workers: int | None = None) -> Iterator[Place]:
    """Open local processes, as many as the machine has cores unless told; one needs none."""
    count = default_workers() if workers is None else workers
    with local_pool(count) as pool:
        yield Place(pool, count, "this process" if count == 1 else f"{count} local processes")


@contextmanager
def cluster(address: str, workers: int | None = None) -> Iterator[Place]:
    """Open a Dask cluster.

    Parameters
    ----------
    address : str
        A scheduler's address, such as ``tcp://10.0.0.5:8786`` or ``tls://...``; ``local`` starts a
        cluster on this machine alone, which ends with the run.
    workers : int, optional
        For ``local``: how many.

    Raises
    ------
    InputError
        If Dask is not installed, nobody answers, or the cluster has no worker.
    """
    try:
        import distributed  # noqa: PLC0415 - heavy, and an extra
    except ImportError:
        raise InputError(
            "a cluster needs Dask", remedy="install ectsim with its extra 'cluster'"
        ) from None
    dask: Any = distributed
    if address == "local":
        count = default_workers() if workers is None else workers
        with _deaf():
            # one thread a worker: a simulated year holds Python's lock
            own = dask.LocalCluster(
                n_workers=count, threads_per_worker=1, dashboard_address=None, silence_logs=50
            )
        with own, dask.Client(own) as client:
            yield Place(client.get_executor(), count, f"a local cluster of {count} workers")
        return
    if not re.match(r"[a-z]+://.+|[\w.-]+:\d+$", address):
        raise InputError(
            f"'{address}' is no address of a cluster",
            remedy="write tcp://HOST:8786, or local for one on this machine",
        )
    try:
        client = dask.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError, RuntimeError):
        raise InputError(
            "no scheduler answers", where=address, remedy="start dask scheduler there, or check the address"
        ) from None  # fmt: skip
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise InputError(
                "the cluster has no worker", where=address,
                remedy=f"start one: dask worker {address}",
            )  # fmt: skip
        yield Place(client.get_executor(), threads, f"{threads} workers at {address}")


def survive(run: Callable[[Place], T], *, address: str = "", workers: int | None = None) -> T:
    """Run something that can be taken up again, and take it up when local processes were killed.

    Parameters
    ----------
    run : callable
        Takes a place to work; stores what it has done, and does only what is missing.
    address : str
        A cluster's address; "" stands for local processes.
    workers : int, optional
        How many local processes.

    Raises
    ------
    InputError
        If workers die again and again, or cannot load ectsim.
    """
    for _ in range(TRIES):
        try:
            with cluster(address, workers) if address else local(workers) as place:
                return run(place)
        except BrokenExecutor:
            continue
        except ImportError as error:
            raise InputError(
                f"a worker cannot load what it needs ({error})", where=address,
                remedy="install the same version of ectsim on all machines",
            ) from None  # fmt: skip
        except Exception as error:
            if not _killed(error):
                raise
            raise _dying() from None
    raise _dying()


def _dying() -> InputError:
    return InputError(
        "workers die again and again, perhaps for want of memory",
        remedy="use fewer workers; what was done is stored, --resume goes on with it",
    )


def _killed(error: Any) -> bool:
    """Say whether Dask gave a piece up because each worker that took it died."""
    return type(error).__name__ == "KilledWorker" and "distributed" in type(error).__module__


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that are started now leave Ctrl-C to this one, which stops them in order."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say so, and only it is interrupted
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
