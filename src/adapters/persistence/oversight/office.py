"""Pictures of the school and claims on items of queues, on PostgreSQL."""

from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.metadata import own_columns
from adapters.persistence.oversight.office_tables import brand_images, queue_claims
from adapters.persistence.statement import Statement
from domain.ids import UserId
from ports.oversight.repositories import BrandImage, Claim

_IMAGE: Final = Statement(select(brand_images).where(brand_images.c.digest == bindparam("wanted", type_=Text)))
_ADD_IMAGE: Final = Statement(
    insert(brand_images)
    .values({column.name: bindparam(column.name, type_=column.type) for column in own_columns(brand_images)})
    .on_conflict_do_nothing()
)
_THIS: Final = (
    queue_claims.c.queue == bindparam("about", type_=Text),
    queue_claims.c.item == bindparam("wanted", type_=Text),
)
_CLAIM: Final = Statement(select(queue_claims).where(*_THIS).with_for_update())
_DROP: Final = Statement(delete(queue_claims).where(*_THIS))
_NEW: Final[Any] = insert(queue_claims).values(
    {column.name: bindparam(column.name, type_=column.type) for column in own_columns(queue_claims)}
)
_PUT: Final = Statement(
    _NEW.on_conflict_do_update(
        index_elements=["academy_id", "queue", "item"],
        set_={"owner_id": _NEW.excluded.owner_id, "claimed_at": _NEW.excluded.claimed_at},
    )
)


class SqlBrandImages:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def find(self, digest: str) -> BrandImage | None:
        row = await _IMAGE.row(self._connection, wanted=digest)
        return None if row is None else BrandImage(**{name: row[name] for name in BrandImage.__struct_fields__})

    async def add(self, image: BrandImage) -> None:
        await _ADD_IMAGE.run(self._connection, **msgspec.structs.asdict(image))


class SqlClaims:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def find(self, queue: str, item: str) -> Claim | None:
        row = await _CLAIM.row(self._connection, about=queue, wanted=item)
        if row is None:
            return None
        return Claim(
            queue=row["queue"], item=row["item"], owner_id=UserId(row["owner_id"]), claimed_at=row["claimed_at"]
        )

    async def put(self, claim: Claim) -> None:
        await _PUT.run(self._connection, **msgspec.structs.asdict(claim))

    async def remove(self, queue: str, item: str) -> None:
        await _DROP.run(self._connection, about=queue, wanted=item)
