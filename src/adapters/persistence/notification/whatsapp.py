"""Numbers at WhatsApp on PostgreSQL, and how far messages have come. (NOTI-02)"""

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Integer, Text, Uuid, any_, bindparam, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from adapters.persistence.metadata import own_columns
from adapters.persistence.notification.whatsapp_tables import message_progress, whatsapp_consents, whatsapp_contacts
from adapters.persistence.statement import Statement
from domain.errors import StaleWrite
from domain.ids import DeliveryId, UserId
from domain.notification.whatsapp import RANKS, Consent, Contact, Status, Way
from ports.notification.whatsapp import Progress

_OF: Final = Statement(
    select(*own_columns(whatsapp_contacts)).where(whatsapp_contacts.c.user_id == bindparam("owner", type_=Uuid))
)
_BY_NUMBER: Final = Statement(
    select(*own_columns(whatsapp_contacts))
    .where(whatsapp_contacts.c.number == bindparam("wanted", type_=Text))
    .order_by(whatsapp_contacts.c.user_id)
)
_REACHABLE: Final = Statement(
    select(whatsapp_contacts.c.user_id).where(
        whatsapp_contacts.c.user_id == any_(bindparam("people", type_=ARRAY(Uuid))),
        whatsapp_contacts.c.status == Status.ACTIVE.value,
    )
)
_ADD: Final = Statement(
    insert(whatsapp_contacts)
    .values({c.name: bindparam(c.name, type_=c.type) for c in whatsapp_contacts.c})
    .on_conflict_do_nothing()
)
_CHANGE: Final = Statement(
    update(whatsapp_contacts)
    .where(
        whatsapp_contacts.c.user_id == bindparam("owner", type_=Uuid),
        whatsapp_contacts.c.version == bindparam("was", type_=Integer),
    )
    .values({c.name: bindparam(c.name, type_=c.type) for c in own_columns(whatsapp_contacts) if c.name != "user_id"})
)
_NOTE: Final = Statement(
    insert(whatsapp_consents).values({c.name: bindparam(c.name, type_=c.type) for c in whatsapp_consents.c})
)
_told = insert(message_progress).values({c.name: bindparam(c.name, type_=c.type) for c in message_progress.c})
_ADVANCE: Final = Statement(
    _told.on_conflict_do_update(
        index_elements=["delivery_id"],
        set_={name: _told.excluded[name] for name in ("ref", "stage", "rank", "code", "at")},
        # What another academy's row says cannot be reached by a reference that names this one.
        where=(message_progress.c.rank < _told.excluded.rank)
        & (message_progress.c.academy_id == _told.excluded.academy_id),
    )
)


class SqlContacts:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def of(self, user_id: UserId) -> Contact | None:
        row = await _OF.row(self._connection, owner=user_id)
        return _from_row(row) if row is not None else None

    async def by_number(self, number: str) -> Sequence[Contact]:
        return [_from_row(row) for row in await _BY_NUMBER.all(self._connection, wanted=number)]

    async def reachable(self, people: Collection[UserId]) -> frozenset[UserId]:
        rows = await _REACHABLE.all(self._connection, people=list(people))
        return frozenset(UserId(row["user_id"]) for row in rows)

    async def save(self, contact: Contact) -> None:
        values: dict[str, Any] = {
            "number": contact.number,
            "status": contact.status.value,
            "wording": contact.wording,
            "asked_at": contact.asked_at,
            "tries": contact.tries,
            "consented_at": contact.consented_at,
            "heard_at": contact.heard_at,
            "version": contact.version,
        }
        if contact.version == 1:
            touched = await _ADD.run(self._connection, user_id=contact.user_id, **values)
        else:
            touched = await _CHANGE.run(self._connection, owner=contact.user_id, was=contact.version - 1, **values)
        if touched != 1:
            raise StaleWrite("the number was changed in between")

    async def note(self, consent: Consent) -> None:
        await _NOTE.run(
            self._connection,
            user_id=consent.user_id,
            number=consent.number,
            given=consent.given,
            way=consent.way.value,
            wording=consent.wording,
            at=consent.at,
        )

    async def consents(self, user_id: UserId) -> Sequence[Consent]:
        """Oldest first."""
        return [
            Consent(**{**dict(row), "way": Way(row["way"])})
            for row in await _CONSENTS.all(self._connection, owner=user_id)
        ]

    async def advance(self, delivery_id: DeliveryId, progress: Progress) -> bool:
        touched = await _ADVANCE.run(
            self._connection,
            delivery_id=delivery_id,
            ref=progress.ref,
            stage=progress.stage.value,
            rank=RANKS[progress.stage],
            code=progress.code,
            at=progress.at,
        )
        return touched == 1


_CONSENTS: Final = Statement(
    select(*own_columns(whatsapp_consents))
    .where(whatsapp_consents.c.user_id == bindparam("owner", type_=Uuid))
    .order_by(whatsapp_consents.c.at)
)


def _from_row(row: "asyncpg.Record") -> Contact:
    values = dict(row)
    return Contact(status=Status(values.pop("status")), **values)
