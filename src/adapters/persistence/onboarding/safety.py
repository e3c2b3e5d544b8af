"""Clearances and consents on one asyncpg connection; and what staff look at."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import DateTime, Integer, Text, Uuid, any_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.booking.tables import policies
from adapters.persistence.line import Ask
from adapters.persistence.onboarding.safety_tables import clearances, consents
from adapters.persistence.statement import Statement, driver
from domain.errors import NotFound, StaleWrite
from domain.ids import BookingId, ClearanceId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from domain.onboarding.consent import CONSENT_POLICIES, Acceptance, ConsentDocument, ConsentKind, ConsentText
from ports.academy import current_academy
from ports.onboarding.safety import FlaggedLesson, QariClearance

_BY_ID: Final = Statement(select(clearances).where(clearances.c.id == bindparam("wanted", type_=Uuid)))
_OF_QARI: Final = Statement(
    select(clearances)
    .where(clearances.c.qari_id == bindparam("qari", type_=Uuid))
    .order_by(clearances.c.recorded_at.desc(), clearances.c.id.desc())
)
_ADD: Final = Statement(insert(clearances))
_SAVE: Final = Statement(
    update(clearances)
    .where(clearances.c.id == bindparam("wanted", type_=Uuid), clearances.c.version == bindparam("was", type_=Integer))
    .values(withdrawn_at=bindparam("withdrawn_at"), version=bindparam("following"))
)
_ACCEPT: Final = Statement(
    upsert(consents)
    .values({column.name: bindparam(column.name, type_=column.type) for column in consents.c})
    .on_conflict_do_nothing()
)
_ACCEPTED: Final = Statement(select(consents).where(consents.c.user_id == bindparam("user", type_=Uuid)))
_DOCUMENTS: Final = Statement(
    select(policies)
    .ext(distinct_on(policies.c.kind))
    .where(
        policies.c.kind == any_(bindparam("kinds", type_=ARRAY(Text))),
        policies.c.effective_from <= bindparam("at", type_=DateTime(timezone=True)),
    )
    .order_by(policies.c.kind, policies.c.version.desc())
)
_KINDS: Final = {stored: kind for kind, stored in CONSENT_POLICIES.items()}
_CLEARED: Final = """
SELECT q.user_id, q.name,
       coalesce(array_agg(DISTINCT c.kind) FILTER (WHERE c.kind IS NOT NULL), '{}') AS valid,
       min(c.expires_on) AS until
FROM qaris q
LEFT JOIN clearances c ON c.qari_id = q.user_id AND c.withdrawn_at IS NULL
     AND c.issued_on <= $1::date AND (c.expires_on IS NULL OR c.expires_on >= $1::date)
WHERE q.approved AND q.academy_id = $2
GROUP BY q.user_id, q.name
ORDER BY count(c.id) > 0, min(c.expires_on) NULLS LAST, q.name, q.user_id
"""
_FLAGGED: Final = """
SELECT b.id, b.starts_at, b.qari_id, q.name AS qari_name, b.learner_id, l.name AS learner_name
FROM bookings b
JOIN users l ON l.id = b.learner_id
JOIN qaris q ON q.user_id = b.qari_id
WHERE b.academy_id = $5 AND b.starts_at > $1 AND b.status IN ('requested', 'held', 'pending_payment', 'confirmed')
  AND l.birth_date > ($1 AT TIME ZONE l.zone)::date - make_interval(years => $3)
  AND EXISTS (
    SELECT FROM unnest($2::text[]) AS required(kind)
    WHERE NOT EXISTS (
      SELECT FROM clearances c
      WHERE c.qari_id = b.qari_id AND c.kind = required.kind AND c.withdrawn_at IS NULL
        AND c.issued_on <= (b.starts_at AT TIME ZONE q.zone)::date
        AND (c.expires_on IS NULL OR c.expires_on >= (b.starts_at AT TIME ZONE q.zone)::date)
    )
  )
