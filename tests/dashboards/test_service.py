"""The simulation service: fair, shared, cancellable, and honest when something breaks."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ectsim import wire
from ectsim.app.client import Client, Latest, Message, ServiceError, ServiceGone, explain
from ectsim.errors import Cancelled, InputError
from ectsim.service import Limits, Service, ServiceProcess, portions
from tests.dashboards.demo import handlers

Work = Callable[[Service], Awaitable[None]]


def run(work: Work, *, processes: bool = False, limits: Limits | None = None) -> None:
    """Run a test's coroutine beside a service, on threads unless processes matter."""

    async def inside() -> None:
        pool = None if processes else lambda: ThreadPoolExecutor(2)
        async with Service(
            handlers, pool=pool, desk=lambda: ThreadPoolExecutor(1), limits=limits
        ) as service:
            async with asyncio.timeout(20):
                try:
                    await work(service)
                finally:
                    await close_all()

    go(inside())


def go(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread: Playwright keeps a loop running in the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


_open: list[Client] = []


def client_of(service: Service | ServiceProcess) -> Client:
    _open.append(Client(service.address, service.secret))
    return _open[-1]


async def close_all() -> None:
    while _open:
        await _open.pop().close()


async def collect(client: Client, kind: str, **data: object) -> list[Message]:
    return [message async for message in client.stream(kind, data)]


def test_portions_are_a_partition_that_starts_small() -> None:
    for total in (1, 3, 4, 5, 50, 200, 201):
        parts = portions(total)
        assert [k for part in parts for k in part] == list(range(total))
        assert len(parts[0]) <= 4
        assert max(map(len, parts)) <= 20
    assert portions(0) == []


def test_partials_grow_in_order_and_end_in_the_whole() -> None:
    async def work(service: Service) -> None:
        messages = await collect(client_of(service), "sum", n=50, seconds=0.005)
        assert messages[-1].final
        assert messages[-1].data == {"sum": sum(range(50))}
        done = [message.done for message in messages[:-1]]
        assert done == sorted(set(done))
        assert set(done) <= {4, 8, 16, 32}
        # A partial depends on the request alone: the first k replications, whoever was faster.
        assert all(m.data == {"sum": sum(range(m.done))} for m in messages[:-1])
        assert all(m.total == 50 and m.left is not None for m in messages[:-1])

    run(work)


def test_an_equal_request_is_answered_from_what_is_kept() -> None:
    async def work(service: Service) -> None:
        first = await client_of(service).ask("sum", {"n": 20, "seconds": 0.02})
        started = time.perf_counter()
        second = await client_of(service).ask("sum", {"seconds": 0.02, "n": 20})
        assert second.cached
        assert not first.cached
        assert second.data == first.data
        assert time.perf_counter() - started < 0.1

    run(work)


def test_equal_requests_share_one_computation_until_the_last_leaves() -> None:
    async def work(service: Service) -> None:
        clients = [client_of(service) for _ in range(3)]
        tasks = [
            asyncio.create_task(client.ask("sum", {"n": 400, "seconds": 0.03}))
            for client in clients
        ]
        await asyncio.sleep(0.1)
        assert len(service._running) == 1
        tasks[0].cancel()
        await asyncio.sleep(0.05)
        assert len(service._running) == 1  # two still listen
        answers = await asyncio.gather(*tasks[1:])
        assert [answer.data for answer in answers] == [{"sum": sum(range(400))}] * 2
        assert not service._running

    run(work)


def test_sessions_take_turns() -> None:
    async def work(service: Service) -> None:
        busy, late = client_of(service), client_of(service)
        long = asyncio.create_task(busy.ask("sum", {"n": 2000, "seconds": 0.02}))
        await asyncio.sleep(0.2)
        started = time.perf_counter()
        messages = await collect(late, "sum", n=24, seconds=0.02)
        waited = time.perf_counter() - started
        assert messages[-1].final
        assert not long.done()
        # Four chunks of 0.02 s in turn with the other session's on two workers: about 0.1 s;
        # behind its hundred chunks it would be more than a second.
        assert waited < 0.5
        assert service.queues["years"].most_flying <= 3
        long.cancel()

    run(work)


def test_a_short_question_of_a_page_waits_for_no_long_one() -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        long = asyncio.create_task(client.ask("sum", {"n": 2000, "seconds": 0.02}))
        await asyncio.sleep(0.2)
        assert (await client.ask("sum", {"n": 24, "seconds": 0.02})).final
        assert not long.done()
        long.cancel()

    run(work)


@pytest.mark.parametrize("how", ["task", "connection"])
def test_leaving_cancels(how: str) -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        task = asyncio.create_task(client.ask("sum", {"n": 2000, "seconds": 0.02}))
        await asyncio.sleep(0.1)
        assert service._running
        started = time.perf_counter()
        if how == "task":
            task.cancel()
        else:
            task.add_done_callback(lambda done: done.exception())
            assert client._writer is not None
            client._writer.close()
            await asyncio.sleep(0.01)
            task.cancel()
        while service._running or service.queues["years"].flying:
            await asyncio.sleep(0.005)
        assert time.perf_counter() - started < 0.3

    run(work)


def test_the_newest_of_a_slot_cancels_the_older() -> None:
    async def work(service: Service) -> None:
        client = client_of(service)

        async def ask(n: int) -> Message:
            async for message in client.stream("sum", {"n": n, "seconds": 0.02}, slot="main"):
                if message.final:
                    return message
            raise AssertionError("no end")

        old = asyncio.create_task(ask(1000))
        await asyncio.sleep(0.05)
        new = asyncio.create_task(ask(20))
        with pytest.raises(Cancelled):
            await old
        assert (await new).data == {"sum": sum(range(20))}

    run(work)


def test_latest_shows_the_newest_and_keeps_the_pace() -> None:
    async def work(service: Service) -> None:
        shown: list[tuple[float, Message]] = []
        failed: list[Exception] = []
        latest = Latest(
            client_of(service),
            lambda message: shown.append((time.perf_counter(), message)),
            failed.append,
            pace=0.1,
        )
        for n in range(30, 40):
            task = latest.start("sum", {"n": n * 10, "seconds": 0.02})
            await asyncio.sleep(0.005)
        await task
        assert not failed
        assert [m.data for _, m in shown if m.final] == [{"sum": sum(range(390))}]
        times = [at for at, message in shown if not message.final]
        assert all(b - a > 0.08 for a, b in itertools.pairwise(times))
        latest.start("sum", {"n": 0, "seconds": 0})
        while not failed:
            await asyncio.sleep(0.01)
        assert isinstance(failed[0], InputError)

    run(work)


def test_wrong_input_crosses_whole_and_a_bug_hides_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        with pytest.raises(InputError) as caught:
            await client.ask("sum", {"n": 0, "seconds": 0})
        assert (caught.value.what, caught.value.where) == ("n is below 1", "n")
        with pytest.raises(InputError) as caught:
            await client.ask("wrong", {"how": "input"})
        assert caught.value.remedy == "mend it"
        for how in ("worker", "handler", "stubborn", "nan"):
            caplog.clear()
            with pytest.raises(ServiceError) as bug:
                await client.ask("wrong", {"how": how})
            assert bug.value.kind == "bug"
            shown = explain(bug.value)
            assert "Traceback" not in shown
            assert "secret" not in shown
            assert bug.value.name
            assert bug.value.name in shown
            assert f"bug {bug.value.name}" in caplog.text
            assert "Traceback" in caplog.text
        with pytest.raises(ServiceError, match="reference"):
            await client.ask("nobody", {})

    run(work, processes=True)


def test_a_killed_worker_costs_nothing_and_a_killer_is_named(tmp_path: Path) -> None:
    async def work(service: Service) -> None:
        client, other = client_of(service), client_of(service)
        innocent = asyncio.create_task(other.ask("sum", {"n": 300, "seconds": 0.02}))
        answer = await client.ask("die", {"marker": str(tmp_path / "marker")})
        assert answer.data == 8  # the lost chunk ran again
        with pytest.raises(ServiceError) as caught:
            await client.ask("die", {"marker": ""})
        assert caught.value.kind == "worker"
        assert (await innocent).data == {"sum": sum(range(300))}

    run(work, processes=True)


def test_a_chunk_that_hangs_is_stopped() -> None:
    async def work(service: Service) -> None:
        with pytest.raises(ServiceError) as caught:
            await client_of(service).ask("slow")
        assert caught.value.kind == "slow"
        answer = await client_of(service).ask("sum", {"n": 5, "seconds": 0})
        assert answer.data == {"sum": 10}

    run(work, processes=True)


def test_bytes_go_both_ways_and_too_many_are_refused() -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        answer = await client.ask("louder", body=b"abc" * 100)
        assert answer.body == b"ABC" * 100
        assert answer.data == {"bytes": 300}
        with pytest.raises(ServiceGone):
            await client.ask("louder", body=b"x" * 2001)

    run(work, limits=Limits(upload=2000))


def test_a_search_decides_as_it_goes_and_tells_how_far_it_is() -> None:
    async def work(service: Service) -> None:
        messages = await collect(client_of(service), "search", target=200, seconds=0.01)
        assert messages[-1].final
        assert messages[-1].data == {"found": sum(k * k for k in range(10)), "pieces": 10}
        done = [m.done for m in messages[:-1]]
        assert done == sorted(done)
        assert done[-1] > 0
        assert all(m.data is None and m.total == 1000 for m in messages[:-1] if m.done)
        again = await client_of(service).ask("search", {"target": 200, "seconds": 0.01})
        assert again.cached

    run(work)


def test_a_search_ends_with_its_last_listener_and_lets_quick_questions_by() -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        task = asyncio.create_task(client.ask("search", {"target": 10**9, "seconds": 0.02}))
        await asyncio.sleep(0.2)
        started = time.perf_counter()
        await client.ask("sum", {"n": 8, "seconds": 0.01})
        assert time.perf_counter() - started < 0.3
        threads = service._searches._threads
        assert not task.done()
        task.cancel()
        await asyncio.sleep(0.3)
        assert not service._running
        assert not service.queues["years"].flying
        assert len(threads) == 1  # the thread is free again: the next search takes it
        await client.ask("search", {"target": 1, "seconds": 0})
        assert len(threads) == 1

    run(work)


def test_what_goes_wrong_in_a_search_is_told() -> None:
    async def work(service: Service) -> None:
        with pytest.raises(InputError, match="below nought"):
            await client_of(service).ask("search", {"target": 9, "seconds": 0, "first": -1})
        with pytest.raises(ServiceError) as caught:
            await client_of(service).ask("search", {"target": "many", "seconds": 0})
        assert caught.value.kind == "bug"

    run(work)


def test_wrong_secret_and_crowd_are_refused() -> None:
    async def work(service: Service) -> None:
        with pytest.raises(ServiceError) as caught:
            await Client(service.address, "guess").ask("sum", {"n": 1, "seconds": 0})
        assert caught.value.kind == "refused"
        reader, writer = await wire.connect(service.address)
        writer.write(wire.pack({"op": "request", "id": 1, "kind": "sum", "data": {"n": 1}}))
        head, _ = await wire.read(reader)
        assert head["error"]["kind"] == "refused"
        writer.close()
        first, second = client_of(service), client_of(service)
        await first.ask("sum", {"n": 1, "seconds": 0})
        with pytest.raises(ServiceError) as caught:
            await second.ask("sum", {"n": 1, "seconds": 0})
        assert caught.value.kind == "busy"

    run(work, limits=Limits(connections=1))


def test_one_session_cannot_pile_up_requests() -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        tasks = [
            asyncio.create_task(client.ask("sum", {"n": n, "seconds": 0.05})) for n in range(10, 15)
        ]
        done = await asyncio.gather(*tasks, return_exceptions=True)
        busy = [error for error in done if isinstance(error, ServiceError)]
        assert [error.kind for error in busy] == ["busy"] * 2

    run(work, limits=Limits(requests=3))


def test_old_answers_leave_the_cache() -> None:
    async def work(service: Service) -> None:
        client = client_of(service)
        for n in range(1, 8):
            await client.ask("sum", {"n": n, "seconds": 0})
        assert (await client.ask("sum", {"n": 7, "seconds": 0})).cached
        assert not (await client.ask("sum", {"n": 1, "seconds": 0})).cached

    run(work, limits=Limits(cache=40))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found += family(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_the_process_serves_survives_its_death_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    log = tmp_path / "log" / "service.log"
    with ServiceProcess(["ectsim.app.handlers", "tests.dashboards.demo"], log=log) as process:
        process.ready()

        async def work() -> None:
            client = client_of(process)
            assert "version" in (await client.ask("about")).data
            with pytest.raises(ServiceError):
                await client.ask("wrong", {"how": "worker"})
            assert "RuntimeError" in log.read_text()
            assert process.pid is not None
            before = family(process.pid)
            assert len(before) >= 3  # itself, and what it started
            os.kill(process.pid, signal.SIGKILL)
            answer = await client.ask("sum", {"n": 5, "seconds": 0})
            assert answer.data == {"sum": 10}
            for _ in range(100):
                if not any(map(alive, before)):
                    break
                await asyncio.sleep(0.05)
            assert not any(map(alive, before)), "workers outlive a killed service"
            await close_all()

        go(work())
        assert process.pid is not None
        after = family(process.pid)
    for _ in range(100):
        if not any(map(alive, after)):
            break
        time.sleep(0.05)
    assert not any(map(alive, after))
    assert not list(Path(process.address.partition(":")[2]).parent.glob("*"))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ectsim")
