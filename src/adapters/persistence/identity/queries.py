"""Reads about people, straight into views."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import DateTime, LargeBinary, Text, Uuid, and_, any_, bindparam, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.tables import roles_of_user, sessions, user_roles, users
from adapters.persistence.statement import Statement, driver
from domain.identity.permission import Audience, Role
from domain.identity.session import SEEN_EVERY
from domain.identity.user import AccountStatus, Onboarding
from domain.ids import UserId
from ports.identity.queries import PersonView, SignedIn
from ports.paging import Page, decode_cursor, page_of

_FIND = Statement(
    select(
        sessions.c.token_hash,
        sessions.c.user_id,
        sessions.c.audience,
        sessions.c.role,
        sessions.c.last_seen_at,
        users.c.name,
        users.c.email,
        users.c.zone,
        users.c.locale,
        users.c.email_verified_at,
        user_roles.c.onboarding,
        roles_of_user,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .join(user_roles, and_(user_roles.c.user_id == sessions.c.user_id, user_roles.c.role == sessions.c.role))
    .where(
        sessions.c.token_hash == bindparam("token_hash", type_=LargeBinary),
        sessions.c.expires_at > bindparam("now", type_=DateTime(timezone=True)),
        users.c.status == AccountStatus.ACTIVE.value,
    )
)
_SEEN = Statement(
    update(sessions)
    .where(
        sessions.c.token_hash == bindparam("of", type_=LargeBinary),
        sessions.c.last_seen_at < bindparam("now", type_=DateTime(timezone=True)),
    )
    .values(last_seen_at=bindparam("now", type_=DateTime(timezone=True)))
)
_PERSON = (
    users.c.id, users.c.email, users.c.name, users.c.zone, users.c.locale, users.c.status, users.c.created_at,
    roles_of_user,
)  # fmt: skip
_BY_IDS = Statement(select(*_PERSON).where(users.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))
_TEXT = bindparam("text", type_=Text)
_ROLE = bindparam("role", type_=Text)
_BEFORE = bindparam("before", type_=DateTime(timezone=True))
_SEARCH = Statement(
    select(*_PERSON)
    .where(
        or_(users.c.name.ilike(_TEXT), users.c.email.ilike(_TEXT)),
        or_(
            _ROLE.is_(None),
            select(user_roles.c.role).where(user_roles.c.user_id == users.c.id, user_roles.c.role == _ROLE).exists(),
        ),
        or_(
            _BEFORE.is_(None),
            tuple_(users.c.created_at, users.c.id) < tuple_(_BEFORE, bindparam("before_id", type_=Uuid)),
        ),
    )
    .order_by(users.c.created_at.desc(), users.c.id.desc())
    .limit(bindparam("rows"))
)


class SqlSessionQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        async with driver(self._engine) as connection:
            row = await _FIND.row(connection, token_hash=token_hash, now=now)
            if row is not None and now - row["last_seen_at"] >= SEEN_EVERY:
                await _SEEN.run(connection, of=token_hash, now=now)
        if row is None:
            return None
        return SignedIn(
            token_hash=row["token_hash"],
            user_id=UserId(row["user_id"]),
            audience=Audience(row["audience"]),
            role=Role(row["role"]),
            roles=tuple(Role(role) for role in row["roles"]),
            name=row["name"],
            email=row["email"],
            zone=row["zone"],
            locale=row["locale"],
            email_verified=row["email_verified_at"] is not None,
            onboarding=Onboarding(row["onboarding"]),
        )


def _person(row: asyncpg.Record) -> PersonView:
    return PersonView(
        user_id=UserId(row["id"]),
        name=row["name"],
        email=row["email"],
        zone=row["zone"],
        locale=row["locale"],
        roles=tuple(Role(role) for role in row["roles"]),
        status=row["status"],
        created_at=row["created_at"],
    )


class SqlPeople:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def by_ids(self, user_ids: Sequence[UserId]) -> Sequence[PersonView]:
        async with driver(self._engine) as connection:
            return [_person(row) for row in await _BY_IDS.all(connection, ids=list(user_ids))]

    async def search(
        self, text: str, *, role: Role | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[PersonView]:
        before: Any = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        async with driver(self._engine) as connection:
            rows = await _SEARCH.all(
                connection,
                text=f"%{escaped}%",
                role=role.value if role is not None else None,
                before=before[0],
                before_id=before[1],
                rows=limit + 1,
            )
        return page_of([_person(row) for row in rows], limit, "created_at", "user_id")
