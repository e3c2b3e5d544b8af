"""Payments, as staff look for them and give money back; and whether the books are right."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _, ngettext
from adapters.http.web.forms import address, fields_of, next_page, told
from adapters.http.words import PRICED_IN, date_of, money_of
from application.billing.failed_refund import FailedRefund, PayRefundOtherwise, RetryRefund
from application.billing.match_books import ExplainFinding, SeeFinding
from application.billing.request_refund import PreviewRefund, RequestRefund, RequestRefundCommand
from application.billing.see_money import ListPayments, SeePayment
from application.billing.verify_ledger import VerifyLedger
from domain.billing.decline import explain
from domain.billing.payment import PaymentStatus
from domain.billing.refund import RefundStatus
from domain.errors import Conflict, DomainError, Invalid
from domain.identity.permission import Permission
from domain.ids import BookingId, FindingId, PaymentId, RefundId
from domain.money import EXPONENTS
from domain.time import instant
from ports.billing.queries import PaymentFilter, PaymentView
from ports.clock import NewId


class AdminMoneyController(Controller):
    include_in_schema = False

    @get("/payments", needs=Permission.SEE_PAYMENTS)
    async def payments(
        self,
        request: Req,
        list_payments: NamedDependency[ListPayments],
        status: FromQuery[str] = "",
        payer: FromQuery[str] = "",
        currency: FromQuery[str] = "",
        since: FromQuery[str] = "",
        until: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        values = {"status": status, "payer": payer, "currency": currency, "since": since, "until": until}
        errors = {
            name: _("Write a date as 2026-03-31.")
            for name, given in (("since", since), ("until", until))
            if given and date_of(given) is None
        }
        zone = viewer_of(request).zone
        wanted = PaymentFilter(
            status=PaymentStatus(status) if status in list(PaymentStatus) else None,
            payer=payer.strip() or None,
            currency=currency if currency in EXPONENTS else None,
            since=_midnight(date_of(since), zone),
            until=_midnight(date_of(until), zone, days_on=1),
        )
        found = await list_payments(request.user, wanted, cursor=cursor)
        return page(
            request,
            "admin/payments.html",
            status_code=400 if errors else 200,
            payments=found.items,
            values=values,
            errors=errors,
            narrowed=any(values.values()),
            statuses=list(PaymentStatus),
            currencies=[(code, code) for code in PRICED_IN],
            next=next_page("/payments", found.next_cursor, **values),
            first=address("/payments", **values) if cursor else None,
        )

    @get("/payments/{payment_id:uuid}", needs=Permission.SEE_PAYMENTS)
    async def payment(
        self, request: Req, payment_id: FromPath[UUID], see_payment: NamedDependency[SeePayment]
    ) -> Response[Any]:
        payment = await see_payment(request.user, PaymentId(payment_id))
        decline = explain(payment.decline_code) if payment.decline_code is not None else None
        return page(request, "admin/payment.html", payment=payment, decline=decline)

    @get("/payments/{payment_id:uuid}/refund", needs=Permission.REFUND)
    async def refund_form(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        see_payment: NamedDependency[SeePayment],
        preview_refund: NamedDependency[PreviewRefund],
        new_id: NamedDependency[NewId],
        booking: FromQuery[str] = "",
        amount: FromQuery[str] = "",
    ) -> Response[Any]:
        """What would happen, to be confirmed. The page carries the refund's id, so that pressing twice gives once."""
        payment = await see_payment(request.user, PaymentId(payment_id))
        given = {"booking": booking, "amount": amount}
        try:
            command = _command(payment_id, new_id(), given, payment.amount.currency)
            preview = await preview_refund(request.user, command)
        except DomainError as error:
            return redirect(request, f"/payments/{payment_id}", error.message, "problem")
        return page(
            request, "admin/refund.html", payment=payment, preview=preview, refund_id=command.refund_id, given=given
        )

    @post("/payments/{payment_id:uuid}/refund", needs=Permission.REFUND, status_code=303)
    async def refund(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        see_payment: NamedDependency[SeePayment],
        request_refund: NamedDependency[RequestRefund],
    ) -> Response[Any]:
        here, fields = f"/payments/{payment_id}", await fields_of(request)
        payment = await see_payment(request.user, PaymentId(payment_id))
        try:
            refund_id = UUID(fields.get("refund_id", ""))
        except ValueError:
            return redirect(request, here, _("Start the refund from this page, please."), "problem")
        try:
            made = await request_refund(request.user, _command(payment_id, refund_id, fields, payment.amount.currency))
        except DomainError as error:
            return redirect(request, here, error.message, "problem")
        done = ngettext("The refund is on its way.", "{n} refunds are on their way, one for each lesson.", len(made))
        return redirect(request, here, done)

    @get("/payments/{payment_id:uuid}/refunds/{refund_id:uuid}", needs=Permission.REFUND)
    async def failed_refund(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        refund_id: FromPath[UUID],
        see_payment: NamedDependency[SeePayment],
    ) -> Response[Any]:
        """What can be done about it. One that has not failed needs nobody."""
        payment = await see_payment(request.user, PaymentId(payment_id))
        return _failed_page(request, payment, refund_id)

    @post("/payments/{payment_id:uuid}/refunds/{refund_id:uuid}/again", needs=Permission.REFUND, status_code=303)
    async def refund_again(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        refund_id: FromPath[UUID],
        retry_refund: NamedDependency[RetryRefund],
    ) -> Response[Any]:
        here = f"/payments/{payment_id}"
        try:
            command = FailedRefund(payment_id=PaymentId(payment_id), refund_id=RefundId(refund_id))
            await retry_refund(request.user, command)
        except Conflict as error:
            return redirect(request, here, told(error), "problem")
        return redirect(request, here, _("The refund is on its way."))

    @post("/payments/{payment_id:uuid}/refunds/{refund_id:uuid}/otherwise", needs=Permission.REFUND, status_code=303)
    async def refund_otherwise(
        self,
        request: Req,
        payment_id: FromPath[UUID],
        refund_id: FromPath[UUID],
        see_payment: NamedDependency[SeePayment],
        pay_refund_otherwise: NamedDependency[PayRefundOtherwise],
    ) -> Response[Any]:
        here, fields = f"/payments/{payment_id}", await fields_of(request)
        try:
            command = FailedRefund(
                payment_id=PaymentId(payment_id), refund_id=RefundId(refund_id), reason=fields.get("reason", "")
            )
            await pay_refund_otherwise(request.user, command)
        except Invalid as error:
            payment = await see_payment(request.user, PaymentId(payment_id))
            return _failed_page(request, payment, refund_id, {"reason": told(error)})
        except Conflict as error:
            return redirect(request, here, told(error), "problem")
        return redirect(request, here, _("The refund counts as paid."))

    @get("/ledger", needs=Permission.SEE_LEDGER)
    async def ledger(
        self, request: Req, verify_ledger: NamedDependency[VerifyLedger], providers: FromQuery[str] = ""
    ) -> Response[Any]:
        """Our own books at once; the providers only when asked for, because that takes a while."""
        report = await verify_ledger(request.user, ask_providers=bool(providers))
        return page(request, "admin/ledger.html", report=report, asked=bool(providers))

    @get("/ledger/findings/{finding_id:uuid}", needs=Permission.SEE_LEDGER)
    async def finding(
        self, request: Req, finding_id: FromPath[UUID], see_finding: NamedDependency[SeeFinding]
    ) -> Response[Any]:
        found = await see_finding(request.user, FindingId(finding_id))
        return page(request, "admin/finding.html", finding=found, errors={})

    @post("/ledger/findings/{finding_id:uuid}", needs=Permission.REFUND, status_code=303)
    async def explain(
        self,
        request: Req,
        finding_id: FromPath[UUID],
        see_finding: NamedDependency[SeeFinding],
        explain_finding: NamedDependency[ExplainFinding],
    ) -> Response[Any]:
        known, fields = FindingId(finding_id), await fields_of(request)
        try:
            await explain_finding(request.user, known, fields.get("explanation", ""))
        except Invalid as error:
            found = await see_finding(request.user, known)
            errors = {"explanation": told(error)}
            return page(request, "admin/finding.html", status_code=400, finding=found, errors=errors)
        except Conflict as error:
            return redirect(request, f"/ledger/findings/{finding_id}", told(error), "problem")
        return redirect(request, "/queues/books", _("The explanation is kept."))


