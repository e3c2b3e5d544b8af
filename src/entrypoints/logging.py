"""One stream of log lines for our own code and for every library: JSON in production, readable in development.

The request id comes from the HTTP side (bound to the context); here it only has to reach the line. (OPS-08)
"""

import logging
import sys
from typing import Any, Final, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from entrypoints.access import write_access_to
from entrypoints.masking import mask_event
from entrypoints.mishaps import reporting
from ports.oversight.errors import ErrorReporter

# They say at "info" what is of interest to those who work on them.
_CHATTY: Final = ("alembic", "arq", "asyncio", "httpcore", "httpx", "sqlalchemy", "stamina", "uvicorn.access")


def configure(
    *, process: str, level: str = "info", json: bool, stream: TextIO | None = None, report: ErrorReporter | None = None
) -> None:
    """``process`` is the name of this process in every line: main, admin, worker, sandbox, up. ``report``: is told of
    errors besides.
    """
    stream = stream or sys.stderr

    def name_process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        name_process,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        *([reporting(report, process)] if report is not None else []),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_event,
                *_renderer(json, stream),
            ],
        )
    )
    write_access_to(stream if level in {"debug", "info"} else None, process=process, json=json)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def _renderer(json: bool, stream: TextIO) -> list[Processor]:
    if json:
        return [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer(serializer=_encode)]
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0, sort_keys=False)]


def _encode(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
