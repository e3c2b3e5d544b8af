"""A slot is held without a transaction around single statements, and the promised answer is kept with it. (API-07)"""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.idempotency import SqlIdempotency
from adapters.persistence.line import Line
from application.booking.hold_slot import HoldSlot, HoldSlotCommand
from domain.errors import Conflict
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import BookingId
from fakes.booking import LEARNER
from fakes.clock import NOON
from fakes.http import StandingClock
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.scheduling import QARI, a_calendar, a_qari, weekly
from ports.idempotency import KeptAnswer, KeyReused, Promise
from support.units import postgres_units

pytestmark = pytest.mark.postgres


async def test_all_is_foreseen_and_the_answer_is_kept_with_the_lesson_alone(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_unit, new_id = postgres_units(database), SequentialIds(500)
    async with new_unit() as unit:
        await unit.users.add(a_user(id=LEARNER, email="learner@example.org"))
        await unit.users.add(a_user(id=QARI, email="qari@example.org", roles=frozenset({Role.QARI})))
        await unit.qaris.add(a_qari())
        await unit.availability.save(a_calendar(rules=weekly(("00:00", "24:00"))))
        await unit.commit()
    store, begun = SqlIdempotency(database), []
    begin = Line.begin

    async def counted(line: Line) -> None:
        begun.append(line)
        await begin(line)

    monkeypatch.setattr(Line, "begin", counted)
    hold = HoldSlot(new_unit, StandingClock())
    actor = Actor(user_id=LEARNER, role=Role.STUDENT, audience=Audience.MAIN)

    def wish() -> HoldSlotCommand:
        start = NOON + timedelta(days=2)
        return HoldSlotCommand(booking_id=BookingId(new_id()), qari_id=QARI, starts_at=start, minutes=30)

    def promise(key: str, request: bytes = b"1") -> Promise:
        return Promise("a", key, request, lambda made: KeptAnswer(201, str(made.id).encode()))

    first, late, again = promise("first"), promise("late"), promise("first")
    held = await hold(actor, wish(), first)
    assert not begun
    assert first.kept
    with pytest.raises(Conflict):
        await hold(actor, wish(), late)
    assert not late.kept
    kept = KeptAnswer(201, str(held.id).encode())
    same = HoldSlotCommand(booking_id=held.id, qari_id=QARI, starts_at=held.slot.start, minutes=30)
    assert await hold(actor, same, again) == held
    assert (again.known, again.kept) == (kept, False)
    with pytest.raises(KeyReused):
        await hold(actor, same, promise("first", b"2"))
    assert await store.begin("a", "first", b"1", now=NOON, locked_until=NOON) == kept
    # Nothing was left by the one that came too late: its key is free for whatever comes next.
    assert await store.begin("a", "late", b"2", now=NOON, locked_until=NOON) is None


async def test_the_same_wish_at_the_same_moment_has_one_effect_and_one_answer(database: AsyncEngine) -> None:  # API-07
    new_unit = postgres_units(database)
    async with new_unit() as unit:
        await unit.users.add(a_user(id=LEARNER, email="learner@example.org"))
        await unit.users.add(a_user(id=QARI, email="qari@example.org", roles=frozenset({Role.QARI})))
        await unit.qaris.add(a_qari())
        await unit.availability.save(a_calendar(rules=weekly(("00:00", "24:00"))))
        await unit.commit()
    hold = HoldSlot(new_unit, StandingClock())
    actor = Actor(user_id=LEARNER, role=Role.STUDENT, audience=Audience.MAIN)
    new_id = SequentialIds(700)
    for day in range(2, 8):
        booking_id, start = BookingId(new_id()), NOON + timedelta(days=day)
        wish = HoldSlotCommand(booking_id=booking_id, qari_id=QARI, starts_at=start, minutes=30)
        promises = [
            Promise("a", f"day {day}", b"1", lambda made: KeptAnswer(201, str(made.id).encode())) for _ in range(6)
        ]
        made = await asyncio.gather(*(hold(actor, wish, one) for one in promises))
        assert {one.id for one in made} == {booking_id}
        assert sum(one.kept for one in promises) == 1
        assert {(one.known or one.answer) for one in promises} == {KeptAnswer(201, str(booking_id).encode())}
