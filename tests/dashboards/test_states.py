"""Random states of the four pages, driven without a browser against the real service.

A page's widgets take what a browser may send: answers that can be and that cannot, presses, hands, minutes,
files, addresses. After each the page must have an answer: what stands, or a line that says what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ipywidgets
import pytest
import traitlets

from ectsim.app import widgets
from ectsim.app.client import Client, Message, ServiceError
from ectsim.app.controls import Control
from ectsim.app.pages.coordinator import Coordinator
from ectsim.app.pages.launch import Launch
from ectsim.app.pages.mentor import Mentor
from ectsim.app.pages.partner import Partner
from ectsim.app.stage import Vote
from ectsim.app.strip import HourStrip
from ectsim.app.widgets import Address, Announcer, Button, Chart, Codes, Download, Problems, Upload
from ectsim.errors import Cancelled, InputError
from ectsim.service import Handlers, Service
from tests.dashboards.test_service import go

HOSTILE = [
    "", " ", "0", "-1", "1e999", "nan", "None", "<img src=x onerror=alert(1)>", "=cmd|'/c calc'!A1", "\u202eabc",
    "a" * 5000, "../../etc/passwd", "e1-2021-default-timetabled-s1", "e9-x", "{}", "\0", "🙂", "'; drop table",
]  # fmt: skip
PAGES = ["coordinator", "launch", "mentor", "partner"]


class Watched(Client):
    """A client that notes how long each question waits for its first word."""

    def __init__(self, address: str, secret: str) -> None:
        super().__init__(address, secret)
        self.open: dict[int, tuple[float, str]] = {}
        self.waits: list[tuple[float, str]] = []
        self.wrong: list[InputError] = []
        self.failed: list[ServiceError] = []

    def _noted(self, number: int) -> None:
        if number in self.open:
            began, kind = self.open.pop(number)
            self.waits.append((time.monotonic() - began, kind))

    async def stream(
        self,
        kind: str,
        data: Mapping[str, object] | None = None,
        *,
        slot: str = "",
        body: bytes = b"",
    ) -> AsyncGenerator[Message, None]:
        number = len(self.waits) + len(self.open) + 10**6 * len(self.wrong)
        while number in self.open:
            number += 1
        self.open[number] = (time.monotonic(), kind)
        try:
            async with contextlib.aclosing(
                super().stream(kind, data, slot=slot, body=body)
            ) as messages:
                async for message in messages:
                    self._noted(number)
                    yield message
        except InputError as error:
            self._noted(number)
            self.wrong.append(error)
            raise
        except Cancelled:
            raise
        except ServiceError as error:
            self.failed.append(error)
            raise
        finally:
            self.open.pop(number, None)


def below(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from below(child)


def build(name: str, client: Client) -> Any:
    if name == "launch":
        return Launch()
    page: Any = {"coordinator": Coordinator, "mentor": Mentor, "partner": Partner}[name](client)
    page.start()
    return page


def sent(widget: Any, **state: Any) -> None:
    """Set what a browser sends; what a widget refuses stays as it was."""
    with contextlib.suppress(traitlets.TraitError):
        widget.set_state(state)


def message(widget: Any, content: dict[str, Any], buffers: Any = ()) -> None:
    widget._handle_custom_msg(content, list(buffers))


def answer(widget: Control, luck: random.Random) -> Any:
    """Return an answer to a question: mostly one that can be, now and then nonsense."""
    if luck.random() < 0.15:
        return luck.choice([*HOSTILE, None, True, -1, 1e308, [], {}, [["x"]], float("nan")])
    allowed = [option[0] for option in widget.options]
    if widget.kind in ("number", "slider"):
        low = widget.low if widget.low is not None else 0.0
        high = widget.high if widget.high is not None else 1000.0
        value = luck.choice([low, high, luck.uniform(low, high)])
        step = widget.step or 0.1
        return min(high, max(low, low + round((value - low) / step) * step))
    if widget.kind == "choices":
        return luck.sample(allowed, luck.randint(0, len(allowed)))
    if widget.kind in ("choice", "select"):
        return luck.choice(allowed) if allowed else None
    if widget.kind == "switch":
        return luck.random() < 0.5
    return luck.choice(HOSTILE)


def table(luck: random.Random) -> bytes:
    """Return a file as somebody may choose it by mistake."""
    lines = [
        "school,area,kind,ects,meeting,cover\nA1,North,secondary,3,fixed,never",
        "school,kind,ects\nA1,secondary,-3",
        "school,kind,ects\nA1,castle,3",
        "school,kind,ects\n<img src=x onerror=alert(1)>,primary,2\n=cmd|x,primary,2",
        "day,period,staff,kind\nMon,1,A,lesson",
        json.dumps({"a": [1, 2]}),
        "format = 1\nname = 'x'\nprogramme = '2021'\npreset = 'default'\n[plan]\nhorizon = 99\n",
    ]
    content = luck.choice([line.encode() for line in lines])
    return luck.choice(
        [content, content, b"", b"\xff\xfe\0", content[: luck.randint(0, len(content))]]
    )


def move(page: Any, luck: random.Random) -> str:
    """Do something that a visitor, or a script in a browser, may do; say what."""
    kinds = (Control, Button, Chart, Download, Upload, Vote, HourStrip, Address, Codes, Announcer)
    there = [w for w in below(page.box) if isinstance(w, kinds)]
    by_kind = {kind: [w for w in there if isinstance(w, kind)] for kind in kinds}
    weights = [w for w in (Control,) * 6 + kinds if by_kind[w]]
    widget = luck.choice(by_kind[luck.choice(weights)])
    if isinstance(widget, Control):
        value = answer(widget, luck)
        sent(widget, value=value)
        return f"{widget.name} = {value!r:.40}"
    if isinstance(widget, Button):
        message(widget, {"event": "click"})
        return f"press {widget.text}"
    if isinstance(widget, Chart):
        sent(widget, selected=luck.choice([0, 1, 5, 38, 39, 10**6, -1, "x"]))
        return "a week of a strip"
    if isinstance(widget, Download):
        message(widget, {"event": "ask"})
        return f"save {widget.text}"
    if isinstance(widget, Upload):
        content, number = table(luck), luck.randint(1, 10**6)
        name = luck.choice([*HOSTILE, "schools.csv", "plan.toml"])
        message(widget, {"event": "begin", "number": number, "name": name})
        message(widget, {"event": "piece", "number": number}, [memoryview(content)])
        if luck.random() < 0.1:
            message(widget, {"event": "piece", "number": number})  # without its bytes
        if luck.random() < 0.1:
            message(widget, {"event": "piece", "number": number}, [b"x" * (widget.limit + 1)])
        message(widget, {"event": "end", "number": number})
        return f"read {content!r:.40}"
    if isinstance(widget, Vote):
        sent(widget, counts=[luck.choice([0, 1, 30, 999]) for _ in widget.options])
        return "hands"
    if isinstance(widget, HourStrip):
        minutes = list(widget.minutes)
        at = luck.randrange(len(minutes) - 1)
        by = luck.choice([-5, -1, 1, 5, 100])
        minutes[at], minutes[at + 1] = minutes[at] + by, minutes[at + 1] - by
        sent(widget, minutes=minutes)
        return f"the strip {minutes}"
    if isinstance(widget, Codes):
        sent(widget, answers={luck.choice(HOSTILE): luck.choice(["duty", "nonsense"])})
        return "codes"
    if isinstance(widget, Address):
        keys = [
            "code",
            "cut",
            "years",
            "seed",
            "script",
            "at",
            "one",
            "name",
            "plan",
            "count",
            "apart",
        ]
        query = {luck.choice(keys): luck.choice(HOSTILE) for _ in range(3)}
        message(widget, {"event": "arrived", "query": query})
        return f"address {query!r:.60}"
    message(widget, {"event": "stop"})
    return "Stop"


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def on_page(page: Any) -> list[str]:
    """Return every text that the page shows."""
    names = (
        "text",
        "tiles",
        "rows",
        "blocks",
        "spec",
        "items",
        "error",
        "note",
        "words",
        "said",
        "caption",
    )
    return [
        t for w in below(page.box) for n in names if hasattr(w, n) for t in texts(getattr(w, n))
    ]


def check(page: Any, did: list[str]) -> None:
    said = on_page(page)
    for wrong in ("Traceback", "Error(", "object at 0x", "reference "):
        assert not [t for t in said if wrong in t], (wrong, did[-3:])
    assert not [t for t in said if t in ("nan", "None", "inf")], did[-3:]
    for each in below(page.box):
        if isinstance(each, Problems):
            assert all(len(item["text"]) > 12 for item in each.items), (each.items, did[-3:])
        if isinstance(each, Announcer):
            assert each.text, did[-3:]
        if isinstance(each, ipywidgets.Output):
            assert not each.outputs


def patience() -> float:
    """Return 5 seconds, and more on a machine that others use too."""
    others = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0
    return 5.0 * max(1.0, 2 * others)


async def drive(
    name: str, states: int, seed: int, address: str, secret: str
) -> list[tuple[float, str]]:
    luck = random.Random(seed)
    client = Watched(address, secret)
    page = build(name, client)
    did: list[str] = []
    limit = patience()

    async def answered() -> None:
        began = time.monotonic()
        await asyncio.sleep(0.01)
        while client.open:
            assert time.monotonic() - began < limit, (client.open, did[-3:])
            await asyncio.sleep(0.01)

    try:
        await answered()
        for _ in range(states):
            did.append(move(page, luck))
            await answered()
            check(page, did)
        for error in client.wrong:
            # a bound that is named says what to do
            assert error.remedy or "should be" in error.what, f"what to do is missing: {error}"
            assert "\n" not in str(error)
        assert [e.kind for e in client.failed] == [], did
    finally:
        stop = getattr(page, "stop", None)
        if stop:
            stop()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if "Watched" in repr(task) or "pages" in repr(task):
                task.cancel()
        await client.close()
        widgets.on_trouble(lambda _: None)
    return client.waits


def handlers() -> Handlers:
    return Handlers.load(["ectsim.app.handlers", "ectsim.app.group_handlers"])


def run(states: int, seed: int, caplog: pytest.LogCaptureFixture, name: str) -> None:
    waits: list[tuple[float, str]] = []

    async def work() -> None:
        preload = ("ectsim.desk", "ectsim.model.year", "ectsim.story")
        async with Service(handlers(), workers=2, preload=preload) as service:
            waits.extend(await drive(name, states, seed, service.address, service.secret))

    with caplog.at_level(logging.WARNING):
        go(work())
    bad = [r for r in caplog.records if r.levelno >= logging.ERROR and "download" not in r.message]
    assert not bad, [(r.message, r.exc_info) for r in bad][:3]
    slowest = max(waits, default=(0.0, "nothing"))
    print(
        f"{name}: {states} states, {len(waits)} questions, slowest {slowest[0]:.2f} s ({slowest[1]})"
    )


def broken_tables() -> list[bytes]:
    """Return tables of schools that cannot be read."""
    head = "school,kind,ects,meeting,cover,reserve,checkin,leaders,flex,meets_on,inset"
    good = ["A1", "secondary", "3", "fixed", "never", "yes", "10", "always", "video_visit", "Tue Wed", "2025-10-24"]  # fmt: skip
    out = [
        b"",
        b"\0",
        b"\xff" * 40,
        b"PK\x03\x04",
        b"{}",
        b"school",
        head.encode(),
        b"school,kind\nA1,secondary",
    ]
    for at in range(1, len(good)):
        for wrong in ("", "-1", "nan", "<img src=x onerror=alert(1)>", "=cmd|x", "9" * 400):
            if wrong == "" and at not in (1, 2):
                continue  # may be left out
            row = [*good[:at], wrong, *good[at + 1 :]]
            out.append(f"{head}\n{','.join(row)}\n".encode())
    out.append(f"{head}\n{','.join(good)}\n{','.join(good)}\n".encode())  # twice
    out += [
        f"{head}\n{','.join(good)},{k * 'x'}\n".encode() for k in range(1, 4)
    ]  # a cell too many
    return out


def test_broken_tables_of_schools_give_a_line_each() -> None:
    answers: list[str] = []
    remedies: list[str] = []

    async def work() -> None:
        one = lambda: ThreadPoolExecutor(1)  # noqa: E731 - a name for the two places below
        async with Service(handlers(), pool=one, desk=one) as service:
            client = Client(service.address, service.secret)
            for content in broken_tables():
                began = time.monotonic()
                try:
                    reply = await client.ask("trust_dates", {"name": "t.csv"}, body=content or b" ")
                except InputError as error:
                    answers.append(str(error))
                    remedies.append(error.remedy)
                except ServiceError as error:
                    answers.append(f"NOT SAID: {content!r} {error}")
                else:
                    answers.append(f"TAKEN: {content!r} {str(reply.data)[:80]}")
                assert time.monotonic() - began < patience()
            await client.close()

    go(work())
    assert [a for a in answers if a.startswith(("NOT SAID", "TAKEN"))] == []
    assert [a for a in answers if "\n" in a or "Traceback" in a or len(a) > 400] == []
    assert len(answers) >= 60
    assert all(remedies)


@pytest.mark.parametrize("name", PAGES)
def test_ten_random_states_are_answered(name: str, caplog: pytest.LogCaptureFixture) -> None:
    run(10, 6, caplog, name)


@pytest.mark.deep
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("seed", range(1, 6))
def test_five_hundred_random_states_are_answered(
    name: str, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    run(25, seed, caplog, name)
