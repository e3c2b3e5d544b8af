"""Reading the audit log. (ADM-05)"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from domain.ids import UserId
from domain.oversight.chain import Link
from ports.paging import Page


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is None is not asked for. ``action`` is a whole name (``identity.block``) or a context (``identity``);
    ``text`` is a part of the reason, or a subject's or request's id as it stands.
    """

    actor_id: UserId | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """``actor_name`` is None for what the system or the command line did, and for people who were erased."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str | None
    role: str | None
    audience: str | None
    impersonator_id: UUID | None
    impersonator_name: str | None
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    request_id: str


class AuditHead(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chain ends: whoever writes it down elsewhere can tell later that nobody wrote it all anew."""

    seq: int
    hash: bytes


class AuditQueries(Protocol):
    async def search(self, wanted: AuditFilter, *, cursor: str | None = None, limit: int = 50) -> Page[AuditEntry]:
        """This academy's, newest first. Raises BadCursor."""
        ...

    async def actions(self) -> Sequence[str]:
        """The names of all actions that this academy has seen, in order of the alphabet."""
        ...

    async def links(self, *, after: int, limit: int) -> Sequence[Link]:
        """The chain as it is stored, over all academies, by number."""
        ...

    async def head(self) -> AuditHead:
        """As it was noted with the last entry. Number 0 before the first one."""
        ...
