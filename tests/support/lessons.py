"""A small school to book lessons at: one Qari, two learners, a clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from application.booking.cancel_booking import CancelBooking
from application.booking.confirm_paid import ConfirmPaid
from application.booking.expire_holds import ExpireHolds
from application.booking.hold_slot import HoldSlot, HoldSlotCommand
from domain.billing.events import PaymentCaptured
from domain.booking.booking import Booking
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import BookingId, EventId, PaymentId, UserId
from domain.money import total
from domain.scheduling.calendar import Limits
from fakes.booking import LEARNER, OTHER_LEARNER
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.scheduling import NO_LIMITS, QARI, a_calendar, a_qari, weekly
from ports.unit_of_work import NewUnit

MAIN = Audience.MAIN
STUDENT = Actor(user_id=LEARNER, role=Role.STUDENT, audience=MAIN)
OTHER_STUDENT = Actor(user_id=OTHER_LEARNER, role=Role.STUDENT, audience=MAIN)
TEACHER = Actor(user_id=QARI, role=Role.QARI, audience=MAIN)
ADMIN = Actor(user_id=UserId(UUID(int=9)), role=Role.ADMIN, audience=Audience.ADMIN)
SUPPORT = Actor(user_id=UserId(UUID(int=8)), role=Role.SUPPORT, audience=Audience.ADMIN)
START = NOON + timedelta(days=2)
PAYMENT = PaymentId(UUID(int=77))


def a_student(number: int) -> Actor:
    return Actor(user_id=UserId(UUID(int=0xABC000 + number)), role=Role.STUDENT, audience=MAIN)


class School:
    def __init__(self, new_unit: NewUnit) -> None:
        self.new_unit, self.clock = new_unit, FixedClock(NOON)
        self.hold_slot = HoldSlot(new_unit, self.clock)
        self.cancel = CancelBooking(new_unit, self.clock)
        self.confirm_paid = ConfirmPaid(new_unit, self.clock)
        self.expire_holds = ExpireHolds(new_unit, self.clock)
        self._number = 0

    async def open(self, *, zone: str = "Asia/Karachi", limits: Limits = NO_LIMITS, **profile: Any) -> "School":
        """With a Qari who teaches around the clock, and a learner in London."""
        async with self.new_unit() as unit:
            await unit.qaris.add(a_qari(zone=zone, **profile))
            await unit.availability.save(a_calendar(zone, rules=weekly(("00:00", "24:00")), limits=limits))
            await unit.users.add(a_user(id=LEARNER, zone="Europe/London"))
            await unit.commit()
        return self

    async def hold(self, actor: Actor = STUDENT, start: datetime = START, **given: Any) -> Booking:
        self._number += 1
        fields: dict[str, Any] = {
            "booking_id": BookingId(UUID(int=0x01980000_0000_7000_9000_000000000000 + self._number)),
            "qari_id": QARI,
            "starts_at": start,
            "minutes": 30,
        }
        return await self.hold_slot(actor, HoldSlotCommand(**(fields | given)))

    async def pay(self, *bookings: Booking, payment_id: PaymentId = PAYMENT) -> None:
        await self.confirm_paid(EventId(UUID(int=1)), self.captured(*bookings, payment_id=payment_id))

    def captured(self, *bookings: Booking, payment_id: PaymentId = PAYMENT) -> PaymentCaptured:
        currency = bookings[0].price.currency
        return PaymentCaptured(
            at=self.clock.now(),
            payment_id=payment_id,
            payer_id=bookings[0].payer_id,
            booking_ids=tuple(booking.id for booking in bookings),
            amount=total([booking.price for booking in bookings], currency),
        )

    async def confirmed(self, actor: Actor = STUDENT, start: datetime = START, **given: Any) -> Booking:
        booking = await self.hold(actor, start, **given)
        await self.pay(booking)
        return await self.get(booking)

    async def get(self, booking: Booking) -> Booking:
        async with self.new_unit() as unit:
            return await unit.bookings.get(booking.id)

    async def all(self, bookings: Sequence[Booking]) -> list[Booking]:
        return [await self.get(booking) for booking in bookings]
