"""Everything about money: use cases, a provider, a relay that is run by hand. Over memory, or over other units."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from adapters.payments.accounts import Accounts
from application.billing import subscriptions
from application.billing.close_checkout import CloseCheckout, CloseCheckoutOnEnd
from application.billing.earn import Earn
from application.billing.failed_refund import PayRefundOtherwise, RetryRefund
from application.billing.process_webhooks import ProcessWebhooks
from application.billing.receive_webhook import ReceiveWebhook
from application.billing.refund_rules import RefundCancelled, RefundTeacherNoShow, RefundTooLate
from application.billing.replay_webhook import ReplayWebhook
from application.billing.request_refund import RequestRefund
from application.billing.settle_payment import SettlePayment
from application.billing.start_checkout import StartCheckout, StartCheckoutCommand
from application.billing.submit_refunds import SubmitRefunds
from application.billing.sweep_payments import SweepPayments
from application.billing.take_return import TakeReturn
from application.booking.confirm_paid import ConfirmPaid
from application.booking.mark_refunded import MarkRefunded
from application.booking.subscriptions import SUBSCRIPTIONS as BOOKING
from domain.billing.ledger import Account, Journal, balances
from domain.billing.payment import CheckoutTerms, Payment, PaymentLine
from domain.billing.refund import Refund, RefundCause
from domain.billing.webhook_event import WebhookEvent
from domain.booking.booking import Booking
from domain.events import Event
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Money
from fakes.booking import LEARNER, a_booking
from fakes.clock import NOON, FixedClock
from fakes.gateway import FakeGateway
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.scheduling import QARI, a_qari
from fakes.unit import MemoryStore, MemoryUnit
from ports.unit_of_work import NewUnit, UnitOfWork

PAYER: Final = Actor(user_id=LEARNER, role=Role.STUDENT, audience=Audience.MAIN)
FINANCE: Final = Actor(user_id=UserId(UUID(int=0x5AFF)), role=Role.FINANCE, audience=Audience.ADMIN)
ADMIN: Final = Actor(user_id=UserId(UUID(int=0xAD)), role=Role.ADMIN, audience=Audience.ADMIN)
PAYMENT: Final = PaymentId(UUID(int=0x9000))
LISTENERS: Final = {**BOOKING, **subscriptions.SUBSCRIPTIONS}


def subscribers(kind: type[Event]) -> tuple[str, ...]:
    return tuple(name for name, kinds in LISTENERS.items() if kind in kinds)


def a_line(number: int = 1, amount: Money | None = None, **given: Any) -> PaymentLine:
    fields: dict[str, Any] = {
        "booking_id": a_booking(number=number).id,
        "learner_id": LEARNER,
        "qari_id": QARI,
        "amount": amount or Money(900, "USD"),
        "commission_percent": 20,
    }
    return PaymentLine(**(fields | given))


def a_payment(*lines: PaymentLine, number: int = 0) -> Payment:
    """Created at noon, to be paid within a quarter of an hour."""
    return Payment.create(
        PaymentId(UUID(int=PAYMENT.int + number)),
        payer_id=LEARNER,
        provider="sandbox",
        account="main",
        lines=lines or (a_line(),),
        terms=CheckoutTerms(
            description="Quran lesson",
            payer_email="maryam1@example.org",
            success_url="https://halaqa.test/a",
            cancel_url="https://halaqa.test/b",
        ),
        at=NOON,
        expires_at=NOON + timedelta(minutes=15),
    )


def a_refund(**given: Any) -> Refund:
    fields: dict[str, Any] = {
        "id": RefundId(UUID(int=0x4EF)),
        "payment_id": PAYMENT,
        "payer_id": LEARNER,
        "booking_id": a_booking().id,
        "amount": Money(400, "USD"),
        "cause": RefundCause.STAFF,
        "reason": "the line was bad",
        "by": None,
        "created_at": NOON,
    }
    return Refund(**(fields | given))


class Nudges:
    def __init__(self) -> None:
        self.heard: list[str] = []

    async def nudge(self, queue: str) -> None:
        self.heard.append(queue)


class Till:
    """``relay`` lets every subscriber hear of what has happened, until nothing more does. ``gateway``: another one than
    the fake, which the clock is given to.
    """

    def __init__(self, units: NewUnit | None = None, gateway: Callable[[FixedClock], Any] | None = None) -> None:
        self.store, self.clock, self.nudges, new_id = MemoryStore(), FixedClock(), Nudges(), SequentialIds()
        self._units = units
        self.store.shelf("users")[LEARNER] = a_user(id=LEARNER)
        self.store.shelf("qaris")[QARI] = a_qari()
        self.gateway: Any = FakeGateway(clock=self.clock) if gateway is None else gateway(self.clock)
        other = FakeGateway(account="other", clock=self.clock, webhook_secrets=["whsec_other"])
        self.gateways = Accounts([self.gateway, other])
        unit, clock, gateways = self.unit, self.clock, self.gateways
        self.start_checkout = StartCheckout(unit, clock, gateways, "https://halaqa.test/")
        self.settle_payment = SettlePayment(unit, clock, new_id, gateways)
        self.take_return = TakeReturn(unit, gateways, self.settle_payment)
        self.close_checkout = CloseCheckout(unit, gateways, self.settle_payment)
        self.sweep_payments = SweepPayments(unit, clock, self.settle_payment, self.close_checkout)
        self.receive_webhook = ReceiveWebhook(unit, clock, new_id, gateways, self.nudges)
        self.process_webhooks = ProcessWebhooks(unit, clock, new_id, gateways, lambda: 0.5)
        self.replay_webhook = ReplayWebhook(unit, clock, self.nudges)
        self.request_refund = RequestRefund(unit, clock, self.nudges, gateways)
        self.retry_refund = RetryRefund(unit, clock, self.nudges)
        self.pay_refund_otherwise = PayRefundOtherwise(unit, clock, new_id)
        self.submit_refunds = SubmitRefunds(unit, clock, new_id, gateways, lambda: 0.5)
        self.handlers: dict[str, Any] = {
            "booking.confirm_paid": ConfirmPaid(unit, clock),
            "booking.mark_refunded": MarkRefunded(unit, clock),
            subscriptions.REFUND_CANCELLED: RefundCancelled(unit, clock, self.nudges, gateways),
            subscriptions.REFUND_TOO_LATE: RefundTooLate(unit, clock, self.nudges, gateways),
            subscriptions.REFUND_TEACHER_NO_SHOW: RefundTeacherNoShow(unit, clock, self.nudges, gateways),
            subscriptions.EARN: Earn(unit, clock, new_id),
            subscriptions.CLOSE_CHECKOUT: CloseCheckoutOnEnd(unit, self.close_checkout),
        }

    def unit(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._units() if self._units is not None else MemoryUnit(self.store, subscribers)

    # what is stored --------------------------------------------------------------------------------------------

    def payment(self, payment_id: PaymentId = PAYMENT) -> Payment:
        found: Payment = self.store.shelf("payments")[payment_id]
        return found

    def booking(self, booking_id: BookingId) -> Booking:
        found: Booking = self.store.bookings[booking_id]
        return found

    @property
    def refunds(self) -> list[Refund]:
        return list(self.store.shelf("refunds").values())

    @property
    def webhooks(self) -> list[WebhookEvent]:
        return list(self.store.shelf("webhooks").values())

    @property
    def journals(self) -> list[Journal]:
        return list(self.store.shelf("ledger").values())

    def balance(self, account: Account, currency: str = "USD") -> int:
        return balances(self.journals).get((account, currency), 0)

    # what happens ----------------------------------------------------------------------------------------------

    async def checkout(self, *bookings: Booking, number: int = 0) -> Payment:
        """Held lessons on their way to be paid: the first one is asked for, a series brings the others."""
        if self._units is None:
            self.store.bookings.update({booking.id: booking for booking in bookings})
        command = StartCheckoutCommand(payment_id=PaymentId(UUID(int=PAYMENT.int + number)), booking_id=bookings[0].id)
        return await self.start_checkout(PAYER, command)

    async def paid(self, *bookings: Booking) -> Payment:
        """The whole path: checkout, the payer pays, the webhook comes, everybody hears of it."""
        payment = await self.checkout(*bookings)
        self.gateway.pay(str(payment.provider_ref))
        await self.webhook("checkout.succeeded", str(payment.provider_ref))
        await self.work()
        async with self.unit() as unit:
            return await unit.payments.get(payment.id)

    async def webhook(self, kind: str, provider_ref: str, *, event_id: str | None = None) -> bool:
        raw, headers = self.gateway.event(kind, provider_ref, event_id=event_id)
        return await self.receive_webhook("sandbox", "main", raw, headers)

    async def relay(self) -> None:
        while True:
            async with self.unit() as unit:
                tasks = await unit.outbox.claim(now=self.clock.now(), lease=timedelta(minutes=1), limit=100)
                await unit.commit()
            if not tasks:
                return
            for task in tasks:
                await self.handlers[task.subscriber](task.event_id, task.event)
                async with self.unit() as unit:
                    await unit.outbox.done((task.event_id, task.subscriber), at=self.clock.now())
                    await unit.commit()

    async def work(self) -> None:
        """What the worker does, until it has nothing left."""
        await self.process_webhooks()
        await self.relay()
        while await self.submit_refunds():
            await self.relay()

    async def happen(self, *events: Event) -> None:
        async with self.unit() as unit:
            unit.record(*events)
            await unit.commit()
        await self.relay()
