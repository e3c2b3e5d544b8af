"""What became of each lesson of the timetable: every status, in believable shares, by the domain's own moves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.billing.ledger import Outcome
from domain.billing.refund import RefundCause
from domain.booking.booking import Booking, Kind, Status
from domain.booking.policy import BookingPolicy, cancellation
from domain.booking.series import Series
from domain.identity.actor import Party
from domain.ids import BookingId, SeriesId
from domain.money import Money
from domain.scheduling.qari import BookingMode
from domain.time import TimeSlot
from entrypoints.seed.people import Ids
from entrypoints.seed.till import Till
from entrypoints.seed.timetable import Course

POLICY: Final = BookingPolicy()
IN_A_SERIES: Final = 4
_REASONS: Final = ("ill", "travelling", "exam week", "family visit", "another appointment")


class Chronicle:
    """A lesson whose checkout page is open right now has a payment that still has to be opened for real."""

    def __init__(self, random: Random, ids: Ids, till: Till, now: datetime, provider_url: str) -> None:
        self._random, self._ids, self._till, self._now, self._provider_url = random, ids, till, now, provider_url
        self.bookings: list[Booking] = []
        self.series: list[Series] = []
        self._unpaid = {Status.REQUESTED: 14, Status.HELD: 3, Status.PENDING_PAYMENT: 3}

    def tell(self, course: Course) -> None:
        slots = list(course.slots)
        if course.offer.trial_price is not None and self._random.random() < 0.6:
            self._tell_one(course, slots.pop(0), Kind.TRIAL, course.offer.trial_price)
        while slots:
            block = slots[:IN_A_SERIES]
            if self._random.random() < 0.12 and self._is_weekly(course, block):
                self._tell_series(course, block)
                del slots[:IN_A_SERIES]
            else:
                self._tell_one(course, slots.pop(0), Kind.REGULAR, course.offer.price)

    # one lesson ----------------------------------------------------------------------------------------------

    def _tell_one(self, course: Course, slot: TimeSlot, kind: Kind, price: Money) -> None:
        booked_at = self._booked_at(course, slot)
        asks = course.teacher.profile.booking_mode is BookingMode.REQUEST
        booking = self._new(course, slot, kind, price, booked_at, Status.REQUESTED if asks else Status.HELD)
        if slot.start > self._now + timedelta(hours=30) and self._still_open(course, booking, asks):
            return
        if asks and self._random.random() < 0.03:
            booking, _ = booking.decline(reason="not free that week after all", at=booked_at + timedelta(hours=2))
            self.bookings.append(booking)
            return
        agreed_at = booked_at + timedelta(minutes=self._random.randint(20, 300)) if asks else booked_at
        if asks and not booking.is_free:
            booking, _ = booking.approve(hold_until=POLICY.hold_until_after_request(agreed_at, slot), at=agreed_at)
        if booking.is_free:
            booking, _ = booking.confirm(payment_id=None, at=agreed_at)
        elif self._random.random() < 0.03:
            self._abandon(course, booking, agreed_at)
            return
        else:
            booking = self._pay(course, [booking], agreed_at)[0]
        self._finish(course, booking)

    def _new(
        self, course: Course, slot: TimeSlot, kind: Kind, price: Money, booked_at: datetime, status: Status
    ) -> Booking:
        profile, limits, learner = course.teacher.profile, course.teacher.calendar.limits, course.student.user.id
        asked = status is Status.REQUESTED
        until = POLICY.request_until(booked_at, slot) if asked else POLICY.hold_until(booked_at, slot)
        return Booking(
            id=BookingId(self._ids(booked_at)),
            learner_id=learner,
            payer_id=course.student.payer.id,
            qari_id=profile.user_id,
            slot=slot,
            price=price,
            policy_version=0,
            created_at=booked_at,
            status=status,
            kind=kind,
            hold_expires_at=until,
            request_occupies=asked and profile.request_holds_slot,
            buffer_before_min=limits.buffer_before_min,
            buffer_after_min=limits.buffer_after_min,
        )

    def _booked_at(self, course: Course, slot: TimeSlot) -> datetime:
        """Some days ahead, at an hour at which the learner is awake; never in the future."""
        ahead = slot.start - timedelta(days=self._random.randint(2, 12))
        local = ahead.astimezone(ZoneInfo(course.student.user.zone))
        moment = local.replace(hour=self._random.randint(8, 21), minute=self._random.randint(0, 59))
        latest = min(self._now - timedelta(hours=8), slot.start - timedelta(hours=30))
        return min(moment.astimezone(self._now.tzinfo), latest - timedelta(minutes=self._random.randint(0, 600)))

    def _still_open(self, course: Course, booking: Booking, asks: bool) -> bool:
        """A handful of lessons are being booked at this very moment."""
        wanted = Status.REQUESTED if asks else self._random.choice((Status.HELD, Status.PENDING_PAYMENT))
        if not self._unpaid[wanted] or booking.is_free or self._random.random() > 0.2:
            return False
        self._unpaid[wanted] -= 1
        at = self._now - (timedelta(minutes=self._random.randint(10, 900)) if asks else timedelta(seconds=20))
        fresh = self._new(course, booking.slot, booking.kind, booking.price, at, booking.status)
        if wanted is Status.PENDING_PAYMENT:
            payment = self._till.open([fresh], course.student, at, fresh.hold_expires_at or at)
            fresh = fresh.begin_payment(payment_id=payment.id, at=at)
        self.bookings.append(fresh)
        return True

    def _pay(self, course: Course, bookings: Sequence[Booking], at: datetime) -> list[Booking]:
        opened_at = at + timedelta(minutes=self._random.randint(1, 4))
        expires_at = min(booking.hold_expires_at or booking.slot.start for booking in bookings)
        payment = self._till.open(bookings, course.student, opened_at, expires_at)
        payment = self._till.reach(payment, self._provider_url)
        begun = [booking.begin_payment(payment_id=payment.id, at=opened_at) for booking in bookings]
        payment = self._till.pay(payment, opened_at + timedelta(minutes=self._random.randint(1, 5)))
        paid_at = payment.captured_at or opened_at
        return [booking.confirm(payment_id=payment.id, at=paid_at)[0] for booking in begun]

    def _abandon(self, course: Course, booking: Booking, at: datetime) -> None:
        """The hold ran out; most had at least opened the checkout page."""
        until = booking.hold_expires_at or at
        if self._random.random() < 0.7:
            opened_at = at + timedelta(minutes=2)
            payment = self._till.open([booking], course.student, opened_at, until)
            payment = self._till.reach(payment, self._provider_url)
            booking = booking.begin_payment(payment_id=payment.id, at=opened_at)
            self._till.leave(payment, until + timedelta(seconds=20))
        booking, _ = booking.expire(at=until + timedelta(seconds=20))
        self.bookings.append(booking)

    # after it has been paid ----------------------------------------------------------------------------------

    def _finish(self, course: Course, booking: Booking) -> None:
        booking = self._perhaps_moved(booking)
        luck = self._random.random()
        if luck < 0.065 and booking.slot.start - self._now < timedelta(days=12):
            self._cancel(booking, luck)
        elif booking.slot.end < self._now - timedelta(minutes=20):
            self._held(booking)
        else:
            self.bookings.append(booking)

    def _perhaps_moved(self, booking: Booking) -> Booking:
        """The lesson of the timetable is where it ended up; before, it was a day earlier or later."""
        if self._random.random() > 0.05:
            return booking
        moved_at = min(booking.slot.start - timedelta(hours=26), self._now - timedelta(hours=1))
        if moved_at <= booking.created_at + timedelta(hours=8):
            return booking
        shift = timedelta(days=self._random.choice((1, 2)))
        before = msgspec.structs.replace(booking, slot=TimeSlot(booking.slot.start + shift, booking.slot.end + shift))
        moved, _ = before.reschedule(booking.slot, by=Party.LEARNER, counts=True, at=moved_at)
        return moved

    def _cancel(self, booking: Booking, luck: float) -> None:
        by, notice_h = (Party.QARI, 30) if luck < 0.012 else (Party.LEARNER, self._random.choice((28, 30, 27, 8, 2)))
        at = min(booking.slot.start - timedelta(hours=notice_h), self._now - timedelta(minutes=30))
        at = max(at, booking.created_at + timedelta(hours=7))
        if at >= booking.slot.start:
            self.bookings.append(booking)
            return
        terms = cancellation(booking, POLICY, by, at)
        reason = self._random.choice(_REASONS)
        booking, told = booking.cancel(by=by, reason=reason, refund=terms.refund, at=at)
        if told.forfeited:
            self._till.earn(booking, Outcome.LATE_CANCEL, at + timedelta(seconds=1), told.forfeited)
        if told.refund:
            self._refund(booking, told.refund, RefundCause.CANCELLED, reason, at)
        else:
            self.bookings.append(booking)

    def _held(self, booking: Booking) -> None:
        """Outcomes are told by the Qari soon after; of the last two days some are still to be told."""
        told_at = booking.slot.end + timedelta(minutes=self._random.randint(1, 15))
        if booking.slot.end > self._now - timedelta(days=2) and self._random.random() < 0.4:
            self.bookings.append(booking)
            return
        luck = self._random.random()
        if luck < 0.02:
            booking, _ = booking.mark_teacher_no_show(at=told_at)
            self._refund(booking, booking.price, RefundCause.TEACHER_NO_SHOW, "the Qari did not come", told_at)
        elif luck < 0.055:
            booking, _ = booking.mark_student_no_show(at=told_at)
            self._till.earn(booking, Outcome.STUDENT_NO_SHOW, told_at)
            self.bookings.append(booking)
        else:
            booking, _ = booking.complete(at=told_at)
            self._till.earn(booking, Outcome.HELD, told_at)
            if luck > 0.995:
                self._refund(booking, booking.price, RefundCause.STAFF, "the connection was bad", told_at)
            else:
                self.bookings.append(booking)

    def _refund(self, booking: Booking, amount: Money, cause: RefundCause, reason: str, at: datetime) -> None:
        self._till.give_back(booking, amount, cause, reason, at + timedelta(seconds=5))
        if amount == booking.price and booking.payment_id is not None:
            booking, _ = booking.mark_refunded(at=at + timedelta(minutes=1))
        self.bookings.append(booking)

    # a series ------------------------------------------------------------------------------------------------

    def _is_weekly(self, course: Course, block: Sequence[TimeSlot]) -> bool:
        """Four lessons in four weeks, at one wall time of the Qari, all of them past or all still to come."""
        if len(block) < IN_A_SERIES or course.teacher.profile.booking_mode is BookingMode.REQUEST:
            return False
        zone = ZoneInfo(course.teacher.profile.zone)
        local = [slot.start.astimezone(zone) for slot in block]
        same = all(moment.time() == local[0].time() for moment in local)
        weekly = all((later.date() - local[0].date()).days == 7 * n for n, later in enumerate(local))
        return same and weekly

    def _tell_series(self, course: Course, block: Sequence[TimeSlot]) -> None:
        booked_at = self._booked_at(course, block[0])
        zone, first = course.teacher.profile.zone, block[0]
        local = first.start.astimezone(ZoneInfo(zone))
        series = Series(
            id=SeriesId(self._ids(booked_at)),
            learner_id=course.student.user.id,
            payer_id=course.student.payer.id,
            qari_id=course.teacher.user.id,
            zone=zone,
            first_date=local.date(),
            wall=local.time(),
            minutes=course.offer.minutes,
            count=len(block),
            created_at=booked_at,
        )
        self.series.append(series)
        held = [
            msgspec.structs.replace(
                self._new(course, slot, Kind.REGULAR, course.offer.price, booked_at, Status.HELD),
                series_id=series.id,
                series_index=index,
            )
            for index, slot in enumerate(block)
        ]
        for booking in self._pay(course, held, booked_at):
            self._finish(course, booking)
