"""Paying, payments and earnings for programs and for pages' scripts."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from adapters.http.given import NamedDependency
from adapters.http.idempotency import Once
from adapters.http.requests import Req
from application.billing.see_money import ListMyPayments, SeeMyEarnings, SeePayment
from application.billing.start_checkout import StartCheckout, StartCheckoutCommand
from domain.billing.decline import explain
from domain.billing.ledger import Outcome
from domain.billing.payment import Payment, PaymentStatus
from domain.billing.refund import RefundStatus
from domain.identity.permission import Permission
from domain.ids import BookingId, PaymentId, SeriesId
from domain.money import Money
from ports.billing.gateway import PAY_HERE
from ports.billing.queries import EarningStatus, PaymentView
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]


class MoneyOut(msgspec.Struct):
    """``minor`` counts the currency's smallest unit: 1250 USD is $12.50, 1250 JPY is 1,250 yen, 1250 KWD is 1.250."""

    minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> "MoneyOut":
        return cls(money.minor, money.currency)


class CheckoutIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of the two. Lessons of a series that wait together are paid together."""

    booking_id: UUID | None = None
    series_id: UUID | None = None


class CheckoutOut(msgspec.Struct, kw_only=True):
    """Send the payer to ``url``. Coming back from there proves nothing: ask for the payment until it is captured."""

    payment_id: UUID
    status: PaymentStatus
    amount: MoneyOut
    url: str | None
    expires_at: datetime

    @classmethod
    def of(cls, payment: Payment) -> "CheckoutOut":
        return cls(
            payment_id=payment.id,
            status=payment.status,
            amount=MoneyOut.of(payment.amount),
            url=payment.url if payment.url != PAY_HERE else f"{payment.terms.success_url}/pay",
            expires_at=payment.expires_at,
        )


class DeclineOut(msgspec.Struct, kw_only=True):
    """Why the last try failed, and what the payer can do. (PAYM-25)"""

    code: str
    cause: str
    next_step: str
    may_retry: bool


class PaymentLineOut(msgspec.Struct, kw_only=True):
    booking_id: UUID
    starts_at: datetime
    ends_at: datetime
    booking_status: str
    learner_name: str
    qari_name: str
    amount: MoneyOut


class RefundOut(msgspec.Struct, kw_only=True):
    refund_id: UUID
    booking_id: UUID | None
    amount: MoneyOut
    status: RefundStatus
    reason: str
    created_at: datetime
    settled_at: datetime | None


class PaymentOut(msgspec.Struct, kw_only=True):
    """What its payer sees; once captured, it is the receipt. ``url`` is there while it can be paid; one without
    a host is a page of this server's.
    """

    payment_id: UUID
    status: PaymentStatus
    amount: MoneyOut
    refunded: MoneyOut
    created_at: datetime
    expires_at: datetime
    captured_at: datetime | None
    url: str | None
    decline: DeclineOut | None
    lines: list[PaymentLineOut]
    refunds: list[RefundOut]

    @classmethod
    def of(cls, view: PaymentView) -> "PaymentOut":
        return cls(
            payment_id=view.payment_id,
            status=view.status,
            amount=MoneyOut.of(view.amount),
            refunded=MoneyOut.of(view.refunded),
            created_at=view.created_at,
            expires_at=view.expires_at,
            captured_at=view.captured_at,
            url=view.url if view.url != PAY_HERE else f"/portal/payments/{view.payment_id}/pay",
            decline=decline_of(view.decline_code),
            lines=[
                PaymentLineOut(
                    booking_id=line.booking_id,
                    starts_at=line.starts_at,
                    ends_at=line.ends_at,
                    booking_status=line.booking_status,
                    learner_name=line.learner_name,
                    qari_name=line.qari_name,
                    amount=MoneyOut.of(line.amount),
                )
                for line in view.lines
            ],
            refunds=[
                RefundOut(
                    refund_id=refund.refund_id,
                    booking_id=refund.booking_id,
                    amount=MoneyOut.of(refund.amount),
                    status=refund.status,
                    reason=refund.reason,
                    created_at=refund.created_at,
                    settled_at=refund.settled_at,
                )
                for refund in view.refunds
            ],
        )


class PaymentPageOut(msgspec.Struct, kw_only=True):
    items: list[PaymentOut]
    next_cursor: str | None


class EarningTotalOut(msgspec.Struct, kw_only=True):
    status: EarningStatus
    lessons: int
    amount: MoneyOut


class EarningLineOut(msgspec.Struct, kw_only=True):
    """``amount`` is the Qari's share of ``price`` after the commission."""

    booking_id: UUID
    starts_at: datetime
    ends_at: datetime
    learner_name: str
    price: MoneyOut
    commission_percent: int
    amount: MoneyOut
    status: EarningStatus
    outcome: Outcome | None
    earned_at: datetime | None


