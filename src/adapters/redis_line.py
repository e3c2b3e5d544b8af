"""One connection to Redis that many requests share: what they ask at the same moment travels in one packet.

redis-py takes a connection out of its pool for each command; on the way of every request that costs more than all
the rest of knowing who is asking. This is the little that the way needs: commands out, answers in the same order.
Errors are those of the network (OSError); whoever asks says how long he waits.
"""

import asyncio
import ssl
from collections import deque
from typing import Any, Final, cast

import hiredis
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection, parse_url

CONNECT_S: Final = 1.0
_KNOWN: Final = frozenset({"host", "port", "db", "username", "password", "path", "connection_class"})


class LineBroken(ConnectionError):
    """Redis has gone, or was given up."""


def suits(url: str) -> bool:
    """Whether the address asks for nothing that this line does not know (certificates of one's own, say)."""
    return url.startswith(("redis://", "rediss://", "unix://")) and not set(parse_url(url)) - _KNOWN


class RedisLine:
    """Connects when it is first asked, and again after it broke."""

    def __init__(self, url: str) -> None:
        self._to: dict[str, Any] = dict(parse_url(url))
        self._talk: _Talk | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, *command: str | bytes) -> Any:
        """The answer. Raises OSError, and ``hiredis.ReplyError`` where Redis refuses."""
        talk = self._talk
        if talk is None or talk.broken:
            talk = await self._connected()
        answer = await talk.say(command)
        if isinstance(answer, hiredis.ReplyError):
            raise answer
        return answer

    def give_up(self) -> None:
        """For whoever has waited in vain: the next one connects anew."""
        if self._talk is not None:
            self._talk.close()
            self._talk = None

    async def _connected(self) -> "_Talk":
        async with self._connecting:
            if self._talk is not None and not self._talk.broken:
                return self._talk
            loop, to = asyncio.get_running_loop(), self._to
            async with asyncio.timeout(CONNECT_S):
                if to.get("connection_class") is UnixDomainSocketConnection:
                    _, talk = await loop.create_unix_connection(_Talk, to["path"])
                else:
                    secure = ssl.create_default_context() if to.get("connection_class") is SSLConnection else None
                    host, port = to.get("host", "localhost"), to.get("port", 6379)
                    _, talk = await loop.create_connection(_Talk, host, port, ssl=secure)
                await self._greet(talk)
            self._talk = talk
            return talk

    async def _greet(self, talk: "_Talk") -> None:
        words: list[tuple[str, ...]] = []
        if password := self._to.get("password"):
            words.append(("AUTH", self._to.get("username") or "default", password))
        if self._to.get("db"):
            words.append(("SELECT", str(self._to["db"])))
        for word in words:
            answer = await talk.say(word)
            if isinstance(answer, hiredis.ReplyError):
                talk.close()
                raise LineBroken(str(answer))


class _Talk(asyncio.Protocol):
    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.broken = False

    def say(self, command: tuple[str | bytes, ...]) -> "asyncio.Future[Any]":
        if self.broken:
            raise LineBroken("the line to Redis is broken")
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(hiredis.pack_command(cast(Any, command)))
        answer = self._loop.create_future()
        self._waiting.append(answer)
        return answer

    def close(self) -> None:
        self._end(LineBroken("the line to Redis was given up"))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(LineBroken("Redis has closed the line"))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and not self.broken:
            self._transport.write(b"".join(out))

    def _end(self, why: LineBroken) -> None:
        self.broken = True
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(why)
                waiting.exception()  # whoever has stopped waiting is not told
