"""How each HTTP process serves its application."""

import gc
from typing import Final

import uvicorn
from litestar import Litestar

from entrypoints import logging
from entrypoints.settings import Settings

GRACE_S: Final = 2


def configure_logging(settings: Settings, process: str) -> None:
    logging.configure(process=process, level=settings.log_level, json=settings.production)


def serve(app: Litestar, settings: Settings, port: int) -> None:
    """Returns when it is told to stop (SIGTERM, SIGINT): open requests get the grace, then the connections close."""
    gc.freeze()
    gc.enable()
    uvicorn.run(
        app,
        host=settings.host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Whom to believe about the caller's address is our own decision: see adapters.http.addresses.
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
    )
