"""What of Stripe needs no Stripe: its amounts, its webhooks, how its accounts are written, what is asked of it."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from adapters.payments.stripe import events
from adapters.payments.stripe.accounts import read_accounts
from adapters.payments.stripe.amounts import from_stripe, require_enough, to_stripe
from adapters.payments.stripe.requests import ends_at, session_of
from adapters.payments.stripe.snapshots import decline_of, status_of_intent, status_of_session
from adapters.payments.stripe.wire import Intent, Session, TriedError
from domain.billing.payment import CheckoutMode
from domain.ids import PaymentId
from domain.money import Money
from ports.billing.gateway import CheckoutRequest
from ports.errors import BadSignature, GatewayRefused

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD = (
    '[{"name": "school", "secret_key": "sk_live_abc", "publishable_key": "pk_live_abc", '
    '"webhook_secrets": ["whsec_a"]}]'
)
OURS, ANOTHER = "whsec_a", "whsec_of_another_endpoint"


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(1250, "USD"), 1250),
        (Money(1250, "JPY"), 1250),
        (Money(12_340, "KWD"), 12_340),
        (Money(1250, "ISK"), 125_000),
        (Money(5000, "UGX"), 500_000),
    ],
)
def test_amounts_go_over_and_come_back(money: Money, amount: int) -> None:  # PAYM-22
    assert to_stripe(money, "stripe/x") == amount
    assert from_stripe(amount, money.currency.lower()) == money


@pytest.mark.parametrize(
    ("money", "code"),
    [(Money(12_345, "KWD"), "amount_not_supported"), (Money(12_340, "IQD"), "currency_not_supported")],
)
def test_what_stripe_cannot_express_is_refused_before_it_is_asked(money: Money, code: str) -> None:
    with pytest.raises(GatewayRefused) as refused:
        to_stripe(money, "stripe/x")

    assert refused.value.code == code


@pytest.mark.parametrize("money", [Money(29, "GBP"), Money(49, "USD"), Money(49, "JPY"), Money(17_499, "HUF")])
def test_what_is_less_than_stripe_takes_is_refused(money: Money) -> None:
    with pytest.raises(GatewayRefused, match="is less than"):
        require_enough(money, "stripe/x")


def a_request(**changes: Any) -> CheckoutRequest:
    request = CheckoutRequest(
        reference=PaymentId(UUID(int=1)),
        idempotency_key="k",
        amount=Money(2500, "USD"),
        description="Quran lesson",
        payer_email="mariam@example.org",
        success_url="https://halaqa.test/a",
        cancel_url="https://halaqa.test/b",
        expires_at=NOW + timedelta(minutes=15),
        metadata={"booking": "b-1"},
        created_at=NOW,
    )
    return msgspec.structs.replace(request, **changes)


@pytest.mark.parametrize(
    ("held_for", "lives_for"),
    [
        (timedelta(minutes=15), timedelta(minutes=46)),
        (timedelta(hours=3), timedelta(hours=3, minutes=31)),
        (timedelta(days=9), timedelta(hours=23, minutes=59)),
    ],
)
def test_a_page_lives_as_long_as_stripe_allows_however_late_it_is_asked(
    held_for: timedelta, lives_for: timedelta
) -> None:
    assert ends_at(a_request(expires_at=NOW + held_for)) == NOW + lives_for


def test_our_ids_go_into_the_session_and_into_its_payment_intent() -> None:  # BOOK-19
    asked = session_of(a_request(), "stripe/x")

    assert asked["metadata"] == {"booking": "b-1", "payment": str(UUID(int=1)), "checkout": "hosted"}
    assert asked["payment_intent_data"]["metadata"] == asked["metadata"]
    assert "return_url" not in asked
    assert set(session_of(a_request(mode=CheckoutMode.EMBEDDED), "x")) & {"success_url", "cancel_url"} == set()


def signed(event: Mapping[str, Any], secret: str, at: datetime) -> tuple[bytes, dict[str, str]]:
    raw, stamp = msgspec.json.format(msgspec.json.encode(event)), int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d." % stamp + raw, "sha256").hexdigest()
    return raw, {events.HEADER: f"t={stamp},v1={digest},v0=ignored"}


def an_event(type: str = "checkout.session.completed", **told: Any) -> dict[str, Any]:
    concerned = {"id": "cs_1", "metadata": {"payment": str(UUID(int=1))}} | told
    return {"id": "evt_1", "type": type, "created": 1, "livemode": False, "data": {"object": concerned}}


def read(event: Mapping[str, Any], *, live: bool = False, secret: str = OURS) -> str:
    raw, headers = signed(event, secret, NOW)
    return events.read("stripe/x", raw, headers, (OURS,), now=NOW.timestamp(), live=live).object_ref


@pytest.mark.parametrize(
    ("event", "ref"),
    [
        (an_event(), "cs_1"),
        (an_event("checkout.session.expired"), "cs_1"),
        (an_event("payment_intent.payment_failed", id="pi_1"), "pi_1"),
        (an_event("refund.failed", id="re_1", metadata={"checkout": "cs_1"}, payment_intent="pi_1"), "cs_1"),
        (an_event("refund.created", id="re_1", metadata={}, payment_intent="pi_1"), "pi_1"),
        (an_event("charge.refunded", id="ch_1", payment_intent="pi_1"), "pi_1"),
        (an_event("charge.dispute.created", id="du_1", payment_intent="pi_1"), "du_1"),
        (an_event(metadata={}), ""),
        (an_event(metadata=None), ""),
        (an_event("customer.subscription.updated"), ""),
        (an_event() | {"account": "acct_of_somebody_else"}, ""),
    ],
)
def test_an_event_names_what_to_fetch(event: Mapping[str, Any], ref: str) -> None:  # PAYM-08
    assert read(event) == ref


def test_events_of_the_other_mode_or_of_another_endpoint_are_turned_away() -> None:  # PAYM-07
    with pytest.raises(BadSignature, match="do not mix"):
        read(an_event(), live=True)
    with pytest.raises(BadSignature, match="no signature matches"):
        read(an_event(), secret=ANOTHER)


def an_intent(status: str, **given: Any) -> Intent:
    fields: dict[str, Any] = {"id": "pi_1", "status": status, "amount": 1, "currency": "usd", "created": 1}
    return Intent(**(fields | given))


def a_session(status: str, payment_status: str, intent: Intent | None) -> Session:
    return Session(
        id="cs_1",
        status=status,
        payment_status=payment_status,
        mode="payment",
        created=1,
        expires_at=2,
        payment_intent=intent,
    )


DECLINED = TriedError(code="card_declined", decline_code="lost_card")


@pytest.mark.parametrize(
    ("session", "status"),
    [
        (a_session("open", "unpaid", None), "open"),
        (a_session("open", "unpaid", an_intent("requires_payment_method", last_payment_error=DECLINED)), "failed"),
        (a_session("open", "unpaid", an_intent("requires_action")), "requires_action"),
        (a_session("complete", "unpaid", an_intent("processing")), "processing"),
        (a_session("complete", "unpaid", an_intent("requires_payment_method")), "canceled"),
        (a_session("complete", "paid", an_intent("succeeded")), "succeeded"),
        (a_session("expired", "unpaid", None), "expired"),
    ],
)
def test_a_session_in_our_words(session: Session, status: str) -> None:
    assert status_of_session(session) == status


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DECLINED, "lost_card"),
        (TriedError(code="expired_card"), "expired_card"),
        (TriedError(code="payment_intent_authentication_failure"), "authentication_failed"),
        (TriedError(code="card_declined", decline_code="a_word_of_tomorrow"), "generic_decline"),
    ],
)
def test_why_a_try_failed_in_our_words(error: TriedError, code: str) -> None:  # PAYM-25
    intent = an_intent("requires_payment_method", last_payment_error=error)

    assert (status_of_intent(intent), decline_of(intent)) == ("failed", code)


def test_accounts_are_read_and_show_no_secret() -> None:
    (account,) = read_accounts(GOOD)

    assert (account.name, account.is_live) == ("school", True)
    assert "sk_live" not in repr(account)
    assert read_accounts(" ") == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("sk_live_abc", "pk_live_abc"), "lacks the secret key of school"),
        (("pk_live_abc", "pk_test_abc"), "does not go with its secret key"),
        (('"school"', '"My School"'), "names are small letters"),
        (("whsec_a", "secret"), "lacks the webhook secrets of school"),
        (('"name"', '"nome"'), "is not a JSON list of accounts"),
        (("[{", "{"), "is not a JSON list of accounts"),
    ],
)
def test_what_is_wrong_with_an_account_is_said_without_its_secrets(change: tuple[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        read_accounts(GOOD.replace(*change))

    assert "live_abc" not in str(refused.value)
