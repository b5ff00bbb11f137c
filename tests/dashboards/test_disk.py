"""A full disk: the page says so and keeps what it shows, the command says so in a line."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ectsim import desk
from ectsim.app.client import Client, ServiceError
from ectsim.app.handlers import handlers
from ectsim.app.pages.mentor import Mentor
from ectsim.app.widgets import Download
from ectsim.cli import run
from ectsim.service import LogFile, Service
from tests.dashboards.test_service import go
from tests.dashboards.test_states import below, message

SAID = "The disk is full. What you see is the last result: free some space, then try again."


def full(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


async def until(wanted: Any) -> None:
    async with asyncio.timeout(60):
        while not wanted():
            await asyncio.sleep(0.02)


def test_an_upload_that_finds_no_room_is_said_and_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[ServiceError] = []

    async def work() -> None:
        one = lambda: ThreadPoolExecutor(1)  # noqa: E731 - a name for the two places below
        async with Service(handlers, pool=one, desk=one) as service:
            client = Client(service.address, service.secret)
            monkeypatch.setattr(Path, "write_bytes", full)
            parts = [{"role": "timetable", "name": "t.csv", "size": 3}]
            with pytest.raises(ServiceError) as wrong:
                await client.ask("upload", {"parts": parts}, body=b"a,b")
            heard.append(wrong.value)
            monkeypatch.undo()
            await client.ask("about")  # and it serves on
            await client.close()

    go(work())
    assert heard[0].kind == "disk"
    assert str(heard[0]) == SAID
    assert "Traceback" not in caplog.text
    assert "bug" not in caplog.text


def test_a_page_keeps_its_last_result_when_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> None:
        one = lambda: ThreadPoolExecutor(1)  # noqa: E731 - as above
        async with Service(handlers, pool=one, desk=one) as service:
            client = Client(service.address, service.secret)
            page = Mentor(client)
            page.form["years"].value = 20
            await until(lambda: page._found)
            before = page._tiles["practised"].tiles
            headline = page._headline.blocks
            assert before

            sent: list[Any] = []
            save = next(w for w in below(page.box) if isinstance(w, Download) and "CSV" in w.text)
            monkeypatch.setattr(save, "send", lambda content, buffers=None: sent.append(content))
            monkeypatch.setattr(desk, "export_hour", full)
            message(save, {"event": "ask"})
            await until(lambda: sent)
            assert sent == [{"problem": SAID}]

            monkeypatch.setattr(desk, "present_hour", full)
            page.form["seed"].value = 2
            await until(lambda: page.announcer.tone == "wrong")
            assert page.announcer.text == SAID
            assert page._tiles["practised"].tiles == before
            assert page._headline.blocks == headline

            monkeypatch.undo()
            page.form["seed"].value = 3
            await until(lambda: page._found.get("seed") == 3)
            assert page.announcer.tone == "calm"
            page.stop()
            await client.close()

    go(work())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_without_room_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log = LogFile("/dev/full", delay=True)
    log.emit(logging.makeLogRecord({"msg": "x" * 10_000}))
    with contextlib.suppress(OSError):
        log.close()
    assert capsys.readouterr().err == ""


def test_a_command_says_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Path, "write_text", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    assert run(["rescue", str(tmp_path / "copy.html")]) == 2
    told = capsys.readouterr().err
    assert "No space left" in told
    monkeypatch.setattr("ectsim.rescue.rescue_html", full)
    assert run(["rescue", str(tmp_path / "copy.html")]) == 2
    told += capsys.readouterr().err
    assert "the disk is full - free some space" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
