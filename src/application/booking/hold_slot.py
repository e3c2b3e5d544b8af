"""Take a slot: kept while its learner pays, confirmed at once when it is free, asked for where the Qari decides."""

from datetime import datetime

import msgspec

from application.booking.places import calendar_of, current_policy, refusal, require_learner_free, require_room, soon
from application.booking.rules import Booked, booked_by, require_match
from domain.booking.booking import Booking, Kind, Status
from domain.booking.errors import NoSuchOffer, SameRequestDiffers, TrialUsed
from domain.booking.policy import Versioned
from domain.errors import Conflict, NotFound
from domain.events import Event
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import BookingId, UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import BookingMode, QariProfile
from domain.time import TimeSlot
from ports.clock import Clock
from ports.idempotency import Promise
from ports.unit_of_work import NewUnit, UnitOfWork


class HoldSlotCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``booking_id`` is the same whenever the same wish is sent again. ``learner_id``: the child that the actor books
    for; himself where it is None.
    """

    booking_id: BookingId
    qari_id: UserId
    starts_at: datetime
    minutes: int
    kind: Kind = Kind.REGULAR
    note: str = ""
    learner_id: UserId | None = None


class HoldSlot:
    """The booking is ``held``, ``confirmed`` (a free trial) or ``requested`` (BOOK-06). A promised answer is kept with
    it; a wish that was answered before changes nothing.

    Raises NotPermitted, NotFound, NotOffered, NoSuchOffer, TrialUsed, LearnerBusy, what ``booked_by`` and
    ``require_match`` raise, and SlotTaken or SlotUnavailable with ``next_free``: the starts of the next free slots.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: HoldSlotCommand, promise: Promise | None = None) -> Booking:
        actor.require(Permission.BOOK_LESSON)
        now, learner_id = self._clock.now(), command.learner_id or actor.user_id
        slot = TimeSlot.lasting(command.starts_at, command.minutes)
        async with self._new_unit() as unit:
            await unit.foresee_hold(
                command.booking_id,
                by=actor.user_id,
                learner_id=learner_id,
                qari_id=command.qari_id,
                slot=slot,
                now=now,
                promise=promise,
            )
            if promise is not None:
                await unit.recall(promise)
            known = await unit.bookings.find(command.booking_id)
            if known is not None:
                return same(known, learner_id, command)
            booked = await booked_by(unit, actor, command.learner_id, now)
            try:
                booking, news, calendar = await _wanted(unit, booked, command, now)
                if not await unit.commit_holding(booking, news, promise):
                    raise await _why(unit, booking, calendar, now)
            except Conflict:
                # What is in the way may be this very wish, sent twice at once.
                if promise is not None:
                    await unit.recall(promise)
                known = await unit.bookings.find(command.booking_id)
                if known is not None:
                    return same(known, booked.learner_id, command)
                raise
        return booking


async def take(
    unit: UnitOfWork,
    booked: Booked,
    command: HoldSlotCommand,
    now: datetime,
    *,
    override_reason: str = "",
    by_staff: bool = False,
) -> tuple[Booking, Event]:
    """The new booking, held in this unit, and the news of it. ``by_staff``: the payer has to hear of it first, so he
    has as long to pay as after an approved request.
    """
    booking, news, calendar = await _wanted(
        unit, booked, command, now, override_reason=override_reason, by_staff=by_staff
    )
    if not await unit.bookings.hold(booking):
        raise await _why(unit, booking, calendar, now)
    return booking, news


