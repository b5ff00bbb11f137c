"""Handlers that only tests use: known answers at a known pace, and every way to go wrong."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from ectsim.errors import InputError
from ectsim.service import Chunk, Handlers, Job, Reply, portions

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
