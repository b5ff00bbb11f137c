"""How a dashboard's kernel asks the simulation service.

One connection serves all requests of a kernel::

    client = Client.from_environment()
    async for message in client.stream("simulate", {"scenario": "default"}, slot="main"):
        show(message.data, message.done, message.total, message.left)

Cancelling the task that iterates cancels the computation. :class:`Latest` adds what every page
needs: the newest request wins, and the page is redrawn four times a second at most.

Standard library only: this module is loaded by every kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ectsim import wire
from ectsim.errors import DISK_FULL, Cancelled, InputError

__all__ = ["Asking", "Client", "Latest", "Message", "ServiceError", "ServiceGone", "explain"]


class ServiceError(RuntimeError):
    """The service could not answer, and it is not the input's fault.

    Parameters
    ----------
    kind : str
        ``bug``, ``worker`` (a worker ended twice), ``slow``, ``busy``, ``disk`` or ``refused``.
    name : str
        Of a bug: the identifier under which the service logged it.
    """

    def __init__(self, kind: str, name: str = "") -> None:
        self.kind = kind
        self.name = name
        super().__init__(explain_kind(kind, name))


class ServiceGone(ServiceError):
    """Nobody answers at the service's address, also after another try."""

    def __init__(self) -> None:
        super().__init__("gone")


def explain_kind(kind: str, name: str = "") -> str:
    """Say in plain words what went wrong and what to do.

    Parameters
    ----------
    kind : str
        See :class:`ServiceError`.
    name : str, optional
        The identifier of a bug.
    """
    if kind == "bug":
        return (
            f"Something went wrong on our side (reference {name}). Your answers are kept: change "
            "one of them or try again. If it happens again, send us the reference."
        )
    return {
        "disk": "The disk is full. What you see is the last result: free some space, then try again.",
        "busy": "Too many calculations are waiting. Wait a moment, then try again.",
        "slow": "This calculation took too long and was stopped. Try a smaller one.",
        "worker": "This calculation failed twice and was given up. Change an answer and try again.",
        "gone": "The part that calculates does not answer. Close this page and start again.",
        "refused": "The part that calculates does not know this page. Start again.",
    }.get(kind, "Something went wrong on our side. Try again.")


def explain(error: BaseException) -> str:
    """Say in plain words what went wrong and what to do; never a traceback.

    Parameters
    ----------
    error : BaseException
        Whatever was caught.
    """
    if isinstance(error, InputError | ServiceError):
        return str(error)
    full = isinstance(error, OSError) and error.errno in DISK_FULL
    return explain_kind("disk" if full else "other")


@dataclass(frozen=True, slots=True)
class Message:
    """What stands so far, or the whole answer.

    Parameters
    ----------
    data : object
        What the handler presented.
    final : bool
        Whether this is the whole answer.
    done, total : int
        Progress in the handler's unit.
    left : float or None
        Seconds that the rest will probably take.
    cached : bool
        Whether the answer was known.
    body : bytes
        A file's content.
    """

    data: Any
    final: bool
    done: int = 0
    total: int = 0
    left: float | None = None
    cached: bool = False
    body: bytes = b""


