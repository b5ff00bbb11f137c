"""Thirty visitors and one browser on the coordinator's dashboard: how long each waits.

Run by hand: ``python benchmarks/visitors.py [--visitors 30]``; ``--visitors 0`` measures what one
visitor alone waits for, step by step, in Chromium. In the crowd each visitor asks for the page,
talks to its kernel over a websocket as a browser does, waits for the first number, then makes
changes and waits for the page's first word on each. One visitor is a real Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PRELOAD = ["ectsim.desk", "ectsim.model.year", "ectsim.story"]
CHANGES = 5


class Visitor:
    """One visitor's page, kernel and websocket."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.session = uuid.uuid4().hex
        self.states: dict[str, dict[str, Any]] = {}
        self.socket: WebSocketClientConnection | None = None

    async def open(self) -> None:
        address = f"{self.root}voila/render/coordinator.ipynb"
        reply = await AsyncHTTPClient().fetch(HTTPRequest(address, request_timeout=180))
        kernel = re.search(r'"kernelId":\s*"([^"]+)"', reply.body.decode())
        assert kernel, "no kernel in the page"
        url = f"{self.root.replace('http', 'ws', 1)}api/kernels/{kernel[1]}/channels"
        self.socket = await websocket_connect(f"{url}?session_id={self.session}")
        comm = uuid.uuid4().hex
        await self.send("comm_open", comm_id=comm, target_name="jupyter.widget.control", data={})
        await self.send("comm_msg", comm_id=comm, data={"method": "request_states"})
        while not self.find(lambda s: s.get("name") == "video"):
            await self.hear()

    async def send(self, kind: str, **content: Any) -> None:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {"version": "1.0.0" if kind == "comm_open" else "2.1.0"},
            "content": content,
            "channel": "shell",
            "buffers": [],
        }
        assert self.socket is not None
        await self.socket.write_message(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """Take one message into what is known of the page, and return what changed."""
        assert self.socket is not None
        raw = await asyncio.wait_for(self.socket.read_message(), 180)
        assert raw is not None, "the session ended"
        if isinstance(raw, bytes):  # a message with buffers: offsets, then the JSON
            count = int.from_bytes(raw[:4], "big")
            offsets = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(count)]
            raw = raw[offsets[0] : offsets[1] if count > 1 else None].decode()
        message = json.loads(raw)
        content = message.get("content", {})
        data = content.get("data", {}) if message.get("msg_type") == "comm_msg" else {}
        if data.get("method") == "update_states":
            for key, model in data["states"].items():
                self.states[key] = model["state"]
            return {}
        if data.get("method") == "update":
            state: dict[str, Any] = data["state"]
            self.states.setdefault(content["comm_id"], {}).update(state)
            return state
        return {}

    def find(self, wanted: Any) -> tuple[str, dict[str, Any]] | None:
        return next(((k, s) for k, s in self.states.items() if wanted(s)), None)

    async def first_number(self) -> None:
        while not self.find(lambda s: s.get("tiles")):
            await self.hear()

    async def settled(self) -> None:
        while not self.find(lambda s: str(s.get("text", "")).endswith("simulated years.")):
            await self.hear()

    async def change(self, value: bool) -> float:
        """Tick or untick a choice; return the seconds until the page says a first word."""
        found = self.find(lambda s: s.get("name") == "video")
        assert found
        started = time.perf_counter()
        await self.send(
            "comm_msg", comm_id=found[0], data={"method": "update", "state": {"value": value}, "buffer_paths": []}
        )  # fmt: skip
        while "text" not in await self.hear():
            pass
        return time.perf_counter() - started


async def visit(root: str, number: int) -> dict[str, Any]:
    visitor = Visitor(root)
    started = time.perf_counter()
    await visitor.open()
    ready = time.perf_counter() - started
    await visitor.first_number()
    first = time.perf_counter() - started
    answers = []
    for k in range(CHANGES):
        await asyncio.sleep(0.5 + 0.05 * (number % 10))
        answers.append(await visitor.change(k % 2 == 0))
    await visitor.settled()
    return {
        "ready": ready,
        "first": first,
        "answers": answers,
        "all": time.perf_counter() - started,
    }


