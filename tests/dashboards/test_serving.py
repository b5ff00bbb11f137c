"""A server as a network manager runs it: ready, bounded, guarded, and gone when it is told so."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import tornado.websocket
from playwright.sync_api import Page, expect

from ectsim.app.server import MESSAGE_LIMIT, POST_LIMIT, serve
from ectsim.cli import run
from ectsim.errors import InputError
from tests.dashboards.conftest import CHECKOUT, Running, fetch
from tests.dashboards.test_service import go

LONG = "a-token-of-a-school_2026"


def kernel_of(text: str) -> str:
    found = re.search(r'"kernelId":\s*"([^"]+)"', text)
    assert found, "no kernel in the page"
    return found[1]


def until(wanted: object, seconds: float = 20.0) -> None:
    assert callable(wanted)
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.1)


def connects(port: int) -> bool:
    with socket.socket() as some:
        return some.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for one visitor and no more."""
    running = Running(
        tmp_path_factory.mktemp("small"), name="launch", visitors=1, most=1, workers=1
    )
    yield running
    assert running.stop() == 0
    assert "".join(running.errors) == ""


# --- ready, bounded ---------------------------------------------------------------------------


def test_a_page_is_ready_before_anybody_comes_and_there_is_a_limit(small: Running) -> None:
    until(lambda: len(small.children("ipykernel")) == 1)
    [ahead] = small.children("ipykernel")
    until(lambda: psutil.Process(ahead).cpu_times().user > 0.3)  # it has run the page
    code, _, text = fetch(small.page("launch"))
    assert code == 200
    kernel_of(text)
    assert small.children("ipykernel") == [ahead]  # the visitor has the one that was ready
    code, _, text = fetch(small.page("launch"))
    assert code == 503
    assert "All places are taken" in text
    assert "Traceback" not in text
    assert len(small.children("ipykernel")) <= 1


def test_who_does_nothing_leaves_a_place(tmp_path: Path) -> None:
    running = Running(tmp_path, name="launch", visitors=0, most=1, pause=3, workers=1)
    try:
        assert fetch(running.page("launch"))[0] == 200
        assert fetch(running.page("launch"))[0] == 503
        until(lambda: not running.children("ipykernel"))
        # the server counts a kernel until it has seen it end, a moment after its process has gone
        until(lambda: fetch(running.page("launch"))[0] == 200)
    finally:
        assert running.stop() == 0


# --- guarded ----------------------------------------------------------------------------------


def test_every_reply_carries_the_headers(small: Running) -> None:
    pages = [
        "",
        "voila/static/voila.js",
        "voila/templates/ectsim/static/ectsim.css",
        "nowhere",
        "login",
    ]
    for path in pages:
        _, headers, _ = fetch(small.root + path)
        assert "default-src 'self'" in headers["Content-Security-Policy"], path
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "SAMEORIGIN", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "Server" not in headers, path


def test_too_much_is_not_taken(small: Running) -> None:
    asked = urllib.request.Request(small.root + "login", data=b"password=" + b"x" * POST_LIMIT)
    with pytest.raises(OSError):  # refused, or the connection is closed before all is sent
        urllib.request.urlopen(asked, timeout=10)
    assert fetch(small.root)[0] == 200  # it still serves


