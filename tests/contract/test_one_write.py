"""Head and body in one packet, and nothing lost where an answer is not like that. (OPS-02)"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from entrypoints.one_write import OneWriteProtocol

App = Callable[[Any, Any, Any], Awaitable[None]]
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
CHUNKED = {"type": "http.response.start", "status": 200, "headers": []}


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


@asynccontextmanager
async def served(app: App) -> AsyncIterator[socket.socket]:
    config = uvicorn.Config(app, http=OneWriteProtocol, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn says it by this flag alone
        await asyncio.sleep(0.01)
    client = socket.create_connection(listening.getsockname())
    client.setblocking(False)
    try:
        yield client
    finally:
        client.close()
        server.should_exit = True
        await task


async def said(client: socket.socket, request: bytes) -> bytes:
    """What comes in the first packet."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client, request)
    return await asyncio.wait_for(loop.sock_recv(client, 65_536), 5)


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def plain(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    await send(body(b"hello"))


async def streamed(scope: Any, receive: Any, send: Any) -> None:
    await send(CHUNKED)
    await send(body(b"one", more=True))
    await send(body(b"two"))


async def broken(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    raise RuntimeError("in the middle of it")


async def asked_to_go_on(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await plain(scope, receive, send)


async def test_an_answer_is_one_packet_time_after_time() -> None:
    async with served(plain) as client:
        for _ in range(3):
            found = await said(client, GET)
            assert found.startswith(b"HTTP/1.1 200")
            assert found.endswith(b"\r\n\r\nhello")


async def test_a_head_without_a_body_is_not_left_behind() -> None:
    async with served(plain) as client:
        found = await said(client, GET.replace(b"GET", b"HEAD"))
        assert found.startswith(b"HTTP/1.1 200")
        assert found.endswith(b"\r\n\r\n")
        assert (await said(client, GET)).endswith(b"hello")


async def test_what_is_streamed_comes_whole() -> None:
    async with served(streamed) as client:
        found = await said(client, GET)
        while not found.endswith(b"0\r\n\r\n"):
            found += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 65_536), 5)
        assert b"one" in found
        assert b"two" in found


@pytest.mark.filterwarnings("ignore")
async def test_who_breaks_off_has_said_the_head_and_hangs_up() -> None:
    async with served(broken) as client:
        assert (await said(client, GET)).startswith(b"HTTP/1.1 200")
        assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 10), 5) == b""


async def test_who_waits_to_be_asked_for_the_rest_is_asked_at_once() -> None:
    async with served(asked_to_go_on) as client:
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        assert await said(client, head) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await said(client, b"{}")).endswith(b"hello")
