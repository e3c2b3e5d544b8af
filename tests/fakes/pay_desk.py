"""Our own page to pay on, over memory: a provider whose checkouts are paid there, and the door to it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.payment_return import payment_return
from adapters.http.web.student.pay import PayPageController
from adapters.payments.accounts import Accounts
from application.billing.pay_here import OpenPaymentPage, PayOnTheirPage
from application.billing.see_money import SeePayment
from application.billing.settle_payment import SettlePayment
from application.billing.start_checkout import request_of
from application.billing.take_return import TakeReturn
from domain.billing.payment import CheckoutMode, Payment
from domain.billing.snapshot import PaymentSnapshot
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from domain.money import Money
from fakes.clock import FixedClock
from fakes.gateway import FakeGateway
from fakes.http import an_app, bearer, provided, token_of
from fakes.ids import SequentialIds
from fakes.screens import PreparedPayments, a_payment_view
from fakes.till import PAYMENT, a_payment
from fakes.unit import MemoryStore, MemoryUnit
from ports.billing.gateway import PAY_HERE, PaymentPage

HERE = f"/portal/payments/{PAYMENT}"
SCRIPT = "https://js.stripe.com/endive/stripe.js"
EMBEDDED, DIRECT, FORM = (
    PaymentPage(
        mode=CheckoutMode.EMBEDDED,
        values={"client_secret": "cs_secret", "publishable_key": "pk_test_1"},
        script=SCRIPT,
        origins=("https://js.stripe.com", "https://*.stripe.com"),
    ),
    PaymentPage(
        mode=CheckoutMode.DIRECT,
        values={"client_secret": "pi_secret", "publishable_key": "pk_test_1"},
        script=SCRIPT,
        origins=("https://js.stripe.com", "https://*.stripe.com"),
    ),
    PaymentPage(
        mode=CheckoutMode.HOSTED,
        values={"key_id": "rzp_test_1", "order_id": "order_1"},
        form="https://api.razorpay.com/v1/checkout/embedded",
        return_field="callback_url",
        cancel_field="cancel_url",
    ),
)


class Provider(FakeGateway):
    """Its checkouts are paid on a page of ours, as ``shown`` says; or it raises what it is given."""

    modes = frozenset(CheckoutMode)
    shown: PaymentPage | Exception = EMBEDDED

    def proves(self, provider_ref: str, returned: Mapping[str, str]) -> bool:
        return returned.get("razorpay_signature") == "right"

    async def payment_page(self, provider_ref: str) -> PaymentPage:
        if isinstance(self.shown, Exception):
            raise self.shown
        return self.shown


class Desk:
    def __init__(self, shown: PaymentPage | Exception = EMBEDDED) -> None:
        self.store, self.clock = MemoryStore(), FixedClock()
        self.gateway = Provider(clock=self.clock)
        self.gateway.shown = shown

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    @property
    def payment(self) -> Payment:
        found: Payment = self.store.shelf("payments")[PAYMENT]
        return found

    def open(self, payer: UserId) -> TestClient[Litestar]:
        opened = a_payment().open(provider_ref="cs_1", url=PAY_HERE)
        payment = msgspec.structs.replace(
            opened, payer_id=payer, terms=msgspec.structs.replace(opened.terms, mode=CheckoutMode.EMBEDDED)
        )
        self.store.shelf("payments")[PAYMENT] = payment
        view = a_payment_view(payment_id=PAYMENT, payer_id=payer, captured_at=None, url=PAY_HERE)
        gateways = Accounts([self.gateway])
        settle = SettlePayment(self.unit, self.clock, SequentialIds(), gateways)
        parts: Mapping[str, Any] = {
            "see_payment": SeePayment(PreparedPayments(view)),
            "open_payment_page": OpenPaymentPage(self.unit, self.clock, gateways),
            "pay_on_their_page": PayOnTheirPage(self.unit, self.clock, gateways, settle),
            "take_return": TakeReturn(self.unit, gateways, settle),
        }
        app = an_app(
            (PayPageController, payment_return),
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        return TestClient(app)


def signed_in(desk: Desk, role: Role = Role.STUDENT) -> TestClient[Litestar]:
    token = token_of(Audience.MAIN, role)
    client = desk.open(UserId(PAYER))
    client.headers.update(bearer(token) | {"Accept": "text/html"})
    return client


PAYER = UUID(int=1)


def request_at(desk: Desk) -> Any:
    return request_of(desk.payment)


def open_snapshot(desk: Desk) -> Any:
    return PaymentSnapshot(
        provider_ref="cs_1",
        reference=PAYMENT,
        status="open",
        amount=desk.payment.amount,
        refunded=Money.zero("USD"),
        updated_at=desk.clock.now(),
    )
