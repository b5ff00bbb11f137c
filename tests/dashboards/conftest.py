"""Dashboards in a real browser: Chromium, a running server, and no request that leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Request, WebError, expect

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)  # a busy machine is slow; a free one never waits so long


def chromium() -> str:
    """Path of a Chromium; without one, tests skip here and fail where CI=true."""
    for name in (os.environ.get("ECTSIM_CHROMIUM", ""), "chromium", "chromium-browser"):
        found = shutil.which(name) if name else None
        if found:
            return found
    message = "no Chromium found (ECTSIM_CHROMIUM names one)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium(), "args": FLAGS}


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One context for all tests, so that scripts are fetched once and not for every page."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    yield context
    context.close()


class Running:
    """A dashboard command in a process of its own."""

    def __init__(self, logs: Path, **settings: object) -> None:
        self.logs = logs
        words = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        code = (
            "from pathlib import Path, PosixPath, WindowsPath\n"
            "from ectsim.app.server import serve\n"
            f"raise SystemExit(serve(browser=False, log={logs!r}, {words}))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=logs,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        self.errors: list[str] = []
        assert self.process.stderr is not None
        self._reader = threading.Thread(
            target=lambda pipe: self.errors.extend(pipe), args=(self.process.stderr,), daemon=True
        )
        self._reader.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if " at " not in line:
            self.process.kill()
            self._reader.join(5)
            raise RuntimeError("no address:\n" + "".join(self.errors))
        self.url = line.rsplit(" at ", 1)[1].strip()
        self.root = self.url.split("/voila/")[0] + "/"

    def page(self, name: str) -> str:
        return f"{self.root}voila/render/{name}.ipynb"

    def children(self, text: str) -> list[int]:
        """Return the processes below the command whose command line holds a text."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                status = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(status[1]) == self.process.pid and text in words and status[0] != "Z":
                found.append(int(entry.name))
        return found

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # what Ctrl+C sends
        code = self.process.wait(60)  # ending ten kernels takes a busy machine a while
        self._reader.join(5)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the page that shows every part."""
    chromium()
    running = Running(
        tmp_path_factory.mktemp("demo"),
        name="demo",
        visitors=2,
        folder=HERE / "pages",
        handlers=["ectsim.app.handlers", "tests.dashboards.demo"],
    )
    yield running
    assert running.stop() == 0


@pytest.fixture(autouse=True)
def _nothing_leaves(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a browser test on any request to elsewhere and on any script error."""
    if "context" not in request.fixturenames:
        yield
        return
    context = request.getfixturevalue("context")
    seen: list[str] = []
    allowed = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")

    def on_request(asked: Request) -> None:
        if not asked.url.startswith(allowed):
            seen.append(f"asks {asked.url}")

    def on_error(error: WebError) -> None:
        seen.append(f"script error {error.error}")

    def on_dialog(dialog: Dialog) -> None:
        seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    context.on("request", on_request)
    context.on("weberror", on_error)
    context.on("dialog", on_dialog)
    yield
    context.remove_listener("request", on_request)
    context.remove_listener("weberror", on_error)
    context.remove_listener("dialog", on_dialog)
    context.clear_cookies()
    assert not seen


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Get an address without following redirections."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as reply:
            return reply.status, dict(reply.headers), reply.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode(errors="replace")
