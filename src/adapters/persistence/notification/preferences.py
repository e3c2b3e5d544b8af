"""What people want to hear, and which letters of the first weeks they have had."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import asyncpg
from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from adapters.persistence.notification.tables import preferences, steps
from adapters.persistence.statement import Statement
from domain.ids import UserId
from domain.notification.preference import Group, Preferences
from domain.notification.sequence import StepSent

_OF: Final = Statement(select(preferences).where(preferences.c.user_id == bindparam("owner", type_=Uuid)))
_OF_ALL: Final = Statement(
    select(preferences).where(preferences.c.user_id == any_(bindparam("owners", type_=ARRAY(Uuid))))
)
_given = insert(preferences).values({c.name: bindparam(c.name, type_=c.type) for c in preferences.c})
_SAVE: Final = Statement(
    _given.on_conflict_do_update(
        index_elements=["user_id"],
        set_={c.name: _given.excluded[c.name] for c in preferences.c if c.name != "user_id"},
    )
)
_ADD_STEP: Final = Statement(
    insert(steps)
    .values({c.name: bindparam(c.name, type_=c.type) for c in steps.c})
    .on_conflict_do_nothing()
    .returning(steps.c.step)
)


class SqlPreferences:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def of(self, user_id: UserId) -> Preferences:
        row = await _OF.row(self._connection, owner=user_id)
        return from_row(row) if row is not None else Preferences(user_id=user_id)

    async def of_all(self, people: Collection[UserId]) -> Mapping[UserId, Preferences]:
        found = {row["user_id"]: from_row(row) for row in await _OF_ALL.all(self._connection, owners=list(people))}
        return {person: found.get(person) or Preferences(user_id=person) for person in people}

    async def save(self, preferences: Preferences) -> None:
        await _SAVE.run(
            self._connection,
            user_id=preferences.user_id,
            quiet_from=preferences.quiet_from,
            quiet_until=preferences.quiet_until,
            digest_at=preferences.digest_at,
            muted=sorted(preferences.muted),
            by_whatsapp=sorted(preferences.by_whatsapp),
            without_mail=sorted(preferences.without_mail),
        )


def from_row(row: "asyncpg.Record") -> Preferences:
    return Preferences(
        user_id=UserId(row["user_id"]),
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
        digest_at=row["digest_at"],
        muted=frozenset(Group(name) for name in row["muted"]),
        by_whatsapp=frozenset(Group(name) for name in row["by_whatsapp"]),
        without_mail=frozenset(Group(name) for name in row["without_mail"]),
    )


class SqlSteps:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, sent: StepSent) -> bool:
        added = await _ADD_STEP.value(self._connection, user_id=sent.user_id, step=sent.step, at=sent.at)
        return added is not None
