"""What the database says while it dies, as people are told it. (API-05, OPS-14)"""

import pytest
from asyncpg import AdminShutdownError, CannotConnectNowError, InterfaceError, InternalClientError

from adapters.http.database_errors import database_fault


@pytest.mark.parametrize(
    "error",
    [
        AdminShutdownError("terminating connection due to unexpected postmaster exit"),
        CannotConnectNowError("the database system is starting up"),
        ConnectionRefusedError(111, "Connection refused"),
        InterfaceError("connection is closed"),
        InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_dies_is_one_that_does_not_answer(error: Exception) -> None:
    fault = database_fault(error)

    assert fault is not None
    assert (fault.status, fault.code) == (503, "unavailable")
    assert fault.headers == {"Retry-After": "2"}


def test_a_bug_of_ours_is_no_trouble_with_the_database() -> None:
    assert database_fault(RuntimeError("ours")) is None
