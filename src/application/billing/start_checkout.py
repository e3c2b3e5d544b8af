"""Opens the page on which one lesson, or a whole series, is paid. (BOOK-02, PAYM-16)

In three steps: the intent is committed (payment created, lessons waiting for it), the provider is asked under the
payment's id as the key, his answer is committed. Whoever comes again, after a crash or from a second tab, is sent to
the same page.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from application.billing.routing import CountryOfZone, payer_country, route, routing_in
from application.booking.rules import learner_is_minor, party_in, require_consents
from domain.billing.commission import COMMISSION_POLICY, CommissionPolicy
from domain.billing.errors import CheckoutClosed, CheckoutRefused, NothingToPay
from domain.billing.payment import CheckoutMode, CheckoutTerms, Payment, PaymentLine
from domain.booking.booking import Booking, Status
from domain.errors import Conflict, Invalid, NotPermitted, StaleWrite
from domain.identity.actor import Actor
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import BookingId, PaymentId, SeriesId
from ports.billing.gateway import CheckoutRequest, GatewayRefused, Gateways
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork

_TRIES: Final = 3
_MAX_LINES_IN_METADATA: Final = 8


class StartCheckoutCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One of ``booking_id`` and ``series_id``. ``payment_id`` is used where a new payment has to be made."""

    payment_id: PaymentId
    booking_id: BookingId | None = None
    series_id: SeriesId | None = None


