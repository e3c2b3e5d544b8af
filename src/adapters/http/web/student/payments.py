"""Payments of one's own: where the payment page comes back to, the list, the receipt. (BOOK-02, PAYM-17)

Coming back from the provider proves nothing: the page says what we know, and waits for the provider's own word.
"""

from contextlib import suppress
from typing import Any

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.web.forms import known_id, next_page
from application.billing.check_payment import CheckPayment
from application.billing.see_money import ListMyPayments, SeePayment
from domain.billing.decline import explain
from domain.billing.payment import LIVE, PAID
from domain.errors import NotFound
from domain.identity.permission import Permission
from domain.ids import PaymentId
from ports.billing.queries import PaymentView
from ports.clock import Clock


class PaymentPageController(Controller):
    path = "/portal/payments"
    include_in_schema = False

    @get("/", needs=Permission.SEE_OWN_PAYMENTS)
    async def mine(
        self,
        request: Req,
        list_my_payments: NamedDependency[ListMyPayments],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        found = await list_my_payments(request.user, cursor=cursor)
        return page(
            request,
            "student/payments.html",
            payments=found.items,
            next=next_page("/portal/payments", found.next_cursor),
            first="/portal/payments" if cursor else None,
        )

    @get("/{payment_id:str}", needs=Permission.SEE_OWN_PAYMENTS)
    async def result(
        self,
        request: Req,
        payment_id: FromPath[str],
        see_payment: NamedDependency[SeePayment],
        check_payment: NamedDependency[CheckPayment],
        clock: NamedDependency[Clock],
        left: FromQuery[str] = "",
    ) -> Response[Any]:
        """Neutral until the provider, who is asked first, has told us; an id that is not this payer's is answered no
        differently.
        """
        payment: PaymentView | None = None
        with suppress(NotFound):
            if not left:
                await check_payment(request.user, PaymentId(known_id(payment_id)))
            payment = await see_payment(request.user, PaymentId(known_id(payment_id)))
        waits = payment is None or payment.status in LIVE
        decline = explain(payment.decline_code) if payment is not None and payment.decline_code else None
        return page(
            request,
            "student/payment.html",
            payment=payment,
            paid=payment is not None and payment.status in PAID,
            confirmed=payment is not None and all(line.booking_status == "confirmed" for line in payment.lines),
            waits=waits,
            left=bool(left),
            payable=payment is not None and waits and payment.url is not None and payment.expires_at > clock.now(),
            decline=decline,
        )

    @get("/{payment_id:str}/receipt", needs=Permission.SEE_OWN_PAYMENTS)
    async def receipt(
        self, request: Req, payment_id: FromPath[str], see_payment: NamedDependency[SeePayment]
    ) -> Response[Any]:
        payment = await see_payment(request.user, PaymentId(known_id(payment_id)))
        if payment.status not in PAID:
            raise NotFound("there is no receipt before something is paid")
        return page(request, "student/receipt.html", payment=payment)
