"""Reads about people that build no entity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.identity.user import AccountStatus, Onboarding
from domain.ids import SessionId, UserId
from ports.paging import Page


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who a live token belongs to: all that a page needs to know of its reader. ``onboarding`` is that of ``role``;
    ``valid_until`` is the token's own end.
    """

    token_hash: bytes
    session_id: SessionId
    user_id: UserId
    audience: Audience
    role: Role
    roles: tuple[Role, ...]
    name: str
    email: str
    zone: str
    locale: str
    email_verified: bool
    onboarding: Onboarding
    valid_until: datetime
    impersonator: UserId | None = None

    def actor(self) -> Actor:
        return Actor(
            user_id=self.user_id,
            role=self.role,
            audience=self.audience,
            onboarded=self.onboarding.cleared,
            impersonator=self.impersonator,
        )


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """``label``: what the device called itself when it signed in."""

    session_id: SessionId
    label: str
    audience: Audience
    role: Role
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionQueries(Protocol):
    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        """Made on every request, for access tokens alone. None when it is unknown, expired, its session has ended,
        or its user is blocked. Who has lost the role he came in with acts in what is left to him, see
        ``permission.acting_role``: a change of either is felt on the very next request. Notes that the session was
        seen, unless that was noted within ``SEEN_EVERY``.
        """
        ...


class DeviceQueries(Protocol):
    async def of(self, user_id: UserId, *, now: datetime) -> Sequence[DeviceView]:
        """Where somebody is signed in himself, most recently used first; who looks through his eyes is left out."""
        ...


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UserId
    name: str
    email: str
    zone: str
    locale: str
    roles: tuple[Role, ...]
    status: str
    created_at: datetime


class PeopleQueries(Protocol):
    async def by_ids(self, user_ids: Sequence[UserId]) -> Sequence[PersonView]:
        """In no particular order; unknown ids are left out."""
        ...

    async def search(
        self,
        text: str,
        *,
        role: Role | None = None,
        status: AccountStatus | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[PersonView]:
        """By part of a name or address; newest first. Raises BadCursor."""
        ...
