"""Reads about people, straight into views."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import DateTime, LargeBinary, Text, Uuid, any_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.tables import (
    onboarding_of_user,
    roles_of_user,
    session_tokens,
    sessions,
    user_roles,
    users,
)
from adapters.persistence.statement import Statement, driver
from domain.identity.permission import Audience, Role, acting_role
from domain.identity.session import SEEN_EVERY, TokenKind
from domain.identity.user import AccountStatus, Onboarding
from domain.ids import SessionId, UserId
from ports.identity.queries import DeviceView, PersonView, SignedIn
from ports.paging import Page, decode_cursor, page_of

_INSTANT = DateTime(timezone=True)
_staff = users.alias("staff")
_FIND = Statement(
    select(
        sessions.c.id,
        sessions.c.user_id,
        sessions.c.audience,
        sessions.c.role,
        sessions.c.last_seen_at,
        sessions.c.impersonator_id,
        session_tokens.c.expires_at,
        users.c.name,
        users.c.email,
        users.c.zone,
        users.c.locale,
        users.c.email_verified_at,
        roles_of_user,
        onboarding_of_user,
    )
    .select_from(
        sessions.join(session_tokens, session_tokens.c.session_id == sessions.c.id).join(
            users, users.c.id == sessions.c.user_id
        )
    )
    .where(
        session_tokens.c.hash == bindparam("token_hash", type_=LargeBinary),
        session_tokens.c.kind == TokenKind.ACCESS.value,
        session_tokens.c.expires_at > bindparam("now", type_=_INSTANT),
        sessions.c.ended_at.is_(None),
        users.c.status == AccountStatus.ACTIVE.value,
        or_(
            sessions.c.impersonator_id.is_(None),
            select(_staff.c.id)
            .where(_staff.c.id == sessions.c.impersonator_id, _staff.c.status == AccountStatus.ACTIVE.value)
            .exists(),
        ),
    )
)
_SEEN = Statement(
    update(sessions)
    .where(sessions.c.id == bindparam("of", type_=Uuid), sessions.c.last_seen_at < bindparam("now", type_=_INSTANT))
    .values(last_seen_at=bindparam("now", type_=_INSTANT))
)
_DEVICES = Statement(
    select(
        sessions.c.id,
        sessions.c.device,
        sessions.c.audience,
        sessions.c.role,
        sessions.c.created_at,
        sessions.c.last_seen_at,
        sessions.c.expires_at,
    )
    .where(
        sessions.c.user_id == bindparam("user_id", type_=Uuid),
        sessions.c.expires_at > bindparam("now", type_=_INSTANT),
        sessions.c.ended_at.is_(None),
        sessions.c.impersonator_id.is_(None),
    )
    .order_by(sessions.c.last_seen_at.desc(), sessions.c.id)
)
_PERSON = (
    users.c.id, users.c.email, users.c.name, users.c.zone, users.c.locale, users.c.status, users.c.created_at,
    roles_of_user,
)  # fmt: skip
_BY_IDS = Statement(select(*_PERSON).where(users.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))
_TEXT = bindparam("text", type_=Text)
_ROLE = bindparam("role", type_=Text)
_STATUS = bindparam("status", type_=Text)
_BEFORE = bindparam("before", type_=DateTime(timezone=True))
_SEARCH = Statement(
    select(*_PERSON)
    .where(
        or_(
            _TEXT == "%%",
            func.searchable(users.c.name).like(func.searchable(_TEXT)),
            users.c.email.ilike(_TEXT),
        ),
        or_(
            _ROLE.is_(None),
            select(user_roles.c.role).where(user_roles.c.user_id == users.c.id, user_roles.c.role == _ROLE).exists(),
        ),
        or_(_STATUS.is_(None), users.c.status == _STATUS),
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
                await _SEEN.run(connection, of=row["id"], now=now)
        if row is None:
            return None
        audience = Audience(row["audience"])
        onboarding = dict(zip(row["roles"], row["onboarding_of_roles"], strict=True))
        roles = tuple(Role(role) for role in row["roles"])
        role = acting_role(Role(row["role"]), roles, audience)
        return SignedIn(
            token_hash=token_hash,
            session_id=SessionId(row["id"]),
            user_id=UserId(row["user_id"]),
            audience=audience,
            role=role,
            roles=roles,
            name=row["name"],
            email=row["email"] or "",
            zone=row["zone"],
            locale=row["locale"],
            email_verified=row["email_verified_at"] is not None,
            onboarding=Onboarding(onboarding[role]),
            valid_until=row["expires_at"],
            impersonator=UserId(row["impersonator_id"]) if row["impersonator_id"] is not None else None,
        )


class SqlDevices:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, user_id: UserId, *, now: datetime) -> Sequence[DeviceView]:
        async with driver(self._engine) as connection:
            rows = await _DEVICES.all(connection, user_id=user_id, now=now)
        return [
            DeviceView(
                session_id=SessionId(row["id"]),
                label=row["device"],
                audience=Audience(row["audience"]),
                role=Role(row["role"]),
                created_at=row["created_at"],
                last_seen_at=row["last_seen_at"],
                expires_at=row["expires_at"],
            )
            for row in rows
        ]


def _person(row: asyncpg.Record) -> PersonView:
    return PersonView(
        user_id=UserId(row["id"]),
        name=row["name"],
        email=row["email"] or "",
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
        self,
        text: str,
        *,
        role: Role | None = None,
        status: AccountStatus | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[PersonView]:
        before: Any = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        async with driver(self._engine) as connection:
            rows = await _SEARCH.all(
                connection,
                text=f"%{escaped}%",
                role=role.value if role is not None else None,
                status=status.value if status is not None else None,
                before=before[0],
                before_id=before[1],
                rows=limit + 1,
            )
        return page_of([_person(row) for row in rows], limit, "created_at", "user_id")