ORDER BY b.starts_at, b.id
LIMIT $4
"""


def from_row(row: "asyncpg.Record") -> Clearance:
    return Clearance(
        id=row["id"],
        qari_id=row["qari_id"],
        kind=ClearanceKind(row["kind"]),
        issued_on=row["issued_on"],
        expires_on=row["expires_on"],
        reference=row["reference"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
        withdrawn_at=row["withdrawn_at"],
        version=row["version"],
    )


class SqlClearances:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, clearance_id: ClearanceId) -> Clearance:
        row = await _BY_ID.row(self._connection, wanted=clearance_id)
        if row is None:
            raise NotFound("there is no such clearance")
        return from_row(row)

    @staticmethod
    def asks(qari_id: UserId) -> list[Ask]:
        """What ``of_qari`` does."""
        return [_OF_QARI.ask(qari=qari_id)]

    async def of_qari(self, qari_id: UserId) -> Sequence[Clearance]:
        return [from_row(row) for row in await _OF_QARI.all(self._connection, qari=qari_id)]

    async def add(self, clearance: Clearance) -> None:
        await _ADD.run(
            self._connection,
            id=clearance.id,
            qari_id=clearance.qari_id,
            kind=clearance.kind.value,
            issued_on=clearance.issued_on,
            expires_on=clearance.expires_on,
            reference=clearance.reference,
            recorded_by=clearance.recorded_by,
            recorded_at=clearance.recorded_at,
            withdrawn_at=clearance.withdrawn_at,
            version=clearance.version,
        )

    async def save(self, clearance: Clearance) -> None:
        touched = await _SAVE.run(
            self._connection,
            wanted=clearance.id,
            was=clearance.version - 1,
            withdrawn_at=clearance.withdrawn_at,
            following=clearance.version,
        )
        if touched != 1:
            raise StaleWrite("this clearance has changed in between")


class SqlConsents:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(user_id: UserId, at: datetime) -> list[Ask]:
        """What ``documents`` and ``of_user`` do."""
        return [_DOCUMENTS.ask(kinds=list(_KINDS), at=at), _ACCEPTED.ask(user=user_id)]

    async def documents(self, at: datetime) -> Sequence[ConsentDocument]:
        rows = await _DOCUMENTS.all(self._connection, kinds=list(_KINDS), at=at)
        found = [
            ConsentDocument(
                kind=_KINDS[row["kind"]],
                version=row["version"],
                text=msgspec.json.decode(row["body"], type=ConsentText),
                effective_from=row["effective_from"],
            )
            for row in rows
        ]
        return [document for document in found if document.text.is_asked]

    async def of_user(self, user_id: UserId) -> Sequence[Acceptance]:
        rows = await _ACCEPTED.all(self._connection, user=user_id)
        return [
            Acceptance(
                user_id=row["user_id"],
                child_id=row["child_id"],
                kind=ConsentKind(row["kind"]),
                version=row["version"],
                at=row["at"],
            )
            for row in rows
        ]

    async def add(self, acceptance: Acceptance) -> None:
        await _ACCEPT.run(
            self._connection,
            user_id=acceptance.user_id,
            child_id=acceptance.child_id,
            kind=acceptance.kind.value,
            version=acceptance.version,
            at=acceptance.at,
        )


class SqlSafetyQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def clearances(self, today: date) -> Sequence[QariClearance]:
        async with driver(self._engine) as connection:
            rows = await connection.fetch(_CLEARED, today, current_academy())
        return [
            QariClearance(
                qari_id=UserId(row["user_id"]),
                name=row["name"],
                valid=tuple(ClearanceKind(kind) for kind in row["valid"]),
                until=row["until"],
            )
            for row in rows
        ]

    async def flagged(
        self, required: Collection[ClearanceKind], *, now: datetime, majority_years: int, limit: int = 200
    ) -> Sequence[FlaggedLesson]:
        async with driver(self._engine) as connection:
            rows = await connection.fetch(_FLAGGED, now, sorted(required), majority_years, limit, current_academy())
        return [
            FlaggedLesson(
                booking_id=BookingId(row["id"]),
                starts_at=row["starts_at"],
                qari_id=UserId(row["qari_id"]),
                qari_name=row["qari_name"],
                learner_id=UserId(row["learner_id"]),
                learner_name=row["learner_name"],
            )
            for row in rows
        ]
