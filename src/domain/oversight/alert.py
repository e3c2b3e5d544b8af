"""Something about the machinery that needs a person: told once when it begins, and once when it is over. (OPS-09)"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.machine import Lifecycle


class Rule(StrEnum):
    """What is looked for. The subject of an alert says where it was found."""

    WORKER_QUIET = "worker_quiet"
    """Nobody does the scheduled work. Noticed by those who serve requests, as the worker cannot."""
    JOB_FAILS = "job_fails"
    GIVEN_UP = "given_up"
    """Messages, notices of providers or consequences of events that were tried for the last time."""
    BEHIND = "behind"
    """Work has been due for long."""
    PROVIDER_RESTS = "provider_rests"
    """An outside service keeps failing."""
    NO_BACKUP = "no_backup"
    DISK_FULL = "disk_full"
    SIGN_INS_FAIL = "sign_ins_fail"
    """So many that somebody may be guessing passwords."""


class Status(StrEnum):
    RAISED = "raised"
    """True, and nobody has been told."""
    TOLD = "told"
    OVER = "over"
    """Not true any more, and those who were told do not know."""
    CLOSED = "closed"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    # closed at once: over before anybody was told
    Status.RAISED: frozenset({Status.TOLD, Status.CLOSED}),
    Status.TOLD: frozenset({Status.OVER}),
    # told again: it came back before the good news had gone out
    Status.OVER: frozenset({Status.TOLD, Status.CLOSED}),
    Status.CLOSED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("alert", TRANSITIONS, start=frozenset({Status.RAISED}))


class Sign(msgspec.Struct, frozen=True):
    """A rule that is true just now. ``subject`` names the queue, job or service; ``number`` says how many or how much,
    where that is worth a word.
    """

    rule: Rule
    subject: str = ""
    number: int = 0

    @property
    def key(self) -> tuple[Rule, str]:
        return self.rule, self.subject


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One incident. Of the same rule and subject one is open at a time. ``number``: as it was when it began."""

    id: UUID
    rule: Rule
    subject: str
    number: int
    since: datetime
    status: Status = Status.RAISED
    changed_at: datetime

    @property
    def key(self) -> tuple[Rule, str]:
        return self.rule, self.subject

    @property
    def until(self) -> datetime | None:
        """When it was found to be over; None while it is true."""
        return self.changed_at if self.status in {Status.OVER, Status.CLOSED} else None

    @property
    def waits_to_be_told(self) -> bool:
        return self.status in {Status.RAISED, Status.OVER}

    def seen(self, still: bool, *, at: datetime) -> "Alert":
        """After another look: the same one where nothing follows from it."""
        if still:
            return self._to(Status.TOLD, at) if self.status is Status.OVER else self
        following = {Status.RAISED: Status.CLOSED, Status.TOLD: Status.OVER}.get(self.status)
        return self._to(following, at) if following is not None else self

    def told(self, *, at: datetime) -> "Alert":
        """After people have been told what there was to tell. Raises IllegalTransition."""
        return self._to(Status.TOLD if self.status is Status.RAISED else Status.CLOSED, at)

    def _to(self, status: Status, at: datetime) -> "Alert":
        return msgspec.structs.replace(self, status=LIFECYCLE.step(self.status, status), changed_at=at)
