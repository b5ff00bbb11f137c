"""The simulation service: one process that computes for every dashboard session of a machine.

A dashboard's kernel holds widgets and nothing heavy; it asks here. A *request* has a kind, plain
data and perhaps a file. A *handler*, found by kind in :class:`Handlers`, turns it into a
:class:`Job`: a list of :class:`Chunk`, each a picklable function with its arguments for an
executor, with a pure ``merge`` and ``present``. After each chunk every listener gets what stands
so far::

    handlers = Handlers()


    @handlers.add("simulate")
    def simulate(data: dict[str, Any], body: bytes) -> Job:
        scenario = read_scenario(data["scenario"])  # may raise InputError
        return Job(
            chunks=[Chunk(years, (scenario, part), len(part)) for part in portions(200)],
            merge=add_up,  # merge(None or partial, result of one chunk) -> partial
            present=as_plain_data,  # present(partial) -> JSON-able, or a Reply with bytes
        )

Chunks run on any number of workers but are merged in their own order, so what is shown after k
chunks depends on the request alone, and the last digit does not depend on the machine.

Fairness: sessions take turns, one chunk each, and so do the computations of a session; at most one
chunk more than there are workers is handed out, so that a newcomer waits for no queue. Equal
requests share one computation, and a finished one is kept. A worker that dies takes nothing along: the chunks it lost run again, each
alone, and one that kills its worker a second time ends in an honest error.

A *search* decides as it goes what to compute next: its handler makes a :class:`Search`, whose work
runs in a thread here and hands its pieces to an executor. Behind that executor stand the same
workers, the same turns and the same ways to stop.

Loopback only, with a secret. What goes wrong inside is logged here with an identifier; a page
gets the identifier and never the traceback.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import logging.handlers
import multiprocessing
import multiprocessing.connection
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from concurrent.futures import ThreadPoolExecutor as Threads
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from ectsim import wire
from ectsim.errors import DISK_FULL, InputError

__all__ = [
    "Chunk",
    "Handlers",
    "Job",
    "Limits",
    "Reply",
    "Search",
    "Service",
    "ServiceProcess",
    "portions",
    "process_pool",
]

Lane = Literal["years", "desk"]
"""``years``: simulation, on workers that load SimPy and NumPy. ``desk``: uploads, charts and
exports, on one worker of their own, so that a heavy library or a hostile file stays out of the
others."""

Handler = Callable[[dict[str, Any], bytes], "Job | Reply | Search"]

NICE = 3
"""By how much workers stand back for pages: half of a page's share where both want to run."""

CROWD = 0.03
"""Seconds between the news of a computation, for each session: thirty pages that all redraw four
times a second would use the processors up."""

_log = logging.getLogger(__name__)


# --- What a handler makes ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of work.

    Parameters
    ----------
    function : callable
        A function of a module, so that it can be pickled.
    args : tuple
        Its arguments, picklable and small.
    size : int
        How much of the whole it is, in any unit (replications); for progress and time left.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    size: int = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """Something to send: plain data and, for an export, bytes.

    Parameters
    ----------
    data : object
        JSON-able.
    body : bytes
        A file's content.
    """

    data: object
    body: bytes = b""


def _last(_partial: Any, result: Any) -> Any:
    return result


def _as_it_is(partial: Any) -> Any:
    return partial


@dataclass(frozen=True, slots=True)
class Job:
    """Work that answers a request.

    Parameters
    ----------
    chunks : sequence of Chunk
        At least one; a small first one brings the first numbers early (see :func:`portions`).
    merge : callable
        ``merge(partial, result)`` gives the new partial; ``partial`` is None before the first.
        Pure. The default keeps the newest result.
    present : callable
        ``present(partial)`` gives JSON-able data, or a :class:`Reply`. Pure. The default sends
        the partial itself.
    keep : bool
        Whether the answer is kept for an equal request.
    lane : str
        ``years`` or ``desk``, see :data:`Lane`.
    seconds : float
        Longest time for one chunk; beyond it the worker is stopped and the page told so.
    """

    chunks: Sequence[Chunk]
    merge: Callable[[Any, Any], Any] = _last
    present: Callable[[Any], object] = _as_it_is
    keep: bool = True
    lane: Lane = "years"
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Search:
    """Work that decides as it goes which chunks come next.

    Parameters
    ----------
    work : callable
        ``work(executor, progress)`` gives the answer as plain data. It runs in a thread of the
        service; what it submits (picklable functions) runs on workers, in turn with everybody's
        chunks, and after the session's own quick questions. ``progress(done, total)`` tells how
        many of its steps are over. When nobody listens any more, what it waits for is cancelled.
    keep : bool
        Whether the answer is kept for an equal request.
    lane : str
        ``years`` or ``desk``, see :data:`Lane`.
    seconds : float
        Longest time for one piece.
    """

    work: Callable[[Executor, Callable[[int, int], None]], object]
    keep: bool = True
    lane: Lane = "years"
    seconds: float = 120.0


