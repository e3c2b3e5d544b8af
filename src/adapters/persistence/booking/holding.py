"""A slot is held in two round trips: what the rules ask for comes in one statement, and the lesson, the news of it,
those who have to hear of it and the answer that is kept go in another one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, DateTime, Integer, LargeBinary, Text, Uuid, bindparam, text

from adapters.persistence.booking.agreements import SqlPolicies
from adapters.persistence.booking.repositories import SqlBookings, to_row
from adapters.persistence.booking.tables import bookings
from adapters.persistence.idempotency import READ_KEY
from adapters.persistence.identity.guardians import SqlGuardianships, SqlLearners
from adapters.persistence.line import Ask
from adapters.persistence.onboarding.safety import SqlClearances, SqlConsents
from adapters.persistence.scheduling.group_classes import SqlGroupClasses
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from adapters.persistence.statement import INSIDE, Statement
from domain.booking.booking import Booking
from domain.booking.policy import BOOKING_POLICY
from domain.booking.rules import SAFEGUARDING
from domain.ids import BookingId, UserId
from domain.time import TimeSlot
from ports.idempotency import Promise

_COLUMNS: Final = [column for column in bookings.c if column.name != "academy_id"]
_NAMES: Final = ", ".join(column.name for column in _COLUMNS)
_VALUES: Final = ", ".join(f":{column.name}" for column in _COLUMNS)
_INSTANT: Final = DateTime(timezone=True)
# Nothing is written beside a lesson that did not get its time.
_WRITE: Final = Statement(
    text(
        f"""
        WITH held AS (
            INSERT INTO bookings ({_NAMES}, academy_id) VALUES ({_VALUES}, :{INSIDE})
            ON CONFLICT DO NOTHING RETURNING id
        ), written AS (
            INSERT INTO outbox_events (id, type, payload, occurred_at, academy_id)
            SELECT :event_id, :type, CAST(:payload AS jsonb), :occurred_at, :{INSIDE} FROM held
        ), told AS (
            INSERT INTO outbox_tasks (event_id, subscriber, due_at, academy_id)
            SELECT :event_id, subscriber, :occurred_at, :{INSIDE}
              FROM held, unnest(CAST(:subscribers AS text[])) AS subscriber
        ), kept AS (
            INSERT INTO idempotency_keys (scope, key, request_hash, status, body, locked_until, created_at)
            SELECT :kept_scope, :kept_key, :kept_hash, :kept_status, :kept_body, :occurred_at, :occurred_at
              FROM held WHERE :kept_key IS NOT NULL
            ON CONFLICT DO NOTHING
        )
        SELECT id FROM held
        """  # noqa: S608 - names of our own columns
    ).bindparams(
        *(bindparam(column.name, type_=column.type) for column in _COLUMNS),
        bindparam(INSIDE, type_=Uuid),
        bindparam("event_id", type_=Uuid),
        bindparam("type", type_=Text),
        bindparam("payload", type_=Text),
        bindparam("occurred_at", type_=_INSTANT),
        bindparam("subscribers", type_=ARRAY(Text)),
        bindparam("kept_status", type_=Integer),
        bindparam("kept_body", type_=LargeBinary),
        bindparam("kept_scope", type_=Text),
        bindparam("kept_key", type_=Text),
        bindparam("kept_hash", type_=LargeBinary),
    )
)


def asks(
    booking_id: BookingId,
    *,
    by: UserId,
    learner_id: UserId,
    qari_id: UserId,
    slot: TimeSlot,
    now: datetime,
    promise: Promise | None,
) -> Sequence[Ask]:
    """All that is asked when the lesson can be had. What is left out here is asked for one by one."""
    found = [
        *SqlBookings.asks(booking_id, learner_id, slot),
        *SqlGroupClasses.asks(learner_id, slot),
        *SqlPolicies.asks(now, SAFEGUARDING, BOOKING_POLICY),
        *SqlLearners.asks(learner_id),
        *SqlConsents.asks(by, now),
        *SqlQaris.asks(qari_id),
        *SqlAvailability.asks(qari_id, slot),
    ]
    if promise is not None:
        found.append(READ_KEY.ask(of_scope=promise.scope, of_key=promise.key))
    if learner_id != by:
        found += [*SqlGuardianships.asks(by, learner_id), *SqlClearances.asks(qari_id)]
    return found


def asks_still(booking_id: BookingId, learner_id: UserId, slot: TimeSlot, promise: Promise | None) -> list[Ask]:
    """What is asked again when the slot cannot be had: whether this very wish was first."""
    found = [*SqlBookings.asks(booking_id, learner_id, slot), *SqlGroupClasses.asks(learner_id, slot)]
    if promise is not None:
        found.append(READ_KEY.ask(of_scope=promise.scope, of_key=promise.key))
    return found


async def write(
    connection: "asyncpg.Connection[Any]",
    booking: Booking,
    promise: Promise | None,
    *,
    event_id: UUID,
    kind: str,
    payload: str,
    subscribers: Sequence[str],
) -> bool:
    """Whether the lesson has its time."""
    kept = None if promise is None else promise.written(booking)
    held = await _WRITE.value(
        connection,
        **to_row(booking),
        event_id=event_id,
        type=kind,
        payload=payload,
        occurred_at=booking.created_at,
        subscribers=subscribers,
        kept_status=None if kept is None else kept.status,
        kept_body=None if kept is None else kept.body,
        kept_scope=None if promise is None else promise.scope,
        kept_key=None if promise is None else promise.key,
        kept_hash=None if promise is None else promise.request_hash,
    )
    if held is not None and promise is not None:
        promise.answer, promise.kept = kept, True
    return held is not None
