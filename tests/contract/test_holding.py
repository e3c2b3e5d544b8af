"""A slot is held without a transaction around single statements, and the promised answer is kept with it. (API-07)"""

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
from ports.idempotency import KeptAnswer, Promise
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

    for key in ("first", "late"):
        assert await store.begin("a", key, b"1", now=NOON, locked_until=NOON + timedelta(minutes=1)) is None
    first, late = (Promise("a", key, KeptAnswer(201, key.encode())) for key in ("first", "late"))
    await hold(actor, wish(), lambda _: first)
    assert not begun
    assert first.kept
    with pytest.raises(Conflict):
        await hold(actor, wish(), lambda _: late)
    assert not late.kept
    assert await store.begin("a", "first", b"1", now=NOON, locked_until=NOON) == KeptAnswer(201, b"first")
