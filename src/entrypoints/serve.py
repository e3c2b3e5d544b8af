"""How each HTTP process serves its application, and how it leaves without anybody noticing. (OPS-04)"""

import asyncio
import gc
import os
import socket
from importlib.metadata import version
from typing import Final

import uvicorn
from litestar import Litestar

from adapters.error_reports import EnvelopeReporter, read_dsn
from entrypoints import garbage, logging
from entrypoints.one_write import OneWriteProtocol
from entrypoints.settings import Settings

KEPT_OPEN_S: Final = 75
GRACE_S: Final = 10
TICKS_A_SECOND: Final = 10
"""Of uvicorn's main loop."""
DRAIN_S: Final = 1.2
"""So long open connections are still served after the order to stop; each hears that it was the last time. It ends with
the last connection; who says nothing for so long is hung up on.
"""
DRAIN_STEP_S: Final = 0.05


class Server(uvicorn.Server):
    """Says that it is ready on ``ready_fd``, where somebody waits for it."""

    def __init__(self, config: uvicorn.Config, ready_fd: int) -> None:
        super().__init__(config)
        self._ready_fd = ready_fd

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        garbage.settle()
        if self._ready_fd >= 0:
            os.write(self._ready_fd, b"!")
            os.close(self._ready_fd)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_SECOND == 0 and garbage.is_due(counter // TICKS_A_SECOND):
            gc.collect()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """New connections go to whoever shares the socket; open ones end after their next answer."""
        for server in self.servers:
            server.close()
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for _ in range(round(DRAIN_S / DRAIN_STEP_S)):
            if not self.server_state.connections or self.force_exit:
                break
            await asyncio.sleep(DRAIN_STEP_S)
        await super().shutdown(sockets)


def configure_logging(settings: Settings, process: str) -> None:
    dsn = read_dsn(settings.error_dsn)
    report = EnvelopeReporter(dsn, environment=settings.env, release=version("halaqa")) if dsn is not None else None
    logging.configure(process=process, level=settings.log_level, json=settings.production, report=report)


def serve(app: Litestar, settings: Settings, port: int) -> None:
    """Returns when it is told to stop (SIGTERM, SIGINT): open requests get the grace, then the connections close."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Whom to believe about the caller's address is our own decision: see adapters.http.addresses.
        proxy_headers=False,
        lifespan="on",
        http=OneWriteProtocol,
        # Longer than a load balancer keeps a connection it does not use, so that it is the one that closes.
        timeout_keep_alive=KEPT_OPEN_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config, settings.ready_fd)
    server.run([socket.socket(fileno=settings.listen_fd)] if settings.listen_fd >= 0 else None)
    if not server.started:
        raise SystemExit(3)
