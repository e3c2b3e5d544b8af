"""Money and the inbox of webhooks, for staff."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from adapters.http.api.billing import MoneyOut, PaymentOut
from adapters.http.given import NamedDependency
from adapters.http.idempotency import Once
from adapters.http.requests import Req
from application.billing.failed_refund import FailedRefund, PayRefundOtherwise, RetryRefund
from application.billing.replay_webhook import ReplayWebhook
from application.billing.request_refund import RequestRefund, RequestRefundCommand
from application.billing.see_money import ListPayments, ListWebhooks, SeePayment, SeeWebhook
from application.billing.verify_ledger import VerifyLedger
from domain.billing.decline import explain
from domain.billing.payment import PaymentStatus
from domain.billing.refund import Refund, RefundStatus
from domain.billing.webhook_event import WebhookStatus
from domain.identity.permission import Permission
from domain.ids import BookingId, PaymentId, RefundId, WebhookId
from domain.money import Money
from domain.time import require_utc
from ports.billing.queries import PaymentFilter, PaymentView, WebhookView
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]


class StaffPaymentOut(msgspec.Struct, kw_only=True):
    """``payment`` as its payer sees it. ``refundable`` is what may still be given back."""

    payment: PaymentOut
    payer_id: UUID
    payer_name: str
    payer_email: str
    refundable: MoneyOut
    provider: str
    account: str
    provider_ref: str | None
    charge_ref: str | None
    advice: str | None

    @classmethod
    def of(cls, view: PaymentView) -> "StaffPaymentOut":
        return cls(
            payment=PaymentOut.of(view),
            payer_id=view.payer_id,
            payer_name=view.payer_name,
            payer_email=view.payer_email,
            refundable=MoneyOut.of(view.refundable),
            provider=view.provider,
            account=view.account,
            provider_ref=view.provider_ref,
            charge_ref=view.charge_ref,
            advice=explain(view.decline_code).staff if view.decline_code is not None else None,
        )


class StaffPaymentPageOut(msgspec.Struct, kw_only=True):
    items: list[StaffPaymentOut]
    next_cursor: str | None


class MoneyIn(msgspec.Struct, forbid_unknown_fields=True):
    minor: Annotated[int, msgspec.Meta(gt=0)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class RefundIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Without ``amount`` all that is left goes back; without ``booking_id`` that of every lesson of the payment."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    amount: MoneyIn | None = None
    booking_id: UUID | None = None


class PaidOtherwiseIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``reason``: how the money reached the payer."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class RefundMadeOut(msgspec.Struct, kw_only=True):
    refund_id: UUID
    booking_id: UUID | None
    amount: MoneyOut
    status: RefundStatus

    @classmethod
    def of(cls, refund: Refund) -> "RefundMadeOut":
        return cls(
            refund_id=refund.id,
            booking_id=refund.booking_id,
            amount=MoneyOut.of(refund.amount),
            status=refund.status,
        )


class RefundsMadeOut(msgspec.Struct):
    refunds: list[RefundMadeOut]


class WebhookEventOut(msgspec.Struct, kw_only=True):
    """``due_at`` is when it is tried (again); ``error`` is what went wrong last."""

    webhook_id: UUID
    provider: str
    account: str
    event_id: str
    type: str
    object_ref: str
    status: WebhookStatus
    attempts: int
    error: str
    occurred_at: datetime
    received_at: datetime
    due_at: datetime
    settled_at: datetime | None
    payment_id: UUID | None

    @classmethod
    def of(cls, view: WebhookView) -> "WebhookEventOut":
        return cls(**msgspec.structs.asdict(view))


class WebhookPageOut(msgspec.Struct, kw_only=True):
    items: list[WebhookEventOut]
    next_cursor: str | None


class WebhookDetailOut(msgspec.Struct, kw_only=True):
    """``raw`` is the body as it came."""

    webhook: WebhookEventOut
    raw: str


class BalanceOut(msgspec.Struct, kw_only=True):
    """Debits positive, credits negative."""

    group: str
    balance: MoneyOut


class MismatchOut(msgspec.Struct, kw_only=True):
    kind: str
    subject: str
    message: str


class LedgerReportOut(msgspec.Struct, kw_only=True):
    """``clean``: everything agrees and every provider could be asked."""

    at: datetime
    clean: bool
    journals: int
    balances: list[BalanceOut]
    mismatches: list[MismatchOut]
    providers_asked: list[str]
    unreachable: list[str]


class StaffPaymentController(Controller):
    path = "/api/v1/payments"
    tags = ("billing",)

    @get("/", needs=Permission.SEE_PAYMENTS, summary="All payments")
    async def search(
        self,
        request: Req,
        list_payments: NamedDependency[ListPayments],
        status: FromQuery[PaymentStatus | None] = None,
        provider: FromQuery[str | None] = None,
        account: FromQuery[str | None] = None,
        currency: FromQuery[str | None] = None,
        payer: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> StaffPaymentPageOut:
        """Newest first. ``payer`` is a part of a name or an address; ``until`` itself is not included."""
        wanted = PaymentFilter(
            status=status,
            provider=provider,
            account=account,
            currency=currency,
            payer=payer,
            since=require_utc(since, "since") if since is not None else None,
            until=require_utc(until, "until") if until is not None else None,
        )
        page = await list_payments(request.user, wanted, cursor=cursor, limit=limit)
        return StaffPaymentPageOut(
            items=[StaffPaymentOut.of(view) for view in page.items], next_cursor=page.next_cursor
        )

    @get("/{payment_id:uuid}", needs=Permission.SEE_PAYMENTS, summary="One payment")
    async def one(
        self, request: Req, payment_id: FromPath[UUID], see_payment: NamedDependency[SeePayment]
    ) -> StaffPaymentOut:
        return StaffPaymentOut.of(await see_payment(request.user, PaymentId(payment_id)))

    @post("/{payment_id:uuid}/refunds", needs=Permission.REFUND, status_code=201, summary="Give money back")
    async def refund(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        data: JSONBody[RefundIn],
        request_refund: NamedDependency[RequestRefund],
        once: NamedDependency[Once],
    ) -> Response[RefundsMadeOut]:
        """One refund for each lesson. 409 ``refund_too_large``, ``refund_under_way``."""

        async def work(effect: UUID) -> Any:
            command = RequestRefundCommand(
                refund_id=RefundId(effect),
                payment_id=PaymentId(payment_id),
                reason=data.reason,
                amount=Money(data.amount.minor, data.amount.currency) if data.amount is not None else None,
                booking_id=BookingId(data.booking_id) if data.booking_id is not None else None,
            )
            made = await request_refund(request.user, command)
            return RefundsMadeOut([RefundMadeOut.of(refund) for refund in made])

        return await once(request, work, status_code=201)

    @post(
        "/{payment_id:uuid}/refunds/{refund_id:uuid}/again",
        needs=Permission.REFUND,
        status_code=201,
        summary="Try a failed refund again",
    )
    async def refund_again(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        refund_id: FromPath[UUID],
        retry_refund: NamedDependency[RetryRefund],
    ) -> RefundMadeOut:
        """The refund that takes its place; asked twice, it is the same one. 409 for one that has not failed."""
        command = FailedRefund(payment_id=PaymentId(payment_id), refund_id=RefundId(refund_id))
        return RefundMadeOut.of(await retry_refund(request.user, command))

    @post(
        "/{payment_id:uuid}/refunds/{refund_id:uuid}/otherwise",
        needs=Permission.REFUND,
        status_code=200,
        summary="A failed refund was paid another way",
    )
    async def refund_otherwise(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        refund_id: FromPath[UUID],
        data: JSONBody[PaidOtherwiseIn],
        pay_refund_otherwise: NamedDependency[PayRefundOtherwise],
    ) -> RefundMadeOut:
        """It counts as given back from now on, out of the school's own account. 409 for one that has not failed."""
        command = FailedRefund(payment_id=PaymentId(payment_id), refund_id=RefundId(refund_id), reason=data.reason)
        return RefundMadeOut.of(await pay_refund_otherwise(request.user, command))


