"""One account at Stripe behind the payment port.

A checkout is a Checkout Session (hosted on Stripe's page, embedded in ours), or a PaymentIntent for our own form. Their
ids tell them apart. Stripe's objects do not say when they last changed, so a snapshot's time is when it was asked for.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from stripe import StripeClient

from adapters.payments.stripe import amounts, events, requests, snapshots
from adapters.payments.stripe.accounts import StripeAccount
from adapters.payments.stripe.client import Asker
from adapters.payments.stripe.listing import Listing
from adapters.payments.stripe.wire import Dispute, Intent, Refund, Refunds, Session, Sessions
from domain.billing.payment import CheckoutMode
from ports.billing.gateway import (
    NOT_OURS,
    PAY_HERE,
    Checkout,
    CheckoutRequest,
    GatewayRefused,
    PaymentPage,
    PaymentSnapshot,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
)
from ports.clock import Clock

DIRECT: Final = CheckoutMode.DIRECT.value
_REF: Final = re.compile(r"([a-z]{2,12})_\w+", re.ASCII)
"""``cs`` is a session, ``pi`` a payment intent; anything else that an event names is a dispute."""
_ORIGINS: Final = ("https://*.stripe.com",)
"""Source: Stripe docs, "Security guide", Content-Security-Policy of Stripe.js and of embedded Checkout."""
_PAYABLE: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


class StripeGateway:
    """``script``: the address of Stripe's own script for pages of ours."""

    provider: Final = "stripe"

    def __init__(self, account: StripeAccount, client: StripeClient, asker: Asker, clock: Clock, script: str) -> None:
        self.account: Final = account.name
        self._account, self._clock, self._script = account, clock, script
        self._api, self._asker = client.v1, asker
        own = {CheckoutMode.EMBEDDED, CheckoutMode.DIRECT} if account.publishable_key else set()
        self.modes: Final = frozenset({CheckoutMode.HOSTED, *own})

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        key: Any = {"idempotency_key": request.idempotency_key}
        if request.mode is CheckoutMode.DIRECT:
            asked: Any = requests.intent_of(request, self._name)
            intent = await self._asker.ask(
                "POST /v1/payment_intents", lambda: self._api.payment_intents.create_async(asked, key), Intent
            )
            return Checkout(provider_ref=intent.id, url=PAY_HERE, expires_at=request.expires_at)
        asked = requests.session_of(request, self._name)
        session = await self._asker.ask(
            "POST /v1/checkout/sessions", lambda: self._api.checkout.sessions.create_async(asked, key), Session
        )
        url = session.url if request.mode is CheckoutMode.HOSTED and session.url else PAY_HERE
        return Checkout(provider_ref=session.id, url=url, expires_at=snapshots.instant(session.expires_at))

    def step_of(self, currency: str) -> int:
        return amounts.step_of(currency)

    async def payment_page(self, provider_ref: str) -> PaymentPage:
        if self._kind(provider_ref) == "pi":
            intent = await self._intent(provider_ref)
            return self._page(CheckoutMode.DIRECT, intent.client_secret, still=intent.status in _PAYABLE)
        session = await self._session(provider_ref)
        return self._page(CheckoutMode.EMBEDDED, session.client_secret, still=session.status == "open")

    def proves(self, provider_ref: str, returned: Mapping[str, str]) -> bool:
        """Its pages lead back without a signature."""
        return False

    async def fetch(self, provider_ref: str) -> PaymentSnapshot:
        at, kind = self._clock.now(), self._kind(provider_ref)
        if kind not in ("cs", "pi"):
            return await self._disputed(provider_ref)
        if kind == "cs":
            return await self._of_session(await self._session(provider_ref), at)
        intent = await self._intent(provider_ref)
        if intent.of.get(requests.CHECKOUT) != DIRECT and (session := await self._session_with(intent)) is not None:
            return await self._of_session(session, at)
        return snapshots.of_intent(intent, await self._refunds_of(intent), at)

    async def expire(self, provider_ref: str) -> PaymentSnapshot:
        """Asked once more, Stripe says that it is closed already: what is true then is read."""
        try:
            await self._close(provider_ref)
        except GatewayRefused as error:
            if error.code == "not_found":
                raise
        return await self.fetch(provider_ref)

    async def refund(self, request: RefundRequest) -> RefundSnapshot:
        if self._kind(request.provider_ref) == "pi":
            intent: Intent | None = await self._intent(request.provider_ref)
        else:
            intent = (await self._session(request.provider_ref)).intent
        if intent is None or intent.status != "succeeded":
            raise GatewayRefused(self._name, "nothing was paid on it", "checkout_not_paid")
        if intent.currency.upper() != request.amount.currency:
            raise GatewayRefused(self._name, f"it was paid in {intent.currency.upper()}", "currency_mismatch")
        asked: Any = requests.refund_of(request, intent.id, self._name)
        key: Any = {"idempotency_key": request.idempotency_key}
        made = await self._asker.ask("POST /v1/refunds", lambda: self._api.refunds.create_async(asked, key), Refund)
        return snapshots.of_refund(made)

    def read_event(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> ProviderEvent:
        secrets = self._account.webhook_secrets
        return events.read(self._name, raw, headers, secrets, now=at.timestamp(), live=self._account.is_live)

    async def list_changed(self, since: datetime, cursor: str | None) -> tuple[Sequence[PaymentSnapshot], str | None]:
        listing = Listing(self._api, self._asker, self._refunds_of, self.fetch)
        return await listing.page(since, cursor)

    # what Stripe is asked ------------------------------------------------------------------------------------

    async def _session(self, ref: str) -> Session:
        asked: Any = {"expand": ["payment_intent"]}
        return await self._asker.ask(
            "GET /v1/checkout/sessions/{id}", lambda: self._api.checkout.sessions.retrieve_async(ref, asked), Session
        )

    async def _intent(self, ref: str) -> Intent:
        return await self._asker.ask(
            "GET /v1/payment_intents/{id}", lambda: self._api.payment_intents.retrieve_async(ref), Intent
        )

    async def _session_with(self, intent: Intent) -> Session | None:
        asked: Any = {"payment_intent": intent.id, "limit": 1, "expand": ["data.payment_intent"]}
        found = await self._asker.ask(
            "GET /v1/checkout/sessions", lambda: self._api.checkout.sessions.list_async(asked), Sessions
        )
        return found.data[0] if found.data else None

    async def _refunds_of(self, intent: Intent | None) -> Sequence[Refund]:
        """Nothing goes back of what has not come."""
        if intent is None or intent.status != "succeeded":
            return []
        found: list[Refund] = []
        more = True
        while more:
            page = await self._refund_page(intent.id, found[-1].id if found else None)
            found, more = found + page.data, page.has_more
        return found

    async def _refund_page(self, intent_id: str, after: str | None) -> Refunds:
        asked: Any = {"payment_intent": intent_id, "limit": 100} | ({"starting_after": after} if after else {})
        return await self._asker.ask("GET /v1/refunds", lambda: self._api.refunds.list_async(asked), Refunds)

    async def _disputed(self, ref: str) -> PaymentSnapshot:
        dispute = await self._asker.ask(
            "GET /v1/disputes/{id}", lambda: self._api.disputes.retrieve_async(ref), Dispute
        )
        if dispute.payment_intent is None:
            raise GatewayRefused(self._name, "this dispute is about no payment intent", NOT_OURS)
        snapshot = await self.fetch(dispute.payment_intent)
        return snapshots.with_dispute(snapshot, dispute)

    async def _of_session(self, session: Session, at: datetime) -> PaymentSnapshot:
        return snapshots.of_session(session, await self._refunds_of(session.intent), at)

    async def _close(self, ref: str) -> None:
        if self._kind(ref) == "pi":
            why: Any = {"cancellation_reason": snapshots.ABANDONED}
            await self._asker.ask(
                "POST /v1/payment_intents/{id}/cancel",
                lambda: self._api.payment_intents.cancel_async(ref, why),
                Intent,
            )
        else:
            await self._asker.ask(
                "POST /v1/checkout/sessions/{id}/expire",
                lambda: self._api.checkout.sessions.expire_async(ref),
                Session,
            )

    # ---------------------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return f"{self.provider}/{self.account}"

    def _kind(self, ref: str) -> str:
        """Raises GatewayRefused for what cannot be one of Stripe's ids."""
        known = _REF.fullmatch(ref)
        if known is None:
            raise GatewayRefused(self._name, "that is no id of Stripe's", "not_found")
        return known[1]

    def _page(self, mode: CheckoutMode, secret: str | None, *, still: bool) -> PaymentPage:
        if not still or not secret:
            raise GatewayRefused(self._name, "it can no longer be paid", "closed")
        values = {"client_secret": secret, "publishable_key": self._account.publishable_key}
        return PaymentPage(mode=mode, values=values, script=self._script, origins=(_origin(self._script), *_ORIGINS))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