class StartCheckout:
    """Answers an open payment: its ``url`` is where the payer goes.

    Raises NotFound, NotPermitted, ConsentNeeded, NothingToPay, CheckoutClosed, CheckoutRefused,
    GatewayUnavailable. After the last
    two the intent stands, and the same call may be made again.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        gateways: Gateways,
        base_url: str,
        country_of_zone: CountryOfZone = lambda _zone: "",
    ) -> None:
        self._new_unit, self._clock, self._gateways, self._base_url = new_unit, clock, gateways, base_url.rstrip("/")
        self._country_of_zone = country_of_zone

    async def __call__(self, actor: Actor, command: StartCheckoutCommand) -> Payment:
        actor.require(Permission.PAY)
        payment = await self._intended(actor, command)
        if payment.url is not None:
            return payment
        return await self._open(payment)

    async def _intended(self, actor: Actor, command: StartCheckoutCommand) -> Payment:
        for _ in range(_TRIES - 1):
            with suppress(StaleWrite):  # the second tab was faster: its payment is found at the next try
                return await self._intend(actor, command)
        return await self._intend(actor, command)

    async def _intend(self, actor: Actor, command: StartCheckoutCommand) -> Payment:
        now = self._clock.now()
        async with self._new_unit() as unit:
            bookings = await _wanted(unit, command)
            if any(booking.payer_id != actor.user_id for booking in bookings):
                raise NotPermitted("somebody else pays for this lesson")
            for booking in bookings:
                if booking.learner_id != actor.user_id:
                    await party_in(unit, booking, actor, Right.PAY, now)
            running = await _running(unit, bookings, now)
            if running is not None:
                return running
            await _require_consents(unit, actor, bookings, now)
            waiting = [booking for booking in bookings if booking.status is Status.HELD and not booking.is_free]
            if not waiting:
                raise NothingToPay("there is nothing to pay here", status=bookings[0].status.value)
            payment = await self._new_payment(unit, actor, command.payment_id, waiting, now)
            for booking in waiting:
                await unit.bookings.save(booking.begin_payment(payment_id=payment.id, at=now))
            await unit.payments.add(payment)
            await unit.commit()
        return payment

    async def _new_payment(
        self, unit: UnitOfWork, actor: Actor, payment_id: PaymentId, bookings: Sequence[Booking], now: datetime
    ) -> Payment:
        commission = await _commission(unit, now)
        payer = await unit.users.get(actor.user_id)
        country, currency = payer_country(payer, self._country_of_zone), bookings[0].price.currency
        way = route(await routing_in(unit, now), self._gateways, country=country, currency=currency)
        page = f"{self._base_url}/portal/payments/{payment_id}"
        return Payment.create(
            payment_id,
            payer_id=actor.user_id,
            provider=way.gateway.provider,
            account=way.gateway.account,
            lines=tuple(_line(booking, commission) for booking in bookings),
            terms=CheckoutTerms(
                description="Quran lesson" if len(bookings) == 1 else f"{len(bookings)} Quran lessons",
                payer_email=payer.email,
                success_url=page,
                cancel_url=f"{page}?left=1",
                mode=way.mode,
                country=country,
            ),
            at=now,
            expires_at=min(booking.hold_expires_at or booking.slot.start for booking in bookings),
        )

    async def _open(self, payment: Payment) -> Payment:
        gateway = self._gateways.get(payment.provider, payment.account)
        try:
            checkout = await gateway.open_checkout(request_of(payment))
        except GatewayRefused as error:
            raise CheckoutRefused("the payment service does not take this payment", reason=error.code) from error
        async with self._new_unit() as unit:
            locked = await unit.payments.lock(payment.id)
            opened = locked.open(provider_ref=checkout.provider_ref, url=checkout.url)
            if opened is not locked:
                await unit.payments.save(opened)
                await unit.commit()
        return opened


def request_of(payment: Payment) -> CheckoutRequest:
    """The same for the same payment and mode, whenever it is made. The ids let people look things up there."""
    metadata = {"payment": str(payment.id), "payer": str(payment.payer_id)}
    for number, line in enumerate(payment.lines[:_MAX_LINES_IN_METADATA]):
        metadata["booking" if not number else f"booking_{number + 1}"] = str(line.booking_id)
    hosted = payment.terms.mode is CheckoutMode.HOSTED
    return CheckoutRequest(
        reference=payment.id,
        idempotency_key=str(payment.id) if hosted else f"{payment.id}-{payment.terms.mode}",
        amount=payment.amount,
        description=payment.terms.description,
        payer_email=payment.terms.payer_email,
        success_url=payment.terms.success_url,
        cancel_url=payment.terms.cancel_url,
        expires_at=payment.expires_at,
        metadata=metadata,
        mode=payment.terms.mode,
        country=payment.terms.country,
        created_at=payment.created_at,
    )


async def _wanted(unit: UnitOfWork, command: StartCheckoutCommand) -> Sequence[Booking]:
    """Raises Invalid unless exactly one thing is to be paid; NotFound."""
    if (command.booking_id is None) == (command.series_id is None):
        raise Invalid("name the lesson or the series to pay for", field="booking_id")
    if command.booking_id is not None:
        booking = await unit.bookings.get(command.booking_id)
        if booking.series_id is None:
            return [booking]
        whole = await unit.bookings.of_series(booking.series_id)
        alike = [other for other in whole if other.payment_id == booking.payment_id]
        # lessons of a series that wait together are paid together
        return alike if booking.status in (Status.HELD, Status.PENDING_PAYMENT) else [booking]
    if command.series_id is None:
        raise Invalid("name the lesson or the series to pay for", field="series_id")
    found = await unit.bookings.of_series(command.series_id)
    if not found:
        raise NothingToPay("this series has no lessons")
    return found


async def _require_consents(unit: UnitOfWork, actor: Actor, bookings: Sequence[Booking], now: datetime) -> None:
    """Of a lesson that somebody else booked for him, staff or another guardian, he hears here first. (ONB-09)"""
    learners = sorted({booking.learner_id for booking in bookings})
    children = [learner for learner in learners if await learner_is_minor(unit, learner, now)]
    await require_consents(unit, actor.user_id, children, now)


async def _running(unit: UnitOfWork, bookings: Sequence[Booking], now: datetime) -> Payment | None:
    """The payment that these lessons wait for. Raises CheckoutClosed when it can no longer be paid."""
    waiting = [booking for booking in bookings if booking.status is Status.PENDING_PAYMENT and booking.payment_id]
    if not waiting:
        return None
    payment_id = waiting[0].payment_id
    if payment_id is None or any(booking.payment_id != payment_id for booking in waiting):
        raise Conflict("these lessons wait for different payments; pay for them one by one")
    payment = await unit.payments.get(payment_id)
    if payment.is_paid:
        raise NothingToPay("this has been paid; the lesson is confirmed in a moment", payment_id=str(payment.id))
    if not payment.is_checkout_usable(now):
        raise CheckoutClosed("the time to pay is over; book again", payment_id=str(payment.id))
    return payment


async def _commission(unit: UnitOfWork, now: datetime) -> CommissionPolicy:
    row = await unit.policies.current(COMMISSION_POLICY, now)
    return CommissionPolicy() if row is None else msgspec.json.decode(row.body, type=CommissionPolicy)


def _line(booking: Booking, commission: CommissionPolicy) -> PaymentLine:
    return PaymentLine(
        booking_id=booking.id,
        learner_id=booking.learner_id,
        qari_id=booking.qari_id,
        amount=booking.price,
        commission_percent=commission.percent,
    )