class Client:
    """A connection to the simulation service, opened when first needed.

    Parameters
    ----------
    address, secret : str
        Where the service listens and what it wants to see.
    heartbeat : float
        Seconds of silence after which the service is asked whether it is there.
    patience : float
        Seconds of silence after which it is taken for gone.
    """

    def __init__(
        self, address: str, secret: str, *, heartbeat: float = 10.0, patience: float = 30.0
    ) -> None:
        self._address = address
        self._secret = secret
        self._heartbeat = heartbeat
        self._patience = patience
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[tuple[dict[str, Any], bytes] | None]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._opening = asyncio.Lock()
        self._heard = 0.0

    @classmethod
    def from_environment(cls) -> Client:
        """Find the service that the dashboard command started.

        Raises
        ------
        ServiceGone
            If there is none, for example in a kernel that JupyterLab started.
        """
        address = os.environ.get("ECTSIM_SERVICE", "")
        if not address:
            raise ServiceGone
        return cls(address, os.environ.get("ECTSIM_SERVICE_SECRET", ""))

    async def stream(
        self,
        kind: str,
        data: Mapping[str, object] | None = None,
        *,
        slot: str = "",
        body: bytes = b"",
    ) -> AsyncGenerator[Message, None]:
        """Ask, and iterate over what stands so far; the last message is final.

        Parameters
        ----------
        kind : str
            A request kind that the service has a handler for.
        data : mapping, optional
            Plain data.
        slot : str, optional
            A name; a newer request of the same name cancels this one.
        body : bytes, optional
            A file's content.

        Raises
        ------
        ectsim.errors.InputError
            If the input is wrong.
        ectsim.errors.Cancelled
            If a newer request took this one's slot.
        ServiceError
            If the service could not answer.
        """
        request = {"op": "request", "kind": kind, "slot": slot, "data": dict(data or {})}
        for attempt in (1, 2):
            number = next(self._numbers)
            answers: asyncio.Queue[tuple[dict[str, Any], bytes] | None] = asyncio.Queue()
            self._waiting[number] = answers
            over = False
            try:
                await self._open()
                self._write(wire.pack({**request, "id": number}, body))
                while True:
                    answer = await answers.get()
                    if answer is None:
                        over = True
                        break  # the connection is lost
                    message = _message(*answer)
                    over = message.final
                    yield message
                    if over:
                        return
            except (InputError, Cancelled, ServiceError):
                over = True
                raise
            except OSError:
                over = True
            finally:
                self._waiting.pop(number, None)
                if not over:
                    self._write(wire.pack({"op": "cancel", "id": number}))
            if attempt == 1:
                await asyncio.sleep(0.1)
        raise ServiceGone

    async def ask(
        self,
        kind: str,
        data: Mapping[str, object] | None = None,
        *,
        slot: str = "",
        body: bytes = b"",
    ) -> Message:
        """Ask and wait for the whole answer; see :meth:`stream`."""
        async with aclosing(self.stream(kind, data, slot=slot, body=body)) as messages:
            async for message in messages:
                if message.final:
                    return message
        raise ServiceGone

    async def close(self) -> None:
        """Close the connection; the service cancels what was still running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lost()

    def _write(self, frame: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame)

    async def _open(self) -> None:
        async with self._opening:
            if self._writer is not None:
                return
            # A service that starts, or starts again, needs a second or two.
            end = time.monotonic() + 8
            while True:
                try:
                    reader, writer = await wire.connect(self._address)
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise ServiceGone from None
                    await asyncio.sleep(0.2)
            try:
                writer.write(wire.pack({"op": "hello", "secret": self._secret}))
                async with asyncio.timeout(5):
                    head, _ = await wire.read(reader)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                writer.close()
                raise ConnectionError("no answer to a greeting") from None
            if head.get("type") != "hello":
                writer.close()
                raise _wrong(head.get("error") or {})
            self._writer = writer
            self._heard = time.monotonic()
            self._tasks = [
                asyncio.create_task(self._listen(reader, writer)),
                asyncio.create_task(self._beat(writer)),
            ]

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head, body = await wire.read(reader)
                self._heard = time.monotonic()
                queue = self._waiting.get(head.get("id", 0))
                if queue is not None:
                    queue.put_nowait((head, body))
        if self._writer is writer:
            self._lost()

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        while self._writer is writer:
            await asyncio.sleep(self._heartbeat)
            silence = time.monotonic() - self._heard
            if silence > self._patience:
                self._lost()
            elif silence >= self._heartbeat:
                self._write(wire.pack({"op": "ping"}))

    def _lost(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for queue in self._waiting.values():
            queue.put_nowait(None)


def _message(head: Mapping[str, Any], body: bytes) -> Message:
    kind = head.get("type")
    if kind == "partial":
        return Message(head["data"], False, head["done"], head["total"], head["left"])
    if kind == "result":
        return Message(head["data"], True, cached=head["cached"], body=body)
    if kind == "cancelled":
        raise Cancelled
    raise _wrong(head.get("error") or {})


def _wrong(error: Mapping[str, str]) -> Exception:
    if error.get("kind") == "input":
        return InputError(error["what"], where=error["where"], remedy=error["remedy"])
    return ServiceError(error.get("kind", "other"), error.get("id", ""))


class Latest:
    """Ask for the newest of many changes, and redraw at a pace that a page can bear.

    Parameters
    ----------
    client : Client
        Whom to ask.
    show : callable
        Takes a :class:`Message`; called at most every ``pace`` seconds, and for the final one.
    fail : callable
        Takes the exception; :func:`explain` puts it into words.
    slot : str
        The name of this place on the page.
    pace : float
        Seconds between redraws.
    """

    def __init__(
        self,
        client: Client,
        show: Callable[[Message], None],
        fail: Callable[[Exception], None],
        *,
        slot: str = "main",
        pace: float = 0.25,
    ) -> None:
        self._client = client
        self._show = show
        self._fail = fail
        self._slot = slot
        self._pace = pace
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether an answer is still awaited."""
        return self._task is not None and not self._task.done()

    def start(
        self, kind: str, data: Mapping[str, object] | None = None, *, body: bytes = b""
    ) -> asyncio.Task[None]:
        """Ask; an older request that is still running is cancelled.

        Parameters
        ----------
        kind, data, body
            See :meth:`Client.stream`.
        """
        self.stop()
        self._task = asyncio.ensure_future(self._run(kind, data, body))
        return self._task

    def stop(self) -> None:
        """Cancel what is running; what was shown last stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, kind: str, data: Mapping[str, object] | None, body: bytes) -> None:
        held: Message | None = None
        drawn = 0.0

        async def later(delay: float) -> None:
            nonlocal held, drawn
            await asyncio.sleep(delay)
            if held is not None:
                drawn = time.monotonic()
                message, held = held, None
                self._show(message)

        timer: asyncio.Task[None] | None = None
        try:
            stream = self._client.stream(kind, data, slot=self._slot, body=body)
            async with aclosing(stream) as messages:
                async for message in messages:
                    now = time.monotonic()
                    if message.final or now - drawn >= self._pace:
                        held, drawn = None, now
                        self._show(message)
                    else:
                        held = message
                        if timer is None or timer.done():
                            timer = asyncio.ensure_future(later(self._pace - (now - drawn)))
        except Cancelled:
            pass  # a newer request took over
        except Exception as error:
            self._fail(error)
        finally:
            if timer is not None:
                timer.cancel()


class Asking:
    """What pages share when they ask: one client, one newest question a place, tasks kept alive.

    Parameters
    ----------
    client : Client, optional
        By default the service that the dashboard command started, found when it is first needed.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self._latest: dict[str, Latest] = {}
        self._tasks: set[asyncio.Future[Any]] = set()

    def client(self) -> Client:
        """Return the client.

        Raises
        ------
        ServiceError
            If there is no service.
        """
        if self._client is None:
            self._client = Client.from_environment()
        return self._client

    def _line(
        self, name: str, show: Callable[[Message], None], fail: Callable[[Exception], None]
    ) -> Latest:
        """Return the one that asks for a place of the page; an older question there is cancelled."""
        if name not in self._latest:
            self._latest[name] = Latest(self.client(), show, fail, slot=name)
        return self._latest[name]

    def _spawn(self, work: Awaitable[Any]) -> None:
        """Start a task and hold on to it: the loop alone would let it be collected."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