def test_a_message_that_is_too_large_ends_its_own_page_only(tmp_path: Path) -> None:
    running = Running(tmp_path, name="launch", visitors=0, most=1, workers=1)

    async def shout(address: str) -> None:
        page = await tornado.websocket.websocket_connect(address)
        with contextlib.suppress(tornado.websocket.WebSocketClosedError):
            await page.write_message(b"x" * (MESSAGE_LIMIT + 1), binary=True)
        while await asyncio.wait_for(page.read_message(), 20) is not None:
            pass
        page.close()

    try:
        kernel = kernel_of(fetch(running.page("launch"))[2])
        root = running.root.replace("http", "ws", 1)
        go(shout(f"{root}api/kernels/{kernel}/channels"))
        assert fetch(running.root)[0] == 200
    finally:
        assert running.stop() == 0


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server on loopback that a proxy shows elsewhere, with a token that outlives a restart."""
    os.environ["ECTSIM_TOKEN"] = LONG
    try:
        running = Running(
            tmp_path_factory.mktemp("behind"), name="launch", visitors=0, workers=1,
            public="https://apps.school.example/coaching", port=None,
        )  # fmt: skip
    finally:
        del os.environ["ECTSIM_TOKEN"]
    yield running
    assert running.stop() == 0


def test_behind_a_proxy_there_is_a_token_one_name_and_a_prefix(behind: Running) -> None:
    page = "https://apps.school.example/coaching/voila/render/launch.ipynb"
    assert behind.url == f"{page}?token={LONG}"
    ports = [c.laddr.port for c in psutil.Process(behind.process.pid).net_connections("tcp") if c.status == "LISTEN"]  # fmt: skip
    root = f"http://127.0.0.1:{ports[0]}/coaching/"
    outside = {"Host": "apps.school.example"}
    code, headers, _ = fetch(root, **outside)
    assert code == 302
    assert "login" in headers["Location"]
    code, headers, _ = fetch(f"{root}?token={LONG}", **outside)
    assert code == 200
    assert "Secure" in headers["Set-Cookie"]
    assert "HttpOnly" in headers["Set-Cookie"]
    assert fetch(f"{root}?token={LONG}", Host="elsewhere.example")[0] == 403
    assert fetch(f"{root}?token={LONG[:-1]}x", **outside)[0] == 302
    code, _, _ = fetch(root + "voila/static/voila.js")
    assert code == 200  # what a container platform asks to see whether it lives
    assert fetch(root.replace("coaching/", ""), **outside)[0] == 404


def test_nginx_with_the_file_that_ships_shows_a_page(tmp_path: Path, page: Page) -> None:
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("no nginx found")
    with socket.socket() as some, socket.socket() as other:
        some.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        front, back = some.getsockname()[1], other.getsockname()[1]
    ours = (CHECKOUT / "docs/serving/nginx.conf").read_text().replace("8866", str(back))
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
        "events {}\nhttp {\naccess_log off;\n"
        + "".join(f"{n}_temp_path {tmp_path}/{n};\n" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
        f"server {{ listen 127.0.0.1:{front};\n{ours}\n}}\n}}\n"
    )  # fmt: skip
    public = f"http://127.0.0.1:{front}/coaching"
    running = Running(tmp_path, name="launch", visitors=1, workers=1, port=back, public=public)
    proxy = subprocess.Popen([program, "-c", str(config), "-e", str(tmp_path / "error.log")])
    try:
        assert running.url.startswith(f"{public}/voila/render/launch.ipynb?token=")
        until(lambda: connects(front) or proxy.poll() is not None)
        assert proxy.poll() is None, (tmp_path / "error.log").read_text()
        page.goto(running.url)
        page.get_by_role("button", name="Begin").click(timeout=60_000)
        expect(page.get_by_text("Step 1 of 7, minute 0 to 5")).to_be_visible(timeout=20_000)
        assert fetch(f"{public}/")[0] == 302  # who has no cookie is asked for the token
    finally:
        page.close()
        proxy.terminate()
        proxy.wait(10)
        assert running.stop() == 0


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"public": "apps.school.example"}, "--public-url"),
        ({"public": "https://x.example/?a=b"}, "--public-url"),
        ({"public": "https://x.example:port/"}, "--public-url"),
        ({"visitors": 9, "most": 3}, "--most"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, object], where: str) -> None:
    with pytest.raises(InputError) as wrong:
        serve("launch", browser=False, **settings)  # type: ignore[arg-type]
    assert wrong.value.where == where
    assert wrong.value.remedy


@pytest.mark.parametrize("token", ["brief", "a token with spaces in it", "x" * 30 + "&y=1"])
def test_a_weak_token_is_refused(
    token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECTSIM_TOKEN", token)
    assert run(["dashboard", "launch", "--no-browser", "--address", "0.0.0.0"]) == 2
    said = capsys.readouterr().err
    assert "ECTSIM_TOKEN" in said
    assert token not in said


# --- gone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "word"), [(0.0, signal.SIGINT), (0.7, signal.SIGTERM), (2.5, signal.SIGINT)]
)
def test_a_stop_is_clean_whenever_it_comes(
    after: float, word: signal.Signals, tmp_path: Path
) -> None:
    code = (
        "from pathlib import Path\nfrom ectsim.app.server import serve\nimport sys\n"
        "print('begins', flush=True)\n"
        f"sys.exit(serve('mentor', browser=False, log=Path({str(tmp_path)!r}), visitors=3, most=4))"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(tmp_path)}, start_new_session=True,
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdout.readline() == "begins\n"
    # the signals are taken over before anything is started
    until(lambda: psutil.Process(server.pid).children() or server.poll() is not None)
    time.sleep(after)
    family = psutil.Process(server.pid).children(recursive=True)
    began = time.monotonic()
    os.killpg(server.pid, word)  # what a terminal does: everybody in the group hears it
    _, err = server.communicate(timeout=20)
    took = time.monotonic() - began
    assert server.returncode == 0
    assert err == "", err
    assert not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("ectsim-")] == []
    assert took < 10, (
        f"it took {took:.1f} s"
    )  # 3 s is asked for, on a machine that does nothing else
