"""Frames between a dashboard's kernel and the simulation service.

A frame is two lengths (head and body, four bytes each, network order), a head of JSON and a body
of raw bytes. Lengths come first so that a reader knows a frame's size before it takes any of it
and refuses what is too large; the raw body carries uploads and exports without the third that
base64 would add and without passing them through a JSON parser. Newline-delimited JSON gives
neither.

Standard library only: this module is loaded by every kernel.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "BODY_LIMIT",
    "HEAD_LIMIT",
    "UPLOAD_LIMIT",
    "FrameError",
    "connect",
    "dumps",
    "pack",
    "read",
]

UPLOAD_LIMIT = 12_000_000
"""Largest body that the service takes, in bytes."""

HEAD_LIMIT = 8_000_000
"""Largest head in either direction, in bytes."""

BODY_LIMIT = 64_000_000
"""Largest body that a kernel takes from the service (an export), in bytes."""

_LENGTHS = struct.Struct("!II")


class FrameError(ConnectionError):
    """The other side sent something that is not a frame, or one that is too large."""


def dumps(value: object) -> bytes:
    """Write JSON without spaces; a number that is not finite is refused.

    Parameters
    ----------
    value : object
        Plain data.

    Raises
    ------
    ValueError
        If a number is infinite or not a number: JSON has no word for it.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def pack(head: Mapping[str, object], body: bytes = b"", *, data: bytes | None = None) -> bytes:
    """Make one frame.

    Parameters
    ----------
    head : mapping
        Plain data.
    body : bytes, optional
        Raw bytes that follow.
    data : bytes, optional
        JSON that is already written; it becomes the head's ``data`` without being parsed again.
    """
    text = dumps(head)
    if data is not None:
        text = text[:-1] + (b',"data":' if len(text) > 2 else b'"data":') + data + b"}"
    return _LENGTHS.pack(len(text), len(body)) + text + body


async def read(
    reader: asyncio.StreamReader, *, body_limit: int = BODY_LIMIT
) -> tuple[dict[str, Any], bytes]:
    """Read one frame.

    Parameters
    ----------
    reader : asyncio.StreamReader
        Where it comes from.
    body_limit : int, optional
        Bodies above this many bytes are refused before they are read.

    Raises
    ------
    FrameError
        If it is too large or its head is not a JSON object.
    asyncio.IncompleteReadError
        If the other side went away.
    """
    head_size, body_size = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if head_size > HEAD_LIMIT or body_size > body_limit:
        raise FrameError(f"a frame of {head_size} and {body_size} bytes is too large")
    try:
        head = json.loads(await reader.readexactly(head_size))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FrameError("a frame's head is not JSON") from error
    if not isinstance(head, dict):
        raise FrameError("a frame's head is not an object")
    body = await reader.readexactly(body_size) if body_size else b""
    return head, body


async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to ``unix:PATH`` or ``tcp:HOST:PORT``.

    Parameters
    ----------
    address : str
        What the service printed when it started.

    Raises
    ------
    OSError
        If nobody listens there.
    """
    kind, _, place = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(Path(place))
    host, _, port = place.rpartition(":")
    return await asyncio.open_connection(host, int(port))