def portions(total: int, *, first: int = 4, largest: int = 20) -> list[range]:
    """Cut a number of replications into chunks: a small one first, then larger ones.

    Parameters
    ----------
    total : int
        How many replications.
    first : int, optional
        Size of the first two chunks, so that two workers both answer early.
    largest : int, optional
        No chunk is larger; about 0.2 s of work keeps others waiting no longer than that.

    Returns
    -------
    list of range
        Replications 0 to ``total`` - 1, each once, in order.

    Examples
    --------
    >>> [len(part) for part in portions(50)]
    [4, 4, 8, 16, 18]
    """
    parts: list[range] = []
    start = 0
    while start < total:
        size = min(first if len(parts) < 2 else len(parts[-1]) * 2, largest)
        parts.append(range(start, min(start + size, total)))
        start += size
    return parts


class Handlers:
    """A registry of request kinds.

    Parameters
    ----------
    others : Handlers
        Registries to take over.
    """

    def __init__(self, *others: Handlers) -> None:
        self._handlers: dict[str, Handler] = {}
        for other in others:
            self._handlers.update(other._handlers)

    def add(self, kind: str) -> Callable[[Handler], Handler]:
        """Register the decorated function as the handler of a kind.

        Parameters
        ----------
        kind : str
            The request's name, such as ``simulate``.

        Raises
        ------
        ValueError
            If the kind is taken.
        """
        if kind in self._handlers:
            raise ValueError(f"two handlers for {kind!r}")

        def register(handler: Handler) -> Handler:
            self._handlers[kind] = handler
            return handler

        return register

    def get(self, kind: object) -> Handler | None:
        """Return the handler of a kind, or None."""
        return self._handlers.get(kind) if isinstance(kind, str) else None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the kinds."""
        return iter(sorted(self._handlers))

    @classmethod
    def load(cls, places: Iterable[str]) -> Handlers:
        """Import registries by name.

        Parameters
        ----------
        places : iterable of str
            Each ``package.module`` (with a ``handlers`` in it) or ``package.module:name``.
        """
        found = []
        for place in places:
            module, _, name = place.partition(":")
            found.append(getattr(import_module(module), name or "handlers"))
        return cls(*found)


# --- What runs in a worker --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wrong:
    """An exception of a chunk, as plain text: not every exception survives being pickled."""

    error: dict[str, str] | None
    trace: str


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return function(*args)
    except Exception as error:
        return _Wrong(_known(error), traceback.format_exc())


def _worker_starts(nice: int = 0) -> None:
    """Leave Ctrl+C to the command that started everything, and end when the service ends."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if nice and hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(nice)
    if nice and hasattr(os, "sched_setscheduler"):  # a long turn, after everybody else's short ones
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            multiprocessing.connection.wait([parent.sentinel])
            os._exit(1)

        threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def _nothing(seconds: float) -> None:
    time.sleep(seconds)


def process_pool(
    workers: int, preload: Sequence[str] = (), *, nice: int = 0
) -> ProcessPoolExecutor:
    """Make a pool of processes that is safe beside threads, on every platform.

    Parameters
    ----------
    workers : int
        How many.
    preload : sequence of str, optional
        Modules to import once, before workers are forked from it (not on Windows).
    nice : int, optional
        By how much they stand back for others, so that a page answers while a year is simulated
        (not on Windows).
    """
    methods = multiprocessing.get_all_start_methods()
    # A fork of a process with threads may hang, so never "fork".
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if preload and context.get_start_method() == "forkserver":
        context.set_forkserver_preload(list(preload))
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=_worker_starts, initargs=(nice,)
    )


# --- The service ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep one visitor, or one mistake, from taking the machine.

    Parameters
    ----------
    connections : int
        Sessions at once; one more is refused.
    requests : int
        Requests of one session at once.
    upload : int
        Bytes of a request's body.
    cache : int
        Bytes of kept answers.
    hello : float
        Seconds in which a connection must show the secret.
    """

    connections: int = 256
    requests: int = 8
    upload: int = wire.UPLOAD_LIMIT
    cache: int = 64_000_000
    hello: float = 5.0


class _Cache:
    """Finished answers by content, the least recently used leaves first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()

    def get(self, key: str) -> tuple[bytes, bytes] | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, data: bytes, body: bytes) -> None:
        size = len(data) + len(body)
        if size > self._limit // 4:  # one answer shall not push out all others
            return
        if key in self._kept:
            self._size -= sum(map(len, self._kept.pop(key)))
        self._kept[key] = (data, body)
        self._size += size
        while self._size > self._limit:
            _, old = self._kept.popitem(last=False)
            self._size -= sum(map(len, old))