def _failed_page(
    request: Req, payment: PaymentView, refund_id: UUID, errors: Mapping[str, str] | None = None
) -> Response[Any]:
    refund = next((refund for refund in payment.refunds if refund.refund_id == refund_id), None)
    if refund is None:
        raise NotFoundException
    if refund.status is not RefundStatus.FAILED:
        return redirect(request, f"/payments/{payment.payment_id}")
    return page(
        request,
        "admin/refund_failed.html",
        status_code=400 if errors else 200,
        payment=payment,
        refund=refund,
        errors=errors or {},
        values={},
    )


def _midnight(day: date | None, zone: str, *, days_on: int = 0) -> datetime | None:
    if day is None or day.year < 1970 or day.year > 9000:
        return None
    return instant(day + timedelta(days=days_on), time(), zone)


def _command(payment_id: UUID, refund_id: UUID, given: Any, currency: str) -> RequestRefundCommand:
    """From the fields of a form. Raises Invalid."""
    try:
        booking_id = BookingId(UUID(given["booking"])) if given.get("booking") else None
    except ValueError as error:
        raise Invalid(_("Choose which lesson the money is for."), field="booking") from error
    return RequestRefundCommand(
        refund_id=RefundId(refund_id),
        payment_id=PaymentId(payment_id),
        booking_id=booking_id,
        amount=money_of(given.get("amount", ""), currency),
        reason=given.get("reason", ""),
    )
