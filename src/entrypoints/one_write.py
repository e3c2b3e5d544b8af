"""Head and body of an answer leave in one packet.

uvicorn writes the head when it is known and the body after it, and each write is a system call and wakes whoever
reads: together some thirty microseconds of every answer. Here the head waits for what is written next, which by the
rules of ASGI may be soon or late; the end of the answer and that of the connection do not leave it behind.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_FIRST: Final = b"HTTP/1.1 "
_INTERIM: Final = b"HTTP/1.1 1"
"""``100 Continue`` is waited for, and ``101`` is the last word of this protocol."""
_END: Final = b"\r\n\r\n"


class OneWrite:
    """Stands for the transport of a connection."""

    __slots__ = ("_head", "raw")

    def __init__(self, raw: asyncio.Transport) -> None:
        self.raw, self._head = raw, b""

    def write(self, data: bytes) -> None:
        if self._head:
            head, self._head = self._head, b""
            self.raw.write(head + data)
        elif data.endswith(_END) and data.startswith(_FIRST) and not data.startswith(_INTERIM):
            self._head = data
        else:
            self.raw.write(data)

    def flush(self) -> None:
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self.raw.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class OneWriteProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, OneWrite(transport)))

    def on_response_complete(self) -> None:
        cast(OneWrite, self.transport).flush()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        self.transport = cast(OneWrite, self.transport).raw
        super().handle_websocket_upgrade()
