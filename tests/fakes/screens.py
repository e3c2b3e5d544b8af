"""What screens read, prepared by hand: views and the query ports that hand them out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.billing.payment import PaymentStatus
from domain.billing.refund import RefundCause, RefundStatus
from domain.billing.webhook_event import WebhookStatus
from domain.booking.booking import Kind, Status
from domain.ids import BookingId, PaymentId, RefundId, SeriesId, UserId, WebhookId
from domain.money import Money
from domain.time import TimeSlot
from fakes.http import NOON
from ports.billing.queries import (
    AccountBalance,
    EarningLine,
    EarningTotal,
    KnownPayment,
    Mismatch,
    PaymentFilter,
    PaymentLineView,
    PaymentView,
    RefundView,
    WebhookDetail,
    WebhookView,
)
from ports.booking.queries import BookingFilter, LessonView, ProposalView, Side, Tense
from ports.paging import Page

LEARNER: Final = Side(id=UserId(UUID(int=1)), name="Maryam Khan", zone="America/Toronto")
QARI: Final = Side(id=UserId(UUID(int=3)), name="Yusuf Rahman", zone="Asia/Karachi")
STRANGER: Final = Side(id=UserId(UUID(int=99)), name="Idris Bello", zone="Africa/Lagos")
LESSON: Final = BookingId(UUID("01980000-0000-7000-8000-000000000001"))
PAYMENT: Final = PaymentId(UUID("01980000-0000-7000-8000-000000000002"))
WEBHOOK: Final = WebhookId(UUID("01980000-0000-7000-8000-000000000003"))
REFUND: Final = RefundId(UUID("01980000-0000-7000-8000-000000000004"))


def a_lesson(**given: Any) -> LessonView:
    """A confirmed one of half an hour, two hours after noon."""
    starts_at = given.pop("starts_at", NOON + timedelta(hours=2))
    fields: dict[str, Any] = {
        "id": LESSON,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "status": Status.CONFIRMED,
        "kind": Kind.REGULAR,
        "price": Money(900, "USD"),
        "learner": LEARNER,
        "qari": QARI,
        "payer_id": LEARNER.id,
        "created_at": NOON - timedelta(days=2),
        "hold_expires_at": None,
        "series_id": None,
        "series_index": None,
        "payment_id": PAYMENT,
        "moves": 0,
        "note": "",
        "reason": "",
        "policy_version": 0,
    }
    return LessonView(**(fields | given))


def a_payment_view(**given: Any) -> PaymentView:
    """Captured, for one lesson; nothing has gone back."""
    amount = given.get("amount", Money(900, "USD"))
    starts_at = NOON + timedelta(hours=2)
    fields: dict[str, Any] = {
        "payment_id": PAYMENT,
        "payer_id": LEARNER.id,
        "payer_name": LEARNER.name,
        "payer_email": "maryam@example.org",
        "amount": amount,
        "refunded": Money.zero(amount.currency),
        "refundable": amount,
        "status": PaymentStatus.CAPTURED,
        "provider": "sandbox",
        "account": "main",
        "created_at": NOON,
        "expires_at": NOON + timedelta(minutes=15),
        "captured_at": NOON,
        "provider_ref": "cs_1",
        "lines": [
            PaymentLineView(
                booking_id=LESSON,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=30),
                booking_status="confirmed",
                learner_name=LEARNER.name,
                qari_name=QARI.name,
                amount=amount,
            )
        ],
        "refunds": [],
    }
    return PaymentView(**(fields | given))


def a_refund_view(**given: Any) -> RefundView:
    fields: dict[str, Any] = {
        "refund_id": REFUND,
        "booking_id": LESSON,
        "amount": Money(900, "USD"),
        "status": RefundStatus.SUCCEEDED,
        "cause": RefundCause.CANCELLED,
        "reason": "ill",
        "created_at": NOON,
    }
    return RefundView(**(fields | given))


def a_webhook_view(**given: Any) -> WebhookView:
    fields: dict[str, Any] = {
        "webhook_id": WEBHOOK,
        "provider": "sandbox",
        "account": "main",
        "event_id": "evt_1",
        "type": "checkout.completed",
        "object_ref": "cs_1",
        "status": WebhookStatus.PROCESSED,
        "attempts": 1,
        "error": "",
        "occurred_at": NOON,
        "received_at": NOON,
        "due_at": NOON,
        "payment_id": PAYMENT,
    }
    return WebhookView(**(fields | given))


class PreparedPayments:
    """``asked`` keeps the filters that came."""

    def __init__(self, *payments: PaymentView, next_cursor: str | None = None) -> None:
        self.payments, self._next, self.asked = payments, next_cursor, list[PaymentFilter]()

    async def payment(self, payment_id: PaymentId) -> PaymentView | None:
        return next((payment for payment in self.payments if payment.payment_id == payment_id), None)

    async def of_payer(self, payer_id: UserId, *, cursor: str | None = None, limit: int = 20) -> Page[PaymentView]:
        return Page([payment for payment in self.payments if payment.payer_id == payer_id][:limit], self._next)

    async def search(self, wanted: PaymentFilter, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentView]:
        self.asked.append(wanted)
        return Page([p for p in self.payments if wanted.status in (None, p.status)][:limit], self._next)


class PreparedWebhooks:
    def __init__(self, *webhooks: WebhookView, raw: str = "{}") -> None:
        self.webhooks, self._raw = webhooks, raw

    async def inbox(
        self, *, status: WebhookStatus | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[WebhookView]:
        return Page([webhook for webhook in self.webhooks if status in (None, webhook.status)][:limit])

    async def webhook(self, webhook_id: WebhookId) -> WebhookDetail | None:
        found = [webhook for webhook in self.webhooks if webhook.webhook_id == webhook_id]
        return WebhookDetail(webhook=found[0], raw=self._raw) if found else None

    async def counts(self) -> Mapping[WebhookStatus, int]:
        told = [webhook.status for webhook in self.webhooks]
        return {status: told.count(status) for status in set(told)}


class PreparedEarnings:
    def __init__(
        self, lines: Sequence[EarningLine] = (), totals: Sequence[EarningTotal] = (), next_cursor: str | None = None
    ) -> None:
        self._lines, self._totals, self._next = lines, totals, next_cursor

    async def lines(self, qari_id: UserId, *, cursor: str | None = None, limit: int = 50) -> Page[EarningLine]:
        return Page(list(self._lines)[:limit], self._next)

    async def totals(self, qari_id: UserId) -> Sequence[EarningTotal]:
        return self._totals


class PreparedLedger:
    def __init__(self, mismatches: Sequence[Mismatch] = (), balances: Sequence[AccountBalance] = ()) -> None:
        self._mismatches, self._balances = mismatches, balances

    async def balances(self) -> Sequence[AccountBalance]:
        return self._balances

    async def size(self) -> int:
        return 12

    async def mismatches(self, *, settled_before: datetime) -> Sequence[Mismatch]:
        return self._mismatches

    async def known(self, provider: str, account: str, *, refs: Sequence[str] | None = None) -> Sequence[KnownPayment]:
        return []


class PreparedLessons:
    """A list of lessons and at most one open proposal, read the way the database reads them."""

    def __init__(self, *lessons: LessonView, proposal: ProposalView | None = None) -> None:
        self.lessons, self._proposal = lessons, proposal

    async def lessons_of(
        self,
        learner_ids: Sequence[UserId],
        tense: Tense,
        *,
        now: datetime,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[LessonView]:
        mine = [each for each in self.lessons if each.learner.id in learner_ids]
        return Page([each for each in mine if (each.ends_at > now) is (tense is Tense.UPCOMING)][:limit])

    async def lesson(self, booking_id: BookingId) -> LessonView | None:
        return next((each for each in self.lessons if each.id == booking_id), None)

    async def lesson_and_proposal(self, booking_id: BookingId) -> tuple[LessonView, ProposalView | None] | None:
        lesson = await self.lesson(booking_id)
        return (lesson, self._proposal) if lesson is not None else None

    async def of_series(self, series_id: SeriesId) -> Sequence[LessonView]:
        return [each for each in self.lessons if each.series_id == series_id]

    async def proposal(self, booking_id: BookingId) -> ProposalView | None:
        return self._proposal

    async def agenda(self, qari_id: UserId, window: TimeSlot) -> Sequence[LessonView]:
        return [each for each in self.lessons if each.qari.id == qari_id and each.slot.overlaps(window)]

    async def requests_to(self, qari_id: UserId) -> Sequence[LessonView]:
        return [each for each in self.lessons if each.qari.id == qari_id and each.status is Status.REQUESTED]

    async def outcome_missing(self, qari_id: UserId, *, now: datetime, limit: int = 50) -> Sequence[LessonView]:
        ended = [each for each in self.lessons if each.status is Status.CONFIRMED and each.ends_at <= now]
        return [each for each in ended if each.qari.id == qari_id][:limit]

    async def search(
        self, wanted: BookingFilter, *, now: datetime, cursor: str | None = None, limit: int = 50
    ) -> Page[LessonView]:
        fitting = [each for each in self.lessons if not wanted.statuses or each.status in wanted.statuses]
        missing = [each for each in fitting if each.status is Status.CONFIRMED and each.ends_at <= now]
        return Page((missing if wanted.outcome_missing else fitting)[:limit])
