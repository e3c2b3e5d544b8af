"""Which academy the work at hand is for: the walls between the schools of one installation. (ADM-10)

Every request, job and command runs inside one academy. The HTTP side enters it by the host name of the
request, the worker by the academy of the event or the sweep; persistence adds it to every statement on a table that has
walls. Nobody in between has to pass it on, and nobody can forget to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Final
from uuid import UUID

from domain.ids import AcademyId

FIRST_ACADEMY: Final = AcademyId(UUID("00000000-0000-7000-8000-000000000001"))
"""The one that every installation starts with; work that names no academy is its work."""

_current: Final[ContextVar[AcademyId]] = ContextVar("academy", default=FIRST_ACADEMY)


def current_academy() -> AcademyId:
    return _current.get()


def enter(academy_id: AcademyId) -> Token[AcademyId]:
    """``within`` for those who leave by themselves: ``leave`` takes what this gives."""
    return _current.set(academy_id)


def leave(entered: Token[AcademyId]) -> None:
    _current.reset(entered)


@contextmanager
def within(academy_id: AcademyId) -> Iterator[None]:
    """Everything that is awaited inside works for that academy."""
    token = _current.set(academy_id)
    try:
        yield
    finally:
        _current.reset(token)