async def _wanted(
    unit: UnitOfWork,
    booked: Booked,
    command: HoldSlotCommand,
    now: datetime,
    *,
    override_reason: str = "",
    by_staff: bool = False,
) -> tuple[Booking, Event, Calendar]:
    """As all rules and everybody's time allow it, not stored yet."""
    slot = TimeSlot.lasting(command.starts_at, command.minutes)
    profile = await bookable(unit, command.qari_id, booked.learner_id, now, override_reason=override_reason)
    price = price_of(profile, command.minutes, command.kind)
    if command.kind is Kind.TRIAL and await unit.bookings.trial_of(booked.learner_id, command.qari_id):
        raise trial_used()
    calendar = await calendar_of(unit, command.qari_id)
    await require_room(unit, calendar, slot, now)
    await require_learner_free(unit, booked.learner_id, slot)
    rules = await current_policy(unit, now)
    wanted = new_booking(
        command.booking_id,
        booked,
        profile,
        calendar,
        slot,
        price,
        rules,
        now,
        kind=command.kind,
        note=command.note,
    )
    if by_staff:
        wanted = msgspec.structs.replace(
            wanted,
            override_reason=override_reason,
            status=Status.HELD,
            hold_expires_at=rules.policy.hold_until_after_request(now, slot),
        )
    booking, news = opening(wanted)
    return booking, news, calendar


async def _why(unit: UnitOfWork, booking: Booking, calendar: Calendar, now: datetime) -> Exception:
    """Somebody was faster, between our look and our hold."""
    await unit.foresee_refusal(calendar.qari_id, soon(booking.slot, now))
    if booking.kind is Kind.TRIAL and await unit.bookings.trial_of(booking.learner_id, booking.qari_id):
        return trial_used()
    await require_learner_free(unit, booking.learner_id, booking.slot)
    return await refusal(unit, calendar, booking.slot, now)


def same(known: Booking, learner_id: UserId, command: HoldSlotCommand) -> Booking:
    slot = TimeSlot.lasting(command.starts_at, command.minutes)
    wanted = (learner_id, command.qari_id, slot, command.kind)
    if (known.learner_id, known.qari_id, known.slot, known.kind) != wanted:
        raise SameRequestDiffers("this booking was made before, with other content")
    return known


def trial_used() -> TrialUsed:
    return TrialUsed("There has been a trial with this Qari already.")


async def bookable(
    unit: UnitOfWork, qari_id: UserId, learner_id: UserId, now: datetime, *, override_reason: str = ""
) -> QariProfile:
    """Raises NotFound, and what ``require_match`` raises. (DISC-12)"""
    profile = await unit.qaris.get(qari_id)
    if not profile.bookable:
        raise NotFound("there is no such Qari", qari_id=str(qari_id))
    await require_match(unit, profile, learner_id, now, override_reason=override_reason)
    return profile


def price_of(profile: QariProfile, minutes: int, kind: Kind) -> Money:
    offer = profile.offer_of(minutes)
    if kind is Kind.REGULAR:
        return offer.price
    if offer.trial_price is None:
        raise NoSuchOffer("The Qari gives no trial lessons of that length.")
    return offer.trial_price


def new_booking(
    booking_id: BookingId,
    booked: Booked,
    profile: QariProfile,
    calendar: Calendar,
    slot: TimeSlot,
    price: Money,
    rules: Versioned,
    now: datetime,
    *,
    kind: Kind = Kind.REGULAR,
    note: str = "",
) -> Booking:
    """Held, or requested where the Qari wants to be asked."""
    asks = profile.booking_mode is BookingMode.REQUEST
    policy = rules.policy
    return Booking(
        id=booking_id,
        learner_id=booked.learner_id,
        payer_id=booked.payer_id,
        qari_id=profile.user_id,
        slot=slot,
        price=price,
        policy_version=rules.version,
        created_at=now,
        status=Status.REQUESTED if asks else Status.HELD,
        kind=kind,
        hold_expires_at=policy.request_until(now, slot) if asks else policy.hold_until(now, slot),
        request_occupies=asks and profile.request_holds_slot,
        buffer_before_min=calendar.limits.buffer_before_min,
        buffer_after_min=calendar.limits.buffer_after_min,
        note=note,
    )


def opening(booking: Booking) -> tuple[Booking, Event]:
    """What a new booking starts as, and the news of it. A free one that nobody has to approve is confirmed."""
    if booking.status is Status.REQUESTED:
        return booking, booking.requested()
    if booking.is_free:
        return booking.confirm(payment_id=None, at=booking.created_at)
    return booking, booking.held()
