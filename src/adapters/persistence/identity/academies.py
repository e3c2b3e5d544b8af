"""Academies on PostgreSQL. Their tables have no walls."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import Integer, Text, Uuid, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.academy_tables import academies, academy_hosts
from adapters.persistence.statement import Statement, driver
from domain.errors import NotFound, StaleWrite
from domain.identity.academy import Academy, Host, HostTaken
from domain.identity.permission import Audience
from domain.ids import AcademyId

_OF: Final = bindparam("of", type_=Uuid)
_ONE: Final = Statement(select(academies).where(academies.c.id == _OF))
_ALL: Final = Statement(select(academies).order_by(academies.c.created_at, academies.c.id))
_HOSTS_OF: Final = Statement(
    select(academy_hosts).where(academy_hosts.c.belongs_to == _OF).order_by(academy_hosts.c.position)
)
_HOSTS: Final = Statement(select(academy_hosts).order_by(academy_hosts.c.position))
_ADD: Final = Statement(insert(academies))
_SAVE: Final = Statement(
    update(academies)
    .where(academies.c.id == _OF, academies.c.version == bindparam("stored", type_=Integer))
    .values(name=bindparam("name", type_=Text), version=bindparam("version", type_=Integer))
)
_DROP_HOSTS: Final = Statement(delete(academy_hosts).where(academy_hosts.c.belongs_to == _OF))
_ADD_HOST: Final = Statement(insert(academy_hosts))


class SqlAcademies:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, academy_id: AcademyId) -> Academy:
        row = await _ONE.row(self._connection, of=academy_id)
        if row is None:
            raise NotFound("there is no such academy")
        return _academy(row, await _HOSTS_OF.all(self._connection, of=academy_id))

    async def add(self, academy: Academy) -> None:
        await _ADD.run(
            self._connection,
            id=academy.id,
            name=academy.name,
            created_at=academy.created_at,
            version=academy.version,
        )
        await self._store_hosts(academy)

    async def save(self, academy: Academy) -> None:
        saved = await _SAVE.run(
            self._connection, of=academy.id, stored=academy.version - 1, name=academy.name, version=academy.version
        )
        if saved != 1:
            raise StaleWrite("this academy has changed in between")
        await _DROP_HOSTS.run(self._connection, of=academy.id)
        await self._store_hosts(academy)

    async def _store_hosts(self, academy: Academy) -> None:
        for position, host in enumerate(academy.hosts):
            try:
                await _ADD_HOST.run(
                    self._connection,
                    door=host.door.value,
                    host=host.name,
                    belongs_to=academy.id,
                    position=position,
                )
            except asyncpg.UniqueViolationError as error:
                raise HostTaken("{host} leads to another academy", host=host.name) from error


class SqlAcademyQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self) -> Sequence[Academy]:
        async with driver(self._engine) as connection:
            rows, hosts = await _ALL.all(connection), await _HOSTS.all(connection)
        of: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
        for host in hosts:
            of[host["belongs_to"]].append(host)
        return [_academy(row, of[row["id"]]) for row in rows]


def _academy(row: "asyncpg.Record", hosts: "Iterable[asyncpg.Record]") -> Academy:
    return Academy(
        id=AcademyId(UUID(int=row["id"].int)),
        name=row["name"],
        hosts=tuple(Host(host["host"], Audience(host["door"])) for host in hosts),
        created_at=row["created_at"],
        version=row["version"],
    )
