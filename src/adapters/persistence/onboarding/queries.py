"""The queue of applications, and what was handed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import Boolean, DateTime, Text, Uuid, bindparam, func, literal_column, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.tables import users
from adapters.persistence.onboarding.rows import edition_of
from adapters.persistence.onboarding.tables import application_editions, applications
from adapters.persistence.statement import Statement, driver
from domain.identity.permission import Role
from domain.ids import ApplicationId, UserId
from domain.onboarding.application import Edition, Status
from ports.onboarding.queries import QueueFilter, QueueItem
from ports.paging import Page, decode_cursor, page_of

_owners = users.alias("owners")
_ITEM: Final = (
    select(
        *(
            applications.c[name]
            for name in (
                "id", "user_id", "role", "status", "edition", "created_at", "updated_at", "submitted_at", "owner_id",
                "decided_at",
            )
        ),
        users.c.name,
        func.coalesce(users.c.email, "").label("email"),
        func.coalesce(_owners.c.name, "").label("owner_name"),
    )
    .select_from(applications.join(users, users.c.id == applications.c.user_id).outerjoin(
        _owners, _owners.c.id == applications.c.owner_id
    ))
)  # fmt: skip
_ROLE: Final = bindparam("as_role", type_=Text)
_OWNER: Final = bindparam("owner", type_=Uuid)
_AT: Final = bindparam("at", type_=DateTime(timezone=True))
_AT_ID: Final = bindparam("at_id", type_=Uuid)
_NARROWED: Final = _ITEM.where(
    applications.c.status == bindparam("in_status", type_=Text),
    or_(_ROLE.is_(None), applications.c.role == _ROLE),
    or_(_OWNER.is_(None), applications.c.owner_id == _OWNER),
    or_(not_(bindparam("unowned", type_=Boolean)), applications.c.owner_id.is_(None)),
).limit(bindparam("rows"))
_WAITING: Final = Statement(
    _NARROWED.where(
        applications.c.status == literal_column("'submitted'"),  # as in the index, not as a parameter
        applications.c.submitted_at.is_not(None),
        or_(_AT.is_(None), tuple_(applications.c.submitted_at, applications.c.id) > tuple_(_AT, _AT_ID)),
    ).order_by(applications.c.submitted_at, applications.c.id)
)
_NEWEST: Final = Statement(
    _NARROWED.where(
        or_(_AT.is_(None), tuple_(applications.c.updated_at, applications.c.id) < tuple_(_AT, _AT_ID))
    ).order_by(applications.c.updated_at.desc(), applications.c.id.desc())
)
_ONE: Final = Statement(_ITEM.where(applications.c.id == bindparam("wanted", type_=Uuid)))
_OF_USER: Final = Statement(
    _ITEM.where(applications.c.user_id == bindparam("wanted", type_=Uuid)).order_by(applications.c.role)
)
_EDITIONS: Final = Statement(
    select(application_editions, applications.c.role)
    .select_from(application_editions.join(applications, applications.c.id == application_editions.c.application_id))
    .where(application_editions.c.application_id == bindparam("wanted", type_=Uuid))
    .order_by(application_editions.c.edition.desc())
)


def _item(row: asyncpg.Record) -> QueueItem:
    return QueueItem(
        id=ApplicationId(row["id"]),
        user_id=UserId(row["user_id"]),
        name=row["name"],
        email=row["email"],
        role=Role(row["role"]),
        status=Status(row["status"]),
        edition=row["edition"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        waits_since=row["submitted_at"],
        owner_id=row["owner_id"],
        owner_name=row["owner_name"],
        decided_at=row["decided_at"],
    )


class SqlOnboardingQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def queue(self, wanted: QueueFilter, *, cursor: str | None = None, limit: int = 50) -> Page[QueueItem]:
        after: Any = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        waiting = wanted.status is Status.SUBMITTED
        async with driver(self._engine) as connection:
            rows = await (_WAITING if waiting else _NEWEST).all(
                connection,
                in_status=wanted.status.value,
                as_role=wanted.role.value if wanted.role is not None else None,
                owner=wanted.owner_id,
                unowned=wanted.unowned,
                at=after[0],
                at_id=after[1],
                rows=limit + 1,
            )
        return page_of([_item(row) for row in rows], limit, "waits_since" if waiting else "updated_at", "id")

    async def item(self, application_id: ApplicationId) -> QueueItem | None:
        async with driver(self._engine) as connection:
            row = await _ONE.row(connection, wanted=application_id)
        return _item(row) if row is not None else None

    async def of_user(self, user_id: UserId) -> Sequence[QueueItem]:
        async with driver(self._engine) as connection:
            return [_item(row) for row in await _OF_USER.all(connection, wanted=user_id)]

    async def editions(self, application_id: ApplicationId) -> Sequence[Edition]:
        async with driver(self._engine) as connection:
            return [edition_of(row) for row in await _EDITIONS.all(connection, wanted=application_id)]
