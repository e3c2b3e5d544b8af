"""Addresses whose mail comes back, on PostgreSQL."""

from typing import Any, Final

import asyncpg
from sqlalchemy import Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.metadata import own_columns
from adapters.persistence.notification.reach_tables import dead_addresses
from adapters.persistence.statement import Statement
from domain.ids import UserId
from domain.notification.bounce import DeadAddress

_OF: Final = Statement(
    select(*own_columns(dead_addresses)).where(dead_addresses.c.user_id == bindparam("owner", type_=Uuid))
)
_given = insert(dead_addresses).values({c.name: bindparam(c.name, type_=c.type) for c in dead_addresses.c})
_PUT: Final = Statement(
    _given.on_conflict_do_update(
        index_elements=["user_id"],
        set_={name: _given.excluded[name] for name in ("address", "code", "why", "at")},
        where=func.lower(dead_addresses.c.address) != func.lower(_given.excluded.address),
    ).returning(dead_addresses.c.user_id)
)
_REMOVE: Final = Statement(delete(dead_addresses).where(dead_addresses.c.user_id == bindparam("owner", type_=Uuid)))


class SqlDeadAddresses:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def of(self, user_id: UserId) -> DeadAddress | None:
        row = await _OF.row(self._connection, owner=user_id)
        return DeadAddress(**dict(row)) if row is not None else None

    async def put(self, dead: DeadAddress) -> bool:
        given = {name: getattr(dead, name) for name in dead.__struct_fields__}
        return await _PUT.value(self._connection, **given) is not None

    async def remove(self, user_id: UserId) -> bool:
        return await _REMOVE.run(self._connection, owner=user_id) == 1
