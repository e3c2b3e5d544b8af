"""The Qari answers somebody who asked for a lesson; a series is answered as a whole. (BOOK-06)"""

from collections.abc import Sequence

import msgspec

from application.booking.places import policy_of, refusal, require_learner_free
from application.booking.rules import require_booking_match, require_consents
from domain.booking.booking import Booking, Status
from domain.booking.events import BookingEvent
from domain.errors import IllegalTransition, NotPermitted
from domain.identity.actor import Actor, Party
from domain.identity.permission import Permission
from domain.ids import BookingId
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class ApproveRequest:
    """Now the learner has to pay; a free lesson is confirmed. Two overlapping approvals: one wins, the other raises
    SlotTaken or LearnerBusy. Raises NotFound, NotPermitted, IllegalTransition, StaleWrite too, and what
    ``require_match`` raises: the rules may have changed since he was asked. ConsentNeeded while there is a text of the
    school, such as its code of conduct, that he has not accepted. (ONB-09)
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, booking_id: BookingId) -> Booking:
        actor.require(Permission.TEACH)
        now = self._clock.now()
        async with self._new_unit() as unit:
            booking = await _asked_of(unit, actor, booking_id)
            await require_consents(unit, actor.user_id, (), now)
            await unit.bookings.lock_qari(booking.qari_id)
            await require_booking_match(unit, booking, now)
            calendar = await unit.availability.get(booking.qari_id)
            policy = (await policy_of(unit, booking)).policy
            approved: dict[BookingId, Booking] = {}
            for request in await _together(unit, booking):
                news: BookingEvent
                if request.is_free:
                    answer, news = request.confirm(payment_id=None, at=now)
                else:
                    answer, news = request.approve(
                        hold_until=policy.hold_until_after_request(now, request.slot), at=now
                    )
                if not await unit.bookings.reoccupy(answer):
                    await require_learner_free(unit, request.learner_id, request.slot, [request.id])
                    raise await refusal(unit, calendar, request.slot, now)
                approved[request.id] = answer
                unit.record(news)
            await unit.commit()
        return approved[booking_id]


class DeclineRequestCommand(msgspec.Struct, frozen=True, kw_only=True):
    booking_id: BookingId
    reason: str = ""


class DeclineRequest:
    """Raises NotFound, NotPermitted, IllegalTransition, StaleWrite."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: DeclineRequestCommand) -> Booking:
        actor.require(Permission.TEACH)
        async with self._new_unit() as unit:
            booking = await _asked_of(unit, actor, command.booking_id)
            declined: dict[BookingId, Booking] = {}
            for request in await _together(unit, booking):
                answer, news = request.decline(reason=command.reason, at=self._clock.now())
                await unit.bookings.save(answer)
                declined[request.id] = answer
                unit.record(news)
            await unit.commit()
        return declined[command.booking_id]


async def _asked_of(unit: UnitOfWork, actor: Actor, booking_id: BookingId) -> Booking:
    booking = await unit.bookings.get(booking_id)
    if booking.party_of(actor) is not Party.QARI:
        raise NotPermitted("a request is answered by the Qari who was asked")
    if booking.status is not Status.REQUESTED:
        raise IllegalTransition("booking", booking.status, "answered")
    return booking


async def _together(unit: UnitOfWork, booking: Booking) -> Sequence[Booking]:
    if booking.series_id is None:
        return [booking]
    siblings = await unit.bookings.of_series(booking.series_id)
    return [other for other in siblings if other.status is Status.REQUESTED]
