"""What the database refuses, in words without SQL. (API-05)

Adapters translate the constraints they know into errors of the domain; this is the net under them.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.http.text import N_


class DatabaseFault(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    code: str
    detail: str
    headers: Mapping[str, str] = {}


_STATES: Final[Mapping[str, DatabaseFault]] = {
    "23505": DatabaseFault(status=409, code="already_exists", detail=N_("This exists already.")),
    "23P01": DatabaseFault(status=409, code="conflict", detail=N_("This collides with something that exists already.")),
    "23503": DatabaseFault(
        status=422, code="unknown_reference", detail=N_("This refers to something that does not exist.")
    ),
    "23502": DatabaseFault(status=422, code="invalid", detail=N_("A value is missing.")),
    "23514": DatabaseFault(status=422, code="invalid", detail=N_("A value is outside what is allowed.")),
    "40001": DatabaseFault(status=409, code="stale_write", detail=N_("Somebody else changed it just now. Try again.")),
    "40P01": DatabaseFault(status=409, code="stale_write", detail=N_("Somebody else changed it just now. Try again.")),
}
_CLASSES: Final[Mapping[str, DatabaseFault]] = {
    "22": DatabaseFault(status=422, code="invalid", detail=N_("A value cannot be stored as it is.")),
}
_AWAY: Final = DatabaseFault(
    status=503,
    code="unavailable",
    detail=N_("The database does not answer. Try again shortly."),
    headers={"Retry-After": "2"},
)
_AWAY_CLASSES: Final = frozenset({"08", "53", "55", "57"})


def database_fault(error: BaseException) -> DatabaseFault | None:
    """None when it is no trouble with the database, or a bug of ours (a column that is not there)."""
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None and error.orig.__cause__ is not None else error.orig
    if isinstance(cause, PostgresError):
        state = str(cause.sqlstate or "")
        if state[:2] in _AWAY_CLASSES:
            return _AWAY
        return _STATES.get(state) or _CLASSES.get(state[:2])
    if isinstance(cause, InterfaceError):
        return _CLASSES["22"] if isinstance(cause, ValueError) else _AWAY
    # The last is how asyncpg speaks of a connection that was torn between a question and its answer.
    return _AWAY if isinstance(cause, (ConnectionError, PoolTimeout, InternalClientError)) else None
