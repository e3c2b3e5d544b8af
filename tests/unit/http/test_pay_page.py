"""Our own page to pay on: the provider's form inside it, a plain form that leads to him, and the way out. (PAYM-09)"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from uuid import UUID

import msgspec
import pytest
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
from ports.billing.gateway import PAY_HERE, GatewayRefused, GatewayUnavailable, PaymentPage

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


def rule(answer: Any, name: str) -> str:
    found = re.search(rf"{name} ([^;]*)", answer.headers["content-security-policy"])
    assert found is not None, name
    return found[1]


@pytest.mark.parametrize(("shown", "mode"), [(EMBEDDED, "embedded"), (DIRECT, "direct")])
def test_the_providers_form_is_inside_our_page_and_nothing_else_is_let_in(shown: PaymentPage, mode: str) -> None:
    with signed_in(Desk(shown)) as client:
        answer = client.get(f"{HERE}/pay")

    text = unescape(answer.text)
    assert answer.status_code == 200, text
    assert (f'data-mode="{mode}"' in text, f'data-script="{SCRIPT}"' in text) == (True, True)
    assert rule(answer, "script-src") == "'self' https://js.stripe.com https://*.stripe.com"
    assert rule(answer, "frame-src") == "https://js.stripe.com https://*.stripe.com"
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert f'action="{HERE}/elsewhere"' in text  # without a script
    assert "<noscript>" in text


def test_a_plain_form_leads_to_the_provider_and_only_there() -> None:
    with signed_in(Desk(FORM)) as client:
        answer = client.get(f"{HERE}/pay")

    text = unescape(answer.text)
    assert answer.status_code == 200, text
    assert f'action="{FORM.form}"' in text
    assert re.search(rf'name="callback_url" value="[^"]*{HERE}/return"', text)
    assert re.search(rf'name="cancel_url" value="[^"]*{HERE}\?left=1"', text)
    assert rule(answer, "form-action").endswith("https://api.razorpay.com")
    assert rule(answer, "script-src") == "'self'"
    assert "csrf" not in text.split(FORM.form)[1].split("</form>")[0]  # nothing of ours is told


def test_who_cannot_pay_here_pays_on_their_page() -> None:
    desk = Desk()
    with signed_in(desk) as client:
        desk.gateway._snapshots["cs_1"] = _open_snapshot(desk)
        desk.gateway.requests["cs_1"] = _request(desk)
        answer = client.post(f"{HERE}/elsewhere", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://sandbox.invalid/pay/cs_")
    assert (desk.payment.terms.mode, desk.payment.url) == (CheckoutMode.HOSTED, answer.headers["location"])
    assert desk.gateway.snapshot("cs_1").status == "expired"


@pytest.mark.parametrize(
    ("trouble", "left"),
    [(GatewayUnavailable("stripe", "away"), True), (GatewayRefused("stripe", "closed", "closed"), False)],
)
def test_a_page_that_cannot_be_shown_leads_back_to_the_payment(trouble: Exception, left: bool) -> None:
    with signed_in(Desk(trouble)) as client:
        answer = client.get(f"{HERE}/pay", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?left=1" if left else HERE)


def test_what_a_browser_brings_back_changes_nothing_unless_the_provider_says_so() -> None:  # PAYM-02, PAYM-12
    desk = Desk()
    with signed_in(desk) as client:
        claimed = client.post(f"{HERE}/return", data={"razorpay_payment_id": "pay_1"}, follow_redirects=False)
        nonsense = client.post("/portal/payments/zzz/return", data={}, follow_redirects=False)
        failed = client.post(f"{HERE}/return", data={"error[code]": "BAD"}, follow_redirects=False)

    assert (claimed.status_code, claimed.headers["location"]) == (303, HERE)
    assert (nonsense.status_code, nonsense.headers["location"]) == (303, "/portal/payments")
    assert failed.headers["location"] == f"{HERE}?left=1"
    assert desk.gateway.calls == []
    assert not desk.payment.is_paid


def _request(desk: Desk) -> Any:
    return request_of(desk.payment)


def _open_snapshot(desk: Desk) -> Any:
    return PaymentSnapshot(
        provider_ref="cs_1",
        reference=PAYMENT,
        status="open",
        amount=desk.payment.amount,
        refunded=Money.zero("USD"),
        updated_at=desk.clock.now(),
    )
