"""Our own page to pay on: the provider's form inside it, a plain form that leads to him, and the way out. (PAYM-09)"""

import re
from html import unescape
from typing import Any

import pytest

from domain.billing.payment import CheckoutMode
from fakes.pay_desk import DIRECT, EMBEDDED, FORM, HERE, SCRIPT, Desk, open_snapshot, request_at, signed_in
from ports.billing.gateway import GatewayRefused, GatewayUnavailable, PaymentPage


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
        desk.gateway._snapshots["cs_1"] = open_snapshot(desk)
        desk.gateway.requests["cs_1"] = request_at(desk)
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