class InboxController(Controller):
    path = "/api/v1/webhooks"
    tags = ("billing",)

    @get("/", needs=Permission.SEE_WEBHOOKS, summary="The inbox of webhooks")
    async def inbox(
        self,
        request: Req,
        list_webhooks: NamedDependency[ListWebhooks],
        status: FromQuery[WebhookStatus | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> WebhookPageOut:
        """Newest first; ``status=dead`` gives the dead letters."""
        page = await list_webhooks(request.user, status=status, cursor=cursor, limit=limit)
        return WebhookPageOut(items=[WebhookEventOut.of(view) for view in page.items], next_cursor=page.next_cursor)

    @get("/{webhook_id:uuid}", needs=Permission.SEE_WEBHOOKS, summary="One webhook, as it came")
    async def one(
        self, request: Req, webhook_id: FromPath[UUID], see_webhook: NamedDependency[SeeWebhook]
    ) -> WebhookDetailOut:
        found = await see_webhook(request.user, WebhookId(webhook_id))
        return WebhookDetailOut(webhook=WebhookEventOut.of(found.webhook), raw=found.raw)

    @post("/{webhook_id:uuid}/replay", needs=Permission.REPLAY_WEBHOOKS, status_code=202, summary="Try a webhook again")
    async def replay(
        self, request: Req, webhook_id: FromPath[UUID], replay_webhook: NamedDependency[ReplayWebhook]
    ) -> None:
        """409 for one that worked, or that is being worked on."""
        await replay_webhook(request.user, WebhookId(webhook_id))


@get("/api/v1/ledger/check", needs=Permission.SEE_LEDGER, tags=["billing"], summary="Do the books agree?")
async def ledger_check(
    request: Req, verify_ledger: NamedDependency[VerifyLedger], ask_providers: FromQuery[bool] = True
) -> LedgerReportOut:
    """With themselves, with payments, refunds and lessons, and with the providers; names what does not."""
    report = await verify_ledger(request.user, ask_providers=ask_providers)
    return LedgerReportOut(
        at=report.at,
        clean=report.is_clean,
        journals=report.journals,
        balances=[BalanceOut(group=found.group, balance=MoneyOut.of(found.balance)) for found in report.balances],
        mismatches=[MismatchOut(**msgspec.structs.asdict(mismatch)) for mismatch in report.mismatches],
        providers_asked=report.providers_asked,
        unreachable=report.unreachable,
    )


CONTROLLERS_ADMIN = (StaffPaymentController, InboxController, ledger_check)
