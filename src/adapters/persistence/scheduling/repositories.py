"""Qaris and their calendars on one asyncpg connection."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    TIMESTAMP,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.line import Ask
from adapters.persistence.metadata import WALL
from adapters.persistence.scheduling.busy import AROUND, WITHIN, busy_of, values
from adapters.persistence.scheduling.rows import (
    LIMITS,
    calendar_of,
    hours_json,
    limits_row,
    profile_of,
    profile_row,
    rules_json,
)
from adapters.persistence.scheduling.tables import (
    PROFILE,
    calendar_overrides,
    calendars,
    learners,
    qari_offers,
    qaris,
    time_off,
)
from adapters.persistence.statement import Statement
from domain.errors import Conflict, NotFound
from domain.ids import BookingId, UserId
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import Gender, QariProfile
from domain.scheduling.slots import Busy
from domain.time import TimeSlot

_QARI: Final = bindparam("qari_id", type_=Uuid)
_INSTANT: Final = TIMESTAMP(timezone=True)
_PROFILE = Statement(select(qaris).where(qaris.c.user_id == _QARI))
_OFFERS = Statement(select(qari_offers).where(qari_offers.c.qari_id == _QARI).order_by(qari_offers.c.minutes))
_ADD_PROFILE = Statement(insert(qaris).values({column.name: bindparam(column.name) for column in PROFILE}))
_SAVE_PROFILE = Statement(
    update(qaris)
    .where(qaris.c.user_id == bindparam("of", type_=Uuid))
    .values({column.name: bindparam(column.name) for column in PROFILE if column.name not in {"user_id", WALL}})
)
_ADD_CALENDAR = Statement(insert(calendars))
_SAVE_CALENDAR = Statement(
    update(calendars)
    .where(calendars.c.qari_id == bindparam("of", type_=Uuid))
    .values({name: bindparam(name) for name in ("rules", *LIMITS)})
)
_CALENDAR = select(calendars, qaris.c.zone).join(qaris).where(calendars.c.qari_id == _QARI)
_READ_CALENDAR = Statement(_CALENDAR)
_LOCK_CALENDAR = Statement(_CALENDAR.with_for_update(of=calendars))
_OVERRIDES = Statement(
    select(calendar_overrides.c.day, calendar_overrides.c.hours)
    .where(calendar_overrides.c.qari_id == _QARI)
    .order_by(calendar_overrides.c.day)
)
_TIME_OFF = Statement(
    select(time_off).where(time_off.c.qari_id == _QARI).order_by(time_off.c.starts_at, time_off.c.ends_at)
)
_DROP = [Statement(delete(table).where(table.c.qari_id == _QARI)) for table in (calendar_overrides, time_off)]
_DROP_OFFERS = Statement(delete(qari_offers).where(qari_offers.c.qari_id == _QARI))
_ADD_OFFERS = """
    INSERT INTO qari_offers (qari_id, minutes, price_minor, trial_minor, currency)
    SELECT $1, * FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::text[])
"""
_ADD_OVERRIDES = """
    INSERT INTO calendar_overrides (qari_id, day, hours) SELECT $1, * FROM unnest($2::date[], $3::jsonb[])
"""
_ADD_TIME_OFF = """
    INSERT INTO time_off (qari_id, id, starts_at, ends_at, note)
    SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[])