def browse(url: str) -> dict[str, float]:
    """Open the page in Chromium and wait for its first number."""
    with chromium() as page:
        started = time.perf_counter()
        page.goto(url, timeout=60_000)
        page.locator(".ect-figure").first.wait_for(timeout=60_000)
        return {"first": time.perf_counter() - started}


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Open a page in a browser of its own, with an empty cache."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        window = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield window.new_page()
        window.close()


WATCH = """
(() => {
  const line = document.querySelector(".ect-status p");
  window.seen = [];
  new MutationObserver(() => window.seen.push([performance.now(), line.textContent]))
    .observe(line, {childList: true, characterData: true, subtree: true});
})()
"""
"""Notes each text of the page's status line with its time."""


def alone(url: str) -> None:
    """Measure what one visitor waits for, in Chromium: opening, a change, a widget, Stop."""
    with chromium() as page:
        for words in ("opens, empty cache", "opens again"):
            started = time.perf_counter()
            page.goto(url, timeout=60_000)
            page.locator(".ect-figure").first.wait_for(timeout=60_000)
            print(f"{words:34}{time.perf_counter() - started:6.2f} s")
            page.get_by_text(re.compile(r"simulated years\.$")).wait_for(timeout=60_000)
            time.sleep(12)  # the next visitor's kernel is started ahead in the meantime
        page.evaluate(WATCH)
        first, whole, answers = [], [], []
        days = page.get_by_role("textbox", name=re.compile("days is a teacher ill"))
        if not days.is_visible():
            page.get_by_role("button", name="More choices").click()
        for tenths in range(46, 55):  # each a plan that nobody has asked for yet
            page.evaluate("window.seen.length = 0")
            days.fill(f"{tenths / 10}")
            started = page.evaluate("performance.now()")
            days.press("Enter")
            for _ in range(8):  # a control is moved while the estimate runs
                at = time.perf_counter()
                page.get_by_role("button", name="More choices").click()
                answers.append(time.perf_counter() - at)
                time.sleep(0.1)
            page.get_by_text(re.compile(r"simulated years\.$")).wait_for(timeout=60_000)
            seen = [(t - started, text) for t, text in page.evaluate("window.seen")]
            first += [t / 1000 for t, text in seen if re.search(r"\d", text)][:1]
            whole += [t / 1000 for t, text in seen if text.endswith("simulated years.")][-1:]
        print(f"first numbers after a change      {spread(first)}")
        print(f"all 200 years after a change      {spread(whole)}")
        print(f"a button's answer meanwhile       {spread(answers)}")
        years = page.get_by_label("How many years shall be simulated?")
        if not years.is_visible():
            page.get_by_role("button", name="More choices").click()
        years.select_option("1,000")
        stop = page.get_by_role("button", name="Stop")
        stop.wait_for()
        time.sleep(0.3)
        page.evaluate("window.seen.length = 0")
        at = page.evaluate("performance.now()")
        stop.click()
        page.get_by_text(re.compile("topped")).first.wait_for(timeout=10_000)
        told = next(t for t, text in page.evaluate("window.seen") if "topped" in text)
        print(f"Stop, until the page says so      {(told - at) / 1000:6.2f} s")