@dataclass(eq=False, slots=True)
class _Task:
    """One chunk on its way."""

    run: _Run
    index: int
    tries: int = 0
    expired: bool = False
    executor: Executor | None = None
    future: Future[Any] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def chunk(self) -> Chunk:
        assert self.run.job is not None
        return self.run.job.chunks[self.index]


@dataclass(eq=False, slots=True)
class _Run:
    """One computation with everybody who listens to it."""

    key: str
    kind: str
    listeners: set[tuple[_Session, int]] = field(default_factory=set)
    job: Job | None = None
    next: int = 0  # the next chunk to hand out
    merged: int = 0  # chunks merged so far
    ready: dict[int, Any] = field(default_factory=dict)  # results that wait for their turn
    partial: Any = None
    shown: bytes | None = None  # the newest partial, as JSON
    told: float = 0.0  # when it was last sent
    started: float = 0.0
    merging: bool = False
    over: bool = False
    turn: _Turn | None = None  # of a search

    @property
    def waiting(self) -> bool:
        return self.job is not None and not self.over and self.next < len(self.job.chunks)

    def progress(self) -> dict[str, object]:
        assert self.job is not None
        if self.turn is not None:
            return self.turn.progress(time.monotonic() - self.started)
        total = sum(chunk.size for chunk in self.job.chunks)
        done = sum(chunk.size for chunk in self.job.chunks[: self.merged])
        spent = time.monotonic() - self.started
        left = round(spent * (total - done) / done, 2) if done else None
        return {"done": done, "total": total, "left": left}


