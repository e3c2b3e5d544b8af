"""A small closed-loop HTTP/1.1 client: a few connections, one request under way on each. It does as little as possible,
so that what is measured is the server.
"""

import asyncio
from time import perf_counter
from typing import NamedTuple


class Load(NamedTuple):
    """``rate`` in requests a second, ``p95`` and ``p99`` in milliseconds."""

    rate: float
    p95: float
    p99: float = 0.0
    made: int = 0


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.index(b"content-length:") + 15
    await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))
    return int(head[9:12])


async def _loop(port: int, request: bytes, until: float, took: list[float], expect: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (began := perf_counter()) < until:
            status = await _one(reader, writer, request)
            if status != expect:
                raise RuntimeError(f"answered {status} instead of {expect}")
            took.append(perf_counter() - began)
    finally:
        writer.close()


async def load(port: int, request: bytes, *, connections: int, seconds: float, expect: int = 200) -> Load:
    """Raises RuntimeError for an answer of another status."""
    took: list[float] = []
    until = perf_counter() + seconds
    await asyncio.gather(*(_loop(port, request, until, took, expect) for _ in range(connections)))
    return summed_up(took, seconds)


def summed_up(took: list[float], seconds: float) -> Load:
    took.sort()
    p95, p99 = (took[int(len(took) * part)] * 1000 for part in (0.95, 0.99))
    return Load(len(took) / seconds, p95, p99, len(took))


def get(path: str, token: str = "") -> bytes:
    return _request("GET", path, token)


def post(path: str, body: bytes) -> bytes:
    return _request("POST", path, "", body)


def _request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
