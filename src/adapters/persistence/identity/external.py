"""People whom another system manages, on PostgreSQL."""

from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import Text, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.identity.account_tables import external_users, identity_notices
from adapters.persistence.metadata import WALL
from adapters.persistence.statement import Statement
from domain.ids import UserId
from ports.identity.external import ExternalUser

_NOTE: Final = Statement(
    insert(identity_notices)
    .values(event_id=bindparam("event_id"), received_at=bindparam("received_at"))
    .on_conflict_do_nothing()
)
_FIND: Final = Statement(
    select(*(column for column in external_users.c if column.name != WALL))
    .where(external_users.c.subject == bindparam("subject", type_=Text))
    .with_for_update()
)
_new: Final = insert(external_users).values(
    subject=bindparam("subject"), user_id=bindparam("user_id"), told_at=bindparam("told_at")
)
_PUT: Final = Statement(
    _new.on_conflict_do_update(
        constraint=external_users.primary_key,
        set_={"user_id": _new.excluded.user_id, "told_at": _new.excluded.told_at},
    )
)


class SqlExternalUsers:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def first_time(self, event_id: str, *, at: datetime) -> bool:
        return await _NOTE.run(self._connection, event_id=event_id, received_at=at) == 1

    async def find(self, subject: str) -> ExternalUser | None:
        row = await _FIND.row(self._connection, subject=subject)
        return ExternalUser(**dict(row)) if row is not None else None

    async def put(self, user: ExternalUser) -> None:
        await _PUT.run(self._connection, subject=user.subject, user_id=UserId(user.user_id), told_at=user.told_at)