class _Turn(Executor):
    """What a search sees of the service: an executor whose work takes its turn with everybody's."""

    def __init__(self, service: Service, run: _Run, chunks: list[Chunk], lane: Lane) -> None:
        self.loop = asyncio.get_running_loop()
        self.service, self.run, self.chunks, self.lane = service, run, chunks, lane
        self.asked: list[Future[Any]] = []
        self.landed = 0
        self.step, self.steps = 0, 0  # not told yet
        self.before = (0, 0)  # pieces landed and asked for when the step began
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Put a piece of work in the queue; called in the search's own thread."""
        future: Future[Any] = Future()
        chunk = Chunk(partial(fn, **kwargs) if kwargs else fn, args)
        self.loop.call_soon_threadsafe(self._add, chunk, future)
        return future

    def _add(self, chunk: Chunk, future: Future[Any]) -> None:
        if self.run.over:
            future.cancel()
            return
        self.chunks.append(chunk)
        self.asked.append(future)
        for session, _ in list(self.run.listeners):
            self.service.queues[self.lane].join(session)

    def tell(self, done: int, total: int) -> None:
        """Take what a search says of its steps; called in the search's own thread."""
        self.loop.call_soon_threadsafe(self._tell, done, total)

    def _tell(self, done: int, total: int) -> None:
        self.step, self.steps = done, max(1, total)
        self.before = (self.landed, len(self.asked))
        self.service.tell(self.run)

    def answer(self, index: int, result: Any) -> None:
        """Give a piece's result to the search."""
        self.landed += 1
        self.asked[index].set_result(result)
        self.service.tell(self.run)

    def give_up(self) -> None:
        """Cancel what the search waits for: its thread ends there."""
        for future in self.asked:
            future.cancel()

    def progress(self, spent: float) -> dict[str, object]:
        """Say how far it is, a hundred units a step; what a step still asks for is not known."""
        if not self.steps:
            return {"done": 0, "total": 100, "left": None}
        landed, asked = self.landed - self.before[0], len(self.asked) - self.before[1]
        within = min(95, 100 * landed // asked) if asked else 0
        total = 100 * self.steps
        self.most = max(self.most, min(total, 100 * self.step + within))
        left = round(spent * (total - self.most) / self.most, 2) if self.most else None
        return {"done": self.most, "total": total, "left": left}


class _Queue:
    """Hands the chunks of one lane to its executor: sessions in turn, suspects alone."""

    def __init__(self, service: Service, lane: Lane, pool: Callable[[], Executor], size: int):
        self.service = service
        self.lane = lane
        self.size = size
        self.pool = pool
        self.executor: Executor | None = None
        self.flying: set[_Task] = set()
        self.suspects: deque[_Task] = deque()
        self.turns: deque[_Session] = deque()
        self.most_flying = 0
        self.closed = False

    def start(self) -> Executor:
        if self.executor is None:
            self.executor = self.pool()
        return self.executor

    def warm(self) -> None:
        """Start the workers before anybody waits for them."""
        executor = self.start()
        for _ in range(self.size):
            executor.submit(_nothing, 0.05)

    def join(self, session: _Session) -> None:
        """Let a session take part; one that was idle is served next."""
        if session not in self.turns:
            self.turns.appendleft(session)
        self.pump()

    def leave(self, session: _Session) -> None:
        with contextlib.suppress(ValueError):
            self.turns.remove(session)

    def pump(self) -> None:
        """Hand out chunks until the workers have enough."""
        while not self.closed:
            if self.suspects:
                # One of these killed a worker; which one shows when each runs alone.
                if self.flying:
                    return
                task = self.suspects.popleft()
                if not task.run.over:
                    self.submit(task)
                    return
                continue
            if len(self.flying) > self.size:
                return
            following = self.following()
            if following is None:
                return
            self.submit(following)

    def following(self) -> _Task | None:
        for _ in range(len(self.turns)):
            session = self.turns[0]
            run = session.waiting(self.lane)
            if run is None:
                self.turns.popleft()
                continue
            self.turns.rotate(-1)
            if not run.next:
                run.started = time.monotonic()
            run.next += 1
            return _Task(run, run.next - 1)
        return None

    def submit(self, task: _Task) -> None:
        loop = asyncio.get_running_loop()
        job = task.run.job
        assert job is not None
        for attempt in (1, 2):
            task.executor = self.start()
            try:
                task.future = task.executor.submit(_call, task.chunk.function, task.chunk.args)
                break
            except BrokenExecutor:
                self.replace(task.executor)
                if attempt == 2:
                    raise
        self.flying.add(task)
        self.most_flying = max(self.most_flying, len(self.flying))
        task.timer = loop.call_later(job.seconds, self.expire, task)
        assert task.future is not None
        task.future.add_done_callback(lambda future: self._tell(loop, task, future))

    def _tell(self, loop: asyncio.AbstractEventLoop, task: _Task, future: Future[Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed when the service stops
            loop.call_soon_threadsafe(self.landed, task, future)

    def expire(self, task: _Task) -> None:
        task.expired = True
        _log.warning("a chunk of %r took too long and is stopped", task.run.kind)
        if not self.kill(task.executor):
            # An executor that cannot be killed keeps the chunk, but nobody waits for it.
            self.flying.discard(task)
            self.service.fail(task.run, {"kind": "slow"})
            self.pump()

    @staticmethod
    def kill(executor: Executor | None) -> bool:
        workers = list((getattr(executor, "_processes", None) or {}).values())
        for worker in workers:
            worker.kill()
        return bool(workers)

    def replace(self, executor: Executor | None) -> None:
        if executor is not None and executor is self.executor:
            self.executor = None
            executor.shutdown(wait=False, cancel_futures=True)

    def landed(self, task: _Task, future: Future[Any]) -> None:
        if task.timer is not None:
            task.timer.cancel()
        known = task in self.flying
        self.flying.discard(task)
        run = task.run
        if self.closed:
            return
        if not future.cancelled() and known:
            error = future.exception()
            if isinstance(error, BrokenExecutor):
                self.replace(task.executor)
                self.lost(task)
            elif run.over:
                pass
            elif error is not None:
                self.service.bug(run, "".join(traceback.format_exception(error)))
            elif isinstance(wrong := future.result(), _Wrong):
                if wrong.error is not None:
                    self.service.fail(run, wrong.error)
                else:
                    self.service.bug(run, wrong.trace)
            elif run.turn is not None:
                run.turn.answer(task.index, future.result())
            else:
                run.ready[task.index] = future.result()
                self.service.merge(run)
        self.pump()

    def lost(self, task: _Task) -> None:
        if task.run.over:
            return
        if task.expired:
            self.service.fail(task.run, {"kind": "slow"})
        elif task.tries:
            _log.error("a chunk of %r ended its worker twice", task.run.kind)
            self.service.fail(task.run, {"kind": "worker"})
        else:
            _log.warning("a worker ended; a chunk of %r runs again", task.run.kind)
            task.tries += 1
            self.suspects.append(task)

    def close(self) -> None:
        self.closed = True
        if self.executor is not None:
            self.kill(self.executor)
            self.executor.shutdown(wait=False, cancel_futures=True)


class _Session:
    """One connection: a dashboard session, its requests and what waits to be sent to it."""

    def __init__(
        self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.service = service
        self.reader = reader
        self.writer = writer
        self.requests: dict[int, _Run] = {}
        self.slots: dict[str, int] = {}
        # A newer message about a request replaces one that was not sent yet, so a reader that is
        # slow costs no memory and gets the newest numbers.
        self.outbox: OrderedDict[object, bytes] = OrderedDict()
        self.filled = asyncio.Event()

    def post(self, about: object, frame: bytes) -> None:
        self.outbox[about] = frame
        self.filled.set()

    async def send(self) -> None:
        while True:
            await self.filled.wait()
            self.filled.clear()
            while self.outbox:
                _, frame = self.outbox.popitem(last=False)
                self.writer.write(frame)
                await self.writer.drain()

    def waiting(self, lane: Lane) -> _Run | None:
        """Return the computation that has had least so far: a short one waits for no long one.

        A search comes last: what its visitor asks meanwhile goes by.
        """
        runs = self.requests.values()
        waiting = [r for r in runs if r.waiting and r.job is not None and r.job.lane == lane]
        return min(waiting, key=lambda run: (run.turn is not None, run.next), default=None)

    async def listen(self) -> None:
        while True:
            head, body = await wire.read(self.reader, body_limit=self.service.limits.upload)
            op, number = head.get("op"), head.get("id")
            if op == "ping":
                self.post("pong", wire.pack({"type": "pong"}))
            elif op == "cancel" and isinstance(number, int):
                self.service.drop(self, number, tell="asked")
            elif op == "request" and isinstance(number, int):
                self.service.ask(self, number, head, body)
            else:
                raise wire.FrameError("an operation that is not known")


class Service:
    """The service itself, as an async context manager.

    Parameters
    ----------
    handlers : Handlers
        What it can do.
    address : str
        ``unix:PATH`` or ``tcp:127.0.0.1:PORT`` (port 0: any); empty: a Unix socket in a private
        folder, or TCP on loopback where the platform has none.
    secret : str
        What a client must show; made up when empty.
    workers : int
        Processes for the lane ``years``.
    pool : callable
        Makes the executor of the lane ``years``; called again when it breaks. Any
        ``concurrent.futures.Executor`` will do, a Dask cluster's too.
    desk : callable
        Makes the executor of the lane ``desk``.
    limits : Limits
        Bounds.
    preload : sequence of str
        Modules that the workers of ``years`` share.

    Attributes
    ----------
    address, secret : str
        What a client needs.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        address: str = "",
        secret: str = "",
        workers: int = 2,
        pool: Callable[[], Executor] | None = None,
        desk: Callable[[], Executor] | None = None,
        limits: Limits | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        self.handlers = handlers
        self.address = address
        self.secret = secret or secrets.token_urlsafe(32)
        self.limits = limits or Limits()
        self.queues: dict[Lane, _Queue] = {
            "years": _Queue(
                self, "years", pool or (lambda: process_pool(workers, preload, nice=NICE)), workers
            ),
            "desk": _Queue(self, "desk", desk or (lambda: process_pool(1, nice=NICE)), 1),
        }
        self._cache = _Cache(self.limits.cache)
        self._running: dict[str, _Run] = {}
        self._sessions: dict[_Session, asyncio.Task[None]] = {}
        self._helpers = Threads(4, "helper")
        self._searches = Threads(8, "search")
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._folder: Path | None = None

    # starting and stopping

    async def __aenter__(self) -> Service:
        """Listen, and start the workers."""
        kind, _, place = self.address.partition(":")
        if not kind:
            place = self._private_place()
            kind = "unix" if place else "tcp"
        if kind == "unix":
            # A socket file may be left over from a service that was killed.
            Path(place).unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._connected, place)
            os.chmod(place, 0o600)
            self.address = f"unix:{place}"
        else:
            port = int(place.rpartition(":")[2] or 0)
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
            self.address = f"tcp:127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.queues["years"].warm()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop: connections are closed, workers ended, nothing is left."""
        if self._server is not None:
            self._server.close()
        for run in list(self._running.values()):
            self._end(run)
        for queue in self.queues.values():
            queue.close()
        for task in [*self._sessions.values(), *self._tasks]:
            task.cancel()
        await asyncio.gather(*self._sessions.values(), *self._tasks, return_exceptions=True)
        self._helpers.shutdown(wait=False, cancel_futures=True)
        self._searches.shutdown(wait=False, cancel_futures=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _private_place(self) -> str:
        if not hasattr(asyncio, "start_unix_server") or sys.platform == "win32":
            return ""
        self._folder = Path(tempfile.mkdtemp(prefix="ectsim-"))  # nobody else may enter it
        place = str(self._folder / "service")
        return place if len(os.fsencode(place)) < 100 else ""  # the kernel's limit is 104 or 108

    # connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        sender: asyncio.Task[None] | None = None
        try:
            refusal = await self._greet(reader)
            if refusal:
                writer.write(wire.pack({"type": "error", "error": {"kind": refusal}}))
                await writer.drain()
                return
            self._sessions[session] = task
            session.post("hello", wire.pack({"type": "hello"}))
            sender = asyncio.create_task(session.send())
            await session.listen()
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as error:
            if isinstance(error, wire.FrameError):
                _log.warning("a connection is closed: %s", error)
        except asyncio.CancelledError:
            pass  # the service stops
        finally:
            self._sessions.pop(session, None)
            for queue in self.queues.values():
                queue.leave(session)
            for number in list(session.requests):
                self.drop(session, number)
            if sender is not None:
                sender.cancel()
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader) -> str:
        async with asyncio.timeout(self.limits.hello):
            head, _ = await wire.read(reader, body_limit=0)
        shown = head.get("secret")
        if head.get("op") != "hello" or not isinstance(shown, str):
            return "refused"
        if not hmac.compare_digest(shown.encode(), self.secret.encode()):
            _log.warning("a connection showed a wrong secret")
            return "refused"
        return "busy" if len(self._sessions) >= self.limits.connections else ""

    # requests

    def ask(self, session: _Session, number: int, head: Mapping[str, Any], body: bytes) -> None:
        """Take a request: answer from what is kept, listen to an equal one, or compute."""
        kind, data, slot = head.get("kind"), head.get("data"), head.get("slot")
        if slot and isinstance(slot, str):
            if slot in session.slots:
                self.drop(session, session.slots[slot], tell="newer")
            session.slots[slot] = number
        if number in session.requests or len(session.requests) >= self.limits.requests:
            session.post(number, _error(number, {"kind": "busy"}))
            return
        handler = self.handlers.get(kind)
        if handler is None or not isinstance(data, dict):
            name = secrets.token_hex(4)
            _log.error("bug %s: no handler for %r", name, kind)
            session.post(number, _error(number, {"kind": "bug", "id": name}))
            return
        key = _key(str(kind), data, body)
        kept = self._cache.get(key)
        if kept is not None:
            session.post(number, _result(number, *kept, cached=True))
            return
        run = self._running.get(key)
        if run is None:
            run = self._running[key] = _Run(key, str(kind))
            run.listeners.add((session, number))
            session.requests[number] = run
            self._start(self._prepare(run, handler, data, body))
            return
        run.listeners.add((session, number))
        session.requests[number] = run
        if run.shown is not None:
            session.post(number, _partial(number, run, run.shown))
        if run.job is not None:
            self.queues[run.job.lane].join(session)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(
        self, run: _Run, handler: Handler, data: dict[str, Any], body: bytes
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(self._helpers, handler, data, body)
            if isinstance(made, Reply):
                self._finish(run, wire.dumps(made.data), made.body, keep=False)
                return
            if isinstance(made, Search):
                await self._search(run, made)
                return
            if not made.chunks:
                raise ValueError(f"a job without chunks for {run.kind!r}")
        except Exception as error:
            self.failed(run, error)
        else:
            run.job = made
            for session, _ in list(run.listeners):
                self.queues[made.lane].join(session)

    async def _search(self, run: _Run, search: Search) -> None:
        if run.over:
            return
        chunks: list[Chunk] = []
        run.job = Job(chunks, lane=search.lane, seconds=search.seconds)
        turn = run.turn = _Turn(self, run, chunks, search.lane)
        run.started = time.monotonic()

        def work() -> tuple[bytes, ...]:
            try:
                return (wire.dumps(search.work(turn, turn.tell)),)
            except CancelledError:  # everybody left, or a piece of it failed
                return ()

        found = await asyncio.get_running_loop().run_in_executor(self._searches, work)
        if not run.over:
            self._finish(run, found[0], b"", keep=search.keep)

    def tell(self, run: _Run) -> None:
        """Tell every listener how far a search is."""
        if not run.over:
            run.shown = b"null"
            for session, number in run.listeners:
                session.post(number, _partial(number, run, run.shown))

    def drop(self, session: _Session, number: int, *, tell: str = "") -> None:
        """Let a listener leave; a computation without listeners ends."""
        run = session.requests.pop(number, None)
        self._clear_slot(session, number)
        if run is None:
            return
        if tell:
            session.post(number, wire.pack({"type": "cancelled", "id": number, "why": tell}))
        run.listeners.discard((session, number))
        if not run.listeners:
            self._end(run)

    @staticmethod
    def _clear_slot(session: _Session, number: int) -> None:
        for slot, held in list(session.slots.items()):
            if held == number:
                del session.slots[slot]

    def _end(self, run: _Run) -> None:
        run.over = True
        if run.turn is not None:
            run.turn.give_up()
        run.ready.clear()
        run.partial = None
        if self._running.get(run.key) is run:
            del self._running[run.key]
        for queue in self.queues.values():
            for task in list(queue.flying):
                if task.run is run and task.future is not None and task.future.cancel():
                    queue.flying.discard(task)
        for session, number in run.listeners:
            session.requests.pop(number, None)
            self._clear_slot(session, number)
        run.listeners.clear()

    # results

    def merge(self, run: _Run) -> None:
        """Merge what has arrived, unless a merge is under way and will see it."""
        if not run.merging:
            run.merging = True
            self._start(self._merge(run))

    async def _merge(self, run: _Run) -> None:
        loop = asyncio.get_running_loop()
        job = run.job
        assert job is not None
        try:
            while not run.over and run.merged in run.ready:
                arrived: list[Any] = []
                while run.merged + len(arrived) in run.ready:
                    arrived.append(run.ready.pop(run.merged + len(arrived)))
                run.partial, data, body = await loop.run_in_executor(
                    self._helpers, _merged, job, run.partial, arrived
                )
                run.merged += len(arrived)
                if not run.listeners:  # everybody left meanwhile
                    return
                if run.merged == len(job.chunks):
                    self._finish(run, data, body, keep=job.keep)
                    return
                run.shown = data
                now = time.monotonic()
                busy = sum(bool(session.requests) for session in self._sessions)
                if now - run.told >= CROWD * (busy - 1):
                    run.told = now
                    for session, number in run.listeners:
                        session.post(number, _partial(number, run, data))
        except Exception as error:
            self.failed(run, error)
        finally:
            run.merging = False

    def _finish(self, run: _Run, data: bytes, body: bytes, *, keep: bool) -> None:
        if keep:
            self._cache.put(run.key, data, body)
        for session, number in run.listeners:
            session.post(number, _result(number, data, body, cached=False))
        self._end(run)

    def fail(self, run: _Run, error: dict[str, str]) -> None:
        """Tell every listener what went wrong, and end."""
        if not run.over:
            for session, number in run.listeners:
                session.post(number, _error(number, error))
            self._end(run)

    def failed(self, run: _Run, error: Exception) -> None:
        """Tell every listener what is known of an exception, or that it is a bug."""
        known = _known(error)
        if known is not None:
            self.fail(run, known)
        else:
            self.bug(run, "".join(traceback.format_exception(error)))

    def bug(self, run: _Run, trace: str) -> None:
        """Log a traceback under an identifier; the page gets the identifier."""
        name = secrets.token_hex(4)
        _log.error("bug %s in %r\n%s", name, run.kind, trace)
        self.fail(run, {"kind": "bug", "id": name})


def _merged(job: Job, partial: Any, results: list[Any]) -> tuple[Any, bytes, bytes]:
    for result in results:
        partial = job.merge(partial, result)
    shown = job.present(partial)
    reply = shown if isinstance(shown, Reply) else Reply(shown)
    return partial, wire.dumps(reply.data), reply.body


def _key(kind: str, data: Mapping[str, Any], body: bytes) -> str:
    text = json.dumps([kind, data], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode() + b"\0" + hashlib.sha256(body).digest()).hexdigest()


def _known(error: Exception) -> dict[str, str] | None:
    """Return an exception that a user can mend as plain text; None: it is a bug."""
    if isinstance(error, InputError):
        return {
            "kind": "input",
            "what": error.what,
            "where": error.where,
            "remedy": error.remedy,
        }
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        _log.error("no room: %s", error)
        return {"kind": "disk"}
    return None


def _error(number: int, error: Mapping[str, str]) -> bytes:
    return wire.pack({"type": "error", "id": number, "error": dict(error)})


def _partial(number: int, run: _Run, data: bytes) -> bytes:
    return wire.pack({"type": "partial", "id": number, **run.progress()}, data=data)


def _result(number: int, data: bytes, body: bytes, *, cached: bool) -> bytes:
    return wire.pack({"type": "result", "id": number, "cached": cached}, body, data=data)


# --- The process that the dashboard command starts ------------------------------------------------


class ServiceProcess:
    """The service in a process of its own, so that its work never delays a page.

    It lives as long as its standard input is open: when the dashboard command ends, however it
    ends, the service notices and ends too. If the service itself dies it is started again at the
    same address.

    Parameters
    ----------
    handlers : sequence of str
        Modules with a ``handlers`` registry, see :meth:`Handlers.load`.
    workers : int
        Processes that simulate.
    preload : sequence of str
        Modules that they share.
    log : pathlib.Path, optional
        File for the log, where tracebacks go; none: standard error.

    Attributes
    ----------
    address, secret : str
        What a client needs; :meth:`environment` gives them to kernels.
    """

    _STARTS = 5  # after so many deaths something is wrong that a restart does not mend

    def __init__(
        self,
        handlers: Sequence[str],
        *,
        workers: int = 2,
        preload: Sequence[str] = (),
        log: Path | None = None,
    ) -> None:
        self.address = ""
        self.secret = secrets.token_urlsafe(32)
        self._order: dict[str, object] = {
            "handlers": list(handlers),
            "workers": workers,
            "preload": list(preload),
            "log": str(log) if log else "",
        }
        self._folder: Path | None = None
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The service's process id."""
        return self._process.pid if self._process else None

    def environment(self) -> dict[str, str]:
        """Return the variables by which a kernel finds the service."""
        return {"ECTSIM_SERVICE": self.address, "ECTSIM_SERVICE_SECRET": self.secret}

    def __enter__(self) -> ServiceProcess:
        """Start it; where its address is known beforehand, do not wait for it."""
        # The folder is ours, not the service's: the address outlives its death, and uploads do not.
        self._folder = Path(tempfile.mkdtemp(prefix="ectsim-"))
        if sys.platform != "win32":
            place = self._folder / "service"
            if len(os.fsencode(place)) < 100:
                self.address = f"unix:{place}"
        self._launch()
        if not self.address:
            self.ready()
        return self

    def ready(self) -> None:
        """Wait until it listens; from then on it is started again when it dies.

        Raises
        ------
        RuntimeError
            If it does not start.
        """
        if self._watcher is None:
            self._listens()
            self._watcher = threading.Thread(target=self._watch, daemon=True, name="service-watch")
            self._watcher.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and wait for its end."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(1.5)  # what it keeps is in our folder
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
            if process.stdout is not None:
                process.stdout.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _launch(self) -> None:
        environment = dict(os.environ)
        # Workers compute side by side; threads inside each would only get in each other's way.
        environment.setdefault("OPENBLAS_NUM_THREADS", "1")
        environment.setdefault("OMP_NUM_THREADS", "1")
        environment["ECTSIM_SCRATCH"] = str(self._folder or "")
        root = Path(__file__).resolve().parents[1]
        if (root / "pyproject.toml").is_file():  # a checkout need not be installed
            known = environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = os.pathsep.join([str(root), *([known] if known else [])])
        with contextlib.ExitStack() as stack:
            log = str(self._order["log"])
            if log:
                Path(log).parent.mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from ectsim.service import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # What it cannot log itself, such as why it does not start, is found at the same place.
                stderr=stack.enter_context(open(log, "ab")) if log else None,
                text=True,
                encoding="utf-8",
                env=environment,
                # Ctrl+C is for the command: here it would strike before anything can be ignored.
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        assert self._process.stdin is not None
        order = {**self._order, "address": self.address, "secret": self.secret}
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def _listens(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise RuntimeError(f"the simulation service did not start (exit code {code})")
        self.address = json.loads(line)["address"]

    def _watch(self) -> None:
        for _ in range(self._STARTS):
            process = self._process
            assert process is not None
            process.wait()
            if self._stopping.is_set():
                return
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            _log.error("the simulation service ended (%s) and is started again", process.returncode)
            with self._lock, contextlib.suppress(RuntimeError):
                if not self._stopping.is_set():
                    self._launch()
                    self._listens()


def main() -> None:
    """Run the service: an order as JSON on standard input, the address on standard output."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the dashboard command stops us
    order = json.loads(sys.stdin.readline())
    _log_to(order["log"])
    try:
        asyncio.run(_main(order))
    except Exception:
        _log.critical("the service ended\n%s", traceback.format_exc())
        sys.exit(1)


async def _main(order: dict[str, Any]) -> None:
    service = Service(
        Handlers.load(order["handlers"]),
        address=order["address"],
        secret=order["secret"],
        workers=order["workers"],
        preload=order["preload"],
    )
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait_for_parent() -> None:
        while sys.stdin.readline():
            pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    async with service:
        print(json.dumps({"address": service.address}), flush=True)
        threading.Thread(target=wait_for_parent, daemon=True, name="parent-watch").start()
        await ended.wait()


class LogFile(logging.handlers.RotatingFileHandler):
    """A log that is lost, and says nothing, where the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Do without: a traceback on the terminal would help nobody."""


def _log_to(place: str) -> None:
    handler: logging.Handler
    if place:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        handler = LogFile(place, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    else:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("ectsim").addHandler(handler)
    logging.getLogger("ectsim").setLevel(logging.INFO)
