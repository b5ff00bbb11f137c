"""Handlers that only tests use: known answers at a known pace, and every way to go wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ectsim.errors import InputError
from ectsim.service import Chunk, Handlers, Job, Reply, Search, portions

handlers = Handlers()


def total(part: range, seconds: float) -> int:
    time.sleep(seconds)
    return sum(part)


def add(partial: int | None, result: int) -> int:
    return (partial or 0) + result


def words(partial: int) -> dict[str, Any]:
    return {"sum": partial}


@handlers.add("sum")
def sum_up(data: dict[str, Any], body: bytes) -> Job:
    """Add up 0 to n - 1, slowly."""
    if data["n"] < 1:
        raise InputError("n is below 1", where="n", remedy="choose at least 1")
    chunks = [Chunk(total, (part, data["seconds"]), len(part)) for part in portions(data["n"])]
    return Job(chunks, merge=add, present=words)


def die(marker: str) -> int:
    """End the worker, the first time only if there is a marker file to leave."""
    if marker:
        if Path(marker).exists():
            return 7
        Path(marker).write_text("seen")
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@handlers.add("die")
def dies(data: dict[str, Any], body: bytes) -> Job:
    return Job([Chunk(total, (range(1, 2), 0.0)), Chunk(die, (data["marker"],))], merge=add)


class Stubborn(Exception):
    """Cannot be rebuilt from what pickle keeps of it."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__("secret path /home/somebody")


def wrong(how: str) -> float:
    if how == "input":
        raise InputError("the cell holds no number", where="rota.csv, line 3", remedy="mend it")
    if how == "stubborn":
        raise Stubborn(1, 2)
    if how == "nan":
        return float("nan")
    raise RuntimeError("secret path /home/somebody")


@handlers.add("wrong")
def goes_wrong(data: dict[str, Any], body: bytes) -> Job:
    if data["how"] == "handler":
        raise RuntimeError("secret path /home/somebody")
    return Job([Chunk(wrong, (data["how"],))])


@handlers.add("slow")
def slow(data: dict[str, Any], body: bytes) -> Job:
    return Job([Chunk(total, (range(1), 60.0))], seconds=0.3)


def louder(body: bytes) -> Reply:
    return Reply({"bytes": len(body)}, body.upper())


@handlers.add("louder")
def loud(data: dict[str, Any], body: bytes) -> Job:
    return Job([Chunk(louder, (body,))], lane="desk", keep=False)


def square(number: int, seconds: float) -> int:
    time.sleep(seconds)
    if number < 0:
        raise InputError("a number below nought", remedy="give another")
    return number * number


@handlers.add("search")
def seek(data: dict[str, Any], body: bytes) -> Search:
    """Add squares until a sum is reached: how many pieces it takes shows on the way."""

    def work(executor: Executor, tell: Callable[[int, int], None]) -> dict[str, int]:
        found, at = 0, int(data.get("first", 0))
        while found < data["target"]:
            pieces = [executor.submit(square, at + k, data["seconds"]) for k in range(2)]
            found += sum(p.result() for p in pieces)
            at += 2
            tell(min(9, at // 2), 10)
        return {"found": found, "pieces": at}

    return Search(work)
