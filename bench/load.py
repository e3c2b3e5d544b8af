"""A small closed-loop HTTP/1.1 client: a few connections, one request under way on each. It does as little as possible,
so that what is measured is the server.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
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


Next = Callable[[], bytes]
"""The request that comes next."""


async def _loop(port: int, following: Next, until: float, took: list[float], expect: frozenset[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while perf_counter() < until:
            request = following()
            began = perf_counter()
            status = await _one(reader, writer, request)
            if status not in expect:
                raise RuntimeError(f"answered {status} instead of {sorted(expect)}")
            took.append(perf_counter() - began)
    finally:
        writer.close()


async def load(port: int, request: bytes, *, connections: int, seconds: float, expect: int = 200) -> Load:
    """Raises RuntimeError for an answer of another status."""
    return await load_of(port, lambda: request, connections=connections, seconds=seconds, expect={expect})


async def load_of(port: int, following: Next, *, connections: int, seconds: float, expect: Collection[int]) -> Load:
    """The same with requests that differ."""
    took: list[float] = []
    until, fine = perf_counter() + seconds, frozenset(expect)
    await asyncio.gather(*(_loop(port, following, until, took, fine) for _ in range(connections)))
    return summed_up(took, seconds)


def summed_up(took: list[float], seconds: float) -> Load:
    took.sort()
    p95, p99 = (took[int(len(took) * part)] * 1000 for part in (0.95, 0.99))
    return Load(len(took) / seconds, p95, p99, len(took))


def get(path: str, token: str = "") -> bytes:
    return _request("GET", path, token)


def post(path: str, body: bytes, token: str = "", **headers: str) -> bytes:
    return _request("POST", path, token, body, headers)


def _request(method: str, path: str, token: str, body: bytes = b"", more: Mapping[str, str] | None = None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in (more or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