def below(pid: int) -> dict[str, list[psutil.Process]]:
    """Return a process and all below it by what they do."""
    found: dict[str, list[psutil.Process]] = {}
    own = psutil.Process(pid)
    for process in [own, *own.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            words = " ".join(process.cmdline())
            kind = next((k for k in ("ipykernel", "forkserver", "service") if k in words), "server")
            found.setdefault(NAMES.get(kind, kind), []).append(process)
    return found


NAMES = {"ipykernel": "kernels", "forkserver": "workers"}


def memory(processes: list[psutil.Process]) -> float:
    """Return the memory of processes in MB, shared pages counted once."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / 1e6


def worked(pid: int) -> dict[str, float]:
    """Return the processor's seconds so far by what the server's processes do, and of the machine."""
    out = {}
    for kind, processes in below(pid).items():
        times = []
        for process in processes:
            with contextlib.suppress(psutil.Error):
                times.append(process.cpu_times())
        out[kind] = sum(t.user + t.system for t in times)
    me = psutil.Process().cpu_times()
    out["visitors"] = me.user + me.system
    whole = psutil.cpu_times()
    out["machine"] = whole.user + whole.system + whole.nice
    return out


def ahead(pid: int, wanted: int) -> None:
    """Wait until the kernels that are started ahead of the crowd have run their page."""
    started, spent = time.perf_counter(), -1.0
    while time.perf_counter() - started < 300:
        time.sleep(2)
        now = worked(pid)
        total = now.get("kernels", 0.0) + now["server"]
        if len(below(pid).get("kernels", [])) >= wanted and total - spent < 0.1:
            break
        spent = total
    print(f"{wanted} kernels ready   {time.perf_counter() - started:6.1f} s")


def spread(values: list[float]) -> str:
    ordered = sorted(values)

    def at(p: float) -> float:
        return ordered[min(len(ordered) - 1, int(p * len(ordered)))]

    return f"median {at(0.5):6.2f} s   95 % {at(0.95):6.2f} s   worst {ordered[-1]:6.2f} s"


async def crowd(root: str, url: str, visitors: int, pid: int) -> None:
    AsyncHTTPClient.configure(None, max_clients=visitors + 5)
    loop = asyncio.get_running_loop()
    before, began = worked(pid), time.perf_counter()
    window = loop.run_in_executor(None, browse, url)
    done = await asyncio.gather(*(visit(root, k) for k in range(visitors)), return_exceptions=True)
    after, spent = worked(pid), time.perf_counter() - began
    groups = below(pid)
    each = [memory([kernel]) for kernel in groups.get("kernels", [])]
    used = memory([process for group in groups.values() for process in group])
    real = await asyncio.gather(window, return_exceptions=True)
    good = [d for d in done if isinstance(d, dict)]
    for wrong in [d for d in done if not isinstance(d, dict)][:3]:
        print(f"failed: {wrong!r}")
    print(f"{len(good)} of {visitors} visitors were served")
    if not good:
        raise SystemExit("nobody was served")
    print(f"time to ready          {spread([d['ready'] for d in good])}")
    print(f"first number           {spread([d['first'] for d in good])}")
    print(f"answer of a widget     {spread([a for d in good for a in d['answers']])}")
    print(f"all done               {spread([d['all'] for d in good])}")
    if isinstance(real[0], BaseException):
        print(f"Chromium failed: {str(real[0]).splitlines()[0]}")
    else:
        print(f"first number, Chromium {real[0]['first']:6.2f} s")
    print(f"memory                 {used:,.0f} MB, {used / (visitors + 1):,.0f} a visitor")
    print(f"memory of a kernel     median {median(each):.0f} MB, largest {max(each):.0f} MB")
    print(f"the processors, in seconds of {psutil.cpu_count()} x {spent:.0f}:")
    for kind, total in after.items():
        print(f"  {kind:20} {total - before.get(kind, 0.0):6.1f}")
    if len(good) < visitors or isinstance(real[0], BaseException):
        raise SystemExit("not everybody was served")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--visitors", type=int, default=30)
    asked = words.parse_args()
    print(f"load before: {' '.join(f'{x:.1f}' for x in psutil.getloadavg())}")
    logs = Path(tempfile.mkdtemp(prefix="ectsim-bench-"))
    code = (
        "from pathlib import Path\nfrom ectsim.app.server import serve\n"
        f"serve(browser=False, log=Path({str(logs)!r}), visitors={asked.visitors + 1}, "
        f"preload={PRELOAD!r})"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().rsplit(" at ", 1)[1].strip()
        root = url.split("voila/")[0]
        ahead(server.pid, asked.visitors + 1)
        if asked.visitors:
            asyncio.run(crowd(root, url, asked.visitors, server.pid))
        else:
            alone(url)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(logs, ignore_errors=True)


if __name__ == "__main__":
    main()