"""
_LEARNER_GENDER = Statement(select(learners.c.gender).where(learners.c.user_id == bindparam("of", type_=Uuid)))
_SET_LEARNER = upsert(learners).values(user_id=bindparam("user_id"), gender=bindparam("gender"))
_SET_LEARNER_GENDER = Statement(
    _SET_LEARNER.on_conflict_do_update(
        index_elements=[learners.c.user_id], set_={"gender": _SET_LEARNER.excluded.gender}
    )
)


def _no_qari(qari_id: UserId) -> NotFound:
    return NotFound("there is no such Qari", qari_id=str(qari_id))


class SqlQaris:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(qari_id: UserId) -> list[Ask]:
        """What ``get`` does."""
        return [_PROFILE.ask(qari_id=qari_id), _OFFERS.ask(qari_id=qari_id)]

    async def get(self, qari_id: UserId) -> QariProfile:
        row = await _PROFILE.row(self._connection, qari_id=qari_id)
        if row is None:
            raise _no_qari(qari_id)
        return profile_of(row, await _OFFERS.all(self._connection, qari_id=qari_id))

    async def add(self, profile: QariProfile) -> None:
        try:
            await _ADD_PROFILE.run(self._connection, **profile_row(profile))
        except asyncpg.UniqueViolationError as error:
            raise Conflict("this Qari has a profile already", qari_id=str(profile.user_id)) from error
        empty = Calendar(qari_id=profile.user_id, zone=profile.zone)
        await _ADD_CALENDAR.run(
            self._connection, qari_id=profile.user_id, rules=rules_json(empty.rules), **limits_row(empty.limits)
        )
        await self._store_offers(profile)

    async def save(self, profile: QariProfile) -> None:
        row = profile_row(profile)
        if await _SAVE_PROFILE.run(self._connection, of=row.pop("user_id"), **row) != 1:
            raise _no_qari(profile.user_id)
        await _DROP_OFFERS.run(self._connection, qari_id=profile.user_id)
        await self._store_offers(profile)

    async def _store_offers(self, profile: QariProfile) -> None:
        offers = profile.offers
        await self._connection.execute(
            _ADD_OFFERS,
            profile.user_id,
            [offer.minutes for offer in offers],
            [offer.price.minor for offer in offers],
            [None if offer.trial_price is None else offer.trial_price.minor for offer in offers],
            [offer.price.currency for offer in offers],
        )

    async def learner_gender(self, learner_id: UserId) -> Gender | None:
        known = await _LEARNER_GENDER.value(self._connection, of=learner_id)
        return None if known is None else Gender(known)

    async def set_learner_gender(self, learner_id: UserId, gender: Gender | None) -> None:
        await _SET_LEARNER_GENDER.run(
            self._connection, user_id=learner_id, gender=None if gender is None else gender.value
        )


class SqlAvailability:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(qari_id: UserId, slot: TimeSlot) -> list[Ask]:
        """What ``get`` and ``around`` do."""
        parts = (_READ_CALENDAR, _OVERRIDES, _TIME_OFF)
        return [*(part.ask(qari_id=qari_id) for part in parts), AROUND.ask(**values(qari_id, slot, ()))]

    @staticmethod
    def asks_within(qari_id: UserId, window: TimeSlot) -> Ask:
        """What ``busy`` does."""
        return WITHIN.ask(**values(qari_id, window, ()))

    async def get(self, qari_id: UserId) -> Calendar:
        return await self._read(_READ_CALENDAR, qari_id)

    async def lock(self, qari_id: UserId) -> Calendar:
        return await self._read(_LOCK_CALENDAR, qari_id)

    async def _read(self, statement: Statement, qari_id: UserId) -> Calendar:
        row = await statement.row(self._connection, qari_id=qari_id)
        if row is None:
            raise _no_qari(qari_id)
        overrides = await _OVERRIDES.all(self._connection, qari_id=qari_id)
        return calendar_of(
            row,
            [(one["day"], one["hours"]) for one in overrides],
            await _TIME_OFF.all(self._connection, qari_id=qari_id),
        )

    async def save(self, calendar: Calendar) -> None:
        qari_id, connection = calendar.qari_id, self._connection
        saved = await _SAVE_CALENDAR.run(
            connection, of=qari_id, rules=rules_json(calendar.rules), **limits_row(calendar.limits)
        )
        if saved != 1:
            raise _no_qari(qari_id)
        for drop in _DROP:
            await drop.run(connection, qari_id=qari_id)
        await connection.execute(
            _ADD_OVERRIDES,
            qari_id,
            list(calendar.overrides),
            [hours_json(hours) for hours in calendar.overrides.values()],
        )
        off = calendar.time_off
        await connection.execute(
            _ADD_TIME_OFF,
            qari_id,
            [one.id for one in off],
            [one.slot.start for one in off],
            [one.slot.end for one in off],
            [one.note for one in off],
        )

    async def busy(self, qari_id: UserId, window: TimeSlot, *, without: Sequence[BookingId] = ()) -> Sequence[Busy]:
        return [busy_of(row) for row in await WITHIN.all(self._connection, **values(qari_id, window, without))]

    async def around(self, qari_id: UserId, slot: TimeSlot) -> Sequence[Busy]:
        return [busy_of(row) for row in await AROUND.all(self._connection, **values(qari_id, slot, ()))]
