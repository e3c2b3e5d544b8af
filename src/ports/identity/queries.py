"""Reads about people that build no entity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.identity.permission import Audience, Role
from domain.identity.user import Onboarding
from domain.ids import UserId
from ports.paging import Page


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who a live token belongs to: all that a page needs to know of its reader."""

    token_hash: bytes
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


class SessionQueries(Protocol):
    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        """One read, made on every request. None when it is unknown, expired, or its user is blocked or has lost
        the role: a change of either is felt on the very next request. Notes that the session was seen, unless that
        was noted within ``SEEN_EVERY``.
        """
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
        self, text: str, *, role: Role | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[PersonView]:
        """By part of a name or address; newest first. Raises BadCursor."""
        ...
