"""Out of the stream of log lines, what somebody has to mend: passed on without what belongs to people. (OPS-09)"""

import sys
import traceback
from pathlib import PurePath
from typing import Any

from structlog.typing import EventDict, Processor, WrappedLogger

from entrypoints.masking import mask_text
from ports.oversight.errors import ErrorReporter, Frame, Mishap

_GRAVE = frozenset({"error", "critical"})


def reporting(report: ErrorReporter, process: str) -> Processor:
    """A structlog processor. Comes before exceptions become text."""

    def pass_on(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if event.get("level") in _GRAVE:
            report(_mishap(event, process))
        return event

    return pass_on


def _mishap(event: EventDict, process: str) -> Mishap:
    error = _error(event.get("exc_info"))
    record = event.get("_record")
    return Mishap(
        said=mask_text(str(event.get("event", ""))),
        logger=str(getattr(record, "name", "") or event.get("logger", "")),
        process=process,
        kind=type(error).__name__ if error is not None else "",
        message=mask_text(str(error)) if error is not None else "",
        frames=_frames(error) if error is not None else (),
        request_id=str(event.get("request_id", "")),
    )


def _error(told: Any) -> BaseException | None:
    if isinstance(told, BaseException):
        return told
    if isinstance(told, tuple):
        return told[1] if isinstance(told[1], BaseException) else None
    return sys.exc_info()[1] if told else None


def _frames(error: BaseException) -> list[Frame]:
    found = traceback.extract_tb(error.__traceback__)
    return [Frame("/".join(PurePath(each.filename).parts[-3:]), each.name, each.lineno or 0) for each in found]