class EarningsOut(msgspec.Struct, kw_only=True):
    """``totals`` are over all lessons, one for each currency and status."""

    totals: list[EarningTotalOut]
    items: list[EarningLineOut]
    next_cursor: str | None


def decline_of(code: str | None) -> DeclineOut | None:
    if code is None:
        return None
    decline = explain(code)
    return DeclineOut(code=code, cause=decline.cause, next_step=decline.payer, may_retry=decline.retry)


class PaymentController(Controller):
    path = "/api/v1"
    tags = ("billing",)

    @post("/checkouts", needs=Permission.PAY, status_code=201, summary="Open the page to pay on")
    async def start(
        self,
        request: Req,
        data: JSONBody[CheckoutIn],
        start_checkout: NamedDependency[StartCheckout],
        once: NamedDependency[Once],
    ) -> Response[CheckoutOut]:
        """While a checkout of the same lessons is open, it is answered again. 409 ``nothing_to_pay``,
        ``checkout_closed``, ``hold_over``; 503 when the payment service does not answer: try again.
        """

        async def work(effect: UUID) -> Any:
            command = StartCheckoutCommand(
                payment_id=PaymentId(effect),
                booking_id=BookingId(data.booking_id) if data.booking_id is not None else None,
                series_id=SeriesId(data.series_id) if data.series_id is not None else None,
            )
            return CheckoutOut.of(await start_checkout(request.user, command))

        return await once(request, work, status_code=201)

    @get("/payments", needs=Permission.SEE_OWN_PAYMENTS, summary="What I have paid")
    async def mine(
        self,
        request: Req,
        list_my_payments: NamedDependency[ListMyPayments],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 20,
    ) -> PaymentPageOut:
        page = await list_my_payments(request.user, cursor=cursor, limit=limit)
        return PaymentPageOut(items=[PaymentOut.of(view) for view in page.items], next_cursor=page.next_cursor)

    @get("/payments/{payment_id:uuid}", needs=Permission.SEE_OWN_PAYMENTS, summary="One payment, or its receipt")
    async def one(
        self, request: Req, payment_id: FromPath[UUID], see_payment: NamedDependency[SeePayment]
    ) -> PaymentOut:
        return PaymentOut.of(await see_payment(request.user, PaymentId(payment_id)))

    @get("/my/earnings", needs=Permission.SEE_OWN_EARNINGS, summary="What I have earned, lesson by lesson")
    async def earnings(
        self,
        request: Req,
        see_my_earnings: NamedDependency[SeeMyEarnings],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> EarningsOut:
        found = await see_my_earnings(request.user, cursor=cursor, limit=limit)
        return EarningsOut(
            totals=[
                EarningTotalOut(status=total.status, lessons=total.lessons, amount=MoneyOut.of(total.amount))
                for total in found.totals
            ],
            items=[
                EarningLineOut(
                    booking_id=line.booking_id,
                    starts_at=line.starts_at,
                    ends_at=line.ends_at,
                    learner_name=line.learner_name,
                    price=MoneyOut.of(line.price),
                    commission_percent=line.commission_percent,
                    amount=MoneyOut.of(line.amount),
                    status=line.status,
                    outcome=line.outcome,
                    earned_at=line.earned_at,
                )
                for line in found.lines.items
            ],
            next_cursor=found.lines.next_cursor,
        )


CONTROLLERS_MAIN = (PaymentController,)
