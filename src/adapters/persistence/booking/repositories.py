"""Lessons on PostgreSQL. The exclusion constraints decide who gets a time, under any load. (BOOK-03)"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import ARRAY, Boolean, DateTime, Integer, Text, Uuid, any_, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.booking.tables import LEARNER_ALONE, ONE_TRIAL, QARI_ALONE, TRIAL_SQL, WAITING_SQL, bookings
from adapters.persistence.line import Ask
from adapters.persistence.metadata import own_columns
from adapters.persistence.statement import Statement
from domain.booking.booking import Booking, Kind, Status
from domain.booking.errors import LearnerBusy, SlotTaken, TrialUsed
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import BookingId, SeriesId, UserId
from domain.money import Money
from domain.time import TimeSlot

_INSTANT: Final = DateTime(timezone=True)
_FIXED: Final = frozenset(
    ("id", "learner_id", "payer_id", "qari_id", "kind", "policy_version", "series_id", "series_index", "created_at")
)
_CHANGING: Final = tuple(column.name for column in own_columns(bookings) if column.name not in _FIXED)

_BY_ID: Final = Statement(select(bookings).where(bookings.c.id == bindparam("wanted", type_=Uuid)))
_BY_IDS: Final = Statement(
    select(bookings).where(bookings.c.id == any_(bindparam("wanted", type_=ARRAY(Uuid)))).order_by(bookings.c.id)
)
_HOLD: Final = Statement(
    insert(bookings)
    .values({column.name: bindparam(column.name, type_=column.type) for column in bookings.c})
    .on_conflict_do_nothing()
    .returning(bookings.c.id)
)
_SAVE: Final = Statement(
    update(bookings)
    .where(bookings.c.id == bindparam("wanted", type_=Uuid), bookings.c.version == bindparam("was", type_=Integer))
    .values({name: bindparam(name, type_=bookings.c[name].type) for name in _CHANGING})
    .returning(bookings.c.id)
)
_VACATE: Final = Statement(
    update(bookings)
    .where(bookings.c.id == any_(bindparam("wanted", type_=ARRAY(Uuid))))
    .values(occupies=bindparam("taken", type_=Boolean))
)
_OF_SERIES: Final = Statement(
    select(bookings).where(bookings.c.series_id == bindparam("wanted", type_=Uuid)).order_by(bookings.c.series_index)
)
_OF_LEARNER: Final = Statement(
    select(bookings)
    .where(
        bookings.c.learner_id == bindparam("learner", type_=Uuid),
        bookings.c.occupies,
        text("tstzrange(starts_at, ends_at) && tstzrange(:opens, :closes)").bindparams(
            bindparam("opens", type_=_INSTANT), bindparam("closes", type_=_INSTANT)
        ),
    )
    .order_by(bookings.c.starts_at)
)
_TRIAL: Final = Statement(
    select(bookings).where(
        bookings.c.learner_id == bindparam("learner", type_=Uuid),
        bookings.c.qari_id == bindparam("qari", type_=Uuid),
        text(TRIAL_SQL),
    )
)
_LEARNERS_OF: Final = Statement(
    select(bookings.c.learner_id)
    .where(
        bookings.c.qari_id == bindparam("qari", type_=Uuid),
        bookings.c.status.in_(("confirmed", "completed")),
    )
    .distinct()
)
_EXPIRED: Final = Statement(
    select(bookings)
    .where(text(WAITING_SQL), bookings.c.hold_expires_at <= bindparam("now", type_=_INSTANT))
    .order_by(bookings.c.hold_expires_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_LOCK: Final = Statement(
    text("SELECT pg_advisory_xact_lock(hashtextextended('qari:' || :qari, 0))").bindparams(
        bindparam("qari", type_=Text)
    )
)


def to_row(booking: Booking) -> dict[str, Any]:
    return {
        "id": booking.id,
        "learner_id": booking.learner_id,
        "payer_id": booking.payer_id,
        "qari_id": booking.qari_id,
        "starts_at": booking.slot.start,
        "ends_at": booking.slot.end,
        "busy_from": booking.qari_busy.start,
        "busy_until": booking.qari_busy.end,
        "buffer_before_min": booking.buffer_before_min,
        "buffer_after_min": booking.buffer_after_min,
        "occupies": booking.occupies,
        "status": booking.status.value,
        "kind": booking.kind.value,
        "price_minor": booking.price.minor,
        "currency": booking.price.currency,
        "policy_version": booking.policy_version,
        "hold_expires_at": booking.hold_expires_at,
        "request_occupies": booking.request_occupies,
        "series_id": booking.series_id,
        "series_index": booking.series_index,
        "payment_id": booking.payment_id,
        "late_payment_id": booking.late_payment_id,
        "moves": booking.moves,
        "sequence": booking.sequence,
        "note": booking.note,
        "reason": booking.reason,
        "override_reason": booking.override_reason,
        "guardian_present": booking.guardian_present,
        "created_at": booking.created_at,
        "version": booking.version,
    }


def from_row(row: "asyncpg.Record") -> Booking:
    return Booking(
        id=row["id"],
        learner_id=row["learner_id"],
        payer_id=row["payer_id"],
        qari_id=row["qari_id"],
        slot=TimeSlot(row["starts_at"], row["ends_at"]),
        price=Money(row["price_minor"], row["currency"]),
        policy_version=row["policy_version"],
        created_at=row["created_at"],
        status=Status(row["status"]),
        kind=Kind(row["kind"]),
        hold_expires_at=row["hold_expires_at"],
        request_occupies=row["request_occupies"],
        buffer_before_min=row["buffer_before_min"],
        buffer_after_min=row["buffer_after_min"],
        series_id=row["series_id"],
        series_index=row["series_index"],
        payment_id=row["payment_id"],
        late_payment_id=row["late_payment_id"],
        moves=row["moves"],
        sequence=row["sequence"],
        note=row["note"],
        reason=row["reason"],
        override_reason=row["override_reason"],
        guardian_present=row["guardian_present"],
        version=row["version"],
    )


def _changes(booking: Booking) -> dict[str, Any]:
    row = to_row(booking)
    return {name: row[name] for name in _CHANGING} | {"wanted": booking.id, "was": booking.version - 1}


@asynccontextmanager
async def refusals() -> AsyncIterator[None]:
    """What the constraints say, in the words of the domain."""
    try:
        yield
    except (asyncpg.ExclusionViolationError, asyncpg.UniqueViolationError) as error:
        raise _refusal(str(error.constraint_name)) from error
    except asyncpg.DeadlockDetectedError as error:
        raise StaleWrite("two changes of the same lessons met; try again") from error


def _refusal(constraint: str) -> Conflict:
    if constraint == QARI_ALONE:
        return SlotTaken("this time has just been taken")
    if constraint == LEARNER_ALONE:
        return LearnerBusy("the learner has another lesson at that time")
    if constraint == ONE_TRIAL:
        return TrialUsed("there has been a trial with this Qari already")
    return Conflict("refused by {constraint}", constraint=constraint)


class SqlBookings:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(booking_id: BookingId, learner_id: UserId, slot: TimeSlot) -> list[Ask]:
        """What ``find`` and ``busy_of_learner`` do."""
        busy = _OF_LEARNER.ask(learner=learner_id, opens=slot.start, closes=slot.end)
        return [_BY_ID.ask(wanted=booking_id), busy]

    @staticmethod
    def ask(booking_id: BookingId) -> Ask:
        """What ``find`` does."""
        return _BY_ID.ask(wanted=booking_id)

    async def get(self, booking_id: BookingId) -> Booking:
        found = await self.find(booking_id)
        if found is None:
            raise NotFound("there is no such lesson")
        return found

    async def get_all(self, booking_ids: Collection[BookingId]) -> Sequence[Booking]:
        found = [from_row(row) for row in await _BY_IDS.all(self._connection, wanted=list(booking_ids))]
        if len(found) != len(set(booking_ids)):
            raise NotFound("there is no such lesson")
        return found

    async def find(self, booking_id: BookingId) -> Booking | None:
        row = await _BY_ID.row(self._connection, wanted=booking_id)
        return None if row is None else from_row(row)

    async def hold(self, booking: Booking) -> bool:
        async with refusals():
            return await _HOLD.value(self._connection, **to_row(booking)) is not None

    async def save(self, *bookings: Booking) -> None:
        async with refusals():
            rows = await _SAVE.each(self._connection, (_changes(booking) for booking in bookings))
        saved = {row["id"] for row in rows}
        for booking in bookings:
            if booking.id not in saved:
                raise StaleWrite(
                    "lesson {lesson} is not at version {version}", lesson=str(booking.id), version=booking.version - 1
                )

    async def reoccupy(self, booking: Booking) -> bool:
        try:
            async with self._connection.transaction():
                await self.save(booking)
        except (SlotTaken, LearnerBusy, TrialUsed):
            return False
        return True

    async def move(self, bookings: Sequence[Booking]) -> None:
        # First all of them let go of their times, so that the constraints see the end alone.
        async with refusals():
            await _VACATE.run(self._connection, wanted=sorted(booking.id for booking in bookings), taken=False)
        for booking in sorted(bookings, key=lambda moved: moved.slot):
            await self.save(booking)

    async def of_series(self, series_id: SeriesId) -> Sequence[Booking]:
        return [from_row(row) for row in await _OF_SERIES.all(self._connection, wanted=series_id)]

    async def busy_of_learner(self, learner_id: UserId, window: TimeSlot) -> Sequence[Booking]:
        rows = await _OF_LEARNER.all(self._connection, learner=learner_id, opens=window.start, closes=window.end)
        return [from_row(row) for row in rows]

    async def trial_of(self, learner_id: UserId, qari_id: UserId) -> Booking | None:
        row = await _TRIAL.row(self._connection, learner=learner_id, qari=qari_id)
        return None if row is None else from_row(row)

    async def learners_of(self, qari_id: UserId) -> Sequence[UserId]:
        return [row["learner_id"] for row in await _LEARNERS_OF.all(self._connection, qari=qari_id)]

    async def expired_holds(self, now: datetime, limit: int) -> Sequence[Booking]:
        return [from_row(row) for row in await _EXPIRED.all(self._connection, now=now, most=limit)]

    async def lock_qari(self, qari_id: UserId) -> None:
        await _LOCK.run(self._connection, qari=str(qari_id))
