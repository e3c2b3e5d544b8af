"""Browsers that show messages, on PostgreSQL."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Uuid, any_, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from adapters.persistence.metadata import own_columns
from adapters.persistence.notification.reach_tables import push_browsers
from adapters.persistence.statement import Statement
from domain.ids import BrowserId, UserId
from domain.notification.push import Browser

_OF: Final = Statement(
    select(*own_columns(push_browsers))
    .where(push_browsers.c.user_id == bindparam("owner", type_=Uuid))
    .order_by(push_browsers.c.created_at, push_browsers.c.id)
)
_given = insert(push_browsers).values({c.name: bindparam(c.name, type_=c.type) for c in push_browsers.c})
_PUT: Final = Statement(
    _given.on_conflict_do_update(
        constraint="uq_push_browsers_fingerprint",
        set_={name: _given.excluded[name] for name in ("user_id", "sealed", "label", "created_at")},
    )
)
_REMOVE: Final = Statement(
    delete(push_browsers).where(
        push_browsers.c.id == bindparam("wanted", type_=Uuid),
        or_(
            bindparam("owner", type_=Uuid).is_(None),
            push_browsers.c.user_id == bindparam("owner", type_=Uuid),
        ),
    )
)
_OWNERS: Final = Statement(
    select(push_browsers.c.user_id)
    .where(push_browsers.c.user_id == any_(bindparam("people", type_=ARRAY(Uuid))))
    .distinct()
)


class SqlBrowsers:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def of(self, user_id: UserId) -> Sequence[Browser]:
        return [Browser(**dict(row)) for row in await _OF.all(self._connection, owner=user_id)]

    async def put(self, browser: Browser) -> None:
        await _PUT.run(
            self._connection,
            id=browser.id,
            user_id=browser.user_id,
            fingerprint=browser.fingerprint,
            sealed=browser.sealed,
            label=browser.label,
            created_at=browser.created_at,
        )

    async def remove(self, browser_id: BrowserId, *, user_id: UserId | None = None) -> bool:
        return await _REMOVE.run(self._connection, wanted=browser_id, owner=user_id) == 1

    async def owners_among(self, people: Collection[UserId]) -> frozenset[UserId]:
        if not people:
            return frozenset()
        return frozenset(row["user_id"] for row in await _OWNERS.all(self._connection, people=list(people)))
